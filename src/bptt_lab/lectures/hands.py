"""The conventions as data: five lectures, the course, and common textbooks and programs.

A convention is the forward equations in its own letters, and for every array of the course where it is kept and with
its axes in which order. Letters of axes: T steps, B sequences, D inputs, M hidden units (N the second time),
K outputs, 1 an axis of one entry, * the axis along which arrays are laid side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from bptt_lab.formulas.errors import nearest
from bptt_lab.numeric import rnn

COURSE = dict(W0="MD", W11="MN", b0="M", W1="KM", b1="K", x="TBD", h_start="BM", y="TBK")


class Slot(NamedTuple):
    """One array of a convention: its name, the course's arrays in it, the order of its axes, and its share of them.

    Several arrays are laid side by side along the axis `*`. Slots that hold the same array add up to it: `share` is
    the part that each of them is given.
    """

    name: str
    holds: tuple[str, ...]
    axes: str
    share: float = 1.0

    @property
    def is_parameter(self) -> bool:
        """Whether this array is trained."""
        return self.holds[0] in rnn.PARAMETERS

    @property
    def kind(self) -> str:
        """'matrices' for weights, 'vectors' for all else."""
        return "matrices" if self.holds[0].startswith("W") else "vectors"


class Convention(NamedTuple):
    """One hand: its equations, its arrays, the letters of its other quantities, and its habits.

    vectors      'columns' or 'rows': how the equations are written
    transposed   what has a derivative of the transposed shape: 'matrices', 'vectors', both or neither
    mean         whether the loss is the mean over steps and sequences, not the sum
    lent         what the source lacks and the course lends: names, or 'matrices' and 'vectors' for derivatives by them
    is_code      whether the names are those of a program
    """

    name: str
    source: str
    text: str
    slots: tuple[Slot, ...]
    letters: Mapping[str, str]
    vectors: str = "columns"
    transposed: tuple[str, ...] = ()
    mean: bool = False
    lent: tuple[str, ...] = ()
    is_code: bool = False
    note: str = ""

    def slot_of(self, array: str) -> Slot:
        """Return the first slot that holds an array of the course."""
        return next(slot for slot in self.slots if array in slot.holds)

    @property
    def derivatives(self) -> tuple[Slot, ...]:
        """The slots of the derivatives: last two axes exchanged where this hand transposes."""
        return tuple(_turned(slot) if slot.kind in self.transposed else slot for slot in self.slots)


def axes_of(slot: Slot, name: str) -> str:
    """Return the axes of one of the arrays in a slot: * is its own letter that the slot does not name."""
    other = next((letter for letter in COURSE[name] if letter not in slot.axes), "")
    return slot.axes.replace("*", other)


def _turned(slot: Slot) -> Slot:
    """Return a slot with its last two axes exchanged; one axis alone has no layout."""
    return slot._replace(axes=slot.axes[:-2] + slot.axes[-2:][::-1])


# The data


AS_COLUMNS = dict(x="TDB", h_start="MB", W0="MD", W11="MN", b0="M1", W1="KM", b1="K1", y="TKB")
AS_ROWS = dict(x="TBD", h_start="BM", W0="DM", W11="NM", b0="1M", W1="MK", b1="1K", y="TBK")
FLAT_BIASES = dict(b0="M", b1="K")
AS_PYTORCH = AS_COLUMNS | FLAT_BIASES | dict(x="TBD", h_start="1BM", y="TBK")


def _slots(axes: Mapping[str, str], **names: str) -> tuple[Slot, ...]:
    """Return one slot for each array of the course, under the names of a hand."""
    return tuple(Slot(name, (array,), axes[array]) for array, name in names.items())


def _stacked(slots: tuple[Slot, ...], stack: Slot) -> tuple[Slot, ...]:
    """Return slots in which one stack takes the place of the arrays it holds."""
    return (stack, *(slot for slot in slots if slot.holds[0] not in stack.holds))


def _letters(hidden_sum: str, state: str, output_sum: str, output: str, loss: str) -> dict[str, str]:
    return dict(hidden_sum=hidden_sum, state=state, output_sum=output_sum, output=output, loss=loss)


COURSE_HAND = Convention(
    name="course",
    source="this course: the letters of 000, arrays as in bptt_lab.numeric",
    text="""
        a1[t] = W0 @ x[t] + W11 @ h1[t-1] + b0
        h1[t] = tanh(a1[t])
        a2[t] = W1 @ h1[t] + b1
        h2[t] = {output}(a2[t])
        L[t] = {loss}(h2[t], y[t])
    """,
    slots=_slots(COURSE, **{name: name for name in COURSE}),
    letters=_letters("a1", "h1", "a2", "h2", "L"),
)
MUZAFFAR = COURSE_HAND._replace(
    name="000",
    source="000: S. I. Muzaffar, Backpropagation Through Time (slides)",
    text=COURSE_HAND.text.replace("x[t]", "h0[t]"),
    slots=_slots(AS_COLUMNS, W0="W0", W11="W11", b0="b0", W1="W1", b1="b1", x="h0", h_start="h1[0]", y="y"),
    transposed=("matrices", "vectors"),
    lent=("y",),
    note="The output function and the loss are left open.",
)
KHAN = Convention(
    name="001 handwritten",
    source="001: N. Khan, CS-568 Deep Learning: Recurrent Neural Networks (handwritten pages)",
    text="""
        z1[t] = W0 @ h0[t] + W11 @ h1[t-1] + b0
        h1[t] = tanh(z1[t])
        z2[t] = W1 @ h1[t] + b1
        h2[t] = {output}(z2[t])
        L[t] = {loss}(h2[t], target[t])
    """,
    slots=_slots(AS_COLUMNS, W0="W0", W11="W11", b0="b0", W1="W1", b1="b1", x="h0", h_start="h1[0]", y="target"),
    letters=_letters("z1", "h1", "z2", "h2", "L"),
    transposed=("matrices", "vectors"),
    note="The target is written t, which is the time here; earlier pages write x and y for layers 0 and 2.",
)
KHAN_TYPED = KHAN._replace(
    name="001 typed",
    source="001: N. Khan, CS-568 Deep Learning: Recurrent Neural Networks (typed slides)",
    transposed=("vectors",),
    note="Layers are numbered l, up to L; the typed slides give no derivative by a bias: a row is assumed, "
    "as for every vector there.",
)
SCALAR_NOTES = Convention(
    name="002",
    source="002: handwritten notes, Backprop through time (no author named)",
    text="""
        a[t] = tanh(W_aa @ a[t-1] + W_ax @ x[t] + b_a)
        y_hat[t] = {output}(W_y @ a[t] + b_y)
        L[t] = {loss}(y_hat[t], y[t])
    """,
    slots=_slots(AS_COLUMNS, W0="W_ax", W11="W_aa", b0="b_a", W1="W_y", b1="b_y", x="x", h_start="a[0]", y="y"),
    letters=dict(state="a", output="y_hat", loss="L"),
    lent=("matrices", "vectors"),
    note="v and u stand above W_aa and W_ax. Only scalars are differentiated, so no layout shows; the derivatives "
    "take both activations to be the identity.",
)
SCALAR_NOTES_STACKED = SCALAR_NOTES._replace(
    name="002 stacked",
    text=SCALAR_NOTES.text.replace("W_aa @ a[t-1] + W_ax @ x[t]", "W_a @ concat(a[t-1], x[t])"),
    slots=_stacked(SCALAR_NOTES.slots, Slot("W_a", ("W11", "W0"), "M*")),
)
FEED_FORWARD_SLIDES = Convention(
    name="003",
    source="003: Backpropagation through Time, a mathematical overview (slides, no author named)",
    text="""
        z1[t] = w1 @ a0[t] + w11 @ a1[t-1] + b1
        a1[t] = tanh(z1[t])
        z2[t] = w2 @ a1[t] + b2
        a2[t] = {output}(z2[t])
        C[t] = {loss}(a2[t], target[t])
    """,
    slots=_slots(AS_COLUMNS, W0="w1", W11="w11", b0="b1", W1="w2", b1="b2", x="a0", h_start="a1[0]", y="target"),
    letters=_letters("z1", "a1", "z2", "a2", "C"),
    lent=("w11", "a1[0]", "matrices", "vectors"),
    note="Feed-forward: no state, no time, no recurrent letter. Weights are numbered by the layer they lead to; "
    "the target is written t. No derivative is taken, so no layout shows.",
)
UNSIGNED_NOTES = Convention(
    name="004",
    source="004: Recurrent Neural Network (unsigned notes)",
    text="""
        a[t] = b + W @ h[t-1] + U @ x[t]
        h[t] = tanh(a[t])
        o[t] = c + V @ h[t]
        y_hat[t] = {output}(o[t])
        L[t] = {loss}(y_hat[t], y[t])
    """,
    slots=_slots(AS_COLUMNS, W0="U", W11="W", b0="b", W1="V", b1="c", x="x", h_start="h[0]", y="y"),
    letters=_letters("a", "h", "o", "y_hat", "L"),
)
GOODFELLOW = UNSIGNED_NOTES._replace(
    name="Goodfellow",
    source="I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, section 10.2",
)
D2L = Convention(
    name="d2l",
    source="A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, on RNNs with hidden states",
    text="""
        H[t] = tanh(X[t] @ W_xh + H[t-1] @ W_hh + b_h)
        O[t] = H[t] @ W_hq + b_q
        L[t] = {loss}({output}(O[t]), Y[t])
    """,
    slots=_slots(AS_ROWS, W0="W_xh", W11="W_hh", b0="b_h", W1="W_hq", b1="b_q", x="X", h_start="H[0]", y="Y"),
    letters=dict(state="H", output_sum="O", loss="L"),
    vectors="rows",
    mean=True,
    note="Its section on BPTT turns to columns and reverses the two letters below: W_hx, W_qh.",
)
D2L_STACKED = D2L._replace(
    name="d2l stacked",
    text=D2L.text.replace("X[t] @ W_xh + H[t-1] @ W_hh", "concat(X[t], H[t-1]) @ W_h"),
    slots=_stacked(D2L.slots, Slot("W_h", ("W0", "W11"), "*M")),
    lent=("W_h",),
)
CS231N = Convention(
    name="CS231n",
    source="A. Karpathy, min-char-rnn.py, as used in CS231n",
    text="""
        hs[t] = tanh(Wxh @ xs[t] + Whh @ hs[t-1] + bh)
        ys[t] = Why @ hs[t] + by
        ps[t] = {output}(ys[t])
        loss[t] = {loss}(ps[t], targets[t])
    """,
    slots=_slots(AS_COLUMNS, W0="Wxh", W11="Whh", b0="bh", W1="Why", b1="by", x="xs", h_start="hprev", y="targets"),
    letters=dict(state="hs", output_sum="ys", output="ps", loss="loss"),
    is_code=True,
    note="One sequence at a time; the target is the index of a character.",
)
PYTORCH = Convention(
    name="PyTorch",
    source="torch.nn.RNN, torch.nn.Linear and torch.nn.CrossEntropyLoss",
    text="""
        h[t] = tanh(weight_ih_l0 @ input[t] + bias_ih_l0 + weight_hh_l0 @ h[t-1] + bias_hh_l0)
        logits[t] = weight @ h[t] + bias
        L[t] = {loss}({output}(logits[t]), target[t])
    """,
    slots=(
        *_slots(AS_PYTORCH, W0="weight_ih_l0", W11="weight_hh_l0", b0="bias_ih_l0"),
        Slot("bias_hh_l0", ("b0",), "M", share=0.0),
        *_slots(AS_PYTORCH, W1="weight", b1="bias", x="input", h_start="h_0", y="target"),
    ),
    letters=dict(state="h", output_sum="logits", loss="L"),
    mean=True,
    is_code=True,
    note="Two biases enter one sum; weight and bias are those of the Linear layer.",
)
KERAS = Convention(
    name="Keras",
    source="keras.layers.SimpleRNN with return_sequences=True, and keras.layers.Dense",
    text="""
        state[t] = tanh(x[t] @ kernel + bias + state[t-1] @ recurrent_kernel)
        logits[t] = state[t] @ dense_kernel + dense_bias
        loss[t] = {loss}({output}(logits[t]), y[t])
    """,
    slots=_slots(
        AS_ROWS | FLAT_BIASES | dict(x="BTD", y="BTK"),
        W0="kernel", W11="recurrent_kernel", b0="bias", W1="dense_kernel", b1="dense_bias",
        x="x", h_start="initial_state", y="y",
    ),
    letters=dict(state="state", output_sum="logits", loss="loss"),
    vectors="rows",
    mean=True,
    is_code=True,
    note="Both layers say kernel and bias; those of Dense carry its name here. Sequences come first, then time.",
)  # fmt: skip
CONVENTIONS: Mapping[str, Convention] = MappingProxyType(
    {
        hand.name: hand
        for hand in (
            COURSE_HAND, MUZAFFAR, KHAN, KHAN_TYPED, SCALAR_NOTES, SCALAR_NOTES_STACKED, FEED_FORWARD_SLIDES,
            UNSIGNED_NOTES, GOODFELLOW, D2L, D2L_STACKED, CS231N, PYTORCH, KERAS,
        )
    }
)  # fmt: skip
HANDS = tuple(name for name in CONVENTIONS if name[:3].isdigit())
TEXTBOOKS = tuple(name for name in CONVENTIONS if name != "course" and name not in HANDS)


def convention(name: str | Convention) -> Convention:
    """Return a convention by its name; one that a reader has made is checked and returned.

    Errors: ValueError with the nearest name, or naming the slot that does not hold what it says.
    """
    if isinstance(name, Convention):
        return _checked(name)
    if not isinstance(name, str) or name not in CONVENTIONS:
        raise ValueError(
            f"{name!r} is not a convention of the dictionary.{nearest(str(name), CONVENTIONS)} "
            f"Its conventions are {', '.join(CONVENTIONS)}."
        )
    return CONVENTIONS[name]


def _checked(hand: Convention) -> Convention:
    """Return a reader's convention, if every array of the course can be put into it and taken out again."""
    for slot in hand.slots:
        for array in slot.holds:
            if array not in COURSE or sorted(axes_of(slot, array).replace("1", "")) != sorted(COURSE[array]):
                raise ValueError(
                    f"{slot.name} holds {array} with the axes {slot.axes!r}, expected those of the course's array in "
                    f"some order, {', '.join(f'{name}: {axes}' for name, axes in COURSE.items())}: correct the slot."
                )
    for letter in ("state", "loss"):
        if letter not in hand.letters:
            raise ValueError(f"{hand.name} has no letter for the {letter}, expected one to run its equations: add it.")
    for array in COURSE:
        shares = [slot.share for slot in hand.slots if array in slot.holds]
        if abs(sum(shares) - 1) > 1e-12:
            raise ValueError(
                f"The shares of {array} in {hand.name} are {shares}, expected one slot or several that add up to 1: "
                f"add a slot, or correct the shares."
            )
    return hand
