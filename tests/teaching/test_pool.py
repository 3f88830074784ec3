"""Whose submission it is, who has the same file, and what becomes of what is there already."""

import json
from dataclasses import replace

import classes
import pytest

from bptt_lab.teaching import grading, isolation, pool, results, store, submissions
from bptt_lab.teaching.judging import Lost

NAMES = ("07.1", "03.1")


def book(student="", answer="b"):
    one = classes.book({"07.1": classes.answer_source("07.1", answer), "03.1": classes.answer_source("03.1", ...)})
    one["metadata"]["bptt_lab"] = {"course": "c", "assignment": "week7", **({"student": student} if student else {})}
    return json.dumps(one)


def course(is_varied=False):
    one = classes.course(NAMES)
    return replace(one, assignments={name: replace(each, varied=is_varied) for name, each in one.assignments.items()})


def here(setup, jobs):
    """A pool of nothing but this process."""
    known = course()
    for job in jobs:
        yield job, results.write(grading.grade(known, setup.assignment, job.student, job.files, file=job.file))


def graded(root, out, where=here, one=None, **options):
    found, _ = submissions.find(root, "week7")
    tally = pool.grade_all(one or course(), "week7", found, out, pool=where, **options)
    return {each.student: each for each in tally.results}, tally.there_before


def handed_in(root, **texts):
    root.mkdir()
    for name, text in texts.items():
        (root / f"{name}.ipynb").write_text(text, encoding="utf-8")
    return root


def test_two_with_one_file_are_told_but_not_two_who_did_nothing(tmp_path):
    nothing = book(answer=...)
    root = handed_in(tmp_path / "all", ada=book(), bob=book(), eve=nothing, kim=nothing, grace=book(answer="a"))
    found, _ = graded(root, tmp_path / "out")
    assert {name: one.same_file_as for name, one in found.items() if one.same_file_as} == {
        "ada": ("bob",),
        "bob": ("ada",),
    }


def test_what_lay_in_another_students_folder_is_left_to_a_person_where_instances_differ(tmp_path):
    root = handed_in(tmp_path / "all", ada=book("ada"), Grace=book("grace"), eve=book("ada"))
    plans = {
        one.student: one for one in pool.planned(course(is_varied=True), "week7", submissions.find(root, "week7")[0])
    }
    assert not plans["ada"].reason and not plans["Grace"].reason
    assert "made for ada, and lay where eve" in plans["eve"].reason
    same = pool.planned(course(), "week7", submissions.find(root, "week7")[0])
    assert not any(one.reason for one in same)  # all have the same instance


@pytest.mark.parametrize("change", ["bytes", "points", "question", "isolation", "version", "again"])
def test_what_has_changed_is_judged_again_and_nothing_else(tmp_path, monkeypatch, change):
    root = handed_in(tmp_path / "all", ada=book(), bob=book(answer="a"))
    graded(root, tmp_path / "out")
    one, options, again = course(), {}, 0
    if change == "bytes":
        (root / "ada.ipynb").write_text(book(answer="c"), encoding="utf-8")
        again = 1
    if change == "points":
        one = replace(one, assignments=classes.course(NAMES, points=3.0).assignments)
    if change == "question":
        one = replace(one, questions={**one.questions, "07.1": replace(one.questions["07.1"], right="c")})
    if change == "isolation":
        options = {"level": isolation.HOOK}
    if change == "version":
        monkeypatch.setattr("bptt_lab.__version__", "99")
    if change == "again":
        options = {"again": True}
    assert graded(root, tmp_path / "out", one=one, **options)[1] == again


def test_a_result_that_was_lost_is_tried_again(tmp_path):
    root = handed_in(tmp_path / "all", ada=book())
    lost = lambda setup, jobs: ((job, Lost(pool.judging.OF_THE_JUDGE + ", 2 times.")) for job in jobs)
    found, _ = graded(root, tmp_path / "out", lost)
    assert found["ada"].reason.endswith("2 times.") and not found["ada"].answers[0].is_graded
    found, before = graded(root, tmp_path / "out")
    assert before == 0 and not found["ada"].reason


def test_a_damaged_result_is_made_again(tmp_path):
    root = handed_in(tmp_path / "all", ada=book())
    graded(root, tmp_path / "out")
    path = tmp_path / "out" / "ada" / store.RESULT
    before = path.read_bytes()
    path.write_bytes(before[:50])
    assert graded(root, tmp_path / "out")[1] == 0 and path.read_bytes() == before
