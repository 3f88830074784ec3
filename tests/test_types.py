"""The hints: every public function has them, mypy finds them consistent, and a reader's typed code passes with them."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import typing_uses

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "bptt_lab"
USES = ROOT / "tests" / "typing_uses.py"
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


# Every public function has hints: read, not run


def public_functions(body, owner=""):
    """Yield name and node of the functions and methods that a reader may call; what lies in a function is its own."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if not node.name.startswith("_") or node.name in ("__init__", "__call__"):
                yield owner + node.name, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body, f"{owner}{node.name}.")
        elif isinstance(node, (ast.If, ast.Try)):
            yield from public_functions([*node.body, *node.orelse], owner)


def missing_hints(source):
    """Return what has no hint in a module: function and parameter, or 'return'."""
    found = []
    for name, node in public_functions(ast.parse(source).body):
        of = node.args
        own = [*of.posonlyargs, *of.args]
        is_static = any(getattr(one, "id", "") == "staticmethod" for one in node.decorator_list)
        own = own[1:] if "." in name and not is_static else own  # self, or cls
        every = [*own, *of.kwonlyargs, *filter(None, (of.vararg, of.kwarg))]
        found += [f"{name}: {one.arg}" for one in every if one.annotation is None]
        found += [f"{name}: return"] if node.returns is None else []
    return found


@pytest.mark.parametrize("module", MODULES)
def test_every_public_function_has_hints(module):
    assert missing_hints((PACKAGE / module).read_text(encoding="utf-8")) == []


MUTANTS = {
    "def f(x) -> int: ...": ["f: x"],
    "def f(x: int): ...": ["f: return"],
    "def f(*x, y: int = 1, **z) -> int: ...": ["f: x", "f: z"],
    "def f(x: int, /, *, y) -> int: ...": ["f: y"],
    "async def f(): ...": ["f: return"],
    "class A:\n    def f(self, x) -> int: ...": ["A.f: x"],
    "class A:\n    def __init__(self, x): ...": ["A.__init__: x", "A.__init__: return"],
    "class A:\n    @staticmethod\n    def f(x) -> int: ...": ["A.f: x"],
    "class A:\n    class B:\n        def f(self): ...": ["A.B.f: return"],
    "if True:\n    def f(): ...\nelse:\n    def g(): ...": ["f: return", "g: return"],
    "def _f(x): ...\nclass _A:\n    def f(self, x): ...\ndef g(x: int) -> int:\n    def h(y): ...": [],
}


@pytest.mark.parametrize("source", MUTANTS)
def test_a_missing_hint_is_found(source):
    assert missing_hints(source) == MUTANTS[source]


# What mypy says


@pytest.fixture(scope="module")
def run_mypy():
    """Return a function that runs mypy from the root of the project and returns what it says.

    It keeps its own cache there, as for `make lint`: what has not changed is not read again.
    """
    pytest.importorskip("mypy", reason="mypy, which checks the hints, is not installed")
    if np.lib.NumpyVersion(np.__version__) < "2.2.0":
        pytest.skip("the hints of NumPy itself are those of 2.2 and later; an older one is read otherwise")
    clean = {name: os.environ[name] for name in os.environ if name != "MYPYPATH"}

    def run(*arguments):
        command = [sys.executable, "-m", "mypy", "--no-error-summary", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stderr + done.stdout  # 2: it did not run
        return done.stdout.splitlines()

    return run


def strictly(run_mypy, *paths):
    """Return what mypy says about files of uses, of themselves: the package has its own settings, and its own cache."""
    return run_mypy("--strict", "--follow-imports=silent", "--cache-dir=.mypy_cache/uses", *map(str, paths))


def test_mypy_finds_nothing_in_the_package(run_mypy):
    assert run_mypy() == []


def test_mypy_finds_nothing_in_typed_uses(run_mypy):
    assert strictly(run_mypy, USES) == []


WRONG_USES = {
    "a result of another type": ("value: float = loss", "value: str = loss", "assignment"),
    "one name more than comes back": ("batch, counts = ", "batch, counts, more = ", "misc"),
    "a name that the front has not": ("ex, explore, figures", "ex, explorer_of, explore, figures", "attr-defined"),
    "a list where a network belongs": ("explore(found, T=2)", "explore([found], T=2)", "arg-type"),
    "a keyword that is none": ("report.made(found, T=3)", "report.made(found, steps=3)", "call-arg"),
    "a text where a size belongs": ("deep.initialise(rng, 4, ", 'deep.initialise(rng, "4", ', "arg-type"),
    "a part that a trace has not": (
        "trace.a2, y, mean=True)\n    value",
        "trace.a3, y, mean=True)\n    value",
        "attr-defined",
    ),
}


def test_mypy_refuses_each_wrong_use(run_mypy, tmp_path):
    source = USES.read_text(encoding="utf-8")
    paths = {}
    for number, (name, (before, after, _)) in enumerate(WRONG_USES.items()):
        assert source.count(before) == 1, name
        paths[name] = tmp_path / f"wrong_{number}.py"
        paths[name].write_text(source.replace(before, after), encoding="utf-8")
    said = strictly(run_mypy, *paths.values())
    for name, (_, _, code) in WRONG_USES.items():
        assert [line for line in said if paths[name].name in line and line.endswith(f"[{code}]")], (name, said)


def test_typed_uses_run():
    typing_uses.main()


def test_every_code_that_is_switched_off_has_its_reason():
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    (start,) = (number for number, line in enumerate(lines) if line == "disable_error_code = [")
    codes = [line for line in lines[start + 1 : lines.index("]", start)]]
    assert len(codes) == len(SETTINGS["disable_error_code"])
    assert [line for line in codes if ",  # " not in line] == []


def test_the_package_promises_its_hints():
    assert (PACKAGE / "py.typed").read_bytes() == b""
    assert SETTINGS["disallow_untyped_defs"] and SETTINGS["check_untyped_defs"]
