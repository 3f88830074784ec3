"""The kinds of questions: one object each, with what it needs, how an answer is checked, shown, solved and proven.

Whatever treats kinds differently reads this table: a new kind is a new row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from bptt_lab.exercises.causes.worked import worked_lines
from bptt_lab.exercises.feedback import Feedback
from bptt_lab.exercises.judges.derivation import judge_derivation
from bptt_lab.exercises.judges.formula import judge_formula, prove_formula
from bptt_lab.exercises.judges.function import goals_of, judge_function, prove_function
from bptt_lab.exercises.judges.short_answer import (
    judge_choice,
    judge_number,
    judge_shape,
    prove_choice,
    prove_number,
    prove_shape,
)
from bptt_lab.exercises.outcomes import CANNOT_READ
from bptt_lab.exercises.question import Question
from bptt_lab.formulas import Style, latex, read
from bptt_lab.formulas.tree import Relation

LONGEST_SHOWN = 300  # characters of an answer that is set as a formula


class Kind(NamedTuple):
    """One kind: the keys that a question `needs`, and functions of a question.

    `check(question, answer)` judges any object; `show` lists what stands below the task, `solution` is one right
    answer, both in Markdown; `read` is what was read of a text, in LaTeX. `prove` lists what is wrong with the question
    itself; `goals` are the derivatives it is about, as questions for formulas, which are proven too.
    """

    needs: tuple[str, ...]
    check: Callable[[Question, object], Feedback]
    show: Callable[[Question], list[str]]
    solution: Callable[[Question], str]
    prove: Callable[[Question], list[str]] = lambda question: []
    goals: Callable[[Question], list[Question]] = lambda question: []
    read: Callable[[Question, str], str] = lambda question, text: ""


def _of_formula(
    judge: Callable[[Question, str], Feedback],
    show: Callable,
    prove: Callable,
    solution: Callable[[Question], str] | None = None,
) -> Kind:
    """Return a kind whose answer is a formula in quotes."""

    def check(question: Question, answer: object) -> Feedback:
        if not isinstance(answer, str):
            return Feedback(question.id, CANNOT_READ, cause="The answer is a formula: put it in quotes.")
        return judge(question, answer)

    return Kind(
        ("network", "goal", "answer"), check, show, solution or _formula, prove, lambda question: [question], _read
    )


def _read(question: Question, text: str) -> str:
    """Return what was read of a formula, in LaTeX (errors: FormulaError); nothing for what fills more than a line."""
    if len(text) > LONGEST_SHOWN or "\n" in text.strip():
        return ""
    return latex(read(text, question.language, relation=True), _style(question))


def _formula(question: Question) -> str:
    """Return the solution of a question for a formula."""
    shown = latex(question.tree(question.answer), _style(question))
    return f", one right answer:\n\n$$\\displaystyle {shown}$$\n\n`{question.answer}`"


def _lines(question: Question) -> str:
    """Return the solution of a derivation: all its lines, as they are typed."""
    first, *others = worked_lines(question)
    lines = "\n".join([first, *(f"= {line}" for line in others)])
    return f"{_formula(question)}\n\nLine by line:\n\n```\n{lines}\n```"


def _code(question: Question) -> str:
    """Return the solution of a question for a function."""
    return f", one right answer:\n\n```python\n{question.answer.strip()}\n```"


def _shown(example: str, question: Question) -> list[str]:
    """Return what is shown below a task: a printed line to be mended, the letters allowed, an example of an answer."""
    letters = ", ".join(f"`{name}`" for name in question.letters)
    return [
        *([_printed(question)] if question.printed else []),
        *([f"Letters you may use: {letters}."] if letters else []),
        example.format(id=question.id, times=times_said(question) if "{times}" in example else ""),
    ]


def times_said(question: Question) -> str:
    """Return how times are written, where a letter that may be used has one."""
    return ", times stand as in `h1(t-1)`" if question.has_times else ""


def _printed(question: Question) -> str:
    relation = Relation("=", question.goal_tree, question.tree(question.printed))
    return f"$$\\displaystyle {latex(relation, _style(question))}$$"


def _first_line(example: str, question: Question) -> list[str]:
    """Return what is shown below the task of a derivation: its left side first."""
    goal = latex(question.goal_tree, _style(question))
    return [f"$$\\displaystyle {goal} = \\dots$$", *_shown(example, question)]


def _choices(example: str, question: Question) -> list[str]:
    """Return what is shown below a task: what there is to choose from first."""
    return [*(f"({key}) {words}" for key, words in question.choices.items()), *_shown(example, question)]


def _style(question: Question) -> Style:
    """Return the course's hand, products told apart by shapes; a network of single numbers is written plain."""
    shapes = question.graph.network.shapes
    single = frozenset(name for name, shape in shapes.items() if all(size == 1 for size in shape))
    return Style(numbers=single if len(single) == len(shapes) else frozenset(), shapes=shapes)


LINE = 'Answer: `ex("{id}").check("…")` with a formula in quotes; products need `*`{times}.'
MATRIX = 'Answer: `ex("{id}").check("…")` with a formula in quotes; `@` multiplies matrices, `.T` transposes.'
DERIVATION = "Answer: `%%derive {id}` at the top of a cell, then a formula a line; `D`, `d` may stand on the way."
FUNCTION = 'Answer: write the function in a cell, then `ex("{id}").check(its_name)`.'
SHAPE = 'Answer: `ex("{id}").check(shape=(…, …))`.'
NUMBER = 'Answer: `ex("{id}").check(…)` with a number.'
CHOICE = 'Answer: `ex("{id}").check("…")` with a letter.'
KINDS: Mapping[str, Kind] = {
    "line": _of_formula(judge_formula, partial(_shown, LINE), prove_formula),
    "matrix": _of_formula(judge_formula, partial(_shown, MATRIX), prove_formula),
    "derivation": _of_formula(
        judge_derivation,
        partial(_first_line, DERIVATION),
        partial(prove_formula, judge=partial(judge_derivation, is_end=True)),
        _lines,
    ),
    "function": Kind(
        ("network", "arguments", "returns", "answer"),
        judge_function,  # type: ignore[arg-type]
        partial(_shown, FUNCTION),
        _code,
        prove_function,
        goals_of,
    ),
    "shape": Kind(("shape",), judge_shape, partial(_shown, SHAPE), lambda question: f": {question.shape}", prove_shape),
    "number": Kind(
        ("number",), judge_number, partial(_shown, NUMBER), lambda question: f": {question.number}", prove_number
    ),
    "choice": Kind(
        ("choices",), judge_choice, partial(_choices, CHOICE), lambda question: f": {question.right}", prove_choice
    ),
}
