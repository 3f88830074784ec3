"""The mistake catalogue: complete, in words that lead on and never give the formula away."""

import re
import string

import pytest

from bptt_lab.exercises.mistakes.catalogue import CATALOGUE, NOT_APPLICABLE

KNOWN = {"A": 10, "B": 10, "C": 12, "D": 11, "E": 12, "F": 5, "G": 7}


def slots(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_known_mistake_is_catalogued_or_has_the_reason_why_not():
    ids = {f"{letter}{k}" for letter, count in KNOWN.items() for k in range(1, count + 1)}
    assert set(CATALOGUE) | set(NOT_APPLICABLE) == ids
    assert not set(CATALOGUE) & set(NOT_APPLICABLE)


@pytest.mark.parametrize("mistake", CATALOGUE.values(), ids=CATALOGUE)
def test_a_mistake_is_told_in_one_sentence_and_one_question(mistake):
    assert mistake.says.endswith(".") and mistake.says.count(".") == 1
    assert mistake.asks.endswith("?") and mistake.asks.count("?") == 1
    assert mistake.name and mistake.says[0].isupper() | mistake.says.startswith("{") and len(mistake.says) < 120


@pytest.mark.parametrize("mistake", CATALOGUE.values(), ids=CATALOGUE)
def test_no_sentence_holds_a_formula(mistake):
    plain = re.sub(r"{\w+}", "", mistake.says + mistake.asks)
    assert not re.search(r"[=*@^()\[\]]|\*\*|\bd_", plain)


def test_no_two_mistakes_have_one_name_or_one_sentence():
    for part in ("name", "says"):
        found = [getattr(mistake, part) for mistake in CATALOGUE.values()]
        assert len(set(found)) == len(found)


def test_the_slots_are_words_that_an_edit_can_fill():
    words = {"path", "quantity", "equation", "wrong", "matrix", "parameter", "step", "part", "count", "target"}
    words |= {"state", "joined", "other", "weight", "place"}
    assert set().union(*(slots(m.says + m.asks) for m in CATALOGUE.values())) == words


@pytest.mark.parametrize("reason", NOT_APPLICABLE.values(), ids=NOT_APPLICABLE)
def test_what_is_left_out_has_a_reason_in_words(reason):
    assert reason.endswith(".") and len(reason) > 40
