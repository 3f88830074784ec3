"""The rows of source 002: each found to be what it says, each check able to fail, and its slips by name."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest

from bptt_lab import formulas
from bptt_lab.formulas.tree import Derivative, walk
from bptt_lab.lectures.checks import check, evaluate, is_confirmed
from bptt_lab.lectures.lecture_002 import ENTRIES, LECTURE
from bptt_lab.lectures.rows import Row
from bptt_lab.network import Place

ROWS = {entry.id: Row(entry, LECTURE) for entry in ENTRIES}
STEP = 1e-30


def tried(identity, text):
    """Return what another form does in the place of a row's own."""
    row = ROWS[identity]
    return evaluate(row, formulas.read(text, row.setting.language, relation=True))


def verdict_and_finding(identity):
    return ROWS[identity].verdict, check(ROWS[identity])


# Every row


def test_ids_are_the_five_numbers_and_the_others_counted_in_reading_order():
    lettered = [identity for identity in ROWS if "-a" in identity]
    assert lettered == [f"002-a{k:02}" for k in range(1, 44)]
    assert [identity for identity in ROWS if "-a" not in identity] == [f"002-{k}" for k in range(1, 6)]
    assert len(ROWS) == len(ENTRIES) == 48


def test_each_numbered_result_follows_the_line_it_concludes():
    order = list(ROWS)
    before = {result: order[order.index(f"002-{result}") - 1] for result in range(1, 6)}
    assert before == {1: "002-a21", 2: "002-a22", 3: "002-a37", 4: "002-3", 5: "002-4"}


@pytest.mark.parametrize("identity", ROWS)
def test_a_row_is_found_to_be_what_its_verdict_says(identity):
    finding = check(ROWS[identity])
    assert is_confirmed(ROWS[identity], finding), finding


@pytest.mark.parametrize("identity", ROWS)
def test_an_independent_value_off_by_a_thousandth_is_noticed(identity):
    row = ROWS[identity]
    assert row.printed.operator == "="
    kept, moved = check(row), check(row, scale=1.001)
    stands = [name for name in ("printed", "corrected") if getattr(kept, name) and getattr(kept, name).holds]
    assert len(stands) == 1 and not getattr(moved, stands[0]).holds


@pytest.mark.parametrize("identity", ROWS)
def test_what_is_wrong_says_why_and_what_is_mended_is_written_out(identity):
    row = ROWS[identity]
    if row.verdict in ("erratum", "scan", "reading"):
        assert row.why.endswith(".")
        assert bool(row.corrected) != row.entry.is_typographical


@pytest.mark.parametrize("identity", ROWS)
def test_a_formula_is_written_in_the_hand_of_the_notes_and_in_that_of_the_course(identity):
    row = ROWS[identity]
    assert "mathbf" not in row.states + row.corrected and r"\odot" not in row.states + row.in_course_letters
    assert not re.search(r"\\hat|\\langle|W_\{?[ay]|T_[xy]", row.in_course_letters)
    assert f"$\\displaystyle {row.states}$" in row._repr_markdown_()


# The slips by name


def test_the_short_names_above_the_weights_read_as_quotients():
    verdict, finding = verdict_and_finding("002-a03")
    assert verdict == "scan" and not finding.printed.holds and finding.corrected.holds
    assert ROWS["002-a03"].states.startswith(r"a^{\langle t\rangle} = \tanh\left(\frac{v}{W_{aa}}")


def test_the_second_print_of_the_loss_lost_a_minus_sign_and_the_first_did_not():
    verdict, finding = verdict_and_finding("002-a13")
    assert verdict == "erratum" and not finding.printed.holds
    assert check(ROWS["002-a09"]).printed.holds
    assert ROWS["002-a13"].entry.corrected == ROWS["002-a09"].entry.printed


def test_sigma_is_the_sigmoid_as_the_next_line_needs_it_while_the_output_was_set_to_the_identity():
    verdict, finding = verdict_and_finding("002-a16")
    assert verdict == "erratum" and not finding.printed.holds
    assert check(ROWS["002-a12"]).printed.holds  # the identity it was set to
    assert not tried("002-a20", ROWS["002-a19"].entry.printed).holds  # the sigmoid's slope, under the identity
    assert not tried("002-a19", ROWS["002-a20"].entry.printed).holds  # the identity's slope, under the sigmoid


def test_the_recursion_by_u_differentiates_the_input_and_is_right_at_the_first_step_only():
    verdict, finding = verdict_and_finding("002-a25")
    assert verdict == "erratum" and finding.printed.where == "t = 2"
    assert check(ROWS["002-a30"]).printed.holds


@pytest.mark.parametrize("identity", ["002-a26", "002-a31", "002-a36"])
def test_the_recursion_by_the_bias_is_dropped_and_right_at_the_first_step_only(identity):
    verdict, finding = verdict_and_finding(identity)
    assert verdict == "erratum" and finding.printed.where == "t = 2"


def test_one_is_the_immediate_derivative_of_a_state_by_its_bias():
    assert tried("002-a26", "immediate(a(t), b_a) = 1").holds


@pytest.mark.parametrize("identity", ["002-3", "002-4", "002-5"])
def test_the_last_three_results_are_wrong_from_the_first_step(identity):
    verdict, finding = verdict_and_finding(identity)
    assert verdict == "erratum" and finding.printed.where == "t = 1"


@pytest.mark.parametrize(
    "slip",
    [
        "sum(j, 0, t-1, w_y @ v**j @ a(t-1-j))",
        "z(t) @ sum(j, 1, t-1, w_y @ v**j @ a(t-1-j))",
        "z(t) @ sum(i, 1, t, w_y @ sum(j, 0, t-i, v**j @ a(t-i-j)))",
        "z(t) @ sum(i, 1, t, w_y @ sum(j, 1, t-i, v**j @ a(t-i-j)))",
    ],
    ids=["no z", "newest state lost", "one sum too many", "both slips of the sum"],
)
def test_each_slip_of_the_third_result_is_one_on_its_own(slip):
    assert not tried("002-3", f"D(L(t), v) = {slip}").holds


def test_the_fourth_result_asks_for_an_input_before_the_first():
    row = ROWS["002-4"]
    with pytest.raises(formulas.FormulaError, match="x does not occur at time 0"):
        row.setting.scenes[0].value(row.printed.right, t=2)


def test_the_fifth_result_counts_steps_where_powers_belong():
    assert not tried("002-5", "D(L(t), b_a) = z(t) @ sum(i, 1, t, w_y)").holds


@pytest.mark.parametrize("identity", ["002-a28", "002-a41"])
def test_a_hat_and_an_index_may_be_the_authors_or_the_scanners_and_no_value_shows_them(identity):
    assert ROWS[identity].verdict == "undecidable" and check(ROWS[identity]).printed.holds
    assert (r"\hat{a}" in ROWS[identity].display) != ("b_g" in ROWS[identity].display)


# The settings


def test_every_step_has_an_input_and_a_prediction():
    for setting in LECTURE.settings.values():
        graph, constants = setting.graph, setting.constants
        predicted = sorted(place.time for place in graph.order if place.name == "y_hat")
        assert list(graph.times["x"]) == list(range(1, constants["T_x"] + 1))
        assert predicted == list(range(1, constants["T_y"] + 1))


def test_the_state_starts_at_zero_in_one_setting_and_nowhere_else():
    for name, setting in LECTURE.settings.items():
        starts = [scene.array("a", 0, ()) for scene in setting.scenes]
        assert all(np.all(np.equal(start, 0)) == (name == "from zero") for start in starts)


def test_the_stacked_matrix_holds_the_two_side_by_side_and_the_column_one_above_the_other():
    (scene,) = LECTURE.settings["stacked"].scenes
    of = lambda name, time=None: scene.array(name, time, ()).astype(float)
    np.testing.assert_array_equal(of("W_a"), np.hstack([of("W_aa"), of("W_ax")]))
    np.testing.assert_array_equal(of("stack", 3), np.vstack([of("a", 2), of("x", 3)]))
    np.testing.assert_allclose(of("a", 4), of("apart", 4), rtol=1e-12)


def test_swapping_the_halves_of_the_stack_is_noticed():
    assert not tried("002-a07", "W_a @ stack(t) = W_aa @ a(t-1)").holds
    upside_down = "sum(j, 1, 3, same(i,2+j)*a(t-1)[j]) + sum(j, 1, 2, same(i,j)*x(t)[j])"
    found = tried("002-a08", f"stack(t) = column(i, 1, 5, {upside_down})")
    assert found.trouble == "" and not found.holds


# The independent values against complex steps of the forward pass


def stepped(scene, below, above):
    """Return a derivative of entries at `below`, summed, by the leaf `above`: a complex step of the forward pass."""
    leaves = {place: complex(Fraction(value)) for place, value in scene.world.leaves.items()}
    leaves[above] += STEP * 1j
    values = scene.graph.run(leaves)
    return sum(values[place].imag for place in below) / STEP


def scalar_derivatives(setting):
    """Return every pair of a quantity and a weight that a row of a setting differentiates."""
    rows = [row for row in ROWS.values() if row.entry.setting == setting]
    trees = [part for row in rows for part in walk(row.printed) if isinstance(part, Derivative)]
    return sorted(
        {(tree.below.name, tree.above.name, tree.below.time is None) for tree in trees if not tree.above.time}
    )


@pytest.mark.parametrize("setting", ["", "sigmoid"])
def test_the_derivatives_by_weights_agree_with_complex_steps(setting):
    graph, pairs = LECTURE.settings[setting].graph, scalar_derivatives(setting)
    assert pairs
    for scene in LECTURE.settings[setting].scenes:
        for below, above, is_whole in pairs:
            if below == "x":
                continue
            for t in (None,) if is_whole else range(1, graph.T + 1):
                entry = () if below == "L" else (1,)
                places = graph.loss_entries if is_whole else [Place(below, t, entry)]
                expected = stepped(scene, places, Place(above, None, (1,)))
                assert np.isclose(scene.derivative((below, t, ()), (above, None, ()), "total"), expected, rtol=1e-12)


@pytest.mark.parametrize("T", range(1, 7))
def test_the_derivatives_by_predictions_and_states_agree_with_complex_steps_of_a_leaf_that_only_they_feel(T):
    (scene,) = LECTURE.settings[""].scenes
    by_bias = stepped(scene, [Place("L", T, ())], Place("b_y", None, (1,)))
    assert np.isclose(scene.derivative(("L", T, ()), ("y_hat", T, ()), "total"), by_bias, rtol=1e-12)
    by_input = stepped(scene, [Place("y_hat", T, (1,))], Place("x", T, (1,)))
    u = float(scene.array("u", None, ()))
    assert np.isclose(scene.derivative(("y_hat", T, ()), ("a", T, ()), "total") * u, by_input, rtol=1e-12)
