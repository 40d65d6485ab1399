"""How things are called: shared by figures, reports and comparisons."""
