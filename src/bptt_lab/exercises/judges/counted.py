"""What t counts in a question: steps in time, or the examples of a batch that know nothing of each other."""

from __future__ import annotations

from bptt_lab.exercises.question import Question


def counts_examples(question: Question) -> bool:
    """Return whether t counts examples: no equation reads another t, and nothing else stands for a batch."""
    network = question.graph.network
    if question.batch or not any(map(network.is_timed, network.shapes)):
        return False
    return all(
        above.time in (None, place.time) for place, parents in question.graph.parents.items() for above in parents
    )


def things(question: Question) -> str:
    """Return what t counts in words."""
    return "examples" if counts_examples(question) else "steps"
