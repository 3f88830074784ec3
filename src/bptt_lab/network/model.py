"""A network: its equations read, checked and given shapes; the same for every number of steps."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from bptt_lab.formulas.errors import nearest
from bptt_lab.formulas.functions import FUNCTIONS, language
from bptt_lab.formulas.times import NOW, Index
from bptt_lab.formulas.tree import Call, Tree
from bptt_lab.network.errors import NetworkError
from bptt_lab.network.expressions import Equation, Name, children, names, unread
from bptt_lab.network.graph import Graph
from bptt_lab.network.keeping import kept
from bptt_lab.network.parse import parse
from bptt_lab.network.parts import Entry, Parts, equation_of, is_inner, results
from bptt_lab.network.places import Place
from bptt_lab.network.scalars import Letter, Scalar, derivative, derivatives, replace
from bptt_lab.network.shapes import Shape, entrywise_shape, infer_shapes


class Network:
    """A network written as the equations of its forward pass.

    `text` holds one equation a line, `name[t] = …` or `name = …`; `sizes` gives the sizes that cannot be inferred,
    as whole numbers (vectors), pairs (matrices) or () (numbers). Errors: NetworkError with line, caret and mend.
    """

    def __init__(self, text: str, *, sizes: Mapping[str, int | Shape]) -> None:
        self.text = text
        self.sizes = dict(sizes)
        self.written: dict[str, Equation] = parse(text)
        self.equations = {key: one for key, one in self.written.items() if key == one.name}
        _check_boundaries(self.written)
        _check_times(self.written)
        _check_states(self.written)
        self.shapes: dict[str, Shape] = infer_shapes(self.written, self.sizes)
        self.loss = _loss_name(self.written, self.shapes)
        self.kept: dict[Any, Any] = {}  # what others have computed about this network, by who and what: see `keeping`
        self.unroll(self.enough_steps + self.longest_lag)  # a cyclic definition shows within a few steps

    @cached_property
    def is_general(self) -> bool:
        """Whether every equation holds at every step, or has no time."""
        return all(equation.is_general for equation in self.written.values())

    @cached_property
    def boundary_equations(self) -> dict[str, Equation]:
        """The equations of states before the first step or after the last, by name and time, as in 'h[0]'."""
        return {key: one for key, one in self.written.items() if not (one.is_general or one.is_inside)}

    @cached_property
    def longest_lag(self) -> int:
        """How many steps lie at most between a quantity and what reads it."""
        return max((abs(index.shift) for index in self._indices if index.start == "t"), default=0)

    @cached_property
    def enough_steps(self) -> int:
        """A number of steps, 3 or more, in which every fixed step exists, and none from 1 is one from T."""
        return 2 * max((abs(index.shift) for index in self._indices if index.start != "t"), default=0) + 3

    @cached_property
    def fewest_steps(self) -> int:
        """The least number of steps at which every fixed step lies between the first and the last."""
        return max(
            [
                1,
                *(i.shift for i in self._indices if not i.start),
                *(1 - i.shift for i in self._indices if i.start == "T"),
            ]
        )

    @cached_property
    def _indices(self) -> list[Index]:
        read = [index for uses in self.uses.values() for _, index in uses]
        return [index for index in (*read, *(one.index for one in self.written.values())) if index is not None]

    def equation(self, key: str) -> Equation:
        """Return an equation by the name it defines, or by name and time, as in 'h[0]'."""
        return self.written[key]

    def unroll(self, T: int) -> Graph:
        """Return the influence graph of T steps (errors: NetworkError where T is not 1 or more)."""
        return Graph(self, T)

    @cached_property
    def uses(self) -> dict[str, list[tuple[str, Index | None]]]:
        """For every name, where it is used: the equation's key and the index it is used with."""
        found: dict[str, list[tuple[str, Index | None]]] = {name: [] for name in self.shapes}
        for key, equation in self.written.items():
            for use in dict.fromkeys(names(equation.expression)):
                found[use.name].append((key, use.index))
        return found

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names that are never assigned and carry no time."""
        return tuple(n for n, uses in self.uses.items() if n not in self.equations and all(i is None for _, i in uses))

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The names that are never assigned and carry a time."""
        return tuple(n for n in self.uses if n not in self.equations and n not in self.parameters)

    @cached_property
    def targets(self) -> dict[str, str]:
        """Targets of cross-entropies: a 'distribution', of entries that sum to one, or a 'probability' each."""
        calls = [c for e in self.written.values() for c in _calls(e.expression) if FUNCTIONS[c.function].targets]
        found = {name.name: FUNCTIONS[call.function].targets for call in calls for name in names(call.arguments[1])}
        return {name: function for name, function in found.items() if name not in self.equations}

    def is_timed(self, name: str) -> bool:
        """Return whether a quantity carries a time index."""
        return self.equations[name].timed if name in self.equations else name in self.inputs

    def influences(self, name: str) -> tuple[Place, ...]:
        """Return the places that name[t] influences directly, for general t, each with when it is missing."""
        self.check_name(name)
        return tuple(_influenced(self.equation(key), index) for key, index in self.ordered_uses(name))

    def ordered_uses(self, name: str) -> list[tuple[str, Index | None]]:
        """Return where a name is used, as in `uses`, in the order of `influences`: the earliest user first."""
        return sorted(self.uses[name], key=lambda use: -use[1].shift if use[1] else 0)

    def definition(self, key: str, entry: tuple[int, ...] = ()) -> Scalar:
        """Return one entry of an equation's right side as a scalar tree, times relative to the equation."""
        return self._definitions(key)[entry]

    def local_derivatives(self, key: str, entry: tuple[int, ...] = ()) -> dict[Place, Scalar]:
        """Return the immediate derivatives of one entry by every letter of its equation, in the course's letters."""
        return {
            letter.place: replace(slope, self._results(key))
            for letter, slope in derivatives(self.definition(key, entry)).items()
        }

    def local_derivative(self, key: str, entry: tuple[int, ...], above: Place) -> Scalar:
        """Return the immediate derivative of one entry by one letter of its equation, in the course's letters."""
        return replace(derivative(self.definition(key, entry), Letter(above)), self._results(key))

    @kept
    def parts(self, key: str) -> Parts:
        """Return the steps in which an equation is computed, with what it leaves unnamed named inside."""
        equation = self.equation(key)
        return Parts(key, equation, self.shapes[equation.name], self._shape_of)

    @kept
    def shape(self, name: str) -> Shape:
        """Return the shape of a quantity, or of a part that is named inside an equation."""
        return self.shapes[name] if name in self.shapes else self.parts(equation_of(name)).shape(name)

    @kept
    def is_target(self, name: str) -> bool:
        """Return whether a quantity, or a part of an equation, is the target of a cross-entropy."""
        if not is_inner(name):
            return name in self.targets
        trees = self.parts(equation_of(name)).trees[name].values()
        found = {letter.place.name for tree in trees for letter in tree.letters}
        return bool(found) and all(self.is_target(one) for one in found)

    @kept
    def _definitions(self, key: str) -> dict[Entry, Scalar]:
        """Return the entries of an equation written out: what is named inside is replaced, and shared by them."""
        parts, known = self.parts(key), {}
        for lines in parts.lines.values():
            known |= {Letter(letter): replace(tree, known) for letter, tree in lines}
        return {letter.entry: known[Letter(letter)] for letter, _ in parts.lines[parts.name]}

    @kept
    def _results(self, key: str) -> dict[Scalar, Letter]:
        equation = self.equation(key)
        return results(equation.name, equation.index, self._definitions(key))

    def _shape_of(self, expression: Tree) -> Shape:
        return entrywise_shape(expression, self.shapes)

    def check_name(self, name: str) -> None:
        """Raise a NetworkError where a name is not one of this network's."""
        if name not in self.shapes:
            raise NetworkError(
                f"{name!r} is not a quantity of this network." + nearest(str(name), self.shapes),
                f"Its quantities are {', '.join(self.shapes)}.",
            )

    def quantities(self) -> list[tuple[str, str, str]]:
        """Return every quantity as text: its name, its kind, its shape."""
        return [(name, self._kind(name), "×".join(map(str, shape)) or "number") for name, shape in self.shapes.items()]

    def describe(self) -> str:
        """Return a table of every quantity: its kind and its shape."""
        rows = self.quantities()
        widths = [max(len(row[i]) for row in rows) for i in range(2)]
        return "\n".join(f"{name + ':':<{widths[0] + 1}} {kind:<{widths[1]}}  {shape}" for name, kind, shape in rows)

    def _kind(self, name: str) -> str:
        if name in self.equations:
            return "loss" if name == self.loss else "computed"
        return "parameter" if name in self.parameters else "input"

    def __repr__(self) -> str:
        return f"Network with {len(self.equations)} equations\n{self.describe()}"


Network.__doc__ = f"{inspect.cleandoc(Network.__doc__)}\n\n{language()}\n"  # type: ignore[arg-type]  # it has one


def _influenced(equation: Equation, index: Index | None) -> Place:
    """Return the place that name[t] influences through an equation that uses it with an index."""
    if equation.index != NOW:
        only = "" if index is None else f"t is not {index}"
        return Place(equation.name, equation.index, (), only)
    if index is None or index.start != "t":
        return Place(equation.name, Index("t", 0), (), "" if index is None else f"t is not {index}")
    shift = -index.shift
    missing = {0: "", 1: "t = T", -1: "t = 1"}.get(shift, f"t > T-{shift}" if shift > 0 else f"t < {1 - shift}")
    return Place(equation.name, Index("t", shift), (), missing)


def _calls(expression: Tree) -> list[Call]:
    found = [call for part in children(expression) for call in _calls(part)]
    return [expression, *found] if isinstance(expression, Call) else found


def _check_boundaries(written: Mapping[str, Equation]) -> None:
    """Raise where a state is given outside of the steps that no equation defines among them."""
    for key, equation in written.items():
        general = written.get(equation.name)
        is_outside = not (equation.is_general or equation.is_inside)
        if is_outside and (general is None or general.index != NOW):
            what = f"{key} lies outside of the steps 1 to T, and nothing defines {equation.name}[t]."
            mend = f"Write an equation for {equation.name}[t] too, or {equation.name} without a time."
            raise NetworkError(what, mend, equation.position)


def _check_states(written: Mapping[str, Equation]) -> None:
    """Raise where h_0 = … stands for a state before the first step, or h[-1] for the last one."""
    for name in unread(written.values()):
        equation, match = written[name], re.fullmatch(r"(\w*[A-Za-z])_?0|(\w+)_0", name)
        state = written.get(match[1] or match[2]) if match else None
        if state is not None and _is_meant_before(equation, state, written):
            mend = f"A state before the first step is written  {state.name}[0] = …"
            raise NetworkError(f"Nothing reads {name}.", mend, equation.position)
    for name, uses in _reads(written).items():
        lags = [use.index.shift for _, use in uses if use.index.start]
        for equation, use in uses:
            is_far = not use.index.start and use.index.shift < 0 and use.index.shift <= min([0, *lags])
            if is_far and name in written and str(use) not in written:
                what = f"{use} lies before the first step, and nothing gives it."
                raise NetworkError(what, f"The last one is {name}[T].", equation.at(use.column))


def _is_meant_before(equation: Equation, state: Equation, written: Mapping[str, Equation]) -> bool:
    """Return whether what nothing reads may be meant as a state before the first step: no loss, nothing made of it."""
    is_end = equation.name == "L" or unread(written.values()) == [equation.name]
    is_given = f"{state.name}[0]" in written
    return state.timed and not (equation.timed or is_end or is_given) and state.name not in _read_by(equation, written)


def _read_by(equation: Equation, written: Mapping[str, Equation]) -> set[str]:
    """Return the names that an equation reads, also through other equations."""
    found: set[str] = set()
    waiting = {use.name for use in names(equation.expression)}
    while waiting:
        found |= waiting
        read = [one for one in written.values() if one.name in waiting]
        waiting = {use.name for one in read for use in names(one.expression)} - found
    return found


def _reads(written: Mapping[str, Equation]) -> dict[str, list[tuple[Equation, Name]]]:
    """Return, for every name, where it is read with a time."""
    found: dict[str, list[tuple[Equation, Name]]] = {}
    for equation in written.values():
        for use in names(equation.expression):
            if use.index is not None:
                found.setdefault(use.name, []).append((equation, use))
    return found


def _check_times(written: Mapping[str, Equation]) -> None:
    """Raise where a name is used with a time in one place and without in another, or where it is not computed."""
    first: dict[str, Name] = {}
    for equation in written.values():
        for use in names(equation.expression):
            defined = written.get(use.name)
            timed = defined.timed if defined else first.setdefault(use.name, use).index is not None
            if timed != (use.index is not None):
                how = f"{use.name}[t], with a time" if timed else f"{use.name}, without a time"
                raise NetworkError(
                    f"{use.name} is {'defined' if defined else 'used elsewhere'} as {how}.",
                    f"Write it {'with' if timed else 'without'} an index here too.",
                    equation.at(use.column),
                )
            steps = [one.index for one in written.values() if one.name == use.name]
            if defined and not defined.is_general and use.index not in steps:
                raise NetworkError(
                    f"{use.name} is computed at {' and '.join(map(str, steps))} only.",
                    f"Write {use.name}[{defined.index}], or an equation for {use.name}[t].",
                    equation.at(use.column),
                )
            if equation.index != NOW and use.index is not None and use.index.start == "t":
                has = f"is computed at {equation.index} only" if equation.timed else "has no time"
                raise NetworkError(
                    f"{equation.name} {has}, so t means nothing here.",
                    f"Write {equation.name}[t] on the left, or a fixed time such as T.",
                    equation.at(use.column),
                )


def _loss_name(written: Mapping[str, Equation], shapes: Mapping[str, Shape]) -> str:
    """Return the name of the loss: L, or the one number that nothing else uses."""
    ends = [name for name in unread(written.values()) if shapes[name] in ((), (1,))]
    found = "L" if "L" in written else ends[0] if len(ends) == 1 else None
    if found is None:
        raise NetworkError("It is not clear which quantity is the loss.", "Call it L, as in  L[t] = mse(h1[t], y[t]).")
    if shapes[found] not in ((), (1,)):
        raise NetworkError(
            f"The loss {found} has {shapes[found][0]} entries.", "A loss is one number.", written[found].position
        )
    return found
