"""Moves and scores of derivations made by oneself: checked before they stand in the diary, and told of in progress."""

import json
from datetime import UTC, datetime

import pytest

from bptt_lab.exercises import ex, played, progress

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
WHEN = "2024-05-01T12:00:00+00:00"
ABOUT = {"derivation": "h1(2)", "network": "explorer-0123456789ab", "steps": 3}
MOVE = ABOUT | {"stage": "arrows", "chosen": ["a2(2)"], "right": False, "mistake": "forgotten path"}
SCORE = ABOUT | {"moves": 10, "wrong": 2}


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    monkeypatch.delenv(progress.SWITCH, raising=False)


def lines(folder):
    return [json.loads(line) for line in (folder / progress.FILE_NAME).read_text().splitlines()]


def test_a_move_and_a_score_stand_between_answers_in_one_file(tmp_path):
    assert progress.record(tmp_path, "07.2", "wrong", now=NOON)
    assert progress.record_played(tmp_path, MOVE, now=NOON) and progress.record_played(tmp_path, SCORE, now=NOON)
    assert lines(tmp_path)[1:] == [MOVE | {"when": WHEN}, SCORE | {"when": WHEN}]
    diary = progress.read(tmp_path)
    assert [entry.exercise for entry in diary.entries] == ["07.2"] and diary.skipped == 0
    assert diary.scores == (played.Score(**SCORE, when=WHEN),)


class Word(str):
    """A text that is more than a text."""


BAD = [
    None, 3, [], "h1(2)", {}, MOVE | {"more": 1}, {**MOVE, 3: 4}, {"derivation": "h1(2)"},
    MOVE | {"derivation": "<b>h1</b>"}, MOVE | {"derivation": "h1(2)\n"}, MOVE | {"derivation": "h" * 99},
    MOVE | {"derivation": ["h1(2)"]}, MOVE | {"derivation": Word("h1(2)")}, MOVE | {"network": "../../etc"},
    MOVE | {"steps": True}, MOVE | {"steps": -1}, MOVE | {"steps": 10**30}, MOVE | {"steps": 3.0},
    MOVE | {"stage": "won"}, MOVE | {"stage": ["arrows"]}, MOVE | {"stage": None}, MOVE | {"right": 1},
    MOVE | {"chosen": "a2(2)"}, MOVE | {"chosen": ["a"] * 21}, MOVE | {"chosen": ["a" * 121]},
    MOVE | {"chosen": ["\x1b[2J"]}, MOVE | {"chosen": ["\ud800"]}, MOVE | {"chosen": [["a"]]},
    MOVE | {"mistake": "a" * 41}, MOVE | {"mistake": "`|`"}, MOVE | {"mistake": None},
    SCORE | {"moves": 0}, SCORE | {"moves": 10**9}, SCORE | {"wrong": 11}, SCORE | {"wrong": -1},
    SCORE | {"wrong": "2"}, SCORE | MOVE,
]  # fmt: skip


@pytest.mark.parametrize("found", BAD, ids=lambda found: str(found).encode("ascii", "replace").decode()[-40:])
def test_what_is_not_as_it_should_be_is_neither_written_nor_read(tmp_path, found):
    assert progress.record_played(tmp_path, found, now=NOON) is False
    assert list(tmp_path.iterdir()) == []
    assert played.checked(found) is None


def test_the_time_is_the_kernels_and_not_the_pages(tmp_path):
    assert progress.record_played(tmp_path, SCORE | {"when": "1970"}, now=NOON)
    assert lines(tmp_path)[0]["when"] == WHEN


def test_a_foreign_line_beside_them_is_counted(tmp_path):
    (tmp_path / progress.FILE_NAME).write_text(json.dumps(SCORE | {"when": WHEN, "grade": "A"}) + "\n")
    assert progress.read(tmp_path) == progress.Diary([], 1)


def test_the_switch_turns_it_off(tmp_path, monkeypatch):
    monkeypatch.setenv(progress.SWITCH, "off")
    assert progress.record_played(tmp_path, MOVE) is False
    assert list(tmp_path.iterdir()) == []


def test_moves_stop_where_the_diary_is_long_and_answers_do_not(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "MOST_FOR_MOVES", 500)
    found = [progress.record_played(tmp_path, SCORE, now=NOON) for _ in range(20)]
    assert found[0] and not found[-1] and (tmp_path / progress.FILE_NAME).stat().st_size <= 500
    assert progress.record(tmp_path, "07.2", "correct")


@pytest.mark.parametrize("fields", [MOVE, SCORE], ids=["move", "score"])
def test_no_line_is_long(tmp_path, fields):
    whole = {"chosen": ["\N{INTEGRAL}" * played.LONGEST_CHOICE] * played.MOST_CHOSEN} if "chosen" in fields else {}
    assert progress.record_played(tmp_path, fields | whole)
    assert (tmp_path / progress.FILE_NAME).stat().st_size < 16_000


def score(goal, moves, wrong, steps=3):
    return played.Score(goal, ABOUT["network"], steps, moves, wrong, WHEN)


def test_of_each_derivation_the_best_score_is_told():
    scores = [
        score("h1(2)", 10, 2),
        score("W11", 1, 0),
        score("h1(2)", 8, 0),
        score("h1(2)", 9, 0),
        score("W11", 5, 1, 4),
    ]
    assert played.told(scores).splitlines() == [
        "Derived by yourself:",
        "",
        "- `h1(2)` at T = 3: 8 moves, 0 wrong",
        "- `W11` at T = 3: 1 move, 0 wrong",
        "- `W11` at T = 4: 5 moves, 1 wrong",
    ]
    assert played.told([]) == ""


def test_progress_names_what_was_derived(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "Derived" not in ex.progress()
    progress.record_played(None, SCORE)
    assert (
        str(ex.progress()).startswith("No answers yet.\n\n") and "`h1(2)` at T = 3: 10 moves, 2 wrong" in ex.progress()
    )
