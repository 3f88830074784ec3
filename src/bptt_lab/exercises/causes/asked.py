"""Whether a formula reads what is asked for: then it is no answer, and no correction of one."""

from __future__ import annotations

from bptt_lab.exercises.question import Question
from bptt_lab.exercises.scenes import bindings, scene_of
from bptt_lab.formulas.tree import Derivative, Letter, Tree, walk
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.values import Read


def is_the_question(tree: Tree, question: Question) -> bool:
    """Return whether a formula reads what is asked for, in whatever spelling, where no form of the author's does."""
    if not isinstance(question.goal_tree, Derivative | Letter):
        return any(part == question.goal_tree for part in walk(tree))
    scene, forms = (
        scene_of(worlds.float_worlds(question.graph)[0]),
        [question.tree(form) for form in (question.answer, *question.same)],
    )
    for indices in bindings(question.spans):
        (asked,) = scene.places_read(question.goal_tree, **indices)
        known = frozenset().union(*(scene.places_read(form, **indices) for form in forms))
        if any(_is_part(one, asked, question) for one in scene.places_read(tree, **indices) - known):
            return True
    return False


def _is_part(one: Read, other: Read, question: Question) -> bool:
    """Return whether one is the other, one entry or one step of it, or it in the other layout."""
    entries = {one.above[2], other.above[2]}
    if one.kind == other.kind == "value":
        return one.above[:2] == other.above[:2] and (len(entries) == 1 or () in entries)
    if "value" in (one.kind, other.kind) or "immediate" in (one.kind, other.kind):
        return one == other
    loss = question.graph.network.loss
    is_below = one.below == other.below or one.below[0] == other.below[0] == loss  # type: ignore[index]
    return is_below and one.above[:2] == other.above[:2] and (len(entries) == 1 or () in entries)
