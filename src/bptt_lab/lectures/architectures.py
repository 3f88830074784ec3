"""Recurrent networks beyond one hidden layer of tanh: the course's arrays for them, and where programs keep each.

The arrays of every convention are cut into the same parts, one for each gate, layer and direction: W0f.i is what leads
from the input into gate i of the forward layer. A convention joins parts to arrays by the rows of its `Family`; so an
LSTM, a second layer or another direction is a table here, and the translation stays the one of `conventions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from bptt_lab.numeric import gru, lstm
from bptt_lab.numeric.layers import MOST

GATES = {"RNN": ("",), "LSTM": lstm.GATES, "GRU": gru.GATES, "GRU reset before": gru.GATES}
INNER = {"GRU": ("n",)}  # gates with a bias of their own inside the reset: n = tanh(W x + b + r * (R h + inner))
SUBSCRIPTS = dict(zip("0123456789", "₀₁₂₃₄₅₆₇₈₉", strict=True))


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
        if sign in SUBSCRIPTS.values() or sign in "fb+":
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
    input="MD", recurrent="MN", bias="M", inner="M", output="KM", output_bias="K",
    x="TBD", h="BM", c="BM", y="TBK",
)  # fmt: skip
OF_A_LAYER = ("input", "recurrent", "bias", "inner", "second")
ENDS = {"": "start", "f": "start", "b": "end"}
REVERSE = {"": "", "f": "", "b": "_reverse"}
PLACES = {"h": "[0]", "c": "[1]"}  # of the states in a list, for a program that lists them where there are two


@cache
def parts(architecture: Architecture) -> Mapping[str, str]:
    """Return the axes of every part of a network, in the course's order: first the rows of a matrix, then its columns.

    M is a number of hidden units, N one that is come from; which layer's, the slots say.
    """
    found = {}
    for slot in slots(COURSE_FAMILY, architecture):
        axes = "".join(letter[0] for letter in letters(slot.axes))
        found |= dict.fromkeys(slot.holds, axes)
    return MappingProxyType(found)


def output_parts(architecture: Architecture) -> set[str]:
    """Return the parts of the output layer."""
    layer = architecture.layers
    return {f"W{layer}{way}" for way in architecture.ways} | {f"b{layer}"}


# The slots of a family


class _Layer(NamedTuple):
    """One layer in one direction, as a family keeps it; numbers count from 1."""

    family: Family
    architecture: Architecture
    number: int
    way: str

    def words(self, source: str) -> dict[str, Any]:
        """Return what stands in the names of its arrays."""
        below = self.number - 1
        return dict(layer=self.number, below=below, way=self.way, reverse=REVERSE[self.way], source=source)


def slots(family: Family, architecture: Architecture) -> tuple[Slot, ...]:
    """Return where a family keeps every part of a network."""
    rows = [row for row in family.rows if architecture.kind in row.kinds]
    found = []
    for number in range(1, architecture.layers + 1):
        for way in architecture.ways:
            for row in (row for row in rows if row.roles[0] in OF_A_LAYER):
                found += _of_layer(row, _Layer(family, architecture, number, way))
    for row in (row for row in rows if row.roles[0] not in OF_A_LAYER):
        found += _of_network(row, family, architecture)
    return tuple(found)


def _of_layer(row: Kept, layer: _Layer) -> list[Slot]:
    """Return the slots of one row in one layer: one, or one for each direction that it comes from."""
    family, architecture, number, _ = layer
    gates = family.gates.get(architecture.kind, GATES[architecture.kind])
    if row.roles == ("inner",):
        gates = INNER.get(architecture.kind, ())
    sources = architecture.ways if row.roles == ("input",) and number > 1 else ("",)
    apart = [(source,) for source in sources] if "{source}" in row.name else [sources]
    return [_stacked(row, layer, gates, group) for group in apart if gates]


def _stacked(row: Kept, layer: _Layer, gates: tuple[str, ...], sources: tuple[str, ...]) -> Slot:
    """Return one slot: gates below one another, sources beside one another, two roles in two rows."""
    cells = [
        _part(role, layer, source, gate)
        for role in row.roles for gate in gates for source in sources
    ]  # fmt: skip
    share = tuple(share for _, share in cells)
    return Slot(
        name=row.name.format(**layer.words(sources[0])),
        holds=tuple(name for name, _ in cells),
        axes=_axes(row, layer, gates, sources),
        share=share[0] if len(set(share)) == 1 else share,
        rows=len(row.roles) if len(row.roles) > 1 else len(gates),
    )


def _axes(row: Kept, layer: _Layer, gates: tuple[str, ...], sources: tuple[str, ...]) -> str:
    """Return the axes of a slot, marked where parts lie side by side, each with the size it has in a family."""
    family, architecture, number, way = layer
    from_below = row.roles == ("input",)
    origin = (number - 1, sources[0]) if from_below else (number, way)
    words = {
        "M": _size("M", family, architecture, number, way) + "+" * (len(gates) > 1),
        "N": _size("N", family, architecture, *origin) + "+" * (len(sources) > 1),
        "1": "1" + "+" * (len(row.roles) > 1),
    }
    axes = row.axes.replace("D", "N") if from_below and number > 1 else row.axes
    return "".join(words.get(letter, letter) for letter in axes)


def _size(letter: str, family: Family, architecture: Architecture, number: int, way: str) -> str:
    """Return the letter of a number of hidden units, with layer and direction where a family tells them apart."""
    if not family.own_sizes:
        return letter
    subscript = str(number).translate(str.maketrans(SUBSCRIPTS)) if architecture.layers > 1 else ""  # type: ignore[arg-type]
    return letter + subscript + way


def _part(role: str, layer: _Layer, source: str, gate: str) -> tuple[str, float]:
    """Return the name of a part, and the share of it that a slot with this role has."""
    share = 1.0
    if role == "second":
        has_inner = gate in INNER.get(layer.architecture.kind, ())
        role, share = ("inner", 1.0) if has_inner else ("bias", 0.0)
    return NAMES[role].format(**layer.words(source)) + (f".{gate}" if gate else ""), share


def _of_network(row: Kept, family: Family, architecture: Architecture) -> list[Slot]:
    """Return the slots of one row outside the layers: the output layer, the states, the data."""
    role, number, is_lstm = row.roles[0], architecture.layers, architecture.kind == "LSTM"
    if role in PLACES and (number > 1 or (role == "c" and not is_lstm)):
        return []  # the states of several layers are a tuple in the course, not an array
    ways = architecture.ways if role in (*PLACES, "output") else ("",)
    apart = "{source}" in row.name or "{end}" in row.name
    found = []
    for group in [(way,) for way in ways] if apart else [ways]:
        place = PLACES[role] if is_lstm and role in PLACES else ""
        words = [dict(layer=number, source=way, end=ENDS[way], place=place) for way in group]
        letters_of = {"M": _size("M", family, architecture, number, group[0])}
        joined = "1" if "1" in row.axes else "M"  # states lie one behind another, weights side by side
        letters_of[joined] = letters_of.get(joined, joined) + "+" * (len(group) > 1)
        axes = "".join(letters_of.get(letter, letter) for letter in row.axes)
        holds = tuple(NAMES[role].format(**word) for word in words)
        found.append(Slot(row.name.format(**words[0]), holds, axes))
    return found


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
        Kept("initial_state{place}", ("h",), "BM"),
        Kept("initial_state{place}", ("c",), "BM"),
        Kept("y", ("y",), "BTK"),
    ),
    gates={"GRU": tuple("zrn"), "GRU reset before": tuple("zrn")},
    most=1,
    has_both=False,
    separator="/",
    recurrent=r"^recurrent_kernel$",
    linear={"kernel": "dense_kernel", "bias": "dense_bias"},
)
