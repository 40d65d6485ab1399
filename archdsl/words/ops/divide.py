"""Parts of tensors: `Split q, k, v`, `Slice dim 2 [4:60]`."""

from archdsl.ir.graph import Node
from archdsl.ops.divide import Dividing, Narrow, Select, Slice, Unbind
from archdsl.words.naming import SampleSizes, Title, fixed, signed
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
def _(op: Dividing, node: Node, sizes: SampleSizes) -> Title:
    return _parts("Split", op.names, node)


@title_of.register
def _(op: Unbind, node: Node, sizes: SampleSizes) -> Title:
    return _parts("Unbind", op.names, node)


def _part(dim: int, taken: str) -> Title:
    """The part of one dimension that is taken."""
    return Title("Slice", fixed(f"dim {signed(dim)} [{taken}]"), comma=False)


def _parts(name: str, names: tuple[str, ...] | None, node: Node) -> Title:
    """Into what."""
    return Title(name, fixed(", ".join(names) if names else f"into {len(node.types)}"), comma=False)
