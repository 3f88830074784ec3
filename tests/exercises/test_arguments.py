"""Arguments stay as they are: they lie in memory that cannot be written, and what is written elsewhere is read off."""

import copy
import inspect
import sys

import numpy as np
import pytest

from bptt_lab.exercises.sandbox import differences, messages, running, wire
from bptt_lab.exercises.sandbox.running import run_function

X = np.arange(1.0, 13).reshape(4, 3) / 7
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="memory maps are listed on Linux only")
WRITERS = {}


def writes(function):
    """Put a function on the list of those that write into their argument `x`."""
    WRITERS[function.__name__] = function
    return function


@writes
def adds_in_place(x):
    x += 1
    return x


@writes
def sets_an_entry_of_a_view(x):
    row = x.T[0]
    row[1] = 9
    return x


@writes
def writes_by_out(x):
    return np.add(x, 1, out=x)


@writes
def fills(x):
    x.fill(0)
    return x


@writes
def sorts(x):
    x[::-1].sort(axis=0)
    return x


@writes
def shuffles(x):
    np.random.default_rng(1).shuffle(x)
    return x


@writes
def copies_over(x):
    np.copyto(x, 0)
    return x


@writes
def puts(x):
    np.put(x, [0], [5])
    return x


@writes
def writes_by_a_memory_view(x):
    memoryview(x).cast("B")[0:8] = bytes(8)
    return x


@writes
def asks_for_leave(x):
    x.flags.writeable = True
    x[:] = 0
    return x


@writes
def asks_its_base_for_leave(x):
    base = x
    while isinstance(base, np.ndarray):
        last, base = base, base.base
    last.setflags(write=True)
    last[...] = 0
    return x


@writes
def writes_past_the_flags(x):
    address = x.__array_interface__["data"][0]

    class Forged:
        __array_interface__ = dict(x.__array_interface__, data=(address, False))

    np.asarray(Forged())[...] = 0
    return x


@writes
def swallows_the_refusal(x):
    try:
        x += 1
    except ValueError:
        x = x + 1
    return x


@writes
def writes_where_it_may(x):
    if x.flags.writeable:
        x += 1
    return x * 1


@writes
def hides_by_the_frames_of_an_error(x):
    before = x.copy()
    try:
        x += 1
        raise ValueError
    except ValueError as error:
        frame = error.__traceback__.tb_frame
    while frame:
        for name, value in list(frame.f_locals.items()):
            if isinstance(value, tuple) and value and value[0] is x:
                frame.f_locals[name] = (before,)
        frame = frame.f_back
    return before


@writes
def leaves_after_writing(x):
    kinds = [kind for kind in object.__subclasses__() if kind.__name__ == "_wrap_close"]
    if x.flags.writeable:
        x[:] = 0
        kinds[0].__init__.__globals__["_exit"](0)
    return x


NO_WORD_OF_THE_LINE = {"swallows_the_refusal", "writes_where_it_may", "leaves_after_writing"}
NO_WORD_OF_THE_LINE |= {"hides_by_the_frames_of_an_error"}
# what a write past the flags does is a fault of memory, not an exception
PAST_NUMPY = {"writes_past_the_flags"}


@pytest.mark.parametrize("name", WRITERS)
def test_a_write_into_an_argument_is_named(name):
    before = X.copy()
    outcome = run_function(WRITERS[name], [(X,)], argument_names=["h1"])
    assert np.array_equal(X, before)
    if name in PAST_NUMPY:
        assert outcome.kind == "crashed" and "SIGSEGV" in outcome.message
        return
    assert (outcome.kind, outcome.changed) == ("changed", [["h1"]])
    assert "writes into `h1`" in outcome.message and "`h1.copy()`" in outcome.message
    lines, start = inspect.getsourcelines(WRITERS[name])
    named = [i for i, line in enumerate(lines, start) if f"in line {i}, `{line.strip()}`" in outcome.message]
    assert bool(named) == (name not in NO_WORD_OF_THE_LINE), outcome.message


@pytest.mark.parametrize("name", sorted(set(WRITERS) - PAST_NUMPY))
def test_without_forks_a_write_is_named_too(name, monkeypatch):
    monkeypatch.setattr(running, "FORKS", False)
    outcome = run_function(WRITERS[name], [(X,)])
    assert (outcome.kind, outcome.changed) == ("changed", [["x"]])


def test_the_second_run_alone_finds_what_is_swallowed(monkeypatch):
    """Without it the change would pass: it is what this test is about that finds it."""
    monkeypatch.setattr(running, "_changes", lambda *_: [])
    assert run_function(swallows_the_refusal, [(X,)]).kind == "returned"


def never_ends_where_it_may_write(x, n):
    while x.flags.writeable:
        pass
    return n


def test_a_second_run_without_end_disturbs_no_later_call():
    assert run_function(never_ends_where_it_may_write, [(X, 1), (X, 2), (X, 3)], seconds=3).results == [1, 2, 3]


def tells_of_its_memory(x):
    return [x.flags.writeable, x.flags.owndata, x.base is None]


@LINUX
def test_the_pages_of_an_argument_cannot_be_made_writable():
    def asks_the_kernel(x):
        globals_of = [k for k in object.__subclasses__() if k.__name__ == "_wrap_close"][0].__init__.__globals__
        ctypes = globals_of["sys"].modules["ctypes"]
        page = x.__array_interface__["data"][0] // 4096 * 4096
        library = ctypes.CDLL(None, use_errno=True)
        answer = library.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(4096), 3)
        return [answer, ctypes.get_errno()]

    assert run_function(asks_the_kernel, [(X,)], guards=[]).results == [[-1, 13]]  # EACCES
    assert run_function(tells_of_its_memory, [(X,)]).results == [[False, False, False]]


def writes_into_its_own(x):
    kept = np.broadcast_to(np.zeros(3), (2, 3))
    kept[0] = 1
    return x


def raises_the_words_itself(x):
    raise ValueError("this table is read-only")


def works_on_copies(x):
    y, z = x.copy(), copy.deepcopy(x)
    y += 1
    z[...] = 0
    w = np.array(x)
    w.sort()
    kept = np.asarray(x)
    kept = kept + 1
    return y + z + w.astype(float) + kept


def test_memory_of_its_own_that_cannot_be_written_is_no_argument():
    outcome = run_function(writes_into_its_own, [(X,)])
    assert outcome.kind == "crashed" and "raised ValueError in line" in outcome.message
    assert run_function(raises_the_words_itself, [(X,)])[2:4] == ([], outcome_text(raises_the_words_itself))


def outcome_text(function):
    lines, start = inspect.getsourcelines(function)
    return f"The function raised ValueError in line {start + 1}, `{lines[1].strip()}`: this table is read-only"


def test_copies_can_be_written():
    np.testing.assert_array_equal(run_function(works_on_copies, [(X,)]).results[0], works_on_copies(X.copy()))


def writes_the_same(x, params):
    params[:] = params
    return x


def test_a_write_that_changes_no_number_is_named_by_its_line():
    outcome = run_function(writes_the_same, [(X, X)], argument_names=["x", "W11"])
    assert outcome.changed == [["W11"]] and "`params[:] = params`" in outcome.message
    outcome = run_function(lambda *all: all[0].sort(axis=0), [(X, X)], argument_names=["x", "W11"])
    assert outcome.changed == [["an argument"]] and "writes into an argument in line" in outcome.message


def test_only_the_calls_before_it_have_results():
    outcome = run_function(
        lambda x, flag: x.fill(0) if flag else x, [(X, 0), (X, 1), (X, 0)], argument_names=["x", "f"]
    )
    assert (len(outcome.results), outcome.changed) == (1, [[], ["x"]])


# Lists and dicts

CONTAINERS = [{"W": X, "b": [1.0, X], 3: {"deep": X}}, [X, [2.0, "a"], (X, {"k": 1})]]


def reads_as_ever(params, items):
    found = [
        len(params),
        sorted(map(str, params)),
        params["b"][0],
        params.get("no", 5),
        "W" in params,
        [*params.values()],
    ]
    found += [{**params}["b"], params.copy()["b"], list(params.items())[1], dict(params)["b"], params | {"z": 1}]
    found += [isinstance(params, dict), isinstance(items, list), items[1:], items + [1], [0] + items, items * 2]
    found += [len(items), items[-1][1]["k"], [*items], items[1] == [2.0, "a"], items[1] != [3], items.index(items[0])]
    found += [
        params[3] == params[3],
        copy.deepcopy(params)["b"],
        copy.copy(items),
        list(reversed(params)),
        str(items[1]),
    ]
    changed = copy.deepcopy(params)
    changed["W"][0, 0], changed["b"][0] = 7, 8
    params = dict(params, W=None)
    params.update(b=2)
    return [*found, changed["W"], params]


def test_lists_and_dicts_read_as_ever():
    outcome = run_function(reads_as_ever, [tuple(CONTAINERS)])
    assert (outcome.kind, outcome.message) == ("returned", "")
    assert wire.encode(outcome.results[0]) == wire.encode(reads_as_ever(*CONTAINERS))


@pytest.mark.parametrize(
    ("function", "place"),
    [
        (lambda p, q: p.update(b=1), "p['b']"),
        (lambda p, q: p.pop("W"), "p"),
        (lambda p, q: p.setdefault("new", 1), "p"),
        (lambda p, q: p.__setitem__("b", 2), "p['b']"),
        (lambda p, q: p[3].clear(), "p[3]"),
        (lambda p, q: p["b"].append(1), "p['b']"),
        (lambda p, q: p["b"].sort(key=id), "p['b']"),
        (lambda p, q: q.append(1), "q"),
        (lambda p, q: q[2][1].popitem(), "q[2][1]"),
        (lambda p, q: q[1].__iadd__([3]), "q[1]"),
        (lambda p, q: q[2][0].fill(3), "q[2][0]"),
        (lambda p, q: dict.__setitem__(p, "W", 3), "p"),
        (lambda p, q: list.append(q, 3), "q"),
        (lambda p, q: [setattr(a, "shape", (12,)) for a in q[:1]], "q[0]"),
    ],
)
def test_a_change_of_a_list_or_dict_is_named(function, place):
    outcome = run_function(function, [tuple(CONTAINERS)])
    if place == "p['b']" and "sort" in function.__code__.co_names:  # the order may be the same
        assert outcome.kind == "changed"
    elif {"dict", "list"} & set(function.__code__.co_names) and outcome.kind == "crashed":
        assert "raised TypeError" in outcome.message  # not a dict underneath, so nothing has changed
    else:
        assert (outcome.kind, outcome.changed) == ("changed", [[place]])


# The layout of memory

LAYOUTS = {
    "transposed": X.T,
    "every other row": np.repeat(X, 2, axis=0)[::2],
    "every other column": np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": X[::-1],
    "transposed and backwards": X.T[:, ::-1],
    "three axes": np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1),
    "Fortran": np.asfortranarray(X),
    "float32": X.T.astype(np.float32, order="K"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_array_that_is_not_contiguous_is_none_there_either(name):
    array = LAYOUTS[name]
    assert not array.flags.c_contiguous
    outcome = run_function(lambda x: [x, x.flags.c_contiguous, x.dtype.name, x.flags.writeable], [(array,)])
    found, is_contiguous, dtype, can_write = outcome.results[0]
    np.testing.assert_array_equal(found, array)
    assert (is_contiguous, dtype, can_write) == (False, array.dtype.name, False)


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_is_written_into_such_an_array_is_seen(name):
    outcome = run_function(lambda a, x: x.__setitem__((0, 0), 99), [(X, LAYOUTS[name])], argument_names=["a", "x"])
    assert outcome.changed == [["x"]]


def test_a_header_overwritten_in_memory_hides_nothing():
    sent = wire.encode((X, 2.0), keeps_layout=True)
    cut = len(sent) - X.nbytes
    assert differences.written_places((X, 2.0), sent, sent, "xy") == []
    forged = bytes(cut) + np.zeros_like(X).tobytes()
    assert differences.written_places((X, 2.0), sent, forged, "xy") == ["x"]
    assert differences.written_places((X, 2.0), sent, sent[:-8], "xy") == ["the arguments"]
    assert differences.written_places((X, 2.0), sent, b"", "xy") == ["the arguments"]


def test_what_is_told_names_every_place():
    told = messages.changed(["x", "params['W']"], {}, adds_in_place)
    assert told.startswith("Your function writes into `x` and `params['W']`: the arguments must stay as they are")
    assert messages.changed(["argument 2"], {}, adds_in_place).endswith(
        "into argument 2: the arguments must stay as they are, work on a copy."
    )
