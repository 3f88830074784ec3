"""Where shapes do not fit, the one change by which they do is told, and what is wrong besides."""

import pytest
from replies import feedback

from bptt_lab.exercises.causes.corrections import Own
from bptt_lab.exercises.causes.fitted import MOVED, TURNED, fitted
from bptt_lab.exercises.causes.named import trial_scenes
from bptt_lab.exercises.outcomes import CORRECT, WRONG
from bptt_lab.exercises.questions import course_questions
from bptt_lab.formulas import write


@pytest.mark.parametrize(
    ("identity", "answer", "says", "besides"),
    [
        (
            "03.5",
            "W1 @ d_a2(3)",
            "W1 stands where W1.T belongs. Then the shapes fit:  W1.T @ d_a2(3).",
            "a2(1) and a2(2) are",
        ),
        ("03.5", "W1 @ d_a2(2)", "Then the shapes fit:  W1.T @ d_a2(2).", "a2(1) and a2(3) are missing."),
        (
            "01.4",
            "A @ (u * d_h) + B @ (v * d_h)",
            "A stands where A.T belongs, and likewise in the other places. Then the shapes fit:",
            "A and B are exchanged",
        ),
    ],
)
def test_a_transpose_and_what_is_wrong_besides_are_told(identity, answer, says, besides):
    found = feedback(identity, answer)
    assert found.outcome == WRONG and says in found.cause and besides in found.cause


@pytest.mark.parametrize(
    ("identity", "answer", "mended"),
    [
        ("01.5", "x.T @ d_h + h.T @ d_y", "x @ d_h.T + h @ d_y.T"),
        ("01.5", "x.T @ d_h + h @ d_y.T", "x @ d_h.T + h @ d_y.T"),
    ],
)
def test_a_row_times_a_column_is_told_where_moving_the_transpose_mends_it(identity, answer, mended):
    assert MOVED.removesuffix(".") in feedback(identity, answer).cause and feedback(identity, mended).outcome == CORRECT


def test_columns_that_meet_columns_are_told_at_once():
    assert TURNED.removesuffix(".") in feedback("01.5", "x @ d_h + h @ d_y").cause
    assert "d_y and h are exchanged." in feedback("01.5", "x @ d_h + d_y @ h").cause
    assert TURNED.removesuffix(".") not in feedback("01.5", "x @ d_h.T + h.T @ d_y").cause


@pytest.mark.parametrize(
    ("identity", "answer"),
    [
        ("01.5", "d_y.T @ d_y"),
        ("06.5", "W11 @ W1 @ (h2(4) - y(4))"),  # two transposes and a slope
        ("06.5", "W1.T @ (h2(4) - y(4)) @ W11.T @ diag(1 - h1(3)**2)"),
    ],
)
def test_where_more_than_one_change_is_needed_none_is_told(identity, answer):
    found = feedback(identity, answer).cause
    assert "Then the shapes fit" not in found and MOVED not in found


def test_what_fits_has_the_shape_asked_for():
    question = course_questions()["03.5"]
    own = Own(question.tree("W1 @ d_a2(3)"), lambda tree: False)
    assert [write(new) for _, new in fitted(question, own, trial_scenes(question)[0])] == ["W1.T @ grad(L, a2(3))"]
