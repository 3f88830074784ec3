"""The sheet of all gradients: what the machine derives of every network of the course, in Markdown and on one page."""

import re

import pytest

from bptt_lab import cli, course
from bptt_lab.report import sheet
from bptt_lab.symbolic import derive_vector

TAUGHT = course.taught()


@pytest.mark.parametrize("name", TAUGHT)
def test_every_quantity_but_inputs_and_loss_has_its_gradient(name):
    network = TAUGHT[name]
    found = {one.lines[0].form.target.name for one in sheet.gradients(network)}
    assert found == {one for one, kind, _ in network.quantities() if kind in ("computed", "parameter")}


def test_a_gradient_on_the_sheet_is_the_last_line_of_its_derivation():
    networks = {"One hidden layer": TAUGHT["One hidden layer"]}
    line = derive_vector(networks["One hidden layer"].unroll(5), "W11", "gradient").lines[-1].form.latex()
    assert f"&= {line}" in sheet.markdown(networks)


def test_both_forms_hold_the_same_networks_and_their_verdicts():
    networks = {name: TAUGHT[name] for name in ("Two scalars", "Scalar linear")}
    text, page = sheet.markdown(networks), sheet.html(networks)
    assert re.findall(r"^## (.*)$", text, re.M) == re.findall(r"<h2>(.*)</h2>", page) == list(networks)
    assert text.count("8 gradients, each ✓ proved as an identity.") == page.count("8 gradients, each ✓ proved") == 2


def test_the_page_loads_nothing():
    page = sheet.html({"Two scalars": TAUGHT["Two scalars"]})
    assert not re.search(r"https?:|<script|src=|@import|url\(", page)


def test_the_command_writes_a_page_and_refuses_another_kind(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(course, "taught", lambda: {"Two scalars": TAUGHT["Two scalars"]})
    assert cli.main(["sheet", "--out", str(tmp_path / "sheet.html")]) == 0
    assert "<math" in (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert cli.main(["sheet"]) == 0 and capsys.readouterr().out.startswith(f"# {sheet.TITLE}")
    assert cli.main(["sheet", "--out", str(tmp_path / "sheet.pdf")]) == 2
    assert capsys.readouterr().err == "bptt-lab: sheet.pdf is no page, .html or .md.\n"
