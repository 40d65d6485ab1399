"""Unpooling: `nn.MaxUnpool2d(...)` or `F.max_unpool2d(...)`."""

from archdsl.ops.unpool import MaxUnpool
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, fields, lower
from archdsl_torch.lowering.tree import In, Method, Self
from archdsl_torch.ops.layers import layer_fields


@lower.register
def _(op: MaxUnpool, x: TensorType, indices: TensorType) -> Lowered:
    options = layer_fields(op, "kernel_size", "stride", "padding")
    module = call(f"nn.{type(op).__name__}", **options)
    size = fields(op, "output_size")
    called = Method(Self(), "__call__", (In(0), In(1)), tuple(size.items())) if size else None
    return Lowered(module, call(f"F.{op.name}", In(0), In(1), **options, **size), called)
