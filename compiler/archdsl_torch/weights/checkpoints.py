"""Published weights into a built network: renamed, fitted to other shapes, and every tensor accounted for.

First a plan is made, which touches nothing: where it fails, the network is as it was. A tensor that does
not fit is an error, unless a parameter that the caller changed explains it: then the network with the
spec's own parameters has the tensor as the file does, or does not have it where the file does not.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor, nn

from archdsl.ir.graph import Graph
from archdsl.ir.weights import SHOWN, LoadReport, WeightsError, listed
from archdsl.text.nearest import did_you_mean
from archdsl.text.spelled import quoted
from archdsl_torch import runtime
from archdsl_torch.weights import files as checkpoint_files
from archdsl_torch.weights.adapting import lost
from archdsl_torch.weights.fetching import fetched
from archdsl_torch.weights.files import Checkpoint
from archdsl_torch.weights.fitting import Fitter, shape_of, shown_shape
from archdsl_torch.weights.naming import TensorNames, is_counter, table_paths
from archdsl_torch.weights.published import Published

ABSENT, UNKNOWN, RESHAPED, UNLIKE = (
    "missing from the file", "not in the network", "of another shape", "of another kind of numbers"
)  # fmt: skip
"""What may be wrong with a tensor."""


def load_weights(
    graph: Graph, module: nn.Module, file: str | os.PathLike[str], strict: bool = True, prefix: str = ""
) -> LoadReport:
    """Loads a file into the module that was built from the graph; see `archdsl.load_weights`."""
    return _fill(module, _plan(graph, module, checkpoint_files.read(fetched(file)), strict, prefix))


def build_with_weights(
    graph: Graph,
    file: str | os.PathLike[str] | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    seed: int | None = None,
    init: bool = True,
    strict: bool = True,
) -> tuple[nn.Module, list[LoadReport]]:
    """The network with a file's weights, else with those of the files that its spec names, and what each gave.

    It is initialised only where a tensor keeps its initial values. Without `init`, and where nothing is allocated, the
    spec's own files are left alone.
    """
    if file is None:
        return _with_own_weights(graph, device, dtype, seed, init, strict)
    checkpoint = checkpoint_files.read(fetched(file))
    module = runtime.build(graph, device, dtype, seed, init=False)
    plan = _plan(graph, module, checkpoint, strict)
    if init and plan.report.fresh:
        module = runtime.instance(type(module), graph, device, dtype, seed)
    return module, [_fill(module, plan)]


def _with_own_weights(
    graph: Graph,
    device: torch.device | str | None,
    dtype: torch.dtype | None,
    seed: int | None,
    init: bool,
    strict: bool,
) -> tuple[nn.Module, list[LoadReport]]:
    module = runtime.build(graph, device, dtype, seed, init)
    state = module.state_dict()
    if not init or not state or any(tensor.is_meta for tensor in state.values()):
        return module, []
    named = graph.provenance.weights
    plans = [_plan(graph, module, checkpoint_files.read(each.path), strict, each.prefix) for each in named]
    return module, [_fill(module, plan) for plan in plans]


def saved(module: nn.Module) -> bytes:
    """The module's tensors as the content of a `.pth` file."""
    content = io.BytesIO()
    torch.save(module.state_dict(), content)
    return content.getvalue()


@final
@dataclass(frozen=True)
class _Plan:
    values: Mapping[str, Tensor]
    """What the network's tensors get."""
    report: LoadReport


@torch.no_grad()
def _fill(module: nn.Module, plan: _Plan) -> LoadReport:
    own = module.state_dict(keep_vars=True)
    if any(own[key].is_meta for key in plan.values):
        raise WeightsError("weights need a place: the network is on the device `meta`; call `to_empty` before loading")
    for key, value in plan.values.items():
        own[key].copy_(value)
    return plan.report


@final
@dataclass
class _Draft:
    """A plan in the making."""

    values: dict[str, Tensor] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    resized: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    misfits: list[str] = field(default_factory=list)
    """The network's tensors that the file has in another shape."""
    wrong: dict[str, list[str]] = field(
        default_factory=lambda: {title: [] for title in (ABSENT, UNKNOWN, RESHAPED, UNLIKE)}
    )
    """What nothing explains."""


def _plan(graph: Graph, module: nn.Module, checkpoint: Checkpoint, strict: bool, prefix: str = "") -> _Plan:
    network = _Network(graph, module.state_dict(keep_vars=True), prefix)
    tensors = checkpoint_files.unwrapped(checkpoint, lambda key: network.names.name(key) is not None)
    draft = _Draft()
    placed: dict[str, str] = {}
    for key, tensor in tensors.items():
        name = network.names.name(key)
        if name is None:
            _unexpected(draft, network, key, tensor)
            continue
        if name in placed:
            raise checkpoint_files.two_for_one(checkpoint, name, placed[name], key)
        placed[name] = key
        draft.renamed |= {key: name} if network.prefix + key != name else {}
    for name in network.own:
        if name in placed:
            _fit(draft, network, name, placed[name], tensors[placed[name]])
    _missing(draft, network, placed)
    return _finished(draft, network, checkpoint, strict)


def _unexpected(draft: _Draft, network: _Network, key: str, tensor: Tensor) -> None:
    if not network.pruned.isdisjoint(network.names.candidates(key)):
        draft.skipped[key] = "not needed for these outputs"
        return
    if network.names.unneeded(key):
        draft.skipped[key] = "not needed here"
        return
    why = next(
        filter(None, (network.published.why(name, shape_of(tensor)) for name in network.names.candidates(key))), None
    )
    if why is None:
        draft.wrong[UNKNOWN].append(key)
    draft.skipped[key] = f"no such tensor here{why or ''}"


def _fit(draft: _Draft, network: _Network, name: str, key: str, tensor: Tensor) -> None:
    """Takes a tensor as it is, or fitted to the network's shape."""
    shape = shape_of(network.own[name])
    if (loss := lost(tensor, network.own[name].dtype)) is not None:
        draft.wrong[UNLIKE].append(f"{name}: {loss}")
        draft.skipped[key] = loss
        draft.misfits.append(name)
    elif shape_of(tensor) == shape:
        draft.values[name] = tensor
    else:
        _fit_shape(draft, network, name, key, tensor)


def _fit_shape(draft: _Draft, network: _Network, name: str, key: str, tensor: Tensor) -> None:
    shape = shape_of(network.own[name])
    change = f"{shown_shape(shape_of(tensor))} in the file, {shown_shape(shape)} here"
    if name in network.tables:
        draft.skipped[key] = f"{change}: computed anew"
    elif (fitted := network.fitter.fitted(name, tensor)) is not None:
        draft.values[name], draft.resized[name] = fitted
    else:
        why = network.published.why(name, shape_of(tensor))
        if why is None:
            draft.wrong[RESHAPED].append(f"{name}: {change}")
        draft.skipped[key] = change + (why or "")
        draft.misfits.append(name)


def _missing(draft: _Draft, network: _Network, placed: Mapping[str, str]) -> None:
    filled = {id(network.own[name]) for name in draft.values}
    for name, tensor in network.own.items():
        # A tied tensor has two names, and safetensors files keep one of them.
        if name in placed or name in network.optional or id(tensor) in filled:
            continue
        draft.missing.append(name)
        if not network.published.lacks(name):
            draft.wrong[ABSENT].append(name)


def _finished(draft: _Draft, network: _Network, checkpoint: Checkpoint, strict: bool) -> _Plan:
    untouched = {*draft.misfits, *draft.missing}
    report = LoadReport(
        checkpoint.name, tuple(draft.values), draft.renamed, draft.resized, draft.skipped, tuple(draft.missing),
        tuple(name for name in network.own if name in untouched), network.part,
    )  # fmt: skip
    name = network.part or network.graph.name
    if not any(isinstance(network.own[key], nn.Parameter) for key in draft.values):
        found = quoted(list(checkpoint.tensors)[:3])
        why = f"it begins with {found}{network.whole(checkpoint)}"
        raise WeightsError(f"`{checkpoint.name}` has no tensor that fits `{name}`: {why}", report)
    if strict and any(draft.wrong.values()):
        lines = [line for title, lines in draft.wrong.items() for line in listed(title, lines)]
        hint = "  = help: give the parameters that the file was made with, or take what fits with `strict=False`"
        raise WeightsError("\n".join([f"`{checkpoint.name}` does not fit `{name}`", *lines, hint]), report)
    return _Plan(draft.values, report)


@final
class _Network:
    """What is known of the tensors of a built network, or of those below a part of it that a file is for."""

    def __init__(self, graph: Graph, whole: Mapping[str, Tensor], part: str = "") -> None:
        """Raises WeightsError where the part has no tensors."""
        self.graph = graph
        self.part = part
        self.prefix = f"{part}." if part else ""
        self.own = {key: tensor for key, tensor in whole.items() if key.startswith(self.prefix)}
        if part and not self.own:
            near = did_you_mean(part, _parts(whole)) or f"the parts are {quoted(_tops(whole))}"
            raise WeightsError(f"`{part}` is no part of `{graph.name}` that has tensors; {near}")
        self.names = TensorNames(graph, self.own, self.prefix)
        self.tables = table_paths(graph)
        self.optional = self.tables | {key for key in self.own if is_counter(key)}
        self.fitter = Fitter(graph, self.own, part)
        self.published = Published(graph, part)
        self.pruned = frozenset(graph.pruned)
        """What the whole network has beside."""

    def whole(self, file: Checkpoint) -> str:
        """What to say of a file for the whole network, where it is asked for a part of it."""
        whole = bool(self.part) and any(key.startswith(self.prefix) for key in file.tensors)
        return ", and is for the whole network: load it without `prefix`" if whole else ""


def _parts(keys: Iterable[str]) -> list[str]:
    """The paths below which there are tensors."""
    steps = [key.split(".") for key in keys]
    return [*dict.fromkeys(".".join(each[:length]) for each in steps for length in range(1, len(each)))]


def _tops(keys: Iterable[str]) -> list[str]:
    return [*dict.fromkeys(key.partition(".")[0] for key in keys)][:SHOWN]
