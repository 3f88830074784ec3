"""The text of a network: what is read, what is refused, and that nothing in it is ever executed."""

import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import networks
from bptt_lab import Network, NetworkError
from bptt_lab.network.parse import parse

LOSS = "\nL = mse(a[T], y[T])"


def test_shapes_are_inferred_from_the_sizes_given():
    shapes = networks.network("one hidden layer").shapes
    assert shapes == {
        "a1": (5,),
        "h1": (5,),
        "a2": (3,),
        "h2": (3,),
        "L": (),
        "W0": (5, 4),
        "x": (4,),
        "W11": (5, 5),
        "b0": (5,),
        "W1": (3, 5),
        "b1": (3,),
        "y": (3,),
    }


def test_shapes_are_reported():
    report = repr(networks.network("one hidden layer"))
    assert "W0:  parameter  5×4" in report
    assert "h1:  computed   5" in report
    assert "L:   loss       number" in report


def test_concatenation_adds_sizes_and_finds_a_missing_one():
    assert networks.network("LSTM").shapes["Wf"] == (4, 7)
    text = "z[t] = concat(h[t-1], x[t])\nh[t] = tanh(W @ z[t])\nL[t] = mse(h[t], y[t])"
    assert Network(text, sizes=dict(z=7, h=4)).shapes["x"] == (3,)


def test_scalars_matrices_and_numbers_can_be_sized():
    net = Network("a[t] = r * (W @ x[t])\nL[t] = mse(a[t], y[t])", sizes=dict(r=(), W=(2, 3)))
    assert net.shapes["r"] == () and net.shapes["x"] == (3,)


def test_comments_and_blank_lines_are_skipped():
    assert list(parse("\n# forward\na[t] = x[t]  # the input\n\n")) == ["a"]


def test_the_loss_is_L_or_the_one_number_nothing_uses():
    assert networks.network("feed-forward, three hidden layers").loss == "C"
    assert networks.network("LSTM").loss == "L"
    with pytest.raises(NetworkError, match="not clear which quantity is the loss"):
        Network("C = mse(x, y)\nD = mse(x, z)", sizes=dict(x=2))


REFUSED = {
    "an unknown function": ("a[t] = tahn(x[t])", r"line 1: .*'tahn' is not known\. Did you mean 'tanh'"),
    "a cyclic definition": ("h[t] = tanh(a[t])\na[t] = h[t] + x[t]" + LOSS, "line 1: .*in a circle"),
    "a circle through time": ("a[t] = b[t-1] + x[t]\nb[t] = a[t+1]" + LOSS, "in a circle"),
    "shapes that do not fit": (
        "a[t] = W @ x[t]\nb[t] = W @ concat(x[t], x[t])" + LOSS,
        "line 2: The shapes of concat and what uses it do not fit",
    ),
    "two sizes that differ": ("a[t] = x[t] + z[t]" + LOSS, r"line 1: The shapes of the two sides of \+ do not fit"),
    "a name with and without a time": ("a[t] = x[t] + x" + LOSS, "line 1: x is used elsewhere"),
    "a computed name without its time": ("a[t] = x[t]\nb = a + c" + LOSS, r"line 2: a is defined as a\[t\]"),
    "t where there is no time": ("a = x[t]\nL = mse(a, y)", "line 1: a has no time"),
    "a huge power": ("a[t] = x[t] ** 999999999", r"line 1: A power must be a whole number up to 20"),
    "a power of powers": ("a[t] = x[t] ** 9 ** 9 ** 9", r"A power of a power needs brackets"),
    "a power that is not whole": ("a[t] = x[t] ** 0.7", "A power must be a whole number"),
    "100000 characters": ("a[t] = x[t] + " * 8000, "characters; at most 20000"),
    "a long line": ("a[t] = " + "x[t] + " * 400 + "x[t]", "at most 1000"),
    "a look-alike letter": ("а[t] = x[t]", "CYRILLIC SMALL LETTER A is not used"),
    "a full-width letter": ("ａ[t] = x[t]", "FULLWIDTH LATIN SMALL LETTER A"),
    "a null byte": ("a[t] = x[t]\0", r"U\+0000"),
    "an attribute": ("a[t] = x.real", "A dot after a name"),
    "a chained attribute": ("a[t] = ().__class__.__bases__", "A dot after a name"),
    "a call of a call": ("a[t] = tanh(x[t])(1)", r"An operator is missing here"),
    "an import": ("a[t] = __import__('os')", r"A name begins with a letter"),
    "a statement": ("import os", r"'import' is not a name that can be used.*\n.*\n.*\n.*no word of Python"),
    "a comprehension": ("a[t] = [x for x in y]", r"A letter or a number was expected before \["),
    "a lambda": ("a[t] = lambda: 0", r"'lambda' is not a name that can be used"),
    "a string": ("a[t] = 'x'", r"The character ' is not used"),
    "an f-string": ("a[t] = f'{x}'", r"The character ' is not used"),
    "a walrus": ("a[t] = (b := x[t])", r"A \) is missing"),
    "a keyword argument": ("a[t] = tanh(a=x[t])", "A = sign cannot stand inside brackets"),
    "a starred argument": ("a[t] = tanh(*x[t])", r"A letter or a number was expected before \*"),
    "two statements": ("a[t] = x[t]; b[t] = x[t]", r"A line holds one formula"),
    "two targets": ("a[t] = b[t] = x[t]", r"There is a second = sign"),
    "a tuple target": ("a, b = x", r"A comma stands only between arguments"),
    "a name defined twice": ("a[t] = x[t]\na[t] = z[t]", "line 2: a is defined twice, first in line 1"),
    "a function as a name": ("tanh[t] = x[t]", "tanh is a function"),
    "time as a name": ("T[t] = x[t]", r"T is the time and cannot be defined"),
    "dunder names": ("a[t] = __x__[t]", r"A name begins with a letter"),
    "an unknown index": ("a[t] = x[s]", "This is not a time index"),
    "a far index": ("a[t] = x[t-1000]", "This is not a time index"),
    "a shifted time on the left": ("a[t+1] = x[t]", r"defines a\[t\], not a\[t\+1\]"),
    "a computed matrix": ("W = V + U\na = W @ x\nL = mse(a, y)", "W is computed"),
    "deep brackets": ("a[t] = " + "(" * 300 + "x[t]" + ")" * 300, "nested too deeply"),
    "deep signs": ("a[t] = " + "-" * 900 + "x[t]", r"too many signs in a row"),
    "an endless number": ("a[t] = x[t] * " + "9" * 900, "A number may have at most|that can be read"),
    "an infinite number": ("a[t] = x[t] * 1e999", r"This number is too large"),
    "a complex number": ("a[t] = x[t] * 1j", r"An operator is missing here"),
    "a truth value": ("a[t] = True * x[t]", r"'True' is not a name that can be used"),
    "a wrong number of arguments": (
        "L[t] = mse(x[t])",
        r"mse does not take 1 argument\..*\n.*\n.*\n.*mse\(prediction",
    ),
    "no equation": ("# nothing", "holds no equation"),
    "something that is not text": (7, "must be one string"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_bad_text_gets_one_clear_error(what):
    text, message = REFUSED[what]
    with pytest.raises(NetworkError, match=message) as caught:
        Network(text, sizes=dict(x=2, z=3) if what == "two sizes that differ" else dict(x=2))
    assert len(str(caught.value)) < 600


def test_an_error_shows_the_line_a_caret_and_the_mend():
    with pytest.raises(NetworkError) as caught:
        Network("a[t] = x[t]\n  h[t] = tahn(a[t])", sizes={})
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("line 2: ")
    assert lines[1].strip() == "h[t] = tahn(a[t])"
    assert lines[1][lines[2].index("^")] == "t" and lines[1][lines[2].index("^") :].startswith("tahn")
    assert lines[3].strip().startswith("Known: tanh")


@pytest.mark.parametrize("sizes", [dict(q=2), dict(x=0), dict(x=2.0), dict(x=(1, 2, 3)), dict(x="2"), dict(x=True)])
def test_bad_sizes_are_refused(sizes):
    with pytest.raises(NetworkError):
        Network("a[t] = W @ x[t]" + LOSS, sizes=sizes | dict(a=3))


def test_missing_sizes_are_named():
    with pytest.raises(NetworkError, match="sizes of a, W, y cannot be inferred"):
        Network("a[t] = W @ x[t]" + LOSS, sizes=dict(x=2))


# what people write elsewhere, and the first words of what they are told
MENDED = {
    "a product without a sign": ("h[t] = W x[t]", "An operator is missing here", "@ for one of matrices"),
    "a time below": ("h_t = tanh(W @ x[t])", "Times stand in brackets", "Write  h[t]"),
    "a time below, further on": ("h[t] = tanh(W @ h_t)", "Times stand in brackets", "Write  h[t]"),
    "the larger of two": ("h[t] = max(x[t], 0)", "'max' is not known. relu(u) is the larger", "Known: tanh"),
    "a product by name": ("h[t] = matmul(W, x[t])", "W @ v", "Known: tanh"),
    "a function of a module": ("h[t] = np.tanh(x[t])", "A dot after a name", "Write  tanh(x[t])"),
    "LaTeX": (r"h[t] = \\tanh(W x_t)", "LaTeX is not read here", "plain names"),
    "LaTeX below": ("h_{t} = x[t]", "LaTeX is not read here", "Times and entries stand in brackets"),
    "a bracket open": ("h[t] = tanh(W @ x[t]", "A ) is missing", ""),
    "a comma": ("h[t] = W @ x[t], b", "A comma stands only between arguments", "Leave it out"),
    "nothing on the right": ("h[t] =", "breaks off here", ""),
    "no equation": ("h[t]", "This is not an equation", "Write one equation a line"),
    "an index of its own": ("h[t] = x[i]", "This is not a time index", "Use t, t+k"),
    "a sum over an index": ("h[t] = sum(i, 1, 3, x[t][i])", "sum does not take 4 arguments", "sum(v[t])"),
    "a loop": ("for t in range(3): h = 1", "'for' is not a name", "no word of Python"),
}


@pytest.mark.parametrize("what", MENDED)
def test_what_is_written_elsewhere_is_told_with_its_mend(what):
    text, told, mend = MENDED[what]
    with pytest.raises(NetworkError) as caught:
        Network(f"{text}\nL[t] = mse(h[t], y[t])", sizes=dict(x=2))
    assert str(caught.value).startswith("line 1: ") and told in str(caught.value) and mend in str(caught.value)


def test_what_is_pasted_from_a_page_is_read():
    one = Network("a[t] = σ(W @ x[t]) · x[t]²\nL(t) = mse(a(t), y(t))", sizes=dict(x=2))
    other = Network("a[t] = sigmoid(W @ x[t]) * x[t]**2\nL[t] = mse(a[t], y[t])", sizes=dict(x=2))
    assert [e.expression for e in one.equations.values()] == [e.expression for e in other.equations.values()]


def test_a_vector_left_of_a_product_is_told_where_it_stands():
    with pytest.raises(NetworkError) as caught:
        Network("h[t] = tanh(W @ x[t])\no[t] = h[t] @ V\nL[t] = mse(o[t], y[t])", sizes=dict(x=2))
    assert str(caught.value).startswith("line 2: h is computed") and "W @ h[t]" in str(caught.value)


def test_a_factor_of_the_loss_is_one_number():
    text = "h[t] = W @ x[t]\nL[t] = m[t] * mse(h[t], y[t])"
    assert Network(text, sizes=dict(x=2, h=3)).shapes["m"] == ()
    with pytest.raises(NetworkError, match=r"sizes=dict\(y=3\)"):
        Network(text, sizes=dict(x=2))


PIECES = [
    "a[t]",
    "x[t-1]",
    "W",
    "=",
    "@",
    "+",
    "*",
    "**",
    "(",
    ")",
    "[",
    "]",
    "t",
    "T",
    ",",
    ".",
    "1",
    "9",
    "tanh",
    "(",
    "__class__",
    "lambda",
    ":",
    "'",
    "\\",
    "\n",
    " ",
    "#",
    "é",
    "\0",
    "-",
    "if",
    "import os",
    "{",
    "}",
    "!",
    "`",
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=80))
@example("a[t] = x[t] ** -20")
@example("\\")
def test_any_text_is_read_or_refused_with_a_network_error(text):
    try:
        Network(text, sizes=dict(x=2))
    except NetworkError as error:
        assert str(error)


def test_nothing_in_a_text_is_executed(tmp_path):
    target = tmp_path / "touched"
    for text in (f"a[t] = open({str(target)!r}, 'w')", f"a[open({str(target)!r}, 'w')] = 1", "a[t] = exec('1/0')"):
        with pytest.raises(NetworkError):
            Network(text, sizes={})
    assert not target.exists()


@pytest.mark.parametrize("steps", ["1T", "T1"])
def test_every_equation_of_the_loss_says_what_is_a_target(steps):
    first, second = steps
    losses = f"L[{first}] = mse(p[{first}], z[{first}])\nL[{second}] = nll(p[{second}], y[{second}])"
    text = "h[t] = tanh(W @ h[t-1] + U @ x[t])\np[t] = softmax(h[t])\n" + losses
    assert dict(Network(text, sizes=dict(x=2, h=3)).targets) == {"y": "distribution"}


def test_a_boundary_of_a_chain_of_equations_is_read_by_them():
    text = "h[t] = tanh(W @ h[t-1] + U @ x[t])\nk = sum(c*c)\nh[0] = k*b\nm = sum(h[T]*h[T])"
    network = Network(text, sizes=dict(x=2, h=3, c=2))
    assert network.loss == "m" and list(network.boundary_equations) == ["h[0]"]


@pytest.mark.parametrize(
    ("rest", "fewest", "lag"),
    [
        ("L = mse(h[5], y)", 5, 1),
        ("L = mse(h[T-4], y) + sum(h[2])", 5, 1),
        ("L[6] = mse(h[6], y)\nL[T] = mse(h[T], y)", 6, 1),
        ("q[t] = h[t-3]\nL[t] = mse(q[t], y[t])", 1, 3),
    ],
)
def test_a_network_knows_how_many_steps_it_takes(rest, fewest, lag):
    network = Network("h[t] = tanh(W @ h[t-1] + U @ x[t])\n" + rest, sizes=dict(x=2, h=3))
    assert (network.fewest_steps, network.longest_lag) == (fewest, lag)
    assert network.enough_steps > 2 * (fewest - 1) and network.unroll(network.enough_steps)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("silu", lambda u: u / (1 + np.exp(-u))),
        ("elu", lambda u: np.where(u > 0, u, np.exp(np.minimum(u, 0)) - 1)),
        ("mish", lambda u: u * np.tanh(np.log1p(np.exp(u)))),
        ("logsigmoid", lambda u: -np.log1p(np.exp(-u))),
        ("hardtanh", lambda u: np.clip(u, -1, 1)),
        ("sinh", np.sinh),
        ("cosh", np.cosh),
    ],
)
def test_a_function_that_is_not_known_is_told_as_it_can_be_written(name, value):
    with pytest.raises(NetworkError) as told:
        Network(f"h = {name}(u)\nL = sum(h)", sizes=dict(u=5))
    formula = re.search(r"is written  (.*?)\.\n", str(told.value))[1]
    u = np.array([-2.5, -0.7, 0.0, 0.4, 1.9])
    found = Network(f"h = {formula}\nL = sum(h)", sizes=dict(u=5)).unroll(1).forward({"u": u})["h"]
    np.testing.assert_allclose(found, value(u), rtol=1e-12, atol=1e-15)


def test_pi_is_told_both_ways():
    with pytest.raises(NetworkError, match="as in 3.14.*another name"):
        Network("h = pi * u\nL = sum(h)", sizes=dict(u=2))
