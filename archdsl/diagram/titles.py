"""What a figure calls an op: `Conv 3×3` with `128, /2`, `Linear` with `2048 → 1000`.

A table by op name; an op that is not in it is called by its own name with the fields that differ
from their defaults.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from archdsl.diagram.quantities import SPACE, size
from archdsl.graph import Node, Value
from archdsl.ops.base import Kind
from archdsl.ops.special import SCAN

ARROW: Final = f"{SPACE}→ "
DOT: Final = f"{SPACE}· "


class Title(NamedTuple):
    """A name and the fields worth saying. Their spaces do not break."""

    name: str
    fields: str = ""
    comma: bool = True
    """Joined by a comma in running text: `Conv 3×3, 128`, but `Linear 2048 → 1000`."""
    stem: str = ""
    """What the name has in common with others of its kind: `Conv` of `Conv 3×3`."""

    @property
    def text(self) -> str:
        """In running text."""
        if not self.fields:
            return self.name
        return f"{self.name}{',' if self.comma else ''}{SPACE}{self.fields}"


MINUS: Final = "\N{MINUS SIGN}"
Sizes = Mapping[str, int]

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
ACRONYMS: Final = {
    name.lower(): name
    for name in ("MLP", "MHA", "SE", "MBConv", "BN", "CN", "LN", "FFN", "FPN", "RPN", "RNN", "LSTM", "GRU", "PReLU")
}  # fmt: skip
_SIGNS: Final = {"+": ("Add", "+"), "*": ("Multiply", "×"), "-": ("Subtract", MINUS)}


def title(node: Node, sizes: Sizes) -> Title:
    """What a figure calls this node."""
    name = re.sub(r"\dd$", "", node.op.name)
    return _TABLE.get(name, _generic)(node, sizes)


def humanise(name: str) -> str:
    """`patch_merging` as `Patch merging`, `mlp` as `MLP`."""
    words = [_word(word) for word in re.split(r"[_\s]+", name) if word]
    text = SPACE.join(words) or name
    return text[0].upper() + text[1:]


def _word(word: str) -> str:
    return word.upper() if len(word) == 1 else ACRONYMS.get(word.lower(), word)


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
    fields = [str(size(node.types[0].shape[1], sizes)), *_steps(op, "×" if transposed else "/")]
    if set(op.dilation) != {1}:
        fields.append(f"dilation {common(op.dilation)}")
    channels = node.inputs[0].type.shape[1] if node.inputs[0] is not None else None
    if op.groups > 1:
        fields.append("depthwise" if op.groups == channels else f"{op.groups} groups")
    kernel = times(op.kernel_size) if len(op.kernel_size) > 1 else f"{op.kernel_size[0]}"
    return Title(_fixed(f"{stem} {kernel}"), _fixed(", ".join(fields)), stem=stem)


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
        return Title(_fixed(f"Global {how} pool"))
    return Title(_fixed(f"Adaptive {how} pool"), "×".join(str(size(side, sizes)) for side in output))


def _linear(node: Node, sizes: Sizes) -> Title:
    value = node.inputs[0]
    before = size(value.type.shape[-1], sizes) if value is not None else "?"
    after = size(node.types[0].shape[-1], sizes)
    return Title("Linear", _fixed(f"{before} → {after}"), comma=False, stem="Linear")


def _embedding(node: Node, sizes: Sizes) -> Title:
    fed = next((value for value in node.inputs[1:] if value is not None), None)
    rows, columns = next(iter(node.tensors.values())).shape if fed is None else fed.type.shape
    return Title("Embedding", _fixed(f"{size(rows, sizes)} → {size(columns, sizes)}"), comma=False)


def _attention(node: Node, sizes: Sizes) -> Title:
    op: Any = node.op
    value = node.inputs[0]
    heads = getattr(op, "num_heads", None)
    if heads is None and value is not None and value.type.rank == 4:
        heads = size(value.type.shape[1], sizes)
    name = "Multi-head attention" if op.name == "multihead_attention" else "Attention"
    causal = ", causal" if getattr(op, "is_causal", False) else ""
    return Title(_fixed(name), _fixed(f"{heads} heads{causal}") if heads else causal.strip(", "))


def _group_norm(node: Node, sizes: Sizes) -> Title:
    op: Any = node.op
    return Title("GroupNorm", _fixed(f"{op.num_groups} groups"))


def _dropout(node: Node, sizes: Sizes) -> Title:
    op: Any = node.op
    if op.name == "stochastic_depth":
        return Title(_fixed("Stochastic depth"))
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
    names = {str(i): _named(_read_as(value)) for i, value in enumerate(node.inputs) if value is not None}
    text = to_text(substitute(op.expression, names))
    return Title(_fixed(text)) if len(text) <= 32 else Title(humanise(node.name))


def _read_as(value: Value) -> str:
    """How the nodes beside it read a value: `relu`, `qkv.q`."""
    if isinstance(value.node.op, SCAN):
        return border_name(value.node)
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


def _select(node: Node, sizes: Sizes) -> Title:
    return Title("Select", str(getattr(node.op, "index", "")), comma=False)


def _by_mode(node: Node, sizes: Sizes) -> Title:
    return Title(_fixed("Choice by mode"))


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
    return Title(humanise(op.name), _fixed(", ".join(sorted(field for field in fields if field))))


def _field(name: str, value: Any) -> str:
    if value is None or value is False or not isinstance(value, bool | int | float | str | tuple):
        return ""
    if value is True:
        return name
    if isinstance(value, tuple):
        value = ", ".join(map(str, value))
    text = f"{name} {value}"
    return text if len(text) <= 28 else ""


def _fixed(text: str) -> str:
    return text.replace(" ", SPACE)


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
    "dropout": _dropout,
    "stochastic_depth": _dropout,
    "cat": _join,
    "stack": _join,
    "formula": _formula,
    "parameter": _own_name,
    "constant": _own_name,
    "interpolate": _upsample,
    "select": _select,
    "by_mode": _by_mode,
    **{op.name: _border for op in SCAN},
}
