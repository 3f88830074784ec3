"""A place: one quantity at one time, or one entry of it."""

from __future__ import annotations

from typing import Any, NamedTuple


class Place(NamedTuple):
    """A quantity `name` at a `time` (a step, an index such as t+1, or None), and one `entry` of it, counted from 1.

    `missing_when` says where in time this place does not exist, such as 't = T'. A place is printed as formulas and
    answers write it: h1(2)[3].
    """

    name: str
    time: Any = None  # int | Index | None: which of them, the place of use knows
    entry: tuple[int, ...] = ()
    missing_when: str = ""

    def __str__(self) -> str:
        text = self.name if self.time is None else f"{self.name}({self.time})"
        if self.entry:
            text += f"[{','.join(map(str, self.entry))}]"
        return text + (f" (not required when {self.missing_when})" if self.missing_when else "")

    @property
    def in_equations(self) -> str:
        """The place as the text of a network writes it: h1[2][3]."""
        time = "" if self.time is None else f"[{self.time}]"
        return self.name + time + str(self._replace(time=None, missing_when="")).removeprefix(self.name)

    def __repr__(self) -> str:
        return str(self)
