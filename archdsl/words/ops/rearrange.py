"""Dimensions that are split, ordered and merged: `Rearrange b h t d → b t (h d)`."""

import re
from typing import Final

from archdsl.ir.graph import Node
from archdsl.ops.rearrange import Rearrange
from archdsl.words.naming import SampleSizes, Title, fixed, humanise
from archdsl.words.titles import title_of

LONGEST: Final = 44
"""Letters that a pattern may have in a box."""


@title_of.register
def _(op: Rearrange, node: Node, sizes: SampleSizes) -> Title:
    return with_pattern(humanise(op.name), op.pattern.replace("->", "→"))


def with_pattern(name: str, pattern: str) -> Title:
    """A name, and a pattern that is not too long."""
    text = re.sub(r",\s*", ", ", re.sub(r"\s+", " ", pattern)).strip()
    return Title(name, fixed(text) if len(text) <= LONGEST else "", comma=False)
