"""The ledger: every display formula and checkable claim of the five lectures, with its verdict."""

from __future__ import annotations

import difflib
from collections import Counter
from functools import lru_cache

from bptt_lab.lectures import lecture_000, lecture_001, lecture_002, lecture_003, lecture_004
from bptt_lab.lectures.rows import VERDICTS, Row

SOURCES = (lecture_000, lecture_001, lecture_002, lecture_003, lecture_004)


class LedgerError(LookupError):
    """An id that the ledger does not hold; the message offers the nearest ones."""


@lru_cache(maxsize=1)
def ledger() -> tuple[Row, ...]:
    """Return every row, lecture by lecture, in reading order."""
    return tuple(Row(entry, source.LECTURE) for source in SOURCES for entry in source.ENTRIES)


def lookup(identity: str) -> Row:
    """Return the row of an id such as '004-44' (errors: LedgerError with the nearest ids)."""
    rows = {row.id: row for row in ledger()}
    wanted = str(identity).strip()
    if wanted not in rows:
        close = difflib.get_close_matches(wanted, rows, n=3, cutoff=0.3)
        offer = f" Did you mean {', '.join(close)}?" if close else ""
        raise LedgerError(f"The ledger has no row {wanted[:30]!r}.{offer} Ids look like 004-44, 002-3 or 000-a01.")
    return rows[wanted]


def counts() -> dict[str, dict[str, int]]:
    """Return how many rows each lecture has of each verdict: lecture, then verdict, then the number."""
    found = Counter((row.lecture, row.verdict) for row in ledger())
    lectures = sorted({row.lecture for row in ledger()})
    return {lecture: {verdict: found[lecture, verdict] for verdict in VERDICTS} for lecture in lectures}


def titles() -> dict[str, str]:
    """Return what each lecture is, by its number: title and author."""
    return {source.LECTURE.number: f"{source.LECTURE.title} ({source.LECTURE.author})" for source in SOURCES}
