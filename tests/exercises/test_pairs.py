"""Two slips at once are told where just one pair of changes makes an answer right, and what comes out is certified."""

import pytest
from replies import feedback

from bptt_lab.exercises.causes import alignment, pairs
from bptt_lab.exercises.outcomes import WRONG
from bptt_lab.exercises.questions import course_questions


@pytest.mark.parametrize(
    ("identity", "answer", "one", "other"),
    [
        ("01.3", "(1-u**2)*v + u*v", "The factor x is missing at (1 - u**2)*v.", pairs.LOST_TERM),
        ("01.3", "(1+u**2)*v*x + u*v*x", "The sign of the term u**2 in (1 + u**2) is wrong.", pairs.LOST_TERM),
        ("03.4", "W0*x(T-1)+W11*h1(T)+b0", "x(T - 1) stands where x(T) belongs.", "h1(T - 1) belongs."),
        ("03.4", "W0*x(T)-W11*h1(T-2)+b0", "The sign of the term W11*h1(T - 2) is wrong.", "h1(T - 1) belongs."),
        ("06.2", "d2(t)*W1", "The factor (1 - h1(t)**2) is missing at d2(t)*W1.", pairs.LOST_TERM),
        ("06.3", "W1*d2(t)+V*d2(t)", "d2(t) stands where d2(t + 1) belongs, in the term V*d2(t).", pairs.LOST_TERM),
        ("07.2", "sum(t,2,3,d1(t)*h1(t))", "h1(t) stands where h1(t - 1) belongs.", pairs.RANGE),
        ("07.2", "-sum(t,1,3,d1(t)*h1(t))", "h1(t) stands where h1(t - 1) belongs.", pairs.OF_THE_WHOLE),
        ("02.5", "W1.T@d_a2", "The factor (1 - h1**2) is missing at W1.T @ d_a2.", pairs.LOST_TERM),
        ("02.2", "y*ln(1-h2)+(1-y)*ln(h2)", "y and 1 - y are exchanged.", pairs.OF_THE_WHOLE),
        ("02.2", "(1 - y)*log(h2) + y*log(1 - h2)", "y and 1 - y are exchanged.", pairs.OF_THE_WHOLE),
        ("01.4", "A @ (u*d_h) + B.T @ (v*d_h)", "A stands where A.T belongs.", "u and v are exchanged."),
        (
            "06.5",
            "diag(1 - h1(3)**2) @ W11.T @ W1.T @ (h2(4) - y(4))",
            "h1(3) stands where h1(4) belongs.",
            "The two factors of diag(1 - h1(3)**2) @ W11.T stand in the wrong order.",
        ),
        (
            "12.3",
            "W11.T @ diag(1 - h1(4)) @ W11.T @ diag(1 - h1(3)) @ W1.T @ d_a2",
            "h1(4) and h1(3) are exchanged.",
            "h1(4) stands where h1(4)**2 belongs",
        ),
        (
            "14.2",
            "d2(t)*W1 + d2(t)*V + d2(t+1)*W11",
            "in the term d2(t)*V.",
            "d2(t + 1) stands where d1(t + 1) belongs.",
        ),
        ("01.3", "v*(1 - u**2) + u*v*x + 2*u*v", "The factor 2 is too much in 2*u*v.", "The factor x is missing at"),
        (
            "11.3",
            "(1 - h1(t)**2)*(W1*d2(t) + W11*W1*d2(t+1))",
            "The term W1*d2(t) is too much.",
            "The factor (1 - h1(t + 1)**2) is missing at",
        ),
        ("08.5", "x @ d_b0", "x stands where x.T belongs.", "The two factors of x @ d_b0 stand in the wrong order."),
        ("04.4", "w_y*sum(j,0,T-2,v**j)", "The factor d_s(T) is missing", pairs.RANGE),
    ],
)
def test_two_slips_are_told_by_what_each_is(identity, answer, one, other):
    found = feedback(identity, answer)
    assert found.outcome == WRONG and "Two slips: " in found.cause
    assert one in found.cause and other in found.cause and found.cause.endswith("With both mended it is right.")


@pytest.mark.parametrize(
    ("identity", "answer"),
    [
        ("01.3", "(1-u**2)*v*x + u*v*x - u*v"),  # one slip
        ("06.2", "d2(t)*W1*(1-h1(t)**2)"),  # one path is missing
        ("07.2", "5*x(1)"),  # nothing like it
        ("07.2", "d1(1)*h1(1) + d1(2)*h1(1) - 2*d1(3)*h1(0)"),  # more than two
        # a part taken away and another one added would make anything of anything
        ("02.2", "-(y*log(h2)+(1-y)*log(h2))"),
        ("11.2", "g*(x2-x1+h)"),
        ("01.3", "(1-u)**2*v*x + u*v*x + u*v"),
        # one slip is enough
        ("06.2", "(1-h1(t)**2)*(d2(t)*W1 + d1(t+1)*W11*(1-h1(t+1)**2))"),
    ],
)
def test_what_is_no_pair_of_slips_is_not_told_as_one(identity, answer):
    found = feedback(identity, answer)
    assert found.outcome == WRONG and "Two slips" not in found.cause


@pytest.mark.parametrize(
    ("identity", "lines", "one", "other"),
    [
        ("07.3", "(1 + h1(3)**2)*D(a1(3), W11)", "The factor W1 is missing at", "The sign of the term h1(3)**2 in"),
        ("07.3", "-W1*(1 - h1(3))*D(a1(3), W11)", "h1(3) stands where h1(3)**2 belongs.", pairs.OF_THE_WHOLE),
        (
            "07.3",
            "W1*(1 - h1(3)**2)*D(a1(3), W11)\nW1*(1 + h1(3)**2)*(h1(3) + W11*D(h1(2),W11))",
            "The sign of the term h1(3)**2 in",
            "h1(3) stands where h1(2) belongs, in",
        ),
        (
            "12.6",
            "(1 + W11*(1 - u(2)))*W11*(1 - u(3)**2)",
            "u(2) stands where u(2)**2",
            "A number is missing as a term",
        ),
    ],
)
def test_of_a_line_of_a_derivation_two_slips_are_told_too(identity, lines, one, other):
    found = feedback(identity, lines)
    assert found.outcome == WRONG and "Two slips: " in found.cause and one in found.cause and other in found.cause


@pytest.mark.parametrize(
    ("identity", "lines"),
    [("07.3", "h1(3)*D(a1(3), W11)"), ("12.6", "W11*(1 - u(3))"), ("07.3", "(1 + h1(2)**2)*D(a1(2), W11)")],
)
def test_more_than_two_slips_in_a_line_are_not_told_as_two(identity, lines):
    assert "Two slips" not in feedback(identity, lines).cause


def test_a_single_explanation_comes_before_a_pair():
    found = feedback("06.2", "(d2(t)*W1 + d1(t-1)*W11)*(1-h1(t)**2)")
    assert found.cause == "d1(t - 1) stands where d1(t + 1) belongs."


def test_a_sign_before_a_term_that_holds_a_slope_is_not_put_inside_the_slope():
    found = feedback("12.6", "(1-W11*(1-u(3)**2))*(1-W11*(1-u(2)**2))")
    assert found.outcome == WRONG and "inside the slope" not in found.cause


def test_two_explanations_by_other_letters_are_none():
    """A @ u could lack the other letter in either factor."""
    assert "Two slips" not in feedback("01.4", "A.T @ (u*d_h)").cause


def test_what_is_mended_inside_what_is_mended_is_put_together():
    question = course_questions()["06.2"]
    tree = question.tree("d2(t)*W1")
    wrap = pairs.Change("factor", "", (), tree, question.tree("(1-h1(t)**2)*x(t)"))
    assert pairs.applied(tree, ()) == tree and pairs.applied(tree, (wrap,)) == wrap.new
    inner = pairs.Change("letter", "", (), tree.left, question.tree("d1(t)"))
    outer = pairs.Change("sign", "", (), tree, pairs.Negative(tree))
    assert pairs.applied(tree, (outer, inner)) == pairs.applied(tree, (inner, outer)) == question.tree("-(d1(t)*W1)")


def test_no_more_pairs_are_tried_than_the_limit(monkeypatch):
    monkeypatch.setattr(pairs, "MOST_PAIRS", 0)
    monkeypatch.setattr(alignment, "MOST_LAID", 0)
    assert "Two slips" not in feedback("06.2", "d2(t)*W1").cause
