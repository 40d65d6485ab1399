"""Products of tensors, and distances."""

from collections.abc import Sequence
from math import prod

from archdsl.measures import fields
from archdsl.measures.memory import Kept, Placed, Sizes, flat, reshaped
from archdsl.measures.rules import keeps, scratch, sees
from archdsl.ops.contract import Bmm, Cdist, CosineSimilarity, Matmul, PairwiseDistance
from archdsl.ops.rules import broadcast, replaced
from archdsl.shapes import Shape, TensorType, evaluate


@keeps.register
def _(op: Matmul, made: Sequence[TensorType], x: Placed, other: Placed) -> Kept:
    """Each factor that the gradient of the other needs: as it is, or as the copy that torch multiplies."""
    copies = _copies(x, other)
    needed = [place for place, needs in enumerate((other.learned, x.learned)) if needs]
    read = tuple(place for place in needed if copies[place] is None)
    return Kept(read, more=tuple(copy for place in needed if (copy := copies[place]) is not None))


@sees.for_each(Matmul, Bmm)
def _(op: Matmul | Bmm, made: Sequence[Sizes], x: fields.Field, other: fields.Field) -> tuple[fields.Field, ...]:
    return (fields.product(made[0], x, other),)


@keeps.register
def _(op: Bmm, made: Sequence[TensorType], x: Placed, mat2: Placed) -> Kept:
    return factors_kept((x, mat2))


@keeps.register
def _(op: CosineSimilarity, made: Sequence[TensorType], x1: Placed, x2: Placed) -> Kept:
    """The vectors, their lengths before and after the least is taken, and what the other ones are divided to."""
    shape = _common(x1, x2)
    length, quotient = (TensorType(each, made[0].dtype) for each in (replaced(shape, op.dim % len(shape), 1), shape))
    learned = tuple(place for place, x in enumerate((x1, x2)) if x.learned)
    return Kept(learned, more=(length, length, quotient) * len(learned))


@keeps.register
def _(op: PairwiseDistance, made: Sequence[TensorType], x1: Placed, x2: Placed) -> Kept:
    """The difference, and its length."""
    return Kept(outputs=(0,), more=(TensorType(_common(x1, x2), made[0].dtype),))


@scratch.register
def _(op: PairwiseDistance, made: Sequence[TensorType], x1: Placed, x2: Placed) -> tuple[TensorType, ...]:
    """The difference, before and after `eps` is added."""
    return (TensorType(_common(x1, x2), made[0].dtype),) * 2


@sees.register
def _(op: PairwiseDistance, made: Sequence[Sizes], *vectors: fields.Field) -> tuple[fields.Field, ...]:
    each = [fields.contracted(x, len(x.dims) - 1, 1) for x in vectors if x.dims]
    broad = fields.elementwise((*made[0], *(() if op.keepdim else (1,))), each)
    return (broad if op.keepdim else fields.replaced(broad, len(broad.dims) - 1),)


keeps.register(Cdist, lambda *_: Kept((0, 1), (0,)))


@sees.register
def _(op: Cdist, made: Sequence[Sizes], x1: fields.Field, x2: fields.Field) -> tuple[fields.Field, ...]:
    turned = fields.permuted(x2, (*range(len(x2.dims) - 2), -1, -2))
    return (fields.product(made[0], x1, turned),)


def factors_kept(factors: Sequence[Placed]) -> Kept:
    """Each factor that the gradient of another one needs."""
    learned = {place for place, x in enumerate(factors) if x.learned}
    return Kept(tuple(place for place in range(len(factors)) if learned - {place}))


def _common(x1: Placed, x2: Placed) -> Shape:
    """The shape to which two tensors that go together broadcast."""
    shape = broadcast(x1.shape, x2.shape)
    assert shape is not None
    return shape


def _copies(x: Placed, other: Placed) -> tuple[TensorType | None, TensorType | None]:
    """What torch copies of two factors, to multiply two matrices or two stacks of as many; None for what it does not.

    A stack times a matrix is a product of two matrices, in which the stack is one; so is it where the other stack holds
    one matrix alone, which is learned. A matrix times a stack is the same, transposed.
    """
    if len(x.shape) == len(other.shape) == 3 and x.shape[0] != other.shape[0]:
        if x.shape[0] == 1 and x.learned:
            return _copies(_sole(x), other)
        if other.shape[0] == 1 and other.learned:
            return _copies(x, _sole(other))
    if len(other.shape) < 3:
        return None if flat(x) else x.type, None
    if len(x.shape) < 3:
        return None, None if flat(_transposed(other)) else other.type
    batch = tuple(evaluate(size, {}) for size in broadcast(x.shape[:-2], other.shape[:-2]) or ())
    first, second = (
        None if batches(each, batch) else each.type.with_shape((*batch, *each.shape[-2:])) for each in (x, other)
    )
    return first, second


def _sole(x: Placed) -> Placed:
    """The one matrix of a stack."""
    return x._replace(shape=x.shape[1:], strides=x.strides[1:])


def _transposed(x: Placed) -> Placed:
    """Each matrix of a stack."""
    shape, strides = ((*row[:-2], row[-1], row[-2]) for row in (x.shape, x.strides))
    return x._replace(shape=shape, strides=strides)


def batches(x: Placed, batch: Sizes) -> bool:
    """Whether a stack of matrices can be broadcast to `batch` and read as one row of them, without a copy."""
    missing = len(batch) + 2 - len(x.shape)
    shape = (*batch, *x.shape[-2:])
    strides = [0] * missing + [s if n > 1 else 0 for n, s in zip(x.shape, x.strides, strict=True)]
    strides[-2:] = x.strides[-2:]
    return reshaped(Placed(shape, x.dtype, tuple(strides), x.learned), (prod(batch), *shape[-2:])) is not None
