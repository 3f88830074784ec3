"""The text of a network in a file: its equations, and a line that gives sizes."""

from __future__ import annotations

import re

from bptt_lab.network.errors import NetworkError
from bptt_lab.network.model import Network

SIZES = re.compile(r"\s*sizes\s*:(.*)", re.IGNORECASE)
SIZE = re.compile(r"\s*([A-Za-z]\w*)\s*=\s*(\d+|\(\s*(?:\d+(?:\s*,\s*\d+)?)?\s*\))\s*(?:,|$|(?=\s[A-Za-z]))")
EXAMPLE = "Write a line such as  sizes: x=3, h=4, W=(5, 3)"


def read_network(text: str) -> Network:
    """Return the network of a text whose lines are equations and, once, sizes (errors: NetworkError)."""
    equations, sizes = [], {}
    for line in text.splitlines():
        match = SIZES.match(line)
        sizes |= _sizes(match[1].split("#")[0]) if match else {}
        equations.append("" if match else line)  # an empty line, so that errors count as the file does
    try:
        return Network("\n".join(equations), sizes=sizes)
    except NetworkError as error:
        raise NetworkError(error.what, EXAMPLE if "sizes=dict" in error.mend else error.mend, error.position) from None


def _sizes(text: str) -> dict[str, int | tuple[int, ...]]:
    found, at = {}, 0
    while text[at:].strip():
        match = SIZE.match(text, at)
        if match is None:
            raise NetworkError(f"These sizes cannot be read: {text[at:].strip()[:40]!r}.", EXAMPLE)
        numbers = tuple(int(one) for one in re.findall(r"\d+", match[2]))
        found[match[1]] = numbers if match[2].startswith("(") else numbers[0]
        at = match.end()
    return found
