"""Parts of tensors."""

from __future__ import annotations

from archdsl.ops import OPS
from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said, other_name, short
from archdsl_torch.importing.tracing import TracedCall


@rule("slice")
def _(call: TracedCall) -> Said:
    source, dim, start, end, step = call.given
    start, end = start or None, None if end == 2**63 - 1 else end
    if start is None and end is None and step == 1:
        return other_name(source)
    fields = {"dim": dim, "start": start, "end": end, "step": step}
    return Said("slice", {"input": source}, short(OPS["slice"], fields))


@rule("split", "split_with_sizes")
def _(call: TracedCall) -> Said:
    source, sizes, dim = call.given
    return Said("split", {"input": source}, short(OPS["split"], {"split_size": sizes, "dim": dim}))
