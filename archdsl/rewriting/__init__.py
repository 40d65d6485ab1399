"""Graph to graph: nodes by others that compute the same, and say it in fewer words."""
