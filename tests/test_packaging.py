"""What is written twice about the package agrees, and the two commands do what they say."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

import bptt_lab
import check_text
import environment
from bptt_lab import workbook

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
FLOOR = re.compile(r"([\w.-]+)>=([\d.]+)")


def floors(*extras):
    """Return name to lower bound of the project's requirements and of its extras'."""
    optional = [line for extra in extras for line in PROJECT["optional-dependencies"][extra]]
    return dict(FLOOR.fullmatch(line).groups() for line in PROJECT["dependencies"] + optional)


def as_numbers(version):
    """Return '3.11' as (3, 11)."""
    return tuple(int(part) for part in version.split("."))


def text(name):
    """Return the text of a file of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


# Requirements


def test_every_requirement_is_a_name_and_a_lower_bound():
    assert floors("test", "site", "mutation", "bench", "instructor")


def test_every_requirement_states_its_reason():
    lines = re.findall(r'^    "[\w.-]+>=.*$', text("pyproject.toml"), re.MULTILINE)
    assert lines
    assert [line for line in lines if not re.search(r",\s+# \w", line)] == []


def test_constraints_are_the_lower_bounds():
    lines = text("constraints-oldest.txt").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert pins == floors("test")


def test_the_wheel_is_built_in_tests_as_in_an_installation():
    (builder,) = PYPROJECT["build-system"]["requires"]
    assert dict([FLOOR.fullmatch(builder).groups()]).items() <= floors("test").items()


def test_the_wheel_promises_hints(tmp_path):
    """A type checker reads the hints of an installed package only where it holds py.typed (PEP 561)."""
    wheel = pytest.importorskip("hatchling.builders.wheel", reason="hatchling, which builds the wheel, is missing")
    (path,) = wheel.WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(path) as archive:
        assert archive.read("bptt_lab/py.typed") == b""


def test_version_of_the_citation():
    assert yaml.safe_load(text("CITATION.cff"))["version"] == bptt_lab.__version__


# environment.yml


def test_environment_names_only_python_pip_and_this_project():
    assert set(ENVIRONMENT) == {"name", "channels", "dependencies"}
    python, *others = ENVIRONMENT["dependencies"]
    assert python.startswith("python=")
    assert others == ["pip", {"pip": ["-e .[test]"]}]


def test_the_course_itself_needs_no_tools_of_tests():
    assert not {"nbval", "pytest"} & set(floors())
    assert {"numpy", "sympy", "matplotlib", "jupyterlab", "nbval"} <= set(floors("test"))  # what environment.yml brings


def test_environment_has_a_supported_python():
    oldest = as_numbers(PROJECT["requires-python"].removeprefix(">="))
    assert as_numbers(ENVIRONMENT["dependencies"][0].removeprefix("python=")) >= oldest


def test_environment_is_named_after_the_project():
    assert ENVIRONMENT["name"] == PROJECT["name"]
    assert ENVIRONMENT["channels"] == ["conda-forge", "nodefaults"]


# The workflow and the script of continuous integration


def workflow():
    """Return the jobs of the workflow."""
    return yaml.safe_load(text(".github/workflows/ci.yml"))["jobs"]


def test_workflow_covers_three_systems_and_all_supported_pythons():
    matrix = workflow()["newest"]["strategy"]["matrix"]
    assert {name.split("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    assert min(map(as_numbers, matrix["python"])) == environment.OLDEST_PYTHON
    assert len(matrix["python"]) >= 3


def test_workflow_runs_the_commands_of_the_readme():
    runs = [step.get("run", "") for job in workflow().values() for step in job["steps"]]
    assert any(run.startswith("make test ") for run in runs)
    assert any(run.startswith("make test-oldest ") for run in runs)
    assert "python tools/environment.py test" in runs


def test_ci_script_runs_the_command_of_the_readme():
    script = text(".ci/run")
    assert "set -euo pipefail" in script
    assert script.splitlines()[-1].startswith("make --no-print-directory test")


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on this machine")
@pytest.mark.parametrize("task", ["lab", "test", "test-oldest", "refresh", "lint", "site"])
def test_make_calls_the_script(task):
    command = ["make", "--dry-run", "--no-print-directory", task, "PYTHON=python3"]
    clean = {name: os.environ[name] for name in os.environ if name not in ("ARGS", "MAKEFLAGS")}
    done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"python3 tools/environment.py {task}"


# tools/environment.py


BOTH = ("venv", "ensurepip")


@pytest.mark.parametrize("version", [(3, 11), (3, 11, 7), (3, 14, 0)])
def test_supported_pythons_are_accepted(version):
    assert environment.python_complaint(version, BOTH, has_uv=False) == ""


def test_oldest_python_is_the_one_of_pyproject():
    written = ".".join(map(str, environment.OLDEST_PYTHON))
    assert PROJECT["requires-python"] == f">={written}"


def test_an_old_python_gets_a_clear_message():
    complaint = environment.python_complaint((3, 10, 13), BOTH, has_uv=True)
    assert "needs Python 3.11" in complaint
    assert "3.10.13" in complaint


def test_a_python_without_venv_gets_a_clear_message():
    assert "python3-venv" in environment.python_complaint((3, 12), ("venv",), has_uv=False)
    assert environment.python_complaint((3, 12), (), has_uv=True) == ""


def test_lab_is_the_command_of_the_package(monkeypatch):
    monkeypatch.setattr(environment, "prepare", lambda env: env / "python")
    made = environment.command_for("lab", ["--no-browser"])
    assert made == [ROOT / ".venv" / "python", "-m", "bptt_lab.cli", "lab", "--no-browser"]


def test_lint_runs_both_checkers_and_fails_if_one_does(monkeypatch):
    monkeypatch.setattr(environment, "prepare", lambda env, extra: env / "python")
    made = environment.command_for("lint", [])
    assert made[1:] == ["-c", environment.EACH_IN_TURN, "ruff check .", "mypy"]
    ends = {"help": "json.tool --help", "no-such-option": "json.tool --no-such-option"}
    for wanted, lines in [(True, ["help"]), (False, ["no-such-option", "help"]), (False, ["help", "no-such-option"])]:
        command = [sys.executable, "-c", environment.EACH_IN_TURN, *(ends[line] for line in lines)]
        assert environment.succeeds(command) == wanted, lines


def test_tests_of_one_notebook_stay_in_one_kernel():
    made = environment.test_command("python", ["-k", "shape"])
    assert made[-2:] == ["-k", "shape"]
    assert "--dist loadfile" in " ".join(made)


def test_pytest_compares_notebooks_strictly():
    options = PYPROJECT["tool"]["pytest"]["ini_options"]
    assert {"--nbval", "--nbval-current-env", "--nbval-cell-timeout=60"} <= set(options["addopts"])
    assert not [option for option in options["addopts"] if "lax" in option or "sanitize" in option]
    assert "notebooks" in options["testpaths"]


def test_fingerprint_changes_with_what_is_installed(tmp_path):
    pins = tmp_path / "pins.txt"
    pins.write_text("numpy==1.26\n")
    prints = [environment.fingerprint("", None), environment.fingerprint("test", None)]
    prints.append(environment.fingerprint("test", pins))
    pins.write_text("numpy==2.0\n")
    prints.append(environment.fingerprint("test", pins))
    assert len(set(prints)) == 4


def test_an_empty_environment_is_not_ready(tmp_path):
    assert not environment.is_ready(tmp_path, "test", None)
    stamp = tmp_path / "installed-test.txt"
    stamp.write_text(environment.fingerprint("test", None), encoding="utf-8")
    assert not environment.is_ready(tmp_path, "test", None)  # a stamp without an interpreter


def test_all_requirements_are_looked_for():
    assert set(environment.requirement_names("test")) == {"bptt-lab", *floors("test")}
    tested = environment.TESTED.split(",")
    assert (
        set(environment.requirement_names(environment.TESTED)) == {"bptt-lab", *floors(*tested)} > set(floors("site"))
    )


def test_what_is_installed_is_told_from_what_is_not():
    command = [sys.executable, "-c", environment.ALL_INSTALLED, "pytest"]
    assert environment.succeeds(command)
    assert not environment.succeeds([*command, "no-such-distribution"])
    assert not environment.succeeds(["no-such-command"])


@pytest.mark.parametrize("arguments", [[], ["tset"]])
def test_an_unknown_task_prints_the_usage(arguments, capsys):
    assert environment.main(arguments) == 2
    assert "lab|test" in capsys.readouterr().out


def test_old_pythons_can_read_the_script():
    """They must get as far as the message; 3.8 is the oldest grammar this Python can check."""
    ast.parse(text("tools/environment.py"), feature_version=(3, 8))


# The workbook is the student's: not git's, not the tests', not the wheel's


def test_the_workbook_is_no_part_of_the_project(tmp_path):
    assert f"/{workbook.FOLDER}/" in text(".gitignore").splitlines()
    assert workbook.FOLDER not in PYPROJECT["tool"]["pytest"]["ini_options"]["testpaths"]
    (tmp_path / workbook.FOLDER).mkdir()
    (tmp_path / workbook.FOLDER / "mine.txt").write_text("")
    assert check_text.project_files(tmp_path) == []


def test_make_clean_keeps_the_workbook():
    recipe = text("Makefile").split("\nclean:\n")[1]
    assert "rm -rf" in recipe and workbook.FOLDER not in recipe


# README.md


def test_readme_names_each_notebook():
    names = [path.name for path in (ROOT / "notebooks").glob("*.ipynb")]
    assert [name for name in names if name not in text("README.md")] == []


def test_links_of_the_readme_lead_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", text("README.md") + text("CONTRIBUTING.md"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no executable bit")
def test_ci_script_is_executable():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
