r"""LaTeX, as the package prints it and as people paste it, as the tokens of the language: \delta^{1(2)} is d1(2).

sum        [ sign ] product { sign product }
product    factor { [ sign of a product ] factor }
factor     number | letter | function | fraction | derivative | sum over an index | bracket, each with scripts

Two factors side by side make a product, whose operator the shapes tell: the mark ' ' stands between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from bptt_lab.formulas.errors import FormulaError
from bptt_lab.formulas.functions import ROWS
from bptt_lab.formulas.language import DERIVATIVES
from bptt_lab.formulas.scripts import RUN, has_scripts, spelled
from bptt_lab.formulas.tokens import LATEX, LONGEST, PASTED, Token

if TYPE_CHECKING:
    from bptt_lab.formulas.language import Language

DEEPEST = 40
PIECES = re.compile(rf"[∑Σ∏∇](?={RUN.pattern})|∇(?=_)|{RUN.pattern}|\\[A-Za-z]+|\\.|\*\*|.", re.DOTALL)
OVER = {"∑": r"\sum", "Σ": r"\sum", "∏": r"\prod", "∇": r"\nabla"}
ENVIRONMENT = re.compile(r"\\(?:begin|end)\{aligned\}")
UNSEEN = {r"\left", r"\right", r"\big", r"\bigl", r"\bigr", r"\Big", r"\Bigl", r"\Bigr", r"\displaystyle", r"\limits"}
UNSEEN |= {r"\,", r"\;", r"\:", r"\!", r"\ ", r"\quad", r"\qquad", r"\\", r"\(", r"\)", r"\[", r"\]", "&", "$", "~"}
FONTS = {r"\mathbf", r"\mathrm", r"\mathit", r"\mathsf", r"\boldsymbol", r"\bm", r"\vec", r"\text", r"\operatorname"}
GREEK = {r"\delta": "d", r"\tau": "tau", r"\alpha": "alpha", r"\beta": "beta", r"\gamma": "gamma"}
GREEK |= {r"\epsilon": "epsilon", r"\varepsilon": "epsilon"}
FUNCTIONS = {row.latex: name for name, row in ROWS.items() if re.fullmatch(r"\\[a-z]+", row.latex)}
FUNCTIONS |= {r"\log": "log", r"\sinh": "sinh", r"\cosh": "cosh", r"\sqrt": "sqrt"}
PRODUCTS = {
    r"\cdot": " ",
    r"\times": " ",
    "·": " ",
    r"\odot": "*",
    r"\circ": "*",
    r"\ast": "*",
    "*": "*",
    "/": "/",
    "@": "@",
}
RELATIONS = {"=": "=", r"\neq": "!=", r"\ne": "!=", r"\leq": "<=", r"\le": "<="}
ROW = (r"\text", "{", "r", "o", "w", "}")
TRANSPOSES = {".T", r"\top", r"\intercal", r"\mathsf{T}", r"\mathrm{T}"}
CLOSING = {"(": ")", "[": "]", "{": "}"}
DOTS = {r"\ldots", r"\dots", r"\cdots"}
ENDS = {None, "+", "-", ",", ";", ")", "]", "}", "<", ">", *RELATIONS, *DOTS}
Range = tuple[int, int]


def is_latex(text: object) -> bool:
    """Return whether a text holds a sign that LaTeX has and the language has not, or a small character for one."""
    return isinstance(text, str) and (any(sign in text for sign in "\\{}") or has_scripts(text))


def latex_tokens(text: str, language: Language) -> list[Token]:
    """Return the tokens of the language for a formula in LaTeX (errors: FormulaError for what has no place in it)."""
    if len(text) > LONGEST:
        raise FormulaError(f"The formula has {len(text)} characters; at most {LONGEST} are read.", "Shorten it.")
    return _Translator(text, language).whole()


def _pieces(text: str, language: Language) -> list[Token]:
    """Return the commands and characters of a text, without what only moves or sizes them."""
    plain = ENVIRONMENT.sub(lambda found: " " * len(found[0]), text).partition("#")[0]
    found = [piece for match in PIECES.finditer(plain) for piece in _pieces_of(match, language)]
    return [Token("latex", piece, column) for piece, column in found if piece not in UNSEEN and not piece.isspace()]


def _pieces_of(match: re.Match, language: Language) -> list[tuple[str, int]]:
    """Return the pieces that a command or character stands for: of small ones a script, or the digits of a name."""
    piece, start = match.group(), match.start()
    if not RUN.fullmatch(piece):
        is_over = piece in OVER and (
            RUN.match(match.string, match.end()) or piece == "∇" and match.string[match.end() :][:1] == "_"
        )
        return [(OVER[piece] if is_over else PASTED.get(piece, piece), start)]
    mark, inner = spelled(piece)
    characters = [(sign, start + k) for k, sign in enumerate(inner)]
    name = re.search(r"[A-Za-z]\w*$", match.string[:start], re.ASCII)
    if mark == "_" and name and any(letter.startswith(name[0] + inner) for letter in language.letters):
        return characters
    return [(mark, start), ("{", start), *characters, ("}", match.end() - 1)]


class _Translator:
    """The pieces of a formula while they are turned into tokens: how far that has come, and where a group ends."""

    def __init__(self, text: str, language: Language) -> None:
        self.pieces, self.language, self.out = _pieces(text, language), language, []
        self.at, self.end, self.depth, self.length = 0, len(self.pieces), 0, len(text)

    @property
    def next(self) -> str | None:
        return self.pieces[self.at].text if self.at < self.end else None

    @property
    def column(self) -> int:
        return self.pieces[self.at].column if self.at < len(self.pieces) else self.length

    def take(self) -> str:
        if self.next is None:
            raise FormulaError("The formula breaks off here.", "Something must follow.", "", self.column)
        self.at += 1
        return self.pieces[self.at - 1].text

    def takes(self, text: str) -> bool:
        found = self.next == text
        self.at += found
        return found

    def emit(self, *texts: str, kind: str = "mark", column: int | None = None) -> None:
        where = self.column if column is None else column
        self.out += [Token(kind, text, where) for text in texts]

    def stranger(self, what: str = "", mend: str = LATEX) -> FormulaError:
        shown = self.next or "This"
        return FormulaError(what or f"{shown[:30]} is LaTeX that is not read here.", mend, "", self.column)

    # groups: ranges of pieces

    def group(self) -> Range:
        """Return the range of a group in braces, or of the single piece that stands for one, and pass it."""
        start = self.at
        opening = self.take()
        if opening in FONTS and self.next == "{":
            self.group()
            return start, self.at
        if opening == "(":
            self.at = self.closing(start, self.end)
        if opening != "{":
            return start, self.at
        depth = 1
        while depth:
            piece = self.take()
            depth += (piece == "{") - (piece == "}")
        return start + 1, self.at - 1

    def text(self, group: Range) -> str:
        return "".join(piece.text for piece in self.pieces[slice(*group)])

    def within(self, group: Range, part: Callable[[], None]) -> None:
        """Translate a group, all of it, by one rule."""
        before = self.at, self.end
        self.at, self.end = group
        part()
        if self.at < self.end:
            raise self.stranger()
        self.at, self.end = before

    def cut(self, group: Range, *marks: str) -> list[Range]:
        """Return the parts of a group between marks that stand in no bracket."""
        found, depth, start = [], 0, group[0]
        for at in range(*group):
            piece = self.pieces[at].text
            depth += (piece in CLOSING) - (piece in CLOSING.values())
            if piece in marks and depth == 0:
                found.append((start, at))
                start = at + 1
        return [*found, (start, group[1])]

    # sums, products

    def whole(self) -> list[Token]:
        self.side()
        while self.next in RELATIONS:
            self.emit(RELATIONS[self.next])
            self.take()
            self.side()
        if self.next is not None:
            what = f"{self.next} closes nothing." if self.next in CLOSING.values() else ""
            raise self.stranger(what, "Count the brackets." if what else LATEX)
        return [*self.out, Token("end", "", self.length)]

    def side(self) -> None:
        if self.next is not None and self.next not in RELATIONS:
            self.sum()

    def sum(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormulaError("The formula is nested too deeply.", "Use fewer brackets.", "", self.column)
        while True:
            while self.next in ("+", "-"):
                self.emit(self.next)
                self.take()
            self.product()
            if self.next not in ("+", "-"):
                break
        self.depth -= 1

    def product(self) -> None:
        if self.next in ENDS:
            raise self.stranger(f"Something is missing {f'before {self.next}' if self.next else 'here'}.", "")
        is_after_factor = False
        while self.next not in ENDS:
            if self.next in PRODUCTS:
                self.emit(PRODUCTS[self.next])
                self.take()
                is_after_factor = False
                continue
            if is_after_factor:
                self.emit(" ")
            self.factor()
            is_after_factor = True

    def factor(self) -> None:
        piece = self.next
        if piece.isdigit() and piece.isascii():  # type: ignore[union-attr]
            self.number()
        elif piece in CLOSING:
            self.bracket()
        elif piece in COMMANDS:
            COMMANDS[piece](self)
        elif piece in FUNCTIONS:
            self.take()
            self.function(FUNCTIONS[piece])
            return
        elif piece == r"\operatorname":
            self.take()
            self.function(self.text(self.group()).replace(r"\_", "_"))
            return
        elif len(piece) > 1 and self.language.function(piece):  # type: ignore[arg-type]  # of one character, such as a sigma
            self.take()
            self.function(piece)  # type: ignore[arg-type]
            return
        elif piece in FONTS or piece in GREEK or piece.isalpha() and piece.isascii():  # type: ignore[union-attr]
            if not self.plain():
                self.letter()
        else:
            raise self.stranger()
        self.scripts()

    def number(self) -> None:
        start, column = self.at, self.column
        while self.next is not None and re.fullmatch(r"[0-9.]", self.next) and self.is_adjacent(start):
            self.at += 1
        text = self.text((start, self.at))
        if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,15})?", text):
            raise FormulaError("This is no number that can be read.", "Round it, or write a fraction.", "", column)
        self.emit(text, kind="number", column=column)

    def bracket(self) -> None:
        """Translate a bracket; square ones may hold vectors on top of each other, or carry ranges below."""
        start, opening = len(self.out), self.take()
        self.emit("(")
        self.sum()
        if opening == "[" and self.next == ";":
            self.out.insert(start, Token("name", "concat", self.out[start].column))
            while self.takes(";"):
                self.emit(",")
                self.sum()
        if opening == "[" and self.takes(">"):
            self.within(self.group(), self.zero)
            self.out.insert(start, Token("name", "step", self.out[start].column))
        if self.next != CLOSING[opening]:
            raise self.stranger(f"A {CLOSING[opening]} is missing: a bracket opened before is not closed.", "")
        self.take()
        self.emit(")")
        if opening == "[" and self.takes("_"):
            self.ranges(start, self.group())

    def zero(self) -> None:
        if self.take() != "0":
            raise self.stranger()

    def ranges(self, start: int, group: Range) -> None:
        """Translate what stands below a square bracket: some rows, or the ranges of a column, a row or a matrix."""
        if "=" not in self.text(group):
            ends = self.cut(group, *DOTS)
            self.emit("[")
            self.within(ends[0], self.sum)
            self.emit(":")
            self.within(ends[-1], self.sum)
            self.emit("]")
            return
        body, parts = self.out[start + 1 :], self.cut(group, ";")
        del self.out[start:]
        is_row = self.text(group).startswith("".join(ROW))
        self.emit("matrix" if len(parts) > 1 else "row" if is_row else "column", kind="name")
        self.emit("(")
        for part in parts:
            self.range(part)
        self.out += body

    def range(self, group: Range) -> None:
        r"""Translate one range below a bracket: i = 1, \dots, 5, the word row before it."""
        first, last = group
        first += len(ROW) if self.text(group).startswith("".join(ROW)) else 0
        start, *_, high = [*self.cut((first, last), ","), (last, last)][:3]
        ends = self.cut(start, "=")
        for part in (*ends, high):
            self.within(part, self.sum)
            self.emit(",")

    # scripts

    def scripts(self) -> None:
        """Translate what stands above and below a factor: a power, a transpose, an entry."""
        while True:
            if self.takes("^") or self.takes("**"):
                self.above(self.group())
            elif self.takes("_"):
                self.entry(self.group(), 0)
            elif self.next == "." and self.text((self.at, self.at + 2)) == ".T":
                self.at += 2
                self.emit(".T")
            else:
                return

    def above(self, group: Range) -> None:
        text = self.text(group)
        if text in TRANSPOSES or text == "T" and self.language.has_matrices:
            self.emit(".T")
            return
        self.emit("**")
        if text in (r"\frac{1}{2}", r"\tfrac{1}{2}", "1/2"):
            self.emit("0.5", kind="number")
            return
        is_number = text.isdigit()
        self.emit(*"(" * (not is_number))
        self.within(group, self.sum)
        self.emit(*")" * (not is_number))

    def entry(self, group: Range, rank: int) -> None:
        """Translate the indices below a letter or a bracket; the two of a matrix may stand side by side."""
        parts = self.cut(group, ",")
        if len(parts) == 1 and rank == 2 and group[1] - group[0] == 2:
            parts = [(group[0], group[0] + 1), (group[0] + 1, group[1])]
        for k, part in enumerate(parts):
            self.emit("," if k else "[")
            self.within(part, self.sum)
        self.emit("]")

    # letters

    def plain(self) -> bool:
        """Translate a letter or a function written as in the language, such as h1(t) or tanh(…); return whether."""
        start = self.at
        while self.next and re.fullmatch(r"[A-Za-z0-9_]", self.next) and self.is_adjacent(start):
            self.at += 1
        name, column = self.text((start, self.at)), self.pieces[start].column
        if self.next == "(" and name in DERIVATIVES and name not in self.language.letters:
            self.emit(name, kind="name", column=column)
            self.arguments()
            return True
        if len(name) > 1 and name in self.language.letters:
            self.emit(name, kind="name", column=column)
            self.time_above(name)
            has_time = self.out[-1].text == ")"
            while self.next in ("(", "[") and (self.next == "[" or self.language.is_timed(name)):
                if self.next == "(" and has_time and self.closing(self.at, self.end) > self.at + 3:
                    break  # a factor in brackets; one number or index alone is taken for an entry, and refused
                has_time = has_time or self.next == "("
                self.arguments()
            return True
        if len(name) > 1 and self.next in ("(", "^", "**") and self.language.function(name):
            self.function(name)
            return True
        self.at = start
        return False

    def time_above(self, name: str) -> None:
        """Translate the time above a letter written as in the language: d_s^{(t)} is d_s(t)."""
        start = self.at
        if self.language.is_timed(name) and self.takes("^"):
            first, last = self.group()
            if first < last and self.pieces[first].text == "(" and self.closing(first, last) == last:
                self.emit("(")
                self.within((first + 1, last - 1), self.sum)
                self.emit(")")
                return
        self.at = start

    def is_adjacent(self, start: int) -> bool:
        return self.column - self.pieces[start].column == self.at - start

    def arguments(self) -> None:
        """Translate a bracket with what commas part in it."""
        opening = self.take()
        self.emit(opening)
        self.sum()
        while self.next in (",", ";"):
            self.take()
            self.emit(",")
            self.sum()
        if not self.takes(CLOSING[opening]):
            raise self.stranger(f"A {CLOSING[opening]} is missing: a bracket opened before is not closed.", "")
        self.emit(CLOSING[opening])

    def base(self) -> str:
        """Return the letter that comes next, its font dropped."""
        piece = self.take()
        if piece in FONTS:
            text = self.text(self.group()).replace(r"\_", "_")
            return GREEK.get(text, text)
        if piece in GREEK:
            return GREEK[piece]
        if not (piece.isalpha() and piece.isascii()):
            self.at -= 1
            raise self.stranger()
        return piece

    def letter(self) -> None:
        """Translate a letter with what stands above it, layer, time, transpose or power, and below, label and entry."""
        column, start, base = self.column, self.at, self.base()
        is_delta = r"\delta" in self.text((start, self.at)) and self.has_preactivations
        base = "a" if is_delta else base
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,29}", base):
            raise FormulaError(f"{base[:30]!r} in this font is not read here.", LATEX, "", column)
        above, below = [], []
        while self.next in ("^", "_"):
            (above if self.take() == "^" else below).append(self.group())
        label, entries = self.label(base, below, above)
        layer, time, rest = self.place(base, label, above)
        name = base + layer + label
        if time is not None and not is_delta and self.is_power(name, time):
            rest = [time, *rest]
            time = None
        if is_delta and name not in self.language.letters:
            what = f"There is no pre-activation {name} to this delta."
            raise FormulaError(what, r"Layer and time stand above it, as in  \delta^{1(2)}.", "", column)
        if is_delta:  # the total derivative of the loss by a pre-activation
            self.emit("total", kind="name", column=column)
            self.emit("(", column=column)
            self.emit(self.language.network.loss, kind="name", column=column)
            self.emit(",", column=column)
        if name == "e" and rest and "e" not in self.language.letters:
            self.emit("exp", kind="name", column=column)
            self.emit("(")
            self.within(rest.pop(0), self.sum)
            self.emit(")")
        else:
            self.emit(name, kind="name", column=column)
        if time is not None:
            self.emit("(")
            self.within(time, self.sum)
            self.emit(")")
        elif self.has_plain_time(name, above):
            self.arguments()
        for group in entries:
            self.entry(group, self.language.rank(name) if name in self.language.letters else 0)
        if entries and self.next == "[" and self.column == self.pieces[self.at - 1].column + 1:
            self.arguments()  # an entry after a time below
        if is_delta:
            self.emit(")", column=column)
        for group in rest:
            self.above(group)

    def is_power(self, name: str, time: Range) -> bool:
        """Return whether the bracket above a letter that has no time is an exponent: T - t, but no number or time."""
        inner = [piece.text for piece in self.pieces[slice(*time)]]
        if name not in self.language.letters or self.language.is_timed(name):
            return False
        if sum(one in self.language.variables for one in inner) > 1:
            return True
        what, mend = f"{name} has no time.", f"A power has no bracket above:  {name}^{{{self.text(time)}}}"
        raise FormulaError(what, mend, "", self.pieces[time[0] - 1].column)

    @cached_property
    def has_preactivations(self) -> bool:
        """Whether a delta stands for the total derivative by a quantity a, a1, a_f …, and for nothing else."""
        return any(re.fullmatch(r"a[0-9]*(_\w+)?", name) for name in self.language.letters)

    def has_plain_time(self, name: str, above: list[Range]) -> bool:
        """Return whether a letter's time follows in brackets as in the language, h(t), and is no factor."""
        is_near = 0 < self.at < self.end and self.column == self.pieces[self.at - 1].column + 1
        is_letter = name in self.language.letters and name != self.language.network.loss
        return is_letter and not above and is_near and self.next == "(" and self.language.is_timed(name)

    def is_numbered(self, base: str, number: str) -> bool:
        """Return whether a letter without a time is one of several, told apart by numbers: x1, x2, and no x."""
        known, name = self.language.letters, base + number
        return number.isdigit() and base not in known and name in known and not self.language.is_timed(name)

    def label(self, base: str, below: list[Range], above: list[Range]) -> tuple[str, list[Range]]:
        r"""Return the label below a letter, as in \mathbf{W}_{\mathrm{f}}, and the entries that stand beside it.

        A number below is the end of the name where without it there is no such letter, as in x_{2}.
        """
        label, entries = "", []
        for group in below:
            first, *more = self.cut(group, ",")
            text = self.text(first)
            match = re.fullmatch(r"\\(?:mathrm|text)\{(.*)\}", text)
            is_label = match or text.isalnum() and self.has_label(base, text)
            if is_label and not label:
                label = "_" + (match[1] if match else text).replace(r"\_", "_")
                entries += [(more[0][0], group[1])] if more else []
            elif not label and not above and self.is_numbered(base, text):
                label = text
            else:
                entries.append(group)
        return label, entries

    def has_label(self, base: str, text: str) -> bool:
        """Return whether a letter has this label, whatever the number of its layer: W_r, where there is W11_r."""
        return any(re.fullmatch(rf"{re.escape(base)}\d*_{text}", name) for name in self.language.letters)

    def place(self, base: str, label: str, above: list[Range]) -> tuple[str, Range | None, list[Range]]:
        """Return the layer and the time above a letter, and what else stands there: transposes and powers."""
        layer, time, rest = "", None, []
        for start, end in above:
            digits = re.match(r"[0-9]*", self.text((start, end)))[0]  # type: ignore[index]  # matches always
            opens = start + len(digits)
            is_timed = opens < end and self.pieces[opens].text == "("
            closes = self.closing(opens, end) if is_timed else opens
            is_layer = digits and base + layer + digits + label in self.language.letters
            if not is_timed and not is_layer:
                rest.append((start, end))
                continue
            layer += digits
            time = (opens + 1, closes - 1) if is_timed else time
            rest += [(closes, end)] if closes < end else []
        return layer, time, rest

    def closing(self, start: int, end: int) -> int:
        """Return where the bracket that opens at a place has been closed."""
        depth = 0
        for at in range(start, end):
            depth += (self.pieces[at].text == "(") - (self.pieces[at].text == ")")
            if depth == 0:
                return at + 1
        raise FormulaError("A ) is missing: a time is not closed.", "", "", self.pieces[start].column)

    # functions and commands

    def function(self, name: str) -> None:
        """Translate a function with its argument, a bracket or one factor, and the power at its name."""
        self.emit(name, kind="name", column=self.pieces[self.at - 1].column)
        powers = []
        while self.takes("^") or self.takes("**"):
            powers.append(self.group())
        if self.next == "{" and self.pieces[self.at + 1 : self.at + 2] and self.pieces[self.at + 1].text == "(":
            self.within(self.group(), self.arguments)
        elif self.next in ("(", "["):
            if self.next == "[":
                raise self.stranger()
            self.arguments()
        else:
            self.emit("(")
            self.one_factor()
            self.emit(")")
        for group in powers:
            self.above(group)
        self.scripts()

    def one_factor(self) -> None:
        self.depth += 1
        if self.next in ENDS or self.depth > DEEPEST:
            raise self.stranger("A function needs an argument.", "Write it in brackets.")
        self.factor()
        self.depth -= 1

    def fraction(self) -> None:
        self.take()
        above, below = self.group(), self.group()
        kind = self.differential(above)
        if kind and self.differential(below):
            self.derivative(kind, above, below)
            return
        self.emit("(", "(")
        self.within(above, self.sum)
        self.emit(")", "/", "(")
        self.within(below, self.sum)
        self.emit(")", ")")

    def differential(self, group: Range) -> str:
        """Return the sign that a group begins with, if it is one of a derivative and something follows."""
        sign = self.text((group[0], group[0] + 1)) if group[1] - group[0] > 1 else ""
        return sign if sign == r"\partial" or sign == "d" and "d" not in self.language.letters else ""

    def derivative(self, kind: str, above: Range, below: Range) -> None:
        if kind != "d" and not self.text(above).startswith((r"\partial^{+}", r"\partial^+")):
            what = "A derivative is total, d, or immediate, ∂ with a plus."
            mend = r"Write  \frac{dL}{dx}  or  \frac{\partial^{+} L}{\partial x}."
            raise FormulaError(what, mend, "", self.pieces[above[0]].column)
        skipped = 1 if kind == "d" else 5 if self.text(above).startswith(r"\partial^{+}") else 3
        column = self.pieces[above[0]].column
        self.emit("total" if kind == "d" else "immediate", kind="name", column=column)
        self.emit("(", column=column)
        self.within((above[0] + skipped, above[1]), self.any_letter)
        self.emit(",")
        self.within((below[0] + 1, below[1]), self.any_letter)
        self.emit(")")

    def any_letter(self) -> None:
        if not self.plain():
            self.letter()

    def nabla(self) -> None:
        self.take()
        if not self.takes("_"):
            raise self.stranger("A nabla says by what it differentiates.", r"Write  \nabla_{W} L.")
        by = self.group()
        self.emit("grad", kind="name")
        self.emit("(")
        self.letter()
        self.emit(",")
        self.within(by, self.letter)
        self.emit(")")

    def over(self) -> None:
        """Translate a sum or a product over an index: its body is the product that follows."""
        self.emit("sum" if self.next == r"\sum" else "prod", kind="name")
        column, sign = self.column, self.take()
        low = high = None
        while self.next in ("_", "^"):
            if self.take() == "_":
                low = self.group()
            else:
                high = self.group()
        ends = self.cut(low, "=") if low else []
        if len(ends) != 2 or high is None:
            index = self.text(ends[0]) if ends else "t"
            last = "T" if index == "t" else "…"
            what, mend = (
                "A sum names its index, its first and its last value.",
                f"Write  {sign}_{{{index}=1}}^{{{last}}} …",
            )
            raise FormulaError(what, mend, "", column)
        self.emit("(")
        for part in (*ends, high):
            self.within(part, self.sum)
            self.emit(",")
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormulaError("The formula is nested too deeply.", "Use fewer brackets.", "", self.column)
        self.product()
        self.depth -= 1
        self.emit(")")

    def same(self) -> None:
        self.take()
        if self.text(self.group()) != "1" or not self.takes("_"):
            self.at -= 1
            raise self.stranger()
        one, two = (*self.cut(self.group(), "=", ","), (self.at, self.at))[:2]
        self.emit("same", kind="name")
        self.emit("(")
        self.within(one, self.sum)
        self.emit(",")
        self.within(two, self.sum)
        self.emit(")")


COMMANDS: dict[str, Callable[[_Translator], None]] = {
    **dict.fromkeys((r"\frac", r"\tfrac", r"\dfrac"), _Translator.fraction),
    **dict.fromkeys((r"\sum", r"\prod"), _Translator.over),
    r"\nabla": _Translator.nabla,
    r"\mathbb": _Translator.same,
}
