"""The instructor's side: assign questions to a class, judge what comes back, tell who stumbled where.

`coursefile` reads what is assigned to whom; `variants` gives each student an instance of their own; `release` writes
the notebooks; `submissions` reads what was handed in, `roster` who is in the class, `grading` judges it without running
a student's notebook; `platforms` knows how Canvas and Moodle name files; `results` is what is kept of that. `gathered`
reads all results of a folder, `summary` counts them, `pages` shows them by the templates beside it, `wording` makes
HTML of words. `exports` hands points to a learning platform: `sheets` reads and writes its own table, `matching` says
whose row it is. `commands` are the words of `bptt-lab` for all of these.
Nothing here is needed by a student, but `handin`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # at run time it is loaded when it is first asked for
    from bptt_lab.teaching.handin import hand_in as hand_in

__all__ = ["hand_in"]


if not TYPE_CHECKING:  # or a checker would believe in any name

    def __getattr__(name: str) -> object:
        """Return what a student needs of this room, loaded when it is first asked for."""
        if name != "hand_in":
            raise AttributeError(f"module 'bptt_lab.teaching' has no attribute {name!r}")
        from bptt_lab.teaching.handin import hand_in

        return hand_in
