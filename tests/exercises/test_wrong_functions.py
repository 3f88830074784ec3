"""Single slips in code and what is told of them: the slip, and nothing that is false of what stands there."""

import re

import pytest
from test_functions_again import FUNCTIONS, judged, replaced
from test_instances import here

from bptt_lab.exercises.judges import function as judge
from bptt_lab.exercises.judges import whole
from bptt_lab.exercises.judges.counted import counts_examples
from bptt_lab.exercises.outcomes import CORRECT, WRONG


@pytest.fixture(autouse=True)
def in_process(monkeypatch):
    monkeypatch.setattr(judge, "run_function", here)
    monkeypatch.setattr(whole, "run_function", here)


def told(key, *pairs):
    found = judged(key, replaced(key, *pairs))
    assert found.outcome == WRONG
    return found


OF_D_A2 = "d_l[:, :, None] * (a2 - y)"


# A factor, the same everywhere or a size of each instance


@pytest.mark.parametrize(
    ("key", "old", "new", "words"),
    [
        (
            "01.6",
            "d_u.T @ x,",
            "d_u.T @ x / len(x),",
            "divided by the number of examples (5 in the first of the tried cases)",
        ),
        (
            "02.6",
            "h2 - y",
            "(h2 - y) / len(y)",
            "divided by the number of examples (5 in the first of the tried cases)",
        ),
        ("02.6", "d_a1.sum(axis=0)", "d_a1.mean(axis=0)", "divided by the number of examples"),
        (
            "03.6",
            OF_D_A2,
            OF_D_A2 + " / a2.shape[1]",
            "divided by the number of sequences (6 in the first of the tried cases)",
        ),
        ("03.6", OF_D_A2, OF_D_A2 + " / a2.shape[2]", "divided by the number of entries of d_a2"),
        ("03.6", OF_D_A2, OF_D_A2 + " / len(a2)", "divided by the number of steps (4 in the first of the tried cases)"),
        ("03.6", OF_D_A2, OF_D_A2 + " * len(a2)", "the right one times the number of steps"),
        ("03.6", OF_D_A2, OF_D_A2 + " * -1 / len(a2)", "minus the right one divided by the number of steps"),
        (
            "05.6",
            "rows.sum(axis=0)",
            "rows.mean(axis=0)",
            "the number of steps times the number of sequences",
        ),
        ("10.5", "h2 - y", "(h2 - y) / h2.shape[-1]", "divided by the number of entries of h2"),
    ],
)
def test_a_factor_that_is_a_size_everywhere_is_told_as_a_mean_or_a_sum(key, old, new, words):
    found = told(key, (old, new))
    assert words in found.cause and found.right.count("Right") <= 1
    assert ("mean over them" in found.cause) == ("divided" in found.cause)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (OF_D_A2, "-" + OF_D_A2, "up to the sign"),
        (OF_D_A2, "2 * " + OF_D_A2, "up to a constant factor. There is a factor of two too many from the square"),
        ("d_l = ", "d_l = 10 * ", "10 times the right one"),
        ("d_l = ", "d_l = 0.1 * ", "1/10 times the right one"),
        ("return d_l", "return -d_l", "The whole has the wrong sign."),
    ],
)
def test_a_constant_factor_is_told_where_a_slope_underflows_on_other_instances(old, new, words):
    assert words in told("03.6", (old, new)).cause


@pytest.mark.parametrize("new", [OF_D_A2 + " / 6", OF_D_A2 + " / 4", OF_D_A2 + " * 6"])
def test_a_number_written_in_is_no_size(new):
    found = told("03.6", (OF_D_A2, new))
    assert "times the right one" in found.cause and "number of" not in found.cause


@pytest.mark.parametrize(
    "new", [OF_D_A2 + " / (a2.shape[1] + 1)", OF_D_A2 + " / a2.shape[1] ** 2", OF_D_A2 + " / a2.shape[1] + 0.001"]
)
def test_what_is_no_size_is_told_no_factor(new):
    found = told("03.6", (OF_D_A2, new))
    assert "factor" not in found.cause and "mean" not in found.cause


def test_a_sign_of_one_result_is_no_sign_of_the_loss_that_others_have_right():
    only = told("10.5", ("return d_W0,", "return -d_W0,"))
    assert "The whole has the wrong sign." in only.cause and "loss" not in only.cause
    assert "The loss is differentiated with the wrong sign." in told("10.5", ("h2 - y", "y - h2")).cause


def test_the_answers_that_are_changed_here_are_right():
    assert all(judged(key, replaced(key)).outcome == CORRECT for key in ("01.6", "02.6", "03.6"))


# Results in another's place

OF_PAIR = ("d_h * (x @ B.T), d_h * (x @ A.T)", "d_h * (x @ A.T), d_h * (x @ B.T)")
OF_RESULTS = "return d_u.T @ x, d_v.T @ x, d_u @ A + d_v @ B"


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("return d_v.T @ x, d_u.T @ x, d_u @ A + d_v @ B", "What stands in its place is d_B."),
        ("return d_u @ A + d_v @ B, d_u.T @ x, d_v.T @ x", "What stands in its place is d_x."),
    ],
)
def test_results_that_are_exchanged_are_told_where_that_is_all(new, words):
    found = told("01.6", (OF_RESULTS, new))
    assert words in found.cause and found.asks == "In which order are the results asked for?"


def test_a_slip_that_exchanges_two_results_and_spoils_a_third_is_no_exchange():
    found = told("01.6", OF_PAIR)
    assert "stands in its place" not in found.cause and "order" not in found.asks
    assert "the value of u stands where the factor with v belongs. By the same slip wrong: d_B, d_x." in found.cause


def test_one_result_that_is_there_twice_is_told_without_an_order():
    found = told("01.6", ("return d_u.T @ x,", "return d_v.T @ x,"))
    assert "What stands in its place is d_B." in found.cause and "order" not in found.asks


def test_an_exchange_beside_another_slip_is_no_exchange():
    found = told("01.6", (OF_RESULTS, "return d_v.T @ x, d_u.T @ x, d_u @ A"))
    assert "stands in its place" not in found.cause


# Words of examples where t counts those

OF_TIME = re.compile(r"\btime\b|\bsteps?\b|\(t|\(\d\)|T =|sequence")


@pytest.mark.parametrize(
    ("key", "old", "new", "words"),
    [
        ("01.6", "d_u.T @ x,", "np.outer(d_u[-1], x[-1]),", "Only what A does for example 5 has been counted."),
        ("01.6", "d_u.T @ x,", "np.outer(d_u[0], x[0]),", "Only what A does for the first example is left."),
        ("01.6", "d_u.T @ x,", "d_u[1:].T @ x[1:],", "the shares of examples 2, 3, 4 and 5. The share of example 1 is"),
        ("01.6", "d_u.T @ x,", "d_u[1:].T @ x[:-1],", "reads x of another example than the forward pass used."),
        ("01.6", "d_u @ A + d_v @ B", "d_u @ A", "the path through v left out"),
        ("01.6", "d_u.T @ x,", "np.einsum('ti,tj->tij', d_u, x),", "Which axis are the examples"),
        ("02.6", "d_a1.sum(axis=0)", "d_a1.sum(axis=1)", "Which axis are the examples"),
        ("02.6", "(h1 > 0) *", "", "the slope of ReLU is one everywhere: left out"),
        ("02.6", "(h1 > 0) *", "(h1 >= 0) *", "or taken as `h1 >= 0`, which is true of every output"),
        ("01.6", "d_u.T @ x,", "d_u[:5].T @ x[:5],", "It is right for 5 examples, but not for 6 examples."),
        ("02.6", "d_a1.sum(axis=0)", "d_a1.sum(axis=0) * (len(x) > 1)", "but not for a single example."),
    ],
)
def test_of_examples_nothing_is_said_in_words_of_time(key, old, new, words):
    found = told(key, (old, new))
    told_now = f"{found.cause} {found.asks}"
    assert words in told_now and not OF_TIME.search(told_now)


def test_of_steps_the_words_are_those_of_steps():
    one_sequence = told("12.4", ("return J", "return J[0]"))
    assert one_sequence.asks == "Which axis is time, which the entries?"
    assert "which are the sequences" in told("10.3", ("return d_a1", "return d_a1.sum(axis=1)")).asks
    assert "the path through a1(t+1)" in told("10.3", (" + carry", "")).cause


def test_t_counts_examples_in_two_exercises_of_the_course():
    assert [key for key, one in FUNCTIONS.items() if counts_examples(one)] == ["01.6", "02.6"]


# The step at which it goes wrong

OF_CARRY = "carry = d_a1[t] @ W11"


@pytest.mark.parametrize(
    ("key", "old", "new", "words"),
    [
        (
            "10.3",
            OF_CARRY,
            OF_CARRY + ".T",
            "right at t = 4, and first wrong at t = 3, counted back",
        ),
        ("10.3", OF_CARRY, OF_CARRY + " * (0.7 if t == 2 else 1)", "right at t = 4 and 3, and first wrong at t = 2"),
        ("10.3", "return d_a1", "d_a1[1] += 1; return d_a1", "right at t = 4, 3 and 1, and first wrong at t = 2"),
        (
            "10.3",
            "return d_a1",
            "d_a1[3] += 1; return d_a1",
            "wrong at the last step already, t = 4, and right at t = 3",
        ),
        ("10.3", "1 - h1[t] ** 2", "1 - 0.4 * h1[t] ** 2", "wrong at every step, the last one (t = 4) too"),
        ("04.6", "carry = d_a[t] * v", "carry = d_a[t] + v", "right at t = 3, and first wrong at t = 2"),
        (
            "10.6",
            "d_h1 = d_h1 + d_a1[t] @ W11",
            "d_h1 = d_h1 + 0.7 * d_a1[t] @ W11",
            "right at t = 3, and first wrong at",
        ),
        ("16.5", "carry = d_c * f[t]", "carry = d_c * o[t]", "first wrong at t ="),
        ("12.4", "J[t + 1] @ one_step", "one_step @ J[t + 1]", "first wrong at t ="),
        (
            "10.3",
            "return d_a1",
            "d_a1[4:] += 1; return d_a1",
            "There it is wrong at the last step already, t = 5, and right",
        ),
    ],
)
def test_the_first_step_that_goes_wrong_is_told(key, old, new, words):
    assert words in told(key, (old, new)).cause


def test_the_number_shown_is_of_the_step_that_goes_wrong_first():
    found = told("10.3", (OF_CARRY, OF_CARRY + " * (0.7 if t == 2 else 1)"))
    assert found.example.startswith("In the first of the tried cases d_a1[1, ")


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("10.3", "return d_a1", "return 2 * d_a1"),
        ("10.3", "return d_a1", "return d_a1 * 0"),
        ("03.6", OF_D_A2, OF_D_A2 + " / len(a2)"),
        ("07.6", "M = h_start", "h_before = 0.7 * h_before; M = h_start"),
        ("01.6", "d_u @ A + d_v @ B", "(d_u @ A + d_v @ B) * np.array([1, 1, 1, 1, 0.7])[: len(x), None]"),
    ],
)
def test_what_is_wrong_as_a_whole_or_has_no_steps_is_told_no_step(key, old, new):
    assert "t = " not in told(key, (old, new)).cause


# What is left out, and the slope of another activation


@pytest.mark.parametrize(
    ("key", "old", "new", "ignored"),
    [("03.6", "s_start + ", "", "s_start"), ("16.5", "if t else c_start", "if t else 0 * c_start", "c_start")],
)
def test_an_argument_that_is_ignored_is_told(key, old, new, ignored):
    found = told(key, (old, new))
    assert ignored in found.cause and any(word in found.cause for word in ("zero", "step 1", "missing"))


def test_a_state_that_is_halved_is_not_told_as_ignored():
    assert "zero" not in told("03.6", ("s_start + ", "0.5 * s_start + ")).cause


def test_an_ignored_argument_beside_another_slip_is_not_told():
    assert "zero" not in told("03.6", ("s_start + 0.5", "0.7")).cause


@pytest.mark.parametrize(("slope", "is_told"), [("(1 - h1**2)", True), ("h1 * (1 - h1)", True), ("(1 - h1**3)", False)])
def test_the_slope_of_another_activation_is_told_for_a_relu(slope, is_told):
    assert ("belongs to another activation" in told("02.6", ("(h1 > 0)", slope)).cause) == is_told
