"""The process in which a student's function runs.

- `functions`: what a function needs, or why it cannot run; `packing` and `allowed` say what may travel along;
  `written` is a function given as text, of which nothing is run in this process.
- `running`: calls made in limited child processes; `differences` sees what they wrote, `messages` tells what happened.
- `child`, `guards`, `rebuild`: the child's side; it shares `wire`, the format of what is sent, with this one.
"""
