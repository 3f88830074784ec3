"""The conventions as data: five lectures, the course, and common textbooks and programs.

A convention is the forward equations in its own letters, and for every array of the course where it is kept and with
its axes in which order. Letters of axes: T steps, B sequences, D inputs, M hidden units (N the second time),
K outputs, 1 an axis of one entry, * the axis along which arrays are laid side by side. The equations are those of one
hidden layer of tanh; a convention with a `family` keeps other architectures too, see `architectures`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from bptt_lab.formulas.errors import nearest
from bptt_lab.lectures.architectures import (
    COURSE_FAMILY,
    GATES,
    KERAS_FAMILY,
    PYTORCH_FAMILY,
    Architecture,
    Slot,
    letters,
    parts,
    slots,
)

COURSE = parts(Architecture())


class Convention(NamedTuple):
    """One hand: its equations, its arrays, the letters of its other quantities, and its habits.

    vectors      'columns' or 'rows': how the equations are written
    transposed   what has a derivative of the transposed shape: 'matrices', 'vectors', both or neither
    mean         whether the loss is the mean over steps and sequences, not the sum
    lent         what the source lacks and the course lends: names, or 'matrices' and 'vectors' for derivatives by them
    is_code      whether the names are those of a program
    family       how it keeps other architectures; None where it has none
    stated       the architecture that it was asked for in; None where the arrays are to tell
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
    family: Any = None  # Family | None
    stated: Architecture | None = None

    @property
    def architecture(self) -> Architecture:
        """The architecture of its arrays: one hidden layer of tanh unless another is stated."""
        return Architecture() if self.stated is None else self.stated

    @property
    def is_open(self) -> bool:
        """Whether biases and the output layer may be left out."""
        return self.family is not None and self.family.is_open

    def slot_of(self, array: str) -> Slot:
        """Return the first slot that holds an array of the course."""
        return next(slot for slot in self.slots if array in slot.holds)

    @property
    def derivatives(self) -> tuple[Slot, ...]:
        """The slots of the derivatives: last two axes exchanged where this hand transposes."""
        return tuple(_turned(slot) if slot.kind in self.transposed else slot for slot in self.slots)


def axes_of(slot: Slot, part: str, known: Mapping[str, str] = COURSE) -> str:
    """Return the axes of one of the parts in a slot, without + and layers: * is its own letter that is not named."""
    named = [letter[0] for letter in letters(slot.axes)]
    other = next((letter for letter in known[part] if letter not in named), "")
    return "".join(named).replace("*", other)


def _turned(slot: Slot) -> Slot:
    """Return a slot with its last two axes exchanged; one axis alone has no layout."""
    axes = letters(slot.axes)
    if len(axes) < 2:
        return slot
    turned = slot._replace(axes="".join((*axes[:-2], axes[-1], axes[-2])))
    if sum(letter[-1] in "*+" for letter in axes) < 2:
        return turned
    beside = len(slot.holds) // slot.rows  # columns of parts become rows of parts
    order = [row * beside + column for column in range(beside) for row in range(slot.rows)]
    holds, shares = (tuple(values[k] for k in order) for values in (slot.holds, slot.shares))
    return turned._replace(holds=holds, share=shares, rows=beside)  # type: ignore[arg-type]


# The data


AS_COLUMNS = dict(x="TDB", h_start="MB", W0="MD", W11="MN", b0="M1", W1="KM", b1="K1", y="TKB")
AS_ROWS = dict(x="TBD", h_start="BM", W0="DM", W11="NM", b0="1M", W1="MK", b1="1K", y="TBK")


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
    slots=slots(COURSE_FAMILY, Architecture()),
    letters=_letters("a1", "h1", "a2", "h2", "L"),
    family=COURSE_FAMILY,
)
MUZAFFAR = COURSE_HAND._replace(
    name="000",
    family=None,
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
    slots=slots(PYTORCH_FAMILY, Architecture()),
    letters=dict(state="h", output_sum="logits", loss="L"),
    mean=True,
    is_code=True,
    note="Two biases enter one sum; weight and bias are those of the Linear layer. That nn.RNN takes tanh and not "
    "ReLU cannot be seen in its arrays.",
    family=PYTORCH_FAMILY,
)
KERAS = Convention(
    name="Keras",
    source="keras.layers.SimpleRNN with return_sequences=True, and keras.layers.Dense",
    text="""
        state[t] = tanh(x[t] @ kernel + bias + state[t-1] @ recurrent_kernel)
        logits[t] = state[t] @ dense_kernel + dense_bias
        loss[t] = {loss}({output}(logits[t]), y[t])
    """,
    slots=slots(KERAS_FAMILY, Architecture()),
    letters=dict(state="state", output_sum="logits", loss="loss"),
    vectors="rows",
    mean=True,
    is_code=True,
    note="Both layers say kernel and bias; those of Dense carry its name here. Sequences come first, then time.",
    family=KERAS_FAMILY,
)
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


def convention(
    name: str | Convention, kind: str | None = None, layers: int = 1, bidirectional: bool = False
) -> Convention:
    """Return a convention by its name; one that a reader has made is checked and returned.

    `kind` asks for its form of another architecture: 'RNN', 'LSTM', 'GRU' (reset after the product) or 'GRU reset
    before'; without it the arrays tell their architecture. Errors: ValueError with the nearest name, naming the slot
    that does not hold what it says, or for layers and directions of no kind.
    """
    if isinstance(name, Convention):
        hand = _checked(name)
    elif isinstance(name, str) and name in CONVENTIONS:
        hand = CONVENTIONS[name]
    else:
        raise ValueError(
            f"{name!r} is not a convention of the dictionary.{nearest(str(name), CONVENTIONS)} "
            f"Its conventions are {', '.join(CONVENTIONS)}."
        )
    if kind is None and (layers, bidirectional) != (1, False):
        raise ValueError(
            f"kind is missing beside layers={layers!r} and bidirectional={bidirectional!r}, expected one of "
            f"{', '.join(GATES)}: pass kind='RNN' for layers of tanh, or leave all three out and let the arrays tell."
        )
    return hand if kind is None else in_architecture(hand, Architecture(kind, layers, bidirectional))


def in_architecture(hand: Convention, architecture: Architecture) -> Convention:
    """Return a convention with the arrays of another architecture.

    Errors: ValueError where the convention does not have it, saying what to do.
    """
    _check_architecture(architecture)
    if architecture == hand.architecture:
        return hand._replace(stated=architecture)
    why = _lack(hand, architecture)
    if why:
        raise ValueError(f"{hand.name} has no {architecture}: {why}")
    return hand._replace(slots=slots(hand.family, architecture), stated=architecture)


def _check_architecture(architecture: Architecture) -> None:
    kind, layers, bidirectional = architecture
    if kind not in GATES:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(GATES)}.{nearest(str(kind), GATES)}")
    if not isinstance(layers, int) or isinstance(layers, bool) or layers < 1:
        raise ValueError(f"layers is {layers!r}, expected an integer of at least 1: correct it.")
    if not isinstance(bidirectional, bool):
        raise ValueError(f"bidirectional is {bidirectional!r}, expected True or False: correct it.")


def _lack(hand: Convention, architecture: Architecture) -> str:
    """Return why a convention does not have an architecture, and what to do; nothing where it has it."""
    family = hand.family
    if family is None:
        able = ", ".join(name for name, other in CONVENTIONS.items() if other.family)
        return f"it writes one hidden layer of tanh. Translate to one of {able}."
    if architecture.kind not in family.kinds:
        return (
            "its GRU resets after the product, r * (R h + b) for R (r * h) + b, which is another function of the "
            "weights. Train it in that form, or translate to course or Keras."
        )
    if architecture.layers > family.most and family.most > 1:
        return f"at most {family.most} layers have names here, because W11 must be one matrix. Take fewer layers."
    if architecture.layers > family.most or (architecture.bidirectional and not family.has_both):
        return (
            "it keeps every layer and direction in an object of its own, under the same names. Translate them one by "
            "one, each as a network of one layer and one direction."
        )
    return ""


def _checked(hand: Convention) -> Convention:
    """Return a reader's convention, if every part of the course can be put into it and taken out again."""
    known = parts(hand.architecture)
    for slot in hand.slots:
        for part in slot.holds:
            if part not in known or not _same_axes(axes_of(slot, part, known), known[part]):
                raise ValueError(
                    f"{slot.name} holds {part} with the axes {slot.axes!r}, expected those of the course's array in "
                    f"some order, {', '.join(f'{name}: {axes}' for name, axes in known.items())}: correct the slot."
                )
    for letter in ("state", "loss"):
        if letter not in hand.letters:
            raise ValueError(f"{hand.name} has no letter for the {letter}, expected one to run its equations: add it.")
    for part in known:
        held = [zip(slot.holds, slot.shares, strict=True) for slot in hand.slots if part in slot.holds]
        shares = [share for slot in held for name, share in slot if name == part]
        if abs(sum(shares) - 1) > 1e-12:
            raise ValueError(
                f"The shares of {part} in {hand.name} are {shares}, expected one slot or several that add up to 1: "
                f"add a slot, or correct the shares."
            )
    return hand


def _same_axes(first: str, second: str) -> bool:
    return sorted(first.replace("1", "")) == sorted(second.replace("1", ""))
