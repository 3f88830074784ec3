"""The notation dictionary: one network in the letters of the sources, of textbooks and of libraries."""

from __future__ import annotations

from pathlib import Path

from bptt_lab import lectures
from pages.kept import write

HEAD = """# The notation dictionary

One network, written by {count} hands: the course, its five sources, textbooks and libraries. A shape stands beside its
array. In brackets: lent by the course, because the source has none; a dash: not named there.
[Notebook 19](notebooks/19_notation_dictionary.ipynb) tells how it is checked: each column is a program or a set of
equations that gives the same loss and the same gradients after translation.

```python
from bptt_lab import lectures

lectures.translate(arrays, "PyTorch", "course")   # a state dict, in the letters and shapes of the course
lectures.dictionary("PyTorch", "Keras")           # some columns of this table
```

"""


def write_all(source: Path) -> list[str]:
    """Write the page of the dictionary and return its name."""
    found = lectures.dictionary()
    text = HEAD.format(count=len(found.heading) - 1)
    write(source / "notation.md", f"{text}:::{{container}} notation\n{found._repr_markdown_()}\n:::\n")
    return ["notation"]
