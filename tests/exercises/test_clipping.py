"""Clipped gradients: told by how they are clipped, and at which limit; what is wrong otherwise is not called so."""

import asked
import numpy as np
import pytest

from bptt_lab.exercises.causes.clipping import Pair, clipped
from bptt_lab.exercises.judges import function as judge
from bptt_lab.exercises.judges import whole
from bptt_lab.exercises.mistakes.catalogue import CATALOGUE
from bptt_lab.exercises.outcomes import WRONG
from bptt_lab.exercises.sandbox.running import Outcome

RANDOM = np.random.default_rng(5)
TRUE = [scale * RANDOM.standard_normal((3, 2)) for scale in (0.1, 1.0, 20.0, 30.0)]


def pairs(change, true=TRUE):
    """Return the true arrays beside what a function makes of them."""
    given = [change(array) for array in true]
    return [Pair(g, t, lambda one, g=g: np.allclose(g, one, rtol=1e-9)) for g, t in zip(given, true, strict=True)]


def by_norm(array, limit=5.0):
    return array * min(1, limit / np.linalg.norm(array))


def test_entries_clipped_by_themselves_are_told_with_their_limit():
    mistake, limit = clipped(pairs(lambda array: np.clip(array, -5, 5)))
    assert (mistake, limit) == ("E8", 5)


def test_arrays_clipped_by_their_norm_are_told_with_their_limit():
    mistake, limit = clipped(pairs(by_norm))
    assert mistake == "E8" and limit == pytest.approx(5)


def test_arrays_that_always_have_one_norm_are_scaled_where_they_should_not():
    mistake, limit = clipped(pairs(lambda array: 5 * array / np.linalg.norm(array)))
    assert mistake == "E9" and limit == pytest.approx(5)


@pytest.mark.parametrize(
    "change",
    [
        lambda array: array,
        lambda array: array / 2,
        lambda array: np.zeros_like(array),
        lambda array: np.minimum(array, 5),  # only what is positive
        lambda array: np.tanh(array),
        lambda array: array.T.reshape(array.shape),
        lambda array: np.clip(array, -5, 5) if np.linalg.norm(array) > 50 else array,  # not wherever it is large
        lambda array: by_norm(array, 2 * np.sqrt(np.linalg.norm(array))),  # another limit each time
    ],
)
def test_what_is_not_clipped_is_not_called_so(change):
    assert clipped(pairs(change)) is None


def test_one_number_that_is_too_small_is_no_evidence():
    assert clipped(pairs(lambda array: np.minimum(array, 5.0), [np.array(1.0), np.array(9.0)])) is None


@pytest.mark.parametrize("mistake", ["E8", "E9"])
@pytest.mark.parametrize("limit", [0.5, 5])
def test_a_function_is_told_that_it_clips(mistake, limit, monkeypatch):
    here = lambda function, calls, **more: Outcome("returned", [function(*call) for call in calls], [], "")
    monkeypatch.setattr(judge, "run_function", here)
    monkeypatch.setattr(whole, "run_function", here)

    def gradient(d_a1, h_before):
        true = np.einsum("tbi,tbj->ij", d_a1, h_before)
        if mistake == "E8":
            return np.clip(true, -limit, limit)
        return limit * true / max(np.linalg.norm(true), 1e-300)

    found = judge.judge_function(asked.function(), gradient)
    said = CATALOGUE[mistake]
    assert (found.outcome, found.mistake, found.asks) == (WRONG, mistake, said.asks)
    assert f"{said.says} The limit is {limit}." in found.cause
