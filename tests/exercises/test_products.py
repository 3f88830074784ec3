"""What is told of a matrix product that failed: the two shapes that met, where they are known for certain."""

import numpy as np
import pytest
from test_functions_again import FUNCTIONS

from bptt_lab.exercises.judges.function import judge_function
from bptt_lab.exercises.outcomes import CRASHED
from bptt_lab.exercises.sandbox import products

SHAPES = {"A": (3, 4), "B": (3, 4), "x": (5, 4), "d": (5, 3), "h": (6, 5, 4), "t": (), "v": (3,)}


def words(line, shapes=SHAPES):
    """Return what is told beside NumPy's own words of a line that fails."""
    space = {name: np.ones(shape) if shape else 2 for name, shape in SHAPES.items()}
    with pytest.raises(ValueError) as raised:
        exec(line, {"np": np, "k": np.ones((2, 3)), **space})
    return products.said(str(raised.value), line, shapes)


@pytest.mark.parametrize(
    ("line", "met"),
    [
        ("u = x @ A", "In `x @ A` the shapes (5, 4) and (3, 4) meet: rows of 4 cannot meet columns of 3."),
        ("u = d * (x @ A)", "`x @ A` the shapes (5, 4) and (3, 4)"),
        ("u = d @ A.T", "`d @ A.T` the shapes (5, 3) and (4, 3)"),
        ("u = x @ A.T @ x", "`x @ A.T @ x` the shapes (5, 3) and (5, 4)"),
        ("u = h[t] @ A", "`h[t] @ A` the shapes (5, 4) and (3, 4)"),
        ("u = (1 - np.tanh(x) ** 2) @ B", "the shapes (5, 4) and (3, 4)"),
        ("u = (x > 0) @ B", "the shapes (5, 4) and (3, 4)"),
        ("u = v @ x", "`v @ x` the shapes (3,) and (5, 4)"),
        ("u = x.sum(axis=0) @ A", "the left one has rows of 4 numbers, the right one columns of 3."),
        ("u = np.einsum('ij->ji', x) @ A", "the left one has rows of 5 numbers, the right one columns of 3."),
    ],
)
def test_the_two_shapes_of_a_product_are_told(line, met):
    assert met in words(line) and "whether one needs a .T" in words(line)


def test_of_two_products_neither_of_which_is_known_no_shape_is_told():
    assert "Two shapes meet" in words("u = x @ A + x @ B") and "Two shapes meet" in words("u = x @ A + k.T @ k[t:] @ A")
    assert "Two shapes meet" in words("u = x @ A", {})


@pytest.mark.parametrize("text", ["", "division by zero", "operands could not be broadcast together", "matmul: other"])
def test_of_another_exception_nothing_is_told(text):
    assert products.said(text, "u = x @ A", SHAPES) == ""


@pytest.mark.parametrize("found", [None, 3, [1], [["x"]], [["x", "y"]], [["x", [1.5]]], [[1, [2]]], [["x", [-1]]]])
def test_shapes_that_a_child_makes_up_are_left_out(found):
    assert not list(products.read(found))
    assert list(products.read([["x", [2, 3]]])) == [("x", (2, 3))]


def test_a_function_that_fails_in_a_product_is_told_the_shapes_and_where_to_read():
    def gradients(A, B, x, d_h):
        return d_h @ x, d_h.T @ x, d_h @ A

    found = judge_function(FUNCTIONS["01.6"], gradients)
    assert found.outcome == CRASHED and "`d_h @ x` the shapes (5, 3) and (5, 4) meet" in found.cause
    assert "Read again: 01 · A batch" in str(found) and "Read again" in found._repr_markdown_()
