"""Which arguments a call has changed: each named as a student would write it, such as `x` or `params['W11']`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bptt_lab.exercises.sandbox import wire


def written_places(arguments: Sequence[Any], sent: bytes, found: bytes, names: Sequence[str]) -> list[str]:
    """Return which arguments differ between the message that was sent and the memory it was found as afterwards.

    Shapes: any. Only the numbers of the arrays are read from what was found: its header was open to the answer.
    """
    header, _ = wire.FRAME.unpack_from(sent)
    cut = wire.FRAME.size + header
    if sent[cut:] == found[cut : len(sent)]:
        return []
    if len(found) != len(sent):
        return ["the arguments"]
    return changed_places(wire.views(sent), wire.views(sent[:cut] + found[cut:]), names)


def changed_places(before: Sequence[Any], after: Sequence[Any], names: Sequence[str]) -> list[str]:
    """Return which arguments a call changed in place, such as `x` or `params['W11']`.

    Shapes: any. Compares type, shape and every bit, so that a NaN is equal to itself.
    """
    if len(after) != len(before):
        return ["the arguments"]
    labels = [*names[: len(before)], *(f"argument {i + 1}" for i in range(len(names), len(before)))]
    return [place for label, a, b in zip(labels, before, after, strict=True) for place in _differences(label, a, b)]


def _differences(label: str, before: Any, after: Any) -> list[str]:
    if isinstance(before, (np.ndarray, np.generic)):
        return [] if _same_numbers(before, after) else [label]
    if isinstance(before, dict):
        if not isinstance(after, dict) or list(before) != list(after):
            return [label]
        pairs = [(f"{label}[{key!r}]", before[key], after[key]) for key in before]
        return [place for pair in pairs for place in _differences(*pair)]
    if isinstance(before, (list, tuple)):
        if not isinstance(after, (list, tuple)) or len(before) != len(after):
            return [label]
        keys = [f".{field}" for field in getattr(before, "_fields", ())] or [f"[{i}]" for i in range(len(before))]
        pairs = [(label + key, a, b) for key, a, b in zip(keys, before, after, strict=True)]
        return [place for pair in pairs for place in _differences(*pair)]
    same = type(before) is type(after) and (before == after or (before != before and after != after))
    return [] if same else [label]


def _same_numbers(before: np.ndarray | np.generic, after: Any) -> bool:
    if not isinstance(after, (np.ndarray, np.generic)):
        return False
    alike = before.shape == after.shape and before.dtype == after.dtype
    return alike and before.tobytes() == after.tobytes()
