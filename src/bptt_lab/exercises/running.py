"""Running a student's function in a limited child process: the notebook gets numbers back, or one clear sentence.

The child is a fresh interpreter, no copy of the notebook: nothing of a reference answer is in it, so nothing can be
read there, and its verdict would not count. It holds the function, the inputs, NumPy, and the guards of `child.py`.
On Linux (x86-64, ARM) the kernel itself keeps it from files, processes, threads, signals and sockets; on other systems
Python's audit hook does, which a determined answer can get around. Time is kept everywhere by killing the child;
memory is limited on Linux only, and Windows knows no resource limits at all.
"""

from __future__ import annotations

import linecache
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.exercises import child, functions
from bptt_lab.exercises.child import FRAME, LARGEST_HEADER, LARGEST_MESSAGE, Garbled, NotPlain

CHILD = Path(child.__file__)
START_SECONDS = 60.0  # a loaded machine may take long to load NumPy; the answer's own time begins after that
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS")}
ENVIRONMENT = {"PYTHONHASHSEED": "0", "VECLIB_MAXIMUM_THREADS": "1", **ONE_THREAD}
KEPT_VARIABLES = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # without them NumPy may not load
LONGEST_TEXT = 200
NOT_YOUR_FAULT = "This is no fault of the answer: check it again, and restart the kernel if it stays."
DEEDS = (  # what an event of Python's audit hook is to a student; the first that fits
    ("open", "opens a file"),
    ("import", "imports a module"),
    ("socket", "uses the network"),
    ("subprocess", "starts another program"),
    ("os.fork", "starts another process"),
    ("os.posix_spawn", "starts another program"),
    ("os.spawn", "starts another program"),
    ("os.exec", "starts another program"),
    ("os.system", "starts another program"),
    ("os.kill", "sends a signal to a process"),
    ("_thread", "starts a thread"),
    ("ctypes", "reaches into memory past Python"),
    ("gc", "looks through all objects in memory"),
    ("sys", "looks into the program that runs it"),
    ("os", "reads or changes files"),
    ("shutil", "reads or changes files"),
)


class Outcome(NamedTuple):
    """What came of an answer: `kind` is 'returned', 'crashed', 'timed out' or 'refused' (not run, or run into a guard).

    `results` holds what the calls returned, as far as they did; `changed` the places changed in place, a list a call;
    `message` one sentence for the student, plain text, empty for 'returned'.
    """

    kind: str
    results: list[Any]
    changed: list[list[str]]
    message: str


class _Trouble(Exception):
    """The end of a conversation before its time: kind and message of the outcome."""


def run_function(
    function: Any,
    calls: Sequence[tuple],
    *,
    seconds: float = 5.0,
    megabytes: float = 1024,
    argument_names: Sequence[str] | None = None,
    guards: Sequence[str] = child.GUARDS,
) -> Outcome:
    """Return what a student's function gives for each tuple of arguments, run in one limited child process.

    Shapes: any; arguments are numbers, arrays, texts, lists, tuples, named tuples and dicts of them, and stay as they
    are. Results are the same kinds of values, plain arrays and plain tuples. Units: seconds for all calls together,
    2^20 bytes beyond what Python and NumPy need. `guards` can be fewer in tests of the guards only.
    Errors: TypeError for arguments of other kinds, a fault of the exercise; whatever the function does is an Outcome.
    """
    try:
        packed = functions.pack(function, [len(arguments) for arguments in calls], argument_names)
    except functions.Refused as error:
        return Outcome("refused", [], [], str(error))
    limits = dict(seconds=float(seconds), megabytes=float(megabytes), guards=list(guards))
    request = _encoded(dict(packed, calls=[tuple(arguments) for arguments in calls], **limits))
    names = argument_names or functions.positional_names(function)
    try:
        return _run(request, function, calls, names, limits)
    except OSError as error:
        text = f"The answer could not be run ({_clean(error.strerror or str(error))}). {NOT_YOUR_FAULT}"
        return Outcome("crashed", [], [], text)


def _encoded(request: dict[str, Any]) -> bytes:
    try:
        return child.encode(request)
    except NotPlain as error:
        raise TypeError(
            f"an argument of a call is {error}, expected numbers, arrays, or lists and dicts of them"
        ) from None


def _run(request: bytes, function: Any, calls: Sequence[tuple], names: Sequence[str], limits: dict) -> Outcome:
    results: list[Any] = []
    changed: list[list[str]] = []
    with _conversation(request) as replies:
        try:
            _expect_ready(replies)
            deadline = time.monotonic() + limits["seconds"]
            for arguments in calls:
                reply = _reply(replies, deadline, function, limits)
                results.append(reply["result"])
                changed.append(changed_places(arguments, reply["arguments"], names))
        except _Trouble as trouble:
            kind, message = trouble.args
            return Outcome(kind, results, changed, message)
    return Outcome("returned", results, changed, "")


# The child


class _Replies(NamedTuple):
    process: subprocess.Popen
    frames: queue.SimpleQueue


@contextmanager
def _conversation(request: bytes) -> Iterator[_Replies]:
    """Start a child on a request and give its replies; leave nothing running and no file behind."""
    with tempfile.TemporaryDirectory(prefix="bptt-lab-", ignore_cleanup_errors=True) as folder:
        process = _start(request, folder)
        replies = _Replies(process, queue.SimpleQueue())
        reader = threading.Thread(target=_read_frames, args=(process.stdout, replies.frames), daemon=True)
        reader.start()
        try:
            yield replies
        finally:
            _end(process, folder)
            reader.join(1)
            if not reader.is_alive():  # closing a stream under its reader would wait for ever
                process.stdout.close()


def _start(request: bytes, folder: str) -> subprocess.Popen:
    """Start the child in a session of its own, in an empty folder, with the request as its standard input."""
    variables = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ} | ENVIRONMENT
    numpy_folder = str(Path(np.__file__).parent.parent)
    # -s -P -B: no packages of the user, no folder of the script, no byte code written; -E would lose PYTHONHASHSEED
    command = [sys.executable, "-s", "-P", "-B", str(CHILD), numpy_folder]
    apart = {"start_new_session": True} if os.name == "posix" else {"creationflags": subprocess.CREATE_NO_WINDOW}
    with tempfile.TemporaryFile() as inbox:
        inbox.write(request)
        inbox.seek(0)
        return subprocess.Popen(
            command, stdin=inbox, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, env=variables, **apart
        )


def _read_frames(stream: Any, frames: queue.SimpleQueue) -> None:
    """Put each message of a stream into a queue as (header, body), and None at its end or beyond its allowance."""
    room = 2 * LARGEST_MESSAGE
    with suppress(OSError, ValueError):
        while len(lengths := stream.read(FRAME.size)) == FRAME.size:
            header, body = FRAME.unpack(lengths)
            room -= FRAME.size + header + body
            if room < 0 or header > LARGEST_HEADER:
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
    for left in leftovers(process.pid, folder):
        with suppress(OSError):
            os.kill(left, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)


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


# The replies


def _next(replies: _Replies, deadline: float) -> dict[str, Any] | None:
    """Return the next reply; None if the child has gone. Errors: queue.Empty at the deadline, Garbled."""
    frame = replies.frames.get(timeout=max(0.0, deadline - time.monotonic()))
    if frame is None:
        return None
    reply = child.decode(*frame)
    if not isinstance(reply, dict):
        raise Garbled("no reply")
    return reply


def _expect_ready(replies: _Replies) -> None:
    try:
        if _next(replies, time.monotonic() + START_SECONDS) == {"kind": "ready"}:
            return
        what = "ended before it began"
    except queue.Empty:
        what = f"did not begin within {START_SECONDS:g} seconds"
    except Garbled:
        what = "could not be understood"
    raise _Trouble("crashed", f"The process that runs the answer {what}. {NOT_YOUR_FAULT}")


def _reply(replies: _Replies, deadline: float, function: Any, limits: dict) -> dict[str, Any]:
    """Return the reply to one call if the function returned. Errors: _Trouble otherwise."""
    try:
        reply = _next(replies, deadline)
        if reply is None:
            raise _Trouble("crashed", _death(replies.process))
        if reply["kind"] == "returned":
            return {"result": reply["result"], "arguments": list(reply["arguments"])}
        raise _Trouble(*_failure(reply, function, limits))
    except queue.Empty:
        text = f"The function did not return within {limits['seconds']:g} s: look for a loop that does not end."
        raise _Trouble("timed out", text) from None
    except (Garbled, LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        text = "What the function sent back cannot be read: return numbers and arrays, and print nothing else."
        raise _Trouble("crashed", text) from None


def _death(process: subprocess.Popen) -> str:
    """Return what ended a child before it replied; a child that only fell silent is killed by the way."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(0.5)
    with suppress(ValueError, TypeError):
        name = signal.Signals(-process.returncode).name
        return f"The function crashed Python itself ({name}): return a result without going past Python and NumPy."
    return "The function ended Python, or its line to the notebook, before it returned: leave out what ends a program."


def _failure(reply: dict[str, Any], function: Any, limits: dict) -> tuple[str, str]:
    """Return kind and message of a call that did not return a value that can be compared."""
    if reply["kind"] == "not plain":
        return "refused", f"The function returned {_clean(reply['text'])}, expected arrays of numbers."
    where = _where(reply["places"], function)
    if reply["kind"] == "forbidden":
        detail = f" ({_clean(reply['text'])})" if reply["text"] else ""
        return "refused", f"The function {_deed(reply['event'])}{detail}{where}: no answer needs that, leave it out."
    name, text = _clean(reply["type"]), _clean(reply["text"])
    if name in ("MemoryError", "_ArrayMemoryError"):
        much = f"needs more than {limits['megabytes']:g} MB of memory"
        return "crashed", f"The function {much}{where}: look for an array that grows or has a wrong shape."
    if name == "RecursionError":
        return "crashed", f"The function calls itself without end{where}: let it return without a call at some point."
    return "crashed", f"The function raised {name}{where}{': ' + text if text else ''}"


def _deed(event: Any) -> str:
    for start, deed in DEEDS:
        if str(event).split(".")[: start.count(".") + 1] == start.split("."):
            return deed
    return f"does what is not allowed here ({_clean(event)})"


def _where(steps: Any, function: Any) -> str:
    """Return ' in line 3, `h = W @ x`' for the last step inside the student's own code, or nothing."""
    known = functions.places(function)
    own = [(step[0], step[1]) for step in steps if (step[0], step[1]) in known]
    if not own:
        return ""
    file, line = own[-1]
    source = _clean(linecache.getline(file, line), 80)
    return f" in line {line}" + (f", `{source}`" if source else "")


def _clean(text: Any, longest: int = LONGEST_TEXT) -> str:
    """Return a text of the child's on one line, without letters that a terminal would obey, cut if long."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)[: 4 * longest]).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


# Changes in place


def changed_places(before: Sequence[Any], after: Sequence[Any], names: Sequence[str]) -> list[str]:
    """Return which arguments a call changed in place, such as `x` or `params['W11']`.

    Shapes: any. Compares type, shape and every bit, so that a NaN is equal to itself.
    """
    if len(after) != len(before):
        return ["the arguments"]
    labels = [*names[: len(before)], *(f"argument {i + 1}" for i in range(len(names), len(before)))]
    return [place for label, a, b in zip(labels, before, after, strict=True) for place in _differences(label, a, b)]


def _differences(label: str, before: Any, after: Any) -> list[str]:
    if isinstance(before, (np.ndarray, np.generic)):
        return [] if _same_numbers(before, after) else [label]
    if isinstance(before, dict):
        if not isinstance(after, dict) or list(before) != list(after):
            return [label]
        pairs = [(f"{label}[{key!r}]", before[key], after[key]) for key in before]
        return [place for pair in pairs for place in _differences(*pair)]
    if isinstance(before, (list, tuple)):
        if not isinstance(after, (list, tuple)) or len(before) != len(after):
            return [label]
        keys = [f".{field}" for field in getattr(before, "_fields", ())] or [f"[{i}]" for i in range(len(before))]
        pairs = [(label + key, a, b) for key, a, b in zip(keys, before, after, strict=True)]
        return [place for pair in pairs for place in _differences(*pair)]
    same = type(before) is type(after) and (before == after or (before != before and after != after))
    return [] if same else [label]


def _same_numbers(before: np.ndarray | np.generic, after: Any) -> bool:
    if not isinstance(after, (np.ndarray, np.generic)):
        return False
    alike = before.shape == after.shape and before.dtype == after.dtype
    return alike and before.tobytes() == after.tobytes()
