"""What a student types: ex, check, hint, solution, progress, and the magic for derivations."""

import asked
import pytest

from bptt_lab import ex
from bptt_lab.exercises import progress
from bptt_lab.exercises.front import Exercise, Exercises, UnknownExercise, is_blank
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, NOT_ATTEMPTED, WRONG
from bptt_lab.exercises.question import QuestionError

LINE = """
[[question]]
id = "99.1"
kind = "line"
network = "two scalars"
task = "Write the derivative by W11."
goal = "D(L, W11)"
letters = ["d1", "h1"]
answer = "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)"
hints = ["Where is W11 used?", "Once a step.", "The sum over time."]
section = "99 · Nowhere"
"""


def nothing(W11, h1): ...


def nothing_but_words(W11, h1):
    """Return the gradient."""


def something(W11, h1):
    return h1


@pytest.mark.parametrize(
    "answer", [None, ..., "", "  \n", "…", "...", "# one formula a line\n", nothing, nothing_but_words]
)
def test_an_unattempted_exercise_is_quiet_and_shows_its_task(answer, tmp_path):
    found = Exercise(asked.weights(), tmp_path).check(answer)
    assert found.outcome == NOT_ATTEMPTED and str(found) == "07.1: not attempted."
    assert "Exercise 07.1" in found._repr_markdown_() and "Not attempted" in found._repr_markdown_()
    assert not list(tmp_path.iterdir())


def test_a_function_that_does_something_is_an_attempt():
    assert not is_blank(something) and not is_blank(lambda: 1) and is_blank(lambda: None)


def test_each_kind_of_answer_goes_to_its_judge(tmp_path):
    assert Exercise(asked.weights(), tmp_path).check(asked.weights().answer).outcome == CORRECT
    steps = "D(L, a2(2))*d(a2(2), h1(2)) + D(L, a1(3))*d(a1(3), h1(2))\n" + asked.derivation().answer
    assert Exercise(asked.derivation(), tmp_path).check(steps).outcome == CORRECT
    assert Exercise(asked.function(), tmp_path).check(something).outcome == WRONG
    assert Exercise(asked.weights(), tmp_path).check(3).outcome == CANNOT_READ
    assert Exercise(asked.weights(), tmp_path).check(shape=(3, 4)).outcome == CANNOT_READ


def test_answers_are_noted_beside_the_notebook(tmp_path, monkeypatch):
    monkeypatch.delenv(progress.SWITCH, raising=False)
    exercise = Exercise(asked.weights(), tmp_path)
    exercise.check("d1(3)*h1(2)")
    exercise.check(asked.weights().answer)
    noted = progress.read(tmp_path).entries
    assert [entry.outcome for entry in noted] == [WRONG, CORRECT] and noted[0].mistake


def test_three_hints_and_then_the_last_again():
    exercise = Exercise(asked.weights())
    assert [str(exercise.hint()) for _ in range(4)] == [
        "Hint 1 of 3: one", "Hint 2 of 3: two", "Hint 3 of 3: three", "Hint 3 of 3: three"
    ]  # fmt: skip


@pytest.mark.parametrize("question", [asked.weights(), asked.derivation(), asked.function()])
def test_a_solution_is_shown_on_request_only(question):
    exercise = Exercise(question)
    assert question.answer.strip() in exercise.solution()
    assert question.answer.strip() not in exercise._repr_markdown_() + repr(exercise)


def test_a_derivation_shows_its_goal_and_how_to_answer():
    shown = Exercise(asked.derivation())._repr_markdown_()
    assert r"\frac{d L}{d h^{1(2)}}" in shown and "%%derive 07.4" in shown


SUM = "a = w * x\nL = mse(a, y)"
PRODUCT = "a = w * x * u\nL = mse(a, y)"
ONES = dict(x=1, a=1)


def test_questions_about_a_network_stand_beside_those_of_another_one():
    exercises = Exercises()
    first, second = exercises.own(SUM, ONES), exercises.own(PRODUCT, ONES, beside=True)
    assert first[0] == "18.1" and int(second[0][3:]) == int(first[-1][3:]) + 1
    assert exercises.ids("18") == first + second and exercises(first[0]).question.network == SUM
    assert exercises(second[0]).question.network == PRODUCT
    kept = exercises(second[0]).question
    assert exercises.own(PRODUCT, ONES, beside=True) == second and exercises(second[0]).question is kept


def test_questions_about_a_network_replace_those_of_the_networks_before():
    exercises = Exercises()
    exercises.own(SUM, ONES)
    exercises.own(SUM, ONES, T=5, beside=True)
    assert (found := exercises.own(PRODUCT, ONES)) == exercises.ids("18") and found[0] == "18.1"
    assert all(exercises(name).question.network == PRODUCT for name in found)


def test_an_unknown_id_offers_the_nearest():
    with pytest.raises(UnknownExercise, match="There is no exercise '07.99'"):
        ex("07.99")


def test_an_instructor_adds_a_question_of_a_few_lines():
    assert ex.add(LINE) == ["99.1"] and "99.1" in ex.ids("99")
    assert ex("99.1").check("d1(3)*h1(2)").outcome == WRONG


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('kind = "line"', 'kind = "lines"', "the kind is 'lines'"),
        ("network =", "netwrok =", "no key 'netwrok'. Did you mean 'network'?"),
        ('"two scalars"', '"too scalars"', "Did you mean 'two scalars'?"),
        ("goal =", "# goal =", "goal is missing"),
        ('"D(L, W11)"', '"D(L, W12)"', "'W12' is not a letter"),
        ('"D(L, W11)"', '"D(L, h1(k))"', "'k' is not a letter"),
        ("h1(0) +", "h1(0) -", "is judged: 99.1: wrong"),
        ('"Once a step.", ', "", "three hints"),
        ('"The sum over time."', '"d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)"', "a hint holds the answer"),
        (
            '"99.1"',
            '"07.2"',
            "07.2: this id is that of a question of the course, and two questions cannot share one. W",
        ),
        ('id = "99.1"', 'id = "the first"', "an id is one word, such as mine.1"),
        ("[[question]]", "[[question]", "not TOML"),
        ("[[question]]", "[question]", "write [[question]], in two brackets"),
        ("[[question]]", "", "'id' stands outside of a question: write [[question]] above it"),
        ('"two scalars"', '"h[t] = tanh(W * h[t-1] + x[t])"', "T is missing: the network has times"),
        ("goal =", 'T = "4"\ngoal =', "T is '4'; expected a whole number from 1. Write for example:  T = 4"),
        ('letters = ["d1", "h1"]', 'letters = ["d1"]', "h1 is not available"),
    ],
)
def test_a_question_that_is_not_sound_is_refused_with_its_reason(old, new, words):
    with pytest.raises(QuestionError) as caught:
        ex.add(LINE.replace(old, new, 1))
    assert words in str(caught.value)


def test_an_own_question_has_any_id_and_section_and_may_come_from_a_file(tmp_path):
    file = tmp_path / "mine.toml"
    text = LINE.replace("99.1", "week-2.first").replace('"99 · Nowhere"', '"Lecture 7"')
    file.write_text(text.replace("hints = ", "# "), encoding="utf-8-sig")
    assert ex.add(file) == ["week-2.first"] and ex("week-2.first").hint() == "There are no hints."
    with pytest.raises(QuestionError, match="nowhere.toml cannot be read"):
        ex.add(tmp_path / "nowhere.toml")


def test_the_magic_checks_the_lines_of_a_cell():
    from IPython.testing.globalipapp import start_ipython

    shell = start_ipython()
    from bptt_lab.exercises.magics import register

    assert register()
    ex.add(LINE.replace('"line"', '"derivation"').replace("99.1", "99.2"))
    found = shell.run_cell_magic("derive", "99.2", "= d1(3)*h1(2)\n")
    assert found.outcome == WRONG and "Line 1" in found.cause
    assert shell.run_cell_magic("derive", "99.2", "# one formula a line").outcome == NOT_ATTEMPTED


@pytest.mark.parametrize(
    ("identity", "held"),
    [
        ("09.1", ["(a) 2", "(b) 9", "(c) 15", "(d) 54", "with a letter"]),
        ("13.5", ["(a) TBPTT(1, 40)", "(c) the forward mode"]),
        ("04.4", ["D(L, b_a) = sum(i, 1, T, w_y)", "`d_s`, `v`, `w_y`"]),
        ("09.5", ["grad(L, h(T-2)) = W.T @ diag(1 - h(T-1)**2) @ diag(1 - h(T)**2)", "whatever number $T$ is"]),
        ("15.2", ["h1_b(1) = tanh(W0_b @ x(T) + W11_b @ h1_b(T+1) + b0_b)"]),
        ("08.4", ["D(L, x) = …", "%%derive 08.4"]),
    ],
)
def test_a_question_in_a_terminal_holds_all_that_is_needed_to_answer_it(identity, held):
    text = str(ex(identity))
    assert all(part in text for part in held) and "$$" not in text


def test_every_question_of_the_course_shows_in_a_terminal_its_choices_letters_and_printed_line():
    for identity in ex.ids():
        text, question = repr(ex(identity)), ex(identity).question
        assert all(f"({key}) {words}" in text for key, words in question.choices.items())
        assert question.printed in text and all(f"`{name}`" in text for name in question.letters)
