"""The arguments of the commands, and how they are read."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NoReturn, TypeAlias, final

from archdsl import __version__
from archdsl.cli import values
from archdsl.cli.views import add_view_options

Commands: TypeAlias = Mapping[str, tuple[Callable[[argparse.Namespace], int], str]]

COLOURED: Final = ("colour_by", "all_ops", "fuse")
"""The options of a figure that have no meaning where colours say what changed, and every op is drawn that may have."""
PICTURED: Final = ("depth", "expand", "collapse", "only", "direction", "width", "dpi", "title")
"""The options of a figure that a page has not, in which all is opened."""
META: Final = "meta"
"""The device of tensors without numbers."""
_CHOOSING: Final = ("build", "source", "graph", "spec", "summary", "draw", "view", "diff", "export")
"""The commands that take other outputs than the network's."""
_SET: Final = ("build", "source", "graph", "spec", "summary", "draw", "view", "diff", "verify")
_ONE_SPEC: Final = (*_SET, "export", "sweep")
_MODULES: Final = ("build", "source", "graph", "spec", "summary", "draw", "view")
_EPILOG: Final = """\
examples:
  archdsl build swin_t
  archdsl build my_net.yaml -p num_classes=10 -o out
  archdsl summary resnet50 --size H=256 --size W=256
  archdsl draw resnet50 -o resnet50.pdf
  archdsl diff resnet50 --to num_classes=10 -o diff.svg
"""


@final
class _Parser(argparse.ArgumentParser):
    """A parser whose help is output like any other: argparse takes no notice where it cannot be written."""

    def print_help(self, file: Any = None) -> None:
        (file or sys.stdout).write(self.format_help())


@final
class _Version(argparse.Action):
    """Prints the version, as output like any other."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> NoReturn:
        print(f"archdsl {__version__}")
        parser.exit()


@final
class _FromFile(argparse.Action):
    """Sets parameters to the values of a file: what stands behind it on the command line counts more."""

    def __call__(self, parser: argparse.ArgumentParser, options: argparse.Namespace, file: Any, *rest: object) -> None:
        options.params = [*options.params, *values.settings(file)]


@final
class _Sides(argparse.Action):
    """What stands behind the first of two specs: its settings, the other spec, and that one's settings."""

    def __call__(self, parser: argparse.ArgumentParser, options: argparse.Namespace, words: Any, *rest: object) -> None:
        options.own, options.other, options.others = [], None, []
        for word in words or ():
            if re.fullmatch(f"{values.KEY}=.*", word, re.DOTALL):
                (options.own if options.other is None else options.others).append(_read_param(parser, word))
            elif options.other is None:
                options.other = word
            else:
                parser.error(f"unrecognized arguments: {word}")


def _read_param(parser: argparse.ArgumentParser, word: str) -> tuple[str, Any]:
    try:
        return values.param(word)
    except argparse.ArgumentTypeError as error:
        parser.error(str(error))


def make_parser(commands: Commands, wanted: Iterable[str]) -> argparse.ArgumentParser:
    """The parser for these commands, each with its function and a line about it.

    Only the `wanted` ones are made: a call is for one command, and the arguments of `draw` import what draws.
    """
    parser = _Parser(
        prog="archdsl",
        description="Neural networks described in YAML: checked, drawn, and compiled to readable PyTorch.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    listed = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in wanted:
        command, about = commands[name]
        made = listed.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", allow_abbrev=False)
        made.set_defaults(command=command)
        _add_arguments(name, made)
    return parser


def _add_arguments(command: str, parser: argparse.ArgumentParser) -> None:
    if command in _ONE_SPEC:
        module = ", or MODULE:FACTORY, what makes a PyTorch module: its code runs, and no other" * (command in _SET)
        parser.add_argument("spec", metavar="SPEC", help=f"a file, or a network that `archdsl list` shows{module}")
    if command in _MODULES:
        parser.add_argument(
            "own", nargs="*", type=values.param, metavar="KEY=VALUE", help="as -p: an argument of the factory"
        )
        _add_inputs(parser, "of a module, the sizes of an input to trace with, in `forward`'s order", required=False)
    if command in (*_SET, "check", "export"):
        _add_settings(parser)
    if command in _CHOOSING:
        _add_choice(parser)
    _OWN[command](parser)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-p", "--param", dest="params", type=values.param, action="append", default=[], metavar="KEY=VALUE",
        help="set a parameter of the spec, or an argument of the factory; the value is read as YAML",
    )  # fmt: skip
    parser.add_argument(
        "--params", action=_FromFile, metavar="FILE", help="set the parameters that a YAML file holds; repeatable"
    )
    _add_surroundings(parser)


def _add_surroundings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--size", dest="sizes", type=values.size, action="append", default=[], metavar="[INPUT.]H=256",
        help="set a symbolic dimension of the inputs",
    )  # fmt: skip
    parser.add_argument(
        "--include", action="append", default=[], metavar="DIR",
        help="a folder whose files a spec may name, beside those of its own folder; repeatable",
    )  # fmt: skip


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--outputs", type=values.outputs, metavar="[NAME=]PATH,…",
        help="inner values to be the outputs; what they do not need is left out",
    )  # fmt: skip
    parser.add_argument("--features", action="store_true", help="make the features of a backbone the outputs")
    parser.add_argument(
        "--out-indices",
        type=values.indices,
        metavar="1,2,3",
        help="some of the features, from 0, or from the end with a minus",
    )
    parser.add_argument("--no-prune", dest="prune", action="store_false", help="keep what these outputs do not need")


def _add_build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="DIR", help="the directory to write into (default: build/NAME)")
    parser.add_argument("--seed", type=values.seed, metavar="N", help="seed the weights and the input")
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help="load published weights, also from https://… or hub:owner/name/file, and write "
        "them under the network's names",
    )
    parser.add_argument(
        "--device", choices=("cpu", META), default="cpu",
        help="meta: allocate nothing, run nothing, for a network that is too large for this machine",
    )  # fmt: skip


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("specs", nargs="+", metavar="SPEC", help="files, or shipped networks")
    parser.add_argument("--format", choices=("text", "json", "github"), default="text")
    parser.add_argument("--strict", action="store_true", help="exit with 1 where there are warnings, too")
    parser.add_argument("--fix", action="store_true", help="mend in these files what is sure to be a slip")
    parser.add_argument("--diff", action="store_true", help="show what --fix would change, and change nothing")


def _add_output(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("-o", "--output", metavar="FILE", help="write here instead of printing")


def _add_source(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    _add_output(where)
    where.add_argument("--package", metavar="DIR", help="write a typed package with its test into this new folder")


def _add_summary(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--depth", type=values.depth, metavar="N", help="levels of modules to list")
    parser.add_argument("--batch", type=values.depth, metavar="N", help="the batch to count memory for")
    parser.add_argument(
        "--dtype", choices=("float32", "float16", "bfloat16", "float64"), default="float32",
        help="the dtype to count memory for",
    )  # fmt: skip
    parser.add_argument("--format", choices=("table", "json", "csv", "markdown"), default="table")


def _add_view(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=values.port, default=0, metavar="N", help="the port on this machine (default: any free one)"
    )
    parser.add_argument(
        "--no-browser", dest="browser", action="store_false", help="only print the address, and open no browser"
    )
    add_view_options(parser, without=PICTURED)


def _add_spec(parser: argparse.ArgumentParser) -> None:
    _add_output(parser)
    parser.add_argument("--expanded", action="store_true", help="write every node out, without blocks and loops")


def _add_import(parser: argparse.ArgumentParser) -> None:
    _add_factory(parser)
    about = "the sizes of an input to trace with, in `forward`'s order; those that may vary at least 2"
    _add_inputs(parser, about, required=False)
    parser.add_argument(
        "--dynamic", type=lambda text: text.split(","), metavar="N,H,W",
        help="the sizes that stay free where the module allows it (default: all)",
    )  # fmt: skip
    _add_spec(parser)


def _add_factory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "factory", metavar="MODULE:FACTORY", help="what makes the module: its code runs (torchvision.models:resnet18)"
    )
    parser.add_argument(
        "settings", nargs="*", type=values.param, metavar="KEY=VALUE", help="an argument of the factory"
    )


def _add_inputs(parser: argparse.ArgumentParser, about: str, required: bool = True) -> None:
    parser.add_argument(
        "--input", dest="inputs", type=values.tensor, action="append", required=required, default=[],
        metavar="[DTYPE:]2,3,224,224", help=about,
    )  # fmt: skip


def _add_verify(parser: argparse.ArgumentParser) -> None:
    _add_factory(parser)
    about = "the sizes of an input to compare on, in the order of `forward` (default: the spec's own, a batch of 2)"
    _add_inputs(parser, about, required=False)
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help="compare with this file's values, which the module loads",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.epilog = "exit code: 0 the networks are the same, 3 they differ, 1 the spec is bad, 2 the call is"


def _add_sweep(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-p", "--param", dest="values", type=values.values, action="append", default=[], metavar="KEY=VALUE,…",
        help="the values of a parameter to try, 32,64 or range(2,6), each read as YAML; one alone holds for all",
    )  # fmt: skip
    _add_surroundings(parser)
    parser.add_argument("--latency", action="store_true", help="build each network, and time a pass on this machine")
    parser.add_argument("--format", choices=("table", "json", "csv"), default="table")
    parser.add_argument("-o", "--output", metavar="FILE.svg", help="plot multiply-accumulates against parameters")


def _add_transfer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("weights", metavar="OLD_WEIGHTS", help="the weights from before")
    parser.add_argument("spec", metavar="NEW_SPEC", help="a file, or a network that `archdsl list` shows")
    _add_settings(parser)
    parser.add_argument(
        "--from", dest="before", metavar="OLD_SPEC",
        help="the spec that they were made with (default: NEW_SPEC without settings, or what it extends)",
    )  # fmt: skip
    parser.add_argument(
        "--fit", action="store_true",
        help="copy or truncate channels where a layer has more or fewer, and let added branches begin as zeros",
    )  # fmt: skip
    parser.add_argument("--seed", type=values.seed, metavar="N", help="seed the weights that are new")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("-o", "--output", metavar="FILE.{pth,pt,safetensors}", help="default: NAME.pth")


def _add_export(parser: argparse.ArgumentParser) -> None:
    from archdsl.ir.exports import TARGETS

    parser.add_argument("--to", choices=TARGETS, required=True, help="the kind of file")
    parser.add_argument("-o", "--output", metavar="FILE", help="the file to write (default: NAME.onnx, …)")
    parser.add_argument("--weights", metavar="FILE", help="load published weights")
    parser.add_argument(
        "--dynamic", type=values.names, metavar="N,H,W",
        help="the sizes that may vary; the others are fixed (default: the batch, where the spec leaves it free)",
    )  # fmt: skip
    parser.add_argument("--opset", type=values.depth, metavar="K", help="the version of ONNX's operators")


def _add_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--family", metavar="NAME", help="only the networks of this family")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def _add_ops(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="an op")


def _add_draw(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE.{svg,pdf,png,tikz,drawio,pptx,mmd,dot,html}",
        help="the suffix is the format",
    )
    add_view_options(parser)


def _add_diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", metavar="OTHER", nargs="*", action=_Sides,
        help="what SPEC is compared with (default: SPEC itself); KEY=VALUE behind one of them is as -p for it alone",
    )  # fmt: skip
    about = (
        "of a module, the sizes of an input to trace with, in `forward`'s order (default: those of the spec beside it)"
    )
    _add_inputs(parser, about, required=False)
    parser.add_argument(
        "--to", type=values.change, action="append", default=[], metavar="KEY=VALUE",
        help="set a parameter (num_classes=10) or a size (H=256) of the second alone; -p and --size set both",
    )  # fmt: skip
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE.{svg,pdf,png,tikz,drawio,pptx,mmd,dot}",
        help="draw the second, changes coloured",
    )
    add_view_options(parser, without=COLOURED)
    parser.epilog = "exit code: 0 the networks are the same, 3 they differ, 1 a spec is bad, 2 the call is"


_OWN: Final[Mapping[str, Callable[[argparse.ArgumentParser], None]]] = {
    "build": _add_build,
    "check": _add_check,
    "source": _add_source,
    "graph": _add_output,
    "spec": _add_spec,
    "summary": _add_summary,
    "draw": _add_draw,
    "view": _add_view,
    "export": _add_export,
    "import": _add_import,
    "verify": _add_verify,
    "list": _add_list,
    "diff": _add_diff,
    "sweep": _add_sweep,
    "transfer": _add_transfer,
    "ops": _add_ops,
}
"""What each command takes beside what several do."""
