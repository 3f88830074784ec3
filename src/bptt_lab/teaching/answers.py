"""What a student handed in for each question, read from the source of a notebook; nothing of it is run.

An answer cell is found by its metadata, else by its grade_id, else by its first line; in it stands one call,
`hand_in("07.2", "d1(1)*h1(0)")`, with literals only, or the name of a function defined above it in the same cell.
What was moved, split or copied with another answer is not guessed at: it is left to a person, with the reason.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from bptt_lab.teaching.handed_out import grade_id

LONGEST = 50_000  # letters of a cell that is read
DEEPEST = 100  # brackets in one another
MOST_SHOWN = 2_000  # letters of an answer that are kept
LARGEST_BASE, LARGEST_EXPONENT = 1000, 12  # of a power in a number that is written as a calculation
CALL = "hand_in"
FIRST_LINE = re.compile(r"\s*#\s*Answer to\s+(\S+)\s*$", re.IGNORECASE)
NO_PYTHON = re.compile(r"^\s*(?:[%!?].*|.*\S\?+\s*)$", re.MULTILINE)  # words to IPython, not to Python


class Unreadable(ValueError):
    """A file from which no cell can be read; the message says why."""


class Unclear(ValueError):
    """An answer that a person has to look at; the message says why."""


class Cell(NamedTuple):
    """A code cell: its source, its metadata, and where it stands, in words."""

    source: str
    metadata: dict
    place: str


class Function(NamedTuple):
    """A function handed in: the text of its cell, and its name there."""

    source: str
    name: str


class Handed(NamedTuple):
    """The answers in one cell, in their order, and their text as shown; or why a person has to look."""

    answers: tuple = ()
    text: str = ""
    reason: str = ""


# Files


def cells_of(files: Iterable[tuple[str, bytes]]) -> list[Cell]:
    """Return the code cells of one or several notebooks, by name and content (errors: Unreadable)."""
    found = [(name, _cells(name, data)) for name, data in files]
    is_one = len(found) == 1
    return [
        Cell(source, metadata, f"cell {number}" + ("" if is_one else f" of {name}"))
        for name, cells in found
        for number, source, metadata in cells
    ]


def _cells(name: str, data: bytes) -> list[tuple[int, str, dict]]:
    """Return number, source and metadata of each code cell; outputs are passed over (errors: Unreadable)."""
    if not data.strip():
        raise Unreadable(f"{name} is empty.")
    book = _parsed(name, data)
    if not isinstance(book, dict):
        raise Unreadable(f"{name} is no notebook: it holds no cells.")
    sheets = book.get("worksheets")  # notebooks of format 3
    lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)] if isinstance(sheets, list) else []
    cells = book.get("cells") if isinstance(book.get("cells"), list) else [cell for one in lists for cell in one or ()]
    if "cells" not in book and not lists:
        raise Unreadable(f"{name} is no notebook: it holds no cells.")
    found = []
    for number, cell in enumerate(cells, start=1):  # type: ignore[arg-type]
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            metadata = cell.get("metadata")
            source = _text(cell.get("source", cell.get("input", "")))
            found.append((number, source, metadata if isinstance(metadata, dict) else {}))
    return found


def _parsed(name: str, data: bytes) -> Any:
    """Return what a file holds (errors: Unreadable)."""
    code = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return json.loads(data.decode(code))
    except UnicodeDecodeError:
        raise Unreadable(f"{name} is no notebook: it is no text in UTF-8.") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"{name} is no notebook: its JSON breaks off at line {error.lineno}.") from None
    except RecursionError:
        raise Unreadable(f"{name} is no notebook: it is nested too deeply.") from None
    except MemoryError:
        raise Unreadable(f"{name} needs too much memory to be read: clear its outputs and hand it in again.") from None
    except ValueError:
        raise Unreadable(f"{name} is no notebook: it holds a number that is too long.") from None


def _text(source: object) -> str:
    """Return the text of a cell, which is one text or a list of lines."""
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str)).replace("\r\n", "\n").replace("\r", "\n")


# Which cell holds which answer


def question_of(cell: Cell, grade_ids: Mapping[str, str]) -> str:
    """Return the id of the question whose answer a cell is to hold, '' for another cell."""
    own = cell.metadata.get("bptt_lab")
    if isinstance(own, dict) and isinstance(own.get("question"), str):
        return own["question"] if own.get("role") == "answer" else ""
    graded = cell.metadata.get("nbgrader")
    name = graded.get("grade_id") if isinstance(graded, dict) else None
    if isinstance(name, str) and name.startswith("bptt-"):
        return grade_ids.get(name, "")
    found = FIRST_LINE.match(cell.source.lstrip("\n").split("\n", 1)[0])
    return found[1] if found else ""


def handed_in(cells: Sequence[Cell], wanted: Iterable[str]) -> dict[str, Handed]:
    """Return what was handed in for each question wanted."""
    wanted = list(wanted)
    grade_ids = {grade_id(name, "answer"): name for name in wanted}
    marked = [(question_of(cell, grade_ids), cell) for cell in cells]
    others = [cell for name, cell in marked if not name and CALL in cell.source]
    return {name: _of_one(name, [cell for own, cell in marked if own == name], others) for name in wanted}


def _of_one(name: str, own: list[Cell], others: list[Cell]) -> Handed:
    try:
        return _found(name, [cell for cell in own if not _is_blank(cell)], _speaking_of(name, others), bool(own))
    except Unclear as error:
        shown = own[0].source if own else ""
        return Handed((), _shown(shown), str(error))


def _found(name: str, own: list[Cell], others: list[Cell], is_there: bool) -> Handed:
    if not own:
        where = f" A call of {CALL} for it stands in {others[0].place}." if others else ""
        what = "The answer cell is empty" if is_there else "The answer cell is missing, or was renamed"
        raise Unclear(f"{what}.{where}")
    read = [(cell, one) for cell in own for one in _calls(name, cell)]
    if not read:
        raise Unclear(_without_call(name, own, others))
    if len(own) > len({cell.place for cell, _ in read}):
        raise Unclear(f"The answer cell was split: its parts are {_places(own)}.")
    read += [(cell, one) for cell in others for one in _calls(name, cell)]
    attempted = [one for one in read if one[1].answers and one[1].answers != (...,)] or read[:1]
    if len({one.answers for _, one in attempted}) > 1:
        raise Unclear(f"There is more than one answer to {name}, and they differ: {_places(c for c, _ in attempted)}.")
    return attempted[0][1]


def _without_call(name: str, own: list[Cell], others: list[Cell]) -> str:
    if others:
        return f"The answer cell was split: {_places(own)} holds no call of {CALL}, {others[0].place} does."
    for other in re.findall(CALL + r"\(\s*[rRuU]?[\"']([^\"']{1,40})[\"']", "\n".join(cell.source for cell in own)):
        return f"The answer cell of {name} hands in {_shown(other, 40)}."
    return f"The answer cell holds no call of {CALL}."


def _places(cells: Iterable[Cell]) -> str:
    found = list(dict.fromkeys(cell.place for cell in cells))
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"


def _speaking_of(name: str, cells: list[Cell]) -> list[Cell]:
    pattern = re.compile(CALL + r"\(\s*[rRuU]?[\"']" + re.escape(name) + r"[\"']")
    return [cell for cell in cells if pattern.search(cell.source)]


def _is_blank(cell: Cell) -> bool:
    return all(not line.strip() or line.lstrip().startswith("#") for line in cell.source.split("\n"))


# What stands in a cell


def _calls(name: str, cell: Cell) -> list[Handed]:
    """Return what each call for a question in a cell hands in (errors: Unclear)."""
    tree, source = _tree(cell)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node.func) == CALL and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and first.value == name:
                found.append(_handed(node, cell, source))
    if len({one.answers for one in found}) > 1:
        raise Unclear(f"There is more than one answer to {name}, and they differ: {cell.place}.")
    return found[:1]


def _called(function: ast.expr) -> str:
    return getattr(function, "id", getattr(function, "attr", ""))


def _tree(cell: Cell) -> tuple[ast.Module, str]:
    """Return a cell as Python's tree, and its source without words to IPython (errors: Unclear)."""
    source = cell.source
    if len(source) > LONGEST:
        raise Unclear(f"{cell.place} holds {len(source)} letters, at most {LONGEST} are read.")
    if _depth(source) > DEEPEST:
        raise Unclear(f"{cell.place} nests its brackets too deeply to be read.")
    try:
        with warnings.catch_warnings():  # an odd escape in a text, which is no matter of the answer's
            warnings.simplefilter("ignore")
            try:
                return ast.parse(source), source
            except SyntaxError:
                source = NO_PYTHON.sub("", source)
                return ast.parse(source), source
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        where = f" (line {error.lineno})" if isinstance(error, SyntaxError) and error.lineno else ""
        raise Unclear(f"{cell.place} is no Python that can be read{where}.") from None


def _depth(source: str) -> int:
    deepest = depth = 0
    for letter in re.findall(r"[()\[\]{}]", source):
        depth += 1 if letter in "([{" else -1
        deepest = max(deepest, depth)
    return deepest


def _handed(call: ast.Call, cell: Cell, source: str) -> Handed:
    if call.keywords:
        raise Unclear(f"{CALL} takes no argument by name: write the id, then the answer.")
    given = call.args[1:]
    if any(isinstance(one, ast.Starred) for one in given):
        raise Unclear(f"{CALL} is given a list with *: write the answers themselves.")
    answers = tuple(_value(one, source) for one in given)
    is_function = any(isinstance(one, Function) for one in answers)
    texts = [] if is_function else [one if isinstance(one, str) else repr(one) for one in answers if one is not ...]
    return Handed(answers, _shown(source if is_function else "\n".join(texts)))


def _value(node: ast.expr, source: str) -> Any:
    """Return a literal, or the function that a name speaks of (errors: Unclear)."""
    if isinstance(node, ast.Name):
        return Function(source, node.id)
    try:
        return _literal(node)
    except (ArithmeticError, TypeError, RecursionError, MemoryError):
        raise Unclear("The answer is a calculation that has no value.") from None


def _literal(node: ast.expr) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Tuple() | ast.List():
            return tuple(map(_literal, node.elts))
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            value = _literal(node.operand)
            return -value if isinstance(node.op, ast.USub) else +value
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.Pow()):
            return _calculated(node.op, _literal(node.left), _literal(node.right))
    raise Unclear(f"The answer is {_what(node)}, expected the answer itself: a text in quotes, or a number.")


def _calculated(operator: ast.operator, left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str) and isinstance(operator, ast.Add):
        return left + right
    if not all(isinstance(one, int | float) for one in (left, right)):
        raise TypeError
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Pow():
            return _power(left, right)
    return left / right


def _power(base: float, exponent: float) -> float:
    """Return a power of moderate numbers (errors: Unclear, as one of others may take a computer's life)."""
    if abs(base) > LARGEST_BASE or not (isinstance(exponent, int) and abs(exponent) <= LARGEST_EXPONENT):
        raise Unclear(
            f"The answer is a calculation with a power beyond {LARGEST_BASE}**{LARGEST_EXPONENT}: write its value."
        )
    found = base**exponent
    if isinstance(found, complex):
        raise TypeError
    return found


def _what(node: ast.expr) -> str:
    known = {
        ast.JoinedStr: "an f-string",
        ast.Call: "a call",
        ast.Lambda: "a lambda",
        ast.Attribute: "something's attribute",
        ast.Subscript: "an entry of something",
    }
    return next((words for kind, words in known.items() if isinstance(node, kind)), "a calculation")


def _shown(text: str, most: int = MOST_SHOWN) -> str:
    """Return the beginning of a text, in letters that every file can hold."""
    return plain(text[:most])[:most]


def plain(text: str) -> str:
    """Return a text in which half a letter, and what a terminal would obey, is written out."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return "".join(one if one.isprintable() or one in "\n\t" else f"\\x{ord(one):02x}" for one in text)
