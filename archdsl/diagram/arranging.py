"""What figures call ops that only pick, order and lay out values: `Split q, k, v`, `Rearrange b h t d → b t (h d)`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from archdsl.diagram.naming import Sizes, Title, fixed, humanise, listed, signed
from archdsl.diagram.quantities import size
from archdsl.graph import Node

LONGEST: Final = 44
"""Letters that a pattern may have in a box."""
_ABOUT: Final = {
    "cast": ("Cast to", "dtype"),
    "flip": ("Flip dim", "dims"),
    "one_hot": ("One-hot", "num_classes"),
    "pad": ("Pad", "pad"),
    "permute": ("Permute", "dims"),
    "roll": ("Roll by", "shifts"),
    "topk": ("Top", "k"),
}
"""Ops with one field that matters: how they are called before it."""


def _name_alone(node: Node, sizes: Sizes) -> Title:
    return Title(humanise(node.op.name))


def _one_field(node: Node, sizes: Sizes) -> Title:
    """The field that an op is about, without its name."""
    name, field = _ABOUT[node.op.name]
    return Title(fixed(name), fixed(listed(getattr(node.op, field))), comma=False)


def _part(node: Node, sizes: Sizes) -> Title:
    """`Slice dim 2 [4:60]`: the part of one dimension that is taken."""
    op: Any = node.op
    return Title("Slice", fixed(f"dim {signed(op.dim)} [{_TAKEN[op.name](node, sizes)}]"), comma=False)


def _narrowed(node: Node, sizes: Sizes) -> str:
    op: Any = node.op
    start, length = size(op.start, sizes), size(node.types[0].shape[op.dim], sizes)
    return f"{start}:{start + length}" if isinstance(start, int) and isinstance(length, int) else f"{start}:"


def _sliced(node: Node, sizes: Sizes) -> str:
    op: Any = node.op
    start, end = ("" if each is None else signed(each) for each in (op.start or None, op.end))
    return f"{start}:{end}" + (f":{op.step}" if op.step != 1 else "")


_TAKEN: Final[dict[str, Callable[[Node, Sizes], str]]] = {
    "narrow": _narrowed,
    "select": lambda node, sizes: signed(getattr(node.op, "index", "")),
    "slice": _sliced,
}


def _division(node: Node, sizes: Sizes) -> Title:
    """`Split q, k, v`: into what."""
    named = getattr(node.op, "names", None)
    name = "Unbind" if node.op.name == "unbind" else "Split"
    return Title(name, fixed(", ".join(named) if named else f"into {len(node.types)}"), comma=False)


def _pattern(node: Node, sizes: Sizes) -> Title:
    """`Rearrange b h t d → b t (h d)`"""
    op: Any = node.op
    text = op.pattern.replace("->", "→") if op.name == "rearrange" else op.equation.replace("->", " → ")
    text = re.sub(r",\s*", ", ", re.sub(r"\s+", " ", text)).strip()
    return Title(humanise(op.name), fixed(text) if len(text) <= LONGEST else "", comma=False)


ARRANGING: Final[dict[str, Callable[[Node, Sizes], Title]]] = {
    **dict.fromkeys(_TAKEN, _part),
    **dict.fromkeys(("chunk", "split", "tensor_split", "unbind"), _division),
    **dict.fromkeys(("rearrange", "einsum"), _pattern),
    # the shape beside the link says all
    **dict.fromkeys(("reshape", "expand", "flatten", "unflatten", "squeeze", "unsqueeze"), _name_alone),
    **dict.fromkeys(_ABOUT, _one_field),
}
"""By op."""
