"""The public functions of the ways in and out: for networks that begin or end elsewhere."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import archdsl

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import torch  # noqa: TID251 - for the annotations alone

    from archdsl.comparison.verification import Verification
    from archdsl.document.reach import Folders
    from archdsl.ir.exports import ExportReport
    from archdsl.ir.graph import Graph
    from archdsl.ir.transfer import TransferReport
    from archdsl.sweeping import Sweep


def from_module(
    module: torch.nn.Module,
    *inputs: torch.Tensor,
    name: str | None = None,
    dynamic: Collection[str] | None = None,
    holes: bool = False,
) -> Graph:
    """The network that a module is in evaluation mode, traced by `torch.export` with these inputs.

    It can be drawn, summarised, compared and built as any other. What is built has the module's keys and loads its
    `state_dict`. Sizes of the inputs that the module takes at other values stay free, or of those that `dynamic` names
    (`["N"]`: the batch alone). `name` is the network's, by default the class's in lower case.
    With `holes` an op `stub` stands for each call that no op of the language says: the network is drawn and summarised
    all the same, and cannot be built.

    Raises ModuleError, with a line for each, where the module makes calls that no op of the language says and where
    `torch.export` cannot trace it, and SpecError where an op takes no such input (an image without a batch).
    """
    import archdsl_torch

    return with_blocks(archdsl_torch.spec_of(module, inputs, name, dynamic, holes), archdsl_torch.classes_of(module))


def traced(
    module: torch.nn.Module | str | os.PathLike[str],
    inputs: archdsl.ExampleTensors | None,
    sizes: Mapping[str, int] | None,
    params: Mapping[str, Any],
) -> Graph:
    """The graph of a module that stands where a spec may, with stubs for what no op says.

    Raises TypeError for what only a spec has, and what `from_module` raises.
    """
    import archdsl_torch

    if isinstance(module, str | os.PathLike):
        if params or inputs is not None:
            raise TypeError(f"`{os.fspath(module)}` was exported already, and takes no inputs and parameters")
        return with_blocks(archdsl_torch.spec_of_program(module, holes=True), {}, sizes=sizes)
    if params:
        raise TypeError(f"a module is set when it is made, and has no parameter `{next(iter(params))}`")
    if inputs is None:
        raise TypeError("a module is traced with examples of what it takes: give `inputs`, a tensor or several")
    given = tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,)
    text = archdsl_torch.spec_of(module, given, holes=True)
    return with_blocks(text, archdsl_torch.classes_of(module), sizes=sizes)


def with_blocks(
    text: str, kinds: Mapping[str, str], *, name: str = "spec.yaml", sizes: Mapping[str, int] | None = None
) -> Graph:
    """The graph of a spec that has every node written out, in fewer words, with blocks for what repeats.

    They are called by `kinds`. Raises SpecError.
    """
    from archdsl.ir.exchange.error import GraphError
    from archdsl.rewriting.rewrite import rewritten

    graph = archdsl.loads(text, name=name, sizes=sizes)
    with suppress(GraphError):  # then it is the graph as it was traced
        return folded(rewritten(graph), kinds, name=name, sizes=sizes).graph
    return graph


def examples(graph: Graph) -> tuple[torch.Tensor, ...]:
    """What a module may be traced with that is to be a network's."""
    import archdsl_torch
    from archdsl.ir.modules import examples_of

    return tuple(archdsl_torch.drawn(examples_of(graph)))


def spec(
    spec: archdsl.Spec,
    *,
    expanded: bool = False,
    sizes: Mapping[str, int] | None = None,
    include: Folders = (),
    **params: Any,
) -> str:
    """The network as the text of one spec, which names no other file: what repeats is a block or stands under `for`.

    It elaborates to the same nodes, with the same paths, fields, edges, types, keys and outputs; blocks and parameters
    may have other names than before. `expanded` writes out every node instead.

    Raises SpecError where the spec has errors, and GraphError for a graph of a stranger that no text says.
    """
    return folded(archdsl.graph(spec, sizes=sizes, include=include, **params), {}, expanded).text


class FoldedSpec(NamedTuple):
    """A text, and the graph that it elaborates to."""

    text: str
    graph: Graph


def folded(
    network: Graph,
    kinds: Mapping[str, str],
    expanded: bool = False,
    *,
    name: str = "spec.yaml",
    sizes: Mapping[str, int] | None = None,
) -> FoldedSpec:
    """The text that is shortest of those that have been shown to be the graph; blocks are called by `kinds`, by path.

    It is elaborated as a file `name`, at the `sizes` that the network has been. Raises GraphError.
    """
    from archdsl.diagnostics.spec_error import SpecError
    from archdsl.ir.exchange.error import GraphError
    from archdsl.unparsing.aligning import Unalike
    from archdsl.unparsing.likeness import first_difference
    from archdsl.unparsing.unparse import SpecFolding, unparse

    difference = ""
    for folding in (SpecFolding.NOTHING,) if expanded else SpecFolding:
        with suppress(Unalike):
            text = unparse(network, kinds, folding)
            try:
                graph = archdsl.loads(text, name=name, sizes=sizes)
            except SpecError as error:
                difference = error.diagnostics[0].message
                continue
            difference = first_difference(network, graph) or ""
            if not difference:
                return FoldedSpec(text, graph)
    raise GraphError(f"no spec says this graph: {difference}")


def sweep(
    spec: archdsl.SpecText,
    values: Mapping[str, Iterable[Any]],
    /,
    *,
    latency: bool = False,
    sizes: Mapping[str, int] | None = None,
    include: Folders = (),
    **params: Any,
) -> Sweep:
    """Every combination of parameters' `values`, with its graph, parameters, multiply-accumulates and memory.

    `print` it, `draw` it, or take its `csv()` or `json()`; iterating gives its trials. `params` are the same in all.
    With `latency` each network is built, too, and a pass in evaluation timed on this machine, in seconds.

    A trial of which the spec has errors has none of these but its `mistakes`. Raises SpecError where all are so,
    ValueError where there is nothing to sweep or there are too many combinations, and MemoryError for a
    network that is to be timed and does not fit into this machine.
    """
    from archdsl.sweeping import Sweep
    from archdsl.sweeping.trials import tried

    def made(setting: Mapping[str, Any]) -> Graph:
        return archdsl.graph(spec, sizes=sizes, include=include, **{**params, **setting})

    return Sweep(tried({name: [*given] for name, given in values.items()}, made, _latency if latency else None))


def _latency(graph: Graph) -> float:
    import archdsl_torch

    return archdsl_torch.latency(graph)


def verify(
    spec: archdsl.Spec,
    module: torch.nn.Module,
    *inputs: torch.Tensor,
    weights: str | os.PathLike[str] | None = None,
    sizes: Mapping[str, int] | None = None,
    include: Folders = (),
    **params: Any,
) -> Verification:
    """Whether a spec's network is a module: its tensors by name and shape, outputs and gradients in float64.

    Both get the same telling values, or those of a file of `weights` that the module loads; the module itself is left
    as it is. `inputs` are what `forward` takes, by default random ones of the spec's sample sizes and a batch of 2.
    Names that the spec's `weights` and `was` know are found. Where values differ, the result's `first` is the first
    that does, in running order. The result is true where nothing differs.

    Raises SpecError where the spec has errors, ModuleError where one of the two does not run on the inputs,
    WeightsError and OSError for a file that the module does not load, and MemoryError where the network does not fit.
    """
    import archdsl_torch

    network = archdsl.graph(spec, sizes=sizes, include=include, **params)
    return archdsl_torch.verify(network, module, inputs, weights)


def transfer(
    weights: str | os.PathLike[str],
    spec: archdsl.Spec,
    file: str | os.PathLike[str] | None = None,
    *,
    before: archdsl.Spec | None = None,
    fit: bool = False,
    seed: int | None = None,
    sizes: Mapping[str, int] | None = None,
    include: Folders = (),
    **params: Any,
) -> TransferReport:
    """Carries the weights of a network over into what its spec has become: `print` the report, tensor by tensor.

    `before` is the network that the weights were made with; by default the spec that a safetensors file of them
    carries, this spec with its own parameters, or the nearest that it extends, whichever has just the file's tensors.
    The comparison that `diff` makes then says what each node has become; where none fits, paths and `was` do.

    A tensor of another shape, and one that was not there, keeps the initial values of the `seed`. With `fit`, channels
    are copied or truncated instead, and a branch that was added to what was there ends in zeros, so that the sum is
    what it was. `file` (.pth, .pt or .safetensors) gets the whole network, which loads strictly; None writes nothing.

    Raises SpecError where one of the specs has errors, WeightsError for a file that holds no weights or none of the
    network, MemoryError where the network does not fit, and OSError where a file cannot be read or written.
    """
    from pathlib import Path

    import archdsl_torch
    from archdsl.text.writing import write_files

    network = archdsl.graph(spec, sizes=sizes, include=include, **params)
    old = None if before is None else archdsl.graph(before, include=include)
    module, report = archdsl_torch.transfer(network, weights, old, fit, seed)
    if file is not None:
        write_files({Path(file): archdsl_torch.content_of(network, module, Path(file))})
    return report


def export(
    spec: archdsl.Spec,
    file: str | os.PathLike[str],
    *,
    to: str | None = None,
    module: torch.nn.Module | None = None,
    weights: str | os.PathLike[str] | None = None,
    seed: int | None = None,
    dynamic: Sequence[str] | None = None,
    opset: int | None = None,
    sizes: Mapping[str, int] | None = None,
    include: Folders = (),
    **params: Any,
) -> ExportReport:
    """Writes the network, in evaluation mode, as a file that other programs run: `print` the report.

    `to` is "onnx", "pt2", a program for `torch.export.load`, or "safetensors", the tensors with the spec, which
    `archdsl.build` builds again; by default the file's suffix. Inputs and outputs have
    the spec's names. `module` is one that was built from the same spec and parameters, and trained, which stays as it
    is; without one the network is built, with the `weights` of a file that `load_weights` reads or initialised by
    the `seed`. `dynamic` names the sizes that may vary, as `["N", "H"]`, by default the batch where the spec leaves it
    free; the others are the sample sizes. `opset` is ONNX's, by default the one that torch prefers.

    Raises SpecError where the spec has errors, ExportError where there is no such file of this network, what `build`
    raises, and OSError where the file cannot be written; then nothing is written.
    """
    from pathlib import Path

    import archdsl_torch

    if module is not None and (weights is not None or seed is not None):
        raise TypeError("a module has its own numbers: give `module`, or `weights` and `seed`")
    network = archdsl.graph(spec, sizes=sizes, include=include, **params)
    made = module if module is not None else archdsl.build(network, seed=seed, weights=weights)
    path = Path(file)
    return archdsl_torch.export(network, made, path, to or path.suffix.removeprefix("."), dynamic, opset)
