"""The network of notebook 00, two scalars, and the values with which its explorer begins."""

import numpy as np

from bptt_lab import Network

TWO = Network(
    """
    a1[t] = W0 * x[t] + W11 * h1[t-1] + b0
    h1[t] = tanh(a1[t])
    a2[t] = W1 * h1[t] + b1
    L[t]  = mse(a2[t], y[t])
    """,
    sizes=dict(x=1, h1=1, a2=1),
)
VALUES = dict(W0=[0.3], W11=[0.9], b0=[0.1], W1=[1.2], b1=[-0.2], x=np.array([[0.5], [-1.0], [0.8]]))
VALUES |= {"y": np.array([[0.6], [0.4], [-0.5]]), "h1[0]": [0.7]}
