"""Why a wrong answer is wrong.

- `cause`: one cause; a constant factor and the paths an answer holds, in words.
- `named`: what the catalogue of mistakes says of an answer's numbers.
- `diagnosis`: the causes, tried in their order on the numbers of an answer.
- `corrections`: the one change of a wrong answer, as it is written, that makes it right.
- `alignment`: the slips where a wrong answer, laid beside a right form, does not match it.
- `layout`, `forms`: a formula as sums, products and chains of matrices; the right forms written in other ways.
- `multiplied`: the slip in one term of an answer whose brackets are multiplied out.
- `pairs`: the one pair of changes that makes an answer right.
- `fitted`: the one change by which the shapes of an answer fit.
- `uniform`: the same slip in every term of a sum that lacks others.
- `worked`: the lines of a derivation as the machine writes them.
- `asked`: whether a formula reads what is asked for, which no correction may.
- `edits`: the changes that are tried.
- `paths`: which paths to the loss an answer holds, and how often each.
- `slips`: a right formula with one slip of the pen.
- `clipping`: right gradients, clipped.
- `operators`, `unset`: a function's text with operators for calls of NumPy; with no numbers where none has been set.
- `told`: what is said of a change of a function's text; `code_names`: what such a text works with; `code_changes`,
  `code_edits`: what a part of it may become, and the function with one change or two.
"""
