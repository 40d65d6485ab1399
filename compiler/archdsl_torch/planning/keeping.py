"""What of a plan holds when the next one knows more: all but the classes of what has been found and what is around."""

from __future__ import annotations

from collections.abc import Set

from archdsl.ir.graph import Node, Scope
from archdsl.ir.scopes import scopes_of
from archdsl_torch.planning.crossings import key_of
from archdsl_torch.planning.outliner import Outliner
from archdsl_torch.planning.survey import Survey


def carry_over(before: Outliner, now: Outliner) -> Set[Scope]:
    """Lets an outliner know what the one before it has found, but of the scopes that this gives: those are touched."""
    changed = touched(before.survey, now.survey)
    inside = (child for scope in changed for child in scope.children.values())
    now.survey.modules.keep(before.survey.modules, {child for child in inside if isinstance(child, Node)})
    now.known_ports.keep(before.known_ports, changed)
    return changed


def touched(before: Survey, now: Survey) -> Set[Scope]:
    """The scopes that the second of two surveys, which knows more, may see otherwise than the first.

    All of them where what is found reaches further than to what is around it: a loop is given more, a module runs
    elsewhere too, a scope around has another role, a wrapper's name depends on all names before it, or a scope is given
    what it does not read, which is a port of it only where that is at hand.
    """
    found = now.known.scopes - before.known.scopes
    around = {outer for scope in found for outer in now.crossings.chain(scope)}
    inside = {inner for scope in found for inner in scopes_of(scope)}
    everything = now.crossings.scopes
    now.roles.keep(before.roles, around)
    reaches = (
        before.wrappers.made
        or now.runs_again
        or any(scope.scan is not None for scope in found)
        or any(now.role(scope) is not before.role(scope) for scope in around - found)
        or any(_passes_by(scope, inside, now) for scope in everything if scope not in found)
    )
    if not reaches:
        return around
    now.roles.clear()
    return {*everything}


def _passes_by(scope: Scope, inside: Set[Scope], survey: Survey) -> bool:
    """Whether a value is given to the scope that it does not read, and one of the two stands in these."""
    read = survey.imports.get(scope, {})
    return any(
        value is not None and (scope in inside or value.node.scope in inside) and key_of(value) not in read
        for value in scope.inputs.values()
    )
