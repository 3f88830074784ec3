"""The rows of source 000: each found to be what it says, each check able to fail, and its slips by name."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from bptt_lab import formulas
from bptt_lab.formulas.tree import Derivative, Letter, free_variables, walk
from bptt_lab.lectures import lecture_000
from bptt_lab.lectures.checks import check, evaluate, is_confirmed
from bptt_lab.lectures.lecture_000 import ENTRIES, LECTURE, STEPS
from bptt_lab.lectures.rows import Row
from bptt_lab.network import Place
from bptt_lab.network.scalars import FLOATS, entries
from bptt_lab.network.scalars import evaluate as value_of_tree

ROWS = {entry.id: Row(entry, LECTURE) for entry in ENTRIES}
FORMULAS = {identity: row for identity, row in ROWS.items() if row.entry.printed}
RUNNING_DOWN = [f"000-a{n}" for n in (35, 37, 49, 81, 83, 94, 95, 99, 100, 101)]
NUDGE = 1e-30


def tried(identity, text, **where):
    """Return what another form does in the place of a row's own."""
    row = ROWS[identity]
    row = replace(row, entry=replace(row.entry, where=where or row.entry.where))
    return evaluate(row, formulas.read(text, row.setting.language, relation=True))


def stated(verdict):
    return [identity for identity, row in ROWS.items() if row.verdict == verdict]


# Every row


def test_ids_are_counted_without_a_gap():
    assert [entry.id for entry in ENTRIES] == [f"000-a{n:02d}" for n in range(1, 116)]


@pytest.mark.parametrize("identity", ROWS)
def test_a_row_is_found_to_be_what_its_verdict_says(identity):
    finding = check(ROWS[identity])
    assert is_confirmed(ROWS[identity], finding), finding


@pytest.mark.parametrize("identity", [i for i, row in FORMULAS.items() if row.printed.operator == "="])
def test_an_independent_value_off_by_a_thousandth_is_noticed(identity):
    kept, moved = check(ROWS[identity]), check(ROWS[identity], scale=1.001)
    stands = [form for form in ("printed", "corrected") if getattr(kept, form) and getattr(kept, form).holds]
    assert len(stands) == 1 and not getattr(moved, stands[0]).holds


def test_only_the_density_of_the_softmax_is_stated_as_an_inequality():
    assert [i for i, row in FORMULAS.items() if row.printed.operator != "="] == ["000-a48"]


@pytest.mark.parametrize("identity", FORMULAS)
def test_a_formula_is_printed_in_the_hand_of_the_slides_and_in_that_of_the_course(identity):
    row = ROWS[identity]
    has_loss = any(isinstance(part, Letter) and part.name == "L" for part in walk(row.printed))
    assert (r"\mathcal{L}" in row.states) == has_loss
    assert r"\mathbf{W}" not in row.states and r"\mathcal" not in row.in_course_letters
    assert r"\mathbf{h}^{0" not in row.in_course_letters and r"\nabla" not in row.in_course_letters


def test_the_network_has_the_five_parameters_that_the_slides_differentiate_by():
    assert sorted(ROWS["000-a01"].setting.graph.network.parameters) == sorted(lecture_000.TERMS)


def test_sizes_and_steps_are_all_different_and_the_initial_state_is_not_zero():
    setting = ROWS["000-a01"].setting
    numbers = [*setting.sizes.values(), setting.T]
    assert len(set(numbers)) == len(numbers)
    start = [setting.scenes[0].world.values[Place("h1", 0, (m,))] for m in (1, 2, 3, 4, 5)]
    assert all(start)


# The independent values: complex steps through the forward pass, of any quantity by any other


@cache
def nudged(setting_name, place):
    """Return the values of the first scene after the forward pass with one entry moved by an imaginary step."""
    setting = LECTURE.settings[setting_name]
    graph = setting.graph
    values = dict(setting.scenes[0].world.leaves)
    values = {leaf: float(value) + 1j * NUDGE * (leaf == place) for leaf, value in values.items()}
    for node in graph.order:
        for entry in entries(graph.network.shapes[node.name]):
            one = Place(node.name, node.time, entry)
            tree = graph.network.definition(node.name, entry)
            values[one] = value_of_tree(tree, lambda p, t=node.time: values[graph.resolve(p, t)], FLOATS)
            values[one] += 1j * NUDGE * (one == place)
    return values


def place_of(scene, letter, indices):
    """Return the place that a letter names when its indices have values."""
    time = None if letter.time is None else int(scene.value(letter.time, **indices))
    return Place(letter.name, time, tuple(int(scene.value(index, **indices)) for index in letter.entry))


def by_complex_step(setting_name, derivative, indices):
    """Return a total derivative in numerator layout, from the forward pass alone."""
    scene = LECTURE.settings[setting_name].scenes[0]
    shapes = scene.graph.network.shapes
    below, above = (place_of(scene, letter, indices) for letter in (derivative.below, derivative.above))
    is_total_loss = below.name == scene.graph.network.loss and below.time is None
    summed = [scene.graph.loss_entries] if is_total_loss else [[place] for place in entries_of(below, shapes)]
    columns = [
        [sum(complex(nudged(setting_name, place)[end]).imag for end in ends) / NUDGE for ends in summed]
        for place in entries_of(above, shapes)
    ]
    is_by_matrix = not above.entry and len(shapes[above.name]) == 2
    return np.array(columns).reshape(shapes[above.name]).T if is_by_matrix else np.array(columns).T


def entries_of(place, shapes):
    return [place] if place.entry else [place._replace(entry=entry) for entry in entries(shapes[place.name])]


def on_the_left():
    """Return every total derivative on the left of a row, once for each setting."""
    found = {}
    for row in FORMULAS.values():
        for part in walk(row.printed.left):
            if isinstance(part, Derivative) and part.kind == "total":
                found.setdefault((row.entry.setting, formulas.latex(part)), part)
    return [(setting, part) for (setting, _), part in found.items()]


@pytest.mark.parametrize(("setting", "derivative"), on_the_left())
def test_a_value_on_the_left_agrees_with_a_complex_step(setting, derivative):
    indices = {**LECTURE.settings[setting].constants, "T": LECTURE.settings[setting].T}
    indices |= {name: 2 for name in free_variables(derivative) - set(indices)}
    found = np.asarray(LECTURE.settings[setting].scenes[0].value(derivative, **indices), dtype=float)
    stepped = by_complex_step(setting, derivative, indices)
    assert np.any(stepped)
    np.testing.assert_allclose(found.reshape(stepped.shape) if not found.ndim else found, stepped, 1e-11, 1e-13)


# The slips by name


def test_what_is_not_right_in_every_reading_is_listed():
    assert set(stated("reading")) == {*RUNNING_DOWN, "000-a56", "000-a79", "000-a84"}
    bold, nabla, picture = "07 08 09 10 12", "13 23 24 25 26", "19 20 21 22 110"
    letters, limits = "54 77", "38 59"
    headings = "111 112 113 115"
    listed = " ".join((bold, nabla, picture, letters, limits, headings)).split()
    assert sorted(stated("scan")) == sorted(f"000-a{n}" for n in listed)
    assert stated("erratum") == []


def test_a_row_without_a_formula_is_a_label_or_a_heading_and_says_why_nothing_is_evaluated():
    bare = [identity for identity in ROWS if identity not in FORMULAS]
    assert bare == ["000-a111", "000-a112", "000-a115"]
    assert all(ROWS[identity].words and ROWS[identity].why for identity in bare)


@pytest.mark.parametrize("identity", RUNNING_DOWN)
def test_a_sum_from_T_down_to_1_is_empty_when_read_by_the_usual_convention(identity):
    finding = check(ROWS[identity])
    assert "shapes" in finding.printed.trouble and finding.corrected.holds
    assert r"\sum_{t=T}^{1}" in ROWS[identity].states and r"\sum_{t=1}^{T}" in ROWS[identity].corrected
    assert "backwards" in ROWS[identity].why


@pytest.mark.parametrize("identity", ["000-a56", "000-a79"])
def test_the_factor_by_the_hidden_weights_must_be_immediate(identity):
    finding = check(ROWS[identity])
    assert finding.printed.independent is not None and not finding.printed.holds and finding.corrected.holds
    assert "immediate" in ROWS[identity].why


def test_by_the_output_weights_total_and_immediate_are_one():
    text = ROWS["000-a34"].entry.printed
    assert tried("000-a34", text).holds
    assert tried("000-a34", text.replace("D(a2(t)[k], W1)", "d(a2(t)[k], W1)")).holds


def test_the_identity_by_the_hidden_bias_is_right_at_the_first_step_only():
    row = ROWS["000-a84"]
    assert tried("000-a84", row.entry.printed, t=(1, 1)).holds
    assert not tried("000-a84", row.entry.printed, t=(2, 2)).holds
    assert check(row).corrected.holds


def test_the_total_derivative_by_the_hidden_bias_may_be_smaller_than_the_identity():
    leaves = dict(W0=[[0.3]], W11=[[-0.8]], b0=[0.1], W1=[[0.5]], b1=[0.2], h0=np.full((STEPS, 1), 0.7))
    leaves |= {"h1[0]": [0.6], "y": np.ones((STEPS, 1))}
    leaves = {name: np.array(value) for name, value in leaves.items()}
    setting = replace(ROWS["000-a84"].setting, sizes=dict(h0=1, h1=1, h2=1), leaves=leaves)
    row = replace(ROWS["000-a84"], source=replace(LECTURE, settings={"": setting}))
    for form, is_so in (("D(a1(t), b0) <= 1", True), ("D(a1(2), b0) <= 0.4", True), ("D(a1(2), b0) = 1", False)):
        assert evaluate(row, formulas.read(form, setting.language, relation=True)).holds == is_so
    assert "larger" not in ROWS["000-a84"].why and "a second term" in ROWS["000-a84"].why


def test_the_scanned_limit_keeps_the_first_step_only():
    finding = check(ROWS["000-a59"])
    assert not finding.printed.holds and finding.printed.independent is not None and finding.corrected.holds


def test_the_brace_of_the_repeated_line_does_not_fit_the_hidden_state():
    finding = check(ROWS["000-a38"])
    assert finding.printed.trouble == "the two sides have the shapes 5×1 and 1×3" and finding.corrected.holds


# What must not pass


@pytest.mark.parametrize(
    ("identity", "mutant"),
    [
        ("000-a01", "D(L, W1) = matrix(k, 1, K, m, 1, M, D(L, W1[k,m]))"),
        ("000-a02", "D(L, b1) = column(k, 1, K, D(L, b1[k]))"),
        ("000-a03", "D(L, W11) = matrix(m, 1, M, i, 1, M, D(L, W11[m,i]))"),
        ("000-a06", "D(f, xs) = d(f, u) @ D(u, xs)"),
        ("000-a07", "D(ys, x) = column(j, 1, d, d(ys, x[j]))"),
        ("000-a08", "D(y, xs) = row(i, 1, k, d(y[i], xs))"),
        ("000-a10", "D(y, x) = matrix(j, 1, d, i, 1, k, d(y[i], x[j]))"),
        ("000-a11", "D(ys, X) = matrix(i, 1, m, j, 1, n, d(ys, X[i,j]))"),
        ("000-a12", "column(i, 1, m, D(Y(i), xs).T) = matrix(j, 1, n, i, 1, m, d(Y(i)[j], xs))"),
        ("000-a13", "D(Mx, x) = M.T"),
        ("000-a14", "D(q, x) = 2*(A @ x)"),
        ("000-a22", "D(y[1], W) = matrix(m, 1, 4, k, 1, 3, same(k, 2)*x[m])"),
        ("000-a28", "D(L, W) = D(L, y).T @ x.T"),
        ("000-a45", "D(h, a) = diag(1 - h**2)"),
        ("000-a59", "D(L, W11) = sum(t, 1, T, h1(t) @ D(L, a1(t)))"),
        ("000-a64", "D(L, h1(t)[m]) = D(L, a2(t)) @ d(a2(t), h1(t)[m])"),
        ("000-a70", "D(L, h1(t)) = D(L, a2(t)) @ W1"),
        ("000-a70", "D(L, h1(t)) = D(L, a2(t)) @ W1 + D(L, a1(t+1)) @ W11.T"),
        ("000-a70", "D(L, h1(t)) = D(L, a2(t)) @ W1 + D(L, a1(t)) @ W11"),
        ("000-a71", "D(L, h1(1)) = D(L, a2(1)) @ W1"),
        ("000-a81", "D(L, W0) = sum(t, 1, T, D(L, a1(t)).T @ h0(t).T)"),
        ("000-a87", "D(L, W11).T = matrix(i, 1, M, m, 1, M, D(L, W11[m,i]))"),
        ("000-a90", "D(L, b0) = sum(t, 2, T, D(L, a1(t)))"),
        ("000-a91", "D(L, b0) = D(L, a1(T))"),
        ("000-a92", "D(L, b0) = sum(t, 1, T, D(L, a2(t)))"),
        ("000-a102", "D(L, W0[m,l]) = sum(s, 1, T, D(L(s), a1(s)[m])*h0(s)[l])"),
        ("000-a102", "D(L, W0[m,l]) = sum(s, 1, T, sum(t, 1, s-1, D(L(s), a1(t)[m])*h0(t)[l]))"),
        ("000-a110", "D(L, W) = column(k, 1, 3, d(L, y[k])) @ x.T"),
        ("000-a113", "D(L, b0) = sum(t, 1, T, D(L, h1(t)))"),
    ],
)
def test_a_changed_formula_is_refused(identity, mutant):
    assert not tried(identity, mutant).holds


def test_the_derivative_of_the_quadratic_form_needs_a_symmetric_matrix():
    row = ROWS["000-a14"]
    turned = {**row.setting.leaves, "A": np.triu(row.setting.leaves["A"])}
    setting = replace(row.setting, leaves=turned)
    other = replace(row, source=replace(LECTURE, settings={"quadratic form": setting}))
    assert not check(other).printed.holds
    general = formulas.read("D(q, x) = (A @ x + A.T @ x).T", setting.language, relation=True)
    assert evaluate(other, general).holds


def test_the_jacobian_of_the_softmax_is_not_diagonal_and_that_of_tanh_is_not_dense():
    assert not tried("000-a43", "D(h2(t), a2(t)) = diag(h2(t)*(1 - h2(t)))").holds
    assert not tried("000-a63", "D(h1(t)[i], a1(t)[m]) != 0").holds


def test_the_sign_of_relu_differs_between_units_so_that_both_slopes_are_tried():
    scene = LECTURE.settings["relu"].scenes[0]
    outputs = [scene.world.values[Place("h", None, (i,))] for i in range(1, 6)]
    assert any(outputs) and not all(outputs)


def test_the_path_through_time_is_missing_at_the_last_step_and_needed_before():
    without = "D(L, h1(t)) = D(L, a2(t)) @ W1"
    assert tried("000-a70", without, t=(STEPS, STEPS)).holds
    assert not tried("000-a70", without, t=(STEPS - 1, STEPS - 1)).holds
    assert ROWS["000-a70"].setting.ranges["t"] == (1, STEPS)


def test_no_four_of_the_five_derivatives_tell_what_the_loss_does():
    text = ROWS["000-a114"].entry.printed
    left, right = text.split(" = ")
    terms = right.split(" + ")
    assert len(terms) == len(lecture_000.TERMS) and check(ROWS["000-a114"]).printed.holds
    for lost in terms:
        assert not tried("000-a114", f"{left} = {' + '.join(term for term in terms if term != lost)}").holds
