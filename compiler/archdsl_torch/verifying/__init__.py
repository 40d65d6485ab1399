"""Whether a spec's network is a module: keys, shapes, outputs, gradients, and the first value that differs."""
