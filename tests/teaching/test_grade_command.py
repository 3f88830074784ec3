"""`bptt-lab grade` as a lecturer types it, and what it says where it cannot be done."""

import classes
import pytest

from bptt_lab.cli import main
from bptt_lab.teaching import isolation, pool, results
from bptt_lab.teaching.commands import grade as word

COURSE = """
[course]
name = "bptt-2027"

[[assignment]]
name = "week7"
varied = false
question = [{ question = "07.1", points = 2 }, { question = "07.6", points = 3 }]

[[assignment]]
name = "week8"
varied = false
question = [{ question = "08.1" }]
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "course.secret").write_bytes(b"a secret of 32 bytes, as it must")
    (tmp_path / "course.toml").write_text(COURSE, encoding="utf-8")
    sources = {"07.1": classes.answer_source("07.1", "b")}
    sources["07.6"] = classes.answer_source("07.6", "f", "def f(d_a1, h1, h_start):\n    return d_a1")
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "José, O'Neil.ipynb").write_bytes(classes.saved(classes.book(sources)))
    (tmp_path / "all" / "broken.ipynb").write_bytes(b"{")
    (tmp_path / "all" / "list.txt").write_bytes(b"")
    return tmp_path


def run(place, *more, where="all", assignment="week7", course="course.toml"):
    words = ["grade", str(place / where), "--course", str(place / course), "--out", str(place / "out"), "--jobs", "1"]
    return main([*words, *(["--assignment", assignment] if assignment else []), *more])


def test_it_says_the_isolation_the_counts_and_where_the_list_is(place, capsys):
    assert run(place) == 0
    said = capsys.readouterr()
    first, counts, last = said.out.splitlines()
    assert first.startswith("Isolation of functions: ")
    assert counts == "Graded: 1. With something not graded: 0. Not readable: 1."
    assert "2 lines in" in last and last.endswith("not-graded.csv")
    assert "graded: 100%" in said.err
    text = (place / "out" / "not-graded.csv").read_text(encoding="utf-8")
    assert "broken,,not readable,broken.ipynb is no notebook" in text and "Nobody's file.,list.txt" in text
    one = results.read((place / "out" / "José, O'Neil" / "result.json").read_text(encoding="utf-8"))
    assert (one.student, one.points, one.of) == ("José, O'Neil", 2.0, 5.0)


def test_below_the_isolation_of_a_process_functions_need_trust(place, capsys, monkeypatch):
    weak = isolation.Found(isolation.HOOK, {"read a file": "Python"})
    monkeypatch.setattr(isolation, "found", lambda: weak)
    assert run(place) == 0
    said = capsys.readouterr().out
    assert "Functions are not run" in said and "With something not graded: 1." in said
    assert run(place, "--trust", "--again") == 0
    said = capsys.readouterr().out
    assert "Functions are not run" not in said and "With something not graded: 0." in said


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"where": "nothing"}, "There is no nothing"),
        ({"where": "course.toml"}, "neither a folder nor a zip"),
        ({"assignment": ""}, "week7, week8"),
        ({"assignment": "week9"}, "week7, week8"),
        ({"course": "no.toml"}, "no.toml"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(place, capsys, options, says):
    assert run(place, **options) == 2
    said = capsys.readouterr().err
    assert said.startswith("bptt-lab: ") and says in said and "Traceback" not in said


def test_no_cluster_at_an_address_and_no_jobs_are_told(place, capsys):
    assert run(place, "--jobs", "0") == 2
    assert "1 or more" in capsys.readouterr().err
    pytest.importorskip("distributed")
    pool_timeout = pool.SECONDS_TO_CONNECT
    try:
        pool.SECONDS_TO_CONNECT = 1
        assert run(place, "--dask", "tcp://127.0.0.1:9") == 2
    finally:
        pool.SECONDS_TO_CONNECT = pool_timeout
    assert "127.0.0.1:9" in capsys.readouterr().err


def test_the_counts_in_words():
    tally = pool.Tally((), 3)
    assert word.said(tally) == [
        "Graded: 0. With something not graded: 0. Not readable: 0. (3 of all were there before)"
    ]
