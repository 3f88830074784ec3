"""Formulas as text: read without executing anything, shown as LaTeX, and given a value in any world of a network."""

from bptt_lab.formulas.errors import FormulaError, ShapeError
from bptt_lab.formulas.language import Language
from bptt_lab.formulas.printing import COURSE, Style, Symbol, latex, latex_lines
from bptt_lab.formulas.reader import read
from bptt_lab.formulas.values import Scene, shape_text
from bptt_lab.formulas.writing import write

__all__ = [
    "COURSE",
    "FormulaError",
    "Language",
    "Scene",
    "ShapeError",
    "Style",
    "Symbol",
    "latex",
    "latex_lines",
    "read",
    "shape_text",
    "write",
]
