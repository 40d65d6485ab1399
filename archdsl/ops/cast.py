"""Ops that change what a tensor is, not what it holds."""

from typing import Annotated, final

from pydantic import Field

from archdsl.ops.base import Kind, Moving, Op
from archdsl.ops.rules import MadeDType
from archdsl.shapes import TensorType


@final
class Cast(Op):
    """Converts the elements to another dtype; `float32` is the model's own, `torch.float32` that of 32 bits."""

    name = "cast"
    kind = Kind.RESHAPE
    silent = True
    called = "Cast to"
    about = "dtype"
    follows = True
    dtype: Annotated[MadeDType, Field(description="the new dtype, torch's name")]

    def infer(self, x: TensorType) -> TensorType:
        return TensorType(x.shape, self.dtype)


@final
class Detach(Moving):
    """The same tensor, through which no gradient flows."""

    name = "detach"
    differentiable = False

    def infer(self, x: TensorType) -> TensorType:
        return x
