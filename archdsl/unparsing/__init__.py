"""Graph to spec: the tree of modules as text, with blocks and loops for what repeats."""
