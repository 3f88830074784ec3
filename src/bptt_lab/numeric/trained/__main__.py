"""Train the stored networks again: python -m bptt_lab.numeric.trained [number of seeds to try beside]."""

import sys

import numpy as np

from ..arrays import Arrays
from . import SEEDS, TASKS, WEIGHTS, count_right, learn


def main(more: int = 0) -> None:
    """Store the weights of SEEDS, and say how many of 1,000 long sequences each network has right."""
    found: Arrays = {}
    for name, task in TASKS.items():
        long = task(np.random.default_rng(99), 80, 1000)
        for seed in (*SEEDS, *range(100, 100 + more)):
            params = learn(name, seed, label=f"{name}, seed {seed}").params
            print(f"{name}, seed {seed}: {count_right(params, *long)} of 1000")
            if seed in SEEDS:
                found |= {f"{name}_{seed}_{key}": array for key, array in params.items()}
    np.savez(WEIGHTS, **found)  # type: ignore[arg-type]  # no key is an option


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
