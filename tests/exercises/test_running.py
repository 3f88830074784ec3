"""A student's function in its child process: numbers or one sentence come back, whatever the function does."""

import inspect
import io
import itertools
import math
import os
import platform
import queue
import signal
import statistics
import struct
import sys
import tempfile
import threading
import time
from collections import namedtuple
from functools import reduce
from pathlib import Path

import nbformat
import numpy
import numpy as np
import numpy.linalg as LA
import pytest
from hostile_results import HOSTILE
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from numpy import tanh
from numpy.random import default_rng

from bptt_lab.exercises.sandbox import functions, guards, messages, running, wire
from bptt_lab.exercises.sandbox.differences import changed_places
from bptt_lab.exercises.sandbox.running import run_function

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the processes of a system are listed on Linux only")
FILTERED = sys.platform == "linux" and platform.machine() in guards.MACHINES
X = default_rng(7).normal(size=(4, 3))
W = default_rng(8).normal(size=(3, 3))
FACTOR = 2.5
gamma = 0.9  # math.gamma is a function


# Functions that are right


def affine(x, W):
    return x @ W.T


def affine_under_another_name(x, W):
    return numpy.matmul(x, W.T)


def by_parts_of_numpy(x, W):
    return tanh(x) * math.pi + LA.norm(W)


def squash(x):
    return np.tanh(affine(x, np.eye(3)))


def by_functions_of_the_notebook(x, W):
    return squash(x) + affine(x, W)


def by_a_function_of_a_function(x, W):
    return squash(x)


def factorial(n):
    return 1 if n < 2 else n * factorial(n - 1)


def by_recursion(x, W):
    return x * factorial(5)


def with_defaults(x, W, scale=np.array([1.0, 2.0, 3.0]), *more, shift=1, **others):  # noqa: B008
    return x * scale + shift


def by_imports_of_its_own(x, W):
    from collections import defaultdict
    from math import exp

    import numpy.linalg as la

    found = defaultdict(list)
    found["norm"].append(la.norm(x))
    return x * exp(1) + found["norm"][0]


def by_a_class_of_its_own(x, W):
    class Layer:
        def __init__(self, weights):
            self.weights = weights

        def __call__(self, x):
            return np.tanh(x @ self.weights.T)

    return Layer(W)(x)


def with_a_closure_inside(x, W):
    def times(factor):
        return lambda x: x * factor

    return sum((times(k)(x) for k in range(3)), start=np.zeros_like(x))


def through_many_rooms_of_numpy(x, W):
    found = [np.einsum("ij,kj->ik", x, W), np.linalg.svd(W)[1], np.linalg.inv(W), np.linalg.eigvals(W @ W.T)]
    found += [np.fft.fft(x).real, np.random.default_rng(0).normal(size=3), np.median(x), np.percentile(x, 30)]
    found += [np.unique(x), np.histogram(x)[0], np.polyfit(x[:, 0], x[:, 1], 1), np.pad(x, 1), np.gradient(x)[0]]
    found += [np.where(np.isclose(x, 0), 1, x), np.vectorize(abs)(x), np.polynomial.polynomial.polyval(2, x)]
    with np.errstate(all="ignore"):
        found.append(np.log(-np.abs(x)))
    return [*found, f"{x[0, 0]:.3f} {reduce(max, x[0]):.3f} {next(itertools.count(3))}"]


def with_a_warning(x, W):
    return x / np.zeros_like(x)


def by_numbers_of_the_notebook(x, W):
    return [FACTOR * row for row in x] + [uses_a_name_that_numpy_has_too(x)]


def uses_a_name_that_numpy_has_too(x):
    return x * gamma


def with_all_kinds_of_values(x, W):
    numbers = [1, -(2**70), 2.5, True, None, "text", 1 + 2j, math.inf, np.float32(0.1), np.int8(3), np.bool_(True)]
    return {"a": numbers, 3: (x > 0, x.astype(np.int16)), "empty": [[], (), {}, np.zeros((0, 3))], "0-d": np.array(2.0)}


RIGHT = [
    *(
        affine,
        affine_under_another_name,
        by_parts_of_numpy,
        by_functions_of_the_notebook,
        by_a_function_of_a_function,
        by_recursion,
        with_defaults,
    ),
    *(by_imports_of_its_own, by_a_class_of_its_own, with_a_closure_inside, through_many_rooms_of_numpy),
    *(with_a_warning, with_all_kinds_of_values, by_numbers_of_the_notebook),
]


def assert_same(found, expected):
    """Compare two plain values: their types, shapes and numbers, NaN included."""
    assert type(found) is type(expected)
    if isinstance(expected, (list, tuple, dict)):
        assert len(found) == len(expected)
        pairs = zip(found, expected, strict=True)
        for a, b in pairs if not isinstance(expected, dict) else zip(found.items(), expected.items(), strict=True):
            assert_same(a, b)
    elif isinstance(expected, (np.ndarray, np.generic)):
        assert found.dtype == expected.dtype and found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-12)  # threads may add in another order
    else:
        assert found == expected


@pytest.mark.parametrize("function", RIGHT)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_right_function_gives_what_it_gives_in_the_notebook(function):
    outcome = run_function(function, [(X, W), (2 * X[:3], W.T)])
    assert (outcome.kind, outcome.message, outcome.changed) == ("returned", "", [[], []])
    assert_same(outcome.results, [function(X.copy(), W.copy()), function(2 * X[:3], W.T.copy())])


def test_a_lambda_is_a_function():
    assert_same(run_function(lambda x: np.tanh(x), [(X,)]).results, [np.tanh(X)])


@pytest.mark.parametrize("dtype", sorted(wire.NUMBER_TYPES))
def test_every_type_of_number_stays_itself_on_the_way_there_and_back(dtype):
    sent = np.arange(6).astype(dtype)
    assert_same(run_function(lambda x: [x.dtype.name, x, x.dtype.itemsize], [(sent,)]).results[0][:2], [dtype, sent])


@pytest.mark.parametrize("array", [X.T, X[::2, ::-1], np.asfortranarray(X), X.astype(">f8"), np.array(1.5)])
def test_every_layout_arrives_with_its_numbers(array):
    (found,) = run_function(lambda x: x * 1, [(array,)]).results
    assert np.array_equal(found, array) and found.shape == array.shape


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_subclasses_come_back_as_plain_arrays():
    outcome = run_function(lambda x: [np.matrix(x), x.view(np.recarray)], [(X,)])
    assert_same(outcome.results, [[X, X]])


Trace = namedtuple("Trace", "h1 rest")


def test_named_tuples_keep_their_names_on_the_way_there():
    outcome = run_function(lambda trace: trace.h1 + trace.rest.h1, [(Trace(X, Trace(X, [])),)])
    assert_same(outcome.results, [X + X])


def test_results_are_the_callers_own():
    (found,) = run_function(affine, [(X, W)]).results
    found[:] = 0  # writable
    assert not np.array_equal(found, affine(X, W))


def counts(x, seen=[]):  # noqa: B006
    seen.append(1)
    counts.calls = getattr(counts, "calls", 0) + 1
    KEPT.append(1)
    np.calls = getattr(np, "calls", 0) + 1
    return [len(seen), counts.calls, len(KEPT), np.calls, np.random.normal()]


KEPT = []


def test_no_call_knows_of_an_earlier_one():
    first, second, third = run_function(counts, [(X,)] * 3).results
    assert first[:4] == [1, 1, 1, 1] and first == second == third


def test_no_call_sees_the_arguments_of_another(monkeypatch):
    """The memory of a process that is asked for numbers of another call holds none of them, the folder neither."""

    def looks(x):
        reach = [kind for kind in object.__subclasses__() if kind.__name__ == "_wrap_close"][0].__init__.__globals__
        pages = reach["sys"].modules["io"].open("/proc/self/maps").read()
        return [pages.count("call-"), sorted(reach["listdir"](".")), reach["listdir"]("/proc/self/fd")]

    outcome = run_function(looks, [(X,), (2 * X,), (3 * X,)], guards=[])
    if running.FORKS:
        for found, folder, streams in outcome.results:
            assert found == 1 and folder == ["request"] and len(streams) == 5  # 0, 1, 2, the way back, the list itself


def test_runs_are_alike():
    def hashes(x):
        return [hash("text"), list({"b", "a", "c", "d"}), np.random.normal(size=3)]

    assert_same(*(run_function(hashes, [(X,)]).results for _ in range(2)))


# Changes in place


def changes_one(x, params, more):
    params["W"][0, 0] = 0
    return x


def changes_two(x, params, more):
    x += 1
    more[1].append(1)
    return x


def changes_a_nan(x, params, more):
    x[x != x] = 0
    return x


def replaces_an_entry(x, params, more):
    params["b"] = lambda: 0
    return x


def changes_a_shape(x, params, more):
    params["W"] = params["W"].reshape(1, 9)
    return x


def keeps_all(x, params, more):
    x = x + 1
    params = dict(params, W=None)
    return x


@pytest.mark.parametrize(
    ("function", "places"),
    [
        (changes_one, ["params['W']"]),
        (changes_two, ["x", "more[1]"]),
        (changes_a_nan, ["x"]),
        (replaces_an_entry, ["params"]),
        (changes_a_shape, ["params['W']"]),
        (keeps_all, []),
    ],
)
def test_a_change_in_place_is_named(function, places):
    x = np.where(X > 1, np.nan, X)
    assert np.isnan(x).any()
    call = (x, {"W": W.copy(), "b": 2.0}, Trace(X, [1.0, math.nan]))
    before = wire.encode(call)
    outcome = run_function(function, [call])
    kind = "changed" if places else "returned"
    assert (outcome.kind, outcome.changed) == (kind, [[p.replace("more[1]", "more.rest") for p in places]])
    assert wire.encode(call) == before, "the caller's own arrays changed"


def test_every_kind_of_difference_is_a_change():
    before = [X, 1.0, math.nan, "a", [1], (1,), {"k": 1}]
    for i, other in enumerate([X.astype(np.float32), 2.0, 0.0, "b", [1, 2], (2,), {"j": 1}]):
        after = [*before[:i], other, *before[i + 1 :]]
        (place,) = changed_places(before, after, "abcdefg")
        assert place[0] == "abcdefg"[i]
    assert changed_places(before, list(before), "abcdefg") == []
    assert changed_places([X], [], ["x"]) == ["the arguments"]
    assert changed_places([X, 1], [X, 2], ["x"]) == ["argument 2"]


def test_places_are_named_as_the_exercise_names_its_arguments_where_it_does():
    assert run_function(lambda a: a.fill(0), [(X,)], argument_names=["h1"]).changed == [["h1"]]


# Refused before it runs


def yields(x):
    yield x


async def waits(x):
    return x


def uses_a_module(x):
    return os.getcwd()


def uses_the_library(x):
    return run_function(x, [])


def imports_inside(x):
    from subprocess import run

    return run


def changes_a_name(x):
    global FACTOR
    FACTOR = 3


def takes_by_name_only(x, *, scale):
    return x * scale


def strange_default(x, f=sys.__stdout__):
    return x


RNG = default_rng(0)


def uses_a_generator(x):
    return RNG.normal(size=x.shape)


class Model:
    def forward(self, x):
        return x


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (None, ["None", "without calling it"]),
        (3.5, ["float", "without calling it"]),
        (X, ["ndarray", "without calling it"]),
        (Model, ["class Model", "def"]),
        (len, ["len", "not written in Python"]),
        (np.tanh, ["tanh", "not written in Python"]),
        (np.dot, ["dot", "not written in Python"]),
        (yields, ["`yield`", "use `return`"]),
        (waits, ["`async`", "use `return`"]),
        (uses_a_module, ["`os`", "the module os", "NumPy"]),
        (uses_the_library, ["`run_function`", "bptt_lab.exercises.sandbox.running"]),
        (imports_inside, ["imports subprocess", "`math`"]),
        (X.sum, ["sum", "not written in Python"]),
        (Model(), ["of type Model", "def"]),
        (uses_a_generator, ["`RNG`", "a Generator", "make it inside the function"]),
        (strange_default, ["default value of `strange_default`", "a TextIOWrapper", "make it inside"]),
        (changes_a_name, ["changes the notebook's name `FACTOR`", "return the value"]),
        (lambda x: open(x), ["`open`"]),
        (lambda x: print(display(x)), ["`display`"]),  # noqa: F821
        (affine, ["takes 2 arguments (x, W)", "expected 1", "def"]),
        (lambda: 3, ["takes 0 arguments", "expected 1"]),
        (takes_by_name_only, ["`scale` by name only"]),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_what_cannot_run_is_refused_in_the_students_terms(function, words):
    began = time.perf_counter()
    outcome = run_function(function, [(X,)])
    assert outcome[:3] == ("refused", [], []) and outcome.message.endswith(".")
    assert [word for word in words if word not in outcome.message] == []
    assert time.perf_counter() - began < 0.5, "no process is needed to know this"


def test_the_names_of_the_exercise_are_given_where_the_count_is_wrong():
    outcome = run_function(lambda p: p, [(X, W)], argument_names=["x", "W"])
    assert outcome.message == ("The function takes 1 argument (p), expected 2 (x, W): change the line with `def`.")


def test_arguments_that_are_no_plain_values_are_a_fault_of_the_exercise():
    with pytest.raises(TypeError, match="an argument of a call is a set, expected numbers"):
        run_function(lambda x: x, [({1, 2},)])


# Messages


def raises_below(x):
    y = x + 1
    return helper_that_raises(y)


def helper_that_raises(y):
    return y @ np.ones((7, 2))


def line_of(function, text):
    lines, start = inspect.getsourcelines(function)
    return start + next(i for i, line in enumerate(lines) if text in line)


def test_an_exception_is_told_with_the_students_own_line():
    outcome = run_function(raises_below, [(X,)])
    line = line_of(helper_that_raises, "@ np.ones")
    assert outcome.kind == "crashed"
    start = f"The function raised ValueError in line {line}, `return y @ np.ones((7, 2))`: matmul: "
    assert outcome.message.startswith(start) and "\n" not in outcome.message and "Traceback" not in outcome.message


def test_an_exception_inside_numpy_is_told_with_the_students_line():
    outcome = run_function(lambda x: np.linalg.inv(np.zeros((2, 2))), [(X,)])
    assert "raised LinAlgError in line" in outcome.message and outcome.message.endswith("Singular matrix")


def test_a_name_that_is_nowhere_is_told_as_python_tells_it():
    assert "NameError" in run_function(lambda x: wieght, [(X,)]).message  # noqa: F821


def test_results_before_the_crash_are_kept():
    outcome = run_function(lambda x: 1 / x, [(2,), (1,), (0,), (4,)])
    assert (outcome.kind, outcome.results, outcome.changed) == ("crashed", [0.5, 1.0], [[], []])
    assert "ZeroDivisionError" in outcome.message


def test_the_time_is_for_all_calls_together():
    sleeps = HOSTILE["sleeps"][0]

    def naps(x, path):
        import math

        return sum(math.sqrt(i) for i in range(2_000_000))

    outcome = run_function(naps, [(0, "")] * 100, seconds=1)
    assert outcome.kind == "timed out" and 0 < len(outcome.results) < 100
    assert len(run_function(sleeps, [(X, "")], seconds=0.2).results) == 0


@LINUX
def test_memory_is_limited_beyond_what_numpy_needs():
    make = lambda size: np.ones(size, np.uint8).nbytes
    assert run_function(make, [(200 * 2**20,)], megabytes=256).results == [200 * 2**20]
    outcome = run_function(make, [(300 * 2**20,)], megabytes=256)
    assert outcome.kind == "crashed" and "more than 256 MB of memory in line" in outcome.message


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\nb\r\n\tc", "a b c"),
        ("\x1b[31mred\u202e\x00", "[31mred"),
        ("x" * 300, "x" * 199 + "…"),
        (ValueError(3), "3"),
    ],
)
def test_a_text_of_the_child_becomes_one_short_line(text, clean):
    assert messages.clean(text) == clean


def test_a_forged_place_shows_no_line_of_another_file():
    assert messages.said_place([[__file__, 1], [os.__file__, 3]], affine) == ""
    own = line_of(affine, "return")
    assert messages.said_place([[__file__, own]], affine) == f" in line {own}, `return x @ W.T`"


def raises_under_another_name(path, **changes):
    """Return a function that raises, whose code says that it stands in another file."""

    def raises(x):
        return 1 / 0

    code = raises.__code__.replace(co_filename=str(path), **changes)
    return type(raises)(code, {"__builtins__": __builtins__, "__file__": str(path), "__name__": "__main__"})


@pytest.mark.parametrize(
    "text", ["the secret\n" * 900, "def raises(x):\n    return 'the secret'\n", "raises = 'the secret'"]
)
def test_the_name_of_a_file_in_the_code_shows_no_line_of_that_file(tmp_path, text):
    (tmp_path / "other.py").write_text(text)
    for first in (1, 2, 3, 700):
        outcome = run_function(raises_under_another_name(tmp_path / "other.py", co_firstlineno=first), [(X,)])
        assert outcome.kind == "crashed" and f"raised ZeroDivisionError in line {first + 1}: " in outcome.message
        assert "secret" not in outcome.message


def test_a_line_is_shown_where_the_code_is_what_the_file_compiles_to(tmp_path):
    (tmp_path / "own.py").write_text("def raises(x):\n    return 1 / 0\n")
    outcome = run_function(raises_under_another_name(tmp_path / "own.py", co_firstlineno=1), [(X,)])
    assert "in line 2, `return 1 / 0`: " in outcome.message


def forges_once(x, is_first):
    if is_first:
        reach = [kind for kind in object.__subclasses__() if kind.__name__ == "_wrap_close"][0].__init__.__globals__
        header = b'["dict", [["kind", "returned"], ["result", 1.0]]]'
        for stream in range(3, 32):
            try:
                reach["write"](stream, (len(header).to_bytes(8, "little") + bytes(8) + header) * 20)
            except OSError:
                pass
    return 2.0


@pytest.mark.parametrize("guards", [guards.GUARDS, []])
def test_a_forged_reply_stands_for_its_own_call_alone(guards):
    outcome = run_function(forges_once, [(X, False), (X, True), (X, False), (X, False)], guards=guards)
    assert outcome.results == [2.0, 1.0, 2.0, 2.0]


def replies_and_runs_on(x):
    reach = [kind for kind in object.__subclasses__() if kind.__name__ == "_wrap_close"][0].__init__.__globals__
    header = b'["dict", [["kind", "returned"], ["result", 1.0]]]'
    for stream in range(3, 32):
        try:
            reach["write"](stream, len(header).to_bytes(8, "little") + bytes(8) + header)
        except OSError:
            pass
    while True:
        pass


@pytest.mark.skipif(not running.FORKS, reason="elsewhere each call ends with its interpreter")
def test_a_process_that_has_replied_is_ended_at_once(monkeypatch):
    started = []
    start = running._start
    monkeypatch.setattr(running, "_start", lambda folder: started.append(folder) or start(folder))
    assert run_function(replies_and_runs_on, [(X,)] * 3).results == [1.0] * 3
    assert len(started) == 1


def takes_tools_away(x, names):
    found = [kind for kind in object.__subclasses__() if kind.__name__ == "_wrap_close"][0].__init__.__globals__
    builtins = found["sys"].modules["builtins"]
    for name in names:
        setattr(builtins, name, None)
        setattr(np, name, None)
    return [x * 2, 3.0, {"a": (1, 2j)}]


@pytest.mark.parametrize(
    "names",
    [("len", "type", "issubclass", "list", "map", "any", "str", "vars", "memoryview"), ("array", "asarray", "ndarray")]
    + [("int", "float", "isinstance", "dict", "tuple", "bool", "range", "sorted", "zip", "next", "iter")],
)
def test_a_right_answer_that_takes_tools_away_is_read_all_the_same(names):
    outcome = run_function(takes_tools_away, [(X, names)])
    assert_same(outcome.results, [[X * 2, 3.0, {"a": (1, 2j)}]])


def test_a_working_directory_that_is_gone_changes_nothing(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert_same(run_function(affine, [(X, W)]).results, [affine(X, W)])
    assert "in line" in run_function(raises_below, [(X,)]).message


@pytest.mark.parametrize(
    "error", [RuntimeError("within"), RecursionError(), MemoryError(), AttributeError("x"), KeyError(3)]
)
def test_no_exception_of_ours_leaves(monkeypatch, error):
    def fails(*_):
        raise error

    monkeypatch.setattr(messages, "failure", fails)
    outcome = run_function(raises_below, [(X,)])
    assert outcome.kind == "crashed" and "no fault of the answer" in outcome.message


@pytest.mark.parametrize("name", ["affine", "by_a_class_of_its_own", "with_all_kinds_of_values", "by_recursion"])
def test_without_forks_each_call_has_an_interpreter_of_its_own(name, monkeypatch):
    monkeypatch.setattr(running, "FORKS", False)
    function = globals()[name]
    outcome = run_function(function, [(X, W), (2 * X, W)])
    assert_same(outcome.results, [function(X, W), function(2 * X, W)])


@pytest.mark.parametrize(
    "name",
    ["endless_loop", "leaves_by_os_exit", "aborts", "infinite_recursion", "returns_300_megabytes", "half_a_message"]
    + ["announces_an_exabyte", "fork_bomb", "deletes_a_file", "writes_on_every_open_stream", "builtins_deleted"]
    + ["endless_writing_on_every_open_stream", "segmentation_fault", "masked_array_by_another_name"],
)
def test_without_forks_hostile_functions_end_alike(name, scene, monkeypatch):
    monkeypatch.setattr(running, "FORKS", False)
    function, kinds = HOSTILE[name]
    outcome = run_function(function, [(X, str(scene))], seconds=0.5)
    assert outcome.kind in (kinds if FILTERED else {*kinds, "returned", "crashed", "timed out"}), outcome


def test_without_forks_no_call_knows_of_an_earlier_one(monkeypatch):
    monkeypatch.setattr(running, "FORKS", False)
    first, second = run_function(counts, [(X,)] * 2).results
    assert first[:4] == [1, 1, 1, 1] and first == second


def test_trouble_of_the_machine_is_not_blamed_on_the_answer(monkeypatch):
    for executable in ("no such program", sys.executable):
        monkeypatch.setattr(sys, "executable", executable)
        monkeypatch.setattr(running, "CHILD", Path("no such file"))
        outcome = run_function(affine, [(X, W)])
        assert outcome.kind == "crashed" and "no fault of the answer" in outcome.message


def test_a_child_that_never_begins_is_not_blamed_on_the_answer(monkeypatch, tmp_path):
    (tmp_path / "child.py").write_text("while True: pass")
    monkeypatch.setattr(running, "CHILD", tmp_path / "child.py")
    monkeypatch.setattr(running, "START_SECONDS", 0.3)
    outcome = run_function(affine, [(X, W)])
    assert outcome.kind == "crashed" and "did not begin within 0.3 seconds" in outcome.message
    assert "no fault of the answer" in outcome.message


def test_an_answer_is_run_in_under_a_second():
    times = []
    for _ in range(7):
        began = time.perf_counter()
        run_function(by_functions_of_the_notebook, [(X, W)] * 4)
        times.append(time.perf_counter() - began)
    assert statistics.median(times) < 1


# The format


def parts(message):
    header, body = wire.FRAME.unpack_from(message)
    assert len(message) == wire.FRAME.size + header + body
    return message[wire.FRAME.size :][:header], message[wire.FRAME.size + header :]


def test_what_is_encoded_is_decoded():
    value = with_all_kinds_of_values(X, W)
    assert_same(wire.decode(*parts(wire.encode(value))), value)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{}",
        b"[]",
        b'["set", []]',
        b'["array", "float64", [2], 0]',
        b'["array", "float64", [-1], 0]',
        b'["array", "float64", [1], -8]',
        b'["array", "float64", [1.0], 0]',
        b'["array", "float64", [4611686018427387904, 4], 0]',
        b'["array", "float64", [0, 99999999999999999999], 0]',
        b'["array", "object", [1], 0]',
        b'["array", "O", [1], 0]',
        b'["array", "float64"]',
        b'["array", ["float64"], [1], 0]',
        b'["dict", [["a"]]]',
        b'["dict", [[["list", []], 1]]]',
        b'["complex", "a", 1]',
        b'["list", 3]',
        b"[" * 100_000,
        b"9" * 5000,
        b"9" * 400,
        b'["list", [-' + b"9" * 309 + b"]]",
        b'["array", "float64", [1], 0, [[0], [true], 1]]',
        b'["array", "float64", [1], 0, [[0], [false], -1]]',
        b"\xff",
    ],
    ids=lambda header: header[:50].decode(errors="replace"),
)
def test_a_message_that_lies_is_garbled_and_nothing_else(header):
    with pytest.raises(wire.Garbled):
        wire.decode(header, bytes(8))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (object(), "an object"),
        ({1, 2}, "a set"),
        (b"bytes", "a bytes"),
        (np.array([None]), "an array of Python objects"),
        (np.array(["a"]), "an array of texts"),
        (np.array(["2024-01-01"], "datetime64[D]"), "an array of dtype datetime64"),
        (np.zeros(3, dtype=[("a", "f8")]), "an array of records"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), "a masked array"),
        (np.ma.masked, "a masked array"),
        (np.dtype("float32"), "a dtype"),
        (2**1024 - 2**970, "a whole number"),
        (-(2**1024), "a whole number"),
        ([0] * (wire.MOST_VALUES + 1), "more than 100000 values"),
        (10**400, "a whole number"),
        ("a" * 10_001, "a text of more than"),
        (np.zeros(2**27, np.uint8), "an array of 128 MB"),
        ([np.zeros(2**25, np.uint8)] * 3, "96 MB"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else type(value).__name__,
)
def test_what_is_not_plain_is_not_encoded(value, words):
    with pytest.raises(wire.NotPlain, match=words):
        wire.encode(value)


class Endless:
    """A stream without end, of one message over and over; it counts what is taken from it."""

    def __init__(self, message):
        self.stream, self.taken = itertools.cycle(message), 0

    def read(self, count):
        self.taken += count
        assert self.taken < 10**7, "read without end"
        return bytes(itertools.islice(self.stream, count))


def frames_of(stream):
    frames = queue.SimpleQueue()
    running._read_frames(stream, frames)
    return list(iter(frames.get, None))


def test_messages_are_taken_off_a_stream_until_it_ends():
    messages = [wire.encode(X), wire.encode({"kind": "ready"})]
    assert frames_of(io.BytesIO(b"".join(messages) + messages[0][:10])) == [parts(message) for message in messages]


@pytest.mark.parametrize(
    "message",
    [wire.FRAME.pack(2**60, 0), wire.FRAME.pack(0, 2**60), wire.FRAME.pack(wire.LARGEST_HEADER + 1, 0) + b"1"],
)
def test_a_message_that_is_announced_too_large_is_not_read(message):
    stream = Endless(message)
    assert frames_of(stream) == [] and stream.taken == wire.FRAME.size


def test_of_a_stream_without_end_no_more_is_taken_than_allowed(monkeypatch):
    monkeypatch.setattr(running, "LARGEST_MESSAGE", 1000)
    monkeypatch.setattr(running, "FORKS", False)  # one that forks passes on a message a call, each within its limits
    stream = Endless(wire.encode(1))
    assert 10 < len(frames_of(stream)) < 200 and stream.taken < 3000


# Hostile functions


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """A file that must survive, and a folder of its own for the children; afterwards nothing may be left of them."""
    (tmp_path / "keep").mkdir()
    (tmp_path / "runs").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "runs"))
    survivor = tmp_path / "keep" / "notes.txt"
    survivor.write_text("still here")
    before = state_of_the_kernel()
    yield survivor
    assert [path.name for path in survivor.parent.iterdir()] == ["notes.txt"] and survivor.read_text() == "still here"
    assert state_of_the_kernel() == before
    assert running.leftovers(-1, str(tmp_path / "runs")) == []
    assert list((tmp_path / "runs").iterdir()) == []


def state_of_the_kernel():
    """Return what an answer must not change: tools of the judge, handlers, threads, streams, variables."""
    tools = [np.allclose, np.array_equal, np.isclose, np.tanh, abs, all, isinstance, HOSTILE]
    handlers = [signal.getsignal(number) for number in sorted(signal.valid_signals())]
    streams = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    variables = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return [*map(id, tools), handlers, threading.active_count(), streams, variables, os.getcwd()]


def is_right(outcome, x):
    """Judge as an exercise would: two numbers an element, in place of nothing."""
    if outcome.kind != "returned" or not isinstance(outcome.results[0], np.ndarray):
        return False
    return (
        outcome.results[0].shape == x.shape and np.allclose(outcome.results[0], np.tanh(x)) and not outcome.changed[0]
    )


def test_the_judge_knows_a_right_answer(scene):
    assert is_right(run_function(lambda x, path: np.tanh(x), [(X, str(scene))]), X)


def test_there_are_more_than_a_hundred_and_twenty_hostile_functions():
    assert len(HOSTILE) > 120


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_function_changes_no_verdict_and_leaves_nothing(name, scene):
    function, kinds = HOSTILE[name]
    outcome = run_function(function, [(X, str(scene))], seconds=0.5)
    assert outcome.kind in (kinds if FILTERED else {*kinds, "returned", "crashed", "timed out"}), outcome
    assert not is_right(outcome, X)
    assert (outcome.message == "") == (outcome.kind == "returned")
    assert (outcome.kind == "changed") == any(outcome.changed)
    assert len(outcome.message) < 600 and outcome.message.isprintable()


HARM = [
    name
    for name, (function, _) in HOSTILE.items()
    if hasattr(function, "__code__") and {"reach", "save", "memmap"} & set(function.__code__.co_names)
]
QUICK = [name for name in HARM if "timed out" not in HOSTILE[name][1]]


@LINUX
@pytest.mark.skipif(not FILTERED, reason="the numbers of the system calls are known on x86-64 and ARM only")
@pytest.mark.parametrize("name", QUICK)
def test_the_filter_of_system_calls_holds_alone(name, scene):
    outcome = run_function(HOSTILE[name][0], [(X, str(scene))], seconds=0.5, guards=["limits", "filter"])
    assert not is_right(outcome, X)


@pytest.mark.parametrize("name", QUICK)
def test_the_audit_hook_holds_alone(name, scene):
    outcome = run_function(HOSTILE[name][0], [(X, str(scene))], seconds=0.5, guards=["hook"])
    assert not is_right(outcome, X)


def test_without_guards_a_file_is_lost(tmp_path):
    """The tests above can fail: it is the guards that keep the file."""
    (tmp_path / "notes.txt").write_text("still here")
    run_function(HOSTILE["deletes_a_file"][0], [(X, str(tmp_path / "notes.txt"))], guards=[])
    assert not (tmp_path / "notes.txt").exists()


def forks_and_waits(x, path):
    reach = [kind for kind in object.__subclasses__() if kind.__name__ == "_wrap_close"][0]
    system = reach.__init__.__globals__
    for new_session in (True, False):
        if system["fork"]() == 0:
            if new_session:
                system["setsid"]()
            else:
                system["setpgid"](0, 0)
                system["chdir"]("/")
            system["read"](system["pipe"]()[0], 1)  # waits for ever
    file = system["open"](path, system["O_WRONLY"])
    system["write"](file, b"forked")
    return x


@LINUX
def test_what_is_left_running_is_found_and_ended(tmp_path, monkeypatch):
    """Without guards two processes are left, one in another session, one in another group and folder; both end."""
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "runs").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "runs"))
    found = []
    monkeypatch.setattr(running, "_end", lambda process, folder: found.append((process, folder)))
    call = [(X, str(tmp_path / "notes.txt"))]
    assert run_function(forks_and_waits, call, guards=[]).kind == "returned"
    monkeypatch.undo()
    ((process, folder),) = found
    left = running.leftovers(process.pid, folder)
    running._end(process, folder)
    assert (tmp_path / "notes.txt").read_text() == "forked"
    assert len(left) == 4  # two of each run: with arguments to read, and to write
    deadline = time.monotonic() + 5
    while running.leftovers(process.pid, folder) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert running.leftovers(process.pid, folder) == []


@pytest.mark.skipif(os.name != "posix", reason="a signal to oneself ends a program elsewhere")
def test_an_interrupt_of_the_kernel_ends_the_child(scene):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run_function(HOSTILE["sleeps"][0], [(X, str(scene))], seconds=20)
    timer.join()
    signal.signal(signal.SIGINT, before)


# The guards


def interpret(program, machine, number):
    """Run a filter of system calls as the kernel does; return its verdict."""
    lines = list(struct.iter_unpack("<HBBI", program))
    place, loaded = 0, 0
    while True:
        operation, if_true, if_false, constant = lines[place]
        place += 1
        if operation == guards.LOAD:
            loaded = {0: number, 4: machine}[constant]
        elif operation == guards.JUMP_IF_EQUAL:
            place += if_true if loaded == constant else if_false
        else:
            return constant


@pytest.mark.parametrize("machine", guards.MACHINES)
def test_the_filter_allows_the_listed_calls_of_its_own_machine_only(machine):
    column, architecture, _ = guards.MACHINES[machine]
    program = guards.filter_program(machine)
    allowed = {n for n in range(600) if interpret(program, architecture, n) == guards.ALLOW}
    assert allowed == {pair[column] for pair in guards.SYSTEM_CALLS.values()}
    assert interpret(program, architecture, 0x40000000) == guards.REFUSE  # the x32 door of x86-64
    assert interpret(program, architecture ^ 1, 0) == guards.REFUSE


@pytest.mark.skipif(not FILTERED, reason="the filter is for Linux on x86-64 and ARM")
def test_the_filter_is_in_place_where_it_is_known():
    def state(x):
        reach = [kind for kind in object.__subclasses__() if kind.__name__ == "_wrap_close"][0]
        try:
            reach.__init__.__globals__["getppid"]()
            return reach.__init__.__globals__["listdir"]("/")
        except PermissionError:
            return "kept"

    assert run_function(state, [(0,)], guards=["filter"]).results == ["kept"]
    assert run_function(state, [(0,)], guards=[]).results != ["kept"]


def test_the_environment_of_the_child_holds_nothing_of_the_user(monkeypatch):
    def variables(x):
        reach = [kind for kind in object.__subclasses__() if kind.__name__ == "_wrap_close"][0]
        return [dict(reach.__init__.__globals__["environ"]), reach.__init__.__globals__["getcwd"]()]

    monkeypatch.setenv("SECRET", "grade: A")
    ((found, folder),) = run_function(variables, [(0,)], guards=[]).results
    assert {"PYTHONHASHSEED", "OPENBLAS_NUM_THREADS"} <= set(found)
    own = {"LC_CTYPE", "__CF_USER_TEXT_ENCODING"}  # Python and macOS add these by themselves
    assert set(found) - own <= {*running.ENVIRONMENT, *running.KEPT_VARIABLES} and "HOME" not in found
    assert not Path(folder).exists() and Path(folder).name.startswith("bptt-lab-")


def test_the_hook_uses_no_name_that_can_be_changed():
    hook, _ = guards.make_hook()
    used = {name for code in functions.code_objects(hook.__code__) for name in code.co_names}
    assert used & (set(vars(guards)) | set(dir(__builtins__))) == set()


@pytest.mark.parametrize("event", ["open", "os.remove", "import", "socket.__new__", "an event of tomorrow"])
def test_the_hook_refuses_what_is_not_on_its_list(event):
    hook, forbidden = guards.make_hook()
    with pytest.raises(forbidden) as caught:
        hook(event, ("text",))
    assert caught.value.args == (event, "text")
    assert hook("builtins.id", (3,)) is None


# In a notebook

CELLS = [
    "import numpy as np\nfrom bptt_lab.exercises.sandbox.running import run_function\nx = np.ones((2, 3))",
    "def double(x):\n    return 2 * x\nrun_function(double, [(x,)]).results[0].sum()",
    "def wrong(x):\n    y = x + 1\n    return y @ y\nprint(run_function(wrong, [(x,)]).message)",
    "def endless(x):\n    while True:\n        pass\nprint(run_function(endless, [(x,)], seconds=0.3).kind)",
    "def uses(y):\n    return x + y\nprint(run_function(uses, [(x,)]).results[0].sum())",
    "print(run_function(lambda x: open(x), [(x,)]).message)",
    "await __import__('asyncio').sleep(0)\nrun_function(double, [(x,)]).kind",
]


def test_it_works_in_a_notebook_and_the_kernel_stays_alive(tmp_path):
    book = new_notebook(cells=[new_code_cell(source) for source in CELLS])
    NotebookClient(book, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    texts = [nbformat.from_dict(cell.outputs[0]) if cell.outputs else None for cell in book.cells]
    shown = [text and (text.get("text") or text["data"]["text/plain"]).strip() for text in texts]
    assert shown[1] == "np.float64(12.0)" and shown[3] == "timed out" and shown[6] == "'returned'"
    assert shown[2].startswith("The function raised ValueError in line 3, `return y @ y`: matmul")
    assert shown[4] == "12.0" and "`open`" in shown[5]
