"""Slips of the pen: a right formula with one thing changed, to tell a student where to look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from fractions import Fraction
from typing import NamedTuple

from bptt_lab.exercises.places import said_of
from bptt_lab.formulas.tree import ONE, Binary, Derivative, Letter, Negative, Number, Over, Power, Transpose, Tree
from bptt_lab.network import Network


class Slip(NamedTuple):
    """A changed formula: what kind of slip it is, the letter it is about, and the formula with the slip."""

    kind: str
    letter: str
    tree: Tree


SAYS = {
    "time": "All is right except the time at which {letter} is taken.",
    "sign": "All is right except one sign.",
    "term": "All is right except that one term is missing.",
    "factor": "All is right except that one factor is missing.",
    "indices": "All is right except the order of the two indices of {letter}.",
    "letter": "All is right except that {letter} stands where another letter belongs.",
    "entry": "All is right except which entry of {letter} is taken.",
    "transpose": "All is right except a transpose of {letter}.",
    "bracket": "All is right except that a factor stands at one term only; it belongs to the whole sum.",
    "order": "All is right except the order of two factors.",
    "range": "All is right except where a sum begins or ends.",
    "power": "All is right except a power.",
}
ASKS = {
    "time": "At which step is {letter} used by the equation you differentiate?",
    "sign": "Which term carries a minus, and why?",
    "term": "Which quantities does it reach directly, and is there a term for each?",
    "factor": "Which immediate derivative stands between the two quantities?",
    "indices": "Which entry of {letter} multiplies which entry of the vector in the forward equation?",
    "letter": "Which quantity does the forward equation multiply there?",
    "entry": "Which entry of {letter} stands in the equation you differentiate?",
    "transpose": "Which shape has each factor, and which shape must the product have?",
    "bracket": "Through which quantity do all the terms come?",
    "order": "Which of the two factors stands next to the loss in the chain rule?",
    "range": "Which is the first step that counts, and which the last?",
    "power": "Which power stands there, and where does it come from?",
}


ASKS_FORWARD = {  # of what is computed forwards, and is no derivative
    "time": "From which step does the forward pass take it?",
    "sign": ASKS["sign"],
    "term": "Of which terms is it made, and is each of them there?",
    "factor": "Which factors has each term, and each how often?",
    "indices": ASKS["indices"],
    "letter": "Which quantity does the forward pass take there?",
    "entry": "Which entry of {letter} does the forward pass take there?",
    "transpose": ASKS["transpose"],
    "bracket": "To which terms does the factor belong?",
    "order": "Which shape has each of the two factors, and which must the product have?",
    "range": ASKS["range"],
    "power": ASKS["power"],
    "number": "Which numbers stand in it, and where does each come from?",
    "surplus": "Of which terms is it made?",
    "function": "Which function of it does the forward pass take?",
    "exchange": "Where does the forward pass take each of the two?",
}


def slips(tree: Tree, network: Network) -> Iterator[Slip]:
    """Yield the formulas that differ from a right one by one slip."""
    yield from _own(tree)
    yield from _other_letters(tree, network)
    for one in fields(tree):
        value = getattr(tree, one.name)
        if isinstance(tree, Letter | Derivative) or one.name in ("exponent", "low", "high"):
            continue
        if isinstance(value, Tree):
            yield from (
                Slip(kind, letter, replace(tree, **{one.name: new}))  # type: ignore[arg-type]
                for kind, letter, new in slips(value, network)
            )
        elif isinstance(value, tuple):
            for i, part in enumerate(value):
                for kind, letter, new in slips(part, network):
                    yield Slip(kind, letter, replace(tree, **{one.name: (*value[:i], new, *value[i + 1 :])}))  # type: ignore[arg-type]


def _own(tree: Tree) -> Iterator[Slip]:
    """Yield the slips at the top of a tree."""
    match tree:
        case Letter(name, time, entry):
            yield from (Slip("time", name, replace(tree, time=new)) for new in _moved(time))
            yield from (Slip("entry", name, replace(tree, entry=new)) for new in _other_entries(entry))
            if len(entry) == 2 and entry[0] != entry[1]:
                yield Slip("indices", name, replace(tree, entry=(entry[1], entry[0])))
            if not entry:
                yield Slip("transpose", name, Transpose(tree))
        case Derivative(_, above, kind) if kind != "immediate":
            for one in _own(above):
                if isinstance(one.tree, Letter):
                    yield Slip(one.kind, said_of(tree, one.letter), replace(tree, above=one.tree))
            if not above.entry:
                yield Slip("transpose", said_of(tree, above.name), Transpose(tree))
        case Negative(inner):
            yield Slip("sign", "", inner)
        case Transpose(inner):
            yield Slip("transpose", inner.name if isinstance(inner, Letter) else "a factor", inner)
        case Power(base, _):
            yield Slip("power", "", base)
            for sign in "+-":
                yield Slip("power", "", replace(tree, exponent=Binary(sign, tree.exponent, ONE)))
        case Binary("+" | "-" as sign, left, right):
            yield Slip("sign", "", replace(tree, operator="-" if sign == "+" else "+"))
            lone = right if sign == "+" else Negative(right)
            yield from (Slip("term", "", kept) for kept, lost in ((left, right), (lone, left)) if not _is_sum(lost))
        case Binary("*" | "@" as sign, left, right):
            yield from (
                Slip("factor", "", kept) for kept, lost in ((left, right), (right, left)) if _is_one_factor(lost)
            )
            for of_sum, kept in ((right, left), (left, right)):
                if _is_sum(of_sum):
                    yield from _on_one_term(tree, of_sum, kept is left)  # type: ignore[arg-type]
            if sign == "@":
                yield Slip("order", "", replace(tree, left=right, right=left))
        case Over("sum", _, low, high, _):
            for sign in "+-":
                yield Slip("range", "", replace(tree, low=Binary(sign, low, ONE)))
                yield Slip("range", "", replace(tree, high=Binary(sign, high, ONE)))


def _other_letters(tree: Tree, network: Network) -> Iterator[Slip]:
    """Yield a letter replaced by each other one of its shape, timed as it is."""
    letter = tree.above if isinstance(tree, Derivative) and tree.kind != "immediate" else tree
    if not isinstance(letter, Letter):
        return
    for other in other_letters(letter, network):
        if letter is tree:
            yield Slip("letter", other.name, other)
        else:
            yield Slip("letter", said_of(tree, other.name), replace(tree, above=other))  # type: ignore[arg-type]


def other_letters(letter: Letter, network: Network) -> Iterator[Letter]:
    """Yield each letter that could stand in the place of one: alike in shape and time, or with indices exchanged."""
    if len(letter.entry) == 2 and letter.entry[0] != letter.entry[1]:
        yield replace(letter, entry=letter.entry[::-1])
    for name, shape in network.shapes.items():
        is_alike = shape == network.shapes[letter.name] or letter.entry and len(shape) == len(letter.entry)
        if name != letter.name and is_alike and network.is_timed(name) == network.is_timed(letter.name):
            yield replace(letter, name=name)


def at_other_times(letter: Letter, T: int) -> Iterator[Letter]:
    """Yield a letter at each other step, the nearest first; at a general step, a step earlier and later."""
    if isinstance(letter.time, Number):
        here = letter.time.value
        for other in sorted(set(range(T + 1)) - {here}, key=lambda step: abs(step - here)):
            yield replace(letter, time=Number(Fraction(other)))
    else:
        for time in _moved(letter.time):
            yield replace(letter, time=time)


def _on_one_term(tree: Binary, inner: Binary, is_left: bool) -> Iterator[Slip]:
    """Yield a product with a sum in which the factor has reached one of the two terms only."""
    factor = tree.left if is_left else tree.right

    def times(term: Tree) -> Tree:
        return replace(tree, left=factor, right=term) if is_left else replace(tree, left=term, right=factor)

    yield Slip("bracket", "", replace(inner, left=times(inner.left)))
    yield Slip("bracket", "", replace(inner, right=times(inner.right)))


def _is_one_factor(tree: Tree) -> bool:
    """Return whether a part is no product of several factors."""
    inner = tree.inner if isinstance(tree, Negative | Transpose) else tree
    return not (isinstance(inner, Binary) and inner.operator in "*/@")


def _is_sum(tree: Tree) -> bool:
    return isinstance(tree, Binary) and tree.operator in "+-"


def _moved(time: Tree | None) -> list[Tree]:
    if time is None:
        return []
    if isinstance(time, Number):
        return [Number(time.value + 1), Number(time.value - 1)]
    return [Binary("+", time, ONE), Binary("-", time, ONE)]


def _other_entries(entry: tuple[Tree, ...]) -> list[tuple[Tree, ...]]:
    found = []
    for i, index in enumerate(entry):
        if isinstance(index, Number):
            found += [(*entry[:i], Number(index.value + step), *entry[i + 1 :]) for step in (1, -1)]
    return found
