"""The instances on which a function is run: a tame first one, and others that each differ from it in one respect."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.exercises.judges import sizing, stress
from bptt_lab.exercises.question import Question
from bptt_lab.formulas import FormulaError
from bptt_lab.formulas.tree import Derivative, Letter, Tree, free_variables, parts, walk
from bptt_lab.network import Graph, NetworkError
from bptt_lab.network.keeping import kept
from bptt_lab.symbolic.arithmetics import SECRET, Unsettled
from bptt_lab.symbolic.values import Scene

LARGEST = 1e100  # beyond it a right function may overflow on its way
TOLERANCE, TOLERANCE_OF_FLOAT32 = 1e-9, 1e-4
RELATIVE, ROUNDED = 1e-6, 1e-15  # of an entry by itself, and what sums of larger numbers leave


class Respect(NamedTuple):
    """What an instance is for: where an answer is right that fails here only, what is different, what to ask.

    `alone` says what is different where no other instance is named beside it; empty: `wrong` does.
    """

    right: str
    wrong: str
    asks: str
    alone: str = ""


SIZE = "Is a size or a number of steps written into the code?"
EXPONENTIAL = "Which exponential, or which sum of them, leaves what a float can hold?"
CUT = "Is something rounded, cut off, or added to a divisor?"
LONGEST, SHORTEST_OF_THE_LONG = 40, 36  # steps
DECIMALS = 6  # of numbers drawn anew: none is exactly 0 or 1 by chance
AXIS = "Which line loses an axis of length one, or counts on a longer one?"
RESPECTS = {
    "tame": Respect("", "T = {T}", ""),
    "longer": Respect("T = {T0}", "T = {T}", SIZE),
    "sequences": Respect("B = {B0}", "B = {B}", "Is the number of sequences written into the code?"),
    "one sequence": Respect("several sequences", "a single one (B = 1)", AXIS, "a single sequence (B = 1)"),
    "one step": Respect("T = {T0}", "T = {T}", "What happens when the first step is the last one?"),
    "single": Respect("one of them", "a single sequence of a single step (B = T = 1)", AXIS),
    "many": Respect("B = {B0}", "B = {B}", "Is a number of sequences written into the code?"),
    "many steps": Respect("T = {T0}", "T = {T}", SIZE),
    "sizes": Respect("{sizes0}", "{sizes}", "Is a size written into the code?"),
    "ones": Respect("{sizes0}", "{sizes}", AXIS),
    "equal": Respect(
        "{sizes0}", "{sizes}", "Does a line decide by shapes which axis is which, or broadcast along another?"
    ),
    "mirrored": Respect(
        "some parameters",
        "the same ones with the other sign",
        "Which line loses a sign?",
        "the parameters with the other sign",
    ),
    "large": Respect("{what} of ordinary size", "large ones", "Is something clipped?", "large {what}"),
    "small": Respect("{what} of ordinary size", "small ones", CUT, "small {what}"),
    "faint": Respect("numbers of ordinary size", "numbers from 0.06 down to 0.000000001", CUT),
    "close": Respect("targets far from the outputs", "targets close to them", CUT, "targets close to the outputs"),
    "zeros": Respect(
        "other numbers", "states, inputs or deltas that are exactly zero", "What is divided by, or left out?"
    ),
    "saturated": Respect("moderate numbers", "saturated units", "Which line divides by a slope that may be zero?"),
    "certain": Respect("moderate numbers", "outputs that are exactly 0 or 1", "Which line divides by an output?"),
    "extreme": Respect("moderate numbers", "numbers of size 1,000", "Which exponential is too large for a float?"),
    "apart": Respect(
        "numbers of one size",
        "sequences far above zero beside others far below",
        "Over which axes is a largest number, or a sum, taken?",
    ),
    "fresh": Respect(
        "short sequences",
        "a longer one, drawn anew (T = {T}{and_sizes})",
        "Is something cut off after some steps, or right for some sizes only?",
    ),
    "again": Respect("the first numbers", "other ones of the same sizes", "Which number is written into the code?"),
    "at rest": Respect(
        "other states to begin with", "ones that are all zero", "Which line divides by a state?", "start states of zero"
    ),
    "no weights": Respect(
        "other parameters", "ones that are all zero", "Which line divides by a parameter?", "parameters of zero"
    ),
    "heavy": Respect(
        "parameters up to one", "larger ones", "Which line counts on small parameters?", "parameters above one"
    ),
    "wide": Respect("inputs up to one", "inputs up to 64", "Is something clipped?"),
    "far up": Respect(
        "moderate numbers",
        "ones that all lie far above zero",
        EXPONENTIAL,
        "numbers far above zero",
    ),
    "far down": Respect(
        "moderate numbers",
        "ones that all lie far below zero",
        EXPONENTIAL,
        "numbers far below zero",
    ),
    "float32": Respect("float64", "arguments in float32", "Which line counts on one type of numbers?"),
    "strided": Respect(
        "arrays made afresh", "views with other strides", "Which line counts on how numbers lie in memory?"
    ),
}
UNEVEN = {"faint", "close"}  # every entry is compared by its own size
# what an instance differs in beside its own respect: where it is wrong there, nothing is known of its own
SHARES = {
    "single": {"one sequence", "one step"},
    "ones": {"sizes"},
    "equal": {"sizes"},
    "many": {"small", "faint", "close"},
    "many steps": {"longer", "small", "faint", "close"},
    "large": {"many", "many steps", "ones", "single"},
    "fresh": set(RESPECTS) - {"fresh"},
    "again": set(RESPECTS) - {"again"},
}
# which instances are enough where there is no time for all
FIRST = ("tame", "longer", "sizes", "faint", "fresh", "zeros", "large", "again")


class Instance(NamedTuple):
    """One case on which a function is run: a graph and a scene for each sequence, which share their parameters."""

    graph: Graph
    scenes: tuple[Scene, ...]
    is_batch: bool
    kind: str = "tame"

    def arrays(self, forms: Mapping[str, Tree], ranks: Mapping[str, int] | None = None) -> dict[str, Any]:
        """Return the arrays that formulas stand for: time first, then sequences, then entries.

        `ranks` holds how many axes the entries of each have, where sizes of one do not tell.
        """
        return {name: self.gathered(tree, value_of(tree), (ranks or {}).get(name)) for name, tree in forms.items()}

    def gathered(self, tree: Tree, value_of: Callable[..., Any], rank: int | None = None) -> Any:
        """Return a formula's values as one array: a parameter once, its derivative summed over the sequences."""
        sequences = self.scenes[:1] if is_shared(tree, self.graph) else self.scenes
        has_time, found = "t" in free_variables(tree), {}
        for scene in sequences:
            if id(scene) not in found:  # a scene may stand for many sequences
                steps = [{"t": t} for t in range(1, self.graph.T + 1)] if has_time else [{}]
                rows = [flat(value_of(scene, **at), rank) for at in steps]
                found[id(scene)] = np.stack(rows) if has_time else rows[0]
        stacked = [found[id(scene)] for scene in sequences]
        if is_summed(tree, self.graph) or len(stacked) == 1 and (is_shared(tree, self.graph) or not self.is_batch):
            return sum(stacked[1:], start=stacked[0])
        return np.stack(stacked, axis=1 if has_time else 0)

    @property
    def tolerance(self) -> float:
        """The share of the largest entry by which an array may be wrong."""
        return TOLERANCE_OF_FLOAT32 if self.kind == "float32" else TOLERANCE

    @property
    def unit(self) -> float:
        """What is added to the largest entry, since an array of zeros has no share."""
        return float(stress.SMALL) if self.kind == "small" else 1.0

    def agrees(self, given: np.ndarray, true: np.ndarray, tolerance: float = 0.0) -> np.ndarray:
        """Return for each entry whether it is right; `tolerance` may be wider than that of the instance."""
        if self.kind in UNEVEN and not tolerance:
            return np.abs(given - true) <= RELATIVE * np.abs(true) + ROUNDED * np.abs(true).max(initial=0.0)
        most = np.abs(true).max(initial=0.0)
        return np.abs(given - true) <= max(tolerance, self.tolerance) * (self.unit + most)


def value_of(tree: Tree) -> Callable[..., Any]:
    """Return a formula as a function from a scene, and a time where it has one, to its value."""
    return lambda scene, **at: scene.value(tree, **at)


def flat(value: Any, rank: int | None = None) -> np.ndarray:
    """Return a value as a float array of so many axes; where nothing is said a column is a vector."""
    array = np.array(value, dtype=float)
    if rank is None:
        return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    return array if array.ndim == rank else array.reshape((-1,) * min(rank, 1) + (1,) * (rank - 1))


def _ranks(tame: Instance, trees: Mapping[str, Tree]) -> dict[str, int]:
    """Return how many axes the entries of formulas have, as seen at the sizes that the author chose."""
    times = {name: {"t": 1} if "t" in free_variables(tree) else {} for name, tree in trees.items()}
    return {name: flat(tame.scenes[0].value(tree, **times[name])).ndim for name, tree in trees.items()}


def is_shared(tree: Tree, graph: Graph) -> bool:
    """Return whether a formula holds parameters only, the same for all sequences."""
    letters = [part for part in walk(tree) if isinstance(part, Letter)]
    has_derivative = any(isinstance(part, Derivative) for part in walk(tree))
    return not has_derivative and all(letter.name in graph.network.parameters for letter in letters)


def is_summed(tree: Tree, graph: Graph) -> bool:
    """Return whether a formula is added up over the sequences: the loss, or its derivative by a parameter."""
    if isinstance(tree, Derivative):
        return tree.above.name in graph.network.parameters
    return isinstance(tree, Letter) and tree.name == graph.network.loss and tree.time is None


def forms(question: Question, which: Mapping[str, str]) -> dict[str, Tree]:
    """Return the formulas of a question's arguments or results as trees."""
    return {name: question.tree(text) for name, text in which.items()}


class Table(NamedTuple):
    """An instance with the arrays a function is given, and those it should return."""

    case: Instance
    arguments: Mapping[str, np.ndarray]
    results: Mapping[str, np.ndarray]


@kept
def tables(question: Question) -> tuple[Table, ...]:
    """Return the instances on which a function is run, the tame ones first, each with its arrays."""
    tame = Instance(question.graph, _tame_scenes(question, question.graph.T), bool(question.batch))
    given, wanted = (_ranks(tame, forms(question, which)) for which in (question.arguments, question.returns))
    found = [_table(question, tame, given, wanted)]
    for kind, make in MAKERS.items():
        try:
            case = make(question, tame)
            table = case and _table(question, case._replace(kind=kind), given, wanted)
        except (Unsettled, NetworkError, FormulaError, ArithmeticError, ValueError, LookupError):
            continue  # this network has no such instance
        if table and all(_is_ordinary(array) for array in (*table.arguments.values(), *table.results.values())):
            found.append(table)
    return tuple(found)


@kept
def one_size_each(question: Question) -> tuple[Table, ...]:
    """Return instances in each of which one size is another than in the tame one."""
    network, (tame, *_) = question.graph.network, tables(question)
    ranks = [_ranks(tame.case, forms(question, which)) for which in (question.arguments, question.returns)]
    own = {name: network.sizes[name] for name in sizing.free_sizes(network)}
    others = [{**own, name: size} for name, size in sizing.other_sizes(network).items()]
    cases = [_made(question, _unrolled(question, 3, sizes), 2, "one size") for sizes in others]  # type: ignore[arg-type]
    return tuple(_table(question, case._replace(kind="sizes"), *ranks) for case in cases)


def instances(question: Question) -> tuple[Instance, ...]:
    """Return the instances on which a function is run, the tame ones first."""
    return tuple(table.case for table in tables(question))


def _is_ordinary(array: np.ndarray) -> bool:
    return float(np.abs(array).max(initial=0.0)) < LARGEST  # False for what is no number


def _table(question: Question, case: Instance, given: Mapping[str, int], wanted: Mapping[str, int]) -> Table:
    arguments = {n: np.asarray(a) for n, a in case.arrays(forms(question, question.arguments), given).items()}
    if case.kind == "float32":
        arguments = {name: array.astype(np.float32) for name, array in arguments.items()}
    if case.kind == "strided":
        arguments = {name: _strided(array) for name, array in arguments.items()}
    results = {n: np.asarray(a) for n, a in case.arrays(forms(question, question.returns), wanted).items()}
    for array in (*arguments.values(), *results.values()):
        array.setflags(write=False)
    return Table(case, arguments, results)


def _tame_scenes(question: Question, T: int) -> tuple[Scene, ...]:
    """Return the scenes of a tame instance; where a ReLU may be off for a whole step, the liveliest of a few draws."""
    graph = question.graph.network.unroll(T)
    draws = 5 if "relu(" in question.graph.network.text else 1
    found = [stress.scenes(graph, stress.drawn(graph, question.batch or 1, f"function {T} {k}")) for k in range(draws)]
    return min(found, key=_silent_places)


def _silent_places(scenes: tuple[Scene, ...]) -> int:
    """Return at how many places, over all sequences, the derivative of the loss is zero in every entry."""
    alive = {(k, *p[:2]) for k, scene in enumerate(scenes) for p, total in scene.world.totals.items() if total}
    return len(scenes) * len(scenes[0].graph.parents) - len(alive)


# The instances beside the tame one


def _made(question: Question, graph: Graph, B: int, name: str, decimals: int = 1) -> Instance:
    """Return an instance of a drawing of its own: B sequences, or the one where the question has no batch."""
    draws = stress.drawn(graph, B if question.batch else 1, f"{name} {graph.T}", decimals)
    return Instance(graph, stress.scenes(graph, draws), bool(question.batch))


def _changed(question: Question, tame: Instance, B: int, change: Callable) -> Instance:
    """Return an instance that differs from the tame one in one respect only, with B of its sequences."""
    draws = [scene.world.leaves for scene in tame.scenes[:B]]
    return tame._replace(scenes=stress.scenes(tame.graph, change(tame.graph, draws)))


def _unrolled(question: Question, T: int, sizes: Mapping[str, int] | None = None) -> Graph:
    network = question.graph.network
    return (sizing.resized(network, sizes) if sizes else network).unroll(max(T, fewest_steps(question)))


def fewest_steps(question: Question) -> int:
    """Return the smallest number of steps at which every time that a question's formulas name exists."""
    trees = [*forms(question, question.arguments).values(), *forms(question, question.returns).values()]
    named = [sizing.named_time(part.time) for tree in trees for part in walk(tree) if isinstance(part, Letter)]
    parts = [part for tree in trees for part in walk(tree) if isinstance(part, Derivative)]
    named += [sizing.named_time(letter.time) for part in parts for letter in (part.below, part.above)]
    return max([1, sizing.named_in_equations(question.graph.network), *named])


def _longer(question: Question, tame: Instance) -> Instance:
    graph = _unrolled(question, tame.graph.T + 1)
    return Instance(graph, _tame_scenes(question, graph.T), tame.is_batch)


def _sequences(question: Question, tame: Instance) -> Instance | None:
    return tame._replace(scenes=tame.scenes[:1:-1]) if len(tame.scenes) > 3 else None


def _one_sequence(question: Question, tame: Instance) -> Instance | None:
    return tame._replace(scenes=tame.scenes[:1]) if tame.is_batch else None


def _one_step(question: Question, tame: Instance) -> Instance | None:
    graph = _unrolled(question, 1)
    return _made(question, graph, 3, "one step") if graph.T < tame.graph.T else None


def _single(question: Question, tame: Instance) -> Instance | None:
    graph = _unrolled(question, 1)
    return _made(question, graph, 1, "single") if graph.T == 1 and tame.is_batch else None


def _other_sizes(question: Question, tame: Instance) -> Instance | None:
    sizes = sizing.other_sizes(question.graph.network)
    return _made(question, _unrolled(question, 3, sizes), 2, "sizes") if sizes else None


def _ones(question: Question, tame: Instance) -> Instance | None:
    sizes = sizing.ones(question.graph.network)
    return _made(question, _unrolled(question, 2, sizes), 3, "ones") if sizes else None


def _equal(question: Question, tame: Instance) -> Instance | None:
    same = max(2, fewest_steps(question))
    sizes = dict.fromkeys(sizing.free_sizes(question.graph.network), same)
    return _made(question, _unrolled(question, same, sizes), same, "equal") if sizes else None


def _mirrored(question: Question, tame: Instance) -> Instance:
    graph = tame.graph
    leaves = [stress.mirrored(graph, scene.world.leaves) for scene in tame.scenes[:2]]
    return tame._replace(scenes=stress.scenes(graph, leaves))


def _large(question: Question, tame: Instance) -> Instance | None:
    if is_scalable(question):
        return tame._replace(scenes=tuple(stress.scaled(scene, stress.LARGE) for scene in tame.scenes))
    results = forms(question, question.returns)
    arrays = lambda graph, scene: Instance(graph, (scene,), tame.is_batch).arrays(results)
    smallest = _unrolled(question, 4, sizing.ones(question.graph.network))  # there the walk is quick
    graph, leaves = stress.steepest(smallest, arrays)
    if tame.is_batch:
        return Instance(graph, stress.scenes(graph, [leaves]) * stress.MANY, True)
    graph, leaves = stress.repeated(graph, leaves)
    return Instance(graph, stress.scenes(graph, [leaves]), False)


def _small(question: Question, tame: Instance) -> Instance | None:
    if not is_scalable(question):
        return None
    return tame._replace(scenes=tuple(stress.scaled(scene, stress.SMALL) for scene in tame.scenes))


def _zeros(question: Question, tame: Instance) -> Instance:
    case = _changed(question, tame, 3, stress.with_zeros)
    if not is_scalable(question):
        return case
    return case._replace(scenes=tuple(stress.masked(scene, b) for b, scene in enumerate(case.scenes)))


def _saturated(question: Question, tame: Instance) -> Instance:
    return _changed(question, tame, 3, stress.saturated)


def _certain(question: Question, tame: Instance) -> Instance | None:
    if not _given(question) & stress.logged(question.graph.network):
        return None
    return _changed(question, tame, 3, stress.certain)


def _given(question: Question) -> set[str]:
    """Return the names whose values a function is given."""
    return {name for tree in forms(question, question.arguments).values() for name in _values(tree)}


def _faint(question: Question, tame: Instance) -> Instance:
    case = _changed(question, tame, 3, stress.faint)
    if not is_scalable(question):
        return case
    return case._replace(scenes=tuple(stress.fading(scene, b) for b, scene in enumerate(case.scenes)))


def _close(question: Question, tame: Instance) -> Instance | None:
    network = question.graph.network
    if not _given(question) & set(network.targets):
        return None
    return _changed(question, tame, 3, stress.close)


def _apart(question: Question, tame: Instance) -> Instance | None:
    fed = _given(question) & stress.arguments_of_exponentials(question.graph.network)
    if not fed or not tame.is_batch:
        return None
    return _changed(question, tame, 2, lambda *draw: stress.apart(*draw, fed))  # type: ignore[call-arg]


def _many(question: Question, tame: Instance) -> Instance | None:
    """Return many sequences with gradients so small that their sums are of ordinary size."""
    if not tame.is_batch:
        return None
    if is_scalable(question):
        found = tuple(stress.scaled(scene, Fraction(1, 2**6)) for scene in tame.scenes)
    else:
        found = stress.scenes(tame.graph, [_nearer(scene.graph, scene.world.leaves) for scene in tame.scenes])
    return tame._replace(scenes=(found * stress.MANY)[: stress.MANY])


def _nearer(graph: Graph, draw: stress.Draw) -> stress.Draw:
    """Return a draw with gradients about a hundredth as large, where the targets let it."""
    return stress.nearer(graph, draw, Fraction(1, 2**6)) if graph.network.targets else draw


def _many_steps(question: Question, tame: Instance) -> Instance | None:
    if tame.is_batch:
        return None
    graph, leaves = stress.repeated(tame.graph, tame.scenes[0].world.leaves)
    if graph.T == tame.graph.T:
        return None
    if is_scalable(question):
        (scene,) = stress.scenes(graph, [leaves])
        return tame._replace(graph=graph, scenes=(stress.scaled(scene, Fraction(1, 2**6)),))
    return tame._replace(graph=graph, scenes=stress.scenes(graph, [_nearer(graph, leaves)]))


def _again(question: Question, tame: Instance) -> Instance:
    """Return other numbers of the sizes of the tame instance, drawn in every process."""
    return _made(question, tame.graph, len(tame.scenes), f"{SECRET} again", DECIMALS)


def _extreme(question: Question, tame: Instance) -> Instance | None:
    fed = _given(question) & stress.arguments_of_exponentials(question.graph.network)
    if not fed:
        return None
    graph = _unrolled(question, 2)  # more steps would multiply such numbers with each other
    draws = stress.drawn(graph, 2 if question.batch else 1, "extreme 2")
    return Instance(graph, stress.scenes(graph, stress.extreme(graph, draws, fed)), tame.is_batch)


def _fresh(question: Question, tame: Instance) -> Instance:
    """Return a longer instance that no answer can know: its numbers and its length are drawn in every process."""
    T = random.Random(f"{SECRET} {question.id}").randint(SHORTEST_OF_THE_LONG, LONGEST)
    return _made(
        question, _unrolled(question, T, sizing.small_sizes(question.graph.network)), 2, f"{SECRET} fresh", DECIMALS
    )


def _at_rest(question: Question, tame: Instance) -> Instance | None:
    is_start = lambda graph, time: time is not None and not 1 <= time <= graph.T
    if not any(is_start(tame.graph, read.above[1]) for read in _read_values(question, tame)):
        return None  # the function is not given the state to begin with
    zero = lambda graph, draw: {p: Fraction(0) if is_start(graph, p.time) else value for p, value in draw.items()}
    return _changed(question, tame, 3, lambda graph, draws: [zero(graph, draw) for draw in draws])


def _read_values(question: Question, tame: Instance) -> set:
    """Return the values that the formulas of a function's arguments read."""
    found = set()
    for tree in forms(question, question.arguments).values():
        steps = [{"t": t} for t in range(1, tame.graph.T + 1)] if "t" in free_variables(tree) else [{}]
        found |= {read for at in steps for read in tame.scenes[0].places_read(tree, **at) if read.kind == "value"}
    return found


def _no_weights(question: Question, tame: Instance) -> Instance:
    own = question.graph.network.parameters
    none = lambda draw: {p: Fraction(0) if p.name in own else value for p, value in draw.items()}
    return _changed(question, tame, 3, lambda graph, draws: [none(draw) for draw in draws])


def _heavy(question: Question, tame: Instance) -> Instance:
    return _changed(question, tame, 3, stress.heavy)


def _wide(question: Question, tame: Instance) -> Instance | None:
    return _changed(question, tame, 3, stress.wide) if _given(question) & set(question.graph.network.inputs) else None


def _far(shift: int) -> Callable[[Question, Instance], Instance | None]:
    """Return a maker of instances in which biases move what an exponential takes far off, all entries alike."""

    def make(question: Question, tame: Instance) -> Instance | None:
        network = question.graph.network
        if not _given(question) & stress.arguments_of_exponentials(network):
            return None
        biases = stress.biases(network)
        moved = lambda draw: {p: value + shift if p.name in biases else value for p, value in draw.items()}
        return _changed(question, tame, 2, lambda graph, draws: [moved(draw) for draw in draws])

    return make


def _as_it_is(question: Question, tame: Instance) -> Instance:
    return tame


def _strided(array: np.ndarray) -> np.ndarray:
    """Return the same numbers as every second one of a longer array, backwards, the last axis first in memory."""
    if not array.ndim:
        return array
    turned = np.moveaxis(array, -1, 0)
    room = np.zeros((2 * turned.shape[0], *turned.shape[1:]), array.dtype)
    room[::-2] = turned
    return np.moveaxis(room[::-2], 0, -1)


MAKERS: dict[str, Callable[[Question, Instance], Instance | None]] = {
    "longer": _longer,
    "sequences": _sequences,
    "one sequence": _one_sequence,
    "one step": _one_step,
    "single": _single,
    "sizes": _other_sizes,
    "ones": _ones,
    "equal": _equal,
    "mirrored": _mirrored,
    "small": _small,
    "faint": _faint,
    "close": _close,
    "many": _many,
    "many steps": _many_steps,
    "large": _large,
    "zeros": _zeros,
    "saturated": _saturated,
    "certain": _certain,
    "extreme": _extreme,
    "apart": _apart,
    "fresh": _fresh,
    "again": _again,
    "at rest": _at_rest,
    "no weights": _no_weights,
    "heavy": _heavy,
    "wide": _wide,
    "far up": _far(1000),
    "far down": _far(-1000),
    "float32": _as_it_is,
    "strided": _as_it_is,
}


def is_scalable(question: Question) -> bool:
    """Return whether the loss may be multiplied by any number: a function is given its derivatives, not the targets."""
    given, wanted = (forms(question, which).values() for which in (question.arguments, question.returns))
    network = question.graph.network
    read, values = stress.read_by_the_loss(network), {name for tree in (*given, *wanted) for name in _values(tree)}
    has_derivatives = all(_has_gradient(tree, network.loss) for tree in wanted)
    is_given_one = any(_has_gradient(tree, network.loss) for tree in given)
    # a leaf that the loss reads, and the function does not, makes its derivatives any numbers at all
    return has_derivatives and is_given_one and not values & {*read, network.loss} and bool(read - {*network.equations})


def _has_gradient(tree: Tree, loss: str) -> bool:
    """Return whether a formula holds a total derivative of the loss."""
    found = [part for part in walk(tree) if isinstance(part, Derivative) and part.kind != "immediate"]
    return any((part.below.name, part.below.time) == (loss, None) for part in found)


def _values(tree: Tree) -> set[str]:
    """Return the names of the letters of a formula that stand for values, outside its derivatives."""
    if isinstance(tree, Derivative):
        return set()
    own = {tree.name} if isinstance(tree, Letter) else set()
    return own.union(*(_values(part) for part in parts(tree)))
