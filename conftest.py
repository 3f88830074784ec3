"""Lets nbval run notebooks as JupyterLab does: with history.

nbval 0.11 asks its kernel to keep no history. IPython then neither hides a result behind a
trailing semicolon nor fills `_` and `Out[n]`, so strict comparison fails on correct notebooks.
"""

from nbval.kernel import RunningKernel


def execute_with_history(kernel, cell_input, allow_stdin=None):
    """Send one cell to the kernel with history on; return the id of the request."""
    return kernel.kc.execute(
        cell_input,
        store_history=True,
        allow_stdin=allow_stdin,
        stop_on_error=False,  # as nbval: the cells after a failing one still run
    )


RunningKernel.execute_cell_input = execute_with_history
