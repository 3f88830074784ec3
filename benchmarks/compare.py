"""Time one forward and backward pass of an architecture against its peers and, the RNN, against the limit.

Work: forward, softmax loss, gradients by all parameters, x and the initial states. One process per peer,
one thread, processor time. In every round all peers run one burst each, in random order; ratios are
taken inside a round, and the median over rounds is reported. Gradients are compared before anything
is timed. See README.md beside this file.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import multiprocessing
import os
import random
import statistics
import time
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

# Before NumPy and the frameworks are imported, here and in every process started from here.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
os.environ.update(dict.fromkeys(THREADS, "1"))
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import numpy as np  # noqa: E402

from bptt_lab.numeric import gradient_check, losses  # noqa: E402
from bptt_lab.numeric.arrays import Workspace, empty  # noqa: E402
from networks import NETWORKS, torch_pass  # noqa: E402

SIZES = {  # T, B, D, M, K
    "tiny": (20, 1, 4, 5, 3),
    "course": (50, 32, 16, 32, 10),
    "char": (25, 1, 65, 100, 65),
    "medium": (100, 64, 64, 128, 64),
    "large": (200, 128, 256, 512, 256),
}
ROUNDS = dict(tiny=25, course=25, char=25, medium=9, large=3)
BURST_SECONDS = 0.02
TOLERANCE = dict(float64=1e-9, float32=5e-5)


def make_case(architecture, size, dtype):
    """Return the network, params, x, the initial states and labels, the same in every process."""
    (T, B, D, M, K), network = SIZES[size], NETWORKS[architecture]
    rng = np.random.default_rng(T + M)
    params = network.draw(rng, D, M, K, np.float64)
    x, starts = rng.standard_normal((T, B, D)), [rng.uniform(-0.9, 0.9, (B, M)) for _ in range(network.count)]
    labels = rng.integers(0, K, (T, B))
    params = {name: array.astype(dtype) for name, array in params.items()}
    return network, params, x.astype(dtype), [start.astype(dtype) for start in starts], labels


# Peers. Each takes a case and returns a function without arguments that does the work once and
# returns (loss, the gradients by all parameters, by x and by the initial states, in this order).


def ours(network, params, x, starts, labels):
    if not network.keeps:
        return ours_fresh(network, params, x, starts, labels)
    workspace = Workspace()

    def call():
        trace = network.code.forward(params, x, *starts, workspace=workspace, **network.options)
        loss, d_a2 = losses.softmax_nll(trace.a2, labels, workspace=workspace)
        return loss, tuple(network.code.backward(params, trace, d_a2, workspace).values())

    return call


def ours_fresh(network, params, x, starts, labels, code=None):
    code = code or network.code
    given = [tuple(starts)] if network.code.__name__.endswith("deep") else starts

    def call():
        trace = code.forward(params, x, *given, **network.options)
        loss, d_a2 = losses.softmax_nll(trace.scores if hasattr(trace, "scores") else trace.a2, labels)
        gradients = code.backward(params, trace, d_a2)
        flat = [gradients.pop(name) for name in (*params, "x")]
        for start in gradients.values():
            flat += start if isinstance(start, tuple) else [start]
        return loss, flat

    return call


def plain(network, params, x, starts, labels):
    if network.plain:
        return ours_fresh(network, params, x, starts, labels, network.plain)
    return plain_loop(params, x, *starts, labels)


def plain_loop(params, x, h_start, labels):
    """Step by step, as minimal character models on the web do it, with a batch axis added."""
    W0, W11, b0, W1, b1 = params.values()
    T, rows = len(x), np.arange(x.shape[1])

    def call():
        h, p, loss = {-1: h_start}, {}, 0.0
        for t in range(T):
            h[t] = np.tanh(x[t] @ W0.T + h[t - 1] @ W11.T + b0)
            a2 = h[t] @ W1.T + b1
            exponentials = np.exp(a2 - a2.max(axis=1, keepdims=True))
            p[t] = exponentials / exponentials.sum(axis=1, keepdims=True)
            loss -= np.log(p[t][rows, labels[t]]).sum()
        d_W0, d_W11, d_b0, d_W1, d_b1 = (np.zeros_like(w) for w in (W0, W11, b0, W1, b1))
        d_x, d_h_later = np.empty_like(x), np.zeros_like(h_start)
        for t in reversed(range(T)):
            d_a2 = p[t].copy()
            d_a2[rows, labels[t]] -= 1
            d_W1 += d_a2.T @ h[t]
            d_b1 += d_a2.sum(axis=0)
            d_a1 = (1 - h[t] * h[t]) * (d_a2 @ W1 + d_h_later)
            d_W0 += d_a1.T @ x[t]
            d_W11 += d_a1.T @ h[t - 1]
            d_b0 += d_a1.sum(axis=0)
            d_x[t] = d_a1 @ W0
            d_h_later = d_a1 @ W11
        return loss, (d_W0, d_W11, d_b0, d_W1, d_b1, d_x, d_h_later)

    return call


def hips_autograd(network, params, x, starts, labels):
    import autograd
    import autograd.numpy as anp

    (T, B), names = labels.shape, tuple(params)
    chosen = np.arange(T * B), labels.reshape(-1)

    def scan(step, states, inputs):
        found = []
        for t in range(T):
            states = step(states, inputs[t])
            found.append(states[0])
        return anp.array(found)

    def flip(a):
        return a[::-1]

    kit = SimpleNamespace(
        tanh=anp.tanh, sigmoid=lambda a: 1 / (1 + anp.exp(-a)), split=anp.split, flip=flip, scan=scan
    )  # fmt: skip

    def loss(arrays):
        given = dict(zip(names, arrays, strict=False))
        a2 = anp.reshape(network.scores(kit, given, *arrays[len(names) :]), (T * B, -1))
        shifted = a2 - anp.max(a2, axis=1, keepdims=True)
        return anp.sum(anp.log(anp.sum(anp.exp(shifted), axis=1)) - shifted[chosen])

    both = autograd.value_and_grad(loss)
    return lambda: both((*params.values(), x, *starts))


def pytorch(network, params, x, starts, labels):
    import torch

    return torch_pass(torch, network, params, x, starts, labels)


def jax_scan(network, params, x, starts, labels):
    import jax

    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_enable_x64", x.dtype == np.float64)
    jnp = jax.numpy

    def scan(step, states, inputs):
        return jax.lax.scan(lambda states, now: ((found := step(states, now)), found[0]), states, inputs)[1]

    kit = SimpleNamespace(tanh=jnp.tanh, sigmoid=jax.nn.sigmoid, split=jnp.split, flip=lambda a: a[::-1], scan=scan)

    def loss(arrays, labels):
        given = dict(zip(params, arrays, strict=False))
        logs = jax.nn.log_softmax(network.scores(kit, given, *arrays[len(params) :]))
        return -jnp.take_along_axis(logs, labels[..., None], axis=-1).sum()

    both = jax.jit(jax.value_and_grad(loss))
    arrays = tuple(map(jnp.asarray, (*params.values(), x, *starts)))
    targets = jnp.asarray(labels)
    return lambda: jax.block_until_ready(both(arrays, targets))


def floor(network, params, x, starts, labels):
    """The same matrix products, tanh and exp of the RNN, and nothing else: no sums, no checks, no gradient."""
    W0, W11, _, W1, _ = params.values()
    (T, B, D), M, K, dtype = x.shape, len(W0), len(W1), x.dtype
    states, deltas, d_x = (
        empty((T + 1, B, M), dtype),
        empty((T, B, M), dtype),
        empty(x.shape, dtype),
    )
    scores, product = empty((K, T * B), dtype), empty((B, M), dtype)
    states[0] = starts[0]
    x_rows, d_x_rows = x.reshape(T * B, D), d_x.reshape(T * B, D)
    before, after = states[:-1].reshape(T * B, M), states[1:].reshape(T * B, M)
    delta_rows, later = deltas.reshape(T * B, M), list(deltas[::-1])
    W0_T, W11_T, steps = W0.T.copy(), W11.T.copy(), list(zip(states[:-1], states[1:], strict=True))

    def call():
        tanh = np.tanh
        x_rows.dot(W0_T, after)
        for h_before, h_now in steps:
            h_before.dot(W11_T, product)
            tanh(h_now, h_now)
        W1.dot(after.T, scores)
        np.exp(scores, scores)
        scores.T.dot(W1, delta_rows)
        for delta in later:
            delta.dot(W11, product)
        scores.dot(after), delta_rows.T.dot(before), delta_rows.T.dot(x_rows)
        delta_rows.dot(W0, d_x_rows)

    return call


PEERS = {  # name in the tables: (function, distribution it needs)
    "ours": (ours, "numpy"),
    "floor": (floor, "numpy"),
    "ours, no workspace": (ours_fresh, "numpy"),
    "NumPy, step by step": (plain, "numpy"),
    "PyTorch": (pytorch, "torch"),
    "JAX, jit of scan": (jax_scan, "jax"),
    "HIPS autograd": (hips_autograd, "autograd"),
}


def peers_of(architecture):
    """Return the peers that an architecture has."""
    network = NETWORKS[architecture]
    absent = [] if architecture == "rnn" else ["floor"]
    absent += [] if network.keeps else ["ours, no workspace"]
    absent += [] if network.plain or architecture == "rnn" else ["NumPy, step by step"]
    return [peer for peer in PEERS if peer not in absent]


# One process per peer: the frameworks' thread pools and allocators must not meet.


def work(peer, pipe):
    """Serve one peer: ("prepare", architecture, size, dtype), ("burst", calls) and ("memory",) until None."""
    if hasattr(os, "sched_setaffinity"):  # some pools ignore every other request for one thread
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    make, call, case = PEERS[peer][0], None, None
    for command, *arguments in iter(pipe.recv, None):
        if command == "prepare":
            case = make_case(*arguments)
            call = make(*case)
            pipe.send(_as_numpy(call(), case))
        elif command == "burst":
            pipe.send(_burst(call, *arguments))
        elif command == "memory":
            pipe.send(_peak_bytes(make, case))


def _as_numpy(result, case):
    if result is None:
        return None
    loss, gradients = result
    loss, *arrays = (np.array(a.detach() if hasattr(a, "detach") else a) for a in (loss, *gradients))
    _, params, _, starts, _ = case
    names = (*params, "x", *(f"start {k}" for k in range(len(starts))))
    return float(loss), dict(zip(names, arrays, strict=True))


def _burst(call, calls):
    start = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - start) / calls


def _peak_bytes(make, case):
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    result = make(*case)()
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    del result
    return peak


def start_workers(architecture):
    """Start a process for every peer whose library is installed; list the others as absent."""
    context, workers = multiprocessing.get_context("spawn"), {}
    for peer in peers_of(architecture):
        library = PEERS[peer][1]
        if importlib.util.find_spec(library) is None:
            print(f"absent: {peer} ({library} is not installed)")
            continue
        here, there = context.Pipe()
        context.Process(target=work, args=(peer, there), daemon=True).start()
        there.close()
        workers[peer] = here
    return workers


def ask(pipe, *message):
    pipe.send(message)
    return pipe.recv()


def prepare(workers, *case):
    """Let every peer compute once, and stop unless all gradients agree with the slowest and plainest there is."""
    architecture, size, dtype = case
    slow = "NumPy, step by step" if "NumPy, step by step" in workers else "HIPS autograd"
    wide = make_case(architecture, size, "float64")
    reference = _as_numpy(PEERS[slow][0](*wide)(), wide)
    for peer, pipe in workers.items():
        result = ask(pipe, "prepare", *case)
        if result is None:
            continue
        differences = gradient_check.relative_differences(result[1], reference[1])
        differences["loss"] = gradient_check.relative_difference(result[0], reference[0])
        worst = max(differences, key=differences.get)
        if differences[worst] > TOLERANCE[dtype]:
            raise SystemExit(f"{peer} disagrees at {size} {dtype}: {worst} by {differences[worst]:.1e}")


def measure(workers, case, rounds):
    """Return seconds per call, one list a peer with one entry a round."""
    prepare(workers, *case)
    calls = {}
    for peer, pipe in workers.items():
        once = max(ask(pipe, "burst", 1), 1e-6)
        once = max(ask(pipe, "burst", 1 + int(BURST_SECONDS / once / 4)), 1e-6)
        calls[peer] = max(1, int(BURST_SECONDS / once))
    seconds = {peer: [] for peer in workers}
    for _ in range(rounds):
        for peer in random.sample(list(workers), len(workers)):
            seconds[peer].append(ask(workers[peer], "burst", calls[peer]))
    return seconds


def ratios(seconds, base="ours"):
    """Return the median over rounds of each peer's time divided by ours in the same round."""
    return {
        peer: statistics.median(a / b for a, b in zip(times, seconds[base], strict=True))
        for peer, times in seconds.items()
    }


def memory(workers, size, dtype):
    """Return peak extra memory in (T, B, M) arrays, for the peers whose arrays are NumPy's."""
    T, B, _, M, _ = SIZES[size]
    unit = T * B * M * np.dtype(dtype).itemsize
    own = [peer for peer in workers if PEERS[peer][1] in ("numpy", "autograd") and peer != "floor"]
    return {peer: ask(workers[peer], "memory") / unit for peer in own}


def describe_machine():
    """Return versions of everything that matters, and the BLAS behind NumPy."""
    facts = {"python": os.sys.version.split()[0]}
    for library in ("numpy", "torch", "jax", "autograd"):
        if importlib.util.find_spec(library):
            facts[library] = importlib.metadata.version(library)
    if importlib.util.find_spec("threadpoolctl"):
        from threadpoolctl import threadpool_info

        for pool in (pool for pool in threadpool_info() if pool["user_api"] == "blas"):
            kernels = pool.get("architecture", "unknown")
            facts["blas"] = f"{pool['internal_api']} {pool['version']}, kernels {kernels}"
    else:
        facts["blas"] = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    return facts


def run(architecture, sizes, dtypes, rounds):
    """Measure everything and print it as it comes."""
    facts, workers, results = describe_machine(), start_workers(architecture), {}
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    for size in sizes:
        for dtype in dtypes:
            seconds = measure(workers, (architecture, size, dtype), rounds or ROUNDS[size])
            entry = dict(seconds={p: statistics.median(s) for p, s in seconds.items()})
            entry["ratios"] = ratios(seconds)
            if "floor" in workers:
                entry["to_floor"] = ratios(seconds, "floor")["ours"]
            if size in ("medium", "large"):
                entry["memory"] = memory(workers, size, dtype)
            results[f"{size} {dtype}"] = entry
            show(f"{size} {dtype}", entry)
    for pipe in workers.values():
        pipe.send(None)
    return dict(facts=facts, results=results)


def show(title, entry):
    print(f"\n{title}" + (f": ours / floor {entry['to_floor']:.2f}" if "to_floor" in entry else ""))
    for peer, seconds in entry["seconds"].items():
        units = entry.get("memory", {}).get(peer)
        extra = f"   memory {units:.2f} arrays (T, B, M)" if units else ""
        print(f"  {peer:22s}{seconds * 1e6:12.1f} us{entry['ratios'][peer]:9.2f} x ours{extra}")


def summarise(paths):
    """Print Markdown tables: the median of several saved runs, and their spread."""
    runs = [json.loads(Path(path).read_text()) for path in paths]
    print(", ".join(f"{name} {value}" for name, value in runs[0]["facts"].items()), "\n")
    titles = list(runs[0]["results"])
    peers = [peer for peer in PEERS if peer in runs[0]["results"][titles[0]]["seconds"]]
    peers = [peer for peer in peers if peer not in ("ours", "floor")]
    floors = ["ours / floor"] if "to_floor" in runs[0]["results"][titles[0]] else []
    print("| size | ours, us |", " | ".join((*floors, *(f"{p} / ours" for p in peers))), "|")
    print("|---|" + "---|" * (len(peers) + len(floors) + 1))
    for title in titles:
        entries = [run["results"][title] for run in runs]
        cells = [_spread([e["seconds"]["ours"] * 1e6 for e in entries], "{:.0f}")]
        cells += [_spread([e["to_floor"] for e in entries]) for _ in floors]
        cells += [_spread([e["ratios"][peer] for e in entries]) for peer in peers]
        print(f"| {title} | " + " | ".join(cells) + " |")
    if not any("memory" in result for result in runs[0]["results"].values()):
        return
    print("\n| size | " + " | ".join(("ours", *peers)) + " |")
    print("|---|" + "---|" * (len(peers) + 1))
    for title in titles:
        units = [run["results"][title].get("memory", {}) for run in runs]
        found = [[u[peer] for u in units if peer in u] for peer in ("ours", *peers)]
        if any(found):
            print(f"| {title} | " + " | ".join(_spread(f) if f else "–" for f in found) + " |")


def _spread(values, form="{:.2f}"):
    middle, low, high = map(form.format, (statistics.median(values), min(values), max(values)))
    return middle if low == high else f"{middle} ({low}–{high})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--architecture", choices=NETWORKS, default="rnn")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--dtypes", nargs="+", choices=TOLERANCE, default=list(TOLERANCE))
    parser.add_argument("--rounds", type=int, help="instead of the number that suits each size")
    parser.add_argument("--save", type=Path, help="write the numbers to this file as JSON")
    parser.add_argument("--summarise", nargs="+", help="print tables from saved files; run nothing")
    options = parser.parse_args()
    if options.summarise:
        summarise(options.summarise)
        return
    found = run(options.architecture, options.sizes, options.dtypes, options.rounds)
    if options.save:
        options.save.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
