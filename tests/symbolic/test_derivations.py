"""Derivations carry their proof: right ones for any network, and wrong lines refused by number."""

import pytest
import sympy

import networks
from bptt_lab import Network, NetworkError, symbolic
from bptt_lab.formulas import Language, read, write
from bptt_lab.symbolic import derivations, verdicts, worlds
from bptt_lab.symbolic.derivations import ScalarForm, vector_derivation

T = 4


@pytest.fixture(scope="module")
def graph():
    return networks.graph("one hidden layer", T)


@pytest.fixture(scope="module")
def square():
    """Sizes equal, weights not symmetric: a missing transpose conforms and must still be refused."""
    return Network(networks.ONE_HIDDEN, sizes=dict(x=3, h1=3, h2=3)).unroll(T)


@pytest.mark.parametrize("layout", ["derivative", "gradient"])
@pytest.mark.parametrize("name", networks.TEXTS)
def test_every_quantity_of_every_network_has_a_vector_form(name, layout):
    graph = networks.graph(name, T)
    for quantity in graph.network.shapes:
        derivation = symbolic.derive_vector(graph, quantity, layout)
        assert derivation.verdict().startswith(f"{len(derivation.lines)} lines, each the same")


@pytest.mark.parametrize("layout", ["derivative", "gradient"])
@pytest.mark.parametrize("name", networks.TEXTS)
def test_every_line_of_every_vector_form_is_read_back_as_it_was_printed(name, layout):
    graph = networks.graph(name, 3)
    language = Language(graph.network)
    for quantity in graph.network.shapes:
        for line in symbolic.derive_vector(graph, quantity, layout).lines:
            assert read(write(line.form.tree), language) == line.form.tree == read(str(line.form), language)


@pytest.mark.parametrize("name", networks.TEXTS)
def test_every_entry_kind_has_a_scalar_derivation(name):
    graph = networks.graph(name, 3)
    for place in [*graph.order, *graph.leaves]:
        entry = tuple(graph.network.shapes[place.name]) or None
        assert len(symbolic.derive(graph, place.name, place.time, entry).lines) >= 2


def test_the_five_derivatives_of_the_lecture(graph):
    forms = {name: str(symbolic.derive_vector(graph, name).lines[-1].form) for name in ("W1", "b1", "W11", "W0", "b0")}
    assert forms == {
        "W1": "sum(t, 1, T, h1(t) @ D(L, a2(t)))",
        "b1": "sum(t, 1, T, D(L, a2(t)))",
        "W11": "sum(t, 1, T, h1(t - 1) @ D(L, a1(t)))",
        "W0": "sum(t, 1, T, x(t) @ D(L, a1(t)))",
        "b0": "sum(t, 1, T, D(L, a1(t)))",
    }


def test_gradients_are_the_transposes(graph):
    forms = {name: str(symbolic.derive_vector(graph, name, "gradient").lines[-1].form) for name in ("W11", "h1", "a1")}
    assert forms == {
        "W11": "sum(t, 1, T, grad(L, a1(t)) @ h1(t - 1).T)",
        "h1": "W1.T @ grad(L, a2(t)) + unless(t = T, W11.T @ grad(L, a1(t + 1)))",
        "a1": "(1 - h1(t)**2)*grad(L, h1(t))",
    }


def test_a_derivation_shows_lines_reasons_and_verdict(graph):
    shown = symbolic.derive_vector(graph, "h1")._repr_markdown_()
    assert r"\underbrace" in shown and "not required when } t = T" in shown
    assert "chain rule, through" in shown and "3 lines, each the same" in shown
    assert "W11" not in shown  # letters, not names


@pytest.mark.parametrize("name", ["h1f", "state", "W_in", "h12_old_2", "x2y_z", "Wf"])
def test_any_name_can_be_shown(name):
    network = Network(f"{name}[t] = tanh(x[t] + {name}[t-1])\nL[t] = mse({name}[t], y[t])", sizes=dict(x=2))
    shown = (
        symbolic.derive_vector(network.unroll(3), name).latex() + symbolic.derive(network.unroll(3), name, 2, 1).latex()
    )
    assert shown.count("{") == shown.count("}")
    assert r"_{\mathrm{in" in shown if name == "W_in" else name.rstrip("_0123456789old")[0] in shown


def test_a_function_may_act_on_a_single_number():
    network = Network("l[t] = mse(x[t], y[t])\ns[t] = s[t-1] + exp(l[t])\nL = log(s[T])", sizes=dict(x=2))
    assert str(symbolic.derive_vector(network.unroll(3), "l").lines[-1].form) == "exp(l(t))*D(L, s(t))"


def test_the_goal_is_written_out_and_other_lines_use_deltas(graph):
    shown = symbolic.derive(graph, "b0", None, 2).latex().splitlines()
    assert shown[1].startswith(r"\frac{dL}{db^{0}_{2}}") and r"\delta^{1(1)}_{2}" in shown[-2]
    assert symbolic.derive(graph, "a1", 2, 1).latex().splitlines()[1].startswith(r"\frac{dL}{da^{1(2)}_{1}}")


def test_unknown_names_and_layouts_are_refused(graph):
    with pytest.raises(NetworkError, match="not a quantity"):
        symbolic.derive_vector(graph, "W9")
    with pytest.raises(NetworkError, match="not a layout"):
        symbolic.derive_vector(graph, "W11", "rows")
    with pytest.raises(NetworkError, match="W11 has no entry"):
        symbolic.derive(graph, "W11")


def test_a_derivation_is_as_strong_as_its_weakest_line(graph):
    h, a = symbolic.read_letter(graph, "h1[2][1]"), symbolic.read_letter(graph, "a1[2][1]")
    by_exponentials = (sympy.exp(a) - sympy.exp(-a)) / (sympy.exp(a) + sympy.exp(-a))
    proved = symbolic.Derivation(graph, [(h, "the goal"), (sympy.tanh(a), "its definition")])
    weak = [(h, "the goal"), (by_exponentials, "in exponentials"), (sympy.tanh(a), "its definition")]
    assert proved.strength == verdicts.PROVED and verdicts.PROVED in proved.verdict()
    for lines in (weak, weak[::-1], [*weak, (h, "again")]):
        derivation = symbolic.Derivation(graph, lines)
        assert derivation.strength == verdicts.AGREES and verdicts.AGREES in derivation.verdict()


def test_each_line_is_compared_with_the_one_before_and_with_the_first(graph, monkeypatch):
    h, a = symbolic.read_letter(graph, "h1[2][1]"), symbolic.read_letter(graph, "a1[2][1]")
    forms, seen = [h, sympy.tanh(a), 3 * h - 2 * sympy.tanh(a), 2 * h - sympy.tanh(a)], []
    real = derivations.decide
    names = {ScalarForm(form): number for number, form in enumerate(forms, start=1)}

    def recording(one, other, graph):
        seen.append((names[one.__self__], names[other.__self__]))
        return real(one, other, graph)

    monkeypatch.setattr(derivations, "decide", recording)
    symbolic.Derivation(graph, [(form, "") for form in forms])
    assert seen == [(2, 1), (2, 1), (3, 2), (3, 1), (4, 3), (4, 1)]


def test_the_result_is_the_last_line(graph):
    h, a = symbolic.read_letter(graph, "h1[2][1]"), symbolic.read_letter(graph, "a1[2][1]")
    scalar = symbolic.Derivation(graph, [(h, ""), (sympy.tanh(a), ""), (2 * sympy.tanh(a) - h, "")])
    assert scalar.result == 2 * sympy.tanh(a) - h
    vector = symbolic.derive_vector(graph, "h1")
    assert vector.result == vector.lines[-1].form and str(vector.result).startswith("D(L, a2(t)) @ W1")


def test_a_goal_that_is_no_total_derivative_is_shown_as_it_is(graph):
    h, a = symbolic.read_letter(graph, "h1[2][1]"), symbolic.read_letter(graph, "a1[2][1]")
    shown = symbolic.Derivation(graph, [(h, "the goal"), (sympy.tanh(a), "defined")]).latex().splitlines()
    assert shown[1].startswith("h^{1(2)}_{1}") and r"\tanh" in shown[2]


def test_reasons_are_read_aloud_without_the_signs_of_latex(graph):
    line = symbolic.Line(None, r"chain rule, through $h^{1(2)}$, $\ldots$")
    assert line.words == "chain rule, through h1(2), ..."
    assert "through a2[2]" not in repr(symbolic.derive(graph, "h1", 2, 1)) and "chain rule" in repr(
        symbolic.derive(graph, "h1", 2, 1)
    )


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        (r"a^{1(1)}_{\mathrm{b}}", "a1_b(1)"),
        (r"\mathbf{a}_{\mathrm{b}}^{1(t-1)}", "a1_b(t-1)"),
        (r"a^{1(1)}_{\mathrm{b},2}", "a1_b(1)[2]"),
        (r"W^{11}_{\mathrm{f}}", "W11_f"),
        (r"c^{(t+1)}", "c(t+1)"),
        (r"h^{1(2)}_3", "h1(2)_3"),
    ],
)
def test_a_label_stands_in_the_name_however_the_formula_sets_it(formula, words):
    assert symbolic.Line(None, f"through ${formula}$").words == f"through {words}"


def test_a_form_whose_terms_are_all_missing_at_a_step_is_zero_there(graph):
    """At the last step nothing comes after the state but its output."""
    form = symbolic.derive_vector(graph, "h1").lines[1].form
    later = form._replace(tree=read("unless(t = T, D(L, h1(t)))", Language(graph.network)))
    found = later.values(worlds.float_worlds(graph)[0])
    assert len(found) == 5 * T and found[-5:] == [0] * 5 and 0 not in found[:-5]


SCALAR = Network(
    "a[t] = w * x[t] + v * h[t-1]\nh[t] = tanh(a[t])\nL[t] = mse(h[t], y[t])", sizes=dict(x=1, h=1)
).unroll(2)


def test_a_derivation_in_plain_text_is_a_table_of_lines_and_reasons():
    assert repr(symbolic.derive(SCALAR, "h", 1, 1)).splitlines() == [
        "  D(L,h(1))                               the goal",
        "= D(L,a(2))*d(a(2),h(1)) + d(L(1),h(1))   chain rule, through L(1), a(2)",
        "= D(L,a(2))*v + h(1) - y(1)               immediate derivatives",
        "✓ proved as an identity",
    ]


def test_a_derivation_in_latex_has_a_row_for_each_line_and_writes_out_deltas_on_request():
    shown = symbolic.derive(SCALAR, "h", 1, 1, unroll=True).latex().splitlines()
    assert shown[0] == r"\begin{aligned}" and shown[5] == r"\end{aligned}" and len(shown) == 6
    reasons = [line.rpartition(r"\text{")[2].partition("}")[0] for line in shown[1:5]]
    assert [reason[:11] for reason in reasons] == ["the goal", "chain rule,", "immediate d", "every total"]
    assert [line.count("&&&") for line in shown[1:5]] == [1, 0, 0, 0] and shown[4].startswith("&= h^{(1)} + v")
    assert len(symbolic.derive(SCALAR, "h", 1, 1).lines) == 3


@pytest.mark.parametrize(
    ("name", "t", "entry", "through"),
    [
        ("b0", None, 1, "a^{1(1)}_{1} a^{1(2)}_{1} a^{1(3)}_{1} a^{1(4)}_{1}"),
        ("h1", 2, 1, r"a^{2(2)}_{1} a^{2(2)}_{2} a^{2(2)}_{3} a^{1(3)}_{1} \ldots"),
        ("h1", 4, 1, "a^{2(4)}_{1} a^{2(4)}_{2} a^{2(4)}_{3}"),
        ("x", 1, 1, r"a^{1(1)}_{1} a^{1(1)}_{2} a^{1(1)}_{3} a^{1(1)}_{4} \ldots"),
    ],
)
def test_the_reason_of_the_chain_rule_names_four_quantities_at_the_most(graph, name, t, entry, through):
    reason = symbolic.derive(graph, name, t, entry).lines[1].reason
    assert reason == "chain rule, through " + ", ".join(f"${one}$" for one in through.split())


def test_the_loss_has_nothing_after_it(graph):
    assert symbolic.derive(graph, "L", 1).lines[1].reason == "nothing comes after it"
    assert symbolic.derive_vector(graph, "L").lines[1].reason == "the loss by itself"


@pytest.mark.parametrize(
    ("name", "derivative", "gradient"),
    [
        ("h1", r"chain rule, through $\mathbf{a}^{2(t)}$, $\mathbf{a}^{1(t+1)}$", "transposed, factors reversed"),
        ("W11", r"chain rule, through $\mathbf{a}^{1(t)}$ at every $t$", "transposed, factors reversed"),
        ("b1", r"chain rule, through $\mathbf{a}^{2(t)}$ at every $t$", "transposed"),
    ],
)
def test_the_reasons_of_a_vector_form(graph, name, derivative, gradient):
    assert [line.reason for line in symbolic.derive_vector(graph, name).lines[1:]] == [
        derivative, "immediate derivatives"]  # fmt: skip
    assert symbolic.derive_vector(graph, name, "gradient").lines[-1].reason == gradient


def test_a_parameter_used_at_one_step_and_at_every_step_is_used_at_every_step():
    network = Network("h[t] = w * x[t] + h[t-1]\nL = mse(w * h[T], y)", sizes=dict(x=1, h=1))
    assert "at every $t$" in symbolic.derive_vector(network.unroll(3), "w").lines[1].reason


def test_one_line_proves_nothing(graph):
    h = symbolic.read_letter(graph, "h1[2][1]")
    for lines in ([(h, "the goal")], [(h, "the goal"), (h, "the same to the letter")]):
        assert symbolic.Derivation(graph, lines).verdict() == "One line: there is nothing to compare."


# Wrong lines, scalar: the network of sizes 4, 5, 3, in its letters


def scalar_mutants(letter, M=5, K=3):
    """Return wrong lines by mistake: (goal, line)."""
    delta1 = lambda t, i: letter(f"D(L,a1[{t}][{i}])")
    delta2 = lambda t, k: letter(f"D(L,a2[{t}][{k}])")
    h = lambda t, i: letter(f"h1[{t}][{i}]")
    goal_h, goal_W = letter("D(L,h1[2][3])"), letter("D(L,W11[1,2])")
    goal_a, goal_a2 = letter("D(L,a1[2][1])"), letter("D(L,a2[2][1])")
    space = sum(delta2(2, k) * letter(f"W1[{k},3]") for k in range(1, K + 1))
    time = sum(delta1(3, i) * letter(f"W11[{i},3]") for i in range(1, M + 1))
    p, y = letter("h2[2][1]"), letter("y[2][1]")
    D_h1 = letter("D(L,h1[2][1])")
    return {
        "recurrent path forgotten": (goal_h, space),
        "path through the output forgotten": (goal_h, time),
        "only its own unit's path": (goal_h, space + delta1(3, 3) * letter("W11[3,3]")),
        "loss injected twice": (goal_h, 2 * space + time),
        "weight transposed": (goal_h, space + sum(delta1(3, i) * letter(f"W11[3,{i}]") for i in range(1, M + 1))),
        "delta of the same step": (
            goal_h,
            space + time.xreplace({delta1(3, i): delta1(2, i) for i in range(1, M + 1)}),
        ),
        "sign of the recurrent path": (goal_h, space - time),
        "only the last step": (goal_W, delta1(4, 1) * h(3, 2)),
        "only the first step": (goal_W, delta1(1, 1) * h(0, 2)),
        "first step skipped": (goal_W, sum(delta1(t, 1) * h(t - 1, 2) for t in (2, 3, 4))),
        "state of the same step": (goal_W, sum(delta1(t, 1) * h(t, 2) for t in (1, 2, 3, 4))),
        "indices exchanged": (goal_W, sum(delta1(t, 2) * h(t - 1, 1) for t in (1, 2, 3, 4))),
        "mean over time": (goal_W, sum(delta1(t, 1) * h(t - 1, 2) for t in (1, 2, 3, 4)) / 4),
        "one delta for all steps": (goal_W, sum(delta1(1, 1) * h(t - 1, 2) for t in (1, 2, 3, 4))),
        "slope of tanh forgotten": (goal_a, D_h1),
        "slope without the square": (goal_a, D_h1 * (1 - h(2, 1))),
        "slope of the sigmoid": (goal_a, D_h1 * h(2, 1) * (1 - h(2, 1))),
        "slope applied twice": (goal_a, D_h1 * (1 - h(2, 1) ** 2) ** 2),
        "slope of the next step": (goal_a, D_h1 * (1 - h(3, 1) ** 2)),
        "tanh applied again": (goal_a, D_h1 * (1 - sympy.tanh(h(2, 1)) ** 2)),
        "plus for minus": (goal_a, D_h1 * (1 + h(2, 1) ** 2)),
        "target forgotten": (goal_a2, p),
        "sign of the error": (goal_a2, y - p),
        "diagonal softmax": (goal_a2, -y * (1 - p)),
        "extra sigmoid factor": (goal_a2, (p - y) * p * (1 - p)),
        "factor two": (goal_a2, 2 * (p - y)),
        "a slip of one in a billion": (goal_a2, p - y + sympy.Rational(1, 10**9)),
    }


NAMES = list(scalar_mutants(lambda text: sympy.Symbol(text)))


def test_there_are_at_least_twenty_wrong_scalar_lines():
    assert len(NAMES) >= 20


@pytest.mark.parametrize("mistake", NAMES)
def test_a_wrong_scalar_line_is_refused(graph, mistake):
    goal, line = scalar_mutants(lambda text: symbolic.read_letter(graph, text))[mistake]
    with pytest.raises(symbolic.DerivationError) as caught:
        symbolic.Derivation(graph, [(goal, "the goal"), (line, mistake)])
    assert caught.value.line == 2
    assert caught.value.verdict.outcome == "different"
    assert caught.value.verdict.world is not None


def test_the_right_lines_beside_the_wrong_ones_are_accepted(graph):
    for name, t, entry in (("h1", 2, 3), ("W11", None, (1, 2)), ("a1", 2, 1), ("a2", 2, 1)):
        assert symbolic.derive(graph, name, t, entry)


def test_the_first_wrong_line_is_named(graph):
    letter = lambda text: symbolic.read_letter(graph, text)
    goal, right = letter("D(L,a2[2][1])"), letter("h2[2][1]") - letter("y[2][1]")
    with pytest.raises(symbolic.DerivationError, match="^Line 3, .* is not the same as the line before"):
        symbolic.Derivation(graph, [(goal, "goal"), (right, "right"), (-right, "wrong"), (right, "right again")])


# Wrong lines, vectors


VECTOR_MUTANTS = {
    "order of D and W11 exchanged": (
        "D(L, h1(t))",
        "D(L, a2(t)) @ W1 + unless(t = T, D(L, h1(t+1)) @ W11 @ diag(1 - h1(t+1)**2))",
    ),
    "W11 transposed": ("D(L, h1(t))", "D(L, a2(t)) @ W1 + unless(t = T, D(L, a1(t+1)) @ W11.T)"),
    "recurrent path forgotten": ("D(L, h1(t))", "D(L, a2(t)) @ W1"),
    "W1 transposed": ("D(L, h1(t))", "D(L, a2(t)) @ W1.T + unless(t = T, D(L, a1(t+1)) @ W11)"),
    "slope forgotten": ("D(L, a1(t))", "D(L, h1(t))"),
    "slope of the later step": ("d_a1(t)", "(1 - h1(t-1)**2)*d_h1(t)"),
    "gradient transposed": ("d_W11", "sum(t, 1, T, h1(t-1) @ d_a1(t).T)"),
    "state of the same step": ("d_W11", "sum(t, 1, T, d_a1(t) @ h1(t).T)"),
    "delta replaced by state gradient": ("d_W11", "sum(t, 1, T, d_h1(t) @ h1(t-1).T)"),
    "input for state": ("d_W11", "sum(t, 1, T, d_a1(t) @ x(t).T)"),
    "bias counted with its own delta twice": ("d_b1", "sum(t, 1, T, d_a2(t) + d_a2(t))"),
    "output weights with the hidden delta": ("d_W1", "sum(t, 1, T, d_a1(t) @ h1(t).T)"),
    "term dropped at another step": ("D(L, h1(t))", "D(L, a2(t)) @ W1 + unless(t = 1, D(L, a1(t+1)) @ W11)"),
    "part of a row": ("D(L, h1(t))", "(D(L, a2(t)) @ W1)[:, 1:2] @ W1[1:2]"),
}


def lines(graph, *texts):
    language = Language(graph.network)
    trees = [read(text, language) for text in texts]
    return trees[0].above, [(tree, text) for tree, text in zip(trees, texts, strict=True)]


@pytest.mark.parametrize("mistake", VECTOR_MUTANTS)
def test_a_wrong_vector_line_is_refused(square, mistake):
    with pytest.raises(symbolic.DerivationError) as caught:
        vector_derivation(square, *lines(square, *VECTOR_MUTANTS[mistake]))
    assert caught.value.line == 2


def test_a_vector_line_of_another_shape_is_refused(graph):
    with pytest.raises(symbolic.DerivationError, match="different shapes"):
        vector_derivation(graph, *lines(graph, "d_W11", "sum(t, 1, T, d_a2(t) @ h1(t-1).T)"))


def test_a_number_is_no_vector_of_equal_entries():
    graph = Network("L[t] = sum(c + x[t]) - sum(x[t] * c)", sizes=dict(c=3)).unroll(3)
    assert vector_derivation(graph, *lines(graph, "d_c", "sum(t, 1, T, ones(c) - x(t))"))
    graph = Network("L[t] = sum(c + x[t])", sizes=dict(c=3)).unroll(3)
    assert vector_derivation(graph, *lines(graph, "d_c", "sum(t, 1, T, ones(c))"))
    with pytest.raises(symbolic.DerivationError, match="different shapes"):
        vector_derivation(graph, *lines(graph, "d_c", "sum(t, 1, T, 1)"))
