"""The functions an equation may use, one row each: everything else about a function is read from its row.

A rule is written in the language itself, in u (the argument) and y (the value of the function); for a loss, of which
it is one term, in p (the prediction) and y (the target).
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any, NamedTuple


class Function(NamedTuple):
    """A function of the grammar: 'entry' acts entry by entry, 'vector' mixes them, 'number' makes one number of them,
    'loss' sums over pairs of them.

    `definition` says it by exp and log; `pieces` where it has kinks: (up to which argument, its rule there), in order,
    for a loss in u = p - y.
    `slopes` are its derivatives by each argument. `latex` and `numpy` have {} for what stands in it; `floats` computes
    real and complex numbers where the definition loses digits. `targets` says what the targets of a loss are; a
    function that is not offered appears in derivatives only.
    """

    kind: str
    example: str
    latex: str
    slopes: tuple[str, ...] = ()
    definition: str = ""
    pieces: tuple[tuple[float, str], ...] = ()
    numpy: str = ""
    floats: Callable[[complex], complex] | None = None
    arguments: tuple[int, int] = (1, 1)
    targets: str = ""
    is_offered: bool = True


def _real_or_complex(real: Callable, complex_: Callable) -> Callable:
    return lambda u: complex_(u) if isinstance(u, complex) else real(u)


_exp = _real_or_complex(math.exp, cmath.exp)


def _sigmoid(u: complex) -> complex:
    """Return 1 / (1 + exp(-u)) by the exponential that cannot overflow; nothing cancels, so all digits hold."""
    if complex(u).real > 0:
        return 1 / (1 + _exp(-u))
    small = _exp(u)
    return small / (1 + small)


def _softplus(u: complex) -> complex:
    """Return log(1 + exp(u)) by the exponential that cannot overflow."""
    if isinstance(u, complex):
        return (u if u.real > 0 else 0) + cmath.log(1 + cmath.exp(-u if u.real > 0 else u))
    return max(u, 0.0) + math.log1p(math.exp(-abs(u)))


END = math.inf
ROWS = {
    "tanh": Function("entry", "tanh(a[t])", r"\tanh", ("1 - y**2",), "1 - 2/(exp(2*u) + 1)",
                     numpy="np.tanh({})", floats=_real_or_complex(math.tanh, cmath.tanh)),
    "sigmoid": Function("entry", "sigmoid(a[t])", r"\sigma", ("y*(1 - y)",), "1/(1 + exp(-u))",
                        numpy="1 / (1 + np.exp(-{}))", floats=_sigmoid),
    "relu": Function("entry", "relu(a[t])", r"\operatorname{relu}", ("step(u)",), pieces=((0, "0"), (END, "u")),
                     numpy="np.maximum({}, 0)"),
    "leaky_relu": Function("entry", "leaky_relu(a[t])", r"\operatorname{leaky\_relu}", ("leaky_step(u)",),
                           pieces=((0, "u/100"), (END, "u")), numpy="np.where({0} > 0, {0}, 0.01 * {0})"),
    "softplus": Function("entry", "softplus(a[t])", r"\operatorname{softplus}", ("sigmoid(u)",), "log(1 + exp(u))",
                         numpy="np.logaddexp(0, {})", floats=_softplus),
    "identity": Function("entry", "identity(a[t])", r"\operatorname{id}", ("1",), "u", numpy="{}"),
    "exp": Function("entry", "exp(a[t])", r"\exp", ("y",), numpy="np.exp({})", floats=_exp),
    "log": Function("entry", "log(a[t])", r"\ln", ("1/u",), numpy="np.log({})",
                    floats=_real_or_complex(math.log, cmath.log)),
    "sqrt": Function("entry", "sqrt(a[t])", r"\operatorname{sqrt}", ("1/(2*y)",), numpy="np.sqrt({})",
                     floats=_real_or_complex(math.sqrt, cmath.sqrt)),
    "sin": Function("entry", "sin(a[t])", r"\sin", ("cos(u)",), numpy="np.sin({})",
                    floats=_real_or_complex(math.sin, cmath.sin)),
    "cos": Function("entry", "cos(a[t])", r"\cos", ("-sin(u)",), numpy="np.cos({})",
                    floats=_real_or_complex(math.cos, cmath.cos)),
    "sum": Function("number", "sum(v[t])", r"\operatorname{sum}"),
    "mean": Function("number", "mean(v[t])", r"\operatorname{mean}"),
    "dot": Function("number", "dot(a[t], b[t])", r"\operatorname{dot}", arguments=(2, 2)),
    "softmax": Function("vector", "softmax(a[t])", r"\operatorname{softmax}"),
    "concat": Function("vector", "concat(h[t-1], x[t])", r"\left[{}\right]", arguments=(2, 8)),
    "nll": Function("loss", "nll(probabilities, targets)", r"\operatorname{nll}", ("-(y/p)", "-log(p)"), "-y*log(p)",
                    arguments=(2, 2), targets="distribution"),
    "bce": Function("loss", "bce(probabilities, targets)", r"\operatorname{bce}",
                    ("(p - y)/(p*(1 - p))", "log(1 - p) - log(p)"), "-y*log(p) - (1 - y)*log(1 - p)",
                    arguments=(2, 2), targets="probability"),
    "mse": Function("loss", "mse(prediction, target)", r"\operatorname{mse}", ("p - y", "y - p"), "(p - y)**2/2",
                    arguments=(2, 2)),
    "huber": Function("loss", "huber(prediction, target)", r"\operatorname{huber}",
                      ("u - relu(u - 1) + relu(-u - 1)",), arguments=(2, 2),
                      pieces=((-1, "-u - 1/2"), (1, "u**2/2"), (END, "u - 1/2"))),
    "step": Function("entry", "step(a[t])", r"\left[{} > 0\right]", ("0",), pieces=((0, "0"), (END, "1")),
                     numpy="({} > 0)", is_offered=False),
    "leaky_step": Function("entry", "leaky_step(a[t])", r"\operatorname{leaky\_relu}'", ("0",),
                           pieces=((0, "1/100"), (END, "1")), numpy="np.where({} > 0, 1, 0.01)", is_offered=False),
}  # fmt: skip
FUNCTIONS = {name: row for name, row in ROWS.items() if row.is_offered}
NUMBERS = tuple(name for name, row in ROWS.items() if row.kind == "entry" or row.pieces)  # of one number
LOSSES = frozenset(name for name, row in ROWS.items() if row.kind == "loss")
MAKING_ONE_NUMBER = LOSSES | {name for name, row in ROWS.items() if row.kind == "number"}  # of all entries


MIXING = {
    "sum": "the sum of all entries of a vector or a matrix",
    "mean": "their mean",
    "dot": "the inner product of two vectors",
    "softmax": "exp(u)/sum(exp(u)), a vector of probabilities",
    "concat": "vectors on top of each other",
}


def language() -> str:
    """Return what equations are made of, in words, each function from its row."""
    rows = [(row.example, _meaning(name, row)) for name, row in FUNCTIONS.items()]
    width = max(len(example) for example, _ in rows)
    return "\n".join([
        "One equation a line:  name[t] = …  or  name = …  ; # begins a remark.",
        "At one step only:  h[0] = …  p[T] = …  L[1] = …  ; a state that nothing gives is zero before the first step.",
        "",
        "a + b   a - b   a * b   a / b    entry by entry; a number goes with every entry",
        "W @ v   W @ V @ v   W.T @ v      matrices are parameters; .T is the transpose",
        "a ** 2   a ** -1   a ** 0.5      whole powers up to 20, and the root",
        "x[t]   h[t-1]   h[t+1]   h[T]    times; a name without brackets has no time",
        "v[2:4]   h[t][2:4]   W[:, 2:4]   entries, rows or columns from 1, both ends included; h[t][2] is one",
        "T                                the number of steps",
        "",
        *(f"{example:<{width}}  {meaning}" for example, meaning in rows),
    ])  # fmt: skip


def _meaning(name: str, row: Function) -> str:
    """Return what a function computes, and its slope in the argument u and the value y."""
    if row.pieces:
        bounds = [f"{rule} up to {bound}" if bound != END else f"{rule} above" for bound, rule in row.pieces]
        meaning = ("with u = p - y: " if row.kind == "loss" else "") + ", ".join(bounds)
    else:
        meaning = row.definition or MIXING.get(name, "")
    if row.kind == "loss":
        return f"{meaning}; summed over the entries p and y"
    return "; ".join(filter(None, [meaning, *(f"slope {slope}" for slope in row.slopes)]))


def softmax_entry(*arguments: complex, entry: int) -> complex:
    """Return one entry (from 1) of softmax: exp(u_k) / sum_j exp(u_j), shifted by the largest real part."""
    exponential: Any = cmath.exp if any(isinstance(u, complex) for u in arguments) else math.exp
    shift = max(complex(u).real for u in arguments)
    powers = [exponential(u - shift) for u in arguments]
    return powers[entry - 1] / sum(powers)


def function_latex(function: str, arguments: str) -> str:
    """Return a function applied to arguments, both as LaTeX."""
    pattern = ROWS[function].latex if function in ROWS else rf"\operatorname{{{function}}}".replace("_", r"\_")
    return pattern.replace("{}", arguments) if "{}" in pattern else rf"{pattern}\left({arguments}\right)"
