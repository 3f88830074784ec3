"""Same or different: what is proved, what is certified, and that nothing is guessed."""

from fractions import Fraction

import pytest
import sympy

import networks
from bptt_lab import Network, symbolic
from bptt_lab.symbolic import arithmetics, verdicts, worlds
from bptt_lab.symbolic.derivations import ScalarForm
from bptt_lab.symbolic.verdicts import AGREES, ALONE, PROVED, decide


@pytest.fixture(scope="module")
def graph():
    return networks.graph("one hidden layer", 4)


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
    graph = networks.graph("two steps back", 3)
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


# In which worlds a verdict is looked for


def recorded(value):
    """Return a side and the list of the worlds it was asked in, each by its kind and, for intervals, its digits."""
    seen = []

    def side(world):
        number = world.arithmetic.number(Fraction(1, 3))
        context = getattr(number, "ctx", None)
        seen.append(context.dps if context else type(number).__name__)
        return value(world)

    return side, seen


def cosh_of_tanh(world, plus=1):
    f = world.arithmetic.functions
    u = f["tanh"](world.some_number("x"))
    return [(f["exp"](u) + f["exp"](-u)) ** 2 / 4 - (f["exp"](u) - f["exp"](-u)) ** 2 / 4 - plus]


def log_of_exp(world):
    """log(1 + e^x) - log(1 + e^-x), which is x: the logarithm of a sum, which no factor tells."""
    f, x = world.arithmetic.functions, world.some_number("x")
    return [f["log"](1 + f["exp"](x)) - f["log"](1 + f["exp"](-x))]


def some_number(world):
    return [world.some_number("x")]


def crumb(world):
    f = world.arithmetic.functions
    return [world.some_number("x") + f["exp"](world.arithmetic.number(Fraction(-(10**5))))]


@pytest.mark.parametrize("alone", [ALONE, 1])
def test_a_proof_looks_in_two_worlds_of_residues_and_two_of_intervals(graph, alone):
    side, seen = recorded(some_number)
    assert decide(side, some_number, graph, alone=alone).strength == PROVED
    assert seen == ["Residue"] * 2 + [60] * 2


@pytest.mark.parametrize(("alone", "floats", "intervals"), [(ALONE, 16, 6), (1, 2, 1)])
def test_a_law_of_exp_is_looked_for_in_floats_a_tower_and_intervals(graph, alone, floats, intervals):
    side, seen = recorded(cosh_of_tanh)
    assert decide(side, lambda world: [world.arithmetic.number(Fraction(0))], graph, alone=alone).strength == AGREES
    assert seen == ["Residue"] * 2 + ["float"] * floats + ["Stack"] + [60] * intervals


@pytest.mark.parametrize(("alone", "order", "adic"), [(6, 15, 1), (6, 0, 0), (1, 15, 1)])
def test_a_law_of_log_is_looked_for_in_many_digits_and_p_adic_numbers(graph, alone, order, adic):
    side, seen = recorded(log_of_exp)
    assert decide(side, some_number, graph, alone=alone, order=order).strength == AGREES
    digits = [60] * 2 + [240] * alone
    assert [kind for kind in seen if isinstance(kind, int)] == digits
    assert seen[-adic:] == ["Residue"] if adic else seen[-1] == 240


def test_what_no_tier_settles_was_looked_for_in_all_of_them(graph):
    side, seen = recorded(crumb)
    assert decide(side, some_number, graph).outcome == "undecided"
    assert seen == ["Residue"] * 2 + ["float"] * 16 + ["Stack"] + [60] * 2 + [240] * 6 + ["Residue"] + [960]


def test_terms_of_fifteen_factors_are_what_p_adic_numbers_are_asked_for_where_nothing_is_said(graph, monkeypatch):
    asked = []
    monkeypatch.setattr(verdicts, "_agree_p_adically", lambda left, right, graph, order: asked.append(order))
    decide(log_of_exp, some_number, graph)
    assert asked == [15]


@pytest.mark.parametrize(("sign", "shown"), [(1, "inf"), (-1, "-inf")])
def test_a_number_too_large_for_a_float_is_shown_as_infinite(graph, sign, shown):
    large = lambda power: lambda world: [world.arithmetic.number(Fraction(sign * 10**power))]
    found = decide(large(400), large(401), graph)
    assert found.outcome == "different" and f"the left side is {shown}" in str(found)
    whole = decide(lambda world: [sign * 10**400], lambda world: [sign * 10**401], graph)
    assert whole.outcome == "different" and f"the left side is {shown}" in str(whole)
