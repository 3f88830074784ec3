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

BRACKETS, BRACES = "()[]{}|\u2016\u2308\u2309\u230a\u230b\u27e8\u27e9\u2211\u220f", "\u23de\u23df"
TALLER = tuple(1.2**n for n in range(1, 13))
WIDER = tuple(1.25**n for n in range(1, 19))
# thousandths of the size of letters, by their names in the table MATH of OpenType; percent where the name says so
CONSTANTS = {
    "ScriptPercentScaleDown": 72, "ScriptScriptPercentScaleDown": 58, "DelimitedSubFormulaMinHeight": 1300,
    "DisplayOperatorMinHeight": 1400, "MathLeading": 150, "AxisHeight": 250, "AccentBaseHeight": 450,
    "FlattenedAccentBaseHeight": 660, "SubscriptShiftDown": 200, "SubscriptTopMax": 370,
    "SubscriptBaselineDropMin": 160, "SuperscriptShiftUp": 360, "SuperscriptShiftUpCramped": 280,
    "SuperscriptBottomMin": 120, "SuperscriptBaselineDropMax": 230, "SubSuperscriptGapMin": 150,
    "SuperscriptBottomMaxWithSubscript": 380, "SpaceAfterScript": 40, "UpperLimitGapMin": 110,
    "UpperLimitBaselineRiseMin": 200, "LowerLimitGapMin": 110, "LowerLimitBaselineDropMin": 600,
    "StackTopShiftUp": 470, "StackTopDisplayStyleShiftUp": 780, "StackBottomShiftDown": 385,
    "StackBottomDisplayStyleShiftDown": 690, "StackGapMin": 150, "StackDisplayStyleGapMin": 300,
    "StretchStackTopShiftUp": 200, "StretchStackBottomShiftDown": 590, "StretchStackGapAboveMin": 68,
    "StretchStackGapBelowMin": 68, "FractionNumeratorShiftUp": 430, "FractionNumeratorDisplayStyleShiftUp": 640,
    "FractionDenominatorShiftDown": 400, "FractionDenominatorDisplayStyleShiftDown": 660,
    "FractionNumeratorGapMin": 68, "FractionNumDisplayStyleGapMin": 110, "FractionRuleThickness": 60,
    "FractionDenominatorGapMin": 68, "FractionDenomDisplayStyleGapMin": 110, "SkewedFractionHorizontalGap": 350,
    "SkewedFractionVerticalGap": 68, "OverbarVerticalGap": 175, "OverbarRuleThickness": 60,
    "OverbarExtraAscender": 60, "UnderbarVerticalGap": 175, "UnderbarRuleThickness": 60,
    "UnderbarExtraDescender": 60, "RadicalVerticalGap": 85, "RadicalDisplayStyleVerticalGap": 170,
    "RadicalRuleThickness": 60, "RadicalExtraAscender": 60, "RadicalKernBeforeDegree": 65,
    "RadicalKernAfterDegree": -335, "RadicalDegreeBottomRaisePercent": 55,
}  # fmt: skip


def write_all(static: Path) -> Path:
    """Write the font into the static folder: letters, digits and signs of formulas."""
    return write(static / "letters.woff", subset(range_ for pair in RANGES for range_ in range(*pair)))


def subset(characters: Iterable[int]) -> bytes:
    """Return the STIX font with some characters only, the same bytes each time, fit for setting formulas."""
    from fontTools import subset as fonts
    from fontTools.ttLib import TTFont

    font, options = TTFont(FONT, recalcTimestamp=False), fonts.Options()
    options.hinting, options.flavor, options.drop_tables = False, "woff", [*options.drop_tables, "FFTM"]
    cutter = fonts.Subsetter(options)
    cutter.populate(unicodes=list(characters))
    cutter.subset(font)
    add_mathematics(font)
    font.flavor, made = "woff", BytesIO()
    font.save(made)
    return made.getvalue()


def add_mathematics(font) -> None:
    """Give a font what browsers look for in formulas: sizes and gaps, brackets that grow, room for slanted letters."""
    from fontTools.otlLib.builder import buildMathTable

    names, scale = font.getBestCmap(), font["head"].unitsPerEm / 1000
    known = lambda signs: [names[ord(sign)] for sign in signs if ord(sign) in names]
    tall = {name: _grown(font, name, TALLER, vertical=True) for name in known(BRACKETS)}
    wide = {name: _grown(font, name, WIDER, vertical=False) for name in known(BRACES)}
    glyphs, metrics = font["glyf"], font["hmtx"]
    over = {name: getattr(glyphs[name], "xMax", 0) - metrics[name][0] for name in names.values()}
    for name, found in over.items():
        if found > 0:  # browsers put a raised index where the letter's room ends
            metrics[name] = (metrics[name][0] + found, metrics[name][1])
    constants = {name: value if "Percent" in name else round(value * scale) for name, value in CONSTANTS.items()}
    buildMathTable(
        font,
        constants=constants,
        italicsCorrections={name: 0 for name, found in over.items() if found > 0},  # browsers refuse a table without
        vertGlyphVariants=tall,
        horizGlyphVariants=wide,
        minConnectorOverlap=round(50 * scale),
    )


def _grown(font, name: str, factors: Iterable[float], *, vertical: bool) -> list[tuple[str, int]]:
    """Add a glyph drawn larger by each factor; return all sizes of it with their extents."""
    from fontTools.misc.transform import Transform
    from fontTools.pens.transformPen import TransformPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    glyphs, made = font.getGlyphSet(), []
    one, (advance, _) = font["glyf"][name], font["hmtx"][name]
    middle = round(CONSTANTS["AxisHeight"] * font["head"].unitsPerEm / 1000)
    for n, factor in enumerate((1, *factors)):
        larger = f"{name}.x{n}" if n else name
        if n:
            x, y = (1, factor) if vertical else (factor, 1)  # one width: a browser keeps room for the widest
            pen = TTGlyphPen(None)
            glyphs[name].draw(TransformPen(pen, Transform(x, 0, 0, y, 0, middle * (1 - y) if vertical else 0)))
            font["glyf"][larger] = pen.glyph()
            font["glyf"][larger].recalcBounds(font["glyf"])
            font["hmtx"][larger] = (round(advance * x), font["glyf"][larger].xMin)
        extent = (one.yMax - one.yMin) if vertical else (one.xMax - one.xMin)
        made.append((larger, round(extent * factor)))
    return made
