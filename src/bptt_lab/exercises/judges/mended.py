"""The one change in a function's own text that makes it right: found by running each changed function in the child."""

from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bptt_lab.exercises.causes.code_edits import CodeEdit, code_edits
from bptt_lab.exercises.sandbox.allowed import Refused
from bptt_lab.exercises.sandbox.written import Written, written

LONGEST_TEXT = 5_000  # letters of a function that is changed
MOST_NEAR = 20  # changed functions that are right in the first call and tried in the others
DRIVER_NAME = "all_of_them"
Run = Callable[[Any, Sequence[tuple]], Sequence[Any]]
IsRight = Callable[[int, Any], bool]
DRIVER = """
def all_of_them(*arguments):
    def plain(value):
        if isinstance(value, (tuple, list)):
            return tuple(plain(one) for one in value)
        if isinstance(value, dict):
            return {str(name): plain(one) for name, one in value.items()}
        value = np.asarray(value, dtype=float)
        return value if value.size < 20_000 else None

    def result(function):
        try:
            with np.errstate(all="ignore"):
                return plain(function(*[np.array(one) for one in arguments]))
        except Exception:
            return None

    return [result(function) for function in changed]
"""


def definition_of(function: Any) -> ast.FunctionDef | None:
    """Return the text of a function as a tree, if it is a plain one and that is surely its text."""
    try:
        if type(function) is Written:
            text = "\n".join(function.lines)
            found = [one for one in ast.parse(text).body if isinstance(one, ast.FunctionDef)]
            return next((one for one in found if one.name == function.name), None)
        if type(function) is not types.FunctionType or function.__code__.co_freevars:
            return None
        text = textwrap.dedent(inspect.getsource(function))
        (tree,) = ast.parse(text).body if len(text) <= LONGEST_TEXT else (None,)
        is_it = isinstance(tree, ast.FunctionDef) and _code_of(tree).co_code == function.__code__.co_code
        return tree if is_it else None  # type: ignore[return-value]
    except Exception:  # no text, or an object that raises when it is looked at
        return None


def _code_of(tree: ast.stmt) -> types.CodeType:
    module = compile(ast.unparse(tree), "<text>", "exec", dont_inherit=True)
    return next(one for one in module.co_consts if isinstance(one, types.CodeType))


def the_change(function: Any, calls: Sequence[tuple], run: Run, is_right: IsRight) -> str:
    """Return in words the one change that makes a function right in all calls; '' where there is none, or several.

    `run(function, calls)` returns what a function gives for each call; `is_right(k, result)` says of a result of call
    k whether it is right.
    """
    tree = definition_of(function)
    edits = list(code_edits(tree)) if tree is not None else []
    first = _results(function, edits, calls[:1], run)
    near = [edit for edit, results in zip(edits, first, strict=False) if is_right(0, results[0])]
    if not 0 < len(near) <= MOST_NEAR:
        return ""
    everywhere = _results(function, near, calls, run)
    found = [
        edit
        for edit, results in zip(near, everywhere, strict=False)
        if len(results) == len(calls) and all(is_right(k, result) for k, result in enumerate(results))
    ]
    if len({edit.line for edit in found}) != 1:
        return ""
    return found[0].said() if len(found) == 1 else f"One change in `{found[0].line}` makes it right."


def _results(function: Any, edits: Sequence[CodeEdit], calls: Sequence[tuple], run: Run) -> list[list[Any]]:
    """Return what each changed function gives in each call, as far as they were made."""
    if not edits:
        return []
    try:
        found = run(_all_of_them(function, edits), calls)
    except Refused:
        return []
    return [list(results) for results in zip(*found, strict=False)]


def _all_of_them(function: Any, edits: Sequence[CodeEdit]) -> Any:
    """Return the function that returns what each changed one returns; nothing of it is run here."""
    if type(function) is Written:
        names = [f"changed_{k}" for k in range(len(edits))]
        texts = [
            edit.text.replace(f"def {function.name}(", f"def {name}(", 1)
            for edit, name in zip(edits, names, strict=True)
        ]
        text = "\n".join([*function.lines, "import numpy as np", *texts, f"changed = [{', '.join(names)}]", DRIVER])
        return written(text, DRIVER_NAME, longest=10**7)
    namespace = {"np": np, "changed": [_like(function, edit) for edit in edits], "__builtins__": builtins}
    return types.FunctionType(_code_of(ast.parse(DRIVER).body[0]), namespace)


def _like(function: types.FunctionType, edit: CodeEdit) -> types.FunctionType:
    made = types.FunctionType(edit.code, function.__globals__, function.__name__, function.__defaults__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made
