"""Small raised and lowered characters, as in W⁰x⁽ᵀ⁾ + hₜ₋₁: as the scripts of LaTeX that they stand for."""

from __future__ import annotations

import re

RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵀᵗⁿⁱᵏʲᵐˡˣʸ", "0123456789+-=()Ttnikjmlxy", strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₜₖᵢⱼₙₘₗₓₕₐₒᵣₛ", "0123456789+-=()tkijnmlxhaors", strict=True))
PLAIN_BESIDE_LETTERS = "²³ᵀ₀₁₂₃₄₅₆₇₈₉"  # powers, transposes and the digits of a name, where nothing else is small
SMALL = frozenset(RAISED) | frozenset(LOWERED)
RUN = re.compile(f"[{''.join(RAISED)}]+|[{''.join(LOWERED)}]+")


def has_scripts(text: str) -> bool:
    """Return whether a text holds a small character that is neither a power, a transpose nor a digit of a name."""
    return any(sign in SMALL and sign not in PLAIN_BESIDE_LETTERS for sign in text)


def spelled(run: str) -> tuple[str, str]:
    """Return a run of small characters as the mark of its script, ^ or _, and the plain characters in it."""
    mark, plain = ("^", RAISED) if run[0] in RAISED else ("_", LOWERED)
    return mark, "".join(plain[sign] for sign in run)
