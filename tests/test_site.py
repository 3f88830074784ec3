"""The site as readers get it: whole, without another host, for narrow screens, for keyboards and screen readers."""

import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import pytest

from bptt_lab import course, lectures, symbolic
from bptt_lab.exercises.mistakes.catalogue import CATALOGUE

ROOT = Path(__file__).resolve().parent.parent
LACKING = [name for name in ("sphinx", "myst_nb", "furo") if find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(LACKING), reason=f"not installed: {', '.join(LACKING)} (the extra site)")
if not LACKING:
    sys.path.insert(0, str(ROOT / "docs"))
    from pages import anchors, api, docstrings, explorers, formulas, front, kept, letters, links, mistakes, notebooks

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
TEN = (
    "index.html",
    "notebooks/00_start_here.html",
    "notebooks/05_the_output_layer.html",
    "notebooks/12_vanishing_and_exploding_gradients.html",
    "language.html",
    "ledger.html",
    "notation.html",
    "mistakes.html",
    "gallery/elman.html",
    "api/network.html",
    "sheet.html",
)
ELSEWHERE = re.compile(r"""(url\(|@import|src=|fetch\(|import\()\s*["']?(https?:)?//""")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Return the folder of a site built from nothing but what was computed before for this state of the package."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, ROOT / "docs" / "make.py", "--source", folder / "source", "--to", folder / "site"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")  # no warning, and no link that leads nowhere
    return folder / "site"


@cache
def text(page):
    return page.read_text(encoding="utf-8")


def pages(site):
    return sorted(site.rglob("*.html"))


class Reader(HTMLParser):
    """The words of a page outside of code and scripts, its pictures, and what its formulas say."""

    def __init__(self, page):
        super().__init__()
        self.inside, self.words, self.pictures, self.formulas = [], [], [], []
        self.feed(text(page))

    def handle_starttag(self, tag, attrs):
        if tag in ("pre", "code", "script", "style", "math"):
            self.inside.append(tag)
        if tag == "img":
            self.pictures.append(dict(attrs))

    def handle_endtag(self, tag):
        if self.inside and tag == self.inside[-1]:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.words.append(data)
        elif self.inside[-1] == "math":
            self.formulas.append(data)


@cache
def words_of(page):
    return Reader(page)


# What is there


def test_every_notebook_is_a_page_with_a_way_on_and_back(site):
    for before, file, after in zip([None, *NOTEBOOKS], NOTEBOOKS, [*NOTEBOOKS[1:], None], strict=False):
        page = text(site / "notebooks" / f"{file.stem}.html")
        for neighbour, way in ((before, "prev"), (after, "next")):
            assert neighbour is None or f'<link rel="{way}" title=' in page and f'href="{neighbour.stem}.html"' in page


def test_every_network_of_the_gallery_has_a_page_with_its_program(site):
    names = re.findall(r'^id = "(\w+)"', text(ROOT / "docs" / "gallery" / "networks.toml"), re.MULTILINE)
    assert len(names) >= 25
    assert [
        name for name in names if "def gradients" not in re.sub("<[^>]*>", "", text(site / f"gallery/{name}.html"))
    ] == []


def test_the_ledger_has_every_row_with_its_verdict(site):
    shown = dict(re.findall(r'<tr id="([^"]+)" data-verdict="(\w+)"', text(site / "ledger.html")))
    assert shown == {row.id: row.verdict for row in lectures.ledger()}


def test_the_dictionary_has_a_column_for_every_hand_and_every_line(site):
    page, found = text(site / "notation.html"), lectures.dictionary()
    assert [head for head in found.heading if head not in page] == []
    assert page.count("<tr") == len(found.lines) + 1


def test_every_mistake_is_named(site):
    page = "".join(words_of(site / "mistakes.html").words).lower()
    assert [one.name for one in CATALOGUE.values() if one.name not in page] == []


def test_a_mistake_is_shown_with_what_the_checker_says_of_it(site):
    examples = tomllib.loads(text(ROOT / "docs" / "mistakes.toml"))
    assert len(examples) >= 45 and set(examples) <= set(CATALOGUE)
    assert text(site / "mistakes.html").count("told:") == len(examples)


def test_an_example_of_another_mistake_is_refused():
    with pytest.raises(ValueError, match="The example of A1 is told D2"):
        mistakes.reply("A1", "two scalars", "D(L, a2(2))", "y(2) - a2(2)")


def test_every_public_name_has_its_place(site):
    import bptt_lab

    for room in api.ROOMS:
        module, page = __import__(f"bptt_lab.{room}", fromlist=["x"]), text(site / "api" / f"{room}.html")
        names = [name for name in module.__all__ if callable(getattr(module, name))]
        assert [
            name for name in names if f'id="bptt_lab.{room}.{name}"' not in page and f'id="{name}"' not in page
        ] == []
    assert set(bptt_lab.ROOMS.values()) <= set(api.ROOMS)


def test_the_derivation_of_the_front_page_is_what_python_prints():
    shown = text(ROOT / "docs" / "index.md")
    assert '>>> symbolic.derive(course.network("two scalars").unroll(3), "W11")' in shown
    assert str(symbolic.derive(course.network("two scalars").unroll(3), "W11")) in shown


# No other host, no dead link


def test_nothing_names_another_host_to_load_from(site):
    files = [file for file in site.rglob("*") if file.suffix in (".html", ".css", ".js")]
    assert len(files) > 60
    assert [file.name for file in files if ELSEWHERE.search(text(file))] == []


GOOD = '<h1 id="top"><a href="#top">x</a> <a href="other.html#there">y</a> <a href="https://example.org">z</a></h1>'


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ('<a href="none.html">', "leads nowhere"),
        ('<img src="none.png">', "leads nowhere"),
        ('<a href="#none">', "has no such place"),
        ('<a href="other.html#none">', "has no such place"),
        ('<img src="https://example.org/x.png">', "loaded from another host"),
        ('<script src="//example.org/x.js">', "loaded from another host"),
        ('<a href="/index.html">', "leads out of the site"),
        ('<a href="../index.html">', "leads out of the site"),
    ],
)
def test_each_bad_link_is_told(tmp_path, bad, said):
    (tmp_path / "other.html").write_text('<p id="there">', encoding="utf-8")
    (tmp_path / "index.html").write_text(GOOD, encoding="utf-8")
    assert links.complaints(tmp_path) == []
    (tmp_path / "index.html").write_text(GOOD + bad, encoding="utf-8")
    (complaint,) = links.complaints(tmp_path)
    assert said in complaint


def test_links_of_hand_written_pages_stay_in_the_site():
    found = front._reachable("[a](CITATION.cff) [b](README.md) [c](notebooks/00_start_here.ipynb#6.-x) [d](#e)", ROOT)
    assert found == "a (`CITATION.cff`) [b](index.md) [c](notebooks/00_start_here.ipynb#6.-x) [d](#e)"


def test_an_anchor_is_the_one_of_jupyter():
    assert anchors.slug("6. Witnesses") == "6.-Witnesses"


# Formulas


def test_no_formula_is_left_in_latex(site):
    left = {
        page.name: [word for word in words_of(page).words if re.search(r"\$\$|\\[a-z]{3}", word)]
        for page in pages(site)
        if page.parent.name != "api"
    }
    assert {name: words for name, words in left.items() if words} == {}


def test_a_formula_inside_words_is_set_apart():
    assert formulas.formulas_in_words(r"a \text{by $x_{1}$, $y$} b") == r"a \text{by }x_{1}\text{, }y b"


def test_aligned_formulas_are_rows_of_cells():
    made = formulas.formula("\\begin{aligned}a &= \\begin{matrix}b & c\\end{matrix} \\\\[6pt]\n& d\\end{aligned}", True)
    assert made.count("<mtr>") == 3 and made.count("<mtd>") == 6 and "6" not in made


def test_a_function_keeps_apart_from_what_it_is_of():
    assert "<mi>tanh</mi><mspace" in formulas.formula(r"\tanh c", False)
    assert "mspace" not in formulas.formula(r"\tanh(c)", False)


@pytest.mark.parametrize("latex", [r"\nosuchword{x}", r"\left(\begin{aligned}a & b\end{aligned}\right)"])
def test_what_has_no_mathml_is_refused(latex):
    with pytest.raises(ValueError, match="has no MathML"):
        formulas.formula(latex, True)


def test_the_font_has_the_letters_of_all_formulas(site):
    from fontTools.ttLib import TTFont

    known = set(TTFont(site / "_static" / "letters.woff").getBestCmap())
    used = {sign for page in pages(site) for part in words_of(page).formulas for sign in part if not sign.isspace()}
    assert len(used) > 100
    assert sorted(sign for sign in used if ord(sign) not in known) == []
    assert {0x1D434, 0x1D44E, 0x1D400, 0x210E} <= known  # a browser writes a lone letter with these


# Pictures and explorers


def test_every_picture_has_its_words(site):
    bare = [
        (page.name, one) for page in pages(site) for one in words_of(page).pictures if len(one.get("alt") or "") < 40
    ]
    assert bare == []


def test_pictures_lie_beside_the_pages(site):
    assert [page.name for page in pages(site) if page.name != "sheet.html" and "base64," in text(page)] == []


def stored(file):
    """Return the stored HTML of a notebook that holds an explorer."""
    cells = json.loads(text(file))["cells"]
    outputs = [output.get("data", {}).get("text/html", "") for cell in cells for output in cell.get("outputs", ())]
    return [html for html in map("".join, outputs) if "bptt-explorer" in html]


def test_every_stored_explorer_is_taken_apart_and_none_lost():
    found = {file.stem: [explorers.taken_apart(html) for html in stored(file)] for file in NOTEBOOKS}
    found = {name: some for name, some in found.items() if some}
    assert len(found) == 9
    assert all(one and "function mount" in one.module and "<img" in one.twin for some in found.values() for one in some)


def test_what_an_explorer_is_given_is_what_the_notebook_stored(tmp_path):
    html = next(html for file in NOTEBOOKS for html in stored(file))
    one = explorers.taken_apart(html)
    placed = notebooks.html(html, tmp_path)
    assert f'data-explorer="{one.name}"' in placed and "<script" not in placed and "<style" not in placed
    folder = tmp_path / "explorers"
    assert one.given in text(folder / f"{one.name}.js") and one.given in html
    assert one.module in text(folder / f"module-{one.edition}.js") and one.module in html


# Docstrings


@pytest.mark.parametrize(
    ("written", "made"),
    [
        (
            ["Return `x` in (T, B).", "", "Errors: ValueError."],
            ["Return ``x`` in (T, B).", "", "Errors: ValueError.", ""],
        ),
        (["From *pre* a * b | c_"], [r"From *pre* a \* b \| c\_", ""]),
        (["One.", "", "    a = b", "    c = d"], ["One.", "", "::", "", "    a = b", "    c = d", ""]),
        (["a + b    plus", "a - b    minus"], ["::", "", "    a + b    plus", "    a - b    minus", ""]),
        (["The `a`s."], [r"The ``a``\ s.", ""]),
    ],
)
def test_a_docstring_in_restructured_text(written, made):
    assert docstrings.converted(written) == made


def test_a_file_that_holds_this_already_is_left_alone(tmp_path):
    file = kept.write(tmp_path / "a" / "b.txt", "x")
    before = file.stat().st_mtime_ns
    assert kept.write(file, "x").stat().st_mtime_ns == before
    assert text(kept.write(file, "y")) == "y"


def test_the_state_of_the_package_is_another_with_another_file(tmp_path):
    one = kept.write(tmp_path / "one.txt", "x")
    assert kept.state() != kept.state([one]) == kept.state([one])
    before = kept.state([one])
    kept.write(one, "y")
    assert kept.state([one]) != before


def test_the_font_is_the_same_each_time():
    assert letters.subset([65, 66]) == letters.subset([65, 66])


# In a browser


@pytest.fixture(scope="module")
def view(browser, site):
    """Return a function that opens a page from its file and notes what it asks for and complains of."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = []

    def opening(name, width=1280):
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(f"{(site / name.partition('?')[0]).as_uri()}{''.join(name.partition('?')[1:])}")
        opened.append(page)
        return page

    yield opening
    context.close()


def elsewhere(page):
    return [url for url in page.asked if not url.startswith(("file:", "data:"))]


WITH_EXPLORERS = [file.stem for file in NOTEBOOKS if "bptt-explorer" in file.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", ["index", *(f"notebooks/{stem}" for stem in WITH_EXPLORERS)])
def test_explorers_wake_when_they_are_seen_and_not_before(view, name):
    page = view(f"{name}.html")
    roots = page.locator(".bptt-explorer")
    for root in roots.all():
        if name != "index":
            assert root.get_attribute("data-alive") is None
        root.scroll_into_view_if_needed()
        page.wait_for_function("one => one.dataset.alive", arg=root.element_handle())
        assert root.locator("svg, .bar").count() > 0
    assert roots.count() > 0 and elsewhere(page) == [] and page.complaints == []
    page.close()


def test_where_no_script_runs_pictures_stand_for_explorers_and_the_ledger_is_whole(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "index.html").as_uri())
    assert "unrolled" in page.locator(".bptt-explorer img").get_attribute("alt")
    page.goto((site / "ledger.html").as_uri())
    assert page.locator("table.ledger tbody tr:visible").count() == len(lectures.ledger())
    assert not page.locator("form.filter").is_visible()
    context.close()


def test_the_ledger_is_searched_by_keyboard(view):
    page = view("ledger.html")
    field, rows = page.get_by_label("Search", exact=True).last, page.locator("table.ledger tbody tr:visible")
    field.focus()
    page.keyboard.type("sum(")
    told = page.locator("form.filter output")
    few = rows.count()
    assert 0 < few < 400 and told.inner_text() == f"{few} of {len(lectures.ledger())} rows"
    page.keyboard.press("Tab")
    page.keyboard.type("erratum")
    wrong = [row.get_attribute("data-verdict") for row in rows.all()]
    assert 0 < len(wrong) < few and set(wrong) == {"erratum"}
    page.evaluate("location.hash = '#000-a01'")
    page.wait_for_function("!document.getElementById('000-a01').hidden")
    page.close()


def test_the_search_finds_pages_without_a_server(view):
    page = view("search.html?q=truncated")
    page.wait_for_selector("#search-results li a")
    assert elsewhere(page) == []
    page.close()


@pytest.mark.parametrize("name", TEN)
def test_axe_finds_nothing_serious_and_nothing_is_asked_of_another_host(view, name):
    from axe_playwright_python.sync_playwright import Axe

    page = view(name)
    page.locator(".bptt-explorer").evaluate_all("all => all.forEach(one => one.scrollIntoView())")
    page.wait_for_function(
        "![...document.querySelectorAll('.bptt-explorer')].slice(-1).some(one => !one.dataset.alive)"
    )
    if name == "ledger.html":
        page.locator("form.filter select").first.select_option("undecidable")  # all rows take minutes
    assert elsewhere(page) == [] and page.complaints == []  # before axe, which itself asks for the styles again
    found = Axe().run(page, context={"exclude": [["math"]]}, options={"preload": False}).response["violations"]
    serious = {
        one["id"]: [node["html"][:200] for node in one["nodes"]][:5]
        for one in found
        if one["impact"] in ("serious", "critical")
    }
    assert serious == {}
    page.close()


def test_no_page_is_wider_than_a_phone(view, site):
    page, wide = view("index.html", 390), {}
    for file in pages(site):
        if file.name == "sheet.html" and file.parent.name == "_static":
            continue  # to be printed
        page.goto(file.as_uri(), wait_until="domcontentloaded")
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 390:
            wide[str(file.relative_to(site))] = width
    page.close()
    assert wide == {}


def test_light_and_dark_are_told_apart(view):
    page = view("index.html")
    behind = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="dark")
    dark = behind()
    page.emulate_media(color_scheme="light")
    assert dark != behind()
    page.close()
