"""Time the grading of a class: submissions of twenty exercises a minute, and what they cost; and a trial of hostility.

`python benchmarks/grading.py` makes a class of honest submissions from a seed, 60 % of the answers right, the others
with slips of the course's own list, 2 of 20 exercises functions, and grades it on two processes; the goal is 60 a
minute. Once all have the same questions, so that a slip that many make is judged once in each process; once nothing is
remembered, as where every student had an instance of their own (there are at most 12 of a question).

`--trial 1000` makes a class of which 5 % is pathological, grades it three times, once stopped in the middle and
resumed, and compares every byte. The exit code is 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

# Before NumPy is imported, here and in every process started from here.
os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "teaching"))

import classes  # noqa: E402

from bptt_lab.teaching import grading, isolation, pool, store, submissions  # noqa: E402

GOAL = 60.0  # submissions of twenty exercises a minute, on two cores


def graded(folder: Path, out: Path, jobs: int, remembers: bool = True, show: bool = False) -> float:
    """Grade a folder and return the seconds that took."""
    from tqdm import tqdm

    began, course = time.monotonic(), classes.course(classes.TWENTY)
    found, _ = submissions.find(folder, "week7")
    with tqdm(total=len(found), disable=not show, mininterval=10, file=sys.stderr) as bar:
        options = {"pool": pool.local(jobs), "told": bar.update, "remembers": remembers}
        tally = pool.grade_all(course, "week7", found, out, **options)
    store.write_list(out, store.listed(tally.results))
    return time.monotonic() - began


def hashes(out: Path) -> dict[str, str]:
    """Return the hash of each result."""
    return {path.parent.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.glob(f"*/{store.RESULT}")}


def speed(count: int, jobs: int, remembers: bool) -> bool:
    """Time a class of honest submissions, print the figures, and return whether the goal is met."""
    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name) / "submitted", Path(name) / "results"
        classes.written(folder, count, classes.TWENTY, share=0.0)
        before = _processor()
        seconds = graded(folder, out, jobs, remembers)
        busy = _processor() - before
        again = graded(folder, out, jobs, remembers)
    rate, idle = 60 * count / seconds, 60 * count * jobs / busy
    what = "one instance for all" if remembers else "no two students with the same instance (nothing remembered)"
    print(f"| {what}: {count} submissions, {jobs} at once | {rate:.0f} a minute | {GOAL:.0f} | {rate >= GOAL} |")
    print(f"| seconds of a processor a submission | {busy / count:.2f} | | |")
    print(f"| so, where nothing else runs on {jobs} cores | {idle:.0f} a minute | {GOAL:.0f} | {idle >= GOAL} |")
    print(f"| the same again, all results there | {again:.1f} s | | |", flush=True)
    return rate >= GOAL


def _processor() -> float:
    """Return the seconds of a processor that this process and those it has ended have used."""
    return sum(os.times()[:4])


def costs(count: int) -> None:
    """Print what an answer costs in one process, by kind and outcome, without and with what is remembered."""
    spent, memo, chance = defaultdict(list), {}, random.Random(2)
    one = classes.course(classes.TWENTY)
    grading.grade(one, "week7", "nobody", classes.saved(classes.book(classes.honest(classes.TWENTY, chance, 1.0))))
    told = grading.told

    def timed(question, answer):
        began = time.process_time() + sum(os.times()[2:4])  # its children too
        found = told(question, answer)
        spent[question.kind, found.outcome].append(time.process_time() + sum(os.times()[2:4]) - began)
        return found

    grading.told = timed
    for k in range(count):
        data = classes.saved(classes.book(classes.honest(classes.TWENTY, chance)))
        grading.grade(one, "week7", f"student{k}", data, memo=memo)
    grading.told = told
    judged = sum(map(len, spent.values()))
    print(f"| answers judged of {20 * count}; the others were known | {judged} | | |")
    for (kind, outcome), seconds in sorted(spent.items()):
        mean = 1000 * sum(seconds) / len(seconds)
        figure = f"{mean:.0f} ms of a processor, {1000 * max(seconds):.0f} at most"
        print(f"| {kind}, {outcome}: {len(seconds)} | {figure} | | |", flush=True)


def trial(count: int, jobs: int, size: int) -> bool:
    """Grade a class with pathological submissions three times, the third stopped and resumed; print and compare."""
    with tempfile.TemporaryDirectory(prefix="bptt-lab-trial-") as name:
        folder = Path(name) / "submitted"
        wrong = classes.written(folder, count, classes.TWENTY, least=len(classes.KINDS), size=size)
        outs = [Path(name) / f"results{k}" for k in range(3)]
        took = [graded(folder, out, jobs, show=True) for out in outs[:2]]
        stopped = _stopped(folder, outs[2], jobs, count // 2)
        took.append(graded(folder, outs[2], jobs, show=True))
        found = [hashes(out) for out in outs]
        lists = [(out / store.LIST).read_bytes() for out in outs]
        listed = _listed(outs[0])
    missed = {student for student, kind in wrong.items() if kind not in classes.GRADED} - set(listed)
    unexpected = set(listed) - set(wrong)
    is_same = found[0] == found[1] == found[2] and lists[0] == lists[1] == lists[2]
    print(f"| submissions, pathological among them | {count}, {len(wrong)} | | |")
    print(f"| of each kind | {', '.join(f'{n} {kind}' for kind, n in Counter(wrong.values()).items())} | | |")
    print(f"| results, three times | {[len(one) for one in found]} | {count} | {len(found[0]) == count} |")
    print(f"| the same to the byte, the third stopped by SIGKILL at {stopped} | {is_same} | True | {is_same} |")
    print(f"| failures that are not listed | {len(missed)} | 0 | {not missed} |")
    print(f"| honest submissions that are listed | {len(unexpected)} | 0 | {not unexpected} |")
    print(f"| seconds (the third after the stop) | {', '.join(f'{one:.0f}' for one in took)} | | |")
    for student in sorted(missed | unexpected)[:20]:
        print(f"  {student}: {wrong.get(student, 'honest')}; {listed.get(student)}")
    for student in [one for one in found[0] if not found[0][one] == found[1].get(one) == found[2].get(one)][:20]:
        print(f"  {student} differs: {wrong.get(student, 'honest')}")
    return is_same and not missed and not unexpected and len(found[0]) == count


def _listed(out: Path) -> dict[str, str]:
    import csv

    with (out / store.LIST).open(encoding="utf-8", newline="") as file:
        return {row["student"]: row["reason"] for row in csv.DictReader(file)}


def _stopped(folder: Path, out: Path, jobs: int, at: int) -> int:
    """Grade in a process that is killed when so many results are there; return how many there are."""
    command = [sys.executable, __file__, "--jobs", str(jobs), "--only", str(folder), str(out)]
    process = subprocess.Popen(command, start_new_session=True)
    while len(hashes(out)) < at and process.poll() is None:
        time.sleep(0.5)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return len(hashes(out))


def main() -> int:
    """Print a table of figures in Markdown and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=120, help="how many honest submissions are timed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--trial", type=int, default=0, metavar="N", help="try N submissions, 5 %% pathological")
    parser.add_argument("--size", type=int, default=100 * 2**20, help="bytes of outputs that are called large")
    parser.add_argument("--only", nargs=2, type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.only:
        graded(*chosen.only, chosen.jobs)
        return 0
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors. {isolation.found()}\n")
    print("| what | figure | goal | met |\n|---|---|---|---|")
    if chosen.trial:
        return 0 if trial(chosen.trial, chosen.jobs, chosen.size) else 1
    costs(min(chosen.count, 40))
    met = [speed(chosen.count, chosen.jobs, remembers) for remembers in (True, False)]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
