"""Ops that make one tensor of several."""

from collections.abc import Sequence
from functools import reduce
from typing import Annotated, final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.ops.base import Moving, OpError, Port, normal_dim
from archdsl.ops.rules import promote, replaced
from archdsl.shapes import Dim, TensorType, add, differ


@final
class Cat(Moving):
    """Joins tensors along a dimension; their other sizes are equal."""

    name = "cat"
    called = "Concat"
    ports = (Port("tensors", variadic=True),)
    dim: Annotated[int, Field(description="the dimension along which they are joined")] = 0

    def infer(self, *tensors: TensorType) -> TensorType:
        first = tensors[0]
        if first.rank == 0:
            raise OpError("cannot join scalars", code=Code.RANK_ERROR, hint="use `stack`")
        dim = normal_dim(self.dim, first.rank)
        for place, x in enumerate(tensors):
            _check_alike("join", first, x, place, skip=dim)
        sizes: list[Dim] = [x.shape[dim] for x in tensors]
        return TensorType(replaced(first.shape, dim, reduce(add, sizes)), _common(tensors))


@final
class Stack(Moving):
    """Joins tensors of one shape along a new dimension."""

    name = "stack"
    about = ""
    ports = (Port("tensors", variadic=True),)
    dim: Annotated[int, Field(description="the new dimension's place in the output")] = 0

    def infer(self, *tensors: TensorType) -> TensorType:
        first = tensors[0]
        dim = normal_dim(self.dim, first.rank + 1)
        for place, x in enumerate(tensors):
            _check_alike("stack", first, x, place)
        shape = (*first.shape[:dim], len(tensors), *first.shape[dim:])
        return TensorType(shape, _common(tensors))


def _common(tensors: Sequence[TensorType]) -> str:
    return reduce(promote, (x.dtype for x in tensors))


def _check_alike(verb: str, first: TensorType, x: TensorType, place: int, skip: int | None = None) -> None:
    """Raises OpError unless `x`, input number `place`, has the first's rank and sizes, but for `skip`."""
    if x.shape == first.shape:
        return
    ports = ("0", str(place))
    if x.rank != first.rank:
        message = f"cannot {verb} {first} of rank {first.rank} and {x} of rank {x.rank}"
        raise OpError(message, code=Code.RANK_ERROR, ports=ports)
    for dim, (left, right) in enumerate(zip(first.shape, x.shape, strict=True)):
        if left is not right and dim != skip and differ(left, right):
            along = "" if skip is None else f" along dimension {skip}"
            message = f"cannot {verb} {first} and {x}{along}: dimension {dim} is {left} and {right}"
            raise OpError(message, ports=ports, field="dim" if skip is not None else None)
