"""The words of all questions are set as meant: no backslash lost or doubled, every formula whole."""

import re

import pytest

from bptt_lab.exercises.questions import course_questions

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")  # "\t" of \text, "\b" of \beta, "\f" of \frac; line ends may stand


def complaints(text):
    """Return what is wrong with a text of Markdown with formulas in dollars."""
    found = []
    if re.search(r"\\\\[A-Za-z]", text):
        found.append("a doubled backslash before a letter")
    if CONTROL.search(text):
        found.append("a control character")
    outside_code = re.sub(r"`[^`]*`", "", text).replace(r"\$", "")
    pieces = re.split(r"\$\$?", outside_code)
    if len(pieces) % 2 == 0:
        found.append("a dollar without its partner")
        return found
    for formula in pieces[1::2]:
        if "\n" in formula or "\r" in formula:
            found.append("a line break inside a formula")
        if not formula or formula != formula.strip():
            found.append("a formula that is empty, or has a space beside its dollar")
        if formula.count("{") != formula.count("}"):
            found.append("a brace without its partner")
        if formula.count(r"\left") != formula.count(r"\right"):
            found.append(r"a \left without its \right")
    return found


def texts(question):
    """Return every text of a question that a student reads, by what it is."""
    found = {"task": question.task}
    found |= {f"hint {number}": hint for number, hint in enumerate(question.hints, start=1)}
    found |= {f"choice {key}": words for key, words in question.choices.items()}
    found |= {f"reason {key}": words for key, words in question.reasons.items()}
    return found


@pytest.mark.parametrize("question", course_questions().values(), ids=lambda question: question.id)
def test_every_text_is_set_as_meant(question):
    found = {what: complaints(text) for what, text in texts(question).items()}
    assert {what: wrong for what, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (r"for $\\delta^{1(t)}$ at", "a doubled backslash before a letter"),
        ("for $\theta$ at", "a control character"),
        ("for $\frac{1}{2}$ at", "a control character"),
        ("for $\beta$ at", "a control character"),
        ("for $\rho$ at", "a control character"),
        ("for $\nabla L$ at", "a line break inside a formula"),
        ("for $a and b", "a dollar without its partner"),
        ("for $$a$ and b$", "a dollar without its partner"),
        ("for $ a$", "a formula that is empty, or has a space beside its dollar"),
        ("for $a^{1$", "a brace without its partner"),
        (r"for $\left(a$", r"a \left without its \right"),
    ],
)
def test_a_text_that_would_be_set_otherwise_is_refused(text, wrong):
    assert wrong in complaints(text)


def test_a_text_that_is_right_is_accepted():
    assert complaints(r"$\delta^{1(t)}$ in `a $ b`, $\begin{pmatrix} a \\ b \end{pmatrix}$ and" + "\nnot \\$5") == []
