"""The graph as JSON, and back: the contract for whoever writes a back end. `docs/graph.md` says what stands where.

`codec` works out from annotations how a class is written; `parts` says of the graph's own classes what stands in
tables of its own and what follows from the rest; `checking` holds what a stranger wrote to what elaboration makes.
"""
