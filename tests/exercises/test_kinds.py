"""The kinds of questions: one table that everything reads, and a new kind is one row of it."""

import re
from pathlib import Path

import pytest

import bptt_lab.exercises
from bptt_lab.exercises.authoring.proof import prove
from bptt_lab.exercises.feedback import Feedback
from bptt_lab.exercises.front import Exercises
from bptt_lab.exercises.kinds import KINDS, Kind
from bptt_lab.exercises.outcomes import CORRECT, NOT_ATTEMPTED, WRONG
from bptt_lab.exercises.question import QuestionError
from bptt_lab.exercises.questions import course_questions, make

ROOM = Path(bptt_lab.exercises.__file__).parent
COMPARED = re.compile(r"""\bquestion\.kind\s*(==|!=|in\b|not\s+in\b)|KINDS\[["']""")


def judge_sign(question, answer):
    """Return the feedback on a sign: '+' or '-'."""
    return Feedback(question.id, CORRECT if answer == question.right else WRONG, cause="Which way does it point?")


SIGN = Kind(
    needs=("right",),
    check=judge_sign,
    show=lambda question: [f'Answer: `ex("{question.id}").check("+")` or `"-"`.'],
    solution=lambda question: f": {question.right}",
    prove=lambda question: [] if question.right in "+-" else ["right must be a sign"],
)
WITH_SIGNS = {**KINDS, "sign": SIGN}
TABLE = """
[[question]]
id = "07.77"
kind = "sign"
task = "Which sign has the slope of tanh?"
right = "+"
hints = ["one", "two", "three"]
section = "07 · A section"
"""


def test_a_new_kind_is_one_object_from_the_check_of_its_data_to_its_proof():
    ex = Exercises(WITH_SIGNS)
    assert ex.add(TABLE) == ["07.77"]
    asked = ex("07.77")
    assert asked._repr_markdown_().endswith('Answer: `ex("07.77").check("+")` or `"-"`.')
    assert [asked.check(answer).outcome for answer in ("", "-", "+")] == [NOT_ATTEMPTED, WRONG, CORRECT]
    assert asked.solution() == "07.77: +"


def test_what_a_new_kind_needs_and_proves_is_asked_of_its_data():
    data = dict(id="07.77", kind="sign", task="?", hints=["1", "2", "3"], section="07 · A")
    with pytest.raises(QuestionError, match="right is missing; a question of kind 'sign' needs it"):
        make(data, WITH_SIGNS)
    assert prove(make({**data, "right": "x"}, WITH_SIGNS), WITH_SIGNS) == ["right must be a sign"]
    with pytest.raises(QuestionError, match="right must be a sign"):
        Exercises(WITH_SIGNS).add(TABLE.replace('right = "+"', 'right = "x"'))


def test_the_table_itself_does_not_know_the_new_kind():
    with pytest.raises(QuestionError, match="the kind is 'sign'; expected one of line, matrix, derivation, function"):
        Exercises().add(TABLE)


def test_every_kind_shows_solves_and_asks_for_its_keys():
    first = {one.kind: one for one in course_questions().values()}
    assert first.keys() == KINDS.keys()
    for name, kind in KINDS.items():
        assert kind.show(first[name])[-1].startswith("Answer: ") and kind.solution(first[name])
        assert all(getattr(first[name], key) not in ("", None, {}) for key in kind.needs)


@pytest.mark.parametrize("path", sorted(ROOM.rglob("*.py")), ids=lambda path: path.stem)
def test_no_module_compares_the_kind_of_a_question(path):
    found = [line for line in path.read_text(encoding="utf-8").splitlines() if COMPARED.search(line)]
    assert found == []


@pytest.mark.parametrize(
    "line", ['if question.kind == "line":', "self.question.kind in FORMULAS", 'KINDS["line"].check']
)
def test_a_comparison_would_be_seen(line):
    assert COMPARED.search(line)


@pytest.mark.parametrize(
    ("identity", "written"),
    [
        # a product entry by entry within a product of matrices stands in brackets, each sign written
        ("16.4", r"\odot \mathbf{c}^{(t-1)} \odot \mathbf{f}^{(t)} \odot \left(1 - \mathbf{f}^{(t)}\right)\right) \, "),
        ("09.4", r"\left(1 - \left(\mathbf{h}^{(t)}\right)^{2}\right) \odot \left(\mathbf{V}^{\top} \, "),
    ],
)
def test_a_solution_of_vectors_is_set_by_its_shapes(identity, written):
    assert written in Exercises()(identity).solution()


@pytest.mark.parametrize("identity", ["06.2", "16.2", "17.2"])
def test_a_solution_of_single_numbers_has_no_sign_for_products_of_columns(identity):
    assert r"\odot" not in Exercises()(identity).solution()
