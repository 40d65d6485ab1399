"""Linear layers: `Linear` with `2048 → 1000`."""

from archdsl.ir.graph import Node
from archdsl.ops.linear import Linear
from archdsl.words.naming import SampleSizes, Title, fixed
from archdsl.words.quantities import size
from archdsl.words.titles import title_of


@title_of.register
def _(op: Linear, node: Node, sizes: SampleSizes) -> Title:
    value = node.inputs[0]
    before = size(value.type.shape[-1], sizes) if value is not None else "?"
    after = size(node.types[0].shape[-1], sizes)
    return Title("Linear", fixed(f"{before} → {after}"), comma=False, stem="Linear")
