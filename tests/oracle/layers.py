"""Every op as torch computes it, from its fields: without the compiler's lowering.

`compute(op, inputs, tensors, training)` takes the op at known sizes, its inputs in the order of its ports (None
for one that is not fed) and its own tensors by name, and gives what torch makes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from archdsl.ops.base import Op
from tests.oracle.axes import rearranged
from tests.oracle.parametrized import with_computed
from tests.oracle.recurrent import cell, recurrent

Inputs = Sequence[Any]
Tensors = Mapping[str, Tensor]


def compute(op: Op, inputs: Inputs, tensors: Tensors, training: bool) -> Any:
    """The op's output, or its outputs as a tuple."""
    special = _SPECIAL.get(op.name)
    if special is not None:
        return special(op, list(inputs), with_computed(op, tensors, training), training)
    if op.name in _FUNCTIONS:
        return _FUNCTIONS[op.name](*inputs, **_fields(op))
    if op.name in _METHODS:
        return getattr(inputs[0], op.name)(*inputs[1:], **_fields(op))
    raise AssertionError(f"the oracle does not know {op.name}")


def _fields(op: Op) -> dict[str, Any]:
    """Every field but those at null, which torch would not take."""
    return {name: value for name in type(op).model_fields if (value := getattr(op, name)) is not None}


def _fed(inputs: Inputs, place: int, tensors: Tensors, name: str) -> Tensor | None:
    """A weight that is fed, or the node's own."""
    given = inputs[place] if place < len(inputs) else None
    return tensors.get(name) if given is None else given


# --- convolutions -----------------------------------------------------------------------------------


def _conv(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    x, weight = inputs[0], _fed(inputs, 1, tensors, "weight")
    fed = len(inputs) > 1 and inputs[1] is not None
    bias = inputs[2] if fed and len(inputs) > 2 else tensors.get("bias")
    assert weight is not None
    spatial = weight.dim() - 2
    if op.padding == "same_upper":
        margins = upper(x, weight.shape[2:], op.stride, op.dilation)
    elif op.padding == "same":
        total = [d * (k - 1) for d, k in zip(op.dilation, weight.shape[2:], strict=True)]
        margins = [(t // 2, t - t // 2) for t in total]
    else:
        sizes = (0,) * spatial if op.padding == "valid" else op.padding
        margins = [(p, p) for p in sizes]
    flat = [m for pair in reversed(margins) for m in pair]
    mode = "constant" if op.padding_mode == "zeros" else op.padding_mode
    padded = F.pad(x, flat, mode=mode) if any(flat) else x
    function = getattr(F, f"conv{spatial}d")
    result: Tensor = function(padded, weight, bias, op.stride, 0, op.dilation, op.groups)
    return result


def upper(x: Tensor, *windows: Sequence[int]) -> list[tuple[int, int]]:
    """TensorFlow's padding before and after for windows of this kernel, stride and dilation."""
    found = []
    for size, k, s, d in zip(x.shape[2:], *windows, strict=True):
        total = max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
        found.append((total // 2, total - total // 2))
    return found


def _pool(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Any:
    fields, x = _fields(op), inputs[0]
    function = getattr(F, op.name)
    if op.padding != "same_upper":
        return function(x, **fields)
    gaps = fields.get("dilation", (1,) * len(op.kernel_size))
    pads = [m for pair in reversed(upper(x, op.kernel_size, op.stride or op.kernel_size, gaps)) for m in pair]
    fields["padding"] = 0
    if op.name.startswith("max"):
        return function(F.pad(x, pads, value=-inf), **fields)
    made = function(F.pad(x, pads), **fields)
    if op.count_include_pad or fields.get("divisor_override"):
        return made
    return made / function(F.pad(torch.ones_like(x), pads), **fields)


def _transposed(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    x, weight = inputs[0], _fed(inputs, 1, tensors, "weight")
    fed = len(inputs) > 1 and inputs[1] is not None
    bias = inputs[2] if fed and len(inputs) > 2 else tensors.get("bias")
    assert weight is not None
    function = getattr(F, f"conv_transpose{weight.dim() - 2}d")
    result: Tensor = function(
        x, weight, bias, op.stride, op.padding, op.output_padding, op.groups, op.dilation
    )  # fmt: skip
    return result


# --- normalisation ----------------------------------------------------------------------------------


def _batch_norm(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    x = inputs[0]
    mean, var = tensors.get("running_mean"), tensors.get("running_var")
    batch = training or mean is None
    factor = 0.0 if op.momentum is None else op.momentum
    if training and op.track_running_stats:
        count = tensors["num_batches_tracked"]
        count.add_(1)
        factor = 1.0 / float(count) if op.momentum is None else op.momentum
    result: Tensor = F.batch_norm(x, mean, var, tensors.get("weight"), tensors.get("bias"), batch, factor, op.eps)
    return result


def _instance_norm(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    mean, var = tensors.get("running_mean"), tensors.get("running_var")
    # torch's module does not count the batches
    result: Tensor = F.instance_norm(
        inputs[0], mean, var, tensors.get("weight"), tensors.get("bias"), training or mean is None,
        0.0 if op.momentum is None else op.momentum, op.eps,
    )  # fmt: skip
    return result


def _layer_norm(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    x = inputs[0]
    weight, bias = _fed(inputs, 1, tensors, "weight"), _fed(inputs, 2, tensors, "bias")
    return F.layer_norm(x, x.shape[x.dim() - op.normalized_dims :], weight, bias, op.eps)


def _rms_norm(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    x = inputs[0]
    return F.rms_norm(x, x.shape[x.dim() - op.normalized_dims :], _fed(inputs, 1, tensors, "weight"), op.eps)


def _group_norm(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    return F.group_norm(inputs[0], op.num_groups, tensors.get("weight"), tensors.get("bias"), op.eps)


# --- layers -----------------------------------------------------------------------------------------


def _linear(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    weight, bias = _fed(inputs, 1, tensors, "weight"), _fed(inputs, 2, tensors, "bias")
    assert weight is not None
    return F.linear(inputs[0], weight, bias)


def _bilinear(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    return F.bilinear(inputs[0], inputs[1], tensors["weight"], tensors.get("bias"))


def _prelu(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    weight = _fed(inputs, 1, tensors, "weight")
    assert weight is not None
    return F.prelu(inputs[0], weight)


def _embedding(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    weight = _fed(inputs, 1, tensors, "weight")
    assert weight is not None
    result: Tensor = F.embedding(inputs[0], weight, op.padding_idx)
    return result


def _bag(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    x: Tensor = inputs[0]
    weight, weights = _fed(inputs, 1, tensors, "weight"), (*inputs, None, None)[2]
    assert weight is not None
    result: Tensor = F.embedding_bag(
        x.flatten(), weight, torch.arange(0, x.numel(), x.shape[1], dtype=x.dtype), mode=op.mode,
        per_sample_weights=None if weights is None else weights.flatten(), padding_idx=op.padding_idx,
    )  # fmt: skip
    return result


def _dropout(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    result: Tensor = getattr(F, op.name)(inputs[0], op.p, training)
    return result


def _stochastic_depth(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    x: Tensor = inputs[0]
    if not training or op.p == 0:
        return x
    rows = x.shape[0] if op.mode == "row" else 1
    kept = x.new_empty((rows, *(1,) * (x.dim() - 1))).bernoulli_(1 - op.p)
    return x * (kept / (1 - op.p) if op.p < 1 else kept)


# --- attention --------------------------------------------------------------------------------------


def _dot_product(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    q, k, v, mask = (*inputs, None)[:4]
    return F.scaled_dot_product_attention(
        q, k, v, mask, op.dropout_p * training, op.is_causal, scale=op.scale, enable_gqa=op.enable_gqa
    )


def _multihead(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    query, key, value, padding, mask = (*inputs, None, None)[:5]
    size, heads = query.shape[-1], op.num_heads
    if "in_proj_weight" in tensors:
        weights = tensors["in_proj_weight"].split(size)
    else:
        weights = tuple(tensors[f"{x}_proj_weight"] for x in "qkv")
    biases = tensors["in_proj_bias"].split(size) if op.bias else (None,) * 3
    q, k, v = (
        F.linear(x, w, b).unflatten(-1, (heads, -1)).transpose(1, 2)
        for x, w, b in zip((query, key, value), weights, biases, strict=True)
    )
    scores = _added(q.new_zeros(()), padding, lambda x: x[:, None, None, :])
    scores = _added(scores, mask, lambda x: x if x.dim() == 2 else x.unflatten(0, (-1, heads)))
    added = scores if scores.dim() else None
    y = F.scaled_dot_product_attention(q, k, v, added, op.dropout * training, op.is_causal)
    return F.linear(y.transpose(1, 2).flatten(2), tensors["out_proj.weight"], tensors.get("out_proj.bias"))


def _added(scores: Tensor, hidden: Tensor | None, shaped: Callable[[Tensor], Tensor]) -> Tensor:
    """What is added to the scores, with -inf wherever torch's layer is told to hide a key."""
    if hidden is None:
        return scores
    numbers = torch.zeros(hidden.shape).to(scores).masked_fill(hidden, -inf) if hidden.dtype == torch.bool else hidden
    return scores + shaped(numbers)


# --- dimensions -------------------------------------------------------------------------------------


def _slice(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    x: Tensor = inputs[0]
    places = range(x.shape[op.dim])[op.start : op.end : op.step]
    return x.index_select(op.dim, torch.tensor([*places]))


def _index(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    x, index = inputs
    rows: Tensor = x.index_select(op.dim, index.flatten())
    return rows.unflatten(op.dim, index.shape)


def _roll(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    result: Tensor = torch.roll(inputs[0], op.shifts, op.dims)
    return result


def _rearrange(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    return rearranged(inputs[0], op.pattern, op.given)


def _cast(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    x: Tensor = inputs[0]
    # float32 stands for the model's dtype, float64 here
    return x.to(torch.float64 if op.dtype == "float32" else getattr(torch, op.dtype.removeprefix("torch.")))


def _one_hot(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    return (inputs[0][..., None] == torch.arange(op.num_classes)).long()


def _pad(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    return F.pad(inputs[0], op.pad, op.mode, op.value) if any(op.pad) else inputs[0]


def _interpolate(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    recomputed = op.recompute_scale_factor
    return F.interpolate(
        inputs[0], op.size, op.scale_factor, op.mode, op.align_corners, recomputed, antialias=op.antialias
    )


def _channel_shuffle(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    x: Tensor = inputs[0]
    return x.unflatten(1, (op.groups, -1)).transpose(1, 2).flatten(1, 2)


def _norm(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    result: Tensor = torch.linalg.vector_norm(inputs[0], op.p, op.dim, op.keepdim)
    return result


def _reduced(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Any:
    fields = _fields(op)
    return getattr(torch, op.name)(inputs[0], **(fields if "dim" in fields else {}))


def _spread(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    result: Tensor = getattr(torch, op.name)(inputs[0], op.dim, correction=op.correction, keepdim=op.keepdim)
    return result


def _lp_pool(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Tensor:
    fields = _fields(op)
    if len(op.kernel_size) == 1:  # torch's function wants numbers there
        fields = {name: value[0] if isinstance(value, tuple) else value for name, value in fields.items()}
    result: Tensor = getattr(F, op.name)(inputs[0], **fields)
    return result


def _positional(name: str, *fields: str) -> Callable[..., Any]:
    """A method of the tensor with fields by position."""

    def run(op: Any, inputs: Inputs, tensors: Tensors, training: bool) -> Any:
        return getattr(inputs[0], name)(*(getattr(op, field) for field in fields))

    return run


_F_NAMES: Final = (
    "relu", "relu6", "leaky_relu", "elu", "celu", "selu", "gelu", "silu", "mish", "hardswish", "hardsigmoid",
    "hardtanh", "hardshrink", "softshrink", "tanhshrink", "softplus", "softsign", "threshold", "glu", "softmax",
    "softmin", "log_softmax", "local_response_norm", "cosine_similarity", "pairwise_distance", "normalize",
    "pixel_shuffle", "pixel_unshuffle", "grid_sample", "affine_grid", "unfold", "fold",
    *(f"max_unpool{n}d" for n in (1, 2, 3)),
    *(f"adaptive_{kind}_pool{n}d" for kind in ("max", "avg") for n in (1, 2, 3)),
)  # fmt: skip
_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    **{name: getattr(F, name) for name in _F_NAMES},
    **{name: getattr(torch, name) for name in ("sigmoid", "logit", "tanh", "where", "matmul", "bmm", "cdist")},
    "log_sigmoid": F.logsigmoid,
    "identity": lambda x: x,
    "logsumexp": lambda x, **fields: (x if x.is_floating_point() else x.double()).logsumexp(**fields),
    "detach": lambda x: x.detach(),
}
_METHODS: Final = frozenset([
    "flatten", "unflatten", "reshape", "permute", "transpose", "unsqueeze", "flip", "tril", "triu", "tile", "chunk",
    "tensor_split", "unbind", "select", "narrow", "logsumexp", "cumsum", "cumprod", "logcumsumexp", "topk", "sort",
    "masked_fill",
])  # fmt: skip
_SPECIAL: Final[dict[str, Callable[..., Any]]] = {
    **{f"conv{n}d": _conv for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": _transposed for n in (1, 2, 3)},
    **{f"batch_norm{n}d": _batch_norm for n in (1, 2, 3)},
    **{f"instance_norm{n}d": _instance_norm for n in (1, 2, 3)},
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "group_norm": _group_norm,
    "linear": _linear,
    "bilinear": _bilinear,
    "prelu": _prelu,
    "rrelu": lambda op, inputs, tensors, training: F.rrelu(inputs[0], op.lower, op.upper, training),
    **{f"{kind}_pool{n}d": _pool for kind in ("max", "avg") for n in (1, 2, 3)},
    **{f"lp_pool{n}d": _lp_pool for n in (1, 2, 3)},
    "softmax2d": lambda op, inputs, tensors, training: torch.softmax(inputs[0], 1),
    "embedding": _embedding,
    **{f"dropout{n}": _dropout for n in ("", "1d", "2d", "3d")},
    "alpha_dropout": _dropout,
    "feature_alpha_dropout": _dropout,
    "stochastic_depth": _stochastic_depth,
    "embedding_bag": _bag,
    **dict.fromkeys(("rnn", "lstm", "gru"), recurrent),
    **dict.fromkeys(("rnn_cell", "lstm_cell", "gru_cell"), cell),
    "multihead_attention": _multihead,
    "scaled_dot_product_attention": _dot_product,
    "squeeze": lambda op, inputs, tensors, training: inputs[0].squeeze(*() if op.dim is None else (op.dim,)),
    "slice": _slice,
    "roll": _roll,
    "rearrange": _rearrange,
    "expand": _positional("expand", "size"),
    "repeat": _positional("repeat", "repeats"),
    "repeat_interleave": _positional("repeat_interleave", "repeats", "dim"),
    "tile": _positional("tile", "dims"),
    "unflatten": _positional("unflatten", "dim", "unflattened_size"),
    "chunk": _positional("chunk", "chunks", "dim"),
    "split": _positional("split", "split_size", "dim"),
    "tensor_split": _positional("tensor_split", "indices_or_sections", "dim"),
    "unbind": _positional("unbind", "dim"),
    "index": _index,
    "index_select": lambda op, inputs, tensors, training: inputs[0].index_select(op.dim, inputs[1]),
    "gather": lambda op, inputs, tensors, training: inputs[0].gather(op.dim, inputs[1]),
    "take_along_dim": lambda op, inputs, tensors, training: inputs[0].take_along_dim(inputs[1], op.dim),
    "cat": lambda op, inputs, tensors, training: torch.cat(inputs, op.dim),
    "stack": lambda op, inputs, tensors, training: torch.stack(inputs, op.dim),
    "einsum": lambda op, inputs, tensors, training: torch.einsum(op.equation, *inputs),
    "cast": _cast,
    "one_hot": _one_hot,
    "pad": _pad,
    "interpolate": _interpolate,
    "channel_shuffle": _channel_shuffle,
    "norm": _norm,
    **dict.fromkeys(("mean", "sum", "prod", "amax", "amin", "max", "min", "argmax", "argmin"), _reduced),
    **dict.fromkeys(("var", "std"), _spread),
}
KNOWN: Final = frozenset((*_SPECIAL, *_FUNCTIONS, *_METHODS))
