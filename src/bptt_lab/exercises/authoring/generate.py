"""Questions made from the forward equations of any network: nobody writes their tasks, answers or hints."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any
from zlib import crc32

from bptt_lab.exercises.authoring.proof import CONFUSED, prove
from bptt_lab.exercises.authoring.spelling import Code, Unspeakable, gradient_form, spell, spell_entry
from bptt_lab.exercises.mistakes.uses import influenced
from bptt_lab.exercises.places import listed, said, said_now
from bptt_lab.exercises.question import Question, QuestionError
from bptt_lab.formulas import FormulaError, Language, write
from bptt_lab.formulas import tree as formulas
from bptt_lab.formulas.times import NOW, Index, index_of
from bptt_lab.formulas.tree import Tree
from bptt_lab.network import Graph, Network, NetworkError, Place
from bptt_lab.network.expressions import children, names
from bptt_lab.network.graph import MOST_PATHS
from bptt_lab.network.shapes import Shape
from bptt_lab.symbolic import vectors
from bptt_lab.waiting import line

STEPS_TO_COUNT = (3, 2)
KEYS, FEWEST_CHOICES = "abcdef", 3
MOST_COUNTED = 60  # more paths than that are no question but a chore
LONGEST_LINE, LONGEST_FORMULA = 130, 200  # letters of an answer that a student is asked to type
LONGEST_PROGRESS = 70  # letters of the words about progress
MORE_STEPS = 2  # how many more steps than asked for are tried where an instance cannot tell mistakes apart
SECTIONS = {
    "text": "1. The text is all",
    "paths": "2. Where a state goes",
    "derivation": "3. What the machine derives",
    "code": "4. From the lines to NumPy",
}

Data = dict[str, Any]
NOTEBOOK = "18"  # whose questions they are


def on_screen(words: str) -> None:
    """Show how far the making is, on a terminal or below a cell: one line, which the next replaces and "" removes."""
    line.say(words)
    if sys.stderr.isatty():
        print(f"\r{words:<{LONGEST_PROGRESS}}", end="\n" if not words else "", file=sys.stderr, flush=True)


def questions_for(
    text: str,
    sizes: Mapping[str, int | Shape],
    T: int = 4,
    notebook: str = NOTEBOOK,
    *,
    first: int = 1,
    tell: Callable[[str], None] = on_screen,
) -> list[Question]:
    """Return questions about a network, from its equations alone: in rising difficulty, each of them proven.

    In this order: the shape of a gradient, what a quantity influences, its number of paths, a line, a matrix formula,
    the gradient by a shared weight, a NumPy function. What a network has no form for is left out; so is a question
    whose proof fails for T steps and for up to two more. `first` is the number of the first one, so that questions
    about several networks can stand side by side; `tell` hears what is being proven, and "" at the end.
    Errors: NetworkError for equations that cannot be read.
    """
    network = Network(text, sizes=sizes)
    if not network.is_general:
        one = next(one for one in network.written.values() if not one.is_general)
        what = f"{one.name}[{one.index}] is computed at one step only, and no questions are made about that."
        raise NetworkError(what, "Write equations that hold at every step, or without a time.", one.position)
    numbers, found = count(first), []
    common = {"network": text, "sizes": dict(sizes), "T": network.unroll(T).T}
    for make, kind in MAKERS.items():
        tell(f"{len(found)} questions made; proving one about {kind}")
        question = _first_proven({**common, **data, "id": f"{notebook}.0"} for data in _tried(make, network))
        if question is not None:
            found.append(replace(question, id=f"{notebook}.{next(numbers)}"))
    tell("")
    return found


def _tried(make: Callable[[Network], Iterator[Data]], network: Network) -> Iterator[Data]:
    """Yield the candidates of one kind, until one cannot be put into words."""
    try:
        yield from make(network)
    except NetworkError:
        return


def _first_proven(candidates: Iterator[Data]) -> Question | None:
    for data in candidates:
        section = f"{data['id'].partition('.')[0]} · {SECTIONS[data['section']]}"
        for more in range(MORE_STEPS + 1):
            question = Question(**{**data, "section": section, "T": data["T"] + more})
            troubles = _troubles(question)
            if not troubles:
                return question
            if not all(trouble.startswith(CONFUSED) for trouble in troubles):
                break  # more steps mend an instance that hides mistakes, nothing else
    return None


def _troubles(question: Question) -> list[str]:
    try:
        return prove(question)
    except (QuestionError, FormulaError, NetworkError) as error:
        return [str(error)]


# What is asked about


def _hidden(network: Network) -> list[str]:
    """Return the computed quantities between input and loss: first those felt at other steps, then by their uses."""
    found = [name for name in network.equations if name != network.loss and network.loss in influenced(network, name)]

    def rank(name: str) -> tuple[bool, int]:
        indices = [index for _, index in network.uses[name] if index is not None]
        return not any(index.shift and index.start == "t" for index in indices), -len(network.uses[name])

    return sorted(found, key=rank)


def _is_plain(network: Network) -> bool:
    return all(size == 1 for shape in network.shapes.values() for size in shape)


def _influenced(network: Network, name: str) -> list[str]:
    """Return what a quantity influences directly, as a student writes it: o(t), a(t+1)."""
    found = network.influences(name)
    places = [said(place) for place in found]
    fixed = [place.missing_when.startswith("t is not") for place in found]
    ends = [place.missing_when.removeprefix("t is not ") for place in found]
    return list(
        dict.fromkeys(
            f"{words} (at t = {end} only)" if is_fixed else words
            for words, is_fixed, end in zip(places, fixed, ends, strict=True)
        )
    )


def _through(network: Network, name: str) -> str:
    """Return the hint that names the ways to the loss."""
    return f"{said_now(network, name)} reaches the loss through {listed(_influenced(network, name))}."


def _letters(network: Network, answer: str, with_deltas: bool) -> tuple[str, ...]:
    """Return the letters of an answer in their order; a delta goes by both of its names where they are one number."""
    language = Language(network)
    found = [word for word in re.findall(r"[A-Za-z]\w*", answer) if word in language.letters]
    deltas = [f"d{word[3:]}" for word in found if with_deltas and word.startswith("d_a")]
    known = [word for word in deltas if word in language.letters and language.letters[word].kind == "total"]
    return tuple(dict.fromkeys([*found, *known]))


# The kinds of questions


def _shape(network: Network) -> Iterator[Data]:
    """Yield the question for the shape of a gradient: told by what the matrix meets and makes."""
    for name in _matrices(network):
        user, shape = network.uses[name][0][0], network.shapes[name]
        equation = network.equation(user)
        met = [said(Place(use.name, use.index)) for one in _factors(equation.expression, name) for use in names(one)]
        if not met or shape[0] == shape[1]:
            continue
        named = dict.fromkeys([user, *_columns(network, user)])
        sizes = [f"`{one}` has {(*network.shapes[one], 1)[0]}" for one in named]
        yield {
            "kind": "shape",
            "section": "text",
            "task": f"`{equation.source}`. Entries: {listed(sizes)}. Which shape has the gradient of the loss by "
            f"`{name}`?",
            "shape": shape,
            "goal": f"grad({network.loss}, {name})",
            "hints": (
                f"What does {name} multiply, and what is the product a part of?",
                f"{name} multiplies {listed(met)} and helps to make {said_now(network, user)}.",
                "Rule: a gradient has the shape of its parameter; a matrix has a row for each entry that it makes and "
                "a column for each that it takes.",
            ),
        }


def _matrices(network: Network) -> list[str]:
    """Return the matrices among the parameters: first those that meet a quantity of another step."""
    found = [name for name in network.parameters if len(network.shapes[name]) == 2]

    def is_recurrent(name: str) -> bool:
        equations = (network.equation(user).expression for user, _ in network.uses[name])
        met = [one for expression in equations for one in _factors(expression, name)]
        return any(use.index and use.index.shift for one in met for use in names(one))

    return sorted(found, key=lambda name: not is_recurrent(name))


def _factors(expression: Tree, name: str) -> list[Tree]:
    """Return what a matrix multiplies in an expression."""
    found = [one for part in children(expression) for one in _factors(part, name)]
    is_product = isinstance(expression, formulas.Binary) and expression.operator == "@"
    return [expression.right, *found] if is_product and expression.left == formulas.Letter(name) else found  # type: ignore[union-attr]


def _columns(network: Network, user: str) -> list[str]:
    """Return the vectors that matrices multiply in an equation, alone or joined."""
    expression = network.equation(user).expression
    matrices = [name for name in network.parameters if len(network.shapes[name]) == 2]
    factors = [one for name in matrices for one in _factors(expression, name)]
    calls = [one for one in factors if isinstance(one, formulas.Call) and one.function == "concat"]
    joined = [part for call in calls for part in call.arguments]
    return [one.name for one in (*factors, *joined) if isinstance(one, formulas.Letter)]


def _choice(network: Network) -> Iterator[Data]:
    """Yield the questions what a quantity influences directly, with the answers of those who look elsewhere."""
    for name in _hidden(network):
        right, wrong = listed(_influenced(network, name)), dict(_wrong_influences(network, name))
        wrong = {words: why for words, why in wrong.items() if words != right}
        options = sorted([right, *list(wrong)[: len(KEYS) - 1]], key=lambda words: crc32(words.encode()))
        if len(options) < FEWEST_CHOICES:
            continue
        keys = dict(zip(KEYS, options, strict=False))
        users = list(dict.fromkeys(user for user, _ in network.uses[name]))
        yield {
            "kind": "choice",
            "section": "paths",
            "task": f"Which quantities does `{said_now(network, name)}` influence directly?"
            + (" Leave out what lies before the first or after the last step." if network.is_timed(name) else ""),
            "choices": keys,
            "right": next(key for key, words in keys.items() if words == right),
            "reasons": {key: wrong[words] for key, words in keys.items() if words != right},
            "hints": (
                f"Look for {name} on the right sides of the equations.",
                f"{name} stands on the right side for {listed(users)}. With which index?",
                "Rule: what stands on the right side influences the left side of that equation; shift the time until "
                "the right side reads t.",
            ),
        }


def _wrong_influences(network: Network, name: str) -> Iterator[tuple[str, str]]:
    """Yield wrong answers about what a quantity influences, each with the reason why it is wrong."""
    right, start = _influenced(network, name), said_now(network, name)
    made_of = [said(Place(use.name, use.index)) for use in names(network.equations[name].expression)]
    made_of = [words for words in dict.fromkeys(made_of) if words.partition("(")[0] in network.equations]
    if made_of:
        yield listed(made_of), f"That is what {start} is made of; asked is what is made of it."
    yield from _at_wrong_times(network, name)
    if len(right) > 1:
        yield listed(right[:1]), f"{name} stands on the right side elsewhere too, and perhaps with another index."
    further = _further(network, name)
    if further:
        why = f"A quantity that {start} reaches only through another one is not influenced directly."
        yield listed(list(dict.fromkeys([*right, *further]))), why


def _at_wrong_times(network: Network, name: str) -> Iterator[tuple[str, str]]:
    """Yield the influences with one of another step moved to this step, or to the other side of it."""
    places, right = network.influences(name), _influenced(network, name)
    for k, place in enumerate(places if len(right) == len(places) else ()):
        if not isinstance(place.time, Index) or not place.time.shift:
            continue
        source = network.equations[place.name].source
        for index in (NOW, Index("t", -place.time.shift)):
            moved = [said(place._replace(time=index)) if i == k else words for i, words in enumerate(right)]
            why = f"Which step of {place.name} reads {name} of step t? "
            why += f"Write `{source}` down for the {place.name} you chose: which step of {name} does it read?"
            yield listed(list(dict.fromkeys(moved))), why


def _further(network: Network, name: str) -> list[str]:
    """Return what is reached through one other quantity."""
    found = []
    for place in network.influences(name):
        for after in network.influences(place.name):
            if isinstance(place.time, Index) and isinstance(after.time, Index) and not after.missing_when[:4] == "t is":
                found.append(said(after._replace(time=Index("t", place.time.shift + after.time.shift))))
            elif after.time is None:
                found.append(after.name)
    return found


def _number(network: Network) -> Iterator[Data]:
    """Yield the question how many paths lead to the loss, for few steps."""
    for name in _hidden(network):
        for T in STEPS_TO_COUNT if network.is_timed(name) else (1,):
            paths = _count_paths(network.unroll(T), name)
            if not 2 <= paths <= MOST_COUNTED:
                continue
            start = said(Place(name, 1 if network.is_timed(name) else None))
            unrolled = f"Unroll the network over {T} steps. " if network.is_timed(name) else ""
            yield {
                "kind": "number",
                "section": "paths",
                "task": f"{unrolled}How many paths lead from `{start}` to the loss? A path runs through whole "
                "quantities, not through their entries.",
                "number": paths,
                "reasons": _miscounted(network, name, T, paths),
                "hints": (
                    "Draw the network, or begin at the loss and write at each quantity how many paths it has.",
                    _through(network, name),
                    "Rule: a quantity has as many paths as all that it influences directly have together; a loss has "
                    "one.",
                ),
            }


ONE_TOO_FEW = (
    "One path is not counted. Wherever several equations read a quantity, also at the next step, a path parts."
)
ONE_TOO_MANY = "It is one too many. Is a path counted twice, or one that does not lead to a loss?"


def _miscounted(network: Network, name: str, T: int, right: int) -> dict[str, str]:
    """Return the reasons of wrong numbers of paths: what else there is to be counted, each where it alone has a number.

    `T` is the number of steps unrolled.
    """
    graph, found = network.unroll(T), {}
    start = Place(name, 1 if network.is_timed(name) else None)
    for words, number in _counted(graph, start):
        found.setdefault(number, []).append(words)
    near = {right - 1: ONE_TOO_FEW, right + 1: ONE_TOO_MANY}
    told = near | {number: one[0] for number, one in found.items() if len(one) == 1}
    return {str(number): words for number, words in told.items() if number not in (0, right)}


def _counted(graph: Graph, start: Place) -> Iterator[tuple[str, int]]:
    """Yield what else than its paths can be counted from a place on, in words, and how often it is there."""
    here, T = said(start), graph.T
    ends = Counter(path[-1] for path in graph.paths(*start[:2]))
    reached = {place for path in graph.paths(*start[:2]) for place in path[1:]}
    yield (
        f"So many quantities does {here} influence directly. Count the whole ways from it to the loss.",
        len(graph.users[start]),
    )
    yield f"So many quantities lie on the ways from {here}, each counted once. Count the ways.", len(reached)
    if len(ends) > 1:
        yield f"So many losses does {here} reach. Count the ways.", len(ends)
        for end, number in ends.items():
            yield f"So many paths lead to {said(end)}. There are other losses.", number
    for steps in (T - 1, T + 1) if start.time is not None and T > graph.network.fewest_steps else ():
        number = _count_paths(graph.network.unroll(steps), start.name)
        if number < MOST_PATHS:
            yield f"That is the number for {steps} steps. Here there are {T}.", number


def _count_paths(graph: Graph, name: str) -> int:
    """Return the number of paths from the first place of a quantity to the loss; 0 where there are too many."""
    try:
        return len(graph.paths(name, 1 if graph.network.is_timed(name) else None))
    except NetworkError:
        return MOST_PATHS


def _line(network: Network) -> Iterator[Data]:
    """Yield the questions for a line of numbers: of a whole quantity where all have one entry, else of one entry."""
    hidden = _hidden(network)
    if _is_plain(network):
        yield from (_line_about(network, name, "", text) for name in hidden for _, text in _spelled(network, name))
        return
    for name in [name for name in network.equations if name in hidden[1:]] + hidden[:1]:
        shape = network.shapes[name]
        entry = min(2, shape[0]) if len(shape) == 1 else 0
        try:
            answer = spell_entry(gradient_form(network, name), network, entry) if entry else ""
        except Unspeakable:
            continue
        if answer and len(answer) <= LONGEST_LINE:
            yield _line_about(network, name, f"[{entry}]", answer)


def _line_about(network: Network, name: str, entry: str, answer: str) -> Data:
    place = f"{said_now(network, name)}{entry}"
    entries = f", entry {entry[1:-1]} of `{said_now(network, name)}`" if entry else ""
    return {
        "kind": "line",
        "section": "derivation",
        "task": f"Write the total derivative of the loss by `{place}`{entries}. {_words_for(network, answer)}".strip(),
        "goal": f"D({network.loss}, {place})",
        "letters": _letters(network, answer, with_deltas=True),
        "answer": answer,
        "hints": (
            f"Which quantities does {said_now(network, name)} influence directly"
            + (", and which entries of them?" if entry else "?"),
            _through(network, name),
            "Rule: multivariate chain rule; each way gives the total derivative where it ends times the immediate one "
            "along it.",
        ),
    }


def _words_for(network: Network, answer: str) -> str:
    """Return what a student must know of the letters of an answer."""
    gradients = [word for word in _letters(network, answer, with_deltas=False) if word.startswith("d_")]
    words = [f"`{word}` is the gradient by `{word[2:]}`" for word in gradients[:1]]
    words = [f"{words[0]}, and so on"] if len(gradients) > 1 else words
    if "same(" in answer:
        words.append("`same(i, j)` is 1 where both are equal and else 0")
    if re.search(r"d_\w+\(t[+-]", answer):
        words.append("a gradient at a step that does not exist counts as zero")
    text = "; ".join(words)
    return f"{text}." if text else ""


def _matrix(network: Network) -> Iterator[Data]:
    """Yield the questions for the chain rule in matrix form, first of what is felt at other steps."""
    hidden = _hidden(network) if not _is_plain(network) else []
    forms = [(name, *found) for name in hidden[:1] + hidden[:0:-1] for found in _spelled(network, name)]
    for name, form, answer in forms:
        if len(network.shapes[name]) != 1 or not re.search("[@*]", answer) or len(answer) > LONGEST_FORMULA:
            continue
        here = said_now(network, name)
        yield {
            "kind": "matrix",
            "section": "derivation",
            "task": f"Write the gradient of the loss by `{here}`, a column. {_words_for(network, answer)}",
            "goal": f"grad({network.loss}, {here})",
            "letters": _letters(network, answer, with_deltas=False),
            "answer": answer,
            "same": _transposed_row(network, form),
            "hints": (
                f"How many terms are there? Which quantities does {here} influence directly?",
                _through(network, name),
                "Rule: multivariate chain rule, a term for each way; a gradient is the derivative transposed, so the "
                "factors stand in reverse order.",
            ),
        }


def _transposed_row(network: Network, form: Tree) -> tuple[str, ...]:
    """Return the same answer as a row, transposed as a whole, where that can be written."""
    try:
        return (f"({spell(form, network)}).T",)
    except Unspeakable:
        return ()


def _weight(network: Network) -> Iterator[Data]:
    """Yield the questions for the gradient by a weight that all steps share, first of what meets another step."""
    plain = _is_plain(network)
    forms = [
        (name, form, answer)
        for name in (network.parameters if plain else _matrices(network))
        for form, answer in _spelled(network, name)
    ]
    for name, form, answer in sorted(forms, key=lambda one: not re.search(r"\(t[+-]", one[2])):
        users = listed([said_now(network, user) for user in dict.fromkeys(user for user, _ in network.uses[name])])
        steps = " at every step" if "sum(t" in answer else ""
        hand = "`sum(t, 1, T, …)` adds over the steps. " if steps else ""
        yield {
            "kind": "line" if plain else "matrix",
            "section": "derivation",
            "task": f"Write the gradient of the loss by `{name}`{'' if plain else f', in the shape of `{name}`'}. "
            f"{hand}{_words_for(network, answer)}",
            "goal": f"grad({network.loss}, {name})",
            "letters": _letters(network, answer, with_deltas=plain),
            "answer": answer,
            "same": () if plain else _transposed_row(network, form),
            "hints": (
                f"In which equations does {name} stand, and at which steps?",
                f"{name} reaches the loss through {users}{steps}. What does it multiply there?",
                "Rule: a shared weight sums over its uses, each the gradient where it is used times what it meets; "
                "column times row for a matrix.",
            ),
        }


def _spelled(network: Network, name: str) -> Iterator[tuple[Tree, str]]:
    """Yield the derivative by a quantity as a vector form, and its gradient as text, where it has one."""
    try:
        form = vectors.local_form(network, name)
        yield form, spell(vectors.transposed(form, network.shapes), network)
    except (Unspeakable, NetworkError):
        return


def _function(network: Network) -> Iterator[Data]:
    """Yield the questions for NumPy code: the gradients by all parameters of one equation."""
    for user in sorted(network.equations, key=lambda user: -len(_own_parameters(network, user))):
        own = _own_parameters(network, user)
        if user == network.loss or not own:
            continue
        code = Code(network)
        try:
            answer = _gradient_code(code, own)
        except Unspeakable:
            continue
        results = listed([f"`d_{name}`" for name in own])
        order = ", in this order: the gradients" if len(own) > 1 else ", the gradient"
        yield {
            "kind": "function",
            "section": "code",
            "task": f"`{network.equation(user).source}`. Write a function of {_arrays_said(code)}. It returns "
            f"{results}{order} of the loss, summed over all there is to sum.",
            "arguments": code.arguments,
            "returns": {f"d_{name}": f"d_{name}" for name in own},
            "answer": answer,
            "hints": (
                "Which indices does each array have, and which of them are left in the result?",
                f"Find each parameter in the equation of {said_now(network, user)}. What does it meet there?",
                "Rule: outer products summed over steps and sequences are one product of a transposed matrix of rows "
                "and a matrix of rows; a bias meets the number one.",
            ),
        }


def _own_parameters(network: Network, user: str) -> list[str]:
    """Return the parameters that stand in one equation only, matrices first."""
    met = _columns(network, user)  # an input without time is a parameter by name only
    found = [n for n in network.parameters if n not in met and [one for one, _ in network.uses[n]] == [user]]
    return sorted(found, key=lambda name: -len(network.shapes[name]))


def _arrays_said(code: Code) -> str:
    """Return the arguments of a function with their shapes and what they hold."""
    network, found = code.network, []
    for argument, formula in code.arguments.items():
        letter, _, time = formula.partition("(")
        shape = network.shapes[letter if letter in network.shapes else letter[2:]]
        is_own = letter in network.parameters
        axes = (["T"] if "t" in time else []) + ["B"] if not is_own else []
        sizes = [] if code.plain else [str(size) for size in shape]
        inside = ", ".join([*axes, *sizes]) + ("," if len(axes + sizes) == 1 else "")
        holds = f", holding `{formula}`" if argument != letter else ""
        found.append(f"`{argument}` of shape ({inside}){holds}" if not found else f"`{argument}` ({inside}){holds}")
    return "; ".join(found)


def _gradient_code(code: Code, own: list[str]) -> str:
    """Return a NumPy function for the gradients by some parameters (errors: Unspeakable)."""
    lines = [f"    d_{name} = {_summed_code(code, name)}" for name in own]
    head = f"def gradients({', '.join(code.arguments)}):"
    helper = ["def rows(array):", "    return array.reshape(-1, array.shape[-1])", "", ""]
    needs_rows = any("rows(" in line for line in lines)
    returned = ", ".join(f"d_{name}" for name in own)
    return "\n".join([*(helper if needs_rows else []), head, *lines, f"    return {returned}"])


def _summed_code(code: Code, name: str) -> str:
    """Return the code of a parameter's gradient: its terms, each summed over steps and sequences."""
    form = gradient_form(code.network, name)
    over_time = isinstance(form, formulas.Over)
    return " + ".join(_term_code(code, name, term, over_time) for term in _terms(form.body if over_time else form))  # type: ignore[union-attr]


def _terms(tree: Tree) -> list[Tree]:
    match tree:
        case formulas.Binary("+", left, right):
            return [*_terms(left), *_terms(right)]
        case formulas.Binary("-", left, right):
            return [*_terms(left), formulas.Negative(right)]
    return [tree]


def _term_code(code: Code, name: str, term: Tree, over_time: bool) -> str:
    is_outer = len(code.network.shapes[name]) == 2
    if not is_outer or code.plain:
        axes = "" if code.plain else "axis=(0, 1)" if over_time else "axis=0"
        return f"np.sum({code.rows(term)}{', ' if axes else ''}{axes})"
    match term:
        case formulas.Binary("@", column, formulas.Transpose(row)):
            left, right = code.rows(column), code.rows(row)
            if all(use.name in code.network.parameters for use in _letters_in(row)):
                return f"np.outer(np.sum({left}, axis={'(0, 1)' if over_time else '0'}), {right})"
            if over_time and not _has_time(row):
                return f"np.sum({left}, axis=0).T @ {right}"
            return f"rows({left}).T @ rows({right})"
    raise Unspeakable(write(term))


def _letters_in(tree: Tree) -> list[formulas.Letter]:
    return [part for part in formulas.walk(tree) if isinstance(part, formulas.Letter)]


def _has_time(tree: Tree) -> bool:
    return any((index := index_of(use.time)) is not None and index.start == "t" for use in _letters_in(tree))


MAKERS = {
    _shape: "the shape of a gradient",
    _choice: "what a quantity influences",
    _number: "the number of paths",
    _line: "a line of numbers",
    _matrix: "a matrix formula",
    _weight: "a shared weight",
    _function: "a NumPy function",
}
