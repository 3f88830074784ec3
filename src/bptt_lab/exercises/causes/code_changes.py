"""What a part of a function's text may become by one slip, and what is said of it.

Nothing is run here: parts are trees, and so is what they become.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from bptt_lab.exercises.causes.code_names import Known, is_atom, is_product, is_unit, names_in
from bptt_lab.exercises.causes.told import (
    CUT,
    DIVISION_SURPLUS,
    FACTOR_MISSING,
    FACTOR_SURPLUS,
    INSTEAD,
    MEAN,
    SIGN_OF,
    SUM,
    TERM_MISSING,
    TERM_SURPLUS,
    Told,
)

OVER_AXES = ("sum", "mean", "max", "min")
CUTS = [":-1", "1:", "::-1"]


class Change(NamedTuple):
    """What a part becomes, and what is said of that."""

    part: ast.expr
    told: Told


def of_part(part: ast.expr, known: Known) -> Iterator[Change]:
    yield from names_instead(part, known)
    yield from _times_instead(part, known)
    yield from _operands(part)
    yield from _slopes(part)
    yield from _brackets(part)
    yield from _brackets_of_chains(part)
    yield from _calls(part)
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add):
        yield from _products_missing(part, known)


def _instead(old: ast.AST, new: str) -> Change:
    return Change(read(new), Told(INSTEAD, ast.unparse(old), ast.unparse(read(new))))


def read(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def within(part: ast.AST) -> str:
    """Return a part in brackets where it needs them as a factor or as an operand of @."""
    text = ast.unparse(part)
    is_tight = isinstance(part, ast.Name | ast.Subscript | ast.Call | ast.Attribute | ast.Constant)
    return text if is_tight else f"({text})"


def names_instead(part: ast.expr, known: Known, is_taken: bool = False) -> Iterator[Change]:
    """Another name; of arrays that the function takes at an index, another one of these.

    `is_taken`: of the name an entry is taken, which may be one of any array.
    """
    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id in known.variables:
        for other in known.variables:
            is_alike = is_taken or (other in known.stacked) == (part.id in known.stacked)
            if other != part.id and is_alike and (other in known.lists) == (part.id in known.lists):
                yield _instead(part, other)


def _times_instead(part: ast.expr, known: Known) -> Iterator[Change]:
    """An index that is missing, a step later or earlier, another cut, the last one for the first, no cut."""
    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id in known.variables:
        for index in sorted(known.indices):
            yield _instead(part, f"{part.id}[{index}]")
    if not isinstance(part, ast.Subscript):
        return
    base, text = ast.unparse(part.value), ast.unparse(part.slice)
    if set(names_in(part.slice)) & known.indices and not isinstance(part.slice, ast.Slice | ast.Tuple):
        index = min(set(names_in(part.slice)) & known.indices)
        others: list[str] = [index, f"{index} - 1", f"{index} + 1"]
    else:
        others = [*CUTS, ""] if text in CUTS else {"0": ["-1"], "-1": ["0"]}.get(text, [])
    for other in others:
        if other != text:
            new = f"{base}[{other}]" if other else base
            if new == known.set_here:
                continue  # what is being set is not read
            changed = read(new)
            if isinstance(part.ctx, ast.Store) and isinstance(changed, ast.Subscript):
                changed.ctx = ast.Store()
            yield Change(changed, Told(INSTEAD, ast.unparse(part), new))


def _operands(part: ast.expr) -> Iterator[Change]:
    """An operand too many, another sign or operator, a transpose too many or too few, two factors exchanged."""
    if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub) and not isinstance(part.operand, ast.Constant):
        yield Change(part.operand, Told(SIGN_OF, ast.unparse(part.operand)))
    if isinstance(part, ast.Attribute) and part.attr == "T":
        yield Change(part.value, Told(INSTEAD, ast.unparse(part), ast.unparse(part.value)))
    if not isinstance(part, ast.BinOp):
        return
    left, right = within(part.left), within(part.right)
    one, other = ast.unparse(part.left), ast.unparse(part.right)
    if isinstance(part.op, ast.Mult | ast.MatMult):
        yield Change(part.left, Told(FACTOR_SURPLUS, other))
        yield Change(part.right, Told(FACTOR_SURPLUS, one))
        yield _instead(part, f"{left} @ {right}" if isinstance(part.op, ast.Mult) else f"{left} * {right}")
    if isinstance(part.op, ast.MatMult):
        for new in (f"{right} @ {left}", f"{left}.T @ {right}", f"{left} @ {right}.T", f"{left}.T @ {right}.T"):
            yield _instead(part, new.replace(".T.T", ""))
        yield _instead(part, f"{right}.T @ {left}.T".replace(".T.T", ""))
    if isinstance(part.op, ast.Add | ast.Sub):
        yield Change(part.left, Told(TERM_SURPLUS, other))
        yield Change(part.right if isinstance(part.op, ast.Add) else read(f"-{right}"), Told(TERM_SURPLUS, one))
        sign = "-" if isinstance(part.op, ast.Add) else "+"
        yield Change(read(f"{one} {sign} {right}"), Told(SIGN_OF, other))
        yield Change(read(f"-{left} {'+' if sign == '-' else '-'} {right}"), Told(SIGN_OF, one))
    if isinstance(part.op, ast.Sub):
        yield Change(read(f"{right} - {left}"), Told(SIGN_OF, ast.unparse(part)))
    if isinstance(part.op, ast.Div):
        yield Change(part.left, Told(DIVISION_SURPLUS, other))


def _slopes(part: ast.expr) -> Iterator[Change]:
    """One minus a value, with and without its square; tanh of a value, with and without; a square too many."""
    text = within(part)
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub) and ast.unparse(part.left) == "1":
        inner, is_square = part.right, isinstance(part.right, ast.BinOp) and isinstance(part.right.op, ast.Pow)
        yield _instead(part, ast.unparse(inner))
        if is_square:
            base = within(inner.left)  # type: ignore[attr-defined]
            yield _instead(part, f"1 - {base}")
            yield _instead(part, f"{base} * (1 - {base})")
        else:
            yield _instead(part, f"1 - {within(inner)} ** 2")
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult):
        yield from _slope_of_another(_factors(part))
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Pow):
        yield _instead(part, ast.unparse(part.left))
    if is_atom(part) and isinstance(part.ctx, ast.Load):  # type: ignore[attr-defined]
        for new in (f"(1 - {text})", f"np.tanh({text})", f"{text} ** 2", f"(1 - {text} ** 2)", f"{text}.T"):
            yield _instead(part, new)


def _slope_of_another(factors: list[ast.expr]) -> Iterator[Change]:
    """One minus the square for a value times one minus it, in a product; none of both."""
    texts = [ast.unparse(factor) for factor in factors]
    for value in texts:
        if f"1 - {value}" in texts:
            rest = [
                within(one) for one, text in zip(factors, texts, strict=True) if text not in (value, f"1 - {value}")
            ]
            new = read(" * ".join([*rest, f"(1 - {value} ** 2)"]))
            yield Change(new, Told(INSTEAD, f"{value} * (1 - {value})", f"1 - {value} ** 2"))
            if rest:
                yield Change(read(" * ".join(rest)), Told(FACTOR_SURPLUS, f"{value} * (1 - {value})"))


def _brackets(part: ast.expr) -> Iterator[Change]:
    """A factor that reaches one term only, or one term too many; a factor on the wrong side of a product with @."""
    if not isinstance(part, ast.BinOp):
        return
    for inner, beside, is_left in ((part.left, part.right, True), (part.right, part.left, False)):
        operators = {ast.MatMult: (ast.Mult, "*", "@"), ast.Mult: (ast.MatMult, "@", "*")}.get(type(part.op))
        if operators and isinstance(inner, ast.BinOp) and isinstance(inner.op, operators[0]):
            _, own, outer = operators
            a, b, c = within(inner.left), within(inner.right), within(beside)
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
                rest = [within(one) for one in factors[:k] + factors[k + 1 :]]
                sign = "+" if isinstance(factor.op, ast.Add) else "-"
                first, second = within(factor.left), within(factor.right)
                yield _instead(part, f"{' * '.join([first, *rest])} {sign} {second}")
                yield _instead(part, f"{first} {sign} {' * '.join([second, *rest])}")
    if isinstance(part.op, ast.Add | ast.Sub):
        sign = "+" if isinstance(part.op, ast.Add) else "-"
        for term, other, is_left in ((part.left, part.right, True), (part.right, part.left, False)):
            factors = _factors(term)
            for k in range(1, len(factors)):  # some factors stay with the term, the others reach both
                for kept, shared in ((factors[:k], factors[k:]), (factors[k:], factors[:k])):
                    own = ast.unparse(kept[0]) if len(kept) == 1 else " * ".join(map(within, kept))
                    both = f"{own} {sign} {within(other)}" if is_left else f"{within(other)} {sign} {own}"
                    yield _instead(part, f"({both}) * {' * '.join(map(within, shared))}")


def _brackets_of_chains(part: ast.expr) -> Iterator[Change]:
    """A matrix that multiplies one term only, or one term too many."""
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub):
        sign = "+" if isinstance(part.op, ast.Add) else "-"
        links, other = _links(part.left), within(part.right)
        for k in range(1, len(links)):
            one, two = (" @ ".join(map(within, some)) for some in (links[:k], links[k:]))
            yield _instead(part, f"{one} @ ({two} {sign} {other})")
            yield _instead(part, f"({one} {sign} {other}) @ {two}")
        links, other = _links(part.right), ast.unparse(part.left)
        for k in range(1, len(links)):
            one, two = (" @ ".join(map(within, some)) for some in (links[:k], links[k:]))
            yield _instead(part, f"{one} @ ({other} {sign} {two})")
            yield _instead(part, f"({other} {sign} {one}) @ {two}")
    if not is_product(part):
        return
    inner = part.right  # type: ignore[attr-defined]
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add | ast.Sub):
        sign, one = "+" if isinstance(inner.op, ast.Add) else "-", within(part.left)  # type: ignore[attr-defined]
        left, right = within(inner.left), within(inner.right)
        yield _instead(part, f"{one} @ {left} {sign} {right}")
        yield _instead(part, f"{left} {sign} {one} @ {right}")


def _links(part: ast.expr) -> list[ast.expr]:
    return [*_links(part.left), part.right] if is_product(part) else [part]  # type: ignore[attr-defined]


def _factors(part: ast.expr) -> list[ast.expr]:
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult):
        return [*_factors(part.left), *_factors(part.right)]
    return [part]


def _calls(part: ast.expr) -> Iterator[Change]:
    """Zeros for what is given, a mean for a sum and back, another axis, an einsum with other operands or result."""
    if not isinstance(part, ast.Call):
        return
    name, text = ast.unparse(part.func), ast.unparse(part)
    if part.args and name in ("np.zeros_like", "reversed", "np.tanh", "np.flip"):
        yield Change(part.args[0], Told(INSTEAD, text, ast.unparse(part.args[0])))
    if name == "np.einsum" and part.args and isinstance(part.args[0], ast.Constant) and "->" in str(part.args[0].value):
        operands, _, made = str(part.args[0].value).partition("->")
        rest = ", ".join(map(ast.unparse, part.args[1:]))
        swapped = ",".join(reversed(operands.split(",")))
        for rule in (f"{operands}->{made[::-1]}", f"{swapped}->{made}"):
            yield _instead(part, f"np.einsum({rule!r}, {rest})")
    if name.rpartition(".")[2] == "mean":
        total: Any = read(text)
        total.func.attr = "sum"
        yield Change(total, Told(MEAN))
    if name.rpartition(".")[2] == "sum":
        average: Any = read(text)
        average.func.attr = "mean"
        yield Change(average, Told(SUM))
    if name.rpartition(".")[2] in OVER_AXES:
        yield from _axes(part, text)
    if is_unit(part) and len(part.args) == 1:
        size = ast.unparse(part.args[0])
        yield _instead(part, f"np.zeros(({size}, {size}))")


def _axes(part: ast.Call, text: str) -> Iterator[Change]:
    """The other axes over which something may be taken, each with and without its place kept."""
    own = [one for one in part.keywords if one.arg not in ("axis", "keepdims")]
    for axis in ("", "0", "1", "-1", "(0, 1)", "(0, 2)"):
        for keeps in (False, True):
            new: Any = read(text)
            words = [ast.keyword("axis", read(axis))] if axis else []
            words += [ast.keyword("keepdims", read("True"))] if keeps else []
            new.keywords = [*own, *words]
            yield Change(new, Told(INSTEAD, text, ast.unparse(new)))


def ranges(part: ast.expr) -> Iterator[Change]:
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
        ways = [(1, 0), (-1, 0), (0, -1), (0, 1), (1, 1), (-1, -1)]
        for one, other in ((_shifted(first, by), _shifted(last, also)) for by, also in ways):
            if one != "-1":  # a step before the first is the last one
                new = f"range({one}, {other})".replace("range(0, ", "range(")
                yield _instead(part, f"reversed({new})" if is_back else new)


COMPARED = {ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt}


def bounds(part: ast.expr) -> Iterator[Change]:
    """A loop with `while` that goes a step further, or not as far."""
    if isinstance(part, ast.Compare) and len(part.ops) == 1 and type(part.ops[0]) in COMPARED:
        new = ast.Compare(part.left, [COMPARED[type(part.ops[0])]()], part.comparators)
        yield Change(new, Told(INSTEAD, ast.unparse(part), ast.unparse(new)))


def starts(part: ast.expr) -> Iterator[Change]:
    """Another number with which the count of a loop begins."""
    if not isinstance(part, ast.Tuple):
        for new in (_shifted(ast.unparse(part), by) for by in (1, -1)):
            if new != "-1":  # a step before the first is the last one
                yield _instead(part, new)


def _shifted(end: str, by: int) -> str:
    """Return the end of a range, moved by some steps, as one would write it."""
    base, sign, number = end.rpartition(" + ") if " + " in end else end.rpartition(" - ")
    if end.lstrip("-").isdigit():
        return str(int(end) + by)
    if not number.isdigit() or not base:
        base, sign, number = end, " + ", "0"
    moved = int(f"{sign.strip()}{number}") + by
    return f"{base} {'+' if moved > 0 else '-'} {abs(moved)}" if moved else base


def factor_missing(part: ast.expr, put: Callable[[str], ast.expr], known: Known) -> Iterator[Change]:
    if isinstance(part, ast.Constant | ast.Tuple | ast.List):
        return
    for factor in known.factors:
        for one in (factor, f"(1 - {factor})", f"{factor} * (1 - {factor})", f"(1 - {factor} ** 2)"):
            missing = one[1:-1] if one.startswith("(") else one
            yield Change(put(f"{within(part)} * {one}"), Told(FACTOR_MISSING, belongs=missing))
    for number in ("0.5", "2"):
        yield Change(put(f"{number} * {within(part)}"), Told(FACTOR_MISSING, belongs=number))


def _steps_back(ends: list[str], says: Callable[[str], Change]) -> Iterator[Change]:
    first, last, step = ends
    for by, also in ((0, -1), (0, 1), (-1, 0), (1, 0)):
        yield says(f"range({_shifted(first, by)}, {_shifted(last, also)}, {step})")


def more(part: ast.expr, known: Known) -> Iterator[Change]:
    """A factor or a term that is missing, in the whole or in one of its terms."""
    for term, put in _terms(part):
        yield from factor_missing(term, put, known)
    yield from _products_missing(part, known)
    for name in known.matrices:
        for new in (f"{within(part)} @ {name}", f"{name} @ {within(part)}"):
            yield _instead(part, new)
    for name in known.own:
        for sign in "+-":
            says = Told(TERM_MISSING, belongs=name if sign == "+" else f"-{name}")
            yield Change(read(f"{ast.unparse(part)} {sign} {name}"), says)


def _products_missing(part: ast.expr, known: Known) -> Iterator[Change]:
    for name in known.products:
        yield Change(read(f"{ast.unparse(part)} + {name}"), Told(TERM_MISSING, belongs=name))


def _terms(part: ast.expr) -> Iterator[tuple[ast.expr, Callable[[str], ast.expr]]]:
    """Yield an expression, and each of its two terms, with what puts a text in its place."""
    yield part, read
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub):
        sign = "+" if isinstance(part.op, ast.Add) else "-"
        one, other = ast.unparse(part.left), within(part.right)
        yield part.left, lambda text: read(f"{text} {sign} {other}")
        yield part.right, lambda text: read(f"{one} {sign} {text}")


def uncut(part: ast.expr) -> Iterator[Change]:
    """Two cuts or more at once: what stands there a step apart belongs to one step."""
    whole: Any = copy.deepcopy(part)
    cuts = [one for one in ast.walk(whole) if isinstance(one, ast.Subscript) and ast.unparse(one.slice) in CUTS[:2]]
    if len(cuts) < 2:
        return
    shown_cuts = " and ".join(f"`{ast.unparse(one)}`" for one in cuts)
    new = _WithoutCuts().visit(whole)
    yield Change(new, Told(CUT, shown_cuts))


class _WithoutCuts(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        inner = self.generic_visit(node)
        return inner.value if ast.unparse(node.slice) in CUTS[:2] else inner  # type: ignore[attr-defined]
