"""`bptt-lab export`: points for Canvas, Moodle or a spreadsheet."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def add(commands: argparse._SubParsersAction) -> None:
    """Add the word to the command's parser."""
    word = commands.add_parser(
        "export",
        help="fill a platform's own file with points, for example: "
        "bptt-lab export results --canvas gradebook.csv --out filled.csv",
        description="Points from the results of `bptt-lab grade`, in the file that the platform exported: one column "
        "is filled, every other byte stays, and so does a grade that is there already. Whoever could not be matched, "
        "or was not graded, is listed.",
        epilog="Examples: bptt-lab export results --moodle worksheet.csv --out filled.csv; "
        "bptt-lab export results --csv --out points.csv",
    )
    word.add_argument("results", type=Path, help="the folder that `bptt-lab grade` wrote")
    kind = word.add_mutually_exclusive_group(required=True)
    kind.add_argument("--canvas", type=Path, metavar="FILE.csv", help="the gradebook that Canvas exported")
    kind.add_argument("--moodle", type=Path, metavar="FILE.csv", help="the grading worksheet that Moodle exported")
    kind.add_argument("--csv", action="store_true", help="a plain table, made new")
    word.add_argument("--out", type=Path, required=True, help="the file to be written")
    word.add_argument("--assignment", help="which one, where the results are of several")
    word.add_argument("--column", help="the column to be filled, where its title is not the assignment's name")
    word.add_argument(
        "--partial", action="store_true", help="give points also to those of whom an answer was not graded"
    )
    word.add_argument("--overwrite", action="store_true", help="write also where the file holds another grade")
    word.add_argument("--course", type=Path, metavar="COURSE.toml", help="so that a column may bear the title, too")
    word.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Write the file and say whom it could not fill; return the exit code."""
    from bptt_lab.teaching import coursefile, exports, gathered, sheets
    from bptt_lab.teaching.wording import written

    source = chosen.canvas or chosen.moodle
    try:
        if source and _is_same(source, chosen.out):
            raise exports.ExportError(f"{chosen.out} is the platform's own file; give --out another name.")
        found = gathered.gather(chosen.results)
        titles = _titles(chosen.course)
        name, results = exports.chosen(found, chosen.assignment, titles)
        made = _made(chosen, source, results, [name, titles.get(name, "")])
    except sheets.SheetError as error:
        return _refused(f"{source}: {error}")
    except (gathered.GatherError, exports.ExportError, coursefile.CourseError, coursefile.QuestionError) as error:
        return _refused(str(error))
    except OSError as error:
        return _refused(f"{error.filename} cannot be read: {error.strerror}.")
    try:
        chosen.out.write_bytes(made.data)
    except OSError as error:
        return _refused(f"{chosen.out} cannot be written: {error.strerror}.")
    print(f"{made.filled} of {len(results)} submissions filled in: {chosen.out}")
    for line in (*made.notes, *(f"a result file that cannot be read: {path}: {why}" for path, why in found.unreadable)):
        print(f"  {written(' '.join(line.split()))}")
    return 0


def _titles(course: Path | None) -> dict[str, str]:
    from bptt_lab.teaching import coursefile

    return {name: one.title for name, one in coursefile.load(course).assignments.items()} if course else {}


def _made(chosen: argparse.Namespace, source: Path | None, results: Any, titles: list[str]) -> Any:
    from bptt_lab.teaching import exports

    if source is None:
        return exports.plain(results)
    fill = exports.canvas if chosen.canvas else exports.moodle
    how = exports.Filling(chosen.partial, chosen.overwrite)
    return fill(source.read_bytes(), results, titles, chosen.column, how)


def _is_same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _refused(what: str) -> int:
    print(f"bptt-lab: {what}", file=sys.stderr)
    return 2
