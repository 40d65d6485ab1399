"""What an op does at known sizes: the memory of a run, what its backward pass needs, what each output sees."""
