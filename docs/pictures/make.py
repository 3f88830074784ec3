"""The pictures of the README, taken in a browser: the explorer on the course's scalar network, light and dark.

python docs/pictures/make.py     writes the files beside this one; needs the extra `test` and a Chromium
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bptt_lab import course, explore

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tests"))
from browser import BROWSER, CHROMIUM_FLAGS  # noqa: E402


def explorer_page() -> str:
    """Return the page of the explorer, its weight of the loop chosen."""
    style = (
        ":root { color-scheme: light dark } body { background: light-dark(white, #0d1117); font-family: sans-serif }"
    )
    return f"<style>{style}</style>{explore(course.network('two scalars'), T=3, start='W11').html()}"


def take(page: Page, html: str, name: str, width: int, height: int) -> None:
    """Write the picture of a page, light and dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": height})
        page.set_content(html)
        page.wait_for_timeout(800)
        page.screenshot(path=HERE / f"{name}-{scheme}.png")


if __name__ == "__main__":
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=CHROMIUM_FLAGS)
        page = browser.new_page()
        take(page, explorer_page(), "explorer", 1120, 620)
        browser.close()
