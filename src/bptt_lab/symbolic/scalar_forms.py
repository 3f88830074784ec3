"""Scalar forms, by SymPy: immediate derivatives, the chain rule, gradients in letters, unrolled, as path sums."""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cmp_to_key, lru_cache, partial
from itertools import count
from typing import Any, NamedTuple

import sympy

from bptt_lab.formulas.functions import NUMBERS, function_latex
from bptt_lab.network import Graph, Network, NetworkError, Place
from bptt_lab.network.keeping import kept
from bptt_lab.network.scalars import (
    STEPS,
    Applied,
    Arithmetic,
    Letter,
    Pieces,
    Product,
    Raised,
    Scalar,
    Sum,
    completed,
    entries,
    evaluate,
    replace,
)
from bptt_lab.symbolic import letters
from bptt_lab.symbolic.arithmetics import Unsettled, evaluate_sympy, modular, primes, square_root
from bptt_lab.symbolic.letters import Total, Value

MOST_TERMS = 400


class softmax_picked(sympy.Function):
    """One entry of softmax, by its number and all arguments: in programs, which compute it without overflow."""


def _rational(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)


def _named(name: str) -> type[sympy.Function]:
    """Return a function that SymPy keeps by name, shown as its row says."""

    def shown(self: Any, printer: Any, exp: str | None = None) -> str:
        text = function_latex(name, printer.doprint(self.args[0]))
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    return type(name, (sympy.Function,), {"nargs": 1, "_latex": shown})


def _piecewise(name: str, pieces: Pieces) -> Callable:
    return lambda u: sympy.Piecewise(*((rule(u), True if bound == math.inf else u <= bound) for bound, rule in pieces))


def product(one: sympy.Expr, other: sympy.Expr) -> sympy.Expr:
    """Return a product; of two different letters nothing cancels, and all that is left to find is SymPy's order."""
    if one.is_Symbol and other.is_Symbol and one != other:
        return sympy.Mul._from_args(sorted((one, other), key=cmp_to_key(sympy.Basic.compare)), is_commutative=True)
    return one * other


KNOWN = {name: getattr(sympy, name) for name in ("tanh", "exp", "log")}
# on screen: named functions stay as they are
_NAMES = {name: _named(name) for name in NUMBERS if name not in (*KNOWN, "identity")}
ON_SCREEN = completed(_rational, _NAMES | KNOWN, _piecewise)._replace(
    dot=lambda pairs: sympy.Add(*(product(*pair) for pair in pairs))
)
# for programs: softmax by name, because written out it overflows
IN_PROGRAMS = ON_SCREEN._replace(
    functions={**ON_SCREEN.functions, "softmax": lambda *u, entry: softmax_picked(sympy.Integer(entry), *u)}
)
# for proofs: every function by its definition, so that SymPy differentiates nothing it was told
_DIFFERENTIATED = KNOWN | {name: getattr(sympy, name) for name in ("sqrt", "sin", "cos")}
WRITTEN_OUT = completed(_rational, _DIFFERENTIATED, _piecewise)._replace(dot=ON_SCREEN.dot)


def right_side(graph: Graph, name: str, t: int | None = None, entry: int | tuple[int, ...] | None = None) -> sympy.Expr:
    """Return one entry of the equation that defines a quantity, written out in scalars (errors: NetworkError)."""
    place = letters.entry_place(graph, name, t, entry)
    whole = Place(*place[:2])
    if whole not in graph.keys:
        raise NetworkError(f"{whole} is given, not computed.", f"Computed are {', '.join(graph.network.equations)}.")
    return at_time(graph, template(graph.network, graph.keys[whole], place.entry), place.time)


@kept
def local_derivatives(network: Network, name: str) -> dict[tuple[int, ...], dict[Place, sympy.Expr]]:
    """Return, for every entry of an equation, its immediate derivatives in the course's letters, each proven by SymPy.

    Errors: AssertionError where SymPy does not confirm one.
    """
    return {
        entry: {place: immediate_derivative(network, name, entry, place) for place in _places(network, name, entry)}
        for entry in network_entries(network, name)
    }


def _places(network: Network, name: str, entry: tuple[int, ...]) -> list[Place]:
    return [letter.place for letter in network.definition(name, entry).letters]


@kept
def immediate_derivative(network: Network, key: str, entry: tuple[int, ...], above: Place) -> sympy.Expr:
    """Return the immediate derivative of one entry by one letter of its equation, proven by SymPy.

    What the equation has just computed is written by its letter (1 - tanh(a)^2 becomes 1 - h^2).
    Errors: AssertionError where SymPy does not confirm it.
    """
    claim, equation = network.local_derivative(key, entry, above), network.equation(key)
    itself = (equation.name, equation.index)
    own = {letter: letter.place.entry for letter in claim.letters if letter.place[:2] == itself}
    meaning = {letter: network.definition(key, e) for letter, e in own.items()}
    confirm(key, network.definition(key, entry), above, claim, meaning)
    return _template(network, claim, ON_SCREEN)


@kept
def part_derivatives(network: Network, key: str, part: str, entry: tuple[int, ...]) -> dict[Place, sympy.Expr]:
    """Return the derivatives of one entry of a part of an equation by the letters it is written in, proven by SymPy.

    Errors: AssertionError where SymPy does not confirm one.
    """
    parts = network.parts(key)
    trees, found = parts.trees[part], {}
    for above, claim in parts.slopes(part, entry).items():
        own = [letter for letter in claim.letters if letter.place[:2] == (part, parts.index)]
        confirm(part, trees[entry], above, claim, {letter: trees[letter.place.entry] for letter in own})
        found[above] = _template(network, claim, IN_PROGRAMS)
    return found


def confirm(name: str, definition: Scalar, above: Place, claim: Scalar, meaning: Mapping[Letter, Scalar]) -> None:
    """Let SymPy confirm that a claim is the derivative of a definition by a letter (errors: AssertionError if not).

    `meaning` says what the letters of a result stand for. What differs only in its letters is asked once: the rows of
    a matrix have one proof. What holds for any constant in place of the terms of a sum that are held fixed, holds for
    these terms; where that cannot be shown, all is written out.
    """
    by, written = Letter(above), replace(claim, meaning)
    for rename in (Renaming(by), Renaming()):
        letter = rename(by)
        if _is_confirmed(rename(definition), letter, rename(written)):
            return
    raise AssertionError(
        f"SymPy does not confirm the derivative of {name} by {above}: {claim} is not that of {definition}"
    )


class Renaming:
    """Letters renamed in the order they are met, one for one; `by` lets the terms of a sum without it be one letter.

    A softmax is the same in whatever order exponentials are added: the picked one comes first, then those met before.
    """

    def __init__(self, by: Letter | None = None) -> None:
        self._by = by
        self._known: dict[Scalar, Scalar] = {}
        self._rank: dict[Scalar, int] = {}
        self._count = count()

    def __call__(self, tree: Scalar) -> Scalar:
        """Return a tree in the new letters."""
        if tree not in self._known:
            self._known[tree] = self._renamed(tree)
            self._rank[tree] = len(self._rank)
        return self._known[tree]

    def _new(self) -> Letter:
        return Letter(Place("v", next(self._count)))

    def _renamed(self, tree: Scalar) -> Scalar:
        match tree:
            case Letter():
                return self._new()
            case Sum(terms):
                held = [term for term in terms if self._by in term.letters]
                fixed = [term for term in terms if self._by not in term.letters]
                if self._by is None or len(fixed) < 2:
                    return Sum(tuple(map(self, terms)))
                return Sum((*map(self, held), self(Sum(tuple(fixed))))) if held else self._new()
            case Product(factors):
                return Product(tuple(map(self, factors)))
            case Raised(base, exponent):
                return Raised(self(base), exponent)
            case Applied("softmax", arguments, entry):
                picked = self(arguments[entry - 1])
                others = [*arguments[: entry - 1], *arguments[entry:]]
                others.sort(key=lambda one: self._rank.get(one, len(self._rank)))
                return Applied("softmax", (picked, *map(self, others)), 1)
            case Applied(function, arguments, entry):
                return Applied(function, tuple(map(self, arguments)), entry)
        return tree


@lru_cache(maxsize=4096)
def _is_confirmed(definition: Scalar, above: Letter, claim: Scalar) -> bool:
    """Return whether SymPy's derivative, every function written out, is the one that is claimed."""
    written, claimed = (sympy.sympify(evaluate(tree, _symbol, WRITTEN_OUT)) for tree in (definition, claim))
    return _identical(sympy.diff(written, _symbol(above.place)), claimed)


def _symbol(place: Place) -> sympy.Symbol:
    return sympy.Symbol(f"{place.name}{place.time}")


def network_entries(network: Network, name: str) -> list[tuple[int, ...]]:
    """Return the entries of a quantity, counted from 1."""
    return entries(network.shapes[name])


@kept
def template(network: Network, key: str, entry: tuple[int, ...]) -> sympy.Expr:
    """Return one entry of an equation's right side, times relative to the equation."""
    return _template(network, network.definition(key, entry), ON_SCREEN)


@kept
def part_template(network: Network, key: str, part: str, entry: tuple[int, ...]) -> sympy.Expr:
    """Return one entry of a part of an equation, as a program computes it, times relative to the equation."""
    return _template(network, network.parts(key).trees[part][entry], IN_PROGRAMS)


def _template(network: Network, tree: Any, arithmetic: Arithmetic) -> sympy.Expr:
    of_place = lambda place: letters.STEPS if place == STEPS else letters.value(place, network)
    return sympy.sympify(evaluate(tree, of_place, arithmetic))


DRAWS = 200  # of a point: a half of all numbers have a square root modulo a prime
PATTERNS = 64  # draws of the letters, each with its choice among the pieces of functions with kinks


def _identical(left: sympy.Expr, right: sympy.Expr) -> bool:
    """Return whether two small expressions are the same: to the letter, or modulo two primes at a random point.

    Where functions have pieces, they are compared piece by piece, as chosen at many points.
    """
    gap = left - right
    gaps = [_chosen(gap, k) for k in range(PATTERNS)] if gap.has(sympy.Piecewise) else [gap]
    return gap == 0 or all(_vanishes(one, prime) for one in dict.fromkeys(gaps) for prime in primes())


def _chosen(expression: sympy.Expr, seed: int) -> sympy.Expr:
    """Return an expression with the pieces that hold at a random point."""
    chance = random.Random(seed)
    point = {s: sympy.Rational(chance.randint(-4000, 4000), 1000) for s in sorted(expression.free_symbols, key=str)}

    def piece(*pairs: tuple[Any, Any]) -> Any:
        return next(rule for rule, condition in pairs if condition.xreplace(point) == True)  # noqa: E712

    return expression.replace(sympy.Piecewise, piece)


def _vanishes(expression: sympy.Expr, prime: int) -> bool:
    """Return whether an expression is zero at a random point modulo a prime, where all its square roots exist."""
    arithmetic = modular(prime)
    some_number = arithmetic.functions["exp"]  # of the letters of a name: random-looking, the same each time
    rooted = arithmetic._replace(functions={**arithmetic.functions, "sqrt": partial(square_root, prime=prime)})
    for draw in range(DRAWS):
        value_of = lambda symbol, draw=draw: some_number(draw, *symbol.name.encode())
        with contextlib.suppress(Unsettled):
            return evaluate_sympy(expression, value_of, rooted) == 0
    return False


def local_derivative(graph: Graph, below: Place | str, above: Place | str) -> sympy.Expr:
    """Return the immediate derivative of one entry by another, in the course's letters.

    An entry is a place or a text such as 'h2[2][1]' (errors: NetworkError).
    """
    below, above = (letters.read_place(graph, p) if isinstance(p, str) else p for p in (below, above))
    network, key = graph.network, graph.keys.get(Place(*below[:2]))
    slopes = [immediate_derivative(network, key, below.entry, use) for use in _uses(graph, below, above)]
    return sympy.Add(*(at_time(graph, slope, below.time) for slope in slopes))


def _uses(graph: Graph, below: Place, above: Place) -> list[Place]:
    """Return the letters, times relative to the equation of one entry, that stand for another."""
    key = graph.keys.get(Place(*below[:2]))
    if key is None:
        return []
    letters_read = graph.network.definition(key, below.entry).letters
    return [use for use in graph.letters(above, below) if Letter(use) in letters_read]


def in_full(graph: Graph, tree: Scalar, t: int | None) -> sympy.Expr:
    """Return a scalar of an equation at step t, every function written out in those that SymPy knows."""
    return at_time(graph, _template(graph.network, tree, WRITTEN_OUT), t)


def slope_in_full(graph: Graph, below: Place, above: Place) -> sympy.Expr:
    """Return the immediate derivative of one entry by another, every function written out."""
    network, key = graph.network, graph.keys.get(Place(*below[:2]))
    claims = [network.local_derivative(key, below.entry, use) for use in _uses(graph, below, above)]  # type: ignore[arg-type]
    return sympy.Add(*(in_full(graph, claim, below.time) for claim in claims))


def at_time(graph: Graph, expression: sympy.Expr, t: int | None) -> sympy.Expr:
    """Return a template with its relative times resolved at step t."""
    network = graph.network
    if isinstance(expression, Value):
        return letters.value(graph.resolve(expression.place, t), network)
    known = {
        s: letters.value(graph.resolve(s.place, t), network) for s in expression.free_symbols if isinstance(s, Value)
    }
    return _replaced(expression, known | {letters.STEPS: sympy.Integer(graph.T)})


def _replaced(expression: sympy.Expr, known: Mapping[sympy.Symbol, sympy.Expr]) -> sympy.Expr:
    """Return what `xreplace` returns, which simplifies each product of two letters anew."""
    if not expression.args:
        return known.get(expression, expression)
    parts = [_replaced(part, known) for part in expression.args]
    return product(*parts) if expression.is_Mul and len(parts) == 2 else expression.func(*parts)


def influenced_entries(graph: Graph, place: Place) -> list[Place]:
    """Return the entries that one entry influences directly, in order of time."""
    return list(graph.influences(place.name, place.time, place.entry))


class Term(NamedTuple):
    """One term of a chain rule: the total derivative by an entry that is influenced, times the immediate one.

    A loss that nothing else uses has the total derivative one.
    """

    user: Place
    total: sympy.Expr
    immediate: sympy.Expr


def chain_terms(graph: Graph, place: Place) -> list[Term]:
    """Return the terms of the chain rule for one entry, in order of time."""
    network, users = graph.network, influenced_entries(graph, place)
    return [Term(user, _total(user, network), letters.immediate(user, place, network)) for user in users]


def chain_rule(graph: Graph, name: str, t: int | None = None, entry: int | tuple[int, ...] | None = None) -> sympy.Expr:
    """Return the multivariate chain rule for one entry: a sum over what it influences, total times immediate."""
    place = letters.entry_place(graph, name, t, entry)
    return sympy.Add(*(term.total * term.immediate for term in chain_terms(graph, place)), *_own_share(graph, place))


def _total(place: Place, network: Network) -> sympy.Expr:
    """Return the total derivative of the loss by an entry; by a loss that nothing else uses it is one."""
    is_end = place.name == network.loss and not network.uses[place.name]
    return sympy.Integer(1) if is_end else letters.total(place, network)


def _own_share(graph: Graph, place: Place) -> list[sympy.Integer]:
    """Return [1] for the loss itself, whose derivative by itself is one."""
    return [sympy.Integer(1)] if place.name == graph.network.loss else []


def scalar_form(
    graph: Graph, name: str, t: int | None = None, entry: int | tuple[int, ...] | None = None
) -> sympy.Expr:
    """Return the total derivative of the loss by one entry, in deltas and values: the chain rule, one step deep."""
    place = letters.entry_place(graph, name, t, entry)
    terms = [term.total * local_derivative(graph, term.user, place) for term in chain_terms(graph, place)]
    return sympy.Add(*terms, *_own_share(graph, place))


def unrolled(
    graph: Graph, name: str, t: int | None = None, entry: int | tuple[int, ...] | None = None, *, values: bool = False
) -> sympy.Expr:
    """Return the total derivative with every total derivative in it replaced until none is left.

    With `values=True` the computed values are replaced by their definitions too, down to parameters and inputs. This
    grows without bound: what is too long to be read is refused (errors: NetworkError).
    """
    place = letters.entry_place(graph, name, t, entry)
    known: dict[Place, sympy.Expr] = {}
    for later in [*reversed(graph.order), Place(place.name, place.time)]:
        for e in network_entries(graph.network, later.name):
            one = Place(later.name, later.time, e)
            form = scalar_form(graph, later.name, later.time, e)
            known[one] = form.xreplace({s: known[letters.full(s.place, graph.network)] for s in _totals(form)})
            _refuse_if_large(known[one])
            if one == place:
                return _definitions_in(graph, known[one]) if values else known[one]
    raise AssertionError(place)


def _totals(expression: sympy.Expr) -> list[Total]:
    return [symbol for symbol in expression.free_symbols if isinstance(symbol, Total)]


def _definitions_in(graph: Graph, expression: sympy.Expr) -> sympy.Expr:
    """Return an expression with computed values replaced by their definitions, the latest first."""
    for place in reversed(graph.order):
        for entry in network_entries(graph.network, place.name):
            symbol = letters.value(Place(place.name, place.time, entry), graph.network)
            if expression.has(symbol):
                expression = expression.xreplace({symbol: right_side(graph, place.name, place.time, entry)})
                _refuse_if_large(expression)
    return expression


def count_terms(expression: sympy.Expr) -> int:
    """Return how many letters and numbers an expression would show."""
    sizes: dict[sympy.Expr, int] = {}
    for part in sympy.postorder_traversal(expression):
        if part not in sizes:
            sizes[part] = sum(sizes[arg] for arg in part.args) if part.args else 1
    return sizes[expression]


def _refuse_if_large(expression: sympy.Expr) -> None:
    if len(expression.args) > MOST_TERMS or count_terms(expression) > 20 * MOST_TERMS:
        raise NetworkError(
            "The unrolled form is too long to be read.", "Ask for fewer steps, smaller sizes, or the scalar form."
        )


def path_sum(
    graph: Graph, name: str, t: int | None = None, entry: int | tuple[int, ...] | None = None
) -> list[tuple[tuple[Place, ...], sympy.Expr]]:
    """Return every path of entries from one entry to the loss with the product of its immediate derivatives.

    Their sum is the total derivative (errors: NetworkError where there are too many paths).
    """
    start = letters.entry_place(graph, name, t, entry)
    found, waiting = [], [((start,), sympy.Integer(1))]
    while waiting:
        path, product = waiting.pop()
        if path[-1].name == graph.network.loss:
            found.append((path, product))
        for user in influenced_entries(graph, path[-1]):
            waiting.append(((*path, user), product * local_derivative(graph, user, path[-1])))  # type: ignore[arg-type]
        if len(found) + len(waiting) > MOST_TERMS:
            raise NetworkError(f"{start} has more than {MOST_TERMS} paths.", "Ask for fewer steps or smaller sizes.")
    return sorted(found, key=lambda item: (len(item[0]), str(item[0])))
