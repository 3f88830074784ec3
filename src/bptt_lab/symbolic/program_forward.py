"""The two functions of a NumPy module that compute a network: one for its arrays, one for what is asked of them."""

from __future__ import annotations

from bptt_lab.formulas.times import NOW
from bptt_lab.symbolic.program_arrays import Arrays, end
from bptt_lab.symbolic.program_lines import INDENT, dictionary, function, stands
from bptt_lab.symbolic.program_pieces import forward_pieces
from bptt_lab.symbolic.program_schedule import scheduled
from bptt_lab.symbolic.row_code import is_batched, name_of


def run_function(arrays: Arrays) -> list[str]:
    """Return the lines of the function that computes every array."""
    network, pad = arrays.network, arrays.pad
    lines = [*arrays.sizes(), *_refusal(network.fewest_steps)]
    lines += [f'{name_of(name)} = v["{name}"]' for name in network.parameters]
    for name in network.inputs:
        steps = arrays.whole.at(name_of(name), NOW)
        lines += [*arrays.zeros(name), f'{name_of(name)}{steps} = v["{name}"].reshape(T, batch, -1)']
        lines += [f'{arrays.place(name, end(key))} = v["{key}"]' for key in arrays.ends(name)]
    for name in (name for name, one in network.equations.items() if one.timed):
        lines += arrays.zeros(name)
        lines += [f"{arrays.place(name, end(key))} = {_state(arrays, name, key)}" for key in arrays.ends(name)]
    lines += scheduled(arrays, forward_pieces(network))
    lines += dictionary([f'"{name_of(name)}": {name_of(name)}' for name in (*network.inputs, *network.equations)])
    where = f"array[t{f' + {pad - 1}' if pad > 1 else ''}]"
    says = f"Return every array, by name; of those made of zeros first, {where} is step t, states stand beside it."
    return function("run(v)", says, lines)


def _refusal(fewest: int) -> list[str]:
    if fewest == 1:
        return []
    return [f"if T < {fewest}:", f'{INDENT}raise ValueError("This network needs {fewest} steps or more.")']


def _state(arrays: Arrays, name: str, key: str) -> str:
    """Return the code of a state that is given, zero where it is missing."""
    given = f'v.get("{key}", 0.0)'
    return given if arrays.network.shapes[name] else f"np.reshape({given}, (-1, 1))"


def forward_function(arrays: Arrays) -> list[str]:
    """Return the lines of the function that gives every quantity."""
    network, loss, lines = arrays.network, arrays.network.loss, []
    for key, one in arrays.given.written.items():
        rows, array = arrays.whole if one.index == NOW else arrays.at_step, f'found["{name_of(one.name)}"]'
        array += rows.at(name_of(one.name), one.index) if one.timed else ""
        is_number = not network.shapes[one.name]
        if key == loss:
            if one.index == NOW:
                lines.append(f'{INDENT}"{key}[t]": {array}[..., 0],')
            lines.append(f'{INDENT}"{key}": found["{name_of(loss)}"].sum(),')
        else:
            code = f"{array}[..., 0]" if is_batched(network, one.name) else f"np.squeeze({array})"
            lines.append(f'{INDENT}"{key}": {code if is_number else array},')
    says = "Return every quantity by name, and the total loss."
    sizes = [f'T = len(v["{network.inputs[0]}"])'] if stands("T", lines) else []
    return function("forward(v)", says, [*sizes, "found = run(v)", "return {", *lines, "}"])
