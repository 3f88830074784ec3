"""The function of a NumPy module that computes every gradient of a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bptt_lab.formulas.times import NOW, Index
from bptt_lab.formulas.tree import Over
from bptt_lab.symbolic.program_arrays import Arrays, end
from bptt_lab.symbolic.program_lines import INDENT, function, own, stands
from bptt_lab.symbolic.program_pieces import backward_pieces, gradient_terms
from bptt_lab.symbolic.program_schedule import scheduled
from bptt_lab.symbolic.row_code import name_of, summed


def gradients_function(arrays: Arrays) -> list[str]:
    """Return the lines of the function that computes every gradient."""
    network = arrays.network
    body = scheduled(arrays, backward_pieces(network, lambda name: _times_of_ends(arrays, name)), "d_")
    body += [line for name in network.parameters for line in _parameter(arrays, name)]
    lines = [*(arrays.sizes() if stands("T", body) or stands("batch", body) else []), "found = run(v)"]
    lines += [f'{name_of(name)} = v["{name}"]' for name in network.parameters if stands(name_of(name), body)]
    kept = [name_of(name) for name in (*network.inputs, *network.equations)]
    lines += [f'{name} = found["{name}"]' for name in kept if stands(name, body)]
    says = "Return the gradient of the total loss by every value, in its shape."
    return function("gradients(v)", says, [*lines, *body, "return {", *_returned(arrays, body), "}"])


def _times_of_ends(arrays: Arrays, name: str) -> list[Index]:
    computed = [one.index for one in arrays.network.boundary_equations.values() if one.name == name]
    return [*map(end, arrays.ends(name)), *computed]


def _parameter(arrays: Arrays, name: str) -> Iterator[str]:
    """Yield the lines of the gradient by what is given and has no time."""
    left, is_first = f"d_{name_of(name)}", True
    for sign, term in gradient_terms(arrays.network, name):
        is_over = isinstance(term, Over)
        value = (arrays.whole if is_over else arrays.at_step).of(term.body if is_over else term)  # type: ignore[union-attr]
        for code in summed(value, is_over, arrays.network, name):
            first = f"{left} = {own(code)}" if sign > 0 else f"{left} = -({code})"
            yield first if is_first else f"{left} {'+' if sign > 0 else '-'}= {code}"
            is_first = False
    if is_first:
        yield f'{left} = np.zeros_like(v["{name}"])'


def _returned(arrays: Arrays, body: Sequence[str]) -> Iterator[str]:
    """Yield the items of the dictionary returned: the gradients by parameters, inputs and states that are given."""
    network = arrays.network
    for name in network.parameters:
        yield f'{INDENT}"{name}": d_{name_of(name)},'
    for name in network.inputs:
        array = f"d_{name_of(name)}"
        code = f"{array}{arrays.whole.at(array, NOW)}" if stands(array, body) else f'0 * v["{name}"]'
        yield f'{INDENT}"{name}": {code}.reshape(v["{name}"].shape),'
    for key in arrays.boundaries:
        name = key.partition("[")[0]
        number = "" if network.shapes[name] else "[..., 0]"
        yield f'{INDENT}"{key}": {arrays.place(name, end(key), "d_")}{number},'
