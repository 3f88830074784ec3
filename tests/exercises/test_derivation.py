"""Derivations: every line against its neighbour; the first bad one is named and diagnosed."""

from dataclasses import replace

import asked
import pytest

from bptt_lab.exercises.causes.worked import chain_line
from bptt_lab.exercises.judges.derivation import MOST_LINES, judge_derivation
from bptt_lab.exercises.judges.formula import compare
from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, OTHER_FORM, UNDECIDED, WRONG
from bptt_lab.exercises.questions import course_questions

QUESTION = asked.derivation()
CHAIN = "D(L, a2(2))*d(a2(2), h1(2)) + D(L, a1(3))*d(a1(3), h1(2))"
END = "d2(2)*W1 + d1(3)*W11"


@pytest.mark.parametrize(
    "text",
    [
        f"{CHAIN} ; the chain rule\n= {END} ; immediate derivatives",
        f"D(L, h1(2))\n{CHAIN}  # two paths\n\n{END}",
        f"= {CHAIN}\r\n= {END}\r\n",
        f"D(L, h1(2)) = {CHAIN}\n= {END}",
        f"D(L, h1(2)) = {CHAIN} = {END}",
        f"grad(L, h1(2)) == {CHAIN}\nD(L, h1(2)) = {END} ; in deltas",
    ],
)
def test_a_derivation_whose_lines_all_follow_is_correct(text):
    assert judge_derivation(QUESTION, text).outcome == CORRECT


def test_the_first_bad_line_is_named_and_diagnosed():
    found = judge_derivation(QUESTION, f"{CHAIN}\nd2(2)*W1\n{END}")
    assert found.outcome == WRONG and "Line 2 does not follow" in found.cause and "d2(2)*W1" in found.cause
    assert "a1(3)" in found.cause and "1 of 3" in found.right


@pytest.mark.parametrize("text", [f"D(L, h1(3)) = {CHAIN}\n{END}", f"{CHAIN} = d2(2)*W1 = {END}"])
def test_every_side_of_a_line_must_follow(text):
    found = judge_derivation(QUESTION, text)
    assert found.outcome == WRONG and "Line 1 does not follow" in found.cause


@pytest.mark.parametrize(
    ("last", "is_correct"),
    [
        ("d2(2)*W1 + d1(3)*W11", True),
        ("d2(2)*W1 + d1(3)*W11/2 + d1(3)*W11/2", True),
        ("(d2(2)*W1*W11 + d1(3)*W11*W11)/W11", True),
        ("d2(2)*W1 + d1(3)*W11 + W1 - W1", False),
        ("W1*d2(2) - (W11*W1 - d1(3)*W11) + W1*W11", False),
        ("d2(2)*(W1 + W11 - W11) + d1(3)*W11", False),
    ],
)
def test_what_cancels_is_asked_only_where_two_terms_do(last, is_correct):
    found = judge_derivation(QUESTION, f"{CHAIN}\n{last}")
    assert found.is_correct == is_correct and ("What cancels?" in found.asks) != is_correct


def test_a_last_line_longer_than_the_task_allows_is_told_how_long_it_may_be():
    long = "h2(t)[i]*(y(t)[1] + y(t)[2] + y(t)[3]) - y(t)[i]"
    found = judge_derivation(course_questions()["05.4"], f"{long}\n= {long} + 0")
    assert found.outcome == OTHER_FORM and "holds 5 letters; 2 are enough" in found.cause
    assert judge_derivation(course_questions()["05.4"], f"{long}\nh2(t)[i] - y(t)[i]").is_correct


def test_a_derivation_takes_limited_time():
    slow = "sum(t, 1, 3, " * 3 + "exp(h1(t))*0" + ")" * 3
    found = judge_derivation(QUESTION, "\n".join([f"{END} + {slow}"] * MOST_LINES))
    assert found.outcome in (UNDECIDED, OTHER_FORM)


def test_a_derivation_is_as_strong_as_its_weakest_line():
    weak = f"(exp(h1(1))*exp(-h1(1)))*({END})"
    assert "40 digits" in judge_derivation(QUESTION, f"{CHAIN}\n{weak}\n{END}").strength
    assert "proved" in judge_derivation(QUESTION, f"{CHAIN}\n{END}").strength


def test_two_errors_that_cancel_are_still_an_error():
    found = judge_derivation(QUESTION, f"2*({END})\n{END}")
    assert found.outcome == WRONG and "Line 1 does not follow" in found.cause


def test_a_derivation_that_stops_early_is_told_to_go_on():
    found = judge_derivation(QUESTION, f"D(L, h1(2))\n{CHAIN}")
    assert found.outcome == OTHER_FORM and "can be put in" in found.cause
    assert "one a line" in judge_derivation(QUESTION, END).cause


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("d2(2) W1", "Line 1"),
        (f"{CHAIN}\nd2(2)*W9", "Line 2"),
        ("\n" * 50 + f"{END}\n" * (MOST_LINES + 1), "may have 40 lines"),
        ("x" * 30_000, "limited length"),
        ("   \n;reason only", "no line to check"),
    ],
)
def test_what_cannot_be_read_names_the_line(text, words):
    found = judge_derivation(QUESTION, text)
    assert found.outcome == CANNOT_READ and words in found.cause


@pytest.mark.parametrize("text", [f"{END}\n{END}", f"D(L, h1(2))\n{END}", END])
def test_the_end_alone_is_no_derivation(text):
    found = judge_derivation(QUESTION, text)
    assert found.outcome == OTHER_FORM and "Write the steps" in found.cause


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("D(L, h1(2))", "the question itself"),
        (CHAIN, "still holds a derivative"),
        (f"{CHAIN}\nd2(2)*W1 + d1(3)*W11 + 0*b0", "still holds b0"),
        (f"{CHAIN}\nd2(2)*W1 + d1(3)*(W11 + W11 - W11 + W1 - W1)", "can be written shorter"),
    ],
)
def test_a_derivation_must_arrive_in_the_letters_asked_for(text, words):
    found = judge_derivation(QUESTION, text)
    assert found.outcome == OTHER_FORM and words in found.cause


SIGMOID = "((1-y)/(1-h2) - y/h2)*h2*(1-h2)\n(1-y)*h2 - y*(1-h2)\nh2-y"


@pytest.mark.parametrize("begin", ["", "D(L, a2)\n= "])
def test_lines_of_algebra_alone_are_told_the_line_that_comes_before_them(begin):
    question = course_questions()["02.4"]
    found = judge_derivation(question, begin + SIGMOID)
    assert found.outcome == OTHER_FORM and found.cause.endswith("themselves:  D(L, h2)*d(h2, a2)")
    assert judge_derivation(question, "D(L, h2)*d(h2, a2)\n" + SIGMOID).is_correct


@pytest.mark.parametrize("text", ["h2-y", "h2-y\nh2-y", "D(L, a2) = h2-y"])
def test_an_end_without_lines_before_it_is_not_told_the_chain_rule(text):
    assert "D(L, h2)" not in judge_derivation(course_questions()["02.4"], text).cause


DERIVATIONS = [one for one in course_questions().values() if one.kind == "derivation"]


@pytest.mark.parametrize("question", DERIVATIONS, ids=lambda one: one.id)
def test_the_solution_of_a_derivation_shows_lines_that_are_accepted(question):
    shown = KINDS[question.kind].solution(question).split("```")[1].strip()
    assert len(shown.splitlines()) > 2 and judge_derivation(question, shown).is_correct
    assert chain_line(question) in shown and question.answer in shown


@pytest.mark.parametrize(
    ("goal", "line"),
    [
        ("D(L, h1(4))", "D(L, a2(4))*d(a2(4), h1(4))"),
        ("D(a2(3), h1(3))", "d(a2(3), h1(3))"),
        ("D(L, a2(t))", "d(L(t), a2(t))"),
        ("D(L, h1(t))", ""),  # at the last step there is no step after it
        ("d(L, h1(1))", ""),
        ("L", ""),
    ],
)
def test_the_chain_rule_goes_through_what_a_goal_reaches_directly(goal, line):
    question = replace(QUESTION, goal=goal, T=4)
    assert chain_line(question) == line
    assert not line or compare(question, question.goal_tree, question.tree(line)).verdict.outcome == "same"


def test_a_line_of_another_shape_or_place_is_told_so():
    from bptt_lab.exercises.questions import make

    data = dict(asked.ONE, id="07.8", kind="derivation", task="?", goal="D(L, a2(2)[1])", answer="h2(2)[1] - y(2)[1]")
    question = make(data)
    assert "It is a column of 3; expected a number." in str(judge_derivation(question, "h2(2) - y(2)"))
    assert "Its times are 1 to 4" in str(judge_derivation(question, "h2(5)[1]"))
    assert "no entry 4" in str(judge_derivation(question, "h2(2)[4]"))
