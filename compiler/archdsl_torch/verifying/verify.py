"""A spec's network beside a module: their keys, values and gradients, and what a step of training does."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from typing import final

import torch
from torch import Tensor, nn

from archdsl.comparison.verification import Deviation, FirstDifference, KeyMatch, Verification
from archdsl.ir.graph import Graph, Mode
from archdsl.ir.modules import BATCH_OF_EXAMPLES, ModuleError
from archdsl.ir.weights import WeightsError
from archdsl_torch import runtime
from archdsl_torch.importing.exporting import first_line
from archdsl_torch.trial import sample_inputs
from archdsl_torch.verifying import passes
from archdsl_torch.verifying.keys import matched
from archdsl_torch.verifying.nodes import SpecLines
from archdsl_torch.verifying.pairing import paired
from archdsl_torch.verifying.passes import Pass, distance, run
from archdsl_torch.verifying.telling import fill
from archdsl_torch.verifying.watching import compared, first_difference
from archdsl_torch.weights import files
from archdsl_torch.weights.fetching import fetched
from archdsl_torch.weights.naming import is_counter, table_paths

_SCALES = (1e-6, 1e6)
"""Outputs beyond these hide mistakes."""


def verify(
    graph: Graph,
    module: nn.Module,
    inputs: Sequence[Tensor] = (),
    weights: str | os.PathLike[str] | None = None,
    name: str | None = None,
) -> Verification:
    """Whether a graph's network is the module, in float64, on these inputs or on some of the spec's sample sizes.

    Both get telling values, or those of a file of `weights` that the module loads. Neither keeps anything of it.
    Raises ModuleError where one of them does not run, and for weights what reading them raises.
    """
    network = runtime.build(graph, "cpu", torch.float64, init=False)
    called = name or type(module).__name__
    match, tensors = matched(graph, network, module)
    if not match.same:
        return Verification(graph.name, called, match)
    given = inputs or sample_inputs(graph, seed=0, sizes=dict.fromkeys(graph.batch, BATCH_OF_EXAMPLES))
    given = [each.detach().cpu().double() if each.is_floating_point() else each.detach().cpu() for each in given]
    pair = _Pair(graph, network, _copied(module, called), tensors, given, called)
    pair.fill(weights)
    return pair.verified(match)


def _copied(module: nn.Module, called: str) -> nn.Module:
    """The module in float64 and in evaluation mode, beside the one that was given. Raises ModuleError."""
    if any(each.is_meta for each in (*module.parameters(), *module.buffers())):
        raise ModuleError(f"`{called}` is on the device `meta`, and has no values")
    try:
        return copy.deepcopy(module).cpu().double().eval()
    except Exception as error:
        raise ModuleError(f"`{called}` cannot be copied: {first_line(error)}") from error


@final
@dataclass
class _Pair:
    graph: Graph
    network: nn.Module
    module: nn.Module
    tensors: dict[str, str]
    """The network's names of the module's tensors."""
    inputs: Sequence[Tensor]
    called: str

    def fill(self, weights: str | os.PathLike[str] | None) -> None:
        """Gives both the same values. Raises ModuleError, WeightsError and OSError."""
        try:
            signature(self.module.forward).bind(*self.inputs)
        except TypeError as error:
            raise ModuleError(f"`{type(self.module).__name__}.forward`: {error}") from error
        if weights is not None:
            _load(self.module, weights, self.called)
        else:
            try:
                fill(self.module, self.inputs)
            except Exception as error:
                raise ModuleError(f"`{self.called}` does not run on these inputs: {first_line(error)}") from error
        self.module.eval(), self.network.eval()
        own, others = self.network.state_dict(), self.module.state_dict()
        computed = table_paths(self.graph)
        for key, name in self.tensors.items():
            if name not in computed:
                own[name].copy_(others[key])

    def verified(self, match: KeyMatch) -> Verification:
        ours, theirs = self._passes(training=False)
        outputs = tuple(passes.outputs_apart(ours.outputs, theirs.outputs, self._outputs(len(theirs.outputs))))
        gradients = () if outputs else passes.gradients_apart(ours.gradients, self._renamed(theirs.gradients))
        found = Verification(
            self.graph.name, self.called, match, outputs, tuple(gradients),
            largest=max(
                (distance(*both) or 0.0 for both in zip(ours.outputs, theirs.outputs, strict=False)
                 if both[0].shape == both[1].shape), default=None),
            remarks=tuple(_remarks(theirs.outputs)),
        )  # fmt: skip
        if found.outputs:
            return replace(found, first=self._first(training=False))
        return found if found.gradients else self._trained(found)

    def _trained(self, found: Verification) -> Verification:
        """What a pass in training mode adds, where the module does the same each time."""
        try:
            once, again = (passes.outputs_in_training(self.module, self.inputs, seed) for seed in (0, 1))
        except Exception as error:
            return replace(found, training=f"not compared: the module does not run so: {first_line(error)}")
        if any(map(_differ, once, again)):
            return replace(found, training="not compared: the module is random there")
        ours, theirs = self._passes(training=True)
        names = self._outputs(len(theirs.outputs), Mode.EVALUATION)
        outputs = tuple(passes.outputs_apart(ours.outputs, theirs.outputs, names))
        if outputs:
            return replace(found, trained=outputs, first=self._first(training=True))
        gradients = passes.gradients_apart(ours.gradients, self._renamed(theirs.gradients))
        return replace(found, trained=(*gradients, *_buffers_apart(ours.buffers, self._renamed(theirs.buffers))))

    def _passes(self, training: bool) -> tuple[Pass, Pass]:
        theirs = run(self.module, self.inputs, training=training)
        return self._pass_of_ours(training), theirs

    def _pass_of_ours(self, training: bool) -> Pass:
        try:
            return run(self.network, self.inputs, training=training)
        except Exception as error:
            raise ModuleError(f"`{self.graph.name}` does not run on these inputs: {first_line(error)}") from error

    def _first(self, training: bool) -> FirstDifference | None:
        pairs = paired(self.network, self.module, self.tensors)
        found = compared(self.network, self.module, pairs, self.inputs, training)
        written = SpecLines(self.graph)
        sides = self.network, self.module
        return first_difference(found, pairs, sides, written.place, written.between, training)

    def _renamed(self, found: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {self.tensors.get(key, key): value for key, value in found.items()}

    def _outputs(self, count: int, without: Mode = Mode.TRAINING) -> list[str]:
        names = [name for name in self.graph.outputs if self.graph.output_modes.get(name) is not without]
        return names if len(names) == count else [f"output {number}" for number in range(count)]


def _load(module: nn.Module, weights: str | os.PathLike[str], called: str) -> None:
    """Loads a file into the module, by the module's own names. Raises WeightsError and OSError."""
    checkpoint = files.read(fetched(weights))
    own = module.state_dict()
    tensors = files.unwrapped(checkpoint, own.__contains__)
    lacking = [key for key in own if key not in tensors and not is_counter(key)]
    others = [key for key in tensors if key not in own and not is_counter(key)]
    for what, keys in ((f"lacks tensors of `{called}`", lacking), (f"has tensors that `{called}` has not", others)):
        if keys:
            raise WeightsError(f"`{checkpoint.name}` {what}, {len(keys)} of them: `{keys[0]}`")
    for key, value in own.items():
        if key in tensors and tensors[key].shape != value.shape:
            raise WeightsError(f"`{checkpoint.name}` has `{key}` in another shape than `{called}`")
    module.load_state_dict(tensors, strict=False)


def _buffers_apart(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> Iterator[Deviation]:
    """The buffers that a step of training leaves with other values."""
    for name, other in theirs.items():
        one = ours.get(name)
        if one is not None and one.shape == other.shape and _differ(one, other):
            yield Deviation(f"`{name}` after the step", distance(one, other))


def _differ(one: Tensor, other: Tensor) -> bool:
    size = distance(one, other)
    return size is None or size > passes.OUTPUT_TOLERANCE


def _remarks(outputs: Sequence[Tensor]) -> Iterator[str]:
    for number, output in enumerate(outputs):
        if not output.is_floating_point() or output.numel() < 2:
            continue
        scale = float(output.std())
        if not _SCALES[0] < scale < _SCALES[1]:
            yield f"the numbers of output {number} spread by {scale:.1e}: they prove little, and weights may prove more"
