"""What an `Env` has its names from, for messages: the use of a block, or a turn of a `for`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from archdsl.graph import Env
    from archdsl.template import BlockTemplate, LoopTemplate, NodeTemplate


class Use(NamedTuple):
    """A node that is a block: its arguments stand there, its defaults and derived values in the block."""

    node: NodeTemplate
    block: BlockTemplate
    env: Env
    """What the arguments see."""


class Turn(NamedTuple):
    """One turn of a `for`."""

    loop: LoopTemplate
    number: int
