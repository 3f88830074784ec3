"""How a place is said to a student: one way in the whole room."""

import asked
import pytest

from bptt_lab.exercises.places import at_step, listed, said, said_now, said_of, without_time
from bptt_lab.formulas.times import NOW, Index
from bptt_lab.network import Place


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (Place("W11"), "W11"),
        (Place("h1", 2), "h1(2)"),
        (Place("h1", 0), "h1(0)"),
        (Place("h1", NOW), "h1(t)"),
        (Place("h1", Index("t", -2)), "h1(t-2)"),
        (Place("o", Index("T", 0)), "o(T)"),
    ],
)
def test_a_place_is_said_with_its_time_in_brackets(place, words):
    assert said(place) == words


def test_a_quantity_is_said_at_t_where_it_has_a_time():
    network = asked.weights().graph.network
    assert [said_now(network, name) for name in ("h1", "x", "W11", "L")] == ["h1(t)", "x(t)", "W11", "L(t)"]


def test_words_at_t_are_said_of_one_step_or_of_none():
    assert at_step("a1(t+1) and h1(t-1), with W11, at h1(t)", 3) == "a1(4) and h1(2), with W11, at h1(3)"
    assert without_time("a1(t+1) and h1(t), not h1(2)") == "a1 and h1, not h1(2)"


def test_a_delta_is_said_short_and_a_gradient_by_its_name():
    question = asked.weights()
    row, column = question.tree("D(L, a1(2))"), question.tree("grad(L, a1(2))")
    assert (said_of(row, "a1"), said_of(column, "a1"), said_of(row, "W11")) == ("d1", "d_a1", "d_W11")


def test_a_list_ends_with_and():
    assert [listed(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
