"""Questions that the tests of judging ask: small, and not those of the course."""

from bptt_lab.exercises.questions import make

TWO = dict(network="two scalars", hints=["one", "two", "three"], section="07 · A section")
ONE = dict(network="one hidden layer", hints=["one", "two", "three"], section="07 · A section")


def weights():
    """Return a line: the derivative by the recurrent weight of two scalars."""
    answer = "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)"
    return make(dict(TWO, id="07.1", kind="line", task="?", goal="D(L, W11)", letters=["d1", "h1"], answer=answer))


def state():
    """Return a matrix formula: the gradient by the hidden state at a general time."""
    letters = ["d_a1", "d_a2", "W1", "W11"]
    answer = "W1.T @ d_a2[t] + W11.T @ d_a1[t+1]"
    return make(dict(ONE, id="07.2", kind="matrix", task="?", goal="grad(L, h1(t))", letters=letters, answer=answer))


def recurrent():
    """Return a matrix formula: the gradient by the recurrent weights."""
    answer = "sum(t, 1, T, d_a1[t] @ h1[t-1].T)"
    return make(
        dict(ONE, id="07.3", kind="matrix", task="?", goal="grad(L, W11)", letters=["d_a1", "h1"], answer=answer)
    )


def derivation():
    """Return a derivation: from the derivative by a state to deltas and weights."""
    letters, answer = ["d1", "d2", "W1", "W11"], "d2(2)*W1 + d1(3)*W11"
    return make(dict(TWO, id="07.4", kind="derivation", task="?", goal="D(L, h1(2))", letters=letters, answer=answer))


CODE = """
def gradient(d_a1, h_before):
    T, B, M = d_a1.shape
    return d_a1.reshape(-1, M).T @ h_before.reshape(-1, M)
"""


def function(**more):
    """Return a function: the gradient by the recurrent weights, from arrays."""
    arguments, returns = {"d_a1": "d_a1(t)", "h_before": "h1(t-1)"}, {"d_W11": "d_W11"}
    data = dict(ONE, id="07.5", kind="function", task="?", arguments=arguments, returns=returns, answer=CODE)
    return make({**data, **more})
