"""The commands for networks that begin or end elsewhere."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import archdsl
from archdsl.cli.sharing import (
    BAD_SPEC,
    Failure,
    NamedSpec,
    built,
    exit_code,
    give,
    graph_of,
    graphs_of,
    module_text,
    running,
    selected,
    shown,
    spare,
    step,
    tell_stubs,
    write,
)
from archdsl.limits import MAX_GRAPH
from archdsl.porting import folded
from archdsl.text.plain_text import visible_lines

if TYPE_CHECKING:
    from archdsl.ir.graph import Graph

DIFFERENT: Final = 3
"""The exit code of two networks that differ."""


def import_module(options: argparse.Namespace) -> int:
    """Prints the spec of a module that a factory makes, or writes it to a file."""
    from archdsl.diagnostics.spec_error import SpecError
    from archdsl.ir.exchange.error import GraphError
    from archdsl.ir.modules import ModuleError
    from archdsl.rewriting.rewrite import rewritten

    wanted = NamedSpec(options.factory, dict(options.settings), {})
    if not (options.inputs or wanted.is_program):
        raise Failure("the following arguments are required: --input")
    with step("loading PyTorch"):
        from archdsl_torch import spec_of  # noqa: F401 - loads it
    try:
        text, classes = module_text(wanted, options.inputs, options.dynamic)
        graph = archdsl.loads(text)
    except (ModuleError, SpecError) as error:
        raise Failure(str(error)) from error
    with step("folding what repeats"), suppress(GraphError):  # then what was traced is the text
        text = folded(rewritten(graph), classes, options.expanded).text
    give(text, options.output)
    return BAD_SPEC if tell_stubs(graph) else 0


def print_spec(options: argparse.Namespace) -> int:
    """Prints a network as one spec, or writes it to a file."""
    from archdsl.ir.exchange.error import GraphError

    try:
        network = _graph_of_file(options) if options.spec.endswith(".json") else graph_of(options)
        text = archdsl.spec(network, expanded=options.expanded)
    except GraphError as error:
        raise Failure(str(error)) from error
    give(text, options.output, network)
    return 0


def _graph_of_file(options: argparse.Namespace) -> Graph:
    """The graph that `archdsl graph` wrote to a file. Raises GraphError."""
    from archdsl.ir.graph import Graph
    from archdsl.text.ordinary import open_ordinary

    if options.params or options.sizes:
        raise Failure(f"`{options.spec}` is a graph: parameters and sizes are set when it is made from its spec")
    with open_ordinary(Path(options.spec)) as opened:
        return Graph.from_json(opened.read(MAX_GRAPH + 1).decode("utf-8", "replace"))


def sweep(options: argparse.Namespace) -> int:
    """Prints what each setting of a spec costs, and plots it."""
    from archdsl.diagnostics.spec_error import SpecError
    from archdsl.sweeping.sweep import plot_path

    fixed = {name: values[0] for name, values in options.values if len(values) == 1}
    swept = {name: values for name, values in options.values if len(values) != 1}
    sizes, include = dict(options.sizes), options.include
    try:
        if options.output is not None:
            plot_path(options.output)
        made = archdsl.sweep(options.spec, swept, latency=options.latency, sizes=sizes, include=include, **fixed)
    except SpecError as error:
        print(shown(error.diagnostics, sys.stderr), file=sys.stderr)
        return exit_code(error.diagnostics)
    except ValueError as error:
        raise Failure(str(error)) from error
    print({"table": made.table, "json": made.json, "csv": made.csv}[options.format]().rstrip("\n"))
    if options.output is not None:
        write(options.output, made.svg().encode())
    return BAD_SPEC if any(trial.graph is None for trial in made) else 0


def verify(options: argparse.Namespace) -> int:
    """Tells whether a spec's network is the module that a factory makes."""
    from archdsl.ir.modules import ModuleError
    from archdsl.ir.weights import WeightsError

    wanted = NamedSpec(options.spec, dict(options.params), dict(options.sizes))
    (graph,) = graphs_of(options.include, options.inputs if wanted.is_module else [], wanted)
    with step("loading PyTorch"):
        import archdsl_torch
        from archdsl_torch import verify  # noqa: F401 - loads it
    try:
        with step("comparing"), running(options.factory):
            module = archdsl_torch.module_of(options.factory, dict(options.settings))
            inputs = archdsl_torch.drawn(options.inputs)
            found = archdsl_torch.verify(graph, module, inputs, options.weights, options.factory)
    except (ModuleError, WeightsError) as error:
        raise Failure(str(error)) from error
    print((found.json() if options.format == "json" else str(found)).rstrip("\n"))
    return 0 if found.same else DIFFERENT


def transfer(options: argparse.Namespace) -> int:
    """Carries weights over into what a spec has become, and tells of each tensor."""
    from archdsl.ir.weights import WeightsError

    now = NamedSpec(options.spec, dict(options.params), dict(options.sizes))
    if now.is_module:
        raise _no_spec(now)
    then = [] if options.before is None else [NamedSpec(options.before, {}, {})]
    graph, *before = graphs_of(options.include, [], now, *then)
    file = Path(options.output if options.output is not None else f"{graph.name}.pth")
    spare([file], options.weights, graph.path, *(each.path for each in before))
    with step("loading PyTorch"):
        import archdsl_torch
        from archdsl_torch import transfer  # noqa: F401 - loads it
    try:
        with step("carrying weights over"):
            old = before[0] if before else None
            module, report = archdsl_torch.transfer(graph, options.weights, old, options.fit, options.seed)
        content = archdsl_torch.content_of(graph, module, file)
    except WeightsError as error:
        raise Failure(str(error), error.code) from error
    print(visible_lines((report.json() if options.format == "json" else str(report)).rstrip("\n")))
    write(str(file), content)
    return 0


def _no_spec(wanted: NamedSpec) -> Failure:
    return Failure(f"`{wanted.spec}` is a module, and no spec: `archdsl import` writes one")


def export(options: argparse.Namespace) -> int:
    """Writes the network as a file that other programs run."""
    from archdsl.ir.exports import ExportError

    wanted = NamedSpec(options.spec, dict(options.params), dict(options.sizes))
    if wanted.is_module:
        raise _no_spec(wanted)
    graph = selected(graphs_of(options.include, [], wanted)[0], options)
    file = Path(options.output if options.output is not None else f"{graph.name}.{options.to}")
    spare([file], graph.path, options.weights, *(each.path for each in graph.provenance.weights))
    with step("loading PyTorch"):
        from archdsl_torch import export as write
    with step("building the module"):
        module, loaded = built(graph, options.weights)
    for each in loaded:
        print(visible_lines(f"{each}\n"))
    try:
        with step(f"tracing and writing {options.to}"):
            report = write(graph, module, file, options.to, options.dynamic, options.opset)
    except ExportError as error:
        raise Failure(str(error)) from error
    print(visible_lines(str(report)))
    for path in report.files:
        print(visible_lines(f"wrote {path}"), file=sys.stderr)
    return 0


def write_package(graph: Graph, folder: Path) -> int:
    """Writes the network's class as a package."""
    from archdsl.ir.packages import PackagingError
    from archdsl.text.writing import write_files

    with step("loading PyTorch"):
        from archdsl_torch import package
    try:
        with step("running the network once, for its test"):
            files = package(graph, folder)
    except PackagingError as error:
        raise Failure(str(error)) from error
    write_files(files)
    for path in files:
        print(visible_lines(f"wrote {path}"), file=sys.stderr)
    return 0
