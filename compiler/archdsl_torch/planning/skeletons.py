"""What two trees of code have in common: the trees without their values."""

from __future__ import annotations

from archdsl_torch.lowering.tree import Arg, Code
from archdsl_torch.lowering.walking import rebuilt


def skeleton(code: Code) -> Code:
    """The tree with nothing of its values but how many there are in a tuple."""
    if isinstance(code, Arg):
        return Arg(len(code.value) if isinstance(code.value, tuple) else None)
    return rebuilt(code, lambda part, _: skeleton(part))
