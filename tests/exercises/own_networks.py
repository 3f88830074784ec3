"""Networks from which the tests make questions: those of the tests, and more that no lecture has; with their kinds."""

import networks

ALL = ["shape", "choice", "number", "line", "matrix", "matrix", "function"]
KINDS = {name: ALL for name in networks.TEXTS} | {
    "feed-forward, three hidden layers": ["shape", "choice", "line", "matrix", "matrix", "function"],  # one path only
    "many to one": ["shape", "choice", "line", "matrix", "matrix", "function"],  # one path only
}
SMALLER = {"LSTM": dict(x=2, h=3, y=2), "GRU": dict(x=2, h=3)}
TEXTS = {name: (text, SMALLER.get(name, sizes)) for name, (text, sizes) in networks.TEXTS.items()}
FEEDBACK = "output fed back"


def _add(name, text, sizes, kinds=ALL):
    TEXTS[name], KINDS[name] = (text, sizes), kinds


_add(
    FEEDBACK,
    """
    a[t] = W @ x[t] + R @ h[t-1] + Q @ p[t-1] + b
    h[t] = tanh(a[t])
    o[t] = V @ h[t] + c
    p[t] = sigmoid(o[t])
    L[t] = bce(p[t], y[t])
    """,
    dict(x=2, h=4, p=3),
)
_add(
    "shortcut through time",
    """
    a[t] = W @ x[t] + R @ h[t-1] + b
    h[t] = h[t-1] + tanh(a[t])
    o[t] = V @ h[t] + c
    L[t] = mse(o[t], y[t])
    """,
    dict(x=2, h=4, o=3),
)
_add(
    "two scalars",  # no matrix: neither a shape nor a matrix formula to ask for
    """
    a1[t] = W0 * x[t] + W11 * h1[t-1] + b0
    h1[t] = tanh(a1[t])
    a2[t] = W1 * h1[t] + b1
    L[t] = mse(a2[t], y[t])
    """,
    dict(x=1, h1=1, a2=1),
    ["choice", "number", "line", "line", "function"],
)
_add(
    "one input for all steps",
    """
    a[t] = W @ x + R @ h[t-1] + b
    h[t] = relu(a[t])
    o[t] = V @ h[t]
    L[t] = mse(o[t], y[t])
    """,
    dict(x=3, h=4, o=2),
)
_add(
    "a matrix for two vectors in one",  # its gradient holds a joined vector
    """
    a[t] = W @ concat(x[t], h[t-1]) + p * c[t-1]
    c[t] = c[t-1] + tanh(a[t])
    h[t] = c[t] * g
    L[t] = mse(h[t-1] + h[t], y[t])
    """,
    dict(x=3, h=4),
    ["shape", "choice", "number", "line", "matrix", "matrix", "function"],
)
_add(
    "a loss that reads the step before",  # there its target does not exist at T + 1: no formula for general t
    """
    h[t] = tanh(W @ h[t-1] + U @ x[t-1])
    L[t] = mse(h[t-1], y[t])
    """,
    dict(x=3, h=4),
    ["shape", "choice", "number", "matrix", "function"],
)
