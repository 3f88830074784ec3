"""Lecture 004: every row is what it says, its errata are named, and the engine it is held against is right."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bptt_lab import formulas
from bptt_lab.lectures.checks import Result, check, evaluate, is_confirmed
from bptt_lab.lectures.lecture_004 import ENTRIES, LECTURE
from bptt_lab.lectures.rows import Row

ROWS = {entry.id: Row(entry, LECTURE) for entry in ENTRIES}
T, STEP = 6, 1e-30

ERRATA = "17 25 32 40 42 44 53 54 55 56 57 61 62 66 76 77 78 79 80 a01 a16 a21 a25 a33 a39 a41 a42 a48 a51"
READINGS = "59 60 63 82 87 88 a23 a35"
SLIPS_OF_TYPE = "22 47 48 51 85"
UNDECIDABLE = "86"
DEFINITIONS = "1 2 3 4 5 6 7 8 9 10 11 13 39 a02 a03 a04 a05 a06 a07 a08 a09 a10 a11 a12 a17 a32"


def ids(numbers: str) -> list[str]:
    return [f"004-{number}" for number in numbers.split()]


def restated(identity: str, *changes: tuple[str, str], of: str = "printed") -> Result:
    """Return what a row's printed or corrected form does after replacing parts of its text, each of which occurs."""
    entry, text = ROWS[identity].entry, getattr(ROWS[identity].entry, of)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    row = Row(replace(entry, printed=text), LECTURE)
    return evaluate(row, row.printed)


def tried(setting: str, text: str) -> Result:
    """Return what a relation does in a setting."""
    row = Row(replace(ROWS["004-1"].entry, printed=text, setting=setting), LECTURE)
    return evaluate(row, row.printed)


def value(setting: str, text: str, point: int = 0, **indices: int) -> np.ndarray:
    place = LECTURE.settings[setting]
    scene = place.scenes[point]
    return np.asarray(scene.value(formulas.read(text, place.language), **{**place.constants, **indices}), dtype=float)


# the rows


def test_the_ids_are_the_88_numbers_and_then_the_claims_in_order():
    claims = [f"004-a{n:02d}" for n in range(1, 62)]
    assert [entry.id for entry in ENTRIES] == [f"004-{n}" for n in range(1, 89)] + claims


@pytest.mark.parametrize("identity", ROWS)
def test_the_check_finds_what_the_row_says(identity):
    row = ROWS[identity]
    finding = check(row)
    assert is_confirmed(row, finding), finding


@pytest.mark.parametrize(
    "identity", [i for i, row in ROWS.items() if row.entry.printed and row.printed.operator == "="]
)
def test_a_form_that_holds_fails_when_the_independent_value_is_scaled(identity):
    finding = check(ROWS[identity], 1.001)
    assert not (finding.corrected or finding.printed).holds


@pytest.mark.parametrize(
    "identity, opposite", [("004-a14", ("0 <=", "1 <=")), ("004-a26", ("L(t+s)", "L(t-s)")), ("004-a38", ("!=", "="))]
)
def test_a_relation_that_is_no_equation_fails_when_it_is_turned(identity, opposite):
    assert not restated(identity, opposite).holds


def test_the_verdicts_are_those_found_by_hand():
    def of(chosen):
        return [row.id for row in ROWS.values() if chosen(row)]

    assert of(lambda row: row.verdict == "erratum" and not row.entry.is_typographical) == ids(ERRATA)
    assert of(lambda row: row.verdict == "reading") == ids(READINGS)
    assert of(lambda row: row.entry.is_typographical) == ids(SLIPS_OF_TYPE)
    assert of(lambda row: row.verdict == "undecidable") == ids(UNDECIDABLE)
    assert of(lambda row: row.verdict == "definition") == ids(DEFINITIONS)


def test_only_the_empty_line_states_nothing():
    assert [row.id for row in ROWS.values() if not row.entry.printed] == ["004-47"]


def test_every_row_but_those_that_hold_says_why():
    for row in ROWS.values():
        assert bool(row.why) == (row.verdict not in ("holds", "definition")), row.id


def test_every_claim_beside_the_numbers_is_put_in_words():
    assert all(entry.words for entry in ENTRIES if re.fullmatch(r"004-a\d\d", entry.id))


def test_a_reading_shows_the_immediate_derivative_in_its_correction_only():
    for identity in sorted(set(ids(READINGS)) - set(ids("a23"))):  # that one is no question of immediate or total
        assert r"\partial^{+}" in ROWS[identity].corrected
        assert r"\partial^{+}" not in ROWS[identity].states


def test_the_lecture_writes_in_its_own_hand_and_the_course_in_its_own():
    row = ROWS["004-45"]
    assert row.states.startswith(r"\nabla_{\mathbf{h}^{(t)}} L = \mathbf{W}^{\top} \, \operatorname{diag}")
    assert r"\left(\mathbf{W}^{11}\right)^{\top}" in row.in_course_letters
    assert ROWS["004-22"].states.endswith(r"\hat{y}^{(t)}_{i} - \mathbb{1}_{i=y^{(t)}}")
    assert ROWS["004-28"].in_course_letters.startswith(r"\frac{d L}{d h^{1(T)}_{2}} = W^{1}_{12}")


def test_sizes_and_steps_are_all_different_and_the_initial_state_is_not_zero():
    setting = LECTURE.settings[""]
    sizes = [len(value("", f"{letter}(1)")) for letter in "xho"]
    assert len({*sizes, setting.T}) == 4
    assert np.all(value("", "h(0)") != 0)
    assert np.all(value("", "W - W.T")[~np.eye(5, dtype=bool)] != 0)


# the errata, by name


def test_the_second_form_of_the_loss_lost_its_sign():
    found = check(ROWS["004-17"]).printed
    assert found.written == pytest.approx(-found.independent)
    assert check(ROWS["004-a18"]).printed.holds


def test_the_exponentials_of_two_classes_are_those_of_class_1():
    assert not check(ROWS["004-25"]).printed.holds
    second = ("V[2,1]*exp(c[1] + sum(i, 1, 5, V[1,i]", "V[2,1]*exp(c[2] + sum(i, 1, 5, V[2,i]")
    third = ("V[3,1]*exp(c[1] + sum(i, 1, 5, V[1,i]", "V[3,1]*exp(c[3] + sum(i, 1, 5, V[3,i]")
    assert not restated("004-25", second).holds
    assert not restated("004-25", third).holds
    assert restated("004-25", second, third).holds


def test_the_probabilities_of_32_are_those_of_another_step():
    assert check(ROWS["004-32"]).printed.where == "t = 1"
    row = Row(replace(ROWS["004-32"].entry, where={"t": (6, 6)}), LECTURE)
    assert evaluate(row, row.printed).holds


def test_the_label_under_the_brace_of_40_has_two_slips():
    assert not restated("004-40", ("= h(tau)[1]**2", "= h(tau)[i]**2")).holds
    assert not restated("004-40", ("= h(tau)[1]**2", "= 1 - h(tau)[1]**2")).holds


def test_the_logarithm_is_differentiated_by_the_state_before_the_last():
    assert not check(ROWS["004-42"]).printed.holds
    assert restated(
        "004-42", ("], h(tau)[1]) =", "], h(tau-1)[1]) ="), ("D(L(tau), h(tau)", "D(L(tau), h(tau-1)")
    ).holds


def test_the_recursion_has_W_transposed_left_of_the_diagonal():
    printed, corrected = check(ROWS["004-44"])
    assert not printed.trouble  # the printed order conforms, and is wrong
    assert not printed.holds
    assert corrected.holds
    assert check(ROWS["004-45"]).printed.holds


def test_the_recursion_of_45_needs_the_slope_of_the_next_state():
    assert not restated("004-45", ("h(t+1)**2", "h(t)**2")).holds
    assert not restated("004-45", ("W.T", "W")).holds


@pytest.mark.parametrize("i, slip", [(1, "V[3,2]"), (2, ""), (3, "V[3,1]"), (4, ""), (5, "")])
def test_the_last_bias_gradient_has_three_slips_of_time_index_and_letter(i, slip):
    identity = f"004-{52 + i}"
    letter = (f"D(L, h(tau)[{i}])", f"D(L, h(tau)) @ d(h(tau), b[{i}])")
    mended = [letter, ("p(t)", "p(tau)")]
    if slip:
        assert not restated(identity, *mended).holds
        mended.append((slip, f"V[3,{i}]"))
    assert restated(identity, *mended).holds
    for left_out in range(len(mended)):
        assert not restated(identity, *(mended[:left_out] + mended[left_out + 1 :])).holds


@pytest.mark.parametrize("identity", ids("59 60"))
def test_the_gradient_by_b_at_the_last_step_is_a_share_of_the_whole(identity):
    assert not restated(identity, ("grad(L(tau), b)", "grad(L, b)")).holds
    assert check(ROWS[identity]).corrected.holds


def test_the_gradient_by_c_with_a_time_and_by_the_shared_c_are_the_same():
    assert check(ROWS["004-49"]).printed.holds
    assert restated("004-49", ("c_at(t)", "c")).holds
    assert not restated("004-49", ("c_at(t)", "c_at(s)")).holds  # a step does not feel the c of another step


def test_58_holds_with_the_left_side_of_the_sentence_before_53_and_not_by_the_shared_b():
    assert check(ROWS["004-58"]).printed.holds
    assert not restated("004-58", ("b_at(tau)", "b")).holds
    assert not restated("004-58", ("b_at(tau)", "b_at(tau-1)")).holds


def test_62_fails_under_both_readings_of_b_and_holds_with_the_total_loss():
    """As (61), whose right side is the same gradient."""
    right = "diag(1 - h(tau-1)**2) @ grad(L, h(tau-1))"
    assert not tried("biases of each step", f"grad(L(tau-1), b) = {right}").holds
    assert not tried("biases of each step", f"grad(L(tau-1), b_at(tau-1)) = {right}").holds
    assert tried("biases of each step", f"grad(L, b_at(tau-1)) = {right}").holds
    assert ROWS["004-62"].verdict == ROWS["004-61"].verdict == "erratum"
    left = "d(h(tau-1), b).T @ grad(L(tau-1), h(tau-1))"
    assert not restated("004-62", ("grad(L(tau-1), b)", left)).holds
    assert restated("004-62", ("grad(L(tau-1), b)", left.replace("L(tau-1)", "L"))).holds


def test_85_holds_with_the_time_that_b_carries_and_not_with_the_shared_b_of_63():
    assert check(ROWS["004-85"]).printed.holds and "b}^{(t)}" in ROWS["004-85"].display
    assert not restated("004-85", ("b_at(t)", "b")).holds
    assert not check(ROWS["004-63"]).printed.holds and "b}^{(t)}" not in ROWS["004-63"].display


def test_86_holds_with_the_matrix_where_a_small_letter_stands():
    assert check(ROWS["004-86"]).printed.holds
    assert r"\nabla_{\mathbf{v}}" in ROWS["004-86"].display


def test_80_goes_no_step_back_and_its_bracket_does():
    printed, corrected = check(ROWS["004-a48"])
    assert "shapes" in printed.trouble and corrected.holds
    assert corrected == check(ROWS["004-45"]).printed
    assert check(ROWS["004-80"]).corrected.holds  # (80) mended is a share of the gradient by W


@pytest.mark.parametrize("identity", ids("61 80 a33 a39"))
def test_the_bracket_of_61_and_80_does_not_conform_and_has_the_wrong_step(identity):
    order = ("grad(L, h(tau)) @ diag(1 - h(tau)**2)", "diag(1 - h(tau)**2) @ grad(L, h(tau))")
    assert "do not fit" in check(ROWS[identity]).printed.trouble
    backwards = [(order[1], order[0]), ("o(tau-1)", "o(tau)")]
    for change in backwards:
        assert not restated(identity, change, of="corrected").holds
    assert restated(identity, of="corrected").holds


def test_the_state_at_the_end_of_80_must_be_transposed():
    assert "do not fit" in restated("004-80", ("h(tau-1-1).T", "h(tau-1-1)"), of="corrected").trouble


@pytest.mark.parametrize("identity", ids("63 82 87 88"))
def test_a_sum_of_total_derivatives_of_the_states_counts_paths_twice(identity):
    printed, corrected = check(ROWS[identity])
    assert not printed.trouble  # the shapes conform, and the value is wrong
    assert not printed.holds
    assert corrected.holds
    total_again = (
        [("d(h(t)[i], ", "D(h(t)[i], ")] if "[i]" in ROWS[identity].entry.printed else [("d(h(t), ", "D(h(t), ")]
    )
    assert not restated(identity, *total_again, of="corrected").holds


def test_the_total_and_the_immediate_derivative_of_the_first_state_agree_and_of_later_ones_do_not():
    first = np.abs(value("state in one line", "D(h(t), b) - d(h(t), b)", t=1)).max()
    later = np.abs(value("state in one line", "D(h(t), b) - d(h(t), b)", t=2)).max()
    assert first < 1e-12
    assert later > 1e-3


def test_the_index_of_the_numerator_of_66_is_bound_by_nothing():
    assert check(ROWS["004-66"]).printed.where.startswith("k = 2")


@pytest.mark.parametrize("identity", ids("76 77 78"))
def test_the_derivative_by_w_11_sums_over_the_classes_and_means_the_last_use(identity):
    last_use = ("D(L(tau), W[1,1])", "D(L(tau), h(tau)) @ d(h(tau), W[1,1])")
    assert not restated(identity, last_use).holds
    assert not restated(identity, last_use[::-1], of="corrected").holds


def test_the_row_of_79_repeats_its_first_entry():
    at_last = ("p(t)", "p(tau)")
    assert not restated("004-79", at_last).holds
    assert restated("004-79", at_last, (" + same(j,2)*(h(tau-1)[1] - h(tau-1)[2])", "")).holds


def test_the_gradient_by_the_last_state_is_a_column_and_no_matrix():
    for identity in ids("a23 a25"):
        assert not check(ROWS[identity]).printed.holds
        assert check(ROWS[identity]).corrected.holds


def test_a_change_of_V_moves_the_losses_of_all_steps():
    moved = [value("", "D(L(t), V[1,2])", t=t) for t in range(1, T + 1)]
    assert np.all(np.abs(moved) > 1e-6)


@pytest.mark.parametrize("identity", ids("34 35 a15 a20 a27 81 83 a34 a46 a47"))
def test_a_sum_over_steps_or_paths_fails_where_one_is_left_out(identity):
    text = ROWS[identity].entry.printed
    shorter = re.sub(r"sum\((t|s), (1|t|t\+1), tau", r"sum(\1, \2+1, tau", text)
    shorter = text[: text.rindex(" + ")] if shorter == text else shorter
    assert not restated(identity, (text, shorter)).holds


# the engine that the rows are held against, beside a forward pass of its own and complex steps


def leaves(setting: str, point: int) -> dict[str, np.ndarray]:
    found = {name: value(setting, name, point).astype(complex) for name in "WUVbc"}
    found["h"] = value(setting, "h(0)", point)[:, 0].astype(complex)
    own = ("b_at", "c_at") if setting == "biases of each step" else ()
    for name in (*"xy", *own):
        found[name] = np.array([value(setting, f"{name}(t)", point, t=t)[:, 0] for t in range(1, T + 1)], dtype=complex)
    return {name: array[:, 0] if name in "bc" else array for name, array in found.items()}


def losses(given: dict[str, np.ndarray], state: np.ndarray, after: int = 0) -> np.ndarray:
    """Return the loss of every step from the state after a step on, by (1) to (4) and (13); its own step included."""
    found, none = [], np.zeros(T + 1)
    for t in range(after, T + 1):
        b, c = given["b"] + given.get("b_at", none)[t - 1], given["c"] + given.get("c_at", none)[t - 1]
        if t > after:
            state = np.tanh(b + given["W"] @ state + given["U"] @ given["x"][t - 1])
        if t > 0:
            powers = np.exp(c + given["V"] @ state)
            found.append(-given["y"][t - 1] @ np.log(powers / powers.sum()))
    return np.array(found)


def slopes(function, array: np.ndarray) -> np.ndarray:
    """Return the derivatives of a real function by every entry of an array, by complex steps."""
    found = np.empty(array.shape)
    for entry in np.ndindex(array.shape):
        moved = array.copy()
        moved[entry] += STEP * 1j
        found[entry] = function(moved).imag / STEP
    return found


@pytest.fixture(params=LECTURE.settings)
def setting(request):
    return request.param


@pytest.mark.parametrize("point", (0, 1))
def test_the_loss_is_that_of_a_forward_pass_written_by_hand(setting, point):
    given = leaves(setting, point)
    assert losses(given, given["h"]).real.sum() == pytest.approx(float(value(setting, "L", point)), rel=1e-12)


@pytest.mark.parametrize("name", ["W", "U", "V", "b", "c", "x", "h"])
def test_total_derivatives_by_parameters_inputs_and_the_first_state_agree_with_complex_steps(setting, name):
    given = leaves(setting, 0)

    def total(array):
        moved = {**given, name: array}
        return losses(moved, moved["h"]).sum()

    written = {"h": "grad(L, h(0)).T", "b": "D(L, b)", "c": "D(L, c)"}.get(name, f"grad(L, {name})")
    if name == "x":
        found = np.array([value(setting, "grad(L, x(t))", t=t)[:, 0] for t in range(1, T + 1)])
    else:
        found = value(setting, written).reshape(given[name].shape)
    np.testing.assert_allclose(found, slopes(total, given[name]), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("t", range(1, T + 1))
def test_total_derivatives_of_every_loss_by_every_state_agree_with_complex_steps(t):
    given = leaves("", 0)
    state = value("", "h(t)", t=t)[:, 0].astype(complex)
    for s in range(1, T + 1):
        found = value("", "grad(L(s), h(t))", s=s, t=t)[:, 0]
        expected = slopes(lambda h, s=s: losses(given, h, t)[s - t], state) if s >= t else np.zeros(5)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["W", "U", "b"])
def test_immediate_derivatives_of_a_state_agree_with_complex_steps_from_a_fixed_state_before(name):
    given, t, i = leaves("state in one line", 0), 4, 2
    before = value("state in one line", "h(t-1)", t=t)[:, 0]

    def entry(array):
        moved = {**given, name: array}
        return np.tanh(moved["b"] + moved["W"] @ before + moved["U"] @ moved["x"][t - 1])[i - 1]

    found = value("state in one line", f"d(h(t)[{i}], {name}).T", t=t).reshape(given[name].shape)
    np.testing.assert_allclose(found, slopes(entry, given[name]), rtol=1e-10, atol=1e-12)


def test_the_counts_that_notebook_09_tells_are_those_of_the_ledger():
    found = list(ROWS.values())
    numbered = [row for row in found if re.fullmatch(r"004-\d+", row.id)]
    counts = [sum(row.verdict == "erratum" for row in rows) for rows in (numbered, found)]
    said = f"Of the {len(numbered)} numbered formulas {counts[0]} are wrong as they stand"
    others, wrong = len(found) - len(numbered), counts[1] - counts[0]
    more = f"The appendix adds {others} rows without a number, for parts of lines and claims in words; {wrong} of these"
    whole = f"So it has {len(found)} rows, and {counts[1]} that"
    text = (Path(__file__).parents[2] / "notebooks" / "09_element_by_element.ipynb").read_text(encoding="utf-8")
    assert said in text and more in text and whole in text
