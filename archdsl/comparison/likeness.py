"""How much two parts of networks have in common, whatever they are called and wherever they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Final

from archdsl.ir.graph import Node, Scope
from archdsl.text.alike import same

SAME_OP: Final = 0.5
"""Two nodes of one op, however many of their fields differ."""
SAME_BLOCK: Final = 0.4
"""Two instances of one block, or two lists of them, however much of their content differs."""
NEARLY: Final = 0.95
"""The most that two parts have in common which are not equal."""
LEAST: Final = 0.5
"""Two scopes without a block that have less than this of their content in common are not one."""
OTHER_BLOCK: Final = 0.85
"""The same for instances of two blocks."""


class Likeness:
    """Compares parts; what it has worked out once it remembers."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._signatures: dict[Node | Scope, int] = {}
        self._contents: dict[Scope, Counter[Hashable]] = {}
        self._texts: dict[Node | Scope, str] = {}
        self._found: dict[tuple[int, int], float] = {}

    def is_same(self, one: Node | Scope, other: Node | Scope) -> bool:
        """Whether they hold the same ops with the same fields under the same names."""
        return self._signature(one) == self._signature(other)

    def may_match(self, one: Node | Scope, other: Node | Scope) -> bool:
        """Whether they may be one by their name: two nodes, or two scopes with something in common."""
        if isinstance(one, Node) or isinstance(other, Node):
            return isinstance(one, Node) and isinstance(other, Node)
        return one.block == other.block or self.of(one, other) > 0

    def of(self, one: Node | Scope, other: Node | Scope) -> float:
        """From 0, nothing in common, to 1, equal."""
        key = (self._signature(one), self._signature(other))
        if key[0] == key[1]:
            return 1.0
        if key not in self._found:
            self._found[key] = self._found[key[::-1]] = min(NEARLY, self._likeness(one, other))
        return self._found[key]

    def text(self, part: Node | Scope) -> str:
        """Something to sort by that does not depend on which network was read first."""
        if part not in self._texts:
            if isinstance(part, Scope):
                said = f"{part.block} [{', '.join(map(self.text, part.children.values()))}]"
            else:
                said = f"{part.op.name} {part.op!r}"
            self._texts[part] = f"{part.name} {said}"
        return self._texts[part]

    def _likeness(self, one: Node | Scope, other: Node | Scope) -> float:
        if isinstance(one, Node) and isinstance(other, Node):
            return _of_nodes(one, other)
        if isinstance(one, Node) or isinstance(other, Node):
            return 0.0
        common = self._common(one, other)
        if one.block == other.block and (one.block is not None or _blocks(one) & _blocks(other)):
            return SAME_BLOCK + (1 - SAME_BLOCK) * common
        return common if common >= (OTHER_BLOCK if one.block and other.block else LEAST) else 0.0

    def _common(self, one: Scope, other: Scope) -> float:
        """Which part of their nodes two scopes have in common."""
        contents = self._content(one), self._content(other)
        total = sum(content.total() for content in contents)
        return 2 * (contents[0] & contents[1]).total() / total if total else 1.0

    def _content(self, scope: Scope) -> Counter[Hashable]:
        """Every node below: once by its op, once by its op and fields."""
        if scope not in self._contents:
            content: Counter[Hashable] = Counter()
            for node in scope.nodes():
                content[node.op.name] += 1
                content[self._signature(node)] += 1
            self._contents[scope] = content
        return self._contents[scope]

    def _signature(self, part: Node | Scope) -> int:
        """A number that is the same for equal parts."""
        if part not in self._signatures:
            key: Hashable
            if isinstance(part, Node):
                key = (part.op.name, repr(part.op), part.when)
            else:
                children = ((child.name, self._signature(child)) for child in part.children.values())
                key = (part.block, part.when, *children)
            self._signatures[part] = self._numbers.setdefault(key, len(self._numbers))
        return self._signatures[part]


def _blocks(scope: Scope) -> set[str]:
    """The blocks that a list or mapping holds instances of."""
    return {child.block for child in scope.children.values() if isinstance(child, Scope) and child.block}


def _of_nodes(one: Node, other: Node) -> float:
    if one.op.name != other.op.name:
        return 0.0
    names = one.op.model_fields_set | other.op.model_fields_set
    equal = sum(same(getattr(one.op, name, None), getattr(other.op, name, None)) for name in names)
    return SAME_OP + (1 - SAME_OP) * equal / len(names) if names else 1.0
