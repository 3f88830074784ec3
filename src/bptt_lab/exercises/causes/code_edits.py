"""Single changes of a function as it is written: each as code, with what is said of it if it makes the function right.

Nothing is run here: the text is read as a tree, changed in one place, and compiled.
"""

from __future__ import annotations

import ast
import copy
import re
import types
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

MOST = 900  # changes of one function; the course's longest answers have 700
LONGEST_SHOWN = 72  # letters of a line that is quoted
FILE = "<changed>"
INSTEAD = "`{}` stands where `{}` belongs"
SURPLUS = {ast.Mult: "the factor `{}` is too much", ast.Add: "the term `{}` is too much"}
MISSING = {ast.Mult: "the factor `{}` is missing", ast.Add: "the term `{}` is missing"}
USUAL = (r"\.T", r" \*\* 2", r" [-+] 1(?=\])", r"axis=\S+?(?=[,)])|\(0, \d\)|, keepdims=True", r"->\w+|'[\w,]+")
PLAINER = ("stands where", "factor", "the sign", "term")  # what is told of two changes in a line: the first of these
SIGN = "the sign of `{}` is wrong"
AS_A_WHOLE = {(ast.Subscript, "slice"), (ast.Call, "func")}  # or not at all
OVER_AXES = ("sum", "mean", "max", "min")
CUTS = [":-1", "1:", "::-1"]
TWICE = ("1 - (1 - ", ".T.T", "** 2 ** 2")  # what has a shorter change of the same value, or none
Names = frozenset[str]


class CodeEdit(NamedTuple):
    """A change: the line it is in, what is said of it, and the whole function with it, as text and as code."""

    line: str
    says: str
    text: str
    code: types.CodeType

    @property
    def rank(self) -> int:
        """How far it is fetched: a part exchanged or too much, a factor or a sign, a term that is missing."""
        return next((k for k, words in enumerate(PLAINER) if words in self.says), 0)

    @property
    def is_usual(self) -> bool:
        """Whether it is one of the slips that are made most: a sign, a transpose, a square, a step, an axis."""
        found = re.fullmatch(INSTEAD.format("(.*)", "(.*)"), self.says)
        return (
            "the sign" in self.says
            or bool(found)
            and any(
                re.sub(part, "", found[1]) == re.sub(part, "", found[2])  # type: ignore[index]
                for part in USUAL
            )
        )

    def said(self) -> str:
        """Return the sentence about the change, with the line it is in."""
        return f"In `{self.line}`, {self.says}."


class Change(NamedTuple):
    """What a part becomes, and what is said of that."""

    part: ast.expr
    says: str


def code_edits(definition: ast.FunctionDef) -> Iterator[CodeEdit]:
    """Yield each function that differs from a definition in one place, as long as it can be compiled.

    Errors: none; a change that is no Python is passed over.
    """
    tree = copy.deepcopy(definition)
    tree.decorator_list, seen = [], {ast.unparse(tree)}
    for count, (line, says) in enumerate(_changed(tree)):
        text = ast.unparse(tree)
        if count >= MOST:
            return
        if text not in seen and not any(one in text for one in TWICE):
            seen.add(text)
            try:
                module = compile(text, FILE, "exec", dont_inherit=True)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            yield CodeEdit(line, says, text, next(one for one in module.co_consts if isinstance(one, types.CodeType)))


def _changed(tree: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """Change a function in one place at a time, yield the line and what is said, and change it back."""
    known = _Known(tree)
    for statement in list(ast.walk(tree)):
        if isinstance(statement, ast.stmt) and statement is not tree:
            yield from _in_statement(statement, known)
    for body in _bodies(tree):
        for line, says in _set_instead(body):
            yield line, says
        for k in range(len(body) - 1):
            one, other = body[k], body[k + 1]
            body[k], body[k + 1] = other, one
            yield shown(one), f"what is done comes too early: `{shown(other)}` belongs before it"
            body[k], body[k + 1] = one, other


def shown(statement: ast.AST) -> str:
    """Return the first line of a statement, shortened."""
    line = ast.unparse(statement).splitlines()[0]
    return line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}…"


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for part in ast.walk(tree):
        for name in ("body", "orelse"):
            body = getattr(part, name, None)
            if isinstance(body, list):
                yield body


class _Known:
    """The names of a function: arguments and variables, indices of loops, and what may be a factor or a term."""

    def __init__(self, tree: ast.FunctionDef) -> None:
        parts = list(ast.walk(tree))
        arguments = [one.arg for one in (*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs)]
        targets = {name for loop in parts if isinstance(loop, ast.For) for name in _names(loop.target)}
        stored = {one.id for one in parts if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        self.indices: Names = frozenset(targets)
        self.variables = sorted({*arguments, *stored} - targets)
        at_index = [one for one in parts if isinstance(one, ast.Subscript) and set(_names(one.slice)) & targets]
        self.stacked: Names = frozenset(one.value.id for one in at_index if isinstance(one.value, ast.Name))
        self.own = sorted(stored - targets)
        self.factors = self._factors(parts, arguments)
        read = {one.id for one in parts if isinstance(one, ast.Name)}
        sides = [side for one in parts if _is_product(one) for side in (one.left, one.right)]  # type: ignore[attr-defined]
        found = {one.value if isinstance(one, ast.Attribute) else one for one in sides}
        used = {one.id for one in found if isinstance(one, ast.Name) and one.id in arguments}
        self.matrices = sorted(used | {name for name in arguments if name not in read})
        self.products = list(self._products([name for name in arguments if name not in read]))
        self.products += sorted({ast.unparse(one) for one in parts if _is_unit(one)})

    def _factors(self, parts: list[ast.AST], arguments: list[str]) -> list[str]:
        """Return what stands in the function and could be a factor elsewhere: names, and names at an index."""
        found = {ast.unparse(one) for one in parts if _is_atom(one) and isinstance(one.ctx, ast.Load)}  # type: ignore[attr-defined]
        inside = {f"{name}[{index}]" for name in arguments for index in sorted(self.indices)}
        called = {ast.unparse(one.func) for one in parts if isinstance(one, ast.Call)}
        return sorted((found | inside | set(arguments)) - called - self.indices - self.stacked - {"np"})

    def _products(self, unread: list[str]) -> Iterator[str]:
        """Yield the products of two arguments that are read nowhere: a path that was forgotten."""
        for one in unread if len(unread) == 2 else []:
            (other,) = set(unread) - {one}
            yield f"{one} @ {other}"
            for index in sorted(self.indices):
                yield f"{one}[{index}] @ {other}"


def _is_product(part: ast.AST) -> bool:
    return isinstance(part, ast.BinOp) and isinstance(part.op, ast.MatMult)


def _is_unit(part: ast.AST) -> bool:
    return isinstance(part, ast.Call) and ast.unparse(part.func) in ("np.eye", "np.identity")


def _names(part: ast.AST) -> Iterator[str]:
    return (one.id for one in ast.walk(part) if isinstance(one, ast.Name))


def _is_atom(part: ast.AST) -> bool:
    """Return whether a part is a name, or a name at an index."""
    is_entry = isinstance(part, ast.Subscript) and isinstance(part.value, ast.Name)
    return isinstance(part, ast.Name) or is_entry


# Where a change can be made


def _in_statement(statement: ast.stmt, known: _Known) -> Iterator[tuple[str, str]]:
    line = shown(statement)
    if isinstance(statement, ast.AugAssign):
        yield from ((line, says) for says in _other_sign(statement))
    if isinstance(statement, ast.For):
        yield from ((line, says) for says in _at(statement, "iter", _ranges))
    for slot in _roots(statement):
        own = shown(slot.part) if slot.name == "elts" else line
        for inner in _slots(slot):
            changes = _names_instead if isinstance(inner.holder, ast.Subscript) else _of_part
            yield from ((own, says) for says in _at(*inner[:2], partial(changes, known=known), inner.place))
            if _takes_factors(inner.holder, inner.name):
                missing = partial(_factor_missing, put=_read, known=known)
                yield from ((own, says) for says in _at(*inner[:2], missing, inner.place))
        if slot.name != "targets":
            yield from ((own, says) for says in _at(*slot[:2], partial(_more, known=known), slot.place))
            yield from ((own, says) for says in _at(*slot[:2], _uncut, slot.place))


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


def _at(
    holder: ast.AST, name: str, changes: Callable[[Any], Iterator[Change]], place: int | None = None
) -> Iterator[str]:
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
        yield change.says
        put(part)


def _slots(root: Slot) -> Iterator[Slot]:
    """Yield where an expression and each of its parts stand, without indices and names of functions."""
    waiting = [root]
    while waiting:
        slot = waiting.pop()
        yield slot
        holder = slot.part
        for name, value in ast.iter_fields(holder):
            if (type(holder), name) not in AS_A_WHOLE:
                parts: Any = enumerate(value) if isinstance(value, list) else [(None, value)]
                waiting += [Slot(holder, name, place) for place, part in parts if isinstance(part, ast.expr)]


def _uncut(part: ast.expr) -> Iterator[Change]:
    """Two cuts or more at once: what stands there a step apart belongs to one step."""
    whole: Any = copy.deepcopy(part)
    cuts = [one for one in ast.walk(whole) if isinstance(one, ast.Subscript) and ast.unparse(one.slice) in CUTS[:2]]
    if len(cuts) < 2:
        return
    shown_cuts = " and ".join(f"`{ast.unparse(one)}`" for one in cuts)
    new = _WithoutCuts().visit(whole)
    yield Change(new, f"{shown_cuts} are cut where the whole belongs")


class _WithoutCuts(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        inner = self.generic_visit(node)
        return inner.value if ast.unparse(node.slice) in CUTS[:2] else inner  # type: ignore[attr-defined]


def _other_sign(statement: ast.AugAssign) -> Iterator[str]:
    """Add where a statement takes away, and the other way round, yield what is said, and change it back."""
    if isinstance(statement.op, ast.Add | ast.Sub):
        op = statement.op
        statement.op = ast.Sub() if isinstance(op, ast.Add) else ast.Add()
        yield "the sign is wrong"
        statement.op = op


def _set_instead(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Put `=` for `+=`, and the other way round, at each statement of a body in turn; yield the line and the words."""
    for k, old in enumerate(body):
        if isinstance(old, ast.AugAssign) and isinstance(old.op, ast.Add):
            body[k] = ast.Assign([old.target], old.value, lineno=old.lineno)
            yield shown(old), "`+=` stands where `=` belongs"
        elif (
            isinstance(old, ast.Assign)
            and len(old.targets) == 1
            and isinstance(old.targets[0], ast.Name | ast.Subscript)
        ):
            body[k] = ast.AugAssign(old.targets[0], ast.Add(), old.value, lineno=old.lineno)
            yield shown(old), "`=` stands where `+=` belongs"
        body[k] = old


# What a part may become


def _of_part(part: ast.expr, known: _Known) -> Iterator[Change]:
    yield from _names_instead(part, known)
    yield from _times_instead(part, known)
    yield from _operands(part)
    yield from _slopes(part)
    yield from _brackets(part)
    yield from _calls(part)
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add):
        yield from _products_missing(part, known)


def _instead(old: ast.AST, new: str) -> Change:
    return Change(_read(new), INSTEAD.format(ast.unparse(old), ast.unparse(_read(new))))


def _read(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _within(part: ast.AST) -> str:
    """Return a part in brackets where it needs them as a factor or as an operand of @."""
    text = ast.unparse(part)
    is_tight = isinstance(part, ast.Name | ast.Subscript | ast.Call | ast.Attribute | ast.Constant)
    return text if is_tight else f"({text})"


def _names_instead(part: ast.expr, known: _Known) -> Iterator[Change]:
    """Another name; of arrays that the function takes at an index, another one of these."""
    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id in known.variables:
        for other in known.variables:
            if other != part.id and (other in known.stacked) == (part.id in known.stacked):
                yield _instead(part, other)


def _times_instead(part: ast.expr, known: _Known) -> Iterator[Change]:
    """An index that is missing, a step later or earlier, another cut, the last one for the first, no cut."""
    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id in known.variables:
        for index in sorted(known.indices):
            yield _instead(part, f"{part.id}[{index}]")
    if not isinstance(part, ast.Subscript):
        return
    base, text = ast.unparse(part.value), ast.unparse(part.slice)
    if set(_names(part.slice)) & known.indices and not isinstance(part.slice, ast.Slice | ast.Tuple):
        index = min(set(_names(part.slice)) & known.indices)
        others: list[str] = [index, f"{index} - 1", f"{index} + 1"]
    else:
        others = [*CUTS, ""] if text in CUTS else {"0": ["-1"], "-1": ["0"]}.get(text, [])
    for other in others:
        if other != text:
            new = f"{base}[{other}]" if other else base
            changed = _read(new)
            if isinstance(part.ctx, ast.Store) and isinstance(changed, ast.Subscript):
                changed.ctx = ast.Store()
            yield Change(changed, INSTEAD.format(ast.unparse(part), new))


def _operands(part: ast.expr) -> Iterator[Change]:
    """An operand too many, another sign or operator, a transpose too many or too few, two factors exchanged."""
    if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub):
        yield Change(part.operand, SIGN.format(ast.unparse(part.operand)))
    if isinstance(part, ast.Attribute) and part.attr == "T":
        yield Change(part.value, INSTEAD.format(ast.unparse(part), ast.unparse(part.value)))
    if not isinstance(part, ast.BinOp):
        return
    left, right = _within(part.left), _within(part.right)
    one, other = ast.unparse(part.left), ast.unparse(part.right)
    if isinstance(part.op, ast.Mult | ast.MatMult):
        yield Change(part.left, SURPLUS[ast.Mult].format(other))
        yield Change(part.right, SURPLUS[ast.Mult].format(one))
        yield _instead(part, f"{left} @ {right}" if isinstance(part.op, ast.Mult) else f"{left} * {right}")
    if isinstance(part.op, ast.MatMult):
        for new in (f"{right} @ {left}", f"{left}.T @ {right}", f"{left} @ {right}.T", f"{left}.T @ {right}.T"):
            yield _instead(part, new.replace(".T.T", ""))
        yield _instead(part, f"{right}.T @ {left}.T".replace(".T.T", ""))
    if isinstance(part.op, ast.Add | ast.Sub):
        yield Change(part.left, SURPLUS[ast.Add].format(other))
        yield Change(part.right if isinstance(part.op, ast.Add) else _read(f"-{right}"), SURPLUS[ast.Add].format(one))
        sign = "-" if isinstance(part.op, ast.Add) else "+"
        yield Change(_read(f"{one} {sign} {right}"), SIGN.format(other))
        yield Change(_read(f"-{left} {'+' if sign == '-' else '-'} {right}"), SIGN.format(one))
    if isinstance(part.op, ast.Div):
        yield Change(part.left, f"the division by `{other}` is too much")


def _slopes(part: ast.expr) -> Iterator[Change]:
    """One minus a value, with and without its square; tanh of a value, with and without; a square too many."""
    text = _within(part)
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub) and ast.unparse(part.left) == "1":
        inner, is_square = part.right, isinstance(part.right, ast.BinOp) and isinstance(part.right.op, ast.Pow)
        yield _instead(part, ast.unparse(inner))
        if is_square:
            base = _within(inner.left)  # type: ignore[attr-defined]
            yield _instead(part, f"1 - {base}")
            yield _instead(part, f"{base} * (1 - {base})")
        else:
            yield _instead(part, f"1 - {_within(inner)} ** 2")
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult):
        if ast.unparse(part.right) == f"1 - {ast.unparse(part.left)}":
            yield _instead(part, f"1 - {_within(part.left)} ** 2")
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Pow):
        yield _instead(part, ast.unparse(part.left))
    if _is_atom(part) and isinstance(part.ctx, ast.Load):  # type: ignore[attr-defined]
        for new in (f"(1 - {text})", f"np.tanh({text})", f"{text} ** 2", f"(1 - {text} ** 2)", f"{text}.T"):
            yield _instead(part, new)


def _brackets(part: ast.expr) -> Iterator[Change]:
    """A factor that reaches one term only, or one term too many; a factor on the wrong side of a product with @."""
    if not isinstance(part, ast.BinOp):
        return
    for inner, beside, is_left in ((part.left, part.right, True), (part.right, part.left, False)):
        operators = {ast.MatMult: (ast.Mult, "*", "@"), ast.Mult: (ast.MatMult, "@", "*")}.get(type(part.op))
        if operators and isinstance(inner, ast.BinOp) and isinstance(inner.op, operators[0]):
            _, own, outer = operators
            a, b, c = _within(inner.left), _within(inner.right), _within(beside)
            if is_left:
                yield _instead(part, f"({a} {outer} {c}) {own} {b}")
                yield _instead(part, f"{a} {own} ({b} {outer} {c})")
            else:
                yield _instead(part, f"{a} {own} ({c} {outer} {b})")
                yield _instead(part, f"({c} {outer} {a}) {own} {b}")
    if isinstance(part.op, ast.Mult):
        factors = _factors(part)
        for k, factor in enumerate(factors):
            if isinstance(factor, ast.BinOp) and isinstance(factor.op, ast.Add | ast.Sub):
                rest = [_within(one) for one in factors[:k] + factors[k + 1 :]]
                sign = "+" if isinstance(factor.op, ast.Add) else "-"
                first, second = _within(factor.left), _within(factor.right)
                yield _instead(part, f"{' * '.join([first, *rest])} {sign} {second}")
                yield _instead(part, f"{first} {sign} {' * '.join([second, *rest])}")
    if isinstance(part.op, ast.Add | ast.Sub):
        sign = "+" if isinstance(part.op, ast.Add) else "-"
        for term, other, is_left in ((part.left, part.right, True), (part.right, part.left, False)):
            factors = _factors(term)
            for k in range(1, len(factors)):  # some factors stay with the term, the others reach both
                for kept, shared in ((factors[:k], factors[k:]), (factors[k:], factors[:k])):
                    own = ast.unparse(kept[0]) if len(kept) == 1 else " * ".join(map(_within, kept))
                    both = f"{own} {sign} {_within(other)}" if is_left else f"{_within(other)} {sign} {own}"
                    yield _instead(part, f"({both}) * {' * '.join(map(_within, shared))}")


def _factors(part: ast.expr) -> list[ast.expr]:
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult):
        return [*_factors(part.left), *_factors(part.right)]
    return [part]


def _calls(part: ast.expr) -> Iterator[Change]:
    """Zeros for what is given, a mean for a sum, another axis, an einsum whose result or operands are exchanged."""
    if not isinstance(part, ast.Call):
        return
    name, text = ast.unparse(part.func), ast.unparse(part)
    if part.args and name in ("np.zeros_like", "reversed", "np.tanh", "np.flip"):
        yield Change(part.args[0], INSTEAD.format(text, ast.unparse(part.args[0])))
    if name == "np.einsum" and part.args and isinstance(part.args[0], ast.Constant) and "->" in str(part.args[0].value):
        read, _, made = str(part.args[0].value).partition("->")
        rest = ", ".join(map(ast.unparse, part.args[1:]))
        swapped = ",".join(reversed(read.split(",")))
        for rule in (f"{read}->{made[::-1]}", f"{swapped}->{made}"):
            yield _instead(part, f"np.einsum({rule!r}, {rest})")
    if name.rpartition(".")[2] == "mean":
        total: Any = _read(text)
        total.func.attr = "sum"
        yield Change(total, "a mean is taken where a sum belongs")
    if name.rpartition(".")[2] in OVER_AXES:
        yield from _axes(part, text)
    if _is_unit(part) and len(part.args) == 1:
        size = ast.unparse(part.args[0])
        yield _instead(part, f"np.zeros(({size}, {size}))")


def _axes(part: ast.Call, text: str) -> Iterator[Change]:
    """The other axes over which something may be taken, each with and without its place kept."""
    own = [one for one in part.keywords if one.arg not in ("axis", "keepdims")]
    for axis in ("", "0", "1", "-1", "(0, 1)", "(0, 2)"):
        for keeps in (False, True):
            new: Any = _read(text)
            words = [ast.keyword("axis", _read(axis))] if axis else []
            words += [ast.keyword("keepdims", _read("True"))] if keeps else []
            new.keywords = [*own, *words]
            yield Change(new, INSTEAD.format(text, ast.unparse(new)))


def _ranges(part: ast.expr) -> Iterator[Change]:
    """Other first and last steps of a loop, and the other direction."""
    text = ast.unparse(part)
    is_back = text.startswith("reversed(")
    inner = part.args[0] if is_back and isinstance(part, ast.Call) else part
    if not is_back:
        yield _instead(part, f"reversed({text})")
    if isinstance(inner, ast.Call) and ast.unparse(inner.func) == "range" and len(inner.args) == 3:
        yield from _steps_back(list(map(ast.unparse, inner.args)), partial(_instead, part))
    if isinstance(inner, ast.Call) and ast.unparse(inner.func) == "range" and len(inner.args) <= 2:
        ends = list(map(ast.unparse, inner.args))
        first, last = ["0", *ends][-2:]
        shifted = [(f"{first} + 1", last), (f"{first} - 1", last), (first, f"{last} - 1"), (first, f"{last} + 1")]
        shifted += [(f"{first} + 1", f"{last} + 1"), (f"{first} - 1", f"{last} - 1")]
        for one, other in shifted:
            new = f"range({one}, {other})".replace("0 + 1", "1").replace("1 - 1", "0").replace("range(0, ", "range(")
            yield _instead(part, f"reversed({new})" if is_back else new)


def _takes_factors(holder: ast.AST, name: str) -> bool:
    """Return whether what stands in a slot is an operand of @, or an argument that may be a product."""
    if isinstance(holder, ast.Call):
        return name == "args" and ast.unparse(holder.func) not in ("range", "reversed", "len", "enumerate", "zip")
    return isinstance(holder, ast.BinOp) and isinstance(holder.op, ast.MatMult) and name != "op"


def _factor_missing(part: ast.expr, put: Callable[[str], ast.expr], known: _Known) -> Iterator[Change]:
    if isinstance(part, ast.Constant | ast.Tuple | ast.List):
        return
    for factor in known.factors:
        for one in (factor, f"(1 - {factor})"):
            yield Change(put(f"{_within(part)} * {one}"), MISSING[ast.Mult].format(one.strip("()")))
    for number in ("0.5", "2"):
        yield Change(put(f"{number} * {_within(part)}"), MISSING[ast.Mult].format(number))


def _steps_back(ends: list[str], says: Callable[[str], Change]) -> Iterator[Change]:
    first, last, step = ends
    for one, other in ((first, f"{last} - 1"), (first, f"{last} + 1"), (f"{first} - 1", last), (f"{first} + 1", last)):
        new = f"range({one}, {other}, {step})".replace("0 - 1", "-1").replace("1 - 1", "0").replace("- 1 + 1", "")
        yield says(new)


def _more(part: ast.expr, known: _Known) -> Iterator[Change]:
    """A factor or a term that is missing, in the whole or in one of its terms."""
    for term, put in _terms(part):
        yield from _factor_missing(term, put, known)
    yield from _products_missing(part, known)
    for name in known.matrices:
        for new in (f"{_within(part)} @ {name}", f"{name} @ {_within(part)}"):
            yield _instead(part, new)
    for name in known.own:
        for sign in "+-":
            says = MISSING[ast.Add].format(name if sign == "+" else f"-{name}")
            yield Change(_read(f"{ast.unparse(part)} {sign} {name}"), says)


def _products_missing(part: ast.expr, known: _Known) -> Iterator[Change]:
    for name in known.products:
        yield Change(_read(f"{ast.unparse(part)} + {name}"), MISSING[ast.Add].format(name))


def _terms(part: ast.expr) -> Iterator[tuple[ast.expr, Callable[[str], ast.expr]]]:
    """Yield an expression, and each of its two terms, with what puts a text in its place."""
    yield part, _read
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub):
        sign = "+" if isinstance(part.op, ast.Add) else "-"
        one, other = ast.unparse(part.left), _within(part.right)
        yield part.left, lambda text: _read(f"{text} {sign} {other}")
        yield part.right, lambda text: _read(f"{one} {sign} {text}")
