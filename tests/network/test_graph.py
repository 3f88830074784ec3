"""Who influences whom: the unrolled graph, its boundaries and its paths."""

import pytest

import networks
from bptt_lab import Network, NetworkError


def text(places):
    return [str(place) for place in places]


@pytest.fixture
def graph():
    return networks.network("one hidden layer").unroll(4)


def test_a_hidden_state_reaches_the_loss_through_the_output_now_and_the_next_step(graph):
    assert text(graph.influences("h1", t=2)) == ["a2[2]", "a1[3]"]


def test_the_last_hidden_state_lacks_the_path_through_time(graph):
    assert text(graph.influences("h1", t=4)) == ["a2[4]"]


def test_the_general_form_says_when_a_path_is_missing(graph):
    assert text(graph.influences("h1")) == ["a2[t]", "a1[t+1] (not required when t = T)"]


def test_a_shared_parameter_influences_every_step(graph):
    assert text(graph.influences("W11")) == ["a1[1]", "a1[2]", "a1[3]", "a1[4]"]


def test_the_initial_state_influences_the_first_step_only(graph):
    assert text(graph.influences("h1", t=0)) == ["a1[1]"]


def test_an_entry_influences_the_entries_that_depend_on_it(graph):
    assert text(graph.influences("W11", entry=(2, 3))) == ["a1[1][2]", "a1[2][2]", "a1[3][2]", "a1[4][2]"]
    assert text(graph.influences("h2", t=2, entry=1)) == ["L[2]"]
    assert text(graph.influences("a1", t=2, entry=5)) == ["h1[2][5]"]


def test_a_general_entry_keeps_its_boundary(graph):
    found = graph.influences("h1", entry=2)
    assert text(found)[:3] == ["a2[t][1]", "a2[t][2]", "a2[t][3]"]
    assert str(found[3]) == "a1[t+1][1] (not required when t = T)"


def test_boundaries_before_and_after_are_named():
    assert networks.network("bidirectional").unroll(3).boundaries == ("hf[0]", "hb[T+1]")
    assert networks.network("two steps back").unroll(3).boundaries == ("h[0]", "h[-1]", "s[0]")
    assert networks.network("feed-forward, three hidden layers").unroll(3).boundaries == ()


def test_a_connection_two_steps_back_is_missing_at_the_last_two_steps():
    graph = networks.network("two steps back").unroll(5)
    assert "a[t+2] (not required when t > T-2)" in text(graph.influences("h"))
    assert text(graph.influences("h", t=2)) == ["s[2]", "a[3]", "a[4]"]


def test_a_path_backwards_in_time_is_missing_at_the_first_step():
    assert "ab[t-1] (not required when t = 1)" in text(networks.network("bidirectional").influences("hb"))


def test_the_number_of_paths_grows_as_time_goes_on(graph):
    assert [len(graph.paths("h1", t)) for t in (4, 3, 2, 1)] == [1, 2, 3, 4]
    assert text(graph.paths("h1", 3)[1]) == ["h1[3]", "a1[4]", "h1[4]", "a2[4]", "h2[4]", "L[4]"]


def test_paths_without_end_are_refused():
    wide = Network(
        "h[t] = h[t-1] + tanh(h[t-1]) * h[t-1]\ng[t] = h[t] + g[t-1] + h[t-1]\nL = mse(g[T], y)", sizes=dict(h=2)
    )
    with pytest.raises(NetworkError, match="more than 20000 paths"):
        Network(
            "h[t] = p[t-1] * q[t-1]\np[t] = tanh(h[t])\nq[t] = exp(h[t])\nL = mse(h[T], y)", sizes=dict(h=2)
        ).unroll(40).paths("h", 1)
    assert len(wide.unroll(3).paths("h", 3)) == 1


def test_places_that_do_not_occur_are_refused(graph):
    with pytest.raises(NetworkError, match=r"h1 does not occur at t = 9\.\nIts times are 0 to 4"):
        graph.influences("h1", t=9)
    with pytest.raises(NetworkError, match="W11 has no time"):
        graph.influences("W11", t=1)
    with pytest.raises(NetworkError, match="Did you mean 'W1"):
        graph.influences("W12")
    with pytest.raises(NetworkError, match="entries count from 1"):
        graph.influences("h1", t=2, entry=0)


@pytest.mark.parametrize("T", [0, -1, 2.5, True, "3"])
def test_the_number_of_steps_must_be_a_whole_number(T):
    with pytest.raises(NetworkError, match="1 or more"):
        networks.network("LSTM").unroll(T)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"W12": [[1.0]]}, "values holds 'W12'.*Did you mean 'W1"),
        ({"x": None}, "values lacks x"),
        ({"W11": [[1.0, 2.0]]}, r"W11 has the shape \(1, 2\); expected \(5, 5\)"),
        ({"x": [[0.0] * 4] * 3}, r"x has the shape \(3, 4\); expected \(4, 4\).*One row a step"),
        ({"b0": [float("nan")] * 5}, "b0 holds a value that is not finite"),
        ({"b0": ["a"] * 5}, "b0 holds .*not numbers"),
        ({"h1[0]": [0.0] * 4}, r"h1\[0\] has the shape \(4,\); expected \(5,\)"),
    ],
)
def test_bad_values_get_one_clear_message(graph, change, message):
    values = networks.random_values(graph, seed=1) | change
    values = {key: value for key, value in values.items() if value is not None}
    with pytest.raises(NetworkError, match="(?s)" + message):
        graph.gradients(values)


def test_long_sequences_unroll_without_recursion():
    graph = Network(networks.ONE_HIDDEN, sizes=dict(x=1, h1=2, h2=3)).unroll(600)
    assert len(graph.order) == 3000
