"""What an `Env` has its names from: the use of a block, a turn of a `for`, or a node's own `let`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved
    from archdsl.document.template import BlockTemplate, LoopTemplate, NodeTemplate
    from archdsl.elaboration.elements import ElementTree
    from archdsl.faults.fault import FaultError
    from archdsl.ir.graph import Env


class BlockUse(NamedTuple):
    """A node that is a block: its arguments stand there, its defaults and derived values in the block."""

    node: NodeTemplate | None
    """None while a block that nobody uses is looked at."""
    block: BlockTemplate
    env: Env
    """What the arguments see."""


class Turn(NamedTuple):
    """One turn of a `for`."""

    loop: LoopTemplate
    number: int


class Own(NamedTuple):
    """The derived values of a node, which it alone sees."""

    node: NodeTemplate
    elements: dict[str, ElementTree]
    """Those that a constant has for each of its elements."""


def around(env: Env) -> Env:
    """What the paths of a node see: the names around it, without its own."""
    return env.parent if isinstance(env.source, Own) and env.parent is not None else env


def elements_of(env: Env) -> Mapping[str, ElementTree]:
    """The derived values that a constant's formula has for each element."""
    return env.source.elements if isinstance(env.source, Own) else {}


_GIVING: Final = ("inputs", "params", "let")
"""The sections whose names expressions read."""


def say_without(error: FaultError, env: Env) -> None:
    """Says of an unknown name that means nothing near which sections are absent that could give it."""
    fault = error.fault
    if fault.unknown is not None and fault.hint is None:
        error.fault = fault._replace(message=fault.message + without_sections(env))


def _giving(env: Env) -> Any:
    """The use of a block, or the file, whose names an environment has; None where that is not known."""
    seen: Env | None = env
    while seen is not None and (seen.source is None or isinstance(seen.source, Turn | Own)):
        seen = seen.parent
    return None if seen is None else seen.source


def home_of(env: Env) -> Resolved | None:
    """The file of the block or network whose names an environment has."""
    source = _giving(env)
    home: Resolved | None = source.block.home if isinstance(source, BlockUse) else source
    return home


def without_sections(env: Env, *sections: str) -> str:
    """Which of the sections that give names the block or file around does not have: ` in a block without …`."""
    source = _giving(env)
    if source is None:
        return ""
    holder: Any = source.block if isinstance(source, BlockUse) else source.document
    what = "block" if isinstance(source, BlockUse) and not source.block.is_spec else "file"
    absent = [each for each in sections or _GIVING if not getattr(holder, each)]
    if not absent or absent == ["let"]:
        return ""
    listed = [f"`{each}`" for each in absent]
    return f" in a {what} without {' or '.join(filter(None, (', '.join(listed[:-1]), listed[-1])))}"
