"""Writes docs/ops.md from the ops' docstrings and field descriptions: `python docs/make_ops.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("ops.md")
sys.path.insert(0, str(TARGET.parent.parent))

from archdsl.ops import THEMES, ops_of  # noqa: E402
from archdsl.ops.base import FieldSpec, Op, field_specs  # noqa: E402

INTRODUCTION = """\
# Ops

Every primitive of the language. Names, fields and defaults are PyTorch's; what can be read off the
inputs (`in_channels`, `num_features`, `normalized_shape`) is not a field. A field that takes a number
per dimension also takes one for all. `archdsl ops NAME` prints an entry.

This page is made by `python docs/make_ops.py` from `archdsl/ops/`: change it there.
"""


def render() -> str:
    """The text of docs/ops.md."""
    return "\n".join([INTRODUCTION, *(line for theme in THEMES for line in theme_lines(theme))])


def theme_lines(theme: str) -> Iterator[str]:
    module = import_module(f"archdsl.ops.{theme}")
    yield from (f"## {theme.capitalize()}", "", first_paragraph(module), "")
    for name in THEMES[theme]:
        yield from op_lines(ops_of(theme)[name])


def op_lines(op: type[Op]) -> Iterator[str]:
    yield from (f"### {op.name}", "", getdoc(op) or "", "")
    yield from (ports_line(op), "")
    specs = list(field_specs(op).values())
    if specs:
        yield from ("| field | default | meaning |", "| --- | --- | --- |")
        yield from (f"| `{spec.name}` | {default(spec)} | {meaning(spec)} |" for spec in specs)
        yield ""


def ports_line(op: type[Op]) -> str:
    """`Inputs: `input`, `weight` (optional)`, and whether there are several outputs."""
    ports = [
        f"`{port.name}`{' (optional)' if port.optional else ''}{' (any number)' if port.variadic else ''}"
        for port in op.ports
    ]
    several = op.output_names is not Op.output_names and "return_indices" not in op.model_fields
    outputs = " Several outputs, read by name or number." if several else ""
    return (f"Inputs: {', '.join(ports)}." if ports else "No inputs.") + outputs


def default(spec: FieldSpec) -> str:
    return "required" if spec.required else f"`{as_yaml(spec.default)}`"


def meaning(spec: FieldSpec) -> str:
    """The description, and the words that the field takes."""
    text = spec.doc.replace("|", "\\|")
    unsaid = sorted(word for word in spec.words if f"`{word}`" not in text)
    if not unsaid:
        return text
    return f"{text}: {', '.join(f'`{word}`' for word in unsaid)}"


def as_yaml(value: Any) -> str:
    """A default as a spec would say it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(as_yaml, value))}]"
    return str(value)


def first_paragraph(thing: Any) -> str:
    return (getdoc(thing) or "").split("\n\n")[0]


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
