"""`bptt-lab assign`: release notebooks from a course file, or a course file to begin with."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from pathlib import Path

TEMPLATE = """# A course: what is assigned, for how many points. Next:  bptt-lab assign {file} --out RELEASE

[course]
name = "my-course"
title = "My course"
# From this file each student's instances are drawn, the same ones each time. Keep it, and show it to nobody.
secret = "{secret}"
# Files with questions of your own, beside this one:  bptt-lab question new mine.toml
# questions = ["mine.toml"]

[[assignment]]
name = "week-1"
title = "The recurrent weights"
# Notebooks of the course that are handed out with it, to be read.
notebooks = ["07"]
# true: each student has other letters, sizes, orders of choices; then assign with  --students students.csv
varied = false
# By id, or with points (1 where nothing is said) and attempts (1 as well).
# Of several answers in one cell the first `attempts` count, and of these the best.
question = [
    "07.1",
    {{ question = "07.2", points = 2 }},
    {{ question = "07.4", points = 2, attempts = 2 }},
    {{ question = "07.6", points = 3 }},
]
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the word to the command's parser."""
    word = commands.add_parser(
        "assign",
        help="write the notebooks of an assignment, for example: bptt-lab assign COURSE.toml --out RELEASE",
        description="From a course file to notebooks with a task, an answer cell and a locked check cell an exercise, "
        "as nbgrader knows them. No solution is in them; what can be looked up elsewhere is told.",
        epilog="Examples: bptt-lab assign --new COURSE.toml writes a course file to begin with; "
        "bptt-lab assign COURSE.toml --out RELEASE --students students.csv writes one release a student, too.",
    )
    word.add_argument("course", nargs="?", type=Path, help="the course file")
    word.add_argument("--new", type=Path, metavar="COURSE.toml", help="write a commented course file and its secret")
    word.add_argument("--out", type=Path, help="the folder of the release")
    word.add_argument("--only", metavar="NAME", help="one assignment of the course file")
    word.add_argument("--students", type=Path, help="a table, .csv, with a column student: one release for each")
    word.add_argument("--strict", action="store_true", help="refuse what can be looked up in the installed package")
    word.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> int:
    if chosen.new is not None:
        return _new(chosen.new)
    if chosen.course is None or chosen.out is None:
        return _refused("Name a course file and a folder: bptt-lab assign COURSE.toml --out RELEASE")
    from bptt_lab.exercises.question import QuestionError
    from bptt_lab.network import NetworkError
    from bptt_lab.teaching.assigning import assign
    from bptt_lab.teaching.coursefile import CourseError
    from bptt_lab.teaching.release import ReleaseError
    from bptt_lab.workbook import WorkbookError

    try:
        for line in assign(chosen.course, chosen.out, chosen.only, chosen.students, chosen.strict):
            print(line)
            sys.stdout.flush()
    except (CourseError, QuestionError, ReleaseError, NetworkError, WorkbookError) as error:
        return _refused(str(error))
    except OSError as error:
        return _refused(f"{error.filename or chosen.out} cannot be written: {error.strerror}.")
    return 0


def _new(path: Path) -> int:
    """Write a course file and its secret, which only its owner may read; neither is ever written over."""
    secret = path.with_suffix(".secret")
    for one in (path, secret):
        if os.path.lexists(one):
            return _refused(f"{one} is there already: give another name.")
    try:
        path.write_text(TEMPLATE.format(file=path, secret=secret.name), encoding="utf-8")
        file = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as opened:
            opened.write(secrets.token_hex(32) + "\n")
    except OSError as error:
        return _refused(f"{error.filename} cannot be written: {error.strerror}.")
    print(f"{path} is a course to begin with; {secret} is its secret: keep it, and hand it to nobody.")
    print(f"  bptt-lab assign {path} --out RELEASE")
    return 0


def _refused(what: str) -> int:
    print(f"bptt-lab: {what}", file=sys.stderr)
    return 2
