r"""LaTeX as answer: reading is the inverse of printing; what does not map is named; random LaTeX does no harm."""

import random
import re

import pytest

from bptt_lab import course, ex
from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT
from bptt_lab.exercises.questions import course_questions
from bptt_lab.exercises.scenes import side
from bptt_lab.formulas import FormulaError, Language, latex, read
from bptt_lab.formulas.printing import style_of
from bptt_lab.symbolic import decide, derive

QUESTIONS = [one for one in course_questions().values() if one.goal and one.answer and one.kind != "function"]


def forms(question):
    """Return every form of a question, as read."""
    return [question.tree(form) for form in (question.goal, question.answer, *question.same)]


def printed(question):
    """Return (tree, LaTeX) of every form of a question, in the style of the course's networks."""
    return [(tree, latex(tree, style_of(question.graph.network))) for tree in forms(question)]


def verdict(question, one, other):
    """Return whether two trees have one value."""
    return decide(side(one, question.spans), side(other, question.spans), question.graph).outcome


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.id)
def test_what_is_printed_is_read_back_with_the_same_value(question):
    for tree, text in printed(question):
        back = read(text, question.language)
        assert back == tree or verdict(question, back, tree) == "same", text


def test_most_of_what_is_printed_is_read_back_as_the_same_tree():
    pairs = [(tree, read(text, one.language)) for one in QUESTIONS for tree, text in printed(one)]
    assert sum(one == other for one, other in pairs) > 0.8 * len(pairs) > 100


def test_a_printed_formula_with_one_sign_changed_has_another_value():
    question = course_questions()["06.4"]
    (tree, text), *_ = [pair for pair in printed(question) if " + " in pair[1]]
    assert verdict(question, read(text.replace(" + ", " - "), question.language), tree) == "different"


@pytest.mark.parametrize("target", ["h1", "a1", "W11"])
@pytest.mark.parametrize("has_entries", [False, True])
def test_every_line_of_a_derivation_by_sympy_is_read_back_with_the_same_value(has_entries, target):
    entries = course.network("one hidden layer", x=3, h1=2, h2=4)
    net = entries if has_entries else course_questions()["07.3"].graph.network
    graph, language = net.unroll(3), Language(net)
    step, entry = 2 if net.is_timed(target) else None, (2, 1)[: len(net.shapes[target])]
    for line in derive(graph, target, step, entry if has_entries else None).lines:
        tree = read(line.form.latex(), language)
        assert decide(line.form.values, side(tree, {}), graph).outcome == "same", line.form.latex()


@pytest.mark.parametrize(
    ("id", "text"),
    [
        ("07.2", r"\delta^{1(1)} h^{1(0)} + \delta^{1(2)} h^{1(1)} + \delta^{1(3)} h^{1(2)}"),
        ("07.2", r"$$= \sum_{t=1}^{T} \delta^{1(t)} \cdot h^{1(t-1)}$$"),
        ("07.2", r"\[ \sum_{t=1}^{3} d1(t) \, h1(t-1) \]  # as we had it"),
        ("07.2", r"\frac{2}{4}\left(2\sum_{t = 1}^{T} \boldsymbol{\delta}^{1(t)} \times h^{1(t - 1)}\right)"),
        ("01.2", r"\frac{108}{2}"),
        ("01.2", r"6 \cdot 9"),
    ],
)
def test_a_right_answer_in_latex_is_correct(id, text):
    assert ex(id).check(text).outcome == CORRECT


@pytest.mark.parametrize(
    ("id", "text", "plain"),
    [
        ("04.5", "d_s(4)*w_y*D(a^{(4)},u)", "d_s(4)*w_y*D(a(4), u)"),
        ("04.4", r"d_s^{(T)} w_y \sum_{j=0}^{T-1} v^j", "d_s(T)*w_y*sum(j, 0, T-1, v**(j))"),
        ("04.3", "d_s^{(t+1)}*d_s(2)^{2}", "d_s(t+1)*d_s(2)**2"),
        ("07.3", "W^1 D(h^{1(3)}, W^{11})", "W1*D(h1(3), W11)"),
        ("07.3", "W^1 * d (h^{1(3)}, a1^{(3)})", "W1*d(h1(3), a1(3))"),
        (
            "05.4",
            r"\sum_{k=1}^{3} D(L, h2(t)[k])*d(h2(t)[k], a2(t)[i])",
            "sum(k, 1, 3, D(L, h2(t)[k])*d(h2(t)[k], a2(t)[i]))",
        ),
        ("09.4", "grad(L, h^{(t)})", "grad(L, h(t))"),
    ],
)
def test_latex_and_the_language_stand_side_by_side(id, text, plain):
    language = course_questions()[id].language
    assert read(text, language) == read(plain, language)


def test_a_bracket_that_is_missing_in_a_derivative_is_still_told():
    with pytest.raises(FormulaError, match="is missing: a bracket opened before"):
        read("w_y*D(a^{(4)}, u", course_questions()["04.5"].language)


def test_a_derivation_in_latex_follows_line_by_line():
    question = course_questions()["07.3"]
    line = latex(question.tree(question.answer), style_of(question.graph.network))
    goal = latex(question.goal_tree, style_of(question.graph.network))
    told = KINDS[question.kind].check(question, rf"{goal} &= {line} \; ; chain rule = sum" + "\n= " + line)
    assert told.outcome != CANNOT_READ and "does not follow" not in told.cause


def test_an_equals_sign_below_a_sum_parts_no_line():
    question = course_questions()["07.3"]
    told = KINDS[question.kind].check(question, r"\sum_{t=1}^{3} \delta^{1(t)} h^{1(t-1)}")
    assert told.outcome != CANNOT_READ


@pytest.mark.parametrize(
    ("text", "told", "column"),
    [
        (r"\foo{x} + \delta^{1(1)}", r"\foo is LaTeX that is not read here", 0),
        (r"\delta^{1(1)} + \underbrace{x}", r"\underbrace is LaTeX", 16),
        (r"\sum_{t} \delta^{1(t)}", r"Write  \sum_{t=1}^{T}", 0),
        (r"\frac{\partial L}{\partial h^{1(1)}}", r"\partial^{+}", 6),
        (r"\delta^{1(1)} h^{1(0}", "A ) is missing", 18),
        (r"\delta_1^{(1)}", r"as in  \delta^{1(2)}", 0),
        (r"2 + \mathbf{1}", "'1' in this font", 4),
        (r"\frac{", "breaks off", 6),
        (r"}", "Something is missing before }", 0),
        (r"\tanh", "needs an argument", 5),
        (r"2 \, 3 + h^{1(1)} q^{(1)}", "'q' is not a letter", 18),
    ],
)
def test_what_does_not_map_is_named_with_its_place(text, told, column):
    with pytest.raises(FormulaError) as caught:
        read(text, course_questions()["07.2"].language)
    lines = str(caught.value).splitlines()
    assert told in str(caught.value) and lines[2].index("^") - 4 == column


@pytest.mark.parametrize(
    "text", ["W11*W11", "W11 @ W11", "W11.T*W11 @ h1(1)", "(W11*W11) @ (h1(1)*h1(2))", "h1(1).T @ W11"]
)
def test_products_of_square_matrices_are_told_apart_by_their_sign(text):
    net = course_questions()["06.4"].graph.network
    tree = read(text, Language(net))
    assert net.shapes["W11"][0] == net.shapes["W11"][1] > 1 and read(latex(tree, style_of(net)), Language(net)) == tree


def test_two_columns_side_by_side_have_no_product():
    with pytest.raises(FormulaError, match="fit no product"):
        read(r"\mathbf{h}^{1(1)} \mathbf{h}^{2(1)}", course_questions()["06.4"].language)


PIECES = re.compile(r"\\[A-Za-z]+|\\.|.")
SIGNS = [*"{}^_()[]=;,.'0T>\\", "\\frac", "\\sum", "\\nabla", "\\partial", "\\mathbb", "\\mathbf", "\\dots", "\\tanh"]


def test_damaged_latex_is_read_or_refused_at_once():
    rng, known = random.Random(5), [(one, text) for one in QUESTIONS for _, text in printed(one)]
    outcomes = {"read": 0, "refused": 0}
    for _ in range(1500):
        question, text = rng.choice(known)
        pieces = PIECES.findall(text)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(pieces) + 1)
            other = PIECES.findall(rng.choice(known)[1])
            new = rng.choice([[], [rng.choice(SIGNS)], other[: rng.randrange(9)]])
            pieces[at : at + rng.randrange(3)] = new
        try:
            read("".join(pieces), question.language, relation=True)
            outcomes["read"] += 1
        except FormulaError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 50


@pytest.mark.parametrize(
    "piece",
    ["{", "\\frac", "\\sum_{t=1}^{2}", "\\tanh ", "x^", "x_{x", "\\mathbf{", "\\left[", "\\nabla_", "{[(", "\\", "x^{("]
    + ["h^{1(1)}", "\\mathbb{1}_", "\\sqrt", "\\operatorname", "^", "_{", "\\frac{1}{", "\\frac{d ", "\\partial^{+}"],
)
def test_latex_repeated_to_the_limit_does_no_harm(piece):
    for text in (piece * (2000 // len(piece)), piece * 60 + "1" + "}" * 60):
        with pytest.raises(FormulaError) as caught:
            read(text, course_questions()["07.2"].language)
        assert len(str(caught.value)) < 2_500


@pytest.mark.parametrize(
    ("id", "text"),
    [
        ("07.2", "= d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)  # one term a step"),
        ("01.2", "= 6*9  # rows times columns"),
        ("01.1", "= (7, 2)  # as W"),
        ("03.2", "b # since the path is longer"),
    ],
)
def test_a_leading_equals_sign_and_a_remark_are_passed_over_by_every_kind(id, text):
    assert ex(id).check(text).outcome == CORRECT


def test_a_remark_with_signs_of_its_own_is_no_line_of_a_derivation():
    question = course_questions()["07.3"]
    plain = KINDS[question.kind].check(question, question.answer)
    assert KINDS[question.kind].check(question, f"= {question.answer}  # so L = 3; done") == plain


@pytest.mark.parametrize(
    ("id", "text", "second"),
    [
        ("14.4", r"\sum_{t=1}^{T} d1(t) h1(t-1) + d2(t) h2(t-1)", "d2"),
        ("14.4", "sum(t, 1, T, d1(t)*h1(t-1)) + d2(t)*h2(t-1)", "d2"),
        ("07.4", r"\sum_{t=1}^{T} d_a1(t) @ h1(t-1).T + d_a2(t) @ h1(t).T", "d_a2"),
        ("08.2", r"\sum_{t=1}^{2} d1(t) x(t) - d1(t) x(t)", "d1"),
    ],
)
def test_a_term_after_the_end_of_a_sum_is_told_where_brackets_go(id, text, second):
    found = str(ex(id).check(text).cause).splitlines()
    caret = next(line for line in found if line.strip() == "^")
    shown = found[found.index(caret) - 1]
    assert "ends before this term" in found[-4] and "Brackets go round what it covers" in found[-1]
    assert re.match(second, shown[caret.index("^") :])


@pytest.mark.parametrize(
    ("id", "text"),
    [("14.4", "d2(t)*h2(t-1) + sum(t, 1, T, d1(t))"), ("08.2", "d1(t)*x(t) + 1"), ("06.2", "sum(t, 1, T, W1) + d1(t)")],
)
def test_an_index_that_no_sum_before_it_binds_is_not_told_so(id, text):
    assert "ends before" not in ex(id).check(text).cause


@pytest.mark.parametrize(
    ("id", "text", "is_told"),
    [
        ("08.5", "d_b0 @ h1.T", True),
        ("08.5", "d_b0 @ h1(1,2,3).T", True),
        ("08.2", "d1*x(1)", False),
        ("08.2", "d_a1*x(1)", False),
        ("08.2", "D(L, a1)*x(1)", False),
        ("08.2", "d_h1*x(1)", True),
        ("14.4", "d(a1, W)", False),  # a derivation may hold it on the way
    ],
)
def test_a_letter_that_is_not_offered_is_told_before_its_time_is_missed(id, text, is_told):
    cause = ex(id).check(text).cause
    assert ("is not available in this exercise" in cause) == is_told and (is_told or "needs a time" in cause)
