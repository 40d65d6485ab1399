"""A graph of other outputs: what gives inner values of a network, and nothing that they do not need."""
