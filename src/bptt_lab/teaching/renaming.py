"""A question in other letters: its network, formulas, code and words renamed together, or not at all.

Formulas are renamed as words and compared as trees. In LaTeX a letter stands for itself, in `code` a name is a word, in
prose only a name that can be no word of English is renamed; where anything else might be meant, nothing is changed.
"""

from __future__ import annotations

import io
import random
import re
import tokenize
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from bptt_lab.exercises.question import Question, QuestionError
from bptt_lab.formulas.tree import Letter, Tree, mapped

NAME = re.compile(r"[A-Za-z]\w*")
SMALL = "\u2070\u00b9\u00b2\u00b3\u2074-\u2089"  # digits above and below the line, as in a letter with a power
STEM = re.compile(r"([A-Za-z])(\d*(?:_\w+)?)")  # h1_f: a letter, and what tells it from others of its kind
KEPT = frozenset("aLy")  # a delta is named after its a; the loss and the target are what they are
# no index that somebody sums over, no number of entries, no function or derivative
NEW = {"lower": "bcghpqruvwxz", "upper": "AGHPQRUVW"}
PIECES = re.compile(r"(```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$)", re.DOTALL)
COMMANDS = re.compile(r"(\\(?:text|operatorname|mathrm|texttt)\*?\{[^}]*\}|\\[A-Za-z]+|[A-Za-z]+)")


class Uncertain(ValueError):
    """A text in which it cannot be told whether a letter of the network is meant."""


def renamed(question: Question, chance: random.Random) -> Question | None:
    """Return a question in other letters, drawn by chance; None where that is not certain to be the same question."""
    try:
        new = _drawn(question, chance)
        return with_letters(question, new) if new and not question.source else None
    except (Uncertain, QuestionError):
        return None


def _drawn(question: Question, chance: random.Random) -> dict[str, str]:
    """Return new names for the quantities of a question's network: one letter for all that begin with one."""
    names = list(question.graph.network.shapes)
    stems = list(dict.fromkeys(match[1] for name in names if (match := STEM.fullmatch(name))))
    kept = KEPT | {question.graph.network.loss} | {letter for name in names for letter in name.partition("_")[2]}
    free = {case: [one for one in letters if one not in stems] for case, letters in NEW.items()}
    new: dict[str, str] = {}
    for stem in stems:
        pool = free["upper" if stem.isupper() else "lower"]
        if stem not in kept and pool:  # W_f is named after the gate f: both or none
            new[stem] = pool.pop(chance.randrange(len(pool)))
    found = {name: new[m[1]] + m[2] for name in names if (m := STEM.fullmatch(name)) and m[1] in new}
    return found if len(set(found.values()) | set(names) - set(found)) == len(names) else {}


def with_letters(question: Question, new: Mapping[str, str]) -> Question:
    """Return a question with its quantities renamed everywhere (errors: Uncertain, QuestionError)."""
    letters = question.language.letters
    words = {one: one.removesuffix(meaning.name) + new[meaning.name] for one, meaning in letters.items()
             if meaning.name in new and one.endswith(meaning.name)}  # fmt: skip
    if set(words.values()) & (set(letters) - set(words)):
        raise Uncertain("a new name is that of another letter")
    network = question.graph.network
    say = lambda text: words_renamed(text, words)
    formula = lambda text: _renamed_words(text, words)
    found = replace(
        question,
        network=_renamed_words(network.text, words),
        sizes={words.get(name, name): size for name, size in network.sizes.items()},  # type: ignore[misc]
        T=question.graph.T,
        task=say(question.task),
        hints=tuple(map(say, question.hints)),
        reasons={name: say(text) for name, text in question.reasons.items()},
        goal=formula(question.goal),
        printed=formula(question.printed),
        same=tuple(map(formula, question.same)),
        letters=tuple(words.get(name, name) for name in question.letters),
        arguments={words.get(name, name): formula(text) for name, text in question.arguments.items()},
        returns={words.get(name, name): formula(text) for name, text in question.returns.items()},
        called={words.get(name, name): size for name, size in question.called.items()},
        answer=_code(question.answer, words) if question.returns else formula(question.answer),
    )
    _compare(question, found, new)
    return found


def _compare(question: Question, found: Question, new: Mapping[str, str]) -> None:
    """Raise Uncertain where a renamed formula is not the tree of the old one with its letters renamed."""
    change: Callable[[Tree], Tree | None] = lambda part: (
        replace(mapped_parts(part, change), name=new[part.name])
        if isinstance(part, Letter) and part.name in new
        else None
    )
    for one, other in zip(_formulas(question), _formulas(found), strict=True):
        if mapped(question.tree(one), change) != found.tree(other):
            raise Uncertain("a formula has another meaning in the new letters")


def mapped_parts(letter: Letter, change: Callable[[Tree], Tree | None]) -> Letter:
    """Return a letter whose time and entry are changed, and its name is not."""
    time = None if letter.time is None else mapped(letter.time, change)
    return replace(letter, time=time, entry=tuple(mapped(one, change) for one in letter.entry))


def _formulas(question: Question) -> list[str]:
    own = [question.goal, question.printed, *question.same, *question.arguments.values(), *question.returns.values()]
    return [text for text in (*own, *([] if question.returns else [question.answer])) if text]


def _renamed_words(text: str, words: Mapping[str, str]) -> str:
    return NAME.sub(lambda match: words.get(match[0], match[0]), text)


def _code(text: str, words: Mapping[str, str]) -> str:
    """Return Python with its names renamed (errors: Uncertain where a new name stands there already)."""
    lines, tokens = text.splitlines(keepends=True), []
    try:
        tokens = [one for one in tokenize.generate_tokens(io.StringIO(text).readline) if one.type == tokenize.NAME]
    except (tokenize.TokenError, SyntaxError) as error:
        raise Uncertain("the answer is no Python") from error
    used = {one.string for one in tokens}
    if used & {new for old, new in words.items() if old in used}:
        raise Uncertain("a new name stands in the code already")
    for one in reversed(tokens):
        (row, start), (_, end) = one.start, one.end
        is_attribute = lines[row - 1][:start].rstrip().endswith(".")
        if one.string in words and not is_attribute:
            lines[row - 1] = lines[row - 1][:start] + words[one.string] + lines[row - 1][end:]
    return "".join(lines)


# Words for people


def words_renamed(text: str, words: Mapping[str, str]) -> str:
    """Return a text in Markdown with its letters renamed (errors: Uncertain)."""
    stems = {old: new for old, new in _stems(words)}
    if "letters of the course" in text:
        raise Uncertain("the letters are said to be those of the course")
    return "".join(_piece(piece, words, stems) for piece in PIECES.split(text))


def _stems(words: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    for old, new in words.items():
        if STEM.fullmatch(old) and STEM.fullmatch(new) and old[1:] == new[1:]:
            yield old[0], new[0]


def _piece(piece: str, words: Mapping[str, str], stems: Mapping[str, str]) -> str:
    if piece.startswith("`"):
        if strange := next((one for one in NAME.findall(piece) if one not in words and _looks_like(one, stems)), ""):
            raise Uncertain(f"{strange} in code")
        return _renamed_words(piece, words)
    if piece.startswith("$"):
        return COMMANDS.sub(lambda match: _math(match[0], stems), piece)
    piece = re.sub(rf"\b([A-Za-z])(?=[{SMALL}])", lambda match: stems.get(match[1], match[1]), piece)
    return re.sub(rf"[A-Za-z]\w*(?<![{SMALL}])", lambda match: _prose(match, words), piece)


def _looks_like(name: str, stems: Mapping[str, str]) -> bool:
    """Return whether a name in code is one letter of those renamed, with digits: a quantity that nobody has named."""
    return bool(re.fullmatch(r"[A-Za-z]\d*", name)) and name[0] in stems


def _math(run: str, stems: Mapping[str, str]) -> str:
    """Return letters of a formula in LaTeX renamed; a run of several may be a d before a letter, and nothing else."""
    if run.startswith("\\"):
        return run
    if len(run) == 1:
        return stems.get(run, run)
    if len(run) == 2 and run[0] == "d":
        return "d" + stems.get(run[1], run[1])
    if set(run) & set(stems):
        raise Uncertain(f"{run} in a formula")
    return run


def _prose(match: re.Match, words: Mapping[str, str]) -> str:
    """Return a word renamed where it can be no English word: it has a digit or a line below, or brackets after it."""
    word, after = match[0], match.string[match.end() : match.end() + 1]
    if word not in words:
        return word
    if re.search(r"[\d_]", word) or after == "(":
        return words[word]
    raise Uncertain(f"{word} in a sentence")
