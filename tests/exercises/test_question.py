"""A question as data: what it shares with other questions, and what it keeps."""

from dataclasses import replace

import asked

from bptt_lab.exercises.causes.named import catalogued, trial_scenes
from bptt_lab.exercises.judges.cases import cases


def test_questions_about_one_network_of_one_length_share_its_graph():
    one, other = asked.weights(), asked.derivation()
    assert one is not other and one.graph is other.graph
    assert replace(one, T=9).graph.network is one.graph.network and replace(one, T=9).graph.T == 9


def test_other_sizes_are_another_network():
    one = asked.state()
    other = replace(one, sizes={"h1": 6})
    assert other.graph.network is not one.graph.network and other.graph.network.sizes["h1"] == 6


def test_what_is_computed_for_a_question_is_kept_on_it_and_goes_with_it():
    one = asked.weights()
    assert not one.kept
    for compute in (trial_scenes, cases, catalogued):
        assert compute(one) is compute(one)
    assert one.kept and not replace(one).kept
    assert not any(one in kept for kept in (one.graph.kept, one.graph.network.kept))


def test_only_the_mistakes_asked_for_are_made():
    one = asked.weights()
    assert {mutant.mistake for mutant, _ in catalogued(one)} > {"A1", "C1"}
    assert {mutant.mistake for mutant, _ in catalogued(one, frozenset({"A1", "C1"}))} == {"A1", "C1"}
