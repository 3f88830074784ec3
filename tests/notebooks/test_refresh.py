"""The refresh tool: the same bytes each time, no leftovers, and a check that can say no."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import refresh_notebooks as refresh

ALT = "A line that rises from one to two, a mark at each of the two steps."
FIGURE = f"""from bptt_lab import figures
figures.show(figures.gradient_flow([1, 2])[0], "{ALT}", "It rises.")"""
VIEW = "application/vnd.jupyter.widget-view+json"
SLIDER = f"""display({{'{VIEW}': {{'model_id': '1f'}}, 'text/plain': 'IntSlider'}}, raw=True)"""


def lesson():
    """Return a notebook that was never run: text, prints, an empty cell, a figure, a widget."""
    sources = ["1 + 1", "print('a')\nprint('b')", "", FIGURE, SLIDER, "'quiet';"]
    cells = [new_markdown_cell("# Title"), *map(new_code_cell, sources)]
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "x", "display_name": "X"}})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a refreshed lesson and the bytes of two refreshments."""
    folder = tmp_path_factory.mktemp("lessons")
    path = folder / "01_lesson.ipynb"
    nbformat.write(lesson(), path)
    assert refresh.main([str(path)]) == 0
    first = path.read_bytes()
    assert refresh.main([str(path)]) == 0
    (folder / "first").write_bytes(first)
    return folder


@pytest.fixture
def book(folder):
    """Return the refreshed lesson."""
    return nbformat.read(folder / "01_lesson.ipynb", as_version=4)


def test_two_runs_give_the_same_bytes(folder):
    first = (folder / "first").read_bytes()
    assert (folder / "01_lesson.ipynb").read_bytes() == first
    assert first.endswith(b"}\n")
    assert b"\r" not in first


def test_counts_are_in_order_and_the_empty_cell_has_none(book):
    counts = [cell.execution_count for cell in book.cells if cell.cell_type == "code"]
    assert counts == [1, 2, None, 3, 4, 5]


def test_metadata_holds_no_version_and_no_time(book):
    assert book.metadata == {
        "kernelspec": refresh.KERNELSPEC,
        "language_info": {"name": "python"},
    }
    assert all("execution" not in cell.metadata for cell in book.cells)


def test_description_of_the_figure_is_stored_in_its_output(book):
    (output,) = book.cells[4].outputs
    assert f'<img alt="{ALT}"' in output.data["text/html"] and output.data["text/plain"] == ALT


def test_a_widget_is_stored_as_its_text(book):
    assert [output.data for output in book.cells[5].outputs] == [{"text/plain": "IntSlider"}]


def test_check_accepts_what_was_stored(folder, capsys):
    assert refresh.main(["--check", str(folder / "01_lesson.ipynb")]) == 0
    assert "as stored" in capsys.readouterr().out


def test_check_refuses_another_text_and_writes_nothing(folder, book, tmp_path, capsys):
    book.cells[2].outputs[0].text = "a\nc\n"
    path = tmp_path / "02_other.ipynb"
    nbformat.write(book, path)
    before = path.read_bytes()
    assert refresh.main(["--check", str(path)]) == 1
    report = capsys.readouterr().out
    assert "cell 3" in report
    assert "-c" in report
    assert path.read_bytes() == before


def test_ids_of_an_old_file_do_not_change_by_chance(tmp_path):
    cells = [{"cell_type": "markdown", "metadata": {}, "source": letter} for letter in "ab"]
    old = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    path = tmp_path / "04_old.ipynb"
    path.write_text(json.dumps(old), encoding="utf-8")
    assert refresh.main([str(path)]) == 0
    ids = [cell.id for cell in nbformat.read(path, as_version=4).cells]
    assert ids == ["cell-01", "cell-02"]


def test_a_failing_notebook_is_reported_and_left_alone(tmp_path, capsys):
    path = tmp_path / "03_bad.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    assert refresh.main([str(path)]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().out
    assert path.read_bytes() == before


# The pure parts


def test_pieces_of_a_stream_are_joined():
    pieces = [("stdout", "a\n"), ("stdout", "b\n"), ("stderr", "w\n"), ("stdout", "c\n")]
    outputs = [new_output("stream", name=name, text=text) for name, text in pieces]
    merged = refresh.merged_streams(outputs)
    assert [(out.name, out.text) for out in merged] == [
        ("stdout", "a\nb\n"),
        ("stderr", "w\n"),
        ("stdout", "c\n"),
    ]
    assert outputs[0].text == "a\n"


def test_ids_are_kept_where_good_and_made_where_not():
    book = new_notebook(cells=[new_code_cell("1"), new_code_cell("2"), new_code_cell("3")])
    book.cells[0].id = book.cells[1].id = "good"
    del book.cells[2]["id"]
    made = [cell.id for cell in refresh.with_ids(book).cells]
    assert made == ["good", "cell-02", "cell-03"]


def test_times_of_a_run_are_not_stored():
    assert refresh.lasting({"execution": {"iopub.status.busy": "12:00"}, "tags": ["x"]}) == {"tags": ["x"]}


@pytest.mark.parametrize("kind", ["image/png", "text/html"])
def test_a_changed_picture_is_no_difference_and_changed_words_are(kind):
    def with_picture(letters, words="rises"):
        html = f'<img alt="{words}" src="data:image/png;base64,{letters}=">'
        shown = new_output("display_data", {kind: html if kind == "text/html" else letters, "text/plain": words})
        return new_notebook(cells=[new_code_cell("show()", outputs=[shown])])

    assert refresh.differences(with_picture("AAAA"), with_picture("BBBB")) == []
    assert refresh.differences(with_picture("AAAA"), with_picture("AAAA", "falls")) != []


def test_a_cell_of_widgets_is_not_compared():
    def with_text(text):
        printed = new_output("stream", name="stdout", text=text)
        tags = {"tags": ["nbval-ignore-output"]}
        return new_notebook(cells=[new_code_cell("f()", outputs=[printed], metadata=tags)])

    assert refresh.differences(with_text("1"), with_text("2")) == []
