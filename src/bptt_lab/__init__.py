"""bptt-lab: backpropagation through time, derived from the forward equations and proven line by line."""

import importlib

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


def __getattr__(name: str):
    """Return what the front offers, loaded when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'bptt_lab' has no attribute {name!r}")
    return getattr(importlib.import_module(f"bptt_lab.{ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
