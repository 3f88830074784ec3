"""The notation dictionary: every pair of conventions, each against its own equations, and against other libraries."""

from __future__ import annotations

from functools import cache
from itertools import permutations

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from bptt_lab import course
from bptt_lab.lectures import conventions, hands
from bptt_lab.lectures.conventions import CONVENTIONS, Slot
from bptt_lab.numeric import gradient_check, losses, rnn

T, B, D, M, K = 6, 2, 4, 5, 3
CASE = course.random_case(D=D, M=M, K=K, T=T, B=B, seed=19)
ARRAYS = {**CASE.arrays, "y": np.eye(K)[CASE.labels]}
ROWS = T * B
TOLERANCE = 1e-12
NAMES = list(CONVENTIONS)
PAIRS = list(permutations(NAMES, 2))
COLUMN_HANDS = [name for name, hand in CONVENTIONS.items() if hand.vectors == "columns"]


def target_of(hand):
    return conventions.convention(hand).slot_of("y").name


def own_gradients(hand, arrays):
    """Return the gradients by complex steps through a convention's own equations, in the shapes of its arrays."""
    target = target_of(hand)
    rest = {name: array for name, array in arrays.items() if name != target}
    return gradient_check.complex_step(lambda moved: conventions.loss(hand, {**moved, target: arrays[target]}), rest)


def in_own_layout(hand, gradients):
    """Return gradients as the derivatives a convention writes: transposed where it transposes."""
    hand = conventions.convention(hand)
    turned = {slot.name: slot.kind in hand.transposed for slot in hand.slots}
    return {name: array.swapaxes(-1, -2) if turned[name] else array for name, array in gradients.items()}


@cache
def own(name):
    """Return one case in a convention: its arrays, its own loss, and its own derivatives."""
    arrays = conventions.translate(ARRAYS, "course", name)
    return arrays, conventions.loss(name, arrays), in_own_layout(name, own_gradients(name, arrays))


def largest_difference(found, expected):
    """Return the largest difference over all arrays, infinite where names or shapes differ."""
    if {n: a.shape for n, a in found.items()} != {n: a.shape for n, a in expected.items()}:
        return np.inf
    return max(np.abs(found[name] - expected[name]).max() for name in expected)


def faults(hand, reference=None):
    """Return what is wrong with a convention: judged by the course's numbers and the convention's own equations."""
    reference = reference or hand
    arrays = conventions.translate(ARRAYS, "course", hand)
    found = []
    if largest_difference(conventions.translate(arrays, hand, "course"), ARRAYS) > TOLERANCE:
        found.append("round trip")
    try:
        loss = conventions.translate_loss(conventions.loss(reference, arrays), hand, "course", ROWS)
        derivatives = in_own_layout(reference, own_gradients(reference, arrays))
        gradients = conventions.translate_gradients(derivatives, hand, "course", ROWS)
    except ValueError:
        return [*found, "does not run"]
    if abs(loss - CASE.loss(CASE.arrays)) > TOLERANCE:
        found.append("loss")
    if largest_difference(gradients, CASE.by_numpy()) > TOLERANCE:
        found.append("gradients")
    return found


# Every convention, every pair


@pytest.mark.parametrize("name", NAMES)
def test_the_gradients_of_a_convention_are_those_by_complex_steps_in_its_own_layout(name):
    arrays, _, derivatives = own(name)
    assert largest_difference(conventions.gradients(name, arrays), derivatives) < TOLERANCE
    shapes = conventions.shapes(name, derivatives=True)
    assert set(conventions.gradients(name, arrays)) == set(shapes) - {target_of(name)}


@pytest.mark.parametrize("name", NAMES)
def test_a_convention_has_the_loss_and_the_gradients_of_the_course(name):
    assert faults(name) == []


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_arrays_of_every_pair_translate_and_return(source, target):
    there = conventions.translate(own(source)[0], source, target)
    assert largest_difference(there, own(target)[0]) == 0
    assert largest_difference(conventions.translate(there, target, source), own(source)[0]) == 0


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_losses_of_every_pair_are_equal(source, target):
    there = conventions.loss(target, conventions.translate(own(source)[0], source, target))
    assert abs(conventions.translate_loss(own(source)[1], source, target, ROWS) - there) < TOLERANCE


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_gradients_of_every_pair_are_equal_and_return(source, target):
    there = conventions.translate_gradients(own(source)[2], source, target, ROWS)
    assert largest_difference(there, own(target)[2]) < TOLERANCE
    back = conventions.translate_gradients(there, target, source, ROWS)
    assert largest_difference(back, own(source)[2]) < TOLERANCE


@pytest.mark.parametrize("output", conventions.OUTPUTS)
@pytest.mark.parametrize("name", NAMES)
def test_every_output_and_its_loss_agree_with_the_graph(name, output):
    """The engine of bptt_lab.network reads the course's equations; it runs sequence by sequence."""
    graph = conventions.network("course", D, M, K, output).unroll(T)
    runs = [graph.forward(values)["L"] for values in CASE.sequences()]
    loss = conventions.loss(name, own(name)[0], output)
    assert abs(conventions.translate_loss(loss, name, "course", ROWS) - sum(runs)) < TOLERANCE


@pytest.mark.parametrize("name", COLUMN_HANDS)
def test_a_hand_in_columns_is_a_network_with_the_same_gradients(name):
    """Its text, read as a Network, one sequence at a time: the chain rule over the graph, no complex step."""
    hand, (arrays, _, derivatives) = CONVENTIONS[name], own(name)
    graph = conventions.network(name, D, M, K).unroll(T)
    slots = [slot for slot in hand.slots if slot.is_parameter]
    params = {s.name: arrays[s.name].reshape(graph.network.shapes[s.name]) for s in slots}
    x, y, start = hand.slot_of("x").name, hand.slot_of("y").name, f"{hand.letters['state']}[0]"
    runs = [{**params, x: ARRAYS["x"][:, b], y: ARRAYS["y"][:, b], start: ARRAYS["h_start"][b]} for b in range(B)]
    found = [graph.gradients(values) for values in runs]
    scale = 1 / ROWS if hand.mean else 1
    for slot in slots:
        gradient = scale * sum(g[slot.name] for g in found).reshape(arrays[slot.name].shape)
        expected = gradient.T if slot.kind in hand.transposed else gradient
        assert np.abs(derivatives[slot.name] - expected).max() < TOLERANCE


# Mutants: each is a convention with one slip, judged by the equations of the true one


def without(hand, *names):
    return tuple(slot for slot in hand.slots if slot.name not in names)


def axes(name, slot, changed):
    hand = CONVENTIONS[name]
    return name, hand._replace(slots=tuple(s._replace(axes=changed) if s.name == slot else s for s in hand.slots))


def stack(name, changed):
    hand = CONVENTIONS[name]
    return name, hand._replace(slots=(changed, *without(hand, changed.name)))


def habit(name, **changed):
    return name, CONVENTIONS[name]._replace(**changed)


def share(both):
    hand = CONVENTIONS["PyTorch"]
    first, second = Slot("bias_ih_l0", ("b0",), "M", both), Slot("bias_hh_l0", ("b0",), "M", both)
    return hand._replace(slots=(*without(hand, "bias_ih_l0", "bias_hh_l0"), first, second))


MUTANTS = {
    "a transpose forgotten in Keras": axes("Keras", "recurrent_kernel", "MN"),
    "a transpose forgotten in d2l": axes("d2l", "W_xh", "MD"),
    "a transpose too many in PyTorch": axes("PyTorch", "weight_hh_l0", "NM"),
    "a transpose too many in 004": axes("004", "W", "NM"),
    "time and sequences exchanged in Keras": axes("Keras", "x", "TBD"),
    "a column taken for a row in 000": axes("000", "b0", "1M"),
    "the stack of 002 in the other order": stack("002 stacked", Slot("W_a", ("W0", "W11"), "M*")),
    "the stack of d2l in the other order": stack("d2l stacked", Slot("W_h", ("W11", "W0"), "*M")),
    "a mean taken for a sum": habit("PyTorch", mean=False),
    "a sum taken for a mean": habit("004", mean=True),
    "handwritten derivatives read as typed": habit("001 handwritten", transposed=("vectors",)),
    "typed derivatives read as handwritten": habit("001 typed", transposed=("matrices", "vectors")),
    "derivatives of 000 read as gradients": habit("000", transposed=()),
    "W and U of 004 exchanged": habit(
        "004", slots=hands._slots(hands.AS_COLUMNS, W0="W", W11="U", b0="b", W1="V", b1="c", x="x",
                                        h_start="h[0]", y="y"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("slip", MUTANTS)
def test_a_slip_in_a_convention_is_refused(slip):
    name, mutant = MUTANTS[slip]
    assert faults(mutant, reference=name) != []


def test_equal_sizes_would_let_a_forgotten_transpose_pass_the_shapes_but_not_the_gradients():
    """W11 is square, so no shape tells; the numbers do."""
    name, mutant = MUTANTS["a transpose forgotten in Keras"]
    assert conventions.shapes(mutant) == conventions.shapes(name)
    assert {"loss", "gradients"} <= set(faults(mutant, reference=name))


def test_shares_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match=r"shares of b0 in PyTorch are \[1.0, 1.0\]"):
        conventions.translate(ARRAYS, "course", share(1.0))


# What the lectures state, each by its own formula


def course_deltas():
    """Return the trace and the deltas of both layers, (T, B, M) and (T, B, K), from the course's own recursion."""
    params, x, h_start = course.split(CASE.arrays)
    trace = rnn.forward(params, x, h_start)
    _, delta2 = losses.softmax_nll(trace.a2, CASE.labels)
    delta1, later = np.zeros_like(trace.h1), 0
    for t in reversed(range(T)):
        delta1[t] = (delta2[t] @ params["W1"] + later) * (1 - trace.h1[t] ** 2)
        later = delta1[t] @ params["W11"]
    return trace, delta1, delta2


def outer(left, right):
    """Return the sum over steps and sequences of column times row."""
    return sum(left[t, b][:, None] @ right[t, b][None, :] for t in range(T) for b in range(B))


@pytest.mark.parametrize("name", ["000", "001 handwritten"])
def test_000_and_the_handwritten_001_write_input_times_delta(name):
    trace, delta1, delta2 = course_deltas()
    found = conventions.translate_gradients(CASE.by_numpy(), "course", name)
    assert np.allclose(found["W1"], outer(trace.h1, delta2)) and found["W1"].shape == (M, K)
    assert np.allclose(found["W11"], outer(trace.states[:-1], delta1))
    assert np.allclose(found["W0"], outer(trace.x, delta1)) and found["W0"].shape == (D, M)
    assert np.allclose(found["b0"], delta1.sum((0, 1))[None]) and found["b0"].shape == (1, M)


def test_the_typed_001_writes_delta_times_input_and_vectors_as_rows():
    trace, delta1, delta2 = course_deltas()
    found = conventions.translate_gradients(CASE.by_numpy(), "course", "001 typed")
    assert np.allclose(found["W1"], outer(delta2, trace.h1)) and found["W1"].shape == (K, M)
    assert np.allclose(found["W11"], outer(delta1, trace.states[:-1]))
    assert found["b1"].shape == (1, K)


def test_004_writes_delta_times_input_and_columns():
    trace, delta1, _ = course_deltas()
    found = conventions.translate_gradients(CASE.by_numpy(), "course", "004")
    assert np.allclose(found["W"], outer(delta1, trace.states[:-1]))
    assert np.allclose(found["b"], delta1.sum((0, 1))[:, None]) and found["b"].shape == (M, 1)


def test_002_puts_the_recurrent_weights_left_of_the_input_weights():
    W_a = conventions.translate(ARRAYS, "course", "002 stacked")["W_a"]
    assert np.array_equal(W_a[:, :M], ARRAYS["W11"]) and np.array_equal(W_a[:, M:], ARRAYS["W0"])


def test_d2l_puts_the_input_weights_above_the_recurrent_weights():
    W_h = conventions.translate(ARRAYS, "course", "d2l stacked")["W_h"]
    assert np.array_equal(W_h[:D], ARRAYS["W0"].T) and np.array_equal(W_h[D:], ARRAYS["W11"].T)


def test_the_letter_lent_to_003_is_idle_in_one_step_from_zero():
    """003 as it stands, without recurrence: its own network gives the same loss and gradients."""
    from bptt_lab import Network

    text = "z1 = w1 @ a0 + b1\na1 = tanh(z1)\nz2 = w2 @ a1 + b2\na2 = softmax(z2)\nC = nll(a2, target)"
    one_step = {**ARRAYS, "x": ARRAYS["x"][:1], "y": ARRAYS["y"][:1], "h_start": np.zeros((B, M))}
    arrays = conventions.translate(one_step, "course", "003")
    gradients = own_gradients("003", arrays)
    assert not gradients["w11"].any() and "w11" in CONVENTIONS["003"].lent
    graph = Network(text, sizes=dict(a0=D, a1=M, a2=K)).unroll(1)
    params = {name: arrays[name].reshape(graph.network.shapes[name]) for name in ("w1", "b1", "w2", "b2")}
    runs = [params | {"a0": arrays["a0"][0, :, b], "target": arrays["target"][0, :, b]} for b in range(B)]
    assert abs(sum(graph.forward(run)["C"] for run in runs) - conventions.loss("003", arrays)) < TOLERANCE
    for name in params:
        assert np.allclose(sum(graph.gradients(run)[name] for run in runs).ravel(), gradients[name].ravel())


def test_a_stack_is_transposed_as_a_whole_and_a_flat_bias_has_no_layout():
    stacked = CONVENTIONS["002 stacked"]._replace(transposed=("matrices",))
    assert faults(stacked) == []
    assert conventions.shapes(stacked, derivatives=True)["W_a"] == "(M+D)×M"
    flat = CONVENTIONS["course"]._replace(transposed=("vectors",))
    assert conventions.shapes(flat, derivatives=True)["b0"] == "M"


# Two biases


def split_biases(rng):
    arrays = dict(own("PyTorch")[0])
    arrays["bias_hh_l0"] = rng.standard_normal(M)
    arrays["bias_ih_l0"] = arrays["bias_ih_l0"] - arrays["bias_hh_l0"]
    return arrays


def test_a_round_trip_keeps_the_sum_of_two_biases_and_the_loss_but_not_the_split():
    arrays = split_biases(np.random.default_rng(3))
    back = conventions.translate(conventions.translate(arrays, "PyTorch", "000"), "000", "PyTorch")
    assert np.allclose(back["bias_ih_l0"] + back["bias_hh_l0"], arrays["bias_ih_l0"] + arrays["bias_hh_l0"])
    assert not np.allclose(back["bias_hh_l0"], arrays["bias_hh_l0"])
    assert abs(conventions.loss("PyTorch", back) - conventions.loss("PyTorch", arrays)) < TOLERANCE


def test_both_biases_have_the_gradient_by_their_sum_wherever_the_split_lies():
    gradients = own_gradients("PyTorch", split_biases(np.random.default_rng(4)))
    assert np.allclose(gradients["bias_ih_l0"], gradients["bias_hh_l0"], atol=TOLERANCE)
    found = conventions.translate_gradients(gradients, "PyTorch", "course", ROWS)
    assert np.allclose(found["b0"], CASE.by_numpy()["b0"])


def test_two_biases_that_disagree_are_refused():
    gradients = dict(own("PyTorch")[2])
    gradients["bias_hh_l0"] = np.zeros(M)
    with pytest.raises(ValueError, match="gradients by bias_ih_l0 and bias_hh_l0 differ"):
        conventions.translate_gradients(gradients, "PyTorch", "course", ROWS)


# Other libraries, and lines of NumPy that know nothing of the dictionary


def d2l_loss(p, X, H, Y):
    total = 0.0
    for X_t, Y_t in zip(X, Y, strict=True):
        H = anp.tanh(anp.dot(X_t, p["W_xh"]) + anp.dot(H, p["W_hh"]) + p["b_h"])
        O_t = anp.dot(H, p["W_hq"]) + p["b_q"]
        total = total - anp.sum(Y_t * (O_t - anp.log(anp.sum(anp.exp(O_t), axis=1, keepdims=True))))
    return total / (len(X) * len(X[0]))


def keras_loss(p, inputs, state, y):
    total = 0.0
    for t in range(inputs.shape[1]):
        state = anp.tanh(anp.dot(inputs[:, t], p["kernel"]) + p["bias"] + anp.dot(state, p["recurrent_kernel"]))
        scores = anp.dot(state, p["dense_kernel"]) + p["dense_bias"]
        total = total - anp.sum(y[:, t] * (scores - anp.log(anp.sum(anp.exp(scores), axis=-1, keepdims=True))))
    return total / (inputs.shape[0] * inputs.shape[1])


@pytest.mark.parametrize(
    ("name", "own_loss", "data"),
    [("d2l", d2l_loss, ("X", "H[0]", "Y")), ("Keras", keras_loss, ("x", "initial_state", "y"))],
)
def test_rows_agree_with_plain_lines_and_automatic_differentiation(name, own_loss, data):
    arrays, loss, _ = own(name)
    params = {slot.name: arrays[slot.name] for slot in CONVENTIONS[name].slots if slot.is_parameter}
    inputs = [arrays[letter] for letter in data]
    assert abs(own_loss(params, *inputs) - loss) < TOLERANCE
    course_gradients = {n: g for n, g in CASE.by_numpy().items() if n in rnn.PARAMETERS}
    expected = conventions.translate_gradients(course_gradients, "course", name, ROWS)
    assert largest_difference(grad(own_loss)(params, *inputs), expected) < TOLERANCE


def test_pytorch_itself_has_the_same_loss_and_gradients():
    torch = pytest.importorskip("torch")
    arrays, _, expected = own("PyTorch")
    layer, linear = torch.nn.RNN(D, M).double(), torch.nn.Linear(M, K).double()
    tensors = {name: torch.tensor(array) for name, array in arrays.items()}
    layer.load_state_dict({name: tensors[name] for name in layer.state_dict()})
    linear.load_state_dict({name: tensors[name] for name in linear.state_dict()})
    x, start = tensors["input"].requires_grad_(), tensors["h_0"].requires_grad_()
    states, _ = layer(x, start)
    logits, labels = linear(states).reshape(ROWS, K), torch.tensor(CASE.labels).reshape(ROWS)
    loss = torch.nn.CrossEntropyLoss()(logits, labels)
    loss.backward()
    named = [*layer.named_parameters(), *linear.named_parameters(), ("input", x), ("h_0", start)]
    assert abs(loss.item() - own("PyTorch")[1]) < TOLERANCE
    assert largest_difference({name: tensor.grad.numpy() for name, tensor in named}, expected) < TOLERANCE


# Inputs, types, errors


def test_float32_stays_float32_and_nothing_shares_memory_with_what_was_given():
    arrays = {name: array.astype(np.float32) for name, array in ARRAYS.items()}
    for name in NAMES:
        there = conventions.translate(arrays, "course", name)
        assert {array.dtype for array in there.values()} == {np.dtype(np.float32)}
        assert not any(np.shares_memory(a, b) for a in arrays.values() for b in there.values())
        gradients = conventions.translate_gradients(arrays, "course", name, ROWS)
        assert {array.dtype for array in gradients.values()} == {np.dtype(np.float32)}


def test_parameters_alone_translate_without_data():
    params, _, _ = course.split(CASE.arrays)
    assert set(conventions.translate(params, "course", "002 stacked")) == {"W_a", "b_a", "W_y", "b_y"}
    back = conventions.translate(conventions.translate(params, "course", "002 stacked"), "002 stacked", "course")
    assert largest_difference(back, params) == 0


def changed(**arrays):
    return {**ARRAYS, **arrays}


def arrays_without(*names):
    return {name: array for name, array in ARRAYS.items() if name not in names}


def stacked(columns):
    return {**own("002 stacked")[0], "W_a": np.ones((M, columns))}


ERRORS = {
    "'pytorch' is not a convention of the dictionary. Did you mean 'PyTorch'": lambda: conventions.translate(
        ARRAYS, "course", "pytorch"
    ),
    "None is not a convention": lambda: conventions.convention(None),
    r"W0 has shape \(4, 5\), expected M×D with M = 5": lambda: conventions.translate(
        changed(W0=ARRAYS["W0"].T), "course", "004"
    ),
    r"W11 has shape \(5, 4\), expected M×M of RNN, 3M×M of GRU, 4M×M of LSTM: transpose it": lambda: (
        conventions.translate(changed(W11=np.ones((5, 4))), "course", "004")
    ),
    r"b0 has shape \(5, 1\), expected M with M = 5:": lambda: conventions.translate(
        changed(b0=np.ones((5, 1))), "course", "d2l"
    ),
    r"x has shape \(6, 2, 7\), expected T×B×D with B = 2, D = 4": lambda: conventions.translate(
        changed(x=np.ones((T, B, 7))), "course", "d2l"
    ),
    r"W_a has shape \(5, 5\), expected M×\(M\+D\)": lambda: conventions.translate(stacked(5), "002 stacked", "000"),
    r"x has shape \(6, 4, 2\), expected T×D×B with D = 5": lambda: conventions.translate(
        stacked(10), "002 stacked", "000"
    ),
    r"W0 has shape \(5, 0\)": lambda: conventions.translate(changed(W0=np.ones((5, 0))), "course", "000"),
    "lack W1, b1": lambda: conventions.translate(arrays_without("W1", "b1"), "course", "000"),
    "'U' is not an array of this convention": lambda: conventions.translate(changed(U=np.ones(1)), "course", "004"),
    "Did you mean 'weight_ih_l0'": lambda: conventions.translate(
        {**own("PyTorch")[0], "weight_ih_l": np.ones((M, D))}, "PyTorch", "course"
    ),
    "rows is None, expected the number of steps times sequences": lambda: conventions.translate_loss(
        1.0, "course", "Keras"
    ),
    "rows is 0": lambda: conventions.translate_gradients(own("course")[2], "course", "d2l", 0),
    "lack h_start, expected them for a forward pass": lambda: conventions.loss("course", arrays_without("h_start")),
    "output is 'softmaxx', expected one of softmax": lambda: conventions.loss("course", ARRAYS, "softmaxx"),
    "Keras writes vectors as rows, expected columns": lambda: conventions.network("Keras", D, M, K),
    "W holds W0 with the axes 'MN', expected": lambda: conventions.shapes(
        CONVENTIONS["004"]._replace(slots=(Slot("W", ("W0",), "MN"),))
    ),
    "has no letter for the state": lambda: conventions.loss(CONVENTIONS["004"]._replace(letters={}), ARRAYS),
    "expected sums, products and": lambda: conventions.loss(
        CONVENTIONS["course"]._replace(text="h1[t] = relu(x[t])\nL[t] = nll(h1[t], y[t])"), ARRAYS
    ),
}


@pytest.mark.parametrize("message", ERRORS)
def test_an_error_says_what_it_is_and_what_was_expected(message):
    with pytest.raises(ValueError, match=message):
        ERRORS[message]()


@pytest.mark.parametrize("given", [None, [1.0], {"W0": [[1.0]]}])
def test_what_is_no_dict_of_arrays_is_refused_by_type(given):
    given = changed(**given) if isinstance(given, dict) else given
    with pytest.raises(TypeError, match="expected a (dict|NumPy array)"):
        conventions.translate(given, "course", "000")


# A hand of the reader's own, and the screen


def test_a_reader_can_add_a_hand_of_their_own():
    """Rows, targets and inputs as in d2l, all in one matrix per layer, state first."""
    stack = Slot("V", ("W11", "W0"), "*M")
    text = CONVENTIONS["d2l stacked"].text.replace("concat(X[t], H[t-1]) @ W_h", "concat(H[t-1], X[t]) @ V")
    mine = CONVENTIONS["d2l"]._replace(
        name="mine", text=text, slots=(stack, *without(CONVENTIONS["d2l"], "W_xh", "W_hh"))
    )
    assert faults(mine) == []


def test_the_table_has_a_cell_for_every_concept_and_convention():
    table = conventions.dictionary()
    assert table.heading == ("", *NAMES)
    assert {len(row) for row in table.lines} == {len(NAMES) + 1}
    assert all(cell for row in table.lines for cell in row)


def cell(concept, name):
    table = conventions.dictionary(name)
    return dict(table.lines)[concept]


@pytest.mark.parametrize(
    ("concept", "name", "expected"),
    [
        ("recurrent weights", "002 stacked", r"$\mathbf{W}_{\mathrm{a}}$ M×(M+D)"),
        ("recurrent weights", "003", r"($\mathbf{w}^{11}$) M×M"),
        ("hidden bias", "PyTorch", "`bias_ih_l0`, `bias_hh_l0` M"),
        ("hidden state", "002", r"$\mathbf{a}^{(t)}$"),
        ("sum in the hidden layer", "004", r"$\mathbf{a}^{(t)}$"),
        ("derivative by the output weights", "000", "M×K"),
        ("derivative by the output weights", "001 typed", "K×M"),
        ("derivative by the output weights", "003", "(K×M)"),
        ("derivative by the hidden bias", "001 typed", "1×M"),
        ("array of all inputs", "Keras", "B×T×D"),
        ("loss is the", "PyTorch", "mean"),
    ],
)
def test_the_table_says_what_each_hand_writes(concept, name, expected):
    assert cell(concept, name) == expected


@pytest.mark.parametrize("name", NAMES)
def test_the_equations_shown_are_the_text_that_is_run(name):
    shown = conventions.equations(name)
    lines = [line.strip() for line in CONVENTIONS[name].text.format(output="softmax", loss="nll").split("\n")]
    assert repr(shown).splitlines() == [line for line in lines if line]
    assert shown._repr_latex_().count(r"\\ ") == len(repr(shown).splitlines()) - 1


def test_every_name_a_text_uses_is_a_slot_or_computed():
    for hand in CONVENTIONS.values():
        lines = conventions.parse(hand.text.format(output="softmax", loss="nll"))
        used = {name.name for line in lines.values() for name in names_of(line)}
        slots = {slot.name for slot in hand.slots if "x" in slot.holds or "y" in slot.holds or slot.is_parameter}
        assert used == slots | set(lines) - {hand.letters["loss"]}


def names_of(equation):
    from bptt_lab.network.expressions import names

    return names(equation.expression)
