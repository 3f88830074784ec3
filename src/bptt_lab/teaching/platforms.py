"""How learning platforms name what was handed in: Canvas and Moodle put a person's number into the names of files."""

from __future__ import annotations

import re

# mulleranna_LATE_4711_99812_week7.ipynb; of a question in a quiz  mulleranna_4711_question_5_99812_week7.ipynb
CANVAS = re.compile(
    r"(?P<name>[^_]+)(?:_late)?_(?P<user>\d+)_(?:question_\d+_)?(?P<upload>\d+)_(?P<file>.+)", re.IGNORECASE
)
# Anna Müller_20311_assignsubmission_file_/week7.ipynb, or _file_week7.ipynb without a folder
MOODLE = re.compile(r"(?P<name>.+)_(?P<user>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)", re.IGNORECASE)
PARTS = re.compile(r"[\\/!:]")  # what parts the names of folders in a path


def person_in(name: str) -> re.Match | None:
    """Return the person's `name` and number, `user`, in the name that a platform gave to a file or folder."""
    return MOODLE.fullmatch(name) or CANVAS.fullmatch(name)


def file_number(file: str) -> str:
    """Return the person's number in the path that a platform gave to a file; nothing where there is none."""
    found = (person_in(part) for part in PARTS.split(file))
    return next((one["user"] for one in found if one), "")
