"""The public functions as a reader's own typed code calls them; mypy checks it strictly, and `test_types` runs it.

Each result is given to a name of the type that its documentation promises. Nothing here is a test of numbers.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from bptt_lab import Network, NetworkError, course, ex, explore, figures, lectures, report, symbolic, walk
from bptt_lab.exercises import Feedback
from bptt_lab.explorer import Explorer
from bptt_lab.lectures import Row, Table
from bptt_lab.network import Graph, Place
from bptt_lab.numeric import (
    activations,
    deep,
    gradient_check,
    gru,
    lengths,
    losses,
    lstm,
    optimisers,
    rnn,
    tasks,
    training,
    truncated,
)
from bptt_lab.symbolic import Derivation, Formula, Program

Array = npt.NDArray[Any]
Arrays = dict[str, Array]
TEXT = """
a[t] = v*a[t-1] + u*x[t]
L[t] = mse(a[t], y[t])
"""


def network() -> Network:
    """A network from its equations, and what its graph answers."""
    found = Network(TEXT, sizes={"a": 1, "x": 1, "y": 1})
    shapes: dict[str, tuple[int, ...]] = found.shapes
    graph: Graph = found.unroll(3)
    place: Place = graph.place("a", 2)
    paths: list[tuple[Place, ...]] = graph.paths("a", 2)
    values: Arrays = course.random_values(graph)
    gradients: Arrays = graph.gradients(values)
    deltas: Arrays = graph.totals(values)
    assert shapes and place and paths and gradients and deltas
    try:
        found.unroll(0)
    except NetworkError as error:
        said: str = str(error)
        assert said
    return found


def derived(graph: Graph) -> Derivation:
    """What SymPy derives."""
    scalar: Derivation = symbolic.derive(graph, "a", 2)
    vector: Derivation = symbolic.derive_vector(graph, "v", "gradient")
    forms: list[Formula] = [symbolic.chain_rule(graph, "v"), symbolic.unrolled(graph, "a", 2)]
    program: Program = symbolic.gradients(graph)
    source: str = symbolic.numpy_source(graph.network)
    assert forms and program and source and vector
    return scalar


def shown(found: Network, derivation: Derivation) -> None:
    """What a notebook shows."""
    figure: Figure
    description: str
    figure, description = figures.unrolled_network(derivation.graph)
    figure, description = figures.folded_network(found)
    figure, description = figures.steps(derivation)
    figure, description = figures.gradient_flow({"one": [1.0, 0.5], "two": np.array([1.0, 2.0])})
    picture: bytes = figures.png(figure)
    html: str = figures.html(figure, description)
    explorers: list[Explorer] = [explore(found, T=2), walk(derivation)]
    page: report.Page = report.made(found, T=3)
    pages: list[str] = [report.html(page), report.markdown(page), report.sheet.markdown({"scalar": found})]
    assert picture and html and explorers and pages


def trained(rng: np.random.Generator) -> Arrays:
    """A network of one hidden layer, its gradients checked, its parameters moved."""
    x, y = tasks.parity(rng, T=4, B=3)
    params: Arrays = rnn.initialise(rng, D=1, M=2, K=1)
    h_start: Array = np.full((3, 2), 0.1)
    trace: rnn.Trace = rnn.forward(params, x, h_start, workspace=None, activation="tanh")
    loss, d_a2 = losses.sigmoid_bce(trace.a2, y, mean=True)
    value: float = loss
    gradients: Arrays = rnn.backward(params, trace, d_a2)

    def loss_of(arrays: Arrays) -> Any:
        return losses.sigmoid_bce(rnn.forward(arrays, x, h_start).a2, y, mean=True)[0]

    witness: Arrays = gradient_check.central_difference(loss_of, params)
    difference: float = gradient_check.relative_difference(gradients["W11"], witness["W11"])
    moved: Arrays
    state: optimisers.AdamState
    moved, state = optimisers.adam(params, {name: gradients[name] for name in params}, rate=0.01)
    short: Arrays = truncated.gradients(params, x, h_start, lambda t, a2: a2 - y[t - 1], k1=1, k2=2)
    bias: truncated.Bias = truncated.bias(short, gradients, ["W0"])
    rate: float = training.falling(0.1)(0.5)
    assert value > 0 and difference < 1e-6 and state.step == 1 and bias and rate
    return moved


def others(rng: np.random.Generator) -> None:
    """Layers with gates, several layers, sequences of unequal length, single functions."""
    x: Array = rng.standard_normal((3, 2, 4))
    start: Array = np.zeros((2, 5))
    of_lstm: lstm.Trace = lstm.forward(lstm.initialise(rng, 4, 5, 3), x, start, start)
    of_gru: gru.Trace = gru.forward(gru.initialise(rng, 4, 5, 3, reset="after"), x, start, reset="after")
    of_deep: deep.Trace = deep.forward(deep.initialise(rng, 4, (5, 2), 3), x, (start, start[:, :2]))
    batch, counts = lengths.padded([x[:, 0], x[:2, 1]])
    inside: Array = lengths.within(counts, len(batch))
    half: Array = activations.sigmoid(np.zeros(2))
    assert of_lstm and of_gru and of_deep and inside.shape == (3, 2) and half[0] == 0.5


def asked() -> None:
    """The ledger of the lectures, the course's tables, an exercise."""
    rows: tuple[Row, ...] = lectures.ledger()
    row: Row = lectures.lookup(rows[0].id)
    verdicts: dict[str, dict[str, int]] = lectures.counts()
    table: Table = lectures.dictionary()
    taught: dict[str, Network] = course.taught()
    case: course.Case = course.random_case(T=3)
    names: list[str] = ex.ids("07")
    answer: Feedback = ex(names[0]).check("h1(t)")
    right: bool = answer.is_correct
    assert row and verdicts and table and taught and case and right in (True, False)


def main() -> None:
    """Call everything."""
    rng: np.random.Generator = np.random.default_rng(0)
    found = network()
    shown(found, derived(found.unroll(3)))
    assert trained(rng)
    others(rng)
    asked()
