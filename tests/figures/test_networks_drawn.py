"""Drawings of networks: every box and arrow of the graph, every marked path, and words that say so."""

import numpy as np
import pytest
from drawn import arrow, contrast, named, said, smallest_font, texts

import networks
from bptt_lab import Network, figures
from bptt_lab.figures import canvas, drawing, layout, names, routes, unrolled
from bptt_lab.network import Place
from networks import TEXTS, network

NAMES = list(TEXTS)
TWO = """
    a1[t] = W0 * x[t] + W11 * h1[t-1] + b0
    h1[t] = tanh(a1[t])
    a2[t] = W1 * h1[t] + b1
    L[t]  = mse(a2[t], y[t])
"""


def two(T=3, text=TWO):
    """Return the graph of the two-scalar network."""
    return Network(text, sizes=dict(x=1, h1=1, a2=1)).unroll(T)


def weights(graph):
    """Return the parameters by the rule of the drawings: given, without time, and no data."""
    return set(graph.network.parameters) - layout.data_names(graph.network)


def expected_boxes(graph):
    """Return the places of a graph that are not parameters."""
    return {place for place in [*graph.leaves, *graph.order] if place.name not in weights(graph)}


def expected_arrows(graph):
    """Return the edges of a graph that do not start at a parameter."""
    pairs = [(parent, place) for place, parents in graph.parents.items() for parent in parents]
    return {arrow(*pair) for pair in pairs if pair[0].name not in weights(graph)}


# The unrolled network


@pytest.mark.parametrize("name", NAMES)
def test_every_place_has_one_box_and_every_edge_one_arrow(name):
    graph = networks.graph(name, 3)
    figure, _ = figures.unrolled_network(graph)
    assert set(named(figure, "box")) == {said(place) for place in expected_boxes(graph)}
    assert set(named(figure, "arrow")) == expected_arrows(graph)


@pytest.mark.parametrize("name", NAMES)
def test_description_counts_and_names_what_is_drawn(name):
    graph = networks.graph(name, 3)
    _, words = figures.unrolled_network(graph)
    assert f"{len(expected_boxes(graph))} boxes and {len(expected_arrows(graph))} arrows" in words
    for quantity in [*graph.network.equations, *graph.network.inputs, *weights(graph)]:
        assert quantity in words.replace(",", " ").replace(".", " ").split()


def test_parameters_of_each_kind_are_told_from_data():
    expected = {
        "feed-forward, three hidden layers": {"x", "y"},
        "one hidden layer": {"x", "y"},
        "GRU": {"x", "y"},
    }
    for name, data in expected.items():
        assert layout.data_names(network(name)) == data


@pytest.mark.parametrize(
    ("line", "data"),
    [
        ("h[t] = f[t] * A + h[t-1]\nf[t] = sigmoid(W @ x[t])", {"x", "y"}),
        ("h[t] = h[t-1] - 2 * dot(u, h[t-1]) / dot(u, u) * u + W @ x[t]", {"x", "y"}),
        ("h[t] = W * c + h[t-1]", {"c", "y"}),
        ("h[t] = -W * c + h[t-1]", {"c", "y"}),
    ],
)
def test_what_a_computed_factor_multiplies_is_no_data_for_that(line, data):
    given = Network(f"{line}\nL[t] = mse(h[t], y[t])", sizes=dict(h=3) | (dict(x=2) if "x[t]" in line else {}))
    assert layout.data_names(given) == data


@pytest.mark.parametrize(
    ("text", "sizes", "quantity"),
    [
        (*TEXTS["bidirectional"], "x"),
        (
            "f[t] = tanh(V @ f[t-1] + A @ s[t-1])\ng[t] = tanh(U @ s[t-1] + Q @ x[t])\ns[t] = tanh(W @ s[t-1] + g[t])\n"
            "L[t] = mse(concat(s[t], f[t]), y[t])",
            dict(x=2, s=3, f=4),
            "s",
        ),
    ],
)
def test_dots_that_lead_on_have_room_beside_a_neighbour(text, sizes, quantity):
    from bptt_lab.figures import influence

    graph = Network(text, sizes=sizes).unroll(4)
    found = influence._general(graph, quantity, graph.network.influences(quantity))
    made = influence._laid_out(found)
    onward = influence._onward(found, made)
    assert onward and not influence._hides_dots(found, made)
    assert influence._hides_dots(found, layout.arrange(found.graph, [found.centre, *found.places], extra=2))


def test_a_state_computed_before_the_first_step_has_its_parameters_and_its_data():
    started = Network(
        "h[0] = tanh(U @ c)\nh[t] = tanh(W @ h[t-1] + x[t])\nL[t] = mse(h[t], y[t])", sizes=dict(x=3, c=2)
    )
    assert layout.data_names(started) == {"c", "x", "y"}
    assert "rows that use them: U and W." in figures.unrolled_network(started.unroll(3))[1]


def test_a_factor_of_a_matrix_is_a_parameter():
    low_rank = Network("h[t] = tanh(A @ B @ h[t-1] + x[t])\nL[t] = mse(h[t], y[t])", sizes=dict(x=3, A=(3, 2)))
    assert layout.data_names(low_rank) == {"x", "y"}
    assert "rows that use them: A and B." in figures.unrolled_network(low_rank.unroll(3))[1]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("T", [1, 3, 4])
def test_no_arrow_runs_over_a_box(name, T):
    graph = networks.graph(name, T)
    arranged = layout.arrange(graph, layout.drawn_places(graph))
    for edge, points in routes.routes(arranged).items():
        others = [xy for place, xy in arranged.boxes.items() if place not in edge]
        assert routes.hits(points, routes.np.array(others).reshape(-1, 2), arranged.half, 0.0) == 0, edge


@pytest.mark.parametrize("name", NAMES)
def test_boxes_do_not_overlap_and_the_loss_is_on_top(name):
    graph = networks.graph(name, 3)
    arranged = layout.arrange(graph, layout.drawn_places(graph))
    centres = list(arranged.boxes.values())
    wide, high = arranged.half
    for i, (x, y) in enumerate(centres):
        assert all(abs(x - u) > 2 * wide or abs(y - v) > 2 * high for u, v in centres[i + 1 :])
    axis = 0 if arranged.horizontal else 1
    last = max(place_xy[axis] for place_xy in centres)
    assert all(xy[axis] == last for place, xy in arranged.boxes.items() if place.name == graph.network.loss)


def test_one_column_a_step_in_order_of_time():
    graph = networks.graph("bidirectional", 3)
    arranged = layout.arrange(graph, layout.drawn_places(graph))
    assert list(arranged.columns) == [0, 1, 2, 3, 4]
    assert sorted(arranged.columns.values()) == list(arranged.columns.values())
    times = [text.get_text() for text in figures.unrolled_network(graph)[0].findobj(_is_time)]
    assert times == [f"$t = {t}$" for t in range(5)]


def _is_time(artist):
    return artist.get_gid() == "time"


def test_names_are_set_as_the_course_writes_them():
    written = texts(figures.unrolled_network(two())[0])
    assert "$h^{1(2)}$" in written and "$W^{0}, W^{11}, b^{0}$" in written.replace("$, $", ", ")


@pytest.mark.parametrize(
    ("name", "mathtext"),
    [
        ("h1", "$h^{1(2)}$"),
        ("hf", r"$\mathrm{hf}^{(2)}$"),
        ("W_in", r"$W^{(2)}_{\mathrm{in}}$"),
        ("h1f", r"$\mathrm{h1f}^{(2)}$"),
    ],
)
def test_mathtext_of_names(name, mathtext):
    assert names.math(Place(name, 2)) == mathtext


# Marked paths


def marked(figure):
    """Return the arrows that have a number, and the numbers."""
    return {name: text.get_text() for name, text in named(figure, "number").items()}


@pytest.mark.parametrize("name", NAMES)
def test_marked_arrows_are_those_of_the_paths_and_no_others(name):
    graph = networks.graph(name, 3)
    start = next(place for place in graph.order)
    paths = graph.paths(start.name, start.time)[:3]
    figure, words = figures.unrolled_network(graph, mark=paths)
    edges = {arrow(*pair) for path in paths for pair in zip(path, path[1:], strict=False)}
    assert {name for name, line in named(figure, "arrow").items() if line.is_dashed()} == edges
    assert set(marked(figure)) == (edges if len(paths) > 1 else set())
    for path in paths:
        assert " to ".join(map(said, path)) in words


def test_numbers_say_which_paths_share_an_arrow():
    graph = networks.graph("one hidden layer", 4)
    figure, _ = figures.unrolled_network(graph, mark=graph.paths("h1", 2))
    assert marked(figure)["h1(2) to a1(3)"] == "2,3"
    assert marked(figure)["h1(3) to a1(4)"] == "3"


def test_paths_differ_in_hue_and_in_dashes_and_share_ink():
    graph = networks.graph("one hidden layer", 4)
    figure, _ = figures.unrolled_network(graph, mark=graph.paths("h1", 2))
    arrows, numbers = named(figure, "arrow"), marked(figure)
    alone = {n: [arrows[name] for name, number in numbers.items() if number == n] for n in "123"}
    hues = {n: {line.get_color() for line in found} for n, found in alone.items()}
    dashes = {n: {str(line._dash_pattern) for line in found} for n, found in alone.items()}
    assert all(len(found) == 1 for found in (*hues.values(), *dashes.values()))
    assert len(set.union(*hues.values())) == len(set.union(*dashes.values())) == 3
    assert arrows["h1(2) to a1(3)"].get_color() == canvas.INK
    assert len({str(dash) for dash in drawing.THICK_DASHES}) == len(canvas.COLOURS)


def test_every_arrow_along_which_a_weight_multiplies_bears_it():
    figure, words = figures.unrolled_network(two())
    found = {name: text.get_text() for name, text in named(figure, "weight").items()}
    expected = {f"x({t}) to a1({t})": "$W^{0}$" for t in (1, 2, 3)}
    expected |= {f"h1({t}) to a1({t + 1})": "$W^{11}$" for t in (0, 1, 2)}
    expected |= {f"h1({t}) to a2({t})": "$W^{1}$" for t in (1, 2, 3)}
    assert found == expected
    assert "arrows: W0 from x to a1, W11 from h1 to a1 and W1 from h1 to a2." in words


def test_a_weight_stands_on_the_arrow_of_its_own_step():
    text = TWO.replace("+ b0", "+ V * h1[t-2]").replace("b1", "V * y[t]")
    found = named(figures.unrolled_network(two(text=text))[0], "weight")
    assert found["h1(1) to a1(2)"].get_text() == "$W^{11}$" and found["h1(1) to a1(3)"].get_text() == "$V$"
    assert found["y(2) to a2(2)"].get_text() == "$V$"


@pytest.mark.parametrize("name", NAMES)
def test_weights_stand_on_no_box_and_on_no_number(name):
    graph = networks.graph(name, 3)
    start = next(place for place in graph.order)
    paths = tuple(map(tuple, graph.paths(start.name, start.time)[:3]))
    made = unrolled.laid_out(graph, paths)
    look = unrolled.marked_look(graph, made, paths)
    found = routes.routes(made)
    numbers = routes.label_points(found, made, look.marked)
    for edge, point in drawing.weight_points(found, made, look).items():
        assert all((np.abs(np.subtract(point, box)) > made.half).any() for box in made.boxes.values()), edge
        assert all((np.abs(np.subtract(point, number)) > 0.05).any() for number in numbers.values()), edge


def test_too_many_weights_are_left_out():
    graph = networks.graph("LSTM", 4)
    figure, words = figures.unrolled_network(graph)
    assert named(figure, "weight") == {} and "on the arrows" not in words.lower()


def test_labels_keep_apart():
    graph = two()
    hops = tuple((Place("W11"), Place("a1", t)) for t in (1, 2, 3))
    made = unrolled.laid_out(graph, hops, scale=0.86)
    labels = {hop: str(n) for n, hop in enumerate(hops, start=1)}
    points = list(map(np.array, routes.label_points(routes.routes(made), made, labels).values()))
    gaps = [
        (np.abs(a - b) - 2 * np.array(routes.label_size("1"))).max() for i, a in enumerate(points) for b in points[:i]
    ]
    assert len(gaps) == 3 and min(gaps) >= 0.05


def test_one_path_and_a_list_of_one_path_are_the_same():
    graph = two()
    path = graph.paths("h1", 2)[1]
    alone, listed = (figures.unrolled_network(graph, mark) for mark in (path, [path]))
    assert alone[1] == listed[1] and figures.png(alone[0]) == figures.png(listed[0])


def test_entries_of_a_path_are_left_out():
    graph = networks.graph("one hidden layer", 3)
    path = tuple(place._replace(entry=(1,)) for place in graph.paths("h1", 2)[0])
    assert figures.unrolled_network(graph, path)[1] == figures.unrolled_network(graph, graph.paths("h1", 2)[0])[1]


def test_marked_arrows_differ_in_width_and_style_not_only_in_colour():
    graph = two()
    arrows = named(figures.unrolled_network(graph, graph.paths("h1", 2)[0])[0], "arrow")
    lit, other = arrows["h1(2) to a2(2)"], arrows["h1(1) to a2(1)"]
    assert lit.get_linewidth() > 2 * other.get_linewidth()
    assert lit.is_dashed() and not other.is_dashed()


def test_a_marked_parameter_gets_a_box():
    graph = two()
    figure, words = figures.unrolled_network(graph, graph.paths("W11"))
    assert "W11" in named(figure, "box") and "W0" not in named(figure, "box")
    assert "6 more" not in words and "path 6" in words


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        (["h1"], "not a path"),
        ([()], "not a path"),
        ([3], "not a path"),
        ("h1", "not a path"),
    ],
)
def test_what_is_not_a_path_is_refused(mark, message):
    with pytest.raises(ValueError, match=message):
        figures.unrolled_network(two(), mark)


def test_paths_of_another_graph_are_refused():
    longer = two(4).paths("h1", 4)
    with pytest.raises(ValueError, match=r"h1\(4\) is not in this graph of 3 steps"):
        figures.unrolled_network(two(), longer)
    path = two().paths("h1", 2)[0]
    with pytest.raises(ValueError, match=r"h1\(2\) does not influence L\(2\) directly; it influences a2\(2\) and"):
        figures.unrolled_network(two(), (path[0], path[-1]))


def test_a_graph_too_large_to_draw_is_refused():
    with pytest.raises(ValueError, match="Unroll over fewer steps than 90"):
        figures.unrolled_network(two(90))


# The influence diagram


def test_influence_at_one_step():
    graph = two()
    figure, words = figures.influence_diagram(graph, "h1", t=2)
    assert set(named(figure, "box")) == {"h1(2)", "a2(2)", "L(2)", "a1(3)", "h1(3)", "a2(3)", "L(3)"}
    arrows = named(figure, "arrow")
    thick = {name for name, line in arrows.items() if line.get_linewidth() > 2}
    assert thick == {"h1(2) to a2(2)", "h1(2) to a1(3)"}
    assert words.startswith("h1(2) influences 2 quantities directly, shown by thick arrows: a2(2) and a1(3).")
    assert figures.influence_diagram(graph, "h1", t=3)[1].startswith("h1(3) influences 1 quantity directly")


def test_influence_for_general_t_says_what_is_missing():
    figure, words = figures.influence_diagram(two(), "h1")
    assert "a2(t) and a1(t+1) (not required when t = T)" in words
    assert "not required\nwhen $t = T$" in texts(figure)
    assert "goes on to other steps" in words
    assert "$a^{1(t+1)}$" in texts(figure)


def test_influence_backwards_in_time():
    words = figures.influence_diagram(networks.graph("bidirectional", 3), "hb")[1]
    assert "ab(t-1) (not required when t = 1)" in words


def test_influence_at_one_fixed_time():
    words = figures.influence_diagram(networks.graph("many to one", 3), "h")[1]
    assert "L (only when t = T)" in words


def test_influence_of_a_parameter_shows_all_its_uses():
    figure, words = figures.influence_diagram(two(4), "W11")
    thick = {n for n, line in named(figure, "arrow").items() if line.get_linewidth() > 2}
    assert thick == {f"W11 to a1({t})" for t in (1, 2, 3, 4)}
    assert "a1(1), a1(2), a1(3) and a1(4)" in words


@pytest.mark.parametrize("name", NAMES)
def test_every_quantity_has_an_influence_diagram(name):
    net = network(name)
    graph = net.unroll(3)
    for quantity in net.shapes:
        if quantity == net.loss:
            with pytest.raises(ValueError, match="influences nothing"):
                figures.influence_diagram(graph, quantity, None if not net.is_timed(quantity) else 3)
            continue
        figure, words = figures.influence_diagram(graph, quantity)
        direct = {str(user.name) for user in graph.influences(quantity)}
        assert direct and all(user in words for user in direct)
        assert len(words) >= canvas.SHORTEST_DESCRIPTION
        assert smallest_font(figure) >= 9


def test_unknown_names_and_times_are_refused():
    with pytest.raises(ValueError, match="not a quantity"):
        figures.influence_diagram(two(), "h9")
    with pytest.raises(ValueError, match="does not occur"):
        figures.influence_diagram(two(), "h1", t=9)


# Words follow the data


MUTANTS = {
    "no recurrence": TWO.replace(" + W11 * h1[t-1]", ""),
    "another direction": TWO.replace("h1[t-1]", "h1[t+1]"),
    "two steps back": TWO.replace("h1[t-1]", "h1[t-2]"),
    "no bias": TWO.replace(" + b1", ""),
    "another loss": TWO.replace("L[t]  = mse(a2[t], y[t])", "L = mse(a2[T], y[T])"),
}


@pytest.mark.parametrize("change", MUTANTS)
def test_another_network_has_another_drawing_and_other_words(change):
    figure, words = figures.unrolled_network(two())
    other, others = figures.unrolled_network(two(text=MUTANTS[change]))
    assert words != others and figures.png(figure) != figures.png(other)


def test_other_steps_and_other_marks_have_other_words():
    graph = two()
    said_ = [figures.unrolled_network(graph, mark)[1] for mark in [(), *graph.paths("h1", 1), graph.paths("h1", 1)]]
    said_ += [figures.unrolled_network(two(T))[1] for T in (1, 2, 4)]
    assert len(set(said_)) == len(said_)


# Reading: sizes, contrast, the same bytes


@pytest.mark.parametrize("name", NAMES)
def test_files_are_small_the_same_and_readable(name):
    graph = networks.graph(name, 3)
    figure, again = figures.unrolled_network(graph)[0], figures.unrolled_network(graph)[0]
    data = figures.png(figure)
    assert data == figures.png(again) == figures.png(figure)
    assert len(data) <= 45_000
    assert smallest_font(figure) >= 9
    assert figure.get_size_inches()[0] <= 10.5


def test_ink_and_colours_stand_out_on_paper():
    assert contrast(canvas.INK, canvas.PAPER) > 12
    assert all(contrast(colour, canvas.PAPER) > 4.5 for colour in (*canvas.COLOURS, canvas.GREY))
    assert len({str(dash) for dash in canvas.DASHES}) == len(canvas.DASHES) == len(set(canvas.MARKERS))
