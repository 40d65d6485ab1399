"""Pooling: `nn.MaxPool2d(...)` or `F.max_pool2d(...)`."""

from __future__ import annotations

from archdsl.ops.base import Op
from archdsl.ops.pool import AdaptivePool, AvgPool, DivisorPool, LpPool, MaxPool, Pool
from archdsl.shapes import TensorType
from archdsl_torch.lowering import Code, In, Lowered, call, lower
from archdsl_torch.ops.layers import layer_field, layer_fields


@lower.register
def _(op: MaxPool, x: TensorType) -> Lowered:
    return _pool(op, "kernel_size", "stride", "padding", "dilation", "ceil_mode")


@lower.register
def _(op: AvgPool, x: TensorType) -> Lowered:
    return _pool(op, "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")


@lower.register
def _(op: DivisorPool, x: TensorType) -> Lowered:
    names = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")
    return _pool(op, *names)


@lower.register
def _(op: LpPool, x: TensorType) -> Lowered:
    return _pool(op, "norm_type", "kernel_size", "stride", "ceil_mode")


@lower.register
def _(op: AdaptivePool, x: TensorType) -> Lowered:
    return _both(op, layer_field(op, "output_size"), **{})


def _pool(op: Pool, *names: str) -> Lowered:
    return _both(op, **layer_fields(op, *names))


def _both(op: Op, *args: Code, **kwargs: Code) -> Lowered:
    module = call(f"nn.{type(op).__name__.replace('Lp', 'LP')}", *args, **kwargs)
    return Lowered(module, call(f"F.{op.name}", In(0), *args, **kwargs))
