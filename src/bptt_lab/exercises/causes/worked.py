"""The lines of a derivation as the machine writes them: chain rule, immediate derivatives, answer."""

from __future__ import annotations

import math

from bptt_lab.exercises.places import place_of, said
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.scenes import bindings
from bptt_lab.formulas import FormulaError, read, write
from bptt_lab.formulas.tree import Derivative
from bptt_lab.network import Graph, Place
from bptt_lab.network.keeping import kept
from bptt_lab.symbolic import scalar_forms
from bptt_lab.symbolic.scalar_printing import scalar_text

INDICES = "kjmnlpq"


@kept
def worked_lines(question: Question) -> list[str]:
    """Return a whole derivation, one formula a line: the goal, what the machine derives, the answer."""
    found = [question.goal, chain_line(question), _with_slopes(question), question.answer]
    return [line for k, line in enumerate(found) if line and line not in found[:k]]


@kept
def chain_line(question: Question) -> str:
    """Return the chain rule for a question's goal, through what it reaches directly; nothing where it has no such line.

    D(L, x) = sum over the users u of x:  D(L, u) d(u, x)
    """
    goal, shapes = question.goal_tree, question.graph.network.shapes
    if not isinstance(goal, Derivative) or goal.kind == "immediate":
        return ""
    if math.prod(shapes[goal.above.name]) > 1 and not goal.above.entry:
        return ""
    lines = {_chain(question, goal, indices) for indices in bindings(question.spans)}
    return lines.pop() if len(lines) == 1 else ""  # at the last step there are fewer users than before it


def _chain(question: Question, goal: Derivative, indices: dict[str, int]) -> str:
    """Return the chain rule at one choice of the free indices, with its times relative to t where t is free."""
    graph, now = question.graph, indices.get("t")
    start, end = (Place(*place_of(letter, indices)[:2]) for letter in (goal.above, goal.below))
    users = [user for user in graph.users.get(start, ()) if end in _reached(graph, user)]
    return " + ".join(_term(question, goal, user, said(user, now)) for user in users)


def _term(question: Question, goal: Derivative, user: Place, name: str) -> str:
    """Return one path of the chain rule: the derivative by a user times that of the user; over all its entries."""
    below, above = write(goal.below), write(goal.above)
    if user.name == goal.below.name:
        return f"d({name}, {above})"
    size = math.prod(question.graph.network.shapes[user.name])
    if size == 1:
        return f"D({below}, {name})*d({name}, {above})"
    known = {*question.spans, *question.language.letters}
    k = next(index for index in INDICES if index not in known)
    return f"sum({k}, 1, {size}, D({below}, {name}[{k}])*d({name}[{k}], {above}))"


def _reached(graph: Graph, start: Place) -> set[Place]:
    """Return every place that depends on one, itself among them; the loss of a step is part of the loss."""
    found, waiting = set(), [start]
    while waiting:
        place = waiting.pop()
        if place not in found:
            found.add(place)
            waiting.extend(graph.users.get(place, ()))
    loss = graph.network.loss
    return found | {Place(loss) for place in found if place.name == loss}


def _with_slopes(question: Question) -> str:
    """Return the chain rule with its immediate derivatives put in, where the goal is one number by one number."""
    goal, graph = question.goal_tree, question.graph
    if question.spans or not chain_line(question) or (goal.below.name, goal.below.time) != (graph.network.loss, None):
        return ""
    name, time, entry = place_of(goal.above, {"T": graph.T})
    text = scalar_text(scalar_forms.scalar_form(graph, name, time, entry or None))
    try:
        read(text, question.language)
    except FormulaError:
        return ""
    return text
