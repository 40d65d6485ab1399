"""Ops that summarise dimensions: sums, means, extremes, norms; and those that keep them, along one."""

from typing import Annotated, TypeAlias, final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.ops.base import Ints, Kind, Op, OpError, PositiveInt, Result, normal_dim
from archdsl.ops.rules import FLOATS, listed, normal_dims, replaced, require_distinct, require_float
from archdsl.shapes import Shape, TensorType, least

Dimensions: TypeAlias = Annotated[
    int | Ints | None, Field(description="the dimensions that are summarised; none: all of them")
]
OneDimension: TypeAlias = Annotated[
    int | None, Field(description="the dimension that is summarised; none: all of them")
]
Keep: TypeAlias = Annotated[bool, Field(description="keep them, with a size of 1")]
AlongDim: TypeAlias = Annotated[int, Field(description="the dimension along which it works")]


def reduced(x: TensorType, dim: int | tuple[int, ...] | None, keepdim: bool) -> Shape:
    """A tensor's shape without the dimensions `dim`; none stands for all. Raises OpError."""
    if keepdim and dim is None:
        raise OpError("keepdim needs a dim", code=Code.BAD_VALUE, field="keepdim")
    require_distinct(listed(dim), "dim")
    dims = normal_dims(listed(dim), x.rank, "dim") or range(x.rank)
    if keepdim:
        return tuple(1 if i in dims else size for i, size in enumerate(x.shape))
    return tuple(size for i, size in enumerate(x.shape) if i not in dims)


class Statistic(Op):
    """An op that makes one number of all the numbers along its dimensions `dim`, or of all."""

    kind = Kind.POOL


class Reduction(Statistic):
    """A reduction over any number of dimensions."""

    dim: Dimensions = None
    keepdim: Keep = False

    def infer(self, x: TensorType) -> TensorType:
        shape = reduced(x, self.dim, self.keepdim)
        return x.with_shape(shape)


class FloatReduction(Reduction):
    """A reduction of floating numbers."""

    def infer(self, x: TensorType) -> TensorType:
        result = super().infer(x)
        require_float("input", x, f"take the {self.name} of")
        return result


@final
class Mean(FloatReduction):
    """The mean over dimensions."""

    name = "mean"
    statistic = "mean"


@final
class Sum(Reduction):
    """The sum over dimensions; whole numbers become int64."""

    name = "sum"

    def infer(self, x: TensorType) -> TensorType:
        return _counted(super().infer(x))


@final
class Prod(Statistic):
    """The product over a dimension; whole numbers become int64."""

    name = "prod"
    dim: OneDimension = None
    keepdim: Keep = False

    def infer(self, x: TensorType) -> TensorType:
        shape = reduced(x, self.dim, self.keepdim)
        return _counted(x.with_shape(shape))


@final
class Amax(Reduction):
    """The largest number over dimensions."""

    name = "amax"


@final
class Amin(Reduction):
    """The smallest number over dimensions."""

    name = "amin"


@final
class Var(FloatReduction):
    """The variance over dimensions."""

    name = "var"
    statistic = "variance"
    correction: Annotated[int, Field(description="subtracted from the count that the sum is divided by", ge=0)] = 1


@final
class Std(FloatReduction):
    """The standard deviation over dimensions."""

    name = "std"
    correction: Annotated[int, Field(description="subtracted from the count that the sum is divided by", ge=0)] = 1


@final
class Norm(FloatReduction):
    """The length of vectors over dimensions, their p-norm."""

    name = "norm"
    p: Annotated[float, Field(description="which norm: 1 the absolute sum, 2 Euclid's, inf the largest")] = 2.0


@final
class Logsumexp(Statistic):
    """The logarithm of the sum of exponentials over dimensions, without overflow."""

    name = "logsumexp"
    dim: Annotated[int | Ints, Field(description="the dimensions that are summarised")]
    keepdim: Keep = False

    def infer(self, x: TensorType) -> TensorType:
        shape = reduced(x, self.dim, self.keepdim)
        return TensorType(shape, x.dtype if x.dtype in FLOATS else "float32")


class Extreme(Statistic):
    """The largest or smallest number; along a dimension, also its place."""

    dim: OneDimension = None
    keepdim: Keep = False

    def infer(self, x: TensorType) -> Result:
        shape = reduced(x, self.dim, self.keepdim)
        values = x.with_shape(shape)
        return values if self.dim is None else (values, TensorType(shape, "int64"))

    def output_names(self, count: int) -> tuple[str, ...]:
        return ("values", "indices") if count > 1 else super().output_names(count)


@final
class Max(Extreme):
    """The largest number; along a `dim` two outputs, `values` and `indices`. See also `amax`."""

    name = "max"


@final
class Min(Extreme):
    """The smallest number; along a `dim` two outputs, `values` and `indices`. See also `amin`."""

    name = "min"


class ExtremePlace(Statistic):
    """The place of the largest or smallest number."""

    dim: OneDimension = None
    keepdim: Keep = False

    def infer(self, x: TensorType) -> TensorType:
        shape = reduced(x, self.dim, self.keepdim)
        if x.dtype == "bool":
            raise OpError(
                f"cannot take the {self.name} of bool", code=Code.DTYPE_ERROR, ports=("input",), hint="put a `cast`"
            )
        return TensorType(shape, "int64")


@final
class Argmax(ExtremePlace):
    """The place of the largest number along a dimension, or in the flattened tensor."""

    name = "argmax"


@final
class Argmin(ExtremePlace):
    """The place of the smallest number along a dimension, or in the flattened tensor."""

    name = "argmin"


@final
class Normalize(Op):
    """Divides vectors by their length, so that their norm is 1."""

    name = "normalize"
    kind = Kind.NORM
    fresh = True
    p: Annotated[float, Field(description="which norm measures the length")] = 2.0
    dim: Annotated[int | Ints, Field(description="the dimensions of the vectors")] = 1
    eps: Annotated[float, Field(description="the least length that is divided by")] = 1e-12

    def infer(self, x: TensorType) -> TensorType:
        require_distinct(listed(self.dim), "dim")
        require_float("input", x, "normalize")
        normal_dims(listed(self.dim), x.rank, "dim")
        return x


class Running(Op):
    """What has been summed up so far, at every place along a dimension."""

    kind = Kind.POOL
    dim: AlongDim

    def infer(self, x: TensorType) -> TensorType:
        normal_dim(self.dim, x.rank)
        return _counted(x)


@final
class Cumsum(Running):
    """The running sum along a dimension; whole numbers become int64."""

    name = "cumsum"


@final
class Cumprod(Running):
    """The running product along a dimension; whole numbers become int64."""

    name = "cumprod"


@final
class Logcumsumexp(Running):
    """The logarithm of the running sum of exponentials along a dimension, without overflow."""

    name = "logcumsumexp"

    def infer(self, x: TensorType) -> TensorType:
        require_float("input", x, "take the logcumsumexp of")
        return super().infer(x)


class Ordering(Op):
    """An op whose outputs are `values` and the `indices` where they stood."""

    kind = Kind.POOL
    dim: AlongDim = -1

    def output_names(self, count: int) -> tuple[str, ...]:
        return ("values", "indices")


@final
class Topk(Ordering):
    """The k largest numbers along a dimension: outputs `values` and `indices`."""

    name = "topk"
    called = "Top"
    chooses = True
    about = "k"
    k: Annotated[PositiveInt, Field(description="how many")]
    largest: Annotated[bool, Field(description="false: the smallest instead")] = True
    sorted: Annotated[bool, Field(description="whether they come in order")] = True

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        dim = normal_dim(self.dim, x.rank)
        if x.dtype == "bool":  # torch sorts truths, and has no topk of them on the CPU
            raise OpError("cannot take the topk of bool", code=Code.DTYPE_ERROR, ports=("input",))
        if least(self.k - x.shape[dim]) > 0:
            raise OpError(
                f"k {self.k} is more than the size of dimension {self.dim} of {x}", code=Code.SIZE_ERROR, field="k"
            )
        shape = replaced(x.shape, dim, self.k)
        return x.with_shape(shape), TensorType(shape, "int64")


@final
class Sort(Ordering):
    """The numbers along a dimension in order: outputs `values` and `indices`."""

    name = "sort"
    descending: Annotated[bool, Field(description="whether the largest comes first")] = False
    stable: Annotated[bool, Field(description="whether equal numbers keep their order")] = False

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        normal_dim(self.dim, x.rank)
        return x, TensorType(x.shape, "int64")


def _counted(x: TensorType) -> TensorType:
    """The dtype of a sum."""
    return x if x.dtype in FLOATS else TensorType(x.shape, "int64")
