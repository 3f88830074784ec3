"""What is said of a wrong answer: a constant factor, the paths it holds and how often; one cause as an object."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from bptt_lab.exercises.causes.corrections import same
from bptt_lab.exercises.causes.paths import Account, Path
from bptt_lab.exercises.places import listed
from bptt_lab.formulas import write
from bptt_lab.formulas.tree import Derivative

SMALLEST, LARGEST_FACTOR = 1e-200, 10**6  # less is nothing, more is no factor that somebody wrote
WRONG_SIGN = "The whole has the wrong sign."
ZERO = "Your answer is zero at every point tried."
OFTEN = {2: "counted twice", 3: "counted three times", -1: "taken with the wrong sign"}
MOST_FACTORS = 3  # of paths that are told: of more the first is enough to begin with
OF_A_PATH = frozenset({"A1", "A7"})  # told of a path through a quantity
LEFT_OUT = "A1"  # the catalogue's row of a path through a quantity that is left out


class Cause(NamedTuple):
    """One cause: what is right, what is wrong, a question that leads on, and the slip's id in the catalogue.

    `lit` are the paths in the network that are meant, where paths are told.
    """

    right: str = ""
    says: str = ""
    asks: str = ""
    mistake: str = ""
    lit: tuple[Path, ...] = ()


def factor_cause(a: np.ndarray, g: np.ndarray, named: Cause | None) -> Cause | None:
    """Return the cause where an answer is a constant times the goal; `named` is what the catalogue says of it."""
    if not (np.abs(a) > SMALLEST).any():
        return Cause("", ZERO, "Does the loss depend on this quantity?")
    share = float(a @ g / (g @ g)) if (g @ g) else 0.0
    if not abs(share) <= LARGEST_FACTOR:
        return None
    factor = Fraction(share).limit_denominator(60)
    if not factor or not same(a, float(factor) * g):
        return None
    right = "Everything is right up to the sign." if factor == -1 else "Everything is right up to a constant factor."
    if named and named.mistake != "A7":
        return named._replace(right=right)
    if factor == -1:
        return Cause(right, WRONG_SIGN, "Where did the minus come from?")
    return Cause(right, f"Your answer is {factor} times the right one.", "Where does that factor come from?")


def paths_cause(found: Account, goal: Derivative, named: Cause | None) -> Cause:
    """Return the cause where an answer holds each path a number of times; `named` is what the catalogue says of it."""
    right = found.with_factor(lambda factor: factor == 1)
    is_whole = not found.with_factor(lambda factor: factor == 0)
    words = f"Right: {_through(found, right)}." if right else "Each path is there." if is_whole else ""
    if named and not _is_of_the_direct_path(found, named) and not _is_of_whole_paths(found, named):
        return named._replace(right=words, lit=found.wrong)
    end = "the loss" if found.is_loss else write(goal.below)
    asks = f"Through which quantities does {goal.above.name} reach {end}, and how often each?"
    if found.direct:
        asks = f"In which equations does {goal.above.name} stand? That of {write(goal.below)} may be one of them."
    return Cause(words, _paths_say(found), asks, named.mistake if named else "", lit=found.wrong)


def _is_of_the_direct_path(found: Account, named: Cause) -> bool:
    """Return whether what the catalogue says is about the one path that goes through nothing."""
    is_wrong = found.direct and found.factors[found.direct] != 1
    return bool(is_wrong and len(found.wrong) == 1 and named.mistake in OF_A_PATH)


def _is_of_whole_paths(found: Account, named: Cause) -> bool:
    """Return whether one path is missing, from end to end, and what is named lies on a right path too."""
    missing = found.with_factor(lambda factor: factor != 1)
    is_one = len(missing) == 1 and " → " in missing[0] and found.factors[missing[0]] == 0
    place = re.search(r"path through (\S+) left out", named.says)
    right = (path.split(" → ") for path in found.with_factor(lambda factor: factor == 1))
    return bool(is_one and named.mistake == LEFT_OUT and place and any(place[1] in path for path in right))


def _paths_say(found: Account) -> str:
    missing = found.with_factor(lambda factor: factor == 0)
    lost = _through(found, missing)
    lost = f"{lost[0].upper()}{lost[1:]} {'is' if len(missing) == 1 else 'are'} missing." if missing else ""
    others = [factor for factor in dict.fromkeys(found.factors.values()) if factor not in (0, 1)]
    told = others if len(others) <= MOST_FACTORS else others[:1]
    return " ".join([*filter(None, [lost]), *(_so_often(found, factor) for factor in told)])


def _so_often(found: Account, factor: Fraction) -> str:
    """Return what is said of all paths that stand in an answer with one factor."""
    paths = found.with_factor(lambda one: one == factor)
    said, verb = _through(found, paths), "is" if len(paths) == 1 else "are"
    return f"{said[0].upper()}{said[1:]} {verb} {OFTEN.get(factor, f'taken {factor} times')}."  # type: ignore[call-overload]


def _through(found: Account, paths: Sequence[str]) -> str:
    if len(paths) > 2 and any(" → " in path for path in paths):
        return _counted(len(paths), len(found.factors))  # whole paths are long
    by_others = [path for path in paths if path != found.direct]
    words = [f"the path{'s' if len(by_others) > 1 else ''} through {listed(by_others)}"] if by_others else []
    return " and ".join([*words, *(["the direct path"] if found.direct in paths and found.direct else [])])


def _counted(count: int, total: int) -> str:
    """Return how many paths are meant, and of how many there are."""
    return f"all {total} paths" if count == total else f"{count} of the {total} paths"
