"""The arithmetics behind a verdict: intervals that hold the true value, residues that assume nothing."""

import itertools
import math
import random
from fractions import Fraction

import mpmath
import pytest

import networks
from bptt_lab import Network, symbolic
from bptt_lab.network import Place
from bptt_lab.network.scalars import FLOATS, entries
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.arithmetics import Unsettled, intervals, modular, primes

POINTS = [-2.5, -0.7, 0.3, 1.9]
ONE_ARGUMENT = sorted(set(FLOATS.functions) - {"softmax"})


@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_an_interval_holds_the_value_of_every_function(name):
    arithmetic = intervals(60)
    for point in POINTS:
        if name in ("log", "sqrt") and point < 0:
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
    graph = networks.graph(name, 3)
    quick = worlds.float_worlds(graph, 2)[1]
    sure = worlds.make_world(graph, quick.leaves, intervals(60))
    for place, value in quick.totals.items():
        exact = sure.totals[place]
        middle = float(exact) if isinstance(exact, int) else float(exact.mid)
        assert middle == pytest.approx(float(value), rel=1e-11, abs=1e-13)


def test_sixty_digits_survive_the_forward_and_the_backward_pass():
    graph = networks.graph("one hidden layer", 4)
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
    lucky = Network("h[t] = log(x[t])\nL[t] = mse(h[t], y[t])", sizes=dict(x=1)).unroll(1)
    assert worlds.float_worlds(lucky, 3)
    hopeless = Network("h[t] = log(0 - x[t] ** 2)\nL[t] = mse(h[t], y[t])", sizes=dict(x=1)).unroll(1)
    with pytest.raises(Unsettled, match="20 draws"):
        worlds.float_worlds(hopeless, 1)


def test_worlds_are_the_same_each_time():
    text, sizes = networks.TEXTS["LSTM"]
    graph, again = (Network(text, sizes=sizes).unroll(3) for _ in range(2))
    random.seed(1)
    first = worlds.draw_leaves(graph, "seed")
    random.seed(2)
    assert first == worlds.draw_leaves(again, "seed")
    assert len(first) == sum(len(entries(shape)) for shape in graph.leaves.values())


# What a world says of a place


@pytest.fixture(scope="module")
def world():
    return worlds.float_worlds(networks.graph("one hidden layer", 3))[0]


def test_a_world_gives_values_totals_and_immediate_derivatives(world):
    h, a, other = Place("h1", 2, (1,)), Place("a1", 2, (1,)), Place("a1", 2, (2,))
    assert world.value_of(h) == math.tanh(world.value_of(a))
    assert world.immediate_of(h, a) == pytest.approx(1 - world.value_of(h) ** 2)
    assert world.total_of(a) == pytest.approx(world.total_of(h) * world.immediate_of(h, a))
    assert world.immediate_of(h, other) == 0 and world.immediate_of(h, Place("x", 2, (1,))) == 0
    assert world.immediate_of(Place("a1", 3, (1,)), h) == world.value_of(Place("W11", None, (1, 1)))
    assert set(world.immediates(Place("h1", 2))) == {(Place("h1", 2, (i,)), Place("a1", 2, (i,))) for i in range(1, 6)}
    assert world.immediates(h) == world.immediates(Place("h1", 2))


@pytest.mark.parametrize("place", [Place("h1", 9, (1,)), Place("h1", 2, (6,)), Place("z", 1, (1,))])
def test_a_place_that_is_not_there_is_refused_by_name(world, place):
    for ask in (world.value_of, world.total_of):
        with pytest.raises(ValueError, match="does not occur in this network"):
            ask(place)


def largest(world):
    return max(abs(value) for place, value in world.leaves.items() if place.name != "y")


def test_readable_worlds_are_sixteen_the_last_four_with_large_leaves():
    graph = networks.graph("one hidden layer", 3)
    found = [largest(world) for world in worlds.float_worlds(graph)]
    assert len(found) == 16 and found == [largest(world) for world in worlds.float_worlds(graph)]
    assert all(Fraction(9, 10) <= size <= 1 for size in found[:12]) and all(4 < size <= 5 for size in found[12:])
    assert all(value.denominator in (1, 2, 5, 10) for place, value in worlds.float_worlds(graph)[0].leaves.items()
               if place.name != "y")  # fmt: skip


def test_worlds_drawn_anew_have_small_and_large_leaves_in_turn_with_fifteen_decimals():
    graph = networks.graph("one hidden layer", 3)
    for k, scale in enumerate((1, 5, 1, 2, 5, 1, 1, 5)):
        world = worlds.interval_world(graph, k)
        assert scale * Fraction(8, 10) < largest(world) <= scale
        denominators = {value.denominator for place, value in world.leaves.items() if place.name != "y"}
        assert all(10**15 % one == 0 for one in denominators) and not all(10**14 % one == 0 for one in denominators)
    for world in (*worlds.modular_worlds(graph), worlds.adic_world(graph)):
        assert Fraction(8, 10) < largest(world) <= 1


def test_numbers_that_explode_are_drawn_again_five_times_with_large_leaves_then_small_until_one_is_calm(monkeypatch):
    graph = Network("h[t] = w * x[t]\nL[t] = mse(h[t], y[t])", sizes=dict(x=1, h=1)).unroll(1)
    asked, real = [], worlds.draw_leaves
    monkeypatch.setattr(worlds, "draw_leaves", lambda g, seed, d, scale: asked.append(scale) or real(g, seed, d, scale))
    monkeypatch.setattr(worlds, "EXPLODED", 0)
    worlds.random_world(graph, "seed", FLOATS, scale=7)
    assert asked == [7] * 5 + [1] * 15


def test_numbers_count_as_exploded_past_a_million_millions_and_residues_never():
    graph = Network("h[t] = w * x[t]\nL[t] = mse(h[t], y[t])", sizes=dict(x=1, h=1)).unroll(1)
    for size, is_too_large in ((0.9 * 10**12, False), (1.1 * 10**12, True), (-1.1 * 10**12, True), (-1.0, False)):
        in_values = worlds.World(graph, {}, FLOATS, {"h": size}, {"h": 0.0})
        in_totals = worlds.World(graph, {}, FLOATS, {"h": 0.0}, {"h": size})
        assert worlds._explodes(in_values) == worlds._explodes(in_totals) == is_too_large
    assert not any(map(worlds._explodes, worlds.modular_worlds(graph)))


@pytest.mark.parametrize(
    ("arithmetic", "most_leaves", "is_too_large"),
    [(FLOATS, 3, True), (FLOATS, 2, True), (intervals(15), 3, True), (intervals(15), 2, False)],
)
def test_derivatives_by_leaves_count_unless_they_are_many_and_not_computed_yet(
    monkeypatch, arithmetic, most_leaves, is_too_large
):
    """Here only the derivative by w is large: (h - y)*x = 27.5."""
    graph = Network("h = w * x\nL = mse(h, y)", sizes=dict(x=1, h=1)).unroll(1)
    leaves = {
        place: {"w": Fraction(1, 10), "x": Fraction(5), "y": Fraction(-5)}[place.name]
        for place in worlds.draw_leaves(graph, "")
    }
    monkeypatch.setattr(worlds, "EXPLODED", 20)
    monkeypatch.setattr(worlds, "MANY", most_leaves)
    assert worlds._explodes(worlds.make_world(graph, leaves, arithmetic)) is is_too_large


CLASSES = Network("p[t] = softmax(V @ x[t])\nL[t] = nll(p[t], y[t])", sizes=dict(x=1, p=3)).unroll(1)
YES_OR_NO = Network("p[t] = sigmoid(v * x[t])\nL[t] = bce(p[t], y[t])", sizes=dict(x=1, p=1)).unroll(1)


@pytest.mark.parametrize(
    ("graph", "more", "drawn"),
    [
        (CLASSES, {}, "-1/10 -3/5 4/5 -1 1/4 3/8 3/8"),
        (
            CLASSES,
            dict(decimals=4, scale=3),
            "-193/1000 -14173/5000 9381/10000 709/5000 2489/6059 2811/12118 4329/12118",
        ),  # fmt: skip
        (YES_OR_NO, {}, "-1/10 -3/5 1/2"),
        (YES_OR_NO, dict(decimals=4, scale=3), "-193/1000 -14173/5000 569/1000"),
    ],
)
def test_leaves_of_a_seed_are_the_same_for_ever(graph, more, drawn):
    """What is shown to a student rests on them: another draw changes stored outputs."""
    assert [str(value) for value in worlds.draw_leaves(graph, "seed", **more).values()] == drawn.split()


def test_targets_of_a_seed_are_the_same_for_ever():
    drawn = lambda graph, k: [str(v) for place, v in worlds.draw_leaves(graph, str(k)).items() if place.name == "y"]
    assert [" ".join(drawn(CLASSES, k)) for k in range(6)] == [
        "4/15 7/15 4/15", "1/11 1/11 9/11", "3/13 2/13 8/13", "9/11 1/11 1/11", "1/2 1/12 5/12", "9/14 1/14 2/7"
    ]  # fmt: skip
    assert " ".join(drawn(YES_OR_NO, k)[0] for k in range(12)) == (
        "2/5 7/10 3/5 1/10 7/10 2/5 3/10 9/10 1/10 1/5 3/5 1/10"
    )


def test_letters_of_every_kind_have_a_value(world):
    read = lambda text: worlds.letter_value(world, symbolic.read_letter(world.graph, text))
    assert read("h1[2][1]") == world.value_of(Place("h1", 2, (1,)))
    assert read("D(L,h1[2][1])") == world.total_of(Place("h1", 2, (1,)))
    assert read("d(h1[2][1],a1[2][1])") == pytest.approx(1 - read("h1[2][1]") ** 2)


def test_targets_are_probabilities_that_are_never_certain():
    for k in range(200):
        targets = [v for p, v in worlds.draw_leaves(CLASSES, f"{k}").items() if p.name == "y"]
        (target,) = [v for p, v in worlds.draw_leaves(YES_OR_NO, f"{k}").items() if p.name == "y"]
        assert sum(targets) == 1 and min(targets) > 0 and 0 < target < 1


def test_a_number_for_what_has_none_is_the_same_for_ever():
    world = worlds.make_world(YES_OR_NO, worlds.draw_leaves(YES_OR_NO, "seed"), FLOATS, "seed")
    assert [world.some_number("h", 4), world.some_number("h", 5)] == [0.2029297785582205, 0.1976167445989647]


def test_readable_worlds_are_made_when_they_are_asked_for(monkeypatch):
    graph = Network("p[t] = softmax(V @ x[t])\nL[t] = nll(p[t], y[t])", sizes=dict(x=1, p=3)).unroll(1)
    made, real = [], worlds.draw_leaves
    monkeypatch.setattr(worlds, "draw_leaves", lambda g, seed, *more: made.append(seed) or real(g, seed, *more))
    first, second = itertools.islice(worlds.readable_worlds(graph), 2)
    assert made == ["float 0/0", "float 1/0"]
    assert worlds.float_worlds(graph, 2) == (first, second) and worlds.float_world(graph, 1) is second
    assert len(list(worlds.readable_worlds(graph))) == 16 and len({seed.split("/")[0] for seed in made}) == 16


def test_worlds_are_made_once_for_a_graph():
    for made in (worlds.float_worlds, worlds.modular_worlds, worlds.tower_world, worlds.adic_world):
        assert made(CLASSES) is made(CLASSES)
    assert worlds.interval_world(CLASSES, 0) is worlds.interval_world(CLASSES, 0)


def test_how_deep_a_p_adic_world_is_is_found_out_once_for_a_graph(monkeypatch):
    graph = networks.graph("one hidden layer", 2)
    depth = worlds.adic_depth(graph)
    monkeypatch.delattr(worlds, "divisions")
    assert worlds.adic_depth(graph) == depth == 1


def test_twenty_draws_and_no_more_are_tried(monkeypatch):
    asked, real = [], worlds.draw_leaves
    monkeypatch.setattr(worlds, "draw_leaves", lambda *given: asked.append(given) or real(*given))
    hopeless = Network("h[t] = log(0 - x[t] ** 2)\nL[t] = mse(h[t], y[t])", sizes=dict(x=1)).unroll(1)
    with pytest.raises(Unsettled):
        worlds.random_world(hopeless, "seed", FLOATS)
    assert len(asked) == 20


def test_a_world_whose_numbers_explode_is_drawn_again_as_often_as_there_are_trials(monkeypatch):
    """Only where every draw of small leaves explodes is one of them taken."""
    graph = networks.graph("one hidden layer", 3)
    drawn, verdicts = [], []
    monkeypatch.setattr(worlds, "_explodes", lambda world: drawn.append(world) or verdicts[len(drawn) - 1])
    for calm in (0, 3, 7, 19):
        drawn.clear()
        verdicts[:] = [True] * calm + [False]
        assert worlds.random_world(graph, "draw", FLOATS, scale=5) is drawn[calm] and len(drawn) == calm + 1
    drawn.clear()
    verdicts[:] = [True] * 20
    found = worlds.random_world(graph, "draw", FLOATS, scale=5)
    assert len(drawn) == 20 and found is drawn[-1] and max(map(abs, found.leaves.values())) <= 1
