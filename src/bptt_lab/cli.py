"""The command `bptt-lab`: open the course, look up a formula of the five lectures, derive a network of your own."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import bptt_lab
from bptt_lab.teaching import commands as teaching

if TYPE_CHECKING:
    from bptt_lab.network import Network

# exit codes as a shell gives them to a program that a signal has ended
INTERRUPTED, CLOSED_PIPE = 128 + 2, 128 + 13


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code, without a traceback whatever reads, stops or interrupts it.

    0; 1 where the output cannot be written; 2 where what was asked for does not exist; 130 after Ctrl-C; 141 where
    the reader of a pipe has gone, as in `bptt-lab lookup 004 | head -1`. Errors: SystemExit for wrong arguments.
    """
    try:
        try:
            return _run(arguments)
        finally:
            _flush()  # here, where a pipe that is closed can be caught, not when Python ends
    except BrokenPipeError:
        _mute()
        return CLOSED_PIPE
    except KeyboardInterrupt:
        _mute()
        return INTERRUPTED
    except OSError as error:
        with contextlib.suppress(OSError):  # stderr may be as full as stdout
            print(f"bptt-lab: the output cannot be written: {error.strerror}", file=sys.stderr, flush=True)
        _mute()
        return 1


def _run(arguments: Sequence[str] | None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without ∂ shows ? for it
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.run is None:
        parser.print_help()
        return 0
    return chosen.run(chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bptt-lab",
        description="Backpropagation through time, proved by machine.",
        epilog="Example: bptt-lab lookup 004-44",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {bptt_lab.__version__}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(metavar="command")
    lab = commands.add_parser(
        "lab",
        help="open your own copy of the course in JupyterLab, for example: bptt-lab lab my-course",
        description="Put your own copy of the notebooks, outputs empty, into a folder and open JupyterLab there. "
        "What you have changed is never overwritten: a newer edition is put beside it.",
        epilog="Examples: bptt-lab lab opens the folder workbook, made where there is none; "
        "bptt-lab lab my-course --no-browser prints the address to open.",
    )
    lab.add_argument("folder", nargs="?", type=Path, help="where your copy is, or is to be (workbook)")
    lab.add_argument("--no-browser", action="store_true", help="print the address instead of opening a browser")
    lab.set_defaults(run=_lab)
    lookup = commands.add_parser(
        "lookup",
        help="show a formula of the lectures with its verdict, for example: bptt-lab lookup 004-44",
        epilog="Examples: bptt-lab lookup 004-44 shows one formula; bptt-lab lookup 002 lists the rows of a source.",
    )
    lookup.add_argument("id", help="such as 004-44; a lecture's number alone, such as 004, lists its rows")
    lookup.set_defaults(run=_lookup)
    derive = commands.add_parser(
        "derive",
        help="derive every gradient of a network, with proof, for example: bptt-lab derive network.txt --out page.html",
        description="From equations to one page: derivatives line by line with their verdicts, and a program.",
        epilog="Example: bptt-lab derive network.txt --out page.html, where the file holds one equation a line, as in "
        "h[t] = tanh(W @ x[t] + R @ h[t-1]), and a line such as  sizes: x=3, h=4",
    )
    derive.add_argument("file", type=Path, help="a text of equations; - reads them from the terminal")
    derive.add_argument(
        "--out", type=Path, help="a file .html or .md for the page, .py for the program; without it, the page"
    )
    derive.add_argument("--steps", type=int, default=4, metavar="T", help="in how many steps lines are checked (4)")
    derive.set_defaults(run=_derive)
    sheet = commands.add_parser(
        "sheet",
        help="write all gradients of the course on one sheet, for example: bptt-lab sheet --out sheet.html",
        description="The equations of every network of the course with all its gradients, proved as it is written.",
        epilog="Example: bptt-lab sheet --out sheet.html, to be printed from a browser; without --out, Markdown",
    )
    sheet.add_argument("--out", type=Path, help="a file .html or .md")
    sheet.set_defaults(run=_sheet)
    teaching.add(commands)
    return parser


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()


def _mute() -> None:
    """Send what is still to be written nowhere, so that Python has nothing to complain of when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(nowhere, stream.fileno())
        except (AttributeError, OSError, ValueError):
            continue  # a stream that is closed, or no file
    os.close(nowhere)


def _lab(chosen: argparse.Namespace) -> int:
    from bptt_lab import workbook

    folder = workbook.folder_for(chosen.folder)
    try:
        for line in workbook.make(folder):
            print(line)
        _flush()  # before the server's own lines, which go to stderr
        workbook.open_lab(folder, ["--no-browser"] if chosen.no_browser else [])
    except workbook.WorkbookError as error:
        return _refused(str(error))
    return 0


def _lookup(chosen: argparse.Namespace) -> int:
    from bptt_lab import lectures  # SymPy takes a third of a second: not for --help

    listed = [row for row in lectures.ledger() if row.lecture == chosen.id]
    try:
        if listed:
            print("\n".join(f"{row.id:8}  {lectures.VERDICTS[row.verdict]}" for row in listed))
        else:
            row = lectures.lookup(chosen.id)
            print(row)
            print(f"  checked now: {lectures.found(row)}")
    except lectures.LedgerError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _derive(chosen: argparse.Namespace) -> int:
    from bptt_lab.network import NetworkError, read_network

    kind = chosen.out.suffix if chosen.out else ".md"
    if kind not in (".html", ".md", ".py"):
        return _refused(f"{chosen.out.name} is neither a page, .html or .md, nor a program, .py.")
    try:
        text = sys.stdin.read() if str(chosen.file) == "-" else chosen.file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        return _refused(f"{chosen.file} cannot be read: {why}.")
    try:
        _write(read_network(text), chosen.out, kind, chosen.steps)
    except NetworkError as error:
        return _refused(f"{chosen.file}: {error}")
    return 0


def _write(network: Network, out: Path | None, kind: str, steps: int) -> None:
    """Write what was asked for; a page in Markdown has its drawing in a file beside it."""
    from bptt_lab import report, symbolic

    if kind == ".py":
        out.write_text(symbolic.numpy_source(network), encoding="utf-8")  # type: ignore[union-attr]  # .py is the end of its name
        return
    page = report.made(network, steps)
    if out is None:
        print(report.markdown(page))
    elif kind == ".html":
        out.write_text(report.html(page, out.stem), encoding="utf-8")
    else:
        drawing = out.with_suffix(".png")
        if not isinstance(page.drawing, str):
            drawing.write_bytes(page.drawing[0])
        out.write_text(report.markdown(page, out.stem, drawing=drawing.name), encoding="utf-8")


def _sheet(chosen: argparse.Namespace) -> int:
    from bptt_lab import course, report

    kind = chosen.out.suffix if chosen.out else ".md"
    if kind not in (".html", ".md"):
        return _refused(f"{chosen.out.name} is no page, .html or .md.")
    text = (report.sheet.html if kind == ".html" else report.sheet.markdown)(course.taught())
    if chosen.out is None:
        print(text, end="")
    else:
        chosen.out.write_text(text, encoding="utf-8")
    return 0


def _refused(what: str) -> int:
    print(f"bptt-lab: {what}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
