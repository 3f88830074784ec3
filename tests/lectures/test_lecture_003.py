"""The rows of source 003: each found to be what it says, each check able to fail, and its slip by name."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from bptt_lab import formulas
from bptt_lab.lectures.checks import check, evaluate, is_confirmed
from bptt_lab.lectures.lecture_003 import ENTRIES, LAYERS, LECTURE, SIZES
from bptt_lab.lectures.rows import Row
from bptt_lab.network import Place

ROWS = {entry.id: Row(entry, LECTURE) for entry in ENTRIES}
STARS = [f"003-a{n}" for n in (40, 46, 49, 51, 53, 55, 59)]
NUDGE = 1e-30


def tried(identity, text):
    """Return what another form does in the place of a row's own."""
    row = ROWS[identity]
    return evaluate(row, formulas.read(text, row.setting.language, relation=True))


def values(setting):
    return LECTURE.settings[setting].scenes[0].world.values


def vector(setting, name, time=None):
    """Return a quantity of a setting as an array."""
    shape = LECTURE.settings[setting].graph.network.shapes[name]
    found = [values(setting)[Place(name, time, tuple(i + 1 for i in index))] for index in np.ndindex(shape)]
    return np.array(found).reshape(shape)


# Every row


def test_ids_are_counted_in_reading_order_without_a_gap():
    assert [entry.id for entry in ENTRIES] == [f"003-a{n:02d}" for n in range(1, 64)]


@pytest.mark.parametrize("identity", ROWS)
def test_a_row_is_found_to_be_what_its_verdict_says(identity):
    finding = check(ROWS[identity])
    assert is_confirmed(ROWS[identity], finding), finding


@pytest.mark.parametrize("identity", [i for i, row in ROWS.items() if row.printed.operator == "="])
def test_an_independent_value_off_by_a_thousandth_is_noticed(identity):
    kept, moved = check(ROWS[identity]), check(ROWS[identity], scale=1.001)
    stands = [form for form in ("printed", "corrected") if getattr(kept, form) and getattr(kept, form).holds]
    assert len(stands) == 1 and not getattr(moved, stands[0]).holds


@pytest.mark.parametrize("identity", ROWS)
def test_a_formula_is_printed_in_the_hand_of_the_slides_and_in_that_of_the_course(identity):
    row = ROWS[identity]
    assert "mathbf" not in row.states + row.corrected and "target" not in row.states + row.in_course_letters
    assert "z" not in row.in_course_letters and "w" not in row.in_course_letters


def test_sizes_are_all_different_but_where_one_line_stands_for_every_layer():
    assert len(set(SIZES.values())) == len(SIZES)
    assert LECTURE.settings["L layers"].T not in LECTURE.settings["L layers"].sizes.values()


def test_the_first_layer_has_the_three_inputs_and_two_units_that_are_written_out():
    assert LECTURE.settings[""].graph.network.shapes["w1"] == (2, 3)


# The independent values: the forward pass in NumPy, and complex steps


def test_four_layers_in_numpy_give_the_values_on_the_left():
    a = vector("", "x")
    for layer in LAYERS:
        z = vector("", f"w{layer}") @ a + vector("", f"b{layer}")
        a = 1 / (1 + np.exp(-z))
        np.testing.assert_allclose(vector("", f"z{layer}"), z, rtol=1e-13)
        np.testing.assert_allclose(vector("", f"a{layer}"), a, rtol=1e-13)
    np.testing.assert_allclose(vector("", "y"), a, rtol=1e-13)


def test_layers_in_the_place_of_time_in_numpy_give_the_values_on_the_left():
    a = vector("L layers", "a", 0)
    for layer in LAYERS:
        z = vector("L layers", "w", layer) @ a + vector("L layers", "b", layer)
        a = 1 / (1 + np.exp(-z))
        np.testing.assert_allclose(vector("L layers", "z", layer), z, rtol=1e-13)
    np.testing.assert_allclose(vector("L layers", "y"), a, rtol=1e-13)
    assert np.all(vector("L layers", "a", 0))


@pytest.mark.parametrize("setting", ["squared error", "cross-entropy"])
def test_a_cost_in_plain_python_is_the_value_on_the_left(setting):
    y, t = (float(vector(setting, name)[0]) for name in ("ys", "ts"))
    cost = {
        "squared error": (y - t) ** 2 / 2,
        "cross-entropy": -(t * math.log(y) + (1 - t) * math.log(1 - y)),
    }[setting]
    assert float(vector(setting, "C")) == pytest.approx(cost, rel=1e-13) and cost > 0


@pytest.mark.parametrize("setting", LECTURE.settings)
def test_the_derivative_of_the_cost_by_every_leaf_agrees_with_a_complex_step(setting):
    scene = LECTURE.settings[setting].scenes[0]
    leaves = {place: complex(float(value)) for place, value in scene.world.leaves.items()}
    [cost] = scene.graph.loss_entries
    stepped = {
        place: complex(scene.graph.run({**leaves, place: leaves[place] + 1j * NUDGE})[cost]).imag / NUDGE
        for place in leaves
    }
    assert any(stepped.values())
    assert stepped == pytest.approx({place: scene.world.totals[place] for place in leaves}, rel=1e-11, abs=1e-14)


@pytest.mark.parametrize(
    ("setting", "slope"),
    [
        ("sigmoid", lambda z: math.exp(-z) / (1 + math.exp(-z)) ** 2),
        ("tanh", lambda z: 1 / math.cosh(z) ** 2),
        ("relu", lambda z: float(z > 0)),
        ("leaky_relu", lambda z: 1.0 if z > 0 else 0.01),
    ],
)
def test_the_slopes_that_differ_are_those_of_the_activation(setting, slope):
    row = next(row for row in ROWS.values() if row.entry.setting == setting)
    found = [float(row.setting.scenes[0].value(side)) for side in (row.printed.left, row.printed.right)]
    assert found == pytest.approx([slope(z) for z in vector(setting, "z")], rel=1e-12)


# The slip, and the star


def test_the_cross_entropy_has_lost_its_sign_and_nothing_else_is_wrong():
    assert [i for i, row in ROWS.items() if row.verdict not in ("holds", "definition")] == ["003-a63"]
    row = ROWS["003-a63"]
    finding = check(row)
    assert row.verdict == "erratum" and not finding.printed.holds and finding.corrected.holds
    assert finding.printed.written == pytest.approx(-finding.printed.independent)


def test_the_star_of_the_layers_is_a_matrix_product_and_says_so():
    assert [i for i, row in ROWS.items() if row.entry.is_typographical] == STARS
    assert all("star" in ROWS[identity].why for identity in STARS)


@pytest.mark.parametrize("identity", STARS)
def test_a_star_read_entry_by_entry_has_no_value(identity):
    assert "shapes" in tried(identity, ROWS[identity].entry.printed.replace("@", "*")).trouble


# What must not pass


@pytest.mark.parametrize(
    ("identity", "mutant"),
    [
        ("003-a01", "x = row(i, 1, n0, x[i])"),
        ("003-a10", "w1 = matrix(j, 1, n0, i, 1, n1, w1[i,j])"),
        ("003-a13", "w4 = matrix(i, 1, n3, j, 1, n4, w4[j,i])"),
        ("003-a14", "a1[1] = sigmoid(w1[1,1]*a0[1] + w1[1,2]*a0[2])"),
        ("003-a19", "a1[2] = sigmoid(w1[1,1]*a0[1] + w1[1,2]*a0[2] + w1[1,3]*a0[3])"),
        ("003-a14", "a1[1] = tanh(w1[1,1]*a0[1] + w1[1,2]*a0[2] + w1[1,3]*a0[3])"),
        ("003-a15", "D(a[1], z[1]) != D(a[1], z[1])"),
        ("003-a40", "z1 = w1.T @ a0"),
        ("003-a42", "z1[1] = w1[1,1]*a0[1] + w1[1,2]*a0[2] + w1[1,3]*a0[3]"),
        ("003-a46", "z1 = w1 @ a0 - b1"),
        ("003-a53", "z3 = w3 @ z2 + b3"),
        ("003-a57", "y = z4"),
        ("003-a59", "z(t) = w(t).T @ a(t-1) + b(t)"),
        ("003-a59", "z(t) = w(t) @ a(t) + b(t)"),
        ("003-a61", "y = a(T-1)"),
        ("003-a62", "C = (ys - ts)**2"),
        ("003-a63", "C = -(ts*log(1 - ys) + (1 - ts)*log(ys))"),
    ],
)
def test_a_changed_formula_is_refused(identity, mutant):
    assert not tried(identity, mutant).holds


def test_the_lines_without_bias_do_not_hold_in_the_complete_network():
    entry = ROWS["003-a40"].entry
    assert check(Row(entry, LECTURE)).printed.holds
    assert not check(Row(replace(entry, setting=""), LECTURE)).printed.holds
