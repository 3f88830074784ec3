"""Truncated, checkpointed, randomised and forward-mode gradients: what they equal, what they cost, what is refused."""

import ast
import inspect
import math
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from architectures import accepted, assert_close, assert_unchanged, complexly, copies, mutant
from bptt_lab.exercises.questions import course_questions
from bptt_lab.network import Network
from bptt_lab.numeric import (
    checkpointed,
    costs,
    forward_mode,
    gradient_check,
    losses,
    rnn,
    rnn_plain,
    stepwise,
    truncated,
)
from bptt_lab.numeric.arrays import Workspace
from bptt_lab.numeric.truncated import Tally
from bptt_lab.symbolic import path_sum

PARAMETERS = rnn.PARAMETERS
SIZES = [(7, 2, 4, 5, 3), (4, 3, 2, 6, 5), (1, 1, 1, 1, 1), (9, 1, 3, 2, 4), (12, 4, 1, 3, 2)]  # T, B, D, M, K
WINDOWS = [(1, 1), (1, 3), (2, 2), (2, 5), (3, 4), (4, 4), (5, 30), (50, 60)]


def case(T=7, B=2, D=4, M=5, K=3, seed=0, dtype=np.float64, scale=1.0):
    """Return params, x, h_start and d_output, the full gradients, and the trace."""
    rng = np.random.default_rng(seed + 100 * T)
    params = {name: (scale * array).astype(dtype) for name, array in rnn.initialise(rng, D, M, K).items()}
    x, h_start = rng.standard_normal((T, B, D)).astype(dtype), rng.uniform(-0.9, 0.9, (B, M)).astype(dtype)
    labels = rng.integers(K, size=(T, B))
    trace = rnn.forward(params, x, h_start)
    d_a2 = losses.softmax_nll(trace.a2, labels)[1]
    given = (params, x, h_start, lambda t, a2: losses.softmax_nll(a2, labels[t - 1])[1])
    full = rnn.backward(params, trace, d_a2)
    return SimpleNamespace(given=given, full=full, trace=trace, d_a2=d_a2, T=T, labels=labels)


def in_windows(one, k1, k2):
    """Return the gradients of TBPTT(k1, k2) by the library's full backward pass over the piece before each stop."""
    params, x, _, _ = one.given
    found = {name: np.zeros_like(array) for name, array in one.full.items()}
    before = 0
    for stop in sorted({*range(k1, one.T + 1, k1), one.T}):
        start = max(0, stop - k2)
        trace = rnn.forward(params, x[start:stop], one.trace.states[start].copy())
        d_a2 = one.d_a2[start:stop].copy()
        d_a2[: max(0, before - start)] = 0  # these losses went back before
        piece = rnn.backward(params, trace, d_a2)
        found["x"][start:stop] += piece.pop("x")
        at_start = piece.pop("h_start")
        found["h_start"] += at_start if start == 0 else 0
        for name, gradient in piece.items():
            found[name] += gradient
        before = stop
    return found


# What they equal


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize(("k1", "k2"), WINDOWS)
def test_truncated_is_the_full_pass_over_pieces_that_start_from_a_given_state(sizes, k1, k2):
    one = case(*sizes)
    assert_close(truncated.gradients(*one.given, k1, k2), in_windows(one, k1, k2), 1e-12)


@pytest.mark.parametrize("sizes", SIZES)
def test_whatever_reaches_the_first_step_from_every_stop_is_the_full_gradient(sizes):
    one = case(*sizes)
    for k1 in {1, 2, one.T}:
        assert_close(truncated.gradients(*one.given, k1, max(k1, one.T)), one.full, 1e-12)
    assert_close(truncated.gradients(*one.given), one.full, 1e-13)


def test_the_full_gradient_also_agrees_with_a_complex_step():
    one = case()
    params, x, h_start, _ = one.given

    def loss(arrays):
        moved = {name: arrays[name] for name in PARAMETERS}
        return losses.softmax_nll(rnn.forward(moved, arrays["x"], arrays["h_start"]).a2, one.labels)[0]

    stepped = gradient_check.complex_step(loss, dict(params, x=x, h_start=h_start))
    assert_close(truncated.gradients(*one.given), stepped, 1e-12)


def detached_loss(one, k1, k2):
    """Return the loss as a function in which each loss starts from a state that is a given number, not a result."""
    states = one.trace.states

    def loss(arrays):
        params, total = {name: arrays[name] for name in PARAMETERS}, 0
        for s in range(1, one.T + 1):
            start = max(0, min(k1 * math.ceil(s / k1), one.T) - k2)
            state = arrays["h_start"] if start == 0 else states[start].astype(complex)
            a2 = rnn.forward(params, arrays["x"][start:s], state).a2[-1]
            total = total + losses.softmax_nll(a2, one.labels[s - 1])[0]
        return total

    return loss


@pytest.mark.parametrize(("k1", "k2"), [(1, 1), (1, 3), (3, 4), (2, 2)])
def test_truncated_is_the_derivative_with_states_detached_by_complex_steps(k1, k2):
    one = case(5, 2, 4, 3, 2)
    arrays = dict(one.given[0], x=one.given[1], h_start=one.given[2])
    expected = gradient_check.complex_step(detached_loss(one, k1, k2), arrays)
    assert_close(truncated.gradients(*one.given, k1, k2), expected, 1e-12)


SCALARS = """
    a1[t] = W0 * x[t] + W11 * h1[t-1] + b0
    h1[t] = tanh(a1[t])
    a2[t] = W1 * h1[t] + b1
    L[t]  = mse(a2[t], y[t])
"""


@pytest.mark.parametrize(("k1", "k2"), [(1, 1), (1, 2), (2, 2), (2, 3), (1, 4), (3, 3)])
@pytest.mark.parametrize("name", PARAMETERS)
def test_truncated_is_the_sum_of_the_paths_kept(name, k1, k2):
    graph = Network(SCALARS, sizes=dict(x=1, h1=1, a2=1)).unroll(4)
    params = dict(W0=0.7, W11=-1.3, b0=0.2, W1=1.1, b1=-0.4)
    arrays = {n: np.full((1,) if n[0] == "b" else (1, 1), v) for n, v in params.items()}
    x, y = np.array([0.5, -1.0, 0.3, 0.8]), np.array([0.1, 0.9, -0.7, 0.4])
    trace = rnn.forward(arrays, x[:, None, None], np.full((1, 1), 0.6))
    numbers = params | {f"h1({t})": h for t, h in enumerate(trace.states.ravel())}
    numbers |= {
        f"{n}({t})": v for n, a in dict(x=x, y=y, a2=trace.a2).items() for t, v in enumerate(a.ravel(), start=1)
    }
    total, kept = 0.0, 0
    for path, term in path_sum(graph, name):
        if truncated.is_kept(path[1].time, path[-1].time, 4, k1, k2):
            total += float(term.subs({letter: numbers[str(letter)] for letter in term.free_symbols}))
            kept += 1
    found = truncated.gradients(arrays, trace.x, trace.h_start, lambda t, a2: a2 - y[t - 1], k1, k2)
    assert np.isclose(found[name].item(), total, rtol=1e-12)
    assert (kept < 10) == (k2 < 4) or name in ("W1", "b1")  # 10 paths in all, 4 of them those of the output


def test_the_output_has_no_paths_to_lose():
    one = case()
    found = truncated.gradients(*one.given, 1, 1)
    for name in ("W1", "b1"):
        np.testing.assert_allclose(found[name], one.full[name], rtol=1e-12)
    for name in ("W0", "W11", "b0"):
        assert gradient_check.relative_difference(found[name], one.full[name]) > 1e-2


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("every", [None, 1, 2, 3, 5, 20])
def test_checkpointing_drops_nothing(sizes, every):
    one = case(*sizes)
    assert_close(checkpointed.gradients(*one.given, every), one.full, 1e-12)


@pytest.mark.parametrize("sizes", SIZES)
def test_saturated_units_change_nothing(sizes):
    one = case(*sizes, scale=30.0)  # near 1, the slope 1 - h^2 keeps few of the digits of h
    assert_close(truncated.gradients(*one.given, 1, one.T), one.full, 1e-9)
    assert_close(truncated.gradients(*one.given, 2, 3), in_windows(one, 2, 3), 1e-9)
    assert_close(checkpointed.gradients(*one.given), one.full, 1e-9)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_forward_mode_is_backpropagation(sizes, scale):
    one = case(*sizes, scale=scale)
    found = forward_mode.gradients(*one.given)
    assert_close(found, {name: one.full[name] for name in found}, 1e-9)
    assert set(found) == {*PARAMETERS, "h_start"}


@pytest.mark.parametrize("c", [0.0, 0.25, 0.7])
def test_the_mean_over_all_cuts_is_the_full_gradient_and_not_of_each_cut(c):
    one = case(5, 2, 4, 3, 2)
    patterns = truncated.cut_patterns(5, c)
    assert len(patterns) == 2**4 and np.isclose(sum(share for _, share in patterns), 1)
    found = [(truncated.gradients_with_cuts(*one.given, cuts, c), share) for cuts, share in patterns if share]
    mean = {name: sum(share * gradients[name] for gradients, share in found) for name in one.full}
    assert_close(mean, one.full, 1e-12)
    assert c == 0 or not accepted(found[0][0], one.full, 1e-3)


def test_a_path_that_crosses_n_times_has_the_variance_of_its_probability():
    c, one = 0.4, case(4, 2, 3, 2, 4)
    only_last = (*one.given[:3], lambda t, a2: one.given[3](t, a2) * (t == 4))
    found = [(truncated.gradients_with_cuts(*only_last, cuts, c)["x"], p) for cuts, p in truncated.cut_patterns(4, c)]
    full = truncated.gradients(*only_last)["x"]
    variance = sum(p * (gradient - full) ** 2 for gradient, p in found)
    for t in range(1, 5):  # one path from x(t) to the last loss, crossing 4 - t times
        np.testing.assert_allclose(variance[t - 1], full[t - 1] ** 2 * ((1 - c) ** (t - 4) - 1), atol=1e-12)


def test_cuts_are_drawn_with_their_probability():
    cuts = np.array([truncated.draw_cuts(np.random.default_rng(seed), 51, 0.3) for seed in range(200)])
    assert cuts.shape == (200, 50) and abs(cuts.mean() - 0.3) < 5 * math.sqrt(0.3 * 0.7 / cuts.size)
    assert not truncated.draw_cuts(np.random.default_rng(0), 9, 0.0).any()


def test_twelve_steps_have_all_their_patterns():
    assert len(truncated.cut_patterns(12, 0.5)) == 2**11


def test_fixed_cuts_without_a_factor_are_truncation():
    one = case(6)  # with T = 7 the last stop would go back over steps of the piece before
    cuts = np.array([t % 3 == 0 for t in range(1, one.T)])
    assert_close(truncated.gradients_with_cuts(*one.given, cuts, 0.0), truncated.gradients(*one.given, 3, 3), 1e-13)


@pytest.mark.parametrize(("T", "k1", "k2"), [(7, 2, 3), (6, 3, 3), (5, 1, 2), (4, 9, 9), (9, 4, 6)])
def test_reach_runs_from_k2_minus_k1_crossings_to_one_less_than_k2(T, k1, k2):
    kept = {(u, s) for s in range(1, T + 1) for u in range(1, s + 1) if truncated.is_kept(u, s, T, k1, k2)}
    every = {(u, s) for s in range(1, T + 1) for u in range(1, s + 1)}
    assert {(u, s) for u, s in every if s - u <= k2 - k1} <= kept
    assert not {(u, s) for u, s in kept if s - u >= k2}
    assert not any(truncated.is_kept(s + 1, s, T, k1, k2) for s in range(1, T))


def test_the_count_of_exercise_13_1_is_that_of_the_code():
    kept = [truncated.is_kept(use, loss, 6, 2, 3) for loss in range(1, 7) for use in range(1, loss + 1)]
    assert len(kept) == 21 and sum(kept) == course_questions()["13.1"].number


# What they cost


WAYS = {
    "full": (lambda g, tally: truncated.gradients(*g, tally=tally), costs.full),
    **{
        f"TBPTT({k1}, {k2})": (
            lambda g, tally, k1=k1, k2=k2: truncated.gradients(*g, k1, k2, tally),
            lambda *sizes, k1=k1, k2=k2: costs.truncated(*sizes, k1, k2),
        )
        for k1, k2 in WINDOWS
    },
    **{
        f"a state kept every {every} steps": (
            lambda g, tally, every=every: checkpointed.gradients(*g, every, tally),
            lambda *sizes, every=every: costs.checkpointed(*sizes, every),
        )
        for every in (1, 2, 3, 4, 30)
    },
    "forward mode": (lambda g, tally: forward_mode.gradients(*g, tally), costs.forward_mode),
    **{
        f"cuts {seed}": (
            lambda g, tally, seed=seed: truncated.gradients_with_cuts(*g, cuts_of(len(g[1]), seed), 0.4, tally),
            lambda T, *sizes, seed=seed: costs.with_cuts(T, *sizes, cuts_of(T, seed)),
        )
        for seed in range(3)
    },
}


def cuts_of(T, seed):
    return truncated.draw_cuts(np.random.default_rng(seed), T, 0.4)


@pytest.mark.parametrize("sizes", [*SIZES, (13, 3, 2, 4, 6)])
@pytest.mark.parametrize("name", WAYS)
def test_the_formula_is_what_the_code_does(name, sizes):
    run, formula = WAYS[name]
    one, tally = case(*sizes), Tally()
    run(one.given, tally)
    counted = (tally.multiply_adds, tally.most_numbers, tally.steps_forward, tally.steps_backward)
    assert counted == tuple(formula(*sizes))


def test_the_plain_pass_makes_as_many_multiply_adds_as_the_formula_says():
    """A second counter, which knows nothing of the first: arrays that count each `@` themselves."""
    T, B, D, M, K = sizes = 7, 2, 4, 5, 3
    one = case(*sizes)
    made = []

    class Watched(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
            plain = [np.asarray(value) for value in inputs]
            keywords["out"] = tuple(map(np.asarray, keywords.get("out", ()))) or None
            found = getattr(ufunc, method)(*plain, **{k: v for k, v in keywords.items() if v is not None})
            if ufunc is np.matmul:
                made.append(found.size * plain[0].shape[-1])
            return np.asarray(found).view(Watched)

    params = {name: array.view(Watched) for name, array in one.given[0].items()}
    x, h_start = one.given[1].view(Watched), one.given[2].view(Watched)
    trace = rnn_plain.forward(params, x, h_start)
    rnn_plain.backward(params, rnn_plain.Trace(x, trace.h1.view(Watched), trace.a2), one.d_a2.view(Watched))
    # its first step back multiplies zeros by W11, and it goes back to the initial state: T + 1 crossings
    assert sum(made) == costs.full(*sizes).multiply_adds + B * M * M


def test_truncation_saves_memory_and_next_to_no_work():
    T, B, D, M, K = sizes = 60, 2, 3, 5, 4
    full, short, dense = costs.full(*sizes), costs.truncated(*sizes, 10, 10), costs.truncated(*sizes, 1, 10)
    assert short.numbers * 5 < full.numbers
    assert full.multiply_adds - short.multiply_adds == (T // 10 - 1) * B * M * M
    assert dense.multiply_adds > 3 * full.multiply_adds


def test_memory_of_checkpointing_grows_with_the_root_of_time():
    sizes = 3, 4, 6, 2
    few, many = (costs.checkpointed(T, *sizes, math.isqrt(T)).numbers for T in (100, 10000))
    assert 9 < many / few < 11
    assert costs.checkpointed(10000, *sizes, 100).steps_forward < 2 * 10000


def test_memory_of_forward_mode_does_not_depend_on_time():
    assert costs.forward_mode(5, 2, 3, 4, 6).numbers == costs.forward_mode(500, 2, 3, 4, 6).numbers


def test_states_kept_are_counted():
    one, tally = case(12, 4, 1, 3, 2), Tally()
    checkpointed.gradients(*one.given, tally=tally)
    assert tally.most_states == 3 + 4  # of 12 steps in 3 segments of 4
    tally = Tally()
    truncated.gradients(*one.given, 1, 5, tally)
    assert tally.most_states == 6


def test_what_is_kept_again_under_one_name_counts_once():
    tally = Tally()
    assert tally.most_numbers == tally.most_states == 0
    for array in (np.zeros(5), np.zeros(3)):
        tally.keep("h1", 2, array)
    assert (tally.most_numbers, tally.most_states) == (5, 1)
    assert tally.take("h1", 2).size == 3 and tally.take("h1", 2) is None
    tally.keep("delta2", 2, np.zeros(4))
    assert (tally.most_numbers, tally.most_states) == (5, 1)


PRODUCTS = {"dot", "matmul", "einsum", "tensordot", "inner", "outer", "vdot", "multi_dot", "vecdot", "kron"}


def uncounted(source):
    """Return the lines of a source that multiply matrices without a Tally."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            found.append(node.lineno)
        elif isinstance(node, ast.Attribute) and node.attr in PRODUCTS and ast.unparse(node) != "tally.dot":
            found.append(node.lineno)
    return found


@pytest.mark.parametrize("module", [truncated, checkpointed, forward_mode, stepwise])
def test_no_product_passes_the_counter_by(module):
    source = (
        inspect.getsource(module).replace(inspect.getsource(Tally), "").replace(inspect.getsource(truncated.bias), "")
    )
    assert uncounted(source) == []


@pytest.mark.parametrize("line", ["a @ b", "np.einsum('ij,jk', a, b)", "a.dot(b)", "np.matmul(a, b)", "x.T @ y + 1"])
def test_a_product_that_passes_the_counter_by_is_found(line):
    assert uncounted(line) == [1]


def test_numbers_kept_are_the_memory_that_is_used():
    """Python's own count of memory follows the formulas, for arrays large beside everything else."""
    sizes = T, B, D, M, K = 64, 40, 2, 60, 3
    one = case(*sizes)
    for run, numbers in (
        (lambda: truncated.gradients(*one.given), costs.full(*sizes).numbers),
        (lambda: truncated.gradients(*one.given, 4, 8), costs.truncated(*sizes, 4, 8).numbers),
        (lambda: checkpointed.gradients(*one.given, 8), costs.checkpointed(*sizes, 8).numbers),
    ):
        run()
        tracemalloc.start()
        run()
        used = tracemalloc.get_traced_memory()[1] / 8
        tracemalloc.stop()
        returned = sum(gradient.size for gradient in one.full.values())
        assert abs(used - returned - numbers) < 8 * B * M + 4 * M * M  # a few arrays of one step


# Bias


def test_bias_measures_angle_and_size():
    full = dict(W0=np.array([[3.0, 0.0]]), b0=np.array([4.0]))
    turned = dict(W0=np.array([[0.0, 5.0]]), b0=np.array([0.0]))
    names = ("W0", "b0")
    assert np.allclose(truncated.bias(full, full, names), (0, 0))
    assert np.allclose(truncated.bias({n: 3 * g for n, g in full.items()}, full, names), (0, 2))
    assert np.allclose(truncated.bias({n: -g for n, g in full.items()}, full, names), (180, 2))
    assert np.allclose(truncated.bias(turned, full, names), (90, math.sqrt(2)))
    assert np.allclose(truncated.bias({n: 0 * g for n, g in full.items()}, full, names), (90, 1))
    assert np.allclose(truncated.bias(turned, full, ["b0"]), (90, 1))
    small = dict(W0=np.array([[3.0, 1e-9]]), b0=np.array([4.0]))
    assert np.isclose(truncated.bias(small, full, names).angle, np.degrees(1e-9 / 5), rtol=1e-6)


# Types, inputs, errors


@pytest.mark.parametrize("name", WAYS)
def test_inputs_are_not_changed_and_float32_stays(name):
    run = WAYS[name][0]
    one = case(dtype=np.float32)
    arrays = dict(one.given[0], x=one.given[1], h_start=one.given[2])
    kept = copies(arrays)
    found = run(one.given, None)
    assert_unchanged(arrays, kept)
    assert all(gradient.dtype == np.float32 for gradient in found.values())
    assert not any(np.shares_memory(gradient, array) for gradient in found.values() for array in arrays.values())
    wide = case()
    expected = run((*(widened(given) for given in one.given[:3]), wide.given[3]), None)
    assert_close(found, expected, 1e-4)


@pytest.mark.parametrize("name", WAYS)
def test_a_loss_may_use_one_memory_for_all_steps(name):
    one, workspace, memory = case(), Workspace(), np.empty((2, 3))
    for d_output in (
        lambda t, a2: losses.softmax_nll(a2, one.labels[t - 1], workspace=workspace)[1],
        lambda t, a2: np.copyto(memory, one.given[3](t, a2)) or memory,
    ):
        assert_close(WAYS[name][0]((*one.given[:3], d_output), None), WAYS[name][0](one.given, None), 1e-13)


def widened(given):
    if isinstance(given, dict):
        return {name: array.astype(np.float64) for name, array in given.items()}
    return given.astype(np.float64)


@pytest.mark.parametrize("name", WAYS)
def test_gradients_can_be_differentiated_again_by_the_complex_step(name):
    one = case(4, 2, 3, 2, 5)
    params, x, h_start, _ = one.given
    y = np.random.default_rng(3).standard_normal(one.trace.a2.shape)
    moved = complexly(params)
    moved["W1"][1, 0] += 1e-30j
    found = WAYS[name][0]((moved, x.astype(complex), h_start.astype(complex), lambda t, a2: a2 - y[t - 1]), None)
    assert any(gradient.imag.any() for gradient in found.values())
    real = WAYS[name][0]((params, x, h_start, lambda t, a2: a2 - y[t - 1]), None)
    assert_close({n: gradient.real for n, gradient in found.items()}, real, 1e-13)


BAD = [
    (lambda g: truncated.gradients(*g, 0, 3), ValueError, "k1 is 0, expected an integer of at least 1"),
    (lambda g: truncated.gradients(*g, 1, 2.0), ValueError, "k2 is 2.0, expected an integer"),
    (lambda g: truncated.gradients(*g, 3, 2), ValueError, "k2 is 2, expected at least k1 = 3, because the losses of 1"),
    (lambda g: truncated.gradients(*g[:3], lambda t, a2: a2[0]), ValueError, r"d_output\(1, a2\) has shape"),
    (lambda g: truncated.gradients(*g[:3], lambda t, a2: a2 * np.nan), ValueError, r"d_output\(1, a2\) contains nan"),
    (lambda g: truncated.gradients(*g[:3], lambda t, a2: 1.0), TypeError, r"d_output\(1, a2\) is of type float"),
    (lambda g: truncated.gradients(g[0], g[1][0], *g[2:]), ValueError, r"x has shape .* expected 3 axes"),
    (lambda g: truncated.gradients(*g, tally=3), TypeError, "tally is of type int, expected a Tally or None"),
    (lambda g: truncated.gradients(*g, tally=used(g)), ValueError, "tally has counted another pass"),
    (lambda g: checkpointed.gradients(*g, 0), ValueError, "every is 0, expected an integer of at least 1"),
    (lambda g: forward_mode.gradients({}, *g[1:]), ValueError, "params has no W0"),
    (lambda g: truncated.gradients_with_cuts(*g, [True] * 6, 0.5), ValueError, "cuts is .* expected an array of bool"),
    (lambda g: truncated.gradients_with_cuts(*g, np.ones(7, bool), 0.5), ValueError, r"of shape \(6,\)"),
    (lambda g: truncated.gradients_with_cuts(*g, np.ones(6, bool), 1.0), ValueError, "c is 1.0, expected a probab"),
    (lambda g: truncated.draw_cuts(np.random.default_rng(0), 4, -0.1), ValueError, "c is -0.1"),
    (lambda g: truncated.draw_cuts(np.random.default_rng(0), 0, 0.1), ValueError, "T is 0"),
    (lambda g: truncated.cut_patterns(13, 0.1), ValueError, "T is 13, expected at most 12"),
    (lambda g: truncated.cut_patterns(0, 0.1), ValueError, "T is 0, expected an integer of at least 1"),
    (lambda g: truncated.cut_patterns(3, 1.5), ValueError, "c is 1.5"),
    (lambda g: truncated.stops(0, 2), ValueError, "T is 0, expected an integer of at least 1"),
    (lambda g: truncated.stops(3, 2.5), ValueError, "k1 is 2.5, expected an integer of at least 1"),
    (lambda g: truncated.bias({}, {"b0": np.zeros(2)}, ["b0"]), ValueError, "there is no gradient by 'b0'"),
    (lambda g: truncated.bias({"b0": np.ones(2)}, {"b0": np.zeros(2)}, ["b0"]), ValueError, "full gradient is zero"),
    (lambda g: truncated.bias({"b0": np.ones(2)}, {"b0": np.ones(2)}), ValueError, "there is no gradient by 'W0'"),
    (lambda g: truncated.bias({"b0": np.ones(2)}, {"b0": np.ones(2)}, ()), ValueError, "names is empty"),
    (
        lambda g: truncated.bias({"b0": np.ones(2)}, {"b0": np.ones(3)}, ["b0"]),
        ValueError,
        r"by b0 .* \(2,\) and \(3,\)",
    ),
    (lambda g: truncated.is_kept(1, 5, 3, 1, 1), ValueError, "loss is 5, expected a step from 1 to T = 3"),
    (lambda g: truncated.is_kept(4, 1, 3, 1, 1), ValueError, "use is 4, expected a step from 1 to T = 3"),
    (lambda g: truncated.is_kept(0, 1, 3, 1, 1), ValueError, "use is 0, expected an integer of at least 1"),
    (lambda g: truncated.is_kept(1, -1, 3, 1, 1), ValueError, "loss is -1, expected an integer of at least 1"),
    (lambda g: truncated.is_kept(1, 1, 0, 1, 1), ValueError, "T is 0, expected an integer of at least 1"),
    (lambda g: truncated.is_kept(1, 1, 3, 0, 1), ValueError, "k1 is 0, expected an integer of at least 1"),
    (lambda g: truncated.is_kept(1, 1, 3, 1, 0), ValueError, "k2 is 0, expected an integer of at least 1"),
    (lambda g: truncated.is_kept(1, 1, 3, 2, 1), ValueError, "k2 is 1, expected at least k1 = 2"),
]


SIZED = (7, 2, 4, 5, 3)  # as the case whose gradients are asked for beside
REFUSED = [
    *(((lambda g, w=window: truncated.gradients(*g, *w)), (lambda w=window: costs.truncated(*SIZED, *w)))
      for window in [(0, 3), (1, 2.0), (3, 2), (1, 0), (True, 2), ("1", 2)]),
    *(((lambda g, n=every: checkpointed.gradients(*g, n)), (lambda n=every: costs.checkpointed(*SIZED, n)))
      for every in [0, -1, 2.5, "2"]),
    *(((lambda g, c=cuts: truncated.gradients_with_cuts(*g, c, 0.5)), (lambda c=cuts: costs.with_cuts(*SIZED, c)))
      for cuts in [[True] * 6, np.ones(7, bool), np.ones(5, bool), np.ones(6), None]),
]  # fmt: skip


@pytest.mark.parametrize(("run", "formula"), REFUSED)
def test_a_formula_refuses_what_the_code_refuses_in_the_same_words(run, formula):
    told = []
    for call in (lambda: run(case().given), formula):
        with pytest.raises(ValueError) as caught:
            call()
        told.append(str(caught.value))
    assert told[0] == told[1]


@pytest.mark.parametrize("formula", [costs.truncated, costs.checkpointed])
def test_a_formula_of_no_steps_is_refused_and_what_is_left_out_is_as_in_the_code(formula):
    with pytest.raises(ValueError, match="T is 0, expected an integer of at least 1"):
        formula(0, 2, 4, 5, 3)
    with pytest.raises(ValueError, match="T is 0"):
        costs.with_cuts(0, 2, 4, 5, 3, np.ones(0, bool))
    assert costs.truncated(*SIZED) == costs.full(*SIZED)
    assert costs.checkpointed(*SIZED) == costs.checkpointed(*SIZED, 3)


def used(given):
    tally = Tally()
    truncated.gradients(*given, tally=tally)
    return tally


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input_gets_one_clear_message(call, error, message):
    with pytest.raises(error, match=message):
        call(case().given)


# Mutants


def by(module, **changed):
    """Return the gradients of all ways, where one of the modules is a mutant."""
    ways = SimpleNamespace(truncated=truncated, checkpointed=checkpointed, forward_mode=forward_mode)
    vars(ways).update(changed)
    return ways


SQUARE = (7, 2, 4, 4, 4)  # so that nothing betrays itself by its shape
RUNS = {
    truncated: lambda made, one: made.gradients(*one.given, 2, 3),
    checkpointed: lambda made, one: made.gradients(*one.given, 3),
    forward_mode: lambda made, one: made.gradients(*one.given),
}
EXPECTED = {truncated: lambda one: in_windows(one, 2, 3), checkpointed: lambda one: one.full}
LAST = "            if first == 1:\n                arrive(params, delta1, found, tally)\n    return found"
MUTANTS = {
    "window one step too long": (truncated, "first = max(1, t - k2 + 1)", "first = max(1, t - k2)"),
    "window one step too short": (truncated, "first = max(1, t - k2 + 1)", "first = max(1, t - k2 + 2)"),
    "what is left after the last stop is lost": (truncated, "if t % k1 == 0 or t == T:", "if t % k1 == 0:"),
    "stops one step late": (truncated, "if t % k1 == 0 or t == T:", "if t % k1 == 1 or t == T:"),
    "gradient by the initial state from every stop": (truncated, LAST, LAST.replace("first == 1", "first < t")),
    "a state let go too early": (truncated, '"h1", t - k2 - 1', '"h1", t - k2'),
    "gradient by the initial state forgotten": (checkpointed, "    arrive(params, delta1, found, tally)\n", ""),
    "nothing comes back from the next segment": (checkpointed, "found, tally, delta1)", "found, tally)"),
    "last segment only": (checkpointed, "in reversed(starts):", "in [starts[-1]]:"),
    "slope missing in what is carried": (forward_mode, "carried *= (1 - h1 * h1)[:, :, None]", "carried *= 1"),
    "slope of the state before": (forward_mode, "carried *= (1 - h1 * h1)", "carried *= (1 - h1_before * h1_before)"),
    "recurrent weights transposed": (forward_mode, 'params["W11"], carried', 'params["W11"].T, carried'),
    "the past forgotten": (forward_mode, 'tally.dot(params["W11"], carried) + ', "0 * carried + "),
    "the state itself instead of the one before": (forward_mode, "(x[t - 1], h1_before)", "(x[t - 1], h1)"),
    "initial state does not start at one": (forward_mode, "= np.eye(M)  # dh1(0)", "= 0  # dh1(0)"),
    "only the last loss": (forward_mode, "found[name] += share[", "found[name] = share["),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_wrong_code_is_refused(name):
    module, before, after = MUTANTS[name]
    one = case(*SQUARE)
    assert right(module, RUNS[module](module, one), one)
    try:
        found = RUNS[module](mutant(module, before, after), one)
    except (KeyError, TypeError):  # it needs what is kept no longer, which the store refuses
        return
    assert not right(module, found, one)


def right(module, found, one):
    expected = EXPECTED.get(module, lambda one: {name: one.full[name] for name in found})(one)
    return accepted(found, expected, 1e-9)


SHARED = {
    "factor forgotten": ("factor * tally.dot(delta1", "tally.dot(delta1"),
    "recurrent weights not transposed back": ('params["W11"])\n        d_h1', 'params["W11"].T)\n        d_h1'),
    "a loss that goes back at every stop": ('tally.take("delta2", t)', 'tally.kept("delta2", t)'),
    "slope forgotten": ("delta1 = (1 - h1 * h1) * d_h1", "delta1 = d_h1 * 1"),
    "h(t) for h(t-1)": ("tally.dot(delta1.T, h1_before)", "tally.dot(delta1.T, h1)"),
    "x of the step before": ("tally.dot(delta1.T, x[t - 1])", "tally.dot(delta1.T, x[t - 2])"),
    "gradient by x overwritten": ('gradients["x"][t - 1] +=', 'gradients["x"][t - 1] ='),
}  # fmt: skip


@pytest.mark.parametrize("name", SHARED)
def test_wrong_code_of_what_is_shared_is_refused(name, monkeypatch):
    one = case(*SQUARE)
    wrong = mutant(stepwise, *SHARED[name])
    monkeypatch.setattr(truncated, "sweep", wrong.sweep)
    try:
        found = truncated.gradients(*one.given, 2, 5)
        cut = [(truncated.gradients_with_cuts(*one.given, cuts, 0.3), p) for cuts, p in truncated.cut_patterns(7, 0.3)]
    except KeyError:
        return
    mean = {n: sum(p * gradients[n] for gradients, p in cut) for n in one.full}
    assert not (accepted(found, in_windows(one, 2, 5), 1e-9) and accepted(mean, one.full, 1e-9))


COUNTS = {
    "a product not counted": (stepwise, "product.size * left.shape[-1]", "product.size"),
    "numbers kept now, not at most": (stepwise, "max(self.most_numbers, self._numbers)", "self._numbers"),
    "what is let go still counts": (stepwise, "self._numbers -= array.size", "pass"),
    "each array counts as one": (stepwise, "self._numbers += array.size", "self._numbers += 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_a_wrong_counter_is_refused(name, monkeypatch):
    module, before, after = COUNTS[name]
    wrong = mutant(module, before, after).Tally
    monkeypatch.setattr(stepwise, "Tally", wrong)
    one, tally = case(), wrong()
    truncated.gradients(*one.given, 2, 3, tally)
    assert (tally.multiply_adds, tally.most_numbers) != costs.truncated(7, 2, 4, 5, 3, 2, 3)[:2]
