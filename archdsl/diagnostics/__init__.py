"""Mistakes in a spec, as values: told once, and shown to people, programs and GitHub."""
