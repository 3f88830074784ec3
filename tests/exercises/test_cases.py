"""An answer must hold in every case of its question: other steps, other sizes, values nobody knows, any spelling."""

import pytest

from bptt_lab import ex
from bptt_lab.exercises.causes.named import trial_scenes
from bptt_lab.exercises.judges.cases import cases, in_words, is_for_every_T, of_other_sizes
from bptt_lab.exercises.judges.left_out import unwanted
from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, OTHER_FORM, OUTCOMES, UNDECIDED, WRONG
from bptt_lab.exercises.questions import course_questions
from bptt_lab.exercises.scenes import bindings
from bptt_lab.symbolic.values import is_beyond

QUESTIONS = course_questions()
FORMULAS = [name for name, one in QUESTIONS.items() if one.kind in ("line", "matrix", "derivation")]
RIGHT_064 = "W1.T @ d_a2(t) + W11.T @ ((1 - h1(t+1)**2)*d_h1(t+1))"
RIGHT_062 = "(d2(t)*W1 + d1(t+1)*W11)*(1 - h1(t)**2)"
RIGHT_072 = "d1(1)*h1(0) + d1(2)*h1(1) + d1(3)*h1(2)"


def judged(identity, text):
    return KINDS[QUESTIONS[identity].kind].check(QUESTIONS[identity], text)


@pytest.mark.parametrize(
    ("identity", "text"),
    [
        ("07.2", f"{RIGHT_072} + 2*(2**20)**3 - 1"),
        ("07.2", f"{RIGHT_072} + (2**20)**3*2 - 1**3"),
        ("07.2", f"{RIGHT_072}*(2*(2**20)**3)"),
        ("07.2", f"{RIGHT_072} + exp(-100)"),
        ("07.2", f"{RIGHT_072} + (1/10**15)**15"),
        ("06.2", f"{RIGHT_062} + (7*h1(T+1)-4)*1000"),
        ("06.2", f"{RIGHT_062} + h1(T+1) - h1(T+1)**2"),
        ("06.2", f"{RIGHT_062} + (h1(T+1)-h1(T+2))"),
        ("06.2", f"{RIGHT_062} + W0*x(T+1)"),
        ("06.2", f"{RIGHT_062} + (d1(t+1)*h1(t+1) + h1(T+1))*W1"),
        ("15.3", "d2(t-1)*W1_b + d1_b(t-1)*W11_b + h1_b(t-1)"),
        ("06.2", f"{RIGHT_062}*(T-4)*(T-5)*(T-6) + {RIGHT_062}*(1 - (T-4)*(T-5)*(T-6))*(T-2)"),
        ("06.2", f"{RIGHT_062} + (T-3)*(T-4)*h1(t)"),
        ("06.2", f"{RIGHT_062} + (t-1)*(t-2)*(t-3)*h1(t)"),
        ("04.2", "u*v**(4-t)"),
        ("04.2", "u*v**(T-t)*(T-3)"),
        ("04.2", "u*v**(T-t) + 0**(T-1)"),
        ("04.2", "u*v**(T-t)*(1 + (T-4)*(T-5)*(T-6)*(T-7)*(T-8)*(T-9))"),
        ("05.3", "(h2(t)-y(t))@((h2(t)/h2(t)).T@(h2(t)/h2(t))) - 2*(h2(t)-y(t))"),
        ("06.4", f"({RIGHT_064})@(ones(h1(t)).T@ones(h1(t))) - 4*({RIGHT_064})"),
        (
            "14.5",
            "((1 - h2(t)**2)*(W2.T @ d_a3(t) + W22.T @ d_a2(t+1) + U.T @ d_a1(t+1)))@(ones(h2(t)).T@ones(h2(t))) - "
            "2*(1 - h2(t)**2)*(W2.T @ d_a3(t) + W22.T @ d_a2(t+1) + U.T @ d_a1(t+1))",
        ),
        ("07.2", f"{RIGHT_072} + (h1(1)/10**10)**20"),
        ("07.2", f"{RIGHT_072}*(1 + ((d1(1)*h1(1))**20)**2)"),
        ("06.4", f"(columns(W11) - 4)*({RIGHT_064})"),
        ("06.4", f"(rows(W11)*columns(W11) - 24)*({RIGHT_064})"),
        ("06.4", f"(T - 3)*({RIGHT_064})"),
        ("06.4", f"{RIGHT_064} + (rows(W1) - 3)*h1(t)"),
        ("12.2", "h1(2)[1]*(1 - h1(2)[1])*sum(k, 1, 2, W11[k,1]*d_a1(3)[k]) + relu(x(1)[1] + 2) - 2 - x(1)[1]"),
    ],
)
def test_an_answer_that_is_right_in_the_given_network_only_is_wrong(identity, text):
    assert judged(identity, text).outcome == WRONG


@pytest.mark.parametrize(
    "crumb",
    [
        "(h1(1)/10**15)**20",
        "((h1(1)/1000)**20)**4",
        "tanh((h1(1)/10**15)**20) - (h1(1)/10**15)**20",
        "log(1 + (h1(1)/10**15)**20) - (h1(1)/10**15)**20",
        "prod(k, 1, 60, h1(1)/10**15)",
        "(exp(h1(1)) - 1)**20*exp(-10**9)",
        "((exp(h1(1)/10**15) - 1)**20)**5",
        "exp(-10**12)*h1(1)",
    ],
)
def test_a_crumb_that_no_digit_shows_is_never_taken_for_nothing(crumb):
    """High powers of a tanh vanish among p-adic digits: then more of them are asked for, or nothing is said."""
    assert judged("07.2", f"{RIGHT_072} + {crumb}").outcome in (WRONG, UNDECIDED)
    assert judged("07.2", f"{RIGHT_072}*(1 + {crumb})").outcome in (WRONG, UNDECIDED)


@pytest.mark.parametrize(
    ("identity", "text"),
    [("01.3", "T*(v*x*(1 - u**2) + u*x*v + u*v)"), ("11.2", "g*(x2 - x1 + T*h/2)"),
     ("04.2", "u*v**(T-t)*(1+same(T,99))"), ("07.2", f"{RIGHT_072} + 0*h1(-1)"), ("07.2", f"{RIGHT_072} + 0*h1(9-2)")],
)  # fmt: skip
def test_steps_where_there_are_none_are_no_word_of_an_answer(identity, text):
    assert judged(identity, text).outcome == CANNOT_READ


@pytest.mark.parametrize(
    ("identity", "text", "words"),
    [
        ("03.4", "log((1+h1(T))/(1-h1(T)))/2", "h1("),
        ("02.2", "bce(h2, y)", "bce"),
        ("05.5", "nll(softmax(a2(t)), y(t))", "nll"),
        ("12.2", "D(L,b0[1]) - d_a1(1)[1] - d_a1(3)[1]", "It still holds D(L, b0[1]), a total derivative"),
        ("08.3", "sum(t, 1, 3, D(L,x(t))*x(t))/W0", "It still holds D(L, x(t)), a total derivative"),
    ],
)
def test_an_answer_that_goes_round_the_question_is_told_what_it_may_not_read(identity, text, words):
    found = judged(identity, text)
    assert found.outcome == OTHER_FORM and words in found.cause
    assert ("not available" in found.cause) == (not words.startswith("It still holds"))


@pytest.mark.parametrize(
    "lines",
    ["{goal}\n{goal}*1\n{answer}", "2*({answer})/2\n{answer}", "{answer} + 0\n{answer}", "grad(L, x)\n{answer}",
     "({answer} + {goal})/2\n{answer}", "{goal}\nlog(exp({goal}))\n{answer}", "sum(k, 1, 1, {answer})\n{answer}"],
)  # fmt: skip
def test_a_derivation_whose_lines_say_the_same_twice_takes_no_step(lines):
    found = judged("08.4", lines.format(goal="D(L, x)", answer="d_b0*W0"))
    assert found.outcome == OTHER_FORM and "Write the steps" in found.cause


@pytest.mark.parametrize(
    ("identity", "text"),
    [
        ("07.4", "sum(t, 1, 4, outer(d_a1(t), h1(t-1))) + sum(s, 1, 4, d_a2[s] @ h1[s].T)"),
        ("09.5", "W.T @ ((1 - h(3)**2)*(W.T @ ((1 - h(4)**2)*(V.T @ (p(4) - y(4))))))"),
        ("01.4", "matrix(q, 1, 3, i, 1, 4, A[q,i]).T @ (v*d_h) + B.T @ (u*d_h)"),
    ],
)
def test_an_answer_that_names_steps_or_sizes_by_numbers_is_right_for_these(identity, text):
    found = judged(identity, text)
    assert found.outcome == CORRECT and "drawn at random" not in found.strength


def test_an_answer_may_read_what_only_longer_sequences_have():
    """At T = 1 the state before was given and not computed; at T = 2 and more the form is right."""
    found = judged("03.4", "W0*x(T) + W11*tanh(a1(T-1)) + b0")
    assert found.outcome == OTHER_FORM and "The value is right" in found.right and "T = 2, 3, 4" in found.strength


def test_what_is_zero_past_the_last_step_is_zero_inside_a_sum_too():
    """A derivative of or by what lies just past the last step is zero wherever its time is written with a shift."""
    assert judged("07.2", "sum(s, 0, 2, d1(s+1)*h1(s))").outcome == CORRECT
    assert judged("07.2", "d1(1)*h1(0) + sum(t, 1, T, d1(t+1)*h1(t))").outcome == CORRECT
    assert judged("07.2", "d1(1)*h1(0) + sum(t, 1, T, d1(t+1)*h1(t) + h1(t+1))").outcome == WRONG
    for text in ("sum(t, 1, 4, d1(t)*h1(t-1))", f"{RIGHT_072} + d1(4)*h1(3)"):
        found = judged("07.2", text)
        assert found.outcome == CANNOT_READ and "Its times are 1 to 3" in found.cause


@pytest.mark.parametrize("identity", FORMULAS)
def test_a_task_whose_answer_reads_past_the_last_step_says_what_is_there(identity):
    question = QUESTIONS[identity]
    scene, graph = trial_scenes(question)[0], question.graph
    reads = {
        read
        for form in (question.answer, *question.same)
        for indices in bindings(question.spans)
        for read in scene.places_read(question.tree(form), **indices)
    }
    beyond = [read for read in reads if is_beyond(graph, *read.above[:2])]
    assert not beyond or "zero" in question.task


def test_before_the_first_step_nothing_is_zero():
    assert judged("07.2", f"{RIGHT_072} + sum(t, 1, 1, d1(t-1)*h1(t))").outcome == WRONG


@pytest.mark.parametrize(
    ("identity", "text"),
    [
        ("08.3", "sum(t, 1, T, D(L(t), W0))"),
        ("08.3", "D(L(1), W0) + D(L(2), W0) + D(L(3), W0)"),
        ("08.3", "grad(L, W0)"),
        ("08.3", "d_W0"),
        ("08.3", "sum(t, 2, 2, D(L, W0))"),
        ("12.2", "D(L, a1(1+1)[1])"),
        ("12.2", "D(L, a1(T-1)[1])"),
        ("12.2", "sum(t, 2, 2, D(L, a1(t)[t-1]))"),
        ("12.2", "d_a1(2)[1]"),
        ("12.2", "sum(k, 1, 1, d_a1(2*k)[k])"),
        ("06.4", "d_h1(t)"),
        ("06.4", "D(L, h1(t+1-1)).T"),
        ("06.4", "sum(s, t, t, d_h1(s))"),
        ("06.4", "d_h1(t) + 0*h1(t)"),
        ("07.4", "d_W11"),
    ],
)
def test_the_question_itself_is_no_answer_in_whatever_spelling(identity, text):
    found = judged(identity, text)
    assert found.outcome == OTHER_FORM and "the question itself" in found.cause


def test_the_next_step_of_the_same_quantity_is_not_the_question_itself():
    assert judged("06.4", RIGHT_064).outcome == CORRECT
    assert judged("12.2", "h1(2)[1]*(1 - h1(2)[1])*D(L, h1(2)[1])").outcome == CORRECT


CHAINS = {  # the chain rule as a first step, where an answer must show steps
    "02.4": "D(L,h2)*d(h2,a2)",
    "04.5": "D(L,s(4))*w_y*D(a(4),u)",
    "05.4": "sum(k, 1, 3, D(L,h2(t)[k])*d(h2(t)[k],a2(t)[i]))",
    "07.3": "W1*D(h1(3),W11)",
    "08.4": "sum(t, 1, 3, D(L,a1(t))*d(a1(t),x))",
    "09.2": "sum(k, 1, 3, D(L,p(3)[k])*d(p(3)[k],o(3)[2]))",
    "12.6": "D(L,h1(2))*D(h1(2),h1(1))",
    "14.4": "sum(t, 1, 3, d1(t)*d(a1(t),W) + d2(t)*d(a2(t),W))",
    "15.4": "D(L,a1_f(2))*d(a1_f(2),x(2)) + D(L,a1_b(2))*d(a1_b(2),x(2))",
    "16.3": "D(L,c(3))*d(c(3),f(3))*d(f(3),a1_f(3))",
    "17.3": "D(L,v(3))*d(v(3),r(3))*d(r(3),a1_r(3))",
}


@pytest.mark.parametrize("identity", FORMULAS)
def test_every_form_in_a_questions_own_data_is_correct(identity):
    question = QUESTIONS[identity]
    for form in (question.answer, *question.same):
        text = f"{CHAINS[identity]}\n{form}" if question.kind == "derivation" else form
        found = judged(identity, text)
        is_on_the_way = form != question.answer and unwanted(question, question.tree(form))
        assert found.outcome == (OTHER_FORM if is_on_the_way else CORRECT), f"{form}: {found}"


# The cases


@pytest.mark.parametrize("identity", ["04.2", "06.2", "06.3", "06.4", "07.4", "09.5", "14.2", "14.5", "15.3", "05.3"])
def test_a_question_for_every_T_is_tried_at_three_and_more(identity):
    found = {case.graph.T for case in cases(QUESTIONS[identity])}
    T = QUESTIONS[identity].graph.T
    assert len(found) >= 3 and {2, T, T + 1} < found and max(found) > T + 1
    assert f"{T}, {T + 1} and one number drawn at random" in in_words(cases(QUESTIONS[identity]))


@pytest.mark.parametrize("identity", ["07.2", "04.4", "08.2", "08.3", "14.3", "07.5", "15.5"])
def test_a_question_that_states_its_T_is_tried_at_that_T(identity):
    question = QUESTIONS[identity]
    assert not is_for_every_T(question) and {case.graph.T for case in cases(question)} == {question.graph.T}


@pytest.mark.parametrize("identity", ["06.4", "07.4", "09.4", "14.5", "12.3", "01.4"])
def test_a_question_with_matrices_is_tried_at_two_sets_of_sizes(identity):
    question = QUESTIONS[identity]
    (other,) = of_other_sizes(question)
    assert other.graph.T == question.graph.T
    old, new = question.graph.network.shapes, other.graph.network.shapes
    assert all(a != b for name in old for a, b in zip(old[name], new[name], strict=True) if a > 1)
    assert all(b == 1 for name in old for a, b in zip(old[name], new[name], strict=True) if a == 1)
    assert "for two sets of sizes" in in_words(cases(question))


@pytest.mark.parametrize("identity", ["05.4", "05.5", "01.5", "06.2", "12.6"])
def test_a_question_that_names_its_sizes_or_has_none_keeps_them(identity):
    assert of_other_sizes(QUESTIONS[identity]) == []


def test_tasks_that_speak_of_every_T_name_no_T():
    speaking = [name for name in FORMULAS if "every $T$" in QUESTIONS[name].task]
    assert speaking and all(is_for_every_T(QUESTIONS[name]) for name in speaking)


# Nothing gets out


class Hostile:
    """An object of which every question raises something."""

    def __getattr__(self, name):
        raise SystemExit(name)

    def __eq__(self, other):
        raise RuntimeError("eq")

    __hash__ = __str__ = __repr__ = __iter__ = __len__ = __bool__ = __float__ = __int__ = __index__ = __eq__


class Text(str):
    """A text of a class of its own."""

    def __eq__(self, other):
        raise SystemExit

    __hash__ = str.__hash__
    splitlines = strip = partition = __str__ = __eq__


@pytest.mark.parametrize("identity", ["07.2", "06.4", "07.3", "07.6", "01.1", "01.2", "07.1"])
def test_no_object_raises_out_of_check(identity, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    broken = (lambda: 0).__code__.replace(co_code=b"\xff\x00")
    objects = [Hostile(), Hostile, [Hostile()], {1: Hostile()}, Text("d1(1)"), b"d1", 2**5000, float("nan"), object,
               type(lambda: 0)(broken, {}), range(10**12), lambda *a: a, print, ex, ..., (), [], {}]  # fmt: skip
    for answer in objects:
        assert ex(identity).check(answer).outcome in OUTCOMES


def test_an_interrupt_from_the_keyboard_gets_out(monkeypatch):
    raises = lambda question, answer: (_ for _ in ()).throw(KeyboardInterrupt)
    monkeypatch.setitem(KINDS, "line", KINDS["line"]._replace(check=raises))
    with pytest.raises(KeyboardInterrupt):
        ex("07.2").check("d1(1)")


def test_a_fault_of_the_checker_is_told_as_one_and_never_as_the_students(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for error in (OverflowError, MemoryError, RecursionError, SystemExit, GeneratorExit):
        raises = lambda question, answer, error=error: (_ for _ in ()).throw(error)
        monkeypatch.setitem(KINDS, "line", KINDS["line"]._replace(check=raises))
        found = ex("07.2").check("d1(1)")
        assert found.outcome == UNDECIDED and "fault of the checker" in found.cause and error.__name__ in found.cause


TOWER = "((h1(1) + 1/10**15/100 - h1(1))*10**15*100)"


def tower(height):
    return TOWER if height == 0 else f"exp({TOWER}*{tower(height - 1)})"


@pytest.mark.parametrize("height", [2, 5, 9, 12])
def test_a_tower_of_exponentials_of_what_rounds_to_zero_is_never_correct(height):
    assert judged("07.2", tower(height)).outcome in (UNDECIDED, WRONG, CANNOT_READ)
    assert judged("07.2", f"{RIGHT_072} + 0*{tower(height)}").outcome in (UNDECIDED, CANNOT_READ, CORRECT)


@pytest.mark.parametrize("text", ["exp(709)*h1(1)", "(10**20)**8*h1(1)", "((10**20)**20)*h1(1)", "h1(1)/10**15**20"])
def test_numbers_as_large_as_floats_go_are_wrong_and_told_briefly(text):
    found = judged("07.2", text)
    assert found.outcome in (WRONG, CANNOT_READ) and max(map(len, str(found).split())) < 60
