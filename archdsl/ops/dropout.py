"""Layers that zero a part of their input while training and pass it on in evaluation."""

from typing import ClassVar, Literal, final

from pydantic import Field

from archdsl.ops.base import Kind, Op, Probability
from archdsl.ops.layers import LAYOUTS, require_batched
from archdsl.ops.rules import require_float, require_least_rank
from archdsl.shapes import TensorType


class Passing(Op):
    """Passes its input on, but for the training."""

    kind = Kind.ACTIVATION
    about = ""
    follows = True

    p: Probability


class AnyDropout(Passing):
    """Dropout of elements or channels with probability p."""

    p: Probability = Field(0.5, description="probability of zeroing")

    def is_idle(self) -> bool:
        return self.p == 0

    def infer(self, x: TensorType) -> TensorType:
        require_float("input", x, f"put through {self.name}")
        return x


class ChannelDropout(AnyDropout):
    """Dropout of whole channels, arXiv:1411.4280."""

    spatial: ClassVar[int]

    def infer(self, x: TensorType) -> TensorType:
        require_batched(self.name, x, self.spatial + 2, LAYOUTS[self.spatial])
        return super().infer(x)


@final
class Dropout(AnyDropout):
    """Zeroes elements while training and scales the others up: `torch.nn.Dropout`, arXiv:1207.0580."""

    name = "dropout"
    passes = ("evaluation", "training")


@final
class Dropout1d(ChannelDropout):
    """Zeroes whole channels of (N, C, L) while training: `torch.nn.Dropout1d`."""

    name = "dropout1d"
    spatial = 1


@final
class Dropout2d(ChannelDropout):
    """Zeroes whole channels of (N, C, H, W) while training: `torch.nn.Dropout2d`."""

    name = "dropout2d"
    spatial = 2


@final
class Dropout3d(ChannelDropout):
    """Zeroes whole channels of (N, C, D, H, W) while training: `torch.nn.Dropout3d`."""

    name = "dropout3d"
    spatial = 3


@final
class AlphaDropout(AnyDropout):
    """Dropout that keeps mean and variance after `selu`: `torch.nn.AlphaDropout`, arXiv:1706.02515."""

    name = "alpha_dropout"


@final
class FeatureAlphaDropout(AnyDropout):
    """`alpha_dropout` of whole channels: `torch.nn.FeatureAlphaDropout`."""

    name = "feature_alpha_dropout"

    def infer(self, x: TensorType) -> TensorType:
        require_least_rank("input", x, 2)
        return super().infer(x)


@final
class StochasticDepth(Passing):
    """Zeroes a residual branch while training and scales it up otherwise: torchvision's, arXiv:1603.09382."""

    name = "stochastic_depth"
    passes = ("evaluation",)
    silent = True
    graded = {"p": "drop rates"}  # noqa: RUF012 - a fact, as those above

    p: Probability = Field(description="probability of zeroing")
    mode: Literal["row", "batch"] = Field("row", description="`row` draws for each sample, `batch` once for all")

    def infer(self, x: TensorType) -> TensorType:
        require_float("input", x, "put through stochastic_depth")
        require_least_rank("input", x, 1)
        return x
