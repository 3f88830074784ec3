"""Names for what the text of a network leaves unnamed, so that a program computes it once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from bptt_lab.formulas import write
from bptt_lab.formulas.functions import ROWS
from bptt_lab.formulas.shapes import shape_of
from bptt_lab.formulas.times import letter
from bptt_lab.formulas.tree import Binary, Call, Letter, Relation, Tree, mapped, walk
from bptt_lab.network import Network
from bptt_lab.network.expressions import Equation


def with_names(network: Network) -> Network:
    """Return a network in which functions have names, and what goes into them where it is computed too."""
    namer = _Namer(network)
    lines = [line for equation in network.written.values() for line in namer.lines(equation)]
    return Network("\n".join(lines), sizes=network.sizes)


class _Namer:
    """Gives names to arguments of functions, one equation after the other."""

    def __init__(self, network: Network) -> None:
        self._shapes, self._taken = network.shapes, set(network.shapes)

    def lines(self, equation: Equation) -> Iterator[str]:
        """Yield the equation and, before it, one for each argument that is named."""
        self._equation, self._named = equation, {}
        self._whole = mapped(equation.expression, self._number_in_front)
        whole = mapped(self._whole, self._call)
        for argument, name in self._named.items():
            yield write(Relation("=", name, argument))
        yield write(Relation("=", letter(equation.name, equation.index), whole))

    def _number_in_front(self, part: Tree) -> Tree | None:
        """Return n * (W @ v) for (n * W) @ v: a matrix is one for all sequences, a number may be one for each."""
        is_number = lambda tree: not shape_of(tree, self._shapes)
        match part:
            case Binary("@", Binary("*", one, other), right) if is_number(one):
                found = Binary("*", one, Binary("@", other, right))
            case Binary("@", Binary("*" | "/" as sign, one, other), right) if is_number(other):
                found = Binary(sign, Binary("@", one, right), other)
            case _:
                return None
        return mapped(found, self._number_in_front)

    def _call(self, part: Tree) -> Tree | None:
        if not isinstance(part, Call) or part.function in ("sum", "mean", "concat", "dot"):
            return None
        call = Call(part.function, tuple(map(self._argument, part.arguments)))
        is_part = part != self._whole and part.function != "identity"
        argument = call.arguments[0]
        if (
            is_part
            and ROWS[part.function].kind == "entry"
            and isinstance(argument, Letter)
            and argument.time is not None
        ):
            return self._letter(call, f"{part.function}_{argument.name}")  # its slope is made of its value
        return call

    def _argument(self, tree: Tree) -> Tree:
        tree = mapped(tree, self._call)
        if isinstance(tree, Letter) or not computes(tree):
            return tree
        return self._letter(tree, f"{self._equation.name}_in")

    def _letter(self, tree: Tree, name: str) -> Letter:
        """Return the letter of a formula, a new one where it has none yet."""
        if tree not in self._named:
            own = self._equation
            free = next(one for n in count() if (one := f"{name}{n or ''}") not in self._taken)
            self._taken.add(free)
            self._named[tree] = letter(free, own.index if own.is_general else None)
        return self._named[tree]


def computes(tree: Tree) -> bool:
    """Return whether a product of matrices or a function stands in a formula."""
    return any(isinstance(part, Binary) and part.operator == "@" or isinstance(part, Call) for part in walk(tree))
