"""What a release gives away: a planted leak is found wherever it stands, and a sound release has none."""

import base64
import copy
import gzip
import json
import zlib
from dataclasses import replace

import pytest

from bptt_lab.exercises.questions import course_questions, read_questions
from bptt_lab.teaching import leaks, release, variants
from bptt_lab.teaching.coursefile import Assignment, Course, Entry
from bptt_lab.teaching.question_format import example

SECRET = b"a secret of the course's, for tests"
IDS = ("07.1", "07.2", "07.4", "07.5", "07.6")
ANSWER = "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)"
CODE = course_questions()["07.6"].answer


@pytest.fixture(scope="module")
def course():
    week = Assignment("week", tuple(map(Entry, IDS)), notebooks=("07_the_recurrent_weights.ipynb",))
    return Course("bptt", {"week": week}, course_questions(), SECRET)


@pytest.fixture(scope="module")
def questions(course):
    return list(course.questions_for("week", "ada").values())


@pytest.fixture(scope="module")
def book(course):
    return json.loads(release.written(release.notebook(course, course.assignments["week"], "ada")))


def found(book, questions):
    return leaks.scan([("x.ipynb", json.dumps(book, ensure_ascii=False).encode())], questions, SECRET)


def test_a_release_gives_nothing_away(course, questions):
    files = [(name, text.encode()) for name, text in release.files(course, course.assignments["week"], ["ada"])]
    assert len(files) > 5 and leaks.scan(files, questions, SECRET) == []


def test_neither_does_a_release_of_every_question_of_the_course():
    names = list(course_questions())
    whole = Assignment("all", tuple(map(Entry, names)))
    given = Course("bptt", {"all": whole}, course_questions(), SECRET)
    text = release.written(release.notebook(given, whole, ""))
    assert leaks.scan([("all.ipynb", text.encode())], course_questions().values(), SECRET) == []


def test_nor_a_release_of_one_question_of_each_kind_of_an_instructors():
    own = {}
    for kind in ("line", "matrix", "derivation", "function", "shape", "number", "choice"):
        own |= read_questions(example(kind))
    whole = Assignment("all", tuple(map(Entry, own)))
    text = release.written(release.notebook(Course("bptt", {"all": whole}, own, SECRET), whole, ""))
    assert leaks.scan([("all.ipynb", text.encode())], own.values(), SECRET) == []


def in_a_cell(text):
    return lambda book: book["cells"][3].update(source=[text])


def in_an_output(text):
    output = {"output_type": "stream", "name": "stdout", "text": [text]}
    return lambda book: book["cells"][3].update(outputs=[output])


def in_metadata(key, text):
    return lambda book: book["cells"][4]["metadata"].update({key: text})


def in_an_attachment(text):
    return lambda book: book["cells"][0].update(attachments={"a.png": {"image/png": text}})


def b64(data):
    return base64.b64encode(data).decode()


PLANTED = {
    "in a cell": in_a_cell(f'hand_in("07.2", "{ANSWER}")'),
    "in other spaces": in_a_cell(ANSWER.replace(" ", "").replace("+", "  +\n")),
    "in other brackets": in_a_cell(f'x = "({ANSWER.replace("d1(2)*h1(1)", "(d1(2)*h1(1))")})"'),
    "in other letters": in_a_cell('hand_in("07.2", "e(1)*z(0) + e(2)*z(1) + e(3)*z(2)")'),
    "another right form": in_a_cell("# sum(t, 1, 3, d1(t)*h1(t-1))"),
    "a function": in_a_cell(CODE),
    "a function in other letters": in_a_cell(CODE.replace("h_before", "earlier").replace("M", "size")),
    "in an output": in_an_output(ANSWER),
    "a reason": in_an_output("These are the right numbers with the wrong names: which of the two holds h1(1) fixed?"),
    "in metadata": in_metadata("note", ANSWER),
    "the letter of a choice": in_metadata("answer", "b"),
    "a seed": in_metadata("seed", 4711),
    "base64": in_metadata("x", b64(ANSWER.encode())),
    "base64 of base64": in_metadata("x", b64(b64(ANSWER.encode()).encode())),
    "base64 for addresses": in_metadata("x", base64.urlsafe_b64encode(zlib.compress(CODE.encode())).decode()),
    "hex": in_metadata("x", CODE.encode().hex()),
    "an attachment": in_an_attachment(b64(CODE.encode())),
    "an attachment, packed": in_an_attachment(b64(gzip.compress(CODE.encode()))),
    "the secret": in_metadata("x", SECRET.decode()),
    "the secret in hex": in_a_cell(f"# {SECRET.hex()}"),
    "the secret in base64": in_metadata("x", b64(SECRET)),
}


@pytest.mark.parametrize("where", PLANTED)
def test_a_planted_leak_is_found(where, book, questions):
    planted = copy.deepcopy(book)
    PLANTED[where](planted)
    assert found(book, questions) == [] and found(planted, questions) != []


def test_a_leak_says_where_and_what(book, questions):
    planted = copy.deepcopy(book)
    PLANTED["in a cell"](planted)
    assert str(found(planted, questions)[0]) == "x.ipynb: 07.2, its answer"


def test_a_leak_of_another_students_instance_is_found(course, book):
    other = variants.instance(replace(course_questions()["07.2"]), SECRET, 1).question
    planted = copy.deepcopy(book)
    in_a_cell(other.answer)(planted)
    assert other.answer != ANSWER and found(planted, [other]) != []


def test_what_can_be_looked_up_in_the_package_is_told():
    own = read_questions(example("line") + example("matrix").replace("d_a(t) @ h(t-1).T", "d_a(t) @ h(t-1).T + 0*R"))
    course = course_questions()
    told = leaks.looked_up([course["07.2"], variants.instance(replace(course["07.3"]), SECRET, 1).question,
                            *own.values()])  # fmt: skip
    assert told["07.2"] == "by its id" and told["07.3"] == "by its id, in other letters, sizes or order"
    assert told["mine.1"] == "as 07.2, up to the names of letters" and "mine.2" not in told


def test_a_folder_is_scanned_whole(tmp_path, questions):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "data.bin").write_bytes(b"\x00\xff" + ANSWER.encode())
    assert [str(one) for one in leaks.scan_folder(tmp_path, questions, SECRET)] == ["a/data.bin: 07.2, its answer"]
