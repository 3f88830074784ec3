"""Every row beside the scan of its source: its display stands there, and says what the row checks."""

from __future__ import annotations

import dataclasses
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from bptt_lab import lectures
from bptt_lab.formulas.writing import write
from bptt_lab.lectures import agreement, displays, scans
from bptt_lab.lectures.displays import DisplayError
from ledger_mutants import KINDS, mutants

READY = ("000", "001", "002", "003", "004")
ROWS = {row.id: row for row in lectures.ledger() if row.lecture in READY}
SHOWN = [identity for identity, row in ROWS.items() if row.display]
SAID = [identity for identity, row in ROWS.items() if not row.display]
FOLDER = Path(os.environ.get("BPTT_LAB_LECTURES") or Path(__file__).parents[3] / "shared" / "lectures")


@cache
def source(lecture):
    """Return the scanned text of a lecture; skip the test where it is not at hand."""
    files = sorted(FOLDER.glob(f"{lecture}_*.txt"))
    if not files:
        pytest.skip("the sources are not at hand: set BPTT_LAB_LECTURES to their folder")
    return files[0].read_text(encoding="utf-8")


def with_scan(row, monkeypatch, **changes):
    """Return a row whose scan is changed."""
    changed = dataclasses.replace(row.scan, **changes)
    monkeypatch.setattr("bptt_lab.lectures.rows.scan", lambda lecture, identity: changed)
    return row


def stating(row, tree):
    """Return a row that checks another formula."""
    return dataclasses.replace(row, entry=dataclasses.replace(row.entry, printed=write(tree)))


# Against the sources


@pytest.mark.parametrize("identity", SHOWN)
def test_a_display_stands_in_its_source(identity):
    assert scans.place(source(ROWS[identity].lecture), ROWS[identity].display)


@pytest.mark.parametrize("identity", [i for i in SAID if ROWS[i].scan.sentence])
def test_a_claim_in_words_stands_in_its_source(identity):
    assert scans.has_sentence(source(ROWS[identity].lecture), ROWS[identity].scan.sentence)


@pytest.mark.parametrize("identity", [i for i in SHOWN if re.fullmatch(r"004-\d+", i)])
def test_a_display_stands_beside_its_number(identity):
    """What stands between the number before and its own number belongs to a display."""
    number, plain = int(identity[4:]), scans.formula_form(source("004"))
    before = plain.find(f"\\quad({number - 1})") if number > 1 and number != 48 else plain.find("characterize")
    between = plain[before : plain.index(f"\\quad({number})")]
    assert any(scans.formula_form(piece) in between for piece in ROWS[identity].display.split(scans.JOINT)[-3:])


@pytest.mark.parametrize("lecture", ["002", "003"])
def test_displays_stand_in_the_order_of_their_rows(lecture):
    at = 0
    for identity in [i for i in SHOWN if ROWS[i].lecture == lecture]:
        found = scans.place(source(lecture), ROWS[identity].display, at)
        assert found, identity
        at = found[0]


def test_a_display_changed_in_one_sign_does_not_stand_in_its_source():
    row = ROWS["004-44"]
    assert not scans.place(source("004"), row.display.replace("-", "+", 1))
    assert not scans.has_sentence(source("004"), scans.mark("a sentence that nobody wrote"))


# Against the formula that is checked


def test_every_row_has_a_display_or_the_mark_of_a_sentence():
    nothing = [i for i, row in ROWS.items() if not row.display and not row.scan.sentence]
    assert nothing == ["004-47"]  # a number beside an empty line


def test_every_entry_of_the_data_belongs_to_a_row():
    for lecture in READY:
        assert set(scans.tables(lecture)) - {"reading"} <= set(ROWS)


@pytest.mark.parametrize("identity", SHOWN)
def test_the_formula_that_is_checked_is_the_one_displayed(identity):
    assert agreement.agrees(ROWS[identity]), agreement.why_not(ROWS[identity])


@pytest.mark.parametrize(("identity", "at"), [(i, at) for i in SHOWN for at in range(len(ROWS[i].differences))])
def test_every_difference_a_row_names_is_needed(identity, at, monkeypatch):
    kept = [pair for place, pair in enumerate(ROWS[identity].differences) if place != at]
    assert not agrees(with_scan(ROWS[identity], monkeypatch, differences=tuple(kept)))


@pytest.mark.parametrize("lecture", READY)
def test_every_reading_of_a_lecture_is_needed(lecture, monkeypatch):
    source_of = next(row.source for row in ROWS.values() if row.lecture == lecture)
    for pair in source_of.readings:
        kept = tuple(other for other in source_of.readings if other != pair)
        monkeypatch.setitem(source_of.__dict__, "readings", kept)
        assert not all(agrees(ROWS[i]) for i in SHOWN if ROWS[i].lecture == lecture), pair


@pytest.mark.parametrize("identity", [i for i in SHOWN if ROWS[i].scan.left])
def test_a_left_side_is_given_only_where_the_display_has_none(identity, monkeypatch):
    assert not agrees(with_scan(ROWS[identity], monkeypatch, left=""))


@pytest.mark.parametrize("identity", [i for i in SAID if ROWS[i].entry.corrected])
def test_a_wrong_claim_in_words_differs_from_the_right_one_in_the_slips_it_names(identity):
    assert agreement.slips_mend(ROWS[identity])


def agrees(row):
    try:
        return agreement.agrees(row)
    except DisplayError:
        return False


# Mutants of the formula that is checked


def notices(row):
    """Return whether the display, the slips or the check of a row notice that its formula is not the one it was."""
    if row.display and not agrees(row):
        return True
    if not row.display and row.entry.corrected and not agreement.slips_mend(row):
        return True
    return not lectures.is_confirmed(row, lectures.check(row))


@cache
def unnoticed(kind):
    """Return the mutants of a kind that nothing notices, and how many were tried."""
    tried, found = 0, []
    for identity, row in ROWS.items():
        if not row.entry.printed:
            continue
        for tree in mutants(row.printed, kind, row.setting.language):
            tried += 1
            if not notices(stating(row, tree)):
                found.append((identity, write(tree)))
    return tried, found


def test_every_flipped_sign_is_noticed():
    tried, found = unnoticed("sign")
    assert tried > 300 and found == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "sign"])
def test_at_least_95_of_100_changes_of_indices_transposes_and_letters_are_noticed_and_the_rest_has_reasons(kind):
    tried, found = unnoticed(kind)
    assert tried and len(found) <= 0.05 * tried, (tried, Counter(identity for identity, _ in found))
    assert {identity for identity, _ in found} <= set(REASONS), found


def test_every_reason_for_what_goes_unnoticed_is_needed():
    assert {identity for kind in KINDS for identity, _ in unnoticed(kind)[1]} == {i for i in REASONS if i in ROWS}


NEIGHBOURS = "a claim in words that two things differ: it holds of their neighbours too"
NO_UNIT = "F is printed without the unit it belongs to, so that the scan cannot tell the unit"
BEYOND = "a claim in words: what lies beyond the first or the last step is nothing, so that the sum is the same"
ONE_PLACE_ON = "a claim in words: true of the row's neighbours in the chain too, whichever letter is by which"
BOTH_SIDES = "the two sides of a wrong equality exchanged: wrong as it was"
REASONS = {
    **{f"000-a{n}": BEYOND for n in (29, 51, 74, 90, 91, 92, 102)},
    "000-a38": "the size that the brace states is wrong, whatever the entries are",
    "000-a47": "a claim in words: the derivative of a quantity by itself is diagonal too",
    **{f"001-a{n}": BEYOND for n in (28, 29, 143)},
    **{f"001-a{n}": ONE_PLACE_ON for n in (30, 72, 127, 151)},
    **{f"001-a{n}": NEIGHBOURS for n in ("08", "24")},
    **{f"001-a{n}": BOTH_SIDES for n in (68, 83)},
    "001-a99": "the pre-activations of both layers are printed a, told apart by their index alone",
    **{f"001-a{n}": "a bound in words: a smaller quantity keeps it too" for n in (102, 103, 107)},
    **{f"001-a{n}": "an equality of two letters, from either side" for n in (112, 113, 157)},
    **{f"003-a{n}": NEIGHBOURS for n in (15, 16, 17, 18)},
    **{f"003-a{n}": "an equality of two letters, from either side" for n in (48, 57, 58)},
    **{f"004-{n}": NO_UNIT for n in (40, 42, 76)},
    "004-a14": "a claim in words: no probability is negative, of any step",
    **{f"004-a{n}": BEYOND for n in (15, 20, 40)},
    **{f"004-a{n}": NEIGHBOURS for n in (26, 38)},
}


# The reader of displays


@pytest.fixture
def script():
    return ROWS["004-1"].source.script


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (r"\mathbf{a} + \left(b + c\right)", "a+b+c"),
        (r"\frac{\partial L}{\partial h_1^{(t)}}", r"\frac{\partial L}{\partial h^{(t)}_{1}}"),
        (r"h^{(t-1+1)}", "h^{(t)}"),
        (r"\sum_{i=1}^5 v_i", r"\sum_{k=1}^5 v_k"),
        (r"\begin{pmatrix} a & b \end{pmatrix}^T", r"\begin{pmatrix} a \\ b \end{pmatrix}"),
    ],
)
def test_what_means_the_same_has_one_form(one, two, script):
    forms = [agreement.forms.closed(displays.read(text, script)[0][0]) for text in (one, two)]
    assert forms[0] == forms[1]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("a - b", "a + b"),
        ("a - (b - c)", "a - b - c"),
        (r"\mathbf{W}^T h", "W h"),
        ("h^{(t)}", "h^{(t+1)}"),
        ("h_1", "h_2"),
        (r"\sum_{i=1}^5 v_i", r"\sum_{i=1}^4 v_i"),
        ("a b", "b a"),
        (r"\exp(a)", r"\ln(a)"),
        (r"\nabla_{a} L", r"\frac{\partial L}{\partial a}"),
        (r"h^2", "h"),
    ],
)
def test_what_means_another_thing_has_another_form(one, two, script):
    forms = [agreement.forms.closed(displays.read(text, script)[0][0]) for text in (one, two)]
    assert forms[0] != forms[1]


@pytest.mark.parametrize("text", ["a +", r"\frac{a}", "a = ", r"\mathbb{Q}", "(a"])
def test_a_display_that_cannot_be_read_says_so(text, script):
    with pytest.raises(DisplayError):
        displays.read(text, script)
