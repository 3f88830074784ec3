"""A wrong answer laid beside the right forms, term by term and factor by factor: the slips where they do not match."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from bptt_lab.exercises.causes.corrections import LONGEST, Own, agrees, aims_of, right_forms
from bptt_lab.exercises.causes.edits import NUMBER_LOST, is_constant, is_sum, placed, spots
from bptt_lab.exercises.causes.forms import forms_of, with_index_of
from bptt_lab.exercises.causes.layout import PRIME, Layout, Part, joined, summed
from bptt_lab.exercises.causes.pairs import LOST_TERM, OF_THE_WHOLE, RANGE
from bptt_lab.exercises.question import Question
from bptt_lab.formulas import write
from bptt_lab.formulas.tree import ONE, Binary, Call, Derivative, Letter, Over, Power, Transpose, Tree, mapped, walk
from bptt_lab.symbolic.arithmetics import Unsettled, patience
from bptt_lab.symbolic.values import Scene

MOST = 2  # slips at once: more would make anything of anything
MOST_LEFT = 6  # terms or factors that match nothing as they stand
MOST_LAID = 10_000  # parts laid beside others: a number, not a time, so that what is said hangs on no machine
LONGEST_FACTOR = 30  # characters: of a longer one that is missing nothing is learnt
SECONDS = 1.0  # of processor time to certify what was found
INSTEAD = "{0} stands where {1} belongs."
MADE_UP = {  # which could make anything of anything: a part taken away and one added, two letters replaced
    ("exchange", "letter"),
    ("less", "less"),
    ("less", "lost"),
    ("less", "more"),
    ("lost", "surplus"),
    ("number", "number"),
    ("number", "surplus"),
    ("surplus", "surplus"),
}
MADE_UP_OF_LITTLE = {("letter", "letter"), ("more", "surplus")}  # where little of an answer is left as it stands
LITTLE = 6  # letters and derivatives
FAR_FETCHED = {"letter": 1, "exchange": 2, "lost": 1}
COMMON_FIRST = (
    "sign",
    "number",
    "time",
    "transpose",
    "row",
    "complement",
    "function",
    "quotient",
    "power",
    "order",
    "range",
    "more",
    "operator",
    "letter",
    "exchange",
    "less",
    "surplus",
    "term",
    "lost",
)


AS_THEY_ARE = ("more", "transpose", "row", "lost")  # what is missing stands nowhere


Term = tuple[Part, bool]
Links = tuple[Part, ...]


class Misfit(NamedTuple):
    """One slip: its kind, what is said of which parts, and a key that is the same for it wherever it is made again."""

    kind: str
    says: str
    about: tuple[Tree, ...] = ()
    key: tuple = ()
    places: int = 1

    @property
    def told(self) -> tuple:
        """The key by which it is told: of a missing term no more is said than that it is missing."""
        return ("lost",) if self.kind == "lost" else self.key

    def again(self, other: Misfit) -> Misfit:
        """Return it as made in more places: two letters that stand each where the other belongs are exchanged."""
        if self.kind in ("letter", "exchange") and timeless(self.about[0]) != timeless(other.about[0]):
            return self._replace(kind="exchange", says="{0} and {1} are exchanged.")
        return self._replace(places=self.places + other.places)

    def said(self, write: Callable[[Tree], str]) -> str:
        """Return what is said of it, with its parts written in some way."""
        says = self.says.format(*map(write, self.about))
        more = self.places - 1 if self.kind != "exchange" else 0
        return f"{says[:-1]}, and likewise in {more} other place{'s' if more > 1 else ''}." if more else says


class Match(NamedTuple):
    """A way to lay parts of an answer beside those of a right form: the slips, and the parts with them mended."""

    slips: tuple[Misfit, ...] = ()
    trees: tuple[Tree, ...] = ()


class Explanation(NamedTuple):
    """The slips of an answer that are certain, and whether there are no others."""

    slips: tuple[Misfit, ...]
    is_all: bool


def explanation(question: Question, own: Own, scenes: list[Scene]) -> Explanation | None:
    """Return the one or two slips that explain an answer; the one that is certain, where the other may be several.

    Each way in which the answer can be mended is certified by the judge.
    """
    if len(write(own.tree)) > LONGEST:
        return None
    try:
        with patience(SECONDS):
            aims = aims_of(question, scenes)
            found = [one for one in _simplest(question, own.tree) if agrees(one.trees[0], question, aims)]
    except Unsettled:
        return None
    certain = _certain([one for one in found if own.is_right(one.trees[0])])
    return certain and certain._replace(slips=tuple(_told_of(slip, own.tree, question) for slip in certain.slips))


def _told_of(slip: Misfit, tree: Tree, question: Question) -> Misfit:
    """Return a slip as it is written, with its place where the same stands in other places too."""
    new = as_written(slip, tree, question)
    if slip.places > 1 or not slip.says.endswith(INSTEAD[3:]):
        return new
    says, about = placed(new.says, new.about, tree, slip.about[0])
    return new._replace(says=says, about=about)


def as_written(slip: Misfit, tree: Tree, question: Question) -> Misfit:
    """Return a slip with the parts it quotes as they stand in an answer, not as they were read or turned round."""
    layout, written = Layout(question), list(dict.fromkeys(spot.part for spot in spots(tree)))
    keys = {part: layout.read(part).key for part in reversed(written)}

    def quoted(part: Tree) -> Tree:
        if part in keys:
            return part
        found = (layout.read(part).key, layout.read(layout.turned(part)).key)
        wanted = (*found, *(-key % PRIME for key in found))
        return next((one for key in wanted for one in written if keys[one] == key), part)

    belongs = slip.about[1:] if slip.says.endswith(INSTEAD[3:]) else ()
    about = (quoted(part) for part in slip.about[: len(slip.about) - len(belongs)])
    return slip._replace(about=(*about, *belongs)) if slip.kind not in AS_THEY_ARE else slip


def _certain(found: list[Match]) -> Explanation | None:
    """Return the slips that all ways to mend an answer have in common, those made often first."""
    if not found:
        return None
    told = [{slip.told for slip in one.slips} for one in found]
    common = [slip for slip in found[0].slips if all(slip.told in one for one in told)]
    common.sort(key=lambda slip: COMMON_FIRST.index(slip.kind))
    return Explanation(tuple(common), len(common) == len(found[0].slips)) if common else None


def _simplest(question: Question, tree: Tree) -> list[Match]:
    """Return the ways with the fewest slips to lay an answer beside a right form: those of the first form they fit.

    A sign, step, factor or power explains an answer more simply than another letter or a missing term. The other forms
    are the same by algebra: what they tell of an answer is the same in other words.
    """
    layout, found = Layout(question), []
    aligner, answer = Aligner(layout, tree), layout.read(tree)
    letters = sum(isinstance(spot.part, Letter | Derivative) for spot in spots(tree))
    if not letters:
        return []  # of a number nothing is left in what it would become
    for n, form in enumerate(right_forms(question)):
        for one in forms_of(form, question.graph.T):
            ways = aligner.align(answer, layout.read(with_index_of(tree, one)))
            found += [((*_far_fetched(way), n), way) for way in ways if not _is_made_up(way, letters)]
    least = min((rank for rank, _ in found), default=None)
    return _best(way for rank, way in found if rank == least) if aligner.left else []


def _is_made_up(found: Match, letters: int) -> bool:
    """Return whether slips would make anything of anything, as another letter does of an answer with one letter."""
    kinds = tuple(sorted(slip.kind for slip in found.slips))
    if len(kinds) > 1 and "quotient" in kinds:
        return True
    if kinds in MADE_UP_OF_LITTLE and letters < LITTLE:
        return True
    return kinds in MADE_UP or letters == 1 and "letter" in kinds


def _far_fetched(found: Match) -> tuple[int, int]:
    """Return how many slips there are, and how many letters they replace and terms they add."""
    return len(found.slips), sum(FAR_FETCHED.get(slip.kind, 0) for slip in found.slips)


def _best(found: Iterable[Match]) -> list[Match]:
    """Return those with the fewest slips, each set of slips once."""
    known: dict[frozenset, Match] = {}
    for one in found:
        known.setdefault(frozenset(slip.told for slip in one.slips), one)
    least = min((len(one.slips) for one in known.values()), default=0)
    return [one for one in known.values() if len(one.slips) == least]


def _with(slips: tuple[Misfit, ...], found: Iterable[Match]) -> Iterator[Match]:
    """Yield ways with some slips more, if they are not too many; one that is made in both is one slip."""
    for one in found:
        known = {slip.key: slip for slip in slips}
        for slip in one.slips:
            if first := known.get(slip.key):
                slip = first.again(slip)
            known[slip.key] = slip
        if len(known) <= MOST and tuple(sorted(slip.kind for slip in known.values())) not in MADE_UP:
            yield one._replace(slips=tuple(known.values()))


def _then(so_far: Match, found: Iterable[Match]) -> Iterator[Match]:
    """Yield what was laid so far with one part more."""
    return (one._replace(trees=so_far.trees + one.trees) for one in _with(so_far.slips, found))


class Aligner:
    """Lays parts of one answer beside parts of right forms, each pair once; `left`: how many more it may lay."""

    def __init__(self, layout: Layout, tree: Tree) -> None:
        self.layout, self.tree, self.left = layout, tree, MOST_LAID
        self.known: dict[tuple[Part, Part], list[Match]] = {}
        self.segments: dict[tuple[Part, ...], Part] = {}

    def align(self, ours: Part, theirs: Part) -> list[Match]:
        """Return the ways with the fewest slips to lay one part beside another."""
        self.left = max(self.left - 1, 0)
        if ours.key == theirs.key:
            return [Match((), (ours.tree,))]
        if (ours, theirs) not in self.known:
            self.known[ours, theirs] = []
            found = _best(self._ways(ours, theirs)) if self.left else []
            if not found or len(found[0].slips) > 1:
                found = _best([*found, *self._functions(ours, theirs)])
            self.known[ours, theirs] = found
        return self.known[ours, theirs]

    def _ways(self, ours: Part, theirs: Part) -> Iterator[Match]:
        kinds = {ours.kind, theirs.kind}
        if is_constant(ours.tree) and is_constant(theirs.tree):
            key = ("number", ours.key, theirs.key)
            yield Match((Misfit("number", INSTEAD, (ours.tree, theirs.tree), key),), (theirs.tree,))
            return
        for kind, lay in (("sum", self._sums), ("product", self._products), ("chain", self._chains)):
            if kind in kinds:
                yield from lay(ours, theirs)
        if "power" in kinds:
            yield from self._powers(ours, theirs)
        if kinds == {"over"}:
            yield from self._ranges(ours, theirs)
        if "call" in kinds or kinds == {"diag"}:
            yield from self._calls(ours, theirs)
        if theirs.kind == "diag" != ours.kind and self.layout.shape(ours)[1:] == (1,):
            yield from self._diagonal(ours, theirs)
        if kinds == {"leaf"}:
            yield from self._leaves(ours.tree, theirs.tree)

    def _calls(self, ours: Part, theirs: Part) -> Iterator[Match]:
        """Yield a function of a part beside the same function of another, and beside that part alone."""
        one, two = ours.tree, theirs.tree
        if isinstance(one, Call) and isinstance(two, Call) and one.function == two.function and len(ours.parts) == 1:
            for found in self.align(ours.parts[0], theirs.parts[0]):
                yield found._replace(trees=(replace(one, arguments=found.trees),))
        if theirs.kind == "call" != ours.kind and len(theirs.parts) == 1:
            slip = self._instead(ours, replace(theirs, tree=replace(two, arguments=(one,))))  # type: ignore[arg-type]
            inner = self.align(ours, theirs.parts[0])
            if inner and inner[0].slips:  # what else is wrong inside is told by itself
                says = f"The function {two.function} is missing around {{0}}."  # type: ignore[union-attr]
                slip = Misfit("function", says, (one,), slip.key)
            for found in _with((slip,), inner):
                yield found._replace(trees=(replace(two, arguments=found.trees),))  # type: ignore[arg-type]
        if ours.kind == "call" != theirs.kind and len(ours.parts) == 1:
            inner, slip = self.align(ours.parts[0], theirs), self._instead(ours, ours.parts[0])
            if inner and inner[0].slips:
                says = f"The function {one.function} is too much in {{0}}."  # type: ignore[union-attr]
                slip = Misfit("function", says, (one,), slip.key)
            yield from _with((slip,), inner)

    def _diagonal(self, ours: Part, theirs: Part) -> Iterator[Match]:
        """Yield a column in a product of matrices where its diagonal matrix belongs: `@` instead of `*`."""
        says = f"{_slot(0, ours.tree)} goes entry by entry: * belongs after it, not @."
        slip = Misfit("operator", says, (ours.tree,), ("operator", "*"))
        for found in _with((slip,), self.align(ours, theirs.parts[0])):
            yield found._replace(trees=(Call("diag", found.trees),))

    def _sums(self, ours: Part, theirs: Part) -> Iterator[Match]:
        """Lay terms beside terms: those that match as they stand first, the others in every way."""
        one, two = (_signed(part) for part in (ours, theirs))
        yield from self._terms(ours, one, two)
        if len(one) > 1:
            says = OF_THE_WHOLE if ours.tree == self.tree else "The sign of ({0}) is wrong."
            slip = Misfit("sign", says, (ours.tree,), ("sign", id(ours)))
            yield from _with((slip,), self._terms(ours, [(part, not sign) for part, sign in one], two))

    def _terms(self, whole: Part, ours: list[Term], theirs: list[Term]) -> Iterator[Match]:
        kept, left, right = _apart(ours, theirs, lambda pair: (pair[0].key, pair[1]))
        known = [summed([(part.tree, sign)]) for part, sign in kept]
        for pairs, surplus, lost in self._pairings(left, right, lambda one, two: self._term(whole, one, two)):
            if (surplus and lost) or not (kept or pairs.trees):
                continue
            found = [_surplus(part, kept) for part, _ in surplus]
            found += [_lost(part, whole) for part, _ in lost]
            all_terms = (*known, *pairs.trees, *(summed([term]) for term in map(_tree_of, lost)))
            new = summed([(term, True) for term in all_terms])
            yield from _with(pairs.slips, _with(tuple(found), [Match((), (new,))]))

    def _term(self, whole: Part, ours: Term, theirs: Term) -> Iterator[Match]:
        """Yield the ways to lay a term with its sign beside another."""
        (one, sign), (two, is_plus) = ours, theirs
        slips: tuple[Misfit, ...] = ()
        if sign != is_plus:
            is_root, is_one = whole.tree == self.tree, len(whole.operands("sum")) == 1
            place = "" if is_root or is_one else " in ({1})"
            says = OF_THE_WHOLE if is_root and is_one else f"The sign of the term {_slot(0, one.tree)}{place} is wrong."
            slips = (Misfit("sign", says, (one.tree, whole.tree), ("sign", id(one))),)
        for found in _with(slips, self.align(one, two)):
            yield found._replace(trees=(summed([(found.trees[0], is_plus)]),))

    def _products(self, ours: Part, theirs: Part) -> Iterator[Match]:
        """Lay factors beside factors; all that are functions of one letter also together, as a slope is."""
        kept, left, right = _apart(ours.operands("product"), theirs.operands("product"), lambda part: part.key)
        if left and right and self.layout.product(left).key == self.layout.product(right).key:
            yield Match((), (ours.tree,))
            return
        for one, two, so_far in ((left, right, Match()), *self._slopes(ours, left, right)):
            so_far = so_far._replace(trees=(*(part.tree for part in kept), *so_far.trees))
            yield from self._factors(ours, one, two, so_far)
        before = Match((), tuple(part.tree for part in kept))
        for one, two in self._in_brackets(left, right) if kept or len(right) > 1 < len(left) else ():
            yield from self._factors(ours, one, two, before)

    def _in_brackets(self, left: list[Part], right: list[Part]) -> Iterator[tuple[list, list]]:
        """Yield what is left with the factors that are one term of a sum beside it taken together, on either side."""
        if len(left) == 1 < len(right) and left[0].kind == "sum":
            yield left, [self.layout.product(right)]
        for whole in right if len(left) > 1 else ():
            for term in whole.operands("sum") if whole.kind == "sum" else ():
                held, others, lost = _apart(left, term.operands("product"), lambda part: part.key)
                if len(held) > 1 and not lost and (others or len(right) > 1):
                    yield [*others, self.layout.product(held)], right

    def _factors(self, whole: Part, left: list[Part], right: list[Part], so_far: Match) -> Iterator[Match]:
        for pairs, surplus, lost in self._pairings(left, right, self.align):
            slips = (*(self._less(part, whole) for part in surplus), *(self._more(part, whole) for part in lost))
            trees = (*so_far.trees, *pairs.trees, *(part.tree for part in lost))
            if not (surplus and lost) and len(trees) > len(lost) and all(_is_short(part.tree) for part in lost):
                product = Match((), (joined("*", trees),))
                yield from _with(so_far.slips, _with(pairs.slips, _with(slips, [product])))

    def _slopes(self, whole: Part, left: list[Part], right: list[Part]) -> Iterator[tuple[list, list, Match]]:
        """Yield what is left where the factors of one and the same letter alone are taken together on both sides."""
        one, two = (self._by_letter(parts) for parts in (left, right))
        found = Match()
        for letter in dict.fromkeys([*one, *two]):
            ours, theirs = one.get(letter, []), two.get(letter, [])
            if max(len(ours), len(theirs)) > 1:
                found = self._together(whole, ours, theirs, found)
                left, right = [p for p in left if p not in ours], [p for p in right if p not in theirs]
        if found.slips and all(slip.kind != "more" or _is_short(slip.about[0]) for slip in found.slips):
            yield left, right, found

    def _together(self, whole: Part, ours: list[Part], theirs: list[Part], so_far: Match) -> Match:
        """Return what was laid so far with the factors of one letter, which are one slip."""
        one, two = (self.layout.product(parts) if parts else None for parts in (ours, theirs))
        if one and two:
            slip = self._instead(one, two)
        else:
            slip = self._more(two, whole) if two else self._less(one, whole)  # type: ignore[arg-type]
        return Match((*so_far.slips, slip), (*so_far.trees, *([two.tree] if two else [])))

    def _by_letter(self, parts: Iterable[Part]) -> dict[int, list[Part]]:
        found: dict[int, list[Part]] = {}
        for part in parts:
            letters = self.layout.letters(part)
            if len(letters) == 1 and _is_plain(part):
                found.setdefault(next(iter(letters)), []).append(part)
        return found

    def _functions(self, ours: Part, theirs: Part) -> Iterator[Match]:
        """Yield a function of one letter where another function of it belongs: the slope of another activation."""
        letters, is_letter = self.layout.letters(ours), isinstance(theirs.tree, Letter | Derivative)
        is_told = _is_plain(ours) and _is_plain(theirs) and (_is_complement(ours, theirs) or not is_letter)
        if is_told and len(letters) == 1 and letters == self.layout.letters(theirs):
            yield Match((self._instead(ours, theirs),), (theirs.tree,))

    def _instead(self, ours: Part, theirs: Part) -> Misfit:
        """Return the slip of one function of a letter for another."""
        has_power = isinstance(ours.tree, Power) or isinstance(theirs.tree, Power)
        kind = "complement" if _is_complement(ours, theirs) else "power" if has_power else "function"
        if _is_quotient(ours) != _is_quotient(theirs):
            kind = "quotient"
        key = (kind, self.layout.timeless(ours.tree), self.layout.timeless(theirs.tree))
        return Misfit(kind, INSTEAD, (ours.tree, theirs.tree), key)

    def _more(self, part: Part, whole: Part) -> Misfit:
        says, key = (
            f"The factor {_slot(0, part.tree)} is missing at {_slot(1, whole.tree)}.",
            self.layout.timeless(part.tree),
        )
        return Misfit("more", says, (part.tree, whole.tree), ("more", key))

    def _less(self, part: Part, whole: Part) -> Misfit:
        says, key = f"The factor {_slot(0, part.tree)} is too much in {{1}}.", self.layout.timeless(part.tree)
        return Misfit("number" if is_constant(part.tree) else "less", says, (part.tree, whole.tree), ("less", key))

    def _chains(self, ours: Part, theirs: Part) -> Iterator[Match]:
        """Lay the links of a chain beside those of another, in their order; an outer product also turned round."""
        yield from self._links(ours, theirs)
        if ours.kind == "product" and len(set(map(self.layout.shape, ours.parts))) > 1:
            slip = Misfit(
                "operator", "{0} is a product of matrices: @ belongs there, not *.", (ours.tree,), ("operator", "@")
            )
            yield from _with((slip,), self._links(self.layout.chain(ours.parts), theirs))
        links, shape = ours.operands("chain"), self.layout.shape
        if len(links) == 2 and shape(links[0])[1:] == (1,) == shape(links[1])[:1]:
            says = "The outer product {0} stands the other way round."
            slip = Misfit("order", says, (ours.tree,), ("outer",))
            yield from _with((slip,), self._links(self.layout.read(self.layout.turned(ours.tree)), theirs))

    def _links(self, ours: Part, theirs: Part) -> Iterator[Match]:
        one, two = ours.operands("chain"), theirs.operands("chain")
        for found in self._in_order(ours, one, two, Match(), True):
            yield found._replace(trees=(joined("@", found.trees),))

    def _in_order(self, whole: Part, ours: Links, theirs: Links, so_far: Match, is_start: bool) -> Iterator[Match]:
        """Yield the ways to lay links beside links."""
        if not ours and not theirs:
            yield so_far
        for i, j in _steps(ours, theirs, is_start):
            for found in _then(so_far, self._step(whole, ours[:i], theirs[:j])):
                yield from self._in_order(whole, ours[i:], theirs[j:], found, False)

    def _step(self, whole: Part, ours: Links, theirs: Links) -> list[Match]:
        """Return the ways to lay the next links: one beside none, a sum beside several, two in the other order."""
        if not theirs:
            return [Match((self._less(_of_diagonal(ours[0]), whole),))]
        if not ours:
            part = _of_diagonal(theirs[0])
            return [Match((self._more(part, whole),), (theirs[0].tree,))] if _is_short(part.tree) else []
        if len(ours) == len(theirs) == 2:
            about = joined("@", [part.tree for part in ours])
            slip = Misfit("order", "The two factors of {0} stand in the wrong order.", (about,), ("order", id(ours[0])))
            both = _then(Match((slip,)), self.align(ours[1], theirs[0]))
            return [found for first in both for found in _then(first, self.align(ours[0], theirs[1]))]
        return self.align(self._segment(ours), self._segment(theirs))

    def _segment(self, links: Links) -> Part:
        if links not in self.segments:
            self.segments[links] = links[0] if len(links) == 1 else self.layout.chain(links)
        return self.segments[links]

    def _powers(self, ours: Part, theirs: Part) -> Iterator[Match]:
        """Yield a power of what another power of belongs there."""
        (one, n), (two, m) = map(_power, (ours, theirs))

        def raised(tree: Tree) -> Tree:
            return tree if m == ONE else Power(tree, m)

        key = ("power", self.layout.timeless(ours.tree), self.layout.timeless(raised(one.tree)))
        slip = Misfit("power", f"A power is wrong: {INSTEAD}", (ours.tree, raised(one.tree)), key)
        for found in _with((slip,) if n != m else (), self.align(one, two)):
            yield found._replace(trees=(raised(found.trees[0]),))

    def _ranges(self, ours: Part, theirs: Part) -> Iterator[Match]:
        """Yield a sum over an index beside another one: each end, and what is added."""
        one, two, index = ours.tree, theirs.tree, self.layout.index
        if isinstance(one, Over) and isinstance(two, Over) and one.kind == two.kind:
            ends = [end for end in ("low", "high") if index(getattr(one, end)) != index(getattr(two, end))]
            slips = tuple(Misfit("range", RANGE, (), ("range", end)) for end in ends)
            for found in _with(slips, self.align(ours.parts[0], theirs.parts[0])):
                new = replace(one, low=two.low, high=two.high, body=found.trees[0])
                yield found._replace(trees=(new,))

    def _leaves(self, ours: Tree, theirs: Tree) -> Iterator[Match]:
        """Yield a letter where the same one at another time, transposed, or another letter belongs."""
        one, two = (tree.inner if isinstance(tree, Transpose) else tree for tree in (ours, theirs))
        slips = tuple(self._letters(one, two))
        if isinstance(ours, Transpose) != isinstance(theirs, Transpose):
            slips += (Misfit("transpose", INSTEAD, (ours, self.layout.turned(ours)), ("transpose", write(ours))),)
        if len(slips) == 1:
            yield Match(slips, (theirs,))

    def _letters(self, ours: Tree, theirs: Tree) -> Iterator[Misfit]:
        one, two, index = ours, theirs, self.layout.index
        if isinstance(one, Derivative) and isinstance(two, Derivative):
            if one.kind != two.kind == "gradient" and (one.below, one.above) == (two.below, two.above):
                turned = Transpose(theirs)
                written = turned if turned in walk(self.tree) else ours
                yield Misfit("row", INSTEAD, (written, theirs), ("row", write(ours)))
            one, two = (one.above, two.above) if (one.below, one.kind) == (two.below, two.kind) else (ours, theirs)
        if not (isinstance(one, Letter) and isinstance(two, Letter)) or one == two:
            return
        is_other = (one.name, one.entry) != (two.name, two.entry)
        if is_other and index(one.time) == index(two.time):
            key = ("letter", *sorted(write(replace(letter, time=None)) for letter in (one, two)))
            yield Misfit("letter", INSTEAD, (ours, theirs), key)
        elif not is_other:
            by = (index(one.time) - index(two.time)) % PRIME  # type: ignore[operator]
            yield Misfit("time", INSTEAD, (ours, theirs), ("time", type(ours).__name__, one.name, by))

    def _pairings(self, left: list, right: list, align: Callable[..., Iterable[Match]]) -> Iterator[tuple]:
        """Yield every way to lay some of one side beside some of the other: the pairs, and what is left of both."""

        def pairings(n: int, free: list, so_far: Match, rest: list) -> Iterator[tuple]:
            if n == len(left):
                if len(rest) + len(free) <= MOST:
                    yield so_far, rest, free
                return
            for k, other in enumerate(free):
                for found in _then(so_far, align(left[n], other)):
                    yield from pairings(n + 1, free[:k] + free[k + 1 :], found, rest)
            if len(rest) < MOST:
                yield from pairings(n + 1, free, so_far, [*rest, left[n]])

        if len(left) <= MOST_LEFT >= len(right):
            yield from pairings(0, right, Match(), [])


def _steps(ours: Links, theirs: Links, is_start: bool) -> Iterator[tuple[int, int]]:
    """Yield how many links on each side are taken together next; not all at once, where nothing would be gained."""
    if ours and theirs:
        yield 1, 1
        if ours[0].key == theirs[0].key:
            return
        if len(ours) > 1 < len(theirs) and (ours[0].key == theirs[1].key or ours[1].key == theirs[0].key):
            yield 2, 2
        if theirs[0].kind == "sum":
            yield from ((i, 1) for i in range(2, len(ours) + (not is_start or len(theirs) > 1)))
        if ours[0].kind == "sum":
            yield from ((1, j) for j in range(2, len(theirs) + (not is_start or len(ours) > 1)))
    if ours:
        yield 1, 0
    if theirs:
        yield 0, 1


def _signed(part: Part) -> list[Term]:
    return list(zip(part.parts, part.signs, strict=True)) if part.kind == "sum" else [(part, True)]


def _tree_of(term: Term) -> tuple[Tree, bool]:
    return term[0].tree, term[1]


def _power(part: Part) -> tuple[Part, Tree]:
    return (part.parts[0], part.tree.exponent) if isinstance(part.tree, Power) and part.parts else (part, ONE)


def _of_diagonal(part: Part) -> Part:
    return part.parts[0] if part.kind == "diag" else part


def _is_quotient(part: Part) -> bool:
    """Return whether something is divided by in a part."""
    return any(isinstance(one, Binary) and one.operator == "/" and not is_constant(one) for one in walk(part.tree))


def _is_complement(ours: Part, theirs: Part) -> bool:
    """Return whether two parts add up to one."""
    return (ours.key + theirs.key - 1) % PRIME == 0


def _is_plain(part: Part) -> bool:
    """Return whether a part has no sum of many terms or over an index, and no product of matrices: as a slope has."""
    is_short = part.kind != "sum" or len(part.parts) < 3
    return is_short and part.kind not in ("over", "diag", "chain") and all(map(_is_plain, part.parts))


def _is_short(factor: Tree) -> bool:
    """Return whether a factor that is missing is short enough to be named."""
    return len(write(factor)) <= LONGEST_FACTOR


def _apart(ours: Iterable, theirs: Iterable, key: Callable) -> tuple[list, list, list]:
    """Return what stands on both sides, and what is left on each."""
    kept, left, right = [], [], list(theirs)
    for one in ours:
        found = next((other for other in right if key(other) == key(one)), None)
        (left if found is None else kept).append(one)
        if found is not None:
            right.remove(found)
    return kept, left, right


def _surplus(part: Part, kept: list[Term]) -> Misfit:
    if is_constant(part.tree):
        return Misfit("number", "The number {0} is too much.", (part.tree,), ("number", id(part)))
    is_twice = part.key in [one.key for one, _ in kept]
    says = "stands twice" if is_twice else "is too much"
    return Misfit("term" if is_twice else "surplus", f"The term {{0}} {says}.", (part.tree,), ("surplus", id(part)))


def _lost(part: Part, whole: Part) -> Misfit:
    if is_constant(part.tree):
        return Misfit("number", NUMBER_LOST, (whole.tree,), ("number", "lost", part.key))
    return Misfit("lost", LOST_TERM, (), ("lost", part.key))


def _slot(number: int, tree: Tree) -> str:
    """Return the slot of a sentence for a part, in brackets around a sum."""
    return f"({{{number}}})" if is_sum(tree) else f"{{{number}}}"


def timeless(tree: Tree) -> str:
    """Return a letter, or a derivative by one, as text without its time."""
    return write(mapped(tree, lambda part: replace(part, time=None) if isinstance(part, Letter) else None))
