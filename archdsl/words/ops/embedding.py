"""Tables of vectors: `Embedding` with `30522 → 768`."""

from archdsl.ir.graph import Node
from archdsl.ops.embedding import Embedding, EmbeddingBag
from archdsl.words.naming import SampleSizes, Title, fixed, humanise
from archdsl.words.quantities import size
from archdsl.words.titles import title_of


@title_of.for_each(Embedding, EmbeddingBag)
def _(op: Embedding | EmbeddingBag, node: Node, sizes: SampleSizes) -> Title:
    fed = next((value for value in node.inputs[1:2] if value is not None), None)
    rows, columns = next(iter(node.tensors.values())).shape if fed is None else fed.type.shape
    return Title(humanise(op.name), fixed(f"{size(rows, sizes)} → {size(columns, sizes)}"), comma=False)
