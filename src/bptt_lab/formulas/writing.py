"""A formula as text in its own language: what `read` reads back to the same tree."""

from __future__ import annotations

from typing import Any

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
    Relation,
    Slice,
    Transpose,
    Tree,
    Unless,
    Variable,
)

SUM, PRODUCT, POWER, ATOM = range(4)
WORDS = {"total": "D", "immediate": "d", "gradient": "grad"}


def write(tree: Tree) -> str:
    """Return a formula as text that can be read again."""
    return _text(tree, SUM)


def _text(tree: Tree, need: int) -> str:
    written, binds = _written(tree)
    return written if binds >= need else f"({written})"


def _written(tree: Tree) -> tuple[str, int]:
    match tree:
        case Number(value):
            return _number(value)
        case Variable(name):
            return name, ATOM
        case Letter(name, time, entry):
            indices = f"[{','.join(_text(index, SUM) for index in entry)}]" if entry else ""
            return name + (f"({_text(time, SUM)})" if time is not None else "") + indices, ATOM
        case Negative(inner):
            return f"-{_text(inner, POWER)}", SUM
        case Binary("+" | "-" as sign, left, right):
            return f"{_text(left, SUM)} {sign} {_text(right, PRODUCT)}", SUM
        case Binary(sign, left, right):
            return f"{_text(left, PRODUCT)}{f' {sign} ' if sign == '@' else sign}{_text(right, POWER)}", PRODUCT
        case Power(base, exponent):
            return f"{_text(base, ATOM)}**{_text(exponent, ATOM)}", POWER
        case Transpose(inner):
            return f"{_text(inner, ATOM)}.T", ATOM
        case Slice(inner, first, last, of_columns):
            opening = "[:, " if of_columns else "["
            return f"{_text(inner, ATOM)}{opening}{_text(first, SUM)}:{_text(last, SUM)}]", ATOM
        case Entry(inner, indices):
            return f"{_text(inner, ATOM)}[{','.join(_text(index, SUM) for index in indices)}]", ATOM
        case Unless(missing, term):
            return f"unless({_text(missing, SUM)}, {_text(term, SUM)})", ATOM
        case Derivative(below, above, kind):
            return f"{WORDS[kind]}({_text(below, SUM)}, {_text(above, SUM)})", ATOM
        case Over():
            return _range(tree), ATOM
        case Call(function, arguments):
            return f"{function}({', '.join(_text(argument, SUM) for argument in arguments)})", ATOM
        case Relation(sign, left, right):
            return f"{_text(left, SUM)} {sign} {_text(right, SUM)}", SUM
    raise AssertionError(tree)


def _number(value: Any) -> tuple[str, int]:
    if value.denominator == 1:
        return str(value.numerator), ATOM if value >= 0 else SUM
    decimal = f"{float(value):.15g}"
    is_exact = "e" not in decimal and len(decimal) <= 15 and type(value)(decimal) == value
    return (decimal, ATOM) if is_exact and value > 0 else (f"{value.numerator}/{value.denominator}", PRODUCT)


def _range(tree: Over) -> str:
    low, high = _text(tree.low, SUM), _text(tree.high, SUM)
    inner = tree.body
    if tree.kind == "column" and isinstance(inner, Over) and inner.kind == "row":
        second = f"{inner.variable}, {_text(inner.low, SUM)}, {_text(inner.high, SUM)}"
        return f"matrix({tree.variable}, {low}, {high}, {second}, {_text(inner.body, SUM)})"
    return f"{tree.kind}({tree.variable}, {low}, {high}, {_text(inner, SUM)})"
