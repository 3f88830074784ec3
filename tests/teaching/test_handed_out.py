"""What `assign` hands out, filled in as a student does, and graded by the command."""

import json
import sys

import pytest

from bptt_lab.cli import main
from bptt_lab.teaching import release, results, variants
from bptt_lab.teaching.coursefile import instances_file, load

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="functions are kept by the kernel on Linux only")

COURSE = """
[course]
name = "bptt-2027"

[[assignment]]
name = "week7"
varied = true
question = [
    { question = "07.1", points = 1 },
    { question = "07.2", points = 2, attempts = 2 },
    { question = "07.6", points = 3 },
]
"""
STUDENTS = ("ada", "grace", "emmy")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    (folder / "course.secret").write_bytes(b"a secret of 32 bytes, as it must")
    (folder / "course.toml").write_text(COURSE, encoding="utf-8")
    known = load(folder / "course.toml")
    proved = {}
    for one in (known.questions[entry.question] for entry in known.assignments["week7"].entries):
        for student in STUDENTS:  # as assign keeps them, so that no process proves them again
            number = variants.which(one, known.secret, student)
            found = variants.instance(one, known.secret, number)
            proved[variants.key(one, known.secret, number)] = found.step
    instances_file(folder / "course.toml").write_text(json.dumps(proved), encoding="utf-8")
    return folder / "course.toml"


def filled(known, student, answers):
    """Return a student's notebook with answer cells filled in."""
    book = release.notebook(known, known.assignments["week7"], student)
    for cell in book.cells:
        own = cell.metadata.get("bptt_lab", {})
        if own.get("role") == "answer" and own["question"] in answers:
            cell.source = f"# Answer to {own['question']}\n{answers[own['question']]}"
    return json.dumps(book)


def right(question):
    """Return the source that hands in the right answer to an instance."""
    if question.kind == "choice":
        return f'hand_in("{question.id}", "{question.right}")'
    if question.kind == "function":
        return f'{question.answer}\n\nhand_in("{question.id}", recurrent_gradient)'
    return f'hand_in("{question.id}", "h1(1)", "{question.answer}")'


def handed_in(course, folder, name="{student}/week7/week7.ipynb"):
    known = load(course)
    for student in STUDENTS:
        answers = {one.id: right(one) for one in known.questions_for("week7", student).values()}
        answers |= {"07.2": 'hand_in("07.2", ...)'} if student == "emmy" else {}
        path = folder / name.format(student=student, user=len(student))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(filled(known, student, answers), encoding="utf-8")


def graded(course, where, out, *more):
    return main(["grade", str(where), "--course", str(course), "--out", str(out), "--jobs", "1", *more])


def points(out):
    found = [results.read(path.read_text(encoding="utf-8")) for path in out.glob("*/result.json")]
    return {one.student: [answer.points for answer in one.answers] for one in found}


def test_each_student_is_judged_by_an_instance_of_their_own(course, tmp_path, capsys):
    handed_in(course, tmp_path / "submitted")
    assert graded(course, tmp_path / "submitted", tmp_path / "out") == 0
    said = capsys.readouterr().out
    assert said.startswith("Isolation of functions: ") and "Graded: 3. With something not graded: 0." in said
    assert points(tmp_path / "out") == {"ada": [1, 2, 3], "grace": [1, 2, 3], "emmy": [1, 0, 3]}
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*/result.json")}
    assert graded(course, tmp_path / "submitted", tmp_path / "out") == 0
    assert "(3 of all were there before)" in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_from_a_learning_platform_the_notebook_says_whose_instance_it_is(course, tmp_path):
    handed_in(course, tmp_path / "zip", "{student}x_{user}_77_week7.ipynb")
    assert graded(course, tmp_path / "zip", tmp_path / "out") == 0
    assert points(tmp_path / "out") == {"ada": [1, 2, 3], "grace": [1, 2, 3], "emmy": [1, 0, 3]}


def test_two_who_hand_in_one_students_notebook_are_left_to_a_person(course, tmp_path):
    handed_in(course, tmp_path / "zip", "{student}x_{user}_77_week7.ipynb")
    data = (tmp_path / "zip" / "adax_3_77_week7.ipynb").read_bytes()
    (tmp_path / "zip" / "gracex_5_77_week7.ipynb").write_bytes(data)
    assert graded(course, tmp_path / "zip", tmp_path / "out") == 0
    assert points(tmp_path / "out") == {"adax": [0, 0, 0], "gracex": [0, 0, 0], "emmy": [1, 0, 3]}
    assert "made for ada" in (tmp_path / "out" / "not-graded.csv").read_text(encoding="utf-8")
