"""A class with everything in it that goes wrong: graded again, stopped in the middle, on a cluster, the same bytes."""

import csv
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import classes
import pytest

from bptt_lab.teaching import isolation, judging, pool, results, store, submissions

FEW = ("07.1", "03.1", "07.2", "07.4", "07.6")
COUNT = 40
SIZE = 3 * 2**20  # of the outputs that are called large

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="functions are kept by the kernel on Linux only")


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """A class handed in, and what is wrong with whom."""
    folder = tmp_path_factory.mktemp("class") / "submitted"
    wrong = classes.written(folder, COUNT, FEW, least=len(classes.KINDS), size=SIZE)
    assert set(wrong.values()) == set(classes.KINDS)
    return folder, wrong


def graded(folder, out, where=None, **options):
    found, nobody = submissions.find(folder, "week7")
    assert not nobody
    return pool.grade_all(classes.course(FEW), "week7", found, out, pool=where or pool.local(2), **options)


def contents(out):
    return {path.parent.name: path.read_bytes() for path in sorted(out.glob(f"*/{store.RESULT}"))}


@pytest.fixture(scope="module")
def first(handed_in, tmp_path_factory):
    """The results of a first run."""
    out = tmp_path_factory.mktemp("results")
    tally = graded(handed_in[0], out)
    assert tally.there_before == 0
    return out, tally


def test_every_submission_has_a_result_and_every_failure_is_listed(handed_in, first):
    folder, wrong = handed_in
    out, tally = first
    assert len(tally.results) == COUNT == len(contents(out))
    path = store.write_list(out, store.listed(tally.results))
    with path.open(encoding="utf-8", newline="") as file:
        listed = {row["student"]: row for row in csv.DictReader(file)}
    assert {student for student, kind in wrong.items() if kind not in classes.GRADED} == set(listed)
    assert all(row["reason"] for row in listed.values())


def test_who_is_honest_has_points_for_all_that_is_right(handed_in, first):
    _, wrong = handed_in
    _, tally = first
    honest = [one for one in tally.results if one.student not in wrong]
    assert all(not one.not_graded and not one.reason and len(one.answers) == len(FEW) for one in honest)
    assert {answer.outcome for one in honest for answer in one.answers} == {"correct", "wrong"}
    assert all((a.points == a.of) == (a.outcome == "correct") for one in honest for a in one.answers)


def test_what_goes_wrong_in_one_cell_leaves_the_others_graded(handed_in, first):
    _, wrong = handed_in
    by_student = {one.student: one for one in first[1].results}
    for student, kind in wrong.items():
        if kind in classes.FUNCTIONS and kind not in classes.GRADED:
            one = by_student[student]
            assert sum(answer.outcome in ("correct", "wrong") for answer in one.answers) == len(FEW) - 1, kind
            (function,) = [answer for answer in one.answers if answer.question == "07.6"]
            assert function.points == 0 and function.reason, kind


def test_a_patched_library_gives_no_points(handed_in, first):
    _, wrong = handed_in
    student = next(student for student, kind in wrong.items() if kind == "patched libraries")
    one = next(one for one in first[1].results if one.student == student)
    assert [answer.outcome for answer in one.answers if answer.question == "07.6"] == ["wrong"]


def test_two_students_with_one_file_are_told(handed_in, first):
    _, wrong = handed_in
    student = next(student for student, kind in wrong.items() if kind == "two with one file")
    by_student = {one.student: one for one in first[1].results}
    (other,) = by_student[student].same_file_as
    assert by_student[other].same_file_as == (student,)
    assert by_student[student].points == by_student[other].points


def test_nothing_is_done_twice(handed_in, first):
    out, _ = first
    before = contents(out)
    times = {path: path.stat().st_mtime_ns for path in out.glob(f"*/{store.RESULT}")}
    never = lambda setup, jobs: ((job, pytest.fail("judged again")) for job in jobs)
    assert graded(handed_in[0], out, never).there_before == COUNT - len(unread(first))
    assert contents(out) == before
    assert sum(path.stat().st_mtime_ns != times[path] for path in times) <= len(unread(first))


def unread(first):
    """Results of files that could not even be handed to a judge."""
    return [one for one in first[1].results if one.reason and not one.submission]


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
import test_class
from pathlib import Path
test_class.graded(Path({folder!r}), Path({out!r}))
"""


def test_stopped_in_the_middle_and_begun_again_it_is_the_same_to_the_byte(handed_in, first, tmp_path):
    script = SCRIPT.format(tests=str(Path(__file__).parent), folder=str(handed_in[0]), out=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    deadline = time.monotonic() + 60
    while len(contents(tmp_path)) < COUNT // 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    there = len(contents(tmp_path))
    assert COUNT // 3 <= there < COUNT
    tally = graded(handed_in[0], tmp_path)
    assert tally.there_before >= there - len(unread(first))
    assert contents(tmp_path) == contents(first[0])


def test_on_a_cluster_of_which_a_worker_is_killed_it_is_the_same_to_the_byte(handed_in, first, tmp_path):
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options, silence_logs=50) as made:
        with distributed.Client(made) as client:
            workers = list(client.run(os.getpid).values())
        is_over, killed = threading.Event(), []
        stop = threading.Thread(target=_kill_half_way, args=(tmp_path, workers[0], is_over, killed))
        stop.start()
        try:
            graded(handed_in[0], tmp_path, pool.cluster(made.scheduler_address))
        finally:
            is_over.set()
            stop.join()
    assert killed
    assert contents(tmp_path) == contents(first[0])


def _kill_half_way(out, worker, is_over, killed):
    while len(contents(out)) < COUNT // 2 and not is_over.wait(0.05):
        pass
    if not is_over.is_set():
        os.kill(worker, signal.SIGKILL)
        killed.append(worker)


# A judge that dies


def setup_of(names=("07.2",)):
    return judging.setup_for(classes.course(names), "week7", isolation.KERNEL, True)


def test_a_judge_that_was_killed_is_begun_anew():
    judge = judging.Judge(setup_of())
    job = judging.Job("ada", "ada.ipynb", (("ada.ipynb", b"{}"),))
    try:
        before = judge.result(job)
        judge.process.kill()
        judge.process.wait()
        assert judge.result(job) == before
        assert "no notebook" in results.read(before).reason
    finally:
        judge.close()


def test_a_submission_that_takes_too_long_is_stopped():
    judge = judging.Judge(setup_of()._replace(seconds=0.0))
    lost = judge.result(judging.Job("ada", "ada.ipynb", (("ada.ipynb", b"{}"),)))
    assert "longer than 0 s" in lost.reason
    assert judge.process is None


def test_a_judge_that_dies_twice_gives_its_submission_up(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    judge = judging.Judge(setup_of())
    lost = judge.result(judging.Job("ada", "ada.ipynb", ()))
    assert lost.reason.startswith(judging.OF_THE_JUDGE) and "2 times" in lost.reason
