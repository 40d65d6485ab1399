"""Weights from before an edit into the network after it, each tensor to where it has gone.

Where the network from before is known, the comparison that `diff` makes says which of its nodes is which; else the
paths and the spec's earlier names do. What nobody has asked for is not done: a tensor of another shape keeps its
initial values, unless `fit` copies or truncates its channels.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import torch
from torch import Tensor, nn

from archdsl.comparison.align import align
from archdsl.document.inherit import Reader
from archdsl.elaboration.analyse import analyse
from archdsl.ir.graph import Graph, Node
from archdsl.ir.training import has_parameters
from archdsl.ir.transfer import FoundBy, Moved, Outcome, TransferReport
from archdsl.ir.weights import WeightsError
from archdsl.text.bundles import SUFFIX
from archdsl.text.spelled import quoted
from archdsl_torch import runtime
from archdsl_torch.weights import files
from archdsl_torch.weights.adapting import lost
from archdsl_torch.weights.channels import channels_of, silencing, silent_branches, with_channels_of
from archdsl_torch.weights.fetching import fetched
from archdsl_torch.weights.files import Checkpoint
from archdsl_torch.weights.fitting import Fitter, shape_of, shown_shape
from archdsl_torch.weights.naming import TensorNames, is_counter, table_paths
from archdsl_torch.weights.published import earlier, shapes_of

_NEW: Final = "not in the network from before"


def transfer(
    graph: Graph,
    weights: str | os.PathLike[str],
    before: Graph | None = None,
    fit: bool = False,
    seed: int | None = None,
) -> tuple[nn.Module, TransferReport]:
    """The network with the weights of a file of its earlier form; see `archdsl.transfer`."""
    file = fetched(weights)
    checkpoint = files.read(file)
    old = _old(graph, checkpoint, file, before)
    module = runtime.build(graph, seed=seed)
    work = _Transfer(graph, module, old, fit)
    moved = tuple(work.run())
    if not any(each.outcome in (Outcome.CARRIED, Outcome.FITTED) for each in moved):
        found = quoted(list(checkpoint.tensors)[:3])
        raise WeightsError(f"`{checkpoint.name}` has no tensor that goes into `{graph.name}`: it begins with {found}")
    name = old.graph.name if old.graph is not None else None
    return module, TransferReport(checkpoint.name, name, graph.name, moved, work.unused())


@final
@dataclass(frozen=True)
class _Old:
    """The weights from before, by the names of the network that they were made with."""

    graph: Graph | None
    """None where it is not known: then the names are the file's."""
    tensors: Mapping[str, Tensor]


def _old(graph: Graph, checkpoint: Checkpoint, file: Path, before: Graph | None) -> _Old:
    """The weights, with the network that the caller says or, of those that may be, one with just these tensors."""
    if before is not None:
        shapes = shapes_of(before)
        tensors = {name: tensor for name, (_, tensor) in _named(before, shapes, checkpoint).items()}
        if shapes.keys().isdisjoint(tensors):
            found = quoted(list(checkpoint.tensors)[:3])
            raise WeightsError(f"`{checkpoint.name}` has no tensor of `{before.name}`: it begins with {found}")
        return _Old(before, tensors)
    for each in _candidates(graph, file):
        shapes = shapes_of(each)
        tensors = {name: tensor for name, (_, tensor) in _named(each, shapes, checkpoint).items()}
        there = {name: shape_of(tensor) for name, tensor in tensors.items() if not is_counter(name)}
        if there == {name: shape for name, shape in shapes.items() if not is_counter(name)}:
            return _Old(each, tensors)
    return _Old(None, dict(_named(graph, shapes_of(graph), checkpoint).values()))


def _candidates(graph: Graph, file: Path) -> Iterator[Graph]:
    """The networks that a file may be of: what it says itself, and what the network has been before."""
    own = analyse(file, reader=Reader())[0] if file.suffix == SUFFIX else None
    yield from (own,) if own is not None else ()
    yield from earlier(graph)


def _named(graph: Graph, own: Mapping[str, object], checkpoint: Checkpoint) -> dict[str, tuple[str, Tensor]]:
    """The file's tensors with their names, by a network's names or, where it has none, by their own.

    Raises WeightsError for two that would have one name.
    """
    names = TensorNames(graph, own.keys())
    found: dict[str, tuple[str, Tensor]] = {}
    for key, tensor in files.unwrapped(checkpoint, lambda key: names.name(key) is not None).items():
        name = names.name(key) or key
        if name in found:
            raise files.two_for_one(checkpoint, name, found[name][0], key)
        found[name] = key, tensor
    return found


@final
class _Transfer:
    """One network on its way into another."""

    def __init__(self, graph: Graph, module: nn.Module, old: _Old, fit: bool) -> None:
        self._graph = graph
        self._old = old
        self._fit = fit
        self._own = module.state_dict(keep_vars=True)
        self._nodes = {node.path: node for node in graph.nodes}
        self._names = TensorNames(graph, self._own.keys())
        self._fitter = Fitter(graph, self._own)
        self._sources = {**self._by_name(), **self._by_structure()}

    @torch.no_grad()
    def run(self) -> Iterator[Moved]:
        """Fills the module, and tells of each tensor."""
        silent = self._silent() if self._fit else set()
        tables, seen = table_paths(self._graph), set[int]()
        for key, tensor in self._own.items():
            if id(tensor) in seen or key in tables:
                continue
            seen.add(id(tensor))
            if key in silent:
                tensor.zero_()
                yield Moved(key, Outcome.ZERO, detail="ends a branch that was added")
            elif key in self._sources or not is_counter(key):
                yield self._moved(key, tensor)

    def unused(self) -> dict[str, str]:
        """The tensors from before that no tensor of now is made of."""
        used = {source for source, _ in self._sources.values()}
        computed = set() if self._old.graph is None else table_paths(self._old.graph)
        left = {key: tensor for key, tensor in self._old.tensors.items() if key not in used | computed}
        return {key: shown_shape(shape_of(tensor)) for key, tensor in left.items() if not is_counter(key)}

    def _moved(self, key: str, own: Tensor) -> Moved:
        if key not in self._sources:
            return Moved(key, Outcome.INITIAL, detail=_NEW)
        source, by = self._sources[key]
        tensor = self._old.tensors[source]
        change = f"{shown_shape(shape_of(tensor))} before, {shown_shape(shape_of(own))} now"
        if (loss := lost(tensor, own.dtype)) is not None:
            return Moved(key, Outcome.INITIAL, source, by, loss)
        if shape_of(tensor) == shape_of(own):
            own.copy_(tensor)
            return Moved(key, Outcome.CARRIED, source, by)
        fitted = self._fitter.fitted(key, tensor) or self._with_channels(key, own, tensor)
        if fitted is None:
            return Moved(key, Outcome.INITIAL, source, by, change)
        own.copy_(fitted[0])
        return Moved(key, Outcome.FITTED, source, by, fitted[1] or change)

    def _with_channels(self, key: str, own: Tensor, tensor: Tensor) -> tuple[Tensor, str] | None:
        node = self._owner(key) if self._fit else None
        channels = None if node is None else channels_of(node.op).get(key[len(node.path) :].removeprefix("."))
        made = None if channels is None else with_channels_of(tensor, shape_of(own), channels)
        return None if made is None else (made, "")

    def _owner(self, key: str) -> Node | None:
        """The node that a tensor is of."""
        steps = key.split(".")
        paths = (".".join(steps[:length]) for length in range(len(steps), 0, -1))
        return next((self._nodes[path] for path in paths if path in self._nodes), None)

    def _by_structure(self) -> dict[str, tuple[str, FoundBy]]:
        """Where the tensors of now come from, by the comparison of the networks."""
        if self._old.graph is None:
            return {}
        alignment, found = align(self._old.graph, self._graph), dict[str, tuple[str, FoundBy]]()
        for key in self._own:
            node = self._owner(key)
            before = None if node is None else alignment.before.get(node)
            if node is None or not isinstance(before, Node) or type(before.op) is not type(node.op):
                continue
            source = before.path + key[len(node.path) :]
            if source in self._old.tensors:
                found[key] = source, self._by(source, key)
        return found

    def _by_name(self) -> dict[str, tuple[str, FoundBy]]:
        """The same by names, of what the network from before does not know."""
        known = set() if self._old.graph is None else {*shapes_of(self._old.graph)}
        left = [key for key in self._old.tensors if key not in known]
        named = {key: self._names.name(key) for key in left}
        return {name: (key, self._by(key, name)) for key, name in named.items() if name is not None}

    def _by(self, source: str, key: str) -> FoundBy:
        if source == key:
            return FoundBy.PATH
        return FoundBy.WAS if key in self._names.candidates(source) else FoundBy.STRUCTURE

    def _silent(self) -> set[str]:
        """The tensors that are to be zero, so that what was added changes nothing."""
        old = {self._owner(key) for key in self._sources}
        added = {node for node in self._graph.nodes if has_parameters(node) and node not in old}
        ends = silent_branches(self._graph, added)
        return {f"{node.path}.{name}".removesuffix(".") for node in ends for name in silencing(node.op)}
