"""The instructor's words of `bptt-lab`, a module each, which imports its work only when it runs."""

from __future__ import annotations

import argparse
from importlib import import_module

WORDS = (
    "question",
    "assign",
    "grade",
    "report",
    "export",
)


def add(commands: argparse._SubParsersAction) -> None:
    """Add each word to the command's parser."""
    for word in WORDS:
        import_module(f"{__name__}.{word}").add(commands)
