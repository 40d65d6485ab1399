"""Writes docs/torch.md: which op each name of `torch.nn` is, from the ops and what others call them.

Run `python docs/make_torch.py`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn
from torch.nn import functional

TARGET = Path(__file__).with_name("torch.md")
sys.path.insert(0, str(TARGET.parent.parent))

from archdsl.elaboration.applying import INFERRED  # noqa: E402
from archdsl.ops import OPS  # noqa: E402
from archdsl.ops.base import field_specs  # noqa: E402
from archdsl.ops.othernames import instead_of, ops_called  # noqa: E402

INTRODUCTION = """\
# torch's names

Which op each public name of `torch.nn` and `torch.nn.functional` is, in torch {version}. [The ops](ops.md) have torch's
arguments as fields. What follows from the input, such as `in_channels`, is no field, nor are `device`, `dtype` and
`inplace`: the compiler writes in place where it may. What else torch's class takes and the op does not stands in the
last column. Ops that torch has elsewhere, such as `cat`, are not listed here. `archdsl check` says the same of a name
that a spec takes for an op.

This page is made by `python docs/make_torch.py` from `archdsl/ops/`: change it there.
"""
NEVER: Final = {*INFERRED, "self", "device", "dtype", "inplace"}
"""Arguments that no spec gives."""
BASE_ONLY: Final = {"mode", "proj_size"}
"""Arguments of the recurrent layers' base that not all of them take."""
NO_LAYERS: Final = frozenset(("assert_int_or_pair",))
"""torch's own tools among its functions."""
_HOMES: Final = ("torch", "torch._C._nn", "torch.nn.functional")
"""Modules that the functions of `torch.nn.functional` say they are from."""


def classes() -> list[str]:
    """The public classes of `torch.nn`."""
    return [name for name, value in sorted(vars(nn).items()) if isinstance(value, type) and not name.startswith("_")]


def functions() -> list[str]:
    """The public functions of `torch.nn.functional`."""
    return [
        name
        for name, value in sorted(vars(functional).items())
        if callable(value) and not isinstance(value, type) and not name.startswith("_")
        if getattr(value, "__module__", "") in _HOMES and name not in NO_LAYERS
    ]  # fmt: skip


def version() -> str:
    """torch's, without the last number and what it was built for."""
    return ".".join(torch.__version__.split(".")[:2])


def render() -> str:
    """The text of docs/torch.md."""
    lines = [INTRODUCTION.format(version=version())]
    lines += ["## torch.nn", "", "| class | op | not taken |", "| --- | --- | --- |"]
    lines += [
        f"| `{name}` | {said(name)} | {', '.join(f'`{each}`' for each in not_taken(name))} |" for name in classes()
    ]
    lines += ["", "## torch.nn.functional", "", "| function | op |", "| --- | --- |"]
    lines += [f"| `{name}` | {said(name)} |" for name in functions()]
    return "\n".join([*lines, ""])


def said(name: str) -> str:
    """The ops that mean it, or what is written instead. Raises LookupError for a name of which nothing is said."""
    found = ops_called(name)
    if found:
        links = ", ".join(f"[`{op}`](ops.md#{op})" for op in found)
        fields = next(iter(found.values()))
        return links + (f" with `{fields}`" if fields else "")
    instead = instead_of(name)
    if instead is None:
        raise LookupError(f"archdsl/ops/othernames.py does not say what torch's `{name}` is here, or why it is no op")
    return f"none: {instead}"


def not_taken(name: str) -> Iterator[str]:
    """The arguments of torch's class that the op of its name has no field for."""
    found = [op for op in ops_called(name) if op.replace("_", "") == name.lower()]
    for argument in _arguments(getattr(nn, name)) if found else ():
        if argument not in NEVER and argument not in field_specs(OPS[found[0]]) and not argument.startswith("_"):
            yield argument


def _arguments(layer: type[Any]) -> list[str]:
    """What its constructor takes by name; of a recurrent layer, its base's."""
    base = layer in (nn.RNN, nn.LSTM, nn.GRU)
    own = [*inspect.signature(nn.RNNBase.__init__ if base else layer.__init__).parameters]
    return [name for name in own if name not in ("args", "kwargs") and not (base and name in BASE_ONLY)]


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
