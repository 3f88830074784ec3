"""A factored answer is multiplied out where its slip stands in one term; nothing is told that no letter mends."""

import pytest
from replies import told

from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.outcomes import CORRECT
from bptt_lab.exercises.questions import course_questions


@pytest.mark.parametrize(
    ("identity", "answer", "says", "right"),
    [
        ("14.2", "(W1+V)*d2(t)+d1(t+1)*W11", "V*d2(t) stands where V*d3(t) ", "W1*d2(t) + V*d3(t) + d1(t+1)*W11"),
        ("14.2", "(d2(t)+d3(t))*W1+d1(t+1)*W11", "d3(t)*W1 stands where d3(t)*V ", "d2(t)*W1 + d3(t)*V + d1(t+1)*W11"),
        ("14.2", "V*(d2(t)+d3(t))+d1(t+1)*W11", "V*d2(t) stands where W1*d2(t) ", "W1*d2(t) + V*d3(t) + d1(t+1)*W11"),
        ("03.4", "W11*(x(T)+h1(T-1))+b0", "W11*x(T) stands where W0*x(T) ", "W0*x(T) + W11*h1(T-1) + b0"),
        ("03.4", "W0*(x(T)+h1(T-1))+b0", "W0*h1(T - 1) stands where W11*h1(T - 1) ", "W0*x(T) + W11*h1(T-1) + b0"),
    ],
)
def test_a_factor_for_two_terms_is_told_of_the_term_in_which_it_is_wrong(identity, answer, says, right):
    found = told(identity, answer)
    assert found.strip().startswith("Multiplied out, your answer is") and says in found
    question = course_questions()[identity]
    assert KINDS[question.kind].check(question, right).outcome == CORRECT


def test_a_product_of_sums_holds_terms_too_many():
    found = told("08.2", "(d1(1)+d1(2)+d1(3)+d1(4))*(x(1)+x(2)+x(3)+x(4))")
    assert "holds terms that are too much: d1(1)*x(2) and 11 others." in found
    assert "Multiplied out" not in told("08.2", "(d1(1)+d1(2)+d1(3))*(x(1)+x(2)+x(3))")  # terms are missing too


@pytest.mark.parametrize(
    ("identity", "answer"),
    [
        ("14.2", "W1*d2(t) + V*d2(t) + d1(t+1)*W11"),  # as it stands, one letter mends it
        ("14.2", "(W1+V)*(d2(t)+d1(t+1))"),  # three terms of four are others
        ("03.4", "W11*(x(T-1)+h1(T))+b0"),
        ("06.2", "(d2(t)*W1 - d1(t+1)*W11)*(1 - h1(t)**2)"),
    ],
)
def test_what_is_wrong_otherwise_is_not_multiplied_out(identity, answer):
    found = told(identity, answer)
    assert "Multiplied out" not in found and "another letter" not in found


def test_a_number_for_the_unit_matrix_is_told():
    assert "it is no unit matrix" in told("13.3", "diag(1-h1(2)**2) @ (1 + W11 @ diag(1-h1(1)**2))")
    assert "unit matrix" not in told("13.3", "diag(1-h1(2)**2) @ (2 + W11 @ diag(1-h1(1)**2))")
    assert "unit matrix" not in told("13.3", "diag(1-h1(2)**2) @ (1 + W11 @ diag(1-h1(2)**2))")


def test_one_matrix_for_two_layers_is_told_where_shapes_do_not_fit():
    found = told("14.5", "(1-h2(t)**2)*(W2.T@(d_a3(t)+d_a2(t+1))+U.T@d_a1(t+1))")
    assert "These shapes do not fit" in found and "In one of its terms W2 stands where W22 belongs." in found
    assert "one of its terms" not in told("14.5", "(1-h2(t)**2)*(W2.T@(d_a3(t)+d_a3(t+1))+U.T@d_a1(t+1))")
