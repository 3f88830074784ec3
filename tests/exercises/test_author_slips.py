"""Slips known by their numbers: the author's own function with one slip or two, however the answer is written."""

from dataclasses import replace

import numpy as np
import pytest
from test_code_edits import COURSE, made
from test_instances import here

from bptt_lab.exercises.causes.told import (
    EXCHANGED,
    FACTOR_MISSING,
    FACTOR_SURPLUS,
    INSTEAD,
    MEAN,
    SIGN,
    SUM,
    TOO_EARLY,
    Told,
    undo_each_other,
)
from bptt_lab.exercises.judges import author_slips, whole
from bptt_lab.exercises.judges import function as judge
from bptt_lab.exercises.judges.function import judge_function, prove_function
from bptt_lab.exercises.judges.instances import tables
from bptt_lab.exercises.outcomes import WRONG
from bptt_lab.exercises.sandbox.written import written

FUNCTIONS = {key: one for key, one in COURSE.items() if one.kind == "function"}


@pytest.fixture(autouse=True)
def in_process(monkeypatch):
    """Run functions in this process: what is tested is what is told of them."""
    for module in (judge, whole):
        monkeypatch.setattr(module, "run_function", lambda answer, calls, **more: here(made(answer), calls))


def told(key, text):
    name = text.split("def ")[-1].partition("(")[0]
    found = judge_function(COURSE[key], written(f"import numpy as np\n{text}", name))
    assert found.outcome == WRONG
    return found.cause


EVERY_STEP = """def mine(W1, W11, h1, d_last):
    rows, later = [], 0
    for h in h1[::-1]:
        rows = [(d_last.dot(W1) + later) - (d_last.dot(W1) + later) * h * h] + rows
        later = rows[0].dot(W11)
    return np.array(rows), later
"""
NOT_REVERSED = """def mine(W11, W1, h1, d_a2):
    found, later = [], 0
    for d, h in zip(d_a2[::-1], h1[::-1]):
        found.append((d.dot(W1) + later) - (d.dot(W1) + later) * h * h)
        later = found[-1].dot(W11)
    return np.array(found)
"""
ONE_SUM = """def mine(o, y):
    z = [np.exp(row - np.amax(o)) for row in o]
    return np.array(z) / sum(map(np.sum, z)) - y
"""


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("06.6", EVERY_STEP, "the gradient of the output is added at every step"),
        ("10.3", NOT_REVERSED, "`d_a1` stands in the reverse order of time"),
        ("09.6", ONE_SUM, "all scores share one sum"),
    ],
)
def test_a_slip_is_known_by_its_numbers_in_any_style(key, text, says):
    assert f"Its numbers are those of a function in which {says}" in told(key, text)


@pytest.mark.parametrize("key", [key for key, one in FUNCTIONS.items() if one.wrong])
def test_the_authors_wrong_functions_are_told(key):
    for one in COURSE[key].wrong:
        cause = told(key, one["answer"])
        vague = ("It is wrong at every step", "Its shape is right. In the first")
        assert cause and not any(cause.endswith(words) for words in vague)
        assert any(
            word in cause for word in ("numbers are", "In `", "Only", "slope", "divided", "reads", "path", "step")
        )


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("10.3", """def mine(W11, W1, h1, d_a2):
    found, later = [], 0
    for d in d_a2[::-1]:
        found.append(d.dot(W1) + later)
        later = found[-1].dot(W11)
    return np.array(found)
""", ["`d_a1` stands in the reverse order of time", "the factor `1 - h1[t] ** 2` is missing"]),
    ],
)  # fmt: skip
def test_two_slips_are_known_by_their_numbers(key, text, says):
    cause = told(key, text)
    assert "Two slips: its numbers are those of a function in which " in cause, cause
    assert all(words in cause for words in says), cause


def test_a_change_of_the_text_and_a_slip_known_by_its_numbers_are_told_together():
    cause = told("03.6", """def mine(a2, y, s_start):
    whole = s_start + sum(np.einsum("bk,bk->b", e, e) for e in a2 - y)
    slope = np.repeat(np.ones_like(whole)[None] - np.tanh(whole / 10), len(a2), 0)
    return slope, (a2 - y) * slope[..., None]
""")  # fmt: skip
    assert (
        "the factor `0.5` is missing. With that mended the numbers of d_l, d_a2 are those of a function in which"
        in cause
    )


HELPER = """def softmax(z):
    z = np.exp(z - np.max(z, axis=1, keepdims=True))
    return z / np.sum(z, axis=1, keepdims=True)
def mine(o, y):
    return softmax(o) - y
"""


def test_slips_in_a_function_beside_are_told_with_their_lines():
    cause = told("09.6", HELPER)
    assert "Two slips: In `z = np.exp(z - np.max(z, axis=1, keepdims=True))`, " in cause
    assert "In `return z / np.sum(z, axis=1, keepdims=True)`, " in cause and "axis=-1" in cause


def test_what_one_change_takes_away_and_another_puts_back_is_not_told():
    cause = told("12.4", """def mine(W11, h1):
    T, M = h1.shape
    out, G = np.empty((T, M, M)), np.eye(M)
    for t in range(T - 1, -1, -1):
        G = W11.T @ np.diag(1 - h1[t] ** 2) @ G
        out[t] = G
    return out
""")  # fmt: skip
    assert not ("too much" in cause and "missing" in cause)
    assert undo_each_other(Told(FACTOR_SURPLUS, "a"), Told(FACTOR_MISSING, belongs="b"))
    assert not undo_each_other(Told(FACTOR_SURPLUS, "a"), Told(FACTOR_SURPLUS, "b"))
    assert undo_each_other(Told(INSTEAD, "a", "b"), Told(INSTEAD, "b", "a"))


def test_the_shape_of_a_result_is_called_right_only_if_it_is():
    cause = told("02.6", """def mine(W0, W1, x, h1, h2, y):
    e = h2 - y
    d = (e @ W1) * (h1 > 0)
    return d.T @ x, d.sum(axis=1), e.T @ h1, e.sum(axis=1), d @ W0
""")  # fmt: skip
    assert "d_b0 is wrong." in cause and "Its shape is right" not in cause


def test_two_arguments_exchanged_in_a_line_are_one_slip_beside_another():
    cause = told("13.6", """def mine(W11, W1, s, g, h1, d_a2):
    d_a1 = d_a2 @ W1
    d_c = (d_a1 @ W11) - (d_a1 @ W11) * g * g
    return sum(a.T @ b + c.T @ d for a, b, c, d in zip(d_a1, s, d_c, g))
""")  # fmt: skip
    assert "`s` and `g` are exchanged" in cause and "`1 - h1 ** 2` is missing" in cause


def test_numbers_that_are_not_finite_are_told_besides_a_sign():
    cause = told("09.6", "def mine(o, y):\n    p = np.exp(o) / np.exp(o).sum(-1, keepdims=True)\n    return y - p\n")
    assert "the wrong sign" in cause and "Besides, it holds numbers that are not finite for" in cause
    cause = told(
        "09.6",
        "def mine(o, y):\n    p = np.exp(o - o.max(-1, keepdims=True))\n    return y - p / p.sum(-1, keepdims=True)\n",
    )
    assert "the wrong sign" in cause and "Besides" not in cause


def test_a_slip_that_shows_on_the_first_instance_alone_is_not_told():
    steps = len(tables(COURSE["10.3"])[0].arguments["h1"])
    text = NOT_REVERSED.replace("np.array(found)", f"np.array(found)[:: 1 if len(found) == {steps} else -1]")
    assert "reverse order" not in told("10.3", text)


@pytest.mark.parametrize("factor", ["1.37", "np.pi"])
def test_numbers_of_no_slip_are_told_nothing(factor):
    cause = told("10.3", NOT_REVERSED.replace("np.array(found)", f"np.cumsum({factor} ** np.array(found), axis=0)"))
    assert "numbers are those" not in cause and "Two slips" not in cause


def test_of_one_result_its_own_slip_is_told_beside_that_of_another():
    cause = told("01.6", """def mine(A, B, x, d_h):
    u, v = x @ A.T, x @ B.T
    return (d_h * v).T @ x / len(x), (d_h * u).T @ x / len(x), (d_h * v) @ A
""")  # fmt: skip
    assert "a mean over them were taken" in cause and "By the same slip wrong: d_B." in cause
    assert "d_x is wrong too: This is the derivative with the path through v left out." in cause


def test_what_no_slip_explains_is_not_said_to_come_from_the_same_one():
    cause = told("05.6", """def mine(W1, h1, h2, y):
    e = h2 - y
    noise = np.cumsum(np.tanh(e), axis=0)
    return np.einsum("tbk,tbm->km", noise, h1), noise.sum((0, 1)), e @ W1
""")  # fmt: skip
    assert "same slip" not in cause and "Also wrong: d_b1." in cause


@pytest.mark.parametrize("key", FUNCTIONS)
def test_slips_change_a_result_and_differ_from_each_other(key):
    question, first = COURSE[key], tables(COURSE[key])[0]
    known = author_slips.author_slips(question)
    assert len(known) > 20
    assert not any(author_slips.is_alike(one.results, first.results, first) for one in known)
    says = [one.slip.says[0] for one in known]
    assert all(one["says"] in says for one in question.wrong)


def test_pairs_hold_two_slips_and_no_single_one_again():
    for one in author_slips.author_pairs(COURSE["06.6"]):
        assert len(set(one.slip.says)) == 2


def test_what_is_said_of_a_change_is_turned_round_for_the_change_back():
    assert Told(FACTOR_SURPLUS, "f").back == Told(FACTOR_MISSING, belongs="f") and Told(SIGN).back == Told(SIGN)
    assert Told(INSTEAD, "a", "b").back.says == "`b` stands where `a` belongs" and Told(MEAN).back == Told(SUM)
    assert Told(TOO_EARLY, "a").back is None
    assert Told(EXCHANGED, "a", "b").says == "the results `a` and `b` are exchanged"


@pytest.mark.parametrize("answer", [COURSE["10.3"].answer, "def mine(:", "def mine(a):\n    return a"])
def test_a_wrong_function_that_is_right_or_cannot_be_run_is_found(answer):
    question = replace(COURSE["10.3"], wrong=({"says": "words of mine", "answer": answer},))
    assert author_slips.not_wrong(question) == ["words of mine"]


def test_the_proof_of_a_question_names_wrong_functions_that_are_right(monkeypatch):
    monkeypatch.setattr(judge, "run_function", here)
    question = replace(COURSE["10.3"], wrong=({"says": "words of mine", "answer": COURSE["10.3"].answer},))
    assert prove_function(question) == ["wrong has a function that is right or cannot be run: words of mine"]


LOOPS = [
    """def mine(W11, h1):
    J, t = np.zeros_like(W11), 0
    while t < len(h1):
        J = (1 - h1[t]**2)[:, None] * (W11 @ J + np.eye(len(W11)))
        t += 1
    return J
""",
    """def mine(W11, h1):
    if not len(h1):
        return np.zeros_like(W11)
    return (1 - h1[-1]**2)[:, None] * (W11 @ mine(W11, h1[:-1]) + np.eye(len(W11)))
""",
]


@pytest.mark.parametrize("answer", LOOPS)
def test_an_authors_loop_that_might_not_end_is_not_changed(answer):
    question = replace(COURSE["13.4"], answer=answer)
    assert {known.slip.rank for known in author_slips.author_slips(question)} == {author_slips.WRITTEN}
    assert not author_slips.author_pairs(question)


def test_an_authors_function_that_takes_long_is_not_changed(monkeypatch):
    monkeypatch.setattr(author_slips, "SECONDS", -1.0)
    assert len(author_slips.author_slips(replace(COURSE["13.4"]))) == len(COURSE["13.4"].wrong)


@pytest.mark.parametrize("key", ["10.3", "12.4", "16.5"])
def test_what_a_slip_never_fills_is_zero(key):
    """In its place stood what memory held before: other numbers in every run."""
    question, first = COURSE[key], tables(COURSE[key])[0]
    assert "np.empty" in question.answer
    for known in author_slips.author_slips(question):
        np.full(10_000, np.pi)  # what memory may hold
        again = author_slips.results_with(question, known.slip, first)
        assert all(np.array_equal(again[name], known.results[name]) for name in again)


def test_numbers_that_say_nothing_are_known_by_nothing():
    """What is zero throughout, or an argument handed back, has the numbers of many slips."""
    for key, question in FUNCTIONS.items():
        first = tables(question)[0]
        for known in author_slips.author_slips(question):
            for result in known.results.values():
                assert result.any(), (key, known.slip.says)
                assert not any(np.array_equal(result, given) for given in first.arguments.values())


def test_arrays_of_other_order_have_other_marks():
    one = np.arange(6.0).reshape(2, 3)
    marks = [author_slips.mark(array) for array in (one, one[::-1], one.ravel(), one + 1e-3)]
    assert len(set(marks)) == 4
