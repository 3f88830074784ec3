"""A class of thirty with real answers, right and wrong, judged by the checker; for tests of pages and exports."""

import tomllib
from functools import cache
from pathlib import Path

from bptt_lab.exercises import ex
from bptt_lab.exercises.outcomes import CORRECT, NOT_ATTEMPTED, OTHER_FORM
from bptt_lab.exercises.questions import course_questions
from bptt_lab.teaching.coursefile import fingerprint
from bptt_lab.teaching.results import NOT_GRADED, Judged, Result, write

SOLUTIONS = Path(__file__).parent / "exercises" / "solutions"
ASKED = {"07.1": 1.0, "07.2": 2.0, "07.3": 3.0, "07.4": 2.0, "08.2": 2.0, "06.1": 2.0}
NAMES = (
    "Müller, Anna", "Anna Müller-Lüdenscheidt", "José Núñez", "O'Brien, Seán", 'Zoë "Zed" Ångström',
    "=cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "+49 Tel", "-2+3", "李小龍", "Łukasz Żółć",
    "Đặng Văn Ân", "Nguyễn Thị Ánh", "Søren Ørsted", "Björk Guðmundsdóttir", "Ελένη Παπαδοπούλου",
    "Анна Каренина", "محمد علي", "../../etc/passwd", "<script>alert(1)</script>", "{{ 7*7 }}", "con",
    "mia.tanaka", "jdoe2", "Smith, John", "John Smith", "anna", "Anna", "Robert'); DROP TABLE Students;--",
    "Maximiliane-Friederike von und zu Hohenstein-Waldburg-Zeil the Younger",
)  # fmt: skip
LATE = "The answer cell of 07.4 is there twice; which one counts?"


@cache
def told(identity, answer):
    """Return the feedback on an answer."""
    return ex(identity).check(answer)


@cache
def answers(identity):
    """Return the right answers and the wrong ones to a question."""
    table = tomllib.loads((SOLUTIONS / f"{identity[:2]}.toml").read_text(encoding="utf-8"))[identity]
    return table["right"][:2], [one["answer"] for one in table["wrong"]]


def judged(identity, answer, of):
    """Return an answer judged, as grading keeps it."""
    found, question = told(identity, answer), course_questions()[identity]
    points = of if found.outcome == CORRECT else of / 2 if found.outcome == OTHER_FORM else 0.0
    return Judged(
        identity, found.outcome, points, of, str(answer)[:2000], found.right, found.cause, found.example, found.mistake,
        question.section, "", fingerprint(question),
    )  # fmt: skip


def answer_of(k, identity, of):
    """Return what student k answered: the better, the smaller k; every seventh cannot be read, some are missing."""
    right, wrong = answers(identity)
    n = sum(map(ord, identity)) + k
    if (5 * n) % 31 >= k:
        return judged(identity, right[n % len(right)], of)
    if n % 9 == 0:
        return Judged(identity, NOT_ATTEMPTED, 0.0, of, reread=course_questions()[identity].section)
    return judged(identity, "d1(1)*h1(0" if n % 7 == 0 else wrong[n % min(3, len(wrong))], of)


def result_of(k, name, **others):
    """Return the result of student k."""
    found = tuple(answer_of(k, identity, of) for identity, of in ASKED.items() if identity != "07.1" or k % 2)
    found += (judged("07.1", "b", 1.0),) * (1 - k % 2)
    if k == 4:
        found = tuple(open_answer(one) if one.question == "07.4" else one for one in found)
    if k == 9:
        others |= {"reason": "The notebook cannot be read: it ends in the middle of a cell."}
        found = ()
    base = {"course": "bptt", "assignment": "week7", "student": name, "file": f"{name.replace('/', '_')}/week7.ipynb"}
    base |= {"submission": f"{k:064x}", "version": "0.9", "isolation": "process"}
    return Result(**{**base, "answers": found, **others})


def open_answer(one):
    """Return an answer that nobody has judged."""
    return Judged(one.question, NOT_GRADED, 0.0, one.of, one.answer, reason=LATE, instance=one.instance)


@cache
def results():
    """Return the results of the class: two of them with the same bytes, one not graded, one not wholly."""
    same = {12: NAMES[13], 13: NAMES[12]}
    return [
        result_of(k, name, **({"same_file_as": (same[k],), "submission": "c" * 64} if k in same else {}))
        for k, name in enumerate(NAMES)
    ]


def store(folder, found):
    """Write results as grading does: a folder a submission; return the folder."""
    for k, one in enumerate(found):
        (folder / f"{k:02}").mkdir(parents=True)
        (folder / f"{k:02}" / "result.json").write_text(write(one), encoding="utf-8")
    return folder
