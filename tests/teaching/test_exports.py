"""Points in a platform's own file: whose they are, what is filled, and that nothing else changes and nobody is lost."""

import csv
import io
import random
import re

import pytest

import a_class
from bptt_lab.cli import main
from bptt_lab.exercises.outcomes import CANNOT_READ
from bptt_lab.teaching import exports, matching, sheets, store
from bptt_lab.teaching.matching import Person
from bptt_lab.teaching.results import NOT_GRADED, Judged, Result

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,week6 (4711),week7 (4712),Assignments Current Score\r\n"
    ",,,,,,Manual Posting,\r\n"
    "    Points Possible,,,,,5,12,(read only)\r\n"
    '"Müller, Anna",101,s101,anna.mueller@uni.example,"BPTT, group 1",4,,80.00\r\n'
    '"Núñez, José",102,s102,jnunez,"BPTT, group 1",,,0.00\r\n'
    '"Smith, John",103,s103,jsmith1,BPTT,3.5,,70.00\r\n'
    '"Smith, John",104,s104,jsmith2,BPTT,5,,\r\n'
    '"O\'Brien, Seán ""Sonny""",105,,sobrien,BPTT,,7,\r\n'
    "=cmd|' /C calc'!A0,106,,evil,BPTT,,,\r\n"
    '"Student, Test",107,,0123abc,BPTT,,,\r\n'
)
MOODLE = (
    '\N{BYTE ORDER MARK}Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
    '"Participant 201","Anna Müller",anna@uni.example,"Submitted for grading - ",,12.00,Yes,"Sunday, 1 March",-,\n'
    '"Participant 202","José Núñez",jose@uni.example,"No submission",,12.00,Yes,-,-,"two\nlines, ""quoted"""\n'
    '"Participant 203","Łukasz Żółć",lz@uni.example,"Submitted for grading - ",3.00,12.00,Yes,-,-,\n'
)


def judged(points, outcome="wrong", **others):
    return Judged("07.2", outcome, points, 12.0, **others)


def result(student, points=7.5, file="", **others):
    given = {"answers": (judged(points),)} | others
    return Result("bptt", "week7", student, file or f"{student}/week7.ipynb", "0", "0.9", "process", **given)


def asked(titles=("week7",), column=None, **how):
    return titles, column, exports.Filling(**how)


def canvas(*results, text=CANVAS, **others):
    return exports.canvas(text.encode(), results, *asked(**others))


def moodle(*results, text=MOODLE, **others):
    return exports.moodle(text.encode(), results, *asked(**others))


def column(made, name, separator=","):
    """Return a column by the first cell of each line."""
    rows = list(csv.reader(io.StringIO(made.data.decode("utf-8-sig"), newline=""), delimiter=separator))
    at = rows[0].index(name)
    return {(row[0], row[1]): row[at] for row in rows[1:]}


# Canvas


def test_canvas_is_filled_in_one_column_and_every_other_byte_stays():
    made = canvas(result("Anna Müller"), result("jsmith2", 3.0))
    wanted = CANVAS.replace('group 1",4,,80', 'group 1",4,7.5,80').replace("jsmith2,BPTT,5,,", "jsmith2,BPTT,5,3,")
    assert made.data == wanted.encode() and made.filled == 2


@pytest.mark.parametrize(
    ("student", "file", "row"),
    [
        ("mulleranna", "mulleranna_101_99812_week7.ipynb", "101"),
        ("somebody", "zip/mulleranna_LATE_101_99812_week7-1.ipynb", "101"),
        ("mulleranna", "week7.ipynb", "101"),
        ("annamüller", "week7.ipynb", "101"),
        ("Müller, Anna", "", "101"),
        ("ANNA  MULLER", "", "101"),
        ("anna_muller", "", "101"),
        ("Mu\u0308ller Anna", "", "101"),
        ("anna.mueller@uni.example", "", "101"),
        ("Anna.Mueller", "", "101"),
        ("s102", "", "102"),
        ("JNUNEZ", "", "102"),
        ("102", "", "102"),
        ("jose nunez", "", "102"),
        ("John Smith", "smithjohn_104_5_week7.ipynb", "104"),
        ("sean sonny o'brien", "", "105"),
        ("=cmd|' /C calc'!A0", "", "106"),
    ],
)
def test_whose_line_it_is(student, file, row):
    made = canvas(result(student, file=file), overwrite=True)
    filled = [key[1] for key, value in column(made, "week7 (4712)").items() if value == "7.5"]
    assert filled == [row] and not [
        note for note in made.notes if student in note and "highest" not in note and row != "105"
    ]


@pytest.mark.parametrize("student", ["John Smith", "smith, JOHN", "smithjohn"])
def test_a_name_of_two_decides_nothing_and_is_listed(student):
    made = canvas(result(student))
    assert made.data == CANVAS.encode() and made.filled == 0
    (note,) = [note for note in made.notes if "not clear whose" in note]
    assert "7.5 of 12 points" in note and "row 6" in note and "row 7" in note
    assert not [note for note in made.notes if "nothing handed in" in note and "Smith" in note]


def test_one_line_claimed_twice_is_filled_for_nobody_and_both_are_listed():
    made = canvas(result("Anna Müller", file="one.ipynb"), result("anna.mueller", 3.0, file="two.ipynb"))
    assert made.data == CANVAS.encode()
    assert len([note for note in made.notes if "claimed by 2 submissions: one.ipynb, two.ipynb" in note]) == 2


@pytest.mark.parametrize(
    "student", ["Nobody Known", "Anna", "Müller", "", "...", "week7", "BPTT", "Points Possible", "7"]
)
def test_who_is_in_no_line_is_listed(student):
    made = canvas(result(student, file="x.ipynb"))
    assert made.data == CANVAS.encode() and made.notes[0].startswith(
        f"in no line of the file: {student} (x.ipynb), 7.5 of"
    )


def test_who_handed_in_nothing_is_listed():
    notes = canvas(result("Anna Müller")).notes
    assert [re.search(r"row (\d+)", note)[1] for note in notes if "nothing handed in" in note] == list("56789") + ["10"]


def test_a_grade_that_was_there_is_kept_and_told_unless_it_is_to_be_written_over():
    kept, over = canvas(result("sobrien")), canvas(result("sobrien"), overwrite=True)
    place = ('O\'Brien, Seán "Sonny"', "105")
    assert kept.data == CANVAS.encode() and kept.filled == 0
    assert column(over, "week7 (4712)")[place] == "7.5" and over.filled == 1
    assert any("kept another grade: row 8, sobrien: 7, here 7.5" in note for note in kept.notes)
    assert any("had another grade: row 8, sobrien: 7, now 7.5" in note for note in over.notes)
    assert "1 row holds another grade, 7 points there, 7.5 in these results: kept; --overwrite" in kept.notes[0]
    assert kept.notes[0].partition(": ")[0] == over.notes[0].partition(": ")[0] and "written over" in over.notes[0]
    excused = canvas(result("jnunez"), text=CANVAS.replace('group 1",,,0.00', 'group 1",,EX,0.00'))
    assert column(excused, "week7 (4712)")[("Núñez, José", "102")] == "EX"


def test_a_grade_of_the_worksheet_is_kept_too():
    made = moodle(result("lukasz zolc", 4.0), result("Anna Müller"))
    assert column(made, "Grade")[("Participant 203", "Łukasz Żółć")] == "3.00" and made.filled == 1
    assert "3 points there, 4 in these results" in made.notes[0]


def test_who_got_a_zero_for_what_could_not_be_read_is_named():
    unread = judged(0.0, CANNOT_READ, reason="A ) is missing.\n  d1(1")
    for made in (
        canvas(result("jnunez", answers=(judged(3.0), unread))),
        exports.plain([result("jnunez", answers=(unread,))]),
    ):
        (note,) = [note for note in made.notes if "could not be read" in note]
        assert "jnunez (" in note and note.endswith("07.2: A ) is missing.")
    assert not [note for note in canvas(result("jnunez")).notes if "read" in note]


OPEN = {
    "an answer": {"answers": (judged(3.0), judged(0.0, NOT_GRADED, reason="The cell is there twice."))},
    "all": {"answers": (), "reason": "It is no notebook."},
    "nothing in it": {"answers": ()},
}


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("what", OPEN)
def test_what_was_not_graded_is_left_empty_and_listed(what, partial):
    made = canvas(result("Anna Müller", **OPEN[what]), partial=partial)
    is_filled = partial and what == "an answer"
    assert column(made, "week7 (4712)")[("Müller, Anna", "101")] == ("3" if is_filled else "")
    assert made.filled == is_filled
    (note,) = [note for note in made.notes if "Anna" in note]
    assert ("filled without" if is_filled else "not graded, left") in note
    assert {"an answer": "The cell is there twice.", "all": "no notebook", "nothing in it": "nothing was found"}[
        what
    ] in note


def test_other_points_than_the_platforms_are_told():
    assert not [note for note in canvas(result("Anna Müller")).notes if "highest grade" in note]
    other = result("Anna Müller", answers=(Judged("07.2", "wrong", 1.0, 10.0),))
    assert "highest grade is 12, these results are of 10" in canvas(other).notes[0]


def test_the_column_can_be_chosen_and_must_be_one():
    made = canvas(result("Anna Müller"), column="week6 (4711)", overwrite=True)
    assert column(made, "week6 (4711)")[("Müller, Anna", "101")] == "7.5"
    assert canvas(result("Anna Müller"), column="Week6", overwrite=True).data == made.data
    with pytest.raises(exports.ExportError, match=r"no column is called 'week8'.*week6 \(4711\), week7 \(4712\)"):
        canvas(result("Anna Müller"), titles=["week8"])
    with pytest.raises(exports.ExportError, match="2 columns are called 'week7'"):
        canvas(result("Anna Müller"), text=CANVAS.replace("week6 (4711)", "Week7 (4711)"))
    with pytest.raises(exports.ExportError, match="no column"):  # a column of the platform's own is no assignment
        canvas(result("Anna Müller"), titles=["Section"])


def test_another_platforms_file_is_refused():
    with pytest.raises(exports.ExportError, match="no column Student, ID.*Canvas's gradebook"):
        canvas(text=MOODLE)
    with pytest.raises(exports.ExportError, match="no column Identifier.*Moodle's grading worksheet"):
        moodle(text=CANVAS)


# Moodle


def test_moodle_keeps_its_mark_its_quotes_and_lines_in_a_cell():
    made = moodle(result("Anna Müller"), result("lukasz zolc", 3.0), result("José Núñez", 12.0))
    wanted = MOODLE.replace('grading - ",,12', 'grading - ",7.5,12', 1).replace('submission",,12', 'submission",12,12')
    assert made.data == wanted.encode() and made.filled == 3  # 3.00 is 3, and stays as it was
    assert not [note for note in made.notes if "another grade" in note]


@pytest.mark.parametrize(
    ("student", "file"),
    [
        ("Somebody", "Anna Müller_201_assignsubmission_file_week7.ipynb"),
        ("Somebody", "all.zip/Anna Müller_201_assignsubmission_file_/week7.ipynb"),
        ("Participant_201", "Participant_201_assignsubmission_file_week7.ipynb"),
        ("anna@uni.example", ""),
        ("anna", ""),
        ("müller anna", ""),
    ],
)
def test_whose_line_it_is_in_moodle(student, file):
    assert column(moodle(result(student, file=file)), "Grade")[("Participant 201", "Anna Müller")] == "7.5"


def test_a_worksheet_without_names_is_matched_by_number():
    text = "Identifier,Status,Grade,Maximum Grade\nParticipant 201,-,,12\nParticipant 20,-,,12"
    made = moodle(result("Participant_201", file="Participant_201_assignsubmission_file_/a.ipynb"), text=text)
    assert made.data.decode() == text.replace("201,-,,", "201,-,7.5,")


def test_a_comma_in_numbers_and_semicolons_are_kept():
    text = "Identifier;Full name;Grade;Maximum Grade\r\nParticipant 1;Ada L;;12,00\r\nParticipant 2;Bob;;12,00"
    made = moodle(result("Ada L"), result("Bob", 3.0), text=text)
    assert made.data.decode() == text.replace("L;;", "L;7,5;").replace("Bob;;", "Bob;3;")
    commas = 'Identifier,Full name,Grade,Maximum Grade\nParticipant 1,Ada L,,"12,00"\n'
    assert moodle(result("Ada L"), text=commas).data.decode() == commas.replace("L,,", 'L,"7,5",')


# Files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_file_is_written_as_it_was_read(encoding, end, separator):
    lines = ['Student,ID,"a ""b"""', '"Müller; Anna",1,', " x , y ,z", '"two\nlines",,', "short", "", 'a"b,c,"d"e']
    data = end.join(lines).replace(",", separator).encode(encoding)
    sheet = sheets.read(data)
    assert sheet.bytes() == data and sheet.separator == separator
    assert [len(row) for row in sheet.rows] == [3, 3, 3, 3, 1, 1, 3] and sheet.rows[1][0] == "Müller; Anna"
    assert (
        sheet.filled(2, {4: "9"}).rows == sheet.rows
        and sheets.read(sheet.filled(2, {4: "9"}).bytes()).rows[4][2] == "9"
    )


def test_random_tables_survive():
    rng = random.Random(7)
    for _ in range(300):
        rows = [["".join(rng.choices('ab ",;\n\t=é', k=rng.randrange(5))) for _ in range(3)] for _ in range(4)]
        stored = io.StringIO(newline="")
        csv.writer(stored, lineterminator=rng.choice(["\n", "\r\n"]), quoting=rng.choice([0, 1])).writerows(
            [["Student", "ID", "Grade"], *rows]
        )
        data = stored.getvalue().encode()
        sheet = sheets.read(data)
        assert sheet.bytes() == data and [list(row) for row in sheet.rows] == [["Student", "ID", "Grade"], *rows]
        filled = sheets.read(sheet.filled(2, {2: "7"}).bytes()).rows
        assert filled[2][2] == "7" and (*filled[:2], *filled[3:]) == (*sheet.rows[:2], *sheet.rows[3:])


NO_TABLES = [b"", b"  \n", b"PK\x03\x04\x00\x00", b'a,b\n"open,1\n', "a,b\n".encode("utf-16")[:-1]]


@pytest.mark.parametrize("data", NO_TABLES)
def test_what_is_no_table_is_refused(data):
    with pytest.raises(sheets.SheetError):
        sheets.read(data)


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_cell_of_ours_is_no_formula(value):
    assert sheets.safe(value) == f"'{value}"
    (row,) = csv.reader(io.StringIO(sheets.table([[value, "a"]]).decode("utf-8-sig"), newline=""))
    assert row == [f"'{value}", "a"]


@pytest.mark.parametrize("value", ["", "Anna", "7.5", "'=1", "a=b", " =1"])
def test_other_cells_stay(value):
    assert sheets.safe(value) == value


@pytest.mark.parametrize(
    ("one", "other"),
    [("Müller, Anna", "anna muller"), ("Łukasz Żółć", "ZOLC lukasz"), ("Søren Ørsted", "Orsted, Soren"),
     ("Đặng Văn Ân", "an dang van"), ("Straße Ada", "ada strasse"), ("Jean-Luc O’Neil", "jean luc o neil")],
)  # fmt: skip
def test_names_are_the_same_without_accents_and_in_another_order(one, other):
    assert matching.words(one) == matching.words(other)


def test_names_in_other_alphabets_are_told_apart():
    names = ["李小龍", "Анна Каренина", "محمد علي", "Ελένη Παπαδοπούλου", "Анна Корнилова"]
    people = [Person(k, str(k), (), name) for k, name in enumerate(names)]
    found = matching.match([result(name, file=f"{name}.ipynb") for name in names], people)
    assert {row: one.student for row, one in found.rows.items()} == dict(enumerate(names))


def test_nobody_is_matched_by_nothing():
    found = matching.match([result("", file="x.ipynb")], [Person(1, "", (), ""), Person(2, "", ("",), "...")])
    assert not found.rows and len(found.unknown) == 1


# The command, on a class


@pytest.fixture
def folder(tmp_path):
    return a_class.store(tmp_path / "results", a_class.results())


def gradebook():
    """Return Canvas's file of the class."""
    stored = io.StringIO(newline="")
    rows = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "week7 (1)"]]
    rows += [["    Points Possible", "", "", "", "", "12"]]
    rows += [[name, 1000 + k, f"s{k}", f"login{k}", "A", ""] for k, name in enumerate(a_class.NAMES)]
    csv.writer(stored).writerows(rows)
    return stored.getvalue()


def test_a_class_is_exported_and_nobody_is_lost(folder, tmp_path, capsys):
    (tmp_path / "book.csv").write_bytes(gradebook().encode())
    command = ["export", str(folder), "--canvas", str(tmp_path / "book.csv"), "--out", str(tmp_path / "out.csv")]
    assert main(command) == 0
    out = capsys.readouterr().out
    rows = list(csv.reader(io.StringIO((tmp_path / "out.csv").read_bytes().decode(), newline="")))[2:]
    points = {one.student: one for one in a_class.results()}
    for row in rows:
        if row[5]:
            assert float(row[5]) == points[row[0]].points
        else:
            assert f"{row[0]} (" in out
    empty = {row[0] for row in rows if not row[5]}
    assert {a_class.NAMES[9], a_class.NAMES[4], "John Smith", "Smith, John", "anna", "Anna"} == empty
    assert f"{30 - len(empty)} of 30 submissions filled in" in out


def test_a_plain_table_holds_everybody_and_no_formula(folder, tmp_path, capsys):
    assert main(["export", str(folder), "--csv", "--out", str(tmp_path / "out.csv")]) == 0
    text = (tmp_path / "out.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {row["student"].removeprefix("'") for row in rows} == set(a_class.NAMES)
    assert not [value for row in rows for value in row.values() if value[:1] in tuple("=+-@\t\r")]
    assert "'=cmd|' /C calc'!A0" in {row["student"] for row in rows}
    by = {row["student"]: row for row in rows}
    open_one = by[a_class.NAMES[4]]
    assert (open_one["points"], open_one["not graded"], open_one["07.4"]) == ("", "07.4", "") and open_one["07.2"]
    assert by[a_class.NAMES[9]]["not graded"] == "all" and "middle of a cell" in by[a_class.NAMES[9]]["why"]
    assert float(by["jdoe2"]["points"]) == sum(float(by["jdoe2"][name] or 0) for name in a_class.ASKED)
    assert "28 of 30" in capsys.readouterr().out


def test_of_several_assignments_one_is_chosen(tmp_path, capsys):
    other = Result("bptt", "week8", "ada", "a.ipynb", "0", "0.9", "process", (judged(2.0),))
    folder = a_class.store(tmp_path / "results", [result("ada"), other])
    command = ["export", str(folder), "--csv", "--out", str(tmp_path / "out.csv")]
    assert main(command) == 2 and "--assignment: week7, week8" in capsys.readouterr().err
    assert main([*command, "--assignment", "week9"]) == 2 and "no results of 'week9'" in capsys.readouterr().err
    assert main([*command, "--assignment", "week8"]) == 0 and b",2,12," in (tmp_path / "out.csv").read_bytes()


COURSE = """
[course]
name = "bptt"

[[assignment]]
name = "week7"
title = "One weight, many uses"
question = ["07.2"]
"""


def test_a_column_may_bear_the_name_or_the_title_of_the_assignment(tmp_path, capsys):
    folder = a_class.store(tmp_path / "results", [result("Anna Müller")])
    (tmp_path / "course.toml").write_text(COURSE, encoding="utf-8")
    (tmp_path / "course.secret").write_bytes(b"a secret of 32 bytes, as it must")
    book, out = tmp_path / "book.csv", tmp_path / "out.csv"
    book.write_bytes(CANVAS.replace("week7 (4712)", '"One weight, many uses (4712)"').encode())
    command = ["export", str(folder), "--canvas", str(book), "--out", str(out)]
    assert main(command) == 2 and "no column is called 'week7'" in capsys.readouterr().err
    command += ["--course", str(tmp_path / "course.toml")]
    for more in ([], ["--assignment", "week7"], ["--assignment", "One weight, many uses"]):
        assert main([*command, *more]) == 0 and b'group 1",4,7.5,80' in out.read_bytes()
    book.write_bytes(CANVAS.encode())
    assert main(command) == 0 and b'group 1",4,7.5,80' in out.read_bytes()


def test_what_cannot_be_done_is_one_sentence(tmp_path, capsys):
    folder = a_class.store(tmp_path / "results", [result("ada")])
    book = tmp_path / "book.csv"
    book.write_text(CANVAS, encoding="utf-8")
    for arguments, says in [
        (["--canvas", str(book), "--out", str(book)], "another name"),
        (["--canvas", str(tmp_path / "none.csv"), "--out", str(tmp_path / "o.csv")], "none.csv cannot be read"),
        (["--moodle", str(book), "--out", str(tmp_path / "o.csv")], "no column Identifier"),
        (["--csv", "--out", str(tmp_path / "none" / "o.csv")], "cannot be written"),
    ]:
        assert main(["export", str(folder), *arguments]) == 2
        err = capsys.readouterr().err
        assert says in err and err.startswith("bptt-lab: ") and err.count("\n") == 1
    assert book.read_text(encoding="utf-8") == CANVAS.replace("\r\n", "\n")
    assert main(["export", str(tmp_path), "--csv", "--out", str(tmp_path / "o.csv")]) == 0
    book.write_bytes(b"PK\x00")
    assert main(["export", str(folder), "--canvas", str(book), "--out", str(tmp_path / "o.csv")]) == 2
    assert "book.csv: it is no CSV file" in capsys.readouterr().err


def test_a_name_does_not_drive_the_terminal(tmp_path, capsys):
    folder = a_class.store(tmp_path / "results", [result("\x1b[2Jada\nfilled", answers=())])
    assert main(["export", str(folder), "--csv", "--out", str(tmp_path / "o.csv")]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and out.count("\n") == 2


def test_a_result_file_that_cannot_be_read_is_listed(tmp_path, capsys):
    folder = a_class.store(tmp_path / "results", [result("ada")])
    (folder / "01").mkdir()
    (folder / "01" / store.RESULT).write_text("{}", encoding="utf-8")
    assert main(["export", str(folder), "--csv", "--out", str(tmp_path / "o.csv")]) == 0
    assert "a result file that cannot be read: 01/result.json" in capsys.readouterr().out
