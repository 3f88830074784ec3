"""A function's text in which an entry that has not been set holds no number: who reads it, reads it by accident."""

from __future__ import annotations

import ast
from collections.abc import Iterator

EMPTY = {"np.zeros": "np.full", "np.empty": "np.full", "np.zeros_like": "np.full_like", "np.empty_like": "np.full_like"}


def with_unset_entries(text: str) -> str:
    """Return a function's text with arrays of NaN where it makes arrays of zeros and sets their entries one by one."""
    tree = ast.parse(text)
    filled = _set_by(tree, ast.Assign) - _set_by(tree, ast.AugAssign)
    for statement in ast.walk(tree):
        for target, value in _pairs(statement):
            if isinstance(target, ast.Name) and target.id in filled:
                _hold_no_number(value)
    return ast.unparse(tree)


def _set_by(tree: ast.AST, kind: type[ast.stmt]) -> set[str]:
    """Return the arrays of which a kind of statement sets an entry."""
    statements = [one for one in ast.walk(tree) if isinstance(one, kind)]
    targets = [target for one in statements for target in getattr(one, "targets", [getattr(one, "target", None)])]
    entries = [target.value for target in targets if isinstance(target, ast.Subscript)]
    return {array.id for array in entries if isinstance(array, ast.Name)}


def _pairs(statement: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what a statement sets, each with its value."""
    for target in statement.targets if isinstance(statement, ast.Assign) else []:
        value = statement.value  # type: ignore[attr-defined]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            yield from zip(target.elts, value.elts, strict=True)
        else:
            yield target, value


def _hold_no_number(value: ast.expr) -> None:
    """Turn a call that makes an array of zeros into one that makes an array of NaN."""
    if isinstance(value, ast.Call) and value.args and (new := EMPTY.get(ast.unparse(value.func))):
        value.func = ast.parse(new, mode="eval").body
        value.args, value.keywords = [value.args[0], ast.parse("np.nan", mode="eval").body], []
