"""What the turns of a loop will make at least, so that too many are refused before they are made.

It is counted after the first turn, when that turn's own mistakes have been told and the blocks that it uses are known.
What an `if`, an argument or another loop decides may make nothing, and counts as nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, final

from archdsl.document.template import NodeTemplate, Template
from archdsl.elaboration.blocks import BlockSpec

if TYPE_CHECKING:
    from archdsl.elaboration.catalogue import Catalogue


class Least(NamedTuple):
    """How much is made at least."""

    nodes: int = 0
    scopes: int = 0


@final
class Foreseen:
    """What bodies of nodes make at least; each block is counted once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._blocks: dict[BlockSpec, Least] = {}

    def of(self, body: Iterable[Template]) -> Least:
        """What the nodes of a body make together."""
        each = [self._of_node(node) for node in body if isinstance(node, NodeTemplate) and not node.groups]
        return Least(sum(least.nodes for least in each), sum(least.scopes for least in each))

    def _of_node(self, template: NodeTemplate) -> Least:
        if template.broken or template.condition is not None:
            return Least()
        if template.body is not None:
            return _held(self.of(template.body))
        name = None if template.op is None else template.op.literal
        found = self._catalogue.known(name, template.home) if isinstance(name, str) else None
        if not isinstance(found, BlockSpec):
            return Least() if found is None else Least(nodes=1)
        if found not in self._blocks:
            self._blocks[found] = Least()  # within itself it may end at once
            self._blocks[found] = _held(self.of(found.template.body))
        return self._blocks[found]


def _held(inside: Least) -> Least:
    return Least(inside.nodes, inside.scopes + 1)
