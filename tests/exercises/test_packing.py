"""What may travel along with an answer: decorators, objects, values of the notebook, files of the student's own."""

import abc
import copy
import dataclasses
import fractions
import math
import sys
import time
import types
import typing
import warnings
from collections import namedtuple
from dataclasses import dataclass, field
from functools import lru_cache, partial, wraps
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from bptt_lab.exercises.sandbox import functions
from bptt_lab.exercises.sandbox.running import run_function

X = np.arange(12.0).reshape(4, 3) / 7
W = np.arange(9.0).reshape(3, 3) ** 2 / 9
EPS = 1e-8
WEIGHTS = {"W": W, "names": ["a", "b"], 3: (1, 2.5)}
ACTIVATIONS = {"tanh": np.tanh, "own": lambda a: a * a, "power": math.pow}
SIZES = {2, 3}
TYPE = np.float32
STEP = np.dtype("float64")
Trace = namedtuple("Trace", "h a", defaults=[None])


def logged(function):
    calls = []

    @wraps(function)
    def inner(*args, **kwargs):
        calls.append(function.__name__)
        return function(*args, **kwargs) * len(calls)

    return inner


def scaled(by):
    return lambda function: lambda x, W: by * function(x, W)


@logged
def with_a_decorator(x, W):
    return x @ W.T


@scaled(by=3)
@logged
def with_two_decorators(x, W):
    return x @ W.T


@lru_cache(maxsize=7)
def binomial(n, k):
    return 1 if k in (0, n) else binomial(n - 1, k - 1) + binomial(n - 1, k)


def with_a_cache(x, W):
    return x * binomial(9, 4)


@np.vectorize
def softsign(u):
    return u / (1 + abs(u))


def by_vectorize(x, W):
    return softsign(x)


def with_an_extra_default(x, W, eps=EPS, act=np.tanh, own=ACTIVATIONS["own"], *, scale=2):
    return own(act(x + eps)) * scale


def with_constants(x, W):
    return x * EPS + WEIGHTS["W"].sum() + len(WEIGHTS["names"]) + WEIGHTS[3][1] + len(SIZES)


def with_a_table_of_functions(x, W):
    return ACTIVATIONS["own"](ACTIVATIONS["tanh"](x)) + ACTIVATIONS["power"](2, 3)


def with_types(x, W):
    return x.astype(TYPE) + np.zeros(3, STEP)


def fills(x):
    MEMORY[len(MEMORY)] = x
    return MEMORY


MEMORY = {}


def shares_what_it_shares(x, W):
    fills(x)
    return fills(x) is MEMORY and len(MEMORY)


class Layer:
    factor = 2.0
    count: int = 0

    def __init__(self, W, activation):
        self.W, self.activation, self.seen = W, activation, []

    def __call__(self, x, W):
        return self.forward(x) * self.twice + self.shifted(x)

    def forward(self, x):
        self.seen.append(x)
        return self.activation(x @ self.W.T) * self.factor

    @property
    def twice(self):
        return 2 * len(self.seen)

    @staticmethod
    def shifted(x):
        return x + 1

    @classmethod
    def zero(cls, size):
        return cls(np.zeros((size, size)), np.tanh)


class Deep(Layer):
    def forward(self, x):
        return super().forward(x) + Layer.zero(3).forward(x) + isinstance(self, Layer)


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a = 3.0


SLOTTED = Slotted()


def with_slots(x, W):
    return x * SLOTTED.a + hasattr(SLOTTED, "b")


class Base(abc.ABC):
    @abc.abstractmethod
    def go(self, x): ...


class Concrete(Base):
    def go(self, x):
        return x + 1


def with_an_abstract_class(x, W):
    return Concrete().go(x)


@dataclass
class State:
    h: np.ndarray
    steps: int = 0
    seen: list = field(default_factory=list)
    factor: float = field(default=2.0, init=False)

    def next(self, x):
        return dataclasses.replace(self, h=self.h + x, steps=self.steps + 1)


@dataclass(frozen=True, order=True)
class Point:
    u: float
    v: float = 1.0


@dataclass(frozen=True)
class Space(Point):
    w: float = 4.0

    def total(self):
        return self.u + self.v + self.w


ORIGIN = Point(1.0)


def with_data_classes(x, W):
    state = State(x).next(x).next(x)
    compared = [Point(1, 2) < Point(2, 1), Point(3) == Point(3.0), ORIGIN.v, Space(2).total()]
    return [state.h, state.steps, state.seen, state.factor, *compared]


class Typed(NamedTuple):
    h: float
    k: int = 3

    def total(self):
        return self.h + self.k


TYPED = Typed(2.0)


def with_named_tuples(x, W):
    found = Trace(h=x)
    return [found.h, found.a, found._replace(a=2).a, Typed(4.0).total(), TYPED.total(), Trace(1, 2) == (1, 2)]


def makes_named_tuples_inside(x, W):
    from collections import namedtuple

    return namedtuple("Inner", "a b")(x, 2).a


def with_harmless_modules(x, W):
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = copy.deepcopy(x) / (x * 0)
    warnings.warn("done", stacklevel=1)
    kept: typing.Optional[list] = [copy.copy(x)]
    if time.perf_counter() < began:
        return None
    return [np.isinf(y).sum(), kept[0], float(fractions.Fraction(1, 3))]


def imports_harmless_modules_inside(x, W):
    import random
    import re
    from numbers import Number
    from string import ascii_lowercase

    random.seed(3)
    return [random.random(), re.sub("a", "b", "aa"), isinstance(2.0, Number), ascii_lowercase[:3]]


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)


def by_functions_of_each_other(x, W):
    return x if even(10) else W


def recursion_in_a_closure():
    def power(n):
        return 1.0 if n == 0 else 2 * power(n - 1)

    factor = {"a": 2.0}
    return lambda x, W: x * power(3) * factor["a"]


def by_a_name_that_hides_a_builtin(x, W):
    return abs(x) + max(2)


def max(n):
    return n + 1


def with_an_attribute(x, W):
    with_an_attribute.calls += 1
    return x * with_an_attribute.calls


with_an_attribute.calls = 4

RIGHT = {
    name: value
    for name, value in dict(globals()).items()
    if isinstance(value, types.FunctionType) and value.__code__.co_varnames[:2] == ("x", "W")
}
RIGHT |= {
    "a decorator": with_a_decorator,
    "two decorators": with_two_decorators,
    "a lambda": lambda x, W: x @ W.T + EPS,
    "a partial": partial(with_an_extra_default, eps=3.0),
    "a partial of a partial": partial(partial(lambda s, x, W: s * x, 4.0)),
    "a cache that is the answer": lru_cache(lambda x, W: x * W),
    "a method": Layer(W, np.tanh).__call__,
    "a callable object": Layer(W, lambda a: a / 2),
    "a callable object of a class below another": Deep(W, np.tanh),
    "a class method": types.MethodType(lambda own, x, W: own.factor * x, Layer),
    "a closure that calls itself": recursion_in_a_closure(),
}


def in_the_notebook(function, x, W):
    """Return what a function gives here, where what it keeps between calls is thrown away."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return copy.deepcopy(function)(x, W)


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.filterwarnings("ignore")
def test_what_is_right_in_the_notebook_is_right_here(name):
    call = (2.0, 3) if "cache that is" in name else (X, W)
    outcome = run_function(RIGHT[name], [call])
    assert (outcome.kind, outcome.message, outcome.changed) == ("returned", "", [[]])
    mutable = {"shares_what_it_shares", "with_an_attribute"}
    expected = {"shares_what_it_shares": 2, "with_an_attribute": X * 5}[name] if name in mutable else None
    expected = in_the_notebook(RIGHT[name], *call) if expected is None else expected
    found = outcome.results[0]
    for one, other in zip(*(v if isinstance(v, list) else [v] for v in (found, expected)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_nothing_of_the_answer_is_called_in_the_notebook():
    ran = []

    class Watching:
        def __getattr__(self, name):
            ran.append(name)
            raise AttributeError(name)

        def __call__(self, x):
            return x

        @property
        def __name__(self):
            ran.append("name")
            return "watching"

        __class__ = property(lambda self: ran.append("class") or Watching)

    outcome = run_function(Watching(), [(X,)])
    assert ran == [] and outcome.kind in ("returned", "refused")


class Ends(dict):
    def __contains__(self, name):
        raise SystemExit("correct")

    get = __getitem__ = __contains__


class Answering(type):
    def __getattribute__(kind, name):
        raise GeneratorExit(name)


ENDS = {  # made when they are asked for: pytest itself would look at them
    "globals that end Python": lambda: types.FunctionType(with_constants.__code__, Ends(globals())),
    "an instance": lambda: Answering("Kind", (), {"__call__": lambda self, x, W: x})(),
    "its class": lambda: Answering("Kind", (), {"__call__": lambda self, x, W: x}),
    "a name of half a letter": lambda: partial(with_constants, **{"x\ud800": 3}),
}


@pytest.mark.parametrize("name", ENDS)
def test_what_ends_python_when_it_is_looked_at_is_refused(name):
    outcome = run_function(ENDS[name](), [(X, W)])
    assert outcome.kind in ("refused", "crashed") and outcome.message


# Files of the student's own

MODULE = """
import numpy as np
from {other} import FACTOR

BIAS = 0.5

def affine(x, W):
    return x @ W.T + BIAS

class Squash:
    def __call__(self, x):
        return np.tanh(x) * FACTOR
"""


@pytest.fixture
def own_file(tmp_path, monkeypatch):
    """Two files of the student's, one of which uses the other; the name of the first."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "my_factors.py").write_text("FACTOR = 3.0\nBIAS = 'not this one'\n")
    (tmp_path / "my_helpers.py").write_text(MODULE.format(other="my_factors"))
    yield "my_helpers"
    for name in ("my_helpers", "my_factors"):
        sys.modules.pop(name, None)


def from_a_cell(text, **names):
    """Return the last function of a cell of a notebook, which has no file."""
    space = {"np": np, "__builtins__": __builtins__, "__name__": "__main__", **names}
    exec(text, space)
    return list(space.values())[-1]


@pytest.mark.parametrize(
    "text",
    [
        "import my_helpers\ndef f(x, W):\n    return my_helpers.Squash()(my_helpers.affine(x, W))",
        "import my_helpers as m\ndef f(x, W):\n    return m.Squash()(m.affine(x, W))",
        "from my_helpers import affine, Squash\nBIAS = 9\ndef f(x, W):\n    return Squash()(affine(x, W))",
        "import my_helpers\ndef f(x, W):\n    from my_helpers import affine\n    import my_helpers as m\n"
        "    return m.Squash()(affine(x, W))",
        "from my_helpers import affine, Squash\nsquash = Squash()\nf = lambda x, W: squash(affine(x, W))",
    ],
)
def test_a_helper_of_ones_own_file_comes_along_with_its_own_globals(own_file, text):
    outcome = run_function(from_a_cell(text), [(X, W)])
    assert (outcome.kind, outcome.message) == ("returned", "")
    np.testing.assert_array_equal(outcome.results[0], np.tanh(X @ W.T + 0.5) * 3.0)


def test_a_function_of_ones_own_file_can_be_the_answer(own_file):
    import my_helpers

    np.testing.assert_array_equal(run_function(my_helpers.affine, [(X, W)]).results[0], X @ W.T + 0.5)


def test_a_file_of_ones_own_that_was_never_imported_is_told_so():
    outcome = run_function(from_a_cell("def f(x):\n    import my_other_file\n    return x"), [(X,)])
    assert outcome.kind == "refused" and "imports my_other_file" in outcome.message and "above" in outcome.message


# Refused, by name

Meta = type("Meta", (type,), {})


class Odd(metaclass=Meta):
    pass


class Stored(list):
    extra = None


MASKED = np.ma.masked_array([1.0, 2.0], [True, False])
OBJECTS = np.array([object()])
ROWS = (row for row in X)
STREAM = sys.__stdout__
LARGE = np.zeros(2**24)
PART, OTHER = np.zeros(6 * 2**20), np.ones(6 * 2**20)
STORED = Stored()


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: x + MASKED, ["`MASKED`", "a masked array", "make it inside"]),
        (lambda x: x + OBJECTS, ["`OBJECTS`", "an array of Python objects"]),
        (lambda x: list(ROWS), ["`ROWS`", "a generator", "make it inside"]),
        (lambda x: STREAM.write("a"), ["`STREAM`", "a TextIOWrapper"]),
        (lambda x: Path("a"), ["`Path`", "comes from pathlib", "NumPy"]),
        (lambda x: Odd(), ["`Odd`", "of the kind Meta", "inside the function"]),
        (lambda x: LARGE.sum() * x, ["`LARGE`", "128 MB", "make it inside"]),
        (lambda x: [PART, OTHER, x], ["96 MB", "make it inside"]),
        (lambda x: STORED.extra, ["`STORED`", "a Stored", "make it inside"]),
        (lambda x: functions.pack(x, []), ["`functions`", "the module bptt_lab.exercises.sandbox.functions"]),
        (lambda x: run_function(x, []), ["`run_function`", "bptt_lab.exercises.sandbox.running", "NumPy"]),
        (partial(run_function, seconds=3), ["takes"]),
        (partial(lambda x, W: x, x=X), ["takes 0 arguments", "expected 1"]),
        (partial(lambda x, W: x, W=W), []),
        (Layer(W, np.tanh), ["takes 2 arguments (x, W)", "expected 1"]),
    ],
    ids=lambda value: getattr(getattr(value, "__code__", None), "co_name", "") + str(len(str(value))),
)
def test_what_cannot_travel_is_refused_by_name(function, words):
    outcome = run_function(function, [(X,)])
    assert outcome.kind == ("refused" if words else "returned")
    assert [word for word in words if word not in outcome.message] == []
    assert outcome.message.count(".") < 6 and "Traceback" not in outcome.message


def test_the_names_of_arguments_are_known_through_what_wraps_them():
    assert functions.positional_names(partial(with_an_extra_default, X)) == ("W", "eps", "act", "own")
    assert functions.positional_names(Layer(W, np.tanh)) == ("x", "W")
    assert functions.positional_names(len) == ()
    assert functions.needed_names(with_an_extra_default) == ("x", "W")
    assert functions.needed_names(3) == ()
