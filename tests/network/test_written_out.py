"""One entry of each form of the language, written out by hand: which letters, in which order, and what is named."""

from __future__ import annotations

import pytest

from bptt_lab.formulas import write
from bptt_lab.formulas.functions import ROWS
from bptt_lab.network import Place
from bptt_lab.network.parse import rule
from bptt_lab.network.scalars import (
    Applied,
    Constant,
    Letter,
    Product,
    Raised,
    Steps,
    Sum,
    definition,
    has_pole,
    scalar,
    slope,
)
from bptt_lab.network.shapes import entrywise_shape

SHAPES = dict(u=(), x=(2,), y=(2,), z=(3,), W=(2, 3), V=(3, 2), Q=(4, 2))


def shown(tree):
    """Return a tree as text, each sum in brackets, so that two trees with one text are the same tree."""
    match tree:
        case Constant(value):
            return str(value)
        case Letter(place):
            return str(place)
        case Steps():
            return "T"
        case Sum(terms):
            return f"({' + '.join(map(shown, terms))})"
        case Product(factors):
            return "*".join(map(shown, factors))
        case Raised(base, exponent):
            return f"({shown(base)})^{exponent}" if isinstance(base, Product | Raised) else f"{shown(base)}^{exponent}"
        case Applied(function, arguments, entry):
            return f"{function}{entry or ''}({', '.join(map(shown, arguments))})"
    raise AssertionError(tree)


def shape_of(expression):
    return entrywise_shape(expression, SHAPES)


def written_out(text, entry):
    return shown(scalar(rule(text), entry, shape_of))


# What an entry is


@pytest.mark.parametrize(
    ("text", "entry", "expected"),
    [
        ("0.25", (), "1/4"),
        ("T", (), "T"),
        ("u", (), "u"),
        ("x", (2,), "x[2]"),
        ("W", (2, 3), "W[2,3]"),
        ("x[t]", (2,), "x(t)[2]"),
        ("x[t-1]", (1,), "x(t-1)[1]"),
        ("x[T]", (1,), "x(T)[1]"),
        ("x[3]", (2,), "x(3)[2]"),
        ("x[t][2]", (), "x(t)[2]"),
        ("W[2,3]", (), "W[2,3]"),
        ("-x", (2,), "-1*x[2]"),
        ("x**3", (2,), "x[2]^3"),
        ("x**-2", (1,), "x[1]^-2"),
        ("x**0", (1,), "1"),
        ("x**1", (1,), "x[1]"),
        ("x + y", (2,), "(x[2] + y[2])"),
        ("x - y", (1,), "(x[1] + -1*y[1])"),
        ("x * y", (1,), "x[1]*y[1]"),
        ("x / y", (2,), "x[2]*y[2]^-1"),
        ("x / T", (1,), "x[1]*T^-1"),
        ("x / 4", (1,), "1/4*x[1]"),
        ("3 / x", (1,), "3*x[1]^-1"),
        ("tanh(x)", (2,), "tanh(x[2])"),
        ("tanh(2*x - y)", (2,), "tanh((2*x[2] + -1*y[2]))"),
        ("identity(x)", (1,), "x[1]"),
        ("identity(x + y)", (1,), "(x[1] + y[1])"),
    ],
)
def test_what_acts_entry_by_entry_keeps_the_entry(text, entry, expected):
    assert written_out(text, entry) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + u", "(x[2] + u)"),
        ("u - x", "(u + -1*x[2])"),
        ("u * x", "u*x[2]"),
        ("x / u", "x[2]*u^-1"),
        ("z[t][3] * x", "z(t)[3]*x[2]"),
        ("x * W[1,3]", "x[2]*W[1,3]"),
        ("x * (u + 1)", "x[2]*(1 + u)"),
        ("x - tanh(u)", "(x[2] + -1*tanh(u))"),
        ("x * u**2", "x[2]*u^2"),
        ("x - sum(z)/3", "(x[2] + -1/3*(z[1] + z[2] + z[3]))"),
    ],
)
def test_a_number_goes_with_every_entry(text, expected):
    assert written_out(text, (2,)) == expected


@pytest.mark.parametrize(
    ("text", "entry", "expected"),
    [
        ("W @ z", (2,), "(W[2,1]*z[1] + W[2,2]*z[2] + W[2,3]*z[3])"),
        ("W @ V", (2, 1), "(W[2,1]*V[1,1] + W[2,2]*V[2,1] + W[2,3]*V[3,1])"),
        ("V @ W", (3, 2), "(V[3,1]*W[1,2] + V[3,2]*W[2,2])"),
        ("W.T", (3, 1), "W[1,3]"),
        ("W.T @ x", (3,), "(W[1,3]*x[1] + W[2,3]*x[2])"),
        ("z[2:3]", (1,), "z[2]"),
        ("z[t][2:3]", (2,), "z(t)[3]"),
        ("Q[2:4]", (3, 1), "Q[4,1]"),
        ("Q[2:4] @ x", (1,), "(Q[2,1]*x[1] + Q[2,2]*x[2])"),
        ("W[:,2:3]", (1, 2), "W[1,3]"),
        ("W[:,2:3] @ x", (2,), "(W[2,2]*x[1] + W[2,3]*x[2])"),
        ("W.T[2:3]", (1, 2), "W[2,2]"),
        ("Q.T[:,3:4]", (2, 1), "Q[3,2]"),
        ("Q[2:4].T", (2, 3), "Q[4,2]"),
        ("Q[2:4][2:3]", (1, 2), "Q[3,2]"),
        ("W.T[3,1]", (), "W[1,3]"),
        ("Q[2:4][3,2]", (), "Q[4,2]"),
        ("(W @ z)[2]", (), "(W[2,1]*z[1] + W[2,2]*z[2] + W[2,3]*z[3])"),
        ("tanh(z)[2:3]", (2,), "tanh(z[3])"),
    ],
)
def test_an_entry_of_a_matrix_is_looked_up_row_first(text, entry, expected):
    assert written_out(text, entry) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("concat(z, u, x)", ["z[1]", "z[2]", "z[3]", "u", "x[1]", "x[2]"]),
        ("concat(u, tanh(x))", ["u", "tanh(x[1])", "tanh(x[2])"]),
        ("concat(x, W @ z)", ["x[1]", "x[2]", *(written_out("W @ z", (k,)) for k in (1, 2))]),
        ("concat(z, 2*x)[3:5]", ["z[3]", "2*x[1]", "2*x[2]"]),
        ("concat(x[t][2:2], z[t-1])", ["x(t)[2]", "z(t-1)[1]", "z(t-1)[2]", "z(t-1)[3]"]),
    ],
)
def test_vectors_on_top_of_each_other_keep_their_order(text, expected):
    assert [written_out(text, (k,)) for k in range(1, len(expected) + 1)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(z)", "(z[1] + z[2] + z[3])"),
        ("mean(z)", "1/3*(z[1] + z[2] + z[3])"),
        ("sum(W)", "(W[1,1] + W[1,2] + W[1,3] + W[2,1] + W[2,2] + W[2,3])"),
        ("dot(x, y)", "(x[1]*y[1] + x[2]*y[2])"),
        ("dot(x, x)", "(x[1]*x[1] + x[2]*x[2])"),
        ("mse(x, y)", "(1/2*(x[1] + -1*y[1])^2 + 1/2*(x[2] + -1*y[2])^2)"),
        ("nll(x, y)", "(-1*y[1]*log(x[1]) + -1*y[2]*log(x[2]))"),
        ("bce(u, u)", "(-1*u*log(u) + -1*(1 + -1*u)*log((1 + -1*u)))"),
        ("huber(x, y)", "(huber((x[1] + -1*y[1])) + huber((x[2] + -1*y[2])))"),
    ],
)
def test_what_makes_one_number_goes_over_all_entries(text, expected):
    assert written_out(text, ()) == expected


def test_each_entry_of_softmax_has_all_arguments_and_its_number():
    assert [written_out("softmax(z)", (k,)) for k in (1, 3)] == [f"softmax{k}(z[1], z[2], z[3])" for k in (1, 3)]
    assert written_out("softmax(x - u)", (2,)) == "softmax2((x[1] + -1*u), (x[2] + -1*u))"


# What is named, where operands may be named


def named_in(text, entry):
    """Return an entry with everything named that may be: <…> an operand, <…!> one that all entries share."""

    def name(inner, own, shared):
        return Letter(Place(f"<{write(inner)}{'!' if shared else ''}>", None, own))

    return shown(scalar(rule(text), entry, shape_of, name))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W @ tanh(z)", "(W[2,1]*<tanh(z)!>[1] + W[2,2]*<tanh(z)!>[2] + W[2,3]*<tanh(z)!>[3])"),
        ("(2*V).T @ z", "(<2*V!>[1,2]*z[1] + <2*V!>[2,2]*z[2] + <2*V!>[3,2]*z[3])"),
        ("W @ identity(-z)[1:3]", "(W[2,1]*<-z!>[1] + W[2,2]*<-z!>[2] + W[2,3]*<-z!>[3])"),
        ("W @ concat(-u, x**2)", "(W[2,1]*<-u!> + W[2,2]*<x**2!>[1] + W[2,3]*<x**2!>[2])"),
        ("softmax(-x)", "softmax2(<-x!>[1], <-x!>[2])"),
        ("softmax(x)", "softmax2(x[1], x[2])"),
    ],
)
def test_operands_of_products_of_matrices_and_of_softmax_are_shared(text, expected):
    assert named_in(text, (2,)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(W @ z) * x", "<W @ z>[2]*x[2]"),
        ("x / (W @ z)", "x[2]*<W @ z>[2]^-1"),
        ("(x + y)**2", "<x + y>[2]^2"),
        ("(x + u) * sum(z)", "<x + u>[2]*<sum(z)>"),
        ("tanh(x + y)", "tanh(<x + y>[2])"),
        ("tanh(x)", "tanh(x[2])"),
        ("exp(-u) * x", "<exp(-u)>*x[2]"),
        ("identity(x + y) * x", "<x + y>[2]*x[2]"),
        ("(-z)[2:3]", "<-z>[3]"),
    ],
)
def test_factors_bases_and_arguments_are_named_for_one_entry(text, expected):
    assert named_in(text, (2,)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(-x)", "(<-x>[1] + <-x>[2])"),
        ("mean(-x)", "1/2*(<-x>[1] + <-x>[2])"),
        ("dot(-x, exp(y))", "(<-x>[1]*<exp(y)>[1] + <-x>[2]*<exp(y)>[2])"),
        ("huber(-x, y)", "(huber((<-x>[1] + -1*y[1])) + huber((<-x>[2] + -1*y[2])))"),
        ("mse(u, -u)", "1/2*(u + -1*<-u>)^2"),
        ("(W @ z)[2]", "<W @ z>[2]"),
        ("(2*W).T[3,1]", "<2*W>[1,3]"),
    ],
)
def test_operands_of_what_makes_one_number_are_named(text, expected):
    assert named_in(text, ()) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-tanh(x)", "-1*tanh(x[2])"),
        ("tanh(x) + y*y", "(tanh(x[2]) + y[2]*y[2])"),
        ("2 * tanh(x)", "2*tanh(x[2])"),
        ("tanh(x) / 2", "1/2*tanh(x[2])"),
        ("identity(tanh(x))", "tanh(x[2])"),
        ("concat(u, tanh(x))", "tanh(x[1])"),
    ],
)
def test_terms_and_what_a_number_stands_beside_stay_as_they_are(text, expected):
    assert named_in(text, (2,)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-softmax(x)", "-1*<softmax(x)!>[2]"),
        ("x - softmax(y)", "(x[2] + -1*<softmax(y)!>[2])"),
        ("2 * softmax(x)", "2*<softmax(x)!>[2]"),
        ("identity(softmax(x))", "<softmax(x)!>[2]"),
        ("concat(u, softmax(x))", "<softmax(x)!>[1]"),
        ("x * softmax(y)", "x[2]*<softmax(y)>[2]"),
    ],
)
def test_a_softmax_inside_is_named_wherever_it_stands(text, expected):
    assert named_in(text, (2,)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x * log(y)", "x[2]*log(y[2])"),
        ("log(x) * (y + 1)", "log(x[2])*<y + 1>[2]"),
        ("(y + 1) * (x / (y - 1))", "<y + 1>[2]*x[2]*<y - 1>[2]^-1"),
        ("(x / (y + 1))**2", "(x[2]*<y + 1>[2]^-1)^2"),
        ("(x + 1)**-1", "<x + 1>[2]^-1"),
        ("tanh(log(x)) * y", "<tanh(log(x))>[2]*y[2]"),
    ],
)
def test_what_a_factor_of_zero_may_wipe_out_stays_beside_it(text, expected):
    assert named_in(text, (2,)) == expected


def test_where_nothing_is_named_everything_is_written_out():
    for text, entry in (("W @ tanh(z)", (1,)), ("x * softmax(y)", (2,)), ("identity(softmax(x))", (1,))):
        assert scalar(rule(text), entry, shape_of, lambda *_: None) == scalar(rule(text), entry, shape_of)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("log(x)", True),
        ("x / y", True),
        ("x**-1", True),
        ("x**-2", True),
        ("nll(x, y)", True),
        ("bce(x, y)", True),
        ("-log(x)", True),
        ("identity(log(x))", True),
        ("(x / y)**2", True),
        ("log(x)**2", True),
        ("x + log(y)", True),
        ("log(x) * y", True),
        ("x", False),
        ("3", False),
        ("x**2", False),
        ("x**1", False),
        ("x**0", False),
        ("-x", False),
        ("x + y", False),
        ("x * y", False),
        ("identity(x)", False),
        ("mse(x, y)", False),
        ("huber(x, y)", False),
        ("exp(x)", False),
        ("exp(log(x))", False),
        ("x[t]", False),
    ],
)
def test_a_pole_is_a_logarithm_or_a_division_that_no_function_hides(text, expected):
    assert has_pole(rule(text)) is expected


# The rows of the table, put in


def test_a_definition_is_that_of_its_row_in_what_is_put_in():
    p, y = Letter(Place("p")), Letter(Place("q"))
    assert shown(definition("mse", p, y)) == "1/2*(p + -1*q)^2"
    assert shown(definition("huber", p, y)) == "huber((p + -1*q))"
    assert shown(definition("sigmoid", y)) == "(1 + exp(-1*q))^-1"
    assert shown(definition("identity", y)) == "q"


def test_a_loss_needs_two_arguments_and_any_other_function_one():
    p, y = Letter(Place("p")), Letter(Place("q"))
    for name, arguments in (("mse", [p]), ("tanh", [p, y]), ("nll", [p, y, y]), ("huber", [p])):
        with pytest.raises(ValueError):
            definition(name, *arguments)


def test_a_slope_is_that_of_its_row_in_argument_and_value():
    u, h = Letter(Place("a")), Letter(Place("h"))
    assert shown(slope("tanh", u, h)) == "(1 + -1*h^2)"
    assert shown(slope("relu", u, h)) == "step(a)"
    assert shown(slope("log", u, h)) == "a^-1"
    assert shown(slope("sqrt", u, h)) == "(2*h)^-1"
    assert shown(slope("huber", u, h)) == "(a + -1*relu((-1 + a)) + relu((-1 + -1*a)))"


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.kind == "entry"])
def test_a_function_of_numbers_is_applied_to_each_entry(name):
    inner = "x[2]" if name == "identity" else f"{name}(x[2])"
    assert written_out(f"{name}(x)", (2,)) == inner
