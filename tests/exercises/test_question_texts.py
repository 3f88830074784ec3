"""The words of all questions are set as meant: no backslash lost or doubled, every formula whole."""

import re
from dataclasses import replace

import pytest

from bptt_lab.exercises.questions import course_questions
from bptt_lab.formulas.printing import latex, style_of

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


# Nothing typed twice: an equation in a task is that of the question's own network


INDICES = set("Ttijk")
SAID_OTHERWISE = {  # what a task writes in other words than the network does, on purpose
    ("01.3", "v"): "the exponential as a power of e",
    ("02.3", "L"): "half the squared error in full",
    ("12.2", r"\delta_{i}"): "the equation of a source, with its slip",
}


def plain(text, T):
    """Return LaTeX without what does not change its meaning: room, sizes of brackets, braces of one letter, order."""
    text = re.sub(r"\\left|\\right|\\[,;! ]| ", "", text.replace(r"\mathrm", ""))
    text = re.sub(r"([\^_])(\w)", r"\1{\2}", text)
    text = re.sub(r"([\^_])\{\{(\w+)\}\}", r"\1{\2}", text)
    text = re.sub(r"(_\{[^{}]*\})(\^\{[^{}]*\})", r"\2\1", text)
    text = re.sub(r"\\frac\{((?:[^{}]|\{[^{}]*\})*)\}\{(\w+)\}", r"\1/\2", text)
    return re.sub(r"\(T(?=[)+-])", f"({T}", text)


def typed_equations(question):
    """Yield both sides of every formula of a task, in dollars, that has one sign of equality."""
    for formula in re.findall(r"\$([^$]+)\$", re.sub(r"`[^`]*`", "", question.task)):
        if formula.count("=") == 1:
            yield tuple(plain(side.strip(), question.graph.T) for side in formula.split("="))


def typed_otherwise(question):
    """Return the equations of a task that are not those of its network."""
    network, T = question.graph.network, question.graph.T
    style = style_of(network)
    known = {
        (plain(latex(one.relation.left, style), T), plain(latex(one.relation.right, style), T))
        for one in network.written.values()
    }
    return [
        (left, right) for left, right in typed_equations(question) if left not in INDICES and (left, right) not in known
    ]


WITH_NETWORK = [question for question in course_questions().values() if question.network]


@pytest.mark.parametrize("question", WITH_NETWORK, ids=lambda question: question.id)
def test_an_equation_typed_in_a_task_is_that_of_the_network(question):
    assert [one for one in typed_otherwise(question) if (question.id, one[0]) not in SAID_OTHERWISE] == []


def test_what_is_said_otherwise_on_purpose_still_is():
    found = {(question.id, left) for question in WITH_NETWORK for left, _ in typed_otherwise(question)}
    assert found == set(SAID_OTHERWISE)


@pytest.mark.parametrize(
    ("identity", "typed", "slip"),
    [
        ("13.2", "W^{11} s^{(t)}", "W^{11} s^{(t-1)}"),
        ("13.2", r"\tanh(c^{(t)})", r"\tanh(a^{(t)})"),
        ("16.3", "(1 - f^{(t)})", "(1 + f^{(t)})"),
        ("16.3", "$c^{(t)} =", "$c^{(t-1)} ="),
        ("17.4", r"\mathbf{b}^{11}$", r"\mathbf{b}^0$"),
        ("17.4", r"\mathbf{W}^{11}_n", r"\mathbf{W}^{11}_z"),
        ("12.3", "h}^{1(4)}", "h}^{1(3)}"),
        ("15.3", "h^{1(t-1)}_f", "h^{1(t-1)}_b"),
    ],
)
def test_an_equation_that_is_typed_wrongly_is_found(identity, typed, slip):
    question = course_questions()[identity]
    assert question.task.count(typed) == 1
    assert typed_otherwise(replace(question, task=question.task.replace(typed, slip)))
