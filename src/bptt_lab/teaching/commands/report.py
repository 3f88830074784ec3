"""`bptt-lab report`: pages for the class and each student."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add(commands: argparse._SubParsersAction) -> None:
    """Add the word to the command's parser."""
    word = commands.add_parser(
        "report",
        help="show what a class got right and wrong, for example: bptt-lab report results --out report",
        description="From the results of `bptt-lab grade`: a page for the class, one for each student, and the list of "
        "what was not graded. A student's page holds nothing of others, and no page a solution.",
        epilog="Example: bptt-lab report results --out report, then open report/index.html. With --course course.toml "
        "the pages show its titles and the tasks of your own questions.",
    )
    word.add_argument("results", type=Path, help="the folder that `bptt-lab grade` wrote")
    word.add_argument("--out", type=Path, required=True, help="a folder for the pages, made where there is none")
    word.add_argument("--course", type=Path, metavar="COURSE.toml", help="the course file of these assignments")
    word.add_argument("--students", type=Path, metavar="STUDENTS.csv", help="show the names in this table, too")
    word.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Write the pages and say what there is; return the exit code."""
    from bptt_lab.teaching import coursefile, gathered, pages, roster

    try:
        found = gathered.gather(chosen.results)
        course = coursefile.load(chosen.course) if chosen.course else None
        made = pages.pages(found, course, roster.read(chosen.students) if chosen.students else None)
    except (
        gathered.GatherError,
        pages.PagesError,
        coursefile.CourseError,
        coursefile.QuestionError,
        roster.RosterError,
    ) as error:
        print(f"bptt-lab: {error}", file=sys.stderr)
        return 2
    try:
        left = pages.write(made, chosen.out)
    except OSError as error:
        print(f"bptt-lab: {chosen.out} cannot be written: {error.strerror}.", file=sys.stderr)
        return 2
    students = len(made) - 2
    print(f"{students} student{'s' * (students != 1)}: {chosen.out / pages.CLASS}")
    waiting = sum(1 for one in found.results if one.reason or one.not_graded or not one.answers) + len(found.unreadable)
    if waiting:
        print(f"{waiting} of {len(found.results) + len(found.unreadable)} not graded whole: "
              f"{chosen.out / pages.NOT_SEEN}")  # fmt: skip
    for path in left:
        print(f"{chosen.out / path} is of an earlier report: it is of no student in {chosen.results}.")
    return 0
