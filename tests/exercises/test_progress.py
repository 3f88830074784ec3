"""The diary of answers: added to line by line, whatever else happened to the file."""

import json
import multiprocessing
import os
from datetime import UTC, datetime

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


def test_the_table_has_one_line_a_notebook_under_its_headings():
    text = progress.table([Row("07", 2, 1, 14), Row("10", 1, 0, 2)])
    assert text.splitlines() == [
        "Notebook  Tried  Solved  Attempts",
        "07            2       1        14",
        "10            1       0         2",
    ]


def test_without_answers_the_table_says_so():
    assert progress.table(progress.summary([])) == "No answers yet."
