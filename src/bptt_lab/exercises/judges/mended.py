"""The one change in a function's own text that makes it right, or two: each changed function is run in the child."""

from __future__ import annotations

import ast
import builtins
import copy
import inspect
import textwrap
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np

from bptt_lab.exercises.causes.code_edits import CodeEdit, CodePair, code_edits, pairs, pairs_in_a_line, pairs_of_lines
from bptt_lab.exercises.causes.operators import with_operators
from bptt_lab.exercises.causes.told import is_one_slip
from bptt_lab.exercises.causes.unset import with_unset_entries
from bptt_lab.exercises.sandbox.written import Written, definition_in, extended

LONGEST_TEXT = 5_000  # letters of a function that is changed
MOST_NEAR = 20  # changed functions that are right in the first call and tried in the others
MOST_AFTER, MOST_PAIRS = 1_200, 700  # pairs that are tried at once: after a change that leads to what is known, others
MOST_BETTER = 4  # changed functions that are changed once more
AGAIN = "The same once more: "
EITHER = "Either of two changes makes it right. {0} Or: {1}"
SEVERAL = "One change makes it right, in any of {0} lines."
WORSE = 2  # times as far from the right results: two slips may make up for each other in part
DRIVER_NAME = "all_of_them"
Run = Callable[[Any, Sequence[tuple]], Sequence[Any]]
Share = Callable[[int, Any], float]
Misses = Callable[[int, Any], float]
Known = Callable[[Sequence[Any], CodeEdit], str]
DRIVER = """
def all_of_them(*arguments):
    def plain(value, depth=0):
        if depth > 5:  # a list that holds itself
            raise ValueError
        if isinstance(value, (tuple, list)):
            return tuple(plain(one, depth + 1) for one in value)
        if isinstance(value, dict):
            return {str(name): plain(one, depth + 1) for name, one in value.items()}
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
    """Return the text of a function as a tree, if it is a plain one and that is surely its text.

    The functions beside it that it calls stand at the head of its body.
    """
    try:
        tree = definition_in(function) if type(function) is Written else _with_helpers(function, {function.__name__})
        return tree if tree and len(ast.unparse(tree)) <= LONGEST_TEXT else None
    except Exception:  # no text, or an object that raises when it is looked at
        return None


def _with_helpers(function: Any, seen: set[str]) -> ast.FunctionDef | None:
    """Return the definition of a plain function with those of the plain functions that it calls, none twice."""
    if type(function) is not types.FunctionType or function.__code__.co_freevars:
        return None
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    if not isinstance(tree, ast.FunctionDef) or not _is_text_of(tree, function):
        return None
    for name in function.__code__.co_names:
        one = function.__globals__.get(name)
        if type(one) is types.FunctionType and one.__name__ == name and name not in seen:
            inner = _with_helpers(one, seen | {name})
            tree.body = [inner, *tree.body] if inner else tree.body
    return tree


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


class Search:
    """A student's function, the calls, and what judges the results of changed functions, given as texts.

    `run(function, calls)` returns what a function gives for each call; `share(k, result)` which share of the result of
    call k is right, from 0 to 1, or -1 where there is none; `misses(k, result)` by how much it misses the right one.
    """

    def __init__(self, function: Any, calls: Sequence[tuple], run: Run, share: Share, misses: Misses) -> None:
        self.function, self.calls, self.run, self.share, self.misses = function, calls, run, share, misses
        tree = self._with_operators(definition_of(function))
        self.text = ast.unparse(tree) if tree else ""
        self.edits = list(code_edits(tree)) if tree else []
        self.results = [one[0] for one in self._results([edit.text for edit in self.edits], self.calls[:1])]

    def _with_operators(self, tree: ast.FunctionDef | None) -> ast.FunctionDef | None:
        """Return a definition with operators for calls, if what it gives is the same."""
        plain = with_operators(tree) if tree else None
        if tree is None or plain is None or ast.unparse(plain) == ast.unparse(tree):
            return tree
        one, other = self._results([ast.unparse(tree), ast.unparse(plain)], self.calls) or ([], None)
        return plain if _are_alike(one, other) else tree

    def one_change(self) -> str:
        """Return in words the one change that makes the function right in all calls; '' where none does.

        Where it can be made in either of two lines, both are told.
        """
        texts = [edit.text for edit in self.edits]
        found = [self.edits[k] for k in self._right_everywhere(texts, self._shares(self.results))]
        by_line = [list(edits) for _, edits in groupby(sorted(found, key=_line), _line)]
        said = [_of_a_line(edits) for edits in by_line]
        if len(said) <= 1:
            return "".join(said)
        return EITHER.format(*said) if len(said) == 2 else SEVERAL.format(len(said))

    def change_to_known(self, known: Known) -> str:
        """Return in words two changes that make the function right, or one after which its results are known.

        `known(results, edit)` says, with a space before it, what the results of the first calls are known by after a
        change, '' where they are not.
        """
        near = [edit for edit, result in zip(self.edits, self.results, strict=False) if known([result], edit)]
        near = sorted(near, key=plainness)[:MOST_BETTER]
        if says := _plainest(self._right_pairs((pair for one in near for pair in pairs(one)), MOST_AFTER)):
            return says
        by_text = self._results([edit.text for edit in near], self.calls)
        rest = [(edit, results) for edit, results in zip(near, by_text, strict=False) if known(results, edit)]
        if rest and self._sets_what_it_reads:
            again = self._results([with_unset_entries(edit.text) for edit, _ in rest], self.calls)
            rest = [one for one, results in zip(rest, again, strict=False) if _are_alike(one[1], results)]
        before = self.run(self.function, self.calls) if rest else []
        told = (edit.said() + known(results, edit) for edit, results in rest if self._is_no_worse(results, before))
        return next(told, "")

    def _is_no_worse(self, results: Sequence[Any], before: Sequence[Any]) -> bool:
        """Return whether results are as right as they were before a change, in every call: else it mends nothing."""
        pairs_of_both = [*enumerate(zip(results, before, strict=False))]
        is_as_right = all(self.share(k, one) >= self.share(k, old) for k, (one, old) in pairs_of_both)
        misses = [(self.misses(k, one), self.misses(k, old)) for k, (one, old) in pairs_of_both]
        return is_as_right and sum(one > WORSE * old for one, old in misses) <= len(misses) / 2

    def two_changes(self) -> str:
        """Return in words the plainest two changes that make the function right, if no other two are as plain."""
        return next(filter(None, (_plainest(self._right_pairs(tried)) for tried in self._pairs())), "")

    def _pairs(self) -> Iterator[Iterable[CodePair]]:
        """Yield the pairs of changes that are tried: after one that makes more right, or by which the function runs."""
        shares = self._shares(self.results)
        before = max([0.0, *self._shares(self.run(self.function, self.calls[:1]))])
        better = [(share, edit) for share, edit in zip(shares, self.edits, strict=False) if share > before]
        yield (pair for _, one in sorted(better, key=lambda pair: -pair[0])[:MOST_BETTER] for pair in pairs(one))
        runs = [edit for share, edit in zip(shares, self.edits, strict=False) if share >= 0]
        yield pairs_of_lines(self.text, runs)
        yield pairs_in_a_line(self.text, [edit for edit in runs if edit.told.is_usual])

    def _results(self, texts: Sequence[str], calls: Sequence[tuple]) -> list[list[Any]]:
        """Return what each changed function gives in each call, as far as they were made."""
        if not texts:
            return []
        return [list(one) for one in zip(*self.run(_all_of_them(self.function, texts), calls), strict=False)]

    def _shares(self, results: Sequence[Any]) -> list[float]:
        return [self.share(0, result) for result in results]

    def _right_everywhere(self, texts: Sequence[str], shares: Sequence[float]) -> list[int]:
        """Return which of the functions are right in all calls; none if too many are right in the first one."""
        near = [k for k, share in enumerate(shares) if share == 1]
        if not 0 < len(near) <= MOST_NEAR:
            return []
        everywhere = self._results([texts[k] for k in near], self.calls)
        right = [k for k, results in zip(near, everywhere, strict=False) if self._is_right(results)]
        if not right or not self._sets_what_it_reads:
            return right
        again = self._results([with_unset_entries(texts[k]) for k in right], self.calls)
        return [k for k, results in zip(right, again, strict=False) if self._is_right(results)]

    @cached_property
    def _sets_what_it_reads(self) -> bool:
        """Whether the function reads no entry that it has not set, as a change of it then may not."""
        unset = with_unset_entries(self.text)
        if unset == self.text:
            return False
        one, other = self._results([self.text, unset], self.calls) or ([], None)
        return _are_alike(one, other)

    def _right_pairs(self, tried: Iterable[CodePair], most: int = MOST_PAIRS) -> list[CodePair]:
        """Return the pairs of changes by which the function is right in all calls, one for each text."""
        by_text: dict[str, CodePair] = {}
        for pair in tried:
            by_text.setdefault(pair.text, pair)
            if len(by_text) == most:
                break
        texts = list(by_text)
        shares = self._shares([one[0] for one in self._results(texts, self.calls[:1])])
        return [by_text[texts[k]] for k in self._right_everywhere(texts, shares)]

    def _is_right(self, results: Sequence[Any]) -> bool:
        is_all = len(results) == len(self.calls)
        return is_all and all(self.share(k, result) == 1 for k, result in enumerate(results))


def _line(edit: CodeEdit) -> str:
    return edit.line


def _of_a_line(edits: Sequence[CodeEdit]) -> str:
    """Return what is said of the changes of one line each of which makes a function right."""
    plainest = [edit for edit in edits if edit.told.sort == min(one.told.sort for one in edits)]
    return plainest[0].said() if len(plainest) == 1 else f"One change in `{edits[0].line}` makes it right."


def _are_alike(one: Any, other: Any) -> bool:
    """Return whether two results hold the same numbers; two that are none are alike."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_are_alike(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_are_alike, one, other))
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return one is None and other is None
    return one.shape == other.shape and np.allclose(one, other, equal_nan=True)


def _plainest(found: Sequence[CodePair]) -> str:
    """Return what is said of the plainest of some pairs; '' if that is not one."""
    plainest = [pair for pair in found if pair.far_fetched == min(one.far_fetched for one in found)]
    if len({frozenset({pair.one.told, pair.other.told}) for pair in plainest}) != 1:
        return ""
    one, other = plainest[0].one, plainest[0].other
    return f"{one.said()} {AGAIN if is_one_slip(one.told, other.told) else ''}{other.said()}"


def plainness(edit: CodeEdit) -> tuple[bool, int]:
    """Return what a change is ordered by: the usual ones first, then by their sorts."""
    return not edit.told.is_usual, edit.told.sort


def _all_of_them(function: Any, texts: Sequence[str]) -> Any:
    """Return the function that returns what each changed one returns; nothing of it is run here."""
    if type(function) is Written:
        names = [f"changed_{k}" for k in range(len(texts))]
        own = [f"def {name}({text.partition('(')[2]}" for text, name in zip(texts, names, strict=True)]
        text = "\n".join(["import numpy as np", *own, f"changed = [{', '.join(names)}]", DRIVER])
        return extended(function, text, DRIVER_NAME)
    namespace = {"np": np, "changed": [_like(function, text) for text in texts], "__builtins__": builtins}
    return types.FunctionType(_code_of(ast.parse(DRIVER).body[0]), namespace)


def _like(function: types.FunctionType, text: str) -> types.FunctionType:
    code = _code_of(ast.parse(text).body[0])
    made = types.FunctionType(code, function.__globals__, function.__name__, function.__defaults__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made
