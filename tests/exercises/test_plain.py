"""Shapes, numbers and choices: read in any usual spelling; nothing a student hands in ends in an exception."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from bptt_lab.exercises.judges.short_answer import judge_choice, judge_number, judge_shape
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, WRONG
from bptt_lab.exercises.questions import make

JUDGES = {"shape": judge_shape, "number": judge_number, "choice": judge_choice}
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
        ([1], WRONG, "too large"),
        ([1, 2], CANNOT_READ, "of type list is no number"),
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


CHOICES = {"a": "moderate ones", "b": "$10^{-8}$", "c": "or none", "d": "54"}
REASONS = {"a": "not a", "c": "not c", "d": "not d"}


def test_a_number_that_is_expected_is_told_with_its_reason():
    question = make(dict(BASE, id="01.6", kind="number", number=6, reasons={"5": "One is missing.", "7.5": "A half."}))
    assert judge_number(question, "5").cause == "One is missing."
    assert judge_number(question, 7.5).cause == "A half." and judge_number(question, "15/2").cause == "A half."
    assert judge_number(question, "8").cause == "It is too large." and judge_number(question, 6).outcome == CORRECT


def test_a_reason_is_told_of_a_float_too():
    question = make(dict(BASE, id="01.6", kind="number", number=0.992, reasons={"0.8": "And the way through z?"}))
    assert judge_number(question, 0.8).cause == judge_number(question, "0.8").cause == "And the way through z?"
    assert judge_number(question, 0.1 + 0.7).cause == "And the way through z?"
    assert judge_number(question, 0.81).cause == "It is too small."


@pytest.mark.parametrize(("number", "told"), [("6", "it is the right number"), ("six", "is no number")])
def test_a_reason_for_the_right_number_or_for_none_is_told(number, told):
    from bptt_lab.exercises.judges.short_answer import prove_number

    (found,) = prove_number(make(dict(BASE, id="01.6", kind="number", number=6, reasons={number: "Why?"})))
    assert told in found


FOUR = make(dict(BASE, id="01.5", kind="choice", choices=CHOICES, right="b", reasons=REASONS))
SLABS = make(dict(BASE, id="01.6", kind="number", number=54))
NOTHING = make(dict(BASE, id="01.7", kind="number", number=0))
SEVEN = make(dict(BASE, id="01.8", kind="shape", shape=[7, 2]))
PLAIN = make(dict(BASE, id="01.9", kind="shape", shape=[]))
COLUMN = make(dict(BASE, id="01.10", kind="shape", shape=[7]))
WEIGHTS = make(dict(BASE, id="01.11", kind="shape", shape=["M", "K"]))

SHAPES = [
    *("(7, 2)", "[7, 2]", "[7,2]", "7, 2", "7,2", "7 2", "7 by 2", "7-by-2", "7x2", "7 x 2", "7X2", "7×2", "7 × 2"),
    *("7*2", "7 \\times 2", "$7 \\times 2$", "shape (7, 2)", "shape = (7, 2)", "(7, 2).", "(7,2,)", "{7, 2}"),
    *((7, 2), [7, 2], (7.0, 2.0), ("7", "2"), (np.int64(7), np.int32(2)), np.array([7, 2]), np.zeros((7, 2)).shape),
    *((sympy.Integer(7), sympy.Integer(2)), (Fraction(7), 2), "= (7, 2)", " (7 , 2) "),
]


@pytest.mark.parametrize("answer", SHAPES, ids=repr)
def test_a_shape_is_read_in_any_usual_spelling(answer):
    assert judge_shape(SEVEN, answer).outcome == CORRECT


@pytest.mark.parametrize("answer", [("M", "K"), ("m", "k"), "(M, K)", "m by k", "MxK", "M×K", ["M", "k"], "'M', 'K'"])
def test_a_shape_in_letters_is_read_in_either_case(answer):
    assert judge_shape(WEIGHTS, answer).outcome == CORRECT


@pytest.mark.parametrize("answer", [(), [], "()", "", "scalar", "a number", "a scalar", "A number.", "[]"])
def test_the_shape_of_a_number_is_read(answer):
    assert judge_shape(PLAIN, answer).outcome == CORRECT


@pytest.mark.parametrize("answer", [(7,), [7], "(7,)", "7", 7, np.int64(7), "7,", np.zeros(7).shape])
def test_a_shape_of_one_size_is_read(answer):
    assert judge_shape(COLUMN, answer).outcome == CORRECT


@pytest.mark.parametrize("answer", ["(2, 7)", "72", "7", (7, 2, 1), "7 by 2 by 1", "(7, 3)", ("M", "K"), "2x7"])
def test_another_shape_is_wrong_in_any_spelling(answer):
    assert judge_shape(SEVEN, answer).outcome == WRONG


@pytest.mark.parametrize(
    "answer", [(True, 2), (7.5, 2), "(-7, 2)", "seven", {7: 2}, {7, 2}, b"7", 7j, np.zeros((7, 2))]
)
def test_what_is_no_shape_is_named_with_an_example(answer):
    found = judge_shape(SEVEN, answer)
    assert found.outcome == CANNOT_READ and "is no shape" in found.cause and "(4, 3)" in found.cause


NUMBERS = [
    *(54, 54.0, "54", "54.0", "54.", "+54", " 54 ", "= 54", "n = 54", "6*9", "6 * 9", "6×9", "108/2", "50 + 4", "0054"),
    *("60-6", "2*3**3", "2*3^3", "(6)*(9)", "5.4e1", "54e0", [54], (54,), ["54"], np.int64(54), np.float32(54)),
    *(np.array(54), np.array([54]), np.array([[54.0]]), Fraction(54), Decimal(54), sympy.Integer(54), "--54", "$54$"),
]


@pytest.mark.parametrize("answer", NUMBERS, ids=repr)
def test_a_number_is_read_in_any_usual_spelling(answer):
    assert judge_number(SLABS, answer).outcome == CORRECT


@pytest.mark.parametrize(
    "answer", ["1/4", "2**-2", "0.25", ".25", "1÷4", Fraction(1, 4), sympy.Rational(1, 4), "25/100"]
)
def test_a_fraction_is_read_in_any_usual_spelling(answer):
    assert judge_number(NUMBER, answer).outcome == CORRECT


@pytest.mark.parametrize("answer", ["45", "6+9", "-54", "9**6", 54.1, np.int8(53), "54/1.01", "53.999999", [55]])
def test_another_number_is_wrong_in_any_spelling(answer):
    assert judge_number(SLABS, answer).outcome == WRONG


@pytest.mark.parametrize(
    "answer",
    [
        *(
            True,
            np.True_,
            None,
            "",
            "fifty-four",
            "54 paths",
            "5²4",
            "54j",
            54j,
            "10**10**10",
            "2**(2**20)",
            "9**9**9**9",
        ),
        *("1/0", "0**-1", "__import__('os')", "54 if 1 else 2", "[54]*2", "54; 1", "int('54')", "(" * 150 + "54"),
        *(2**4000, float("nan"), float("-inf"), Decimal("NaN"), Decimal("1e999999"), np.array([54, 54]), [[54]], {54}),
        *("1" * 201, "\0", "54\n54", "lambda: 54", "x", "1e400", np.array("54"), np.array([None]), b"54"),
    ],
    ids=lambda answer: str(type(answer).__name__),
)
def test_what_is_no_number_is_named_with_an_example(answer):
    found = judge_number(SLABS, answer)
    assert found.outcome == CANNOT_READ and ("is no number" in found.cause)
    assert len(found.cause) < 200


@pytest.mark.parametrize(
    ("answer", "words"), [("0,25", "decimal point"), ("25%", "0.25, not 25 %"), (True, "no numbers")]
)
def test_a_number_in_another_notation_is_told_how_to_write_it(answer, words):
    assert words in judge_number(NUMBER, answer).cause


@pytest.mark.parametrize("answer", [1, -1, "1", "-1"])
def test_beside_zero_both_neighbours_are_off_by_one(answer):
    assert "off by one" in judge_number(NOTHING, answer).cause
    assert judge_number(NOTHING, 0).outcome == CORRECT and "too large" in judge_number(NOTHING, 2).cause


LETTERS_OF_CHOICE = [
    *("b", "B", "(b)", "[b]", "b)", "b.", "(B)", "b:", " b ", "answer b", "Answer: b", "option (b)", "the answer is b"),
    *("(b) $10^{-8}$", "b) 10^{-8}", "b 10^{-8}", "b: $10^{-8}$", "$10^{-8}$", "10^{-8}", "10^{−8}", "'b'", '"b"'),
    *(["b"], ("b",), "choice b", "my answer is (b).", "**b**", "(b) because the rest is too large"),
]


@pytest.mark.parametrize("answer", LETTERS_OF_CHOICE, ids=repr)
def test_a_choice_is_read_in_any_usual_spelling(answer):
    assert judge_choice(FOUR, answer).outcome == CORRECT


@pytest.mark.parametrize(
    ("answer", "key"),
    [("moderate ones", "a"), ("a moderate ones", "a"), ("or none", "c"), ("54", "d"), (54, "d"), ("D", "d")],
)
def test_the_words_of_a_choice_name_it(answer, key):
    assert judge_choice(FOUR, answer).cause == f"not {key}"


@pytest.mark.parametrize(
    "answer",
    [
        *("a or b", "(a) or (b)", "b, c", "ab", "e", "", "(b) moderate ones", "a number", "b and c", "(b) (c)"),
        2,
        None,
        {"b"},
    ]
    + [b"b", ["b", "c"], True, "b" * 300],
    ids=repr,
)
def test_what_names_no_single_choice_is_told_the_letters(answer):
    found = judge_choice(FOUR, answer)
    assert found.outcome == CANNOT_READ and "Answer with one of a, b, c, d." in found.cause


def hostile(base):
    """Return a class whose every method raises, on top of a plain type."""

    def fails(self, *arguments, **more):
        raise SystemExit("this must not be called")

    names = (
        "__str__ __repr__ __eq__ __iter__ __int__ __float__ __index__ __len__ __array__ __bool__ __getitem__ __hash__"
    )
    more = (
        "__format__ __contains__ __lt__ __getattr__ strip lower split item tolist __array_ufunc__ __array_interface__"
    )
    return type(
        "Hostile", (base,), {name: fails for name in f"{names} {more}".split()} | {"__class__": property(fails)}
    )


OBJECTS = [hostile(object)(), *(hostile(base)(value) for base, value in ((str, "54"), (int, 54), (float, 54.0)))]
OBJECTS += [hostile(list)(["b"]), hostile(tuple)((7, 2)), hostile(dict)(), hostile(np.ndarray)((1,)), hostile(object)]
LOOP: list = []
LOOP.append(LOOP)


OBJECTS += [LOOP, [LOOP], type, len, np, lambda: 54, NotImplemented, ...]


@pytest.mark.parametrize("kind", JUDGES)
@pytest.mark.parametrize("which", range(len(OBJECTS)))
def test_no_object_makes_a_judge_raise(kind, which):
    question = {"shape": SEVEN, "number": SLABS, "choice": FOUR}[kind]
    assert JUDGES[kind](question, OBJECTS[which]).outcome in (CORRECT, WRONG, CANNOT_READ)


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60) | st.complex_numbers() | st.binary()
)
LEAVES |= st.decimals() | st.fractions() | st.text(alphabet="0123456789+-*/^.(), %=x×abe", max_size=40)
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner), max_leaves=6)


@settings(max_examples=400, deadline=None)
@given(ANYTHING)
def test_any_value_has_an_outcome(answer):
    for kind, question in (("shape", SEVEN), ("number", SLABS), ("choice", FOUR)):
        found = JUDGES[kind](question, answer)
        assert found.outcome in (CORRECT, WRONG, CANNOT_READ) and str(found)


@settings(max_examples=200, deadline=None)
@given(st.integers(-(10**6), 10**6), st.integers(1, 50))
def test_only_the_right_number_is_right(number, other):
    assert (judge_number(SLABS, f"{number}/{other}").outcome == CORRECT) == (number == 54 * other)
    assert (judge_number(SLABS, f"{number} - {other}").outcome == CORRECT) == (number - other == 54)


# How close is close enough, and what is said of what is not


SHARE = make(dict(BASE, id="01.12", kind="number", number=0.5))
LONG_SHARE = make(dict(BASE, id="01.13", kind="number", number=1000.5))
CRUMB = Fraction(1, 10**30)


@pytest.mark.parametrize(
    ("question", "wanted", "most"),
    [
        (SHARE, Fraction(1, 2), Fraction(1, 10**9)),
        (NUMBER, Fraction(1, 4), Fraction(1, 10**9)),
        (LONG_SHARE, Fraction(2001, 2), Fraction(2001, 2) / 10**9),
        (NOTHING, Fraction(0), Fraction(1, 10**12)),
        (SLABS, Fraction(54), Fraction(54, 10**12)),
    ],
)
def test_a_share_may_be_rounded_at_nine_digits_and_a_count_computed_in_floats_at_twelve(question, wanted, most):
    """The bound is relative above one and absolute below, and what lies on it is right."""
    for sign in (1, -1):
        assert judge_number(question, wanted + sign * most).outcome == CORRECT
        assert judge_number(question, wanted + sign * (most + CRUMB)).outcome == WRONG


@pytest.mark.parametrize("answer", ["54.00000000000000000001", "53.99999999999999999999", "54 + 1/10**20"])
def test_a_count_written_in_digits_is_exact(answer):
    assert judge_number(SLABS, answer).outcome == WRONG


@pytest.mark.parametrize("answer", ["0.2500000001", "0.2499999999", "1/4 + 1/10**10"])
def test_a_share_written_in_digits_may_be_rounded(answer):
    assert judge_number(NUMBER, answer).outcome == CORRECT


CUBE = make(dict(BASE, id="01.14", kind="shape", shape=[4, 3, 2]))


@pytest.mark.parametrize(
    ("answer", "right"),
    [((4, 3, 5), "Index 1 is right."), ((5, 3, 2), "Index 2 is right."), ((5, 6, 2), "Index 3 is right."),
     ((5, 6, 7), ""), ((3, 2, 4), "")],
)  # fmt: skip
def test_of_a_wrong_shape_the_first_index_that_is_right_is_named(answer, right):
    found = judge_shape(CUBE, answer)
    assert found.outcome == WRONG and found.right == right and "what it is differentiated by" in found.cause


@pytest.mark.parametrize(
    ("question", "answer", "cause"),
    [
        (PLAIN, (1,), "It has no index; yours has 1 index."),
        (COLUMN, (7, 1), "It has 1 index; yours has 2 indices."),
        (SEVEN, (), "It has 2 indices; yours has no index."),
        (CUBE, (4,), "It has 3 indices; yours has 1 index."),
    ],
)
def test_the_number_of_indices_is_counted_in_words(question, answer, cause):
    found = judge_shape(question, answer)
    assert found.outcome == WRONG and found.cause == cause and found.right == ""


@pytest.mark.parametrize(("answer", "word"), [(55.5, "large"), (52.5, "small"), (-53, "small"), (108, "large")])
def test_a_wrong_number_is_too_large_or_too_small(answer, word):
    assert judge_number(SLABS, answer).cause == f"It is too {word}."


@pytest.mark.parametrize("answer", [55, 53, "55", "53.0"])
def test_a_number_beside_the_right_one_is_off_by_one(answer):
    found = judge_number(SLABS, answer)
    is_more = float(answer) > 54
    word = "large" if is_more else "small"
    assert found.outcome == WRONG and found.cause == f"It is off by one: too {word}." and found.right == ""
    counted = judge_number(replace(SLABS, task="How many?"), answer)
    assert counted.cause == f"It is off by one: one too {'many' if is_more else 'few'}."


def test_only_the_opposite_number_has_the_right_size():
    found = judge_number(SLABS, -54)
    assert (found.right, found.cause) == ("The size is right.", "The sign is not.")
    assert "size" not in judge_number(SLABS, -53).right and "size" not in judge_number(NOTHING, 5).right


def test_what_is_unread_is_told_one_thing_to_mend():
    assert judge_number(SLABS, "54,5").cause.endswith("thousands.")
    assert judge_number(SLABS, None).cause.endswith("'3/4'.")
    assert judge_choice(FOUR, "e").cause == "'e' is none of the choices. Answer with one of a, b, c, d."
    several = judge_choice(FOUR, "(b) (c)").cause
    assert "Name one choice only, by its letter. Answer with one of a, b, c, d." in several


@pytest.mark.parametrize(
    ("kind", "question", "answer"), [("shape", SEVEN, (7, 3)), ("number", SLABS, 50), ("choice", FOUR, "a")]
)
def test_what_is_wrong_names_where_to_read_and_ends_with_a_question(kind, question, answer):
    found = JUDGES[kind](question, answer)
    assert found.outcome == WRONG and found.section == "01 · A" and found.asks.endswith("?")
