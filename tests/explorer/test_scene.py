"""The data of an explorer: boxes, arrows, rules, all from the graph and its derivations."""

import json
import re
from xml.etree import ElementTree

import pytest

import networks
from bptt_lab import Network, NetworkError, explore
from bptt_lab.symbolic import derive
from bptt_lab.symbolic.scalar_printing import scalar_text
from explored import TWO, VALUES


@pytest.fixture(scope="module")
def explorer():
    return explore(TWO, 3, VALUES, start="h1(2)")


@pytest.fixture(scope="module")
def scene(explorer):
    return explorer.data["graphs"][3]


def named(scene, say):
    return next(place for place in scene["places"] if place["say"] == say)


def rule_of(scene, say):
    return scene["rules"][named(scene, say)["entries"][0]]


def test_every_quantity_has_a_box_and_no_two_boxes_overlap(scene):
    graph = TWO.unroll(3)
    assert len(scene["places"]) == len({p["say"] for p in scene["places"]}) == len(graph.leaves) + len(graph.order)
    wide, high = scene["half"]
    spots = [place["at"] for place in scene["places"]]
    overlaps = [
        (a, b)
        for n, a in enumerate(spots)
        for b in spots[:n]
        if abs(a[0] - b[0]) < 2 * wide and abs(a[1] - b[1]) < 2 * high
    ]
    assert overlaps == []


def test_every_influence_has_one_arrow(scene):
    graph = TWO.unroll(3)
    says = [place["say"] for place in scene["places"]]
    arrows = sorted((says[arrow["from"]], says[arrow["to"]]) for arrow in scene["arrows"])
    said = lambda place: place.name if place.time is None else f"{place.name}({place.time})"
    assert arrows == sorted((said(above), said(below)) for above in graph.users for below in graph.users[above])


@pytest.mark.parametrize(
    ("start", "end", "weight"),
    [
        ("h1(1)", "a1(2)", "W11"),
        ("x(2)", "a1(2)", "W0"),
        ("h1(3)", "a2(3)", "W1"),
        ("a1(1)", "h1(1)", ""),
        ("W11", "a1(1)", ""),
    ],
)
def test_an_arrow_carries_the_weight_that_it_multiplies_by(scene, start, end, weight):
    says = [place["say"] for place in scene["places"]]
    (arrow,) = [a for a in scene["arrows"] if (says[a["from"]], says[a["to"]]) == (start, end)]
    assert arrow["weight"] == weight


def test_the_terms_of_a_rule_are_those_of_the_chain_rule_in_order_of_time(explorer, scene):
    terms = rule_of(scene, "h1(2)")["terms"]
    assert [scene["entries"][term["entry"]]["say"] for term in terms] == ["a2(2)", "a1(3)"]
    pool = explorer.data["pool"]
    assert all(pool[term[key]].startswith("<math ") for term in terms for key in ("rule", "form", "asks"))
    assert "proved as an identity" in pool[rule_of(scene, "h1(2)")["verdict"]]


def test_formulas_are_well_formed_and_kept_once(explorer):
    pool = explorer.data["pool"]
    assert len(pool) == len(set(pool))
    for text in pool:
        if text.startswith("<"):
            ElementTree.fromstring(text)


@pytest.mark.parametrize("place", [("h1", 2), ("a1", 3), ("W11", None), ("L", 2)])
def test_the_right_choice_at_each_arrow_is_the_immediate_derivative_that_the_machine_proved(scene, place):
    say = place[0] if place[1] is None else f"{place[0]}({place[1]})"
    terms = rule_of(scene, say)["terms"]
    right = [[choice["text"] for choice in term["choices"] if "says" not in choice] for term in terms]
    assert all(len(texts) == 1 for texts in right)
    last = scalar_text(derive(TWO.unroll(3), *place).result)
    assert all(texts[0] in last or texts[0] == "1" for texts in right)


def test_a_loss_has_no_terms_and_a_target_can_be_moved(scene):
    assert rule_of(scene, "L(2)")["terms"] == []
    assert {"key": "y(2)", "ends": [-2, 2]}.items() <= scene["entries"][named(scene, "y(2)")["entries"][0]].items()


def test_probabilities_move_between_zero_and_one():
    text = "a[t] = W * x[t] + b\np[t] = sigmoid(a[t])\nL[t] = bce(p[t], y[t])"
    scene = explore(Network(text, sizes=dict(x=1, a=1)), 2).data["graphs"][2]
    assert {tuple(e["ends"]) for e in scene["entries"] if e["say"].startswith("y")} == {(0, 1)}


def test_numbers_are_those_that_are_given_and_readable_ones_where_none_are(explorer):
    assert explorer.data["values"]["x(2)"] == -1.0 and explorer.data["values"]["h1(0)"] == 0.7
    drawn = explore(TWO, 3).data["values"]
    assert all(abs(10 * value - round(10 * value)) < 1e-9 and value for value in drawn.values())


def test_a_longer_network_than_the_values_gets_readable_ones_for_the_rest():
    values = explore(TWO, 3, VALUES, steps=[2, 4]).data["values"]
    assert values["x(3)"] == 0.8 and "x(4)" in values


def test_vectors_show_their_entries():
    text, _ = networks.TEXTS["one hidden layer"]
    data = explore(Network(text, sizes=dict(x=2, h1=2, h2=2)), 2).data
    says = {entry["say"] for entry in data["graphs"][2]["entries"]}
    assert {"h1(1)[2]", "W11[2,1]"} <= says and "h1(1)" not in data["plays"]


def test_only_what_has_one_number_all_along_its_arrows_can_be_played(explorer):
    assert {"h1(2)", "W11", "x(1)"} <= set(explorer.data["plays"]) and "L(1)" not in explorer.data["plays"]


@pytest.mark.parametrize(
    ("given", "words"), [({"T": 9}, "8 steps can be explored"), ({"start": "h7(1)"}, "start is 'h7(1)'")]
)
def test_what_cannot_be_explored_is_told(given, words):
    with pytest.raises((NetworkError, ValueError), match=re.escape(words)):
        explore(TWO, **{"T": 3, "values": VALUES} | given)


def test_a_network_of_too_many_numbers_is_refused_with_what_to_do():
    text, _ = networks.TEXTS["one hidden layer"]
    with pytest.raises(NetworkError, match="smaller sizes"):
        explore(Network(text, sizes=dict(x=9, h1=9, h2=9)), 3)


def test_the_data_are_the_same_in_every_process_and_are_json(explorer):
    again = explore(TWO, 3, VALUES, start="h1(2)")
    assert json.dumps(again.data) == json.dumps(explorer.data)
    assert again.programs == explorer.programs
