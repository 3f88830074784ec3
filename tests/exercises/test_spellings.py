"""Right answers as programs, pages and other systems spell them are read, or told a whole rewrite that is accepted."""

import re

import pytest

from bptt_lab.exercises.judges.short_reading import Unread, read_number
from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.outcomes import CANNOT_READ, OTHER_FORM
from bptt_lab.exercises.questions import course_questions

COURSE = course_questions()
RAISED = str.maketrans("0123456789+-()Tt", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵀᵗ")


def judged(identity, answer):
    return KINDS[COURSE[identity].kind].check(COURSE[identity], answer)


def rewrite(feedback):
    """Return the rewrite that is told, '' for none."""
    return feedback.cause.partition("Write  ")[2].partition("\n")[0]


def is_read_or_rewritten(identity, answer):
    found = judged(identity, answer)
    return found.is_correct or bool(rewrite(found)) and judged(identity, rewrite(found)).is_correct


@pytest.mark.parametrize(
    ("identity", "answer"),
    [
        ("03.4", "W⁰x⁽ᵀ⁾ + W¹¹h¹⁽ᵀ⁻¹⁾ + b⁰"),
        ("06.2", "(δ²⁽ᵗ⁾W¹ + δ¹⁽ᵗ⁺¹⁾W¹¹)·(1−(h¹⁽ᵗ⁾)²)"),
        ("06.2", "(d²⁽ᵗ⁾W¹ + d¹⁽ᵗ⁺¹⁾W¹¹)(1-h¹⁽ᵗ⁾²)"),
        ("06.2", "{d2(t)*W1 + d1(t+1)*W11}[1-h1(t)**2]"),
        ("08.2", "∑ₜ₌₁ᵀ δ¹⁽ᵗ⁾x⁽ᵗ⁾"),
        ("02.3", "(h³-y)h³(1-h³)W²(1-(h²)²)W¹(1-(h¹)²)x"),
        ("14.5", "(1-h²⁽ᵗ⁾²)⊙(W²ᵀ d_a3⁽ᵗ⁾ + W²²ᵀ d_a2⁽ᵗ⁺¹⁾ + Uᵀ d_a1⁽ᵗ⁺¹⁾)"),
        ("01.3", "(1-tanh²(x))·eˣ·x + u·eˣ·x + u·eˣ"),
        ("04.2", "u*vᵀ⁻ᵗ"),
        ("03.5", "W¹ᵀ(∇_{a²⁽¹⁾}L + ∇_{a²⁽²⁾}L + ∇_{a²⁽³⁾}L)"),
        ("07.4", "sum(t,1,T, np.outer(d_a1(t), h1(t-1)) + np.outer(d_a2(t), h1(t)))"),
        ("02.5", "np.diag(1-h1**2)@(W1.T@d_a2+V.T@d_a3)"),
        ("01.5", "torch.outer(x, d_h) + torch.outer(h, d_y)"),
        ("01.5", "torch.ger(x, d_h) + torch.ger(h, d_y)"),
        ("01.4", "A.T·(v⊙d_h) + B.T·(u⊙d_h)"),
        ("13.3", "diag(1 - h1(2)²) + diag(1 - h1(2)²)·W11·diag(1 - h1(1)²)"),
        ("09.3", "d_a_{1}[2]*h_{0}[4] + d_a_{2}[2]*h_{1}[4] + d_a_{3}[2]*h_{2}[4]"),
    ],
)
def test_what_means_one_thing_is_read(identity, answer):
    assert judged(identity, answer).is_correct


@pytest.mark.parametrize(
    ("identity", "answer"),
    [
        ("03.4", "W₀x(T) + W₁₁h₁(T-1) + b₀"),
        ("08.2", "∑ₜ d¹⁽ᵗ⁾x⁽ᵗ⁾"),
        ("02.3", "(h³ - y)*h³*(1 - h³)*W²*(1 - h²²)*W¹*(1 - h¹²)*x"),
        ("02.3", "(h3-y)*h3*(1-h3) W2 (1-h2**2) W1 (1-h1**2) x"),
        ("02.3", "(h3-y)*h3*(1-h3)*W2*(1-np.square(h2))*W1*(1-h1.pow(2))*x"),
        ("05.5", "np.log(np.sum(np.exp(a2(t)))) - y(t) @ a2(t)"),
        ("05.5", "log(sum(e^(a2(t)))) - y(t) @ a2(t)"),
        ("05.5", "np.log(np.exp(a2(t)).sum()) - (y(t)*a2(t)).sum()"),
        ("05.5", "torch.logsumexp(a2(t)) - y(t) @ a2(t)"),
        ("05.5", "Log[Sum[Exp[a2(t)[k]], {k, 1, 3}]] - Sum[y(t)[k] a2(t)[k], {k, 1, 3}]"),
        ("05.5", "log(sum(exp(a2(t)))) - <y(t), a2(t)>"),
        ("05.5", "log(Σₖ exp(a2(t)[k])) − Σₖ y(t)[k]·a2(t)[k]"),
        ("02.2", "-y Log[h2] - (1-y) Log[1-h2]"),
        ("01.3", "(1 - Tanh[x]^2) Exp[x] x + u v x + u v"),
        ("01.4", "A⊤(v⊙d_h) + B⊤(u⊙d_h)"),
        ("01.4", "A^⊤(v⊙d_h) + B^⊤(u⊙d_h)"),
        ("01.4", "A.t() @ (v*d_h) + B.mT @ (u*d_h)"),
        ("01.4", "torch.mv(A.T, v*d_h) + torch.mm(B.T, torch.mul(u, d_h))"),
        ("01.4", "A.T.matmul(v*d_h) + B.T.mv(u*d_h)"),
        ("01.4", "np.dot(A.T, v*d_h) + np.dot(B.T, u*d_h)"),
        ("01.4", "A.T @ np.multiply(v, d_h) + B.T @ np.multiply(u, d_h)"),
        ("01.5", "x @ np.transpose(d_h) + h @ np.transpose(d_y)"),
        ("01.5", "x[:,None] * d_h[None,:] + h[:,None] * d_y[None,:]"),
        ("01.5", "outer_product(x, d_h) + outer_product(h, d_y)"),
        ("01.5", r"x \otimes d_h + h \otimes d_y"),
        ("03.5", "np.transpose(W1) @ (d_a2(1)+d_a2(2)+d_a2(3))"),
        ("03.5", "np.sum([W1.T @ d_a2(t) for t in range(1, 4)])"),
        ("06.2", "(d2_t*W1 + d1_t+1*W11)*(1-h1_t**2)"),
        ("06.2", "(1-h1(t)**2) * (W1 * d2(t) + W11 * d1(t+1));"),
        ("06.4", "W1.T @ d_a2(t) + W11.T (1 - h1(t+1)**2) d_h1(t+1)"),
        ("06.4", "W1.T @ d_a2(t) + W11.T @ (1 - h1(t+1)**2) d_h1(t+1)"),
        ("08.2", "Sum[d1[t] x[t], {t, 1, T}]"),
        ("08.2", "sympy.Sum(d1(t)*x(t), (t, 1, T))"),
        ("08.2", "sum(d1(t)*x(t), t=1..T)"),
        ("08.2", "sum(t=1, T, d1(t)*x(t))"),
        ("08.2", "np.dot(d1, x)"),
        ("08.2", "d1 @ x"),
        ("08.2", "(d1*x).sum()"),
        ("08.2", "Σ d1(t)·x(t)"),
        ("08.2", "sum d1(t)*x(t)"),
        ("13.3", "Diag(1-h1(2)²) + Diag(1-h1(2)²) W11 Diag(1-h1(1)²)"),
        ("14.5", "(1-h2(t)**2).*(W2.'*d_a3(t) + W22.'*d_a2(t+1) + U.'*d_a1(t+1))"),
        (
            "14.5",
            "torch.diag(1-h2(t)**2)@(torch.t(W2) @ d_a3(t) + torch.t(W22) @ d_a2(t+1) + torch.t(U) @ d_a1(t+1))",
        ),
        ("16.2", "f(t+1) d_c(t+1) + o(t) (1 - tanh(c(t))) (1 + tanh(c(t))) d_h1(t) + p d_a1_o(t)"),
    ],
)
def test_what_is_spelled_elsewhere_is_told_the_whole_line(identity, answer):
    told = judged(identity, answer)
    assert not told.is_correct and judged(identity, rewrite(told)).is_correct, told


def raised(form):
    """Return a form with the numbers and times of its letters as small raised characters."""
    name = re.compile(r"\b([A-Za-z]+)(\d+)(\([tT0-9+\- ]+\))?(?![\w\[])")
    small = name.sub(lambda one: one[1] + (one[2] + (one[3] or "")).replace(" ", "").translate(RAISED), form)
    return small.replace("**2", "²").replace(".T", "ᵀ")


HABITS = {
    "modules": lambda form: re.sub(r"\b(tanh|exp|log|sum|diag|outer|dot|concat)\(", r"np.\1(", form),
    "spaces": lambda form: re.sub(r"\s*(?<!\*)[*@](?!\*)\s*", " ", form),
    "dots": lambda form: re.sub(r"\s*(?<!\*)[*@](?!\*)\s*", "·", form),
    "carets": lambda form: form.replace("**", "^").replace(".T", "^T"),
    "methods": lambda form: form.replace(".T", ".t()"),
    "calls": lambda form: re.sub(r"(\b\w+(?:\([^()]*\))?)\.T", r"np.transpose(\1)", form),
    "raised": raised,
    "capitals": lambda form: re.sub(r"\b(tanh|exp|log|sum|diag|outer|dot)\(", lambda one: f"{one[1].title()}(", form),
    "squares": lambda form: re.sub(r"(\b\w+(?:\([^()]*\))?)\*\*2", r"np.square(\1)", form),
}


@pytest.mark.parametrize("habit", HABITS)
def test_a_rewrite_that_is_offered_for_a_right_answer_is_accepted(habit):
    tried = [
        (question.id, HABITS[habit](question.answer))
        for question in COURSE.values()
        if question.kind in ("line", "matrix") and HABITS[habit](question.answer) != question.answer
    ]
    assert tried and not [one for one in tried if not is_read_or_rewritten(*one)]


@pytest.mark.parametrize(
    ("identity", "answer"),
    [
        ("05.5", "log(sum(exp(a2(t)))) + y(t) @ a2(t)"),  # wrong by its sign too
        ("05.5", "log(sum(exp(a2(t)))) - y(t) @ a2(t) @ y(t)"),
        ("01.4", "np.dot(A, v*d_h) + np.dot(B.T, u*d_h)"),  # no product of these shapes
        ("06.2", "d2_t+1"),  # a later step, or 1 more
        ("08.2", "Σ d1(t) + x(t)"),  # which terms it covers
        ("08.2", "np.identity(d1(1))"),
        ("09.3", "d_a @ h"),  # columns at each step
        ("01.4", "A.T*np.multiply(v, d_h) + B.T*(u*d_h)"),  # a star for @ is a slip, but in MATLAB
        ("01.4", "A.'*(v.*d_h) + w.'*(u.*d_h)"),
    ],
)
def test_no_line_is_offered_that_would_be_refused_or_mean_another_thing(identity, answer):
    new = rewrite(judged(identity, answer))
    assert "…" in new or "  or  " in new or not new or judged(identity, new).outcome != CANNOT_READ
    assert new not in ("d2(t)+1", "sum(t, 1, T, d1(t)) + x(t)")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("C(5,2)", 10),
        ("binom(5, 2)", 10),
        ("math.comb(5,2)", 10),
        ("scipy.special.comb(5, 3)", 10),
        (r"$\binom{5}{2}$", 10),
        (r"{5 \choose 2}", 10),
        ("6 choose 2", 15),
        ("C(4+2-1, 2)", 10),
        ("5!/(3!*2!)", 10),
        (r"\frac{5!}{3!\,2!}", 10),
        ("factorial(5)/(factorial(3)*factorial(2))", 10),
        ("20!/(18!*2!)", 190),
        ("2*C(3, 1) + 0!", 7),
        ("2⁵ - ½", 31.5),
        (r"\frac12 + 2^{3}", 8.5),
    ],
)
def test_binomials_factorials_and_fractions_are_read_as_numbers(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize("text", ["5!!", "C(500,2)", "C(2,5", "n!", "101!", "C(1,2)", "2!=2", "2½", "(-1)!", "9" * 45])
def test_what_is_no_count_of_whole_numbers_is_not_read(text):
    with pytest.raises(Unread):
        read_number(text)


def test_a_letter_without_a_time_is_told_of_no_time_in_the_task():
    shown = {
        name: "times stand as in" in KINDS["line"].show(COURSE[name])[-1] for name in ("11.2", "02.3", "06.2", "08.3")
    }
    assert shown == {"11.2": False, "02.3": False, "06.2": True, "08.3": True}


def test_where_no_letters_are_listed_a_derivative_is_not_said_to_be_unavailable():
    found = judged("08.3", "sum(t, 1, T, D(L(t), a1(t))*D(a1(t), W0))")
    assert found.outcome == OTHER_FORM and "It still holds D(a1(t), W0), a total derivative" in found.cause
    assert "not available" in judged("11.3", "(1 - h1(t)**2)*W11*D(L(t+1), a1(t+1))").cause
