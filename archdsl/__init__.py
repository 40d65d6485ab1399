"""archdsl: neural networks described in YAML.

    import archdsl

    model = archdsl.build("swin_t", num_classes=10)   # an ordinary torch.nn.Module
    print(archdsl.source("swin_t"))                   # the PyTorch source that it runs
    print(archdsl.summary("swin_t"))                  # shapes, parameters, multiply-accumulates
    archdsl.draw("swin_t", "swin_t.svg")

A spec is a path, the name of a network that ships with archdsl (`archdsl list`), an elaborated
`Graph`, or a `torch.nn.Module` with examples of its `inputs`, a tensor or several.
Keyword arguments that are not named below set the spec's own parameters; `sizes` sets
symbolic dimensions of its inputs, as `{"H": 256}` or, for one input of several, `{"image.H": 256}`,
and `outputs`, `features`, `out_indices` and `prune` choose other outputs, as `graph` says.

A spec may name files under its own folder, or under the working directory where that is above it, and those that
ship; `include` is folders of which it may name files as well. NotADirectoryError where one of them is none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from archdsl.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    import torch  # noqa: TID251 - for the annotations alone
    from typing_extensions import TypeIs

    from archdsl.comparison.difference import Difference
    from archdsl.comparison.verification import Verification
    from archdsl.diagnostics.diagnostic import Diagnostic
    from archdsl.diagnostics.spec_error import SpecError
    from archdsl.document.inherit import Reader
    from archdsl.document.model import Document
    from archdsl.document.reach import Folders
    from archdsl.figure.view import ColourBy, Direction, StyleName
    from archdsl.ir.exchange.error import GraphError
    from archdsl.ir.exports import ExportError, ExportReport
    from archdsl.ir.graph import Graph
    from archdsl.ir.modules import ModuleError
    from archdsl.ir.selection.choosing import Outputs
    from archdsl.ir.selection.error import OutputsError
    from archdsl.ir.unwritten import UnwrittenError
    from archdsl.ir.weights import LoadReport, WeightsError
    from archdsl.limits import budget
    from archdsl.porting import export, from_module, spec, sweep, transfer, verify
    from archdsl.report import Summary

__all__ = [
    "Diagnostic", "Difference", "DrawingError", "ExportError", "ExportReport", "Graph", "GraphError", "LoadReport",
    "ModuleError", "OutputsError", "SpecError", "UnwrittenError", "Verification", "WeightsError", "__version__",
    "budget", "build", "check", "diff", "draw", "export", "from_module", "graph", "load", "load_weights", "loads",
    "source", "spec", "summary", "sweep", "transfer", "verify",
]  # fmt: skip

SpecText: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any]"
"""A spec by its path or name, as a text of several lines, or as the mapping that a file would hold."""
Spec: TypeAlias = "SpecText | Graph | torch.nn.Module"


ExampleTensors: TypeAlias = "torch.Tensor | Sequence[torch.Tensor]"
"""Examples of what a module's `forward` takes."""
_UNNAMED = "spec.yaml"
"""The file that messages name where a spec is none."""


def load(spec: SpecText, *, include: Folders = ()) -> Document:
    """What a file says, with what it extends and patches, checked for its form alone.

    Blocks are not expanded and shapes not inferred. Raises SpecError with every mistake of form.
    """
    from archdsl.document.inherit import read

    name, reader = _reader(spec, include)
    resolved, diagnostics = read(name, reader=reader)
    if resolved is None or _failed(diagnostics):
        raise _error(diagnostics, reader.sources)
    return resolved.document


def check(
    spec: SpecText, *, sizes: Mapping[str, int] | None = None, include: Folders = (), **params: Any
) -> list[Diagnostic]:
    """Every mistake and warning in the spec, in the order of the file; an empty list if there is none.

    A file of blocks alone, a library for `use`, is checked block by block, whatever its inputs and parameters are.
    """
    from archdsl.diagnostics.diagnostic import ordered
    from archdsl.elaboration.analyse import examine

    name, reader = _reader(spec, include)
    return list(ordered(examine(name, params, sizes, reader).diagnostics))


def graph(
    spec: Spec,
    *,
    inputs: ExampleTensors | None = None,
    outputs: Outputs | None = None,
    features: bool = False,
    out_indices: Sequence[int] | None = None,
    prune: bool = True,
    sizes: Mapping[str, int] | None = None,
    include: Folders = (),
    **params: Any,
) -> Graph:
    """The elaborated network: every primitive with its fields, path, shapes and source position.

    A module is traced with `inputs`, as `from_module` does. `outputs` makes inner values the outputs: a path, a list of
    paths, or a mapping from names to paths. `features` does so with those that `Graph.features` lists, `out_indices`
    with some of them, by number. What these do not need is left out, its parameters too; with `prune` false it stays,
    and is frozen. Every function that takes a spec takes these.

    Raises SpecError, with every mistake, where the spec has errors, OutputsError for what can be no output, and for a
    module what `from_module` raises.
    """
    from archdsl.ir.graph import Graph
    from archdsl.ir.selection.choosing import Selection, chosen

    selection = Selection(outputs, features, out_indices, prune)
    if _is_module(spec):
        from archdsl.porting import traced

        return chosen(traced(spec, inputs, sizes, params), selection)
    if inputs is not None:
        raise TypeError("`inputs` are what a module is traced with: a spec says its own")
    if not isinstance(spec, Graph):
        return chosen(_elaborated(*_reader(spec, include), params, sizes), selection)
    if params or sizes:
        raise TypeError("parameters and sizes are set when a graph is made, not afterwards")
    return chosen(spec, selection)


def loads(
    text: str, *, name: str = _UNNAMED, sizes: Mapping[str, int] | None = None, include: Folders = (), **params: Any
) -> Graph:
    """The elaborated network of a spec's text; what it names is looked for as if it were a file `name` here.

    Raises SpecError, with every mistake, where the text has errors.
    """
    return _elaborated(name, _standing_for(name, text, include), params, sizes)


def build(
    spec: Spec,
    *,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    seed: int | None = None,
    init: bool = True,
    weights: str | os.PathLike[str] | None = None,
    strict: bool = True,
    sizes: Mapping[str, int] | None = None,
    include: Folders = (),
    **params: Any,
) -> torch.nn.Module:
    """The network as an ordinary `torch.nn.Module`, running exactly what `source` prints.

    `device` and `dtype` are those of its parameters and buffers, torch's defaults if None. The same
    `seed` gives the same weights and leaves torch's generators as they were; None draws from them.
    With `init=False` parameters are left uninitialised. On the device `meta` nothing is computed: after
    `to_empty`, each generated class's `reset_parameters()` fills in parameters and constants.

    `weights` is a file that `load_weights` reads, in place of those that the spec names under `weights: files`; what
    became of its tensors goes to the logger `archdsl`, as a warning where a tensor was not loaded as it is.

    The module takes the spec's inputs by position, in the file's order or by name. One output is
    returned bare, several as a NamedTuple. Raises SpecError where the spec has errors, UnwrittenError where a part of
    it is a stub, MemoryError, before anything is
    allocated, where parameters and buffers do not fit into this machine, and for weights what `load_weights` raises.
    """
    import archdsl_torch

    network = graph(spec, sizes=sizes, include=include, **params)
    module, reports = archdsl_torch.build_with_weights(network, weights, device, dtype, seed, init, strict)
    for report in reports:
        _log(report)
    return module


def load_weights(
    spec: Spec,
    module: torch.nn.Module,
    file: str | os.PathLike[str],
    *,
    prefix: str = "",
    strict: bool = True,
    sizes: Mapping[str, int] | None = None,
    include: Folders = (),
    **params: Any,
) -> LoadReport:
    """Loads a published file of weights into a module that was built from the same spec and parameters.

    With a `prefix`, the path of a part such as `"backbone"`, the file is for that part: only its tensors are asked for.

    The file is torch's (`.pth`, `.pt`) or a safetensors file, also at an address, `https://…` or `hub:owner/name/file`,
    from which it is fetched once; only tensors are read, and no code of it is run.
    Tensors are found under the names that the spec's `weights` and `was` know, too. Those of another size
    are fitted where the field agrees how: the first convolution to other input channels, and what the
    spec's `weights` names under `resize` to other image sizes. What a changed parameter keeps from fitting,
    such as the classifier after `num_classes=10`, is skipped and keeps its values. Anything else that does
    not fit is an error, or skipped too with `strict=False`.

    Raises WeightsError, and then the module is unchanged; OSError where the file cannot be read.
    """
    import archdsl_torch

    return archdsl_torch.load_weights(graph(spec, sizes=sizes, include=include, **params), module, file, strict, prefix)


def source(spec: Spec, *, sizes: Mapping[str, int] | None = None, include: Folders = (), **params: Any) -> str:
    """The network as the text of a Python file that imports torch alone.

    Raises SpecError where the spec has errors, and UnwrittenError where a part of it is a stub.
    """
    import archdsl_torch

    return archdsl_torch.source(graph(spec, sizes=sizes, include=include, **params))


def draw(
    spec: Spec, file: str | os.PathLike[str], *,
    depth: int | None = None, expand: Sequence[str] = (), collapse: Sequence[str] = (), only: str | None = None,
    direction: Direction = "TB", style: StyleName = "paper", counts: bool = True, batch: bool = False,
    title: str | None = None, width: str = "", colour_by: ColourBy = "op", legend: bool = False, dpi: int | None = None,
    theme: str | os.PathLike[str] | None = None, all_ops: bool = False, fuse: bool | None = None,
    sizes: Mapping[str, int] | None = None, include: Folders = (), **params: Any,
) -> Path:  # fmt: skip
    """Writes the network's figure; the file's suffix, svg, pdf, png, pptx, drawio, …, chooses the format.

    `depth` is how many levels of blocks one picture opens; None draws an overview with a panel beside it for
    each distinct block. `expand` and `collapse` are paths of blocks to open in place and to keep closed, such as
    `["layer1.0"]`, and `only` is the path of the one block to draw. The overview runs down (`direction` "TB") or
    to the right ("LR"). `style` is "paper", "dark" or "print", which has no colours, or "volumes", solids as large as
    maps. `counts` says parameters and MACs, `batch` begins shapes with the batch, and `title` replaces the network's
    name; an empty one is left out.
    `width` is what the figure is set for, "3.3in", "84mm", "A4" or "16:9": it may need several pages, each a file
    `net-1.svg`, `net-2.svg`, … where the format has none. `colour_by` is what colours stand for: kinds of "op", shares
    of "parameters", "macs" or "memory" (bytes of outputs), or "dtype"; `legend` says the kinds. `dpi` is of a png,
    and `theme` a YAML file of names, colours, and what is hidden or grouped.
    `all_ops` draws reshapes that only carry, too, as one that makes attention's heads. `fuse` makes one box of a layer,
    its norm and its activation where blocks are opened, or (False) three; None: one in networks with a block of many.

    Returns the path that was written, the first of several. Raises SpecError where the spec or the theme has errors,
    DrawingError where the figure cannot be drawn, and OSError where the file cannot be written.
    """
    from archdsl import formats

    made = graph(spec, sizes=sizes, include=include, **params)
    view = formats.asked(made, {
        "depth": depth, "expand": expand, "collapse": collapse, "only": only, "direction": direction, "style": style,
        "counts": counts, "batch": batch, "title": title, "width": width, "colour_by": colour_by, "legend": legend,
        "dpi": dpi, "theme": theme, "all_ops": all_ops, "fuse": fuse,
    })  # fmt: skip
    return formats.draw(made, file, view)[0]


def summary(
    spec: Spec,
    *,
    depth: int | None = None,
    batch: int | None = None,
    dtype: str = "float32",
    sizes: Mapping[str, int] | None = None,
    include: Folders = (),
    **params: Any,
) -> Summary:
    """Shapes, parameters, multiply-accumulates, memory and receptive fields as a tree: `print` it.

    `depth` is how many levels of modules are listed; None lists as many as fit one screen. Memory is for
    a `batch`, by default the one of the sample sizes, and a `dtype` by torch's name. Raises SpecError where
    the spec has errors, and ValueError for a depth, batch or dtype that cannot be.
    """
    from archdsl.report import summarise

    return summarise(graph(spec, sizes=sizes, include=include, **params), depth, batch, dtype)


def diff(before: Spec, after: Spec, *, inputs: ExampleTensors | None = None, include: Folders = ()) -> Difference:
    """What changed from one network to another: `print` it, `draw` it, or take its `data()` or `json()`.

    Two settings of one spec are compared as graphs: `diff("resnet50", graph("resnet50", num_classes=10))`.
    A module is traced with `inputs`, by default with some as the spec beside it takes. It is false where nothing
    changed. Raises SpecError where one of the specs has errors, and for a module what `from_module` raises.
    """
    from archdsl.comparison.difference import Difference

    made = [None if _is_module(each) else graph(each, include=include) for each in (before, after)]
    if inputs is None and (beside := made[0] or made[1]) is not None and None in made:
        from archdsl.porting import examples

        inputs = examples(beside)
    return Difference(*(made[i] or graph(each, inputs=inputs) for i, each in enumerate((before, after))))


def _is_module(spec: Spec) -> TypeIs[torch.nn.Module]:
    """Whether it is a module, or a file that holds one: whoever has a module has imported torch."""
    torch = sys.modules.get("torch")
    program = isinstance(spec, str | os.PathLike) and os.fspath(spec).endswith(".pt2")
    return program or (torch is not None and isinstance(spec, torch.nn.Module))


def _reader(spec: SpecText, include: Folders) -> tuple[str | os.PathLike[str], Reader]:
    """The file that a spec is, or would be, and what reads it."""
    from archdsl.document.given import text_of
    from archdsl.document.inherit import Reader
    from archdsl.document.reach import folders

    if (text := text_of(spec)) is not None:
        return _UNNAMED, _standing_for(_UNNAMED, text, include)
    assert not isinstance(spec, Mapping)
    return spec, Reader(folders(include))


def _standing_for(name: str, text: str, include: Folders) -> Reader:
    """What reads a text as if it were in a file of that name."""
    from pathlib import Path

    from archdsl.document.inherit import Reader
    from archdsl.document.reach import folders, real

    return Reader(folders(include), texts={real(Path(name)): text})


def _elaborated(
    spec: str | os.PathLike[str], reader: Reader, params: Mapping[str, Any], sizes: Mapping[str, int] | None
) -> Graph:
    from archdsl.elaboration.analyse import analyse

    made, diagnostics = analyse(spec, params, sizes, reader)
    if made is None:
        raise _error(diagnostics, reader.sources)
    return made


def _log(report: LoadReport) -> None:
    from logging import INFO, WARNING, getLogger

    as_is = not (report.resized or report.skipped or report.missing)
    getLogger("archdsl").log(INFO if as_is else WARNING, "%s", report)


def _failed(diagnostics: Iterable[Diagnostic]) -> bool:
    from archdsl.diagnostics.diagnostic import Severity

    return any(found.severity is Severity.ERROR for found in diagnostics)


def _error(diagnostics: Sequence[Diagnostic], known: Mapping[str, str] | None = None) -> SpecError:
    """The exception for mistakes, with the texts of the files that they stand in; `known` are some of these."""
    from archdsl.diagnostics.spec_error import SpecError
    from archdsl.document.files import source_of

    files = {found.span.file for found in diagnostics if found.span is not None}
    texts = known or {}
    return SpecError(diagnostics, {file: texts[file] if file in texts else source_of(file) or "" for file in files})


_HOMES = {
    "budget": "limits",
    "Diagnostic": "diagnostics.diagnostic",
    "Difference": "comparison.difference",
    "DrawingError": "figure.errors",
    "SpecError": "diagnostics.spec_error",
    "ExportError": "ir.exports",
    "ExportReport": "ir.exports",
    "Graph": "ir.graph",
    "GraphError": "ir.exchange.error",
    "OutputsError": "ir.selection.error",
    "LoadReport": "ir.weights",
    "ModuleError": "ir.modules",
    "Verification": "comparison.verification",
    "export": "porting",
    "from_module": "porting",
    "spec": "porting",
    "sweep": "porting",
    "transfer": "porting",
    "verify": "porting",
    "UnwrittenError": "ir.unwritten",
    "WeightsError": "ir.weights",
}


def __getattr__(name: str) -> Any:
    """The public classes, and the functions of `archdsl.porting`."""
    from archdsl.text.later import imported

    return imported(__name__, _HOMES, name)
