"""Catalogued mistakes as answers: refused, and named by their own name; the whole count is in benchmarks/checker.py."""

from functools import cache

import measuring
import pytest

from bptt_lab.exercises.causes.named import catalogued
from bptt_lab.exercises.mistakes import result_edits
from bptt_lab.exercises.questions import course_questions
from bptt_lab.symbolic.verdicts import AGREES, Verdict

FORMULAS, FUNCTIONS = ("line", "matrix", "derivation"), ("function",)
SAMPLES = {FORMULAS: (2, 8), FUNCTIONS: (4, 9)}  # one question in so many, one of its mistakes in so many


@cache
def sample(kinds):
    questions, every = SAMPLES[kinds]
    return measuring.mutants([*measuring.questions_of(*kinds)][::questions], every=every)


@pytest.mark.parametrize("kinds", [FORMULAS, FUNCTIONS])
def test_every_catalogued_mistake_is_refused(kinds):
    tally = sample(kinds)
    assert tally.counts["mutants"] >= 40
    assert tally.counts["not refused"] == 0, tally.troubles


@pytest.mark.parametrize("kinds", [FORMULAS, FUNCTIONS])
def test_no_catalogued_mistake_is_named_wrongly(kinds):
    tally = sample(kinds)
    assert tally.counts["named wrongly"] == 0, tally.troubles


@pytest.mark.parametrize("kinds", [FORMULAS, FUNCTIONS])
def test_nearly_all_catalogued_mistakes_are_named_uniquely_and_rightly(kinds):
    tally = sample(kinds)
    assert tally.share("named uniquely and rightly", of="mutants") >= 0.95, tally.troubles


def test_a_comparison_that_always_says_same_refuses_nothing():
    always_same = lambda left, right, graph: Verdict("same", AGREES)
    tally = measuring.mutants([course_questions()["07.2"]], compare=always_same, every=10)
    assert tally.counts["not refused"] == tally.counts["mutants"] > 0


def test_the_right_value_in_float64_is_not_taken_for_a_mistake():
    question = course_questions()["07.2"]
    mutant, _ = catalogued(question)[0]
    assert not measuring.refuses(question, mutant._replace(result=result_edits.right))
    assert measuring.refuses(question, mutant)


def test_a_diagnosis_that_names_something_else_is_counted(monkeypatch):
    wrong = lambda question, answer: measuring.Cause(says="something", mistake="Z9")
    monkeypatch.setattr(measuring, "diagnose", wrong)
    tally = measuring.mutants([course_questions()["07.2"]], every=20)
    assert tally.counts["named wrongly"] == tally.counts["mutants"] > 0
