"""The commands: parse arguments, call the API, print. Nothing else.

Exit codes: 0 done, 1 the spec is bad, 2 the call is (arguments, files that cannot be read or written).
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TextIO

from archdsl import __version__

if TYPE_CHECKING:
    from archdsl.diagnostics import Diagnostic
    from archdsl.diagram import DrawingError
    from archdsl.graph import Graph

BAD_SPEC: Final = 1
BAD_USAGE: Final = 2
PATIENCE: Final = 1.0
"""Seconds after which a step says that it is running."""

_SIZE = re.compile(r"(?P<name>(?:\w+\.)?[A-Z]\w*)=(?P<size>\d+)")


class Failure(Exception):
    """Ends the command with a line for the user and an exit code."""

    def __init__(self, message: str, code: int = BAD_USAGE) -> None:
        super().__init__(message)
        self.code = code


def main() -> NoReturn:
    """The console script: runs `sys.argv` and exits."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    # Looking for pydantic's plugins reads the metadata of every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code; argparse exits by itself on bad usage."""
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
    except Failure as failure:
        _complain(str(failure))
        return failure.code
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        _complain("interrupted")
        return 128 + signal.SIGINT
    except OSError as error:
        _complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return BAD_USAGE
    return code


def _dispatch(arguments: Sequence[str]) -> int:
    parser = _parser()
    if not arguments:
        parser.print_help(sys.stderr)
        return BAD_USAGE
    first = arguments[0]
    if not first.startswith("-") and first not in COMMANDS:
        raise Failure(f"unknown command `{first}`{_suggestion(first)}")
    options = parser.parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    return command(options)


def _suggestion(word: str) -> str:
    from archdsl.diagnostics import nearest

    if word.endswith((".yaml", ".yml")):
        return f"; did you mean `archdsl build {word}`?"
    near = nearest(word, COMMANDS)
    return f"; did you mean `{near}`?" if near else f"; the commands are {', '.join(COMMANDS)}"


# --- the commands ---------------------------------------------------------------------------------


def build(options: argparse.Namespace) -> int:
    """Checks, builds, runs once, then writes source, figure and summary."""
    graph = _graph(options)
    with _step("loading PyTorch"):
        import archdsl_torch
        from archdsl_torch.trial import run_once
    with _step("building the module"):
        module = archdsl_torch.build(graph, seed=options.seed)
    with _step("running one forward pass"):
        try:
            run_once(module, graph, seed=options.seed)
        except RuntimeError as error:
            raise Failure(f"`{graph.name}` was built but does not run: {error}", BAD_SPEC) from error
    with _step("drawing"):
        suffix, figure = _figure(graph)
    texts = {f"{graph.name}.py": archdsl_torch.source(graph), f"{graph.name}.{suffix}": figure}
    _write_build(graph, texts, options.output)
    return 0


def _write_build(graph: Graph, texts: dict[str, str], output: str | None) -> None:
    from archdsl.summary import summarise
    from archdsl.writing import write_files

    directory = Path(output) if output is not None else Path("build") / graph.name
    summary = summarise(graph)
    texts |= {"summary.json": summary.json()}
    files = {directory / name: text.encode() for name, text in texts.items()}
    write_files(files)
    print(summary)
    print()
    for path in files:
        print(f"wrote {path}")


def check(options: argparse.Namespace) -> int:
    """Tells every mistake of every file."""
    from archdsl.diagnostics import render_github, render_json
    from archdsl.elaborate import analyse

    found: list[Diagnostic] = []
    for spec in options.specs:
        diagnostics = analyse(spec, {}, {})[1]
        found += diagnostics
        if options.format == "text":
            print(_shown(diagnostics, sys.stdout) if diagnostics else f"{spec}: ok")
    if options.format == "json":
        print(render_json(found))
    elif options.format == "github" and found:
        print(render_github(found))
    return _code(found)


def source(options: argparse.Namespace) -> int:
    """Prints the PyTorch source, or writes it to a file."""
    graph = _graph(options)
    with _step("loading PyTorch"):
        import archdsl_torch
    text = archdsl_torch.source(graph)
    if options.output is None:
        sys.stdout.write(text)
    else:
        _write(options.output, text.encode())
    return 0


def summary(options: argparse.Namespace) -> int:
    """Prints shapes, parameters and MACs."""
    from archdsl.summary import summarise

    made = summarise(_graph(options), options.depth)
    texts = {"table": made.table, "markdown": made.markdown, "json": made.json}
    print(texts[options.format]().rstrip("\n"))
    return 0


def draw(options: argparse.Namespace) -> int:
    """Writes the figure."""
    from archdsl import diagram

    graph = _graph(options)
    try:
        with _step("drawing"):
            path = diagram.draw(graph, options.output, depth=options.depth)
    except diagram.DrawingError as error:
        raise _undrawn(error) from error
    print(f"wrote {path}", file=sys.stderr)
    return 0


def list_specs(options: argparse.Namespace) -> int:
    """Prints the networks that ship with archdsl."""
    from archdsl.files import shipped
    from archdsl.loader import load

    specs = {path.stem: load(path.read_text("utf-8"), path.name)[0] for path in shipped()}
    width = max(map(len, specs), default=0)
    for name, spec in specs.items():
        print(f"{name:<{width}}  {spec.get('summary', '')}".rstrip())
    return 0


def ops(options: argparse.Namespace) -> int:
    """Prints every op, or all about one."""
    from archdsl.manual import list_ops, op_page

    print(list_ops() if options.name is None else _page(options.name, op_page))
    return 0


def _page(name: str, op_page: Callable[[str], str]) -> str:
    from archdsl.diagnostics import nearest
    from archdsl.manual import names

    if name in names():
        return op_page(name)
    near = nearest(name, names())
    hint = f"did you mean `{near}`?" if near else "`archdsl ops` lists them"
    raise Failure(f"unknown op `{name}`; {hint}")


# --- what commands share --------------------------------------------------------------------------


def _graph(options: argparse.Namespace) -> Graph:
    """The graph of the command's SPEC; its mistakes and warnings go to the standard error."""
    from archdsl.elaborate import analyse

    graph, diagnostics = analyse(options.spec, dict(options.params), dict(options.sizes))
    if diagnostics:
        print(_shown(diagnostics, sys.stderr), file=sys.stderr)
    if graph is None:
        sys.exit(_code(diagnostics))
    return graph


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
    from archdsl.diagram import DrawingError, MissingError, dot_text, figure_svg

    try:
        return "svg", figure_svg(graph)
    except MissingError as error:
        _complain(f"{error}: writing DOT instead; {error.hint}")
        return "dot", dot_text(graph)
    except DrawingError as error:
        raise _undrawn(error) from error


def _undrawn(error: DrawingError) -> Failure:
    return Failure(f"{error}; {error.hint}" if error.hint else str(error))


def _write(path: str, content: bytes) -> None:
    from archdsl.writing import write_files

    write_files({Path(path): content})
    print(f"wrote {path}", file=sys.stderr)


@contextmanager
def _step(what: str) -> Iterator[None]:
    """Says what is going on if it takes longer than a second."""
    timer = threading.Timer(PATIENCE, lambda: print(f"{what} …", file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _complain(message: str) -> None:
    print(f"archdsl: {message}", file=sys.stderr)


def _colour(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


# --- the arguments --------------------------------------------------------------------------------


def _param(text: str) -> tuple[str, Any]:
    """`key=value`, the value read as a spec file would read it."""
    from archdsl.loader import load

    key, equals, value = text.partition("=")
    if not equals or not key.isidentifier():
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, found `{text}`")
    data, _, diagnostics = load(f"{key}: {value}\n", "-p")
    if diagnostics:
        raise argparse.ArgumentTypeError(f"cannot read `{value}`: {diagnostics[0].message}")
    if not isinstance(data, dict) or list(data) != [key]:
        raise argparse.ArgumentTypeError(f"expected one value, found `{value}`")
    return key, data[key]


def _size(text: str) -> tuple[str, int]:
    """`H=256` or `x.H=256`."""
    match = _SIZE.fullmatch(text)
    if match is None or int(match["size"]) < 1:
        raise argparse.ArgumentTypeError(f"expected H=256 or x.H=256, found `{text}`")
    return match["name"], int(match["size"])


def _depth(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found `{text}`")
    return int(text)


COMMANDS: Final[dict[str, tuple[Callable[[argparse.Namespace], int], str]]] = {
    "build": (build, "check a spec, build its module, and write source, figure and summary"),
    "check": (check, "tell every mistake in specs"),
    "source": (source, "print the PyTorch source"),
    "summary": (summary, "print shapes, parameters and multiply-accumulates"),
    "draw": (draw, "draw the figure"),
    "list": (list_specs, "list the networks that ship with archdsl"),
    "ops": (ops, "list the ops, or show one"),
}

_ONE_SPEC: Final = ("build", "source", "summary", "draw")
_EPILOG: Final = """\
examples:
  archdsl build swin_t
  archdsl build my_net.yaml -p num_classes=10 -o out
  archdsl summary resnet50 --size H=256 --size W=256
  archdsl draw resnet50 -o resnet50.pdf
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="archdsl",
        description="Neural networks described in YAML: checked, drawn, and compiled to readable PyTorch.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"archdsl {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    made = {}
    for name, (command, about) in COMMANDS.items():
        made[name] = commands.add_parser(
            name, help=about, description=f"{about[0].upper()}{about[1:]}.", allow_abbrev=False
        )
        made[name].set_defaults(command=command)
    for name in _ONE_SPEC:
        _add_spec(made[name])
    _add_options(made)
    return parser


def _add_spec(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("spec", metavar="SPEC", help="a file, or a network that `archdsl list` shows")
    parser.add_argument(
        "-p", "--param", dest="params", type=_param, action="append", default=[], metavar="KEY=VALUE",
        help="set a parameter of the spec; the value is read as YAML",
    )  # fmt: skip
    parser.add_argument(
        "--size", dest="sizes", type=_size, action="append", default=[], metavar="[INPUT.]H=256",
        help="set a symbolic dimension of the inputs",
    )  # fmt: skip


def _add_options(parsers: dict[str, argparse.ArgumentParser]) -> None:
    parsers["build"].add_argument(
        "-o", "--output", metavar="DIR", help="the directory to write into (default: build/NAME)"
    )
    parsers["build"].add_argument("--seed", type=int, metavar="N", help="seed the weights and the input")
    parsers["check"].add_argument("specs", nargs="+", metavar="SPEC", help="files, or shipped networks")
    parsers["check"].add_argument("--format", choices=("text", "json", "github"), default="text")
    parsers["source"].add_argument("-o", "--output", metavar="FILE", help="write here instead of printing")
    parsers["summary"].add_argument("--depth", type=_depth, metavar="N", help="levels of modules to list")
    parsers["summary"].add_argument("--format", choices=("table", "json", "markdown"), default="table")
    parsers["draw"].add_argument(
        "-o", "--output", required=True, metavar="FILE.{svg,pdf,png,dot}", help="the suffix is the format"
    )
    parsers["draw"].add_argument("--depth", type=_depth, metavar="N", help="levels of blocks to open")
    parsers["ops"].add_argument("name", nargs="?", metavar="NAME", help="an op")
