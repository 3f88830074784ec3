"""Letters of formulas as a small font, for machines without a font for mathematics: a part of the STIX font."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import matplotlib

from pages.kept import write

FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "STIXGeneral.ttf"
RANGES = [(0x20, 0x7F), (0xA0, 0x100), (0x391, 0x3F6), (0x2010, 0x2040), (0x2100, 0x214F), (0x2190, 0x2200)]
RANGES += [(0x2200, 0x2300), (0x2308, 0x230C), (0x239B, 0x23B3), (0x23DE, 0x23E0), (0x27E8, 0x27EA), (0x1D400, 0x1D7FF)]


def write_all(static: Path) -> Path:
    """Write the font into the static folder: letters, digits and signs of formulas."""
    return write(static / "letters.woff", subset(range_ for pair in RANGES for range_ in range(*pair)))


def subset(characters: Iterable[int]) -> bytes:
    """Return the STIX font with some characters only, the same bytes each time."""
    from fontTools import subset as fonts
    from fontTools.ttLib import TTFont

    font, options = TTFont(FONT, recalcTimestamp=False), fonts.Options()
    options.hinting, options.flavor, options.drop_tables = False, "woff", [*options.drop_tables, "FFTM"]
    cutter = fonts.Subsetter(options)
    cutter.populate(unicodes=list(characters))
    cutter.subset(font)
    font.flavor, made = "woff", BytesIO()
    font.save(made)
    return made.getvalue()
