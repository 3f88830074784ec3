"""The command `bptt-lab`: look up a formula of the five lectures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, or 2 where what was asked for does not exist."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    return chosen.run(chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bptt-lab", description="Backpropagation through time, proved by machine.")
    commands = parser.add_subparsers(required=True, metavar="command")
    lookup = commands.add_parser("lookup", help="show a formula of the lectures with its verdict")
    lookup.add_argument("id", help="such as 004-44; a lecture's number alone, such as 004, lists its rows")
    lookup.set_defaults(run=_lookup)
    return parser


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
