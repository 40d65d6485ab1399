"""Small networks as text, and what changed between two of them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import archdsl
from archdsl import Difference, Graph
from archdsl.comparison.compare import Change

HEAD = "archdsl: 1\nname: net\n"


def network(folder: Path, text: str, name: str = "net") -> Graph:
    """The graph of a spec's text without its head; of nodes alone with an input of 4 channels."""
    text = dedent(text)
    if "nodes:" not in text.splitlines():
        text = "inputs: {x: [N, 4, H = 8, W = 8]}\nnodes:\n" + "".join(f"  {line}\n" for line in text.splitlines())
    file = folder / f"{name}.yaml"
    file.write_text(HEAD.replace("net", name) + text)
    return archdsl.graph(file)


def changed(folder: Path, before: str, after: str) -> Difference:
    """The difference between two specs' texts."""
    return archdsl.diff(network(folder, before), network(folder, after))


def told(change: Change) -> tuple[str, str | None, str | None]:
    """The sign and both paths."""
    paths = [part.path if part is not None else None for part in (change.before, change.after)]
    return change.sign.value, paths[0], paths[1]


def all_told(difference: Difference) -> list[tuple[str, str | None, str | None]]:
    return [told(change) for change in difference.changes]
