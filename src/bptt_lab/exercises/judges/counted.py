"""What t counts in a question: steps in time, or the examples of a batch that know nothing of each other."""

from __future__ import annotations

import re

from bptt_lab.exercises.causes.cause import Cause
from bptt_lab.exercises.places import listed, without_time
from bptt_lab.exercises.question import Question

# what is said of steps, and how the same is said of examples; in this order
OF_EXAMPLES = (
    (
        re.compile(r"(\w+)\(t[+-]\d+\), (?:one|two) steps? (?:later|earlier) than the forward pass used it"),
        r"\1 of another example than the forward pass used",
    ),
    (re.compile(r"\bthe paths? through ((?:\w+\(\d+\)(?:, | and )?)+)(?=[. ])"), None),
    (re.compile(r"\bT = 1\b"), "a single example"),
    (re.compile(r"\bT = (\d+)"), r"\1 examples"),
    (re.compile(r"\bshort sequences\b"), "few examples"),
    (re.compile(r"\ba longer one, drawn anew\b"), "more of them, drawn anew"),
    (re.compile(r"\b(?:at|over) the (first|last) step\b"), r"for the \1 example"),
    (
        re.compile(r"\bAt which step is (\w+) used first, and at which last\?"),
        r"Over which examples is the derivative by \1 a sum?",
    ),
    (re.compile(r"\bAt how many steps\b"), "For how many examples"),
    (re.compile(r"\bat step (\d+)"), r"for example \1"),
    (re.compile(r"\bof step (\d+)"), r"of example \1"),
    (re.compile(r"\bstep(s?)\b"), r"example\1"),
)
PLACE = re.compile(r"\w+\((\d+)\)")


def counts_examples(question: Question) -> bool:
    """Return whether t counts examples: no equation reads another t, and nothing else stands for a batch."""
    network = question.graph.network
    if question.batch or not any(map(network.is_timed, network.shapes)):
        return False
    read = ((place.time, above.time) for place, parents in question.graph.parents.items() for above in parents)
    return all(above in (None, now) for now, above in read)


def things(question: Question) -> str:
    """Return what t counts in words."""
    return "examples" if counts_examples(question) else "steps"


def said(question: Question, words: str) -> str:
    """Return words about steps as they are, or of examples where t counts those."""
    return _of_examples(words) if counts_examples(question) else words


def cause_said(question: Question, cause: Cause) -> Cause:
    """Return a cause in words of steps, or of examples where t counts those."""
    return cause._replace(**{part: said(question, getattr(cause, part)) for part in ("right", "says", "asks")})  # type: ignore[arg-type]


def axes_asked(question: Question) -> str:
    """Return the question that leads on where a shape is wrong."""
    if counts_examples(question):
        return "Which axis are the examples, which the entries, and over which is added up?"
    sequences = "which are the sequences, " if question.batch else ""
    return f"Which axis is time, {sequences}which the entries?"


def _of_examples(words: str) -> str:
    for pattern, instead in OF_EXAMPLES:
        words = pattern.sub(instead or _shares, words)
    return without_time(words[:1].upper() + words[1:])


def _shares(paths: re.Match) -> str:
    """Return 'the share of example 5' for 'the path through u(5)'."""
    numbers = list(dict.fromkeys(PLACE.findall(paths[1])))
    end = "" if paths[1].rstrip() == paths[1] else " "
    return f"the share{'s' * (len(numbers) > 1)} of example{'s' * (len(numbers) > 1)} {listed(numbers)}{end}"
