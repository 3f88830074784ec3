"""What is said of an answer.

- `formula`: a line or a matrix formula; `cases`: the steps and sizes for which it must hold.
- `derivation`: several lines, each against the one before it.
- `function`: NumPy code, run on `instances`, drawn by `stress` and `sizing`; `returned` reads what it gives, and
  `elsewhere` says where it fails if not on the first of them.
- `short_answer`: a shape, a number or a choice, as `short_reading` reads it.
"""
