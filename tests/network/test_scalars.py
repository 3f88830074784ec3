"""Scalar trees: sums, products and powers in their one form, derivatives, replacement, values."""

import math
from dataclasses import FrozenInstanceError
from fractions import Fraction

import pytest

import networks
from bptt_lab import Network
from bptt_lab.formulas.functions import NUMBERS, ROWS
from bptt_lab.formulas.times import Index
from bptt_lab.network import Place, scalars
from bptt_lab.network.scalars import (
    FLOATS,
    FLOATS_BY_TARGETS,
    FLOATS_IN_SLOPES,
    ONE,
    STEPS,
    ZERO,
    Applied,
    Arithmetic,
    Constant,
    Letter,
    Product,
    Raised,
    Steps,
    Sum,
    add,
    completed,
    constant,
    definition,
    derivative,
    derivatives,
    dot,
    entries,
    evaluate,
    letters,
    multiply,
    negative,
    power,
    replace,
    slope,
    written_out_softmax,
)

X, Y, Z = (Letter(Place(name, Index("t", 0), (1,))) for name in "xyz")
TWO = constant(2)


def value(tree, x=0.0, y=0.0, z=0.0, arithmetic=FLOATS):
    return evaluate(tree, {X.place: x, Y.place: y, Z.place: z}.__getitem__, arithmetic)


# Trees

TREES = [TWO, X, Steps(), Sum((X, Y)), Product((X, Y)), Raised(X, 2), Applied("softmax", (X, Y), 1)]


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: type(tree).__name__)
def test_a_tree_cannot_be_changed(tree):
    for field in (*tree.__match_args__, "other"):
        with pytest.raises(FrozenInstanceError):
            setattr(tree, field, X)


def test_trees_of_one_content_are_one_key_and_of_different_kinds_are_not():
    again = [type(tree)(*(getattr(tree, field) for field in tree.__match_args__)) for tree in TREES]
    for one, other in zip(TREES, again, strict=True):
        assert one == other and hash(one) == hash(other) and {one: 1}[other] == 1
    assert len({*TREES, *again}) == len(TREES)
    assert Applied("softmax", (X, Y), 1) != Applied("softmax", (X, Y), 2)


class Word(str):
    """A name that counts how often it is hashed."""

    asked = 0

    def __hash__(self):
        Word.asked += 1
        return super().__hash__()


def test_a_tree_is_hashed_once_however_often_it_is_shared():
    letter = Letter(Place(Word("w")))
    tree = Product((letter, Sum((letter, letter))))
    Word.asked = 0
    assert hash(tree) == hash(tree) and hash(Sum((tree, tree))) == hash(Sum((tree, tree)))
    assert Word.asked == 1


def test_letters_and_pairs_of_a_tree_are_looked_for_once():
    tree = Sum((multiply(X, Y), Z))
    assert tree.letters is tree.letters and tree.pairs is tree.pairs


# The one form


def test_a_sum_is_flat_with_its_constants_in_front():
    assert add(X, TWO, add(Y, constant(3))) == Sum((constant(5), X, Y))
    assert add(X, TWO, constant(-2)) == X
    assert add() == add(TWO, constant(-2)) == ZERO
    assert add(X) is X
    assert add(X, Y) == Sum((X, Y))
    assert add(TWO, X) == Sum((TWO, X))


def test_a_product_is_flat_with_its_constants_in_front():
    assert multiply(X, TWO, multiply(Y, constant(3))) == Product((constant(6), X, Y))
    assert multiply(X, TWO, constant(Fraction(1, 2))) == X
    assert multiply() == multiply(TWO, constant(Fraction(1, 2))) == ONE
    assert multiply(X) is X and multiply(ONE, X) is X
    assert multiply(X, Y) == Product((X, Y))
    assert multiply(ZERO, X, Y) == multiply(X, ZERO) == ZERO
    assert multiply(TWO, X) == Product((TWO, X))
    assert negative(X) == Product((constant(-1), X)) and negative(negative(X)) is X


def test_constants_stay_fractions():
    for tree in (add(TWO, constant(3)), multiply(TWO, constant(3)), multiply(), add(), power(TWO, -3)):
        assert isinstance(tree, Constant) and isinstance(tree.value, Fraction)


def test_a_power_of_zero_or_one_is_none():
    assert power(X, 0) == ONE and power(X, 1) is X
    assert power(X, 2) == Raised(X, 2) and power(X, -1) == Raised(X, -1)
    assert power(ZERO, 0) == ONE and power(ZERO, 1) == ZERO


def test_a_power_of_a_constant_is_a_constant_except_of_zero():
    assert power(TWO, 3) == constant(8) and power(TWO, -2) == constant(Fraction(1, 4))
    assert power(ZERO, -1) == Raised(ZERO, -1)  # its value is an error, at the time it is asked for
    with pytest.raises(ZeroDivisionError):
        value(power(ZERO, -1))


def test_entries_count_from_one_row_by_row():
    assert entries(()) == [()]
    assert entries((2,)) == [(1,), (2,)]
    assert entries((2, 3)) == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]


# Derivatives


@pytest.mark.parametrize(
    ("tree", "slope"),
    [
        (X, ONE),
        (Y, ZERO),
        (TWO, ZERO),
        (Sum((TWO, X, Y)), ONE),
        (Product((TWO, X, Y)), Product((TWO, Y))),
        (Product((X, Y)), Y),
        (Product((X, X)), Sum((X, X))),
        (Raised(X, 3), Product((constant(3), Raised(X, 2)))),
        (Raised(X, 2), Product((TWO, X))),
        (Raised(X, -1), Product((constant(-1), Raised(X, -2)))),
        (Raised(Y, 3), ZERO),
        (Applied("exp", (X,)), Applied("exp", (X,))),
        (Applied("exp", (Y,)), ZERO),
        (Applied("log", (X,)), Raised(X, -1)),
        (Applied("relu", (X,)), Applied("step", (X,))),
        (Applied("leaky_relu", (X,)), Applied("leaky_step", (X,))),
        (Applied("step", (X,)), ZERO),
        (Applied("leaky_step", (X,)), ZERO),
        (Applied("tanh", (Product((TWO, X)),)), None),
    ],
    ids=str,
)
def test_the_derivative_by_one_letter(tree, slope):
    found = derivative(tree, X)
    if slope is None:
        h = Applied("tanh", (Product((TWO, X)),))
        slope = multiply(add(ONE, negative(power(h, 2))), TWO)
    assert found == slope


def test_the_derivative_of_softmax_counts_each_argument():
    one = Applied("softmax", (X, Y), 1)
    other = Applied("softmax", (X, Y), 2)
    assert derivative(one, X) == multiply(one, add(ONE, negative(one)))
    assert derivative(one, Y) == multiply(one, negative(other))
    assert derivative(one, Z) == ZERO
    assert derivative(Applied("softmax", (X, X), 1), X) != ZERO


def test_the_slope_of_softmax_goes_through_its_arguments():
    first, second = (Applied("softmax", (power(X, 2), multiply(TWO, X, Y)), k) for k in (1, 2))
    assert derivative(first, Y) == multiply(first, negative(second), TWO, X)
    assert derivative(first, X) == add(
        multiply(first, add(ONE, negative(first)), TWO, X), multiply(first, negative(second), TWO, Y)
    )


@pytest.mark.parametrize(
    "tree",
    [
        TWO,
        Steps(),
        X,
        Product((X, X)),
        Product((X, Y)),
        Product((TWO, X)),
        Product((TWO, Raised(X, 3))),
        Product((X, Y, X)),
        Raised(Sum((X, Y)), 3),
        Sum((X, Product((X, Y)), Product((X, X)), Product((Y, Z)))),
        Sum((Product((TWO, X)), Product((constant(-2), X)), Y)),
        Sum((Applied("tanh", (Product((X, Y)),)), Applied("log", (X,)), Raised(Y, -1))),
        Product((constant(Fraction(1, 3)), Sum((X, Y)))),
        Applied("softmax", (X, Product((X, Y)), Z), 2),
        Applied("softmax", (Product((TWO, X)),), 1),
        Applied("sigmoid", (Sum((X, Product((X, Y)))),)),
        Applied("huber", (Sum((X, Product((constant(-1), Y)))),)),
    ],
    ids=str,
)
def test_the_derivatives_by_all_letters_are_those_by_each_in_order(tree):
    found = derivatives(tree)
    assert list(found) == letters(tree)
    assert found == {letter: derivative(tree, letter) for letter in letters(tree)}
    point = dict(x=0.3, y=-0.7, z=1.1)
    for letter, share in found.items():
        name = letter.place.name
        stepped = complex(value(tree, **{**point, name: point[name] + 1e-30j})).imag / 1e-30
        assert value(share, **point) == pytest.approx(stepped, rel=1e-13, abs=1e-15)


# Replacement and letters


def test_known_parts_are_replaced_the_largest_first():
    tree = add(ONE, negative(power(Applied("tanh", (X,)), 2)))
    assert replace(tree, {Applied("tanh", (X,)): Y}) == add(ONE, negative(power(Y, 2)))
    assert replace(tree, {tree: Z, Applied("tanh", (X,)): Y}) == Z
    assert replace(multiply(X, Y), {X: Z}) == multiply(Z, Y)
    assert replace(Applied("softmax", (X, Y), 2), {Y: Z}) == Applied("softmax", (X, Z), 2)
    assert replace(X, {}) is X


def test_a_local_derivative_is_written_in_what_the_equation_computes():
    network = networks.network("one hidden layer")
    h = Letter(Place("h1", Index("t", 0), (2,)))
    found = network.local_derivatives("h1", (2,))
    assert found == {Place("a1", Index("t", 0), (2,)): add(ONE, negative(power(h, 2)))}


def test_letters_come_once_in_their_order():
    tree = add(multiply(Y, power(X, 2)), Applied("softmax", (X, Z, Y), 1), TWO)
    assert letters(tree) == [Y, X, Z]
    assert letters(TWO) == []


# Values


def test_whole_constants_stay_whole_and_others_are_floats():
    assert type(value(constant(3))) is int
    assert type(value(constant(Fraction(1, 4)))) is float and value(constant(Fraction(1, 4))) == 0.25


def test_values_of_sums_products_and_powers():
    assert value(Sum((TWO, X, Y)), x=3.0, y=5.0) == 10
    assert value(Product((TWO, X, Y)), x=3.0, y=5.0) == 30
    assert value(Raised(X, 3), x=2.0) == 8
    assert value(Raised(X, -3), x=2.0) == 0.125
    assert value(Raised(X, 1), x=0.0) == 0


def test_the_number_of_steps_is_asked_for_by_its_place():
    assert evaluate(Product((TWO, Steps())), {STEPS: 7}.__getitem__, FLOATS) == 14
    graph = Network("s[t] = s[t-1] + x[t]\nL = (s[T] / T)**2", sizes=dict(x=())).unroll(4)
    assert graph.forward({"x": [1.0, 2.0, 4.0, 5.0], "s[0]": 0.0})["L"] == 9


class Strict:
    """A number that goes with numbers of its kind only, and counts additions and products."""

    sums = products = 0

    def __init__(self, number):
        self.number = number

    def __add__(self, other):
        Strict.sums += 1
        return Strict(self.number + other.number)

    def __mul__(self, other):
        Strict.products += 1
        return Strict(self.number * other.number)

    def __truediv__(self, other):
        return Strict(self.number / other.number)


STRICT = Arithmetic(Strict, {})
STRICT_AT = {X.place: Strict(3), Y.place: Strict(5), Z.place: Strict(7)}.__getitem__


@pytest.mark.parametrize(
    ("tree", "expected", "sums", "products"),
    [
        (Sum((X, Y, Z)), 15, 2, 0),
        (Product((X, Y, Z)), 105, 0, 2),
        (Sum((X, Product((Y, Z)))), 38, 1, 1),
        (Sum((Product((X, Y)), Product((Y, Z)), Product((Z, Z)))), 99, 2, 3),
        (Sum((Product((X, Y, Z)), Y, Product((Y, Z)), Z)), 152, 3, 3),
    ],
    ids=str,
)
def test_no_number_is_made_up_and_none_added_in_vain(tree, expected, sums, products):
    Strict.sums = Strict.products = 0
    assert evaluate(tree, STRICT_AT, STRICT).number == expected
    assert (Strict.sums, Strict.products) == (sums, products)


def test_all_products_of_two_letters_in_a_sum_are_one_sum_of_products():
    handed = []

    def spy(pairs):
        handed.append([(one.number, other.number) for one, other in pairs])
        return dot(pairs)

    tree = Sum((Product((X, Y)), Z, Product((Y, Y)), Product((X, Y, Z))))
    assert evaluate(tree, STRICT_AT, STRICT._replace(dot=spy)).number == 15 + 7 + 25 + 105
    assert handed == [[(3, 5), (5, 5)]]
    handed.clear()
    assert evaluate(Sum((X, Y)), STRICT_AT, STRICT._replace(dot=spy)).number == 8
    assert handed == []


def test_softmax_is_written_out_in_any_arithmetic():
    softmax = written_out_softmax(lambda u: Strict(Fraction(2**u)))
    assert [softmax(3, 1, 5, entry=k).number for k in (1, 2, 3)] == [Fraction(n, 42) for n in (8, 2, 32)]
    assert softmax(4, entry=1).number == 1


def test_an_inverse_power_keeps_what_a_float_can_hold():
    assert value(Raised(X, -2), x=1e155) == pytest.approx(1e-310, rel=1e-3, abs=0)
    assert value(Raised(X, -2), x=1e300) == 0


@pytest.mark.parametrize(
    ("function", "u", "expected"),
    [
        ("relu", 2.5, 2.5),
        ("relu", -2.5, 0),
        ("relu", 0.0, 0),
        ("leaky_relu", 2.5, 2.5),
        ("leaky_relu", -2.5, -0.025),
        ("leaky_relu", 0.0, 0),
        ("step", 1e-300, 1),
        ("step", 0.0, 0),
        ("step", -1.0, 0),
        ("leaky_step", 1e-300, 1),
        ("leaky_step", 0.0, 0.01),
        ("leaky_step", -1.0, 0.01),
        ("step", 1j, 0),
        ("relu", 1 + 1j, 1 + 1j),
        ("relu", -1 + 1j, 0),
        ("leaky_relu", -1 + 1j, -0.01 + 0.01j),
    ],
)
def test_the_kinks_count_zero_with_what_lies_below(function, u, expected):
    assert FLOATS.functions[function](u) == expected


@pytest.mark.parametrize(
    ("function", "u", "expected"),
    [
        ("tanh", 0.0, 0),
        ("sigmoid", 0.0, 0.5),
        ("softplus", 0.0, math.log(2)),
        ("identity", 7.0, 7),
        ("exp", 0.0, 1),
        ("exp", 1.0, math.e),
        ("log", 1.0, 0),
        ("sqrt", 6.25, 2.5),
        ("sin", math.pi / 2, 1),
        ("cos", 0.0, 1),
        ("huber", -3.0, 2.5),
        ("huber", -1.0, 0.5),
        ("huber", -0.5, 0.125),
        ("huber", 0.0, 0),
        ("huber", 0.5, 0.125),
        ("huber", 1.0, 0.5),
        ("huber", 3.0, 2.5),
    ],
)
def test_special_values_are_exact_and_floats(function, u, expected):
    found = FLOATS.functions[function](u)
    assert found == expected and type(found) is float


@pytest.mark.parametrize(
    ("function", "u", "expected"),
    [
        ("relu", -1e-9, 0),
        ("relu", 0.0, 0),
        ("relu", 1e-9, 1),
        ("leaky_relu", -1e-9, 0.01),
        ("leaky_relu", 0.0, 0.01),
        ("leaky_relu", 1e-9, 1),
        ("huber", -3.0, -1),
        ("huber", -1.0, -1),
        ("huber", -0.75, -0.75),
        ("huber", 0.75, 0.75),
        ("huber", 1.0, 1),
        ("huber", 3.0, 1),
        ("step", 1.0, 0),
        ("leaky_step", -1.0, 0),
        ("tanh", 0.0, 1),
        ("sigmoid", 0.0, 0.25),
        ("softplus", 0.0, 0.5),
        ("sqrt", 4.0, 0.25),
        ("cos", 0.0, 0),
        ("sin", 0.0, 1),
    ],
)
def test_slopes_at_both_sides_of_a_kink_and_at_special_points(function, u, expected):
    value_there = FLOATS.functions[function](u)
    assert value(slope(function, X, Y), x=u, y=value_there) == expected
    assert value(derivative(Applied(function, (X,)), X), x=u) == expected


def test_an_arithmetic_has_all_functions_of_one_number_and_softmax():
    assert set(FLOATS.functions) == {*NUMBERS, "softmax"}
    own = dict(exp=lambda u: ("exp", u), log=lambda u: ("log", u), tanh=lambda u: ("tanh", u))
    found = completed(Fraction, {name: own.get(name, abs) for name in (*own, "sin", "cos", "sqrt")}, lambda *row: row)
    assert set(found.functions) == {*NUMBERS, "softmax"} and found.number is Fraction
    assert all(found.functions[name] is made for name, made in own.items())
    assert not found.poles and found.dot is dot
    name, rules = found.functions["huber"]
    assert name == "huber" and [bound for bound, _ in rules] == [bound for bound, _ in ROWS["huber"].pieces]
    assert [rule(Fraction(3)) for _, rule in rules[:2]] == [Fraction(-7, 2), Fraction(9, 2)]


def test_a_rule_is_read_once(monkeypatch):
    definition("sigmoid", X)
    slope("sigmoid", X, Y)
    monkeypatch.setattr(scalars, "rule", None)
    assert value(definition("sigmoid", X), x=0.0) == 0.5 and value(slope("sigmoid", X, Y), y=0.5) == 0.25


POLE = Applied("log", (X,))
INVERSE = Raised(X, -1)


def test_a_factor_of_zero_wipes_out_a_logarithm_of_zero_where_that_is_asked_for():
    for tree in (Product((Y, POLE)), Product((POLE, Y)), Product((Z, POLE, Y))):
        assert value(tree, z=3.0) == 0
        with pytest.raises(ValueError):
            value(tree, z=3.0, arithmetic=FLOATS._replace(poles=frozenset()))
    with pytest.raises(ValueError):
        value(Product((Y, POLE)), y=1e-300)
    with pytest.raises(ValueError):
        value(Product((Y, POLE)), x=-1.0)
    with pytest.raises(ValueError):
        value(POLE)


def test_a_factor_of_zero_wipes_out_an_inverse_of_zero_in_a_derivative_only():
    tree = Product((Y, INVERSE))
    assert value(tree, arithmetic=FLOATS_IN_SLOPES) == 0
    with pytest.raises(ZeroDivisionError):
        value(tree)
    with pytest.raises(ZeroDivisionError):
        value(tree, y=1.0, arithmetic=FLOATS_IN_SLOPES)
    with pytest.raises(ZeroDivisionError):
        value(Product((TWO, INVERSE, INVERSE)), arithmetic=FLOATS_IN_SLOPES)


def test_a_power_of_zero_that_is_no_pole_wipes_out_one():
    assert value(Product((Raised(Y, 2), INVERSE)), arithmetic=FLOATS_IN_SLOPES) == 0
    assert value(Product((Raised(X, 2), INVERSE)), arithmetic=FLOATS_IN_SLOPES) == 0


def test_by_a_target_the_logarithm_of_zero_is_its_limit():
    assert value(POLE, arithmetic=FLOATS_BY_TARGETS) == -float("inf")
    assert value(POLE, x=1.0, arithmetic=FLOATS_BY_TARGETS) == 0
    with pytest.raises(ValueError):
        value(POLE, x=-1.0, arithmetic=FLOATS_BY_TARGETS)


def test_joined_vectors_and_products_take_the_entry_meant():
    network = Network("a = concat(x, z, u)\nb = W @ a\nL = mse(b, y)", sizes=dict(x=2, z=3, u=1, b=2))
    names = [str(letters(network.definition("a", (k,)))[0].place) for k in range(1, 7)]
    assert names == ["x[1]", "x[2]", "z[1]", "z[2]", "z[3]", "u[1]"]
    row = [str(letter.place) for letter in letters(network.definition("b", (2,)))]
    assert row[:4] == ["W[2,1]", "a[1]", "W[2,2]", "a[2]"] and row[-2:] == ["W[2,6]", "a[6]"]
