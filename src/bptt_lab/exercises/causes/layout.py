"""A formula read as sums of products and of chains of matrices, with a number by which equal parts are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from hashlib import blake2b

from bptt_lab.exercises.causes.edits import spots
from bptt_lab.exercises.question import Question
from bptt_lab.formulas import FormulaError
from bptt_lab.formulas.shapes import shape_of
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
    free_variables,
    mapped,
)

PRIME = 2**61 - 1  # equal parts are only found by it: what is told is certified by the judge
NOW = Variable("now")
BOUND = Variable("of a sum")  # every index of a sum has one name in a key


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a formula: a 'sum', 'product', 'chain', 'diag', 'over', 'call', 'power' or a 'leaf', and its parts.

    `signs` of the terms of a sum: True for plus. Parts with one `key` are the same by the algebra of free letters.
    """

    kind: str
    tree: Tree
    key: int
    parts: tuple[Part, ...] = ()
    signs: tuple[bool, ...] = ()

    def operands(self, kind: str) -> tuple[Part, ...]:
        """Return the operands of a sum, product or chain; of anything else, the part itself is the only one."""
        return self.parts if self.kind == kind else (self,)


def number_of(*about: object) -> int:
    """Return a number drawn by what it is about, the same in every run."""
    return int.from_bytes(blake2b(repr(about).encode(), digest_size=8).digest()) % PRIME


class Layout:
    """Reads the formulas of one question."""

    def __init__(self, question: Question) -> None:
        network = question.graph.network
        self.shapes, self.T = network.shapes, question.graph.T
        self.known: dict[Tree, int] = {}
        self.has_matrices = any(size > 1 for shape in self.shapes.values() for size in shape)

    def read(self, tree: Tree) -> Part:
        """Return a formula as parts: transposes at the letters, `outer` as a product, signs at the terms."""
        match tree:
            case Binary("+" | "-") | Negative():
                return self.sum([(self.read(term), is_plus) for term, is_plus in self._terms(tree)], tree)
            case Binary("*", left, right):
                return self.product([self.read(left), self.read(right)], tree)
            case Binary("/", left, right) if left != ONE:
                return self.product([self.read(left), self._leaf(Binary("/", ONE, right))], tree)
            case Binary("@", left, right):
                return self.chain([self.read(left), self.read(right)], tree)
            case Call("outer", (left, right)):
                return self.read(Binary("@", left, Transpose(right)))
            case Transpose(inner) if not isinstance(inner, Letter):
                new = self.turned(inner)
                return self._leaf(new) if isinstance(new, Transpose) else self.read(new)
            case Call("diag", (inner,)):
                return self.diag(self.read(inner), tree)
            case Call(function, arguments):
                parts = tuple(map(self.read, arguments))
                return Part("call", tree, number_of(function, *(part.key for part in parts)), parts)
            case Power(base, Number(value)) if value.denominator == 1 and value > 0:
                part = self.read(base)
                return Part("power", tree, pow(part.key, int(value), PRIME), (part,))
            case Over():
                return self._over(tree)
        return self._leaf(tree)

    def _over(self, tree: Over) -> Part:
        """Return a sum or product over an index; the factors of a sum without the index stand before it."""
        body = self.read(tree.body)
        factors = body.operands("product")
        before = [part for part in factors if tree.variable not in free_variables(part.tree)]
        if tree.kind == "sum" and before and len(before) < len(factors):
            body = self.product([part for part in factors if part not in before])
            return self.product([*before, self._over(replace(tree, body=body.tree))], tree)
        named = mapped(tree.body, lambda part: BOUND if part == Variable(tree.variable) else None)
        key = number_of(tree.kind, self.index(tree.low), self.index(tree.high), self.read(named).key)
        return Part("over", tree, key, (body,))

    def sum(self, several: Iterable[tuple[Part, bool]], tree: Tree | None = None) -> Part:
        """Return the sum of parts with their signs."""
        flat = [
            (part, is_plus == sign)
            for one, is_plus in several
            for part, sign in (zip(one.parts, one.signs, strict=True) if self._is_open(one) else [(one, True)])
        ]
        if len(flat) == 1 and flat[0][1]:
            return flat[0][0]
        key = sum(part.key if is_plus else -part.key for part, is_plus in flat) % PRIME
        parts, signs = zip(*flat, strict=True)
        return Part("sum", tree or summed([(part.tree, sign) for part, sign in flat]), key, parts, signs)

    def _terms(self, tree: Tree, is_plus: bool = True) -> Iterator[tuple[Tree, bool]]:
        """Yield the terms of a sum, each with its sign; what stands in brackets is read as one."""
        match tree:
            case Binary("+" | "-" as sign, left, right):
                yield from self._terms(left, is_plus)
                yield right, is_plus == (sign == "+")
            case Negative(inner):
                yield from self._terms(inner, not is_plus)
            case _:
                yield tree, is_plus

    def _is_open(self, part: Part) -> bool:
        """Return whether the terms of a part are those of the sum in which it stands: a slope in brackets is whole."""
        return part.kind == "sum" and (len(part.parts) != 2 or len(self.letters(part)) != 1)

    def product(self, several: Iterable[Part], tree: Tree | None = None) -> Part:
        """Return the product of numbers, or entry by entry; of columns as a chain with the others on a diagonal."""
        flat, is_plus = _plain(several, "product")
        whole = self._on_diagonal(flat) if self.has_matrices and len(flat) > 1 else None
        if whole is None:
            key = reduce(lambda key, part: key * part.key % PRIME, flat, 1)
            made = tree if tree is not None and is_plus else joined("*", [part.tree for part in flat])
            whole = flat[0] if len(flat) == 1 else Part("product", made, key, tuple(flat))
        elif tree is not None and is_plus:
            whole = replace(whole, tree=tree)
        return whole if is_plus else self.sum([(whole, False)], tree)

    def _on_diagonal(self, factors: list[Part]) -> Part | None:
        """Return an entrywise product with a product of matrices, or one derivative, as a chain; None for another."""
        inner = [part for part in factors if has_chain(part)]
        inner = inner or [part for part in factors if isinstance(part.tree, Derivative)]
        others = [part for part in factors if part not in inner]
        is_column = len(inner) == 1 and all(self.shape(part)[1:] == (1,) for part in factors)
        return self.chain([self.diag(self.product(others)), inner[0]]) if is_column else None

    def diag(self, inner: Part, tree: Tree | None = None) -> Part:
        """Return the diagonal matrix of a column."""
        return Part("diag", tree or Call("diag", (inner.tree,)), number_of("diag", inner.key), (inner,))

    def chain(self, several: Iterable[Part], tree: Tree | None = None) -> Part:
        """Return the product of matrices; before a column, diagonals side by side as one."""
        flat, is_plus = _plain(several, "chain")
        is_column = any(self.shape(part)[1:] == (1,) for part in flat)
        links: list[Part] = []
        for part in flat:
            if is_column and links and links[-1].kind == part.kind == "diag":
                links[-1] = self.diag(self.product([links[-1].parts[0], part.parts[0]]))
            else:
                links.append(part)
        made = tree if tree is not None and is_plus else joined("@", [part.tree for part in links])
        key = number_of("chain", *(part.key for part in links))
        whole = links[0] if len(links) == 1 else Part("chain", made, key, tuple(links))
        return whole if is_plus else self.sum([(whole, False)], tree)

    def turned(self, tree: Tree) -> Tree:
        """Return the transpose of a formula, taken at its letters."""
        match tree:
            case Transpose(inner):
                return inner
            case Negative(inner):
                return Negative(self.turned(inner))
            case Binary("@", left, right):
                return Binary("@", self.turned(right), self.turned(left))
            case Binary(operator, left, right):
                return Binary(operator, self.turned(left), self.turned(right))
            case Power(base, exponent):
                return Power(self.turned(base), exponent)
            case Derivative(_, _, "total" | "gradient" as kind):
                return replace(tree, kind="gradient" if kind == "total" else "total")
            case Call("diag") | Number():
                return tree
            case Call("outer", (left, right)):
                return Call("outer", (right, left))
            case Over("sum"):
                return replace(tree, body=self.turned(tree.body))
        return Transpose(tree) if self.has_matrices else tree

    def _leaf(self, tree: Tree) -> Part:
        return Part("leaf", tree, self._key(tree))

    def _key(self, tree: Tree) -> int:
        match tree:
            case Number(value):
                return value.numerator * pow(value.denominator, -1, PRIME) % PRIME
            case Letter(name, time, entry):
                return number_of(name, self.index(time), *map(self.index, entry))
            case Derivative(below, above, kind):
                is_turned = kind == "gradient" and self.has_matrices and not above.entry
                return number_of("D", kind == "immediate", is_turned, self._key(below), self._key(above))
            case Binary("/", _, right):
                return pow(self.read(right).key or 1, -1, PRIME)
            case Power(base, exponent):
                return number_of("power", self.read(base).key, self.index(exponent))
            case Transpose(inner):
                return number_of("transpose", self.read(inner).key)
        return number_of("other", repr(tree))

    def index(self, tree: Tree | None) -> int | None:
        """Return a time, an index or an exponent as a number; every variable but T is a free one."""
        match tree:
            case None:
                return None
            case Number():
                return self._key(tree)
            case Variable(name):
                return self.T if name == "T" else number_of("index", name)
            case Negative(inner):
                return -self.index(inner) % PRIME  # type: ignore[operator]
            case Binary("+" | "-" | "*" as sign, left, right):
                one, two = self.index(left), self.index(right)
                return {"+": one + two, "-": one - two, "*": one * two}[sign] % PRIME  # type: ignore[operator]
        return number_of("index", repr(tree))

    def shape(self, part: Part) -> tuple[int, ...]:
        """Return rows and columns of a part; () for a number, or where its own parts do not fit."""
        try:
            return shape_of(part.tree, self.shapes)
        except FormulaError:
            return ()

    def timeless(self, tree: Tree) -> int:
        """Return the key of a formula in which every letter is taken at the same time."""
        if tree not in self.known:
            new = mapped(tree, lambda part: replace(part, time=NOW) if isinstance(part, Letter) else None)
            self.known[tree] = self.read(new).key
        return self.known[tree]

    def letters(self, part: Part) -> frozenset[int]:
        """Return the letters and derivatives of a part, each as its key."""
        found = (spot.part for spot in spots(part.tree))
        return frozenset(self._key(one) for one in found if isinstance(one, Letter | Derivative))


def _plain(several: Iterable[Part], kind: str) -> tuple[list[Part], bool]:
    """Return the factors of a product or chain without their signs, and the sign of the whole."""
    flat, is_plus = [], True
    for part in several:
        if part.kind == "sum" and len(part.parts) == 1:
            part, is_plus = part.parts[0], not is_plus
        flat.extend(part.operands(kind))
    return flat, is_plus


def has_chain(part: Part) -> bool:
    """Return whether a product of matrices stands in a part."""
    return part.kind == "chain" or any(map(has_chain, part.parts))


def summed(several: Iterable[tuple[Tree, bool]]) -> Tree:
    """Return the sum of terms with their signs."""
    (first, is_plus), *others = several
    whole = first if is_plus else Negative(first)
    for term, is_plus in others:
        whole = Binary("+" if is_plus else "-", whole, term)
    return whole


def joined(sign: str, several: Iterable[Tree]) -> Tree:
    """Return a product or chain of factors."""
    return reduce(lambda left, right: Binary(sign, left, right), several)
