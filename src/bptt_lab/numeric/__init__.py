"""NumPy forward and backward passes, losses, and the checks that keep them honest."""

from . import activations, arrays, gradient_check, losses, rnn

__all__ = ["activations", "arrays", "gradient_check", "losses", "rnn"]
