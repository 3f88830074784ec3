"""Showing a figure: one picture with its description, the caption below it, and no global state."""

import base64
import io
import subprocess
import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from bptt_lab import figures
from bptt_lab.figures import canvas

WORDS = "Norms that shrink, from 1 at t = 5 to 0.001 at t = 1."


def outputs(figure, words):
    """Return what `show` displays, in order."""
    InteractiveShell.instance()
    with capture_output() as captured:
        assert figures.show(figure, words) is None
    return captured.outputs


def a_figure():
    return figures.gradient_flow([0.1, 0.5, 1.0])[0]


def test_the_picture_comes_once_with_its_description_then_the_caption():
    picture, below = outputs(a_figure(), WORDS)
    assert base64.b64decode(picture.data["image/png"]) == figures.png(a_figure())
    assert picture.metadata == {"image/png": {"alt": WORDS}}
    assert below.data["text/markdown"] == f"*{WORDS}*"


def test_a_caption_escapes_the_signs_of_markdown():
    assert canvas.caption("a_b * c [d] <e>") == r"*a\_b \* c [d] \<e\>*"


@pytest.mark.parametrize("words", ["", "A figure.", None, 7, " " * 60])
def test_a_description_that_says_too_little_is_refused(words):
    with pytest.raises(ValueError, match="description"):
        figures.show(a_figure(), words)


def test_a_file_has_opaque_paper_and_a_border():
    from PIL import Image

    picture = Image.open(io.BytesIO(figures.png(a_figure()))).convert("RGBA")
    assert picture.getextrema()[3] == (255, 255)
    assert picture.getpixel((0, 40)) != picture.getpixel((10, 10))
    assert min(picture.getpixel((10, 10))[:3]) > 240


def test_a_figure_of_pyplot_is_closed():
    from matplotlib import pyplot

    figure = pyplot.figure()
    outputs(figure, WORDS)
    assert pyplot.get_fignums() == []


def test_figures_leave_pyplot_alone():
    """Figures in pyplot's hands are drawn a second time at the end of a cell."""
    code = (
        "from bptt_lab import figures; figures.png(figures.gradient_flow([1, 2])[0]);"
        "import sys; print('matplotlib.pyplot' in sys.modules, 'ipywidgets' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_bytes_do_not_depend_on_the_settings_of_the_reader():
    from matplotlib import rc_context

    expected = figures.png(a_figure())
    with rc_context({"savefig.dpi": 30, "savefig.transparent": True, "savefig.bbox": "tight", "axes.facecolor": "red"}):
        assert figures.png(a_figure()) == expected
