"""An installed browser for the tests, with no way to other machines."""

import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next((path for path in map(shutil.which, NAMES) if path), None)
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",  # refused to root otherwise, as in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",  # with the next two: the browser itself stays silent
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no way to other machines
]
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed on this machine")


def serious(page, within=None, contrast=True):
    """Return what axe-core finds on a page, or in the parts of it that a selector names, that is serious or worse.

    Contrast takes most of its time; without it the same colours need not be looked at again in another width.
    """
    from axe_playwright_python.sync_playwright import Axe

    options = {"resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": contrast}}}
    found = Axe().run(page, context=within, options=options).response["violations"]
    return {
        one["id"]: [node["html"][:200] for node in one["nodes"]]
        for one in found
        if one["impact"] in ("serious", "critical")
    }
