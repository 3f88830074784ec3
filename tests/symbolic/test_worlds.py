"""The arithmetics behind a verdict: intervals that hold the true value, residues that assume nothing."""

import random
from fractions import Fraction

import mpmath
import pytest

import networks
from bptt_lab.network.scalars import FLOATS, entries
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.arithmetics import Unsettled, intervals, modular, primes

POINTS = [-2.5, -0.7, 0.3, 1.9]
ONE_ARGUMENT = sorted(set(FLOATS.functions) - {"softmax"})


@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_an_interval_holds_the_value_of_every_function(name):
    arithmetic = intervals(60)
    for point in POINTS:
        if name == "log" and point < 0:
            continue
        found = arithmetic.functions[name](arithmetic.number(Fraction(str(point))))
        assert float(found.delta) < 1e-55
        assert float(found.mid) == pytest.approx(FLOATS.functions[name](point), rel=1e-14)


def test_an_interval_holds_every_entry_of_softmax():
    arithmetic = intervals(60)
    arguments = [arithmetic.number(Fraction(str(point))) for point in POINTS]
    for entry in range(1, 5):
        found = arithmetic.functions["softmax"](*arguments, entry=entry)
        assert float(found.mid) == pytest.approx(FLOATS.functions["softmax"](*POINTS, entry=entry), rel=1e-14)


def test_an_interval_around_a_kink_or_a_pole_settles_nothing():
    arithmetic = intervals(60)
    around_zero = arithmetic.number(Fraction(1, 3)) * 3 - 1
    for name in ("relu", "leaky_relu", "step", "leaky_step", "log"):
        with pytest.raises(Unsettled):
            arithmetic.functions[name](around_zero)


@pytest.mark.parametrize("name", networks.TEXTS)
def test_interval_worlds_agree_with_float_worlds_on_the_same_leaves(name):
    graph = networks.network(name).unroll(3)
    quick = worlds.float_worlds(graph, 2)[1]
    sure = worlds.make_world(graph, quick.leaves, intervals(60))
    for place, value in quick.totals.items():
        exact = sure.totals[place]
        middle = float(exact) if isinstance(exact, int) else float(exact.mid)
        assert middle == pytest.approx(float(value), rel=1e-11, abs=1e-13)


def test_sixty_digits_survive_the_forward_and_the_backward_pass():
    graph = networks.network("one hidden layer").unroll(4)
    for k in range(6):
        world = worlds.interval_world(graph, k)
        wide = max(float(mpmath.mpf(v.delta)) for v in world.totals.values() if not isinstance(v, int))
        assert wide < 1e-45


@pytest.mark.parametrize("name", [*ONE_ARGUMENT, "softmax"])
def test_a_free_generator_depends_on_its_argument_and_on_nothing_else(name):
    arithmetic = modular(primes()[0])
    of, number = arithmetic.functions[name], lambda u: arithmetic.number(Fraction(u))
    more = {"entry": 2} if name == "softmax" else {}
    one, same, other = (
        (of(*map(number, u), **more) for u in ([5, 8], [5, 8], [6, 8])) if more else (of(number(u)) for u in (5, 5, 6))
    )
    assert one == same and not one == other


def test_unlucky_draws_are_drawn_again_and_given_up_in_the_end():
    from bptt_lab import Network

    lucky = Network("h[t] = log(x[t])\nL[t] = mse(h[t], y[t])", sizes=dict(x=1)).unroll(1)
    assert worlds.float_worlds(lucky, 3)
    hopeless = Network("h[t] = log(0 - x[t] ** 2)\nL[t] = mse(h[t], y[t])", sizes=dict(x=1)).unroll(1)
    with pytest.raises(Unsettled, match="twenty draws"):
        worlds.float_worlds(hopeless, 1)


def test_worlds_are_the_same_each_time():
    graph = networks.network("LSTM").unroll(3)
    again = networks.network("LSTM").unroll(3)
    random.seed(1)
    first = worlds.draw_leaves(graph, "seed")
    random.seed(2)
    assert first == worlds.draw_leaves(again, "seed")
    assert len(first) == sum(len(entries(shape)) for shape in graph.leaves.values())
