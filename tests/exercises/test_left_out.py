"""What is right and not yet in the form that the task asks for: a sum or a division left, or another letter."""

import pytest

from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.outcomes import OTHER_FORM
from bptt_lab.exercises.questions import QuestionError, course_questions, read_questions

COURSE = course_questions()
CHAIN = "sum(k, 1, 3, D(L, h2(t)[k])*d(h2(t)[k], a2(t)[i]))\n"


def check(id, text):
    return KINDS[COURSE[id].kind].check(COURSE[id], text)


@pytest.mark.parametrize(
    ("id", "text", "told"),
    [
        ("05.4", CHAIN + "h2(t)[i]*sum(k,1,3,y(t)[k])-y(t)[i]", "The last line still holds a sum"),
        ("05.4", CHAIN + "sum(k,1,3,-y(t)[k]*(same(k,i)-h2(t)[i]))", "The last line still holds a sum"),
        ("05.3", "(1-y(t))/(1-h2(t))*h2(t)*(1-h2(t)) - y(t)/h2(t)*h2(t)*(1-h2(t))", "still holds a division"),
        ("05.3", "(-y(t)*h2(t)**-1 + (1-y(t))/(1-h2(t)))*h2(t)*(1-h2(t))", "still holds a division"),
        ("08.4", "d1(1)*W0 + d1(2)*W0 + d1(3)*W0\nW0*(d1(1)+d1(2)+d1(3))", "It may hold W0, d_b0."),
    ],
)
def test_what_the_task_asks_to_be_gone_is_told_where_it_stands(id, text, told):
    found = check(id, text)
    assert (found.outcome, found.is_open) == (OTHER_FORM, True)
    assert told in str(found)


@pytest.mark.parametrize(
    ("id", "text"),
    [
        ("05.4", CHAIN + "-y(t)[i] + h2(t)[i]"),
        ("05.3", "-y(t)*(1 - h2(t)) + (1 - y(t))*h2(t)"),
        ("05.3", "(2*h2(t) - 2*y(t))/2"),  # of numbers
        ("08.4", "d1(1)*W0 + d1(2)*W0 + d1(3)*W0\nD(L, b0)*W0"),
        ("08.2", "sum(t, 1, T, d1(t)*x(t))"),
    ],
)
def test_what_the_task_asks_for_is_correct(id, text):
    assert check(id, text).is_correct


def test_a_sign_that_cannot_be_left_out_is_refused():
    table = (
        '[[question]]\nid = "a"\nkind = "line"\ntask = "?"\nnetwork = "two scalars"\ngoal = "a1(1)"\nanswer = "a1(1)"\n'
    )
    with pytest.raises(QuestionError, match="left_out"):
        read_questions(table + 'left_out = ["product"]')
