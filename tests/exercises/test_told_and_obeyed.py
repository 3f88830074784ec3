"""What is told of a wrong formula, obeyed, leads to an answer that is accepted; paths wrong alike are told together."""

import pytest
from replies import feedback, told

from bptt_lab.exercises.outcomes import CORRECT


@pytest.mark.parametrize(
    ("identity", "answer", "says", "obeyed"),
    [
        (
            "08.3",
            "sum(t,1,3,d(L(t),a1(t))*d(a1(t),W0))",
            "d(L(t), a1(t)) is the immediate derivative of one loss; the total one of the whole loss belongs there: d1",
            "sum(t,1,3,d1(t)*d(a1(t),W0))",
        ),
    ],
)
def test_a_correction_that_would_not_be_accepted_is_not_told(identity, answer, says, obeyed):
    assert says in told(identity, answer)
    assert feedback(identity, obeyed).outcome == CORRECT


@pytest.mark.parametrize(
    ("identity", "answer", "says"),
    [
        ("03.3", "-W0*(d1(1)+d1(2))", "The paths through a1(1) and a1(2) are taken with the wrong sign."),
        ("03.3", "-W0*d1(1)+W0*d1(2)+W0*d1(3)", "The sign of the term W0*d1(1) is wrong."),
        ("03.3", "W0*(2*d1(1)+2*d1(2))", "The path through a1(3) is missing. The paths through a1(1) and a1(2) are"),
        (
            "03.3",
            "W0*(d1(1)+2*d1(2)+3*d1(3))",
            "The path through a1(2) is counted twice. The path through a1(3) is counted three times.",
        ),
        ("08.2", "-sum(t,1,3,d1(t)*x(t))", "The paths through a1(1), a1(2) and a1(3) are taken with the wrong sign."),
    ],
)
def test_paths_with_one_factor_are_told_together(identity, answer, says):
    assert says in told(identity, answer)


def test_a_step_taken_for_another_goes_before_a_path_left_out():
    assert told("04.4", "sum(i,1,T,d_s(i)*w_y*v**(T-i))").strip() == "d_s(i) stands where d_s(T) belongs."
    assert feedback("04.4", "sum(i,1,T,d_s(T)*w_y*v**(T-i))").outcome == CORRECT
    assert "path through a2(t-1) left out" in told("15.3", "d1_b(t-1)*W11_b")  # there a term is missing


SLOPES = "(d2(3)*W1_f + d2(4)*W1_f{0}*W11_f){1}*W0_f + d2(1)*W1_b{2}*W0_b"
THREE = "*(1-h1_f(3)**2)", "*(1-h1_f(2)**2)", "*(1-h1_b(2)**2)"


@pytest.mark.parametrize("kept", [(True, False, False), (False, True, False), (False, False, True)])
def test_where_one_slope_stands_not_every_layers_is_missing(kept):
    found = told("15.4", SLOPES.format(*(one if is_there else "" for one, is_there in zip(THREE, kept, strict=True))))
    assert "every layer" not in found
    if kept[0]:
        assert "The factor (1 - h1_f(2)**2) is missing" in found and "The factor (1 - h1_b(2)**2) is missing" in found


def test_where_no_slope_stands_every_layers_is_missing():
    assert "The slope of the activation in every layer is missing." in told("15.4", SLOPES.format("", "", ""))


def test_two_steps_exchanged_are_one_slip():
    found = told("13.3", "diag(1-h1(2)**2) + diag(1-h1(1)**2) @ W11 @ diag(1-h1(2)**2)")
    assert "h1(1) and h1(2) are exchanged" in found and "Two slips" not in found


def test_of_a_formula_no_loop_is_asked_and_forwards_nothing_goes_back():
    assert "loop" not in feedback("13.3", "diag(1-h1(2)**2) @ W11 @ diag(1-h1(1)**2)").asks
    found = told("13.3", "diag(1-h1(2)**2) + diag(1-h1(2)**2) @ W11.T @ diag(1-h1(1)**2)")
    assert "W11 is the wrong way round" in found and "back" not in found


def test_a_number_is_a_weight_and_no_matrix():
    assert "skips the weight." in told("14.2", "d2(t)*W1 + d3(t)*V + d1(t+1)")
    assert "skips the matrix." in told("06.4", "W1.T@d_a2(t) + diag(1-h1(t+1)**2)@d_h1(t+1)")


@pytest.mark.parametrize(
    ("answer", "says", "never"),
    [
        (
            "-sum(k,1,3,y(t)[k]*a2(t)[k]) + sum(k,1,3,ln(exp(a2(t)[k])))",
            "The sum and log are exchanged: sum(k, 1, 3, log(exp(a2(t)[k]))) stands where log(sum(k, 1, 3, exp(",
            "Two slips",
        ),
        (
            "sum(k,1,3,exp(a2(t)[k])) - sum(k,1,3,y(t)[k]*a2(t)[k])",
            "sum(k, 1, 3, exp(a2(t)[k])) stands where",
            "exchan",
        ),
    ],
)
def test_a_function_and_a_sum_exchanged_are_one_slip(answer, says, never):
    found = told("05.5", answer)
    assert says in found and never not in found
    assert feedback("05.5", "-sum(k,1,3,y(t)[k]*a2(t)[k]) + log(sum(k,1,3,exp(a2(t)[k])))").outcome == CORRECT


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("3*x@d_b0.T", "The factor 3 is too much in 3*x."),
        ("-x@d_b0.T", "The outer product (-x) @ d_b0.T stands the other way round."),
        ("x@d_b0.T", "transposed"),
    ],
)
def test_an_answer_is_quoted_as_it_is_written(answer, says):
    found = told("08.5", answer)
    assert says in found and "x.T" not in found and "D(L, b0)" not in found


def test_guiding_questions_fit_what_is_asked_for():
    assert "How many rows has the matrix" in told("15.1", "(7, 5)") and "W1" not in told("15.1", "(7, 5)")
    for answer in ("h2(t)*(1-y(t))", "-y(t)*(1-h2(t))"):  # half of a loss, and no path
        assert "Of which terms" in feedback("05.3", answer).asks
    assert "TBPTT(3, 3)" in told("13.1", "12") and "That is TBPTT" not in told("13.1", "12")


@pytest.mark.parametrize(
    ("identity", "answer", "says"),
    [
        ("04.3", "w_y*(d_s(1)*v**4 + d_s(2)*v**3 + d_s(3)*v**2 + d_s(4)*v)", "run the wrong way round: "),
        (
            "08.2",
            "d1(1)*x(4)+d1(2)*x(3)+d1(3)*x(2)+d1(4)*x(1)",
            "The steps run the wrong way round: x(1) stands where x(4)",
        ),
        (
            "04.3",
            "d_s(1)*w_y*v + d_s(2)*w_y**2*v**2 + d_s(3)*w_y**3*v**3 + d_s(4)*w_y**4*v**4",
            "w_y**2 stands where w_y belongs, and likewise in the other places.",
        ),
        ("04.3", "sum(t,1,T,d_s(t)*(w_y*v)**t)", "The power is of one factor only: (w_y*v)**t stands where w_y*v**t "),
    ],
)
def test_powers_and_steps_in_another_order_are_told(identity, answer, says):
    assert says in told(identity, answer)


@pytest.mark.parametrize("answer", ["d1(1)*x(2)+d1(2)*x(3)+d1(3)*x(4)+d1(4)*x(1)", "d1(1)*x(3)+d1(2)*x(2)+d1(3)*x(1)"])
def test_steps_in_no_reverse_order_are_not_told_so(answer):
    assert "wrong way round" not in told("08.2", answer)
