"""Words for figures: how names, numbers and lists are spelled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from archdsl.words.quantities import SPACE

ARROW: Final = f"{SPACE}→ "
FLOW: Final = f"{SPACE}→{SPACE}"
"""Between sizes."""
DOT: Final = f"{SPACE}· "


class Title(NamedTuple):
    """A name and the fields worth saying. Their spaces do not break."""

    name: str
    fields: str = ""
    comma: bool = True
    """Joined by a comma in running text: `Conv 3×3, 128`, but `Linear 2048 → 1000`."""
    stem: str = ""
    """What the name has in common with others of its kind: `Conv` of `Conv 3×3`."""
    more: str = ""
    """What is added to that; on a line of its own in a box of ops."""

    @property
    def text(self) -> str:
        """In running text."""
        more = f" {self.more}" if self.more else ""
        if not self.fields:
            return f"{self.name}{more}"
        return f"{self.name}{',' if self.comma else ''}{SPACE}{self.fields}{more}"


MINUS: Final = "\N{MINUS SIGN}"
SampleSizes: TypeAlias = Mapping[str, int]

ACRONYMS: Final = {
    name.lower(): name
    for name in (
        "ASPP", "BN", "CN", "FCN", "FFN", "FPN", "GeGLU", "GRU", "LN", "LSTM", "MBConv", "MHA", "MLP", "PReLU", "RNN",
        "RPN", "SE", "SwiGLU",
    )
}  # fmt: skip


def humanise(name: str) -> str:
    """`patch_merging` as `Patch merging`, `mlp` as `MLP`."""
    words = [_word(word) for word in re.split(r"[_\s]+", name) if word]
    text = SPACE.join(words) or name
    return text[0].upper() + text[1:]


def _word(word: str) -> str:
    return word.upper() if len(word) == 1 else ACRONYMS.get(word.lower(), word)


def dotted(texts: Iterable[str]) -> str:
    """Texts with dots between them, but before what is added to or multiplied by the one before: `Linear + bias`."""
    joined = ""
    for text in texts:
        joined += (f" {text}" if text.startswith(("+", "×")) else f"{DOT}{text}") if joined else text
    return joined


def listed(value: Any) -> str:
    return ", ".join(map(signed, value if isinstance(value, tuple | list) else (value,)))


def signed(value: Any) -> str:
    """With a minus sign as long as a plus."""
    return str(value).replace("-", MINUS) if isinstance(value, int | float) else str(value)


def fixed(text: str) -> str:
    return text.replace(" ", SPACE)


def times(sizes: Sequence[float]) -> str:
    """`3×3`"""
    return "×".join(map(str, sizes))


def common(sizes: Sequence[float]) -> str:
    """`2` for (2, 2), else `2×1`."""
    return str(sizes[0]) if len(set(sizes)) == 1 else times(sizes)
