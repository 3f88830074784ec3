"""An answer's function, built again from the plain values that `functions.pack` made of it.

A request holds a table of nodes, one a value, and the namespaces of the modules they come from: the notebook's, and
those of the student's own files. Nodes speak of each other by number, so that two functions share what they shared.
Standard library only: the process of an answer reads this file without the rest of the package.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import marshal
import sys
import types
from collections import namedtuple
from collections.abc import Callable
from typing import Any

# what is built without a look at any class, so that a class can be built with it
SPEAK_OF_NO_CLASS = frozenset(["plain", "function", "wrapped", "property", "part", "module", "range", "dtype"])


def build(request: dict[str, Any]) -> Callable:
    """Return the function asked for, with all that it uses."""
    builder = _Builder(request["nodes"], request["spaces"])
    for name, number in request["imports"].items():
        sys.modules[name] = builder.value(number)
    function = builder.value(request["function"])
    builder.finish()
    return function


class _Builder:
    """The values built so far; what can refer back to a value being built is filled in afterwards."""

    def __init__(self, nodes: list, spaces: list[dict[str, int]]) -> None:
        self.nodes, self.built, self.later = nodes, {}, []
        self.spaces = [{"__builtins__": builtins, "__name__": "answer"} for _ in spaces]
        for space, names in zip(self.spaces, spaces, strict=True):
            self.put_off(lambda space=space, names=names: space.update(self.named(names)))  # type: ignore[misc]

    def put_off(self, step: Callable[[], Any]) -> None:
        self.later.append(step)

    def finish(self) -> None:
        """Do what was put off, which may put off more."""
        while self.later:
            self.later.pop(0)()

    def named(self, names: dict[str, int]) -> dict[str, Any]:
        return {name: self.value(number) for name, number in names.items()}

    def all(self, numbers: list[int]) -> list:
        return [self.value(number) for number in numbers]

    def value(self, number: int) -> Any:
        if number not in self.built:
            kind, *rest = self.nodes[number]
            made = getattr(self, f"make_{kind}")(*rest, number)
            self.built.setdefault(number, made)
        return self.built[number]

    def make_plain(self, value: Any, _: int) -> Any:
        return value

    def make_module(self, name: str, _: int) -> types.ModuleType:
        return importlib.import_module(name)

    def make_own_module(self, name: str, space: int, _: int) -> types.ModuleType:
        module = types.ModuleType(name)
        self.put_off(lambda: vars(module).update(self.spaces[space]))
        return module

    def make_part(self, module: str, name: str, _: int) -> Any:
        return getattr(importlib.import_module(module), name)

    def make_source(self, code: Any, name: str, given: dict[str, str], _: int) -> Any:
        """Run the text of a cell, as far as its function needs it, in a module of its own."""
        module = sys.modules["answer"] = types.ModuleType("answer")
        vars(module).update({one: importlib.import_module(at) for one, at in given.items()})
        vars(module)["__builtins__"] = builtins
        exec(marshal.loads(code.tobytes()), vars(module))
        return vars(module)[name]

    def make_function(
        self,
        code: Any,
        name: str,
        space: int,
        defaults: list[int] | None,
        keywords: dict[str, int] | None,
        cells: list[int | None],
        extras: dict[str, int],
        _: int,
    ) -> types.FunctionType:
        code = marshal.loads(code.tobytes())
        held = tuple(types.CellType() for _ in cells)
        function = types.FunctionType(code, self.spaces[space], name, None, held)

        def fill() -> None:
            function.__defaults__ = None if defaults is None else tuple(self.all(defaults))
            function.__kwdefaults__ = None if keywords is None else self.named(keywords)
            vars(function).update(self.named(extras))
            for cell, number in zip(held, cells, strict=True):
                if number is not None:
                    cell.cell_contents = self.value(number)

        self.put_off(fill)
        return function

    def make_list(self, items: list[int], number: int) -> list:
        made = self.built[number] = []
        self.put_off(lambda: made.extend(self.all(items)))
        return made

    def make_dict(self, pairs: list[list[int]], number: int) -> dict:
        made = self.built[number] = {}
        self.put_off(lambda: made.update((self.value(key), self.value(item)) for key, item in pairs))
        return made

    def make_tuple(self, items: list[int], _: int) -> tuple:
        return tuple(self.all(items))

    def make_set(self, items: list[int], _: int) -> set:
        return set(self.all(items))

    def make_frozenset(self, items: list[int], _: int) -> frozenset:
        return frozenset(self.all(items))

    def make_partial(self, function: int, arguments: list[int], keywords: dict[str, int], _: int) -> functools.partial:
        return functools.partial(self.value(function), *self.all(arguments), **self.named(keywords))

    def make_cache(self, function: int, size: int | None, typed: bool, _: int) -> Callable:
        return functools.lru_cache(size, typed)(self.value(function))

    def make_method(self, function: int, owner: int, _: int) -> types.MethodType:
        return types.MethodType(self.value(function), self.value(owner))

    def make_wrapped(self, kind: str, function: int, _: int) -> Any:
        return {"staticmethod": staticmethod, "classmethod": classmethod}[kind](self.value(function))

    def make_property(self, parts: list[int | None], _: int) -> property:
        return property(*(None if part is None else self.value(part) for part in parts))

    def make_class(
        self, name: str, bases: list[int], slots: list[str] | None, names: dict[str, int], number: int
    ) -> type:
        space = {} if slots is None else {"__slots__": slots}
        simple = {key: at for key, at in names.items() if self.nodes[at][0] in SPEAK_OF_NO_CLASS}
        space |= self.named(simple)
        made = types.new_class(name, tuple(self.all(bases)), {}, lambda own: own.update(space))
        return self.with_names(made, {key: at for key, at in names.items() if key not in simple}, number)

    def make_tuple_class(
        self, name: str, fields: list[str], defaults: list[int], names: dict[str, int], number: int
    ) -> type:
        made = namedtuple(name, fields, defaults=self.all(defaults))  # type: ignore[misc]
        return self.with_names(made, names, number)

    def make_named(self, kind: int, items: list[int], _: int) -> tuple:
        return self.value(kind)(*self.all(items))

    def make_data_class(
        self, name: str, bases: list[int], fields: list, options: dict, names: dict[str, int], number: int
    ) -> type:
        import dataclasses

        described = []
        for field, known, options_of_field in fields:
            described.append((field, object, dataclasses.field(**self.named(known), **options_of_field)))
        made = dataclasses.make_dataclass(name, described, bases=tuple(self.all(bases)), **options)
        return self.with_names(made, names, number)

    def with_names(self, made: type, names: dict[str, int], number: int) -> type:
        """Return a class with its names set; it counts as built before, because they may speak of it."""
        self.built[number] = made
        for name, value in self.named(names).items():
            setattr(made, name, value)
        return made

    def make_instance(self, kind: int, names: dict[str, int], _: int) -> Any:
        made = object.__new__(self.value(kind))

        def fill() -> None:
            for name, value in self.named(names).items():
                object.__setattr__(made, name, value)

        self.put_off(fill)
        return made

    def make_vectorized(self, function: int, options: dict[str, Any], _: int) -> Any:
        from numpy import vectorize

        return vectorize(self.value(function), **options)

    def make_dtype(self, name: str, _: int) -> Any:
        from numpy import dtype

        return dtype(name)

    def make_range(self, start: int, stop: int, step: int, _: int) -> range:
        return range(start, stop, step)
