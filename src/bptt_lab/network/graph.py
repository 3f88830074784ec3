"""The influence graph of a network over T steps: who influences whom, values, and total derivatives."""

from __future__ import annotations

import cmath
import graphlib
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from bptt_lab.formulas.times import NOW, Index
from bptt_lab.network.errors import NetworkError, Position
from bptt_lab.network.expressions import Equation, names
from bptt_lab.network.keeping import kept
from bptt_lab.network.parts import Parts, equation_of, is_inner
from bptt_lab.network.places import Place
from bptt_lab.network.scalars import (
    FLOATS,
    FLOATS_BY_TARGETS,
    FLOATS_IN_SLOPES,
    STEPS,
    Arithmetic,
    Letter,
    Scalar,
    entries,
)
from bptt_lab.network.shapes import Shape
from bptt_lab.network.values import entry_array, pack, unpack

if TYPE_CHECKING:
    from bptt_lab.network.model import Network

MOST_PATHS = 20_000
TOO_LARGE = "too large for a float"
MEND_OF_VALUES = "Look at the values that go in: smaller weights, or a probability away from 0 and 1."


def _reason(error: Exception) -> str:
    """Return why a float has no value, from what Python's own functions raise."""
    if isinstance(error, OverflowError):
        return TOO_LARGE
    if isinstance(error, ZeroDivisionError):
        return "a division by zero"
    return "a logarithm or a root of what is not positive"


def _influenced_by(index: Index, user: Place) -> bool:
    """Return whether a place relative to t, as `Network.influences` gives it, comes from a use with this index."""
    if index.start == "t":
        return user.time == Index("t", -index.shift) and not user.missing_when.startswith("t is not")
    return user.missing_when == f"t is not {index}"


class Ends(dict):
    """The entries that an equation's letters stand for at step t, each found once."""

    def __init__(self, graph: Graph, t: int | None) -> None:
        self._graph, self._t = graph, t

    def __missing__(self, letter: Place) -> Place:
        found = self[letter] = self._graph.resolve(letter, self._t)
        return found


class Step(dict):
    """The values of an equation's letters at one step, each looked up once."""

    def __init__(self, values: Mapping[Place, Any], ends: Ends, number_of_steps: Callable[[], Any]) -> None:
        self._values, self._ends, self._number_of_steps = values, ends, number_of_steps

    def __missing__(self, letter: Place) -> Any:
        value = self[letter] = self._number_of_steps() if letter == STEPS else self._values[self._ends[letter]]
        return value


# for each entry, total derivatives by its users, each with the immediate derivative of the user by it
Shares = dict[Place, list[tuple[Any, Any]]]
Slopes = list[tuple[Place, bool, list[tuple[Place, Place | None, Scalar]]]]


class Values(dict):
    """The values of a run by entry; what equations leave unnamed is kept apart, in the steps, as is what was asked."""

    def __init__(self, values: Mapping[Place, Any]) -> None:
        super().__init__(values)
        self.steps: dict[Place, Step] = {}
        self.immediates: dict[tuple[Place, Place], dict[tuple[int, ...], Any]] = {}


class Totals(Mapping):
    """The total derivatives of the loss by every entry of a run; those by leaves are computed when asked for."""

    def __init__(self, graph: Graph, values: Values, arithmetic: Arithmetic) -> None:
        self._graph, self._values, self._arithmetic = graph, values, arithmetic
        self.computed = dict.fromkeys((place for place in values if Place(*place[:2]) in graph.parents), 0)
        self._leaves: dict[Place, Any] = {}
        graph._sweep(values, arithmetic, self.computed, None, False)

    def __getitem__(self, place: Place) -> Any:
        if place in self.computed:
            return self.computed[place]
        if place not in self._leaves:
            if place not in self._values:
                raise KeyError(place)
            self._leaves[place] = self._by_leaf(place)
        return self._leaves[place]

    def _by_leaf(self, leaf: Place) -> Any:
        """Return the sum over what an entry influences: total derivative times immediate one."""
        total = 0
        for user in self._graph.users.get(Place(*leaf[:2]), ()):
            slopes = self._graph.immediates(self._values, self._arithmetic, leaf, user)
            for entry, slope in slopes.items():
                outer = self.computed[Place(user.name, user.time, entry)]
                if not (isinstance(outer, int) and outer == 0):
                    total = total + outer * slope
        return total

    def __iter__(self) -> Iterator[Place]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Graph:
    """A network unrolled over T steps; `network.unroll(T)` makes one."""

    def __init__(self, network: Network, T: int) -> None:
        if not isinstance(T, (int, np.integer)) or isinstance(T, bool) or T < 1:
            raise NetworkError(f"The number of steps is {T!r}.", "Unroll over a whole number of steps, 1 or more.")
        self.network, self.T = network, int(T)
        self.kept: dict[Any, Any] = {}  # what others have computed about this graph, by who and what: see `keeping`
        self.keys: dict[Place, str] = dict(self._computed())  # of the equation that computes a place
        self.parents: dict[Place, list[Place]] = {place: self._parents_of(place) for place in self.keys}
        self.order: tuple[Place, ...] = self._ordered()

    def _computed(self) -> Iterator[tuple[Place, str]]:
        """Yield every computed place with the key of its equation (errors: NetworkError for a step that is not)."""
        seen: set[Place] = set()
        for key, equation in self.network.written.items():
            times = equation.times(self.T)
            if equation.timed and equation.is_inside and not 1 <= times[0] <= self.T:  # type: ignore[operator]  # it has a time
                self._refuse_step(f"{equation.name} is computed", times[0], equation.position)  # type: ignore[arg-type]  # it has a time
            places = {Place(equation.name, t) for t in times}
            if places & seen:
                what = f"{key} is computed already: with T = {self.T} two steps are one."
                raise NetworkError(what, "Unroll over more steps.", equation.position)
            seen |= places
            yield from ((Place(equation.name, t), key) for t in times)

    def _refuse_step(self, what: str, step: int, position: Position) -> None:
        steps = "is 1 step" if self.T == 1 else f"are {self.T} steps"
        raise NetworkError(f"{what} at step {step}, and there {steps}.", "Unroll over more steps.", position)

    def equation(self, place: Place) -> Equation:
        """Return the equation that computes a place."""
        return self.network.equation(self.keys[place])

    def parts(self, place: Place) -> Parts:
        """Return the steps in which the equation of a place is computed."""
        return self.network.parts(self.keys[place])

    def _parents_of(self, place: Place) -> list[Place]:
        equation = self.equation(place)
        uses = names(equation.expression)
        for use in uses:
            if use.index is not None and not use.index.start and use.index.shift > self.T:
                self._refuse_step(f"{use.name} is read", use.index.shift, equation.at(use.column))
        return list(dict.fromkeys(self.resolve(Place(use.name, use.index), place.time) for use in uses))

    def _ordered(self) -> tuple[Place, ...]:
        """Return the computed places, each after the places it needs."""
        try:
            order = graphlib.TopologicalSorter(self.parents).static_order()
            return tuple(place for place in order if place in self.parents)
        except graphlib.CycleError as error:
            ring = list(error.args[1])[::-1]
            first, *_ = ring
            equation = self.equation(first)
            raise NetworkError(
                f"The definitions go in a circle: {' needs '.join(place.in_equations for place in ring)}.",
                "Make one of them depend on an earlier or a later time only.",
                equation.position,
            ) from None

    def resolve(self, place: Place, t: int | None) -> Place:
        """Return the place that a relative place (time an index) names at step t."""
        if isinstance(place.time, Index):
            return Place(place.name, place.time.at(t, self.T), place.entry)
        return place

    @cached_property
    def users(self) -> dict[Place, list[Place]]:
        """For every place, the places it influences directly, in order of time."""
        found: dict[Place, list[Place]] = {place: [] for place in [*self.leaves, *self.parents]}
        for place, parents in self.parents.items():
            for parent in parents:
                found[parent].append(place)
        return {place: sorted(users, key=self._when) for place, users in found.items()}

    def _when(self, place: Place) -> tuple[float, int]:
        """Return a key that sorts places by time, then as the equations are written; what has no time comes last."""
        position = list(self.network.equations).index(place.name)
        return (math.inf if place.time is None else place.time, position)

    @cached_property
    def leaves(self) -> dict[Place, Shape]:
        """Every place that is not computed: parameters, inputs at each time used, boundary states; with its shape."""
        found = {p: None for parents in self.parents.values() for p in parents if p not in self.parents}
        return {place: self.network.shapes[place.name] for place in found}

    @kept
    def entries(self, place: Place) -> tuple[Place, ...]:
        """Return the entries of a place, as places."""
        return tuple(Place(*place[:2], entry) for entry in entries(self.network.shapes[place.name]))

    @cached_property
    def times(self) -> dict[str, list[int]]:
        """The steps from 1 to T at which each input is used."""
        found: dict[str, list[int]] = {}
        for place in self.leaves:
            if self.key(place) in self.network.inputs:
                found.setdefault(place.name, []).append(place.time)
        return found

    def key(self, place: Place) -> str:
        """Return the key of `values` under which a leaf is given: 'W11', 'x', 'h1[0]' or 'hb[T+1]'."""
        if place.time is None or 1 <= place.time <= self.T:
            return place.name
        return f"{place.name}[T+{place.time - self.T}]" if place.time > self.T else f"{place.name}[{place.time}]"

    @cached_property
    def boundaries(self) -> tuple[str, ...]:
        """The keys of the states before the first step or after the last, which are zero where not given.

        An input is asked for there too: nobody knows it to be zero.
        """
        states = (place for place in self.leaves if place.name in self.network.equations)
        return tuple(dict.fromkeys(k for place in states if "[" in (k := self.key(place))))

    def influences(
        self, name: str, t: int | None = None, entry: int | tuple[int, ...] | None = None
    ) -> tuple[Place, ...]:
        """Return the places through which a quantity reaches the loss directly (errors: NetworkError).

        Without t, a timed quantity gives places relative to t and says when they do not exist; entries count from 1.
        """
        if t is None and self.network.is_timed(name):
            found = self.network.influences(name)
            return found if entry is None else self._entries_of(name, None, entry, found)
        place = self.place(name, t)
        found = tuple(self.users.get(place, ()))
        return found if entry is None else self._entries_of(name, t, entry, found)

    def has(self, name: str, t: int | None = None) -> bool:
        """Return whether a quantity occurs at a time of this graph."""
        return Place(name, t) in self.parents or Place(name, t) in self.leaves

    def place(self, name: str, t: int | None = None) -> Place:
        """Return a place of this graph by name and time (errors: NetworkError)."""
        self.network.check_name(name)
        place = Place(name, None if t is None else int(t))
        if not self.has(name, place.time):
            times = [p.time for p in [*self.leaves, *self.parents] if p.name == name]
            if times == [None]:
                raise NetworkError(f"{name} has no time, but t = {t} was given.", f"Ask for {name} without t.")
            raise NetworkError(f"{name} does not occur at t = {t}.", f"Its times are {min(times)} to {max(times)}.")
        return place

    def _entries_of(
        self, name: str, t: int | None, entry: int | tuple[int, ...], users: tuple[Place, ...]
    ) -> tuple[Place, ...]:
        """Return the entries of the users that depend on one entry of a quantity."""
        start = Place(name, t, self.entry_of(name, entry))
        return tuple(
            Place(user.name, user.time, e, user.missing_when)
            for user in users
            for part, e in self._parts_of_user(user).reached(self.letters(start, user))
            if part == user.name
        )

    def _key_of_user(self, user: Place) -> str:
        """Return the key of the equation of a place, or of one relative to t."""
        if not isinstance(user.time, Index):
            return self.keys[Place(*user[:2])]
        key = f"{user.name}[{user.time}]"
        return key if key in self.network.written else user.name

    def _parts_of_user(self, user: Place) -> Parts:
        return self.network.parts(self._key_of_user(user))

    def letters(self, place: Place, user: Place) -> list[Place]:
        """Return the letters that stand for an entry in the equation of what it influences, at that step."""
        own = self._key_of_user(user)
        indices = [index for key, index in self.network.uses[place.name] if key == own]
        if place.time is None and self.network.is_timed(place.name):
            return [Place(place.name, i, place.entry) for i in indices if _influenced_by(i, user)]  # type: ignore[arg-type]  # it has a time
        times = [None if index is None else index.at(user.time, self.T) for index in indices]
        found = [index for index, time in zip(indices, times, strict=True) if time == place.time]
        return [Place(place.name, index, place.entry) for index in found]

    def entry_of(self, name: str, entry: int | tuple[int, ...]) -> tuple[int, ...]:
        """Return an entry as a tuple, counted from 1 (errors: NetworkError where there is no such entry)."""
        entry = entry if isinstance(entry, tuple) else (entry,)
        shape = self.network.shapes[name]
        if entry not in entries(shape):
            raise NetworkError(
                f"{name} has no entry {','.join(map(str, entry))}.",
                f"Its shape is {shape}; entries count from 1, as in the lectures.",
            )
        return entry

    def paths(self, name: str, t: int | None = None) -> list[tuple[Place, ...]]:
        """Return every path from a place to the loss, shortest first (errors: NetworkError for too many)."""
        start, found = self.place(name, t), []
        waiting: list[tuple[Place, ...]] = [(start,)]
        while waiting:
            path = waiting.pop()
            if path[-1].name == self.network.loss:
                found.append(path)
            waiting.extend((*path, user) for user in self.users[path[-1]] if user in self._leading_to_loss)
            if len(found) > MOST_PATHS:
                raise NetworkError(f"{start} has more than {MOST_PATHS} paths to the loss.", "Unroll over fewer steps.")
        return sorted(found, key=lambda path: (len(path), [self._when(place) for place in path[1:]]))

    @cached_property
    def _leading_to_loss(self) -> frozenset[Place]:
        """The computed places that influence the loss: what leads nowhere would be walked without end."""
        found: set[Place] = set()
        for place in reversed(self.order):
            if place.name == self.network.loss or not found.isdisjoint(self.users[place]):
                found.add(place)
        return frozenset(found)

    @cached_property
    def loss_entries(self) -> list[Place]:
        """The entries whose sum is the total loss: one a step where the loss has a time."""
        entry = (1,) * len(self.network.shapes[self.network.loss])
        return [Place(*place[:2], entry) for place in self.order if place.name == self.network.loss]

    def run(
        self, leaves: Mapping[Place, Any], arithmetic: Arithmetic = FLOATS, moved: Mapping[Place, Any] | None = None
    ) -> dict[Place, Any]:
        """Return the value of every entry of every quantity, in any arithmetic, from the leaves' entries.

        `moved` holds what is added to entries on the way, such as a small imaginary step. Errors: NetworkError where
        a float has no such value, naming equation, entry and step.
        """
        moved = moved or {}
        values = Values({place: value + moved[place] if place in moved else value for place, value in leaves.items()})
        for place in self.order:
            value_of = self._step(values, place, arithmetic).__getitem__
            for _, one, tree in self._lines(place)[1]:
                number = self._number(tree, value_of, arithmetic, one)
                values[one] = number + moved[one] if one in moved else number
        return values

    def _step(self, values: Mapping[Place, Any], place: Place, arithmetic: Arithmetic) -> Step:
        """Return the values of all letters of a place's equation, of what it leaves unnamed too."""
        steps = values.steps if isinstance(values, Values) else {}
        if place not in steps:
            step = steps[place] = Step(values, self._ends[place], lambda: arithmetic.number(Fraction(self.T)))
            for letter, one, tree in self._lines(place)[0]:
                step[letter] = self._number(tree, step.__getitem__, arithmetic, one)
        return steps[place]

    @kept
    def _lines(self, place: Place) -> tuple[list[tuple[Place, Place, Scalar]], ...]:
        """Return the entries of what a place's equation leaves unnamed, and its own: letter, entry and tree of each."""
        ends, parts = self._ends[place], self.parts(place)
        *inner, own = ([(one, ends[one], tree) for one, tree in lines] for lines in parts.lines.values())
        return [line for lines in inner for line in lines], own

    @cached_property
    def _ends(self) -> dict[Place, Ends]:
        """For each computed place, what the letters of its equation stand for at that step."""
        return {place: Ends(self, place.time) for place in self.keys}

    def _number(
        self, tree: Scalar, value_of: Callable, arithmetic: Arithmetic, place: Place, upper: Place | None = None
    ) -> Any:
        """Return the value of an entry, or of its derivative by another one (errors: NetworkError for floats)."""
        if arithmetic is not FLOATS:
            return tree.valued(value_of, arithmetic)
        if upper is not None:
            arithmetic = FLOATS_BY_TARGETS if self.network.is_target(upper.name) else FLOATS_IN_SLOPES
        try:
            value = tree.valued(value_of, arithmetic)
        except (ArithmeticError, ValueError) as error:
            raise self._no_number(_reason(error), place, upper) from None
        if arithmetic is not FLOATS_BY_TARGETS and not cmath.isfinite(value) and not is_inner(place.name):
            raise self._no_number(TOO_LARGE, place, upper)
        return value

    def _no_number(self, reason: str, place: Place, upper: Place | None = None) -> NetworkError:
        what = self._in_words(place)
        if upper is not None:
            what = f"The derivative of {what} by {self._in_words(upper)}"
        key = equation_of(place.name) if is_inner(place.name) else self.keys[Place(*place[:2])]
        position = self.network.equation(key).position
        return NetworkError(f"{what}: {reason}.", MEND_OF_VALUES, position)

    def _in_words(self, place: Place) -> str:
        """Return a place as 'h1 at t = 3, entry 2'."""
        time = "" if place.time is None else f" at t = {place.time}"
        entry = "" if self.network.shape(place.name) in ((), (1,)) else f", entry {','.join(map(str, place.entry))}"
        return f"{'a part of ' * is_inner(place.name)}{equation_of(place.name)}{time}{entry}"

    def sweep(
        self, values: Mapping[Place, Any], arithmetic: Arithmetic = FLOATS, below: Place | None = None
    ) -> dict[Place, Any]:
        """Return the total derivative of the loss, or of one entry `below`, by every entry: the chain rule.

        By a target whose probability is exactly zero it is infinite. Errors: NetworkError as for `run`.
        """
        total = dict.fromkeys(values, 0)
        self._sweep(values, arithmetic, total, below, True)
        return total

    def totals_on_demand(self, values: Values, arithmetic: Arithmetic) -> Totals:
        """Return what `sweep` returns, but by a leaf's entry only when it is asked for: the leaves are the most."""
        return Totals(self, values, arithmetic)

    def _sweep(
        self,
        values: Mapping[Place, Any],
        arithmetic: Arithmetic,
        total: dict[Place, Any],
        below: Place | None,
        to_leaves: bool,
    ) -> None:
        """Put the total derivative by every computed entry, and by the leaves if wanted, into `total`: zeros before."""
        for start in self.loss_entries if below is None else [below]:
            total[start] += 1
        shares: Shares = defaultdict(list)
        for place in reversed(self.order):
            for one in self.entries(place):
                if one in shares:
                    self._add_up(total, one, shares, arithmetic)
            self._sweep_back(place, self._step(values, place, arithmetic), arithmetic, total, shares, to_leaves)
        for place in list(shares):
            self._add_up(total, place, shares, arithmetic)

    def _add_up(self, total: dict[Place, Any], place: Place, shares: Shares, arithmetic: Arithmetic) -> None:
        """Add to the total derivative by an entry what its users have sent back."""
        total[place] = total[place] + arithmetic.dot(shares.pop(place))
        if arithmetic is FLOATS and not cmath.isfinite(total[place]) and place.name not in self.network.targets:
            raise NetworkError(f"The total derivative by {self._in_words(place)}: {TOO_LARGE}.", MEND_OF_VALUES)

    def _sweep_back(
        self,
        place: Place,
        step: Step,
        arithmetic: Arithmetic,
        total: Mapping[Place, Any],
        shares: Shares,
        to_leaves: bool,
    ) -> None:
        """Send the total derivatives by a place's entries back to what its equation is written in."""
        value_of = step.__getitem__
        for lower, is_part, slopes in self._slopes(place, to_leaves):
            outer = arithmetic.dot(shares.pop(lower)) if is_part and lower in shares else total.get(lower, 0)
            if isinstance(outer, int) and outer == 0:
                continue
            for upper, letter, slope in slopes:
                is_value = letter is not None  # it has been looked at on the way forward
                number = step[letter] if is_value else self._number(slope, value_of, arithmetic, lower, upper)
                shares[upper].append((outer, number))

    @kept
    def _slopes(self, place: Place, to_leaves: bool) -> Slopes:
        """Return the entries of a place's parts, the last first, whether each is one inside, and its slopes.

        A slope: the entry that it is by, the letter that it is if it is one, and itself.
        """
        parts, ends, found = self.parts(place), self._ends[place], []
        given = () if to_leaves else self.network.parameters
        for part, entry in reversed(parts.entries):
            slopes = {above: slope for above, slope in parts.slopes(part, entry).items() if above.name not in given}
            wanted = [
                (ends[above], slope.place if isinstance(slope, Letter) else None, slope)
                for above, slope in slopes.items()
                if to_leaves or self._is_computed(ends[above])
            ]
            lower = ends[Place(part, parts.index, entry)]
            found.append((lower, lower.name != place.name, wanted))
        return found

    def _is_computed(self, one: Place) -> bool:
        """Return whether an entry, or one of a part of an equation, is computed."""
        return is_inner(one.name) or Place(*one[:2]) in self.keys

    def immediates(
        self, values: Mapping[Place, Any], arithmetic: Arithmetic, above: Place, user: Place
    ) -> dict[tuple[int, ...], Any]:
        """Return the immediate derivatives by one entry of those entries of a place that depend on it."""
        known = values.immediates if isinstance(values, Values) else {}
        if (above, user) not in known:
            step = self._step(values, user, arithmetic)
            known[above, user] = self._pushed(step, arithmetic, self.letters(above, user), user)
        return known[above, user]

    def _pushed(
        self, step: Step, arithmetic: Arithmetic, starts: list[Place], user: Place
    ) -> dict[tuple[int, ...], Any]:
        """Return the derivative of the entries of a place by letters of its equation moved together."""
        parts, moved, found = self._parts_of_user(user), dict.fromkeys(starts, 1), {}
        for part, entry in parts.reached(starts):
            slopes = parts.slopes(part, entry)
            fewer, more = sorted((slopes, moved), key=len)  # type: ignore[arg-type]
            shares, lower = [], Place(part, user.time, entry)
            for letter in [letter for letter in fewer if letter in more]:  # type: ignore[attr-defined, operator]
                upper = self.resolve(letter, user.time)
                slope = self._number(slopes[letter], step.__getitem__, arithmetic, lower, upper)
                shares.append((moved[letter], slope))
            total = arithmetic.dot(shares)
            if part == user.name:
                found[entry] = total
            else:
                moved[Place(part, parts.index, entry)] = total
        return found

    def forward(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return every computed quantity by name, (T, n) or (n,), and the total loss under its own name.

        `values`: arrays by name as `gradients` takes them. A loss at every step is also given as `L[t]`, shape (T,).
        """
        found = self._arrays(self.run(unpack(self, values)))
        loss = self.network.loss
        if self.network.equations[loss].index == NOW:
            found[f"{loss}[t]"] = found[loss].reshape(self.T)
        keys = [key for key, equation in self.network.written.items() if equation.name == loss]
        found[loss] = sum(found[key].sum()[()] for key in keys)
        return found

    def totals(self, values: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Return the total derivative of the loss by every computed quantity: the deltas, (T, n) or (n,).

        `values`: arrays by name as `gradients` takes them. Errors: NetworkError.
        """
        return self._arrays(self.sweep(self.run(unpack(self, values))))

    def _arrays(self, numbers: Mapping[Place, Any]) -> dict[str, np.ndarray]:
        """Return the entries of every computed quantity as an array, one row a step where it has a time."""
        found: dict[str, np.ndarray] = {}
        for key, equation in self.network.written.items():
            shape = self.network.shapes[equation.name]
            rows = [entry_array(numbers, Place(equation.name, t), shape) for t in equation.times(self.T)]
            found[key] = np.array(rows) if equation.index == NOW else rows[0]
        return found

    def gradients(self, values: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Return the gradient of the total loss by every parameter, input and boundary state.

        `values`: parameters in their own shape; inputs (T, n); boundary states (n,) under keys such as 'h1[0]' or
        'hb[T+1]', zero where not given. Each gradient has the shape of its value. Errors: NetworkError.
        """
        return pack(self, self.sweep(self.run(unpack(self, values))), values)
