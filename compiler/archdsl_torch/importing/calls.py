"""A call of a trace as a spec says it: an op with fields, a formula, or another name of what it reads."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from archdsl_torch.importing import ops
from archdsl_torch.importing.rules import RULES, named_op, plain
from archdsl_torch.importing.said import Said
from archdsl_torch.importing.tracing import TracedCall


def said(call: TracedCall) -> Said:
    """The call in the language. Raises Unsaid."""
    _registered()
    found = RULES.get(call.name)
    return plain(call, named_op(call)) if found is None else found(call)


@cache
def _registered() -> None:
    for theme in iter_modules(ops.__path__):
        import_module(f"{ops.__name__}.{theme.name}")
