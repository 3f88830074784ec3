"""The training loop, and what the trained networks can do."""

import io

import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from bptt_lab.numeric import optimisers, trained, training


def slope(params):
    """Return the gradients of a bowl that is steep in W and flat in b, and not symmetric."""
    return {"W": params["W"] * np.array([[30.0, 1.0, 2.0]]) + params["b"][:, None], "b": 0.01 * params["b"] - 1}


def parameters():
    rng = np.random.default_rng(5)
    return {"W": rng.standard_normal((2, 3)), "b": rng.standard_normal(2)}


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
    found = run(update=optimisers.sgd, rate=0.3, keep=20)
    assert found.losses[-1] < 0.01 * found.losses[0] and len(found.losses) == len(found.norms) == 50
    assert list(found.kept) == [0, 20, 40, 50] and found.kept[50] is found.params
    assert found.norms[0] > 1  # reported before clipping
    np.testing.assert_allclose(found.params["w"], 1, atol=0.05)


def test_the_loop_depends_on_the_generator_alone():
    np.testing.assert_array_equal(run(1).params["w"], run(1).params["w"])
    assert (run(1).params["w"] != run(2).params["w"]).any()


def test_the_loop_clips():
    first = run(update=optimisers.sgd, rate=1.0, steps=1, limit=0.5).params["w"]
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
