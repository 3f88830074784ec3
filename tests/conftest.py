"""What holds for all tests: no diary of answers is left behind, and time that is measured is the test's own."""

import gc
import os

import pytest

from browser import BROWSER, CHROMIUM_FLAGS

os.environ.setdefault("BPTT_LAB_PROGRESS", "off")

# Networks and worlds that tests keep are a gigabyte: to look through it for garbage at any moment takes an eighth of
# the time of all tests, and a third of the time to collect them. It is done between two files.
gc.disable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Spread the files over the workers from both ends of the list."""
    from spreading import FromBothEnds

    return FromBothEnds(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(autouse=True, scope="module")
def garbage_is_searched_between_files_only():
    """What earlier files keep is not searched again."""
    gc.disable()  # a test may have left it on
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
