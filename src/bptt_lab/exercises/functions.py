"""What a student's function needs in order to run outside its notebook; or why it cannot, in the student's terms.

Nothing of the function is run here: its code is read as data. It may use its arguments, Python's builtins, the modules
in ALLOWED_MODULES under any alias, parts of them (`from numpy import tanh`), and plain functions of the same notebook
that keep to the same rule; these travel along. Every other name of the notebook is refused by name.
"""

from __future__ import annotations

import builtins
import dis
import inspect
import marshal
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bptt_lab.exercises.child import NotPlain, encode

STANDARD = ("math", "cmath", "itertools", "functools", "operator", "collections")
ALLOWED_MODULES = (
    *("numpy", "numpy.linalg", "numpy.random", "numpy.fft", "numpy.polynomial", "numpy.ma"),
    *STANDARD,
)
NOT_AVAILABLE = frozenset(
    ["open", "eval", "exec", "compile", "input", "breakpoint", "help", "exit", "quit", "globals", "__import__"]
    + ["display", "get_ipython"]  # what IPython adds to the builtins
)
READS = frozenset(["LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"])
WRITES = frozenset(["STORE_GLOBAL", "DELETE_GLOBAL"])
NOT_RUN_AT_ONCE = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class Refused(ValueError):
    """A function that cannot be run outside its notebook; the message says why and how to mend it."""


def pack(function: Any, counts: Sequence[int], argument_names: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the code of a function and of all it needs as plain values, ready for `child.build_functions`.

    `counts` are the numbers of arguments of the calls to come, `argument_names` what the exercise calls them.
    Errors: Refused.
    """
    check_is_function(function)
    for count in counts:
        check_count(function, count, argument_names)
    try:
        return _pack(function)
    except Refused:
        raise
    except Exception as error:  # byte code that no compiler made
        raise Refused(f"Its code cannot be read ({type(error).__name__}): define it with `def` in a cell.") from None


def check_is_function(function: Any) -> None:
    """Refuse whatever is no function that computes its result when it is called.

    Errors: Refused.
    """
    if type(function) is not types.FunctionType:
        raise Refused(f"The answer is {_what_it_is(function)}, expected a function: {_mend(function)}.")
    flags = function.__code__.co_flags
    if flags & NOT_RUN_AT_ONCE:
        word = "yield" if flags & inspect.CO_GENERATOR else "async"
        raise Refused(f"The function uses `{word}`, expected one that returns its result: use `return` instead.")


def _what_it_is(value: Any) -> str:
    kind = type(value)
    if value is None:
        return "None"
    if issubclass(kind, type):
        return f"the class {value.__name__}"
    name = getattr(value, "__name__", None) if callable(value) else None
    if kind is types.MethodType:
        return f"the method {name} of an object"
    return f"{name}, which is not written in Python" if isinstance(name, str) else f"of type {kind.__name__}"


def _mend(value: Any) -> str:
    called = isinstance(value, (int, float, complex, np.generic, np.ndarray, tuple, list, dict, types.NoneType))
    if called:
        return "pass the function itself, without calling it, as in check(backward)"
    return "write one with `def` and pass its name, as in check(backward)"


def check_count(function: types.FunctionType, count: int, argument_names: Sequence[str] | None = None) -> None:
    """Refuse a function that does not take a number of arguments by position.

    Errors: Refused.
    """
    code = function.__code__
    names, most = positional_names(function), code.co_argcount
    least = most - len(function.__defaults__ or ())
    given = f" ({', '.join(argument_names)})" if argument_names else ""
    if count < least or (count > most and not code.co_flags & inspect.CO_VARARGS):
        has = f"{most} argument{'' if most == 1 else 's'}" + (f" ({', '.join(names)})" if names else "")
        raise Refused(f"The function takes {has}, expected {count}{given}: change the line with `def`.")
    only_named = code.co_varnames[most : most + code.co_kwonlyargcount]
    for name in only_named:
        if name not in (function.__kwdefaults__ or {}):
            raise Refused(f"The function takes `{name}` by name only, expected {count} arguments by position{given}.")


def positional_names(function: types.FunctionType) -> tuple[str, ...]:
    """Return the names of the arguments that a function takes by position."""
    return function.__code__.co_varnames[: function.__code__.co_argcount]


def code_objects(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield a code object and those of the functions and classes written inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from code_objects(constant)


def places(function: types.FunctionType) -> set[tuple[str, int]]:
    """Return (file, line) of every line of a function and of the notebook's functions it uses.

    Errors: none; for functions that `pack` accepts.
    """
    family = [function, *_family(function).values()]
    codes = [code for member in family for code in code_objects(member.__code__)]
    return {(code.co_filename, line) for code in codes for _, _, line in code.co_lines() if line}


def _pack(function: types.FunctionType) -> dict[str, Any]:
    family = _family(function)
    codes = [code for member in [function, *family.values()] for code in code_objects(member.__code__)]
    modules, parts = {}, {}
    for name, value in _outer_values(codes, function.__globals__).items():
        if isinstance(value, types.ModuleType):
            modules[name] = _allowed_module(name, value)
        elif name not in family:
            parts[name] = _part_of_a_module(name, value)
    words = {word for code in codes for word in code.co_names}
    preload = [name for name in ALLOWED_MODULES if name.rpartition(".")[2] in words or name in words]
    functions = {name: _packed(name, member) for name, member in family.items()}
    packed = _packed(function.__name__, function)
    return dict(function=packed, functions=functions, modules=modules, parts=parts, preload=preload)


def _packed(name: str, function: types.FunctionType) -> dict[str, Any]:
    try:
        encode([function.__defaults__, function.__kwdefaults__])
    except NotPlain as error:
        raise Refused(f"A default value of `{name}` is {error}, expected numbers or arrays.") from None
    code = np.frombuffer(marshal.dumps(function.__code__), np.uint8)
    return dict(code=code, defaults=function.__defaults__, keywords=function.__kwdefaults__)


def _family(function: types.FunctionType) -> dict[str, types.FunctionType]:
    """Return the notebook's functions that a function uses, directly or through another, by name."""
    found: dict[str, types.FunctionType] = {}
    waiting = [function]
    while waiting:
        member = waiting.pop()
        _check_names(member)
        for name, value in _outer_values(code_objects(member.__code__), function.__globals__).items():
            if _is_ours(name, function) and name not in found:
                found[name] = value
                waiting.append(value)
    return found


def _check_names(function: types.FunctionType) -> None:
    """Refuse what no function can take along: variables around it, names it writes, imports, builtins of no use."""
    if function.__code__.co_freevars:
        names = _listed(function.__code__.co_freevars)
        raise Refused(f"It uses {names} of the function around it: pass {names} as an argument, or set it inside.")
    for code in code_objects(function.__code__):
        for step in dis.get_instructions(code):
            if step.opname in WRITES:
                raise Refused(f"It changes the notebook's name `{step.argval}`: return the value instead.")
            if step.opname == "IMPORT_NAME":
                _check_import(step.argval)
            if step.opname in READS and step.argval in NOT_AVAILABLE and not _is_ours(step.argval, function):
                raise Refused(f"It uses `{step.argval}`, which no answer needs: leave it out.")


def _is_ours(name: str, function: types.FunctionType) -> bool:
    """Tell whether a name is a function of the same notebook; IPython puts an `open` of its own beside these."""
    value = function.__globals__.get(name)
    return type(value) is types.FunctionType and value.__globals__ is function.__globals__


def _check_import(module: str) -> None:
    if module not in ALLOWED_MODULES:
        raise Refused(f"It imports {module}, expected NumPy and {_listed(STANDARD)} only: leave it out.")


def _outer_values(codes, namespace: dict[str, Any]) -> dict[str, Any]:
    """Return the notebook's values that code objects read, by name."""
    names: set[str] = set()
    for code in codes:
        steps = list(dis.get_instructions(code))
        own = {step.argval for step in steps if step.opname == "STORE_NAME"}  # names of a class body
        names |= {step.argval for step in steps if step.opname in READS} - own
    return {name: namespace[name] for name in sorted(names) if name in namespace and not _same_builtin(name, namespace)}


def _same_builtin(name: str, namespace: dict[str, Any]) -> bool:
    return name == "__name__" or (name in vars(builtins) and namespace[name] is vars(builtins)[name])


def _allowed_module(name: str, module: types.ModuleType) -> str:
    if module.__name__ in ALLOWED_MODULES:
        return module.__name__
    listed = _listed(STANDARD)
    raise Refused(f"It uses `{name}`, the module {module.__name__}, expected NumPy and {listed} only: leave it out.")


def _part_of_a_module(name: str, value: Any) -> tuple[str, str]:
    """Return (module, name there) of a value imported from an allowed module; refuse any other value."""
    own_name = getattr(value, "__name__", name)
    for module in (module for module in ALLOWED_MODULES if module in sys.modules):
        for part in (name, own_name):
            if isinstance(part, str) and part in vars(sys.modules[module]) and vars(sys.modules[module])[part] is value:
                return module, part
    raise Refused(_foreign(name, value))


def _foreign(name: str, value: Any) -> str:
    origin = getattr(value, "__module__", None)
    if callable(value) and isinstance(origin, str) and origin not in ("__main__", "builtins"):
        return f"It uses `{name}`, which comes from {origin}: write that step with NumPy."
    if callable(value):
        return f"It uses `{name}`, which the notebook defines: put it inside the function."
    return f"It uses `{name}`, a name of the notebook: pass it as an argument, or set it inside the function."


def _listed(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
