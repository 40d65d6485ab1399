"""Whether two values of a spec are one."""

from typing import Any


def same(left: Any, right: Any) -> bool:
    """Equal and of one kind: `true`, 1 and 1.0 are three values, and 0.0 and -0.0 are two."""
    kind = type(left)
    if kind is not type(right):
        return False
    if kind is tuple:
        return len(left) == len(right) and all(map(same, left, right))
    return repr(left) == repr(right) if kind is float else bool(left == right)
