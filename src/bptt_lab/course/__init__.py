"""What the notebooks share: their networks, a random case with its witnesses, formulas obtained, and the notation."""

from bptt_lab.course.adding import every_addition, every_parity, learn, learn_at_once, sums_at_once
from bptt_lab.course.batches import batch_gradients
from bptt_lab.course.case import Case, compare, is_same, random_case, split, tried
from bptt_lab.course.cliff import cliff
from bptt_lab.course.deltas import deltas
from bptt_lab.course.edits import degenerate, edited, trial
from bptt_lab.course.gated import GatedCase, by_sympy, gated_case
from bptt_lab.course.lag import LAG, lag_batch, lag_gradients, lag_learn, lag_right
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
from bptt_lab.course.table import Table, table

__all__ = [
    "Case",
    "GatedCase",
    "LAG",
    "Layered",
    "Learner",
    "Obtained",
    "Paths",
    "Prediction",
    "Table",
    "batch_gradients",
    "bidirectional_case",
    "both_ways_learner",
    "by_sympy",
    "cliff",
    "compare",
    "deep_case",
    "deep_learner",
    "degenerate",
    "deltas",
    "edited",
    "every_addition",
    "every_parity",
    "feed_forward",
    "gated_case",
    "is_same",
    "lag_batch",
    "lag_gradients",
    "lag_learn",
    "lag_right",
    "learn",
    "learn_at_once",
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
    "sums_at_once",
    "symbols",
    "table",
    "taught",
    "trial",
    "tried",
]
