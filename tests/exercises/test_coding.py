"""NumPy functions as answers: run on many instances, compared with the engine, diagnosed by the same causes."""

import asked
import numpy as np
import pytest

from bptt_lab.exercises.judges.function import judge_function, prove_function, reference
from bptt_lab.exercises.judges.instances import forms, instances, tables
from bptt_lab.exercises.judges.returned import stated_shapes, states_shape
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, CRASHED, OTHER_FORM, OUTCOMES, TIMED_OUT, WRONG
from bptt_lab.exercises.questions import course_questions
from bptt_lab.exercises.sandbox.running import Outcome

QUESTION = asked.function()
NOTEBOOK_GLOBAL = np.random.default_rng(0)  # what cannot travel: each call would find it where it was


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
    monkeypatch.setattr("bptt_lab.exercises.judges.function.SECONDS", 0.5)

    def endless(d_a1, h_before):
        while True:
            pass

    assert judge_function(QUESTION, endless).outcome == TIMED_OUT


def test_instances_have_different_sizes_and_lengths_and_sequences():
    sizes = [case.arrays(forms(QUESTION, QUESTION.arguments))["d_a1"].shape for case in instances(QUESTION)]
    assert sizes[:3] == [(4, 6, 5), (5, 6, 5), (4, 4, 5)] and (1, 3, 5) in sizes and (4, 1, 5) in sizes
    for case in instances(QUESTION)[:3]:
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


# What is returned, and how


def with_an_imaginary_part(d_a1, h_before):
    return right(d_a1, h_before) + 7j


def in_a_tuple(d_a1, h_before):
    return (right(d_a1, h_before),)


def in_a_list(d_a1, h_before):
    return [right(d_a1, h_before)]


def as_lists(d_a1, h_before):
    return right(d_a1, h_before).tolist()


def with_a_default(h_before, d_a1, eps=1e-12):
    return right(d_a1, h_before)


def too_large_a_number(d_a1, h_before):
    return 2**1024 - 1


def under_another_name(d_a1, h_before):
    return {"dW": right(d_a1, h_before)}


def two_for_one(d_a1, h_before):
    return right(d_a1, h_before), 1.0


def of_unequal_rows(d_a1, h_before):
    return [[1.0], [1.0, 2.0]]


@pytest.mark.parametrize("function", [in_a_tuple, in_a_list, as_lists, with_a_default])
def test_a_result_may_be_wrapped_and_arguments_have_defaults(function):
    assert judge_function(QUESTION, function).outcome == CORRECT


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (with_an_imaginary_part, "d_W11 is complex; expected an array of numbers, all of them real"),
        (under_another_name, "a dict without d_W11; expected d_W11"),
        (two_for_one, "a tuple of 2; expected one array"),
        (of_unequal_rows, "d_W11 is a list of 2; expected an array of numbers"),
    ],
)
def test_what_is_no_array_of_real_numbers_is_refused_by_name(function, words):
    found = judge_function(QUESTION, function)
    assert found.outcome == WRONG and words in found.cause and found.asks


def test_a_whole_number_too_large_for_a_float_is_refused_by_name():
    found = judge_function(QUESTION, too_large_a_number)
    assert found.outcome == CANNOT_READ and "a whole number" in found.cause


BIASES = asked.function(
    returns={"d_b0": "d_b0", "L": "L"},
    arguments={"d_a1": "d_a1(t)", "loss": "L"},
    answer="def bias(d_a1, loss):\n    return d_a1.sum(axis=(0, 1)), loss\n",
)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1), (1, -1)])
def test_a_bias_may_be_a_column_where_the_task_states_no_shape(shape, monkeypatch):
    monkeypatch.setattr(
        "bptt_lab.exercises.judges.function.run_function",
        lambda function, calls, **more: Outcome("returned", [function(*c) for c in calls], [], ""),
    )

    def bias(d_a1, loss):
        return d_a1.sum(axis=(0, 1)).reshape(shape), np.reshape(loss, (1,) * (len(shape) - 1))

    assert judge_function(BIASES, bias).outcome == CORRECT
    strict = asked.function(
        returns=dict(BIASES.returns), arguments=dict(BIASES.arguments), answer=BIASES.answer, task="Return `d_b0` (M,)."
    )
    assert (judge_function(strict, bias).outcome == CORRECT) == (shape == (-1,))


def test_the_shapes_that_a_task_states_are_those_of_its_arrays():
    """A rule for every function: what the task states in letters is true, and each letter has one size."""
    for question in (one for one in course_questions().values() if one.kind == "function"):
        for table in tables(question):
            sizes = {}
            for name, letters in stated_shapes(question.task).items():
                array = {**table.arguments, **table.results}.get(name)
                if array is not None:
                    assert len(letters) == array.ndim, (question.id, name)
                    assert all(sizes.setdefault(a, n) == n for a, n in zip(letters, array.shape, strict=True)), name


def test_a_stated_shape_is_found_in_a_task():
    task = (
        "From `W1` (K, M) and `y`, both (T, B, K), return `d_a`, the derivative by every $a^{(t)}$, (T, B), and `d_v`."
    )
    assert stated_shapes(task) == {"W1": ("K", "M"), "y": ("T", "B", "K"), "d_a": ("T", "B")}
    assert not states_shape(QUESTION, "d_W11")


class Hostile:
    """An object whose every attribute raises."""

    def __getattribute__(self, name):
        raise SystemExit(name)

    def __call__(self, *arguments):
        raise SystemExit("called")


@pytest.mark.parametrize("which", range(10))
def test_no_object_makes_the_judge_of_functions_raise(which):
    objects = [
        Hostile(),
        Hostile,
        len,
        None,
        "def f(): pass",
        [right],
        {"f": right},
        np.array(1),
        type,
        (lambda *a: a).__get__(1),
    ]
    assert judge_function(QUESTION, objects[which]).outcome in OUTCOMES


def raises_for_one_step(d_a1, h_before):
    return right(d_a1, h_before) if d_a1[1] is not None else None


def test_what_fails_on_one_instance_only_is_told_where():
    found = judge_function(QUESTION, raises_for_one_step)
    assert found.outcome == CRASHED and "right for T = 4, but not for T = 1. There: The function raised" in found.cause


# What attackers found


def keeps_a_sum(d_a1, h_before, total=[0.0]):  # noqa: B006
    total[0] = total[0] + right(d_a1, h_before)
    return total[0]


class Accumulates:
    """A layer that adds its gradient to what it had."""

    def __init__(self):
        self.gradient = 0.0

    def __call__(self, d_a1, h_before):
        self.gradient = self.gradient + right(d_a1, h_before)
        return self.gradient


def kept_by_shape(d_a1, h_before, kept={}):  # noqa: B006
    return kept.setdefault(d_a1.shape, right(d_a1, h_before) + len(kept) * 0) + (len(kept) > 1)


def sometimes_nothing(d_a1, h_before):
    return right(d_a1, h_before) * (np.random.rand() < 0.6)


@pytest.mark.parametrize("function", [keeps_a_sum, Accumulates(), sometimes_nothing])
def test_a_function_that_answers_otherwise_when_called_again_is_wrong(function):
    found = judge_function(QUESTION, function)
    assert found.outcome == WRONG and "called a second time" in found.cause and "after the first call" in found.asks


def first_six_steps(d_a1, h_before):
    return right(d_a1[:6], h_before[:6])


def divided_by_a_state(d_a1, h_before):
    size = np.abs(h_before[0]).max()
    return right(d_a1, np.concatenate([h_before[:1] / size * size, h_before[1:]]))


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (first_six_steps, "not for a longer one, drawn anew"),
        (divided_by_a_state, "zero"),
    ],
)
def test_long_sequences_and_states_that_begin_at_zero_are_tried(function, words):
    found = judge_function(QUESTION, function)
    assert found.outcome == WRONG and words in found.cause


def test_an_answer_that_knows_all_fixed_instances_by_heart_is_wrong():
    from bptt_lab.exercises.judges.instances import tables

    known = {
        table.arguments["d_a1"].tobytes(): table.results["d_W11"]
        for table in tables(QUESTION)
        if table.case.kind != "fresh"
    }
    keys, values = list(known), list(known.values())

    def by_heart(d_a1, h_before):
        return (
            np.asarray(values[keys.index(d_a1.tobytes())])
            if d_a1.tobytes() in keys
            else np.zeros(h_before.shape[-1:] * 2)
        )

    assert judge_function(QUESTION, by_heart).outcome != CORRECT


def enormous(d_a1, h_before):
    return right(d_a1, h_before) * 6e307


def tiny(d_a1, h_before):
    return right(d_a1, h_before) * 1e-310


def test_results_at_the_ends_of_floats_are_told_as_what_they_are():
    assert "more than a hundred digits" in judge_function(QUESTION, enormous).cause
    assert "zero" in judge_function(QUESTION, tiny).cause


def test_two_numbers_told_are_never_the_same_text():
    def rounded(d_a1, h_before):
        return np.round(right(d_a1, h_before), 5)

    found = judge_function(QUESTION, rounded)
    given, true = found.example.rpartition(" is ")[2].rstrip(".").split("; it should be ")
    assert given != true


def test_a_function_that_is_slow_is_not_told_a_case_it_fails_on(monkeypatch):
    monkeypatch.setattr("bptt_lab.exercises.judges.function.SECONDS", 0.8)

    def slow(d_a1, h_before):
        import time

        time.sleep(0.15)
        return right(d_a1, h_before)

    found = judge_function(QUESTION, slow)
    assert found.outcome == TIMED_OUT and "right for" not in found.cause
