"""How far a long call is: said in an open notebook only, not too often, and gone when it is done."""

from types import SimpleNamespace

import pytest

from bptt_lab import waiting

KERNEL = "01234567-89ab-4cde-8f01-23456789abcd"


class Display:
    """A notebook's display: what each line below a cell shows, and all that was ever shown."""

    def __init__(self):
        self.lines, self.all = [], []

    def __call__(self, data, raw, display_id):
        number = len(self.lines)
        self.lines.append(data)
        self.all.append(data)
        return SimpleNamespace(update=lambda data, raw: self.replace(number, data))

    def replace(self, k, data):
        self.lines[k] = data
        self.all.append(data)


@pytest.fixture
def notebook(monkeypatch):
    """Make this process look like the kernel of an open notebook, with a clock that is set by hand."""
    found = SimpleNamespace(kernel=object(), execution_count=1, display=Display(), now=100.0)
    monkeypatch.setattr("IPython.get_ipython", lambda: found)
    monkeypatch.setattr("ipykernel.connect.get_connection_file", lambda: f"/run/kernel-{KERNEL}.json")
    monkeypatch.setattr("IPython.display.display", found.display)
    monkeypatch.setattr(waiting.time, "monotonic", lambda: found.now)
    return found


def say(notebook, line, words, after=1.0):
    notebook.now += after
    line.say(words)


def test_a_long_call_says_how_far_it_is_in_one_line_and_leaves_nothing(notebook):
    line = waiting.Line()
    for words in ("0 %", "30 %", "60 %", ""):
        say(notebook, line, words)
    assert notebook.display.all == [{"text/plain": "30 %"}, {"text/plain": "60 %"}, {}]
    assert notebook.display.lines == [{}]


def test_a_short_call_says_nothing(notebook):
    line = waiting.Line()
    for words in ("0 %", "50 %", ""):
        say(notebook, line, words, after=0.1)
    assert notebook.display.all == []


def test_it_is_not_said_more_often_than_can_be_read(notebook):
    line = waiting.Line()
    for percent in range(100):
        say(notebook, line, f"{percent} %", after=0.02)
    assert 2 <= len(notebook.display.all) <= 8


def test_many_calls_in_one_cell_share_a_line_and_another_cell_has_its_own(notebook):
    line = waiting.Line()
    for notebook.execution_count in (1, 1, 2):
        for words in ("0 %", "50 %", ""):
            say(notebook, line, words)
    assert notebook.display.lines == [{}, {}]


def test_a_display_that_fails_stops_nothing(notebook, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("no socket")

    monkeypatch.setattr("IPython.display.display", fails)
    line = waiting.Line()
    for words in ("0 %", "50 %", ""):
        say(notebook, line, words)


@pytest.mark.parametrize("file", ["/tmp/tmp0x.json", "/run/kernel-4711.json", ""])
def test_where_no_server_started_the_kernel_nothing_is_said(notebook, monkeypatch, file):
    monkeypatch.setattr("ipykernel.connect.get_connection_file", lambda: file)
    line = waiting.Line()
    for words in ("0 %", "50 %", ""):
        say(notebook, line, words)
    assert notebook.display.all == [] and waiting.kernel() == ""


def test_the_kernel_is_called_as_its_server_calls_it(notebook):
    assert waiting.kernel() == KERNEL


def test_outside_of_a_notebook_there_is_no_kernel():
    assert waiting.kernel() == ""
