"""What no op says, as a part that is still to be written: what it reads, what it gives, and which call it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archdsl.ops.special import DTYPES
from archdsl_torch.importing.said import Said, Unsaid
from archdsl_torch.importing.tracing import TracedCall, TracedTensor


def stub(call: TracedCall, why: Unsaid) -> Said:
    """A node that stands for a call. Raises the same Unsaid where none can: of other dtypes, of numbers that are in no
    `state_dict`, or where it writes into what it reads.
    """
    reads = [*dict.fromkeys(_tensors(call.given))]
    nameless = any(each.owned is not None and each.buffer and not each.persistent for each in reads)
    if nameless or call.written or not call.gives or any(each.dtype not in DTYPES for each in call.gives):
        raise why
    dtypes = [each.dtype for each in call.gives]
    fields: dict[str, Any] = {"shapes": [[*each.shape] for each in call.gives]}
    if {*dtypes} != {"float32"}:
        fields["dtypes"] = dtypes
    # A `$` in a text begins an expression.
    kind = f" ({call.around[-1].kind})" if call.around else ""
    told = f"{call.target}{kind}: {why}".replace("$", "")
    return Said("stub", reads, {**fields, "stands_for": told})


def told_of(call: TracedCall) -> str:
    """A call with the module that makes it."""
    last = call.around[-1] if call.around else None
    if last is None:
        return call.target
    return f"`{last.path}` ({last.kind}): {call.target}" if last.path else f"`{last.kind}`: {call.target}"


def _tensors(given: Any) -> Iterator[TracedTensor]:
    if isinstance(given, TracedTensor):
        yield given
    elif isinstance(given, list | tuple):
        for each in given:
            yield from _tensors(each)
