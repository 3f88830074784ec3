"""Exercises that understand the answer: questions as data, judged by cause.

From the top: `front` (what a student calls), `authoring` (proof, generation), `questions` (the course's, as tables),
`kinds` (one object a kind), `judges`, `causes`, `mistakes` and `sandbox`; all use `question`, `feedback`, `places` and
`scenes`, and what stands higher is used by none below it.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # at run time each is loaded when it is first asked for
    from bptt_lab.exercises.authoring.proof import prove as prove
    from bptt_lab.exercises.feedback import Feedback as Feedback
    from bptt_lab.exercises.front import ex as ex
    from bptt_lab.exercises.question import Question as Question
    from bptt_lab.exercises.question import QuestionError as QuestionError
    from bptt_lab.exercises.questions import course_questions as course_questions

__all__ = ["Feedback", "Question", "QuestionError", "course_questions", "ex", "prove"]
HOMES = {
    "Feedback": "feedback",
    "Question": "question",
    "QuestionError": "question",
    "course_questions": "questions",
    "ex": "front",
    "prove": "authoring.proof",
}


if not TYPE_CHECKING:  # or a checker would believe in any name

    def __getattr__(name: str) -> object:
        """Return what this room offers, loaded when it is first asked for."""
        if name not in HOMES:
            raise AttributeError(f"module 'bptt_lab.exercises' has no attribute {name!r}")
        module = importlib.import_module(f"bptt_lab.exercises.{HOMES[name]}")
        if name == "ex":
            importlib.import_module("bptt_lab.exercises.magics").register()
        return getattr(module, name)
