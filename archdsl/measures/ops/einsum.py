"""`einsum`: product by product, from the left."""

from collections.abc import Sequence

from archdsl.measures import fields
from archdsl.measures.memory import Kept, Placed, Sizes
from archdsl.measures.ops.contract import factors_kept
from archdsl.measures.rules import keeps, sees
from archdsl.ops.einsum import Einsum
from archdsl.shapes import TensorType


@keeps.register
def _(op: Einsum, made: Sequence[TensorType], *operands: Placed) -> Kept:
    """The operands, and every product that is multiplied again."""
    products = [*op.products(tuple(x.type for x in operands))][:-1]
    kept = factors_kept(operands)
    return kept._replace(more=tuple(TensorType(tuple(sizes.values()), made[0].dtype) for _, sizes in products))


@sees.register
def _(op: Einsum, made: Sequence[Sizes], *operands: fields.Field) -> tuple[fields.Field, ...]:
    equation = op.spread(tuple(TensorType(x.shape) for x in operands))
    dims: dict[str, fields.AxisParts] = {}
    summed = []
    for labels, x in zip(equation.operands, operands, strict=True):
        for label, parts in zip(labels, x.dims, strict=True):
            if label not in dims or not fields.has_places(dims[label]):
                dims[label] = parts
        gone = [dim for dim, label in enumerate(labels) if label not in equation.result]
        summed.append(fields.mixed(x, gone))
    return (fields.together([dims[label] for label in equation.result], *summed),)
