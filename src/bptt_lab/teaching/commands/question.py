"""`bptt-lab question new|check|format`: questions of one's own."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

KINDS = (
    "line",
    "matrix",
    "derivation",
    "function",
    "shape",
    "number",
    "choice",
)  # as in kinds.KINDS, which takes SymPy


def add(commands: argparse._SubParsersAction) -> None:
    """Add the word to the command's parser."""
    word = commands.add_parser(
        "question",
        help="write and prove questions of your own, for example: bptt-lab question new mine.toml --kind line",
        description="Questions of your own are tables in a file; each is proved before it is asked.",
        epilog="Examples: bptt-lab question new mine.toml --kind matrix; bptt-lab question check mine.toml; "
        "bptt-lab question format",
    )
    word.set_defaults(run=lambda chosen: _help(word))
    inner = word.add_subparsers(metavar="new|check|format")
    new = inner.add_parser("new", help="write a commented template with one working example")
    new.add_argument("file", type=Path, help="a file .toml that is not there yet")
    new.add_argument("--kind", choices=KINDS, default="line", help="the kind of question (line)")
    new.set_defaults(run=_new)
    check = inner.add_parser("check", help="prove every question of a file, and say what must be mended")
    check.add_argument("file", type=Path, help="a file .toml with questions")
    check.set_defaults(run=_check)
    inner.add_parser("format", help="print the page of the format, in Markdown").set_defaults(run=_format)


def _help(word: argparse.ArgumentParser) -> int:
    word.print_help()
    return 0


def _new(chosen: argparse.Namespace) -> int:
    from bptt_lab.teaching.question_format import template

    if chosen.file.exists():
        return _refused(f"{chosen.file} is there already: give another name.")
    try:
        chosen.file.write_text(template(chosen.kind), encoding="utf-8")
    except OSError as error:
        return _refused(f"{chosen.file} cannot be written: {error.strerror}.")
    print(f"{chosen.file} holds a question of kind {chosen.kind} that works. Change it, and prove it:")
    print(f"  bptt-lab question check {chosen.file}")
    return 0


def _check(chosen: argparse.Namespace) -> int:
    from bptt_lab.exercises.authoring.proof import read_file
    from bptt_lab.exercises.question import QuestionError
    from bptt_lab.teaching.question_format import checked

    bad, count = 0, 0
    try:
        for name, troubles in checked(read_file(chosen.file)):
            print("\n".join([f"{name}: {'must be mended' if troubles else 'proved'}", *map(_indented, troubles)]))
            bad, count = bad + bool(troubles), count + 1
            sys.stdout.flush()
    except QuestionError as error:
        return _refused(f"{chosen.file}: {error}" if chosen.file.name not in str(error) else str(error))
    return _refused(f"{bad} of {count} questions must be mended.") if bad else 0


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _format(chosen: argparse.Namespace) -> int:
    from bptt_lab.teaching.question_format import page

    print(page(), end="")
    return 0


def _refused(what: str) -> int:
    print(f"bptt-lab: {what}", file=sys.stderr)
    return 2
