"""Anchors of headings as Jupyter writes them, so that a link of a notebook leads to the same place on the site."""


def slug(title: str) -> str:
    """Return the anchor of a heading: its words with hyphens between them."""
    return title.replace(" ", "-")
