"""Other shapes of the same numbers."""

from __future__ import annotations

from archdsl.ops import OPS
from archdsl_torch.importing.rules import called, plain, rule
from archdsl_torch.importing.said import Said
from archdsl_torch.importing.tracing import TracedCall

called("view", "reshape", size="shape")


@rule("unflatten")
def _(call: TracedCall) -> Said:
    return plain(call, OPS["unflatten"], {"sizes": "unflattened_size"})


@rule("transpose", "t")
def _(call: TracedCall) -> Said:
    places = (0, 1) if call.name == "t" else (call.argument("dim0"), call.argument("dim1"))
    return Said("transpose", {"input": call.given[0]}, dict(zip(("dim0", "dim1"), places, strict=True)))


@rule("reshape_as", "view_as")
def _(call: TracedCall) -> Said:
    return Said("reshape", {"input": call.given[0]}, {"shape": [*call.given[1].shape]})
