"""The mistake catalogue: what each slip is called, what a student is told of it, and the question that leads on."""

from __future__ import annotations

from typing import NamedTuple


class Mistake(NamedTuple):
    """One slip: its name for authors; what a student is told, `says` and `asks`, with slots in braces for letters."""

    id: str
    name: str
    says: str
    asks: str


# each id with name, says, asks; in order of frequency: of two slips with one value the first gives the name
_ROWS = {
    "A1": (
        "path left out",
        "This is the derivative with the path through {path} left out.",
        "Which quantities does {quantity} reach directly?",
    ),
    "B1": (
        "activation passed unchanged",
        "The slope of the activation in {equation} is missing.",
        "What does the chain rule put between the value of an activation and its argument?",
    ),
    "C1": (
        "one step too late",
        "A local derivative reads {wrong}, one step later than the forward pass used it.",
        "Which value was multiplied when {equation} was computed?",
    ),
    "C5": (
        "recurrent matrix not transposed",
        "{matrix} is the wrong way round on the way back through time.",
        "Which entry of {matrix} leads from the first unit to the second?",
    ),
    "C6": (
        "matrix transposed",
        "Every entry is right, and rows and columns are exchanged.",
        "Is the derivative asked for or the gradient, and which shape has it?",
    ),
    "C8": (
        "row for column",
        "Every entry is right, and a row stands for a column or a column for a row.",
        "Is the derivative asked for or the gradient, and which shape has it?",
    ),
    "D2": (
        "sign of the error",
        "The loss is differentiated with the wrong sign.",
        "Does the loss grow or fall when the prediction moves away from the target?",
    ),
    "D6": (
        "factor two of the square",
        "There is a factor of two too many from the square in the loss.",
        "What becomes of the half in front of the square?",
    ),
    "D1": (
        "target forgotten",
        "The target {target} is missing from the error at the output.",
        "What should the error be where the prediction equals the target?",
    ),
    "D9": (
        "bias from one step",
        "Only {part} has been counted for {parameter}.",
        "Over what is the derivative by {parameter} a sum?",
    ),
    "A4": (
        "only one step counted",
        "Only what {parameter} does at step {step} has been counted.",
        "At how many steps is {parameter} used, and what happens to their shares?",
    ),
    "A5": (
        "overwritten instead of added",
        "Only what {parameter} does at the first step is left.",
        "When the loop reaches a new step, what becomes of the share it already has?",
    ),
    "C3": (
        "one step skipped",
        "The share of step {step} is missing for {parameter}.",
        "At which step is {parameter} used first, and at which last?",
    ),
    "A6": (
        "loss of the last step only",
        "Only the loss at the last step has been counted.",
        "Of which losses is the total loss the sum?",
    ),
    "A2": (
        "immediate taken for total",
        "An immediate derivative has been used where a total one belongs.",
        "What is held fixed in the derivative you used, and what does in truth move?",
    ),
    "C11": (
        "one step for all",
        "The derivative at step {step} has been used for every step.",
        "Which factor must change from step to step?",
    ),
    "A10": (
        "loop in the wrong direction",
        "What is carried comes from the neighbouring step on the wrong side.",
        "Which of two neighbouring steps can change the loss through the other?",
    ),
    "A9": (
        "one step of memory",
        "A step reaches only the loss of its own time and that of the next step in line.",
        "Can a hidden state change a loss that lies two steps away?",
    ),
    "B4": (
        "square forgotten",
        "The slope of the activation in {equation} is one minus its value; a power or a factor is missing.",
        "What is the derivative of the activation, written with its own value?",
    ),
    "B5": (
        "another activation's slope",
        "The slope in {equation} belongs to another activation.",
        "Which activation is it, and what is its derivative?",
    ),
    "B10": (
        "value for slope",
        "The value of the activation in {equation} stands where its slope belongs.",
        "By what is a small change multiplied when it passes the activation?",
    ),
    "B3": (
        "activation applied twice",
        "The slope in {equation} is taken at the activation's value instead of its argument.",
        "Is what you put into the derivative the argument or already the value?",
    ),
    "B7": (
        "slope used twice",
        "The slope of the activation in {equation} has been multiplied in twice.",
        "How many activations lie on this stretch of the path?",
    ),
    "B8": (
        "sign inside the slope",
        "A sign is wrong inside the slope of the activation in {equation}.",
        "Between which two numbers does this slope lie?",
    ),
    "B2": (
        "slope missing in the carry",
        "What is carried through {path} skips the slope of its activation.",
        "Which stations does a change pass on the way through {path}?",
    ),
    "B6": (
        "slope at the wrong step",
        "A local derivative reads {wrong}, which belongs to another step.",
        "At which step is the slope of {equation} taken?",
    ),
    "B9": (
        "order of slope and matrix",
        "On the way through {path} the slope of the activation and the matrix stand in the wrong order.",
        "Which of the two does a change meet first on its way back?",
    ),
    "C2": (
        "two steps too late",
        "A local derivative reads {wrong}, two steps later than the forward pass used it.",
        "Which value was multiplied when {equation} was computed?",
    ),
    "C4": (
        "one step too early",
        "A local derivative reads {wrong}, one step earlier than the forward pass used it.",
        "Which value was multiplied when {equation} was computed?",
    ),
    "C7": (
        "matrix not transposed",
        "{matrix} is the wrong way round.",
        "Which entry of {matrix} leads from the first unit to the second?",
    ),
    "C9": (
        "negative index",
        "Before the first step the last value of {state} has been read.",
        "What does an index of minus one read in Python, and where is the initial state kept?",
    ),
    "C10": (
        "joined vector not cut",
        "The derivative by the whole joined vector {joined} stands here.",
        "Which of its entries belong to {quantity}?",
    ),
    "A3": (
        "own unit only",
        "On the way through {path} each unit reaches itself only.",
        "How many units of the next step does one unit reach?",
    ),
    "A7": (
        "path counted twice",
        "The path through {path} has been counted twice.",
        "How often does {quantity} enter {path}?",
    ),
    "A8": (
        "product off by one",
        "The product over the steps has one factor too many or too few.",
        "How many steps lie between the two times, and how many factors is that?",
    ),
    "D3": (
        "softmax entry by entry",
        "In {equation} only the diagonal of the softmax's derivative has been used.",
        "When one entry of the argument grows, what happens to the other probabilities?",
    ),
    "D4": (
        "one slope too many at the output",
        "The error at the output has been multiplied by the slope of a sigmoid once too often.",
        "What is left of this factor after it has met the derivative of the loss?",
    ),
    "D5": (
        "slope of the logarithm",
        "The derivative of the negative logarithm is not right: its sign, or what stands over what.",
        "What is the derivative of minus y times the logarithm of p by p?",
    ),
    "D7": (
        "mean over time",
        "The sum over the steps has been divided by their number.",
        "Is the loss of this network a sum or a mean over the steps?",
    ),
    "D8": (
        "sum and mean over sequences",
        "The gradients of the sequences have been averaged where they are to be added, or the other way round.",
        "Is the loss a sum or a mean over the sequences of the batch?",
    ),
    "D10": (
        "counted twice",
        "The derivative by {parameter} has been counted twice.",
        "In how many equations does {parameter} stand?",
    ),
    "D11": (
        "two biases confused",
        "This is the derivative by {other}, not by {parameter}.",
        "What multiplies {parameter} in the forward equation?",
    ),
    "E1": (
        "initial state ignored",
        "The derivative by {state} has been taken as zero.",
        "Would another {state} change the loss?",
    ),
    "E2": (
        "weight left out of the carry",
        "What is carried through {path} skips the matrix.",
        "By what is {quantity} multiplied in {path}?",
    ),
    "E3": (
        "carry reset",
        "What is carried back is set to zero after every {count} steps.",
        "Does the forward pass forget its state there as well?",
    ),
    "E4": (
        "truncated",
        "Paths that cross more than {count} steps are missing.",
        "How many steps can lie between a quantity and a loss it changes?",
    ),
    "E6": (
        "earlier chunks lost",
        "Only the last {count} steps have been counted.",
        "What becomes of the gradients of a chunk when the next one begins?",
    ),
    "E7": (
        "state not carried on",
        "The state starts from zero again after every {count} steps.",
        "From which state does the second chunk start?",
    ),
    "E8": (
        "clipped piece by piece",
        "Each entry or each parameter has been clipped by itself.",
        "Does the step still point where the gradient points?",
    ),
    "E9": (
        "clipping at the wrong time",
        "The gradient has been scaled where its norm was small, or left alone where it was large.",
        "What should clipping do to a gradient shorter than the limit?",
    ),
    "E11": (
        "one array for all steps",
        "All steps share one array: each holds the sum over the steps.",
        "How many arrays does a list multiplied by a number hold?",
    ),
}
CATALOGUE = {key: Mistake(key, *row) for key, row in _ROWS.items()}

NOT_APPLICABLE = {
    "E5": "A truncated gradient is right as such; comparing it with the full one is the slip. Its value is that of E4.",
    "E10": "It shows in what happens to the caller's arrays, which are compared afterwards, not in the value.",
    "E12": "It shows on a second instance only: a function is always judged on several.",
    "F1": "It is about comparing two gradients, both of them zero, and not about a gradient.",
    "F2": "It is about the step size and precision of a numeric check, and not about a gradient.",
    "F3": "It is about a check that compares shapes only, and not about a gradient.",
    "F4": "It is about an instance that hides mistakes, and not about a gradient.",
    "F5": "It is about copying a table of random numbers, and not about a gradient.",
}
