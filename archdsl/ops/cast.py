"""Ops that change what a tensor is, not what it holds."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, final

from pydantic import Field

from archdsl.ops.base import Kind, Op
from archdsl.ops.memory import Placed, Sizes
from archdsl.ops.rules import DType
from archdsl.shapes import TensorType


@final
class Cast(Op):
    """Converts the elements to another dtype; float32 stands for the model's floating dtype."""

    name: ClassVar[str] = "cast"
    aliases: ClassVar[tuple[str, ...]] = ("as_type", "to_dtype")
    kind: ClassVar[Kind] = Kind.RESHAPE
    follows: ClassVar[bool] = True
    dtype: Annotated[DType, Field(description="the new dtype, torch's name")]

    def infer(self, x: TensorType) -> TensorType:
        return TensorType(x.shape, self.dtype)

    def views(self, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...] | None:
        return (x.strides,) if x.dtype == self.dtype else None


@final
class Detach(Op):
    """The same tensor, through which no gradient flows."""

    name: ClassVar[str] = "detach"
    aliases: ClassVar[tuple[str, ...]] = ("stop_gradient",)
    kind: ClassVar[Kind] = Kind.RESHAPE

    def infer(self, x: TensorType) -> TensorType:
        return x

    def views(self, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...]:
        return (x.strides,)


CAST = (Cast, Detach)
