"""Resized maps: `Upsample ×2`."""

from archdsl.ir.graph import Node
from archdsl.ops.resize import Interpolate
from archdsl.words.naming import SampleSizes, Title, common
from archdsl.words.titles import title_of


@title_of.register
def _(op: Interpolate, node: Node, sizes: SampleSizes) -> Title:
    factor = op.scale_factor
    scale = common(factor) if isinstance(factor, tuple) else f"{factor:g}" if factor else ""
    return Title(op.called, f"×{scale}" if scale else "", comma=False)
