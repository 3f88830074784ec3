"""A question is proven before it is asked; and the questions of the course stand in their notebooks."""

from dataclasses import replace
from pathlib import Path

import asked
import nbformat
import pytest

from bptt_lab.exercises.authoring.proof import prove
from bptt_lab.exercises.questions import course_questions
from bptt_lab.network.parts import Parts

NOTEBOOKS = {p.name[:2]: p for p in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb")}
DERIVING = [number for number in sorted(NOTEBOOKS) if "01" <= number <= "17"]


@pytest.mark.parametrize(
    "question", [asked.weights(), asked.state(), asked.recurrent(), asked.derivation(), asked.function()]
)
def test_a_sound_question_proves(question):
    assert prove(question) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(answer="d1(1)*h1(0) + d1(2)*h1(1)"), "is judged: 07.1: wrong"),
        (dict(same=("d1(1)*h1(0)",)), "is judged: 07.1: wrong"),
        (dict(same=("d1(1) h1(0)",)), "An operator is missing"),
        (dict(goal="D(L, W12)"), "'W12' is not a letter"),
        (dict(printed="d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)"), "there is no slip to be found"),
        (dict(hints=("d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)", "b", "c")), "a hint holds the answer"),
    ],
)
def test_what_is_wrong_with_a_question_is_said(changes, words):
    found = prove(replace(asked.weights(), **changes))
    assert any(words in trouble for trouble in found)


def test_an_instance_that_confuses_mistakes_is_refused():
    found = prove(replace(asked.recurrent(), T=2))
    words = "the mistakes *only one step counted* and *one step skipped* have the same value in this instance"
    assert f"{words}: use T = 3 or more" in found
    assert not any("one step skipped" in trouble for trouble in prove(replace(asked.recurrent(), T=3)))


def test_more_steps_are_promised_only_where_they_help():
    text = "a = W0 * x\nL = mse(a, y)"
    question = replace(asked.weights(), network=text, sizes=dict(x=1), T=1, goal="D(L, W0)", letters=(), same=())
    found = [one for one in prove(replace(question, answer="(a - y)*x")) if "have the same value" in one]
    assert all("use T" not in one for one in found)


def test_a_section_of_another_notebook_is_refused_for_a_question_of_the_course():
    assert "section '12 · Nowhere' is not of notebook 07" in prove(replace(asked.weights(), section="12 · Nowhere"))


def test_an_engine_that_is_wrong_does_not_pass_the_complex_step(monkeypatch):
    right = Parts.slopes

    def wrong(self, part, entry):  # the recurrent path is forgotten
        found = right(self, part, entry).items()
        return {above: slope for above, slope in found if (part, above.name) != ("a1", "h1")}

    monkeypatch.setattr(Parts, "slopes", wrong)
    network = asked.weights().graph.network
    fresh = dict(network=f"{network.text}\n", sizes=network.sizes, T=4)  # nothing of it is known yet
    question = replace(asked.weights(), **fresh, answer="sum(s, 1, 4, d1(s)*h1(s-1))")
    assert any("differs from a complex step" in trouble for trouble in prove(question))


@pytest.mark.parametrize("number", DERIVING)
def test_a_derivation_notebook_asks_at_least_four_questions_of_mixed_kinds(number):
    questions = [q for q in course_questions().values() if q.id.startswith(f"{number}.")]
    assert len(questions) >= 4 and len({q.kind for q in questions}) >= 2


@pytest.mark.parametrize("number", DERIVING)
def test_the_notebook_shows_its_questions_in_order_and_unsolved(number):
    cells = nbformat.read(NOTEBOOKS[number], 4).cells
    shown = [c for c in cells if c.cell_type == "code" and "exercise" in c.metadata.get("tags", [])]
    ids = [q for q in course_questions() if q.startswith(f"{number}.")]
    assert [next(i for i in ids if i in cell.source) for cell in shown] == ids
    assert all(": not attempted." in cell.outputs[-1]["data"]["text/plain"] for cell in shown)


def texts_of_exercises(number):
    """Return what the exercise cells of a notebook hold: their sources and every text of their outputs."""
    cells = nbformat.read(NOTEBOOKS[number], 4).cells
    shown = [cell for cell in cells if "exercise" in cell.metadata.get("tags", [])]
    outputs = [output for cell in shown for output in cell.get("outputs", [])]
    return [cell.source for cell in shown] + [text for output in outputs for text in output["data"].values()]


def answers_in(texts, question):
    """Return the lines of a question's answer that stand in texts, apart from the head of a function."""
    lines = [line.strip() for line in question.answer.splitlines()]
    return [line for line in lines if len(line) > 12 and not line.startswith("def ") and line in "\n".join(texts)]


@pytest.mark.parametrize("number", DERIVING)
def test_no_answer_stands_in_a_notebook(number):
    texts = texts_of_exercises(number)
    asked_here = [question for name, question in course_questions().items() if name.startswith(f"{number}.")]
    assert asked_here and [line for question in asked_here for line in answers_in(texts, question)] == []


@pytest.mark.parametrize("question", [asked.weights(), asked.function()])
def test_an_answer_that_stands_in_a_notebook_is_found(question):
    assert answers_in([f"ex(1).check({question.answer})"], question)
