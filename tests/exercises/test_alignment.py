"""A wrong answer is laid beside the right forms: what does not match is told, and what comes of it is certified."""

import pytest
from replies import feedback

from bptt_lab.exercises.causes import alignment
from bptt_lab.exercises.causes.alignment import Aligner, Misfit, explanation
from bptt_lab.exercises.causes.corrections import Own, right_forms
from bptt_lab.exercises.causes.forms import forms_of
from bptt_lab.exercises.causes.layout import Layout
from bptt_lab.exercises.causes.named import trial_scenes
from bptt_lab.exercises.outcomes import WRONG
from bptt_lab.exercises.questions import course_questions
from bptt_lab.formulas import write


def laid(identity, answer, is_right=lambda tree: True):
    question = course_questions()[identity]
    return explanation(question, Own(question.tree(answer), is_right), trial_scenes(question))


@pytest.mark.parametrize(
    ("identity", "answer", "one", "other"),
    [
        # a slope, and a letter at another time, a sign, another letter, a missing term, a transpose
        (
            "05.2",
            "sum(t,1,3,(h2(t)-y(t))*(1-h2(t))*h1(t-1))",
            "h1(t) belongs.",
            "h2(t) stands where h2(t)**2 belongs, in (1 - h2(t)).",
        ),
        ("05.2", "sum(t,1,3,(y(t)-h2(t))*(1-h2(t))*h1(t))", "The sign of (y(t) - h2(t)) is wrong.", "A power is wrong"),
        ("02.3", "(h3-y)*h3*(1-h3)*W2*h2*(1-h2)*W1*(1-h1**2)*h1", "h2*(1 - h2) stands where 1 - h2**2", "where x bel"),
        ("02.5", "h1*(1-h1)*(W1.T@d_a2)", "h1*(1 - h1) stands where 1 - h1**2 belongs.", "A term is missing."),
        (
            "06.4",
            "W1.T@d_a2(t) + W11@((1-h1(t+1))*d_h1(t+1))",
            "W11 stands where W11.T belongs.",
            "h1(t + 1)**2 belongs.",
        ),
        ("17.3", "d2(3)*W1*z(3)*(1-n(3)**2)*W11_n*h1(3)*r(3)*(1-r(3))", "z(3) stands where 1 - z(3)", "h1(2) belongs."),
        (
            "02.3",
            "(h3-y)*W2*(1-h2)*W1*(1-h1**2)*x",
            "The factor h3*(1 - h3) is missing",
            "h2 stands where h2**2 belongs.",
        ),
        # a missing factor or term and something else, in other terms
        (
            "17.4",
            "W1.T@d_a2(t)+W11_r@d_a1_r(t+1)+W11_z.T@d_a1_z(t+1)+W11_n.T@d_a1_n(t+1)+z(t+1)*d_h1(t+1)",
            "W11_r stands where W11_r.T belongs.",
            "The factor r(t + 1) is missing at W11_n.T @ d_a1_n(t + 1).",
        ),
        ("07.3", "(1-h1(3)**2)*(h1(2)+W11*(1-h1(2)**2)*h1(1))", "The factor W1 is missing", "A term is missing."),
        ("04.3", "w_y*sum(t,1,T-1,d_s(t)*v**(t-1))", "v**(t - 1) stands where v**t belongs.", "A sum begins or ends"),
        (
            "05.5",
            "sum(k,1,3,exp(a2(t)[k]))-sum(k,1,3,y(t)[k]*h2(t)[k])",
            "where log(sum(k, 1, 3, exp(a2(t)[k])))",
            "h2(t)[k]",
        ),
        # a function too much: exp where none belongs
        (
            "05.5",
            "log(sum(k,1,3,exp(a2(t)[k])))+sum(k,1,3,y(t)[k]*exp(a2(t)[k]))",
            "The sign of",
            "exp(a2(t)[k]) stands",
        ),
        # products of matrices: shapes that do not fit, links in the wrong order, outer products, * for @ and @ for *
        (
            "14.5",
            "(1-h2(t))*(W2@d_a3(t)+W22.T@d_a2(t+1)+U.T@d_a1(t+1))",
            "W2 stands where W2.T belongs.",
            "where h2(t)**2 belongs.",
        ),
        ("03.5", "d_a2(1)+d_a2(2)-d_a2(3)", "The factor W1.T is missing at (d_a2(1)", "The sign of the term d_a2(3) "),
        (
            "06.4",
            "W1.T@d_a2(t)+diag(1-h1(t+1)**2)@W11.T@d_h1(t)",
            "diag(1 - h1(t + 1)**2) @ W11.T stand in the wrong",
            "d_h1(t) st",
        ),
        (
            "11.4",
            "h1(0)@d_a1(1).T+d_a1(2)@h1(2).T",
            "The outer product h1(0) @ d_a1(1).T stands the other way",
            "h1(2) stands",
        ),
        (
            "14.3",
            "d_a3(T)*h2(T-1).T",
            "d_a3(T)*h2(T - 1).T is a product of matrices: @ belongs there",
            "h2(T - 1) stands",
        ),
        (
            "09.4",
            "(1-h(t)**2)@(V.T@d_o(t)+W.T@d_a(t))",
            "(1 - h(t)**2) goes entry by entry: * belongs after it",
            "d_a(t) st",
        ),
        (
            "13.3",
            "diag(1+h1(2)**2)+diag(1-h1(2)**2)@diag(1-h1(1)**2)",
            "The factor W11 is missing",
            "The sign of the term h1",
        ),
        # one slip made in several places, and two letters exchanged
        (
            "12.3",
            "W11@diag(1-h1(3)**2)@W11@diag(1-h1(4)**2)@W1.T@d_a2*2",
            "W11.T belongs, and likewise in 1 other place.",
            "2 is too",
        ),
        (
            "14.5",
            "(1-h2(t)**2)*(W22.T@d_a3(t)+W2.T@d_a2(t)+U.T@d_a1(t+1))",
            "W22 and W2 are exchanged.",
            "d_a2(t) stands where",
        ),
        (
            "11.4",
            "d_a1(1)@h1(1).T+d_a1(2)@h1(2).T+d_a1(3)@h1(2).T",
            "in 1 other place.",
            "d_a1(3) @ h1(2).T is too much.",
        ),
    ],
)
def test_two_slips_in_different_parts_are_told(identity, answer, one, other):
    found = feedback(identity, answer)
    assert (
        found.outcome == WRONG
        and "Two slips: " in found.cause
        and found.cause.endswith("With both mended it is right.")
    )
    assert one in found.cause and other in found.cause


@pytest.mark.parametrize(
    ("identity", "answer", "cause"),
    [
        ("02.2", "-(y*log(h2)+(1-y)*log(h2))", "h2 stands where 1 - h2 belongs, in the term (1 - y)*log(h2)."),
        ("11.2", "g*(x2-x1+h)", "The factor 1/2 is missing at h."),
        ("01.3", "v*x*(1-u**2)+u*x+u", "The factor v is missing at u*x, and likewise in 1 other place."),
    ],
)
def test_one_slip_that_is_no_edit_is_told(identity, answer, cause):
    assert feedback(identity, answer).cause == cause


@pytest.mark.parametrize(
    ("identity", "answer"),
    [
        ("03.4", "W0*x(T-1) + W11*h1(T) - b0"),  # three slips
        ("09.3", "d_a(1)[4]*h(0)[2] + d_a(2)[4]*h(1)[2]"),
        ("17.4", "W1@d_a2(t)+W11_r.T@d_a1_r(t)+W11_z.T@d_a1_z(t)+W11_n.T@(r(t+1)*d_a1_n(t+1))+z(t+1)*d_h1(t+1)"),
        ("14.2", "d2(t)*V + d3(t)*W11 + d1(t+1)*V"),  # two letters replaced: anything could be made of it
        ("08.4", "x"),  # nothing of it would be left
        ("12.2", "1"),
        ("06.2", "W1*d2(t)*h1(t) + W11*x(t)"),  # a factor too much and another one missing
    ],
)
def test_what_is_no_pair_of_slips_is_not_told_as_one(identity, answer):
    assert laid(identity, answer) is None


def test_of_two_explanations_only_what_they_share_is_told():
    """Either h1 or d1 is taken at the wrong step; that a term is missing is certain."""
    found = feedback("07.2", "d1(1)*h1(1)+d1(2)*h1(2)")
    assert found.cause == "A term is missing. There is a second slip besides."
    found = feedback("15.3", "d2(t-1)*W11_b - d1_b(t-1)*W1_b")  # the weights are exchanged, or the deltas
    assert found.cause == "The sign of the term d1_b(t - 1)*W1_b is wrong. There is a second slip besides."
    assert found.asks == "Which term carries a minus, and why?"


def test_what_is_told_of_a_slope_is_not_told_of_a_missing_term():
    """h1 (1 - h1) needs a 1 to be (1 + h1)(1 - h1): true, and far-fetched."""
    found = feedback("06.2", "(d2(t)*W1+d1(t)*W11)*h1(t)*(1-h1(t))").cause
    assert "h1(t)*(1 - h1(t)) stands where 1 - h1(t)**2 belongs." in found and "term is missing" not in found


def test_the_shape_is_still_told_where_it_differs():
    found = feedback("08.5", "sum(t,1,T-1,x@d_a1(t).T)").cause
    assert found.startswith("Its shape is 3×4; expected 4×3. Two slips: ")


def test_a_row_for_its_column_is_told_in_its_own_words_and_beside_another_slip():
    found = feedback("06.4", "W1.T @ d2(t) + W11.T @ ((1 - h1(t+1)**2) * d_h1(t+1))").cause
    assert "d2(t) is a row" in found and "belongs" not in found
    found = feedback("08.5", "d_b0.T @ x").cause
    assert "Two slips: x stands where x.T belongs. d_b0.T stands where d_b0 belongs. With both" in found


def test_two_missing_terms_and_two_wrong_ends_are_one_sentence():
    assert feedback("03.4", "b0").cause == "Two slips: Two terms are missing. With both mended it is right."
    found = feedback("05.5", "log(sum(k,2,2,exp(a2(t)[k])))-sum(k,1,3,y(t)[k]*a2(t)[k])").cause
    assert found == "Two slips: A sum begins and ends at the wrong step. With both mended it is right."


def test_nothing_is_told_that_the_judge_does_not_certify():
    answer = "(1-h(t))*(V.T@d_o(t)+W@d_a(t+1))"
    assert [slip.kind for slip in laid("09.4", answer).slips] == ["transpose", "power"]
    asked = []
    assert laid("09.4", answer, lambda tree: asked.append(write(tree))) is None
    assert asked and all(course_questions()["09.4"].tree(text) for text in asked)


def test_a_long_answer_is_not_laid_beside_anything():
    answer = "-" + "(1-h(t))*(V.T@d_o(t)+W@d_a(t+1))" + " + 0*d_a(t)" * 20
    assert laid("09.4", answer) is None


def test_no_more_parts_are_laid_than_the_limit(monkeypatch):
    monkeypatch.setattr(alignment, "MOST_LAID", 5)
    assert laid("09.4", "(1-h(t))*(V.T@d_o(t)+W@d_a(t+1))") is None


@pytest.mark.parametrize(
    "question", [q for q in course_questions().values() if q.kind in ("line", "matrix", "derivation")]
)
def test_a_right_form_beside_itself_has_no_slips(question):
    layout = Layout(question)
    for form in right_forms(question):
        for one in forms_of(form, question.graph.T)[:2]:
            (found,) = Aligner(layout, one).align(layout.read(one), layout.read(one))
            assert found.slips == ()


def test_a_slip_says_in_how_many_places_it_was_made():
    one = Misfit("sign", "The sign is wrong.")
    assert one.said(write) == "The sign is wrong."
    assert one.again(one).said(write) == "The sign is wrong, and likewise in 1 other place."
    assert one.again(one).again(one).said(write) == "The sign is wrong, and likewise in 2 other places."
