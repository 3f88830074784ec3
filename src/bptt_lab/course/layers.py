"""Feed-forward networks of any number of layers, as text."""

from __future__ import annotations

from bptt_lab.network import Network


def feed_forward(*sizes: int, f: str = "sigmoid") -> Network:
    """Return a network of layers a = W h + b, h = f(a), with squared error; `sizes` are those of x, h1, … hL.

    Where every size is one, all quantities are numbers. Equations: FF1 and FF2 of `bptt_lab.numeric.feed_forward`.
    Errors: ValueError for fewer than two sizes.
    """
    if len(sizes) < 2:
        raise ValueError(f"feed_forward takes the size of x and of each layer; {len(sizes)} was given.")
    layers = ["x", *(f"h{l}" for l in range(1, len(sizes)))]
    times = "*" if set(sizes) == {1} else "@"
    lines = [f"a{l} = W{l - 1} {times} {layers[l - 1]} + b{l - 1}\nh{l} = {f}(a{l})" for l in range(1, len(sizes))]
    return Network("\n".join([*lines, f"L = mse({layers[-1]}, y)"]), sizes=dict(zip(layers, sizes, strict=True)))
