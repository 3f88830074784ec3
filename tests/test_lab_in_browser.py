"""`bptt-lab lab` in a new folder: the workbook in a real JupyterLab, in a real browser, with no way out of the machine.

Set BPTT_LAB_SCREENSHOT to the name of a PNG file to keep what the browser showed at the end.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_notebook

from bptt_lab import workbook
from bptt_lab.exercises import played, progress
from bptt_lab.figures.canvas import SHORTEST_DESCRIPTION
from browser import needs_browser, serious
from explored import NOTEBOOKS, RUN_OFF, answers

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK, STORED = "00_start_here.ipynb", "as_stored.ipynb"
SETTINGS = {
    # cells out of sight are not in the page otherwise
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    # a question about news would cover a corner
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}
STATE = """() => {
    const page = document.querySelector('.jp-NotebookPanel');
    const code = [...page.querySelectorAll('.jp-CodeCell')];
    // what is folded away shows no text: the cell for Colab
    const filled = code.filter(cell => cell.querySelector('.cm-content')?.innerText.trim());
    const prompt = cell => cell.querySelector('.jp-InputPrompt').innerText.trim();
    const count = name => page.querySelectorAll(name).length;
    const plain = text => {
        const copy = text.cloneNode(true);
        copy.querySelectorAll('mjx-container, code, pre').forEach(part => part.remove());
        return copy.textContent;
    };
    const texts = [...page.querySelectorAll('.jp-RenderedMarkdown')].map(plain);
    return {
        prompts: filled.map(prompt),
        errors: ['stderr', 'error'].flatMap(
            kind => [...page.querySelectorAll(`[data-mime-type="application/vnd.jupyter.${kind}"]`)]
        ).map(output => output.innerText),
        formulas: count('mjx-container'),
        explorers: count('.bptt-explorer[data-alive]'),
        refused_formulas: [...page.querySelectorAll('mjx-container merror, mtext[mathcolor="red"]')]
            .map(formula => formula.textContent),
        raw_formulas: texts.filter(text => /\\\\[A-Za-z]|\\$\\$/.test(text)),
        pictures: [...page.querySelectorAll('.jp-OutputArea img')]
            .map(picture => ({alt: picture.alt, width: picture.naturalWidth})),
    };
}"""

TRUSTED = """() => {
    const book = window.jupyterapp.shell.currentWidget.content;
    const code = book.widgets.map(cell => cell.model).filter(model => model.type == 'code' && model.outputs.length);
    return [...new Set(code.map(model => model.trusted))];
}"""


# Asked once the kernel has said what it is: JupyterLab writes that into the notebook
IS_MODIFIED = """async () => {
    const widget = window.jupyterapp.shell.currentWidget;
    await widget.context.sessionContext.ready;
    const kernel = widget.context.sessionContext.session.kernel;
    await kernel.info;
    await kernel.spec;
    await new Promise(done => setTimeout(done, 500));
    const marks = document.querySelectorAll('.lm-TabBar-tab.jp-mod-dirty').length;
    return {name: widget.context.path, modified: widget.context.model.dirty, marks: marks};
}"""
SAVE = "() => window.jupyterapp.shell.currentWidget.context.save()"


def private_environment(folder, port):
    """Return the environment of a server that neither reads nor changes the user's settings."""
    places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "IPYTHONDIR": "ipython"}
    places |= {"JUPYTER_RUNTIME_DIR": "runtime", "JUPYTERLAB_SETTINGS_DIR": "settings"}
    places |= {"JUPYTERLAB_WORKSPACES_DIR": "workspaces", "MPLCONFIGDIR": "matplotlib"}
    for plugin, settings in SETTINGS.items():
        package, name = plugin.split(":")
        file = folder / "settings" / package / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8")
    (folder / "config").mkdir()
    (folder / "config" / "jupyter_lab_config.json").write_text(json.dumps(config(port)), encoding="utf-8")
    return os.environ | {name: str(folder / place) for name, place in places.items()} | {progress.SWITCH: "on"}


def free_port():
    """Return the number of a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def config(port):
    """Return the settings of a server that asks for no token and shows its insides to the page."""
    server = {"ip": "127.0.0.1", "port": port, "port_retries": 0}
    return {"ServerApp": server, "IdentityProvider": {"token": ""}, "LabApp": {"expose_app_in_browser": True}}


def stop(process):
    """End a server and the kernels it started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
    else:
        process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def waited(question, seconds, what):
    """Ask a question until its answer is true and return the answer; fail when time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if answer := question():
                return answer
        time.sleep(0.2)
    pytest.fail(f"{what}: not within {seconds} s")


def asked(url):
    """Return the JSON behind an address of the server."""
    with urllib.request.urlopen(url, timeout=5) as reply:
        return json.load(reply)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return an empty folder, which the command turns into the workbook."""
    return tmp_path_factory.mktemp("lab") / "workbook"


@pytest.fixture(scope="module")
def server(folder):
    """Return the address of the JupyterLab that the command has opened, for this machine only."""
    port = free_port()
    with open(folder.parent / "log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bptt_lab.cli", "lab", str(folder), "--no-browser"],
            env=private_environment(folder.parent, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # so that the kernels can be ended with it
        )
        try:
            address = f"http://127.0.0.1:{port}"
            waited(lambda: asked(f"{address}/api/status"), 60, "the server answers")
            yield address
        finally:
            stop(process)


@pytest.fixture(scope="module")
def page(server, browser):
    """Return a page of the browser that notes the address of each request it makes."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.requested = []
    page.on("request", lambda request: page.requested.append(request.url))
    yield page
    page.close()


def has_idle_kernel(server):
    """Tell whether the notebook's kernel waits for work; the page's own mark comes too early."""
    sessions = asked(f"{server}/api/sessions")
    return any(session["kernel"]["execution_state"] == "idle" for session in sessions)


def state_of(page, done):
    """Return the state of the notebook's page if it satisfies a condition."""
    state = page.evaluate(STATE)
    return state if done(state) else None


def is_run(state):
    """Tell whether every cell that holds code has a number in its prompt."""
    return state["prompts"] and all(prompt[1:-2].isdigit() for prompt in state["prompts"])


def is_over(state):
    """Tell whether nothing more will be run: an error ends Run All."""
    return is_run(state) or state["errors"]


def opened(server, page, path):
    """Open an address of the server that leads to a notebook; return whether that is marked as modified."""
    page.goto(f"{server}/{path}")
    page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell", timeout=60_000)
    waited(lambda: has_idle_kernel(server), 60, "the kernel is idle")
    return page.evaluate(IS_MODIFIED)


@pytest.fixture(scope="module")
def fresh(server, page, folder):
    """Open the server's own address and save what it shows; return what is told, and its bytes before and after."""
    before = (folder / NOTEBOOK).read_bytes()
    told = opened(server, page, "")
    page.evaluate(SAVE)
    return told | {"before": before, "after": (folder / NOTEBOOK).read_bytes()}


@pytest.fixture(scope="module")
def run_state(fresh, page):
    """Run all cells of the first notebook and save it; return what the page shows."""
    before = page.evaluate(STATE)
    assert not is_run(before), "the cells look as if they were run before they were"
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    state = waited(lambda: state_of(page, is_over), 120, "all cells have been run")
    page.wait_for_timeout(1000)  # the last output is drawn after its cell is numbered
    if path := os.environ.get("BPTT_LAB_SCREENSHOT"):
        page.screenshot(path=path)
    page.evaluate(SAVE)
    return state | page.evaluate(STATE)


@needs_browser
def test_the_command_opens_the_first_notebook_and_opening_does_not_mark_it_as_modified(fresh):
    assert (fresh["name"], fresh["modified"], fresh["marks"]) == (NOTEBOOK, False, 0)


@needs_browser
def test_a_notebook_saved_unrun_keeps_its_bytes(fresh):
    assert fresh["before"] == fresh["after"]


@needs_browser
def test_all_cells_run_in_order(run_state):
    expected = [f"[{number}]:" for number in range(2, len(run_state["prompts"]) + 2)]  # the first one is folded away
    assert run_state["prompts"] == expected


@needs_browser
def test_no_cell_shows_an_error(run_state):
    assert run_state["errors"] == []


@needs_browser
def test_mathematics_is_typeset(run_state):
    assert run_state["formulas"] > 0
    assert run_state["refused_formulas"] == []
    assert run_state["raw_formulas"] == []


def stored_pictures():
    """Return the HTML of the figures that the first notebook stores."""
    stored = nbformat.read(ROOT / "notebooks" / NOTEBOOK, as_version=4)
    outputs = [out.get("data", {}) for cell in stored.cells for out in cell.get("outputs", [])]
    return [data["text/html"] for data in outputs if "<figure" in data.get("text/html", "")]


@needs_browser
def test_figures_are_drawn_and_described(run_state):
    assert len(run_state["pictures"]) + run_state["explorers"] >= len(stored_pictures()) > run_state["explorers"] > 0
    assert all(picture["width"] > 400 for picture in run_state["pictures"])
    assert [picture for picture in run_state["pictures"] if len(picture["alt"]) < SHORTEST_DESCRIPTION] == []


@needs_browser
def test_the_explorer_lives_in_the_notebook_and_keeps_its_own_keys(run_state, page):
    explorer = page.locator(".jp-NotebookPanel .bptt-explorer[data-alive]")
    assert run_state["prompts"] and explorer.count() == 1 and explorer.locator(".box").count() == 24
    explorer.locator('.box[aria-label^="W11:"]').click()
    assert explorer.locator(".arrow.lit").count() == 3
    page.keyboard.press("ArrowUp")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert re.match(r"\w+\(\d\): ", focused)  # another box, not another cell
    assert explorer.get_attribute("data-light") == "true"


@needs_browser
def test_a_derivation_made_by_oneself_stands_in_the_diary_beside_the_notebook(run_state, page, folder):
    explorer = page.locator(".jp-NotebookPanel .bptt-explorer[data-alive]")
    button = lambda name: explorer.get_by_role("button", name=name, exact=True)
    button("Derive it yourself").click()
    explorer.get_by_role("combobox", name="goal").select_option(label="h1(3)")
    for say in ("a2(2)", "a2(3)"):
        explorer.locator(f'.box[aria-label^="{say}:"]').click()
        button("Check").click()
        if say == "a2(2)":
            explorer.locator(f'.box[aria-label^="{say}:"]').click()
    for name in ("W1", "derivative by a2(3)", "derivative by h1(3)"):
        button(name).click()
    score = waited(lambda: progress.read(folder).scores, 10, "the score is in the diary")
    assert [(one.derivation, one.steps, one.moves, one.wrong) for one in score] == [("h1(3)", 3, 5, 1)]
    found = [json.loads(line) for line in (folder / progress.FILE_NAME).read_text(encoding="utf-8").splitlines()]
    moves = [one for one in map(played.checked, found) if isinstance(one, played.Move)]
    assert [(move.stage, move.chosen, move.right, move.mistake) for move in moves] == [
        ("arrows", ["a2(2)"], False, "not in the equation"),
        ("arrows", ["a2(3)"], True, ""),
        ("slopes", ["W1"], True, ""),
        ("order", ["a2(3)"], True, ""),
        ("order", ["h1(3)"], True, ""),
    ]


@needs_browser
def test_figures_of_a_notebook_that_is_not_trusted_are_drawn_and_described(server, folder, page, run_state):
    shutil.copy(ROOT / "notebooks" / NOTEBOOK, folder / STORED)  # with outputs; not run here, so not trusted
    page.goto(f"{server}/lab/workspaces/stored/tree/{STORED}")  # beside no other notebook
    page.wait_for_selector(".jp-NotebookPanel .jp-OutputArea img", timeout=60_000)
    pictures = page.evaluate(STATE)["pictures"]
    assert len(pictures) == len(stored_pictures())
    assert page.evaluate(TRUSTED) == [False]
    assert all(picture["width"] > 400 and len(picture["alt"]) >= SHORTEST_DESCRIPTION for picture in pictures)


def test_figures_of_an_export_are_described():
    from nbconvert import HTMLExporter

    class Pictures(HTMLParser):
        def handle_starttag(self, tag, attributes):
            if tag == "img":
                alts.append(dict(attributes).get("alt") or "")

    alts = []
    stored = nbformat.read(ROOT / "notebooks" / NOTEBOOK, as_version=4)
    Pictures().feed(HTMLExporter().from_notebook_node(stored)[0])
    assert len(alts) == len(stored_pictures()) > 0
    assert [alt for alt in alts if len(alt) < SHORTEST_DESCRIPTION or "No description" in alt] == []


EXPLORERS = ".jp-NotebookPanel .bptt-explorer[data-alive]"


LONG = """import time
from bptt_lab.numeric.training import progress
for step in progress(range(60), "work"):
    time.sleep(0.05)
print("done")"""


@pytest.fixture(scope="module")
def seen(server, page, folder):
    """Open what four notebooks hold to explore, as stored, in one that is signed as one's own: one kernel for all."""
    paths = [path for number in ("06", "12", "15", "18") for path in NOTEBOOKS.glob(f"{number}_*.ipynb")]
    books = [nbformat.read(path, as_version=4) for path in paths]
    cells = [cell for book in books for cell in book.cells if 'class="bptt-explorer"' in str(cell.get("outputs"))]
    cells.append(new_code_cell(LONG))
    for number, cell in enumerate(cells):
        cell["id"] = f"seen-{number}"
    nbformat.write(new_notebook(cells=cells, metadata=books[0].metadata), folder / "seen.ipynb")
    notary = NotebookNotary(data_dir=str(folder.parent / "data"))
    notary.sign(nbformat.read(folder / "seen.ipynb", as_version=4))
    notary.store.close()
    page.goto(f"{server}/lab/workspaces/seen/tree/seen.ipynb")
    page.wait_for_function("([one, count]) => document.querySelectorAll(one).length === count", arg=[EXPLORERS, 5])
    return page


@needs_browser
@pytest.mark.parametrize(("theme", "is_light"), [("JupyterLab Dark", "false"), ("JupyterLab Light", "true")])
def test_explorers_live_in_both_themes_and_widths_and_axe_finds_nothing_serious(seen, theme, is_light):
    seen.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme: theme})", theme)
    seen.wait_for_function(
        "([one, light]) => [...document.querySelectorAll(one)].every((found) => found.dataset.light === light)",
        arg=[EXPLORERS, is_light],
    )
    for width in (1280, 800):
        seen.set_viewport_size({"width": width, "height": 1000})
        assert serious(seen, EXPLORERS, contrast=width == 1280) == {}, width
        assert seen.locator(EXPLORERS).evaluate_all(RUN_OFF) == [], width


@needs_browser
@pytest.mark.parametrize("number", [0, 1, 3, 4], ids=["06", "12", "15", "18"])
def test_every_explorer_answers_to_mouse_and_keys(seen, number):
    answers(seen.locator(EXPLORERS).nth(number))


@needs_browser
def test_a_long_cell_says_how_far_it_is_and_nothing_is_left_to_see(seen):
    cell = seen.locator(".jp-NotebookPanel .jp-CodeCell").last
    cell.locator(".cm-content").click()
    seen.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell'); }")
    cell.get_by_text(re.compile(r"^work: [1-9]\d %$")).wait_for(timeout=20_000)
    cell.get_by_text("done", exact=True).and_(cell.locator("pre")).wait_for(timeout=20_000)
    assert cell.locator(".jp-OutputArea-output").all_inner_texts() in (
        ["done\n"],
        ["", "done\n"],
        ["done"],
        ["", "done"],
    )


@needs_browser
def test_no_request_leaves_the_machine(run_state, page):
    assert page.requested
    hosts = {urlsplit(address).hostname for address in page.requested}
    assert hosts - {None} == {"127.0.0.1"}  # data: and blob: addresses have no host


@needs_browser
def test_a_notebook_that_was_run_and_saved_is_the_students(run_state, folder):
    assert run_state["prompts"]
    saved = (folder / NOTEBOOK).read_bytes()
    assert any(cell.get("outputs") for cell in nbformat.reads(saved.decode(), as_version=4).cells)
    assert workbook.make(folder) == []
    assert (folder / NOTEBOOK).read_bytes() == saved


@needs_browser
def test_a_notebook_that_leaves_the_version_of_python_out_opens_as_modified(run_state, server, page, folder):
    """So the test of opening can say no; `notebooks/` is stored like this, the same for every version."""
    stored = nbformat.read(ROOT / "notebooks" / NOTEBOOK, as_version=4).metadata
    nbformat.write(new_notebook(cells=[new_code_cell("1")], metadata=stored), folder / "stored.ipynb")
    told = opened(server, page, "lab/tree/stored.ipynb?reset")
    assert (told["name"], told["modified"], told["marks"]) == ("stored.ipynb", True, 1)
