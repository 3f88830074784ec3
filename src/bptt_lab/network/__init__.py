"""The text of a network: read it, infer shapes, unroll it to the influence graph, differentiate it."""

from bptt_lab.network.errors import NetworkError
from bptt_lab.network.graph import Graph
from bptt_lab.network.model import Network
from bptt_lab.network.places import Place
from bptt_lab.network.reading import read_network

__all__ = ["Graph", "Network", "NetworkError", "Place", "read_network"]
