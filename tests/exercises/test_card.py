"""Feedback as a notebook shows it: nothing lost, nothing laid out that a student typed, help behind a click."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from bptt_lab import ex
from bptt_lab.exercises.card import card, escaped, link
from bptt_lab.exercises.feedback import Feedback
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, OTHER_FORM, UNDECIDED, WRONG
from bptt_lab.formulas.mathml import mathml

RIGHT, SHARE_MISSING = "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)", "d1(2)*h1(1) + d1(3)*h1(2)"


def shown(answer, identity="07.2"):
    return ex(identity).check(answer)._repr_markdown_()


@pytest.mark.parametrize("answer", [RIGHT, SHARE_MISSING, "d1(2)*h1(1 + ", "W11*d1(1)"])
def test_the_task_stays_in_sight_and_every_word_of_the_feedback_is_there(answer):
    found = ex("07.2").check(answer)
    text = found._repr_markdown_()
    assert text.startswith(ex("07.2")._repr_markdown_())
    for part in (found.right, found.asks, found.section if found.outcome == WRONG else ""):
        assert escaped(part) in text
    assert found.cause in text or escaped(found.cause) in text


def test_what_was_read_is_set_as_a_formula():
    assert r"Read as $\displaystyle \delta^{1(2)} \, h^{1(1)} + \delta^{1(3)} \, h^{1(2)}$" in shown(SHARE_MISSING)
    assert "Read as" not in shown("d1(2)*h1(1 + ")


def test_help_stands_behind_a_click_and_the_solution_behind_two():
    text = shown(SHARE_MISSING)
    for number, hint in enumerate(ex("07.2").question.hints, start=1):
        assert f"<details><summary>Hint {number}</summary>\n\n{escaped(hint)}\n\n</details>" in text
    before, _, after = text.partition("<details><summary>Solution</summary>\n\n<details><summary>Show one right answer")
    assert RIGHT not in before and f"`{RIGHT}`" in after


def test_a_right_answer_needs_no_help():
    assert "<details>" not in shown(RIGHT)


@pytest.mark.parametrize(
    ("outcome", "sign"), [(CORRECT, "✓"), (OTHER_FORM, "✓"), (WRONG, "✗"), (UNDECIDED, "?"), (CANNOT_READ, "!")]
)
def test_the_verdict_has_a_sign_beside_its_colour(outcome, sign):
    assert f"**{sign} 07.2, {outcome}**" in card(Feedback("07.2", outcome))


@pytest.mark.parametrize(
    "typed",
    ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a_1*b_1*c", "[x](http://y)", "$x$", "# a", "| a |"],
)
def test_signs_that_a_student_typed_are_signs(typed):
    text = card(Feedback("07.2", WRONG, cause=f"It reads {typed}."))
    assert text.replace("\\", "").count(typed) == 1
    assert all(f"\\{sign}" in text for sign in typed if sign in "<>*_$#|[]")


def test_a_text_with_a_mark_below_it_keeps_its_widths_whatever_stands_in_it():
    cause = "Not read:\n    ```</div>\n    ^"
    assert f"````text\n{cause}\n````" in card(Feedback("07.2", CANNOT_READ, cause=cause))


def test_code_in_the_words_stays_code():
    assert escaped("Write `a*b_1`, not a*b.") == r"Write `a*b_1`, not a\*b."


def test_the_section_is_a_link_where_its_notebook_lies_beside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert link("07 · 3. Immediate is not total") == "07 · 3. Immediate is not total"
    for name in ("07_the_recurrent_weights-newer-edition.ipynb", "07_the_recurrent_weights.ipynb"):
        (tmp_path / name).write_text("")
    target = "07_the_recurrent_weights.ipynb#3.-Immediate-is-not-total"
    assert link("07 · 3. Immediate is not total") == f"[07 · 3. Immediate is not total](<{target}>)"


@pytest.mark.parametrize("answer", ["exp(" * 200 + "1" + ")" * 200, "x" * 5000, "\ud800", "9**9**9"])
def test_what_cannot_be_set_is_told_all_the_same(answer):
    assert "**" in shown(answer) and shown(answer).encode()


def test_every_formula_that_is_set_can_be_set():
    for text in (RIGHT, "sum(t, 1, 3, d1(t)*h1(t-1))", "d1(1)*h1(0)/2"):
        assert mathml(ex("07.2").check(text).read).startswith("<math")


@pytest.fixture
def shell(monkeypatch):
    from bptt_lab.exercises import magics

    shell, told = InteractiveShell(), []
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.setattr(shell, "_showtraceback", lambda kind, error, lines: told.append("\n".join(lines)))
    magics.register()
    shell.told = told
    return shell


def test_an_answer_without_quotes_gets_one_sentence(shell):
    shell.run_cell('from bptt_lab import ex\nex("07.2").check(d1(2)*h1(1))', store_history=True)
    (told,) = shell.told
    assert told == "name 'd1' is not defined. An answer that is a formula or a letter stands in quotes: .check(\"…\")."


def test_any_other_name_that_is_missing_is_told_as_always(shell):
    shell.run_cell("print(undefined)", store_history=True)
    (told,) = shell.told
    assert "Traceback" in told and "in quotes" not in told


@pytest.mark.parametrize("section", ["Lecture 7", "/etc · passwd", "** · x", "[", "07 · 1. One weight"])
def test_a_section_in_an_authors_own_words_is_shown_as_it_is(section, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert link(section) == escaped(section)
