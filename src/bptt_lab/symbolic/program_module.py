"""The text of a NumPy module that computes a network and its gradients: what stands in it, and in which order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial, reduce

from bptt_lab.formulas.times import NOW, Index, index_of
from bptt_lab.formulas.tree import (
    Binary,
    Call,
    Derivative,
    Letter,
    Negative,
    Over,
    Power,
    Transpose,
    Tree,
    mapped,
    walk,
)
from bptt_lab.network import Network, NetworkError
from bptt_lab.symbolic.program_names import computes, with_names
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
from bptt_lab.symbolic.row_code import Rows, Value, added, is_batched, name_of, negated, over_steps, summed

INDENT, WIDTH = "    ", 120 - 8  # of a line in a loop
SOFTMAX = '''def softmax(u):
    """Return the softmax of the last axis, shifted by its largest entry."""
    powers = np.exp(u - u.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


'''
ROWS_OF = '''def rows(array):
    """Return an array (T, batch, n) with one row for each step and sequence."""
    return array.reshape(-1, array.shape[-1])


'''
PRODUCT_OF = '''def product(array, matrix):
    """Return array @ matrix as one product for all steps and sequences together."""
    return (rows(array) @ matrix).reshape(*array.shape[:-1], -1)


'''


def module_of(network: Network) -> str:
    """Return the text of a network's module (errors: NetworkError).

    It is written twice: only then it is known which arrays are read step by step, and need places beside the steps.
    """
    first = _Module(network)
    first.text()
    return _Module(network, frozenset(first.whole.seen)).text()


class _Module:
    """Writes the module of one network; `by_step` names the arrays that are read step by step, None for all."""

    def __init__(self, network: Network, by_step: frozenset[str] | None = None):
        self.given, self.network = network, with_names(network)
        if not network.inputs and any(one.timed for one in network.written.values()):
            what = "Nothing that is given has a step, so no array tells how many steps there are."
            raise NetworkError(what, "Use graph.gradients, or give an input x[t].")
        ends = [abs(one.index.shift) for one in network.boundary_equations.values()]
        self.pad = max([1, network.longest_lag, *ends])
        graph = self.network.unroll(network.enough_steps + 2 * self.pad)
        self.boundaries = [key for key in dict.fromkeys(map(graph.key, graph.leaves)) if "[" in key]
        self.whole = Rows(self.network, self.pad, by_step=by_step)
        self.at_step = replace(self.whole, step="t")

    def text(self) -> str:
        """Return the text of the module."""
        text = "\n".join([*self._run(), "", "", *self._forward(), "", "", *self._gradients(), ""])
        equations = [f"{INDENT}{one.source}" for one in self.given.written.values()]
        head = ['"""Forward and backward pass of', "", *equations, ""]
        head += ["Arrays put time first, (T, batch, n). v holds parameters, inputs and states by name.", '"""', ""]
        helpers = (SOFTMAX if "softmax(" in text else "") + (ROWS_OF if "rows(" in text or "product(" in text else "")
        helpers += PRODUCT_OF if "product(" in text else ""
        return "\n".join([*head, "import numpy as np", "", "", ""]) + helpers + text

    # Arrays

    def _ends(self, name: str) -> list[str]:
        return [key for key in self.boundaries if key.partition("[")[0] == name]

    def _zeros(self, name: str, prefix: str = "") -> list[str]:
        """Return the line that makes an array whose steps are filled one by one; none for any other."""
        array, width = prefix + name_of(name), (self.network.shapes[name] or (1,))[0]
        places = f"np.zeros((T + {2 * self.pad}, batch, {width}))"
        return [f"{array} = {places}"] if self.whole.at(array, NOW) else []

    def _place(self, name: str, index: Index, prefix: str = "") -> str:
        array = prefix + name_of(name)
        return array + self.at_step.at(array, index)

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
            steps = self.whole.at(name_of(name), NOW)
            lines += [*self._zeros(name), f'{name_of(name)}{steps} = v["{name}"].reshape(T, batch, -1)']
            lines += [f'{self._place(name, _end(key))} = v["{key}"]' for key in self._ends(name)]
        for name in (name for name, one in network.equations.items() if one.timed):
            lines += self._zeros(name)
            lines += [f"{self._place(name, _end(key))} = {self._state(name, key)}" for key in self._ends(name)]
        lines += self._scheduled(forward_pieces(network), "")
        kept = [name_of(name) for name in (*network.inputs, *network.equations)]
        lines += _dictionary([f'"{name}": {name}' for name in kept])
        where = f"array[t{f' + {self.pad - 1}' if self.pad > 1 else ''}]"
        says = f"Return every array, by name; of those made of zeros first, {where} is step t, states stand beside it."
        return _function("run(v)", says, lines)

    def _state(self, name: str, key: str) -> str:
        """Return the code of a state that is given, zero where it is missing."""
        given = f'v.get("{key}", 0.0)'
        return given if self.network.shapes[name] else f"np.reshape({given}, (-1, 1))"

    def _forward(self) -> list[str]:
        """Return the function that gives every quantity."""
        network, loss, lines = self.network, self.network.loss, []
        for key, one in self.given.written.items():
            rows, array = self.whole if one.index == NOW else self.at_step, f'found["{name_of(one.name)}"]'
            array += rows.at(name_of(one.name), one.index) if one.timed else ""
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
            array = (
                f"d_{name_of(name)}{self.whole.at(f'd_{name_of(name)}', NOW)}"
                if _stands(f"d_{name_of(name)}", body)
                else f'0 * v["{name}"]'
            )
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
                first = f"{left} = {_own(code)}" if sign > 0 else f"{left} = -({code})"
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
                timed = [piece.name for piece in group if self.network.is_timed(piece.name)]
                lines += [line for name in timed for line in self._zeros(name, prefix)]
            way = direction(group)
            lines += self._loop(group, prefix, way) if way else self._at_once(group[0], prefix)
            for piece in group:
                for index, formula in piece.ends:
                    lines.append(f"{self._place(piece.name, index, prefix)} = {self.at_step.of(formula).code}")
        return lines

    def _at_once(self, piece: Piece, prefix: str) -> list[str]:
        lines = []
        if piece.formula is not None:
            time, array = index_of(piece.target.time), prefix + name_of(piece.name)
            rows = self.whole if time == NOW else self.at_step
            value = self._once(piece) if prefix and time is None else rows.of(piece.formula)
            if time == NOW and not (value.timed and value.batched):
                self.whole.seen.add(array)  # what all steps or sequences share fills an array that is there
            left = rows.array(piece.name, time, prefix).code
            lines += _assigned(left, "=", _own(value.code) if left == array else value.code, piece)
        return lines + self._singles(piece, prefix)

    def _once(self, piece: Piece) -> Value:
        """Return the code of the gradient by what is computed once: summed over steps, a row for each sequence."""
        found = []
        for sign, term in terms_of(piece.formula):
            value = self._at_its_step(term)
            found.append(value if sign > 0 else negated(value))
        value = reduce(partial(added, "+"), found)
        is_wide = value.batched or not self.network.inputs
        width = (self.network.shapes[piece.name] or (1,))[0]
        return value if is_wide else value._replace(code=f"np.broadcast_to({value.code}, (batch, {width}))")

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
            left = self.at_step.array(piece.name, NOW, prefix).code
            is_apart = fixed is not None and moving is not None and (prefix or computes(fixed))
            if is_apart:
                lines.append(f"{self.whole.array(piece.name, NOW, prefix).code} = {self.whole.of(fixed).code}")
            lines += (singles := self._singles(piece, prefix))
            rest = moving if is_apart else piece.formula
            before, at_step = self._before(
                piece.name, rest, lambda part: not inside.isdisjoint(_names_in(part, prefix))
            )
            lines += before
            code = at_step.of(rest).code
            body += _assigned(left, "+=" if is_apart or singles else "=", code, piece)
        steps = "range(T, 0, -1)" if way > 0 else "range(1, T + 1)"
        return [*lines, f"for t in {steps}:", *(INDENT + line for line in body)]

    def _before(self, name: str, formula: Tree, is_moving: Callable[[Tree], bool]) -> tuple[list[str], Rows]:
        """Return lines that compute factors of a formula for all steps at once, and code that knows them."""
        lines, known = [], {}

        def note(part: Tree) -> Tree | None:
            if isinstance(part, Letter | Derivative):
                return part
            if is_moving(part) or isinstance(part, Transpose) or isinstance(part, Call) and part.function == "diag":
                return None
            value = self.whole.of(part) if isinstance(part, Binary | Power | Call | Negative) else None
            if value is not None and value.timed and value.code and part not in known:
                array = f"factor{len(known) or ''}_{name}"
                array += "_" * (array in self.network.shapes)
                known[part] = Value(value.kind, f"{array}[t - 1]")
                lines.append(f"{array} = {value.code}")
            return part

        mapped(formula, note)
        return lines, replace(self.at_step, known=known)


def _names_in(tree: Tree, prefix: str) -> set[str]:
    """Return the quantities whose values a formula reads, or those whose gradients."""
    parts = list(walk(tree))
    if prefix:
        return {part.above.name for part in parts if isinstance(part, Derivative)}
    return {part.name for part in parts if isinstance(part, Letter)}


def _own(code: str) -> str:
    """Return code that makes an array of its own: a later += must not reach another one."""
    return f"{code}.copy()" if re.fullmatch(r"[^\W\d]\w*(\[[^]]*\])?", code) else code


def _assigned(left: str, sign: str, code: str, piece: Piece) -> list[str]:
    """Return an assignment with its equation as comment, beside it or above."""
    line, comment = f"{left} {sign} {code}", f"# {piece.says}"
    if not piece.says:
        return [line]
    beside = f"{line}  {comment}"
    return [beside] if len(beside) <= WIDTH else [comment, line]


def _dictionary(items: Sequence[str]) -> list[str]:
    """Return the lines that return a dictionary, one item a line where they are too many for one."""
    line = "return {" + ", ".join(items) + "}"
    return [line] if len(line) <= WIDTH else ["return {", *(f"{INDENT}{item}," for item in items), "}"]


def _function(head: str, says: str, lines: Sequence[str]) -> list[str]:
    return [f"def {head}:", f'{INDENT}"""{says}"""', *(INDENT + line for line in lines)]


def _end(key: str) -> Index:
    """Return the time in a key such as 'h[0]' or 'hb[T+1]'."""
    text = key.partition("[")[2][:-1]
    return Index("T", int(text[1:])) if text.startswith("T") else Index("", int(text))


def _stands(name: str, lines: Sequence[str]) -> bool:
    return any(re.search(rf'(?<![\w."]){name}\b(?!")', line) for line in lines)
