"""Optimisers and clipping: against scalar implementations written here, on a bowl, at zero."""

import math

import numpy as np
import pytest
from autograd.misc import optimizers

from architectures import mutant
from bptt_lab.numeric import optimisers, training

UPDATES = [optimisers.sgd, optimisers.adagrad, optimisers.rmsprop, optimisers.rprop, optimisers.adam]


def slope(params):
    """Return the gradients of a bowl that is steep in W and flat in b, and not symmetric."""
    return {"W": params["W"] * np.array([[30.0, 1.0, 2.0]]) + params["b"][:, None], "b": 0.01 * params["b"] - 1}


def parameters():
    rng = np.random.default_rng(5)
    return {"W": rng.standard_normal((2, 3)), "b": rng.standard_normal(2)}


def frozen(arrays):
    for array in arrays.values():
        array.setflags(write=False)
    return arrays


# Optimisers


def test_adam_agrees_with_an_independent_implementation():
    params, state, start = parameters(), None, parameters()
    for _ in range(30):
        params, state = optimisers.adam(params, slope(params), state, rate=0.05)
    expected = optimizers.adam(lambda found, i: slope(found), start, num_iters=30, step_size=0.05)
    for name in params:
        np.testing.assert_allclose(params[name], expected[name], rtol=1e-12)
    assert state.step == 30


ADAM_MUTANTS = {
    "means not corrected at first": lambda m, v, g: 0.1 * g / (np.sqrt(0.001) * abs(g)),
    "no root": lambda m, v, g: m / v,
    "the mean of the gradient forgotten": lambda m, v, g: np.zeros_like(g),
}


@pytest.mark.parametrize("name", ADAM_MUTANTS)
def test_wrong_first_steps_of_adam_are_told_apart(name):
    params, gradients = parameters(), slope(parameters())
    moved, _ = optimisers.adam(params, gradients, rate=0.05)
    for key, g in gradients.items():
        np.testing.assert_allclose(moved[key], params[key] - 0.05 * np.sign(g), rtol=1e-6)
        assert not np.allclose(moved[key], params[key] - 0.05 * ADAM_MUTANTS[name](g, g * g, g))


def test_sgd_is_a_step_against_the_gradient():
    params, gradients = parameters(), slope(parameters())
    moved, _ = optimisers.sgd(params, gradients, rate=0.2)
    for name in params:
        np.testing.assert_array_equal(moved[name], params[name] - 0.2 * gradients[name])


def test_momentum_adds_up_earlier_gradients():
    params, state, constant = parameters(), None, slope(parameters())
    for _ in range(3):
        params, state = optimisers.sgd(params, constant, state, rate=0.1, momentum=0.5)
    for name, start in parameters().items():  # 1, then 1.5, then 1.75 times the gradient
        np.testing.assert_allclose(params[name], start - 0.1 * (1 + 1.5 + 1.75) * constant[name])


@pytest.mark.parametrize("update", UPDATES)
def test_optimisers_change_nothing_in_place_and_repeat(update):
    params, gradients = frozen(parameters()), frozen(slope(parameters()))
    first, state = update(params, gradients, rate=0.1)
    for arrays in (
        first,
        *([state] if isinstance(state, dict) else filter(lambda part: isinstance(part, dict), state)),
    ):
        frozen(arrays)
    again = [update(first, gradients, state, rate=0.1)[0] for _ in range(2)]
    for name in params:
        np.testing.assert_array_equal(again[0][name], again[1][name])
        assert not np.shares_memory(first[name], params[name])


@pytest.mark.parametrize("update", UPDATES)
def test_float32_is_kept(update):
    params = {name: array.astype(np.float32) for name, array in parameters().items()}
    moved, state = update(params, params, rate=0.1)
    moved, state = update(moved, params, state, rate=0.1)
    assert {array.dtype for array in moved.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (dict(gradients={"W": np.ones((2, 3))}), ValueError, "gradients has no b"),
        (dict(gradients={"W": np.ones((3, 2)), "b": np.ones(2)}), ValueError, "shape"),
        (dict(gradients={"W": np.full((2, 3), np.nan), "b": np.ones(2)}), ValueError, "W"),
        (dict(rate=0.0), ValueError, "rate is 0.0"),
        (dict(rate=np.inf), ValueError, "rate is inf"),
        (dict(state=7), TypeError, "state"),
    ],
)
def test_optimisers_refuse_what_does_not_fit(update, change, error, message):
    with pytest.raises(error, match=message):
        update(**{"params": parameters(), "gradients": slope(parameters()), **change})


# Against scalar implementations: one number at a time, as the papers write them


def momentum_by_hand(w, slope, steps, rate, momentum):
    v = 0.0
    for _ in range(steps):
        v = momentum * v + slope(w)
        w -= rate * v
    return w


def adagrad_by_hand(w, slope, steps, rate, epsilon=1e-8):
    seen = []
    for _ in range(steps):
        seen.append(slope(w))
        w -= rate * seen[-1] / (math.hypot(*seen) + epsilon)
    return w


def rmsprop_by_hand(w, slope, steps, rate, share=0.9, epsilon=1e-8):
    seen = []
    for _ in range(steps):
        seen.insert(0, slope(w))
        mean = (1 - share) * sum(share**k * g * g for k, g in enumerate(seen))
        w -= rate * seen[0] / (math.sqrt(mean) + epsilon)
    return w


def rprop_by_hand(w, slope, steps, rate, longer=1.2, shorter=0.5, shortest=1e-6, longest=50.0):
    length, last = rate, 0.0
    for _ in range(steps):
        g = slope(w)
        if (g > 0 and last > 0) or (g < 0 and last < 0):
            length = min(longer * length, longest)
        elif (g > 0 and last < 0) or (g < 0 and last > 0):
            length = max(shorter * length, shortest)
        if g != 0:
            w -= math.copysign(length, g)
        last = g
    return w


BY_HAND = {
    "sgd": (momentum_by_hand, dict(rate=0.03, momentum=0.7)),
    "adagrad": (adagrad_by_hand, dict(rate=0.3)),
    "adagrad with a large epsilon": (adagrad_by_hand, dict(rate=0.3, epsilon=0.5)),
    "rmsprop": (rmsprop_by_hand, dict(rate=0.05, share=0.8)),
    "rmsprop as it comes": (rmsprop_by_hand, dict(rate=0.1)),
    "rmsprop with a large epsilon": (rmsprop_by_hand, dict(rate=0.3, epsilon=0.5)),
    "rprop": (rprop_by_hand, dict(rate=0.1)),
    "rprop at its limits": (rprop_by_hand, dict(rate=0.1, shortest=0.02, longest=0.15)),
    "rprop with other factors": (rprop_by_hand, dict(rate=1.0, longer=1.4, shorter=0.3)),
}
CURVATURES = np.array([[30.0, 1.0, 2.0], [0.2, 7.0, 0.03]])


def agrees_with_the_scalar(name, code=optimisers, steps=25):
    by_hand, options = BY_HAND[name]
    start, state = np.array([[2.0, -1.0, 0.5], [0.1, 4.0, 9.0]]), None
    params = {"w": start, "b": np.array([3.0])}
    for _ in range(steps):
        gradients = {"w": CURVATURES * (params["w"] - 0.3), "b": params["b"]}
        params, state = getattr(code, name.split()[0])(params, gradients, state, **options)
    pairs = zip(start.flat, CURVATURES.flat, strict=True)
    found = [by_hand(w, lambda u, k=k: k * (u - 0.3), steps, **options) for w, k in pairs]
    found += [by_hand(3.0, lambda u: u, steps, **options)]
    return np.allclose([*params["w"].flat, *params["b"]], found, rtol=1e-11, atol=0)


@pytest.mark.parametrize("name", BY_HAND)
def test_each_optimiser_is_its_scalar_rule_entry_by_entry(name):
    assert agrees_with_the_scalar(name)


MUTANTS = {
    "Adagrad forgets": ("adagrad", "before[name] + g * g for", "g * g for"),
    "Adagrad adds gradients": ("adagrad", "before[name] + g * g for", "before[name] + abs(g) for"),
    "RMSProp sums like Adagrad": (
        "rmsprop",
        "share * before[name] + (1 - share) * g * g for",
        "before[name] + g * g for",
    ),
    "RMSProp's shares exchanged": (
        "rmsprop",
        "share * before[name] + (1 - share) * g * g for",
        "(1 - share) * before[name] + share * g * g for",
    ),
    "no root": ("rmsprop", "(np.sqrt(squares[name]) + epsilon)", "(squares[name] + epsilon)"),
    "epsilon under the root": (
        "adagrad with a large epsilon",
        "(np.sqrt(squares[name]) + epsilon)",
        "np.sqrt(squares[name] + epsilon)",
    ),
    "uphill": ("rmsprop", "params[name] - rate * g / (np", "params[name] + rate * g / (np"),
    "Rprop never longer": ("rprop", "np.minimum(longer * d, longest)", "d"),
    "Rprop never shorter": ("rprop", "np.maximum(shorter * d, shortest)", "d"),
    "Rprop longer than the longest": ("rprop at its limits", "np.minimum(longer * d, longest)", "longer * d"),
    "Rprop shorter than the shortest": ("rprop at its limits", "np.maximum(shorter * d, shortest)", "shorter * d"),
    "Rprop steps by its last length": ("rprop", "signs[name] * found[name] for", "signs[name] * lengths[name] for"),
    "Rprop uses the gradient": ("rprop", "signs[name] * found[name] for", "gradients[name] * found[name] for"),
    "Rprop forgets the signs": ("rprop", "RpropState(found, signs)", "RpropState(found, before)"),
    "Rprop forgets the lengths": ("rprop", "RpropState(found, signs)", "RpropState(lengths, signs)"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_wrong_optimisers_are_told_apart(name):
    optimiser, before, after = MUTANTS[name]
    assert not agrees_with_the_scalar(optimiser, mutant(optimisers, before, after))


def test_rprop_takes_no_step_back():
    down, up = {"w": np.array([1.0])}, {"w": np.array([-1.0])}
    first, state = optimisers.rprop({"w": np.zeros(1)}, down, rate=0.4)
    second, state = optimisers.rprop(first, up, state)
    third, _ = optimisers.rprop(second, up, state)
    np.testing.assert_allclose([first["w"], second["w"], third["w"]], [[-0.4], [-0.2], [0.04]], atol=1e-15)


def test_rprop_sees_signs_alone_however_small_the_gradients():
    params, states = [{"w": np.array([3.0])}] * 2, [None, None]
    for _ in range(5):
        for i, scale in enumerate((1.0, 1e-200)):
            gradients = {"w": scale * (params[i]["w"] - 1)}
            params[i], states[i] = optimisers.rprop(params[i], gradients, states[i])
    assert params[0]["w"] == params[1]["w"] == pytest.approx(3 - 0.1 * (1 + 1.2 + 1.2**2 + 1.2**3 + 1.2**4))


# What they are for


RATES = dict(sgd=0.05, adagrad=1.0, rmsprop=0.01, rprop=0.1, adam=0.1)


@pytest.mark.parametrize("update", UPDATES)
def test_each_finds_the_bottom_of_a_bowl(update):
    steep, state = np.array([[20.0, 1.0, 2.0]]), None
    params = {"W": parameters()["W"] * 3, "b": parameters()["b"]}
    for _ in range(1200):
        gradients = {"W": steep * (params["W"] - 0.5), "b": 0.5 * (params["b"] + 1)}
        params, state = update(params, gradients, state, rate=RATES[update.__name__])
    np.testing.assert_allclose(params["W"], 0.5, atol=0.02)
    np.testing.assert_allclose(params["b"], -1, atol=0.02)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("update", UPDATES)
def test_gradients_of_zero_move_nothing(update, dtype):
    params, state = {"W": np.ones((2, 3), dtype), "b": np.zeros(4, dtype)}, None
    zeros, moved = {name: np.zeros_like(array) for name, array in params.items()}, params
    for _ in range(3):
        moved, state = update(moved, zeros, state)
        for name in params:
            np.testing.assert_array_equal(moved[name], params[name])


@pytest.mark.parametrize("update", UPDATES)
def test_a_pause_of_zeros_does_not_disturb_what_follows(update):
    params, state = parameters(), None
    gradients, zeros = slope(params), {name: np.zeros_like(array) for name, array in params.items()}
    for given in (gradients, zeros, zeros, gradients):
        params, state = update(params, given, state, rate=0.1)
    assert all(np.isfinite(array).all() for array in params.values())


@pytest.mark.parametrize("update", UPDATES)
def test_rates_of_numpy_keep_float32(update):
    params = {"w": np.ones(3, np.float32)}
    moved, state = update(params, params, rate=np.float64(0.1))
    moved, _ = update(moved, params, state, rate=np.float64(0.1))
    assert moved["w"].dtype == np.float32


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("clip", [optimisers.clip_by_global_norm, optimisers.clip_by_value])
def test_the_loop_takes_each(update, clip):
    loss_and_gradients = lambda p, target: (0.5 * float(((p["w"] - target) ** 2).sum()), {"w": p["w"] - target})
    draw = lambda rng: (np.array([1.0, -2.0]),)
    rng, rate = np.random.default_rng(0), RATES[update.__name__]
    found = training.train({"w": np.zeros(2)}, draw, loss_and_gradients, rng, 400, rate, update, clip=clip)
    np.testing.assert_allclose(found.params["w"], [1.0, -2.0], atol=0.02)
    assert found.norms[0] == pytest.approx(math.sqrt(5))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: optimisers.rmsprop(p, p, share=1.0), "share is 1.0, expected a number from 0 to below 1"),
        (lambda p: optimisers.rmsprop(p, p, epsilon=0), "epsilon is 0, expected a finite number above 0"),
        (lambda p: optimisers.adagrad(p, p, epsilon=-1), "epsilon is -1"),
        (lambda p: optimisers.rprop(p, p, longer=1.0), "longer is 1.0, expected a finite number above 1"),
        (lambda p: optimisers.rprop(p, p, shorter=1.0), "shorter is 1.0"),
        (lambda p: optimisers.rprop(p, p, shortest=0.0), "shortest is 0.0"),
        (lambda p: optimisers.rprop(p, p, shortest=2.0, longest=1.0), "longest is 1.0, expected .* above 2.0"),
        (lambda p: optimisers.rprop(p, p, optimisers.RpropState({}, p)), "state.lengths has no w"),
    ],
)
def test_optimisers_refuse_impossible_options(call, message):
    with pytest.raises(ValueError, match=message):
        call({"w": np.ones(2)})


@pytest.mark.parametrize("update", [optimisers.rprop, optimisers.adam])
def test_the_state_of_another_optimiser_is_refused(update):
    params = {"w": np.ones(2)}
    _, state = optimisers.sgd(params, params)
    with pytest.raises(TypeError, match="state is of type dict, expected .*State or None: pass the second value"):
        update(params, params, state)


# Clipping by the global norm


def gradients_of_norm_13():
    return {"W": np.array([[3.0, 0.0], [0.0, -4.0]]), "b": np.array([12.0])}


def test_clipping_scales_all_arrays_alike_to_the_limit():
    gradients = frozen(gradients_of_norm_13())
    clipped, norm = optimisers.clip_by_global_norm(gradients, 6.5)
    assert norm == pytest.approx(13, rel=1e-15) and optimisers.global_norm(clipped) == pytest.approx(6.5, rel=1e-15)
    for name in gradients:
        np.testing.assert_allclose(clipped[name], gradients[name] / 2)


@pytest.mark.parametrize("limit", [13.5, 1e6])
def test_small_gradients_are_left_alone(limit):
    gradients = gradients_of_norm_13()
    clipped, _ = optimisers.clip_by_global_norm(gradients, limit)
    for name in gradients:
        np.testing.assert_array_equal(clipped[name], gradients[name])


CLIPPING_MUTANTS = {
    "E8 each entry": lambda g, limit: {k: np.clip(v, -limit, limit) for k, v in g.items()},
    "E8 each array": lambda g, limit: {k: v * min(1, limit / np.linalg.norm(v)) for k, v in g.items()},
    "E9 always scaled": lambda g, limit: {k: v * limit / optimisers.global_norm(g) for k, v in g.items()},
    "E9 never active": lambda g, limit: g,
}


@pytest.mark.parametrize("name", CLIPPING_MUTANTS)
def test_wrong_clipping_is_told_apart(name):
    gradients = gradients_of_norm_13()

    def agrees(limit):
        right, wrong = optimisers.clip_by_global_norm(gradients, limit)[0], CLIPPING_MUTANTS[name](gradients, limit)
        return all(np.allclose(right[key], wrong[key]) for key in right)

    assert not (agrees(3.0) and agrees(20.0))


def test_the_norm_of_huge_and_of_zero_gradients():
    assert optimisers.global_norm({"W": np.full(4, 1e200)}) == pytest.approx(2e200)
    assert optimisers.global_norm({"W": np.full(4, 1e-200)}) == pytest.approx(2e-200)
    clipped, norm = optimisers.clip_by_global_norm({"W": np.zeros(3)}, 1.0)
    assert norm == 0 and not clipped["W"].any()


@pytest.mark.parametrize(
    ("gradients", "limit", "error"),
    [
        ({"W": np.array([np.nan])}, 1.0, ValueError),
        ({"W": np.array([np.inf])}, 1.0, ValueError),
        ({}, 1.0, TypeError),
        (gradients_of_norm_13(), 0.0, ValueError),
        (gradients_of_norm_13(), np.nan, ValueError),
    ],
)
@pytest.mark.parametrize("clip", [optimisers.clip_by_global_norm, optimisers.clip_by_value])
def test_clipping_refuses(gradients, limit, error, clip):
    with pytest.raises(error):
        clip(gradients, limit)


# Clipping by value


def test_clipping_by_value_cuts_each_entry_and_tells_the_norm_before():
    gradients = frozen(gradients_of_norm_13())
    clipped, norm = optimisers.clip_by_value(gradients, 3.5)
    assert norm == pytest.approx(13, rel=1e-15)
    np.testing.assert_array_equal(clipped["W"], [[3.0, 0.0], [0.0, -3.5]])
    np.testing.assert_array_equal(clipped["b"], [3.5])


def test_clipping_by_value_changes_the_direction_and_by_norm_does_not():
    gradients = {"w": np.array([10.0, 0.1])}
    by_value, by_norm = optimisers.clip_by_value(gradients, 1.0)[0], optimisers.clip_by_global_norm(gradients, 1.0)[0]
    assert by_value["w"][1] / by_value["w"][0] == pytest.approx(0.1)
    assert by_norm["w"][1] / by_norm["w"][0] == pytest.approx(0.01)


@pytest.mark.parametrize("clip", [optimisers.clip_by_global_norm, optimisers.clip_by_value])
def test_clipping_keeps_float32_and_what_is_given(clip):
    gradients = frozen({"w": np.array([5.0, -0.5], np.float32)})
    clipped, _ = clip(gradients, np.float64(1.0))
    assert clipped["w"].dtype == np.float32 and not np.shares_memory(clipped["w"], gradients["w"])
