"""A browser for the explorer: the page of one, alone in a file, with no way to other machines."""

import pytest

from test_lab_in_browser import BROWSER, CHROMIUM_FLAGS


@pytest.fixture(scope="session")
def browser():
    """Return an installed browser that reaches no other machine."""
    if BROWSER is None:
        pytest.skip("no Chromium or Chrome is installed on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=BROWSER, args=CHROMIUM_FLAGS)
        yield found
        found.close()
