"""What a figure calls an op: `Conv 3×3` with `128, /2`, `Linear` with `2048 → 1000`.

A table by op name; an op that is not in it is called by its own name with the fields that differ
from their defaults.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from archdsl.diagram.arranging import ARRANGING
from archdsl.diagram.naming import MINUS, Sizes, Title, fixed, humanise, listed
from archdsl.diagram.quantities import SPACE, size
from archdsl.graph import Item, Node, Value
from archdsl.ops.base import Kind
from archdsl.ops.special import SCAN

ACTIVATIONS: Final = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "leaky_relu": "LeakyReLU",
    "prelu": "PReLU",
    "rrelu": "RReLU",
    "elu": "ELU",
    "celu": "CELU",
    "selu": "SELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "glu": "GLU",
    "log_sigmoid": "LogSigmoid",
    "log_softmax": "LogSoftmax",
}
NORMS: Final = {
    "batch_norm": "BatchNorm",
    "instance_norm": "InstanceNorm",
    "layer_norm": "LayerNorm",
    "rms_norm": "RMSNorm",
    "local_response_norm": "LocalResponseNorm",
}
SHORT: Final = {"BatchNorm": "BN"}
"""What running text shortens."""
IMAGE: Final = 4
"""The rank of a batch of images."""
_UNSAID: Final = {"keepdim", "batch_first"}
_FRACTION: Final = re.compile(r"\d+\.\d{4,}(e-?\d+)?")
_SIGNS: Final = {"+": ("Add", "+"), "*": ("Multiply", "×"), "-": ("Subtract", MINUS)}


def title(node: Node, sizes: Sizes) -> Title:
    """What a figure calls this node."""
    name = re.sub(r"\dd$", "", node.op.name)
    return _TABLE.get(name, _generic)(node, sizes)


def sign_of(node: Node) -> str | None:
    """`+`, `×` or a minus for a formula that joins two or more nodes with this sign alone."""
    if node.op.name in ("add", "sub", "mul"):
        return {"add": "+", "sub": MINUS, "mul": "×"}[node.op.name]
    expression = getattr(node.op, "expression", None)
    signs = {tree.sign for tree in _branches(expression)}
    names = _leaves(expression)
    plain = bool(names) and all(hasattr(leaf, "name") for leaf in names)
    if len(signs) == 1 and plain and (sign := signs.pop()) in _SIGNS:
        return _SIGNS[sign][1]
    return None


def times(sizes: tuple[int, ...]) -> str:
    """`3×3`"""
    return "×".join(map(str, sizes))


def common(sizes: tuple[int, ...]) -> str:
    """`2` for (2, 2), else `2×1`."""
    return str(sizes[0]) if len(set(sizes)) == 1 else times(sizes)


def _conv(node: Node, sizes: Sizes) -> Title:
    op: Any = node.op
    transposed = "transpose" in op.name
    stem = "Transposed conv" if transposed else "Conv"
    if op.kernel_size is None:
        return Title(stem)
    if len(op.kernel_size) == 1:
        stem += "1d"  # of `Conv 4` nobody knows
    fields = [str(size(node.types[0].shape[1], sizes)), *_steps(op, "×" if transposed else "/")]
    if set(op.dilation) != {1}:
        fields.append(f"dilation {common(op.dilation)}")
    channels = node.inputs[0].type.shape[1] if node.inputs[0] is not None else None
    if op.groups > 1:
        fields.append("depthwise" if op.groups == channels else f"{op.groups} groups")
    kernel = times(op.kernel_size) if len(op.kernel_size) > 1 else f"{op.kernel_size[0]}"
    return Title(fixed(f"{stem} {kernel}"), fixed(", ".join(fields)), stem=stem)


def _steps(op: Any, sign: str = "/") -> list[str]:
    return [f"{sign}{common(op.stride)}"] if op.stride and set(op.stride) != {1} else []


def _pool(node: Node, sizes: Sizes) -> Title:
    op: Any = node.op
    stem = {"max": "MaxPool", "avg": "AvgPool"}.get(op.name.split("_")[0], "LPPool")
    return Title(f"{stem}{SPACE}{times(op.kernel_size)}", ", ".join(_steps(op)), stem=stem)


def _adaptive(node: Node, sizes: Sizes) -> Title:
    how = "average" if "avg" in node.op.name else "max"
    output = node.types[0].shape[2:]
    if all(side == 1 for side in output):
        return Title(fixed(f"Global {how} pool"))
    return Title(fixed(f"Adaptive {how} pool"), "×".join(str(size(side, sizes)) for side in output))


def _linear(node: Node, sizes: Sizes) -> Title:
    value = node.inputs[0]
    before = size(value.type.shape[-1], sizes) if value is not None else "?"
    after = size(node.types[0].shape[-1], sizes)
    return Title("Linear", fixed(f"{before} → {after}"), comma=False, stem="Linear")


def _embedding(node: Node, sizes: Sizes) -> Title:
    fed = next((value for value in node.inputs[1:] if value is not None), None)
    rows, columns = next(iter(node.tensors.values())).shape if fed is None else fed.type.shape
    return Title("Embedding", fixed(f"{size(rows, sizes)} → {size(columns, sizes)}"), comma=False)


def _attention(node: Node, sizes: Sizes) -> Title:
    op: Any = node.op
    value = node.inputs[0]
    heads = getattr(op, "num_heads", None)
    if heads is None and value is not None and value.type.rank == 4:
        heads = size(value.type.shape[1], sizes)
    name = "Multi-head attention" if op.name == "multihead_attention" else "Attention"
    causal = ", causal" if getattr(op, "is_causal", False) else ""
    return Title(fixed(name), fixed(f"{heads} heads{causal}") if heads else causal.strip(", "))


def _mean(node: Node, sizes: Sizes) -> Title:
    """A mean over all positions of an image is known as a pooling layer."""
    op: Any = node.op
    value = node.inputs[0]
    rank = value.type.rank if value is not None else 0
    dims = op.dim if isinstance(op.dim, tuple | list) else (op.dim,)
    if rank == IMAGE and sorted(dim % rank for dim in dims if dim is not None) == [2, 3]:
        return Title(fixed("Global average pool"))
    return _generic(node, sizes)


def _shuffle(node: Node, sizes: Sizes) -> Title:
    op: Any = node.op
    return Title(fixed("Channel shuffle"), fixed(f"{op.groups} groups"))


def _group_norm(node: Node, sizes: Sizes) -> Title:
    op: Any = node.op
    return Title("GroupNorm", fixed(f"{op.num_groups} groups"))


def _dropout(node: Node, sizes: Sizes) -> Title:
    op: Any = node.op
    if op.name == "stochastic_depth":
        return Title(fixed("Stochastic depth"))
    return Title("Dropout", f"{op.p:.3g}", comma=False)


def _join(node: Node, sizes: Sizes) -> Title:
    dim = getattr(node.op, "dim", 0)
    width = size(node.types[0].shape[dim], sizes)
    name = "Concat" if node.op.name == "cat" else "Stack"
    return Title(name, str(width) if name == "Concat" else "", comma=False)


def _formula(node: Node, sizes: Sizes) -> Title:
    sign = sign_of(node)
    if sign is not None:
        return Title(next(name for name, spelled in _SIGNS.values() if spelled == sign))
    from archdsl.expressions import substitute, to_text

    op: Any = node.op
    names = {str(i): _named(_read_as(value, node)) for i, value in enumerate(node.inputs) if value is not None}
    text = _FRACTION.sub(lambda found: f"{float(found[0]):.4g}", to_text(substitute(op.expression, names)))
    return Title(fixed(text)) if len(text) <= 32 else Title(humanise(node.name))


def _read_as(value: Value, reader: Node) -> str:
    """What a value is called where it is read: by the port of the reader's block through which it comes, else
    as the nodes beside it read it: `relu`, `qkv.q`; of an unnamed child of a list, the list's name."""
    scope = reader.scope
    if scope is not None and scope.block is not None:
        for port, given in scope.inputs.items():
            if given is not None and (given.node, given.output) == (value.node, value.output):
                return port
    if isinstance(value.node.op, SCAN):
        return border_name(value.node)
    named: Item | None = value.node
    while named is not None and named.name.isdigit():
        named = named.scope
    if named is not value.node:
        return named.name if named is not None else humanise(value.node.op.name).lower()
    return value.name[len(value.node.path) - len(value.node.name) :]


def border_name(node: Node) -> str:
    """The port at which a value comes into a loop or leaves it: `x` of `x[t]`."""
    return node.name.rpartition("[")[0]


def _border(node: Node, sizes: Sizes) -> Title:
    return Title(border_name(node))


def _named(name: str) -> Any:
    from archdsl.expressions import Name

    return Name(name)


def _own_name(node: Node, sizes: Sizes) -> Title:
    return Title(humanise(node.name))


def _recurrent(node: Node, sizes: Sizes) -> Title:
    op: Any = node.op
    layers = getattr(op, "num_layers", 1)
    fields = [str(op.hidden_size), f"{layers} layers" if layers > 1 else ""]
    fields.append("both ways" if getattr(op, "bidirectional", False) else "")
    return Title(humanise(op.name), fixed(", ".join(field for field in fields if field)))


def _by_mode(node: Node, sizes: Sizes) -> Title:
    return Title(fixed("Choice by mode"))


def _upsample(node: Node, sizes: Sizes) -> Title:
    factor = getattr(node.op, "scale_factor", None)
    scale = common(factor) if isinstance(factor, tuple) else f"{factor:g}" if factor else ""
    return Title("Upsample", f"×{scale}" if scale else "", comma=False)


def _generic(node: Node, sizes: Sizes) -> Title:
    op = node.op
    if op.kind is Kind.ACTIVATION:
        return Title(ACTIVATIONS.get(op.name, humanise(op.name)))
    name = NORMS.get(re.sub(r"\dd$", "", op.name))
    if name is not None:
        return Title(name)
    fields = [_field(name, getattr(op, name)) for name in op.model_fields_set]
    return Title(humanise(op.name), fixed(", ".join(sorted(field for field in fields if field))))


def _field(name: str, value: Any) -> str:
    if name in _UNSAID or value is None or value is False or not isinstance(value, bool | int | float | str | tuple):
        return ""
    if value is True:
        return name
    text = f"{name} {listed(value)}"
    return text if len(text) <= 28 else ""


def _branches(tree: Any) -> list[Any]:
    if not hasattr(tree, "sign") or not hasattr(tree, "left"):
        return []
    return [tree, *_branches(tree.left), *_branches(tree.right)]


def _leaves(tree: Any) -> list[Any]:
    if tree is None:
        return []
    if hasattr(tree, "left"):
        return [*_leaves(tree.left), *_leaves(tree.right)]
    return [tree]


_TABLE: Final[dict[str, Callable[[Node, Sizes], Title]]] = {
    "conv": _conv,
    "conv_transpose": _conv,
    "max_pool": _pool,
    "avg_pool": _pool,
    "lp_pool": _pool,
    "adaptive_avg_pool": _adaptive,
    "adaptive_max_pool": _adaptive,
    "linear": _linear,
    "embedding": _embedding,
    "multihead_attention": _attention,
    "scaled_dot_product_attention": _attention,
    "group_norm": _group_norm,
    "mean": _mean,
    "channel_shuffle": _shuffle,
    "dropout": _dropout,
    "stochastic_depth": _dropout,
    "cat": _join,
    "stack": _join,
    "formula": _formula,
    "parameter": _own_name,
    "constant": _own_name,
    "interpolate": _upsample,
    **dict.fromkeys(("rnn", "lstm", "gru"), _recurrent),
    "by_mode": _by_mode,
    **{op.name: _border for op in SCAN},
    **ARRANGING,
}
