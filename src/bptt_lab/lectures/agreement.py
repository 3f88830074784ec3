"""Whether a row's checked formula says what the source's scan shows: both brought to one form and compared."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from bptt_lab import formulas
from bptt_lab.formulas.printing import Style
from bptt_lab.formulas.tree import (
    Binary,
    Call,
    Derivative,
    Letter,
    Negative,
    Number,
    Over,
    Power,
    Relation,
    Transpose,
    Tree,
    Variable,
    free_variables,
)
from bptt_lab.formulas.writing import write
from bptt_lab.lectures import displays, forms
from bptt_lab.lectures.displays import Brace, DisplayError, Script
from bptt_lab.lectures.forms import Form
from bptt_lab.lectures.rows import Row

SIZES = ("rows", "columns")


def agrees(row: Row) -> bool:
    """Return whether a row's printed formula is what its display shows, up to the differences the row names.

    Errors: DisplayError where the display cannot be read, or a named difference does not occur in it.
    """
    return any(_agree(shown, checked, row) for shown in _relations(row) for checked in _checked(row, len(shown)))


def is_transcribed(row: Row) -> bool:
    """Return whether the formula of a row is the one displayed, or a wrong claim in words is wrong as its row says."""
    if not row.entry.printed:
        return True
    if row.display:
        try:
            return agrees(row)
        except DisplayError:
            return False
    return not row.entry.corrected or slips_mend(row)


def why_not(row: Row) -> str:
    """Return both forms of a row as text, for a message."""
    return f"{row.id}\n  shown   {_relations(row)}\n  checked {list(_checked(row, 1))}"


def meant(row: Row) -> str:
    """Return the display of a row with the differences that the row and its lecture name carried out."""
    text = row.display
    for scanned, read in row.differences:
        if scanned not in text:
            raise DisplayError(f"{row.id}: {scanned!r} does not occur in the display.")
        text = text.replace(scanned, read)
    for scanned, read in row.source.readings:
        text = text.replace(scanned, read)
    return f"{row.scan.left} = {text.lstrip('= ')}" if row.scan.left else text


@lru_cache(maxsize=4096)
def _read(text: str, script: Script) -> tuple:
    lines, braces = displays.read_with_braces(text, script)
    return tuple(map(tuple, lines)), tuple(braces)


def _relations(row: Row) -> list[list[Form]]:
    """Return what a display states, as lists of relations: its lines, or what stands over a brace and its label."""
    script = row.source.script
    lines, braces = _read(meant(row), script)
    relations = [forms_of(line) for line in lines]
    found = [[one for line in relations for one in line]] if any(relations) else []
    if not any(relations) and braces:
        found.append([("relation", *_label(braces[-1], script))])
    return found


def forms_of(line: tuple) -> list[Form]:
    """Return the relations of a line: between its first side and each later one."""
    return [("relation", line[at], line[0], line[at + 1]) for at in range(1, len(line) - 1, 2)]


def _label(brace: Brace, script: Script) -> tuple[str, Form, Form]:
    """Return a brace as a relation: a size where the label is a product of sizes, else an equality."""
    sizes = displays.sizes(brace.label, script)
    if len(sizes) == 2:
        return "in", brace.over, ("call", "space", sizes)
    return "=", brace.over, displays.read(brace.label, script)[0][0]


def _checked(row: Row, count: int) -> Iterator[list[Form]]:
    """Yield the printed formula as forms: whole, and for a display of several lines at each value of one index."""
    hand, ranges = row.source.hand, {**row.setting.ranges, **row.entry.where}
    whole = form_of(row.printed, hand, row.source.script.abbreviations)
    yield [whole] * (count if count == 1 else 1)
    for name in sorted(free_variables(row.printed) & set(ranges)):
        low, high = ranges[name]
        if count > 1 and high - low + 1 == count:
            variable = form_of(Variable(name), hand)
            yield [forms.replaced(whole, variable, forms.number(value)) for value in range(low, high + 1)]


def _agree(shown: list[Form], checked: list[Form], row: Row) -> bool:
    return len(shown) == len(checked) and all(_same(one, two, row) for one, two in zip(shown, checked, strict=True))


def _same(shown: Form, checked: Form, row: Row) -> bool:
    _, operator, left, right = shown
    if operator == "in":
        return _has_size(left, right[2], checked)
    if operator != checked[1]:
        return False
    sides = [(left, right), (right, left)] if operator == "=" else [(left, right)]
    return any(forms.agree(one, checked[2]) and forms.agree(two, checked[3]) for one, two in sides)


def _has_size(thing: Form, sizes: tuple[Form, ...], checked: Form) -> bool:
    """Return whether a checked formula states a size that is shown: of rows, of columns, or of a whole range."""
    left, right = checked[2], checked[3]
    if left[0] == "call" and left[1] in SIZES:
        shown = sizes[0] if left[1] == "rows" else sizes[1] if len(sizes) > 1 else forms.number(1)
        return forms.agree(thing, left[2][0]) and shown == right
    found = _range_sizes(right)
    if found and len(sizes) == 1:
        found = tuple(size for size in found if size != forms.number(1))
    return found == tuple(sizes) and forms.agree(thing, left) and _holds_entries_of(right, left)


def _range_sizes(form: Form) -> tuple[Form, ...]:
    """Return the rows and columns of a column, row or matrix."""
    if form[0] == "grid":
        return forms.number(len(form[1])), forms.number(len(form[1][0]))
    if form[0] != "over" or form[1] not in ("column", "row"):
        return ()
    if form[1] == "row":
        return forms.number(1), form[4]
    return (form[4], form[5][4]) if form[5][0] == "over" else (form[4], forms.number(1))


def _holds_entries_of(form: Form, whole: Form) -> bool:
    """Return whether the letters of a range are those of the whole it is the range of; entries may be small letters."""
    return _letters(form) >= _letters(whole)


def _letters(form: object) -> set[str]:
    if not isinstance(form, tuple):
        return set()
    own = {form[1].lower()} if form[:1] == ("letter",) and isinstance(form[1], str) else set()
    return own.union(*map(_letters, form))


# the formula that is checked, as a form


def form_of(tree: Tree, hand: Style, abbreviations: tuple[str, ...] = ()) -> Form:
    """Return a tree as a form, its letters as the lecture's hand writes them."""

    def turn(part: Tree) -> Form:
        return form_of(part, hand, abbreviations)

    match tree:
        case Number(value):
            return forms.fraction(forms.number(value.numerator), forms.number(value.denominator))
        case Variable(name):
            return _symbol(hand.variable(name), hand.time)
        case Letter():
            return _letter(tree, hand, abbreviations)
        case Negative(inner):
            return forms.negative(turn(inner))
        case Binary("+" | "-" as sign, left, right):
            return forms.total(((1, turn(left)), (1 if sign == "+" else -1, turn(right))))
        case Binary("/", left, right):
            return forms.fraction(turn(left), turn(right))
        case Binary(_, left, right):
            return forms.product((turn(left), turn(right)))
        case Power(base, exponent):
            return forms.power(turn(base), forms.index(turn(exponent)))
        case Transpose(inner):
            return forms.turned(turn(inner))
        case Derivative(below, above, kind):
            found = ("derivative", turn(below), turn(above))
            is_whole = not above.entry and above.name not in hand.numbers
            return forms.turned(found) if kind == "gradient" and is_whole else found
        case Over(kind, variable, low, high, body):
            limits = forms.index(turn(low)), forms.index(turn(high))
            return forms.over(kind, turn(Variable(variable)), *limits, turn(body))
        case Call("same", (one, two)):
            return forms.same(forms.index(turn(one)), forms.index(turn(two)))
        case Call("identity", (inner,)):
            return turn(inner)
        case Call(function, arguments):
            return ("call", function, tuple(map(turn, arguments)))
        case Relation(operator, left, right):
            return ("relation", operator, turn(left), turn(right))
    raise AssertionError(tree)


@lru_cache(maxsize=4096)
def _symbol(latex: str, time: str) -> Form:
    """Return a symbol of a hand as a form, read without the layers of any lecture."""
    return displays.read(latex, Script(Style(time=time)))[0][0]


def _letter(tree: Letter, hand: Style, abbreviations: tuple[str, ...]) -> Form:
    symbol = hand.symbol(tree.name)
    plain = bool(tree.entry) or tree.name in hand.numbers
    text = hand.loss if tree.name == "L" and "L" not in hand.symbols else symbol.entry if plain else symbol.whole
    base = _symbol(text, hand.time)
    above = [forms.index(_symbol(part, hand.time)) for part in symbol.upper.split(",") if part]
    above += [] if tree.time is None else [forms.index(form_of(tree.time, hand))]
    below = () if tree.name in abbreviations else tuple(forms.index(form_of(part, hand)) for part in tree.entry)
    if base[0] == "letter":
        return forms.letter(base[1], (*base[2], *above), (*base[3], *below))
    return forms.letter(base, tuple(above), below) if above or below else base


# claims in words, which have no display


def slips_mend(row: Row) -> bool:
    """Return whether the slips that a wrong claim in words names, mended one after the other, give the right claim."""
    text = write(row.printed)
    for wrong, right in row.scan.slips:
        if wrong not in text:
            return False
        text = text.replace(wrong, right)
    return formulas.read(text, row.setting.language, relation=True) == row.mended
