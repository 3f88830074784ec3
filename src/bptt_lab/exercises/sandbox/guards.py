"""The guards of the process in which an answer runs, put up one after the other, each of them best effort.

Resource limits (not on Windows), a filter of system calls in the kernel (Linux on x86-64 and ARM), an audit hook of
Python (everywhere). What they hold back is an accident or a prank; the notebook is safe in any case, because it takes
nothing but numbers from there.
"""

from __future__ import annotations

import contextlib
import math
import os
import struct
import sys
from collections.abc import Callable

GUARDS = ("limits", "filter", "hook")


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
    # a named tuple asks by these two for the module it is made in; no frame of this process holds what decides
    + ["sys._getframemodulename", "sys._getframe", "cpython._PySys_ClearAuditHooks"]
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
