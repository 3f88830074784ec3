"""What may be chosen for an immediate derivative: one right expression among slips with a name or a reason."""

import pytest
import sympy

import networks
from bptt_lab import Network
from bptt_lab.exercises import played
from bptt_lab.explorer.choices import choices
from bptt_lab.symbolic import letters, scalar_forms
from explored import TWO


def single(name):
    text, sizes = networks.TEXTS[name]
    return Network(text, sizes=dict.fromkeys(sizes, 1))


def edges(network, T=3):
    graph = network.unroll(T)
    full = lambda place: letters.full(place, network)
    for above in graph.users:
        for below in graph.users[above]:
            if all(size == 1 for place in (above, below) for size in network.shapes[place.name]):
                yield graph, full(below), full(above)


OF_TWO = [*edges(TWO)]
CASES = [*OF_TWO, *edges(single("two recurrent layers"), 2), *edges(single("LSTM"), 2)]


def test_every_slip_has_a_name_for_the_diary():
    names = {choice.slip for case in CASES for choice in choices(*case)}
    assert {"", "B1", "D1", "D2", "another step", "another letter"} <= names
    assert all(bool(choice.slip) == bool(choice.says) for case in CASES for choice in choices(*case))
    assert all(played.SLIP.fullmatch(name) for name in names)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[1]} by {case[2]}")
def test_one_choice_is_right_and_the_others_differ_from_it_and_say_why(case):
    graph, below, above = case
    found = choices(graph, below, above)
    right = scalar_forms.local_derivative(graph, below, above)
    (kept,) = [choice for choice in found if not choice.says]
    assert kept.expression == right and 2 <= len(found) <= 4
    wrong = [choice for choice in found if choice.says]
    assert all(sympy.expand(choice.expression - right) != 0 and "{" not in choice.says for choice in wrong)
    assert len({sympy.expand(choice.expression) for choice in found}) == len(found)


def said(above, below):
    (case,) = [case for case in OF_TWO if (str(case[2]), str(case[1])) == (above, below)]
    return {str(choice.expression): choice.says for choice in choices(*case)}


@pytest.mark.parametrize(
    ("above", "below", "slip", "words"),
    [
        ("a1(2)[1]", "h1(2)[1]", "1", "slope of the activation in h1(2) is missing"),
        ("a1(2)[1]", "h1(2)[1]", "1 - h1(2)", "a power or a factor is missing"),
        ("a2(2)[1]", "L(2)", "-a2(2) + y(2)", "wrong sign"),
        ("a2(2)[1]", "L(2)", "a2(2)", "target y(2) is missing"),
        (
            "W11[1]",
            "a1(2)[1]",
            "h1(2)",
            "h1(2) does not stand in the equation of a1(2). Which value does W11 meet there?",
        ),
        ("W11[1]", "a1(2)[1]", "h1(0)", "h1(0) does not stand in the equation of a1(2)"),
        ("h1(1)[1]", "a1(2)[1]", "W0", "the immediate derivative of a1(2) by x(2)"),
    ],
)
def test_a_slip_is_told_in_the_words_of_the_catalogue(above, below, slip, words):
    assert words in said(above, below)[slip]
