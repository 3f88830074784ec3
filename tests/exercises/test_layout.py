"""A formula is read as sums, products and chains; parts that are the same by algebra have one key."""

import pytest

from bptt_lab.exercises.causes.forms import forms_of, multiplied_out, unrolled, with_index_of
from bptt_lab.exercises.causes.layout import Layout, joined, summed
from bptt_lab.exercises.questions import course_questions
from bptt_lab.formulas import write


def read(identity, text):
    question = course_questions()[identity]
    return Layout(question).read(question.tree(text))


@pytest.mark.parametrize(
    ("identity", "one", "other"),
    [
        ("06.2", "d2(t)*W1 - d1(t+1)*W11", "-(W11*d1(t+1)) + W1*d2(t)"),
        ("06.2", "(-d2(t))*W1*(1-h1(t)**2)", "-(1-h1(t)*h1(t))*d2(t)*W1"),
        ("06.2", "(1-h1(t))*(1+h1(t))", "(1+h1(t))*(1-h1(t))"),
        ("04.4", "d_s(T)*w_y*(1-v**4)/(1-v)", "d_s(4)*(1-v**4)*(1/(1-v))*w_y"),
        ("04.4", "sum(i,1,T,d_s(T)*w_y*v**i)", "w_y*d_s(4)*sum(k,1,4,v**k)"),
        ("07.4", "outer(d_a1(1), h1(0))", "d_a1(1) @ h1(0).T"),
        ("07.4", "(h1(0) @ d_a1(1).T).T", "d_a1(1) @ h1(0).T"),
        ("06.4", "W11.T @ ((1 - h1(t+1)**2) * d_h1(t+1))", "W11.T @ diag(1 - h1(t+1)**2) @ d_h1(t+1)"),
        ("06.4", "(d_h1(t+1).T @ diag(1 - h1(t+1)**2) @ W11).T", "W11.T @ (d_h1(t+1) * (1 - h1(t+1)**2))"),
        ("02.5", "diag(1-h1**2) @ W1.T @ d_a2", "(W1.T @ d_a2) * (1-h1**2)"),
        ("02.5", "W1.T @ (-d_a2)", "-(W1.T @ d_a2)"),
    ],
)
def test_the_same_by_algebra_has_one_key(identity, one, other):
    assert read(identity, one).key == read(identity, other).key


@pytest.mark.parametrize(
    ("identity", "one", "other"),
    [
        ("06.2", "d2(t)*W1", "d2(t)*W11"),
        ("06.2", "d2(t)", "d2(t+1)"),
        ("06.2", "1 - h1(t)", "1 - h1(t)**2"),
        ("06.2", "W1 - W11", "W1 + W11"),
        ("04.4", "sum(j,0,T-1,v**j)", "sum(j,1,T-1,v**j)"),
        ("04.4", "v**(T-1)", "v**(T-2)"),
        ("07.4", "d_a1(1) @ h1(0).T", "h1(0) @ d_a1(1).T"),
        ("07.4", "d_a1(1)", "d_a1(1).T"),
        ("06.4", "W11.T @ d_h1(t)", "W11 @ d_h1(t)"),
        ("09.3", "d_a(1)[2]", "d_a(1)[4]"),
        ("16.2", "tanh(c(t))", "c(t)"),
    ],
)
def test_what_differs_has_two_keys(identity, one, other):
    assert read(identity, one).key != read(identity, other).key


def test_a_column_is_one_flat_chain():
    part = read("12.3", "W11.T @ ((1 - h1(3)**2)*(W11.T @ ((1 - h1(4)**2)*(W1.T @ d_a2))))")
    assert [link.kind for link in part.parts] == ["leaf", "diag", "leaf", "diag", "leaf", "leaf"]
    assert [link.kind for link in read("13.3", "diag(1-h1(2)**2) @ diag(1-h1(1)**2)").parts] == ["diag", "diag"]


def test_keys_without_time_know_one_slip_made_at_several_steps():
    question = course_questions()["06.2"]
    layout = Layout(question)
    one, other, third = (layout.timeless(question.tree(text)) for text in ("1-h1(t)", "1-h1(t+1)", "1-h1(t)**2"))
    assert one == other != third


def test_the_letters_of_a_part_are_counted_with_their_steps():
    question = course_questions()["06.2"]
    layout = Layout(question)
    count = {
        text: len(layout.letters(layout.read(question.tree(text)))) for text in ("h1(t)*(1-h1(t)**2)", "h1(t)-h1(t+1)")
    }
    assert list(count.values()) == [1, 2]


def test_a_right_form_is_also_written_out():
    tree = course_questions()["07.2"].tree("sum(t, 1, T, d1(t)*h1(t-1))")
    assert write(unrolled(tree, 3)) == "D(L, a1(1))*h1(0) + D(L, a1(2))*h1(1) + D(L, a1(3))*h1(2)"
    tree_of_powers = course_questions()["04.4"].tree("sum(j, 0, T-1, v**j)")
    assert write(unrolled(tree_of_powers, 4)) == "1 + v + v**2 + v**3"
    assert unrolled(tree, 30) == tree  # too many terms
    assert [write(form) for form in forms_of(tree, 3)] == [write(tree), write(unrolled(tree, 3))]


def test_products_are_multiplied_out_and_slopes_stay_whole():
    tree = course_questions()["06.2"].tree("(d2(t)*W1 - d1(t+1)*W11)*(1 - h1(t)**2)")
    found = [(write(term), is_plus) for term, is_plus in multiplied_out(tree)]
    assert found == [
        ("D(L, a2(t))*W1*(1 - h1(t)**2)", True),
        ("D(L, a1(t + 1))*W11*(1 - h1(t)**2)", False),
    ]


def test_the_index_of_the_answer_is_taken():
    question = course_questions()["07.2"]
    ours, theirs = question.tree("sum(s, 2, T, d1(s))"), question.tree("sum(t, 1, T, d1(t)*h1(t-1))")
    assert write(with_index_of(ours, theirs)) == "sum(s, 1, T, D(L, a1(s))*h1(s - 1))"
    assert with_index_of(question.tree("d1(1)"), theirs) is theirs


def test_sums_and_products_are_written_with_their_signs():
    one, two = (course_questions()["06.2"].tree(text) for text in ("W1", "W11"))
    assert write(summed([(one, False), (two, True), (one, False)])) == "-W1 + W11 - W1"
    assert write(joined("*", [one, two])) == "W1*W11"
