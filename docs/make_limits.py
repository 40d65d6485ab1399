"""Writes docs/limits.md: each limit, its default, and the most that a shipped network needs.

Run `python docs/make_limits.py`; it takes half a minute.
"""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path
from typing import NamedTuple

TARGET = Path(__file__).with_name("limits.md")
sys.path.insert(0, str(TARGET.parent.parent))

from archdsl import limits  # noqa: E402
from archdsl.document.files import shipped  # noqa: E402
from archdsl.elaboration.analyse import analyse  # noqa: E402

INTRODUCTION = """\
# Limits

What one analysis of a spec may use, and the most that any of the {count} networks that ship needs of it: the defaults
leave ten times that. [The language](language.md#limits) says how to allow more. This page is made by
`python docs/make_limits.py` from `archdsl/limits.py`: change it there.

| limit | default | counts | most in a shipped network |
| --- | --- | --- | --- |
"""


class Most(NamedTuple):
    """The most that a network needs of a limit, and which."""

    amount: int
    network: str


def needs() -> dict[str, Most]:
    """The most that the networks that ship need of each limit."""
    most = dict.fromkeys(limits.NAMES, Most(0, ""))
    for path in shipped():
        with limits.analysis() as budget:
            graph, _ = analyse(path)
        assert graph is not None
        for name, amount in budget.spent.items():
            most[name] = max(most[name], Most(amount, path.stem))
    return most


def render(most: dict[str, Most]) -> str:
    """The text of docs/limits.md."""
    defaults, meanings = limits.Limits(), docstrings()
    lines = [INTRODUCTION.format(count=len(shipped()))]
    for name in limits.NAMES:
        amount, network = most[name]
        shown = f"{amount:,}, `{network}`" if amount else "none"
        lines.append(f"| `{name}` | {getattr(defaults, name):,} | {meanings[name]} | {shown} |\n")
    return "".join(lines)


def docstrings() -> dict[str, str]:
    """What is written under each limit."""
    (made,) = ast.parse(inspect.getsource(limits.Limits)).body
    assert isinstance(made, ast.ClassDef)
    texts = [ast.literal_eval(line.value) for line in made.body[1:] if isinstance(line, ast.Expr)]
    said = (" ".join(text.split()).rstrip(".") for text in texts)
    return {name: text[:1].lower() + text[1:] for name, text in zip(limits.NAMES, said, strict=True)}


if __name__ == "__main__":
    TARGET.write_text(render(needs()), encoding="utf-8")
