"""The one change in a function's own text that makes it right, or two: each changed function is run in the child."""

from __future__ import annotations

import ast
import builtins
import copy
import inspect
import textwrap
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bptt_lab.exercises.causes.code_edits import CodeEdit, code_edits
from bptt_lab.exercises.sandbox.written import Written, definition_in, extended

LONGEST_TEXT = 5_000  # letters of a function that is changed
MOST_NEAR = 20  # changed functions that are right in the first call and tried in the others
MOST_PAIRS = 800  # pairs of changes that are tried at once
MOST_BETTER = 3  # changed functions that are changed once more
DRIVER_NAME = "all_of_them"
Run = Callable[[Any, Sequence[tuple]], Sequence[Any]]
Share = Callable[[int, Any], float]
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
            tree = definition_in(function)
        elif type(function) is types.FunctionType and not function.__code__.co_freevars:
            (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body  # type: ignore[assignment]
            tree = tree if isinstance(tree, ast.FunctionDef) and _is_text_of(tree, function) else None
        else:
            tree = None
        return tree if tree and len(ast.unparse(tree)) <= LONGEST_TEXT else None
    except Exception:  # no text, or an object that raises when it is looked at
        return None


def _is_text_of(tree: ast.FunctionDef, function: types.FunctionType) -> bool:
    """Return whether a text is a function's own, by its code: a file that imports a module calls it in another way."""
    bare = copy.deepcopy(tree)
    bare.decorator_list = []
    space, code = function.__globals__, function.__code__
    modules = [name for name in code.co_names if isinstance(space.get(name), types.ModuleType)]
    imports = ast.parse("".join(f"import {name}\n" for name in modules)).body
    return code.co_code in (_code_of(bare).co_code, _code_of(bare, *imports).co_code)


def _code_of(tree: ast.stmt, *above: ast.stmt) -> types.CodeType:
    """Return the code of a definition, below other statements; nothing of it is run."""
    module = compile(ast.unparse(ast.Module([*above, tree], [])), "<text>", "exec", dont_inherit=True)
    return next(one for one in module.co_consts if isinstance(one, types.CodeType))


def the_changes(function: Any, calls: Sequence[tuple], run: Run, share: Share) -> str:
    """Return in words the one change, or the only two, that make a function right in all calls; '' where none do.

    `run(function, calls)` returns what a function gives for each call; `share(k, result)` which share of the result of
    call k is right, from 0 to 1.
    """
    tree = definition_of(function)
    if tree is None:
        return ""
    search = _Search(function, calls, run, share)
    edits = list(code_edits(tree))
    shares = search.shares(edits)
    if found := search.right_everywhere(edits, shares):
        return _one_said(found)
    return _two_said(search, edits, shares)


def _one_said(found: Sequence[CodeEdit]) -> str:
    """Return in words the one change, or the plainest of those in one line, or else the line, if it is one."""
    if len({edit.line for edit in found}) > 1:
        return ""
    plainest = [edit for edit in found if edit.told.sort == min(one.told.sort for one in found)]
    return plainest[0].said() if len(plainest) == 1 else f"One change in `{found[0].line}` makes it right."


def _two_said(search: _Search, edits: Sequence[CodeEdit], shares: Sequence[float]) -> str:
    """Return in words the only two changes that make a function right.

    Tried are those of which the first alone makes more of it right, and then all pairs of usual slips.
    """
    before = max(search.unchanged(), 0.0)
    better = sorted((pair for pair in zip(shares, edits, strict=False) if pair[0] > before), key=lambda pair: -pair[0])
    pairs = {}
    for _, one in better[:MOST_BETTER]:
        pairs.update(search.right_pairs([one], _any))
    if not pairs:
        pairs = search.right_pairs([edit for edit in edits if edit.told.is_usual], lambda edit: edit.told.is_usual)
    if len(pairs) != 1:
        return ""
    ((one, other),) = pairs.values()
    return f"Two slips: {one.said()} {other.said()}"


def _any(_: CodeEdit) -> bool:
    return True


class _Search:
    """A student's function, the calls, and what judges the results of changed functions."""

    def __init__(self, function: Any, calls: Sequence[tuple], run: Run, share: Share) -> None:
        self.function, self.calls, self.run, self.share = function, calls, run, share

    def shares(self, edits: Sequence[CodeEdit]) -> list[float]:
        """Return which share of its result in the first call each changed function has right."""
        return [self.share(0, results[0]) for results in _results(self.function, edits, self.calls[:1], self.run)]

    def unchanged(self) -> float:
        """Return the same of the function as it is."""
        results = self.run(self.function, self.calls[:1])
        return self.share(0, results[0]) if results else 0.0

    def right_everywhere(self, edits: Sequence[CodeEdit], shares: Sequence[float]) -> list[CodeEdit]:
        """Return the changes by which a function is right in all calls; none if more are right in the first one."""
        near = [edit for edit, share in zip(edits, shares, strict=False) if share == 1]
        if not 0 < len(near) <= MOST_NEAR:
            return []
        everywhere = _results(self.function, near, self.calls, self.run)
        return [edit for edit, results in zip(near, everywhere, strict=False) if self._is_right(results)]

    def right_pairs(
        self, first: Sequence[CodeEdit], is_tried: Callable[[CodeEdit], bool]
    ) -> dict[str, tuple[CodeEdit, CodeEdit]]:
        """Return the pairs of changes by which a function is right in all calls, by the text that comes of them."""
        pairs: dict[str, tuple[CodeEdit, CodeEdit]] = {}
        for one in first:
            for other in filter(is_tried, code_edits(ast.parse(one.text).body[0])):  # type: ignore[arg-type]
                if len(pairs) < MOST_PAIRS:
                    pairs.setdefault(other.text, (one, other))
        others = [other for _, other in pairs.values()]
        return {edit.text: pairs[edit.text] for edit in self.right_everywhere(others, self.shares(others))}

    def _is_right(self, results: Sequence[Any]) -> bool:
        is_all = len(results) == len(self.calls)
        return is_all and all(self.share(k, result) == 1 for k, result in enumerate(results))


def _results(function: Any, edits: Sequence[CodeEdit], calls: Sequence[tuple], run: Run) -> list[list[Any]]:
    """Return what each changed function gives in each call, as far as they were made."""
    if not edits:
        return []
    return [list(results) for results in zip(*run(_all_of_them(function, edits), calls), strict=False)]


def _all_of_them(function: Any, edits: Sequence[CodeEdit]) -> Any:
    """Return the function that returns what each changed one returns; nothing of it is run here."""
    if type(function) is Written:
        names = [f"changed_{k}" for k in range(len(edits))]
        texts = [
            edit.text.replace(f"def {edit.code.co_name}(", f"def {name}(", 1)
            for edit, name in zip(edits, names, strict=True)
        ]
        text = "\n".join(["import numpy as np", *texts, f"changed = [{', '.join(names)}]", DRIVER])
        return extended(function, text, DRIVER_NAME)
    namespace = {"np": np, "changed": [_like(function, edit) for edit in edits], "__builtins__": builtins}
    return types.FunctionType(_code_of(ast.parse(DRIVER).body[0]), namespace)


def _like(function: types.FunctionType, edit: CodeEdit) -> types.FunctionType:
    made = types.FunctionType(edit.code, function.__globals__, function.__name__, function.__defaults__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made
