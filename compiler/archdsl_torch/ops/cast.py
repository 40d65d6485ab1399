"""The torch half of `archdsl.ops.cast`."""

from typing import Final

from archdsl.ops.cast import Cast, Detach
from archdsl.ops.rules import SINGLE
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, as_method, lower, method
from archdsl_torch.lowering.tree import In

_METHODS: Final = {
    "bool": "bool",
    "uint8": "byte",
    "int8": "char",
    "int16": "short",
    "int32": "int",
    "int64": "long",
    "float16": "half",
    "bfloat16": "bfloat16",
    "float32": "float",
    SINGLE: "float",
    "float64": "double",
}


@lower.register
def _(op: Cast, x: TensorType) -> Lowered:
    # equal dtypes stay in peace: float32 stands for whatever the model was built in
    return Lowered(None, In(0) if x.dtype == op.dtype else method(In(0), _METHODS[op.dtype]))


@lower.register
def _(op: Detach, x: TensorType) -> Lowered:
    return as_method(op)
