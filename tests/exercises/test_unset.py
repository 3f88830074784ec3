"""Entries that a function has not set hold no number: a change that reads them is no explanation of a slip."""

import pytest
from test_code_edits import COURSE, edits_of

from bptt_lab.exercises.causes.unset import with_unset_entries
from bptt_lab.exercises.judges.function import judge_function
from bptt_lab.exercises.sandbox.written import written


@pytest.mark.parametrize(
    ("lines", "new"),
    [
        ("b = np.zeros_like(a)\n    b[0] = a[1]", "b = np.full_like(a, np.nan)"),
        ("b = np.zeros((3, 4), dtype=float)\n    b[0] = a[1]", "b = np.full((3, 4), np.nan)"),
        ("b, c = np.empty_like(a), 0\n    b[0] = c", "(np.full_like(a, np.nan), 0)"),
        ("b = np.zeros_like(a)\n    b[0] += a[1]", "b = np.zeros_like(a)"),
        ("b = np.zeros_like(a)\n    b = a[1]", "b = np.zeros_like(a)"),
    ],
)
def test_an_array_that_is_set_entry_by_entry_holds_no_number_before(lines, new):
    assert new in with_unset_entries(f"def f(a):\n    {lines}\n    return b")


LOOP = """def through_all(d_s, a_before, v, w_y):
    T, B = d_s.shape
    d_a = np.zeros((T, B))
    carry = w_y * d_s[-1]
    for t in reversed(range(T)):
        d_a[t] = w_y * d_s[t] + v * carry
        carry = d_a[t]
    return d_a, (d_a * a_before).sum()"""


def test_a_change_that_reads_what_is_not_yet_set_is_not_told():
    """The carry must begin with zero; `d_a[-1]` holds zero by accident where the array was made of zeros."""
    arguments = "d_s, a_before, v, w_y".split(", ")
    assert set(COURSE["04.6"].arguments) == set(arguments)
    cause = judge_function(
        COURSE["04.6"], written(f"import numpy as np\n{LOOP.format(made='zeros((T, B))')}", "through_all")
    ).cause
    assert "`d_s` stands where `d_a` belongs" not in cause


def test_a_line_that_is_too_much_is_told_and_no_return_that_comes_too_late():
    text = "def f(a):\n    b = a * 2\n    b = b.cumsum()\n    for t in range(3):\n        b[t] += a[t]\n    return b"
    found = edits_of(text)
    assert "b.cumsum()" not in found["In `b = b.cumsum()`, the whole line is too much."]
    assert "for t" not in found["In `for t in range(3):`, the whole line is too much."]
    assert not any("`return b` belongs before it" in says for says in found)


def test_after_the_loops_a_factor_is_told_at_an_end():
    text = "def f(c, f):\n    for t in range(3):\n        c[t] = c[t] * f[t]\n    return c[0]"
    says = [one for one in edits_of(text) if one.startswith("In `return c[0]`, the factor")]
    assert "In `return c[0]`, the factor `f[0]` is missing." in says and not any("f[t]" in one for one in says)
