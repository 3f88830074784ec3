"""The text of a network in a file: equations and a line of sizes, and errors that count the file's lines."""

import pytest

from bptt_lab.network import Network, NetworkError, read_network

TEXT = "h[t] = tanh(W @ x[t])\nL[t] = r * mse(h[t], y[t])"


@pytest.mark.parametrize(
    ("line", "sizes"),
    [
        ("sizes: x=2, h=3, r=()", dict(x=2, h=3, r=())),
        ("  Sizes :x = 2 h=3  r = ( )", dict(x=2, h=3, r=())),
        ("sizes: W=(3, 2), r=()  # the rest follows", dict(W=(3, 2), r=())),
        ("sizes: W=(3,2)\nsizes: r=()", dict(W=(3, 2), r=())),
    ],
)
def test_sizes_are_read_wherever_their_line_stands(line, sizes):
    for text in (f"{TEXT}\n{line}", f"{line}\n{TEXT}"):
        found = read_network(text)
        assert found.sizes == sizes and found.shapes == Network(TEXT, sizes=sizes).shapes


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"sizes: x = two\n{TEXT}", "These sizes cannot be read: 'x = two'"),
        (f"sizes: x=2; h=3\n{TEXT}", "These sizes cannot be read"),
        (f"sizes: x=-2\n{TEXT}", "These sizes cannot be read: 'x=-2'"),
        (f"sizes: x=2\n\n{TEXT.replace('tanh', 'tahn')}", "line 3: The function 'tahn' is not known"),
        (TEXT, r"(?s)cannot be inferred.*sizes: x=3, h=4, W=\(5, 3\)"),
        ("", "holds no equation"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_line_with_an_example_of_this_form(text, told):
    with pytest.raises(NetworkError, match=told) as caught:
        read_network(text)
    assert "sizes=dict" not in str(caught.value)
