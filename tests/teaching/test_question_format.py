"""The format of questions: one table checks it and prints its page; the command writes and proves files."""

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from bptt_lab import cli
from bptt_lab.exercises.authoring.proof import prove
from bptt_lab.exercises.judges.short_answer import judge_number
from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.questions import course_questions, read_questions
from bptt_lab.exercises.questions.keys import KEYS
from bptt_lab.teaching import question_format
from bptt_lab.teaching.commands import question as command
from bptt_lab.teaching.question_format import checked, example, page, template

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_names_every_key_and_no_other():
    assert set(KEYS) == {one.name for one in fields(Question)}
    assert {kind for key in KEYS.values() for kind in key.kinds} <= set(KINDS)


def test_what_a_kind_needs_is_a_key_of_that_kind():
    assert all(kind in KEYS[name].kinds for kind, one in KINDS.items() for name in one.needs)


def test_the_page_in_the_documents_is_printed_from_the_table():
    assert (ROOT / "docs" / "questions.md").read_text(encoding="utf-8") == page()
    assert all(f"| `{name}` |" in page() for name in KEYS) and all(f"### {kind}:" in page() for kind in KINDS)


def test_the_command_knows_the_kinds():
    assert command.KINDS == tuple(KINDS) == tuple(question_format.examples())


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_is_a_question_that_proves_and_its_remarks_are_lines_that_may_be_used(kind):
    (found,) = read_questions(template(kind)).values()
    assert prove(found) == [] and found.kind == kind
    (same,) = read_questions(example(kind)).values()
    assert repr(same) == repr(found)


@pytest.mark.parametrize("name", KEYS)
def test_the_line_that_shows_a_key_passes_its_own_check(name):
    data = tomllib.loads(KEYS[name].example)
    assert list(data) == [name] and KEYS[name].type.holds(data[name])
    assert not KEYS[name].type.holds(object())


def test_every_value_of_the_courses_questions_is_of_its_type():
    for question in course_questions().values():
        for name, key in KEYS.items():
            value, default = getattr(question, name), getattr(Question("x", "line", "x"), name)
            assert value == default or key.type.holds(value), (question.id, name)


def lines(kind, *changes):
    text = example(kind)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize(
    ("kind", "changes", "words"),
    [
        ("line", [("T = 3\n", "")], "T is missing: the network has times"),
        ("line", [("T = 3\n", "T = 0\n")], "T is 0; expected a whole number from 1. Write for example:  T = 4"),
        ("line", [("sizes = { x = 1, h = 1 }", "sizes = { x = '1' }")], "expected a table of sizes"),
        ("line", [("['d_a', 'h']", "'d_a'")], "letters is 'd_a'; expected a list of texts"),
        ("line", [("d_a(3)*h(2)", "d_a(3)*h(3)")], "is judged: mine.1: wrong"),
        (
            "line",
            [("T = 3\n", "T = 1\n"), ("answer = 'd_a(1)*h(0) + d_a(2)*h(1) + d_a(3)*h(2)'", "answer = 'd_a(1)*h(0)'")],
            "have the same value in this instance: use T = 2 or more",
        ),  # fmt: skip
        ("matrix", [("sizes = { x = 3, h = 4 }\n", "")], "Give sizes such as  sizes = { x = 3 }."),
        ("matrix", [("goal = 'grad(L, R)'\n", "")], "goal is missing; a question of kind 'matrix' needs it. Write for"),
        ("function", [("returns = { d_R = 'd_R' }", "returns = { d_R = 'd_Q' }")], "'d_Q' is not a letter"),
        ("shape", [("shape = [4, 3]", "shape = [3, 4]")], "shape is (3, 4), but that of grad(L, W) is (4, 3)"),
        ("number", [("tolerance = { abs = 0.005 }", "tolerance = 0.005")], "expected a table with abs, rel or both"),
        ("number", [("tolerance = { abs = 0.005 }", "tolerance = { abs = -1 }")], "numbers from 0"),
        ("number", [("number = 0.75", "number = '3/4'")], "number is '3/4'; expected a number"),
        ("choice", [("right = 'b'", "right = 'd'")], "right must be one of choices"),
        ("choice", [("id = 'mine.7'", "id = '07.1'")], "this id is that of a question of the course"),
    ],
)
def test_what_is_wrong_is_said_with_the_line_that_mends_it(kind, changes, words):
    ((_, troubles),) = checked(lines(kind, *changes))
    assert any(words in trouble for trouble in troubles), troubles


def test_all_questions_of_a_file_are_checked_whatever_is_wrong_with_one():
    text = lines("number", ("number = 0.75", "numbr = 0.75")) + example("choice") + example("choice")
    found = dict(enumerate(checked(text)))
    assert [name for name, _ in found.values()] == ["mine.6", "mine.7", "mine.7"]
    assert [bool(troubles) for _, troubles in found.values()] == [True, False, True]
    assert "Did you mean 'number'?" in found[0][1][0] and "used twice" in found[2][1][0]


@pytest.mark.parametrize(
    ("tolerance", "answer", "is_right"),
    [("{ abs = 0.005 }", 0.754, True), ("{ abs = 0.005 }", 0.756, False), ("{ rel = 0.1 }", "0.82", True),
     ("{ rel = 0.1 }", 0.83, False), ("{ abs = 0.001, rel = 0.1 }", 0.81, True)],
)  # fmt: skip
def test_a_number_is_right_within_its_tolerance(tolerance, answer, is_right):
    (question,) = read_questions(lines("number", ("{ abs = 0.005 }", tolerance))).values()
    assert judge_number(question, answer).is_correct == is_right


def test_a_file_is_written_proved_and_never_written_over(tmp_path, capsys):
    file = tmp_path / "mine.toml"
    assert cli.main(["question", "new", str(file), "--kind", "choice"]) == 0
    assert cli.main(["question", "check", str(file)]) == 0
    assert "mine.7: proved" in capsys.readouterr().out
    assert cli.main(["question", "new", str(file)]) == 2
    assert "is there already" in capsys.readouterr().err
    file.write_text(lines("choice", ("right = 'b'", "right = 'd'")), encoding="utf-8")
    assert cli.main(["question", "check", str(file)]) == 2
    said = capsys.readouterr()
    assert (
        "mine.7: must be mended\n  right must be one" in said.out
        and said.err == "bptt-lab: 1 of 1 questions must be mended.\n"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "There is no question here"), (b"[question]\nid = 1", "write [[question]], in two brackets"),
     (b"id = 'x'", "'id' stands outside of a question"), (b"\xff\xff", "is no text in UTF-8"), (b"[[", "not TOML")],
)  # fmt: skip
def test_a_file_without_questions_is_refused_in_one_sentence(tmp_path, capsys, content, words):
    file = tmp_path / "mine.toml"
    file.write_bytes(content)
    assert cli.main(["question", "check", str(file)]) == 2
    said = capsys.readouterr().err
    assert words in said and said.startswith("bptt-lab: ") and "Traceback" not in said
    assert cli.main(["question", "check", str(tmp_path / "nowhere.toml")]) == 2


def test_the_page_is_printed(capsys):
    assert cli.main(["question", "format"]) == 0
    assert capsys.readouterr().out == page()
