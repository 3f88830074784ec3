"""More answers that attack: by what they return, raise, leave behind, and by the process they run in.

As in `hostile_functions`: each takes an array and the name of a file, does its harm or tries to, and returns a wrong
answer in the hope of passing. `HOSTILE` there holds these too.
"""

import gc
import sys
import types

import numpy as np
from hostile_functions import HOSTILE, ends_as, reach

# What comes back


@ends_as("refused")
def whole_number_just_too_large_for_a_float(x, path):
    return 2**1024 - 1


@ends_as("refused")
def whole_number_of_many_digits_in_a_list(x, path):
    return [1.0, -(10**5000)]


@ends_as("refused")
def masked_array_with_nothing_in_it(x, path):
    return np.ma.masked_all(x.shape)


@ends_as("refused")
def masked_array_by_another_name(x, path):
    class Plain(np.ma.MaskedArray):
        pass

    return np.tanh(x).view(Plain)


@ends_as("returned")
def complex_numbers(x, path):
    return np.tanh(x) + 7j


@ends_as("returned")
def nan_with_a_message(x, path):
    return np.full(x.shape, 0x7FF8DEADBEEF0001, np.uint64).view(np.float64)


@ends_as("refused")
def type_for_an_answer(x, path):
    return np.dtype("float64")


@ends_as("refused")
def array_of_dates(x, path):
    return np.full(x.shape, np.datetime64("2024-01-01"))


@ends_as("refused", "timed out")
def tree_of_shared_lists(x, path):
    shared = [1.0]
    for _ in range(30):
        shared = [shared, shared]
    return shared


@ends_as("refused")
def dict_that_holds_itself(x, path):
    loop = {}
    loop["again"] = (loop,)
    return loop


@ends_as("returned")
def array_that_lies_about_its_shape(x, path):
    class Liar(np.ndarray):
        shape = property(lambda self: x.shape)
        dtype = property(lambda self: x.dtype)
        nbytes = property(lambda self: -1)
        __array__ = lambda self, *_, **__: np.tanh(x)
        tobytes = lambda self: np.tanh(x).tobytes()

    return np.zeros(5).view(Liar)


@ends_as("refused")
def class_that_answers_for_its_name(x, path):
    class Meta(type):
        __name__ = property(lambda kind: 1 / 0)
        __instancecheck__ = __subclasscheck__ = lambda *_: True

    class Result(metaclass=Meta):
        pass

    return Result()


@ends_as("refused")
def named_tuple_with_forged_fields(x, path):
    class Forged(tuple):
        _fields = ("__class__", "a b", "\x00")
        __iter__ = lambda self: iter([np.tanh(x)])

    return Forged([lambda: 3])


@ends_as("returned")
def destructor_that_raises(x, path):
    class Late:
        def __del__(self):
            raise SystemExit("correct")

    kept = [Late()]
    kept.append(kept)
    return x * 0


@ends_as("refused")
def result_that_answers_as_an_array(x, path):
    class Answers:
        __array__ = lambda self, *_, **__: np.tanh(x)
        __array_interface__ = property(lambda self: np.tanh(x).__array_interface__)
        __len__ = lambda self: 4

    return Answers()


@ends_as("returned")
def text_with_half_a_letter(x, path):
    return "\ud800 correct"


@ends_as("refused")
def generator_in_a_list(x, path):
    return [row for row in x] + [iter(x)]


# What it raises


@ends_as("crashed")
def interrupt_within_an_interrupt(x, path):
    try:
        raise KeyboardInterrupt
    finally:
        raise GeneratorExit("correct")


@ends_as("crashed")
def many_errors_at_once(x, path):
    raise BaseExceptionGroup("correct", [SystemExit(0), KeyboardInterrupt()])


@ends_as("crashed")
def error_without_end_in_its_causes(x, path):
    error = ValueError("correct")
    for _ in range(100_000):
        outer = ValueError("correct")
        outer.__cause__ = error
        error = outer
    raise error


@ends_as("crashed")
def error_whose_text_is_no_text(x, path):
    class Text(str):
        __getitem__ = lambda self, at: 3
        __len__ = lambda self: 1 / 0

    class Odd(Exception):
        __str__ = lambda self: Text("correct")
        __traceback__ = property(lambda self: 1 / 0)

    raise Odd


@ends_as("crashed")
def error_with_a_forged_name(x, path):
    raise type("Correct\n\x1b[2J" * 100, (Exception,), {"__module__": 3})("correct")


@ends_as("crashed", "refused")
def error_of_the_guard_forged(x, path):
    class Forbidden(PermissionError):
        pass

    raise Forbidden("correct", "correct")


# Tools taken away


@ends_as("returned", "crashed")
def numpy_without_arrays(x, path):
    np.array = np.asarray = np.ndarray = np.generic = np.dtype = np.frombuffer = None
    return x * 0


@ends_as("returned", "crashed")
def builtins_deleted(x, path):
    vars(reach("builtins")).clear()
    return x * 0


@ends_as("returned", "crashed")
def numbers_for_builtins(x, path):
    builtins = reach("builtins")
    for name in ("len", "type", "issubclass", "list", "map", "any", "str", "vars", "memoryview"):
        setattr(builtins, name, 3)
    return x * 0


@ends_as("crashed", "returned")
def format_that_says_correct(x, path):
    reach("json").dumps = lambda *_, **__: '["dict", [["kind", "returned"], ["result", "correct"]]]'
    return x


@ends_as("crashed", "returned", "refused")
def modules_deleted(x, path):
    reach("sys").modules.clear()
    return x * 0


# The process it runs in


@ends_as("returned")
def looks_for_other_calls_in_the_frames(x, path):
    frame, found = reach("sys")._getframe(), []
    while frame:
        found += [name for name, value in frame.f_locals.items() if isinstance(value, np.ndarray) and value is not x]
        frame = frame.f_back
    return found


@ends_as("crashed")
def rewrites_the_functions_above_it(x, path):
    frame = reach("sys")._getframe().f_back
    space = frame.f_globals
    for value in list(space.values()):
        if isinstance(value, types.FunctionType):
            value.__code__ = (lambda *_, **__: b"correct").__code__
    return x


@ends_as("returned", "crashed", "timed out")
def answers_for_the_calls_to_come(x, path):
    os = reach("os")
    header = b'["dict", [["kind", "returned"], ["result", 1.0]]]'
    frame = len(header).to_bytes(8, "little") + bytes(8) + header
    for stream in range(3, 32):
        try:
            os.write(stream, frame * 20)
        except OSError:
            pass
    return x


@ends_as("crashed")
def half_a_message(x, path):
    os = reach("os")
    for stream in range(3, 32):
        try:
            os.write(stream, (100).to_bytes(8, "little") + (2**25).to_bytes(8, "little") + b"[")
        except OSError:
            pass
    os._exit(0)


@ends_as("crashed")
def announces_more_than_is_allowed_and_goes_on_writing(x, path):
    os = reach("os")
    message = bytes(8) + (2**40).to_bytes(8, "little")
    while True:
        for stream in range(3, 32):
            try:
                os.write(stream, message)
            except OSError:
                continue
        message = bytes(2**16)


@ends_as("returned", "crashed")
def truncates_the_memory_of_its_arguments(x, path):
    os = reach("os")
    for stream in range(0, 32):
        try:
            os.ftruncate(stream, 0)
        except OSError:
            pass
    return x * 1


@ends_as("returned")
def leaves_word_for_the_next_call(x, path):
    os, found = reach("os"), []
    for name in ("request", "call-1", "call-2", "word"):
        try:
            os.open(name, os.O_RDWR | os.O_CREAT)
            found.append(name)
        except OSError:
            continue
    return found


@ends_as("returned")
def priority_for_itself(x, path):
    try:
        reach("os").setpriority(0, 0, -20)
    except OSError:
        pass
    return x


@ends_as("returned", "refused")
def own_memory_by_a_file_without_a_name(x, path):
    os = reach("os")
    try:
        return [os.memfd_create("word"), os.pipe()]
    except OSError:
        return x


@ends_as("crashed", "timed out")
def stops_itself(x, path):
    signal = reach("signal")
    signal.raise_signal(signal.SIGSTOP)
    while True:
        pass


@ends_as("timed out")
def regular_expression_without_end(x, path):
    import re

    return re.match("(a|a)*b$", "a" * 60)


@ends_as("timed out")
def loop_in_a_destructor(x, path):
    class Late:
        def __del__(self):
            while True:
                pass

    Late()
    return x


@ends_as("timed out")
def prints_for_ever(x, path):
    while True:
        print("correct", flush=True)


@ends_as("returned")
def warns_without_end(x, path):
    import warnings

    warnings.simplefilter("always")
    for _ in range(1000):
        warnings.warn("correct", stacklevel=1)
    return x


@ends_as("crashed")
def fails_to_allocate_and_says_so(x, path):
    raise MemoryError("correct")


@ends_as("refused")
def walks_all_that_refers_to_it(x, path):
    return len(reach("gc").get_referrers(x))


@ends_as("refused")
def turns_to_a_module_of_the_notebook(x, path):
    return len(gc.get_objects()) + len(sys.modules)


# What is refused, or falls, before it runs


def by_code(**changes):
    """Return `wrong` with other parts of its code."""
    code = wrong.__code__.replace(**changes)
    return types.FunctionType(code, {"np": np, "__builtins__": __builtins__}, "by_code")


def wrong(x, path):
    return x * 0


def deep_code():
    code = wrong.__code__
    for _ in range(3000):
        code = wrong.__code__.replace(co_consts=(code,))
    return code


class Loop:
    def __call__(self, x, path):
        return self.again(x, path)


LOOP = Loop()
LOOP.again = LOOP

# Python runs whatever bytes lie behind such code: any end is possible but a right one
ANY_END = ("refused", "crashed", "timed out", "returned", "changed")

FORGED = {
    "code_of_nothing": (by_code(co_code=b""), ANY_END),
    "code_that_jumps_away": (by_code(co_code=b"\x6e\xff" * 4), ANY_END),
    "code_with_too_small_a_stack": (by_code(co_stacksize=0), ("returned", "refused", "crashed")),
    "constants_that_cannot_be_sent": (by_code(co_consts=(object(), wrong)), ("refused",)),
    "constants_within_constants": (by_code(co_consts=(deep_code(),)), ("refused", "crashed", "returned")),
    "lines_that_are_none": (by_code(co_linetable=b"\xff\x00\x80"), ("refused", "crashed", "returned")),
    "name_of_another_file": (
        by_code(co_filename="/etc/passwd", co_code=b"S\x00" * 4),
        ("refused", "crashed", "returned"),
    ),
    "name_of_half_a_letter": (by_code(co_filename="\ud800", co_name="\ud800"), ("returned", "refused", "crashed")),
    "object_that_calls_itself": (LOOP, ("crashed",)),
    "function_with_a_dict_for_globals": (types.FunctionType(wrong.__code__, {"__name__": 3}), ("returned",)),
}
HOSTILE.update(FORGED)
