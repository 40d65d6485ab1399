"""Scopes that are one another's copies in all but their place: they are outlined once.

A block that is used again with the same arguments makes such copies, dozens of them in a deep network. What elaboration
knew of that is not taken on trust: all that an outline says is compared, whoever made the graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, final

from archdsl.ir.graph import Scope
from archdsl_torch.planning.crossings import Crossings, Key
from archdsl_torch.planning.outline import Outline
from archdsl_torch.planning.pairing import Pairing, Pairs
from archdsl_torch.planning.survey import Role, Survey


class Borders(Protocol):
    """Knows what goes into a scope's class and what comes out of it."""

    def ports(self, scope: Scope, /) -> Mapping[str, Key]: ...

    def exports(self, scope: Scope, /) -> Mapping[str, Key]: ...


@final
class Twins:
    """The twins of a survey."""

    def __init__(self, pairing: Pairing, survey: Survey, borders: Borders) -> None:
        self.pairing = pairing
        self.survey = survey
        self.borders = borders
        self._found: dict[Scope, Scope] = {}

    def of(self, scope: Scope, candidate: Scope | None) -> Scope | None:
        """A scope whose outline is right for this one, but for the values that come in; None where none is known."""
        if scope not in self._found and candidate is not None:
            pairs = self.pairing.of(candidate, scope)
            if pairs.alike and all(self._is_alike(a, b, pairs) for a, b in pairs.scopes.items()):
                self._found.update((b, a) for a, b in pairs.scopes.items())
        return self._found.get(scope)

    def _is_alike(self, one: Scope, other: Scope, pairs: Pairs) -> bool:
        """Whether both become the same, to which the same is given and which gives the same."""
        role = self.survey.role(one)
        if role is Role.OPEN or role is not self.survey.role(other):
            return role is self.survey.role(other)
        ports, exports = self.borders.ports, self.borders.exports
        return _are(pairs, ports(one), ports(other)) and _are(pairs, exports(one), exports(other))


def _are(pairs: Pairs, ones: Mapping[str, Key], others: Mapping[str, Key]) -> bool:
    return [*ones] == [*others] and pairs.are(ones.values(), others.values())


def told_apart(outlines: Sequence[Outline], crossings: Crossings) -> list[list[Outline]]:
    """The outlines, those together that are one to a class: twins that are given the same types and check the same.

    Equal types are one object where elaboration copies a block; where they are not, more are told apart than need be.
    """
    found: dict[object, list[Outline]] = {}
    for outline in outlines:
        given = tuple([id(crossings.type_of(key)) for key in outline.ports.values()])
        found.setdefault((id(outline.steps), given, tuple(outline.checks.items())), []).append(outline)
    return [*found.values()]
