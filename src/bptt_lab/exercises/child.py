"""The child process that runs an answer's function, and the format in which both sides speak of plain values.

`running.py` starts this file as a script: standard library and NumPy only, and nothing of a reference answer.
The guards go up one after the other, each of them best effort: resource limits (not on Windows), a filter of system
calls in the kernel (Linux on x86-64 and ARM), an audit hook of Python (everywhere). What they hold back is an
accident or a prank; the notebook is safe in any case, because it takes nothing but numbers from here.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import json
import marshal
import math
import os
import struct
import sys
import types
from collections import namedtuple
from collections.abc import Callable, Iterator
from typing import Any

if __name__ == "__main__":
    sys.path.extend(sys.argv[1:])  # where the parent has NumPy from, should that be out of sight here

import numpy as np

FRAME = struct.Struct("<QQ")  # bytes of the header, which is JSON, and of the raw numbers behind it
LARGEST_MESSAGE = 64 * 2**20  # bytes: an exercise returns some thousand numbers
LARGEST_HEADER = 4 * 2**20  # a list of numbers takes 20 times its header in memory once it is read
LARGEST_TEXT = 10_000
DEEPEST = 32
NUMBER_TYPES = frozenset(
    ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
    + ["float16", "float32", "float64", "complex64", "complex128"]
)
GUARDS = ("limits", "filter", "hook")


# The format


class NotPlain(ValueError):
    """A value that is neither numbers nor lists, tuples or dicts of them; the message names it."""


class Garbled(ValueError):
    """Bytes that are no message of this format."""


def encode(value: Any) -> bytes:
    """Return a plain value as one message: header, then raw numbers.

    Shapes: any; arrays of the types in NUMBER_TYPES, subclasses as their plain numbers. Errors: NotPlain.
    """
    body = bytearray()
    header = json.dumps(_tree(value, body)).encode()
    if len(header) > LARGEST_HEADER or len(header) + len(body) > LARGEST_MESSAGE:
        raise NotPlain(f"{(len(header) + len(body)) // 2**20} MB of values")
    return FRAME.pack(len(header), len(body)) + header + body


def _tree(value: Any, body: bytearray, depth: int = 0) -> Any:
    """Return the JSON of a value, and add the numbers of its arrays to `body`."""
    kind = type(value)  # not isinstance: an object may lie about its __class__
    if depth > DEEPEST:
        raise NotPlain(f"a value nested more than {DEEPEST} deep")
    if value is None or kind is bool:
        return value
    if issubclass(kind, np.ndarray):
        return ["array", *_numbers(np.ndarray.view(value, np.ndarray), body)]
    if issubclass(kind, np.generic):
        return ["scalar", *_numbers(np.asarray(value), body)]
    if issubclass(kind, (int, float, complex, str)):
        return _single(value, kind)
    inner = lambda items: [_tree(item, body, depth + 1) for item in items]
    if issubclass(kind, dict):
        return ["dict", [inner(pair) for pair in dict.items(value)]]
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return ["named", kind.__name__, list(kind._fields), inner(tuple.__iter__(value))]
    if issubclass(kind, (list, tuple)):
        base = list if issubclass(kind, list) else tuple
        return [base.__name__, inner(base.__iter__(value))]
    raise NotPlain(_with_article(kind.__name__))


def _with_article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _single(value: Any, kind: type) -> Any:
    if issubclass(kind, str):
        if str.__len__(value) > LARGEST_TEXT:
            raise NotPlain(f"a text of more than {LARGEST_TEXT} letters")
        return str.__str__(value)
    if issubclass(kind, complex):
        return ["complex", value.real, value.imag]
    if issubclass(kind, int) and int.bit_length(value) > 1024:
        raise NotPlain("a whole number of more than 300 digits")
    return int.__int__(value) if issubclass(kind, int) else float.__float__(value)


def _numbers(array: np.ndarray, body: bytearray) -> list:
    """Return type, shape and offset of an array, and add its numbers to `body`."""
    if array.dtype.name not in NUMBER_TYPES:
        raise NotPlain(f"an array of dtype {array.dtype.name}")
    if array.nbytes > LARGEST_MESSAGE:
        raise NotPlain(f"an array of {array.nbytes // 2**20} MB")
    start = len(body)
    body += array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return [array.dtype.name, list(array.shape), start]


def decode(header: bytes, body: bytes, named: Callable[..., tuple] | None = None) -> Any:
    """Return the plain value of a message, trusting none of its numbers.

    Shapes: arrays as sent, fresh and writable. `named(type name, fields, items)` builds a named tuple; without it
    a plain tuple stands in. Errors: Garbled.
    """
    try:
        return _value(json.loads(header), body, named)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError) as error:
        raise Garbled(str(error)) from None


def _value(tree: Any, body: bytes, named: Callable[..., tuple] | None) -> Any:
    if isinstance(tree, dict):
        raise Garbled("no value of this format")
    if not isinstance(tree, list):
        return tree
    kind, *rest = tree
    inner = lambda items: [_value(item, body, named) for item in items]
    if kind in ("array", "scalar"):
        array = _array(body, *rest)
        return array if kind == "array" else array[()]
    if kind in ("list", "tuple"):
        (items,) = rest
        return inner(items) if kind == "list" else tuple(inner(items))
    if kind == "dict":
        return dict(inner(pair) for pair in rest[0])
    if kind == "named":
        name, fields, items = rest
        return named(name, fields, inner(items)) if named else tuple(inner(items))
    if kind == "complex":
        return complex(*rest)
    raise Garbled(f"no kind of value: {kind!r}")


def _array(body: bytes, name: str, shape: list[int], start: int) -> np.ndarray:
    if name not in NUMBER_TYPES or not all(type(size) is int and size >= 0 for size in [*shape, start]):
        raise Garbled("no array of numbers")
    stored = np.dtype(name).newbyteorder("<")
    count = math.prod(shape)
    # frombuffer refuses what is longer than the message
    flat = np.frombuffer(body, stored, count, start) if count else np.empty(0, stored)
    return flat.reshape(shape).astype(np.dtype(name))  # astype: a writable copy of its own


# The guards


def limit_resources(seconds: float, megabytes: float) -> None:
    """Limit processor time, memory beyond what Python and NumPy hold now, files, processes and core dumps.

    Units: seconds, 2^20 bytes. Windows has none of these limits; macOS none of memory.
    """
    try:
        import resource
        import signal
    except ImportError:
        return
    whole = math.ceil(seconds) + 1
    wanted = {"RLIMIT_CPU": whole, "RLIMIT_FSIZE": 0, "RLIMIT_NPROC": 0, "RLIMIT_NOFILE": 16, "RLIMIT_CORE": 0}
    if used := _bytes_used():
        wanted["RLIMIT_AS"] = used + int(megabytes * 2**20)
    for name, most in wanted.items():
        with contextlib.suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (most, most))
    # ends a child that sleeps on after its notebook has gone
    signal.alarm(whole + 10)


def _bytes_used() -> int:
    """Return the address space this process uses, or 0 where it cannot be read."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


# What arithmetic, memory and the end of a process need; all else is refused, so that no file is opened, no process or
# thread started, no signal sent and no socket made, whichever way Python was talked into it.
SYSTEM_CALLS = {  # name: (x86-64, 64-bit ARM)
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "getrandom": (318, 278),
    "rseq": (334, 293),
}
MACHINES = {"x86_64": (0, 0xC000003E, 317), "aarch64": (1, 0xC00000B7, 277)}  # column, audit architecture, seccomp
ALLOW, REFUSE = 0x7FFF0000, 0x00050001  # SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO with EPERM
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
SET_NO_NEW_PRIVILEGES, SET_MODE_FILTER, ALL_THREADS = 38, 1, 1


def filter_program(machine: str) -> bytes:
    """Return the kernel's filter of system calls for a machine, in classic BPF of 8 bytes an instruction.

    Errors: KeyError for a machine whose numbers are not known.
    """
    column, architecture, _ = MACHINES[machine]
    numbers = [pair[column] for pair in SYSTEM_CALLS.values()]
    lines = [(LOAD, 0, 0, 4), (JUMP_IF_EQUAL, 0, len(numbers) + 1, architecture), (LOAD, 0, 0, 0)]
    # a match jumps over the rest and over the refusal; another architecture jumps to the refusal
    lines += [(JUMP_IF_EQUAL, len(numbers) - i, 0, number) for i, number in enumerate(numbers)]
    lines += [(RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


def filter_system_calls() -> bool:
    """Refuse, in the Linux kernel and for good, every system call but SYSTEM_CALLS; tell whether that worked."""
    machine = os.uname().machine if sys.platform == "linux" else ""
    if machine not in MACHINES or sys.maxsize < 2**32:
        return False
    import ctypes

    program = ctypes.create_string_buffer(filter_program(machine))
    described = struct.pack("@HP", (len(program) - 1) // 8, ctypes.addressof(program))
    system = ctypes.CDLL(None, use_errno=True)
    arguments = [ctypes.c_long(number) for number in (MACHINES[machine][2], SET_MODE_FILTER, ALL_THREADS)]
    system.prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return system.syscall(*arguments, described) == 0


ALLOWED_EVENTS = frozenset(
    ["builtins.id", "object.__getattr__", "object.__setattr__", "object.__delattr__", "compile", "exec"]
    + ["code.__new__", "function.__new__", "array.__new__", "marshal.loads", "time.sleep", "sys.unraisablehook"]
    + ["sys._getframemodulename", "cpython._PySys_ClearAuditHooks"]
)


def make_hook(allowed: frozenset[str] = ALLOWED_EVENTS) -> tuple[Callable, type]:
    """Return an audit hook that refuses every event but those allowed, and the error it raises.

    It uses no global name: whoever changes this module afterwards does not change the hook.
    """
    kind_of, text, depth = type, str, len

    class Forbidden(PermissionError):
        """What an exercise does not need: the event, and its first argument where that is a text."""

    def hook(event: str, arguments: tuple) -> None:
        if event not in allowed:
            first = arguments[0] if depth(arguments) and kind_of(arguments[0]) is text else ""
            raise Forbidden(event, first)

    return hook, Forbidden


def raise_guards(guards: list[str], seconds: float, megabytes: float) -> type:
    """Put up the guards that are named, in the order that lets each be put up; return the hook's error.

    Units: seconds, 2^20 bytes.
    """
    hook, forbidden = make_hook()
    if "limits" in guards:
        limit_resources(seconds, megabytes)
    if "filter" in guards:
        filter_system_calls()
    if "hook" in guards:
        sys.addaudithook(hook)
    return forbidden


# The run


def build_functions(request: dict[str, Any]) -> Callable:
    """Return the function asked for, among the names it may use: modules, parts of modules, functions beside it."""
    names: dict[str, Any] = {"__builtins__": builtins, "__name__": "answer"}
    names |= {name: importlib.import_module(module) for name, module in request["modules"].items()}
    parts = request["parts"].items()
    names |= {name: getattr(importlib.import_module(module), part) for name, (module, part) in parts}
    made = {name: _function(packed, names) for name, packed in request["functions"].items()}
    names |= made
    return _function(request["function"], names)


def _function(packed: dict[str, Any], names: dict[str, Any]) -> Callable:
    function = types.FunctionType(marshal.loads(packed["code"].tobytes()), names)
    function.__defaults__, function.__kwdefaults__ = packed["defaults"], packed["keywords"]
    return function


def prepare(modules: list[str]) -> None:
    """Load what cannot be loaded once files are out of reach, and let the matrix library do so too."""
    for module in ["numpy.ma", *modules]:  # np.median and its kind load numpy.ma when first called
        importlib.import_module(module)
    if "numpy.random" in modules:
        np.random.seed(0)  # the same answer to the same inputs
    for dtype in (np.float32, np.float64, np.complex128):
        square = np.eye(2, dtype=dtype)
        np.linalg.solve(square @ square, square)


def answers(function: Callable, calls: list[tuple], forbidden: type) -> Iterator[bytes]:
    """Yield one message a call: the result and the arguments as they are afterwards, or what went wrong."""
    for arguments in calls:
        try:
            result = function(*arguments)
            answer = encode({"kind": "returned", "result": result, "arguments": arguments_after(arguments)})
        except NotPlain as error:
            answer = encode({"kind": "not plain", "text": str(error)})
        except BaseException as error:  # SystemExit and its kind too: the answer's, not ours
            answer = encode(describe(error, forbidden))
        yield answer


def arguments_after(arguments: tuple) -> list:
    """Return the arguments as they are after a call; None for one that is no longer plain."""
    try:
        encode(arguments)
    except NotPlain:
        return [argument if _is_plain(argument) else None for argument in arguments]
    return list(arguments)


def _is_plain(value: Any) -> bool:
    try:
        encode(value)
    except NotPlain:
        return False
    return True


def describe(error: BaseException, forbidden: type) -> dict[str, Any]:
    """Return what an exception is as plain values: its kind, type, text and the places it went through."""
    try:
        text = str(error)[:500]
    except BaseException:  # the answer's own exception class may do anything
        text = ""
    if type(error) is forbidden:
        event, first = error.args
        return {"kind": "forbidden", "event": event, "text": first[:500], "places": _places(error)}
    return {"kind": "raised", "type": type(error).__name__[:80], "text": text, "places": _places(error)}


def _places(error: BaseException) -> list:
    """Return [file, line] of each step of the traceback, the last 50 of them."""
    steps, step = [], error.__traceback__
    while step is not None and len(steps) < 10_000:
        steps.append([step.tb_frame.f_code.co_filename, step.tb_lineno])
        step = step.tb_next
    return steps[-50:]


def take_over_streams() -> tuple[bytes, int]:
    """Return the request from standard input and a private way to the parent; leave the standard streams empty."""
    request = sys.stdin.buffer.read()
    way_back = os.dup(1)
    sink = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(sink, stream)
    os.close(sink)
    return request, way_back


def send(way_back: int, message: bytes) -> None:
    """Write a whole message."""
    view = memoryview(message)
    while view:
        view = view[os.write(way_back, view) :]


def main() -> None:
    """Read a request, run its calls under guard and send back what came of them."""
    message, way_back = take_over_streams()
    header, _ = FRAME.unpack_from(message)
    cut = FRAME.size + header
    named = lambda name, fields, items: namedtuple(name, fields)(*items)
    request = decode(message[FRAME.size : cut], message[cut:], named)
    prepare(request["preload"])
    function = build_functions(request)
    forbidden = raise_guards(request["guards"], request["seconds"], request["megabytes"])
    send(way_back, encode({"kind": "ready"}))
    for answer in answers(function, request["calls"], forbidden):
        send(way_back, answer)
    os._exit(0)  # what the answer left to run at exit does not run


if __name__ == "__main__":
    main()
