"""A derivation walked line by line: the panels, and the paths that each line lights."""

import pytest
from drawn import arrow, named, smallest_font, texts

import networks
from bptt_lab import figures, symbolic
from bptt_lab.figures import stepping
from explored import TWO

GRAPH = TWO.unroll(3)


@pytest.fixture(scope="module")
def scalar():
    return symbolic.derive(GRAPH, "h1", 2, unroll=True)


@pytest.fixture(scope="module")
def vector():
    return symbolic.derive_vector(networks.graph("one hidden layer", 3), "h1")


def arrows_of(paths):
    return {arrow(*pair) for path in paths for pair in zip(path, path[1:], strict=False)}


def thick(figure, panel=0):
    """Return the marked arrows of a panel."""
    found = [a for a in figure.axes[panel].lines if a.get_linewidth() > 2]
    return {a.get_gid().removeprefix("arrow ") for a in found}


# Which paths a line uses


def test_each_line_marks_the_paths_it_uses(scalar):
    goal, chain, immediate, written_out = stepping.default_marks(scalar)
    assert goal == [(GRAPH.place("h1", 2),)]
    assert arrows_of(chain) == arrows_of(immediate) == {"h1(2) to a2(2)", "h1(2) to a1(3)"}
    assert written_out == GRAPH.paths("h1", 2)


def test_a_vector_form_is_drawn_at_a_middle_step(vector):
    marks = stepping.default_marks(vector)
    assert stepping.goal_place(vector) == vector.graph.place("h1", 2)
    assert all(arrows_of(paths) == {"h1(2) to a2(2)", "h1(2) to a1(3)"} for paths in marks[1:])


def test_a_parameter_marks_all_its_uses():
    derivation = symbolic.derive(GRAPH, "W11")
    assert arrows_of(stepping.default_marks(derivation)[1]) == {f"W11 to a1({t})" for t in (1, 2, 3)}


def test_a_derivation_without_a_goal_marks_nothing():
    letter = symbolic.read_letter(GRAPH, "h1[2]")
    derivation = symbolic.Derivation(GRAPH, [(letter * (letter + 1), "a product"), (letter**2 + letter, "a sum")])
    assert stepping.default_marks(derivation) == [[], []]
    assert "nothing is marked" in figures.steps(derivation)[1]


# One panel a line


def test_one_panel_a_line_with_its_arrows(scalar):
    figure, words = figures.steps(scalar)
    assert len(figure.axes) == 4
    assert set(named(figure, "line")) == {"1", "2", "3", "4"}
    for panel, paths in enumerate(stepping.default_marks(scalar)):
        assert thick(figure, panel) == arrows_of(paths)
    assert "4 panels" in words and "Line 2, chain rule, through a2(2), a1(3): marked h1(2) to a2(2)" in words
    assert all(line.reason in texts(figure) for line in scalar.lines)
    assert smallest_font(figure) >= 9


def test_the_formulas_of_the_panels_are_those_of_the_lines(scalar, vector):
    for derivation in (scalar, vector):
        shown = named(figures.steps(derivation)[0], "formula")
        for number, line in enumerate(derivation.lines, start=1):
            assert stepping.drawable(line.form.latex()) in shown[str(number)].get_text()


def test_a_general_step_is_named(vector):
    figure, words = figures.steps(vector)
    assert "drawn for t = 2" in words and "Drawn for t = 2." in texts(figure).replace("\n", " ")


def test_marks_can_be_given(scalar):
    path = GRAPH.paths("h1", 2)[1]
    figure, words = figures.steps(scalar, marks=[[], [path], path, []])
    assert [thick(figure, n) for n in range(4)] == [set(), arrows_of([path]), arrows_of([path]), set()]
    assert words.count("nothing is marked") == 2


def test_marks_that_do_not_fit_are_refused(scalar):
    with pytest.raises(ValueError, match="marks has 1 entries for 4 lines"):
        figures.steps(scalar, marks=[[]])
    with pytest.raises(ValueError, match="has no lines"):
        figures.steps("not a derivation")


def test_panels_are_the_same_at_every_run(scalar):
    first, second = (figures.png(figures.steps(scalar)[0]) for _ in range(2))
    assert first == second and len(first) < 80_000


def test_a_brace_with_words_below_is_written_behind():
    assert (
        stepping.drawable(r"a + \underbrace{b^{2}}_{\text{only when } t}")
        == r"a + b^{2}\;\left(\text{only when } t\right)"
    )
    assert stepping.drawable(r"\underbrace{\frac{a}{b}}") == r"\dfrac{a}{b}\;\left(\right)"


def test_a_form_that_cannot_be_drawn_has_no_formula():
    class Form:
        def latex(self):
            return r"\undefinedcommand{x}"

    class Line:
        form = Form()

    assert stepping.formula(Line(), 1) == ("", 0.0)
