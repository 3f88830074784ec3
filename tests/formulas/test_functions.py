"""One row a function: what the rows say is true in every arithmetic, and a new row is all that a new function needs."""

from fractions import Fraction

import autograd
import autograd.numpy as anp
import mpmath
import numpy as np
import pytest

from added_rows import printed
from bptt_lab import Network, symbolic
from bptt_lab.exercises import ex
from bptt_lab.exercises.judges.stress import decimals
from bptt_lab.figures import unrolled_network
from bptt_lab.formulas.functions import FUNCTIONS, LOSSES, NUMBERS, ROWS
from bptt_lab.formulas.printing import equations_latex
from bptt_lab.network.parse import rule
from bptt_lab.network.scalars import (
    FLOATS,
    PREDICTION,
    VALUE,
    Letter,
    Place,
    definition,
    derivative,
    evaluate,
    scalar,
    slope,
)
from bptt_lab.numeric import activations, losses
from bptt_lab.symbolic import arithmetics, towers
from bptt_lab.symbolic.scalar_forms import ON_SCREEN, WRITTEN_OUT
from bptt_lab.symbolic.verdicts import PROVED

ENTRYWISE = NUMBERS
POINTS = [-2.7, -0.4, 0.3, 1.9]
U, Y = Letter(Place("u")), Letter(Place("y"))


def at(name, u):
    return abs(u) if name in ("log", "sqrt") else u


@pytest.mark.parametrize("name", ENTRYWISE)
@pytest.mark.parametrize("u", POINTS)
def test_a_slope_is_the_derivative_of_its_function_by_a_complex_step(name, u):
    u = at(name, u)
    value = FLOATS.functions[name](u)
    stepped = complex(FLOATS.functions[name](u + 1e-30j)).imag / 1e-30
    found = evaluate(slope(name, U, Y), {U.place: u, Y.place: value}.get, FLOATS)
    assert found == pytest.approx(stepped, rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("name", sorted(LOSSES))
@pytest.mark.parametrize("p", [0.13, 0.82])
@pytest.mark.parametrize("far", [0, 1.9, -2.3])
def test_the_slopes_of_a_loss_are_its_derivatives_by_prediction_and_target(name, p, far):
    p, y = (p, 0.41) if ROWS[name].targets else (p + far, 0.41)
    tree = definition(name, PREDICTION, VALUE)
    for by, (letter, at_step) in enumerate([(PREDICTION, (1, 0)), (VALUE, (0, 1))]):
        step = {PREDICTION.place: p + 1e-30j * at_step[0], VALUE.place: y + 1e-30j * at_step[1]}
        stepped = complex(evaluate(tree, step.get, FLOATS)).imag / 1e-30
        values = {PREDICTION.place: p, VALUE.place: y}
        assert evaluate(derivative(tree, letter), values.get, FLOATS) == pytest.approx(stepped, rel=1e-12)
        if not ROWS[name].pieces:
            by_rule = scalar(rule(ROWS[name].slopes[by]), (), lambda part: ())
            assert evaluate(by_rule, values.get, FLOATS) == pytest.approx(stepped, rel=1e-12)


@pytest.mark.parametrize("name", ENTRYWISE)
@pytest.mark.parametrize("u", POINTS)
def test_every_arithmetic_has_every_function_and_the_same_values(name, u):
    u, context = at(name, u), arithmetics.intervals(40)
    true = FLOATS.functions[name](u)
    interval = context.functions[name](context.number(Fraction(u)))
    assert interval.a <= interval.b and float(interval.mid) == pytest.approx(true, rel=1e-12)
    assert float(decimals(30).functions[name](mpmath.mpf(u))) == pytest.approx(true, rel=1e-12)
    for arithmetic in (ON_SCREEN, WRITTEN_OUT):
        assert name in arithmetic.functions
    assert float(WRITTEN_OUT.functions[name](u)) == pytest.approx(true, rel=1e-12)
    for exact in (arithmetics.modular(arithmetics.primes()[0]), towers.tower(2), arithmetics.adic(10007, 8)):
        assert name in exact.functions and "softmax" in exact.functions


@pytest.mark.parametrize("name", [name for name in ENTRYWISE if ROWS[name].numpy])
def test_what_a_row_writes_for_numpy_computes_its_function(name):
    points = np.array([at(name, u) for u in POINTS])
    written = eval(ROWS[name].numpy.format("points"), {"np": np, "points": points})  # our own text, not a student's
    np.testing.assert_allclose(written, [FLOATS.functions[name](u) for u in points.tolist()], rtol=1e-13)


@pytest.mark.parametrize("u", [-800.0, -40.0, 0.0, 40.0, 800.0])
def test_sigmoid_and_softplus_keep_their_digits_at_both_ends(u):
    with mpmath.workdps(400):
        sigmoid, softplus = 1 / (1 + mpmath.exp(-u)), mpmath.log(1 + mpmath.exp(u))
    assert FLOATS.functions["sigmoid"](u) == pytest.approx(float(sigmoid), rel=1e-15, abs=1e-320)
    assert FLOATS.functions["softplus"](u) == pytest.approx(float(softplus), rel=1e-15, abs=1e-320)


def test_functions_that_stand_in_derivatives_only_are_not_offered():
    assert set(ROWS) - set(FUNCTIONS) == {"step", "leaky_step"}


# What one row gives: softplus and huber


@pytest.fixture(scope="module")
def network():
    return Network(
        "a[t] = W @ x[t] + R @ h[t-1] + b\nh[t] = softplus(a[t])\np[t] = V @ h[t] + c\nL[t] = huber(p[t], y[t])",
        sizes=dict(x=2, h=3, p=2),
    )


def values_of(graph, seed=3):
    random, shapes = np.random.default_rng(seed), {}
    for place, shape in graph.leaves.items():
        key = graph.key(place)
        shapes[key] = (graph.T, *shape) if key in graph.network.inputs else shape
    return {key: random.normal(size=shape) * 1.5 for key, shape in shapes.items()}


def test_a_new_function_and_a_new_loss_have_the_gradients_that_autograd_gives(network):
    graph = network.unroll(3)
    values = values_of(graph)

    def loss(W):
        h, total = values["h[0]"], 0.0
        for t in range(3):
            h = anp.log(1 + anp.exp(anp.dot(W, values["x"][t]) + anp.dot(values["R"], h) + values["b"]))
            error = anp.abs(anp.dot(values["V"], h) + values["c"] - values["y"][t])
            total = total + anp.sum(anp.where(error > 1, error - 0.5, error**2 / 2))
        return total

    np.testing.assert_allclose(graph.gradients(values)["W"], autograd.grad(loss)(values["W"]), rtol=1e-12)
    assert graph.forward(values)["L"] == pytest.approx(loss(values["W"]), rel=1e-13)
    np.testing.assert_allclose(
        symbolic.gradients(graph).compiled()(values)["W"], graph.gradients(values)["W"], rtol=1e-12
    )


@pytest.mark.parametrize("layout", ["derivative", "gradient"])
@pytest.mark.parametrize("name", ["a", "h", "p", "W", "R", "b", "V", "c", "y"])
def test_a_new_function_and_a_new_loss_have_vector_forms(network, name, layout):
    found = symbolic.derive_vector(network.unroll(3), name, layout)
    assert found.strength == PROVED and found.latex()


def test_a_new_function_and_a_new_loss_have_scalar_derivations_and_a_picture(network):
    graph = network.unroll(3)
    found = symbolic.derive(graph, "a", 2, 1)
    assert found.strength == PROVED and "sigmoid(a(2)[1])" in str(found)
    assert "softplus" in equations_latex(network) and "huber" in equations_latex(network)
    assert unrolled_network(network.unroll(3)) is not None


def test_numpy_functions_of_the_new_rows_agree_with_them():
    for u in POINTS:
        assert activations.softplus(np.array([u]))[0] == pytest.approx(FLOATS.functions["softplus"](u), rel=1e-14)
        tree = definition("huber", PREDICTION, VALUE)
        found = evaluate(tree, {PREDICTION.place: u, VALUE.place: 0.2}.get, FLOATS)
        assert losses.huber(np.array([u]), np.array([0.2]))[0] == pytest.approx(found, rel=1e-13)


SWISH = """
    "swish": Function("entry", "swish(a[t])", r"\\operatorname{swish}", ("y + sigmoid(u)*(1 - y)",), "u*sigmoid(u)"),
    "fourth": Function("loss", "fourth(prediction, target)", r"\\operatorname{fourth}", ("(p - y)**3", "(y - p)**3"),
                       "(p - y)**4/4", arguments=(2, 2)),
"""
USED = """
from bptt_lab import Network, symbolic
from bptt_lab.exercises import ex
from bptt_lab.figures import unrolled_network
from bptt_lab.formulas.printing import equations_latex
network = Network("a[t] = W @ x[t] + R @ h[t-1]\\nh[t] = swish(a[t])\\nL[t] = fourth(h[t], y[t])", sizes=dict(x=2, h=3))
graph = network.unroll(3)
for name in "ahWR":
    print(symbolic.derive_vector(graph, name, "gradient").strength)
print(symbolic.derive(graph, "a", 2, 1).strength, equations_latex(network), len(ex.own(network)))
unrolled_network(network.unroll(3))
"""


def test_a_row_that_is_added_is_all_that_a_new_function_and_a_new_loss_need(tmp_path):
    """Swish and a fourth power, put into the table of a copy: read, derived, proven, drawn, asked for."""
    found = printed(USED.replace("\\\\n", "\\n"), SWISH, tmp_path)
    assert found.count(PROVED) == 5 and "swish" in found and "fourth" in found


def test_exercises_are_made_of_a_new_function_and_a_new_loss(network):
    found = ex.own(network, T=3)
    assert len(found) > 5


def test_help_tells_the_language_and_every_function_from_its_row():
    page = Network.__doc__
    assert page.startswith("A network written as the equations") and "W.T @ v" in page
    for name, row in FUNCTIONS.items():
        assert row.example in page, name
    assert "huber(prediction, target)" in page and "u**2/2 up to 1" in page and "log(1 + exp(u))" in page
    assert "step(a[t])" not in page


def test_every_line_of_the_language_that_help_tells_is_read():
    for text, sizes in {
        "a[t] = W @ V @ x[t] + W @ h[t-1] * 2 - b / 3": dict(x=2, h=4, V=(4, 2)),
        "a[t] = W.T @ x[t] ** 2 + h[t+1] ** -1": dict(x=2, h=4),
        "a[t] = sqrt(x[t] ** 2) * x[t] ** 0.5": dict(x=2),
    }.items():
        end = "h[t] = a[t]\n" if "h[t" in text else ""
        assert Network(f"{text}\n{end}L[t] = mse(a[t], y[t])", sizes={**sizes, **({"h": 4} if end else {})})
