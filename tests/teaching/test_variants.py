"""Instances of a student's own: the same each time, sound, and the same question."""

import random
import re
from dataclasses import replace

import pytest

from bptt_lab.exercises.authoring.proof import prove
from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.questions import course_questions, read_questions
from bptt_lab.teaching import renaming, variants
from bptt_lab.teaching.question_format import example
from bptt_lab.teaching.renaming import Uncertain, words_renamed
from bptt_lab.teaching.variants import instance, vary, which

SECRET = b"a secret of the course's, for tests"
LETTERS = {"h1": "q1", "d_h1": "d_q1", "W11": "V11", "d_W11": "d_V11", "h": "q"}


def fresh(name):
    """Return a question of the course with nothing known of it."""
    return replace(course_questions()[name])


@pytest.mark.parametrize("name", ["07.1", "07.2", "07.3", "07.4", "05.1"])
def test_an_instance_proves_and_is_another_question(name):
    question = fresh(name)
    found = instance(question, SECRET, 3)
    assert found.changed and prove(found.question) == []
    same = {"id", "kind", "section", "points", "attempts"}
    assert all(getattr(found.question, key) == getattr(question, key) for key in same)
    assert (found.question.network, found.question.choices) != (question.network, question.choices)


def test_a_function_is_asked_for_in_other_letters_and_sizes():
    found = instance(fresh("07.6"), SECRET, 1)
    assert found.changed == "letters and sizes" and prove(found.question) == []
    new = next(name for name in found.question.arguments if name not in ("d_a1", "h_start"))
    assert new != "h1" and f"`{new}`" in found.question.task and f"{new}[:-1]" in found.question.answer


def test_an_instance_is_the_same_each_time_and_another_for_another_secret():
    one, same = (vary(fresh("07.2"), SECRET, "Ada") for _ in range(2))
    assert repr(one) == repr(same)
    assert repr(vary(fresh("07.2"), SECRET, " ada ")) == repr(one)  # a platform may write a name in another way
    others = {repr(vary(fresh("07.2"), bytes([k]) * 32, "Ada")) for k in range(5)}
    assert len(others) > 2


def test_students_share_instances_evenly_and_nobody_foresees_which():
    question = fresh("07.2")
    numbers = [which(question, SECRET, f"student {k}") for k in range(1200)]
    assert all(60 < numbers.count(k) < 140 for k in range(variants.POOL))
    assert numbers != [which(question, b"another secret of it", f"student {k}") for k in range(1200)]
    assert numbers != [which(fresh("07.3"), SECRET, f"student {k}") for k in range(1200)]


def test_what_was_proved_before_is_not_proved_again(monkeypatch):
    question = fresh("07.4")
    first = instance(question, SECRET, 2)
    proved = {variants.key(question, SECRET, 2): first.step}

    def never(question):
        raise AssertionError("proved again")

    monkeypatch.setattr(variants, "_is_sound", never)
    assert repr(instance(fresh("07.4"), SECRET, 2, proved)) == repr(first)
    changed = replace(fresh("07.4"), task="another task")
    with pytest.raises(AssertionError, match="proved again"):  # what is known is known of one text only
        instance(changed, SECRET, 2, proved)


def test_where_no_change_proves_the_question_stays_as_it_is_and_says_why(monkeypatch):
    monkeypatch.setattr(variants, "_is_sound", lambda question: False)
    question = fresh("07.2")
    found = instance(question, SECRET, 0)
    assert found.question is question and found.changed == "" and found.step > 0
    number = fresh("04.1")
    assert vary(number, SECRET, "ada") is number and variants.why_the_same(number) == "it has no network"


def test_the_choices_are_put_in_another_order_with_their_reasons():
    question = fresh("07.1")
    found = instance(question, SECRET, 4).question
    assert list(found.choices) == list(question.choices) and found.choices != question.choices
    assert sorted(found.choices.values()) == sorted(question.choices.values())
    assert found.choices[found.right] == question.choices[question.right]
    told = lambda one: {one.choices[key]: why for key, why in one.reasons.items()}
    assert told(found) == told(question) and prove(found) == []


@pytest.mark.parametrize(
    ("text", "is_free"),
    [("both (b) and (c)", False), ("none of the others", False), ("as answer b says", False),
     ("all those above", False),
     ("the first step, in both networks: h(b) of $x^{(b)}$", True)],
)  # fmt: skip
def test_choices_that_speak_of_their_letters_or_order_keep_them(text, is_free):
    (question,) = read_questions(example("choice").replace("'a(t)'", repr(text))).values()
    found = instance(question, SECRET, 1)
    assert bool(found.changed) == is_free
    assert is_free or variants.why_the_same(question).endswith("speak of their order")


def test_sizes_that_a_text_names_stay():
    (question,) = read_questions(example("matrix").replace("as a sum", "for 4 units, as a sum")).values()
    assert variants._resized(question, random.Random(1)) is None
    (question,) = read_questions(example("matrix")).values()
    sizes = variants._resized(question, random.Random(1)).sizes
    assert sizes != question.sizes and sizes["x"] != sizes["h"] and min(sizes.values()) > 1


@pytest.mark.parametrize("kind", ["line", "matrix", "derivation", "function", "shape"])
def test_renamed_and_renamed_back_is_the_same_question(kind):
    (question,) = read_questions(example(kind)).values()
    new = renaming._drawn(question, random.Random(3))
    there = renaming.with_letters(question, new)
    back = renaming.with_letters(there, {other: one for one, other in new.items()})
    assert set(new) >= {"x", "h", "R"} and "a" not in new and "L" not in new
    assert there.task != question.task and repr(replace(back, network=question.network)) == repr(question)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("by `h1(t-1)` and `d_h1`, not `h_start`", "by `q1(t-1)` and `d_q1`, not `h_start`"),
        (r"$\frac{dL}{dW^{11}}$ of $\mathbf{h}^{1(3)}$", r"$\frac{dL}{dV^{11}}$ of $\mathbf{q}^{1(3)}$"),
        (r"$\tanh(h)$, $\text{which h}$, $\operatorname{W}$", r"$\tanh(q)$, $\text{which h}$, $\operatorname{W}$"),
        ("The output knows h1(3); which share? h(t)", "The output knows q1(3); which share? q(t)"),
        ("```\nh1[t] = 1\n```", "```\nq1[t] = 1\n```"),
        ("W¹ h¹ is a column; x² is not", "V¹ q¹ is a column; x² is not"),
    ],
)
def test_letters_are_renamed_in_words_code_and_latex(text, expected):
    assert words_renamed(text, LETTERS) == expected


@pytest.mark.parametrize(
    "text", ["the state h is felt", "$tanh(h)$", "twice is `W @ W`", "in the letters of the course"]
)
def test_where_a_letter_may_be_a_word_nothing_is_renamed(text):
    with pytest.raises(Uncertain):
        words_renamed(text, LETTERS)


@pytest.mark.parametrize("name", ["16.2", "16.3", "16.4", "17.2", "17.4", "15.3"])
def test_a_gate_after_which_weights_are_named_keeps_its_letter(name):
    question = fresh(name)
    found = renaming.renamed(question, random.Random(name))
    marks = lambda one: re.findall(r"(?<=[^d]_)[a-z]\b", one.task + one.graph.network.text + one.answer)
    letters = lambda one: [letter for letter in one.graph.network.shapes if len(letter) == 1]
    gates = set(re.findall(r"(?<=_)[a-z]\b", question.graph.network.text))
    assert marks(found) == marks(question)
    assert gates & set(letters(question)) <= set(letters(found))


def test_a_question_whose_words_are_uncertain_keeps_its_letters():
    (question,) = read_questions(example("line").replace("gradients", "h gradients")).values()
    assert renaming.renamed(question, random.Random(1)) is None


def test_a_rewritten_formula_with_another_meaning_is_refused():
    (question,) = read_questions(example("line")).values()
    with pytest.raises(Uncertain, match="that of another letter"):
        renaming.with_letters(question, {"h": "x"})


@pytest.mark.parametrize("kind", KINDS)
def test_an_instance_of_every_kind_accepts_its_own_answer(kind):
    (question,) = read_questions(example(kind)).values()
    found = instance(question, SECRET, 5).question
    right = {"choice": found.right, "number": found.number, "shape": found.shape}.get(kind, found.answer)
    if kind != "function":
        assert KINDS[kind].check(found, right).outcome.startswith("correct")
