"""Pooling over windows, and to a given size, in 1, 2 and 3 dimensions."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, final

from pydantic import BeforeValidator, Field

from archdsl.ops import fields
from archdsl.ops.base import Kind, OpError, PositiveInt
from archdsl.ops.layers import Paddings, Sizes, Spatial, require_sizes
from archdsl.ops.memory import NOTHING, Kept, Placed, elements
from archdsl.ops.memory import Sizes as Shaped
from archdsl.ops.receptive import portions, sliding
from archdsl.shapes import Shape, TensorType, format_shape


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("expected a number")
    return value


class Pool(Spatial):
    """Pooling over windows that may overlap."""

    kind = Kind.POOL

    kernel_size: Sizes = Field(description="size of the window")
    stride: Sizes | None = Field(None, description="step of the window; default: its size")
    ceil_mode: bool = Field(False, description="whether a last window that is partly outside counts")

    def infer(self, x: TensorType) -> TensorType:
        self.check_input(x)
        self._check_margins()
        sizes = self.sizes(x.shape[2:])
        require_sizes(self.name, x, sizes)
        return x.with_shape((*x.shape[:2], *sizes))

    @property
    def steps(self) -> tuple[int, ...]:
        return self.stride if self.stride is not None else self.kernel_size

    @property
    def margins(self) -> tuple[int, ...]:
        """The padding on both sides of each dimension."""
        return (0,) * self.spatial

    @property
    def gaps(self) -> tuple[int, ...]:
        """The dilation."""
        return (1,) * self.spatial

    def sizes(self, sizes: Shape) -> Shape:
        """The spatial sizes of the output."""
        windows = zip(sizes, self.kernel_size, self.steps, self.margins, self.gaps, strict=True)
        return tuple((size + self._slack(k, step, margin, gap)) // step + 1 for size, k, step, margin, gap in windows)

    def keeps(self, made: Sequence[TensorType], x: Placed) -> Kept:
        return Kept((0,))

    def field(self, made: Sequence[Shaped], x: fields.Field) -> tuple[fields.Field, ...]:
        rule = zip(self.kernel_size, self.steps, self.gaps, self.margins, strict=True)
        return (fields.windowed(x, 2, [sliding(*each) for each in rule], made[0][2:]),)

    def _slack(self, kernel: int, step: int, margin: int, gap: int) -> int:
        """What the last window's start may exceed the input's size by (negative: must stay below)."""
        room = 2 * margin - gap * (kernel - 1) - 1
        # With ceil_mode a window may end outside, but must start inside the input or its left padding.
        return min(room + step - 1, margin - 1) if self.ceil_mode else room

    def require_window(self, x: TensorType) -> None:
        """Raises OpError where the window exceeds the bare input, which torch refuses in 3d means."""
        pairs = zip(x.shape[2:], self.kernel_size, strict=True)
        if any(isinstance(size, int) and size < kernel for size, kernel in pairs):
            raise OpError(
                f"{self.name}'s window {format_shape(self.kernel_size)} is larger than its input "
                f"{format_shape(x.shape[2:])}",
                code="size-error",
                ports=("input",),
                field="kernel_size",
            )

    def _check_margins(self) -> None:
        # torch's bound: without the dilation
        for kernel, margin in zip(self.kernel_size, self.margins, strict=True):
            if 2 * margin > kernel:
                raise OpError(
                    f"{self.name}'s padding {margin} is more than half of its kernel of {kernel}",
                    code="bad-value",
                    field="padding",
                )


class PaddedPool(Pool):
    padding: Paddings = Field(
        0, validate_default=True, description="sizes added on both sides, at most half of the kernel"
    )

    @property
    def margins(self) -> tuple[int, ...]:
        return self.padding


class MaxPool(PaddedPool):
    """Maximum of each window."""

    aliases = ("max_pooling",)
    dilation: Sizes = Field(1, validate_default=True, description="distance between the window's elements")

    @property
    def gaps(self) -> tuple[int, ...]:
        return self.dilation

    def scratch(self, made: Sequence[TensorType], x: Placed) -> tuple[TensorType, ...]:
        """Where each maximum stood."""
        return (elements(made[0].shape, "int64"),)

    def keeps(self, made: Sequence[TensorType], x: Placed) -> Kept:
        return Kept((0,), more=self.scratch(made, x))


class AvgPool(PaddedPool):
    """Mean of each window."""

    aliases = ("average_pool", "average_pooling", "mean_pool", "avg_pooling")
    count_include_pad: bool = Field(True, description="whether the mean counts the padding's zeros")


class DivisorPool(AvgPool):
    divisor_override: PositiveInt | None = Field(None, description="divides the sum; default: the number of elements")


class LpPool(Pool):
    """The p-norm of each window, `p` being `norm_type`."""

    norm_type: Annotated[int | float, BeforeValidator(_no_bool), Field(gt=0)] = Field(
        description="the p of the norm; 1 is the sum"
    )


_GLOBAL: Final = dict.fromkeys(
    ("global_avg_pool", "global_average_pool", "global_average_pooling", "gap"), "output_size: 1"
)


class AdaptivePool(Spatial):
    """Pooling to a given size, whatever the size of the input."""

    kind = Kind.POOL

    output_size: tuple[PositiveInt | None, ...] = Field(
        description="size of the output; null leaves a dimension as it is"
    )

    def infer(self, x: TensorType) -> TensorType:
        self.check_input(x)
        return x.with_shape(
            (
                *x.shape[:2],
                *(
                    size if wanted is None else wanted
                    for size, wanted in zip(x.shape[2:], self.output_size, strict=True)
                ),
            )
        )

    def keeps(self, made: Sequence[TensorType], x: Placed) -> Kept:
        """A mean over everything keeps nothing."""
        return Kept((0,)) if any(size != 1 for size in made[0].shape[2:]) else NOTHING

    def field(self, made: Sequence[Shaped], x: fields.Field) -> tuple[fields.Field, ...]:
        windows = [portions(old, new) for old, new in zip(x.shape[2:], made[0][2:], strict=True)]
        whole = fields.mixed(x, (dim for dim, size in enumerate(made[0]) if dim > 1 and size == 1))
        return (fields.windowed(whole, 2, windows, made[0][2:]),)


class AdaptiveMaxPool(AdaptivePool):
    variants = dict.fromkeys(("global_max_pool", "global_max_pooling"), "output_size: 1")

    def scratch(self, made: Sequence[TensorType], x: Placed) -> tuple[TensorType, ...]:
        """Where each maximum stood."""
        return (elements(made[0].shape, "int64"),)

    def keeps(self, made: Sequence[TensorType], x: Placed) -> Kept:
        return Kept((0,), more=self.scratch(made, x))


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

    def infer(self, x: TensorType) -> TensorType:
        result = super().infer(x)
        self.require_window(x)
        return result


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

    def infer(self, x: TensorType) -> TensorType:
        result = super().infer(x)
        self.require_window(x)
        return result


@final
class AdaptiveAvgPool1d(AdaptivePool):
    """Mean, to a given size, over (N, C, L): `torch.nn.AdaptiveAvgPool1d`."""

    name = "adaptive_avg_pool1d"
    variants = _GLOBAL
    spatial = 1
    output_size: Sizes = Field(description="size of the output")


@final
class AdaptiveAvgPool2d(AdaptivePool):
    """Mean, to a given size, over (N, C, H, W): `torch.nn.AdaptiveAvgPool2d`."""

    name = "adaptive_avg_pool2d"
    variants = _GLOBAL
    spatial = 2


@final
class AdaptiveAvgPool3d(AdaptivePool):
    """Mean, to a given size, over (N, C, D, H, W): `torch.nn.AdaptiveAvgPool3d`."""

    name = "adaptive_avg_pool3d"
    variants = _GLOBAL
    spatial = 3


@final
class AdaptiveMaxPool1d(AdaptiveMaxPool):
    """Maximum, to a given size, over (N, C, L): `torch.nn.AdaptiveMaxPool1d`."""

    name = "adaptive_max_pool1d"
    spatial = 1
    output_size: Sizes = Field(description="size of the output")


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


POOL = (
    MaxPool1d,
    MaxPool2d,
    MaxPool3d,
    AvgPool1d,
    AvgPool2d,
    AvgPool3d,
    LpPool1d,
    LpPool2d,
    LpPool3d,
    AdaptiveAvgPool1d,
    AdaptiveAvgPool2d,
    AdaptiveAvgPool3d,
    AdaptiveMaxPool1d,
    AdaptiveMaxPool2d,
    AdaptiveMaxPool3d,
)
