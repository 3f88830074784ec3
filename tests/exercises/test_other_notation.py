"""Right answers in other notation: each is told its exact rewrite, and that rewrite is accepted."""

import random

import pytest

from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.outcomes import CANNOT_READ
from bptt_lab.exercises.questions import course_questions
from bptt_lab.formulas import FormulaError, read
from bptt_lab.formulas.rewriting.operations import slope_of

COURSE = course_questions()


def cause(id, text):
    question = COURSE[id]
    return KINDS[question.kind].check(question, text).cause


def rewrite(id, text):
    """Return what a formula is to be written as."""
    with pytest.raises(FormulaError) as caught:
        read(text, COURSE[id].language, relation=True)
    assert caught.value.mend.startswith("Write  "), str(caught.value)
    return caught.value.mend.removeprefix("Write  ")


@pytest.mark.parametrize(
    ("id", "text"),
    [
        ("01.3", "(1-u²)vx + uvx + uv"),
        ("01.3", "(1-tanh(x)^2) e^x x + u e^x x + u e^(x)"),
        ("01.3", "tanh'(x)*v*x + u*v*x + u*v"),
        ("01.4", "A.T.dot(v*d_h) + B.T.dot(u*d_h)"),
        ("01.4", "A'(v*d_h) + B'(u*d_h)"),
        ("01.4", "A' @ (v*d_h) + B' @ (u*d_h)"),
        ("01.4", "A.T @ hadamard(v, d_h) + B.T @ hadamard(u, d_h)"),
        ("01.5", "x⊗d_h + h⊗d_y"),
        ("01.5", "x d_h^T + h d_y^T"),
        ("02.2", "-log(h2**y * (1-h2)**(1-y))"),
        ("02.2", "-y*ln h2 - (1-y)*ln(1-h2)"),
        ("02.3", "(h^3-y) h^3 (1-h^3) W^2 (1-(h^2)^2) W^1 (1-(h^1)^2) x"),
        ("03.4", "W0*x_T + W11*h1_{T-1} + b0"),
        ("04.3", "w_y*sum_{t=1}^{4} d_s(t) v^t"),
        ("04.3", "w_y*sum_t d_s(t) v^t"),
        ("04.4", "d_s_T*w_y*sum_{j=0}^{T-1} v^j"),
        ("05.2", "sum_{t=1}^3 (h2(t)-y(t))*tanh'(a2(t))*h1(t)"),
        ("05.5", "log(sum_k exp(a2(t)[k])) - sum_k y(t)[k]*a2(t)[k]"),
        ("05.5", "log(sum_k e^(a2(t)[k])) - sum_{k} y(t)_k*a2(t)_k"),
        ("06.2", "(d2(t)*W1 + d1_{t+1}*W11)*(1-h1(t)**2)"),
        ("06.2", "(d2(t) W1 + d1_{t+1} W11) (1-h1(t)**2)"),
        ("06.2", "[d2(t)*W1 + d1(t+1)*W11]*[1-h1(t)**2]"),
        ("06.2", "(1-h1(t)^2)[W1 d2(t) + W11 d1(t+1)]"),
        ("06.2", "(d2(t)*W1 + d1(t+1)*W11)*h1'"),
        ("06.2", "(d2(t)*W1 + d1(t+1)*W11)*h1'(t)"),
        ("06.2", "(d2(t)*W1 + d1(t+1)*W11)*h1(t)'"),
        ("06.2", r"(1-h^1(t)^2)(\delta^2(t) W^1+\delta^1(t+1) W^{11})"),
        ("06.2", "(d2(tau)*W1 + d1(tau+1)*W11)*(1-h1(τ)**2)"),
        ("08.2", "sum_{t} d1_t x_t"),
        ("09.3", "d_a_2(1)*h_4(0)+d_a_2(2)*h_4(1)+d_a_2(3)*h_4(2)"),
        ("09.3", "delta(1)[2]*h(0)[4] + delta(2)[2]*h(1)[4] + delta(3)[2]*h(2)[4]"),
        ("09.4", "(1-h(tau)**2)*(V.T@d_o(tau)+W.T@d_a(tau+1))"),
        ("07.2", "d_1(1) h_1(0) + d_1(2) h_1(1) + d_1(3) h_1(2)"),
        ("07.2", r"\delta_1(1) h_1(0) + \delta_1(2) h_1(1) + \delta_1(3) h_1(2)"),
        ("07.2", "δ_1(1) h_1(0) + δ_1(2) h_1(1) + δ_1(3) h_1(2)"),
        ("07.2", "Σ_{t=1}^{3} d1(t) h1(t-1)"),
        ("07.4", "sum(t,1,T, d_a1(t) @ h1(t-1).transpose() + d_a2(t) @ h1(t).transpose())"),
        ("07.4", "sum(t,1,T, d_a1(t) @ np.transpose(h1(t-1)) + d_a2(t) @ np.transpose(h1(t)))"),
        ("16.2", "d_h_1(t)*o(t)*(1 - tanh(c(t))**2) + d_a1_o(t)*p + d_c(t+1)*f(t+1)"),
        ("16.2", "d_h1(t)*o(t)*(1-tanh^2(c(t))) + d_a1_o(t)*p + d_c(t+1)*f(t+1)"),
        ("16.4", "sum(t=1..T, (d_c(t)*c(t-1)*f(t)*(1-f(t)))@h1(t-1).T)"),
        ("16.4", "sum(d_c(t)*c(t-1)*f(t)*(1-f(t))@h1(t-1).T for t in range(1,T+1))"),
        ("12.2", "d(h1(2)[1],a1(2)[1])*sum(k, W11[k,1]*d_a1(3)[k])"),
        ("17.4", "W1.T@d_a2(t) + Wr.T@d_a_r(t+1) + Wz.T@d_a_z(t+1) + Wn.T@(r(t+1)*d_a_n(t+1)) + z(t+1)*d_h1(t+1)"),
        ("12.3", "W11.T@diag(1-h1(3)**2)@W11.T@diag(1-h1(4)**2)@W1.T@d_a2(4)"),
        ("17.2", "d_h1(t) (n(t)-h1(t-1)) z(t) (1-z(t))"),
        ("08.2", "np.sum(d1*x)"),
        ("08.2", "sum(x*d1)"),
        ("08.2", "sum(d1(t)*x(t), t, 1, T)"),
        ("08.2", "sum(d1(t)*x(t), (t, 1, T))"),
        ("08.3", r"sum(t,1,T, D(L,a1(t))*\partial^+ a1(t) / \partial W0)"),
        ("08.3", r"\sum_{t=1}^{T} \frac{dL}{d a1(t)} \partial^{+} a1(t) / \partial W0"),
        ("08.3", "sum(t,1,T, D(L,a1(t))*∂⁺a1(t)/∂W0)"),
        ("13.3", "(np.eye(M) - diag(h1(2)**2)) + (eye(M) - diag(h1(2)**2)) @ W11 @ (I - diag(h1(1)**2))"),
        ("13.3", "(I - diag(h1(2)**2)) + (I - diag(h1(2)**2)) @ W11 @ (I - diag(h1(1)**2))"),
    ],
)
def test_a_right_answer_in_other_notation_is_told_the_whole_rewrite(id, text):
    question = COURSE[id]
    new = rewrite(id, text)
    assert f"Write  {new}" in cause(id, text)
    if not text.startswith("(I"):  # refused at its first piece, which is rewritten
        assert KINDS[question.kind].check(question, new).is_correct, new


@pytest.mark.parametrize(
    ("id", "text", "new"),
    [
        ("02.4", "dL/dh2 * dh2/da2", "D(L, h2) * d(h2, a2)"),
        ("07.3", "W1*dh1(3)/dW11", "W1*D(h1(3), W11)"),
        ("07.3", "dL/da2(3)*da2(3)/dh1(3)", "D(L, a2(3))*D(a2(3), h1(3))"),
        ("05.4", "same(k,i)*delta(k,i)", None),
        ("05.4", "sum(k,1,3,D(L,h2(t)[k])*h2(t)[k]*(delta(k,i)-h2(t)[i]))",
         "sum(k,1,3,D(L,h2(t)[k])*h2(t)[k]*(same(k, i)-h2(t)[i]))"),
        ("09.2", "p_2(3)-y_2(3)", "p(3)[2]-y(3)[2]"),
        ("09.2", "p(3)_2 - y(3)_2", "p(3)[2] - y(3)[2]"),
        ("09.2", r"p^{(3)}_2 \sum_k y^{(3)}_k", r"p^{(3)}_2 \sum_{k=1}^{3} y^{(3)}_k"),
        ("04.5", "d_s(4)*w_y*(x4+v*x3+v**2*x2+v**3*x1)", "d_s(4)*w_y*(x(4)+v*x(3)+v**2*x(2)+v**3*x(1))"),
        ("01.4", "B @ A.T.dot(v)", "B @ (A.T @ v)"),
        ("01.3", "1/uv", "1/(u*v)"),
        ("09.2", "softmax'(o(3))", "d(p(3), o(3))"),
        ("16.3", "sigmoid'(a1_f(3))", "(f(3)*(1 - f(3)))"),
    ],
)  # fmt: skip
def test_a_piece_in_other_notation_is_rewritten_as_it_means(id, text, new):
    if new is not None:
        assert rewrite(id, text) == new
        assert read(new, COURSE[id].language)


@pytest.mark.parametrize(
    ("id", "text"),
    [
        ("08.2", "dL/dW0 = d1(1)*x(1) + d1(2)*x(2) + d1(3)*x(3) + d1(4)*x(4)"),
        ("03.3", "∂L/∂x(1) = W0*(d1(1)+d1(2)+d1(3))"),
        ("03.3", "dL/dx(1) = W0*(d1(1)+d1(2)+d1(3))"),
        ("01.3", "df / dx = v*x*(1 - u**2) + u*x*v + u*v"),
        ("02.4", "dL/da2 = D(L, h2)*d(h2, a2) = D(L, h2)*h2*(1-h2)\n= h2 - y"),
    ],
)
def test_a_derivative_as_a_fraction_on_the_left_side_is_dropped(id, text):
    assert KINDS[COURSE[id].kind].check(COURSE[id], text).is_correct


@pytest.mark.parametrize(
    ("id", "text", "not_told"),
    [
        ("08.2", "dL/dW1 = d1(1)*x(1) + d1(2)*x(2) + d1(3)*x(3) + d1(4)*x(4)", "Write  "),  # another left side
        ("02.2", "-y*ln h2*y", "log(h2)"),  # the logarithm may cover the product
        ("04.3", "sum_t d_s(t) + v**t", "sum(t"),  # which terms it covers
        ("05.2", "h1_2(t)", "[2]"),  # h1 has one entry
        ("06.4", "h1_2", "Write  h1(2)"),  # a time or an entry
        ("07.2", "h1(tau)", "h1(t)"),  # the question is about no general t
        ("13.3", "I - diag(h1(2)**2) @ W11", "diag(1"),  # the product comes first
        ("09.3", "W11", "'W1'"),
        ("14.4", "d(a1(t), W11)", "'W1'"),
        ("09.3", "delta(1)", "d1"),
        ("01.4", "(u*v)'*d_h @ w", "v*d_h"),
        ("06.2", "h1(t)^T", ".T"),  # numbers have no transpose
        ("01.3", "uvw", "*"),
        ("02.3", "h^7", "h7"),
        ("09.3", "h(0)[4]+", "(0)*"),  # an entry
        ("13.3", "h1(2)'", "(1 - h1"),  # the row of it, where there are columns
        ("07.2", "np.sum(d1*h1)", "sum(t"),  # h1 has a state before step 1: which steps are meant
        ("08.2", "np.sum(d1[1:]*x[1:])", "sum(t"),
        ("09.3", "np.sum(d_a*h)", "sum(t"),  # columns: the sum may go over entries
        ("08.2", "sum(x, t, 1, T)", "sum(t, 1, T, x)"),
        ("08.2", "sum(t, 1, T, d1(t), x(t))", "x(t), t"),
        ("05.5", r"-\sum_k y_k a_k + \ln \sum_k e^{a_k}", "t=1"),
        ("08.3", r"\partial a1(t) / \partial W0", "Write  d("),  # total or immediate
        ("17.4", "Wx.T @ d_a1_n(t)", "Write  W"),  # no label of a gate
    ],
)
def test_what_means_something_else_or_two_things_is_not_rewritten(id, text, not_told):
    told = cause(id, text)
    assert not_told not in told.replace(text, "")


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("W1[d2(t)*(1-h1(t)**2)] + W11*d1(t+1)*(1-h1(t)**2)", "W1*(d2(t)*(1-h1(t)**2)) + W11*d1(t+1)*(1-h1(t)**2)"),
        ("(1-h1(t)**2)[d2(t)*W1 + d1(t+1)*W11]", "(1-h1(t)**2)*(d2(t)*W1 + d1(t+1)*W11)"),
    ],
)
def test_a_factor_in_square_brackets_which_reads_as_an_entry_is_told_as_a_factor(text, new):
    assert f"Write  {new}" in cause("06.2", text)
    assert KINDS[COURSE["06.2"].kind].check(COURSE["06.2"], new).is_correct


PIECES = [
    "dL/dW0",
    "h1_{T-1}",
    "x_t",
    "e^x",
    "sum_k ",
    "sum_{t=1}^{4}",
    "A'",
    "⊗",
    ".dot(",
    "delta(",
    "tau",
    "^T",
    "ln ",
]
PIECES += [
    "I - diag(",
    "hadamard(",
    "tanh'(",
    "h^3",
    "(",
    ")",
    "[",
    "]",
    "_",
    "{",
    "}",
    "*",
    "+",
    "d1(t)",
    "²",
    ",",
    "=",
]


def test_any_pieces_are_read_or_refused_with_words():
    rng, offered = random.Random(3), 0
    for _ in range(1500):
        language = COURSE[rng.choice(["01.3", "01.4", "03.4", "05.5", "06.2", "09.3"])].language
        text = "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 8)))
        try:
            read(text, language, relation=True)
        except FormulaError as error:
            offered += error.mend.startswith("Write  ")
    assert offered > 20


def test_long_texts_are_refused_at_once():
    for text in ("h1_{" * 100, "A'" * 240, "e^" * 240, "sum_k " * 80, "(" * 240 + "x" + ")^T" * 80, "a.dot(" * 80):
        with pytest.raises(FormulaError):
            read(text, COURSE["06.2"].language)


def test_a_refusal_of_other_kinds_of_text_stays_as_it_was():
    assert KINDS["line"].check(COURSE["08.2"], "q(1)").outcome == CANNOT_READ
    assert "Write  " not in cause("08.2", "q(1)*d1(1)")


@pytest.mark.parametrize(
    ("id", "text", "told"),
    [
        (
            "14.5",
            "(1-h2(t)**2)*(W2.T@d3(t) + W22.T@d2(t+1) + U.T@d1(t+1))",
            "Its column, the gradient, is  d_a3(t), or  d3(t).T",
        ),
        ("14.5", "(1-h2(t)**2)*(W2.T@D(L, a3(t)) + W22.T@d_a2(t+1) + U.T@d_a1(t+1))", "is  d_a3(t), or  "),
        ("06.4", "W1.T @ d2(t) + W11.T @ ((1 - h1(t+1)**2) * d_h1(t+1))", "is  d_a2(t), or  d2(t).T"),
    ],
)
def test_a_row_where_its_column_is_meant_is_told_so(id, text, told):
    assert told in cause(id, text) and "is a row" in cause(id, text)


@pytest.mark.parametrize(
    ("id", "text"),
    [("14.5", "W2 @ d_a3(t) + W22.T @ d_a2(t+1)"), ("14.5", "W22 @ W2 @ d3(t)"), ("06.4", "W1 @ W11 @ d_a2(t)")],
)
def test_shapes_that_columns_do_not_mend_are_not_told_of_rows(id, text):
    assert "Its column" not in cause(id, text)


DOTS = "dot(W1.T, d_a2(t)) + dot(W11_r.T, d_a1_r(t+1)) + np.dot(W11_z.T, d_a1_z(t+1)) + W11_n.T.dot(r(t+1)*d_a1_n(t+1))"


@pytest.mark.parametrize(
    ("id", "text"),
    [("07.2", "sum(d1(t)*h1(t-1))"), ("07.2", "np.sum(d1(t)*h1(t-1))"), ("17.4", DOTS + " + z(t+1)*d_h1(t+1)")],
)
def test_what_reads_but_has_no_value_is_told_the_rewrite_too(id, text):
    told = cause(id, text)
    assert "Write  " in told
    question = COURSE[id]
    written = told[told.index("Write  ") + len("Write  ") :].splitlines()[0]
    assert KINDS[question.kind].check(question, written).is_correct


def test_a_label_may_stand_beside_the_number_of_a_layer_in_latex():
    right = (
        r"W^{1\top} \nabla_{a^{2(t)}} L + W_r^{11\top} \nabla_{a_r^{1(t+1)}} L + W_z^{11\top} \nabla_{a_z^{1(t+1)}} L"
        r" + W_n^{11\top}(r^{(t+1)} \odot \nabla_{a_n^{1(t+1)}} L) + z^{(t+1)} \odot \nabla_{h^{1(t+1)}} L"
    )
    question = COURSE["17.4"]
    assert KINDS[question.kind].check(question, right).is_correct
    assert not KINDS[question.kind].check(question, right.replace("W_r", "W_z")).is_correct


@pytest.mark.parametrize(
    ("id", "text"),
    [
        ("07.4", "sum(t, 1, T, d_a1(t) * h1(t-1).T + d_a2(t) * h1(t).T)"),
        ("16.4", "sum(t, 1, T, d_c(t)*c(t-1)*f(t)*(1-f(t)) * h1(t-1).T)"),
    ],
)
def test_an_outer_product_with_a_star_is_told_the_whole_rewrite(id, text):
    told, question = cause(id, text), COURSE[id]
    assert "goes entry by entry" in told
    written = told[told.index("Write  ") + len("Write  ") :].splitlines()[0]
    assert KINDS[question.kind].check(question, written).is_correct


@pytest.mark.parametrize("text", ["sum(t, 1, T, d_a1(t) * h1(t).T)", "sum(t, 1, T, d_a1(t) * W11)"])
def test_a_wrong_outer_product_is_told_no_rewrite(text):
    assert "Write  " not in cause("07.4", text)


def test_a_bracket_of_a_sum_that_closes_too_early_is_told_where_it_is_needed():
    told = cause("16.4", "sum(t,1,T,d_c(t)*c(t-1)*f(t)*(1-f(t)))@h1(t-1).T")
    assert "ends before this factor" in told and "sum(t, 1, T, … @ …)" in told
    assert told.splitlines()[2].index("^") == told.splitlines()[1].index("h1(t-1).T")


@pytest.mark.parametrize(
    ("function", "argument", "value", "slope"),
    [
        ("tanh", "a(t)", "h(t)", "1 - h(t)**2"),
        ("sigmoid", "a + b", "sigmoid(a + b)", "sigmoid(a + b)*(1 - sigmoid(a + b))"),
        ("softplus", "a + b", "h", "sigmoid(a + b)"),
        ("log", "a + b", "h", "1/(a + b)"),
        ("sqrt", "a(t)", "h(t)", "1/(2*h(t))"),
        ("relu", "a(t)", "h(t)", ""),
        ("softmax", "a(t)", "h(t)", ""),
    ],
)
def test_a_slope_is_written_by_the_row_of_the_function(function, argument, value, slope):
    assert slope_of(function, argument, value) == slope


@pytest.mark.parametrize(
    ("id", "text"),
    [
        ("04.2", "u*v^{(T-t)}"),
        ("04.2", "u v^{(T - t)}"),
        ("13.2", r"\sum_{t=1}^T d1(t) (g(t) + W11 (1-g(t)^2) s(t))"),
        ("13.2", r"\sum_{t=1}^T (g(t) + W11 (1-g(t)^2) s(t)) d_a1(t)"),
        ("08.3", r"\sum_{t=1}^{T} \frac{dL}{d a1(t)} \frac{\partial^+ a1(t)}{\partial W0}"),
    ],
)
def test_latex_mixed_with_plain_letters_is_read(id, text):
    assert KINDS[COURSE[id].kind].check(COURSE[id], text).is_correct


@pytest.mark.parametrize("power", ["(2)", "(t)", "(t-1)"])
def test_a_bracket_above_a_letter_without_a_time_may_be_a_layer_or_a_time(power):
    told = cause("04.2", f"u v^{{{power}}}")
    assert "v has no time." in told and f"v^{{{power[1:-1]}}}" in told


def test_one_number_in_a_second_round_bracket_is_no_factor():
    assert "a time and 1 index an entry" in cause("05.5", r"a2(t)(2) \cdot 1")


def test_a_sum_in_latex_without_its_ends_is_told_its_own_index():
    told = cause("05.5", r"-\sum_k y_k a_k + \ln \sum_k e^{a_k}")
    assert r"Write  \sum_{k=1}^{3}" in told
    assert r"\prod_{j=1}^{…}" in cause("04.2", r"u \prod_j v")


@pytest.mark.parametrize(
    ("id", "text", "told"),
    [
        ("03.4", "W0*x(t)+W11*h1(t-1)+b0", "The question is about step T, a1(T)"),
        (
            "03.3",
            "dL/dx = W0*(d1(1)+d1(2)+d1(3))",
            "the left side, which may be left out. As a question it is  D(L, x(1))",
        ),
        ("13.3", "diag(1-h1(2)**2) @ (1 + W11 @ diag(1-h1(1)**2))", "1 beside a matrix"),
        ("13.3", "(1 - diag(h1(2)**2)) @ (1 + W11 @ (1 - diag(h1(1)**2)))", "1 beside a matrix"),
        ("15.2", "tanh(x(1) @ W0_b.T + h1_b(2) @ W11_b.T + b0_b)", "Write  W0_b @ x(1)  for  x(1) @ W0_b.T"),
        ("15.2", "tanh(W0_f @ x(1) + W11_f @ h1_f(0) + b0_f)", "W0_f is not available in this exercise. Letters: W0_b"),
        ("04.1", "v**5", "exponent alone"),
        ("04.1", "v^4", "exponent alone"),
    ],
)
def test_a_habit_that_is_no_rewrite_is_told_in_words(id, text, told):
    assert told in cause(id, text)


@pytest.mark.parametrize(
    ("id", "text", "not_told"),
    [
        ("09.3", "d_a(t)[2]*h(0)[4]", "step T"),
        ("03.3", "dL/dx = W0*(d1(1)+", "left side"),  # the right side has its own trouble
        ("03.3", "W0*x", "left side"),
        ("13.3", "diag(1-h1(2)**2) @ (1 + W11 @ diag(1-h1(2)**2))", "unit matrix"),  # another slip
        ("13.3", "1 + diag(1 - h1(2)**2) @ W11 @ diag(1 - h1(1)**2)", "unit matrix"),
        ("15.2", "tanh(x(2) @ W0_b.T + h1_b(2) @ W11_b.T + b0_b)", "Vectors are columns"),
        ("15.2", "tanh(x(1) @ W0_b + h1_b(2) @ W11_b + b0_b)", "Vectors are columns"),
        ("15.2", "W0_b @ x(1) @ x(1).T", "not available"),
        ("04.1", "five", "exponent"),
        ("04.1", "2**x", "exponent"),
    ],
)
def test_what_is_something_else_is_not_told_of_that_habit(id, text, not_told):
    assert not_told not in cause(id, text)
