"""Running a student's function in limited child processes: the notebook gets numbers back, or one clear sentence.

The child is a fresh interpreter, no copy of the notebook: nothing of a reference answer is in it, so nothing can be
read there, and its verdict would not count. Each call has a process of its own, which holds the function, the
arguments of that call, NumPy and the guards of `sandbox.guards`, so that no result depends on an earlier call. The
arguments lie in memory mapped for reading only. A second process gets them in memory it may write, and what it wrote
is read off here, from the file under that memory, whatever that process says of itself.

On Linux (x86-64, ARM) the kernel itself keeps the answer from files, processes, threads, signals and sockets; on other
systems Python's audit hook does, which a determined answer can get around. There each call starts an interpreter of
its own, and only the first call is made with memory that can be written. Time is kept everywhere by killing the child;
memory is limited on Linux only, and Windows knows no resource limits at all. The shape of an array, and the entries of
a list or dict, are objects of the answer's process: that these are as they were is what that process itself reports.
"""

from __future__ import annotations

import os
import queue
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.exercises.sandbox import functions, messages, wire
from bptt_lab.exercises.sandbox.differences import changed_places, written_places
from bptt_lab.exercises.sandbox.guards import GUARDS
from bptt_lab.exercises.sandbox.wire import FRAME, LARGEST_HEADER, LARGEST_MESSAGE, Garbled, NotPlain

CHILD = Path(wire.__file__).with_name("child.py")
FORKS = sys.platform == "linux"  # macOS forbids it to programs that have used its matrix library
LEISURE = 0.7  # seconds: a call that takes longer is not repeated in its process
CALLS_OF_EACH = 4  # three in one process, one with memory that can be written
START_SECONDS = 60.0  # a loaded machine may take long to load NumPy; the answer's own time begins after that
LAST_SECONDS = 0.5  # a process may take to end after its last word
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS")}
ENVIRONMENT = {"PYTHONHASHSEED": "0", "VECLIB_MAXIMUM_THREADS": "1", **ONE_THREAD}
KEPT_VARIABLES = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # without them NumPy may not load
NOT_YOUR_FAULT = "This is no fault of the answer: check it again, and restart the kernel if it stays."


class Outcome(NamedTuple):
    """What came of an answer.

    `kind` is 'returned', 'crashed', 'timed out', 'refused' (not run, or run into a guard) or 'changed' (it writes into
    its arguments). `results` holds what the calls returned, as far as they did; `changed` the places changed in place,
    a list a call, only the last of which can hold any; `message` one sentence for the student, plain text, empty for
    'returned'. `ran` says which of the calls were made, in order, the last of which may have no result; empty: all, in
    their order. `again` holds (call, other call, result) for a call that was followed by another in the same process;
    `seconds` is what the slowest call took. `is_guess`: no number was changed, but something was written.
    """

    kind: str
    results: list[Any]
    changed: list[list[str]]
    message: str
    ran: tuple[int, ...] = ()
    again: tuple[tuple[int, int, Any], ...] = ()
    seconds: float = 0.0
    is_guess: bool = False


class _Trouble(Exception):
    """The end of a conversation before its time: kind and message of the outcome."""


def run_function(
    function: Any,
    calls: Sequence[tuple],
    *,
    seconds: float = 5.0,
    megabytes: float = 1024,
    argument_names: Sequence[str] | None = None,
    guards: Sequence[str] = GUARDS,
    most_of_one: float | None = None,
    partners: Sequence[int] = (),
    fewer: Sequence[int] = (),
) -> Outcome:
    """Return what a student's function gives for each tuple of arguments, each run in a limited process of its own.

    Shapes: any; arguments are numbers, arrays, texts, lists, tuples, named tuples and dicts of them, and stay as they
    are. Results are the same kinds of values, plain arrays and plain tuples. Units: seconds for all calls together,
    2^20 bytes beyond what Python and NumPy need. `guards` can be fewer in tests of the guards only.
    `most_of_one` is how many seconds one call may take, all of them where nothing is said. `partners` names another
    call for each: it is made in the same process afterwards, then the first once more; a function that gives another
    result then is 'unsteady'. `fewer` are calls that are enough where there is no time for all: how many of the first.
    Errors: TypeError for arguments of other kinds, a fault of the exercise; whatever the function does is an Outcome.
    """
    sent = [_encoded_call(tuple(arguments)) for arguments in calls]
    most = float(seconds if most_of_one is None else min(seconds, most_of_one))
    limits = dict(seconds=most, megabytes=float(megabytes), guards=list(guards), leisure=LEISURE)
    try:
        packed = functions.pack(function, [len(arguments) for arguments in calls], argument_names)
        by_name = list(functions.names_to_call_by(function, argument_names))
        request = wire.encode(dict(packed, **limits, by_name=by_name))
        names = argument_names or functions.positional_names(function)
        case = _Case(function, calls, sent, names, limits, float(seconds), tuple(partners), tuple(fewer))
        return _run(request, case)
    except functions.Refused as error:
        return Outcome("refused", [], [], str(error))
    except NotPlain as error:
        text = f"What the function uses is {error}, too much to send along: make it inside the function."
        return Outcome("refused", [], [], text)
    except Exception as error:  # whatever an answer does, the notebook goes on
        why = messages.clean(getattr(error, "strerror", None) or type(error).__name__)
        return Outcome("crashed", [], [], f"The answer could not be run ({why}). {NOT_YOUR_FAULT}")


def _encoded_call(arguments: tuple) -> bytes:
    try:
        return wire.encode(arguments, keeps_layout=True)
    except NotPlain as error:
        raise TypeError(
            f"an argument of a call is {error}, expected numbers, arrays, or lists and dicts of them"
        ) from None


class _Case(NamedTuple):
    """A function and what it is run on: calls, the same as messages, names of the arguments, limits."""

    function: Any
    calls: Sequence[tuple]
    sent: list[bytes]
    names: Sequence[str]
    limits: dict[str, Any]
    seconds: float
    partners: tuple[int, ...]
    fewer: tuple[int, ...]


class _Record:
    """What came of the calls so far, and the time that is left for more."""

    def __init__(self, case: _Case) -> None:
        self.case, self.left = case, case.seconds
        self.waiting = list(range(len(case.calls)))
        self.results: list[Any] = []
        self.changed: list[list[str]] = []
        self.again: list[tuple[int, int, Any]] = []
        self.ran: list[int] = []
        self.times: list[float] = []
        self.is_guess = False

    @property
    def is_slow(self) -> bool:
        """Whether calls are so slow that each is made once."""
        calls = CALLS_OF_EACH * len(self.case.calls)
        return bool(self.times) and calls * statistics.median(self.times) > self.case.seconds / 2

    def allowed(self) -> float:
        """Return how long the next call may take."""
        return min(self.left, self.case.limits["seconds"])

    def next(self) -> int | None:
        """Return the next call; of slow ones the most important of those left, and None where it would be too late."""
        if not self.waiting:
            return None
        if self.case.fewer and self.times:
            if self.left < 1.5 * max(self.times):
                return None
            if self.is_slow:
                self.waiting.sort(key=self._importance)
        return self.waiting.pop(0)

    def _importance(self, k: int) -> tuple[int, int]:
        fewer = self.case.fewer
        return (fewer.index(k) if k in fewer else len(fewer), k)

    def outcome(self, kind: str, message: str) -> Outcome:
        """Return the outcome of the calls so far."""
        slowest = max(self.times, default=0.0)
        kept = self.results, self.changed
        return Outcome(kind, *kept, message, tuple(self.ran), tuple(self.again), slowest, self.is_guess)


def _run(request: bytes, case: _Case) -> Outcome:
    record = _Record(case)
    with _conversation(request) as ask:
        try:
            while (k := record.next()) is not None:
                record.ran.append(k)
                reply = _called(ask, k, record)
                places = _changes(ask, k, reply, record)
                record.changed.append(places)
                if places:
                    return record.outcome("changed", messages.changed(places, reply, case.function))
                if reply["kind"] != "returned":
                    raise _Trouble(*messages.failure(reply, case.function, case.limits))
        except _Trouble as trouble:
            record.changed = record.changed[: len(record.results)]
            return record.outcome(*trouble.args)
    if record.waiting and len(record.results) < len(case.fewer):
        return record.outcome("timed out", messages.slow(record.times, len(case.calls), case.seconds))
    return record.outcome("returned", "")


def _called(ask: Callable, k: int, record: _Record) -> dict[str, Any]:
    """Return the reply to a call, and to its partner in the same process where there is time for one."""
    case, allowed = record.case, record.allowed()
    partner = case.partners[k] if case.partners and not record.is_slow else None
    both = None if partner is None else _encoded_call((tuple(case.calls[k]), tuple(case.calls[partner])))
    heard = ask("r", case.sent[k], allowed) if both is None else ask("t", both, allowed)
    record.left -= heard.seconds
    if heard.is_late:
        raise _Trouble("timed out", messages.late(allowed, record.times))
    reply = _reply(heard)
    if reply["kind"] == "returned":
        is_repeated = both is not None and "again" in reply
        record.results.append(reply["result"])
        record.times.append(heard.seconds / (3 if is_repeated else 1))
        record.again += [(k, partner, reply["again"])] if is_repeated else []  # type: ignore[list-item]
    return reply


def _reply(heard: _Heard) -> dict[str, Any]:
    """Return what a call that ended said of itself. Errors: _Trouble if it says nothing readable."""
    if heard.reply is None:
        raise _Trouble("crashed", messages.death(heard.signal))
    kind, own = heard.reply.get("kind"), set(heard.reply)
    if kind == "died":
        raise _Trouble("crashed", messages.death(heard.reply.get("signal")))
    if not isinstance(kind, str) or not SAID.get(kind, {"nothing"}) <= own:
        text = "What the function sent back cannot be read: return numbers and arrays, and print nothing else."
        raise _Trouble("crashed", text)
    return heard.reply


def _changes(ask: Callable, k: int, reply: dict[str, Any], record: _Record) -> list[str]:
    """Return what a call changes in place, found out by a second run whose arguments lie where it may write."""
    writes, case = messages.is_about_writing(reply), record.case
    is_cheap = len(record.ran) == 1 or FORKS and not record.is_slow
    if not writes and (reply["kind"] != "returned" or not is_cheap):
        return []
    allowed = min(10 * max(record.times, default=0.0) + 1, case.limits["seconds"])
    heard = ask("w", case.sent[k], allowed)
    record.left -= heard.seconds
    found = written_places(case.calls[k], case.sent[k], heard.memory, case.names)
    second = heard.reply or {}
    if second.get("kind") == "returned" and isinstance(second.get("arguments"), list):
        told = changed_places(case.calls[k], second["arguments"], case.names)
        found += [place for place in told if place not in found]
    if found or not writes or messages.is_about_writing(second):  # memory of its own that it cannot write
        return found
    record.is_guess = True
    own = functions.positional_names(case.function)
    return [messages.guessed_place(reply, case.function, own, case.names) or "an argument"]


# What each kind of reply says
SAID = {
    "returned": {"result"},
    "not plain": {"text"},
    "not built": {"text"},
    "unsteady": {"kind"},
    "forbidden": {"event", "text", "places"},
    "raised": {"type", "text", "places"},
}


# The child


class _Heard(NamedTuple):
    """What came back of one call: its reply if it can be read, the memory of its arguments, the time it took."""

    reply: dict[str, Any] | None
    memory: bytes = b""
    seconds: float = 0.0
    is_late: bool = False
    signal: int = 0


class _Conversation:
    """A child, or one after the other, and what is said to them and heard."""

    def __init__(self, folder: str) -> None:
        self.folder, self.calls = folder, 0
        self.process: subprocess.Popen | None = None
        self.frames: queue.SimpleQueue = queue.SimpleQueue()
        self.reader: threading.Thread | None = None

    def ask(self, mode: str, message: bytes, seconds: float) -> _Heard:
        """Return what comes of one call whose arguments may be read (`r`) or written too (`w`)."""
        if self.process is None:
            self.open()
        self.calls += 1
        with (Path(self.folder) / f"call-{self.calls}").open("w+b") as file:
            file.write(message)
            file.flush()
            heard = self.hear(f"{mode} call-{self.calls}\n", seconds)
            if heard.is_late or not FORKS:
                heard = heard._replace(signal=self.close())
            file.seek(0)
            return heard._replace(memory=file.read(len(message) + 1) if mode == "w" else b"")

    def hear(self, line: str, seconds: float) -> _Heard:
        """Return the reply to a line, without the memory."""
        began = time.monotonic()
        with suppress(OSError):  # a child that has gone says so by its silence
            self.process.stdin.write(line.encode())  # type: ignore[union-attr]
            self.process.stdin.flush()  # type: ignore[union-attr]
        try:
            reply = _next(self.frames, max(0.0, seconds))
        except queue.Empty:
            return _Heard(None, is_late=True, seconds=time.monotonic() - began)
        except Garbled:
            reply = {}
        return _Heard(reply, seconds=time.monotonic() - began)

    def open(self) -> None:
        """Start a child and wait until it is ready. Errors: _Trouble, OSError."""
        self.process, self.frames = _start(self.folder), queue.SimpleQueue()
        self.reader = threading.Thread(target=_read_frames, args=(self.process.stdout, self.frames), daemon=True)
        self.reader.start()
        _expect_ready(self.frames)

    def close(self) -> int:
        """End the child and all it may have left behind; return the signal that had ended it before, or 0."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        with suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]
        with suppress(subprocess.TimeoutExpired):
            process.wait(LAST_SECONDS if self.reader and not self.reader.is_alive() else 0)
        how = -(process.returncode or 0)
        _end(process, self.folder)
        if self.reader:
            self.reader.join(1)
        if not (self.reader and self.reader.is_alive()):  # closing a stream under its reader would wait for ever
            process.stdout.close()  # type: ignore[union-attr]
        return how


@contextmanager
def _conversation(request: bytes) -> Iterator[Callable[[str, bytes, float], _Heard]]:
    """Give the way to ask a child, or several, for one call after the other; leave nothing running and no file."""
    with tempfile.TemporaryDirectory(prefix="bptt-lab-", ignore_cleanup_errors=True) as folder:
        (Path(folder) / "request").write_bytes(request)
        conversation = _Conversation(folder)
        try:
            yield conversation.ask
        finally:
            conversation.close()


def _start(folder: str) -> subprocess.Popen:
    """Start a child in a session of its own, in the folder that holds its request."""
    variables = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ} | ENVIRONMENT
    numpy_folder = str(Path(np.__file__).parent.parent)
    # -s -P -B: no packages of the user, no folder of the script, no byte code written; -E would lose PYTHONHASHSEED
    command = [sys.executable, "-s", "-P", "-B", str(CHILD), numpy_folder, "request", "forks" if FORKS else "once"]
    apart = {"start_new_session": True} if os.name == "posix" else {"creationflags": subprocess.CREATE_NO_WINDOW}  # type: ignore[attr-defined]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=variables,
        **apart,
    )


def _read_frames(stream: Any, frames: queue.SimpleQueue) -> None:
    """Put each message of a stream into a queue as (header, body), and None at its end or beyond its allowance."""
    room = float("inf") if FORKS else 2 * LARGEST_MESSAGE  # a child that forks passes on one message a call
    with suppress(OSError, ValueError):
        while len(lengths := stream.read(FRAME.size)) == FRAME.size:
            header, body = FRAME.unpack(lengths)
            room -= FRAME.size + header + body
            if room < 0 or header > LARGEST_HEADER or header + body > LARGEST_MESSAGE:
                break
            frames.put((stream.read(header), stream.read(body)))
    frames.put(None)


def _end(process: subprocess.Popen, folder: str) -> None:
    """Kill a child and all it may have left behind."""
    with suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)  # not yet waited for, so the number is still its own
        else:
            process.kill()
    left = leftovers(process.pid, folder)
    for number in left:
        with suppress(OSError):
            os.kill(number, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    deadline = time.monotonic() + 10
    while left and time.monotonic() < deadline:  # a process with much memory takes its time to end
        time.sleep(0.01)
        left = leftovers(process.pid, folder)


def leftovers(session: int, folder: str) -> list[int]:
    """Return the processes that belong to a session or work in a folder, other than its leader; Linux only.

    Errors: none; a process that ends meanwhile is passed over.
    """
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            state = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            alive = state[0] not in "ZX"
            if alive and int(entry.name) != session and (int(state[3]) == session or _works_in(entry, folder)):
                found.append(int(entry.name))
    return found


def _works_in(entry: Path, folder: str) -> bool:
    with suppress(OSError):
        return os.readlink(entry / "cwd").startswith(os.path.realpath(folder))
    return False


def _next(frames: queue.SimpleQueue, seconds: float) -> dict[str, Any] | None:
    """Return the next reply; None if the child has gone. Errors: queue.Empty after some seconds, Garbled."""
    frame = frames.get(timeout=seconds)
    if frame is None:
        return None
    reply = wire.decode(*frame)
    if not isinstance(reply, dict):
        raise Garbled("no reply")
    return reply


def _expect_ready(frames: queue.SimpleQueue) -> None:
    try:
        if _next(frames, START_SECONDS) == {"kind": "ready"}:
            return
        what = "ended before it began"
    except queue.Empty:
        what = f"did not begin within {START_SECONDS:g} seconds"
    except Garbled:
        what = "could not be understood"
    raise _Trouble("crashed", f"The process that runs the answer {what}. {NOT_YOUR_FAULT}")
