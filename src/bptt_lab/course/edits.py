"""Wrong functions made of right ones by one edit of their text, and the cases at which they pass a gradient check."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import NamedTuple

from bptt_lab.course.case import Case
from bptt_lab.numeric import gradient_check, rnn

LIMIT = 1e-6  # of a gradient check as it is usually done: far above rounding, far below most mistakes


class Trial(NamedTuple):
    """Which functions pass at which cases: the names of the cases, and for each function its name and verdicts."""

    cases: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    def _repr_markdown_(self) -> str:
        heading = ["| | " + " | ".join(self.cases) + " |", "|---" * (len(self.cases) + 1) + "|"]
        return "\n".join([*heading, *(f"| {' | '.join(line)} |" for line in self.lines)])

    def __repr__(self) -> str:
        return "\n".join(", ".join(line) for line in self.lines)


def edited(function: Callable, text: str, instead: str) -> Callable:
    """Return a function whose text is that of another with one edit; it sees the same names.

    Errors: ValueError where the text does not stand in the function exactly once.
    """
    source = textwrap.dedent(inspect.getsource(function))
    if source.count(text) != 1:
        raise ValueError(f"{text!r} stands {source.count(text)} times in {function.__name__}; expected once.")
    names = dict(function.__globals__)
    exec(compile(source.replace(text, instead), f"<{function.__name__}, edited>", "exec"), names)
    return names[function.__name__]


def degenerate(case: Case) -> dict[str, Case]:
    """Return a case by the name generic, and beside it cases made of it at which some mistakes cannot show."""
    arrays = case.arrays
    tiny = {name: 1e-4 * arrays[name] for name in rnn.PARAMETERS}
    return {
        "generic": case,
        "h1(0) = 0": case._replace(arrays={**arrays, "h_start": 0 * arrays["h_start"]}),
        "T = 1": _first_steps(case, 1),
        "T = 2": _first_steps(case, 2),
        "B = 1": _first_sequence(case),
        "tiny weights": case._replace(arrays={**arrays, **tiny}),
    }


def _first_steps(case: Case, T: int) -> Case:
    return Case(case.graph.network.unroll(T), {**case.arrays, "x": case.arrays["x"][:T]}, case.labels[:T])


def _first_sequence(case: Case) -> Case:
    first = {"x": case.arrays["x"][:, :1], "h_start": case.arrays["h_start"][:1]}
    return Case(case.graph, {**case.arrays, **first}, case.labels[:, :1])


def trial(backwards: Mapping[str, Callable], cases: Mapping[str, Case]) -> Trial:
    """Return which backward passes pass a gradient check at which cases, as a table: a line each, a column a case.

    A backward pass takes what `Case.run` returns and gives a dict of gradients, each judged beside complex steps.
    """
    stepped = {name: case.by_complex_step() for name, case in cases.items()}
    lines = [(name, *(_judged(pass_, cases[at], stepped[at]) for at in cases)) for name, pass_ in backwards.items()]
    return Trial(tuple(cases), tuple(lines))


def _judged(backward: Callable, case: Case, right: Mapping) -> str:
    found = backward(*case.run())
    if any(found[name].shape != right[name].shape for name in found):
        return "wrong shape"
    worst = max(gradient_check.relative_difference(found[name], right[name]) for name in found)
    return "refused" if worst > LIMIT else "**passes**"
