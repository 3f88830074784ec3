r"""Read a display as the scan of a lecture has it, LaTeX with its damage, into the common normal form.

relation   sum { = | \neq | \leq sum }, one or several lines
sum        [ sign ] product { sign product }
product    factor { factor }
factor     letter | number | function | fraction | derivative | sum over an index | matrix | bracket
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from bptt_lab.formulas import Style
from bptt_lab.lectures import forms
from bptt_lab.lectures.forms import DOTS, Form

NOTHING = re.compile(
    r"\\(left|right|[bB]ig+[lrm]?|displaystyle|limits|tiny|small)(?![A-Za-z])[.|]?|(?<!\\)\\[,;!: ]|~|…"
)
TOKENS = re.compile(r"\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)
FONTS = {"mathbf", "mathcal", "mathsf", "mathrm", "mathit", "boldsymbol", "vec", "underline", "bar", "textbf", "boxed"}
WORDS = {"text", "operatorname", "mathop"}
FUNCTIONS = {"tanh": "tanh", "exp": "exp", "ln": "log", "log": "log", "softmax": "softmax", "diag": "diag"}
RELATIONS = {"=": "=", r"\neq": "!=", r"\leq": "<=", r"\le": "<=", r"\in": "in"}
TRANSPOSES = {"T", r"\top", "Tr", r"\intercal"}
CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}"}
SEVERAL_DOTS = {r"\dots", r"\cdots", r"\ldots", r"\vdots", r"\ddots"}
PRODUCTS = {"*", r"\times", r"\cdot", r"\odot"}
ENDS = {None, "+", "-", ")", "]", "}", r"\}", ",", "&", r"\\", r"\end", r"\Rightarrow", *RELATIONS}
GAPS = (r"\quad", r"\qquad")
GRIDS = ("pmatrix", "bmatrix", "matrix", "array", "vmatrix")


class DisplayError(ValueError):
    """A display that cannot be read; the message says where."""


@dataclass(frozen=True, eq=False)
class Script:
    """How a lecture is to be read: its hand, and what some of its letters are.

    `functions` maps a letter that is a function in print to ours; `applied` are quantities printed with their
    arguments, which are left out; `abbreviations` stand for something that depends on an index which is not printed.
    """

    hand: Style
    functions: Mapping[str, str] = field(default_factory=dict)
    applied: tuple[str, ...] = ()
    abbreviations: tuple[str, ...] = ()

    @cached_property
    def layers(self) -> set[tuple[str, Form]]:
        """The letters that carry a layer or a name above them, each with it."""
        plain = Script(Style(time="{}"))
        symbols = self.hand.symbols.values()
        return {
            (base_of(symbol.entry), read_index(symbol.upper.strip(","), plain)) for symbol in symbols if symbol.upper
        }


def base_of(latex: str) -> str:
    """Return the letter that a symbol is, without its font: what a display has after reading."""
    found = read(latex, Script(Style(time="{}")))[0][0]
    return found[1] if found[0] == "letter" and isinstance(found[1], str) else latex


def read_index(latex: str, script: Script) -> Form:
    """Return what stands above or below a letter, as a form."""
    return forms.index(read(latex, script)[0][0])


def read(latex: str, script: Script) -> list[list[Form]]:
    """Return the lines of a display: each a list of sides with the relation signs between them, as forms and words.

    Errors: DisplayError with the place.
    """
    return _Reader(latex, script).lines()


class Brace(NamedTuple):
    """What stands over a brace and the label under it, as it is written."""

    over: Form
    label: str


def read_with_braces(latex: str, script: Script) -> tuple[list[list[Form]], list[Brace]]:
    """Return what `read` does, and the braces of the display with their labels (errors: DisplayError)."""
    reader = _Reader(latex, script)
    return reader.lines(), reader.braces


def sizes(latex: str, script: Script) -> tuple[Form, ...]:
    """Return the sizes in a label such as M \times K, with or without brackets."""
    tokens = [token for token in TOKENS.findall(latex) if token.strip() and token not in "()"]
    return tuple(forms.index(_Reader(size, script).sum()) for size in _split(tokens, r"\times"))


class _Reader:
    """The tokens of a display while they are read."""

    def __init__(self, latex: str | list[str], script: Script) -> None:
        text = latex if isinstance(latex, str) else "".join(f"{token} " for token in latex)
        self.tokens = _without_gaps([token for token in TOKENS.findall(NOTHING.sub(" ", text)) if token.strip()])
        self.at, self.script, self.braces = 0, script, []

    @property
    def next(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self) -> str:
        if self.next is None:
            raise DisplayError("The display breaks off.")
        self.at += 1
        return self.tokens[self.at - 1]

    def takes(self, *texts: str) -> bool:
        found = self.next in texts
        self.at += found
        return found

    def group(self) -> list[str]:
        """Return the tokens of a group in braces, or the single token that stands for one."""
        if self.next != "{":
            return [self.take()]
        return self.balanced()

    def balanced(self) -> list[str]:
        """Return the tokens between a bracket and the one that closes it."""
        opening, depth, start = self.take(), 1, self.at
        while depth:
            token = self.take()
            depth += (token == opening) - (token == CLOSING[opening])
        return self.tokens[start : self.at - 1]

    def inner(self, tokens: list[str]) -> Form:
        """Return a group of tokens as one form."""
        reader = _Reader(tokens, self.script)
        found = reader.sum()
        if reader.next is not None:
            raise DisplayError(f"{reader.next!r} was not expected after {' '.join(tokens[: reader.at])!r}.")
        return found

    # lines, relations

    def lines(self) -> list[list[Form]]:
        found = [self.line()]
        while self.next is not None:
            if self.takes(r"\\", ",", "&", r"\Rightarrow", r"\end"):
                if self.tokens[self.at - 1] == r"\end":
                    self.group()
                continue
            begins = self.next
            line = self.line()
            if begins in ("+", "-") and found[-1]:
                found[-1][-1] = forms.total(((1, found[-1][-1]), (1, line[0])))
                found[-1] += line[1:]
            elif begins in RELATIONS:
                found[-1] += line
            else:
                found.append(line)
        return [line for line in found if line]

    def line(self) -> list:
        while self.next == r"\begin" and self.tokens[self.at + 2 : self.at + 4] not in [list(g[:2]) for g in GRIDS]:
            self.take()
            self.group()
        while self.takes("&", r"\Rightarrow"):
            pass
        found = [] if self.next in RELATIONS else [self.sum()]
        while self.next in RELATIONS or self.next == "&":
            if self.takes("&"):
                continue
            found.append(RELATIONS[self.take()])  # type: ignore[arg-type]
            while self.takes("&"):
                pass
            found.append(self.sum())
        return found

    # sums, products

    def sum(self) -> Form:
        terms = []
        while True:
            sign = -1 if self.takes("-") else 1
            if sign > 0:
                self.takes("+")
            terms.append((sign, self.product()))
            while self.next == "&" and self.at + 1 < len(self.tokens) and self.tokens[self.at + 1] in "+-":
                self.take()
            if self.next not in ("+", "-"):
                return forms.total(tuple(terms))

    def product(self) -> Form:
        factors = []
        while self.next not in ENDS:
            if not self.takes(*PRODUCTS):
                factors.append(self.factor())
        if not factors:
            raise DisplayError(f"Something is missing before {self.next!r} in {' '.join(self.tokens)!r}.")
        return factors[0] if len(factors) == 1 else forms.product(tuple(factors))

    def factor(self) -> Form:
        token = self.next
        if token is None:
            raise DisplayError("The display breaks off.")
        if token.isdigit():
            return self.raised(self.number())
        if token in SEVERAL_DOTS:
            self.take()
            return DOTS
        if token in ("(", "["):
            return self.raised(self.bracket())
        if token == "{":
            return self.raised(self.inner(self.balanced()))
        if token.startswith("\\"):
            command = getattr(self, f"_{token[1:]}", None)
            if command:
                self.take()
                return command()
        return self.named()

    def number(self) -> Form:
        digits = self.take()
        while self.next and self.next.isdigit():
            digits += self.take()
        return forms.number(int(digits))

    def bracket(self) -> Form:
        tokens = self.balanced()
        entries = _split([r"\quad" if token in GAPS else token for token in tokens], r"\quad")
        if len(entries) > 1:
            return forms.grid((tuple(self.inner(entry) for entry in entries),))
        items = _split(tokens, ",")
        if len(items) == 1:
            return self.inner(tokens)
        return ("call", "list", tuple(self.inner(item) for item in items))

    def raised(self, base: Form) -> Form:
        """Return a bracket, number or function with what stands above it: a transpose, a time or a power."""
        while self.next == "^":
            self.take()
            tokens = self.group()
            if "".join(tokens) in TRANSPOSES:
                base = forms.turned(base)
            elif tokens[0] in ("(", "<"):
                base = forms.letter(base, self.above(tokens))
            else:
                base = forms.power(base, forms.index(self.inner(tokens)))
        return base

    # commands

    def _frac(self) -> Form:
        above, below = self.group(), self.group()
        if below[:1] in (["d"], [r"\partial"]) and above[:1] in (["d"], [r"\partial"]):
            by = self.inner(below[1:])
            if len(above) > 1:
                return self.raised(("derivative", self.inner(above[1:]), by))
            return ("derivative", self.product(), by)
        return self.raised(forms.fraction(self.inner(above), self.inner(below)))

    _tfrac = _dfrac = _frac

    def _sum(self, kind: str = "sum") -> Form:
        low, high = [], []
        while self.next in ("_", "^"):
            (low if self.take() == "_" else high).extend(self.group())
        variable, _, first = "\0".join(low).partition("\0=\0")
        variable = self.inner(variable.split("\0"))  # type: ignore[assignment]
        first = forms.index(self.inner(first.split("\0"))) if first else DOTS  # type: ignore[assignment]
        last = forms.index(self.inner(high)) if high else DOTS
        return forms.over(kind, variable, first, last, self.product())  # type: ignore[arg-type]

    def _prod(self) -> Form:
        return self._sum("prod")

    def _nabla(self) -> Form:
        by, is_turned = None, "total" not in self.script.hand.nabla
        while self.next in ("_", "^"):
            if self.take() == "_":
                by = self.inner(self.group())
            elif "".join(tokens := self.group()) in TRANSPOSES:
                is_turned = not is_turned
            else:
                raise DisplayError(f"A nabla carries {' '.join(tokens)!r} above it.")
        found = ("derivative", self.factor(), by)
        return forms.turned(found) if is_turned else found

    def _partial(self) -> Form:
        if not self.takes("_"):
            raise DisplayError("A sign of a derivative stands alone.")
        by = self.inner(self.group())
        return ("derivative", self.factor(), by)

    def _underbrace(self) -> Form:
        found = self.inner(self.group())
        label = []
        while self.takes("_"):
            label = self.group()
        self.braces.append(Brace(found, " ".join(label)))
        return self.raised(found)

    def _begin(self) -> Form:
        name = "".join(self.group())
        if name not in GRIDS:
            raise DisplayError(f"A {name} stands inside a formula.")
        if name == "array":
            self.group()
        cells = self.cells()
        entries = tuple(tuple(self.inner(cell) if cell else DOTS for cell in row) for row in cells if any(row))
        return self.raised(forms.grid(entries))

    def cells(self) -> list[list[list[str]]]:
        """Return the rows of a matrix, each a list of cells, each its tokens; what ends the matrix is taken."""
        rows, depth, start = [[]], 0, self.at
        while True:
            token = self.take()
            depth += (token in ("{", r"\begin")) - (token in ("}", r"\end"))
            is_last = depth < 0 and token == r"\end"
            if is_last or (depth == 0 and token in ("&", r"\\")):
                rows[-1].append(self.tokens[start : self.at - 1])
                rows += [[]] if token == r"\\" else []
                start = self.at
            if is_last:
                self.group()
                return rows

    def _mathbb(self) -> Form:
        name = "".join(self.group())
        if name == "1" and self.takes("_"):
            tokens = self.group()
            one, two = _split(tokens, "=" if "=" in tokens else ",")
            return forms.same(forms.index(self.inner(one)), forms.index(self.inner(two)))
        if name == "R" and self.takes("^"):
            return ("call", "space", tuple(forms.index(self.inner(size)) for size in _split(self.group(), r"\times")))
        raise DisplayError(f"The letter {name} with doubled strokes is not known.")

    # letters and functions

    def name(self) -> str:
        """Return the letter, word or command that comes next, fonts dropped."""
        token = self.take()
        bare = token.removeprefix("\\")
        if token.startswith("\\") and bare in FONTS | WORDS:
            tokens = self.group()
            if bare in WORDS or (len(tokens) > 1 and all(part.isalpha() for part in tokens)):
                return "".join(tokens)
            self.tokens[self.at : self.at] = tokens
            return self.name()
        if bare == "hat":
            return "hat " + _Reader(self.group(), self.script).name()
        if not bare.isalpha():
            raise DisplayError(f"{token!r} is not a letter, in {' '.join(self.tokens)!r}.")
        return bare

    def named(self) -> Form:
        """Return a letter with its indices, or a function with its argument."""
        if (group := self.whole_in_one_font()) is not None:
            return self.raised(self.inner(group))
        name = self.name()
        above, below = self.scripts()
        starred = name + "".join("*" for tokens in above if tokens == ["*"])
        function = {**FUNCTIONS, **self.script.functions}.get(starred)
        if function:
            return self.applied(function, [tokens for tokens in above if tokens != ["*"]])
        if name in self.script.abbreviations:
            argument = self.bracket()
            last = argument[2][-1] if argument[0] == "call" else argument
            return forms.letter(name, last[2])
        if name in self.script.applied and self.next in ("(", r"\{"):
            self.balanced()
        return self.with_indices(name, above, below)

    def whole_in_one_font(self) -> list[str] | None:
        """Return the tokens of a group in one font that is more than a letter; None, and nothing taken, without one."""
        if not (self.next.startswith("\\") and self.next[1:] in FONTS):  # type: ignore[index, union-attr]
            return None
        at = self.at
        self.take()
        tokens = self.group()
        if _is_whole(tokens):
            return tokens
        self.at = at
        return None

    def applied(self, function: str, powers: list[list[str]]) -> Form:
        """Return a function of the bracket or factor that follows, raised to a power that stands at its name."""
        argument = self.bracket() if self.next in ("(", "[") else self.factor()
        found = argument if function == "identity" else ("call", function, (argument,))
        return forms.power(found, forms.index(self.inner(powers[0]))) if powers else self.raised(found)

    def scripts(self) -> tuple[list[list[str]], list[list[str]]]:
        """Return the groups that stand above and below a letter."""
        above, below = [], []
        while self.next in ("_", "^"):
            (below if self.take() == "_" else above).append(self.group())
        return above, below

    def with_indices(self, name: str, above: list[list[str]], below: list[list[str]]) -> Form:
        """Return a letter whose raised signs are read as layer, time, transpose or power."""
        under = tuple(entry for tokens in below for entry in self.entries(tokens))
        over, transposed, powers = (), False, []
        for tokens in above:
            if "".join(tokens) in TRANSPOSES:
                transposed = True
            elif self.is_place(name, tokens):
                over += self.above(tokens)  # type: ignore[assignment]
            else:
                powers.append(forms.index(self.inner(tokens)))
        found = forms.letter(name, over, under)
        for exponent in powers:
            found = forms.power(found, exponent)
        return forms.turned(found) if transposed else found

    def is_place(self, name: str, tokens: list[str]) -> bool:
        """Return whether what stands above a letter is a layer or a time, and no power."""
        if self.script.hand.time == "{}" or "(" in tokens or "<" in tokens or "," in tokens:
            return True
        return (name, forms.index(self.inner(tokens))) in self.script.layers

    def above(self, tokens: list[str]) -> tuple[Form, ...]:
        """Return layer and time from what stands above a letter, such as 1(t), <t-1> or l-1,t."""
        pieces, piece = [], []
        for token in tokens:
            if token in ("(", ")", "<", ">", ","):
                pieces, piece = [*pieces, piece] if piece else pieces, []
            else:
                piece.append(token)
        pieces += [piece] if piece else []
        return tuple(forms.index(self.inner(piece)) for piece in pieces)

    def entries(self, tokens: list[str]) -> list[Form]:
        """Return the indices below a letter: w_{1i} has two, t+1 is one."""
        if "," in tokens or "+" in tokens or "-" in tokens:
            return [forms.index(self.inner(part)) for part in _split(tokens, ",")]
        found, reader = [], _Reader(tokens, self.script)
        while reader.next is not None:
            token = reader.next
            if token.isdigit():
                found.append(forms.number(int(reader.take())))
            elif token.isalpha():
                found.append(reader.with_indices(reader.take(), *reader.scripts()))
            else:
                found.append(reader.factor())
        return found


def _without_gaps(tokens: list[str]) -> list[str]:
    """Return tokens without wide spaces, but for those inside a bracket, where they part the entries of a row."""
    found, depth = [], 0
    for token in tokens:
        depth += (token in ("(", "[")) - (token in (")", "]"))
        found += [token] if depth > 0 or token not in GAPS else []
    return found


def _split(tokens: list[str], mark: str) -> list[list[str]]:
    """Return tokens cut at a mark that stands in no bracket."""
    found, depth = [[]], 0
    for token in tokens:
        depth += (token in CLOSING) - (token in CLOSING.values())
        if token == mark and depth == 0:
            found.append([])
        else:
            found[-1].append(token)
    return found


def _is_whole(tokens: list[str]) -> bool:
    """Return whether a group in one font is more than a letter or a word."""
    return any(token in ("^", "_", "=", "+", "-", "(") for token in tokens)
