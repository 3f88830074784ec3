"""Random equal forms of every formula question: none refused; the whole count is in benchmarks/checker.py."""

import random
from fractions import Fraction

import measuring
import pytest
import rewriting
from rewriting import RULES, WrongRule, relation, rewritten, spelled, symbolic_questions

from bptt_lab.exercises.feedback import Feedback
from bptt_lab.exercises.outcomes import WRONG
from bptt_lab.exercises.questions import course_questions
from bptt_lab.formulas import read
from bptt_lab.formulas.tree import Binary, Letter, Negative, Number, Transpose

SEED, COUNT = 11, 144


def formula(question, text):
    return question.tree(text)


def applied(rule, identity, text):
    """Return the text that a rule makes of a formula at its top."""
    question = course_questions()[identity]
    spot = rewriting.Spot(question, formula(question, text), question.spans, random.Random(0))
    made = rule(spot)
    return None if made is None else spelled(made, question)


def test_no_equal_form_is_refused_or_left_undecided():
    tally = measuring.equal_forms(COUNT, SEED)
    assert tally.counts["forms"] == COUNT
    assert tally.counts["refused"] == tally.counts["left undecided"] == 0, tally.troubles


def test_a_judge_that_refuses_is_caught():
    tally = measuring.equal_forms(2, SEED, judge=lambda question, text: Feedback(question.id, WRONG))
    assert tally.counts["refused"] == 2 and len(tally.troubles) == 2


@pytest.mark.parametrize(
    ("rule", "identity", "text", "made"),
    [
        (rewriting.commute, "07.2", "d1(1)*h1(0)", "h1(0)*d1(1)"),
        (rewriting.expand, "07.2", "d1(1)*(h1(0) + h1(1))", "d1(1)*h1(0) + d1(1)*h1(1)"),
        (rewriting.factor, "07.2", "d1(1)*h1(0) + d1(1)*h1(1)", "d1(1)*(h1(0) + h1(1))"),
        (rewriting.write_out, "07.2", "h1(1)", "tanh(a1(1))"),
        (rewriting.write_out, "07.2", "h1(0)", None),
        (rewriting.split, "07.2", "sum(s, 1, 3, d1(s))", "sum(s, 1, 2, d1(s)) + d1(3)"),
        (rewriting.transpose, "06.4", "W1.T @ d_a2(t)", "(d_a2(t).T @ W1.T.T).T"),
        (rewriting.layout, "06.4", "d_a2(t)", "d2(t).T"),
        (rewriting.product_of_columns, "06.4", "h1(t) * d_a1(t)", "diag(h1(t)) @ d_a1(t)"),
        (rewriting.half, "07.2", "h1(1)/2", "0.5*h1(1)"),
    ],
)
def test_a_rule_makes_what_it_says(rule, identity, text, made):
    assert applied(rule, identity, text) == made


def test_every_rule_is_used_somewhere():
    chance, missing = random.Random(SEED), []
    for rule in RULES:
        trials = ((question, chance.choice([question.answer, *question.same])) for question in symbolic_questions())
        prepared = (rewritten(question, question.tree(text), chance, 2)[0:1] + (question,) for question, text in trials)
        if not any(rewritten(question, tree, chance, 1, [rule])[1] for tree, question in prepared):
            missing.append(rule.__name__)
    # these need what few answers hold at once: they have a case of their own above or below
    assert set(missing) <= {"factor", "write_out_softmax", "complement", "slope_of_sigmoid"}


def wrong_minus(spot):
    match spot.tree:
        case Binary("-", a, b):
            return Binary("-", b, a)


def wrong_number(spot):
    if isinstance(spot.tree, Letter):
        return Binary("*", Number(1 + Fraction(1, 10**12)), spot.tree)


def wrong_sign(spot):
    return Negative(spot.tree)


def wrong_order(spot):
    match spot.tree:
        case Transpose(Binary("@", a, b)):
            return Binary("@", Transpose(a), Transpose(b))


@pytest.mark.parametrize(("rule", "identity"), [(wrong_minus, "02.3"), (wrong_number, "07.2"), (wrong_sign, "06.4")])
def test_a_wrong_rule_is_caught_by_numbers_before_its_form_is_used(rule, identity):
    question = course_questions()[identity]
    with pytest.raises(WrongRule, match=rule.__name__):
        rewritten(question, question.tree(question.answer), random.Random(0), 5, [rule])


def test_a_rule_whose_form_has_no_value_is_passed_over():
    question = course_questions()["12.3"]
    tree = question.tree(question.same[-1])
    assert rewritten(question, tree, random.Random(0), 5, [wrong_order]) == (tree, [])


@pytest.mark.parametrize("digits", [12, 20, 40])
def test_numbers_of_eighty_digits_tell_apart_what_float64_does_not(digits):
    question = course_questions()["07.2"]
    tree = question.tree(question.answer)
    moved = Binary("+", tree, Number(Fraction(1, 10**digits)))
    assert relation(question, tree, tree) == "equal" and relation(question, moved, tree) == "different"


def test_a_form_is_spelled_as_a_student_types_it_and_read_back():
    chance = random.Random(SEED)
    for question in symbolic_questions():
        tree, _ = rewriting.equal_form(question, chance)
        again = read(spelled(tree, question), question.language)
        assert relation(question, again, tree) == "equal"
