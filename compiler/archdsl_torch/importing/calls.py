"""A call of a trace as a spec says it: an op with fields, a formula, or another name of what it reads."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from archdsl_torch.importing import ops
from archdsl_torch.importing.rules import INVERSES, RULES, named_op, plain
from archdsl_torch.importing.said import Said, Steps, Unsaid
from archdsl_torch.importing.tracing import TracedCall, TracedTensor


def said(call: TracedCall) -> Said | Steps:
    """The call in the language. Raises Unsaid."""
    _registered()
    found = RULES.get(call.name)
    return plain(call, named_op(call)) if found is None else found(call)


def put_back(call: TracedCall, view: TracedTensor, whole: TracedTensor, part: TracedTensor) -> Steps:
    """A whole of which a view, taken by the call, has the numbers of `part`. Raises Unsaid."""
    if call.name not in INVERSES:
        raise Unsaid(f"it writes into what {call.target} gives")
    return INVERSES[call.name](call, view, whole, part)


@cache
def _registered() -> None:
    for theme in iter_modules(ops.__path__):
        import_module(f"{ops.__name__}.{theme.name}")
