"""Layers with more or fewer channels than before: values copied in turn or left out, and branches that begin silent.

What may be done with a layer's tensors stands with its op, in `archdsl_torch.weights.ops`.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from archdsl.ir.graph import Graph, Node
from archdsl.ir.training import has_parameters
from archdsl.ops.base import Op
from archdsl.ops.mirrors import by_class
from archdsl.words.titles import SIGNS, sign_of
from archdsl_torch.weights.adapting import exact


class Channels(NamedTuple):
    """Which dimensions of a tensor are channels."""

    axes: tuple[int, ...]
    reads: int | None = None
    """The one whose channels are the input's: the layer adds up over it."""


@by_class("archdsl_torch.weights.ops", "archdsl_torch.weights")
def channels_of(op: Op) -> Mapping[str, Channels]:
    """The tensors of a layer whose channels stand by themselves, by name; none where a rule would be a guess."""
    return {}


@by_class("archdsl_torch.weights.ops", "archdsl_torch.weights")
def silencing(op: Op) -> tuple[str, ...]:
    """The tensors with which a layer gives zeros where they are zero, and still learns."""
    return ()


@by_class("archdsl_torch.weights.ops", "archdsl_torch.weights")
def keeps_zeros(op: Op) -> bool:
    """Whether an op without tensors gives zeros for zeros."""
    return False


def with_channels_of(tensor: Tensor, shape: tuple[int, ...], channels: Channels) -> Tensor | None:
    """The values in another shape; None where more than its channels is another.

    More channels are those from before in turn, fewer are the first. A layer that reads copies shares its weights out
    among them, so that it gives what it gave.
    """
    if tensor.dim() != len(shape) or 0 in (*tensor.shape, *shape) or not tensor.is_floating_point():
        return None
    changed = [axis for axis in range(len(shape)) if tensor.shape[axis] != shape[axis]]
    if not set(changed) <= set(channels.axes):
        return None
    made = exact(tensor)
    for axis in changed:
        old, new = tensor.shape[axis], shape[axis]
        turns = torch.arange(new) % old
        made = made.index_select(axis, turns)
        if axis == channels.reads and new > old:
            sizes = [new if each == axis else 1 for each in range(len(shape))]
            made = made / torch.bincount(turns, minlength=old)[turns].reshape(sizes)
    return made.to(tensor.dtype)


def silent_branches(graph: Graph, added: Container[Node]) -> Iterator[Node]:
    """The last layers of branches that were added, where what they are added to was there before.

    With zeros in them the sum is what it would be without the branch.
    """
    ends: dict[Node, Node] = {}
    for node in graph.nodes:  # each stands behind what it reads
        read = [ends.get(value.node, value.node) for value in node.inputs if value is not None]
        fresh = [end for end in read if end in added and not end.tensors.keys().isdisjoint(silencing(end.op))]
        sign = sign_of(node)
        if sign == SIGNS["+"][1] and 0 < len(fresh) < len(read):
            yield from fresh
        ends[node] = _end(node, read, fresh if sign == SIGNS["*"][1] else [])


def _end(node: Node, read: list[Node], factors: list[Node]) -> Node:
    """The layer whose zeros make a value zero: a factor, or the one behind what gives zeros for zeros."""
    if has_parameters(node):
        return node
    if factors:
        return factors[0]
    return read[0] if keeps_zeros(node.op) and read else node
