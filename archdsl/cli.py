"""The commands: parse arguments, call the API, print. Nothing else.

Exit codes: 0 done, 1 the spec is bad, 2 the call is (arguments, files that cannot be read or written);
of `diff` also 3, the networks differ.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TextIO

from archdsl import streams
from archdsl.arguments import META, make_parser, view_of
from archdsl.plain_text import to_json, visible, visible_lines

if TYPE_CHECKING:
    import torch  # noqa: TID251 - for the annotations alone

    from archdsl.diagnostics import Diagnostic
    from archdsl.diagram import DrawingError
    from archdsl.graph import Graph
    from archdsl.weights import LoadReport

BAD_SPEC: Final = 1
BAD_USAGE: Final = 2
DIFFERENT: Final = 3
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141
PATIENCE: Final = 1.0
"""Seconds after which a step says that it is running."""


class Failure(Exception):
    """Ends the command with a line for the user and an exit code."""

    def __init__(self, message: str, code: int = BAD_USAGE) -> None:
        super().__init__(message)
        self.code = code


def main() -> NoReturn:
    """The console script: runs `sys.argv` and exits."""
    streams.prepare()
    # Looking for pydantic's plugins reads the metadata of every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    # One command makes little garbage: looking for it, here and on exit, takes a tenth of a `check`.
    gc.disable()
    code = _finished()
    gc.freeze()
    sys.exit(code)


def _finished() -> int:
    """Runs the command, and writes what it has printed: no failure or interrupt speaks for itself."""
    try:
        code = run(sys.argv[1:])
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else bool(leave.code)
    except KeyboardInterrupt:
        _complain("interrupted")
        code = INTERRUPTED
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    unwritten = streams.finish()
    if unwritten is None or code:
        return code
    _complain_of(unwritten)
    return BAD_USAGE


def run(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code; argparse exits by itself on bad usage."""
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
    except Failure as failure:
        _complain(str(failure))
        return failure.code
    except ImportError as error:
        if error.name != "torch":
            raise
        _complain(str(error))
        return BAD_USAGE
    except BrokenPipeError:
        streams.finish()  # whoever read our output has seen enough
        return BROKEN_PIPE
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except OSError as error:
        _complain_of(error)
        return BAD_USAGE
    except MemoryError as error:
        _complain(str(error) or "there is not enough memory")
        return BAD_USAGE
    return code


def _dispatch(arguments: Sequence[str]) -> int:
    parser = make_parser(COMMANDS)
    if not arguments:
        parser.print_help(sys.stderr)
        return BAD_USAGE
    first = arguments[0]
    if not first.startswith("-") and first not in COMMANDS:
        raise Failure(f"unknown command `{first}`; {_suggestion(first)}")
    options = parser.parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    return command(options)


def _suggestion(word: str) -> str:
    from archdsl.diagnostics import did_you_mean

    if word.endswith((".yaml", ".yml")):
        return f"did you mean `archdsl build {word}`?"
    return did_you_mean(word, COMMANDS) or f"the commands are {', '.join(COMMANDS)}"


# --- the commands ---------------------------------------------------------------------------------


def build(options: argparse.Namespace) -> int:
    """Checks, builds, runs once, then writes source, figure and summary."""
    if options.device == META and options.weights is not None:
        raise Failure("weights need a place, which the device `meta` is not: leave out `--weights`, or `--device`")
    graph = _graph(options)
    with _step("loading PyTorch"):
        import archdsl_torch
        from archdsl_torch import run_once  # noqa: F401 - loads it
    with _step("building the module"):
        module, report = _module(graph, options)
    if options.device != META:
        _run_once(module, graph, options.seed)
    with _step("drawing"):
        suffix, figure = _figure(graph)
    texts = {f"{graph.name}.py": archdsl_torch.source(graph), f"{graph.name}.{suffix}": figure}
    files = {name: text.encode() for name, text in texts.items()}
    if report is not None:
        print(visible_lines(f"{report}\n"))
        files[f"{graph.name}.pth"] = archdsl_torch.saved(module)
    _write_build(graph, files, options.output)
    return 0


def _run_once(module: torch.nn.Module, graph: Graph, seed: int | None) -> None:
    import archdsl_torch

    archdsl_torch.check_run(graph)
    with _step("running one forward pass"):
        try:
            archdsl_torch.run_once(module, graph, seed=seed)
        except (RuntimeError, AssertionError) as error:
            raise Failure(f"`{graph.name}` was built but does not run: {error}", BAD_SPEC) from error


def _module(graph: Graph, options: argparse.Namespace) -> tuple[torch.nn.Module, LoadReport | None]:
    """The module, with what became of the tensors of `--weights`."""
    import archdsl_torch
    from archdsl.weights import WeightsError

    if options.weights is None:
        return archdsl_torch.build(graph, options.device, seed=options.seed), None
    try:
        return archdsl_torch.build_with_weights(graph, options.weights, seed=options.seed)
    except WeightsError as error:
        raise Failure(str(error)) from error


def _write_build(graph: Graph, contents: dict[str, bytes], output: str | None) -> None:
    from archdsl.summary import summarise
    from archdsl.writing import write_files

    directory = Path(output) if output is not None else Path("build") / graph.name
    summary = summarise(graph)
    contents |= {"summary.json": summary.json().encode()}
    files = {directory / name: content for name, content in contents.items()}
    write_files(files)
    print(summary)
    print()
    for path in files:
        print(visible(f"wrote {path}"))


def check(options: argparse.Namespace) -> int:
    """Tells every mistake of every file."""
    from archdsl.diagnostics import render_github, render_json
    from archdsl.elaborate import analyse
    from archdsl.inherit import Reader
    from archdsl.reach import folders

    found: list[Diagnostic] = []
    for spec in options.specs:
        diagnostics = analyse(spec, {}, {}, Reader(folders(options.include)))[1]
        found += diagnostics
        if options.format == "text":
            print(_shown(diagnostics, sys.stdout) if diagnostics else visible(f"{spec}: ok"))
    if options.format == "json":
        print(render_json(found))
    elif options.format == "github" and found:
        print(render_github(found))
    return _code(found) or (BAD_SPEC if options.strict and found else 0)


def source(options: argparse.Namespace) -> int:
    """Prints the PyTorch source, or writes it to a file."""
    import archdsl_torch

    text = archdsl_torch.source(_graph(options))
    if options.output is None:
        sys.stdout.write(text)
    else:
        _write(options.output, text.encode())
    return 0


def summary(options: argparse.Namespace) -> int:
    """Prints shapes, parameters, MACs, memory and receptive fields."""
    from archdsl.summary import summarise

    try:
        made = summarise(_graph(options), options.depth, options.batch, options.dtype)
    except ValueError as error:
        raise Failure(str(error)) from error
    texts = {"table": made.table, "markdown": made.markdown, "json": made.json, "csv": made.csv}
    print(texts[options.format]().rstrip("\n"))
    return 0


def draw(options: argparse.Namespace) -> int:
    """Writes the figure."""
    from archdsl import diagram

    graph = _graph(options)
    with _drawing():
        path = diagram.draw(graph, options.output, view_of(options))
    print(visible(f"wrote {path}"), file=sys.stderr)
    return 0


def view(options: argparse.Namespace) -> int:
    """Serves the page to this machine's browser, and follows the spec."""
    from archdsl.reach import folders
    from archdsl.viewer.server import Server
    from archdsl.viewer.watching import Watched

    gc.enable()
    with _drawing():
        watched = Watched(options.spec, dict(options.params), dict(options.sizes), folders(options.include))
    if watched.diagnostics:
        print(_shown(watched.diagnostics, sys.stderr), file=sys.stderr)
    if (code := _code(watched.diagnostics)) == BAD_USAGE:
        return code
    server = Server(watched, options.port)
    print(visible(f"{options.spec} is at {server.url} and follows its files; Ctrl-C ends it"), flush=True)
    server.run(browser=options.browser)
    return 0


def diff(options: argparse.Namespace) -> int:
    """Tells what changed from one network to another, and draws it."""
    from archdsl.diff.difference import Difference

    if options.other is None and not options.to:
        raise Failure("nothing to compare: name a second spec, or set a parameter of it with `--to KEY=VALUE`")
    own: dict[str, dict[str, Any]] = {"params": dict(options.params), "sizes": dict(options.sizes)}
    for kind, name, value in options.to:
        own[kind][name] = value
    first = (options.spec, dict(options.params), dict(options.sizes))
    second = (options.other or options.spec, own["params"], own["sizes"])
    difference = Difference(*_graphs(options.include, first, second))
    print((difference.json() if options.format == "json" else str(difference)).rstrip("\n"))
    if options.output is not None:
        with _drawing():
            path = difference.draw(options.output, depth=options.depth)
        print(visible(f"wrote {path}"), file=sys.stderr)
    return DIFFERENT if difference else 0


def list_specs(options: argparse.Namespace) -> int:
    """Prints the networks that ship with archdsl."""
    from dataclasses import asdict

    from archdsl.zoo import families, networks, table

    known = families()
    chosen = {name: family for name, family in known.items() if options.family in (None, family)}
    if not chosen:
        raise Failure(_no_family(options.family, sorted(set(known.values()))))
    if options.format == "json":
        print(to_json([asdict(network) for network in networks(chosen)], indent=2))
        return 0
    for line in table(chosen):
        print(visible(line), flush=True)
    return 0


def _no_family(name: str, known: Sequence[str]) -> str:
    from archdsl.diagnostics import did_you_mean

    return f"no family `{name}`; {did_you_mean(name, known) or 'there are ' + ', '.join(known)}"


def ops(options: argparse.Namespace) -> int:
    """Prints every op, or all about one."""
    from archdsl.diagnostics import did_you_mean
    from archdsl.manual import list_ops, op_page
    from archdsl.ops import OPS

    if options.name is None:
        print(list_ops())
    elif options.name in OPS:
        print(op_page(options.name))
    else:
        hint = did_you_mean(options.name, OPS) or "`archdsl ops` lists them"
        raise Failure(f"unknown op `{options.name}`; {hint}")
    return 0


# --- what commands share --------------------------------------------------------------------------


def _graph(options: argparse.Namespace) -> Graph:
    """The graph of the command's SPEC; its mistakes and warnings go to the standard error."""
    return _graphs(options.include, (options.spec, dict(options.params), dict(options.sizes)))[0]


def _graphs(include: list[str], *wanted: tuple[str, dict[str, Any], dict[str, int]]) -> list[Graph]:
    """The graphs of specs with parameters and sizes; what is wrong with any of them is told once."""
    from archdsl.elaborate import analyse
    from archdsl.inherit import Reader
    from archdsl.reach import folders

    found = [analyse(*each, Reader(folders(include))) for each in wanted]
    diagnostics: list[Diagnostic] = []
    for _, told in found:
        diagnostics += [each for each in told if each not in diagnostics]
    if diagnostics:
        print(_shown(diagnostics, sys.stderr), file=sys.stderr)
    graphs = [graph for graph, _ in found if graph is not None]
    if len(graphs) < len(wanted):
        sys.exit(_code(diagnostics))
    return graphs


def _code(diagnostics: Sequence[Diagnostic]) -> int:
    """The exit code: mistakes that stand in no file are the call's."""
    from archdsl.diagnostics import Severity

    errors = [found for found in diagnostics if found.severity is Severity.ERROR]
    if any(found.span is not None and found.code != "unknown-size" for found in errors):
        return BAD_SPEC
    return BAD_USAGE if errors else 0


def _shown(diagnostics: Sequence[Diagnostic], stream: TextIO) -> str:
    from archdsl.diagnostics import render_text
    from archdsl.files import source_of

    return render_text(diagnostics, source_of, _colour(stream))


def _figure(graph: Graph) -> tuple[str, str]:
    """The figure after its suffix: SVG, or DOT where there is no Graphviz."""
    from archdsl.diagram import DrawingError, MissingError, figure_svg, render

    try:
        with _telling():
            return "svg", figure_svg(graph)
    except MissingError as error:
        _complain(f"{error}: writing DOT instead; {error.hint}")
        return "dot", render(graph, "dot").decode()
    except DrawingError as error:
        raise _undrawn(error) from error


@contextmanager
def _drawing() -> Iterator[None]:
    """Says what is going on, and ends the command where a figure cannot be drawn."""
    from archdsl.diagram import DrawingError

    try:
        with _step("drawing"), _telling():
            yield
    except DrawingError as error:
        raise _undrawn(error) from error


@contextmanager
def _telling() -> Iterator[None]:
    """Says what a figure lacks."""
    from archdsl.diagram import DrawingWarning

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", DrawingWarning)
        yield
    for each in told:
        _complain(str(each.message))


def _undrawn(error: DrawingError) -> Failure:
    return Failure(f"{error}; {error.hint}" if error.hint else str(error))


def _write(path: str, content: bytes) -> None:
    from archdsl.writing import write_files

    write_files({Path(path): content})
    print(visible(f"wrote {path}"), file=sys.stderr)


@contextmanager
def _step(what: str) -> Iterator[None]:
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


def _complain(message: str) -> None:
    with suppress(OSError):  # who has closed the standard error does not want to know
        print(visible_lines(f"archdsl: {message}"), file=sys.stderr)


def _complain_of(error: OSError) -> None:
    reason = (error.strerror or str(error)).lower()
    _complain(f"`{error.filename}`: {reason}" if error.filename else reason)


def _colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


COMMANDS: Final[dict[str, tuple[Callable[[argparse.Namespace], int], str]]] = {
    "build": (build, "check a spec, build its module, and write source, figure and summary"),
    "check": (check, "tell every mistake in specs"),
    "source": (source, "print the PyTorch source"),
    "summary": (summary, "print shapes, parameters, multiply-accumulates, memory and receptive fields"),
    "draw": (draw, "draw the figure"),
    "view": (view, "open the figure in the browser, and follow the spec while it is written"),
    "diff": (diff, "tell what changed between two specs, or two settings of one"),
    "list": (list_specs, "list the networks that ship with archdsl"),
    "ops": (ops, "list the ops, or show one"),
}
