"""The version, which printed sources name too."""

__version__ = "0.1.0"
