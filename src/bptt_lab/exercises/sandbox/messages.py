"""What became of an answer's process, said to the student in one sentence."""

from __future__ import annotations

import ast
import linecache
import signal
import types
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from bptt_lab.exercises.sandbox import functions, products
from bptt_lab.exercises.sandbox.written import Written

LONGEST_TEXT = 200
MUCH_SLOWER = 10  # times the slowest call before: a loop may be to blame
LONGEST_SOURCE = 2**20
DEEDS = (  # what an event of Python's audit hook is to a student; the first that fits
    ("open", "opens a file"),
    ("import", "imports a module"),
    ("socket", "uses the network"),
    ("subprocess", "starts another program"),
    ("os.fork", "starts another process"),
    ("os.posix_spawn", "starts another program"),
    ("os.spawn", "starts another program"),
    ("os.exec", "starts another program"),
    ("os.system", "starts another program"),
    ("os.kill", "sends a signal to a process"),
    ("_thread", "starts a thread"),
    ("ctypes", "reaches into memory past Python"),
    ("gc", "looks through all objects in memory"),
    ("sys", "looks into the program that runs it"),
    ("os", "reads or changes files"),
    ("shutil", "reads or changes files"),
)
# words of NumPy and Python for a write into memory that cannot be written
READ_ONLY = ("read-only", "readonly", "WRITEABLE", "arguments must stay")


UNSTEADY = (
    "It gives another result when it is called a second time with the same arguments: something is kept from one call "
    "to the next, or drawn at random, or never filled."
)


def failure(reply: dict[str, Any], function: Any, limits: dict) -> tuple[str, str]:
    """Return kind and message of a call that did not return a value that can be compared."""
    if reply["kind"] == "not plain":
        return "refused", f"The function returned {clean(reply['text'])}, expected arrays of numbers."
    if reply["kind"] == "not built":
        text = f"The function cannot be made again outside the notebook ({clean(reply['text'])})"
        return "crashed", f"{text}: write it with `def`, and what it uses as plain functions and numbers."
    if reply["kind"] == "unsteady":
        return "unsteady", UNSTEADY
    where = said_place(reply["places"], function)
    if reply["kind"] == "forbidden":
        detail = f" ({clean(reply['text'])})" if reply["text"] else ""
        return "refused", f"The function {_deed(reply['event'])}{detail}{where}: no answer needs that, leave it out."
    name, text = clean(reply["type"]), clean(reply["text"])
    if name in ("MemoryError", "_ArrayMemoryError") and text.startswith("Unable to allocate"):  # NumPy's own words
        much = f"needs more than {limits['megabytes']:g} MB of memory"
        return "crashed", f"The function {much}{where}: look for an array that grows or has a wrong shape."
    if name == "MemoryError":
        allowed = f"it may use {limits['megabytes']:g} MB; look for an array that grows or has a wrong shape"
        return "crashed", f"The function raised MemoryError{where}: {allowed}."
    if name == "RecursionError":
        return "crashed", f"The function calls itself without end{where}: let it return without a call at some point."
    is_own = _own_step(reply["places"][-1:], function) is not None  # else the shapes are those of other code's names
    shapes = dict(products.read(reply.get("shapes"))) if is_own else {}
    more = products.said(text, source_line(reply["places"], function), shapes)
    end = "." if more and not text.endswith(".") else ""
    return "crashed", f"The function raised {name}{where}{': ' + text if text else ''}{end}{more}"


def late(seconds: float, times: Sequence[float]) -> str:
    """Return what is said of a call that did not return within some seconds; `times` are those of the calls before."""
    end = "look for a loop that does not end"
    if not times:
        return f"The function did not return within {seconds:.2g} s: {end}."
    before = f"{len(times)} call{'' if len(times) == 1 else 's'} before it returned, the slowest after {_said(times)}"
    if seconds > MUCH_SLOWER * max(times):
        return f"One call did not return within {seconds:.2g} s; {before}: {end} for some sizes or numbers."
    return f"One call did not return within {seconds:.2g} s; {before}: make it quicker."


def slow(times: Sequence[float], wanted: int, seconds: float) -> str:
    """Return what is said of calls that all returned, but too slowly for enough of them within some seconds."""
    count = f"only {len(times)} of the {wanted} instances could be run within {seconds:g} s"
    return f"Every call returned, but one took {_said(times)}, and {count}: make it quicker."


def _said(times: Sequence[float]) -> str:
    return f"{max(times):.2g} s"


def death(number: Any) -> str:
    """Return what ended a process before it replied, given the signal that did, 0 for none."""
    with suppress(ValueError, TypeError):
        name = signal.Signals(number).name
        return f"The function crashed Python itself ({name}): return a result without going past Python and NumPy."
    return "The function ended Python, or its line to the notebook, before it returned: leave out what ends a program."


def is_about_writing(reply: dict[str, Any]) -> bool:
    """Tell whether an exception may come from a write into an argument."""
    is_raised = reply.get("kind") == "raised" and reply.get("type") in ("ValueError", "TypeError", "MustStay")
    return is_raised and any(words in str(reply.get("text")) for words in READ_ONLY)


def changed(places: Sequence[str], reply: dict[str, Any], function: Any) -> str:
    """Return what a student is told who changes arguments in place; with an exception of the write, in which line."""
    where = said_place(reply.get("places", []), function)
    is_name = lambda place: place.split("[")[0].split(".")[0].isidentifier()  # not 'argument 2', 'the arguments'
    named = " and ".join(f"`{place}`" if is_name(place) else place for place in places)
    mend = f", `{places[0]}.copy()`" if is_name(places[0]) else ""
    return f"Your function writes into {named}{where}: the arguments must stay as they are, work on a copy{mend}."


def guessed_place(reply: dict[str, Any], function: Any, own: Sequence[str], names: Sequence[str]) -> str:
    """Return the argument named first in the line that raised, as the exercise calls it, or that it is one of them."""
    line = source_line(reply.get("places", []), function)
    with suppress(SyntaxError, ValueError, RecursionError):
        words = [part.id for part in ast.walk(ast.parse(line.rstrip(":"))) if isinstance(part, ast.Name)]
        return next((given for word in words for mine, given in zip(own, names, strict=False) if mine == word), "")
    return ""


def _deed(event: Any) -> str:
    for start, deed in DEEDS:
        if str(event).split(".")[: start.count(".") + 1] == start.split("."):
            return deed
    return f"does what is not allowed here ({clean(event)})"


# Places


def said_place(steps: Any, function: Any) -> str:
    """Return ' in line 3, `h = W @ x`' for the last step inside the student's own code, or nothing."""
    found = _own_step(steps, function)
    if found is None:
        return ""
    source = clean(source_line(steps, function), 80)
    return f" in line {found[1]}" + (f", `{source}`" if source else "")


def source_line(steps: Any, function: Any) -> str:
    """Return the text of the last line inside the student's own code, or nothing.

    The name of a file is the answer's to choose; its line is shown only if the code is what the file compiles to.
    """
    found = _own_step(steps, function)
    if found is None:
        return ""
    code, line = found
    if isinstance(function, Written):
        return function.lines[line - 1].strip() if line <= len(function.lines) else ""
    with suppress(Exception):  # any text may stand under that name
        lines = linecache.getlines(code.co_filename)
        text = "".join(lines)
        if len(text) <= LONGEST_SOURCE and _is_compiled_from(code, text):
            return lines[line - 1].strip()
    return ""


def _own_step(steps: Any, function: Any) -> tuple[types.CodeType, int] | None:
    known = functions.places(function)
    own = [(known[step[0], step[1]], step[1]) for step in steps if (step[0], step[1]) in known]
    return own[-1] if own else None


def _is_compiled_from(code: types.CodeType, text: str) -> bool:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # as in a cell of a notebook
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = compile(text, code.co_filename, "exec", flags=flags, dont_inherit=True)
    marks = lambda one: (one.co_name, one.co_firstlineno, one.co_code)
    return any(marks(other) == marks(code) for other in functions.code_objects(module))


def clean(text: Any, longest: int = LONGEST_TEXT) -> str:
    """Return a text of the child's on one line, without letters that a terminal would obey, cut if long."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)[: 4 * longest]).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
