"""`hand_in`: what was read, never what is right; on the instructor's side points."""

import pytest

import bptt_lab
from bptt_lab.exercises import closed
from bptt_lab.exercises.front import Exercises
from bptt_lab.exercises.questions import course_questions, read_questions
from bptt_lab.teaching import handed_out, handin
from bptt_lab.teaching.handin import NOT_ATTEMPTED, READ, UNREAD, HandIn, HandInError
from bptt_lab.teaching.question_format import example

KINDS = ("line", "matrix", "derivation", "function", "shape", "number", "choice")
OWN = {}
for kind in KINDS:
    OWN |= read_questions(example(kind))
ALL, NUMBER = {**course_questions(), **OWN}, "mine.6"
COURSE = """
[course]
name = "bptt"
questions = ["mine.toml"]
[[assignment]]
name = "week"
question = [{ question = "mine.1", points = 3 }, { question = "mine.7", points = 2, attempts = 2 }, "mine.4", "mine.6"]
"""


@pytest.fixture(autouse=True)
def nothing_closed(monkeypatch):
    monkeypatch.setattr(closed, "_open_release", set())
    monkeypatch.delenv(closed.OF_THE_COURSE, raising=False)


@pytest.fixture
def hand_in():
    found = HandIn()
    found.about("week", {name: handed_out.table(one) for name, one in ALL.items()})
    return found


@pytest.fixture
def graded(hand_in, tmp_path, monkeypatch):
    """Return hand_in on the instructor's machine."""
    (tmp_path / "COURSE.toml").write_text(COURSE, encoding="utf-8")
    (tmp_path / "mine.toml").write_text("".join(map(example, KINDS)), encoding="utf-8")
    (tmp_path / "course.secret").write_text("x" * 32)
    monkeypatch.setenv(closed.OF_THE_COURSE, str(tmp_path / "COURSE.toml"))
    return hand_in


def test_the_package_offers_it():
    assert bptt_lab.hand_in is handin.hand_in and "hand_in" in dir(bptt_lab)


@pytest.mark.parametrize(
    ("question", "answer", "read"),
    [
        ("07.2", "d1(1)*h1(0)", r"\delta^{1(1)}"),
        ("mine.2", "sum(t, 1, T, d_a(t) @ h(t-1).T)", r"\sum"),
        ("mine.3", "d(h(2), a(2))*D(a(2), R)\n= (1 - h(2)**2)*h(1)", "2 formulas"),
        ("mine.5", (3, 4), "(3, 4)"),
        ("mine.6", "3/8", "3/8"),
        ("mine.7", "a(t)", "Read: a"),
        ("mine.4", len, "the function len"),
    ],
)
def test_what_was_read_is_shown_and_nothing_of_right_or_wrong(hand_in, question, answer, read):
    found = hand_in(question, answer)
    shown = found._repr_markdown_()
    assert found.state == READ and read in shown and hand_in.check(question) == found
    assert not any(word in str(found).lower() for word in ("right", "wrong", "correct", "missing"))


@pytest.mark.parametrize("name", ALL)
def test_a_right_answer_is_read_for_every_question(hand_in, name):
    one = ALL[name]
    right = one.right or one.shape or one.answer if one.number is None else one.number
    found = hand_in(name, handin.NOT_ATTEMPTED.join if one.returns else right)
    assert found.state == READ and "Not among the letters" not in found.says


@pytest.mark.parametrize(
    ("question", "answer", "says"),
    [
        ("07.2", "d1(1) h1(0)", "operator is missing"),
        ("07.2", "d7(1)", "'d7' is not a letter"),
        ("07.2", 3, "put it in quotes"),
        ("mine.3", "h(1)\nh(1) h(2)", "Line 2"),
        ("mine.4", "def f(): pass", "give its name without brackets"),
        ("mine.5", "square", "A shape is a tuple"),
        ("mine.6", "three", "A number is wanted"),
        ("mine.7", "z", "Answer with one of a, b, c"),
        ("mine.7", object(), "Answer with one of a, b, c"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_mend(hand_in, question, answer, says):
    found = hand_in(question, answer)
    assert found.state == UNREAD and says in str(found)


def test_letters_that_the_task_does_not_offer_are_told(hand_in):
    found = hand_in("mine.3", "h(1)*W")
    assert "Not among the letters of the task: W. It offers h, R." in found.says


@pytest.mark.parametrize("answers", [(), (...,), ("",), (None,), ("# later",), ("\n...\n",)])
def test_what_is_empty_is_not_attempted(hand_in, answers):
    assert hand_in("07.2", *answers).state == NOT_ATTEMPTED and hand_in.check("07.2").state == NOT_ATTEMPTED


def test_a_function_that_does_nothing_is_not_attempted(hand_in):
    def answer(d_a, h_before): ...

    assert hand_in("mine.4", answer).state == NOT_ATTEMPTED


def test_a_question_that_is_not_assigned_here_is_refused(hand_in):
    with pytest.raises(HandInError, match="no question '07.22' in this notebook. Did you mean '07.2'"):
        hand_in("07.22", "x")
    with pytest.raises(HandInError, match="Run the first cell"):
        HandIn()("07.2", "x")


def test_nothing_of_an_answer_is_handed_out():
    for question in ALL.values():
        table = handed_out.table(question)
        assert not {"answer", "same", "right", "reasons", "returns", "shape", "number", "hints"} & set(table)
        assert question.answer not in str(table) or not question.answer


def test_a_goal_that_is_an_answer_is_not_handed_out():
    assert handed_out.table(course_questions()["07.2"])["goal"] == "D(L, W11)"
    assert "h1" not in str(handed_out.table(course_questions()["07.5"]).get("goal", ""))


# Solutions are closed


def test_solutions_of_assigned_exercises_are_closed(hand_in, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ex = Exercises()
    words = "07.2 is assigned: its solution is closed until it is handed back."
    assert ex("07.2").solution() == words and ex("07.2").check("d1(1)*h1(0)").solution == words
    monkeypatch.setattr(closed, "_open_release", set())
    assert "d1" in ex("07.2").solution()
    (tmp_path / closed.FILE_NAME).write_text("# assigned\n07.2\n\n", encoding="utf-8")
    assert ex("07.2").solution() == words and "d_a1" in ex("07.4").solution()
    (tmp_path / closed.FILE_NAME).write_bytes(b"\xff\xff")
    assert "d1" in ex("07.2").solution()


def test_where_answers_are_judged_nothing_is_closed(graded):
    assert "d_a" in Exercises()("07.5").solution()


# Points


@pytest.mark.parametrize(
    ("question", "answers", "points"),
    [
        ("mine.1", ("sum(t, 1, T, d_a(t)*h(t-1))",), 3.0),
        ("mine.1", ("d_a(1)*h(0)",), 0.0),
        ("mine.1", ("D(L, R)",), 0.0),
        ("mine.1", ("sum(t, 1, T, d_a(t)*h(t-1)) + 0*x(1)",), 1.5),
        ("mine.1", ("d_a(1) h(0)",), 0.0),
        ("mine.1", (...,), 0.0),
        ("mine.1", (), 0.0),
        ("mine.1", ("d_a(1)*h(0)", "sum(t, 1, T, d_a(t)*h(t-1))"), 0.0),
        ("mine.7", ("a", "b"), 2.0),
        ("mine.7", ("a", "c", "b"), 0.0),
        ("mine.6", (0.7501,), 1.0),
    ],
)
def test_points_are_those_of_the_best_answer_that_counts(graded, question, answers, points):
    graded(question, *answers)
    assert graded.check(question) == points


def test_a_function_is_judged(graded):
    def answer(d_a, h_before):
        M = d_a.shape[-1]
        return d_a.reshape(-1, M).T @ h_before.reshape(-1, M)

    graded("mine.4", answer)
    assert graded.check("mine.4") == 1.0


def test_what_nobody_knows_is_no_zero_in_silence(graded, monkeypatch):
    from bptt_lab.exercises.feedback import Feedback
    from bptt_lab.exercises.outcomes import UNDECIDED
    from bptt_lab.teaching import grading

    graded("mine.1", "d_a(1)*h(0)")
    monkeypatch.setattr(grading, "told", lambda question, answer: Feedback(question.id, UNDECIDED, cause="why"))
    with pytest.raises(HandInError, match="mine.1 is not graded, look at it yourself.*why"):
        graded.check("mine.1")


def test_where_nbgrader_grades_without_a_course_file_nobody_gets_full_points(hand_in, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(HandInError, match="BPTT_LAB_COURSE must name the course file"):
        hand_in.check("07.2")


def test_a_question_that_the_course_file_does_not_assign_is_told(graded):
    with pytest.raises(HandInError, match="07.2 is not in the assignment 'week'"):
        graded.check("07.2")


def test_of_several_answers_the_first_is_shown_and_it_is_said_that_it_counts(hand_in):
    found = hand_in(NUMBER, 9, 13)
    assert found.says.startswith("Read: 9") and "the first counts" in found.says


def test_a_decimal_comma_is_told(hand_in):
    found = hand_in(NUMBER, 0, 992)
    assert found.says.startswith("Read: 0") and "has a point" in found.says


def test_a_float_is_shown_as_it_is_written(hand_in):
    assert hand_in(NUMBER, 0.8 + 0.2 * 1.5 * (1 - 0.6**2)).says == "Read: 0.992"
