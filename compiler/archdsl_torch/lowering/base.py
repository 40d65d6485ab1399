"""What an op is in PyTorch, as a tree of code: `lower(op, *inputs) -> Lowered`.

The lowerings register on the op's class in `archdsl_torch.ops`, one module per theme, same stems as
`archdsl.ops`. A tree names torch's functions as generated source does: `nn` is `torch.nn`, `F` is
`torch.nn.functional`; a bare name is a class of `archdsl_torch.lowering.helpers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from archdsl.ops.base import Op, PackageError
from archdsl.ops.mirrors import by_class
from archdsl.shapes import TensorType
from archdsl_torch.lowering.tree import Arg, Call, Code, Global, In, Like, Method


class Lowered(NamedTuple):
    """An op as a module, as an expression, or as either; an op that owns tensors has a module."""

    module: Call | None
    """The constructor of a module. Its forward takes the op's fed inputs in port order, unless
    `call` says otherwise."""
    function: Code | None
    """An expression over the inputs."""
    call: Code | None = None
    """How the module is called, where that is not `module(*fed inputs)`: a `Method` of `Self`
    named `__call__`, whose arguments may be keywords."""
    outputs: tuple[int, ...] = ()
    """How many outputs stand together, where the module gives tuples inside of a tuple: (1, 2) for `y, (h, c)`."""


@by_class("archdsl_torch.ops", "archdsl_torch.lowerings")
def lower(op: Op, *inputs: TensorType | None) -> Lowered:
    """The PyTorch form of `op` for inputs of these types (None: an optional port that is not fed).

    The op's `infer` has accepted the inputs. Raises PackageError for an op without a lowering, which only one of an
    installed package can be.
    """
    raise PackageError(
        f"`{op.name}` has no lowering, so that no source can be printed",
        "its package names one by an entry point of the group `archdsl_torch.lowerings`",
    )


def call(function: str, *args: Code, **kwargs: Code) -> Call:
    return Call(function, args, tuple(kwargs.items()))


def method(receiver: Code, name: str, *args: Code, **kwargs: Code) -> Method:
    return Method(receiver, name, args, tuple(kwargs.items()))


def dtype_named(dtype: str) -> Code:
    """A dtype of the graph in torch: `float32` is that of the tensors around."""
    return Like("dtype") if dtype == "float32" else Global(f"torch.{dtype.removeprefix('torch.')}")


def fields(op: Op, *names: str) -> dict[str, Code]:
    """The keyword arguments for these fields; those at their default, which is torch's, are left out."""
    return {name: Arg(getattr(op, name), name) for name in names if not is_default(op, name)}


def as_method(op: Op) -> Lowered:
    """The method of the op's name with all its fields: by place those that must be given, by name the others."""
    own = type(op).model_fields
    required = [name for name, info in own.items() if info.is_required()]
    given = (Arg(getattr(op, name), name) for name in required)
    return Lowered(None, method(In(0), op.name, *given, **fields(op, *(name for name in own if name not in required))))


def is_default(op: Op, name: str) -> bool:
    return bool(getattr(op, name) == type(op).model_fields[name].get_default())


def fed(names: Sequence[str], inputs: Sequence[TensorType | None], start: int) -> dict[str, Code]:
    """Keyword arguments for the ports from `start` on that are fed, under torch's names for them."""
    return {
        name: In(index) for index, name in enumerate(names, start) if index < len(inputs) and inputs[index] is not None
    }
