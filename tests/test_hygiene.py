"""The form of the notebooks and of all text files; and that each check can say no."""

import copy
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import check_notebooks
import check_text

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DESCRIPTION = "Three circles in a row, each with an arrow to the next one on its right."
CAPTION = "<figcaption><em>Each circle knows only the one before it.</em></figcaption>"
OPENING = (
    "# Title\n**The question.** Why?\n**Afterwards you can** derive.\n"
    "**You need** sums.\n**Minutes:** 20\n**Convention:** columns."
)
CLOSING = "**Formulas obtained**\n**Checks passed**\n**Mistakes met**\n**Next:** more."


# The project


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_names_of_notebooks():
    assert check_notebooks.name_complaints([path.name for path in NOTEBOOKS]) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_form_of_notebook(path):
    assert check_notebooks.complaints(nbformat.read(path, as_version=4)) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_each_notebook_installs_the_package_on_colab(path):
    assert check_notebooks.setup_complaints(nbformat.read(path, as_version=4)) == []


def test_text_files_name_no_machine_and_no_registry():
    files = check_text.project_files()
    complaints = {path.name: check_text.file_complaints(path) for path in files}
    assert {name: found for name, found in complaints.items() if found} == {}


FIRST_LESSONS = [path for path in NOTEBOOKS if "01" <= path.name[:2] <= "08"]


@pytest.mark.parametrize("path", FIRST_LESSONS, ids=lambda path: path.name)
def test_the_first_lessons_have_sixty_lines_of_code_at_most(path):
    book = nbformat.read(path, as_version=4)
    lesson = [cell for _, cell in check_notebooks.lesson_code(book)]
    assert sum(bool(line.strip()) for cell in lesson for line in cell.source.splitlines()) <= 60


# The checks of notebooks: one good notebook, and for each check notebooks it must refuse


def code_cell(number, source="x = 1\nx", stored=()):
    return new_code_cell(source, execution_count=number, outputs=list(stored))


def figure_cell(number):
    picture = f'<figure><img alt="{DESCRIPTION}" src="data:image/png;base64,iVBORw0KGgo=">{CAPTION}</figure>'
    return code_cell(number, "show(figure)", [new_output("display_data", {"text/html": picture, "text/plain": ""})])


def good_notebook():
    """Return a notebook without fault: 24 cells, about 1,000 words."""
    cells = [new_markdown_cell(OPENING)]
    for number in range(1, 12):
        cells += [new_markdown_cell("word " * 90 + "$a = b$"), code_cell(number)]
    cells[2] = code_cell(1, "print(1)", [new_output("stream", name="stdout", text="1\n")])
    cells[4] = figure_cell(2)
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=[*cells, new_markdown_cell(CLOSING)], metadata={"kernelspec": kernelspec})


def test_a_good_notebook_passes():
    assert check_notebooks.complaints(good_notebook()) == []


def with_setup(at=1, **changed):
    """Return the good notebook with the cell for Colab at a place."""
    book = good_notebook()
    cell = new_code_cell(check_notebooks.SETUP, metadata={"tags": ["colab"], "jupyter": {"source_hidden": True}})
    cell.update(changed)
    book.cells.insert(at, cell)
    return book


def test_the_cell_for_colab_is_no_part_of_the_lesson():
    book = with_setup()
    assert check_notebooks.setup_complaints(book) == [] == check_notebooks.offline_complaints(book)
    assert len(check_notebooks.lesson_code(book)) == len(check_notebooks.lesson_code(good_notebook()))


@pytest.mark.parametrize(
    "book",
    [
        good_notebook(),
        with_setup(at=3),
        with_setup(source=check_notebooks.SETUP + "\nimport another"),
        with_setup(metadata={"tags": ["colab"]}),
        with_setup(outputs=[new_output("stream", name="stdout", text="installed")]),
    ],
)
def test_a_cell_for_colab_that_is_missing_elsewhere_or_another_is_refused(book):
    assert check_notebooks.setup_complaints(book)


def with_exercises(count):
    """Return the good notebook with so many exercise cells, and words of their own, before its closing."""
    book = good_notebook()
    intro = new_markdown_cell("word " * 900, metadata={"tags": ["exercise"]})
    asked = [code_cell(12 + k) for k in range(count)]
    for cell in asked:
        cell.metadata["tags"] = ["exercise"]
    book.cells[-1:-1] = [intro, *asked]
    return book


def test_exercises_are_counted_apart_from_the_lesson():
    assert check_notebooks.length_complaints(with_exercises(8)) == []
    assert check_notebooks.length_complaints(with_exercises(9)) == ["9 exercises; wanted 0 to 8"]


def set_source(cell, source):
    """Return a change of one cell's source."""
    return lambda book: book.cells[cell].update(source=source)


def add_text(cell, text):
    """Return a change that adds text to one cell."""
    return lambda book: book.cells[cell].update(source=book.cells[cell].source + text)


def add_output(*arguments, **fields):
    """Return a change that stores one more output in the first code cell."""
    return lambda book: book.cells[2].outputs.append(new_output(*arguments, **fields))


def set_count(cell, count):
    """Return a change of one cell's execution count."""
    return lambda book: book.cells[cell].update(execution_count=count)


def change_figure(old, new):
    """Return a change of the HTML of the figure."""

    def change(book):
        data = book.cells[4].outputs[0]["data"]
        assert old in data["text/html"]
        data["text/html"] = data["text/html"].replace(old, new)

    return change


def lengthen_all_code(book):
    for _, cell in check_notebooks.code_cells(book):
        cell.source = "x = 1\n" * 9


def say_it_in_formulas(book):
    for _, cell in check_notebooks.text_cells(book)[1:-1]:
        cell.source = f"$${'word ' * 90}$$"


def draw_bare(kind):
    """Return a change that stores the figure as a picture without words beside it."""
    return lambda book: book.cells[4].outputs[0]["data"].update({kind: "iVBORw0KGgo="})


WIDGET = {"application/vnd.jupyter.widget-view+json": {"model_id": "1f"}, "text/plain": "IntSlider"}
HOME = "/" + "home/ada/data.csv"  # put together here, so that this file passes the check itself
CLOSING_WITHOUT_NEXT = CLOSING.rsplit("**Next", 1)[0]
MUTANTS = [
    ("order", set_count(2, None)),
    ("order", set_count(2, 7)),
    ("order", lambda book: book.cells.insert(5, code_cell(1))),
    ("error", add_output("error", ename="ValueError", evalue="no", traceback=[])),
    ("error", add_output("stream", name="stderr", text="a warning\n")),
    ("metadata", lambda book: book.metadata.kernelspec.update(name="conda-env-x")),
    ("metadata", lambda book: book.cells[1].update(id=book.cells[0].id)),
    ("widget", lambda book: book.metadata.update(widgets={"state": {}})),
    ("widget", add_output("display_data", WIDGET)),
    ("code_size", set_source(2, "x = 1\n" * 26)),
    ("code_size", lengthen_all_code),
    ("code_size", lambda book: book.cells.extend(code_cell(n, "x = 1\n" * 6) for n in range(30, 48))),
    ("length", lambda book: book.cells.__delitem__(slice(5, 11))),
    ("length", lambda book: book.cells.extend([new_markdown_cell("")] * 20)),
    ("length", add_text(1, " word" * 700)),
    ("length", say_it_in_formulas),
    ("opening", set_source(0, OPENING.replace("You need", "Before"))),
    ("opening", lambda book: book.cells.insert(0, new_code_cell(""))),
    ("closing", set_source(-1, CLOSING_WITHOUT_NEXT)),
    ("closing", lambda book: book.cells.append(new_markdown_cell("One more thing."))),
    ("figure", change_figure(DESCRIPTION, "")),
    ("figure", change_figure(DESCRIPTION, "A figure.")),
    ("figure", change_figure(f'alt="{DESCRIPTION}"', "")),
    ("figure", change_figure(CAPTION, "")),
    ("figure", change_figure("Each circle knows only the one before it.", " ")),
    ("figure", change_figure("Each circle", "Each circle " * 12)),
    ("figure", draw_bare("image/png")),
    ("figure", draw_bare("image/svg+xml")),
    ("offline", set_source(2, "%pip install numpy")),
    ("offline", set_source(2, "!pip install numpy")),
    ("offline", set_source(2, "from urllib.request import urlopen")),
    ("offline", set_source(2, "def f():\n    import requests")),
    ("offline", set_source(2, "path = 'https://example.org/data.csv'")),
    ("link", add_text(1, " See [there](00_nowhere.ipynb).")),
    ("link", add_text(1, " See [there](00_start_here.ipynb#9.-Nothing).")),
    ("link", add_text(1, " See [below](#9.-Nothing).")),
    ("wording", add_text(1, " This is\nClearly so.")),
    ("wording", add_text(1, " It simply follows.")),
    ("machine", set_source(2, f"path = '{HOME}'")),
    ("machine", add_output("stream", name="stdout", text=f"saved in {HOME}\n")),
    ("machine", add_output("execute_result", {"text/plain": "<f at 0x7f0a12345678>"})),
    ("size", add_output("display_data", {"text/plain": "y" * check_notebooks.LARGEST_FILE})),
]


@pytest.mark.parametrize(("name", "change"), MUTANTS)
def test_each_check_refuses_its_mutant(name, change):
    book = copy.deepcopy(good_notebook())
    change(book)
    assert getattr(check_notebooks, f"{name}_complaints")(book) != []


def test_every_check_has_a_mutant():
    assert {f"{name}_complaints" for name, _ in MUTANTS} == {check.__name__ for check in check_notebooks.CHECKS}


@pytest.mark.parametrize(
    "names",
    [
        ["intro.ipynb"],
        ["1_intro.ipynb"],
        ["01-intro.ipynb"],
        ["01_Intro.ipynb"],
        ["01_intro_.ipynb"],
        ["01_intro.ipynb", "01_again.ipynb"],
    ],
)
def test_bad_names_are_refused(names):
    assert check_notebooks.name_complaints(names) != []


def test_numbers_in_formulas_and_code_are_not_words():
    cell = new_markdown_cell("Two words $a b c$ and `code here` $$x\ny$$ end 3")
    assert check_notebooks.word_count(new_notebook(cells=[cell])) == 4


# The checks of text files


@pytest.mark.parametrize(
    "text",
    [HOME, "see " + "/" + "Users/ada/x", "C:" + r"\Users\ada", "cd " + "/" + "root/x"],
)
def test_absolute_paths_are_refused(text):
    assert check_text.path_complaints("first line\n" + text) != []


@pytest.mark.parametrize("text", ["a/home/page", "https://example.org/home/x", "work/play", "/usr"])
def test_other_slashes_are_allowed(text):
    assert check_text.path_complaints(text) == []


@pytest.mark.parametrize("host", check_text.REGISTRY_HOSTS)
def test_registry_hosts_are_refused(host):
    assert check_text.host_complaints(f"index-url = https://{host}/x") != []


@pytest.mark.parametrize("name", check_text.LOCK_FILES)
def test_lock_files_are_refused(tmp_path, name):
    (tmp_path / name).write_text("")
    assert check_text.file_complaints(tmp_path / name) != []


def test_binary_files_are_left_alone_and_text_is_read(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"\0" + HOME.encode())
    (tmp_path / "a.txt").write_text(HOME)
    assert check_text.file_complaints(tmp_path / "a.bin") == []
    assert check_text.file_complaints(tmp_path / "a.txt") != []


def test_files_are_found_without_git(tmp_path):
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "skip.txt").write_text("")
    (tmp_path / "keep.txt").write_text("")
    assert check_text.project_files(tmp_path) == [tmp_path / "keep.txt"]
