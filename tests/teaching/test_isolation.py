"""The isolation is found by trying: each deed can be done without guards, and none with them."""

import sys

import pytest

from bptt_lab.exercises.sandbox.running import run_function
from bptt_lab.exercises.sandbox.written import written
from bptt_lab.teaching import isolation

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel keeps functions on Linux only")


@pytest.mark.parametrize("deed", ["read a file", "open a socket", "start a process"])
def test_without_guards_a_deed_is_done(deed):
    answer = written(isolation.REACH + isolation.DEEDS[deed], "deed")
    assert run_function(answer, [(1.0,)], seconds=2, guards=()).kind == "returned"


def test_with_all_guards_nothing_is_done():
    found = isolation.found()
    assert found.level == isolation.KERNEL and set(found.kept) == set(isolation.DEEDS)
    assert "Tried and stopped: read a file" in str(found)


def without(*missing):
    """Return a way to run functions in which some guards do nothing."""
    return lambda answer, calls, guards, **rest: run_function(
        answer, calls, guards=[one for one in guards if one not in missing], **rest
    )


def test_without_the_kernels_filter_it_is_pythons_hook_that_keeps_a_function():
    found = isolation.tried(without("filter", "limits"))
    assert found.level in (isolation.HOOK, isolation.NONE)
    assert found.kept["read a file"] == found.kept["open a socket"] == "Python"
    assert not isolation.runs_functions(found.level) and isolation.runs_functions(found.level, trust=True)


def test_without_any_guard_it_says_so():
    found = isolation.tried(without("filter", "hook"))
    assert found.level == isolation.NONE and "NOT stopped: read a file, open a socket" in str(found)
