"""Lecture 001: every row is what it says, its slips are named, and the engine it is held against is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bptt_lab.lectures.checks import Result, check, evaluate, is_confirmed
from bptt_lab.lectures.lecture_001 import ENTRIES, LECTURE, addition_leaves, parity_leaves, table_leaves
from bptt_lab.lectures.rows import Entry, Row
from bptt_lab.network import NetworkError, Place

ROWS = {entry.id: Row(entry, LECTURE) for entry in ENTRIES}
STEP = 1e-30

ERRATA = "47 56 139"
SCANS = "36 38 50 59 68 82 83 86 92 93 94 96 99 100 106 108 160"
READINGS = "15 61 63 74 76 79 91 95 109 115 129 130 131 132 133 136"
SLIPS_OF_TYPE = "37 43 44 45 46 49 57 60 70 71 72 101 103 152 154"
UNDECIDABLE = "157 158 163"
COUNTED_DOWN = "61 63 74 79"
BOUNDS = "102 103 107"


def ids(numbers: str) -> list[str]:
    return [f"001-a{int(number):02d}" for number in numbers.split()]


def stated(text: str, setting: str = "", **where: tuple[int, int]) -> Result:
    """Return what a relation of one of the lecture's networks does."""
    row = Row(Entry("001", text, "holds", setting=setting, where=where), LECTURE)
    return evaluate(row, row.printed)


def restated(identity: str, *changes: tuple[str, str], of: str = "printed") -> Result:
    """Return what a row's printed or corrected form does after replacing parts of its text, each of which occurs."""
    entry, text = ROWS[identity].entry, getattr(ROWS[identity].entry, of)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    row = Row(replace(entry, printed=text), LECTURE)
    return evaluate(row, row.printed)


def operator(row: Row) -> str:
    return (row.mended if row.entry.corrected else row.printed).operator if row.entry.printed else ""


# the rows


def test_the_ids_count_the_rows_in_order():
    assert [entry.id for entry in ENTRIES] == ids(" ".join(map(str, range(1, 165))))


@pytest.mark.parametrize("identity", ROWS)
def test_the_check_finds_what_the_row_says(identity):
    row = ROWS[identity]
    finding = check(row)
    assert is_confirmed(row, finding), finding


@pytest.mark.parametrize("identity", [i for i, row in ROWS.items() if operator(row) == "="])
def test_a_form_that_holds_fails_when_the_independent_value_is_scaled(identity):
    finding = check(ROWS[identity], 1.001)
    assert not (finding.corrected or finding.printed).holds


@pytest.mark.parametrize("identity", [i for i, row in ROWS.items() if operator(row) == "!="])
def test_a_claim_of_influence_fails_where_there_is_none(identity):
    assert not check(ROWS[identity], 0.0).printed.holds


@pytest.mark.parametrize("identity", ids(f"100 {BOUNDS}"))
def test_every_bound_is_reached_so_that_a_lower_one_fails(identity):
    finding = check(ROWS[identity], 1.001)
    assert not (finding.corrected or finding.printed).holds


def test_the_verdicts_are_those_found_by_hand():
    def of(verdict):
        return [i for i, row in ROWS.items() if row.verdict == verdict and not row.entry.is_typographical]

    assert of("erratum") == ids(ERRATA)
    assert of("scan") == ids(SCANS)
    assert of("reading") == ids(READINGS)
    assert of("undecidable") == ids(UNDECIDABLE)
    assert [i for i, row in ROWS.items() if row.entry.is_typographical] == ids(SLIPS_OF_TYPE)


def test_every_row_that_does_not_hold_says_why():
    assert all(row.why for row in ROWS.values() if row.verdict not in ("holds", "definition"))


def test_a_row_without_a_check_is_one_that_leaves_nothing_to_check():
    bare = [i for i, row in ROWS.items() if not row.entry.printed]
    assert bare == ids("57 60 152 154 158 163") and all(ROWS[i].entry.words for i in bare)


# the slips, one by one


def test_the_state_of_the_same_time_goes_in_a_circle():
    assert not restated("001-a38").holds
    assert not restated("001-a38", (".T", "")).holds
    assert restated("001-a38", (".T", ""), ("h1(t)", "h1(t-1)")).holds


def test_the_T_above_is_a_scanned_t_in_all_three_lines_and_no_transpose():
    assert {ROWS[identity].verdict for identity in ids("36 37 38")} == {"scan"}
    assert all("The T above is a t" in ROWS[identity].why for identity in ids("36 37 38"))
    assert "4 columns do not meet 1 row" in restated("001-a36").trouble
    assert "2 columns do not meet 1 row" in restated("001-a38").trouble
    assert restated("001-a36", (".T", "")).holds
    assert restated("001-a37").holds and restated("001-a37", (".T", "")).holds


def test_the_pre_activation_of_the_output_has_another_number_on_the_first_pages():
    assert stated("y(t) = softmax(z_1(t))", "first pages").holds
    assert not restated("001-a15").holds


@pytest.mark.parametrize("identity", ids("47 56"))
def test_a_derivative_in_rows_needs_the_indices_of_the_weight_exchanged(identity):
    assert "no entry 4,1" in restated(identity).trouble
    assert not restated(identity, ("W[i,j]", "W[j,i]"), ("i, 1, M, j, 1, k", "i, 1, k, j, 1, M")).holds
    assert restated(identity, ("W[i,j]", "W[j,i]")).holds


def test_the_derivative_of_a_vector_by_itself_stands_where_that_by_the_weights_belongs():
    assert stated("D(out[j], out) = row(i, 1, k, same(i, j))", "linear map").holds
    assert "4×3 and 1×3" in restated("001-a50").trouble


def test_below_the_input_nothing_is_stacked_in_the_outer_product():
    assert "7×3" in restated("001-a59").trouble
    assert not restated("001-a59", ("stack", "out"), of="printed").holds


@pytest.mark.parametrize("identity", ids(f"{COUNTED_DOWN} 92 96"))
def test_a_sum_needs_both_limits_and_the_lower_one_below(identity):
    entry = ROWS[identity].entry
    assert "t, 1, T" in entry.corrected
    for limits in ("t, T, 1", "t, T, T", "t, 2, T", "t, 1, T-1"):
        assert not restated(identity, ("t, 1, T", limits), of="corrected").holds


@pytest.mark.parametrize("identity", ids(COUNTED_DOWN))
def test_the_limits_are_the_only_slip_of_these_sums(identity):
    assert restated(identity, ("t, T, 1", "t, 1, T")).holds


@pytest.mark.parametrize("identity", ids("76 91"))
def test_total_derivatives_by_a_shared_weight_count_steps_twice_whatever_the_limits(identity):
    limits = "t, T, 1" if identity == "001-a76" else "t, T, T"
    found = restated(identity, (limits, "t, 1, T"))
    assert not found.holds and not found.trouble
    assert restated(identity, (limits, "t, 1, T"), ("* D(z1", "* d(z1")).holds


def test_the_derivative_by_the_hidden_bias_is_the_identity_at_the_first_step_only():
    assert stated("D(z1(t), b0) = diag(ones(b0))", t=(1, 1)).holds
    assert not stated("D(z1(t), b0) = diag(ones(b0))", t=(2, 2)).holds
    assert stated("D(z2(t), b1) = diag(ones(b1))").holds


@pytest.mark.parametrize("identity", ids("68 83"))
def test_without_its_jacobian_the_derivative_by_a_pre_activation_fails(identity):
    found = restated(identity)
    assert not found.holds and not found.trouble


def test_the_derivative_by_a_hidden_state_is_a_row_and_that_by_the_output_sum_has_K_entries():
    assert not restated("001-a82").holds and stated("columns(D(L, h1(t))) = M").holds
    assert not restated("001-a86").holds and stated("rows(D(L, z2(t))) = 1").holds


def test_a_delta_has_one_index_for_one_hidden_unit():
    assert not restated("001-a99").holds
    for old, new in (("a[i]", "a[j]"), ("h_a[k], a[k]", "h_a[j], a[j]"), ("w[k,j]", "w[k,i]")):
        assert not restated("001-a99", (old, new)).holds
    assert restated("001-a99", ("a[k], a[k]", "a[i], a[i]"), ("w[k,j]", "w[k,i]")).holds


def test_a_quarter_bounds_the_slope_of_the_sigmoid_and_not_the_sigmoid():
    assert not restated("001-a100").holds
    assert not restated("001-a100", ("1/4", "6/25"), of="corrected").holds


def test_the_earlier_state_does_not_fit_the_output_weights():
    assert "shapes do not fit" in restated("001-a106").trouble
    assert restated("001-a106", ("W1 @", "W11 @")).holds


def test_eigenvalues_belong_to_the_recurrent_matrix_and_are_a_rule_of_thumb_with_tanh():
    assert not restated("001-a108").holds
    assert not restated("001-a109").holds
    assert not restated("001-a109", ("lam**t", "lam**(t-1)"), of="corrected").holds


def test_the_list_of_states_after_the_backward_pass_is_flipped():
    assert not restated("001-a115").holds
    assert not restated("001-a116", ("h1_b(t+1)", "h1_b(T+1)")).holds
    assert restated("001-a116", ("(t)", "(T)"), ("(t+1)", "(T+1)")).holds


def test_by_hand_and_in_type_the_nabla_has_two_layouts():
    assert not restated("001-a129").holds
    assert stated("columns(D(L, W_lm1)) = K", "shares").holds
    assert stated("rows(grad(L, W_lm1)) = K", "shares").holds


@pytest.mark.parametrize("identity", ids("131 132"))
def test_the_loss_of_one_step_is_not_the_share_of_that_step(identity):
    assert not restated(identity).holds
    assert not restated(identity, ("grad(L,", "grad(L(t),"), of="corrected").holds
    shares = "grad(L, W_lm1) = sum(t, 1, T, grad(L, W_lm1_at(t)))"
    losses = "grad(L, W_lm1) = sum(t, 1, T, grad(L(t), W_lm1))"
    assert stated(shares, "shares").holds and stated(losses, "shares").holds


def test_the_bar_with_t_is_meant_for_every_entry():
    assert not restated("001-a130").holds
    assert not stated("D(L, W_lm1[1,1]) = D(L, W_lm1_at(t)[1,1])", "shares").holds


def test_the_entries_of_a_share_are_immediate_derivatives():
    found = restated("001-a133")
    assert not found.holds and not found.trouble
    assert stated("D(z_l(t)[k], W_lm1_at(t)) = d(z_l(t)[k], W_lm1)", "shares").holds


def test_a_derivative_by_weights_is_a_matrix_and_no_row_of_states():
    assert "5×3 and 1×3" in restated("001-a136").trouble


def test_the_final_layer_lacks_a_transpose():
    assert "6 columns do not meet 1 row" in restated("001-a139").trouble
    assert restated("001-a139", ("D(L, z_L(T))", "D(L, z_L(T)).T")).holds


MUTANTS = [
    ("10", "W11", "W11.T"),
    ("17", "h(t-1)", "h(t)"),
    ("26", "y(s)", "y(t)"),
    ("30", "D(h1(t), z1(t)) @ D(z1(t), h1(t-1))", "D(z1(t), h1(t-1)) @ D(h1(t), z1(t))"),
    ("40", "D(f_uv, u) @ D(u, s) +", "D(f_uv, u) @ D(u, s) -"),
    ("41", "z1(t+1)", "z1(t)"),
    ("62", "same(j, k) * h1(t)[i]", "same(i, k) * h1(t)[i]"),
    ("78", "h1(t-1)", "h1(t)"),
    ("81", "D(L, h1(t)) @", "D(L(t), h1(t)) @"),
    ("85", "z1(t+1)", "z1(t)"),
    ("90", "D(L, z2(T)) @ D(z2(T), h1(T))", "D(L, z2(T-1)) @ D(z2(T-1), h1(T-1))"),
    ("97", "T+1-s", "s"),
    ("111", "2*n, 2", "n, 2"),
    ("117", "W1_b @ h1_b(t)", "W1_b @ h1_b(t+1)"),
    ("134", "h_lm1(t)[j]", "h_lm1(t-1)[j]"),
    ("141", "h_lm1(t)", "h_lm1(t-1)"),
    ("142", "sum(t, 1, T", "sum(t, 2, T"),
    ("147", "z_Lm1(t+1)", "z_Lm1(t)"),
    ("147", "W_Lm1Lm1", "W_Lm1Lm1.T"),
    ("149", "same(s, t) *", ""),
    ("156", "4 * x(t)[1] + 2 * x(t)[2]", "2 * x(t)[1] + 4 * x(t)[2]"),
    ("157", "y(t)", "1 - y(t)"),
    ("159", "2*n", "n"),
    ("161", "n, 2", "2*n, 2"),
    ("162", "= n", "= 2*n"),
    ("164", "i, 1, M_L, j, 1, M_Lm1", "i, 1, M_Lm1, j, 1, M_L"),
]


@pytest.mark.parametrize("number, old, new", MUTANTS)
def test_a_slip_put_into_a_formula_that_holds_is_found(number, old, new):
    assert not restated(ids(number)[0], (old, new)).holds


def test_an_output_does_not_depend_on_a_later_input_unless_the_network_looks_ahead():
    assert not stated("D(y(2)[k], x(3)[j]) != 0", "first pages").holds
    assert stated("D(h2(2)[k], h0(3)[j]) != 0", "bidirectional").holds


# claims about networks


def test_the_five_derivatives_are_those_by_all_parameters():
    parameters = LECTURE.settings[""].graph.network.parameters
    assert sorted(set(parameters) - {"target"}) == sorted(["W0", "W11", "W1", "b0", "b1"])


@pytest.mark.parametrize("setting", sorted(set(LECTURE.settings) - {"parity"}))
def test_sizes_differ_so_that_no_transpose_can_hide(setting):
    place = LECTURE.settings[setting]
    sizes = [*place.sizes.values(), place.T]
    assert len(set(sizes)) == len(sizes) and place.T >= 4


@pytest.mark.parametrize("setting", LECTURE.settings)
def test_initial_states_are_not_zero(setting):
    place = LECTURE.settings[setting]
    if setting in ("addition", "parity"):
        return
    for scene in place.scenes:
        states = [v for leaf, v in scene.world.leaves.items() if leaf.name in place.graph.network.equations]
        assert all(states)


def answers(task: str, leaves: dict) -> np.ndarray:
    """Return the outputs of the network of a task, unrolled over as many steps as its input has."""
    graph = LECTURE.settings[task].graph.network.unroll(len(leaves["x"]))
    return graph.forward(leaves)["y"]


@pytest.mark.parametrize("first, second", [(0, 0), (1, 1), (3, 3), (4095, 1), (2741, 3999), (1365, 2730)])
def test_the_weights_that_add_do_so_for_longer_numbers(first, second):
    leaves = addition_leaves(first, second, 13)
    total = int(2 ** np.arange(13) @ leaves["target"][:, 0])
    assert total == first + second
    np.testing.assert_array_equal(answers("addition", leaves), leaves["target"])


def test_weights_that_forget_the_carry_do_not_add():
    leaves = addition_leaves(3, 3, 4)
    found = answers("addition", leaves | {"W11": 0 * leaves["W11"]})
    assert (found != leaves["target"]).any()


def test_the_weights_that_tell_parity_do_so_for_longer_sequences():
    leaves = parity_leaves([1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1])
    assert leaves["target"][-1] == 1
    np.testing.assert_array_equal(answers("parity", leaves), leaves["target"])


def test_the_truth_table_has_each_line_once_and_needs_no_ninth():
    found = restated("001-a160")
    assert not found.holds and (found.independent, found.written) == (9, 8)
    lines = table_leaves()["x"]
    assert len({tuple(line) for line in lines}) == len(lines) == 8
    assert not restated("001-a160", ("i, 1, 3", "i, 1, 4"), of="corrected").holds


def test_the_blank_column_holds_the_digit_of_the_sum():
    leaves = table_leaves()
    assert "".join(str(int(digit)) for digit in leaves["target"][:, 0]) == "01101001"
    assert " ".join("01101001") in ROWS["001-a157"].why
    forgets = leaves | {"W1": np.array([[1.0, 0.0, 0.0, 0.0]])}
    found = LECTURE.settings["truth table"].graph.forward(forgets)["y"]
    assert (found != leaves["target"]).any()


@pytest.mark.parametrize("task", ["all digits", "parity of all digits"])
def test_a_network_that_takes_all_digits_at_once_takes_no_longer_numbers(task):
    scene = LECTURE.settings[task].scenes[0]
    leaves = {name: np.zeros(shape) for name, shape in scene.graph.network.shapes.items()}
    kept = {name: leaves[name] for name in ("W0", "W1", "b_0", "target")}
    scene.graph.forward(kept | {"x": leaves["x"]})
    with pytest.raises(NetworkError):
        scene.graph.forward(kept | {"x": np.zeros(len(leaves["x"]) + 1)})


def test_no_four_of_the_five_derivatives_tell_what_the_loss_does():
    terms = ROWS["001-a155"].entry.printed.partition(" = ")[2].split(" + ")
    assert len(terms) == 5 and restated("001-a155").holds
    for lost in terms:
        assert not restated("001-a155", (lost, "0")).holds


def test_a_recurrent_output_depends_on_other_inputs_than_the_current_one():
    assert not stated(ROWS["001-a149"].entry.printed, "first pages").holds


# the engine on the left sides


@pytest.mark.parametrize("setting", ["", "bidirectional", "shares", "whole loss"])
def test_the_derivatives_of_the_loss_agree_with_complex_steps(setting):
    scene = LECTURE.settings[setting].scenes[0]
    graph, world = scene.graph, scene.world
    start = {place: float(value) for place, value in world.leaves.items()}
    for place, value in start.items():
        moved = graph.run(start | {place: value + STEP * 1j})
        slope = sum(complex(moved[loss]).imag for loss in graph.loss_entries) / STEP
        assert world.totals[place] == pytest.approx(slope, rel=1e-11, abs=1e-13), place


@pytest.mark.parametrize("setting, below", [("", Place("h2", 4, (2,))), ("shares", Place("z_l", 3, (4,)))])
def test_the_derivatives_of_other_quantities_agree_with_complex_steps(setting, below):
    scene = LECTURE.settings[setting].scenes[0]
    start = {place: float(value) for place, value in scene.world.leaves.items()}
    totals = scene.totals(below)
    for place, value in start.items():
        if place.name.startswith(("W", "b0", "h0")):
            moved = scene.graph.run(start | {place: value + STEP * 1j})
            slope = complex(moved[below]).imag / STEP
            assert totals[place] == pytest.approx(slope, rel=1e-11, abs=1e-13), place


# what is shown


@pytest.mark.parametrize(
    "identity, shown",
    [
        (
            "001-a63",
            r"\nabla_{W^{1}} \mathcal{L} = \sum_{t=T}^{1} \mathbf{h}^{1,t} \, \nabla_{\mathbf{z}^{2,t}} \mathcal{L}",
        ),
        ("001-a99", r"\delta_{i} = \frac{\partial h_{k}}{\partial a_{k}}"),
        ("001-a59", r"\begin{bmatrix}\mathbf{x}\\ \mathbf{y}\end{bmatrix}"),
        ("001-a141", r"\left(\mathbf{h}^{l-1,t}\right)^{\top}"),
    ],
)
def test_a_formula_is_shown_as_the_lecture_writes_it(identity, shown):
    assert shown in ROWS[identity].states


def test_every_row_shows_its_correction_in_another_form_than_its_print():
    assert all(row.corrected != row.states for row in ROWS.values() if row.states)


def test_every_letter_of_the_L_layers_has_one_of_the_course():
    networks = [LECTURE.settings[name].graph.network for name in ("", "L layers", "first pages")]
    assert {name for network in networks for name in network.shapes} - set(LECTURE.course) <= {
        "L",
        *("W0", "W11", "W1", "b0", "b1", "h1", "h2", "x"),
    }
