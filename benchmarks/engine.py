"""Time the engine that derives: what a text leaves unnamed, one entry of a state, compilation, questions; and growth.

Every case runs in a process of its own, with nothing derived before but one small network, so that what is kept does
not pass from one to the next. Processor time of one thread; the forms that are compared take turns. The goals are
printed beside the figures.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from bptt_lab import Network, ex, symbolic

STATE = "a[t] = U @ x[t] + W @ h[t-1] + b\nh[t] = tanh(a[t])\n"
LOSS = "L[t] = nll(p[t], y[t])"
UNNAMED = STATE + "p[t] = softmax(V @ h[t] + d)\n" + LOSS
NAMED = STATE + "o[t] = V @ h[t] + d\np[t] = softmax(o[t])\n" + LOSS
GATES = """
f[t] = sigmoid(Wf @ x[t] + Uf @ h[t-1] + bf)
i[t] = sigmoid(Wi @ x[t] + Ui @ h[t-1] + bi)
g[t] = tanh(Wg @ x[t] + Ug @ h[t-1] + bg)
q[t] = sigmoid(Wq @ x[t] + Uq @ h[t-1] + bq)
c[t] = f[t] * c[t-1] + i[t] * g[t]
h[t] = q[t] * tanh(c[t])
p[t] = softmax(V @ h[t] + d)
"""
LSTM = GATES + LOSS
LEAKY = """
h[t] = h[t-1] + (tanh(W @ h[t-1] + U @ x[t] + b) - h[t-1]) / tau
o[t] = V @ h[t] + c
L[t] = mse(o[t], y[t])
"""
TWO_SCALARS = "a[t] = v * a[t-1] + u\nL = mse(a[T], y)"


def _values(graph):
    """Return random values for every leaf of a graph; targets are probabilities."""
    rng, values = np.random.default_rng(0), {}
    for place, shape in graph.leaves.items():
        key = graph.key(place)
        values[key] = rng.uniform(0.2, 0.9, (graph.T, *shape) if key in graph.network.inputs else shape)
    return values


def first_gradients(text, M=4, K=3, T=4):
    """Read a network and compute its gradients once."""
    graph = Network(text, sizes=dict(x=3, h=M, p=K)).unroll(T)
    graph.gradients(_values(graph))


def compiled(text, M=4, K=3, T=4):
    """Read a network, derive all its gradients with their proofs, and compile them."""
    symbolic.gradients(Network(text, sizes=dict(x=3, h=M, p=K)).unroll(T)).compiled()


def one_entry(text, M=4, K=3, T=5, name="h"):
    """Derive the total derivative by one entry of a state, proven."""
    symbolic.derive(Network(text, sizes=dict(x=3, h=M, p=K)).unroll(T), name, 2, 1)


def leaky_integrator(what):
    """Do one thing with a leaky integrator whose time constant is a number."""
    graph = Network(LEAKY, sizes=dict(x=3, h=5, o=2, tau=())).unroll(4)
    {
        "gradients": lambda: graph.gradients(_values(graph)),
        "derive": lambda: symbolic.derive(graph, "h", 2, 1),
        "derive_vector": lambda: symbolic.derive_vector(graph, "h"),
        "compile": lambda: symbolic.gradients(graph).compiled(),
    }[what]()


def questions(T=4):
    """Make questions from a small LSTM."""
    ex.own(LSTM, sizes=dict(x=2, h=3, p=2), T=T)


TEXTS = {"named": NAMED, "unnamed": UNNAMED, "LSTM": LSTM}
WORK = {work.__name__: work for work in (first_gradients, compiled, one_entry, leaky_integrator, questions)}
GOALS = {  # name: (work, arguments, seconds)
    "one entry, LSTM, M = 16": ("one_entry", dict(text="LSTM", M=16), 0.5),
    "one entry, LSTM, M = 64": ("one_entry", dict(text="LSTM", M=64), 3.0),
    "compile, M = 8, T = 20": ("compiled", dict(text="named", M=8, T=20), 1.5),
    "compile, LSTM, M = 8, T = 20": ("compiled", dict(text="LSTM", M=8, T=20), 1.5),
    **{
        f"leaky integrator, {what}": ("leaky_integrator", dict(what=what), 1.0)
        for what in ("gradients", "derive", "derive_vector", "compile")
    },
    "questions, LSTM 2/3/2, T = 4": ("questions", {}, 2.0),
}
RATIO = 1.2
GROWTH = {  # axis: (sizes, arguments)
    "T": ((5, 10, 20, 40), {}),
    "M": ((4, 8, 16, 32), {}),
    "K": ((3, 6, 12, 24), {}),
}


def seconds(work, arguments):
    """Return the processor seconds of one piece of work, in a process of its own."""
    command = [sys.executable, __file__, "--one", json.dumps([work, arguments])]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def measure_here(work, arguments):
    """Do one piece of work in this process and print its processor seconds; SymPy is loaded before."""
    symbolic.derive(Network(TWO_SCALARS, sizes=dict(a=1)).unroll(2), "v")
    text = {"text": TEXTS[arguments["text"]]} if "text" in arguments else {}
    start = time.process_time()
    WORK[work](**{**arguments, **text})
    print(time.process_time() - start)


def compare_forms(rounds):
    """Print what a softmax of an unnamed argument costs beside the named form: the median of rounds in turn."""
    print("\n| work | K | named, s | unnamed, s | ratio | goal |\n|---|---|---|---|---|---|")
    for work in ("first_gradients", "compiled"):
        for K in (3, 20, 60):
            pairs = [[seconds(work, dict(text=form, K=K)) for form in ("named", "unnamed")] for _ in range(rounds)]
            named, unnamed = (statistics.median(column) for column in zip(*pairs, strict=True))
            ratio = statistics.median(b / a for a, b in pairs)
            print(f"| {work} | {K} | {named:.3f} | {unnamed:.3f} | {ratio:.2f} | {_judged(ratio, RATIO)} |", flush=True)


def compare_goals(rounds):
    """Print the seconds of each case beside its goal."""
    print("\n| case | s | goal |\n|---|---|---|")
    for case, (work, arguments, goal) in GOALS.items():
        found = statistics.median(seconds(work, arguments) for _ in range(rounds))
        print(f"| {case} | {found:.2f} | {_judged(found, goal)} |", flush=True)


def show_growth(rounds):
    """Print the seconds as T, M and K double, and by what power they grow in the last step."""
    print("\n| axis | work | seconds as it doubles | last power |\n|---|---|---|---|")
    for axis, (sizes, others) in GROWTH.items():
        for work in ("first_gradients", "compiled", "one_entry"):
            found = [
                statistics.median(seconds(work, {"text": "LSTM", **others, axis: size}) for _ in range(rounds))
                for size in sizes
            ]
            power = np.log2(found[-1] / found[-2])
            row = ", ".join(f"{size}: {s:.2f}" for size, s in zip(sizes, found, strict=True))
            print(f"| {axis} | {work} | {row} | {power:.1f} |", flush=True)


def _judged(found, goal):
    return f"{goal:g}, met" if found <= goal else f"{goal:g}, missed by {found - goal:.2g}"


PARTS = {"forms": compare_forms, "goals": compare_goals, "growth": show_growth}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        measure_here(*json.loads(options.one))
        return
    for part in options.only:
        PARTS[part](options.rounds)


if __name__ == "__main__":
    main()
