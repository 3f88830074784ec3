"""Vector forms and equations as LaTeX and as text."""

from __future__ import annotations

from bptt_lab.network import Network, Place
from bptt_lab.network.expressions import Binary, Call, Name, Number, Power
from bptt_lab.network.functions import LOSSES, function_latex
from bptt_lab.symbolic import notation
from bptt_lab.symbolic.vectors import Derivative, Diagonal, Gradient, Jacobian, OverTime, Part, Transpose, Tree, Where

SUM, PRODUCT, ATOM = 1, 2, 3


def tree_latex(tree: Tree, network: Network) -> str:
    """Return a vector form as LaTeX: bold for vectors and matrices, ⊙ for entry by entry, braces for boundaries."""
    return _latex(tree, network, 0)


def _latex(tree: Tree, network: Network, needed: int) -> str:
    text, level = _latex_parts(tree, network)
    return rf"\left({text}\right)" if level < needed else text


def _latex_parts(tree: Tree, network: Network) -> tuple[str, int]:
    """Return LaTeX and how tightly it binds."""

    def inner(part: Tree, needed: int = 0) -> str:
        return _latex(part, network, needed)

    match tree:
        case Number(value):
            whole = value.denominator == 1
            return (str(value) if whole else rf"\tfrac{{{value.numerator}}}{{{value.denominator}}}"), ATOM
        case Name():
            return name_latex(tree, network), ATOM
        case Derivative(of):
            return notation.total_latex(_place(of), network.loss, is_bold(of, network)), ATOM
        case Gradient(of):
            return rf"\nabla_{{{name_latex(of, network)}}} {network.loss}", ATOM
        case Jacobian(below, above):
            return notation.immediate_latex(name_latex(below, network), name_latex(above, network)), ATOM
        case Binary("+" | "-" as operator, left, right):
            return f"{inner(left, SUM)} {operator} {inner(right, SUM if operator == '+' else PRODUCT)}", SUM
        case Binary("*", Number(value), right) if value == -1:
            return f"-{inner(right, PRODUCT)}", SUM
        case Binary("*", left, right):
            sign = r"\odot" if _is_vector(left, network) and _is_vector(right, network) else r"\,"
            return f"{inner(left, PRODUCT)} {sign} {inner(right, PRODUCT)}", PRODUCT
        case Binary("/", left, right):
            return rf"\frac{{{inner(left)}}}{{{inner(right)}}}", ATOM
        case Binary("@", left, right):
            return rf"{inner(left, PRODUCT)} \, {inner(right, _right_of_product(right))}", PRODUCT
        case Power(base, exponent):
            return rf"\left({inner(base)}\right)^{{{exponent}}}", ATOM
        case Transpose(Name() as part):
            return (
                rf"{{{inner(part)}}}^{{\top}}"
                if part.name.isalpha() and part.index is None
                else rf"\left({inner(part)}\right)^{{\top}}",
                ATOM,
            )
        case Transpose(part):
            return rf"\left({inner(part)}\right)^{{\top}}", ATOM
    return _other_latex(tree, inner)


def _right_of_product(right: Tree) -> int:
    """Return how tightly the right side of a matrix product must bind: an entry-by-entry product needs brackets."""
    return ATOM if isinstance(right, Binary) and right.operator != "@" else PRODUCT


def _other_latex(tree: Tree, inner) -> tuple[str, int]:
    match tree:
        case Diagonal(part):
            return rf"\operatorname{{diag}}\left({inner(part)}\right)", ATOM
        case Part(part, first, last, _):
            return rf"\left[{inner(part)}\right]_{{{first} \ldots {last}}}", ATOM
        case OverTime(term):
            return rf"\sum_{{t=1}}^{{T}} {inner(term, PRODUCT)}", SUM
        case Where(term, _, missing):
            return rf"\underbrace{{{inner(term)}}}_{{\text{{not required when }} {missing_latex(missing)}}}", ATOM
        case Call("concat", arguments):
            return rf"\left[{';'.join(map(inner, arguments))}\right]", ATOM
        case Call(function, arguments):
            return function_latex(function, ", ".join(map(inner, arguments))), ATOM
    raise AssertionError(tree)


def missing_latex(missing: str) -> str:
    """Return a condition on t as LaTeX."""
    return missing.replace(" is not ", r" \neq ")


def is_bold(name: Name, network: Network) -> bool:
    """Return whether a quantity has more than one entry, and so is set in bold."""
    return any(size > 1 for size in network.shapes[name.name])


def name_latex(name: Name, network: Network) -> str:
    """Return a quantity as LaTeX."""
    return notation.place_latex(_place(name), is_bold(name, network))


def _place(name: Name) -> Place:
    return Place(name.name, name.index)


def _is_vector(tree: Tree, network: Network) -> bool:
    """Return whether a tree has several entries."""
    match tree:
        case Number():
            return False
        case Name() | Derivative(Name()) | Gradient(Name()):
            return is_bold(tree if isinstance(tree, Name) else tree.of, network)
        case Binary("@", left, right):
            return not (isinstance(left, Transpose) and not isinstance(right, Transpose))
        case Binary(_, left, right):
            return _is_vector(left, network) or _is_vector(right, network)
        case Power(base, _):
            return _is_vector(base, network)
        case Call(function, arguments):
            return function not in LOSSES and any(_is_vector(a, network) for a in arguments)
    return True


def equations_latex(network: Network) -> str:
    """Return the equations of a network as one aligned block of LaTeX."""
    rows = []
    for equation in network.equations.values():
        left = Name(equation.name, None)
        place = _place(left) if not equation.timed else Place(equation.name, "t")
        name = notation.place_latex(place, is_bold(left, network))
        rows.append(rf"{name} &= {tree_latex(equation.expression, network)}")
    return r"\begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}"


def tree_text(tree: Tree) -> str:
    """Return a vector form as text: D(L,·) total, d(·,·) immediate, d_W11 the gradient, .T the transpose."""
    return _text(tree, 0)


def _text(tree: Tree, needed: int) -> str:
    text, level = _text_parts(tree)
    return f"({text})" if level < needed else text


def _text_parts(tree: Tree) -> tuple[str, int]:
    match tree:
        case Number(value):
            return str(value), ATOM if value.denominator == 1 and value >= 0 else SUM
        case Name():
            return str(tree), ATOM
        case Derivative(of):
            return f"D(L,{of})", ATOM
        case Gradient(of):
            return f"d_{of}", ATOM
        case Jacobian(below, above):
            return f"d({below},{above})", ATOM
        case Binary("+" | "-" as operator, left, right):
            return f"{_text(left, SUM)} {operator} {_text(right, SUM if operator == '+' else PRODUCT)}", SUM
        case Binary("*", Number(value), right) if value == -1:
            return f"-{_text(right, PRODUCT)}", SUM
        case Binary("@", left, right):
            return f"{_text(left, PRODUCT)} @ {_text(right, _right_of_product(right))}", PRODUCT
        case Binary(operator, left, right):
            needed = ATOM if operator == "/" or isinstance(right, Binary) and right.operator == "@" else PRODUCT
            return f"{_text(left, PRODUCT)} {operator} {_text(right, needed)}", PRODUCT
        case Power(base, exponent):
            return f"{_text(base, ATOM)}**{exponent}", ATOM
        case Transpose(inner):
            return f"{_text(inner, ATOM)}.T", ATOM
        case Diagonal(inner):
            return f"diag({_text(inner, 0)})", ATOM
        case Part(inner, first, last, of_rows):
            return f"{'rows' if of_rows else 'columns'}({_text(inner, 0)}, {first}, {last})", ATOM
        case OverTime(term):
            return f"sum(t, {_text(term, 0)})", ATOM
        case Where(term, _, missing):
            return f"[{_text(term, 0)} unless {missing}]", ATOM
        case Call(function, arguments):
            return f"{function}({', '.join(_text(a, 0) for a in arguments)})", ATOM
    raise AssertionError(tree)
