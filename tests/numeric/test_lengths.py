"""Sequences of unequal length: a padded batch against the sequences run apart, in all architectures."""

import numpy as np
import pytest

from architectures import assert_close, mutant
from bptt_lab.numeric import bidirectional, deep, deep_bidirectional, gradient_check, lengths, losses, rnn, rnn_plain

LENGTHS = np.array([3, 6, 1, 4])
K, D = 4, 2


def one_each(states):
    return states


def as_tuple(states):
    return (tuple(states),)


# each: the code, how parameters are drawn, sizes of the initial states, how states are given
CASES = {
    "rnn": (rnn, lambda rng: rnn.initialise(rng, D, 5, K), (5,), one_each),
    "rnn_plain": (rnn_plain, lambda rng: rnn.initialise(rng, D, 5, K), (5,), one_each),
    "deep": (deep, lambda rng: deep.initialise(rng, D, (5, 3), K), (5, 3), as_tuple),
    "bidirectional": (bidirectional, lambda rng: bidirectional.initialise(rng, D, (5, 3), K), (5, 3), one_each),
    "deep_bidirectional": (
        deep_bidirectional,
        lambda rng: deep_bidirectional.initialise(rng, D, ((5, 3), (2, 4)), K),
        (5, 2, 3, 4),
        lambda states: (tuple(states[:2]), tuple(states[2:])),
    ),
}
BACKWARD_IN_TIME = ("bidirectional", "deep_bidirectional")
ALL = pytest.mark.parametrize("name", CASES)


class Batch:
    """Sequences, each with its own initial states and labels, that can be run together or apart."""

    def __init__(self, name, n=LENGTHS, seed=0, activation="tanh"):
        self.name, (self.code, draw, sizes, self.give) = name, CASES[name]
        rng = np.random.default_rng(seed)
        self.params, self.n, self.activation = draw(rng), np.asarray(n), activation
        self.x = [rng.standard_normal((steps, D)) for steps in self.n]
        self.labels = [rng.integers(0, K, steps) for steps in self.n]
        self.states = [rng.uniform(-0.9, 0.9, (len(self.n), M)) for M in sizes]

    def options(self, n):
        by_lengths = {"lengths": n} if self.name in BACKWARD_IN_TIME else {}
        return by_lengths if self.code is rnn_plain else by_lengths | {"activation": self.activation}

    def run(self, x, states, labels, n=None, mean=False, code=None):
        code = code or self.code
        trace = code.forward(self.params, x, *self.give(states), **self.options(n))
        loss, d_scores = losses.softmax_nll(scores(trace), labels, mean=mean, ignore=-1)
        return trace, loss, flat(code.backward(self.params, trace, d_scores))

    def together(self, garbage=0.0, **options):
        x, n = lengths.padded(self.x, garbage)
        labels, _ = lengths.padded(self.labels, -1)
        return self.run(x, self.states, labels, n, **options)

    def apart(self):
        each = [
            self.run(x[:, None], [state[b : b + 1] for state in self.states], labels[:, None])
            for b, (x, labels) in enumerate(zip(self.x, self.labels, strict=True))
        ]
        traces, found, gradients = zip(*each, strict=True)
        own = [name for name in gradients[0] if name not in self.params and name != "x"]
        expected = {name: sum(one[name] for one in gradients) for name in self.params}
        expected |= {name: np.concatenate([one[name] for one in gradients]) for name in own}
        return traces, sum(found), expected | {"x": lengths.padded([one["x"][:, 0] for one in gradients])[0]}


def scores(trace):
    return trace.a2 if hasattr(trace, "a2") else trace.scores


def flat(gradients):
    """Tuples of gradients under names of their own."""
    found = {}
    for name, array in gradients.items():
        found |= {f"{name}[{l}]": part for l, part in enumerate(array)} if isinstance(array, tuple) else {name: array}
    return found


@ALL
@pytest.mark.parametrize("n", [LENGTHS, [5, 5, 5], [1, 1], [7], [1], [2, 1, 9]], ids=str)
def test_a_padded_batch_is_its_sequences_run_apart(name, n):
    batch = Batch(name, n)
    (_, loss, gradients), (_, expected, wanted) = batch.together(), batch.apart()
    assert loss == pytest.approx(expected, rel=1e-13)
    assert_close(gradients, wanted, 1e-13)


@ALL
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_a_padded_batch_is_its_sequences_run_apart_with_other_activations(name, activation):
    batch = Batch(name, seed=2, activation=activation)
    (_, loss, gradients), (_, expected, wanted) = batch.together(), batch.apart()
    assert loss == pytest.approx(expected, rel=1e-13)
    assert_close(gradients, wanted, 1e-13)


@ALL
def test_the_mean_is_over_the_steps_that_count(name):
    batch = Batch(name)
    (_, mean, gradients), (_, total, wanted) = batch.together(mean=True), batch.apart()
    steps = LENGTHS.sum()
    assert mean == pytest.approx(total / steps, rel=1e-13)
    assert_close({key: steps * array for key, array in gradients.items()}, wanted, 1e-13)


@ALL
@pytest.mark.parametrize("garbage", [1e6, -1e6, 1.5])
def test_what_stands_in_the_padding_changes_nothing_at_all(name, garbage):
    batch = Batch(name)
    (_, loss, gradients), (_, again, others) = batch.together(), batch.together(garbage)
    assert loss == again
    for key, array in gradients.items():
        np.testing.assert_array_equal(others[key], array, err_msg=key)


@ALL
def test_nothing_reaches_the_padding(name):
    _, _, gradients = Batch(name).together(1e6)
    inside = lengths.within(LENGTHS, 6)
    assert not gradients["x"][~inside].any() and gradients["x"][inside].all()


@ALL
def test_outputs_and_the_final_state_are_those_at_the_last_step_of_each_sequence(name):
    batch = Batch(name)
    trace, (traces, _, _) = batch.together(1e6)[0], batch.apart()
    for b, (one, n) in enumerate(zip(traces, LENGTHS, strict=True)):
        np.testing.assert_allclose(scores(trace)[:n, b], scores(one)[:, 0], rtol=1e-12, atol=1e-14)
    for states, each in zip(forward_states(trace), zip(*map(forward_states, traces), strict=True), strict=True):
        final = np.concatenate([one[-1] for one in each])
        np.testing.assert_allclose(lengths.last_steps(states[1:], LENGTHS), final, rtol=1e-12)


def forward_states(trace):
    """States of the layers that run forward in time, the initial one first."""
    found = [getattr(trace, name) for name in ("states", "states_f", "h1") if hasattr(trace, name)][0]
    return found if isinstance(found, tuple) else [found]


@ALL
def test_a_loss_over_the_last_outputs_alone(name):
    batch, labels = Batch(name), np.array([1, 3, 0, 2])
    x, n = lengths.padded(batch.x, 1e6)
    trace = batch.code.forward(batch.params, x, *batch.give(batch.states), **batch.options(n))
    loss, d_last = losses.softmax_nll(lengths.last_steps(scores(trace), n), labels)
    found = flat(batch.code.backward(batch.params, trace, lengths.at_last_steps(d_last, n, len(x))))
    batch.labels = [np.array([-1] * (steps - 1) + [label]) for steps, label in zip(n, labels, strict=True)]
    _, expected, wanted = batch.apart()
    assert loss == pytest.approx(expected, rel=1e-13)
    assert_close(found, wanted, 1e-13)


@ALL
def test_another_loss_over_the_rows_that_count(name):
    batch = Batch(name)
    x, n = lengths.padded(batch.x, 1e6)
    y, rows = np.random.default_rng(1).standard_normal((*x.shape[:2], K)), lengths.within(n, len(x))
    trace = batch.code.forward(batch.params, x, *batch.give(batch.states), **batch.options(n))
    found = scores(trace)
    d_scores = np.zeros_like(found)
    loss, d_scores[rows] = losses.mse(found[rows], y[rows])
    assert loss == pytest.approx(0.5 * sum(((found[:k, b] - y[:k, b]) ** 2).sum() for b, k in enumerate(n)))
    one = batch.code.backward(batch.params, trace, d_scores)["x"]
    assert not one[~rows].any() and one[rows].all()


@pytest.mark.parametrize("name", BACKWARD_IN_TIME)
def test_lengths_that_are_all_alike_are_no_lengths(name):
    batch = Batch(name, [5, 5, 5])
    x, labels = np.stack(batch.x, 1), np.stack(batch.labels, 1)
    (_, loss, gradients), (_, again, others) = batch.run(x, batch.states, labels), batch.together()
    assert loss == again
    for key, array in gradients.items():
        np.testing.assert_array_equal(others[key], array)


@pytest.mark.parametrize("name", BACKWARD_IN_TIME)
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.uint64])
def test_lengths_of_every_integer_type_do(name, dtype):
    batch = Batch(name, [127, 2])  # in int8, 127 + 1 would be -128
    (_, loss, gradients), n = batch.together(), batch.n.astype(dtype)
    x, labels = lengths.padded(batch.x)[0], lengths.padded(batch.labels, -1)[0]
    _, again, others = batch.run(x, batch.states, labels, n)
    assert loss == again
    assert_close(others, gradients, 0)
    for function in (lengths.reversed_by_lengths, lengths.last_steps):
        np.testing.assert_array_equal(function(x, n), function(x, batch.n))


@pytest.mark.parametrize("name", BACKWARD_IN_TIME)
def test_gradients_equal_the_complex_step(name):
    batch = Batch(name, [2, 3, 1])
    x, n = lengths.padded(batch.x, 1.5)
    labels, _ = lengths.padded(batch.labels, -1)
    arrays = batch.params | {"x": x} | {f"state {i}": state for i, state in enumerate(batch.states)}

    def loss(given):
        params, states = ({k: given[k] for k in given if (k in batch.params) == kept} for kept in (True, False))
        x = states.pop("x")
        trace = batch.code.forward(params, x, *batch.give(list(states.values())), **batch.options(n))
        return losses.softmax_nll(scores(trace), labels, ignore=-1)[0]

    found = batch.run(x, batch.states, labels, n)[2]
    expected = gradient_check.complex_step(loss, arrays)
    renamed = dict(zip(arrays, [*(found[k] for k in batch.params), found["x"], *own(found, batch)], strict=True))
    assert_close(renamed, expected, 1e-13)


def own(found, batch):
    return [array for key, array in found.items() if key not in batch.params and key != "x"]


SHARED = "reversed_by_lengths(sweep(reversed_by_lengths(d_h, lengths), W, ran, activation), lengths)"
MUTANTS = {
    "the backward layer begins in the padding": ("run(reversed_by_lengths(below, lengths), W", "run(below[::-1], W"),
    "its states are put back from the end of time": (
        "return reversed_by_lengths(states, _one_more(lengths))",
        "return states[::-1]",
    ),
    "its states are put back one step off": (
        "return reversed_by_lengths(states, _one_more(lengths))",
        "return np.concatenate([reversed_by_lengths(states[1:], lengths), states[:1]])",
    ),
    "the sweep begins in the padding": (SHARED, "sweep(d_h[::-1], W, ran, activation)[::-1]"),
    "delta is put back from the end of time": (
        SHARED,
        "sweep(reversed_by_lengths(d_h, lengths), W, ran, activation)[::-1]",
    ),
    "the sweep reads states from the end of time": (
        "ran = reversed_by_lengths(states, _one_more(lengths))",
        "ran = states[::-1]",
    ),
}


@pytest.mark.parametrize("code", BACKWARD_IN_TIME)
@pytest.mark.parametrize("name", MUTANTS)
def test_wrong_reversing_is_refused(code, name):
    batch = Batch(code)
    loss, expected = batch.apart()[1:]
    _, found, gradients = batch.together(code=mutant(batch.code, *MUTANTS[name]))
    differ = max(gradient_check.relative_differences(gradients, expected).values())
    assert abs(found - loss) > 1e-6 or differ > 1e-6


def test_the_final_state_of_the_wrong_end_is_refused():
    batch = Batch("bidirectional")
    wrong = mutant(bidirectional, "last_steps(deltab, lengths)", "deltab[-1]")
    assert not np.allclose(batch.together(code=wrong)[2]["h_end"], batch.apart()[2]["h_end"])


@pytest.mark.parametrize("name", BACKWARD_IN_TIME)
def test_without_lengths_the_padding_would_be_read(name):
    batch = Batch(name)
    x, labels = lengths.padded(batch.x)[0], lengths.padded(batch.labels, -1)[0]
    assert batch.run(x, batch.states, labels)[1] != pytest.approx(batch.apart()[1], rel=1e-3)


@pytest.mark.parametrize("name", BACKWARD_IN_TIME)
def test_a_gradient_in_the_padding_is_told(name):
    batch = Batch(name)
    x, n = lengths.padded(batch.x)
    trace = batch.code.forward(batch.params, x, *batch.give(batch.states), **batch.options(n))
    with pytest.raises(ValueError, match=r"d_scores is not 0 at d_scores\[1, 2\], past the 1 steps of that sequence"):
        batch.code.backward(batch.params, trace, np.ones_like(scores(trace)))


@pytest.mark.parametrize("name", BACKWARD_IN_TIME)
def test_what_a_message_about_the_padding_says_to_do_works(name):
    batch = Batch(name)
    x, n = lengths.padded(batch.x)
    trace = batch.code.forward(batch.params, x, *batch.give(batch.states), **batch.options(n))
    d_scores = np.random.default_rng(0).standard_normal(scores(trace).shape)
    before = d_scores.copy()
    with pytest.raises(ValueError) as caught:
        batch.code.backward(batch.params, trace, d_scores)
    exec(str(caught.value).split("or set  ")[1], dict(d_scores=d_scores, within=lengths.within, lengths=n))
    batch.code.backward(batch.params, trace, d_scores)
    rows = lengths.within(n, len(x))
    assert not d_scores[~rows].any() and (d_scores[rows] == before[rows]).all()


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 3), (6, 4, 3, 2)])
def test_what_it_says_works_for_any_number_of_axes(shape):
    d_h = np.ones(shape)
    with pytest.raises(ValueError, match="d_h is not 0 at") as caught:
        lengths.check_silent("d_h", d_h, LENGTHS)
    exec(str(caught.value).split("or set  ")[1], dict(d_h=d_h, within=lengths.within, lengths=LENGTHS))
    assert lengths.check_silent("d_h", d_h, LENGTHS) is None and d_h.sum() == LENGTHS.sum() * np.prod(shape[2:])


@pytest.mark.parametrize("name", BACKWARD_IN_TIME)
@pytest.mark.parametrize(
    ("n", "error", "message"),
    [
        ([3, 6, 1, 4], TypeError, "lengths is of type list, expected a NumPy array of integers"),
        (np.array([3.0, 6, 1, 4]), TypeError, "lengths is of type float64"),
        (np.array([3, 6, 1]), ValueError, r"lengths has shape \(3,\), expected \(B\) = \(4,\)"),
        (np.array([[3, 6, 1, 4]]), ValueError, r"lengths has shape \(1, 4\)"),
        (np.array([3, 6, 0, 4]), ValueError, "lengths contains 0, expected 1 to T = 6 steps"),
        (np.array([3, 7, 1, 4]), ValueError, "lengths contains 7"),
        (np.array([3, -1, 1, 4]), ValueError, "lengths contains -1"),
    ],
)
def test_bad_lengths_are_refused(name, n, error, message):
    batch = Batch(name)
    with pytest.raises(error, match=message):
        batch.code.forward(batch.params, lengths.padded(batch.x)[0], *batch.give(batch.states), lengths=n)


# The functions


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8, bool])
def test_padded_keeps_sequences_and_dtype_and_fills_up_the_rest(dtype):
    sequences = [np.ones((n, 2, 3), dtype) for n in (2, 4, 1)]
    batch, n = lengths.padded(tuple(sequences))
    assert batch.shape == (4, 3, 2, 3) and batch.dtype == dtype
    np.testing.assert_array_equal(n, [2, 4, 1])
    np.testing.assert_array_equal(batch[..., 0, 0], lengths.within(n, 4))


@pytest.mark.parametrize(
    ("sequences", "error", "message"),
    [
        (np.ones((3, 2)), TypeError, "sequences is not a list of NumPy arrays"),
        ([[1.0]], TypeError, "sequences is not a list of NumPy arrays"),
        ([], ValueError, "sequences has no or an empty sequence"),
        ([np.ones((2, 3)), np.ones((0, 3))], ValueError, "sequences has no or an empty sequence"),
        ([np.array(1.0)], ValueError, "sequences has no or an empty sequence"),
        ([np.ones((2, 3)), np.ones((2, 4))], ValueError, r"sequences\[1\] .* shape \(4,\) .* expected \(3,\)"),
        (
            [np.ones(2), np.ones(2, np.float32)],
            ValueError,
            r"sequences\[1\] .* dtype float32, expected \(\) and float64",
        ),
    ],
)
def test_padded_refuses(sequences, error, message):
    with pytest.raises(error, match=message):
        lengths.padded(sequences)


@pytest.mark.parametrize(("value", "dtype"), [(-1, np.uint8), (0.5, np.int64), (300, np.int8), (2, bool)])
def test_padded_refuses_a_value_that_would_change(value, dtype):
    with pytest.raises(ValueError, match=rf"value is {value}, expected one that \w+ can hold"):
        lengths.padded([np.ones(2, dtype)], value)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e40, 10**400, 1j, np.float64(-1e39)])
def test_padded_refuses_a_value_that_would_not_be_finite(value):
    with pytest.raises(ValueError, match="expected one that float32 can hold and that is finite"):
        lengths.padded([np.ones(1, np.float32), np.ones(2, np.float32)], value)


def test_padded_takes_numbers_only():
    for value in ("0", None, [0], np.zeros(1)):
        with pytest.raises(TypeError, match=r"value is of type \w+, expected a number"):
            lengths.padded([np.ones(2)], value)


@pytest.mark.parametrize("value", [0.1, np.float64(0.1), np.float32(0.1), 1, np.int8(-1), True])
def test_padded_rounds_a_value_to_floats(value):
    batch, _ = lengths.padded([np.ones(1, np.float32), np.ones(2, np.float32)], value)
    assert batch.dtype == np.float32 and batch[1, 0] == np.float32(value)
    assert lengths.padded([np.ones(1, complex), np.ones(2, complex)], 1j)[0][1, 0] == 1j


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint8])
def test_labels_with_ignore_are_ignored_past_the_end_alone(dtype):
    labels = np.random.default_rng(0).integers(0, 4, (6, 4)).astype(dtype)
    found = lengths.labels_with_ignore(labels, LENGTHS)
    np.testing.assert_array_equal(found == -1, ~lengths.within(LENGTHS, 6))
    np.testing.assert_array_equal(found[found != -1], labels[found != -1])
    assert (lengths.labels_with_ignore(labels, LENGTHS, 9)[5, 0]) == 9
    for wrong in (labels * 1.0, labels.tolist(), labels[0]):
        with pytest.raises(TypeError, match="labels is not an array"):
            lengths.labels_with_ignore(wrong, LENGTHS)
    with pytest.raises(ValueError, match="lengths has shape"):
        lengths.labels_with_ignore(labels[:, :3], LENGTHS)
    for wrong in (0.5, -1.0, True, None):
        with pytest.raises(TypeError, match=f"ignore is {wrong}, expected an integer"):
            lengths.labels_with_ignore(labels, LENGTHS, wrong)


@pytest.mark.parametrize(
    "wrong", [np.array([3, 7]), np.array([0, 1]), np.array([[3, 6]]), np.array(3), np.array([], int)]
)
def test_every_function_refuses_bad_lengths(wrong):
    array = np.ones((6, 2, 3))
    for call in (
        lambda: lengths.within(wrong, 6),
        lambda: lengths.last_steps(array, wrong),
        lambda: lengths.at_last_steps(array[0], wrong, 6),
        lambda: lengths.reversed_by_lengths(array, wrong),
        lambda: lengths.labels_with_ignore(np.ones((6, 2), int), wrong),
    ):
        with pytest.raises(ValueError, match="lengths (contains|has shape)"):
            call()


def test_reversed_by_lengths_is_a_flip_of_each_sequence_and_its_own_inverse():
    array = np.random.default_rng(0).standard_normal((6, 4, 2))
    found = lengths.reversed_by_lengths(array, LENGTHS)
    for b, n in enumerate(LENGTHS):
        np.testing.assert_array_equal(found[:n, b], array[:n, b][::-1])
        np.testing.assert_array_equal(found[n:, b], array[n:, b])
    np.testing.assert_array_equal(lengths.reversed_by_lengths(found, LENGTHS), array)
    np.testing.assert_array_equal(lengths.reversed_by_lengths(array), array[::-1])


def test_last_steps_and_the_way_back_are_transposes():
    rng = np.random.default_rng(0)
    array, d_last = rng.standard_normal((6, 4, 2)), rng.standard_normal((4, 2))
    found = lengths.last_steps(array, LENGTHS)
    np.testing.assert_array_equal(found, [array[n - 1, b] for b, n in enumerate(LENGTHS)])
    back = lengths.at_last_steps(d_last, LENGTHS, 6)
    assert (back * array).sum() == pytest.approx((d_last * found).sum(), rel=1e-14)
    assert (back != 0).sum() == d_last.size and back.shape == array.shape
    np.testing.assert_array_equal(lengths.last_steps(array), array[-1])
    whole = lengths.at_last_steps(d_last, None, 6)
    np.testing.assert_array_equal(whole, lengths.at_last_steps(d_last, np.full(4, 6), 6))
    for call in (lambda: lengths.within(LENGTHS, 6.5), lambda: lengths.at_last_steps(d_last, None, 0)):
        with pytest.raises(ValueError, match=r"T is .*, expected an integer of at least 1"):
            call()
