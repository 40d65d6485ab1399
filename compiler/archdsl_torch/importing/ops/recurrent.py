"""Layers with recurrence, whose weights a call reads as one list."""

from __future__ import annotations

from itertools import product
from typing import Any

from archdsl.ops import OPS
from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said, Unsaid, short
from archdsl_torch.importing.tracing import TracedCall, TracedTensor


@rule("lstm", "gru", "rnn_tanh", "rnn_relu")
def _(call: TracedCall) -> Said:
    """Raises Unsaid for packed sequences."""
    if "data" in call.names:
        raise Unsaid("it reads a packed sequence")
    kind = OPS[call.name.partition("_")[0]]
    states = call.argument("hx")
    ports = [port.name for port in kind.ports]
    reads = dict(zip(ports, (call.given[0], *(states if isinstance(states, list) else [states])), strict=False))
    weights = _weights(call)
    projected = weights.get("weight_hr_l0")
    fields: dict[str, Any] = {
        "hidden_size": weights["weight_hh_l0"].shape[1] if projected is None else projected.shape[1],
        "proj_size": 0 if projected is None else projected.shape[0],
        "bias": call.argument("has_biases"),
        **{name: call.argument(name) for name in ("num_layers", "dropout", "bidirectional", "batch_first")},
        "nonlinearity": "relu" if call.name.endswith("relu") else "tanh",
    }
    taken = {name: value for name, value in fields.items() if name in kind.model_fields}
    return Said(kind.name, reads, short(kind, taken), weights=weights, blank=tuple(ports[1:]))


def _weights(call: TracedCall) -> dict[str, TracedTensor]:
    """The weights by the names that torch's modules give them, in torch's order."""
    runs = [*product(range(call.argument("num_layers")), ("", "_reverse")[: 1 + call.argument("bidirectional")])]
    given = call.argument("params")
    each = len(given) // len(runs)
    words = ["weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if call.argument("has_biases") else ())]
    names = [*words, "weight_hr"][:each]
    ends = [f"_l{layer}{way}" for layer, way in runs]
    return dict(zip((name + end for end in ends for name in names), given, strict=True))
