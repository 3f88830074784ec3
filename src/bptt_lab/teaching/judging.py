"""The process that judges one submission after the other, and what speaks to it: it can be killed and begun anew.

The same process serves a thread of a local pool and a worker of a Dask cluster. It is told the course once, then a
submission at a time, and gives back the text of a result. What is drawn to judge is drawn from the course's secret, so
that every such process says the same of the same submission. One that takes too long is killed; one that dies takes
its submission with it only when it dies of it twice.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import pickle
import select
import struct
import subprocess
import sys
import threading
import time
from typing import Any, NamedTuple

SECONDS, SECONDS_A_QUESTION = 60.0, 30.0  # by the clock, for a submission; a sound one takes a tenth
TRIES = 2
OF_THE_JUDGE = "The process that judged it died"  # the beginning of a reason that may not hold again
MEMORY = 8 * 2**30  # bytes of address space: a hostile notebook shall not take the machine
MOST_REMEMBERED = 20_000  # answers whose feedback a process keeps
LENGTH = struct.Struct("<Q")
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Setup(NamedTuple):
    """What all submissions of an assignment share: the course, how functions are run, and from what is drawn."""

    course: bytes  # pickled, without what is kept on its questions
    assignment: str
    isolation: str
    runs_functions: bool
    draws: str
    seconds: float
    remembers: bool


class Job(NamedTuple):
    """One submission: whose, where it lay, its files by name."""

    student: str
    file: str
    files: tuple[tuple[str, bytes], ...]


class Lost(NamedTuple):
    """A submission of which no result came, and why."""

    reason: str


def setup_for(course: Any, assignment: str, isolation: str, runs_functions: bool, remembers: bool = True) -> Setup:
    """Return what judges are told of an assignment; they remember what they said of an answer, or judge it again."""
    draws = hmac.new(course.secret, b"what is drawn to judge", hashlib.sha256).hexdigest()
    seconds = SECONDS + SECONDS_A_QUESTION * len(course.assignments[assignment].entries)
    return Setup(pickle.dumps(course), assignment, isolation, runs_functions, draws, seconds, remembers)


# The side that asks


class Judge:
    """A process that judges, begun when it is first asked and anew after it has died."""

    def __init__(self, setup: Setup) -> None:
        self.setup, self.is_over = setup, False
        self.process: subprocess.Popen[bytes] | None = None

    def result(self, job: Job) -> str | Lost:
        """Return the text of the result of a submission, or why there is none."""
        for _ in range(TRIES):
            if self.is_over:
                break
            try:
                return self._asked(job)
            except TimeoutError:
                self.close()
                return Lost(f"Judging it took longer than {self.setup.seconds:g} s and was stopped.")
            except (EOFError, OSError):
                self.close()
        return Lost(f"{OF_THE_JUDGE}, {TRIES} times.")

    def _asked(self, job: Job) -> str:
        process = self.process or self._begun()
        assert process.stdin and process.stdout  # both are pipes
        _send(process.stdin.fileno(), pickle.dumps(job))
        return _receive(process.stdout.fileno(), time.monotonic() + self.setup.seconds).decode()

    def _begun(self) -> subprocess.Popen[bytes]:
        variables = {**os.environ, **ONE_THREAD, "PYTHONHASHSEED": "0", "BPTT_LAB_REPEATABLE": self.setup.draws}
        command = [sys.executable, "-P", "-W", "ignore", "-c", "from bptt_lab.teaching.judging import main; main()"]
        self.process = process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=variables)
        assert process.stdin
        _send(process.stdin.fileno(), pickle.dumps(self.setup))
        return process

    def close(self) -> None:
        """End the process."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in filter(None, (process.stdin, process.stdout)):
                pipe.close()


_OF_THREAD = threading.local()
_ALL: list[Judge] = []


def judged(setup: Setup, job: Job) -> str | Lost:
    """Return what a judge of this thread says of a submission: the one function that a pool or a cluster runs."""
    judge = getattr(_OF_THREAD, "judge", None)
    if judge is None or judge.is_over or judge.setup != setup:
        if judge is not None:
            judge.close()
        judge = _OF_THREAD.judge = Judge(setup)
        _ALL.append(judge)
    return judge.result(job)


def close_all() -> None:
    """End every judge that was begun from here, and what it is at."""
    while _ALL:
        judge = _ALL.pop()
        judge.is_over = True
        judge.close()


def _send(way: int, message: bytes) -> None:
    view = memoryview(LENGTH.pack(len(message)) + message)
    while view:
        view = view[os.write(way, view[: 2**20]) :]


def _receive(way: int, latest: float) -> bytes:
    """Return the next message (errors: EOFError where the process has gone, TimeoutError)."""
    (length,) = LENGTH.unpack(_read(way, LENGTH.size, latest))
    return _read(way, length, latest)


def _read(way: int, count: int, latest: float) -> bytes:
    found = bytearray()
    while len(found) < count:
        if latest < float("inf") and not _is_ready(way, latest - time.monotonic()):
            raise TimeoutError
        part = os.read(way, min(2**20, count - len(found)))
        if not part:
            raise EOFError
        found += part
    return bytes(found)


def _is_ready(way: int, seconds: float) -> bool:
    return bool(select.select([way], [], [], max(0.0, seconds))[0])


# The side that answers


def main() -> None:
    """Judge what standard input brings until it ends."""
    way_in, way_out = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):  # what libraries print is no result
        os.dup2(nowhere, stream)
    _limit_memory()
    with contextlib.suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        serve(way_in, way_out)


def serve(way_in: int, way_out: int) -> None:
    """Answer each submission by its result (errors: EOFError at the end)."""
    from bptt_lab.teaching import grading, results

    endless = float("inf")
    setup = pickle.loads(_receive(way_in, endless))
    course, memo = pickle.loads(setup.course), {}
    options = {"isolation": setup.isolation, "runs_functions": setup.runs_functions, "memo": memo}
    while True:
        job = pickle.loads(_receive(way_in, endless))
        found = grading.grade(course, setup.assignment, job.student, job.files, file=job.file, **options)
        _send(way_out, results.write(found).encode())
        if len(memo) > MOST_REMEMBERED or not setup.remembers:
            memo.clear()


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
