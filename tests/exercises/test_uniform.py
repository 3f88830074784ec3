"""A sum over steps that lacks some terms, and has one slip in all that are there: both are told."""

import pytest
from replies import told


@pytest.mark.parametrize(
    ("identity", "answer", "slip", "lost"),
    [
        (
            "08.2",
            "d1(2)*x(1) + d1(3)*x(2)",
            "In d1(2)*x(1), and likewise in the other terms, the steps",
            "Two terms are",
        ),
        ("08.2", "d1(1)*x(2)", "In d1(1)*x(2) the steps of the factors do not belong together.", "Three terms are"),
        ("08.2", "d1(1)", "The factor x(1) is missing at d1(1).", "Three terms are missing."),
        (
            "08.2",
            "d1(1)+d1(2)",
            "The factor x(1) is missing at d1(1), and likewise in the other terms.",
            "Two terms are",
        ),
        ("08.2", "sum(t,2,3,d1(t))", "The factor x(2) is missing at d1(2), and likewise", "Two terms are missing."),
        (
            "08.2",
            "d1(1)*x(1)**2 + d1(3)*x(3)**2",
            "A power is wrong: x(1)**2 stands where x(1) belongs",
            "Two terms are",
        ),
        ("07.2", "d1(2)*h1(2)", "In d1(2)*h1(2) the steps of the factors do not belong together.", "Two terms are"),
    ],
)
def test_the_slip_in_every_term_and_what_is_missing_are_told(identity, answer, slip, lost):
    found = told(identity, answer)
    assert slip in found and lost in found


@pytest.mark.parametrize(
    ("identity", "answer"),
    [
        ("08.2", "d1(1)*x(1) + d1(2)*x(3)"),  # not in every term
        ("08.2", "d2(1)*x(1)"),
        ("08.2", "d1(2)*x(1) + d1(3)*x(1)"),  # two different slips
        ("08.2", "d1(2)*x(1)**2"),
        ("06.2", "d2(t+1)*W1"),  # no sum over steps
    ],
)
def test_what_is_not_in_every_term_is_not_told_so(identity, answer):
    found = told(identity, answer)
    assert "Besides:" not in found and "do not belong together" not in found


def test_of_immediate_derivatives_that_are_zero_also_the_rest_is_told():
    found = told("08.3", "sum(t,2,3,d(L,a1(t))*d(a1(t),W0))")
    assert "Your answer is zero: d is the immediate derivative" in found and "The share of step 1 is missing" in found
    assert "in its place" not in told("08.3", "d(L,W0)")  # with the total one it is the question itself
