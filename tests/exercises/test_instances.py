"""The instances on which functions are run: what they vary, that their references are right, and what they refuse."""

from fractions import Fraction

import asked
import numpy as np
import pytest
import wrong_functions
from mpmath import mp

from bptt_lab.exercises.judges import function as judge
from bptt_lab.exercises.judges import instances, sizing, stress, whole
from bptt_lab.exercises.judges.instances import RESPECTS, tables
from bptt_lab.exercises.outcomes import CORRECT, WRONG
from bptt_lab.exercises.questions import course_questions
from bptt_lab.exercises.sandbox.running import Outcome
from bptt_lab.network import Network, Place
from bptt_lab.symbolic import worlds

FUNCTIONS = {key: one for key, one in course_questions().items() if one.kind == "function"}
QUESTION = asked.function()

# a wrong function that no instance can refuse on a question, with the reason
BOUNDED = "its results are differences of probabilities, or damped by a tanh: they cannot be that large"
NO_AXIS = "each array has two axes at most: there is nothing to exchange or sort"
ONE_SUM = "no step waits for another and all rows are summed: their order says nothing"
GIVEN_TARGETS = (
    "the function is given the targets, so that the loss cannot be multiplied; nothing is that small or large"
)
EXEMPT = {
    ("axes exchanged in memory", "01.6 02.6 04.6 12.4 13.4"): NO_AXIS,
    ("axes exchanged in memory", "13.6"): ONE_SUM,
    ("sorted sequences", "01.6 02.6 04.6 12.4 13.4"): NO_AXIS,
    ("results clipped at 1", "09.6"): BOUNDED,
    ("results clipped at 5", "03.6 09.6"): BOUNDED,
    ("results clipped at 10", "03.6 09.6"): BOUNDED,
    ("results clipped at 100", "03.6 09.6"): BOUNDED,
    ("divided by a slope", "02.6"): "a ReLU has no slope of this form",
    ("small ones cut", "09.6 11.5"): GIVEN_TARGETS,
    ("wrong for large numbers", "12.4 13.4"): GIVEN_TARGETS,
}
PASSES = {(name, key) for name, keys in EXEMPT for key in keys.split()}


def here(function, calls, **more):
    """Run a function in this process, on copies: what is tested is the judging."""
    results = []
    for arguments in calls:
        try:
            with np.errstate(all="ignore"):
                results.append(function(*(np.array(argument) for argument in arguments)))
        except Exception as error:
            return Outcome("crashed", results, [], f"The function raised {type(error).__name__}")
    return Outcome("returned", results, [[] for _ in calls], "")


@pytest.fixture
def in_process(monkeypatch):
    monkeypatch.setattr(judge, "run_function", here)
    monkeypatch.setattr(whole, "run_function", here)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("key", FUNCTIONS)
def test_a_wrong_function_of_any_class_is_refused(key, in_process):
    question = FUNCTIONS[key]
    right, passed = judge.reference(question), set()
    for name, make in wrong_functions.MAKERS.items():
        wrong = make(right, question)
        if wrong is not None and judge.judge_function(question, wrong).is_correct:
            passed.add(name)
    assert passed == {name for name, where in PASSES if where == key}


@pytest.mark.parametrize("key", FUNCTIONS)
def test_equal_functions_are_right(key, in_process):
    right, question = judge.reference(FUNCTIONS[key]), FUNCTIONS[key]
    makers = [wrong_functions.each(np.nan_to_num), wrong_functions.each(lambda a: a + 1e-13 * np.abs(a))]
    makers += [wrong_functions.given(np.asfortranarray), wrong_functions.each(np.asarray)]
    for make in makers:
        assert judge.judge_function(question, make(right, question)).outcome == CORRECT


@pytest.mark.parametrize("key", FUNCTIONS)
def test_every_size_takes_other_values(key):
    """Each axis of each argument has another length somewhere, and length one, where the network lets it vary."""
    found = tables(FUNCTIONS[key])
    for name, first in found[0].arguments.items():
        for axis in range(first.ndim):
            lengths = {table.arguments[name].shape[axis] for table in found}
            assert len(lengths) > 2 and (1 in lengths or 2 in lengths), (name, axis, lengths)


@pytest.mark.parametrize("key", FUNCTIONS)
def test_every_case_that_a_question_can_have_is_there(key):
    question = FUNCTIONS[key]
    kinds = [table.case.kind for table in tables(question)]
    wanted = ["tame", "longer", "one step", "mirrored", "large", "zeros", "saturated", "float32"]
    wanted += ["sequences", "one sequence", "single"] if question.batch else []
    wanted += ["sizes", "ones", "equal"] if sizing.free_sizes(question.graph.network) else []
    wanted += ["small"] if instances.is_scalable(question) else []
    assert set(wanted) <= set(kinds) and kinds[:2] == ["tame", "longer"] and set(kinds) <= set(RESPECTS)


def test_the_instances_of_one_question_vary_all_that_can_vary():
    shapes = {table.case.kind: table.arguments["d_a1"].shape for table in tables(QUESTION)}
    assert shapes["tame"] == (4, 6, 5) and shapes["longer"] == (5, 6, 5) and shapes["sequences"] == (4, 4, 5)
    assert shapes["one sequence"] == (4, 1, 5) and shapes["one step"] == (1, 3, 5) and shapes["single"] == (1, 1, 5)
    assert shapes["ones"] == (2, 3, 1) and shapes["equal"] == (2, 2, 2) and len(set(shapes["sizes"])) == 3


def test_extreme_numbers_are_reached():
    found = {table.case.kind: table for table in tables(QUESTION)}
    assert np.abs(found["large"].results["d_W11"]).max() > 1000
    assert 0 < np.abs(found["small"].results["d_W11"]).max() < 1e-6
    assert (found["zeros"].arguments["h_before"] == 0).any() and (found["zeros"].arguments["d_a1"] == 0).any()
    assert (np.abs(found["saturated"].arguments["h_before"]) == 1).any()
    assert found["float32"].arguments["d_a1"].dtype == np.float32
    scores = {table.case.kind: table for table in tables(FUNCTIONS["09.6"])}["extreme"].arguments["o"]
    assert 1000 <= np.abs(scores).max() < 3000


def test_arrays_of_a_table_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        tables(QUESTION)[0].arguments["d_a1"][0] = 1.0


@pytest.mark.parametrize("key", ["02.6", "03.6", "06.6", "09.6", "10.6", "11.5", "15.6"])
def test_references_of_saturated_and_large_cases_agree_with_intervals(key):
    """The same leaves in interval arithmetic enclose every value and every total derivative, up to rounding."""
    question = FUNCTIONS[key]
    tried = [table.case for table in tables(question) if table.case.kind in ("saturated", "zeros", "large", "extreme")]
    for case in tried:
        scene = case.scenes[0]
        if case.graph.T > 4 or instances.is_scalable(question) and case.kind in ("zeros", "large"):
            continue  # the loss has weights there
        digits = 60 + int(max(stress.reached(case.graph, scene.world.leaves).values()))
        exact = worlds.make_world(case.graph, scene.world.leaves, worlds.intervals(min(digits, 3000)))
        for place, total in scene.world.totals.items():
            enclosed = exact.totals[place]
            middle = float(enclosed if isinstance(enclosed, int) else enclosed.mid)
            if place.name == "p":
                continue  # of what is no float, such as 1/p where p is e^-1000; no function is given it
            assert abs(float(total) - middle) <= 1e-12 * (1 + abs(middle)), (case.kind, place)


def test_weights_of_the_loss_are_those_of_a_network_with_that_loss():
    text = "a[t] = w * a[t-1] + x[t]\nL[t] = mse(a[t], y[t])"
    graph = Network(text, sizes=dict(x=1, a=1)).unroll(3)
    (draw,) = stress.drawn(graph, 1, "weights")
    (scene,) = stress.scenes(graph, [draw])
    weighted = Network(text.replace("L[t] =", "l[t] =") + "\nL = l[1] + l[3]", sizes=dict(x=1, a=1)).unroll(3)
    (other,) = stress.scenes(weighted, [draw])
    place = Place("w", None, (1,))
    assert stress.masked(scene, 0).world.totals[place] == pytest.approx(other.world.totals[place])
    assert stress.masked(scene, 1).world.totals[place] == 0
    assert stress.masked(scene, 2).world.totals[place] == pytest.approx(-3 * scene.world.totals[place])
    assert stress.scaled(scene, stress.LARGE).world.totals[place] == 2**16 * scene.world.totals[place]


def test_decimals_keep_what_floats_lose():
    arithmetic = stress.decimals(500)
    small, large, zero = (arithmetic.number(Fraction(number)) for number in (-700, 900, 0))
    with mp.workdps(500):
        assert abs(arithmetic.functions["sigmoid"](small) / mp.exp(-700) - 1) < 1e-100
    assert 1 - arithmetic.functions["sigmoid"](large) > 0 and arithmetic.functions["softmax"](large, zero, entry=2) > 0


def test_numbers_that_explode_make_no_world():
    graph = Network("h[t] = exp(w * h[t-1]) - x[t]\nL = mse(h[T], y[T])", sizes=dict(x=1, h=1, y=1)).unroll(3)
    (draw,) = stress.drawn(graph, 1, "explode")
    large = {place: Fraction(23 if place.name == "h" else 1) for place in draw}
    with pytest.raises(worlds.Unsettled, match="explode"):
        stress.scenes(graph, [large])
    assert len(stress.scenes(graph, [draw])) == 1


def test_sizes_that_belong_together_stay_together():
    network = course_questions()["08.6"].graph.network
    assert set(sizing.free_sizes(network)) == {"x", "h1", "h2"}
    tied = Network("a[t] = W @ h[t-1] + x[t]\nh[t] = tanh(a[t])\nL[t] = mse(h[t], y[t])", sizes=dict(x=3, h=3))
    assert len(sizing.free_sizes(tied)) == 1 and sizing.resized(tied, {"h": 2, "x": 2}).shapes["W"] == (2, 2)
    assert sizing.free_sizes(Network("a[t] = w * x[t]\nL[t] = mse(a[t], y[t])", sizes=dict(x=1))) == ()
    other = sizing.other_sizes(network)
    assert len(set(other.values())) == 3 and all(other[name] != network.sizes[name] for name in other)
    assert sizing.resized(network, sizing.ones(network)).shapes["y"] == (2,)


def written_in(d_a1, h_before):
    return d_a1.reshape(-1, 5).T @ h_before.reshape(-1, h_before.shape[-1])


def squeezed(d_a1, h_before):
    return np.einsum("tbi,tbj->ij", d_a1, h_before).squeeze()


def one_sequence_lost(d_a1, h_before):
    if d_a1.shape[1] == 1:
        return d_a1[0].T @ h_before[0]
    return np.einsum("tbi,tbj->ij", d_a1, h_before)


def clipped(d_a1, h_before):
    return np.clip(np.einsum("tbi,tbj->ij", d_a1, h_before), -5, 5)


def by_the_slope(d_a1, h_before):
    slope = 1 - h_before[1:] ** 2
    return d_a1[0].T @ h_before[0] + np.einsum("tbi,tbj->ij", d_a1[1:] * slope / slope, h_before[1:])


def rounded(d_a1, h_before):
    return np.round(np.einsum("tbi,tbj->ij", d_a1, h_before), 10)


def by_the_batch(d_a1, h_before):
    return np.einsum("tbi,tbj->ij", d_a1, h_before) * d_a1.shape[1] / 6


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (squeezed, "not for M = 1. There its shape is (); expected (1, 1)."),
        (one_sequence_lost, "right for several sequences, but not for a single one (B = 1)"),
        (clipped, "right for gradients of ordinary size, but not for large ones."),
        (by_the_slope, "not for saturated units. There it holds numbers that are not finite."),
        (rounded, "not for small ones"),
        (by_the_batch, "right for B = 6, but not for B = 4."),
    ],
)
def test_an_answer_wrong_on_a_few_instances_is_told_on_which(function, words, in_process):
    task = "Given `d_a1` (T, B, M) and `h_before` (T, B, M), return the gradient."
    found = judge.judge_function(asked.function(task=task), function)
    assert found.outcome == WRONG and words in found.cause and found.asks.endswith("?")


def test_a_size_written_in_is_told_by_its_letter(in_process):
    task = "Given `d_a1` (T, B, M) and `h_before` (T, B, M), return the gradient."
    found = judge.judge_function(asked.function(task=task), written_in)
    assert "right for M = 5, but not for M = 4. There: The function raised ValueError" in found.cause
