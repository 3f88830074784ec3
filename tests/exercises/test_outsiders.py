"""What outsiders found in a second round: the loss by itself, entries of a value, algebra for steps, false words."""

import pytest

from bptt_lab.exercises import ex
from bptt_lab.exercises.judges import formula
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, OTHER_FORM, UNDECIDED, WRONG


def found(identity, *lines):
    return ex(identity).check("\n".join(lines))


# The loss by itself


@pytest.mark.parametrize(
    ("identity", "lines"),
    [
        ("08.4", ("W0*sum(t,1,3,d1(t)) + D(L,L)", "W0*d_b0")),
        ("08.4", ("D(L,x)", "W0*sum(t,1,3,d1(t)) + D(L,L)*x", "W0*d_b0")),
        ("08.4", ("W0*sum(t,1,3,d1(t)) + sum(t,1,3,d(L,L(t)))", "W0*d_b0")),
        ("09.2", ("sum(k,1,3,D(L,p(3)[k])*d(p(3)[k],o(3)[2])) + D(L,L)", "p(3)[2]-y(3)[2]")),
        ("05.4", ("sum(k,1,3,D(L,h2(t)[k])*d(h2(t)[k],a2(t)[i])) + 5*d(L,L(t))", "h2(t)[i]-y(t)[i]")),
        ("07.3", ("W1*D(h1(3),W11)+D(L,L)", ex("07.3").question.answer)),
        ("07.2", ("d1(1)*h1(0)+d1(2)*h1(1)+d1(3)*h1(2)+D(L,L)",)),
        ("07.2", ("d1(1)*h1(0)+d1(2)*h1(1)+d1(3)*h1(2)+grad(L,L)",)),
        ("08.3", ("sum(t,1,T,D(L,a1(t))*d(a1(t),W0))*(1+D(L,L))",)),
        ("06.4", ("(W1.T @ d_a2(t) + W11.T @ ((1 - h1(t+1)**2) * d_h1(t+1)))*(1+D(L,L))",)),
        ("07.2", ("d1(1)*h1(0)+d1(2)*h1(1)+d1(3)*h1(2)+d(h1(1),h1(1))",)),
    ],
)
def test_a_derivative_by_itself_is_one_and_no_hidden_zero(identity, lines):
    assert found(identity, *lines).outcome == WRONG


@pytest.mark.parametrize(
    ("identity", "lines"),
    [
        ("08.4", ("D(L,L)*sum(t,1,3,D(L,a1(t))*d(a1(t),x))", "W0*d_b0")),
        ("08.4", ("sum(t,1,3,d(L,L(t))*D(L(t),x))", "sum(t,1,3,d1(t)*W0)", "W0*d_b0")),
        ("08.4", ("sum(t,1,3,D(L,L(t))*D(L(t),x))", "sum(t,1,3,d1(t)*W0)", "W0*d_b0")),
        (
            "05.4",
            ("d(L,L(t))*D(L(t),a2(t)[i])", "sum(k,1,3,D(L(t),h2(t)[k])*d(h2(t)[k],a2(t)[i]))", "h2(t)[i]-y(t)[i]"),
        ),
    ],
)
def test_a_chain_may_begin_with_the_loss_by_itself_or_by_its_terms(identity, lines):
    assert found(identity, *lines).outcome == CORRECT


def test_nothing_is_computed_from_the_sum_of_the_losses():
    feedback = found("08.3", "D(h1(1),L)*x(1)")
    assert feedback.outcome == CANNOT_READ and "nothing is computed from it" in feedback.cause


# The question itself, entry by entry


@pytest.mark.parametrize(
    "text",
    [
        "column(i,1,5,h1_b(1)[i])",
        "column(i,1,5,h1_b(T-1)[i])",
        "column(i,1,5,sum(k,1,5,same(i,k)*h1_b(1)[k]))",
        "column(i,1,5,2*h1_b(1)[i])/2",
        "column(i,1,5,tanh(log((1+h1_b(1)[i])/(1-h1_b(1)[i]))/2))",
    ],
)
def test_a_value_asked_for_is_no_answer_entry_by_entry(text):
    assert found("15.2", text).outcome == OTHER_FORM


# Steps


@pytest.mark.parametrize(
    ("identity", "lines"),
    [
        ("02.4", ("h2-y+D(L,h2)-D(L,h2)", "h2-y")),
        ("02.4", ("(h2-y)*y/y", "h2-y")),
        ("02.4", ("(h2-y)**2/(h2-y)", "h2-y")),
        ("08.4", ("d_b0*W0+W0-W0", "d_b0*W0")),
        ("08.4", ("D(L,b0)*W0", "d_b0*W0")),
        ("08.4", ("d_b0*W0**2/W0", "d_b0*W0")),
    ],
)
def test_algebra_alone_is_no_step_of_a_derivation(identity, lines):
    feedback = found(identity, *lines)
    assert feedback.outcome == OTHER_FORM and "Write the steps" in feedback.cause


def test_the_chain_rule_and_an_equation_put_in_are_steps():
    assert found("02.4", "D(L,h2)*d(h2,a2)", "h2-y").outcome == CORRECT


# Words


@pytest.mark.parametrize(
    ("identity", "text"),
    [("02.3", "x"), ("02.3", "W1*(1-h1**2)*x"), ("15.5", "W1_b.T@d_a2"), ("12.3", "W1.T@d_a2"),
     ("06.5", "W1.T@(h2(4)-y(4))"), ("09.5", "V.T@(p(T)-y(T))")],
)  # fmt: skip
def test_one_factor_is_missing_only_where_it_is_one(identity, text):
    feedback = found(identity, text)
    assert feedback.outcome == WRONG and "one factor is missing" not in str(feedback)


@pytest.mark.parametrize(
    ("identity", "text"),
    [
        ("03.4", "W0*x(T)+W11*h1(T-1)+b0+relu(x(T)-1)"),
        ("01.3", "v*(x - x*u**2 + u*x + u)+relu(x-3)"),
        ("07.2", "d1(1)*h1(0)+d1(2)*h1(1)+d1(3)*h1(2)+prod(s,0,100,10*h1(0)+50-s)"),
    ],
)
def test_an_answer_right_at_the_points_tried_first_is_not_said_to_be_rounded(identity, text):
    feedback = found(identity, text)
    assert feedback.outcome == WRONG
    assert "digits" not in feedback.right and "not right everywhere" in feedback.cause


@pytest.mark.parametrize(("word", "kind"), [("product", "prod"), ("sum", "sum")])
def test_an_empty_range_is_called_by_its_name(word, kind):
    assert f"This {word} is empty" in found("07.2", f"{kind}(s,3,1,h1(s))").cause


@pytest.mark.parametrize("answer", [54.00000001, "54.0000000000000001", "54.0000001", 53.999999])
def test_a_count_is_a_whole_number(answer):
    assert ex("01.2").check(answer).outcome == WRONG


@pytest.mark.parametrize("answer", [54, 54.0, "54", "54.0", 54.0 * (1 + 2e-16)])
def test_a_count_may_be_a_float_that_holds_it(answer):
    assert ex("01.2").check(answer).outcome == CORRECT


# Time


def test_many_logarithms_end_where_the_time_allowed_does(monkeypatch):
    logs = "".join(f"+log(1+exp({k}*h2(t)))-log(1+exp(-{k}*h2(t)))-{k}*h2(t)" for k in range(1, 15))
    monkeypatch.setattr(formula, "SECONDS", 0.2)  # to read it takes less, to compare it more
    assert found("14.5", ex("14.5").question.answer + logs).outcome == UNDECIDED


def test_an_answer_that_takes_too_long_to_read_is_undecided(monkeypatch):
    def endless(*given, **more):
        raise formula.Unsettled("too long")

    monkeypatch.setattr(formula, "read", endless)
    feedback = found("07.2", "d1(1)*h1(0) + 0*h1(1)")
    assert feedback.outcome == UNDECIDED and "Try a plainer form" in feedback.cause
