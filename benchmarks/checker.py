"""Measure the checker of answers: on mistakes, equal forms, near misses and hostile text, and its time.

Prints one table of figures in Markdown, with the machine they come from, and what missed its goal. The exit code is 1
where a goal is missed. `--quick` takes samples (about two minutes); everything takes half an hour and the fuzzing.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

# Before NumPy is imported, here and in every process started from here.
os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests" / "exercises"
sys.path.insert(0, str(TESTS))

import fuzzing  # noqa: E402
import measuring  # noqa: E402
from hostile_texts import HOSTILE_TEXTS  # noqa: E402

from bptt_lab.exercises.judges import function as judge  # noqa: E402
from bptt_lab.exercises.question import Question  # noqa: E402
from bptt_lab.exercises.questions import course_questions  # noqa: E402

SEED = 2024
FORMULAS = ("line", "matrix", "derivation")


class Amounts(NamedTuple):
    """How much of everything is tried; `every`: one catalogued mistake in so many; `per_kind`: questions a text."""

    forms: int
    misses: int
    every: int
    per_kind: int
    functions: int


FULL = Amounts(forms=2_000, misses=5_000, every=1, per_kind=3, functions=1_000)
QUICK = Amounts(forms=200, misses=200, every=20, per_kind=1, functions=10)


class Line(NamedTuple):
    """One line of the table: what is measured, the figure, the goal, and whether it is met (None: there is none)."""

    what: str
    figure: str
    goal: str = ""
    is_met: bool | None = None


def mistakes(amounts: Amounts) -> tuple[list[Line], list[str]]:
    """Return the figures on the catalogued mistakes of every question, and what went wrong."""
    lines, troubles = [], []
    for words, kinds in (("formulas", FORMULAS), ("functions", ("function",))):
        tally = measuring.mutants(measuring.questions_of(*kinds), every=amounts.every)
        n, count = tally.counts["mutants"], tally.counts
        share = tally.share("named uniquely and rightly", of="mutants")
        lines += [
            Line(f"catalogued mistakes in {words}: refused", f"{n - count['not refused']} of {n}", "all",
                 not count["not refused"]),
            Line(f"{words}: named uniquely and rightly", f"{share:.1%}", "95 %", share >= 0.95),
            Line(f"{words}: named wrongly", str(count["named wrongly"]), "0", not count["named wrongly"]),
            Line(f"{words}: described without a name", str(count["described, not named"])),
            Line(f"{words}: a counterexample only", str(count["counterexample only"])),
            Line(f"{words}: two names for one value, the more frequent one told",
                 str(count["same numbers as another slip"])),
        ]  # fmt: skip
        troubles += tally.troubles
    return lines, troubles


def forms(amounts: Amounts) -> tuple[list[Line], list[str], list[float]]:
    """Return the figures on equal forms and near misses, what went wrong, and the times."""
    equal = measuring.equal_forms(amounts.forms, SEED)
    near = measuring.near_misses(amounts.misses, SEED)
    undecided = equal.share("left undecided", of="forms")
    lines = [
        Line("equal forms tried", str(equal.counts["forms"]), "500", equal.counts["forms"] >= 500 or None),
        Line("equal forms refused", str(equal.counts["refused"]), "0", not equal.counts["refused"]),
        Line("equal forms undecided", f"{undecided:.2%}", "0.5 %", undecided <= 0.005),
        Line("equal forms right in value, in letters that were not asked for",
             str(equal.counts[measuring.OTHER_FORM])),
        Line("equal forms proved as identities; the rest agree to 40 digits", str(equal.counts["proved"])),
        Line("near misses tried", str(near.counts["misses"]), "5,000", near.counts["misses"] >= 5_000 or None),
        Line("near misses accepted", str(near.counts["accepted"]), "0", not near.counts["accepted"]),
        Line("near misses undecided", str(near.counts[measuring.UNDECIDED])),
        Line("near misses told by a counterexample only", str(near.counts["counterexample only"])),
    ]  # fmt: skip
    return lines, equal.troubles + near.troubles, equal.seconds + near.seconds


def hostile(amounts: Amounts, minutes: float) -> tuple[list[Line], list[str]]:
    """Return the figures on hostile and on random text, and what went wrong."""
    texts = len(HOSTILE_TEXTS)
    run = fuzzing.attack(fuzzing.warm_up(), amounts.per_kind)
    random_run = fuzzing.fuzz(60 * minutes, SEED)
    lines = [
        Line("hostile texts", str(texts), "200", texts >= 200),
        Line("hostile texts: judged, on questions of every kind", str(run.count)),
        Line("hostile texts: accepted", str(len(run.accepted)), "0", not run.accepted),
        *_of_run("hostile texts", run),
        Line(f"random texts in {minutes:g} minutes", str(random_run.count)),
        *_of_run("random texts", random_run),
    ]
    return lines, run.troubles + [f"accepted {one}" for one in run.accepted] + random_run.troubles


def _of_run(words: str, run: fuzzing.Run) -> Iterator[Line]:
    for kind, what in (("executed", "executed anything"), ("raised", "raised"), ("took", "took more than 1 s")):
        count = sum(trouble.startswith(kind) for trouble in run.troubles)
        yield Line(f"{words}: {what}", str(count), "0", not count)
    yield Line(f"{words}: slowest answer", f"{run.slowest:.2f} s")


def answers() -> dict[str, list]:
    """Return the answers of the tests to every question, right ones first, functions built from their text."""
    found: dict[str, list] = {}
    for path in sorted(TESTS.glob("solutions/*.toml")):
        for key, one in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found[key] = [*one["right"], *(wrong["answer"] for wrong in one["wrong"])]
    return {
        key: [_built(course_questions()[key], text) for text in texts]
        for key, texts in found.items()
        if key in course_questions()
    }


def _built(question: Question, text: str) -> str | Callable:
    return judge.reference(replace(question, answer=text)) if question.kind == "function" else text


def times(amounts: Amounts, seconds: list[float]) -> list[Line]:
    """Return the figures on time, over the answers of the tests and the forms and misses before."""
    typed, asked = answers(), course_questions()
    formulas = [asked[key] for key in typed if asked[key].kind in FORMULAS]
    first = measuring.first_answers(formulas, lambda question: typed[question.id])
    warm = measuring.Tally(seconds=list(seconds))
    for question in formulas:
        for text in typed[question.id]:
            start = time.process_time()
            measuring.KINDS[question.kind].check(question, text)
            warm.seconds.append(time.process_time() - start)
    pairs = [(asked[key], one) for key, many in typed.items() if asked[key].kind == "function" for one in many]
    ran = measuring.functions(pairs[:: max(1, len(pairs) // amounts.functions)])
    return [
        *_of_times("formula, processor time", warm, 0.3),
        *_of_times("formula, first answer of a question", first, 0.3),
        *_of_times("function, by the clock", ran, 1.0),
    ]


def _of_times(words: str, tally: measuring.Tally, goal: float) -> Iterator[Line]:
    found = tally.percentile(95)
    yield Line(f"{words}: 95 % within ({len(tally.seconds)} answers)", f"{found:.3f} s", f"{goal} s", found < goal)
    yield Line(f"{words}: half within, slowest", f"{tally.percentile(50):.3f} s, {max(tally.seconds):.2f} s")


def machine() -> str:
    """Return the machine and the versions that the figures come from."""
    names = [line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "sympy", "mpmath"))
    processor = names[0] if names else platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {versions}"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def table(lines: list[Line]) -> str:
    """Return the figures as a table in Markdown."""
    verdicts = {True: "met", False: "**missed**", None: ""}
    rows = [f"| {one.what} | {one.figure} | {one.goal} | {verdicts[one.is_met]} |" for one in lines]
    return "\n".join(["| measured | figure | goal | |", "|---|---|---|---|", *rows])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fuzz-minutes", type=float, default=10.0)
    parser.add_argument("--quick", action="store_true", help="samples only, ten seconds of fuzzing")
    chosen = parser.parse_args()
    amounts, minutes = (QUICK, 1 / 6) if chosen.quick else (FULL, chosen.fuzz_minutes)
    of_mistakes, troubles = mistakes(amounts)
    of_forms, more, seconds = forms(amounts)
    of_text, still_more = hostile(amounts, minutes)
    lines = [*of_mistakes, *of_forms, *of_text, *times(amounts, seconds)]
    print(f"Measured on {machine()}; {len(course_questions())} questions.\n\n{table(lines)}")
    for trouble in [*troubles, *more, *still_more]:
        print(f"- {trouble[:300]}", file=sys.stderr)
    return int(any(one.is_met is False for one in lines))


if __name__ == "__main__":
    sys.exit(main())
