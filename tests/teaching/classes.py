"""Classes made from a seed: notebooks as students hand them in, honest ones and others, for tests and benchmarks."""

import json
import os
import random
import re
import tomllib
from pathlib import Path

from bptt_lab.exercises.questions import course_questions
from bptt_lab.teaching.coursefile import Assignment, Course, Entry

SOLUTIONS = Path(__file__).parents[1] / "exercises" / "solutions"
SECRET = b"a secret of this course"
TWENTY = (
    ["01.1", "05.1", "03.1", "03.2", "07.1", "09.1", "07.6", "05.6"]  # shapes, a number, choices, functions
    + ["07.2", "03.3", "06.2", "08.2", "05.2", "07.4", "06.5", "09.4", "07.5"]  # formulas
    + ["07.3", "05.4", "08.4"]  # derivations
)


def course(questions, name="week7", **entry):
    """Return a course of one assignment."""
    entries = tuple(Entry(one, **{"points": 2.0, **entry}) for one in questions)
    known = course_questions()
    assigned = {name: Assignment(name, entries, varied=False)}
    return Course("a course", assigned, {one: known[one] for one in questions}, SECRET)


def cell(source, kind="code", outputs=(), **metadata):
    """Return a cell of a notebook."""
    rest = {"outputs": list(outputs), "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "source": source, "metadata": metadata, **rest}


def marks(name, role):
    """Return the metadata of a cell about a question."""
    grade_id = f"bptt-{name.replace('.', '-')}-{role}"
    graded = {"grade_id": grade_id, "grade": role == "check", "solution": role == "answer", "locked": role != "answer"}
    return {"bptt_lab": {"question": name, "role": role}, "nbgrader": {**graded, "schema_version": 3}}


def answer_source(name, answer, function=""):
    """Return the source of an answer cell: what is handed in is written as a literal, a function by its name."""
    above = f"{function.strip()}\n\n" if function else ""
    text = '"""' + answer + '"""' if isinstance(answer, str) and "\n" in answer else repr(answer)
    given = answer if function else "..." if answer is ... else text
    return f'# Answer to {name}\n{above}hand_in("{name}", {given})'


def book(sources, kernel="python3", outputs=()):
    """Return a notebook from the source of each answer cell, by question."""
    cells = [cell("import numpy as np\nfrom bptt_lab import hand_in", outputs=outputs)]
    for name, source in sources.items():
        cells.append(cell(f"**Exercise {name}.** …", "markdown", **marks(name, "task")))
        cells += [cell(source, **marks(name, "answer")), cell(f"hand_in.check({name!r})", **marks(name, "check"))]
    language = {"kernelspec": {"name": kernel, "display_name": kernel, "language": kernel}}
    return {"cells": cells, "metadata": language, "nbformat": 4, "nbformat_minor": 5}


def saved(one):
    """Return a notebook as bytes."""
    return json.dumps(one, ensure_ascii=False).encode("utf-8", "backslashreplace")


def solutions(name):
    """Return the sources of right and of wrong answers to a question."""
    question = course_questions()[name]
    table = tomllib.loads((SOLUTIONS / f"{name[:2]}.toml").read_text(encoding="utf-8")).get(name, {})
    texts = {
        side: [one["answer"] if isinstance(one, dict) else one for one in table.get(side, [])] for side in
        ("right", "wrong")
    }  # fmt: skip
    if question.kind == "function":
        return [[_function(name, one) for one in side] for side in (texts["right"], texts["wrong"])]
    own = {"choice": question.right, "number": question.number, "shape": question.shape}.get(
        question.kind, question.answer
    )
    right = texts["right"] or [own]
    as_literal = lambda one: tuple(one) if isinstance(one, list) else one
    return [[answer_source(name, as_literal(one)) for one in side] for side in (right, texts["wrong"] or right)]


def _function(name, text):
    called = re.findall(r"^def (\w+)", text, re.MULTILINE)[-1]
    return answer_source(name, called, text)


def honest(names, chance, share=0.6):
    """Return the sources of one student: a share of the answers right, the others with slips others make too."""
    known = {name: solutions(name) for name in names}
    return {name: chance.choice(right if chance.random() < share else wrong) for name, (right, wrong) in known.items()}


# What goes wrong


REACH = "import warnings\nos = warnings.sys.modules['os']\n"
FUNCTIONS = {
    "endless loop": "def f(*given):\n    while True:\n        pass",
    "endless loop at the top": "k = 0\nwhile k < 1:\n    k = k * 1\ndef f(*given):\n    return k",
    "fork bomb": f"{REACH}def f(*given):\n    while True:\n        os.fork()",
    "fork bomb that swallows refusals": f"{REACH}def f(*given):\n    while True:\n        try:\n"
    "            os.fork()\n        except BaseException:\n            pass",
    "memory": "def f(*given):\n    return np.ones((10**6, 10**6)) @ np.ones((10**6, 10**6))",
    "ends Python": f"{REACH}def f(*given):\n    os._exit(0)",
    "segmentation fault": "import warnings\nc = warnings.sys.modules['ctypes']\ndef f(*given):\n    c.string_at(1)",
    "raises": "def f(*given):\n    raise ValueError(str(object()))",
    "deep recursion": "def f(*given):\n    return f(*given)",
    "patched libraries": "import numpy as np\nnp.allclose = lambda *a, **k: True\n"
    "def f(*given):\n    np.array_equal = np.allclose\n    return 0.0",
}  # fmt: skip


def pathological(kind, sources, names, chance, size):
    """Return the bytes of a submission in which something is wrong; `size` is how large its outputs are."""
    function = next(name for name in names if course_questions()[name].kind == "function")
    formula = next(name for name in names if course_questions()[name].kind == "line")
    if kind in FUNCTIONS:
        return saved(book({**sources, function: answer_source(function, "f", FUNCTIONS[kind])}))
    whole = book(sources)
    own = {"question": formula, "role": "answer"}
    at = next(k for k, one in enumerate(whole["cells"]) if one["metadata"].get("bptt_lab") == own)
    if kind == "broken JSON":
        return saved(whole)[: chance.randrange(100, 2000)]
    if kind == "empty file":
        return b""
    if kind == "empty notebook":
        return saved({**whole, "cells": []})
    if kind == "not UTF-8":
        return saved(whole)[:500] + b"\xff\xfe\xff" + saved(whole)[500:]
    if kind == "deep JSON":
        return b"[" * 200_000
    if kind == "large outputs":
        return saved(book(sources, outputs=[{"output_type": "stream", "name": "stdout", "text": "x" * size}]))
    if kind == "wrong kernel":
        return saved(book(sources, kernel="julia-1.10"))
    if kind == "renamed cell":
        whole["cells"][at] = cell(whole["cells"][at]["source"].replace("# Answer to", "# My answer to"))
    if kind == "split cell":
        first, rest = whole["cells"][at]["source"].split("\n", 1)
        tags = marks(formula, "answer")
        whole["cells"][at : at + 1] = [cell(f"{first}\nx = 1", **tags), cell(rest, **tags)]
    if kind == "missing cell":
        del whole["cells"][at]
    if kind == "copied cell":
        other = answer_source(formula, "h1(0)*h1(1)*h1(2)")
        whole["cells"].insert(at + 1, cell(other, **marks(formula, "answer")))
    if kind == "hostile formula":
        whole["cells"][at]["source"] = answer_source(formula, "(" * 5000 + "h1(1)" + ")" * 5000)
    if kind == "f-string":
        whole["cells"][at]["source"] = f'# Answer to {formula}\nhand_in("{formula}", f"h1({{1}})")'
    return saved(whole)


GRADED = {"large outputs", "wrong kernel", "two with one file", "patched libraries"}  # all else is listed
KINDS = (
    [*FUNCTIONS, "broken JSON", "empty file", "empty notebook", "not UTF-8", "deep JSON", "large outputs"]
    + ["wrong kernel", "renamed cell", "split cell", "missing cell", "copied cell", "hostile formula", "f-string"]
    + ["two with one file"]
)


def written(folder, count, names, seed=1, share=0.05, size=2**20, least=0):
    """Write the submissions of a class as nbgrader collects them, and return what is wrong with whom."""
    chance, wrong = random.Random(seed), {}
    sick = max(least, round(share * count))
    places = dict(zip(sorted(chance.sample(range(1, count), sick)), (KINDS * count)[:sick], strict=True))
    before = b""
    for k in range(count):
        student = f"student{k:04}"
        sources = honest(names, chance)
        kind = places.get(k, "")
        data = saved(book(sources)) if not kind else pathological(kind, sources, names, chance, size)
        data = before if kind == "two with one file" else data
        wrong |= {student: kind} if kind else {}
        path = Path(folder) / student / "week7" / "week7.ipynb"
        os.makedirs(path.parent, exist_ok=True)
        path.write_bytes(data)
        before = before if kind else data
    return wrong
