"""SymPy expressions as LaTeX and text in the order a lecture writes them: terms by time, total derivatives first."""

from __future__ import annotations

import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from bptt_lab.symbolic.letters import Immediate, Total, Value

KINDS = (Total, Immediate, Value)


def _key(part: sympy.Expr) -> tuple:
    """Return a key that sorts numbers first, then total, immediate, plain letters by time, then everything else."""
    if part.is_Number:
        return (-1, 0, str(part))
    letters = [symbol for symbol in part.free_symbols if isinstance(symbol, KINDS)]
    if not letters:
        return (len(KINDS) + 1, 0, str(part))
    kind, _, name = min(_letter_key(letter) for letter in letters)
    of_kind = [_letter_key(letter)[1] for letter in letters if isinstance(letter, KINDS[kind])]
    time = max(of_kind) if kind == KINDS.index(Value) else min(of_kind)
    return (kind if part.is_Symbol or part.is_Mul else len(KINDS), time, name)


def _letter_key(letter: sympy.Symbol) -> tuple[int, int, str]:
    place = letter.below if isinstance(letter, Immediate) else letter.place
    kind = next(rank for rank, cls in enumerate(KINDS) if isinstance(letter, cls))
    return kind, place.time if isinstance(place.time, int) else 0, letter.name


class _LectureOrder:
    def _as_ordered_terms(self, expression: sympy.Add, order: str | None = None) -> list[sympy.Expr]:
        return sorted(expression.args, key=_key)

    def _print_Mul(self, product: sympy.Mul) -> str:
        return super()._print_Mul(sympy.Mul(*sorted(product.args, key=_key), evaluate=False))


class _Latex(_LectureOrder, LatexPrinter):
    pass


class _Text(_LectureOrder, StrPrinter):
    pass


def scalar_latex(expression: sympy.Expr) -> str:
    """Return a scalar form as LaTeX."""
    return _Latex({"order": "none"}).doprint(expression)


def scalar_text(expression: sympy.Expr) -> str:
    """Return a scalar form as text."""
    return _Text({"order": "none"}).doprint(expression)
