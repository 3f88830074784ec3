"""Feedback on paths shows where they run: the missing ones stand out in a picture of the network."""

import re

import pytest

from bptt_lab.exercises.front import Exercise
from bptt_lab.exercises.questions import course_questions


def checked(identity, answer, tmp_path):
    return Exercise(course_questions()[identity], tmp_path).check(answer)


def in_words(found):
    return [" ".join(map(str, route)) for route in found.lit]


@pytest.mark.parametrize(
    ("identity", "answer", "lit"),
    [
        ("07.2", "d1(2)*h1(1) + d1(3)*h1(2)", ["W11 a1(1)"]),
        ("07.2", "d1(1)*h1(0) + 2*d1(2)*h1(1)", ["W11 a1(2)", "W11 a1(3)"]),
        ("07.2", "d1(1)*h1(0) - d1(2)*h1(1) + d1(3)*h1(2)", ["W11 a1(2)"]),
    ],
)
def test_the_paths_that_are_missing_or_not_there_once_are_marked(identity, answer, lit, tmp_path):
    found = checked(identity, answer, tmp_path)
    assert in_words(found) == lit and all(set(route) <= {*found_places(identity)} for route in found.lit)


def found_places(identity):
    graph = course_questions()[identity].graph
    return (*graph.leaves, *graph.order)


def test_the_picture_stands_in_the_card_with_its_description_and_not_in_the_text(tmp_path):
    found = checked("07.2", "d1(2)*h1(1) + d1(3)*h1(2)", tmp_path)
    shown = found._repr_markdown_()
    (words,) = re.findall(r'<img alt="([^"]*)"', shown)
    assert "W11" in words and "a1(1)" in words and "Marked: what is missing" in shown and "img" not in str(found)


@pytest.mark.parametrize("answer", ["d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)", "d1(1", "5*h1(1)"])
def test_without_a_word_on_paths_there_is_no_picture(answer, tmp_path):
    assert "<img" not in checked("07.2", answer, tmp_path)._repr_markdown_()


def test_a_network_too_large_to_be_drawn_is_told_in_words_alone(tmp_path, monkeypatch):
    found = checked("07.2", "d1(2)*h1(1) + d1(3)*h1(2)", tmp_path)

    def too_large(*arguments, **more):
        raise ValueError("too large")

    monkeypatch.setattr("bptt_lab.figures.unrolled_network", too_large)
    assert found.lit and "<img" not in found._repr_markdown_() and "missing" in found._repr_markdown_()
