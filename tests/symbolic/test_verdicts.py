"""Same or different: what is proved, what is certified, and that nothing is guessed."""

import pytest
import sympy

import networks
from bptt_lab import Network, symbolic
from bptt_lab.symbolic import arithmetics, verdicts, worlds
from bptt_lab.symbolic.derivations import ScalarForm


@pytest.fixture(scope="module")
def graph():
    return networks.network("one hidden layer").unroll(4)


def judge(graph, left, right):
    return symbolic.decide(ScalarForm(sympy.sympify(left)).values, ScalarForm(sympy.sympify(right)).values, graph)


@pytest.fixture
def letter(graph):
    return lambda text: symbolic.read_letter(graph, text)


def test_a_derivative_and_its_scalar_form_are_proved_the_same(graph, letter):
    verdict = judge(graph, letter("D(L,h1[2][3])"), symbolic.scalar_form(graph, "h1", 2, 3).expression)
    assert (verdict.outcome, verdict.strength) == ("same", verdicts.PROVED)


def test_softmax_and_log_likelihood_collapse_because_targets_sum_to_one(graph, letter):
    assert judge(graph, letter("D(L,a2[2][1])"), letter("h2[2][1]") - letter("y[2][1]")).outcome == "same"


def test_values_may_be_written_by_their_definitions(graph, letter):
    h, a = letter("h1[2][1]"), letter("a1[2][1]")
    assert judge(graph, 1 - h**2, 1 - sympy.tanh(a) ** 2).strength == verdicts.PROVED
    powers = [sympy.exp(letter(f"a2[3][{k}]")) for k in (1, 2, 3)]
    assert judge(graph, letter("h2[3][2]"), powers[1] / sum(powers)).outcome == "same"
    h2 = [letter(f"h2[3][{k}]") for k in (1, 2, 3)]
    assert judge(graph, h2[2], 1 - h2[0] - h2[1]).outcome == "same"


def test_an_identity_beyond_polynomials_agrees_to_forty_digits(graph, letter):
    a = letter("a1[2][1]")
    verdict = judge(graph, letter("h1[2][1]"), (sympy.exp(a) - sympy.exp(-a)) / (sympy.exp(a) + sympy.exp(-a)))
    assert (verdict.outcome, verdict.strength) == ("same", verdicts.AGREES)


@pytest.mark.parametrize("digits", [6, 9, 12, 20, 30, 59, 150, 600])
def test_a_tiny_relative_change_is_certified_different(graph, letter, digits):
    form = symbolic.scalar_form(graph, "h1", 2, 3).expression
    verdict = judge(graph, form, form * (1 + sympy.Rational(1, 10**digits)))
    assert verdict.outcome == "different"


def test_a_dropped_term_is_different_with_an_instance(graph, letter):
    form = symbolic.scalar_form(graph, "W11", entry=(1, 2)).expression
    verdict = judge(graph, form, form - form.args[0])
    assert verdict.outcome == "different"
    shown = symbolic.readable_world(verdict.world)
    assert len(shown["W11"]) == 25 and all(round(10 * u) == pytest.approx(10 * u) for u in shown["W11"])
    assert "left side is" in str(verdict)


def test_a_verdict_is_never_used_as_a_truth_value(graph, letter):
    different = judge(graph, letter("h1[1][1]"), letter("h1[2][1]"))
    assert different.outcome == "different"
    with pytest.raises(TypeError, match="outcome == 'same'"):
        bool(different)


def test_what_cannot_be_computed_is_undecided():
    graph = Network("a[t] = W * x[t]\nL[t] = mse(a[t], y[t])", sizes=dict(x=1)).unroll(2)
    x = symbolic.read_letter(graph, "x[1]")
    gamma = sympy.gamma(x)
    assert judge(graph, gamma, gamma + 1).outcome == "undecided"


def test_shapes_that_differ_are_different(graph):
    assert symbolic.decide(lambda world: [1, 2], lambda world: [1], graph).outcome == "different"


def test_leaves_are_never_zero_and_targets_are_probabilities(graph):
    for world in worlds.float_worlds(graph):
        assert all(world.leaves.values())
        for t in range(1, 5):
            assert sum(v for p, v in world.leaves.items() if (p.name, p.time) == ("y", t)) == 1
    assert all(v for p, v in worlds.float_worlds(graph)[0].leaves.items() if p == ("h1", 0, (1,), ""))


def test_residues_obey_the_laws_of_a_field():
    ring = arithmetics.Ring(2**61 - 1, 2**61 - 1)
    a, b = arithmetics.Residue(12345678901234567, ring), arithmetics.Residue(-7, ring)
    assert (a + b) - b == a and (a * b) / b == a and 1 / (1 / a) == a and a**3 == a * a * a and -a + a == 0
    with pytest.raises(ZeroDivisionError):
        a / (b - b)


def test_the_exact_tier_alone_proves_no_false_identity(graph, letter):
    """Each tier is shown to say no: a false identity passes neither the primes nor the intervals."""
    left, right = ScalarForm(letter("h1[2][1]")).values, ScalarForm(letter("h1[2][2]")).values
    assert verdicts._by_residues(left, right, graph) is None
    assert verdicts._plain_difference(left, right, graph).outcome == "different"
    assert verdicts._by_digits(left, right, graph, 6).outcome == "different"
    assert not verdicts._agree_p_adically(left, right, graph)


def test_two_whole_numbers_that_differ_are_different():
    """Total derivatives may be the whole numbers 0 and 1: they need no interval to differ."""
    graph = networks.network("two steps back").unroll(3)
    for left, right in ((1, 0), (0, 1), (2, 1)):
        verdict = symbolic.decide(lambda world, a=left: [a], lambda world, b=right: [b], graph)
        assert (verdict.outcome, verdict.left, verdict.right) == ("different", left, right)
    assert symbolic.decide(lambda world: [1, 1], lambda world: [1, 1], graph).outcome == "same"


def test_nothing_compared_proves_nothing(graph):
    assert symbolic.decide(lambda world: [], lambda world: [], graph).outcome == "undecided"


def test_a_difference_that_intervals_cannot_certify_is_not_claimed(graph):
    """Plainly different in floats, but without meaning in intervals: undecided, and no crash."""

    def kinked(world):
        if world.arithmetic is not worlds.FLOATS:
            raise worlds.Unsettled("a kink lies inside an interval")
        return [1.0]

    assert symbolic.decide(kinked, lambda world: [2.0], graph).outcome == "undecided"
