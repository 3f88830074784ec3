"""Lines of the text of a NumPy module: assignments with their equations, dictionaries, functions."""

from __future__ import annotations

import re
from collections.abc import Sequence

INDENT, WIDTH = "    ", 120 - 8  # of a line in a loop


def own(code: str) -> str:
    """Return code that makes an array of its own: a later += must not reach another one."""
    return f"{code}.copy()" if re.fullmatch(r"[^\W\d]\w*(\[[^]]*\])?", code) else code


def assigned(left: str, sign: str, code: str, says: str) -> list[str]:
    """Return an assignment with its equation as comment, beside it or above."""
    line, comment = f"{left} {sign} {code}", f"# {says}"
    if not says:
        return [line]
    beside = f"{line}  {comment}"
    return [beside] if len(beside) <= WIDTH else [comment, line]


def dictionary(items: Sequence[str]) -> list[str]:
    """Return the lines that return a dictionary, one item a line where they are too many for one."""
    line = "return {" + ", ".join(items) + "}"
    return [line] if len(line) <= WIDTH else ["return {", *(f"{INDENT}{item}," for item in items), "}"]


def function(head: str, says: str, lines: Sequence[str]) -> list[str]:
    """Return the lines of a function."""
    return [f"def {head}:", f'{INDENT}"""{says}"""', *(INDENT + line for line in lines)]


def stands(name: str, lines: Sequence[str]) -> bool:
    """Return whether a name is read in some lines."""
    return any(re.search(rf'(?<![\w."]){name}\b(?!")', line) for line in lines)
