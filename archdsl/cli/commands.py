"""The commands: parse arguments, call the API, print. Nothing else.

Exit codes: 0 done, 1 the spec is bad, 2 the call is (arguments, files that cannot be read or written);
of `diff` and `verify` also 3, the networks differ.
"""

from __future__ import annotations

import argparse
import gc
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from archdsl.cli.arguments import META, make_parser
from archdsl.cli.porting import DIFFERENT, export, import_module, print_spec, sweep, transfer, verify, write_package
from archdsl.cli.sharing import (
    BAD_SPEC,
    BAD_USAGE,
    TERMINATED,
    Failure,
    NamedSpec,
    built,
    choosing,
    complain,
    complain_of,
    do_without_plugins,
    drawing,
    exit_code,
    figure_of,
    give,
    graph_of,
    graph_of_module,
    graphs_of,
    selected,
    selection_of,
    shown,
    spare,
    step,
    wanted_of,
)
from archdsl.cli.views import view_of
from archdsl.faults.code import Code
from archdsl.faults.fault import FaultError
from archdsl.text import streams
from archdsl.text.plain_text import to_json, visible, visible_lines

if TYPE_CHECKING:
    from types import FrameType

    import torch  # noqa: TID251 - for the annotations alone

    from archdsl.diagnostics.diagnostic import Diagnostic
    from archdsl.elaboration.analyse import Examined
    from archdsl.ir.graph import Graph

INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141


def main() -> NoReturn:
    """The console script: runs `sys.argv` and exits."""
    streams.prepare()
    do_without_plugins()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(TERMINATED))
    # One command makes little garbage: looking for it, here and on exit, takes a tenth of a `check`.
    gc.disable()
    code = _finished()
    gc.freeze()
    sys.exit(code)


def _finished() -> int:
    """Runs the command, and writes what it has printed: no failure or interrupt speaks for itself."""
    interrupts = _Interrupts()
    try:
        code = run(sys.argv[1:])
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else bool(leave.code)
    except BaseException as error:
        if not (interrupts.met or isinstance(error, KeyboardInterrupt)):
            raise
        interrupts.met, code = True, BAD_USAGE
    if interrupts.met and code not in (0, INTERRUPTED):
        complain("interrupted")
        code = INTERRUPTED
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    unwritten = streams.finish()
    if unwritten is None or code:
        return code
    complain_of(unwritten)
    return BAD_USAGE


class _Interrupts:
    """Notes an interrupt: a library that is being imported may turn it into a failure of its own."""

    def __init__(self) -> None:
        self.met = False
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else they are ignored, as with `nohup`
            signal.signal(signal.SIGINT, self._meet)

    def _meet(self, number: int, frame: FrameType | None) -> NoReturn:
        self.met = True
        raise KeyboardInterrupt


def run(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code; argparse exits by itself on bad usage."""
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
    except Failure as failure:
        complain(str(failure))
        return failure.status
    except FaultError as error:
        if error.code not in (Code.UNKNOWN_OP, Code.UNWRITTEN):  # the first of an installed package
            raise
        complain(f"{error}; {error.hint}" if error.hint else str(error))
        return BAD_SPEC if error.code is Code.UNWRITTEN else BAD_USAGE
    except ImportError as error:
        if error.name != "torch":
            raise
        complain(str(error))
        return BAD_USAGE
    except BrokenPipeError:
        streams.finish()  # whoever read our output has seen enough
        return BROKEN_PIPE
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    except OSError as error:
        complain_of(error)
        return BAD_USAGE
    except MemoryError as error:
        complain(str(error) or "there is not enough memory")
        return BAD_USAGE
    return code


def _dispatch(arguments: Sequence[str]) -> int:
    first = arguments[0] if arguments else ""
    parser = make_parser(COMMANDS, [first] if first in COMMANDS else COMMANDS)
    if not arguments:
        parser.print_help(sys.stderr)
        return BAD_USAGE
    if not first.startswith("-") and first not in COMMANDS:
        raise Failure(f"unknown command `{first}`; {_suggestion(first)}")
    options = parser.parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    return command(options)


def _suggestion(word: str) -> str:
    from archdsl.text.nearest import did_you_mean

    if word.endswith((".yaml", ".yml")):
        return f"did you mean `archdsl build {word}`?"
    return did_you_mean(word, COMMANDS) or f"the commands are {', '.join(COMMANDS)}"


# --- the commands ---------------------------------------------------------------------------------


def build(options: argparse.Namespace) -> int:
    """Checks, builds, runs once, then writes source, figure and summary."""
    if options.device == META and options.weights is not None:
        raise Failure("weights need a place, which the device `meta` is not: leave out `--weights`, or `--device`")
    graph = graph_of(options)
    with step("loading PyTorch"):
        import archdsl_torch
        from archdsl_torch import run_once  # noqa: F401 - loads it
    with step("building the module"):
        module, reports = built(graph, options.weights, options.device, options.seed)
    if options.device != META:
        _run_once(module, graph, options.seed)
    with step("drawing"):
        suffix, figure = figure_of(graph)
    texts = {f"{graph.name}.py": archdsl_torch.source_of(module), f"{graph.name}.{suffix}": figure}
    files = {name: text.encode() for name, text in texts.items()}
    for report in reports:
        print(visible_lines(f"{report}\n"))
    if reports:
        files[f"{graph.name}.pth"] = archdsl_torch.saved(module)
    directory = Path(options.output) if options.output is not None else Path("build") / graph.name
    named = [each.path for each in graph.provenance.weights]
    spare((directory / name for name in files), graph.path, options.weights, *named)
    _write_build(graph, files, directory)
    return 0


def _run_once(module: torch.nn.Module, graph: Graph, seed: int | None) -> None:
    import archdsl_torch

    archdsl_torch.check_run(graph)
    with step("running one forward pass"):
        try:
            archdsl_torch.run_once(module, graph, seed=seed)
        except (RuntimeError, AssertionError) as error:
            raise Failure(f"`{graph.name}` was built but does not run: {error}", Code.DOES_NOT_RUN) from error


def _write_build(graph: Graph, contents: dict[str, bytes], directory: Path) -> None:
    from archdsl.report import summarise
    from archdsl.text.writing import write_files

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
    from archdsl.document.inherit import Reader
    from archdsl.document.reach import folders
    from archdsl.elaboration.analyse import examine

    if options.diff and options.format != "text":
        raise Failure("`--diff` shows a patch, and `--format` is for mistakes: use one of them")
    found: list[Diagnostic] = []
    params, sizes, include = dict(options.params), dict(options.sizes), folders(options.include)
    for spec in options.specs:
        if options.fix or options.diff:
            from archdsl.cli.fixing import fixes, show

            if (made := fixes(spec, include, params, sizes)) is not None:
                show(made, write=not options.diff)
        examined = examine(spec, params, sizes, Reader(include))
        found += examined.diagnostics
        if options.format == "text":
            print(shown(examined.diagnostics, sys.stdout) if examined.diagnostics else visible(_ok(spec, examined)))
    if options.format == "json" or (options.format == "github" and found):
        from archdsl.diagnostics.rendering import render_github, render_json

        print(render_json(found) if options.format == "json" else render_github(found))
    return exit_code(found) or (BAD_SPEC if options.strict and found else 0)


def _ok(spec: str, examined: Examined) -> str:
    """What is said of a file without mistakes."""
    count = examined.blocks
    return f"{spec}: ok" if count is None else f"{spec}: {count} block{'s' * (count != 1)}, ok"


def source(options: argparse.Namespace) -> int:
    """Prints the PyTorch source, or writes it to a file."""
    import archdsl_torch

    network = graph_of(options)
    if options.package is not None:
        return write_package(network, Path(options.package))
    give(archdsl_torch.source(network), options.output, network)
    return 0


def graph(options: argparse.Namespace) -> int:
    """Prints the graph as JSON, or writes it to a file."""
    network = graph_of(options)
    give(network.to_json(), options.output, network)
    return 0


def summary(options: argparse.Namespace) -> int:
    """Prints shapes, parameters, MACs, memory and receptive fields."""
    from archdsl.report import summarise

    try:
        made = summarise(graph_of(options), options.depth, options.batch, options.dtype)
    except ValueError as error:
        raise Failure(str(error)) from error
    texts = {"table": made.table, "markdown": made.markdown, "json": made.json, "csv": made.csv}
    print(texts[options.format]().rstrip("\n"))
    return 0


def draw(options: argparse.Namespace) -> int:
    """Writes the figure."""
    from archdsl import formats

    graph = graph_of(options)
    with drawing():
        paths = formats.draw(graph, options.output, view_of(options, graph))
    _tell_written(paths)
    return 0


def _tell_written(paths: list[Path]) -> None:
    print(visible(f"wrote {', '.join(map(str, paths))}"), file=sys.stderr)


def view(options: argparse.Namespace) -> int:
    """Serves the page to this machine's browser, and follows the spec."""
    from archdsl.document.reach import folders
    from archdsl.viewer.server import Server
    from archdsl.viewer.watching import Watched

    gc.enable()
    wanted = wanted_of(options)
    made = graph_of_module(wanted, options.inputs) if wanted.is_module else None
    beside = [Path(options.theme)] if options.theme is not None else []
    look = partial(view_of, options)
    with drawing(), choosing():
        watched = Watched(*wanted, folders(options.include), made, selection_of(options), look, beside)
    if watched.diagnostics:
        print(shown(watched.diagnostics, sys.stderr), file=sys.stderr)
    if exit_code(watched.diagnostics) == BAD_USAGE or Path(options.spec).is_dir():
        return BAD_USAGE
    server = Server(watched, options.port)
    print(
        visible(f"{options.spec} is at {server.url}{' and follows its files' * (made is None)}; Ctrl-C ends it"),
        flush=True,
    )
    server.run(browser=options.browser)
    return 0


def diff(options: argparse.Namespace) -> int:
    """Tells what changed from one network to another, and draws it."""
    from archdsl.comparison.difference import Difference

    if options.other is None and not options.to:
        raise Failure("nothing to compare: name a second spec, or set a parameter of it with `--to KEY=VALUE`")
    first = wanted_of(options)
    others = options.own if options.other is None else options.others
    own: dict[str, dict[str, Any]] = {"params": dict([*options.params, *others]), "sizes": dict(options.sizes)}
    for kind, name, value in options.to:
        own[kind][name] = value
    second = NamedSpec(options.other or options.spec, own["params"], own["sizes"])
    graphs = graphs_of(options.include, options.inputs, first, second)
    difference = Difference(*(selected(graph, options) for graph in graphs))
    print((difference.json() if options.format == "json" else str(difference)).rstrip("\n"))
    if options.output is not None:
        from archdsl import formats
        from archdsl.comparison.marks import ChangeMarks

        with drawing():
            view = view_of(options, difference.after)
            paths = formats.draw(difference.after, options.output, view, marks=ChangeMarks(difference))
        _tell_written(paths)
    return DIFFERENT if difference else 0


def list_specs(options: argparse.Namespace) -> int:
    """Prints the networks that ship with archdsl."""
    from dataclasses import asdict

    from archdsl.cli.zoo import families, networks, no_family, table

    known = families()
    chosen = {name: family for name, family in known.items() if options.family in (None, family)}
    if not chosen:
        raise Failure(no_family(options.family, sorted(set(known.values()))))
    if options.format == "json":
        print(to_json([asdict(network) for network in networks(chosen)], indent=2))
        return 0
    for line in table(chosen):
        print(visible(line), flush=True)
    return 0


def ops(options: argparse.Namespace) -> int:
    """Prints every op, or all about one."""
    from archdsl.cli.manual import like, list_ops, op_page
    from archdsl.ops import OPS

    if options.name is None:
        print(list_ops())
    elif OPS.find(options.name) is not None:
        print(op_page(options.name))
    else:
        raise Failure(f"unknown op `{options.name}`; {like(options.name)}")
    return 0


COMMANDS: Final[dict[str, tuple[Callable[[argparse.Namespace], int], str]]] = {
    "build": (build, "check a spec, build its module, and write source, figure and summary"),
    "check": (check, "tell every mistake in specs"),
    "source": (source, "print the PyTorch source"),
    "graph": (graph, "print the graph as JSON, for other programs"),
    "spec": (print_spec, "print a network as one spec: blocks for what repeats, nothing included"),
    "summary": (summary, "print shapes, parameters, multiply-accumulates, memory and receptive fields"),
    "draw": (draw, "draw the figure"),
    "view": (view, "open the figure in the browser, and follow the spec while it is written"),
    "diff": (diff, "tell what changed between two specs, or two settings of one"),
    "sweep": (sweep, "tell what settings of a spec cost, and plot it"),
    "export": (export, "write the network as a file that other programs run"),
    "import": (import_module, "write the spec of a PyTorch module"),
    "transfer": (transfer, "carry weights over into what their spec has become"),
    "verify": (verify, "tell whether a spec's network is a PyTorch module, and where they first differ"),
    "list": (list_specs, "list the networks that ship with archdsl"),
    "ops": (ops, "list the ops, or show one"),
}
