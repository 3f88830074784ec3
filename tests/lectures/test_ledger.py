"""The ledger as a whole: which rows it has, that its checks can fail, and how it is looked up."""

import dataclasses
from collections import Counter

import pytest

from bptt_lab import lectures
from bptt_lab.cli import main

LEDGER = {row.id: row for row in lectures.ledger()}


def changed(identity, **changes):
    """Return a row with its entry changed."""
    row = LEDGER[identity]
    return dataclasses.replace(row, entry=dataclasses.replace(row.entry, **changes))


def test_every_number_of_004_and_002_has_a_row():
    assert {f"004-{n}" for n in range(1, 89)} | {f"002-{n}" for n in range(1, 6)} <= set(LEDGER)


def test_ids_are_unique_and_name_their_lecture():
    assert len(LEDGER) == len(lectures.ledger())
    assert all(row.id.startswith(f"{row.lecture}-") for row in lectures.ledger())


def test_rows_without_a_printed_number_are_counted_on_in_reading_order():
    for lecture in lectures.counts():
        lettered = [row.id for row in lectures.ledger() if row.lecture == lecture and "-a" in row.id]
        assert lettered == [f"{lecture}-a{n:02d}" for n in range(1, len(lettered) + 1)]


def test_the_counts_by_lecture_and_verdict():
    assert lectures.counts() == {
        "000": {"holds": 55, "definition": 24, "erratum": 0, "scan": 23, "reading": 13, "undecidable": 0},
        "001": {"holds": 83, "definition": 27, "erratum": 3, "scan": 32, "reading": 16, "undecidable": 3},
        "002": {"holds": 22, "definition": 12, "erratum": 9, "scan": 3, "reading": 0, "undecidable": 2},
        "003": {"holds": 4, "definition": 58, "erratum": 1, "scan": 0, "reading": 0, "undecidable": 0},
        "004": {"holds": 80, "definition": 26, "erratum": 34, "scan": 0, "reading": 8, "undecidable": 1},
    }


def test_every_row_is_confirmed_by_its_check():
    assert [row.id for row in LEDGER.values() if not lectures.is_confirmed(row, lectures.check(row))] == []


def test_independent_values_one_thousandth_too_large_make_every_equation_fail():
    passed = []
    for row in LEDGER.values():
        finding = lectures.check(row, scale=1.001)
        shown = {"printed": row.entry.printed and row.printed, "corrected": row.entry.corrected and row.mended}
        for form, tree in shown.items():
            if tree and tree.operator == "=" and getattr(finding, form).holds:
                passed.append(f"{row.id} {form}")
    assert passed == []


def is_no_equation(row):
    """Return whether what holds of a row is a claim of another kind than an equation."""
    shown = row.mended if row.entry.corrected else row.entry.printed and row.printed
    return bool(shown) and shown.operator != "="


def test_every_claim_that_is_no_equation_has_one_beside_it_that_is_refused():
    for row in LEDGER.values():
        assert bool(row.entry.near) == is_no_equation(row), row.id
        assert lectures.checks.refuses_what_is_near(row), row.id


def test_a_row_whose_nearest_claim_holds_too_is_refused():
    row = changed("004-a14", near="0 <= p(t)[k]")
    assert not lectures.is_confirmed(row, lectures.check(row))
    beyond = changed("004-a14", near="0 <= p(t+1)[k]")  # no value is no refusal
    assert not lectures.is_confirmed(beyond, lectures.check(beyond))


def test_the_rows_that_notice_a_thousandth_those_that_refuse_a_near_claim_and_those_without_a_formula():
    kinds = Counter(
        "nothing to evaluate" if not row.entry.printed else "near claim" if is_no_equation(row) else "a thousandth"
        for row in LEDGER.values()
    )
    assert sum(kinds.values()) == len(LEDGER)
    assert kinds == {"a thousandth": 503, "near claim": 26, "nothing to evaluate": 10}


def test_a_row_without_a_check_is_a_slip_of_type_or_undecidable_and_says_why():
    for row in LEDGER.values():
        if not row.entry.printed:
            assert (row.entry.is_typographical or row.verdict == "undecidable") and row.why


def test_what_is_undecidable_says_why_and_has_no_correction():
    undecided = [row for row in LEDGER.values() if row.verdict == "undecidable"]
    assert undecided and all(row.why and not row.entry.corrected for row in undecided)


def test_a_formula_beside_what_is_undecidable_must_hold():
    row = changed("001-a157", printed="target(t) = 1 - y(t)")
    assert lectures.is_confirmed(LEDGER["001-a157"], lectures.check(LEDGER["001-a157"]))
    assert not lectures.is_confirmed(row, lectures.check(row))


def test_what_is_wrong_says_why_and_what_is_right_says_nothing_of_errors():
    for row in LEDGER.values():
        is_wrong = row.verdict in ("erratum", "scan", "reading")
        assert bool(row.why) or not is_wrong, row.id
        assert bool(row.entry.corrected) == (is_wrong and not row.entry.is_typographical), row.id


def test_verdicts_are_those_of_the_list_and_notebooks_exist():
    from pathlib import Path

    numbers = {path.name[:2] for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb")}
    for row in LEDGER.values():
        assert row.verdict in lectures.VERDICTS and (not row.course or row.course in numbers), row.id


@pytest.mark.parametrize(
    ("identity", "changes"),
    [
        ("004-45", dict(printed="grad(L, h(t)) = W @ diag(1 - h(t+1)**2) @ grad(L, h(t+1)) + V.T @ grad(L, o(t))")),
        ("004-45", dict(verdict="erratum", corrected="grad(L, h(t)) = V.T @ grad(L, o(t))")),
        ("004-17", dict(verdict="holds", corrected="")),
        ("004-17", dict(printed="L(t) = -o(t)[1] + log(sum(i, 1, 3, exp(o(t)[i])))")),
        ("004-17", dict(corrected="L(t) = o(t)[1] + log(sum(i, 1, 3, exp(o(t)[i])))")),
        ("004-33", dict(printed="grad(L, h(tau)) = V @ grad(L, o(tau))")),
    ],
)
def test_a_row_that_says_what_is_not_so_is_refused(identity, changes):
    row = changed(identity, **changes)
    assert not lectures.is_confirmed(row, lectures.check(row))
    with pytest.raises(AssertionError, match=identity):
        lectures.table([row])
    assert "NOT WHAT THE ROW SAYS" in lectures.found(row)


def test_a_row_shows_its_formulas_and_its_notebook():
    shown = LEDGER["004-44"]._repr_markdown_()
    assert "004-44" in shown and "Corrected" in shown and r"\mathbf{W}^{\top}" in shown
    assert "As printed" in shown and "In the scan" not in shown  # only its left side is given
    damaged = LEDGER["000-a13"]._repr_markdown_()
    assert "As read" in damaged and f"In the scan: `{LEDGER['000-a13'].display}`" in damaged
    assert "As stated" in LEDGER["004-a01"]._repr_markdown_()


def test_the_course_letters_are_those_of_the_course():
    assert r"\mathbf{W}^{11}" in LEDGER["004-45"].in_course_letters
    assert r"\mathbf{W}^{11}" not in LEDGER["004-45"].states


def test_a_table_has_a_line_for_each_row_and_no_bar_inside_a_formula():
    table = lectures.table(lectures.ledger()[:40])
    assert all(
        line.count("|") == table._repr_markdown_().splitlines()[0].count("|")
        for line in table._repr_markdown_().splitlines()
    )
    assert len(table.lines) == 40 and "40 lines" in repr(table)


def test_an_unknown_id_offers_the_nearest():
    with pytest.raises(lectures.LedgerError, match="Did you mean 004-44"):
        lectures.lookup("004-444")


def test_the_command_shows_a_row(capsys):
    assert main(["lookup", "004-44"]) == 0
    shown = capsys.readouterr().out
    assert "004-44" in shown and "corrected" in shown and "as printed it fails" in shown


def test_the_command_lists_a_lecture(capsys):
    assert main(["lookup", "002"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == sum(lectures.counts()["002"].values())


def test_the_command_refuses_an_unknown_id_in_one_line(capsys):
    assert main(["lookup", "nothing"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and len(captured.err.strip().splitlines()) == 1


def test_every_lecture_has_its_title():
    found = lectures.titles()
    assert list(found) == list(lectures.counts())
    assert all(
        row.source.title in found[row.lecture] and row.source.author in found[row.lecture] for row in lectures.ledger()
    )
