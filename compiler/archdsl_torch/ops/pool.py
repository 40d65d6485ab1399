"""Pooling: `nn.MaxPool2d(...)` or `F.max_pool2d(...)`."""

from math import inf

from archdsl.ops.base import Op
from archdsl.ops.pool import AdaptiveMaxPool, AdaptivePool, AvgPool, DivisorPool, LpPool, MaxPool, PaddedPool, Pool
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, fields, lower
from archdsl_torch.lowering.tree import Arg, Call, Code, Fixed, In, Infix, Method, Range, Self, Subscript
from archdsl_torch.ops.layers import layer_field, layer_fields, padded_before


@lower.register
def _(op: MaxPool, x: TensorType) -> Lowered:
    names = ("kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode")
    return _pool(op, *names) if op.sides is not None else _after_padding(op, x, *names, value=Arg(-inf))


@lower.register
def _(op: AvgPool, x: TensorType) -> Lowered:
    own = ("divisor_override",) if isinstance(op, DivisorPool) else ()
    if op.sides is None:
        return _averaged(op, x, *own)
    return _pool(op, "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", *own)


@lower.register
def _(op: LpPool, x: TensorType) -> Lowered:
    return _pool(op, "norm_type", "kernel_size", "stride", "ceil_mode")


@lower.register
def _(op: AdaptivePool, x: TensorType) -> Lowered:
    return _both(op, layer_field(op, "output_size"))


@lower.register
def _(op: AdaptiveMaxPool, x: TensorType) -> Lowered:
    return _both(op, layer_field(op, "output_size"), **fields(op, "return_indices"))


def _pool(op: Pool, *names: str) -> Lowered:
    return _both(op, **layer_fields(op, *names))


def _after_padding(op: PaddedPool, x: TensorType, *names: str, **value: Code) -> Lowered:
    """A pooling without padding of what is padded before."""
    given = layer_fields(op, *(name for name in names if name != "padding"))
    module, padded = _module(op, **given), _padded(op, x, In(0), **value)
    called = None if padded == In(0) else Method(Self(), "__call__", (padded,))
    return Lowered(module, call(f"F.{op.name}", padded, **given), called)


def _averaged(op: AvgPool, x: TensorType, *names: str) -> Lowered:
    """The mean of each window; where the padding does not count, by the mean of as many ones."""
    names = ("kernel_size", "stride", "ceil_mode", *names)
    plain = _after_padding(op, x, *names)
    if op.count_include_pad or getattr(op, "divisor_override", None) is not None or plain.call is None:
        return plain
    first = Subscript(In(0), (Range(stop=Fixed(1)), Range(stop=Fixed(1))))
    ones = _padded(op, x, call("torch.ones_like", first))
    again: dict[str, Code] = {name: Arg(layer_field(op, name).value) for name in layer_fields(op, *names)}
    assert plain.function is not None
    return Lowered(None, Infix("/", plain.function, call(f"F.{op.name}", ones, **again)))


def _padded(op: PaddedPool, x: TensorType, code: Code, **value: Code) -> Code:
    return padded_before(code, x, op.margins(x.shape[2:]), (op.kernel_size, op.steps, op.gaps), **value)


def _both(op: Op, *args: Code, **kwargs: Code) -> Lowered:
    return Lowered(_module(op, *args, **kwargs), call(f"F.{op.name}", In(0), *args, **kwargs))


def _module(op: Op, *args: Code, **kwargs: Code) -> Call:
    return call(f"nn.{type(op).__name__.replace('Lp', 'LP')}", *args, **kwargs)
