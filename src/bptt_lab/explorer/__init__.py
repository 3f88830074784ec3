"""The unrolled network as a picture that answers: numbers, chain rules, paths, and derivations that one plays."""

from bptt_lab.explorer.page import Explorer, explore

__all__ = ["Explorer", "explore"]
