"""What has been computed about an object is kept on that object, and goes when it goes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

MISSING = object()


def kept(function: Callable) -> Callable:
    """Let a function keep its results in the `kept` of its first argument, a network or a graph, by the others."""

    @wraps(function)
    def of(owner: Any, *arguments: Any) -> Any:
        key = (function, *arguments)
        found = owner.kept.get(key, MISSING)
        if found is MISSING:
            found = owner.kept[key] = function(owner, *arguments)
        return found

    return of
