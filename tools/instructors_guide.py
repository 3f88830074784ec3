"""Write the tables of docs/instructors.md from the notebooks, the questions and the catalogue of mistakes.

    python tools/instructors_guide.py            bring the tables up to date
    python tools/instructors_guide.py --check    change nothing, report whether they are

Minutes, aims and mistakes met are what each notebook says of itself; sums are computed. What stands between
`<!-- table: NAME -->` and `<!-- end -->` is written here; all else in the guide is written by hand.
"""

import re
import sys
from functools import cache
from pathlib import Path

import nbformat

from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.mistakes.catalogue import CATALOGUE
from bptt_lab.exercises.mistakes.mutants import mutants
from bptt_lab.exercises.questions import course_questions
from bptt_lab.formulas.tree import Derivative

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "docs" / "instructors.md"
NOTEBOOKS = ROOT / "notebooks"
SHOWN = 3  # mistakes of one question; the rest is counted
PART = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
# what is taught together, and what is handed in after it
ONE_WEEK = {
    "Monday": ("00 01", "01.3 01.4"),
    "Tuesday": ("05 06", "05.3 06.2 06.4"),
    "Wednesday": ("07 08", "07.2 07.3 07.4 08.5"),
    "Thursday": ("10 12", "10.4 12.3"),
    "Friday": ("13 18", "13.3 13.4"),
}
FOUR_WEEKS = {
    "1: derivatives and networks": ("00 01 02 03 04", "01.3 01.4 02.5 03.5 04.4"),
    "2: the five derivatives": ("05 06 07 08", "05.3 06.2 06.4 07.2 07.3 07.4 08.5"),
    "3: code, checks, what gradients do": ("09 10 11 12", "09.4 10.4 10.5 12.3 12.4"),
    "4: longer, deeper, gated": ("13 14 16 17 18", "13.4 14.5 16.2 16.4 17.4"),
}


@cache
def notebook(number):
    """Return the file of a notebook, its first and its last words, apart from its exercises."""
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    text = [cell for cell in cells if cell.cell_type == "markdown"]
    lesson = [cell.source for cell in text if "exercise" not in cell.metadata.get("tags", [])]
    return path, lesson[0], lesson[-1]


def numbers():
    """Return the numbers of all notebooks."""
    return sorted(path.name[:2] for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def said(text, head):
    """Return what a cell says under a head in bold, on one line, for a cell of a table."""
    found = re.search(rf"\*\*{head}\.?\*\*:?(.*?)(?=\n\s*\n|\n\*\*|\Z)", text, re.DOTALL)
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(found[1].split()))
    return words.replace("|", r"\|")


def title(number):
    """Return a notebook's title, without its number."""
    return re.search(r"^# \d\d · (.*)$", notebook(number)[1], re.MULTILINE)[1]


def minutes(number):
    """Return how many minutes a notebook says it takes."""
    return int(re.search(r"\d+(?= minutes)", said(notebook(number)[1], "Time"))[0])


def needed(number):
    """Return the numbers of the notebooks that one says it needs, 'A to B' with all between."""
    line = said_with_links(notebook(number)[1]).partition(". ")[0]
    found = set()
    for first, last in re.findall(r"\((\d\d)_[^)]*\)(?: to \[[^\]]*\]\((\d\d)_[^)]*\))?", line):
        found |= {f"{k:02}" for k in range(int(first), int(last or first) + 1)}
    return found


def said_with_links(text):
    """Return the line of what is needed as it stands."""
    return re.search(r"\*\*You need\*\* (.*)", text)[1]


def asked(number):
    """Return the questions of a notebook."""
    return [one for one in course_questions().values() if one.id.startswith(f"{number}.")]


def mistakes(question):
    """Return the names of the catalogued mistakes that can be made on a question, the most frequent first."""
    goals = [goal for goal in KINDS[question.kind].goals(question) if isinstance(goal.goal_tree, Derivative)]
    found = {one.mistake for goal in goals for one in mutants(goal.graph, goal.goal_tree, goal.spans)}
    return [mistake.name for key, mistake in CATALOGUE.items() if key in found]


def told_apart(question):
    """Return in words which wrong answers to a question are told by their cause."""
    names = mistakes(question)
    more = f"; {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    reasons = f"{len(question.reasons)} wrong answers, each with its reason" if question.reasons else ""
    return "; ".join(names[:SHOWN]) + more if names else reasons or "a place where it differs"


def time(count):
    """Return minutes, with hours where they are many: 675 (11 h 15)."""
    return f"{count} ({count // 60} h {count % 60:02})"


def notebooks_table():
    """Return a row a notebook: minutes, aims, number of questions, mistakes met."""
    yield "| notebook | minutes | afterwards a student can | questions | mistakes met on the way |"
    yield "|---|--:|---|--:|---|"
    for number in numbers():
        path, first, last = notebook(number)
        link = f"[{number} {title(number)}](../notebooks/{path.name})"
        aims, met = said(first, "Afterwards you can").rstrip("."), said(last, "Mistakes met")
        yield f"| {link} | {minutes(number)} | {aims} | {len(asked(number))} | {met} |"
    total = sum(map(minutes, numbers()))
    yield f"| all | {time(total)} | | {len(course_questions())} | |"


def questions_table():
    """Return a row a question: its kind, where its lesson stands, what the checker tells apart."""
    yield "| question | kind | lesson | wrong answers it names, the most frequent mistakes first |"
    yield "|---|---|---|---|"
    for question in course_questions().values():
        yield f"| {question.id} | {question.kind} | {question.section} | {told_apart(question)} |"


def syllabus(parts, head):
    """Return a row a part: notebooks, the sum of their minutes, questions to be handed in."""
    yield f"| {head} | notebooks | minutes | to be handed in |"
    yield "|---|---|--:|---|"
    for name, (books, questions) in parts.items():
        links = ", ".join(f"[{one}](../notebooks/{notebook(one)[0].name})" for one in books.split())
        yield f"| {name} | {links} | {sum(map(minutes, books.split()))} | {', '.join(questions.split())} |"
    everything = [one for books, _ in parts.values() for one in books.split()]
    count = sum(len(questions.split()) for _, questions in parts.values())
    yield f"| all | {len(everything)} notebooks | {time(sum(map(minutes, everything)))} | {count} questions |"


TABLES = {
    "notebooks": notebooks_table,
    "questions": questions_table,
    "one-week": lambda: syllabus(ONE_WEEK, "day"),
    "four-weeks": lambda: syllabus(FOUR_WEEKS, "week"),
}


def brought_up_to_date(text):
    """Return the guide with its tables as they are now (errors: KeyError for a table nobody makes)."""
    return PART.sub(lambda part: part[1] + "\n".join(TABLES[part[2]]()) + "\n" + part[3], text)


def main(arguments):
    """Write the guide, or say whether it is up to date; return 1 where it is not."""
    before = GUIDE.read_text(encoding="utf-8")
    now = brought_up_to_date(before)
    if "--check" in arguments:
        print("up to date" if now == before else "docs/instructors.md: run python tools/instructors_guide.py")
        return int(now != before)
    GUIDE.write_text(now, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
