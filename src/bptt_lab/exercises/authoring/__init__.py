"""Making questions.

- `proof`: a question is proven before it is asked.
- `generate`: questions from the equations of any network; `spelling` writes their answers.
"""
