"""The gallery: every network of the literature reads, is derived, drawn and programmed, and has the right gradients."""

import importlib.util
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import gallery_witnesses as witnesses
from bptt_lab import Network, report
from bptt_lab.figures import unrolled_network
from bptt_lab.symbolic import derive_vector, numpy_program
from bptt_lab.symbolic.verdicts import PROVED

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "gallery"
T, B = 3, 7


def loaded(path):
    """Return a script as a module."""
    spec = importlib.util.spec_from_file_location("gallery_make", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make = loaded(FOLDER / "make.py")
ENTRIES = {entry.id: entry for entry in make.entries()}
every = pytest.mark.parametrize("id", ENTRIES)


@cache
def graph(id):
    """Return a network of the gallery over T steps."""
    return ENTRIES[id].network.unroll(T)


@cache
def program(id):
    """Return its program."""
    return numpy_program(graph(id).network)


# The data


def test_there_are_25_networks_of_25_ideas_oldest_first():
    assert len(ENTRIES) == len(make.entries()) == 25
    assert len({entry.text for entry in ENTRIES.values()}) == len({entry.idea for entry in ENTRIES.values()}) == 25
    years = [entry.year for entry in ENTRIES.values()]
    assert years == sorted(years)


@every
def test_an_entry_says_what_its_page_needs(id):
    entry = ENTRIES[id]
    assert re.fullmatch(r"[a-z0-9_]+", entry.id) and entry.name and entry.authors and entry.title
    for words in (entry.idea, entry.note or "None."):
        assert words[0].isupper() or words[0] in "pghtw"  # or begins with a name of the text
        assert words.endswith(".") and len(words) < 400
    assert len(re.findall(r"[.;:](?:\s|$)", entry.idea)) <= 3


@every
def test_the_text_reads_and_its_shapes_are_those_that_are_said(id):
    entry, network = ENTRIES[id], graph(id).network
    for name, size in entry.sizes.items():
        assert network.shapes[name] == (size if isinstance(size, tuple) else (size,))
    assert sum(int(np.prod(network.shapes[name])) for name in network.parameters) == entry.weights
    assert network.fewest_steps <= T and entry.shown in network.shapes


# Derivations


@every
def test_every_parameter_is_derived_in_both_layouts(id):
    for name in graph(id).network.parameters:
        for layout in ("derivative", "gradient"):
            found = derive_vector(graph(id), name, layout)
            assert found.strength == PROVED and len(found.lines) > 1, (name, layout)


# Gradients


def compared(found, expected):
    """Compare gradients with expected ones, and say by which value they differ (errors: AssertionError)."""
    assert found.keys() == expected.keys()
    for key in expected:
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-9, atol=1e-9, err_msg=key)


@every
def test_the_program_has_the_gradients_of_an_independent_forward_pass(id):
    values = make.random_values(graph(id), seed=3, batch=B)
    compared(program(id).gradients(values), witnesses.gradients(id, values))
    loss = program(id).forward(values)[graph(id).network.loss]
    assert loss == pytest.approx(witnesses.loss(id, values), rel=1e-12)


@every
def test_the_graph_has_the_gradients_of_the_program(id):
    values = make.random_values(graph(id), seed=4, batch=1)
    found = graph(id).gradients(make.sequence(graph(id).network, values, 0))
    expected = program(id).gradients(values)
    compared(found, make.sequence(graph(id).network, expected, 0))


@every
def test_the_program_has_the_slopes_of_complex_steps(id):
    assert make.check_slopes(graph(id), program(id).gradients) == len(make.random_values(graph(id), 0, 2))


def test_every_network_has_a_witness_of_its_own():
    assert witnesses.NAMES == set(ENTRIES)


@pytest.mark.parametrize(
    ("id", "right", "wrong"),
    [
        ("jordan", "mu * s[t-1] + o[t-1]", "mu * (s[t-1] + o[t-1])"),
        ("narx", "B1 @ o[t-1] + B2 @ o[t-2]", "B1 @ o[t-2] + B2 @ o[t-1]"),
        ("bidirectional", "hb[t] = tanh", "hb[t] = sigmoid"),
        ("lstm_1997", "c[t] = c[t-1]", "c[t] = i[t] * c[t-1]"),
        ("lstm_projection", "ko * c[t]", "ko * c[t-1]"),
        ("gru", "U @ (r[t] * h[t-1])", "r[t] * (U @ h[t-1])"),
        ("recurrent_highway", "(1 - k2[t]) * s1[t]", "(1 - k2[t]) * s[t-1]"),
        ("householder", "dot(u2, q[t])", "dot(u2, h[t-1])"),
        ("antisymmetric", "(W - W.T)", "(W + W.T)"),
        ("delta_rule", "v[t][2] - dot(w2", "v[t][1] - dot(w2"),
        ("oscillators", "dt * z[t]", "dt * z[t-1]"),
        ("encoder_decoder", "O @ y[t-1]", "O @ y[t]"),
    ],
)
def test_a_text_that_says_something_else_is_refused(id, right, wrong):
    entry = ENTRIES[id]
    assert entry.text.count(right) == 1
    other = Network(entry.text.replace(right, wrong), sizes=entry.sizes).unroll(T)
    values = make.random_values(graph(id), seed=3, batch=1)
    expected = make.sequence(other.network, witnesses.gradients(id, values), 0)
    compared(graph(id).gradients(make.sequence(graph(id).network, values, 0)), expected)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        compared(other.gradients(make.sequence(other.network, values, 0)), expected)


@pytest.mark.parametrize("key", ["W", "h[0]", "x", "y"])
def test_complex_steps_refuse_a_wrong_gradient_and_name_it(key):
    wrong = lambda values: program("elman").gradients(values) | {key: program("elman").gradients(values)[key] + 1e-6}
    with pytest.raises(AssertionError, match=f"gradient by {re.escape(key)} is not"):
        make.check_slopes(graph("elman"), wrong)


# Drawings


@every
def test_the_network_is_drawn_and_described(id):
    figure, words = unrolled_network(graph(id))
    network = graph(id).network
    assert len(figure.axes) >= 1 and words.startswith("The network unrolled over 3 steps")
    said = set(re.findall(r"\w+", words))
    assert {*network.equations, *network.inputs, *network.parameters} <= said
    assert f"{len(graph(id).order) + len(given(id))} boxes" in words


def given(id):
    """Return the leaves that get a box: inputs and states."""
    return [place for place in graph(id).leaves if place.name not in graph(id).network.parameters]


@pytest.mark.parametrize("id", ["elman"])
def test_a_drawing_is_an_svg_that_says_what_it_shows_and_is_the_same_each_time(id):
    made = make.drawings(ENTRIES[id], graph(id))
    assert list(made) == [f"{id}-unrolled.svg", f"{id}-influence.svg"]
    assert made == make.drawings(ENTRIES[id], graph(id))
    for text, words in made.values():
        root = ElementTree.fromstring(text)
        assert root.get("role") == "img" and root.find("{*}desc").text == words
        assert "<dc:date>" not in text


def test_a_description_that_says_nothing_is_refused():
    with pytest.raises(ValueError, match="what the figure shows"):
        make.svg(unrolled_network(graph("elman"))[0], "A network.")


# Pages


@pytest.mark.parametrize("id", ["hopfield"])
def test_a_page_holds_equations_drawings_lines_program_and_checks(id, tmp_path, capsys):
    make.main([id, "--to", str(tmp_path)])
    page, entry = (tmp_path / f"{id}.md").read_text(encoding="utf-8"), ENTRIES[id]
    for words in (entry.name, entry.authors, entry.title, str(entry.year), entry.idea, entry.text.strip()):
        assert words in page
    for name in graph(id).network.shapes:
        assert f"### {name}\n" in page
    assert page.count("3 lines, each the same as the line before and as the first: proved") >= len(
        graph(id).network.parameters
    )
    assert "def gradients(v):" in page and "## Checks passed" in page
    links = re.findall(r"\]\(([\w.-]+)\)", page)
    assert {f"{id}-unrolled.svg", f"{id}-influence.svg", "index.md"} == set(links)
    assert all((tmp_path / link).is_file() for link in links)
    assert page.count("\n# ") == 0 and page.startswith("# ")
    assert f"{id}.md" in capsys.readouterr().out


def test_a_page_that_would_lack_something_is_refused():
    entry = ENTRIES["elman"]
    whole = report.made(graph("elman").network, T)
    pictures = {"one.svg": ("", "What is seen."), "other.svg": ("", "What is seen.")}
    derivations = {**whole.derivations, "W": "it has none."}
    for lacking, what in [({"derivations": derivations}, "a derivation by W"), ({"program": ""}, "a program")]:
        with pytest.raises(ValueError, match=f"The page of elman lacks {what}."):
            make.page(entry, replace(whole, **lacking), pictures)


def test_the_index_leads_to_every_page():
    text = make.index(make.entries())
    assert re.findall(r"\]\((\w+)\.md\)", text) == list(ENTRIES)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 27 and {row.count("|") for row in rows} == {5}


def test_what_is_not_in_the_gallery_is_said(capsys):
    with pytest.raises(SystemExit):
        make.main(["elman", "perceptron"])
    assert "there is no perceptron in the gallery: jordan, elman" in capsys.readouterr().err
