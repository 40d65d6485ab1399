"""A built network as a file that other programs run."""
