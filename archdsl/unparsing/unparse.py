"""Graph -> spec: the stage.

A pipeline over two trees. `drafting` puts the nodes into the scopes that they are written in, a draft; `grouping` finds
which scopes are one block; `describing` writes each node, and each block once for all its instances, into the tree of
the text, where `parameters` fills what they differ in; `looping` folds rows that come again; `printing` lays it out.
No step knows what ops do: whoever elaborates the text has the proof that it is the graph, by `likeness`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from archdsl.ir.graph import Graph
from archdsl.unparsing.classes import NAME, ClassWidth, class_width
from archdsl.unparsing.describing import Describer
from archdsl.unparsing.draft import DraftScope, DraftValue
from archdsl.unparsing.drafting import drafted
from archdsl.unparsing.grouping import BlockGroups
from archdsl.unparsing.heading import frozen, header, inputs, outputs, weights
from archdsl.unparsing.looping import fold_loops
from archdsl.unparsing.pathfinding import Pathfinder
from archdsl.unparsing.printing import printed
from archdsl.unparsing.starting import rules_by_op, spelled_init
from archdsl.unparsing.text_tree import SpecBlock, WholeSpec


class SpecFolding(Enum):
    """How much of what repeats is written once, the most first."""

    CHOICES = "choices"
    """As `LOOPS`, and blocks of one class that use other blocks are one, with a parameter for these."""
    LOOPS = "loops"
    """Blocks for twins, and `for` for runs."""
    BLOCKS = "blocks"
    NOTHING = "nothing"
    """Every node is written out. Only what runs in a loop over time is a block, since it has to be."""


def unparse(graph: Graph, kinds: Mapping[str, str] | None = None, folding: SpecFolding = SpecFolding.LOOPS) -> str:
    """The text of a spec of the graph. `kinds` are the classes of scopes by path, after which blocks are called.

    Raises Unalike where it cannot be folded so.
    """
    root = drafted(graph)
    fold, choose = folding is not SpecFolding.NOTHING, folding is SpecFolding.CHOICES
    groups = BlockGroups(root, kinds or {}, fold=fold, choose=choose)
    paths, rules = Pathfinder(graph, root), rules_by_op(graph.nodes)
    classes = class_width(graph) if fold else ClassWidth()
    classes = classes if all(map(paths.is_networks, classes.layers)) and paths.is_free(NAME) else ClassWidth()
    run = Describer(paths, groups, rules, classes)
    blocks = {group.name: _block(group.first, run.block(group), paths) for group in groups.groups}
    network = run.network(root, tuple(DraftValue(node, 0) for node in graph.inputs.values())[:1])
    network.params |= classes.params
    network.inputs, network.outputs = inputs(graph), outputs(graph, root, paths)
    init: dict[str, Any] = {
        op: {name: spelled_init(said) for name, said in each.items()} for op, each in rules.items()
    }  # fmt: skip
    text = WholeSpec(header(graph), network, dict(reversed(blocks.items())), init, frozen(graph), weights(graph))
    if folding in (SpecFolding.CHOICES, SpecFolding.LOOPS):
        fold_loops(text)
    return printed(text)


def _block(first: DraftScope, made: SpecBlock, paths: Pathfinder) -> SpecBlock:
    """A block with the outputs that a loop over time asks for by name."""
    if first.loop is not None:
        inside = {**first.loop.collect, **first.loop.carried}
        made.outputs = {name: paths.path(value, first, None) for name, value in inside.items()}
    return made
