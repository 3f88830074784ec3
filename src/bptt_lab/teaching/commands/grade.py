"""`bptt-lab grade`: judge what a class handed in."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any


def add(commands: argparse._SubParsersAction) -> None:
    """Add the word to the command's parser."""
    word = commands.add_parser(
        "grade",
        help="judge what a class handed in, for example: bptt-lab grade submitted/ --course course.toml",
        description="Read the answers from the notebooks' source and judge them again; no notebook is run. Functions "
        "run in limited processes. Stopped and begun again, it goes on where it was.",
        epilog="Example: bptt-lab grade submissions.zip --course course.toml --assignment week7 --out results; "
        "the first argument is nbgrader's folder submitted, a zip of Canvas or Moodle, or a folder of notebooks.",
    )
    word.add_argument("submissions", type=Path, help="a folder or a zip with what was handed in")
    word.add_argument("--course", type=Path, required=True, metavar="COURSE.toml", help="the course's file")
    word.add_argument("--assignment", default="", help="its name; needed where the course has several")
    word.add_argument("--out", type=Path, required=True, metavar="RESULTS", help="the folder for the results")
    word.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="how many at once")
    word.add_argument("--dask", default="", metavar="ADDRESS", help="judge on this Dask cluster, tcp://host:8786")
    word.add_argument("--trust", action="store_true", help="run functions even where their process is not isolated")
    word.add_argument("--students", type=Path, metavar="STUDENTS.csv", help="compare who handed in with this table")
    word.add_argument("--again", action="store_true", help="judge again what has a result")
    word.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Grade, and return the exit code: 2, with one sentence, for what cannot be done."""
    from bptt_lab.teaching.coursefile import CourseError, QuestionError, load
    from bptt_lab.teaching.roster import RosterError, read
    from bptt_lab.teaching.submissions import SubmissionsError, find

    try:
        if chosen.jobs < 1:
            raise SubmissionsError("--jobs is how many are judged at once: 1 or more.")
        course = load(chosen.course)
        assignment = _assignment(course, chosen.assignment)
        found, nobody = find(chosen.submissions, assignment, course.assignments)
        roster = read(chosen.students) if chosen.students else None
        return _graded(chosen, course, assignment, found, nobody, roster)
    except (CourseError, QuestionError, SubmissionsError, RosterError) as error:
        return _refused(str(error))
    except ImportError as error:
        extra = "cluster" if chosen.dask and error.name != "tqdm" else "instructor"
        return _refused(f"{error.name} is not installed: pip install 'bptt-lab[{extra}]'.")
    except OSError as error:
        return _refused(f"{error.strerror or error}.")


def _assignment(course: Any, name: str) -> str:
    from bptt_lab.teaching.submissions import SubmissionsError

    if name in course.assignments:
        return name
    if not name and len(course.assignments) == 1:
        return next(iter(course.assignments))
    known = ", ".join(course.assignments) or "none"
    raise SubmissionsError(f"Name the assignment with --assignment; the course has {known}.")


def _graded(
    chosen: argparse.Namespace, course: Any, assignment: str, found: list, nobody: list[str], roster: Any
) -> int:
    from tqdm import tqdm

    from bptt_lab.teaching import isolation, pool, store

    level = pool.isolation_of(chosen.dask) if chosen.dask else isolation.found()
    runs = isolation.runs_functions(level.level, chosen.trust)
    print(level, "" if runs else "Functions are not run; --trust runs them all the same.", flush=True)
    chosen.out.mkdir(parents=True, exist_ok=True)
    where = pool.cluster(chosen.dask) if chosen.dask else pool.local(chosen.jobs)
    options = {"level": level.level, "runs_functions": runs, "again": chosen.again, "roster": roster}
    with tqdm(total=len(found), unit="", desc="graded", file=sys.stderr) as bar:
        tally = pool.grade_all(course, assignment, found, chosen.out, pool=where, told=bar.update, **options)
    rows = [*store.listed(tally.results), *(("", "", "not readable", "Nobody's file.", name) for name in nobody)]
    listed = store.write_list(chosen.out, rows)
    for line in said(tally):
        print(line)
    if tally.whose:
        print(f"Whose notebook each file is was compared with no table of students: look once through "
              f"{store.write_whose(chosen.out, tally.whose)}, or grade with --students students.csv.")  # fmt: skip
    print(f"To be looked at by a person: {len(rows)} lines in {listed}" if rows else f"Nothing is left: {listed}")
    return 0


def said(tally: Any) -> list[str]:
    """Return the counts at the end, in words."""
    unread = sum(bool(one.reason) for one in tally.results)
    partly = sum(bool(one.not_graded) and not one.reason for one in tally.results)
    whole = len(tally.results) - unread - partly
    before = f" ({tally.there_before} of all were there before)" if tally.there_before else ""
    return [f"Graded: {whole}. With something not graded: {partly}. Not readable: {unread}.{before}"]


def _refused(what: str) -> int:
    print(f"bptt-lab: {what}", file=sys.stderr)
    return 2
