"""What a release gives away: solutions, references, reasons, the secret; and what can be looked up in the package.

Every file of a release is read as text and as bytes; what is packed in it (base64, hex, zlib, gzip, zip) is unpacked
and read too. An answer is found letter by letter without its spaces, and as a formula in other letters or brackets.
"""

from __future__ import annotations

import ast
import base64
import binascii
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from bptt_lab.exercises.question import Question, QuestionError
from bptt_lab.exercises.questions import course_questions
from bptt_lab.formulas import write

DEEPEST = 4  # packings one inside the other
SHORTEST = 8  # characters of an answer that is looked for: a shorter one stands in many texts by chance
LONGEST_UNPACKED = 50_000_000  # bytes
PACKED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
HEX = re.compile(r"(?:[0-9a-fA-F]{2}){12,}")
SPACES = re.compile(r"\s+")
TELLING = frozenset(
    {"answer", "same", "right", "reasons", "solution", "solutions", "seed", "secret", "number", "shape"}
)
NAMES = re.compile(r"[A-Za-z_]\w*")
BETWEEN_QUOTES = re.compile(r'"""(.*?)"""|"((?:[^"\\\n]|\\.)*)"|\'((?:[^\'\\\n]|\\.)*)\'', re.DOTALL)


class Leak(NamedTuple):
    """Something that a release gives away: in which file, of which question ('' for the course), and what."""

    file: str
    question: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {f'{self.question}, ' if self.question else ''}{self.what}"


class Needle(NamedTuple):
    """What must not stand in a release: of which question, what it is, and its text without spaces."""

    question: str
    what: str
    text: str


def scan(files: Iterable[tuple[str, bytes]], questions: Iterable[Question], secret: bytes) -> list[Leak]:
    """Return what files, each with its name and its bytes, give away of questions and of the secret."""
    questions = list(questions)
    needles, formulas = list(_needles(questions)), _formulas(questions)
    found: list[Leak] = []
    for name, content in files:
        for layer in _layers(content):
            found += _in_layer(name, layer, needles, formulas, secret)
        found += _told(name, content)
    return list(dict.fromkeys(found))


def scan_folder(folder: Path, questions: Iterable[Question], secret: bytes) -> list[Leak]:
    """Return what the files of a folder give away (errors: OSError)."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return scan(((str(path.relative_to(folder)), path.read_bytes()) for path in paths), questions, secret)


def _in_layer(
    name: str, layer: bytes, needles: list[Needle], formulas: Mapping[str, str], secret: bytes
) -> Iterator[Leak]:
    if secret and (secret in layer or secret.hex().encode() in layer):
        yield Leak(name, "", "the course's secret")
    text = layer.decode("utf-8", "replace")
    bare = _bare(text)
    for question, what, needle in needles:
        if needle in bare:
            yield Leak(name, question, what)
    for shape in _shapes_in(text):
        if shape in formulas:
            yield Leak(name, formulas[shape], "its answer, written in other letters or brackets")


# What is looked for


def _needles(questions: Iterable[Question]) -> Iterator[Needle]:
    for question in questions:
        network = question.graph.network.text if question.network else ""
        told = _bare(" ".join((question.task, *question.choices.values(), question.goal, question.printed, network)))
        texts = [("its answer", question.answer), *(("a right form of it", one) for one in question.same)]
        texts += [("why an answer is wrong", words) for words in question.reasons.values()]
        for what, text in texts:
            bare = _bare(text)
            if len(bare) >= SHORTEST and bare not in told:
                yield Needle(question.id, what, bare)


def _bare(text: str) -> str:
    r"""Return a text without spaces, and without the signs by which JSON writes quotes and line ends."""
    return (
        SPACES.sub("", text.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\"))
        .replace('",', "")
        .replace('"', "")
    )


def _formulas(questions: Iterable[Question]) -> dict[str, str]:
    """Return the shapes of right answers, each with its question; what the task says itself is left out."""
    found: dict[str, str] = {}
    for question in questions:
        asked = shapes_of(question, question.goal) | shapes_of(question, question.printed)
        for text in (question.answer, *question.same):
            for shape in shapes_of(question, text) - asked:
                if len(shape) >= 2 * SHORTEST:
                    found.setdefault(shape, question.id)
    return found


def shapes_of(question: Question, text: str) -> set[str]:
    """Return a formula or a program with its names replaced by their order, as it stands and as it is read."""
    if not text:
        return set()
    try:
        read = [write(question.tree(text))] if question.goal else []
    except QuestionError:
        read = []
    return {_shape(one) for one in (text, *read)}


@lru_cache(maxsize=20_000)
def _shape(text: str) -> str:
    try:
        text = ast.unparse(ast.parse(text.strip()))  # brackets and spaces as Python writes them
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    seen: dict[str, str] = {}
    return SPACES.sub("", NAMES.sub(lambda match: seen.setdefault(match[0], f"n{len(seen)}"), text))


def _shapes_in(text: str) -> Iterator[str]:
    """Yield the shapes of what may be an answer in a text: each text in quotes, each line, each cell's source."""
    pieces = {piece for match in BETWEEN_QUOTES.finditer(text) for piece in match.groups() if piece}
    for piece in list(pieces):
        plain = piece.replace("\\n", "\n").replace('\\"', '"')
        pieces |= {plain, *plain.splitlines()}
        pieces |= {inner for match in BETWEEN_QUOTES.finditer(plain) for inner in match.groups() if inner}
    pieces |= set(text.splitlines()) | set(_sources(text))
    for piece in pieces:
        if SHORTEST <= len(piece) < 5_000:
            yield _shape(piece.strip().lstrip("= "))


def _sources(text: str) -> Iterator[str]:
    """Yield the functions in the cells of a notebook, whole."""
    for cell in _notebook(text).get("cells", []):
        source = "".join(cell.get("source", "")) if isinstance(cell, Mapping) else ""
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        yield from (ast.unparse(one) for one in tree.body if isinstance(one, ast.FunctionDef))


def _notebook(text: str) -> Mapping:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _told(name: str, content: bytes) -> Iterator[Leak]:
    """Yield the keys of a notebook's metadata that tell an answer, whatever they hold."""
    book = _notebook(content.decode("utf-8", "replace"))
    places = [book.get("metadata", {}), *(cell.get("metadata", {}) for cell in book.get("cells", []))]
    for place in places:
        for key, value in _keys(place):
            if key.casefold() in TELLING and not isinstance(value, bool):  # nbgrader's own solution is a yes or no
                yield Leak(name, "", f"metadata with the key {key!r}")


def _keys(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key), inner
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


# What is packed


def _layers(content: bytes, depth: int = DEEPEST) -> Iterator[bytes]:
    """Yield some bytes, and what is packed in them, up to a depth."""
    yield content
    if depth:
        for inner in dict.fromkeys(_unpacked(content)):
            yield from _layers(inner, depth - 1)


def _unpacked(content: bytes) -> Iterator[bytes]:
    for way in (_inflated, gzip.decompress):
        yield from _tried(way, content)
    if content.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for one in archive.infolist():
                    if one.file_size < LONGEST_UNPACKED:
                        yield archive.read(one)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, zlib.error):
            pass
    text = content.decode("ascii", "replace").replace("\\n", "")
    for run in PACKED.findall(text):
        body = run.rstrip("=")
        yield from _tried(base64.b64decode, body.replace("-", "+").replace("_", "/") + "=" * (-len(body) % 4))
    for run in HEX.findall(text):
        yield from _tried(bytes.fromhex, run)


def _inflated(content: bytes) -> bytes:
    return zlib.decompressobj().decompress(content, LONGEST_UNPACKED)


def _tried(way: Callable, content: object) -> Iterator[bytes]:
    try:
        found = way(content)
    except (ValueError, binascii.Error, zlib.error, OSError, EOFError):
        return
    if found and found != content:
        yield found


# What the student's installed package holds


def looked_up(questions: Iterable[Question]) -> dict[str, str]:
    """Return the assigned questions that can be looked up in the installed package, each with how."""
    course = course_questions()
    known: dict[str, str] = {}
    for one in course.values():
        for shape in _right_shapes(one):
            known.setdefault(shape, one.id)
    found = {}
    for question in questions:
        same = next((known[shape] for shape in sorted(_right_shapes(question)) if shape in known), "")
        if question.id in course:
            is_itself = (course[question.id].network, course[question.id].choices) == (
                question.network,
                question.choices,
            )
            found[question.id] = "by its id" if is_itself else "by its id, in other letters, sizes or order"
        elif same:
            found[question.id] = f"as {same}, up to the names of letters"
    return found


def _right_shapes(question: Question) -> set[str]:
    found = (shapes_of(question, text) for text in (question.answer, *question.same))
    return {shape for shape in set().union(*found) if len(shape) >= SHORTEST}
