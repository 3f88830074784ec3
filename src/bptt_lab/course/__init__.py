"""What the notebooks share: their networks, a random case with its witnesses, formulas obtained, and the notation."""

from bptt_lab.course.batches import batch_gradients
from bptt_lab.course.case import Case, compare, is_same, random_case, split, tried
from bptt_lab.course.deltas import deltas
from bptt_lab.course.edits import degenerate, edited, trial
from bptt_lab.course.layered import (
    Layered,
    Learner,
    bidirectional_case,
    both_ways_learner,
    deep_case,
    deep_learner,
    shares_right,
    stacked,
)
from bptt_lab.course.layers import feed_forward
from bptt_lab.course.networks import network, taught
from bptt_lab.course.obtained import Obtained, notation, obtained
from bptt_lab.course.reach import Paths, paths_to, random_values
from bptt_lab.course.shapes import Prediction, predicts_change, symbols

__all__ = [
    "Case",
    "Layered",
    "Learner",
    "Obtained",
    "Paths",
    "Prediction",
    "batch_gradients",
    "bidirectional_case",
    "both_ways_learner",
    "compare",
    "deep_case",
    "deep_learner",
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
    "shares_right",
    "split",
    "stacked",
    "symbols",
    "taught",
    "trial",
    "tried",
]
