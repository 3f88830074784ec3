"""NumPy code of formulas for many sequences at once: a column is a row of an array, W h is written h @ W.T.

A product that is only ever summed over sequences and steps, a column times a row, stays a pair until it is summed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from bptt_lab.formulas.functions import LOSSES, ROWS
from bptt_lab.formulas.shapes import shape_of
from bptt_lab.formulas.times import NOW, Index, index_of, whole_number
from bptt_lab.formulas.tree import (
    Binary,
    Call,
    Derivative,
    Entry,
    Letter,
    Negative,
    Number,
    Over,
    Power,
    Slice,
    Transpose,
    Tree,
    Variable,
    mapped,
)
from bptt_lab.network import Network, NetworkError
from bptt_lab.network.expressions import names
from bptt_lab.network.parse import rule

SUM, PRODUCT, ATOM = range(3)
ELSE = "Use graph.gradients."
RESERVED = frozenset("v t np batch found rows product softmax run forward gradients range len".split())


class Value(NamedTuple):
    """A piece of code and what it computes.

    `kind` is 'number' (…, 1), 'column' or 'row' (…, n), 'matrix' (m, n), 'diagonal' (…, n), 'pair' of a column and a
    row, 'masked', which is a pair times a matrix entry by entry, or 'sum' of diagonals, pairs and masked ones; `binds`
    is the loosest operator in it; `batched`: each sequence has its own; `timed`: each step too.
    """

    kind: str
    code: str
    binds: int = ATOM
    batched: bool = True
    timed: bool = False
    parts: tuple[Value, ...] = ()

    def tight(self, need: int = ATOM) -> str:
        """Return the code, in brackets where an operator that binds as much as `need` stands beside it."""
        return self.code if self.binds >= need else f"({self.code})"


@dataclass(frozen=True)
class Rows:
    """The code of formulas of a network at one step, or at all steps at once.

    `step` is the step's text, such as 't'; None for all steps. An array whose steps are read one by one holds `pad`
    places before the first step and after the last; `by_step` names these arrays, None for all, and those that are read
    so are added to `seen`. `known` has code for formulas that were computed before. Errors: NetworkError for what has
    no code in rows.
    """

    network: Network
    pad: int
    step: str | None = None
    by_step: frozenset[str] | None = None
    seen: set[str] = field(default_factory=set, compare=False)
    known: Mapping[Tree, Value] = field(default_factory=dict, compare=False)

    def of(self, tree: Tree) -> Value:
        """Return the code of a formula."""
        if tree in self.known:
            return self.known[tree]
        match tree:
            case Number(value):
                return _number(value)
            case Variable("T"):
                return Value("number", "T", batched=False)
            case Letter(name, time, entry):
                found = self.array(name, index_of(time))
                if len(entry) == 2:
                    i, j = (whole_number(index) - 1 for index in entry)
                    return Value("number", f"{found.code}[{i}, {j}]", batched=False)
                return _entry(found, entry[-1]) if entry else found
            case Derivative(_, above, kind):
                return self.array(above.name, index_of(above.time), "d_", "row" if kind == "total" else "column")
            case Negative(inner):
                return negated(self.of(inner))
            case Transpose(inner):
                return _turned(self.of(inner))
            case Power(base, exponent):
                base = self.of(base)  # type: ignore[assignment]
                sign = "**" if base.code.isidentifier() else " ** "  # type: ignore[union-attr]
                return replace_code(base, f"{base.tight()}{sign}{_text(exponent)}", PRODUCT)  # type: ignore[arg-type, union-attr]
            case Binary("+" | "-" as sign, left, right):
                return added(sign, self.of(left), self.of(right))
            case Binary("@", left, right):
                return _product(self.of(left), self.of(right))
            case Binary(sign, left, right):
                return _entrywise(sign, self.of(left), self.of(right))
            case Slice():
                return self.slice(tree)
            case Entry(inner, (index,)):
                return _entry(self.of(inner), index)
            case Over("column", _, _, high, Number()):
                return Value("column", f"np.ones({_text(high)})", batched=False)
            case Call():
                return self.call(tree)
        raise NetworkError("This has no code in rows.", ELSE)

    def array(self, name: str, index: Index | None, prefix: str = "", kind: str = "column") -> Value:
        """Return the array of a quantity, or of its gradient, at a time."""
        shape = self.network.shapes[name]
        code = prefix + name_of(name)
        batched = bool(self.network.inputs) if prefix else is_batched(self.network, name)
        if len(shape) == 2:
            return Value("matrix", code, batched=False)
        kind = kind if shape else "number"
        if self.network.is_timed(name):
            code += self.at(code, index)  # type: ignore[arg-type]
        is_timed = self.step is None and index is not None and index.start == "t"
        return Value(kind, code, batched=batched, timed=is_timed)

    def at(self, array: str, index: Index) -> str:
        """Return where in an array of steps a time stands."""
        is_whole = self.step is None and index == NOW
        if not is_whole:
            self.seen.add(array)
        if is_whole and self.by_step is not None and array not in self.by_step:
            return ""
        if index.start == "t" and self.step is None:
            first, last = self.pad + index.shift, self.pad - index.shift
            return f"[{first or ''}:{-last if last else ''}]"
        start = {"t": self.step, "T": "T", "": ""}[index.start]
        shift = index.shift + self.pad - 1
        if not start:
            return f"[{shift}]"
        return f"[{start}]" if not shift else f"[{start} {'+' if shift > 0 else '-'} {abs(shift)}]"

    def slice(self, tree: Slice) -> Value:
        """Return some entries of a column, or some rows or columns of a matrix."""
        inner, first, last = self.of(tree.inner), whole_number(tree.first) - 1, whole_number(tree.last)
        if inner.kind == "diagonal":
            inner = _unit_matrix(inner)
            if last - first == 1:  # one of its columns, or of its rows, alike
                return Value("column" if tree.of_columns else "row", f"{inner.code}[{first}]", batched=False)
        if inner.kind == "matrix":
            return replace_code(inner, f"{inner.tight()}[{':, ' if tree.of_columns else ''}{first}:{last}]", ATOM)
        part = replace_code(inner, f"{inner.tight()}[..., {first}:{last}]", ATOM)
        return part._replace(kind="number") if last - first == 1 else part

    def call(self, call: Call) -> Value:
        """Return the code of a function."""
        match call:
            case Call("diag", (inner,)):
                found = self.of(inner)
                return found._replace(kind="diagonal")
            case Call("ones", (inner,)):
                rows, columns = (*shape_of(inner, self.network.shapes), 0, 0)[:2]
                if columns > 1:
                    return Value("matrix", f"np.ones(({rows}, {columns}))", batched=False)
                return Value("column", f"np.ones({rows})", batched=False) if rows else self.of(Number(1))  # type: ignore[arg-type]
            case Call("concat", arguments):
                found = [self.of(part) for part in arguments]  # type: ignore[assignment]
                return Value(
                    "column",
                    f"np.concatenate([{', '.join(_side_by_side(found))}], axis=-1)",  # type: ignore[arg-type]
                    ATOM,
                    *_axes(*found),  # type: ignore[arg-type]
                )
            case Call("sum" | "mean" as function, (inner,)):
                found = self.of(inner)
                return _reduced(found, function)
            case Call("dot", (one, other)):
                return _reduced(_entrywise("*", self.of(one), self.of(other)), "sum")
            case Call("softmax", (inner,)):
                found = self.of(inner)
                return found._replace(code=f"softmax({found.code})", binds=ATOM)
            case Call(loss, (prediction, target)) if loss in LOSSES:
                return self.loss(loss, prediction, target)
            case Call(function, (inner,)):
                return self.function(function, self.of(inner))
        raise NetworkError(f"{call.function} has no code in rows.", ELSE)

    def function(self, function: str, inner: Value) -> Value:
        """Return the code of a function that acts entry by entry."""
        if function == "identity":
            return inner
        # a whole argument of a call needs no brackets
        text = re.sub(r"(?<=[(,])(\{0?\})(?=[,)])", lambda _: inner.code, ROWS[function].numpy)
        code = text.format(inner.tight())
        return inner._replace(code=code, binds=_binds(code))

    def loss(self, loss: str, prediction: Tree, target: Tree) -> Value:
        """Return the code of a loss: its definition, summed over the entries."""
        row, known = ROWS[loss], {"p": prediction, "y": target}
        if row.pieces:
            return _reduced(self._pieces(loss, Binary("-", prediction, target)), "sum")
        put_in = lambda part: known.get(part.name) if isinstance(part, Letter) else None
        return _reduced(self.of(mapped(rule(row.definition), put_in)), "sum")

    def _pieces(self, loss: str, gap: Tree) -> Value:
        put_in = lambda part: gap if isinstance(part, Letter) else None
        rules = [(bound, self.of(mapped(rule(text), put_in))) for bound, text in ROWS[loss].pieces]
        *first, (_, last) = rules
        code = last.code
        for bound, value in reversed(first):
            code = f"np.where({self.of(gap).tight()} < {bound}, {value.code}, {code})"
        return last._replace(code=code, binds=ATOM)


def name_of(name: str) -> str:
    """Return the name of a quantity in the program: its own, unless the program needs it.

    No quantity begins or ends with an underscore, so that nothing else has the name.
    """
    return f"_{name}" if name.startswith("d_") else f"{name}_" if name in RESERVED else name


def is_batched(network: Network, name: str) -> bool:
    """Return whether every sequence has its own value of a quantity: an input, or what is computed from one."""
    if network.is_timed(name):
        return True
    if name not in network.equations:
        return False
    return any(is_batched(network, use.name) for use in names(network.equations[name].expression))


def _binds(code: str) -> int:
    """Return how tightly a piece of code holds together beside an operator."""
    whole = ast.parse(code, mode="eval").body
    is_bracketed = whole.col_offset > 0
    if is_bracketed or not isinstance(whole, ast.BinOp | ast.UnaryOp | ast.Compare):
        return ATOM
    return PRODUCT if isinstance(whole, ast.BinOp) and isinstance(whole.op, ast.Mult | ast.Div) else SUM


def _axes(*values: Value) -> tuple[bool, bool]:
    """Return whether any of some values has its own row for each sequence, and for each step."""
    return any(value.batched for value in values), any(value.timed for value in values)


def _number(value: Fraction) -> Value:
    whole = value.denominator == 1
    text = str(value.numerator) if whole else f"{float(value)!r}" if Fraction(repr(float(value))) == value else ""
    if text:
        return Value("number", text, batched=False)
    return Value("number", f"{value.numerator} / {value.denominator}", PRODUCT, batched=False)


def _text(tree: Tree) -> str:
    whole = whole_number(tree)
    if whole is None:
        raise NetworkError("This exponent or size has no code in rows.", ELSE)
    return str(whole)


def negated(value: Value) -> Value:
    """Return minus a value."""
    if value.kind in ("pair", "masked"):
        return value._replace(parts=(negated(value.parts[0]), value.parts[1]))
    if value.kind == "sum":
        return value._replace(parts=tuple(map(negated, value.parts)))
    return replace_code(value, f"-{value.tight()}", PRODUCT)


def replace_code(value: Value, code: str, binds: int) -> Value:
    """Return a value with other code."""
    return value._replace(code=code, binds=binds)


def _turned(value: Value) -> Value:
    match value.kind:
        case "column":
            return value._replace(kind="row")
        case "row":
            return value._replace(kind="column")
        case "matrix":
            is_turned = value.binds == ATOM and value.code.endswith(".T")  # in W - W.T only the last part is
            code = value.code.removesuffix(".T") if is_turned else f"{value.tight()}.T"
            return value._replace(code=code, binds=ATOM)
        case "pair":
            column, row = value.parts
            return value._replace(parts=(_turned(row), _turned(column)))
        case "sum" | "masked":
            return value._replace(parts=tuple(map(_turned, value.parts)))
    return value


def added(sign: str, left: Value, right: Value) -> Value:
    """Return a sum or difference of two values."""
    structured = ("diagonal", "pair", "sum", "masked")
    if left.kind in structured or right.kind in structured:
        last = negated(right) if sign == "-" else right
        return Value("sum", "", parts=(*_terms(left), *_terms(last)))
    code = f"{left.tight(SUM)} {sign} {right.tight(SUM if sign == '+' else PRODUCT)}"
    kind = left.kind if left.kind != "number" else right.kind
    return Value(kind, code, SUM, *_axes(left, right))


def _side_by_side(values: list[Value]) -> list[str]:
    """Return the code of values of as many rows each: what no sequence has of its own is repeated."""
    widest = max(values, key=lambda value: (value.timed, value.batched))
    wide = f"np.zeros_like({widest.tight()}[..., :1])"
    return [value.code if _axes(value) == _axes(widest) else f"{value.tight(SUM)} + {wide}" for value in values]


def _terms(value: Value) -> tuple[Value, ...]:
    return value.parts if value.kind == "sum" else (value,)


def _entrywise(sign: str, left: Value, right: Value) -> Value:
    """Return a product or quotient entry by entry; a number goes with everything."""
    if right.kind in ("pair", "sum", "masked") and sign == "*":
        left, right = right, left
    if left.kind in ("pair", "masked") and right.kind == "matrix":
        return _masked(sign, left, right)
    if left.kind in ("pair", "masked"):
        return left._replace(parts=(_entrywise(sign, left.parts[0], right), left.parts[1]))
    if left.kind == "sum":
        return left._replace(parts=tuple(_entrywise(sign, part, right) for part in left.parts))
    if left.code == "1" and sign == "*":
        return right
    code = f"{left.tight(PRODUCT)} {sign} {right.tight(ATOM if sign == '/' or right.binds == PRODUCT else PRODUCT)}"
    kind = left.kind if left.kind != "number" else right.kind
    return Value(kind, code, PRODUCT, *_axes(left, right))


def _times_matrix(kind: str, rows: Value, matrix: Value) -> Value:
    """Return the product of each row with a matrix: of all steps together it is one product."""
    if rows.timed:
        return Value(kind, f"product({rows.code}, {matrix.code})", ATOM, *_axes(rows))
    return Value(kind, f"{rows.tight(PRODUCT)} @ {matrix.tight()}", PRODUCT, *_axes(rows))


def _masked(sign: str, left: Value, matrix: Value) -> Value:
    """Return a pair, or one with a matrix already, times a matrix entry by entry: that is done when it is summed."""
    pair, other = (left, None) if left.kind == "pair" else left.parts
    one = Value("number", "1", batched=False)
    factor = matrix if sign == "*" else _entrywise("/", one, matrix)
    return Value("masked", "", parts=(pair, factor if other is None else _entrywise("*", other, factor)))


def _product(left: Value, right: Value) -> Value:
    """Return a matrix product of two values by their kinds."""
    match left.kind, right.kind:
        case "matrix", "number" if right.batched:
            return _times_matrix("column", right, _turned(left))
        case "number", "matrix" if left.batched:
            return _times_matrix("row", left, right)
        case ("number", _) | (_, "number"):
            return _entrywise("*", left, right)
        case "matrix", "column":
            return _times_matrix("column", right, _turned(left))
        case "row", "matrix":
            return _times_matrix("row", left, right)
        case "matrix", "matrix":
            return Value("matrix", f"{left.tight(PRODUCT)} @ {right.tight()}", PRODUCT, batched=False)
        case "row", "column":
            return _inner(left, right)
        case "column", "row":
            return Value("pair", "", parts=(left, right))
        case "diagonal", "column" | "row" | "diagonal":
            return _entrywise("*", left._replace(kind=right.kind), right)
        case "column" | "row", "diagonal":
            return _entrywise("*", left, right._replace(kind=left.kind))
        case "sum", _:
            return _all([_product(part, right) for part in left.parts])
        case _, "sum":
            return _all([_product(left, part) for part in right.parts])
        case "pair", "column":
            return _entrywise("*", left.parts[0], _inner(left.parts[1], right))
        case "row", "pair":
            return _entrywise("*", _inner(left, right.parts[0]), right.parts[1])
        case "pair", _:
            return left._replace(parts=(left.parts[0], _product(left.parts[1], right)))
        case _, "pair":
            return right._replace(parts=(_product(left, right.parts[0]), right.parts[1]))
    raise NetworkError("This product has no code in rows.", ELSE)


def _all(values: list[Value]) -> Value:
    found = values[0]
    for value in values[1:]:
        is_minus = value.code.startswith("-") and value.binds == PRODUCT
        found = added("-", found, value._replace(code=value.code[1:])) if is_minus else added("+", found, value)
    return found


def _inner(row: Value, column: Value) -> Value:
    """Return the inner product of a row and a column, a number for each sequence."""
    ones = [one.code.startswith("np.ones(") and not one.batched for one in (row, column)]
    if ones[0]:
        return _reduced(column, "sum")
    return _reduced(row if ones[1] else _entrywise("*", row._replace(kind="column"), column), "sum")


def _reduced(value: Value, function: str) -> Value:
    if value.kind == "matrix":
        return Value("number", f"{value.tight()}.{function}()", ATOM, batched=False)
    if value.kind in ("pair", "masked") and function == "sum":
        (column, row), matrix = _pair_of(value)
        beside = _product(row, _turned(matrix)) if matrix else _reduced(row, "sum")
        return _product(beside, column) if matrix else _entrywise("*", beside, _reduced(column, "sum"))
    return Value("number", f"{value.tight()}.{function}(axis=-1, keepdims=True)", ATOM, *_axes(value))


def _pair_of(value: Value) -> tuple[tuple[Value, Value], Value | None]:
    """Return a pair of column and row, and the matrix that it is multiplied with entry by entry."""
    return (value.parts[0].parts, value.parts[1]) if value.kind == "masked" else (value.parts, None)  # type: ignore[return-value]


def _entry(value: Value, index: Tree) -> Value:
    i = whole_number(index)
    return Value("number", f"{value.tight()}[..., {i - 1}:{i}]", ATOM, *_axes(value))


def _unit_matrix(diagonal: Value) -> Value:
    """Return a unit matrix in full, of which rows or columns are wanted."""
    if not diagonal.code.startswith("np.ones("):
        raise NetworkError("This part of a diagonal matrix has no code in rows.", ELSE)
    return Value("matrix", diagonal.code.replace("np.ones(", "np.eye("), batched=False)


# Sums over steps and sequences


def summed(value: Value, over_time: bool, network: Network, name: str) -> list[str]:
    """Return the code of a term of a parameter's gradient, summed over sequences, and over steps if that is said."""
    if value.kind == "sum":
        return [code for part in value.parts for code in summed(part, over_time, network, name)]
    batch = ["batch"] if network.inputs else []
    if value.kind == "masked":
        pair, matrix = value.parts
        return [f"({code}) * {matrix.tight()}" for code in summed(pair, over_time, network, name)]
    if value.kind == "pair":
        return [_outer(*value.parts, over_time, batch)]  # type: ignore[arg-type, call-arg]
    code = _one_row(value) if network.shapes[name] else f"np.sum({value.code})"
    return [_times(code, *_axes(value), over_time, batch)]


def over_steps(value: Value) -> Value:
    """Return a value summed over steps."""
    if value.timed:
        return value._replace(code=f"{value.tight()}.sum(axis=0)", binds=ATOM, timed=False)
    return _entrywise("*", Value("number", "T", batched=False), value)


def _outer(column: Value, row: Value, over_time: bool, batch: list[str]) -> str:
    """Return the code of the sum of the products of a column and a row."""
    if column.timed and row.timed:
        return f"rows({column.code}).T @ rows({row.code})"
    if column.batched and row.batched:
        one, other = (f"{value.tight()}.sum(axis=0)" if value.timed else value.tight() for value in (column, row))
        return _times(f"{one}.T @ {other}", *_axes(column, row), over_time, batch)
    return _times(f"np.outer({_one_row(column)}, {_one_row(row)})", *_axes(column, row), over_time, batch)


def _one_row(value: Value) -> str:
    """Return the code of the sum of the rows of a value."""
    if not value.batched:
        return value.code
    return f"{value.tight()}.sum(axis={'(0, 1)' if value.timed else '0'})"


def _times(code: str, batched: bool, timed: bool, over_time: bool, batch: list[str]) -> str:
    """Return a sum as often as there are steps and sequences that it is the same for."""
    counts = [*(["T"] if over_time and not timed else []), *([] if batched else batch)]
    return " * ".join([*counts, f"({code})" if counts and not code.startswith("np.") else code])
