"""The language of formulas: what is read, what is refused, and with which words."""

import pytest

from bptt_lab import Network, course
from bptt_lab.formulas import FormulaError, Language, Style, latex, latex_lines, read
from bptt_lab.formulas.tree import Derivative, Letter, Number, free_variables

NETWORK = course.network("one hidden layer")
LANGUAGE = Language(NETWORK, ("t", "i", "j"))


def tree(text, language=LANGUAGE):
    return read(text, language)


def message(text, language=LANGUAGE):
    with pytest.raises(FormulaError) as caught:
        read(text, language)
    return str(caught.value)


@pytest.mark.parametrize(
    "texts",
    [
        ("h1(2)[3]", "h1[2][3]", "h1[3](2)", "h1[2,3]", "h1( 2 )[ 3 ]", "h1(2,3)"),
        ("h1(t)[i]**2", "h1(t)[i]^2", "h1[t][i]²"),
        ("2*h1(1)[1]", "2 · h1(1)[1]", "2×h1(1)[1]"),
        ("h1(t) - b0", "h1(t) − b0"),
        ("W11.T @ d_a1[t+1]", "W11ᵀ @ d_a1(t+1)", "W11.T@d_a1[t+1]"),
        ("d1(2)[1]", "δ1(2)[1]", "D(L, a1(2)[1])", "total(L, a1(2)[1])", "Δ(L, a1(2)[1])"),
        ("d(L, h1(1)[1])", "∂(L, h1(1)[1])", "immediate(L, h1(1)[1])"),
        ("d_W11", "grad(L, W11)", "∇(L, W11)"),
        ("log(h2(t)[1])", "ln(h2(t)[1])"),
        ("sum(s, 1, 3, x(s)[1])", "Σ(s, 1, 3, x(s)[1])", "Sum(s, 1, 3, x(s)[1])"),
        ("-h1(1)[1]", "−h1(1)[1]", "+-h1(1)[1]"),
    ],
    ids=lambda texts: texts[0],
)
def test_one_formula_may_be_typed_in_several_ways(texts):
    assert len({tree(text) for text in texts}) == 1


def test_total_and_immediate_derivative_are_two_things():
    loss, state = Letter("L"), Letter("h1", Number(1), (Number(2),))
    assert tree("D(L, h1(1)[2])") == Derivative(loss, state, "total")
    assert tree("d(L, h1(1)[2])") == Derivative(loss, state, "immediate")


def test_four_signs_in_a_row_are_read_and_five_are_too_many():
    assert read("----h1(1)", LANGUAGE) and read("+-+-h1(1)", LANGUAGE) and read("2*---h1(1)", LANGUAGE)
    for text in ("-----h1(1)", "+++++h1(1)", "2*-----h1(1)"):
        with pytest.raises(FormulaError, match="too many signs in a row"):
            read(text, LANGUAGE)


def test_products_bind_tighter_than_sums_and_powers_tighter_than_signs():
    assert tree("1 - 2*h1(1)[1]**2") == tree("1 - (2*(h1(1)[1]**2))")
    assert tree("-h1(1)[1]**2") == tree("-(h1(1)[1]**2)")
    assert tree("1/2*h1(1)[1]") == tree("(1/2)*h1(1)[1]")
    assert tree("1 - 2 - 3") == tree("(1 - 2) - 3")


def test_the_index_of_a_sum_is_known_inside_it_only():
    assert free_variables(tree("sum(k, 1, 3, W1[k,i]*x(t)[k])")) == {"t", "i"}
    assert "k" in message("sum(k, 1, 3, W1[k,1]) + W1[k,1]")


@pytest.mark.parametrize(
    ("text", "words", "column"),
    [
        ("d1(2)[1] h1(1)[2]", "An operator is missing", 9),
        ("2h1(1)[1]", "An operator is missing", 1),
        ("(h1(1)[1])(h1(2)[1])", "An operator is missing", 10),
        ("W11(2)", "has no time; a product needs *", 3),
        ("hh1(2)[1]", "Did you mean 'h1'?", 0),
        ("dL/dh1(2)", "is written D(L, …), total, or d(L, …)", 0),
        ("W11^T @ h1(1)", "written .T", 4),
        ("h1", "needs a time", 0),
        ("h1(1)[1,2]", "a time and 1 index an entry", 5),
        ("W11[1]", "2 indices an entry", 3),
        ("tanh", "is a function", 0),
        ("same(i)", "does not take 1 argument.", 0),
        ("h1(1)[1] +", "breaks off", 10),
        ("(h1(1)[1]", "not closed", 9),
        ("h1(1)[1])", "closes nothing", 8),
        ("h1(1)[1] = 2", "one side only", 9),
        ("h1(1)[1]**0.7", "whole number", 10),
        ("h1(1)[1]**21", "whole number up to 20", 10),
        ("h1(1)[1]**h1(1)[1]", "must be a whole number", 10),
        ("2**2**2", "A power of a power needs brackets", 4),
        ("D(L, 2)", "takes two letters", 0),
        ("D(L)", "takes two letters", 0),
        ("h1(1)[1] ; 2", "A line holds one formula", 9),
        ("sum(h1, 1, 2, h1(1)[1])", "not a letter", 4),
        ("1234567890123456*h1(1)[1]", "at most 15 characters", 0),
        ("* h1(1)[1]", "was expected before *", 0),
        ("", "nothing to read", None),
        ("h1(1)[1]**(h1(1)[1])", "must be a whole number", 10),
    ],
)
def test_a_slip_gets_a_message_with_a_caret(text, words, column):
    found = message(text)
    assert words in found
    if column is not None:
        lines = found.splitlines()
        caret = next(i for i, line in enumerate(lines) if line.strip() == "^")
        assert lines[caret].index("^") - 4 == column and lines[caret - 1][4:] == text


def test_a_cyrillic_look_alike_is_named():
    assert "CYRILLIC SMALL LETTER A" in message("\u0430" + "1(1)[1]")


def test_a_letter_that_is_not_available_is_told_from_an_unknown_one():
    language = Language(NETWORK, ("t",), allowed=("h1", "d1"))
    assert "not available in this exercise" in message("a2(1)[1]", language)
    assert "Letters: h1, d1." in message("a2(1)[1]", language)
    assert "not a letter of this network" in message("q(1)", language)
    assert tree("d1(2)[1]*h1(1)[1]", language)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10**6,
        "(" * 900 + "1" + ")" * 900,
        "-" * 1900 + "1",
        "1+" * 950 + "1",
        "tanh(" * 300 + "1" + ")" * 300,
        "sum(i,1,2," * 60 + "1" + ")" * 60,
        "9" * 1900,
        "((((2**20)**20)**20)**20)",
        "h1[" * 500,
        "1.T" + ".T" * 600,
    ],
    ids=lambda text: text[:12],
)
def test_long_and_deep_texts_are_refused_or_read_without_harm(text):
    try:
        tree(text)
    except FormulaError as error:
        assert len(str(error)) < 2_500


def test_a_tree_is_no_deeper_than_recursion_allows():
    assert tree("+".join(["x(1)[1]"] * 100))
    assert "Use sum" in message("+".join(["1"] * 300))
    assert "Use sum" in message("(" * 10 + "1" + "+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1)" * 10)


def test_what_is_not_text_is_refused():
    assert "is text, not int" in message(5)


def test_a_name_of_the_network_goes_before_a_word_of_the_language():
    own = Network("d[t] = D * x[t]\nL[t] = mse(d[t], y[t])", sizes=dict(x=1, d=1))
    assert read("d(2)*D", Language(own)) == read("D*d(2)", Language(own)).__class__(
        "*", Letter("d", Number(2)), Letter("D")
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("d1(2)[1]*h1(1)[2]", r"\delta^{1(2)}_{1} \, h^{1(1)}_{2}"),
        ("grad(L, W11)", r"\nabla_{\mathbf{W}^{11}} L"),
        ("D(L, h1(t))", r"\frac{d L}{d \mathbf{h}^{1(t)}}"),
        ("d(h1(t)[1], a1(t)[2])", r"\frac{\partial^{+} h^{1(t)}_{1}}{\partial a^{1(t)}_{2}}"),
        ("W11.T @ d_a1[t+1]", r"\left(\mathbf{W}^{11}\right)^{\top} \, \nabla_{\mathbf{a}^{1(t + 1)}} L"),
        (
            "(1 - h1(t)**2) * d_h1[t]",
            r"\left(1 - \left(\mathbf{h}^{1(t)}\right)^{2}\right) \odot \nabla_{\mathbf{h}^{1(t)}} L",
        ),
        ("x(1)[1]*(2 - 3)", r"x^{(1)}_{1} \, \left(2 - 3\right)"),
        ("x(1)[1] - (2 - 3)", r"x^{(1)}_{1} - \left(2 - 3\right)"),
        ("x(1)[1]/2/3", r"\frac{\frac{x^{(1)}_{1}}{2}}{3}"),
        ("sum(i, 1, 5, h1(t)[i])", r"\sum_{i=1}^{5} h^{1(t)}_{i}"),
    ],
)
def test_a_formula_is_shown_in_the_letters_of_the_course(text, written):
    assert latex(tree(text)) == written


@pytest.mark.parametrize(
    ("name", "written"), [("x2", "x_{2}"), ("h2", "h^{2}"), ("x", "x"), ("x2_b", r"x_{\mathrm{b}}^{2}")]
)
def test_the_number_of_an_input_is_no_layer_and_stands_below(name, written):
    assert latex(Letter(name), Style(numbers=frozenset({name}))) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("D(L, a1_f(3))", r"\boldsymbol{\delta}_{\mathrm{f}}^{1(3)}"),
        ("D(L, a1_f(3)[2])", r"\delta^{1(3)}_{\mathrm{f},2}"),
        ("D(L, a1(3)[2])", r"\delta^{1(3)}_{2}"),
    ],
)
def test_a_delta_keeps_the_label_of_its_pre_activation(text, written):
    gated = Network("a1_f[t] = W_f @ x[t]\na1[t] = W @ x[t]\nL[t] = mse(a1_f[t], a1[t])", sizes=dict(x=3, a1=2, a1_f=2))
    assert latex(tree(text, Language(gated))) == written


def test_a_wide_equation_is_broken_before_the_signs_of_its_right_side():
    wide = read(
        " = ".join(["D(L, h1(t)[1])", " + ".join(f"d2(t)[{k}]*W1[{k},1]" for k in (1, 2, 3) for _ in "ab")]),
        LANGUAGE,
        True,
    )
    whole, broken = latex(wide), latex_lines(wide, widest=16)
    assert broken.startswith(r"\begin{aligned}") and broken.count(r"\\") >= 2
    plain = broken.replace(r"\begin{aligned} ", "").replace(r" \end{aligned}", "")
    assert "".join(plain.replace(r"\\ & \quad", "").replace("&", "").split()) == "".join(whole.split())
    assert latex_lines(wide, widest=500) == whole


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sum(t=1..T, x(t))", "Write  sum(t, 1, T, x(t))"),
        ("sum(t=1, T, x(t))", "Write  sum(t, 1, T, x(t))"),
        ("sum(x(t), t=1..T)", "Write  sum(t, 1, T, x(t))"),
        ("(x(1) = 3)", "A = sign cannot stand inside brackets"),
    ],
)
def test_a_range_written_with_an_equals_sign_is_told_as_it_is_written_here(text, told):
    found = message(text)
    assert told in found and "is missing" not in found


@pytest.mark.parametrize(
    ("text", "rewrite"),
    [
        ("sum(d1(t)[1]*h1(t-1)[2] for t in range(1,4))", "sum(t, 1, 3, d1(t)[1]*h1(t-1)[2])"),
        ("sum([d1(k)[1]*h1(k-1)[2] for k in range(1, T+1)])", "sum(k, 1, T, d1(k)[1]*h1(k-1)[2])"),
        ("np.sum([h1(k)[1] for k in range(T)])", "sum(k, 0, T - 1, h1(k)[1])"),
        ("2*sum((h1(k)[1] for k in range(t, t + 3)))", "2*sum(k, t, t + 2, h1(k)[1])"),
        ("prod(h1(k)[1] for k in range(2, t-1))", "prod(k, 2, t - 2, h1(k)[1])"),
        ("sum(h1(k)[1] for k in steps)", "sum(k, 1, T, h1(k)[1])"),
        ("transpose(h1(1))", "h1(1).T"),
        ("np.transpose(a1(1) + h1(1))", "(a1(1) + h1(1)).T"),
        ("d_a1(2) @ h1(1)^T", "d_a1(2) @ h1(1).T"),
        ("np.dot(W11, h1(1))", "W11 @ h1(1)"),
        ("torch.matmul(W11.T, d_a1(t+1))", "W11.T @ d_a1(t+1)"),
        ("np.multiply(1 - h1(t)**2, d_h1(t))", "(1 - h1(t)**2)*d_h1(t)"),
        ("np.concatenate([h1(t-1), x(t)])", "concat(h1(t-1), x(t))"),
        ("W1.T d_a2(t)", "W1.T @ d_a2(t)"),
        ("d1(2)[1] h1(1)[2]", "d1(2)[1]*h1(1)[2]"),
        ("W11.T @ (1 - h1(t+1)**2) d_h1(t+1)", "W11.T @ ((1 - h1(t+1)**2)*d_h1(t+1))"),
        ("1 - np.transpose(d_a1(2) + h1(1)) @ h1(1)", "1 - (d_a1(2) + h1(1)).T @ h1(1)"),
        ("1 - np.subtract(d_a1(2), h1(1))", "1 - (d_a1(2) - h1(1))"),
        ("h1(1)*np.matmul(W11, h1(1))", "h1(1)*(W11 @ h1(1))"),
        ("2h1(1)", "2*h1(1)"),
        ("d(2)[1]", "d1(2)"),
    ],
)
def test_what_is_written_elsewhere_is_told_as_it_is_written_here(text, rewrite):
    assert message(text).endswith(f"Write  {rewrite}")
    assert tree(rewrite)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("np.outer(d_a1(2), h1(1))", "outer(d_a1(2), h1(1))"),
        ("1 - np.tanh(a1(t))**2", "1 - tanh(a1(t))**2"),
        ("torch.diag(1 - h1(t)**2)·math.exp(2)", "diag(1 - h1(t)**2)*exp(2)"),
        ("np.dot(h1(2), h1(1))", "dot(h1(2), h1(1))"),
        ("W11·h1(1)", "W11 @ h1(1)"),
        ("h1(1)·h1(2)", "h1(1)*h1(2)"),
    ],
)
def test_a_function_of_a_module_and_a_dot_that_mean_the_same_are_read(text, same):
    assert tree(text) == tree(same)


@pytest.mark.parametrize("text", ["np.identity(3)", "np.ones(3)", "np.linalg(2)", "np.tanh"])
def test_a_function_of_a_module_that_means_something_else_is_not_read(text):
    with pytest.raises(FormulaError):
        tree(text)


def test_an_operator_that_no_shape_tells_is_left_to_the_student():
    assert "Write * for a product, @ for one of matrices." in message("h1(1) h2(1)")
    assert "Write * for a product, @ for one of matrices." in message("h1(1) h2(1")


@pytest.mark.parametrize(
    ("name", "letter"), [("w11", "W11"), ("dh1(t)", "d_h1"), ("D_H1(t)", "d_h1"), ("dd1(t)", "d1")]
)
def test_a_letter_in_the_wrong_case_or_with_a_sign_missing_is_named(name, letter):
    assert f"Did you mean {letter!r}?" in message(name)


def test_a_leading_equals_sign_and_a_remark_are_passed_over():
    plain = tree("d1(1)[1] + 2")
    assert read("= d1(1)[1] + 2  # two more = 3", LANGUAGE, relation=True) == plain
    assert tree("d1(1)[1]  # first\n + 2 # second") == plain
    assert "nothing to read" in message("# d1(1)[1]")
    assert "was expected before =" in message("= d1(1)[1] + 2")


def test_a_letter_without_its_number_may_be_one_of_several():
    assert "Did you mean 'h1' or 'h2'?" in message("h(1)")
    assert "Did you mean 'h1'?" in message("h(1)", Language(NETWORK, ("t",), allowed=("h1", "d1")))
