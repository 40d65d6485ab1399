"""Activation functions: elementwise, but for the softmax family and `glu`."""

from collections.abc import Mapping
from typing import Any, Literal, final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.ops.base import Kind, Op, OpError, Port, PositiveInt, Weight, normal_dim
from archdsl.ops.layers import LAYOUTS, agree, require_batched, require_float32
from archdsl.ops.rules import divides, replaced, require_float, require_rank, require_same_dtype
from archdsl.shapes import Dim, TensorType, differ


class Activation(Op):
    """A function of floating numbers that keeps the shape."""

    kind = Kind.ACTIVATION
    about = ""
    follows = True

    def infer(self, x: TensorType, *others: Any) -> TensorType:
        require_float("input", x, f"put through {self.name}")
        return x


@final
class Relu(Activation):
    """max(x, 0): `torch.nn.ReLU`."""

    name = "relu"
    called = "ReLU"
    overwrites = True


@final
class Relu6(Activation):
    """min(max(x, 0), 6): `torch.nn.ReLU6`."""

    name = "relu6"
    called = "ReLU6"
    overwrites = True


@final
class LeakyRelu(Activation):
    """x where positive, else negative_slope * x: `torch.nn.LeakyReLU`."""

    name = "leaky_relu"
    called = "LeakyReLU"
    overwrites = True
    invertible = True
    negative_slope: float = Field(0.01, description="slope below 0")

    def can_overwrite(self) -> bool:
        """A negative slope mirrors, and the output does not tell on which side the input was."""
        return self.negative_slope >= 0


@final
class Prelu(Activation):
    """x where positive, else a learned slope times x: `torch.nn.PReLU`, arXiv:1502.01852."""

    name = "prelu"
    called = "PReLU"
    ports = (Port("input"), Port("weight", optional=True))

    num_parameters: PositiveInt | None = Field(
        None, description="1 (the default): one slope; the number of channels: one per channel"
    )

    def infer(self, x: TensorType, weight: TensorType | None = None) -> TensorType:
        super().infer(x)
        if weight is None:
            require_float32(self.name, x)
            slopes: Dim = self.slopes
        else:
            require_rank("weight", weight, 1)
            require_same_dtype(("input", "weight"), x, weight)
            agree(self, "num_parameters", weight.shape[0])
            slopes = weight.shape[0]
        channels = x.shape[1] if x.rank > 1 else 1
        if slopes != 1 and differ(slopes, channels):
            raise OpError(
                f"prelu has {slopes} slopes, the input {x} has {channels} channels",
                code=Code.BAD_VALUE if weight is None else Code.SHAPE_MISMATCH,
                ports=("input",),
                field="num_parameters",
            )
        return x

    @property
    def slopes(self) -> int:
        return 1 if self.num_parameters is None else self.num_parameters

    def tensors(self, x: TensorType, weight: TensorType | None = None) -> Mapping[str, Weight]:
        return {} if weight is not None else {"weight": Weight((self.slopes,))}


@final
class Rrelu(Activation):
    """Leaky ReLU whose slope is drawn while training: `torch.nn.RReLU`, arXiv:1505.00853."""

    name = "rrelu"
    called = "RReLU"
    lower: float = Field(1 / 8, description="least slope")
    upper: float = Field(1 / 3, description="greatest slope")

    def infer(self, x: TensorType, *others: Any) -> TensorType:
        if self.lower > self.upper:
            raise OpError(
                f"rrelu's lower {self.lower} is more than its upper {self.upper}", code=Code.BAD_VALUE, field="lower"
            )
        return super().infer(x)


@final
class Elu(Activation):
    """x where positive, else alpha * (exp(x) - 1): `torch.nn.ELU`, arXiv:1511.07289."""

    name = "elu"
    called = "ELU"
    overwrites = True
    invertible = True
    alpha: float = Field(1.0, description="minus the limit at minus infinity")

    def can_overwrite(self) -> bool:
        """Below 0 the output does not tell on which side the input was."""
        return self.alpha >= 0


@final
class Celu(Activation):
    """x where positive, else alpha * (exp(x / alpha) - 1): `torch.nn.CELU`, arXiv:1704.07483."""

    name = "celu"
    called = "CELU"
    alpha: float = Field(1.0, description="minus the limit at minus infinity, not 0")

    def infer(self, x: TensorType, *others: Any) -> TensorType:
        if self.alpha == 0:
            raise OpError("celu's alpha cannot be 0", code=Code.BAD_VALUE, field="alpha")
        return super().infer(x)


@final
class Selu(Activation):
    """Scaled ELU with fixed constants: `torch.nn.SELU`, arXiv:1706.02515."""

    name = "selu"
    called = "SELU"
    overwrites = True
    invertible = True


@final
class Gelu(Activation):
    """x times the normal distribution function of x: `torch.nn.GELU`, arXiv:1606.08415."""

    name = "gelu"
    called = "GELU"
    approximate: Literal["none", "tanh"] = Field("none", description="`tanh`: GPT-2's approximation")


@final
class Silu(Activation):
    """x * sigmoid(x), also called swish: `torch.nn.SiLU`, arXiv:1702.03118."""

    name = "silu"
    called = "SiLU"
    overwrites = True


@final
class Mish(Activation):
    """x * tanh(softplus(x)): `torch.nn.Mish`, arXiv:1908.08681."""

    name = "mish"


@final
class Hardswish(Activation):
    """x * relu6(x + 3) / 6: `torch.nn.Hardswish`, arXiv:1905.02244."""

    name = "hardswish"
    overwrites = True


@final
class Hardsigmoid(Activation):
    """relu6(x + 3) / 6: `torch.nn.Hardsigmoid`."""

    name = "hardsigmoid"


@final
class Hardtanh(Activation):
    """x, clamped: `torch.nn.Hardtanh`."""

    name = "hardtanh"
    min_val: float = Field(-1.0, description="least value")
    max_val: float = Field(1.0, description="greatest value, above min_val")

    def infer(self, x: TensorType, *others: Any) -> TensorType:
        if self.max_val <= self.min_val:
            raise OpError(
                f"hardtanh's max_val {self.max_val} must be above its min_val {self.min_val}",
                code=Code.BAD_VALUE,
                field="max_val",
            )
        return super().infer(x)


@final
class Hardshrink(Activation):
    """x where |x| > lambd, else 0: `torch.nn.Hardshrink`."""

    name = "hardshrink"
    lambd: float = Field(0.5, description="half-width of the interval that becomes 0")


@final
class Softshrink(Activation):
    """x moved towards 0 by lambd, not beyond: `torch.nn.Softshrink`."""

    name = "softshrink"
    lambd: float = Field(0.5, ge=0, description="half-width of the interval that becomes 0")


@final
class Tanhshrink(Activation):
    """x - tanh(x): `torch.nn.Tanhshrink`."""

    name = "tanhshrink"


@final
class Sigmoid(Activation):
    """1 / (1 + exp(-x)): `torch.nn.Sigmoid`."""

    name = "sigmoid"


@final
class LogSigmoid(Activation):
    """log(sigmoid(x)): `torch.nn.LogSigmoid`."""

    name = "log_sigmoid"
    called = "LogSigmoid"


@final
class Logit(Activation):
    """log(x / (1 - x)), which undoes `sigmoid`: `torch.logit`."""

    name = "logit"
    eps: float | None = Field(None, description="x is first clamped from eps to 1 - eps; none: it is taken as it is")


@final
class Tanh(Activation):
    """tanh(x): `torch.nn.Tanh`."""

    name = "tanh"


@final
class Softplus(Activation):
    """log(1 + exp(beta * x)) / beta: `torch.nn.Softplus`."""

    name = "softplus"
    beta: float = Field(1.0, description="sharpness")
    threshold: float = Field(20.0, description="beta * x above which the result is x")


@final
class Softsign(Activation):
    """x / (1 + |x|): `torch.nn.Softsign`."""

    name = "softsign"


@final
class Threshold(Activation):
    """x where above threshold, else value: `torch.nn.Threshold`."""

    name = "threshold"
    threshold: float = Field(description="where x begins to pass")
    value: float = Field(description="what stands elsewhere")


@final
class Glu(Activation):
    """First half of a dimension times the sigmoid of the second: `torch.nn.GLU`, arXiv:1612.08083."""

    name = "glu"
    called = "GLU"
    dim: int = Field(-1, description="the dimension that is halved")

    def infer(self, x: TensorType, *others: Any) -> TensorType:
        super().infer(x)
        dim = normal_dim(self.dim, x.rank)
        size = x.shape[dim]
        if divides(2, size) is False:
            raise OpError(
                f"glu cannot halve dimension {self.dim} of {x}: {size} is odd",
                code=Code.SIZE_ERROR,
                ports=("input",),
                field="dim",
            )
        return x.with_shape(replaced(x.shape, dim, size // 2))


class SoftmaxFamily(Activation):
    follows = False

    dim: int = Field(description="the dimension whose elements become a distribution")

    def infer(self, x: TensorType, *others: Any) -> TensorType:
        # torch gives a scalar the dimensions -1 and 0
        normal_dim(self.dim, max(x.rank, 1))
        return super().infer(x)


@final
class Softmax(SoftmaxFamily):
    """exp(x), scaled so that it sums to 1 along dim: `torch.nn.Softmax`."""

    name = "softmax"


@final
class Softmin(SoftmaxFamily):
    """softmax(-x): `torch.nn.Softmin`."""

    name = "softmin"


@final
class LogSoftmax(SoftmaxFamily):
    """log(softmax(x)): `torch.nn.LogSoftmax`."""

    name = "log_softmax"
    called = "LogSoftmax"


@final
class Softmax2d(Activation):
    """softmax over the channels of (N, C, H, W): `torch.nn.Softmax2d`."""

    name = "softmax2d"

    def infer(self, x: TensorType, *others: Any) -> TensorType:
        require_batched(self.name, x, 4, LAYOUTS[2])
        return super().infer(x)
