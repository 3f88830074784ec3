"""Towers of primes: exp keeps its laws there, false ones fail, and no tower is too low for its network."""

from fractions import Fraction
from itertools import pairwise

import pytest
import sympy

import networks
from bptt_lab import Network
from bptt_lab.exercises.judges.formula import judge_formula
from bptt_lab.exercises.questions import course_questions
from bptt_lab.symbolic import decide, towers, verdicts, worlds
from bptt_lab.symbolic.arithmetics import KINKED, Unsettled
from bptt_lab.symbolic.towers import COMPARED, SPARE, Nested, Stack, nesting, tower


@pytest.fixture(scope="module")
def arithmetic():
    return tower(4)


@pytest.fixture(scope="module")
def graph():
    return networks.graph("one hidden layer", 3)


def numbers(arithmetic, *values):
    return [arithmetic.number(Fraction(value)) for value in values]


# The primes


def test_each_prime_divides_the_next_one_less_one_and_each_generator_has_the_order_of_the_prime_below():
    found = towers.primes_and_generators(7)
    primes = list(found)
    assert len(primes) == 7 and all(map(sympy.isprime, primes))
    for below, above in pairwise(primes):
        assert (above - 1) % below == 0 and found[above] != 1 and pow(found[above], below, above) == 1


def test_the_lowest_prime_is_large_and_all_are_drawn_anew():
    first, second = (list(towers.primes_and_generators(3)) for _ in range(2))
    assert 2**48 < first[0] < 2**49 + 2**10 and not set(first) & set(second)


def test_the_generators_are_drawn_anew_too(monkeypatch):
    monkeypatch.setattr(towers.sympy, "nextprime", lambda number: 1_000_003)
    one, other = (towers.primes_and_generators(4) for _ in range(2))
    assert list(one) == list(other) and not set(list(one.values())[1:]) & set(list(other.values())[1:])


# Numbers


def test_numbers_obey_the_laws_of_a_field_also_where_they_are_known_modulo_other_primes(arithmetic):
    exp, (u, v) = arithmetic.functions["exp"], numbers(arithmetic, "3/7", "-11/13")
    for a, b in ((u, v), (exp(u), v), (u, exp(exp(v))), (exp(u), exp(v))):
        assert (a + b) - b == a and (a * b) / b == a and 1 / (1 / a) == a and -a + a == 0 and a - b == -(b - a)
        assert a**3 == a * a * a and a**-2 == 1 / (a * a) and 2 - a == -(a - 2) and 3 * a + 1 == 1 + a * 3
        assert not a == b and not a == a + 1 and not a**2 == a


def test_a_division_by_zero_has_no_value(arithmetic):
    (u,) = numbers(arithmetic, "3/7")
    for divide in (lambda: u / (u - u), lambda: 1 / (u - u), lambda: (u - u) ** -1):
        with pytest.raises(ZeroDivisionError):
            divide()


def test_an_exponential_is_known_modulo_one_prime_less_and_two_primes_at_least(arithmetic):
    (u,) = numbers(arithmetic, "3/7")
    height = len(u.primes)
    assert height == 4 + SPARE + COMPARED
    for count in range(height - COMPARED):
        assert len(u.primes) == len(u.residues) == height - count
        u = arithmetic.functions["exp"](u)
    assert len(u.primes) == COMPARED == 2
    with pytest.raises(Unsettled, match="more often"):
        arithmetic.functions["exp"](u)


def test_numbers_differ_that_differ_modulo_one_prime_only(arithmetic):
    (u,) = numbers(arithmetic, "3/7")
    for k in range(len(u.primes)):
        other = Stack((*u.residues[:k], u.residues[k] + 1, *u.residues[k + 1 :]), u.primes)
        assert not u == other and not other == u


# Laws


def test_the_exponential_turns_sums_into_products(arithmetic):
    exp, (u, v) = arithmetic.functions["exp"], numbers(arithmetic, "3/7", "-11/13")
    assert (
        exp(u + v) == exp(u) * exp(v)
        and exp(u - u) == 1
        and exp(-u) == 1 / exp(u)
        and exp(3 * u / 2) ** 2 == exp(u) ** 3
    )
    assert not exp(u) == exp(v) and not exp(u) == 1 and not exp(u) == u and not exp(u * v) == exp(u) * exp(v)


def test_laws_hold_in_exponentials_of_exponentials(arithmetic):
    exp, (u, v) = arithmetic.functions["exp"], numbers(arithmetic, "3/7", "-11/13")
    assert exp(exp(u) * exp(v) + u) == exp(exp(u + v)) * exp(u)
    assert not exp(exp(u) + exp(v)) == exp(exp(u + v))


def test_tanh_sigmoid_and_softmax_are_made_from_the_exponential(arithmetic):
    f, (u, v) = arithmetic.functions, numbers(arithmetic, "3/7", "22/13")
    assert f["tanh"](u) == (f["exp"](u) - f["exp"](-u)) / (f["exp"](u) + f["exp"](-u))
    assert f["sigmoid"](u) == (1 + f["tanh"](u / 2)) / 2 and f["sigmoid"](-u) == 1 - f["sigmoid"](u)
    assert f["softmax"](u, v, entry=1) == f["sigmoid"](u - v)
    assert f["softmax"](u, v, entry=1) + f["softmax"](u, v, entry=2) == 1
    assert not f["tanh"](u) == 2 * f["sigmoid"](u) - 1


def test_a_false_identity_fails_however_many_terms_of_a_series_it_has(arithmetic):
    exp, (u,) = arithmetic.functions["exp"], numbers(arithmetic, "3/7")
    term = total = 1
    for n in range(1, 60):
        term = term * u / n
        total = total + term
        assert not exp(u) == total


def test_logarithms_and_kinks_are_free_functions(arithmetic):
    (u,) = numbers(arithmetic, "3/7")
    exp, seen = arithmetic.functions["exp"], []
    for name in ("log", *KINKED):
        f = arithmetic.functions[name]
        assert f(u) == f(u) == f(u * exp(u) / exp(u)) and not f(u) == u and not f(u) == f(u + 1)
        assert all(not f(u) == other for other in seen)
        seen.append(f(u))


def test_values_are_remembered_and_not_mixed_up(arithmetic):
    exp, tanh, (u, v) = arithmetic.functions["exp"], arithmetic.functions["tanh"], numbers(arithmetic, "1/3", "2/3")
    assert exp(u) is exp(u) and tanh(u) is tanh(u) and not tanh(u) == exp(u) and not exp(u) == exp(v)
    assert exp(v) == exp(u) ** 2


# Networks


@pytest.mark.parametrize(
    ("text", "T", "depth"),
    [
        ("h[t] = w * x[t]", 3, 0),
        ("h[t] = tanh(w * x[t])", 3, 1),
        ("h[t] = tanh(w * h[t-1] + x[t])", 4, 4),
        ("g[t] = tanh(w * x[t])\nh[t] = sigmoid(v * g[t]) * g[t]", 2, 2),
        ("h[t] = relu(w * exp(x[t]))", 2, 1),
    ],
)
def test_a_tower_is_as_high_as_its_network_is_deep(text, T, depth):
    sizes = dict.fromkeys({line[0] for line in text.splitlines()} | {"x"}, 1)
    graph = Network(f"{text}\nL[t] = mse(h[t], y[t])", sizes=sizes).unroll(T)
    world = worlds.tower_world(graph)
    assert world is worlds.tower_world(graph)
    known = [len(n.primes) for n in (*world.values.values(), *world.totals.values()) if isinstance(n, Stack)]
    assert (max(known), min(known)) == (depth + SPARE + COMPARED, SPARE + COMPARED)


def test_what_is_nested_is_counted_through_every_operation():
    exp, (u,) = nesting().functions["exp"], numbers(nesting(), "3/7")
    for deep in (
        exp(u) + u,
        u - exp(u),
        1 / exp(u),
        2 * exp(u),
        -exp(u),
        exp(u) ** 3,
        exp(u) / 2,
        2 - exp(u),
        1 + exp(u),
    ):
        assert deep.depth == 1 and exp(deep).depth == 2
    assert isinstance(u, Nested) and nesting().functions["log"](exp(u)).depth == u.depth == 0
    assert nesting().functions["tanh"](u).depth == nesting().functions["softmax"](u, exp(u), entry=1).depth - 1 == 1


@pytest.mark.parametrize("name", sorted(networks.TEXTS))
def test_a_law_of_exp_is_seen_to_hold_in_every_network_and_a_false_one_is_not(name):
    graph = networks.graph(name, 3)
    values = worlds.float_worlds(graph)[0].values
    place = next(place for place in reversed(values) if place not in graph.leaves and place.name != graph.network.loss)

    def cosh_squared(world):
        exp, u = world.arithmetic.functions["exp"], world.arithmetic.functions["tanh"](world.values[place])
        return [((exp(u) + exp(-u)) / 2) ** 2]

    def one_and_sinh_squared(world, one=1):
        exp, u = world.arithmetic.functions["exp"], world.arithmetic.functions["tanh"](world.values[place])
        return [one + ((exp(u) - exp(-u)) / 2) ** 2]

    crumb = lambda world: one_and_sinh_squared(world, 1 + world.arithmetic.number(Fraction(1, 10**990)))
    assert decide(cosh_squared, one_and_sinh_squared, graph).strength == verdicts.AGREES
    assert decide(cosh_squared, crumb, graph).outcome in ("different", "undecided")


def test_laws_of_exp_stand_on_the_tower_and_not_on_p_adic_numbers(graph, monkeypatch):
    monkeypatch.setattr(verdicts, "_agree_p_adically", lambda *given: False)
    test_a_law_of_exp_is_seen_to_hold_in_every_network_and_a_false_one_is_not("LSTM")


def test_the_tower_alone_makes_nothing_the_same(graph, monkeypatch):
    """Where it is deceived, intervals say that the sides differ, or that nothing is known."""
    monkeypatch.setattr(verdicts, "_agree", lambda left, right, exact: len(list(exact)) == 1)
    one = lambda value: lambda world: [world.arithmetic.number(Fraction(value))]
    assert verdicts._by_laws_of_exp(one(1), one(2), graph, 6).outcome == "different"
    assert verdicts._by_laws_of_exp(one(1), one(1 + Fraction("1e-900")), graph, 6).outcome == "same"  # to 40 digits
    wide = lambda world: [world.arithmetic.number(Fraction(1, 3)) * 10**1200 * 3]
    assert verdicts._by_laws_of_exp(wide, one(10**1200), graph, 6).outcome == "undecided"


def test_a_network_without_a_tower_leaves_the_question_to_the_other_tiers(graph, monkeypatch):
    def nothing(graph):
        raise Unsettled("none")

    monkeypatch.setattr(worlds, "tower_world", nothing)
    one = lambda world: [world.some_number("x")]
    assert verdicts._by_laws_of_exp(one, one, graph, 6) is None
    assert decide(one, one, graph).outcome == "same"


def test_an_answer_nested_deeper_than_the_tower_is_left_to_the_other_tiers(graph):
    def deep(world, start=0):
        value = world.some_number("x") - start
        for _ in range(graph.T + SPARE + 3):
            value = world.arithmetic.functions["tanh"](value)
        return [value]

    assert verdicts._by_laws_of_exp(deep, deep, graph, 1) is None
    assert decide(deep, deep, graph).strength == verdicts.PROVED


def test_the_logarithm_of_a_product_with_an_exponential_is_a_sum(arithmetic):
    exp, log, (u, v) = arithmetic.functions["exp"], arithmetic.functions["log"], numbers(arithmetic, "3/7", "22/13")
    softmax = arithmetic.functions["softmax"]
    assert log(exp(u)) == u and log(exp(u) * v) == u + log(v) == log(v * exp(u)) and log(exp(u) ** 3) == 3 * u
    assert log(exp(u) / v) == u - log(v) and log(v / exp(u)) == log(v) - u and log(1 / exp(u)) == log(1) - u
    assert log(softmax(u, v, entry=1)) == u - log(exp(u) + exp(v)) and log(exp(u) * exp(v)) == u + v
    assert not log(exp(u) + v) == u + log(v) and not log(exp(u) * v) == u * log(v) and not log(u * v) == log(u)


def test_a_loss_of_softmax_is_its_logits_without_p_adic_numbers(graph, monkeypatch):
    monkeypatch.setattr(verdicts, "_agree_p_adically", lambda *given: False)
    question = course_questions()["05.5"]
    for form in (question.answer, *question.same):
        assert judge_formula(question, form).is_correct
