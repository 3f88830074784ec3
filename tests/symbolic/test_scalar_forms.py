"""Scalar forms by SymPy: immediate derivatives, chain rule, unrolled forms, path sums, programs."""

import math

import numpy as np
import pytest
import sympy

import networks
import witnesses
from bptt_lab import Network, NetworkError, symbolic
from bptt_lab.network import Place, scalars
from bptt_lab.symbolic import scalar_forms
from bptt_lab.symbolic.scalar_printing import scalar_latex, scalar_text
from explored import TWO


@pytest.fixture
def graph():
    return TWO.unroll(3)


@pytest.fixture
def letter(graph):
    return lambda text: symbolic.read_letter(graph, text)


def test_the_chain_rule_is_total_times_immediate_over_what_is_influenced(graph, letter):
    found = symbolic.chain_rule(graph, "h1", 2).expression
    assert found == letter("D(L,a2[2])") * letter("d(a2[2],h1[2])") + letter("D(L,a1[3])") * letter("d(a1[3],h1[2])")


def test_the_scalar_form_of_a_state_has_two_terms_and_one_at_the_end(graph, letter):
    assert symbolic.scalar_form(graph, "h1", 2).expression == letter("D(L,a2[2])") * letter("W1") + letter(
        "D(L,a1[3])"
    ) * letter("W11")
    assert symbolic.scalar_form(graph, "h1", 3).expression == letter("D(L,a2[3])") * letter("W1")


def test_the_recurrent_weight_is_a_sum_over_time(graph, letter):
    deltas = [letter(f"D(L,a1[{t}])") * letter(f"h1[{t - 1}]") for t in (1, 2, 3)]
    assert symbolic.scalar_form(graph, "W11").expression == sum(deltas)


def test_an_entry_of_a_larger_network(graph):
    larger = networks.graph("one hidden layer", 3)
    letter = lambda text: symbolic.read_letter(larger, text)
    found = symbolic.scalar_form(larger, "W11", entry=(2, 3)).expression
    assert found == sum(letter(f"D(L,a1[{t}][2])") * letter(f"h1[{t - 1}][3]") for t in (1, 2, 3))


def test_what_an_equation_has_computed_is_written_by_its_letter(graph, letter):
    expected = 1 - letter("h1[2]") ** 2
    assert symbolic.local_derivative(graph, Place("h1", 2, (1,)), Place("a1", 2, (1,))) == expected
    assert symbolic.local_derivative(graph, "h1[2]", "a1[2]") == expected
    assert symbolic.local_derivative(graph, "h1[2]", "a1[3]") == 0


@pytest.mark.parametrize("name", networks.TEXTS)
def test_sympy_confirms_every_immediate_derivative(name):
    network = networks.network(name)
    for equation in network.equations:
        assert scalar_forms.local_derivatives(network, equation)


@pytest.mark.parametrize("function", ["tanh", "sigmoid", "exp", "log", "relu", "leaky_relu", "softmax"])
def test_a_wrong_rule_is_not_confirmed_by_sympy(monkeypatch, function):
    if function == "softmax":
        monkeypatch.setattr(scalars, "_softmax_term", lambda tree, j, slope: scalars.multiply(tree, slope))
    else:
        right = scalars.slope
        monkeypatch.setattr(scalars, "slope", lambda *given: scalars.multiply(scalars.constant(2), right(*given)))
    network = Network(f"h[t] = {function}(x[t])\nL[t] = mse(h[t], y[t])", sizes=dict(x=2))
    with pytest.raises(AssertionError, match="SymPy does not confirm the derivative of h"):
        scalar_forms.local_derivatives(network, "h")


def test_the_unrolled_form_holds_no_total_derivative_and_is_the_path_sum(graph):
    unrolled = symbolic.unrolled(graph, "h1", 1).expression
    assert not [s for s in unrolled.free_symbols if s.text.startswith("D(")]
    paths = symbolic.path_sum(graph, "h1", 1)
    assert len(paths) == 3
    assert sympy.expand(unrolled - sum(product for _, product in paths)) == 0


def test_the_fully_unrolled_form_is_the_derivative_of_the_substituted_loss():
    graph = TWO.unroll(2)
    loss = sum(scalar_forms._definitions_in(graph, symbolic.read_letter(graph, f"L[{t}]")) for t in (1, 2))
    found = symbolic.unrolled(graph, "W11", values=True).expression
    numbers = {s: sympy.Rational(k, 10) for k, s in enumerate(sorted(loss.free_symbols, key=str), start=1)}
    by_diff = sympy.diff(loss, symbolic.read_letter(graph, "W11"))
    assert math.isclose(float(found.subs(numbers)), float(by_diff.subs(numbers)), rel_tol=1e-13)


def test_forms_too_long_to_read_are_refused():
    graph = networks.graph("one hidden layer", 6)
    with pytest.raises(NetworkError, match="too long to be read"):
        symbolic.unrolled(graph, "W11", entry=(1, 2), values=True)


@pytest.mark.parametrize("name", networks.TEXTS)
def test_the_compiled_program_agrees_with_autograd(name):
    graph = networks.graph(name, 4)
    values = networks.random_values(graph, seed=5)
    found = symbolic.gradients(graph).compiled()(values)
    for key, expected in witnesses.gradients(name, values, 4).items():
        np.testing.assert_allclose(found[key], expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("seed", range(30))
def test_the_compiled_program_agrees_with_autograd_at_random_sizes(seed):
    rng = np.random.default_rng(100 + seed)
    D, M, K = (int(n) for n in rng.permutation([1, 2, 3, 4, 5])[:3])
    graph = Network(networks.ONE_HIDDEN, sizes=dict(x=D, h1=M, h2=K)).unroll(int(rng.integers(3, 6)))
    values = networks.random_values(graph, seed)
    found = symbolic.gradients(graph).compiled()(values)
    for key, expected in witnesses.gradients("one hidden layer", values, graph.T).items():
        np.testing.assert_allclose(found[key], expected, rtol=1e-11, atol=1e-12)


def test_the_program_grows_linearly_with_the_edges():
    network = networks.network("one hidden layer")
    sizes = {T: symbolic.gradients(network.unroll(T)) for T in (10, 20, 40)}
    operations = {T: sum(len(e.args) for _, e in program.backward) for T, program in sizes.items()}
    assert operations[40] - operations[20] == 2 * (operations[20] - operations[10])


def test_each_line_of_the_program_uses_only_letters_above_it(graph):
    program = symbolic.gradients(graph)
    leaves = {Place(p.name, p.time, (1,)) for p in graph.leaves}
    known = {symbol for symbol in map(lambda p: scalar_forms.letters.value(p, TWO), leaves)}
    for symbol, expression in [*program.forward, *program.backward]:
        assert expression.free_symbols <= known
        known.add(symbol)


@pytest.mark.parametrize(
    "text", ["h9[1]", "h1", "h1[9]", "W11[2,2]", "D(L)", "__import__('os')", "D(L,W11", "", "h1[1]+1"]
)
def test_what_is_not_a_letter_is_refused(graph, text):
    with pytest.raises(NetworkError):
        symbolic.read_letter(graph, text)


def test_formulas_are_shown_in_the_order_of_a_lecture(graph):
    assert symbolic.scalar_form(graph, "W11")._repr_latex_() == (
        r"$\displaystyle \frac{dL}{dW^{11}} = \delta^{1(1)} h^{1(0)} + \delta^{1(2)} h^{1(1)} + \delta^{1(3)} h^{1(2)}$"
    )
    assert repr(symbolic.scalar_form(graph, "h1", 2)) == "D(L,h1(2)) = D(L,a2(2))*W1 + D(L,a1(3))*W11"


def test_letters_of_one_network_do_not_change_those_of_another():
    """To SymPy symbols of one name are one object: h1[3] is read as a time here and as an entry there."""
    recurrent, plain = TWO.unroll(3), networks.graph("feed-forward, three hidden layers", 1)
    fixed = Network("g[t] = tanh(x[2] * h1[3])\nL[t] = mse(g[t], h1[t])", sizes=dict(x=1))
    time, entry = symbolic.read_letter(recurrent, "h1[3]"), symbolic.read_letter(plain, "h1[3]")
    written = [scalar_forms.letters.value(place, fixed) for place in fixed.local_derivatives("g", (1,))]
    assert (str(time), str(entry)) == ("h1(3)", "h1[3]") and time != entry
    assert (time.place, entry.place) == (Place("h1", 3), Place("h1", None, (3,)))
    assert time in written
    assert symbolic.derive(recurrent, "W11").verdict().startswith("3 lines")


@pytest.mark.parametrize(
    ("text", "shown"), [("1/v", r"\frac{1}{v}"), ("v**-2", r"\frac{1}{v^{2}}"), ("u/v", r"\frac{u}{v}")]
)
def test_negative_powers_are_shown_as_fractions(text, shown):
    graph = Network("a[t] = v * a[t-1] + u\nL = mse(a[T], y)", sizes=dict(a=1)).unroll(3)
    u, v = (symbolic.read_letter(graph, name) for name in "uv")
    expression = {"1/v": 1 / v, "v**-2": v**-2, "u/v": u / v}[text]
    assert scalar_latex(expression) == shown
    assert scalar_text(expression).replace("**(-2)", "**-2") in (text, "1/v**2")


def test_the_derivative_of_the_loss_by_its_last_part_is_left_out(graph, letter):
    assert symbolic.chain_rule(graph, "a2", 2).expression == letter("d(L[2],a2[2])")
    assert symbolic.scalar_form(graph, "a2", 2).expression == letter("a2[2]") - letter("y[2]")


def test_a_preactivation_with_a_suffix_has_a_delta():
    network = Network(
        "a1_f[t] = V * h1_f[t-1] + x[t]\nh1_f[t] = tanh(a1_f[t])\nL[t] = mse(h1_f[t], y[t])", sizes=dict(x=1)
    )
    shown = symbolic.scalar_form(network.unroll(3), "V")._repr_latex_()
    assert r"\delta^{1(2)}_{\mathrm{f}} h^{1(1)}_{\mathrm{f}}" in shown


def test_a_product_put_together_is_the_product_that_sympy_makes():
    x, y = (scalar_forms.letters.value(place, TWO) for place in (Place("W11"), Place("h1", 1)))
    delta = scalar_forms.letters.total(Place("a1", 2), TWO)
    factors = [x, y, delta, sympy.Symbol("B"), sympy.Integer(2), x + y, x * y, sympy.Integer(1)]
    for one in factors:
        for other in factors:
            made, wanted = scalar_forms.product(one, other), one * other
            assert made == wanted and made.args == wanted.args and made.is_commutative


def test_a_template_at_a_step_is_what_replacing_its_letters_gives():
    text = "h[t] = (x[t] * x[1] + w * x[t-1]) / T + sum(x[t]) * 2\nL[t] = mse(h[t], y[t])"
    fixed = Network(text, sizes=dict(x=1)).unroll(3)
    for t in (1, 2, 3):
        template = scalar_forms.template(fixed.network, "h", (1,))
        letters = {one for one in template.free_symbols if isinstance(one, scalar_forms.Value)}
        at_step = {one: scalar_forms.letters.value(fixed.resolve(one.place, t), fixed.network) for one in letters}
        wanted = template.xreplace(at_step | {scalar_forms.letters.STEPS: sympy.Integer(3)})
        assert scalar_forms.at_time(fixed, template, t) == wanted
        assert wanted.has(sympy.Pow) == (t == 1)
