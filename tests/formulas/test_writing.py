"""A formula written as text is read back to the same tree, and has the same value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bptt_lab import course
from bptt_lab.formulas import Language, latex, read, write
from bptt_lab.formulas.tree import (
    Binary,
    Call,
    Derivative,
    Entry,
    Letter,
    Negative,
    Number,
    Over,
    Power,
    Slice,
    Transpose,
    Variable,
)
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.values import Scene

GRAPH = course.network("one hidden layer").unroll(4)
LANGUAGE = Language(GRAPH.network, ("t", "i", "j"))
SCENE = Scene(worlds.float_worlds(GRAPH, 1)[0])


@pytest.mark.parametrize(
    "text",
    [
        "grad(L, h1(t)) = W1.T @ d_a2[t] + W11.T @ d_a1[t+1]",
        "-h1(1)[2]**2 - (2 - 3 - (4 - 5))*x(1)[1]/(2/3)",
        "(-2)**2*(1 - h1(t)[i])**3",
        "sum(k, 1, 3, W1[k,1]*(h2(t)[k] - y(t)[k]))",
        "matrix(i, 1, 5, j, 1, 4, W0[i,j]) @ x(t)",
        "column(i, 1, 5, row(j, 1, 4, W0[i,j])) @ x(t)",
        "prod(s, 1, 2, diag(1 - h1(5-s)**2) @ W11)",
        "(W11 @ h1(t-1)).T @ d(L(4), h1(4)).T",
        "0.5*h1(1)[1] + 1/3",
        "same(i, j) != rows(W0)",
    ],
)
def test_what_is_written_is_read_back_to_the_same_tree(text):
    tree = read(text, LANGUAGE, relation=True)
    assert read(write(tree), LANGUAGE, relation=True) == tree


letters = st.sampled_from([Letter("h1", Number(n), (Number(i),)) for n in (1, 2) for i in (1, 3)])
plain = st.one_of(
    letters, st.integers(1, 9).map(Number), st.just(Derivative(Letter("L"), Letter("b0", None, (Number(2),)), "total"))
)


def _larger(children):
    operators = st.sampled_from("+-*/")
    return st.one_of(
        st.builds(Binary, operators, children, children),
        st.builds(Negative, children),
        st.builds(Power, children, st.integers(1, 3).map(Number)),
        st.builds(lambda inner: Call("tanh", (inner,)), children),
        st.builds(lambda body: Over("sum", "q", Number(1), Number(2), Binary("+", body, Variable("q"))), children),
        st.builds(Transpose, children),
    )


@settings(max_examples=300, deadline=None)
@given(st.recursive(plain, _larger, max_leaves=12))
def test_any_tree_keeps_its_value_through_text(tree):
    again = read(write(tree), LANGUAGE)
    try:
        value = SCENE.value(tree)
    except ArithmeticError:
        return
    if np.isfinite(value):
        assert np.isclose(SCENE.value(again), value, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "text",
    ["(h1(t) + b0)[2:4]", "h1(t)[2:4]", "(W11 @ W0)[:, 2:3]", "W11[1:2]", "(W1.T @ d_a2(t))[3]", "softmax(a2(t))[2]",
     "(d_a1(t) @ h1(t-1).T)[2,4]", "unless(t = T, h1(t)[1:2])", "unless(t != 3, d_a1(t+1))", "unless(t > T-2, 1)",
     "concat(h1(t), x(t))", "sum(h1(t))", "mean(h1(t) - x(t)[1])", "dot(h1(t), b0)", "sqrt(h1(t)**2)", "step(a1(t))",
     "immediate(a1(t), W11)", "sum(t, 1, T, sum(h1(t)))"],
)  # fmt: skip
def test_slices_entries_conditions_and_sums_of_entries_are_read_back(text):
    language = Language(GRAPH.network)
    tree = read(text, language)
    assert read(write(tree), language) == tree and latex(tree)


wholes = st.sampled_from(["h1(t)", "a1(t+1)", "b0", "d_h1(t)", "x(t)", "W11", "W0.T"]).map(
    lambda text: read(text, LANGUAGE)
)
whole_numbers = st.integers(1, 5).map(Number)


def _of_vectors(children):
    relations = st.sampled_from(["t = T", "t != 3", "t > T-2", "t < 2"])
    return st.one_of(
        st.builds(Binary, st.sampled_from("+-*/@"), children, children),
        st.builds(Negative, children),
        st.builds(Transpose, children),
        st.builds(Slice, children, whole_numbers, whole_numbers, st.booleans()),
        st.builds(lambda inner, i: Binary("+", Entry(Binary("+", inner, inner), (i,)), inner), children, whole_numbers),
        st.builds(lambda said, term: read(f"unless({said}, {write(term)})", LANGUAGE), relations, children),
        st.builds(lambda inner, name: Call(name, (inner,)), children, st.sampled_from(["diag", "sum", "sqrt", "ones"])),
        st.builds(lambda body: Over("sum", "q", Number(1), Variable("T"), body), children),
    )


@settings(max_examples=400, deadline=None)
@given(st.recursive(wholes, _of_vectors, max_leaves=10))
def test_any_form_of_vectors_and_matrices_is_read_back_as_it_was_written(tree):
    assert read(write(tree), LANGUAGE) == tree
