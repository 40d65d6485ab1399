"""What a file takes from others is built as far as it is read.

That are specs used as blocks, and what a file inherits where it says outputs of its own. What it writes itself stays,
and is warned of where nobody reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, final

from archdsl.ir.graph import Item, Node, Scope
from archdsl.ir.needed import forget_removed, needed, needed_inputs, remove
from archdsl.ir.scopes import scopes_around, scopes_of

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved


class Left(NamedTuple):
    """What is left of a network."""

    inputs: dict[str, Node]
    nodes: list[Node]
    pruned: tuple[str, ...] = ()
    """The tensors of what was inherited and is not there."""


def left(specs: list[tuple[Scope, Resolved]], inputs: dict[str, Node], nodes: list[Node]) -> Left:
    """Takes out of the scopes what comes from other files and no output needs, nor what the file writes itself."""
    (root, resolved), *inner = specs
    taken = _Taken({scope for scope, _ in inner}, resolved)
    if not taken.anything:
        return Left(inputs, nodes)
    own = [node for node in nodes if not taken.holds(node)]
    read = [value for node in own for value in (*node.inputs, *node.tie.values()) if value is not None]
    kept = {*own, *(node.share for node in own if node.share is not None)}
    kept |= needed((*root.outputs.values(), *read), nodes)
    gone = [node for node in nodes if node not in kept]
    for node in gone:
        remove(node)
    if taken.inherits:
        inputs = _inputs(inputs, kept, resolved)
    forget_removed(scopes_of(root), {*inputs.values(), *kept})
    pruned = tuple(path for node in gone if taken.is_inherited(node) for path in node.tensor_paths())
    return Left(inputs, [node for node in nodes if node in kept], pruned)


def _inputs(inputs: Mapping[str, Node], kept: set[Node], resolved: Resolved) -> dict[str, Node]:
    """The inputs that are needed, and those that the file says itself."""
    wanted = needed_inputs(inputs.values(), kept)
    own = resolved.origins.is_own
    return {name: node for name, node in inputs.items() if node in wanted or own(("inputs", name))}


@final
class _Taken:
    """What comes from other files."""

    def __init__(self, specs: set[Scope], resolved: Resolved) -> None:
        self.specs = specs
        self.file = resolved.file
        own = resolved.origins.is_own(("outputs",)) and resolved.document.outputs is not None
        self.inherits = own and resolved.document.extends is not None
        self.anything = bool(specs) or self.inherits

    def holds(self, node: Node) -> bool:
        """Whether a node stands in a spec used as a block, or is inherited by a file that says its own outputs."""
        return any(scope in self.specs for scope in scopes_around(node)) or self.is_inherited(node)

    def is_inherited(self, node: Node) -> bool:
        """Whether the outermost of what a node stands in, which has a place, is written in another file."""
        written: list[Item] = [item for item in (node, *scopes_around(node)) if item.site is not None]
        site = written[-1].site if written else None
        return self.inherits and site is not None and site.lines.file != self.file
