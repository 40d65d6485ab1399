"""Tensors of a file in the shapes that a network has, where the field agrees how."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TypeAlias, final

from torch import Tensor

from archdsl.ir.graph import Graph, Node
from archdsl.ir.renaming import Resize
from archdsl.ir.scopes import scope_at
from archdsl.ir.training import has_parameters
from archdsl.ops.conv import Direct
from archdsl_torch.weights.adapting import grid_side, resizable, resized, same_but_ones, with_channels

StoredShape: TypeAlias = tuple[int, ...]


def shape_of(tensor: Tensor) -> StoredShape:
    return tuple(tensor.shape)


def shown_shape(shape: StoredShape) -> str:
    return "×".join(map(str, shape)) or "a number"


@final
class Fitter:
    """Knows which tensors of a network, or of a part of it, follow the image: its channels and its size."""

    def __init__(self, graph: Graph, own: Mapping[str, Tensor], part: str = "") -> None:
        self.graph = graph
        self.own = own
        self.part = part

    def fitted(self, name: str, tensor: Tensor) -> tuple[Tensor, str] | None:
        """A tensor of the file in the shape that the network has, and how that was done; None where it cannot be."""
        shape = shape_of(self.own[name])
        if same_but_ones(tensor, shape):
            return tensor.reshape(shape), f"{shown_shape(shape_of(tensor))} as {shown_shape(shape)}"
        if name in self.stems and tensor.shape[:1] + tensor.shape[2:] == shape[:1] + shape[2:]:
            how = f"{tensor.shape[1]} input channels to {shape[1]}"
            return with_channels(tensor, shape[1]), how
        resize: Resize | None = self.graph.resizes.get(name)
        if resize is None or not resizable(tensor, shape, resize):
            return None
        old, new = grid_side(tensor.shape[-2], resize), grid_side(shape[-2], resize)
        return resized(tensor, shape, resize), f"{old}×{old} to {new}×{new}, {resize.mode}"

    @cached_property
    def stems(self) -> set[str]:
        """The weights of the convolutions that see what the network, or its part, is given, without a layer between."""
        seen = self._given()
        found = set()
        for node in self.graph.nodes:
            if not any(value is not None and value.node in seen for value in node.inputs):
                continue
            if not has_parameters(node):
                seen.add(node)
            elif isinstance(node.op, Direct) and node.op.groups == 1:
                found.add(f"{node.path}.weight")
        return found

    def _given(self) -> set[Node]:
        """The nodes whose values come into the network, or into its part."""
        scope = scope_at(self.graph, self.part) if self.part else None
        if scope is None:
            return set(self.graph.inputs.values())
        return {value.node for value in scope.inputs.values() if value is not None}
