"""What is read from a notebook's source: each way an answer cell can be found, and each way it can be spoiled."""

import json

import classes
import nbformat
import pytest
from nbformat import v4

from bptt_lab.teaching.answers import Function, Unreadable, cells_of, handed_in, plain

ID = "07.2"


def read(*cells, wanted=(ID,)):
    """Return what is handed in by a notebook of code cells."""
    book = v4.new_notebook(cells=[v4.new_code_cell(source, metadata=metadata) for source, metadata in cells])
    found = handed_in(cells_of([("week7.ipynb", nbformat.writes(book).encode())]), wanted)
    return found[wanted[0]]


def answer(source, **metadata):
    return (f"# Answer to {ID}\n{source}", metadata or classes.marks(ID, "answer"))


def test_an_answer_is_found_by_metadata_else_by_grade_id_else_by_its_first_line():
    call = f'hand_in("{ID}", "h1(0)")'
    marks = classes.marks(ID, "answer")
    for cell in (
        (call, {"bptt_lab": marks["bptt_lab"]}),
        (call, {"nbgrader": marks["nbgrader"]}),
        (f"# Answer to {ID}\n{call}", {}),
        (f"\n#  answer to {ID}  \n{call}", {}),
    ):
        assert read(cell).answers == ("h1(0)",)


def test_a_task_or_a_check_cell_is_no_answer():
    assert "missing" in read((f'hand_in("{ID}", "h1(0)")', classes.marks(ID, "check"))).reason


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"h1(0)"', "h1(0)"),
        ("r'\\alpha'", "\\alpha"),
        ('"a" "b"', "ab"),
        ('("a"\n "b")', "ab"),
        ('"a" + "b"', "ab"),
        ("-3", -3),
        ("3/4", 0.75),
        ("2*(1 - 0.25)", 1.5),
        ("1 - 0.5**2", 0.75),
        ("2**4 - 3", 13),
        ("(4, 3)", (4, 3)),
        ("[4, -3]", (4, -3)),
        ("()", ()),
        ("...", ...),
        ('"""one\n= two"""', "one\n= two"),
    ],
)
def test_literals_are_read(written, value):
    assert read(answer(f'hand_in("{ID}", {written})')).answers == (value,)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ('f"h1({1})"', "an f-string"),
        ('"h1(0)".upper()', "a call"),
        ("lambda x: x", "a lambda"),
        ("np.pi", "attribute"),
        ("x[0]", "an entry"),
        ("2**9999999", "a power beyond"),
        ("9999999**9", "a power beyond"),
        ("2**0.5", "a power beyond"),
        ("0**-1", "no value"),
        ("1/0", "no value"),
        ("1e308*10 - 'a'", "no value"),
        ("*found", "with *"),
        ("answer='a'", "by name"),
    ],
)
def test_what_is_no_literal_is_left_to_a_person_with_the_reason(written, says):
    found = read(answer(f'hand_in("{ID}", {written})'))
    assert found.answers == () and says in found.reason


def test_a_function_is_a_name_with_the_source_of_its_cell():
    source = f'def f(x):\n    return x\n\nhand_in("{ID}", f)'
    (found,) = read(answer(source)).answers
    assert found == Function(f"# Answer to {ID}\n{source}", "f")


def test_several_answers_are_kept_in_their_order():
    assert read(answer(f'hand_in("{ID}", "a", "b", "c")')).answers == ("a", "b", "c")


def test_words_to_ipython_are_passed_over():
    found = read(answer(f'%matplotlib inline\n!ls\nnp.dot?\nhand_in("{ID}", "h1(0)")'))
    assert found.answers == ("h1(0)",)


def test_the_call_may_stand_inside_of_something():
    assert read(answer(f'print(hand_in("{ID}", "h1(0)"))')).answers == ("h1(0)",)


# Cells that were moved


def test_two_copies_with_the_same_answer_are_one():
    one = answer(f'hand_in("{ID}", "h1(0)")')
    assert read(one, one).answers == ("h1(0)",)
    assert read(one, (f'# copied\nhand_in("{ID}",  "h1(0)")', {})).answers == ("h1(0)",)


def test_a_copy_that_was_never_filled_does_not_count():
    assert read(answer(f'hand_in("{ID}", ...)'), answer(f'hand_in("{ID}", "h1(0)")')).answers == ("h1(0)",)


def test_an_empty_copy_does_not_count():
    assert read(answer(f'hand_in("{ID}", "h1(0)")'), answer("# nothing")).answers == ("h1(0)",)


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([], "missing"),
        ([answer("")], "empty"),
        ([answer('hand_in("07.2", "a")'), answer('hand_in("07.2", "b")')], "cell 1 and cell 2"),
        ([answer('hand_in("07.2", "a")\nhand_in("07.2", "b")')], "they differ"),
        ([answer("x = 1"), answer('hand_in("07.2", "a")')], "split"),
        ([answer("x = 1"), ('hand_in("07.2", "a")', {})], "split"),
        ([('hand_in("07.2", "a")', {})], "A call of hand_in for it stands in cell 1"),
        ([answer('hand_in("07.3", "a")')], "hands in 07.3"),
        ([answer('hand_in("07.2", "a"')], "no Python"),
        ([answer("x = 1")], "no call"),
        ([answer('hand_in("07.2", ' + "(" * 150 + "1" + ")" * 150 + ")")], "too deeply"),
        ([answer('hand_in("07.2", ' + "-" * 40_000 + "1)")], "no Python"),
        ([answer('hand_in("07.2", ' + "+".join("1" * 20_000) + ")")], "no"),
        ([answer('hand_in("07.2", "' + "x" * 60_000 + '")')], "at most 50000"),
        ([answer('hand_in("07.2", ' + "9" * 5_000 + ")")], "no Python"),
        ([answer('hand_in("07.2", "a\x00b")')], "no Python"),
    ],
)
def test_what_is_not_clear_is_left_to_a_person_with_the_reason(cells, says):
    found = read(*cells)
    assert found.answers == () and says in found.reason


# Files


def of(data):
    return cells_of([("week7.ipynb", data)])


def test_outputs_and_other_cells_do_not_matter():
    loud = {"output_type": "stream", "name": "stdout", "text": f'hand_in("{ID}", "z")' * 10}
    book = classes.book({ID: classes.answer_source(ID, "h1(0)")}, outputs=[loud])
    book["cells"].append(classes.cell(f'hand_in("{ID}", "z")', "markdown"))
    assert handed_in(of(classes.saved(book)), [ID])[ID].answers == ("h1(0)",)


@pytest.mark.parametrize("code", ["utf-8-sig", "utf-16"])
def test_marks_of_the_order_of_bytes_are_read(code):
    book = classes.saved(classes.book({ID: classes.answer_source(ID, "é")})).decode()
    assert handed_in(of(book.encode(code)), [ID])[ID].answers == ("é",)


def test_notebooks_of_format_3_are_read():
    source = classes.answer_source(ID, "h1(0)").splitlines(keepends=True)
    old = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": source, "outputs": []}]}]}
    assert handed_in(of(json.dumps(old).encode()), [ID])[ID].answers == ("h1(0)",)


def test_missing_fields_and_odd_ones_are_passed_over():
    odd = [None, 3, {}, {"cell_type": "code"}, {"cell_type": "code", "source": 7, "metadata": []}]
    odd += [
        {
            "cell_type": "code",
            "source": ["# Answer to 07.2\r\n", None, 'hand_in("07.2", 1)'],
            "metadata": {"bptt_lab": 3},
        }
    ]
    assert handed_in(of(json.dumps({"cells": odd}).encode()), [ID])[ID].answers == (1,)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{", "line 1"),
        (b"[]", "no cells"),
        (b"{}", "no cells"),
        (b'{"cells": []', "breaks off"),
        (b'"\xff"', "UTF-8"),
        (b"[" * 200_000, "too deeply"),
        (b'{"cells": ' + b"9" * 5_000 + b"}", "too long"),
        (b"PK\x03\x04", "no notebook"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data, says):
    with pytest.raises(Unreadable, match=says):
        of(data)


def test_answers_are_looked_for_in_all_notebooks_of_a_student():
    one = classes.saved(classes.book({ID: classes.answer_source(ID, "a")}))
    other = classes.saved(classes.book({"07.4": classes.answer_source("07.4", "b")}))
    found = handed_in(cells_of([("one.ipynb", one), ("other.ipynb", other)]), [ID, "07.4"])
    assert [found[name].answers for name in (ID, "07.4")] == [("a",), ("b",)]
    changed = classes.saved(classes.book({ID: classes.answer_source(ID, "c")}))
    found = handed_in(cells_of([("one.ipynb", one), ("copy.ipynb", changed)]), [ID])[ID]
    assert "cell 3 of one.ipynb and cell 3 of copy.ipynb" in found.reason


def test_half_a_letter_can_be_written_to_a_file():
    plain("a\ud800b\x1b[2J").encode()
    assert plain("h1(0)\n") == "h1(0)\n"
