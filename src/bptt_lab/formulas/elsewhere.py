"""How people write elsewhere what the language writes in its own way: each with the exact rewrite."""

from __future__ import annotations

from bptt_lab.formulas.errors import FormulaError
from bptt_lab.formulas.tree import Binary, Negative, Number, Over, Power, Tree, free_variables, walk
from bptt_lab.formulas.writing import write

# functions that are operators here, with {} for what stands in them
OPERATORS = {
    "transpose": "{}.T",
    "matmul": "{} @ {}",
    "multiply": "{}*{}",
    "hadamard": "{}*{}",
    "divide": "{}/{}",
    "add": "{} + {}",
    "subtract": "{} - {}",
    "negative": "-{}",
    "square": "{}**2",
    "power": "{}**{}",
    "pow": "{}**{}",
    "logsumexp": "log(sum(exp({})))",
}
# of a module only: the names are short
OPERATORS_OF_MODULES = OPERATORS | {
    "t": "{}.T",
    "mm": "{} @ {}",
    "mv": "{} @ {}",
    "mul": "{}*{}",
    "div": "{}/{}",
    "sub": "{} - {}",
    "neg": "-{}",
}
OTHER_FUNCTIONS = {
    "concatenate": "concat",
    "cat": "concat",
    "inner": "dot",
    "ones_like": "ones",
    "ger": "outer",
    "vdot": "dot",
}
OTHER_MEANING = {"identity", "ones"}  # of a size in NumPy, of an argument here
Shape = tuple[int, ...]


def as_operator(name: str, items: list[tuple[Tree, str]]) -> str:
    """Return a call of a function as the operator it is here; each argument as its tree and its text."""
    pattern = OPERATORS_OF_MODULES[name]
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


def beyond_sum(tree: Tree, name: str) -> FormulaError | None:
    """Return the error of a term or factor that reads the index of a sum that has ended; None where there is none."""
    for part in walk(tree):
        if not (isinstance(part, Binary) and part.operator in "+-*/@" and name in free_variables(part.right)):
            continue
        terms = _terms(part.left)
        found = next((one for one in terms if isinstance(one, Over) and one.variable == name), None)
        if found and name not in free_variables(part.left):
            low, high = write(found.low), write(found.high)
            start = min(one.column for one in walk(part.right) if one.column)  # the loss of a delta stands nowhere
            word = "term" if part.operator in "+-" else "factor"
            what = f"The {found.kind} over {name} ends before this {word}, and {name} has no value here."
            mend = f"Brackets go round what it covers:  {found.kind}({name}, {low}, {high}, … {part.operator} …)"
            mend += rf", in LaTeX  \{found.kind}_{{{name}={low}}}^{{{high}}} (… {part.operator} …)."
            return FormulaError(what, mend, "", start)
    return None


def _terms(tree: Tree) -> list[Tree]:
    """Return the terms of a sum, and the factors of each."""
    if isinstance(tree, Binary):
        return [*_terms(tree.left), *_terms(tree.right)]
    return _terms(tree.inner) if isinstance(tree, Negative) else [tree]
