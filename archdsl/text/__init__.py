"""Texts as they come and go: lines, names, patterns, what a reader sees, files and streams."""
