"""bptt-lab: backpropagation through time, derived from the forward equations and proven line by line."""

from bptt_lab.network import Network, NetworkError

__version__ = "0.1.0"
__all__ = ["Network", "NetworkError"]
