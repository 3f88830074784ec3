"""A network's forward and backward pass as a readable NumPy module, printed from its equations and vector derivation.

Arrays put time first, (T, batch, n). Inside, every array that has a time also has places for what lies before the
first step and after the last: states stand there, or zeros, for the terms of a chain rule that do not exist.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from functools import partial, reduce
from itertools import count
from types import SimpleNamespace

import numpy as np

from bptt_lab.formulas import write
from bptt_lab.formulas.times import NOW, Index, index_of, letter
from bptt_lab.formulas.tree import Binary, Call, Derivative, Letter, Over, Relation, Tree, mapped, walk
from bptt_lab.network import Graph, Network, NetworkError
from bptt_lab.network.expressions import Equation
from bptt_lab.symbolic.program_pieces import (
    Piece,
    apart,
    backward_pieces,
    direction,
    forward_pieces,
    gradient_terms,
    in_step_order,
    ordered,
    terms_of,
)
from bptt_lab.symbolic.row_code import ELSE, Rows, Value, added, is_batched, name_of, negated, over_steps, summed

INDENT = "    "
SOFTMAX = '''def softmax(u):
    """Return the softmax of the last axis, shifted by its largest entry."""
    powers = np.exp(u - u.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


'''
ROWS_OF = '''def rows(array):
    """Return an array (T, batch, n) with one row for each step and sequence."""
    return array.reshape(-1, array.shape[-1])


'''
SMALL = (2, 3, 4, 5, 6, 7, 8)  # sizes
CASES = ((0, 2), (1, 1), (2, 3))  # steps beyond enough, sequences
CLOSE = 1e-8


def numpy_source(network: Network) -> str:
    """Return a module with `forward(v)` and `gradients(v)`, for any T and any number of sequences.

    `v` holds parameters in their own shape, inputs and targets (T, batch, n), states before the first step or after
    the last (batch, n) under 'h[0]' or 'hb[T+1]', zero where they are missing; a number has no n. `forward` returns
    every quantity (T, batch, n) and the total loss, `gradients` an array of the shape of each value. It is run with
    small sizes and compared with the graph's own gradients first. Errors: NetworkError where the steps cannot be
    computed by one loop, and where there is a difference.
    """
    small = _with_small_sizes(network)
    source = _Writer(small).module()
    try:
        _check(small, _loaded(source))
    except (AssertionError, ArithmeticError, LookupError, NameError, SyntaxError, TypeError, ValueError) as error:
        what = f"The program written for this network is wrong, and is kept back: {error}."
        raise NetworkError(what, ELSE) from error
    return _Writer(network).module()


def numpy_program(network: Network) -> SimpleNamespace:
    """Return a network's program: its `source`, and its functions `forward` and `gradients`.

    Errors: as `numpy_source`.
    """
    return _loaded(numpy_source(network))


def _loaded(source: str) -> SimpleNamespace:
    found: dict = {}
    exec(compile(source, "<numpy_source>", "exec"), found)
    return SimpleNamespace(source=source, forward=found["forward"], gradients=found["gradients"])


def _with_small_sizes(network: Network) -> Network:
    """Return the network with small sizes, equal where they were; itself where its sizes depend on each other."""
    given = sorted({size for shape in network.shapes.values() for size in shape if size > 1})
    small = dict(zip(given, SMALL, strict=False))
    shapes = {name: shape for name, shape in network.shapes.items() if name not in network.equations}
    sizes = {name: tuple(small.get(size, size) for size in shape) for name, shape in shapes.items()}
    try:
        return Network(network.text, sizes=sizes)
    except NetworkError:
        return network


def _check(network: Network, made: SimpleNamespace) -> None:
    """Compare a program with the graph, sequence by sequence (errors: AssertionError)."""
    for more, batch in CASES:
        graph = network.unroll(network.enough_steps + more)
        drawn = [_drawn(graph, seed) for seed in range(batch if network.inputs else 1)]
        together = {key: _together(network, key, [one[key] for one in drawn]) for key in drawn[0]}
        found, apiece = made.gradients(together), [graph.gradients(one) for one in drawn]
        for key in together:
            expected = _together(network, key, [one[key] for one in apiece], is_gradient=True)
            if found[key].shape != together[key].shape or not np.allclose(found[key], expected, rtol=CLOSE, atol=CLOSE):
                raise AssertionError(f"the program's gradient by {key} is not the graph's")
        losses = sum(graph.forward(one)[network.loss] for one in drawn)
        if not np.allclose(made.forward(together)[network.loss], losses, rtol=CLOSE):
            raise AssertionError("the program's loss is not the graph's")


def _drawn(graph: Graph, seed: int) -> dict[str, np.ndarray]:
    """Return values for one sequence, of both signs where the network has a value there; parameters the same."""
    for low in (-1.5, -0.5, 0.2):  # a logarithm may want what is positive
        with contextlib.suppress(NetworkError):
            values = _values(graph, seed, low)
            graph.gradients(values)
            return values
    raise NetworkError("No small numbers were found for which this network has a value.", "Use graph.gradients.")


def _values(graph: Graph, seed: int, low: float) -> dict[str, np.ndarray]:
    values = {}
    for n, (place, shape) in enumerate(graph.leaves.items()):
        key = graph.key(place)
        chance = np.random.default_rng([n, 0 if key in graph.network.parameters else seed])
        full = (graph.T, *shape) if key in graph.network.inputs else shape
        values.setdefault(key, chance.uniform(low, 0.9, full))
    return values


def _together(network: Network, key: str, arrays: list[np.ndarray], is_gradient: bool = False) -> np.ndarray:
    """Return the arrays of single sequences as one; a parameter's gradients are added up."""
    if key in network.parameters:
        return np.sum(arrays, axis=0) if is_gradient else arrays[0]
    return np.stack(arrays, axis=1 if key in network.inputs else 0)


# Names for what a text leaves unnamed


def _with_names(network: Network) -> Network:
    """Return a network in which what goes into a function has a name, where a product or a function stands in it."""
    namer = _Namer(network)
    lines = [line for equation in network.written.values() for line in namer.lines(equation)]
    return Network("\n".join(lines), sizes=network.sizes)


class _Namer:
    """Gives names to arguments of functions, one equation after the other."""

    def __init__(self, network: Network):
        self._taken = set(network.shapes)

    def lines(self, equation: Equation) -> Iterator[str]:
        """Yield the equation and, before it, one for each argument that is named."""
        self._equation, self._named = equation, {}
        whole = mapped(equation.expression, self._call)
        for argument, name in self._named.items():
            yield write(Relation("=", name, argument))
        yield write(Relation("=", letter(equation.name, equation.index), whole))

    def _call(self, part: Tree) -> Tree | None:
        if not isinstance(part, Call) or part.function in ("sum", "mean", "concat", "dot"):
            return None
        return Call(part.function, tuple(map(self._argument, part.arguments)))

    def _argument(self, tree: Tree) -> Tree:
        tree = mapped(tree, self._call)
        if isinstance(tree, Letter) or not _computes(tree):
            return tree
        if tree not in self._named:
            own = self._equation
            name = next(one for n in count() if (one := f"{own.name}_in{n or ''}") not in self._taken)
            self._taken.add(name)
            self._named[tree] = letter(name, own.index if own.is_general else None)
        return self._named[tree]


def _computes(tree: Tree) -> bool:
    return any(isinstance(part, Binary) and part.operator == "@" or isinstance(part, Call) for part in walk(tree))


# The module


class _Writer:
    """Writes the module of one network."""

    def __init__(self, network: Network):
        self.given, self.network = network, _with_names(network)
        if not network.inputs and any(one.timed for one in network.written.values()):
            what = "Nothing that is given has a step, so no array tells how many steps there are."
            raise NetworkError(what, "Use graph.gradients, or give an input x[t].")
        ends = [abs(one.index.shift) for one in network.boundary_equations.values()]
        self.pad = max([1, network.longest_lag, *ends])
        graph = self.network.unroll(network.enough_steps + 2 * self.pad)
        self.boundaries = [key for key in dict.fromkeys(map(graph.key, graph.leaves)) if "[" in key]
        self.whole, self.at_step = Rows(self.network, self.pad), Rows(self.network, self.pad, "t")

    def module(self) -> str:
        """Return the text of the module."""
        text = "\n".join([*self._run(), "", "", *self._forward(), "", "", *self._gradients(), ""])
        equations = [f"{INDENT}{one.source}" for one in self.given.written.values()]
        head = ['"""Forward and backward pass of', "", *equations, ""]
        head += ["Arrays put time first, (T, batch, n). v holds parameters, inputs and states by name.", '"""', ""]
        helpers = (SOFTMAX if "softmax(" in text else "") + (ROWS_OF if "rows(" in text else "")
        return "\n".join([*head, "import numpy as np", "", "", ""]) + helpers + text

    # Arrays

    @property
    def _steps(self) -> str:
        return f"[{self.pad}:-{self.pad}]"

    def _ends(self, name: str) -> list[str]:
        return [key for key in self.boundaries if key.partition("[")[0] == name]

    def _zeros(self, name: str, prefix: str = "") -> str:
        width = (self.network.shapes[name] or (1,))[0]
        return f"{prefix}{name_of(name)} = np.zeros((T + {2 * self.pad}, batch, {width}))"

    def _place(self, name: str, index: Index, prefix: str = "") -> str:
        return f"{prefix}{name_of(name)}{self.at_step.at(index)}"

    def _sizes(self) -> list[str]:
        return [f'T, batch = v["{self.network.inputs[0]}"].shape[:2]'] if self.network.inputs else []

    # Forward

    def _run(self) -> list[str]:
        """Return the function that computes every array."""
        network, lines = self.network, self._sizes()
        if (fewest := network.fewest_steps) > 1:
            lines += [f"if T < {fewest}:", f'{INDENT}raise ValueError("This network needs {fewest} steps or more.")']
        lines += [f'{name_of(name)} = v["{name}"]' for name in network.parameters]
        for name in network.inputs:
            lines += [self._zeros(name), f'{name_of(name)}{self._steps} = v["{name}"].reshape(T, batch, -1)']
            lines += [f'{self._place(name, _end(key))} = v["{key}"]' for key in self._ends(name)]
        for name in (name for name, one in network.equations.items() if one.timed):
            lines.append(self._zeros(name))
            lines += [f"{self._place(name, _end(key))} = {self._state(name, key)}" for key in self._ends(name)]
        lines += self._scheduled(forward_pieces(network), "")
        kept = [name_of(name) for name in (*network.inputs, *network.equations)]
        lines.append("return {" + ", ".join(f'"{name}": {name}' for name in kept) + "}")
        where = "t" if self.pad == 1 else f"t + {self.pad - 1}"
        says = (
            f"Return every array, by name; what belongs to step t stands at {where}, states before and after beside it."
        )
        return _function("run(v)", says, lines)

    def _state(self, name: str, key: str) -> str:
        """Return the code of a state that is given, zero where it is missing."""
        given = f'v.get("{key}", 0.0)'
        return given if self.network.shapes[name] else f"np.reshape({given}, (-1, 1))"

    def _forward(self) -> list[str]:
        """Return the function that gives every quantity."""
        network, loss, lines = self.network, self.network.loss, []
        for key, one in self.given.written.items():
            array = f'found["{name_of(one.name)}"]'
            array += self._steps if one.index == NOW else self.at_step.at(one.index) if one.timed else ""
            is_number = not self.network.shapes[one.name]
            if key == loss:
                if one.index == NOW:
                    lines.append(f'{INDENT}"{key}[t]": {array}[..., 0],')
                lines.append(f'{INDENT}"{key}": found["{name_of(loss)}"].sum(),')
            else:
                code = f"{array}[..., 0]" if is_batched(network, one.name) else f"np.squeeze({array})"
                lines.append(f'{INDENT}"{key}": {code if is_number else array},')
        says = "Return every quantity by name, and the total loss."
        sizes = [f'T = len(v["{self.network.inputs[0]}"])'] if _stands("T", lines) else []
        return _function("forward(v)", says, [*sizes, "found = run(v)", "return {", *lines, "}"])

    # Backward

    def _gradients(self) -> list[str]:
        """Return the function that computes every gradient."""
        network = self.network
        kept = [*network.inputs, *network.equations]
        body = self._scheduled(backward_pieces(network, self._times_of_ends), "d_")
        body += [line for name in network.parameters for line in self._parameter(name)]
        lines = [*(self._sizes() if _stands("T", body) or _stands("batch", body) else []), "found = run(v)"]
        lines += [f'{name_of(name)} = v["{name}"]' for name in network.parameters if _stands(name_of(name), body)]
        lines += [f'{name_of(name)} = found["{name_of(name)}"]' for name in kept if _stands(name_of(name), body)]
        lines += [*body, "return {"]
        lines += [f'{INDENT}"{name}": d_{name_of(name)},' for name in network.parameters]
        for name in network.inputs:
            array = f"d_{name_of(name)}{self._steps}" if _stands(f"d_{name_of(name)}", body) else f'0 * v["{name}"]'
            lines.append(f'{INDENT}"{name}": {array}.reshape(v["{name}"].shape),')
        for key in self.boundaries:
            name = key.partition("[")[0]
            number = "" if network.shapes[name] else "[..., 0]"
            lines.append(f'{INDENT}"{key}": {self._place(name, _end(key), "d_")}{number},')
        says = "Return the gradient of the total loss by every value, in its shape."
        return _function("gradients(v)", says, [*lines, "}"])

    def _times_of_ends(self, name: str) -> list[Index]:
        computed = [one.index for one in self.network.boundary_equations.values() if one.name == name]
        return [*map(_end, self._ends(name)), *computed]

    def _parameter(self, name: str) -> Iterator[str]:
        """Yield the lines of the gradient by what is given and has no time."""
        left, is_first = f"d_{name_of(name)}", True
        for sign, term in gradient_terms(self.network, name):
            is_over = isinstance(term, Over)
            value = (self.whole if is_over else self.at_step).of(term.body if is_over else term)
            for code in summed(value, is_over, self.network, name):
                is_name = re.fullmatch(r"\w+(\[[^]]*\])?", code)
                own = f"{code}.copy()" if is_name else code  # += must not reach the other array
                first = f"{left} = {own}" if sign > 0 else f"{left} = -({code})"
                yield first if is_first else f"{left} {'+' if sign > 0 else '-'}= {code}"
                is_first = False
        if is_first:
            yield f'{left} = np.zeros_like(v["{name}"])'

    # Order

    def _scheduled(self, pieces: Sequence[Piece], prefix: str) -> list[str]:
        """Return the lines of pieces in an order in which they can be computed, loops where steps need steps."""
        lines = []
        for group in ordered(pieces):
            if prefix:
                lines += [self._zeros(piece.name, prefix) for piece in group if self.network.is_timed(piece.name)]
            way = direction(group)
            lines += self._loop(group, prefix, way) if way else self._at_once(group[0], prefix)
            for piece in group:
                for index, formula in piece.ends:
                    lines.append(f"{self._place(piece.name, index, prefix)} = {self.at_step.of(formula).code}")
        return lines

    def _at_once(self, piece: Piece, prefix: str) -> list[str]:
        lines = []
        if piece.formula is not None:
            time = index_of(piece.target.time)
            rows = self.whole if time == NOW else self.at_step
            code = self._once(piece) if prefix and time is None else rows.of(piece.formula).code
            lines.append(_assigned(prefix + rows.array(piece.name, time).code, "=", code, piece))
        return lines + self._singles(piece, prefix)

    def _once(self, piece: Piece) -> str:
        """Return the code of the gradient by what is computed once: summed over steps, a row for each sequence."""
        found = []
        for sign, term in terms_of(piece.formula):
            value = self._at_its_step(term)
            found.append(value if sign > 0 else negated(value))
        value = reduce(partial(added, "+"), found)
        is_wide = value.batched or not self.network.inputs
        width = (self.network.shapes[piece.name] or (1,))[0]
        return value.code if is_wide else f"np.broadcast_to({value.code}, (batch, {width}))"

    def _at_its_step(self, term: Tree) -> Value:
        """Return the code of a term, summed over steps where it says so."""
        return over_steps(self.whole.of(term.body)) if isinstance(term, Over) else self.at_step.of(term)

    def _singles(self, piece: Piece, prefix: str) -> list[str]:
        """Return the lines that add what exists at one step only."""
        lines = []
        for sign, index, term in piece.single:
            code = self._at_its_step(term).code
            lines.append(f"{self._place(piece.name, index, prefix)} {'+' if sign > 0 else '-'}= {code}")
        return lines

    def _loop(self, group: Sequence[Piece], prefix: str, way: int) -> list[str]:
        """Return a loop over the steps; what needs no other step of the group is computed before it, for all."""
        lines, body, inside = [], [], {piece.name for piece in group}
        for piece in in_step_order(group):
            fixed, moving = apart(piece.formula, lambda part: not inside.isdisjoint(_names_in(part, prefix)))
            left = prefix + self.at_step.array(piece.name, NOW).code
            is_apart = fixed is not None and moving is not None and (prefix or _computes(fixed))
            if is_apart:
                lines.append(f"{prefix}{self.whole.array(piece.name, NOW).code} = {self.whole.of(fixed).code}")
            lines += (singles := self._singles(piece, prefix))
            code = self.at_step.of(moving if is_apart else piece.formula).code
            body.append(_assigned(left, "+=" if is_apart or singles else "=", code, piece))
        steps = "range(T, 0, -1)" if way > 0 else "range(1, T + 1)"
        return [*lines, f"for t in {steps}:", *(INDENT + line for line in body)]


def _names_in(tree: Tree, prefix: str) -> set[str]:
    """Return the quantities whose values a formula reads, or those whose gradients."""
    parts = list(walk(tree))
    if prefix:
        return {part.above.name for part in parts if isinstance(part, Derivative)}
    return {part.name for part in parts if isinstance(part, Letter)}


def _assigned(left: str, sign: str, code: str, piece: Piece) -> str:
    return f"{left} {sign} {code}" + (f"  # {piece.says}" if piece.says else "")


def _function(head: str, says: str, lines: Sequence[str]) -> list[str]:
    return [f"def {head}:", f'{INDENT}"""{says}"""', *(INDENT + line for line in lines)]


def _end(key: str) -> Index:
    """Return the time in a key such as 'h[0]' or 'hb[T+1]'."""
    text = key.partition("[")[2][:-1]
    return Index("T", int(text[1:])) if text.startswith("T") else Index("", int(text))


def _stands(name: str, lines: Sequence[str]) -> bool:
    return any(re.search(rf'(?<![\w."]){name}\b(?!")', line) for line in lines)
