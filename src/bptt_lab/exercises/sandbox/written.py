"""A function as the text in which it is written: compiled in this process, run in the limited child only.

What of the text the function needs travels along: imports, definitions and assignments it reads, directly or through
others. Prints, plots and trials beside it stay behind, so that they neither help nor harm. Nothing of it is executed
here: `function` is a stand-in with the code and the signature, by which messages speak of it, and it is never called.
"""

from __future__ import annotations

import ast
import dis
import types
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from bptt_lab.exercises.sandbox.allowed import ALLOWED_MODULES, EXPECTED, NOT_AVAILABLE, Refused
from bptt_lab.exercises.sandbox.packing import READS, WRITES, code_objects

FILE = "<answer>"
LONGEST = 50_000  # letters: the course's longest answer has a tenth
MOST_ALIASES = 5
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Written(NamedTuple):
    """A function as text: its lines, the name it has there, what is to be run, and a stand-in never called."""

    lines: tuple[str, ...]
    name: str
    module: types.CodeType
    function: types.FunctionType
    given: dict[str, str]
    preload: tuple[str, ...]

    @property
    def codes(self) -> list[types.CodeType]:
        """All code that travels."""
        return list(code_objects(self.module))


def written(source: str, name: str) -> Written:
    """Return the function that a text defines under a name, without running any of it.

    Errors: Refused, in words: a text that is no Python, a name that is not defined by `def`, an import of no use.
    """
    if len(source) > LONGEST:
        raise Refused(
            f"The cell holds {len(source)} letters, expected at most {LONGEST}: keep the function alone in it."
        )
    try:
        with warnings.catch_warnings():  # an odd escape in a text is no matter of the answer's
            warnings.simplefilter("ignore")
            tree = ast.parse(source, FILE)
            needed, reads = _needed(tree.body, name)
            definition = _definition(needed, name)
            module = compile(ast.Module(needed, []), FILE, "exec", dont_inherit=True)
    except Refused:
        raise
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise Refused(f"The cell is no Python that can be read ({_why(error)}).") from None
    bound = {one for statement in needed for one in _bound(statement)}
    _check(module, bound)
    given = {one: "numpy" if one == "np" else one for one in sorted(reads - bound) if one in ("np", *ALLOWED_MODULES)}
    words = {word for code in code_objects(module) for word in code.co_names} | set(given.values())
    preload = tuple(one for one in ALLOWED_MODULES if one in words or one.rpartition(".")[2] in words)
    function = _stand_in(module, definition)
    return Written(tuple(source.splitlines()), name, module, function, given, preload)


def extended(answer: Written, more: str, name: str) -> Written:
    """Return the function of a name that a text of our own defines below a student's, without running any of it.

    Errors: SyntaxError. The text below is trusted to use no more than the student's does.
    """
    needed, _ = _needed(ast.parse("\n".join(answer.lines), FILE).body, answer.name)
    below = ast.parse(more, FILE).body
    module = compile(ast.Module([*needed, *below], []), FILE, "exec", dont_inherit=True)
    definition = next(one for one in below if isinstance(one, ast.FunctionDef) and one.name == name)
    return answer._replace(name=name, module=module, function=_stand_in(module, definition))


def definition_in(answer: Written) -> ast.FunctionDef | None:
    """Return the definition of a function as a tree; None of one that is made in another way than by `def`.

    The other functions that it needs stand at the head of its body.
    """
    needed, _ = _needed(ast.parse("\n".join(answer.lines), FILE).body, answer.name)
    found = _definition(needed, answer.name)
    if not isinstance(found, ast.FunctionDef):
        return None
    beside = [one for one in needed if isinstance(one, ast.FunctionDef) and one.name != found.name]
    found.body = [*beside, *found.body]
    return found


def _why(error: BaseException) -> str:
    line = f" in line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
    return f"{type(error).__name__}{line}"


# Which statements a function needs


def _needed(statements: list[ast.stmt], name: str) -> tuple[list[ast.stmt], set[str]]:
    """Return the statements that bind a name or what these read, in their order, and all names they read."""
    marks = [(one, set(_bound(one)), set(_read(one))) for one in statements]
    wanted, kept = {name}, set()
    while more := [k for k, (_, bound, _) in enumerate(marks) if k not in kept and bound & wanted]:
        kept.update(more)
        wanted.update(*(marks[k][2] for k in more))
    futures = [
        k for k, (one, _, _) in enumerate(marks) if isinstance(one, ast.ImportFrom) and one.module == "__future__"
    ]
    return [marks[k][0] for k in sorted({*kept, *futures})], wanted


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds, or changes by a call such as `found.append(1)`."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
        return
    if isinstance(statement, ast.Expr):
        call = statement.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            yield from _base(call.func)
        return
    for part in ast.walk(statement):
        if isinstance(part, ast.alias):
            yield (part.asname or part.name).partition(".")[0]
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
        elif isinstance(part, ast.FunctionDef | ast.ClassDef):
            yield part.name
        elif isinstance(part, ast.Subscript | ast.Attribute) and isinstance(part.ctx, ast.Store):
            yield from _base(part)


def _base(part: ast.expr) -> Iterator[str]:
    while isinstance(part, ast.Subscript | ast.Attribute):
        part = part.value
    if isinstance(part, ast.Name):
        yield part.id


def _read(statement: ast.stmt) -> Iterator[str]:
    return (part.id for part in ast.walk(statement) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load))


# The function itself


def _definition(statements: list[ast.stmt], name: str) -> Definition:
    """Return what defines a name, followed through `other = name` (errors: Refused)."""
    wanted = name
    for _ in range(MOST_ALIASES):
        found = None
        for statement in statements:
            for part in ast.walk(statement) if not isinstance(statement, ast.FunctionDef) else [statement]:
                if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part.name == wanted:
                    found = part
                elif isinstance(part, ast.Assign) and any(getattr(one, "id", "") == wanted for one in part.targets):
                    found = part.value  # type: ignore[assignment]
        if isinstance(found, Definition):
            return found
        if not isinstance(found, ast.Name):
            break
        wanted = found.id
    raise Refused(f"`{name}` is not defined by `def` in the cell: write the whole function above hand_in.")


def _stand_in(module: types.CodeType, definition: Definition) -> types.FunctionType:
    """Return a function with the code and the signature of the one that is meant; its defaults are unknown."""
    own = "<lambda>" if isinstance(definition, ast.Lambda) else definition.name
    line = min([definition.lineno, *(one.lineno for one in getattr(definition, "decorator_list", ()))])
    code = next((one for one in code_objects(module) if one.co_name == own and one.co_firstlineno == line), None)
    if code is None:
        raise Refused(f"`{own}` is never reached: what stands above it does not end.")
    if code.co_freevars:
        raise Refused(f"`{own}` stands inside another function: define it on its own.")
    of = definition.args
    function = types.FunctionType(code, {"__name__": "answer"}, code.co_name, (None,) * len(of.defaults))
    named = [one.arg for one, default in zip(of.kwonlyargs, of.kw_defaults, strict=True) if default is not None]
    function.__kwdefaults__ = dict.fromkeys(named)
    return function


def _check(module: types.CodeType, bound: set[str]) -> None:
    """Refuse names of the cell that a function writes, modules of no use and builtins of no use (errors: Refused)."""
    for code in code_objects(module):
        for step in dis.get_instructions(code):
            if step.opname in WRITES:
                raise Refused(f"It changes the cell's name `{step.argval}`: return the value instead.")
            if step.opname == "IMPORT_NAME" and step.argval not in ALLOWED_MODULES:
                raise Refused(f"It imports {step.argval[:80]}, {EXPECTED} only: leave it out.")
            if step.opname in READS and step.argval in NOT_AVAILABLE and step.argval not in bound:
                raise Refused(f"It uses `{step.argval}`, which no answer needs: leave it out.")
