"""The places of a spec that a graph comes from, as the graph carries them: nothing of the document around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

from archdsl.faults.fault import Span
from archdsl.text.lines import Lines

if TYPE_CHECKING:
    from archdsl.expressions import Expression


@final
@dataclass(slots=True, eq=False, repr=False)
class Site:
    """A place of a spec: a node, a `for`, or a block's definition. All that comes from one place shares it."""

    lines: Lines
    """The file."""
    extent: tuple[int, int]
    """The offsets of what is written there. Few ask for lines and columns, which take longer to find."""
    key_extent: tuple[int, int]
    """Those of the name that it is written under; the same for an item of a list and for a whole file."""
    fields: Mapping[str, Expression] = field(default_factory=dict)
    """The op's fields, or the block's arguments, that are expressions, as they are written."""
    op: Expression | None = None
    """What chooses the op, where nothing else of the name is written: `$norm`."""
    condition: Expression | None = None
    """The `if`."""
    otherwise: str | None = None
    """The `else`: the path that is read where the node is not there."""
    formula: Expression | None = None
    """What the elements of a constant or parameter are, by its indices."""

    @property
    def span(self) -> Span:
        """Of what is written there."""
        return self.lines.span(*self.extent)

    @property
    def key(self) -> Span:
        """Of the name that it is written under."""
        return self.lines.span(*self.key_extent)
