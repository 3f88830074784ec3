"""What is told of a wrong formula is true of it as it is written: which one of several, how often, by how much."""

import pytest
from replies import feedback, told

from bptt_lab.exercises.causes.edits import is_contrived
from bptt_lab.exercises.outcomes import CORRECT
from bptt_lab.exercises.questions import course_questions


@pytest.mark.parametrize(
    ("answer", "says", "never"),
    [
        (
            "-y(t)/h2(t)",
            "The factor h2(t)*(1 - h2(t)) is missing at (-y(t))/h2(t). A term is missing.",
            "1 - h2(t) belo",
        ),
        ("(1 - y(t))/(1 - h2(t))", "A term is missing.", "1/(1 - h2(t)) stands"),
        ("-y(t)*h2(t)", "", "1/h2(t)"),
    ],
)
def test_a_quotient_for_a_product_and_something_else_are_no_pair(answer, says, never):
    found = told("05.3", answer)
    assert says in found and never not in found


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("g*(x2 + (1 + h)/2 - x1 - 1)", "1 stands where 1/2 belongs"),
        ("g*(x2 - x1 - 2 + (1 + h)/2)", "2 stands where 1/2 belongs"),
        ("g*((1 + h)/2 + x2 - x1)", "A number is missing as a term of (1 + h)/2 + x2 - x1."),
        ("g*(x1 - x2 + (1 + h)/2)", "Two slips: A number is missing as a term of x1 - x2 + (1 + h)/2. x1 and x2 are"),
        ("x2 - x1 + (1 + h)/2 - 1", "belongs, in the second of its 2 places. The factor g is missing"),
    ],
)
def test_a_number_in_a_sum_is_told_as_a_number(answer, says):
    found = told("11.2", answer)
    assert says in found and "term 1 is too much" not in found and "one term is missing" not in found


def test_a_derivative_that_is_one_is_no_number_too_much():
    found = told("12.6", "D(L,h1(2)) + D(L,a1(2))*W11 + D(L,h1(3))")
    assert "The term D(L, h1(3)) is too much." in found and "number" not in found


@pytest.mark.parametrize(
    ("identity", "answer"),
    [("11.4", "h1(0) @ d_a1(1).T + h1(1) @ d_a1(2).T"), ("11.4", "outer(h1(0), d_a1(1)) + outer(h1(1), d_a1(2))")],
)
def test_the_transpose_of_the_whole_is_told_of_the_whole(identity, answer):
    found = told(identity, answer)
    assert "Every entry is right. The whole is transposed" in found and "a factor" not in found


def test_what_is_transposed_and_wrong_besides_is_not_told_as_transposed():
    assert "The whole is transposed" not in told("11.4", "h1(0) @ d_a1(1).T + h1(2) @ d_a1(2).T")


@pytest.mark.parametrize(
    ("identity", "answer", "is_twice"),
    [
        ("05.3", "(h2(t)-y(t))*h2(t)*(1-h2(t))", False),
        ("02.4", "(h2 - y)*(h2 - h2**2)", False),
        ("02.4", "(-y/h2 + (1-y)/(1-h2))*h2*(1 - h2)*h2*(1 - h2)", True),
        ("06.2", "(1-h1(t)**2)**2*(d2(t)*W1 + d1(t+1)*W11)", True),
        ("06.2", "(1-h1(t)**2)*(1-h1(t)**2)*(d2(t)*W1 + d1(t+1)*W11)", True),
    ],
)
def test_a_slope_is_told_twice_only_where_it_stands_twice(identity, answer, is_twice):
    found = told(identity, answer)
    assert ("has been multiplied in twice" in found) is is_twice and ("is a factor too much" in found) is not is_twice


@pytest.mark.parametrize(
    ("identity", "answer", "says"),
    [
        ("14.2", "d2(t)*W1 + d2(t)*V + d1(t+1)*W11", "d2(t) stands where d3(t) belongs, in the term d2(t)*V."),
        ("14.2", "d3(t)*W1 + d3(t)*V + d1(t+1)*W11", "d3(t) stands where d2(t) belongs, in the term d3(t)*W1."),
        ("14.2", "d2(t)*W1 + d2(t+1)*V + d1(t+1)*W11", "d2(t + 1) stands where d3(t + 1) belongs"),
        ("11.3", "d2(t+1)*W1*(1-h1(t+1)**2)*W11", "The factor (1 - h1(t)**2) is missing"),
        ("11.3", "d2(t+1)*W1*W11", "The slope of the activation in h1 is missing."),
        ("12.3", "W11.T @ W11.T @ diag(1 - h1(4)**2) @ W1.T @ d_a2", "The factor diag(1 - h1(3)**2) is missing"),
    ],
)
def test_of_what_stands_in_several_places_the_place_is_told(identity, answer, says):
    if "d3(t + 1)" in says:  # two slips in one letter
        assert says not in told(identity, answer)
    else:
        assert says in told(identity, answer)


def test_what_stands_once_is_told_without_a_place():
    assert told("14.2", "d1(t)*W1 + d3(t)*V + d1(t+1)*W11").strip() == "d1(t) stands where d2(t) belongs."


def test_an_exchange_that_can_be_told_in_two_ways_is_told_in_both():
    assert "A and B are exchanged, or, which comes to the same, u and v." in told(
        "01.4", "A.T @ (u*d_h) + B.T @ (v*d_h)"
    )
    assert "comes to the same" not in told("01.4", "A.T @ (v*d_h) + A.T @ (u*d_h)")


@pytest.mark.parametrize(
    ("identity", "answer", "says"),
    [
        ("11.4", "d_a1(2) @ h1(1).T + d_a1(3) @ h1(2).T", "Every step is one too late."),
        ("06.3", "W1*d2(t+1)+V*d2(t+2)+W11*d1(t+2)", "Every step is one too late."),
        (
            "14.4",
            "sum(t,1,3,d1(t)*h1(t)) + sum(t,1,3,d2(t)*h2(t))",
            "h1(t) stands where h1(t - 1) belongs, and h2(t) where h2(t - 1).",
        ),
    ],
)
def test_one_shift_is_one_slip(identity, answer, says):
    found = told(identity, answer)
    assert says in found and "Two slips" not in found


def test_shifts_by_different_steps_are_two_slips():
    assert "Two slips: x(T - 1) stands" in told("03.4", "W0*x(T-1)+W11*h1(T)+b0")


MORE = "Line 2 does not follow from the line before it either."


@pytest.mark.parametrize(
    ("identity", "lines", "is_told"),
    [
        ("08.4", "d1(1)*d(a1(1),x) + d1(2)*d(a1(2),x)\nd1(1)+d1(2)", True),
        ("14.4", "sum(t,1,3,d1(t)*d(a1(t),W))\nsum(t,1,3,d1(t)*h1(t))", True),
        ("14.4", "sum(t,1,3,d1(t)*d(a1(t),W))\nsum(t,1,3,d1(t)*h1(t-1))", False),  # it follows
        ("08.4", "d1(1)*d(a1(1),x) + d1(2)*d(a1(2),x)\nd_b0*W0", False),  # it is right
    ],
)
def test_a_further_slip_in_a_later_line_is_told(identity, lines, is_told):
    found = told(identity, lines)
    assert "Line 1 does not follow" in found and (MORE in found) is is_told


def test_of_the_printed_line_a_question_is_asked_that_fits_its_slip():
    for identity, asks in (
        ("08.3", "total derivative follow"),
        ("03.4", "From which step"),
        ("02.2", "Which sign has the whole"),
    ):
        found = feedback(identity, course_questions()[identity].printed)
        assert found.cause == "That is the printed line: find the slip in it." and asks in found.asks


def test_how_a_number_was_found_is_not_claimed():
    assert (
        feedback("06.1", "7").cause.startswith("7 is what 1 + 3 + 3 gives")
        and feedback("06.1", "13").outcome == CORRECT
    )


@pytest.mark.parametrize(
    ("identity", "answer", "says", "never"),
    [
        ("11.2", "g*(x2 + h - x1 - 1/2)", "h stands where (1 + h)/2 belongs.", "missing at 1/2"),
        ("11.2", "g*(x2 - x1 - h + (1 + h)/2 - 1/2)", "The term h is too much.", "factor"),
        ("02.4", "(-y/h2-(1-y)/(1-h2))*h2", "The factor (1 - h2) is missing", "y stands where h2 belongs"),
    ],
)
def test_no_change_is_told_by_which_something_cancels(identity, answer, says, never):
    found = told(identity, answer)
    assert says in found and never not in found


@pytest.mark.parametrize(
    ("old", "new", "is_one"),
    [
        ("x2 + h - 1/2", "x2 + h - h/2", True),
        ("x1/h + (1 - x1)/(1 - h)", "x1/h + (1 - h)/(1 - h)", True),
        ("x2*h - x1", "x2*h - h*x2/3", True),
        ("x2*h - x1", "x2*h - h*x1", False),
        ("x2*h - h*x2/3", "x2*h - h*x2/4", False),
        ("x2 + 1 - 1/2", "h + 1 - 1/3", False),
        ("h - h/x2", "h - x2/h", False),
    ],
)
def test_what_cancels_after_a_change_and_not_before_is_contrived(old, new, is_one):
    one, other = map(course_questions()["11.2"].tree, (new, old))
    assert is_contrived(one, other) is is_one


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("sum(t,1,T,d_a1(t)*g(t)+d_a1(t-1)*W11*s(t))", "The factor (1 - g(t)**2) is missing at d_a1(t - 1)*W11*s(t)."),
        ("sum(t,1,T,d_a1(t)*g(t-1)+d_a1(t)*W11*s(t))", "The factor (1 - g(t)**2) is missing at d_a1(t)*W11*s(t)."),
    ],
)
def test_in_one_sum_over_steps_a_missing_slope_is_told_as_a_factor(answer, says):
    found = told("13.2", answer)
    assert says in found and "term is missing" not in found


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            "W1.T @ diag(1 - h1(4)**2) @ W11.T @ diag(1 - h1(3)**2) @ W11.T @ d_a2",
            "All factors but the last stand in the reverse order.",
        ),
        (
            "d_a2 @ W1.T @ diag(1 - h1(4)**2) @ W11.T @ diag(1 - h1(3)**2) @ W11.T",
            "All factors stand in the reverse order.",
        ),
    ],
)
def test_a_chain_written_in_the_order_of_a_row_is_told_as_one_slip(answer, says):
    assert says in told("12.3", answer)


def test_of_a_line_what_is_right_of_it_is_told_with_it():
    found = feedback("16.3", "-D(L, f(3))*d(f(3), a1_f(3))\nd_c(3)*c(2)*f(3)*(1 - f(3)**2)")
    assert "up to the sign" not in found.right and "Line 2 does not follow" in found.cause
    assert found.cause.index("Line 1") < found.cause.index("Everything is right up to the sign.")


def test_lines_that_only_rename_deltas_are_answered_with_the_line_that_is_wanted():
    lines = "sum(t, 1, 3, D(L, a1(t))*h1(t-1) + D(L, a2(t))*h2(t-1))\nsum(t, 1, 3, d1(t)*h1(t-1) + d2(t)*h2(t-1))"
    found = feedback("14.4", lines)
    first = found.cause.split(":  ")[-1]
    assert "d(a1(1), W)" in first and feedback("14.4", f"{first}\n{lines}").outcome == CORRECT


def test_one_step_for_all_is_told_by_the_quantity_of_that_step():
    assert "The derivative by a at step 4 has been used for every step." in told("04.4", "sum(i, 1, T, d_s(T)*w_y)")
