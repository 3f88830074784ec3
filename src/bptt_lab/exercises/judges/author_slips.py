"""Slips in the author's own function: what it returns with one or two of them, to know a student's numbers by.

The author's text is trusted and run here; nothing of a student's is. So a slip is known however the answer is written.
"""

from __future__ import annotations

import ast
import itertools
import re
import time
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.exercises.causes.code_edits import code_edits, lines_changed, shortened
from bptt_lab.exercises.causes.told import DIVISION_MISSING, FACTOR_MISSING, INSTEAD, MEAN, TERM_MISSING, Told
from bptt_lab.exercises.judges.instances import Table, tables
from bptt_lab.exercises.judges.returned import Misfit, named
from bptt_lab.exercises.judges.steps import has_steps
from bptt_lab.exercises.question import Question
from bptt_lab.network.keeping import kept
from bptt_lab.symbolic.arithmetics import REPEATABLE

Results = Mapping[str, np.ndarray]
FORGOTTEN = (FACTOR_MISSING, TERM_MISSING, DIVISION_MISSING, MEAN)
EXCHANGED = "`{}` and `{}` are exchanged"
AS_MEAN = "`{}` is divided by the number of sequences, as if a mean over them were taken, not a sum"
AS_ZERO, REVERSED = "`{}` is taken as zero", "`{}` stands in the reverse order of time"
WRITTEN, PLAIN, FAR_FETCHED = range(3)  # of slips with the same results the first is told
SECONDS = 0.05  # of processor time for one call: of a function that takes longer no change is tried
MOST_PAIRS, MOST_AGAIN = 2_500, 1_000  # of two slips, in different lines and in one
RULE = np.random.default_rng(1).normal(size=997)  # what arrays are multiplied with, to compare them by one number


class Slip(NamedTuple):
    """Slips in words, and the author's function with them: its text, an argument as zero, a result reversed."""

    says: tuple[str, ...]
    rank: int
    text: str
    zero: str = ""
    reversed: str = ""
    mean: str = ""
    told: Told | None = None


class Known(NamedTuple):
    """A slip, the results of the first instance with it, and one number for each of them."""

    slip: Slip
    results: Results
    marks: Mapping[str, float]


@kept
def author_slips(question: Question) -> tuple[Known, ...]:
    """Return the single slips that change a result, the plainest of those with the same results."""
    return _known(question, sorted(_slips(question), key=lambda slip: slip.rank))


@kept
def author_pairs(question: Question) -> tuple[Known, ...]:
    """Return two plain slips at once, in different lines of the function or in one."""
    plain = [known.slip for known in author_slips(question) if known.slip.rank == PLAIN]
    lines = author_text(question).splitlines()
    both = (_both(lines, *pair) for pair in sorted(itertools.combinations(plain, 2), key=_unusual))
    usual_first = sorted(plain, key=lambda slip: _unusual([slip]))
    again = (pair for slip in usual_first for pair in _again(question, lines, slip))
    firsts = itertools.islice(filter(None, both), MOST_PAIRS), itertools.islice(again, MOST_AGAIN)
    return _known(question, itertools.chain(*firsts))


def _unusual(slips: Iterable[Slip]) -> int:
    """Return how many of some slips are neither usual nor something that was forgotten."""
    return sum(not (slip.told and (slip.told.is_usual or slip.told.words in FORGOTTEN)) for slip in slips)


def _again(question: Question, lines: Sequence[str], slip: Slip) -> Iterator[Slip]:
    """Yield the pairs of a slip and another plain one in the line that it changed."""
    (own,) = ast.parse(slip.text).body
    assert isinstance(own, ast.FunctionDef)
    names = Names(own, question)
    is_wanted = lambda told: bool(told.back) and _is_plain(told.back)
    for line in lines_changed(lines, slip.text).values():
        for edit in code_edits(own, shortened(line.strip()), is_wanted):
            if (told := edit.told.back) and (says := names.said(told)) and says not in slip.says:
                both = _said_of_two(slip.told, told, (*slip.says, says)) if slip.told else (*slip.says, says)
                yield slip._replace(says=both, text=edit.text)


def _known(question: Question, slips: Iterable[Slip]) -> tuple[Known, ...]:
    """Return the slips that change a result of the first instance, the first of those with the same results."""
    found: dict[tuple, Known] = {}
    first = tables(question)[0]
    for slip in slips:
        results = results_with(question, slip, first)
        if results is not None and not is_alike(results, first.results, first) and _says_something(results, first):
            marks = {name: mark(array) for name, array in results.items()}
            found.setdefault(tuple(f"{one:.9g}" for one in marks.values()), Known(slip, results, marks))
    return tuple(found.values())


def _says_something(results: Results, table: Table) -> bool:
    """Return whether no result is zero throughout or an argument as it was: such numbers come of many slips."""
    given = [mark(array) for array in table.arguments.values()]
    return all(result.any() and mark(result) not in given for result in results.values())


def not_wrong(question: Question) -> list[str]:
    """Return what is said of the author's wrong functions that are right, or give nothing of the right kind."""
    first = tables(question)[0]
    found = []
    for one in question.wrong:
        try:
            text = _last_definition(one["answer"])
        except (SyntaxError, IndexError):
            found.append(one["says"])
            continue
        results = results_with(question, Slip((one["says"],), WRITTEN, text), first)
        if results is None or is_alike(results, first.results, first):
            found.append(one["says"])
    return found


def mark(array: np.ndarray) -> float:
    """Return one number that differs for arrays of other entries, of another order or shape."""
    flat = np.ravel(array)
    with np.errstate(all="ignore"):
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
    return _last_definition(question.answer)


def _last_definition(text: str) -> str:
    return ast.unparse(ast.parse(text).body[-1])


def results_with(question: Question, slip: Slip, table: Table) -> Results | None:
    """Return what the author's function gives with slips, by name; None where it gives nothing of the right kind."""
    above = "\n".join(map(ast.unparse, ast.parse(question.answer).body[:-1]))
    arguments = {name: np.array(table.arguments[name]) for name in question.arguments}
    if slip.zero:
        arguments[slip.zero][...] = 0
    try:
        with np.errstate(all="ignore"):
            found = named(question, _made(_filled(f"{above}\n{slip.text}"))(*arguments.values()), table.results)
    except (ArithmeticError, ValueError, LookupError, TypeError, NameError, AttributeError, Misfit):
        return None
    if slip.reversed:
        found[slip.reversed] = found[slip.reversed][::-1]
    if slip.mean:
        found[slip.mean] = found[slip.mean] / len(table.case.scenes)
    return found if all(np.isfinite(array).all() for array in found.values()) else None


def _filled(text: str) -> str:
    """Return a text whose new arrays hold zeros: with a slip some entry may never be set."""
    return text.replace("np.empty_like(", "np.zeros_like(").replace("np.empty(", "np.zeros(")


def _made(text: str) -> Callable:
    module = compile(text, "<author>", "exec")
    namespace: dict[str, Any] = {"np": np, "__builtins__": __builtins__}
    codes = [part for part in module.co_consts if isinstance(part, types.CodeType)]
    for code in codes:
        namespace[code.co_name] = types.FunctionType(code, namespace)
    return namespace[codes[-1].co_name]


def _slips(question: Question) -> Iterator[Slip]:
    """Yield the slips that can be put in words: what the author wrote, changes, results reversed, arguments as zero."""
    (own,) = ast.parse(author_text(question)).body
    assert isinstance(own, ast.FunctionDef)
    text = ast.unparse(own)
    for wrong in question.wrong:
        yield Slip((wrong["says"],), WRITTEN, _last_definition(wrong["answer"]))
    if not _may_be_changed(question, own):
        return
    names = Names(own, question)
    for edit in code_edits(own):
        if (told := edit.told.back) and (says := names.said(told)):
            yield Slip((says,), PLAIN if _is_plain(told) else FAR_FETCHED, edit.text, told=told)
    for one, other, changed in _exchanges(text, list(question.arguments)):
        yield Slip((EXCHANGED.format(one, other),), PLAIN, changed)
    for name in question.returns:
        if has_steps(question, name):
            yield Slip((REVERSED.format(name),), PLAIN, text, reversed=name)
        if question.batch:
            yield Slip((AS_MEAN.format(name),), PLAIN, text, mean=name)
    for name in question.arguments:  # last: a factor that is forgotten has the numbers of a state that is zero
        yield Slip((AS_ZERO.format(name),), PLAIN, text, zero=name)


def _may_be_changed(question: Question, own: ast.FunctionDef) -> bool:
    """Return whether a changed function surely ends, since it has no loop without a number, and soon."""
    parts = list(ast.walk(ast.parse(question.answer)))
    calls_itself = any(isinstance(part, ast.Call) and ast.unparse(part.func) == own.name for part in parts)
    if calls_itself or any(isinstance(part, ast.While) for part in parts):
        return False
    start = time.process_time()
    results_with(question, Slip((), WRITTEN, ast.unparse(own)), tables(question)[0])
    return bool(REPEATABLE) or time.process_time() - start < SECONDS


def _exchanges(text: str, names: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield two arguments that stand in one line of a function, and its text with each in the other's place there."""
    head, *lines = text.splitlines()
    for k, line in enumerate(lines):
        for one, other in itertools.combinations([name for name in names if re.search(rf"\b{name}\b", line)], 2):
            swap = {one: other, other: one}
            new = re.sub(rf"\b({one}|{other})\b", lambda found, swap=swap: swap[found[1]], line)  # type: ignore[misc]
            yield one, other, "\n".join([head, *lines[:k], new, *lines[k + 1 :]])


def _is_plain(told: Told) -> bool:
    """Return whether a slip is one of the usual ones, or something that was forgotten, or a name for another."""
    is_name = told.words == INSTEAD and told.stands.isidentifier() and told.belongs.isidentifier()
    is_argument = told.words == INSTEAD and f"({told.stands})" in told.belongs
    return told.is_usual or is_name or is_argument or told.words in FORGOTTEN


def _said_of_two(one: Told, other: Told, says: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is said of two changes: of two parts that each stand for the other, one thing."""
    is_exchange = one.words == INSTEAD and one.back == other
    return (EXCHANGED.format(one.stands, one.belongs),) if is_exchange else says


def _both(lines: Sequence[str], one: Slip, other: Slip) -> Slip | None:
    """Return two slips at once; None where they stand in one line."""
    mine, theirs = lines_changed(lines, one.text), lines_changed(lines, other.text)
    if (
        mine.keys() & theirs.keys()
        or one.zero
        and other.zero
        or one.reversed
        and other.reversed
        or one.says == other.says
    ):
        return None
    text = "\n".join((mine | theirs).get(k, line) for k, line in enumerate(lines))
    says = one.says + other.says
    if one.told and other.told:
        says = _said_of_two(one.told, other.told, says)
    return Slip(says, PLAIN, text, one.zero or other.zero, one.reversed or other.reversed, one.mean or other.mean)


class Names:
    """The names of the author's function: what it is given, and what each of its own stands for."""

    def __init__(self, own: ast.FunctionDef, question: Question) -> None:
        self.given = {*question.arguments, "np", "t", "len", "range", "reversed"}
        self.set_by: dict[str, str] = {}
        for statement in ast.walk(own):
            if isinstance(statement, ast.Assign):
                self.set_by |= dict(_set_in(statement))

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


def _set_in(statement: ast.Assign) -> Iterator[tuple[str, str]]:
    """Yield the names that a statement sets, each with what is said of it."""
    (target, *_), value = statement.targets, statement.value
    is_each = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts)
    for one, its in zip(target.elts, value.elts, strict=True) if is_each else [(target, value)]:  # type: ignore[attr-defined]
        base = one.value if isinstance(one, ast.Subscript) else one
        if isinstance(base, ast.Name):
            yield base.id, f"{ast.unparse(one)} = {ast.unparse(its)}"
