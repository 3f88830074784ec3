"""A question as one student has it: other letters, other sizes, another order of choices; the same difficulty.

An instance is drawn by HMAC from the course's secret, so that it can be made again and not be foreseen. A question has
at most POOL of them, each proved like a question of an author's; what cannot be changed with certainty stays.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import NamedTuple

from bptt_lab.exercises.question import Question, QuestionError
from bptt_lab.formulas import FormulaError
from bptt_lab.network import NetworkError
from bptt_lab.teaching.renaming import renamed

POOL = 12  # instances of a question: few enough to prove them all, too many to be guessed who shares one
LARGEST_SIZE = 7
OF_THE_ORDER = r"\b(?:above|below)\b|\b(?:all|none|both|neither|any|each) of (?:the|these|them|those)\b"
OF_A_KEY = r"(?<![\w^{{])\((?:{0})\)|\b(?:choices?|answers?|options?) (?:{0})\b"


class Instance(NamedTuple):
    """A question as some students have it: how many easier changes were tried before, and what is changed."""

    step: int
    question: Question
    changed: str


def vary(question: Question, secret: bytes, student: str, proved: Mapping[str, int] | None = None) -> Question:
    """Return a question's instance for a student, the same each time for the same secret and name.

    `proved` says which changes have been proved before; what it does not hold is proved now.
    """
    return instance(question, secret, which(question, secret, student), proved).question


def which(question: Question, secret: bytes, student: str) -> int:
    """Return the number of a student's instance; a name in capitals or with other accents' codes is the same name."""
    name = unicodedata.normalize("NFC", student.strip()).casefold()
    return _drawn(secret, f"{question.id}\0{name}") % POOL


def key(question: Question, secret: bytes, number: int) -> str:
    """Return the name under which is kept what has been proved of an instance: another secret or text, another name."""
    text = json.dumps(asdict(question), sort_keys=True, default=str)
    digest = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()[:20]
    return f"{question.id} {number} {digest}"


def instance(question: Question, secret: bytes, number: int, proved: Mapping[str, int] | None = None) -> Instance:
    """Return an instance by its number: the furthest change that proves, or that is known to have been proved."""
    name = key(question, secret, number)
    if name not in question.kept:
        changes = list(_changes(question, random.Random(_drawn(secret, f"{question.id}\0\0{number}"))))
        step = (proved or {}).get(name, -1)
        if not 0 <= step < len(changes):
            step = next(k for k, (one, _) in enumerate(changes) if one is question or _is_sound(one))
        question.kept[name] = Instance(step, *changes[step])
    return question.kept[name]


def _drawn(secret: bytes, text: str) -> int:
    return int.from_bytes(hmac.new(secret, text.encode(), hashlib.sha256).digest()[:8], "big")


def _is_sound(question: Question) -> bool:
    from bptt_lab.exercises.authoring.proof import prove

    try:
        return not prove(question)
    except (QuestionError, FormulaError, NetworkError, ArithmeticError, ValueError, LookupError):
        return False


def _changes(question: Question, chance: random.Random) -> Iterator[tuple[Question, str]]:
    """Yield a question changed in several ways, the furthest first, at last as it stands, each with words for it."""
    if question.choices:
        if (other := _reordered(question, chance)) is not None:
            yield other, "the order of the choices"
        return (yield question, "")
    if question.network:
        letters = renamed(question, chance)
        sizes = _resized(question, chance)
        both = _resized(letters, chance) if letters is not None else None
        for other, words in ((both, "letters and sizes"), (letters, "letters"), (sizes, "sizes")):
            if other is not None:
                yield other, words
    yield question, ""


def why_the_same(question: Question) -> str:
    """Return why a question has one instance only, in words for the instructor."""
    if question.choices:
        return "its choices, or what is said of them, speak of their order"
    if not question.network:
        return "it has no network"
    return "neither its letters nor its sizes could be changed with certainty in all its texts"


def _reordered(question: Question, chance: random.Random) -> Question | None:
    """Return a choice with its texts under other letters; None where a text speaks of letters or of their order."""
    texts = (*question.choices.values(), *question.reasons.values(), question.task, *question.hints)
    keys = list(question.choices)
    speaks = re.compile(f"{OF_THE_ORDER}|{OF_A_KEY.format('|'.join(map(re.escape, keys)))}", re.IGNORECASE)
    if len(keys) < 2 or question.network or any(map(speaks.search, texts)):
        return None
    new = dict(zip(keys, chance.sample(keys, len(keys)), strict=True))
    choices = {new[name]: text for name, text in question.choices.items()}
    return replace(
        question,
        choices={name: choices[name] for name in keys},
        right=new[question.right],
        reasons={new[name]: text for name, text in question.reasons.items()},
    )


def _resized(question: Question, chance: random.Random) -> Question | None:
    """Return a question with other sizes, equal ones equal, different ones different; None where a text names one."""
    try:
        network = question.graph.network
    except QuestionError:
        return None
    old = sorted({part for size in network.sizes.values() for part in _parts(size) if part > 1})
    texts = " ".join((question.task, *question.hints, *question.reasons.values(), question.section))
    if not old or question.shape is not None or any(re.search(rf"(?<![\w.(]){size}(?![\w.])", texts) for size in old):
        return None
    new = dict(zip(old, chance.sample([n for n in range(2, LARGEST_SIZE + 1)], len(old)), strict=True))
    if new == {size: size for size in old}:
        return None
    sizes = {name: _mapped(size, new) for name, size in network.sizes.items()}
    return replace(question, network=network.text, sizes=sizes, T=question.graph.T)  # type: ignore[arg-type]


def _parts(size: int | tuple) -> Iterator[int]:
    if isinstance(size, int):
        yield size
    else:
        for part in size:
            yield from _parts(part)


def _mapped(size: int | tuple, new: Mapping[int, int]) -> int | tuple:
    return new.get(size, size) if isinstance(size, int) else tuple(_mapped(part, new) for part in size)
