"""Pages from results: one for the class, one a student, one of what was not graded; each complete in one file."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, NOT_ATTEMPTED, WRONG
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.questions import course_questions
from bptt_lab.teaching import summary
from bptt_lab.teaching.coursefile import Course, fingerprint
from bptt_lab.teaching.gathered import Gathered
from bptt_lab.teaching.handed_out import network_shown
from bptt_lab.teaching.results import NOT_GRADED, Judged, Result
from bptt_lab.teaching.roster import Roster
from bptt_lab.teaching.wording import in_words, written

CLASS, NOT_SEEN, STUDENTS = "index.html", "not-graded.html", "students"
SAFE = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
DIGEST = 10  # hexadecimal digits behind a name that is no file name as it stands
HASHED = re.compile(rf"-[0-9a-f]{{{DIGEST}}}$")
UNKNOWN: dict[str, Any] = {"task": "", "network": None}  # of a question that is not the one the student had
# names that Windows keeps for devices
RESERVED = {"con", "prn", "aux", "nul", *(f"{one}{k}" for one in ("com", "lpt") for k in range(10))}


class PagesError(ValueError):
    """Pages that cannot be made; the message says what is missing."""


def file_name(student: str) -> str:
    """Return the name of a student's page: the same for the same name, no two names with one, safe on any system.

    A name of small letters, digits, - and _ is kept. Any other is written in these, with a hash of the whole behind.
    """
    if SAFE.fullmatch(student) and student not in RESERVED and not HASHED.search(student):
        return f"{student}.html"
    plain = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:30].strip("-") or "student"
    digest = hashlib.sha256(student.encode("utf-8", "backslashreplace")).hexdigest()[:DIGEST]
    return f"{slug}-{digest}.html"


def pages(gathered: Gathered, course: Course | None = None, roster: Roster | None = None) -> dict[str, str]:
    """Return every page by its path (errors: PagesError without Jinja).

    With the course's own file the pages show its titles, and the tasks of questions made for it or for one student;
    with a table of students their names stand beside what they are known by.
    """
    environment = _environment()
    environment.globals["called"] = roster.name_of if roster else lambda student: ""
    students: dict[str, list[Result]] = {}
    for one in gathered.results:
        students.setdefault(one.student, []).append(one)
    made = {CLASS: environment.get_template("class.html").render(_class(gathered, course))}
    made[NOT_SEEN] = environment.get_template("not-graded.html").render(_not_graded(gathered))
    template = environment.get_template("student.html")
    for student, results in students.items():
        path = f"{STUDENTS}/{file_name(student)}"
        made[path] = template.render(_student(student, results, _others(student, students, roster), course))
    return {path: written(text) for path, text in made.items()}


def _others(student: str, students: Iterable[str], roster: Roster | None) -> frozenset[str]:
    """Return the names that a student's page must not hold."""
    everybody = {*students, *(roster.students if roster else ())}
    others = {one for one in everybody if one.casefold() != student.casefold()}
    return frozenset({*others, *(roster.name_of(one) for one in others)} - {""} if roster else others)


def write(made: Mapping[str, str], folder: Path) -> list[str]:
    """Write pages into a folder; return the students' pages that lie there and are not among them."""
    for path, text in made.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    there = sorted(f"{STUDENTS}/{one.name}" for one in (folder / STUDENTS).glob("*.html"))
    return [path for path in there if path not in made]


def _environment() -> Any:
    try:
        import jinja2
    except ImportError:
        raise PagesError("pages need the package Jinja2: pip install 'bptt-lab[instructor]'") from None
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bptt_lab.teaching"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"words": in_words, "number": summary.number, "page": file_name, "sign": _sign}
    environment.filters["place"] = _place
    environment.globals |= {"NOT_GRADED": NOT_GRADED, "COLUMNS": summary.COLUMNS, "kind": _kind}
    return environment


def _sign(outcome: str) -> str:
    return summary.SIGNS.get(outcome, summary.OTHER_SIGN)


def _place(section: str) -> str:
    """Return where to read: a notebook of the course, or whatever a question of one's own names."""
    return f"notebook {section}" if re.match(r"\d\d · ", section) else section


def _kind(outcome: str) -> str:
    """Return an outcome as the name of a class of style."""
    return re.sub(r"\W+", "-", outcome)


# The class


def _class(gathered: Gathered, course: Course | None) -> dict:
    parts = [
        {"index": k, **_assignment(name, one, gathered.of(name, one), course)}
        for k, (name, one) in enumerate(gathered.assignments, start=1)
    ]
    return {"sections": parts, "unreadable": gathered.unreadable, "titled": _title(course, gathered)}


def _title(course: Course | None, gathered: Gathered) -> str:
    names = dict.fromkeys(name for name, _ in gathered.assignments)
    return (course.title or course.name) if course else ", ".join(names)


def _assignment(name: str, assignment: str, results: Sequence[Result], course: Course | None) -> dict:
    counted = summary.outcomes(results)
    used = [one for one in summary.COLUMNS if any(counts[one] for counts in counted.values())]
    reasons = _reasons(results, course)
    slips = summary.slips(results, reasons=reasons)
    return {
        "course": name,
        "name": assignment,
        "title": _titled(course, assignment),
        "results": results,
        "students": len({one.student for one in results}),
        "not_graded": [one for one in results if not summary.is_graded(one)],
        "middle": summary.middle(results),
        "of": max((one.of for one in results), default=0),
        "bars": summary.distribution(results),
        "used": used,
        "questions": [_question(key, counts, results, course, reasons) for key, counts in counted.items()],
        "slips": [one for one in slips if one.is_named],
        "unnamed": [one for one in slips if not one.is_named],
        "talk": summary.to_talk_to(results),
        "same": summary.same_files(results),
        "grid": [(one, {answer.question: answer for answer in one.answers}) for one in results],
    }


def _titled(course: Course | None, assignment: str) -> str:
    found = course.assignments.get(assignment) if course else None
    return (found.title if found else "") or assignment


def _reasons(results: Iterable[Result], course: Course | None) -> set[str]:
    """Return the words by which the questions, as each student had them, say why an answer is wrong."""
    found: set[str] = set()
    for result in results:
        unnamed = {one.question for one in result.answers if one.outcome == WRONG and not one.mistake}
        asked = _asked(result, course) if unnamed else {}
        found.update(words for key in unnamed & set(asked) for words in asked[key].reasons.values())
    return found


def _question(
    key: str, counts: Mapping[str, int], results: Sequence[Result], course: Course | None, reasons: Collection[str]
) -> dict:
    known = course.questions if course else course_questions()
    asked = [(one.student, answer) for one in results for answer in one.answers if answer.question == key]
    unread = [(who, one) for who, one in asked if one.outcome == CANNOT_READ]
    return {
        "id": key,
        "task": known[key].task if key in known else "",
        "section": known[key].section if key in known else "",
        "counts": [(outcome, counts[outcome]) for outcome in summary.COLUMNS if counts[outcome]],
        "total": len(asked),
        "right": counts[CORRECT],
        "slips": summary.slips(results, key, reasons),
        "unread": [(who, summary.first_line(one.cause or one.reason)) for who, one in unread],
    }


# A student


def _student(student: str, results: Sequence[Result], others: frozenset[str], course: Course | None) -> dict:
    return {"student": student, "sections": [_part(one, others, course) for one in results]}


def _part(result: Result, others: frozenset[str], course: Course | None) -> dict:
    """Return what a student is shown of a submission: what was right, what was not, what nobody has judged yet."""
    answers = sorted(result.answers, key=lambda one: summary.questions([result]).index(one.question))
    tasks = dict(_tasks(result, course))
    shown: list[dict[str, Any]] = [
        {"answer": one, **tasks.get(one.question, UNKNOWN), "why": _why(one.reason, others)} for one in answers
    ]
    groups: dict[str, list[Any]] = {"right": [], "again": [], "empty": [], "open": []}
    for one in shown:
        if not result.reason:  # then it is said once, of all of them
            groups[_group(one["answer"])].append(one)
    return {
        "result": result,
        "title": _titled(course, result.assignment),
        "graded_of": summary.graded_of(result),
        "why": _why(result.reason, others),
        **groups,
    }


def _group(one: Judged) -> str:
    return {CORRECT: "right", NOT_ATTEMPTED: "empty", NOT_GRADED: "open"}.get(one.outcome, "again")


def _why(reason: str, others: frozenset[str]) -> str:
    """Return why something was not graded; nothing where the words hold another student's name."""
    folded = reason.casefold()
    return "" if any(name.casefold() in folded for name in others if name) else reason


def _tasks(result: Result, course: Course | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield task and network of each question as this student had it; where that is not known, none."""
    asked = _asked(result, course)
    for one in result.answers:
        question = asked.get(one.question)
        if question is not None and fingerprint(question) == one.instance:
            yield one.question, {"task": question.task, "network": _network(question)}


def _network(question: Question) -> tuple[str, str] | None:
    return network_shown(question) if question.network else None


def _asked(result: Result, course: Course | None) -> Mapping[str, Question]:
    if course and result.assignment in course.assignments:
        return course.questions_for(result.assignment, result.student)
    return course_questions()


# What was not graded


def _not_graded(gathered: Gathered) -> dict:
    whole = [one for one in gathered.results if one.reason or not one.answers]
    parts = [one for one in gathered.results if one.not_graded and not one.reason]
    unread = [(one, answer) for one in gathered.results for answer in one.answers if answer.outcome == CANNOT_READ]
    return {
        "whole": whole,
        "sections": parts,
        "unread": unread,
        "unreadable": gathered.unreadable,
        "total": len(gathered.results),
        "waiting": len(whole) + sum(len(one.not_graded) for one in parts),
    }


__all__ = ["PagesError", "file_name", "pages", "write"]
