"""What is said of two changes of a function: whether one undoes the other, and whether they are one slip."""

import pytest

from bptt_lab.exercises.causes.told import (
    DIVISION_MISSING,
    DIVISION_SURPLUS,
    INSTEAD,
    SIGN,
    SIGN_OF,
    Told,
    is_one_slip,
    undo_each_other,
)


@pytest.mark.parametrize(
    ("one", "other", "is_said"),
    [
        (Told(INSTEAD, "back", "1 - back"), Told(INSTEAD, "1 - d_a[t]", "d_a[t]"), False),
        (Told(INSTEAD, "back", "1 - back ** 2"), Told(INSTEAD, "1 - d ** 2", "d"), False),
        (Told(DIVISION_SURPLUS, "B"), Told(DIVISION_MISSING, belongs="p.sum()"), False),
        (Told(INSTEAD, "h[t]", "h[t + 1]"), Told(INSTEAD, "d[t + 1]", "d[t]"), True),
        (Told(INSTEAD, "W", "W.T"), Told(INSTEAD, "d.T", "d"), True),
    ],
)
def test_what_one_change_does_and_the_other_undoes_is_no_pair(one, other, is_said):
    assert undo_each_other(one, other) is not is_said


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        (Told(INSTEAD, "a.sum(axis=1)", "a.sum(axis=0)"), Told(INSTEAD, "b.sum(axis=1)", "b.sum(axis=0)"), True),
        (Told(INSTEAD, "y", "h2"), Told(INSTEAD, "y", "h2"), True),
        (Told(INSTEAD, "a.sum(axis=1)", "a.sum(axis=0)"), Told(INSTEAD, "b.sum(axis=0)", "b.sum(axis=1)"), False),
        (Told(SIGN), Told(SIGN), False),
    ],
)
def test_the_same_change_in_two_places_is_one_slip(one, other, is_one):
    assert is_one_slip(one, other) is is_one


def test_of_a_sign_the_way_back_says_the_same():
    assert Told(SIGN_OF, "h2 - y").back == Told(SIGN_OF, "h2 - y")
