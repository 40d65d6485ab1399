"""What other libraries call the ops, for messages: `nn.Conv2d`, `Dense`, `drop_path`, `concat`.

An op says itself what else it is called; here stand the names that mean no op, with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from archdsl.expression_functions import OPERATORS
from archdsl.expression_tree import CallText
from archdsl.formula import ELEMENTWISE
from archdsl.ops import OPS
from archdsl.ops.base import Op

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
        ("sequential", "module_list", "module_dict", "model"),
        "nodes that run one after another are a list or a mapping: write them under the node's name",
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
    **dict.fromkeys(("lstm_cell", "gru_cell", "rnn_cell"), "use op `scan` over a block that computes one step"),
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
    stem, dims = _squashed(bare(name))
    found = dict(_same(stem, dims, rank) or _called(stem, dims, rank))
    if found:
        return _question(found)
    idiom = next((said for other, said in INSTEAD.items() if _squashed(other)[0] == stem), None)
    return idiom or _formula_hint(stem)


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


def _squashed(name: str) -> tuple[str, str]:
    """A name without case, `_` and its number of dimensions, and that number."""
    dims = _DIMENSIONS.search(name)
    stem = name if dims is None else name[: dims.start()] + name[dims.end() :]
    return re.sub(r"[_\W]", "", stem).lower(), dims[1] if dims is not None else ""


def _same(stem: str, dims: str, rank: int | None) -> list[tuple[str, str]]:
    """The ops whose name differs by case, `_` and the number of dimensions alone."""
    return _of_dims([(name, "") for name in OPS if _squashed(name)[0] == stem], dims, rank)


def _called(stem: str, dims: str, rank: int | None) -> list[tuple[str, str]]:
    """The ops that say that they are called so elsewhere, each with the fields that this says."""
    found = ((name, fields) for name, op in OPS.items() for other, fields in _others(op) if _squashed(other)[0] == stem)
    return _of_dims(list(found), dims, rank)


def _others(op: type[Op]) -> Iterator[tuple[str, str]]:
    yield from ((name, "") for name in op.aliases)
    yield from op.variants.items()


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
