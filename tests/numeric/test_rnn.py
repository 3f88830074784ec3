"""The RNN's forward and backward pass against independent witnesses."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from bptt_lab.numeric import gradient_check, losses, rnn

GRADIENTS = ("W0", "W11", "b0", "W1", "b1", "x", "h_start")


def autograd_loss(arrays, labels):
    """The same network written from the equations for another library, one step at a time."""
    h, loss = arrays["h_start"], 0.0
    for t in range(len(labels)):
        h = anp.tanh(arrays["x"][t] @ arrays["W0"].T + h @ arrays["W11"].T + arrays["b0"])
        a2 = h @ arrays["W1"].T + arrays["b1"]
        chosen = a2[np.arange(a2.shape[0]), labels[t]]
        loss = loss + anp.sum(anp.log(anp.sum(anp.exp(a2), axis=1)) - chosen)
    return loss


def autograd_gradients(instance):
    return autograd.grad(autograd_loss)(instance.arrays, instance.labels)


def assert_close(gradients, expected, tolerance):
    for name, difference in gradient_check.relative_differences(gradients, expected).items():
        assert difference <= tolerance, (name, difference)


def random_sizes(seed):
    D, M, K, T, B = np.random.default_rng(seed).permutation(np.arange(2, 9))[:5]
    return dict(D=int(D), M=int(M), K=int(K), T=int(T) + 1, B=int(B))


def test_forward_follows_the_equations_step_by_step(instance):
    p, x, h = instance.params, instance.x, instance.h_start
    trace = rnn.forward(p, x, h)
    for t in range(len(x)):
        h = np.tanh(x[t] @ p["W0"].T + h @ p["W11"].T + p["b0"])
        np.testing.assert_allclose(trace.h1[t], h, rtol=1e-14)
        np.testing.assert_allclose(trace.a2[t], h @ p["W1"].T + p["b1"], rtol=1e-13)


def test_trace_and_gradients_have_the_promised_shapes(instance):
    trace = rnn.forward(instance.params, instance.x, instance.h_start)
    assert trace.h1.shape == (4, 2, 5) and trace.a2.shape == (4, 2, 3)
    assert trace.x is instance.x
    np.testing.assert_array_equal(trace.h_start, instance.h_start)
    gradients = instance.gradients()
    assert tuple(gradients) == GRADIENTS
    for name, array in instance.arrays.items():
        assert gradients[name].shape == array.shape and gradients[name].dtype == array.dtype


def test_gradients_equal_autograd(instance):
    assert_close(instance.gradients(), autograd_gradients(instance), 1e-10)


@pytest.mark.parametrize("seed", range(30))
def test_gradients_equal_autograd_for_random_sizes_all_different(make_instance, seed):
    instance = make_instance(seed=seed, **random_sizes(seed))
    assert not np.allclose(instance.params["W11"], instance.params["W11"].T)
    assert_close(instance.gradients(), autograd_gradients(instance), 1e-10)


@pytest.mark.parametrize("size", ["T", "B", "D", "M"])
def test_gradients_equal_autograd_when_one_size_is_one(make_instance, size):
    instance = make_instance(**{size: 1})
    assert_close(instance.gradients(), autograd_gradients(instance), 1e-10)


def test_a_single_class_costs_nothing_and_pulls_at_nothing(make_instance):
    instance = make_instance(K=1)
    assert instance.loss(instance.arrays) == 0
    assert not any(gradient.any() for gradient in instance.gradients().values())


def test_gradients_equal_the_complex_step(instance):
    expected = gradient_check.complex_step(instance.loss, instance.arrays)
    assert_close(instance.gradients(), expected, 1e-13)


def test_gradients_equal_central_differences(instance):
    expected = gradient_check.central_difference(instance.loss, instance.arrays)
    assert_close(instance.gradients(), expected, 1e-8)


def test_gradients_can_be_differentiated_again_by_the_complex_step(instance):
    def of_w11(entry):
        params = {name: array.astype(complex) for name, array in instance.params.items()}
        params["W11"][entry] += 1e-30j
        trace = rnn.forward(params, instance.x.astype(complex), instance.h_start.astype(complex))
        d_a2 = losses.softmax_nll(trace.a2, instance.labels)[1]
        return rnn.backward(params, trace, d_a2)["W11"].imag / 1e-30

    # Second derivatives do not depend on the order of differentiation.
    np.testing.assert_allclose(of_w11((0, 3))[4, 1], of_w11((4, 1))[0, 3], rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_float32_stays_float32_and_close_to_float64(make_instance, seed):
    sizes = random_sizes(seed)
    short = make_instance(seed=seed, dtype=np.float32, **sizes)
    wide = short._replace(
        params={name: array.astype(np.float64) for name, array in short.params.items()},
        x=short.x.astype(np.float64),
        h_start=short.h_start.astype(np.float64),
    )
    assert all(gradient.dtype == np.float32 for gradient in short.gradients().values())
    assert_close(short.gradients(), wide.gradients(), 1e-5)


def test_gradients_add_up_over_sequences(instance):
    whole = instance.gradients()
    parts = [
        instance._replace(
            x=instance.x[:, i : i + 1],
            h_start=instance.h_start[i : i + 1],
            labels=instance.labels[:, i : i + 1],
        ).gradients()
        for i in range(2)
    ]
    for name in ("W0", "W11", "b0", "W1", "b1"):
        np.testing.assert_allclose(parts[0][name] + parts[1][name], whole[name], rtol=1e-12)


def test_any_gradient_by_the_scores_will_do_in_any_memory_order(instance):
    trace = rnn.forward(instance.params, instance.x, instance.h_start)
    d_a2 = np.random.default_rng(1).standard_normal(trace.a2.shape)
    expected = rnn.backward(instance.params, trace, d_a2)
    for other in (np.asfortranarray(d_a2), d_a2.transpose(2, 0, 1).copy().transpose(1, 2, 0)):
        assert_close(rnn.backward(instance.params, trace, other), expected, 1e-14)


def test_inputs_need_not_be_contiguous(instance):
    params = {name: np.asfortranarray(array) for name, array in instance.params.items()}
    x = np.repeat(instance.x, 2, axis=2)[:, :, ::2]
    other = instance._replace(params=params, x=x, h_start=np.asfortranarray(instance.h_start))
    assert_close(other.gradients(), instance.gradients(), 1e-14)


def test_inputs_are_never_changed(instance):
    kept = {name: array.copy() for name, array in instance.arrays.items()}
    labels = instance.labels.copy()
    workspace = rnn.Workspace()
    trace = rnn.forward(instance.params, instance.x, instance.h_start, workspace=workspace)
    a2 = trace.a2.copy()
    d_a2 = losses.softmax_nll(trace.a2, instance.labels, workspace=workspace)[1]
    upstream = d_a2.copy()
    rnn.backward(instance.params, trace, d_a2, workspace)
    for name, array in instance.arrays.items():
        np.testing.assert_array_equal(array, kept[name])
    np.testing.assert_array_equal(instance.labels, labels)
    np.testing.assert_array_equal(trace.a2, a2)
    np.testing.assert_array_equal(d_a2, upstream)


def test_read_only_inputs_are_accepted(instance):
    for array in (*instance.arrays.values(), instance.labels):
        array.setflags(write=False)
    instance.gradients()


def test_workspace_gives_equal_results_for_changing_shapes_and_dtypes(make_instance):
    workspace = rnn.Workspace()
    makes = [dict(), dict(T=6), dict(B=3), dict(), dict(dtype=np.float32), dict(K=7), dict(D=9)]
    for number, sizes in enumerate(makes * 2):
        instance = make_instance(seed=number, **sizes)
        expected = instance.gradients()
        for name, gradient in instance.gradients(workspace).items():
            np.testing.assert_array_equal(gradient, expected[name])


def test_workspace_keeps_a_bounded_number_of_buffers(make_instance):
    workspace = rnn.Workspace(keep=4)
    for T in range(1, 20):
        instance = make_instance(T=T)
        assert_close(instance.gradients(workspace), instance.gradients(), 1e-14)
    assert len(workspace._sets) <= 4


def test_without_a_workspace_nothing_is_shared_between_calls(make_instance):
    first = make_instance(seed=1)
    trace = rnn.forward(first.params, first.x, first.h_start)
    h1, gradients = trace.h1.copy(), first.gradients()
    kept = {name: array.copy() for name, array in gradients.items()}
    make_instance(seed=2).gradients()
    np.testing.assert_array_equal(trace.h1, h1)
    for name, array in gradients.items():
        np.testing.assert_array_equal(array, kept[name])


def test_with_a_workspace_gradients_are_fresh_except_by_x(make_instance):
    workspace = rnn.Workspace()
    first = make_instance(seed=1).gradients(workspace)
    kept = {name: array.copy() for name, array in first.items()}
    second = make_instance(seed=2).gradients(workspace)
    for name in ("W0", "W11", "b0", "W1", "b1", "h_start"):
        np.testing.assert_array_equal(first[name], kept[name])
    assert np.shares_memory(first["x"], second["x"])


def test_the_last_state_may_start_the_next_call_with_the_same_workspace(instance):
    workspace = rnn.Workspace()
    first = rnn.forward(instance.params, instance.x, instance.h_start, workspace=workspace)
    second = rnn.forward(instance.params, instance.x, first.h1[-1], workspace=workspace)
    fresh = rnn.forward(instance.params, instance.x, instance.h_start)
    expected = rnn.forward(instance.params, instance.x, fresh.h1[-1])
    np.testing.assert_array_equal(second.h1, expected.h1)
    np.testing.assert_array_equal(second.h_start, expected.h_start)
    gradients = rnn.backward(instance.params, second, np.ones_like(second.a2), workspace)
    wanted = rnn.backward(instance.params, expected, np.ones_like(expected.a2))
    assert_close(gradients, wanted, 1e-14)


@pytest.mark.parametrize("field", ["h1", "a2"])
def test_a_result_in_the_workspace_is_refused_as_the_next_input(make_instance, field):
    instance, workspace = make_instance(D=5, M=5, K=5), rnn.Workspace()
    trace = rnn.forward(instance.params, instance.x, instance.h_start, workspace=workspace)
    x = getattr(trace, field)
    with pytest.raises(ValueError, match=r"same workspace, .* or x\.copy\(\)"):
        rnn.forward(instance.params, x, instance.h_start, workspace=workspace)
    rnn.forward(instance.params, x, instance.h_start, workspace=rnn.Workspace())


def test_a_trace_that_was_overwritten_is_refused(instance):
    workspace = rnn.Workspace()
    old = rnn.forward(instance.params, instance.x, instance.h_start, workspace=workspace)
    rnn.forward(instance.params, instance.x, instance.h_start, workspace=workspace)
    with pytest.raises(ValueError, match="overwritten by a later forward pass"):
        rnn.backward(instance.params, old, np.ones_like(old.a2))


def test_results_are_equal_bit_by_bit_when_repeated(instance):
    first, second = instance.gradients(), instance.gradients()
    for name in GRADIENTS:
        np.testing.assert_array_equal(first[name], second[name])


def test_initialise_leaves_nothing_zero_and_follows_the_generator():
    first = rnn.initialise(np.random.default_rng(3), 4, 5, 3, np.float32)
    again = rnn.initialise(np.random.default_rng(3), 4, 5, 3, np.float32)
    assert {name: array.shape for name, array in first.items()} == dict(
        W0=(5, 4), W11=(5, 5), b0=(5,), W1=(3, 5), b1=(3,)
    )
    for name, array in first.items():
        assert array.dtype == np.float32 and (array != 0).all()
        np.testing.assert_array_equal(array, again[name])
