"""archdsl to PyTorch: graph -> source -> module."""
