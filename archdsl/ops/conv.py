"""Convolutions and transposed convolutions in 1, 2 and 3 dimensions."""

from collections.abc import Mapping
from typing import ClassVar, Literal, final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.ops.base import Kind, OpError, Port, PositiveInt, Weight
from archdsl.ops.layers import (
    BIAS,
    Paddings,
    Spatial,
    SpatialSizes,
    agree,
    known,
    require_fields,
    require_float32,
    require_shape,
    require_sizes,
    require_together,
    required,
    same_upper,
    weight_and_bias,
    windows,
)
from archdsl.ops.parametrized import PARAMETRIZATION, Parametrized
from archdsl.ops.rules import divides, divisors_hint, require_same_dtype
from archdsl.shapes import Dim, Shape, TensorType, differ, product


class Convolution(Spatial):
    """What convolutions and transposed convolutions share: fields, tensors and MACs."""

    kind = Kind.CONV
    fresh = True
    ports = (Port("input"), Port("weight", optional=True), Port("bias", optional=True))
    transposed: ClassVar[bool] = False

    out_channels: PositiveInt | None = Field(
        None, description="channels of the output; required unless a weight is fed"
    )
    kernel_size: SpatialSizes | None = Field(None, description="size of the kernel; required unless a weight is fed")
    stride: SpatialSizes = Field(1, validate_default=True, description="step of the kernel")
    dilation: SpatialSizes = Field(1, validate_default=True, description="distance between the kernel's elements")
    groups: PositiveInt = Field(
        1, description="blocks of channels that do not see each other; depthwise: as many as channels"
    )
    bias: bool = BIAS
    parametrization: Parametrized = PARAMETRIZATION

    def infer(self, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None) -> TensorType:
        if self.out_channels is not None:
            self._check_split(self.out_channels, "output")
        require_together(self, weight, bias)
        if weight is None:
            require_fields(self, "out_channels", "kernel_size")
        self.check_input(x)
        shape = self.weight_shape(x, weight)
        if weight is None:
            require_float32(self.name, x)
        else:
            self._check_fed(x, weight, bias, shape)
        channels = self.output_channels(shape)
        self._check_groups(x.shape[1], channels, shape)
        sizes = self.sizes(x.shape[2:], shape[2:])
        require_sizes(self.name, x, sizes)
        return x.with_shape((x.shape[0], channels, *sizes))

    def sizes(self, sizes: Shape, kernel: Shape) -> Shape:
        """The spatial sizes of the output."""
        raise NotImplementedError

    def weight_shape(self, x: TensorType, weight: TensorType | None = None) -> Shape:
        """The shape of the weight: out × in / groups × kernel, transposed in × out / groups × kernel."""
        if weight is not None:
            return weight.shape
        out_channels, kernel_size = require_fields(self, "out_channels", "kernel_size")
        in_channels = known(self.name, x.shape[1], "its input channels")
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        return (first, second // self.groups, *kernel_size)

    def output_channels(self, weight: Shape) -> Dim:
        if self.out_channels is not None:
            return self.out_channels
        return weight[1] * self.groups if self.transposed else weight[0]

    def tensors(
        self, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None
    ) -> Mapping[str, Weight]:
        if weight is not None:
            return {}
        return weight_and_bias(self.weight_shape(x), (required(self, "out_channels"),) if self.bias else None)

    def macs(self, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None) -> Dim:
        shape = self.weight_shape(x, weight)
        places = x.shape[2:] if self.transposed else self.sizes(x.shape[2:], shape[2:])
        return x.shape[0] * product(places) * product(shape)

    def _check_fed(self, x: TensorType, weight: TensorType, bias: TensorType | None, shape: Shape) -> None:
        if weight.rank != self.spatial + 2:
            raise OpError(
                f"{self.name} takes a weight of rank {self.spatial + 2}, not {weight} of rank {weight.rank}",
                code=Code.RANK_ERROR,
                ports=("weight",),
            )
        require_same_dtype(("input", "weight"), x, weight)
        agree(self, "kernel_size", shape[2:])
        channels = shape[1] * self.groups if self.transposed else shape[0]
        agree(self, "out_channels", channels)
        if bias is not None:
            require_shape(self.name, "bias", bias, (channels,))
            require_same_dtype(("input", "bias"), x, bias)

    def _check_groups(self, in_channels: Dim, out_channels: Dim, weight: Shape) -> None:
        self._check_split(in_channels, "input")
        self._check_split(out_channels, "output")
        taken = weight[0] if self.transposed else weight[1] * self.groups
        if differ(in_channels, taken):
            raise OpError(
                f"{self.name}'s weight takes {taken} channels, the input has {in_channels}", ports=("input", "weight")
            )

    def _check_split(self, channels: Dim, what: str) -> None:
        if self.groups != 1 and divides(self.groups, channels) is False:
            raise OpError(
                f"{self.name} cannot split {channels} {what} channels into {self.groups} groups",
                code=Code.BAD_VALUE,
                ports=("input",),
                field="groups",
                hint=divisors_hint("groups", channels),
            )


class Direct(Convolution):
    """A convolution, `torch.nn.Conv1d` to `Conv3d`."""

    padding: Paddings | Literal["same", "same_upper", "valid"] = Field(
        0,
        validate_default=True,
        description="zeros on both sides; `valid` is 0, `same` keeps the size (stride 1), `same_upper` makes "
        "ceil(size / stride), the odd zero after: ONNX's SAME_UPPER, TensorFlow's SAME",
    )
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = Field(
        "zeros", description="what the padding holds"
    )

    def infer(self, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None) -> TensorType:
        if self.padding == "same" and any(step != 1 for step in self.stride):
            raise OpError(
                f"{self.name} with `padding: same` must have stride 1, not {list(self.stride)}",
                code=Code.BAD_VALUE,
                field="padding",
                hint="`same_upper` makes ceil(size / stride), as `SAME` does in TensorFlow",
            )
        result = super().infer(x, weight, bias)
        if self.padding_mode != "zeros" or self.padding == "same_upper":
            self._check_padding(x, self.margins(x.shape[2:], self.weight_shape(x, weight)[2:]))
        return result

    @property
    def pads_apart(self) -> bool:
        """Whether what pads follows from the size, so that the input is padded before the convolution."""
        return self.padding == "same_upper" and any(step != 1 for step in self.stride)

    def sizes(self, sizes: Shape, kernel: Shape) -> Shape:
        if self.padding == "same":
            return sizes
        if self.padding == "same_upper":
            return tuple((size + step - 1) // step for size, step in zip(sizes, self.stride, strict=True))
        sides = self.padding if isinstance(self.padding, tuple) else (0,) * self.spatial
        return tuple(map(windows, sizes, kernel, sides, self.dilation, self.stride))

    def margins(self, sizes: Shape, kernel: Shape) -> tuple[tuple[Dim, Dim], ...]:
        """The padding before and after each spatial dimension, of which the input has these. Raises OpError."""
        if self.padding == "same":
            totals = [gap * (k - 1) for gap, k in zip(self.dilation, kernel, strict=True)]
            return tuple((total // 2, total - total // 2) for total in totals)
        if self.padding == "same_upper":
            return same_upper(self.name, sizes, kernel, self.stride, self.dilation)
        sides = self.padding if isinstance(self.padding, tuple) else (0,) * self.spatial
        return tuple((side, side) for side in sides)

    def _check_padding(self, x: TensorType, margins: tuple[tuple[Dim, Dim], ...]) -> None:
        """`reflect` cannot repeat the edge, `circular` goes round once at most."""
        if self.padding_mode not in ("reflect", "circular"):
            return
        least = 1 if self.padding_mode == "reflect" else 0
        for size, margin in zip(x.shape[2:], margins, strict=True):
            widest = margin[1]
            if isinstance(size, int) and isinstance(widest, int) and widest + least > size:
                raise OpError(
                    f"{self.name} cannot pad a size of {size} by {widest} with `padding_mode: {self.padding_mode}`",
                    code=Code.SIZE_ERROR,
                    ports=("input",),
                    field="padding",
                )


class Transposed(Convolution):
    """A transposed convolution, `torch.nn.ConvTranspose1d` to `ConvTranspose3d`."""

    transposed = True

    padding: Paddings = Field(0, validate_default=True, description="sizes cut off both sides of the output")
    output_padding: Paddings = Field(0, validate_default=True, description="sizes added to the end of the output")

    def infer(self, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None) -> TensorType:
        for extra, step, gap in zip(self.output_padding, self.stride, self.dilation, strict=True):
            if extra >= max(step, gap):
                raise OpError(
                    f"{self.name}'s output_padding {extra} must be less than its stride {step} or its dilation {gap}",
                    code=Code.BAD_VALUE,
                    field="output_padding",
                )
        return super().infer(x, weight, bias)

    def sizes(self, sizes: Shape, kernel: Shape) -> Shape:
        return tuple(
            (size - 1) * step - 2 * side + gap * (k - 1) + extra + 1
            for size, step, side, gap, k, extra in zip(
                sizes, self.stride, self.padding, self.dilation, kernel, self.output_padding, strict=True
            )
        )


@final
class Conv1d(Direct):
    """Convolution over (N, C, L): `torch.nn.Conv1d`; with a weight fed, `torch.nn.functional.conv1d`."""

    name = "conv1d"
    spatial = 1


@final
class Conv2d(Direct):
    """Convolution over (N, C, H, W): `torch.nn.Conv2d`; with a weight fed, `torch.nn.functional.conv2d`."""

    name = "conv2d"
    spatial = 2


@final
class Conv3d(Direct):
    """Convolution over (N, C, D, H, W): `torch.nn.Conv3d`; with a weight fed, its function."""

    name = "conv3d"
    spatial = 3


@final
class ConvTranspose1d(Transposed):
    """Transposed convolution over (N, C, L): `torch.nn.ConvTranspose1d`."""

    name = "conv_transpose1d"
    spatial = 1


@final
class ConvTranspose2d(Transposed):
    """Transposed convolution over (N, C, H, W): `torch.nn.ConvTranspose2d`."""

    name = "conv_transpose2d"
    spatial = 2


@final
class ConvTranspose3d(Transposed):
    """Transposed convolution over (N, C, D, H, W): `torch.nn.ConvTranspose3d`."""

    name = "conv_transpose3d"
    spatial = 3
