"""Graph to classes: which there are, what they share, what they take."""
