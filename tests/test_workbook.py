"""The workbook: the course to the cell, outputs empty; nothing a student did is lost, and nothing is said twice."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from bptt_lab import cli, workbook

ROOT = Path(__file__).resolve().parent.parent
STORED = ROOT / "notebooks"
NAMES = ("00_start.ipynb", "01_next.ipynb")
OWN, BESIDE = NAMES[1], "01_next-newer-edition.ipynb"


def lesson(text, shown="1"):
    """Return an executed notebook with one figure and its description."""
    drawn = new_output("display_data", {"text/html": f'<img alt="{shown}">', "text/plain": shown})
    figure = new_code_cell("draw()", execution_count=2, metadata={"tags": ["x"]}, outputs=[drawn])
    result = new_output("execute_result", {"text/plain": shown}, execution_count=1)
    cells = [new_markdown_cell(text), new_code_cell("1", execution_count=1, outputs=[result]), figure]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    return new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})


@pytest.fixture
def course(tmp_path):
    """Return a folder with a course of two notebooks."""
    folder = tmp_path / "course"
    folder.mkdir()
    for name in NAMES:
        nbformat.write(lesson(f"# {name}"), folder / name)
    return folder


@pytest.fixture
def made(tmp_path, course):
    """Return a workbook of that course, as it is handed out."""
    workbook.make(tmp_path / "mine", course)
    return tmp_path / "mine"


def change(path, *changes):
    """Change a notebook as a student does, by saving it, and return the bytes of its file."""
    book = nbformat.read(path, as_version=4)
    for one in changes:
        one(book)
    nbformat.write(book, path)
    return path.read_bytes()


def edit(book):
    book.cells[1].source = "2"


def run_cell(book):
    book.cells[1].update(execution_count=1, outputs=[new_output("stream", name="stdout", text="1\n")])


def count_only(book):
    book.cells[1].execution_count = 7


def tag(book):
    book.cells[0].metadata["tags"] = ["mine"]


def swap(book):
    book.cells[1:] = book.cells[:0:-1]


def drop_last(book):
    del book.cells[-1]


def to_text(book):
    book.cells[1] = new_markdown_cell(book.cells[1].source, id=book.cells[1].id)


def title(book):
    book.metadata["title"] = "Mine"


WORK = [edit, run_cell, count_only, tag, swap, drop_last, to_text, title]


def resave(book):
    """What JupyterLab may write by itself: another kernel's word on itself, other ids."""
    book.metadata["language_info"] = {"name": "python", "version": "3.99"}
    book.metadata["kernelspec"] = {"name": "other", "display_name": "Other"}
    for number, cell in enumerate(book.cells):
        cell.id = f"new-{number}"


def new_edition(course, text="newer", name=OWN):
    nbformat.write(lesson(text), course / name)


def contents(folder):
    """Return name to bytes of the files in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def first_text(path):
    return nbformat.read(path, as_version=4).cells[0].source


# What is handed out


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return a workbook of the whole course."""
    folder = tmp_path_factory.mktemp("whole") / "workbook"
    workbook.make(folder)
    return folder


def differences(stored, copy):
    """Return what a copy says otherwise than the stored notebook, which is outputs and what the kernel says only."""
    found = [] if len(stored.cells) == len(copy.cells) else ["number of cells"]
    for number, (old, new) in enumerate(zip(stored.cells, copy.cells, strict=False), start=1):
        wanted = {"cell_type": old.cell_type, "id": old.id, "source": old.source, "metadata": old.metadata}
        if old.cell_type == "code":
            wanted |= {"outputs": [], "execution_count": None}
        found += [] if dict(new) == wanted else [f"cell {number}"]
    return found


def test_the_workbook_holds_the_course_and_nothing_else(whole):
    assert {path.name for path in STORED.glob("*.ipynb")} | {workbook.RECORD} == set(contents(whole))


@pytest.mark.parametrize("path", sorted(STORED.glob("*.ipynb")), ids=lambda path: path.name)
def test_workbook_and_stored_truth_agree_cell_by_cell(path, whole):
    copy = nbformat.read(whole / path.name, as_version=4)
    nbformat.validate(copy)
    assert differences(nbformat.read(path, as_version=4), copy) == []
    assert set(copy.metadata) == set(workbook.KERNEL_METADATA)


@pytest.mark.parametrize("mutant", [edit, run_cell, count_only, tag, swap, drop_last, to_text, resave])
def test_a_copy_that_differs_is_told_from_its_original(mutant):
    stored = lesson("# Title")
    copy = nbformat.from_dict(workbook.handed_out(stored, {}))
    assert differences(stored, copy) == []
    mutant(copy)
    assert differences(stored, copy) != []


def test_a_copy_leaves_its_original_alone():
    stored = lesson("# Title")
    before = json.dumps(stored, sort_keys=True)
    workbook.handed_out(stored, {"kernelspec": {}})
    assert json.dumps(stored, sort_keys=True) == before


def test_the_bytes_are_those_of_a_saved_notebook(whole):
    for path in whole.glob("*.ipynb"):
        book = nbformat.read(path, as_version=4)
        assert path.read_bytes() == (nbformat.writes(book) + "\n").encode()


def test_the_kernel_describes_itself_as_it_does_to_jupyterlab():
    """The browser test sees the same from JupyterLab's side: no notebook opens as modified."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name=workbook.KERNEL)
    try:
        told = client.kernel_info(reply=True, timeout=30)["content"]["language_info"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert workbook.kernel_metadata()["language_info"] == told
    assert workbook.kernel_metadata()["kernelspec"]["name"] == workbook.KERNEL


def test_without_a_kernel_the_notebooks_are_handed_out_as_they_stand(course, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel.ipkernel", None)
    workbook.make(tmp_path / "mine", course)
    assert nbformat.read(tmp_path / "mine" / OWN, as_version=4).metadata == {"language_info": {"name": "python"}}


# Nothing is lost


def test_the_first_time_says_where_the_course_is_and_the_second_nothing(tmp_path, course):
    folder = tmp_path / "some" / "where"
    assert workbook.make(folder, course) == [f"The course is in {folder}: 2 notebooks, yours to write in."]
    before = contents(folder)
    assert workbook.make(folder, course) == []
    assert contents(folder) == before


def test_where_all_is_up_to_date_nothing_is_written(made, course, monkeypatch):
    monkeypatch.setattr(workbook, "_write", lambda path, content: pytest.fail(f"{path.name} is written"))
    assert workbook.make(made, course) == []
    new_edition(course)
    with pytest.raises(pytest.fail.Exception):
        workbook.make(made, course)


@pytest.mark.parametrize("work", WORK)
def test_work_is_kept_and_the_same_edition_is_not_put_beside_it(made, course, work):
    mine = change(made / OWN, work)
    before = contents(made)
    assert workbook.make(made, course) == []
    assert contents(made) == before and before[OWN] == mine


@pytest.mark.parametrize("work", WORK)
def test_a_newer_edition_is_put_beside_work_and_said_once(made, course, work):
    mine = change(made / OWN, work)
    new_edition(course)
    (said,) = workbook.make(made, course)
    assert OWN in said and BESIDE in said and "newer edition" in said and "stays as it is" in said
    assert (made / OWN).read_bytes() == mine and first_text(made / BESIDE) == "newer"
    assert workbook.make(made, course) == []
    assert set(contents(made)) == {*NAMES, BESIDE, workbook.RECORD}


@pytest.mark.parametrize("touch", [None, resave])
def test_a_notebook_nobody_worked_in_is_replaced_silently(made, course, touch):
    if touch:
        change(made / OWN, touch)
    new_edition(course)
    assert workbook.make(made, course) == []
    assert first_text(made / OWN) == "newer" and set(contents(made)) == {*NAMES, workbook.RECORD}


def test_a_notebook_that_was_run_and_cleared_again_counts_as_unchanged(made, course):
    change(made / OWN, run_cell)
    change(made / OWN, lambda book: book.cells[1].update(execution_count=None, outputs=[]))
    new_edition(course)
    assert workbook.make(made, course) == [] and first_text(made / OWN) == "newer"


def test_what_the_kernel_says_is_renewed_in_unchanged_notebooks_only(made, course, monkeypatch):
    mine = change(made / OWN, edit)
    other = {"language_info": {"name": "python", "version": "3.99"}}
    monkeypatch.setattr(workbook, "kernel_metadata", lambda: other)
    assert workbook.make(made, course) == []
    assert nbformat.read(made / NAMES[0], as_version=4).metadata.language_info.version == "3.99"
    assert (made / OWN).read_bytes() == mine


def test_other_outputs_or_another_description_of_a_figure_make_no_newer_edition(made, course):
    change(made / OWN, edit)
    nbformat.write(lesson(f"# {OWN}", shown="another"), course / OWN)
    before = contents(made)
    assert workbook.make(made, course) == [] and contents(made) == before


def test_a_second_newer_edition_takes_the_place_of_one_nobody_worked_in(made, course):
    change(made / OWN, edit)
    for text in ("second", "third"):
        new_edition(course, text)
        (said,) = workbook.make(made, course)
        assert BESIDE in said
    assert first_text(made / BESIDE) == "third" and len(contents(made)) == 4


def test_a_second_newer_edition_gets_a_number_where_the_first_was_worked_in(made, course):
    mine = [change(made / OWN, edit)]
    for number, text in enumerate(("second", "third", "fourth"), start=1):
        new_edition(course, text)
        name = BESIDE if number == 1 else f"01_next-newer-edition-{number}.ipynb"
        (said,) = workbook.make(made, course)
        assert name in said and first_text(made / name) == text
        mine.append(change(made / name, edit))
    assert workbook.make(made, course) == []
    assert {content for name, content in contents(made).items() if name.startswith("01")} == set(mine)


def test_a_foreign_file_under_the_name_of_the_newer_edition_is_not_overwritten(made, course):
    change(made / OWN, edit)
    (made / BESIDE).write_text("my notes")
    new_edition(course)
    (said,) = workbook.make(made, course)
    assert "newer-edition-2" in said and (made / BESIDE).read_text() == "my notes"


def test_a_newer_edition_that_the_student_deleted_does_not_come_back(made, course):
    change(made / OWN, edit)
    new_edition(course)
    workbook.make(made, course)
    (made / BESIDE).unlink()
    assert workbook.make(made, course) == [] and not (made / BESIDE).exists()
    new_edition(course, "third")
    assert len(workbook.make(made, course)) == 1 and first_text(made / BESIDE) == "third"


def test_a_newer_edition_taken_over_by_the_student_is_the_notebook_from_then_on(made, course):
    change(made / OWN, edit)
    new_edition(course)
    workbook.make(made, course)
    os.replace(made / BESIDE, made / OWN)
    new_edition(course, "third")
    assert workbook.make(made, course) == [] and first_text(made / OWN) == "third"


def test_work_that_says_what_the_newer_edition_says_gets_no_copy(made, course):
    mine = change(made / OWN, run_cell, lambda book: book.cells[0].update(source="newer"))
    new_edition(course)
    assert workbook.make(made, course) == [] and not (made / BESIDE).exists()
    assert (made / OWN).read_bytes() == mine


def test_a_deleted_notebook_is_back_and_a_new_one_is_announced(made, course):
    (made / OWN).unlink()
    new_edition(course, name="02_last.ipynb")
    assert workbook.make(made, course) == [f"{OWN} was missing and is back.", "02_last.ipynb is new."]
    assert first_text(made / OWN) == f"# {OWN}" and first_text(made / "02_last.ipynb") == "newer"


def test_other_files_of_the_student_are_left_alone(made, course):
    (made / "mine.ipynb").write_text("{}")
    (made / "network.txt").write_text("h[t] = x[t]")
    new_edition(course)
    assert workbook.make(made, course) == []
    assert (made / "mine.ipynb").read_text() == "{}" and (made / "network.txt").read_text() == "h[t] = x[t]"


# What can be broken


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000, "[1]", '{"a": [1]}', '"text"', "null", "\udcff"])
def test_a_lost_or_damaged_record_loses_no_work(made, course, content):
    mine = change(made / OWN, edit)
    (made / workbook.RECORD).write_bytes(content.encode("utf-8", "surrogateescape"))
    said = workbook.make(made, course)
    assert [workbook.RECORD in line for line in said] == [True, False] and BESIDE in said[1]
    assert (made / OWN).read_bytes() == mine
    assert workbook.make(made, course) == []


def test_without_a_record_what_equals_the_course_is_known_again(made, course):
    change(made / OWN, run_cell)
    (made / workbook.RECORD).unlink()
    assert workbook.make(made, course) == [] and not (made / BESIDE).exists()
    new_edition(course, name=NAMES[0])
    new_edition(course)
    assert len(workbook.make(made, course)) == 1  # the one that was run
    assert first_text(made / NAMES[0]) == first_text(made / BESIDE) == "newer"


@pytest.mark.parametrize("work", WORK)
def test_without_a_record_only_another_source_is_another_edition(made, course, work):
    change(made / OWN, work)
    (made / workbook.RECORD).unlink()
    is_other = work in (edit, swap, drop_last, to_text)
    assert len(workbook.make(made, course)) == is_other
    change(made / OWN, lambda book: book.cells[0].update(source="mine"))
    assert workbook.make(made, course) == []  # what it was made from is known again
    assert (made / BESIDE).exists() == is_other


def test_without_a_record_a_newer_edition_that_is_there_is_not_put_there_twice(made, course):
    change(made / OWN, edit)
    new_edition(course)
    workbook.make(made, course)
    mine = change(made / BESIDE, run_cell)
    (made / workbook.RECORD).unlink()
    assert workbook.make(made, course) == []
    assert (made / BESIDE).read_bytes() == mine and len(contents(made)) == 4
    change(made / BESIDE, edit)
    assert workbook.make(made, course) == [] and len(contents(made)) == 4


BROKEN = [
    '{"cells": [{"source": "1"}], "metadata": {}}',
    "",
    "{",
    "no notebook",
    "[]",
    "{}",
    '{"cells": 3, "metadata": {}}',
    '{"cells": [{}], "metadata": {}}',
    "\udcff",
]


@pytest.mark.parametrize("content", BROKEN)
def test_a_file_that_is_no_notebook_stays_and_the_courses_own_is_put_beside_it_once(made, course, content):
    broken = content.encode("utf-8", "surrogateescape")
    (made / OWN).write_bytes(broken)
    (said,) = workbook.make(made, course)
    assert "cannot be read as a notebook" in said and BESIDE in said
    assert (made / OWN).read_bytes() == broken and first_text(made / BESIDE) == f"# {OWN}"
    assert workbook.make(made, course) == []


def test_a_folder_with_the_name_of_a_notebook_stays(made, course):
    (made / OWN).unlink()
    (made / OWN).mkdir()
    (said,) = workbook.make(made, course)
    assert "cannot be read" in said and (made / OWN).is_dir() and first_text(made / BESIDE) == f"# {OWN}"


def test_a_file_where_the_workbook_should_be_is_told_and_left_alone(tmp_path, course):
    (tmp_path / "workbook").write_text("mine")
    with pytest.raises(workbook.WorkbookError, match="is a file.*name another folder"):
        workbook.make(tmp_path / "workbook", course)
    assert (tmp_path / "workbook").read_text() == "mine"


def test_a_place_below_a_file_is_told(tmp_path, course):
    (tmp_path / "file").write_text("")
    with pytest.raises(workbook.WorkbookError, match="cannot be written.*name another folder"):
        workbook.make(tmp_path / "file" / "workbook", course)


def test_the_course_itself_is_no_workbook(course):
    before = contents(course)
    with pytest.raises(workbook.WorkbookError, match="where the course itself is kept"):
        workbook.make(course / ".." / course.name, course)
    assert contents(course) == before


def test_a_damaged_course_is_told(course, tmp_path):
    (course / OWN).write_text("{")
    with pytest.raises(workbook.WorkbookError, match=f"{OWN} is damaged"):
        workbook.make(tmp_path / "mine", course)


def test_an_installation_without_notebooks_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "__file__", str(tmp_path / "lib" / "bptt_lab" / "workbook.py"))
    with pytest.raises(workbook.WorkbookError, match="missing from this installation"):
        workbook.stored_folder()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only_is_told_and_opens_where_nothing_is_to_be_written(made, course):
    made.chmod(0o555)
    try:
        assert workbook.make(made, course) == []
        new_edition(course)
        with pytest.raises(workbook.WorkbookError, match="cannot be written: .*Permission denied"):
            workbook.make(made, course)
    finally:
        made.chmod(0o755)


def test_a_full_disk_is_told_leaves_whole_files_and_the_next_time_mends_it(made, course, monkeypatch):
    mine = change(made / NAMES[0], edit)
    new_edition(course)
    before = contents(made)
    writing = Path.write_bytes

    def half(path, content):
        writing(path, content[: len(content) // 2])
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(workbook.WorkbookError, match=f"The workbook {made} cannot be written: No space left on device"):
        workbook.make(made, course)
    monkeypatch.undo()
    assert contents(made) == before
    assert workbook.make(made, course) == [] and first_text(made / OWN) == "newer"
    assert (made / NAMES[0]).read_bytes() == mine


def test_stopped_before_the_record_was_written_nothing_is_taken_for_work(made, course):
    record = (made / workbook.RECORD).read_bytes()
    new_edition(course)
    workbook.make(made, course)
    (made / workbook.RECORD).write_bytes(record)
    assert workbook.make(made, course) == []
    assert len(contents(made)) == 3


# The command


FAKE_LAB = "class LabApp:\n    launch_instance = lambda options: print('LAB', *options, sep='\\n')\n"


@pytest.fixture
def fake_lab(tmp_path):
    """Return a folder with a JupyterLab that prints its options."""
    package = tmp_path / "fake" / "jupyterlab"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "labapp.py").write_text(FAKE_LAB)
    return package.parent


def lab(folder, fake, *arguments, package=ROOT / "src"):
    """Run `bptt-lab lab` in a folder, with a JupyterLab that prints its options."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(fake), str(package)]), "DISPLAY": ":0"}
    command = [sys.executable, "-m", "bptt_lab.cli", "lab", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, encoding="utf-8")


def test_the_command_makes_the_workbook_and_opens_jupyterlab_there_on_00(tmp_path, fake_lab):
    done = lab(tmp_path, fake_lab, "--no-browser")
    said, options = done.stdout.split("LAB\n")
    assert (done.returncode, done.stderr) == (0, "") and said.startswith("The course is in workbook: 21 notebooks")
    assert f"--ServerApp.root_dir={(tmp_path / 'workbook').resolve()}\n" in options
    assert "--LabApp.default_url=/lab/tree/00_start_here.ipynb\n" in options and "--no-browser\n" in options
    again = lab(tmp_path / "workbook", fake_lab)  # from inside the workbook: it is not made in itself
    assert again.stdout.startswith("LAB\n") and "--no-browser" not in again.stdout
    assert not (tmp_path / "workbook" / "workbook").exists()


def test_the_command_takes_a_folder(tmp_path, fake_lab):
    done = lab(tmp_path, fake_lab, "my course")
    assert "The course is in my course" in done.stdout and (tmp_path / "my course" / "20_errata.ipynb").is_file()


def test_the_command_tells_what_is_in_the_way_in_one_line(tmp_path, fake_lab):
    (tmp_path / "workbook").write_text("mine")
    done = lab(tmp_path, fake_lab)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert done.stderr.startswith("bptt-lab: workbook is a file")


def test_without_jupyterlab_the_workbook_is_there_and_one_line_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
    assert cli.main(["lab"]) == 2
    told = capsys.readouterr()
    assert "pip install jupyterlab" in told.err and told.err.count("\n") == 1
    assert (tmp_path / "workbook" / "00_start_here.ipynb").is_file()


@pytest.mark.parametrize(
    ("uid", "platform", "environ", "wanted", "unwanted"),
    [
        (0, "linux", {}, {"--allow-root", "--no-browser"}, set()),
        (1000, "linux", {}, {"--no-browser"}, {"--allow-root"}),
        (1000, "linux", {"DISPLAY": ":0"}, set(), {"--allow-root", "--no-browser"}),
        (1000, "linux", {"WAYLAND_DISPLAY": "w"}, set(), {"--no-browser"}),
        (501, "darwin", {}, set(), {"--allow-root", "--no-browser"}),
        (None, "win32", {}, set(), {"--allow-root", "--no-browser"}),
    ],
)
def test_options_of_jupyterlab(uid, platform, environ, wanted, unwanted, whole):
    options = workbook.lab_options(whole, environ, uid, platform)
    assert wanted <= set(options)
    assert not unwanted & set(options)


# The wheel


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """Return a folder with the files of a wheel of this project, as an installation has them."""
    wheel = pytest.importorskip("hatchling.builders.wheel", reason="hatchling, which builds the wheel, is missing")
    folder = tmp_path_factory.mktemp("wheel")
    (path,) = wheel.WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_holds_the_stored_notebooks_to_the_byte(unpacked):
    assert contents(unpacked / "bptt_lab" / "notebooks") == {p.name: p.read_bytes() for p in STORED.glob("*.ipynb")}
    assert not (unpacked / "notebooks").exists() and not list(unpacked.rglob(workbook.FOLDER))


def test_a_workbook_is_made_from_the_wheel_alone(unpacked, tmp_path, fake_lab, whole):
    done = lab(tmp_path, fake_lab, package=unpacked)
    assert (done.returncode, done.stderr) == (0, "")
    assert contents(tmp_path / "workbook") == contents(whole)
