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
