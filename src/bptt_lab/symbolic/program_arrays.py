"""The arrays of a network's NumPy module: which are made of zeros first, and where a step or a state stands in them."""

from __future__ import annotations

from dataclasses import replace

from bptt_lab.formulas.times import NOW, Index
from bptt_lab.formulas.tree import Over, Tree
from bptt_lab.network import Network, NetworkError
from bptt_lab.symbolic.program_names import with_names
from bptt_lab.symbolic.row_code import Rows, Value, name_of, over_steps


class Arrays:
    """The arrays of one network; `by_step` names those that are read step by step, None for all.

    `given` is the network as it was written, `network` the one with names for what has none; `pad` places stand beside
    the steps at either end, for states; `boundaries` are the states that are given. `whole` writes code for all steps
    at once, `at_step` for step t.
    """

    def __init__(self, network: Network, by_step: frozenset[str] | None = None) -> None:
        self.given, self.network = network, with_names(network)
        if not network.inputs and any(one.timed for one in network.written.values()):
            what = "Nothing that is given has a step, so no array tells how many steps there are."
            raise NetworkError(what, "Use graph.gradients, or give an input x[t].")
        ends = [abs(one.index.shift) for one in network.boundary_equations.values()]
        self.pad = max([1, network.longest_lag, *ends])
        graph = self.network.unroll(network.enough_steps + 2 * self.pad)
        self.boundaries = [key for key in dict.fromkeys(map(graph.key, graph.leaves)) if "[" in key]
        self.whole = Rows(self.network, self.pad, by_step=by_step)
        self.at_step = replace(self.whole, step="t")

    def ends(self, name: str) -> list[str]:
        """Return the states of a quantity that are given, such as 'h[0]'."""
        return [key for key in self.boundaries if key.partition("[")[0] == name]

    def zeros(self, name: str, prefix: str = "") -> list[str]:
        """Return the line that makes an array whose steps are filled one by one; none for any other."""
        array, width = prefix + name_of(name), (self.network.shapes[name] or (1,))[0]
        places = f"np.zeros((T + {2 * self.pad}, batch, {width}))"
        return [f"{array} = {places}"] if self.whole.at(array, NOW) else []

    def place(self, name: str, index: Index, prefix: str = "") -> str:
        """Return where in an array of steps a quantity of one time stands."""
        array = prefix + name_of(name)
        return array + self.at_step.at(array, index)

    def sizes(self) -> list[str]:
        """Return the line that reads the number of steps and of sequences; none where no input has steps."""
        return [f'T, batch = v["{self.network.inputs[0]}"].shape[:2]'] if self.network.inputs else []

    def at_its_step(self, term: Tree) -> Value:
        """Return the code of a term, summed over steps where it says so."""
        return over_steps(self.whole.of(term.body)) if isinstance(term, Over) else self.at_step.of(term)


def end(key: str) -> Index:
    """Return the time in a key such as 'h[0]' or 'hb[T+1]'."""
    text = key.partition("[")[2][:-1]
    return Index("T", int(text[1:])) if text.startswith("T") else Index("", int(text))
