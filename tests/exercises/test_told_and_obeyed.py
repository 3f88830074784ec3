"""What is told of a wrong formula, obeyed, leads to an answer that is accepted; paths wrong alike are told together."""

import pytest

from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.outcomes import CORRECT, WRONG
from bptt_lab.exercises.questions import course_questions


def feedback(identity, answer):
    question = course_questions()[identity]
    return KINDS[question.kind].check(question, answer)


def told(identity, answer):
    found = feedback(identity, answer)
    assert found.outcome == WRONG
    return f"{found.right} {found.cause}"


@pytest.mark.parametrize(
    ("identity", "answer", "says", "obeyed"),
    [
        (
            "08.3",
            "sum(t,1,3,d(L(t),a1(t))*d(a1(t),W0))",
            "d(L(t), a1(t)) is of the loss of one step, and what comes of it later is left out: d1(t) belongs there.",
            "sum(t,1,3,d1(t)*d(a1(t),W0))",
        ),
        (
            "08.3",
            "sum(t,1,3,D(L(t),a1(t))*d(a1(t),W0))",
            "D(L(t), a1(t)) is of the loss of one step, and what comes of it later is left out: d1(t) belongs there.",
            "sum(t,1,3,D(L,a1(t))*d(a1(t),W0))",
        ),
    ],
)
def test_a_correction_that_would_not_be_accepted_is_not_told(identity, answer, says, obeyed):
    assert says in told(identity, answer)
    assert feedback(identity, obeyed).outcome == CORRECT


@pytest.mark.parametrize(
    ("identity", "answer", "says"),
    [
        ("03.3", "-W0*(d1(1)+d1(2))", "The paths through a1(1) and a1(2) are taken with the wrong sign."),
        ("03.3", "-W0*d1(1)+W0*d1(2)+W0*d1(3)", "The sign of the term W0*d1(1) is wrong."),
        ("03.3", "W0*(2*d1(1)+2*d1(2))", "The path through a1(3) is missing. The paths through a1(1) and a1(2) are"),
        (
            "03.3",
            "W0*(d1(1)+2*d1(2)+3*d1(3))",
            "The path through a1(2) is counted twice. The path through a1(3) is counted three times.",
        ),
        ("08.2", "-sum(t,1,3,d1(t)*x(t))", "The paths through a1(1), a1(2) and a1(3) are taken with the wrong sign."),
    ],
)
def test_paths_with_one_factor_are_told_together(identity, answer, says):
    assert says in told(identity, answer)
