"""Text to document: what a file says, with what it extends and patches."""
