"""The instructor's guide: its tables are as they are made, its sums right, its commands run, its examples work."""

import csv
import json
import re
import shlex
from pathlib import Path

import pytest

import a_class
import instructors_guide as guide
from bptt_lab.cli import _parser, main
from bptt_lab.exercises import ex
from bptt_lab.exercises.questions import course_questions
from bptt_lab.network import read_network
from bptt_lab.teaching import commands, coursefile, release, roster

ROOT = Path(__file__).parents[2]
TEXT = guide.GUIDE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = [line[2:] for kind, text in BLOCKS if kind == "console" for line in text.splitlines()]
COURSE, QUESTION = (text for kind, text in BLOCKS if kind == "toml")
(NETWORK,) = (text for kind, text in BLOCKS if kind == "")
SYLLABI = {"one-week": guide.ONE_WEEK, "four-weeks": guide.FOUR_WEEKS}
MADE_ELSEWHERE = {"assign", "grade", "question"}


def rows(name):
    """Return the cells of a table of the guide, without its head."""
    text = re.search(rf"<!-- table: {name} -->\n(.*?)<!-- end -->", TEXT, re.DOTALL)[1]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in text.splitlines()[2:]]


# Tables


def test_the_tables_are_as_they_are_made():
    assert guide.brought_up_to_date(TEXT) == TEXT, "run: python tools/instructors_guide.py"


@pytest.mark.parametrize("old", ["| 75 |", "800 (13 h 20)", "path left out; "])
def test_a_table_that_is_out_of_date_is_noticed(old):
    assert old in TEXT and guide.brought_up_to_date(TEXT.replace(old, "", 1)) == TEXT


def test_every_notebook_and_every_question_has_a_row():
    assert [row[0][1:3] for row in rows("notebooks")[:-1]] == guide.numbers()
    assert len(guide.numbers()) == 21
    assert [row[0] for row in rows("questions")] == list(course_questions())
    assert not [row for row in rows("notebooks")[:-1] if not all(row) or len(row) != 5]


@pytest.mark.parametrize("name", SYLLABI)
def test_the_minutes_of_a_syllabus_are_the_sums_of_its_notebooks(name):
    minutes = {row[0][1:3]: int(row[1]) for row in rows("notebooks")[:-1]}
    *parts, total = rows(name)
    found = [sum(minutes[one] for one in re.findall(r"\[(\d\d)\]", part[1])) for part in parts]
    assert found == [int(part[2]) for part in parts]
    hours = re.fullmatch(r"(\d+) \((\d+) h (\d\d)\)", total[2])
    assert int(hours[1]) == sum(found) == 60 * int(hours[2]) + int(hours[3])
    assert total[1] == f"{sum(part[1].count('[') for part in parts)} notebooks"
    assert total[3] == f"{sum(len(part[3].split(', ')) for part in parts)} questions"


@pytest.mark.parametrize("name", SYLLABI)
def test_in_a_syllabus_nothing_is_taught_before_what_it_needs(name):
    taught = []
    for books, questions in SYLLABI[name].values():
        for book in books.split():
            assert guide.needed(book) <= set(taught), book
            taught.append(book)
        for question in questions.split():
            assert question in course_questions() and question[:2] in taught, question


def test_what_a_notebook_needs_is_read_from_it():
    assert guide.needed("00") == set() and guide.needed("09") == {"05", "06", "07", "08"}
    assert guide.needed("13") == {"07", "10"}  # 12 helps, and is not needed
    assert guide.needed("10") == {"00", "01", "05", "06", "07", "08"}


# Examples


def test_the_network_of_the_guide_is_derived(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("network.txt").write_text(NETWORK, encoding="utf-8")
    (command,) = (one for one in COMMANDS if "derive" in one)
    assert main(shlex.split(command)[1:]) == 0
    assert "<math" in Path("page.html").read_text(encoding="utf-8")
    assert set(read_network(NETWORK).shapes) == {"a", "h", "L", "w", "x", "r", "k", "y"} | {"h"}


def test_the_question_of_the_guide_proves_and_judges():
    (name,) = ex.add(QUESTION)
    assert ex(name).check("d_a(1)*h(0) + sum(t, 2, T, d_a(t)*h(t-1))").is_correct
    assert "one step later" in str(ex(name).check("sum(t, 1, T, d_a(t)*h(t))"))
    lines = [line for line in QUESTION.splitlines() if line]
    assert len(lines) <= 17  # 15 and the head, with three lines of the network


def test_the_course_of_the_guide_loads(tmp_path):
    (tmp_path / "course.secret").write_text("0123456789abcdef" * 4, encoding="utf-8")
    (tmp_path / "course.toml").write_text(COURSE, encoding="utf-8")
    course = coursefile.load(tmp_path / "course.toml")
    assert [one.points for one in course.assignments["week-1"].entries] == [1, 2, 2]


def test_links_of_the_guide_lead_somewhere():
    links = set(re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", TEXT)) - {"questions.md"}
    assert len(links) > 20 and [link for link in links if not (guide.GUIDE.parent / link).exists()] == []
    heads = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.*)$", TEXT, re.M)}
    assert set(re.findall(r"\]\(#([^)]*)\)", TEXT)) <= heads


def test_the_table_of_students_in_the_guide_is_read(tmp_path):
    (table,) = (text for _, text in BLOCKS if text.startswith("student,"))
    (tmp_path / "students.csv").write_text(table, encoding="utf-8")
    found = roster.read(tmp_path / "students.csv")
    assert list(found.students) == release.read_students(tmp_path / "students.csv") == ["amueller"]
    assert found.name_of("amueller") == "Müller, Anna"
    for file in ("x_101_5_week-1.ipynb", "x_9001_assignsubmission_file_week-1.ipynb", "anna.mueller.ipynb"):
        assert found.who(file.partition(".ipynb")[0], file) == ["amueller"]


def test_the_guide_names_every_head_of_the_table_of_students_that_is_read():
    heads = {*roster.STUDENT, *roster.NUMBERS, *roster.LOGINS, *roster.NAMES, *roster.FIRST, *roster.LAST}
    shown = re.search(r"^\| column of students.csv.*?\n\n", TEXT, re.MULTILINE | re.DOTALL)[0]
    assert set(re.findall(r"`([^`]+)`", shown)) == heads


def test_both_pages_say_the_same_of_attempts():
    said = "Of several answers in one cell the first `attempts` count, and of these the best."
    assert said in TEXT and said in (ROOT / "docs/questions.md").read_text(encoding="utf-8")


# Commands


def words():
    """Return the words that the command knows."""
    return set(_parser()._subparsers._group_actions[0].choices)


def test_every_command_of_the_guide_is_one(capsys):
    ours = [shlex.split(one) for one in COMMANDS if one.startswith("bptt-lab ")]
    assert len(ours) > 9
    assert [one for one in COMMANDS if not one.startswith("bptt-lab ")] == ['python -m pip install ".[instructor]"']
    assert {one[1] for one in ours} - words() <= MADE_ELSEWHERE
    assert {"report", "export"} <= {one[1] for one in ours}
    for one in ours:
        if one[1] in words():
            assert _parser().parse_args(one[1:]).run


STUDENTS = {"ada": "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)", "zoe": "d1(2)*h1(1) + d1(3)*h1(2)", "bob": None}


def filled(text, answer):
    """Return a released notebook with an answer to 07.2 in its cell, or as it was handed out."""
    book = json.loads(text)
    for cell in book["cells"]:
        own = cell["metadata"].get("bptt_lab", {})
        if answer and own.get("question") == "07.2" and own.get("role") == "answer":
            source = "".join(cell["source"])
            assert source.count("...") == 1, source
            cell["source"] = source.replace("...", json.dumps(answer))
    return json.dumps(book)


def hand_in(folder):
    """Do what students do with the release."""
    text = (folder / "release/source/week-1/week-1.ipynb").read_text(encoding="utf-8")
    for student, answer in STUDENTS.items():
        path = folder / "submitted" / student / "week-1" / "week-1.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(filled(text, answer), encoding="utf-8")


def platform_files(folder):
    """Write the files that a platform exports."""
    canvas = [["Student", "ID", "SIS Login ID", "Section", "week-1 (7)"], ["    Points Possible", "", "", "", "5"]]
    canvas += [[f"{name.title()} X", k, name, "A", ""] for k, name in enumerate(STUDENTS, start=1)]
    moodle = [["Identifier", "Full name", "Status", "Grade", "Maximum Grade"]]
    moodle += [[f"Participant {k}", name.title(), "", "", "5.00"] for k, name in enumerate(STUDENTS, start=1)]
    tables = {"gradebook": canvas, "worksheet": moodle, "students": [["student"], *([name] for name in STUDENTS)]}
    for name, table in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(table)


def points_in(path, column):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row[column] for row in csv.DictReader(file)]


def test_pages_and_exports_of_the_guide_run_on_results(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    platform_files(tmp_path)
    a_class.store(tmp_path / "results", [])
    (tmp_path / "course.toml").write_text(COURSE, encoding="utf-8")
    (tmp_path / "course.secret").write_text("0123456789abcdef" * 4, encoding="utf-8")
    base = {"course": "rnn-2026", "assignment": "week-1", "submission": "0", "version": "0", "isolation": "process"}
    found = [
        a_class.Result(student=name, file=f"{name}.ipynb", answers=(a_class.judged("07.2", answer, 5.0),), **base)
        for name, answer in STUDENTS.items()
        if answer
    ]
    a_class.store(tmp_path / "results" / "week-1", found)
    for command in COMMANDS:
        if command.split()[1] in ("report", "export"):
            assert main(shlex.split(command)[1:]) == 0, capsys.readouterr().err
            if "--canvas" in command:
                assert points_in(tmp_path / "filled.csv", "week-1 (7)") == ["5", "5", "0", ""]
            if "--moodle" in command:
                assert points_in(tmp_path / "filled.csv", "Grade") == ["5", "0", ""]
    assert points_in(tmp_path / "points.csv", "points") == ["5", "0"]
    assert "in the file, nothing handed in: row 5, Bob X" in capsys.readouterr().out
    assert "One weight, many uses" in (tmp_path / "report/index.html").read_text(encoding="utf-8")


@pytest.mark.skipif(not {"assign", "grade"} <= set(commands.WORDS), reason="these commands are not there yet")
def test_the_guide_leads_from_nothing_to_a_graded_class(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    platform_files(tmp_path)
    for command in COMMANDS:
        if not command.startswith("bptt-lab ") or "derive" in command:
            continue
        assert main(shlex.split(command)[1:]) == 0, f"{command}: {capsys.readouterr().err}"
        if "--new" in command:
            Path("course.toml").write_text(COURSE, encoding="utf-8")
        elif "release" in command and "students.csv" not in command:
            hand_in(tmp_path)
    assert points_in(tmp_path / "points.csv", "points") == ["2", "0", "0"]  # ada, bob, zoe
    said = (tmp_path / "report/index.html").read_text(encoding="utf-8")
    assert "The share of step 1 is missing for W11." in said and said.count("zoe") >= 2
