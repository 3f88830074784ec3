"""Forward passes written by hand for an independent autodiff library, one for each text in `networks`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import autograd.numpy as np
from autograd import grad

Values = Mapping[str, np.ndarray]


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def softmax(a):
    powers = np.exp(a - np.max(a))
    return powers / np.sum(powers)


def nll(p, y):
    return -np.sum(y * np.log(p))


def half_squared(h, y):
    return 0.5 * np.sum((h - y) ** 2)


def one_hidden_layer(v: Values, T: int):
    h, loss = v["h1[0]"], 0.0
    for t in range(T):
        h = np.tanh(v["W0"] @ v["x"][t] + v["W11"] @ h + v["b0"])
        loss = loss + nll(softmax(v["W1"] @ h + v["b1"]), v["y"][t])
    return loss


def feed_forward(v: Values, T: int):
    h1 = np.maximum(v["W0"] @ v["x"] + v["b0"], 0)
    h2 = sigmoid(v["W1"] @ h1 + v["b1"])
    a3 = v["W2"] @ h2 + v["b2"]
    h3 = np.where(a3 > 0, a3, 0.01 * a3)
    return nll(softmax(v["W3"] @ h3 + v["b3"]), v["y"])


def two_layers(v: Values, T: int):
    h1, h2, loss = v["h1[0]"], v["h2[0]"], 0.0
    for t in range(T):
        h1 = np.tanh(v["W0"] @ v["x"][t] + v["W11"] @ h1 + v["b0"])
        h2 = np.tanh(v["W1"] @ h1 + v["W22"] @ h2 + v["b1"])
        loss = loss + nll(softmax(v["W2"] @ h2 + v["b2"]), v["y"][t])
    return loss


def bidirectional(v: Values, T: int):
    forwards, backwards = [v["hf[0]"]], [v["hb[T+1]"]]
    for t in range(T):
        forwards.append(np.tanh(v["U"] @ v["x"][t] + v["V"] @ forwards[-1] + v["bf"]))
        backwards.append(np.tanh(v["P"] @ v["x"][T - 1 - t] + v["Q"] @ backwards[-1] + v["bb"]))
    pairs = zip(forwards[1:], backwards[:0:-1], strict=True)
    outputs = [sigmoid(v["W"] @ np.concatenate([f, b]) + v["c"]) for f, b in pairs]
    return sum(half_squared(o, y) for o, y in zip(outputs, v["y"], strict=True))


def lstm(v: Values, T: int):
    h, c, loss = v["h[0]"], v["c[0]"], 0.0
    for t in range(T):
        z = np.concatenate([h, v["x"][t]])
        f, i, q = (sigmoid(v["W" + gate] @ z + v["b" + gate]) for gate in "fiq")
        c = f * c + i * np.tanh(v["Wg"] @ z + v["bg"])
        h = q * np.tanh(c)
        loss = loss + nll(softmax(v["V"] @ h + v["d"]), v["y"][t])
    return loss


def gru(v: Values, T: int):
    h, loss = v["h[0]"], 0.0
    for t in range(T):
        x = v["x"][t]
        r, z = (sigmoid(v["W" + g] @ x + v["U" + g] @ h + v["b" + g]) for g in "rz")
        n = np.tanh(v["Wn"] @ x + v["bn"] + r * (v["Un"] @ h + v["cn"]))
        h = (1 - z) * n + z * h
        p, y = sigmoid(h), v["y"][t]
        loss = loss - np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))
    return loss


def two_steps_back(v: Values, T: int):
    before, h, s = v["h[-1]"], v["h[0]"], v["s[0]"]
    for t in range(T):
        before, h = h, np.tanh(v["U"] @ v["x"][t] + v["W"] @ h + v["V"] @ before + v["b"])
        s = s + half_squared(v["P"] @ h, v["y"][t])
    return np.log(1 + s**2) / 3


def one_to_many(v: Values, T: int):
    h, loss = v["h[0]"], 0.0
    for t in range(T):
        h = np.tanh(v["U"] @ v["x"][0] + v["W"] @ h)
        loss = loss + half_squared(h, v["y"][t])
    return loss


def many_to_one(v: Values, T: int):
    h = v["h[0]"]
    for t in range(T):
        a = v["U"] @ v["x"][t] + v["W"] @ h
        h = np.exp(a / 4) - a
    return half_squared(v["V"] @ h, v["y"][T - 1])


FORWARD: dict[str, Callable] = {
    "one hidden layer": one_hidden_layer,
    "feed-forward, three hidden layers": feed_forward,
    "two recurrent layers": two_layers,
    "bidirectional": bidirectional,
    "LSTM": lstm,
    "GRU": gru,
    "two steps back": two_steps_back,
    "one to many": one_to_many,
    "many to one": many_to_one,
}


def gradients(name: str, values: Values, T: int) -> dict[str, np.ndarray]:
    """Return the gradients of a network's loss by every value, from autograd."""
    return grad(lambda v: FORWARD[name](v, T))(dict(values))
