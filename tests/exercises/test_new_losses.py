"""A loss whose own definition holds functions: they are its error, and no activations of the network."""

import json
from pathlib import Path

import pytest

from added_rows import printed
from bptt_lab import Network
from bptt_lab.exercises.judges.formula import judge_formula
from bptt_lab.exercises.mistakes.uses import uses_of
from bptt_lab.exercises.outcomes import CORRECT, WRONG
from bptt_lab.exercises.questions import make

TEXT = """
    a1[t] = W0 * x[t] + W11 * h1[t-1]
    h1[t] = tanh(a1[t])
    a2[t] = W1 * h1[t]
    L[t]  = {}
"""
SIZES = dict(x=1, h1=1, a2=1)
ERRORS = {
    "mse(a2[t], y[t])": "{0}",
    "huber(a2[t], y[t])": "{0} - relu({0} - 1) + relu(-({0}) - 1)",
    "logcosh(a2[t], y[t])": "2*sigmoid(2*({0})) - 1",
    "chained(a2[t], y[t])": "sigmoid(exp({0}))*exp({0})",
}
ROWS = """
    "logcosh": Function("loss", "logcosh(prediction, target)", "logcosh",
                        ("2*sigmoid(2*(p - y)) - 1", "1 - 2*sigmoid(2*(p - y))"),
                        "softplus(2*(p - y)) - (p - y) - log(2)", arguments=(2, 2)),
    "chained": Function("loss", "chained(prediction, target)", "chained",
                        ("sigmoid(exp(p - y))*exp(p - y)", "-sigmoid(exp(p - y))*exp(p - y)"),
                        "softplus(exp(p - y))", arguments=(2, 2)),
"""


def asking(loss):
    """Return a question for the error at the output of two scalars with a loss."""
    data = dict(id="50.1", kind="line", task="?", hints=["one", "two", "three"], section="07 · A section")
    network = dict(network=TEXT.format(loss), sizes=SIZES, T=3, letters=["a2", "y"])
    return make({**data, **network, "goal": "D(L, a2(2))", "answer": ERRORS[loss].format("a2(2) - y(2)")})


def parts_of(loss):
    """Return the activations of the equation of a loss, as its uses hold them."""
    network = Network(TEXT.format(loss), sizes=SIZES)
    return {use.letter.name: [part.function for part in use.parts] for use in uses_of(network)["L"]}


def check_the_target_is_missed(loss):
    question = asking(loss)
    assert judge_formula(question, question.answer).outcome == CORRECT
    found = judge_formula(question, ERRORS[loss].format("a2(2)"))
    assert found.outcome == WRONG and found.mistake == "D1", str(found)
    assert found.cause == "The target y(t) is missing from the error at the output."


@pytest.mark.parametrize("loss", [loss for loss in ERRORS if loss.startswith(("mse", "huber"))])
def test_the_target_forgotten_is_told_of_a_loss(loss):
    check_the_target_is_missed(loss)


ASKED = """
import json, sys
sys.path[:0] = {folders!r}
from test_new_losses import ERRORS, check_the_target_is_missed, parts_of
for loss in ERRORS:
    check_the_target_is_missed(loss)
    print(json.dumps([parts_of(loss.replace("a2[t]", one)) for one in ("a2[t]", "tanh(a2[t])", "tanh(V*x[t])")]))
"""


def test_the_functions_of_a_new_loss_are_no_activations(tmp_path):
    folders = [str(tmp_path), str(Path(__file__).parents[1]), str(Path(__file__).parent)]
    lines = printed(ASKED.format(folders=folders), ROWS, tmp_path).splitlines()
    one = {"a2": [], "y": []}, {"a2": ["tanh"], "y": []}, {"V": ["tanh"], "x": ["tanh"], "y": []}
    assert [json.loads(line) for line in lines] == [list(one)] * len(ERRORS)
