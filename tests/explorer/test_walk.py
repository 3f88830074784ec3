"""A derivation to walk through: its lines, its terms and their paths as data, and in a real browser."""

import numpy as np
import pytest

import networks
from bptt_lab import symbolic, walk
from bptt_lab.explorer import explore_flows
from browser import serious
from explored import TWO

HEAD = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Walk</title></head>'
PAGE = HEAD + '<body style="background: #fff"><main>{}</main></body></html>'
GRAPH = TWO.unroll(3)


@pytest.fixture(scope="module")
def whole():
    return walk(symbolic.derive(GRAPH, "h1", 2, unroll=True))


def ways(data, line):
    """Return the paths of each term of a line, as names."""
    graph = data["graph"]
    say = lambda arrow, end: graph["places"][graph["arrows"][arrow][end]]["say"]
    path = lambda arrows: [say(arrows[0], "from"), *(say(arrow, "to") for arrow in arrows)]
    return [[path(arrows) for arrows in term["paths"]] for term in data["lines"][line]["terms"]]


def test_each_term_of_the_chain_rule_has_its_arrow(whole):
    assert ways(whole.data, 1) == ways(whole.data, 2) == [[["h1(2)", "a2(2)"]], [["h1(2)", "a1(3)"]]]


def test_each_term_of_the_written_out_form_has_its_whole_path(whole):
    assert ways(whole.data, 3) == [[["h1(2)", "a2(2)", "L(2)"]], [["h1(2)", "a1(3)", "h1(3)", "a2(3)", "L(3)"]]]


def test_a_weight_is_drawn_where_the_derivation_is_by_it_and_no_other():
    data = walk(symbolic.derive(GRAPH, "W11")).data
    assert [place["say"] for place in data["graph"]["places"] if place["kind"] == "parameter"] == ["W11"]
    assert ways(data, 1) == [[["W11", f"a1({t})"]] for t in (1, 2, 3)]


def test_a_minus_stands_before_its_term():
    graph = TWO.unroll(1)
    letter = lambda text: symbolic.read_letter(graph, text)
    lines = [(letter("D(L,a2[1])"), "the goal"), (letter("a2[1]") - letter("y[1]"), "the error")]
    terms = walk(symbolic.Derivation(graph, lines)).data["lines"][1]["terms"]
    assert [term["sign"] for term in terms] == ["", "\N{MINUS SIGN}"]


def test_a_derivation_in_vectors_is_walked_line_by_line():
    graph = networks.graph("one hidden layer", 3)
    found = walk(symbolic.derive_vector(graph, "h1"))
    assert len(found.data["lines"]) == 3 and all(line["terms"] for line in found.data["lines"])


def test_marks_that_are_too_few_are_told():
    with pytest.raises(ValueError, match="marks has 1 entries for 3 lines"):
        walk(symbolic.derive(GRAPH, "h1", 2), marks=[[]])


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    yield page
    assert page.complaints == []
    page.close()


def opened(page, explorer):
    page.set_content(PAGE.format(explorer.html()))
    page.wait_for_selector(".bptt-explorer[data-alive]")
    return page


def test_a_line_appears_at_a_press_lights_its_paths_and_moves_nothing(page, whole):
    opened(page, whole)
    spot = lambda: page.locator(".picture").bounding_box()
    before, seen = spot(), []
    for _ in range(3):
        page.get_by_role("button", name="Next line").click()
        seen.append(page.locator(".lines li:visible").count())
        assert spot() == before
    assert page.locator(".lines li.now .term").count() == 2 and page.locator(".arrow.lit").count() == 6
    assert page.get_by_role("status").inner_text() == "Line 4 of 4: every total derivative written out."
    assert page.get_by_role("button", name="Next line").is_disabled()


def test_a_term_lights_its_own_path(page, whole):
    opened(page, whole)
    page.get_by_role("button", name="Next line").click()
    page.locator(".lines li.now .term").nth(1).focus()
    assert (
        page.locator(".arrow.lit").count() == 1 and page.locator(".box.reached").get_attribute("aria-label") == "a1(3)"
    )


def test_on_a_narrow_page_a_term_scrolls_the_picture_to_its_path_and_not_the_page(page):
    page.set_viewport_size({"width": 390, "height": 900})
    page.emulate_media(reduced_motion="reduce")
    opened(page, walk(symbolic.derive(TWO.unroll(6), "W11")))
    page.get_by_role("button", name="Next line").click()
    seen = []
    for term in (0, 5):
        before = page.evaluate("[scrollX, scrollY]")
        page.locator(".lines li.now .term").nth(term).hover()
        assert page.evaluate("[scrollX, scrollY]") == before
        spot, frame = page.locator(".box.reached").bounding_box(), page.locator(".picture").bounding_box()
        assert frame["x"] - 1 <= spot["x"] and spot["x"] + spot["width"] <= frame["x"] + frame["width"] + 1
        seen.append(page.locator(".picture").evaluate("one => one.scrollLeft"))
    assert seen[0] != seen[1]


def test_axe_finds_nothing_serious(page, whole):
    assert serious(opened(page, whole)) == {}


@pytest.fixture(scope="module")
def flows():
    norms = lambda radius, T: {"tanh": (0.9 * radius) ** np.arange(T), "linear": radius ** np.arange(T)}
    return explore_flows(norms, [0.5, 1.5], [5, 9], label="norm of the gradient")


def test_curves_hold_every_panel_on_one_axis(flows):
    assert sorted(flows.data["panels"]) == ["0 0", "0 1", "1 0", "1 1"] and flows.data["longest"] == 9
    low, high = flows.data["ends"]
    every = [norm for panel in flows.data["panels"].values() for norms in panel["series"].values() for norm in norms]
    assert low <= min(every) and max(every) <= high
    assert flows.data["panels"]["1 0"]["series"]["linear"] == pytest.approx([1, 1.5, 2.25, 3.375, 5.0625], rel=1e-3)


def test_sliders_choose_the_curves_and_say_their_values(page, flows):
    opened(page, flows)
    ticks = page.locator(".plot text").all_inner_texts()
    slider = page.get_by_role("slider", name="spectral radius")
    slider.press("End")
    assert slider.get_attribute("aria-valuetext") == "1.5"
    assert "spectral radius 1.5, T = 5: tanh, over 4 steps rises" in page.locator(".says").inner_text()
    assert page.locator(".plot text").all_inner_texts() == ticks  # the axis stays
    assert serious(page) == {}


def test_too_many_panels_are_refused_before_any_is_measured():
    with pytest.raises(ValueError, match="1 to 60 panels"):
        explore_flows(lambda radius, T: 1 / 0, range(9), range(9))
