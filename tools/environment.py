"""Make the project's environment and run something in it: lab, test, test-oldest, refresh, lint or site.

Written for any Python 3, so that an old one gets a message instead of a syntax error.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from importlib import util
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
# Prints nothing when each distribution named on the command line is installed; fails otherwise.
ALL_INSTALLED = "import sys; from importlib.metadata import version; [*map(version, sys.argv[1:])]"

# Runs each module named on the command line with its arguments, all of them, and fails if one did.
EACH_IN_TURN = (
    "import subprocess, sys; "
    "sys.exit(max([subprocess.call([sys.executable, '-m', *line.split()]) for line in sys.argv[1:]]))"
)


def python_complaint(version, modules, has_uv):
    """Say in one line why this Python cannot make the environment, or return ''."""
    if version < OLDEST_PYTHON:
        found = ".".join(str(part) for part in version[:3])
        return f"bptt-lab needs Python 3.11 or later; this is {found}. Name another one: make lab PYTHON=python3.12"
    missing = [name for name in ("venv", "ensurepip") if name not in modules]
    if missing and not has_uv:
        return (
            f"this Python cannot make an environment: it has no module {' and no '.join(missing)}. "
            "On Debian and Ubuntu: apt install python3-venv; or install uv."
        )
    return ""


def python_in(env):
    """Return the path of the interpreter inside an environment."""
    return env / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def fingerprint(extra, constraints):
    """Return a text that changes whenever the environment has to be installed anew."""
    files = [ROOT / "pyproject.toml"] + ([constraints] if constraints else [])
    content = b"".join(path.read_bytes() for path in files)
    return f"{ROOT} {extra} {hashlib.sha256(content).hexdigest()}\n"


def requirement_names(extra):
    """Return the distributions that pyproject.toml asks for, those of some extras included."""
    import re
    import tomllib  # not at the top: Python 3.10 has none

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    for one in filter(None, extra.split(",")):
        wanted += project["optional-dependencies"].get(one, [])
    return ["bptt-lab"] + [re.match(r"[\w.-]+", line).group() for line in wanted]


def succeeds(command):
    """Tell whether a command runs and returns 0, silently."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def is_ready(env, extra, constraints):
    """Tell whether the environment is complete and was made from today's pyproject.toml."""
    stamp = env / f"installed-{extra or 'core'}.txt"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != fingerprint(extra, constraints):
        return False
    return succeeds([python_in(env), "-c", ALL_INSTALLED, *requirement_names(extra)])


def make(env, uv):
    """Create the environment unless a usable one is there."""
    usable = "import sys; sys.exit(sys.version_info < (3, 11))"
    if succeeds([python_in(env), "-c", usable if uv else usable + "; import pip"]):
        return
    print(f"making {env.name} with Python {sys.version.split()[0]}", flush=True)
    if env.exists():
        shutil.rmtree(env)
    if uv:
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, env], check=True)
    else:
        subprocess.run([sys.executable, "-m", "venv", env], check=True)


def install(env, extra, constraints, uv):
    """Install the project and one extra into the environment and leave the stamp."""
    target = f"{ROOT}[{extra}]" if extra else str(ROOT)
    pip = [uv, "pip"] if uv else [python_in(env), "-m", "pip"]
    options = ["--python", python_in(env)] if uv else ["--disable-pip-version-check"]
    pins = ["--constraint", constraints] if constraints else []
    print(f"installing into {env.name}; the first time takes a minute", flush=True)
    subprocess.run([*pip, "install", "--quiet", *options, *pins, "--editable", target], check=True)
    stamp = env / f"installed-{extra or 'core'}.txt"
    stamp.write_text(fingerprint(extra, constraints), encoding="utf-8")


TESTED = "test,instructor,cluster,site"  # the tests of what an instructor and the site need run too


def prepare(env, extra="", constraints=None):
    """Return the interpreter of an environment that holds the project, made if need be."""
    if not is_ready(env, extra, constraints):
        uv = shutil.which("uv")
        make(env, uv)
        install(env, extra, constraints, uv)
    return python_in(env)


def test_command(python, arguments):
    """Return the command that runs all tests and notebooks."""
    # loadfile: the cells of one notebook must meet in one kernel; two workers suit small machines
    return [python, "-m", "pytest", "-n", "2", "--dist", "loadfile", *arguments]


def command_for(task, arguments):
    """Prepare the environment of a task and return the command that carries the task out."""
    env = ROOT / ".venv"
    if task == "lab":
        return [prepare(env), "-m", "bptt_lab.cli", "lab", *arguments]  # run() makes ROOT the current folder
    if task == "test-oldest":
        oldest = prepare(ROOT / ".venv-oldest", "test", ROOT / "constraints-oldest.txt")
        return test_command(oldest, arguments)
    if task == "site":
        return [prepare(env, "site"), ROOT / "docs" / "make.py", *arguments]
    python = prepare(env, TESTED)
    if task == "refresh":
        return [python, ROOT / "tools" / "refresh_notebooks.py", *arguments]
    if task == "lint":
        return [python, "-c", EACH_IN_TURN, "ruff check .", "mypy"]
    return test_command(python, arguments)


def run(command):
    """Hand this process over to a command, or on Windows wait for it."""
    words = [str(word) for word in command]
    os.chdir(ROOT)
    if os.name == "posix":
        os.execv(words[0], words)
    return subprocess.call(words)


def main(arguments):
    """Carry out one task named on the command line and return its exit code."""
    tasks = ("lab", "test", "test-oldest", "refresh", "lint", "site")
    if not arguments or arguments[0] not in tasks:
        print("usage: python tools/environment.py " + "|".join(tasks))
        return 2
    modules = [name for name in ("venv", "ensurepip") if util.find_spec(name)]
    complaint = python_complaint(tuple(sys.version_info), modules, bool(shutil.which("uv")))
    if complaint:
        print(complaint, file=sys.stderr)
        return 1
    try:
        return run(command_for(arguments[0], arguments[1:]))
    except subprocess.CalledProcessError as error:
        print(f"this step failed: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
