"""The passes, in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from archdsl.ir.graph import Graph
from archdsl.rewriting.attention import attended
from archdsl.rewriting.editing import GraphEditor
from archdsl.rewriting.multihead import multiheaded
from archdsl.rewriting.parting import parted
from archdsl.rewriting.rearranging import rearranged

PASSES: Final[tuple[Callable[[GraphEditor], None], ...]] = (attended, rearranged, parted, multiheaded, rearranged)


def rewritten(graph: Graph) -> Graph:
    """The network in fewer words: the same tensors by the same names, and the same outputs up to rounding.

    It reads structure, fields and shapes, never names. The graph itself stays as it is.
    """
    editor = GraphEditor(graph)
    for each in PASSES:
        each(editor)
    return editor.finished()
