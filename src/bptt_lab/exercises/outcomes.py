"""What may come of an answer."""

CORRECT = "correct"
OTHER_FORM = "correct, other form wanted"
WRONG = "wrong"
NOT_ATTEMPTED = "not attempted"
CANNOT_READ = "cannot read"
UNDECIDED = "undecided"
TIMED_OUT = "timed out"
CRASHED = "crashed"
OUTCOMES = (CORRECT, OTHER_FORM, WRONG, NOT_ATTEMPTED, CANNOT_READ, UNDECIDED, TIMED_OUT, CRASHED)
