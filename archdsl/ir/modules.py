"""What a module that becomes a network can fail of."""

from __future__ import annotations

from typing import final


@final
class ModuleError(ValueError):
    """Calls of a module that no op of the language says: a line for each, with the module that makes it."""
