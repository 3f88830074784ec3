"""LSTM, GRU, stacked and bidirectional layers as PyTorch and Keras keep them, against the equations each documents.

Three plain implementations: the course's equations on the course's arrays, PyTorch's documentation on its state dict,
and Keras's on its weights. None of them knows of the dictionary; autograd differentiates all three.
"""

from __future__ import annotations

import re

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from bptt_lab.lectures import architectures, conventions
from bptt_lab.lectures.architectures import Architecture
from bptt_lab.lectures.conventions import CONVENTIONS, translate, translate_gradients
from bptt_lab.numeric import bidirectional, deep, rnn

T, B, D, M, K = 4, 2, 3, 5, 6
ROWS = T * B
TOLERANCE = 1e-12
PYTORCH = [Architecture(*case) for case in [
    ("RNN", 1, False), ("RNN", 3, False), ("RNN", 1, True), ("RNN", 2, True),
    ("LSTM", 1, False), ("LSTM", 3, False), ("LSTM", 1, True), ("LSTM", 2, True),
    ("GRU", 1, False), ("GRU", 3, False), ("GRU", 1, True), ("GRU", 2, True),
]]  # fmt: skip
KERAS = [Architecture(kind) for kind in architectures.GATES]


def sigmoid(a):
    return 1 / (1 + anp.exp(-a))


# The course's equations


def gates_of(p, layer, source_and_h, way, kind):
    """Return the sums W x and R h of every gate, each (B, M), and the bias inside the reset."""
    sources, h = source_and_h
    below = sum(anp.dot(s, p[f"W{layer - 1}{name}{way}"].T) for name, s in sources) + p[f"b{layer - 1}{way}"]
    again = anp.dot(h, p[f"W{layer}{layer}{way}"].T)
    number = {"RNN": 1, "LSTM": 4}.get(kind, 3)
    return np.array_split(range(below.shape[1]), number), below, again


def course_step(p, layer, sources, way, kind, h, c):
    rows, below, again = gates_of(p, layer, (sources, h), way, kind)
    if kind == "RNN":
        return anp.tanh(below + again), c
    if kind == "LSTM":
        i, f, g, o = [below[:, k] + again[:, k] for k in rows]
        c = sigmoid(f) * c + sigmoid(i) * anp.tanh(g)
        return sigmoid(o) * anp.tanh(c), c
    r, z = (sigmoid(below[:, k] + again[:, k]) for k in rows[:2])
    if kind == "GRU":
        n = anp.tanh(below[:, rows[2]] + r * (again[:, rows[2]] + p[f"b{layer}{layer}{way}"]))
    else:
        n = anp.tanh(below[:, rows[2]] + anp.dot(r * h, p[f"W{layer}{layer}{way}"][rows[2]].T))
    return z * h + (1 - z) * n, c


def course_scores(p, x, states, architecture):
    """Return (T, B, K) scores; states[layer - 1, way] is (h, c) before the first step of that direction."""
    kind, layers, both = architecture
    below = [[("", x[t])] for t in range(len(x))]
    for layer in range(1, layers + 1):
        outputs = {}
        for way in ("f", "b") if both else ("",):
            (h, c), found = states[layer - 1, way], [None] * len(x)
            for t in range(len(x))[:: -1 if way == "b" else 1]:
                h, c = course_step(p, layer, below[t], way, kind, h, c)
                found[t] = h
            outputs[way] = found
        below = [[(way, outputs[way][t]) for way in outputs] for t in range(len(x))]
    return anp.array([sum(anp.dot(h, p[f"W{layers}{way}"].T) for way, h in at) + p[f"b{layers}"] for at in below])


# PyTorch, as its documentation writes it


def pytorch_step(p, end, x, h, c, kind):
    ih, hh = p[f"weight_ih{end}"], p[f"weight_hh{end}"]
    no_bias = anp.zeros(len(ih))
    b_ih, b_hh = p.get(f"bias_ih{end}", no_bias), p.get(f"bias_hh{end}", no_bias)
    size = hh.shape[1]

    def part(k):
        rows = slice(k * size, (k + 1) * size)
        return anp.dot(x, ih[rows].T) + b_ih[rows], anp.dot(h, hh[rows].T) + b_hh[rows]

    if kind == "RNN":
        return anp.tanh(sum(part(0))), c
    if kind == "LSTM":
        i, f, g, o = (sum(part(k)) for k in range(4))
        c = sigmoid(f) * c + sigmoid(i) * anp.tanh(g)
        return sigmoid(o) * anp.tanh(c), c
    r, z, (from_x, from_h) = sigmoid(sum(part(0))), sigmoid(sum(part(1))), part(2)
    return (1 - z) * anp.tanh(from_x + r * from_h) + z * h, c


def pytorch_scores(p, x, states, architecture):
    kind, layers, both = architecture
    for layer in range(layers):
        outputs = []
        for way in ("f", "b") if both else ("",):
            (h, c), found = states[layer, way], [None] * len(x)
            for t in range(len(x))[:: -1 if way == "b" else 1]:
                h, c = pytorch_step(p, f"_l{layer}" + ("_reverse" if way == "b" else ""), x[t], h, c, kind)
                found[t] = h
            outputs.append(found)
        x = [anp.concatenate([found[t] for found in outputs], axis=1) for t in range(len(x))]
    return anp.array([anp.dot(h, p["weight"].T) + p["bias"] for h in x])


# Keras, one layer; inputs (B, T, D) and scores (B, T, K)


def keras_scores(p, x, states, architecture):
    kind, (h, c), found = architecture.kind, states[0, ""], []
    size = h.shape[1]
    cut = lambda array, k: array[..., k * size : (k + 1) * size]
    R = p["recurrent_kernel"]
    for t in range(x.shape[1]):
        if kind == "GRU":
            a, b = anp.dot(x[:, t], p["kernel"]) + p["bias"][0], anp.dot(h, R) + p["bias"][1]
            z, r = sigmoid(cut(a, 0) + cut(b, 0)), sigmoid(cut(a, 1) + cut(b, 1))
            h = z * h + (1 - z) * anp.tanh(cut(a, 2) + r * cut(b, 2))
        elif kind == "GRU reset before":
            a = anp.dot(x[:, t], p["kernel"]) + p["bias"]
            z, r = (sigmoid(cut(a, k) + anp.dot(h, cut(R, k))) for k in range(2))
            h = z * h + (1 - z) * anp.tanh(cut(a, 2) + anp.dot(r * h, cut(R, 2)))
        else:
            a = anp.dot(x[:, t], p["kernel"]) + p["bias"] + anp.dot(h, R)
            if kind == "RNN":
                h = anp.tanh(a)
            else:
                c = sigmoid(cut(a, 1)) * c + sigmoid(cut(a, 0)) * anp.tanh(cut(a, 2))
                h = sigmoid(cut(a, 3)) * anp.tanh(c)
        found.append(anp.dot(h, p["dense_kernel"]) + p["dense_bias"])
    return anp.swapaxes(anp.array(found), 0, 1)


SCORES = {"course": course_scores, "PyTorch": pytorch_scores, "Keras": keras_scores}


# Cases


def drawn(hand, architecture, seed=0):
    """Return random parameters of a convention in its own shapes, by its own names."""
    rng = np.random.default_rng(seed)
    form = conventions.convention(hand, *architecture)
    found = conventions.shapes(form)

    def size(word):
        number, letter = re.match(r"(\d*)([A-Z]?)", word).groups()
        return int(number or 1) * {"D": D, "M": M, "K": K, "": 1}[letter]

    names = [slot.name for slot in form.slots if slot.is_parameter]
    return {name: 0.6 * rng.standard_normal([size(word) for word in found[name].split("×")]) for name in names}


def data(architecture, seed=1):
    """Return x (T, B, D), the states, and the derivative of the loss by the scores."""
    rng = np.random.default_rng(seed)
    ways = ("f", "b") if architecture.bidirectional else ("",)
    places = [(layer, way) for layer in range(architecture.layers) for way in ways]
    states = {place: (rng.standard_normal((B, M)), rng.standard_normal((B, M))) for place in places}
    return rng.standard_normal((T, B, D)), states, rng.standard_normal((T, B, K))


def loss(hand, params, architecture):
    """Return the loss of a convention: sum or mean over steps and sequences of weighted, bent scores."""
    x, states, weight = data(architecture)
    if hand == "Keras":
        x, weight = x.swapaxes(0, 1), weight.swapaxes(0, 1)
    total = anp.sum(weight * anp.sin(SCORES[hand](params, x, states, architecture)))
    return total if hand == "course" else total / ROWS


def gradients(hand, params, architecture):
    return grad(lambda p: loss(hand, p, architecture))(params)


def difference(found, expected):
    if {n: np.shape(a) for n, a in found.items()} != {n: np.shape(a) for n, a in expected.items()}:
        return np.inf
    return max(np.abs(found[name] - expected[name]).max() for name in expected)


def faults(program, architecture, hand=None):
    """Return what is wrong with a translation of random arrays there and back, judged by the three implementations."""
    hand, wrong = hand or CONVENTIONS[program], []
    theirs = drawn(program, architecture)
    ours = translate(theirs, hand, "course")
    if difference(ours, drawn("course", architecture)) == np.inf:
        return ["names or shapes"]
    here, there = loss("course", ours, architecture), loss(program, theirs, architecture) * ROWS
    wrong += ["loss"] if abs(here - there) > TOLERANCE * 100 else []
    back = translate(ours, "course", hand)
    wrong += ["way back"] if difference(translate(back, hand, "course"), ours) > TOLERANCE else []
    wrong += ["loss back"] if abs(loss(program, back, architecture) * ROWS - here) > TOLERANCE * 100 else []
    slopes, slopes_there = gradients("course", ours, architecture), gradients(program, theirs, architecture)
    try:
        found = translate_gradients(slopes_there, hand, "course", ROWS)
    except ValueError:
        return [*wrong, "gradients that disagree"]
    wrong += ["gradients"] if difference(found, slopes) > TOLERANCE * 100 else []
    found = translate_gradients(slopes, "course", hand, ROWS)
    wrong += ["gradients back"] if difference(found, slopes_there) > TOLERANCE * 100 else []
    return wrong


# Every architecture


CASES = [("PyTorch", a) for a in PYTORCH] + [("Keras", a) for a in KERAS]


@pytest.mark.parametrize(("program", "architecture"), CASES, ids=lambda value: str(value))
def test_arrays_losses_and_gradients_agree_with_what_each_program_documents(program, architecture):
    assert faults(program, architecture) == []


@pytest.mark.parametrize("architecture", [a for a in PYTORCH if a.layers == 1 and not a.bidirectional], ids=str)
def test_pytorch_goes_to_keras_and_back(architecture):
    theirs = drawn("PyTorch", architecture)
    keras = translate(theirs, "PyTorch", "Keras")
    assert abs(loss("Keras", keras, architecture) - loss("PyTorch", theirs, architecture)) < TOLERANCE
    back = translate(keras, "Keras", "PyTorch")
    assert abs(loss("PyTorch", back, architecture) - loss("PyTorch", theirs, architecture)) < TOLERANCE
    slopes = translate_gradients(gradients("PyTorch", theirs, architecture), "PyTorch", "Keras")
    assert difference(slopes, gradients("Keras", keras, architecture)) < TOLERANCE


def test_the_course_arrays_are_those_of_numeric():
    """The plain implementation of the course agrees with the files of bptt_lab.numeric, on translated arrays."""
    for architecture in PYTORCH[:3]:
        params = translate(drawn("PyTorch", architecture), "PyTorch", "course")
        x, states, _ = data(architecture)
        starts = tuple(h for h, _ in states.values())
        run = {
            "RNN, one layer": lambda p: rnn.forward(p, x, starts[0]).a2,  # noqa: B023
            "RNN, 3 layers": lambda p: deep.forward(p, x, starts).scores,  # noqa: B023
            "RNN, one layer, bidirectional": lambda p: bidirectional.forward(p, x, *starts).scores,  # noqa: B023
        }
        expected = course_scores(params, x, states, architecture)
        assert np.abs(run[str(architecture)](params) - expected).max() < TOLERANCE


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "GRU reset before"])
def test_the_arrays_of_gates_are_those_of_numeric(kind):
    file = pytest.importorskip("bptt_lab.numeric." + kind[:4].strip().lower())
    program = "Keras" if kind == "GRU reset before" else "PyTorch"
    params = translate(drawn(program, Architecture(kind)), program, "course")
    x, states, weight = data(Architecture(kind))
    starts = states[0, ""] if kind == "LSTM" else states[0, ""][:1]
    reset = {"GRU": {"reset": "after"}, "GRU reset before": {"reset": "before"}}.get(kind, {})
    trace = file.forward(params, x, *starts, **reset)
    assert np.abs(trace.a2 - course_scores(params, x, states, Architecture(kind))).max() < TOLERANCE
    slopes = file.backward(params, trace, weight * np.cos(trace.a2))
    theirs = translate_gradients({name: slopes[name] for name in params}, "course", program, ROWS)
    expected = gradients(program, translate(params, "course", program), Architecture(kind))
    assert difference(theirs, expected) < TOLERANCE * 100


@pytest.mark.parametrize("architecture", PYTORCH, ids=str)
def test_the_second_bias_is_zero_on_the_way_back_but_for_the_inner_one(architecture):
    back = translate(translate(drawn("PyTorch", architecture), "PyTorch", "course"), "course", "PyTorch")
    for name, array in back.items():
        if name.startswith("bias_hh"):
            assert not array[: -M if architecture.kind == "GRU" else None].any()
            assert architecture.kind != "GRU" or array[-M:].all()


# Mutants: a family with one slip


def slip(program, **changed):
    hand = CONVENTIONS[program]
    return program, hand._replace(family=hand.family._replace(**changed))


def row(program, name, **changed):
    rows = CONVENTIONS[program].family.rows
    return slip(program, rows=tuple(r._replace(**changed) if r.name.startswith(name) else r for r in rows))


LSTM, GRU, BEFORE, TWO = (
    Architecture("LSTM"),
    Architecture("GRU"),
    Architecture("GRU reset before"),
    Architecture("LSTM", 2),
)
MUTANTS = {
    "i and f exchanged": (*slip("PyTorch", gates={"LSTM": tuple("figo")}), LSTM),
    "g and o exchanged": (*slip("PyTorch", gates={"LSTM": tuple("ifog")}), Architecture("LSTM", 2, True)),
    "r and z exchanged": (*slip("PyTorch", gates={"GRU": tuple("zrn")}), GRU),
    "Keras in PyTorch's order": (*slip("Keras", gates={}), GRU),
    "Keras, reset before, in PyTorch's order": (*slip("Keras", gates={}), BEFORE),
    "c and o of Keras exchanged": (*slip("Keras", gates={"LSTM": tuple("ifog")}), LSTM),
    "the inner bias taken for the outer one": (
        *slip("PyTorch", rows=tuple(
            r._replace(roles={"bias": ("second",), "second": ("bias",)}.get(r.roles[0], r.roles))
            for r in CONVENTIONS["PyTorch"].family.rows
        )), GRU,
    ),
    "the rows of Keras's bias exchanged": (
        *slip("Keras", rows=tuple(
            r._replace(roles=r.roles[::-1]) if len(r.roles) == 2 else r for r in CONVENTIONS["Keras"].family.rows
        )), GRU,
    ),
    "the recurrent weights transposed": (*row("PyTorch", "weight_hh", axes="NM"), Architecture("RNN", 3)),
    "the recurrent kernel not transposed": (*row("Keras", "recurrent_kernel", axes="MN"), Architecture("RNN")),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_slip_in_a_family_is_refused(name):
    program, hand, architecture = MUTANTS[name]
    if architecture == Architecture():  # its slots are those of the convention itself
        hand = hand._replace(slots=architectures.slots(hand.family, architecture))
    assert faults(program, architecture, hand) != []


@pytest.mark.parametrize("architecture", [LSTM, GRU, Architecture("RNN", 3)], ids=str)
def test_a_bias_that_is_forgotten_is_refused(architecture, monkeypatch):
    """The share of the second bias is dropped on the way to the course."""
    cut = conventions._cut
    forgetful = lambda slot, *rest: [] if slot.name.startswith("bias_hh") else cut(slot, *rest)
    monkeypatch.setattr(conventions, "_cut", forgetful)
    assert faults("PyTorch", architecture) != []


def test_directions_exchanged_are_refused(monkeypatch):
    monkeypatch.setitem(architectures.REVERSE, "f", "_reverse")
    monkeypatch.setitem(architectures.REVERSE, "b", "")
    assert faults("PyTorch", Architecture("GRU", 2, True)) != []


# States, and what comes along


def with_states(hand, names):
    rng = np.random.default_rng(5)
    shapes = {"input": (T, B, D), "h_0": (1, B, M), "c_0": (1, B, M), "h2": (2, B, M), "target": (T, B, K)}
    return {name: rng.standard_normal(shapes[shape]) for name, shape in names.items()}


def test_the_states_of_one_layer_come_along():
    arrays = drawn("PyTorch", LSTM) | with_states("PyTorch", {n: n for n in ("input", "h_0", "c_0", "target")})
    ours = translate(arrays, "PyTorch", "course")
    assert np.array_equal(ours["h_start"], arrays["h_0"][0]) and np.array_equal(ours["c_start"], arrays["c_0"][0])
    keras = translate(arrays, "PyTorch", "Keras")
    assert np.array_equal(keras["initial_state[1]"], arrays["c_0"][0])
    back = translate(keras, "Keras", "PyTorch")
    assert all(np.array_equal(back[name], arrays[name]) for name in ("input", "h_0", "c_0", "target"))


def test_the_states_of_two_directions_are_a_start_and_an_end():
    architecture = Architecture("RNN", 1, True)
    arrays = drawn("PyTorch", architecture) | with_states("PyTorch", {"h_0": "h2"})
    ours = translate(arrays, "PyTorch", "course")
    assert np.array_equal(ours["h_start"], arrays["h_0"][0]) and np.array_equal(ours["h_end"], arrays["h_0"][1])
    assert np.array_equal(translate(ours, "course", "PyTorch")["h_0"], arrays["h_0"])


# State dicts as people have them


def prefixed(arrays, recurrent="encoder.rnn.", output="encoder.head."):
    return {(output if name in ("weight", "bias") else recurrent) + name: a for name, a in arrays.items()}


@pytest.mark.parametrize("architecture", PYTORCH, ids=str)
def test_the_prefix_of_a_model_is_found_and_comes_back_with_like(architecture):
    plain = drawn("PyTorch", architecture)
    state = prefixed(plain)
    ours = translate(state, "PyTorch", "course")
    assert difference(ours, translate(plain, "PyTorch", "course")) == 0
    back = translate(ours, "course", "PyTorch", like=state)
    assert back.keys() == state.keys()
    assert difference(back, prefixed(translate(ours, "course", "PyTorch"))) == 0
    slopes = drawn("course", architecture, seed=2)
    found = translate_gradients(slopes, "course", "PyTorch", ROWS, like=list(state))
    assert difference(found, prefixed(translate_gradients(slopes, "course", "PyTorch", ROWS))) == 0
    assert difference(translate_gradients(found, "PyTorch", "course", ROWS), slopes) < TOLERANCE


def test_the_recurrent_module_alone_has_no_output_layer_there_and_back():
    state = {n: a for n, a in drawn("PyTorch", LSTM).items() if n not in ("weight", "bias")}
    ours = translate(state, "PyTorch", "course")
    assert ours.keys() == {"W0", "W11", "b0"}
    assert translate(ours, "course", "PyTorch").keys() == state.keys()
    with_output = translate(drawn("PyTorch", LSTM), "PyTorch", "course")
    assert translate(with_output, "course", "PyTorch", like=state).keys() == state.keys()


def test_a_prefix_may_stand_before_the_recurrent_module_only():
    plain = drawn("PyTorch", GRU)
    state = prefixed(plain, "rnn.", "")
    ours = translate(state, "PyTorch", "course")
    assert difference(ours, translate(plain, "PyTorch", "course")) == 0
    assert translate(ours, "course", "PyTorch", like=state).keys() == state.keys()


def test_like_selects_in_a_notation_without_modules_too():
    ours = drawn("course", Architecture())
    names = ["W", "U", "V", "b", "c"]
    assert difference(translate(ours, "course", "004", like=names), translate(ours, "course", "004")) == 0
    with pytest.raises(ValueError, match="lack W, expected every parameter"):
        translate(ours, "course", "004", like=names[1:])


def without_biases(arrays):
    return {name: a for name, a in arrays.items() if not name.startswith("bias_")}


@pytest.mark.parametrize("architecture", PYTORCH, ids=str)
def test_missing_biases_are_zero_and_stay_absent_on_the_way_back(architecture):
    state = without_biases(drawn("PyTorch", architecture))
    ours = translate(state, "PyTorch", "course")
    assert ours.keys() == drawn("course", architecture).keys()
    last = f"b{architecture.layers}"
    assert not any(a.any() for name, a in ours.items() if name.startswith("b") and name != last)
    assert abs(loss("course", ours, architecture) - ROWS * loss("PyTorch", state, architecture)) < TOLERANCE * 100
    assert difference(translate(ours, "course", "PyTorch", like=state), state) == 0
    slopes = translate_gradients(gradients("PyTorch", state, architecture), "PyTorch", "course", ROWS)
    expected = gradients("course", ours, architecture)
    assert slopes.keys() == {n for n in expected if n.startswith("W") or n == last}
    assert difference(slopes, {name: expected[name] for name in slopes}) < TOLERANCE * 100
    source = conventions.convention("course", *architecture)  # without a bias, two kinds of GRU look alike
    back = translate_gradients(slopes, source, "PyTorch", ROWS)
    assert difference(back, gradients("PyTorch", state, architecture)) < TOLERANCE * 100


def test_missing_biases_stay_absent_between_programs():
    state = without_biases(drawn("PyTorch", LSTM))
    keras = translate(state, "PyTorch", "Keras")
    assert keras.keys() == {"kernel", "recurrent_kernel", "dense_kernel", "dense_bias"}
    assert difference(translate(keras, "Keras", "PyTorch"), state) == 0


def test_the_paths_of_keras_are_names_too():
    paths = {"kernel": "model/gru/gru_cell/kernel:0", "recurrent_kernel": "model/gru/gru_cell/recurrent_kernel:0",
             "bias": "model/gru/gru_cell/bias:0", "dense_kernel": "model/dense/kernel:0",
             "dense_bias": "model/dense/bias:0"}  # fmt: skip
    plain = drawn("Keras", GRU)
    weights = {paths[name]: array for name, array in plain.items()}
    ours = translate(weights, "Keras", "course")
    assert difference(ours, translate(plain, "Keras", "course")) == 0
    assert translate(ours, "course", "Keras", like=weights).keys() == weights.keys()


class Tensor:
    """What NumPy sees of a tensor that requires a gradient: only a detached copy on the processor can be an array."""

    def __init__(self, array, steps=()):
        self.array, self.steps = array, steps

    def detach(self):
        return Tensor(self.array, (*self.steps, "detach"))

    def cpu(self):
        return Tensor(self.array, (*self.steps, "cpu"))

    def numpy(self):
        if self.steps != ("detach", "cpu"):
            raise RuntimeError("Can't call numpy() on Tensor that requires grad")
        if self.array.dtype == np.float16:
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.array


class Variable:
    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array


@pytest.mark.parametrize("kind", [Tensor, Variable])
def test_tensors_are_read_and_what_they_hold_is_not_shared(kind):
    plain = drawn("PyTorch", GRU)
    ours = translate({name: kind(array) for name, array in plain.items()}, "PyTorch", "course")
    assert difference(ours, translate(plain, "PyTorch", "course")) == 0
    assert not any(np.shares_memory(a, b) for a in ours.values() for b in plain.values())


@pytest.mark.parametrize("architecture", PYTORCH, ids=str)
def test_float32_stays_float32_also_where_zeros_are_made(architecture):
    state = {name: a.astype(np.float32) for name, a in without_biases(drawn("PyTorch", architecture)).items()}
    ours = translate(state, "PyTorch", "course")
    assert {a.dtype for a in (*ours.values(), *translate(ours, "course", "PyTorch").values())} == {np.dtype("float32")}


def test_flat_biases_of_d2l_are_its_rows():
    ours = drawn("course", Architecture())
    rows = translate(ours, "course", "d2l")
    flat = rows | {"b_h": rows["b_h"][0], "b_q": rows["b_q"][0]}
    assert difference(translate(flat, "d2l", "course"), ours) == 0
    assert (
        difference(translate_gradients(flat, "d2l", "course", ROWS), translate_gradients(rows, "d2l", "course", ROWS))
        == 0
    )


# What is refused


def state_dict(architecture=TWO, **changed):
    return drawn("PyTorch", architecture) | changed


def lacking(*names, of=TWO):
    return {name: a for name, a in drawn("PyTorch", of).items() if name not in names}


def keras_dict(architecture, *lacking, **changed):
    return {n: a for n, a in (drawn("Keras", architecture) | changed).items() if n not in lacking}


def deep_with(*sizes):
    return deep.initialise(np.random.default_rng(0), D, sizes, K)


ones = np.ones
to_course = lambda arrays: translate(arrays, "PyTorch", "course")
ERRORS = {
    r"'weight_hr_l0' is a projection \(proj_size\).* proj_size=0": lambda: to_course(
        state_dict(weight_hr_l0=ones((2, M)))
    ),
    r"'encoder.weight_hr_l1' is a projection": lambda: to_course(
        {"encoder." + n: a for n, a in lacking("weight", "bias").items()} | {"encoder.weight_hr_l1": ones((2, M))}
    ),
    "'weight_ih' is an array of a cell.* Add _l0": lambda: to_course({"weight_ih": ones((M, D))}),
    "'weight_hh_l0_g' is a part of a weight": lambda: to_course(state_dict(weight_hh_l0_g=ones((M, 1)))),
    "'rnn.parametrizations.weight_hh_l0.original0' is a part of a weight": lambda: to_course(
        {"rnn.weight_ih_l0": ones((M, D)), "rnn.parametrizations.weight_hh_l0.original0": ones((M, M))}
    ),
    "^1 is not an array of this convention": lambda: to_course(state_dict() | {1: ones(M)}),
    "2 recurrent modules, with the prefixes 'encoder.' and 'decoder.', expected one": lambda: to_course(
        prefixed(state_dict(), "encoder.", "") | prefixed(lacking("weight", "bias"), "decoder.", "")
    ),
    "'embed.' beside the recurrent module 'rnn.', expected at most one output layer": lambda: to_course(
        prefixed(lacking("weight", "bias"), "rnn.") | {"embed.weight": ones((9, D))}
    ),
    "'head.' beside the recurrent module ''": lambda: to_course(
        state_dict() | {"head.weight": ones((K, M)), "head.bias": ones(K)}
    ),
    "'one.', 'two.' beside the recurrent module 'rnn.'": lambda: to_course(
        prefixed(state_dict(), "rnn.", "one.") | {"two.weight": ones((K, K)), "two.bias": ones(K)}
    ),
    r"bias_ih_l1 has shape \(19,\), expected 4M with M = 5": lambda: to_course(state_dict(bias_ih_l1=ones(4 * M - 1))),
    r"^encoder\.rnn\.weight_ih_l1 has shape \(20, 3\), expected 4M×M with M = 5": lambda: to_course(
        prefixed(state_dict(weight_ih_l1=ones((4 * M, D))))
    ),
    r"weight_ih_l1_reverse has shape \(15, 5\), expected 3M×2M with M = 5": lambda: to_course(
        state_dict(Architecture("GRU", 2, True), weight_ih_l1_reverse=ones((3 * M, M)))
    ),
    r"weight_hh_l1 has shape \(15, 5\), expected 4M×M": lambda: to_course(state_dict(weight_hh_l1=ones((3 * M, M)))),
    r"weight_hh_l0 has shape \(5, 20\), expected M×M of RNN, 3M×M of GRU, 4M×M of LSTM: transpose": lambda: to_course(
        state_dict(weight_hh_l0=ones((M, 4 * M)))
    ),
    r"bias_ih_l0 has shape \(28,\), expected 4M with M = 5": lambda: to_course(state_dict(bias_ih_l0=ones(28))),
    "lack bias_hh_l1, expected": lambda: to_course(lacking("bias_hh_l1")),
    "lack weight_ih_l1, bias_ih_l1, bias_hh_l1": lambda: to_course(lacking("weight_ih_l1", "bias_ih_l1", "bias_hh_l1")),
    "lack weight_hh_l1_reverse": lambda: to_course(lacking("weight_hh_l1_reverse", of=Architecture("LSTM", 2, True))),
    r"'weight_ih_l1x' is not .* Did you mean 'weight_ih_l1'\? Its arrays are weight_ih_l1, weight_hh_l1, bias_ih_l1, "
    r"bias_hh_l1: rename": lambda: to_course(state_dict(weight_ih_l1x=ones((4 * M, D)))),
    "PyTorch has no RNN, 11 layers: at most 10": lambda: to_course(state_dict(weight_ih_l10=ones((4 * M, M)))),
    "'h_0' is the state of 2 layers.* a tuple.* Leave it out": lambda: to_course(state_dict(h_0=ones((2, B, M)))),
    "PyTorch has no GRU reset before, one layer: its GRU resets after the product": lambda: translate(
        drawn("Keras", BEFORE), "Keras", "PyTorch"
    ),
    "Keras has no LSTM, 2 layers: .* one by one": lambda: translate(state_dict(), "PyTorch", "Keras"),
    "Keras has no LSTM, one layer, bidirectional": lambda: translate(
        state_dict(Architecture("LSTM", 1, True)), "PyTorch", "Keras"
    ),
    "004 has no LSTM, one layer: it writes one hidden layer of tanh.* course, PyTorch, Keras": lambda: translate(
        state_dict(LSTM), "PyTorch", "004"
    ),
    r"GRU or GRU reset before, which differ in the bias.*convention\('Keras', 'GRU', 1, False\)": lambda: (
        translate(keras_dict(GRU, "bias"), "Keras", "course")
    ),
    r"bias has shape \(2, 14\), expected 2×3M with M = 5": lambda: translate(
        keras_dict(GRU, bias=ones((2, 14))), "Keras", "course"
    ),
    "one number of hidden units for all layers and directions, the arrays have M1 = 5, M2 = 7": lambda: translate(
        deep_with(5, 7), "course", "PyTorch"
    ),
    r"W1 has shape \(7, 4\), expected M2×M1 with .*M2 = 7": lambda: translate(
        deep_with(5, 7) | {"W1": ones((7, 4))}, "course", "PyTorch"
    ),
    "no place for b0, which is not zero": lambda: translate(
        drawn("course", LSTM), "course", "PyTorch", like=without_biases(state_dict(LSTM))
    ),
    "no place for b1, which is not zero": lambda: translate(
        drawn("course", LSTM), "course", "PyTorch", like=lacking("bias", of=LSTM)
    ),
    "h_0 holds h_start, h_end, and h_end is missing": lambda: translate(
        drawn("course", Architecture("RNN", 1, True)) | {"h_start": ones((B, M))}, "course", "PyTorch"
    ),
    "'weight_ih_l2' is not an array": lambda: translate(
        drawn("course", LSTM), "course", "PyTorch", like=[*state_dict(LSTM), "weight_ih_l2"]
    ),
    "target is stated as LSTM, 2 layers, the arrays are LSTM, one layer": lambda: translate(
        drawn("course", LSTM), "course", conventions.convention("PyTorch", "LSTM", 2)
    ),
    "kind is 'LSTN', expected one of .* Did you mean 'LSTM'": lambda: conventions.convention("PyTorch", "LSTN"),
    "layers is 0": lambda: conventions.convention("PyTorch", "LSTM", 0),
    "PyTorch has equations here for one hidden layer of tanh, not for LSTM, one layer": lambda: conventions.equations(
        conventions.convention("PyTorch", "LSTM")
    ),
    "gradients by bias_ih_l1 and bias_hh_l1 differ in gate i": lambda: translate_gradients(
        state_dict(bias_ih_l0=ones(4 * M), bias_hh_l0=ones(4 * M)), "PyTorch", "course", ROWS
    ),
    "The shares of b11.n in PyTorch are": lambda: translate(
        drawn("PyTorch", GRU),
        conventions.convention("PyTorch", "GRU")._replace(
            slots=tuple(
                slot._replace(share=0.0) if slot.name == "bias_hh_l0" else slot
                for slot in conventions.convention("PyTorch", "GRU").slots
            )
        ), "course",
    ),
}  # fmt: skip


@pytest.mark.parametrize("message", ERRORS)
def test_what_is_refused_says_its_name_and_what_to_do(message):
    with pytest.raises(ValueError, match=message):
        ERRORS[message]()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Tensor(np.ones(4 * M, np.float16)), "bias_ih_l1 is of type Tensor and NumPy cannot hold it .*BFloat16"),
        (np.ones(4 * M, int), "bias_ih_l1 has dtype int64, expected float32 or float64"),
        (Tensor(np.ones(4 * M, int)), "bias_ih_l1 has dtype int64, expected float32 or float64"),
        ([1.0] * 4 * M, "bias_ih_l1 is of type list, expected a NumPy array"),
        (np.ma.ones(4 * M), "bias_ih_l1 is of type MaskedArray, expected a NumPy array"),
    ],
)
def test_what_is_no_array_of_floats_is_refused_by_its_name(value, message):
    with pytest.raises(TypeError, match=message):
        to_course(state_dict(bias_ih_l1=value))


def test_an_architecture_that_is_stated_is_taken():
    weights = keras_dict(BEFORE, "bias")
    stated = conventions.convention("Keras", "GRU reset before")
    assert "b11" not in translate(weights, stated, "course")
    after = translate(weights, conventions.convention("Keras", "GRU"), "course")
    assert after["b11"].shape == (M,) and not after["b11"].any()


@pytest.mark.parametrize("program", ["PyTorch", "Keras", "course"])
@pytest.mark.parametrize(("stated", "real"), [("RNN", "LSTM"), ("RNN", "GRU"), ("LSTM", "RNN"), ("LSTM", "GRU")])
def test_arrays_of_another_architecture_than_is_stated_are_refused(program, stated, real):
    arrays, form = drawn(program, Architecture(real)), conventions.convention(program, stated)
    told = rf"The arrays are of {real}.*, expected {stated}, one layer, as which {program} is stated"
    target = "Keras" if program == "course" else "course"
    with pytest.raises(ValueError, match=told):
        translate(arrays, form, target)
    with pytest.raises(ValueError, match=told):
        translate_gradients(arrays, form, target, ROWS)


def test_a_target_that_is_stated_as_rnn_is_not_taken_for_any():
    with pytest.raises(ValueError, match="The target is stated as RNN, one layer, the arrays are LSTM, one layer"):
        translate(drawn("PyTorch", LSTM), "PyTorch", conventions.convention("course", "RNN"))
    assert conventions.convention("course", "RNN").stated == Architecture()
    assert conventions.convention("course").stated is None
    assert translate(drawn("PyTorch", LSTM), "PyTorch", conventions.convention("course"))["W0"].shape[0] == 4 * M


@pytest.mark.parametrize("more", [dict(layers=2), dict(bidirectional=True), dict(layers=2, bidirectional=True)])
def test_layers_and_directions_of_no_kind_are_refused(more):
    for program in ("PyTorch", "course", "000", conventions.convention("PyTorch")):
        with pytest.raises(ValueError, match="kind is missing beside layers=.*: pass kind='RNN' for layers of tanh"):
            conventions.convention(program, **more)
    assert conventions.convention("PyTorch", "RNN", **more).architecture == Architecture("RNN", **more)


@pytest.mark.parametrize("more", [dict(layers=1.0), dict(layers=0), dict(bidirectional="yes"), dict(bidirectional=1)])
def test_layers_and_directions_that_are_none_are_refused(more):
    with pytest.raises(ValueError, match="(layers|bidirectional) is .*, expected (an integer|True or False)"):
        conventions.convention("PyTorch", "RNN", **more)


def test_a_reader_who_transposes_derivatives_gets_blocks_transposed_as_a_whole():
    architecture = Architecture("LSTM", 2, True)
    turned = conventions.convention("PyTorch", *architecture)._replace(transposed=("matrices",))
    slopes = drawn("course", architecture)
    plain = translate_gradients(slopes, "course", "PyTorch", ROWS)
    found = translate_gradients(slopes, "course", turned, ROWS)
    assert difference(found, {n: a.T for n, a in plain.items()}) == 0
    assert difference(translate_gradients(found, turned, "course", ROWS), slopes) < TOLERANCE
    unstated = turned._replace(slots=conventions.convention("PyTorch").slots, stated=None)
    assert difference(translate_gradients(found, unstated, "course", ROWS), slopes) < TOLERANCE


def test_shapes_are_told_in_letters():
    found = conventions.shapes(conventions.convention("PyTorch", "LSTM", 2, True))
    assert found["weight_ih_l1_reverse"] == "4M×2M" and found["weight"] == "K×2M" and found["bias_ih_l0"] == "4M"
    assert conventions.shapes(conventions.convention("Keras", "GRU"))["bias"] == "2×3M"
    assert conventions.shapes(conventions.convention("course", "LSTM", 2))["W1"] == "4M2×M1"


# The programs themselves


def module_of(torch, architecture, **options):
    kind, layers, both = architecture
    made = getattr(torch.nn, kind)(D, M, num_layers=layers, bidirectional=both, **options).double()
    return torch.nn.ModuleDict({"rnn": made, "head": torch.nn.Linear(M * (1 + both), K).double()})


def run_module(torch, model, architecture):
    x, states, weight = data(architecture)
    starts = [torch.tensor(np.stack(parts)) for parts in zip(*states.values(), strict=True)]
    hidden, _ = model["rnn"](torch.tensor(x), tuple(starts) if architecture.kind == "LSTM" else starts[0])
    scores = model["head"](hidden)
    (torch.tensor(weight) * torch.sin(scores)).mul(1 / ROWS).sum().backward()
    return scores.detach().numpy()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("architecture", PYTORCH, ids=str)
def test_pytorch_itself_has_the_same_scores_and_gradients_and_loads_the_way_back(architecture, bias):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    model = module_of(torch, architecture, bias=bias)
    scores = run_module(torch, model, architecture)
    ours = translate(dict(model.named_parameters()), "PyTorch", "course")  # they require gradients
    x, states, _ = data(architecture)
    assert np.abs(course_scores(ours, x, states, architecture) - scores).max() < TOLERANCE
    slopes = {name: parameter.grad for name, parameter in model.named_parameters()}
    found = translate_gradients(slopes, "PyTorch", "course", ROWS)
    expected = gradients("course", ours, architecture)
    assert bias == (found.keys() == expected.keys())
    assert difference(found, {name: expected[name] for name in found}) < TOLERANCE * 100
    back = translate(ours, "course", "PyTorch", like=model.state_dict())
    other = module_of(torch, architecture, bias=bias)
    other.load_state_dict({name: torch.tensor(array) for name, array in back.items()})
    assert np.abs(run_module(torch, other, architecture) - scores).max() < TOLERANCE


def test_pytorch_tensors_that_numpy_cannot_hold_and_projections_are_told():
    torch = pytest.importorskip("torch")
    half = torch.nn.LSTM(D, M).to(torch.bfloat16).state_dict()
    with pytest.raises(TypeError, match=r"weight_ih_l0 is of type Tensor .*weight_ih_l0.float\(\)"):
        to_course(half)
    with pytest.raises(ValueError, match="'weight_hr_l0' is a projection"):
        to_course(torch.nn.LSTM(D, M, proj_size=2).state_dict())


@pytest.mark.parametrize("architecture", KERAS, ids=str)
def test_keras_itself_has_the_same_scores(architecture):
    keras = pytest.importorskip("keras")
    keras.config.set_floatx("float64")
    options = {"GRU": dict(reset_after=True), "GRU reset before": dict(reset_after=False)}.get(architecture.kind, {})
    cell = {"RNN": keras.layers.SimpleRNN, "LSTM": keras.layers.LSTM}.get(architecture.kind, keras.layers.GRU)
    layer, dense = cell(M, return_sequences=True, **options), keras.layers.Dense(K)
    x, states, _ = data(architecture)
    starts = list(states[0, ""]) if architecture.kind == "LSTM" else states[0, ""][0]
    dense.build((B, T, M))
    layer(x.swapaxes(0, 1), initial_state=starts)
    rng = np.random.default_rng(3)
    for variable in (*layer.weights, *dense.weights):
        variable.assign(0.5 * rng.standard_normal(variable.shape))
    names = {variable.path: variable for variable in (*layer.weights, *dense.weights)}
    ours = translate(names, "Keras", "course")
    scores = np.asarray(dense(layer(x.swapaxes(0, 1), initial_state=starts))).swapaxes(0, 1)
    assert np.abs(course_scores(ours, x, states, architecture) - scores).max() < 1e-10
    back = translate(ours, "course", "Keras", like=names)  # of two biases only the sum returns
    for name, variable in names.items():
        variable.assign(back[name])
    again = np.asarray(dense(layer(x.swapaxes(0, 1), initial_state=starts))).swapaxes(0, 1)
    assert np.abs(again - scores).max() < 1e-10
