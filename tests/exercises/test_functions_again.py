"""What outsiders found against the judge of functions, by class: state kept, time, scales, limits and words."""

import gc
import signal
import time
import types

import numpy as np
import pytest
from test_instances import here

from bptt_lab.exercises import ex
from bptt_lab.exercises.judges import function as judge
from bptt_lab.exercises.judges import whole
from bptt_lab.exercises.judges.function import judge_function
from bptt_lab.exercises.judges.instances import tables
from bptt_lab.exercises.judges.short_reading import Unread, read_choice, shown
from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, CRASHED, OTHER_FORM, OUTCOMES, TIMED_OUT, WRONG
from bptt_lab.exercises.questions import course_questions

FUNCTIONS = {key: one for key, one in course_questions().items() if one.kind == "function"}


@pytest.fixture
def in_process(monkeypatch):
    monkeypatch.setattr(judge, "run_function", here)
    monkeypatch.setattr(whole, "run_function", here)


def replaced(key, *pairs, before=""):
    """Return a question's own answer with some of its words replaced, and a line put before its first one."""
    text = FUNCTIONS[key].answer
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    head, _, rest = text.partition("\n")
    text = f"{head}\n    {before}\n{rest}" if before else text
    codes = [part for part in compile(text, key, "exec").co_consts if isinstance(part, types.CodeType)]
    return types.FunctionType(codes[-1], {"np": np, "__builtins__": __builtins__})


def results_changed(key, change):
    """Return a question's own answer with each of its arrays changed."""
    right = judge.reference(FUNCTIONS[key])

    def changed(*arguments):
        found = right(*arguments)
        return tuple(change(np.asarray(a)) for a in found) if isinstance(found, tuple) else change(np.asarray(found))

    return changed


def judged(key, function):
    return judge_function(FUNCTIONS[key], function)


# State kept from one call to the next

KEPT = {}


def recurrent(d_a1, h1, h_start):
    M = h1.shape[-1]
    return d_a1.reshape(-1, M).T @ np.concatenate([h_start[None], h1[:-1]]).reshape(-1, M)


def kept_in_a_global(d_a1, h1, h_start):
    if "r" not in KEPT:
        KEPT["r"] = recurrent(d_a1, h1, h_start)
    return KEPT["r"]


def kept_by_shape(d_a1, h1, h_start):
    if h1.shape not in KEPT:
        KEPT[h1.shape] = recurrent(d_a1, h1, h_start)
    return KEPT[h1.shape]


def kept_in_a_default(d_a1, h1, h_start, cache={}):  # noqa: B006
    cache.setdefault("r", recurrent(d_a1, h1, h_start))
    return cache["r"]


class KeepsItsSlope:
    """A sweep that computes its slopes once."""

    def __init__(self):
        self.slope = None

    def __call__(self, W11, W1, h1, d_a2):
        if self.slope is None:
            self.slope = 1 - h1**2
        d_a1, carry = np.empty_like(h1), np.zeros_like(h1[0])
        for t in reversed(range(len(h1))):
            d_a1[t] = self.slope[t] * (d_a2[t] @ W1 + carry)
            carry = d_a1[t] @ W11
        return d_a1


@pytest.mark.parametrize(
    ("key", "function"),
    [("07.6", kept_in_a_global), ("07.6", kept_by_shape), ("07.6", kept_in_a_default), ("10.3", KeepsItsSlope())],
)
def test_what_is_kept_from_another_call_is_seen(key, function):
    found = judged(key, function)
    assert found.outcome == WRONG and "other arguments after it" in found.cause


def kept_by_its_numbers(d_a1, h1, h_start, cache={}):  # noqa: B006
    name = d_a1.tobytes() + h1.tobytes() + h_start.tobytes()
    if name not in cache:
        cache[name] = recurrent(d_a1, h1, h_start)
    return cache[name]


def test_a_cache_that_knows_its_arguments_is_right():
    assert judged("07.6", kept_by_its_numbers).outcome == CORRECT


# Time


def slower(seconds):
    def sleeps(d_a1, h1, h_start):
        time.sleep(seconds)
        return recurrent(d_a1, h1, h_start)

    return sleeps


@pytest.mark.parametrize("seconds", [0.1, 0.3])
def test_a_slow_function_that_is_right_is_right(seconds):
    assert judged("07.6", slower(seconds)).outcome == CORRECT


def test_a_slow_function_is_told_how_long_a_call_took(monkeypatch):
    monkeypatch.setattr(judge, "SECONDS", 1.5)
    found = judged("07.6", slower(0.3))
    assert found.outcome == TIMED_OUT and "Every call returned, but one took 0.3" in found.cause
    assert "instances" in found.cause and "loop" not in found.cause


def test_a_slow_function_that_is_wrong_is_told_where():
    def wrong(d_a1, h1, h_start):
        time.sleep(0.3)
        return recurrent(d_a1, h1, h_start) * (len(h1) == 4)

    found = judged("07.6", wrong)
    assert found.outcome == WRONG and "right for T = 4, but not for T = 5" in found.cause


def test_a_loop_without_end_is_named_as_one(monkeypatch):
    monkeypatch.setattr(judge, "SECONDS_OF_ONE", 0.5)

    def endless(d_a1, h1, h_start):
        while True:
            pass

    def endless_for_one_step(d_a1, h1, h_start):
        while len(h1) == 1:
            pass
        return recurrent(d_a1, h1, h_start)

    assert "did not return within 0.5 s: look for a loop" in judged("07.6", endless).cause
    found = judged("07.6", endless_for_one_step)
    assert found.outcome == TIMED_OUT and "before it returned, the slowest after" in found.cause


# Scales and limits


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("09.6", "o.max(axis=-1, keepdims=True)", "o.max(axis=(1, 2), keepdims=True)"),
        ("09.6", "o.max(axis=-1, keepdims=True)", "o.max(axis=(0, 2), keepdims=True)"),
        ("09.6", "o.max(axis=-1, keepdims=True)", "o.max()"),
        ("02.6", "d_a2 = h2 - y", "d_a2 = ((1 - y) / (1 - h2) - y / h2) * h2 * (1 - h2)"),
        ("02.6", "d_a2 = h2 - y", "d_a2 = (h2 - y) / (h2 * (1 - h2)) * (h2 * (1 - h2))"),
        ("11.5", "h2[t] - y[t]", "(h2[t] - y[t]) / (h2[t] * (1 - h2[t])) * (h2[t] * (1 - h2[t]))"),
        (
            "05.6",
            "d_a2 = h2 - y",
            "d_a2 = (-y / h2) * h2 * (1 - h2) + h2 * (((y / h2) * h2).sum(-1, keepdims=True) - (y / h2) * h2)",
        ),
        *(("02.6", "h1 > 0", f"h1 > {bound}") for bound in (1e-1, 1e-2, 1e-4, 1e-6, 1e-8)),
        *(("10.3", "@ W11", f"@ W11 if (len(h1) - t) % {n} else 0 * d_a1[t]") for n in (10, 12, 13, 20, 24, 32)),
        ("04.6", "d_a[t] * v", "d_a[t] * v if (len(d_s) - t) % 16 else 0 * d_a[t]"),
        ("10.3", "1 - h1[t] ** 2", "1 - h1[t] ** 2 + 1e-8"),
        ("09.6", "powers.sum(axis=-1, keepdims=True)", "(powers.sum(axis=-1, keepdims=True) + 1e-7)"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_line_that_fails_at_some_scale_or_length_is_refused(key, old, new, in_process):
    assert judged(key, replaced(key, (old, new))).outcome == WRONG


@pytest.mark.parametrize("key", ["02.6", "03.6", "04.6", "05.6", "09.6", "10.5", "11.5"])
@pytest.mark.parametrize(
    "change",
    [
        lambda a: np.where(np.abs(a) < 1e-3, 0, a),
        lambda a: np.where(np.abs(a) < 1e-3, np.abs(a), a),
        lambda a: np.where(np.abs(a) < 1e-3 * np.abs(a).max(), 0, a),
        lambda a: np.where(np.abs(a) < 1e-5, 0, a),
        lambda a: np.where(np.abs(a) < 1e-4, -a, a),
    ],
)
def test_what_cuts_small_numbers_is_refused(key, change, in_process):
    assert judged(key, results_changed(key, change)).outcome == WRONG


@pytest.mark.parametrize(
    ("key", "before"),
    [
        ("02.6", "x = np.clip(x, -10, 10)"),
        ("04.6", "v = np.clip(v, -5, 5)"),
        ("10.3", "d_a2 = np.where(np.arange(d_a2.shape[1])[:, None] < 8, d_a2, 0)"),
        ("02.6", "x = np.where(np.arange(len(x))[:, None] < 32, x, 0)"),
    ],
)
def test_arguments_cut_at_some_size_are_seen(key, before, in_process):
    assert judged(key, replaced(key, before=before)).outcome == WRONG


def test_results_cut_at_some_size_are_seen(in_process):
    assert judged("12.4", results_changed("12.4", lambda a: np.clip(a, -300, 300))).outcome == WRONG


def test_the_instances_reach_what_they_are_named_for():
    def of(key, kind):
        return next(table for table in tables(FUNCTIONS[key]) if table.case.kind == kind)

    for key in ("02.6", "11.5", "05.6", "10.5"):
        outputs = of(key, "certain").arguments["h2"]
        assert (outputs == 1).any() and (outputs == 0).any()
    scores = of("09.6", "apart").arguments["o"].max(axis=-1)
    assert (np.abs(scores[:, 0] - scores[:, 1]) > 1000).any()
    states = of("02.6", "faint").arguments["h1"]
    assert all(((states > most / 1000) & (states < most)).any() for most in (1e-8, 1e-6, 1e-4, 0.1))
    differences = np.abs(of("09.6", "close").results["d_o"])
    assert 0 < differences.min() < 1e-5 and differences.max() > 1e-3
    assert 36 <= len(of("10.3", "fresh").arguments["h1"]) <= 40
    assert of("10.3", "many").arguments["h1"].shape[1] == 400


# Words


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("02.6", lambda a: a * (1 + 1e-6)),
        ("02.6", lambda a: a + 1e-6),
        ("09.6", lambda a: a * (1 - 1e-7)),
    ],
)
def test_single_precision_is_named_only_where_it_is(key, change, in_process):
    found = judged(key, results_changed(key, change))
    assert found.outcome == WRONG and "single precision" not in str(found) and "six digits" in found.cause


def test_single_precision_on_the_way_is_named(in_process):
    found = judged("10.3", replaced("10.3", ("@ W11", "@ W11.astype(np.float32)")))
    assert found.outcome == OTHER_FORM and "single precision" in found.cause


def test_results_cut_to_whole_numbers_are_told_so(in_process):
    for key, function in {
        "10.3": replaced("10.3", ("np.empty_like(h1)", "np.zeros(h1.shape, dtype=int)")),
        "07.6": results_changed("07.6", lambda a: a.astype(int)),
    }.items():
        found = judged(key, function)
        assert found.outcome == WRONG and "whole numbers only" in found.cause and "zero" not in found.cause


@pytest.mark.parametrize(
    ("key", "before"),
    [
        ("02.6", "x, h1, h2, y = (np.where(np.arange(len(a))[:, None] < 32, a, 0) for a in (x, h1, h2, y))"),
        ("05.6", "h1, h2, y = (np.where(np.arange(a.shape[1])[:, None] < 10, a, 0) for a in (h1, h2, y))"),
    ],
)
def test_a_limit_of_sequences_is_not_told_as_one_of_size(key, before, in_process):
    found = judged(key, replaced(key, before=before))
    assert "large" not in found.cause and "clipped" not in found.asks and ("400" in found.cause or "120" in found.cause)


@pytest.mark.parametrize("key", ["02.6", "05.6", "10.5", "11.5", "12.4"])
def test_a_lost_axis_is_not_told_as_a_matter_of_size(key, in_process):
    assert "large" not in judged(key, results_changed(key, np.squeeze)).cause


def test_a_lost_sign_is_told_as_one(in_process):
    found = judged("04.6", replaced("04.6", ("* v", "* abs(v)")))
    assert found.outcome == WRONG and "all zero" not in found.cause and "zero" not in found.cause
    found = judged("04.6", replaced("04.6", ("w_y", "abs(w_y)"), ("def deltas(v, abs(w_y)", "def deltas(v, w_y")))
    assert found.outcome == WRONG and "The whole has the wrong sign" not in found.cause


def test_what_else_is_wrong_is_told_of_what_differs_there_alone(in_process):
    found = judged("04.6", replaced("04.6", ("* v", "* abs(v)")))
    assert "the same ones with the other sign" in found.cause and "Nor" not in found.cause
    cut = judged("02.6", results_changed("02.6", lambda a: np.where(np.abs(a) < 1e-3, 0, a)))
    assert "0.000000001" in cut.cause and "T = 120" not in cut.cause
    one_size = judged("07.6", replaced("07.6", before="h1 = h1 * (h1.shape[-1] != 3)"))
    assert "drawn anew (T = " in one_size.cause and "M = 3" in one_size.cause and "some sizes" in one_size.asks


@pytest.mark.parametrize("key", ["09.6", "12.4"])
def test_a_state_to_begin_with_is_named_only_where_it_is_given(key):
    assert "at rest" not in {table.case.kind for table in tables(FUNCTIONS[key])}
    assert "at rest" in {table.case.kind for table in tables(FUNCTIONS["07.6"])}


def test_memory_an_answer_says_it_lacks_is_not_told_as_measured():
    def raises(d_a1, h1, h_start):
        raise MemoryError

    found = judged("07.6", raises)
    assert found.outcome == CRASHED and "raised MemoryError" in found.cause and "needs more" not in found.cause


def test_a_write_of_the_same_numbers_is_told_as_a_write():
    def writes(d_a1, h1, h_start):
        h1[:] = h1
        return recurrent(d_a1, h1, h_start)

    found = judged("07.6", writes)
    assert found.outcome == WRONG and found.cause.startswith("It writes into h1.")


# How it is called


def test_arguments_by_name_only_are_given_by_name():
    text = FUNCTIONS["10.3"].answer
    codes = lambda text: [c for c in compile(text, "own", "exec").co_consts if isinstance(c, types.CodeType)]
    make = lambda text: types.FunctionType(codes(text)[-1], {"np": np, "__builtins__": __builtins__})
    named = make(text.replace("sweep(W11", "sweep(*, W11"))
    named.__kwdefaults__ = None
    assert judged("10.3", named).outcome == CORRECT
    head, _, rest = text.partition("\n")
    read = '    W11, W1, h1, d_a2 = more["W11"], more["W1"], more["h1"], more["d_a2"]\n'
    assert judged("10.3", make(f"def sweep(**more):\n{read}{rest}")).outcome == CORRECT


def test_other_names_by_name_only_are_told_as_such():
    found = judged("10.3", lambda *, W, V, h, d: h)
    assert "by name only" in found.cause and "`W`" in found.cause and "0 arguments" not in found.cause


# What is shown, and what an object may raise


def test_half_a_character_is_shown_as_its_number():
    found = ex("01.2").check("54\ud800")
    assert "\\ud800" in str(found) and str(found).encode() and found._repr_markdown_().encode()


class Interrupts:
    """An object that pretends to be a key pressed."""

    def __getattribute__(self, name):
        raise KeyboardInterrupt

    def __call__(self, *arguments):
        raise KeyboardInterrupt


@pytest.mark.parametrize("key", ["01.2", "07.6", "01.6", "12.4", "10.1"])
def test_an_interrupt_that_an_object_raises_stays_in_the_judge(key):
    assert ex(key).check(Interrupts()).outcome in OUTCOMES


def test_an_interrupt_from_the_keyboard_goes_through(monkeypatch):
    def pressed(question, answer):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setitem(KINDS, "number", KINDS["number"]._replace(check=pressed))
    monkeypatch.setitem(KINDS, "function", KINDS["function"]._replace(check=pressed))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    gc.disable()  # what is raised within a callback of the collector is lost
    try:
        for key in ("01.2", "07.6"):
            with pytest.raises(KeyboardInterrupt):
                ex(key).check(recurrent)
    finally:
        gc.enable()
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("answer", ["9 x 6", "'54'", "54\u200b", "`54`", "\uff15\uff14", "5.4e1"])
def test_more_spellings_of_a_number_are_read(answer):
    assert ex("01.2").check(answer).outcome == CORRECT


def test_a_hexadecimal_number_is_no_product():
    assert ex("01.2").check("0x36").outcome == CANNOT_READ


@pytest.mark.parametrize(
    ("words", "answer", "key"),
    [
        (("0.5 and 0.5", "0.5 and \u22120.7"), "0.5, -0.7", "b"),
        (("$10^{-5}$", "$5 \\cdot 10^{-3}$"), "5e-3", "b"),
        (("1/64", "1/128"), "0.015625", "a"),
        (("two, as before", "three"), 3, "b"),
        (("0.8 and 0.00001", "0.8 and 0.000001"), "0.8 and 1e-6", "b"),
        (("9", "15"), 15.0, "b"),
        (("one", "other"), "`b`", "b"),
        (("one", "other"), "\uff42", "b"),
        (("one", "other"), "$b$", "b"),
        (("one", "other"), "b\u200b", "b"),
    ],
)
def test_a_choice_is_read_by_its_value_and_in_more_spellings(words, answer, key):
    assert read_choice(dict(zip("ab", words, strict=True)), answer) == key


def test_a_value_that_two_choices_share_names_none():
    with pytest.raises(Unread):
        read_choice({"a": "1/2", "b": "0.5"}, "0.50")


def test_what_is_shown_of_an_answer_hides_nothing():
    assert "\\u200b" in shown("5\u200bx") and "digits" in shown(10**5000)
    assert "whole number" in str(ex("01.2").check(10**5000))


def test_one_number_is_no_array_where_the_task_says_so(in_process):
    for change in ("np.array([(d_a * a_before).sum()])", "[(d_a * a_before).sum()]"):
        found = judged("04.6", replaced("04.6", ("(d_a * a_before).sum()", change)))
        assert found.outcome == WRONG and "shape is (1,); expected ()" in found.cause
