"""Source 000: the five derivatives of a recurrent network with one hidden layer, in numerator layout."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bptt_lab.formulas import Style, Symbol
from bptt_lab.lectures.rows import Entry, Lecture
from bptt_lab.lectures.settings import Setting

STEPS, INPUTS, HIDDEN, OUTPUTS = 6, 4, 5, 3
# as the slides list them, four times; their f is a softmax here, the dense case
EQUATIONS = (
    "h2[t] = softmax(a2[t])",
    "a2[t] = W1 @ h1[t] + b1",
    "h1[t] = tanh(a1[t])",
    "a1[t] = W0 @ h0[t] + W11 @ h1[t-1] + b0",
)
# t counts training examples in the first, and places under a kernel of two places in the second
FEED_FORWARD = (*EQUATIONS[:3], "a1[t] = W0 @ h0[t] + b0")
CONVOLUTION = (*EQUATIONS[:3], "a1[t] = V0 @ h0[t-1] + V1 @ h0[t] + b0")
# every parameter times one number: the loss reads them in no other way
SCALED = (
    EQUATIONS[0],
    "a2[t] = scale * (W1 @ h1[t] + b1)",
    EQUATIONS[2],
    "a1[t] = scale * (W0 @ h0[t] + W11 @ h1[t-1] + b0)",
)
# a network computes vectors only, so t counts the rows of the matrix Y
LAYOUTS = """
    y = tanh(P @ x + xs * p)
    Y[t] = tanh(xs * r[t])
    ys = mse(X @ z, c) + mse(x, g)
"""
TWO_PATHS = """
    u = tanh(p * xs)
    v = sigmoid(r * xs)
    f = mse(u * v, g)
"""
SYMMETRIC = np.array([[0.7, -0.4, 0.3, 0.9], [-0.4, 0.2, 0.8, -0.6], [0.3, 0.8, -0.5, 0.1], [0.9, -0.6, 0.1, 0.6]])
# e, a row of ones, adds up the entries of x * (A @ x)
QUADRATIC = dict(A=SYMMETRIC, x=np.array([0.5, -0.9, 0.4, 0.3]), e=np.ones((1, 4)))


def _network(equations: tuple[str, ...]) -> Setting:
    """Return a setting with a hidden and an output layer, of the sizes D, M and K."""
    text = "\n".join((*equations, "L[t] = nll(h2[t], y[t])"))
    highest = dict(t=STEPS, s=STEPS, l=INPUTS, i=HIDDEN, m=HIDDEN, k=OUTPUTS, n=OUTPUTS)
    ranges = {index: (1, high) for index, high in highest.items()}
    sizes = dict(D=INPUTS, M=HIDDEN, K=OUTPUTS)
    scale = dict(scale=()) if "scale" in text else {}
    return Setting(text, dict(h0=INPUTS, h1=HIDDEN, h2=OUTPUTS, **scale), STEPS, ranges, constants=sizes)


def _activation(function: str) -> Setting:
    """Return a setting of one layer with a scalar activation function."""
    return Setting(f"a = W @ x\nh = {function}(a)\nL = mse(h, g)", dict(x=INPUTS, h=HIDDEN), T=STEPS, ranges={})


SETTINGS = {
    "": _network(EQUATIONS),
    "feed-forward": _network(FEED_FORWARD),
    "scaled": _network(SCALED),
    "convolution": _network(CONVOLUTION),
    **{name: _activation(name) for name in ("sigmoid", "tanh", "relu")},
    "one dimension": Setting("y = tanh(w @ x)\nL = mse(V @ y, g)", dict(w=(1, 1), V=(3, 1)), T=STEPS, ranges={}),
    "two paths": Setting(TWO_PATHS, dict.fromkeys(("xs", "p", "r", "g"), ()), T=STEPS, ranges={}),
    "layouts": Setting(
        LAYOUTS, dict(x=4, y=3, xs=(), X=(STEPS, 5), r=5), STEPS, ranges={}, constants=dict(d=4, k=3, m=STEPS, n=5)
    ),
    "Mx": Setting("Mx = M @ x\nL = mse(Mx, g)", dict(M=(3, 4)), STEPS, ranges={}, constants=dict(k=3, d=4)),
    "quadratic form": Setting(
        "q = e @ (x * (A @ x))", dict(A=(4, 4), e=(1, 4)), STEPS, ranges={}, constants=dict(d=4), leaves=QUADRATIC
    ),
    "Wx": Setting("y = W @ x\nL = mse(y, g)", dict(W=(3, 4)), T=STEPS, ranges=dict(k=(1, 3)), constants=dict(K=3, M=4)),
}
X_A_X, M_X = r"\left(\mathbf{x}^{\top} \mathbf{A} \, \mathbf{x}\right)", r"\left(\mathbf{M} \, \mathbf{x}\right)"
LECTURE = Lecture(
    number="000",
    title="Backpropagation Through Time",
    author="Syed Irtaza Muzaffar",
    settings=SETTINGS,
    hand=Style(
        symbols={
            **{name: Symbol("W", "W", name[1:]) for name in ("W", "W0", "W1", "W11")},
            **{name: Symbol(rf"\mathbf{{{name[0]}}}", name[0], name[1:]) for name in ("a", "a1", "a2", "b0", "b1")},
            **{name: Symbol(rf"\mathbf{{{name}}}", name.lower()) for name in "XY"},
            **{name: Symbol(rf"\mathbf{{{name[0]}}}", name[0]) for name in ("xs", "ys")},
            **{name: Symbol(text, text) for name, text in dict(q=X_A_X, Mx=M_X, scale=r"\lambda").items()},
        },
        nabla=("total",),
        marks={"total": ("d", "d"), "immediate": (r"\partial", r"\partial")},
        numbers=frozenset({"xs", "ys", "u", "v", "f", "q", "scale"}),
        loss=r"\mathcal{L}",
    ),
    course=dict(h0="x", xs="x", ys="y", q=X_A_X, Mx=M_X, scale=r"\lambda"),
)

BACKWARDS = (
    "Right if the sum is taken to run backwards, from T down to 1, as the computation does; "
    "by the usual convention a sum whose upper limit is below its lower one is empty."
)
IMMEDIATE = (
    "Right if the second factor of each product is immediate, the earlier states held fixed; read as total, "
    "as the same sign is to be read in the first factor, it counts the use at an earlier step more than once."
)
SCANNED_LIMIT = "The scan shows another letter for T above the sum. "
LOST_NABLA = "The scan has lost the backslash and the first letter of the command for the nabla."
SCRIPT = "The scan sets W in script here; it is the same matrix."
BOLD_SCALAR = "A letter that stands for a scalar is set in bold here, as if it were a vector."
PICTURE = (
    "The scan has broken the picture into the cells of a table: signs, indices and brackets are lost or scattered."
)
# what the derivative by a parameter sums up at each step, and the notebook that derives it
TERMS = {
    "W1": ("h1(t) @ D(L, a2(t))", "05"),
    "b1": ("D(L, a2(t))", "05"),
    "W11": ("h1(t-1) @ D(L, a1(t))", "07"),
    "W0": ("h0(t) @ D(L, a1(t))", "08"),
    "b0": ("D(L, a1(t))", "08"),
}


def _forward(first: int, is_tanh_damaged: bool = False, is_in_script: bool = False) -> tuple[Entry, ...]:
    """Return the rows of the four equations that stand beside an influence diagram."""
    words = ("The output activation f is left open; it is a softmax here.", "", "", "")
    script = SCRIPT if is_in_script else ""
    rows = [
        Entry(f"000-a{first + n:02d}", equation, "definition", words=words[n], why=script * (n % 2), course="03")
        for n, equation in enumerate(EQUATIONS)
    ]
    if is_tanh_damaged:
        why = "The scan has lost the beginning of the function's name: of tanh only anh is left."
        rows[2] = replace(rows[2], verdict="scan", why=why, is_typographical=True)
    return tuple(rows)


def _summed(identity: str, name: str, verdict: str = "reading", limits: str = "T, 1", why: str = BACKWARDS) -> Entry:
    """Return the row of the derivative by a parameter as a sum over the steps, with the limits as printed."""
    term, course = TERMS[name]
    printed, corrected = (f"D(L, {name}) = sum(t, {ends}, {term})" for ends in (limits, "1, T"))
    return Entry(identity, printed, verdict, corrected=corrected, why=why, course=course)


def _damaged(identity: str, printed: str, why: str, words: str = "", setting: str = "", course: str = "01") -> Entry:
    """Return the row of a formula that the scan shows damaged and no number shows wrong."""
    return Entry(identity, printed, "scan", why=why, words=words, is_typographical=True, course=course, setting=setting)


def _blocks(first: int) -> tuple[Entry, ...]:
    """Return two rows for each entry of y = W x: its derivative by W as fractions, then as entries of x."""
    found = []
    for n in (1, 2, 3):
        for step, entry in enumerate((f"d(y[{n}], W[k,m])", f"same(k, {n})*x[m]")):
            printed = f"D(y[{n}], W) = matrix(m, 1, 4, k, 1, 3, {entry})"
            identity = f"000-a{first + 2 * (n - 1) + step:02d}"
            found.append(_damaged(identity, printed, PICTURE if n == 1 else LOST_NABLA, setting="Wx"))
    return tuple(found)


def _last_step(identity: str) -> Entry:
    """Return the row of the remark under the path through time."""
    words = "At the last step there is no path through time."
    return Entry(identity, "D(L, h1(T)) = D(L, a2(T)) @ W1", "holds", words=words, course="06")


def _transposed(first: int) -> tuple[Entry, ...]:
    """Return the rows of the claim that transposing gives what gradient descent uses, one for each parameter."""
    shapes = dict(
        W1="matrix(k, 1, K, m, 1, M, D(L, W1[k,m]))",
        b1="column(k, 1, K, D(L, b1[k]))",
        W11="matrix(i, 1, M, m, 1, M, D(L, W11[i,m]))",
        W0="matrix(m, 1, M, l, 1, D, D(L, W0[m,l]))",
        b0="column(m, 1, M, D(L, b0[m]))",
    )
    words = "Transposed, the derivative has the shape of its parameter: it is the gradient of gradient descent."
    return tuple(
        Entry(f"000-a{first + n:02d}", f"D(L, {name}).T = {shape}", "holds", words=words, course=TERMS[name][1])
        for n, (name, shape) in enumerate(shapes.items())
    )


def _declared(first: int) -> tuple[Entry, ...]:
    """Return the rows of the sizes that the slides of background declare."""
    declared = (
        ("x = column(j, 1, d, x[j])", "The vector x has d entries.", "layouts"),
        ("y = column(i, 1, k, y[i])", "The vector y has k entries.", "layouts"),
        ("X = matrix(i, 1, m, j, 1, n, X[i,j])", "The matrix X has m rows and n columns.", "layouts"),
        ("M = matrix(i, 1, k, j, 1, d, M[i,j])", "The matrix M has k rows and d columns.", "Mx"),
        ("A = matrix(i, 1, d, j, 1, d, A[i,j])", "The matrix A has d rows and d columns.", "quadratic form"),
        ("y = W @ x", "The vector of which the loss is a function is a matrix times a vector.", "Wx"),
        ("W = matrix(k, 1, K, m, 1, M, W[k,m])", "That matrix has K rows and M columns.", "Wx"),
    )
    return tuple(
        Entry(f"000-a{first + n}", printed, "definition", words=words, course="01", setting=setting)
        for n, (printed, words, setting) in enumerate(declared)
    )


ENTRIES = (
    # the five derivatives
    Entry(
        "000-a01",
        "D(L, W1) = matrix(m, 1, M, k, 1, K, D(L, W1[k,m]))",
        "holds",
        words="The derivative by the output weights, a matrix of K rows and M columns, has M rows and K columns.",
        course="05",
    ),
    Entry(
        "000-a02",
        "D(L, b1) = row(k, 1, K, D(L, b1[k]))",
        "holds",
        words="The derivative by the output bias is a row of K entries.",
        course="05",
    ),
    Entry(
        "000-a03",
        "D(L, W11) = matrix(m, 1, M, i, 1, M, D(L, W11[i,m]))",
        "holds",
        words="The derivative by the recurrent weights has M rows and M columns, transposed as the others are.",
        course="07",
    ),
    Entry(
        "000-a04",
        "D(L, W0) = matrix(l, 1, D, m, 1, M, D(L, W0[m,l]))",
        "holds",
        words="The derivative by the input weights, a matrix of M rows and D columns, has D rows and M columns.",
        course="08",
    ),
    Entry(
        "000-a05",
        "D(L, b0) = row(m, 1, M, D(L, b0[m]))",
        "holds",
        words="The derivative by the hidden bias is a row of M entries.",
        course="08",
    ),
    # background: the chain rule and the layouts
    Entry("000-a06", "D(f, xs) = d(f, u) @ D(u, xs) + d(f, v) @ D(v, xs)", "holds", course="01", setting="two paths"),
    Entry(
        "000-a07",
        "D(ys, x) = row(j, 1, d, d(ys, x[j]))",
        "scan",
        words="The derivative of a scalar by a vector of d entries is a row of d entries.",
        why=BOLD_SCALAR,
        is_typographical=True,
        course="01",
        setting="layouts",
    ),
    Entry(
        "000-a08",
        "D(y, xs) = column(i, 1, k, d(y[i], xs))",
        "scan",
        words="The derivative of a vector of k entries by a scalar is a column of k entries.",
        why=BOLD_SCALAR,
        is_typographical=True,
        course="01",
        setting="layouts",
    ),
    Entry(
        "000-a09",
        "D(y, x) = column(i, 1, k, D(y[i], x))",
        "scan",
        words="The derivative of a vector by a vector stacks the rows of its entries' derivatives.",
        why=BOLD_SCALAR,
        is_typographical=True,
        course="01",
        setting="layouts",
    ),
    Entry(
        "000-a10",
        "D(y, x) = matrix(i, 1, k, j, 1, d, d(y[i], x[j]))",
        "scan",
        words="Written out, that is a matrix of k rows and d columns.",
        why=BOLD_SCALAR + " The brace below carries a stray letter beside the shape.",
        is_typographical=True,
        course="01",
        setting="layouts",
    ),
    Entry(
        "000-a11",
        "D(ys, X) = matrix(j, 1, n, i, 1, m, d(ys, X[i,j]))",
        "holds",
        words="The derivative of a scalar by a matrix has the transposed shape: n rows and m columns for m rows and n.",
        course="01",
        setting="layouts",
    ),
    Entry(
        "000-a12",
        "column(i, 1, m, D(Y(i), xs).T) = matrix(i, 1, m, j, 1, n, d(Y(i)[j], xs))",
        "scan",
        words="The derivative of a matrix by a scalar keeps the shape of the matrix; it is stated here row by row.",
        why=BOLD_SCALAR,
        is_typographical=True,
        course="01",
        setting="layouts",
    ),
    _damaged(
        "000-a13", "D(Mx, x) = M", f"{LOST_NABLA} The mark of the list before it is damaged likewise.", setting="Mx"
    ),
    Entry(
        "000-a14",
        "D(q, x) = 2*(A @ x).T",
        "holds",
        words="The matrix A is symmetric; without that the derivative is another one.",
        course="01",
        setting="quadratic form",
    ),
    # the derivative of a scalar by the matrix in Wx
    Entry(
        "000-a15",
        "D(L, W) = sum(k, 1, K, d(L, y[k])*D(y[k], W))",
        "holds",
        words="A row of K entries times an array with three indices: the sum over the entries of y.",
        course="01",
        setting="Wx",
    ),
    Entry(
        "000-a16",
        "D(L, W) = matrix(m, 1, M, k, 1, K, D(L, W[k,m]))",
        "holds",
        words="The derivative by W, a matrix of K rows and M columns, has M rows and K columns.",
        course="01",
        setting="Wx",
    ),
    Entry(
        "000-a17",
        "D(L, y) = row(k, 1, K, d(L, y[k]))",
        "holds",
        words="The derivative by y is a row of K entries.",
        course="01",
        setting="Wx",
    ),
    Entry(
        "000-a18",
        "D(y[k], W) = matrix(m, 1, M, n, 1, K, d(y[k], W[n,m]))",
        "holds",
        words="The derivative of y by W has K blocks, one for each entry of y, of M rows and K columns each.",
        course="01",
        setting="Wx",
    ),
    _damaged("000-a19", "y[1] = W[1,1]*x[1] + W[1,2]*x[2] + W[1,3]*x[3] + W[1,4]*x[4]", PICTURE, setting="Wx"),
    _damaged(
        "000-a20",
        "W = matrix(k, 1, 3, m, 1, 4, W[k,m])",
        f"{PICTURE} Of the sign between 3 and 4 only imes is left.",
        words="In the picture W has 3 rows and 4 columns.",
        setting="Wx",
    ),
    *_blocks(21),
    Entry("000-a27", "D(L, W) = matrix(m, 1, 4, k, 1, 3, d(L, y[k])*x[m])", "holds", course="01", setting="Wx"),
    Entry("000-a28", "D(L, W) = x @ D(L, y)", "holds", course="01", setting="Wx"),
    # derivative number 1
    Entry(
        "000-a29",
        "D(L, W1[k,m]) = sum(t, 1, T, D(L, a2(t)) @ D(a2(t), W1[k,m]))",
        "holds",
        words="The output weights reach the loss through the pre-activation of the output at every step, and only so.",
        course="05",
    ),
    *_forward(30),
    Entry(
        "000-a34",
        "D(L, W1) = sum(t, 1, T, sum(k, 1, K, D(L, a2(t)[k])*D(a2(t)[k], W1)))",
        "holds",
        words="The derivative of a vector by a matrix has three indices; its product with a row is the sum over k.",
        course="05",
    ),
    _summed("000-a35", "W1"),
    Entry(
        "000-a36",
        "h1(t) = column(m, 1, M, h1(t)[m])",
        "holds",
        words="The brace below the hidden state: M rows, one column.",
        where={"t": (0, STEPS)},
        course="05",
    ),
    _summed("000-a37", "W1"),
    Entry(
        "000-a38",
        "h1(t) = row(k, 1, K, h1(t)[k])",
        "scan",
        corrected="h1(t) = column(m, 1, M, h1(t)[m])",
        words="The brace below the hidden state in the repeated line: one row, K columns.",
        why="The scan set the line twice, each time with one of its two braces; "
        "this one belongs to the derivative beside the hidden state.",
        course="05",
    ),
    Entry("000-a39", "D(L, a2(t)) = D(L, h2(t)) @ D(h2(t), a2(t))", "holds", course="05"),
    Entry(
        "000-a40",
        "D(L, a2(t)) = D(L, h2(t)) @ matrix(k, 1, K, n, 1, K, d(h2(t)[k], a2(t)[n]))",
        "holds",
        course="05",
    ),
    Entry(
        "000-a41",
        "D(L, a2(t)) = row(k, 1, K, D(L, a2(t)[k]))",
        "holds",
        words="The derivative by the pre-activation of the output is a row of K entries.",
        course="05",
    ),
    Entry(
        "000-a42",
        "D(L, h2(t)) = row(k, 1, K, D(L, h2(t)[k]))",
        "holds",
        words="The derivative by the output is a row of K entries.",
        course="05",
    ),
    Entry(
        "000-a43",
        "D(h2(t), a2(t)) = matrix(k, 1, K, n, 1, K, d(h2(t)[k], a2(t)[n]))",
        "definition",
        words="The Jacobian matrix holds the derivatives of the outputs, one a row, by the inputs, one a column: "
        "here K rows and K columns.",
        course="05",
    ),
    Entry(
        "000-a44",
        "D(y, x) = matrix(i, 1, 1, j, 1, 1, d(y[i], x[j]))",
        "holds",
        words="For one input and one output the Jacobian matrix has one row and one column.",
        course="01",
        setting="one dimension",
    ),
    Entry(
        "000-a45",
        "D(h, a) = diag(h*(1 - h))",
        "holds",
        words="The Jacobian matrix of the logistic sigmoid is diagonal.",
        course="05",
        setting="sigmoid",
    ),
    Entry(
        "000-a46",
        "D(h, a) = diag(1 - h**2)",
        "holds",
        words="The Jacobian matrix of tanh is diagonal.",
        course="05",
        setting="tanh",
    ),
    Entry(
        "000-a47",
        "D(h, a) = diag(h/a)",
        "holds",
        words="The Jacobian matrix of ReLU is diagonal; away from 0 its slope is h/a, which is 1 or 0.",
        course="05",
        setting="relu",
    ),
    Entry(
        "000-a48",
        "D(h2(t)[k], a2(t)[n]) != 0",
        "holds",
        words="The Jacobian matrix of the softmax is dense.",
        course="05",
        near="D(h1(t)[k], a1(t)[n]) != 0",
    ),
    # derivative number 2
    _summed("000-a49", "b1"),
    Entry("000-a50", "D(a2(t), b1) = diag(ones(b1))", "holds", words="The identity matrix of size K.", course="05"),
    # derivative number 3
    Entry(
        "000-a51",
        "D(L, W11[i,m]) = sum(t, 1, T, D(L, a1(t)) @ d(a1(t), W11[i,m]))",
        "holds",
        words="The recurrent weights reach the loss through the hidden pre-activation at every step, and only so.",
        course="07",
    ),
    *_forward(52, is_tanh_damaged=True),
    Entry(
        "000-a56",
        "D(L, W11) = sum(t, 1, T, sum(i, 1, M, D(L, a1(t)[i])*D(a1(t)[i], W11)))",
        "reading",
        corrected="D(L, W11) = sum(t, 1, T, sum(i, 1, M, D(L, a1(t)[i])*d(a1(t)[i], W11)))",
        why=SCANNED_LIMIT + IMMEDIATE,
        course="07",
    ),
    Entry(
        "000-a57",
        "D(L, a1(t)) = row(m, 1, M, D(L, a1(t)[m]))",
        "holds",
        words="The derivative by the hidden pre-activation is a row of M entries.",
        course="06",
    ),
    Entry(
        "000-a58",
        "D(a1(t)[i], W11) = matrix(m, 1, M, j, 1, M, D(a1(t)[i], W11[j,m]))",
        "holds",
        words="The derivative of the hidden pre-activation by the recurrent weights has M blocks, one for each of its "
        "entries, of M rows and M columns each.",
        course="07",
    ),
    _summed(
        "000-a59",
        "W11",
        "scan",
        "1, 1",
        "The scan shows 1 for T below the sum, which would keep the first step only; "
        "the other slides have T there, for a sum that runs backwards.",
    ),
    Entry("000-a60", "D(L, a1(t)) = D(L, h1(t)) @ D(h1(t), a1(t))", "holds", course="06"),
    Entry(
        "000-a61",
        "D(L, a1(t)) = D(L, h1(t)) @ matrix(i, 1, M, m, 1, M, d(h1(t)[i], a1(t)[m]))",
        "holds",
        course="06",
    ),
    Entry(
        "000-a62",
        "D(L, h1(t)) = row(m, 1, M, D(L, h1(t)[m]))",
        "holds",
        words="The derivative by the hidden state is a row of M entries.",
        course="06",
    ),
    Entry(
        "000-a63",
        "D(h1(t), a1(t)) = matrix(i, 1, M, m, 1, M, d(h1(t)[i], a1(t)[m]))",
        "holds",
        words="The Jacobian matrix of the hidden state has M rows and M columns.",
        course="06",
    ),
    Entry(
        "000-a64",
        "D(L, h1(t)[m]) = D(L, a2(t)) @ d(a2(t), h1(t)[m]) + D(L, a1(t+1)) @ d(a1(t+1), h1(t)[m])",
        "holds",
        words="The hidden state reaches the loss through the output of its own step and through the hidden "
        "pre-activation of the next one, and only so.",
        course="06",
    ),
    *_forward(65, is_in_script=True),
    Entry(
        "000-a69",
        "D(L, h1(t)) = D(L, a2(t)) @ D(a2(t), h1(t)) + D(L, a1(t+1)) @ D(a1(t+1), h1(t))",
        "holds",
        course="06",
    ),
    Entry("000-a70", "D(L, h1(t)) = D(L, a2(t)) @ W1 + D(L, a1(t+1)) @ W11", "holds", why=SCRIPT, course="06"),
    _last_step("000-a71"),
    Entry(
        "000-a72",
        "W1 = matrix(k, 1, K, m, 1, M, W1[k,m])",
        "definition",
        words="The output weights have K rows and M columns.",
        course="03",
    ),
    Entry(
        "000-a73",
        "W11 = matrix(i, 1, M, m, 1, M, W11[i,m])",
        "definition",
        words="The recurrent weights have M rows and M columns.",
        course="03",
    ),
    # derivative number 4
    Entry(
        "000-a74",
        "D(L, W0[m,l]) = sum(t, 1, T, D(L, a1(t)) @ d(a1(t), W0[m,l]))",
        "holds",
        words="The input weights reach the loss through the hidden pre-activation at every step, and only so.",
        course="08",
    ),
    *_forward(75, is_tanh_damaged=True),
    Entry(
        "000-a79",
        "D(L, W0) = sum(t, 1, T, sum(i, 1, M, D(L, a1(t)[i])*D(a1(t)[i], W0)))",
        "reading",
        corrected="D(L, W0) = sum(t, 1, T, sum(i, 1, M, D(L, a1(t)[i])*d(a1(t)[i], W0)))",
        why=SCANNED_LIMIT + IMMEDIATE,
        course="08",
    ),
    Entry(
        "000-a80",
        "D(a1(t)[i], W0) = matrix(l, 1, D, m, 1, M, D(a1(t)[i], W0[m,l]))",
        "holds",
        words="The derivative of the hidden pre-activation by the input weights has M blocks, one for each of its "
        "entries, of D rows and M columns each.",
        course="08",
    ),
    _summed("000-a81", "W0"),
    Entry(
        "000-a82",
        "h0(t) = column(l, 1, D, h0(t)[l])",
        "holds",
        words="The brace below the input: D rows, one column.",
        course="03",
    ),
    # derivative number 5
    _summed("000-a83", "b0"),
    Entry(
        "000-a84",
        "D(a1(t), b0) = diag(ones(b0))",
        "reading",
        corrected="d(a1(t), b0) = diag(ones(b0))",
        words="The identity matrix of size M.",
        why="Right as the immediate derivative, the earlier states held fixed; "
        "the total one has a second term after the first step, as the bias also comes in through the state before.",
        course="08",
    ),
    *_transposed(85),
    # a note about biases
    Entry(
        "000-a90",
        "D(L, b0) = sum(t, 1, T, D(L, a1(t)))",
        "holds",
        words="In a feed-forward network a bias derivative is the sum of deltas; here t counts the training examples.",
        course="08",
        setting="feed-forward",
    ),
    Entry(
        "000-a91",
        "D(L, b0) = sum(t, 1, T, D(L, a1(t)))",
        "holds",
        words="In a convolutional network a bias derivative is the sum of deltas; here t counts the places to which "
        "the kernel, two places wide, is moved.",
        course="08",
        setting="convolution",
    ),
    Entry(
        "000-a92",
        "D(L, b0) = sum(t, 1, T, D(L, a1(t)))",
        "holds",
        words="In a recurrent network a bias derivative is the sum of deltas over the steps.",
        course="08",
    ),
    # summary: the output layer
    Entry("000-a93", "D(L, a2(t)) = D(L, h2(t)) @ D(h2(t), a2(t))", "holds", course="05"),
    _summed("000-a94", "W1"),
    _summed("000-a95", "b1"),
    # summary: the hidden layer
    Entry("000-a96", "D(L, h1(t)) = D(L, a2(t)) @ W1 + D(L, a1(t+1)) @ W11", "holds", course="06"),
    _last_step("000-a97"),
    Entry("000-a98", "D(L, a1(t)) = D(L, h1(t)) @ D(h1(t), a1(t))", "holds", course="06"),
    _summed("000-a99", "W11"),
    _summed("000-a100", "W0"),
    _summed("000-a101", "b0"),
    # what a second reading found, in the order of the slides
    Entry(
        "000-a102",
        "D(L, W0[m,l]) = sum(s, 1, T, sum(t, 1, s, D(L(s), a1(t)[m])*h0(t)[l]))",
        "holds",
        words="The five derivatives correspond to backpropagation through space as well as time: the loss of a step s "
        "reaches the weights in the same step, through the layers, and in each earlier step t, through the states.",
        course="08",
    ),
    *_declared(103),
    _damaged(
        "000-a110",
        "D(L, W) = x @ row(k, 1, 3, d(L, y[k]))",
        "The array in which the column of x meets the row of the derivatives by y has lost its first letters and "
        "most of its fractions. The product below it says what it shows.",
        words="The column of four entries of x beside the row of three derivatives of the loss by y.",
        setting="Wx",
    ),
    _damaged(
        "000-a111",
        "",
        "The same brace in derivative number 3 reads Jacobian matrix; a label has no value.",
        words="The label under the matrix of partial derivatives reads a with the index 1.",
        course="05",
    ),
    _damaged(
        "000-a112",
        "",
        "The ring is a 0, as in the list of the five and in the sums below the heading; a heading has no value.",
        words="Two headings name derivative number 4 the one by W with a ring above.",
        course="08",
    ),
    Entry(
        "000-a113",
        "D(L, h0(s)) = sum(t, 1, T, D(L, a1(t)))",
        "scan",
        corrected="D(L, b0) = sum(t, 1, T, D(L, a1(t)))",
        words="A heading names derivative number 5 the one by the input.",
        why="The list of the five and the sum below the heading have the bias b there. Bold, the two letters look "
        "alike. The sum is stated here from 1 to T.",
        course="08",
    ),
    Entry(
        "000-a114",
        "scale*D(L, scale) = sum(k, 1, K, sum(m, 1, M, W1[k,m]*D(L, W1[k,m]))) + sum(k, 1, K, b1[k]*D(L, b1[k]))"
        " + sum(i, 1, M, sum(m, 1, M, W11[i,m]*D(L, W11[i,m])))"
        " + sum(m, 1, M, sum(l, 1, D, W0[m,l]*D(L, W0[m,l]))) + sum(m, 1, M, b0[m]*D(L, b0[m]))",
        "holds",
        words="All five derivatives that training needs are there. Let every parameter be multiplied by one number: "
        "what the loss does then, the five derivatives tell together, and no four of them do.",
        course="08",
        setting="scaled",
    ),
    _damaged(
        "000-a115",
        "",
        "It names the sections of the slides; of most nablas and letters in it nothing can be read.",
        words="The bar above the slides lists derivatives.",
        course="08",
    ),
)
