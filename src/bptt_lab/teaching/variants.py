"""A question as one student has it: other sizes, other letters, the same difficulty."""

from __future__ import annotations

from bptt_lab.exercises.question import Question


def vary(question: Question, secret: bytes, student: str) -> Question:
    """Return a question's instance for a student, the same each time for the same secret and name."""
    return question
