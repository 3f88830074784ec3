"""Formulas as text: read without executing anything, shown as LaTeX."""

from bptt_lab.formulas.errors import FormulaError, ShapeError
from bptt_lab.formulas.language import Language
from bptt_lab.formulas.printing import COURSE, Style, Symbol, latex, latex_lines
from bptt_lab.formulas.reader import read
from bptt_lab.formulas.writing import write

__all__ = [
    "COURSE",
    "FormulaError",
    "Language",
    "ShapeError",
    "Style",
    "Symbol",
    "latex",
    "latex_lines",
    "read",
    "write",
]
