"""From a course file to a release on disk: every question proved, every instance too, and nothing given away."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bptt_lab.exercises.authoring.generate import on_screen
from bptt_lab.exercises.authoring.proof import prove
from bptt_lab.exercises.question import Question, QuestionError
from bptt_lab.exercises.questions import course_questions
from bptt_lab.formulas.errors import nearest
from bptt_lab.teaching import leaks, release, variants
from bptt_lab.teaching.coursefile import Assignment, Course, CourseError, instances_file, load
from bptt_lab.teaching.release import ReleaseError

WITHOUT_STUDENTS = (
    "{} is varied: each student has instances of their own. Add  --students students.csv, a table with a column "
    "student, or write  varied = false"
)
LOOKED_UP = "{} can be looked up in the installed package, {}."


def assign(
    path: Path, out: Path, only: str | None = None, students: Path | None = None, strict: bool = False
) -> Iterator[str]:
    """Write the release of a course file, and yield what is to be said of it.

    Errors: CourseError, QuestionError, ReleaseError, OSError.
    """
    course = load(path)
    _apart(path, out)
    names = release.read_students(students) if students else []
    chosen = _chosen(course, only)
    for assignment in chosen:  # all of them, before anything is written
        if assignment.varied and not names:
            raise ReleaseError(WITHOUT_STUDENTS.format(assignment.name))
        _proved(course, assignment)
    for assignment in chosen:
        course, said = _with_instances(path, course, assignment, names)
        yield from said
        yield from _written(course, assignment, out, names, strict)


def _apart(path: Path, out: Path) -> None:
    """Raise a ReleaseError where the course file and its secret would lie in the release."""
    if out.resolve() in path.resolve().parents:
        raise ReleaseError(f"{path} lies in {out}, and would be handed out with its secret: choose another folder.")


def _chosen(course: Course, only: str | None) -> list[Assignment]:
    if only is None:
        return list(course.assignments.values())
    if only not in course.assignments:
        hint = nearest(only, course.assignments) or f" There are {', '.join(course.assignments)}."
        raise CourseError(f"There is no assignment {only!r}.{hint}")
    return [course.assignments[only]]


def _proved(course: Course, assignment: Assignment) -> None:
    """Raise a QuestionError with all that is wrong with own questions; the course's are proved in its tests."""
    own = [course.questions[one.question] for one in assignment.entries if one.question not in course_questions()]
    troubles = [f"{one.id}: {trouble}" for one in own for trouble in prove(one)]
    if troubles:
        raise QuestionError("\n".join(troubles))


def _with_instances(
    path: Path, course: Course, assignment: Assignment, students: Iterable[str]
) -> tuple[Course, list[str]]:
    """Return a course in which all instances of an assignment are proved, and what is to be said of them."""
    if not assignment.varied:
        return course, []
    known, said = dict(course.proved), []
    for entry in assignment.entries:
        question = course.questions[entry.question]
        numbers = sorted({variants.which(question, course.secret, student) for student in students})
        made = {}
        for number in numbers:
            on_screen(f"{question.id}: proving {len(made) + 1} of {len(numbers)} instances")
            made[number] = variants.instance(question, course.secret, number, known)
            known[variants.key(question, course.secret, number)] = made[number].step
        said.append(_of_instances(question, made))
    on_screen("")
    text = json.dumps(known, indent=1, sort_keys=True)
    instances_file(path).write_text(text + "\n", encoding="utf-8")
    return replace(course, proved=known), said


def _of_instances(question: Question, made: Mapping[int, variants.Instance]) -> str:
    changed = sorted({one.changed for one in made.values()} - {""})
    if not changed:
        return f"{question.id} is the same for everybody: {variants.why_the_same(question)}."
    same = sum(not one.changed for one in made.values())
    more = f"; {same} of them as the question stands" if same else ""
    return f"{question.id} has {len(made)} instances: other {', or '.join(changed)}{more}."


def _written(course: Course, assignment: Assignment, out: Path, students: list[str], strict: bool) -> Iterator[str]:
    """Write an assignment whose files give nothing away, and yield what is to be said."""
    questions = [question for student in ("", *students) for question in _of(course, assignment, student).values()]
    by_id: dict[str, Question] = {}
    for one in reversed(questions):  # as a student has them, where there are students
        by_id.setdefault(one.id, one)
    shown = [by_id[entry.question] for entry in assignment.entries]
    lines = [LOOKED_UP.format(name, how) for name, how in leaks.looked_up(shown).items()]
    if lines and strict:
        raise ReleaseError("\n".join(["What can be looked up is refused by --strict:", *lines]))
    files = list(release.files(course, assignment, students))
    found = leaks.scan(((name, text.encode()) for name, text in files), questions, course.secret)
    serious = [one for one in found if not one.file.startswith(f"{release.READING}/")]
    if serious:
        raise ReleaseError("\n".join(["Nothing is written, since the release would give away:", *map(str, serious)]))
    release.write(out, files)
    found += _left_over(out, {name for name, _ in files}, questions, course.secret)
    yield from (f"warning: {line}" for line in lines)
    yield from (f"warning: {one}" for one in found)
    todo = "" if students else "; hand it out"
    yield f"{assignment.name}: {out / 'source' / assignment.name}, nbgrader's source{todo}."
    if students:
        yield f"  hand out: {out / 'students'}, a folder for each of {len(students)} students."


def _of(course: Course, assignment: Assignment, student: str) -> dict[str, Question]:
    """Return the questions as a student has them; as they stand for who has no name."""
    return course.questions_for(assignment.name, student) if student else release.as_they_stand(course, assignment)


def _left_over(out: Path, written: set[str], questions: list[Question], secret: bytes) -> list[leaks.Leak]:
    """Return what other files give away that lie among those to be handed out, from an earlier release or by hand."""
    folders = [out / name for name in ("source", "students", release.READING)]
    paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    others = [(path.relative_to(out).as_posix(), path) for path in paths]
    return leaks.scan(((name, path.read_bytes()) for name, path in others if name not in written), questions, secret)
