"""Layers: calls that read weights, which are a node's own where the module that runs them has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from archdsl.ops import OPS
from archdsl_torch.importing.said import Said, Saying, Unsaid, short
from archdsl_torch.importing.tracing import TracedCall

_OF_WEIGHTS: Final = frozenset((
    "out_channels", "kernel_size", "out_features", "bias", "elementwise_affine", "num_embeddings", "embedding_dim",
    "num_parameters",
))  # fmt: skip
"""Fields that the weights say where they are read."""
_FED: Final = ("weight", "bias")
_STATISTICS: Final = ("running_mean", "running_var")


def _layer(call: TracedCall, own: str | None, kind: str, fields: dict[str, Any], ports: tuple[str, ...] = _FED) -> Said:
    """A layer with weights of its own, or one that reads them."""
    op, source = OPS[kind], call.given[0]
    weights = {port: each for port in ports if (each := call.argument(port)) is not None}
    if (owned := _owned(own, weights)) is not None:
        return Said(kind, {"input": source}, short(op, fields), owns=owned)
    fields = {name: value for name, value in fields.items() if name not in _OF_WEIGHTS}
    return Said(kind, {"input": source, **weights}, short(op, fields))


def _owned(own: str | None, weights: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The paths of a call's tensors, where they are those of the module at `own`, by the names of the ports."""
    prefix = f"{own}." if own else ""
    if weights and (
        own is None
        or any(each.owned != prefix + port or each.buffer != (port in _STATISTICS) for port, each in weights.items())
    ):
        return None
    return tuple(prefix + port for port in weights)


def _norm(call: TracedCall, own: str | None, kind: str, fields: dict[str, Any], ports: tuple[str, ...] = _FED) -> Said:
    """A layer that takes no weights of others. Raises Unsaid."""
    weights = {port: each for port in ports if (each := call.argument(port)) is not None}
    owned = _owned(own, weights)
    if owned is None:
        raise Unsaid("its weights are not those of the module that runs it")
    counted = (f"{own}.num_batches_tracked".lstrip("."),) if _STATISTICS[0] in weights else ()
    return Said(kind, {"input": call.given[0]}, short(OPS[kind], fields), owns=(*owned, *counted))


def _convolution(call: TracedCall, own: str | None) -> Said:
    weight, groups = call.argument("weight"), call.argument("groups")
    given = ("stride", "padding", "output_padding", "dilation", "groups")
    fields = {
        "out_channels": weight.shape[1] * groups if "transpose" in call.name else weight.shape[0],
        "kernel_size": list(weight.shape[2:]),
        **{name: call.argument(name) for name in given if name in call.names},
        "bias": call.argument("bias") is not None,
    }
    return _layer(call, own, call.name, fields)


def _linear(call: TracedCall, own: str | None) -> Said:
    fields = {"out_features": call.argument("weight").shape[0], "bias": call.argument("bias") is not None}
    return _layer(call, own, "linear", fields)


def _embedding(call: TracedCall, own: str | None) -> Said:
    weight, indices = call.given[:2]
    padding = call.argument("padding_idx")
    fields = dict(zip(("num_embeddings", "embedding_dim"), weight.shape, strict=True))
    fields["padding_idx"] = None if padding == -1 else padding
    owned = _owned(own, {"weight": weight})
    if owned is not None:
        return Said("embedding", {"input": indices}, short(OPS["embedding"], fields), owns=owned)
    return Said("embedding", {"input": indices, "weight": weight})


def _layer_norm(call: TracedCall, own: str | None) -> Said:
    weight, bias = call.argument("weight"), call.argument("bias")
    fields = {"normalized_dims": len(call.argument("normalized_shape")), "eps": call.argument("eps")}
    fields |= {"elementwise_affine": weight is not None, "bias": bias is not None or weight is None}
    return _layer(call, own, "layer_norm", fields)


def _rms_norm(call: TracedCall, own: str | None) -> Said:
    fields = {"normalized_dims": len(call.argument("normalized_shape")), "eps": call.argument("eps")}
    return _layer(call, own, "rms_norm", {**fields, "elementwise_affine": call.argument("weight") is not None})


def _prelu(call: TracedCall, own: str | None) -> Said:
    return _layer(call, own, "prelu", {"num_parameters": call.argument("weight").shape[0]}, ("weight",))


def _batch_norm(call: TracedCall, own: str | None) -> Said:
    """Raises Unsaid."""
    if call.argument("running_mean") is not None and call.argument("training"):
        raise Unsaid("it takes the batch's statistics in evaluation mode, too")
    if call.argument("running_mean") is not None and call.argument("momentum") == 0:
        raise Unsaid("its momentum is None or 0, which looks the same in evaluation mode")
    kind = f"batch_norm{max(1, len(call.given[0].shape) - 2)}d"
    fields = {name: call.argument(name) for name in ("eps", "momentum")}
    fields["affine"] = call.argument("weight") is not None
    fields["track_running_stats"] = call.argument("running_mean") is not None
    return _norm(call, own, kind, fields, (*_FED, *_STATISTICS))


def _group_norm(call: TracedCall, own: str | None) -> Said:
    fields = {name: call.argument(name) for name in ("num_groups", "eps")}
    return _norm(call, own, "group_norm", {**fields, "affine": call.argument("weight") is not None})


RULES: Final[Mapping[str, Saying]] = {
    **{f"conv{transposed}{rank}d": _convolution for transposed in ("", "_transpose") for rank in (1, 2, 3)},
    "linear": _linear,
    "embedding": _embedding,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "prelu": _prelu,
    "batch_norm": _batch_norm,
    "group_norm": _group_norm,
}
