"""Answers that are almost right: none accepted; the whole count is in benchmarks/checker.py."""

import random

import measuring
import pytest
from near_misses import ELSEWHERE, MISSES, near_miss
from rewriting import relation, symbolic_questions

from bptt_lab.exercises.feedback import Feedback
from bptt_lab.exercises.judges.cases import cases
from bptt_lab.exercises.outcomes import CORRECT
from bptt_lab.exercises.questions import course_questions

SEED, COUNT = 12, 240


def test_no_near_miss_is_accepted():
    tally = measuring.near_misses(COUNT, SEED)
    assert tally.counts["misses"] == COUNT
    assert tally.counts["accepted"] == 0, tally.troubles
    assert all(tally.counts[kind] for kind in MISSES)


def test_a_judge_that_always_says_right_is_caught():
    tally = measuring.near_misses(3, SEED, judge=lambda question, text: Feedback(question.id, CORRECT))
    assert tally.counts["accepted"] == 3 and len(tally.troubles) == 3


@pytest.mark.parametrize("kind", MISSES)
def test_a_near_miss_has_a_value_of_the_right_shape_that_is_not_the_right_one(kind):
    chance, found = random.Random(SEED), 0
    for question in symbolic_questions()[::6]:
        text = near_miss(question, kind, chance)
        if text is not None:
            found += 1
            tried = cases(question) if kind in ELSEWHERE else [question]
            assert "different" in {relation(one, one.tree(text), one.goal_tree) for one in tried}
    assert found


def test_a_change_that_changes_no_value_is_no_near_miss(monkeypatch):
    monkeypatch.setitem(MISSES, "nothing", lambda question, tree, chance: tree)
    assert near_miss(course_questions()["07.2"], "nothing", random.Random(0)) is None
