"""What holds for all tests: no diary of answers is left behind, and time that is measured is the test's own."""

import gc
import os

import pytest

from browser import BROWSER, CHROMIUM_FLAGS

os.environ.setdefault("BPTT_LAB_PROGRESS", "off")


@pytest.fixture(autouse=True, scope="module")
def garbage_of_other_files_is_not_searched():
    """Networks and worlds that earlier files keep are a gigabyte: to look through it takes seconds, at any moment."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def browser():
    """Return an installed browser that reaches no other machine; Playwright allows one for all tests of a process."""
    if BROWSER is None:
        pytest.skip("no Chromium or Chrome is installed on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=BROWSER, args=CHROMIUM_FLAGS)
        yield found
        found.close()
