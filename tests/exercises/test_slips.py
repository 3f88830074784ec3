"""Slips of the pen: each changes one thing, each kind occurs and has its words."""

import asked
import numpy as np
import pytest

from bptt_lab.exercises.causes.diagnosis import pen_slips, same
from bptt_lab.exercises.causes.named import trial_scenes
from bptt_lab.exercises.causes.slips import ASKS, SAYS, slips
from bptt_lab.exercises.questions import course_questions, make
from bptt_lab.exercises.scenes import flat, values

QUESTIONS = [q for q in course_questions().values() if q.kind in ("line", "matrix", "derivation")]


def test_every_kind_of_slip_has_words_and_occurs_in_the_course():
    found = {slip.kind for q in QUESTIONS for slip in slips(q.tree(q.answer), q.graph.network)}
    assert found == set(SAYS) == set(ASKS)


@pytest.mark.parametrize("question", QUESTIONS[::4], ids=lambda q: q.id)
def test_a_slip_is_never_the_right_answer(question):
    right = flat([v for scene in trial_scenes(question) for v in values(question.goal_tree, scene, question.spans)])
    assert all(not same(numbers, np.array(right, dtype=float)) for _, numbers in pen_slips(question))


@pytest.mark.parametrize(
    ("answer", "slip", "kind"),
    [
        ("h1(2)*W1", "h1(3)*W1", "time"),
        ("h1(2)*W1", "W1", "factor"),
        ("h1(2) + W1", "h1(2) - W1", "sign"),
        ("h1(2) + W1", "h1(2)", "term"),
        ("W1*(h1(1) + h1(2))", "W1*h1(1) + h1(2)", "bracket"),
        ("1 - h1(1)**2", "1 - h1(1)", "power"),
        ("W11**3*h1(1)", "W11**2*h1(1)", "power"),
        ("W11**3*h1(1)", "W11**4*h1(1)", "power"),
        ("sum(s, 1, 3, h1(s))", "sum(s, 2, 3, h1(s))", "range"),
        ("d1(2)*W1", "d2(2)*W1", "letter"),
        ("W0*W1", "b0*W1", "letter"),
    ],
)
def test_a_slip_that_students_make_is_among_them(answer, slip, kind):
    question = make(dict(asked.TWO, id="07.9", kind="line", task="?", goal="D(L, W11)", answer=answer))
    # numbers plus one are written as a sum: the trees are compared by value
    scene = trial_scenes(question)[0]
    wanted = scene.value(question.tree(slip))
    found = [
        one.kind for one in slips(question.tree(answer), question.graph.network) if _value(scene, one.tree) == wanted
    ]
    assert kind in found


def _value(scene, tree):
    try:
        return scene.value(tree)
    except (ValueError, ArithmeticError):
        return None
