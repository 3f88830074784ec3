"""The command `bptt-lab`, as a shell sees it: what it prints, its exit codes, and never a traceback."""

import argparse
import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import bptt_lab
from bptt_lab import cli

ROOT = Path(__file__).resolve().parent.parent
ELMAN = ROOT / "tests" / "elman.txt"
POSIX = pytest.mark.skipif(os.name != "posix", reason="pipes and signals as POSIX has them")


def commands():
    """Return the subcommands by name."""
    (found,) = [a for a in cli._parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return found.choices


# one run of every command, and of every other thing the program can print
PRINTING = {
    "no command": [],
    "help": ["--help"],
    "version": ["--version"],
    **{f"help of {name}": [name, "--help"] for name in commands()},
    "lookup of a row": ["lookup", "004-44"],
    "lookup of a source": ["lookup", "004"],
    "a network's page": ["derive", str(ELMAN)],
}
COMPLAINING = {"an unknown id": ["lookup", "nothing"], "an unknown command": ["nothing"], "no id": ["lookup"]}


def run(arguments, unbuffered=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **environment):
    """Run the command in a process of its own and return it when done."""
    env = {**os.environ, "PYTHONUNBUFFERED": "1" if unbuffered else "", **environment}
    command = [sys.executable, "-m", "bptt_lab.cli", *arguments]
    return subprocess.run(command, stdout=stdout, stderr=stderr, env=env, encoding="utf-8", errors="replace")


def into_a_closed_pipe(arguments, unbuffered, stderr=subprocess.PIPE):
    """Run the command with nobody left to read its output."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return run(arguments, unbuffered, stdout=writer, stderr=writer if stderr is subprocess.STDOUT else stderr)
    finally:
        os.close(writer)


def test_every_command_is_tried_here():
    assert {arguments[0] for arguments in PRINTING.values() if arguments} >= set(commands())


def test_the_version_is_that_of_the_package_and_stands_in_one_place():
    assert run(["--version"]).stdout == f"bptt-lab {bptt_lab.__version__}\n"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"] and project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "src/bptt_lab/__init__.py"


def test_without_a_command_help_is_shown_with_an_example_each():
    done = run([])
    assert done.returncode == 0 and done.stderr == ""
    assert "usage: bptt-lab" in done.stdout
    for name in commands():
        assert f"bptt-lab {name} " in " ".join(done.stdout.split())


@pytest.mark.parametrize("name", commands())
def test_the_help_of_a_command_has_an_example(name):
    assert f"bptt-lab {name} " in run([name, "--help"]).stdout.split("Example", 1)[1]


@pytest.mark.parametrize("what", COMPLAINING)
def test_a_complaint_goes_to_stderr_with_code_2(what):
    done = run(COMPLAINING[what])
    assert done.returncode == 2 and done.stdout == "" and done.stderr and "Traceback" not in done.stderr


@POSIX
@pytest.mark.parametrize("unbuffered", [False, True], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("what", PRINTING)
def test_a_closed_pipe_ends_in_silence(what, unbuffered):
    done = into_a_closed_pipe(PRINTING[what], unbuffered)
    assert done.stderr == ""
    argparse_swallows_it = unbuffered and "lookup of" not in what  # print_help itself ignores an error of writing
    assert done.returncode in ((0, cli.CLOSED_PIPE) if argparse_swallows_it else (cli.CLOSED_PIPE,))


@POSIX
@pytest.mark.parametrize("what", COMPLAINING)
def test_a_closed_pipe_for_complaints_too_ends_without_a_crash(what):
    assert into_a_closed_pipe(COMPLAINING[what], False, stderr=subprocess.STDOUT).returncode in (2, cli.CLOSED_PIPE)


@POSIX
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("what", PRINTING)
def test_a_full_disk_is_one_line_and_code_1(what):
    with open("/dev/full", "w") as full:
        done = run(PRINTING[what], stdout=full)
    assert done.returncode == 1
    assert done.stderr == "bptt-lab: the output cannot be written: No space left on device\n"


@POSIX
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("what", [*PRINTING, *COMPLAINING])
def test_where_not_even_the_complaint_can_be_written_python_adds_none(what):
    with open("/dev/full", "w") as full:
        done = run({**PRINTING, **COMPLAINING}[what], stdout=full, stderr=full)
    assert done.returncode in (1, 2)


@POSIX
@pytest.mark.parametrize("descriptor", [1, 2])
@pytest.mark.parametrize("what", [*PRINTING, *COMPLAINING])
def test_a_stream_that_is_closed_from_the_start_is_no_crash(what, descriptor):
    command = f'exec "$0" -m bptt_lab.cli "$@" {descriptor}>&-'
    arguments = {**PRINTING, **COMPLAINING}[what]
    done = subprocess.run(["sh", "-c", command, sys.executable, *arguments], capture_output=True, text=True)
    assert done.returncode == (2 if what in COMPLAINING else 0)
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


def test_an_encoding_without_the_letters_is_no_crash():
    done = run(["lookup", "004-44"], PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and done.stderr == ""


INTERRUPTED_LOOKUP = """
import sys
from bptt_lab import cli, lectures
def interrupt(*_): raise KeyboardInterrupt
lectures.ledger = interrupt
sys.exit(cli.main(["lookup", "004"]))
"""


def test_an_interrupt_ends_in_silence_with_code_130():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_LOOKUP], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_the_codes_are_those_of_a_shell():
    assert cli.INTERRUPTED == 128 + signal.SIGINT
    assert os.name != "posix" or cli.CLOSED_PIPE == 128 + signal.SIGPIPE


def test_main_returns_its_code_to_a_caller_and_leaves_his_streams_alone(capsys):
    assert cli.main([]) == 0 and "usage" in capsys.readouterr().out
    assert cli.main(["lookup", "nothing"]) == 2
    print("still here")
    assert capsys.readouterr().out == "still here\n"


# A network's page and program


def derive(tmp_path, text, *more):
    (tmp_path / "network.txt").write_text(text, encoding="utf-8")
    return run(["derive", str(tmp_path / "network.txt"), *map(str, more)])


def test_a_page_holds_equations_derivations_with_verdicts_and_the_program(tmp_path):
    assert derive(tmp_path, ELMAN.read_text(), "--out", tmp_path / "page.md").returncode == 0
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert page.count("proved as an identity") == 10 and "\\nabla" in page
    assert "- `h`: `p(t)`, `h(t+1) (not required when t = T)`; 4 paths to the loss" in page
    assert "def gradients(v):" in page and "d_R = rows(d_h_in[1:-1]).T @ rows(h[:-2])" in page


def test_a_page_in_html_is_one_file_and_one_in_markdown_has_its_drawing_beside_it(tmp_path):
    assert derive(tmp_path, ELMAN.read_text(), "--out", tmp_path / "net.html").returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.html", "network.txt"]
    page = (tmp_path / "net.html").read_text(encoding="utf-8")
    assert page.count("proved as an identity") == 10 and "<title>net</title>" in page and "<math" in page
    assert derive(tmp_path, ELMAN.read_text(), "--out", tmp_path / "page.md").returncode == 0
    assert (tmp_path / "page.png").read_bytes()[:4] == b"\x89PNG"
    assert "](page.png)" in (tmp_path / "page.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["html", "md"])
def test_a_page_of_many_steps_stands_without_its_drawing(tmp_path, kind):
    text = "s[t] = w*s[t-1] + x[t]\nL = sum(s[T])\nsizes: s=(), w=(), x=()"
    done = derive(tmp_path, text, "--out", tmp_path / f"page.{kind}", "--steps", "130")
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["network.txt", f"page.{kind}"]
    assert "No drawing: The drawing would have " in (tmp_path / f"page.{kind}").read_text(encoding="utf-8")


def test_a_program_runs_by_itself(tmp_path):
    assert derive(tmp_path, ELMAN.read_text(), "--out", tmp_path / "made.py").returncode == 0
    code = """if True:
        import made, numpy as np
        rng = np.random.default_rng(0)
        shapes = dict(W=(3, 2), R=(3, 3), b=(3,), V=(4, 3), c=(4,), x=(5, 6, 2))
        v = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        v["y"] = np.eye(4)[rng.integers(0, 4, (5, 6))]
        step = 1e-6 * np.ones((3, 3))
        moved = [made.forward({**v, "R": v["R"] + sign * step})["L"] for sign in (1, -1)]
        print(abs((moved[0] - moved[1]) / 2e-6 - made.gradients(v)["R"].sum()) < 1e-6)
    """
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("h[t] = tahn(W @ x[t])\nsizes: x=2", "line 1: The function 'tahn' is not known. Did you mean 'tanh'?"),
        ("h[t] = W @ x[t]\n\nL[t] = mse(h[t] y[t])", "line 3: "),
        ("h[t] = W @ x[t]\nL[t] = mse(h[t], y[t])", "sizes: x=3, h=4, W=(5, 3)"),
        ("h[t] = x[t]\nL[t] = mse(h[t], y[t])\nsizes: x = two", "These sizes cannot be read: 'x = two'"),
        ("", "holds no equation"),
    ],
)
def test_a_bad_text_is_one_clear_error_and_writes_nothing(tmp_path, text, told):
    done = derive(tmp_path, text, "--out", tmp_path / "page.md")
    assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr
    assert not done.stdout and not (tmp_path / "page.md").exists()


def test_a_file_that_is_not_there_or_no_text_and_a_page_of_another_kind_are_told(tmp_path):
    (tmp_path / "picture.txt").write_bytes(bytes(range(200, 256)))
    for arguments, told in [
        (["derive", str(tmp_path / "none.txt")], "cannot be read: No such file"),
        (["derive", str(tmp_path / "picture.txt")], "it is no text in UTF-8"),
        (
            ["derive", str(ELMAN), "--out", str(tmp_path / "page.pdf")],
            "neither a page, .html or .md, nor a program, .py",
        ),
        (["derive", str(ELMAN), "--steps", "0"], "Unroll over a whole number of steps"),
    ]:
        done = run(arguments)
        assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr


def test_sizes_may_be_matrices_and_numbers(tmp_path):
    text = "h[t] = r * (W @ x[t])\nL[t] = mse(h[t], y[t])\nsizes: W=(3, 2), r=()"
    assert re.search(r"r: +parameter +number", derive(tmp_path, text).stdout)
