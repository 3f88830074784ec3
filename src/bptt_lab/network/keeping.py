"""What has been computed about an object is kept on that object, and goes when it goes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


def kept(function: Callable) -> Callable:
    """Let a function keep its results in the `kept` of its first argument, a network or a graph, by the others."""

    @wraps(function)
    def of(owner: Any, *arguments: Any) -> Any:
        key = (function, *arguments)
        if key not in owner.kept:
            owner.kept[key] = function(owner, *arguments)
        return owner.kept[key]

    return of
