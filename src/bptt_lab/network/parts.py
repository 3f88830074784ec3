"""An equation as it is computed: what its text leaves unnamed is named inside, so that nothing is computed twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from bptt_lab.formulas import tree as formulas
from bptt_lab.formulas.functions import MAKING_ONE_NUMBER
from bptt_lab.formulas.times import Index
from bptt_lab.formulas.tree import Binary, Call, Number, Tree, Variable
from bptt_lab.network.expressions import Equation, children
from bptt_lab.network.places import Place
from bptt_lab.network.scalars import Constant, Letter, Scalar, derivatives, entries, replace, scalar
from bptt_lab.network.shapes import Shape

Entry = tuple[int, ...]


def is_inner(name: str) -> bool:
    """Return whether a name is that of a part."""
    return "'" in name


def equation_of(name: str) -> str:
    """Return the equation that a part belongs to; a quantity's own name is its equation's."""
    return name.partition("'")[0]


def results(name: str, index: Index | None, trees: Mapping[Entry, Scalar]) -> dict[Scalar, Letter]:
    """Return a letter for each entry's tree: in slopes, what is just computed is 1 - h^2, not 1 - tanh(a)^2."""
    return {tree: Letter(Place(name, index, e)) for e, tree in trees.items() if not isinstance(tree, Letter)}


class Parts:
    """The steps in which an equation is computed: parts named inside, then the equation's own quantity.

    The logits of softmax(V @ h[t] + d) are a part: with them, a derivative is one immediate derivative times another,
    as if the text had named them. Parts go by names that no text can hold, and are shown nowhere.
    """

    def __init__(self, key: str, equation: Equation, shape: Shape, shape_of: Callable[[Tree], Shape]) -> None:
        self.key, self.name, self.index, self._shape_of = key, equation.name, equation.index, shape_of
        self._named: dict[Tree, str] = {}
        self.trees: dict[str, dict[Entry, Scalar]] = {}
        self.expressions: dict[str, Tree] = {}
        self._add(self.name, equation.expression, shape)
        self._slopes: dict[tuple[str, Entry], dict[Place, Scalar]] = {}
        self._known: dict[str, Mapping[Scalar, Letter]] = {}

    def _add(self, name: str, expression: Tree, shape: Shape) -> None:
        trees = {entry: scalar(expression, entry, self._shape_of, self._letter) for entry in entries(shape)}
        self.trees[name], self.expressions[name] = trees, expression  # after all that it needs

    def _letter(self, expression: Tree, entry: Entry, shared: bool) -> Letter | None:
        """Return the letter of an operand named inside; None for one that costs nothing to write out."""
        if isinstance(expression, formulas.Letter | Number | Variable) or not (shared or _mixes(expression)):
            return None
        if expression not in self._named:
            self._named[expression] = f"{self.key}'{len(self._named) + 1}"
            self._add(self._named[expression], expression, self._shape_of(expression))
        return Letter(Place(self._named[expression], self.index, entry))

    @cached_property
    def entries(self) -> list[tuple[str, Entry]]:
        """The entries of all parts, in the order they are computed."""
        return [(part, entry) for part, trees in self.trees.items() for entry in trees]

    @cached_property
    def lines(self) -> dict[str, list[tuple[Place, Scalar]]]:
        """The entries of each part as letters, each with its tree, in the order they are computed."""
        return {
            part: [(Place(part, self.index, entry), tree) for entry, tree in trees.items()]
            for part, trees in self.trees.items()
        }

    @property
    def inner(self) -> Iterator[str]:
        """The names of the parts, in the order they are computed."""
        return (name for name in self.trees if name != self.name)

    def shape(self, part: str) -> Shape:
        """Return the shape of a part."""
        return self._shape_of(self.expressions[part])

    def slopes(self, part: str, entry: Entry) -> dict[Place, Scalar]:
        """Return the derivatives of one entry of a part by each letter it is written in, parts among them."""
        if (part, entry) not in self._slopes:
            slopes = derivatives(self.trees[part][entry]).items()
            self._slopes[part, entry] = {letter.place: self._in_letters(slope, part) for letter, slope in slopes}
        return self._slopes[part, entry]

    def _in_letters(self, slope: Scalar, part: str) -> Scalar:
        """Return a slope with letters for the entries that the part has just computed."""
        if isinstance(slope, Letter | Constant):
            return slope
        if part not in self._known:
            self._known[part] = results(part, self.index, self.trees[part])
        return replace(slope, self._known[part])

    @cached_property
    def users(self) -> dict[Place, list[tuple[str, Entry]]]:
        """For each letter of the equation, parts among them, the entries of parts that are written in it, in order."""
        found: dict[Place, list[tuple[str, Entry]]] = {}
        for part, trees in self.trees.items():
            for entry, tree in trees.items():
                for letter in tree.letters:
                    found.setdefault(letter.place, []).append((part, entry))
        return found

    def reached(self, starts: list[Place]) -> list[tuple[str, Entry]]:
        """Return the entries of parts, and of the equation, that depend on any of the letters, each after its needs."""
        found: dict[tuple[str, Entry], None] = {}
        waiting = list(starts)
        while waiting:
            for part, entry in self.users.get(waiting.pop(), ()):
                if (part, entry) not in found:
                    found[part, entry] = None
                    waiting.append(Place(part, self.index, entry))
        rank = {part: n for n, part in enumerate(self.trees)}
        return sorted(found, key=lambda one: (rank[one[0]], one[1]))


def _mixes(expression: Tree) -> bool:
    """Return whether an entry of an expression is made of many: a product of matrices, a softmax or a loss."""
    match expression:
        case Binary("@", _, _, _):
            return True
        case Call(function, _, _) if function in MAKING_ONE_NUMBER or function == "softmax":
            return True
    return any(map(_mixes, children(expression)))
