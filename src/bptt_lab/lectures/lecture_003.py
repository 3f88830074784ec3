"""Source 003: a feed-forward network from one neuron's sum to L layers, and two costs."""

from __future__ import annotations

import numpy as np

from bptt_lab.formulas import Style, Symbol
from bptt_lab.lectures.rows import Entry, Lecture
from bptt_lab.lectures.settings import Setting

LAYERS = (1, 2, 3, 4)
# the sums that the slides write out have three inputs and two units in the first layer; the other sizes are free
SIZES = dict(n0=3, n1=2, n2=4, n3=5, n4=6)


def _equations(layer: int) -> tuple[str, str]:
    """Return the sum and the output of a layer; the activation f, left open, is a sigmoid here."""
    return f"z{layer} = w{layer} @ a{layer - 1} + b{layer}", f"a{layer} = sigmoid(z{layer})"


FORWARD = ("a0 = x", *(line for layer in LAYERS for line in _equations(layer)), "y = a4")
WITHOUT_BIAS = ("a0 = x", "z1 = w1 @ a0", "a1 = sigmoid(z1)", "y = a1")
# a cost of one output, which is written plain
SCALAR = (*FORWARD[:-1], "ys = a4")
# the layer takes the place of time, so that one line states it for every layer; all layers have one size
ANY_LAYER = ("z[t] = w[t] @ a[t-1] + b[t]", "a[t] = sigmoid(z[t])", "y = a[T]")
EITHER_SIDE = dict(z=np.array([-0.7, 0.4]), g=np.array([0.3, -0.2]))


def _setting(equations: tuple[str, ...], T: int = 1, cost: str = "C = mse(y, target)", **sizes: int) -> Setting:
    """Return a setting of equations and a cost; T is the number of layers where they take the place of time."""
    return Setting("\n".join((*equations, cost)), sizes, T, ranges=dict(t=(1, T)), constants=SIZES)


def _activation(function: str) -> Setting:
    """Return a setting with one function, at one argument below zero and one above."""
    return Setting(f"a = {function}(z)\nC = mse(a, g)", dict(z=2), T=1, ranges={}, leaves=EITHER_SIDE)


def _layers(last: int) -> dict[str, int]:
    """Return the sizes of the four layers, with so many outputs."""
    sizes = {f"z{layer}": SIZES[f"n{layer}"] for layer in LAYERS}
    return {"x": SIZES["n0"], **sizes, "z4": last}


VARIABLES = {"t": "l", "T": "L", **{size: f"n_{{{size[1:]}}}" for size in SIZES}}
LECTURE = Lecture(
    number="003",
    title="Backpropagation through Time: A Mathematical Overview",
    author="unsigned slides",
    settings={
        "": _setting(FORWARD, **_layers(SIZES["n4"])),  # type: ignore[arg-type]
        "without bias": _setting(WITHOUT_BIAS, x=SIZES["n0"], z1=SIZES["n1"]),
        "L layers": _setting(ANY_LAYER, T=len(LAYERS), z=3),
        "squared error": _setting(SCALAR, cost="C = mse(ys, ts)", **_layers(1)),
        "cross-entropy": _setting(SCALAR, cost="C = bce(ys, ts)", **_layers(1)),
        **{name: _activation(name) for name in ("sigmoid", "tanh", "relu", "leaky_relu")},
    },
    hand=Style(
        symbols={
            **{f"{letter}{n}": Symbol(letter, letter, str(n)) for letter in "wbza" for n in (0, *LAYERS)},
            **{letter: Symbol(letter, letter) for letter in "xywbzaC"},
            **{letter: Symbol("t", "t") for letter in ("target", "ts")},
            "ys": Symbol("y", "y"),
        },
        time="{}",
        variables=VARIABLES,
        numbers=frozenset({"C", "ys", "ts"}),
    ),
    course={
        **{f"w{n}": f"W{n - 1}" for n in LAYERS},
        **{f"b{n}": f"b{n - 1}" for n in LAYERS},
        **{f"z{n}": f"a{n}" for n in LAYERS},
        **{f"a{n}": f"h{n}" for n in (0, *LAYERS)},
        **dict(w="W", z="a", a="h", y=r"\hat{y}", ys=r"\hat{y}", target="y", ts="y", C="L"),
    },
    course_variables=VARIABLES,
)

STAR = "The star is the product of a matrix with a vector here; read as NumPy reads it, it would go entry by entry."
OPEN = "The activation f is left open; it is a sigmoid here. The bias joins it on a later slide."
NUMBERED = "Stated for any layer: weight and bias carry the number of the layer they lead to."
AT = {unit: " + ".join(f"w1[{unit},{m}]*a0[{m}]" for m in (1, 2, 3)) for unit in (1, 2)}


def _notation() -> list[dict]:
    """Return what the notation says of each letter: which are vectors, which are matrices."""
    sizes = {"x": "n0", "a1": "n1", "a2": "n2", "a3": "n3", "y": "n4", **{f"b{n}": f"n{n}" for n in LAYERS}}
    vectors = [
        dict(printed=f"{name} = column(i, 1, {size}, {name}[i])", words=f"{name} is a vector: a column.")
        for name, size in sizes.items()
    ]
    matrices = [
        dict(
            printed=f"w{n} = matrix(i, 1, n{n}, j, 1, n{n - 1}, w{n}[i,j])",
            words=f"w{n} is a matrix: a row for each unit of layer {n}, a column for each of the layer before.",
        )
        for n in LAYERS
    ]
    return vectors + matrices


def _neurons(*units: int) -> list[dict]:
    """Return the output of units of the first layer, each in one line without bias."""
    return [dict(printed=f"a1[{unit}] = sigmoid({AT[unit]})", words=OPEN, setting="without bias") for unit in units]


def _apart(setting: str = "without bias") -> list[dict]:
    """Return sum and output of the first layer, unit by unit; only the network without a name has a bias."""
    lines = []
    for unit in AT:
        bias = "" if setting else f" + b1[{unit}]"
        lines += [f"z1[{unit}] = {AT[unit]}{bias}", f"a1[{unit}] = sigmoid(z1[{unit}])"]
    return [dict(printed=line, setting=setting) for line in lines]


def _whole(*lines: str, setting: str = "", words: str = "") -> list[dict]:
    """Return equations of whole vectors; a sum of a layer carries the remark on its star."""
    remark = dict(is_typographical=True, why=STAR)
    return [dict(printed=line, setting=setting, words=words, **(remark if "@" in line else {})) for line in lines]


def _nonlinear() -> list[dict]:
    """Return the claim that an activation is not linear, for each of the four that are named."""
    names = {"sigmoid": "The sigmoid", "tanh": "Tanh", "relu": "ReLU", "leaky_relu": "The leaky ReLU"}
    return [
        dict(
            printed="D(a[1], z[1]) != D(a[2], z[2])",
            verdict="holds",
            words=f"{name} is not linear: its slope is not everywhere the same.",
            near="D(z[1], z[1]) != D(z[2], z[2])",
            setting=setting,
        )
        for setting, name in names.items()
    ]


def _costs() -> list[dict]:
    """Return the two costs of a scalar output."""
    entropy = "ts*log(ys) + (1 - ts)*log(1 - ys)"
    lost = "The minus sign in front of the whole is lost: as printed, the cost is lowest where the output is worst."
    return [
        dict(printed="C = 1/2*(ys - ts)**2", setting="squared error"),
        dict(
            printed=f"C = {entropy}",
            verdict="erratum",
            corrected=f"C = -({entropy})",
            why=lost,
            setting="cross-entropy",
        ),
    ]


SLIDES = (
    _notation(),
    _neurons(1),
    _nonlinear(),
    _neurons(2),
    _neurons(1, 2),
    _neurons(1, 2) + _apart(),
    _apart(),
    _apart(),
    _apart() + _whole(*WITHOUT_BIAS[1:3], setting="without bias"),
    _apart("") + _whole(*_equations(1)),
    _whole(*FORWARD),
    _whole("a0 = x") + _whole(ANY_LAYER[0], setting="L layers", words=NUMBERED),
    _whole(*ANY_LAYER[1:], setting="L layers"),
    _costs(),
)
ENTRIES = tuple(
    Entry(f"003-a{n:02d}", **dict(verdict="definition", course="02") | formula)
    for n, formula in enumerate((formula for slide in SLIDES for formula in slide), start=1)
)
