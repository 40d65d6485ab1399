"""A module becomes a spec: traced by `torch.export`, its calls put at their places in the tree of modules."""
