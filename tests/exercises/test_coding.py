"""NumPy functions as answers: run on two instances, compared with the engine, diagnosed by the same causes."""

import asked
import numpy as np
import pytest

from bptt_lab.exercises.coding import forms, instances, judge_function, prove_function, reference
from bptt_lab.exercises.feedback import CANNOT_READ, CORRECT, CRASHED, OTHER_FORM, TIMED_OUT, WRONG

QUESTION = asked.function()
NOTEBOOK_GLOBAL = np.ones((5, 5))


def right(d_a1, h_before):
    return np.einsum("tbi,tbj->ij", d_a1, h_before)


def as_a_dict(d_a1, h_before):
    return {"d_W11": right(d_a1, h_before), "more": 1.0}


def turned(d_a1, h_before):
    return right(d_a1, h_before).T


def last_step_only(d_a1, h_before):
    return d_a1[-1].T @ h_before[-1]


def first_step_skipped(d_a1, h_before):
    return right(d_a1[1:], h_before[1:])


def doubled(d_a1, h_before):
    return 2 * right(d_a1, h_before)


def sequences_kept(d_a1, h_before):
    return np.einsum("tbi,tbj->bij", d_a1, h_before)


def length_written_in(d_a1, h_before):
    return sum(d_a1[t].T @ h_before[t] for t in range(4))


def changes_its_argument(d_a1, h_before):
    d_a1 *= 1.0
    d_a1 += 1.0
    return right(d_a1 - 1.0, h_before)


def uses_a_global(d_a1, h_before):
    return NOTEBOOK_GLOBAL


def returns_nothing(d_a1, h_before):
    d_a1 @ h_before[0].T


def returns_text(d_a1, h_before):
    return "the gradient"


def not_finite(d_a1, h_before):
    return right(d_a1, h_before) * np.inf


def raises(d_a1, h_before):
    return d_a1[99]


@pytest.mark.parametrize("function", [right, as_a_dict, lambda d, h: right(d, h)])
def test_a_right_function_is_correct(function):
    assert judge_function(QUESTION, function).outcome == CORRECT


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (turned, "rows and columns"),
        (last_step_only, "the path through a1(4)"),
        (first_step_skipped, "step 1"),
        (doubled, "constant factor"),
        (sequences_kept, "shape is (6, 5, 5); expected (5, 5)"),
        (length_written_in, "right for T = 4, but not for T = 5"),
        (changes_its_argument, "changes d_a1 in place"),
        (returns_nothing, "returns nothing"),
        (returns_text, "expected an array of numbers"),
        (not_finite, "not finite"),
    ],
)
def test_a_wrong_function_is_told_its_cause(function, words):
    found = judge_function(QUESTION, function)
    assert found.outcome == WRONG and words in f"{found.right} {found.cause}"
    assert found.section or found.asks


def test_a_wrong_function_is_shown_a_number():
    assert "it should be" in judge_function(QUESTION, turned).example


def test_what_cannot_run_has_its_own_outcome(monkeypatch):
    assert judge_function(QUESTION, uses_a_global).outcome == CANNOT_READ
    assert "NOTEBOOK_GLOBAL" in judge_function(QUESTION, uses_a_global).cause
    assert judge_function(QUESTION, raises).outcome == CRASHED
    assert judge_function(QUESTION, 5).outcome == CANNOT_READ
    monkeypatch.setattr("bptt_lab.exercises.coding.SECONDS", 0.5)

    def endless(d_a1, h_before):
        while True:
            pass

    assert judge_function(QUESTION, endless).outcome == TIMED_OUT


def test_instances_have_different_sizes_and_lengths_and_sequences():
    sizes = [case.arrays(forms(QUESTION, QUESTION.arguments))["d_a1"].shape for case in instances(QUESTION)]
    assert sizes == [(4, 6, 5), (5, 7, 5)]
    for case in instances(QUESTION):
        states = case.arrays(forms(QUESTION, QUESTION.arguments))["h_before"]
        assert (states[0] != 0).all() and not np.allclose(states[:, 0], states[:, 1])


def test_gradients_of_a_batch_are_sums_over_sequences_and_inputs_are_not():
    case = instances(QUESTION)[0]
    found = case.arrays(
        {name: QUESTION.tree(text) for name, text in dict(w="d_W11", x="d_x(t)", L="L", W="W11").items()}
    )
    one = [scene.world.totals for scene in case.scenes]
    from bptt_lab.network import Place

    assert np.isclose(found["w"][1, 2], sum(totals[Place("W11", None, (2, 3))] for totals in one))
    assert found["x"].shape == (4, 6, 4) and found["L"].shape == () and found["W"].shape == (5, 5)


def test_one_sequence_has_no_axis_of_sequences():
    question = asked.function(batch=0)
    arrays = instances(question)[0].arrays(forms(question, question.arguments))
    assert arrays["d_a1"].shape == (4, 5)


def test_a_question_whose_own_answer_is_wrong_is_not_asked():
    assert prove_function(QUESTION) == []
    wrong = asked.function(answer=asked.CODE.replace(".T @", ".T @ np.abs(").rstrip() + ")\n")
    assert "its own answer is judged" in prove_function(wrong)[0]
    assert "not one function" in prove_function(asked.function(answer="def f(:"))[0]


def test_the_reference_is_built_without_running_the_text_around_it():
    question = asked.function(answer="import os\nos.abort()\n" + asked.CODE)
    assert reference(question).__name__ == "gradient"


def other_argument_order(h_before, d_a1):
    return right(d_a1, h_before)


def in_single_precision(d_a1, h_before):
    return right(d_a1, h_before).astype(np.float32)


TWO_RESULTS = asked.function(
    returns={"d_W11": "d_W11", "d_b0": "d_b0"},
    answer=asked.CODE.rstrip() + ", d_a1.sum(axis=(0, 1))\n",
)


def in_the_wrong_order(d_a1, h_before):
    return d_a1.sum(axis=(0, 1)), right(d_a1, h_before)


def test_arguments_are_bound_by_their_names():
    assert judge_function(QUESTION, other_argument_order).outcome == CORRECT


def test_single_precision_is_told_from_a_wrong_result():
    found = judge_function(QUESTION, in_single_precision)
    assert found.outcome == OTHER_FORM and "single precision" in found.cause


def test_results_in_another_order_are_recognized():
    assert prove_function(TWO_RESULTS) == []
    found = judge_function(TWO_RESULTS, in_the_wrong_order)
    assert found.outcome == WRONG and "What stands in its place is d_b0." in found.cause
