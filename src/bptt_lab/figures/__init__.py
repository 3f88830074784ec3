"""Every drawing of the course; each function returns a figure and its description in words."""

from bptt_lab.figures.canvas import html, png, show, without_bytes
from bptt_lab.figures.flows import flow_panels
from bptt_lab.figures.folded import folded_network
from bptt_lab.figures.influence import influence_diagram
from bptt_lab.figures.plots import curves, gradient_flow, matrices, step_size_valley, surface
from bptt_lab.figures.states import unit_map
from bptt_lab.figures.stepping import steps
from bptt_lab.figures.tensors import tensor_contraction
from bptt_lab.figures.truncation import bias_by_reach, cost_bars
from bptt_lab.figures.unrolled import unrolled_network

__all__ = [
    "bias_by_reach",
    "cost_bars",
    "curves",
    "flow_panels",
    "folded_network",
    "gradient_flow",
    "html",
    "influence_diagram",
    "matrices",
    "png",
    "show",
    "step_size_valley",
    "steps",
    "surface",
    "tensor_contraction",
    "unit_map",
    "unrolled_network",
    "without_bytes",
]
