"""Layouts of derivatives: which predict the change of their output, and which are refused."""

import pytest
import sympy

from bptt_lab import course

X = course.symbols("x", 3)
TWO = sympy.Matrix([X[0] * X[1], X[1] + X[2] ** 2])


def test_symbols_are_counted_from_one():
    assert [str(entry) for entry in course.symbols("x", 2)] == ["x_1", "x_2"]
    assert [str(entry) for entry in course.symbols("W", 2, 2)] == ["W_11", "W_12", "W_21", "W_22"]
    assert str(course.symbols("w", 1)[0]) == "w"


def test_a_jacobian_predicts_and_its_transpose_does_not():
    assert course.predicts_change(TWO.jacobian(X), TWO, X).reason == ""
    refused = course.predicts_change(TWO.jacobian(X).T, TWO, X)
    assert "3×2 times a change of 3×1 is no change of 2×1" in refused.reason


@pytest.mark.parametrize("entry", [(row, column) for row in range(2) for column in range(3)])
def test_every_wrong_entry_is_refused(entry):
    wrong = TWO.jacobian(X)
    wrong[entry] += 1
    assert "not the change" in course.predicts_change(wrong, TWO, X).reason


def test_by_a_matrix_the_trace_decides_and_by_a_number_the_output_keeps_its_shape():
    A, w = course.symbols("A", 2, 4), course.symbols("w", 1)
    y, matrix = sympy.Matrix([A[0, 1] ** 2 * A[1, 2]]), sympy.Matrix(2, 3, lambda i, j: w[0] ** (i + j))
    laid_out = sympy.Matrix(4, 2, lambda i, j: y[0].diff(A[j, i]))
    assert course.predicts_change(laid_out, y, A).reason == ""
    assert course.predicts_change(laid_out.T, y, A).reason != ""
    assert course.predicts_change(matrix.diff(w[0]), matrix, w).reason == ""
    assert course.predicts_change(2 * matrix.diff(w[0]), matrix, w).reason != ""


def test_a_square_matrix_turned_round_is_refused_by_its_values():
    y = sympy.Matrix([X[0] * X[1], X[2], X[1]])
    assert (
        course.predicts_change(y.jacobian(X).T, y, X).reason
        == "times a small change it is not the change of the output"
    )


def test_more_than_two_indices_have_no_layout():
    with pytest.raises(ValueError, match="more than two indices"):
        course.predicts_change(sympy.zeros(2, 2), TWO, course.symbols("A", 2, 2))


def test_the_verdict_is_shown_with_the_derivative():
    shown = course.predicts_change(TWO.jacobian(X), TWO, X)
    assert "2×1 by 3×1, laid out as 2×3: ✓" in shown._repr_markdown_() and "matrix" in shown._repr_markdown_()
    assert "✗ refused" in repr(course.predicts_change(TWO.jacobian(X).T, TWO, X))
