"""The one change of a function's own text that makes it right: found, told in its words, and told of nothing else."""

import ast

import numpy as np
import pytest
from test_instances import here

from bptt_lab.exercises.causes import code_changes
from bptt_lab.exercises.causes.code_edits import code_edits
from bptt_lab.exercises.causes.operators import with_operators
from bptt_lab.exercises.judges import function as judge
from bptt_lab.exercises.judges import mended, steps, whole
from bptt_lab.exercises.judges.function import judge_function
from bptt_lab.exercises.outcomes import CORRECT, CRASHED, WRONG
from bptt_lab.exercises.questions import course_questions
from bptt_lab.exercises.sandbox.written import written

COURSE = course_questions()
SMALL = """
def backwards(d, W, h):
    for t in reversed(range(len(h))):
        d = d @ W * (1 - h[t] ** 2)
    return d
"""


OF_EMPTY = "np.empty_like(c), np.zeros_like(c_start)\n    for t in reversed(range(len(c)))"


def replaced(key, *pairs):
    """Return a question's own answer as the text of a cell, with some of its words replaced."""
    text = COURSE[key].answer
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    name = [line for line in text.splitlines() if line.startswith("def ")][-1].removeprefix("def ").partition("(")[0]
    return written(f"import numpy as np\n{text}", name)


def told(key, *pairs):
    return judge_function(COURSE[key], replaced(key, *pairs))


def made(answer):
    """Return the function of a text, made in this process."""
    space = {}
    exec(answer.module, space)
    return space[answer.name]


@pytest.fixture
def in_process(monkeypatch):
    """Run functions in this process: what is tested is what is told of them."""
    for module in (judge, whole):
        monkeypatch.setattr(module, "run_function", lambda answer, calls, **more: here(made(answer), calls))


@pytest.mark.parametrize(
    ("key", "old", "new", "says"),
    [
        ("16.5", "np.tanh(c[t]) ** 2", "c[t] ** 2", "`c[t]` stands where `np.tanh(c[t])` belongs"),
        ("16.5", "np.tanh(c[t]) ** 2", "np.tanh(c[t])", "`1 - np.tanh(c[t])` stands where `1 - np.tanh(c[t]) ** 2`"),
        ("16.5", " * o[t]", "", "In `d_c = d_h1[t] * (1 - np.tanh(c[t]) ** 2) + carry`, the factor `o[t]` is missing"),
        ("16.5", "f[t] * (1 - f[t])", "f[t] * (1 - f[t]) * o[t]", "the factor `o[t]` is too much"),
        ("16.5", "carry = d_c * f[t]", "carry = d_c * f[t - 1]", "`f[t - 1]` stands where `f[t]` belongs"),
        ("16.5", "carry = d_c * f[t]", "carry = d_c * (1 - f[t])", "`1 - f[t]` stands where `f[t]` belongs"),
        ("16.5", "carry = d_c * f[t]", "carry = d_c", "In `carry = d_c`, the factor `f[t]` is missing"),
        ("16.5", "reversed(range(len(c)))", "range(len(c))", "`range(len(c))` stands where `reversed(range(len(c)))`"),
        # zeros: what is never filled must not hold what memory held before
        (
            "16.5",
            OF_EMPTY,
            OF_EMPTY.replace("empty", "zeros").replace("range(len", "range(1, len"),
            "`reversed(range(len(c)))` belongs",
        ),
        ("17.5", "(d_a1_n @ W11_n) * before", "(d_a1_n * before @ W11_n)", "where `d_a1_n @ W11_n * before` belongs"),
        ("17.5", "r * before)", "before)", "the factor `r` is missing"),
        ("17.5", "r * before)", "r * h1)", "`h1` stands where `before` belongs"),
        ("17.5", "(1 - r)", "(1 - r ** 2)", "`1 - r ** 2` stands where `1 - r` belongs"),
        ("09.6", "powers.sum(axis=-1, keepdims=True)", "powers.sum()", "where `powers.sum(axis=-1, keepdims=True)`"),
        ("09.6", "powers.sum(axis=-1, ", "powers.sum(axis=1, ", "where `powers.sum(axis=-1, keepdims=True)` belongs"),
        ("14.6", "        carry = d_a1", "        carry += d_a1", "In `carry += d_a1[t] @ W11`, `+=` stands where `=`"),
        ("14.6", "(above[t] + carry) * (1 - h1[t] ** 2)", "(1 - h1[t] ** 2) * above[t] + carry", "carry` stands where"),
        ("03.6", "0.5 * ((a2 - y) ** 2)", "((a2 - y) ** 2)", "the factor `0.5` is missing"),
        ("05.6", "d_a2 @ W1", "d_a2 @ W1 * (1 - h1 ** 2)", "In `d_a2 @ W1 * (1 - h1 ** 2)`, the factor `1 - h1 ** 2`"),
        ("04.6", "(d_a * a_before)", "(d_a[:-1] * a_before[1:])", "are cut where the whole belongs"),
        ("12.4", "J[t + 1] @ one_step", "one_step @ J[t + 1]", "where `J[t + 1] @ one_step` belongs"),
    ],
)
def test_one_slip_in_a_function_is_told_with_its_line(key, old, new, says, in_process):
    found = told(key, (old, new))
    assert found.outcome == WRONG and says in found.cause, found.cause


@pytest.mark.parametrize(
    ("key", "old", "new", "says"),
    [
        ("17.5", "d_a1_n @ W11_n", "W11_n @ d_a1_n", "`W11_n @ d_a1_n` stands where `d_a1_n @ W11_n` belongs."),
        ("16.5", "np.tanh(c[t])", "np.tanh(c)", "`c` stands where `c[t]` belongs."),
    ],
)
def test_one_slip_by_which_a_function_crashes_is_told_after_the_error(key, old, new, says):
    found = told(key, (old, new))
    assert found.outcome == CRASHED and found.cause.endswith(says) and ". In `" in found.cause


@pytest.mark.parametrize(
    ("end", "by", "moved"),
    [("T", 1, "T + 1"), ("T - 1", 1, "T"), ("T - 2", 1, "T - 1"), ("len(h) - 1", -1, "len(h) - 2"), ("0", -1, "-1"),
     ("-1", 1, "0"), ("T + 1", -1, "T"), ("T", 0, "T"), ("a - b", 1, "a - b + 1"), ("3", 1, "4")],
)  # fmt: skip
def test_the_end_of_a_range_is_moved_as_one_would_write_it(end, by, moved):
    assert code_changes._shifted(end, by) == moved


def test_no_loop_begins_before_the_first_step():
    (tree,) = ast.parse("def f(a):\n    for t in range(len(a)):\n        a[t] = a[t] + 1\n    return a").body
    assert not any("range(-1" in edit.text for edit in code_edits(tree))


def test_an_order_of_two_lines_is_told():
    text = SMALL.replace("        d = d @ W * (1 - h[t] ** 2)\n", "        d = d * s\n        s = 1 - h[t] ** 2\n")
    (tree,) = ast.parse(text).body
    assert any("comes too early: `s = 1 - h[t] ** 2` belongs before it" in one.said() for one in code_edits(tree))


@pytest.mark.parametrize(
    ("key", "pairs", "says"),
    [
        ("16.5", [("np.tanh(c[t]) ** 2", "np.tanh(c[t])"), ("carry = d_c * f[t]", "carry = d_c * o[t]")],
         ["`1 - np.tanh(c[t])` stands where `1 - np.tanh(c[t]) ** 2` belongs",
          "In `carry = d_c * o[t]`, `o` stands where `f` belongs"]),
        ("16.5", [(" * o[t]", ""), ("carry = d_c * f[t]", "carry = d_c")],
         ["the factor `o[t]` is missing", "the factor `f[t]` is missing"]),
        ("17.5", [("r * before)", "before)"), ("(1 - r)", "(1 - r ** 2)")],
         ["the factor `r` is missing", "`1 - r ** 2` stands where `1 - r` belongs"]),
        ("06.6", [("1 - h1[t] ** 2", "1 - h1[t]"), ("d_a1[t] @ W11", "d_a1[t] @ W11.T")],  # two usual slips
         ["`1 - h1[t]` stands where `1 - h1[t] ** 2` belongs", "where `d_a1[t] @ W11` belongs"]),
    ],
)  # fmt: skip
def test_two_slips_of_which_one_alone_makes_more_right_are_told_together(key, pairs, says, in_process):
    cause = told(key, *pairs).cause
    assert "Two slips: In `" in cause and all(one in cause for one in says), cause


@pytest.mark.parametrize(
    ("key", "pairs"),
    [
        ("16.5", [("np.tanh(c[t]) ** 2", "c[t]"), ("carry = d_c * f[t]", "carry = d_c * o[t]")]),
        ("16.5", [("return d_a1_f, carry", "return d_a1_f * np.pi, carry")]),
        ("17.5", [("before = np.concatenate([h_start[None], h1[:-1]])", "before = np.cumsum(h1, axis=0)")]),
    ],
)
def test_where_no_single_change_makes_a_function_right_none_is_told(key, pairs, in_process):
    found = told(key, *pairs)
    assert found.outcome == WRONG and "belongs" not in found.cause and "missing" not in found.cause


def test_two_changes_in_one_line_that_do_the_same_are_told_as_a_line():
    search = mended.Search(
        in_line("return a + b"), [(2.0, 2.0)], run_here, lambda k, found: float(found == 0.0), misses
    )
    says = search.one_change()
    assert says == "One change in `return a + b` makes it right."


def misses(k, found):
    return 0.0


def in_line(line):
    return written(f"import numpy as np\ndef f(a, b):\n    {line}", "f")


def run_here(answer, calls):
    return [made(answer)(*call) for call in calls]


def test_every_change_can_be_compiled_differs_and_is_one_change():
    (tree,) = ast.parse(SMALL).body
    found = list(code_edits(tree))
    texts = [edit.text for edit in found]
    assert len(set(texts)) == len(texts) > 60 and SMALL.strip() not in texts
    assert ast.unparse(tree) == SMALL.strip()  # what was changed on the way is as it was
    for edit in found:
        assert edit.text.startswith("def backwards(") and edit.said().startswith("In `") and edit.said().endswith(".")
    assert all(edit.line in SMALL for edit in found)


def test_a_function_of_a_file_is_changed_and_one_without_its_text_is_not():
    def nested(a):
        return a

    assert mended.definition_of(of_this_file).name == "of_this_file"
    space = {}
    exec(compile("def hidden(a):\n    return a", "<nowhere>", "exec"), space)
    for other in (space["hidden"], np.sum, 3, None, lambda a: a, staticmethod(of_this_file), type):
        assert mended.definition_of(other) is None
    assert mended.definition_of(nested) is not None


def of_this_file(a, b):
    return a * b


def that_calls_a_module(a):
    return np.tanh(a)


def test_a_function_that_calls_what_its_file_imports_is_changed():
    """A compiler that sees the import calls np.tanh by other instructions than where it does not, as in a cell."""
    assert mended.definition_of(that_calls_a_module).name == "that_calls_a_module"


def test_of_a_text_the_definition_that_holds_is_changed_if_it_is_short():
    text = "def f(a):\n    return a\ndef f(a):\n    return -a\ng = f"
    for name in "fg":
        assert ast.unparse(mended.definition_of(written(text, name))).endswith("return -a")
    search = mended.Search(
        written(text, "g"), [(2.0,), (3.0,)], run_here, lambda k, found: float(found == k + 2), misses
    )
    says = search.one_change()
    assert says == "In `return -a`, the sign of `a` is wrong."
    long = "def f(a):\n" + "    a = a + 1\n" * (mended.LONGEST_TEXT // 10) + "    return a"
    assert mended.definition_of(written(long, "f")) is None
    assert mended.definition_of(written("f = lambda a: a", "f")) is None


def test_a_text_that_is_not_the_functions_own_is_not_changed():
    line = of_this_file.__code__.co_firstlineno
    other = type(of_this_file)((lambda a, b: a - b).__code__.replace(co_firstlineno=line), {})
    assert mended.definition_of(other) is None


def test_nothing_of_a_text_is_run_here():
    text = COURSE["17.5"].answer.replace("(1 - r)", "(1 - r ** 2)\n    np.has_run_here = True")
    found = judge_function(COURSE["17.5"], written(f"import numpy as np\n{text}", "through_the_reset"))
    assert found.outcome == WRONG and "`1 - r ** 2` stands where `1 - r` belongs" in found.cause
    assert not hasattr(np, "has_run_here")


@pytest.mark.parametrize("key", [key for key, one in COURSE.items() if one.kind == "function"])
def test_a_right_function_stays_right(key, in_process):
    assert told(key).outcome == CORRECT


def test_of_results_that_are_wrong_besides_the_first_it_is_told_and_why():
    cause = told("08.6", ("rows_of_a1.T @ rows_of_x", "rows_of_x.T @ rows_of_a1"),
                 ("rows_of_a1.sum(axis=0)", "rows_of_a1.mean(axis=0)")).cause  # fmt: skip
    assert "`rows_of_x.T @ rows_of_a1` stands where `rows_of_a1.T @ rows_of_x` belongs." in cause
    assert "In `rows_of_a1.mean(axis=0)`, a mean is taken where a sum belongs." in cause
    cause = told("05.6", ("d_a2 = h2 - y", "d_a2 = (h2 - y) * h2 * (1 - h2)")).cause
    assert cause.endswith("By the same slip wrong: d_b1, d_h1_now.")


def test_steps_are_counted_back_only_where_a_result_comes_from_later_ones():
    def of(key, name):
        return steps.goes_back(COURSE[key], name)

    assert of("06.6", "d_a1") and of("14.6", "d_a1") and of("16.5", "d_a1_f")
    assert not of("09.6", "d_o") and not of("05.6", "d_h1_now")
    assert steps.said([False, True, True], True, is_back=False) == "It is right at t = 3 and 2, and wrong at t = 1."
    assert steps.said([False, False, False], True, is_back=False) == ""


def test_a_result_that_is_a_name_is_told_with_the_line_it_stands_in():
    (tree,) = ast.parse("def f(a, W):\n    b = a @ W\n    return b, W * 2").body
    lines = {one.told.says: one.line for one in code_edits(tree)}
    assert lines["`b` stands where `b.T` belongs"] == "return b, W * 2"
    assert lines["the factor `2` is too much"] == "W * 2"


def edits_of(text):
    """Return what is said of each change of a function, and the text with it."""
    (tree,) = ast.parse(text).body
    return {one.said(): one.text for one in code_edits(tree)}


@pytest.mark.parametrize(
    ("call", "operator"),
    [
        ("np.matmul(a, b)", "a @ b"),
        ("np.dot(a, np.transpose(b))", "a @ b.T"),
        ("a.dot(b)", "a @ b"),
        ("np.multiply(a, 1 - np.square(b))", "a * (1 - b ** 2)"),
        ("np.subtract(a, np.negative(b))", "a - -b"),
        ("np.matmul(a, b, out=c)", "np.matmul(a, b, out=c)"),
        ("np.transpose(a, (1, 0))", "np.transpose(a, (1, 0))"),
    ],
)
def test_a_call_that_is_an_operator_is_read_as_one(call, operator):
    (tree,) = ast.parse(f"def f(a, b):\n    return {call}").body
    assert ast.unparse(with_operators(tree)).endswith(f"return {operator}")


def test_operators_stand_for_calls_only_if_they_give_the_same():
    arguments = (np.arange(24.0).reshape(2, 3, 4), np.arange(24.0).reshape(2, 4, 3))
    for line, is_same in (("a[0].dot(b[0])", True), ("a.dot(b).sum()", False)):
        search = mended.Search(in_line(f"return {line}"), [arguments], run_here, lambda k, found: 0.0, misses)
        assert ("@" in search.text) is is_same


def test_a_change_by_which_a_list_holds_itself_is_not_made():
    found = edits_of("def f(a, b):\n    kept = []\n    for c in a:\n        kept.append(c)\n    return kept, b * 2")
    assert found and not any("append(kept)" in text or "(c * kept)" in text for text in found.values())


def test_what_a_loop_counts_with_is_changed_only_where_it_begins_and_in_its_condition():
    text = "def f(a):\n    t = len(a) - 2\n    while t > 0:\n        a[t] = a[t + 1] * 2\n        t -= 1\n    return a"
    found = edits_of(text)
    assert "In `while t > 0:`, `t > 0` stands where `t >= 0` belongs." in found
    assert "In `t = len(a) - 2`, `len(a) - 2` stands where `len(a) - 1` belongs." in found
    assert all("    t -= 1" in text for text in found.values())
    endless = text.replace("while t > 0:", "while True:").replace(
        "t -= 1", "t -= 1\n        if t < 0:\n            break"
    )
    assert all("    t -= 1\n" in text for text in edits_of(endless).values())


@pytest.mark.parametrize(
    ("line", "slip"),
    [
        ("b @ (c + a)", "b @ c + a"),
        ("b @ c @ (a - c)", "b @ c @ a - c"),
        ("(a + c) @ b", "a + c @ b"),
        ("b @ c + a", "b @ (c + a)"),
    ],
)
def test_a_matrix_that_reaches_one_term_only_is_told(line, slip):
    found = edits_of(f"def f(a, b, c):\n    return {slip}")
    assert f"def f(a, b, c):\n    return {line}" in found.values()


@pytest.mark.parametrize(("line", "never"), [("a - b", "a - a"), ("a + b", "b + b"), ("a / b", "a / a")])
def test_no_change_makes_a_part_cancel(line, never):
    found = edits_of(f"def f(a, b):\n    return {line}")
    assert found and not any(text.endswith(f"return {never}") for text in found.values())


def test_an_entry_that_is_being_set_is_not_read():
    found = edits_of("def f(a):\n    for t in range(3):\n        a[t] = a[t + 1] * 2\n    return a")
    assert not any("a[t] = a[t] " in text for text in found.values())
    assert any("a[t] = a[t - 1] " in text for text in found.values())


def test_of_a_slope_at_the_last_step_the_factor_is_told_that_is_missing(in_process):
    text = (
        "def backwards(W1, W11, h1, d_last):\n    d_a1 = np.zeros_like(h1)\n    d_a1[-1] = np.matmul(d_last, W1)\n"
        "    for k in range(2, len(h1) + 1):\n        d_a1[-k] = (1 - h1[-k] ** 2) * (d_a1[-k + 1] @ W11)\n"
        "    return d_a1, d_a1[0] @ W11"
    )
    cause = judge_function(COURSE["06.6"], written(f"import numpy as np\n{text}", "backwards")).cause
    assert "In `d_a1[-1] = d_last @ W1`, the factor `1 - h1[-1] ** 2` is missing." in cause


def test_two_lines_either_of_which_can_be_mended_are_both_told():
    text = "def f(a):\n    b = a + 1\n    c = b * 2\n    return c"
    search = mended.Search(written(text, "f"), [(2.0,), (3.0,)], run_here, lambda k, r: float(r == 2 * k + 4), misses)
    says = search.one_change()
    assert says.startswith("Either of two changes makes it right. In `b = a + 1`,") and " Or: In `c = b * 2`," in says


def test_of_what_stands_twice_in_a_line_it_is_told_which_one():
    text = "def f(a, W):\n    for t in range(3):\n        a[t] = a[t + 1] + a[t + 1] @ W\n    return a"
    found = edits_of(text)
    for place, new in (("first", "a[t - 1] + a[t + 1] @ W"), ("second", "a[t + 1] + a[t - 1] @ W")):
        says = f"`a[t + 1]` stands where `a[t - 1]` belongs, in the {place} of its 2 places there."
        assert f"a[t] = {new}" in found[f"In `a[t] = a[t + 1] + a[t + 1] @ W`, {says}"]
    assert not any("places there" in says for says in edits_of("def f(ab, a):\n    return ab * a + a_b"))
    assert not any("places there" in says for says in edits_of("def f(a, b):\n    return a @ b, b - a"))


def test_no_slip_is_told_after_a_change_that_makes_things_worse(in_process):
    """One sum for the whole batch: without its start it is a known slip, and further from what is right."""
    text = (
        "def gradient(a2, y, s_start):\n    r = a2 - y\n    s = np.sum(s_start) + 0.5 * np.sum(r ** 2)\n"
        "    d_l = (1 - np.tanh(s / 10) ** 2) * np.ones(r.shape[:2])\n    return d_l, d_l[:, :, None] * r"
    )
    cause = judge_function(COURSE["03.6"], written(f"import numpy as np\n{text}", "gradient")).cause
    assert "one sum is taken over all sequences, their starts and their losses" in cause and "Two slips" not in cause


@pytest.mark.parametrize(
    ("line", "never"),
    [
        ("return 1 / (1 + np.exp(-np.clip(o, -500, 500))) - y", "the term"),
        ("e = np.exp(np.clip(o, -50, 50))\n    return e / e.sum(axis=-1, keepdims=True) - y", "sign of `50`"),
    ],
)
def test_no_pair_is_told_of_which_one_takes_away_what_the_other_misses(line, never):
    answer = written(f"import numpy as np\ndef by_scores(o, y):\n    {line}", "by_scores")
    assert never not in judge_function(COURSE["09.6"], answer).cause


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("J = D @ W11 @ J + np.eye(len(W11))", "stands where `D @ (W11 @ J + np.eye(len(W11)))` belongs"),
        ("J = W11 @ J + np.eye(len(W11))", "The slope of the activation in h1(t) is missing."),
    ],
)
def test_a_slope_that_reaches_one_term_only_is_not_told_as_missing(line, says, in_process):
    text = (
        "import numpy as np\ndef forwards(W11, h1):\n    J = np.zeros_like(W11)\n    for h in h1:\n"
        f"        D = np.diag(1 - h ** 2)\n        {line}\n    return J"
    )
    assert says in judge_function(COURSE["13.4"], written(text, "forwards")).cause


@pytest.mark.parametrize(
    "line",
    [
        "a.reshape(*a.shape, 1)",
        "a.reshape(*a.shape[:1], -1)",
        "max(*a)",
        "np.stack([*a, *b])",
        "(*a, b)[0] * 2",
        "{**dict(c=a)}['c'] - b",
        "[one * 2 for one in a if one > 0]",
        "(lambda c: c * 2)(a)",
        "(c := a * 2) + b",
        "a if a.any() else -b",
        "f'{a}' and b[:, None, ...] @ a",
        "sum(one @ two for one, two in zip(a, b))",
    ],
)
def test_whatever_is_written_can_be_changed(line):
    found = edits_of(f"def f(a, b):\n    c = {line}\n    return c * a")
    assert any("`c * a`" in says or "`return c * a`" in says for says in found)


def test_one_minus_a_matrix_is_no_change_of_a_product():
    found = edits_of("def f(d, W):\n    return d @ W")
    assert found and not any("@ (1 - W)" in text or "(1 - d) @" in text for text in found.values())


def test_of_several_results_it_is_told_whose_numbers_are_known(in_process):
    text = (
        "import numpy as np\ndef gradients(W0, d_a1, x):\n"
        "    d_W0 = np.einsum('tbi,tbj->ij', d_a1[1:], x[1:])\n"
        "    return d_W0, np.einsum('tbi->i', d_a1), np.einsum('tbi,ij,tbj->tbj', d_a1, W0, x)"
    )
    cause = judge_function(COURSE["08.6"], written(text, "gradients")).cause
    assert "With that mended the numbers of d_x are those of a function in which the factor `x` is too much." in cause
