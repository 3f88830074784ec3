"""Vector forms spelled out: as formulas and entries that have the engine's value, or not at all."""

import own_networks
import pytest

from bptt_lab.exercises.authoring.spelling import Code, Unspeakable, gradient_form, spell, spell_entry
from bptt_lab.exercises.scenes import side
from bptt_lab.formulas import FormulaError, Language, read
from bptt_lab.formulas.shapes import shape_of
from bptt_lab.formulas.times import Index, letter
from bptt_lab.network import Network, NetworkError
from bptt_lab.symbolic.verdicts import decide

T = 3


def network(name):
    """Return one of the networks."""
    text, sizes = own_networks.TEXTS[name]
    return Network(text, sizes=sizes)


def verdict(net, name, text, entry=""):
    """Return whether a formula is the gradient by a quantity, at every step."""
    language, timed = Language(net), net.is_timed(name)
    goal = read(f"grad({net.loss}, {name}{'(t)' if timed else ''}{entry})", language)
    spans = {"t": range(1, T + 1)} if timed else {}
    return decide(side(goal, spans), side(read(text, language), spans), net.unroll(T)).outcome


def spelled(net, speak):
    """Return what can be put into words, by name, for all that is computed or a parameter."""
    found = {}
    for name in [*net.equations, *net.parameters]:
        try:
            found[name] = speak(gradient_form(net, name), net, name)
        except (Unspeakable, NetworkError):
            continue
    return {name: text for name, text in found.items() if name != net.loss}


@pytest.mark.parametrize("name", own_networks.TEXTS)
def test_every_form_that_is_spelled_has_the_value_of_the_gradient(name):
    net = network(name)
    for quantity, text in spelled(net, lambda form, net, _: spell(form, net)).items():
        assert verdict(net, quantity, text) == "same", (quantity, text)


@pytest.mark.parametrize("name", own_networks.TEXTS)
def test_every_entry_that_is_spelled_has_the_value_of_the_entry(name):
    net = network(name)
    vectors = [one for one, shape in net.shapes.items() if len(shape) == 1 and shape[0] > 1]
    texts = spelled(net, lambda form, net, one: spell_entry(form, net, 2) if one in vectors else "")
    for quantity, text in texts.items():
        assert not text or verdict(net, quantity, text, "[2]") == "same", (quantity, text)


@pytest.mark.parametrize(
    ("name", "quantity", "before", "after"),
    [
        ("two steps back", "h", "V.T", "W.T"),
        ("LSTM", "c", "f(t+1)", "f(t)"),
        ("bidirectional", "hb", "[5:9]", "[4:8]"),
        ("GRU", "z", "-(", "("),
        ("many to one", "h", "same(t, T)", "1"),
    ],
)
def test_a_spelled_form_with_one_piece_changed_is_another_value(name, quantity, before, after):
    net = network(name)
    text = spell(gradient_form(net, quantity), net)
    assert before in text and verdict(net, quantity, text.replace(before, after, 1)) == "different"


def test_the_slope_of_relu_and_a_joined_vector_have_words():
    relu, joined = network("one input for all steps"), network("a matrix for two vectors in one")
    assert spell(gradient_form(relu, "a"), relu) == "step(a(t))*d_h(t)"
    assert spell(gradient_form(joined, "W"), joined) == "sum(t, 1, T, d_a(t) @ concat(x(t), h(t-1)).T)"


def test_the_words_are_those_that_people_write():
    net = network("two steps back")
    assert spell(gradient_form(net, "W"), net) == "sum(t, 1, T, d_a(t) @ h(t-1).T)"
    assert spell_entry(gradient_form(net, "a"), net, 2) == "(1 - h(t)[2]**2)*d_h(t)[2]"
    both = network("bidirectional")
    assert "W[j,6]*d_o(t)[j]" in spell_entry(gradient_form(both, "hb"), both, 2)  # entry 2 of the second part is 6


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("a loss that reads the step before", "h"),  # a term without a gradient, and beyond T no target
    ],
)
def test_what_the_language_has_no_words_for_is_refused(name, quantity):
    net = network(name)
    with pytest.raises(Unspeakable):
        spell(gradient_form(net, quantity), net)


def test_code_names_an_array_by_what_it_holds():
    net = network("two steps back")
    code = Code(net)
    assert code.rows(letter("h", Index("t", -2))) == "h_2_before" and code.rows(letter("h", Index("t", 1))) == "h_after"
    assert code.rows(letter("s", Index("t", 0))) == "s[..., None]"
    assert code.arguments == {"h_2_before": "h(t-2)", "h_after": "h(t+1)", "s": "s(t)"}


def test_two_arrays_of_one_name_are_refused():
    text = "h[t] = tanh(W @ h[t-1] + V @ h_before[t])\nh_before[t] = U @ x[t]\nL[t] = mse(h[t], y[t])"
    code = Code(Network(text, sizes=dict(h=3, x=2, h_before=4)))
    code.rows(letter("h", Index("t", -1)))
    with pytest.raises(Unspeakable, match="h_before"):
        code.rows(letter("h_before", Index("t", 0)))


def test_the_shape_of_a_part_is_that_of_its_rows():
    net = network("LSTM")
    assert shape_of(read("z(t)[2:4]", Language(net)), net.shapes) == (3, 1)


def test_a_formula_needs_the_letters_of_its_network():
    net = network("GRU")
    with pytest.raises(FormulaError):
        read(spell(gradient_form(network("LSTM"), "c"), network("LSTM")), Language(net))
