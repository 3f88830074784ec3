"""Questions made from any network: which kinds, that each proves, and that a wrong one would not be asked."""

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import own_networks
import pytest

from bptt_lab.exercises.authoring import generate
from bptt_lab.exercises.authoring.generate import questions_for
from bptt_lab.exercises.authoring.proof import prove
from bptt_lab.exercises.judges.formula import judge_formula
from bptt_lab.exercises.judges.function import judge_function, prove_function, reference
from bptt_lab.exercises.judges.short_answer import judge_choice, judge_number, judge_shape
from bptt_lab.exercises.outcomes import CORRECT, WRONG
from bptt_lab.exercises.question import Question
from bptt_lab.network import Network, NetworkError, Place

T = 3
every_network = pytest.mark.parametrize("name", own_networks.TEXTS)


@lru_cache(maxsize=None)
def made(name):
    """Return the questions made from a network, once for all tests."""
    text, sizes = own_networks.TEXTS[name]
    return questions_for(text, sizes, T)


def of_kind(name, kind):
    """Return the questions of one kind."""
    return [question for question in made(name) if question.kind == kind]


@every_network
def test_the_kinds_follow_in_rising_difficulty_and_what_has_no_form_is_left_out(name):
    assert [question.kind for question in made(name)] == own_networks.KINDS[name]
    assert len(set(own_networks.KINDS[name])) >= 4


@pytest.mark.parametrize("name", ["two scalars", "many to one", "one input for all steps", own_networks.FEEDBACK])
def test_every_question_proves(name):
    assert [trouble for question in made(name) for trouble in prove(question)] == []


@every_network
def test_ids_count_from_one_and_hints_end_with_a_rule_and_never_hold_the_answer(name):
    found = made(name)
    assert [question.id for question in found] == [f"18.{k}" for k in range(1, len(found) + 1)]
    for question in found:
        assert len(question.hints) == 3 and question.hints[2].startswith("Rule: ")
        assert not any(question.answer and question.answer in hint for hint in question.hints)
        assert any(re.search(rf"\b{re.escape(one)}\b", question.hints[1]) for one in question.graph.network.shapes)


@every_network
def test_the_last_hint_but_one_of_a_chain_rule_names_each_way_to_the_loss(name):
    for question in of_kind(name, "matrix")[:1]:
        goal = question.goal_tree.above.name
        if goal in question.graph.network.equations:
            assert all(place.name in question.hints[1] for place in question.graph.network.influences(goal))


def test_the_hints_of_a_shared_weight_say_that_every_step_uses_it():
    assert "through a(t) at every step" in made(own_networks.FEEDBACK)[5].hints[1]
    assert "every step" not in made("feed-forward, three hidden layers")[4].hints[1]


# What the plain questions say is true


@every_network
def test_the_number_of_paths_is_that_of_a_count_backwards_from_the_losses(name):
    for question in of_kind(name, "number"):
        steps = int(re.search(r"over (\d+) steps", question.task)[1])
        start, time = re.search(r"from `(\w+)\((\d+)\)`", question.task).groups()
        graph = question.graph.network.unroll(steps)
        paths = {}
        for place in reversed(graph.order):
            paths[place] = (place.name == graph.network.loss) + sum(paths[user] for user in graph.users[place])
        assert question.number == paths[Place(start, int(time))] > 1


@every_network
def test_what_a_quantity_influences_is_what_has_it_among_its_parents(name):
    for question in of_kind(name, "choice"):
        quantity = re.search(r"does `(\w+)", question.task)[1]
        graph, t = question.graph.network.unroll(9), 5
        here = Place(quantity, t if graph.network.is_timed(quantity) else None)
        users = {place for place, parents in graph.parents.items() if here in parents}
        assert {spoken(place, t) for place in users} == said_places(question.choices[question.right])


def spoken(place, t):
    """Return a place relative to t."""
    shift = "" if place.time is None else f"(t{f'{place.time - t:+d}' if place.time != t else ''})"
    return f"{place.name}{shift}"


def said_places(words):
    """Return the places of an answer; what is there at one step only is not seen at another."""
    found = re.split(r", | and ", words)
    return {place for place in found if "only" not in place}


@every_network
def test_each_wrong_choice_has_a_reason_of_its_own_and_differs_from_the_right_one(name):
    for question in of_kind(name, "choice"):
        right = said_places(question.choices[question.right])
        assert len(question.choices) >= 3
        for key in set(question.choices) - {question.right}:
            judged = judge_choice(question, key)
            assert judged.outcome == WRONG and judged.cause
            assert set(re.split(r", | and ", question.choices[key])) != right


def test_a_step_chosen_wrongly_is_to_be_put_into_the_equation_that_reads_it():
    told = "Which step of a reads h of step t? Write `{}` down for the a you chose: which step of h does it read?"
    text = "a[t] = w * h[t-1] + x[t]\nh[t] = tanh(a[t])\np[t] = v * h[t]\nL[t] = mse(p[t], y[t])"
    found = [question for question in questions_for(text, {"x": 1}, T) if question.kind == "choice"]
    reasons = [words for question in found for words in question.reasons.values()]
    assert told.format("a[t] = w * h[t-1] + x[t]") in reasons


@every_network
def test_the_shape_is_that_of_the_matrix_and_not_of_its_transpose(name):
    for question in of_kind(name, "shape"):
        matrix = re.search(r"by `(\w+)`\?", question.task)[1]
        assert judge_shape(question, question.graph.network.shapes[matrix]).outcome == CORRECT
        assert judge_shape(question, question.graph.network.shapes[matrix][::-1]).outcome == WRONG
        assert f"@ {matrix}" not in question.task and f"{matrix} @" in question.task


# Mistakes are named in the letters of a network that nobody foresaw


@pytest.mark.parametrize(
    ("name", "number", "answer", "says"),
    [
        (own_networks.FEEDBACK, 5, "V.T @ d_o(t)", "path through a(t+1) left out"),
        (own_networks.FEEDBACK, 5, "V.T @ d_o(t) + R @ d_a(t+1)", "R is the wrong way round"),
        (own_networks.FEEDBACK, 5, "V.T @ d_o(t) + R.T @ d_a(t)", "d_a(t) stands where d_a(t + 1) belongs"),
        (own_networks.FEEDBACK, 5, "d_o(t).T @ V + d_a(t+1).T @ R", "The whole is transposed"),
        (own_networks.FEEDBACK, 6, "sum(t, 1, T, d_a(t) @ h(t).T)", "reads h(t), one step later"),
        (own_networks.FEEDBACK, 6, "sum(t, 2, T, d_a(t) @ h(t-1).T)", "The share of step 1 is missing for R"),
        ("shortcut through time", 5, "V.T @ d_o(t) + R.T @ d_a(t+1)", "path through h(t+1) left out"),
        ("two steps back", 5, "P.T @ (P @ h(t) - y(t))*d_s(t) + W.T @ d_a(t+1)", "path through a(t+2) left out"),
        ("bidirectional", 4, "d_hf(t)[2]", "The slope of the activation in hf"),
        ("two scalars", 3, "W1*d2(t)", "path through a1(t+1) left out"),
    ],
)
def test_a_mistake_on_a_made_question_is_named_by_its_cause(name, number, answer, says):
    judged = judge_formula(made(name)[number - 1], answer)
    assert judged.outcome == WRONG and says in str(judged)


def test_a_delta_may_go_by_either_name_where_it_is_one_number():
    question = of_kind("two scalars", "line")[0]
    for answer in ("W1*d2(t) + W11*d1(t+1)", "d_a2(t)*W1 + d_a1(t+1)*W11"):
        assert judge_formula(question, answer).outcome == CORRECT


NESTED = """
z[t] = concat(U @ x[t], h[t-1])
q[t] = (W @ z[t] + c) ** 3
h[t] = R @ tanh(V @ q[t] + b) + d * h[t-1]
L[t] = mse(P @ h[t], y[t])
"""


@pytest.mark.parametrize(
    ("text", "sizes", "count"),
    [
        (NESTED, {"x": 2, "h": 3, "q": 5, "y": 2, "V": (6, 5), "U": (4, 2)}, 3),
        (*own_networks.TEXTS["one input for all steps"], 2),
        (*own_networks.TEXTS["GRU"], 3),
    ],
)
def test_the_code_for_every_equation_is_right_not_only_for_the_one_that_is_asked(text, sizes, count):
    asked = list(generate._function(Network(text, sizes=sizes)))
    assert len(asked) == count and all(data["returns"] for data in asked)
    for data in asked:
        section = {"id": "18.1", "section": "18 · A section"}
        assert prove_function(Question(**{**data, **section, "network": text, "sizes": sizes, "T": T})) == []


def test_a_bias_inside_the_argument_of_a_matrix_is_a_result():
    sizes = {"x": 2, "h": 3, "q": 5, "y": 2, "V": (6, 5), "U": (4, 2)}
    returned = next(generate._function(Network(NESTED, sizes=sizes)))["returns"]
    assert list(returned) == ["d_R", "d_V", "d_b", "d_d"]


def test_an_input_without_time_is_an_argument_and_not_a_result():
    question = of_kind("one input for all steps", "function")[0]
    assert question.arguments["x"] == "x" and "d_x" not in question.returns


@every_network
def test_a_function_with_one_sign_or_one_sum_changed_is_wrong(name):
    for question in of_kind(name, "function"):
        for before, after in ((".T @ rows(", ".T @ -rows("), ("np.sum(", "np.mean("), ("return d_", "return -d_")):
            if before in question.answer:
                mutant = replace(question, answer=question.answer.replace(before, after, 1))
                assert judge_function(question, reference(mutant)).outcome == WRONG


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("return d_W, d_R, d_Q, d_b", "return dict(d_b=d_b, d_Q=d_Q, d_R=d_R, d_W=d_W)", "correct"),
        ("d_R = rows(d_a).T @ rows(h_before)", "d_R = rows(h_before).T @ rows(d_a)", "d_R is wrong"),
        ("d_b = np.sum(d_a, axis=(0, 1))", "d_b = np.sum(d_a[-1], axis=0)", "Only step 3 has been counted for b"),
        ("rows(p_before)", "rows(p_before[:3])", "dimension"),
    ],
)
def test_a_function_is_judged_by_its_arrays_and_a_slip_in_it_is_named(before, after, says):
    question = of_kind(own_networks.FEEDBACK, "function")[0]
    assert before in question.answer
    mutant = replace(question, answer=question.answer.replace(before, after))
    assert says in str(judge_function(question, reference(mutant)))


# The proof stands between a question and the student


def test_a_question_with_a_wrong_answer_is_not_asked(monkeypatch):
    text, sizes = own_networks.TEXTS["two scalars"]
    right = generate.spell
    monkeypatch.setattr(generate, "spell", lambda form, network: f"2*({right(form, network)})")
    found = questions_for(text, sizes, T)
    assert [question.kind for question in found] == ["choice", "number", "function"]
    assert [question.id for question in found] == ["18.1", "18.2", "18.3"]


def test_code_that_is_wrong_is_not_asked(monkeypatch):
    text, sizes = own_networks.TEXTS["two scalars"]
    right = generate._summed_code
    monkeypatch.setattr(generate, "_summed_code", lambda code, name: f"2 * {right(code, name)}")
    assert "function" not in [question.kind for question in questions_for(text, sizes, T)]


def test_too_few_steps_to_tell_mistakes_apart_become_more():
    text, sizes = own_networks.TEXTS["two scalars"]
    found = questions_for(text, sizes, 2)
    assert [question.kind for question in found] == own_networks.KINDS["two scalars"]
    assert any(question.T > 2 for question in found) and all(prove(question) == [] for question in found)


def test_questions_are_the_same_each_time():
    text, sizes = own_networks.TEXTS["two scalars"]
    found = questions_for(text, sizes, T)
    for one, other in zip(found, made("two scalars"), strict=True):
        assert (one.task, one.answer, dict(one.choices), one.hints) == (
            other.task,
            other.answer,
            dict(other.choices),
            other.hints,
        )


def test_a_letter_that_hides_a_word_of_the_language_leaves_out_what_needs_the_word():
    text = "same[t] = tanh(W @ x[t] + R @ same[t-1])\nL = mse(V @ same[T], y)"
    found = questions_for(text, dict(x=2, same=4, y=3), T)
    assert [question.kind for question in found] == ["shape", "choice", "matrix", "function"]
    assert not any("same(t, T)" in question.answer for question in found)


def test_indices_avoid_the_letters_of_the_network():
    text = "i[t] = tanh(W @ x[t] + R @ i[t-1])\nj[t] = V @ i[t]\nL[t] = mse(P @ j[t], y[t])"
    line = next(question for question in questions_for(text, dict(x=2, i=4, j=5, y=3), T) if question.kind == "line")
    assert "sum(k, 1, 3, P[k,2]" in line.answer and prove(line) == []


@pytest.mark.parametrize(
    ("text", "sizes", "words"),
    [
        ("h[t] = tahn(W @ x[t])\nL[t] = mse(h[t], y[t])", dict(x=2, h=3), "Did you mean 'tanh'"),
        ("h[t] = tanh(p[t])\np[t] = h[t]\nL[t] = mse(h[t], y[t])", dict(h=3), "in a circle"),
    ],
)
def test_equations_that_cannot_be_used_say_why(text, sizes, words):
    with pytest.raises(NetworkError, match=words):
        questions_for(text, sizes)


def test_another_notebook_may_ask_them():
    text, sizes = own_networks.TEXTS["two scalars"]
    found = questions_for(text, sizes, T, notebook="21")
    assert all(question.id.startswith("21.") and question.section.startswith("21 · ") for question in found)


def test_every_section_is_a_heading_of_the_notebook():
    notebook = next((Path(__file__).resolve().parents[2] / "notebooks").glob("18_*.ipynb")).read_text(encoding="utf-8")
    assert all(f"## {heading}" in notebook for heading in generate.SECTIONS.values())


def test_made_questions_share_one_graph_a_length():
    text, sizes = own_networks.TEXTS["two scalars"]
    found = questions_for(text, sizes, T)
    assert all(question.graph is found[0].graph for question in found)
    assert replace(found[0], T=T + 1).graph.T == T + 1


def test_progress_says_how_many_are_made_and_what_comes_and_ends_with_nothing():
    text, sizes = own_networks.TEXTS["two scalars"]
    heard = []
    found = questions_for(text, sizes, T, tell=heard.append)
    assert heard[0] == "0 questions made; proving one about the shape of a gradient" and heard[-1] == ""
    assert heard[-2] == f"{len(found) - 1} questions made; proving one about a NumPy function"
    assert len(heard) == len(generate.MAKERS) + 1 and max(map(len, heard)) <= generate.LONGEST_PROGRESS


def test_progress_is_for_terminals_and_leaves_no_trace_in_stored_outputs(capsys, monkeypatch):
    generate.on_screen("1 questions made")
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    generate.on_screen("1 questions made")
    assert capsys.readouterr().err.strip() == "1 questions made"


def test_questions_about_several_networks_stand_side_by_side():
    text, sizes = own_networks.TEXTS["two scalars"]
    found = questions_for(text, sizes, T, first=8)
    assert [question.id for question in found] == [f"18.{k}" for k in range(8, 8 + len(found))]
    assert [question.task for question in found] == [question.task for question in made("two scalars")]


def test_equations_at_one_step_are_refused_by_name():
    text = "h[0] = tanh(c)\nh[t] = tanh(W @ h[t-1] + x[t])\nL[t] = mse(h[t], y[t])"
    with pytest.raises(NetworkError, match=r"line 1: h\[0\] is computed at one step only"):
        questions_for(text, dict(x=3))


def test_questions_are_made_about_entries_slices_and_the_number_of_steps():
    text = "h[t] = tanh(W @ h[t-1] * x[t][2] + U[1:3] @ x[t]) / T\nL[t] = mse(V @ h[t], y[t])"
    found = questions_for(text, dict(x=2, U=(4, 2), y=2))
    assert len(found) >= 4 and all(prove(question) == [] for question in found)


@pytest.mark.parametrize("name", ["two scalars", "many to one"])
def test_a_number_of_paths_beside_the_right_one_is_told_what_may_be_forgotten(name):
    for question in of_kind(name, "number"):
        for near in (question.number - 1, question.number + 1):
            words = question.reasons.get(str(near), "")
            assert words or near == 0
            assert judge_number(question, near).cause == words or near == 0
