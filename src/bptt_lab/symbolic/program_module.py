"""The text of a NumPy module that computes a network and its gradients: its head, its helpers, its three functions."""

from __future__ import annotations

from bptt_lab.network import Network
from bptt_lab.symbolic.program_arrays import Arrays
from bptt_lab.symbolic.program_backward import gradients_function
from bptt_lab.symbolic.program_forward import forward_function, run_function
from bptt_lab.symbolic.program_lines import INDENT

SOFTMAX = '''def softmax(u):
    """Return the softmax of the last axis, shifted by its largest entry."""
    powers = np.exp(u - u.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


'''
ROWS_OF = '''def rows(array):
    """Return an array (T, batch, n) with one row for each step and sequence."""
    return array.reshape(-1, array.shape[-1])


'''
PRODUCT_OF = '''def product(array, matrix):
    """Return array @ matrix as one product for all steps and sequences together."""
    return (rows(array) @ matrix).reshape(*array.shape[:-1], -1)


'''


def module_of(network: Network) -> str:
    """Return the text of a network's module (errors: NetworkError).

    It is written twice: only then it is known which arrays are read step by step, and need places beside the steps.
    """
    first = Arrays(network)
    _text(first)
    return _text(Arrays(network, frozenset(first.whole.seen)))


def _text(arrays: Arrays) -> str:
    """Return the text of the module, noting in `arrays.whole.seen` what is read step by step."""
    functions = [run_function(arrays), forward_function(arrays), gradients_function(arrays)]
    text = "\n\n\n".join("\n".join(lines) for lines in functions) + "\n"
    equations = [f"{INDENT}{one.source}" for one in arrays.given.written.values()]
    head = ['"""Forward and backward pass of', "", *equations, ""]
    head += ["Arrays put time first, (T, batch, n). v holds parameters, inputs and states by name.", '"""', ""]
    helpers = (SOFTMAX if "softmax(" in text else "") + (ROWS_OF if "rows(" in text or "product(" in text else "")
    helpers += PRODUCT_OF if "product(" in text else ""
    return "\n".join([*head, "import numpy as np", "", "", ""]) + helpers + text
