"""Parts of tensors: `Split q, k, v`, `Slice dim 2 [4:60]`."""

from archdsl.ir.graph import Node
from archdsl.ops.divide import Narrow, Parting, Select, Slice
from archdsl.words.naming import SampleSizes, Title, fixed, humanise, signed
from archdsl.words.quantities import size
from archdsl.words.titles import title_of


@title_of.register
def _(op: Narrow, node: Node, sizes: SampleSizes) -> Title:
    start, length = size(op.start, sizes), size(node.types[0].shape[op.dim], sizes)
    known = isinstance(start, int) and isinstance(length, int)
    return _part(op.dim, f"{start}:{start + length}" if known else f"{start}:")


@title_of.register
def _(op: Select, node: Node, sizes: SampleSizes) -> Title:
    return _part(op.dim, signed(op.index))


@title_of.register
def _(op: Slice, node: Node, sizes: SampleSizes) -> Title:
    start, end = ("" if each is None else signed(each) for each in (op.start or None, op.end))
    return _part(op.dim, f"{start}:{end}" + (f":{op.step}" if op.step != 1 else ""))


@title_of.register
def _(op: Parting, node: Node, sizes: SampleSizes) -> Title:
    into = ", ".join(op.names) if op.names else f"into {len(node.types)}"
    return Title(op.called or humanise(op.name), fixed(into), comma=False)


def _part(dim: int, taken: str) -> Title:
    """The part of one dimension that is taken."""
    return Title("Slice", fixed(f"dim {signed(dim)} [{taken}]"), comma=False)
