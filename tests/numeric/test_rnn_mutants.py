"""Wrong backward passes, each of which a gradient check must refuse.

The reference below runs one step at a time and is made of small pieces; a mutant replaces one.
Times count from 1 as on paper: h[0] is h_start, x[1] the first input, delta[T+1] is zero.
Identifiers (A1, B3, ...) are those of the course's catalogue of mistakes.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from bptt_lab.numeric import activations, gradient_check

TOLERANCE = 1e-9


def total(terms):
    return sum(terms[1:], terms[0])


def from_output(c, t):
    return c.error[t] @ c.p["W1"]


def from_later(c, t):
    return c.delta[t + 1] @ c.p["W11"]


def slope_of_tanh(c, t):
    return 1 - c.h[t] ** 2


PIECES = dict(
    error=lambda c, t: c.probabilities[t] - c.targets[t],
    slope=slope_of_tanh,
    injected=from_output,
    carried=from_later,
    order=lambda c: range(c.T, 0, -1),
    d_W0=lambda c: total([c.delta[t].T @ c.x[t] for t in c.times]),
    d_W11=lambda c: total([c.delta[t].T @ c.h[t - 1] for t in c.times]),
    d_b0=lambda c: total([c.delta[t].sum(axis=0) for t in c.times]),
    d_W1=lambda c: total([c.error[t].T @ c.h[t] for t in c.times]),
    d_b1=lambda c: total([c.error[t].sum(axis=0) for t in c.times]),
    d_x=lambda c: np.array([c.delta[t] @ c.p["W0"] for t in c.times]),
    d_h_start=lambda c: c.delta[1] @ c.p["W11"],
)


def backward(instance, **replaced):
    """Run the reference, or a mutant of it if pieces are replaced."""
    pieces = dict(PIECES, **replaced)
    c = run_forward(instance)
    c.error = {t: pieces["error"](c, t) for t in c.times}
    c.delta = {t: np.zeros_like(c.h[0]) for t in range(c.T + 2)}
    for t in pieces["order"](c):
        c.delta[t] = pieces["slope"](c, t) * (pieces["injected"](c, t) + pieces["carried"](c, t))
    return {name: pieces[f"d_{name}"](c) for name in instance.arrays}


def run_forward(instance):
    p, T = instance.params, len(instance.x)
    c = SimpleNamespace(p=p, T=T, times=range(1, T + 1), h={0: instance.h_start})
    c.x = dict(enumerate(instance.x, start=1))
    for t in c.times:
        c.h[t] = np.tanh(c.x[t] @ p["W0"].T + c.h[t - 1] @ p["W11"].T + p["b0"])
    a2 = {t: c.h[t] @ p["W1"].T + p["b1"] for t in c.times}
    c.probabilities = {t: activations.softmax(a2[t]) for t in c.times}
    c.targets = {t: np.eye(len(p["b1"]))[instance.labels[t - 1]] for t in c.times}
    return c


def unslope(c, t):
    """The total derivative by h(t), from delta(t)."""
    return c.delta[t] / slope_of_tanh(c, t)


MUTANTS = {
    "A1 recurrent path forgotten": dict(carried=lambda c, t: 0),
    "A3 only one unit's path kept": dict(carried=lambda c, t: c.delta[t + 1] * np.diag(c.p["W11"])),
    "A4 time sum forgotten": dict(d_W11=lambda c: c.delta[c.T].T @ c.h[c.T - 1]),
    "A5 overwritten instead of added": dict(d_W11=lambda c: c.delta[1].T @ c.h[0]),
    "A6 loss counted only at the last step": dict(error=lambda c, t: (c.probabilities[t] - c.targets[t]) * (t == c.T)),
    "A7 loss injected once too often": dict(injected=lambda c, t: 2 * from_output(c, t)),
    "A8 product of Jacobians one factor too long": dict(
        d_W11=lambda c: total([((c.delta[t] @ c.p["W11"]) * slope_of_tanh(c, t)).T @ c.h[t - 1] for t in c.times])
    ),
    "A9 later losses reached over one step only": dict(
        carried=lambda c, t: (slope_of_tanh(c, t + 1) * from_output(c, t + 1)) @ c.p["W11"] if t < c.T else 0
    ),
    "A10 backward loop runs forward": dict(order=lambda c: c.times, carried=lambda c, t: c.delta[t - 1] @ c.p["W11"]),
    "B1 tanh' forgotten everywhere": dict(slope=lambda c, t: 1),
    "B2 tanh' missing in the carry only": dict(carried=lambda c, t: unslope(c, t + 1) @ c.p["W11"] if t < c.T else 0),
    "B3 tanh applied to h again": dict(slope=lambda c, t: 1 - np.tanh(c.h[t]) ** 2),
    "B4 square forgotten": dict(slope=lambda c, t: 1 - c.h[t]),
    "B5 sigmoid's rule used": dict(slope=lambda c, t: c.h[t] * (1 - c.h[t])),
    "B6 slope of the next time": dict(slope=lambda c, t: 1 - c.h[min(t + 1, c.T)] ** 2),
    "B6 slope of the time before": dict(slope=lambda c, t: 1 - c.h[t - 1] ** 2),
    "B7 slope applied twice": dict(slope=lambda c, t: slope_of_tanh(c, t) ** 2),
    "B8 one minus sech squared": dict(slope=lambda c, t: c.h[t] ** 2),
    "B8 one plus h squared": dict(slope=lambda c, t: 1 + c.h[t] ** 2),
    "B9 slope and transposed weights swapped": dict(
        carried=lambda c, t: slope_of_tanh(c, t) * (unslope(c, t + 1) @ c.p["W11"]) if t < c.T else 0
    ),
    "B10 the activation in place of its derivative": dict(slope=lambda c, t: c.h[t]),
    "C1 h(t) instead of h(t-1)": dict(d_W11=lambda c: total([c.delta[t].T @ c.h[t] for t in c.times])),
    "C2 h(t+1) instead of h(t-1)": dict(d_W11=lambda c: total([c.delta[t].T @ c.h[t + 1] for t in c.times[:-1]])),
    "C3 first step skipped": dict(d_W11=lambda c: total([c.delta[t].T @ c.h[t - 1] for t in c.times[1:]])),
    "C4 x(t-1) instead of x(t)": dict(d_W0=lambda c: total([c.delta[t].T @ c.x[t - 1] for t in c.times[1:]])),
    "C5 recurrent weights not transposed": dict(carried=lambda c, t: c.delta[t + 1] @ c.p["W11"].T),
    "C6 gradient transposed": dict(d_W11=lambda c: total([c.h[t - 1].T @ c.delta[t] for t in c.times])),
    "C7 output weights not transposed": dict(injected=lambda c, t: c.error[t] @ c.p["W1"].T),
    "C9 index -1 reads the last state": dict(
        d_W11=lambda c: total([c.delta[t].T @ c.h[t - 1 if t > 1 else c.T] for t in c.times])
    ),
    "C11 one step's delta reused": dict(d_W11=lambda c: total([c.delta[c.T].T @ c.h[t - 1] for t in c.times])),
    "D1 target forgotten": dict(error=lambda c, t: c.probabilities[t]),
    "D2 sign": dict(error=lambda c, t: c.targets[t] - c.probabilities[t]),
    "D3 softmax Jacobian taken as diagonal": dict(error=lambda c, t: -c.targets[t] * (1 - c.probabilities[t])),
    "D4 extra sigmoid factor": dict(
        error=lambda c, t: (c.probabilities[t] - c.targets[t]) * c.probabilities[t] * (1 - c.probabilities[t])
    ),
    "D5 derivative of -log p without the softmax": dict(error=lambda c, t: -c.targets[t] / c.probabilities[t]),
    "D7 mean instead of sum over time": dict(error=lambda c, t: (c.probabilities[t] - c.targets[t]) / c.T),
    "D8 mean instead of sum over sequences": dict(error=lambda c, t: (c.probabilities[t] - c.targets[t]) / len(c.h[0])),
    "D9 bias gradient from the last step only": dict(d_b0=lambda c: c.delta[c.T].sum(axis=0)),
    "D9 bias gradient from one sequence only": dict(d_b0=lambda c: total([c.delta[t][0] for t in c.times])),
    "D10 output bias counted twice": dict(d_b1=lambda c: 2 * total([c.error[t].sum(axis=0) for t in c.times])),
    "E1 gradient by h(0) ignored": dict(d_h_start=lambda c: np.zeros_like(c.h[0])),
    "E2 gradient by h(0) without the weights": dict(d_h_start=lambda c: c.delta[1]),
    "E3 carry reset inside the loop": dict(carried=lambda c, t: from_later(c, t) * (t % 2 == 0)),
    "E4 truncated after two steps, compared with the full gradient": dict(
        carried=lambda c, t: from_later(c, t) * (t != 2)
    ),
    "E8 gradient clipped element by element": dict(d_W11=lambda c: np.clip(PIECES["d_W11"](c), -0.1, 0.1)),
    "X a factor of 0.999999": dict(d_W11=lambda c: 0.999999 * PIECES["d_W11"](c)),
}


@pytest.fixture(scope="module")
def witness():
    """A function that returns the true gradients by complex step, computed once per instance."""
    known = {}

    def true_gradients(instance):
        key = (instance.x.shape, instance.h_start.any())
        if key not in known:
            known[key] = gradient_check.complex_step(instance.loss, instance.arrays)
        return known[key]

    return true_gradients


@pytest.fixture
def square(make_instance):
    """As many outputs as hidden units, so that a missing transpose cannot betray itself."""
    return make_instance(D=3, M=4, K=4, T=5, B=2)


def accepted(gradients, expected):
    differences = gradient_check.relative_differences(gradients, expected)
    return max(differences.values()) <= TOLERANCE


def test_the_right_backward_pass_is_accepted(square, witness):
    assert accepted(backward(square), witness(square))
    assert accepted(square.gradients(), witness(square))


@pytest.mark.parametrize("name", MUTANTS)
def test_the_complex_step_refuses(square, witness, name):
    assert not accepted(backward(square, **MUTANTS[name]), witness(square))


@pytest.mark.parametrize("name", MUTANTS)
def test_random_directions_refuse(square, name):
    rng = np.random.default_rng(7)
    wrong = backward(square, **MUTANTS[name])
    worst = gradient_check.along_directions(square.loss, square.arrays, wrong, rng)
    assert worst > 1e-8


def test_random_directions_accept_the_right_backward_pass(square):
    rng = np.random.default_rng(7)
    right = backward(square)
    assert gradient_check.along_directions(square.loss, square.arrays, right, rng) < 1e-8


def test_no_two_mutants_are_the_same_function(square):
    flat = {
        name: np.concatenate([g.ravel() for g in backward(square, **edit).values()]) for name, edit in MUTANTS.items()
    }
    names = list(flat)
    for i, name in enumerate(names):
        for other in names[i + 1 :]:
            assert np.abs(flat[name] - flat[other]).max() > 1e-9, (name, other)


def test_a_zero_initial_state_would_hide_a_skipped_first_step(square, witness):
    hidden = square._replace(h_start=np.zeros_like(square.h_start))
    wrong = backward(hidden, **MUTANTS["C3 first step skipped"])
    assert accepted(wrong, witness(hidden))


def test_symmetric_weights_would_hide_a_missing_transpose(square):
    W11 = square.params["W11"]
    hidden = square._replace(params=dict(square.params, W11=W11 + W11.T))
    wrong = backward(hidden, **MUTANTS["C5 recurrent weights not transposed"])
    assert accepted(wrong, hidden.gradients())


def test_a_single_step_would_hide_a_forgotten_recurrent_path(make_instance):
    hidden = make_instance(D=3, M=4, K=4, T=1, B=2)
    wrong = backward(hidden, **MUTANTS["A1 recurrent path forgotten"])
    assert accepted(wrong, hidden.gradients())
