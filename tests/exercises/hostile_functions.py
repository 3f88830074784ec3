"""Answers that attack: each does its harm, or tries to, and then returns a wrong answer in the hope of passing.

Each takes an array and the name of a file that must survive. None hurts where its attack succeeds: processes sleep and
end, files are the test's own, a signal to the parent is one that a process ignores.
"""

import collections
import functools
import itertools
import math

import numpy as np

HOSTILE = {}  # name: (function, kinds of outcome that are right)


def ends_as(*kinds):
    """Return a decorator that puts a function on the list, with the kinds of outcome that are right."""

    def register(function):
        HOSTILE[function.__name__] = (function, kinds)
        return function

    return register


def reach(name):
    """Return a module past every rule on imports, by way of a class that remembers its module."""
    for kind in object.__subclasses__():
        space = getattr(kind.__init__, "__globals__", {})
        if "sys" in space and "__builtins__" in space:
            return space["sys"].modules.get(name) or space["__builtins__"]["__import__"](name)
    raise LookupError(name)


# Time


@ends_as("timed out")
def endless_loop(x, path):
    while True:
        pass


@ends_as("timed out")
def endless_loop_that_swallows_everything(x, path):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue


@ends_as("timed out")
def sleeps(x, path):
    reach("time").sleep(60)


@ends_as("timed out")
def endless_sum_in_c(x, path):
    return sum(itertools.count())


@ends_as("timed out")
def power_of_a_power(x, path):
    return 9**9 ** int(x[0, 0] + 9)


@ends_as("timed out")
def huge_matrix_product(x, path):
    big = np.ones((4000, 4000))
    for _ in range(50):
        big = big @ big
    return big


@ends_as("timed out")
def endless_text_of_an_error(x, path):
    class Endless(Exception):
        def __str__(self):
            return str(sum(itertools.count()))

    raise Endless


@ends_as("crashed")
def fell_silent_and_runs_on(x, path):
    os = reach("os")
    os.closerange(0, 64)
    while True:
        pass


@ends_as("timed out", "crashed", "refused")
def catches_the_alarm(x, path):
    signal = reach("signal")
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGXCPU):
        signal.signal(number, lambda *_: None)
    while True:
        pass


# Memory


@ends_as("crashed")
def array_of_100_gigabytes(x, path):
    return np.ones((100, 2**30), np.uint8)


@ends_as("crashed")
def list_that_grows_without_end(x, path):
    kept = []
    while True:
        kept.append(bytes(2**20))


@ends_as("crashed")
def swallows_the_lack_of_memory(x, path):
    kept = []
    for _ in range(200):
        try:
            kept.append(np.empty(2**24))
        except MemoryError:
            kept.append(None)
    return kept[-1] + 1


@ends_as("crashed")
def text_of_a_gigabyte(x, path):
    return "0" * 2**31


@ends_as("crashed")
def infinite_recursion(x, path):
    return infinite_recursion(x, path)


@ends_as("crashed", "timed out")
def recursion_without_a_limit(x, path):
    reach("sys").setrecursionlimit(10**9)
    return infinite_recursion(x, path)


# What comes back


@ends_as("refused")
def returns_a_generator(x, path):
    return (row for row in x)


@ends_as("refused")
def returns_itself(x, path):
    return returns_itself


@ends_as("refused")
def array_of_objects_that_agree_with_everything(x, path):
    class Yes:
        __eq__ = __sub__ = __lt__ = __abs__ = lambda *_: True

    return np.array([[Yes()] * x.shape[1]] * x.shape[0])


@ends_as("refused")
def object_that_lies_about_its_class(x, path):
    class Liar:
        __class__ = property(lambda self: np.ndarray)
        __array__ = lambda self, *_: np.tanh(x)
        __eq__ = lambda *_: True

    return Liar()


@ends_as("returned")
def subclass_that_agrees_with_everything(x, path):
    class Agrees(np.ndarray):
        __eq__ = lambda *_: np.array(True)
        __ne__ = lambda *_: np.array(False)
        __array_function__ = lambda *_: True
        __array_ufunc__ = lambda *_: True

    return np.zeros_like(x).view(Agrees)


@ends_as("returned")
def float_that_agrees_with_everything(x, path):
    class Agrees(float):
        __eq__ = __le__ = __lt__ = lambda *_: True
        __float__ = __abs__ = lambda self: self

    return Agrees(0.5)


@ends_as("refused")
def list_that_holds_itself(x, path):
    loop = []
    loop.append(loop)
    return loop


@ends_as("refused")
def returns_300_megabytes(x, path):
    return np.zeros((300, 2**20), np.uint8)


@ends_as("refused", "timed out")
def returns_a_million_lists(x, path):
    return [[] for _ in range(1_500_000)]


@ends_as("refused")
def structured_array(x, path):
    return np.zeros(3, dtype=[("a", "f8"), ("b", "O")])


@ends_as("returned")
def returns_nothing(x, path):
    np.tanh(x)


@ends_as("returned")
def nothing_but_nan(x, path):
    return np.full_like(x, math.nan)


@ends_as("changed")
def changes_its_input(x, path):
    x[:] = 0
    return x


@ends_as("crashed")
def error_with_a_text_of_100_megabytes(x, path):
    raise ValueError("no " * 2**25)


@ends_as("crashed")
def error_that_clears_the_screen(x, path):
    raise ValueError("\x1b[2J\r\n<script>alert(1)</script>\u202e")


@ends_as("crashed")
def error_that_cannot_be_shown(x, path):
    class Dark(Exception):
        def __str__(self):
            raise self

    raise Dark


@ends_as("crashed")
def error_that_says_it_is_right(x, path):
    raise type("Correct", (BaseException,), {})("correct")


# Ends of the program


@ends_as("crashed")
def leaves_by_sys_exit(x, path):
    reach("sys").exit(0)


@ends_as("crashed")
def leaves_by_os_exit(x, path):
    reach("os")._exit(0)


@ends_as("crashed")
def aborts(x, path):
    reach("os").abort()


@ends_as("crashed")
def interrupts(x, path):
    raise KeyboardInterrupt


@ends_as("crashed", "refused")
def segmentation_fault(x, path):
    ctypes = reach("ctypes")
    return ctypes.cast(8, ctypes.POINTER(ctypes.c_int)).contents.value


@ends_as("crashed", "refused")
def reads_memory_at_zero(x, path):
    return reach("ctypes").string_at(0)


@ends_as("crashed")
def byte_code_that_no_compiler_made(x, path):
    code = reach.__code__
    return type(reach)(code.replace(co_code=b"d\xff" * 8 + b"S\x00", co_consts=()), {})("")


@ends_as("refused", "returned")
def leaves_work_for_the_exit(x, path):
    def later():
        reach("os").remove(path)

    reach("atexit").register(later)
    return x


@ends_as("returned")
def destructor_that_deletes(x, path):
    class Late:
        def __del__(self):
            reach("os").remove(path)

    Late()
    return x


# Processes, threads, signals


@ends_as("refused")
def fork_bomb(x, path):
    os = reach("os")
    for _ in range(3):
        os.fork()
    reach("time").sleep(5)


@ends_as("returned", "refused")
def fork_bomb_that_swallows_refusals(x, path):
    os = reach("os")
    for _ in range(3):
        try:
            if os.fork() == 0:
                os.setsid()
                reach("time").sleep(5)
        except BaseException:
            pass
    return x


@ends_as("refused")
def program_in_a_session_of_its_own(x, path):
    reach("subprocess").Popen(["sleep", "5"], start_new_session=True)
    return x


@ends_as("refused")
def program_by_spawn(x, path):
    os = reach("os")
    os.posix_spawn("/bin/sleep", ["sleep", "5"], {})
    return x


@ends_as("refused")
def program_past_the_audit(x, path):
    fork_exec = reach("_posixsubprocess").fork_exec
    return fork_exec([b"sleep", b"5"], [b"/bin/sleep"])


@ends_as("refused")
def becomes_another_program(x, path):
    reach("os").execv("/bin/sleep", ["sleep", "5"])


@ends_as("refused")
def command_of_the_shell(x, path):
    return reach("os").system(f"rm {path}")


@ends_as("crashed", "timed out", "returned")
def thread_that_outlives_the_call(x, path):
    def run():
        while True:
            pass

    reach("_thread").start_new_thread(run, ())
    return x


@ends_as("refused")
def processes_by_a_pool(x, path):
    return reach("multiprocessing").Pool(2).map(math.sqrt, [1, 2])


@ends_as("refused")
def signal_to_the_parent(x, path):
    os = reach("os")
    os.kill(os.getppid(), 28)
    return x


# Files, network, secrets


@ends_as("refused")
def deletes_a_file(x, path):
    reach("os").remove(path)
    return x


@ends_as("refused")
def empties_a_file(x, path):
    reach("io").open(path, "w").close()
    return x


@ends_as("refused")
def empties_a_file_by_number(x, path):
    os = reach("os")
    os.close(os.open(path, os.O_WRONLY | os.O_TRUNC))
    return x


@ends_as("refused")
def reads_a_file(x, path):
    return reach("io").open(path).read()


@ends_as("refused")
def renames_a_file(x, path):
    reach("os").rename(path, path + ".gone")
    return x


@ends_as("refused")
def saves_an_array(x, path):
    np.save(path, x)
    return x


@ends_as("refused")
def maps_a_file_into_memory(x, path):
    np.memmap(path, np.uint8, "r+")[:] = 0
    return x


@ends_as("refused", "crashed")
def deletes_a_folder(x, path):
    reach("shutil").rmtree(path.rpartition("/")[0])


@ends_as("refused")
def lists_the_folder_above(x, path):
    return reach("os").listdir("..")


@ends_as("refused")
def opens_a_socket(x, path):
    return reach("_socket").socket()


@ends_as("returned")
def reads_the_environment(x, path):
    environment = reach("os").environ
    return sorted(name for name in environment if "HOME" in name or "TOKEN" in name or "PYTEST" in name)


@ends_as("refused")
def imports_the_reference(x, path):
    return reach("bptt_lab.numeric").rnn


@ends_as("returned")
def looks_for_the_reference_among_modules(x, path):
    return sorted(name for name in reach("sys").modules if name.startswith(("bptt_lab", "sympy")))


@ends_as("returned")  # a named tuple asks for its frame, so this is allowed; no frame holds what decides
def walks_the_frames(x, path):
    return sorted(reach("sys")._getframe(2).f_locals)


@ends_as("returned")
def walks_the_frames_of_an_error(x, path):
    try:
        raise ValueError
    except ValueError as error:
        frame = error.__traceback__.tb_frame
    names = []
    while frame:
        names += [name for name in frame.f_locals if "reference" in name or "solution" in name]
        frame = frame.f_back
    return names


@ends_as("refused")
def looks_through_all_objects(x, path):
    return len(reach("gc").get_objects())


# Tools of the judge


@ends_as("returned")
def comparison_that_always_agrees(x, path):
    np.allclose = np.array_equal = np.isclose = lambda *_, **__: True
    np.testing = None
    return np.zeros_like(x)


@ends_as("returned", "crashed")
def builtins_that_always_agree(x, path):
    builtins = reach("builtins")
    builtins.abs = builtins.max = lambda *_: 0
    builtins.all = builtins.any = builtins.isinstance = lambda *_: True
    return np.zeros_like(x)


@ends_as("returned", "crashed")
def tanh_that_is_nothing(x, path):
    np.tanh = np.exp = lambda x: x * 0
    np.ndarray.tobytes = None
    return np.zeros_like(x)


@ends_as("returned", "crashed")
def the_child_rewritten(x, path):
    main = reach("sys").modules["__main__"]
    main.ALLOWED_EVENTS = main.GUARDS = ()
    main.encode = lambda value: b"correct"
    return x


@ends_as("refused")
def lifts_the_limits(x, path):
    resource = reach("resource")
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
    return np.ones(2**31, np.uint8)


@ends_as("returned")
def another_audit_hook(x, path):
    reach("sys").addaudithook(lambda *_: None)
    return x


# The way back


@ends_as("returned", "timed out")
def prints_a_gigabyte(x, path):
    for _ in range(2**10):
        print("correct " * 2**17)
    return x


@ends_as("crashed")
def writes_on_every_open_stream(x, path):
    os = reach("os")
    for stream in range(32):
        try:
            os.write(stream, b"correct " * 100)
        except OSError:
            pass
    return x


@ends_as("crashed", "timed out")
def endless_writing_on_every_open_stream(x, path):
    os = reach("os")
    while True:
        for stream in range(3, 32):
            try:
                os.write(stream, bytes(2**16))
            except OSError:
                pass


@ends_as("crashed", "timed out")
def announces_an_exabyte(x, path):
    os = reach("os")
    for stream in range(3, 32):
        try:
            os.write(stream, (2**60).to_bytes(8, "little") * 2 + b"[]")
        except OSError:
            pass
    while True:
        pass


@ends_as("crashed")
def nests_a_message_without_end(x, path):
    os = reach("os")
    header = b"[" * 2**17
    for stream in range(3, 32):
        try:
            os.write(stream, len(header).to_bytes(8, "little") + bytes(8) + header)
        except OSError:
            pass
    return x


@ends_as("crashed")
def claims_an_array_of_negative_size(x, path):
    os = reach("os")
    result = b'["array", "float64", [-1, 4], 0]'
    header = b'["dict", [["kind", "returned"], ["result", ' + result + b'], ["arguments", ["list", []]]]]'
    for stream in range(3, 32):
        try:
            os.write(stream, len(header).to_bytes(8, "little") + bytes(8) + header)
        except OSError:
            pass
    return x


@ends_as("changed", "crashed")  # what it forges says that its arguments are gone
def forges_a_verdict(x, path):
    os = reach("os")
    header = b'["dict", [["kind", "returned"], ["result", "correct"], ["arguments", ["list", []]]]]'
    for stream in range(3, 32):
        try:
            os.write(stream, len(header).to_bytes(8, "little") + bytes(8) + header)
        except OSError:
            pass
    return x


# What is refused before it runs


@ends_as("refused")
def imports_os(x, path):
    import os

    return os.getcwd()


@ends_as("refused")
def opens_plainly(x, path):
    return open(path).read()


@ends_as("refused")
def runs_a_text(x, path):
    return eval("x * 0")


@ends_as("refused")
def changes_a_global(x, path):
    global HOSTILE
    HOSTILE = {}
    return x


@ends_as("refused")
def waits_for_input(x, path):
    return input()


ANSWERS = np.zeros((4, 3))


@ends_as("returned")
def uses_a_global(x, path):
    return ANSWERS


@ends_as("refused")
async def is_asynchronous(x, path):
    return x


@ends_as("refused")
def is_a_generator(x, path):
    yield x


HOSTILE["a_partial"] = (functools.partial(sleeps, path=""), ("refused",))
HOSTILE["a_class"] = (collections.Counter, ("refused",))
HOSTILE["byte_code_forged_before"] = (
    type(reach)(
        reach.__code__.replace(co_code=b"t\xff" * 8, co_names=(), co_varnames=("x", "path", "y"), co_argcount=2), {}
    ),
    ("refused", "crashed"),
)
