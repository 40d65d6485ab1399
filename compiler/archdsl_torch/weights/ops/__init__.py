"""What may be done with the tensors of ops when their channels are others: modules with the stems of `archdsl.ops`."""
