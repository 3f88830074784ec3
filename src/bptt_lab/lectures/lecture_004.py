"""Source 004: an RNN with four inputs, five hidden units and three classes, derived element by element; 88 numbers.

A numbered row states the part of its display that needs mending, where there is one; the parts of a display that hold
beside it, the labels of its braces and the claims in words have rows of their own, 004-a01 and so on.
"""

from __future__ import annotations

from bptt_lab.formulas import Style, Symbol
from bptt_lab.lectures.rows import Entry, Lecture
from bptt_lab.lectures.settings import Setting

STATE = """
    a[t] = b + W @ h[t-1] + U @ x[t]
    h[t] = tanh(a[t])
"""
# the state in one line, as (37) writes it: here h(t) has immediate derivatives by b, W and U
ONE_LINE = """
    h[t] = tanh(b + W @ h[t-1] + U @ x[t])
"""
# b and c with a time, as (49) and (85) write them: each step has a share of its own beside the shared bias, so that the
# derivative by it is that of one use
OWN_BIASES = """
    h[t] = tanh(b + b_at[t] + W @ h[t-1] + U @ x[t])
    o[t] = c + c_at[t] + V @ h[t]
    p[t] = softmax(o[t])
    L[t] = nll(p[t], y[t])
"""
# the abbreviations of (39) to (42), (51), (75), (76), and those of (52)
INPUT_SHARE = """
    F[t] = U @ x[t]
    h[t] = tanh(b + W @ h[t-1] + F[t])
"""
BOTH_SHARES = """
    F[t] = W @ h[t-1] + U @ x[t]
    G[t] = W @ h[t-1] + U @ x[t]
    h[t] = tanh(b + F[t])
"""
OUTPUT = """
    o[t] = c + V @ h[t]
    p[t] = softmax(o[t])
    L[t] = nll(p[t], y[t])
"""
RANGES = dict(t=(1, 6), s=(1, 6), i=(1, 5), j=(1, 5), l=(1, 5), m=(1, 4), k=(1, 3), n=(1, 3))


def _setting(one_hot: int, state: str = STATE, output: str = OUTPUT) -> Setting:
    """Return the network with the targets in one class, or random ones (0)."""
    constants = dict(tau=6, y_t=one_hot) if one_hot else dict(tau=6)
    return Setting(state + output, dict(x=4, h=5, o=3), T=6, ranges=RANGES, constants=constants, one_hot=one_hot)


LECTURE = Lecture(
    number="004",
    title="Recurrent Neural Network",
    author="unsigned notes",
    settings={
        "": _setting(1),
        "any targets": _setting(0),
        "class 2": _setting(2),
        "state in one line": _setting(1, ONE_LINE),
        "biases of each step": _setting(1, "", OWN_BIASES),
        "F of the input": _setting(1, INPUT_SHARE),
        "F and G of state and input": _setting(1, BOTH_SHARES),
    },
    hand=Style(
        symbols={
            **{name: Symbol(rf"\mathbf{{{name}}}", name.lower()) for name in "WUVbcahoxy"},
            **{f"{name}_at": Symbol(rf"\mathbf{{{name}}}", name) for name in "bc"},
            "p": Symbol(r"\hat{\mathbf{y}}", r"\hat{y}"),
        },
        # the lecture has one sign for both derivatives; the corrections need the immediate one beside it
        marks={"total": (r"\partial", r"\partial"), "immediate": (r"\partial^{+}", r"\partial")},
        variables={"y_t": "y^{(t)}"},
    ),
    course=dict(
        **dict(W="W11", U="W0", V="W1", b="b0", c="b1", a="a1", h="h1", o="a2", p="h2", x="x", y="y"),
        **dict(b_at="b0", c_at="b1"),
    ),
    course_variables={"tau": "T", "y_t": "y^{(t)}"},
)


def _recurrent(i: str, time: str, alpha: str) -> str:
    """Return the text of the share of the state before in a pre-activation."""
    return f"sum({alpha}, 1, 5, W[{i},{alpha}]*h({time}-1)[{alpha}])"


def _input(i: str, time: str, epsilon: str) -> str:
    """Return the text of the share of the input in a pre-activation."""
    return f"sum({epsilon}, 1, 4, U[{i},{epsilon}]*x({time})[{epsilon}])"


def _exponential(k: str, hidden: str) -> str:
    """Return the text of exp(o_k), the output from the entries of the state."""
    return f"exp(c[{k}] + sum(l, 1, 5, V[{k},l]*{hidden}))"


def _loss(first: str, second: str) -> str:
    """Return the text of the loss of a step by the outputs written out, class 1 being the target."""
    return f"-c[1] - sum(i, 1, 5, V[1,i]*{first}) + log(sum(k, 1, 3, {_exponential('k', second)}))"


def _tanh(i: str, time: str, alpha: str) -> str:
    """Return the text of one entry of the state, the input's share abbreviated as in (39)."""
    return f"tanh(b[{i}] + {_recurrent(i, time, alpha)} + F({time})[{i}])"


def _with_input_share(time: str) -> str:
    """Return the text of the loss of a step by the state before it, as in (51)."""
    return _loss(_tanh("i", time, "alpha"), _tanh("l", time, "beta"))


SUM_EXP = "sum(i, 1, 3, exp(o(t)[i]))"
FIRST, SECOND = _tanh("i", "tau", "alpha"), _tanh("l", "tau", "beta")
LOG_SLOPE = (
    f"sum(j, 1, 3, {_exponential('j', SECOND)}*sum(i, 1, 5, V[j,i]*W[i,1]*(1 - h(tau)[i]**2)))"
    f"/sum(k, 1, 3, {_exponential('k', SECOND)})"
)
SLOPE_1 = "(1 - h(tau)[1]**2)"
ERROR_LAST = "column(k, 1, 3, p(tau)[k] - same(k,1))"
NEXT_TO_LAST = "W.T @ diag(1 - h(tau)**2) @ grad(L, h(tau)) + V.T @ grad(L, o(tau-1))"
NEXT_TO_LAST_PRINTED = "W.T @ grad(L, h(tau)) @ diag(1 - h(tau)**2) + V.T @ grad(L, o(tau))"
RECURSION = "W.T @ diag(1 - h(t+1)**2) @ grad(L, h(t+1)) + V.T @ grad(L, o(t))"
AT_LAST, AT_NEXT_TO_LAST = "d(h(tau), b).T @ grad(L, h(tau))", "d(h(tau-1), b).T @ grad(L, h(tau-1))"
W_11_AT_LAST = "D(L(tau), h(tau)) @ d(h(tau), W[1,1])"
W_AT = "sum(i, 1, 5, D(L, h({0})[i])*d(h({0})[i], W).T)"

INPUT_SHARE_WORDS = "F abbreviates the input's share of a pre-activation, U x."
WHOLE_B = (
    "Right for the use of b at this step alone, which is an immediate derivative; "
    "b itself is shared, and its derivative runs through every earlier state too. "
    "The sentence before (53) has the time where it belongs, on b."
)
SUM_OVER_CLASSES = (
    "The last factor must sum over the classes k, each with its own v of unit 1 and its own error; printed is the sum "
    "of row 1 of V. The left side means the use of w at the last step."
)
SHARED_IN_STATE = (
    "Right if the derivative of the state by the shared parameter is the immediate one, the state before held fixed; "
    "read as a total derivative, paths through earlier states are counted again at each step."
)
IN_THE_BRACKET = (
    "The diagonal stands right of a column, with which it does not conform; it belongs between W transposed and the "
    "gradient. The gradient by the output is that of the step before the last."
)


def _last_bias(i: int, slip: str = "") -> Entry:
    """Return the row of one of (53) to (57): the derivative by entry i of b, as used at the last step."""
    printed_index = slip or f"3,{i}"
    slope, first = f"(1 - h(tau)[{i}]**2)", f"V[1,{i}]*(p(tau)[1] - 1)"
    why = "The left side is meant by b, as used at the last step; on the right two times are t instead of tau"
    why += f", and the last entry of V must be that of unit {i}." if slip else "."
    return Entry(
        f"004-{52 + i}",
        f"D(L, h(tau)[{i}]) = {slope}*({first} + V[2,{i}]*p(t)[2] + V[{printed_index}]*p(t)[3])",
        "erratum",
        corrected=f"D(L, h(tau)) @ d(h(tau), b[{i}]) = {slope}*({first} + V[2,{i}]*p(tau)[2] + V[3,{i}]*p(tau)[3])",
        why=why,
        course="09",
        setting="state in one line",
    )


def _output_weight(j: int) -> Entry:
    """Return the row of one of (69) to (72)."""
    return Entry(f"004-{67 + j}", f"D(L(t), V[1,{j}]) = h(t)[{j}]*(p(t)[1] - 1)", "holds", course="09")


def _last_state(i: int) -> Entry:
    """Return the row of one of (28) to (31)."""
    form = f"V[1,{i}]*(p(tau)[1] - 1) + V[2,{i}]*p(tau)[2] + V[3,{i}]*p(tau)[3]"
    return Entry(f"004-{26 + i}", f"D(L, h(tau)[{i}]) = {form}", "holds", course="09")


def _shape(number: int, printed: str, words: str) -> Entry:
    """Return the row of a stated size."""
    return Entry(f"004-a{number:02d}", printed, "definition", words=words, course="03")


def _label(number: int, brace: str, printed: str) -> Entry:
    """Return the row of a label under a brace that says what stands above it."""
    return Entry(f"004-a{number}", printed, "holds", words=f"The label under {brace}.", course="09")


FORWARD_PASS = (
    Entry("004-1", "a(t) = b + W @ h(t-1) + U @ x(t)", "definition", course="03"),
    Entry("004-2", "h(t) = tanh(a(t))", "definition", course="03"),
    Entry("004-3", "o(t) = c + V @ h(t)", "definition", course="03"),
    Entry("004-4", "p(t) = softmax(o(t))", "definition", course="03"),
    Entry(
        "004-5",
        "column(i, 1, 5, a(t)[i]) = column(i, 1, 5, b[i])"
        " + matrix(i, 1, 5, j, 1, 5, W[i,j]) @ column(j, 1, 5, h(t-1)[j])"
        " + matrix(i, 1, 5, j, 1, 4, U[i,j]) @ column(j, 1, 4, x(t)[j])",
        "definition",
        course="09",
    ),
    Entry(
        "004-6",
        "a(t)[k] = b[k] + sum(i, 1, 5, W[k,i]*h(t-1)[i]) + sum(j, 1, 4, U[k,j]*x(t)[j])",
        "definition",
        words="Five lines, one for each hidden unit.",
        where={"k": (1, 5)},
        course="09",
    ),
    Entry(
        "004-7",
        "column(k, 1, 3, o(t)[k]) = column(k, 1, 3, c[k])"
        " + matrix(k, 1, 3, i, 1, 5, V[k,i]) @ column(i, 1, 5, tanh(a(t)[i]))",
        "definition",
        course="09",
    ),
    Entry(
        "004-8",
        "o(t)[k] = c[k] + sum(i, 1, 5, V[k,i]*h(t)[i])",
        "definition",
        words="Three lines, one for each class.",
        course="09",
    ),
    Entry(
        "004-9",
        f"column(k, 1, 3, p(t)[k]) = 1/{SUM_EXP}*column(k, 1, 3, exp(o(t)[k]))",
        "definition",
        course="09",
    ),
)

LOSS = (
    Entry(
        "004-10",
        "L = sum(t, 1, tau, L(t))",
        "definition",
        words="The number stands beside the left side, the loss of a whole sequence; (11) closes the relation.",
        setting="any targets",
        course="03",
    ),
    Entry("004-11", "L = sum(t, 1, tau, L(t))", "definition", setting="any targets", course="03"),
    Entry(
        "004-12",
        "L = -sum(t, 1, tau, log(p(t)[y_t]))",
        "holds",
        words="The probability that the model gives to the target is the entry of its output at the target's class.",
        setting="class 2",
        course="05",
    ),
    Entry("004-13", "L(t) = -sum(i, 1, 3, y(t)[i]*log(p(t)[i]))", "definition", setting="any targets", course="05"),
    Entry(
        "004-14",
        "L(t) = -(y(t)[1]*log(p(t)[1]) + y(t)[2]*log(p(t)[2]) + y(t)[3]*log(p(t)[3]))",
        "holds",
        setting="any targets",
        course="09",
    ),
    Entry(
        "004-15",
        "L(t) = -(" + " + ".join(f"y(t)[{k}]*log(exp(o(t)[{k}])/{SUM_EXP})" for k in (1, 2, 3)) + ")",
        "holds",
        setting="any targets",
        course="09",
    ),
    Entry(
        "004-16",
        "L(t) = -(" + " + ".join(f"y(t)[{k}]*(o(t)[{k}] - log({SUM_EXP}))" for k in (1, 2, 3)) + ")",
        "holds",
        setting="any targets",
        course="09",
    ),
    Entry(
        "004-17",
        f"L(t) = o(t)[1] - log({SUM_EXP})",
        "erratum",
        corrected=f"L(t) = -o(t)[1] + log({SUM_EXP})",
        why="The minus sign before the logarithm of the first form is lost in the second, where it must reach both "
        "terms; (23) has it right.",
        course="09",
    ),
    Entry("004-18", "D(L, L(t)) = 1", "holds", course="05"),
    Entry(
        "004-19",
        f"grad(L, o(t)) = -(row(k, 1, 3, same(k,1) - exp(o(t)[k])/{SUM_EXP})).T",
        "holds",
        course="09",
    ),
    Entry("004-20", "grad(L, o(t)) = -(row(k, 1, 3, same(k,1) - p(t)[k])).T", "holds", course="09"),
    Entry("004-21", "grad(L, o(t)) = (row(k, 1, 3, p(t)[k] - same(k,1))).T", "holds", course="05"),
    Entry(
        "004-22",
        "D(L, o(t)[i]) = p(t)[i] - same(i,y_t)",
        "erratum",
        why="In the middle form the numerator of the second fraction lacks its partial sign; the indicator's comma "
        "stands for an equality, and the class is called k in the text and i in the formula.",
        where={"i": (1, 3)},
        setting="class 2",
        is_typographical=True,
        course="05",
    ),
)

STATES = (
    Entry("004-23", "L(tau) = -o(tau)[1] + log(sum(i, 1, 3, exp(o(tau)[i])))", "holds", course="09"),
    Entry("004-24", f"L(tau) = {_loss('h(tau)[i]', 'h(tau)[l]')}", "holds", course="09"),
    Entry(
        "004-25",
        "D(L, h(tau)[1]) = -V[1,1] + ("
        + " + ".join(f"V[{k},1]*exp(c[1] + sum(i, 1, 5, V[1,i]*h(tau)[i]))" for k in (1, 2, 3))
        + f")/sum(k, 1, 3, {_exponential('k', 'h(tau)[l]')})",
        "erratum",
        corrected="D(L, h(tau)[1]) = -V[1,1] + ("
        + " + ".join(f"V[{k},1]*exp(c[{k}] + sum(i, 1, 5, V[{k},i]*h(tau)[i]))" for k in (1, 2, 3))
        + f")/sum(k, 1, 3, {_exponential('k', 'h(tau)[l]')})",
        why="All three exponentials of the numerator are those of class 1; the second and the third term need those "
        "of class 2 and 3, as (26) then has it.",
        course="09",
    ),
    Entry(
        "004-26",
        "D(L, h(tau)[1]) = -V[1,1] + V[1,1]*p(tau)[1] + V[2,1]*p(tau)[2] + V[3,1]*p(tau)[3]",
        "holds",
        course="09",
    ),
    *(_last_state(i) for i in (1, 2, 3, 4, 5)),
    Entry(
        "004-32",
        "grad(L, h(tau)) = matrix(i, 1, 5, k, 1, 3, V[k,i]) @ column(k, 1, 3, p(t)[k] - same(k,1))",
        "erratum",
        corrected="grad(L, h(tau)) = matrix(i, 1, 5, k, 1, 3, V[k,i]) @ column(k, 1, 3, p(tau)[k] - same(k,1))",
        why="The probabilities are those of the last step, tau, not of a step t.",
        course="09",
    ),
    Entry("004-33", "grad(L, h(tau)) = V.T @ grad(L, o(tau))", "holds", course="06"),
    Entry(
        "004-34",
        "grad(L, h(tau-1)) = grad(L(tau-1), h(tau-1)) + grad(L(tau), h(tau-1))",
        "holds",
        course="06",
    ),
    Entry(
        "004-35",
        "grad(L, h(tau-1)) = V.T @ grad(L, o(tau-1)) + grad(L(tau), h(tau-1))",
        "holds",
        words="The first term is taken as the label under its brace gives it.",
        course="06",
    ),
    Entry("004-36", f"L(tau) = {_loss('h(tau)[i]', 'h(tau)[l]')}", "holds", course="09"),
    Entry(
        "004-37",
        "L(tau) = "
        + _loss(
            f"tanh(b[i] + {_recurrent('i', 'tau', 'alpha')} + {_input('i', 'tau', 'epsilon')})",
            f"tanh(b[l] + {_recurrent('l', 'tau', 'beta')} + {_input('l', 'tau', 'gamma')})",
        ),
        "holds",
        course="09",
    ),
    Entry("004-38", "D(h(t)[i], a(t)[i]) = 1 - tanh(a(t)[i])**2", "holds", course="02"),
    Entry(
        "004-39",
        f"o(tau)[1] - c[1] = sum(i, 1, 5, V[1,i]*{FIRST})",
        "definition",
        words="What is differentiated in (39) to (41): the first output without its bias. "
        + INPUT_SHARE_WORDS
        + " It depends on the unit as well, which its printed form does not show.",
        setting="F of the input",
        course="09",
    ),
    Entry(
        "004-40",
        f"1 - {FIRST}**2 = h(tau)[1]**2",
        "erratum",
        corrected=f"1 - {FIRST}**2 = 1 - h(tau)[i]**2",
        why="The label under the brace has the state of unit 1 for every unit i, and it stands for the squared tanh "
        "alone, not for all the brace spans; the formula above the brace holds (004-a29).",
        words=INPUT_SHARE_WORDS,
        setting="F of the input",
        course="09",
    ),
    Entry("004-41", "D(o(tau)[1], h(tau-1)[1]) = sum(i, 1, 5, V[1,i]*W[i,1]*(1 - h(tau)[i]**2))", "holds", course="09"),
    Entry(
        "004-42",
        f"D(L(tau), h(tau)[1]) + D(o(tau)[1], h(tau)[1]) = {LOG_SLOPE}",
        "erratum",
        corrected=f"D(L(tau), h(tau-1)[1]) + D(o(tau)[1], h(tau-1)[1]) = {LOG_SLOPE}",
        why="The left side must be by the state at tau-1, as in (39) and (43). The logarithm is the loss of the last "
        "step plus its first output.",
        words=INPUT_SHARE_WORDS,
        setting="F of the input",
        course="09",
    ),
    Entry(
        "004-43",
        "D(L(tau), h(tau-1)[1]) = sum(i, 1, 5, sum(j, 1, 3, (1 - h(tau)[i]**2)*W[i,1]*V[j,i]*(p(tau)[j] - same(1,j))))",
        "holds",
        course="09",
    ),
    Entry(
        "004-44",
        f"grad(L(tau), h(tau-1)) = diag(1 - h(tau)**2) @ W.T @ V.T @ {ERROR_LAST}",
        "erratum",
        corrected=f"grad(L(tau), h(tau-1)) = W.T @ diag(1 - h(tau)**2) @ V.T @ {ERROR_LAST}",
        why="The first two factors are exchanged: W transposed stands left of the diagonal, as (43) and (45) have it.",
        course="06",
    ),
    Entry(
        "004-45",
        "grad(L, h(t)) = W.T @ diag(1 - h(t+1)**2) @ grad(L, h(t+1)) + V.T @ grad(L, o(t))",
        "holds",
        where={"t": (1, 5)},
        course="06",
    ),
)

BIASES = (
    Entry("004-46", f"L(t) = {_loss('h(t)[i]', 'h(t)[l]')}", "holds", course="09"),
    Entry("004-47", "", "erratum", why="The number stands beside an empty line.", is_typographical=True),
    Entry(
        "004-48",
        "D(L(t), c[k]) = p(t)[k] - same(k,1)",
        "erratum",
        words="Three relations, one for each class.",
        why="The entry of c in the second relation carries a time, which c does not have.",
        is_typographical=True,
        course="09",
    ),
    Entry(
        "004-49",
        "grad(L(t), c_at(t)) = (row(k, 1, 3, p(t)[k] - same(k,1))).T",
        "holds",
        words="c with a time is c as used at that step; the derivative by the shared c is the same, for the loss of a "
        "step uses c at that step only.",
        setting="biases of each step",
        course="05",
    ),
    Entry("004-50", "grad(L, c) = sum(t, 1, tau, D(o(t), c).T @ grad(L, o(t)))", "holds", course="05"),
    Entry(
        "004-51",
        f"L(t) = {_with_input_share('t')}",
        "erratum",
        why="In the first sum b carries a time, which it does not have; the second sum is right.",
        is_typographical=True,
        words=INPUT_SHARE_WORDS,
        setting="F of the input",
        course="09",
    ),
    Entry(
        "004-52",
        f"L(t) = {_loss('tanh(b[i] + F(t)[i])', 'tanh(b[l] + G(t)[l])')}",
        "holds",
        words="F and G are one function in two letters, the share of state and input in a pre-activation; it depends "
        "on the unit as well, here i and l.",
        setting="F and G of state and input",
        course="09",
    ),
    _last_bias(1, slip="3,2"),
    _last_bias(2),
    _last_bias(3, slip="3,1"),
    _last_bias(4),
    _last_bias(5),
    Entry(
        "004-58",
        f"grad(L, b_at(tau)) = diag(1 - h(tau)**2) @ V.T @ {ERROR_LAST}",
        "holds",
        words="The left side, not printed, is the one named before (53): by b with the time of its use.",
        setting="biases of each step",
        course="08",
    ),
    Entry(
        "004-59",
        "grad(L(tau), b) = diag(1 - h(tau)**2) @ V.T @ grad(L, o(tau))",
        "reading",
        corrected=f"{AT_LAST} = diag(1 - h(tau)**2) @ V.T @ grad(L, o(tau))",
        why=WHOLE_B,
        setting="state in one line",
        course="08",
    ),
    Entry(
        "004-60",
        "grad(L(tau), b) = diag(1 - h(tau)**2) @ grad(L, h(tau))",
        "reading",
        corrected=f"{AT_LAST} = diag(1 - h(tau)**2) @ grad(L, h(tau))",
        why=WHOLE_B,
        setting="state in one line",
        course="08",
    ),
    Entry(
        "004-61",
        f"grad(L(tau-1), b) = diag(1 - h(tau-1)**2) @ ({NEXT_TO_LAST_PRINTED})",
        "erratum",
        corrected=f"{AT_NEXT_TO_LAST} = diag(1 - h(tau-1)**2) @ ({NEXT_TO_LAST})",
        why=IN_THE_BRACKET + " The left side means the total loss and the use of b at that step.",
        setting="state in one line",
        course="08",
    ),
    Entry(
        "004-62",
        "grad(L(tau-1), b) = diag(1 - h(tau-1)**2) @ grad(L, h(tau-1))",
        "erratum",
        corrected=f"{AT_NEXT_TO_LAST} = diag(1 - h(tau-1)**2) @ grad(L, h(tau-1))",
        why="The loss of that step alone lacks the path through the last state, whether b is taken as shared or as "
        "used at that step. The left side means the total loss and the use of b at that step.",
        setting="state in one line",
        course="08",
    ),
    Entry(
        "004-63",
        "grad(L, b) = sum(t, 1, tau, D(h(t), b).T @ grad(L, h(t)))",
        "reading",
        corrected="grad(L, b) = sum(t, 1, tau, d(h(t), b).T @ grad(L, h(t)))",
        why=SHARED_IN_STATE + " The sums lack their first step, 1.",
        setting="state in one line",
        course="08",
    ),
)

WEIGHTS = (
    Entry("004-64", f"L(t) = -o(t)[1] + log({SUM_EXP})", "holds", course="09"),
    Entry("004-65", f"L(t) = {_loss('h(t)[i]', 'h(t)[l]')}", "holds", course="09"),
    Entry(
        "004-66",
        f"D(L(t), V[1,1]) = -h(t)[1] + h(t)[1]*{_exponential('k', 'h(t)[l]')}"
        f"/sum(k, 1, 3, {_exponential('k', 'h(t)[l]')})",
        "erratum",
        corrected=f"D(L(t), V[1,1]) = -h(t)[1] + h(t)[1]*{_exponential('1', 'h(t)[l]')}"
        f"/sum(k, 1, 3, {_exponential('k', 'h(t)[l]')})",
        why="The index k of the numerator is bound by nothing; the exponential there is that of class 1.",
        course="09",
    ),
    Entry("004-67", "D(L(t), V[1,1]) = -h(t)[1] + h(t)[1]*p(t)[1]", "holds", course="09"),
    *(_output_weight(j) for j in (1, 2, 3, 4, 5)),
    Entry(
        "004-73",
        "grad(L(t), V) = column(k, 1, 3, p(t)[k] - same(k,1)) @ row(i, 1, 5, h(t)[i])",
        "holds",
        words="The left side is the gradient of the loss of a step, whose entries the lines before give.",
        course="09",
    ),
    Entry("004-74", "grad(L(t), V) = grad(L, o(t)) @ h(t).T", "holds", course="05"),
    Entry(
        "004-75",
        f"L(tau) = {_with_input_share('tau')}",
        "holds",
        words="The left side is the loss of the last step, written as in (37). " + INPUT_SHARE_WORDS,
        setting="F of the input",
        course="09",
    ),
    Entry(
        "004-76",
        f"D(L(tau), W[1,1]) = -(h(tau-1)[1]*{SLOPE_1}*sum(i, 1, 5, V[1,i]))"
        f" + h(tau-1)[1]*{SLOPE_1}*{_exponential('1', SECOND)}*sum(i, 1, 5, V[1,i])"
        f"/sum(k, 1, 3, {_exponential('k', SECOND)})",
        "erratum",
        corrected=f"{W_11_AT_LAST} = -(h(tau-1)[1]*{SLOPE_1}*V[1,1])"
        f" + h(tau-1)[1]*{SLOPE_1}*sum(k, 1, 3, {_exponential('k', SECOND)}*V[k,1])"
        f"/sum(k, 1, 3, {_exponential('k', SECOND)})",
        why=SUM_OVER_CLASSES,
        words=INPUT_SHARE_WORDS,
        setting="F of the input",
        course="09",
    ),
    Entry(
        "004-77",
        f"D(L(tau), W[1,1]) = -(h(tau-1)[1]*{SLOPE_1}*sum(i, 1, 5, V[1,i]))"
        f" + p(tau)[1]*h(tau-1)[1]*{SLOPE_1}*sum(i, 1, 5, V[1,i])",
        "erratum",
        corrected=f"{W_11_AT_LAST} = -(h(tau-1)[1]*{SLOPE_1}*V[1,1])"
        f" + h(tau-1)[1]*{SLOPE_1}*sum(k, 1, 3, p(tau)[k]*V[k,1])",
        why=SUM_OVER_CLASSES,
        setting="state in one line",
        course="09",
    ),
    Entry(
        "004-78",
        f"D(L(tau), W[1,1]) = {SLOPE_1}*sum(i, 1, 5, V[1,i]*(p(tau)[1] - 1))*h(tau-1)[1]",
        "erratum",
        corrected=f"{W_11_AT_LAST} = {SLOPE_1}*sum(k, 1, 3, V[k,1]*(p(tau)[k] - same(k,1)))*h(tau-1)[1]",
        why=SUM_OVER_CLASSES + " The word 'big' in front looks like the rest of a command for a large bracket.",
        setting="state in one line",
        course="09",
    ),
    Entry(
        "004-79",
        W_AT.format("tau") + " = diag(1 - h(tau)**2) @ V.T @ column(k, 1, 3, p(t)[k] - same(k,1))"
        " @ row(j, 1, 5, h(tau-1)[j] + same(j,2)*(h(tau-1)[1] - h(tau-1)[2]))",
        "erratum",
        corrected=W_AT.format("tau") + f" = diag(1 - h(tau)**2) @ V.T @ {ERROR_LAST} @ row(j, 1, 5, h(tau-1)[j])",
        why="The second entry of the row repeats the state of unit 1, and the probabilities are those of the last "
        "step, not of a step t. The left side, not printed, is the use of W at the last step.",
        setting="state in one line",
        course="07",
    ),
    Entry(
        "004-80",
        W_AT.format("tau-1") + f" = diag(1 - h(tau-1)**2) @ ({NEXT_TO_LAST_PRINTED}) @ h(tau-1-1)",
        "erratum",
        corrected=W_AT.format("tau-1") + f" = diag(1 - h(tau-1)**2) @ ({NEXT_TO_LAST}) @ h(tau-1-1).T",
        why=IN_THE_BRACKET + " The state at the end must be transposed.",
        setting="state in one line",
        course="07",
    ),
    Entry(
        "004-81",
        "grad(L, W) = sum(t, 1, tau, diag(1 - h(t)**2) @ grad(L, h(t)) @ h(t-1).T)",
        "holds",
        course="07",
    ),
    Entry(
        "004-82",
        "grad(L, U) = sum(t, 1, tau, sum(i, 1, 5, D(L, h(t)[i])*grad(h(t)[i], U)))",
        "reading",
        corrected="grad(L, U) = sum(t, 1, tau, sum(i, 1, 5, D(L, h(t)[i])*d(h(t)[i], U).T))",
        why=SHARED_IN_STATE,
        setting="state in one line",
        course="08",
    ),
    Entry(
        "004-83",
        "grad(L, U) = sum(t, 1, tau, diag(1 - h(t)**2) @ grad(L, h(t)) @ x(t).T)",
        "holds",
        course="08",
    ),
)

SUMMARY = (
    Entry("004-84", "grad(L, c) = sum(t, 1, tau, D(o(t), c).T @ grad(L, o(t)))", "holds", course="05"),
    Entry(
        "004-85",
        "grad(L, b) = sum(t, 1, tau, D(h(t), b_at(t)).T @ grad(L, h(t)))",
        "erratum",
        why="On the left L is missing behind the nabla. The rest holds: the time that b carries here marks b as used "
        "at that step, which (63), with the shared b, does not.",
        is_typographical=True,
        setting="biases of each step",
        course="08",
    ),
    Entry(
        "004-86",
        "grad(L, V) = sum(t, 1, tau, sum(i, 1, 3, D(L, o(t)[i])*grad(o(t)[i], V)))",
        "undecidable",
        why="Below both nablas the matrix V stands as a small letter; whether the author or the scanner set it so, "
        "the copy does not tell.",
        course="05",
    ),
    Entry(
        "004-87",
        "grad(L, W) = sum(t, 1, tau, sum(i, 1, 5, D(L, h(t)[i])*grad(h(t)[i], W)))",
        "reading",
        corrected="grad(L, W) = sum(t, 1, tau, sum(i, 1, 5, D(L, h(t)[i])*d(h(t)[i], W).T))",
        why=SHARED_IN_STATE,
        setting="state in one line",
        course="07",
    ),
    Entry(
        "004-88",
        "grad(L, U) = sum(t, 1, tau, sum(i, 1, 5, D(L, h(t)[i])*grad(h(t)[i], U)))",
        "reading",
        corrected="grad(L, U) = sum(t, 1, tau, sum(i, 1, 5, D(L, h(t)[i])*d(h(t)[i], U).T))",
        why=SHARED_IN_STATE,
        setting="state in one line",
        course="08",
    ),
)

CLAIMS_FORWARD = (
    Entry(
        "004-a01",
        "rows(h(t)) = 1",
        "erratum",
        corrected="rows(h(t)) = 5",
        words="Before (1): the network has one hidden node.",
        why="It has one hidden layer; the state has five entries, as (5) writes it.",
        course="03",
    ),
    _shape(2, "rows(x(t)) = 4", "There are four inputs."),
    _shape(3, "rows(o(t)) = 3", "There are three outputs."),
    _shape(4, "rows(y(t)) = 3", "A target has three entries."),
    _shape(5, "rows(U) = 5", "U has as many rows as there are hidden units."),
    _shape(6, "columns(U) = 4", "U has as many columns as there are inputs."),
    _shape(7, "rows(W) = 5", "W has as many rows as there are hidden units."),
    _shape(8, "columns(W) = 5", "W has as many columns as there are hidden units."),
    _shape(9, "rows(V) = 3", "V has as many rows as there are outputs."),
    _shape(10, "columns(V) = 5", "V has as many columns as there are hidden units."),
    _shape(11, "rows(b) = 5", "The bias b has an entry for each hidden unit."),
    _shape(12, "rows(c) = 3", "The bias c has an entry for each output."),
)

CLAIMS_LOSS = (
    Entry(
        "004-a13",
        "sum(k, 1, 3, p(t)[k]) = 1",
        "holds",
        words="The softmax gives probabilities: they sum to 1.",
        course="05",
    ),
    Entry(
        "004-a14",
        "0 <= p(t)[k]",
        "holds",
        words="The softmax gives probabilities: none is negative.",
        near="1/2 <= p(t)[k]",
        course="05",
    ),
    Entry(
        "004-a15",
        "grad(L, x(t)) = sum(s, t, tau, grad(L(s), x(t)))",
        "holds",
        words="The loss of a step is given the input so far: an input bears on the losses from its own step on, only.",
        course="03",
    ),
    Entry(
        "004-a16",
        "D(L(t), o(t)[k]) = same(s,t)*(p(t)[k] - same(k,1))",
        "erratum",
        corrected="D(L(s), o(t)[k]) = same(s,t)*(p(t)[k] - same(k,1))",
        words="Before (17): an output has no effect on the loss of another step s.",
        why="The loss that does not change is that of step s; printed is that of step t, which does.",
        course="05",
    ),
    Entry(
        "004-a17",
        "y(t)[k] = same(k,1)",
        "definition",
        words="Before (17): the target is taken to be class 1.",
        course="09",
    ),
    Entry("004-a18", "L(t) = -log(p(t)[1])", "holds", words="The first form of (17).", course="09"),
    Entry(
        "004-a19",
        "D(L, o(t)[i]) = D(L, L(t))*D(L(t), o(t)[i])",
        "holds",
        words="The middle form of (22), its partial sign restored.",
        where={"i": (1, 3)},
        setting="class 2",
        course="05",
    ),
)

CLAIMS_STATES = (
    Entry(
        "004-a20",
        "grad(L, h(t)) = grad(L(t), h(t)) + sum(s, t+1, tau, grad(L(s), h(t)))",
        "holds",
        words="Before (23): a state changes the loss of its own step and those of the steps after it, only.",
        where={"t": (1, 5)},
        course="06",
    ),
    Entry(
        "004-a21",
        "D(L, h(tau)) = D(L, o(t)) @ D(o(t), h(tau))",
        "erratum",
        corrected="D(L, h(tau)) = D(L, o(tau)) @ D(o(tau), h(tau))",
        words="Before (23): the last state bears on the loss through one output only.",
        why="That output is the one of the last step, tau; printed is that of a step t.",
        course="06",
    ),
    Entry("004-a22", "L(tau) = -log(p(tau)[1])", "holds", words="The first form of (23).", course="09"),
    Entry(
        "004-a23",
        "columns(grad(L, h(tau))) != 1",
        "reading",
        corrected="columns(grad(L, h(tau))) = 1",
        words="Before (25): the five derivatives together make a gradient matrix.",
        why="Right if a column counts as a matrix: the five make one column, for the loss is one number.",
        course="01",
    ),
    Entry("004-a24", "D(o(t), h(t)) = V", "holds", words="After (33): V is the same at every step.", course="06"),
    Entry(
        "004-a25",
        "columns(grad(L, h(tau))) != 1",
        "erratum",
        corrected="columns(grad(L, h(tau))) = 1",
        words="After (33): the result is a matrix, a vector being differentiated by a vector.",
        why="The loss is one number, and its gradient by a column of five is a column of five.",
        course="01",
    ),
    Entry(
        "004-a26",
        "D(L(t+s), h(t)[i]) != 0",
        "holds",
        words="After (33): a state changes the loss of its own step and of every step after it.",
        where={"t": (1, 3), "s": (0, 3)},
        near="D(L(t), h(t+s)[i]) != 0",
        course="06",
    ),
    Entry(
        "004-a27",
        "D(L, h(tau-1)) = D(L, o(tau-1)) @ D(o(tau-1), h(tau-1)) + D(L, h(tau)) @ D(h(tau), h(tau-1))",
        "holds",
        words="Before (34): the state before the last has two descendants, its output and the last state.",
        course="06",
    ),
    Entry(
        "004-a28",
        "grad(L(tau-1), h(tau-1)) = V.T @ grad(L, o(tau-1))",
        "holds",
        words="After (35): the first term there has the form of (33).",
        course="06",
    ),
    Entry(
        "004-a29",
        f"D(o(tau)[1], h(tau-1)[1]) = sum(i, 1, 5, V[1,i]*W[i,1]*(1 - {FIRST}**2))",
        "holds",
        words="The formula of (40), without the label under its brace. " + INPUT_SHARE_WORDS,
        setting="F of the input",
        course="09",
    ),
)

CLAIMS_PARAMETERS = (
    Entry("004-a30", "grad(L(t), c) = grad(L(t), o(t))", "holds", words="The last form of (49).", course="05"),
    Entry(
        "004-a31", "grad(L, c) = sum(t, 1, tau, grad(L, o(t)))", "holds", words="The last form of (50).", course="05"
    ),
    Entry(
        "004-a32",
        "y(t) = column(k, 1, 3, same(k,1))",
        "definition",
        words="Before (51): the target is the column 1, 0, 0.",
        course="09",
    ),
    Entry(
        "004-a33",
        f"grad(L, h(tau-1)) = {NEXT_TO_LAST_PRINTED}",
        "erratum",
        corrected=f"grad(L, h(tau-1)) = {NEXT_TO_LAST}",
        words="The label under the brace of (61).",
        why=IN_THE_BRACKET,
        course="06",
    ),
    Entry(
        "004-a34",
        "grad(L, b) = sum(t, 1, tau, diag(1 - h(t)**2) @ grad(L, h(t)))",
        "holds",
        words="The last form of (63).",
        course="08",
    ),
    Entry(
        "004-a35",
        "D(L, V[k,j]) = (p(t)[k] - same(k,1))*h(t)[j]",
        "reading",
        corrected="D(L, o(t)) @ d(o(t), V[k,j]) = (p(t)[k] - same(k,1))*h(t)[j]",
        words="Before (64): a change of V affects its own time step only.",
        why="Right for the use of V at one step; V is shared, and a change of it affects the losses of all steps.",
        setting="state in one line",
        course="05",
    ),
    Entry(
        "004-a36",
        "D(o(t)[k], V[n,j]) = same(k,n)*h(t)[j]",
        "holds",
        words="Before (64): V does not affect the other nodes; it reaches an output directly and through no state.",
        course="05",
    ),
    Entry("004-a37", "L(t) = -log(p(t)[1])", "holds", words="The first form of (64).", course="09"),
    Entry(
        "004-a38",
        "D(L(tau), W[i,j]) != D(L(tau), h(tau)) @ d(h(tau), W[i,j])",
        "holds",
        words="Before (75): a change of W propagates in time; its use at the last step is not the whole.",
        near="D(L(1), W[i,j]) != D(L(1), h(1)) @ d(h(1), W[i,j])",
        setting="state in one line",
        course="07",
    ),
    Entry(
        "004-a39",
        f"grad(L, h(tau-1)) = {NEXT_TO_LAST_PRINTED}",
        "erratum",
        corrected=f"grad(L, h(tau-1)) = {NEXT_TO_LAST}",
        words="The label under the brace of (80).",
        why=IN_THE_BRACKET,
        course="06",
    ),
    Entry(
        "004-a40",
        "D(L, U[i,m]) = sum(t, 1, tau, D(L, h(t)) @ d(h(t), U[i,m]))",
        "holds",
        words="Before (82): U appears in the states only.",
        setting="state in one line",
        course="08",
    ),
    Entry(
        "004-a41",
        "sum(i, 1, 5, D(L, h(t)[i])) = diag(1 - h(t)**2)",
        "erratum",
        corrected="sum(i, 1, 5, D(L, h(t)[i])*d(h(t)[i], U).T) = diag(1 - h(t)**2) @ grad(L, h(t)) @ x(t).T",
        words="The label under the first brace of (82).",
        why="The sum is one number and the diagonal a matrix; only the sum of the products, over both braces, is what "
        "(83) has.",
        setting="state in one line",
        course="08",
    ),
    Entry(
        "004-a42",
        "grad(h(t)[i], U) = x(t).T",
        "erratum",
        corrected="d(h(t)[i], U).T = column(j, 1, 5, same(i,j)*(1 - h(t)[i]**2)) @ x(t).T",
        words="The label under the second brace of (82).",
        why="The gradient of an entry of the state by U has the shape of U: the input stands in row i, times the "
        "slope of the unit, and the other rows are zero.",
        setting="state in one line",
        course="08",
    ),
    Entry(
        "004-a43", "grad(L, c) = sum(t, 1, tau, grad(L, o(t)))", "holds", words="The last form of (84).", course="05"
    ),
    Entry(
        "004-a44",
        "grad(L, b) = sum(t, 1, tau, diag(1 - h(t)**2) @ grad(L, h(t)))",
        "holds",
        words="The last form of (85).",
        course="08",
    ),
    Entry(
        "004-a45",
        "grad(L, V) = sum(t, 1, tau, grad(L, o(t)) @ h(t).T)",
        "holds",
        words="The last form of (86).",
        course="05",
    ),
    Entry(
        "004-a46",
        "grad(L, W) = sum(t, 1, tau, diag(1 - h(t)**2) @ grad(L, h(t)) @ h(t-1).T)",
        "holds",
        words="The last form of (87).",
        course="07",
    ),
    Entry(
        "004-a47",
        "grad(L, U) = sum(t, 1, tau, diag(1 - h(t)**2) @ grad(L, h(t)) @ x(t).T)",
        "holds",
        words="The last form of (88).",
        course="08",
    ),
    Entry(
        "004-a48",
        f"grad(L, h(t)) = diag(1 - h(t)**2) @ ({RECURSION}) @ h(t-1).T",
        "erratum",
        corrected=f"grad(L, h(t)) = {RECURSION}",
        words="Before (81): the expression in (80) is used to go back to the first step.",
        why="(80), even mended as here, is the share of one step in the gradient by W: it goes no step back. "
        "What goes back is (45), the bracket of (80).",
        where={"t": (1, 5)},
        course="06",
    ),
)

SLOPES_LABEL = "matrix(i, 1, 5, j, 1, 5, same(i,j)*(1 - h(tau)[i]**2)) = diag(1 - h(tau)**2)"
W_LABEL = "matrix(i, 1, 5, j, 1, 5, W[j,i]) = W.T"
V_LABEL = "matrix(i, 1, 5, k, 1, 3, V[k,i]) = V.T"

# read after the others, and so counted on behind them
CLAIMS_LABELS = (
    Entry(
        "004-a49",
        "grad(L, o(t)) = column(i, 1, 3, D(L, o(t)[i]))",
        "holds",
        words="The first form of (22): an entry of the gradient is the derivative by that entry.",
        setting="class 2",
        course="05",
    ),
    _label(50, "the first brace of (32)", V_LABEL),
    Entry(
        "004-a51",
        "grad(L, o(tau)) = column(k, 1, 3, p(t)[k] - same(k,1))",
        "erratum",
        corrected=f"grad(L, o(tau)) = {ERROR_LAST}",
        words="The label under the second brace of (32).",
        why="The probabilities are those of the last step, tau, not of a step t. Moreover the time of the label stands "
        "on the nabla, not on the o below it.",
        course="09",
    ),
    _label(52, "the first brace of (44)", SLOPES_LABEL),
    _label(53, "the second brace of (44)", W_LABEL),
    _label(54, "the third brace of (44)", V_LABEL),
    _label(55, "the fourth brace of (44)", f"grad(L, o(tau)) = {ERROR_LAST}"),
    _label(56, "the first brace of (58)", SLOPES_LABEL),
    _label(57, "the second brace of (58)", V_LABEL),
    _label(58, "the third brace of (58)", f"grad(L, o(tau)) = {ERROR_LAST}"),
    _label(59, "the first brace of (79)", SLOPES_LABEL),
    _label(60, "the second brace of (79)", V_LABEL),
    _label(61, "the third brace of (79)", "grad(L, o(t)) = column(k, 1, 3, p(t)[k] - same(k,1))"),
)

ENTRIES = (
    *(*FORWARD_PASS, *LOSS, *STATES, *BIASES, *WEIGHTS, *SUMMARY),
    *(*CLAIMS_FORWARD, *CLAIMS_LOSS, *CLAIMS_STATES, *CLAIMS_PARAMETERS, *CLAIMS_LABELS),
)
