"""Pooling over windows, and to a given size, in 1, 2 and 3 dimensions."""

from typing import Annotated, Any, ClassVar, Literal, final

from pydantic import BeforeValidator, Field

from archdsl.faults.code import Code
from archdsl.ops.base import Kind, OpError, PositiveInt, Result, Unexpected
from archdsl.ops.layers import Paddings, Spatial, SpatialSizes, require_sizes, same_upper
from archdsl.shapes import Dim, Shape, TensorType, format_shape


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise Unexpected("a number")
    return value


class Pool(Spatial):
    """Pooling over windows that may overlap."""

    kind = Kind.POOL
    whole_windows: ClassVar[bool] = False
    """Whether a window may not exceed the bare input: torch refuses it in 3d means."""

    kernel_size: SpatialSizes = Field(description="size of the window")
    stride: SpatialSizes | None = Field(None, description="step of the window; default: its size")
    ceil_mode: bool = Field(False, description="whether a last window that is partly outside counts")

    def infer(self, x: TensorType) -> Result:
        return self.pooled(x)

    def pooled(self, x: TensorType) -> TensorType:
        """The type of what each window becomes. Raises OpError."""
        self._check_margins()
        self.check_input(x)
        sizes = self.sizes(x.shape[2:])
        require_sizes(self.name, x, sizes)
        if self.whole_windows:
            self._require_window(x)
        return x.with_shape((*x.shape[:2], *sizes))

    @property
    def steps(self) -> tuple[int, ...]:
        return self.stride if self.stride is not None else self.kernel_size

    @property
    def sides(self) -> tuple[int, ...] | None:
        """The padding on both sides of each dimension; None where it follows from the size."""
        return (0,) * self.spatial

    @property
    def gaps(self) -> tuple[int, ...]:
        """The dilation."""
        return (1,) * self.spatial

    def sizes(self, sizes: Shape) -> Shape:
        """The spatial sizes of the output."""
        if self.sides is None:
            return tuple((size + step - 1) // step for size, step in zip(sizes, self.steps, strict=True))
        windows = zip(sizes, self.kernel_size, self.steps, self.sides, self.gaps, strict=True)
        return tuple((size + self._slack(k, step, side, gap)) // step + 1 for size, k, step, side, gap in windows)

    def margins(self, sizes: Shape) -> tuple[tuple[Dim, Dim], ...]:
        """The padding before and after each spatial dimension, of which the input has these."""
        if self.sides is None:
            return same_upper(self.name, sizes, self.kernel_size, self.steps, self.gaps)
        return tuple((side, side) for side in self.sides)

    def _slack(self, kernel: int, step: int, margin: int, gap: int) -> int:
        """What the last window's start may exceed the input's size by (negative: must stay below)."""
        room = 2 * margin - gap * (kernel - 1) - 1
        # With ceil_mode a window may end outside, but must start inside the input or its left padding.
        return min(room + step - 1, margin - 1) if self.ceil_mode else room

    def _require_window(self, x: TensorType) -> None:
        """Raises OpError where the window exceeds the bare input."""
        if self.sides is None:  # what is padded before is as large as a window
            return
        pairs = zip(x.shape[2:], self.kernel_size, strict=True)
        if any(isinstance(size, int) and size < kernel for size, kernel in pairs):
            raise OpError(
                f"{self.name}'s window {format_shape(self.kernel_size)} is larger than its input "
                f"{format_shape(x.shape[2:])}",
                code=Code.SIZE_ERROR,
                ports=("input",),
                field="kernel_size",
            )

    def _check_margins(self) -> None:
        # torch's bound: without the dilation
        for kernel, margin in zip(self.kernel_size, self.sides or (), strict=self.sides is not None):
            if 2 * margin > kernel:
                raise OpError(
                    f"{self.name}'s padding {margin} is more than half of its kernel of {kernel}",
                    code=Code.BAD_VALUE,
                    field="padding",
                )


class PaddedPool(Pool):
    padding: Paddings | Literal["same_upper"] = Field(
        0,
        validate_default=True,
        description="sizes added on both sides, at most half of the kernel; `same_upper` makes ceil(size / stride), "
        "the odd one after: ONNX's SAME_UPPER, TensorFlow's SAME",
    )

    @property
    def sides(self) -> tuple[int, ...] | None:
        return self.padding if isinstance(self.padding, tuple) else None


class Maxima(Spatial):
    """A pooling by maxima that may also tell where they stood."""

    return_indices: bool = Field(
        False,
        description="whether the places of the maxima, for `max_unpool`, are a second output: `output`, `indices`",
    )

    def told(self, values: TensorType) -> Result:
        """The maxima, with their places where these are asked for: numbers in the flattened spatial dimensions."""
        return (values, TensorType(values.shape, "int64")) if self.return_indices else values

    def output_names(self, count: int) -> tuple[str, ...]:
        return ("output", "indices") if count > 1 else super().output_names(count)


class MaxPool(Maxima, PaddedPool):
    """Maximum of each window."""

    called = "MaxPool"

    def infer(self, x: TensorType) -> Result:
        if self.return_indices and self.sides is None:
            raise OpError(
                f"{self.name} with `padding: same_upper` tells no indices: they would be those of what is padded",
                code=Code.BAD_VALUE,
                field="return_indices",
            )
        return self.told(self.pooled(x))

    dilation: SpatialSizes = Field(1, validate_default=True, description="distance between the window's elements")

    @property
    def gaps(self) -> tuple[int, ...]:
        return self.dilation


class AvgPool(PaddedPool):
    """Mean of each window."""

    called = "AvgPool"

    count_include_pad: bool = Field(True, description="whether the mean counts the padding's zeros")


class DivisorPool(AvgPool):
    divisor_override: PositiveInt | None = Field(None, description="divides the sum; default: the number of elements")


class LpPool(Pool):
    """The p-norm of each window, `p` being `norm_type`."""

    called = "LPPool"

    norm_type: Annotated[int | float, BeforeValidator(_no_bool), Field(gt=0)] = Field(
        description="the p of the norm; 1 is the sum"
    )


class AdaptivePool(Spatial):
    """Pooling to a given size, whatever the size of the input."""

    kind = Kind.POOL

    output_size: tuple[PositiveInt | None, ...] = Field(
        description="size of the output; null leaves a dimension as it is"
    )

    def infer(self, x: TensorType) -> Result:
        return self.pooled(x)

    def pooled(self, x: TensorType) -> TensorType:
        """The type of what each portion becomes. Raises OpError."""
        self.check_input(x)
        sizes = zip(x.shape[2:], self.output_size, strict=True)
        return x.with_shape((*x.shape[:2], *(size if wanted is None else wanted for size, wanted in sizes)))


class AdaptiveMaxPool(Maxima, AdaptivePool):
    """Maximum of each portion, to a given size."""

    def infer(self, x: TensorType) -> Result:
        return self.told(self.pooled(x))


@final
class MaxPool1d(MaxPool):
    """Maximum of each window over (N, C, L): `torch.nn.MaxPool1d`."""

    name = "max_pool1d"
    spatial = 1


@final
class MaxPool2d(MaxPool):
    """Maximum of each window over (N, C, H, W): `torch.nn.MaxPool2d`."""

    name = "max_pool2d"
    spatial = 2


@final
class MaxPool3d(MaxPool):
    """Maximum of each window over (N, C, D, H, W): `torch.nn.MaxPool3d`."""

    name = "max_pool3d"
    spatial = 3


@final
class AvgPool1d(AvgPool):
    """Mean of each window over (N, C, L): `torch.nn.AvgPool1d`."""

    name = "avg_pool1d"
    spatial = 1


@final
class AvgPool2d(DivisorPool):
    """Mean of each window over (N, C, H, W): `torch.nn.AvgPool2d`."""

    name = "avg_pool2d"
    spatial = 2


@final
class AvgPool3d(DivisorPool):
    """Mean of each window over (N, C, D, H, W): `torch.nn.AvgPool3d`."""

    name = "avg_pool3d"
    spatial = 3
    whole_windows = True


@final
class LpPool1d(LpPool):
    """The p-norm of each window over (N, C, L): `torch.nn.LPPool1d`."""

    name = "lp_pool1d"
    spatial = 1


@final
class LpPool2d(LpPool):
    """The p-norm of each window over (N, C, H, W): `torch.nn.LPPool2d`."""

    name = "lp_pool2d"
    spatial = 2


@final
class LpPool3d(LpPool):
    """The p-norm of each window over (N, C, D, H, W): `torch.nn.LPPool3d`."""

    name = "lp_pool3d"
    spatial = 3
    whole_windows = True


@final
class AdaptiveAvgPool1d(AdaptivePool):
    """Mean, to a given size, over (N, C, L): `torch.nn.AdaptiveAvgPool1d`."""

    name = "adaptive_avg_pool1d"
    spatial = 1
    output_size: SpatialSizes = Field(description="size of the output")


@final
class AdaptiveAvgPool2d(AdaptivePool):
    """Mean, to a given size, over (N, C, H, W): `torch.nn.AdaptiveAvgPool2d`."""

    name = "adaptive_avg_pool2d"
    spatial = 2


@final
class AdaptiveAvgPool3d(AdaptivePool):
    """Mean, to a given size, over (N, C, D, H, W): `torch.nn.AdaptiveAvgPool3d`."""

    name = "adaptive_avg_pool3d"
    spatial = 3


@final
class AdaptiveMaxPool1d(AdaptiveMaxPool):
    """Maximum, to a given size, over (N, C, L): `torch.nn.AdaptiveMaxPool1d`."""

    name = "adaptive_max_pool1d"
    spatial = 1
    output_size: SpatialSizes = Field(description="size of the output")


@final
class AdaptiveMaxPool2d(AdaptiveMaxPool):
    """Maximum, to a given size, over (N, C, H, W): `torch.nn.AdaptiveMaxPool2d`."""

    name = "adaptive_max_pool2d"
    spatial = 2


@final
class AdaptiveMaxPool3d(AdaptiveMaxPool):
    """Maximum, to a given size, over (N, C, D, H, W): `torch.nn.AdaptiveMaxPool3d`."""

    name = "adaptive_max_pool3d"
    spatial = 3
