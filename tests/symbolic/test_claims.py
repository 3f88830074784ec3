"""Claims and derivations typed in the language of answers: what holds is marked, what does not is refused."""

import pytest

from bptt_lab import course, symbolic
from bptt_lab.formulas import FormulaError
from bptt_lab.symbolic import DerivationError
from bptt_lab.symbolic.verdicts import AGREES, OTHER_SHAPES, PROVED

SCALARS = course.network("two scalars").unroll(3)
LAYER = course.network("one hidden layer").unroll(3)


def words(graph, goal, **formulas):
    return {one.name: one.words for one in symbolic.claims(graph, goal, formulas)}


def test_right_claims_are_proved_and_wrong_ones_refused_with_two_numbers():
    found = symbolic.claims(
        SCALARS,
        "D(L, W11)",
        {
            "backwards": "sum(t, 1, T, D(L, a1(t)) * h1(t-1))",
            "written out": "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)",
            "last state only": "D(L, h1(3)) * (1 - h1(3)**2) * h1(2)",
            "one step late": "sum(t, 1, T, D(L, a1(t)) * h1(t))",
        },
    )
    assert [one.holds for one in found] == [True, True, False, False]
    assert [one.verdict.strength for one in found][:2] == [PROVED, PROVED]
    last = found[2].verdict
    assert found[2].words == f"✗ refused: {last.left:.4g} where {last.right:.4g} is right" and last.left != last.right


def test_a_law_of_exp_is_marked_as_the_weaker_verdict_it_is():
    (found,) = symbolic.claims(SCALARS, "D(L, b1)", {"law": "(d2(1) + d2(2) + d2(3)) * exp(W0) * exp(-W0)"})
    assert found.holds and found.verdict.strength == AGREES and found.words.startswith("✓ agrees to 40 digits")


@pytest.mark.parametrize("T", [1, 2, 4])
def test_where_t_stands_free_a_claim_speaks_of_every_step(T):
    graph = course.network("one hidden layer").unroll(T)
    claims = {
        "difference": "(h2(t) - y(t)).T",
        "sign": "(y(t) - h2(t)).T",
        "first step only": "(h2(t) - y(1)).T",
    }
    found = [one.holds for one in symbolic.claims(graph, "D(L, a2(t))", claims)]
    assert found == [True, False, T == 1]


def test_other_shapes_are_refused_even_where_the_entries_are_the_same():
    found = words(
        LAYER,
        "D(L, h1(2))",
        row="d2(2) @ W1 + d1(3) @ W11",
        column="W1.T @ d_a2(2) + W11.T @ d_a1(3)",
        turned="d2(2) @ W1 + d1(3) @ W11.T",
        unfit="W1 @ d2(2) @ W11",
    )
    assert found["row"] == "✓ proved as an identity" and found["turned"].startswith("✗ refused: ")
    assert found["column"] == f"✗ refused: {OTHER_SHAPES}"
    assert found["unfit"].startswith("✗ refused: ")


def test_claims_are_shown_as_a_table_of_formulas_and_as_plain_text():
    found = symbolic.claims(SCALARS, "D(L, a2(2))", {"right": "a2(2) - y(2)", "sign": "y(2) - a2(2)"})
    table = found._repr_markdown_().splitlines()
    assert table[0] == "| $\\frac{d L}{d a^{2(2)}} =$ | the claim | verdict |" and len(table) == 4
    assert "$a^{2(2)} - y^{(2)}$" in table[2] and repr(found).splitlines()[0] == "D(L, a2(2)) ="


def test_what_cannot_be_read_is_said_with_its_place():
    with pytest.raises(FormulaError, match="nobody"):
        symbolic.claims(SCALARS, "D(L, W11)", {"strange": "nobody(2)"})


def test_a_claim_without_a_value_says_why():
    found = words(SCALARS, "D(L, a2(2))", past="a2(4) - y(4)", zero="1/(h1(1) - h1(1))")
    assert found["past"] == "✗ refused: a2 does not occur at time 4" and "division by zero" in found["zero"]
    found = words(LAYER, "D(L, h1(2))", rows="d2(2) @ d1(3)", every="d2(t) @ W1")
    assert "a row of 3 and a row of 5" in found["rows"] and found["every"] == f"✗ refused: {OTHER_SHAPES}"


def test_a_derivation_may_be_typed_as_answers_are():
    lines = [("D(L, a2(2))", "the goal"), ("d(L(2), a2(2))", "chain rule"), ("a2(2) - y(2)", "the slope of mse")]
    found = symbolic.Derivation(SCALARS, lines)
    assert found.strength == PROVED and repr(found).splitlines() == [
        "  D(L, a2(2))      the goal",
        "= d(L(2), a2(2))   chain rule",
        "= a2(2) - y(2)     the slope of mse",
        "✓ proved as an identity",
    ]
    with pytest.raises(DerivationError, match="Line 3"):
        symbolic.Derivation(SCALARS, [*lines[:2], ("y(2) - a2(2)", "sign lost")])


def test_typed_lines_and_lines_of_the_machine_stand_together():
    machine = symbolic.derive(SCALARS, "h1", 2).lines
    assert symbolic.Derivation(SCALARS, [*machine, ("d2(2)*W1 + d1(3)*W11", "as typed")]).strength == PROVED


def test_the_mark_of_a_proof_opens_to_the_whole_sentence():
    found = symbolic.derive(SCALARS, "W11")
    assert f"<details><summary>{found.mark}</summary>{found.verdict()}</details>" in found._repr_markdown_()
    alone = symbolic.Derivation(SCALARS, [("D(L, W11)", "the goal")])
    assert "details" not in alone._repr_markdown_() and alone.mark == alone.verdict()
