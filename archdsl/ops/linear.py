"""Linear layers: matrices applied to the last dimension."""

from collections.abc import Mapping
from typing import final

from pydantic import Field

from archdsl.ops.base import Kind, Moving, Op, OpError, Port, PositiveInt, Weight
from archdsl.ops.layers import (
    BIAS,
    agree,
    known,
    require_float32,
    require_shape,
    require_together,
    required,
    weight_and_bias,
)
from archdsl.ops.parametrized import PARAMETRIZATION, Parametrized
from archdsl.ops.rules import require_float, require_least_rank, require_rank, require_same_dtype
from archdsl.shapes import Dim, TensorType, differ, format_shape


@final
class Linear(Op):
    """A matrix applied to the last dimension: `torch.nn.Linear`, or its function with a weight fed."""

    name = "linear"
    kind = Kind.LINEAR
    matrix = True
    fresh = True
    ports = (Port("input"), Port("weight", optional=True), Port("bias", optional=True))

    out_features: PositiveInt | None = Field(
        None, description="features of the output; required unless a weight is fed"
    )
    bias: bool = BIAS
    parametrization: Parametrized = PARAMETRIZATION

    def infer(self, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None) -> TensorType:
        require_together(self, weight, bias)
        out_features: int = required(self, "out_features") if weight is None else 0
        require_float("input", x, "put through linear")
        require_least_rank("input", x, 1)
        if weight is None:
            require_float32(self.name, x)
            known(self.name, x.shape[-1], "its input features")
            return x.with_shape((*x.shape[:-1], out_features))
        self._check_fed(x, weight, bias)
        return x.with_shape((*x.shape[:-1], weight.shape[0]))

    def tensors(
        self, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None
    ) -> Mapping[str, Weight]:
        if weight is not None:
            return {}
        out_features: int = required(self, "out_features")
        return weight_and_bias((out_features, x.shape[-1]), (out_features,) if self.bias else None)

    def macs(self, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None) -> Dim:
        out_features = weight.shape[0] if weight is not None else required(self, "out_features")
        return x.size * out_features

    def _check_fed(self, x: TensorType, weight: TensorType, bias: TensorType | None) -> None:
        require_rank("weight", weight, 2)
        require_same_dtype(("input", "weight"), x, weight)
        agree(self, "out_features", weight.shape[0])
        if differ(weight.shape[1], x.shape[-1]):
            raise OpError(
                f"linear's weight {weight} takes {weight.shape[1]} features, the input has {x.shape[-1]}",
                ports=("input", "weight"),
            )
        if bias is not None:
            require_shape(self.name, "bias", bias, weight.shape[:1])
            require_same_dtype(("input", "bias"), x, bias)


@final
class Bilinear(Op):
    """`input1 @ weight[o] @ input2` for every output feature o: `torch.nn.Bilinear`."""

    name = "bilinear"
    kind = Kind.LINEAR
    matrix = True
    fresh = True
    ports = (Port("input1"), Port("input2"))

    out_features: PositiveInt = Field(description="features of the output")
    bias: bool = BIAS
    parametrization: Parametrized = PARAMETRIZATION

    def infer(self, first: TensorType, second: TensorType) -> TensorType:
        for port, x in (("input1", first), ("input2", second)):
            require_float(port, x, "put through bilinear")
            require_least_rank(port, x, 1)
            require_float32(self.name, x, port)
            known(self.name, x.shape[-1], f"the features of {port}", port)
        unequal = first.rank == second.rank and [
            pair for pair in zip(first.shape[:-1], second.shape[:-1], strict=True) if differ(*pair)
        ]
        if first.rank != second.rank or unequal:
            raise OpError(
                f"bilinear's inputs must be equal but for their last dimension, not "
                f"{format_shape(first.shape)} and {format_shape(second.shape)}",
                ports=("input1", "input2"),
            )
        return first.with_shape((*first.shape[:-1], self.out_features))

    def tensors(self, first: TensorType, second: TensorType) -> Mapping[str, Weight]:
        size = (self.out_features, first.shape[-1], second.shape[-1])
        return weight_and_bias(size, (self.out_features,) if self.bias else None)

    def macs(self, first: TensorType, second: TensorType) -> Dim:
        """Of both products: with the weight, then with the second input."""
        return first.size * second.shape[-1] * self.out_features + (
            TensorType(first.shape[:-1]).size * second.shape[-1] * self.out_features
        )


@final
class Identity(Moving):
    """Its input: `torch.nn.Identity`."""

    name = "identity"
    silent = True

    def is_idle(self) -> bool:
        return True

    def infer(self, x: TensorType) -> TensorType:
        return x
