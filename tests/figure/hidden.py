"""What a theme takes out of a figure: what it hides, and the names that it has put in place of others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from archdsl.figure.figure import Box
from archdsl.ir.graph import Node, Value


class Untruth(NamedTuple):
    """What a figure says and the graph does not, or the other way round."""

    kind: str
    figure: str
    place: str
    said: str = ""


def hidden_nodes(
    parts: Iterable[set[Node]], fixed: set[Node], carried: set[Node], given: Callable[[Node], list[Value]]
) -> dict[Node, Value | None]:
    """The nodes of the parts that are not drawn, each with the one value that goes into its part."""
    found: dict[Node, Value | None] = {}
    for part in parts:
        own = part - fixed
        read = (past(value, carried, {}, given) for node in own for value in given(node) if value.weight is None)
        outside = {(value.node, value.output): value for value in read if value.node not in own | fixed}
        found.update(dict.fromkeys(own, next(iter(outside.values()), None)))
    return found


def past(
    value: Value, carried: set[Node], hidden: Mapping[Node, Value | None], given: Callable[[Node], list[Value]]
) -> Value:
    """What a value is that was only handed on, or that comes out of what is hidden."""
    while value.node in carried or hidden.get(value.node) is not None:
        value = hidden.get(value.node) or given(value.node)[0]
    return value


def unnamed(box: Box) -> tuple[str, str]:
    """The title and the fields of a box of an op without the name that a theme gives it."""
    if not box.formerly:
        return box.title, box.fields
    return box.formerly, box.fields.removeprefix(box.formerly).lstrip(",\xa0")
