"""The program in which an answer runs; `running.py` starts it as a script, without the rest of the package.

It holds the answer's code, and nothing of a reference answer. Standard input brings one line a call: how its arguments
may be used, and the name of a file that holds them: `r` for reading, `w` for writing too, `t` for reading where the
file holds two sets of them, so that the answer is called with the first, the second, and the first once more. Standard
output takes one message a call back. Where processes can be forked safely (Linux), this one runs nothing of the answer:
it forks a worker for each call, which maps the arguments of that call alone, puts up its guards, builds the function
and runs it; nothing is left of it for the next. Elsewhere the program itself is the worker, of one call only.

Its arguments: the folder of NumPy, the file of the request, `forks` or `once`.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import mmap
import os
import signal
import sys
import time
from collections import namedtuple
from pathlib import Path
from typing import Any

sys.path[:] = [str(Path(__file__).parent), *sys.path, *sys.argv[1:2]]
import guards  # noqa: E402
import numpy as np  # noqa: E402
import rebuild  # noqa: E402
import wire  # noqa: E402

BUILTINS = dict(vars(builtins))
BETWEEN_DEATH_AND_ITS_NEWS = 0.2  # seconds a process may take to end after its last word


# Before the answer runs


def prepare(modules: list[str]) -> None:
    """Load what cannot be loaded once files are out of reach, and let the matrix library do so too."""
    for module in ["numpy.ma", *modules]:  # np.median and its kind load numpy.ma when first called
        importlib.import_module(module)
    for module in ("ctypes", "resource"):  # what the guards need, each call anew
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    if "numpy.random" in modules:
        np.random.seed(0)  # the same answer to the same inputs
    if "random" in modules:
        importlib.import_module("random").seed(0)
    for dtype in (np.float32, np.float64, np.complex128):
        square = np.eye(2, dtype=dtype)
        np.linalg.solve(square @ square, square)  # type: ignore[arg-type, operator]


def mapped_arguments(mode: str, name: str) -> tuple:
    """Return the arguments in a file, mapped into memory, and leave no way to the file.

    Shapes: as sent. With mode `r` or `t` the file is opened for reading only, so that the pages stay as they are
    whoever asks for them to be made writable, and lists and dicts are fixed; with `w` what the answer writes lands in
    the file.
    """
    is_fixed = mode != "w"
    number = os.open(name, (os.O_RDONLY if is_fixed else os.O_RDWR) | getattr(os, "O_BINARY", 0))
    pages = mmap.mmap(number, 0, access=mmap.ACCESS_READ if is_fixed else mmap.ACCESS_WRITE)
    os.close(number)
    with contextlib.suppress(OSError):  # Windows keeps an open file
        os.unlink(name)
    named = lambda kind, fields, items: namedtuple(kind, fields)(*items)
    return wire.views(pages, named, is_fixed)


# One call


def work(request: dict[str, Any], mode: str, name: str, way_back: int) -> None:
    """Run one call under guard and send back what came of it; nothing else may run in this process afterwards."""
    arguments = mapped_arguments(mode, name)
    for low, high in ((3, way_back), (way_back + 1, 64)):  # the parent's lines, the file of the arguments
        os.closerange(low, high)
    forbidden = guards.raise_guards(request["guards"], request["seconds"], request["megabytes"])
    send(way_back, answer(request, arguments, mode, forbidden))


def answer(request: dict[str, Any], arguments: tuple, mode: str, forbidden: type) -> bytes:
    """Return the message on one call: the result, with mode `w` the arguments afterwards, or what went wrong."""
    encode, space, own = wire.encode, vars(builtins), BUILTINS
    try:
        function = _called_as_wanted(rebuild.build(request), request["by_name"])
    except BaseException as error:  # a class, or code, that Python itself will not have
        if any(node[0] == "source" for node in request["nodes"]):
            space.update(own)
            return encode(describe(error, forbidden))
        return encode({"kind": "not built", "text": type(error).__name__})
    first, second = arguments if mode == "t" else (arguments, None)
    clock = time.monotonic
    try:
        began = clock()
        result = function(*first)
        took = clock() - began
        space.update(own)  # what the answer made of them is not what this file means
        if mode == "w":
            return encode({"kind": "returned", "arguments": arguments_after(arguments)})
        message = encode({"kind": "returned", "result": result})
    except wire.NotPlain as error:
        return encode({"kind": "not plain", "text": str(error)})
    except BaseException as error:  # SystemExit and its kind too: the answer's, not ours
        space.update(own)
        return encode(describe(error, forbidden))
    if mode != "t" or took > request["leisure"]:
        return message
    again = _called_again(function, second, encode, space, own)
    last = _called_again(function, first, encode, space, own)
    if last != message:
        return encode({"kind": "unsteady"})
    return encode({"kind": "returned", "result": _plain_result(message), "again": _plain_result(again)})


def _called_as_wanted(function: Any, by_name: list[str]) -> Any:
    """Return a function that takes its arguments by position, whether the answer does or not."""
    if not by_name:
        return function
    return lambda *arguments: function(**dict(zip(by_name, arguments, strict=True)))


def _called_again(function: Any, arguments: tuple, encode: Any, space: dict, own: dict) -> bytes:
    """Return the message on a later call in this process; an empty one if it raises or returns nothing plain."""
    try:
        result = function(*arguments)
        space.update(own)
        return encode({"kind": "returned", "result": result})
    except BaseException:  # as above
        space.update(own)
        return b""


def _plain_result(message: bytes) -> Any:
    """Return the result in a message as it was when the message was written; None for an empty message."""
    if not message:
        return None
    header, _ = wire.FRAME.unpack_from(message)
    cut = wire.FRAME.size + header
    return wire.decode(message[wire.FRAME.size : cut], message[cut:])["result"]


def arguments_after(arguments: tuple) -> list:
    """Return the arguments as they are after a call; None for one that is no longer plain."""
    return [argument if _is_plain(argument) else None for argument in arguments]


def _is_plain(value: Any) -> bool:
    try:
        wire.encode(value)
    except wire.NotPlain:
        return False
    return True


def describe(error: BaseException, forbidden: type) -> dict[str, Any]:
    """Return what an exception is as plain values: its kind, type, text and the places it went through."""
    try:
        text = str.__str__(str(error))[:500]
    except BaseException:  # the answer's own exception class may do anything
        text = ""
    places = _places(error)
    if type(error) is forbidden:
        event, first = error.args
        return {"kind": "forbidden", "event": event, "text": first[:500], "places": places}
    name = type.__dict__["__name__"].__get__(type(error))
    shapes = _shapes(error) if text.startswith("matmul: ") else []
    return {"kind": "raised", "type": name[:80], "text": text, "places": places, "shapes": shapes}


def _shapes(error: BaseException) -> list:
    """Return [name, shape] of the arrays and numbers where an exception was raised, the first 100 of them."""
    step = BaseException.__traceback__.__get__(error)  # type: ignore[union-attr]
    while step.tb_next is not None:
        step = step.tb_next
    try:
        own = step.tb_frame.f_locals
        arrays = [[name, list(value.shape)] for name, value in own.items() if type(value) is np.ndarray]
        numbers = [[name, []] for name, value in own.items() if type(value) in (int, float)]
        return (arrays + numbers)[:100]
    except BaseException:  # whatever the answer made of its names
        return []


def _places(error: BaseException) -> list:
    """Return [file, line] of each step of the traceback, the last 50 of them."""
    steps, step = [], BaseException.__traceback__.__get__(error)  # type: ignore[union-attr]
    while step is not None and len(steps) < 10_000:
        steps.append([step.tb_frame.f_code.co_filename[:500], step.tb_lineno])
        step = step.tb_next
    return steps[-50:]


def send(way_back: int, message: bytes) -> None:
    """Write a whole message."""
    view = memoryview(message)
    while view:
        view = view[os.write(way_back, view) :]


# All calls


def fork_and_work(request: dict[str, Any], mode: str, name: str) -> bytes:
    """Return the one message of a worker forked for one call; nothing else of what it writes is read."""
    inlet, outlet = os.pipe()
    worker = os.fork()
    if not worker:
        try:
            work(request, mode, name, outlet)
        finally:
            os._exit(0)  # what the answer left to run at exit does not run
    os.close(outlet)
    message = receive(inlet)
    os.close(inlet)
    how = end(worker, is_heard=bool(message), must_be_gone=mode == "w")
    bury_the_dead()
    return message or wire.encode({"kind": "died", "signal": how})


def receive(inlet: int) -> bytes:
    """Return the first message on a stream, or nothing if the stream ends before it is whole.

    A message that is announced too large becomes one that nobody can read.
    """
    frame = _read(inlet, wire.FRAME.size)
    if len(frame) < wire.FRAME.size:
        return b""
    header, body = wire.FRAME.unpack(frame)
    if header > wire.LARGEST_HEADER or header + body > wire.LARGEST_MESSAGE:
        return wire.FRAME.pack(0, 0)
    rest = _read(inlet, header + body)
    return frame + rest if len(rest) == header + body else b""


def _read(inlet: int, count: int) -> bytes:
    """Return a number of bytes of a stream, or fewer at its end."""
    found = bytearray()
    while len(found) < count:
        part = os.read(inlet, min(2**20, count - len(found)))
        if not part:
            break
        found += part
    return bytes(found)


def end(worker: int, is_heard: bool, must_be_gone: bool) -> int:
    """Return the signal that ended a worker, 0 if none did; one that is heard, or lives on in silence, is killed.

    With `must_be_gone` it has stopped writing when this returns; otherwise it is waited for later.
    """
    deadline = time.monotonic() + BETWEEN_DEATH_AND_ITS_NEWS
    while not is_heard and time.monotonic() < deadline:
        found, status = os.waitpid(worker, os.WNOHANG)
        if found:
            return status & 0x7F
        time.sleep(0.002)
    os.kill(worker, signal.SIGKILL)
    if must_be_gone:
        os.waitpid(worker, 0)
    return 0


def bury_the_dead() -> None:
    """Take note of the workers that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def serve(request: dict[str, Any], forks: bool, commands: int, way_back: int) -> None:
    """Answer each line of `commands` by one message, until they end."""
    with os.fdopen(commands, "r", encoding="ascii", closefd=False) as lines:
        for line in iter(lines.readline, ""):
            mode, name = line.split()
            if not forks:
                try:
                    work(request, mode, name, way_back)
                finally:
                    os._exit(0)
            send(way_back, fork_and_work(request, mode, name))


def take_over_streams() -> tuple[int, int]:
    """Return private ways from and to the parent; leave the standard streams empty."""
    commands, way_back = os.dup(0), os.dup(1)
    sink = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(sink, stream)
    os.close(sink)
    return commands, way_back


def main() -> None:
    """Read a request, say that all is ready, and run its calls."""
    commands, way_back = take_over_streams()
    message = Path(sys.argv[2]).read_bytes()
    header, _ = wire.FRAME.unpack_from(message)
    cut = wire.FRAME.size + header
    named = lambda name, fields, items: namedtuple(name, fields)(*items)
    request = wire.decode(message[wire.FRAME.size : cut], message[cut:], named)
    prepare(request["preload"])
    gc.freeze()  # a worker that collects garbage would copy every page it shares
    send(way_back, wire.encode({"kind": "ready"}))
    serve(request, sys.argv[3] == "forks", commands, way_back)


if __name__ == "__main__":
    main()
