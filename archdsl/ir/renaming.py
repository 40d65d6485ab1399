"""What a spec says of weights that others publish: new names for their tensors, and grids that follow the image."""

from __future__ import annotations

from typing import NamedTuple

from archdsl.text.patterns import filled, match


class Rename(NamedTuple):
    """A name that published weights use; each `*` stands for any text, and takes its place in the new name."""

    before: str
    now: str | None
    """None for a tensor that the network does not need."""

    def meant(self, key: str) -> bool:
        """Whether a tensor's name is the old one."""
        return match(self.before, key) is not None

    def apply(self, key: str) -> str | None:
        """The new name; None where the name is not meant, or not needed."""
        texts = match(self.before, key) if self.now is not None else None
        return None if texts is None or self.now is None else filled(self.now, texts)


class Resize(NamedTuple):
    """How a parameter whose second last dimension is a square grid follows that grid's size."""

    mode: str
    """`bilinear` or `bicubic`."""
    prefix: int
    """Rows before the grid, which are kept: a class token's."""
    align_corners: bool
