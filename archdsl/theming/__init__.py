"""A theme from its file: checked for its form, and for the network that it is of."""
