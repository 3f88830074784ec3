"""Text that attacks, overloads or confuses: nothing executed, nothing uncaught, nothing slow, nothing accepted."""

import time

import fuzzing
import pytest
from fuzzing import attempt, one_of_each_kind, warm_up
from hostile_texts import HOSTILE_TEXTS

from bptt_lab.exercises.feedback import Feedback
from bptt_lab.exercises.front import Exercise
from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, OTHER_FORM
from bptt_lab.exercises.questions import course_questions

NAMES = list(HOSTILE_TEXTS)


@pytest.fixture(scope="module")
def questions():
    return warm_up()


def test_there_are_two_hundred_hostile_texts_and_more():
    assert len(set(HOSTILE_TEXTS.values())) == len(HOSTILE_TEXTS) >= 200


@pytest.mark.parametrize("family", dict.fromkeys(name.split()[0] for name in NAMES))
def test_a_hostile_text_is_turned_away_at_once_and_nothing_of_it_is_executed(family, questions):
    for turn, (name, text) in enumerate(HOSTILE_TEXTS.items()):
        if name.startswith(family):
            for question in one_of_each_kind(questions, turn):
                found = attempt(question, text)
                assert found.troubles == [], name
                assert found.feedback.outcome not in (CORRECT, OTHER_FORM), (name, question.id)


def test_random_texts_for_some_seconds_leave_no_trouble():
    run = fuzzing.fuzz(4.0, seed=1)
    assert run.troubles == [] and run.count > 50 and len(run.outcomes) >= 4


def test_a_student_gets_feedback_on_every_hostile_text(tmp_path):
    exercise = Exercise(course_questions()["07.2"], tmp_path)
    for name, text in HOSTILE_TEXTS.items():
        assert str(exercise.check(text)).startswith("07.2: "), name


@pytest.mark.parametrize("answer", [5, 1.5, b"h1(1)", ["h1(1)"], {"a": 1}, object(), lambda: 0, 1j])
def test_what_is_no_text_is_no_formula(answer, tmp_path):
    assert Exercise(course_questions()["07.2"], tmp_path).check(answer).outcome == CANNOT_READ


# the watch itself: a judge that does what must not be done is seen


def evaluates(question, text):
    eval("1 + 1")
    return Feedback(question.id, CORRECT)


def opens(question, text):
    with open(__file__):
        return Feedback(question.id, CORRECT)


def raises(question, text):
    raise KeyError(text)


def dawdles(question, text):
    start = time.process_time()
    while time.process_time() - start < 1.1 * fuzzing.SLOWEST:
        pass
    return Feedback(question.id, CORRECT)


@pytest.mark.parametrize(
    ("judge", "words"), [(evaluates, "executed exec"), (opens, "executed open"), (raises, "raised"), (dawdles, "took")]
)
def test_the_watch_sees_a_judge_that_does_harm(judge, words, monkeypatch):
    monkeypatch.setitem(KINDS, "line", KINDS["line"]._replace(check=judge))
    found = attempt(course_questions()["07.2"], "h1(1)")
    assert any(trouble.startswith(words) for trouble in found.troubles), found.troubles
