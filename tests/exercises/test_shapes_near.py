"""A wrong shape is told of which quantity it is, where it is of one only; wrong numbers are told with their reasons."""

from fractions import Fraction
from math import comb

import pytest

from bptt_lab import Network
from bptt_lab.exercises.authoring.generate import _miscounted
from bptt_lab.exercises.authoring.proof import prove
from bptt_lab.exercises.judges.short_answer import judge_number, judge_shape, prove_number, prove_shape
from bptt_lab.exercises.outcomes import WRONG
from bptt_lab.exercises.questions import course_questions, make

COURSE = course_questions()
BASE = dict(task="?", hints=["1", "2", "3"], section="01 · A")
TWINS = "y = A @ x + B @ z\nL = mse(y, target)"


def shape_of(**more):
    return make(dict(BASE, id="01.1", kind="shape", **more))


TOLD = [
    ("01.1", "(2, 1)", "gradient of L by y, not by W"),
    ("01.1", "(1, 7)", "derivative of L by x, not by W"),
    ("01.1", "(2, 7, 2)", "derivative of y by W: a slab for each entry of y. L is one number."),
    ("02.1", "(6, 4)", "gradient of L by W0, not by W1"),
    ("02.1", "(4, 6)", "derivative of L by W0, not by W1"),
    ("02.1", "(7, 3)", "gradient of L by W2, not by W1"),
    ("02.1", "(1, 6)", "shape of a row. The derivative is taken by a matrix"),  # a1, h1 and b0 have it: none is named
    ("05.1", "(D, M)", "derivative of L by W0, not by W1"),
    ("05.1", "(M, M)", "derivative of L by W11, not by W1"),
    ("05.1", "(T, M, K)", "no axis for the steps: their shares are added"),
    ("05.1", "(B, M, K)", "no axis for the sequences: their shares are added"),
    ("05.1", "(K, M, K)", "derivative of a2 by W1: a slab for each entry of a2"),
    ("08.1", "(M,)", "shape of b0 itself"),
    ("08.1", "(1, M)", "derivative of one number by b0"),
    ("08.1", "(M, D)", "derivative of a1 by x, not by b0"),
    ("08.1", "(K, M)", "derivative of a2 by h1, not of a1 by b0"),
    ("08.1", "(T, M, M)", "one index too many: the one of size T"),
    ("15.1", "(2, 7)", "for the forward states alone"),
    ("15.1", "(2, 4)", "for the backward states alone"),
    ("15.1", "(7, 7)", "gradient of L by W11_f, not by W1"),
]


@pytest.mark.parametrize(("identity", "answer", "words"), TOLD)
def test_a_wrong_shape_is_told_of_which_quantity_it_is(identity, answer, words):
    found = judge_shape(COURSE[identity], answer)
    assert found.outcome == WRONG and words in found.cause
    assert "Index" not in found.right  # a size that agrees by chance is not called right


@pytest.mark.parametrize(
    ("identity", "answer"),
    [("01.1", "(7, 3)"), ("01.1", "(7, 7)"), ("02.1", "(3, 4)"), ("05.1", "(D, K)"), ("15.1", "(7, 5)")],
)
def test_a_shape_of_no_quantity_is_told_of_none(identity, answer):
    cause = judge_shape(COURSE[identity], answer).cause
    assert "That is the shape of" not in cause and cause.startswith("How many rows has the matrix")


def test_of_two_quantities_with_one_shape_none_is_named():
    question = shape_of(network=TWINS, sizes=dict(x=3, z=3, y=2), T=1, goal="grad(L, x)", shape=[3])
    assert "derivative of L by y, not by x" in judge_shape(question, "(1, 2)").cause
    for shape in ("(2, 3)", "(3, 2)"):  # of A and of B
        assert judge_shape(question, shape).cause == "It has 1 index; yours has 2 indices."
    assert "shape of the transpose" in judge_shape(question, "(1, 3)").cause  # of x, before that of z
    assert "by z" not in judge_shape(question, "(3, 1)").cause
    matrix = shape_of(network=TWINS, sizes=dict(x=3, z=3, y=2), T=1, goal="D(L, A)", shape=[3, 2])
    assert "by B" not in judge_shape(matrix, "(2, 3)").cause  # the transpose comes first


def test_a_shape_that_is_not_that_of_its_goal_is_refused():
    network = dict(network="one matrix", sizes=dict(x=7, y=2), goal="D(L, W)")
    assert prove_shape(shape_of(**network, shape=[7, 2])) == []
    assert prove_shape(shape_of(**network, shape=[2, 7])) == ["shape is (2, 7), but that of D(L, W) is (7, 2)"]
    assert prove_shape(shape_of(shape=[2, 7])) == []  # without a network there is nothing to prove it by


@pytest.mark.parametrize(
    ("reasons", "says"),
    [
        ({"(7, 2)": "Why?"}, "it is the right shape"),
        ({"seven by two": "Why?"}, "which is no shape"),
        ({"(7, 3)": "Why?", "7, 3": "Or why?"}, "twice"),
        ({"(7, 3)": " "}, "says nothing"),
    ],
)
def test_reasons_of_a_shape_are_for_other_shapes(reasons, says):
    (found,) = prove_shape(shape_of(shape=[7, 2], reasons=reasons))
    assert says in found


@pytest.mark.parametrize(
    "question", [one for one in COURSE.values() if one.kind in ("shape", "number")], ids=lambda one: one.id
)
def test_every_shape_is_proven_by_its_network_and_every_number_has_reasons(question):
    assert prove(question) == []
    assert question.goal if question.kind == "shape" else len(question.reasons) >= 6


def test_two_reasons_for_one_number_are_refused():
    question = make(dict(BASE, id="01.3", kind="number", number=6, reasons={"5": "One.", "10/2": "Another."}))
    assert "twice" in prove_number(question)[0]


# The numbers that reasons stand at are what the reasons say, counted anew


def layered(layers, steps, layer, step):
    """Return the paths to the losses from a state of a deep network, by counting."""
    up = layered(layers, steps, layer + 1, step) if layer < layers else 1
    return up + (layered(layers, steps, layer, step + 1) if step < steps else 0)


def kept(k1, k2, T=6):
    """Return the uses and losses that truncated BPTT keeps: stop after every k1 steps, the last k2 steps back."""
    found = []
    for loss in range(1, T + 1):
        stop = -(-loss // k1) * k1
        found += [(use, loss) for use in range(max(1, stop - k2 + 1), loss + 1)]
    return found


def delayed(inputs, outputs):
    return sum(1 for one in inputs for other in outputs if other >= one)


LAG = [sum(loss - use == lag for use, loss in kept(2, 3)) for lag in range(3)]
COUNTED = {
    "01.2": {"9": 9, "6": 6, "324": 6 * 54, "270": 6 * (54 - 9), "45": 54 - 9, "36": 6 * 6, "81": 9 * 9, "486": 9 * 54},
    "03.1": {
        "7": 7,
        "6": delayed([2], range(1, 8)),
        "4": delayed([4], range(3, 8)),
        "20": delayed(range(2, 8), range(3, 8)),
        "25": delayed(range(1, 8), range(3, 8)),
    },
    "04.1": {str(7 - step): 7 - step for step in (0, 1, 3, 4, 5, 6, 7)},
    "06.1": {
        "9": 3**2,
        "12": 3 + 9,
        "10": 1 + 9,
        "4": 1 + 3,
        "7": 1 + 3 + 3,
        "39": 3 * 13,
        "27": 3 * 9,
        "40": 1 + 3 + 9 + 27,
    },
    "13.1": {
        "21": len(kept(1, 6)),
        "12": len(kept(3, 3)),
        "15": len(kept(1, 3)),
        "9": len(kept(2, 2)),
        "8": 21 - len(kept(2, 3)),
        "11": sum(count for lag, count in enumerate(LAG) if count == 6 - lag),
    },
    "14.1": {
        "4": 4,
        "6": layered(3, 5, 2, 3),
        "15": layered(3, 5, 2, 1),
        "20": layered(3, 5, 1, 2),
        "35": layered(3, 5, 1, 1),
        "8": 2 * 4,
        "12": 3 * 4,
    },
    "16.6": {
        "150": 3 * 50,
        "50": 5 * (3 + 5 + 2),
        "100": 4 * 5 * 5,
        "60": 4 * 5 * 3,
        "180": 4 * 5 * 9,
        "220": 4 * 5 * 11,
    },
    "17.6": {"66": 6 * 11, "132": 2 * 66, "264": 4 * 66, "108": 3 * 6 * 6, "72": 3 * 6 * 4, "216": 3 * 6 * 12},
}


def test_the_right_numbers_are_counted_in_the_same_way():
    assert COURSE["14.1"].number == layered(3, 5, 2, 2) == comb(5, 2)
    assert COURSE["13.1"].number == len(kept(2, 3)) and COURSE["03.1"].number == delayed([2], range(3, 8))


@pytest.mark.parametrize("identity", COUNTED)
def test_a_reason_stands_at_the_number_that_it_speaks_of(identity):
    assert {text: Fraction(text) for text in COUNTED[identity]} == COUNTED[identity]
    for text in COUNTED[identity]:
        found = judge_number(COURSE[identity], text)
        assert found.cause == COURSE[identity].reasons[text]


@pytest.mark.parametrize(
    ("identity", "answer", "words"),
    [
        ("01.2", "9", "numbers of one slab"),
        ("01.2", "324", "all numbers of the array"),
        ("01.2", "270", "the zeros of the array"),
        ("01.2", "53", "off by one"),
        ("01.2", "55", "off by one"),
        ("01.2", "100", "too large"),
        ("03.1", "6", "Not every one of them has a target"),
        ("03.1", "1", "path to its own answer"),
        ("03.1", "8", "too large"),
    ],
)
def test_a_number_is_told_its_reason_and_its_neighbours_are_not(identity, answer, words):
    assert words in judge_number(COURSE[identity], answer).cause


def test_wrong_numbers_of_paths_of_a_made_question_are_counted_by_machine():
    text = """
        a[t] = u * x[t] + v * a[t-1] + b
        s[t] = w * a[t] + r * s[t-1] + c
        L[t] = mse(s[t], y[t])
    """
    found = _miscounted(Network(text, sizes=dict(x=1, a=1, s=1)), "a", 3, 6)
    assert "for 4 steps" in found["10"]  # 1 + 2 + 3 + 4
    assert "each counted once" in found["8"] and "lead to L(1)" in found["1"]
    assert "6" not in found  # the right number
    assert "3" not in found  # the losses reached, the paths to the last loss, and two steps: no cause is the only one
    assert "2" not in found  # quantities influenced directly, paths to L(2)
