"""SymPy expressions as LaTeX and text in the order a lecture writes them: terms by time, total derivatives first."""

from __future__ import annotations

import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from bptt_lab.symbolic.letters import Immediate, Total, Value

KINDS = (Total, Immediate, Value)


def _key(part: sympy.Expr) -> tuple:
    """Return a key that sorts numbers first, then total derivatives by time, then plain letters by name and time."""
    if part.is_Number:
        return (-1, 0, "")
    found = [_letter_key(symbol) for symbol in part.free_symbols if isinstance(symbol, KINDS)]
    if not found:
        return (len(KINDS) + 1, 0, str(part))
    kind = min(kind for kind, _, _ in found)
    names = sorted(name for rank, _, name in found if rank == kind)
    if kind == KINDS.index(Value):
        latest = max(time for _, time, _ in found)
        return (kind if part.is_Symbol or part.is_Mul else len(KINDS), names[0], latest, names)
    return (kind, min(time for rank, time, _ in found if rank == kind), names[0])


def _letter_key(letter: sympy.Symbol) -> tuple[int, int, str]:
    place = letter.below if isinstance(letter, Immediate) else letter.place
    kind = next(rank for rank, cls in enumerate(KINDS) if isinstance(letter, cls))
    return kind, place.time if isinstance(place.time, int) else 0, letter.text


def _comparable(part: sympy.Expr) -> tuple[str, ...]:
    """Return the key of a part as text, so that times and names can stand in the same place."""
    return tuple(f"{field:06d}" if isinstance(field, int) else str(field) for field in _key(part))


def ordered_terms(expression: sympy.Expr) -> list[sympy.Expr]:
    """Return the terms of a sum in the order a lecture writes them: those with a minus last; of no sum, itself."""
    terms = sympy.Add.make_args(expression)
    return sorted(terms, key=lambda term: (term.could_extract_minus_sign(), *_comparable(term)))


class _LectureOrder:
    def _as_ordered_terms(self, expression: sympy.Add, order: str | None = None) -> list[sympy.Expr]:
        return ordered_terms(expression)

    def _print_Mul(self, product: sympy.Mul) -> str:
        if not product.is_Mul:  # SymPy's printers hand over a bare power such as 1/v as a fraction
            return super()._print_Mul(product)  # type: ignore[misc]
        return super()._print_Mul(sympy.Mul(*sorted(product.args, key=_comparable), evaluate=False))  # type: ignore[misc]


class _Latex(_LectureOrder, LatexPrinter):
    pass


class _Text(_LectureOrder, StrPrinter):
    pass


def scalar_latex(expression: sympy.Expr) -> str:
    """Return a scalar form as LaTeX."""
    return _Latex({"order": "none", "ln_notation": True}).doprint(expression)


def scalar_text(expression: sympy.Expr) -> str:
    """Return a scalar form as text."""
    return _Text({"order": "none"}).doprint(expression)
