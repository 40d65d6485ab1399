"""What a network that becomes a package can fail of."""

from __future__ import annotations

from typing import final


@final
class PackagingError(ValueError):
    """A folder that cannot be a package of a network, in one line."""
