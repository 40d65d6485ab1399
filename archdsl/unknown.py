"""What stands for a value that could not be read, after its mistake has been told."""

from __future__ import annotations

from typing import Final, final


@final
class Unknown:
    """The class of `UNKNOWN`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
