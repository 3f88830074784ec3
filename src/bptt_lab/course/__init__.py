"""What the notebooks share: their networks, a random case with its witnesses, formulas obtained, and the notation."""

from bptt_lab.course.case import Case, compare, is_same, random_case, split, tried
from bptt_lab.course.deltas import deltas
from bptt_lab.course.networks import network, taught
from bptt_lab.course.obtained import Obtained, notation, obtained

__all__ = [
    "Case",
    "Obtained",
    "compare",
    "deltas",
    "is_same",
    "network",
    "notation",
    "obtained",
    "random_case",
    "split",
    "taught",
    "tried",
]
