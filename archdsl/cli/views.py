"""What commands that draw take: each option is declared once, whichever of them has it."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, cast

from archdsl.cli import values

if TYPE_CHECKING:
    from archdsl.figure.view import View, ViewOptions
    from archdsl.ir.graph import Graph


def add_view_options(parser: argparse.ArgumentParser, without: Collection[str] = ()) -> None:
    """Adds the options of figures, but for those that the command has no use for."""
    for name, settings in _declared():
        if settings.get("dest", name.replace("-", "_")) not in without:
            parser.add_argument(f"--{name}", **settings)


def _declared() -> Iterator[tuple[str, dict[str, Any]]]:
    """By name, what argparse is told of each option."""
    from archdsl.figure.view import COLOURS, DIRECTIONS, STYLES

    yield "depth", {"type": values.depth, "metavar": "N", "help": "levels of blocks to open in one picture"}
    for name, about in (("expand", "open the block at this path in place"), ("collapse", "keep that block closed")):
        yield name, {"action": "append", "default": [], "metavar": "PATH", "help": f"{about}; repeatable"}
    yield "only", {"metavar": "PATH", "help": "draw this block alone"}
    about = "the overview runs down (TB, the default) or to the right (LR)"
    yield "direction", {"choices": DIRECTIONS, "default": DIRECTIONS[0], "help": about}
    about = "colours for paper (the default), for a dark ground, or greys for printing; or volumes, as large as maps"
    yield "style", {"choices": STYLES, "default": STYLES[0], "help": about}
    yield "no-counts", {"dest": "counts", "action": "store_false", "help": "say no parameters and MACs"}
    yield "batch", {"action": "store_true", "help": "begin shapes with the batch"}
    about = "set for this width (3.3in, 84mm), or for a page (A4, 16:9)"
    yield "width", {"default": "", "metavar": "LENGTH", "help": about}
    yield "colour-by", {"choices": COLOURS, "default": "op", "help": "what colours stand for (default: kinds of op)"}
    yield "legend", {"action": "store_true", "help": "say which kind of op has which colour"}
    yield "all", {"dest": "all_ops", "action": "store_true", "help": "draw reshapes that only carry, too"}
    about = "draw a layer, its norm and its activation as one box, or apart (default: as one where blocks are dense)"
    yield "fuse", {"action": argparse.BooleanOptionalAction, "default": None, "help": about}
    yield "dpi", {"type": int, "metavar": "N", "help": "dots per inch of a .png (default: 150)"}
    yield "theme", {"metavar": "FILE", "help": "what a YAML file says of names, colours, and what is hidden or grouped"}
    yield "title", {"metavar": "TEXT", "help": "instead of the network's name; empty for none"}


def view_of(options: argparse.Namespace, graph: Graph) -> View:
    """What the options ask a figure of a graph to show. Raises SpecError for a theme with mistakes."""
    from archdsl.formats import View, asked

    given = {name: value for name, value in vars(options).items() if name in View.__dataclass_fields__}
    return asked(graph, cast("ViewOptions", given))
