"""What a function's text works with: its names, what may be a factor or a term, and which parts are which."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator

Names = frozenset[str]


class Known:
    """The names of a function: arguments and variables, indices of loops, and what may be a factor or a term."""

    def __init__(self, tree: ast.FunctionDef) -> None:
        parts = list(ast.walk(tree))
        arguments = [one.arg for part in parts if isinstance(part, ast.arguments) for one in _all_of(part)]
        targets = {name for loop in parts if isinstance(loop, ast.For) for name in names_in(loop.target)}
        stored = {one.id for one in parts if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        self.set_here = ""  # the entry that a statement sets
        self.indices: Names = frozenset(targets)
        loops = [loop for loop in parts if isinstance(loop, ast.While)]
        self.counts: Names = frozenset(name for loop in loops for name in _counted_in(loop)) & frozenset(stored)
        self.counting = [one for loop in loops for one in ast.walk(loop) if set(stored_in(one)) & self.counts]
        self.variables = sorted({*arguments, *stored} - targets)
        at_index = [one for one in parts if isinstance(one, ast.Subscript) and set(names_in(one.slice)) & targets]
        self.stacked: Names = frozenset(one.value.id for one in at_index if isinstance(one.value, ast.Name))
        assigned = [one for one in parts if isinstance(one, ast.Assign) and _is_list(one.value)]
        self.lists: Names = frozenset(
            one.id for whole in assigned for one in whole.targets if isinstance(one, ast.Name)
        )
        self.own = sorted(stored - targets - self.lists)
        self.factors = self._factors(parts, arguments)
        read = {one.id for one in parts if isinstance(one, ast.Name)}
        sides = [side for one in parts if is_product(one) for side in (one.left, one.right)]  # type: ignore[attr-defined]
        found = {one.value if isinstance(one, ast.Attribute) else one for one in sides}
        used = {one.id for one in found if isinstance(one, ast.Name) and one.id in arguments}
        self.matrices = sorted(used | {name for name in arguments if name not in read})
        self.products = list(self._products([name for name in arguments if name not in read]))
        self.products += sorted({ast.unparse(one) for one in parts if is_unit(one)})

    def _factors(self, parts: list[ast.AST], arguments: list[str]) -> list[str]:
        """Return what stands in the function and could be a factor elsewhere: names, and names at an index."""
        found = {ast.unparse(one) for one in parts if is_atom(one) and isinstance(one.ctx, ast.Load)}  # type: ignore[attr-defined]
        inside = {f"{name}[{index}]" for name in arguments for index in sorted(self.indices)}
        called = {ast.unparse(one.func) for one in parts if isinstance(one, ast.Call)}
        return sorted((found | inside | set(arguments)) - called - self.indices - self.stacked - self.lists - {"np"})

    def at_place(self, target: ast.expr) -> Known:
        """Return what is known where something is set, which is no factor of itself.

        The arrays taken at an index are factors at the place of an entry that is set, too.
        """
        if not isinstance(target, ast.Subscript):
            here = copy.copy(self)
            here.factors = [factor for factor in self.factors if factor != ast.unparse(target)]
            return here
        place, here = ast.unparse(target.slice), copy.copy(self)
        here.set_here = ast.unparse(target)
        if isinstance(target.slice, ast.Constant | ast.UnaryOp | ast.BinOp):
            here.factors = sorted({*self.factors, *(f"{name}[{place}]" for name in self.stacked)})
        return here

    def at_the_end(self) -> Known:
        """Return what is known after all loops: of the arrays taken at an index, the first entry and the last."""
        here = copy.copy(self)
        inside = {factor for factor in self.factors if set(re.findall(r"\w+", factor.partition("[")[2])) & self.indices}
        ends = {f"{name}[{place}]" for name in self.stacked for place in ("0", "-1")}
        here.factors = sorted({*self.factors, *ends} - inside)
        return here

    def _products(self, unread: list[str]) -> Iterator[str]:
        """Yield the products of two arguments that are read nowhere: a path that was forgotten."""
        for one in unread if len(unread) == 2 else []:
            (other,) = set(unread) - {one}
            yield f"{one} @ {other}"
            for index in sorted(self.indices):
                yield f"{one}[{index}] @ {other}"


def _all_of(arguments: ast.arguments) -> list[ast.arg]:
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def is_product(part: ast.AST) -> bool:
    return isinstance(part, ast.BinOp) and isinstance(part.op, ast.MatMult)


def _is_list(part: ast.AST) -> bool:
    """Return whether an expression makes a list or a dict: no factor and no term."""
    if isinstance(part, ast.BinOp):
        return isinstance(part.op, ast.Mult) and (_is_list(part.left) or _is_list(part.right))
    is_call = isinstance(part, ast.Call) and ast.unparse(part.func) in ("list", "dict")
    return is_call or isinstance(part, ast.List | ast.Dict | ast.ListComp | ast.DictComp)


def is_unit(part: ast.AST) -> bool:
    return isinstance(part, ast.Call) and ast.unparse(part.func) in ("np.eye", "np.identity")


def _counted_in(loop: ast.While) -> Iterator[str]:
    """Yield the names by which a loop may end: those of its condition, and those that go on by a number in it."""
    yield from names_in(loop.test)
    for one in ast.walk(loop):
        if isinstance(one, ast.AugAssign) and isinstance(one.value, ast.Constant):
            yield from stored_in(one)


def says_twice(part: ast.expr) -> bool:
    """Return whether a sum has a term twice, or something is divided by itself, as no slip makes it."""
    for one in ast.walk(part):
        if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Add | ast.Sub):
            terms = [ast.unparse(term).removeprefix("1 * ") for term in _all_terms(one)]
            if len(terms) > len(set(terms)):
                return True
        if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Div) and ast.dump(one.left) == ast.dump(one.right):
            return True
    return False


def _all_terms(part: ast.expr) -> Iterator[ast.expr]:
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub):
        yield from _all_terms(part.left)
        yield from _all_terms(part.right)
    else:
        yield part.operand if isinstance(part, ast.UnaryOp) else part


def stored_in(statement: ast.AST) -> Iterator[str]:
    """Yield the names that a statement sets."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    targets = [statement.target] if isinstance(statement, ast.AugAssign) else targets
    yield from (target.id for target in targets if isinstance(target, ast.Name))


def names_in(part: ast.AST) -> Iterator[str]:
    return (one.id for one in ast.walk(part) if isinstance(one, ast.Name))


def is_atom(part: ast.AST) -> bool:
    """Return whether a part is a name, or a name at an index."""
    is_entry = isinstance(part, ast.Subscript) and isinstance(part.value, ast.Name)
    return isinstance(part, ast.Name) or is_entry
