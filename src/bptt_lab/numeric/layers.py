"""What the architectures share: products over all rows, one recurrent layer, and checks at the door.

"Rows" are all axes but the last together, such as T·B pairs of step and sequence: whatever does
not depend on the step before is one matrix product over them. A recurrent layer is

    h(t) = f(a(t))     a(t) = below(t) + W h(t-1)                (RL1)
    delta(t) = f'(a(t)) * (d_h(t) + W^T delta(t+1))              (RL2)

where below(t) is what reaches the layer at step t from elsewhere, d_h(t) the gradient that comes
back to h(t) from elsewhere, delta(t) the gradient by a(t), and delta(T+1) = 0. f is tanh or another
of ACTIVATIONS. One that runs backward in time is the same on reversed time:

    h(t) = f(a(t))     a(t) = below(t) + W h(t+1)                (RL3)
    delta(t) = f'(a(t)) * (d_h(t) + W^T delta(t-1))              (RL4)

Layers with gates keep the rows of all n gates in one array, gate below gate: W0 (nM, D), W11 (nM, M), b0 (nM,). Their
sigmoid is computed by tanh, whose argument is halved in the copies of the weights that a forward pass makes:

    sigma(a) = (1 + tanh(a / 2)) / 2                             (RL5)

Halving is exact, and nothing overflows. The absolute error stays below 2e-16 (1e-7 in float32). The relative error
of a gate that is nearly closed does not: it is 1e-12 at a = -10 (7e-4 in float32), 3e-8 at a = -20, and sigma(-40) =
4e-18 becomes 0, and so does its slope sigma (1 - sigma).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import activations
from .arrays import DTYPES, Arrays, as_floats, check, check_axes, check_form, check_names, check_size, empty
from .lengths import reversed_by_lengths

ACTIVATIONS = ("tanh", "sigmoid", "relu", "leaky_relu", "identity")
MOST = 10  # layers; with eleven, W11 would be the name of two matrices
BLOCK = 2**16  # numbers in a block of steps: small for a processor's second-level cache


def draw(rng: np.random.Generator, shapes: Mapping[str, tuple[int, ...]], dtype: npt.DTypeLike) -> Arrays:
    """Draw parameters: weights of variance 1 / fan-in, biases small but not zero.

    Shapes: a dict of tuples, those of two axes are weights; returns a dict of such arrays.
    Errors: TypeError for an unsupported dtype.
    """
    if np.dtype(dtype) not in DTYPES:
        raise TypeError(f"dtype is {np.dtype(dtype)}, expected np.float32 or np.float64: pass one.")
    scales = {name: shape[1] ** -0.5 if len(shape) == 2 else 0.1 for name, shape in shapes.items()}
    return {name: (scales[name] * rng.standard_normal(shape)).astype(dtype) for name, shape in shapes.items()}


def shared_state(h: np.ndarray | tuple[np.ndarray, ...] | list[np.ndarray], B: int) -> Any:
    """Return the initial states of B sequences from one that all share, such as one that is learned.

    Shapes: h (M,), returned (B, M), a fresh array; for a tuple, a state for each layer, a tuple.
    Errors: TypeError, ValueError. Equation: h(b, 0) = h for all sequences b.
    """
    if isinstance(h, (tuple, list)):
        return tuple(shared_state(one, B) for one in h)
    check_size("B", B)
    check_axes("h", as_floats("h", h), "M")
    return np.repeat(h[None], B, axis=0)


def shared_state_gradient(d_h_start: np.ndarray | tuple[np.ndarray, ...] | list[np.ndarray]) -> Any:
    """Return the gradient by the state that all sequences share, given that by each one's initial state.

    Shapes: d_h_start (B, M), returned (M,); for a tuple, a state for each layer, a tuple.
    Errors: TypeError, ValueError. Equation: d_h = sum_b d_h(b, 0), one path through each sequence.
    """
    if isinstance(d_h_start, (tuple, list)):
        return tuple(shared_state_gradient(one) for one in d_h_start)
    check_axes("d_h_start", as_floats("d_h_start", d_h_start), "B, M")
    return row_sum(d_h_start)


def times(h: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Return W h for the vector h in every row.

    Shapes: h (..., M), W (N, M), returned (..., N). Errors: none of its own.
    """
    return _rows(h).dot(W.T).reshape(*h.shape[:-1], len(W))


def transposed_times(delta: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Return W^T delta for the vector delta in every row.

    Shapes: delta (..., N), W (N, M), returned (..., M). Errors: none of its own.
    """
    return times(delta, W.T)


def outer_sum(delta: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Return the sum of delta h^T over all rows, the gradient by the weights between them.

    Shapes: delta (..., N), h (..., M), returned (N, M). Errors: none of its own.
    """
    return _rows(delta).T.dot(_rows(h))


def row_sum(delta: np.ndarray) -> np.ndarray:
    """Return the sum of delta over all rows, the gradient by a bias.

    Shapes: delta (..., N), returned (N,). Errors: none of its own.
    """
    return _rows(delta).sum(axis=0)


def applied(activation: str) -> Callable[[np.ndarray, np.ndarray], Any]:
    """Return a function of (a, out) that writes f(a) to out, which may be a itself.

    Shapes: any. Errors: ValueError for an a that is not finite, except with tanh.
    """
    if activation == "tanh":
        return np.tanh
    f = getattr(activations, activation)
    return lambda a, out: np.copyto(out, f(a))


def slopes(h: np.ndarray, activation: str, out: np.ndarray | None = None) -> np.ndarray:
    """Return the slopes f'(a) of an activation, from its output h = f(a).

    Shapes: h any, out the same or None; returned the same, in out if there is one. Errors: those of
    `activations`, except with tanh. Equations: tanh' = 1 - h^2, sigmoid' = h (1 - h), relu' = 1 where
    h > 0, else 0. All of ACTIVATIONS keep the sign of a or have their slope in h, so h is enough.
    """
    if activation != "tanh":
        found = getattr(activations, f"{activation}_derivative")(h)
        return found if out is None else np.positive(found, out)
    return np.subtract(1.0, np.multiply(h, h, out), out)


def run(below: np.ndarray, W: np.ndarray, h_start: np.ndarray, activation: str = "tanh") -> np.ndarray:
    """Run one recurrent layer forward in time and return its states, the initial one first.

    Shapes: below (T, B, M), W (M, M), h_start (B, M), returned (T+1, B, M).
    Errors: those of `applied`. Equation: RL1.
    """
    states, f = np.concatenate([h_start[None], below]), applied(activation)
    for h_before, h_now in zip(states[:-1], states[1:], strict=True):
        f(h_now + h_before.dot(W.T), h_now)
    return states


def sweep(d_h: np.ndarray, W: np.ndarray, states: np.ndarray, activation: str = "tanh") -> np.ndarray:
    """Return delta of one recurrent layer at every step, computed backwards in time.

    Shapes: d_h (T, B, M), W (M, M), states (T+1, B, M), returned (T, B, M).
    Errors: none of its own. Equation: RL2.
    """
    slope = slopes(states[1:], activation)
    delta = slope * d_h
    for t in range(len(delta) - 2, -1, -1):  # at the last step nothing comes from a later one
        delta[t] += slope[t] * delta[t + 1].dot(W)
    return delta


def run_back(
    below: np.ndarray, W: np.ndarray, h_end: np.ndarray, activation: str = "tanh", lengths: np.ndarray | None = None
) -> np.ndarray:
    """Run one recurrent layer backward in time and return its states, the final one behind them.

    Shapes: below (T, B, M), W (M, M), h_end (B, M), returned (T+1, B, M), so that h(t) is states[t-1]
    and h(n+1) = h_end, where n is T or the sequence's own of lengths (B,).
    Errors: those of `applied`. Equation: RL3.
    """
    states = run(reversed_by_lengths(below, lengths), W, h_end, activation)
    return reversed_by_lengths(states, _one_more(lengths))


def sweep_back(
    d_h: np.ndarray, W: np.ndarray, states: np.ndarray, activation: str = "tanh", lengths: np.ndarray | None = None
) -> np.ndarray:
    """Return delta of one layer that ran backward in time at every step, computed forward in time.

    Shapes: d_h (T, B, M), W (M, M), states (T+1, B, M) as of `run_back`, returned (T, B, M).
    Errors: none of its own. Equation: RL4.
    """
    ran = reversed_by_lengths(states, _one_more(lengths))
    return reversed_by_lengths(sweep(reversed_by_lengths(d_h, lengths), W, ran, activation), lengths)


def _one_more(lengths: np.ndarray | None) -> np.ndarray | None:
    return None if lengths is None else lengths + 1


def gated_shapes(gates: int, D: int, M: int, K: int) -> dict[str, tuple[tuple[int, ...], str]]:
    """Return shapes and letters of the parameters of a layer with so many gates, and of its output layer.

    Shapes: b11 (M,) is a bias of one gate, inside the product with its reset gate. Errors: none.
    """
    return {
        "W0": ((gates * M, D), f"{gates}M, D"),
        "W11": ((gates * M, M), f"{gates}M, M"),
        "b0": ((gates * M,), f"{gates}M"),
        "b11": ((M,), "M"),
        "W1": ((K, M), "K, M"),
        "b1": ((K,), "K"),
    }


def draw_gated(
    rng: np.random.Generator, names: Sequence[str], gates: int, D: int, M: int, K: int, dtype: npt.DTypeLike
) -> Arrays:
    """Draw the named parameters of a layer with so many gates as `draw` does.

    Shapes: `gated_shapes`, in a dict. Errors: TypeError for an unsupported dtype, ValueError for sizes below 1.
    """
    for name, size in dict(D=D, M=M, K=K).items():
        check_size(name, size)
    shapes = gated_shapes(gates, D, M, K)
    return draw(rng, {name: shapes[name][0] for name in names}, dtype)


def split(array: np.ndarray, names: Sequence[str]) -> Arrays:
    """Return the parts of a stacked parameter or gradient, gate below gate, as views under their names.

    Shapes: array (nM, …) for n names, each part (M, …). Errors: TypeError, ValueError.
    """
    if type(array) is not np.ndarray or array.ndim == 0:
        raise TypeError(f"array is {array!r}, expected a NumPy array with the rows of all gates: pass W0, W11 or b0.")
    if len(array) % len(names):
        raise ValueError(
            f"array has shape {array.shape}, expected {len(names)}M rows, M for each of {', '.join(names)}: "
            f"pass W0, W11 or b0, or a gradient by one of them."
        )
    return dict(zip(names, np.split(array, len(names)), strict=True))


def stack(parts: Arrays) -> np.ndarray:
    """Return the stacked parameter of the parts of all gates, in their order; `split` undoes it.

    Shapes: a dict of arrays (M, …) for n gates, returned (nM, …). Errors: TypeError, ValueError.
    """
    for name, part in parts.items():
        check_axes(name, part, "M" if np.ndim(part) == 1 else "M, N")
    _, first = next(iter(parts.items()))
    for name, part in parts.items():
        check_form(name, part, first.shape, first.dtype, "like the other gates")
    return np.concatenate(list(parts.values()))


def transposed(W: np.ndarray, factors: np.ndarray | float = 1) -> np.ndarray:
    """Return a transposed copy in memory order, column by column times factors, so that BLAS is fast with small ones.

    Shapes: W (N, M), factors (N,) or a number, returned (M, N). Errors: none of its own.
    """
    return np.multiply(W.T, factors, order="C")


def blocks(T: int, numbers: int) -> list[slice]:
    """Return slices of steps, as many in each as fit a cache with so many numbers a step, the last one perhaps shorter.

    Shapes: none. Errors: none.
    """
    length = min(T, max(1, BLOCK // numbers))
    return [slice(start, min(start + length, T)) for start in range(0, T, length)]


class GatedForward:
    """Buffers that the forward passes of all layers with gates need.

    Shapes, for n gates: states (T+1, B, M), h1 (T, B, M), gates (T, n, B, M), by_name a dict of (T, B, M), bias
    (B, nM), a2 (T, B, K). Errors: none.
    """

    def __init__(self, T: int, B: int, M: int, K: int, names: Sequence[str], dtype: npt.DTypeLike) -> None:
        self.states = empty((T + 1, B, M), dtype)
        self.h1 = self.states[1:]
        self.h1_rows = self.h1.reshape(T * B, M)
        # What is entry by entry wants each gate in one piece.
        self.gates, self.bias = empty((T, len(names), B, M), dtype), empty((B, len(names) * M), dtype)
        self.by_name = dict(zip(names, self.gates.swapaxes(0, 1), strict=True))
        # Class-major, because the softmax runs over classes; a2 is the same memory, time first.
        self.a2_classes = empty((K, T * B), dtype)
        self.a2 = self.a2_classes.T.reshape(T, B, K)
        self.stamp = 0

    def in_blocks(self, steps: Callable[[slice, np.ndarray], Any]) -> list[tuple[Any, ...]]:
        """Return for each block of steps its rows, memory for what the gates get from x, and steps(block, that memory).

        Shapes: that memory (steps, B, nM), and before it the same as rows. Errors: none.
        """
        (T, n, B, M), found = self.gates.shape, []
        slices = blocks(T, n * B * M)
        shared = empty((slices[0].stop, B, n * M), self.gates.dtype)
        for block in slices:
            below = shared[: block.stop - block.start]
            rows = slice(block.start * B, block.stop * B)
            found.append((rows, below.reshape(-1, n * M), below, steps(block, below)))
        return found


class GatedBackward:
    """Buffers that the backward passes of all layers with gates need.

    Shapes, for n gates: delta (T+1, B, nM), zero at the end, delta_rows (T·B, nM), product (B, M), ones (T·B,),
    d_x_rows (T·B, D). Errors: none.
    """

    def __init__(self, T: int, B: int, D: int, M: int, n: int, dtype: npt.DTypeLike) -> None:
        self.delta = empty((T + 1, B, n * M), dtype)
        self.delta[T] = 0  # nothing comes back from beyond the last step
        self.delta_rows = self.delta[:-1].reshape(T * B, n * M)
        self.product, self.ones = empty((B, M), dtype), np.ones(T * B, dtype)
        self.d_x_rows = empty((T * B, D), dtype)

    def in_blocks(
        self, count: int, steps: Callable[[slice, np.ndarray, np.ndarray, np.ndarray], Any]
    ) -> list[tuple[Any, ...]]:
        """Return for each block, the last first, its rows, steps, memory for d_h and `count` slopes, and its steps.

        Shapes: d_h (steps, B, M) and before it the same as rows, slopes (steps, count, B, M); the views of single steps
        are those of the lists steps(block, d_h, slopes, delta), delta (steps, n, B, M), the last first. Errors: none.
        """
        (B, M), T, found = self.product.shape, len(self.delta) - 1, []
        slices = blocks(T, 4 * B * M)
        all_d_h = empty((slices[0].stop, B, M), self.delta.dtype)
        all_slopes = empty((slices[0].stop, count, B, M), self.delta.dtype)
        for block in reversed(slices):
            length = block.stop - block.start
            rows, d_h, slopes = slice(block.start * B, block.stop * B), all_d_h[:length], all_slopes[:length]
            delta = self.delta[block].reshape(length, B, -1, M).swapaxes(1, 2)
            views = list(zip(*steps(block, d_h, slopes, delta), strict=True))[::-1]
            found.append((rows, block, d_h.reshape(-1, M), d_h, slopes, views))
        return found


def output_scores(W1: np.ndarray, h_rows: np.ndarray, b1: np.ndarray, scores: np.ndarray) -> None:
    """Write W1 h + b1 of all rows into scores, class-major because a softmax runs over classes.

    Shapes: W1 (K, M), h_rows (T·B, M), b1 (K,), scores (K, T·B). Errors: none of its own.
    """
    W1.dot(h_rows.T, scores)
    scores += b1[:, None]


def _rows(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1, array.shape[-1])


def check_sizes(name: str, sizes: Sequence[object], letters: str, least: int) -> None:
    """Refuse anything but a tuple or list of sizes, at least so many of them.

    Shapes: none; `letters` shows what is expected. Errors: TypeError, ValueError.
    """
    if not isinstance(sizes, (tuple, list)):
        raise TypeError(f"{name} is {sizes!r}, expected a tuple of sizes such as {letters}: pass {name}=(…,).")
    if len(sizes) < least:
        raise ValueError(f"{name} is {sizes!r}, expected at least {least} of them, {letters}: add what is missing.")
    for place, size in enumerate(sizes):
        check_size(f"{name}[{place}]", size)


def check_two_sizes(name: str, sizes: Sequence[int], letters: str) -> None:
    """Refuse anything but a tuple or list of two sizes, such as those of two directions.

    Shapes: none; `letters` shows what is expected. Errors: TypeError, ValueError.
    """
    check_sizes(name, sizes, letters, least=2)
    if len(sizes) != 2:
        raise ValueError(f"{name} is {sizes!r}, expected two sizes, {letters}: remove the others.")


def check_layers(name: str, layers: Sequence[object]) -> None:
    """Refuse more layers than have names of their own.

    Shapes: none; a tuple or list with one entry for each layer. Errors: ValueError.
    """
    if len(layers) > MOST:
        raise ValueError(f"{name} has {len(layers)} layers, expected at most {MOST}: take fewer.")


def depth(params: Mapping[str, object], tells: Callable[[int], Iterable[str]], most: float = MOST) -> int:
    """Return the number of layers that the names of parameters tell of, at least one and at most so many.

    Shapes: none; `tells(l)` returns names that no network without a layer l has. Errors: none.
    """
    L = 1
    while isinstance(params, dict) and L < most and any(name in params for name in tells(L + 1)):
        L += 1
    return L


def check_states(name: str, states: Sequence[np.ndarray], L: int) -> None:
    """Refuse anything but a tuple or list with the state of each of L layers.

    Shapes: states L arrays, not looked at. Errors: TypeError, ValueError.
    """
    if not isinstance(states, (tuple, list)):
        raise TypeError(
            f"{name} is of type {type(states).__name__}, expected a tuple with the state (B, M) of each layer: "
            f"pass ({name},) for one layer."
        )
    if len(states) != L:
        raise ValueError(
            f"{name} holds {len(states)} states, expected {L}, one (B, M) for each recurrent layer "
            f"of params: pass one for each."
        )


def check_trace(trace: object, kind: type, call: str) -> None:
    """Refuse anything but the trace of the same architecture.

    Shapes: none; `kind` is the class expected, `call` the call that makes one. Errors: TypeError.
    """
    if not isinstance(trace, kind):
        found = f"{type(trace).__module__}.{type(trace).__name__}".removeprefix("builtins.")
        raise TypeError(f"trace is of type {found}, expected what forward returned: pass trace = {call}.")


def check_choice(name: str, choice: str, choices: Collection[str]) -> None:
    """Refuse a name that is not among those offered.

    Shapes: none. Errors: ValueError.
    """
    if choice not in choices:
        raise ValueError(f"{name} is {choice!r}, expected one of {', '.join(choices)}: correct its spelling.")


@np.errstate(over="ignore", invalid="ignore")
def check_gated_forward(
    params: Arrays, names: Sequence[str], gates: int, x: np.ndarray, starts: Arrays
) -> tuple[int, int, int, int, int]:
    """Refuse what a forward pass of a layer with gates cannot take, and return T, B, D, M, K.

    Shapes: x (T, B, D), `gated_shapes`, and each of the dict `starts` (B, M). Errors: TypeError, ValueError.
    """
    check_names("params", params, names)
    T, B, D = check_axes("x", x, "T, B, D")
    check("x", x, x.shape, x.dtype)
    check_axes("W11", params["W11"], f"{gates}M, M")
    M, (K, _) = min(params["W11"].shape), check_axes("W1", params["W1"], "K, M")
    shapes = gated_shapes(gates, D, M, K)
    for name in names:
        check(name, params[name], shapes[name][0], x.dtype, shapes[name][1])
    for name, start in starts.items():
        check(name, start, (B, M), x.dtype, "B, M")
    return T, B, D, M, K


@np.errstate(over="ignore", invalid="ignore")
def check_gated_backward(
    params: Arrays, names: Sequence[str], gates: int, trace: Any, d_a2: np.ndarray
) -> tuple[int, int, int, int, int]:
    """Refuse what a backward pass of a layer with gates cannot take, and return T, B, D, M, K.

    Shapes: d_a2 (T, B, K). Errors: TypeError, ValueError.
    """
    check_names("params", params, names)
    check_latest(trace)
    (T, B, D), M, K, dtype = trace.x.shape, trace.h1.shape[2], trace.a2.shape[2], trace.x.dtype
    check("d_a2", d_a2, (T, B, K), dtype, "T, B, K")
    shapes = gated_shapes(gates, D, M, K)
    for name in ("W0", "W11", "W1"):
        check_form(name, params[name], shapes[name][0], dtype, shapes[name][1])
    return T, B, D, M, K


def check_latest(trace: Any) -> None:
    """Refuse a trace whose workspace has been used again since.

    Shapes: none. Errors: ValueError.
    """
    if trace.buffers.stamp != trace.stamp:
        raise ValueError(
            "trace was overwritten by a later forward pass with the same workspace, expected the "
            "latest trace: call backward before the next forward, or use another workspace."
        )


def check_apart(x: np.ndarray, *buffers: np.ndarray) -> None:
    """Refuse an input that lies in memory which the call is going to overwrite.

    Shapes: any. Errors: ValueError.
    """
    if x.base is None:  # it owns its memory, so it is no view of a buffer
        return
    if any(np.may_share_memory(x, buffer) for buffer in buffers):
        raise ValueError(
            "x is a result of an earlier call with the same workspace, which this call would "
            "overwrite, expected an array apart from it: use a workspace for each layer, or "
            "x.copy()."
        )
