"""Attention through `F.scaled_dot_product_attention`."""

from math import inf

from archdsl.ops.attention import MultiheadAttention, ScaledDotProductAttention
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, fed, fields, lower, method
from archdsl_torch.lowering.tree import TRAINING, Arg, Code, Conditional, Fixed, In, Method, Self


@lower.register
def _(op: ScaledDotProductAttention, *inputs: TensorType | None) -> Lowered:
    mask = fed(("attn_mask",), inputs, start=3)
    dropout: dict[str, Code] = {}
    if op.dropout_p:
        dropout["dropout_p"] = Conditional(TRAINING, Arg(op.dropout_p, "dropout_p"), Fixed(0.0))
    options = fields(op, "is_causal", "scale", "enable_gqa")
    qkv = (In(0), In(1), In(2))
    return Lowered(None, call("F.scaled_dot_product_attention", *qkv, **mask, **dropout, **options))


@lower.register
def _(op: MultiheadAttention, *inputs: TensorType | None) -> Lowered:
    query, key, value, padding, mask = (*inputs, None, None)[:5]
    assert query is not None and key is not None and value is not None
    size = query.shape[-1]
    sizes: dict[str, Code] = {
        name: Arg(x.shape[-1], name) for name, x in (("kdim", key), ("vdim", value)) if x.shape[-1] != size
    }
    module = call(
        "MultiheadAttention",
        Arg(size, "embed_dim"),
        Arg(op.num_heads, "num_heads"),
        **fields(op, "dropout", "bias"),
        **sizes,
        **fields(op, "is_causal"),
    )
    seen = _seen(op, padding, mask)
    if seen is None:
        return Lowered(module, None)
    return Lowered(module, None, Method(Self(), "__call__", (In(0), In(1), In(2), seen)))


def _seen(op: MultiheadAttention, padding: TensorType | None, mask: TensorType | None) -> "Code | None":
    """The two masks as the one that scaled_dot_product_attention takes."""
    hidden = [
        (code, x.dtype == "bool") for code, x in ((_padding(), padding), (_mask(op, mask), mask)) if x is not None
    ]
    if not hidden:
        return None
    (code, boolean), *others = hidden
    for other, other_boolean in others:
        code = _either(code, boolean, other, other_boolean)
        boolean = boolean and other_boolean
    # torch's layer hides where a mask is true, its function shows
    return method(code, "logical_not") if boolean else code


def _either(left: Code, left_boolean: bool, right: Code, right_boolean: bool) -> Code:
    """What hides a key where either mask does; a mask of numbers is added to the scores."""
    if left_boolean and right_boolean:
        return method(left, "logical_or", right)
    if left_boolean:
        return method(right, "masked_fill", left, Arg(-inf))
    if right_boolean:
        return method(left, "masked_fill", right, Arg(-inf))
    return method(left, "add", right)


def _padding() -> Code:
    """(N, S) -> (N, 1, 1, S)"""
    return method(method(In(3), "unsqueeze", Arg(1)), "unsqueeze", Arg(1))


def _mask(op: MultiheadAttention, mask: TensorType | None) -> Code:
    """(T, S) as it is; (N * heads, T, S) -> (N, heads, T, S)"""
    if mask is None or mask.rank == 2:
        return In(4)
    return method(In(4), "unflatten", Arg(0), Arg((-1, op.num_heads)))
