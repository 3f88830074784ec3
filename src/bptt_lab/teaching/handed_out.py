"""What a student gets of a question: how it is asked and read, and nothing by which it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bptt_lab.exercises.question import Question
from bptt_lab.formulas.tree import Derivative, Letter

PLAIN = ("kind", "network", "sizes", "T", "letters", "ranges", "goal", "choices", "arguments")


def table(question: Question) -> dict[str, object]:
    """Return what is handed out of a question, as plain Python; a key that says nothing is left out."""
    found: dict[str, object] = {"kind": question.kind}
    if question.network:
        network = question.graph.network
        found |= {"network": network.text, "sizes": dict(network.sizes), "T": question.graph.T}
    if question.goal and question.answer:
        found["goal"] = _goal(question)
    found["letters"], found["choices"] = list(question.letters), dict(question.choices)
    found["ranges"] = {name: list(ends) for name, ends in question.ranges.items()}
    found["arguments"] = list(question.arguments)
    return {key: value for key, value in found.items() if value}


def _goal(question: Question) -> str:
    """Return what is asked for where that is no answer itself; of any other formula only its indices."""
    if isinstance(question.goal_tree, (Derivative, Letter)):
        return question.goal
    return " ".join(question.language.asked)


def grade_id(question: str, role: str) -> str:
    """Return nbgrader's id of a cell: of the task, the answer or the check of a question."""
    return f"bptt-{question.replace('.', '-')}-{role}"


def question_of(name: str, data: Mapping[str, Any]) -> Question:
    """Return a question that can be read with, and not judged (errors: TypeError, QuestionError for other data)."""
    known = {key: value for key, value in data.items() if key in PLAIN}
    lists = {key: tuple(known.get(key, ())) for key in ("letters",)}
    arguments = {name: "" for name in known.get("arguments", ())}
    ranges = {name: tuple(ends) for name, ends in known.get("ranges", {}).items()}
    return Question(name, task="", **{**known, **lists, "arguments": arguments, "ranges": ranges})


def equations(question: Question) -> tuple[str, dict[str, int | tuple], int]:
    """Return the text of a question's network, the sizes that it gives, and its number of steps."""
    network = question.graph.network
    return network.text.strip("\n"), dict(network.sizes), question.graph.T


def network_shown(question: Question) -> tuple[str, str]:
    """Return a line of sizes and steps, and the equations of a question's network in the language of the answers."""
    text, sizes, T = equations(question)
    steps = f", T = {T}" if is_timed(question) else ""
    numbers = all(size in (1, ()) for size in sizes.values())
    named = "all numbers" if numbers else "sizes " + ", ".join(f"{name} {size}" for name, size in sizes.items())
    return f"The network ({named}{steps}):", text


def is_timed(question: Question) -> bool:
    """Return whether anything in a question's network has a time."""
    network = question.graph.network
    return any(map(network.is_timed, network.shapes))


__all__ = ["equations", "grade_id", "is_timed", "network_shown", "question_of", "table"]
