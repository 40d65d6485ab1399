"""What the commands share: the graphs that they are given, and how they tell what is going on and what is wrong."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, TextIO

from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError
from archdsl.text.names import FACTORY
from archdsl.text.plain_text import visible, visible_lines
from archdsl.text.spelled import quoted

if TYPE_CHECKING:
    import torch  # noqa: TID251 - for the annotations alone

    from archdsl.diagnostics.diagnostic import Diagnostic
    from archdsl.diagnostics.spec_error import SpecError
    from archdsl.figure.errors import DrawingError
    from archdsl.ir.graph import Graph
    from archdsl.ir.modules import Example
    from archdsl.ir.selection.choosing import Selection
    from archdsl.ir.weights import LoadReport

BAD_SPEC: Final = 1
BAD_USAGE: Final = 2
TERMINATED: Final = 128 + signal.SIGTERM
"""The exit code where the command was asked to end."""
PATIENCE: Final = 1.0
"""Seconds after which a step says that it is running."""


class Failure(FaultError):
    """Ends the command with a line for the user."""

    def __init__(self, message: str, code: Code = Code.BAD_USAGE) -> None:
        super().__init__(Fault(code, message))

    @property
    def status(self) -> int:
        """The exit code: a network that does not run is its spec's mistake."""
        return BAD_SPEC if self.code is Code.DOES_NOT_RUN else BAD_USAGE


class NamedSpec(NamedTuple):
    """A network that the command line names."""

    spec: str
    params: dict[str, Any]
    sizes: dict[str, int]

    @property
    def is_module(self) -> bool:
        """Whether it is what makes a module, and no file."""
        return self.is_program or (FACTORY.fullmatch(self.spec) is not None and not Path(self.spec).exists())

    @property
    def is_program(self) -> bool:
        """Whether it is a file of an exported program."""
        return self.spec.endswith(".pt2")


def wanted_of(options: argparse.Namespace) -> NamedSpec:
    """The command's SPEC as its options set it."""
    return NamedSpec(options.spec, dict([*options.params, *options.own]), dict(options.sizes))


def graph_of(options: argparse.Namespace) -> Graph:
    """The graph of the command's SPEC, with the outputs that it asks for.

    Mistakes and warnings of the spec go to the standard error.
    """
    return selected(graphs_of(options.include, options.inputs, wanted_of(options))[0], options)


def selected(graph: Graph, options: argparse.Namespace) -> Graph:
    """The network with the outputs that the options ask for. Raises Failure."""
    from archdsl.ir.selection.choosing import chosen

    with choosing():
        return chosen(graph, selection_of(options))


def selection_of(options: argparse.Namespace) -> Selection:
    """The outputs that the options ask for."""
    from archdsl.ir.selection.choosing import Selection

    return Selection(options.outputs, options.features, options.out_indices, options.prune)


@contextmanager
def choosing() -> Iterator[None]:
    """Ends the command where outputs are asked for that a network cannot have."""
    from archdsl.ir.selection.error import OutputsError

    try:
        yield
    except OutputsError as error:
        raise Failure(str(error), error.code) from error


def graphs_of(include: list[str], inputs: list[Example], *wanted: NamedSpec) -> list[Graph]:
    """The graphs of specs, and of modules traced with these inputs; what is wrong with any of them is told once."""
    from archdsl.document.inherit import Reader
    from archdsl.document.reach import folders
    from archdsl.elaboration.analyse import analyse

    specs = [each for each in wanted if not each.is_module]
    found: list[tuple[Graph | None, list[Diagnostic]]] = []
    for place, each in enumerate(specs):
        refused = each in specs[:place] and found[specs.index(each)][0] is None  # and told
        found.append((None, []) if refused else analyse(*each, Reader(folders(include))))
    diagnostics: list[Diagnostic] = []
    for _, told in found:
        diagnostics += [each for each in told if each not in diagnostics]
    if diagnostics:
        print(shown(diagnostics, sys.stderr), file=sys.stderr)
    graphs = [graph for graph, _ in found if graph is not None]
    if len(graphs) < len(specs):
        sys.exit(exit_code(diagnostics))
    if inputs and len(specs) == len(wanted):
        raise Failure("`--input` is for modules, MODULE:FACTORY: a spec says its inputs, and `--size` sets their sizes")
    beside, waiting = graphs[0] if graphs else None, iter(graphs)
    return [graph_of_module(each, inputs, beside) if each.is_module else next(waiting) for each in wanted]


def graph_of_module(wanted: NamedSpec, inputs: list[Example], beside: Graph | None = None) -> Graph:
    """The graph of a module, traced with inputs of these sizes, else of those of the network `beside` it."""
    from archdsl.diagnostics.spec_error import SpecError
    from archdsl.ir.modules import ModuleError, examples_of
    from archdsl.porting import with_blocks

    if not (inputs or beside or wanted.is_program):
        raise Failure(f"`{wanted.spec}` is a module: give the sizes of its inputs, as `--input 2,3,224,224`")
    with step("loading PyTorch"):
        from archdsl_torch import spec_of_factory  # noqa: F401 - loads it
    try:
        with step("tracing the module"):
            given = inputs or (examples_of(beside) if beside and not wanted.is_program else [])
            text, classes = module_text(wanted, given)
        graph = with_blocks(text, classes, name=f"{wanted.spec.replace(':', '.')}.yaml", sizes=wanted.sizes)
    except (ModuleError, SpecError) as error:
        raise Failure(str(error)) from error
    tell_stubs(graph)
    return graph


def module_text(
    wanted: NamedSpec, inputs: Sequence[Example], dynamic: Collection[str] | None = None
) -> tuple[str, dict[str, str]]:
    """The spec of a module, with stubs for what no op says, and its modules' classes by path. Raises ModuleError."""
    import archdsl_torch

    if not wanted.is_program:
        with running(wanted.spec):
            return archdsl_torch.spec_of_factory(wanted.spec, wanted.params, inputs, dynamic, holes=True)
    if wanted.params or inputs or dynamic is not None:
        raise Failure(f"`{wanted.spec}` was exported already: it takes no arguments and no `--input`")
    return archdsl_torch.spec_of_program(wanted.spec, holes=True), {}


@contextmanager
def running(factory: str) -> Iterator[None]:
    """Runs a module's code: what it prints is none of the command's output, and it ends or moves nothing but itself."""
    folder = Path.cwd()
    try:
        with redirect_stdout(sys.stderr):
            yield
    except (Exception, KeyboardInterrupt):
        raise
    except BaseException as error:  # `sys.exit` for one
        if isinstance(error, SystemExit) and error.code == TERMINATED:
            raise
        said = " ".join(map(repr, error.args))
        raise Failure(f"the code of `{factory}` raises {type(error).__name__}{f' {said}' if said else ''}") from error
    finally:
        os.chdir(folder)


def tell_stubs(graph: Graph) -> bool:
    """Tells what of a module no op says, a line for each; whether there was any."""
    from archdsl.ir.unwritten import stubs_of, words

    found = stubs_of(graph)
    for node in found:
        complain(f"`{node.path}`: {words(node)}; a stub stands for it")
    return bool(found)


def exit_code(diagnostics: Sequence[Diagnostic]) -> int:
    """The exit code: mistakes that stand in no file are the call's."""
    from archdsl.diagnostics.diagnostic import Severity

    errors = [found for found in diagnostics if found.severity is Severity.ERROR]
    if any(found.span is not None and found.code != Code.UNKNOWN_SIZE for found in errors):
        return BAD_SPEC
    return BAD_USAGE if errors else 0


def shown(diagnostics: Sequence[Diagnostic], stream: TextIO) -> str:
    from archdsl.diagnostics.rendering import render_text
    from archdsl.document.files import source_of

    return render_text(diagnostics, source_of, _colour(stream))


def figure_of(graph: Graph) -> tuple[str, str]:
    """The figure after its suffix: SVG, or DOT where there is no Graphviz."""
    from archdsl.figure.errors import DrawingError, MissingError
    from archdsl.formats import figure_svg, render

    try:
        with _telling():
            return "svg", figure_svg(graph)
    except MissingError as error:
        complain(f"{error}: writing DOT instead; {error.hint}")
        return "dot", render(graph, "dot").decode()
    except DrawingError as error:
        raise _undrawn(error) from error


@contextmanager
def drawing() -> Iterator[None]:
    """Says what is going on, and ends the command where a figure cannot be drawn."""
    from archdsl.diagnostics.spec_error import SpecError
    from archdsl.figure.errors import DrawingError

    try:
        with step("drawing"), _telling():
            yield
    except DrawingError as error:
        raise _undrawn(error) from error
    except SpecError as error:
        refuse(error)


def refuse(error: SpecError) -> NoReturn:
    """Ends the command for what is wrong with a file."""
    from archdsl.diagnostics.rendering import render_text

    print(render_text(error.diagnostics, error.sources.get, _colour(sys.stderr)), file=sys.stderr)
    sys.exit(exit_code(error.diagnostics))


@contextmanager
def _telling() -> Iterator[None]:
    """Says what a figure lacks."""
    from archdsl.formats import DrawingWarning

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", DrawingWarning)
        yield
    for each in told:
        complain(str(each.message))


def _undrawn(error: DrawingError) -> Failure:
    return Failure(f"{error}; {error.hint}" if error.hint else str(error), error.code)


def spare(files: Iterable[Path], *read: str | Path | None) -> None:
    """Raises Failure where a file to be written is one that the command reads."""
    for file in files:
        if any(each is not None and file.exists() and Path(each).exists() and file.samefile(each) for each in read):
            raise Failure(f"`{file}` is what this command reads, and would be lost: write elsewhere with `-o`")


def write(path: str, content: bytes) -> None:
    from archdsl.text.writing import write_files

    write_files({Path(path): content})
    print(visible(f"wrote {path}"), file=sys.stderr)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Says what is going on if it takes longer than a second."""
    timer = threading.Timer(PATIENCE, _say, [f"{what} …"])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _say(line: str) -> None:
    with suppress(OSError):
        print(visible_lines(line), file=sys.stderr, flush=True)


def do_without_plugins() -> None:
    """Keeps pydantic from reading the metadata of every installed package, and from importing what would read it."""
    if os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__") == "__all__":
        none = ModuleType("pydantic.plugin._loader")
        none.__dict__["get_plugins"] = tuple
        sys.modules[none.__name__] = none


def complain(message: str) -> None:
    with suppress(OSError):  # who has closed the standard error does not want to know
        print(visible_lines(f"archdsl: {message}"), file=sys.stderr)


def complain_of(error: OSError) -> None:
    reason = (error.strerror or str(error)).lower()
    complain(f"`{error.filename}`: {reason}" if error.filename else reason)


def _colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def give(text: str, output: str | None, network: Graph | None = None) -> None:
    """Prints a text, or writes it to a file that is none of the network's."""
    if output is None:
        sys.stdout.write(text)
    else:
        spare([Path(output)], network.path if network is not None else None)
        write(output, text.encode())


def built(
    graph: Graph, weights: str | None, device: str | None = None, seed: int | None = None
) -> tuple[torch.nn.Module, list[LoadReport]]:
    """The module, with what became of the tensors of a file of weights, or of the files that the spec names."""
    import archdsl_torch
    from archdsl.ir.weights import WeightsError
    from archdsl_torch.gate import SourceError

    try:
        return archdsl_torch.build_with_weights(graph, weights, device, seed=seed)
    except WeightsError as error:
        raise Failure(str(error), error.code) from error
    except SourceError as error:
        packages = dict.fromkeys(node.op.name for node in graph.nodes if "." in node.op.name)
        if not packages:
            raise
        raise Failure(f"what {quoted(packages)} is printed as is not run: {error}") from error
