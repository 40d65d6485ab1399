"""What a function gives, kept: as quick to ask as `functools.cache`, and others may know some of it already."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import TypeVar, final

KeyType = TypeVar("KeyType")
ValueType = TypeVar("ValueType")


@final
class Memo(dict[KeyType, ValueType]):
    """What the function gives, by its argument: `__getitem__` asks it once."""

    def __init__(self, function: Callable[[KeyType], ValueType]) -> None:
        super().__init__()
        self.function = function

    def __missing__(self, key: KeyType) -> ValueType:
        found = self[key] = self.function(key)
        return found

    def keep(self, other: Memo[KeyType, ValueType], but: Container[KeyType]) -> None:
        """What another function has given is what this one gives, but for these arguments."""
        self.update((key, value) for key, value in other.items() if key not in but)
