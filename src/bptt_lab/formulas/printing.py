"""A formula as LaTeX, in the course's letters or in those of a lecture: what is shown is the tree that is checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bptt_lab.formulas.functions import function_latex
from bptt_lab.formulas.language import Quantities
from bptt_lab.formulas.shapes import shape_of
from bptt_lab.formulas.tree import (
    Binary,
    Call,
    Derivative,
    Entry,
    Letter,
    Negative,
    Number,
    Over,
    Power,
    Relation,
    Slice,
    Transpose,
    Tree,
    Unless,
    Variable,
)

SUM, PRODUCT, SIGNED, POWER, ATOM = range(5)
VARIABLES = {"tau": r"\tau", "alpha": r"\alpha", "beta": r"\beta", "gamma": r"\gamma", "epsilon": r"\epsilon"}
RELATIONS = {"=": "=", "!=": r"\neq", "<=": r"\leq", "<": "<", ">": ">"}
WORDS = {"sinh": r"\sinh", "cosh": r"\cosh"}  # of answers only


class Symbol(NamedTuple):
    """How a letter is written: whole, as one entry, and what stands above it before the time.

    `has_delta` says that the total derivative of the loss by it is written as a delta.
    """

    whole: str
    entry: str
    upper: str = ""
    has_delta: bool = False


def course_symbol(name: str) -> Symbol:
    """Return how the course writes a quantity: h1 is a bold h with 1 above, its entries a plain h; x2 has 2 below."""
    match = re.fullmatch(r"([A-Za-z]+)(\d*)((?:_\w+)?)", name)
    base, upper, suffix = match.groups() if match else (name, "", "")
    below = rf"_{{\mathrm{{{suffix[1:]}}}}}".replace("_{\\mathrm{}}", "") if suffix else ""
    if base == "x" and upper and not suffix:  # an input has no layer
        upper, below = "", f"_{{{upper}}}"
    single = base if len(base) == 1 else rf"\mathrm{{{base}}}"
    return Symbol(rf"\mathbf{{{base}}}{below}", single + below, upper, base == "a")


@dataclass(frozen=True)
class Style:
    """How a hand writes: its letters, its time index, which derivatives of whole quantities it writes with a nabla.

    `time` is the pattern of a time, such as '({})'; `marks` are the two signs of a fraction, for total and immediate;
    `numbers` are the quantities with one entry only, written plain; `variables` says how an index is written;
    `has_deltas` says whether any derivative is written as a delta; with `shapes` products are told apart exactly.
    """

    symbols: Mapping[str, Symbol] = field(default_factory=dict)
    time: str = "({})"
    nabla: tuple[str, ...] = ("gradient",)
    marks: Mapping[str, tuple[str, str]] = field(
        default_factory=lambda: {"total": ("d", "d"), "immediate": (r"\partial^{+}", r"\partial")}
    )
    numbers: frozenset[str] = frozenset()
    loss: str = "L"
    has_deltas: bool = True
    shapes: Mapping[str, tuple[int, ...]] | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    def variable(self, name: str) -> str:
        """Return how an index variable is written."""
        return self.variables.get(name, VARIABLES.get(name, name))

    def symbol(self, name: str) -> Symbol:
        """Return how a quantity is written."""
        return self.symbols[name] if name in self.symbols else course_symbol(name)


COURSE = Style()


def style_of(network: Quantities, has_deltas: bool = True) -> Style:
    """Return the style of the course for a network: what has one entry is plain, shapes are known."""
    numbers = frozenset(name for name, shape in network.shapes.items() if all(size == 1 for size in shape))
    return Style(numbers=numbers, loss=network.loss, has_deltas=has_deltas, shapes=network.shapes)


def latex(tree: Tree, style: Style = COURSE) -> str:
    """Return a formula as LaTeX."""
    return _Printer(style).text(tree, SUM)


def latex_lines(tree: Tree, style: Style = COURSE, widest: int = 52) -> str:
    """Return a formula as LaTeX, broken before the plus and minus signs of its right side where it would be wide.

    `widest` is in letters, as far as they can be counted.
    """
    whole = latex(tree, style)
    if not isinstance(tree, Relation) or _width(whole) <= widest:
        return whole
    printer, lines = _Printer(style), []
    for sign, term in _terms(tree.right):
        piece = f"{sign} {printer.text(term, PRODUCT)}".strip()
        if lines and _width(lines[-1] + piece) <= widest:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    left = f"{printer.text(tree.left, SUM)} &{RELATIONS[tree.operator]}"
    rows = [rf"{left} {lines[0]}", *(rf"& \quad {line}" for line in lines[1:])]
    return r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}"


def equations_latex(network: Quantities) -> str:
    """Return the equations of a network as one aligned block of LaTeX."""
    printer, relations = _Printer(style_of(network)), [one.relation for one in network.written.values()]
    rows = [f"{printer.text(one.left, SUM)} &= {printer.text(one.right, SUM)}" for one in relations]
    return r"\begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}"


def _terms(tree: Tree, sign: str = "") -> list[tuple[str, Tree]]:
    """Return the terms of a sum, each with its sign; the first without a plus."""
    if isinstance(tree, Binary) and tree.operator in "+-":
        return [*_terms(tree.left, sign), (tree.operator, tree.right)]
    if isinstance(tree, Negative):
        return [("-", tree.inner)]
    return [(sign, tree)]


def _width(text: str) -> int:
    """Return about how many letters wide a formula is: commands count as one, what stands above or below less."""
    plain = re.sub(r"\\(left|right|mathbf|hat|top|displaystyle|operatorname|,|;|quad)", "", text)
    plain = re.sub(r"[_^]\{([^{}]*)\}", lambda found: "." * (len(found[1]) // 2), plain)
    plain = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", lambda found: "." * max(map(len, found.groups())), plain)
    return len(re.sub(r"\\[a-z]+|[{} ]", "", re.sub(r"\\[a-z]+", "x", plain)))


class _Printer(NamedTuple):
    style: Style

    def text(self, tree: Tree, need: int) -> str:
        """Return a part as LaTeX, in brackets where it binds more loosely than needed."""
        written, binds = self.written(tree)
        return written if binds >= need else rf"\left({written}\right)"

    def written(self, tree: Tree) -> tuple[str, int]:
        match tree:
            case Number(value):
                if value.denominator == 1:
                    return str(value.numerator), ATOM
                return rf"\tfrac{{{value.numerator}}}{{{value.denominator}}}", POWER
            case Variable(name):
                return self.style.variable(name), ATOM
            case Letter():
                return self.letter(tree), ATOM
            case Negative(inner):
                return "-" + self.text(inner, PRODUCT), SUM
            case Binary("/", left, right):
                return rf"\frac{{{self.text(left, SUM)}}}{{{self.text(right, SUM)}}}", POWER
            case Binary("+" | "-" as sign, left, right):
                tail = self.text(right, PRODUCT)
                return f"{self.text(left, SUM)} {sign} {tail}", SUM
            case Binary(operator, left, right):
                return self.product(operator, left, right), PRODUCT
            case Power(base, exponent):
                return rf"{self.raised(base)}^{{{self.text(exponent, SUM)}}}", POWER
            case Transpose(inner):
                return rf"{self.raised(inner)}^{{\top}}", POWER
            case Slice(inner, first, last):
                ends = rf"{self.text(first, SUM)} \ldots {self.text(last, SUM)}"
                return rf"\left[{self.text(inner, SUM)}\right]_{{{ends}}}", POWER
            case Entry(inner, indices):
                below = ",".join(self.text(index, SUM) for index in indices)
                return rf"\left({self.text(inner, SUM)}\right)_{{{below}}}", POWER
            case Unless(missing, term):
                when = rf"\text{{not required when }} {self.text(missing, SUM)}"
                return rf"\underbrace{{{self.text(term, SUM)}}}_{{{when}}}", ATOM
            case Derivative():
                return self.derivative(tree)
            case Relation(sign, left, right):
                return f"{self.text(left, SUM)} {RELATIONS[sign]} {self.text(right, SUM)}", SUM
            case Over():
                return self.over(tree)
            case Call(function, arguments):
                return self.call(function, arguments)
        raise AssertionError(tree)

    def raised(self, base: Tree) -> str:
        """Return a base as LaTeX, in brackets where it carries something above it already."""
        written = self.text(base, ATOM)
        is_wide = "^" in written and not written.startswith(r"\left(")
        return rf"\left({written}\right)" if is_wide else written

    def product(self, operator: str, left: Tree, right: Tree) -> str:
        one, two = self.factor(operator, left, PRODUCT), self.factor(operator, right, SIGNED)
        if _begins_with_minus(left):
            one = "-" + self.text(left.inner, PRODUCT)  # type: ignore[union-attr]  # begins with a minus
        if isinstance(left, Derivative) and one.startswith(r"\nabla") and two.startswith(r"\left("):
            one = rf"\left({one}\right)"  # else it reads like a function of what follows
        if operator == "*" and self.is_whole(left) and self.is_whole(right):
            return rf"{one} \odot {two}"
        digits = re.match(r"[\d\\]", two) and (two[0].isdigit() or two.startswith(r"\tfrac"))
        return rf"{one} \cdot {two}" if digits else rf"{one} \, {two}"

    def factor(self, operator: str, tree: Tree, need: int) -> str:
        """Return a factor of a product; an entry-by-entry product of vectors within a matrix product needs brackets."""
        if not isinstance(tree, Binary):
            return self.text(tree, need)
        is_entrywise = tree.operator == "*" and self.is_whole(tree.left) and self.is_whole(tree.right)
        if operator == "@" and is_entrywise:
            return self.text(tree, ATOM)
        is_alike = self.style.shapes is not None and tree.operator == operator
        return self.text(tree, PRODUCT if is_alike else need)

    def is_whole(self, tree: Tree) -> bool:
        """Return whether a part is a whole vector or matrix, as far as its form tells."""
        if self.style.shapes is not None:
            return shape_of(tree, self.style.shapes) not in ((), (1, 1))
        match tree:
            case Letter(name, _, entry) | Derivative(_, Letter(name, _, entry), _):
                return not entry and name not in self.style.numbers
            case Binary("@", _, _):
                return True
            case Binary("+" | "-", left, right):
                return self.is_whole(left) or self.is_whole(right)
            case Power(base, _) | Transpose(base):
                return self.is_whole(base)
            case Call(function, _):
                return function in ("diag", "ones", "softmax", "outer")
        return False

    def letter(self, letter: Letter) -> str:
        style = self.style
        symbol = style.symbol(letter.name)
        plain = letter.entry or letter.name in style.numbers
        base = (
            style.loss if letter.name == "L" and "L" not in style.symbols else symbol.entry if plain else symbol.whole
        )
        above = symbol.upper + ("" if letter.time is None else style.time.format(self.time(letter.time)))
        above = above.lstrip(",")  # a comma stands between layer and time only
        indices = [self.text(index, SUM) for index in letter.entry]
        below = ("" if all(re.fullmatch(r"\w|\\[a-z]+", index) for index in indices) else ",").join(indices)
        if below and base.endswith("}") and "_{" in base:
            base, below = base[: base.rindex("_{")], base[base.rindex("_{") + 2 : -1] + "," + below
        return base + (f"^{{{above}}}" if above else "") + (f"_{{{below}}}" if below else "")

    def time(self, time: Tree) -> str:
        text = self.text(time, SUM)
        return text if self.style.shapes is None else re.sub(r" ([+-]) ", r"\1", text)

    def derivative(self, tree: Derivative) -> tuple[str, int]:
        below, above, kind = tree.below, tree.above, tree.kind
        style = self.style
        is_loss = below.name == "L" and below.time is None
        if style.has_deltas and style.symbol(above.name).has_delta and is_loss and kind == "total":
            return self.delta(above), ATOM
        if kind in style.nabla and not above.entry and above.name not in style.numbers:
            return rf"\nabla_{{{self.letter(above)}}} {self.letter(below)}", POWER
        up, down = style.marks["total" if kind == "gradient" else kind]
        fraction = rf"\frac{{{up} {self.letter(below)}}}{{{down} {self.letter(above)}}}"
        is_turned = kind == "gradient" and not above.entry and above.name not in style.numbers
        return (rf"\left({fraction}\right)^{{\top}}" if is_turned else fraction), POWER

    def delta(self, above: Letter) -> str:
        symbol = self.style.symbol(above.name)
        plain = above.entry or above.name in self.style.numbers
        label = re.search(r"_\{.*", symbol.entry)  # of a1_f, which its delta keeps
        base = (r"\delta" if plain else r"\boldsymbol{\delta}") + (label[0] if label else "")
        style = Style(symbols={"delta": Symbol(base, base, symbol.upper)}, time=self.style.time)
        return _Printer(style).letter(Letter("delta", above.time, above.entry))

    def over(self, tree: Over) -> tuple[str, int]:
        variable = self.style.variable(tree.variable)
        low, high = self.text(tree.low, SUM), self.text(tree.high, SUM)
        if tree.kind in ("sum", "prod"):
            return rf"\{tree.kind}_{{{variable}={low}}}^{{{high}}} {self.text(tree.body, PRODUCT)}", PRODUCT
        inner = tree.body.body if isinstance(tree.body, Over) and tree.body.kind == "row" else tree.body
        ranges = rf"{variable} = {low}, \dots, {high}"
        if inner is not tree.body:
            second = tree.body
            name = self.style.variable(second.variable)  # type: ignore[union-attr]  # an Over
            ranges += rf";\ {name} = {self.text(second.low, SUM)}, \dots, {self.text(second.high, SUM)}"  # type: ignore[union-attr]  # an Over
        ranges = ranges if tree.kind == "column" else rf"\text{{row}}\ {ranges}"
        brackets = rf"\left[{self.text(inner, SUM)}\right]_{{{ranges}}}"
        return brackets, ATOM

    def call(self, function: str, arguments: tuple[Tree, ...]) -> tuple[str, int]:
        if function == "same":
            one, two = (self.text(argument, SUM) for argument in arguments)
            return rf"\mathbb{{1}}_{{{one}={two}}}", ATOM
        if function == "ones":
            return r"\mathbf{1}", ATOM
        if function == "identity":
            return self.written(arguments[0])
        if function == "outer":
            return rf"{self.text(arguments[0], POWER)} \, {self.raised(arguments[1])}^{{\top}}", PRODUCT
        inner = ("; " if function == "concat" else ", ").join(self.text(argument, SUM) for argument in arguments)
        if function in WORDS:
            return rf"{WORDS[function]}\left({inner}\right)", POWER
        return function_latex(function, inner), POWER


def _begins_with_minus(tree: Tree) -> bool:
    return isinstance(tree, Negative) and isinstance(tree.inner, Letter | Number | Power | Call | Derivative)
