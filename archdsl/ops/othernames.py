"""What other libraries call the ops, for messages: `nn.Conv2d`, `Dense`, `drop_path`, `concat`.

They stand here and not with the ops: only a mistake asks for them, and a class of pydantic's costs every start more
for each of its attributes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Final

from archdsl.expressions.error import CallText
from archdsl.expressions.functions import OPERATORS
from archdsl.ops import OPS
from archdsl.ops.formula import ELEMENTWISE


def _each(stem: str) -> tuple[str, ...]:
    """The ops of one, two and three dimensions."""
    return tuple(f"{stem}{dims}d" for dims in (1, 2, 3))


ALIASES: Final = (
    (("conv", "convolution", "lazy_conv"), _each("conv")),
    (
        (
            *("deconv", "deconvolution", "transposed_conv", "transpose_conv", "transposed_convolution", "up_conv"),
            "lazy_conv_transpose",
        ),
        _each("conv_transpose"),
    ),
    (("max_pooling",), _each("max_pool")),
    (("average_pool", "average_pooling", "mean_pool", "avg_pooling"), _each("avg_pool")),
    (("bn", "sync_batch_norm", "batch_normalization", "sync_bn", "lazy_batch_norm"), _each("batch_norm")),
    (("instance_normalization", "lazy_instance_norm"), _each("instance_norm")),
    (("ln", "layer_normalization"), ("layer_norm",)),
    (("rms_normalization",), ("rms_norm",)),
    (("gn", "group_normalization"), ("group_norm",)),
    (("lrn", "local_response_normalization", "cross_map_lrn"), ("local_response_norm",)),
    (("dense", "fc", "fully_connected", "gemm", "inner_product", "projection", "lazy_linear"), ("linear",)),
    (("noop", "no_op", "pass", "pass_through"), ("identity",)),
    (("lrelu",), ("leaky_relu",)),
    (("swish",), ("silu",)),
    (("h_swish", "hswish"), ("hardswish",)),
    (("h_sigmoid",), ("hardsigmoid",)),
    (("logistic",), ("sigmoid",)),
    (("spatial_dropout",), _each("dropout")),
    (("drop_path", "drop_connect"), ("stochastic_depth",)),
    (
        (
            *("mha", "attention", "self_attention", "cross_attention", "multi_head_self_attention", "mhsa"),
            "multi_head_attention_forward",
        ),
        ("multihead_attention",),
    ),
    (("sdpa", "flash_attention", "dot_product_attention"), ("scaled_dot_product_attention",)),
    (("embedding_lookup", "lookup_table"), ("embedding",)),
    (("view",), ("reshape",)),
    (("move_axis", "move_dim"), ("permute",)),
    (("swap_axes", "swap_dims"), ("transpose",)),
    (("expand_dims",), ("unsqueeze",)),
    (("reverse",), ("flip",)),
    (("einops",), ("rearrange",)),
    (("broadcast_to",), ("expand",)),
    (("unstack",), ("unbind",)),
    (("crop", "strided_slice"), ("slice",)),
    (("concat", "concatenate"), ("cat",)),
    (("dot", "mm"), ("matmul",)),
    (("batch_matmul", "batch_dot"), ("bmm",)),
    (("reduce_mean", "average"), ("mean",)),
    (("reduce_sum",), ("sum",)),
    (("reduce_prod",), ("prod",)),
    (("reduce_max",), ("amax",)),
    (("reduce_min",), ("amin",)),
    (("reduce_var",), ("var",)),
    (("reduce_std",), ("std",)),
    (("l2_normalize", "unit_norm", "l2_norm"), ("normalize",)),
    (("take",), ("index_select",)),
    (("zero_pad", "zero_padding", "padding", "constant_pad"), ("pad",)),
    (("depth_to_space", "sub_pixel"), ("pixel_shuffle",)),
    (("space_to_depth",), ("pixel_unshuffle",)),
    (("native_channel_shuffle",), ("channel_shuffle",)),
    (("warp",), ("grid_sample",)),
    (("upsample", "upsampling", "resize", "rescale"), ("interpolate",)),
    (("im2col",), ("unfold",)),
    (("col2im",), ("fold",)),
    (("as_type", "to_dtype"), ("cast",)),
    (("stop_gradient",), ("detach",)),
    (("buffer",), ("constant",)),
)
"""What other libraries call ops, without the number of dimensions."""

VARIANTS: Final = (
    (
        ("global_avg_pool", "global_average_pool", "global_average_pooling", "gap"),
        _each("adaptive_avg_pool"),
        "output_size: 1",
    ),
    (("global_max_pool", "global_max_pooling"), _each("adaptive_max_pool"), "output_size: 1"),
    (("max_pool_with_indices",), _each("max_pool"), "return_indices: true"),
    (("adaptive_max_pool_with_indices",), _each("adaptive_max_pool"), "return_indices: true"),
    (("gelu_tanh", "gelu_new", "approximate_gelu"), ("gelu",), "approximate: tanh"),
    (("reflection_pad",), ("pad",), "mode: reflect"),
    (("replication_pad",), ("pad",), "mode: replicate"),
    (("circular_pad",), ("pad",), "mode: circular"),
    (("upsample_nearest", "upsampling_nearest"), ("interpolate",), "mode: nearest"),
    (("upsample_bilinear", "upsampling_bilinear"), ("interpolate",), "mode: bilinear"),
    (("upsample_bicubic",), ("interpolate",), "mode: bicubic"),
)
"""What they call ops with certain fields, and those fields."""

LOSS: Final = "a loss is no part of a network: compute it where you train"

INSTEAD: Final[Mapping[str, str]] = {
    "swiglu": "write it as a formula over two `linear`: `= silu(gate) * up`",
    "geglu": "write it as a formula over two `linear`: `= gelu(gate) * up`",
    "reglu": "write it as a formula over two `linear`: `= relu(gate) * up`",
    "quick_gelu": "write a formula: `= x * sigmoid(1.702 * x)`",
    "square": "write a formula: `= x ** 2`",
    "neg": "write a formula: `= -x`",
    "reciprocal": "write a formula: `= 1 / x`",
    "layer_scale": "write a `parameter` and a formula: `= gamma * x`",
    **dict.fromkeys(
        ("sequential", "module_list", "module_dict", "model", "module", "container"),
        "nodes that run one after another are a list or a mapping: write them under the node's name",
    ),
    **dict.fromkeys(("parameter_list", "parameter_dict"), "write a `parameter` for each of them"),
    **dict.fromkeys(
        ("uninitialized_parameter", "uninitialized_buffer"), "write a `parameter` or a `constant`: it has its shape"
    ),
    **dict.fromkeys(
        (
            *("cross_entropy", "binary_cross_entropy", "binary_cross_entropy_with_logits", "linear_cross_entropy"),
            *("linear_cross_entropy_options", "kl_div"),
        ),
        LOSS,
    ),
    "data_parallel": "where a network runs is no part of its architecture: wrap what is built",
    **dict.fromkeys(
        ("transformer", "transformer_encoder", "transformer_decoder"),
        "write a loop of blocks: `use: [blocks/transformer]` has `encoder_layer` and `decoder_layer`",
    ),
    **dict.fromkeys(
        ("transformer_encoder_layer", "encoder_layer"),
        "it is a block: write `use: [blocks/transformer]` and `encoder_layer`",
    ),
    **dict.fromkeys(
        ("transformer_decoder_layer", "decoder_layer"),
        "it is a block: write `use: [blocks/transformer]` and `decoder_layer`",
    ),
    "flex_attention": "write what it does to the scores as formulas between `matmul` and `softmax`: "
    "`use: [blocks/attention]` has `soft_capped_attention`",
    "rnn_base": "write `rnn`, `lstm` or `gru`",
    "rnn_cell_base": "write `rnn_cell`, `lstm_cell` or `gru_cell`",
    "conv_tbc": "write `conv1d` between two `permute`: it takes (N, C, L)",
    "pdist": "write `cdist`, with the same tensor twice",
    **dict.fromkeys(
        ("fractional_max_pool", "fractional_max_pool_with_indices"),
        "write `adaptive_max_pool2d` or `3d`: a network here draws nothing at random in evaluation, as this would",
    ),
    "gumbel_softmax": "feed the noise as an input, and write `softmax` of `= (x + noise) / tau`: "
    "a network here draws nothing at random in evaluation, as this would",
    **dict.fromkeys(
        ("grouped_mm", "scaled_mm", "scaled_grouped_mm"),
        "write `matmul`: which kernel runs is no part of the architecture, and groups follow from data",
    ),
    **dict.fromkeys(("shortcut", "skip", "skip_connection"), "write a formula: `= a + b`"),
    **dict.fromkeys(("lambda", "function"), "write a formula, `= 2 * x`, or a block of your own under `blocks`"),
    **dict.fromkeys(("contiguous", "clone", "copy", "inplace"), "leave it out: it changes no value"),
    **dict.fromkeys(
        ("float", "half", "to", "long", "double", "bfloat16"), "use op `cast`: `{op: cast, dtype: float32}`"
    ),
    **dict.fromkeys(
        ("depthwise_conv", "dw_conv"), "did you mean `conv2d` with `groups` as many as its input has channels?"
    ),
    **dict.fromkeys(
        ("separable_conv", "depthwise_separable_conv"),
        "write two nodes: `conv2d` with `groups` as many as its input has channels, and `conv2d` with `kernel_size: 1`",
    ),
    **dict.fromkeys(("pointwise_conv",), "did you mean `conv2d` with `kernel_size: 1`?"),
    **dict.fromkeys(("dilated_conv", "atrous_conv"), "did you mean `conv2d` with `dilation`?"),
    **dict.fromkeys(("grouped_conv", "group_conv"), "did you mean `conv2d` with `groups`?"),
    **dict.fromkeys(
        ("positional_encoding", "position_encoding", "positional_embedding", "position_embedding", "pos_embed"),
        "write a `parameter` (learned) or a `constant` (sines and cosines), and a formula that adds it",
    ),
    **dict.fromkeys(("input", "placeholder"), "inputs stand under `inputs`: `x: [N, 3, H, W]`"),
    **dict.fromkeys(("output", "return"), "outputs stand under `outputs`; by default the last node is the output"),
    **dict.fromkeys(("none", "null", "nil", "no"), "write `null`: a node whose op is null is left out"),
    **dict.fromkeys(("variable", "weight"), "use op `parameter`: `{op: parameter, shape: [1, D]}`"),
    **dict.fromkeys(("argsort",), "use op `sort`, and read its second output"),
}
"""What is written in place of something that is no op here."""

FIELDS: Final = (
    (("filters", "channels", "out_planes", "planes", "c_out", "num_filters"), "out_channels"),
    (("units", "features", "out_dim", "output_dim", "hidden_units"), "out_features"),
    (("kernel", "kernel_shape", "pool_size", "ksize", "k"), "kernel_size"),
    (("strides", "step", "s"), "stride"),
    (("pad", "pads"), "padding"),
    (("dilations", "dilation_rate", "rate"), "dilation"),
    (("group", "n_groups"), "groups"),
    (("use_bias", "has_bias"), "bias"),
    (("rate", "drop", "drop_rate", "drop_prob", "prob", "probability"), "p"),
    (("epsilon",), "eps"),
    (("axis", "axes", "dimension"), "dim"),
    (("perm", "order", "permutation"), "dims"),
    (("heads", "n_heads", "num_attention_heads", "nhead", "n_head"), "num_heads"),
    (("vocab_size", "input_dim", "vocabulary"), "num_embeddings"),
    (("output_dim", "d_model", "hidden_size"), "embedding_dim"),
    (("alpha", "slope"), "negative_slope"),
    (("scale", "factor"), "scale_factor"),
    (("keepdims", "keep_dim", "keep_dims"), "keepdim"),
    (("number", "num_chunks", "sections"), "chunks"),
    (("target_shape", "new_shape", "size"), "shape"),
)
"""What other libraries call fields."""

BESIDE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("activation", "act", "nonlinearity"), "an activation is a node of its own: write `relu` below"),
    **dict.fromkeys(("norm", "normalization", "batch_norm", "use_bn"), "a norm is a node of its own: write it below"),
    **dict.fromkeys(("repeat", "repeats", "times", "n"), "a node is repeated by a loop: `for i in range(n):`"),
    **dict.fromkeys(("input", "inputs", "bottom", "src", "source", "prev"), "what a node reads stands under `from`"),
    **dict.fromkeys(("name", "id"), "a node is named by its key in a mapping of nodes"),
    **dict.fromkeys(("inplace", "device", "dtype"), "leave it out: it is no part of the architecture"),
    **dict.fromkeys(("args", "kwargs", "params", "attrs"), "an op's fields stand beside `op`"),
    "weight_init": "initialisers stand under `init`: `{weight: zeros}`",
}
"""What is no field of any op here, and where it is said instead."""

_OTHERS: Final = (*((others, ops, "") for others, ops in ALIASES), *VARIANTS)
_HOMES: Final = re.compile(
    r"(?:(?:tf|keras|flax|linen|torch|torchvision|timm|jax|nn|F|np|numpy|layers|functional|ops)\.)+"
)
_DIMENSIONS: Final = re.compile(r"_?([123])d", re.IGNORECASE)


def bare(name: str) -> str:
    """A name without the library that it is from: `Conv2d` of `torch.nn.Conv2d`."""
    match = _HOMES.match(name)
    return name[match.end() :] if match is not None else name


def op_hint(name: str, rank: int | None = None) -> str | None:
    """What to say of a name that is no op here: the op or the words that mean it; None where it is not known.

    `rank` is that of the input, where it is known: it chooses among `conv1d`, `conv2d` and `conv3d`.
    """
    found = ops_called(name, rank)
    return _question(found) if found else instead_of(name)


def ops_called(name: str, rank: int | None = None) -> dict[str, str]:
    """The ops that are called so here or elsewhere, each with the fields that the name says."""
    stem, dims = _squashed(bare(name))
    return dict(_same(stem, dims, rank) or _called(stem, dims, rank))


def instead_of(name: str) -> str | None:
    """What is written in place of something that is no op here; None where it is not known."""
    stem, _ = _squashed(bare(name))
    idiom = next((said for other, said in INSTEAD.items() if _squashed(other)[0] == stem), None)
    return idiom or _formula_hint(stem) or (LOSS if stem.endswith("loss") else None)


def field_hint(name: str, fields: Collection[str]) -> str | None:
    """What to say of a field that an op does not have; None where it is not known."""
    meant = next((field for others, field in FIELDS if name in others and field in fields), None)
    return f"did you mean `{meant}`?" if meant else BESIDE.get(name)


def call_hint(call: CallText) -> str | None:
    """What to say of a call in a formula that is an op's: a node of its own; None where there is no such op."""
    stem, dims = _squashed(call.function)
    found = [*dict(_same(stem, dims, None) or _called(stem, dims, None))]
    if len(found) != 1 or not call.given:
        return None
    op = OPS[found[0]]
    count = sum(not port.optional for port in op.ports)
    read, rest = call.given[:count], call.given[count:]
    source = read[0] if len(read) == 1 else f"[{', '.join(read)}]"
    fields = [f"{name}: {value}" for name, value in call.named if name in op.model_fields]
    node = ", ".join((f"op: {op.name}", f"from: {source}", *fields, *(["…"] if rest else [])))
    return f"write it as a node of its own, `{{{node}}}`, and read that"


def _formula_hint(stem: str) -> str | None:
    sign = next((sign for other, sign in OPERATORS.items() if _squashed(other)[0] == stem), None)
    if sign is not None:
        return f"write a formula: `= a {sign} b`"
    arguments = "x, min=0, max=1" if stem == "clamp" else "x"
    return f"write a formula: `= {stem}({arguments})`" if stem in ELEMENTWISE else None


@lru_cache(maxsize=2048)
def _squashed(name: str) -> tuple[str, str]:
    """A name without case, `_` and its number of dimensions, and that number."""
    dims = _DIMENSIONS.search(name)
    stem = name if dims is None else name[: dims.start()] + name[dims.end() :]
    return re.sub(r"[_\W]", "", stem).lower(), dims[1] if dims is not None else ""


def _same(stem: str, dims: str, rank: int | None) -> list[tuple[str, str]]:
    """The ops whose name differs by case, `_` and the number of dimensions alone."""
    return _of_dims([(name, "") for name in OPS if _squashed(name)[0] == stem], dims, rank)


def _called(stem: str, dims: str, rank: int | None) -> list[tuple[str, str]]:
    """The ops that are called so elsewhere, each with the fields that this says."""
    found = [(op, fields) for others, ops, fields in _OTHERS if _holds(others, stem) for op in ops]
    return _of_dims(found, dims, rank)


def _holds(others: Iterable[str], stem: str) -> bool:
    return any(_squashed(other)[0] == stem for other in others)


def _of_dims(found: list[tuple[str, str]], dims: str, rank: int | None) -> list[tuple[str, str]]:
    """Those for the number of dimensions that was said; else the one for any number, those for the input's, or all."""
    for wanted in (dims, "", str((rank or 0) - 2)):
        if some := [each for each in found if _squashed(each[0])[1] == wanted]:
            return some
    return found


def _question(found: Mapping[str, str]) -> str:
    names = listed(f"`{name}`" for name in found)
    fields = next(iter(found.values()))
    return f"did you mean {names} with `{fields}`?" if fields else f"did you mean {names}?"


def listed(words: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
