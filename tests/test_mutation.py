"""The mutation tool: which mutants it makes, and that it tells a good test from one that cannot fail."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mutation

ROOT = Path(__file__).resolve().parent.parent
SOURCE = '''
"""A module."""
from functools import cache


@cache
def smallest(values: list[int] | None, start: int = 0) -> int | None:
    """Return the smallest value above a start."""
    found = [value for value in values if value > start]
    if not found and start:
        return None
    return min(found)
'''


def made_by_hand(source):
    return {(name, changed) for name, _, changed in mutation.by_hand(source)}


def changed(source, before, after):
    assert source.count(before) == 1
    return source.replace(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if value > start", "if True"),
        ("min(found)", "max(found)"),
        ("return min(found)", "return None"),
        ("if not found and start:", "if False:"),
        ("not found and start", "((start))"),
        ("not found and start", "((not found))"),
    ],
)
def test_what_cosmic_ray_lacks_is_made_here(before, after):
    assert changed(SOURCE, before, after) in {source for _, source in made_by_hand(SOURCE)}


@pytest.mark.parametrize(
    ("line", "mutant"),
    [
        ("x = any(y)", "x = all(y)"),
        ("x = a in b", "x = (a not in b)"),
        ("x = a not in b", "x = (a in b)"),
        ("x += 1", "pass"),
        ("check(x)", "pass"),
        ("x = sorted(y, key=f)", "x = sorted(y, )"),
        ("x = sorted(y, key=f, reverse=True)", "x = sorted(y, reverse=True)"),
        ("match x:\n    case [a] if a > 1:\n        pass", "match x:\n    case [a] if True:\n        pass"),
        ("ä = min(ö, 1)", "ä = max(ö, 1)"),
    ],
)
def test_each_kind_of_change(line, mutant):
    assert mutant in {source for _, source in made_by_hand(line)}
    ast.parse(mutant)


def test_mutants_of_annotations_and_layout_are_left_out():
    assert mutation._only_annotations(SOURCE, SOURCE.replace("int | None", "int & None"))
    assert mutation._only_annotations("x = a[0]", "x = a[ 0]")
    assert not mutation._only_annotations(SOURCE, SOURCE.replace("start: int = 0", "start: int = 1"))
    assert not mutation._only_annotations(SOURCE, SOURCE.replace("@cache\n", ""))


def test_lines_for_type_checkers_only_are_left_out():
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    x = 1\nelse:\n    x = 2\ny = 3"
    assert mutation._never_run(ast.parse(source)) >= {2, 3} and 6 not in mutation._never_run(ast.parse(source))


def test_a_mutant_is_named_by_the_lines_that_differ():
    assert mutation._difference("a\n  b\nc\nd", "a\n  x\nc\ny") == ("b ⏎ c ⏎ d", "x ⏎ c ⏎ y")


def mutants(count):
    return [mutation.Mutant("op", number, f"old {number}", f"new {number}", "") for number in range(count)]


@pytest.mark.parametrize(
    ("tried", "living", "listed", "passes"),
    [
        (100, 0, 0, True),
        (100, 5, 5, True),
        (100, 6, 6, False),  # too many, each with a reason
        (100, 5, 4, False),  # one without a reason
        (100, 4, 5, False),  # one listed that is refused
    ],
)
def test_a_module_passes_with_few_survivors_each_listed(tried, living, listed, passes):
    reasons = {mutant.key: "it changes nothing" for mutant in mutants(listed)}
    found, words = mutation.verdict("room/thing", tried, mutants(living), reasons, complete=True)
    assert found is passes
    assert f"{tried} mutants, {tried - living} refused" in words
    assert ("listed, but refused or gone: old 4  ->  new 4" in words) is (listed > living)


def test_the_tests_of_a_module_come_first_in_its_room():
    assert mutation.tests_of("exercises/causes/paths")[0].endswith("test_paths.py")
    found = mutation.tests_of("network/shapes")
    assert set(found) == {str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "network").glob("test_*.py")}
    assert found.index("tests/network/test_shapes.py") < found.index("tests/network/test_gradients.py")


def test_each_listed_survivor_is_of_the_code_as_it_stands_and_has_a_reason():
    rows = mutation.tomllib.loads(mutation.ACCEPTED.read_text(encoding="utf-8")).get("survivor", [])
    for row in rows:
        assert set(row) == {"module", "before", "after", "why"} and len(row["why"]) > 20
        source = (ROOT / "src" / "bptt_lab" / f"{row['module']}.py").read_text(encoding="utf-8")
        lines = [line.strip() for line in source.splitlines()]
        assert [part for part in row["before"].split(" ⏎ ") if part not in lines] == []
    assert len({(row["module"], row["before"], row["after"]) for row in rows}) == len(rows)


THING = "def smaller(a, b):\n    return min(a, b) + 1\n"
GOOD_TEST = "from bptt_lab.room.thing import smaller\ndef test_smaller():\n    assert smaller(4, 3) == 4\n"
SURVIVOR = """
[[survivor]]
module = "room/thing"
before = "return min(a, b) + 1"
after = "return max(a, b) + 1"
why = "a row that is not true: the test refuses this mutant"
"""


@pytest.mark.skipif(os.name != "posix", reason="there is no fork")
@pytest.mark.parametrize(
    ("test", "listed", "code"),
    [
        (GOOD_TEST, "", 0),
        (GOOD_TEST, SURVIVOR, 1),
        ("def test_nothing():\n    import bptt_lab.room.thing\n", "", 1),
    ],
    ids=["a good test", "a listed survivor that is refused", "a test that cannot fail"],
)
def test_the_command_tells_a_good_test_from_one_that_cannot_fail(tmp_path, test, listed, code):
    pytest.importorskip("cosmic_ray", reason="mutation testing needs the extra 'mutation'")
    files = {
        "src/bptt_lab/__init__.py": "",
        "src/bptt_lab/room/__init__.py": "",
        "src/bptt_lab/room/thing.py": THING,
        "tests/room/test_thing.py": test,
        "tests/mutation-survivors.toml": listed,
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    command = [sys.executable, "tools/mutation.py", "room/thing"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    assert (tmp_path / "src/bptt_lab/room/thing.py").read_text(encoding="utf-8") == THING
