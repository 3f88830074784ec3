"""A question as data: what is asked about which network, what counts as right, and the help on the way."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import Any

from bptt_lab.formulas import FormulaError, Language, read
from bptt_lab.formulas.errors import nearest
from bptt_lab.formulas.tree import Tree, free_variables
from bptt_lab.network import Graph, Network, NetworkError
from bptt_lab.network.keeping import kept


@lru_cache(maxsize=64)
def _network(text: str, sizes: tuple[tuple[str, int | tuple], ...]) -> Network:
    return Network(text, sizes=dict(sizes))


@kept
def _unrolled(network: Network, T: int) -> Graph:
    """Return a graph that all questions about a network share, with what is kept on it."""
    return network.unroll(T)


class QuestionError(ValueError):
    """A question that cannot be asked: its data are wrong; the message names the question and the mend."""


@dataclass(frozen=True, eq=False)  # a question is itself only, and keeps what is computed for it
class Question:
    """One question; an instructor writes it as a table of TOML of at most 15 lines.

    `goal` is a formula of the engine's own value (a total or immediate derivative); `answer` is one right form, shown
    only as solution; `same` lists other forms that must be accepted; `letters` are those an answer may use; `ranges`
    says over which whole numbers free indices such as t run. `printed` is a wrong line to be mended, `source` the id of
    its lecture's formula. `arguments` and `returns` map the names of a function's arrays to formulas; what stands at t
    is stacked over time, what belongs to a sequence over `batch` sequences (0: one sequence, without that axis).
    `wrong` holds functions as students get them wrong, `answer`, and what is said of each, `says`.
    `reasons` says of wrong choices, numbers or shapes why they are wrong. A `shape` with a network and a goal is
    proven, and a wrong one compared with those of other quantities; `called` gives letters to sizes: { x = "D" }.
    `most_letters` is how many letters the last line of a derivation may hold, where the task asks for a short one;
    `left_out` is what it or an answer may not hold: "sum", "/".
    `tolerance` says how far a number may be off: `abs`, or `rel` as a share of it. `points` and `attempts` hold where a
    course file says nothing else.
    """

    id: str
    kind: str
    task: str
    hints: tuple[str, ...] = ()
    section: str = ""
    points: float = 1.0
    attempts: int = 1
    network: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    T: int = 0
    goal: str = ""
    answer: str = ""
    same: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    ranges: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    most_letters: int = 0
    left_out: tuple[str, ...] = ()
    printed: str = ""
    source: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    returns: Mapping[str, str] = field(default_factory=dict)
    wrong: tuple[Mapping[str, str], ...] = ()
    batch: int = 6  # a mean over few sequences could be taken for something else
    shape: tuple[int, ...] | None = None
    called: Mapping[str, str] = field(default_factory=dict)
    number: float | None = None
    tolerance: Mapping[str, float] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    right: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        """Return what travels to another process: the question, and nothing computed for it."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @cached_property
    def kept(self) -> dict[Any, Any]:
        """What others have computed about this question, by who and what: see `network.keeping`."""
        return {}

    @cached_property
    def graph(self) -> Graph:
        """The influence graph of the question's network (errors: QuestionError)."""
        known = networks()
        if "=" in self.network:
            text, sizes, T = self.network, dict(self.sizes), self.T
        elif self.network in known:
            one = known[self.network]
            text, sizes, T = one["text"], {**one["sizes"], **self.sizes}, self.T or one["T"]
        else:
            raise QuestionError(f"{self.id}: there is no network {self.network!r}." + nearest(self.network, known))
        try:
            return _unrolled(_network(text, tuple(sizes.items())), T)
        except NetworkError as error:
            as_toml = re.sub(r"sizes=dict\((\w+)=(\d+)\)", r"sizes = { \1 = \2 }", str(error))
            raise QuestionError(f"{self.id}: {as_toml}") from error

    @cached_property
    def language(self) -> Language:
        """All words of the network: what an answer is first read with."""
        has_time = any(map(self.graph.network.is_timed, self.graph.network.shapes))
        variables = ("t", *self.ranges) if has_time else tuple(self.ranges)
        is_limited = bool(self.letters) and self.kind in ("line", "matrix")
        asked = tuple(name for name in variables if re.search(rf"\b{name}\b", self.goal))
        return Language(self.graph.network, variables, offered=self.letters, is_limited=is_limited, asked=asked)

    @property
    def has_times(self) -> bool:
        """Whether a letter that an answer may use carries a time."""
        letters = self.language.letters
        return any(self.language.is_timed(name) for name in self.letters or letters if name in letters)

    @cached_property
    def goal_tree(self) -> Any:
        """The goal as a tree (errors: QuestionError)."""
        return self.tree(self.goal)

    def tree(self, text: str) -> Tree:
        """Return a formula of the author's as a tree (errors: QuestionError)."""
        try:
            return read(text, self.language)
        except FormulaError as error:
            raise QuestionError(f"{self.id}: {error}") from error

    @cached_property
    def spans(self) -> dict[str, range]:
        """The whole numbers over which each free index of the goal runs; t runs from 1 to T where nothing is said."""
        found = {name: range(low, high + 1) for name, (low, high) in self.ranges.items()}
        for name in sorted(free_variables(self.goal_tree) - {"T"} - set(found)):
            if name != "t":
                raise QuestionError(f"{self.id}: the goal leaves {name} free; give ranges = {{ {name} = [1, 3] }}.")
            found[name] = range(1, self.graph.T + 1)
        return found


@cache
def networks() -> dict[str, dict]:
    """Return the networks that questions may name: text, sizes and T by name."""
    file = resources.files("bptt_lab.exercises") / "questions" / "networks.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
