"""Causes by the answer's own text: one change of what is written makes it right, and no sentence is told of more."""

import re
from types import SimpleNamespace

import asked
import numpy as np
import pytest
from rewriting import symbolic_questions

from bptt_lab import ex
from bptt_lab.exercises.causes import corrections
from bptt_lab.exercises.causes.cause import Cause
from bptt_lab.exercises.causes.corrections import Own, spelled
from bptt_lab.exercises.causes.diagnosis import diagnose
from bptt_lab.exercises.causes.edits import edits, factors_of, regrouped, terms
from bptt_lab.exercises.causes.named import trial_scenes
from bptt_lab.exercises.judges.arrays import UNFILLED, unfilled
from bptt_lab.exercises.judges.formula import judge_formula, own
from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.outcomes import CORRECT, WRONG
from bptt_lab.exercises.questions import course_questions
from bptt_lab.exercises.scenes import values
from bptt_lab.formulas import write
from bptt_lab.symbolic import arithmetics

QUESTIONS = course_questions()
WEIGHTS, STATE = asked.weights(), asked.state()


def feedback(identity, answer):
    question = QUESTIONS[identity]
    found = KINDS[question.kind].check(question, answer)
    assert found.outcome == WRONG
    return found


def one_edit(question, answer):
    tree = question.tree(answer)
    return corrections.corrections(question, own(question, tree), trial_scenes(question))


def test_missing_brackets_are_the_only_cause_and_the_answer_with_them_is_right():
    answer = "W1.T @ d_a2(t) + W11.T @ (1-h1(t+1)**2) * d_h1(t+1)"
    found = feedback("06.4", answer)
    assert "@ and * have one rank" in found.cause and not found.right
    (rewritten,) = re.findall(r"it is right:  (.*)$", found.cause)
    assert judge_formula(QUESTIONS["06.4"], rewritten).outcome == CORRECT


@pytest.mark.parametrize(
    ("read", "grouped"),
    [
        ("W11.T @ h1(1) * h1(2)", ["W11.T @ (h1(1)*h1(2))"]),
        ("W11.T @ h1(1) * h1(2) * h1(3)", ["W11.T @ (h1(1)*h1(2)*h1(3))"]),
        ("W11 @ h1(1) * (W11 @ h1(2) * h1(3))", ["W11 @ (h1(1)*(W11 @ (h1(2)*h1(3))))"]),
        ("h1(1) * W11 @ h1(2)", ["h1(1)*(W11 @ h1(2))"]),
        ("W11 @ h1(1) + h1(1) * h1(2) * h1(3)", []),
    ],
)
def test_a_chain_of_both_products_is_read_with_either_one_first(read, grouped):
    assert [write(tree) for tree in regrouped(STATE.tree(read))] == grouped


def test_brackets_are_not_told_where_they_do_not_make_it_right():
    found = feedback("06.4", "W1.T @ d_a2(t) - W11.T @ (1-h1(t+1)**2) * d_h1(t+1)")
    assert "rank" not in found.cause


@pytest.mark.parametrize(
    ("identity", "answer", "says", "never"),
    [
        ("01.3", "v*(1-u**2)*x - u*v*x + u*v", "The sign of the term u*v*x is wrong.", "slope"),
        ("12.6", "D(L,h1(2)) - D(L,a1(2))*W11", "The sign of the term D(L, a1(2))*W11 is wrong.", "slope"),
        ("01.3", "v*x*(1-u)+u*v*x", "u cancels in your answer", "derivative by u"),
        ("07.3", "W1*d(h1(3),W11)", "the total one belongs there: D(h1(3), W11)", "zero at every point"),
        ("07.3", "D(a2(3),h1(3))*d(h1(3),W11)", "the total one belongs there: D(h1(3), W11)", "zero"),
        ("12.6", "D(L,h1(2)) + D(L,a1(2))*W11 + D(L,h1(3))", "The term D(L, h1(3)) is too much.", "twice"),
        ("06.4", "d_a2(t) @ W1.T + W11.T @ ((1-h1(t+1)**2)*d_h1(t+1))", "d_a2(t) @ W1.T stand in the wrong", "path"),
        ("07.5", "h1(1) @ d_a1(2).T", "are exchanged", "transposed"),
        ("01.3", "v*x + v*x*u**2/2 + v*x*u**2/2 + u*v*x + u*v", "", "slope"),
        (
            "08.2",
            "((2*W0 - 1)*d1(1)*x(1) + W0*d1(1)*x(1) + d1(1)*x(1))/3 + d1(2)*x(2) + d1(3)*x(3) + d1(4)*x(4)",
            "",
            "another letter",
        ),
    ],
)
def test_what_is_said_is_true_of_what_is_written(identity, answer, says, never):
    found = feedback(identity, answer)
    assert says in found.cause and never not in f"{found.right} {found.cause} {found.asks}"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("v*x*(1 + u**2) + u*v*x + u*v", "A sign is wrong inside the slope of the activation in u."),
        ("v*x*(1 - u**2) + u*v*x + u*x", "x stands where v belongs, in the term u*x."),
    ],
)
def test_a_sign_in_a_slope_and_a_letter_are_told_where_they_stand(answer, says):
    assert feedback("01.3", answer).cause == says


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(3)", "h1(3) stands where h1(2) belongs."),
        ("d1(1)*h1(0) + d1(2)*h1(2) + d1(3)*h1(2)", "h1(2) stands where h1(1) belongs, in the term d1(2)*h1(2)."),
        ("d1(2)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)", "d1(2) stands where d1(1) belongs, in the term d1(2)*h1(0)."),
        ("d1(1)*h1(0) + d2(2)*h1(1) + d1(3)*h1(2)", "belongs."),
        ("d1(1)*h1(0) + d1(2)*h1(1)**2 + d1(3)*h1(2)", "A power is wrong: h1(1)**2 stands where h1(1) belongs."),
        ("d1(1)*h1(0) + d1(2) + d1(3)*h1(2)", "The factor h1(1) is missing at d1(2)."),
        ("d1(1)*h1(0)*W11 + d1(2)*h1(1) + d1(3)*h1(2)", "The factor W11 is too much in d1(1)*h1(0)*W11."),
        (
            "d1(1)*h1(1) + d1(2)*h1(0) + d1(3)*h1(2)",
            "d1(1) and d1(2) are exchanged, or, which comes to the same, h1(1) and h1(0).",
        ),
        ("d1(1)*h1(0) - d1(2)*h1(1) + d1(3)*h1(2)", "The sign of the term d1(2)*h1(1) is wrong."),
        ("-d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)", "The sign of the term d1(1)*h1(0) is wrong."),
        ("d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2) + d1(3)*h1(3)", "The term d1(3)*h1(3) is too much."),
        ("d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2) + d1(3)*h1(2)", "The term d1(3)*h1(2) stands twice."),
        ("d1(1)*h1(0)*W1 + d1(2)*h1(1)*W1 + d1(3)*h1(2)*W1", "is too much in d1(1)*h1(0)*W1, and likewise"),
    ],
)
def test_one_slip_in_what_is_written_is_the_one_change_found(answer, says):
    (edit,) = one_edit(WEIGHTS, answer)
    assert says in edit.said(lambda part: spelled(part, WEIGHTS))


@pytest.mark.parametrize("answer", ["d1(1)*h1(1) + d1(2)*h1(2)", "W11", "d1(3)*h1(3) - d1(1)*h1(0)"])
def test_two_slips_at_once_are_not_told_as_one(answer):
    assert one_edit(WEIGHTS, answer) == []


def test_a_change_is_told_only_where_the_judge_finds_it_right():
    tree = WEIGHTS.tree("d1(1)*h1(0) - d1(2)*h1(1) + d1(3)*h1(2)")
    assert corrections.corrections(WEIGHTS, Own(tree, lambda other: False), trial_scenes(WEIGHTS)) == []


def test_where_time_runs_out_no_change_is_told():
    tree = WEIGHTS.tree("d1(1)*h1(0) - d1(2)*h1(1) + d1(3)*h1(2)")
    with arithmetics.patience(-1):
        assert corrections.corrections(WEIGHTS, own(WEIGHTS, tree), trial_scenes(WEIGHTS)) == []


def test_changes_are_tried_for_answers_as_long_as_any_right_form():
    forms = [write(one.tree(form)) for one in symbolic_questions() for form in (one.answer, *one.same)]
    assert 100 < max(map(len, forms)) < corrections.LONGEST


def test_every_change_of_a_right_answer_differs_from_it():
    tree, network = WEIGHTS.tree(WEIGHTS.answer), WEIGHTS.graph.network
    found = list(edits(tree, network, factors_of(tree), is_number=True))
    assert {edit.kind for edit in found} >= {"sign", "time", "power", "factor", "surplus", "exchange", "derivative"}
    assert all(edit.tree != tree for edit in found)


def test_the_terms_of_a_sum_carry_their_signs():
    assert [(write(term), plus) for term, plus in terms(WEIGHTS.tree("-(W1 - W11) + b0"))] == [
        ("W1", False), ("W11", True), ("b0", True)
    ]  # fmt: skip


def one_short(W1, W11, h1, d_last):
    d_a1, carry = np.zeros_like(h1), d_last @ W1
    for t in range(len(h1) - 1, 0, -1):
        d_a1[t] = (1 - h1[t] ** 2) * carry
        carry = d_a1[t] @ W11
    return d_a1, carry


def truncated(W1, W11, h1, d_last):
    d_a1, carry = np.zeros_like(h1), d_last @ W1
    for t in range(len(h1) - 1, max(-1, len(h1) - 4), -1):
        d_a1[t] = (1 - h1[t] ** 2) * carry
        carry = d_a1[t] @ W11
    return d_a1, carry


def test_an_entry_that_no_loop_fills_is_no_carry_set_to_zero():
    assert "right but for index 0, which holds zeros" in feedback("06.6", one_short).cause
    assert "index 0" not in feedback("06.6", truncated).cause


@pytest.mark.parametrize(
    ("given", "is_told"),
    [
        ([0, 2, 3], True),
        ([0, 9, 3], False),
        ([0, 2, 9], False),
        ([0, 0, 0], False),
        ([1, 2, 3], False),
        ([9, 2, 3], False),
        ([0, 2], False),
    ],
)
def test_only_an_array_that_is_right_after_its_zero_is_one_that_no_loop_fills(given, is_told):
    case = SimpleNamespace(agrees=lambda one, other: one == other)
    tables = [SimpleNamespace(case=case, results={"d": np.array(true)}) for true in ([1, 2, 3], [4])]
    cause, goal = Cause(says="reset", mistake="E3"), STATE.goal_tree
    found = unfilled(cause, goal, [np.array(given), np.array([4])], tables, "d")
    assert (found.says == UNFILLED) == is_told and (found == cause) != is_told


def test_a_letter_that_is_not_written_is_not_told_as_a_slip_of_the_pen():
    parts = "d1(1)*h1(0) + d1(2)*({}) + d1(3)*h1(2)"
    slip, same_value = parts.format("a1(1)"), parts.format("W0*x(1) + W11*h1(0) + b0")
    cause = diagnose(WEIGHTS, lambda scene: values(WEIGHTS.tree(slip), scene, WEIGHTS.spans))
    assert cause.says == "All is right except that a1 stands where another letter belongs."
    assert judge_formula(WEIGHTS, same_value).outcome == WRONG and "a1" not in judge_formula(WEIGHTS, same_value).cause


@pytest.mark.parametrize(
    ("identity", "answer", "says"),
    [
        ("16.2", "d_h1(t)*o(t)*(1 - c(t)**2) + d_a1_o(t)*p + d_c(t+1)*f(t+1)", "c(t) stands where tanh(c(t)) belongs."),
        ("02.2", "-y*log(1 - h2) - (1 - y)*log(h2)", "1 - "),
        (
            "02.3",
            "(h3 - y)*h3*(1 - h3)*W2*(1 - h2)*W1*(1 - h1)*x",
            "1 - h2 stands where 1 - h2**2 belongs, and likewise",
        ),
        (
            "17.4",
            "W1.T @ d_a2(t) + W11_r.T @ d_a1_r(t) + W11_z.T @ d_a1_z(t) + W11_n.T @ (r(t)*d_a1_n(t)) + z(t)*d_h1(t)",
            "Every step in the terms but W1.T @ d_a2(t) is one too early.",
        ),
        (
            "17.4",
            "W1 @ d_a2(t) + W11_r @ d_a1_r(t+1) + W11_z @ d_a1_z(t+1) + W11_n @ (r(t+1)*d_a1_n(t+1))"
            " + z(t+1)*d_h1(t+1)",
            "W1 stands where W1.T belongs, and likewise in the other places.",
        ),
    ],
)
def test_a_slip_that_runs_through_an_answer_is_told_as_one(identity, answer, says):
    assert says in feedback(identity, answer).cause


def test_a_correction_that_would_be_refused_for_its_letter_is_not_told():
    """In 08.3 the total derivative of a1(t) makes the value right, and is no letter of that question."""
    told = str(ex("08.3").check("sum(t, 1, T, D(L(t), a1(t))*d(a1(t), W0))"))
    assert "D(a1(t), W0)" not in told
    assert "path through a1(t+1) left out" in told


def test_an_answer_with_a_letter_that_is_refused_is_still_told_its_slip():
    told = str(ex("07.2").check("d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(1) + 0*x(1)"))
    assert "h1(1) stands where h1(2) belongs" in told
