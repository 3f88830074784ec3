"""What answers on a page without a kernel: networks to explore, derivations to walk through, curves to choose from."""

from bptt_lab.explorer.curves import explore_flows
from bptt_lab.explorer.page import Explorer, explore
from bptt_lab.explorer.walk import walk

__all__ = ["Explorer", "explore", "explore_flows", "walk"]
