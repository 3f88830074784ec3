"""One submission judged: points, reasons, what is remembered, and that nothing a student wrote runs in this process."""

import os
import subprocess
import sys
from dataclasses import replace

import classes
import pytest

from bptt_lab.exercises import outcomes
from bptt_lab.exercises.feedback import Feedback
from bptt_lab.exercises.questions import course_questions
from bptt_lab.teaching import grading, isolation, results, store
from bptt_lab.teaching.coursefile import fingerprint
from bptt_lab.teaching.grading import grade, points_for

RIGHT = "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)"
GRADIENT = course_questions()["07.6"].answer


def of(sources, memo=None, **options):
    """Return the answers judged, by question, of a course with these questions."""
    entry = {key: options.pop(key) for key in ("points", "attempts") if key in options}
    data = classes.saved(classes.book(sources))
    result = grade(classes.course(tuple(sources), **entry), "week7", "ada", data, memo=memo, **options)
    return {one.question: one for one in result.answers}


def one(source, name="07.2", **options):
    return of({name: source}, **options)[name]


def given(answer, name="07.2", **options):
    return one(classes.answer_source(name, answer), name, **options)


def test_points_by_outcome():
    assert given(RIGHT).points == 2.0 and given(RIGHT).outcome == outcomes.CORRECT
    wrong = given("d1(3)*h1(2)")
    assert (wrong.outcome, wrong.points, wrong.of, wrong.mistake) == (outcomes.WRONG, 0.0, 2.0, wrong.mistake)
    assert "Only step 3" in wrong.cause and wrong.reread == course_questions()["07.2"].section
    other = given(f"{RIGHT} + 0*x(1)")
    assert (other.outcome, other.points) == (outcomes.OTHER_FORM, 1.0)
    assert given(...).outcome == given("  ").outcome == outcomes.NOT_ATTEMPTED
    unread = given("d1(1)*")
    assert (unread.outcome, unread.points) == (outcomes.CANNOT_READ, 0.0) and unread.reason


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("07.2", "D(L, W11)"),
        ("07.2", "d1(1)*d(a1(1), W11) + d1(2)*h1(1) + d1(3)*h1(2)"),
        ("07.3", "D(a2(3), W11)"),
        ("07.3", "D(a2(3), W11)\nW1*D(h1(3), W11)"),
        ("07.4", "grad(L, W11)"),
    ],
)
def test_the_question_itself_and_what_stops_on_the_way_have_no_points(name, answer):
    found = given(answer, name)
    assert (found.outcome, found.points) == (outcomes.OTHER_FORM, 0.0)


@pytest.mark.parametrize(
    ("outcome", "of", "points"),
    [("correct", 0.7, 0.7), ("correct, other form wanted", 3, 1.5), ("correct, other form wanted", 1, 0.5),
     ("correct, other form wanted", 2.5, 1.0), ("wrong", 3, 0), ("cannot read", 3, 0), ("not graded", 3, 0)],
)  # fmt: skip
def test_shares_are_rounded_to_half_a_point(outcome, of, points):
    assert points_for(outcome, of) == points


def test_of_several_answers_the_first_ones_count_and_the_best_of_them():
    source = '# Answer to 07.1\nhand_in("07.1", "a", "b", "c")'
    assert one(source, "07.1").points == 0
    assert one(source, "07.1", attempts=2).points == 2


@pytest.mark.parametrize("order", [1, -1])
def test_the_best_of_several_answers_is_the_one_with_the_most_points(order):
    first, second = ["D(L, W11)", f"{RIGHT} + 0*x(1)"][::order]
    found = one(f'# Answer to 07.2\nhand_in("07.2", {first!r}, {second!r})', attempts=2)
    assert (found.outcome, found.points) == (outcomes.OTHER_FORM, 1.0)


def test_what_is_wrong_with_a_cell_is_not_graded_and_the_others_are():
    found = of({"07.2": '# Answer to 07.2\nhand_in("07.2", x)', "07.1": classes.answer_source("07.1", "b")})
    assert not found["07.2"].is_graded and "written out" in found["07.2"].reason
    assert found["07.1"].points == 2
    function = given("np.zeros(3)", "07.6")
    assert not function.is_graded and "hand in its name" in function.reason


def test_a_file_that_cannot_be_read_has_its_reason_at_every_question():
    result = grade(classes.course(("07.1", "07.2")), "week7", "ada", b"{")
    assert "JSON" in result.reason and (result.points, result.of) == (0, 4)
    assert [answer.is_graded for answer in result.answers] == [False, False]


def test_the_checkers_own_fault_is_no_fault_of_the_answers(monkeypatch):
    monkeypatch.setattr(grading, "KINDS", {"line": grading.KINDS["line"]._replace(check=lambda *_: 1 / 0)})
    found = given(RIGHT)
    assert not found.is_graded and "ZeroDivisionError" in found.reason


@pytest.mark.parametrize("outcome", [outcomes.UNDECIDED, outcomes.TIMED_OUT, outcomes.CRASHED])
def test_what_nobody_knows_is_not_graded(monkeypatch, outcome):
    says = lambda question, answer: Feedback(question.id, outcome, cause="at 0x7f12ab34cd after 4.7 s")
    monkeypatch.setattr(grading, "KINDS", {"line": grading.KINDS["line"]._replace(check=says)})
    found = given(RIGHT)
    assert not found.is_graded and found.points == 0 and "0x7f" not in found.reason
    assert outcome != outcomes.TIMED_OUT or "4.7" not in found.reason


@pytest.mark.parametrize("is_busy", [True, False])
def test_a_time_out_on_a_machine_with_much_to_do_is_tried_once_more(monkeypatch, is_busy):
    found = [outcomes.TIMED_OUT, outcomes.CORRECT]
    says = lambda question, answer: Feedback(question.id, found.pop(0))
    monkeypatch.setattr(grading, "KINDS", {"line": grading.KINDS["line"]._replace(check=says)})
    monkeypatch.setattr(grading, "has_much_to_do", lambda: is_busy)
    assert given(RIGHT).is_graded == is_busy


# Functions


def function(text, **options):
    return given("recurrent_gradient", "07.6", **options) if not text else one(
        classes.answer_source("07.6", "recurrent_gradient", text), "07.6", **options
    )  # fmt: skip


def test_a_function_is_judged_and_what_stands_around_it_does_not_matter():
    found = function(f"import warnings\nwarnings.warn('x')\nprint(1)\nd_a1 @ undefined\n{GRADIENT}\nassert False")
    assert (found.outcome, found.points) == (outcomes.CORRECT, 2.0), found


def test_warnings_and_prints_inside_of_it_change_no_mark():
    noisy = GRADIENT.replace(
        "    h_before", "    import warnings\n    warnings.warn('no')\n    print('x' * 10**6)\n    h_before"
    )
    assert function(noisy).points == 2.0


def test_a_function_that_raises_is_not_graded_with_its_line():
    found = function("def recurrent_gradient(d_a1, h1, h_start):\n    return d_a1 @ nothing")
    assert not found.is_graded and "NameError in line 3" in found.reason, found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import os\ndef recurrent_gradient(a, b, c):\n    return os.listdir()", "imports os"),
        ("def recurrent_gradient(a, b, c):\n    return open('/etc/passwd').read()", "`open`"),
        ("def recurrent_gradient(a, b):\n    return a", "takes 2 arguments"),
        ("recurrent_gradient = 3", "not defined by `def`"),
        ("while True:\n    recurrent_gradient = 1\ndef recurrent_gradient(a, b, c):\n    return a", "never reached"),
    ],
)
def test_what_cannot_be_run_is_told_in_words(text, says):
    found = function(text)
    assert found.outcome == outcomes.CANNOT_READ and says in found.reason and found.points == 0


def test_a_function_that_does_nothing_is_no_attempt():
    assert function("def recurrent_gradient(d_a1, h1, h_start):\n    ...").outcome == outcomes.NOT_ATTEMPTED


def test_functions_are_refused_below_the_isolation_of_a_process_and_the_rest_is_graded():
    sources = {name: classes.answer_source(name, "b") for name in ("07.1",)}
    sources["07.6"] = classes.answer_source("07.6", "recurrent_gradient", GRADIENT)
    found = of(sources, isolation=isolation.HOOK, runs_functions=False)
    assert not found["07.6"].is_graded and "--trust" in found["07.6"].reason
    assert found["07.1"].points == 2


MARK = "import sys\nsys.modules['bptt_was_here'] = sys\n"


def test_nothing_of_a_notebook_runs_here():
    function(f"{MARK}{GRADIENT}\n{MARK}")
    function(f"{GRADIENT.replace('h_start):', 'h_start=print(1/0)):')}")
    one(f'{MARK}# Answer to 07.2\nhand_in("07.2", "{RIGHT}")')
    assert "bptt_was_here" not in sys.modules


# The same each time


def test_what_is_remembered_changes_nothing():
    memo = {}
    sources = {"07.2": classes.answer_source("07.2", "d1(3)*h1(2)"), "07.1": classes.answer_source("07.1", "a")}
    first, again = of(sources, memo), of(sources, memo)
    assert first == again == of(sources) and len(memo) == 2
    longer = replace(course_questions()["07.2"], T=4)
    assert fingerprint(longer) != fingerprint(course_questions()["07.2"])


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
import classes, random
from bptt_lab.teaching import grading, results
data = classes.saved(classes.book(classes.honest({names!r}, random.Random(5), 0.2)))
sys.stdout.write(results.write(grading.grade(classes.course({names!r}), "week7", "ada", data)))
"""


def test_two_processes_write_the_same_bytes():
    names = ("07.2", "05.2", "07.4", "07.6", "07.3")
    script = SCRIPT.format(tests=str(classes.__file__).rsplit("classes", 1)[0], names=names)
    variables = {**os.environ, "BPTT_LAB_REPEATABLE": "a text", "PYTHONIOENCODING": "utf-8"}
    run = lambda seed: (
        subprocess.run(
            [sys.executable, "-c", script], env={**variables, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
    )
    first = run("0")
    assert first == run("0") and results.read(first.decode()).answers


# On disk


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a\\b", "", "CON", "x" * 300, "a\nb", "a:b", "ends.", "half\ud800"])
def test_a_students_folder_is_inside_of_the_results(name, tmp_path):
    folder = store.folder_of(name)
    assert folder not in ("", ".", "..") and not set(folder) & set("/\\:\n") and len(folder) < 120
    assert (tmp_path / folder).resolve().parent == tmp_path.resolve()
    assert store.folder_of(name + "2") != folder


def test_a_name_that_a_folder_can_bear_is_the_folder():
    assert store.folder_of("José Ñandú-O'Neil, jr") == "José Ñandú-O'Neil, jr"


def test_the_list_computes_nothing_in_a_spreadsheet(tmp_path):
    path = store.write_list(tmp_path, [("=cmd|' /C calc'!A0", "07.2", "not graded", 'says "no", twice', "@x")])
    text = path.read_text(encoding="utf-8")
    assert "'=cmd" in text and "'@x" in text and '"says ""no"", twice"' in text


def test_half_a_result_is_no_result(tmp_path):
    result = grade(classes.course(("07.1",)), "week7", "ada", b"")
    store.keep(tmp_path, result)
    assert store.kept(tmp_path, "ada") == result
    path = tmp_path / "ada" / store.RESULT
    path.write_text(path.read_text()[:100])
    assert store.kept(tmp_path, "ada") is None
    assert [one.name for one in path.parent.iterdir()] == [store.RESULT]
