"""The three witnesses of the notebooks: SymPy's scalar forms, the NumPy code, the complex step."""

import numpy as np
import pytest

from bptt_lab import course
from bptt_lab.exercises.question import networks
from bptt_lab.formulas import Language, read
from bptt_lab.network import NetworkError
from bptt_lab.numeric import rnn
from bptt_lab.symbolic.verdicts import PROVED

FIVE = ("W1", "b1", "W11", "W0", "b0")


def random_sizes(seed):
    rng = np.random.default_rng(seed)
    D, M, K = (int(n) for n in rng.permutation([1, 2, 3, 4, 5, 6])[:3])
    T, B = (int(n) for n in rng.permutation([3, 4, 5, 6])[:2])
    return dict(D=D, M=M, K=K, T=T, B=B)


def assert_three_witnesses_agree(case):
    derived, coded, stepped = case.by_sympy(), case.by_numpy(), case.by_complex_step()
    assert set(derived) == set(coded) == set(stepped) == {*FIVE, "x", "h_start"}
    for name in coded:
        assert coded[name].shape == case.arrays[name].shape
        np.testing.assert_allclose(derived[name], coded[name], rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(stepped[name], coded[name], rtol=1e-11, atol=1e-13)


def test_the_five_derivatives_hold_in_three_witnesses_at_the_sizes_of_the_course():
    assert_three_witnesses_agree(course.random_case(D=4, M=5, K=3, T=4, B=2, seed=1))


@pytest.mark.parametrize("seed", range(30))
def test_the_five_derivatives_hold_in_three_witnesses_at_random_sizes(seed):
    assert_three_witnesses_agree(course.random_case(**random_sizes(seed), seed=seed))


def test_nothing_can_hide_in_a_case():
    case = course.random_case(seed=3)
    (T, B, D), (K, M) = case.arrays["x"].shape, case.arrays["W1"].shape
    assert len({T, B, D, M, K}) == 5 and T >= 3 and B >= 2
    assert np.abs(case.arrays["h_start"]).min() > 0
    assert np.abs(case.arrays["W11"] - case.arrays["W11"].T).max() > 0.1


def test_the_verdict_is_in_words():
    a = np.arange(6.0).reshape(2, 3)
    assert course.compare("W", SymPy=a, NumPy=a + 1e-15, complex_step=a) == (
        "W (2×3): SymPy, NumPy and complex step agree."
    )


@pytest.mark.parametrize("name", [*FIVE, "x", "h_start"])
def test_a_wrong_witness_is_refused(name):
    case = course.random_case(seed=2)
    coded = case.by_numpy()[name]
    with pytest.raises(AssertionError, match=f"{name}: NumPy and wrong differ"):
        course.compare(name, NumPy=coded, wrong=coded + 1e-6)
    with pytest.raises(AssertionError, match="has shape"):
        course.compare(name, NumPy=coded, wrong=coded[..., :0])
    with pytest.raises(ValueError, match="two or more"):
        course.compare(name, NumPy=coded)


def test_a_case_is_the_same_each_time():
    one, two = course.random_case(seed=5), course.random_case(seed=5)
    for name in one.arrays:
        np.testing.assert_array_equal(one.arrays[name], two.arrays[name])
    np.testing.assert_array_equal(one.labels, two.labels)


def test_the_sum_over_sequences_is_what_the_batch_gives():
    case = course.random_case(B=3, seed=4)
    one_by_one = [case.graph.gradients(values) for values in case.sequences()]
    for name in rnn.PARAMETERS:
        np.testing.assert_allclose(sum(g[name] for g in one_by_one), case.by_numpy()[name], rtol=1e-11, atol=1e-13)


def test_a_case_checks_arrays_that_were_computed_elsewhere():
    case = course.random_case(seed=6)
    params, trace, d_a2 = case.run()
    d_b1 = d_a2.sum(axis=(0, 1))
    assert case.check(b1=d_b1, W1=case.by_numpy()["W1"]).splitlines() == [
        "b1 (3): SymPy, NumPy and complex step agree.",
        "W1 (3×5): SymPy, NumPy and complex step agree.",
    ]
    with pytest.raises(AssertionError, match="b1: SymPy and NumPy differ"):
        case.check(b1=d_b1 * (1 + 1e-9))
    assert trace.h1.shape == (*d_a2.shape[:2], len(params["b0"]))


def test_slips_that_are_the_right_array_pass_unseen_and_others_are_refused():
    right = np.arange(6.0).reshape(2, 3) - 2
    slips = {"copy": right + 1e-14, "sign": -right, "turned": right.T, "a row": right[:1], "one digit": right + 1e-6}
    assert course.tried(right, slips).splitlines() == [
        "copy: PASSES UNSEEN",
        *(f"{name}: refused" for name in ("sign", "turned", "a row", "one digit")),
    ]


def test_a_network_is_given_by_its_name_with_the_sizes_asked_for():
    network = course.network("one hidden layer", h1=6)
    assert network.shapes["W11"] == (6, 6) and network.shapes["x"] == (4,)
    with pytest.raises(NetworkError, match="Did you mean 'two scalars'"):
        course.network("two scaler")


@pytest.mark.parametrize("name", networks())
def test_every_network_of_the_exercises_can_be_named(name):
    assert course.network(name).loss


def test_the_formulas_obtained_are_the_ends_of_proved_derivations():
    graph = course.network("one hidden layer").unroll(3)
    found = course.obtained(graph, "h1", "W11", layouts=("derivative", "gradient"))
    assert repr(found).splitlines() == [
        "D(L, h1(t)) = D(L, a2(t)) @ W1 + unless(t = T, D(L, a1(t + 1)) @ W11)",
        "grad(L, h1(t)) = W1.T @ grad(L, a2(t)) + unless(t = T, W11.T @ grad(L, a1(t + 1)))",
        "D(L, W11) = sum(t, 1, T, h1(t - 1) @ D(L, a1(t)))",
        "grad(L, W11) = sum(t, 1, T, grad(L, a1(t)) @ h1(t - 1).T)",
        "✓ proved as an identity",
    ]
    assert found.strength == PROVED and found._repr_markdown_().count("&=") == 4


def test_the_notation_is_printed_from_what_an_answer_would_be():
    language = Language(course.network("one hidden layer"))
    table = course.notation()
    assert len(table.rows) >= 15 and all(read(typed, language) for _, typed, _ in table.rows)
    on_paper = {typed: paper for paper, typed, _ in table.rows}
    assert on_paper["d(h1(t), a1(t))"].startswith(r"\frac{\partial^{+}") and on_paper["D(L, h1(t))"].startswith(
        r"\frac{d L}"
    )
    assert all(f"`{typed}`" in table._repr_markdown_() for typed in on_paper)
