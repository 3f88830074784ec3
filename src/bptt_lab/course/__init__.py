"""What the notebooks share: networks, random cases with their witnesses, what reaches what, formulas, the notation."""

from bptt_lab.course.batches import batch_gradients
from bptt_lab.course.case import Case, compare, is_same, random_case, split, tried
from bptt_lab.course.deltas import deltas
from bptt_lab.course.edits import degenerate, edited, trial
from bptt_lab.course.layers import feed_forward
from bptt_lab.course.networks import network, taught
from bptt_lab.course.obtained import Obtained, notation, obtained
from bptt_lab.course.reach import Paths, paths_to, random_values
from bptt_lab.course.shapes import Prediction, predicts_change, symbols

__all__ = [
    "Case",
    "Obtained",
    "Paths",
    "Prediction",
    "batch_gradients",
    "compare",
    "degenerate",
    "deltas",
    "edited",
    "feed_forward",
    "is_same",
    "network",
    "notation",
    "obtained",
    "paths_to",
    "predicts_change",
    "random_case",
    "random_values",
    "split",
    "symbols",
    "taught",
    "trial",
    "tried",
]
