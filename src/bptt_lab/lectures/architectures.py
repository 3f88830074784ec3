"""Recurrent networks beyond one hidden layer of tanh: the course's arrays for them, and where programs keep each.

The arrays of every convention are cut into the same parts, one for each gate, layer and direction: W0f.i is what leads
from the input into gate i of the forward layer. A convention joins parts to arrays by the rows of its `Family`; so an
LSTM, a second layer or another direction is a table here, and the translation stays the one of `conventions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from bptt_lab.numeric import deep

GATES = {"RNN": ("",), "LSTM": tuple("ifgo"), "GRU": tuple("rzn"), "GRU reset before": tuple("rzn")}
INNER = {"GRU": ("n",)}  # gates with a bias of their own inside the reset: n = tanh(W x + b + r * (R h + inner))
MOST = deep.MOST


class Architecture(NamedTuple):
    """A network of recurrent layers: 'RNN', 'LSTM', 'GRU' (reset after the product) or 'GRU reset before' it."""

    kind: str = "RNN"
    layers: int = 1
    bidirectional: bool = False

    @property
    def ways(self) -> tuple[str, ...]:
        """The directions, as the ends of names: f forward, b backward, nothing where there is only one."""
        return ("f", "b") if self.bidirectional else ("",)

    def __str__(self) -> str:
        layers = f", {self.layers} layers" if self.layers > 1 else ", one layer"
        return self.kind + layers + (", bidirectional" if self.bidirectional else "")


class Slot(NamedTuple):
    """One array of a convention: its name, the parts in it, the order of its axes, and its share of them.

    Several parts are laid side by side along the axis `*`, where each has a size of its own, or along a letter with a
    `+`, where all have that size. Along two such axes they stand in `rows`, row by row. Slots that hold the same part
    add up to it: `share` is what each of them is given, one number or one for each part.
    """

    name: str
    holds: tuple[str, ...]
    axes: str
    share: float | tuple[float, ...] = 1.0
    rows: int = 1

    @property
    def is_parameter(self) -> bool:
        """Whether this array is trained."""
        return self.holds[0][0] in "Wb"

    @property
    def is_bias(self) -> bool:
        """Whether this array is a bias."""
        return self.holds[0].startswith("b")

    @property
    def kind(self) -> str:
        """'matrices' for weights, 'vectors' for all else."""
        return "matrices" if self.holds[0].startswith("W") else "vectors"

    @property
    def shares(self) -> tuple[float, ...]:
        """The share of each part."""
        return self.share if isinstance(self.share, tuple) else (self.share,) * len(self.holds)


@cache
def letters(axes: str) -> tuple[str, ...]:
    """Return the axes one by one: a letter with what follows it, layer, direction and + for parts side by side."""
    found: list[str] = []
    for sign in axes:
        if sign in "₀₁₂₃₄₅₆₇₈₉fb+":
            found[-1] += sign
        else:
            found.append(sign)
    return tuple(found)


class Kept(NamedTuple):
    """One row of a family: an array of a layer, what it holds, and its axes.

    A name without {source} holds what comes from both directions below side by side. Two roles are two rows of an
    array. 'second' is the second of two biases: the inner one where a gate has it, nothing of the sum elsewhere.
    `kinds` are those that have this row.
    """

    name: str
    roles: tuple[str, ...]
    axes: str
    kinds: tuple[str, ...] = tuple(GATES)


class Family(NamedTuple):
    """How a convention keeps every architecture it has.

    gates           the order of the gates, where it is not the course's
    depth, both     patterns of names that tell of a layer, numbered from `first`, and of two directions
    linear          the names of an output layer inside its own module; `separator` stands before them
    recurrent       a pattern of the names that only the recurrent module has
    is_open         whether biases and the output layer may be left out
    own_sizes       whether each layer and direction has a size of its own
    """

    rows: tuple[Kept, ...]
    kinds: tuple[str, ...] = tuple(GATES)
    gates: Mapping[str, tuple[str, ...]] = {}
    most: int = MOST
    has_both: bool = True
    depth: str = ""
    first: int = 0
    both: str = ""
    separator: str = ""
    recurrent: str = ""
    linear: Mapping[str, str] = {}
    is_open: bool = True
    own_sizes: bool = False


# The parts


NAMES = dict(
    input="W{below}{source}{way}", recurrent="W{layer}{layer}{way}", bias="b{below}{way}", inner="b{layer}{layer}{way}",
    output="W{layer}{source}", output_bias="b{layer}", x="x", h="h_{end}", c="c_{end}", y="y",
)  # fmt: skip
AXES = dict(
    input="MD", recurrent="MN", bias="M", inner="M", second="M", output="KM", output_bias="K",
    x="TBD", h="BM", c="BM", y="TBK",
)  # fmt: skip
ENDS = {"": "start", "f": "start", "b": "end"}
OF_A_LAYER = ("input", "recurrent", "bias", "inner", "second")
OF_A_STATE = ("h", "c")


@cache
def parts(architecture: Architecture) -> dict[str, str]:
    """Return the axes of every part of a network, in the course's order: first the rows of a matrix, then its columns.

    M is a number of hidden units, N one that is come from; which layer's, the slots say.
    """
    found = {}
    for slot in slots(COURSE_FAMILY, architecture):
        axes = "".join(letter[0] for letter in letters(slot.axes))
        found |= dict.fromkeys(slot.holds, axes)
    return found


def output_parts(architecture: Architecture) -> set[str]:
    """Return the parts of the output layer."""
    layer = architecture.layers
    return {f"W{layer}{way}" for way in architecture.ways} | {f"b{layer}"}


# The slots of a family


def _numbered(layer: int) -> str:
    return str(layer).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def slots(family: Family, architecture: Architecture) -> tuple[Slot, ...]:
    """Return where a family keeps every part of a network."""
    rows = [row for row in family.rows if architecture.kind in row.kinds]
    found = []
    for layer in range(1, architecture.layers + 1):
        for way in architecture.ways:
            for row in (row for row in rows if row.roles[0] in OF_A_LAYER):
                found += _of_layer(family, row, architecture, layer, way)
    for row in (row for row in rows if row.roles[0] not in OF_A_LAYER):
        found += _of_network(family, row, architecture)
    return tuple(found)


def _of_layer(family: Family, row: Kept, architecture: Architecture, layer: int, way: str) -> list[Slot]:
    gates = family.gates.get(architecture.kind, GATES[architecture.kind])
    if row.roles == ("inner",):
        gates = INNER.get(architecture.kind, ())
    sources = architecture.ways if row.roles == ("input",) and layer > 1 else ("",)
    apart = [(source,) for source in sources] if "{source}" in row.name else [sources]
    return [_joined(family, row, architecture, layer, way, gates, group) for group in apart if gates]


def _joined(family, row, architecture, layer, way, gates, sources) -> Slot:
    """Return one slot: gates below one another, sources beside one another, two roles in two rows."""
    cells = [
        _part(role, architecture, layer, source, way, gate)
        for role in row.roles for gate in gates for source in sources
    ]  # fmt: skip
    below = layer - 1 if row.roles == ("input",) else layer
    sizes = {"M": _size(family, "M", architecture, layer, way), "D": "D"}
    sizes["N"] = _size(family, "N", architecture, below, sources[0] if row.roles == ("input",) else way)
    axes = row.axes.replace("D", "N") if row.roles == ("input",) and layer > 1 else row.axes
    marks = {"M": len(gates) > 1, "N": len(sources) > 1, "1": len(row.roles) > 1}
    joints = "".join(sizes.get(a, a) + ("+" if marks.get(a) else "") for a in axes)
    rows = len(row.roles) if marks["1"] else len(gates)
    share = tuple(share for _, share in cells)
    return Slot(
        row.name.format(layer=layer, below=layer - 1, source=sources[0], way=way, reverse=REVERSE[way]),
        tuple(name for name, _ in cells), joints, share[0] if len(set(share)) == 1 else share, rows,
    )  # fmt: skip


REVERSE = {"": "", "f": "", "b": "_reverse"}


def _size(family: Family, letter: str, architecture: Architecture, layer: int, way: str) -> str:
    if not family.own_sizes:
        return letter
    return letter + (_numbered(layer) if architecture.layers > 1 else "") + way


def _part(role, architecture, layer, source, way, gate) -> tuple[str, float]:
    """Return the name of a part and the share of it."""
    share = 1.0
    if role == "second":
        role, share = ("inner", 1.0) if gate in INNER.get(architecture.kind, ()) else ("bias", 0.0)
    name = NAMES[role].format(layer=layer, below=layer - 1, source=source, way=way)
    return name + (f".{gate}" if gate else ""), share


def _of_network(family: Family, row: Kept, architecture: Architecture) -> list[Slot]:
    """Return the slots of the output layer, of the states, and of the data."""
    role, layer = row.roles[0], architecture.layers
    if role in OF_A_STATE and (layer > 1 or (role == "c" and architecture.kind != "LSTM")):
        return []  # the states of several layers are a tuple in the course, not an array
    ways = architecture.ways if role in (*OF_A_STATE, "output") else ("",)
    apart = any(mark in row.name for mark in ("{source}", "{end}"))
    found = []
    for group in [(way,) for way in ways] if apart else [ways]:
        size, joint = _size(family, "M", architecture, layer, group[0]), "+" if len(group) > 1 else ""
        joined = "1" if "1" in row.axes else "M"  # states lie one behind another, weights side by side
        axes = "".join((size if a == "M" else a) + (joint if a == joined else "") for a in row.axes)
        words = dict(layer=layer, source=group[0], end=ENDS[group[0]], of=_state_place(architecture, role))
        holds = tuple(NAMES[role].format(layer=layer, source=way, end=ENDS[way]) for way in group)
        found.append(Slot(row.name.format(**words), holds, axes))
    return found


def _state_place(architecture: Architecture, role: str) -> str:
    """Return the place of a state in a list of states, for a program that keeps several in a list."""
    return {"h": "[0]", "c": "[1]"}.get(role, "") if architecture.kind == "LSTM" else ""


# The families


COURSE_FAMILY = Family(
    rows=tuple(Kept(name, (role,), AXES[role]) for role, name in NAMES.items()),
    depth=r"^[Wb](10|\d)\1[fb]?$",
    first=1,
    both=r"^W(0|11)[fb]$",
    is_open=False,
    own_sizes=True,
)
PYTORCH_FAMILY = Family(
    rows=(
        Kept("weight_ih_l{below}{reverse}", ("input",), "MD"),
        Kept("weight_hh_l{below}{reverse}", ("recurrent",), "MN"),
        Kept("bias_ih_l{below}{reverse}", ("bias",), "M"),
        Kept("bias_hh_l{below}{reverse}", ("second",), "M"),
        Kept("weight", ("output",), "KM"),
        Kept("bias", ("output_bias",), "K"),
        Kept("input", ("x",), "TBD"),
        Kept("h_0", ("h",), "1BM"),
        Kept("c_0", ("c",), "1BM"),
        Kept("target", ("y",), "TBK"),
    ),
    kinds=("RNN", "LSTM", "GRU"),
    depth=r"_l(\d+)",
    both=r"_reverse$",
    separator=".",
    recurrent=r"^(weight|bias)_(ih|hh|hr)_l",
    linear={"weight": "weight", "bias": "bias"},
)
KERAS_FAMILY = Family(
    rows=(
        Kept("kernel", ("input",), "DM"),
        Kept("recurrent_kernel", ("recurrent",), "NM"),
        Kept("bias", ("bias",), "M", kinds=("RNN", "LSTM", "GRU reset before")),
        Kept("bias", ("bias", "second"), "1M", kinds=("GRU",)),
        Kept("dense_kernel", ("output",), "MK"),
        Kept("dense_bias", ("output_bias",), "K"),
        Kept("x", ("x",), "BTD"),
        Kept("initial_state{of}", ("h",), "BM"),
        Kept("initial_state{of}", ("c",), "BM"),
        Kept("y", ("y",), "BTK"),
    ),
    gates={"GRU": tuple("zrn"), "GRU reset before": tuple("zrn")},
    most=1,
    has_both=False,
    separator="/",
    recurrent=r"^recurrent_kernel$",
    linear={"kernel": "dense_kernel", "bias": "dense_bias"},
)
