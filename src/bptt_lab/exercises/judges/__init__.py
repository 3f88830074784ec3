"""What is said of an answer.

- `formula`: a line or a matrix formula; `cases`: the steps and sizes for which it must hold.
- `derivation`: several lines, each against the one before it.
- `function`: NumPy code, run on `instances`, drawn by `stress` and `sizing`; `returned` reads what it gives, `arrays`
  says why an array is wrong, and `elsewhere` on which instances if not on the first of them; `whole` says what spoils
  all results at once: a change of the function's own text (`mended`), or slips of the author's (`author_slips`).
- `short_answer`: a shape, a number or a choice, as `short_reading` reads it, with the binomials, factorials and
  fractions of `counts`; `shapes_near` says whose a wrong shape is.
"""
