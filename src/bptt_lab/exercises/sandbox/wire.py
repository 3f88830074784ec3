"""The format in which the notebook and the process of an answer speak of plain values.

Both sides read this file, the process without the rest of the package: standard library and NumPy only.
What is used of NumPy and Python is bound at the start, so that an answer that replaces it gains and breaks nothing.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from typing import Any

from numpy import asarray, dtype, empty, frombuffer, generic, ndarray

FRAME = struct.Struct("<QQ")  # bytes of the header, which is JSON, and of the raw numbers behind it
LARGEST_MESSAGE = 64 * 2**20  # bytes: an exercise returns some thousand numbers
LARGEST_HEADER = 4 * 2**20  # a list of numbers takes 20 times its header in memory once it is read
LARGEST_TEXT = 10_000
MOST_VALUES = 100_000
DEEPEST = 32
ALIGNMENT = 64  # bytes: where an array begins, in a message and in a file mapped into memory
NUMBER_TYPES = frozenset(
    ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
    + ["float16", "float32", "float64", "complex64", "complex128"]
)


class NotPlain(ValueError):
    """A value that is neither numbers nor lists, tuples or dicts of them; the message names it."""


class Garbled(ValueError):
    """Bytes that are no message of this format."""


# Writing


class _Numbers(bytearray):
    """The raw numbers of a message, with the count of values written so far and whether layouts are kept."""

    values = 0
    keeps_layout = False


def encode(value: Any, keeps_layout: bool = False) -> bytes:
    """Return a plain value as one message: header, then raw numbers.

    Shapes: any; arrays of the types in NUMBER_TYPES, subclasses as their plain numbers; with `keeps_layout` an array
    that is not contiguous is none on the other side either. Errors: NotPlain.
    """
    body = _Numbers()
    body.keeps_layout = keeps_layout
    header = json.dumps(_tree(value, body)).encode()
    header += b" " * (-(FRAME.size + len(header)) % ALIGNMENT)
    if len(header) > LARGEST_HEADER or len(header) + len(body) > LARGEST_MESSAGE:
        raise NotPlain(f"{(len(header) + len(body)) // 2**20} MB of values")
    return FRAME.pack(len(header), len(body)) + header + body


def _tree(value: Any, body: _Numbers, depth: int = 0) -> Any:
    """Return the JSON of a value, and add the numbers of its arrays to `body`."""
    kind = type(value)  # not isinstance: an object may lie about its __class__
    body.values += 1
    if depth > DEEPEST:
        raise NotPlain(f"a value nested more than {DEEPEST} deep")
    if body.values > MOST_VALUES:
        raise NotPlain(f"more than {MOST_VALUES} values outside of arrays")
    if value is None or kind is bool:
        return value
    if issubclass(kind, ndarray):
        return ["array", *_numbers(_plain_array(value, kind), body)]
    if issubclass(kind, generic):
        return ["scalar", *_numbers(asarray(value), body)[:3]]
    if issubclass(kind, (int, float, complex, str)):
        return _single(value, kind)
    inner = lambda items: [_tree(item, body, depth + 1) for item in items]
    if issubclass(kind, dict):
        return ["dict", [inner(pair) for pair in dict.items(value)]]
    if kind is FixedDict:
        return ["dict", [inner(pair) for pair in tuple.__iter__(value)]]
    if kind is FixedList:
        return ["list", inner(tuple.__iter__(value))]
    if issubclass(kind, tuple) and _fields_of(kind):
        return ["named", _name_of(kind), list(_fields_of(kind)), inner(tuple.__iter__(value))]
    if issubclass(kind, (list, tuple)):
        base = list if issubclass(kind, list) else tuple
        return [base.__name__, inner(base.__iter__(value))]
    raise NotPlain(what_it_is(kind))


def _plain_array(value: Any, kind: type) -> ndarray:
    """Return an array of any class as its plain numbers; refuse one that hides some of them."""
    if any(_name_of(base) == "MaskedArray" for base in type.__dict__["__mro__"].__get__(kind)):
        raise NotPlain("a masked array")
    return ndarray.view(value, ndarray)


def _name_of(kind: type) -> str:
    """Return the name of a class as Python knows it, whatever its metaclass says."""
    return type.__dict__["__name__"].__get__(kind)


def _fields_of(kind: type) -> tuple[str, ...]:
    """Return the fields of a class of named tuples, or nothing."""
    spaces = [type.__dict__["__dict__"].__get__(base) for base in type.__dict__["__mro__"].__get__(kind)]
    found = next((space["_fields"] for space in spaces if "_fields" in space), ())
    is_named = type(found) is tuple and all(type(name) is str and name.isidentifier() for name in found)
    return found if is_named else ()


def what_it_is(kind: type) -> str:
    """Return what a value of a class is called, with its article."""
    if issubclass(kind, dtype):
        return "a type of numbers (a dtype)"
    name = _name_of(kind)
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _single(value: Any, kind: type) -> Any:
    if issubclass(kind, str):
        if str.__len__(value) > LARGEST_TEXT:
            raise NotPlain(f"a text of more than {LARGEST_TEXT} letters")
        return str.__str__(value)
    if issubclass(kind, complex):
        return ["complex", complex.real.__get__(value), complex.imag.__get__(value)]
    if issubclass(kind, int):
        if not fits_a_float(int.__int__(value)):
            raise NotPlain("a whole number of more than 300 digits")
        return int.__int__(value)
    return float.__float__(value)


def fits_a_float(number: int) -> bool:
    """Tell whether a whole number has a float near it; above 2**1024 - 2**970 there is none."""
    return -(2**1024 - 2**970) < number < 2**1024 - 2**970


def _numbers(array: ndarray, body: _Numbers) -> list:
    """Return type, shape, offset and layout of an array, and add its numbers to `body`."""
    name = array.dtype.name
    if name not in NUMBER_TYPES:
        raise NotPlain(_strange_array(array))
    if array.nbytes > LARGEST_MESSAGE:
        raise NotPlain(f"an array of {array.nbytes // 2**20} MB")
    body += bytes(-len(body) % ALIGNMENT)
    start, layout = len(body), _layout(array) if body.keeps_layout else None
    shape = list(array.shape)
    body += _stored(array, layout).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return [name, shape, start, layout]


def _strange_array(array: ndarray) -> str:
    if array.dtype.names is not None:
        return "an array of records"
    kinds = {"O": "an array of Python objects", "U": "an array of texts", "S": "an array of bytes"}
    return kinds.get(array.dtype.kind, f"an array of dtype {array.dtype.name}")


def _layout(array: ndarray) -> list | None:
    """Return how an array lies in memory if it is not contiguous: order of axes, which run backwards, which gap."""
    if array.flags.c_contiguous:
        return None
    order = sorted(range(array.ndim), key=lambda axis: (-abs(array.strides[axis]), axis))
    backwards = [stride < 0 for stride in array.strides]
    return [order, backwards, 1 if any(backwards) or order != sorted(order) else 2]


def _stored(array: ndarray, layout: list | None) -> ndarray:
    """Return an array as it is written: one whose view by `_viewed` is the array again."""
    if layout is None:
        return array
    order, backwards, gap = layout
    return array[tuple(slice(None, None, -1 if back else 1) for back in backwards)].transpose(order).repeat(gap, -1)


def _viewed(stored: ndarray, layout: list) -> ndarray:
    order, backwards, gap = layout
    back = [order.index(axis) for axis in range(len(order))]
    view = stored[..., ::gap].transpose(back)
    return view[tuple(slice(None, None, -1 if backward else 1) for backward in backwards)]


# Reading


def decode(header: bytes, body: Any, named: Callable[..., tuple] | None = None, fixed: bool = False) -> Any:
    """Return the plain value of a message, trusting none of its numbers.

    Shapes: arrays as sent, fresh and writable; with `fixed` arrays are views of `body` in the layout they had, dicts
    and lists cannot be changed. `named(type name, fields, items)` builds a named tuple; without it a plain tuple
    stands in. Errors: Garbled.
    """
    try:
        return _Reader(body, named, fixed).value(json.loads(header))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError) as error:
        raise Garbled(str(error)) from None


def views(message: Any, named: Callable[..., tuple] | None = None, fixed: bool = True) -> Any:
    """Return the value of a whole message whose arrays stay where the message lies, as mapped memory.

    Shapes: as sent; `fixed` as for `decode`, without it lists and dicts can be changed. Errors: Garbled.
    """
    header, _ = FRAME.unpack_from(message)
    cut = FRAME.size + header
    reader = _Reader(memoryview(message)[cut:], named, fixed)
    reader.in_place = True
    return reader.value(json.loads(bytes(message[FRAME.size : cut])))


class _Reader:
    """What builds the values of one message."""

    def __init__(self, body: Any, named: Callable[..., tuple] | None, fixed: bool) -> None:
        self.body, self.named, self.fixed, self.in_place = body, named, fixed, fixed

    def value(self, tree: Any) -> Any:
        if isinstance(tree, dict) or (type(tree) is int and not fits_a_float(tree)):
            raise Garbled("no value of this format")
        if not isinstance(tree, list):
            return tree
        kind, *rest = tree
        inner = lambda items: [self.value(item) for item in items]
        if kind in ("array", "scalar"):
            array = self.array(*rest)
            return array if kind == "array" else array[()]
        if kind in ("list", "tuple"):
            (items,) = rest
            as_list = FixedList if self.fixed else list
            return as_list(inner(items)) if kind == "list" else tuple(inner(items))
        if kind == "dict":
            pairs = dict(inner(pair) for pair in rest[0])
            return FixedDict(pairs) if self.fixed else pairs
        if kind == "named":
            name, fields, items = rest
            return self.named(name, fields, inner(items)) if self.named else tuple(inner(items))
        if kind == "complex":
            return complex(*rest)
        raise Garbled(f"no kind of value: {kind!r}")

    def array(self, name: str, shape: list[int], start: int, layout: list | None = None) -> ndarray:
        if name not in NUMBER_TYPES or not all(type(size) is int and size >= 0 for size in [*shape, start]):
            raise Garbled("no array of numbers")
        if layout and not self.in_place:
            raise Garbled("a layout in a result")
        stored = dtype(name).newbyteorder("<")
        inner = [shape[axis] for axis in layout[0]] if layout else list(shape)
        if layout and inner:
            inner[-1] *= layout[2]
        count = math.prod(inner)
        # frombuffer refuses what is longer than the message
        flat = frombuffer(self.body, stored, count, start) if count else empty(0, stored)
        found = flat.reshape(inner)
        if not self.in_place:
            found = found.astype(dtype(name))  # a writable copy of its own
        return _viewed(found, layout) if layout else found


# Containers that cannot be changed


class MustStay(TypeError):
    """An attempt to change a list or a dict that is an argument."""


def _refuse(self: object, *_: object, **__: object) -> Any:
    """Say that an argument stays as it is."""
    raise MustStay("arguments must stay as they are")


class FixedList(tuple):
    """A list that is an argument: it reads as a list and cannot be changed, being a tuple underneath."""

    __slots__ = ()
    __class__ = property(lambda self: list)
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = extend = insert = remove = pop = clear = sort = reverse = _refuse
    __add__ = lambda self, other: list(tuple.__iter__(self)) + list(other)  # type: ignore[assignment]
    __radd__ = lambda self, other: list(other) + list(tuple.__iter__(self))
    __mul__ = __rmul__ = lambda self, count: list(tuple.__iter__(self)) * count  # type: ignore[assignment, return-value]
    __eq__ = lambda self, other: self.copy() == list(other) if isinstance(other, list) else NotImplemented  # type: ignore[attr-defined]
    __ne__ = lambda self, other: not self == other
    __repr__ = lambda self: repr(list(tuple.__iter__(self)))  # type: ignore[arg-type]
    __copy__ = copy = lambda self: list(tuple.__iter__(self))
    __deepcopy__ = lambda self, memo: [_deep(item, memo) for item in tuple.__iter__(self)]
    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, at: Any) -> Any:
        found = tuple.__getitem__(self, at)
        return list(found) if isinstance(at, slice) else found


class FixedDict(tuple):
    """A dict that is an argument: it reads as a dict and cannot be changed, being a tuple of pairs underneath."""

    __slots__ = ()
    __class__ = property(lambda self: dict)
    __setitem__ = __delitem__ = __ior__ = _refuse
    pop = popitem = clear = update = setdefault = _refuse
    __new__ = lambda cls, pairs: tuple.__new__(cls, dict.items(pairs))  # type: ignore[assignment]
    __copy__ = copy = lambda self: dict(tuple.__iter__(self))
    __iter__ = lambda self: (key for key, _ in tuple.__iter__(self))  # type: ignore[arg-type]
    __reversed__ = lambda self: reversed(self.copy())  # type: ignore[attr-defined]
    __contains__ = lambda self, key: key in self.copy()  # type: ignore[attr-defined]
    __getitem__ = lambda self, key: self.copy()[key]
    get = lambda self, key, default=None: self.copy().get(key, default)
    keys = lambda self: self.copy().keys()
    values = lambda self: self.copy().values()
    items = lambda self: self.copy().items()
    __or__ = lambda self, other: self.copy() | dict(other)
    __ror__ = lambda self, other: dict(other) | self.copy()
    __eq__ = lambda self, other: self.copy() == dict(other) if isinstance(other, dict) else NotImplemented  # type: ignore[attr-defined]
    __ne__ = lambda self, other: not self == other
    __repr__ = lambda self: repr(self.copy())  # type: ignore[attr-defined]
    __deepcopy__ = lambda self, memo: {key: _deep(item, memo) for key, item in tuple.__iter__(self)}
    __hash__ = None  # type: ignore[assignment]


def _deep(value: Any, memo: dict) -> Any:
    from copy import deepcopy

    return deepcopy(value, memo)
