"""Wrong but plausible functions, made from a right one: what it is given or what it returns is changed on the way."""

import numpy as np


def each(change):
    """Return a maker of functions whose results are all changed."""

    def make(right, question):
        def wrong(*arguments):
            found = right(*arguments)
            return tuple(map(change, found)) if isinstance(found, tuple) else change(found)

        return wrong

    return make


def given(change):
    """Return a maker of functions whose arguments are all changed first."""

    def make(right, question):
        return lambda *arguments: right(*(change(np.array(argument)) for argument in arguments))

    return make


def given_where(applies, change):
    """Return a maker of functions in which those arguments are changed first whose formula is of a kind."""

    def make(right, question):
        formulas = list(question.arguments.values())
        which = [applies(formula) for formula in formulas]
        if not any(which):
            return None
        return lambda *a: right(*(change(np.array(x)) if hit else x for x, hit in zip(a, which, strict=True)))

    return make


def when(condition, change=lambda array: 2 * array + 1):
    """Return a maker of functions that are wrong only where a condition on the arguments holds."""

    def make(right, question):
        def wrong(*arguments):
            found = right(*arguments)
            if not condition(arguments):
                return found
            return tuple(map(change, found)) if isinstance(found, tuple) else change(found)

        return wrong

    return make


def axis_of(question, letter):
    """Return (argument, axis) at which a size of the tame instance stands, or None."""
    from bptt_lab.exercises.judges.instances import tables

    arguments = tables(question)[0].arguments
    for k, (name, formula) in enumerate(question.arguments.items()):
        if "(t" in formula and letter == "T":
            return k, 0
        if "(t" in formula and letter == "B" and question.batch and arguments[name].ndim > 1:
            return k, 1
    return None


def written_in(letter):
    """Return a maker of functions that cut an axis at its size in the tame instance: a number written in."""

    def make(right, question):
        from bptt_lab.exercises.judges.instances import tables

        place = axis_of(question, letter)
        if place is None:
            return None
        argument, axis = place
        size = list(tables(question)[0].arguments.values())[argument].shape[axis]

        def wrong(*arguments):
            if arguments[argument].shape[axis] != size:
                raise IndexError(f"{size} written in")
            return right(*arguments)

        return wrong

    return make


def entries_written_in(k):
    """Return a maker of functions that know the last axis of one argument by a number."""

    def make(right, question):
        from bptt_lab.exercises.judges.instances import tables

        arrays = list(tables(question)[0].arguments.values())
        if k >= len(arrays) or arrays[k].ndim < 2:
            return None
        size = arrays[k].shape[-1]

        def wrong(*arguments):
            changed = list(arguments)
            changed[k] = arguments[k].reshape(*arguments[k].shape[:-1], size)
            return right(*changed)

        return wrong

    return make


def is_delta(formula):
    return formula.startswith(("d_", "d1", "d2"))


def is_square(formula):
    return formula.startswith("W11")


def is_target(formula):
    return formula.startswith("y(")


def is_state(formula):
    return formula.startswith("h1") or formula.startswith("a(")


def one_hot(y):
    return (y == y.max(axis=-1, keepdims=True)).astype(float)


def transposed_rows(array):
    """Exchange time and sequences in memory, a reshape with the axes in the wrong order."""
    return array if array.ndim < 3 else array.transpose(1, 0, 2).reshape(array.shape)


def through_double_inverse(array):
    with np.errstate(all="ignore"):
        return array * array / array


def by_the_slope(h):
    with np.errstate(all="ignore"):
        return h * (1 - h**2) / (1 - h**2)


def first_axis(arguments):
    return min(np.shape(a)[0] for a in arguments if np.ndim(a) >= 2)


def all_axes_equal(arguments):
    return len({size for a in arguments for size in np.shape(a)}) == 1 and max(map(np.size, arguments)) > 1


CLIPS = {f"results clipped at {bound}": each(lambda a, b=bound: np.clip(a, -b, b)) for bound in (1, 5, 10, 100)}
DELTA_CLIPS = {
    f"deltas clipped at {bound}": given_where(is_delta, lambda a, b=bound: np.clip(a, -b, b))
    for bound in (1, 5, 10, 100)
}
WRITTEN = {f"{letter} written in": written_in(letter) for letter in "TB"}
ENTRIES = {f"size of argument {k} written in": entries_written_in(k) for k in range(4)}
MAKERS = {
    **CLIPS,
    **DELTA_CLIPS,
    **WRITTEN,
    **ENTRIES,
    "squeezed": each(np.squeeze),
    "arguments squeezed": given(np.squeeze),
    "a last axis more": each(lambda a: np.asarray(a)[..., None]),
    "ravelled": each(np.ravel),
    "complex": each(lambda a: a + 7j),
    "complex without imaginary part": each(lambda a: a + 0j),
    "masked": each(lambda a: np.ma.masked_array(a, mask=True)),
    "objects": each(lambda a: np.asarray(a).astype(object)),
    "text": each(lambda a: np.asarray(a).astype(str)),
    "not a number": each(lambda a: a * np.nan),
    "infinite": each(lambda a: a + np.inf),
    "absolute": each(np.abs),
    "root of the square": each(lambda a: np.sqrt(np.square(a))),
    "negative parts cut": each(lambda a: np.maximum(0, a)),
    "rounded to 6 places": each(lambda a: np.round(a, 6)),
    "rounded to 3 places": each(lambda a: np.round(a, 3)),
    "half precision": each(lambda a: np.asarray(a).astype(np.float16)),
    "single precision": each(lambda a: np.asarray(a).astype(np.float32)),
    "whole numbers": each(lambda a: np.asarray(a).astype(int)),
    "a share added": each(lambda a: a * (1 + 1e-6)),
    "normalised": each(lambda a: a / (np.linalg.norm(a) + 1e-12)),
    "sorted": each(lambda a: np.sort(a, axis=None).reshape(np.shape(a))),
    "reversed": each(lambda a: np.flip(a)),
    "last entry lost": each(lambda a: np.concatenate([np.ravel(a)[:-1], [0.0]]).reshape(np.shape(a))),
    "last step lost": given(lambda a: np.concatenate([a[:-1], 0 * a[-1:]]) if a.ndim > 1 else a),
    "axes exchanged in memory": given(transposed_rows),
    "absolute arguments": given(np.abs),
    "arguments in half precision": given(lambda a: a.astype(np.float16).astype(float)),
    "arguments rounded": given(lambda a: np.round(a, 4)),
    "arguments clipped at 1": given(lambda a: np.clip(a, -1, 1)),
    "sorted sequences": given(lambda a: np.sort(a, axis=1) if a.ndim == 3 else a),
    "different rows only": given(lambda a: np.unique(a, axis=0) if a.ndim > 1 else a),
    "weights made symmetric": given_where(is_square, lambda a: (a + a.T) / 2),
    "targets one-hot": given_where(is_target, one_hot),
    "start state zero": given_where(lambda f: f.endswith(("(0)", "(T+1)")), np.zeros_like),
    "start state of one sequence": given_where(lambda f: f in ("h1(0)", "h1_b(T+1)"), lambda a: a[:1] + 0 * a),
    "divided by a state": given_where(is_state, through_double_inverse),
    "divided by a slope": given_where(lambda f: f in ("h1(t)", "h1_b(t)"), by_the_slope),
    "divided by a delta": given_where(is_delta, through_double_inverse),
    "small ones cut": each(lambda a: np.where(np.abs(a) < 1e-8, 0, a)),
    "wrong for one step": when(
        lambda arguments: first_axis([a for a in arguments if np.ndim(a) == 3] or arguments) == 1
    ),
    "wrong in float32": when(lambda arguments: any(a.dtype == np.float32 for a in arguments)),
    "wrong where sizes are equal": when(all_axes_equal),
    "wrong where zeros are": when(lambda arguments: any((a == 0).any() for a in arguments)),
    "wrong for large numbers": when(lambda arguments: any(np.abs(a).max() > 30 for a in arguments)),
}
