"""Shapes: every way a size becomes known, and every way it does not fit, by the words of the error."""

import pytest

from bptt_lab import Network, NetworkError
from bptt_lab.formulas.times import number
from bptt_lab.formulas.tree import Binary, Call, Entry, Letter, Negative, Power, Slice, Transpose, Variable
from bptt_lab.network.shapes import entrywise_shape

END = "\nL = mse(a, y)"


def shapes(text, **sizes):
    return Network(text, sizes=sizes).shapes


def refusal(text, **sizes):
    with pytest.raises(NetworkError) as caught:
        Network(text, sizes=sizes)
    return str(caught.value)


# What a size given may be


def test_a_matrix_needs_two_sizes_and_a_vector_one():
    words = refusal("a = W @ x" + END, W=3, x=2)
    assert words.startswith("sizes gives W the shape (3,), but the equations use it as a matrix.")
    assert words.endswith("Give W two sizes, or none; for two vectors write dot(a, b).")
    words = refusal("a = W @ x" + END, x=(2, 3))
    assert words.startswith("sizes gives x the shape (2, 3), but the equations use it as a vector or number.")
    assert words.endswith("Give x one size.")


def test_a_name_that_the_equations_lack_is_named_with_the_nearest():
    words = refusal("a = W @ x" + END, x=2, a=3, y1=3)
    assert words.startswith("sizes names 'y1', which the equations do not use. Did you mean 'y'?")
    assert words.endswith("The names are a, L, W, x, y.")


@pytest.mark.parametrize("size", [0, -1, 2.0, "2", True, (1, 2, 3), (2, 0), (1, 1, 1)])
def test_what_is_no_size_is_named(size):
    assert refusal("a = W @ x" + END, W=size).startswith(f"The size of W is {size!r}.\nA size is a whole number")


def test_a_size_of_one_is_a_size():
    assert shapes("a = W @ x" + END, x=1, a=1)["W"] == (1, 1)


def test_sizes_may_be_as_large_as_is_said_and_no_larger():
    text = "a = x + z" + END
    assert shapes(text, x=10**12)["z"] == (10**12,)
    assert refusal(text, x=10**12 + 1).startswith("These sizes are too large for an exact derivation.")
    assert refusal("a = W @ x" + END, W=(10**6, 10**6), x=2).startswith("These sizes are too large")


def test_large_sizes_that_agree_in_two_places_fit():
    text = "a = x + z\nc = z + x" + END + " + mse(c, u)"
    sizes = dict(x=int("5000"), z=int("5000"), u=int("5000"))  # three numbers, not one in three places
    assert shapes(text, **sizes)["c"] == (5000,)


# What does not fit


def test_a_vector_and_a_number_do_not_fit():
    words = refusal("a = tanh(x)\nL = mse(a, r)", x=2, r=())
    assert words.startswith(
        "line 2: The shapes of the two arguments of mse do not fit: vector of size 2 and single number."
    )


def test_a_matrix_does_not_stand_among_vectors():
    words = refusal("a = W @ x + W" + END, x=2, a=3)
    assert "line 1: The shapes of the two sides of + do not fit: vector of size ? and matrix of size ? by 2." in words
    words = refusal("a = W @ x\nb = W * r" + END, W=(3, 2), r=())
    assert "The shapes of b and its right side do not fit: vector of size ? and matrix of size 3 by 2." in words


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("2 @ x", "not a single number with a vector of size 2."),
        ("W @ 2", "not a matrix of size 3 by 4 with a single number."),
        ("W @ r", "not a matrix of size 3 by 4 with a single number."),
        ("2 @ 3", "not a single number with a single number."),
    ],
)
def test_a_product_needs_a_matrix_and_a_vector(text, what):
    sizes = {name: size for name, size in dict(x=2, r=(), W=(3, 4)).items() if name in text}
    words = refusal(f"a = {text}" + END, **sizes)
    assert words.startswith("line 1: @ multiplies a matrix with a vector, " + what)
    assert words.endswith("Write a parameter on its left and a vector on its right; use * entry by entry.")


def test_columns_and_vector_must_agree():
    words = refusal("a = W @ x" + END, W=(3, 2), x=4)
    assert (
        "The shapes of the matrix's columns and the vector do not fit: vector of size 2 and vector of size 4" in words
    )


@pytest.mark.parametrize("text", ["softmax(r)", "softmax(2)"])
def test_what_takes_vectors_takes_no_numbers(text):
    sizes = {name: size for name, size in dict(x=2, r=()).items() if name in text.partition("(")[2]}
    assert f"line 1: {text.partition('(')[0]} takes vectors, not a single number." in refusal(
        f"a = {text}" + END, **sizes
    )


def test_softmax_keeps_the_shape():
    words = refusal("a = softmax(x)" + END, x=2, a=3)
    assert "The shapes of a and its right side do not fit: vector of size 3 and vector of size 2." in words


def test_unknown_sizes_stand_as_question_marks():
    assert "vector of size ? and matrix of size ? by ?" in refusal("a = W @ x + W" + END, a=3)


# What follows from what


@pytest.mark.parametrize("text", ["x * 2", "2 * x", "x / r", "r - x", "2 * softmax(x)", "x ** 2", "-x", "r * (2 + x)"])
def test_a_vector_beside_a_number_stays_a_vector(text):
    sizes = dict(x=3) | (dict(r=()) if "r" in text else {})
    assert shapes(f"a = {text}" + END, **sizes)["a"] == (3,)


def test_numbers_only_give_a_number():
    found = shapes("b = 2\nc = r * 2\nd = c ** 2 + b\na = x * d" + END, x=3, r=())
    assert (found["b"], found["c"], found["d"], found["a"]) == ((), (), (), (3,))


def test_a_function_of_a_joined_vector_is_a_vector():
    assert shapes("a = 2 * concat(x, z)" + END, x=3, z=4)["a"] == (7,)
    assert shapes("a = 1 - tanh(2 * softmax(x))" + END, x=3)["a"] == (3,)


def test_a_loss_beside_a_vector_is_a_number():
    assert shapes("e = mse(x, y)\na = e * x\nL = mse(a, z)", x=3)["e"] == ()


def test_what_is_joined_gets_its_size_from_a_later_line():
    text = "p = concat(x, u)\nq = concat(p, v)\na = tanh(q)" + END
    assert shapes(text, x=2, v=3, a=9)["u"] == (4,)
    assert shapes(text, x=2, u=4, v=3)["a"] == (9,)
    three = "o = concat(w, x)\np = concat(o, u)\nq = concat(p, v)\na = tanh(q)" + END
    assert shapes(three, x=2, u=4, v=3, a=20)["w"] == (11,)


def test_a_join_with_two_unknown_parts_stays_unknown():
    words = refusal("z = concat(x, u)\na = tanh(z)" + END, z=7)
    assert words.startswith("The sizes of x, u cannot be inferred.\nGive sizes such as  sizes=dict(x=3).")
    words = refusal("z = concat(x, u)\na = tanh(z)" + END, x=7)
    assert words.startswith("The sizes of z, a, u, y cannot be inferred.\nGive sizes such as  sizes=dict(u=3).")


@pytest.mark.parametrize("whole", [2, 3])
def test_a_join_has_room_for_every_part(whole):
    words = refusal("z = concat(x, u)\na = tanh(z)" + END, z=whole, x=3)
    assert f"line 1: concat has {whole} entries, but its other parts have 3 already." in words


def test_a_join_whose_parts_are_known_must_have_their_sum():
    assert shapes("z = concat(x, u)\na = tanh(z)" + END, z=4, x=3)["u"] == (1,)
    words = refusal("z = concat(x, u)\na = tanh(z)" + END, z=7, x=3, u=3)
    assert "line 1: The shapes of concat and what uses it do not fit: vector of size 7 and vector of size 6." in words


# The shape of a part


KNOWN = {"x": (3,), "r": (), "W": (2, 3), "z": (4,)}
X, R, W, Z = Letter("x", Variable("t")), Letter("r"), Letter("W"), Letter("z")


@pytest.mark.parametrize(
    ("expression", "shape"),
    [
        (number(2), ()),
        (X, (3,)),
        (Power(X, number(2)), (3,)),
        (Binary("@", W, X), (2,)),
        (Binary("*", number(2), X), (3,)),
        (Binary("*", X, R), (3,)),
        (Binary("+", R, number(1)), ()),
        (Call("concat", (X, Z)), (7,)),
        (Call("concat", (X, Z, X)), (10,)),
        (Call("mse", (X, X)), ()),
        (Call("tanh", (X,)), (3,)),
        (Call("step", (X,)), (3,)),
        (Call("softmax", (Power(X, number(2)),)), (3,)),
        (Transpose(W), (3, 2)),
        (Binary("@", Transpose(W), W), (3, 3)),
        (Negative(X), (3,)),
        (Slice(W, number(2), number(2)), (1, 3)),
        (Slice(W, number(2), number(3), of_columns=True), (2, 2)),
        (Slice(Z, number(2), number(4)), (3,)),
        (Entry(W, (number(1), number(2))), ()),
        (Letter("z", None, (number(2),)), ()),
        (Variable("T"), ()),
        (Call("concat", (X, R)), (4,)),
    ],
    ids=str,
)
def test_the_shape_of_a_part(expression, shape):
    assert entrywise_shape(expression, KNOWN) == shape


def test_losses_of_numbers_and_powers_have_values():
    one = Network("L = mse(2, r)", sizes=dict(r=())).unroll(1)
    assert one.forward({"r": 5.0})["L"] == 4.5
    two = Network("L = mse(x ** 2, y)", sizes=dict(x=2)).unroll(1)
    assert two.forward({"x": [1.0, 3.0], "y": [2.0, 5.0]})["L"] == 8.5


# Transposes, products of parameters, parts and entries


SIZES = dict(x=4, W=(7, 4), V=(5, 7), U=(3, 5))


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("W @ x[t]", (7,)),
        ("V @ W @ x[t]", (5,)),
        ("W.T @ (W @ x[t])", (4,)),
        ("W.T @ V.T @ (V @ W @ x[t])", (4,)),
        ("-W.T @ (W @ x[t])", (4,)),
        ("x[t][2:4]", (3,)),
        ("x[t][2:2]", (1,)),
        ("(V @ W @ x[t])[1:4]", (4,)),
        ("W[2:6] @ x[t]", (5,)),
        ("W[:, 2:3] @ x[t][1:2]", (7,)),
        ("W[3:3].T @ x[t][1:1]", (4,)),
        ("W[1:6][2:3] @ x[t]", (2,)),
        ("(V @ W)[1:2] @ x[t]", (2,)),
        ("W[1:5].T[2:4] @ x[t][1:1] * x[t][2]", None),
        ("x[t][3] * x[t]", (4,)),
        ("(W @ x[t])[7] * x[t]", (4,)),
        ("x[t] * W[7,4]", (4,)),
        ("x[t] / T", (4,)),
        ("sum(x[t]) * x[t]", (4,)),
        ("concat(x[t], W @ x[t], dot(x[t], x[t]))", (12,)),
        ("concat(sum(x[t]), 2, x[t])", (6,)),
    ],
)
def test_a_part_has_as_many_entries_as_it_says(text, shape):
    sizes = {name: size for name, size in SIZES.items() if name in text}
    if shape is None:
        assert "do not fit" in refusal(f"a[t] = {text}\nL[t] = mse(a[t], y[t])", **sizes)
    else:
        found = shapes(f"a[t] = {text}\nL[t] = mse(a[t], y[t])", **sizes)
        assert found["a"] == found["y"] == shape


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x[t][2:5]", "line 1: There is no entry 5: the size is 4."),
        ("x[t][5]  * x[t]", "line 1: There is no entry 5: the size is 4."),
        ("W[8:8] @ x[t]", "line 1: There is no entry 8: the size is 7."),
        ("W[:, 2:5] @ x[t]", "line 1: There is no entry 5: the size is 4."),
        ("x[t] * W[8,1]", "line 1: There is no entry 8: the size is 7."),
        ("x[t] * W[1,5]", "line 1: There is no entry 5: the size is 4."),
        ("x[t][3:2]", "line 1: A vector of size 4 has no such part."),
        ("dot(x[t], x[t])[1:1] * x[t]", "line 1: A single number has no such part."),
        ("(W @ x[t])[1, 2] * x[t]", "line 1: A vector of size 7 has no such entry."),
        ("x[t].T @ x[t]", "line 1: Only a matrix is transposed here, not a vector of size 4."),
        ("softmax(W.T) * x[t]", "line 1: softmax takes vectors, not a matrix of size 4 by 7."),
        ("concat(x[t], W.T)", "line 1: concat takes vectors, not a matrix of size 4 by 7."),
        ("V @ x[t]", "line 1: The shapes of the matrix's columns and the vector do not fit"),
        ("V @ W.T @ x[t]", "line 1: The shapes of the matrix's columns and the vector do not fit"),
    ],
)
def test_a_part_that_is_not_there_is_told_with_its_size(text, told):
    sizes = {name: size for name, size in SIZES.items() if name in text}
    assert refusal(f"a[t] = {text}\nL[t] = mse(a[t], y[t])", **sizes).startswith(told)


def test_the_size_of_a_whole_is_not_known_from_a_part():
    assert "The sizes of W cannot be inferred.\nGive sizes such as  sizes=dict(W=(3, 2))." in refusal(
        "a[t] = W[1:3] @ x[t]\nL[t] = mse(a[t], y[t])", x=4
    )
    assert shapes("a[t] = W[1:3] @ x[t]\nL[t] = mse(a[t], y[t])", W=(5, 4))["x"] == (4,)


@pytest.mark.parametrize("left", ["W", "-W", "W.T", "W[1:3]", "W[:, 1:3]", "(W @ V)"])
def test_what_stands_left_of_a_product_is_a_matrix(left):
    words = refusal(f"W = c\na[t] = {left} @ x[t]\nL[t] = mse(a[t], y[t])", x=3)
    assert words.startswith("line 2: W is computed, so it is a vector and cannot stand left of @.")


def test_a_name_with_a_time_is_transposed_by_mistake_and_told_so():
    assert refusal("h[t] = h[t-1].T @ x[t]\nL[t] = mse(h[t], y[t])", x=2).startswith(
        "line 1: Only a matrix is transposed"
    )


def test_a_quantity_that_feeds_itself_alone_is_a_number():
    assert shapes("h[t] = tanh(h[t-1])\nL[t] = h[t]")["h"] == ()
    assert shapes("h[0] = W @ c\nh[t] = tanh(h[t-1])\nL[t] = sum(h[t])", W=(3, 2))["h"] == (3,)


@pytest.mark.parametrize("text", ["x[t][3]", "(W @ x[t])[2]", "W[1,2]", "T"])
def test_one_entry_is_a_number(text):
    sizes = {name: size for name, size in dict(x=4, W=(3, 4)).items() if name in text}
    assert shapes(f"a[t] = {text}\nL[t] = a[t]**2", **sizes)["a"] == ()


def test_a_minus_and_columns_make_a_matrix_too():
    assert shapes("a[t] = -W @ x[t]\nL[t] = mse(a[t], y[t])", x=4, a=3)["W"] == (3, 4)
    assert shapes("a[t] = x[t] * sum(W[:, 2:3])\nL[t] = mse(a[t], y[t])", x=4, W=(5, 3))["W"] == (5, 3)


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("L[t] = m[t] * dot(x[t], x[t])", {"L": (), "m": ()}),
        ("h[t] = w*h[t-1]\nL[t] = h[t]**2", {"L": (), "h": (), "w": ()}),
        ("h[t] = w*h[t-1]\nq[t] = h[t]**2", {"q": (), "h": (), "w": ()}),
        ("g = s*k\nL = dot(x, x) + g", {"L": (), "g": (), "s": (), "k": ()}),
        ("h[t] = W @ h[t-1]\nL[t] = h[t]**2", {"L": (1,), "h": (1,), "W": (1, 1)}),
        ("L = W @ x", {"L": (1,), "W": (1, 2)}),
    ],
)
def test_what_has_the_size_of_the_loss_is_a_number_unless_it_must_be_a_vector(text, shapes):
    found = Network(text, sizes=dict(x=2) if "x" in text else {}).shapes
    assert {name: found[name] for name in shapes} == shapes


def test_an_open_size_of_what_nothing_reads_is_told_where_there_is_a_loss_beside_it():
    text = "h[t] = tanh(W @ h[t-1] + x[t])\nq[t] = V @ h[t]\nL[t] = mse(h[t], y[t])"
    with pytest.raises(NetworkError, match="sizes of q, V cannot be inferred"):
        Network(text, sizes=dict(x=2))
    assert Network(text, sizes=dict(x=2, q=3)).shapes["V"] == (3, 2)
