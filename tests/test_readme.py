"""What the README shows runs as it stands: every block of Python, every command, and what they print."""

import ast
import contextlib
import io
import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"^bptt-lab [^#\n]*", README, re.MULTILINE)
INLINE = re.findall(r"`((?:from bptt_lab import|lectures\.)[^`]*)`", README)


def comment_of(line):
    """Return the comment at the end of a line of Python, or nothing."""
    return re.sub(r"^(?:[^#\"]|\"[^\"]*\")*#?\s*", "", line)


def below(lines, start):
    """Return the lines of comment that stand below a line, without their signs."""
    found = itertools.takewhile(lambda line: line.startswith("#"), lines[start:])
    return "\n".join(line.removeprefix("#").strip() for line in found)


def shown(block):
    """Run a block in a namespace of its own and yield (what it shows, what the README says it shows).

    A comment behind a `print`, or the lines of comment below it, are its output; behind a `check` it stands in the
    feedback. Other comments are words.
    """
    names, lines = {}, block.splitlines()
    for statement in ast.parse(block).body:
        source, comment = ast.get_source_segment(block, statement), comment_of(lines[statement.end_lineno - 1])
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            if isinstance(statement, ast.Expr):
                value = eval(source, names)
            else:
                exec(source, names)
        if source.startswith("print("):
            yield printed.getvalue().strip(), comment or below(lines, statement.end_lineno)
        elif ".check(" in source:
            assert comment and comment in str(value)
            yield comment, comment


def test_there_are_blocks_commands_and_inline_code():
    assert len(BLOCKS) >= 2 and len(COMMANDS) >= 2 and len(INLINE) >= 3


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_every_block_of_python_runs_and_shows_what_it_says(number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = list(shown(BLOCKS[number]))
    assert found
    for printed, said in found:
        assert printed == said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs(command):
    arguments = shlex.split(command)[1:]
    done = subprocess.run([sys.executable, "-m", "bptt_lab.cli", *arguments], capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    assert {"derive": "def gradients(v):", "sheet": "All gradients of the course"}.get(
        arguments[0], arguments[-1]
    ) in done.stdout


def test_inline_code_runs():
    from bptt_lab import course, lectures

    arrays = lectures.translate(course.split(course.random_case().arrays)[0], "course", "PyTorch")
    names = {"arrays": arrays}
    for code in INLINE:
        exec(code, names)


@pytest.mark.parametrize(
    ("block", "error"),
    [
        ("print(values)  # 3", NameError),
        ("print(1 + 1)  # 3", AssertionError),
        ("print(1 + 1)", AssertionError),
        ("print(1 + 1)\n# 3", AssertionError),
        ("print(1 + 1)\n# 2\n# 2", AssertionError),
        ('from bptt_lab import ex\nex("07.2").check("d1(2)*h1(1)")  # It is right.', AssertionError),
    ],
)
def test_a_block_that_does_not_run_or_shows_something_else_is_refused(block, error):
    with pytest.raises(error):
        for printed, said in shown(block):
            assert printed == said


def test_the_picture_is_there_in_light_and_dark_and_said_in_words():
    root = Path(__file__).resolve().parent.parent
    pictures = re.findall(r'src(?:set)?="([^"]+)"', README)
    assert len(pictures) == 2 and all((root / name).stat().st_size > 20_000 for name in pictures)
    (words,) = re.findall(r'alt="([^"]+)"', README)
    assert len(words) > 100


def test_what_it_is_and_the_two_commands_stand_on_the_first_screens():
    start = README.index("make lab")
    assert len(README[:start].splitlines()) < 60
