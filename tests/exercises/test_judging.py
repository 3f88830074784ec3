"""Answers given as text: right, right in another form, or wrong with one cause."""

import re
from types import SimpleNamespace

import asked
import pytest

from bptt_lab.exercises.causes.named import catalogued
from bptt_lab.exercises.judges import formula as judging
from bptt_lab.exercises.judges.formula import judge_formula
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, OTHER_FORM, UNDECIDED, WRONG
from bptt_lab.exercises.questions import course_questions, make
from bptt_lab.exercises.scenes import scene_of, value_at
from bptt_lab.formulas.tree import order
from bptt_lab.symbolic.verdicts import AGREES, ALONE, PROVED, UNSETTLED, Verdict
from bptt_lab.symbolic.worlds import float_worlds

WEIGHTS, STATE, RECURRENT = asked.weights(), asked.state(), asked.recurrent()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (WEIGHTS, "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)"),
        (WEIGHTS, "h1(2)*d1(3) + (d1(2)*h1(1) + h1(0)*d1(1))"),
        (WEIGHTS, "sum(s, 1, 3, d1(s)*h1(s-1))"),
        (WEIGHTS, "sum(s, 0, 2, h1(s)*d1(s+1))"),
        (WEIGHTS, "(2*d1(1)*h1(0) + d1(2)*h1(1) + d1(2)*h1(1) + 2*d1(3)*h1(2))/2"),
        (STATE, "W1.T @ d_a2[t] + W11.T @ d_a1[t+1]"),
        (STATE, "(d_a2(t).T @ W1).T + (d_a1(t+1).T @ W11).T"),
        (RECURRENT, "sum(t, 1, T, outer(d_a1[t], h1[t-1]))"),
        (RECURRENT, "sum(t, 2, T, outer(d_a1[t], h1[t-1])) + outer(d_a1[1], h1[0])"),
    ],
)
def test_every_equal_form_is_correct_and_the_strength_is_said(question, answer):
    found = judge_formula(question, answer)
    assert found.outcome == CORRECT and "proved as an identity" in found.strength


def test_an_identity_of_functions_is_settled_by_digits():
    found = judge_formula(WEIGHTS, "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)*(exp(h1(1))*exp(-h1(1)))")
    assert found.outcome == CORRECT and "40 digits" in found.strength


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ("D(L, W11)", "the question itself"),
        ("grad(L, W11)", "the question itself"),
        ("d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*tanh(a1(2))", "a1 is not available"),
    ],
)
def test_a_right_value_in_another_form_is_told_from_a_right_answer(answer, cause):
    found = judge_formula(WEIGHTS, answer)
    assert found.outcome == OTHER_FORM and cause in str(found)


@pytest.mark.parametrize(
    ("question", "answer", "mistake", "cause"),
    [
        (WEIGHTS, "d1(3)*h1(2)", "D9", "Only step 3"),
        (WEIGHTS, "d1(2)*h1(1) + d1(3)*h1(2)", "C3", "step 1"),
        (WEIGHTS, "d1(1)*h1(1) + d1(2)*h1(2) + d1(3)*h1(3)", "C1", "h1(t)"),
        (WEIGHTS, "2*(d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2))", "", "2 times the right one"),
        (WEIGHTS, "5*(d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2))", "", "5 times the right one"),
        (WEIGHTS, "d1(1)*h1(0) + d1(2)*h1(1) - d1(3)*h1(2)", "", "through a1(3) is taken with the wrong sign"),
        (WEIGHTS, "d1(1)*h1(0) + 2*d1(2)*h1(1) + d1(3)*h1(2)", "", "through a1(2) is counted twice"),
        (WEIGHTS, "0*h1(1)", "", "zero at every point"),
        (STATE, "W1.T @ d_a2[t]", "A1", "a1(t+1)"),
        (STATE, "W1.T @ d_a2[t] + W11 @ d_a1[t+1]", "C5", "W11"),
        (STATE, "W1.T @ d_a2[t] + W11.T @ d_a1[t]", "", "d_a1(t) stands where d_a1(t + 1) belongs"),
        (STATE, "d2(t) @ W1 + d1(t+1) @ W11", "C8", "transposed"),
        (RECURRENT, "sum(t, 1, T, outer(h1[t-1], d_a1[t]))", "C6", "rows and columns"),
        (RECURRENT, "sum(t, 1, T, outer(d_a1[t], h1[t]))", "C1", "h1(t)"),
        (RECURRENT, "sum(t, 1, T-1, outer(d_a1[t], h1[t-1]))", "C3", "step 4 is missing"),
        (WEIGHTS, "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)*1.000000000001", "", "about eight digits"),
    ],
)
def test_a_wrong_answer_is_told_its_cause(question, answer, mistake, cause):
    found = judge_formula(question, answer)
    assert found.outcome == WRONG and cause in f"{found.right} {found.cause}" and found.mistake == mistake


def test_an_unknown_mistake_still_gets_a_place_where_it_differs():
    found = judge_formula(WEIGHTS, "h1(1)**3 - 7/13*d1(2)")
    assert found.outcome == WRONG and "your answer gives" in found.example and "h1(1) = " in found.example


@pytest.mark.parametrize("answer", ["d1(2)*h1(1) + d1(3)*h1(2)", "d1(1)*h1(1)", "h1(1)"])
def test_feedback_never_prints_the_reference_and_ends_with_a_question(answer):
    shown = str(judge_formula(WEIGHTS, answer))
    assert WEIGHTS.answer not in shown and shown.rstrip().endswith("?") and "07 · A section" in shown


def test_feedback_is_the_same_each_time():
    answer = "d1(2)*h1(1) + d1(3)*h1(2)"
    assert str(judge_formula(WEIGHTS, answer)) == str(judge_formula(asked.weights(), answer))


@pytest.mark.parametrize(
    ("question", "answer", "outcome", "words"),
    [
        (STATE, "d_a2[t] @ W1", WRONG, "These shapes do not fit"),
        (STATE, "d_a2[t]", WRONG, "expected a column of 5"),
        (WEIGHTS, "d1(4)*h1(3)", CANNOT_READ, "Its times are 1 to 3"),
        (WEIGHTS, "d1(1)h1(0)", CANNOT_READ, "An operator is missing"),
        (WEIGHTS, "d1(t)*h1(t-1)", CANNOT_READ, "not about a general t"),
        (WEIGHTS, "h1(1)/(h1(2) - h1(2))", CANNOT_READ, "division by zero"),
        (WEIGHTS, "log(-exp(h1(1)))", CANNOT_READ, "not positive"),
    ],
)
def test_what_cannot_be_judged_says_why(question, answer, outcome, words):
    found = judge_formula(question, answer)
    assert found.outcome == outcome and words in found.cause


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (STATE, "grad(L, h1(t)) = W1.T @ d_a2[t] + W11.T @ d_a1[t+1]"),
        (WEIGHTS, "D(L, W11) = sum(t, 1, 3, d1(t)*h1(t-1))"),
        (WEIGHTS, "(h1(0)*d1(1)) + D(L, a1(2))*h1(1) + d1(3)*h1(2)"),
    ],
)
def test_the_question_may_stand_on_the_left(question, answer):
    assert judge_formula(question, answer).outcome == CORRECT


@pytest.mark.parametrize(
    ("question", "answer", "outcome", "words"),
    [
        (WEIGHTS, "sum(t, 1, 3, D(L, h1(t))*(1 - h1(t)**2)*h1(t-1))", OTHER_FORM, "D(L, h1(t)) is not available"),
        (WEIGHTS, "sum(t, 1, 4, d1(t)*h1(t-1))", CANNOT_READ, "a1 does not occur at time 4"),
        (WEIGHTS, "sum(t, 3, 1, d1(t)*h1(t-1))", CANNOT_READ, "Write the smaller bound first"),
        (WEIGHTS, "d(h1(2), W11)", WRONG, "d is the immediate derivative"),
        (WEIGHTS, "h1(1) = d1(1)", CANNOT_READ, "one side only"),
        (STATE, "-W1.T @ d_a2[t] + W11.T @ d_a1[t+1]", WRONG, "through a2(t) is taken with the wrong sign"),
        (STATE, "2*W1.T @ d_a2[t] + W11.T @ d_a1[t+1]", WRONG, "is counted twice"),
        (STATE, "W1^T @ d_a2[t]", CANNOT_READ, "Write  W1.T"),
        (STATE, "W1T @ d_a2[t]", CANNOT_READ, "A transpose is written W1.T"),
        (WEIGHTS, "d1_1*h1_0", CANNOT_READ, "Times stand in brackets: d1(1)"),
        (WEIGHTS, "d1h1", CANNOT_READ, "A * is missing between d1 and h1"),
    ],
)
def test_what_students_type_is_understood_or_mended(question, answer, outcome, words):
    found = judge_formula(question, answer)
    assert found.outcome == outcome and words in str(found)


@pytest.mark.parametrize("identity", ["04.2", "06.5", "09.5"])
def test_twice_the_right_answer_is_a_factor_and_no_path_counted_twice(identity):
    question = course_questions()[identity]
    assert any(mutant.mistake == "A7" for mutant, _ in catalogued(question))
    found = judge_formula(question, f"2*({question.answer})")
    assert "up to a constant factor" in found.right and "2 times the right one" in found.cause
    found = judge_formula(question, f"-({question.answer})")
    assert "up to the sign" in found.right and "the wrong sign" in found.cause


# What counts as the question itself


def asking(network, goal, answer, *same, T=0, **more):
    """Return a line about a network of the course, or of one step where its equations are given."""
    data = dict(asked.TWO, network=network, id="07.9", kind="line", task="?")
    steps = {"T": T or 1} if T or "=" in network else {}
    return make({**data, **steps, "goal": goal, "answer": answer, "same": list(same), **more})


FORWARDS = asking("two scalars", "D(a2(3), W11)", "W1*D(h1(3), W11)")
FIRST_STEP = asking("two scalars", "D(a1(1), W11)", "h1(0)")
IMMEDIATE = asking("two scalars", "d(a1(2), W11)", "h1(1)")
ENTRY = asking("one hidden layer", "D(L, a1(2)[1])", "(1 - h1(2)[1]**2)*D(L, h1(2)[1])")
WHOLE = asking("one hidden layer", "grad(L, h1(2))", "W1.T @ d_a2(2) + W11.T @ d_a1(3)")
VALUE = asking("one hidden layer", "h1(2)", "tanh(a1(2))")
VALUE_ENTRY = asking("one hidden layer", "h1(2)[3]", "tanh(a1(2)[3])")
COMPOUND = asking("two scalars", "D(L, W11) - d1(3)*h1(2)", "d1(1)*h1(0) + d1(2)*h1(1)")
READS_IT = asking("two scalars", "D(L, h1(2))", "(D(L, h1(2))*W1)/W1")


@pytest.mark.parametrize(
    ("question", "text", "is_asked"),
    [
        (WEIGHTS, "D(L, W11)", True),
        (WEIGHTS, "h1(1) + 0*grad(L, W11)", True),
        (WEIGHTS, "D(L(1), W11)", True),
        (WEIGHTS, "D(L, W1)", False),
        (WEIGHTS, "D(a2(3), W11)", False),
        (WEIGHTS, "d(a1(2), W11)", False),
        (WEIGHTS, "W11", False),
        (FORWARDS, "D(a2(3), W11)", True),
        (FORWARDS, "D(a2(2), W11)", False),
        (FORWARDS, "D(L, W11)", False),
        (FORWARDS, "D(h1(3), W11)", False),
        (FIRST_STEP, "D(a1(1), W11)", True),
        (FIRST_STEP, "d(a1(1), W11)", False),
        (IMMEDIATE, "d(a1(2), W11)", True),
        (IMMEDIATE, "D(a1(2), W11)", False),
        (IMMEDIATE, "d(a1(1), W11)", False),
        (ENTRY, "D(L, a1(2)[1])", True),
        (ENTRY, "sum(k, 1, 1, D(L, a1(2)[k]))", True),
        (ENTRY, "D(L, a1(2)) @ h1(1)", True),
        (ENTRY, "D(L, a1(2)[2])", False),
        (ENTRY, "D(L, a1(1)[1])", False),
        (WHOLE, "grad(L, h1(2))", True),
        (WHOLE, "column(i, 1, 5, D(L, h1(2)[i]))", True),
        (WHOLE, "grad(L, h1(3))", False),
        (WHOLE, "h1(2)", False),
        (VALUE, "h1(2)", True),
        (VALUE, "column(i, 1, 5, h1(2)[i])", True),
        (VALUE, "h1(1)", False),
        (VALUE, "a1(2)", False),
        (VALUE, "grad(L, h1(2))", False),
        (VALUE_ENTRY, "h1(2)[3]", True),
        (VALUE_ENTRY, "sum(k, 1, 5, h1(2)[k])", True),
        (VALUE_ENTRY, "h1(2)[2]", False),
        (VALUE_ENTRY, "h1(1)[3]", False),
        (VALUE_ENTRY, "sum(k, 1, 5, same(k, 1)) + ones(h1(2)).T @ h1(2)", True),
        (COMPOUND, "2*(D(L, W11) - d1(3)*h1(2))", True),
        (COMPOUND, "d1(1)*h1(0) + d1(2)*h1(1)", False),
        (COMPOUND, "D(L, W11)", False),
        (READS_IT, "D(L, h1(2))", False),
        (READS_IT, "D(L, h1(1))", False),
    ],
)
def test_the_question_itself_is_one_entry_step_or_layout_of_it_and_nothing_else(question, text, is_asked):
    assert judging.is_the_question(question.tree(text), question) is is_asked


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("d1(2)", True),
        ("D(L, a1(2))", True),
        ("grad(L, a1(2))", True),
        ("D(L, h1(2))", False),
        ("D(L, W11)", False),
        ("d(L, a1(2))", False),
        ("D(L(2), a1(2))", False),
        ("D(h1(2), a1(2))", False),
    ],
)
def test_a_letter_of_a_derivative_is_one_of_the_loss_in_either_layout(text, is_one):
    assert judging.is_a_letter(WEIGHTS.tree(text), WEIGHTS) is is_one


def test_a_letter_offered_that_the_network_has_not_does_no_harm():
    question = asking("two scalars", "D(L, W11)", WEIGHTS.answer, letters=["q", "d1", "h1"])
    assert judge_formula(question, "d1(1)*h1(0) + d1(2)*h1(1) + grad(L, a1(3))*h1(2)").outcome == CORRECT


# What may stand in an answer


FREE = asking("two scalars", "D(L, h1(2))", "d2(2)*W1 + d1(3)*d(a1(3), h1(2))")
GIVEN = asking("two scalars", "D(L, W11)", "d1(1)*d(a1(1), W11) + d1(2)*d(a1(2), W11) + d1(3)*d(a1(3), W11)",
               letters=["d1", "h1"])  # fmt: skip
COST = asking("two scalars", "L(2)", "mse(a2(2), y(2))")
SUM = asking("two scalars", "a1(T)", "W0*x(T) + W11*h1(T-1) + b0", letters=["W0", "W11", "b0", "x", "h1", "d_h1"])
SUM_OF_ANYTHING = asking("two scalars", "a1(T)", "W0*x(T) + W11*h1(T-1) + b0")
ENTRY_OF_A_SUM = asking("one hidden layer", "a1(2)[1]",
                        "sum(k, 1, 4, W0[1,k]*x(2)[k]) + sum(k, 1, 5, W11[1,k]*h1(1)[k]) + b0[1]")  # fmt: skip


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (FREE, "W1*d2(2) + W11*d1(3)"),
        (FREE, "W1*grad(L, a2(2)) + W11*d1(3)"),
        (FREE, "W1*(a2(2) - y(2)) + d1(3)*W11"),
        (FREE, "d2(2)*d(a2(2), h1(2)) + d(a1(3), h1(2))*D(L, a1(3))"),
        (GIVEN, "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*d(a1(3), W11)"),
        (GIVEN, "sum(t, 1, 3, d_a1(t)*d(a1(t), W11))"),
        (COST, "(a2(2) - y(2))**2/2"),
        (COST, "mse(a2(2), y(2))*exp(h1(1))*exp(-h1(1))"),
        (STATE, "(d2(t) @ W1 + d1(t+1) @ W11).T"),
        (SUM, "W0*x(T) + W11*h1(T-1) + b0 + 0*d_h1(T)"),
    ],
)
def test_letters_and_derivatives_of_the_kinds_the_author_uses_may_stand_in_an_answer(question, text):
    assert judge_formula(question, text).outcome == CORRECT


@pytest.mark.parametrize(
    ("question", "text", "name"),
    [
        (FREE, "W1*d2(2) + W11*d1(3) + 0*d(a2(2), W1)", "d(a2(2), W1)"),
        (FREE, "W1*d2(2) + d1(3)*W11 + 0*D(a2(2), b1)", "D(a2(2), b1)"),
        (FREE, "W1*d2(2) + d1(3)*W11 + 0*D(a2(3), h1(3))", "D(a2(3), h1(3))"),
        (FREE, "d(L(2), a2(2))*W1 + d1(3)*W11", "d(L(2), a2(2))"),
        (GIVEN, "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)*d(h1(1), h1(1))", "d(h1(1), h1(1))"),
        (GIVEN, "d1(1)*h1(0) + d1(2)*h1(1) + D(L, h1(3))*d(h1(3), a1(3))*h1(2)", "D(L, h1(3))"),
        (GIVEN, "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)*W1/W1", "W1"),
        (WEIGHTS, "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2) + mse(h1(1), h1(1))", "mse"),
        (COST, "bce(h1(1)**2, h1(1)**2) - bce(h1(1)**2, h1(1)**2) + mse(a2(2), y(2))", "bce"),
        (SUM_OF_ANYTHING, "W0*x(T) + W11*h1(T-1) + b0 + 0*a2(T)", "a2(3)"),
        (SUM_OF_ANYTHING, "W0*x(T) + W11*h1(T-1) + b0 + 0*h1(T)*a2(T)", "a2(3)"),
        (SUM_OF_ANYTHING, "W0*x(T) + W11*h1(T-1) + b0 + 0*L", "L"),
        (SUM_OF_ANYTHING, "W0*x(T) + W11*h1(T-1) + b0 + 0*L(T)*L", "L"),
        (COST, "L - mse(a2(1), y(1)) - mse(a2(3), y(3))", "L"),
        (ENTRY_OF_A_SUM, "log((1 + h1(2)[1])/(1 - h1(2)[1]))/2", "h1(2)"),
    ],
)
def test_what_may_not_stand_in_an_answer_is_named(question, text, name):
    found = judge_formula(question, text)
    is_unlisted = name.startswith(("d(", "D(")) and not question.letters  # letters that nobody has listed
    told = f"It still holds {name}, " if is_unlisted else f"{name} is not available in this exercise."
    assert found.outcome == OTHER_FORM and found.cause.startswith(told)
    assert found.right == "The value is right." and ("Letters: " in found.cause) == bool(question.letters)


def test_the_caret_points_at_what_may_not_stand_there():
    found = judge_formula(WEIGHTS, "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)*a1(2)/a1(2)")
    _, text, caret, _ = found.cause.splitlines()
    assert text[caret.index("^") :].startswith("a1(2)/a1(2)")


def test_no_caret_points_anywhere_where_a_value_is_computed_from_the_one_asked_for():
    """The same letter may stand in a formula at an earlier step, where it is right."""
    found = judge_formula(SUM, "W0*x(T) + W11*h1(T-1) + b0 + 0*h1(T)")
    assert found.outcome == OTHER_FORM and found.cause.startswith("h1(3) is not available")
    assert "^" not in found.cause and found.cause.endswith("Letters: W0, W11, b0, x, h1, d_h1.")


# The other cases


def test_an_answer_for_one_number_of_steps_or_one_set_of_sizes_is_told_which():
    form = "sum(t, 1, T, outer(d_a1[t], h1[t-1]))"
    steps, sizes = judge_formula(RECURRENT, f"(T-3)*{form}"), judge_formula(RECURRENT, f"(columns(W11)-4)*{form}")
    assert steps.outcome == sizes.outcome == WRONG
    assert steps.cause == "It is right for T = 4, but not for every T." and "number of steps" in steps.asks
    assert sizes.cause == "It is right for the sizes given, but not for any." and "size" in sizes.asks
    for found in (steps, sizes):
        assert (
            found.section == RECURRENT.section
            and found.strength == "the values differ, and not by rounding"
            and not found.example
        )


def orders_asked(monkeypatch, question, one, other):
    """Return, by steps and hidden units, what a comparison asks of each case: `alone` and `order`."""
    calls, decide = {}, judging.decide

    def noted(*sides, alone, order):
        calls[sides[2].T, sides[2].network.shapes["h1"][0]] = alone, order
        return decide(*sides, alone=alone, order=order)

    monkeypatch.setattr(judging, "decide", noted)
    return judging.compare(question, one, other), calls


def test_most_work_is_done_in_the_network_as_given_and_p_adic_numbers_only_where_nobody_can_guess(monkeypatch):
    """`order` bounds the factors of a term of both sides and one more; it is zero where other networks confirm."""
    one, other = RECURRENT.tree("sum(t, 1, T, d_a1[t] @ h1[t-1].T)"), RECURRENT.tree("grad(L, W11) + 0*W11*W11*W11")
    found, calls = orders_asked(monkeypatch, RECURRENT, one, other)
    most = 1 + order(one) + order(other)
    drawn = max(T for T, _ in calls)
    assert found.verdict.outcome == "same" and found.case is RECURRENT and order(one) == 2 and order(other) == 4
    (size,) = {size for _, size in calls} - {5}
    assert calls == {(1, 5): (1, 0), (2, 5): (1, 0), (4, 5): (ALONE, most), (5, 5): (1, 0), (drawn, 5): (1, most),
                     (4, size): (1, most)}  # fmt: skip
    assert {case.graph.T for case in found.agreed} == {1, 2, 4, 5, drawn}


@pytest.mark.parametrize("T", [1, 2])
def test_a_network_of_few_steps_that_is_the_one_given_gets_all_the_work(monkeypatch, T):
    question = asking("two scalars", "D(L, W0)", "sum(t, 1, T, d1(t)*x(t))", T=T)
    found, calls = orders_asked(monkeypatch, question, question.goal_tree, question.tree(question.answer))
    most = 1 + order(question.goal_tree) + order(question.tree(question.answer))
    assert found.verdict.outcome == "same" and calls.pop((T, 1)) == (ALONE, most)
    assert {asked for (steps, _), asked in calls.items() if steps <= T + 1} == {(1, 0)}


def compared(monkeypatch, rows, written=("one", "other")):
    """Return T of the case that decides, its outcome, and T of the cases in which two formulas agree.

    A row is a case: its T, the outcome there, the formulas that are not all there, and those that name it by numbers.
    """
    names = {WEIGHTS.tree(text): name for text, name in (("h1(1)", "one"), ("h1(2)", "other"), ("D(L, W11)", "goal"))}
    trees = {name: tree for tree, name in names.items()}
    found = [SimpleNamespace(graph=SimpleNamespace(T=T), spans={}, goal_tree=trees["goal"]) for T, *_ in rows]
    row = {id(case): data for case, data in zip(found, rows, strict=True)}
    outcomes = {id(case.graph): data[1] for case, data in zip(found, rows, strict=True)}
    monkeypatch.setattr(judging, "cases", lambda question: found)
    monkeypatch.setattr(judging, "is_all_there", lambda tree, case: names[tree] not in row[id(case)][2])
    monkeypatch.setattr(judging, "is_explicit", lambda tree, case, question: names[tree] in row[id(case)][3])
    monkeypatch.setattr(judging, "decide", lambda one, other, graph, **_: Verdict(outcomes[id(graph)], PROVED))
    comparison = judging.compare(found[0], *(trees[name] for name in written))
    return comparison.case.graph.T, comparison.verdict.outcome, [case.graph.T for case in comparison.agreed]


GIVEN_CASE, BOTH = (3, "same", (), ()), ("one", "other")


@pytest.mark.parametrize(
    ("rows", "decided"),
    [
        ([GIVEN_CASE, (4, "same", (), ()), (1, "same", (), ())], (3, "same", [3, 4, 1])),
        # the network as given counts, whatever the formulas name and read
        ([(3, "different", (), ())], (3, "different", [])),
        ([(3, "undecided", (), ())], (3, "undecided", [])),
        ([(3, "different", BOTH, BOTH), (4, "same", (), ())], (3, "different", [])),
        ([(3, "same", BOTH, BOTH), (4, "same", (), ())], (3, "same", [3, 4])),
        # another case counts, unless a formula names by numbers what varies there
        ([GIVEN_CASE, (4, "different", (), ()), (5, "same", (), ())], (4, "different", [])),
        ([GIVEN_CASE, (4, "undecided", (), ())], (4, "undecided", [])),
        ([GIVEN_CASE, (4, "different", (), BOTH), (5, "same", (), ())], (3, "same", [3, 5])),
        ([GIVEN_CASE, (4, "different", (), ("one",)), (5, "same", (), ())], (3, "same", [3, 5])),
        ([GIVEN_CASE, (4, "different", (), ("other",)), (5, "different", (), ())], (5, "different", [])),
        ([GIVEN_CASE, (4, "different", BOTH, ())], (4, "different", [])),
        ([GIVEN_CASE, (3, "different", BOTH, ())], (3, "different", [])),
        ([GIVEN_CASE, (3, "undecided", (), ())], (3, "undecided", [])),
        # a shorter sequence counts where it has all that is read, and each sum a term
        ([GIVEN_CASE, (1, "different", (), ()), (4, "same", (), ())], (1, "different", [])),
        ([GIVEN_CASE, (1, "different", (), BOTH), (4, "same", (), ())], (3, "same", [3, 4])),
        ([GIVEN_CASE, (1, "different", BOTH, ()), (4, "same", (), ())], (3, "same", [3, 4])),
        ([GIVEN_CASE, (1, "same", ("one",), ()), (2, "same", (), ())], (3, "same", [3, 2])),
        ([GIVEN_CASE, (1, "different", ("other",), ()), (4, "different", (), ())], (4, "different", [])),
        ([GIVEN_CASE, (1, "undecided", (), ()), (2, "same", (), ())], (3, "same", [3, 2])),
    ],
)
def test_a_case_counts_where_both_formulas_speak_of_it(monkeypatch, rows, decided):
    assert compared(monkeypatch, rows) == decided


def test_what_the_question_itself_reads_and_names_excuses_no_answer(monkeypatch):
    rows = [GIVEN_CASE, (1, "different", ("goal",), ("goal",))]
    assert compared(monkeypatch, rows, ("goal", "one")) == (1, "different", [])
    assert compared(monkeypatch, [GIVEN_CASE, (1, "same", ("goal",), ())], ("goal", "one")) == (3, "same", [3, 1])
    assert compared(monkeypatch, [GIVEN_CASE, (1, "different", ("one",), ())], ("goal", "one")) == (3, "same", [3])


def test_the_weakest_case_says_how_a_verdict_is_known(monkeypatch):
    strengths = iter([PROVED, AGREES, *[PROVED] * 9])
    monkeypatch.setattr(judging, "decide", lambda *sides, **more: Verdict("same", next(strengths)))
    assert judging.compare(STATE, STATE.goal_tree, STATE.tree(STATE.answer)).verdict.strength == AGREES


# Where nothing can be said


@pytest.mark.parametrize("text", ["exp(800)*h1(1)", "(10**20)**20*h1(1)"])
def test_a_number_too_large_to_compute_with_is_named_as_the_cause(text):
    found = judge_formula(WEIGHTS, text)
    assert found.outcome == CANNOT_READ and "more than 300 digits" in found.cause


def test_what_is_neither_proved_nor_refuted_is_undecided(monkeypatch):
    monkeypatch.setattr(judging, "decide", lambda *sides, **more: Verdict("undecided", UNSETTLED))
    found = judge_formula(WEIGHTS, WEIGHTS.answer)
    assert found.outcome == UNDECIDED and "Try a plainer form" in found.cause


def test_what_takes_too_long_to_read_is_undecided(monkeypatch):
    def endless(*given, **more):
        raise judging.Unsettled("too long")

    monkeypatch.setattr(judging, "read", endless)
    found = judge_formula(WEIGHTS, WEIGHTS.answer)
    assert found.outcome == UNDECIDED and "Try a plainer form" in found.cause


@pytest.mark.parametrize("sign", ["!=", "<="])
def test_a_left_side_stands_before_an_equals_sign_only(sign):
    found = judge_formula(WEIGHTS, f"D(L, W11) {sign} {WEIGHTS.answer}")
    assert found.outcome == CANNOT_READ and "one side only" in found.cause
    assert judge_formula(WEIGHTS, f"D(L, W11) == {WEIGHTS.answer}").outcome == CORRECT


# What is said of a wrong answer


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("d(h1(2), W11)", True),
        ("d(h1(2), W11) + 0*h1(1)", True),
        ("0*h1(1)", False),
        ("0*d1(2)", False),
        ("d(a1(2), W11)*d1(2)", False),
        ("d1(2)*h1(1)", False),
    ],
)
def test_only_a_zero_made_of_immediate_derivatives_is_told_what_d_means(text, is_told):
    found = judge_formula(WEIGHTS, text)
    assert found.outcome == WRONG and (found.cause == judging.IMMEDIATE_ZERO) == is_told
    assert ("immediate derivative meant" in found.asks) == is_told


def test_every_wrong_answer_ends_with_a_question_of_its_cause_or_one_for_all():
    assert "check first" in judge_formula(WEIGHTS, "h1(1)**3 - 7/13*d1(2)").asks
    assert judge_formula(WEIGHTS, "0*h1(1)").asks == "Does the loss depend on this quantity?"


def test_other_shapes_differ_and_are_shown_no_numbers():
    found = judge_formula(STATE, "d_a2[t]")
    assert found.outcome == WRONG and found.strength == "shapes differ" and not found.example


PAIR_NETWORK = "h1[t] = tanh(a1[t])\na1[t] = W0 @ x[t]\nL[t] = mse(h1[t], y[t])"
PAIR = asking(PAIR_NETWORK, "D(L, h1(1))", "d_h1(1).T", sizes={"x": 3, "h1": 2})
FREE_STEP = asking("two scalars", "D(L, h1(t))", "d2(t)*W1 + d1(t+1)*W11", letters=["d1", "d2", "h1", "W1", "W11"])
NO_TIME = asking("three arrows", "D(f, x)", "v*x*(1 - u**2) + u*x*v + u*v")
DEAD = "a = W * x\nh = -relu(a)\nL = mse(h, y)"


def numbers(question, text):
    """Return the place and the numbers that a wrong answer is shown, without its last digits."""
    return re.sub(r"= -?[\d.e-]+", "= #", judge_formula(question, text).example.partition(" your answer gives")[0])


@pytest.mark.parametrize(
    ("question", "text", "shown"),
    [
        (WEIGHTS, "h1(1)", "With h1(1) = #:"),
        (WEIGHTS, "1", "In one network of random numbers"),
        (WEIGHTS, "d1(2)*h1(T)", "With d1(2) = #, h1(T) = #:"),
        (WEIGHTS, "sum(t, 1, 3, h1(t))", "In one network of random numbers"),
        (WEIGHTS, "d(a1(2), W11)", "With d(a1(2), W11) = #:"),
        (WEIGHTS, "D(L, h1(2))", "With d_h1(2) = #:"),
        (WEIGHTS, "grad(L, a1(2))", "With d_a1(2) = #:"),
        (WEIGHTS, "D(L(2), a1(2))", "With D(L(2), a1(2)) = #:"),
        (WEIGHTS, "D(h1(2), W11)", "With D(h1(2), W11) = #:"),
        (WEIGHTS, "d1(1)+d1(2)+d1(3)+h1(0)+h1(1)+h1(2)+h1(3)+W1",
         "With " + ", ".join(f"{name} = #" for name in "d1(1) d1(2) d1(3) h1(0) h1(1) h1(2) h1(3) W1".split()) + ":"),
        (WEIGHTS, "d1(1)+d1(2)+d1(3)+h1(0)+h1(1)+h1(2)+h1(3)+W1+W11", "In one network of random numbers"),
        (STATE, f"{STATE.answer} + column(i,1,5,same(i,3))", "In one network of random numbers at t = #, entry 3,1"),
        (PAIR, "y(1).T", "In one network of random numbers at entry 1,1"),
        (FREE_STEP, "h1(t)", "With h1(t) = #: at t = #"),
        (NO_TIME, "3*D(u, x)", "With D(u, x) = #:"),
        (NO_TIME, "D(u, x) + D(f, x)*2", "With D(u, x) = #, d_x = #:"),
        (NO_TIME, "3*D(f, u)", "With d_u = #:"),
        (NO_TIME, "3*d(f, u)", "With d(f, u) = #:"),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_shown_at_the_numbers_it_reads_each_under_its_own_name(question, text, shown):
    assert numbers(question, text) == shown


def test_a_zero_has_no_sign():
    question = asking(DEAD, "D(L, h)", "h - y", sizes={"x": 1, "a": 1})
    values = {str(value_at(question.tree("h"), scene_of(world), {})): world for world in float_worlds(question.graph)}
    assert judging.counterexample(question, question.tree("h + 7"), values["-0.0"]).startswith("With h = 0: your")


def test_a_difference_of_rounding_is_no_example():
    """What is shown differs by more than 1e-12 of the right number and one."""
    world = float_worlds(WEIGHTS.graph)[0]
    right = value_at(WEIGHTS.goal_tree, scene_of(world), {})
    assert 0.1 < right < 0.3
    for part, is_shown in ((90, False), (110, False), (125, True), (200, True)):
        tree = WEIGHTS.tree(f"D(L, W11) + {part}/10**14")
        assert bool(judging.counterexample(WEIGHTS, tree, world)) == is_shown


def test_both_numbers_are_shown_the_answers_first():
    world = float_worlds(WEIGHTS.graph)[0]
    right = value_at(WEIGHTS.goal_tree, scene_of(world), {})
    found = judging.counterexample(WEIGHTS, WEIGHTS.tree("7"), world)
    assert found == f"In one network of random numbers your answer gives 7 where {right:.4g} is right."
