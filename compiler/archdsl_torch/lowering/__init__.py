"""Op to torch code."""
