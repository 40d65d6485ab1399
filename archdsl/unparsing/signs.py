"""What nodes and values must share to be one in a block."""

from __future__ import annotations

from typing import Any

from archdsl.expressions import tree as trees
from archdsl.expressions.tree import Tree
from archdsl.expressions.walking import children
from archdsl.ir.graph import Node
from archdsl.ops.base import Kind, Op
from archdsl.ops.special import Formula


def node_sign(node: Node) -> tuple[Any, ...]:
    """What nodes must share to be one in a block: all but their numbers, and the names of activations and norms."""
    if node.share is not None:
        return ("share", node.registered)
    init = tuple((name, init.name, init.arguments) for name, init in sorted((node.init or {}).items()))
    op = node.op
    kept = init, tuple(node.tie), frozenset(node.frozen), node.registered
    if isinstance(op, Formula):
        return "formula", tree_sign(op.expression), *kept
    if is_plain(node):
        return "plain", op.kind, len(node.inputs), *kept
    fields = tuple((key, kind_sign(getattr(op, key))) for key in (*type(op).model_fields, *(op.model_extra or {})))
    return (
        op.name,
        fields,
        tuple(value is None for value in node.inputs)
        if not op.ports[:1] or not op.ports[0].variadic
        else len(node.inputs),
        *kept,
    )


def is_plain(node: Node) -> bool:
    """Whether nothing but its name says what it is, as of an activation or a normalisation: another may stand there."""
    op: Op = node.op
    return (
        len(op.ports) == 1
        and not op.ports[0].variadic
        and (op.kind is Kind.NORM or (op.kind is Kind.ACTIVATION and not node.tensors))
        and not [key for key in op.model_fields_set if type(op).model_fields[key].get_default() != getattr(op, key)]
    )


def kind_sign(value: Any) -> Any:
    """What must be one for all instances in a field's value: everything but numbers."""
    if isinstance(value, bool):
        return bool
    if isinstance(value, Tree):
        return tree_sign(value)
    if isinstance(value, tuple):
        return tuple(map(kind_sign, value))
    return value if value is None or isinstance(value, str) else int


def tree_sign(tree: Tree) -> Any:
    """A tree without its numbers."""
    if isinstance(tree, trees.Literal):
        return kind_sign(tree.value)
    said = tuple(getattr(tree, key) for key in ("name", "sign", "function", "word", "kind") if hasattr(tree, key))
    signs = tuple(sign for sign, _ in tree.rest) if isinstance(tree, trees.Compare) else ()
    return type(tree).__name__, said, signs, tuple(map(tree_sign, children(tree)))
