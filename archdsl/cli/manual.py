"""What `archdsl ops` prints: the ops as their classes describe them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, Final

from archdsl.ops import OPS
from archdsl.ops.base import FieldSpec, Op, Port, field_specs
from archdsl.text.nearest import did_you_mean
from archdsl.text.spelled import quoted, spelled

_LEAST_STEM: Final = 3
"""Letters that say which ops are meant."""
_DIMENSIONS: Final = re.compile(r"[123]d(?=_|$)")


def list_ops() -> str:
    """One line for each op."""
    width = max(map(len, OPS))
    return "\n".join(f"{name:<{width}}  {_about(op)[0]}" for name, op in OPS.items())


def op_page(name: str) -> str:
    """All about one op: what it does, its inputs, its fields with defaults. Raises KeyError."""
    op = OPS[name]
    first, rest = _about(op)
    lines = [f"{name}: {first}", *([rest] if rest else []), "", _inputs(op.ports)]
    fields = list(field_specs(op).values())
    if fields:
        lines += ["fields:", *_fields(fields)]
    return "\n".join(lines)


def family(word: str) -> list[str]:
    """The ops whose names begin with a word or have it as a part, whatever their dimensions: `conv`, `pool`."""
    stem = word.lower().replace("_", "")
    if len(stem) < _LEAST_STEM:
        return []
    return [
        name for name in OPS if name.replace("_", "").startswith(stem) or stem in _DIMENSIONS.sub("", name).split("_")
    ]


def like(word: str) -> str:
    """What to say of a word that is no op."""
    found = family(word)
    listed = f"there are {quoted(found)}" if len(found) > 1 else None
    return listed or did_you_mean(word, OPS) or "`archdsl ops` lists them"


def _about(op: type[Op]) -> tuple[str, str]:
    """The first line of the op's docstring, and the rest."""
    first, _, rest = (inspect.getdoc(op) or "").partition("\n\n")
    return " ".join(first.split()), rest.strip()


def _inputs(ports: tuple[Port, ...]) -> str:
    if not ports:
        return "inputs: none"
    return f"inputs: {', '.join(map(_port, ports))}"


def _port(port: Port) -> str:
    if port.variadic:
        return f"{port.name} (one or more)"
    return f"{port.name} (optional)" if port.optional else port.name


def _fields(fields: list[FieldSpec]) -> Iterator[str]:
    defaults = ["required" if spec.required else _default(spec.default) for spec in fields]
    name_width = max(len(spec.name) for spec in fields)
    width = max(map(len, defaults))
    for spec, default in zip(fields, defaults, strict=True):
        words = f" (or {', '.join(sorted(spec.words))})" if spec.words else ""
        yield f"  {spec.name:<{name_width}}  {default:<{width}}  {spec.doc}{words}".rstrip()


def _default(value: Any) -> str:
    """A default as a spec would write it: one number for as many of it."""
    repeats = isinstance(value, tuple | list) and len(value) > 1 and len(set(value)) == 1
    return spelled(value[0] if repeats else value)
