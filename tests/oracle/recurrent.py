"""Recurrent layers as torch computes them, and their single steps as its pages define them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def recurrent(op: Any, inputs: Sequence[Any], tensors: Mapping[str, Tensor], training: bool) -> tuple[Any, ...]:
    own = {"nonlinearity": op.nonlinearity} if op.name == "rnn" else {}
    own |= {"proj_size": op.proj_size} if op.name == "lstm" else {}
    # made without numbers: initialising would draw from the generator that dropout draws from
    layer = getattr(nn, op.name.upper())(
        inputs[0].shape[-1], op.hidden_size, num_layers=op.num_layers, bias=op.bias, batch_first=op.batch_first,
        dropout=op.dropout, bidirectional=op.bidirectional, device="meta", dtype=inputs[0].dtype, **own,
    ).train(training)  # fmt: skip
    states = tuple(x for x in inputs[1:] if x is not None)
    arguments: tuple[Any, ...] = (inputs[0],)
    if states:
        arguments += (states,) if op.name == "lstm" else states
    result: tuple[Any, ...] = torch.func.functional_call(layer, dict(tensors), arguments)
    return result


def cell(op: Any, inputs: Sequence[Any], tensors: Mapping[str, Tensor], training: bool) -> Any:
    """Step by step, as torch's pages define the cells."""
    zeros = inputs[0].new_zeros(inputs[0].shape[0], op.hidden_size)
    h, c = (zeros if x is None else x for x in (*inputs[1:], None, None)[:2])
    from_x = F.linear(inputs[0], tensors["weight_ih"], tensors.get("bias_ih"))
    from_h = F.linear(h, tensors["weight_hh"], tensors.get("bias_hh"))
    if op.name == "rnn_cell":
        return getattr(torch, op.nonlinearity)(from_x + from_h)
    if op.name == "gru_cell":
        (r, z, n), (hr, hz, hn) = from_x.chunk(3, 1), from_h.chunk(3, 1)
        update = torch.sigmoid(z + hz)
        return (1 - update) * torch.tanh(n + torch.sigmoid(r + hr) * hn) + update * h
    i, f, g, o = (from_x + from_h).chunk(4, 1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c
