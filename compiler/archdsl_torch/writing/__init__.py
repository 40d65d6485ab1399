"""Classes to text."""
