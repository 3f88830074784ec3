"""What LSTM and GRU, in both orders, have in common: gradients against witnesses, plain against fast, the door."""

import inspect
import re

import numpy as np
import pytest

from architectures import assert_close, assert_unchanged, complexly, copies
from bptt_lab.numeric import gradient_check, gru, layers, lstm, rnn
from bptt_lab.numeric.arrays import Workspace
from gated import VARIANTS, make

TOLD = {np.float32: 1e-7, np.float64: 2e-16}  # in `layers`, of the sigmoid's error


@pytest.fixture(params=VARIANTS)
def name(request):
    return request.param


@pytest.fixture
def instance(name):
    return make(name, D=4, M=5, K=3, T=6, B=2)


@pytest.mark.parametrize("seed", range(30))
def test_gradients_equal_autograd_for_random_sizes_all_different(name, seed):
    instance = make(name, seed)
    assert len({*instance.x.shape, *instance.params["W1"].shape}) == 5 and len(instance.x) >= 3
    assert_close(instance.gradients(), instance.by_autograd(), 1e-11)


@pytest.mark.parametrize("size", ["T", "B", "D", "M", "K"])
def test_gradients_equal_autograd_when_one_size_is_one(name, size):
    sizes = dict(D=4, M=5, K=3, T=6, B=2) | {size: 1}
    assert_close((instance := make(name, **sizes)).gradients(), instance.by_autograd())


def test_gradients_equal_autograd_when_all_sizes_are_one(name):
    assert_close((instance := make(name, D=1, M=1, K=1, T=1, B=1)).gradients(), instance.by_autograd())


def test_gradients_equal_the_complex_step(instance):
    assert_close(instance.gradients(), gradient_check.complex_step(instance.loss, instance.arrays), 1e-13)


def test_gradients_can_be_differentiated_again_by_the_complex_step(instance):
    def of_w11(entry):
        moved = complexly(instance.arrays)
        moved["W11"][entry] += 1e-30j
        params, trace = {name: moved[name] for name in instance.params}, instance.forward(moved)
        return instance.variant.code.backward(params, trace, trace.a2 - instance.y)["W11"].imag / 1e-30

    # Second derivatives do not depend on the order of differentiation.
    np.testing.assert_allclose(of_w11((0, 3))[12, 1], of_w11((12, 1))[0, 3], rtol=1e-11)


@pytest.mark.parametrize("limit", [1, 60, 150])
def test_steps_in_several_blocks_give_the_same(name, limit, monkeypatch):
    instance = make(name, D=4, M=5, K=3, T=7, B=2)
    expected = instance.gradients()
    monkeypatch.setattr(layers, "BLOCK", limit)
    assert len(instance.forward().buffers.blocks) > 1
    assert_close(instance.gradients(), expected, 1e-14)


@pytest.mark.parametrize("T, numbers", [(1, 1), (7, 2**16), (7, 2**15), (7, 2**14), (5, 2**20)])
def test_blocks_cover_every_step_once(T, numbers):
    found = layers.blocks(T, numbers)
    assert [t for block in found for t in range(T)[block]] == list(range(T))
    assert {block.stop - block.start for block in found[:-1]} <= {found[0].stop}


# Saturated gates and large values


@pytest.mark.parametrize("scale", [30.0, 1000.0])
def test_saturated_gates_give_finite_gradients_that_plain_confirms(name, scale):
    instance = make(name, 3, scale=scale)
    gates = np.concatenate([gate.ravel() for gate in instance.forward().gates.values()])
    assert (np.minimum(np.abs(gates), np.abs(np.abs(gates) - 1)) < 1e-3).mean() > 0.5
    assert_close_to_the_largest(instance.gradients(), instance.gradients(instance.variant.plain))


def assert_close_to_the_largest(gradients, expected):
    """A saturated slope is 0 in one formula and 1e-30 in the other: only its absolute error is small."""
    largest = max(np.abs(gradient).max() for gradient in expected.values())
    for key, gradient in expected.items():
        np.testing.assert_allclose(gradients[key], gradient, rtol=1e-9, atol=1e-13 * largest, err_msg=key)


@pytest.mark.filterwarnings("error")
def test_pre_activations_beyond_the_range_of_exp_are_no_trouble(name):
    instance = make(name, 3)
    x = instance.x * 1e6
    large = instance._replace(x=x)
    assert_close_to_the_largest(large.gradients(), large.gradients(large.variant.plain))


@pytest.mark.parametrize("dtype", TOLD)
def test_the_sigmoid_by_tanh_has_the_error_that_is_told(dtype):
    a = np.linspace(-100, 100, 20_001).astype(dtype)[None, :, None]
    M = 2
    params = {
        key: np.zeros_like(array) for key, array in lstm.initialise(np.random.default_rng(0), 1, M, 1, dtype).items()
    }
    params["W0"][:] = 1
    zeros = np.zeros((a.shape[1], M), dtype)
    found = lstm.forward(params, a, zeros, zeros).gates
    exact = 1 / (1 + np.exp(-a[0].astype(np.longdouble)))
    for key in ("i", "f", "o"):
        assert np.abs(found[key][0] - exact).max() <= TOLD[dtype] + np.finfo(np.longdouble).eps
        assert (found[key] >= 0).all() and (found[key] <= 1).all()
    assert found["i"][0, np.argmin(np.abs(a[0, :, 0] + 40)), 0] == 0  # where the exact value is 4e-18


# Plain and fast


@pytest.mark.parametrize("seed", range(8))
def test_plain_and_fast_give_the_same_numbers(name, seed):
    instance = make(name, seed)
    fast, plain = instance.forward(), instance.forward(code=instance.variant.plain)
    np.testing.assert_allclose(plain.h1, fast.states, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(plain.a2, fast.a2, rtol=1e-12, atol=1e-13)
    assert tuple(plain.gates) == tuple(fast.gates)
    for key, gate in fast.gates.items():
        np.testing.assert_allclose(plain.gates[key], gate, rtol=1e-12, atol=1e-14)
    by_plain, by_fast = instance.gradients(instance.variant.plain), instance.gradients()
    assert set(by_plain) == set(by_fast)
    assert_close(by_plain, by_fast, 1e-13)


def test_plain_changes_nothing_that_is_given(instance):
    kept = copies(instance.arrays)
    instance.gradients(instance.variant.plain)
    assert_unchanged(instance.arrays, kept)


@pytest.mark.parametrize("architecture, letters, count", [("lstm", "LS", 20), ("gru before", "GR", 26)])
def test_every_equation_has_its_line_in_both(architecture, letters, count):
    wanted = {f"{letters}{number}" for number in range(1, count + 1)}
    for module in VARIANTS[architecture][:2]:
        comments = re.findall(r"#.*", inspect.getsource(module))
        assert {tag for comment in comments for tag in re.findall(rf"{letters}\d+", comment)} == wanted


# Shapes, types, memory


def test_trace_and_gradients_have_the_promised_shapes(instance):
    trace, gradients = instance.forward(), instance.gradients()
    assert trace.h1.shape == (6, 2, 5) and trace.a2.shape == (6, 2, 3) and trace.states.shape == (7, 2, 5)
    assert trace.x is instance.x and np.shares_memory(trace.h1, trace.states)
    np.testing.assert_array_equal(trace.h_start, instance.starts["h_start"])
    np.testing.assert_array_equal(trace.states[0], instance.starts["h_start"])
    assert {gate.shape for gate in trace.gates.values()} == {(6, 2, 5)}
    assert tuple(trace.gates) == instance.variant.code.GATES
    assert tuple(gradients) == tuple(instance.arrays)
    for key, array in instance.arrays.items():
        assert gradients[key].shape == array.shape and gradients[key].dtype == array.dtype


@pytest.mark.parametrize("seed", range(3))
def test_float32_stays_float32_and_close_to_float64(name, seed):
    short = make(name, seed, np.float32)
    wide = make(name, seed)._replace(
        params={key: array.astype(np.float64) for key, array in short.params.items()},
        x=short.x.astype(np.float64),
        starts={key: array.astype(np.float64) for key, array in short.starts.items()},
        y=short.y.astype(np.float64),
    )
    trace = short.forward()
    assert {array.dtype for array in (trace.states, trace.a2, *trace.gates.values())} == {np.dtype(np.float32)}
    assert all(gradient.dtype == np.float32 for gradient in short.gradients().values())
    assert_close(short.gradients(), wide.gradients(), 2e-5)


def test_gradients_add_up_over_sequences(instance):
    parts = [
        instance._replace(
            x=instance.x[:, i], starts={key: start[i] for key, start in instance.starts.items()}, y=instance.y[:, i]
        ).gradients()
        for i in (slice(0, 1), slice(1, 2))
    ]
    whole = instance.gradients()
    assert_close(
        {key: parts[0][key] + parts[1][key] for key in instance.params}, {k: whole[k] for k in instance.params}
    )


def test_any_memory_order_will_do_and_read_only_arrays_too(instance):
    expected, trace = instance.gradients(), instance.forward()
    other = instance._replace(
        params={key: np.asfortranarray(array) for key, array in instance.params.items()},
        x=np.repeat(instance.x, 2, axis=2)[:, :, ::2],
        starts={key: np.asfortranarray(start) for key, start in instance.starts.items()},
    )
    for array in other.arrays.values():
        array.setflags(write=False)
    assert_close(other.gradients(), expected, 1e-13)
    d_a2 = trace.a2 - instance.y
    for order in (np.asfortranarray(d_a2), d_a2.transpose(2, 0, 1).copy().transpose(1, 2, 0)):
        assert_close(instance.variant.code.backward(instance.params, trace, order), expected, 1e-13)


def test_inputs_are_never_changed_nor_handed_back(instance):
    kept, workspace = copies(instance.arrays), Workspace()
    trace = instance.forward(workspace=workspace)
    found = dict(states=trace.states, a2=trace.a2, d_a2=trace.a2 - instance.y) | trace.gates
    also_kept = copies(found)
    gradients = instance.variant.code.backward(instance.params, trace, found["d_a2"], workspace)
    assert_unchanged(instance.arrays, kept)
    assert_unchanged(found, also_kept)
    given = (*instance.arrays.values(), *found.values())
    assert not any(np.shares_memory(gradient, array) for gradient in gradients.values() for array in given)


def test_workspace_gives_equal_results_for_changing_shapes_and_dtypes(name):
    workspace = Workspace()
    for number, sizes in enumerate([{}, dict(T=6), dict(B=3), {}, dict(dtype=np.float32), dict(K=7), dict(D=9)] * 2):
        instance = make(name, number, **{**dict(D=4, M=5, K=3, T=4, B=2), **sizes})
        expected = instance.gradients()
        for key, gradient in instance.gradients(workspace=workspace).items():
            np.testing.assert_array_equal(gradient, expected[key])


def test_both_orders_may_share_a_workspace():
    workspace = Workspace()
    for name in ["gru before", "gru after", "lstm"] * 2:
        instance = make(name, D=4, M=5, K=3, T=4, B=2)
        assert_close(instance.gradients(workspace=workspace), instance.gradients(), 1e-14)


def test_with_a_workspace_gradients_are_fresh_except_by_x(name):
    workspace, sizes = Workspace(), dict(D=4, M=5, K=3, T=4, B=2)
    first = make(name, 1, **sizes).gradients(workspace=workspace)
    kept = copies(first)
    second = make(name, 2, **sizes).gradients(workspace=workspace)
    assert np.shares_memory(first.pop("x"), second["x"])
    assert_unchanged(first, kept)


def test_without_a_workspace_nothing_is_shared_between_calls(instance):
    trace = instance.forward()
    kept = copies(dict(states=trace.states, a2=trace.a2, **trace.gates))
    instance._replace(x=-instance.x).gradients()
    assert_unchanged(dict(states=trace.states, a2=trace.a2, **trace.gates), kept)


def test_the_last_states_may_start_the_next_call_with_the_same_workspace(instance):
    workspace = Workspace()

    def last(trace):
        return {"h_start": trace.h1[-1]} | ({"c_start": trace.c[-1]} if "c_start" in instance.starts else {})

    first = instance.forward(workspace=workspace)
    second = instance._replace(starts=last(first)).gradients(workspace=workspace)
    expected = instance._replace(starts=copies(last(instance.forward()))).gradients()
    assert_close(second, expected, 1e-14)


@pytest.mark.parametrize("field", ["h1", "a2", "r", "n", "i", "c"])
def test_a_result_in_the_workspace_is_refused_as_the_next_input(name, field):
    instance, workspace = make(name, D=5, M=5, K=5, T=4, B=2), Workspace()
    trace = instance.forward(workspace=workspace)
    x = trace.gates.get(field, getattr(trace, field, None))
    if x is None:
        x = trace.h1
    x = x[-4:]
    with pytest.raises(ValueError, match=r"same workspace, .* or x\.copy\(\)"):
        instance._replace(x=x).forward(workspace=workspace)
    instance._replace(x=x).forward(workspace=Workspace())


def test_a_trace_that_was_overwritten_is_refused(instance):
    workspace = Workspace()
    old = instance.forward(workspace=workspace)
    instance.forward(workspace=workspace)
    with pytest.raises(ValueError, match="overwritten by a later forward pass"):
        instance.variant.code.backward(instance.params, old, np.ones_like(old.a2))


def test_results_are_equal_bit_by_bit_when_repeated(instance):
    first, second = instance.gradients(), instance.gradients()
    for key, gradient in first.items():
        np.testing.assert_array_equal(gradient, second[key])


# Stacked parameters


@pytest.mark.parametrize("code", [lstm, gru])
def test_gates_are_views_in_order_and_stacked_undoes_them(code):
    for array in code.initialise(np.random.default_rng(0), 4, 5, 3).values():
        if len(array) % len(code.GATES) or array.shape[0] == 3:
            continue
        parts = code.gates(array)
        assert tuple(parts) == code.GATES and all(np.shares_memory(part, array) for part in parts.values())
        np.testing.assert_array_equal(code.stacked(**parts), array)
        np.testing.assert_array_equal(parts[code.GATES[1]], array[5:10])
        assert not np.shares_memory(code.stacked(**parts), array)


@pytest.mark.parametrize("code", [lstm, gru])
def test_gates_and_stacked_refuse_what_does_not_fit(code):
    with pytest.raises(ValueError, match=rf"array has shape \(7, 2\), expected {len(code.GATES)}M rows, M for each of"):
        code.gates(np.ones((7, 2)))
    for bad in (None, 3.0, np.array(1.0), [1.0, 2.0]):
        with pytest.raises(TypeError, match="expected a NumPy array with the rows of all gates"):
            code.gates(bad)
    parts = dict.fromkeys(code.GATES, np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"n has shape \(2, 3\)|g has shape \(2, 3\)"):
        code.stacked(**parts | {code.GATES[2]: np.ones((2, 3))})
    with pytest.raises(TypeError, match="dtype float32"):
        code.stacked(**parts | {code.GATES[1]: np.ones((3, 2), np.float32)})
    with pytest.raises(TypeError, match="is of type list"):
        code.stacked(**parts | {code.GATES[0]: [1.0]})


# The door


BAD = {
    "W11": [
        (lambda a: a.T, ValueError, r"W11 has shape .*M, M\) = .* pass W11\.T"),
        (lambda a: a[0], ValueError, "W11 has shape"),
    ],
    "W0": [
        (lambda a: a[1:], ValueError, r"W0 has shape .*M, D\)"),
        (lambda a: None, TypeError, "W0 is of type NoneType"),
    ],
    "b0": [
        (lambda a: a[1:], ValueError, r"b0 has shape .*M\)"),
        (lambda a: a * np.nan, ValueError, r"b0 contains nan at b0\[0\]"),
    ],
    "W1": [(lambda a: a.T, ValueError, r"W1 has shape \(5, 3\)")],
    "b1": [(lambda a: a.astype(np.float32), TypeError, "b1 has dtype float32, expected float64")],
    "x": [
        (lambda a: a[:, 0], ValueError, r"x has shape \(6, 4\), expected 3 axes \(T, B, D\)"),
        (lambda a: a.astype(int), TypeError, "x has dtype int64"),
        (lambda a: a * np.inf, ValueError, "x contains"),
        (lambda a: a[:0], ValueError, "which is empty"),
    ],
    "h_start": [
        (lambda a: a[0], ValueError, r"h_start has shape \(5,\), expected \(B, M\) = \(2, 5\)"),
        (lambda a: a.T, ValueError, r"pass h_start\.T"),
    ],
}


@pytest.mark.parametrize("key, number", [(key, number) for key, cases in BAD.items() for number in range(len(cases))])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_forward_refuses_bad_arrays(instance, key, number):
    change, error, message = BAD[key][number]
    with pytest.raises(error, match=message):
        instance.forward(instance.arrays | {key: change(instance.arrays[key])})


def test_forward_refuses_missing_and_extra_parameters(instance):
    code, starts = instance.variant.code, instance.starts.values()
    without = {key: array for key, array in instance.params.items() if key != "b0"}
    with pytest.raises(ValueError, match="params has no b0, expected the names W0, W11, b0"):
        code.forward(without, instance.x, *starts, **instance.variant.options)
    with pytest.raises(ValueError, match="unexpected entry 'W22'"):
        code.forward(instance.params | {"W22": without["W11"]}, instance.x, *starts, **instance.variant.options)
    with pytest.raises(TypeError, match="workspace is of type dict"):
        instance.forward(workspace={})


def test_backward_refuses_bad_input(instance):
    code, trace = instance.variant.code, instance.forward()
    d_a2 = np.ones_like(instance.y)
    short = rnn.forward(rnn.initialise(np.random.default_rng(0), 4, 5, 3), instance.x, instance.starts["h_start"])
    for other in (None, short):
        with pytest.raises(TypeError, match=r"trace is of type .*, expected what forward returned: pass trace = "):
            code.backward(instance.params, other, d_a2)
    with pytest.raises(ValueError, match=r"d_a2 has shape"):
        code.backward(instance.params, trace, d_a2[:-1])
    with pytest.raises(ValueError, match="d_a2 contains nan"):
        code.backward(instance.params, trace, d_a2 * np.nan)
    with pytest.raises(ValueError, match=r"W11 has shape .* pass W11\.T"):
        code.backward(instance.params | {"W11": instance.params["W11"].T}, trace, d_a2)
    with pytest.raises(ValueError, match="params has no b1"):
        code.backward({key: array for key, array in instance.params.items() if key != "b1"}, trace, d_a2)


@pytest.mark.parametrize(
    "sizes, message", [((0, 2, 3), "D is 0"), ((2, True, 3), "M is True"), ((2, 3, "4"), "K is '4'")]
)
def test_initialise_refuses_bad_sizes(name, sizes, message):
    with pytest.raises(ValueError, match=message):
        VARIANTS[name].code.initialise(np.random.default_rng(0), *sizes, **VARIANTS[name].options)


def test_initialise_refuses_a_bad_dtype_and_follows_the_generator(name):
    code, options = VARIANTS[name].code, VARIANTS[name].options
    with pytest.raises(TypeError, match="dtype is int64"):
        code.initialise(np.random.default_rng(0), 2, 3, 4, np.int64, **options)
    first, again = (code.initialise(np.random.default_rng(3), 4, 5, 3, np.float32, **options) for _ in range(2))
    for key, array in first.items():
        assert array.dtype == np.float32 and (array != 0).all()
        np.testing.assert_array_equal(array, again[key])
