"""Every row beside the scan of its source: its display stands there, and says what the row checks."""

from __future__ import annotations

import dataclasses
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from bptt_lab import formulas, lectures
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
    changed = dataclasses.replace(row, entry=dataclasses.replace(row.entry, printed=write(tree)))
    changed.__dict__["printed"] = tree  # not read again: there are thousands of them
    return changed


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


# what stands as a formula and in no display, and why it has no row
WITHOUT_A_ROW = {
    "000": {
        r"u(x)": "a figure",
        r"x\qquadf(u(x),v(x))": "a figure",
        r"v(x)": "a figure",
        r"x,y\in\mathbb{R}": "says what the letters are",
        r"\mathbf{X},\mathbf{Y}\in\mathbb{R}^{m\timesn}": "says what the letters are",
        r"\mathbf{x},\mathbf{y}\in\mathbb{R}^d": "says what the letters are",
        r"·=\frac{\partial\mathbf{y}}{\partial\mathbf{x}}·": "a second sign for the same derivative",
        r"·=\frac{\partialy}{\partial\mathbf{X}}·": "a second sign for the same derivative",
        r"\text{Matrixw.r.tscalar:}·=\frac{\partial\mathbf{Y}}{\partialx}·": "a second sign for the same derivative",
        r"ightharpoonup·": "the mark of a list, damaged",
        **{
            rf"\mathcal{{L}}(\underbrace{{\mathbf{{a}}^{{{a}(1)}}({W})}}_{{t=1}},"
            rf"\underbrace{{\mathbf{{a}}^{{{a}(2)}}({W})}}_{{t=2}},{dots},"
            rf"\underbrace{{\mathbf{{a}}^{{{a}(T)}}({W})}}_{{t=T}})": "says in signs what the sentence before it says"
            for a, W, dots in (("2", "W^1", r"\ldots"), ("1", "W^{11}", r"\dots"), ("1", "W^0", r"\dots"))
        },
        r"\begin{array}{l}\mathsf{BPTT}\\\nabla_{\mathsf{a}^{2(t)}}\mathcal{L}\end{array}": "a heading",
        r"·\underbrace{·}_{a_{1}}": "a label, damaged: it names the Jacobian matrix",
        r"·\underbrace{·}_{\text{Jacobianmatrix}}": "a name",
    },
    "001": {
        r"\leftarrow": "an arrow of a note",
        r"\leftarrow(W^1)": "an arrow of a note; 001-a108 and a109 are about it",
        r"\rightarrow·": "an arrow of a note",
        r"\left[\downarrow\right]": "an arrow of a note",
        r"\mathcal{L}\begin{cases}y^{(1)},t^{(1)}\\y^{(2)},t^{(2)}\\\vdots\\y^{(\tau)},t^{(\tau)}\end{cases}": "lists "
        "what the loss depends on",
        r"\vec{y}^{(t)},\vec{t}^{(t)}": "a label of a figure",
        r"\frac{\vec{s}}{M}\leftarrowM^T\frac{\vec{s}}{v}\leftarrowv^T": "001-a43 to a46 have it as claims in words",
        r"\frac{v}{s}\leftarrowv\frac{d\vec{v}}{dM}\leftarrow\frac{dM}{M\timesk}": "001-a43 to a46 have it as claims",
        r"S_o,·": "the word So, read as a letter",
        r"y=f(x)": "says what a Jacobian matrix is of",
        r"t=T": "a time",
        r"\sigma\leq\frac{1}{4}": "001-a100 has it as a claim in words",
        r"\tanh\leq1": "001-a101 and a102 have it as claims in words",
        r"\leq1": "001-a103 has it as a claim in words",
        r"\begin{array}{r}11\\+11\\\hline110\end{array}": "001-a110 has it as a claim in words",
        r"\infty": "a number of examples, a claim in words",
        r"·\\·=\left(\nabla_{z^{l,t}}^T\mathcal{L}\right)"
        r"\left(\nabla_{W^{l-1}}^Tz^{l,t}\right)": "001-a136 is about it",
    },
    "002": {
        r"\frac{\partialL}{\partialW_y},\frac{\partialL}{\partialv},\frac{\partialL}{\partialu}": "only asks",
        r"g=g^*=I\uparrow\text{identityfunction}": "002-a12 has it as a claim in words",
    },
    "003": {r"l=1,\dots,L": "a range"},
    "004": {
        r"\mathbb{1}_{\text{condition}}=1": "says how the indicator is written",
        r"i=1,\dots,5": "a range",
        r"i=2,\dots,5": "a range",
        r"\frac{\partialL}{\partialh_i^{(\tau)}},i=2,\dots,5": "a range",
        r"v_{1i},i=2,\dots,5": "a range",
        r"t=1": "a time",
        r"t=\tau-1": "a time",
        r"\mathbf{h}^{(t+1)}=\mathbf{h}^{(\tau)}": "a time",
        r"s\neqt": "a range",
        r"\frac{\partial}{\partialh_1^{(\tau-1)}}·": "stands on the left of (41)",
        "(47)": "a number beside an empty line",
    },
}


@pytest.mark.parametrize("lecture", WITHOUT_A_ROW)
def test_every_formula_of_a_source_has_a_row_or_a_reason(lecture):
    found = scans.uncovered(source(lecture), [ROWS[i].display for i in SHOWN if ROWS[i].lecture == lecture])
    assert set(found) == set(WITHOUT_A_ROW[lecture])


def test_a_formula_whose_row_is_missing_is_found():
    others = [ROWS[i].display for i in SHOWN if ROWS[i].lecture == "004" and i != "004-45"]
    assert set(scans.uncovered(source("004"), others)) - set(WITHOUT_A_ROW["004"])


@pytest.mark.parametrize("lecture", READY)
def test_the_displays_are_those_that_were_compared_with_the_source(lecture):
    """Where the sources are not at hand; else compare first, then record the new fingerprint."""
    assert scans.fingerprint(lecture) == scans.tables(lecture)["reading"]["compared"]


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


# Changes of the display

PATTERNS = {
    "sign": (r"[-+]", lambda found: {"-": "+", "+": "-"}[found]),
    "digit": (r"\d", lambda found: str((int(found) + 1) % 10)),
    "transpose": (r"\^\{?(T|Tr|\\top)\b\}?", lambda found: ""),
    "letter": (r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])", lambda found: "q" if found != "q" else "r"),
    "function": (r"\\(tanh|exp|ln|log)\b", lambda found: r"\exp" if found != r"\exp" else r"\ln"),
}
# what the reader leaves out of a display, by row
NOT_READ = {
    "the arguments of a loss or of a function, which its letter stands for": "000-a06 001-a39 001-a40 002-a09 002-a10 "
    "002-a13 002-a15 004-10 004-11 004-12",
    "the arguments of F and G but for their time": "004-39 004-40 004-42 004-51 004-52 004-75 004-76 004-a29",
    "the other of two sizes": "001-a64 001-a80 001-a82 001-a86 001-a93 001-a94 001-a129 001-a145 001-a146 001-a148 "
    "004-a05 004-a06 004-a07 004-a08 004-a09 004-a10",
    "the name of an index that only the sum knows": "002-5",
}


def group_end(text, start):
    """Return where the group that opens at a place ends."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return at + 1
    return len(text)


def labels(display):
    """Return the places of the labels under braces, which have rows of their own; a display of one brace is read."""
    found = []
    for brace in re.finditer(r"\\underbrace\s*(?=\{)", display):
        over = group_end(display, brace.end())
        if display[over : over + 2] == "_{":
            end = group_end(display, over + 1)
            found += range(over, end) if (brace.start(), end) != (0, len(display)) else []
    return set(found)


def changed_displays(display, kind):
    """Return every display that differs from one by a change of a kind."""
    pattern, change = PATTERNS[kind]
    found = [one for one in re.finditer(pattern, display) if one.start() not in labels(display)]
    return [display[: one.start()] + change(one[0]) + display[one.end() :] for one in found]


@cache
def unread(kind):
    """Return how many changes of a kind were made to displays, and the rows that still agree with one of them."""
    tried, missed = 0, set()
    with pytest.MonkeyPatch.context() as patch:
        for identity in SHOWN:
            for display in changed_displays(ROWS[identity].display, kind):
                tried += 1
                if agrees(with_scan(ROWS[identity], patch, display=display)):
                    missed.add(identity)
                patch.undo()
    return tried, missed


@pytest.mark.parametrize("kind", PATTERNS)
def test_every_sign_digit_letter_transpose_and_function_of_a_display_is_read_with_named_exceptions(kind):
    tried, missed = unread(kind)
    assert tried >= 40 and missed <= set(" ".join(NOT_READ.values()).split())


def test_every_exception_of_the_reader_is_one():
    assert set().union(*(unread(kind)[1] for kind in PATTERNS)) == set(" ".join(NOT_READ.values()).split())


# Mutants of the formula that is checked


def notices(row):
    """Return whether the ledger notices that the formula of a row is not the one it was."""
    return not agreement.is_transcribed(row) or not lectures.is_confirmed(row, lectures.check(row))


def test_a_wrong_transcription_of_a_wrong_line_is_not_confirmed():
    row = ROWS["004-17"]
    wrong = dataclasses.replace(
        row, entry=dataclasses.replace(row.entry, printed=row.entry.printed.replace(" - ", " + "))
    )
    assert not lectures.check(wrong).printed.holds and not lectures.is_confirmed(wrong, lectures.check(wrong))
    assert "not the one that the source displays" in lectures.found(wrong)
    assert lectures.is_confirmed(row, lectures.check(row)) and "displays" not in lectures.found(row)


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
    "000-a44": "the derivative of a number by itself is one, as a matrix and as an entry",
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


# What is written out beside what is written short


def matches(display, text, script):
    """Return whether a display and a formula in the language of source 004 are one."""
    row = ROWS["004-1"]
    shown = displays.read(display, script)[0][0]
    return agreement.forms.agree(shown, agreement.form_of(formulas.read(text, row.setting.language), row.source.hand))


SQUARE = r"\begin{pmatrix} w_{11} & w_{12} \\ w_{21} & w_{22} \end{pmatrix}"
TURNED = r"\begin{pmatrix} w_{11} & w_{21} \\ w_{12} & w_{22} \end{pmatrix}"
DIAGONAL = r"\begin{pmatrix} h_1^{(t)} & 0 \\ 0 & h_2^{(t)} \end{pmatrix}"
DOTTED = r"\begin{pmatrix} w_{11} & \dots & w_{15} \\ \vdots & \ddots & \vdots \\ w_{51} & \dots & w_{55} \end{pmatrix}"
SUMMED = r"h_1^{(t)} + h_2^{(t)} + \dots + h_\tau^{(t)}"


@pytest.mark.parametrize(
    ("display", "right", "wrong"),
    [
        (SQUARE, ["W", "W.T.T"], ["W.T", "W**2", "U", "-W", "diag(h(t))"]),
        (TURNED, ["W.T"], ["W", "W**2", "(W**2).T", "U.T", "tanh(W)"]),
        (DIAGONAL, ["diag(h(t))"], ["diag(h(t+1))", "diag(h(t)**2)", "diag(1 - h(t))", "tanh(h(t))", "W"]),
        (DIAGONAL.replace("0", "1", 1), [], ["diag(h(t))"]),
        (SQUARE.replace("w_{22}", "w_{21}"), [], ["W", "W.T"]),
        (
            SUMMED,
            ["sum(i, 1, tau, h(t)[i])"],
            ["sum(i, 2, tau, h(t)[i])", "sum(i, 1, t, h(t)[i])", "prod(i, 1, tau, h(t)[i])", "sum(i, 1, tau, o(t)[i])"],
        ),
        (SUMMED.replace("h_2", "h_3"), [], ["sum(i, 1, tau, h(t)[i])"]),
        (
            DOTTED.replace("5", r"\tau"),
            ["matrix(i, 1, tau, j, 1, tau, W[i,j])"],
            [
                "matrix(i, 1, tau, j, 1, tau, W[j,i])",
                "matrix(i, 1, tau, j, 1, tau, W[i,j]).T",
                "matrix(i, 1, t, j, 1, tau, W[i,j])",
                "W",
            ],
        ),
        (
            r"\begin{pmatrix} h_1^{(t)} \\ \vdots \\ h_\tau^{(t)} \end{pmatrix}",
            ["column(i, 1, tau, h(t)[i])", "row(i, 1, tau, h(t)[i]).T"],
            ["row(i, 1, tau, h(t)[i])", "column(i, 1, tau, o(t)[i])", "column(i, 1, t, h(t)[i])"],
        ),
        (r"- (h^{(t)} - x^{(t)})", ["-(h(t) - x(t))"], ["-h(t) - x(t)", "h(t) - x(t)", "-h(t) + x(t)"]),
        (r"- h^{(t)} x^{(t)}", ["-(h(t)*x(t))", "(-h(t))*x(t)", "h(t)*(-x(t))"], ["h(t)*x(t)"]),
        (r"\frac{- h^{(t)}}{x^{(t)}}", ["-h(t)/x(t)", "-(h(t)/x(t))"], ["h(t)/x(t)", "x(t)/(-h(t))"]),
        (
            r"\sum_{i=1}^5 h_i^{(t)} c_1",
            ["sum(i, 1, 5, h(t)[i]*c[1])", "sum(i, 1, 5, h(t)[i])*c[1]"],
            ["sum(i, 1, 5, c[1])"],
        ),
    ],
)
def test_what_is_written_out_is_what_is_written_short_and_nothing_else(display, right, wrong, script):
    assert [text for text in (*right, *wrong) if matches(display, text, script)] == right


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("rows(U) = 5", True),
        ("columns(U) = 4", True),
        ("rows(U) = 4", False),
        ("columns(U) = 5", False),
        ("rows(W) = 5", False),
        ("exp(U) = 4", False),
        ("U = matrix(i, 1, 5, j, 1, 4, U[i,j])", True),
        ("U = matrix(i, 1, 4, j, 1, 5, U[j,i])", False),
    ],
)
def test_a_displayed_size_is_one_of_rows_of_columns_or_of_all_entries(printed, expected):
    row = ROWS["004-a05"]
    assert agrees(stating(row, formulas.read(printed, row.setting.language, relation=True))) == expected


def test_a_slip_of_type_is_seen_in_what_the_scan_has_for_what_is_read():
    slips = [i for i in SHOWN if ROWS[i].verdict == "erratum" and ROWS[i].entry.is_typographical]
    assert [i for i in slips if not ROWS[i].differences] == ["004-22"]  # the slip is in its middle form, 004-a19
    assert ROWS["004-a19"].differences


@pytest.mark.parametrize(
    ("display", "texts"),
    [
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", ["a = b", "c = d"]),
        (r"\begin{aligned} a &= b \\ &+ x \\ c &= d \\ &- x \end{aligned}", ["a = b + x", "c = d - x"]),
        (r"\begin{aligned} a &= b \\ &= d \end{aligned}", ["a = b = d"]),
        (r"\begin{aligned} a & = & b & + x \end{aligned}", ["a = b + x"]),
        (r"a = b, \quad c = d", ["a = b", "c = d"]),
        (r"\mathbf{a + b} = \mathsf{c}", ["a + b = c"]),
    ],
)
def test_lines_of_a_display_are_parted_and_their_continuations_joined(display, texts, script):
    expected = [line for text in texts for line in displays.read(text, script)]
    assert displays.read(display, script) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [("the two words", True), ("wo words", False), ("the two word", False), ("two words here", False)],
)
def test_a_sentence_begins_and_ends_where_a_word_does(words, expected):
    assert scans.has_sentence("Here are the  two\nWORDS", scans.mark(words)) == expected
