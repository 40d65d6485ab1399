"""Blocks that hold themselves: each use is worked out afresh with arguments of its own, and the last one ends it.

One that would be worked out within itself from the same arguments and inputs never ends, and is told of at once; any
other that does not end meets the bound on how deep scopes nest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from archdsl.elaboration.applying import shown
from archdsl.elaboration.fields import freeze
from archdsl.faults.code import Code
from archdsl.faults.fault import Note
from archdsl.limits import MAX_SCOPES, TooLarge

if TYPE_CHECKING:
    from archdsl.elaboration.blocks import BlockSpec
    from archdsl.elaboration.placing import Fed
    from archdsl.elaboration.walk import Elaborator
    from archdsl.ir.graph import Scope

_SHOWN: Final = 60
"""The characters of a block's arguments in a message."""
_ENDS: Final = 3
"""How many of a long chain are shown at either end."""


class Open(NamedTuple):
    """A block that is being instantiated."""

    spec: BlockSpec
    scope: Scope
    values: Fed | None
    """What feeds its inputs; None where nobody knows."""

    def is_as(self, other: Open) -> bool:
        """Whether both are worked out from the same."""
        if self.spec is not other.spec or self.scope.arguments != other.scope.arguments:
            return False
        if self.values is None or other.values is None or self.scope.env.parent is not other.scope.env.parent:
            return False
        return _types(self.values) == _types(other.values) and _frozen(self) == _frozen(other)

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}: {shown(value)}" for name, value in self.scope.arguments.items())
        arguments = arguments if len(arguments) <= _SHOWN else f"{arguments[:_SHOWN]}…"
        return f"`{self.spec.name}`" + (f" ({arguments})" if arguments else "")


def _types(values: Fed) -> list[Any]:
    return [None if value is None else value.type for value in values]


def _frozen(block: Open) -> Any:
    return freeze(dict(block.scope.arguments))


def check_ends(run: Elaborator, block: Open) -> None:
    """Refuses a block that stands in one that is worked out from the same. Raises Reported."""
    outer = next((position for position, other in enumerate(run.blocks) if other.is_as(block)), None)
    template = run.sites.template(block.scope)
    if outer is None or template is None:
        return
    chain = _chain([*run.blocks[outer:], block])
    run.mistakes.refuse(
        Code.RECURSION, f"a block that holds itself with the same arguments and inputs never ends: {chain}",
        template.home.span(template.op_path or template.path), place=block.scope.path,
        hint="pass on an argument that decreases, and end with an `if`: `{if: depth > 1, op: …, depth: depth - 1}`",
    )  # fmt: skip


def unending(blocks: Sequence[Open], error: TooLarge) -> tuple[TooLarge, tuple[Note, ...]]:
    """What to say of a bound that is met inside of blocks that hold themselves, and beside it."""
    chain = [*_recursive(blocks)]
    if not chain:
        return error, ()
    if error.code is not Code.TOO_DEEP:
        return error, (Note("in", _chain(chain)),)
    message = f"a block that holds itself does not end within {MAX_SCOPES} scopes in one another: {_chain(chain)}"
    return TooLarge(message, "end it with an `if` that does not hold at last: `if: depth > 1`", code=Code.RECURSION), ()


def _recursive(blocks: Sequence[Open]) -> Iterator[Open]:
    """The blocks from the first on that stands in itself."""
    specs = [block.spec for block in blocks]
    first = next((position for position, spec in enumerate(specs) if spec in specs[position + 1 :]), len(specs))
    yield from blocks[first:]


def _chain(blocks: Sequence[Open]) -> str:
    said = [*map(str, blocks)]
    if len(said) > 2 * _ENDS + 1:
        said = [*said[:_ENDS], "…", *said[-_ENDS:]]
    return " → ".join(said)
