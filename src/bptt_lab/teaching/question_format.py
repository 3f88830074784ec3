"""The format of questions for who writes them: its page, templates, and a file checked with every message at once.

All of it is printed from the table that checks, `exercises.questions.keys`, and from one example a kind.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

from bptt_lab.exercises.authoring.proof import prove
from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.question import QuestionError
from bptt_lab.exercises.questions import make, outside_of_the_course, tables_of
from bptt_lab.exercises.questions.keys import KEYS, Key

FIRST = ("id", "kind", "task")
PAGE = """# Questions of your own

```
bptt-lab question new mine.toml --kind line     a template with one working example of a kind
bptt-lab question check mine.toml               every question proved, and what must be mended
bptt-lab question format                        this page
```

The kinds are {kinds}.

A file holds one table `[[question]]` a question. Nobody believes an author: `check` proves that the answer has the
value of the goal, that every other form you list is accepted, that the goal agrees with a complex step of the forward
pass, and that the instance tells the known mistakes apart. Name the file in your course file,
`questions = ["mine.toml"]`, and assign the questions by their ids; or try them in a notebook:
`ex.add(Path("mine.toml"))`, `ex("mine.1")`. Where there is no course file yet, `bptt-lab assign --new course.toml`
comes first.

The letters are those of your network, any you like: `a[t]` in the network, `a(t)` in a formula, `d_a(t)` for the
gradient of the loss by it. An id of the course's own is refused, since two questions with one id would be one line in a
gradebook.

## Keys

{table}

Of several answers in one cell the first `attempts` count, and of these the best. The course
file may say another number for each question.

## One example a kind
{examples}"""


@cache
def examples() -> Mapping[str, dict]:
    """Return one working example a kind, with what the kind asks for under `says`."""
    text = (resources.files(__package__) / "question_examples.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def page() -> str:
    """Return the page of the format, in Markdown."""
    rows = "\n".join(_row(name, key) for name, key in KEYS.items())
    table = f"| key | value | for which kinds (bold: needed) | what it is for |\n|---|---|---|---|\n{rows}"
    shown = "".join(f"\n### {kind}: {one['says']}\n\n```toml\n{example(kind)}```\n" for kind, one in examples().items())
    return PAGE.format(kinds=", ".join(KINDS), table=table, examples=shown)


def _row(name: str, key: Key) -> str:
    needed = [kind for kind in (key.kinds or KINDS) if name in (*FIRST, *KINDS[kind].needs)]
    kinds = "all" if not key.kinds else ", ".join(f"**{kind}**" if kind in needed else kind for kind in key.kinds)
    bold = "**all**" if not key.kinds and needed else kinds
    return f"| `{name}` | {key.type.words} | {bold} | {key.says} |"


def example(kind: str) -> str:
    """Return the working example of a kind, as TOML."""
    lines = [f"{name} = {toml(value)}" for name, value in examples()[kind].items() if name != "says"]
    return "\n".join(["[[question]]", *lines]) + "\n"


def template(kind: str) -> str:
    """Return a commented template: the working example of a kind, what each key is for, and the keys it leaves out."""
    data = {name: value for name, value in examples()[kind].items() if name != "says"}
    lines = [
        f"# A question for {examples()[kind]['says']}. It works as it stands: `bptt-lab question check` proves it."
    ]
    lines += ["# Change it line by line. All keys of all kinds: `bptt-lab question format`.", "", "[[question]]"]
    for name, key in KEYS.items():
        if key.kinds and kind not in key.kinds:
            continue
        lines += ["", f"# {key.says}"]
        written = f"{name} = {toml(data[name])}" if name in data else key.example.strip()
        lines += written.splitlines() if name in data else [f"# {line}" for line in written.splitlines()]
    return "\n".join(lines) + "\n"


def toml(value: object) -> str:
    """Return a value as TOML; a text in single quotes where it holds no such quote, so that LaTeX stands as it is."""
    match value:
        case bool():
            return str(value).lower()
        case str() if "\n" in value and "'''" not in value:
            return f"'''\n{value}'''"
        case str() if "'" not in value:
            return f"'{value}'"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case Mapping():
            return f"{{ {', '.join(f'{_key(key)} = {toml(one)}' for key, one in value.items())} }}"
        case list() | tuple():
            return f"[{', '.join(map(toml, value))}]"
    return str(value)


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else json.dumps(name)


def checked(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each question of a TOML text by its id, with all that is wrong with it, one after the other.

    Errors: QuestionError where there is no question to be read at all.
    """
    seen: set[str] = set()
    for number, table in enumerate(tables_of(text), start=1):
        name = str(table.get("id", f"question number {number}"))
        try:
            question = make(table)
            outside_of_the_course({question.id: question})
            twice = [f"the id {name!r} is used twice: give each question its own"] if name in seen else []
            yield name, [*twice, *(one.removeprefix(f"{name}: ") for one in prove(question))]
        except QuestionError as error:
            yield name, [str(error).removeprefix(f"{name}: ")]
        seen.add(name)
