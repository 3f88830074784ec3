"""What the scans of the sources show, row by row: the characters of each formula, and the marks of claims in words."""

from __future__ import annotations

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

JOINT = " … "
STATING = ("=", r"\le", r"\in", r"\neq")
FORMULAS = re.compile(r"\$\$.*?\$\$|\$.*?\$", re.DOTALL)
FRAME = re.compile(r"\\quad\(\d+\)|\\?b?(egin|end)\{(aligned|split)\}|\\(quad|boxed|Rightarrow)")
MINUS, PRIME = "\u2010\u2011\u2012\u2013\u2212", "\u2018\u2019\u2032"
CHARACTERS = str.maketrans({**dict.fromkeys(MINUS, "-"), **dict.fromkeys(PRIME, "'"), "⊤": "T"})


@dataclass(frozen=True)
class Scan:
    """What the scan of a source has for a row.

    `display` are the characters of the formula, pieces that stand apart in the source joined by an ellipsis.
    `left` is the left side of a display that prints none. `differences` are what the scan has and what is read for it.
    `sentence` marks a claim in words by the number of characters and the digest of its normal form, so that the
    sentence itself is not repeated here. `slips` are the parts in which a wrong claim in words differs from the right
    one, each with its mend.
    """

    display: str = ""
    left: str = ""
    differences: tuple[tuple[str, str], ...] = ()
    sentence: tuple[int, str] | None = None
    slips: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=8)
def tables(lecture: str) -> dict:
    """Return the data of a lecture's scan as it stands in its file, the head under 'reading'."""
    file = resources.files("bptt_lab.lectures") / "scans" / f"{lecture}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def scan(lecture: str, identity: str) -> Scan:
    """Return what the scan has for a row; an empty one where nothing is recorded."""
    found = dict(tables(lecture).get(identity, {}))
    pairs = {name: tuple(map(tuple, found.pop(name, ()))) for name in ("differences", "slips")}
    sentence = found.pop("sentence", None)
    return Scan(**found, **pairs, sentence=tuple(sentence) if sentence else None)  # type: ignore[arg-type]


def fingerprint(lecture: str) -> str:
    """Return the digest of all displays and marks of a lecture, to be recorded when they were found in the source."""
    rows = {name: found for name, found in tables(lecture).items() if name != "reading"}
    return _digest(
        "\n".join(f"{name} {rows[name].get('display', rows[name].get('sentence'))}" for name in sorted(rows))
    )


def formula_form(text: str) -> str:
    """Return characters of a formula without what scans disagree on: spaces, forms of one sign."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text).translate(CHARACTERS))


def sentence_form(text: str) -> str:
    """Return words with one space between them and in small letters."""
    plain = unicodedata.normalize("NFKC", text).translate(CHARACTERS).casefold()
    return re.sub(r"\s+", " ", plain).strip()


def mark(sentence: str) -> tuple[int, str]:
    """Return the mark of a sentence: how many characters its normal form has, and their digest."""
    plain = sentence_form(sentence)
    return len(plain), _digest(plain)


def has_sentence(source: str, marked: tuple[int, str]) -> bool:
    """Return whether a sentence with a mark stands in a source; it begins and ends where a word does."""
    length, digest = marked
    return any(_digest(window) == digest for window in _windows(sentence_form(source), length))


def _windows(plain: str, length: int) -> Iterator[str]:
    for begin in (0, *(found.end() for found in re.finditer(" ", plain))):
        if len(plain) - begin >= length and plain[begin + length : begin + length + 1] in ("", " "):
            yield plain[begin : begin + length]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def uncovered(source: str, displays: Iterable[str]) -> list[str]:
    """Return the formulas of a source that state something and stand in no display, what is covered shown as a dot."""
    plain = formula_form(source)
    covered = bytearray(len(plain))
    pieces = {formula_form(piece) for display in displays for piece in display.split(JOINT)}
    for piece in (piece for piece in pieces if len(piece) > 1):
        for found in re.finditer(re.escape(piece), plain):
            covered[found.start() : found.end()] = b"\1" * len(piece)
    left = []
    for formula in FORMULAS.finditer(plain):
        states = formula[0].startswith("$$") or any(sign in formula[0] for sign in STATING)
        shown = "".join("·" if covered[at] else plain[at] for at in range(*formula.span()))
        shown = FRAME.sub("", re.sub("·+", "·", shown)).strip("$")
        left += [shown] if states and re.search(r"[A-Za-z0-9]", shown) else []
    return left


def place(source: str, display: str, start: int = 0) -> tuple[int, int] | None:
    """Return where the pieces of a display stand in the formula form of a source, in order; None where they do not."""
    plain, first, at = formula_form(source), None, start
    for piece in display.split(JOINT):
        found = plain.find(formula_form(piece), at)
        if found < 0:
            return None
        first, at = found if first is None else first, found + len(formula_form(piece))
    return first, at  # type: ignore[return-value]
