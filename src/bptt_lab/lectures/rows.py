"""What the ledger is made of: a lecture with its hand, and the rows that state its formulas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bptt_lab import formulas
from bptt_lab.formulas.printing import course_symbol
from bptt_lab.formulas.tree import Relation
from bptt_lab.lectures.displays import Script
from bptt_lab.lectures.scans import Scan, scan, tables
from bptt_lab.lectures.settings import Setting

VERDICTS = {
    "holds": "holds as printed",
    "definition": "a definition",
    "erratum": "wrong as printed, it seems by the author",
    "scan": "damaged by scanning, the intention plain",
    "reading": "right in one reading, wrong in another",
    "undecidable": "not to be decided, for the reason given",
}


@dataclass(frozen=True)
class Lecture:
    """A source: its number, what it is, its networks by name ('' is the usual one), its hand, and the course's letters.

    `hand` writes formulas as the lecture does; `course` maps the lecture's letters to those of the course.
    """

    number: str
    title: str
    author: str
    settings: Mapping[str, Setting]
    hand: formulas.Style
    course: Mapping[str, str]
    course_variables: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def course_hand(self) -> formulas.Style:
        """The style that writes a formula of this lecture in the course's letters."""
        symbols = {theirs: course_symbol(ours) for theirs, ours in self.course.items()}
        return formulas.Style(symbols=symbols, numbers=self.hand.numbers, variables=self.course_variables)

    @cached_property
    def script(self) -> Script:
        """How the displays of this lecture are read."""
        head = tables(self.number).get("reading", {})
        tuples = {name: tuple(head.get(name, ())) for name in ("applied", "abbreviations")}
        return Script(self.hand, functions=head.get("functions", {}), **tuples)

    @cached_property
    def readings(self) -> tuple[tuple[str, str], ...]:
        """What the scan has throughout, and what is read for it."""
        return tuple(map(tuple, tables(self.number).get("reading", {}).get("throughout", ())))


@dataclass(frozen=True)
class Entry:
    """One formula or checkable claim of a lecture, as data.

    `printed` states it in the lecture's letters as it stands there, in the language of `formulas`: a relation of two
    sides, the left one the independent value. `corrected` is the mended relation where the printed one fails.
    `words` is the claim where the lecture makes it in words; `where` narrows the ranges of free indices;
    `is_typographical` marks a slip of type that no value can show. `near` stands beside a claim that is no equation:
    the nearest one that must not hold, its bound drawn tighter or its two sides the same. `course` names the notebook
    that derives it.
    """

    id: str
    printed: str
    verdict: str
    corrected: str = ""
    why: str = ""
    course: str = ""
    words: str = ""
    where: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    setting: str = ""
    near: str = ""
    is_typographical: bool = False


@dataclass(frozen=True, repr=False)
class Row:
    """An entry of the ledger together with its lecture: what it states, its verdict, its correction, its check."""

    entry: Entry
    source: Lecture

    @property
    def id(self) -> str:
        """The number of the lecture and of the formula in it, such as 004-44."""
        return self.entry.id

    @property
    def lecture(self) -> str:
        """The number of the lecture."""
        return self.source.number

    @property
    def verdict(self) -> str:
        """One of holds, definition, erratum, scan, reading, undecidable."""
        return self.entry.verdict

    @property
    def why(self) -> str:
        """The reason for the verdict, in a sentence; empty where the formula holds."""
        return self.entry.why

    @property
    def words(self) -> str:
        """The claim in words, where the lecture makes it so, or what a formula is about; else empty."""
        return self.entry.words

    @property
    def course(self) -> str:
        """The notebook that derives it, and the quantity."""
        return self.entry.course

    @property
    def scan(self) -> Scan:
        """What the scan of the source has for this row."""
        return scan(self.lecture, self.id)

    @property
    def display(self) -> str:
        """The characters of the formula as the scan of the source has them; empty for a claim in words."""
        return self.scan.display

    @property
    def differences(self) -> tuple[tuple[str, str], ...]:
        """What the scan has in this display, and what is read for it."""
        return self.scan.differences

    @property
    def standing(self) -> str:
        """How the formula stands in the source: printed, read (with named differences), or stated in words.

        A left side that is not printed, but given by the text around a display, is no difference.
        """
        if not self.display:
            return "stated"
        differs = any(scanned in self.display for scanned, _ in (*self.differences, *self.source.readings))
        return "read" if differs else "printed"

    @property
    def setting(self) -> Setting:
        """The network the formula is about."""
        return self.source.settings[self.entry.setting]

    @property
    def states(self) -> str:
        """The formula as printed, as LaTeX in the lecture's hand; empty where the lecture prints none."""
        return formulas.latex_lines(self.printed, self.source.hand) if self.entry.printed else ""

    @property
    def corrected(self) -> str:
        """The mended formula as LaTeX in the lecture's hand; empty where the printed one stands."""
        return formulas.latex_lines(self.mended, self.source.hand) if self.entry.corrected else ""

    @property
    def in_course_letters(self) -> str:
        """The formula that holds, printed or mended, as LaTeX in the letters of the course."""
        if not self.entry.printed:
            return ""
        return formulas.latex_lines(self.mended if self.entry.corrected else self.printed, self.source.course_hand)

    @cached_property
    def printed(self) -> Relation:
        """The printed formula as a tree."""
        return formulas.read(self.entry.printed, self.setting.language, relation=True)  # type: ignore[return-value]

    @cached_property
    def mended(self) -> Relation:
        """The corrected formula as a tree."""
        return formulas.read(self.entry.corrected, self.setting.language, relation=True)  # type: ignore[return-value]

    @cached_property
    def near(self) -> Relation:
        """The claim next to a claim that is no equation, which must not hold, as a tree."""
        return formulas.read(self.entry.near, self.setting.language, relation=True)  # type: ignore[return-value]

    def _repr_markdown_(self) -> str:
        lines = [f"**{self.id}** · {self.source.title} ({self.source.author}) · *{VERDICTS[self.verdict]}*"]
        lines += [self.entry.words] if self.entry.words else []
        lines += [f"In the scan: `{self.display}`"] if self.standing == "read" else []
        lines += [f"As {self.standing}: $\\displaystyle {self.states}$"] if self.states else []
        lines += [f"Corrected: $\\displaystyle {self.corrected}$"] if self.corrected else []
        lines += [self.why] if self.why else []
        lines += [f"In the course's letters: $\\displaystyle {self.in_course_letters}$"] if self.states else []
        lines += [f"Derived in notebook {self.course}."] if self.course else []
        return "\n\n".join(lines)

    def __repr__(self) -> str:
        return f"<row {self.id}: {self.entry.printed or self.entry.words or VERDICTS[self.verdict]}>"

    def __str__(self) -> str:
        lines = [f"{self.id}  {VERDICTS[self.verdict]}  ({self.source.title}, {self.source.author})"]
        named = {
            "claim": self.entry.words,
            "as scanned": self.display,
            "checked": self.entry.printed,
            "corrected": self.entry.corrected,
            "why": self.why,
            "as LaTeX": self.corrected or self.states,
            "in the course's letters": self.in_course_letters,
            "derived in notebook": self.course,
        }
        return "\n".join(lines + [f"  {name}: {text}" for name, text in named.items() if text])
