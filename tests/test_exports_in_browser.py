"""Notebooks with something to explore as exported pages: no kernel, no network, light and dark, wide and narrow."""

import nbformat
import pytest
from nbconvert import HTMLExporter

from browser import needs_browser, serious
from explored import HOLDERS, NOTEBOOKS, RUN_OFF, answers, pieces

pytestmark = needs_browser
EXPLORERS = ".bptt-explorer[data-alive]"
WIDTHS = (1280, 800)


@pytest.fixture(scope="module")
def opened(browser, tmp_path_factory):
    """Return a function that exports a notebook in a theme and opens it."""
    folder, page = tmp_path_factory.mktemp("exports"), browser.new_page()
    exporters = {theme: HTMLExporter(theme=theme) for theme in ("light", "dark")}  # each reads its templates once
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    # MathJax and the like are asked for elsewhere: a page that waits for them is no slower than one that does not
    page.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())

    def open_one(number, theme):
        (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
        file = folder / f"{number}-{theme}.html"
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        file.write_text(exporters[theme].from_notebook_node(nbformat.read(path, 4))[0], encoding="utf-8")
        page.complaints.clear()
        page.goto(file.as_uri(), wait_until="domcontentloaded")
        page.wait_for_function(
            "([one, count]) => document.querySelectorAll(one).length === count", arg=[EXPLORERS, len(pieces(path))]
        )
        return page

    yield open_one
    page.close()


def test_the_notebooks_with_something_to_explore_are_found():
    assert {"00", "06", "12", "15", "18"} <= set(HOLDERS) and len(HOLDERS) >= 9


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("number", HOLDERS)
def test_an_exported_page_lives_and_axe_finds_nothing_serious(opened, number, theme):
    page = opened(number, theme)
    assert {one.get_attribute("data-light") for one in page.locator(EXPLORERS).all()} == {str(theme == "light").lower()}
    page.locator(".bptt-explorer details").evaluate_all("all => all.forEach((one) => (one.open = true))")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert serious(page, EXPLORERS, contrast=width == WIDTHS[0]) == {}, width
        assert page.locator(EXPLORERS).evaluate_all(RUN_OFF) == [], width
    if theme == "light":
        answers(page.locator(EXPLORERS).first)
    assert [one for one in page.complaints if "require" not in one] == []  # require.js is not there either
