"""What is said of a change of a function's text, and how two such sayings stand to each other."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

USUAL = (r"\.T", r" \*\* 2", r" [-+] 1(?=\])", r"axis=\S+?(?=[,)])|\(0, \d\)|, keepdims=True", r"->\w+|'[\w,]+")

INSTEAD = "`{0}` stands where `{1}` belongs"
FACTOR_SURPLUS, FACTOR_MISSING = "the factor `{0}` is too much", "the factor `{1}` is missing"
DIVISION_SURPLUS, DIVISION_MISSING = "the division by `{0}` is too much", "the division by `{1}` is missing"
SIGN_OF, SIGN = "the sign of `{0}` is wrong", "the sign is wrong"
TERM_SURPLUS, TERM_MISSING = "the term `{0}` is too much", "the term `{1}` is missing"
MEAN, SUM = "a mean is taken where a sum belongs", "a sum is taken where a mean belongs"
CUT = "{0} are cut where the whole belongs"
EXCHANGED = "the results `{0}` and `{1}` are exchanged"
TOO_EARLY = "what is done comes too early: `{0}` belongs before it"
LINE_SURPLUS = "the whole line is too much"
# Of the changes of a line that do the same the first one is told.
SORTS = [{INSTEAD, MEAN, SUM, CUT, TOO_EARLY, EXCHANGED, DIVISION_SURPLUS, DIVISION_MISSING},
         {FACTOR_SURPLUS, FACTOR_MISSING, LINE_SURPLUS}, {SIGN_OF, SIGN}, {TERM_SURPLUS, TERM_MISSING}]  # fmt: skip
BACK = {
    one: other
    for pair in [(FACTOR_SURPLUS, FACTOR_MISSING), (DIVISION_SURPLUS, DIVISION_MISSING), (TERM_SURPLUS, TERM_MISSING)]
    + [(MEAN, SUM), (INSTEAD, INSTEAD)]
    for one, other in (pair, pair[::-1])
}
THERE_AND_BACK = (SIGN_OF, SIGN)  # what is said of a sign is said of it also when it is changed back


class Told(NamedTuple):
    """What is said of a change: words, with what stands there and what belongs there."""

    words: str
    stands: str = ""
    belongs: str = ""

    @property
    def says(self) -> str:
        """The words with their parts."""
        return self.words.format(self.stands, self.belongs)

    @property
    def sort(self) -> int:
        """How far it is fetched: a part that stands for another, a factor, a sign, a term."""
        return next(k for k, words in enumerate(SORTS) if self.words in words)

    @property
    def is_usual(self) -> bool:
        """Whether it is one of the slips that are made most: a sign, a transpose, a square, a step, an axis."""
        return self.words in (SIGN, SIGN_OF) or self.words == INSTEAD and _differ_as_usual(self.stands, self.belongs)

    @property
    def back(self) -> Told | None:
        """What is said of the change that takes this one back, if it can be said."""
        if self.words in THERE_AND_BACK:
            return self
        return Told(BACK[self.words], self.belongs, self.stands) if self.words in BACK else None


def takes_away(told: Told) -> bool:
    """Return whether a change takes away a factor, a term or what was computed: another name, or a line too late."""
    is_name = told.words == INSTEAD and told.stands.isidentifier() and told.belongs.isidentifier()
    return is_name or told.words in (FACTOR_SURPLUS, TERM_SURPLUS, TOO_EARLY, LINE_SURPLUS)


def undo_each_other(one: Told, other: Told) -> bool:
    """Return whether one change takes away and the other adds, or puts back what stood there: they say nothing."""
    surplus = [(FACTOR_SURPLUS, FACTOR_MISSING), (TERM_SURPLUS, TERM_MISSING), (DIVISION_SURPLUS, DIVISION_MISSING)]
    is_there_and_back = one.words == INSTEAD and one.back == other
    is_there_and_back |= _bare(one) == _bare(other)[::-1] and "1 - " in "".join(_bare(one))  # of whichever names
    return is_there_and_back or (one.words, other.words) in surplus or (other.words, one.words) in surplus


def _bare(told: Told) -> tuple[str, str]:
    """Return what stands and what belongs with one letter for every name."""
    return _of_one_letter(told.stands), _of_one_letter(told.belongs)


@cache
def _of_one_letter(text: str) -> str:
    return re.sub(r"[A-Za-z_]\w*(\[[^][]*\])?", "n", text)


def is_one_slip(one: Told, other: Told) -> bool:
    """Return whether two changes are one slip made twice: the same stands where the same belongs."""
    return one.words == other.words == INSTEAD and _core(one) == _core(other)


def _core(told: Told) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what stands and what belongs without what both begin and end with."""
    one, other = (re.findall(r"\w+|\W", text) for text in (told.stands, told.belongs))
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    return tuple(one), tuple(other)


@cache
def _differ_as_usual(one: str, other: str) -> bool:
    return any(re.sub(part, "", one) == re.sub(part, "", other) for part in USUAL)
