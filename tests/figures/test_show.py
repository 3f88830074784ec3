"""Showing a figure: one picture with its description, the caption below it, and no global state."""

import base64
import io
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from bptt_lab import figures
from bptt_lab.figures import canvas

WORDS = "Norms that shrink, from 1 at t = 5 to 0.001 at t = 1."


POINT = "The farther back, the smaller."


def outputs(figure, words, *point):
    """Return what `show` displays, in order."""
    InteractiveShell.instance()
    with capture_output() as captured:
        assert figures.show(figure, words, *point) is None
    return captured.outputs


def a_figure():
    return figures.gradient_flow([0.1, 0.5, 1.0])[0]


class Read(HTMLParser):
    """The attributes of the pictures in HTML, and the texts by the tag they stand in."""

    def __init__(self, text):
        super().__init__()
        self.pictures, self.texts, self.open = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.pictures.append(dict(attributes))
        else:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts[tuple(self.open)] = data


def test_one_output_holds_the_picture_its_description_and_its_point():
    (shown,) = outputs(a_figure(), WORDS, POINT)
    read = Read(shown.data["text/html"])
    (picture,) = read.pictures
    assert picture["alt"] == shown.data["text/plain"] == WORDS
    start, data = picture["src"].split(",")
    assert start == "data:image/png;base64" and base64.b64decode(data) == figures.png(a_figure(), density=2)
    assert read.texts == {("figure", "figcaption", "em"): POINT} and not read.open
    assert set(shown.data) == {"text/html", "text/plain"}


def test_a_picture_is_twice_as_fine_as_the_page_shows_it():
    from PIL import Image

    data = Image.open(io.BytesIO(figures.png(a_figure(), density=2)))
    shown = Read(figures.html(a_figure(), WORDS)).pictures[0]
    assert data.width == 2 * int(shown["width"])
    assert Image.open(io.BytesIO(figures.png(a_figure()))).width == int(shown["width"])


def test_without_a_point_there_is_no_caption():
    assert "figcaption" not in outputs(a_figure(), WORDS)[0].data["text/html"]


def test_words_are_escaped():
    words, point = f'{WORDS} a "quoted" <b> & more', "x < y & z"
    found = figures.html(a_figure(), words, point)
    read = Read(found)
    assert read.pictures[0]["alt"] == words and point in read.texts.values() and "<b>" not in found


def test_a_caption_escapes_the_signs_of_markdown():
    assert canvas.caption("a_b * c [d] <e>") == r"*a\_b \* c [d] \<e\>*"


def test_bytes_are_left_out_of_comparison_and_words_are_not():
    first, other = figures.html(a_figure(), WORDS, POINT), figures.html(figures.gradient_flow([3, 2])[0], WORDS, POINT)
    assert first != other and figures.without_bytes(first) == figures.without_bytes(other)
    assert figures.without_bytes(first) != figures.without_bytes(first.replace("shrink", "grow"))
    assert figures.without_bytes(first) != figures.without_bytes(first.replace("farther", "nearer"))
    assert len(figures.without_bytes(first)) < 400


@pytest.mark.parametrize("point", [None, 7, "word " * 30])
def test_a_point_longer_than_a_line_is_refused(point):
    with pytest.raises(ValueError, match="point"):
        figures.show(a_figure(), WORDS, point)


@pytest.mark.parametrize("words", ["", "A figure.", None, 7, " " * 60])
def test_a_description_that_says_too_little_is_refused(words):
    with pytest.raises(ValueError, match="description"):
        figures.show(a_figure(), words, POINT)


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
        "import sys; print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_bytes_do_not_depend_on_the_settings_of_the_reader():
    from matplotlib import rc_context

    expected = figures.png(a_figure())
    with rc_context({"savefig.dpi": 30, "savefig.transparent": True, "savefig.bbox": "tight", "axes.facecolor": "red"}):
        assert figures.png(a_figure()) == expected
