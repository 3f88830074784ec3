"""Edits of a wrong answer as it is written: one sign, step, factor, power or term of its own tree changed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from fractions import Fraction
from typing import NamedTuple, TypeGuard

from bptt_lab.exercises.causes.slips import other_letters
from bptt_lab.formulas import write
from bptt_lab.formulas.tree import (
    ONE,
    Binary,
    Call,
    Derivative,
    Letter,
    Negative,
    Number,
    Over,
    Power,
    Transpose,
    Tree,
    Variable,
    mapped,
    walk,
)
from bptt_lab.network import Network

TWO = Number(Fraction(2))
OUTSIDE = ("exponent", "low", "high", "first", "last", "indices", "missing")  # parts that are numbers of a place
LIKEWISE = ", and likewise in the other places."
EXCHANGED = "{0} and {1} are exchanged."
LONG_CHAIN = 4  # factors: in a shorter one two are exchanged
LONGEST_TERM = 60  # characters: by a longer term no place is found
ORDINALS = ("first", "second", "third", "fourth")
NUMBER_LOST = "A number is missing as a term of {0}."


class Edit(NamedTuple):
    """A changed answer: the kind of the change, whether it lies inside a factor, and what is said of which parts."""

    kind: str
    says: str
    about: tuple[Tree, ...]
    tree: Tree
    is_inside: bool = False
    part: Tree | None = None  # the one that is changed, where it is one

    def said(self, write: Callable[[Tree], str]) -> str:
        """Return what is said, with its parts written in some way."""
        return self.says.format(*map(write, self.about))


class Change(NamedTuple):
    """One part of an answer and what to put in its place; changes with one key are one slip, made again and again."""

    kind: str
    says: str
    about: tuple[Tree, ...]
    part: Tree
    new: Tree
    key: tuple = ()
    is_inside: bool = False


class Spot(NamedTuple):
    """A part of an answer: whether it is a term, or a sum of terms, of the whole, and whether it is a factor."""

    part: Tree
    is_outer: bool
    is_factor: bool


def spots(tree: Tree, is_outer: bool = True, is_factor: bool = False) -> Iterator[Spot]:
    """Yield the parts of an answer that stand for values, in the order written; letters and derivatives are whole."""
    yield Spot(tree, is_outer, is_factor)
    stays_outer = is_outer and (is_sum(tree) or isinstance(tree, Negative))
    for part in _inner(tree):
        yield from spots(part, stays_outer, is_product(tree))


def _inner(tree: Tree) -> Iterator[Tree]:
    """Yield the direct parts of a part that stand for values."""
    if isinstance(tree, Letter | Derivative):
        return
    for one in fields(tree):
        value = getattr(tree, one.name)
        inner = value if isinstance(value, tuple) else (value,)
        for part in inner if one.name not in OUTSIDE else ():
            if isinstance(part, Tree):
                yield part


def placed(says: str, about: tuple[Tree, ...], tree: Tree, part: Tree) -> tuple[str, tuple[Tree, ...]]:
    """Return what is said of one part of an answer with its place, where the same stands in other places too."""
    alike = [spot.part for spot in spots(tree) if spot.part == part]
    which = next((n for n, one in enumerate(alike) if one is part), len(ORDINALS))
    is_one = sum(one is part for one in alike) == 1  # a formula made here may hold one object in two places
    if len(alike) < 2 or which >= len(ORDINALS) or not is_one:
        return says, about
    around = _around(tree, part)
    if around is not None:
        where = _slot(len(about), around) if is_sum(around) else f"the term {{{len(about)}}}"
        return f"{says.removesuffix('.')}, in {where}.", (*about, around)
    return f"{says.removesuffix('.')}, in the {ORDINALS[which]} of its {len(alike)} places.", about


def _around(tree: Tree, part: Tree) -> Tree | None:
    """Return the innermost sum, or term of one, around a part of an answer that stands there once; not the whole."""
    written, line = [spot.part for spot in spots(tree)], _line_to(tree, part)
    for above, one in reversed(list(itertools.pairwise(line))):
        is_told = (is_sum(one) and not is_sum(above)) or (is_sum(above) and not is_sum(one))
        if is_told and one is not part and written.count(one) == 1 and len(write(one)) <= LONGEST_TERM:
            return one
    return None


def _line_to(tree: Tree, part: Tree) -> list[Tree]:
    """Return the parts of an answer that hold one of its parts, the whole first and the part itself last."""
    if tree is part:
        return [tree]
    found = next((line for inner in _inner(tree) if (line := _line_to(inner, part))), [])
    return [tree, *found] if found else []


def terms(tree: Tree, is_plus: bool = True) -> list[tuple[Tree, bool]]:
    """Return the terms of a sum, each with its sign."""
    match tree:
        case Binary("+" | "-" as sign, left, right):
            return [*terms(left, is_plus), *terms(right, is_plus == (sign == "+"))]
        case Negative(inner):
            return terms(inner, not is_plus)
    return [(tree, is_plus)]


def regrouped(tree: Tree) -> Iterator[Tree]:
    """Yield an answer with its chains of `@` and `*` read otherwise: the entrywise products first, or the others."""
    for first in "*@":
        new = _grouped(tree, first)
        if new != tree:
            yield new


def _grouped(tree: Tree, first: str) -> Tree:
    """Return a tree in which one of the two operators binds tighter than the other."""

    def change(part: Tree) -> Tree | None:
        links = _links(part)
        if len(links) < 3:
            return None
        inner = [(sign, _grouped(operand, first)) for sign, operand in links]
        groups = [inner[:1]]
        for sign, operand in inner[1:]:
            groups.append([(sign, operand)]) if sign != first else groups[-1].append((sign, operand))
        return _chained([(group[0][0], _chained(group)) for group in groups])

    return mapped(tree, change)


def _links(tree: Tree) -> list[tuple[str, Tree]]:
    """Return the operands of a chain of `*` and `@`, each with the sign before it."""
    if isinstance(tree, Binary) and tree.operator in "*@":
        return [*_links(tree.left), (tree.operator, tree.right)]
    return [("", tree)]


def _chained(links: list[tuple[str, Tree]]) -> Tree:
    whole = links[0][1]
    for sign, operand in links[1:]:
        whole = Binary(sign, whole, operand)
    return whole


def edits(
    tree: Tree,
    network: Network,
    factors: Iterable[Tree],
    is_number: bool,
    functions: Iterable[str] = (),
    numbers: Iterable[Tree] = (),
) -> Iterator[Edit]:
    """Yield an answer with each single change, also made in all places alike.

    `factors`, `functions` and `numbers` are those that may be missing; `is_number`: all its parts are numbers, so that
    the order of factors does not matter.
    """
    found = list(changes(tree, network, tuple(factors), is_number, tuple(functions), tuple(numbers)))
    for one in found:
        yield Edit(one.kind, one.says, one.about, _changed(tree, [one]), one.is_inside, one.part)
    for first, *others in alike(found):
        if others:
            says = first.says.removesuffix(".") + LIKEWISE
            yield Edit(first.kind, says, first.about, _changed(tree, [first, *others]), first.is_inside)
    for group in together(tree, network):
        yield Edit(group[0].kind, group[0].says, group[0].about, _changed(tree, group))
    yield from _to_a_power(tree)
    yield from _reversed(tree)
    yield from _turned_round(tree)
    yield from _moved(tree)


def together(tree: Tree, network: Network) -> Iterator[list[Change]]:
    """Yield the changes that are made in several parts of an answer at once, and are one slip."""
    yield from _exchanged(tree, network)
    yield from _complemented(tree)
    yield from _slopes(tree, network)


def alike(found: list[Change]) -> list[list[Change]]:
    """Return the changes that are one slip made again and again; of two in one part, the first."""
    groups: dict[tuple, dict[int, Change]] = {}
    for one in found:
        if one.key:
            groups.setdefault(one.key, {}).setdefault(id(one.part), one)
    return [list(group.values()) for group in groups.values()]


def _changed(tree: Tree, changes: list[Change]) -> Tree:
    new = {id(one.part): one.new for one in changes}
    whole = (Letter, Derivative, Number)  # in which nothing is changed
    return mapped(tree, lambda part: new.get(id(part), part if isinstance(part, whole) else None))


def changes(
    tree: Tree,
    network: Network,
    factors: tuple[Tree, ...],
    is_number: bool,
    functions: tuple[str, ...] = (),
    numbers: tuple[Tree, ...] = (),
) -> Iterator[Change]:
    """Yield every single change of one part of an answer; all but the tree as in `edits`."""
    yield from _of_numbers(tree, numbers)
    for spot in spots(tree):
        part = spot.part
        yield from _of_kind(part)
        yield from _of_one_loss(part, network)
        yield from _of_the_end(part)
        yield from _of_inner_function(part)
        yield from _of_sign(spot)
        yield from _of_letter(part, network)
        yield from _of_power(part)
        yield from _of_function(part, functions)
        yield from _of_transpose(part, network)
        yield from _too_much(spot)
        if not isinstance(part, Number) and not (is_number and (spot.is_factor or is_sum(part))):
            yield from _missing(part, factors, is_number)


def _of_numbers(tree: Tree, numbers: tuple[Tree, ...]) -> Iterator[Change]:
    """Yield a sum with another number for the one that is a term of it, and with one more where none is."""
    inner = {id(spot.part.left) for spot in spots(tree) if is_sum(spot.part)}
    for whole in [spot.part for spot in spots(tree) if is_sum(spot.part) and id(spot.part) not in inner]:
        known = [term for term in _operands(whole) if is_constant(term)]
        for old, new in itertools.product(known, numbers):
            yield Change("number", "{0} stands where {1} belongs.", (old, new), old, new)
        for sign, new in itertools.product("+-" if not known else "", numbers):
            yield Change("number", NUMBER_LOST, (whole,), whole, Binary(sign, whole, new))


def is_constant(tree: Tree) -> bool:
    """Return whether a formula is made of numbers alone."""
    return not any(isinstance(part, Letter | Derivative | Variable) for part in walk(tree))


def constants_of(tree: Tree) -> Iterator[Tree]:
    """Yield the numbers that stand in a formula, one over two as one."""
    parts = [spot.part for spot in spots(tree) if is_constant(spot.part)]
    inside = {id(part) for whole in parts for part in _inner(whole)}
    yield from (part for part in parts if id(part) not in inside)


def _of_kind(part: Tree) -> Iterator[Change]:
    """Yield an immediate derivative made total, and the other way round."""
    if not isinstance(part, Derivative):
        return
    kind = "total" if part.kind == "immediate" else "immediate"
    new = replace(part, kind=kind)
    words = {"total": "total", "immediate": "immediate", "gradient": "total"}
    says = f"{{0}} is the {words[part.kind]} derivative; the {kind} one belongs there: {{1}}."
    new = Transpose(new) if part.kind == "gradient" else new  # type: ignore[assignment]
    yield Change("derivative", says, (part, new), part, new, ("derivative", part.kind))


def _of_one_loss(part: Tree, network: Network) -> Iterator[Change]:
    """Yield the total derivative of the whole loss for an immediate one of the loss of one step."""
    if not (isinstance(part, Derivative) and part.kind == "immediate"):
        return
    if part.below.name == network.loss and part.below.time is not None:
        new = replace(part, below=replace(part.below, time=None), kind="total")
        says = "{0} is the immediate derivative of one loss; the total one of the whole loss belongs there: {1}."
        yield Change("derivative", says, (part, new), part, new, ("derivative", "loss"))


def _of_sign(spot: Spot) -> Iterator[Change]:
    """Yield a sum with the sign of its last term changed, and that of its first one."""
    part = spot.part
    if not is_sum(part):
        return
    flipped = replace(part, operator="-" if part.operator == "+" else "+")
    pairs = [(part.right, flipped)]
    if not is_sum(part.left):
        pairs.append((part.left, replace(part, left=_negative(part.left))))
    for i, (term, new) in enumerate(pairs):
        says = f"The sign of the term {_slot(0, term)}{'' if spot.is_outer else ' in ({1})'} is wrong."
        yield Change("sign", says, (_unsigned(term), part), part, new, ("sign", i, _timeless(part)), not spot.is_outer)


def _of_letter(part: Tree, network: Network) -> Iterator[Change]:
    """Yield a letter, or the one in a derivative by it, a step later and earlier, and each other one in its place."""
    is_derivative = isinstance(part, Derivative) and part.kind != "immediate"
    letter = part.above if is_derivative else part  # type: ignore[union-attr]
    if not isinstance(letter, Letter):
        return

    def change(kind: str, new: Letter, *key: object) -> Change:
        whole = replace(part, above=new) if is_derivative else new  # type: ignore[arg-type]
        return Change(kind, "{0} stands where {1} belongs.", (part, whole), part, whole, (kind, *key))

    if letter.time is not None:
        for by in (1, -1, 2, -2):  # two: a step later where it is a step earlier
            yield change("time", replace(letter, time=shifted(letter.time, by)), is_derivative, letter.name, by)
    for other in other_letters(letter, network):
        yield change("letter", other, is_derivative, letter.name, other.name, letter.entry)


def _of_the_end(part: Tree) -> Iterator[Change]:
    """Yield a letter in a sum over steps that is taken at the last step for the step of the sum, and the reverse."""
    ends = (Variable("T"), Variable(part.variable)) if isinstance(part, Over) and part.kind == "sum" else ()
    for spot in spots(part.body) if ends else ():  # type: ignore[union-attr]
        letter = spot.part.above if isinstance(spot.part, Derivative) else spot.part
        if not isinstance(letter, Letter) or isinstance(spot.part, Derivative) and spot.part.kind == "immediate":
            continue
        for time, other in itertools.permutations(ends):
            if letter.time == time:
                new = replace(letter, time=other)
                whole = replace(spot.part, above=new) if isinstance(spot.part, Derivative) else new
                key = ("time", "end", letter.name, isinstance(spot.part, Derivative), write(other))
                yield Change("time", "{0} stands where {1} belongs.", (spot.part, whole), spot.part, whole, key)


def _of_power(part: Tree) -> Iterator[Change]:
    """Yield a power of a letter, another power where there is one, and one of the last of two factors alone."""
    if isinstance(part, Power) and isinstance(part.base, Binary) and part.base.operator == "*":
        base, says = part.base, "The power is of one factor only: {0} stands where {1} belongs."
        for one in ("right", "left"):
            alone = replace(base, **{one: Power(getattr(base, one), part.exponent)})  # type: ignore[arg-type]
            yield Change("power", says, (part, alone), part, alone)
    if isinstance(part, Power) and isinstance(part.exponent, Number):
        numbers = [part.exponent.value + 1, part.exponent.value - 1]
        found = [part.base if n == 1 else replace(part, exponent=Number(n)) for n in numbers if n > 0]
    else:
        found = [Power(part, TWO)] if isinstance(part, Letter | Derivative) else []
    for new in found:
        says = "A power is wrong: {0} stands where {1} belongs."
        yield Change("power", says, (part, new), part, new, ("power", _timeless(part), _timeless(new)))


def _of_function(part: Tree, functions: tuple[str, ...]) -> Iterator[Change]:
    """Yield a function of a letter where the letter stands, and the letter where its function does."""
    if isinstance(part, Letter):
        found = [Call(function, (part,)) for function in functions]
    else:
        found = list(part.arguments) if isinstance(part, Call) and part.function in functions else []  # type: ignore[arg-type]
    for new in found:
        key = ("function", _timeless(part), _timeless(new))
        yield Change("function", "{0} stands where {1} belongs.", (part, new), part, new, key)


def _of_inner_function(part: Tree) -> Iterator[Change]:
    """Yield the function of a sum where the sum of the function stands, and the reverse: the two are exchanged."""
    new: Tree | None = None
    match part:
        case Over("sum", body=Call(function, (inner,))) if function != "diag":
            new = Call(function, (replace(part, body=inner),))
        case Call(function, (Over("sum", body=inner) as whole,)) if function != "diag":
            new = replace(whole, body=Call(function, (inner,)))
    if new is not None:
        says = f"The sum and {function} are exchanged: {{0}} stands where {{1}} belongs."
        yield Change("function", says, (part, new), part, new)


def _of_transpose(part: Tree, network: Network) -> Iterator[Change]:
    """Yield a matrix transposed, and one that is transposed as it is."""
    inner = part.inner if isinstance(part, Transpose) else part
    if isinstance(inner, Letter) and not inner.entry and min((*network.shapes[inner.name], 1)[:2]) > 1:
        new = Transpose(part) if part is inner else inner
        yield Change("transpose", "{0} stands where {1} belongs.", (part, new), part, new, ("transpose", part is inner))


def _too_much(spot: Spot) -> Iterator[Change]:
    """Yield a sum without one of its terms and a product without one of its factors, or with the two exchanged."""
    part = spot.part
    if is_sum(part):
        lone = part.right if part.operator == "+" else Negative(part.right)
        for kept, lost in ((part.left, part.right), (lone, part.left)):
            if not is_sum(lost):
                is_twice = lost in [term for term, _ in terms(kept)]
                kind, says = ("term", "stands twice") if is_twice else ("surplus", "is too much")
                yield Change(kind, f"The term {_slot(0, lost)} {says}.", (lost,), part, kept, (), not spot.is_outer)
    if not is_product(part):
        return
    for kept, lost in ((part.left, part.right), (part.right, part.left)):
        if not is_product(lost) and lost != ONE and (part.operator != "/" or lost is part.right):
            says = f"The factor {_slot(0, lost)} is too much in {{1}}."
            yield Change("factor", says, (lost, part), part, kept, ("less", _timeless(lost)))
    if part.operator == "@":
        says = "The two factors of {0} stand in the wrong order."
        yield Change("order", says, (part,), part, replace(part, left=part.right, right=part.left))


LONGEST_NAMED = 20  # characters: a factor that is longer is an answer by itself


def _missing(part: Tree, factors: tuple[Tree, ...], is_number: bool) -> Iterator[Change]:
    """Yield a part with each factor that it may lack."""
    for factor in factors:
        if factor == part:
            continue  # a power that is wrong
        what = f"The factor {_slot(0, factor)}" if len(write(factor)) <= LONGEST_NAMED else "A factor"
        says = f"{what} is missing at {_slot(1, part)}."
        found = [Binary("*", factor, part)]
        found += [] if is_number else [Binary("@", factor, part), Binary("@", part, factor)]
        for new in found:
            yield Change("factor", says, (factor, part), part, new, ("more", write(factor)) if is_number else ())


def _exchanged(tree: Tree, network: Network) -> Iterator[list[Change]]:
    """Yield the changes by which two of the letters are exchanged, wherever they stand."""
    letters = dict.fromkeys(spot.part for spot in spots(tree) if isinstance(spot.part, Letter | Derivative))
    for one, other in itertools.combinations(letters, 2):
        if _shape(one, network) == _shape(other, network):
            yield _in_exchange(tree, one, other)


def _in_exchange(tree: Tree, one: Tree, other: Tree) -> list[Change]:
    """Return the changes that put each of two parts where the other stands; what they put in is no part of the tree."""
    new = {one: other, other: one}
    found = (spot.part for spot in spots(tree) if spot.part in new)
    return [Change("exchange", EXCHANGED, (one, other), part, _copy(new[part])) for part in found]


def _copy(tree: Tree) -> Tree:
    """Return a part as another object with other objects in it: changes are made by identity."""
    again = lambda part: replace(part) if isinstance(part, Letter | Derivative) else None
    return again(tree) or mapped(tree, again)


def _to_a_power(tree: Tree) -> Iterator[Edit]:
    """Yield an answer with one letter itself for each of its powers, where it has several."""
    found: dict[Tree, dict[Tree, None]] = {}
    for spot in spots(tree):
        if isinstance(spot.part, Power) and isinstance(spot.part.base, Letter):
            found.setdefault(spot.part.base, {})[spot.part] = None
    for letter, powers in found.items():
        if len(powers) > 1:
            first, new = next(iter(powers)), dict.fromkeys(powers, letter)
            says = "A power is wrong: {0} stands where {1} belongs" + LIKEWISE
            yield Edit("power", says, (first, letter), mapped(tree, lambda part, new=new: new.get(part)))  # type: ignore[misc]


def _reversed(tree: Tree) -> Iterator[Edit]:
    """Yield an answer with the steps of one letter, or the powers of one, in the reverse order, where it has many."""
    steps: dict[tuple, dict[Tree, int]] = {}
    bases = {id(spot.part.base) for spot in spots(tree) if isinstance(spot.part, Power)}
    for part in (spot.part for spot in spots(tree) if id(spot.part) not in bases):
        is_power = isinstance(part, Power) and isinstance(part.exponent, Number)
        letter, power = (part.base, int(part.exponent.value)) if is_power else (part, 1)  # type: ignore[union-attr]
        if isinstance(letter, Letter) and letter.time is None:
            steps.setdefault(("powers", letter), {})[part] = power
        elif isinstance(letter, Letter) and isinstance(letter.time, Number) and not is_power:
            steps.setdefault(("steps", replace(letter, time=None)), {})[letter] = int(letter.time.value)
    for (what, _), known in steps.items():
        if len(known) > 2:
            order = sorted(known, key=known.__getitem__)
            new = dict(zip(order, reversed(order), strict=True))
            says = f"The {what} run the wrong way round: {{0}} stands where {{1}} belongs, and so on."
            whole = mapped(tree, lambda part, new=new: new.get(part, part if isinstance(part, Derivative) else None))  # type: ignore[misc]
            yield Edit("time" if what == "steps" else "power", says, (order[0], order[-1]), whole)


def _turned_round(tree: Tree) -> Iterator[Edit]:
    """Yield an answer with a long chain of products in the reverse order, as it is written on a row.

    Also with the column or row at one end left there.
    """
    inner = {id(spot.part.left) for spot in spots(tree) if isinstance(spot.part, Binary)}
    for part in (spot.part for spot in spots(tree) if id(spot.part) not in inner):
        links = [operand for _, operand in _links(part)]
        if len(links) < LONG_CHAIN or any(sign != "@" for sign, _ in _links(part)[1:]):
            continue
        ways = {
            "": links[::-1],
            " but the last": [*links[-2::-1], links[-1]],
            " but the first": [links[0], *links[:0:-1]],
        }
        for kept, way in ways.items():
            new = {id(part): _chained([("@", link) for link in way])}
            says = f"All factors{kept}{' of {0}' * (part is not tree)} stand in the reverse order."
            yield Edit("order", says, (part,), mapped(tree, lambda one, new=new: new.get(id(one))))  # type: ignore[misc]


def _complemented(tree: Tree) -> Iterator[list[Change]]:
    """Yield the changes by which a letter and one minus it are exchanged, wherever they stand, if both do."""
    letters = dict.fromkeys(spot.part for spot in spots(tree) if isinstance(spot.part, Letter))
    written = {spot.part for spot in spots(tree)}
    for letter in letters:
        other = Binary("-", ONE, letter)
        if other in written:
            yield _in_exchange(tree, letter, other)


def _slopes(tree: Tree, network: Network) -> Iterator[list[Change]]:
    """Yield the changes by which each value in a slope of tanh is squared, where several stand as 1 - h."""
    found = {}
    for spot in spots(tree):
        letter = spot.part.right if isinstance(spot.part, Binary) and spot.part.operator == "-" else None
        source = getattr(network.written.get(letter.name), "source", "") if isinstance(letter, Letter) else ""
        if spot.part == Binary("-", ONE, letter) and "tanh" in source:  # type: ignore[arg-type]
            found[id(letter)] = letter
    if len(found) > 1:
        first = next(iter(found.values()))
        says = "A power is wrong: {0} stands where {1} belongs" + LIKEWISE
        about = Binary("-", ONE, first), Binary("-", ONE, Power(first, TWO))  # type: ignore[arg-type]
        yield [Change("power", says, about, letter, Power(letter, TWO)) for letter in found.values()]  # type: ignore[arg-type]


def _moved(tree: Tree) -> Iterator[Edit]:
    """Yield an answer a step or two later or earlier as a whole, and so one term of a sum, and all terms but one."""
    for by in (1, -1, 2, -2) if _times_in(tree) > 1 else ():
        says = f"Every step is {'one' if abs(by) == 1 else 'two'} too {'early' if by > 0 else 'late'}."
        yield Edit("time", says, (tree,), _later(tree, [tree], by), True)
    inner = {id(spot.part.left) for spot in spots(tree) if is_sum(spot.part)}
    for spot in spots(tree):
        several = _operands(spot.part) if is_sum(spot.part) and id(spot.part) not in inner else []
        several = [term for term in several if _times_in(term)]
        for term in several if len(several) > 1 else ():
            others = [one for one in several if one is not term]
            for by, early in ((1, "early"), (-1, "late")):
                if _times_in(term) > 1:
                    says = f"Every step in the term {{0}} is one too {early}."
                    yield Edit("time", says, (_unsigned(term),), _later(tree, [term], by), True)
                if len(others) > 1:
                    says = f"Every step in the terms but {{0}} is one too {early}."
                    yield Edit("time", says, (_unsigned(term),), _later(tree, others, by), True)


def _times_in(tree: Tree) -> int:
    """Return how many letters with a time stand in a part."""
    letters = (spot.part for spot in spots(tree) if isinstance(spot.part, Letter | Derivative))
    return sum((one.above if isinstance(one, Derivative) else one).time is not None for one in letters)


def _operands(tree: Tree) -> list[Tree]:
    """Return the parts of a sum as they stand in it."""
    return [*_operands(tree.left), tree.right] if is_sum(tree) else [tree]


def _later(tree: Tree, several: list[Tree], by: int) -> Tree:
    """Return an answer with every time of some of its parts so many steps later."""

    def later(part: Tree) -> Tree | None:
        if isinstance(part, Letter) and part.time is not None:
            return replace(part, time=shifted(part.time, by))
        if isinstance(part, Derivative) and part.kind != "immediate" and part.above.time is not None:
            return replace(part, above=later(part.above))  # type: ignore[arg-type]
        return None

    new = {id(term): mapped(term, later) for term in several}
    return mapped(tree, lambda part: new.get(id(part)))


def with_letters(tree: Tree, new: Mapping[Tree, Tree]) -> Tree:
    """Return an answer with other parts for some of its letters and derivatives, wherever they stand as values."""
    return mapped(tree, lambda part: new.get(part, part) if isinstance(part, Letter | Derivative) else None)


def _shape(part: Letter | Derivative, network: Network) -> tuple:
    if isinstance(part, Letter):
        return () if part.entry else network.shapes[part.name]
    above, below = _shape(part.above, network), _shape(part.below, network)
    return above if part.kind == "gradient" or not (above or below) else (below, above)


def shifted(time: Tree, by: int) -> Tree:
    """Return a time some steps later, written as a student writes it: t+1, and not t+2-1."""
    base, steps = time, by
    if isinstance(time, Number):
        return Number(time.value + by)
    if isinstance(time, Binary) and time.operator in "+-" and isinstance(time.right, Number):
        base, steps = time.left, by + time.right.value * (1 if time.operator == "+" else -1)  # type: ignore[assignment]
    return base if not steps else Binary("+" if steps > 0 else "-", base, Number(Fraction(abs(steps))))


def _timeless(tree: Tree) -> str:
    """Return a formula as text in which every step is the same one, that of letters without time too."""
    now = Variable("t")
    return write(mapped(tree, lambda part: replace(part, time=now) if isinstance(part, Letter) else None))


def _negative(tree: Tree) -> Tree:
    return tree.inner if isinstance(tree, Negative) else Negative(tree)


def _unsigned(tree: Tree) -> Tree:
    """Return a term without the minus before it: also the one that the first of its factors carries."""
    if is_product(tree):
        return replace(tree, left=_unsigned(tree.left))
    return _unsigned(tree.inner) if isinstance(tree, Negative) else tree


def is_contrived(new: Tree, old: Tree) -> bool:
    """Return whether a change of an answer makes something in it cancel that did not: a student's slip does not."""
    return new is not old and _cancels(new) and not _cancels(old)


def _cancels(tree: Tree) -> bool:
    """Return whether two terms of a sum have the same factors but for numbers, or a quotient above and below."""
    for part in walk(tree):
        if is_sum(part) and len(cores := [core for term, _ in terms(part) if (core := _core(term))]) > len(set(cores)):
            return True
        if isinstance(part, Binary) and part.operator == "/" and _core(part.left) == _core(part.right) != ():
            return True
    return False


def _core(tree: Tree) -> tuple[str, ...]:
    """Return the factors of a term as text, but for its numbers, those divided by with a mark, in one order."""
    match tree:
        case Binary("*" | "/" as sign, left, right):
            below = _core(right)
            return tuple(sorted((*_core(left), *(below if sign == "*" else (f"/ {one}" for one in below)))))
        case Negative(inner):
            return _core(inner)
    return () if is_constant(tree) else (write(tree),)


def _slot(number: int, tree: Tree) -> str:
    """Return the slot of a sentence for a part, in brackets around a sum."""
    return f"({{{number}}})" if is_sum(tree) else f"{{{number}}}"


def is_sum(tree: Tree) -> TypeGuard[Binary]:
    return isinstance(tree, Binary) and tree.operator in "+-"


def is_product(tree: Tree) -> TypeGuard[Binary]:
    return isinstance(tree, Binary) and tree.operator in "*/@"


def factors_of(tree: Tree) -> Iterator[Tree]:
    """Yield the factors that stand in a formula: letters, derivatives, powers, sums in brackets."""
    for spot in spots(tree):
        part = spot.part
        is_one = isinstance(part, Letter | Derivative | Power | Transpose | Call) or is_sum(part)
        if spot.is_factor and is_one:
            yield part
