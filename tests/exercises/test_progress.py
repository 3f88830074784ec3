"""The diary of answers: added to line by line, whatever else happened to the file."""

import json
import multiprocessing
import os
import re
import socket
from datetime import UTC, datetime

import nbconvert
import pytest

from bptt_lab.exercises import progress
from bptt_lab.exercises.progress import FILE_NAME, Diary, Entry, Row

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
GOOD = Entry("07.2", "correct", "2024-05-01T12:00:00+00:00", "")


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    monkeypatch.delenv(progress.SWITCH, raising=False)


def test_what_is_recorded_is_read_in_its_order(tmp_path):
    assert progress.record(tmp_path, "07.2", "wrong", "forgets a path", now=NOON)
    assert progress.record(tmp_path, "07.2", "correct", now=NOON)
    assert progress.read(tmp_path) == Diary([GOOD._replace(outcome="wrong", mistake="forgets a path"), GOOD], 0)


def test_a_line_is_one_object_with_the_four_names(tmp_path):
    progress.record(tmp_path, "07.2", "correct", now=NOON)
    (line,) = (tmp_path / FILE_NAME).read_text().splitlines()
    assert json.loads(line) == {"exercise": "07.2", "outcome": "correct", "when": GOOD.when, "mistake": ""}


def test_the_time_is_the_present_unless_said_otherwise(tmp_path):
    before = datetime.now(UTC).replace(microsecond=0)
    progress.record(tmp_path, "07.2", "correct")
    assert before <= datetime.fromisoformat(progress.read(tmp_path).entries[0].when) <= datetime.now(UTC)


def test_a_torn_last_line_is_skipped_and_spoils_no_later_one(tmp_path):
    progress.record(tmp_path, "07.2", "correct", now=NOON)
    with open(tmp_path / FILE_NAME, "ab") as file:
        file.write(b'{"exercise": "07.3", "outc')
    assert progress.read(tmp_path) == Diary([GOOD], 1)
    progress.record(tmp_path, "07.2", "correct", now=NOON)
    assert progress.read(tmp_path) == Diary([GOOD, GOOD], 1)


@pytest.mark.parametrize(
    "line",
    [
        b"no JSON",
        b"3",
        b"[1, 2, 3, 4]",
        b"null",
        b"\xff\xfe\x00",
        b'{"exercise": "07.2"}',
        b'{"exercise": 7, "outcome": "correct", "when": "", "mistake": ""}',
        b'{"exercise": "", "outcome": "correct", "when": "", "mistake": ""}',
        b'{"exercise": "07.2", "outcome": "\\u001b[2J", "when": "", "mistake": ""}',
        b'{"exercise": "07.2", "outcome": "correct", "when": "", "mistake": "", "grade": "A"}',
        b"[" * 100_000,
        b'{"exercise": "07.2|x", "outcome": "correct", "when": "", "mistake": ""}',
        b'{"exercise": "<b>07</b>.2", "outcome": "correct", "when": "", "mistake": ""}',
        b'{"exercise": "\\ud800.2", "outcome": "correct", "when": "", "mistake": ""}',
        b'{"exercise": "07.", "outcome": "correct", "when": "", "mistake": ""}',
        b'{"exercise": "' + b"7" * 100 + b'.2", "outcome": "correct", "when": "", "mistake": ""}',
    ],
    ids=lambda line: line[:40].decode(errors="replace"),
)
def test_a_foreign_line_is_skipped_and_counted(tmp_path, line):
    progress.record(tmp_path, "07.2", "correct", now=NOON)
    with open(tmp_path / FILE_NAME, "ab") as file:
        file.write(line + b"\n\n")
    assert progress.read(tmp_path) == Diary([GOOD], 1)


def test_of_a_huge_file_the_end_is_read(tmp_path, monkeypatch):
    for _ in range(20):
        progress.record(tmp_path, "07.2", "correct", now=NOON)
    monkeypatch.setattr(progress, "LONGEST_FILE", 250)
    assert progress.read(tmp_path) == Diary([GOOD] * 2, 1)


@pytest.mark.parametrize("value", ["off", "OFF"])
def test_the_switch_turns_it_off(tmp_path, monkeypatch, value):
    monkeypatch.setenv(progress.SWITCH, value)
    assert progress.record(tmp_path, "07.2", "correct") is False
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_no_error(tmp_path):
    assert progress.record(tmp_path / "gone", "07.2", "correct") is False
    assert progress.read(tmp_path / "gone") == Diary([], 0)


def test_a_folder_in_the_place_of_the_file_is_no_error(tmp_path):
    (tmp_path / FILE_NAME).mkdir()
    assert progress.record(tmp_path, "07.2", "correct") is False
    assert progress.read(tmp_path) == Diary([], 0)


def a_folder(path, elsewhere):
    path.mkdir()


def a_fifo(path, elsewhere):
    os.mkfifo(path)


def a_fifo_behind_a_link(path, elsewhere):
    os.mkfifo(elsewhere)
    path.symlink_to(elsewhere)


def a_loop_of_links(path, elsewhere):
    path.symlink_to(elsewhere)
    elsewhere.symlink_to(path)


def a_device_that_never_ends(path, elsewhere):
    path.symlink_to("/dev/zero")


def a_device_that_swallows_all(path, elsewhere):
    path.symlink_to("/dev/null")


def a_terminal(path, elsewhere):
    path.symlink_to("/dev/tty")


def a_socket(path, elsewhere):
    short = os.path.relpath(path)  # the name of a socket has at most 107 characters
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(short)


def a_link_into_a_missing_folder(path, elsewhere):
    path.symlink_to(elsewhere / "gone" / "deep")


def a_link_into_a_file(path, elsewhere):
    elsewhere.write_text("")
    path.symlink_to(elsewhere / "deep")


STRANGE = [
    a_folder, a_fifo, a_fifo_behind_a_link, a_loop_of_links, a_device_that_never_ends, a_device_that_swallows_all,
    a_terminal, a_socket, a_link_into_a_missing_folder, a_link_into_a_file,
]  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="FIFOs, devices and links as POSIX has them")
@pytest.mark.parametrize("put", STRANGE, ids=lambda put: put.__name__)
def test_what_is_no_plain_file_in_the_place_of_the_diary_neither_hangs_nor_raises(put, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put(tmp_path / FILE_NAME, tmp_path / "elsewhere")
    assert progress.record(tmp_path, "07.2", "correct") is False
    assert progress.read(tmp_path) == Diary([], 0)


@pytest.mark.skipif(os.name != "posix", reason="FIFOs as POSIX has them")
def test_a_fifo_put_there_at_the_last_moment_does_not_hang(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / FILE_NAME)
    monkeypatch.setattr(progress.Path, "is_file", lambda path: True)
    before = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    assert progress.record(tmp_path, "07.2", "correct") is False
    assert progress.read(tmp_path) == Diary([], 0)
    assert len(os.listdir("/proc/self/fd") if before else []) == len(before)


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the working folder cannot be deleted")
def test_a_deleted_working_folder_is_no_error(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert progress.here() is None
    for folder in (None, progress.here, progress.Path.cwd, lambda: None):
        assert progress.record(folder, "07.2", "correct") is False
        assert progress.read(folder) == Diary([], 0)
    assert progress.read() == Diary([], 0)


def test_without_a_folder_the_diary_lies_beside_the_notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert progress.here() == tmp_path
    assert progress.record(None, "07.2", "correct", now=NOON)
    assert progress.record(progress.here, "07.2", "correct", now=NOON)
    assert progress.record(lambda: str(tmp_path), "07.2", "correct", now=NOON)
    assert progress.read() == progress.read(tmp_path) == progress.read(progress.Path.cwd) == Diary([GOOD] * 3, 0)


@pytest.mark.parametrize("folder", ["nul\0byte", "x" * 5000])
def test_a_folder_that_cannot_be_named_is_no_error(folder):
    assert progress.record(folder, "07.2", "correct") is False
    assert progress.read(folder) == Diary([], 0)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="this user may write everywhere")
def test_a_read_only_folder_is_no_error(tmp_path):
    tmp_path.chmod(0o500)
    assert progress.record(tmp_path, "07.2", "correct") is False
    tmp_path.chmod(0o700)


def test_a_full_disk_is_no_error(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(progress.os, "write", full)
    assert progress.record(tmp_path, "07.2", "correct") is False


def fill(folder):
    """Record a hundred answers."""
    for _ in range(100):
        progress.record(folder, "07.2", "correct", now=NOON)


def test_notebooks_that_write_at_a_time_do_not_mix_their_lines(tmp_path):
    context = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    writers = [context.Process(target=fill, args=(tmp_path,)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert progress.read(tmp_path) == Diary([GOOD] * 300, 0)


def answers(*pairs):
    return [Entry(exercise, outcome, GOOD.when, "") for exercise, outcome in pairs]


def test_a_row_counts_exercises_and_answers_of_its_notebook():
    entries = answers(
        ("10.1", "crashed"),
        ("07.2", "wrong"),
        ("07.2", "correct"),
        ("07.2", "wrong"),
        ("07.10", "undecided"),
        ("07.3", "not attempted"),
        ("10.1", "correct, other form wanted"),
    )
    assert progress.summary(entries) == [Row("07", 2, 1, 4), Row("10", 1, 0, 2)]


TABLE = [Row("07", 2, 1, 14), Row("10", 1, 0, 2)]


def test_the_table_has_one_aligned_line_a_notebook_under_its_headings():
    assert progress.table(TABLE).splitlines() == [
        "| Notebook | Tried | Solved | Attempts |",
        "|:---------|------:|-------:|---------:|",
        "| 07       |     2 |      1 |       14 |",
        "| 10       |     1 |      0 |        2 |",
    ]


def test_the_table_is_a_table_where_markdown_is_rendered():
    """By the renderer of nbconvert, which reads tables as JupyterLab does."""
    html = nbconvert.filters.markdown2html(progress.table(TABLE))
    assert html.count("<table>") == 1 and html.count("<tr>") == 3
    assert re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", html) == [
        "Notebook", "Tried", "Solved", "Attempts", "07", "2", "1", "14", "10", "1", "0", "2",
    ]  # fmt: skip


def test_without_answers_the_table_says_so():
    assert progress.table(progress.summary([])) == "No answers yet."
