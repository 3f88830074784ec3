"""Lets nbval run notebooks as JupyterLab does, with history, and compare pictures by their words.

nbval 0.11 asks its kernel to keep no history. IPython then neither hides a result behind a
trailing semicolon nor fills `_` and `Out[n]`, so strict comparison fails on correct notebooks.
It leaves out the bytes of a bare picture, which differ between versions of Matplotlib, but not
those in HTML, where a picture has its alternative text.
"""

from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell


def execute_with_history(kernel, cell_input, allow_stdin=None):
    """Send one cell to the kernel with history on; return the id of the request."""
    return kernel.kc.execute(
        cell_input,
        store_history=True,
        allow_stdin=allow_stdin,
        stop_on_error=False,  # as nbval: the cells after a failing one still run
    )


def sanitize_without_bytes(cell, text, sanitize=IPyNbCell.sanitize):
    """Return an output as nbval compares it, without the bytes of the pictures in its HTML."""
    from bptt_lab.figures import without_bytes  # here, so that other tests start without Matplotlib

    return without_bytes(sanitize(cell, text)) if isinstance(text, str) else sanitize(cell, text)


RunningKernel.execute_cell_input = execute_with_history
IPyNbCell.sanitize = sanitize_without_bytes
