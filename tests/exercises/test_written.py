"""A function given as text: compiled here, run in the child only, with what it needs of its cell and no more."""

import numpy as np
import pytest

from bptt_lab.exercises.sandbox.allowed import Refused
from bptt_lab.exercises.sandbox.functions import needed_names, places, positional_names
from bptt_lab.exercises.sandbox.running import run_function
from bptt_lab.exercises.sandbox.written import FILE, written

X = np.arange(3.0)
CLASS = "from dataclasses import dataclass\n@dataclass\nclass By:\n    much: int = 2\n"


def run(source, name="f", **options):
    return run_function(written(source, name), [(X,)], seconds=3, **options)


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    return x + 2",
        "two = 2\ndef f(x):\n    return x + two",
        "def f(x):\n    return x + two\ntwo = 2",
        "f = lambda x: x + 2",
        "def g(x):\n    return x + 2\nf = g",
        "def g(x, by):\n    return x + by\ndef f(x):\n    return g(x, 2)",
        "found = []\nfound.append(2)\ndef f(x):\n    return x + found[0]",
        "import functools as ft\n@ft.lru_cache\ndef two():\n    return 2\ndef f(x):\n    return x + two()",
        f"{CLASS}def f(x):\n    return x + By().much",
        f"from __future__ import annotations\n{CLASS}"
        "def f(x: Nothing):\n    return x + By().much",
        "import numpy as other\ndef f(x, *, by=other.array([2, 2, 2])):\n    return x + by",
        "if True:\n    two = 2\nelse:\n    two = 3\ndef f(x):\n    return x + two",
        "def f(x):\n    return x + 5\ndef f(x):\n    return x + 2",
        "def f(x):\n    return np.add(x, math.sqrt(4))",
        "raise_it = 1 / 0 if False else 2\ndef f(x):\n    return x + raise_it",
        "print(nothing)\nassert False\n1 / 0\nf(3)\ndef f(x):\n    return x + 2",
    ],
)  # fmt: skip
def test_what_a_function_needs_of_its_cell_travels_along(source):
    outcome = run(source)
    assert outcome.kind == "returned" and (outcome.results[0] == X + 2).all(), outcome


def test_nothing_is_run_here():
    one = written("import sys\nf = None\ndef f(x=print(1/0)):\n    return 1/0", "f")
    assert one.function.__defaults__ == (None,)
    with pytest.raises(ZeroDivisionError):
        one.function()  # its code is here; only this test calls it


def test_messages_name_the_line_of_the_cell():
    says = run("# Answer\ndef f(x):\n    y = 1\n    return x @ np.eye(4)").message
    assert "in line 4, `return x @ np.eye(4)`" in says and "matmul" in says
    assert "NameError in line 1, `y = nothing`" in run("y = nothing\ndef f(x):\n    return x + y").message
    says = run("def f(x):\n    x[0] = 1\n    return x").message
    assert "writes into `x` in line 2" in says


def test_its_signature_is_read():
    one = written("def f(a, b=2, *, c, d=4):\n    return a", "f")
    assert positional_names(one) == ("a", "b") and needed_names(one) == ("a",)
    assert {file for file, _ in places(one)} == {FILE}
    assert run("def f(x, y):\n    return x").kind == "refused"
    assert run("def f(*, x):\n    return x + 2", argument_names=["x"]).kind == "returned"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("def g(x):\n    return x", "not defined"),
        ("f = 3", "not defined"),
        ("f = f", "not defined"),
        ("def f(x:\n    return x", "SyntaxError in line"),
        ("def f(x):\n    return " + "-" * 40_000 + "x", "no Python"),
        ("def f(x):\n    return x" + "+x" * 20_000, "no Python"),
        ("#" * 60_000, "at most 50000"),
        ("import os\ndef f(x):\n    return os", "imports os"),
        ("def f(x):\n    import socket", "imports socket"),
        ("def f(x):\n    return eval('x')", "`eval`"),
        ("def f(x):\n    global y\n    y = 1", "changes the cell's name"),
        ("class C:\n    f = 1", "not defined"),
    ],
)
def test_what_cannot_be_run_is_refused_in_words(source, says):
    with pytest.raises(Refused, match=says):
        written(source, "f")


def test_what_stands_in_the_cell_is_guarded_too():
    loop = "k = 1\nwhile k:\n    k = k\ndef f(x):\n    return k"
    assert run_function(written(loop, "f"), [(X,)], seconds=0.5).kind == "timed out"
    fork = "import warnings\nk = warnings.sys.modules['os'].fork()\ndef f(x):\n    return k"
    assert run(fork).kind == "refused"
    leave = "import warnings\nk = warnings.sys.exit(3)\ndef f(x):\n    return k"
    assert run(leave).kind == "crashed"
