"""Source 001: sequences, losses, BPTT for one hidden layer by hand and for L layers in type, bidirectional networks."""

from __future__ import annotations

import numpy as np

from bptt_lab.formulas import Style, Symbol
from bptt_lab.lectures.rows import Entry, Lecture
from bptt_lab.lectures.settings import Setting

# The networks of the lecture. It leaves the output function f and the loss open: they are checked as softmax and
# negative log-likelihood.
ONE_LAYER = "h = tanh(W @ x + b)\n L = mse(h, target)"
STATE = """
    z_0[t] = W0 @ x[t] + W11 @ h[t-1] + b_0
    h[t] = tanh(z_0[t])
"""
OUTPUT = """
    z_1[t] = W1 @ h[t] + b_1
    y[t] = softmax(z_1[t])
"""
FIRST_PAGES = STATE + OUTPUT + "L[t] = nll(y[t], target[t])"
STATIC = FIRST_PAGES.replace(" + W11 @ h[t-1]", "")
LAST_OUTPUT = OUTPUT.replace("[t]", "").replace("@ h", "@ h[T]")
DELAYED = STATE + OUTPUT.replace("@ h", "@ h_out") + "h_out[t] = tanh(W_out @ h[T] + V_out @ h_out[t-1])"
WHOLE_LOSS = STATE + OUTPUT + "m[t] = m[t-1] + y[t]\n L = mse(m[T], target)"
ONE_HIDDEN_LAYER = """
    z1[t] = W0 @ h0[t] + W11 @ h1[t-1] + b0
    h1[t] = tanh(z1[t])
    z2[t] = W1 @ h1[t] + b1
    h2[t] = softmax(z2[t])
    L[t] = nll(h2[t], target[t])
"""
# every parameter times one number: the loss reads them in no other way
SCALED = ONE_HIDDEN_LAYER.replace("= W0", "= scale * (W0").replace("+ b0", "+ b0)")
SCALED = SCALED.replace("= W1", "= scale * (W1").replace("+ b1", "+ b1)")
THREE_LAYERS = """
    z1 = W0 @ h0 + b0
    h1 = tanh(z1)
    z2 = W1 @ h1 + b1
    h2 = tanh(z2)
    z3 = W2 @ h2 + b2
    h3 = softmax(z3)
    L = nll(h3, target)
"""
CHAIN_RULE = """
    u = tanh(s)
    v = sigmoid(s)
    f_u = exp(u)
    f_uv = u * v + v
    L = f_u * f_uv
"""
LINEAR_MAP = """
    out = W @ x
    stack = concat(x, out)
    L = mse(out, target)
"""
ACTIVATIONS = """
    h_sigmoid = sigmoid(z)
    h_tanh = tanh(z)
    h_relu = relu(z)
    L = mse(h_sigmoid + h_tanh + h_relu, target)
"""
DELTAS = """
    a = V @ x
    h_a = tanh(a)
    a_out = w @ h_a
    p = softmax(a_out)
    L = nll(p, target)
"""
# a state that starts along an eigenvector, without and with activation
EIGENVALUES = """
    h_linear[t] = W11 @ h_linear[t-1]
    h[t] = tanh(W11 @ h[t-1])
    L[t] = mse(h_linear[t] + h[t], target[t])
"""
SIGMOID_STATE = """
    h[t] = sigmoid(h[t-1] + x[t])
    L[t] = mse(h[t], target[t])
"""
TASK = """
    h[t] = relu(W0 @ x[t] + W11 @ h[t-1] + b_0)
    y[t] = W1 @ h[t]
    L[t] = mse(y[t], target[t])
"""
# the same without recurrence: t counts the lines of a table; and all digits at once
TABLE = TASK.replace(" + W11 @ h[t-1]", "")
ALL_DIGITS = TABLE.replace("[t]", "")
BIDIRECTIONAL = """
    h1_f[t] = tanh(W0_f @ h0[t] + W11_f @ h1_f[t-1] + b0_f)
    h1_b[t] = tanh(W0_b @ h0[t] + W11_b @ h1_b[t+1] + b0_b)
    h2[t] = softmax(W1_f @ h1_f[t] + W1_b @ h1_b[t] + b1)
    L[t] = nll(h2[t], target[t])
"""
# L = 4, l = 2, so that l-1, l, L-1 and L are the layers 1, 2, 3 and 4
L_LAYERS = """
    z_lm1[t] = W0 @ h0[t] + W_lm1lm1 @ h_lm1[t-1] + b0
    h_lm1[t] = tanh(z_lm1[t])
    z_l[t] = W_lm1 @ h_lm1[t] + W_ll @ h_l[t-1] + b_lm1
    h_l[t] = tanh(z_l[t])
    z_Lm1[t] = W_l @ h_l[t] + W_Lm1Lm1 @ h_Lm1[t-1] + b_l
    h_Lm1[t] = tanh(z_Lm1[t])
    z_L[t] = W_Lm1 @ h_Lm1[t] + b_Lm1
    h_L[t] = softmax(z_L[t])
    L[t] = nll(h_L[t], target[t])
"""
# what is added to a shared weight at step t alone: the derivative by it is the share of that step
SHARES = L_LAYERS.replace("W_lm1 @ h_lm1[t]", "W_lm1 @ h_lm1[t] + W_lm1_at[t] @ h_lm1[t]").replace(
    "W_Lm1 @ h_Lm1[t]", "W_Lm1 @ h_Lm1[t] + W_Lm1_at[t] @ h_Lm1[t]"
)


def _setting(
    text: str,
    sizes: dict[str, int],
    T: int,
    constants: dict[str, int],
    leaves: dict[str, np.ndarray] | None = None,
    **last: int,
) -> Setting:
    """Return a setting whose indices run from 1 to the numbers given, t and s to T."""
    ranges = {name: (1, number) for name, number in {"t": T, "s": T, **last}.items()}
    return Setting(text, sizes, T, ranges, constants, leaves or {})


def _eigenvalue_leaves() -> dict[str, np.ndarray]:
    """Return a recurrent matrix with the eigenvalues 2, 1/2 and -1/4, and an initial state along the first."""
    vectors = np.array([[1.0, 2.0, 0.0], [-1.0, 1.0, 1.0], [2.0, 0.0, 1.0]])
    matrix = vectors @ np.diag([2.0, 0.5, -0.25]) @ np.linalg.inv(vectors)
    target = np.linspace(-1, 1, 12).reshape(4, 3)
    return {"W11": matrix, "h_linear[0]": vectors[:, 0], "h[0]": np.array([0.4, -0.2, 0.3]), "target": target}


def addition_leaves(first: int, second: int, digits: int) -> dict[str, np.ndarray]:
    """Return weights that add two binary numbers exactly, lowest digit first, with the numbers and their sum.

    With s = both digits + carry, the hidden units are s, max(s-1, 0) and max(s-2, 0): the carry is the second minus
    the third, the digit of the sum is s minus twice the carry.
    """

    def bits(number: int) -> np.ndarray:
        return np.array([number >> place & 1 for place in range(digits)], dtype=float)

    carry = np.array([0.0, 1.0, -1.0])
    weights = {"W0": np.ones((3, 2)), "W11": np.tile(carry, (3, 1)), "b_0": np.array([0.0, -1.0, -2.0])}
    return weights | {
        "W1": np.array([[1.0, -2.0, 2.0]]),
        "x": np.column_stack([bits(first), bits(second)]),
        "target": bits(first + second)[:, None],
    }


def table_leaves() -> dict[str, np.ndarray]:
    """Return the weights that add, without the recurrent ones, with a carry and two digits a line and their sum."""
    lines = np.array([[line >> place & 1 for place in (2, 1, 0)] for line in range(8)], dtype=float)
    # three hidden units do; a fourth, at rest, keeps all sizes different
    weights = {"W0": np.ones((4, 3)), "b_0": -np.arange(4.0), "W1": np.array([[1.0, -2.0, 2.0, 0.0]])}
    return weights | {"x": lines, "target": lines.sum(axis=1, keepdims=True) % 2}


def parity_leaves(digits: list[int]) -> dict[str, np.ndarray]:
    """Return weights that tell after each bit whether the number of ones is odd, with the bits and the answers."""
    parity = np.array([1.0, -2.0])
    weights = {"W0": np.ones((2, 1)), "W11": np.tile(parity, (2, 1)), "b_0": np.array([0.0, -1.0])}
    return weights | {
        "W1": parity[None],
        "x": np.array(digits, dtype=float)[:, None],
        "target": (np.cumsum(digits) % 2).astype(float)[:, None],
    }


FIRST_SIZES = dict(x=2, h=4, y=3)
FIRST_RANGES = dict(i=4, m=4, j=2, k=3)
DEEP_SIZES = dict(h0=7, h_lm1=3, h_l=5, h_Lm1=2, h_L=6)
LOGISTIC_LEAVES = {
    "h[0]": np.array([0.5]),
    "x": np.array([[-0.5], [-0.5], [0.7], [-0.3]]),
    "target": np.array([[0.1], [0.2], [0.3], [0.4]]),
}
SETTINGS = {
    "": _setting(ONE_HIDDEN_LAYER, dict(h0=2, h1=4, h2=3), 5, dict(D=2, M=4, K=3), i=4, j=4, k=3, m=4),
    "one layer": _setting(ONE_LAYER, dict(x=2, h=3), 4, dict(D=2, M=3)),
    "first pages": _setting(FIRST_PAGES, FIRST_SIZES, 5, {}, **FIRST_RANGES),  # type: ignore[arg-type]
    "static": _setting(STATIC, FIRST_SIZES, 5, {}, **FIRST_RANGES),  # type: ignore[arg-type]
    "scaled": _setting(SCALED, dict(h0=2, h1=4, h2=3, scale=()), 5, dict(D=2, M=4, K=3)),  # type: ignore[dict-item]
    "one-to-many": _setting(FIRST_PAGES.replace("x[t]", "x[1]"), FIRST_SIZES, 9, {}, **FIRST_RANGES),  # type: ignore[arg-type]
    "many-to-one": _setting(STATE + LAST_OUTPUT + "L = nll(y, target)", FIRST_SIZES, 5, {}, **FIRST_RANGES),  # type: ignore[arg-type]
    "delayed": _setting(DELAYED + "\n L[t] = nll(y[t], target[t])", FIRST_SIZES | dict(h_out=6), 5, {}, **FIRST_RANGES),  # type: ignore[arg-type]
    "whole loss": _setting(WHOLE_LOSS, FIRST_SIZES, 5, {}, **FIRST_RANGES),  # type: ignore[arg-type]
    "three layers": _setting(THREE_LAYERS, dict(h0=2, h1=4, h2=5, h3=3), 6, {}),
    "chain rule": _setting(CHAIN_RULE, dict(s=1), 4, {}),
    "linear map": _setting(LINEAR_MAP, dict(x=4, out=3), 5, dict(M=4, k=3), i=4, j=3),
    "activations": _setting(
        ACTIVATIONS,
        dict(z=7),
        4,
        {},
        {"z": np.array([-3.0, -1.7, -0.6, 0.0, 0.4, 1.3, 2.9]), "target": np.linspace(-1, 1, 7)},
        i=7,
        j=7,
    ),
    "deltas": _setting(DELTAS, dict(x=2, a=4, a_out=3), 5, dict(K=3), i=4, j=4, k=3),
    "eigenvalues": _setting(EIGENVALUES, dict(h=3), 4, dict(lam=2), _eigenvalue_leaves()),
    "sigmoid state": _setting(SIGMOID_STATE, dict(h=1), 4, {}, LOGISTIC_LEAVES),
    "addition": _setting(TASK, dict(x=2, h=3, y=1), 7, {}, addition_leaves(45, 27, 7), n=6),
    "parity": _setting(TASK, dict(x=1, h=2, y=1), 7, {}, parity_leaves([1, 0, 1, 1, 0, 1, 1]), n=6),
    "truth table": _setting(TABLE, dict(x=3, h=4, y=1), 8, {}, table_leaves(), n=12),
    "all digits": _setting(ALL_DIGITS, dict(x=8, h=6, y=5), 7, dict(n=4)),
    "parity of all digits": _setting(ALL_DIGITS, dict(x=4, h=6, y=1), 5, dict(n=4)),
    "bidirectional": _setting(BIDIRECTIONAL, dict(h0=2, h1_f=4, h1_b=5, h2=3), 6, {}, j=2, k=3),
    "L layers": _setting(L_LAYERS, DEEP_SIZES, 4, dict(K=6, M_L=6, M_Lm1=2), i=6, j=6),
    "shares": _setting(SHARES, DEEP_SIZES, 4, dict(K=5, M=3, M_Lm1=2), i=5, k=5),
}

# The hand: bold for what is underlined or wears an arrow on the handwritten pages. A nabla is a row, or of the shape of
# the transposed matrix, by hand ("total"), and of the shape of the matrix in type ("gradient").
BOLD = {name: rf"\mathbf{{{name}}}" for name in "abhxyz"}
LAYERS = dict(lm1="l-1", l="l", Lm1="L-1", L="L")
SYMBOLS = {
    **{name: Symbol(BOLD[name], name) for name in "xhyzb"},
    **{f"{name}{layer}": Symbol(BOLD[name], name, layer) for name in "hzb" for layer in "0123"},
    **{f"W{layer}": Symbol("W", "W", layer) for layer in ("0", "1", "2", "11")},
    **{f"{name}_{layer}": Symbol(BOLD[name], name, upper) for name in "hzb" for layer, upper in LAYERS.items()},
    **{f"W_{layer}": Symbol("W", "W", upper) for layer, upper in LAYERS.items()},
    **{f"W_{layer}{layer}": Symbol("W", "W", f"{upper},{upper}") for layer, upper in LAYERS.items()},
    **{f"W_{layer}_at": Symbol("W", "W", LAYERS[layer]) for layer in ("lm1", "Lm1")},
    **{f"z_{layer}": Symbol(BOLD["z"], "z", layer) for layer in "01"},
    **{f"b_{layer}": Symbol(rf"\mathbf{{b}}_{{{layer}}}", rf"b_{{{layer}}}") for layer in "01"},
    **{f"h1_{way}": Symbol(rf"\mathbf{{h}}_{{{way}}}", rf"h_{{{way}}}", "1") for way in "fb"},
    **{f"b0_{way}": Symbol(rf"\mathbf{{b}}_{{{way}}}", rf"b_{{{way}}}", "0") for way in "fb"},
    **{f"W{layer}_{way}": Symbol(f"W_{{{way}}}", f"W_{{{way}}}", layer) for layer in ("0", "1", "11") for way in "fb"},
    "target": Symbol(r"\mathbf{t}", "t"),
    "W": Symbol("W", "w"),
    "out": Symbol(BOLD["y"], "y"),
    "stack": Symbol(r"\begin{bmatrix}\mathbf{x}\\ \mathbf{y}\end{bmatrix}", "x"),
    "s": Symbol("x", "x"),
    "f_u": Symbol("f", "f"),
    "f_uv": Symbol("f", "f"),
    "u": Symbol("u", "u"),
    "v": Symbol("v", "v"),
    "h_tanh": Symbol(r"\tanh(\mathbf{z})", r"\tanh(\mathbf{z})"),
    "h_sigmoid": Symbol(r"\sigma(\mathbf{z})", r"\sigma(\mathbf{z})"),
    "h_relu": Symbol(r"\operatorname{ReLU}(\mathbf{z})", r"\operatorname{ReLU}(\mathbf{z})"),
    "a": Symbol(BOLD["a"], "a", has_delta=True),
    "a_out": Symbol(BOLD["a"], "a", has_delta=True),
    "h_a": Symbol(BOLD["h"], "h"),
    "w": Symbol("w", "w"),
    "scale": Symbol(r"\lambda", r"\lambda"),
}
VARIABLES = {"lam": r"\lambda", "M_L": "M_{L}", "M_Lm1": "M_{L-1}"}
LECTURE = Lecture(
    number="001",
    title="CS-568 Deep Learning: Recurrent Neural Networks",
    author="Nazar Khan",
    settings=SETTINGS,
    hand=Style(
        symbols=SYMBOLS,
        time=",{}",
        nabla=("total", "gradient"),
        marks={"total": (r"\partial", r"\partial"), "immediate": (r"\partial^{+}", r"\partial")},
        numbers=frozenset({"s", "u", "v", "f_u", "f_uv", "scale"}),
        loss=r"\mathcal{L}",
        variables=VARIABLES,
    ),
    course={
        **dict(h0="x", z1="a1", z2="a2", z3="a3", target="y"),
        **dict(z_0="a1", h="h1", z_1="a2", y="h2", b_0="b0", b_1="b1", z="a", out="y"),
        **dict(s="x", f_u="f", f_uv="f", a="a1", h_a="h1", a_out="a2", w="W1", scale=r"\lambda"),
        **dict(z_lm1="a1", h_lm1="h1", b_lm1="b1", W_lm1="W1", W_lm1_at="W1", W_lm1lm1="W11"),
        **dict(z_l="a2", h_l="h2", b_l="b2", W_l="W2", W_ll="W22"),
        **dict(z_Lm1="a3", h_Lm1="h3", b_Lm1="b3", W_Lm1="W3", W_Lm1_at="W3", W_Lm1Lm1="W33", z_L="a4", h_L="h4"),
    },
    course_variables=VARIABLES,
)

COUNTED_DOWN = (
    "Counted down from T to 1, the order of the backward pass, it holds; read as sums are usually read, from the lower "
    "limit up to the upper one, it is empty. The correction puts 1 below and T above."
)
IMMEDIATE = (
    "The derivative of the pre-activation must be the immediate one, by the weights as this step uses them. Read as "
    "total, as the other nablas are, it holds all earlier uses too, and the sum over t counts them again."
)
MATRIX_LETTER = (
    "Row and column of W are exchanged: the first index runs over the M entries of x and the second over the k of y, "
    "but in y = Wx the matrix has k rows and M columns, and no M-th row."
)
LETTER_T = (
    "The T above is a t, the time: written by hand, it stands raised beside the number of the layer. Read as a "
    "transpose, as which T is used on the later pages, it makes the states rows, which the weights do not meet."
)
LOST_FRACTION = (
    "The scan has lost the d of numerator and denominator, and sets an arrow over s, which is a number; what remains "
    "of the list of rules says which shapes are meant."
)
ONE_LIST = "The scan sets tanh, ReLU and the dots of this list as an index of σ; the lecture lists three functions."
JACOBIAN_BELOW = (
    "The Jacobian matrix, printed below under its name, is the second factor; the scan has torn it away, and without "
    "it the line would hold for the identity only."
)
LOSS_OF_A_STEP = (
    "Right if it means the share that the use of the weights at step t has in the derivative of the whole loss; wrong "
    "if it means the loss of step t, which depends on the weights through all earlier steps too, and misses the later "
    "losses that the use at step t reaches."
)
TIMES = "The lecture writes this without time indices; they are filled in here."

ENTRIES = (
    # static and dynamic inputs, folding, recurrence
    Entry(
        "001-a01",
        "D(h2(t)[k], h0(s)[j]) != 0",
        "holds",
        words="The output for dynamic signals may depend on current, past and even future inputs.",
        setting="bidirectional",
        course="03",
        near="D(h1_f(t)[k], h0(s)[j]) != 0",
    ),
    Entry("001-a02", "h = tanh(W @ x + b)", "definition", setting="one layer", course="03"),
    Entry("001-a03", "rows(h) = M", "holds", words="h is M×1.", setting="one layer", course="03"),
    Entry("001-a04", "rows(W) = M", "holds", words="W is M×D: its rows.", setting="one layer", course="03"),
    Entry("001-a05", "columns(W) = D", "holds", words="W is M×D: its columns.", setting="one layer", course="03"),
    Entry("001-a06", "rows(x) = D", "holds", words="x is D×1.", setting="one layer", course="03"),
    Entry("001-a07", "rows(b) = M", "holds", words="b is M×1.", setting="one layer", course="03"),
    Entry(
        "001-a08",
        "D(y(2)[k], x(s)[j]) != 0",
        "holds",
        words="The second output depends on the first two inputs.",
        where={"s": (1, 2)},
        setting="first pages",
        course="03",
        near="D(y(1)[k], x(s)[j]) != 0",
    ),
    Entry(
        "001-a09",
        "D(y(t)[k], x(1)[j]) != 0",
        "holds",
        words="The output at any time depends on all inputs so far, back to the first.",
        setting="first pages",
        course="03",
        near="D(y(1)[k], x(t)[j]) != 0",
    ),
    Entry(
        "001-a10",
        "D(z_0(t), h(t-1)) = W11",
        "holds",
        words="The hidden state depends on the state one step before directly.",
        setting="first pages",
        course="03",
    ),
    Entry(
        "001-a11",
        "D(h(T)[i], h(s)[m]) != 0",
        "holds",
        words="Through it, the hidden state depends on the states of all earlier times.",
        where={"s": (0, 4)},
        setting="first pages",
        course="03",
        near="D(h(s)[i], h(T)[m]) != 0",
    ),
    Entry(
        "001-a12",
        "D(y(T)[k], x(s)[j]) != 0",
        "holds",
        words="The output depends on all that the network has seen.",
        setting="first pages",
        course="03",
        near="D(y(1)[k], x(s)[j]) != 0",
    ),
    # the forward equations of the first pages
    Entry(
        "001-a13",
        "y(t) = softmax(z_1(t))",
        "definition",
        why="The lecture writes a for the pre-activation here and z in the next line, where it stays: two letters "
        "for one quantity.",
        setting="first pages",
        course="03",
    ),
    Entry(
        "001-a14", "y(t) = softmax(z_1(t))", "definition", words="The same with z.", setting="first pages", course="03"
    ),
    Entry(
        "001-a15",
        "h2(t) = softmax(z1(t))",
        "reading",
        corrected="h2(t) = softmax(z2(t))",
        why="On this page pre-activations are counted like the weights that make them, from 0, and that of the "
        "output is z¹; from the page on notation onwards they are counted like the layer they belong to, and it "
        "is z².",
        words="The pre-activation of the output belongs to layer 1.",
        course="03",
    ),
    Entry("001-a16", "y(t) = softmax(W1 @ h(t) + b_1)", "definition", setting="first pages", course="03"),
    Entry("001-a17", "h(t) = tanh(W0 @ x(t) + W11 @ h(t-1) + b_0)", "definition", setting="first pages", course="03"),
    Entry(
        "001-a18",
        "h(t) = tanh(z_0(t))",
        "definition",
        why="Counted from 0 on this page; the later pages call it z¹.",
        words="The pre-activation of the hidden state belongs to layer 0.",
        setting="first pages",
        course="03",
    ),
    # sequence mappings
    Entry(
        "001-a19",
        "D(y(t)[k], x(1)[j]) != 0",
        "holds",
        words="One-to-many: each of the nine words of a caption depends on the one image.",
        setting="one-to-many",
        course="03",
        near="D(x(1)[j], y(t)[k]) != 0",
    ),
    Entry(
        "001-a20",
        "D(y[k], x(t)[j]) != 0",
        "holds",
        words="Many-to-one: the class of a video depends on every image of it.",
        setting="many-to-one",
        course="03",
        near="D(x(t)[j], y[k]) != 0",
    ),
    Entry(
        "001-a21",
        "D(y(t)[k], x(t)[j]) != 0",
        "holds",
        words="Many-to-many: an output for every input.",
        setting="first pages",
        course="03",
        near="D(y(1)[k], x(t)[j]) != 0",
    ),
    Entry(
        "001-a22",
        "D(y(t)[k], x(s)[j]) != 0",
        "holds",
        words="Many-to-many, delayed: every word of a translation depends on the whole sentence.",
        setting="delayed",
        course="03",
        near="D(x(s)[j], y(t)[k]) != 0",
    ),
    # losses
    Entry(
        "001-a23",
        "D(L, y(t)[k]) != 0",
        "holds",
        why="The last step is τ in the display and T in the line below it.",
        words="The loss is one between the whole series of outputs and of targets.",
        setting="first pages",
        course="03",
        near="D(L(1), y(t)[k]) != 0",
    ),
    Entry(
        "001-a24",
        "D(L, y(T)[k]) != 0",
        "holds",
        words="The loss needs the last output.",
        setting="first pages",
        course="03",
        near="D(L(1), y(T)[k]) != 0",
    ),
    Entry("001-a25", "L = sum(t, 1, T, L(t))", "definition", setting="first pages", course="03"),
    Entry(
        "001-a26",
        "D(L, y(t)) = (m(0) + sum(s, 1, T, y(s)) - target).T",
        "holds",
        why="An example: half the squared distance of the sum of all outputs from one target. The derivative by one "
        "output involves them all.",
        words="A loss need not be a sum over steps.",
        setting="whole loss",
        course="03",
    ),
    Entry("001-a27", "L = sum(t, 1, T, L(t))", "definition", setting="first pages", course="03"),
    Entry(
        "001-a28",
        "D(L, W1) = sum(t, 1, T, h(t) @ D(L, y(t)) @ D(y(t), z_1(t)))",
        "holds",
        words="A loss that is a sum over steps: its derivatives by the outputs are all that backpropagation needs.",
        setting="first pages",
        course="03",
    ),
    Entry(
        "001-a29",
        "D(L, W1) = sum(t, 1, T, h(t) @ D(L, y(t)) @ D(y(t), z_1(t)))",
        "holds",
        words="A loss that is not such a sum: the same.",
        setting="whole loss",
        course="03",
    ),
    Entry(
        "001-a30",
        "D(h1(t), h1(t-1)) = D(h1(t), z1(t)) @ D(z1(t), h1(t-1))",
        "holds",
        words="Hidden states recur through the pre-activation.",
        course="06",
    ),
    # the notation of layers
    Entry(
        "001-a31",
        "D(h3, h0) = D(h3, z3) @ D(z3, h2) @ D(h2, z2) @ D(z2, h1) @ D(h1, z1) @ D(z1, h0)",
        "holds",
        words="The input influences the third layer along one chain, in which sums and states alternate.",
        setting="three layers",
        course="02",
    ),
    Entry(
        "001-a32",
        "h_l(t) = tanh(z_l(t))",
        "definition",
        words="Layer l has the pre-activation z and the activation h with l above.",
        setting="L layers",
        course="14",
    ),
    Entry(
        "001-a33",
        "h_L(t) = softmax(z_L(t))",
        "definition",
        words="The output is the activation of layer L.",
        setting="L layers",
        course="14",
    ),
    Entry(
        "001-a34",
        "z_lm1(t) = W0 @ h0(t) + W_lm1lm1 @ h_lm1(t-1) + b0",
        "definition",
        words="The input is the activation of layer 0 (here l-1 is 1).",
        setting="L layers",
        course="14",
    ),
    Entry(
        "001-a35",
        "D(h_L(t), h0(t)) = D(h_L(t), z_L(t)) @ D(z_L(t), h_Lm1(t)) @ D(h_Lm1(t), z_Lm1(t)) @ D(z_Lm1(t), h_l(t))"
        " @ D(h_l(t), z_l(t)) @ D(z_l(t), h_lm1(t)) @ D(h_lm1(t), z_lm1(t)) @ D(z_lm1(t), h0(t))",
        "holds",
        words="Within one step, forward propagation is one chain through all L layers (here L is 4).",
        setting="L layers",
        course="14",
    ),
    Entry(
        "001-a36",
        "h2(t).T = softmax(W1 @ h1(t).T + b1)",
        "scan",
        corrected="h2(t) = softmax(W1 @ h1(t) + b1)",
        why=LETTER_T,
        course="03",
    ),
    Entry(
        "001-a37",
        "h1(t).T = tanh(z1(t)).T",
        "scan",
        why="The T above is a t, the time, as in the lines beside it; the time of z stands outside the bracket. As a "
        "transpose on both sides it would hold too.",
        is_typographical=True,
        course="03",
    ),
    Entry(
        "001-a38",
        "z1(t) = W0 @ h0(t).T + W11 @ h1(t).T + b0",
        "scan",
        corrected="z1(t) = W0 @ h0(t) + W11 @ h1(t-1) + b0",
        why=LETTER_T + " At the last state the scan has lost the -1 of the step before, at z the time itself.",
        course="03",
    ),
    # derivatives with shapes
    Entry("001-a39", "D(f_u, s) = D(f_u, u) @ D(u, s)", "holds", setting="chain rule", course="01"),
    Entry(
        "001-a40",
        "D(f_uv, s) = D(f_uv, u) @ D(u, s) + D(f_uv, v) @ D(v, s)",
        "holds",
        setting="chain rule",
        course="01",
    ),
    Entry(
        "001-a41",
        "D(L, h1(t)[i]) = sum(k, 1, K, D(L, z2(t)[k]) * D(z2(t)[k], h1(t)[i]))"
        " + sum(m, 1, M, D(L, z1(t+1)[m]) * D(z1(t+1)[m], h1(t)[i]))",
        "holds",
        words="Backpropagation is the multivariate chain rule, applied.",
        course="06",
    ),
    Entry("001-a42", "D(L, out) = row(j, 1, k, D(L, out[j]))", "definition", setting="linear map", course="01"),
    Entry(
        "001-a43",
        "rows(D(L, W)) = columns(W)",
        "scan",
        why=LOST_FRACTION,
        words="Number by matrix: the shape of the transposed matrix.",
        is_typographical=True,
        setting="linear map",
        course="01",
    ),
    Entry(
        "001-a44",
        "columns(D(L, out)) = rows(out)",
        "scan",
        why=LOST_FRACTION,
        words="Number by vector: a row.",
        is_typographical=True,
        setting="linear map",
        course="01",
    ),
    Entry(
        "001-a45",
        "rows(D(out, x[i])) = rows(out)",
        "scan",
        why="The scan has lost the d of numerator and denominator.",
        words="Vector by number: a column.",
        is_typographical=True,
        setting="linear map",
        course="01",
    ),
    Entry(
        "001-a46",
        "rows(D(out[j], W)) = M",
        "scan",
        why="The fourth rule, vector by matrix, cannot be read any more; this is its part for one entry of the vector, "
        "as the braces below it have it: k×(M×k).",
        words="Vector by matrix: a matrix of M rows for every entry.",
        is_typographical=True,
        setting="linear map",
        course="01",
    ),
    Entry(
        "001-a47",
        "D(L, W) = matrix(i, 1, M, j, 1, k, D(L, W[i,j]))",
        "erratum",
        corrected="D(L, W) = matrix(i, 1, M, j, 1, k, D(L, W[j,i]))",
        why=MATRIX_LETTER,
        setting="linear map",
        course="01",
    ),
    Entry("001-a48", "out = W @ x", "definition", setting="linear map", course="01"),
    Entry(
        "001-a49",
        "out[i] = row(m, 1, M, W[i,m]) @ x",
        "scan",
        why="The entry of y wears an arrow in the scan, as if it were a vector.",
        words="An entry of y is a row of W times x.",
        where={"i": (1, 3)},
        is_typographical=True,
        setting="linear map",
        course="01",
    ),
    Entry(
        "001-a50",
        "D(L, W) = D(L, out) @ D(out, out)",
        "scan",
        corrected="D(L, W) = sum(j, 1, k, D(L, out[j]) * D(out[j], W))",
        why="The second factor is the derivative by W, as its brace k×(M×k) says; the scan repeats y. With three "
        "indices it is no matrix: the sum goes over the entries of y.",
        setting="linear map",
        course="01",
    ),
    Entry(
        "001-a51",
        "rows(D(L, W)) = M",
        "holds",
        words="The derivative is M×k: its rows.",
        setting="linear map",
        course="01",
    ),
    Entry(
        "001-a52",
        "columns(D(L, W)) = k",
        "holds",
        words="The derivative is M×k: its columns.",
        setting="linear map",
        course="01",
    ),
    Entry(
        "001-a53",
        "columns(D(L, out)) = k",
        "holds",
        words="The first factor is 1×k.",
        setting="linear map",
        course="01",
    ),
    Entry(
        "001-a54",
        "D(out[j], W) = matrix(i, 1, M, m, 1, k, same(j, m) * x[i])",
        "holds",
        words="The second factor is k×(M×k): a matrix for every entry of y, with one column that is not zero.",
        setting="linear map",
        course="01",
    ),
    Entry("001-a55", "out = W @ x", "definition", words="The same line again.", setting="linear map", course="01"),
    Entry(
        "001-a56",
        "D(L, W) = matrix(i, 1, M, j, 1, k, D(L, W[i,j]))",
        "erratum",
        corrected="D(L, W) = matrix(i, 1, M, j, 1, k, D(L, W[j,i]))",
        why=MATRIX_LETTER + " In this second print the scan has also lost the loss beside the nabla.",
        setting="linear map",
        course="01",
    ),
    Entry(
        "001-a57",
        "",
        "scan",
        why="What is left is a stack of two vectors times a zero; the next line states the product that is meant.",
        words="A product of two brackets that cannot be read any more.",
        is_typographical=True,
        setting="linear map",
        course="01",
    ),
    Entry(
        "001-a58",
        "D(L, W) = matrix(i, 1, M, j, 1, k, D(L, out[j]) * x[i])",
        "holds",
        why="Its v is the derivative of the loss by y, a letter that this page does not introduce.",
        setting="linear map",
        course="01",
    ),
    Entry(
        "001-a59",
        "D(L, W) = stack @ D(L, out)",
        "scan",
        corrected="D(L, W) = x @ D(L, out)",
        why="The column on the left is x alone; with y below it, the product would have k rows too many.",
        setting="linear map",
        course="01",
    ),
    # the five derivatives, by hand
    Entry(
        "001-a60",
        "",
        "scan",
        why="In the list of the five the two ones of the recurrent weights read like two primes, here and below.",
        words="Five derivatives are needed, one for each array of weights or biases.",
        is_typographical=True,
        course="05",
    ),
    Entry(
        "001-a61",
        "D(L, W1) = sum(t, T, 1, sum(k, 1, K, D(L, z2(t)[k]) * D(z2(t)[k], W1)))",
        "reading",
        corrected="D(L, W1) = sum(t, 1, T, sum(k, 1, K, D(L, z2(t)[k]) * D(z2(t)[k], W1)))",
        why=COUNTED_DOWN,
        words="The output weights affect the loss through the pre-activation of the output at every step.",
        course="05",
    ),
    Entry(
        "001-a62",
        "D(z2(t)[k], W1) = matrix(i, 1, M, j, 1, K, same(j, k) * h1(t)[i])",
        "holds",
        words="The derivative of this pre-activation by the weights is K×(M×K).",
        course="05",
    ),
    Entry(
        "001-a63",
        "D(L, W1) = sum(t, T, 1, h1(t) @ D(L, z2(t)))",
        "reading",
        corrected="D(L, W1) = sum(t, 1, T, h1(t) @ D(L, z2(t)))",
        why=COUNTED_DOWN,
        course="05",
    ),
    Entry("001-a64", "rows(h1(t)) = M", "holds", words="The first factor is M×1.", course="05"),
    Entry(
        "001-a65", "D(L, z2(t)) = row(k, 1, K, D(L, z2(t)[k]))", "holds", words="The second factor is 1×K.", course="05"
    ),
    Entry("001-a66", "D(L, z2(t)) = D(L, h2(t)) @ D(h2(t), z2(t))", "holds", course="05"),
    Entry(
        "001-a67", "D(L, h2(t)) = row(k, 1, K, D(L, h2(t)[k]))", "holds", words="The first factor is 1×K.", course="05"
    ),
    Entry(
        "001-a68",
        "D(L, z2(t)) = D(L, h2(t))",
        "scan",
        corrected="D(L, z2(t)) = D(L, h2(t)) @ matrix(i, 1, K, j, 1, K, D(h2(t)[i], z2(t)[j]))",
        why=JACOBIAN_BELOW,
        course="05",
    ),
    Entry(
        "001-a69",
        "D(h2(t), z2(t)) = matrix(i, 1, K, j, 1, K, D(h2(t)[i], z2(t)[j]))",
        "definition",
        words="The K×K Jacobian matrix: outputs from row to row, inputs from column to column.",
        course="05",
    ),
    Entry(
        "001-a70",
        "D(h_sigmoid[i], z[j]) = same(i, j) * h_sigmoid[i] * (1 - h_sigmoid[i])",
        "scan",
        why=ONE_LIST,
        words="The Jacobian of the sigmoid is diagonal.",
        setting="activations",
        is_typographical=True,
        course="05",
    ),
    Entry(
        "001-a71",
        "D(h1(t)[i], z1(t)[j]) = same(i, j) * (1 - h1(t)[i]**2)",
        "scan",
        why=ONE_LIST,
        words="The Jacobian of tanh is diagonal.",
        is_typographical=True,
        course="05",
    ),
    Entry(
        "001-a72",
        "D(h_relu[i], z[j]) = same(i, j) * D(h_relu[i], z[i])",
        "scan",
        why=ONE_LIST,
        words="The Jacobian of ReLU is diagonal.",
        setting="activations",
        is_typographical=True,
        course="05",
    ),
    Entry(
        "001-a73",
        "D(h2(t)[i], z2(t)[j]) != 0",
        "holds",
        words="The Jacobian of softmax is full.",
        where={"i": (1, 3), "j": (1, 3)},
        course="05",
        near="D(h1(t)[i], z1(t)[j]) != 0",
    ),
    Entry(
        "001-a74",
        "D(L, b1) = sum(t, T, 1, D(L, z2(t)))",
        "reading",
        corrected="D(L, b1) = sum(t, 1, T, D(L, z2(t)))",
        why=COUNTED_DOWN,
        course="05",
    ),
    Entry("001-a75", "D(z2(t), b1) = diag(ones(b1))", "holds", course="05"),
    Entry(
        "001-a76",
        "D(L, W11) = sum(t, T, 1, sum(m, 1, M, D(L, z1(t)[m]) * D(z1(t)[m], W11)))",
        "reading",
        corrected="D(L, W11) = sum(t, 1, T, sum(m, 1, M, D(L, z1(t)[m]) * d(z1(t)[m], W11)))",
        why=f"{IMMEDIATE} The limits of the sum are those of the first derivative, counted down.",
        words="The recurrent weights affect the loss through the pre-activation of the hidden layer at every step.",
        course="07",
    ),
    Entry(
        "001-a77", "D(L, z1(t)) = row(m, 1, M, D(L, z1(t)[m]))", "holds", words="The first factor is 1×M.", course="07"
    ),
    Entry(
        "001-a78",
        "d(z1(t)[m], W11) = matrix(i, 1, M, j, 1, M, same(j, m) * h1(t-1)[i])",
        "holds",
        words="The second factor, immediate, is M×(M×M).",
        course="07",
    ),
    Entry(
        "001-a79",
        "D(L, W11) = sum(t, T, 1, h1(t-1) @ D(L, z1(t)))",
        "reading",
        corrected="D(L, W11) = sum(t, 1, T, h1(t-1) @ D(L, z1(t)))",
        why=COUNTED_DOWN,
        course="07",
    ),
    Entry("001-a80", "rows(h1(t-1)) = M", "holds", words="The earlier hidden state is M×1.", course="07"),
    Entry("001-a81", "D(L, z1(t)) = D(L, h1(t)) @ D(h1(t), z1(t))", "holds", course="06"),
    Entry(
        "001-a82",
        "rows(D(L, h1(t))) = M",
        "scan",
        corrected="rows(D(L, h1(t))) = 1",
        why="The brace below the derivative by the hidden state reads M×M, as the one beside it; it is a row, 1×M, "
        "as its counterpart of the output layer, 1×K.",
        words="The first factor is M×M.",
        course="06",
    ),
    Entry(
        "001-a83",
        "D(L, z1(t)) = D(L, h1(t))",
        "scan",
        corrected="D(L, z1(t)) = D(L, h1(t)) @ matrix(i, 1, M, j, 1, M, D(h1(t)[i], z1(t)[j]))",
        why=JACOBIAN_BELOW,
        course="06",
    ),
    Entry(
        "001-a84",
        "D(h1(t), z1(t)) = matrix(i, 1, M, j, 1, M, D(h1(t)[i], z1(t)[j]))",
        "definition",
        words="The M×M Jacobian matrix of the hidden layer.",
        course="06",
    ),
    Entry(
        "001-a85",
        "D(L, h1(t)) = D(L, z2(t)) @ D(z2(t), h1(t)) + D(L, z1(t+1)) @ D(z1(t+1), h1(t))",
        "holds",
        words="A hidden state affects the loss through its output and through the next pre-activation.",
        course="06",
    ),
    Entry(
        "001-a86",
        "columns(D(L, z2(t))) = M",
        "scan",
        corrected="columns(D(L, z2(t))) = K",
        why="The brace below the derivative by the pre-activation of the output reads 1×M; it is 1×K, as before, and "
        "the K×M matrix beside it needs it so.",
        words="The first factor of the first term is 1×M.",
        course="06",
    ),
    Entry(
        "001-a87",
        "D(z2(t), h1(t)) = matrix(k, 1, K, m, 1, M, D(z2(t)[k], h1(t)[m]))",
        "holds",
        words="The second factor of the first term is K×M.",
        course="06",
    ),
    Entry(
        "001-a88",
        "D(L, z1(t+1)) = row(m, 1, M, D(L, z1(t+1)[m]))",
        "holds",
        words="The first factor of the second term is 1×M.",
        where={"t": (1, 4)},
        course="06",
    ),
    Entry(
        "001-a89",
        "D(z1(t+1), h1(t)) = matrix(i, 1, M, j, 1, M, D(z1(t+1)[i], h1(t)[j]))",
        "holds",
        words="The second factor of the second term is M×M.",
        where={"t": (1, 4)},
        course="06",
    ),
    Entry(
        "001-a90",
        "D(L, h1(T)) = D(L, z2(T)) @ D(z2(T), h1(T))",
        "holds",
        words="At the last step the second term is absent.",
        course="06",
    ),
    Entry(
        "001-a91",
        "D(L, W0) = sum(t, T, T, sum(m, 1, M, D(L, z1(t)[m]) * D(z1(t)[m], W0)))",
        "reading",
        corrected="D(L, W0) = sum(t, 1, T, sum(m, 1, M, D(L, z1(t)[m]) * d(z1(t)[m], W0)))",
        why=f"{IMMEDIATE} Moreover the scan has lost the second limit of the sum, which leaves the last step alone.",
        words="The input weights affect the loss through the pre-activation of the hidden layer at every step.",
        course="08",
    ),
    Entry(
        "001-a92",
        "D(L, W0) = sum(t, T, T, sum(m, 1, M, D(L, z1(t)[m]) * D(z1(t)[m], W0)))",
        "scan",
        corrected="D(L, W0) = sum(t, 1, T, h0(t) @ D(L, z1(t)))",
        why="The scan repeats the form before. Its braces, D×1 and 1×M, fit the input and the derivative by the "
        "pre-activation, in the order of the first and the third derivative; the sum has two limits there.",
        course="08",
    ),
    Entry(
        "001-a93",
        "rows(D(L, z1(t))) = D",
        "scan",
        corrected="rows(h0(t)) = D",
        words="The first factor is D×1.",
        why="The brace belongs to the input, which the scan has replaced by the derivative by the pre-activation.",
        course="08",
    ),
    Entry(
        "001-a94",
        "rows(D(z1(t)[m], W0)) = 1",
        "scan",
        corrected="rows(D(L, z1(t))) = 1",
        words="The second factor is 1×M.",
        why="The brace belongs to the derivative of the loss, which the scan has replaced by that of the "
        "pre-activation: an array with three indices, here taken for one entry of z.",
        course="08",
    ),
    Entry(
        "001-a95",
        "D(z1(t), b0) = diag(ones(b0))",
        "reading",
        corrected="d(z1(t), b0) = diag(ones(b0))",
        why="Right as the immediate derivative, wrong as the total one, to which earlier states contribute; "
        "the sum over t needs the immediate one.",
        course="08",
    ),
    Entry(
        "001-a96",
        "D(L, b0) = sum(t, T, T, D(L, z1(t)))",
        "scan",
        corrected="D(L, b0) = sum(t, 1, T, D(L, z1(t)))",
        why="The scan has lost the second limit of the sum, which leaves the last step alone; the bias acts at every "
        "step.",
        course="08",
    ),
    # training, vanishing and exploding gradients
    Entry(
        "001-a97",
        "D(h1(T), h1(0)) = prod(s, 1, T, diag(1 - h1(T+1-s)**2) @ W11)",
        "holds",
        words="A recurrent network is a very deep one: each step is a layer.",
        course="12",
    ),
    Entry("001-a98", "h2(t) = softmax(z2(t))", "definition", why=TIMES, course="05"),
    Entry(
        "001-a99",
        "D(L, a[i]) = D(h_a[k], a[k]) * sum(k, 1, K, w[k,j] * D(L, a_out[k]))",
        "scan",
        corrected="D(L, a[j]) = D(h_a[j], a[j]) * sum(k, 1, K, w[k,j] * D(L, a_out[k]))",
        why="Three letters stand for one hidden unit, i on the left, k in the slope and j in the weight, and k is also "
        "the index of the sum; by hand they are easily taken for each other.",
        setting="deltas",
        course="12",
    ),
    Entry(
        "001-a100",
        "h_sigmoid[i] <= 1/4",
        "scan",
        corrected="D(h_sigmoid[i], z[i]) <= 1/4",
        why="It is the slope of the sigmoid that is at most 1/4; the function itself reaches up to 1. The prime is "
        "lost.",
        setting="activations",
        course="12",
        near="D(h_sigmoid[i], z[i]) <= 1/5",
    ),
    Entry(
        "001-a101",
        "h_tanh[i] <= 1",
        "scan",
        why="The prime is lost here too: the slope is meant. The bound 1 is right for both.",
        is_typographical=True,
        setting="activations",
        course="12",
        near="h_tanh[i] <= 1/2",
    ),
    Entry(
        "001-a102",
        "D(h_tanh[i], z[i]) <= 1",
        "holds",
        words="The slope of tanh is at most 1.",
        setting="activations",
        course="12",
        near="D(h_tanh[i], z[i]) <= 1/2",
    ),
    Entry(
        "001-a103",
        "D(h_relu[i], z[i]) <= 1",
        "scan",
        why="Of the third bound only the 1 is left; it is checked for the slope of ReLU, the next in the lecture's "
        "list.",
        is_typographical=True,
        setting="activations",
        course="12",
        near="D(h_relu[i], z[i]) <= 1/2",
    ),
    Entry("001-a104", "z2(t) = W1 @ h1(t) + b1", "definition", why=TIMES, course="05"),
    Entry("001-a105", "h1(t) = tanh(z1(t))", "definition", why=TIMES, course="06"),
    Entry(
        "001-a106",
        "z1(t) = W0 @ h0(t) + b0 + W1 @ h1(t-1)",
        "scan",
        corrected="z1(t) = W0 @ h0(t) + b0 + W11 @ h1(t-1)",
        why="The earlier state meets the recurrent weights, with two ones above, as on the pages before; the output "
        "weights do not even fit in shape.",
        course="07",
    ),
    Entry(
        "001-a107",
        "D(h(t), h(0)) <= (1/4)**t",
        "holds",
        why="Shown for one sigmoid state with the recurrent weight 1: the bound on the slope acts once a step.",
        words="Gradients vanish.",
        setting="sigmoid state",
        course="12",
        near="D(h(t), h(0)) <= (1/5)**t",
    ),
    Entry(
        "001-a108",
        "rows(W1) = columns(W1)",
        "scan",
        corrected="rows(W11) = columns(W11)",
        why="Only a square matrix has eigenvalues: the recurrent weights, with two ones above, are meant.",
        words="Exploding gradients are a matter of the eigenvalues of the weights.",
        course="12",
    ),
    Entry(
        "001-a109",
        "D(h(t), h(0)) @ h_linear(0) = lam**t * h_linear(0)",
        "reading",
        corrected="D(h_linear(t), h_linear(0)) @ h_linear(0) = lam**t * h_linear(0)",
        why="Right without activation: along an eigenvector, the derivative grows by λ a step (here λ = 2). With tanh "
        "the slopes enter every step, and it is a rule of thumb.",
        words="The eigenvalue λ decides whether gradients explode.",
        setting="eigenvalues",
        course="12",
    ),
    # what recurrence buys
    Entry(
        "001-a110",
        "(1*2 + 1) + (1*2 + 1) = 1*4 + 1*2",
        "holds",
        words="In binary, 11 + 11 = 110.",
        setting="addition",
        course="11",
    ),
    Entry(
        "001-a111",
        "4**n = prod(i, 1, 2*n, 2)",
        "holds",
        why="Two digits at each of n places: so many pairs of numbers, and so many lines has their table.",
        words="An MLP needs exponentially many training examples in the number of digits.",
        setting="addition",
        course="11",
    ),
    Entry(
        "001-a112",
        "y(t) = target(t)",
        "holds",
        why="Shown by a network with weights set by hand, for 45 + 27; the weights do not depend on the length.",
        words="A recurrent network can answer perfectly, for numbers of any size.",
        setting="addition",
        course="11",
    ),
    Entry(
        "001-a113",
        "y(t) = target(t)",
        "holds",
        why="Shown by a network with weights set by hand.",
        words="Parity, the second task, is of the same kind.",
        setting="parity",
        course="11",
    ),
    # bidirectional networks
    Entry(
        "001-a114",
        "h1_f(t) = tanh(W0_f @ h0(t) + W11_f @ h1_f(t-1) + b0_f)",
        "definition",
        words="A forward pass over the sequence, from a given state before the first step.",
        setting="bidirectional",
        course="15",
    ),
    Entry(
        "001-a115",
        "h1_b(1) = tanh(W0_b @ h0(T) + W11_b @ h1_b(T+1) + b0_b)",
        "reading",
        corrected="h1_b(T) = tanh(W0_b @ h0(T) + W11_b @ h1_b(T+1) + b0_b)",
        why="Right after the list of states is flipped in time, which the note below it may mean (001-a163); wrong if "
        "the first state of the list is the first that the pass over the flipped sequence computes.",
        words="A pass over the flipped sequence, from a given state after the last step, gives the states 1 to T.",
        setting="bidirectional",
        course="15",
    ),
    Entry(
        "001-a116",
        "h1_b(t) = tanh(W0_b @ h0(t) + W11_b @ h1_b(t+1) + b0_b)",
        "definition",
        why="The lecture writes one function for both passes; it is read as two sets of weights.",
        words="The same pass, step by step.",
        setting="bidirectional",
        course="15",
    ),
    Entry(
        "001-a117",
        "h2(t) = softmax(W1_f @ h1_f(t) + W1_b @ h1_b(t) + b1)",
        "definition",
        why="How the output uses both states is left open; this is the usual way.",
        words="The output of a step is computed from both states of that step.",
        setting="bidirectional",
        course="15",
    ),
    # L layers, in type
    Entry(
        "001-a118",
        "D(L, z_L(T)[i]) = sum(k, 1, K, D(L, h_L(T)[k]) * D(h_L(T)[k], z_L(T)[i]))",
        "holds",
        why="The lecture drops L and T on these pages; they are filled in here.",
        setting="L layers",
        course="14",
    ),
    Entry(
        "001-a119",
        "D(L, z_L(T)[i]) = row(k, 1, K, D(L, h_L(T)[k])) @ column(k, 1, K, D(h_L(T)[k], z_L(T)[i]))",
        "holds",
        setting="L layers",
        course="14",
    ),
    Entry(
        "001-a120", "D(L, z_L(T)[i]) = D(L, h_L(T)) @ D(h_L(T), z_L(T)[i])", "holds", setting="L layers", course="14"
    ),
    Entry("001-a121", "D(L, z_L(T)) = row(i, 1, K, D(L, z_L(T)[i]))", "holds", setting="L layers", course="14"),
    Entry(
        "001-a122",
        "D(L, z_L(T)) = row(i, 1, K, D(L, h_L(T)) @ D(h_L(T), z_L(T)[i]))",
        "holds",
        setting="L layers",
        course="14",
    ),
    Entry(
        "001-a123",
        "D(L, z_L(T)) = D(L, h_L(T)) @ row(i, 1, K, D(h_L(T), z_L(T)[i]))",
        "holds",
        setting="L layers",
        course="14",
    ),
    Entry("001-a124", "D(L, z_L(T)) = D(L, h_L(T)) @ D(h_L(T), z_L(T))", "holds", setting="L layers", course="14"),
    Entry(
        "001-a125",
        "D(h_L(T), z_L(T)) = matrix(i, 1, K, j, 1, K, D(h_L(T)[i], z_L(T)[j]))",
        "definition",
        words="The K×K Jacobian matrix.",
        setting="L layers",
        course="14",
    ),
    Entry(
        "001-a126",
        "D(h_l(t)[i], z_l(t)[j]) = same(i, j) * (1 - h_l(t)[i]**2)",
        "holds",
        words="The Jacobian of tanh is diagonal.",
        where={"i": (1, 5), "j": (1, 5)},
        setting="L layers",
        course="14",
    ),
    Entry(
        "001-a127",
        "D(h_relu[i], z[j]) = same(i, j) * D(h_relu[i], z[i])",
        "holds",
        words="The Jacobian of ReLU is diagonal.",
        setting="activations",
        course="14",
    ),
    Entry(
        "001-a128",
        "D(h_L(t)[i], z_L(t)[j]) != 0",
        "holds",
        words="The Jacobian of softmax is dense.",
        setting="L layers",
        course="14",
        near="D(h_l(t)[i], z_l(t)[j]) != 0",
    ),
    Entry(
        "001-a129",
        "rows(D(L, W_lm1)) = K",
        "reading",
        corrected="rows(grad(L, W_lm1)) = rows(W_lm1)",
        why="Two layouts share the nabla: by hand the derivative by a matrix has the shape of its transpose, here M×K; "
        "in type it is the gradient, of the shape of the matrix, K×M.",
        words="The derivative of the loss by the weights of a layer is K×M.",
        setting="shares",
        course="14",
    ),
    Entry(
        "001-a130",
        "grad(L, W_lm1_at(t)) = matrix(i, 1, K, j, 1, M, D(L, W_lm1[i,j]))",
        "reading",
        corrected="grad(L, W_lm1_at(t)) = matrix(i, 1, K, j, 1, M, D(L, W_lm1_at(t)[i,j]))",
        why="Right if the bar with t, on the left only, is meant for every entry; without it the entries are "
        "derivatives by the shared weight, over all steps. The weight as step t uses it is written with t here.",
        setting="shares",
        course="14",
    ),
    Entry(
        "001-a131",
        "grad(L(t), W_lm1) = D(L, z_l(t)).T @ h_lm1(t).T",
        "reading",
        corrected="grad(L, W_lm1_at(t)) = D(L, z_l(t)).T @ h_lm1(t).T",
        why=LOSS_OF_A_STEP,
        words="What is derived is the derivative of the loss for one time t.",
        setting="shares",
        course="14",
    ),
    Entry(
        "001-a132",
        "grad(L(t), W_lm1) = sum(k, 1, K, D(L(t), z_l(t)[k]) * D(z_l(t)[k], W_lm1).T)",
        "reading",
        corrected="grad(L, W_lm1_at(t)) = sum(k, 1, K, D(L, z_l(t)[k]) * D(z_l(t)[k], W_lm1_at(t)).T)",
        why=LOSS_OF_A_STEP,
        words="The loss for time t depends on the weights through the pre-activation of the same time.",
        setting="shares",
        course="14",
    ),
    Entry(
        "001-a133",
        "grad(L, W_lm1_at(t)) = matrix(i, 1, K, j, 1, M, D(L, z_l(t)[i]) * D(z_l(t)[i], W_lm1[i,j]))",
        "reading",
        corrected="grad(L, W_lm1_at(t)) = matrix(i, 1, K, j, 1, M, D(L, z_l(t)[i]) * d(z_l(t)[i], W_lm1[i,j]))",
        why="Right if the derivative of the pre-activation is the immediate one; the total one holds earlier steps "
        "too, as the layer is recurrent.",
        setting="shares",
        course="14",
    ),
    Entry(
        "001-a134",
        "grad(L, W_lm1_at(t)) = matrix(i, 1, K, j, 1, M, D(L, z_l(t)[i]) * h_lm1(t)[j])",
        "holds",
        setting="shares",
        course="14",
    ),
    Entry(
        "001-a135",
        "grad(L, W_lm1_at(t)) = column(i, 1, K, D(L, z_l(t)[i])) @ row(j, 1, M, h_lm1(t)[j])",
        "holds",
        setting="shares",
        course="14",
    ),
    Entry(
        "001-a136",
        "D(z_l(t)[k], W_lm1_at(t)).T = h_lm1(t).T",
        "reading",
        corrected="grad(L, W_lm1_at(t)) = D(L, z_l(t)).T @ h_lm1(t).T",
        why="Right if the second brace is a short name for the row of states in which all entries of the "
        "pre-activation agree; wrong as a derivative, which is a K×M matrix for every entry.",
        words="The gradient is the product of two transposed derivatives, the second of which is a row of states.",
        setting="shares",
        course="14",
    ),
    Entry("001-a137", "h_L(T) = softmax(z_L(T))", "definition", setting="L layers", course="14"),
    Entry(
        "001-a138",
        "D(L, z_L(T)) = D(L, h_L(T)) @ D(h_L(T), z_L(T))",
        "holds",
        words="The start of the backward pass: the final output.",
        setting="L layers",
        course="14",
    ),
    Entry(
        "001-a139",
        "grad(L, W_Lm1_at(T)) = D(L, z_L(T)) @ h_Lm1(T).T",
        "erratum",
        corrected="grad(L, W_Lm1_at(T)) = D(L, z_L(T)).T @ h_Lm1(T).T",
        why="The derivative by the pre-activation is a row and needs the transpose that the general formula has: "
        "a row times a row does not exist.",
        setting="shares",
        course="14",
    ),
    Entry(
        "001-a140",
        "columns(grad(L, W_Lm1_at(T))) = M_Lm1",
        "holds",
        words="The derivative by the weights of the final layer has as many columns as the layer below has units.",
        setting="shares",
        course="14",
    ),
    Entry(
        "001-a141",
        "grad(L, W_lm1) = sum(t, 1, T, D(L, z_l(t)).T @ h_lm1(t).T)",
        "holds",
        why="Its equation (1). The name of the index stands above the sum, its first value below.",
        words="For each layer: a layer between others.",
        setting="L layers",
        course="14",
    ),
    Entry(
        "001-a142",
        "grad(L, W0) = sum(t, 1, T, D(L, z_lm1(t)).T @ h0(t).T)",
        "holds",
        words="For each layer: the first one (here l-1 is 1).",
        setting="L layers",
        course="14",
    ),
    Entry(
        "001-a143",
        "grad(L, W_Lm1) = sum(t, 1, T, D(L, z_L(t)).T @ h_Lm1(t).T)",
        "holds",
        words="For each layer: the last one.",
        setting="L layers",
        course="14",
    ),
    Entry("001-a144", "D(L, h_Lm1(T)) = D(L, z_L(T)) @ W_Lm1", "holds", setting="L layers", course="14"),
    Entry(
        "001-a145",
        "columns(D(L, h_Lm1(T))) = M_Lm1",
        "holds",
        words="It is a row of that length.",
        setting="L layers",
        course="14",
    ),
    Entry(
        "001-a146",
        "columns(D(L, z_L(T))) = M_L",
        "holds",
        words="Its first factor is a row, as long as the output, which the pages before call K.",
        setting="L layers",
        course="14",
    ),
    Entry(
        "001-a147",
        "D(L, h_Lm1(t)) = D(L, z_L(t)) @ W_Lm1 + D(L, z_Lm1(t+1)) @ W_Lm1Lm1",
        "holds",
        where={"t": (1, 3)},
        setting="L layers",
        course="14",
    ),
    Entry(
        "001-a148",
        "rows(W_Lm1Lm1) = M_Lm1",
        "holds",
        words="The recurrent weights are square.",
        setting="L layers",
        course="14",
    ),
    # what a second reading found, in the order of the lecture
    Entry(
        "001-a149",
        "D(y(t)[k], x(s)[j]) = same(s, t) * D(y(t)[k], x(t)[j])",
        "holds",
        why="Shown by the network of the first pages without its recurrent weights.",
        words="Static signals: the output depends on the current input, and on no other.",
        setting="static",
        course="03",
    ),
    Entry(
        "001-a150",
        "x(t) = column(j, 1, 2, x(t)[j])",
        "definition",
        words="A single input is a series of vectors, one a step (here with two entries).",
        setting="first pages",
        course="03",
    ),
    Entry(
        "001-a151",
        "D(h1(t), h1(t-1)) = D(h1(t), z1(t)) @ D(z1(t), h1(t-1))",
        "holds",
        words="Hidden states recur through the pre-activation: the same sentence again, one page on.",
        course="06",
    ),
    Entry(
        "001-a152",
        "",
        "scan",
        why="Between the two lines of the product an arrow in brackets and the beginning of a word are left; neither "
        "has a value.",
        words="Something follows from y = Wx that cannot be read any more.",
        is_typographical=True,
        setting="linear map",
        course="01",
    ),
    Entry(
        "001-a153",
        "D(out[j], W) = matrix(i, 1, M, m, 1, k, same(j, m) * x[i])",
        "holds",
        words="Below the last product the shapes M×k and k×(M×k) stand once more: those of the two derivatives by W.",
        setting="linear map",
        course="01",
    ),
    Entry(
        "001-a154",
        "",
        "scan",
        why="The S is a δ, as the later pages write it; a label has no value.",
        words="The brace under the derivative by the pre-activation of the output reads S-values.",
        is_typographical=True,
        course="05",
    ),
    Entry(
        "001-a155",
        "scale * D(L, scale) = sum(k, 1, K, sum(m, 1, M, W1[k,m] * D(L, W1[k,m]))) + sum(k, 1, K, b1[k] * D(L, b1[k]))"
        " + sum(m, 1, M, sum(j, 1, M, W11[m,j] * D(L, W11[m,j])))"
        " + sum(m, 1, M, sum(j, 1, D, W0[m,j] * D(L, W0[m,j]))) + sum(m, 1, M, b0[m] * D(L, b0[m]))",
        "holds",
        words="All derivatives that training needs are there. Let every parameter be multiplied by one number: what "
        "the loss does then, the five derivatives tell together, and no four of them do.",
        setting="scaled",
        course="08",
    ),
    Entry(
        "001-a156",
        "4 * x(t)[1] + 2 * x(t)[2] + x(t)[3] = t - 1",
        "definition",
        words="The truth table of the addition of a carry and two bits: its lines are the numbers from 0 to 7, in "
        "binary.",
        setting="truth table",
        course="11",
    ),
    Entry(
        "001-a157",
        "target(t) = y(t)",
        "undecidable",
        why="The copy does not tell whether the column was left for the audience to fill in or lost by the scanner. "
        "What belongs there is the digit of the sum, 0 1 1 0 1 0 0 1; a network with weights set by hand gives it.",
        words="The column Y of the truth table is blank.",
        setting="truth table",
        course="11",
    ),
    Entry(
        "001-a158",
        "",
        "undecidable",
        why="A sentence about training in general, without a quantity, so that nothing can be evaluated. It may stand "
        "for a trade: who wants the network to be right on unseen numbers must accept errors on those it was trained "
        "on. As a law it would not hold: the weights set by hand for the truth table make no error on any line.",
        words="Of the network that takes all digits at once: generalization implies training errors.",
        course="11",
    ),
    Entry(
        "001-a159",
        "columns(W0) = 2*n",
        "holds",
        why="The length of the numbers is built into the first weights: another n needs another network. Here n is 4.",
        words="Such a network works for numbers of n bits only.",
        setting="all digits",
        course="11",
    ),
    Entry(
        "001-a160",
        "n <= T",
        "scan",
        corrected="prod(i, 1, 3, 2) = T",
        why="The sign of infinity is an 8 that the scan has laid on its side: the table has eight lines, all the cases "
        "that a step of the addition can meet. Read as infinity, more lines than any n would be needed.",
        words="The recurrent network needs ∞ training examples.",
        setting="truth table",
        course="11",
    ),
    Entry(
        "001-a161",
        "2**n = prod(i, 1, n, 2)",
        "holds",
        why="As many lines has its table, one for each row of n bits.",
        words="Parity has the same drawbacks for a network that takes all bits at once: exponentially many examples.",
        setting="parity",
        course="11",
    ),
    Entry(
        "001-a162",
        "columns(W0) = n",
        "holds",
        why="As for the sum of two numbers: the length is built into the first weights. Here n is 4.",
        words="Parity has the same drawbacks for such a network: it works for n bits only.",
        setting="parity of all digits",
        course="11",
    ),
    Entry(
        "001-a163",
        "",
        "undecidable",
        why="Taken to the letter it flips the input twice, which leaves it as it was; the list of inputs above it is "
        "flipped already. It may mean the states: flip them after the pass, so that both lists run in the same "
        "order.",
        words="The note under the pass over the flipped sequence: flip the input sequence after flipping in time.",
        setting="bidirectional",
        course="15",
    ),
    Entry(
        "001-a164",
        "W_Lm1 = matrix(i, 1, M_L, j, 1, M_Lm1, W_Lm1[i,j])",
        "definition",
        words="The weights of the final layer are a matrix with as many rows as the layer has units, and as many "
        "columns as the one below it.",
        setting="L layers",
        course="14",
    ),
)
