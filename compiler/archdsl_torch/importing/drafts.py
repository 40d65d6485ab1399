"""The nodes and scopes of a spec before it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from archdsl_torch.importing.said import Said


@dataclass(eq=False)
class Draft:
    """A node of the spec, or a scope with its own."""

    name: str
    """In its scope; dotted where containers stand between."""
    scope: Draft | None
    said: Said | None = None
    """None for a scope."""
    children: list[Draft] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    """The names that new nodes in it cannot have."""
    module: str = ""
    """The path of a scope's module."""
    share: Draft | None = None
    """The node whose module it runs again."""
    mode: str = ""
    """That in which alone a node runs."""

    @property
    def only(self) -> str:
        """The mode in which alone all that runs in it does."""
        modes = {each.mode for each in self.nodes() if each.said is not None and not each.said.declares}
        return self.mode if self.said is not None else modes.pop() if len(modes) == 1 else ""

    @property
    def last(self) -> Draft | None:
        """The node that gives its value: itself, or the last in the scope."""
        if self.said is not None:
            return None if self.said.declares or (self.mode and (self.scope is None or not self.scope.only)) else self
        return next((last for child in reversed(self.children) if (last := child.last) is not None), None)

    @property
    def keyed(self) -> bool:
        """Whether a `state_dict` holds something of it."""
        return self.said is not None and bool(self.said.owns)

    @property
    def owned(self) -> bool:
        """Whether it is a tensor of its scope, and none of a container in it."""
        return self.said is not None and self.said.declares and "." not in self.name

    @property
    def buffer(self) -> bool:
        return self.owned and self.said is not None and self.said.op == "constant"

    @property
    def keys(self) -> list[str]:
        """The paths of the tensors that it has, and those below it."""
        return [path for node in ([self] if self.said else self.nodes()) if node.said for path in node.said.owns]

    def nodes(self) -> Iterator[Draft]:
        """Every node below, in running order."""
        for child in self.children:
            yield from (child,) if child.said is not None else child.nodes()


def keep_only(scope: Draft, read: set[int]) -> None:
    """Only these nodes, those with keys, and the scopes that hold some."""
    for child in scope.children:
        keep_only(child, read)
    scope.children = [
        child for child in scope.children
        if (child.children if child.said is None else id(child) in read or child.keyed)
    ]  # fmt: skip
