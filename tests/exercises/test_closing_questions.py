"""The question that closes feedback fits what is asked: a derivative or what is computed forwards, steps, entries."""

from dataclasses import replace

import pytest

from bptt_lab.exercises.causes.diagnosis import is_derivative
from bptt_lab.exercises.judges.formula import judge_formula
from bptt_lab.exercises.outcomes import WRONG
from bptt_lab.exercises.questions import course_questions

COURSE = course_questions()
OF_DERIVATIVES = ("reach", "differentiate", "immediate derivative", "chain rule", "path")
FORWARD = ("02.2", "03.4", "05.5", "11.2", "15.2")


def judged(identity, answer):
    found = judge_formula(COURSE[identity], answer)
    assert found.outcome == WRONG, str(found)
    return found


def test_which_questions_ask_for_no_derivative():
    kinds = ("line", "matrix", "derivation")
    assert tuple(key for key, one in COURSE.items() if one.kind in kinds and not is_derivative(one)) == FORWARD


@pytest.mark.parametrize(
    ("identity", "answer", "asks"),
    [
        ("02.2", "-y*log(h2)", "Of which terms is it made, and is each of them there?"),
        ("02.2", "y*ln(h2)", "Of which terms is it made, and which sign has each?"),
        ("03.4", "W0*x(T) + b0", "Of which terms is it made, and is each of them there?"),
        ("03.4", "W0*x(T) + W11*h1(T-2) + b0", "From which step does the forward pass take it?"),
        ("03.4", "W0*x(T) + W11*x(T-1) + b0", "Which quantity does the forward pass take there?"),
        ("03.4", "W0*x(T) + W11*W11*h1(T-1) + b0", "Which factors has each term, and each how often?"),
        ("03.4", "0*b0", "For which numbers is it not zero?"),
        ("15.2", "tanh(W0_b @ x(1) + W11_b @ h1_b(2))", "Of which terms is it made, and is each of them there?"),
        ("15.2", "tanh(W0_b @ x(2) + W11_b @ h1_b(2) + b0_b)", "From which step does the forward pass take it?"),
    ],
)
def test_what_is_computed_forwards_is_not_asked_about_as_a_derivative(identity, answer, asks):
    found = judged(identity, answer)
    assert found.asks == asks and not any(word in found.asks for word in OF_DERIVATIVES)


@pytest.mark.parametrize(
    ("identity", "answer", "asks"),
    [
        ("08.2", "d1(1)*x(1) + d1(2)*x(2) + d1(3)*x(3) + d1(4)*x(3)", "Which step does the equation read that you"),
        ("03.3", "d1(1) + d1(2) + d1(3)", "Which immediate derivatives stand in this term"),
        ("03.3", "W0*d1(1)", "Through which quantities does x reach the loss, and how often each?"),
    ],
)
def test_a_derivative_is_asked_about_as_before(identity, answer, asks):
    assert judged(identity, answer).asks.startswith(asks)


@pytest.mark.parametrize(
    ("identity", "asks"),
    [
        ("01.5", "Is the derivative asked for or the gradient, and which shape has it?"),
        ("02.2", "Which sign has the whole, and where does it come from?"),
        ("03.4", "From which step does the forward pass take it?"),
        ("06.5", "Which of the two does a change meet first on its way back?"),
        ("05.5", "Which sign has the whole, and where does it come from?"),
    ],
)
def test_a_printed_line_is_asked_about_by_its_own_slip(identity, asks):
    found = judged(identity, COURSE[identity].printed)
    assert found.asks == asks and found.cause.startswith("That is the printed line")


# The direct path


@pytest.mark.parametrize(
    ("answer", "right", "cause"),
    [
        ("v*x*(1 - u**2) + u*x*v", "Right: the paths through u and v.", "The direct path is missing."),
        ("v*x*(1 - u**2)", "Right: the path through u.", "The path through v and the direct path are missing."),
        ("v*x*(1 - u**2) + u*x*v + 2*u*v", "Right: the paths through u and v.", "The direct path is counted twice."),
        ("u*v", "Right: the direct path.", "The paths through u and v are missing."),
    ],
)
def test_the_way_that_goes_through_nothing_is_the_direct_path(answer, right, cause):
    found = judged("01.3", answer)
    assert (found.right, found.cause) == (right, cause)
    assert "through f" not in str(found) and "reach the loss" not in str(found)  # all goes through f; there is no loss


def test_a_path_through_a_quantity_keeps_its_name():
    found = judged("01.3", "u*x*v + u*v")
    assert (
        "with the path through u left out" in found.cause
        and found.right == "Right: the path through v and the direct path."
    )
    assert "direct path" not in str(judged("06.3", "d2(t)*W1 + d1(t+1)*W11"))


# False sentences


def test_a_term_with_a_wrong_sign_is_not_right():
    for answer in ("y*ln(h2)", "(1 - y)*ln(1 - h2)"):
        found = judged("02.2", answer)
        assert found.cause == "A term is missing, and the sign of what is there is wrong."
    for answer in ("-(y*ln(h2) + y*ln(1 - h2))", "-(y*ln(h2) + (1 - y)*ln(h2))"):
        assert "All is right" not in str(judged("02.2", answer))
    one = judged(
        "02.2", "-(y*ln(h2) + y*ln(1 - h2))"
    )  # one slip, y for 1 - y: no pair, and no derivative is asked about
    assert "term is missing" not in one.cause and "Two slips" not in one.cause
    assert one.asks == "Which factor or term would you check first, and against which equation?"


@pytest.mark.parametrize("answer", ["-y*ln(h2)", "-(1 - y)*ln(1 - h2)"])
def test_a_term_with_its_own_sign_is_right(answer):
    assert judged("02.2", answer).cause == "All is right except that one term is missing."


@pytest.mark.parametrize(
    ("identity", "answer", "goal"),
    [("03.3", "d1(1)", "D(L, x(1))"), ("03.3", "d1(2)", "D(L, x(1))"), ("03.4", "a1(T-1)", "a1(T)")],
)
def test_the_goal_is_never_named_as_what_belongs_there(identity, answer, goal):
    question = replace(COURSE[identity], letters=())
    assert goal not in str(judge_formula(question, answer)) and "belongs" not in str(judge_formula(question, answer))


def test_another_letter_is_still_named():
    assert "h1(T - 2) stands where h1(T - 1) belongs" in judged("03.4", "W0*x(T) + W11*h1(T-2) + b0").cause
    assert "This is the derivative by a1(1), not by x(1)." in judged("03.3", "d1(1)").cause
