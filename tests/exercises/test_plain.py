"""Shapes, numbers and choices."""

import pytest

from bptt_lab.exercises.feedback import CANNOT_READ, CORRECT, WRONG
from bptt_lab.exercises.plain import judge_choice, judge_number, judge_shape
from bptt_lab.exercises.question import make

BASE = dict(task="?", hints=["1", "2", "3"], section="01 · A")
SHAPE = make(dict(BASE, id="01.1", kind="shape", shape=[4, 3]))
LETTERS = make(dict(BASE, id="01.2", kind="shape", shape=["M", "D"]))
NUMBER = make(dict(BASE, id="01.3", kind="number", number=0.25))
CHOICE = make(dict(BASE, id="01.4", kind="choice", choices={"a": "A", "b": "B"}, right="b", reasons={"a": "not A"}))


@pytest.mark.parametrize(
    ("question", "answer"),
    [(SHAPE, (4, 3)), (SHAPE, [4, 3]), (SHAPE, "4, 3"), (SHAPE, "(4, 3)"), (LETTERS, ("M", "D")), (LETTERS, "M, D")],
)
def test_a_shape_may_be_given_in_several_ways(question, answer):
    assert judge_shape(question, answer).outcome == CORRECT


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        ((3, 4), WRONG, "shape of the transpose"),
        ((4,), WRONG, "2 indices; yours has 1 index"),
        ((), WRONG, "yours has no index"),
        ((4, 5), WRONG, "Index 1 is right"),
        (4.5, CANNOT_READ, "tuple"),
        (None, CANNOT_READ, "tuple"),
        ({"a": 1}, CANNOT_READ, "tuple"),
    ],
)
def test_a_wrong_shape_is_told_what_is_right_of_it(answer, outcome, words):
    found = judge_shape(SHAPE, answer)
    assert found.outcome == outcome and words in f"{found.right} {found.cause}"


@pytest.mark.parametrize("answer", [0.25, "1/4", "0.25", 1 / 4])
def test_a_number_may_be_given_in_several_ways(answer):
    assert judge_number(NUMBER, answer).outcome == CORRECT


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        (-0.25, WRONG, "sign"),
        (1.25, WRONG, "off by one"),
        (0.2501, WRONG, "too large"),
        (0.2, WRONG, "too small"),
        ("one", CANNOT_READ, "number"),
        (float("nan"), CANNOT_READ, "number"),
        (float("inf"), CANNOT_READ, "number"),
        ("1/0", CANNOT_READ, "number"),
        ([1], CANNOT_READ, "number"),
        ("9" * 10**5, CANNOT_READ, "number"),
        ("1e999999999", CANNOT_READ, "number"),
    ],
)
def test_a_wrong_number_is_told_how(answer, outcome, words):
    found = judge_number(NUMBER, answer)
    assert found.outcome == outcome and words in f"{found.right} {found.cause}"


def test_each_wrong_choice_has_its_own_reason():
    assert judge_choice(CHOICE, " B ").outcome == CORRECT
    assert judge_choice(CHOICE, "a").cause == "not A"
    assert judge_choice(CHOICE, "c").outcome == CANNOT_READ
    assert judge_choice(CHOICE, 3).outcome == CANNOT_READ
