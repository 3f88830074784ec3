"""How people write elsewhere what the language writes in its own way: each with the exact rewrite."""

from __future__ import annotations

from bptt_lab.formulas.tree import Binary, Negative, Number, Power, Tree
from bptt_lab.formulas.writing import write

# functions that are operators here, with {} for what stands in them
OPERATORS = {
    "transpose": "{}.T",
    "matmul": "{} @ {}",
    "multiply": "{}*{}",
    "divide": "{}/{}",
    "add": "{} + {}",
    "subtract": "{} - {}",
    "negative": "-{}",
    "square": "{}**2",
    "power": "{}**{}",
    "pow": "{}**{}",
}
OTHER_FUNCTIONS = {"concatenate": "concat", "cat": "concat", "inner": "dot"}
Shape = tuple[int, ...]


def as_operator(name: str, items: list[tuple[Tree, str]]) -> str:
    """Return a call of a function as the operator it is here; each argument as its tree and its text."""
    pattern = OPERATORS[name]
    if pattern.count("{}") != len(items):
        return pattern.replace("{}", "…")
    return pattern.format(*(_bound(tree, text) for tree, text in items))


def _bound(tree: Tree, text: str) -> str:
    """Return the text of an argument, in brackets where an operator beside it would cut it."""
    return f"({text})" if isinstance(tree, Binary | Negative | Power) else text


def last_of_range(end: Tree, text: str) -> str:
    """Return the last number of a range of Python, whose end is left out: T of T + 1."""
    match end:
        case Number(value):
            return str(value - 1)
        case Binary("+", inner, Number(value)) if value >= 1:
            return write(inner) if value == 1 else f"{write(inner)} + {value - 1}"
        case Binary("-", inner, Number(value)):
            return f"{write(inner)} - {value + 1}"
    return f"{text} - 1"


def fitting_operator(left: Shape, right: Shape) -> str | None:
    """Return the operator of a product by the shapes of its factors, rows and columns; None where none fits."""
    one, two = (shape if shape not in ((), (1, 1)) else () for shape in (left, right))
    if one and two and left[1] == right[0]:
        return "@"
    return "*" if not one or not two or left == right else None
