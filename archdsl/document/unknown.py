"""What stands for a piece of a spec that could not be read, after its mistake has been told."""

from __future__ import annotations

from typing import Final, final


@final
class Unknown:
    """The class of `UNKNOWN`."""

    __slots__ = ()

    def __deepcopy__(self, memo: object) -> Unknown:
        return self

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
"""A value."""


@final
class Gap(str):
    """A key of a mapping that could not be read: what it names is not known, so that any name may be missing."""

    __slots__ = ()
