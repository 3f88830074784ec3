"""Wrong functions made by one edit, and the trial of backward passes: each mistake passes just where it cannot show."""

import numpy as np
import pytest

from bptt_lab import course
from bptt_lab.numeric import rnn

SCALE = 1.0


def backward(params, trace, d_a2):
    """Return two gradients, the recurrent path by way of the library."""
    found = rnn.backward(params, trace, d_a2 * SCALE)
    return {"W11": found["W11"], "b1": found["b1"]}


def test_an_edited_function_does_what_its_new_text_says_and_the_old_one_stays():
    case = course.random_case(seed=1)
    double = course.edited(backward, "* SCALE", "* (2 * SCALE)")
    np.testing.assert_allclose(double(*case.run())["b1"], 2 * backward(*case.run())["b1"])
    assert double.__name__ == "backward" and double is not backward


def test_an_edited_function_keeps_what_it_returns_unless_its_return_is_edited():
    assert set(course.edited(backward, '"b1": found["b1"]', "")(*course.random_case().run())) == {"W11"}


@pytest.mark.parametrize("text", ["nothing such", "found["])
def test_a_text_that_does_not_stand_there_once_is_refused(text):
    with pytest.raises(ValueError, match="expected once"):
        course.edited(backward, text, "")


def test_a_trial_refuses_what_is_wrong_and_passes_what_is_right_or_cannot_show():
    first = course.edited(backward, 'found["b1"]', "d_a2[:, 0].sum(axis=0)")
    flat = course.edited(backward, 'found["W11"]', 'found["W11"].T[:4]')
    cases = {"two": course.random_case(B=2, seed=4), "one": course.random_case(B=1, seed=4)}
    table = course.trial({"right": backward, "first sequence": first, "flat": flat}, cases)
    assert table.cases == ("two", "one")
    assert table.lines == (
        ("right", "**passes**", "**passes**"),
        ("first sequence", "refused", "**passes**"),
        ("flat", "wrong shape", "wrong shape"),
    )
    assert {line.count("|") for line in table._repr_markdown_().splitlines()} == {4}
    assert repr(table).splitlines()[1] == "first sequence, refused, **passes**"


def test_degenerate_cases_are_whole_cases_of_which_each_lacks_one_thing():
    case = course.random_case(T=4, B=2, seed=3)
    found = course.degenerate(case)
    assert found["generic"] is case and not found["h1(0) = 0"].arrays["h_start"].any()
    shapes = {name: one.labels.shape for name, one in found.items()}
    assert (shapes["T = 1"], shapes["T = 2"], shapes["B = 1"]) == ((1, 2), (2, 2), (4, 1))
    for one in found.values():
        right, stepped, derived = one.by_numpy(), one.by_complex_step(), one.by_sympy()
        assert all(course.is_same(right[name], stepped[name]) for name in right)
        assert all(course.is_same(derived[name], stepped[name]) for name in right)
    assert np.abs(found["tiny weights"].arrays["W11"]).max() < 1e-3 < np.abs(case.arrays["W11"]).max()


MISTAKES = {
    "T = 1": lambda params, trace, d_a2: rnn.backward({**params, "W11": 0 * params["W11"]}, trace, d_a2),
    "B = 1": lambda params, trace, d_a2: {"b1": d_a2[:, 0].sum(axis=0)},
}


@pytest.mark.parametrize("name", ["T = 1", "B = 1"])
def test_a_degenerate_case_hides_the_mistake_that_the_generic_one_shows(name):
    def wrong(*run):
        return {key: found for key, found in MISTAKES[name](*run).items() if key in ("W11", "b1")}

    found = course.trial({"wrong": wrong}, course.degenerate(course.random_case(seed=5)))
    told = dict(zip(found.cases, found.lines[0][1:], strict=True))
    assert told["generic"] == "refused" and told[name] == "**passes**"
