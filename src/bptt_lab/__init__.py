"""bptt-lab: backpropagation through time, derived from the forward equations and proven line by line."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # at run time each room is loaded when it is first asked for
    from bptt_lab.exercises import ex as ex
    from bptt_lab.explorer import explore as explore
    from bptt_lab.explorer import explore_flows as explore_flows
    from bptt_lab.explorer.walk import walk as walk
    from bptt_lab.network import Network as Network
    from bptt_lab.network import NetworkError as NetworkError

__version__ = "0.1.0"
ROOMS = {
    "Network": "network",
    "NetworkError": "network",
    "ex": "exercises",
    "explore": "explorer",
    "explore_flows": "explorer",
    "hand_in": "teaching",
    "walk": "explorer",
}
__all__ = ["Network", "NetworkError", "ex", "explore", "explore_flows", "hand_in", "walk"]


if not TYPE_CHECKING:  # or a checker would believe in any name

    def __getattr__(name: str) -> object:
        """Return what the front offers, loaded when it is first asked for."""
        if name not in __all__:
            raise AttributeError(f"module 'bptt_lab' has no attribute {name!r}")
        return getattr(importlib.import_module(f"bptt_lab.{ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
