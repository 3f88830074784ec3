"""The common normal form in which a display of a scan and the formula that is checked are compared.

A form is a nested tuple that begins with its kind. Fonts, spaces, needless brackets and the two signs of a product
are gone; every sign, letter, time, index, limit, exponent, function and transpose stays, in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from itertools import zip_longest
from typing import Any

Form = tuple
DOTS = ("dots",)


def number(value: Fraction | int) -> Form:
    """Return a constant."""
    return ("number", Fraction(value))


def letter(base: str | Form, above: tuple[Form, ...] = (), below: tuple[Form, ...] = ()) -> Form:
    """Return a letter with what stands above it (layer, time) and below it (name, entry)."""
    return ("letter", base, above, below)


def total(terms: tuple[tuple[int, Form], ...]) -> Form:
    """Return a sum of signed terms: inner sums with a plus opened, zeros and what cancels dropped."""
    found = []
    for sign, term in terms:
        if term[0] == "sum" and (sign > 0 or len(term[1]) == 1):
            found = _joined(found, [(sign * inner, part) for inner, part in term[1]])
        elif term != number(0):
            found = _joined(found, [(sign, term)])
    if not found:
        return number(0)
    return found[0][1] if len(found) == 1 and found[0][0] > 0 else ("sum", tuple(found))


def _joined(terms: list[tuple[int, Form]], more: list[tuple[int, Form]]) -> list[tuple[int, Form]]:
    """Return terms with more of them, each cancelled with one of the other sign where there is one."""
    found = list(terms)
    for sign, term in more:
        if (-sign, term) in found:
            found.remove((-sign, term))
        else:
            found.append((sign, term))
    return found


def negative(form: Form) -> Form:
    """Return minus a form."""
    return total(((-1, form),))


def product(factors: tuple[Form, ...]) -> Form:
    """Return a product: inner ones opened, ones dropped, signs in front, a sum over an index reaching to the end."""
    opened, sign = [], 1
    for factor in factors:
        if factor[0] == "sum" and len(factor[1]) == 1:
            sign, factor = -sign, factor[1][0][1]
        opened += factor[1] if factor[0] == "product" else [factor]
    if number(0) in opened:
        return number(0)
    kept = [factor for factor in opened if factor != number(1)] or [number(1)]
    for at, factor in enumerate(kept[:-1]):
        if factor[0] == "over" and factor[1] == "sum":
            kept[at:] = [over(*factor[1:-1], product((factor[-1], *kept[at + 1 :])))]  # type: ignore[call-arg]
            break
    found = kept[0] if len(kept) == 1 else ("product", tuple(kept))
    return found if sign > 0 else negative(found)


def power(base: Form, exponent: Form) -> Form:
    """Return a power; the powers 0 and 1 are carried out."""
    if exponent == number(0):
        return number(1)
    return base if exponent == number(1) else ("power", base, exponent)


def fraction(above: Form, below: Form) -> Form:
    """Return a quotient, its sign in front."""
    if above[0] == "sum" and len(above[1]) == 1:
        return negative(fraction(above[1][0][1], below))
    return above if below == number(1) else ("fraction", above, below)


def over(kind: str, variable: Form, low: Form, high: Form, body: Form) -> Form:
    """Return a sum, product, column or row over an index; columns and rows between numbers are written out."""
    if kind in ("column", "row") and low[0] == high[0] == "number":
        return spelled_out(("over", kind, variable, low, high, body), [*range(int(low[1]), int(high[1]) + 1)])
    return ("over", kind, variable, low, high, body)


def spelled_out(form: Form, values: list[int | Form | None]) -> Form:
    """Return a column or row as a grid: its body at each value of the index (None is a row of dots)."""
    _, kind, variable, _, _, body = form
    at = [None if value is None else number(value) if isinstance(value, int) else value for value in values]
    entries = [DOTS if value is None else replaced(body, variable, value) for value in at]
    if kind == "row":
        return grid((tuple(entries),))
    width = max((len(entry[1][0]) for entry in entries if entry[0] == "grid"), default=1)
    return grid(tuple(entry[1][0] if entry[0] == "grid" else (entry,) * width for entry in entries))


def grid(rows: tuple[tuple[Form, ...], ...]) -> Form:
    """Return a matrix by its entries, row by row."""
    return ("grid", rows)


def turned(inner: Form) -> Form:
    """Return a transpose: twice is none, and what is written out entry by entry is turned."""
    if inner[0] == "turned":
        return inner[1]
    if inner[0] == "sum" and len(inner[1]) == 1:
        return negative(turned(inner[1][0][1]))
    if inner[0] == "grid":
        return grid(tuple(zip(*inner[1], strict=True)))
    if inner[0] == "over" and inner[1] in ("column", "row") and inner[-1][0] != "over":
        return ("over", "row" if inner[1] == "column" else "column", *inner[2:])
    return ("turned", inner)


def same(one: Form, two: Form) -> Form:
    """Return the indicator that two indices are the same, carried out where both are numbers."""
    if one[0] == two[0] == "number":
        return number(int(one == two))
    return ("same", one, two)


BUILD: dict[str, Callable[..., Form]] = {
    **{"number": number, "letter": letter, "sum": total, "product": product, "power": power, "fraction": fraction},
    **{"over": over, "grid": grid, "turned": turned, "same": same, "dots": lambda: DOTS},
    "call": lambda name, arguments: ("call", name, arguments),
    "derivative": lambda below, above: ("derivative", below, above),
    "index": lambda parts, constant: index(total((*((c, p) for p, c in parts), (1, number(constant))))),
    "relation": lambda operator, left, right: ("relation", operator, left, right),
}


def is_form(part: Any) -> bool:
    """Return whether a part of a form is a form itself."""
    return isinstance(part, tuple) and bool(part) and isinstance(part[0], str) and part[0] in BUILD


def rebuilt(part: Any, change: Callable[[Form], Form]) -> Any:
    """Return a form made anew from its parts, each changed after its own parts were."""
    if is_form(part):
        return change(BUILD[part[0]](*(rebuilt(inner, change) for inner in part[1:])))
    return tuple(rebuilt(inner, change) for inner in part) if isinstance(part, tuple) else part


def replaced(form: Form, old: Form, new: Form) -> Form:
    """Return a form with one part in the place of another, and carried out again."""
    return rebuilt(form, lambda part: new if part == old else part)


def index(form: Form) -> Form:
    """Return a time, entry, limit or exponent as whole multiples of its letters and a constant, where it is that."""
    counts, constant = {}, Fraction(0)
    terms = form[1] if form[0] == "sum" else ((1, form),)
    for sign, term in terms:
        if term[0] == "index":
            constant += sign * term[2]
            for part, count in term[1]:
                counts[part] = counts.get(part, 0) + sign * count
            continue
        factor, part = _multiple(term)
        if part is None:
            constant += sign * factor
        else:
            counts[part] = counts.get(part, 0) + sign * factor
    parts = tuple(sorted(((part, count) for part, count in counts.items() if count), key=repr))
    if not parts:
        return number(constant)
    return parts[0][0] if len(parts) == 1 and parts[0][1] == 1 and not constant else ("index", parts, constant)


def _multiple(term: Form) -> tuple[Fraction, Form | None]:
    """Return a term as a number and what it multiplies."""
    if term[0] == "number":
        return term[1], None
    if term[0] == "product" and term[1][0][0] == "number":
        return term[1][0][1], product(term[1][1:])
    return Fraction(1), term


@lru_cache(maxsize=4096)
def closed(form: Form) -> Form:
    """Return a form in which bound indices have no names of their own, so that only what they bind is compared."""
    return _closed(form, 0)


def _closed(part: Any, depth: int) -> Any:
    if is_form(part) and part[0] == "over":
        _, kind, variable, low, high, body = part
        name = letter(f"index {depth}")
        low, high = _closed(low, depth), _closed(high, depth)
        return ("over", kind, name, low, high, _closed(replaced(body, variable, name), depth + 1))
    return tuple(_closed(inner, depth) for inner in part) if isinstance(part, tuple) else part


def agree(shown: Form, checked: Form) -> bool:
    """Return whether a display and the formula that is checked are the same, dots read as the range they stand for."""
    return _agree(closed(shown), closed(checked))


def _agree(shown: Any, checked: Any) -> bool:
    if shown == checked:
        return True
    if is_form(shown) and is_form(checked):
        if checked[0] == "over" and shown[0] in ("grid", "sum", "product", "letter"):
            written = _with_dots(shown, checked)
            return written is not None and _agree(shown, written)
        if shown[0] == "grid" and checked[0] != "grid":
            return _is_written_out(shown[1], checked)
        if shown[0] != checked[0]:
            return False
    if not (isinstance(shown, tuple) and isinstance(checked, tuple)) or len(shown) != len(checked):
        return False
    return all(_agree(one, two) for one, two in zip_longest(shown, checked))


def _is_written_out(rows: tuple[tuple[Form, ...], ...], checked: Form) -> bool:
    """Return whether entries are those of a diagonal matrix, or of a letter or its transpose, in order."""
    places = [(at, across) for at in range(len(rows)) for across in range(len(rows[0]))]
    if checked[0] == "call" and checked[1] == "diag":
        entries = {(at, across): _entry(checked[2][0], (at,)) if at == across else number(0) for at, across in places}
    elif checked[0] == "turned" and checked[1][0] == "letter":
        entries = {(at, across): _entry(checked[1], (across, at)) for at, across in places}
    elif checked[0] == "letter":
        entries = {(at, across): _entry(checked, (at, across)) for at, across in places}
    else:
        return False
    return all(rows[at][across] == entry for (at, across), entry in entries.items())


def _entry(form: Form, place: tuple[int, ...]) -> Form:
    """Return an entry of what is written for a whole vector or matrix; entries are written in small letters."""
    if form[0] == "letter":
        return letter(form[1].lower(), form[2], (*form[3], *(number(at + 1) for at in place)))
    if form[0] == "power":
        return power(_entry(form[1], place), form[2])
    if form[0] == "sum":
        return total(tuple((sign, _entry(term, place)) for sign, term in form[1]))
    return form


def _with_dots(shown: Form, checked: Form) -> Form | None:
    """Return a range written out as the display writes it, with dots where it has dots; None where it has none."""
    kind, low, high = checked[1], checked[3], checked[4]
    if shown[0] == "grid" and kind in ("column", "row"):
        rows = shown[1] if kind == "column" else tuple((entry,) for entry in shown[1][0])
        values: Any = _values([all(entry == DOTS for entry in row) for row in rows], low, high)
        return values and _grid_of(shown, checked, values)
    if shown[0] == "sum" and kind == "sum":
        values = _values([term == (1, DOTS) for term in shown[1]], low, high)
        parts: Any = values and [
            None if at is None else replaced(checked[-1], checked[2], _as_form(at)) for at in values
        ]
        return parts and ("sum", tuple((1, DOTS if part is None else part) for part in parts))
    return None


def _grid_of(shown: Form, checked: Form, values: list) -> Form:
    """Return a column or row, or a column of rows, written out at the values that the display shows."""
    body = checked[-1]
    if checked[1] == "column" and body[0] == "over" and body[1] == "row":
        first = shown[1][0]
        across = _values([all(row[at] == DOTS for row in shown[1]) for at in range(len(first))], body[3], body[4])
        if not across:
            return checked
        body = ("over", "row", body[2], body[3], body[4], body[-1])
        rows = [
            (DOTS,) * len(first)
            if at is None
            else spelled_out(replaced_raw(body, checked[2], _as_form(at)), across)[1][0]
            for at in values
        ]
        return ("grid", tuple(rows))
    return spelled_out(checked, values)


def replaced_raw(form: Form, old: Form, new: Form) -> Form:
    """Return a range with one part in the place of another in its body only."""
    return (*form[:-1], replaced(form[-1], old, new))


def _as_form(value: int | Form) -> Form:
    return number(value) if isinstance(value, int) else value


def _values(is_dots: list[bool], low: Form, high: Form) -> list | None:
    """Return the values of an index that a display shows: from the lowest up to its dots, then the highest."""
    if is_dots.count(True) != 1 or low[0] != "number":
        return None
    before = is_dots.index(True)
    after = len(is_dots) - before - 1
    if not before or after != 1:
        return None
    return [*(int(low[1]) + step for step in range(before)), None, high]
