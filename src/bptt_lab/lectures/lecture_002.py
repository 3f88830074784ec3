"""Source 002: a recurrent network of single numbers, first with activations, then linear; five numbered results."""

from __future__ import annotations

import numpy as np

from bptt_lab.formulas import Style, Symbol
from bptt_lab.lectures.rows import Entry, Lecture
from bptt_lab.lectures.settings import Setting

STEPS = 6
ACTIVATIONS = """
    v = W_aa
    u = W_ax
    a[t] = tanh(v * a[t-1] + u * x[t] + b_a)
    y_hat[t] = sigmoid(W_y * a[t] + b_y)
    L[t] = bce(y_hat[t], y[t])
"""
LINEAR = """
    a[t] = v * a[t-1] + u * x[t] + b_a
    y_hat[t] = {output}(w_y * a[t] + b_y)
    z[t] = (1 - y[t]) / (1 - y_hat[t]) - y[t] / y_hat[t]
    L[t] = bce(y_hat[t], y[t])
"""
STACKED = """
    stack[t] = concat(a[t-1], x[t])
    a[t] = tanh(W_a @ stack[t] + b_a)
    apart[t] = tanh(W_aa @ a[t-1] + W_ax @ x[t] + b_a)
    y_hat[t] = sigmoid(W_y @ a[t] + b_y)
    L[t] = bce(y_hat[t], y[t])
"""
# an output without activation must lie between 0 and 1, or its cross-entropy has no value
LEAVES = {
    **{name: np.array([value]) for name, value in dict(v=0.6, u=0.3, b_a=0.1, w_y=0.4, b_y=0.2).items()},
    "x": np.array([[0.5], [-0.4], [0.9], [0.2], [-0.7], [0.8]]),
    "y": np.array([[0.9], [0.1], [0.3], [0.8], [0.6], [0.2]]),
}


def _stacked_leaves() -> dict[str, np.ndarray]:
    """Return random leaves in which W_a is W_aa beside W_ax."""
    shapes = dict(W_aa=(3, 3), W_ax=(3, 2), b_a=3, W_y=(1, 3), b_y=1, x=(STEPS, 2))
    rng = np.random.default_rng(2)
    found = {name: rng.uniform(-1, 1, shape) for name, shape in shapes.items()}  # type: ignore[call-overload]
    joined = np.hstack([found["W_aa"], found["W_ax"]])
    return found | {"W_a": joined, "a[0]": rng.uniform(-1, 1, 3), "y": rng.uniform(0.1, 0.9, (STEPS, 1))}


def _setting(text: str, leaves: dict[str, np.ndarray], **sizes: int) -> Setting:
    ranges, constants = dict(t=(1, STEPS)), dict(T_x=STEPS, T_y=STEPS)
    return Setting(text, sizes, T=STEPS, ranges=ranges, constants=constants, leaves=leaves)


NUMBERS = dict(x=1, a=1, y_hat=1)
SETTINGS = {
    "": _setting(LINEAR.format(output=""), {**LEAVES, "a[0]": np.array([0.7])}, **NUMBERS),
    "from zero": _setting(LINEAR.format(output=""), LEAVES, **NUMBERS),
    "sigmoid": _setting(LINEAR.format(output="sigmoid"), {}, **NUMBERS),
    "activations": _setting(ACTIVATIONS, {}, **NUMBERS),
    "stacked": _setting(STACKED, _stacked_leaves(), x=2, a=3, apart=3, y_hat=1),
}
SYMBOLS = {
    **{name: Symbol(name, name) for name in ("v", "u", "x", "a", "y", "z", "b_a", "b_y", "w_y", "W_y", "W_a")},
    **{name: Symbol(latex, latex) for name, latex in dict(W_aa="W_{aa}", W_ax="W_{ax}", y_hat=r"\hat{y}").items()},
    "stack": Symbol("[a, x]", "[a, x]"),
}
LECTURE = Lecture(
    number="002",
    title="Backprop through time",
    author="unsigned notes",
    settings=SETTINGS,
    hand=Style(
        symbols=SYMBOLS,
        time=r"\langle {}\rangle",
        marks={"total": (r"\partial", r"\partial"), "immediate": (r"\partial", r"\partial")},
        numbers=frozenset(SYMBOLS) - {"stack", "W_a"},
    ),
    course=dict(
        v="W11", W_aa="W11", u="W0", W_ax="W0", w_y="W1", W_y="W1", b_a="b0", b_y="b1", a="h1", y_hat="h2", x="x", y="y"
    ),
    course_variables=dict(T_x="T", T_y="T"),
)  # fmt: skip

# Every letter of these formulas is one number (but in the setting "stacked"), so @ is the product of numbers. In print
# w_y is also W_y, and the activations g and g* are left open; they are checked as tanh and sigmoid until they become
# the identity.
SUM_BY_V = "sum(j, 0, t-1, w_y @ v**j @ a(t-1-j))"
SUM_BY_U = "sum(j, 0, t-1, w_y @ v**j @ x(t-j))"
SUM_BY_B = "sum(j, 0, t-1, w_y @ v**j)"
SIGMOID = "sigmoid(w_y @ a(t) + b_y)"
UPPER_SLOPE = f"a(t) @ {SIGMOID}**2 @ ({SIGMOID}**(-1) - 1)"
LOWER_SLOPE = "a(t) @ (y_hat(t)**(-1) - 1) @ y_hat(t)**2"
NO_RECURSION = (
    "The recursion is dropped: earlier states depend on the bias too, each through one more factor v. "
    "What is printed is right at the first step only, where the state before is given."
)

# The display that asks for the derivatives by W_y, v and u states nothing and has no row. The number (1) stands beside
# the box of the derivative by w_y only in the totals at the end, which repeat (1) to (5) and have rows of their own.
ENTRIES = (
    Entry("002-a01", "T_x = T_y", "definition", words="There are as many outputs as inputs.", course="03"),
    Entry(
        "002-a02",
        "1 + a(0) = 1",
        "definition",
        why="The state before the first step is set to zero (1 is added on both sides: a check by ratio needs a side "
        "that is not zero). The course keeps it as an input with a derivative of its own.",
        words="The state before the first step is zero.",
        setting="from zero",
        course="04",
    ),
    Entry(
        "002-a03",
        "a(t) = tanh(v/W_aa @ a(t-1) + u/W_ax @ x(t) + b_a)",
        "scan",
        corrected="a(t) = tanh(W_aa @ a(t-1) + W_ax @ x(t) + b_a)",
        why="The short names v and u stand above the weights they are names of; scanned, they read as quotients. "
        "The activation g is left open in print; it is checked as the hyperbolic tangent.",
        setting="activations",
        course="04",
    ),
    Entry("002-a04", "y_hat(t) = sigmoid(W_y @ a(t) + b_y)", "definition", setting="activations", course="04"),
    Entry("002-a05", "a(t) = tanh(W_a @ stack(t) + b_a)", "definition", setting="stacked", course="04"),
    Entry("002-a06", "y_hat(t) = sigmoid(W_y @ a(t) + b_y)", "definition", setting="stacked", course="04"),
    Entry(
        "002-a07",
        "W_a @ stack(t) = W_aa @ a(t-1) + W_ax @ x(t)",
        "holds",
        words="One matrix holds both weight matrices, side by side.",
        setting="stacked",
        course="04",
    ),
    Entry(
        "002-a08",
        "stack(t) = column(i, 1, 5, sum(j, 1, 3, same(i,j)*a(t-1)[j]) + sum(j, 1, 2, same(i,3+j)*x(t)[j]))",
        "holds",
        words="The earlier state stands on top of the input, in one column.",
        setting="stacked",
        course="04",
    ),
    Entry(
        "002-a09",
        "L(t) = -(y(t) @ log(y_hat(t)) + (1 - y(t)) @ log(1 - y_hat(t)))",
        "definition",
        setting="activations",
        course="02",
    ),
    Entry("002-a10", "L = sum(t, 1, T_y, L(t))", "definition", setting="activations", course="03"),
    Entry("002-a11", "a(t) = tanh(v @ a(t-1) + u @ x(t) + b_a)", "definition", setting="activations", course="04"),
    Entry(
        "002-a12",
        "y_hat(t) = identity(w_y @ identity(v @ a(t-1) + u @ x(t) + b_a) + b_y)",
        "definition",
        words="From here on, both activations are the identity.",
        course="04",
    ),
    Entry(
        "002-a13",
        "L(t) = -(y(t) @ log(y_hat(t))) + (1 - y(t)) @ log(1 - y_hat(t))",
        "erratum",
        corrected="L(t) = -(y(t) @ log(y_hat(t)) + (1 - y(t)) @ log(1 - y_hat(t)))",
        why="A bracket closes too early, and the minus sign no longer reaches the second term; the first print of the "
        "loss has it right, and the derivative below belongs to that one.",
        course="04",
    ),
    Entry("002-a14", "D(L(t), y_hat(t)) = -(y(t)/y_hat(t)) + (1 - y(t))/(1 - y_hat(t))", "holds", course="04"),
    Entry(
        "002-a15",
        "D(L(t), y_hat(t)) = z(t)/z(t)",
        "scan",
        corrected="D(L(t), y_hat(t)) = z(t)",
        why="An arrow gives the derivative the name z; the scan has the name twice, one above the other, "
        "which reads as a quotient.",
        course="04",
    ),
    Entry(
        "002-a16",
        f"y_hat(t) = {SIGMOID}",
        "erratum",
        corrected="y_hat(t) = w_y @ a(t) + b_y",
        why="σ is the sigmoid, whose slope the next line needs; the output function was just set to the identity, and "
        "the second form has it so. One line is about two networks.",
        course="04",
    ),
    Entry("002-a17", "y_hat(t) = w_y @ a(t) + b_y", "definition", course="04"),
    Entry(
        "002-a18",
        f"D(y_hat(t), w_y) = ({UPPER_SLOPE}) / ({LOWER_SLOPE})",
        "scan",
        corrected=f"D(y_hat(t), w_y) = {UPPER_SLOPE}",
        why="Two equal forms of the slope of a sigmoid output stand one above the other; scanned, they read as "
        "a quotient, which is 1. This is the upper one.",
        setting="sigmoid",
        course="04",
    ),
    Entry(
        "002-a19",
        f"D(y_hat(t), w_y) = {LOWER_SLOPE}",
        "holds",
        why="The lower form. It holds for a sigmoid output; for the identity chosen before, the next line does.",
        setting="sigmoid",
        course="04",
    ),
    Entry("002-a20", "D(y_hat(t), w_y) = a(t)", "holds", course="04"),
    Entry("002-a21", "D(L(t), w_y) = D(L(t), y_hat(t)) @ D(y_hat(t), w_y)", "holds", course="04"),
    Entry("002-1", "D(L(t), w_y) = z(t) @ a(t)", "holds", course="04"),
    Entry("002-a22", "D(y_hat(t), b_y) = 1", "holds", course="04"),
    Entry("002-2", "D(L(t), b_y) = z(t)", "holds", course="04"),
    Entry("002-a23", "a(t) = v @ a(t-1) + u @ x(t) + b_a", "definition", course="04"),
    Entry("002-a24", "D(a(t), v) = a(t-1) + v @ D(a(t-1), v)", "holds", course="04"),
    Entry(
        "002-a25",
        "D(a(t), u) = x(t) + v @ D(x(t), u)",
        "erratum",
        corrected="D(a(t), u) = x(t) + v @ D(a(t-1), u)",
        why="It is the earlier state that depends on u, not the input, whose derivative by u is zero; "
        "the lines that follow have it right.",
        course="04",
    ),
    Entry(
        "002-a26",
        "D(a(t), b_a) = 1",
        "erratum",
        corrected="D(a(t), b_a) = 1 + v @ D(a(t-1), b_a)",
        why=NO_RECURSION + " Read as an immediate derivative, 1 is right; its two neighbours on the line are total.",
        course="04",
    ),
    Entry("002-a27", "D(y_hat(t), a(t)) = w_y", "holds", course="04"),
    Entry(
        "002-a28",
        "D(y_hat(t), v) = D(y_hat(t), a(t)) @ D(a(t), v)",
        "undecidable",
        why="The state wears a hat here, twice, as if it were another letter; it is the state a. Whether the author or "
        "the scanner drew the hats, the copy does not tell.",
        course="04",
    ),
    Entry("002-a29", "D(y_hat(t), v) = w_y @ a(t-1) + w_y @ v @ D(a(t-1), v)", "holds", course="04"),
    Entry("002-a30", "D(y_hat(t), u) = w_y @ x(t) + w_y @ v @ D(a(t-1), u)", "holds", course="04"),
    Entry(
        "002-a31",
        "D(y_hat(t), b_a) = w_y",
        "erratum",
        corrected="D(y_hat(t), b_a) = w_y + w_y @ v @ D(a(t-1), b_a)",
        why=NO_RECURSION + " Read as an immediate derivative of the state, it is right.",
        course="04",
    ),
    Entry("002-a32", "D(a(t-1), v) = a(t-2) + v @ D(a(t-2), v)", "holds", where={"t": (2, STEPS)}, course="04"),
    Entry("002-a33", "D(a(t-1), u) = x(t-1) + v @ D(a(t-2), u)", "holds", where={"t": (2, STEPS)}, course="04"),
    Entry("002-a34", f"D(y_hat(t), v) = {SUM_BY_V}", "holds", course="04"),
    Entry("002-a35", f"D(y_hat(t), u) = {SUM_BY_U}", "holds", course="04"),
    Entry(
        "002-a36",
        "D(y_hat(t), b_a) = w_y",
        "erratum",
        corrected=f"D(y_hat(t), b_a) = {SUM_BY_B}",
        why=NO_RECURSION + " Read as an immediate derivative of the state, it is right.",
        course="04",
    ),
    Entry("002-a37", "D(L(t), v) = D(L(t), y_hat(t)) @ D(y_hat(t), v)", "holds", course="04"),
    Entry(
        "002-3",
        "D(L(t), v) = sum(i, 1, t, w_y @ sum(j, 1, t-i, v**j @ a(t-i-j)))",
        "erratum",
        corrected=f"D(L(t), v) = z(t) @ {SUM_BY_V}",
        why="The factor z is missing; the inner sum starts at 1 and so loses the newest state; and the sum over i "
        "counts the older ones again, with other powers. The derivative of the output by v, above, is right.",
        course="04",
    ),
    Entry(
        "002-4",
        "D(L(t), u) = sum(i, 1, t, w_y @ sum(j, 1, t-i, v**j @ x(t-i-j)))",
        "erratum",
        corrected=f"D(L(t), u) = z(t) @ {SUM_BY_U}",
        why="The same three slips as in (3); moreover every input is one step too early, so that the sum reaches for "
        "an input at time 0, which does not exist.",
        course="04",
    ),
    Entry(
        "002-5",
        "D(L(t), b_a) = sum(i, 1, t, w_y)",
        "erratum",
        corrected=f"D(L(t), b_a) = z(t) @ {SUM_BY_B}",
        why="The factor z is missing, and so are the powers of v: the output weight is added once a step, which apart "
        "from z is right for v = 1 only. The derivative of the output by b_a, before (3), has the output weight alone, "
        "right at the first step.",
        course="04",
    ),
    Entry("002-a38", "L = sum(t, 1, T_x, L(t))", "definition", course="04"),
    Entry("002-a39", "D(L, u) = sum(t, 1, T_x, D(L(t), u))", "holds", course="04"),
    Entry("002-a40", "D(L, v) = sum(t, 1, T_x, D(L(t), v))", "holds", course="04"),
    Entry(
        "002-a41",
        "D(L, b_a) = sum(t, 1, T_x, D(L(t), b_a))",
        "undecidable",
        why="The index of the bias reads g on both sides; it is the bias of the state, with index a. Whether the "
        "author or the scanner wrote the g, the copy does not tell.",
        course="04",
    ),
    Entry("002-a42", "D(L, w_y) = sum(t, 1, T_x, D(L(t), w_y))", "holds", course="04"),
    Entry("002-a43", "D(L, b_y) = sum(t, 1, T_x, D(L(t), b_y))", "holds", course="04"),
)
