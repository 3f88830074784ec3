"""The networks that notebooks and exercises share, by name."""

from __future__ import annotations

from collections.abc import Mapping

from bptt_lab.exercises.question import networks
from bptt_lab.formulas.errors import nearest
from bptt_lab.network import Network, NetworkError

# what `bptt-lab sheet` shows, in the order of the notebooks
TAUGHT = (
    "two scalars",
    "scalar linear",
    "one hidden layer",
    "three recurrent layers",
    "both directions",
    "LSTM",
    "GRU",
    "GRU, reset after the product",
)


def taught() -> dict[str, Network]:
    """Return the networks whose gradients the course derives, by what they are called."""
    return {name[0].upper() + name[1:]: network(name) for name in TAUGHT}


def network(name: str, **sizes: int) -> Network:
    """Return a network of the course by its name, such as "two scalars"; sizes that are given replace its own.

    Errors: NetworkError for a name that no network has.
    """
    known: Mapping[str, dict] = networks()
    if name not in known:
        raise NetworkError(f"The course has no network {name!r}.", nearest(name, known).strip())
    return Network(known[name]["text"].strip(), sizes={**known[name]["sizes"], **sizes})
