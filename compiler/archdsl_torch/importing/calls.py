"""A call of a trace as a spec says it: an op with fields, a formula, or another name of what it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from archdsl.ops import OPS
from archdsl.ops.base import Op
from archdsl_torch.importing import layers
from archdsl_torch.importing.said import Said, Saying, Unsaid, other_name, short
from archdsl_torch.importing.tracing import TracedCall, TracedTensor

_SAME: Final = frozenset((
    "contiguous", "alias", "detach", "clone", "lift_fresh", "lift_fresh_copy", "to", "type_as",
))  # fmt: skip
"""What gives its input, or a copy, where the kind of numbers stays."""
_FORMULAS: Final = {
    "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}", "pow": "{0} ** {1}",
    "rsub": "{1} - {0}", "neg": "-{0}", "square": "{0} ** 2", "rsqrt": "1 / sqrt({0})", "reciprocal": "1 / {0}",
    "lt": "{0} < {1}", "le": "{0} <= {1}", "gt": "{0} > {1}", "ge": "{0} >= {1}", "eq": "{0} == {1}",
    "ne": "{0} != {1}", "minimum": "min({0}, {1})", "maximum": "max({0}, {1})", "clamp_min": "max({0}, {1})",
    "clamp_max": "min({0}, {1})",
    **{name: f"{name}({{0}})" for name in ("exp", "log", "sin", "cos", "sqrt", "abs", "floor", "ceil", "round", "erf")},
}  # fmt: skip
_OTHER_OPS: Final = {
    "view": "reshape", "_softmax": "softmax", "_log_softmax": "log_softmax", "feature_dropout": "dropout2d",
    "linalg_vector_norm": "norm", "im2col": "unfold", "col2im": "fold", "split_with_sizes": "split",
}  # fmt: skip
"""Ops of the language that are called otherwise there."""
_OTHER_FIELDS: Final = {"self": "input", "size": "shape", "split_sizes": "split_size", "sizes": "unflattened_size"}


def said(call: TracedCall, own: str | None) -> Said:
    """The call in the language; `own` is the path of the module that is this call alone: its tensors become its own.

    Raises Unsaid.
    """
    if call.name in _SAME:
        if call.gives[0].dtype == call.given[0].dtype:
            return other_name(call.given[0])
        return Said("cast", {"input": call.given[0]}, {"dtype": call.gives[0].dtype})
    rule = layers.RULES.get(call.name) or _RULES.get(call.name) or (_formula if call.name in _FORMULAS else None)
    if rule is not None:
        return rule(call, own)
    return _plain(call, _op(call))


def _op(call: TracedCall) -> type[Op]:
    name = _OTHER_OPS.get(call.name, call.name)
    if name not in OPS:
        raise Unsaid("the language has no such op")
    return OPS[name]


def _plain(call: TracedCall, kind: type[Op]) -> Said:
    """An op whose ports and fields are called as torch's arguments are, or stand in the same order. Raises Unsaid."""
    if kind.tensors is not Op.tensors:
        raise Unsaid("its weights are not taken apart")
    ports = [port.name for port in kind.ports]
    reads: dict[str, TracedTensor] = {}
    listed: list[TracedTensor] = []
    fields: dict[str, Any] = {}
    for name, value in zip(call.names, call.given, strict=True):
        known = name if name in kind.model_fields else _OTHER_FIELDS.get(name, name)
        if isinstance(value, TracedTensor):
            if known not in ports and len(reads) >= len(ports):
                raise Unsaid(f"the op takes no `{name}`")
            reads[known if known in ports else ports[len(reads)]] = value
        elif isinstance(value, list) and value and all(isinstance(item, TracedTensor) for item in value):
            listed = value
        elif known in kind.model_fields:
            fields[known] = value
        elif name not in call.default:
            raise Unsaid(f"the op takes no `{name}`")
    if listed and not kind.ports[0].variadic:
        raise Unsaid("it reads a list of tensors")
    return Said(kind.name, listed or reads, short(kind, fields))


def _dropout(call: TracedCall, own: str | None) -> Said:
    """Raises Unsaid."""
    kind = _op(call)
    if call.argument("train"):
        raise Unsaid("it drops in evaluation mode, too")
    return Said(kind.name, {"input": call.given[0]}, short(kind, {"p": call.argument("p")}))


def _reduction(call: TracedCall, own: str | None) -> Said:
    """Over the dimensions that it names, or all. Raises Unsaid."""
    kind = _op(call)
    taken = ("dim", "keepdim", "correction")
    _alone(call, "self", "ord", "unbiased", *taken)
    fields: dict[str, Any] = {name: call.argument(name) for name in taken if name in kind.model_fields}
    if call.argument("unbiased") is False:
        fields["correction"] = 0
    if isinstance(fields["dim"], list):
        fields["dim"] = fields["dim"][0] if len(fields["dim"]) == 1 else fields["dim"] or None
    if call.argument("ord") is not None:
        fields["p"] = float(call.argument("ord"))
    return Said(kind.name, {"input": call.given[0]}, short(kind, fields))


def _formula(call: TracedCall, own: str | None) -> Said:
    """Arithmetic, element by element. Raises Unsaid."""
    names = ("self", "other", "exponent", "min", "max")
    _alone(call, *names)
    values = [value for name, value in zip(call.names, call.given, strict=True) if name in names]
    reads = [value for value in values if isinstance(value, TracedTensor)]
    places = iter(range(len(reads)))
    written = [f"{{{next(places)}}}" if isinstance(value, TracedTensor) else _number(value) for value in values]
    return Said(None, reads, formula=_FORMULAS[call.name].format(*written))


def _alone(call: TracedCall, *names: str) -> None:
    """Demands that no other arguments than these differ from what torch takes. Raises Unsaid."""
    for name in call.names:
        if name not in names and name not in call.default and name not in call.written:
            raise Unsaid(f"its `{name}` is not said")


def _clamped(call: TracedCall, own: str | None) -> Said:
    low, high = call.argument("min"), call.argument("max")
    if isinstance(low, TracedTensor) or isinstance(high, TracedTensor):
        raise Unsaid("its bounds are tensors")
    text = "{0}" if low is None else f"max({{0}}, {_number(low)})"
    return Said(None, [call.given[0]], formula=text if high is None else f"min({text}, {_number(high)})")


def _number(value: Any) -> str:
    """A number or size in a formula."""
    text = str(value)
    return text if text.replace(".", "", 1).isdecimal() else f"({text})"


def _transposed(call: TracedCall, own: str | None) -> Said:
    places = (0, 1) if call.name == "t" else (call.argument("dim0"), call.argument("dim1"))
    return Said("transpose", {"input": call.given[0]}, dict(zip(("dim0", "dim1"), places, strict=True)))


def _like(call: TracedCall, own: str | None) -> Said:
    """To the shape of another tensor."""
    kind, field = ("expand", "size") if call.name == "expand_as" else ("reshape", "shape")
    return Said(kind, {"input": call.given[0]}, {field: [*call.given[1].shape]})


def _sliced(call: TracedCall, own: str | None) -> Said:
    source, dim, start, end, step = call.given
    start, end = start or None, None if end == 2**63 - 1 else end
    if start is None and end is None and step == 1:
        return other_name(source)
    fields = {"dim": dim, "start": start, "end": end, "step": step}
    return Said("slice", {"input": source}, short(OPS["slice"], fields))


def _split(call: TracedCall, own: str | None) -> Said:
    source, sizes, dim = call.given
    return Said("split", {"input": source}, short(OPS["split"], {"split_size": sizes, "dim": dim}))


def _upsampled(call: TracedCall, own: str | None) -> Said:
    """`interpolate`, which torch calls by its mode and the number of dimensions."""
    name = call.name.lstrip("_")
    word = name.removeprefix("upsample_").removesuffix("_aa")[:-2]
    mode = "nearest-exact" if "exact" in name else word
    fields: dict[str, Any] = {"mode": mode, "antialias": name.endswith("_aa"), "size": call.argument("output_size")}
    if "nearest" not in mode:
        fields["align_corners"] = call.argument("align_corners")
    scale = call.argument("scale_factors")
    if scale is not None:
        fields["scale_factor"] = scale[0] if all(each == scale[0] for each in scale) else scale
    return Said("interpolate", {"input": call.given[0]}, short(OPS["interpolate"], fields))


def _attention(call: TracedCall, own: str | None) -> Said:
    """Raises Unsaid."""
    kind = OPS["scaled_dot_product_attention"]
    if call.argument("dropout_p"):
        raise Unsaid("it drops in evaluation mode, too")
    reads = {port.name: each for port in kind.ports if (each := call.argument(port.name)) is not None}
    fields = {name: call.argument(name) for name in ("is_causal", "scale", "enable_gqa")}
    return Said(kind.name, reads, short(kind, fields))


_RULES: Final[Mapping[str, Saying]] = {
    **dict.fromkeys(("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"), _dropout),
    **dict.fromkeys(("mean", "sum", "amax", "amin", "var", "std", "linalg_vector_norm"), _reduction),
    **dict.fromkeys(("transpose", "t"), _transposed),
    **dict.fromkeys(("expand_as", "reshape_as", "view_as"), _like),
    **dict.fromkeys(("split", "split_with_sizes"), _split),
    **dict.fromkeys(
        (*(f"upsample_{mode}" for mode in ("linear1d", "bilinear2d", "trilinear3d", "bicubic2d")),
         *(f"{word}{rank}d" for word in ("upsample_nearest", "_upsample_nearest_exact") for rank in (1, 2, 3)),
         "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa"), _upsampled,
    ),
    "clamp": _clamped,
    "slice": _sliced,
    "scaled_dot_product_attention": _attention,
}  # fmt: skip
"""Where the arguments differ from the op's ports and fields."""
