"""The arguments of the commands, and how they are read."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from archdsl import __version__

if TYPE_CHECKING:
    from archdsl.diagram.view import View

_SIZE: Final = re.compile(r"(?P<name>(?:\w+\.)?[A-Z]\w*)=(?P<size>\d+)")
META: Final = "meta"
"""The device of tensors without numbers."""
_ONE_SPEC: Final = ("build", "source", "summary", "draw", "view", "diff")
_EPILOG: Final = """\
examples:
  archdsl build swin_t
  archdsl build my_net.yaml -p num_classes=10 -o out
  archdsl summary resnet50 --size H=256 --size W=256
  archdsl draw resnet50 -o resnet50.pdf
  archdsl diff resnet50 --to num_classes=10 -o diff.svg
"""


def make_parser(commands: Mapping[str, tuple[Callable[[argparse.Namespace], int], str]]) -> argparse.ArgumentParser:
    """The parser for these commands, each with its function and a line about it."""
    parser = argparse.ArgumentParser(
        prog="archdsl",
        description="Neural networks described in YAML: checked, drawn, and compiled to readable PyTorch.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"archdsl {__version__}")
    listed = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    made = {}
    for name, (command, about) in commands.items():
        made[name] = listed.add_parser(
            name, help=about, description=f"{about[0].upper()}{about[1:]}.", allow_abbrev=False
        )
        made[name].set_defaults(command=command)
    for name in _ONE_SPEC:
        _add_spec(made[name])
    for name in (*_ONE_SPEC, "check"):
        made[name].add_argument(
            "--include", action="append", default=[], metavar="DIR",
            help="a folder whose files a spec may name, beside those of its own folder; repeatable",
        )  # fmt: skip
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
    parsers["build"].add_argument(
        "--weights", metavar="FILE", help="load published weights, and write them under the network's names"
    )
    parsers["build"].add_argument(
        "--device", choices=("cpu", META), default="cpu",
        help="meta: allocate nothing, run nothing, for a network that is too large for this machine",
    )  # fmt: skip
    parsers["check"].add_argument("specs", nargs="+", metavar="SPEC", help="files, or shipped networks")
    parsers["check"].add_argument("--format", choices=("text", "json", "github"), default="text")
    parsers["check"].add_argument("--strict", action="store_true", help="exit with 1 where there are warnings, too")
    parsers["source"].add_argument("-o", "--output", metavar="FILE", help="write here instead of printing")
    parsers["summary"].add_argument("--depth", type=_depth, metavar="N", help="levels of modules to list")
    parsers["summary"].add_argument("--batch", type=_depth, metavar="N", help="the batch to count memory for")
    parsers["summary"].add_argument(
        "--dtype", choices=("float32", "float16", "bfloat16", "float64"), default="float32",
        help="the dtype to count memory for",
    )  # fmt: skip
    parsers["summary"].add_argument("--format", choices=("table", "json", "csv", "markdown"), default="table")
    _add_draw(parsers["draw"])
    parsers["view"].add_argument(
        "--port", type=_port, default=0, metavar="N", help="the port on this machine (default: any free one)"
    )
    parsers["view"].add_argument(
        "--no-browser", dest="browser", action="store_false", help="only print the address, and open no browser"
    )
    parsers["list"].add_argument("--family", metavar="NAME", help="only the networks of this family")
    parsers["list"].add_argument("--format", choices=("table", "json"), default="table")
    _add_diff(parsers["diff"])
    parsers["ops"].add_argument("name", nargs="?", metavar="NAME", help="an op")


def _add_draw(parser: argparse.ArgumentParser) -> None:
    from archdsl.diagram.view import DIRECTIONS, STYLES

    parser.add_argument(
        "-o", "--output", required=True, metavar="FILE.{svg,pdf,png,tikz,mmd,dot,html}", help="the suffix is the format"
    )
    parser.add_argument("--depth", type=_depth, metavar="N", help="levels of blocks to open in one picture")
    for name, about in (("expand", "open the block at this path in place"), ("collapse", "keep that block closed")):
        parser.add_argument(f"--{name}", action="append", default=[], metavar="PATH", help=f"{about}; repeatable")
    parser.add_argument("--only", metavar="PATH", help="draw this block alone")
    parser.add_argument(
        "--direction", choices=DIRECTIONS, default=DIRECTIONS[0],
        help="the overview runs down (TB, the default) or to the right (LR)",
    )  # fmt: skip
    parser.add_argument(
        "--style", choices=STYLES, default=STYLES[0],
        help="colours for paper (the default), for a dark ground, or greys for printing",
    )  # fmt: skip
    parser.add_argument("--no-counts", dest="counts", action="store_false", help="say no parameters and MACs")
    parser.add_argument("--batch", action="store_true", help="begin shapes with the batch")
    parser.add_argument("--title", metavar="TEXT", help="instead of the network's name; empty for none")


def _add_diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("other", metavar="OTHER", nargs="?", help="what SPEC is compared with (default: SPEC itself)")
    parser.add_argument(
        "--to", type=_change, action="append", default=[], metavar="KEY=VALUE",
        help="set a parameter (num_classes=10) or a size (H=256) of the second alone; -p and --size set both",
    )  # fmt: skip
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("-o", "--output", metavar="FILE.{svg,pdf,png,dot}", help="draw the second, changes coloured")
    parser.add_argument("--depth", type=_depth, metavar="N", help="levels of blocks that the figure opens")
    parser.epilog = "exit code: 0 the networks are the same, 3 they differ, 1 a spec is bad, 2 the call is"


def _change(text: str) -> tuple[str, str, Any]:
    """`key=value` or `H=256`, after the name of the option that would set it for both."""
    return ("sizes", *_size(text)) if _SIZE.fullmatch(text) else ("params", *_param(text))


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


def view_of(options: argparse.Namespace) -> View:
    """What the options of `draw` ask a figure to show."""
    from archdsl.diagram.view import View

    names = ("depth", "only", "direction", "style", "counts", "batch", "title")
    chosen = {name: getattr(options, name) for name in names}
    return View(**chosen, expand=tuple(options.expand), collapse=tuple(options.collapse))


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"expected a port, a whole number up to 65535, found `{text}`")
    return int(text)


def _depth(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found `{text}`")
    return int(text)
