from __future__ import annotations

from tests.cli.conftest import tiny

__all__ = ["tiny"]
