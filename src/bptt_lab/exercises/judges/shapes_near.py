"""Of which quantity of its network a wrong shape is: told where it is of one only."""

from __future__ import annotations

from collections.abc import Iterator

from bptt_lab.exercises.question import Question
from bptt_lab.formulas.tree import Derivative
from bptt_lab.network import Network

Sizes = tuple[int | str, ...]


def goal_shape(question: Question) -> Sizes:
    """Return the shape of what is asked for, in numerator layout or as a gradient, in the question's letters."""
    goal, shapes = question.goal_tree, question.graph.network.shapes
    return _called(_laid(_below(question), shapes[goal.above.name], goal.kind == "gradient"), question)


def told_of_shape(question: Question, given: Sizes) -> tuple[str, str]:
    """Return what is right and what is wrong of a shape with as many indices as it has, or with one too many.

    The first of a nearer kind is told; of two of one kind none is, and nothing where no quantity has the shape.
    """
    if same_shape(given, goal_shape(question)):
        return "", ""
    for one in (_of_the_quantity_itself, _of_other_quantities, _of_other_layouts, _of_slabs, _of_readings):
        known = ((words, _called(shape, question)) for words, shape in one(question))
        found = list(dict.fromkeys(words for words, shape in known if same_shape(shape, given)))
        if found:
            return "", found[0] if len(found) == 1 else _vector(question, given) or _led_on_alike(question, given)
    return _one_too_many(question, given) or ("", _vector(question, given))


def _led_on_alike(question: Question, given: Sizes) -> str:
    """Return the question that leads on for a shape with as many indices as wanted: what agrees of it may be chance."""
    return led_on(question) if len(given) == len(question.shape) else ""  # type: ignore[arg-type]


def led_on(question: Question) -> str:
    """Return the question that leads on where nothing more is known of a wrong shape."""
    if question.goal and not _below(question) and len(question.shape) == 2:  # type: ignore[arg-type]
        return "How many rows has the matrix by which one differentiates, and how many columns?"
    return "Which size belongs to what is differentiated, and which to what it is differentiated by?"


def same_shape(one: Sizes, other: Sizes) -> bool:
    """Return whether two shapes are the same; a column may be written with one index."""
    return _plain(one) == _plain(other)


def _plain(shape: Sizes) -> Sizes:
    return shape[:1] if len(shape) == 2 and shape[1] == 1 else shape


def _laid(below: Sizes, above: Sizes, is_gradient: bool) -> Sizes:
    """Return the shape of a derivative: outputs as they are, inputs transposed; a gradient is as its quantity."""
    if is_gradient:
        return above
    turned = above[::-1] if len(above) == 2 else above
    return (*below, *turned) if below or len(above) == 2 else (1, *turned)


def _below(question: Question) -> Sizes:
    """Return the shape of what is differentiated, () for a number."""
    name = question.goal_tree.below.name
    return () if name == question.graph.network.loss else _vector_of(question.graph.network, name)


def _vector_of(network: Network, name: str) -> Sizes:
    shape = network.shapes[name]
    return () if shape == (1,) else shape


def _others(question: Question) -> list[str]:
    """Return all quantities but the goal's own, targets and what is a number."""
    network = question.graph.network
    away = {question.goal_tree.above.name, network.loss}
    known = [name for name in network.shapes if name not in away and _vector_of(network, name)]
    return [name for name in known if name in network.equations or not _is_target(network, name)]


def _is_target(network: Network, name: str) -> bool:
    """Return whether a given quantity is read by the loss alone."""
    return {user for user, _ in network.uses[name]} == {network.loss}


def _of_the_quantity_itself(question: Question) -> Iterator[tuple[str, Sizes]]:
    """Yield the goal in the other layout; of the derivative of a vector its variable, or that of one number."""
    above, is_gradient = question.goal_tree.above.name, question.goal_tree.kind == "gradient"
    shape = question.graph.network.shapes[above]
    if _below(question):
        yield f"That is the shape of {above} itself. What is differentiated has sizes too.", shape
        yield f"That is the shape of the derivative of one number by {above}.", _laid((), shape, False)
    else:
        yield "Its order is not right: this is the shape of the transpose.", _laid((), shape, not is_gradient)


def _of_other_quantities(question: Question) -> Iterator[tuple[str, Sizes]]:
    goal, shapes = question.goal_tree, question.graph.network.shapes
    for name in _others(question):
        yield _words(goal, name, goal.kind), _laid(_below(question), shapes[name], goal.kind == "gradient")


def _of_other_layouts(question: Question) -> Iterator[tuple[str, Sizes]]:
    goal, shapes = question.goal_tree, question.graph.network.shapes
    if not _below(question):
        kind = "total" if goal.kind == "gradient" else "gradient"
        for name in _others(question):
            yield _words(goal, name, kind), _laid((), shapes[name], kind == "gradient")


def _words(goal: Derivative, name: str, kind: str) -> str:
    what = "gradient" if kind == "gradient" else "derivative"
    return f"That is the shape of the {what} of {goal.below.name} by {name}, not by {goal.above.name}."


def _of_slabs(question: Question) -> Iterator[tuple[str, Sizes]]:
    """Yield the derivatives of vectors by the goal's own matrix: a slab for each entry."""
    network, above = question.graph.network, question.goal_tree.above.name
    for user in {user for user, _ in network.uses[above]} if not _below(question) else ():
        if _vector_of(network, user) and len(network.shapes[above]) == 2:
            words = f"That is the shape of the derivative of {user} by {above}: a slab for each entry of {user}."
            yield (
                f"{words} {question.goal_tree.below.name} is one number.",
                _laid(network.shapes[user], network.shapes[above], False),
            )


def _of_readings(question: Question) -> Iterator[tuple[str, Sizes]]:
    """Yield the immediate derivatives of one vector by another that it reads."""
    network, goal = question.graph.network, question.goal_tree
    for name in [goal.above.name, *_others(question)] if _below(question) else ():
        for user in {user for user, _ in network.uses[name]}:
            if _vector_of(network, user) and len(network.shapes[name]) == 1:
                words = f"That is the shape of the derivative of {user} by {name}"
                yield (
                    f"{words}, not of {goal.below.name} by {goal.above.name}.",
                    _laid(network.shapes[user], network.shapes[name], False),
                )


AXES = {"T": "steps", "B": "sequences"}


def _one_too_many(question: Question, given: Sizes) -> tuple[str, str] | None:
    """Return what is said of a shape that has an axis for steps or sequences besides the sizes wanted."""
    wanted = goal_shape(question)
    for axis, rest in ((given[:1], given[1:]), (given[-1:], given[:-1])):
        if len(given) == len(wanted) + 1 and rest == wanted:
            right = f"The sizes {', '.join(map(str, rest))} are right."
            if axis[0] in AXES and not _below(question):
                return right, f"There is no axis for the {AXES[axis[0]]}: their shares are added."
            return right, f"There is one index too many: the one of size {axis[0]}."
    return None


def _vector(question: Question, given: Sizes) -> str:
    """Return what is said of a column or a row where a matrix is asked about."""
    above = question.goal_tree.above.name
    if _below(question) or len(question.graph.network.shapes[above]) != 2 or len(given) != 2 or given.count(1) != 1:
        return ""
    what = "column" if given[1] == 1 else "row"
    return f"That is the shape of a {what}. The derivative is taken by a matrix, with rows and columns."


def _called(shape: Sizes, question: Question) -> Sizes:
    """Return a shape with letters for the sizes that a question calls by letters: those of `called`."""
    shapes = question.graph.network.shapes
    letters = {shapes[name][0]: letter for name, letter in question.called.items()}
    return tuple(letters.get(size, size) for size in shape)  # type: ignore[arg-type]
