"""Read the text of a network with Python's own `ast` and a whitelist; nothing in it is ever executed."""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from collections.abc import Mapping
from fractions import Fraction
from functools import cache

from bptt_lab.network.errors import NetworkError, Position, nearest
from bptt_lab.network.expressions import Binary, Call, Equation, Expression, Index, Name, Number, Power, Transposed
from bptt_lab.network.functions import FUNCTIONS, ROWS, Function

LONGEST_TEXT, LONGEST_LINE, DEEPEST, LARGEST_POWER, LARGEST_SHIFT, MOST_DIGITS = 20_000, 1_000, 40, 20, 100, 15
OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@"}
FORM = "Write one equation a line, such as  h1[t] = tanh(a1[t])."


def parse(text: str) -> dict[str, Equation]:
    """Return the equations of a text by the name they define, in the order written (errors: NetworkError)."""
    if not isinstance(text, str):
        raise NetworkError(f"The equations must be one string, not {type(text).__name__}.", FORM)
    if len(text) > LONGEST_TEXT:
        raise NetworkError(
            f"The text has {len(text)} characters; at most {LONGEST_TEXT} are read.", "Split the network."
        )
    equations: dict[str, Equation] = {}
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        source = line.split("#", 1)[0].strip()
        if source:
            equation = _Line(source, number).equation()
            if equation.name in equations:
                first = equations[equation.name].position.line
                raise NetworkError(
                    f"{equation.name} is defined twice, first in line {first}.",
                    "Give one of them another name.",
                    equation.position,
                )
            equations[equation.name] = equation
    if not equations:
        raise NetworkError("The text holds no equation.", FORM)
    return equations


@cache
def rule(text: str) -> Expression:
    """Return the tree of a rule in a row of `functions`, in u and y or p and y; every function may stand in it."""
    line = _Line(text, 1, ROWS)
    return line.expression(ast.parse(text, mode="eval").body)


class _Line:
    """One line while it is read: it knows where each node stands, so that errors can point."""

    def __init__(self, source: str, number: int, functions: Mapping[str, Function] = FUNCTIONS):
        self.source, self.number, self.functions = source, number, functions

    def position(self, column: int = 0) -> Position:
        return Position(self.number, column + 1, self.source)

    def error(self, node: ast.AST | int, what: str, mend: str = "") -> NetworkError:
        column = node if isinstance(node, int) else getattr(node, "col_offset", 0)
        return NetworkError(what, mend, self.position(column))

    def equation(self) -> Equation:
        """Return the equation this line states."""
        statement = self._statement()
        target = statement.targets[0]
        if isinstance(target, ast.Subscript):
            name, index = self._name(target.value), self._index(target.slice)
            if index != Index("t", 0):
                raise self.error(
                    target.slice,
                    f"An equation defines {name}[t] or {name}, not {name}[{index}].",
                    "Write the index t on the left and shift the indices on the right.",
                )
            timed = True
        else:
            name, timed = self._name(target), False
        return Equation(name, timed, self.expression(statement.value), self.position(), self.source)

    def _statement(self) -> ast.Assign:
        self._check_characters()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python's advice on literals means nothing here
                body = ast.parse(self.source).body
        except SyntaxError as error:
            if "nested" in error.msg:
                raise self.error(
                    0, "This line is nested too deeply.", "Name its parts in lines of their own."
                ) from None
            column = min(max((error.offset or 1) - 1, 0), len(self.source))
            raise self.error(column, "This is not an equation that can be read.", FORM) from None
        except (RecursionError, MemoryError, ValueError):
            raise self.error(0, "This line is nested too deeply.", "Name its parts in lines of their own.") from None
        statement = body[0]
        if len(body) > 1:
            raise self.error(body[1], "A line holds one equation.", "Put the second one in a line of its own.")
        if not isinstance(statement, ast.Assign):
            raise self.error(statement, "This is not an equation.", FORM)
        if len(statement.targets) > 1:
            raise self.error(
                statement.targets[1], "A line defines one name.", "Write each equation in a line of its own."
            )
        return statement

    def _check_characters(self) -> None:
        if len(self.source) > LONGEST_LINE:
            raise self.error(
                0,
                f"This line has {len(self.source)} characters; at most {LONGEST_LINE} are read.",
                "Name its parts in lines of their own.",
            )
        for column, character in enumerate(self.source):
            if not (character.isascii() and (character.isprintable() or character == "\t")):
                name = unicodedata.name(character, f"U+{ord(character):04X}")
                raise self.error(
                    column,
                    f"The character {name} is not used in equations.",
                    "Use plain letters, digits and  @ + - * / ** ( ) [ ] , .",
                )

    def expression(self, node: ast.expr, depth: int = 0) -> Expression:
        """Return the tree of a Python expression, if it is made of the grammar's parts only."""
        if depth > DEEPEST:
            raise self.error(node, "This line is nested too deeply.", "Name its parts in lines of their own.")
        match node:
            case ast.Constant():
                return self._number(node)
            case ast.Name():
                return Name(self._name(node), None, self.position(node.col_offset))
            case ast.Subscript(ast.Name() as base):
                return Name(self._name(base), self._index(node.slice), self.position(node.col_offset))
            case ast.UnaryOp(ast.USub(), operand):
                minus_one = Number(Fraction(-1), self.position(node.col_offset))
                return Binary("*", minus_one, self.expression(operand, depth + 1), self.position(node.col_offset))
            case ast.UnaryOp(ast.UAdd(), operand):
                return self.expression(operand, depth + 1)
            case ast.Attribute(inner, "T"):
                return Transposed(self.expression(inner, depth + 1), self.position(node.col_offset))
            case ast.BinOp(base, ast.Pow(), ast.Constant(0.5)):
                return Call("sqrt", (self.expression(base, depth + 1),), self.position(node.col_offset))
            case ast.BinOp(base, ast.Pow(), exponent):
                return Power(self.expression(base, depth + 1), self._exponent(exponent), self.position(node.col_offset))
            case ast.BinOp(left, operator, right) if type(operator) in OPERATORS:
                parts = self.expression(left, depth + 1), self.expression(right, depth + 1)
                return Binary(OPERATORS[type(operator)], *parts, self.position(node.col_offset))
            case ast.Call():
                return self._call(node, depth)
        raise self._refusal(node)

    def _refusal(self, node: ast.expr) -> NetworkError:
        what = {
            ast.Attribute: "A dot after a name is not part of the language of equations, but for .T, a transpose.",
            ast.Lambda: "A lambda is not part of the language of equations.",
            ast.Tuple: "A comma may only separate the arguments of a function.",
        }.get(type(node), f"{type(node).__name__} is not part of the language of equations.")
        return self.error(node, what, f"Allowed: names, numbers, + - * / @ **, and {', '.join(FUNCTIONS)}.")

    def _call(self, node: ast.Call, depth: int) -> Call:
        if not isinstance(node.func, ast.Name):
            raise self.error(node, "Only a function of the list can be called.", f"Known: {', '.join(FUNCTIONS)}.")
        name = node.func.id
        if name not in self.functions:
            raise self.error(
                node,
                f"The function {name[:30]!r} is not known." + nearest(name[:30], FUNCTIONS),
                f"Known: {', '.join(FUNCTIONS)}.",
            )
        function = self.functions[name]
        fewest, most = function.arguments
        if node.keywords or not fewest <= len(node.args) <= most:
            raise self.error(node, f"{name} does not take these arguments.", f"Write  {function.example}.")
        arguments = tuple(self.expression(argument, depth + 1) for argument in node.args)
        return Call(name, arguments, self.position(node.col_offset))

    def _number(self, node: ast.Constant) -> Number:
        if type(node.value) not in (int, float):
            raise self.error(node, "Only plain numbers can stand in an equation.", "Write a number such as 0.5.")
        digits = str(node.value)
        if len(digits) > MOST_DIGITS or not re.fullmatch(r"[0-9.e+-]+", digits):
            raise self.error(node, f"A number may have at most {MOST_DIGITS} characters.", "Round it.")
        value = Fraction(digits)
        if value and not Fraction(1, 10**MOST_DIGITS) <= value <= 10**MOST_DIGITS:
            raise self.error(node, "This number is too large or too small.", "Rescale it.")
        return Number(value, self.position(node.col_offset))

    def _exponent(self, node: ast.expr) -> int:
        exponent = self._whole_number(node)
        if exponent is None or abs(exponent) > LARGEST_POWER:
            raise self.error(
                node,
                f"A power must be a whole number between -{LARGEST_POWER} and {LARGEST_POWER}.",
                "For other powers use exp and log.",
            )
        return exponent

    def _whole_number(self, node: ast.expr) -> int | None:
        match node:
            case ast.Constant(int() as value) if type(value) is int:
                return value
            case ast.UnaryOp(ast.USub(), ast.Constant(int() as value)) if type(value) is int:
                return -value
        return None

    def _index(self, node: ast.expr) -> Index:
        """Return a time index: t, t+k, t-k, a whole number, T, T+k or T-k."""
        index = None
        match node:
            case ast.Name("t" | "T" as start):
                index = Index(start, 0)
            case ast.BinOp(ast.Name("t" | "T" as start), ast.Add() | ast.Sub() as sign, ast.Constant(int() as shift)):
                index = Index(start, shift if isinstance(sign, ast.Add) else -shift)
            case _:
                number = self._whole_number(node)
                index = None if number is None else Index("", number)
        if index is None or abs(index.shift) > LARGEST_SHIFT:
            raise self.error(
                node,
                "This is not a time index.",
                f"Use t, t+k, t-k, T or a whole number, with k up to {LARGEST_SHIFT}.",
            )
        return index

    def _name(self, node: ast.expr) -> str:
        if not isinstance(node, ast.Name):
            raise self.error(node, "A name was expected here.", FORM)
        name = node.id
        if name in ("t", "T"):
            raise self.error(node, f"{name} is the time and can only stand in an index.", "Rename this quantity.")
        if name in FUNCTIONS:
            raise self.error(
                node, f"{name} is a function.", f"Write  {FUNCTIONS[name].example}, or rename this quantity."
            )
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", name) or len(name) > 30:
            raise self.error(
                node,
                f"{name[:30]!r} is not a name that can be used.",
                "Begin with a letter; letters, digits and single underscores follow, 30 at most.",
            )
        return name
