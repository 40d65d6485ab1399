"""What a plan has found out about scopes, so that the next one decides otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from archdsl.ir.graph import Scope


@final
@dataclass(frozen=True, slots=True)
class Findings:
    """Scopes that cannot stay what they are."""

    opened: frozenset[Scope] = frozenset()
    """Those whose forward cannot be written: their children run in the class around."""
    inlined: frozenset[Scope] = frozenset()
    """Chains that say more where they are used than as a class of their own."""
    unchained: frozenset[Scope] = frozenset()
    """No chains after all: a child's class takes or gives more than one tensor."""

    def __or__(self, other: Findings) -> Findings:
        return Findings(self.opened | other.opened, self.inlined | other.inlined, self.unchained | other.unchained)

    def __bool__(self) -> bool:
        return bool(self.scopes)

    @property
    def scopes(self) -> frozenset[Scope]:
        """All of them."""
        return self.opened | self.inlined | self.unchained
