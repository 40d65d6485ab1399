"""`interpolate`, and windows as columns: `unfold` and `fold`."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias, final

from pydantic import BeforeValidator, Field

from archdsl.ops import fields
from archdsl.ops.base import AnyDim, Dims, Kind, Op, OpError, Padding2d, Size2d
from archdsl.ops.memory import Sizes
from archdsl.ops.receptive import Reads, cubic, nearest, portions, sampled, sliding, within
from archdsl.ops.rules import divides, format_list, require_float, require_rank
from archdsl.shapes import Dim, Shape, TensorType, differ, evaluate, least, product

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

_LARGEST: Final = 2**12
"""The largest denominator of a scale factor that is read as a fraction."""

Factor: TypeAlias = Annotated[float, Field(gt=0)]


def _listed(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Factors: TypeAlias = Annotated[tuple[Factor, ...], BeforeValidator(_listed)]


@final
class Interpolate(Op):
    """Resizes a map (N, C, …) to a `size` or by a `scale_factor`; sizes are rounded down."""

    name: ClassVar[str] = "interpolate"
    aliases: ClassVar[tuple[str, ...]] = ("upsample", "upsampling", "resize", "rescale")
    variants: ClassVar[Mapping[str, str]] = {
        "upsample_nearest": "mode: nearest",
        "upsample_bilinear": "mode: bilinear",
        "upsample_bicubic": "mode: bicubic",
        "upsampling_bilinear": "mode: bilinear",
        "upsampling_nearest": "mode: nearest",
    }
    kind: ClassVar[Kind] = Kind.POOL
    size: Annotated[AnyDim | Dims | None, Field(description="the new spatial sizes, or one for all")] = None
    scale_factor: Annotated[Factor | Factors | None, Field(description="how many times larger instead")] = None
    mode: Annotated[
        Literal["nearest", "nearest-exact", "area", "linear", "bilinear", "bicubic", "trilinear"],
        Field(description="how the new places are filled"),
    ] = "nearest"
    align_corners: Annotated[
        bool | None,
        Field(description="whether the corner places' middles stay, for linear modes and bicubic"),
    ] = None
    antialias: Annotated[bool, Field(description="blur what is made smaller, in modes bilinear and bicubic")] = False

    def infer(self, x: TensorType) -> TensorType:
        self._check(x)
        require_float("input", x, "interpolate")
        sizes = tuple(self._sizes(x.shape[2:]))
        if any(least(-size) >= 0 for size in sizes):
            raise OpError(f"{x} becomes {format_list(sizes)}, below 1", code="size-error", ports=("input",))
        return x.with_shape((*x.shape[:2], *sizes))

    def field(self, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
        olds, news = x.shape[2:], made[0][2:]
        factors = _each(self.scale_factor, len(news), "scale_factor")
        reads = [self._reads(*each) for each in zip(olds, news, factors, strict=True)]
        return (fields.windowed(x, 2, reads, news),)

    def _reads(self, old: int, new: int, factor: float | None) -> Reads | None:
        if self.mode == "area":
            return portions(old, new)
        # a factor is used as it is given, even where the size is rounded down
        scale = Fraction(old, new) if factor is None else 1 / Fraction(factor).limit_denominator(_LARGEST)
        if self.mode == "nearest":
            return sampled(scale, Fraction(0), new, nearest)
        if self.mode == "nearest-exact":
            return sampled(scale, scale / 2, new, nearest)
        if self.align_corners:
            scale = Fraction(old - 1, new - 1) if new > 1 else Fraction(0)
        shift = Fraction(0) if self.align_corners and not self.antialias else (scale - 1) / 2
        wider = max(scale, Fraction(1)) if self.antialias else Fraction(1)
        if self.mode != "bicubic":
            return sampled(scale, shift, new, within(wider))
        return sampled(scale, shift, new, cubic if wider == 1 else within(2 * wider))

    def _check(self, x: TensorType) -> None:
        require_rank("input", x, *_RANKS[self.mode])
        if (self.size is None) == (self.scale_factor is None):
            raise OpError("give either size or scale_factor", code="bad-value", field="size")
        if self.align_corners is not None and self.mode in ("nearest", "nearest-exact", "area"):
            raise OpError(f"mode {self.mode} takes no align_corners", code="bad-value", field="align_corners")
        if self.antialias and self.mode not in ("bilinear", "bicubic"):
            raise OpError(f"mode {self.mode} takes no antialias", code="bad-value", field="antialias")

    def _sizes(self, spatial: Shape) -> list[Dim]:
        if self.size is not None:
            return list(_each(self.size, len(spatial), "size"))
        factors = _each(self.scale_factor, len(spatial), "scale_factor")
        return [_scaled(dim, factor) for dim, factor in zip(spatial, factors, strict=True)]


@final
class Unfold(Op):
    """Windows of a map as columns: (N, C, H, W) becomes (N, C · window, number of windows)."""

    name: ClassVar[str] = "unfold"
    aliases: ClassVar[tuple[str, ...]] = ("im2col",)
    kind: ClassVar[Kind] = Kind.RESHAPE
    kernel_size: Annotated[Size2d, Field(description="the window")]
    dilation: Annotated[Size2d, Field(description="distance between a window's places")] = (1, 1)
    padding: Annotated[Padding2d, Field(description="zeros added at both ends")] = (0, 0)
    stride: Annotated[Size2d, Field(description="distance between windows")] = (1, 1)

    def infer(self, x: TensorType) -> TensorType:
        require_rank("input", x, 3, 4)
        require_float("input", x, "unfold")
        *batch, channels, height, width = x.shape
        counts = _windows(self, (height, width))
        return x.with_shape((*batch, channels * product(self.kernel_size), product(counts)))

    def field(self, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
        rank = len(x.dims)
        counts = [evaluate(count, {}) for count in _windows(self, x.shape[-2:])]
        rule = zip(self.kernel_size, self.stride, self.dilation, self.padding, strict=True)
        windows = [sliding(*each) for each in rule]
        seen = fields.contracted(fields.windowed(x, rank - 2, windows, counts), rank - 3, made[0][-2])
        return (fields.regrouped(seen, made[0]),)


@final
class Fold(Op):
    """Adds columns up into a map: the reverse of `unfold`, where windows overlap their sum."""

    name: ClassVar[str] = "fold"
    aliases: ClassVar[tuple[str, ...]] = ("col2im",)
    kind: ClassVar[Kind] = Kind.RESHAPE
    output_size: Annotated[AnyDim | Dims, Field(description="the map's height and width")]
    kernel_size: Annotated[Size2d, Field(description="the window")]
    dilation: Annotated[Size2d, Field(description="distance between a window's places")] = (1, 1)
    padding: Annotated[Padding2d, Field(description="zeros that `unfold` added at both ends")] = (0, 0)
    stride: Annotated[Size2d, Field(description="distance between windows")] = (1, 1)

    def infer(self, x: TensorType) -> TensorType:
        require_rank("input", x, 2, 3)
        require_float("input", x, "fold")
        output = _each(self.output_size, 2, "output_size")
        *batch, rows, columns = x.shape
        window = product(self.kernel_size)
        if divides(window, rows) is False:
            message = f"{rows} rows are not divisible by the window's {window} places"
            raise OpError(message, code="size-error", ports=("input",), field="kernel_size")
        count = product(_windows(self, output))
        if differ(count, columns):
            raise OpError(
                f"output_size {format_list(output)} has {count} windows, but {x} has {columns} columns",
                code="size-error",
                ports=("input",),
                field="output_size",
            )
        return x.with_shape((*batch, rows // window, *output))


def _windows(op: Unfold | Fold, sizes: Shape) -> list[Dim]:
    """How many windows fit along each dimension. Raises OpError where none does."""
    rule = zip(sizes, op.kernel_size, op.dilation, op.padding, op.stride, strict=True)
    counts: list[Dim] = [
        (size + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1 for size, kernel, dilation, pad, stride in rule
    ]
    if any(least(-count) >= 0 for count in counts):
        raise OpError(
            f"the window {format_list(op.kernel_size)} does not fit into {format_list(sizes)}",
            code="size-error",
            field="kernel_size",
        )
    return counts


def _each(value: Any, count: int, field: str) -> tuple[Any, ...]:
    """A number for each of `count` dimensions, where one stands for all. Raises OpError."""
    if not isinstance(value, tuple):
        return (value,) * count
    if len(value) != count:
        message = f"{field} {format_list(value)} has {len(value)} numbers for {count} spatial dimensions"
        raise OpError(message, code="bad-value", field=field)
    return value


def _scaled(dim: Dim, factor: float) -> Dim:
    """`floor(dim * factor)`, in floating point as torch computes it. Raises OpError."""
    if isinstance(dim, int):
        return floor(dim * factor)
    exact = Fraction(factor)
    if exact.denominator > 2**16:
        raise OpError(
            f"cannot tell {factor} times {dim}, which is known only at run time",
            code="bad-value",
            field="scale_factor",
            hint="give `size` instead",
        )
    return dim * exact.numerator // exact.denominator


RESIZE = (Interpolate, Unfold, Fold)
