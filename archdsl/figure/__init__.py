"""Graph to figure: what is drawn, folded, opened, named and linked. It knows no Graphviz."""
