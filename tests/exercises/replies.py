"""What the checker says of an answer to a question of the course."""

from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.outcomes import WRONG
from bptt_lab.exercises.questions import course_questions


def feedback(identity, answer):
    """Return the feedback on an answer."""
    question = course_questions()[identity]
    return KINDS[question.kind].check(question, answer)


def told(identity, answer):
    """Return what is said of a wrong answer: what is right of it, and the cause."""
    found = feedback(identity, answer)
    assert found.outcome == WRONG
    return f"{found.right} {found.cause}"
