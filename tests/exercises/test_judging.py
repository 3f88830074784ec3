"""Answers given as text: right, right in another form, or wrong with one cause."""

import asked
import pytest

from bptt_lab.exercises.causes.diagnosis import catalogued
from bptt_lab.exercises.feedback import CANNOT_READ, CORRECT, OTHER_FORM, WRONG
from bptt_lab.exercises.judges.formula import judge_formula
from bptt_lab.exercises.questions import course_questions

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
        (STATE, "W1.T @ d_a2[t] + W11.T @ d_a1[t]", "", "the time at which d_a1 is taken"),
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
