"""A student's function and all that it uses as plain values: a table of nodes for `rebuild.py`.

Nothing of it is run here: code is read as data, and no method of an object is called to look at it. A value is packed
once, so that two functions go on sharing what they share.
"""

from __future__ import annotations

import abc
import builtins
import dataclasses
import dis
import functools
import marshal
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from bptt_lab.exercises.sandbox.allowed import (
    ALLOWED_MODULES,
    EXPECTED,
    NOT_AVAILABLE,
    Refused,
    is_own_class,
    is_own_module,
    is_own_space,
    part_of_a_module,
    static,
)
from bptt_lab.exercises.sandbox.wire import NotPlain, encode, what_it_is

READS = frozenset(["LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"])
WRITES = frozenset(["STORE_GLOBAL", "DELETE_GLOBAL"])
KINDS_OF_CLASSES = (type, abc.ABCMeta, type(typing.Protocol))
CACHE = type(functools.lru_cache(lambda: None))
OF_EVERY_CLASS = frozenset(
    ["__dict__", "__weakref__", "__module__", "__doc__", "__annotations__", "__abstractmethods__", "_abc_impl"]
    + ["__slots__", "__firstlineno__", "__static_attributes__", "__annotate__", "__annotate_func__", "__qualname__"]
    + ["__annotations_cache__", "__orig_bases__", "__parameters__", "_is_protocol", "__match_args__"]
    + ["__classdictcell__"]
)
OF_A_TUPLE_CLASS = frozenset(
    ["_fields", "_field_defaults", "_make", "_replace", "_asdict", "__new__", "__repr__", "__getnewargs__"]
    + ["__replace__"]
)
OF_A_DATA_CLASS = frozenset(
    ["__dataclass_fields__", "__dataclass_params__", "__init__", "__repr__", "__eq__", "__lt__", "__le__", "__gt__"]
    + ["__ge__", "__hash__", "__setattr__", "__delattr__", "__getstate__", "__setstate__", "__replace__"]
)
OPTIONS_OF_A_DATA_CLASS = ("init", "repr", "eq", "order", "unsafe_hash", "frozen")


def code_objects(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield a code object and those of the functions and classes written inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from code_objects(constant)


class Bundle:
    """What has been packed so far: nodes by number, namespaces, modules imported inside functions, all code."""

    def __init__(self) -> None:
        self.nodes: list[list | None] = []
        self.spaces: list[dict[str, int]] = []
        self.imports: dict[str, int] = {}
        self.codes: list[types.CodeType] = []
        self.words: set[str] = set()
        self._numbers: dict[int, int] = {}
        self._space_numbers: dict[int, int] = {}
        self._kept: list[Any] = []  # what an id stands for must live
        self._own_modules: list[types.ModuleType] = []

    def add(self, value: Any, said: str) -> int:
        """Return the number of a value's node; `said` is what a message calls it (errors: Refused)."""
        if id(value) in self._numbers:
            return self._numbers[id(value)]
        number = self._numbers[id(value)] = len(self.nodes)
        self._kept.append(value)
        self.nodes.append(None)
        try:
            self.nodes[number] = self._node(value, said)
        except BaseException:
            del self._numbers[id(value)]
            raise
        return number

    def finish(self) -> None:
        """Add what functions read of the student's own modules, `helpers.affine`, until there is no more of it."""
        done: set[tuple[int, str]] = set()
        while waiting := [(i, w) for i in range(len(self._own_modules)) for w in self.words if (i, w) not in done]:
            for i, word in sorted(waiting):
                done.add((i, word))
                space = vars(self._own_modules[i])
                if word in space and not word.startswith("__"):
                    try:
                        self.spaces[self._space(space)][word] = self.add(space[word], f"`{word}`")
                    except Refused:  # a word that only happens to stand in the module too
                        continue

    def modules_read(self) -> list[str]:
        """Return the allowed modules that code may import or reach from another: `np.linalg`, `import math`."""
        return [name for name in ALLOWED_MODULES if name in self.words or name.rpartition(".")[2] in self.words]

    # One value

    def _node(self, value: Any, said: str) -> list:
        kind = type(value)
        if kind in MAKERS:
            return MAKERS[kind](self, value, said)
        is_own_object = not issubclass(kind, type) and is_own_class(kind)
        if is_own_object and issubclass(kind, tuple) and hasattr(kind, "_fields"):
            return ["named", self.add(kind, f"`{kind.__name__}`"), self._all(tuple.__iter__(value), said)]
        if is_own_object and not builds_on_c(kind):
            return self._instance(value, said)
        not_plain = plain_or_why(value)
        if is_own_object:
            raise Refused(f"It uses {said}, {what_it_is(kind)}: make it inside the function.")
        if not_plain is None:
            return ["plain", value]
        part = part_of_a_module(value, (said.strip("`"), static(value, "__name__")))
        if part:
            return ["part", *part]
        if issubclass(kind, np.dtype):
            return ["dtype", np.dtype.__str__(value)]
        if issubclass(kind, np.ndarray):
            raise Refused(f"It uses {said}, {not_plain}, expected numbers: make it inside the function.")
        if issubclass(kind, type):
            return self._class(value, said)
        raise Refused(foreign(value, said))

    def _all(self, values: Iterable[Any], said: str) -> list[int]:
        return [self.add(value, said) for value in values]

    def _named(self, names: dict[str, Any], said: Callable[[str], str]) -> dict[str, int]:
        return {name: self.add(value, said(name)) for name, value in names.items()}

    def _function(self, function: types.FunctionType, said: str) -> list:
        if not is_own_space(function.__globals__):
            part = part_of_a_module(function, (said.strip("`"), function.__name__))
            if part:
                return ["part", *part]
            raise Refused(foreign(function, said))
        codes = list(code_objects(function.__code__))
        check_names(function, codes)
        self.codes += codes
        self.words |= {word for code in codes for word in code.co_names}
        space = self._space(function.__globals__)
        for name in sorted(global_names(codes, function.__globals__) - set(self.spaces[space])):
            self.spaces[space][name] = self.add(function.__globals__[name], f"`{name}`")
        self._add_imports(codes)
        code = np.frombuffer(marshal.dumps(function.__code__), np.uint8)
        default = f"a default value of `{function.__name__}`"
        defaults = None if function.__defaults__ is None else self._all(function.__defaults__, default)
        keywords = function.__kwdefaults__
        keywords = None if keywords is None else self._named(keywords, lambda _: default)
        around = [self._cells(function), self._extras(function)]
        return ["function", code, function.__name__, space, defaults, keywords, *around]

    def _cells(self, function: types.FunctionType) -> list[int | None]:
        found: list[int | None] = []
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                held = cell.cell_contents
            except ValueError:  # not set yet
                found.append(None)
                continue
            found.append(self.add(held, f"`{name}`"))
        return found

    def _extras(self, function: types.FunctionType) -> dict[str, int]:
        """Return what was hung on a function, as far as it is read somewhere: `step.calls`."""
        extras = {name: value for name, value in vars(function).items() if name in self.words}
        return self._named(extras, lambda name: f"`{function.__name__}.{name}`")

    def _space(self, names: dict[str, Any]) -> int:
        if id(names) not in self._space_numbers:
            self._space_numbers[id(names)] = len(self.spaces)
            self._kept.append(names)
            self.spaces.append({})
        return self._space_numbers[id(names)]

    def _add_imports(self, codes: list[types.CodeType]) -> None:
        for code in codes:
            for step in dis.get_instructions(code):
                module = sys.modules.get(step.argval) if step.opname == "IMPORT_NAME" else None
                if module is not None and step.argval not in ALLOWED_MODULES and step.argval not in self.imports:
                    self.imports[step.argval] = self.add(module, f"`{step.argval}`")

    def _module(self, module: types.ModuleType, said: str) -> list:
        name = str(vars(module).get("__name__"))
        if name in ALLOWED_MODULES and sys.modules.get(name) is module:
            return ["module", name]
        if type(module) is types.ModuleType and is_own_module(module):
            self._own_modules.append(module)
            return ["own_module", name, self._space(vars(module))]
        raise Refused(f"It uses {said}, the module {name}, {EXPECTED} only: leave it out.")

    # Classes and their instances

    def _class(self, kind: type, said: str) -> list:
        if not is_own_class(kind):
            raise Refused(foreign(kind, said))
        if type(kind) not in KINDS_OF_CLASSES:
            raise Refused(f"It uses {said}, a class of the kind {type(kind).__name__}: put it inside the function.")
        name, names = kind.__name__, dict(vars(kind))
        own = f"`{name}.{{}}`".format
        if issubclass(kind, tuple) and "_fields" in names:
            rest = {key: names[key] for key in names.keys() - OF_EVERY_CLASS - OF_A_TUPLE_CLASS - set(kind._fields)}  # type: ignore[attr-defined]
            defaults = self._all(names["_field_defaults"].values(), said)
            return ["tuple_class", name, list(kind._fields), defaults, self._named(rest, own)]  # type: ignore[attr-defined]
        bases = [self.add(base, f"`{base.__name__}`") for base in kind.__bases__]
        if "__dataclass_fields__" in names:
            return self._data_class(kind, names, bases)
        rest = {key: value for key, value in names.items() if key not in OF_EVERY_CLASS and not is_slot(value)}
        slots = [slot for slot, value in names.items() if is_slot(value)] if "__slots__" in names else None
        return ["class", name, bases, slots, self._named(rest, own)]

    def _data_class(self, kind: type, names: dict[str, Any], bases: list[int]) -> list:
        inherited = [vars(base).get("__dataclass_fields__", {}) for base in kind.__mro__[1:]]
        fields = [f for f in dataclasses.fields(kind) if not any(of.get(f.name) is f for of in inherited)]
        described = []
        for field in fields:
            given = {"default": field.default, "default_factory": field.default_factory}
            given = {key: value for key, value in given.items() if value is not dataclasses.MISSING}
            numbers = self._named(given, lambda _, field=field: f"`{kind.__name__}.{field.name}`")  # type: ignore[misc]
            flags = {"init": field.init, "repr": field.repr, "kw_only": bool(field.kw_only)}
            described.append([field.name, numbers, flags])
        options = {option: getattr(kind.__dataclass_params__, option) for option in OPTIONS_OF_A_DATA_CLASS}  # type: ignore[attr-defined]
        known = OF_EVERY_CLASS | {"__dataclass_fields__", "__dataclass_params__"} | {field.name for field in fields}
        made = {key for key in OF_A_DATA_CLASS & set(names) if is_made_by_dataclass(names[key])}
        rest = {key: value for key, value in names.items() if key not in known | made}
        own = self._named(rest, f"`{kind.__name__}.{{}}`".format)
        return ["data_class", kind.__name__, bases, described, options, own]

    def _instance(self, value: Any, said: str) -> list:
        kind = type(value)
        names = dict(static(value, "__dict__") or {})
        for base in kind.__mro__:
            for name, slot in vars(base).items():
                if isinstance(slot, types.MemberDescriptorType):
                    try:
                        names[name] = slot.__get__(value, kind)
                    except AttributeError:  # not set yet
                        continue
        own = self._named(names, f"`{said.strip('`')}.{{}}`".format)
        return ["instance", self.add(kind, f"`{kind.__name__}`"), own]

    # Containers and wrappers

    def _container(self, value: Any, said: str) -> list:
        if plain_or_why(value) is None:
            return ["plain", value]
        if type(value) is dict:
            return ["dict", [[self.add(key, said), self.add(item, said)] for key, item in value.items()]]
        return [type(value).__name__, self._all(value, said)]

    def _partial(self, value: functools.partial, said: str) -> list:
        keywords = self._named(value.keywords, lambda name: f"`{name}`")
        return ["partial", self.add(value.func, said), self._all(value.args, said), keywords]

    def _cache(self, value: Any, said: str) -> list:
        options = value.cache_parameters()
        return ["cache", self.add(value.__wrapped__, said), options["maxsize"], options["typed"]]

    def _method(self, value: types.MethodType, said: str) -> list:
        return ["method", self.add(value.__func__, said), self.add(value.__self__, said)]

    def _wrapped(self, value: Any, said: str) -> list:
        return ["wrapped", type(value).__name__, self.add(value.__func__, said)]

    def _property(self, value: property, said: str) -> list:
        parts = (value.fget, value.fset, value.fdel)
        return ["property", [None if part is None else self.add(part, said) for part in parts]]

    def _vectorized(self, value: np.vectorize, said: str) -> list:
        given = {"otypes": value.otypes, "signature": value.signature}
        options = {name: option for name, option in given.items() if isinstance(option, str)}
        return ["vectorized", self.add(value.pyfunc, said), options]


MAKERS: dict[type, Callable[[Bundle, Any, str], list]] = {
    types.FunctionType: Bundle._function,
    types.ModuleType: Bundle._module,
    types.MethodType: Bundle._method,
    functools.partial: Bundle._partial,
    CACHE: Bundle._cache,
    np.vectorize: Bundle._vectorized,
    property: Bundle._property,
    **dict.fromkeys((list, dict, tuple, set, frozenset), Bundle._container),
    **dict.fromkeys((staticmethod, classmethod), Bundle._wrapped),
    range: lambda _, value, __: ["range", value.start, value.stop, value.step],
}


def plain_or_why(value: Any) -> NotPlain | None:
    """Return nothing for numbers, arrays and lists of them; for another value why it is none."""
    try:
        encode(value)
    except NotPlain as error:
        return error
    return None


def is_slot(value: Any) -> bool:
    """Tell whether an attribute of a class is a place for one of its instances' values, made by Python."""
    return isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType))


def is_made_by_dataclass(value: Any) -> bool:
    """Tell whether a method of a data class was written by `dataclass` and not by the student."""
    if type(value) is not types.FunctionType:
        return value is None  # the mark of what cannot be hashed
    return not is_own_space(value.__globals__) or value.__code__.co_filename == "<string>"


def builds_on_c(kind: type) -> bool:
    """Tell whether a class stores more in its instances than names: one that builds on a list or an array."""
    of_python = 1 << 9  # Py_TPFLAGS_HEAPTYPE
    return any(base is not object and not base.__flags__ & of_python for base in kind.__mro__)


def foreign(value: Any, said: str) -> str:
    """Return why a value of another origin cannot be used, and what to do instead."""
    origin = static(value, "__module__")
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
        if isinstance(origin, str) and origin not in ("__main__", "builtins"):
            return f"It uses {said}, which comes from {origin}: write that step with NumPy."
        return f"It uses {said}, which no answer needs: leave it out."
    return f"It uses {said}, {what_it_is(type(value))}: make it inside the function."


# Names in code


def check_names(function: types.FunctionType, codes: list[types.CodeType]) -> None:
    """Refuse names that a function writes, modules it imports and builtins of no use.

    Errors: Refused.
    """
    for code in codes:
        for step in dis.get_instructions(code):
            if step.opname in WRITES:
                raise Refused(f"It changes the notebook's name `{step.argval}`: return the value instead.")
            if step.opname == "IMPORT_NAME":
                _check_import(step.argval)
            if step.opname in READS and step.argval in NOT_AVAILABLE and not _is_ours(step.argval, function):
                raise Refused(f"It uses `{step.argval}`, which no answer needs: leave it out.")


def _check_import(name: str) -> None:
    module = sys.modules.get(name)
    if name in ALLOWED_MODULES or (module is not None and "." not in name and is_own_module(module)):
        return
    raise Refused(f"It imports {name}, {EXPECTED} only: leave it out, or import a file of your own above.")


def _is_ours(name: str, function: types.FunctionType) -> bool:
    """Tell whether a name is a function of the student's; IPython puts an `open` of its own beside these."""
    value = function.__globals__.get(name)
    return type(value) is types.FunctionType and is_own_space(value.__globals__)


def global_names(codes: list[types.CodeType], space: dict[str, Any]) -> set[str]:
    """Return the global names that code reads and a namespace holds, Python's own apart."""
    names: set[str] = set()
    for code in codes:
        steps = list(dis.get_instructions(code))
        own = {step.argval for step in steps if step.opname == "STORE_NAME"}  # names of a class body
        names |= {step.argval for step in steps if step.opname in READS} - own
    is_pythons = lambda name: name == "__name__" or (name in vars(builtins) and space[name] is vars(builtins)[name])
    return {name for name in names if name in space and not is_pythons(name)}
