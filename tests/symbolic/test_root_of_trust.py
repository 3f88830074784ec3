"""What no answer can know and no tier can be talked into: primes and samples drawn anew, digits, time, laws of exp."""

import subprocess
import sys
import time
from fractions import Fraction

import pytest

import networks
from bptt_lab import Network
from bptt_lab.symbolic import arithmetics, decide, verdicts, worlds
from bptt_lab.symbolic.arithmetics import Unsettled, adic, check_patience, intervals, modular, patience, primes


@pytest.fixture(scope="module")
def graph():
    return networks.graph("one hidden layer", 3)


def constant(value):
    """Return a side that is one number in every world."""
    return lambda world: [world.arithmetic.number(Fraction(value))]


def function_of(*names):
    """Return a side that is functions of a number that varies from world to world, one in the other."""

    def side(world):
        value = world.some_number("x")
        for name in names:
            value = world.arithmetic.functions[name](value)
        return [value]

    return side


# What an answer cannot know


def drawn_in_a_new_process():
    code = """if True:
        import networks
        from bptt_lab.symbolic import arithmetics, worlds
        graph = networks.network("one hidden layer").unroll(2)
        drawn = [world.leaves for world in (*worlds.modular_worlds(graph), worlds.interval_world(graph, 0))]
        print(arithmetics.primes(), *(sorted(map(str, leaves.values()))[:3] for leaves in drawn))
        print([str(v) for v in worlds.float_worlds(graph)[0].leaves.values()])
    """
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="tests")
    return found.stdout.splitlines()


def test_primes_and_samples_are_drawn_anew_in_every_process_and_what_is_shown_is_not():
    one, other = drawn_in_a_new_process(), drawn_in_a_new_process()
    assert one[0] != other[0]
    assert one[1] == other[1]


def test_the_primes_are_two_and_large():
    one, other = primes()
    assert one != other and min(one, other) > 2**60 and primes() == (one, other)


@pytest.mark.parametrize("multiple", [2**61 - 1, (2**61 - 1) * (2**31 - 1), 2**89 - 1, 10**40])
def test_a_multiple_of_a_prime_known_beforehand_is_not_zero(graph, multiple):
    assert decide(constant(multiple), constant(0), graph).outcome == "different"


def test_a_multiple_of_one_of_the_two_primes_is_not_zero_and_of_both_is_refused_by_intervals(graph):
    one, other = primes()
    for multiple in (one, other, one * other):
        assert decide(constant(multiple), constant(0), graph).outcome == "different"


def test_a_factor_that_vanishes_at_the_readable_worlds_is_not_zero_elsewhere(graph):
    """A product over the sixteen fixed values of one leaf is zero in all of them."""
    place = next(place for place in graph.leaves if place.name == "b1")
    entry = place._replace(entry=(1,))
    known = [world.leaves[entry] for world in worlds.float_worlds(graph)]

    def side(world):
        product = world.arithmetic.number(Fraction(1))
        for value in known:
            product = product * (world.values[entry] - world.arithmetic.number(value))
        return [product]

    assert decide(side, constant(0), graph).outcome == "different"


def test_what_has_no_value_is_another_number_in_each_world_and_for_each_thing(graph):
    one, other = worlds.float_worlds(graph)[:2]
    assert one.some_number("h1", 4) == one.some_number("h1", 4) != one.some_number("h1", 5)
    assert one.some_number("h1", 4) != other.some_number("h1", 4)
    assert all(world.some_number("h1", 4) > 0 for world in worlds.float_worlds(graph))


def test_some_of_the_worlds_have_large_leaves(graph):
    largest = [max(map(abs, worlds.interval_world(graph, k).leaves.values())) for k in range(verdicts.BESIDE)]
    assert min(largest) <= 1 < 3 < max(largest)
    assert max(abs(v) for world in worlds.float_worlds(graph) for v in world.leaves.values()) > 3


def test_a_form_that_is_right_only_for_small_values_is_refused(graph):
    place = next(place for place in graph.leaves if place.name == "b1")._replace(entry=(1,))

    def clipped(world):  # relu(b + 2) - 2 is b wherever b > -2
        return [world.arithmetic.functions["relu"](world.values[place] + 2) - 2]

    assert decide(clipped, lambda world: [world.values[place]], graph).outcome == "different"


def test_where_numbers_explode_large_leaves_are_given_up():
    steep = Network("h[t] = exp(w * h[t-1] + x[t])\nL[t] = mse(h[t], y[t])", sizes=dict(x=1, h=1)).unroll(4)
    for k in range(3):
        world = worlds.interval_world(steep, k)
        assert all(abs(value) < 1e300 for value in world.values.values())


# Two tiers confirm


def test_a_proof_stands_on_intervals_too(graph, monkeypatch):
    """Residues alone prove nothing: where the intervals say otherwise, they are believed."""
    monkeypatch.setattr(verdicts, "_agree", lambda left, right, exact: True)
    assert decide(constant(1), constant(2), graph).outcome == "different"
    wide = lambda world: [world.arithmetic.number(Fraction(1, 3)) * 10**1200 * 3]
    assert decide(wide, constant(10**1200), graph).outcome == "undecided"


def test_agreement_of_digits_stands_on_p_adic_numbers_too(graph, monkeypatch):
    same = lambda world: [world.some_number("x")]

    def side(world):  # the logarithm of a sum: the tower of primes does not know it
        f, x = world.arithmetic.functions, world.some_number("x")
        return [f["log"](1 + f["exp"](x)) - f["log"](1 + f["exp"](-x))]

    assert decide(side, same, graph).strength == verdicts.AGREES
    monkeypatch.setattr(verdicts, "_agree_p_adically", lambda *given: False)
    assert decide(side, same, graph).outcome == "undecided"
    assert decide(function_of("exp", "log"), same, graph).strength == verdicts.AGREES


@pytest.mark.parametrize("tiny", ["1e-50", "1e-58", "1e-61", "1e-150", "1e-299", "1e-800"])
def test_a_difference_far_below_the_digits_of_a_float_is_different(graph, tiny):
    assert decide(constant(1), constant(1 + Fraction(tiny)), graph).outcome == "different"


def test_large_numbers_that_differ_little_differ(graph):
    for power, gap in ((50, "1e-20"), (60, "1e-30"), (100, "1e-60")):
        other = constant(10**power + Fraction(gap))
        assert decide(constant(10**power), other, graph).outcome == "different"


def test_wide_intervals_around_zero_are_no_agreement(graph, monkeypatch):
    """Where the other tier is deceived, an interval of width 1e-10 around zero is not taken for the same."""
    monkeypatch.setattr(verdicts, "_agree", lambda left, right, exact: True)
    assert decide(constant(10**50), constant(10**50 + Fraction("1e-15")), graph).outcome == "different"
    monkeypatch.setattr(verdicts, "_by_residues", lambda left, right, graph: None)
    assert decide(constant(10**230), constant(10**230 + Fraction("1e-20")), graph).outcome == "different"


def test_a_difference_no_digit_shows_is_undecided_and_never_the_same(graph):
    """exp(-10^5) has 43,429 zeros behind the point: too small for any digit asked for, and no p-adic zero."""

    def with_crumb(world):
        return [world.arithmetic.number(Fraction(1)) + world.arithmetic.functions["exp"](-100_000 * one(world))]

    one = lambda world: world.arithmetic.number(Fraction(1))
    assert decide(with_crumb, constant(1), graph).outcome == "undecided"


def test_the_weakest_of_several_strengths_counts():
    assert verdicts.weakest([verdicts.PROVED, verdicts.AGREES, verdicts.PROVED]) == verdicts.AGREES
    assert verdicts.weakest([verdicts.PROVED]) == verdicts.PROVED == verdicts.weakest([])


def test_sides_of_other_lengths_are_different_in_every_tier(graph):
    two = lambda world: [1, 2]
    assert verdicts._in_intervals(two, constant(1), graph, 60, 1, 1e-40).strength == verdicts.OTHER_SHAPES
    assert "left side" not in str(decide(two, constant(1), graph))


def test_sides_without_numbers_or_values_settle_nothing(graph):
    def raises(world):
        raise ValueError("no value")

    assert decide(raises, raises, graph).outcome == decide(lambda world: [], lambda world: [], graph).outcome
    assert decide(raises, constant(1), graph).outcome == "undecided"


# Time and size


@pytest.mark.parametrize("height", [3, 8, 13, 40])
def test_a_tower_of_exponentials_is_undecided_at_once(graph, height):
    start = time.process_time()
    large = function_of(*["exp"] * height)
    found = decide(lambda world: [10 * large(world)[0]], lambda world: [11 * large(world)[0]], graph, seconds=2.0)
    assert found.outcome in ("undecided", "different") and (height < 8 or found.outcome == "undecided")
    assert time.process_time() - start < 60  # the worlds included; without a limit it would take for ever


def test_patience_ends_and_is_restored():
    with patience(0.02), pytest.raises(Unsettled, match="too long"):
        while True:
            check_patience()
    check_patience()


def test_patience_inside_patience_is_never_longer():
    with patience(0.02), patience(1000), pytest.raises(Unsettled):
        while True:
            check_patience()


def test_what_takes_for_ever_is_undecided(graph):
    def endless(world):
        while True:
            world.arithmetic.functions["exp"](world.arithmetic.number(Fraction(0)))
            check_patience()

    assert decide(endless, endless, graph, seconds=0.1).outcome == "undecided"


def test_the_worlds_of_a_network_take_none_of_an_answers_time():
    text, sizes = networks.TEXTS["LSTM"]
    fresh = Network(text, sizes=sizes).unroll(4)
    with patience(0.0):
        world = worlds.interval_world(fresh, 0)
        assert world.graph is fresh and arithmetics.is_late() in (True, False)


# p-adic arithmetic


@pytest.fixture(params=[32, 64])
def p_adic(request):
    return adic(arithmetics.adic_prime(), request.param)


def numbers(arithmetic, *values):
    return [arithmetic.number(Fraction(value)) for value in values]


@pytest.mark.parametrize("name", ["exp", "log"])
def test_the_clock_is_looked_at_at_every_call(p_adic, name):
    (u,) = numbers(p_adic, "3/7")
    for _ in range(3):
        with patience(0.0), pytest.raises(Unsettled, match="too long"):
            p_adic.functions[name](u)


def test_the_exponential_turns_sums_into_products(p_adic):
    exp, (u, v) = p_adic.functions["exp"], numbers(p_adic, "3/7", "-11/13")
    assert exp(u + v) == exp(u) * exp(v) and exp(u - u) == 1 and exp(-u) == 1 / exp(u)
    assert not exp(u) == exp(v) and not exp(u) == 1 and not exp(u) == u


def test_the_logarithm_undoes_the_exponential_and_turns_products_into_sums(p_adic):
    exp, log, (u, v) = p_adic.functions["exp"], p_adic.functions["log"], numbers(p_adic, "3/7", "22/13")
    assert log(exp(u)) == u and log(u * v) == log(u) + log(v) and not log(u) == log(v)


def test_tanh_sigmoid_and_softmax_are_made_from_the_exponential(p_adic):
    f, (u, v) = p_adic.functions, numbers(p_adic, "3/7", "22/13")
    assert f["tanh"](u) == (f["exp"](u) - f["exp"](-u)) / (f["exp"](u) + f["exp"](-u))
    assert f["sigmoid"](u) == (1 + f["tanh"](u / 2)) / 2
    assert (
        f["softmax"](u, v, entry=1) == f["sigmoid"](u - v)
        and f["softmax"](u, v, entry=1) + f["softmax"](u, v, entry=2) == 1
    )


def test_a_kink_is_a_free_function_in_residues(p_adic):
    for arithmetic in (p_adic, modular(primes()[0])):
        (u,) = numbers(arithmetic, "3/7")
        for name in arithmetics.KINKED:
            assert arithmetic.functions[name](u) == arithmetic.functions[name](u)
            assert not arithmetic.functions[name](u) == u
            assert not arithmetic.functions[name](u) == arithmetic.functions[name](u + 1)


def test_a_logarithm_of_zero_settles_nothing_in_p_adic_numbers(p_adic):
    with pytest.raises(Unsettled):
        p_adic.functions["log"](p_adic.number(Fraction(0)))


def test_an_exponential_of_what_is_too_large_settles_nothing():
    exact = intervals(60)
    assert exact.functions["exp"](exact.number(Fraction(1000))) > 10**400
    assert 0 < exact.functions["exp"](exact.number(Fraction(-(10**29)))) < 1e-300
    for value in (10**30, -(10**30), 10**45):
        with pytest.raises(Unsettled, match="too large"):
            exact.functions["exp"](exact.number(Fraction(value)))


# Each tier by itself


def in_turn(*rows):
    """Return a side that gives other rows of numbers in each world it is asked in, one after the other."""
    left = iter(rows)
    return lambda world: next(left)


def test_exact_worlds_must_agree_in_every_world_and_every_entry():
    worlds_ = ["one", "two"]
    agree = lambda left, right: verdicts._agree(in_turn(*left), in_turn(*right), worlds_)
    assert agree([[1, 2], [3]], [[1, 2], [3]])
    for right in ([[1, 2], [4]], [[0, 2], [3]], [[1, 0], [3]], [[1, 2, 3], [3]], [[1, 2], []]):
        assert not agree([[1, 2], [3]], right)
    assert not agree([[], []], [[], []]) and not agree([[1], []], [[1], []])
    assert not verdicts._agree(in_turn([1], [2]), raises, worlds_)


def raises(world):
    raise ValueError("no value")


def number_in(arithmetic, text):
    return arithmetic.number(Fraction(text))


@pytest.mark.parametrize(
    ("gap", "is_seen"), [("1e-3", True), ("2e-6", True), ("-2e-6", True), ("1e-8", False), ("0", False)]
)
def test_a_difference_in_floats_is_seen_from_one_in_ten_millions_and_certified(graph, gap, is_seen):
    for value in ("5", "-5"):
        other = str(Fraction(value) + Fraction(gap))
        found = verdicts._plain_difference(constant(value), constant(other), graph)
        assert (found is not None) == is_seen
        if is_seen:
            assert (found.outcome, found.strength) == ("different", verdicts.CERTIFIED)
            assert (found.left, found.right) == (pytest.approx(float(value)), pytest.approx(float(Fraction(other))))


def test_a_difference_in_floats_is_relative_to_both_sides(graph):
    large = lambda value: verdicts._plain_difference(constant(10**9), constant(10**9 + value), graph)
    assert large(10) is None and large(10**4).outcome == "different"
    small = lambda value: verdicts._plain_difference(constant("1e-9"), constant(value), graph)
    assert small("5e-8") is None and small("5e-7").outcome == "different"
    assert verdicts._plain_difference(constant(-5), constant(5), graph).outcome == "different"


def test_a_difference_in_one_entry_of_one_world_is_enough(graph):
    last = worlds.float_worlds(graph)[-1].leaves

    def side(world):
        return [world.arithmetic.number(Fraction(1)), world.arithmetic.number(Fraction(int(world.leaves == last)))]

    zero = lambda world: [world.arithmetic.number(Fraction(1)), world.arithmetic.number(Fraction(0))]
    assert verdicts._plain_difference(side, zero, graph).outcome == "different"
    assert verdicts._plain_difference(side, zero, graph, 15) is None


def test_a_world_without_a_value_is_passed_over_in_floats(graph):
    first = worlds.float_worlds(graph)[0].leaves

    def side(world):
        if world.leaves == first:
            raise ValueError("no value here")
        return [world.arithmetic.number(Fraction(2))]

    assert verdicts._plain_difference(side, constant(1), graph).outcome == "different"


def test_sides_of_other_lengths_are_different_in_floats(graph):
    found = verdicts._plain_difference(lambda world: [1.0, 2.0], lambda world: [1.0], graph)
    assert (found.outcome, found.strength, found.left, found.right) == ("different", verdicts.OTHER_SHAPES, 2.0, 1.0)


def test_intervals_need_a_number_on_some_side_and_narrow_differences_in_every_entry_and_world(graph):
    compared = lambda left, right, narrow=1e-40: verdicts._in_intervals(left, right, graph, 60, 2, narrow)
    empty = lambda world: []
    assert compared(empty, empty) is None
    assert compared(empty, constant(1)).strength == compared(constant(1), empty).strength == verdicts.OTHER_SHAPES
    assert compared(constant(1), constant(1)).outcome == "same"
    third = lambda power: lambda world: [number_in(world.arithmetic, "1/3") * 10**power]
    assert compared(third(0), third(0)).outcome == "same" and compared(third(30), third(30)) is None
    one, both = third(30), lambda world: [number_in(world.arithmetic, "1"), *third(30)(world)]
    assert compared(both, both) is None and compared(one, one, 1.0).outcome == "same"
    wide_first = lambda world: [*third(30)(world), number_in(world.arithmetic, "1")]
    assert compared(wide_first, wide_first) is None
    wide_here = worlds.interval_world(graph, 0).leaves
    somewhere = lambda world: third(30 if world.leaves == wide_here else 0)(world)
    assert compared(somewhere, somewhere) is None
    assert compared(lambda world: [1], lambda world: [1]).outcome == "same"
    assert compared(raises, constant(1)) is None


@pytest.mark.parametrize(
    ("order", "digits"), [(1, 32), (15, 32), (16, 64), (31, 64), (32, 128), (127, 256), (128, None)]
)
def test_terms_of_more_factors_ask_for_more_p_adic_digits(graph, order, digits, monkeypatch):
    asked = []
    monkeypatch.setattr(worlds, "adic_depth", lambda graph: 1)
    monkeypatch.setattr(worlds, "adic_world", lambda graph, digits: asked.append(digits) or "world")
    agrees = verdicts._agree_p_adically(lambda world: [1], lambda world: [1], graph, order)
    assert (asked, agrees) == (([digits], True) if digits else ([], False))


def test_deeper_networks_ask_for_more_p_adic_digits(graph, monkeypatch):
    asked = []
    monkeypatch.setattr(worlds, "adic_depth", lambda graph: 3)
    monkeypatch.setattr(worlds, "adic_world", lambda graph, digits: asked.append(digits) or "world")
    verdicts._agree_p_adically(lambda world: [1], lambda world: [1], graph, 10)
    assert asked == [64]


def test_a_p_adic_world_that_cannot_be_made_confirms_nothing(graph, monkeypatch):
    monkeypatch.setattr(worlds, "adic_depth", raises)
    assert not verdicts._agree_p_adically(constant(1), constant(1), graph)
    assert not verdicts._agree_p_adically(raises, constant(1), graph)


def test_p_adic_numbers_are_asked_where_digits_have_agreed_and_not_where_no_order_is_given(graph, monkeypatch):
    asked = []
    monkeypatch.setattr(verdicts, "_agree_p_adically", lambda left, right, graph, order: asked.append(order) or False)
    assert verdicts._by_digits(constant(1), constant(1), graph, 2, order=0).outcome == "same" and asked == []
    assert verdicts._by_digits(constant(1), constant(1), graph, 2, order=7) is None and asked == [7]
    assert verdicts._by_digits(constant(1), constant(1 + Fraction("1e-900")), graph, 2, order=7).outcome == "different"


@pytest.mark.parametrize("size", [1, 20, 60, 300])
def test_laws_of_log_hold_in_a_saturated_network_however_many_digits_that_takes(graph, size):
    """1 - tanh(a) loses as many digits as exp(2a) has: of 240 fewer than 200 are left where a > 47."""

    def restated(world):
        h = world.arithmetic.functions["tanh"](plain(world)[0])
        return [world.arithmetic.functions["log"]((1 + h) / (1 - h)) / world.arithmetic.number(Fraction(2))]

    def plain(world):
        return [world.some_number("a") * world.arithmetic.number(Fraction(size))]

    assert decide(restated, plain, graph).outcome == "same"


def test_the_depth_of_a_network_is_how_often_the_base_divides_its_numbers():
    flat = Network("h[t] = w * x[t]\nL[t] = mse(h[t], y[t])", sizes=dict(x=1, h=1)).unroll(2)
    one = Network("h[t] = tanh(w * x[t])\nL[t] = mse(h[t], y[t])", sizes=dict(x=1, h=1)).unroll(2)
    two = Network("h[t] = tanh(w * x[t])\ng[t] = tanh(u * h[t])\nL[t] = mse(g[t], y[t])",
                  sizes=dict(x=1, h=1, g=1)).unroll(2)  # fmt: skip
    assert [worlds.adic_depth(one_of) for one_of in (flat, one, two)] == [1, 1, 2]
    assert worlds.adic_world(two) is worlds.adic_world(two)
    assert worlds.adic_world(two, 32).arithmetic is worlds.adic_world(two).arithmetic
    assert arithmetics.adic_prime() > 2**31 and arithmetics.adic_prime() == arithmetics.adic_prime()


def test_where_residues_agree_and_intervals_stay_wide_nothing_is_said(graph, monkeypatch):
    monkeypatch.setattr(verdicts, "_in_intervals", lambda *given: None)
    assert verdicts._by_residues(constant(1), constant(1), graph).outcome == "undecided"
