"""Single changes of a function as it is written: each as code, with what is said of it if it makes the function right.

Nothing is run here: the text is read as a tree, changed in one place, and compiled.
"""

from __future__ import annotations

import ast
import copy
import itertools
import os.path
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from bptt_lab.exercises.causes.code_changes import (
    Change,
    bounds,
    factor_missing,
    more,
    names_instead,
    of_part,
    ranges,
    read,
    starts,
    uncut,
)
from bptt_lab.exercises.causes.code_names import Known, is_product, names_in, says_twice, stored_in
from bptt_lab.exercises.causes.edits import ORDINALS
from bptt_lab.exercises.causes.told import (
    EXCHANGED,
    INSTEAD,
    LINE_SURPLUS,
    SIGN,
    TOO_EARLY,
    Told,
    takes_away,
    undo_each_other,
)

MOST = 1_500  # changes of one function; the course's answers have that many, but for two
LONGEST_SHOWN = 72  # letters of a line that is quoted
FILE = "<changed>"
AS_A_WHOLE = {(ast.Subscript, "slice"), (ast.Call, "func")}  # or not at all
ENTRY = re.compile(r"(\w+)\[[^\]]*\]")
ENDS = {"0", "-1"}
INTO_ITSELF = re.compile(r"\b(\w+)\.(?:append|insert|extend)\((?:\w+, )?\1\)")  # such a list has no end
TWICE = ("1 - (1 - ", ".T.T", "** 2 ** 2")  # what has a shorter change of the same value, or none


class CodeEdit(NamedTuple):
    """A change: the line it is in, what is said of it, and the text of the whole function with it and without it."""

    line: str
    told: Told
    text: str
    before: str

    def said(self) -> str:
        """Return the sentence about the change, with the line it is in; which one, of what stands there repeatedly."""
        return f"In `{self.line}`, {self.told.says}{self._where()}."

    def _where(self) -> str:
        """Return in which of its places, in what is quoted, something stands that is changed; '' where it has one."""
        lines = self.before.splitlines()
        changed = lines_changed(lines, self.text) if self.told.words == INSTEAD else {}
        for k, new in changed.items():
            begins = max(0, lines[k].find(quoted := self.line.removesuffix("…")))
            ends = begins + len(quoted) if quoted in lines[k] else len(lines[k])
            found = re.finditer(rf"(?<![\w.]){re.escape(self.told.stands)}(?!\w)", lines[k])
            places = [one.start() for one in found if begins <= one.start() < ends]
            which = sum(start <= len(os.path.commonprefix([lines[k], new])) for start in places)
            if len(places) > 1 and 0 < which <= len(ORDINALS):
                return f", in the {ORDINALS[which - 1]} of its {len(places)} places there"
        return ""

    @property
    def takes_another_end(self) -> bool:
        """Whether the change takes the last entry for the first one, or the first for the last."""
        one, other = (re.fullmatch(r"(\w+)\[(-?\d)\]", text) for text in (self.told.stands, self.told.belongs))
        return bool(one and other and one[1] == other[1] and {one[2], other[2]} == ENDS)

    @property
    def takes_away(self) -> bool:
        """Whether the change takes something away, or reads another entry of what is filled: it may be empty there."""
        one, other = (ENTRY.fullmatch(text) for text in (self.told.stands, self.told.belongs))
        is_entry = one and other and one[1] == other[1] and re.search(rf"\b{one[1]}\[[^\]]*\] [-+]?=", self.text)
        return bool(is_entry) or takes_away(self.told)


class CodePair(NamedTuple):
    """Two changes, and the text of the whole function with both."""

    text: str
    one: CodeEdit
    other: CodeEdit

    @property
    def far_fetched(self) -> tuple[int, int]:
        """How many of the two are unusual, and their sorts."""
        both = (self.one.told, self.other.told)
        return sum(not told.is_usual for told in both), sum(told.sort for told in both)


def code_edits(
    definition: ast.FunctionDef, only: str = "", wanted: Callable[[Told], bool] | None = None
) -> Iterator[CodeEdit]:
    """Yield each function that differs from a definition in one place, as long as it can be compiled.

    `only`: the one line that is changed, as it stands in the text, shortened; `wanted`: which changes are, by words.
    Errors: none; a change that is no Python is passed over.
    """
    tree = copy.deepcopy(definition)
    tree.decorator_list = []
    before = ast.unparse(tree)
    seen = {before}
    for line, told in itertools.islice(_changed(tree, only), MOST):
        text = ast.unparse(tree) if wanted is None or wanted(told) else ""
        if text and text not in seen and not any(one in text for one in TWICE) and not INTO_ITSELF.search(text):
            seen.add(text)
            try:
                compile(text, FILE, "exec", dont_inherit=True)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            yield CodeEdit(line, told, text, before)


def pairs_of_lines(text: str, edits: Sequence[CodeEdit]) -> Iterator[CodePair]:
    """Yield each two changes of different lines of a function's text, the plainest first."""
    lines = text.splitlines()
    found = [(changed, edit) for edit in edits if len(changed := lines_changed(lines, edit.text)) == 1]
    cost = [(not edit.told.is_usual, edit.told.sort) for _, edit in found]
    order = sorted(
        itertools.combinations(range(len(found)), 2),
        key=lambda pair: (cost[pair[0]][0] + cost[pair[1]][0], cost[pair[0]][1] + cost[pair[1]][1]),
    )
    for (mine, one), (theirs, other) in ((found[first], found[second]) for first, second in order):
        if mine.keys() != theirs.keys() and not undo_each_other(one.told, other.told):
            both = mine | theirs
            yield CodePair("\n".join(both.get(k, line) for k, line in enumerate(lines)), one, other)


def pairs_in_a_line(text: str, edits: Sequence[CodeEdit]) -> Iterator[CodePair]:
    """Yield each two changes of one line of a function's text that begin with some changes."""
    lines = text.splitlines()
    for one in edits:
        for line in list(lines_changed(lines, one.text).values())[:1]:
            yield from pairs(one, shortened(line.strip()))


def pairs(one: CodeEdit, only: str = "") -> Iterator[CodePair]:
    """Yield the pairs of a change and another one of what came of it, in one line only if that is given."""
    (tree,) = ast.parse(one.text).body
    for other in code_edits(tree, only, lambda told: not undo_each_other(one.told, told)):  # type: ignore[arg-type]
        yield CodePair(other.text, one, other)


def lines_changed(lines: Sequence[str], text: str) -> dict[int, str]:
    """Return the lines of a text that are others, by their places; none where their number is another."""
    own = text.splitlines()
    return {k: line for k, line in enumerate(own) if line != lines[k]} if len(own) == len(lines) else {}


def _changed(tree: ast.FunctionDef, only: str) -> Iterator[tuple[str, Told]]:
    """Change a function in one place at a time, yield the line and what is said, and change it back."""
    known = Known(tree)
    yield from _results_exchanged(tree) if not only else ()
    for body in _bodies(tree) if not only else ():
        yield from _set_instead(body, known)
        yield from _other_order(body)
        yield from _left_out(body, known)
    statements = [one for one in ast.walk(tree) if isinstance(one, ast.stmt) and one is not tree]
    for statement in statements:
        if only in ("", shortened(_first_line(statement))):
            yield from _in_statement(statement, known)


def _other_order(body: list[ast.stmt]) -> Iterator[tuple[str, Told]]:
    """Exchange two neighbouring statements at a time, yield the first and what is said, and change them back."""
    for k, (one, other) in enumerate(itertools.pairwise(list(body))):
        if not isinstance(other, ast.Return):  # what stands after it is left out
            body[k], body[k + 1] = other, one
            yield shown(one), Told(TOO_EARLY, shown(other))
            body[k], body[k + 1] = one, other


def _left_out(body: list[ast.stmt], known: Known) -> Iterator[tuple[str, Told]]:
    """Leave out one statement at a time that computes something anew, yield it and what is said, and put it back."""
    for k, one in enumerate(list(body)):
        is_added = isinstance(one, ast.For | ast.AugAssign) and one not in known.counting
        is_anew = isinstance(one, ast.Assign) and set(stored_in(one)) & set(names_in(one.value))
        if (is_added or is_anew) and len(body) > 1:
            del body[k]
            yield shown(one), Told(LINE_SURPLUS)
            body.insert(k, one)


def _results_exchanged(tree: ast.FunctionDef) -> Iterator[tuple[str, Told]]:
    """Exchange two of the results that a function returns, yield the line and what is said, and change it back."""
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Tuple):
            results, line = statement.value.elts, shown(statement)
            for one, other in itertools.combinations(range(len(results)), 2):
                told = Told(EXCHANGED, ast.unparse(results[one]), ast.unparse(results[other]))
                results[one], results[other] = results[other], results[one]
                yield line, told
                results[one], results[other] = results[other], results[one]


def shown(statement: ast.AST) -> str:
    """Return the first line of a statement, shortened; several results without brackets around them."""
    if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Tuple) and len(statement.value.elts) > 1:
        return shortened(f"return {ast.unparse(statement.value)[1:-1]}")
    return shortened(_first_line(statement))


def _first_line(statement: ast.AST) -> str:
    return ast.unparse(statement).splitlines()[0]


def shortened(line: str) -> str:
    """Return a line, cut where it is too long to be quoted."""
    return line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}…"


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for part in ast.walk(tree):
        for name in ("body", "orelse"):
            body = getattr(part, name, None)
            if isinstance(body, list):
                yield body


# Where a change can be made


def _in_statement(statement: ast.stmt, known: Known) -> Iterator[tuple[str, Told]]:
    line = shown(statement)
    if statement in known.counting:
        return  # a loop whose count does not go on has no end
    if isinstance(statement, ast.While):
        yield from ((line, told) for told in _at(statement, "test", bounds))
    if isinstance(statement, ast.Assign) and set(stored_in(statement)) & known.counts:
        yield from ((line, told) for told in _at(statement, "value", starts))
        return
    if isinstance(statement, ast.Assign):
        known = known.at_place(statement.targets[0])
    if isinstance(statement, ast.Return):
        known = known.at_the_end()
    if isinstance(statement, ast.AugAssign):
        yield from ((line, told) for told in _other_sign(statement))
    if isinstance(statement, ast.For):
        yield from ((line, told) for told in _at(statement, "iter", ranges))
    for slot in _roots(statement):
        is_place = slot.name == "elts" and not isinstance(slot.part, ast.Name)  # a name alone is found nowhere
        own = shown(slot.part) if is_place else line
        said_twice = says_twice(slot.part)
        found = _in_slot(slot, known)
        yield from ((own, told) for told in found if said_twice or not says_twice(slot.part))


def _in_slot(slot: Slot, known: Known) -> Iterator[Told]:
    """Change an expression in one place at a time, yield what is said, and change it back."""
    for inner in _slots(slot):
        is_taken = isinstance(inner.holder, ast.Subscript)
        changes = partial(names_instead, is_taken=True) if is_taken else of_part
        found = _at(*inner[:2], partial(changes, known=known), inner.place)
        is_link = is_product(inner.holder)  # of a product of matrices: one minus a matrix is no slip
        yield from (told for told in found if not (is_link and told.belongs.startswith("1 - ")))
        if _takes_factors(inner.holder, inner.name):
            yield from _at(*inner[:2], partial(factor_missing, put=read, known=known), inner.place)
    if slot.name != "targets":
        yield from _at(*slot[:2], partial(more, known=known), slot.place)
        yield from _at(*slot[:2], uncut, slot.place)


class Slot(NamedTuple):
    """Where an expression stands: in which node, under which name, at which place of a list."""

    holder: ast.AST
    name: str
    place: int | None

    @property
    def part(self) -> ast.expr:
        """The expression."""
        found = getattr(self.holder, self.name)
        return found if self.place is None else found[self.place]


def _roots(statement: ast.stmt) -> Iterator[Slot]:
    """Yield where the whole expressions of a statement stand, of a tuple its parts; without those of loops."""
    if not isinstance(statement, ast.Assign | ast.AugAssign | ast.Return | ast.Expr) or statement.value is None:
        return
    if isinstance(statement, ast.Assign):
        yield from (Slot(statement, "targets", place) for place in range(len(statement.targets)))
    if isinstance(statement.value, ast.Tuple):
        yield from (Slot(statement.value, "elts", place) for place in range(len(statement.value.elts)))
    else:
        yield Slot(statement, "value", None)


def _takes_factors(holder: ast.AST, name: str) -> bool:
    """Return whether what stands in a slot is an operand of @, or an argument that may be a product."""
    if isinstance(holder, ast.Call):
        return name == "args" and ast.unparse(holder.func) not in ("range", "reversed", "len", "enumerate", "zip")
    return isinstance(holder, ast.BinOp) and isinstance(holder.op, ast.MatMult) and name != "op"


def _at(
    holder: ast.AST, name: str, changes: Callable[[Any], Iterator[Change]], place: int | None = None
) -> Iterator[Told]:
    """Put each change of the part in a slot there, yield what is said of it, and put the part back."""
    items = getattr(holder, name)
    part = items if place is None else items[place]

    def put(new: ast.expr) -> None:
        if place is None:
            setattr(holder, name, new)
        else:
            items[place] = new

    for change in changes(part):
        put(change.part)
        yield change.told
        put(part)


def _slots(root: Slot) -> Iterator[Slot]:
    """Yield where an expression and each of its parts stand, without indices, names of functions and starred parts."""
    waiting = [root]
    while waiting:
        slot = waiting.pop()
        if not isinstance(slot.part, ast.Starred):  # which is no expression by itself
            yield slot
        holder = slot.part
        for name, value in ast.iter_fields(holder):
            if (type(holder), name) not in AS_A_WHOLE:
                parts: Any = enumerate(value) if isinstance(value, list) else [(None, value)]
                waiting += [Slot(holder, name, place) for place, part in parts if isinstance(part, ast.expr)]


def _other_sign(statement: ast.AugAssign) -> Iterator[Told]:
    """Add where a statement takes away, and the other way round, yield what is said, and change it back."""
    if isinstance(statement.op, ast.Add | ast.Sub):
        op = statement.op
        statement.op = ast.Sub() if isinstance(op, ast.Add) else ast.Add()
        yield Told(SIGN)
        statement.op = op


def _set_instead(body: list[ast.stmt], known: Known) -> Iterator[tuple[str, Told]]:
    """Put `=` for `+=`, and the other way round, at each statement of a body in turn; yield the line and the words."""
    for k, old in enumerate(body):
        if old in known.counting or set(stored_in(old)) & known.counts:
            continue
        if isinstance(old, ast.AugAssign) and isinstance(old.op, ast.Add):
            body[k] = ast.Assign([old.target], old.value, lineno=old.lineno)
            yield shown(old), Told(INSTEAD, "+=", "=")
        elif (
            isinstance(old, ast.Assign)
            and len(old.targets) == 1
            and isinstance(old.targets[0], ast.Name | ast.Subscript)
        ):
            body[k] = ast.AugAssign(old.targets[0], ast.Add(), old.value, lineno=old.lineno)
            yield shown(old), Told(INSTEAD, "=", "+=")
        body[k] = old
