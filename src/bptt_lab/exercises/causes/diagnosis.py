"""Why a wrong answer is wrong: a constant factor, its account of paths, the catalogue, a slip of the pen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from bptt_lab.exercises.causes.alignment import Explanation, Misfit, explanation
from bptt_lab.exercises.causes.cause import LEFT_OUT, OFTEN, WRONG_SIGN, ZERO, Cause, factor_cause, paths_cause
from bptt_lab.exercises.causes.corrections import (
    LONGEST,
    Own,
    agrees,
    aims_of,
    bracketed,
    corrections,
    factors_in,
    lost_letter,
    numbers_of,
    same,
    spelled,
    with_outer_products,
)
from bptt_lab.exercises.causes.edits import LIKEWISE, Edit, edits, is_product, is_sum, spots, terms
from bptt_lab.exercises.causes.fitted import fitted
from bptt_lab.exercises.causes.multiplied import opened
from bptt_lab.exercises.causes.named import MISSING_SLOPE, catalogued, named_cause, slope_too_much, trial_scenes
from bptt_lab.exercises.causes.pairs import LOST_TERM, RANGE, pair
from bptt_lab.exercises.causes.pairs import Slip as SlipOfTwo
from bptt_lab.exercises.causes.paths import account
from bptt_lab.exercises.causes.slips import ASKS, ASKS_FORWARD, SAYS, Slip, at_other_times, other_letters, slips
from bptt_lab.exercises.causes.uniform import uniform
from bptt_lab.exercises.mistakes.catalogue import CATALOGUE
from bptt_lab.exercises.places import said_of
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.scenes import bindings, flat, values
from bptt_lab.formulas import FormulaError, write
from bptt_lab.formulas.tree import ONE, Binary, Derivative, Letter, Power, Tree, walk
from bptt_lab.network.keeping import kept
from bptt_lab.symbolic.arithmetics import Unsettled, patience
from bptt_lab.symbolic.values import Scene, shape_text

SECONDS = 2.0  # of processor time for the values of an answer
EQUAL = 1e-13
LARGEST = 1e100  # past it squares of numbers are infinite, and nothing can be fitted
TOO_LARGE = "Your answer is a number of more than a hundred digits at a point tried."
LOST_AND_NEGATIVE = "A term is missing, and the sign of what is there is wrong."
LONGEST_FITTED = 120  # characters of an answer whose shapes fit after one change
WHOLE_TRANSPOSED = "The whole is transposed: its rows and columns are exchanged."
ASKS_OF_A_SIGN = "Which sign has the whole, and where does it come from?"
ASKS_OF_TOTAL = "Which paths does the total derivative follow that another factor or term has followed already?"
OF_INNER_SIGNS = frozenset({"B8"})  # told of a slope that stands in the answer with a wrong sign, and of no other
EVERY_LAYER = "every layer"  # where the slopes of all activations are wrong alike
OF_A_LOOP = frozenset({"A5"})  # which asks about a loop: a formula has none
ASKS_OF_SHARES = "At which steps is it used, and does the share of each of them stand in the sum?"
OF_LETTERS = frozenset({"time", "entry", "indices", "letter"})  # told of a letter that stands in the answer
LONGEST_FACTOR = 2  # terms: a longer sum, put before an answer, is an answer by itself
FOR_ANOTHER = frozenset({"time", "letter", "power", "exchange", "function", "transpose", "order"})
OTHER_LETTER = frozenset({"time", "letter"})  # told only where another one makes the answer right as it is written
OWN_ASKS = {
    "derivative": CATALOGUE["A2"].asks,
    "sign": ASKS["sign"],
    "time": "Which step does the equation read that you differentiate?",
    "letter": ASKS["letter"],
    "power": ASKS["power"],
    "number": ASKS_FORWARD["number"],
    "term": "How often does that path stand in the sum?",
    "surplus": "Through which quantity does that term come?",
    "factor": "Which immediate derivatives stand in this term, and each how often?",
    "order": ASKS["order"],
    "function": "Of which quantity is the derivative taken, and where does its function stand?",
    "transpose": ASKS["transpose"],
    "exchange": "Which of the two is multiplied by which in the forward equation?",
}

OPENED_ASKS = {
    "surplus": "Which factors stand together in one term of the right sum, and which does a product of sums pair?",
}
SAME_STEPS = "{0} stands where {1} belongs, and {2} where {3}."
EXCHANGED = "{0} and {1} are exchanged: each stands once where the other belongs."
WHICH_FIRST = "Which of the two do you find first, and by which equation?"
# of a part laid beside a right one
ALIGNED_ASKS = {
    "range": ASKS["range"],
    "operator": ASKS["transpose"],
    "row": ASKS["transpose"],
    "more": OWN_ASKS["factor"],
    "less": OWN_ASKS["factor"],
}
ALIGNED_ASKS |= {
    "lost": ASKS_FORWARD["term"],
    "function": "Which function of it belongs there, and which one stands there?",
}
ALIGNED_FORWARD = {
    "range": ASKS["range"],
    "operator": ASKS["transpose"],
    "row": ASKS["transpose"],
    "lost": ASKS_FORWARD["term"],
}
ALIGNED_FORWARD |= {"more": ASKS_FORWARD["factor"], "less": ASKS_FORWARD["factor"]}
TWICE = {LOST_TERM: "Two terms are missing.", RANGE: "A sum begins and ends at the wrong step."}


def diagnose(question: Question, answer: Callable[[Scene], list], own: Own | None = None) -> Cause:
    """Return the cause of a wrong answer, given as a function from a scene to its values over the free indices.

    `own`: the answer as it is written, where it is a formula; then what is said is true of its text.
    """
    with np.errstate(all="ignore"):  # huge numbers compare as they may; a warning would read source files
        return _by_brackets(question, own) or _cause(question, answer, own)


def diagnose_unfit(question: Question, own: Own) -> Cause | None:
    """Return the cause of an answer whose parts do not fit by their shapes, if one change makes it right."""
    with np.errstate(all="ignore"):
        single = corrections(question, own, trial_scenes(question))
        return (
            _by_brackets(question, own)
            or _by_outer_products(question, own)
            or _of_edit(question, _the_one(single))
            or _by_alignment(question, own, trial_scenes(question), single)
            or (_by_multiplying_out(question, own, trial_scenes(question)) if not single else None)
            or (_by_fitting(question, own) if not single else None)
        )


def _by_fitting(question: Question, own: Own) -> Cause | None:
    """Return the cause where one change makes the shapes fit: what it is, and what is wrong besides, if anything is."""
    found = fitted(question, own, trial_scenes(question)[0])
    right = [one for one in found if own.is_right(one[1])]
    causes = [cause for one in right or found if (cause := _with_what_is_left(question, own, *one))]
    return causes[0] if len({cause.says for cause in causes}) == 1 else None


def _with_what_is_left(question: Question, own: Own, slip: SlipOfTwo, new: Tree) -> Cause | None:
    """Return the cause of one slip and of what the answer is without it; nothing where of that nothing is known."""
    says = slip.said(lambda part: spelled(part, question))
    more = LIKEWISE if len(slip.changes) > 1 else "."
    says, asks = f"{says.removesuffix('.')}{more}", ASKS["transpose"]
    if own.is_right(new):
        return Cause("", says, asks)
    left = _cause(question, lambda scene: values(new, scene, question.spans), own._replace(tree=new))
    written = spelled(new, question)
    if not left.says or len(written) > LONGEST_FITTED:
        return None
    rest = " ".join(filter(None, (left.right.replace("Its shape is right.", ""), left.says)))
    return Cause("", f"{says} Then the shapes fit:  {written}.  Of that: {rest}", left.asks)


def _by_brackets(question: Question, own: Own | None) -> Cause | None:
    """Return the cause where brackets around an entrywise product, or a product of matrices, make an answer right."""
    try:
        with patience(SECONDS):
            text = bracketed(question, own, trial_scenes(question)) if own else ""
    except Unsettled:
        return None
    says = f"Brackets are missing: @ and * have one rank and are read from the left. With them it is right:  {text}"
    return Cause("", says, "Which product comes first, and which shape has each factor?") if text else None


def _by_outer_products(question: Question, own: Own) -> Cause | None:
    """Return the cause where `*` stands between a column and a row, and `@` makes the answer right."""
    try:
        with patience(SECONDS):
            text = with_outer_products(question, own, trial_scenes(question))
    except Unsettled:
        return None
    says = f"A column times a row is a product of matrices: * goes entry by entry, @ makes the matrix. Write  {text}"
    return Cause("", says, "Which shape has each factor?") if text else None


def _cause(question: Question, answer: Callable[[Scene], list], own: Own | None) -> Cause:
    scenes = trial_scenes(question)
    try:
        with patience(SECONDS):
            given = [answer(scene) for scene in scenes]
    except (FormulaError, ArithmeticError, ValueError, Unsettled):
        return Cause()
    true = _goal_values(question)
    if [np.shape(v) for found in given for v in found] != [np.shape(v) for found in true for v in found]:
        by_shape = _by_shape(given, true)
        found = None if by_shape.right else _by_alignment(question, own, scenes, [])
        found = found or (_by_fitting(question, own) if own and not by_shape.right else None)
        return found._replace(says=f"{by_shape.says} {found.says}") if found else by_shape
    a, g = (np.array(flat([v for found in side for v in found]), dtype=float) for side in (given, true))
    if not (np.abs(a) < LARGEST).all():
        more = ", and does the loss depend on it so strongly" if is_derivative(question) else ""
        return Cause("", TOO_LARGE, f"Which factor grows so{more}?")
    if np.linalg.norm(a - g) <= EQUAL * np.linalg.norm(g):
        is_timed = any(map(question.graph.network.is_timed, question.graph.network.shapes))
        steps = ", or for these steps only" if is_timed else ""
        asks = f"Which part of it is zero, or one, for small numbers only{steps}?"
        return Cause("It is right at many points.", "It is not right everywhere.", asks)
    if same(a, g):
        return Cause("It agrees to about eight digits.", "A constant is slightly off.", "Which number did you round?")
    found = _of_numbers(question, own, given, true)
    if _is_printed(question, scenes, a):
        return Cause("", "That is the printed line: find the slip in it.", found.asks or _asks_where(question))
    return found


def _of_numbers(question: Question, own: Own | None, given: list[list], true: list[list]) -> Cause:
    """Return the cause of an answer of the right shape, by its numbers at the points tried."""
    scenes = trial_scenes(question)
    a, g = (np.array(flat([v for found in side for v in found]), dtype=float) for side in (given, true))
    single = corrections(question, own, scenes) if own else []
    edit = _the_one(single)
    named = _by_catalogue(question, a, own, edit)

    def told() -> Iterator[Cause | None]:
        """Yield what is known, the most certain first; the search for two slips takes longest and is rarely needed."""
        yield _of_edit(question, edit) if edit and edit.kind == "derivative" else None
        yield _of_factor(question, a, g, named)
        yield _of_edit(question, edit) if named and named.mistake == LEFT_OUT and _takes_another(edit) else None
        yield _by_paths(question, scenes, a, named, edit)
        yield named
        yield _of_edit(question, edit)
        yield _by_other_letter(question, scenes, a, own)
        yield _by_multiplying_out(question, own, scenes) if not single else None
        yield _by_transposing(given, true)
        yield _by_slip(question, a, own)
        laid = explanation(question, own, scenes) if own and not single else None  # beside right forms
        kinds = {slip.kind for slip in laid.slips} if laid else set()
        yield _by_negative_slip(question, a) if kinds == {"sign", "lost"} else None
        yield _of_slips(question, laid)._replace(right=_partly_right(question, given, true)) if laid else None
        yield _by_negative_slip(question, a)
        yield _by_pair(question, own, scenes)
        yield _in_every_term(question, own)
        yield Cause(_partly_right(question, given, true))

    return next(cause for cause in told() if cause is not None)


def _by_transposing(given: list[list], true: list[list]) -> Cause | None:
    """Return the cause where rows and columns of the whole are exchanged, and the shape does not show it."""
    turned = [np.transpose(value) for found in given for value in found]
    expected = [np.asarray(value) for found in true for value in found]
    if [one.shape for one in turned] != [one.shape for one in expected] or turned[0].ndim < 2:
        return None
    if not same(np.array(flat(turned), dtype=float), np.array(flat(expected), dtype=float)):
        return None
    return Cause("Every entry is right.", WHOLE_TRANSPOSED, "Which size belongs to the rows, and which to the columns?")


def _the_one(single: list[Edit]) -> Edit | None:
    """Return the change of an answer that makes it right, if there is exactly one; a long sum for a factor is none."""
    plain = [edit for edit in single if not (edit.kind == "factor" and len(terms(edit.about[0])) > LONGEST_FACTOR)]
    found = plain if len(single) > 1 else single
    return found[0] if len(found) == 1 else None


def _takes_another(edit: Edit | None) -> bool:
    """Return whether a change takes one part for another: then all terms and factors stand in the answer."""
    return edit is not None and edit.kind in FOR_ANOTHER


def _of_edit(question: Question, edit: Edit | None) -> Cause | None:
    if edit is None:
        return None
    says = edit.said(lambda part: spelled(part, question))
    asks = OWN_ASKS[edit.kind] if is_derivative(question) else ASKS_FORWARD[edit.kind]
    if edit.kind == "derivative" and isinstance(edit.about[0], Derivative) and edit.about[0].kind != "immediate":
        asks = ASKS_OF_TOTAL
    if len(edit.about) > 2 and edit.kind == "exchange":
        asks = "Which of them stand together in one term, and why?"
    return Cause("", says, asks, "A2" if edit.kind == "derivative" else "")


def _by_alignment(question: Question, own: Own | None, scenes: list[Scene], single: list[Edit]) -> Cause | None:
    """Return the cause where an answer, laid beside a right form, differs by one slip or two, if no edit mends it."""
    found = explanation(question, own, scenes) if own and not single else None
    is_of_rows = found and {slip.kind for slip in found.slips} == {"row"}  # a slip of its own, with its own words
    return _of_slips(question, found) if found and not is_of_rows else None


def _as_one(slips: tuple[Misfit, ...]) -> tuple[Misfit, ...]:
    """Return slips, two of which each is what belongs where the other stands as one: they are exchanged."""
    if len(slips) == 2 and [slip.kind for slip in slips] == ["time", "time"] and slips[0].key[-1] == slips[1].key[-1]:
        about, places = (*slips[0].about[:2], *slips[1].about[:2]), slips[0].places + slips[1].places - 1
        return (slips[0]._replace(says=SAME_STEPS, about=about, places=places),)
    if {(slip.kind, slip.places) for slip in slips} not in ({("time", 1)}, {("letter", 1)}):
        return slips
    is_exchange = len(slips) == 2 and slips[0].about[:2] == slips[1].about[1::-1]
    return (slips[0]._replace(says=EXCHANGED),) if is_exchange else slips


def _of_slips(question: Question, found: Explanation) -> Cause:
    said = [slip.said(lambda part: spelled(part, question)) for slip in _as_one(found.slips)]
    says = TWICE.get(said[0], " ".join(said)) if said[0] == said[-1] and len(said) > 1 else " ".join(said)
    known = OWN_ASKS | ALIGNED_ASKS if is_derivative(question) else ASKS_FORWARD | ALIGNED_FORWARD
    asks = known.get(found.slips[0].kind, "")
    if not found.is_all:
        return Cause("", f"{says} There is a second slip besides.", asks)
    return Cause("", f"Two slips: {says} With both mended it is right." if len(said) > 1 else says, asks)


def _by_pair(question: Question, own: Own | None, scenes: list[Scene]) -> Cause | None:
    """Return the cause where two slips were made, and mending both makes an answer right."""
    found = pair(question, own, scenes) if own else None
    if found is None:
        return None
    known = OWN_ASKS if is_derivative(question) else ASKS_FORWARD
    asks = known.get(found[0].kind, WHICH_FIRST)
    if found[0].shift and found[0].shift == found[1].shift:
        about = (*found[0].changes[0].about[:2], *found[1].changes[0].about[:2])
        says = SAME_STEPS.format(*(spelled(part, question) for part in about))
        more = LIKEWISE if any(len(slip.changes) > 1 for slip in found) else "."
        return Cause("", says.removesuffix(".") + more, asks)
    says = " ".join(slip.said(lambda part: spelled(part, question)) for slip in found)
    return Cause("", f"Two slips: {says} With both mended it is right.", asks)


def _in_every_term(question: Question, own: Own | None) -> Cause | None:
    """Return the cause where every term has the same slip, and others are missing."""
    found = uniform(question, own) if own else None
    if found is None:
        return None
    likewise = ", and likewise in the other terms" if found.terms > 1 else ""
    says = f"{found.slips[0].said(lambda part: spelled(part, question)).removesuffix('.')}{likewise}."
    if len(found.slips) > 1:
        if {slip.kind for slip in found.slips} != {"time"}:
            return None
        where = f"In {spelled(found.term, question)}{likewise}{',' if likewise else ''}"
        says = f"{where} the steps of the factors do not belong together."
    known = OWN_ASKS | ALIGNED_ASKS if is_derivative(question) else ASKS_FORWARD | ALIGNED_FORWARD
    return Cause("", f"{says} Besides: {found.lost}", known.get(found.slips[0].kind, ""))


def _by_lost_letter(question: Question, own: Own | None, scenes: list[Scene]) -> Cause | None:
    """Return the cause where a letter cancels: the value may be that of something else by accident only."""
    letter = lost_letter(question, own, scenes) if own else ""
    if not letter:
        return None
    says = f"{letter} cancels in your answer: its value does not depend on {letter} where you wrote it."
    return Cause("", says, f"Does the derivative asked for depend on {letter}, and by which terms?")


def _by_other_letter(question: Question, scenes: list[Scene], a: np.ndarray, own: Own | None) -> Cause | None:
    """Return the cause where an answer is the derivative by another letter, another entry, or at another step."""
    goal, graph = question.goal_tree, question.graph
    if not isinstance(goal, Derivative):
        return None
    for other in (*other_letters(goal.above, graph.network), *at_other_times(goal.above, graph.T)):
        numbers = numbers_of(replace(goal, above=other), scenes, question)
        if numbers is not None and same(a, numbers):
            if cancels := _by_lost_letter(question, own, scenes):
                return cancels
            says = f"This is the derivative by {write(other)}, not by {write(goal.above)}."
            if other.time != goal.above.time:
                return Cause("", says, f"Which steps lie between {write(goal.above)} and what it reaches?")
            return Cause("", says, f"Where does {write(goal.above)} stand in the forward equations?")
    return None


def _is_printed(question: Question, scenes: list[Scene], a: np.ndarray) -> bool:
    """Return whether an answer is the wrong line that was to be mended."""
    numbers = numbers_of(question.tree(question.printed), scenes, question) if question.printed else None
    return numbers is not None and same(a, numbers)


def _asks_where(question: Question) -> str:
    """Return the question where a line fails: at a step, at an entry, at both, where it has them."""
    has_steps = any(len(span) > 1 for span in question.spans.values())
    has_entries = any(np.size(value) > 1 for value in _goal_values(question)[0])
    places = [word for word, is_there in (("step", has_steps), ("entry", has_entries)) if is_there]
    return (
        f"Where does it fail: at which {' or '.join(places)}?" if places else "Which part of it is not right, and why?"
    )


@kept
def _goal_values(question: Question) -> list[list]:
    """Return the values of the goal in every scene, over the free indices."""
    return [values(question.goal_tree, scene, question.spans) for scene in trial_scenes(question)]


def _of_factor(question: Question, a: np.ndarray, g: np.ndarray, named: Cause | None) -> Cause | None:
    found = factor_cause(a, g, named)
    if found and found.says == ZERO and not is_derivative(question):
        return found._replace(asks="For which numbers is it not zero?")
    return found._replace(asks=ASKS_OF_A_SIGN) if found and found.says == WRONG_SIGN else found


def _by_paths(
    question: Question, scenes: list[Scene], a: np.ndarray, named: Cause | None, edit: Edit | None
) -> Cause | None:
    found = account(question.goal_tree, question.graph, scenes, question.spans, a)
    if not found:
        return None
    told = paths_cause(found, question.goal_tree, named)
    own = _of_edit(question, edit) if named is None else None
    if own is None or not found.with_factor(lambda factor: factor not in (0, 1)):
        return told
    if edit.kind == "surplus" or found.with_factor(lambda factor: factor not in (0, 1, *OFTEN)):  # type: ignore[union-attr]
        return own  # a path taken 8/3 times is a number of the points tried, not of the slip
    return told._replace(says=f"{told.says} {own.says}", asks=own.asks)


def _by_catalogue(question: Question, a: np.ndarray, own: Own | None, edit: Edit | None) -> Cause | None:
    """Return the cause of the first catalogued mistake with an answer's numbers, if it is true of what is written."""
    if edit and (edit.kind == "surplus" or edit.kind == "sign" and not edit.is_inside):
        return None
    has_inner_sign = own is None or edit is not None and edit.kind == "sign" and not is_product(edit.about[0])
    has_slope = own is not None and _holds_a_right_slope(question, own)
    for mutant, numbers in catalogued(question):
        is_true = not (has_slope and dict(mutant.detail).get("equation") == EVERY_LAYER)
        if is_true and same(a, numbers) and (has_inner_sign or mutant.mistake not in OF_INNER_SIGNS):
            cause = named_cause(mutant, question.goal_tree)
            cause = cause._replace(asks=ASKS_OF_SHARES) if mutant.mistake in OF_A_LOOP else cause
            return _as_it_stands(question, cause, own, edit)
    return None


def _as_it_stands(question: Question, cause: Cause, own: Own | None, edit: Edit | None) -> Cause:
    """Return what the catalogue says of a slope, true of an answer: which one is missing, how often one stands."""
    name = re.split(r"[ (]", cause.says.removeprefix(CATALOGUE[MISSING_SLOPE].says.split("{")[0]))[0]
    if cause.mistake == MISSING_SLOPE and own and name in _with_right_slope(question, own):
        if edit and edit.kind == "factor":
            return _of_edit(question, edit)._replace(mistake=cause.mistake)  # type: ignore[union-attr]
        return cause._replace(says=cause.says.replace("The slope", "One slope", 1))
    return slope_too_much(cause) if own and not _stands_twice(own.tree) else cause


def _stands_twice(tree: Tree) -> bool:
    """Return whether a slope, told by its factor one minus something, is multiplied in more than once."""
    below = {id(one) for spot in spots(tree) if _is_quotient(spot.part) for one in walk(spot.part.right)}  # type: ignore[union-attr]
    found: Counter[Tree] = Counter()
    for spot in spots(tree):
        one, times = (spot.part.base, 2) if isinstance(spot.part, Power) else (spot.part, int(spot.is_factor))
        if is_sum(one) and one.left == ONE and id(one) not in below:
            found[one] += times
    return any(times > 1 for times in found.values())


def _is_quotient(part: Tree) -> bool:
    return isinstance(part, Binary) and part.operator == "/"


def _holds_a_right_slope(question: Question, own: Own) -> bool:
    """Return whether a slope of a right form, such as 1 - h1(3)**2, stands in an answer: then not all are wrong."""
    return bool(_with_right_slope(question, own))


def _with_right_slope(question: Question, own: Own) -> set[str]:
    """Return the letters of which a slope of a right form stands in an answer."""
    right = {
        part for part in factors_in(question) if is_sum(part) and any(isinstance(one, Power) for one in walk(part))
    }
    slopes = [spot.part for spot in spots(own.tree) if spot.part in right]
    return {one.name for part in slopes for one in walk(part) if isinstance(one, Letter)}


def _by_multiplying_out(question: Question, own: Own | None, scenes: list[Scene]) -> Cause | None:
    """Return the cause of a factored answer that no single change mends as it is written, but one of its terms does."""
    found = opened(question, own, scenes) if own else None
    if found is None:
        return None
    known = OWN_ASKS if is_derivative(question) else ASKS_FORWARD
    return Cause("", found.says, OPENED_ASKS.get(found.kind) or known.get(found.kind, ""))


def _by_slip(question: Question, a: np.ndarray, own: Own | None) -> Cause | None:
    written = own and {_name(spot.part) for spot in spots(own.tree)}
    for slip, numbers in pen_slips(question):
        is_there = written is None or slip.kind not in OF_LETTERS or slip.letter in written
        if is_there and same(a, numbers) and (own is None or _is_mended(question, own, slip)):
            is_way = is_derivative(question) and not (slip.kind == "term" and _has_one_way(question))
            asks = (ASKS if is_way else ASKS_FORWARD)[slip.kind]
            return Cause("", SAYS[slip.kind].format(letter=slip.letter), asks.format(letter=slip.letter))
    return None


def _has_one_way(question: Question) -> bool:
    """Return whether what a derivative is taken by reaches one quantity only: terms that are missing are no paths."""
    goal, network = question.goal_tree, question.graph.network
    return isinstance(goal, Derivative) and goal.above.time is not None and len(network.uses[goal.above.name]) == 1


def _is_mended(question: Question, own: Own, slip: Slip) -> bool:
    """Return whether another letter or step, where a slip says so, makes an answer right as it is written."""
    if slip.kind not in OTHER_LETTER:
        return True
    aims = aims_of(question, trial_scenes(question))
    found = edits(own.tree, question.graph.network, (), True) if len(write(own.tree)) <= LONGEST else ()
    return any(
        edit.kind == slip.kind and _name(edit.about[0]) == slip.letter and agrees(edit.tree, question, aims)
        for edit in found
    )


def _by_negative_slip(question: Question, a: np.ndarray) -> Cause | None:
    """Return the cause where a term is missing, and the rest has the wrong sign."""
    if any(slip.kind == "term" and same(-a, numbers) for slip, numbers in pen_slips(question)):
        return Cause("", LOST_AND_NEGATIVE, "Of which terms is it made, and which sign has each?")
    return None


def is_derivative(question: Question) -> bool:
    """Return whether a question asks for a derivative, or for what holds one, and not for what is computed forwards."""
    return any(isinstance(part, Derivative) for part in walk(question.goal_tree))


def _name(part: Tree) -> str:
    """Return a letter, or a derivative by one, as a slip names it."""
    if isinstance(part, Derivative):
        return said_of(part, part.above.name)
    return part.name if isinstance(part, Letter) else ""


@kept
def pen_slips(question: Question) -> tuple:
    """Return the slips of the pen in the answer, and in the other right forms, with their numbers."""
    scenes, found = trial_scenes(question), []
    right = np.array(flat([v for found in _goal_values(question) for v in found]), dtype=float)
    for text in (question.answer, *question.same):
        for slip in slips(question.tree(text), question.graph.network):
            numbers = numbers_of(slip.tree, scenes, question)
            if numbers is not None and numbers.shape == right.shape and not same(numbers, right):
                found.append((slip, numbers))
    return tuple(found)


def _by_shape(given: list, true: list) -> Cause:
    """Return the cause where the shapes differ: often a transpose of the right thing."""
    one, other = given[0][0], true[0][0]
    got, wanted = (shape_text(value) for value in (one, other))
    says = f"Its shape is {got}; expected {wanted}."
    turned = [v.T if isinstance(v, np.ndarray) else v for found in given for v in found]
    expected = [v for found in true for v in found]
    if [np.shape(v) for v in turned] == [np.shape(v) for v in expected]:
        if same(np.array(flat(turned), dtype=float), np.array(flat(expected), dtype=float)):
            mistake = "C8" if 1 in np.shape(one) else "C6"
            asks = "Is the derivative wanted, or the gradient, and which shape has it?"
            return Cause("Every entry is right.", "The whole is transposed. " + says, asks, mistake)
    return Cause("", says, "Which shape has each factor?")


def _partly_right(question: Question, given: list, true: list) -> str:
    """Return at which steps the answer agrees, or that its shape does."""
    choices = list(bindings(question.spans))
    agrees = [all(_agree(g[i], w[i]) for g, w in zip(given, true, strict=True)) for i in range(len(choices))]
    if len(choices) > 1 and any(agrees):
        places = [", ".join(f"{name} = {number}" for name, number in choice.items()) for choice in choices]
        return f"It is right at {'; '.join(place for place, good in zip(places, agrees, strict=True) if good)}."
    return "Its shape is right." if isinstance(true[0][0], np.ndarray) else ""


def _agree(given: object, true: object) -> bool:
    return same(*(np.ravel(np.asarray(value, dtype=float)) for value in (given, true)))
