"""The networks of the gallery by hand for an independent autodiff library, from the papers' formulas, many sequences.

A cell takes the parameters, x and y of one step and the states, and returns the states and the loss of all sequences.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import autograd.numpy as np
from autograd import grad

Values = Mapping[str, np.ndarray]


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def softmax(a):
    powers = np.exp(a - np.max(a, axis=-1, keepdims=True))
    return powers / np.sum(powers, axis=-1, keepdims=True)


def nll(p, y):
    return -np.sum(y * np.log(p))


def mse(h, y):
    return 0.5 * np.sum((h - y) ** 2)


def inner(a, b):
    return np.sum(a * b, axis=-1, keepdims=True)


# Cells


def jordan(p, x, y, s, o):
    s = p.mu * s + o
    o = sigmoid(sigmoid(x @ p.W.T + s @ p.R.T + p.b) @ p.V.T + p.c)
    return (s, o), mse(o, y)


def elman(p, x, y, h):
    h = sigmoid(x @ p.W.T + h @ p.R.T + p.b)
    return (h,), mse(sigmoid(h @ p.V.T + p.c), y)


def continuous_time(p, x, y, s):
    change = (-s + sigmoid(s + p.b) @ p.W.T + x @ p.U.T) / p.tau
    s = s + p.dt * change
    return (s,), mse(sigmoid(s + p.b) @ p.V.T, y)


def narx(p, x, y, x_before, o, o_before):
    h = np.tanh(x @ p.A0.T + x_before @ p.A1.T + o @ p.B1.T + o_before @ p.B2.T + p.b)
    new = h @ p.V.T + p.c
    return (x, new, o), mse(new, y)


def lstm_1997(p, x, y, h, c):
    into, out = (sigmoid(x @ W.T + h @ R.T + b) for W, R, b in [(p.Wi, p.Ri, p.bi), (p.Wo, p.Ro, p.bo)])
    c = c + into * 2 * np.tanh((x @ p.Wg.T + h @ p.Rg.T) / 2)
    h = out * np.tanh(c / 2)
    return (h, c), mse(sigmoid(h @ p.V.T + p.d), y)


def lstm_forget(p, x, y, h, c):
    W, R, b = (
        np.concatenate([p.Wi, p.Wf, p.Wo, p.Wg]),
        np.concatenate([p.Ri, p.Rf, p.Ro, p.Rg]),
        [p.bi, p.bf, p.bo, p.bg],
    )
    i, f, o, g = np.split(x @ W.T + h @ R.T + np.concatenate(b), 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return (h, c), nll(softmax(h @ p.V.T + p.d), y)


def multiplicative(p, x, y, h):
    matrices = np.einsum("if,bf,fj->bij", p.Whf, x @ p.Wfx.T, p.Wfh)  # one recurrent matrix for each input
    h = np.tanh(np.einsum("bij,bj->bi", matrices, h) + x @ p.Whx.T)
    return (h,), nll(softmax(h @ p.Woh.T + p.bo), y)


def echo_state(p, x, y, s):
    s = s + p.alpha * (np.tanh(x @ p.W.T + s @ p.R.T + p.b) - s)
    return (s,), mse(np.concatenate([s, x], axis=-1) @ np.concatenate([p.V, p.D], axis=1).T + p.c, y)


def stacked(p, x, y, h1, h2):
    h1 = np.tanh(x @ p.W1.T + h1 @ p.R1.T + p.b1)
    h2 = np.tanh(x @ p.W2.T + h1 @ p.U2.T + h2 @ p.R2.T + p.b2)
    return (h1, h2), nll(softmax(h1 @ p.V1.T + h2 @ p.V2.T + p.c), y)


def gru(p, x, y, h):
    r, z = sigmoid(x @ p.Wr.T + h @ p.Ur.T), sigmoid(x @ p.Wz.T + h @ p.Uz.T)
    new = np.tanh(x @ p.W.T + (r * h) @ p.U.T)
    h = new + z * (h - new)
    return (h,), mse(h @ p.V.T, y)


def lstm_projection(p, x, y, r, c):
    i = sigmoid(x @ p.Wi.T + r @ p.Ri.T + c @ np.diag(p.ki) + p.bi)
    f = sigmoid(x @ p.Wf.T + r @ p.Rf.T + c @ np.diag(p.kf) + p.bf)
    c = f * c + i * np.tanh(x @ p.Wg.T + r @ p.Rg.T + p.bg)
    m = sigmoid(x @ p.Wo.T + r @ p.Ro.T + c @ np.diag(p.ko) + p.bo) * np.tanh(c)
    r = m @ p.Pr.T
    return (r, c), nll(softmax(r @ p.Vr.T + m @ p.Pp.T @ p.Vp.T + p.d), y)


def clockwork(p, x, y, f, s, tick):
    f, slow = np.tanh(x @ p.Wf.T + f @ p.Rf.T + s @ p.Q.T + p.bf), np.tanh(x @ p.Ws.T + s @ p.Rs.T + p.bs)
    s = s + tick * (slow - s)
    return (f, s), mse(f @ p.Vf.T + s @ p.Vs.T + p.c, y)


def layer_norm(p, x, y, h):
    a = x @ p.W.T + h @ p.R.T
    scale = np.sqrt(np.mean(a**2, axis=-1, keepdims=True) - np.mean(a, axis=-1, keepdims=True) ** 2)
    h = np.tanh(p.g / scale * (a - np.mean(a, axis=-1, keepdims=True)) + p.b)
    return (h,), mse(h @ p.V.T, y)


def recurrent_highway(p, x, y, s):
    gate = sigmoid(x @ p.Wk.T + s @ p.K1.T + p.c1)
    s = s + gate * (np.tanh(x @ p.W.T + s @ p.R1.T + p.b1) - s)
    gate = sigmoid(s @ p.K2.T + p.c2)
    s = s + gate * (np.tanh(s @ p.R2.T + p.b2) - s)
    return (s,), mse(s @ p.V.T, y)


def quasi(p, x, y, x_before, c):
    both = np.concatenate([x_before, x], axis=-1)
    z, f, q = (both @ np.concatenate([Z, W], axis=1).T for Z, W in [(p.Zz, p.Wz), (p.Zf, p.Wf), (p.Zq, p.Wq)])
    c = sigmoid(f) * c + (1 - sigmoid(f)) * np.tanh(z)
    return (x, c), mse((sigmoid(q) * c) @ p.V.T, y)


def householder(p, x, y, h):
    first, second = (np.eye(len(u)) - 2 * np.outer(u, u) / np.dot(u, u) for u in (p.u1, p.u2))
    a = h @ (second @ first).T + x @ p.W.T + p.b
    h = np.where(a > 0, a, 0.01 * a)
    return (h,), nll(softmax(h @ p.V.T + p.c), y)


def antisymmetric(p, x, y, h):
    turning = p.W - p.W.T - p.gamma * np.eye(len(p.W))
    h = h + p.eps * np.tanh(h @ turning.T + x @ p.U.T + p.b)
    return (h,), mse(h @ p.V.T, y)


def legendre(p, x, y, h, m):
    signal = np.concatenate([x, h, m], axis=-1) @ np.concatenate([p.ex, p.eh, p.em])
    m = m @ p.A.T + np.outer(signal, p.B)
    h = np.tanh(x @ p.Wx.T + h @ p.Wh.T + m @ p.Wm.T)
    return (h, m), mse(h @ p.V.T, y)


def linear_attention(p, x, y, s1, s2, z):
    k, q = (np.where(a > 0, a + 1, np.exp(np.minimum(a, 0))) for a in (x @ p.K.T, x @ p.Q.T))
    S = np.stack([s1, s2], axis=1) + np.einsum("bi,bj->bij", x @ p.V.T, k)
    z = z + k
    return (S[:, 0], S[:, 1], z), mse(np.einsum("bij,bj->bi", S, q) / inner(z, q), y)


def delta_rule(p, x, y, w1, w2):
    k, q, v = softmax(x @ p.K.T), softmax(x @ p.Q.T), x @ p.V.T
    W = np.stack([w1, w2], axis=1)
    rate = sigmoid(x @ p.b)[:, None]
    W = W + np.einsum("bi,bj->bij", rate * (v - np.einsum("bij,bj->bi", W, k)), k)
    return (W[:, 0], W[:, 1]), mse(np.einsum("bij,bj->bi", W, q), y)


def oscillators(p, x, y, s, z):
    force = np.tanh(s @ p.W.T + z @ p.R.T + x @ p.U.T + p.b)
    z = z + p.dt * (force - p.gamma * s - p.eps * z)
    s = s + p.dt * z
    return (s, z), mse(s @ p.V.T + p.c, y)


def hopfield(p, x, y, s):
    s = softmax(p.beta * s @ p.X.T) @ p.X
    return (s,), mse(s, y)


def linear_recurrent_unit(p, x, y, u, w):
    size, angle, gain = np.exp(-np.exp(p.nu)), np.exp(p.theta), np.exp(p.gamma)
    real, imaginary = size * np.cos(angle), size * np.sin(angle)
    u, w = real * u - imaginary * w + gain * (x @ p.Br.T), real * w + imaginary * u + gain * (x @ p.Bi.T)
    return (u, w), mse(u @ p.Cr.T - w @ p.Ci.T + x @ p.D.T, y)


# Networks that see more than one step at a time


def bidirectional(p, v):
    forwards, backwards = [v["hf[0]"]], [v["hb[T+1]"]]
    for x, last in zip(v["x"], v["x"][::-1], strict=True):
        forwards.append(np.tanh(x @ p.W.T + forwards[-1] @ p.R.T + p.b))
        backwards.append(np.tanh(last @ p.P.T + backwards[-1] @ p.Q.T + p.c))
    pairs = zip(forwards[1:], backwards[:0:-1], v["y"], strict=True)
    return sum(nll(softmax(f @ p.V.T + b @ p.U.T + p.d), y) for f, b, y in pairs)


def encoder_decoder(p, v):
    e = v["e[0]"]
    for x in v["x"]:
        e = np.tanh(x @ p.W.T + e @ p.R.T + p.b)
    c = np.tanh(e @ p.U.T)
    h, word, loss = np.tanh(c @ p.Q.T), v["y[0]"], 0.0
    for y in v["y"]:
        h = np.tanh(h @ p.P.T + word @ p.E.T + c @ p.C.T)
        loss, word = loss + nll(softmax(h @ p.V.T + word @ p.O.T + c @ p.G.T), y), y
    return loss


CELLS = {
    jordan: ["s[0]", "o[0]"],
    elman: ["h[0]"],
    continuous_time: ["s[0]"],
    narx: ["x[0]", "o[0]", "o[-1]"],
    lstm_1997: ["h[0]", "c[0]"],
    lstm_forget: ["h[0]", "c[0]"],
    multiplicative: ["h[0]"],
    echo_state: ["s[0]"],
    stacked: ["h1[0]", "h2[0]"],
    gru: ["h[0]"],
    lstm_projection: ["r[0]", "c[0]"],
    clockwork: ["f[0]", "s[0]"],
    layer_norm: ["h[0]"],
    recurrent_highway: ["s[0]"],
    quasi: ["x[0]", "c[0]"],
    householder: ["h[0]"],
    antisymmetric: ["h[0]"],
    legendre: ["h[0]", "m[0]"],
    linear_attention: ["s1[0]", "s2[0]", "z[0]"],
    delta_rule: ["w1[0]", "w2[0]"],
    oscillators: ["s[0]", "z[0]"],
    hopfield: ["s[0]"],
    linear_recurrent_unit: ["u[0]", "w[0]"],
}
STATES = {cell.__name__: (cell, states) for cell, states in CELLS.items()}
WHOLE = {"bidirectional": bidirectional, "encoder_decoder": encoder_decoder}
NAMES = {*STATES, *WHOLE}


def loss(name: str, v: Values):
    """Return the total loss of a network of the gallery."""
    p = SimpleNamespace(**{key: array for key, array in v.items() if key.isidentifier()})
    if name in WHOLE:
        return WHOLE[name](p, v)
    cell, keys = STATES[name]
    states, total = tuple(v[key] for key in keys), 0.0
    for t, y in enumerate(v["y"]):
        clock = (v["tick"][t][:, None],) if "tick" in v else ()
        states, own = cell(p, v["x"][t] if "x" in v else None, y, *states, *clock)
        total = total + own
    return total


def gradients(name: str, values: Values) -> dict[str, np.ndarray]:
    """Return the gradients of a network's loss by every value, from autograd."""
    return grad(lambda v: loss(name, v))(dict(values))
