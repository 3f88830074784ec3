"""Whose notebook a platform's student handed in: compared with the table of students, else listed to be looked at."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import classes
import pytest

from bptt_lab.cli import main
from bptt_lab.teaching import exports, gathered, grading, matching, pool, results, roster, store, submissions
from bptt_lab.teaching.matching import Person
from bptt_lab.teaching.results import Judged, Result

TABLE = """student,name,email,canvas id,Moodle ID,group
amueller,"Müller, Anna",anna.mueller@uni.example,101,Participant 9001,1
eliska,Eliška Nováková,eliska@uni.example,102,9002,2
jsmith1,John Smith,,103,,1
jsmith2,John Smith,,104,,1
"""
NAMES = ("07.1", "03.1")


@pytest.fixture
def known(tmp_path):
    (tmp_path / "students.csv").write_text(TABLE, encoding="utf-8-sig")
    return roster.read(tmp_path / "students.csv")


def book(student):
    one = classes.book({"07.1": classes.answer_source("07.1", "b"), "03.1": classes.answer_source("03.1", ...)})
    one["metadata"]["bptt_lab"] = {"course": "c", "assignment": "week7", "student": student}
    return json.dumps(one)


def course(is_varied=True):
    one = classes.course(NAMES)
    return replace(one, assignments={name: replace(each, varied=is_varied) for name, each in one.assignments.items()})


def here(setup, jobs):
    for job in jobs:
        made = grading.grade(course(False), setup.assignment, job.student, job.files, file=job.file)
        yield job, results.write(made)


def graded(root, out, known, is_varied=True):
    found, _ = submissions.find(root, "week7")
    return pool.grade_all(course(is_varied), "week7", found, out, pool=here, roster=known)


def handed_in(root, **owners):
    """Write what was handed in under a platform's names, with whom each notebook was made for."""
    root.mkdir()
    for name, owner in owners.items():
        (root / f"{name}_week7.ipynb").write_text(book(owner), encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("owner", "name", "file", "says"),
    [
        ("amueller", "mulleranna", "mulleranna_101_5_week7.ipynb", ""),
        ("AMueller", "mulleranna", "mulleranna_77_5_week7.ipynb", ""),
        ("eliska", "novakovaeliska", "week7.ipynb", ""),
        ("eliska", "Eliška Nováková", "Eliška Nováková_9002_assignsubmission_file_week7.ipynb", ""),
        ("amueller", "Participant_9001", "Participant_9001_assignsubmission_file_week7.ipynb", ""),
        ("jsmith2", "smithjohn", "smithjohn_104_5_week7.ipynb", ""),
        ("amueller", "novakovaeliska", "novakovaeliska_102_5_week7.ipynb", "(number 102) handed it in, who is eliska"),
        ("amueller", "mulleranna", "mulleranna_102_5_week7.ipynb", "who is eliska"),
        ("amueller", "novakovaeliska", "week7.ipynb", "who is eliska"),
        ("jsmith2", "smithjohn", "week7.ipynb", "who is jsmith1 or jsmith2"),
        ("amueller", "nobody", "nobody_1_5_week7.ipynb", "in no row"),
        ("gone", "mulleranna", "mulleranna_101_5_week7.ipynb", "who is amueller"),
    ],
)
def test_whom_a_platform_names_is_whom_the_notebook_was_made_for(known, owner, name, file, says):
    found = known.mismatch(owner, name, file)
    assert says in found and bool(found) == bool(says)


@pytest.mark.parametrize("is_varied", [True, False])
def test_a_notebook_made_for_another_is_left_to_a_person(tmp_path, known, is_varied):
    root = handed_in(tmp_path / "zip", mulleranna_101_5="amueller", novakovaeliska_102_6="jsmith1")
    tally = graded(root, tmp_path / "out", known, is_varied)
    found = {one.student: one for one in tally.results}
    assert set(found) == {"amueller" if is_varied else "mulleranna", "novakovaeliska"} and not tally.whose
    wrong = found.pop("novakovaeliska")
    assert "made for jsmith1" in wrong.reason and "who is eliska" in wrong.reason
    assert len(wrong.not_graded) == len(NAMES) and not next(iter(found.values())).reason
    assert [row[0] for row in store.listed(tally.results)] == ["novakovaeliska"]


def test_with_the_table_what_was_filed_under_another_before_is_there_no_more(tmp_path, known):
    root, out = handed_in(tmp_path / "zip", novakovaeliska_102_6="amueller"), tmp_path / "out"
    before = graded(root, out, None)
    assert [one.student for one in before.results] == ["amueller"] and before.results[0].points
    graded(root, out, known)
    assert [one.student for one in gathered.gather(out).results] == ["novakovaeliska"]
    assert not gathered.gather(out).results[0].points


def test_without_a_table_it_is_listed_whom_the_platform_names(tmp_path, capsys):
    root = handed_in(tmp_path / "zip", novakovaeliska_102_6="amueller", ada_103_7="ada")
    (tmp_path / "course.secret").write_bytes(b"a secret of 32 bytes, as it must")
    text = '[course]\nname = "c"\n\n[[assignment]]\nname = "week7"\nvaried = false\nquestion = ["07.1", "03.1"]\n'
    (tmp_path / "course.toml").write_text(text, encoding="utf-8")
    command = ["grade", str(root), "--course", str(tmp_path / "course.toml"), "--out", str(tmp_path / "out")]
    assert main([*command, "--jobs", "1"]) == 0
    assert "look once through" in (said := capsys.readouterr().out) and "whose.csv" in said
    rows = list(csv.reader((tmp_path / "out" / "whose.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[1:] == [["novakovaeliska", "amueller", "novakovaeliska_102_6_week7.ipynb"]]
    (tmp_path / "students.csv").write_text(TABLE, encoding="utf-8")
    assert main([*command, "--jobs", "1", "--students", str(tmp_path / "students.csv")]) == 0
    said = capsys.readouterr().out
    assert "whose.csv" not in said and "Not readable: 2." in said  # ada is in no row
    assert "who is eliska" in (tmp_path / "out" / "not-graded.csv").read_text(encoding="utf-8")
    assert main([*command, "--students", str(tmp_path / "none.csv")]) == 2
    assert "none.csv cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "student,name\n", "student\nada\nAda\n", "student,name\n,Ada\n"])
def test_a_table_that_cannot_be_used_says_what_is_expected(tmp_path, text):
    (tmp_path / "s.csv").write_text(text, encoding="utf-8")
    with pytest.raises(roster.RosterError, match="expected is a line of heads, student"):
        roster.read(tmp_path / "s.csv")


def test_a_table_of_one_column_without_a_head_is_read_as_assign_reads_it(tmp_path):
    from bptt_lab.teaching.release import read_students

    for text in ("ada\ngrace\n", "student\nada\ngrace\n", "Username,Name\nada,Ada L\ngrace,\n"):
        (tmp_path / "s.csv").write_text(text, encoding="utf-8")
        found = roster.read(tmp_path / "s.csv")
        assert list(found.students) == read_students(Path(tmp_path / "s.csv")) == ["ada", "grace"]
    assert found.name_of("ADA") == "Ada L" and found.name_of("grace") == "" == found.name_of("nobody")


def test_where_number_and_name_are_of_two_rows_no_row_is_filled():
    people = [Person(1, "101", ("amueller",), "Müller, Anna"), Person(2, "102", ("eliska",), "Nováková, Eliška")]
    made = Result(
        "c", "week7", "amueller", "novakovaeliska_102_6_week7.ipynb", "0", "0", "process", (Judged("1", "wrong", 0, 1),)
    )
    found = matching.match([made], people)
    assert not found.rows and found.claimed == {2} and "by number it is row 3" in found.ambiguous[0][1]
    assert "by name row 2" in found.ambiguous[0][1]
    sheet = 'Student,ID,SIS Login ID,week7 (1)\n"Müller, Anna",101,amueller,\n"Nováková, Eliška",102,eliska,\n'
    assert exports.canvas(sheet.encode(), [made], ["week7"], None).data == sheet.encode()
