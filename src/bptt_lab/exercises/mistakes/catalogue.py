"""The mistake catalogue of `catalogue.toml`: each slip's name, what a student is told, the question that leads on."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import NamedTuple


class Mistake(NamedTuple):
    """One slip: its name for authors; what a student is told, `says` and `asks`, with slots in braces for letters."""

    id: str
    name: str
    says: str
    asks: str


_TABLES = tomllib.loads((resources.files(__package__) / "catalogue.toml").read_text(encoding="utf-8"))
NOT_APPLICABLE: dict[str, str] = _TABLES.pop("not_applicable")
CATALOGUE = {key: Mistake(key, **row) for key, row in _TABLES.items()}
