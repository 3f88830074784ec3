"""Task generators: the targets are what they claim, and a seed decides everything."""

import numpy as np
import pytest

from bptt_lab.numeric import tasks

DRAWN = {
    "addition": lambda rng, **sizes: tasks.addition(rng, **sizes),
    "parity": lambda rng, **sizes: tasks.parity(rng, **sizes),
    "previous_symbol": lambda rng, **sizes: tasks.previous_symbol(rng, symbols=4, delay=2, **sizes),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_seed_decides_everything(name):
    draw = lambda seed: DRAWN[name](np.random.default_rng(seed), T=7, B=5)
    for first, second, other in zip(draw(1), draw(1), draw(2), strict=True):
        np.testing.assert_array_equal(first, second)
        assert (first != other).any()


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("sizes", [dict(T=0, B=2), dict(T=3, B=0), dict(T=3.0, B=2), dict(T=True, B=2)])
def test_sizes_are_checked(name, sizes):
    with pytest.raises(ValueError, match=r"[TB] is"):
        DRAWN[name](np.random.default_rng(0), **sizes)


@pytest.mark.parametrize("T", [1, 3, 80])
def test_addition_is_addition_of_integers(T):
    x, y = tasks.addition(np.random.default_rng(T), T, 50)
    assert x.shape == (T, 50, 2) and y.shape == (T, 50, 1) and x.dtype == y.dtype == np.float64
    for b in range(50):
        first, second = tasks.number(x[:, b, 0]), tasks.number(x[:, b, 1])
        assert tasks.number(y[:, b, 0]) == (first + second) % 2**T
        assert tasks.carries(x)[-1, b] == (first + second) // 2**T


def test_carries_are_told_from_slips():
    x, y = tasks.addition(np.random.default_rng(0), 9, 40)
    carry = tasks.carries(x)
    before = np.concatenate([np.zeros((1, 40)), carry[:-1]])
    np.testing.assert_array_equal(x.sum(axis=-1) + before, y[..., 0] + 2 * carry)
    both = x.prod(axis=-1)  # the carry from the step before forgotten
    assert (both != carry).any()


@pytest.mark.parametrize("shape", [(3, 2), (3, 4, 1)])
def test_carries_need_two_bits_a_step(shape):
    with pytest.raises(ValueError, match="two bits a step"):
        tasks.carries(np.zeros(shape))


def test_parity_counts_ones():
    x, y = tasks.parity(np.random.default_rng(3), 11, 30)
    assert x.shape == y.shape == (11, 30, 1)
    for b in range(30):
        for t in range(11):
            assert y[t, b, 0] == sum(x[: t + 1, b, 0]) % 2


def test_all_inputs_occur():
    x, _ = tasks.addition(np.random.default_rng(0), 4, 3000)
    assert len(np.unique(x.transpose(1, 0, 2).reshape(3000, 8), axis=0)) == 4**4


def test_the_previous_symbol_is_the_one_before():
    x, labels = tasks.previous_symbol(np.random.default_rng(6), 9, 4, symbols=3, delay=2)
    assert x.shape == (9, 4, 3) and labels.shape == (9, 4) and (x.sum(axis=-1) == 1).all()
    np.testing.assert_array_equal(labels[2:], x.argmax(axis=-1)[:-2])
    assert not labels[:2].any()


@pytest.mark.parametrize("options", [dict(delay=0), dict(delay=5), dict(symbols=1)])
def test_impossible_symbol_tasks_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        tasks.previous_symbol(np.random.default_rng(0), 5, 2, **options)


@pytest.mark.parametrize("value", [0, 1, 6, 2**79 + 3])
def test_bits_and_number_are_inverse(value):
    found = tasks.bits(value, 80)
    assert found.shape == (80,) and tasks.number(found) == value == tasks.number(found > 0.5)
    assert found[0] == value % 2  # least significant first


@pytest.mark.parametrize(("value", "error"), [(8, ValueError), (-1, ValueError), (1.0, TypeError), (True, TypeError)])
def test_bits_refuses(value, error):
    with pytest.raises(error):
        tasks.bits(value, 3)


@pytest.mark.parametrize("found", [[0.5, 1], [[0, 1]], [2]])
def test_number_refuses(found):
    with pytest.raises(ValueError):
        tasks.number(found)
