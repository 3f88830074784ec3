"""What holds for all tests: no diary of answers is left behind, and time that is measured is the test's own."""

import gc
import os

import pytest

os.environ.setdefault("BPTT_LAB_PROGRESS", "off")


@pytest.fixture(autouse=True, scope="module")
def garbage_of_other_files_is_not_searched():
    """Networks and worlds that earlier files keep are a gigabyte: to look through it takes seconds, at any moment."""
    gc.collect()
    gc.freeze()
