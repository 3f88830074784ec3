"""What Furo's pages lack for screen readers."""

from __future__ import annotations

BARE, LEVELLED = 'role="heading"><span', 'role="heading" aria-level="2"><span'


def with_levels(app, pagename, templatename, context: dict, doctree) -> None:
    """Give the captions of the navigation a level: a heading without one is none."""
    context["furo_navigation_tree"] = context["furo_navigation_tree"].replace(BARE, LEVELLED)


def setup(app) -> dict:
    """Tell Sphinx, to be asked after Furo."""
    app.connect("html-page-context", with_levels, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
