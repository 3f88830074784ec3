"""Arrays as people have them: tensors, names with the prefix of a model, an architecture that nobody has named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from bptt_lab.lectures.architectures import GATES, Architecture, Family, Slot, letters, slots
from bptt_lab.lectures.hands import Convention, in_architecture

UNREADABLE = (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError)  # what tensors raise
KNOWN_ELSEWHERE = {
    r"^weight_hr_l": "a projection (proj_size), which the course does not have. Make the module with proj_size=0, or "
    "write your network as equations with bptt_lab.Network",
    r"^(weight|bias)_(ih|hh)$": "an array of a cell, which is one step of a layer. Add _l0 to its name",
    r"^(weight|bias)_(ih|hh)_l\d+(_reverse)?_(g|v|raw|orig|mask)$": "a part of a weight that is normalised, pruned or "
    "dropped. Fold it into one weight first, as PyTorch's function that removes it does",
    r"^original\d$": "a part of a weight with a parametrization. Fold it into one weight first, as PyTorch's "
    "remove_parametrizations does",
}


def as_arrays(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return tensors as NumPy arrays, also those that require a gradient, and arrays as they are.

    Errors: TypeError for what is no dict, or a tensor that NumPy cannot hold, by its name.
    """
    if not isinstance(arrays, Mapping):
        raise TypeError(f"The arrays are of type {type(arrays).__name__}, expected a dict of arrays by name: build it.")
    return {name: _as_array(name, value) for name, value in arrays.items()}


def _as_array(name: str, value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value
    try:
        if hasattr(value, "detach"):
            return value.detach().cpu().numpy()
        return np.asarray(value) if hasattr(value, "__array__") else value
    except UNREADABLE as error:
        raise TypeError(
            f"{name} is of type {type(value).__name__} and NumPy cannot hold it ({error}), expected an array or tensor "
            f"of float32 or float64: convert it first, in PyTorch with {name}.float()."
        ) from error


# Names


def named_as(given: Iterable[str], hand: Convention) -> Convention:
    """Return a convention under the names given: 'encoder.rnn.weight_ih_l0' stands for 'weight_ih_l0'.

    Errors: ValueError where the names are of several modules, with their prefixes.
    """
    own = {plain: name for name, plain in plain_names(given, hand.family).items()}
    return hand._replace(slots=tuple(slot._replace(name=own.get(slot.name, slot.name)) for slot in hand.slots))


def plain_names(given: Iterable[str], family: Family | None) -> dict[str, str]:
    """Return each name without the prefix of its module."""
    given = list(given)
    if family is None or not family.separator or not all(isinstance(name, str) for name in given):
        return {name: name for name in given}
    modules: dict[str, dict[str, str]] = {}
    for name in given:
        before, sign, leaf = name.rpartition(family.separator)
        modules.setdefault(before + sign, {})[name] = re.sub(r":\d+$", "", leaf)
    recurrent = [m for m, names in modules.items() if any(re.match(family.recurrent, leaf) for leaf in names.values())]
    if len(recurrent) > 1:
        raise ValueError(_several(recurrent))
    output = _output_module(modules, recurrent, family)
    return {
        name: family.linear[leaf] if module == output else leaf if module in recurrent else name
        for module, names in modules.items()
        for name, leaf in names.items()
    }


def _several(recurrent: list[str]) -> str:
    shown = " and ".join(repr(module) if module else "no prefix" for module in recurrent)
    keep = next(filter(None, recurrent))
    return (
        f"The arrays are of {len(recurrent)} recurrent modules, with the prefixes {shown}, expected one: pass those of "
        f"one, such as {{name: array for name, array in arrays.items() if name.startswith({keep!r})}}."
    )


def _output_module(modules: Mapping[str, Mapping[str, str]], recurrent: list[str], family: Family) -> str | None:
    """Return the prefix of the output layer, None where there is none (errors: ValueError for other modules)."""
    if not recurrent:
        return None
    others = [module for module in modules if module and module not in recurrent]
    linear = [module for module in others if set(modules[module].values()) == set(family.linear)]
    known = {leaf for m in ("", *recurrent) for leaf in modules.get(m, {}).values()} & set(family.linear.values())
    if linear != others or len(linear) > 1 or (linear and known):
        shown, pair = ", ".join(map(repr, others)), " and ".join(family.linear)
        raise ValueError(
            f"The arrays are of {shown} beside the recurrent module {recurrent[0]!r}, expected at most one output "
            f"layer, with {pair}: leave out what is not of this network. An output layer without a bias could be "
            f"an embedding: name its matrix {next(iter(family.linear.values()))!r}."
        )
    return linear[0] if linear else None


# The architecture


def read_as(arrays: Mapping[str, Any], hand: Convention, of_loss: bool = False) -> Convention:
    """Return a convention as the arrays show it: in their architecture, unless one is stated, and under their names.

    `of_loss`: the arrays are gradients. Errors: ValueError naming what the convention does not have, what could be two
    things, or what is not as stated.
    """
    if hand.family is None:
        return hand
    _refuse_known_elsewhere(arrays)
    names = plain_names(arrays, hand.family)
    plain = {short: arrays[name] for name, short in names.items()}
    if hand.stated is None:
        hand = in_architecture(hand, _architecture(plain, hand, of_loss))
    else:
        _check_stated(plain, hand, of_loss)
    _refuse_states_of_layers(plain, hand)
    return named_as(arrays, hand)


def _refuse_known_elsewhere(names: Iterable[str]) -> None:
    for name in names:
        for pattern, what in KNOWN_ELSEWHERE.items():
            if re.match(pattern, str(name).rpartition(".")[2]):
                raise ValueError(f"{name!r} is {what}.")


def _check_stated(plain: Mapping[str, Any], hand: Convention, of_loss: bool) -> None:
    """Refuse recurrent weights of more or fewer gates than the architecture that is stated (errors: ValueError)."""
    gates = _number_of_gates(plain, in_architecture(hand, hand.architecture._replace(kind="RNN")), of_loss)
    if gates and gates != len(GATES[hand.architecture.kind]):
        found = " or ".join(kind for kind in hand.family.kinds if len(GATES[kind]) == gates)
        raise ValueError(
            f"The arrays are of {found}, expected {hand.architecture}, as which {hand.name} is stated: name it alone, "
            f"{hand.name!r}, and the arrays tell what they are, or pass the arrays it belongs to."
        )


def _refuse_states_of_layers(plain: Mapping[str, Any], hand: Convention) -> None:
    """Refuse the states of several layers in one array (errors: ValueError)."""
    number = hand.architecture.layers
    of_one = slots(hand.family, hand.architecture._replace(layers=1)) if number > 1 else ()
    for name in [slot.name for slot in of_one if slot.holds[0][0] in "hc" and slot.name in plain]:
        raise ValueError(
            f"{name!r} is the state of {number} layers, expected parameters, inputs and targets: in the course the "
            f"states of several layers are a tuple, one (B, M) each, not an array. Leave it out, and take it apart."
        )


def _architecture(plain: Mapping[str, Any], hand: Convention, of_loss: bool) -> Architecture:
    """Return the architecture that plain names and the shape of the first recurrent weights tell of."""
    family = hand.family
    matches = [re.search(family.depth, str(name)) for name in plain] if family.depth else []
    layers = max((int(match[1]) + 1 - family.first for match in matches if match), default=1)
    both = bool(family.both) and any(re.search(family.both, str(name)) for name in plain)
    found = Architecture(layers=max(layers, 1), bidirectional=both)
    form = in_architecture(hand, found)  # refuses too many layers, or directions that it does not have
    gates = _number_of_gates(plain, form, of_loss) or 1  # whatever is wrong is told where shapes are checked
    kinds = [found._replace(kind=kind) for kind in family.kinds if len(GATES[kind]) == gates]
    if len(kinds) == 1:
        return kinds[0]
    if not any(slot.name in plain for slot in slots(family, kinds[0]) if _of_layers(slot, found)):
        stated = ", ".join(map(repr, (hand.name, *kinds[0])))
        raise ValueError(
            f"The arrays can be {' or '.join(kind.kind for kind in kinds)}, which differ in the bias, and it is "
            f"missing, expected to know which: say it, with conventions.convention({stated}) for {hand.name!r}."
        )
    return next((kind for kind in kinds if _has_the_biases_of(plain, family, kind)), kinds[0])


def _of_layers(slot: Slot, architecture: Architecture) -> bool:
    """Return whether an array is a bias of the recurrent layers."""
    return slot.is_bias and slot.holds[0] != f"b{architecture.layers}"


def _number_of_gates(plain: Mapping[str, Any], form: Convention, of_loss: bool) -> int:
    """Return how many times M rows the first recurrent weights have for M columns; 0 where that cannot be seen.

    `form` is that of an RNN of as many layers and directions. Errors: ValueError for a number that no architecture has.
    """
    known, family = form.derivatives if of_loss else form.slots, form.family
    first = next(slot for slot in known if slot.holds[0] == f"W11{form.architecture.ways[0]}")
    shape = getattr(plain.get(first.name), "shape", ())
    if len(shape) != 2 or 0 in shape:
        return 0
    rows, columns = shape if letters(first.axes)[0].startswith("M") else shape[::-1]  # type: ignore[misc]
    numbers = {len(GATES[kind]): kind for kind in reversed(family.kinds)}
    if rows % columns or rows // columns not in numbers:
        words = ", ".join(
            f"{'×'.join(_times(letter[0], n) for letter in letters(first.axes))} of {numbers[n]}"
            for n in sorted(numbers)
        )
        raise ValueError(
            f"{first.name} has shape {tuple(shape)}, expected {words}: transpose it, or look whether it belongs to "
            f"another convention."
        )
    return rows // columns


def _times(letter: str, gates: int) -> str:
    return f"{gates}M" if letter == "M" and gates > 1 else "M"


def _has_the_biases_of(plain: Mapping[str, Any], family: Family, architecture: Architecture) -> bool:
    """Return whether all biases of an architecture are there, each with its number of axes, and no other."""
    expected = {slot.name: slot for slot in slots(family, architecture) if _of_layers(slot, architecture)}
    known = {slot.name for slot in slots(family, architecture)}
    fits = [getattr(plain.get(n), "ndim", -1) == len(letters(slot.axes)) for n, slot in expected.items()]
    return all(fits) and set(plain) <= known
