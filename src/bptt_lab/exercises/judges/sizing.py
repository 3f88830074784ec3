"""The sizes of a network that may vary, and other sizes for it."""

from __future__ import annotations

from collections.abc import Mapping

from bptt_lab.formulas.tree import Number, Tree
from bptt_lab.network import Network, NetworkError
from bptt_lab.network.keeping import kept

SMALLEST = 4  # the sizes beside it are 2 sequences and 3 steps


@kept
def free_sizes(network: Network) -> tuple[str, ...]:
    """Return the names whose sizes can be chosen: above one, and not given by the other sizes."""
    kept = dict(network.sizes)
    for name in network.sizes:
        fewer = {key: size for key, size in kept.items() if key != name}
        if _shapes(network.text, fewer) == network.shapes:
            kept = fewer
    return tuple(name for name, size in kept.items() if isinstance(size, int) and size > 1)


def _shapes(text: str, sizes: Mapping) -> Mapping | None:
    try:
        return Network(text, sizes=sizes).shapes
    except NetworkError:
        return None


def resized(network: Network, sizes: Mapping[str, int]) -> Network:
    """Return a network with other sizes (errors: NetworkError where they do not fit)."""
    free = free_sizes(network)
    fixed = {name: size for name, size in network.sizes.items() if not isinstance(size, int) or size == 1}
    return Network(network.text, sizes={**fixed, **{name: sizes[name] for name in free}})


def other_sizes(network: Network) -> dict[str, int]:
    """Return a different size for each that may vary: all different, the largest become the smallest."""
    found: dict[str, int] = {}
    for name in sorted(free_sizes(network), key=lambda name: -network.sizes[name]):  # type: ignore[operator]
        size = SMALLEST
        while size in found.values() or size == network.sizes[name]:
            size += 1
        found[name] = size
    return found


def small_sizes(network: Network) -> dict[str, int]:
    """Return small sizes for those that may vary, all different."""
    return {name: size for size, name in enumerate(reversed(free_sizes(network)), start=2)}


def ones(network: Network) -> dict[str, int]:
    """Return the size one for each that may vary; two where the classes of a softmax would be one."""
    found = dict.fromkeys(free_sizes(network), 1)
    for target, kind in network.targets.items():
        for name in found:
            if kind == "distribution" and resized(network, found).shapes[target] == (1,):
                larger = {**found, name: 2}
                found = larger if resized(network, larger).shapes[target] == (2,) else found
    return found


def named_time(time: Tree | None) -> int:
    """Return the time that a letter names by a number, or 0."""
    return int(time.value) if isinstance(time, Number) else 0


def named_in_equations(network: Network) -> int:
    """Return the last time that an equation names by a number, or 0."""
    indices = [index for uses in network.uses.values() for _, index in uses if index]
    return max((index.shift for index in indices if not index.start), default=0)
