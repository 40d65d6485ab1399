"""How specs that ask for too much are written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

HEAD: Final = "archdsl: 1\nname: net\ninputs: {x: [N, 8]}\n"


def nodes(*lines: str, head: str = HEAD) -> str:
    return head + "nodes:\n" + "".join(f"  {line}\n" for line in lines)


def explicit(key: str, value: str, indent: str = "  ") -> str:
    """An entry whose key is longer than YAML takes without a question mark."""
    return f"? '{key}'\n{indent}: {value}"


def many(count: int, line: Callable[[int], str]) -> list[str]:
    return [line(i) for i in range(count)]
