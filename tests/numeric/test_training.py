"""Optimisers, clipping, the training loop, and what the trained networks can do."""

import io

import numpy as np
import pytest
from autograd.misc import optimizers
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from bptt_lab.numeric import trained, training


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
        params, state = training.adam(params, slope(params), state, rate=0.05)
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
    moved, _ = training.adam(params, gradients, rate=0.05)
    for key, g in gradients.items():
        np.testing.assert_allclose(moved[key], params[key] - 0.05 * np.sign(g), rtol=1e-6)
        assert not np.allclose(moved[key], params[key] - 0.05 * ADAM_MUTANTS[name](g, g * g, g))


def test_sgd_is_a_step_against_the_gradient():
    params, gradients = parameters(), slope(parameters())
    moved, _ = training.sgd(params, gradients, rate=0.2)
    for name in params:
        np.testing.assert_array_equal(moved[name], params[name] - 0.2 * gradients[name])


def test_momentum_adds_up_earlier_gradients():
    params, state, constant = parameters(), None, slope(parameters())
    for _ in range(3):
        params, state = training.sgd(params, constant, state, rate=0.1, momentum=0.5)
    for name, start in parameters().items():  # 1, then 1.5, then 1.75 times the gradient
        np.testing.assert_allclose(params[name], start - 0.1 * (1 + 1.5 + 1.75) * constant[name])


@pytest.mark.parametrize("update", [training.sgd, training.adam])
def test_optimisers_change_nothing_in_place_and_repeat(update):
    params, gradients = frozen(parameters()), frozen(slope(parameters()))
    first, state = update(params, gradients, rate=0.1)
    for arrays in (first, state if isinstance(state, dict) else state.first):
        frozen(arrays)
    again = [update(first, gradients, state, rate=0.1)[0] for _ in range(2)]
    for name in params:
        np.testing.assert_array_equal(again[0][name], again[1][name])
        assert not np.shares_memory(first[name], params[name])


@pytest.mark.parametrize("update", [training.sgd, training.adam])
def test_float32_is_kept(update):
    params = {name: array.astype(np.float32) for name, array in parameters().items()}
    moved, state = update(params, params, rate=0.1)
    moved, state = update(moved, params, state, rate=0.1)
    assert {array.dtype for array in moved.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("update", [training.sgd, training.adam])
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


# Clipping by the global norm


def gradients_of_norm_13():
    return {"W": np.array([[3.0, 0.0], [0.0, -4.0]]), "b": np.array([12.0])}


def test_clipping_scales_all_arrays_alike_to_the_limit():
    gradients = frozen(gradients_of_norm_13())
    clipped, norm = training.clip_by_global_norm(gradients, 6.5)
    assert norm == pytest.approx(13, rel=1e-15) and training.global_norm(clipped) == pytest.approx(6.5, rel=1e-15)
    for name in gradients:
        np.testing.assert_allclose(clipped[name], gradients[name] / 2)


@pytest.mark.parametrize("limit", [13.5, 1e6])
def test_small_gradients_are_left_alone(limit):
    gradients = gradients_of_norm_13()
    clipped, _ = training.clip_by_global_norm(gradients, limit)
    for name in gradients:
        np.testing.assert_array_equal(clipped[name], gradients[name])


CLIPPING_MUTANTS = {
    "E8 each entry": lambda g, limit: {k: np.clip(v, -limit, limit) for k, v in g.items()},
    "E8 each array": lambda g, limit: {k: v * min(1, limit / np.linalg.norm(v)) for k, v in g.items()},
    "E9 always scaled": lambda g, limit: {k: v * limit / training.global_norm(g) for k, v in g.items()},
    "E9 never active": lambda g, limit: g,
}


@pytest.mark.parametrize("name", CLIPPING_MUTANTS)
def test_wrong_clipping_is_told_apart(name):
    gradients = gradients_of_norm_13()

    def agrees(limit):
        right, wrong = training.clip_by_global_norm(gradients, limit)[0], CLIPPING_MUTANTS[name](gradients, limit)
        return all(np.allclose(right[key], wrong[key]) for key in right)

    assert not (agrees(3.0) and agrees(20.0))


def test_the_norm_of_huge_and_of_zero_gradients():
    assert training.global_norm({"W": np.full(4, 1e200)}) == pytest.approx(2e200)
    assert training.global_norm({"W": np.full(4, 1e-200)}) == pytest.approx(2e-200)
    clipped, norm = training.clip_by_global_norm({"W": np.zeros(3)}, 1.0)
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
def test_clipping_refuses(gradients, limit, error):
    with pytest.raises(error):
        training.clip_by_global_norm(gradients, limit)


def test_the_falling_rate():
    rate = training.falling(0.4)
    assert [rate(0.0), rate(0.5), rate(0.75)] == [0.4, 0.4, 0.2] and 0 < rate(0.999) < 0.001


# The loop


def bowl(params, shift):
    gradients = {"w": params["w"] - shift, "x": np.full(9, np.nan)}  # those of inputs are not looked at
    return 0.5 * float(np.sum((params["w"] - shift) ** 2)), gradients


def run(seed=0, **options):
    draw = lambda rng: (1 + 0.01 * rng.standard_normal(2),)
    start = {"w": np.array([4.0, -3.0])}
    return training.train(start, draw, bowl, np.random.default_rng(seed), **{"steps": 50, **options})


def test_the_loop_goes_downhill_and_keeps_what_it_is_asked_for():
    found = run(update=training.sgd, rate=0.3, keep=20)
    assert found.losses[-1] < 0.01 * found.losses[0] and len(found.losses) == len(found.norms) == 50
    assert list(found.kept) == [0, 20, 40, 50] and found.kept[50] is found.params
    assert found.norms[0] > 1  # reported before clipping
    np.testing.assert_allclose(found.params["w"], 1, atol=0.05)


def test_the_loop_depends_on_the_generator_alone():
    np.testing.assert_array_equal(run(1).params["w"], run(1).params["w"])
    assert (run(1).params["w"] != run(2).params["w"]).any()


def test_the_loop_clips():
    first = run(update=training.sgd, rate=1.0, steps=1, limit=0.5).params["w"]
    assert np.linalg.norm(first - [4.0, -3.0]) == pytest.approx(0.5)


def test_the_loop_follows_a_rate_that_changes():
    rates = []
    run(steps=4, rate=lambda done: rates.append(done) or 0.1)
    assert rates == [0, 0.25, 0.5, 0.75]


def test_the_loop_stops_at_a_loss_that_is_not_finite():
    with pytest.raises(ValueError, match="the loss"):
        training.train(parameters(), lambda rng: (), lambda p: (np.nan, slope(p)), np.random.default_rng(0), steps=3)


@pytest.mark.parametrize("steps", [0, -1, 2.5, True])
def test_the_loop_needs_a_number_of_steps(steps):
    with pytest.raises(ValueError, match="steps"):
        run(steps=steps)


# The progress bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_is_silent_where_there_is_no_terminal(capsys):
    stream = io.StringIO()
    assert list(training.progress(range(5), "work", stream)) == [0, 1, 2, 3, 4] and stream.getvalue() == ""
    run(label="work")
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_the_bar_fills_and_is_wiped_on_a_terminal():
    stream = Terminal()
    assert list(training.progress(range(100), "work", stream, width=4)) == list(range(100))
    drawn = stream.getvalue().split("\r")
    assert drawn[1:5] == ["work [....]", "work [#...]", "work [##..]", "work [###.]"] and drawn[-1] == ""
    assert drawn[-2] == " " * len(drawn[1])


def test_without_a_label_there_is_no_bar():
    stream = Terminal()
    list(training.progress(range(3), "", stream))
    assert stream.getvalue() == ""


TRAINING = """
from bptt_lab.numeric import training
import numpy as np
zero = {"w": np.zeros(1)}
run = training.train(zero, lambda rng: (), lambda params: (0.0, zero), np.random.default_rng(0), 5, label="work")
"""


def test_training_leaves_nothing_behind_in_a_notebook_that_is_open_in_jupyterlab(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "11.ipynb")  # as its server names an open notebook to the kernel
    book = new_notebook(cells=[new_code_cell(TRAINING)])
    NotebookClient(book, timeout=60, kernel_name="python3").execute()
    assert book.cells[0].outputs == []


# Trained networks: addition and parity


@pytest.mark.parametrize("name", trained.TASKS)
@pytest.mark.parametrize("seed", trained.SEEDS)
def test_a_trained_network_is_right_on_sequences_ten_times_as_long(name, seed):
    x, y = trained.TASKS[name](np.random.default_rng(2024 + seed), 10 * trained.LONGEST, 1000)
    params = trained.load(name, seed)
    assert trained.count_right(params, x, y) == 1000
    forgetful = dict(params, W11=np.zeros_like(params["W11"]))
    assert trained.count_right(forgetful, x, y) == 0


@pytest.mark.parametrize("name", trained.TASKS)
def test_training_again_lowers_the_loss(name):
    found = trained.learn(name, seed=1, steps=400)
    assert found.losses[-20:].mean() < 0.7 * found.losses[:20].mean()


def test_the_recipe_differentiates_its_own_loss():
    x, y = trained.noisy_batch(trained.TASKS["addition"], B=3)(np.random.default_rng(4))
    params = trained.load("addition", 1)
    step, (loss, gradients) = 1e-6, trained.loss_and_gradients(params, x, y)
    moved = dict(params, b0=params["b0"] + step * np.eye(trained.HIDDEN)[2])
    difference = (trained.loss_and_gradients(moved, x, y)[0] - loss) / step
    assert difference == pytest.approx(gradients["b0"][2], rel=1e-3)


def test_a_network_that_was_not_stored():
    with pytest.raises(KeyError):
        trained.load("subtraction", 1)
