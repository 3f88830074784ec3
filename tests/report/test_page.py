"""A network's page: the same parts in Markdown and in HTML, everything in one file, nothing run or loaded by it."""

import copy
import dataclasses
import html.parser
import re
import xml.etree.ElementTree as xml
from html import escape

import pytest

import networks
from bptt_lab import Network, report
from bptt_lab.network import Place
from bptt_lab.report import page as page_module
from bptt_lab.symbolic import Derivation, derive_vector, numpy_source, verdicts

NAMES = ["one hidden layer", "LSTM", "bidirectional", "the paper's GRU", "attention by running sums", "layer norm"]
KNOWN = {**networks.TEXTS, **networks.BEYOND}
MADE = {}


def page_of(name):
    if name not in MADE:
        text, sizes = KNOWN[name]
        MADE[name] = report.made(Network(text, sizes=sizes), T=3)
    return MADE[name]


class Elements(html.parser.HTMLParser):
    """What a page opens and closes, and its texts."""

    VOID = ("meta", "img", "!doctype")

    def __init__(self, source):
        super().__init__()
        self.open, self.found, self.texts = [], [], []
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def count(self, tag):
        return sum(one == tag for one, _ in self.found)


@pytest.mark.parametrize("name", [name for name in NAMES if name in KNOWN])
def test_both_pages_hold_every_line_its_verdict_and_the_program(name):
    page = page_of(name)
    network = page.network
    lines = {name: derive_vector(page.graph, name, layout="gradient").lines for name in network.shapes}
    markdown, source = report.markdown(page, drawing="page.png"), report.html(page)
    elements = Elements(source)
    rows = sum(map(len, lines.values())) + len(network.written) + len(network.shapes) + 1
    assert elements.open == [] and elements.count("tr") == rows
    for found in page.derivations.values():
        assert isinstance(found, Derivation) and found.verdict() in markdown and found.verdict() in elements.texts
    for line in (line for found in lines.values() for line in found):
        assert f" {line.form}    ({line.words})" in markdown
    assert numpy_source(network) in elements.texts and numpy_source(network).rstrip() in markdown
    assert page.drawing[1] in markdown and page.drawing[1] in elements.texts


@pytest.mark.parametrize("name", KNOWN)
def test_every_formula_of_a_page_becomes_mathml_with_no_latex_left(name):
    from bptt_lab.formulas.mathml import mathml
    from bptt_lab.report.html import equations

    text, sizes = KNOWN[name]
    network = Network(text, sizes=sizes)
    graph = network.unroll(3)
    forms = [derive_vector(graph, one, layout="gradient").lines[-1].form.latex() for one in network.parameters[:3]]
    for source in [equations(network), *map(mathml, forms)]:
        for formula in re.findall(r"<math.*?</math>", source, re.S):
            tree = xml.fromstring(formula)
            text = "".join(tree.itertext())
            assert text.strip() and not re.search(r"[\\&{}$]", text.replace("{", "", text.count("\\{"))), text


def test_a_page_loads_and_runs_nothing():
    elements = Elements(report.html(page_of("one hidden layer")))
    tags = {tag for tag, _ in elements.found}
    assert not tags & {"script", "link", "iframe", "object", "embed", "form"}
    sources = [value for tag, found in elements.found for key, value in found.items() if key in ("src", "href")]
    assert sources and all(value.startswith(("data:image/png;base64,", "#")) for value in sources)


def test_a_drawing_is_told_to_who_cannot_see_it_and_a_page_has_a_language_and_a_title():
    elements = Elements(report.html(page_of("one hidden layer"), "Elman's <network> & co"))
    (picture,) = [found for tag, found in elements.found if tag == "img"]
    assert len(picture["alt"]) > 60 and "unrolled over 3 steps" in picture["alt"]
    assert ("html", {"lang": "en"}) in elements.found and "Elman's <network> & co" in elements.texts


def test_markdown_has_a_title_too_or_none_below_the_heading_of_another_page():
    page = page_of("one hidden layer")
    assert report.markdown(page).startswith("# A network and its derivatives\n\n$$\n")
    whole, part = report.markdown(page, "Elman"), report.markdown(page, "")
    assert whole.startswith("# Elman\n\n$$\n") and whole == f"# Elman\n\n{part}"
    assert f"<h1>{page_module.TITLE}</h1>" in report.html(page)


@pytest.mark.parametrize("name", [name for name in NAMES if name in KNOWN])
def test_what_a_quantity_influences_is_held_as_places_and_said_in_both_pages(name):
    page = page_of(name)
    markdown, source = report.markdown(page), report.html(page)
    for quantity, found in page.influences.items():
        assert found.places == page.network.influences(quantity)
        assert found.words(str) == "nothing; it is the end" or found.paths != 0
        for place in map(str, found.places):
            assert f"`{place}`" in markdown and f"<code>{escape(place)}</code>" in source
        assert f"- `{quantity}`: {found.words(lambda place: f'`{place}`')}\n" in markdown


def test_paths_in_words_are_counted_or_too_many():
    place = Place("h", 2)
    said = [page_module.Influence((place,), count).words(str.upper) for count in (0, 1, 2, None)]
    assert said[:3] == ["H(2)", "H(2); 1 path to the loss", "H(2); 2 paths to the loss"]
    assert said[3].startswith("H(2); more than ") and said[3].endswith(" paths lead to the loss")


def test_a_link_leads_to_each_derivation():
    elements = Elements(report.html(page_of("one hidden layer")))
    links = {found["href"][1:] for tag, found in elements.found if tag == "a"}
    assert links == {found["id"] for tag, found in elements.found if tag == "h3"} == set(page_of(NAMES[0]).derivations)


def test_what_has_no_program_or_no_derivation_says_why_in_both_pages():
    page = report.made(Network("h[t] = tanh(W @ h[t-1])\nL = sum(h[T])", sizes=dict(h=2)), T=3)
    assert not page.program and page.no_program
    assert f"No program: {page.no_program}" in report.markdown(page)
    assert f"No program: {page.no_program}" in Elements(report.html(page)).texts
    missing = dataclasses.replace(page, derivations={"W": "There is none."})
    assert "No derivation: There is none." in report.markdown(missing)
    assert "No derivation: There is none." in Elements(report.html(missing)).texts


def test_a_page_of_more_steps_than_can_be_drawn_stands_without_a_drawing_and_says_why():
    steps = 41  # of 6 quantities each
    page = dataclasses.replace(page_of(NAMES[0]), graph=page_of(NAMES[0]).network.unroll(steps))
    why = page.drawing
    assert isinstance(why, str) and "boxes; 240 are the most. Unroll over fewer steps than 41." in why
    assert f"No drawing: {why}" in report.markdown(page, drawing="page.png") and "](page.png)" not in report.markdown(
        page
    )
    elements = Elements(report.html(page))
    assert f"No drawing: {why}" in elements.texts and elements.count("img") == 0 and elements.open == []


def test_the_checks_passed_count_what_was_checked():
    page = page_of("one hidden layer")
    lines = sum(len(found.lines) for found in page.derivations.values())
    first, second, third = page.checks()
    assert (
        first
        == f"{len(page.derivations)} of {len(page.derivations)} derivations, {lines} lines, each checked in 3 steps."
    )
    assert second == "Every one is proved, none on samples alone." and "values and gradients" in third
    one = next(iter(page.derivations.values()))
    assert one.strength == verdicts.PROVED
    for strength in verdicts.STRONGEST_LAST[:-1]:
        weaker = copy.copy(one)
        weaker.strength = strength
        mixed = dataclasses.replace(page, derivations={"a": one, "b": weaker, "c": "None."})
        assert [*mixed.checks()][1] == f"The weakest of them: {strength}."
    none = dataclasses.replace(page, derivations={"a": "None.", "b": "None."}, program="")
    assert [*none.checks()] == ["0 of 2 derivations, 0 lines, each checked in 3 steps."]
    fewer = dataclasses.replace(page, derivations=page.derivations | {"W0": "None."}, program="")
    assert [*fewer.checks()][0].startswith(f"{len(page.derivations) - 1} of ") and len([*fewer.checks()]) == 2
