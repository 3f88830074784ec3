"""Read a formula: own tokens, own grammar, own tree; nothing in the text is ever executed.

relation   sum [ = | != | <= sum ]
sum        product { + | - product }
product    signed { * | / | @ | · signed }
signed     - signed | power
power      postfix [ ** signed ]
postfix    atom { .T | [ index ] | [ first : last ] | [ : , first : last ] }
atom       number | letter | variable | function ( … ) | D( …, … ) | unless ( relation, sum ) | ( sum )
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import partial

from bptt_lab.formulas.elsewhere import (
    OPERATORS,
    OPERATORS_OF_MODULES,
    OTHER_FUNCTIONS,
    OTHER_MEANING,
    as_operator,
    last_of_range,
)
from bptt_lab.formulas.errors import FormulaError
from bptt_lab.formulas.language import DERIVATIVES, Language
from bptt_lab.formulas.latex_tokens import is_latex, latex_tokens
from bptt_lab.formulas.rewriting import left_side, rewritten
from bptt_lab.formulas.shapes import is_fit, shape_of
from bptt_lab.formulas.tokens import MENDS, Token, tokens
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
    parts,
    walk,
)

DEEPEST, TALLEST, MOST_NODES, LARGEST_POWER = 50, 150, 1_500, 20
RELATIONS = {"=": "=", "==": "=", "!=": "!=", "<=": "<="}
RANGED = ("sum", "prod", "column", "row", "matrix")
CONDITIONS = RELATIONS | {"<": "<", ">": ">"}


def read(text: str, language: Language, relation: bool = False) -> Tree:
    """Return the tree of a formula; with `relation` it may state an equality or another relation of two sides.

    Errors: FormulaError with a caret, what was expected, and the mend.
    """
    try:
        return _read(text, language, relation)
    except FormulaError as error:
        if not isinstance(text, str):
            raise
        attempt = partial(_read, language=language, relation=relation)
        other = rewritten(text, language, error, attempt) if language.has_ranges else None
        raise (other or error).in_text(text) from None


def _read(text: str, language: Language, relation: bool) -> Tree:
    if relation and isinstance(text, str):
        left, sign, right = text.partition("=")
        text = f"{left_side(left, language)}{sign}{right}" if sign else text
    tree = _Reader(text, language).whole(relation)
    _check_size(tree)
    return tree


def _check_size(tree: Tree) -> None:
    """Raise a FormulaError for a tree too large or too deep: a long chain of signs is deep without any bracket."""
    waiting, count = [(tree, 1)], 0
    while waiting:
        part, depth = waiting.pop()
        count += 1
        if count > MOST_NODES or depth > TALLEST:
            raise FormulaError(f"The formula has too many parts ({MOST_NODES}) or terms ({TALLEST}).", "Use sum(…).")
        waiting.extend((inner, depth + 1) for inner in parts(part))


class _Reader:
    """A text while it is read: its tokens, and how far the reading has come."""

    def __init__(self, text: str, language: Language) -> None:
        self.is_latex = language.has_ranges and is_latex(text)
        self.tokens = latex_tokens(text, language) if self.is_latex else tokens(text)
        self.text, self.at, self.depth = text, 0, 0
        self.language, self.bound = language, list(language.variables)
        self.is_in_derivative = False
        self.ends: set[int] = set()  # tokens before which a part ends, though they could begin one

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.next
        self.at += 1
        return token

    def takes(self, *marks: str) -> Token | None:
        return self.take() if self.next.kind == "mark" and self.next.text in marks else None

    def said(self, start: int, end: int | None = None) -> str:
        """Return the text from one token to another, by default to where the reading has come."""
        if self.is_latex:
            return "".join(token.text for token in self.tokens[start : self.at if end is None else end])
        return self.text[self.tokens[start].column : self.tokens[self.at if end is None else end].column].strip()

    def expect(self, mark: str, what: str) -> None:
        if not self.takes(mark):
            if self.next.text in RELATIONS:
                mend = "A range is written  sum(t, 1, 3, …)." if self.language.has_ranges else ""
                what = f"A {self.next.text} sign cannot stand inside brackets."
                raise FormulaError(what, mend, "", self.next.column)
            raise FormulaError(f"A {mark} is missing: {what}.", "", "", self.next.column)

    def whole(self, relation: bool) -> Tree:
        if relation:
            self.takes("=", "==")  # the left side was the question
        if self.next.kind == "end":
            raise FormulaError("There is nothing to read.", "Write a formula.")
        tree = self.sum()
        sign = self.takes(*RELATIONS)
        if sign:
            if not relation:
                raise FormulaError("An answer has one side only.", "Leave out the = sign.", "", sign.column)
            tree = Relation(RELATIONS[sign.text], tree, self.sum(), sign.column)
        if self.next.kind != "end":
            raise self.leftover()
        return tree

    def leftover(self) -> FormulaError:
        token = self.next
        if token.text == ",":
            return FormulaError("A comma stands only between arguments.", "Leave it out.", "", token.column)
        if token.text in (")", "]"):
            return FormulaError(f"This {token.text} closes nothing.", "Count the brackets.", "", token.column)
        if token.kind in ("name", "number", "module") or token.text in ("(", "["):
            mend = "Write * for a product" + (", @ for one of matrices." if self.language.has_matrices else ".")
            return FormulaError("An operator is missing here.", mend, "", token.column)
        if token.text in RELATIONS:
            return FormulaError(f"There is a second {token.text} sign.", "Write one relation only.", "", token.column)
        return FormulaError("The formula should have ended here.", "", "", token.column)

    def sum(self) -> Tree:
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormulaError("The formula is nested too deeply.", "Use fewer brackets.", "", self.next.column)
        tree = self.product()
        while sign := self.takes("+", "-"):
            tree = Binary(sign.text, tree, self.product(), sign.column)
        self.depth -= 1
        return tree

    def product(self) -> Tree:
        start, tree = self.at, self.signed()
        factor = tree
        while sign := self.takes("*", "/", "@", " ", "·"):
            start, factor = self.at, self.signed()
            operator = sign.text if sign.text not in " ·" else self.by_shapes(tree, factor, sign)
            tree = Binary(operator, tree, factor, sign.column)
        is_next = self.next.kind in ("name", "number", "module") or self.next.text in ("(", "[")
        if is_next and self.at not in self.ends:
            raise self.without_operator(factor, start)
        return tree

    def by_shapes(self, left: Tree, right: Tree, sign: Token) -> str:
        """Return the operator of two factors side by side in LaTeX, or with a dot between (errors: FormulaError)."""
        if sign.text == "·" and not self.language.has_ranges:
            return "*"
        operator = self.language.operator(left, right)
        if operator is None and sign.text == "·":
            return "*"
        if operator is None:
            raise FormulaError(
                "The shapes of these two factors fit no product.",
                r"Write \odot for a product entry by entry, ^{\top} for a transpose.",
                "",
                sign.column,
            )
        return operator

    def without_operator(self, left: Tree, start: int) -> FormulaError:
        """Return the error of a factor that follows another one: with both and the operator, where shapes tell it."""
        error, end = self.leftover(), self.at
        try:
            operator = self.language.operator(left, self.signed())
        except FormulaError as inner:
            error.sign, error.column = inner.sign, inner.column if inner.sign else error.column
            operator = None
        if operator is None:
            return error
        sign = f" {operator} " if operator == "@" else operator
        product = f"{self.said(start, end)}{sign}{self.said(end)}"
        error = FormulaError(error.what, f"Write  {product}", "", error.column)
        error.sign = sign
        if operator == "*" and start and self.tokens[start - 1].text == "@":  # what stands side by side goes first
            return self.with_piece(error, self.tokens[start].column, f"({product})")
        return error

    def signed(self) -> Tree:
        signs = []
        while sign := self.takes("-", "+"):
            signs.append(sign)
        if len(signs) > 4:
            raise FormulaError("There are too many signs in a row.", "One is enough.", "", signs[0].column)
        tree = self.power()
        for sign in reversed(signs):
            tree = Negative(tree, sign.column) if sign.text == "-" else tree
        return tree

    def power(self) -> Tree:
        start, base = self.at, self.postfix()
        sign = self.takes("**", "^")
        if not sign:
            return base
        if self.next.text == "T" and self.language.has_matrices and not isinstance(base, Number):
            whose = self.said(start, self.at - 1)
            raise FormulaError(
                "A transpose is written .T here, as in NumPy.", f"Write  {whose}.T", "", self.next.column
            )
        if self.takes_half():
            return Call("sqrt", (base,), sign.column)
        exponent = self.signed_exponent()
        return Power(base, exponent, sign.column)

    def takes_half(self) -> bool:
        """Return whether the exponent is a half, and pass it: the power is a root."""
        is_half = self.next.kind == "number" and Fraction(self.next.text.rstrip(".")) == Fraction(1, 2)
        if is_half:
            self.take()
        return is_half

    def signed_exponent(self) -> Tree:
        """Return an exponent: a whole number of limited size, or a formula of index variables."""
        column = self.next.column
        exponent = Negative(self.postfix(), column) if self.takes("-") else self.postfix()
        for part in walk(exponent):
            if isinstance(part, Number) and (part.value.denominator != 1 or part.value > LARGEST_POWER):
                raise FormulaError(
                    f"A power must be a whole number up to {LARGEST_POWER}.",
                    "For other powers use exp and log.",
                    "",
                    column,
                )
            if not isinstance(part, Number | Variable | Negative | Binary):
                raise FormulaError("A power must be a whole number.", "For other powers use exp and log.", "", column)
        if self.next.text in ("**", "^"):
            raise FormulaError("A power of a power needs brackets.", "", "", self.next.column)
        return exponent

    def postfix(self) -> Tree:
        tree = self.atom()
        while mark := self.takes(".T", "["):
            part = self.slice if mark.text == "[" and self.opens_slice() else self.entry
            tree = Transpose(tree, mark.column) if mark.text == ".T" else part(tree, mark)
        return tree

    def entry(self, inner: Tree, mark: Token) -> Tree:
        """Return one entry of what stands before the bracket; of a letter in brackets, the letter with its entry."""
        indices = tuple(self.arguments("]"))
        if len(indices) > 2:
            raise FormulaError("An entry has one index, or two in a matrix.", "", "", mark.column)
        if isinstance(inner, Letter) and not inner.entry and len(indices) == self.language.rank(inner.name):
            return replace(inner, entry=indices)
        return Entry(inner, indices, mark.column)

    def slice(self, inner: Tree, mark: Token) -> Tree:
        """Return some rows, or after [: some columns, of what stands before the bracket."""
        of_columns = bool(self.takes(":"))
        if of_columns and not self.takes(","):
            raise FormulaError("Both ends of a slice are written.", "The first two entries are [1:2].", "", mark.column)
        first = self.sum()
        self.expect(":", "some rows are written [2:4]")
        if self.next.text == "]":
            raise FormulaError("Both ends of a slice are written.", "Entries 3 to 5 are [3:5].", "", mark.column)
        last = self.sum()
        self.expect("]", "a bracket opened before is not closed")
        return Slice(inner, first, last, of_columns, mark.column)

    def opens_slice(self) -> bool:
        """Return whether the bracket that comes next holds a slice: a colon before it is closed."""
        depth = 1 if self.tokens[self.at - 1].text == "[" else 0
        for token in self.tokens[self.at :]:
            depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
            if depth == 0 or token.kind == "end":
                return False
            if depth == 1 and token.text == ":" and token.kind == "mark":
                return True
        return False

    def atom(self) -> Tree:
        token = self.take()
        if token.kind == "number":
            return Number(Fraction(token.text if token.text[-1] != "." else token.text[:-1]), token.column)
        if token.kind == "name":
            return self.named(token)
        if token.kind == "module":
            return self.of_module(token)
        if token.text == "(":
            tree = self.sum()
            self.expect(")", "a bracket opened before is not closed")
            return tree
        if token.kind == "end":
            raise FormulaError("The formula breaks off here.", "Something must follow.", "", token.column)
        mend = "Use round brackets." if token.text == "[" else ""
        raise FormulaError(f"A letter or a number was expected before {token.text}.", mend, "", token.column)

    def named(self, token: Token) -> Tree:
        name, opens = token.text, self.next.text == "("
        if opens and name in DERIVATIVES and name not in self.language.letters:
            return self.derivative(token)
        if opens and name == "unless" and name not in self.language.letters:
            return self.unless(token)
        if opens and (function := self.language.function(name)):
            return self.call(function, token)
        if opens and name in OPERATORS and name not in self.language.letters:
            raise self.an_operator(token, token)
        if name in self.bound and name not in self.language.letters:
            return Variable(name, token.column)
        if function := self.language.function(name):
            raise FormulaError(
                f"{name} is a function: it needs an argument.",
                f"Write  {self.language.use(function)[1]}",
                "",
                token.column,
            )
        self.language.check(name, token.column)
        return self.letter(token)

    def of_module(self, module: Token) -> Tree:
        """Return a call of a module's function that is one here too, such as np.tanh (errors: FormulaError)."""
        start, token = self.at, self.take()
        name = OTHER_FUNCTIONS.get(token.text, token.text)
        function, dot = self.language.function(name), module.column + len(module.text) - 1
        is_operator = name in OPERATORS_OF_MODULES
        if self.next.text != "(" or token.text in OTHER_MEANING or not function and not is_operator:
            raise FormulaError(*MENDS["."], "", dot)
        if name == "dot" and self.language.has_ranges and (product := self.dot_of_columns(token)):
            return product
        if is_operator or name == "concat" or name == "dot" and self.language.has_ranges:
            raise self.an_operator(token, module, name)
        try:
            call = self.call(function, token)  # type: ignore[arg-type]
        except FormulaError as error:
            if error.piece and error.piece[0] == token.column:
                error.piece = module.column, *error.piece[1:]
            raise
        if self.language.has_ranges:
            return call
        raise FormulaError(MENDS["."][0], f"Write  {self.said(start)}", "", dot)

    def dot_of_columns(self, token: Token) -> Tree | None:
        """Return a call of dot, and pass it, where it is the product of two columns; None for one of matrices."""
        at, shapes = self.at, self.language.network.shapes
        call = self.call("dot", token)
        if is_fit(call, shapes) and all(shape_of(part, shapes)[1:] == (1,) for part in parts(call)):
            return call
        self.at = at
        return None

    def an_operator(self, token: Token, first: Token, name: str = "") -> FormulaError:
        """Return the error of a call that is written another way here, such as transpose(…): with that way."""
        self.take()
        opens = self.takes("[")
        items = [self.argument()]
        while self.takes(","):
            items.append(self.argument())
        if opens:
            self.expect("]", "a bracket opened before is not closed")
        self.expect(")", "a bracket opened before is not closed")
        name, texts = name or token.text, ", ".join(text for _, text in items)
        if name == "dot" and len(items) == 2:
            operator = self.language.operator(items[0][0], items[1][0])
            if operator is None:
                what = f"The shapes of these two fit no product {token.text}(…, …)."
                raise FormulaError(what, "Check the order and .T", "", first.column)
            name = "matmul" if operator == "@" else name
        rewrite = as_operator(name, items) if name in OPERATORS_OF_MODULES else f"{name}({texts})"
        error = FormulaError(f"{token.text} is not written like this here.", f"Write  {rewrite}", "", first.column)
        return self.with_piece(error, first.column, rewrite)

    def with_piece(self, error: FormulaError, start: int, new: str) -> FormulaError:
        """Return an error that says what the text from a column to where the reading has come is to be."""
        end = self.tokens[self.at].column
        if not self.is_latex and "…" not in new:
            error.piece = start, len(self.text[:end].rstrip()), new
        return error

    def argument(self) -> tuple[Tree, str]:
        """Return one argument, and its text."""
        start = self.at
        return self.sum(), self.said(start)

    def letter(self, token: Token) -> Tree:
        """Return a letter with its time, in round brackets or first in square ones, and its entry."""
        groups = []
        while self.next.text in ("(", "[") and not (self.next.text == "[" and self.opens_slice()):
            opening = self.take()
            items = self.arguments("]" if opening.text == "[" else ")")
            groups.append((opening, items))
        if token.text in DERIVATIVES and len(groups) == 1 and _are_letters(groups[0][1]):
            return Derivative(*groups[0][1], DERIVATIVES[token.text], token.column)  # type: ignore[arg-type, call-arg]  # two letters, as was checked
        try:
            time, entry = self.language.place(token, groups)
        except FormulaError as error:
            if self.is_in_derivative or not self.language.is_limited or self.language.is_offered(token.text):
                raise
            offer = f"Letters: {', '.join(self.language.offered)}."
            raise FormulaError(f"{token.text} is not available in this exercise.", offer, "", error.column) from None
        return self.language.letter(token, time, entry)

    def arguments(self, closing: str) -> list[Tree]:
        items = [self.sum()]
        while self.takes(","):
            items.append(self.sum())
        self.expect(closing, "a bracket opened before is not closed")
        return items

    def derivative(self, token: Token) -> Tree:
        self.take()
        before, self.is_in_derivative = self.is_in_derivative, True
        items = self.arguments(")")
        self.is_in_derivative = before
        delta = f"{token.text}1"
        if len(items) == 1 and token.text == "d" and delta in self.language.letters:
            what, time = "A delta carries the number of its layer.", self.said(self.at - 2, self.at - 1)
            raise FormulaError(what, f"Write  {delta}({time})", "", token.column)
        if len(items) != 2 or not all(isinstance(item, Letter) for item in items):
            raise FormulaError(
                f"{token.text} takes two letters: what is differentiated, and by what.",
                f"Write  {token.text}({self.language.network.loss}, h1(1))",
                "",
                token.column,
            )
        return Derivative(items[0], items[1], DERIVATIVES[token.text], token.column)  # type: ignore[arg-type]  # two letters, as was checked

    def unless(self, token: Token) -> Tree:
        """Return a term with the relation of indices under which it does not exist."""
        self.take()
        left, sign = self.sum(), self.takes(*CONDITIONS)
        if not sign:
            what = "unless begins with a relation of indices."
            raise FormulaError(what, "Write  unless(t = T, …)", "", self.next.column)
        missing = Relation(CONDITIONS[sign.text], left, self.sum(), sign.column)
        self.expect(",", "write  unless(t = T, …)")
        term = self.sum()
        self.expect(")", "unless is not closed")
        return Unless(missing, term, token.column)

    def call(self, function: str, token: Token) -> Tree:
        self.take()
        count, example = self.language.use(function)
        if self.language.has_ranges and function in ("sum", "prod") and self.next_for() is not None:
            raise self.comprehension(function, token)
        if self.language.has_ranges and function == "sum" and self.is_plain_sum():
            count, example = 1, "sum(v), or sum(t, 1, 3, …): the index, from, to, the term"
        elif self.language.has_ranges and function in RANGED:
            return self.ranged(function, token, example)
        items = self.arguments(")")
        if len(items) != count if isinstance(count, int) else not count[0] <= len(items) <= count[1]:
            raise FormulaError(
                f"{function} does not take {len(items)} argument{'s' * (len(items) != 1)}.",
                f"Write  {example}",
                "",
                token.column,
            )
        return Call(function, tuple(items), token.column)

    def next_for(self) -> tuple[int, int] | None:
        """Return where the word 'for' stands in the bracket just opened, as Python writes a sum, and how deep in it."""
        depth, inside = 0, self.next.text in ("(", "[")  # all in a second bracket, until that one closes
        for at, token in enumerate(self.tokens[self.at :], start=self.at):
            if token.kind == "name" and token.text == "for" and depth in (0, int(inside)):
                return at, depth
            depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
            inside = inside and depth > 0
            if depth < 0 or token.kind == "end":
                return None
        return None

    def comprehension(self, function: str, token: Token) -> FormulaError:
        """Return the error of a sum as Python writes it: with the sum as it is written here."""
        at, depth = self.next_for()  # type: ignore[misc]  # asked for where there is one
        names = [one.text for one in self.tokens[at : at + 5]]
        second = [")" if self.take().text == "(" else "]"] * depth if depth else []
        variable = names[1] if len(names) > 1 and names[1].isalnum() else "t"
        self.bound.append(variable)
        self.ends.add(at)
        _, body = self.argument()
        self.bound.pop()
        what, low, high = "A sum is not written with for here.", "1", "T" if "T" in self.language.variables else "3"
        if self.at == at and names[2:] == ["in", "range", "("]:
            self.at += 5
            items = [self.argument()]
            while self.takes(","):
                items.append(self.argument())
            if len(items) > 2:
                mend = f"Write  {function}({variable}, 1, 3, …)  with every number from the first to the last."
                return FormulaError(what, mend, "", token.column)
            low, high = items[0][1] if len(items) == 2 else "0", last_of_range(*items[-1])
            for closing in (")", *second, ")"):
                self.expect(closing, "a bracket opened before is not closed")
            rewrite = f"{function}({variable}, {low}, {high}, {body})"
            return self.with_piece(FormulaError(what, f"Write  {rewrite}", "", token.column), token.column, rewrite)
        return FormulaError(what, f"Write  {function}({variable}, {low}, {high}, {body})", "", token.column)

    def is_plain_sum(self) -> bool:
        """Return whether the bracket just opened holds one formula: the sum of the entries of a vector."""
        return not (self.next.kind == "name" and self.tokens[self.at + 1].text in (",", "="))

    def ranged(self, function: str, token: Token, example: str) -> Tree:
        """Return a sum, product, column, row or matrix: variables with their ranges, then a body."""
        ranges = [self.range(token, example) for _ in range(2 if function == "matrix" else 1)]
        body = self.sum()
        self.expect(")", f"{function} is not closed")
        del self.bound[len(self.bound) - len(ranges) :]
        if function in ("sum", "prod"):
            return Over(function, *ranges[0], body, token.column)
        for variable, low, high in reversed(ranges):
            body = Over("column" if function == "column" else "row", variable, low, high, body, token.column)
            function = "column"
        return body

    def range(self, token: Token, example: str) -> tuple[str, Tree, Tree]:
        name = self.take()
        if name.kind != "name" or name.text in self.language.letters or self.next.text != ",":
            raise FormulaError(
                f"{token.text} begins with the name of an index that is not a letter.",
                f"Write  {example}",
                "",
                name.column,
            )
        self.take()
        low = self.sum()
        self.expect(",", f"write  {example}")
        high = self.sum()
        self.expect(",", f"write  {example}")
        self.bound.append(name.text)
        return name.text, low, high


def _are_letters(items: list[Tree]) -> bool:
    """Return whether what stands in brackets are two letters, as only after d(…, …): no time and no entry is one."""
    return len(items) == 2 and all(isinstance(item, Letter) for item in items)
