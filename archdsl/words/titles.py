"""What a figure calls an op: `Conv 3×3` with `128, /2`, `Linear` with `2048 → 1000`.

An op's class says what it is called and which field it is about; where that depends on the node, a case in
`archdsl.words.ops` says it. Any other op is called by its name, with the fields that are given.
"""

from __future__ import annotations

from typing import Any, Final

from archdsl.ir.graph import Node
from archdsl.ir.training import is_all_frozen
from archdsl.ops.base import Op
from archdsl.ops.mirrors import by_class
from archdsl.ops.parametrized import parametrization_of
from archdsl.shapes import Symbolic
from archdsl.words.naming import MINUS, SampleSizes, Title, fixed, humanise, listed
from archdsl.words.quantities import SPACE, size

SHORT: Final = {"BatchNorm": "BN"}
"""What running text shortens."""
SIGNS: Final = {"+": ("Add", "+"), "*": ("Multiply", "×"), "-": ("Subtract", MINUS)}
"""Of formulas that are one sign: their titles, and the signs as figures draw them."""
_UNSAID: Final = {"keepdim", "batch_first", "parametrization"}


def title(node: Node, sizes: SampleSizes) -> Title:
    """What a figure calls this node."""
    found = title_of(node.op, node, sizes)
    words = [found.fields] if found.fields else []
    computed = parametrization_of(node.op)
    if computed is not None:
        words.append(fixed(computed.function.replace("_", " ")))
    if node.frozen and is_all_frozen(node):
        words.append("frozen")
    return found._replace(fields=f",{SPACE}".join(words))


@by_class("archdsl.words.ops", "archdsl.words")
def title_of(op: Op, node: Node, sizes: SampleSizes) -> Title:
    """The title of a node with this op."""
    name = fixed(op.called) or humanise(op.name)
    if op.about:
        return Title(name, fixed(_known(getattr(op, op.about), sizes)), comma=False)
    if op.about is not None:
        return Title(name)
    fields = [_field(field, getattr(op, field)) for field in op.model_fields_set]
    return Title(name, fixed(", ".join(sorted(field for field in fields if field))))


def sign_of(node: Node) -> str | None:
    """`+`, `×` or a minus for a formula that joins two or more nodes with this sign alone."""
    expression = getattr(node.op, "expression", None)
    signs = {tree.sign for tree in _branches(expression)}
    names = _leaves(expression)
    plain = bool(names) and all(hasattr(leaf, "name") for leaf in names)
    if len(signs) == 1 and plain and (sign := signs.pop()) in SIGNS:
        return SIGNS[sign][1]
    return None


def border_name(node: Node) -> str:
    """The port at which a value comes into a loop or leaves it: `x` of `x[t]`."""
    return node.name.rpartition("[")[0]


def _known(value: Any, sizes: SampleSizes) -> str:
    """A field at the sample sizes, but for what is the name of a size."""
    values = value if isinstance(value, tuple | list) else (value,)
    return listed([size(v, sizes) if isinstance(v, Symbolic) and str(v) not in v.names else v for v in values])


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
