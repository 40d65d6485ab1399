"""Ops that pick elements by an index or a condition that is a tensor."""

from collections.abc import Mapping
from typing import Annotated, final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.ops.base import Kind, Number, Op, OpError, Port, PositiveInt, normal_dim
from archdsl.ops.rules import (
    FLOATS,
    broadcast_or_fail,
    promote,
    replaced,
    require_integer,
    require_least_rank,
    require_rank,
)
from archdsl.shapes import Dim, Shape, TensorType, least


class Pick(Op):
    """An op that reads its first input where its second says."""

    kind = Kind.RESHAPE
    ports = (Port("input"), Port("index"))


@final
class Index(Pick):
    """Rows of a table by a tensor of their numbers, `input[index]`: the index's shape, then the row's.

    With `dim: 1` it is `input[:, index]`: the index's shape stands for that dimension.
    """

    name = "index"
    counts_back = True
    dim: Annotated[int, Field(description="the dimension of the rows")] = 0

    def infer(self, x: TensorType, index: TensorType) -> TensorType:
        require_integer("index", index)
        require_least_rank("input", x, 1)
        require_least_rank("index", index, 1)
        dim = normal_dim(self.dim, x.rank)
        return x.with_shape(replaced(x.shape, dim, *index.shape))

    def indexed(self, x: TensorType, index: TensorType) -> Mapping[int, Dim]:
        return {1: x.shape[self.dim]}


@final
class IndexSelect(Pick):
    """The places along a dimension that a list of their numbers says."""

    name = "index_select"
    dim: Annotated[int, Field(description="the dimension of the places")]

    def infer(self, x: TensorType, index: TensorType) -> TensorType:
        require_integer("index", index)
        require_rank("index", index, 1)
        dim = normal_dim(self.dim, x.rank)
        return x.with_shape(replaced(x.shape, dim, index.shape[0]))

    def indexed(self, x: TensorType, index: TensorType) -> Mapping[int, Dim]:
        return {1: x.shape[self.dim]}


class Along(Pick):
    """An op whose index counts along one dimension, and stands beside the others."""

    dim: Annotated[int, Field(description="the dimension in which the index counts")]

    def indexed(self, x: TensorType, index: TensorType) -> Mapping[int, Dim]:
        return {1: x.shape[self.dim]}


@final
class Gather(Along):
    """For each place of the output, the input's element whose number along `dim` the index says."""

    name = "gather"

    def infer(self, x: TensorType, index: TensorType) -> TensorType:
        require_integer("index", index)
        require_rank("index", index, x.rank)
        skip = normal_dim(self.dim, x.rank)
        for dim, (have, want) in enumerate(zip(x.shape, index.shape, strict=True)):
            if dim != skip and least(want - have) > 0:
                raise OpError(
                    f"cannot gather {index} from {x}: dimension {dim} is {want}, more than {have}",
                    ports=("input", "index"),
                )
        return x.with_shape(index.shape)


@final
class TakeAlongDim(Along):
    """`gather` with an index that broadcasts against the input."""

    name = "take_along_dim"
    ports = (Port("input"), Port("indices"))

    def infer(self, x: TensorType, indices: TensorType) -> TensorType:
        require_integer("indices", indices, ("int64",))
        require_rank("indices", indices, x.rank)
        dim = normal_dim(self.dim, x.rank)
        sizes: list[Shape] = [replaced(each.shape, dim, 1) for each in (x, indices)]
        shape = broadcast_or_fail("take along", ("input", "indices"), sizes)
        return x.with_shape(replaced(shape, dim, indices.shape[dim]))


@final
class OneHot(Op):
    """A vector of zeros with a one at the place that each number says."""

    name = "one_hot"
    kind = Kind.RESHAPE
    called = "One-hot"
    about = "num_classes"
    num_classes: Annotated[PositiveInt, Field(description="the length of the vectors")]

    def infer(self, x: TensorType) -> TensorType:
        require_integer("input", x, ("int64",))
        return x.with_shape((*x.shape, self.num_classes))

    def indexed(self, x: TensorType) -> Mapping[int, Dim]:
        return {0: self.num_classes}


@final
class Where(Op):
    """One tensor's element where the condition holds, else the other's; all three broadcast."""

    name = "where"
    kind = Kind.RESHAPE
    ports = (Port("condition"), Port("input"), Port("other"))

    def infer(self, condition: TensorType, x: TensorType, other: TensorType) -> TensorType:
        _check_bool("condition", condition)
        names = tuple(port.name for port in self.ports)
        shape = broadcast_or_fail("choose between", names, (condition.shape, x.shape, other.shape))
        return TensorType(shape, promote(x.dtype, other.dtype))


@final
class MaskedFill(Op):
    """A number wherever the mask holds; the mask broadcasts."""

    name = "masked_fill"
    kind = Kind.RESHAPE
    ports = (Port("input"), Port("mask"))
    value: Annotated[Number, Field(description="the number, `-inf` for instance")]

    def infer(self, x: TensorType, mask: TensorType) -> TensorType:
        _check_bool("mask", mask)
        shape = broadcast_or_fail("mask", ("input", "mask"), (x.shape, mask.shape))
        if isinstance(self.value, float) and x.dtype not in FLOATS:
            raise OpError(
                f"cannot fill {x.dtype} with {self.value}", code=Code.DTYPE_ERROR, ports=("input",), hint="put a `cast`"
            )
        return x.with_shape(shape)


def _check_bool(port: str, x: TensorType) -> None:
    if x.dtype != "bool":
        raise OpError(
            f"`{port}` must be bool, not {x.dtype}",
            code=Code.DTYPE_ERROR,
            ports=(port,),
            hint="compare it in a formula, or put a `cast`",
        )
