"""Scalar trees: sums, products and powers in their one form, derivatives, replacement, values."""

from fractions import Fraction

import pytest

import networks
from bptt_lab import Network
from bptt_lab.formulas.times import Index
from bptt_lab.network import Place
from bptt_lab.network.scalars import (
    FLOATS,
    FLOATS_BY_TARGETS,
    FLOATS_IN_SLOPES,
    ONE,
    ZERO,
    Applied,
    Constant,
    Letter,
    Product,
    Raised,
    Sum,
    add,
    constant,
    derivative,
    entries,
    evaluate,
    letters,
    multiply,
    negative,
    power,
    replace,
)

X, Y, Z = (Letter(Place(name, Index("t", 0), (1,))) for name in "xyz")
TWO = constant(2)


def value(tree, x=0.0, y=0.0, z=0.0, arithmetic=FLOATS):
    return evaluate(tree, {X.place: x, Y.place: y, Z.place: z}.__getitem__, arithmetic)


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
