"""A generated network as a user would write it: files of YAML, which is also how a failure prints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Spec:
    """Texts by file name; the first is the network, the others are what it extends and uses."""

    files: tuple[tuple[str, str], ...]

    def write(self, folder: Path) -> Path:
        """The network's file."""
        for name, text in self.files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return folder / self.files[0][0]

    def __str__(self) -> str:
        return "\n".join(f"# --- {name}\n{text}" for name, text in self.files)

    def __repr__(self) -> str:
        return f"Spec:\n{self}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis shows it."""
        printer.text(repr(self))


class _Dumper(yaml.SafeDumper):
    """No anchors, which specs refuse: the same list may stand in two places."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def to_yaml(data: dict[str, Any]) -> str:
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True)
    return text
