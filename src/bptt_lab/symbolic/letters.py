"""The letters of scalar forms, as SymPy symbols: values, total derivatives (d), immediate derivatives (∂⁺)."""

from __future__ import annotations

from typing import Any

import sympy

from bptt_lab.formulas import FormulaError, Language, read, write
from bptt_lab.formulas.times import Index, index_of, whole_number
from bptt_lab.formulas.tree import Derivative, Letter, Tree
from bptt_lab.network import Graph, Network, NetworkError, Place
from bptt_lab.network.keeping import kept
from bptt_lab.symbolic import notation

STEPS = sympy.Symbol("T", integer=True, positive=True)


class _Letter(sympy.Symbol):
    """A symbol that knows what it stands for.

    Its `name` says everything that `stands_for` holds, because SymPy keeps one object a name: h1[3] is a time in one
    network and an entry in another. `text` is how it is written.
    """

    stands_for: tuple
    text: str

    def __new__(cls, text: str, *stands_for: Any) -> _Letter:
        symbol = super().__new__(cls, f"{text} {[tuple(part) for part in stands_for]}", real=True)
        symbol.text, symbol.stands_for = text, stands_for
        return symbol

    def __getnewargs_ex__(self) -> tuple[tuple, dict]:
        return (self.text, *self.stands_for), {}

    def _sympystr(self, printer: Any) -> str:
        return self.text


class Value(_Letter):
    """One entry of a quantity."""

    @property
    def place(self) -> Place:
        """The entry."""
        return self.stands_for[0]

    def _latex(self, printer: Any) -> str:
        return notation.place_latex(self.place)


class Total(_Letter):
    """The total derivative of the loss by one entry: through every path."""

    @property
    def place(self) -> Place:
        """The entry by which the loss is differentiated."""
        return self.stands_for[0]

    @property
    def loss(self) -> str:
        """The name of the loss."""
        return self.stands_for[1]

    def _latex(self, printer: Any) -> str:
        if notation.is_preactivation(self.place.name):
            return notation.delta_latex(self.place)
        return notation.total_latex(self.place, self.loss)


class Immediate(_Letter):
    """The immediate derivative of one entry by another: everything else held fixed."""

    @property
    def below(self) -> Place:
        """The entry that is differentiated."""
        return self.stands_for[0]

    @property
    def above(self) -> Place:
        """The entry by which it is differentiated."""
        return self.stands_for[1]

    def _latex(self, printer: Any) -> str:
        return notation.immediate_latex(notation.place_latex(self.below), notation.place_latex(self.above))


def short(place: Place, network: Network) -> Place:
    """Return a place without its entry where the quantity has a single one."""
    single = all(size == 1 for size in network.shape(place.name))
    time = place.time
    if isinstance(time, Index) and not time.start:
        time = time.shift  # x[1] is one letter, written in an equation or asked for
    return Place(place.name, time, () if single else place.entry)


def full(place: Place, network: Network) -> Place:
    """Return a place with its entry, also where the quantity has a single one."""
    return Place(place.name, place.time, place.entry or (1,) * len(network.shape(place.name)))


def value(place: Place, network: Network) -> Value:
    """Return the symbol of one entry."""
    return _value(network, place)


@kept
def _value(network: Network, place: Place) -> Value:
    place = short(place, network)
    return Value(str(place), place)


def total(place: Place, network: Network) -> Total:
    """Return the symbol of the total derivative of the loss by one entry."""
    return _total(network, place)


@kept
def _total(network: Network, place: Place) -> Total:
    place = short(place, network)
    return Total(f"D({network.loss},{place})", place, network.loss)


def immediate(below: Place, above: Place, network: Network) -> Immediate:
    """Return the symbol of the immediate derivative of one entry by another."""
    below, above = short(below, network), short(above, network)
    return Immediate(f"d({below},{above})", below, above)


def entry_place(graph: Graph, name: str, t: int | None, entry: int | tuple[int, ...] | None) -> Place:
    """Return one entry of a quantity as a place; it may be left out where there is only one (errors: NetworkError)."""
    place = graph.place(name, t)
    shape = graph.network.shapes[name]
    if entry is None:
        if any(size > 1 for size in shape):
            raise NetworkError(
                f"{name} has no entry of its own: its shape is {shape}.", f"Say which one: entry={shape}."
            )
        entry = (1,) * len(shape)
    return Place(name, place.time, graph.entry_of(name, entry))


NO_LETTER = "Write h1[2], h1[2][3], W11, W11[1,2], D(L,a1[3]) or d(a1[3],h1[2])."


def read_letter(graph: Graph, text: str) -> sympy.Symbol:
    """Return the symbol of one letter: 'h1[2]', 'h1[2][3]', 'W11[1,2]', 'D(L,a1[3])' total, 'd(a1[3],h1[2])' immediate.

    Errors: NetworkError for what is not a letter of this graph.
    """
    network = graph.network
    match _read(graph, text):
        case Letter() as letter:
            return value(_entry(graph, letter), network)
        case Derivative(Letter(network.loss, None), above, "total" | "gradient"):
            return total(_entry(graph, above), network)
        case Derivative(below, above, "immediate"):
            return immediate(_entry(graph, below), _entry(graph, above), network)
    raise NetworkError(f"{text!r} is not a letter.", NO_LETTER)


def read_place(graph: Graph, text: str) -> Place:
    """Return the entry that a text names: 'h1[2]', 'h1[2][3]' or 'W11[1,2]' (errors: NetworkError)."""
    return _entry(graph, _read(graph, text))


def _read(graph: Graph, text: str) -> Tree:
    try:
        return read(text, Language(graph.network))
    except FormulaError as error:
        raise NetworkError(f"{text!r} is not a letter. {error.what}", error.mend or NO_LETTER) from None


def _entry(graph: Graph, letter: Tree) -> Place:
    """Return the entry that a letter names (errors: NetworkError)."""
    if not isinstance(letter, Letter):
        raise NetworkError(f"{write(letter)!r} is not a letter.", NO_LETTER)
    index, entry = index_of(letter.time), tuple(map(whole_number, letter.entry)) or None
    if letter.time is not None and (index is None or index.start == "t") or entry and None in entry:
        raise NetworkError(f"{write(letter)} is no letter at one step.", NO_LETTER)
    return entry_place(graph, letter.name, index and index.at(None, graph.T), entry)
