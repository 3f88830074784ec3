"""The kernel's side of a derivation made by oneself: what it tells a page, and what it takes from one."""

import json
from types import SimpleNamespace

import pytest

from bptt_lab import explore
from bptt_lab.exercises import progress
from bptt_lab.explorer import diary
from explored import TWO, VALUES

KERNEL = "01234567-89ab-4cde-8f01-23456789abcd"
SCORE = {"derivation": "h1(2)", "network": "explorer-0123456789ab", "steps": 3, "moves": 10, "wrong": 2}


@pytest.fixture
def listeners(monkeypatch):
    """Make this process look like the kernel of a server; return what is registered."""
    found = {}
    shell = SimpleNamespace(kernel=object())
    manager = SimpleNamespace(register_target=lambda name, act: found.update({name: act}))
    monkeypatch.delenv(progress.SWITCH, raising=False)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.setattr("ipykernel.connect.get_connection_file", lambda: f"/run/kernel-{KERNEL}.json")
    monkeypatch.setattr("comm.get_comm_manager", lambda: manager)
    return found


@pytest.fixture(scope="module")
def explorer():
    return explore(TWO, 2, VALUES)


def test_a_notebook_is_told_which_kernel_listens_and_a_page_is_not(listeners, explorer):
    assert f' data-kernel="{KERNEL}">' in explorer._repr_html_() and listeners == {"bptt-lab-diary": diary.received}
    assert "data-kernel" not in explorer.html()


@pytest.mark.parametrize("file", ["/tmp/tmp0x.json", "/run/kernel-4711.json", f'/run/kernel-{KERNEL}".json', ""])
def test_a_kernel_of_no_server_gets_a_page_that_sends_nothing(listeners, explorer, monkeypatch, file):
    monkeypatch.setattr("ipykernel.connect.get_connection_file", lambda: file)
    assert explorer._repr_html_() == explorer.html() and not listeners


def test_without_a_diary_nothing_listens(listeners, explorer, monkeypatch):
    monkeypatch.setenv(progress.SWITCH, "off")
    assert explorer._repr_html_() == explorer.html() and not listeners


def test_a_front_end_that_fails_takes_no_explorer_away(listeners, explorer, monkeypatch):
    def fails():
        raise RuntimeError("no manager")

    monkeypatch.setattr("comm.get_comm_manager", fails)
    assert explorer._repr_html_() == explorer.html()


def test_a_message_becomes_a_line(listeners, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    diary.received(None, {"content": {"data": SCORE}})
    (line,) = (tmp_path / progress.FILE_NAME).read_text().splitlines()
    assert SCORE.items() <= json.loads(line).items()


class Trap:
    def __getitem__(self, key):
        raise KeyError(key)


@pytest.mark.parametrize("message", [None, {}, {"content": None}, {"content": {"data": Trap()}}, Trap(), []])
def test_a_message_that_is_none_is_passed_over(listeners, tmp_path, monkeypatch, message):
    monkeypatch.chdir(tmp_path)
    diary.received(None, message)
    assert list(tmp_path.iterdir()) == []
