"""Two slips at once: the one pair of changes of a wrong answer, as it is written, that makes it right."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from bptt_lab.exercises.causes.corrections import (
    LONGEST,
    Own,
    agrees,
    aims_of,
    as_free_numbers,
    beginning,
    factors_in,
    functions_in,
    has_numbers_only,
    numbers_in,
    numbers_of,
    remembering,
    right_forms,
    same,
)
from bptt_lab.exercises.causes.edits import (
    Change,
    alike,
    changes,
    is_contrived,
    is_sum,
    placed,
    shifted,
    spots,
    terms,
    together,
)
from bptt_lab.exercises.question import Question
from bptt_lab.formulas import write
from bptt_lab.formulas.tree import Binary, Negative, Over, Tree, mapped
from bptt_lab.symbolic.arithmetics import Unsettled, patience
from bptt_lab.symbolic.values import Scene

MOST_PAIRS = 1500  # a number, not a time: what is said of an answer shall not hang on the machine
SECONDS = 0.6  # of processor time, for a machine much slower than those it was written on
COMMON_FIRST = (
    "sign",
    "number",
    "time",
    "lost",
    "factor",
    "power",
    "range",
    "derivative",
    "term",
    "surplus",
    "order",
    "transpose",
)
COMMON_FIRST += ("function", "exchange", "letter")  # type: ignore[assignment]
MADE_UP = ({"surplus", "lost"}, {"surplus"}, {"letter"}, {"number"}, {"number", "surplus"}, {"number", "letter"})
PLAIN = ("sign", "time", "factor", "power", "derivative")  # of a line on the way, which is no right form by letters
BESIDE_AN_EXCHANGE = ("sign", "number", "power", "transpose", "order")
OF_THE_WHOLE = "The sign of the whole is wrong."
LOST_TERM = "A term is missing."
UNNAMED = "A factor is missing"  # too long to be named: nothing is learnt from that
RANGE = "A sum begins or ends at the wrong step."


class Slip(NamedTuple):
    """One slip, made in one place or in several alike."""

    changes: tuple[Change, ...]

    @property
    def kind(self) -> str:
        """What kind of slip it is."""
        return self.changes[0].kind

    @property
    def adds(self) -> bool:
        """Whether mending it puts in what is missing, not takes away what is too much."""
        return self.changes[0].key[:1] != ("less",)

    @property
    def shift(self) -> object:
        """By how many steps a letter stands too early; nothing of another kind of slip."""
        return self.changes[0].key[-1] if self.kind == "time" and self.changes[0].key else None

    def said(self, write: Callable[[Tree], str]) -> str:
        """Return what is said of it, with its parts written in some way."""
        first = self.changes[0]
        return first.says.format(*map(write, first.about))


def pair(question: Question, own: Own, scenes: list[Scene]) -> tuple[Slip, Slip] | None:
    """Return the two slips that make an answer right when both are mended, if there is just one such pair.

    What comes out must be a right form of the question, letter by letter, and is certified by the judge; in a line of a
    derivation, which may be another right line, both slips are plain ones.
    """
    if len(write(own.tree)) > LONGEST:
        return None
    wanted = {as_free_numbers(form, question) for form in right_forms(question)}
    try:
        with patience(SECONDS), remembering(scenes):
            aims, begins_right = aims_of(question, scenes), beginning(question, scenes[0])
            right = [
                (both, tree)
                for both in _tried(question, own, scenes[0])
                for tree in _mended(own.tree, both)
                if begins_right(tree) and agrees(tree, question, aims)
                if as_free_numbers(tree, question) in wanted or own.is_line and _is_plain(both)
                if not is_contrived(tree, own.tree)
            ]
    except Unsettled:
        return None
    least = min(map(_far_fetched, right), default=0)
    simplest = {tuple(slip.said(write) for slip in one[0]): one for one in right if _far_fetched(one) == least}
    kinds = {tuple(sorted(slip.kind for slip in both)) for both, _ in simplest.values()}
    is_one = len(simplest) == 1 or len(kinds) == 1 and not kinds & {("letter", "lost"), ("factor", "letter")}
    both, tree = next(iter(simplest.values()), (None, None))
    if not (is_one and both and own.is_right(tree)):  # type: ignore[arg-type]
        return None
    return tuple(_in_its_place(slip, own.tree) for slip in both)  # type: ignore[return-value]


def _in_its_place(slip: Slip, tree: Tree) -> Slip:
    """Return a slip with its place, where the same stands in other places too."""
    if len(slip.changes) > 1:
        return slip
    (one,) = slip.changes
    says, about = placed(one.says, one.about, tree, one.part)
    return Slip((one._replace(says=says, about=about),))


def _tried(question: Question, own: Own, scene: Scene) -> list[tuple[Slip, Slip]]:
    """Return the pairs that are tried, those made often first: of slips that leave a value, and not the right one."""
    goal, found = numbers_of(question.goal_tree, [scene], question), []
    for slip in slips(question, own):
        numbers = numbers_of(applied(own.tree, slip.changes), [scene], question)
        if numbers is not None and not same(numbers, goal) and not slip.changes[0].says.startswith(UNNAMED):  # type: ignore[arg-type]
            found.append(slip)
    tried = [both for both in itertools.combinations(found, 2) if not _is_made_up(both)]
    common = sorted(tried, key=lambda both: sum(COMMON_FIRST.index(slip.kind) for slip in both))
    few = [both for both in common if _has_exchange(both)]  # and the others are many
    return [*few[: MOST_PAIRS // 5], *[both for both in common if not _has_exchange(both)][:MOST_PAIRS]]


def _has_exchange(both: tuple[Slip, Slip]) -> bool:
    return any(slip.kind == "exchange" for slip in both)


def _is_made_up(both: tuple[Slip, Slip]) -> bool:
    """Return whether a pair could make anything of anything: a part taken away and one added, two letters replaced."""
    kinds = {slip.kind for slip in both}
    if "exchange" in kinds:
        return kinds == {"exchange"} or not kinds <= {"exchange", *BESIDE_AN_EXCHANGE}
    factors = [slip for slip in both if slip.kind == "factor"]
    if len(factors) == 2:
        return factors[0].adds != factors[1].adds
    if factors and kinds & {"lost", "surplus"}:
        return not factors[0].adds or is_sum(_inner(factors[0].changes[0].part))
    return kinds in MADE_UP


def _inner(part: Tree) -> Tree:
    return part.inner if isinstance(part, Negative) else part


def _far_fetched(found: tuple[tuple[Slip, Slip], Tree]) -> int:
    """Return how many slips replace a letter or add a term: a sign, step, factor or power explains more simply."""
    return sum(slip.kind in ("letter", "lost") for slip in found[0])


def _mended(tree: Tree, both: tuple[Slip, Slip]) -> Iterator[Tree]:
    """Yield an answer with both slips mended; of two in one part, either may be the inner one."""
    one, other = (slip.changes for slip in both)
    yield applied(tree, (*one, *other))
    if {id(change.part) for change in one} & {id(change.part) for change in other}:
        yield applied(tree, (*other, *one))


def _is_plain(both: tuple[Slip, Slip]) -> bool:
    """Return whether both slips leave an answer as it is but for a sign, a step, a factor, a power or a derivative."""
    return all(slip.kind in PLAIN for slip in both)


def slips(question: Question, own: Own) -> Iterator[Slip]:
    """Yield the slips that an answer may hold, each a change in one place or in all places alike."""
    network, is_number = question.graph.network, has_numbers_only(own.tree, question)
    known = factors_in(question, own.is_line), is_number, functions_in(question), numbers_in(question)
    found = list(changes(own.tree, network, *known))
    yield from (Slip((one,)) for one in found)
    yield from (Slip(tuple(group)) for group in alike(found) if len(group) > 1)
    yield from (Slip(tuple(group)) for group in together(own.tree, network))
    yield Slip((Change("sign", OF_THE_WHOLE, (), own.tree, Negative(own.tree)),))
    yield from (Slip((one,)) for one in _ranges(own.tree))
    yield from (Slip((one,)) for one in _lost(question, own.tree))


def _ranges(tree: Tree) -> Iterator[Change]:
    """Yield a sum that begins or ends a step earlier or later."""
    for spot in spots(tree):
        if isinstance(part := spot.part, Over):
            for end in ("low", "high"):
                for by in (1, -1):
                    new = replace(part, **{end: shifted(getattr(part, end), by)})  # type: ignore[arg-type]
                    yield Change("range", RANGE, (), part, new)


def _lost(question: Question, tree: Tree) -> Iterator[Change]:
    """Yield a sum of a right form with one of its terms added to what stands there of the others."""
    parts = {}
    for spot in spots(tree):
        parts.setdefault(as_free_numbers(spot.part, question), spot.part)
    for form in right_forms(question):
        for spot in spots(form):
            several = terms(spot.part) if is_sum(spot.part) else []
            for n, (term, is_plus) in enumerate(several):
                rest = _summed([*several[:n], *several[n + 1 :]])
                for part in {tree: tree, **{p: p for p in [parts.get(as_free_numbers(rest, question))] if p}}:
                    yield Change("lost", LOST_TERM, (), part, Binary("+" if is_plus else "-", part, term))


def _summed(several: list[tuple[Tree, bool]]) -> Tree:
    """Return the sum of terms with their signs."""
    (first, is_plus), *others = several
    whole = first if is_plus else Negative(first)
    for term, is_plus in others:
        whole = Binary("+" if is_plus else "-", whole, term)
    return whole


def applied(tree: Tree, made: tuple[Change, ...]) -> Tree:
    """Return a formula with changes made, also where one lies inside what another puts in."""

    def change(part: Tree) -> Tree | None:
        for n, one in enumerate(made):
            if part is one.part:
                return applied(one.new, made[:n] + made[n + 1 :])
        return None

    return mapped(tree, change) if made else tree
