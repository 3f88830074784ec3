"""Mutation testing: change one place of a module at a time, and see whether the tests of its room refuse it.

    python tools/mutation.py network/graph network/shapes
    python tools/mutation.py exercises/judges/short_answer --tests tests/exercises/test_plain.py
    python tools/mutation.py exercises/judges/short_answer --again      only what lived last time

cosmic-ray (extra "mutation") makes the mutants, also in decorated functions and tables of a module; this file adds
what it lacks, runs the tests in a copy of the project, one forked process a mutant, and compares what lives with
`tests/mutation-survivors.toml`, where each survivor stands with the reason why it changes nothing.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import math
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ACCEPTED = ROOT / "tests" / "mutation-survivors.toml"
LAST = ROOT / "build" / "mutation"
GOAL = 0.95
PATIENCE = (3, 5)  # a mutant may take so many times the processor time of the tests, and so many seconds more
WAIT = 10  # and by the clock so many times that: the processor may have other work
MEMORY = 6 * 2**30  # bytes of address space: a mutant that grows without end is refused
WARM = ("numpy", "sympy", "mpmath", "pytest", "_pytest.assertion.rewrite", "hypothesis", "autograd.numpy")
PYTEST = ["-x", "-q", "--ff", "-o", "addopts=--import-mode=importlib", "-p", "no:nbval", "-p", "no:xdist",
          "-p", "no:faulthandler", "--hypothesis-seed=0"]  # fmt: skip
# Of the tool's operators those that change little; `+` to `<<` or `==` to `is` falls at once or means the same.
OPERATORS = re.compile(
    r"ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Div|Mod_FloorDiv|Pow_Mul|BitOr_BitAnd|BitAnd_BitOr)"
    r"|ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE|GtE_Gt|GtE_Lt|Is_IsNot|IsNot_Is)"
    r"|ReplaceUnaryOperator_Delete_\w+"
    r"|AddNot|Replace(True|False|And|Or|Break|Continue)With\w+|ExceptionReplacer|NumberReplacer|RemoveDecorator"
    r"|ZeroIterationForLoop"
)
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Mutant(NamedTuple):
    """A module with one change: the operator's name, the number of the first line changed, lines before and after."""

    operator: str
    line: int
    before: str
    after: str
    source: str

    @property
    def key(self) -> tuple[str, str]:
        """What names a mutant in the list of survivors: the lines before and after."""
        return self.before, self.after

    def __str__(self) -> str:
        return f"{self.line}  {self.operator}\n  - {self.before}\n  + {self.after}"


# Making mutants


def mutants(source: str) -> list[Mutant]:
    """Return the mutants of a module, each once, those that are no Python and those of annotations left out."""
    hidden = _never_run(ast.parse(source))
    found: dict[str, Mutant] = {}
    for operator, line, changed in [*by_cosmic_ray(source), *by_hand(source)]:
        if line not in hidden and changed != source and _is_python(changed) and not _only_annotations(source, changed):
            found.setdefault(changed, Mutant(operator, line, *_difference(source, changed), changed))
    return sorted(found.values(), key=lambda mutant: mutant.line)


def by_cosmic_ray(source: str) -> Iterator[tuple[str, int, str]]:
    """Yield operator, line and source of each mutant the tool makes with the operators of `OPERATORS`."""
    try:
        import cosmic_ray.plugins
    except ImportError:
        sys.exit('cosmic-ray is missing: install the project with its extra, as in  pip install -e ".[test,mutation]"')
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code

    for name in cosmic_ray.plugins.operator_names():
        make = cosmic_ray.plugins.get_operator(name)
        if not OPERATORS.fullmatch(name.partition("/")[2]) or make.arguments():
            continue
        places = (start for node in ast_nodes(get_ast(source)) for start, _ in make().mutation_positions(node))
        for occurrence, (line, _) in enumerate(places):
            changed = mutate_code(source, make(), occurrence)
            if changed is not None:
                yield name.partition("/")[2], line, changed


def by_hand(source: str) -> Iterator[tuple[str, int, str]]:
    """Yield the mutants that the tool lacks: something dropped, min for max, `in` for `not in`, += for -=."""
    for node in ast.walk(ast.parse(source)):
        for operator, part, text in _replacements(node, lambda part: ast.get_source_segment(source, part) or ""):
            yield operator, part.lineno, _replaced(source, part, text)


def _replacements(node: ast.AST, text_of: Callable[[ast.AST], str]) -> Iterator[tuple[str, ast.AST, str]]:
    """Yield operator, the part of the tree to replace, and its new text."""
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in SWAPPED:
            yield f"{name} to {SWAPPED[name]}", node.func, SWAPPED[name]
        case ast.BoolOp():
            for i in range(len(node.values)):
                rest = [f"({text_of(value)})" for j, value in enumerate(node.values) if j != i]
                word = " and " if isinstance(node.op, ast.And) else " or "
                yield "drop an operand", node, f"({word.join(rest)})"
        case ast.comprehension():
            for condition in node.ifs:
                yield "drop a condition", condition, "True"
        case ast.If():
            yield "never taken", node.test, "False"
        case ast.match_case(guard=ast.expr() as guard):
            yield "drop a guard", guard, "True"
        case ast.Compare(ops=[ast.In() | ast.NotIn() as word]):
            new = "not in" if isinstance(word, ast.In) else "in"
            yield "in to not in", node, f"({text_of(node.left)} {new} {text_of(node.comparators[0])})"
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            yield "drop a statement", node, "pass"
        case ast.Call(keywords=[*keywords]):
            for keyword in keywords:
                if keyword.arg in ("key", "reverse", "default", "start"):
                    yield "drop a keyword", keyword, ""
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield "return nothing", value, "None"


def _replaced(source: str, part: ast.AST, text: str) -> str:
    lines = source.encode().splitlines(keepends=True)  # columns of a tree count bytes
    start = sum(map(len, lines[: part.lineno - 1])) + part.col_offset
    end = sum(map(len, lines[: part.end_lineno - 1])) + part.end_col_offset
    whole = source.encode()
    tail = whole[end:].lstrip(b", ") if not text else whole[end:]
    return (whole[:start] + text.encode() + tail).decode()


def _never_run(tree: ast.Module) -> set[int]:
    """Return the lines below `if TYPE_CHECKING:`, which no run reaches."""
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    return {line for block in blocks for line in range(block.lineno, block.end_lineno + 1)}


def _is_python(source: str) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _only_annotations(before: str, after: str) -> bool:
    """Return whether two modules are the same but for annotations, which are texts here, sizes of caches, or layout."""
    return _bare(before) == _bare(after)


def _bare(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            if getattr(node, name, None) is not None:
                setattr(node, name, ast.Constant(0))
        if isinstance(node, ast.keyword) and node.arg == "maxsize":
            node.value = ast.Constant(0)
    return ast.dump(tree)


def _difference(before: str, after: str) -> tuple[str, str]:
    """Return the lines that differ, before and after, without indentation."""
    old, new = before.splitlines(), after.splitlines()
    blocks = difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes()
    changed = [block for block in blocks if block[0] != "equal"]
    first, last = changed[0], changed[-1]
    return _joined(old[first[1] : last[2]]), _joined(new[first[3] : last[4]])


def _joined(lines: Iterable[str]) -> str:
    return " ⏎ ".join(line.strip() for line in lines if line.strip())


# Running tests


def copied(folder: Path) -> Path:
    """Copy the project into a folder and return it: the files at work are never changed."""
    skipped = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info")
    return Path(shutil.copytree(ROOT, folder / "project", ignore=skipped))


def refused(project: Path, tests: Sequence[str], seconds: float, log: Path) -> tuple[bool, float]:
    """Run the tests in a forked process; return whether one failed or a limit was met, and the processor time."""
    child = os.fork()
    if child == 0:
        _run_tests(project, tests, seconds, log)
    end = time.monotonic() + WAIT * seconds
    while time.monotonic() < end:
        done, status, used = os.wait4(child, os.WNOHANG)
        if done:
            return status != 0, used.ru_utime + used.ru_stime
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True, seconds


def _run_tests(project: Path, tests: Sequence[str], seconds: float, log: Path) -> None:
    """Run pytest in this process, which is a child and ends here."""
    code = 3
    try:
        import resource  # not on Windows, which has no fork either

        os.setsid()  # the group ends with its first process when time runs out
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds) + 1))
        os.chdir(project)
        with open(log, "wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        sys.path.insert(0, str(project / "src"))
        os.environ["PYTHONPATH"] = str(project / "src")  # for processes that a test starts
        import pytest

        code = int(pytest.main([*PYTEST, *tests]))
    finally:
        sys.stdout.flush()
        os._exit(code)


def tests_of(module: str) -> list[str]:
    """Return the tests of a module's room, those of the module itself first."""
    room, *_, name = module.split("/")
    files = sorted((ROOT / "tests" / room).glob("test_*.py"))
    mentions = re.compile(rf"\b{name}\b")
    files.sort(key=lambda path: (path.stem != f"test_{name}", not mentions.search(path.read_text(encoding="utf-8"))))
    return [str(path.relative_to(ROOT)) for path in files]


def survivors(module: str, tests: Sequence[str], wanted: Callable[[Mutant], bool]) -> tuple[int, list[Mutant]]:
    """Return the number of mutants of a module tried, and those that its tests let live."""
    source = (ROOT / "src" / "bptt_lab" / f"{module}.py").read_text(encoding="utf-8")
    chosen = [mutant for mutant in mutants(source) if wanted(mutant)]
    with tempfile.TemporaryDirectory() as folder:
        project, log = copied(Path(folder)), Path(folder) / "log"
        failed, used = refused(project, tests, 3600, log)
        if failed:
            sys.exit(f"The tests fail before anything is changed:\n{log.read_text(errors='replace')[-3000:]}")
        seconds = PATIENCE[0] * used + PATIENCE[1]
        target = project / "src" / "bptt_lab" / f"{module}.py"
        for stale in target.parent.glob(f"__pycache__/{target.stem}.*"):
            stale.unlink()
        sys.dont_write_bytecode = True  # two mutants of one second have the same time stamp
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        return len(chosen), list(_living(chosen, target, lambda: refused(project, tests, seconds, log)[0]))


def _living(chosen: Sequence[Mutant], target: Path, is_refused: Callable[[], bool]) -> Iterator[Mutant]:
    for number, mutant in enumerate(chosen, start=1):
        target.write_text(mutant.source, encoding="utf-8")
        if not is_refused():
            print(f"{target.stem}.py:{mutant}", flush=True)
            yield mutant
        if number % 50 == 0:
            print(f"  … {number} of {len(chosen)}", flush=True)


# The list of survivors, and the verdict


def accepted(module: str) -> dict[tuple[str, str], str]:
    """Return the reasons of the listed survivors of a module, by the lines before and after."""
    rows = tomllib.loads(ACCEPTED.read_text(encoding="utf-8")).get("survivor", [])
    return {(row["before"], row["after"]): row["why"] for row in rows if row["module"] == module}


def verdict(module: str, tried: int, living: Sequence[Mutant], reasons: dict, complete: bool) -> tuple[bool, str]:
    """Return whether a module passes, and the words for it."""
    keys = {mutant.key for mutant in living}
    unlisted = [mutant for mutant in living if mutant.key not in reasons]
    stale = [key for key in reasons if complete and key not in keys]
    share = 1 - len(living) / max(tried, 1)
    words = f"{module}: {tried} mutants, {tried - len(living)} refused ({share:.1%}), {len(living)} live, "
    words += f"{len(unlisted)} of them without a reason in {ACCEPTED.relative_to(ROOT)}"
    words += "".join(f"\n  listed, but refused or gone: {before}  ->  {after}" for before, after in stale)
    return (share >= GOAL or not complete) and not unlisted and not stale, words


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the modules named and return 0, or 1 where too many mutants live or one lives without a reason."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="+", help="such as network/graph")
    parser.add_argument("--tests", nargs="+", help="files of tests; without it, all of the module's room")
    parser.add_argument("--again", action="store_true", help="only the mutants that lived in the last run")
    parser.add_argument("--lines", type=int, nargs=2, metavar=("FIRST", "LAST"), help="only mutants of these lines")
    parser.add_argument("--list", action="store_true", help="show the mutants and run nothing")
    chosen = parser.parse_args(arguments)
    if chosen.list:
        return _list(chosen.modules)
    _warm_up()
    passed = [_try(module, chosen) for module in chosen.modules]
    return 0 if all(passed) else 1


def _warm_up() -> None:
    """Import what is not under test, so that each forked process starts with it."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a process with threads must not fork
    for name in WARM:
        try:
            __import__(name)
        except ImportError:
            continue


def _try(module: str, chosen: argparse.Namespace) -> bool:
    noted = LAST / f"{module.replace('/', '-')}.json"
    last = {tuple(key) for key in json.loads(noted.read_text())} if chosen.again and noted.exists() else None
    first, end = chosen.lines or (1, 10**9)
    wanted = lambda mutant: (last is None or mutant.key in last) and first <= mutant.line <= end
    tried, living = survivors(module, chosen.tests or tests_of(module), wanted)
    noted.parent.mkdir(parents=True, exist_ok=True)
    if not chosen.lines:
        noted.write_text(json.dumps([mutant.key for mutant in living]))
    passed, words = verdict(module, tried, living, accepted(module), complete=not (chosen.again or chosen.lines))
    print(words, flush=True)
    return passed


def _list(modules: Sequence[str]) -> int:
    for module in modules:
        found = mutants((ROOT / "src" / "bptt_lab" / f"{module}.py").read_text(encoding="utf-8"))
        for mutant in found:
            print(f"{module}.py:{mutant}")
        print(f"{module}: {len(found)} mutants")
    return 0


if __name__ == "__main__":
    sys.exit(main())
