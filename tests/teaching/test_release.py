"""A release from the course file to points: by our own grading and by nbgrader, and on a student's machine."""

import json
import os
import stat
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from bptt_lab import cli
from bptt_lab.exercises.questions import course_questions
from bptt_lab.teaching import coursefile, leaks, release
from bptt_lab.teaching.coursefile import load

COURSE = """
[course]
name = "bptt"
questions = ["mine.toml"]

[[assignment]]
name = "week"
title = "A week"
notebooks = ["07"]
varied = true
question = [
    "07.1",
    { question = "07.2", points = 3 },
    { question = "mine.2", points = 2, attempts = 2 },
    "mine.3",
    { question = "mine.4", points = 2 },
    "04.1",
]
"""
TASKS = "Write the gradient of $L$ by $\\mathbf{R}$"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a folder with a course file, its release for two students, and what the command said."""
    from bptt_lab.teaching.question_format import example

    folder = tmp_path_factory.mktemp("course")
    (folder / "COURSE.toml").write_text(COURSE, encoding="utf-8")
    (folder / "mine.toml").write_text("".join(map(example, ("matrix", "derivation", "function"))), encoding="utf-8")
    (folder / "course.secret").write_text("a secret of 32 letters, for tests")
    (folder / "students.csv").write_text("name,student\nAda L.,ada\nBob B.,bob\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def said(home):
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        arguments = ["--out", str(home / "RELEASE"), "--students", str(home / "students.csv")]
        assert cli.main(["assign", str(home / "COURSE.toml"), *arguments]) == 0
    return out.getvalue()


@pytest.fixture
def book(home, said):
    return nbformat.read(home / "RELEASE" / "students" / "ada" / "week" / "week.ipynb", 4)


def cells(book, role):
    return {c.metadata.bptt_lab.question: c for c in book.cells if c.metadata.get("bptt_lab", {}).get("role") == role}


def test_a_release_has_three_cells_an_exercise_as_nbgrader_knows_them(book):
    nbformat.validate(book)
    names = ["07.1", "07.2", "mine.2", "mine.3", "mine.4", "04.1"]
    assert [list(cells(book, role)) for role in ("task", "answer", "check")] == [names] * 3
    answer, check = cells(book, "answer")["07.2"], cells(book, "check")["07.2"]
    base = {"schema_version": 3, "task": False}
    assert answer.metadata.nbgrader == {**base, "grade_id": "bptt-07-2-answer", "grade": False, "solution": True,
                                        "locked": False}  # fmt: skip
    assert check.metadata.nbgrader == {**base, "grade_id": "bptt-07-2-check", "grade": True, "solution": False,
                                       "locked": True, "points": 3.0}  # fmt: skip
    assert answer.source == '# Answer to 07.2\nhand_in("07.2", ...)'
    assert book.cells[1].source.startswith("from bptt_lab import hand_in\n")
    assert all(one.source.startswith(f"# Answer to {name}\n") for name, one in cells(book, "answer").items())


def test_each_student_has_the_instance_that_grading_uses(home, said, book):
    course = load(home / "COURSE.toml")
    assert course.proved
    for student in ("ada", "bob"):
        own = nbformat.read(home / "RELEASE" / "students" / student / "week" / "week.ipynb", 4)
        tasks = cells(own, "task")
        for name, question in course.questions_for("week", student).items():
            assert question.task in tasks[name].source
            assert not question.network or question.graph.network.text.strip() in tasks[name].source
    other = nbformat.read(home / "RELEASE" / "source" / "week" / "week.ipynb", 4)
    assert cells(other, "task")["07.2"].source != cells(book, "task")["07.2"].source
    assert book.metadata.bptt_lab == {"course": "bptt", "assignment": "week", "student": "ada"}


def test_what_is_said_of_instances_and_of_what_can_be_looked_up(said):
    assert "07.2 has 2 instances: other letters." in said or "07.2 has 1 instances: other letters." in said
    assert "04.1 is the same for everybody: it has no network." in said
    assert "warning: 07.2 can be looked up in the installed package, by its id" in said
    assert "mine.2 can be looked up" not in said.replace("mine.2 can be looked up in the installed package, as", "")


def test_a_release_is_the_same_bytes_each_time(home, said, tmp_path):
    arguments = ["--out", str(tmp_path / "R"), "--students", str(home / "students.csv")]
    assert cli.main(["assign", str(home / "COURSE.toml"), *arguments]) == 0
    files = [path for path in (home / "RELEASE").rglob("*") if path.is_file()]
    ours = {str(path.relative_to(tmp_path / "R")) for path in (tmp_path / "R").rglob("*") if path.is_file()}
    assert ours <= {str(path.relative_to(home / "RELEASE")) for path in files} and len(ours) > 6
    assert all((tmp_path / "R" / one).read_bytes() == (home / "RELEASE" / one).read_bytes() for one in ours)


def test_notebooks_that_go_with_it_have_no_outputs_and_send_to_the_release(home, said):
    folder = home / "RELEASE" / "reading" / "week"
    read = nbformat.read(folder / "07_the_recurrent_weights.ipynb", 4)
    nbformat.validate(read)
    sources = [cell.source for cell in read.cells]
    assert "Exercise 07.2 is assigned: answer it in `week.ipynb`." in sources
    assert not any('ex("07.2")' in cell.source for cell in read.cells if cell.cell_type == "code")
    assert any('ex("07.4")' in source for source in sources)
    assert all(not cell.get("outputs") for cell in read.cells)
    assert "07.2\n" in (folder / "assigned.txt").read_text()


def run(book, folder):
    """Run a notebook as JupyterLab does, and return the text of each cell's outputs."""
    NotebookClient(book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return {c.id: "".join(str(one.get("data", one).get("text/plain", one)) for one in c.outputs)
            for c in book.cells if c.cell_type == "code"}  # fmt: skip


def test_an_untouched_release_runs_without_an_error_where_there_is_no_course_file(book, tmp_path, monkeypatch):
    monkeypatch.delenv("BPTT_LAB_COURSE", raising=False)
    book.cells.append(nbformat.v4.new_code_cell('from bptt_lab import ex; ex("07.2").solution()', id="last"))
    shown = run(book, tmp_path)
    assert all(shown[f"bptt-{name}-check"] == f"{name.replace('-', '.')}: not attempted."
               for name in ("07-1", "07-2", "04-1"))  # fmt: skip
    assert "its solution is closed" in shown["last"]


def answered(home, student, wrong=()):
    """Return a student's notebook with right answers to all questions but some, which are wrong or left as they are."""
    book = nbformat.read(home / "RELEASE" / "students" / student / "week" / "week.ipynb", 4)
    questions = load(home / "COURSE.toml").questions_for("week", student)
    for name, cell in cells(book, "answer").items():
        one = questions[name]
        if name in wrong:
            cell.source = f'# Answer to {name}\nhand_in("{name}", {wrong[name]})'
        elif one.returns:
            called = one.answer.split("def ")[1].split("(")[0]
            cell.source = f"# Answer to {name}\nimport numpy as np\n{one.answer}\nhand_in('{name}', {called})"
        else:
            right = repr(one.answer or one.right) if one.number is None else one.number
            noise = "import warnings\nwarnings.warn('a warning')\nprint(7)\n" if name == "07.2" else ""
            cell.source = f'# Answer to {name}\n{noise}hand_in("{name}", {right})'
    return book


def test_nbgrader_generates_autogrades_reports_and_exports_the_points_that_our_own_grading_gives(
    home, said, tmp_path, monkeypatch
):
    pytest.importorskip("nbgrader")
    import shutil

    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.plugins.export import CsvExportPlugin
    from traitlets.config.loader import PyFileConfigLoader

    from bptt_lab.teaching import grading

    root = tmp_path / "nbgrader"
    shutil.copytree(home / "RELEASE", root)
    monkeypatch.setenv("BPTT_LAB_COURSE", str(home / "COURSE.toml"))
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.chdir(root)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(root)
    api = NbGraderAPI(config=config)
    assert api.generate_assignment("week")["success"]
    made = nbformat.read(root / "release" / "week" / "week.ipynb", 4)
    assert cells(made, "answer")["07.2"].source == '# Answer to 07.2\nhand_in("07.2", ...)'

    books = {
        "ada": answered(home, "ada"),
        "bob": answered(home, "bob", {"07.2": '"0"', "mine.2": '"d_a(1)", "no letters"', "04.1": "..."}),
    }
    course = load(home / "COURSE.toml")
    for student, one in books.items():
        folder = root / "submitted" / student / "week"
        folder.mkdir(parents=True)
        nbformat.write(one, folder / "week.ipynb")
        result = api.autograde("week", student)
        assert result["success"], result
        own = grading.grade(course, "week", student, (folder / "week.ipynb").read_bytes())
        with api.gradebook as gradebook:
            (graded,) = gradebook.find_submission("week", student).notebooks
            found = {grade.name: grade.auto_score for grade in graded.grades}
        assert found == {release.grade_id(j.question, "check"): j.points for j in own.answers}
        assert sum(found.values()) == (9.5 if student == "ada" else 3.5)  # a derivation without steps has a half
    assert api.generate_feedback("week", "bob")["success"]
    page = (root / "feedback" / "bob" / "week" / "week.html").read_text(encoding="utf-8")
    missed = [course.questions_for("week", "bob")["07.2"]]  # what comes back says nothing of what is right
    assert "(most recent call last)" not in page
    assert leaks.scan([("week.html", page.encode())], missed, course.secret) == []
    with api.gradebook as gradebook:
        CsvExportPlugin(to=str(root / "grades.csv")).export(gradebook)
    rows = (root / "grades.csv").read_text().splitlines()
    assert len(rows) == 3 and any(",bob," in row and ",3.5," in row for row in rows)


# What the command refuses


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Name a course file and a folder: bptt-lab assign COURSE.toml --out RELEASE"),
        (["COURSE.toml", "--out", "R"], "week is varied: each student has instances of their own. Add  --students"),
        (["COURSE.toml", "--out", "R", "--students", "none.csv"], "none.csv cannot be read"),
        (["COURSE.toml", "--out", "R", "--students", "twice.csv"], "twice.csv: line 3 has the name of line 2, 'ADA'"),
        (["COURSE.toml", "--out", "R", "--students", "bad.csv"], "line 2: '../ada' cannot name a folder"),
        (["COURSE.toml", "--out", "R", "--students", "empty.csv"], "empty.csv names nobody"),
        (["COURSE.toml", "--out", "R", "--students", "students.csv", "--only", "weak"], "Did you mean 'week'?"),
        (["COURSE.toml", "--out", ".", "--students", "students.csv"], "would be handed out with its secret"),
        (["COURSE.toml", "--out", "R", "--students", "students.csv", "--strict"], "is refused by --strict:\n07.1 can"),
        (["none.toml", "--out", "R"], "There is no file none.toml: `bptt-lab assign --new none.toml` writes one"),
    ],
)
def test_what_cannot_be_assigned_is_said_in_a_sentence(home, said, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(home)
    (home / "twice.csv").write_text("student\nada\nADA\n")
    (home / "bad.csv").write_text("student\n../ada\n")
    (home / "empty.csv").write_text("student\n\n")
    assert cli.main(["assign", *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error and error.startswith("bptt-lab: ") and not (home / "R").exists()


def test_a_question_that_does_not_prove_is_not_assigned(home, tmp_path, capsys):
    for name in ("COURSE.toml", "course.secret", "students.csv"):
        (tmp_path / name).write_bytes((home / name).read_bytes())
    text = (home / "mine.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text.replace("d_a(t) @ h(t-1).T", "d_a(t) @ h(t).T"), encoding="utf-8")
    arguments = [
        str(tmp_path / "COURSE.toml"),
        "--out",
        str(tmp_path / "R"),
        "--students",
        str(tmp_path / "students.csv"),
    ]
    assert cli.main(["assign", *arguments]) == 2
    assert "mine.2: " in capsys.readouterr().err and not (tmp_path / "R").exists()


def test_a_release_that_would_give_something_away_is_not_written(home, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(release, "OPENING", release.OPENING + course_questions()["07.2"].answer)
    arguments = [str(home / "COURSE.toml"), "--out", str(tmp_path / "R"), "--students", str(home / "students.csv")]
    assert cli.main(["assign", *arguments]) == 2
    error = capsys.readouterr().err
    assert "Nothing is written, since the release would give away:\nsource/week/week.ipynb: 07.2, its answer" in error
    assert not (tmp_path / "R").exists()


def test_what_lies_among_the_files_to_be_handed_out_is_looked_at_too(tmp_path, capsys):
    path = tmp_path / "COURSE.toml"
    cli.main(["assign", "--new", str(path)])
    for name in ("source", "elsewhere"):
        folder = tmp_path / "R" / name / "week-1"
        folder.mkdir(parents=True)
        (folder / "solution.txt").write_text(course_questions()["07.2"].answer)
    capsys.readouterr()
    assert cli.main(["assign", str(path), "--out", str(tmp_path / "R")]) == 0
    said = capsys.readouterr().out
    assert "warning: source/week-1/solution.txt: 07.2, its answer\n" in said and "elsewhere" not in said


def test_nbgraders_settings_are_not_written_over_and_nothing_is_written_before_all_is_checked(tmp_path, capsys):
    path = tmp_path / "COURSE.toml"
    cli.main(["assign", "--new", str(path)])
    settings = tmp_path / "R" / "nbgrader_config.py"
    settings.parent.mkdir()
    settings.write_text("c = get_config()\n")
    second = '[[assignment]]\nname = "week-2"\nvaried = true\nquestion = ["07.2"]\n'
    path.write_text(path.read_text(encoding="utf-8") + second, encoding="utf-8")
    assert cli.main(["assign", str(path), "--out", str(tmp_path / "R")]) == 2
    assert "week-2 is varied" in capsys.readouterr().err and not (tmp_path / "R" / "source").exists()
    assert cli.main(["assign", str(path), "--out", str(tmp_path / "R"), "--only", "week-1"]) == 0
    assert settings.read_text() == "c = get_config()\n" and (tmp_path / "R" / "source").exists()


def test_a_course_file_to_begin_with_works_and_its_secret_is_its_owners(tmp_path, capsys):
    path = tmp_path / "COURSE.toml"
    assert cli.main(["assign", "--new", str(path)]) == 0
    secret = tmp_path / "COURSE.secret"
    assert len(secret.read_text().strip()) == 64
    assert os.name == "nt" or stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert cli.main(["assign", str(path), "--out", str(tmp_path / "R")]) == 0
    book = json.loads((tmp_path / "R" / "source" / "week-1" / "week-1.ipynb").read_text(encoding="utf-8"))
    assert len(book["cells"]) == 2 + 3 * 4 and not coursefile.instances_file(path).exists()
    capsys.readouterr()
    assert cli.main(["assign", "--new", str(path)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert secret.read_text().strip() not in (tmp_path / "COURSE.toml").read_text()


@pytest.mark.parametrize(
    ("text", "names"),
    [("student\nada\nbob\n", ["ada", "bob"]), ("ada\nbob", ["ada", "bob"]), ("\ufeffStudent\r\nada\r\n", ["ada"]),
     ("first,id\nA,x1\nB,\n\nC,x2\n", ["x1", "x2"]), ('name\n"O\'Neil, Zoë"\n', None),
     ("student\nZoë O'Neil\n", ["Zoë O'Neil"])],
)  # fmt: skip
def test_a_table_of_students_is_read(tmp_path, text, names):
    path = tmp_path / "s.csv"
    path.write_text(text, encoding="utf-8")
    if names is None:
        with pytest.raises(release.ReleaseError, match="cannot name a folder"):
            release.read_students(path)
    else:
        assert release.read_students(path) == names
