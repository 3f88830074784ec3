"""Every submission of a class judged: on this machine or on a Dask cluster, with the result files as the checkpoint."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import bptt_lab
from bptt_lab.exercises.outcomes import NOT_ATTEMPTED
from bptt_lab.teaching import grading, isolation, judging, results, store
from bptt_lab.teaching.coursefile import Course, fingerprint
from bptt_lab.teaching.judging import Job, Lost, Setup
from bptt_lab.teaching.results import Result
from bptt_lab.teaching.roster import Roster
from bptt_lab.teaching.submissions import Submission, SubmissionsError, handed_out_to

AHEAD = 3  # submissions that wait for each worker
SECONDS_TO_CONNECT = 20  # to the scheduler of a cluster


class Plan(NamedTuple):
    """A submission as it stands before it is judged: whose instance it is, its hash, and who else has the same.

    `owner` is the one student the notebook was made for, '' where it was made for nobody or several.
    """

    submission: Submission
    student: str
    digest: str
    same: tuple[str, ...] = ()
    reason: str = ""
    owner: str = ""


class Tally(NamedTuple):
    """What came of a class: all results in order of names, and how many of them were there before.

    `whose` holds a platform's name, the student a notebook was made for, and the file, where nobody compared them.
    """

    results: tuple[Result, ...]
    there_before: int
    whose: tuple[tuple[str, str, str], ...] = ()


Told = Callable[[int], None]


def grade_all(
    course: Course,
    assignment: str,
    found: Iterable[Submission],
    out: Path,
    *,
    pool: Callable[[Setup, Iterable[Job]], Iterator[tuple[Job, str | Lost]]],
    level: str = isolation.KERNEL,
    runs_functions: bool = True,
    again: bool = False,
    remembers: bool = True,
    told: Told = lambda count: None,
    roster: Roster | None = None,
) -> Tally:
    """Judge each submission that has no result of these questions, this version and these bytes, and keep the results.

    `pool` judges jobs in any order; `told` is called with how many more are done. With a `roster`, a notebook that was
    made for another than a platform names is left to a person. Errors: OSError.
    """
    plans = {plan.student: plan for plan in planned(course, assignment, found, roster)}
    setup = judging.setup_for(course, assignment, level, runs_functions, remembers)
    done: dict[str, Result] = {}
    for plan in plans.values():
        before = None if again else store.kept(out, plan.student)
        if before is not None and _holds(before, plan, course, setup):
            done[plan.student] = _kept(out, plan, before, is_new=False)
    there_before = len(done)
    told(there_before)
    jobs = _jobs([plan for name, plan in plans.items() if name not in done])
    for job, answer in pool(setup, jobs):
        plan = plans[job.student]
        one = results.read(answer) if isinstance(answer, str) else _unreadable(course, setup, plan, answer.reason)
        done[plan.student] = _kept(out, plan, one)
        told(1)
    for plan in plans.values():
        if plan.student not in done:  # nothing to be judged
            done[plan.student] = _kept(out, plan, _unreadable(course, setup, plan, plan.reason))
            told(1)
    store.drop_moved(out, done)
    of_lms = [plan for plan in plans.values() if plan.submission.is_of_lms and plan.owner]
    named = [(one.submission.student, one.owner, one.submission.file) for one in of_lms if roster is None]
    whose = tuple(sorted(one for one in named if one[0].casefold() != one[1].casefold()))
    return Tally(tuple(done[name] for name in sorted(done)), there_before, whose)


def planned(course: Course, assignment: str, found: Iterable[Submission], roster: Roster | None = None) -> list[Plan]:
    """Return what is to be done about each submission; each file is read once, and none is kept in memory."""
    is_varied = course.assignments[assignment].varied
    plans = [_plan(one, is_varied, roster) for one in found]
    names = Counter(plan.student for plan in plans)
    plans = [plan if names[plan.student] == 1 else _of_two(plan) for plan in plans]
    alike = defaultdict(list)
    for plan in plans:
        if plan.digest:
            alike[plan.digest].append(plan.student)
    return [plan._replace(same=tuple(sorted({*alike[plan.digest]} - {plan.student}))) for plan in plans]


def _plan(one: Submission, is_varied: bool, roster: Roster | None) -> Plan:
    """Return what is to be done about a submission: a learning platform's name is not that of the instance."""
    try:
        files = one.read()
    except SubmissionsError as error:
        return Plan(one, one.student, "", reason=str(error))
    owners = sorted({handed_out_to(data) for _, data in files} - {""})
    digest, owner = grading.digest(files), owners[0] if len(owners) == 1 else ""
    if roster and one.is_of_lms and owner and (reason := roster.mismatch(owner, one.student, one.file)):
        return Plan(one, one.student, digest, reason=reason, owner=owner)
    if not owners or not is_varied or owner.casefold() == one.student.casefold():
        return Plan(one, one.student, digest, owner=owner)
    if one.is_of_lms and owner:
        return Plan(one, owner, digest, owner=owner)
    made = f"The notebook was made for {' and '.join(owners)}, and lay where {one.student} hands in."
    return Plan(one, one.student, digest, reason=f"{made} Name the folder as the student, or look who wrote it.")


def _of_two(plan: Plan) -> Plan:
    """Return the plan of one of several students who hand in the notebook of one: left to a person."""
    own = plan.submission.student
    reason = f"{own} handed in the notebook made for {plan.student}, and so did another student."
    return plan._replace(student=own, reason=plan.reason or reason)


def _jobs(plans: Iterable[Plan]) -> Iterator[Job]:
    for plan in plans:
        if not plan.reason:
            try:
                yield Job(plan.student, plan.submission.file, plan.submission.read())
            except SubmissionsError:  # gone meanwhile
                continue


def _holds(before: Result, plan: Plan, course: Course, setup: Setup) -> bool:
    """Return whether a result is of these bytes, questions, points, isolation and this version."""
    of = before.submission, before.course, before.assignment, before.version, before.isolation, before.student
    if of != (plan.digest, course.name, setup.assignment, bptt_lab.__version__, setup.isolation, plan.student):
        return False
    if plan.reason or before.reason.startswith(judging.OF_THE_JUDGE):
        return False
    questions = course.questions_for(setup.assignment, plan.student)
    entries = course.assignments[setup.assignment].entries
    wanted = [(entry.question, float(entry.points), fingerprint(questions[entry.question])) for entry in entries]
    return [(one.question, one.of, one.instance) for one in before.answers] == wanted


def _kept(out: Path, plan: Plan, one: Result, is_new: bool = True) -> Result:
    """Return a result with what the others of the class add to it, kept on disk."""
    is_tried = any(answer.outcome != NOT_ATTEMPTED for answer in one.answers)  # two who did nothing are no pair
    full = replace(one, same_file_as=plan.same if is_tried else (), file=plan.submission.file)
    if is_new or full != one:
        store.keep(out, full)
    return full


def _unreadable(course: Course, setup: Setup, plan: Plan, reason: str) -> Result:
    questions = course.questions_for(setup.assignment, plan.student)
    who = (course.name, setup.assignment, plan.student, plan.submission.file, plan.digest)
    blank = Result(*who, bptt_lab.__version__, setup.isolation)
    entries = course.assignments[setup.assignment].entries
    return grading.unreadable(blank, entries, questions, reason or "The file was there, and is gone.")


# Where it is judged


def local(jobs_at_once: int) -> Callable[[Setup, Iterable[Job]], Iterator[tuple[Job, str | Lost]]]:
    """Return a pool of judges on this machine."""

    def run(setup: Setup, jobs: Iterable[Job]) -> Iterator[tuple[Job, str | Lost]]:
        threads = ThreadPoolExecutor(jobs_at_once)
        try:
            yield from _in_any_order(lambda job: threads.submit(judging.judged, setup, job), jobs, jobs_at_once)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            judging.close_all()
            threads.shutdown()

    return run


def _in_any_order(submit: Callable[[Job], Any], jobs: Iterable[Job], width: int) -> Iterator[tuple[Job, Any]]:
    """Yield each job with what came of it; only a few are read ahead."""
    jobs, running = iter(jobs), {}
    while True:
        while len(running) < AHEAD * width and (job := next(jobs, None)) is not None:
            running[submit(job)] = job
        if not running:
            return
        ready, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in ready:
            yield running.pop(future), future.result()


def cluster(address: str) -> Callable[[Setup, Iterable[Job]], Iterator[tuple[Job, str | Lost]]]:
    """Return a pool on a Dask cluster (errors, when it is used: OSError where no cluster answers)."""

    def run(setup: Setup, jobs: Iterable[Job]) -> Iterator[tuple[Job, str | Lost]]:
        from distributed import Client

        with Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False) as client:
            (shared,) = client.scatter([setup], broadcast=True, hash=False)  # a tuple alone would go in parts
            try:
                yield from _on(client, shared, jobs)
            finally:
                client.run(judging.close_all)

    return run


def _on(client: Any, setup: Any, jobs: Iterable[Job]) -> Iterator[tuple[Job, str | Lost]]:
    from distributed import KilledWorker, as_completed

    width = max(1, sum(client.nthreads().values()))
    jobs, running = iter(jobs), {}
    line = as_completed([], loop=client.loop)

    def fill() -> None:
        while len(running) < AHEAD * width and (job := next(jobs, None)) is not None:
            future = client.submit(judging.judged, setup, job, pure=False)
            running[future] = job
            line.add(future)

    fill()
    while running:
        future = next(line)
        job = running.pop(future)
        try:
            yield job, future.result()
        except KilledWorker:
            yield job, Lost(judging.OF_THE_JUDGE + " with its worker, again and again.")
        fill()


def isolation_of(address: str) -> isolation.Found:
    """Return the weakest isolation among the workers of a Dask cluster (errors: OSError)."""
    from distributed import Client

    with Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False) as client:
        found = list(client.run(isolation.found).values())
    if not found:
        raise OSError(f"the cluster at {address} has no workers")
    return min(found, key=lambda one: isolation.ORDER.index(one.level))
