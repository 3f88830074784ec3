"""The course file: what it says, and one clear message for every line that is wrong."""

import pytest

from bptt_lab.exercises.question import QuestionError
from bptt_lab.teaching import coursefile
from bptt_lab.teaching.coursefile import CourseError, Entry, load
from bptt_lab.teaching.question_format import example

COURSE = """
[course]
name = "bptt"
questions = ["mine.toml"]

[[assignment]]
name = "week-1"
notebooks = ["07"]
question = ["07.1", { question = "mine.6", points = 2.5, attempts = 3 }]

[[assignment]]
name = "week-2"
varied = true
question = ["07.2"]
"""


@pytest.fixture
def course(tmp_path):
    """Return a function that writes a course file, with changes, and returns its path."""

    def write(*changes, secret="0123456789abcdef" * 2, mine=None):
        text = COURSE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "COURSE.toml"
        path.write_text(text, encoding="utf-8")
        (tmp_path / "mine.toml").write_text(example("number") if mine is None else mine, encoding="utf-8")
        (tmp_path / "course.secret").write_text(secret, encoding="utf-8")
        return path

    return write


def test_a_course_is_read(course):
    found = load(course())
    assert (found.name, list(found.assignments)) == ("bptt", ["week-1", "week-2"])
    one, two = found.assignments.values()
    assert one.entries == (Entry("07.1", 1.0, 1), Entry("mine.6", 2.5, 3)) and not one.varied and two.varied
    assert one.notebooks == ("07_the_recurrent_weights.ipynb",)
    assert found.questions["mine.6"].number == 0.75 and "secret" not in repr(found)


def test_points_and_attempts_of_the_question_hold_where_the_course_says_nothing(course):
    mine = example("number") + "points = 4\nattempts = 2\n"
    change = ('{ question = "mine.6", points = 2.5, attempts = 3 }', '"mine.6"')
    assert load(course(change, mine=mine)).assignments["week-1"].entries[1] == Entry("mine.6", 4.0, 2)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[course]", "[curse]", "there is no key 'curse'. Did you mean 'course'?"),
        ('name = "bptt"', "", "name is missing; it is one word of letters, digits, dots and dashes, since folders"),
        ('name = "bptt"', 'name = "b/../ptt"', "name is 'b/../ptt'; it is one word"),
        ('name = "bptt"', 'name = "bptt', "COURSE.toml cannot be read"),
        ('["mine.toml"]', '"mine.toml"', "questions is 'mine.toml'; expected a list of texts"),
        ('["mine.toml"]', '["yours.toml"]', "yours.toml cannot be read: No such file"),
        ('name = "bptt"', 'name = "bptt"\ntitel = "x"', "[course]: there is no key 'titel'. Did you mean 'title'?"),
        ('[[assignment]]\nname = "week-2"\nvaried', "varied", "Cannot overwrite"),
        ('name = "week-2"', 'name = "Week-1"', "two assignments are called 'Week-1': give each its own name"),
        ('notebooks = ["07"]', 'notebooks = ["77"]', "there is no notebook '77'. There are 00 to 20."),
        (
            'question = ["07.2"]',
            "question = []",
            'it has no questions. Write for example:  question = ["07.1", "07.2"]',
        ),
        ('question = ["07.2"]', 'questions = ["07.2"]', "there is no key 'questions'. Did you mean 'question'?"),
        ('"07.2"]', '"07.22"]', "there is no question '07.22'. Did you mean '07.2'?"),
        ('"07.2"]', '"xyzzy"]', "Your own stand in a file that [course], questions names."),
        ('"07.2"]', '"07.2", "07.2"]', "it asks twice for '07.2'"),
        ('"07.2"]', "7]", '7 names no question. Write for example:  { question = "07.2", points = 2 }'),
        ("points = 2.5", "points = 0", "question 'mine.6': points are 0; expected a number above 0"),
        ("points = 2.5", "points = nan", "points are nan; expected a number above 0"),
        ("points = 2.5", "point = 2.5", "there is no key 'point'. Did you mean 'points'?"),
        ("attempts = 3", "attempts = true", "attempts are True; expected a whole number from 1 to 20"),
        ("varied = true", 'varied = "yes"', "varied is 'yes'; write  varied = true  or  varied = false"),
    ],
)
def test_each_wrong_line_gets_one_message_with_its_mend(course, old, new, words):
    with pytest.raises(CourseError) as caught:
        load(course((old, new)))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[course]\nname = "x"\n', "there is no assignment. Write [[assignment]]"),
        ('[course]\nname = "x"\n[assignment]\nname = "y"\n', "[assignment] is one table; write [[assignment]]"),
        ('[[course]]\nname = "x"\n', "[[course]] stands in two brackets; there is one only: write [course]"),
        ("", 'write [course] and below it  name = "my-course"'),
    ],
)
def test_tables_in_other_brackets_are_told(course, text, words):
    path = course()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError) as caught:
        load(path)
    assert words in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_is_told(course, tmp_path):
    with pytest.raises(CourseError, match="`bptt-lab assign --new .*` writes one to begin with"):
        load(tmp_path / "nowhere.toml")
    path = course()
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CourseError, match="is no text in UTF-8"):
        load(path)


def test_a_secret_must_be_there_and_long(course, tmp_path):
    with pytest.raises(CourseError, match="has 5 bytes; 16 at least are needed. Make one with:  python -c"):
        load(course(secret="short"))
    (tmp_path / "course.secret").unlink()
    with pytest.raises(CourseError, match="course.secret cannot be read: No such file"):
        load(tmp_path / "COURSE.toml")


def test_an_own_question_takes_no_id_of_the_courses(course):
    with pytest.raises(QuestionError, match='07.3: this id is that of a question of the course.* id = "my-07.3"'):
        load(course(mine=example("number").replace("mine.6", "07.3")))
    twice = ('questions = ["mine.toml"]', 'questions = ["mine.toml", "./mine.toml"]')
    with pytest.raises(CourseError, match="the id 'mine.6' is used in another file already"):
        load(course(twice))


def test_ids_that_would_be_one_cell_are_refused(course):
    mine = example("number").replace("mine.6", "a.1") + example("choice").replace("mine.7", "a-1")
    with pytest.raises(CourseError, match="a.1 and a-1 would be one cell"):
        load(course(('"07.2"]', '"a.1", "a-1"]'), ('{ question = "mine.6", points = 2.5, attempts = 3 }', '"07.3"'),
                    mine=mine))  # fmt: skip


def test_what_was_proved_before_is_read_and_a_torn_file_is_passed_over(course):
    path = course()
    coursefile.instances_file(path).write_text('{"07.2 1 ab": 2, "x": "y"}')
    assert load(path).proved == {"07.2 1 ab": 2}
    coursefile.instances_file(path).write_text("[1")
    assert load(path).proved == {}
