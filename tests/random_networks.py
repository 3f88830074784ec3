"""Networks written at random, with every entrywise function of the language: what no author had in mind."""

import random

from bptt_lab import Network
from bptt_lab.formulas.functions import ROWS

ENTRYWISE = sorted(
    name for name, row in ROWS.items() if row.kind == "entry" and name not in ("log", "sqrt", "step", "leaky_step")
)
LOSSES = ("mse", "huber")


def random_network(seed: int) -> Network:
    """Return a network of two to five states, each of some that come before it, at this step or an earlier one."""
    chance = random.Random(seed)
    names = [f"s{k}" for k in range(1, chance.randint(3, 6))]
    lines, size = [], chance.choice((1, 1, 1, 2))
    for k, name in enumerate(names):
        terms = [f"U{name} @ x[t]" if chance.random() < 0.7 or not k else f"b_{name}"]
        terms += [f"W{name} @ {chance.choice(names[: k + 1])}[t-{chance.randint(1, 2)}]"]
        terms += [f"V{name} @ {chance.choice(names[:k])}[t]"] if k else []
        terms += [f"{chance.choice(names[:k])}[t] * {name}[t-1]"] if k and chance.random() < 0.5 else []
        lines.append(f"{name}[t] = {chance.choice(ENTRYWISE)}({' + '.join(terms)})")
    lines.append(f"L[t] = {chance.choice(LOSSES)}({names[-1]}[t], y[t])")
    return Network("\n".join(lines), sizes=dict.fromkeys(names, size) | {"x": 2 if size > 1 else 1})
