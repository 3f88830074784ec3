"""An explorer in a real browser, alone in a page: by mouse and by keyboard, read aloud, light and dark, narrow too."""

import math

import pytest

from bptt_lab import explore
from browser import serious
from explored import TWO, VALUES

HEAD = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Explorer</title></head>'
PAGE = HEAD + '<body style="{}"><main>{}</main></body></html>'
LIGHT, DARK = "background: #fff; color: #111", "background: #111; color: #eee"


@pytest.fixture(scope="module")
def html():
    return explore(TWO, 3, VALUES, start="h1(2)").html()


@pytest.fixture
def page(browser, html, tmp_path, request):
    style, width = getattr(request, "param", (LIGHT, 1280))
    (tmp_path / "page.html").write_text(PAGE.format(style, html), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.complaints, page.requested = [], []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.requested.append(request.url))
    page.goto((tmp_path / "page.html").as_uri())
    yield page
    assert page.complaints == [] and len(page.requested) == 1  # nothing but the page itself
    page.close()


def box(page, say):
    return page.locator(f'.box[aria-label^="{say}:"]')


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def says(page):
    return page.get_by_role("status").inner_text()


def numbers(page):
    """Return the numbers that the boxes show, by name: the value and the derivative."""
    texts = page.locator(".box").evaluate_all(
        "all => all.map(one => [...one.querySelectorAll('text')].map(t => t.textContent))"
    )
    read = lambda text: float(text.replace("D ", "").replace("\N{MINUS SIGN}", "-")) if text else None
    return {name: (read(value), read(delta)) for name, value, delta in texts}


def lit(page):
    return page.locator(".arrow.lit").count()


def test_the_boxes_show_the_values_and_the_derivatives_that_python_computes(page):
    forward = TWO.unroll(3).forward(VALUES)
    gradients = TWO.unroll(3).gradients(VALUES)
    found = numbers(page)
    assert found["h1(2)"][0] == pytest.approx(forward["h1"][1].item(), abs=5e-4)
    assert found["W11"] == pytest.approx((0.9, gradients["W11"].item()), abs=5e-4)


def test_choosing_a_box_lights_its_arrows_and_shows_its_chain_rule_and_the_sum(page):
    box(page, "W11").click()
    panel = page.get_by_role("region", name="About the chosen quantity")
    assert lit(page) == 3 and panel.locator(".term-row").count() == 3
    texts = panel.locator(".term-row .numbers").all_inner_texts()
    shares = [float(text.split("≈")[-1].replace("\N{MINUS SIGN}", "-")) for text in texts]
    assert sum(shares) == pytest.approx(numbers(page)["W11"][1], abs=2e-3)
    panel.get_by_text("How this was proved").click()
    assert "proved as an identity" in panel.inner_text()


def test_the_shares_of_the_paths_add_up_to_the_derivative(page):
    box(page, "W11").click()
    paths = page.locator(".share").evaluate_all("all => all.map(one => one.title)")
    assert len(paths) == len(TWO.unroll(3).paths("W11")) == 6
    read = lambda text: float(text.replace("\N{MINUS SIGN}", "-").strip("()"))
    factors, shares = zip(*(path.split(": ")[1].split(" ≈ ") for path in paths), strict=True)
    total = sum(map(read, shares))
    for product, size in zip(factors, shares, strict=True):
        assert math.prod(map(read, product.split(" · "))) == pytest.approx(read(size), abs=5e-3)
    assert total == pytest.approx(numbers(page)["W11"][1], abs=5e-3)
    page.locator(".share").nth(2).focus()
    assert "→" in says(page) and lit(page) == paths[2].count("→")


def test_a_slider_moves_every_number_and_its_tangent(page):
    before = numbers(page)
    tangent = page.locator(".row .tangent").first.get_attribute("d")
    page.get_by_role("slider", name="W0", exact=True).press("End")
    page.wait_for_timeout(50)
    after = numbers(page)
    assert after["W0"][0] == 2.0 and all(after[name] != before[name] for name in ("a1(1)", "h1(3)", "L(2)", "W11"))
    assert page.locator(".row .tangent").first.get_attribute("d") != tangent
    button(page, "Reset").click()
    assert numbers(page) == before


def test_while_a_slider_moves_the_picture_follows_at_once_and_all_else_when_it_rests(page):
    wrote = """() => {
        const {explorer} = document.querySelector('.bptt-explorer');
        explorer.values.W11 = -1.5;
        explorer.update(true);
        const box = explorer.boxes.find((one) => one.textContent.startsWith('h1(3)'));
        const value = box.querySelector('.value').textContent;
        return [value, box.getAttribute('aria-label').includes(value)];
    }"""
    value, is_named = page.evaluate(wrote)
    assert numbers(page)["h1(3)"][0] == pytest.approx(
        TWO.unroll(3).forward(VALUES | {"W11": [-1.5]})["h1"][2].item(), abs=5e-4
    )
    assert not is_named
    page.wait_for_function(
        "value => document.querySelector('.box[aria-label^=\"h1(3):\"]').ariaLabel.includes(value)", arg=value
    )
    moved = page.locator(".row .curve").evaluate_all("all => all.map((one) => one.getAttribute('d'))")
    page.evaluate("document.querySelector('.bptt-explorer').explorer.update()")
    assert moved == page.locator(".row .curve").evaluate_all("all => all.map((one) => one.getAttribute('d'))")


def test_the_number_of_steps_can_be_chosen_and_values_are_kept(page):
    page.get_by_role("slider", name="number of steps T").press("Home")
    assert "h1(2)" not in numbers(page) and numbers(page)["W11"][0] == 0.9
    page.get_by_role("slider", name="number of steps T").press("End")
    assert "h1(3)" in numbers(page)


def arrived(page):
    return [name for name, (_, delta) in numbers(page).items() if delta is not None]


def test_the_derivatives_flow_back_one_after_the_other_and_the_weights_come_after_the_states(page):
    button(page, "One step").click()
    assert arrived(page) == ["L(1)", "L(2)", "L(3)"] and "from the losses" in says(page)
    found = []
    for _ in range(14):
        before = set(arrived(page))
        button(page, "One step").click()
        found += set(arrived(page)) - before
    assert found[-5:] == ["W0", "W11", "b0", "W1", "b1"] and found.index("a1(1)") == 8
    assert says(page) == "Backwards: the derivative by b1 arrives from a2(1), a2(2) and a2(3)."
    button(page, "One step").click()
    assert says(page) == "All derivatives have arrived." and len(arrived(page)) == page.locator(".box").count()


def test_playing_can_be_paused_and_ended_and_a_choice_ends_it(page):
    button(page, "Play backwards").click()
    page.wait_for_timeout(2800)
    button(page, "Pause").click()
    count = len(arrived(page))
    assert 3 < count < page.locator(".box").count()
    page.wait_for_timeout(1500)
    assert len(arrived(page)) == count
    box(page, "W11").click()
    assert "It has not arrived yet" in page.locator(".panel").inner_text()
    button(page, "Play backwards").click()
    button(page, "All").click()
    page.wait_for_timeout(1500)
    assert len(arrived(page)) == page.locator(".box").count()


def test_the_whole_picture_is_one_stop_of_the_tabulator_and_arrow_keys_move_in_it(page):
    assert page.locator('.box[tabindex="0"]').count() == 1
    box(page, "h1(2)").focus()
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("a2(2):")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("L(3):")
    assert "Nothing comes after it" in page.locator(".panel").inner_text()


def test_every_box_says_its_name_its_numbers_and_what_it_influences(page):
    label = box(page, "h1(2)").get_attribute("aria-label")
    assert label.endswith("Influences a2(2) and a1(3).") and "derivative of the loss" in label


def play(page, goal):
    button(page, "Derive it yourself").click()
    page.get_by_role("combobox", name="goal").select_option(label=goal)


def test_a_forgotten_path_is_named_and_lights_up(page):
    play(page, "h1(2)")
    box(page, "a2(2)").click()
    button(page, "Check").click()
    assert says(page) == "A path is forgotten: the one that begins with the arrow to a1(3), lit now." and lit(page) == 1
    assert "1 move, 1 wrong" in page.locator(".panel").inner_text()


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ([], "Choose boxes in the picture first."),
        (["h1(2)"], "h1(2) is the goal. Choose the boxes in whose equations it stands."),
        (
            ["a2(2)", "a1(3)", "a1(2)"],
            "h1(2) does not stand in the equation of a1(2). It is the other way round: the goal comes after it.",
        ),
        (["L(3)"], "h1(2) does not stand in the equation of L(3). It is reached through a1(3)."),
        (["x(2)"], "x(2) is given: it has no equation, and nothing influences it."),
    ],
)
def test_a_choice_that_is_not_right_is_told_by_what_it_is(page, chosen, told):
    play(page, "h1(2)")
    for say in chosen:
        box(page, say).click()
    if chosen != ["h1(2)"]:
        button(page, "Check").click()
    assert says(page) == told


def test_a_check_without_a_new_choice_is_no_move(page):
    play(page, "h1(2)")
    button(page, "Check").click()
    box(page, "a2(2)").click()
    told = set()
    for _ in range(3):
        button(page, "Check").click()
        told.add(says(page))
    assert "1 move, 1 wrong" in page.locator(".panel").inner_text() and len(told) == 1


def test_a_game_begins_with_what_was_chosen_and_shows_the_equation_and_no_weight_on_an_arrow(page):
    box(page, "a1(3)").click()
    button(page, "Derive it yourself").click()
    assert page.get_by_role("combobox", name="goal").evaluate("one => one.selectedOptions[0].textContent") == "a1(3)"
    assert page.locator(".weight").first.evaluate("one => getComputedStyle(one).visibility") == "hidden"
    box(page, "h1(3)").click()
    button(page, "Check").click()
    assert "tanh" in page.locator(".panel .equation").inner_text()


def test_what_belongs_to_the_way_back_rests_during_a_game_and_a_change_of_steps_ends_it(page):
    play(page, "h1(2)")
    for name in ("Play backwards", "One step", "All", "Derive it yourself"):
        assert button(page, name).is_disabled()
    button(page, "Reset").click()
    assert "Back to exploring" in page.locator(".panel").inner_text()
    page.get_by_role("slider", name="number of steps T").press("Home")
    page.get_by_role("slider", name="number of steps T").press("ArrowRight")
    assert says(page) == "T was changed, so the game is over."
    assert button(page, "One step").is_enabled() and "Back to exploring" not in page.locator(".panel").inner_text()


def test_the_keyboard_stays_in_the_game(page):
    play(page, "h1(3)")
    box(page, "a2(3)").press("Enter")
    button(page, "Check").press("Enter")
    focused = lambda: page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused() in ("W1", "1", "h1(3)", "-W1")
    button(page, "W1").press("Enter")
    assert focused().startswith("derivative by")


def test_a_derivation_played_to_its_end_is_the_proved_one(page):
    play(page, "h1(2)")
    for say in ("a2(2)", "a1(3)"):
        box(page, say).press("Enter")
    button(page, "Check").press("Enter")
    button(page, "h1(2)").click()
    assert "That is the immediate derivative of a2(2) by W1." in says(page) and button(page, "h1(2)").is_disabled()
    button(page, "W1").click()
    button(page, "W11").click()
    button(page, "derivative by h1(2)").click()
    assert says(page) == "Not yet: the derivative by h1(2) needs those by a2(2) and a1(3)."
    for say in ("a2(3)", "h1(3)", "a1(3)"):
        button(page, f"derivative by {say}").click()
    for say in ("a2(2)", "h1(2)"):
        box(page, say).click()
    page.get_by_text("How this was proved").click()
    text = page.locator(".panel").inner_text()
    assert "proved as an identity" in text and "10 moves, 2 wrong" in text
    result = lambda: page.locator(".proof").last.inner_text()
    before = result()
    page.get_by_role("slider", name="W1", exact=True).press("End")
    page.wait_for_timeout(50)
    assert result() != before and "with the numbers of the picture" in result()
    button(page, "Back to exploring").click()
    assert "is the sum over its arrows" in page.locator(".panel").inner_text()


SERVER = '<script id="jupyter-config-data" type="application/json">{"baseUrl": "/", "wsUrl": ""}</script>'


@pytest.mark.parametrize("around", ["", SERVER, SERVER.replace("{", "")], ids=["alone", "server", "nonsense"])
def test_a_saved_notebook_is_played_where_its_kernel_is_no_more(browser, html, around):
    page = browser.new_page()
    complaints, sockets = [], []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.set_content(
        PAGE.format(LIGHT, around + html.replace("data-explorer=", 'data-kernel="gone" data-explorer=', 1))
    )
    page.wait_for_selector(".bptt-explorer[data-alive]")
    play(page, "h1(3)")
    box(page, "a2(3)").click()
    button(page, "Check").click()
    assert says(page).startswith("Right.") and complaints == [] and sockets == []
    page.close()


@pytest.mark.parametrize("page", [(LIGHT, 1280), (DARK, 1280), (LIGHT, 800), (DARK, 390)], indirect=True)
@pytest.mark.parametrize("state", ["explored", "played"])
def test_axe_finds_nothing_serious_and_nothing_runs_off_the_page(page, state):
    if state == "played":
        play(page, "W11")
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert serious(page) == {}
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


IN_SIGHT = """say => {
    const box = document.querySelector(`.box[aria-label^="${say}:"]`);
    const [one, frame] = [box, box.closest('.picture')].map((part) => part.getBoundingClientRect());
    return one.left >= frame.left - 1 && one.right <= frame.right + 1;
}"""


@pytest.mark.parametrize("page", [(LIGHT, 390)], indirect=True)
@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_a_narrow_picture_scrolls_to_what_is_lit_and_the_page_stays(page, motion):
    page.emulate_media(reduced_motion=motion)
    frame = page.locator(".picture")
    frame.evaluate("one => one.scrollTo({left: 0, behavior: 'instant'})")
    assert not page.evaluate(IN_SIGHT, "h1(3)")
    before, places = page.evaluate("[scrollX, scrollY]"), [frame.evaluate("one => one.scrollLeft")]
    page.evaluate("""() => {
        const {explorer} = document.querySelector('.bptt-explorer');
        explorer.choose(explorer.now.graph.places.find((place) => place.say === 'h1(3)').entries[0]);
    }""")
    if motion == "no-preference":
        assert not page.evaluate(IN_SIGHT, "h1(3)")  # on its way
    page.wait_for_function(IN_SIGHT, arg="h1(3)", timeout=2000 if motion == "no-preference" else 100)
    assert page.evaluate("[scrollX, scrollY]") == before and frame.evaluate("one => one.scrollLeft") > places[0]


@pytest.mark.parametrize("page", [(LIGHT, 390)], indirect=True)
def test_a_narrow_picture_follows_the_way_back(page):
    page.emulate_media(reduced_motion="reduce")
    button(page, "One step").click()
    for _ in range(3):
        button(page, "One step").click()
        chosen = page.locator(".box.chosen").get_attribute("aria-label").split(":")[0]
        assert page.evaluate(IN_SIGHT, chosen)


@pytest.mark.parametrize("page", [(LIGHT, 1280), (DARK, 1280)], indirect=True)
def test_the_colours_follow_the_page_behind(page, request):
    is_light = LIGHT in request.node.callspec.params["page"]
    assert page.locator(".bptt-explorer").get_attribute("data-light") == str(is_light).lower()


def test_where_no_script_runs_there_is_a_picture_with_its_words(browser, html):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_content(PAGE.format(LIGHT, html))
    picture = page.locator(".bptt-explorer img")
    assert "The network unrolled over 3 steps" in picture.get_attribute("alt") and picture.bounding_box()["width"] > 300
    context.close()


def test_two_copies_of_one_explorer_on_a_page_both_live(browser, html):
    page = browser.new_page()
    page.set_content(PAGE.format(LIGHT, html + html))
    page.wait_for_selector(".bptt-explorer[data-alive]")
    assert page.locator(".bptt-explorer[data-alive] svg[role=group]").count() == 2
    page.close()
