"""Pages from results: what they say, what they never say, and how they look, sound and print in a real browser."""

import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

import a_class
from bptt_lab.cli import main
from bptt_lab.exercises import ex
from bptt_lab.exercises.outcomes import CORRECT, CRASHED, WRONG
from bptt_lab.exercises.questions import course_questions
from bptt_lab.teaching import gathered, pages, results, summary, wording
from bptt_lab.teaching.coursefile import Assignment, Course, Entry, fingerprint
from bptt_lab.teaching.results import NOT_GRADED, Judged, Result

ROOT = Path(__file__).parents[2]
ANNA, BOTH = a_class.NAMES[27], a_class.NAMES[12:14]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return gathered.gather(a_class.store(tmp_path_factory.mktemp("class") / "results", a_class.results()))


@pytest.fixture(scope="module")
def made(found):
    return pages.pages(found)


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("report")
    pages.write(made, path)
    return path


class Text(HTMLParser):
    """The words of a page, without those of its style."""

    def __init__(self):
        super().__init__()
        self.said, self.silent, self.tags = [], False, []

    def handle_starttag(self, tag, attrs):
        self.silent = tag == "style"
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        self.silent = False

    def handle_data(self, data):
        self.said += [] if self.silent else [data]


def parsed(page):
    text = Text()
    text.feed(page)
    return text


def words(page):
    return " ".join("".join(parsed(page).said).split())


def page_of(made, student):
    return made[f"students/{pages.file_name(student)}"]


def one(outcome=WRONG, question="07.2", **others):
    return Judged(**{"question": question, "outcome": outcome, "points": 0.0, "of": 2.0, **others})


def result(*answers, student="ada", **others):
    given = dict(file="ada.ipynb", submission="0", version="0.9", isolation="process") | others
    return Result("course", "week", student, answers=answers, **given)


def of_one(*answers, **others):
    """Return the pages of one submission."""
    return pages.pages(gathered.Gathered((result(*answers, **others),)))


# What the class is


def test_each_student_has_a_page_and_the_class_page_leads_to_it(made):
    links = {dict(attrs)["href"] for tag, attrs in parsed(made["index.html"]).tags if tag == "a"}
    assert len(made) == 2 + len(a_class.NAMES)
    assert {path for path in made if path.startswith("students/")} <= links


def test_the_numbers_of_the_class_page_are_those_of_the_results(found, made):
    counted = summary.outcomes(found.results)
    for question in a_class.ASKED:
        answers = [one for result in found.results for one in result.answers if one.question == question]
        assert sum(counted[question].values()) == len(answers) == 29
        right = sum(one.outcome == CORRECT for one in answers)
        assert counted[question][CORRECT] == right
        assert f"Question {question}: {right} correct," in unescape(made["index.html"])


def test_a_mistake_is_told_in_the_words_of_the_catalogue_with_who_made_it_where(found, made):
    slip = next(one for one in summary.slips(found.results) if one.mistake == "C4")
    wrong = [(result.student, one) for result in found.results for one in result.answers if one.outcome == WRONG]
    made_it = {student for student, one in wrong if one.mistake == "C4"}
    assert set(slip.who) == made_it and slip.count == len(made_it) > 2
    assert slip.words == "An immediate derivative reads …, one step earlier than the forward pass used it."
    said = words(made["index.html"])
    assert f"{slip.words} {slip.count} students, on 07.4 (" in said and "reads h1(t-1), one step earlier" in said


def test_mistakes_are_told_by_how_many_made_them_and_only_of_wrong_answers():
    three = [result(one(mistake="A1", cause="x left out."), student=name) for name in "abc"]
    others = [result(one(mistake="B1", cause="y is missing."), one(CORRECT, "07.3", mistake="D1"), student="d")]
    found = summary.slips([*others, *three])
    assert [(slip.mistake, slip.who) for slip in found] == [("A1", ("a", "b", "c")), ("B1", ("d",))]
    again = summary.slips([result(one(mistake="A1"), one(mistake="A1", question="07.10"), student="a")])
    assert again[0].count == 1 and again[0].where == (("07.2", 1), ("07.10", 1))


def test_what_names_no_mistake_is_not_among_the_mistakes_of_the_class():
    large = one(question="04.1", cause="It is too large.")
    reason = next(iter(course_questions()["04.1"].reasons.values()))
    known = one(question="04.1", cause=reason)
    class_of = [result(large, student=name) for name in "abc"] + [result(known, student="d")]
    class_of += [result(one(mistake="A1"), student="e")]
    page = words(pages.pages(gathered.Gathered(tuple(class_of)))["index.html"])
    mistakes, _, rest = page.partition("Mistakes of the class")[2].partition("Wrong, and no mistake named")
    unnamed, _, of_questions = rest.partition("Questions and outcomes")
    assert " ".join(reason.replace("`", "").split()) in mistakes and summary.in_general("A1") in mistakes
    assert "It is too large." not in mistakes and "It is too large. 3 students, on 04.1" in unnamed
    of_one_question = of_questions.partition("Question 04.1")[2]
    assert of_one_question.index(reason.replace("`", "")[:20]) < of_one_question.index("It is too large.")
    assert "no mistake named" not in words(of_one(one(mistake="A1"))["index.html"])


def test_what_is_said_of_a_part_of_an_answer_is_among_the_mistakes_of_the_class():
    said = [one(cause="h1(1) stands where h1(2) belongs."), one(cause="It is right at t = 4."), one(cause="")]
    found = {slip.words: slip.is_named for slip in summary.slips([result(answer, student="a") for answer in said])}
    assert found == {
        "h1(1) stands where h1(2) belongs.": True,
        "It is right at t = 4.": False,
        summary.NO_CAUSE: False,
    }


def test_of_a_derivation_the_line_that_says_what_is_wrong_is_counted():
    cause = "Line 2 does not follow:  W1*h1(2)\nThe factor W1 is missing."
    found = summary.slips([result(one(cause=cause), student="a"), result(one(CRASHED, cause="It stops."), student="b")])
    assert {slip.words for slip in found} == {"The factor W1 is missing.", "It stops."}


def test_questions_stand_in_the_order_of_their_numbers():
    answers = [one(question=name) for name in ("07.10", "L7.1", "07.2", "06.3")]
    assert summary.questions([result(*answers)]) == ["06.3", "07.2", "07.10", "L7.1"]


def test_the_distribution_counts_each_graded_submission_once(found):
    bars = summary.distribution(found.results)
    assert sum(bar.count for bar in bars) == 28  # one was not graded, one not wholly
    full = result(one(CORRECT, points=2.0))
    assert [bar.count for bar in summary.distribution([full, full, result(one())])] == [1, 0, 0, 0, 2]
    fifth = result(one(of=5.0, points=1.0))
    assert [bar.count for bar in summary.distribution([fifth])] == [0, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("answers", "reason", "says"),
    [
        ((one(points=2.0, outcome=CORRECT),), "", None),
        ((one(points=1.0, outcome=CORRECT),), "", None),
        ((one(points=0.5),), "", "0.5 of 2 points"),
        ((one(mistake="A1", points=2.0), one(mistake="A1", points=2.0, question="07.3")), "", "2 questions, “This is"),
        ((one(NOT_GRADED), one(CORRECT, points=2.0)), "", None),
        ((one("not attempted"),), "", "attempted nothing"),
        ((), "The file is empty.", "nothing could be graded"),
    ],
)
def test_whom_to_talk_to(answers, reason, says):
    talk = summary.to_talk_to([result(*answers, reason=reason)])
    assert (says is None and not talk) or says in " ".join(talk["ada"])


def test_several_submissions_of_one_student_are_told():
    twice = [result(one(CORRECT, points=2.0), file=name) for name in ("a.ipynb", "b.ipynb")]
    assert summary.to_talk_to(twice) == {"ada": ["handed in 2 files: which one counts?"]}
    page = pages.pages(gathered.Gathered(tuple(twice)))["students/ada.html"]
    assert words(page).count("2 of 2 points") == 4  # of both files, once of the whole and once of the question


def test_who_has_the_least_points_is_named_first():
    class_ = [replace(result(one(points=points, of=4.0)), student=name)
              for name, points in (("ada", 1.5), ("grace", 0.5), ("marie", 4.0), ("emmy", 0.5))]  # fmt: skip
    assert list(summary.to_talk_to(class_)) == ["emmy", "grace", "ada"]


def test_the_same_files_are_told_to_teachers_only(made):
    assert all(name in words(made["index.html"]).partition("The same file")[2] for name in BOTH)
    assert BOTH[1] not in unescape(page_of(made, BOTH[0])) and BOTH[0] not in unescape(page_of(made, BOTH[1]))


# What was not graded


def test_what_was_not_graded_is_listed_with_its_reason_apart_from_zeros(made):
    said = words(made["not-graded.html"])
    assert "2 things wait for a person, from 30 submissions" in said
    assert a_class.NAMES[9] in said and "it ends in the middle of a cell" in said and a_class.LATE in said
    zeros = said.partition("Graded with 0, because they could not be read")[2]
    assert "a bracket opened before is not closed" in zeros and a_class.LATE not in zeros


def test_a_submission_in_which_nothing_was_found_is_listed():
    assert "1 thing waits" in words(of_one()["not-graded.html"])
    assert "Not graded yet" in words(of_one()["students/ada.html"])


def test_where_everything_was_graded_the_list_says_so():
    assert "Everything in 1 submission was graded." in words(of_one(one())["not-graded.html"])


def test_a_result_file_that_cannot_be_read_is_told_on_both_pages(tmp_path):
    folder = a_class.store(tmp_path / "results", a_class.results()[:2])
    (folder / "00" / "result.json").write_text("{", encoding="utf-8")
    (folder / "01" / "result.json").write_bytes(b"\xff")
    (folder / "02").mkdir()
    (folder / "02" / "result.json").write_text(results.write(result(one())), encoding="utf-8")
    found = gathered.gather(folder)
    assert len(found.results) == 1 and [path for path, _ in found.unreadable] == ["00/result.json", "01/result.json"]
    made = pages.pages(found)
    assert all("00/result.json" in made[path] for path in ("index.html", "not-graded.html"))


def test_what_could_not_be_read_is_told_where_the_reason_stands_apart_from_causes():
    made = of_one(one("cannot read", reason="A ) is missing.\n  d1(1\n      ^"))
    assert all("A ) is missing." in words(page) for page in made.values())
    assert "could not be read" in words(made["index.html"]) and "0 of 2 points" in words(made["students/ada.html"])


def test_where_nothing_could_be_read_it_is_said_once():
    answers = [one(NOT_GRADED, name, reason="Its JSON breaks off.") for name in ("07.2", "07.3")]
    made = of_one(*answers, reason="Its JSON breaks off.")
    assert words(made["students/ada.html"]).count("Its JSON breaks off.") == 1
    assert words(made["not-graded.html"]).count("Its JSON breaks off.") == 1
    assert "? not graded: 1" in words(made["index.html"]) and "1 thing waits" in words(made["not-graded.html"])


# A student's page


def test_a_student_is_told_first_what_was_right_then_one_cause_each_and_where_to_read(found, made):
    result = next(one for one in found.results if one.student == ANNA)
    said = words(page_of(made, ANNA))
    for one in result.answers:
        if one.outcome == WRONG:
            at = said.index(f"{one.question}: wrong")
            places = [said.index(" ".join(part.split()), at) for part in (one.right, one.cause, one.reread) if part]
            assert places == sorted(places)
    assert said.index("What was right") < said.index("To look at again") if "What was right" in said else True


def test_the_right_ones_come_first():
    said = words(of_one(one(cause="It is wrong."), one(CORRECT, "07.3", points=2.0))["students/ada.html"])
    assert said.index("07.3: correct") < said.index("07.2: wrong") and "2 of 4 points 1 answer right, 1 to" in said


def test_what_was_not_graded_is_no_zero_on_a_students_page(made):
    said = words(page_of(made, a_class.NAMES[4]))
    assert "so far" in said and "1 not graded yet: a person will look" in said
    assert "07.4: not graded · points open" in said and a_class.LATE in said
    assert "This is no zero" in words(page_of(made, a_class.NAMES[9]))


def test_no_page_of_a_student_names_another(made):
    for student in a_class.NAMES:
        said = unescape(page_of(made, student))
        others = [name for name in a_class.NAMES if len(name) > 4 and name != student]
        assert [name for name in others if name in said] == []


def test_a_reason_that_names_another_student_is_not_shown_to_them():
    reason = "This file is the same as that of Grace."
    both = (result(one(NOT_GRADED, reason=reason)), result(one(NOT_GRADED, reason=reason), student="Grace"))
    made = pages.pages(gathered.Gathered(both))
    assert "Grace" not in made["students/ada.html"] and "a person will look" in words(made["students/ada.html"])
    assert reason in unescape(page_of(made, "Grace")) and reason in unescape(made["not-graded.html"])


def test_no_page_holds_a_solution(found, made):
    """What a question accepts stands on a student's page only where they wrote it."""
    questions = {name: course_questions()[name] for name in a_class.ASKED}
    for result in found.results:
        said, wrote = unescape(page_of(made, result.student)), " ".join(one.answer for one in result.answers)
        for one in result.answers:
            if one.outcome != CORRECT:
                forms = [questions[one.question].answer, *questions[one.question].same]
                assert [form for form in forms if form and form in said and form not in wrote] == []
    for path in ("index.html", "not-graded.html"):
        assert [one.answer for one in questions.values() if one.answer and one.answer in unescape(made[path])] == []


def test_the_task_is_shown_where_it_is_the_one_the_student_had():
    question = course_questions()["07.2"]
    told = of_one(one(instance=fingerprint(question)))["students/ada.html"]
    assert "Write the total derivative of the loss by" in words(told) and "<math" in told
    assert "Write the total derivative" not in words(of_one(one(instance="0" * 16))["students/ada.html"])


def test_beside_the_task_stand_the_equations_in_the_letters_the_student_had():
    text = "a[t] = w * x[t] + r * h[t-1]\nh[t] = tanh(a[t])\nL[t] = mse(h[t], y[t])"
    (key,) = ex.add(f'[[question]]\nid = "L9.1"\nkind = "line"\ntask = "Write it."\nnetwork = """\n{text}\n"""\n'
                    'sizes = { x = 1, h = 1 }\nT = 4\ngoal = "D(L, r)"\nletters = ["d_a", "h"]\n'
                    'answer = "sum(t, 1, T, d_a(t)*h(t-1))"')  # fmt: skip
    own = replace(ex(key).question, id="L9.1")
    course = Course("course", {"week": Assignment("week", (Entry("L9.1"),))}, {"L9.1": own}, b"secret")
    given = [result(one(question="L9.1", instance=known)) for known in (fingerprint(own), "0" * 16)]
    there, unknown = (pages.pages(gathered.Gathered((each,)), course)["students/ada.html"] for each in given)
    assert f"<pre><code>{text}</code></pre>" in unescape(there) and "The network (all numbers, T = 4):" in words(there)
    assert "tanh" not in unknown


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ("07 · 1. One weight", "notebook 07 · 1. One weight"),
        ("Lecture 4", "Lecture 4"),
        ("2026 · notes", "2026 · notes"),
    ],
)
def test_where_to_read_again_is_a_notebook_only_where_it_is_one(section, says):
    answers = one(reread=section, cause="It is wrong."), one("not attempted", "07.3", reread=section)
    said = words(of_one(*answers)["students/ada.html"])
    assert f"Read again: {says}" in said and f"0 of 2 points · {says}" in said
    assert said.count("notebook") == (2 if "notebook" in says else 0)


def test_with_a_table_of_students_their_names_stand_beside_their_logins(tmp_path, capsys):
    reason = "The notebook was made for Eve Q, and lay where ada hands in."
    found = [result(one(mistake="A1")), result(one(NOT_GRADED, reason=reason), student="bob"), result(student="kim")]
    folder, table = a_class.store(tmp_path / "results", found), tmp_path / "students.csv"
    table.write_text("student,name\nada,Ada <L>\nbob,Bob\neve,Eve Q\n", encoding="utf-8")
    command = ["report", str(folder), "--out", str(tmp_path / "report"), "--students", str(table)]
    assert main(command) == 0
    page = lambda name: (tmp_path / "report" / name).read_text(encoding="utf-8")
    assert words(page("index.html")).count("ada (Ada <L>)") >= 3 and "<L>" not in page("index.html")
    assert "ada (Ada <L>)" in words(page("students/ada.html")) and "Bob" not in page("students/ada.html")
    assert "kim (" not in words(page("index.html")) and "bob (" not in words(page("not-graded.html"))
    assert "Eve" not in page("students/bob.html") and "Eve Q" in page("not-graded.html")
    table.write_text("student\n", encoding="utf-8")
    assert main(command) == 2 and "names nobody" in capsys.readouterr().err


def test_with_the_course_its_titles_and_own_questions_are_shown():
    own = replace(course_questions()["07.2"], id="L7.1", task="Differentiate $x^2$ by `x`.")
    week = Assignment("week", (Entry("L7.1"),), title="Week seven", varied=False)
    course = Course("course", {"week": week}, {"L7.1": own}, b"secret", title="Recurrent networks")
    answer = one(question="L7.1", instance=fingerprint(own))
    made = pages.pages(gathered.Gathered((result(answer),)), course)
    assert "Recurrent networks: the class" in made["index.html"]
    for path in ("index.html", "students/ada.html"):
        assert "Week seven" in made[path] and "<msup>" in made[path] and "by <code>x</code>." in made[path]


def test_what_others_wrote_is_never_markup():
    bad = '<img src=x onerror=alert(1)>{{ 7*7 }}"\x00\x1b[31m\ud800'
    fields = dict.fromkeys(("answer", "right", "cause", "example", "mistake", "reread", "reason"), bad)
    answers = (one(**fields), one(NOT_GRADED, "07.3", **fields), one("cannot read", bad, **fields), one(bad, "07.5"))
    for page in of_one(*answers, student=bad, file=bad, version=bad, reason="").values():
        assert "<img" not in page and "49" not in words(page) and "\x00" not in page and "\x1b" not in page
        page.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("`W @ h` and *so*", "<code>W @ h</code> and <em>so</em>"),
        ("costs 5 $ or 6 $", "costs 5 $ or 6 $"),
        (r"so $\frac$", r"so <code>\frac</code>"),
        ("$x$ and $$y$$", "<mi>y</mi>"),
    ],
)
def test_words_of_a_task_become_html(text, html):
    said = str(wording.in_words(text))
    assert html in said


def test_words_that_were_told_are_no_markdown():
    assert str(wording.in_words("d_a1*h1 and *h1* $x$", False)) == "d_a1*h1 and *h1* $x$"
    assert str(wording.in_words("a\n  ^", False)) == "<pre><code>a\n  ^</code></pre>"


# Names of files


def test_names_of_files_are_safe_and_no_two_the_same():
    names = [*a_class.NAMES, "", ".", "..", "a/b", "a\\b", "a:b", "a b", "A b", "a\nb", "nul", "NUL", "com1", "x" * 300]
    names += ["mia-0123456789", "é", "e\u0301", "\ud800", "index", "COM¹", "anna ", " anna", "anna."]
    found = [pages.file_name(name) for name in names]
    assert len({name.casefold() for name in found}) == len(names)
    assert [name for name in found if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*\.html", name) or len(name) > 60] == []
    assert not {name.removesuffix(".html") for name in found} & pages.RESERVED


def test_a_name_of_a_file_does_not_change_with_the_others():
    assert pages.file_name("mia") == "mia.html"
    assert pages.file_name("Müller, Anna") == "muller-anna-5908106950.html"


def test_the_name_made_of_another_cannot_be_taken():
    other = pages.file_name("Müller, Anna").removesuffix(".html")
    assert pages.file_name(other) != f"{other}.html"


# The command


def test_the_command_writes_the_pages_twice_the_same(tmp_path, capsys):
    folder = a_class.store(tmp_path / "results", a_class.results()[:12])
    for _ in range(2):
        assert main(["report", str(folder), "--out", str(tmp_path / "report")]) == 0
        out = capsys.readouterr().out
        assert "12 students" in out and "2 of 12 not graded whole" in out and "earlier" not in out
        files = {path: path.read_bytes() for path in sorted((tmp_path / "report").rglob("*")) if path.is_file()}
        assert len(files) == 14
    assert files == {path: path.read_bytes() for path in files}


def test_pages_of_an_earlier_report_are_named_and_kept(tmp_path, capsys):
    old = tmp_path / "report" / "students" / "old.html"
    old.parent.mkdir(parents=True)
    old.write_text("old", encoding="utf-8")
    folder = a_class.store(tmp_path / "results", [result(one())])
    assert main(["report", str(folder), "--out", str(tmp_path / "report")]) == 0
    assert "old.html is of an earlier report" in capsys.readouterr().out and old.read_text(encoding="utf-8") == "old"


def test_a_folder_without_results_is_refused(tmp_path, capsys):
    for folder in (tmp_path, tmp_path / "none"):
        assert main(["report", str(folder), "--out", str(tmp_path / "report")]) == 2
        assert "bptt-lab: there is no" in capsys.readouterr().err


def test_a_course_file_that_cannot_be_read_is_refused(tmp_path, capsys):
    folder = a_class.store(tmp_path / "results", [result(one())])
    command = ["report", str(folder), "--out", str(tmp_path / "report"), "--course", str(tmp_path / "none.toml")]
    assert main(command) == 2 and "none.toml" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_refused(tmp_path, capsys):
    folder = a_class.store(tmp_path / "results", [result(one())])
    (tmp_path / "report").write_text("a file", encoding="utf-8")
    assert main(["report", str(folder), "--out", str(tmp_path / "report")]) == 2
    assert "report cannot be written" in capsys.readouterr().err


def test_without_jinja_a_sentence_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    folder = a_class.store(tmp_path / "results", [result(one())])
    assert main(["report", str(folder), "--out", str(tmp_path / "report")]) == 2
    assert "pip install 'bptt-lab[instructor]'" in capsys.readouterr().err


def test_the_templates_are_in_the_wheel(tmp_path):
    wheel = pytest.importorskip("hatchling.builders.wheel", reason="hatchling, which builds the wheel, is missing")
    from zipfile import ZipFile

    (path,) = wheel.WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with ZipFile(path) as archive:
        packed = {name.rpartition("/")[2] for name in archive.namelist() if "/teaching/templates/" in name}
    assert packed == {path.name for path in (ROOT / "src/bptt_lab/teaching/templates").iterdir()}
    assert {"class.html", "student.html", "not-graded.html", "style.css"} <= packed


# In a real browser


def shown(browser, path, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.requested, page.complaints = [], []
    page.on("request", lambda request: page.requested.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.goto(path.as_uri())
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    return page


OPEN, RIGHT = (f"students/{pages.file_name(a_class.NAMES[k])}" for k in (4, 14))
WRONG_PAGE = f"students/{pages.file_name(ANNA)}"


@pytest.mark.parametrize(
    ("path", "width", "scheme"),
    [
        ("index.html", 390, "dark"),
        ("index.html", 1280, "light"),
        ("not-graded.html", 390, "light"),
        ("not-graded.html", 390, "dark"),
        (OPEN, 390, "dark"),
        (RIGHT, 390, "light"),
        (WRONG_PAGE, 390, "light"),
    ],
)
def test_a_page_reads_well_narrow_and_wide_light_and_dark(browser, folder, path, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = shown(browser, folder / path, width, scheme)
    found = axe.Axe().run(page).response["violations"]
    assert {one["id"]: [node["html"] for node in one["nodes"]] for one in found} == {}
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert len(page.requested) == 1 and page.complaints == []
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 27)"
    assert dark == (scheme == "dark")
    page.close()


def test_every_picture_has_its_numbers_in_words(browser, folder):
    page = shown(browser, folder / "index.html", 390, "light")
    labels = page.locator("[role=img]").evaluate_all("all => all.map(one => [one.ariaLabel, one.innerText])")
    assert len(labels) == len(a_class.ASKED)
    for label, drawn in labels:
        assert re.findall(r"\d+", drawn) == re.findall(r"\d+(?= (?:correct|wrong|not|cannot))", label)
        assert label.endswith("of 29 answers.")
    widths = page.locator("[role=img]").first.locator("span").evaluate_all("all => all.map(one => one.offsetWidth)")
    assert widths == sorted(widths, reverse=True) or min(widths) > 0
    page.close()


def test_on_paper_bars_are_drawn_and_nothing_is_cut_off(browser, folder):
    page = shown(browser, folder / "index.html", 700, "dark")
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(252, 252, 250)"
    assert page.locator(".bar").first.evaluate("one => getComputedStyle(one).printColorAdjust") == "exact"
    page.close()


def test_stored_results_are_read_as_they_were_written(found):
    assert set(map(results.write, found.results)) == set(map(results.write, a_class.results()))
    assert json.loads(results.write(found.results[0]))["format"] == 1
