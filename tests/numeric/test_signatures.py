"""One way to call all architectures: the same names, and what stands after the states by name only."""

import inspect
from types import ModuleType

import numpy as np
import pytest

from bptt_lab import numeric

CODES = [one for one in vars(numeric).values() if isinstance(one, ModuleType) and hasattr(one, "forward")]
STATES = {"h_start", "h_end", "c_start", "a_start"}
OPTIONS = {"workspace", "activation", "output", "reset", "lengths"}


def named(function):
    return inspect.signature(function).parameters


DRAWING = [one for one in CODES if hasattr(one, "initialise") and "K" in named(one.initialise)]


def test_all_architectures_are_found():
    assert len(DRAWING) >= 6 and len(CODES) >= 9 and all(hasattr(one, "backward") for one in CODES)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.__name__)
def test_what_stands_after_the_states_is_named_alike_and_by_name_only(code):
    found = named(code.forward)
    given = [name for name, one in found.items() if one.kind is one.POSITIONAL_OR_KEYWORD]
    assert given[:2] == ["params", "x"] and set(given[2:]) <= STATES
    options = [one for name, one in found.items() if name not in given]
    assert {one.name for one in options} <= OPTIONS
    assert all(one.kind is one.KEYWORD_ONLY and one.default is not one.empty for one in options)
    assert [*named(code.backward)][:2] == ["params", "trace"]


@pytest.mark.parametrize("code", DRAWING, ids=lambda code: code.__name__)
def test_parameters_are_drawn_by_the_letters_of_the_course(code):
    assert [*named(code.initialise)][:4] == ["rng", "D", "M", "K"]


def test_an_option_without_its_name_is_refused():
    rng = np.random.default_rng(0)
    params, x, h_start = numeric.rnn.initialise(rng, 2, 3, 4), np.ones((5, 6, 2)), np.ones((6, 3))
    with pytest.raises(TypeError, match="positional argument"):
        numeric.rnn.forward(params, x, h_start, "tanh")
