"""A rule for each of torch's operations of which the language's op has another name, or other arguments.

The rules stand in `archdsl_torch.importing.ops`, by theme, in modules with the stems of `archdsl.ops`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from archdsl.ops import OPS
from archdsl.ops.base import Op
from archdsl_torch.importing.said import Said, Steps, Unsaid, short
from archdsl_torch.importing.tracing import TracedCall, TracedTensor

Rule: TypeAlias = Callable[[TracedCall], "Said | Steps"]
"""How a call is said. Raises Unsaid."""
Inverse: TypeAlias = Callable[[TracedCall, TracedTensor, TracedTensor, TracedTensor], Steps]
"""How a whole becomes another of which a view, taken by the call, has the numbers of a part: these come in the order
call, view, whole, part. Raises Unsaid."""
RULES: Final[dict[str, Rule]] = {}
"""By torch's name of the operation, without its overload and the `_` of one that writes into its input."""

INVERSES: Final[dict[str, Inverse]] = {}


def rule(*operations: str) -> Callable[[Rule], Rule]:
    """Makes a function the rule of these operations."""

    def registered(function: Rule) -> Rule:
        if known := RULES.keys() & {*operations}:
            raise AssertionError(f"{', '.join(known)}: there is a rule already")
        RULES.update(dict.fromkeys(operations, function))
        return function

    return registered


def inverse(*operations: str) -> Callable[[Inverse], Inverse]:
    """Makes a function say what a write into a view that these operations take makes of the whole."""

    def registered(function: Inverse) -> Inverse:
        INVERSES.update(dict.fromkeys(operations, function))
        return function

    return registered


def called(operation: str, op: str, **fields: str) -> None:
    """An operation that the language has by another name; of its arguments, these `fields` are called otherwise."""
    rule(operation)(lambda call: plain(call, OPS[op], fields))


def named_op(call: TracedCall) -> type[Op]:
    """The op that is called as torch's operation is. Raises Unsaid."""
    if call.name not in OPS:
        raise Unsaid("the language has no such op")
    return OPS[call.name]


def plain(call: TracedCall, kind: type[Op], renamed: dict[str, str] | None = None) -> Said:
    """An op whose ports and fields are called as torch's arguments are, or stand in the same order. Raises Unsaid."""
    if kind.tensors is not Op.tensors:
        raise Unsaid(f"`{kind.name}` has weights of its own, and the importer cannot take them from the call")
    others = {"self": "input", **(renamed or {})}
    ports = [port.name for port in kind.ports]
    reads: dict[str, TracedTensor] = {}
    listed: list[TracedTensor] = []
    fields: dict[str, Any] = {}
    for name, value in zip(call.names, call.given, strict=True):
        known = name if name in kind.model_fields else others.get(name, name)
        if isinstance(value, TracedTensor):
            if known not in ports and len(reads) >= len(ports):
                raise Unsaid(f"the op takes no `{name}`")
            reads[known if known in ports else ports[len(reads)]] = value
        elif isinstance(value, list) and value and all(isinstance(item, TracedTensor) for item in value):
            listed = value
        elif known in kind.model_fields:
            fields[known] = value
        elif name not in call.default:
            raise Unsaid(f"the op takes no `{name}`")
    if listed and not kind.ports[0].variadic:
        raise Unsaid("it reads a list of tensors")
    return Said(kind.name, listed or reads, short(kind, fields))
