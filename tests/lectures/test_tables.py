"""Rows of the ledger as tables: what the list of errata shows, and that it cannot say what is not so."""

import dataclasses
import re
from itertools import pairwise

import pytest

from bptt_lab import formulas, lectures
from bptt_lab.lectures import tables
from bptt_lab.lectures.tables import errata

WRONG = {row.id: row for row in lectures.ledger() if row.verdict in tables.LISTED}
UNDECIDED = {identity for identity, row in WRONG.items() if row.verdict == "undecidable"}
FAILING = {i: row for i, row in WRONG.items() if not row.entry.is_typographical and i not in UNDECIDED}
HYPHEN = "\u2011"


@pytest.fixture(scope="module")
def lines():
    """Return the lines of all five tables: id, then (formula, where and why)."""
    listed = [line for lecture in lectures.counts() for line in errata(lecture).lines]
    return {line[0].partition("<br>")[0].replace(HYPHEN, "-"): line[1:] for line in listed}


def shown(formula: str, label: str) -> str:
    """Return the LaTeX behind a label in a cell, its pieces put together again, without spaces."""
    (after,) = [part for part in formula.split("<br>") if part.startswith(f"*{label}* ")]
    return plain("".join(re.findall(r"\$(.*?)\$", after)))


def plain(latex: str) -> str:
    return re.sub(r"\{\}|\\,| ", "", latex)


def test_what_needs_mending_or_cannot_be_decided_has_one_line_in_reading_order(lines):
    assert list(lines) == list(WRONG)


def test_the_lines_of_a_lecture_are_as_many_as_its_counts_say():
    for lecture, counts in lectures.counts().items():
        assert len(errata(lecture).lines) == sum(counts[name] for name in ("erratum", "scan", "reading", "undecidable"))


@pytest.mark.parametrize("identity", FAILING)
def test_a_line_shows_both_forms_in_the_hand_of_the_lecture(lines, identity):
    row, formula = WRONG[identity], lines[identity][0]
    label = {"erratum": "mended", "scan": "intended", "reading": "right as"}[row.verdict]
    assert shown(formula, row.standing) == plain(formulas.latex(row.printed, row.source.hand))
    assert shown(formula, label) == plain(formulas.latex(row.mended, row.source.hand))


def test_every_piece_of_a_formula_stands_alone(lines):
    pieces = [piece for formula, _ in lines.values() for piece in re.findall(r"\$(.*?)\$", formula)]
    assert all(piece.strip() for piece in pieces)
    assert all(piece.count("{") == piece.count("}") for piece in pieces)
    assert all(piece.count(r"\left") == piece.count(r"\right") for piece in pieces)


def test_wide_formulas_may_be_broken_at_signs_and_between_factors():
    relation = formulas.read("a(t) = b + W @ h(t-1) + U @ x(t)", WRONG["004-44"].setting.language, relation=True)
    cut = tables._cut(formulas.latex(relation, WRONG["004-44"].source.hand))
    sides = [r"\mathbf{a}^{(t)}", r"= \mathbf{b}"]
    products = [r"{} + \mathbf{W}", r"\mathbf{h}^{(t - 1)}", r"{} + \mathbf{U}", r"\mathbf{x}^{(t)}"]
    assert cut == sides + products


@pytest.mark.parametrize("identity", FAILING)
def test_a_line_says_where_the_printed_form_fails_and_then_why(lines, identity):
    result, where = lectures.check(WRONG[identity]).printed, lines[identity][1]
    assert where.endswith(f". {WRONG[identity].why}")
    if result.trouble:
        assert where.lower().startswith(result.trouble.rstrip(".").lower())
    elif WRONG[identity].printed.operator == "!=":
        assert where.startswith("Both sides are ")
    else:
        assert where.startswith(f"At ${result.where}$: the left side" if result.where else "The left side")
        left, right = map(float, re.findall(r"side (?:is )?(-?\d+(?:\.\d+)?)", where)[:2])
        assert left != right
        assert (left, right) == pytest.approx((result.independent, result.written), abs=6e-4)


def test_numbers_show_no_minus_zero_and_no_two_equal_ones(lines):
    assert "the right side 0.000." in lines["004-a16"][1]
    assert "the left side is 0.0546, the right side 0.0551." in lines["001-a132"][1]
    assert not any(re.search(r"-0\.0+\b(?!\d)", where) for _, where in lines.values())


def test_shapes_are_whole_numbers(lines):
    assert lines["001-a82"][1].startswith("At $t = 1$: the left side is 1, the right side 4.")


def test_a_claim_that_two_things_differ_fails_where_they_are_the_same(lines):
    assert lines["004-a25"][1].startswith("Both sides are 1.")


def test_no_number_lies_on_the_edge_of_rounding(lines):
    for identity, row in FAILING.items():
        result, decimals = lectures.check(row).printed, re.findall(r"\.(\d{3,})", lines[identity][1])
        for number in (result.independent, result.written) if decimals and not result.trouble else ():
            scaled = number * 10 ** len(decimals[0])
            assert abs(scaled % 1 - 0.5) > 1e-6, identity


def test_a_slip_of_type_says_so_and_gives_no_number(lines):
    for identity in set(WRONG) - set(FAILING) - UNDECIDED:
        formula, where = lines[identity]
        assert where.startswith(("A slip of type, ", "Nothing to evaluate. ")), identity
        assert where.endswith(WRONG[identity].why) and "*printed*" not in formula
        assert ("*checked*" in formula) == where.startswith("A slip") == bool(WRONG[identity].entry.printed)


def test_what_cannot_be_decided_says_why_and_shows_what_was_checked(lines):
    assert UNDECIDED
    for identity in UNDECIDED:
        formula, where = lines[identity]
        start = "What is checked holds. " if WRONG[identity].entry.printed else "Nothing to evaluate. "
        assert where == start + WRONG[identity].why, identity
        assert ("*checked*" in formula) == bool(WRONG[identity].entry.printed) and "*printed*" not in formula


def test_a_claim_in_words_stands_before_its_formula(lines):
    assert lines["004-a01"][0].startswith("Before (1): ") and "<br>*stated* $" in lines["004-a01"][0]


def test_a_formula_is_called_printed_read_or_stated_as_the_source_has_it(lines):
    assert "*printed* $" in lines["000-a38"][0]  # words stand beside it, but the shape is printed
    assert "*read* $" in lines["001-a91"][0]  # the sum has lost a limit, which is filled in
    assert "*stated* $" in lines["001-a131"][0]


def test_the_table_has_three_columns_and_no_bar_inside_a_cell():
    for lecture in lectures.counts():
        assert {line.count("|") for line in errata(lecture)._repr_markdown_().splitlines()} == {4}


def test_a_row_that_is_not_what_it_says_stops_the_table(monkeypatch):
    row = WRONG["004-44"]
    healthy = dataclasses.replace(row, entry=dataclasses.replace(row.entry, printed=row.entry.corrected))
    monkeypatch.setattr(tables, "ledger", lambda: (healthy,))
    with pytest.raises(AssertionError, match="004-44 is said to be wrong as printed.*as printed it holds"):
        errata("004")


@pytest.mark.parametrize("lecture", ["005", "4", "", 4])
def test_an_unknown_lecture_is_answered_with_those_there_are(lecture):
    with pytest.raises(lectures.LedgerError, match="000, 001, 002, 003, 004"):
        errata(lecture)


def test_printed_formulas_stand_without_their_verdict():
    found = lectures.printed("004-17", "002-a26")
    assert [line[0].replace(HYPHEN, "-") for line in found.lines] == ["004-17", "002-a26"]
    shown = found._repr_markdown_()
    assert all(row.states in shown and row.verdict not in shown and row.why not in shown for row in rows_of(found))


def rows_of(found):
    return [lectures.lookup(line[0].partition("<br>")[0].replace(HYPHEN, "-")) for line in found.lines]


def test_a_mended_formula_is_told_as_both_forms_and_what_the_errata_say():
    row, lines = WRONG["004-44"], lectures.mended("004-44").lines
    (listed,) = [line for line in errata("004").lines if line[0].startswith(f"004{HYPHEN}44<")]
    assert lines[1:3] == (("*printed*", f"${row.states}$"), ("*mended*", f"${row.corrected}$"))
    assert lines[0] == (f"004{HYPHEN}44", lectures.VERDICTS["erratum"]) and lines[3] == ("*found*", listed[2])


def test_a_formula_that_holds_says_so_among_mended_ones():
    first, second, found = lectures.mended("004-45").lines
    assert first[1] == lectures.VERDICTS["holds"] and second[0] == "*printed*" and found[1] == tables.HOLDS


@pytest.mark.parametrize("identity", ["004-44", "004-61", "002-a26"])
def test_another_formula_is_judged_in_the_place_of_the_printed_one(identity):
    row = WRONG[identity]
    assert lectures.judge(identity, row.entry.corrected).holds
    assert lectures.judge(identity, row.entry.printed) == lectures.check(row).printed


def test_a_folded_table_is_the_table_behind_its_summary():
    table = errata("003")
    shown = table.folded("One sign.")._repr_markdown_()
    assert shown.startswith("<details><summary>One sign.</summary>\n\n|") and shown.endswith("|\n\n</details>")
    assert table._repr_markdown_() in shown and repr(table.folded("One sign.")).startswith("One sign.")


def test_a_reason_shared_by_lines_below_each_other_is_written_once_in_a_folded_table():
    lines = (("a", "why"), ("b", "why"), ("c", "why"), ("d", "else"), ("e", "why"), ("f", ""), ("g", ""))
    shown = tables.Table(("", "reason"), lines).folded("all").table.lines
    assert [line[1] for line in shown] == ["why", tables.AS_ABOVE, tables.AS_ABOVE, "else", "why", "", ""]
    assert [line[0] for line in shown] == list("abcdefg")


def test_in_the_list_of_a_lecture_no_reason_follows_itself():
    for lecture in lectures.counts():
        reasons = [line[-1] for line in errata(lecture).folded("").table.lines]
        assert not [one for one, next_one in pairwise(reasons) if one == next_one != tables.AS_ABOVE]
