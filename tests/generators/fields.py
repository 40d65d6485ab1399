"""Fields for an op, drawn so that they mostly fit an input of a given type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archdsl.shapes import Dim, TensorType

T = TypeVar("T")
Fields = dict[str, Any]
Make = Callable[[DrawFn, TensorType], Fields]


def pick(draw: DrawFn, values: Sequence[T]) -> T:
    """One of the values; the first is the simplest."""
    return values[draw(st.integers(0, len(values) - 1))]  # `sampled_from` would be made anew for every list


def rarely(draw: DrawFn, times: int = 4) -> bool:
    """True once in so many times."""
    return draw(st.integers(1, times)) == times


def number(draw: DrawFn, least: int, most: int) -> int:
    return draw(st.integers(least, most))


def known(size: Dim) -> bool:
    return isinstance(size, int)


def divisors(size: Dim) -> list[int]:
    return [n for n in range(1, size + 1) if size % n == 0] if isinstance(size, int) else [1]


def options(draw: DrawFn, **choices: Sequence[Any]) -> Fields:
    """A few of these fields, each rarely."""
    return {name: pick(draw, values) for name, values in choices.items() if rarely(draw)}


def dim(draw: DrawFn, x: TensorType, least: int = 0) -> int:
    """A dimension, counted from the front or from the end."""
    place = number(draw, least, x.rank - 1)
    return place - x.rank if rarely(draw) else place


def known_dim(draw: DrawFn, x: TensorType) -> int:
    """A dimension of known size where there is one."""
    places = [i for i, size in enumerate(x.shape) if known(size)] or [x.rank - 1]
    return pick(draw, places)


COMPUTED: Final = ("weight_norm", "spectral_norm", "weight_norm(dim=1)", "spectral_norm(n_power_iterations=2)")
"""How a layer's weight may be computed."""


# --- per op -----------------------------------------------------------------------------------------


def _conv(draw: DrawFn, x: TensorType) -> Fields:
    channels = x.shape[1] if known(x.shape[1]) else 2
    kernel = pick(draw, [1, 3, 2])
    fields: Fields = {"out_channels": pick(draw, [channels, 2, 4, 3]), "kernel_size": kernel}
    if kernel == 3 or rarely(draw):
        fields["padding"] = pick(draw, [1, "same", 0, "valid"])
    if fields.get("padding") != "same":
        fields |= options(draw, stride=[2])
    if kernel == 3 and fields.get("padding") in (1, "same"):
        fields |= options(draw, padding_mode=["circular", "reflect", "replicate"], dilation=[2])
    fields |= options(draw, bias=[False], parametrization=COMPUTED)
    common = [n for n in divisors(x.shape[1]) if fields["out_channels"] % n == 0]
    return fields | options(draw, groups=common)


def _transposed(draw: DrawFn, x: TensorType) -> Fields:
    fields: Fields = {"out_channels": pick(draw, [2, 4, 3]), "kernel_size": pick(draw, [2, 3, 1])}
    fields |= options(draw, stride=[2], padding=[1], bias=[False], dilation=[2], parametrization=COMPUTED)
    if fields.get("stride") == 2:
        fields |= options(draw, output_padding=[1])
    return fields | options(draw, groups=[n for n in divisors(x.shape[1]) if fields["out_channels"] % n == 0])


def _pool(draw: DrawFn, x: TensorType) -> Fields:
    fields: Fields = {"kernel_size": pick(draw, [2, 3, 1])}
    fields |= options(draw, stride=[1, 2], ceil_mode=[True])
    return fields | (options(draw, padding=[1]) if fields["kernel_size"] > 1 else {})


def _lp(draw: DrawFn, x: TensorType) -> Fields:
    return {"kernel_size": pick(draw, [2, 3]), "norm_type": pick(draw, [2, 1])} | options(draw, stride=[1])


def _adaptive(draw: DrawFn, x: TensorType) -> Fields:
    return {"output_size": pick(draw, [1, 2, 3])}


def _running(draw: DrawFn, x: TensorType) -> Fields:
    return options(draw, eps=[0.01], affine=[False, True], track_running_stats=[False, True], momentum=[0.5])


def _batch_norm(draw: DrawFn, x: TensorType) -> Fields:
    return _running(draw, x) | options(draw, momentum=[None])


def _layer_norm(draw: DrawFn, x: TensorType) -> Fields:
    trailing = 1 if x.rank < 2 or not known(x.shape[-2]) else 2
    fields = options(draw, normalized_dims=[trailing], elementwise_affine=[False], eps=[0.01])
    return fields | ({} if "elementwise_affine" in fields else options(draw, bias=[False]))


def _rms_norm(draw: DrawFn, x: TensorType) -> Fields:
    return options(draw, elementwise_affine=[False], eps=[0.01])


def _linear(draw: DrawFn, x: TensorType) -> Fields:
    features = x.shape[-1] if known(x.shape[-1]) else 2
    return {"out_features": pick(draw, [features, 2, 4, 6])} | options(draw, bias=[False], parametrization=COMPUTED)


def _along(draw: DrawFn, x: TensorType) -> Fields:
    return {"dim": dim(draw, x)}


def _reduction(draw: DrawFn, x: TensorType) -> Fields:
    fields: Fields = {"dim": pick(draw, [x.rank - 1, -1, *range(x.rank), [*range(1, x.rank)] or [0]])}
    return fields | options(draw, keepdim=[True])


def _spread(draw: DrawFn, x: TensorType) -> Fields:
    return {"dim": known_dim(draw, x), "correction": 0} | options(draw, keepdim=[True])


def _one_dim(draw: DrawFn, x: TensorType) -> Fields:
    return _along(draw, x) | options(draw, keepdim=[True])


def _flatten(draw: DrawFn, x: TensorType) -> Fields:
    return options(draw, start_dim=[2, 0, -1], end_dim=[-1, 2]) if x.rank > 2 else {}


def _unflatten(draw: DrawFn, x: TensorType) -> Fields:
    at = known_dim(draw, x)
    first = pick(draw, divisors(x.shape[at]))
    return {"dim": at, "unflattened_size": pick(draw, [[first, -1], [-1, first], [1, -1]])}


def _permute(draw: DrawFn, x: TensorType) -> Fields:
    return {"dims": [0, *draw(st.permutations(range(1, x.rank)))] if x.rank else []}


def _transpose(draw: DrawFn, x: TensorType) -> Fields:
    return {"dim0": dim(draw, x), "dim1": dim(draw, x)}


def _unsqueeze(draw: DrawFn, x: TensorType) -> Fields:
    return {"dim": number(draw, -x.rank - 1, x.rank)}


def _squeeze(draw: DrawFn, x: TensorType) -> Fields:
    ones = [i for i, size in enumerate(x.shape) if size == 1]
    return {"dim": pick(draw, ones)} if ones else {}


def _flip(draw: DrawFn, x: TensorType) -> Fields:
    return {"dims": [dim(draw, x)]}


def _roll(draw: DrawFn, x: TensorType) -> Fields:
    return {"shifts": pick(draw, [1, -1, 0, 2]), "dims": dim(draw, x)}


def _repeat(draw: DrawFn, x: TensorType) -> Fields:
    return {"repeats": [1, *(pick(draw, [1, 1, 2]) for _ in x.shape[1:])]}


def _expand(draw: DrawFn, x: TensorType) -> Fields:
    return {"size": [3 if size == 1 and i else -1 for i, size in enumerate(x.shape)]}


def _select(draw: DrawFn, x: TensorType) -> Fields:
    at = known_dim(draw, x)
    size = x.shape[at]
    return {"dim": at, "index": pick(draw, [0, -1, size - 1 if isinstance(size, int) else 0])}


def _narrow(draw: DrawFn, x: TensorType) -> Fields:
    at = known_dim(draw, x)
    size = x.shape[at]
    length = number(draw, 1, size) if isinstance(size, int) else 1
    return {"dim": at, "start": 0 if length == size else pick(draw, [0, -length]), "length": length}


def _slice(draw: DrawFn, x: TensorType) -> Fields:
    return {"dim": dim(draw, x)} | options(draw, start=[0, -1], end=[1, -1], step=[2])


def _several(draw: DrawFn, x: TensorType, **fields: Any) -> Fields:
    return fields | (options(draw, names=[["left", "right"]]) if x.rank else {})


def _chunk(draw: DrawFn, x: TensorType) -> Fields:
    return _several(draw, x, chunks=2, dim=known_dim(draw, x))


def _split(draw: DrawFn, x: TensorType) -> Fields:
    at = known_dim(draw, x)
    size = x.shape[at]
    half = (size + 1) // 2 if isinstance(size, int) else 1
    return _several(draw, x, split_size=half, dim=at)


def _tensor_split(draw: DrawFn, x: TensorType) -> Fields:
    return _several(draw, x, indices_or_sections=pick(draw, [2, [1]]), dim=known_dim(draw, x))


def _topk(draw: DrawFn, x: TensorType) -> Fields:
    return {"k": 1, "dim": known_dim(draw, x)} | options(draw, largest=[False])


def _pad(draw: DrawFn, x: TensorType) -> Fields:
    count = 2 * max(1, min(2, x.rank - 2))
    fields: Fields = {"pad": [number(draw, 0, 1) for _ in range(count)]}
    if 2 <= count // 2 + 2 == x.rank:
        fields |= options(draw, mode=["reflect", "replicate", "circular"])
    return fields if "mode" in fields else fields | options(draw, value=[0.5])


def _interpolate(draw: DrawFn, x: TensorType) -> Fields:
    modes = {3: ["nearest", "linear"], 4: ["nearest", "bilinear", "bicubic", "area"], 5: ["nearest", "trilinear"]}
    fields: Fields = pick(draw, [{"scale_factor": 2}, {"size": 4}, {"scale_factor": 1.5}, {"scale_factor": 0.7}])
    fields = fields | (options(draw, recompute_scale_factor=[True]) if "scale_factor" in fields else {})
    fields = fields | {"mode": pick(draw, modes.get(x.rank, ["nearest"]))}
    return fields | (options(draw, align_corners=[False, True]) if "linear" in fields["mode"] else {})


def _shuffle(draw: DrawFn, x: TensorType) -> Fields:
    return {"upscale_factor": pick(draw, [2, 1])}


def _unfold(draw: DrawFn, x: TensorType) -> Fields:
    return {"kernel_size": pick(draw, [2, 3, 1])} | options(draw, padding=[1])


def _recurrent(draw: DrawFn, x: TensorType) -> Fields:
    fields: Fields = {"hidden_size": pick(draw, [3, 4])}
    return fields | options(draw, batch_first=[True], bidirectional=[True], num_layers=[2], bias=[False])


def _rearrange(draw: DrawFn, x: TensorType) -> Fields:
    names = list("nabcde")[: x.rank]
    left, right, sizes = list(names), list(names[:1]) + draw(st.permutations(names[1:])), {}
    if x.rank > 1 and rarely(draw, 3):
        at = known_dim(draw, x)
        sizes = {"p": pick(draw, divisors(x.shape[at]))}
        place = right.index(names[at])
        left[at] = f"({names[at]} p)"
        right.insert(place + pick(draw, [0, 1]), "p")
    if len(right) > 2 and rarely(draw, 3):
        right[1:3] = [f"({right[1]} {right[2]})"]
    return {"pattern": f"{' '.join(left)} -> {' '.join(right)}", **sizes}


def nothing(draw: DrawFn, x: TensorType) -> Fields:
    return {}


class Unary(NamedTuple):
    """An op of one input: the ranks that it takes, and its fields."""

    ranks: range
    fields: Make


def _unary(fields: Make, *names: str, least: int = 1, most: int = 5) -> dict[str, Unary]:
    return {name: Unary(range(least, most + 1), fields) for name in names}


def _by_rank(fields: Make, *families: str) -> dict[str, Unary]:
    return {f"{name}{n}d": Unary(range(n + 2, n + 3), fields) for name in families for n in (1, 2, 3)}


UNARY: Final[dict[str, Unary]] = {
    **_unary(
        nothing, "relu", "tanh", "sigmoid", "gelu", "silu", "relu6", "leaky_relu", "elu", "celu", "selu", "mish",
        "hardswish", "hardsigmoid", "hardtanh", "hardshrink", "softshrink", "tanhshrink", "log_sigmoid", "softplus",
        "softsign", "rrelu", "identity", "detach", "dropout", "alpha_dropout", least=0,
    ),
    **_unary(nothing, "prelu", "feature_alpha_dropout"),
    **_unary(lambda draw, x: {"p": pick(draw, [0.2, 0.0])}, "stochastic_depth"),
    **_unary(lambda draw, x: {"threshold": 0.1, "value": 0.5}, "threshold", least=0),
    **_unary(_linear, "linear"),
    **_by_rank(_conv, "conv"),
    **_by_rank(_transposed, "conv_transpose"),
    **_by_rank(_pool, "max_pool", "avg_pool"),
    **_by_rank(_lp, "lp_pool"),
    **_by_rank(_adaptive, "adaptive_avg_pool", "adaptive_max_pool"),
    **_by_rank(_batch_norm, "batch_norm"),
    "batch_norm1d": Unary(range(2, 4), _batch_norm),
    **_by_rank(_running, "instance_norm"),
    **_by_rank(nothing, "dropout"),
    **_unary(_layer_norm, "layer_norm"),
    **_unary(_rms_norm, "rms_norm"),
    **_unary(lambda draw, x: {"num_groups": pick(draw, divisors(x.shape[1]))}, "group_norm", least=2),
    **_unary(lambda draw, x: {"size": 2}, "local_response_norm", least=3),
    **_unary(lambda draw, x: {"dim": known_dim(draw, x)}, "glu"),
    **_unary(_along, "softmax", "softmin", "log_softmax"),
    **_unary(nothing, "softmax2d", least=4, most=4),
    **_unary(_recurrent, "rnn", "lstm", "gru", least=3, most=3),
    **_unary(_flatten, "flatten", least=2),
    **_unary(_unflatten, "unflatten"),
    **_unary(_permute, "permute"),
    **_unary(_transpose, "transpose"),
    **_unary(_unsqueeze, "unsqueeze", most=4),
    **_unary(_squeeze, "squeeze"),
    **_unary(_flip, "flip"),
    **_unary(_roll, "roll"),
    **_unary(lambda draw, x: options(draw, diagonal=[1, -1]), "tril", "triu", least=2),
    **_unary(_rearrange, "rearrange", least=1),
    **_unary(_repeat, "repeat"),
    **_unary(_expand, "expand"),
    **_unary(lambda draw, x: {"repeats": 2, "dim": dim(draw, x)}, "repeat_interleave"),
    **_unary(_select, "select"),
    **_unary(_narrow, "narrow"),
    **_unary(_slice, "slice"),
    **_unary(_chunk, "chunk"),
    **_unary(_split, "split"),
    **_unary(_tensor_split, "tensor_split"),
    **_unary(lambda draw, x: {"dim": known_dim(draw, x)}, "unbind"),
    **_unary(_reduction, "mean", "sum", "amax", "amin", "norm", "logsumexp"),
    **_unary(_spread, "var", "std"),
    **_unary(_one_dim, "prod", "max", "min", "argmax"),
    **_unary(_along, "normalize", "cumsum"),
    **_unary(_topk, "topk"),
    **_unary(lambda draw, x: {"dim": dim(draw, x)} | options(draw, descending=[True]), "sort"),
    **_unary(_pad, "pad", least=2),
    **_unary(_shuffle, "pixel_shuffle", least=3),
    **_unary(lambda draw, x: {"groups": pick(draw, divisors(x.shape[1]))}, "channel_shuffle", least=3),
    **_unary(lambda draw, x: {"downscale_factor": pick(draw, [2, 1])}, "pixel_unshuffle", least=3),
    **_unary(_interpolate, "interpolate", least=3),
    **_unary(_unfold, "unfold", least=4, most=4),
}  # fmt: skip
SAFE: Final = ("relu", "tanh", "linear", "sigmoid", "gelu", "dropout", "layer_norm")
"""Ops that suit nearly every input: drawn more often."""
