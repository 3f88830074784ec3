"""What a student's function needs in order to run outside its notebook; or why it cannot, in the student's terms.

Nothing of the function is run here: its code is read as data. An answer is a function, or what stands for one: with a
decorator, a partial, a method, an object that can be called. It may use its arguments, Python's builtins, the modules
of `sandbox.allowed` under any alias, and whatever of the notebook, or of a file of the student's, can travel along:
functions, classes and objects that keep to the same rule, numbers, arrays, and lists and dicts of these. Every other
name is refused by name. `sandbox.packing` does the packing.
"""

from __future__ import annotations

import functools
import inspect
import marshal
import math
import types
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.exercises.sandbox.allowed import Refused, is_own_class, static
from bptt_lab.exercises.sandbox.packing import CACHE, Bundle, code_objects
from bptt_lab.exercises.sandbox.written import Written

__all__ = ["Refused", "Takes", "check_count", "check_is_function", "code_objects", "needed_names", "pack", "places"]
__all__ += ["positional_names", "takes"]
NOT_RUN_AT_ONCE = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
DEEPEST = 50


def pack(function: Any, counts: Sequence[int], argument_names: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the code of a function and of all it needs as plain values, ready for `rebuild.build`.

    `counts` are the numbers of arguments of the calls to come, `argument_names` what the exercise calls them.
    Errors: Refused.
    """
    try:
        check_is_function(function)
        for count in counts:
            check_count(function, count, argument_names)
        return _pack(function)
    except (Refused, KeyboardInterrupt):
        raise
    except BaseException as error:  # byte code that no compiler made, a class that answers for itself
        name = type(error).__name__
        raise Refused(f"Its code cannot be read ({name}): define it with `def` in a cell.") from None


def _pack(function: Any) -> dict[str, Any]:
    if type(function) is Written:
        return _pack_written(function)
    bundle = Bundle()
    number = bundle.add(function, f"`{_name_of(function)}`")
    bundle.finish()
    preload = sorted({node[1] for node in bundle.nodes if node and node[0] in ("module", "part")} - {"builtins"})
    preload += [name for name in bundle.modules_read() if name not in preload]
    preload += ["dataclasses"] if any(node and node[0] == "data_class" for node in bundle.nodes) else []
    return dict(function=number, nodes=bundle.nodes, spaces=bundle.spaces, imports=bundle.imports, preload=preload)


def _pack_written(answer: Written) -> dict[str, Any]:
    """Return the code of a text, which the child runs under its guards before it calls what the text defines."""
    node = ["source", np.frombuffer(marshal.dumps(answer.module), np.uint8), answer.name, answer.given]
    return dict(function=0, nodes=[node], spaces=[{}], imports={}, preload=list(answer.preload))


def places(function: Any) -> dict[tuple[str, int], types.CodeType]:
    """Return the code at each (file, line) of a function and of the student's functions it uses.

    Errors: none; nothing is known of a function that cannot be packed.
    """
    try:
        codes = function.codes if type(function) is Written else _codes_of(function)
        return {(code.co_filename, line): code for code in codes for _, _, line in code.co_lines() if line}
    except KeyboardInterrupt:
        raise
    except BaseException:  # as in `pack`
        return {}


def _codes_of(function: Any) -> list[types.CodeType]:
    bundle = Bundle()
    bundle.add(function, "it")
    bundle.finish()
    return bundle.codes


# What is called


def check_is_function(function: Any) -> None:
    """Refuse whatever is nothing that computes its result when it is called.

    Errors: Refused.
    """
    innermost = _innermost(function)
    if innermost is None:
        raise Refused(f"The answer is {_what_it_is(function)}, expected a function: {_mend(function)}.")
    flags = innermost.__code__.co_flags
    if flags & NOT_RUN_AT_ONCE:
        word = "yield" if flags & inspect.CO_GENERATOR else "async"
        raise Refused(f"The function uses `{word}`, expected one that returns its result: use `return` instead.")


def _innermost(value: Any) -> types.FunctionType | None:
    """Return the Python function that runs when a value is called, below partials, caches, methods and objects."""
    for _ in range(DEEPEST):
        if type(value) is types.FunctionType:
            return value
        value = _below(value)
    return None


def _below(value: Any) -> Any:
    """Return what a value calls when it is called itself; None if that is no Python function."""
    kind = type(value)
    if kind is Written:
        return value.function
    if kind is functools.partial:
        return value.func
    if kind is types.MethodType:
        return value.__func__
    if kind is CACHE:
        return value.__wrapped__
    if kind is np.vectorize:
        return value.pyfunc
    if issubclass(kind, type) or not is_own_class(kind):
        return None
    return _call_of(kind)


def _call_of(kind: type) -> types.FunctionType | None:
    found = next((vars(base)["__call__"] for base in kind.__mro__ if "__call__" in vars(base)), None)
    return found if type(found) is types.FunctionType else None


def _name_of(function: Any) -> str:
    innermost = _innermost(function)
    return innermost.__name__ if innermost else "it"


def _what_it_is(value: Any) -> str:
    kind = type(value)
    if value is None:
        return "None"
    if issubclass(kind, type):
        return f"the class {type.__dict__['__name__'].__get__(value)}"
    name = static(value, "__name__") if callable(value) else None
    return f"{name}, which is not written in Python" if isinstance(name, str) else f"of type {kind.__name__}"


def _mend(value: Any) -> str:
    called = (int, float, complex, np.generic, np.ndarray, tuple, list, dict, types.NoneType)
    if issubclass(type(value), called):
        return "pass the function itself, without calling it, as in check(backward)"
    return "write one with `def` and pass its name, as in check(backward)"


# How many arguments


class Takes(NamedTuple):
    """The arguments a function takes: by position, how many of these it must get, whether any more, by name only."""

    names: tuple[str, ...]
    least: int
    takes_more: bool
    only_named: tuple[str, ...]


def takes(function: Any) -> Takes:
    """Return the arguments that a function, or what stands for one, takes.

    Errors: Refused, for what is no function.
    """
    if type(function) is types.FunctionType:
        return _of_code(function)
    below = _below(function)
    if type(function) is Written:
        return takes(below)
    if below is None:
        raise Refused(f"The answer is {_what_it_is(function)}, expected a function: {_mend(function)}.")
    if type(function) is functools.partial:
        return _of_partial(takes(below), len(function.args), set(function.keywords))
    is_bound = type(function) is types.MethodType or below is _call_of(type(function))
    return _of_partial(takes(below), 1 if is_bound else 0, set())


def _of_code(function: types.FunctionType) -> Takes:
    code, most = function.__code__, function.__code__.co_argcount
    only_named = code.co_varnames[most : most + code.co_kwonlyargcount]
    missing = tuple(name for name in only_named if name not in (function.__kwdefaults__ or {}))
    least = most - len(function.__defaults__ or ())
    return Takes(code.co_varnames[:most], least, bool(code.co_flags & inspect.CO_VARARGS), missing)


def _of_partial(whole: Takes, given: int, by_name: set[str]) -> Takes:
    """Return what is left to give; behind an argument given by name nothing is taken by position."""
    needed = [name for name in whole.names[: whole.least][given:] if name not in by_name]
    names = whole.names[given:]
    cut = next((i for i, name in enumerate(names) if name in by_name), len(names))
    behind = tuple(name for name in needed if name not in names[:cut])
    only_named = tuple(name for name in whole.only_named if name not in by_name)
    return Takes(names[:cut], len(needed) - len(behind), whole.takes_more and cut == len(names), behind + only_named)


def names_to_call_by(function: Any, argument_names: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names by which a function must be called, where it takes none, or not all, by position; or none.

    Errors: Refused, for what is no function.
    """
    names, least, takes_more, only_named = takes(function)
    wanted = tuple(argument_names or ())
    is_needed = bool(only_named) or not (names or takes_more) and takes_any_name(function)
    fits = set(names[:least]) | set(only_named) <= set(wanted)
    takes_all = takes_any_name(function) or set(wanted) <= {*names, *named_parameters(function)}
    is_possible = not _innermost(function).__code__.co_posonlyargcount  # type: ignore[union-attr]
    return wanted if wanted and is_needed and fits and takes_all and is_possible else ()


def takes_any_name(function: Any) -> bool:
    """Return whether a function takes arguments of any name, as with `**more`."""
    innermost = _innermost(function)
    return innermost is not None and bool(innermost.__code__.co_flags & inspect.CO_VARKEYWORDS)


def named_parameters(function: Any) -> tuple[str, ...]:
    """Return the names of the parameters that a function takes by name only, those with a default too."""
    innermost = _innermost(function)
    if innermost is None:
        return ()
    code = innermost.__code__
    return code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]


def check_count(function: Any, count: int, argument_names: Sequence[str] | None = None) -> None:
    """Refuse a function that takes a number of arguments neither by position nor by their names.

    Errors: Refused.
    """
    names, least, takes_more, only_named = takes(function)
    if names_to_call_by(function, argument_names):
        return
    most = math.inf if takes_more else len(names)
    given = f" ({', '.join(argument_names)})" if argument_names else ""
    if set(only_named) & set(named_parameters(function)):
        listed = ", ".join(f"`{name}`" for name in only_named)
        raise Refused(
            f"The function takes {listed} by name only, expected {count} arguments by position{given}: "
            "leave out the `*` before them."
        )
    if not least <= count <= most:
        has = f"{len(names)} argument{'' if len(names) == 1 else 's'}" + (f" ({', '.join(names)})" if names else "")
        raise Refused(f"The function takes {has}, expected {count}{given}: change the line with `def`.")


def positional_names(function: Any) -> tuple[str, ...]:
    """Return the names of the arguments that a function takes by position; none of what is no function."""
    try:
        return takes(function).names
    except Refused:
        return ()


def needed_names(function: Any) -> tuple[str, ...]:
    """Return the names of the arguments that a function must get by position, those with a default left out."""
    try:
        found = takes(function)
    except Refused:
        return ()
    return found.names[: found.least]
