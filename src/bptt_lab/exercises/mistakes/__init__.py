"""The mistakes of the catalogue: what each is called, and what it computes.

- `catalogue`: what a student is told of each mistake, and what is asked.
- `mutants`: every mistake that can be made on a goal, with its value; equal values are one.
- `pass_edits`: the mistakes made on the way back, each the edit of an edge of the network's chain rule.
- `result_edits`: the mistakes made on a derivative as a whole: turned, of another step, of another quantity.
- `product_slips`, `gate_slips`, `joined_slips`: wrong slopes of products, gates, joined vectors; `rewriting`.
- `edge_changes`: what an edit makes of one edge's share: dropped, scaled, another slope, a letter read elsewhere.
- `backward_pass`: the chain rule over the graph in arrays, in which one such change is made.
- `uses`: what each equation uses, and the slope of each use: the edges of that chain rule.
"""
