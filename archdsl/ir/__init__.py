"""The graph, which all later stages read, and what it says of weights."""
