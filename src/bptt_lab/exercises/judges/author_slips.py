"""Slips in the author's own function: what it returns with one or two of them, to know a student's numbers by.

The author's text is trusted and run here; nothing of a student's is. So a slip is known however the answer is written.
"""

from __future__ import annotations

import ast
import itertools
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.exercises.causes.code_changes import FACTOR_MISSING, INSTEAD, TERM_MISSING, Told
from bptt_lab.exercises.causes.code_edits import code_edits, lines_changed
from bptt_lab.exercises.judges.instances import Table, tables
from bptt_lab.exercises.judges.returned import Misfit, named
from bptt_lab.exercises.judges.steps import has_steps
from bptt_lab.exercises.question import Question
from bptt_lab.network.keeping import kept

Results = Mapping[str, np.ndarray]
AS_ZERO, REVERSED = "`{}` is taken as zero", "`{}` stands in the reverse order of time"
MOST_PAIRS = 4_000
RULE = np.random.default_rng(1).normal(size=997)  # what arrays are multiplied with, to compare them by one number


class Slip(NamedTuple):
    """Slips in words, and the author's function with them: its text, an argument as zero, a result reversed."""

    says: tuple[str, ...]
    is_plain: bool
    text: str
    zero: str = ""
    reversed: str = ""


class Known(NamedTuple):
    """A slip and the results of the first instance with it."""

    slip: Slip
    results: Results


@kept
def author_slips(question: Question) -> tuple[Known, ...]:
    """Return the single slips that change a result, the plainest of those with the same results."""
    return _known(question, sorted(_slips(question), key=lambda slip: not slip.is_plain))


@kept
def author_pairs(question: Question) -> tuple[Known, ...]:
    """Return two plain slips at once, as far as they stand in different lines."""
    plain = [known.slip for known in author_slips(question) if known.slip.is_plain]
    lines = author_text(question).splitlines()
    both = (_both(lines, one, other) for one, other in itertools.combinations(plain, 2))
    return _known(question, itertools.islice(filter(None, both), MOST_PAIRS))


def _known(question: Question, slips: Iterable[Slip]) -> tuple[Known, ...]:
    """Return the slips that change a result of the first instance, the first of those with the same results."""
    found: dict[tuple, Known] = {}
    first = tables(question)[0]
    for slip in slips:
        results = results_with(question, slip, first)
        if results is not None and not is_alike(results, first.results, first):
            found.setdefault(tuple(f"{mark(results[name]):.9g}" for name in results), Known(slip, results))
    return tuple(found.values())


def mark(array: np.ndarray) -> float:
    """Return one number that differs for arrays of other entries, of another order or shape."""
    flat = np.ravel(array)
    return float(np.resize(RULE, flat.size) @ flat) + array.ndim


def is_alike(one: Results, other: Results, table: Table, names: Sequence[str] = ()) -> bool:
    """Return whether results agree on an instance, all of them or those of some names."""
    return all(
        one[name].shape == other[name].shape and bool(table.case.agrees(one[name], other[name]).all())
        for name in names or other
    )


def reference(question: Question) -> Callable:
    """Return the author's own function, built from its code without running the text around it."""
    return _made(question.answer)


def author_text(question: Question) -> str:
    """Return the text of the author's function, without what stands above it."""
    return ast.unparse(ast.parse(question.answer).body[-1])


def results_with(question: Question, slip: Slip, table: Table) -> Results | None:
    """Return what the author's function gives with slips, by name; None where it gives nothing of the right kind."""
    above = "\n".join(map(ast.unparse, ast.parse(question.answer).body[:-1]))
    arguments = {name: np.array(table.arguments[name]) for name in question.arguments}
    if slip.zero:
        arguments[slip.zero][...] = 0
    try:
        with np.errstate(all="ignore"):
            found = named(question, _made(f"{above}\n{slip.text}")(*arguments.values()), table.results)
    except (ArithmeticError, ValueError, LookupError, TypeError, NameError, AttributeError, Misfit):
        return None
    if slip.reversed:
        found[slip.reversed] = found[slip.reversed][::-1]
    return found if all(np.isfinite(array).all() for array in found.values()) else None


def _made(text: str) -> Callable:
    module = compile(text, "<author>", "exec")
    namespace: dict[str, Any] = {"np": np, "__builtins__": __builtins__}
    codes = [part for part in module.co_consts if isinstance(part, types.CodeType)]
    for code in codes:
        namespace[code.co_name] = types.FunctionType(code, namespace)
    return namespace[codes[-1].co_name]


def _slips(question: Question) -> Iterator[Slip]:
    """Yield the slips that can be put in words: an argument as zero, a result reversed, a change of the text."""
    (own,) = ast.parse(author_text(question)).body
    assert isinstance(own, ast.FunctionDef)
    text = ast.unparse(own)
    for name in question.arguments:
        yield Slip((AS_ZERO.format(name),), True, text, zero=name)
    for name in question.returns:
        if has_steps(question, name):
            yield Slip((REVERSED.format(name),), True, text, reversed=name)
    names = Names(own, question)
    for edit in code_edits(own):
        if (told := edit.told.back) and (says := names.said(told)):
            yield Slip((says,), _is_plain(told), edit.text)


def _is_plain(told: Told) -> bool:
    """Return whether a slip is one of the usual ones, or something that was forgotten, or a name for another."""
    is_name = told.words == INSTEAD and told.stands.isidentifier() and told.belongs.isidentifier()
    return told.is_usual or is_name or told.words in (FACTOR_MISSING, TERM_MISSING)


def _both(lines: Sequence[str], one: Slip, other: Slip) -> Slip | None:
    """Return two slips at once; None where they stand in one line."""
    mine, theirs = lines_changed(lines, one.text), lines_changed(lines, other.text)
    if mine.keys() & theirs.keys() or one.zero and other.zero or one.reversed and other.reversed:
        return None
    text = "\n".join((mine | theirs).get(k, line) for k, line in enumerate(lines))
    return Slip(one.says + other.says, True, text, one.zero or other.zero, one.reversed or other.reversed)


class Names:
    """The names of the author's function: what it is given, and what each of its own stands for."""

    def __init__(self, own: ast.FunctionDef, question: Question) -> None:
        self.given = {*question.arguments, "np", "t", "len", "range", "reversed"}
        self.set_by: dict[str, str] = {}
        for statement in ast.walk(own):
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                target = statement.targets[0]
                base = target.value if isinstance(target, ast.Subscript) else target
                if isinstance(base, ast.Name):
                    self.set_by[base.id] = ast.unparse(statement)

    def said(self, told: Told) -> str:
        """Return what is said of a slip, with what the author's own names stand for; '' if that is not known."""
        try:
            trees = [ast.parse(part, mode="eval") for part in (told.stands, told.belongs) if part]
        except SyntaxError:
            return ""
        names = {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
        own = sorted(names - self.given)
        if any(name not in self.set_by for name in own):
            return ""
        return told.says + "".join(f", with `{self.set_by[name]}`" for name in own)
