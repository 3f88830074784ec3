"""The single changes of an answer as it is written: each of them, what is said of it, and none besides."""

import asked
import pytest

from bptt_lab.exercises.causes.edits import LIKEWISE, LONGEST_NAMED, Edit, edits, factors_of, regrouped, spots
from bptt_lab.formulas import write

LINE, MATRIX = asked.weights(), asked.state()


def changed(question, answer, factors=(), is_number=True):
    trees = [question.tree(factor) for factor in factors]
    return list(edits(question.tree(answer), question.graph.network, trees, is_number))


def said(edit):
    return f"{edit.said(write)} {write(edit.tree)}"


def of_kind(kind, *arguments, **more):
    return [said(edit) for edit in changed(*arguments, **more) if edit.kind == kind]


ALL = {
    "W0": [
        "W0 stands where W11 belongs. W11",
        "W0 stands where b0 belongs. b0",
        "W0 stands where W1 belongs. W1",
        "W0 stands where b1 belongs. b1",
        "A power is wrong: W0 stands where W0**2 belongs. W0**2",
    ],
    "h1(1)": [
        "h1(1) stands where h1(2) belongs. h1(2)",
        "h1(1) stands where h1(0) belongs. h1(0)",
        "h1(1) stands where h1(3) belongs. h1(3)",
        "h1(1) stands where h1(-1) belongs. h1(-1)",
        "h1(1) stands where a1(1) belongs. a1(1)",
        "h1(1) stands where a2(1) belongs. a2(1)",
        "h1(1) stands where x(1) belongs. x(1)",
        "h1(1) stands where y(1) belongs. y(1)",
        "A power is wrong: h1(1) stands where h1(1)**2 belongs. h1(1)**2",
    ],
    "D(L, W0)": [
        "D(L, W0) is the total derivative; the immediate one belongs there: d(L, W0). d(L, W0)",
        "D(L, W0) stands where D(L, W11) belongs. D(L, W11)",
        "D(L, W0) stands where D(L, b0) belongs. D(L, b0)",
        "D(L, W0) stands where D(L, W1) belongs. D(L, W1)",
        "D(L, W0) stands where D(L, b1) belongs. D(L, b1)",
        "A power is wrong: D(L, W0) stands where D(L, W0)**2 belongs. D(L, W0)**2",
    ],
    "d(h1(3), h1(2))": [
        "d(h1(3), h1(2)) is the immediate derivative; the total one belongs there: D(h1(3), h1(2)). D(h1(3), h1(2))",
        "A power is wrong: d(h1(3), h1(2)) stands where d(h1(3), h1(2))**2 belongs. d(h1(3), h1(2))**2",
    ],
    "3 - 5": [
        "The sign of the term 5 is wrong. 3 + 5",
        "The sign of the term 3 is wrong. -3 - 5",
        "The term 5 is too much. 3",
        "The term 3 is too much. -5",
    ],
    "-(3 + 5)": [
        "The sign of the term 5 is wrong. -(3 - 5)",
        "The sign of the term 3 is wrong. -(-3 + 5)",
        "The term 5 is too much. -3",
        "The term 3 is too much. -5",
    ],
    "-2*7 + 4 - 3*9": [
        "The sign of the term 3*9 is wrong. (-2)*7 + 4 + 3*9",
        "The term 3*9 is too much. (-2)*7 + 4",
        "The sign of the term 4 is wrong. (-2)*7 - 4 - 3*9",
        "The sign of the term 2*7 is wrong. -((-2)*7) + 4 - 3*9",
        "The term 4 is too much. (-2)*7 - 3*9",
        "The term (-2)*7 is too much. 4 - 3*9",
        "The factor 7 is too much in (-2)*7. -2 + 4 - 3*9",
        "The factor -2 is too much in (-2)*7. 7 + 4 - 3*9",
        "The factor 9 is too much in 3*9. (-2)*7 + 4 - 3",
        "The factor 3 is too much in 3*9. (-2)*7 + 4 - 9",
    ],
    "4*4 + 4*4": [
        "The sign of the term 4*4 is wrong. 4*4 - 4*4",
        "The sign of the term 4*4 is wrong. -(4*4) + 4*4",
        "The term 4*4 stands twice. 4*4",
        "The term 4*4 stands twice. 4*4",
        "The factor 4 is too much in 4*4. 4 + 4*4",
        "The factor 4 is too much in 4*4. 4 + 4*4",
        "The factor 4 is too much in 4*4. 4*4 + 4",
        "The factor 4 is too much in 4*4. 4*4 + 4",
        "The factor 4 is too much in 4*4, and likewise in the other places. 4 + 4",
    ],
    "1/(2 - 3)": [
        "The factor (2 - 3) is too much in 1/(2 - 3). 1",
        "The sign of the term 3 in (2 - 3) is wrong. 1/(2 + 3)",
        "The sign of the term 2 in (2 - 3) is wrong. 1/(-2 - 3)",
        "The term 3 is too much. 1/2",
        "The term 2 is too much. 1/(-3)",
    ],
    "2*3/5": [
        "The factor 5 is too much in 2*3/5. 2*3",
        "The factor 3 is too much in 2*3. 2/5",
        "The factor 2 is too much in 2*3. 3/5",
    ],
    "1*7": ["The factor 7 is too much in 1*7. 1"],
    "(3**T)/(5**T)": ["The factor 5**T is too much in 3**T/5**T. 3**T"],
    "2*(3*5)": [
        "The factor 2 is too much in 2*(3*5). 3*5",
        "The factor 5 is too much in 3*5. 2*3",
        "The factor 3 is too much in 3*5. 2*5",
    ],
}


@pytest.mark.parametrize("answer", ALL)
def test_all_changes_of_an_answer_and_what_is_said_of_them(answer):
    assert [said(edit) for edit in changed(LINE, answer)] == ALL[answer]


@pytest.mark.parametrize(
    ("question", "answer", "steps"),
    [
        (LINE, "h1(T)", ["T + 1", "T - 1", "T + 2", "T - 2"]),
        (MATRIX, "h1(t)", ["t + 1", "t - 1", "t + 2", "t - 2"]),
        (MATRIX, "h1(t+1)", ["t + 2", "t", "t + 3", "t - 1"]),
        (MATRIX, "h1(t-1)", ["t", "t - 2", "t + 1", "t - 3"]),
        (MATRIX, "h1(t-2)", ["t - 1", "t - 3", "t", "t - 4"]),
        (MATRIX, "h1(2*t)", ["2*t + 1", "2*t - 1", "2*t + 2", "2*t - 2"]),
        (MATRIX, "h1(t*2)", ["t*2 + 1", "t*2 - 1", "t*2 + 2", "t*2 - 2"]),
        (MATRIX, "h1(1-t)", ["1 - t + 1", "1 - t - 1", "1 - t + 2", "1 - t - 2"]),
        (MATRIX, "W11", []),
    ],
)
def test_a_step_later_and_earlier_is_written_as_a_student_writes_it(question, answer, steps):
    written = write(question.tree(answer))
    expected = [f"{written} stands where h1({step}) belongs. h1({step})" for step in steps]
    assert of_kind("time", question, answer) == expected


def test_a_gradient_that_ought_to_be_immediate_keeps_its_shape():
    (found,) = of_kind("derivative", MATRIX, "d_a1(t)")
    assert found.endswith("belongs there: d(L, a1(t)).T. d(L, a1(t)).T")


def test_a_letter_is_replaced_by_those_of_its_shape_only():
    words = "W11 stands where {0} belongs. {0}"
    assert of_kind("letter", MATRIX, "W11[1,2]") == [
        words.replace("W11", "W11[1,2]").format(f"{name}") for name in ("W11[2,1]", "W0[1,2]", "W1[1,2]")
    ]
    assert of_kind("letter", MATRIX, "W11") == []


def test_another_power_is_one_more_or_one_less_and_never_none():
    assert [write(edit.tree) for edit in changed(LINE, "3**4")] == ["3**5", "3**3"]
    assert [write(edit.tree) for edit in changed(LINE, "3**2")] == ["3**3", "3"]
    assert [write(edit.tree) for edit in changed(LINE, "3**T")] == []
    assert of_kind("power", LINE, "(2 - 5)**1")[0].startswith("A power is wrong: (2 - 5)**1 stands where (2 - 5)**2")
    assert len(of_kind("power", LINE, "(2 - 5)**1")) == 1


def test_what_is_made_in_every_place_alike_is_one_slip():
    likewise = [one for one in changed(LINE, "h1(1)*h1(0) + h1(2)*h1(0)") if said(one).count(LIKEWISE)]
    assert [write(one.tree) for one in likewise if one.kind == "time"] == [
        "h1(2)*h1(1) + h1(3)*h1(1)", "h1(0)*h1(-1) + h1(1)*h1(-1)",
        "h1(3)*h1(2) + h1(4)*h1(2)", "h1(-1)*h1(-2) + h1(0)*h1(-2)",
    ]  # fmt: skip
    assert [write(one.tree) for one in likewise if one.kind == "factor"] == ["h1(1) + h1(2)"]
    assert "h1(1)*h1(0) stands where" not in " ".join(map(said, likewise))
    assert all(said(one).startswith(("h1(", "A power", "The factor")) and ".," not in said(one) for one in likewise)


def test_one_product_of_a_letter_at_two_steps_has_no_other_places():
    assert not [edit for edit in changed(LINE, "h1(1)*h1(0)") if edit.kind == "factor" and LIKEWISE in edit.says]


def test_a_sign_that_is_wrong_likewise_is_that_of_sums_alike_but_for_their_steps():
    found = of_kind("sign", LINE, "(2 - x(1))*3 + (2 - x(2))*5 + (4 - x(2))*7")
    assert [one.partition(LIKEWISE)[2] for one in found if LIKEWISE in one] == [
        " (2 + x(1))*3 + (2 + x(2))*5 + (4 - x(2))*7",
        " (-2 - x(1))*3 + (-2 - x(2))*5 + (4 - x(2))*7",
    ]


@pytest.mark.parametrize(
    ("answer", "kind", "inside"),
    [
        ("2 - 5", "sign", [False, False]),
        ("-(2 - 5)", "sign", [False, False]),
        ("3*(2 - 5)", "sign", [True, True]),
        ("7 - (2 - 5)", "sign", [False, False, False, False]),
        ("3*(7 - (2 - 5))", "sign", [True, True, True, True]),
        ("tanh(2 - 5)", "sign", [True, True]),
        ("tanh(2 - 5)", "surplus", [True, True]),
        ("2 - 5", "surplus", [False, False]),
        ("W0 - 5", "letter", [False] * 4),
        ("2*5 - 7", "factor", [False, False]),
    ],
)
def test_what_lies_inside_a_factor_is_known(answer, kind, inside):
    assert [edit.is_inside for edit in changed(LINE, answer) if edit.kind == kind] == inside


def test_what_is_made_likewise_lies_inside_where_the_first_of_them_does():
    found = [edit for edit in changed(LINE, "3*(2 - x(1)) + 3*(2 - x(2))") if LIKEWISE in said(edit)]
    assert {edit.is_inside for edit in found if edit.kind == "sign"} == {True}


def test_a_change_says_nothing_of_a_place_inside_unless_told():
    tree = LINE.tree("W0")
    assert not Edit("letter", "", (), tree).is_inside and spots(tree).__next__() == (tree, True, False)


MISSING = {
    "3*W0": ["x(1)*(3*W0)"],
    "W0 + b0": ["x(1)*W0 + b0", "W0 + x(1)*b0"],
    "3 + W0": ["3 + x(1)*W0"],
    "W0/tanh(b0)": ["x(1)*(W0/tanh(b0))", "W0/tanh(x(1)*b0)"],
    "W0**2": ["x(1)*W0**2", "(x(1)*W0)**2"],
}


@pytest.mark.parametrize("answer", MISSING)
def test_a_missing_factor_of_numbers_is_tried_once_in_a_product(answer):
    found = [edit for edit in changed(LINE, answer, ["x(1)"]) if "missing" in edit.says and LIKEWISE not in edit.says]
    assert [write(edit.tree) for edit in found] == MISSING[answer]


def test_a_missing_factor_in_every_place_alike_is_one_slip():
    found = [edit for edit in changed(LINE, "W0 + b0", ["x(1)", "h1(1)"]) if LIKEWISE in edit.says]
    assert [write(edit.tree) for edit in found] == ["x(1)*W0 + x(1)*b0", "h1(1)*W0 + h1(1)*b0"]


def test_a_missing_factor_of_matrices_is_tried_on_both_sides_of_each_part():
    found = [said(edit) for edit in changed(MATRIX, "W11 + W1", ["W0"], is_number=False) if "missing" in edit.says]
    sides = [("W0*{}", "(W11 + W1)"), ("W0 @ {}", "(W11 + W1)"), ("{} @ W0", "(W11 + W1)")]
    of_sum = [f"The factor W0 is missing at {part}. {form.format(part)}" for form, part in sides]
    assert found[:3] == of_sum
    assert found[3:] == [
        "The factor W0 is missing at W11. W0*W11 + W1",
        "The factor W0 is missing at W11. W0 @ W11 + W1",
        "The factor W0 is missing at W11. W11 @ W0 + W1",
        "The factor W0 is missing at W1. W11 + W0*W1",
        "The factor W0 is missing at W1. W11 + W0 @ W1",
        "The factor W0 is missing at W1. W11 + W1 @ W0",
    ]


@pytest.mark.parametrize(
    ("factor", "named"),
    [
        ("h1(1) - h1(2)", "The factor (h1(1) - h1(2)) is"),
        ("h1(1)*h1(2)*h1(3)*W0", "The factor h1(1)*h1(2)*h1(3)*W0 is"),
        ("h1(1)*h1(2)*h1(3)*W11", "A factor is"),
    ],
)
def test_a_factor_as_long_as_an_answer_is_not_named(factor, named):
    (found,) = (said(edit) for edit in changed(LINE, "b0", [factor]) if "missing" in edit.says)
    assert found.startswith(named) and (len(factor) <= LONGEST_NAMED) == found.startswith("The")


def test_factors_of_matrices_are_exchanged_at_the_sign_between_them():
    found = of_kind("order", MATRIX, "W1.T @ W11 * W0", is_number=False)
    assert found == ["The two factors of W1.T @ W11 stand in the wrong order. W11 @ W1.T*W0"]


@pytest.mark.parametrize(
    ("answer", "exchanged"),
    [
        ("W11 @ W0", []),
        ("h1(1) + W11 @ h1(2)", ["h1(2) + W11 @ h1(1)"]),
        ("d_a1(1) + W11 @ h1(2)", ["h1(2) + W11 @ grad(L, a1(1))"]),
        ("D(L, a1(1)) + h1(2)", []),
        ("D(L, a1(1)) + d(L, h1(2))", ["d(L, h1(2)) + D(L, a1(1))"]),
        ("D(h1(2), a1(1)) @ D(h1(3), h1(2))", ["D(h1(3), h1(2)) @ D(h1(2), a1(1))"]),
        ("D(L, b0) @ h1[1]", []),
        ("D(L, h1(1)[1])*3 + W11[1,2]", ["W11[1,2]*3 + D(L, h1(1)[1])"]),
        ("D(h1(2), b0[1])*3 + W11[1,2]", []),
        ("h1(1)[1]*h1(1)[2] + W11[1,2]", [
            "h1(1)[2]*h1(1)[1] + W11[1,2]", "W11[1,2]*h1(1)[2] + h1(1)[1]", "h1(1)[1]*W11[1,2] + h1(1)[2]"
        ]),
    ],
)  # fmt: skip
def test_two_letters_of_one_shape_are_exchanged(answer, exchanged):
    found = [edit for edit in changed(MATRIX, answer, is_number=False) if edit.kind == "exchange"]
    assert [write(edit.tree) for edit in found] == exchanged
    assert all(edit.says == "{0} and {1} are exchanged." and not edit.is_inside for edit in found)


def test_the_places_of_letters_and_the_limits_of_sums_are_no_values():
    parts = [write(spot.part) for spot in spots(MATRIX.tree("sum(i, 1, 3, h1(t)[i]**2)"))]
    assert parts == ["sum(i, 1, 3, h1(t)[i]**2)", "h1(t)[i]**2", "h1(t)[i]"]


def test_the_factors_of_a_formula_are_what_stands_in_its_products():
    found = factors_of(MATRIX.tree("W11.T @ (W0 - W1)**2 * (h1(1) + h1(2)) * 3 * tanh(W0) + b0 * D(L, h1(1))"))
    assert [write(factor) for factor in found] == [
        "W11.T",
        "(W0 - W1)**2",
        "h1(1) + h1(2)",
        "tanh(W0)",
        "b0",
        "D(L, h1(1))",
    ]


@pytest.mark.parametrize(
    ("read", "grouped"),
    [
        ("W11 @ h1(1)", []),
        ("tanh(W11 @ h1(1) * h1(2))", ["tanh(W11 @ (h1(1)*h1(2)))"]),
        ("W11 @ W11 * h1(1) @ h1(2)", ["W11 @ (W11*h1(1)) @ h1(2)", "W11 @ W11*(h1(1) @ h1(2))"]),
        ("W11 / 2 @ h1(1)", []),
    ],
)
def test_chains_of_both_products_are_read_with_either_one_first(read, grouped):
    assert [write(tree) for tree in regrouped(MATRIX.tree(read))] == grouped


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("W11 @ h1(1)", ["W11 stands where W11.T belongs. W11.T @ h1(1)"]),
        (
            "W11.T @ h1(1)",
            ["W11.T stands where W11 belongs. W11 @ h1(1)", "W11 stands where W11.T belongs. W11.T.T @ h1(1)"],
        ),
        ("W11[1,2]*h1(1)", []),
        ("h1(1) + b0", []),
    ],
)
def test_a_matrix_is_transposed_and_nothing_else_is(answer, expected):
    assert of_kind("transpose", MATRIX, answer, is_number=False) == expected


def test_matrices_that_all_lack_their_transpose_are_one_slip():
    found = of_kind("transpose", MATRIX, "W11 @ h1(1) + W1 @ h2(1)", is_number=False)
    assert found[-1] == f"W11 stands where W11.T belongs{LIKEWISE} W11.T @ h1(1) + W1.T @ h2(1)"


def test_a_function_that_stands_in_a_right_form_may_be_left_out_or_put_in():
    tree = LINE.tree("a1(1) + tanh(a1(2))")
    found = [said(edit) for edit in edits(tree, LINE.graph.network, (), True, ("tanh",)) if edit.kind == "function"]
    assert found[0] == "a1(1) stands where tanh(a1(1)) belongs. tanh(a1(1)) + tanh(a1(2))"
    assert "tanh(a1(2)) stands where a1(2) belongs. a1(1) + a1(2)" in found
    assert not of_kind("function", LINE, "a1(1) + tanh(a1(2))")


def test_a_letter_and_one_minus_it_are_exchanged_where_both_stand():
    found = of_kind("exchange", LINE, "h1(1)*W0 + (1 - h1(1))*W11")
    assert "h1(1) and 1 - h1(1) are exchanged. (1 - h1(1))*W0 + h1(1)*W11" in found
    assert not [one for one in of_kind("exchange", LINE, "h1(1)*W0 + h1(2)*W11") if "1 - h1" in one]


def test_the_letter_of_a_derivative_is_not_exchanged_with_one_minus_it():
    found = of_kind("exchange", LINE, "(1 - h1(1))*D(L, h1(1)) + h1(1)")
    assert "h1(1) and 1 - h1(1) are exchanged. h1(1)*D(L, h1(1)) + (1 - h1(1))" in found


def test_the_slope_of_each_tanh_is_squared_and_that_of_nothing_else():
    told = of_kind("power", LINE, "(1 - h1(1))*(1 - W11)*(1 - h1(2))")
    (found,) = (one for one in told if one.startswith("A power is wrong: 1 - h1(1)"))
    assert found == (
        f"A power is wrong: 1 - h1(1) stands where 1 - h1(1)**2 belongs{LIKEWISE} "
        "(1 - h1(1)**2)*(1 - W11)*(1 - h1(2)**2)"
    )


def test_a_term_that_is_a_step_too_early_as_a_whole_is_one_slip_and_so_are_all_others():
    found = of_kind("time", LINE, "a2(1)*h1(1) + a1(1)*h1(1) + W11*a2(1)")
    assert "Every step in the term a2(1)*h1(1) is one too early. a2(2)*h1(2) + a1(1)*h1(1) + W11*a2(1)" in found
    assert "Every step in the terms but a2(1)*h1(1) is one too early. a2(1)*h1(1) + a1(2)*h1(2) + W11*a2(2)" in found
    assert not [one for one in found if "term W11*a2(1)" in one]  # its one step is a slip of its own


def test_terms_without_a_time_have_none_that_is_too_early():
    assert not of_kind("time", LINE, "W0*W11 + W1*b0 + b1")
