"""Normalisation over batches, instances, groups of channels, and trailing dimensions."""

from collections.abc import Mapping
from typing import final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.ops.base import Kind, Op, OpError, Port, PositiveInt, Weight
from archdsl.ops.layers import (
    EPS,
    Spatial,
    known,
    require_batched,
    require_float32,
    require_shape,
    require_together,
    weight_and_bias,
)
from archdsl.ops.rules import divides, require_float, require_least_rank, require_same_dtype
from archdsl.shapes import TensorType, product


class RunningNorm(Spatial):
    """Normalisation of each channel, which may keep running statistics."""

    kind = Kind.NORM
    fresh = True

    eps: float = EPS
    affine: bool
    track_running_stats: bool

    def infer(self, x: TensorType) -> TensorType:
        self.check_input(x)
        if self.affine or self.track_running_stats:
            require_float32(self.name, x)
            known(self.name, x.shape[1], "the number of channels")
        return x

    def tensors(self, x: TensorType) -> Mapping[str, Weight]:
        channels = (x.shape[1],)
        own = weight_and_bias(channels, channels) if self.affine else {}
        if self.track_running_stats:
            own["running_mean"] = Weight(channels, buffer=True)
            own["running_var"] = Weight(channels, buffer=True)
            own["num_batches_tracked"] = Weight((), "int64", buffer=True)
        return own


class BatchNorm(RunningNorm):
    called = "BatchNorm"
    about = ""

    momentum: float | None = Field(
        0.1, description="weight of a batch in the running statistics; null: their plain mean"
    )
    affine: bool = Field(True, description="whether a weight and a bias per channel are learned")
    track_running_stats: bool = Field(True, description="whether statistics of the training are kept for evaluation")

    def infer(self, x: TensorType) -> TensorType:
        result = super().infer(x)
        if not self.track_running_stats and x.shape[0] * product(x.shape[2:]) == 1:
            raise OpError(
                f"{self.name} without running statistics takes more than one value per channel, not {x}",
                code=Code.SIZE_ERROR,
                ports=("input",),
            )
        return result


class InstanceNorm(RunningNorm):
    called = "InstanceNorm"
    about = ""

    momentum: float = Field(0.1, description="weight of a batch in the running statistics")
    affine: bool = Field(False, description="whether a weight and a bias per channel are learned")
    track_running_stats: bool = Field(False, description="whether statistics of the training are kept for evaluation")

    def infer(self, x: TensorType) -> TensorType:
        result = super().infer(x)
        if product(x.shape[2:]) == 1:
            raise OpError(
                f"{self.name} takes more than one value per channel and sample, not {x}",
                code=Code.SIZE_ERROR,
                ports=("input",),
            )
        return result


@final
class BatchNorm1d(BatchNorm):
    """Batch normalisation over (N, C) or (N, C, L): `torch.nn.BatchNorm1d`, arXiv:1502.03167."""

    name = "batch_norm1d"
    spatial = 1

    def check_input(self, x: TensorType) -> None:
        if x.rank != 2:
            require_batched(self.name, x, 3, "(N, C) or (N, C, L)")
        require_float("input", x, f"put through {self.name}")


@final
class BatchNorm2d(BatchNorm):
    """Batch normalisation over (N, C, H, W): `torch.nn.BatchNorm2d`, arXiv:1502.03167."""

    name = "batch_norm2d"
    spatial = 2


@final
class BatchNorm3d(BatchNorm):
    """Batch normalisation over (N, C, D, H, W): `torch.nn.BatchNorm3d`, arXiv:1502.03167."""

    name = "batch_norm3d"
    spatial = 3


@final
class InstanceNorm1d(InstanceNorm):
    """Normalisation of each channel of each sample of (N, C, L): `torch.nn.InstanceNorm1d`."""

    name = "instance_norm1d"
    spatial = 1


@final
class InstanceNorm2d(InstanceNorm):
    """Normalisation of each channel of each sample of (N, C, H, W): `torch.nn.InstanceNorm2d`."""

    name = "instance_norm2d"
    spatial = 2


@final
class InstanceNorm3d(InstanceNorm):
    """Normalisation of each channel of each sample of (N, C, D, H, W): `torch.nn.InstanceNorm3d`."""

    name = "instance_norm3d"
    spatial = 3


class TrailingNorm(Op):
    """Normalisation over the last dimensions."""

    kind = Kind.NORM
    about = ""
    fresh = True

    normalized_dims: PositiveInt = Field(
        1, description="how many of the last dimensions are normalised; torch's `normalized_shape`"
    )
    elementwise_affine: bool = Field(True, description="whether a weight per element is learned")

    def check(self, x: TensorType, weight: TensorType | None, bias: TensorType | None) -> None:
        """Raises OpError unless the inputs fit each other."""
        require_float("input", x, f"put through {self.name}")
        require_least_rank("input", x, self.normalized_dims)
        if weight is None and self.elementwise_affine:
            require_float32(self.name, x)
            self.normalized_shape(x)
        for port, tensor in (("weight", weight), ("bias", bias)):
            if tensor is not None:
                require_shape(self.name, port, tensor, x.shape[-self.normalized_dims :])
                require_same_dtype(("input", port), x, tensor)

    def normalized_shape(self, x: TensorType) -> tuple[int, ...]:
        """Torch's `normalized_shape`: the sizes of the last dimensions."""
        dims = x.shape[-self.normalized_dims :]
        return tuple(known(self.name, dim, "the sizes that it normalises") for dim in dims)


@final
class LayerNorm(TrailingNorm):
    """Layer normalisation over the last dimensions: `torch.nn.LayerNorm`, arXiv:1607.06450."""

    name = "layer_norm"
    called = "LayerNorm"
    ports = (Port("input"), Port("weight", optional=True), Port("bias", optional=True))
    eps: float = EPS
    bias: bool = Field(True, description="whether a bias is learned as well")

    def infer(self, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None) -> TensorType:
        require_together(self, weight, bias)
        self.check(x, weight, bias)
        return x

    def tensors(
        self, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None
    ) -> Mapping[str, Weight]:
        if weight is not None or not self.elementwise_affine:
            return {}
        shape = self.normalized_shape(x)
        return weight_and_bias(shape, shape if self.bias else None)


@final
class RmsNorm(TrailingNorm):
    """Division by the root mean square of the last dimensions: `torch.nn.RMSNorm`, arXiv:1910.07467."""

    name = "rms_norm"
    called = "RMSNorm"
    ports = (Port("input"), Port("weight", optional=True))
    eps: float | None = Field(None, description="added to the mean square; default: the dtype's epsilon")

    def infer(self, x: TensorType, weight: TensorType | None = None) -> TensorType:
        self.check(x, weight, None)
        return x

    def tensors(self, x: TensorType, weight: TensorType | None = None) -> Mapping[str, Weight]:
        if weight is not None or not self.elementwise_affine:
            return {}
        return {"weight": Weight(self.normalized_shape(x))}


@final
class GroupNorm(Op):
    """Normalisation of groups of channels of (N, C, …): `torch.nn.GroupNorm`, arXiv:1803.08494."""

    name = "group_norm"
    kind = Kind.NORM
    called = "GroupNorm"
    fresh = True

    num_groups: PositiveInt = Field(description="number of groups; divides the channels")
    eps: float = EPS
    affine: bool = Field(True, description="whether a weight and a bias per channel are learned")

    def infer(self, x: TensorType) -> TensorType:
        require_float("input", x, "put through group_norm")
        require_least_rank("input", x, 2)
        if self.affine:
            require_float32(self.name, x)
            known(self.name, x.shape[1], "the number of channels")
        if divides(self.num_groups, x.shape[1]) is False:
            raise OpError(
                f"group_norm cannot split {x.shape[1]} channels into {self.num_groups} groups",
                code=Code.BAD_VALUE,
                ports=("input",),
                field="num_groups",
            )
        if x.shape[0] * x.shape[1] // self.num_groups * product(x.shape[2:]) == 1:
            raise OpError(
                f"group_norm takes more than one value per group, not {x} in {self.num_groups} groups",
                code=Code.SIZE_ERROR,
                ports=("input",),
            )
        return x

    def tensors(self, x: TensorType) -> Mapping[str, Weight]:
        return weight_and_bias((x.shape[1],), (x.shape[1],)) if self.affine else {}


@final
class LocalResponseNorm(Op):
    """Normalisation over neighbouring channels: `torch.nn.LocalResponseNorm`."""

    name = "local_response_norm"
    kind = Kind.NORM
    called = "LocalResponseNorm"
    about = ""
    fresh = True

    size: PositiveInt = Field(description="number of neighbouring channels")
    alpha: float = Field(1e-4, description="factor of the mean square")
    beta: float = Field(0.75, description="exponent")
    k: float = Field(1.0, description="added to the mean square")

    def infer(self, x: TensorType) -> TensorType:
        require_float("input", x, "put through local_response_norm")
        require_least_rank("input", x, 3)
        return x
