"""What an equation leaves unnamed is named inside: the same numbers and derivatives, the cost of the named form."""

from fractions import Fraction

import pytest

import networks
from bptt_lab import Network, NetworkError, symbolic
from bptt_lab.network import Place
from bptt_lab.network import scalars as trees
from bptt_lab.network.scalars import FLOATS, Arithmetic, Letter, derivative, derivatives, entries
from bptt_lab.symbolic import scalar_forms, worlds
from bptt_lab.symbolic.arithmetics import intervals, modular, primes

STATE = "a[t] = U @ x[t] + W @ h[t-1] + b\nh[t] = tanh(a[t])\n"
LOSS = "\nL[t] = nll(p[t], y[t])"
UNNAMED = STATE + "p[t] = softmax(V @ h[t] + d)" + LOSS
NAMED = STATE + "o[t] = V @ h[t] + d\np[t] = softmax(o[t])" + LOSS
IN_THE_LOSS = STATE + "L[t] = nll(softmax(V @ h[t] + d), y[t])"
GATES = """
f[t] = sigmoid(Wf @ x[t] + Uf @ h[t-1] + bf)
g[t] = tanh(Wg @ x[t] + Ug @ h[t-1] + bg)
h[t] = f[t] * h[t-1] + g[t]
L[t] = mse(h[t], y[t])
"""


class Counted:
    """A number that counts what is done with numbers of its kind."""

    done = 0

    def __init__(self, value):
        self.value = value

    def _with(self, other):
        Counted.done += 1
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = _with

    def __neg__(self):
        return self


def _softmax(*arguments, entry):
    Counted.done += len(arguments)
    return arguments[0]


COUNTING = Arithmetic(Counted, {name: lambda u: u + 0 for name in FLOATS.functions} | {"softmax": _softmax})


def operations(text, K, M=4, T=3):
    """Return how many operations a forward and a backward pass take."""
    sizes = dict(x=3, h=M) | ({"p": K} if "p[t] =" in text else {"y": K})
    graph = Network(text, sizes=sizes).unroll(T)
    leaves = {Place(*p[:2], e): Counted(1) for p, shape in graph.leaves.items() for e in entries(shape)}
    Counted.done = 0
    graph.sweep(graph.run(leaves, COUNTING), COUNTING)
    return Counted.done


@pytest.mark.parametrize("K", [3, 20, 60])
def test_an_unnamed_argument_of_softmax_costs_no_more_than_a_named_one(K):
    named = operations(NAMED, K)
    assert operations(UNNAMED, K) <= 1.05 * named
    assert operations(IN_THE_LOSS, K) <= 1.05 * named


def test_products_of_what_is_unnamed_grow_with_the_entries_of_their_matrices():
    text = STATE + "L[t] = mse((V @ h[t]) * (Q @ tanh(h[t])), y[t])"
    small, large = (operations(text, M, M) for M in (10, 20))
    assert large < 4.4 * small


def test_parts_are_shown_nowhere():
    network = Network(UNNAMED, sizes=dict(x=2, h=3, p=4))
    graph = network.unroll(3)
    values = networks.random_values(graph, seed=1)
    shown = [network.describe(), graph.parents, graph.leaves, graph.users, graph.paths("h", 1), graph.forward(values)]
    shown += [symbolic.derive(graph, "h", 2, 1), symbolic.derive_vector(graph, "h"), graph.influences("h", 2, 1)]
    assert not any("'1" in repr(one).replace("'1'", "") for one in shown)
    run = graph.run({Place(*p[:2], e): 0.5 for p, shape in graph.leaves.items() for e in entries(shape)})
    assert {place.name for place in [*run, *graph.sweep(run)]} == set(network.shapes)


def test_a_part_that_has_no_number_names_equation_entry_and_step():
    text = "h[t] = tanh(W @ log(x[t]))\nL[t] = mse(h[t], y[t])"
    graph = Network(text, sizes=dict(x=2, h=3)).unroll(2)
    values = dict(W=[[1, 1]] * 3, x=[[1, 1], [1, 0]], y=[[0] * 3] * 2)
    with pytest.raises(NetworkError, match=r"line 1: a part of h at t = 2, entry 2: a logarithm or a root of what"):
        graph.forward(values)


@pytest.mark.parametrize("name", networks.TEXTS)
def test_the_derivatives_by_all_letters_at_once_are_those_by_each(name):
    network = networks.network(name)
    for equation, entry in ((e, entry) for e in network.equations for entry in entries(network.shapes[e])):
        tree = network.definition(equation, entry)
        assert derivatives(tree) == {letter: derivative(tree, letter) for letter in tree.letters}
        for place, slope in network.local_derivatives(equation, entry).items():
            assert slope == network.local_derivative(equation, entry, place)


@pytest.mark.parametrize("name", [*networks.TEXTS])
def test_totals_on_demand_are_those_of_a_whole_sweep(name):
    graph = networks.graph(name, 3)
    arithmetic = modular(primes()[0])
    leaves = worlds.draw_leaves(graph, "totals", 15)
    values = graph.run({place: arithmetic.number(value) for place, value in leaves.items()}, arithmetic)
    whole, asked = graph.sweep(values, arithmetic), graph.totals_on_demand(values, arithmetic)
    assert set(whole) == set(asked) and all(asked[place] == total for place, total in whole.items())
    with pytest.raises(KeyError):
        asked[Place("nothing")]


@pytest.mark.parametrize("text", [UNNAMED, IN_THE_LOSS, STATE + "L[t] = mse((V @ h[t]) * tanh(Q @ h[t]), y[t])"])
def test_immediate_derivatives_through_parts_are_those_written_out(text):
    graph = Network(text, sizes=dict(x=2, h=3, y=4)).unroll(2)
    world = worlds.float_worlds(graph, 1)[0]
    user = Place("p" if "p[t] =" in text else "L", 2)
    for entry in entries(graph.network.shapes[user.name]):
        below = Place(*user[:2], entry)
        for above in (Place("h", 2, (2,)), Place("x", 2, (1,)), Place("V", None, (4, 3))):
            written = scalar_forms.local_derivative(graph, below, above)
            value = symbolic.derivations.ScalarForm(written).values(world)[0]
            assert world.immediate_of(below, above) == pytest.approx(value, rel=1e-12)


def test_a_quantity_read_twice_at_one_step_has_both_derivatives():
    graph = Network("a[t] = U * x[t] + V * x[1]\nL[t] = mse(a[t], y[t])", sizes=dict(a=1)).unroll(2)
    found = str(symbolic.derive(graph, "x", 1).result)
    assert found.count("U") == 1 and found.count("V") == 2


def test_rows_that_differ_in_their_letters_only_have_one_proof():
    proofs = []
    for M in (4, 7):
        scalar_forms._is_confirmed.cache_clear()
        symbolic.derive(Network(GATES, sizes=dict(x=2, h=M)).unroll(3), "h", 2, 2)
        proofs.append(scalar_forms._is_confirmed.cache_info().misses)
    assert proofs[0] == proofs[1] < 8


def test_a_softmax_of_any_size_has_two_proofs():
    for K in (3, 6):
        scalar_forms._is_confirmed.cache_clear()
        network = Network("p = softmax(a)\nL = nll(p, y)", sizes=dict(a=K))
        assert len(scalar_forms.local_derivatives(network, "p")) == K
        assert scalar_forms._is_confirmed.cache_info().misses == 2


def test_letters_that_are_confused_are_not_confirmed():
    u, v, w = (Letter(Place(name)) for name in "uvw")
    tree = trees.multiply(u, v)
    scalar_forms.confirm("h", tree, u.place, v, {})
    for claim in (u, w, trees.add(v, v)):
        with pytest.raises(AssertionError, match="SymPy does not confirm the derivative of h by u"):
            scalar_forms.confirm("h", tree, u.place, claim, {})


def test_terms_held_fixed_are_any_constant_and_where_that_is_not_enough_all_is_written_out():
    u, v, w, x = (Letter(Place(name)) for name in "uvwx")
    plain = trees.multiply(x, trees.add(u, v, w))
    mixed = trees.multiply(trees.add(u, v, w), trees.add(u, v, x))  # the sum of both sums is another one
    for tree, slope, asked in ((plain, x, 1), (mixed, derivative(mixed, u), 2)):
        scalar_forms._is_confirmed.cache_clear()
        scalar_forms.confirm("h", tree, u.place, slope, {})
        assert scalar_forms._is_confirmed.cache_info().misses == asked
    for tree, slope in ((plain, v), (mixed, trees.add(u, u, v, v, w)), (mixed, trees.add(u, u, v, w, x))):
        with pytest.raises(AssertionError):
            scalar_forms.confirm("h", tree, u.place, slope, {})


def test_which_entry_of_softmax_is_picked_matters_to_its_proof():
    u = tuple(Letter(Place("u", None, (k,))) for k in (1, 2, 3))
    p = [trees.Applied("softmax", u, k) for k in (1, 2, 3)]
    scalar_forms.confirm("p", p[1], u[2].place, trees.negative(trees.multiply(p[1], p[2])), {})
    with pytest.raises(AssertionError):
        scalar_forms.confirm("p", p[1], u[2].place, trees.negative(trees.multiply(p[1], p[0])), {})


def test_equal_trees_have_equal_hashes_however_they_are_made():
    one, two = (Network(UNNAMED, sizes=dict(x=2, h=3, p=4)).definition("p", (2,)) for _ in range(2))
    assert one is not two and one == two and hash(one) == hash(two)
    assert hash(one) != hash(Network(UNNAMED, sizes=dict(x=2, h=3, p=4)).definition("p", (1,)))


@pytest.mark.parametrize("scale", [1, Fraction(1, 10**40), 10**50, 10**400])
def test_a_sum_of_products_of_intervals_holds_the_exact_one_and_is_narrow(scale):
    arithmetic = intervals(60)
    pairs = [(Fraction(k, 7) * scale, Fraction((-1) ** k * 11, k + 2)) for k in range(1, 9)]
    exact = sum(one * other for one, other in pairs)
    found = arithmetic.dot([tuple(map(arithmetic.number, pair)) for pair in pairs])
    gap = found - arithmetic.number(exact)
    assert gap.a <= 0 <= gap.b and gap.delta <= arithmetic.number(abs(exact)) * 10.0**-55 + 10.0**-110


def test_a_sum_of_products_with_whole_numbers_and_with_infinity():
    arithmetic = intervals(60)
    assert arithmetic.dot([(0, 0)]) == 0 and arithmetic.dot([(2, 3), (arithmetic.number(Fraction(5)), -1)]) == 1
    endless = arithmetic.number(Fraction(1)) * float("inf")
    assert arithmetic.dot([(endless, arithmetic.number(Fraction(1)))]).b == float("inf")
