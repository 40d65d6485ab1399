"""`interpolate`, and windows as columns: `unfold` and `fold`."""

from fractions import Fraction
from math import floor
from typing import Annotated, Any, Final, Literal, TypeAlias, final

from pydantic import BeforeValidator, Field

from archdsl.faults.code import Code
from archdsl.limits import MAX_INT64
from archdsl.ops.base import AnyDim, Dims, Kind, Op, OpError, Padding2d, Size2d, as_tuple
from archdsl.ops.rules import divides, format_list, require_float, require_rank
from archdsl.shapes import Dim, Shape, TensorType, differ, least, product

_RANKS: Final[dict[str, tuple[int, ...]]] = {
    "nearest": (3, 4, 5),
    "nearest-exact": (3, 4, 5),
    "area": (3, 4, 5),
    "linear": (3,),
    "bilinear": (4,),
    "bicubic": (4,),
    "trilinear": (5,),
}
"""The ranks that each mode takes."""

Factor: TypeAlias = Annotated[float, Field(gt=0)]


Factors: TypeAlias = Annotated[tuple[Factor, ...], BeforeValidator(as_tuple)]


@final
class Interpolate(Op):
    """Resizes a map (N, C, …) to a `size` or by a `scale_factor`; sizes are rounded down."""

    name = "interpolate"
    kind = Kind.POOL
    called = "Upsample"
    size: Annotated[AnyDim | Dims | None, Field(description="the new spatial sizes, or one for all")] = None
    scale_factor: Annotated[Factor | Factors | None, Field(description="how many times larger instead")] = None
    mode: Annotated[
        Literal["nearest", "nearest-exact", "area", "linear", "bilinear", "bicubic", "trilinear"],
        Field(description="how the new places are filled"),
    ] = "nearest"
    align_corners: Annotated[
        bool | None, Field(description="whether the corner places' middles stay, for linear modes and bicubic")
    ] = None
    recompute_scale_factor: Annotated[
        bool | None, Field(description="whether places are found by the sizes, rounded down, and not by the factor")
    ] = None
    antialias: Annotated[bool, Field(description="blur what is made smaller, in modes bilinear and bicubic")] = False

    def infer(self, x: TensorType) -> TensorType:
        self._check_alone()
        require_rank("input", x, *_RANKS[self.mode])
        require_float("input", x, "interpolate")
        sizes = tuple(self._sizes(x.shape[2:]))
        if any(least(-size) >= 0 for size in sizes):
            raise OpError(f"{x} becomes {format_list(sizes)}, below 1", code=Code.SIZE_ERROR, ports=("input",))
        return x.with_shape((*x.shape[:2], *sizes))

    def _check_alone(self) -> None:
        if (self.size is None) == (self.scale_factor is None):
            raise OpError("give either size or scale_factor", code=Code.BAD_VALUE, field="size")
        if self.recompute_scale_factor and self.scale_factor is None:
            message = "there is no scale_factor to recompute beside size"
            raise OpError(message, code=Code.BAD_VALUE, field="recompute_scale_factor")
        if self.align_corners is not None and self.mode in ("nearest", "nearest-exact", "area"):
            raise OpError(f"mode {self.mode} takes no align_corners", code=Code.BAD_VALUE, field="align_corners")
        if self.antialias and self.mode not in ("bilinear", "bicubic"):
            raise OpError(f"mode {self.mode} takes no antialias", code=Code.BAD_VALUE, field="antialias")

    def _sizes(self, spatial: Shape) -> list[Dim]:
        if self.size is not None:
            return list(each(self.size, len(spatial), "size"))
        factors = each(self.scale_factor, len(spatial), "scale_factor")
        return [_scaled(dim, factor) for dim, factor in zip(spatial, factors, strict=True)]


@final
class Unfold(Op):
    """Windows of a map as columns: (N, C, H, W) becomes (N, C · window, number of windows)."""

    name = "unfold"
    kind = Kind.RESHAPE
    kernel_size: Annotated[Size2d, Field(description="the window")]
    dilation: Annotated[Size2d, Field(description="distance between a window's places")] = (1, 1)
    padding: Annotated[Padding2d, Field(description="zeros added at both ends")] = (0, 0)
    stride: Annotated[Size2d, Field(description="distance between windows")] = (1, 1)

    def infer(self, x: TensorType) -> TensorType:
        require_rank("input", x, 3, 4)
        require_float("input", x, "unfold")
        *batch, channels, height, width = x.shape
        counts = windows(self, (height, width))
        return x.with_shape((*batch, channels * product(self.kernel_size), product(counts)))


@final
class Fold(Op):
    """Adds columns up into a map: the reverse of `unfold`, where windows overlap their sum."""

    name = "fold"
    kind = Kind.RESHAPE
    output_size: Annotated[AnyDim | Dims, Field(description="the map's height and width")]
    kernel_size: Annotated[Size2d, Field(description="the window")]
    dilation: Annotated[Size2d, Field(description="distance between a window's places")] = (1, 1)
    padding: Annotated[Padding2d, Field(description="zeros that `unfold` added at both ends")] = (0, 0)
    stride: Annotated[Size2d, Field(description="distance between windows")] = (1, 1)

    def infer(self, x: TensorType) -> TensorType:
        output = each(self.output_size, 2, "output_size")
        count = product(windows(self, output))
        require_rank("input", x, 2, 3)
        require_float("input", x, "fold")
        *batch, rows, columns = x.shape
        window = product(self.kernel_size)
        if divides(window, rows) is False:
            message = f"{rows} rows are not divisible by the window's {window} places"
            raise OpError(message, code=Code.SIZE_ERROR, ports=("input",), field="kernel_size")
        if differ(count, columns):
            raise OpError(
                f"output_size {format_list(output)} has {count} windows, but {x} has {columns} columns",
                code=Code.SIZE_ERROR,
                ports=("input",),
                field="output_size",
            )
        return x.with_shape((*batch, rows // window, *output))


def windows(op: Unfold | Fold, sizes: Shape) -> list[Dim]:
    """How many windows fit along each dimension. Raises OpError where none does."""
    rule = zip(sizes, op.kernel_size, op.dilation, op.padding, op.stride, strict=True)
    counts: list[Dim] = [
        (size + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1 for size, kernel, dilation, pad, stride in rule
    ]
    if any(least(-count) >= 0 for count in counts):
        raise OpError(
            f"the window {format_list(op.kernel_size)} does not fit into {format_list(sizes)}",
            code=Code.SIZE_ERROR,
            field="kernel_size",
        )
    return counts


def each(value: Any, count: int, field: str) -> tuple[Any, ...]:
    """A number for each of `count` dimensions, where one stands for all. Raises OpError."""
    if not isinstance(value, tuple):
        return (value,) * count
    if len(value) != count:
        message = f"{field} {format_list(value)} has {len(value)} numbers for {count} spatial dimensions"
        raise OpError(message, code=Code.BAD_VALUE, field=field)
    return value


def _scaled(dim: Dim, factor: float) -> Dim:
    """`floor(dim * factor)`, in floating point as torch computes it. Raises OpError."""
    if factor > MAX_INT64:
        raise OpError(
            f"`scale_factor` is {factor}: sizes go up to 2 ** 63 - 1", code=Code.BAD_VALUE, field="scale_factor"
        )
    if isinstance(dim, int):
        return floor(dim * factor)
    exact = Fraction(factor)
    if exact.denominator <= 2**16:
        return dim * exact.numerator // exact.denominator
    from archdsl.expressions.values import rounded_product

    return rounded_product("floor", dim, factor)
