"""What a student's function may take along from elsewhere, and which code is the student's own."""

from __future__ import annotations

import inspect
import sys
import sysconfig
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NUMPY = ("numpy", "numpy.linalg", "numpy.random", "numpy.fft", "numpy.polynomial", "numpy.ma")
STANDARD = {  # module: why an answer may want it; none of them opens a file, a socket or a process
    "math": "functions of one number",
    "cmath": "functions of one complex number",
    "operator": "the operators as functions",
    "functools": "reduce, partial, wraps, lru_cache",
    "itertools": "loops over pairs and products",
    "collections": "named tuples, counters, deques",
    "collections.abc": "names for annotations and checks",
    "copy": "a copy of an argument before it is changed",
    "dataclasses": "a trace with names",
    "enum": "names for choices",
    "abc": "classes of layers with a common face",
    "typing": "annotations",
    "types": "SimpleNamespace",
    "numbers": "checks of numbers",
    "fractions": "exact numbers",
    "decimal": "exact numbers",
    "statistics": "means and spreads",
    "bisect": "sorted lists",
    "heapq": "sorted lists",
    "random": "draws, the same ones each time",
    "string": "names of the letters",
    "textwrap": "printed text",
    "re": "names taken apart",
    "time": "how long a step takes",
    "timeit": "how long a step takes",
    "warnings": "a warning raised or silenced",
    "contextlib": "suppress and its kind",
    "pprint": "printed values",
    "__future__": "the language of the cell",
}
ALLOWED_MODULES = (*NUMPY, *STANDARD)
NOT_AVAILABLE = frozenset(
    ["open", "eval", "exec", "compile", "input", "breakpoint", "help", "exit", "quit", "globals", "__import__"]
    + ["display", "get_ipython"]  # what IPython adds to the builtins
)
EXPECTED = "expected NumPy, `math` and their kind"


class Refused(ValueError):
    """A function that cannot be run outside its notebook; the message says why and how to mend it."""


def listed(names: Sequence[str]) -> str:
    """Return names in backticks, with commas and an `and`."""
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def static(value: Any, name: str) -> Any:
    """Return an attribute without running any code of the value's; None if it has none."""
    found = inspect.getattr_static(value, name, None)
    if isinstance(found, (types.GetSetDescriptorType, types.MemberDescriptorType)):
        try:
            return found.__get__(value, type(value))
        except (AttributeError, TypeError):
            return None
    return found


# Whose code it is

FOLDERS = tuple(
    str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "platstdlib", "purelib", "platlib")
)
PACKAGE = str(Path(__file__).resolve().parents[2])


def is_own_space(space: dict[str, Any]) -> bool:
    """Tell whether global names are the student's own: the notebook's, or those of a file outside every library."""
    file = space.get("__file__")
    return not isinstance(file, str) or _is_own_file(file)


def _is_own_file(file: str) -> bool:
    try:
        path = Path(file).resolve()
    except (OSError, RuntimeError, ValueError):  # a working directory that is gone
        path = Path(file)
    inside = lambda folder: path.is_relative_to(folder)
    return not any(map(inside, (*FOLDERS, PACKAGE))) and not {"site-packages", "dist-packages"} & set(path.parts)


def is_own_module(module: types.ModuleType) -> bool:
    """Tell whether a module is a file of the student's."""
    file = vars(module).get("__file__")
    return isinstance(file, str) and file.endswith(".py") and is_own_space(vars(module))


def is_own_class(kind: type) -> bool:
    """Tell whether a class is written in the notebook or in a file of the student's."""
    name = type.__dict__["__module__"].__get__(kind)
    module = sys.modules.get(name) if type(name) is str else None
    return module is None or (module.__name__ == "__main__" or is_own_module(module))


# Parts of modules


def part_of_a_module(value: Any, names: Sequence[Any]) -> tuple[str, str] | None:
    """Return (module, name there) of a value that an allowed module or Python offers under one of some names."""
    for module in (*ALLOWED_MODULES, "builtins"):
        space = vars(sys.modules[module]) if module in sys.modules else {}
        for name in names:
            if type(name) is str and name in space and space[name] is value:
                return None if module == "builtins" and name in NOT_AVAILABLE else (module, name)
    return None
