"""What a field is where a spec leaves it out: torch's own default, by torch's signatures."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Final

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from archdsl.ops import OPS
from archdsl.ops.base import FieldSpec, Op, field_specs

_LAYERS: Final = {name.lower(): value for name, value in vars(nn).items() if isinstance(value, type)}
_RECURRENT: Final = {"rnn": "rnnbase", "lstm": "rnnbase", "gru": "rnnbase"}
OURS: Final = {
    "conv_transpose1d.out_channels", "conv_transpose2d.out_channels", "conv_transpose3d.out_channels",
    "conv_transpose1d.kernel_size", "conv_transpose2d.kernel_size", "conv_transpose3d.kernel_size",
    "conv1d.out_channels", "conv2d.out_channels", "conv3d.out_channels",
    "conv1d.kernel_size", "conv2d.kernel_size", "conv3d.kernel_size",
    "linear.out_features", "embedding.num_embeddings", "embedding.embedding_dim",
    "embedding_bag.num_embeddings", "embedding_bag.embedding_dim",
}  # fmt: skip
"""Fields that torch asks for and that follow from the weight where a spec feeds one."""
OTHERWISE: Final = {
    "prelu.num_parameters": None,  # one for each channel would be torch's num_parameters=C
    "var.correction": 1,  # torch writes None, and means 1
    "std.correction": 1,
    "norm.p": 2.0,  # torch's "fro" is the same norm
    "grid_sample.align_corners": False,  # torch's None means False, and warns
    "affine_grid.align_corners": False,
}


ALONE: Final[dict[str, Any]] = {
    "layer_norm.normalized_dims": 1, "rms_norm.normalized_dims": 1,  # the features, as nearly everybody means
    "stochastic_depth.mode": "row",  # a sample for itself, as papers draw it
    "rnn.nonlinearity": "tanh",  # nn.RNN takes it from keywords
    "multihead_attention.is_causal": False,  # an argument of forward
    **dict.fromkeys((f"{op}.dim" for op in ("squeeze", "mean", "sum", "prod", "max", "min")), None),  # all of them
    **dict.fromkeys((f"{op}.names" for op in ("chunk", "split", "tensor_split", "unbind")), None),
    "sort.stable": False,
    "index.dim": 0,  # `input[index]`
    **dict.fromkeys((f"{op}.parametrization" for op in (
        "linear", "bilinear", "embedding", "embedding_bag", "rnn_cell", "lstm_cell", "gru_cell",
        *(f"{kind}{n}d" for kind in ("conv", "conv_transpose") for n in (1, 2, 3)),
    )), None),  # torch wraps the layer
    "parameter.index": (), "parameter.value": None,
    "stub.dtypes": (), "stub.names": None,
    "constant.index": (), "constant.dtype": "float32", "constant.persistent": False,
}  # fmt: skip
"""Fields that torch has not, or has no default for."""


def _fields() -> Iterator[tuple[str, type[Op], FieldSpec]]:
    for name, op in OPS.items():
        yield from ((f"{name}.{spec.name}", op, spec) for spec in field_specs(op).values() if not spec.required)


def _torch_defaults(op: type[Op], field: str) -> list[Any]:
    """The defaults that torch's class, function or operators of the op's name give an argument."""
    name = op.name
    key = name.replace("_", "")
    found = [_LAYERS.get(_RECURRENT.get(key, key)), getattr(F, name, None), getattr(torch, name, None)]
    defaults = [default for callee in found if callee is not None for default in _signature(callee, field)]
    packet = getattr(torch.ops.aten, name, None)
    for overload in packet.overloads() if packet is not None else ():
        arguments = getattr(packet, overload)._schema.arguments
        defaults += [a.default_value for a in arguments if a.name == field and a.has_default_value()]
    return defaults


def _signature(callee: Any, field: str) -> list[Any]:
    try:
        parameters = inspect.signature(callee).parameters
    except ValueError:
        return []  # a builtin: its operators are looked at
    found = parameters.get(field)
    return [] if found is None or found.default is inspect.Parameter.empty else [found.default]


def _same(one: Any, other: Any) -> bool:
    """Whether two defaults mean one thing: a pair of equal numbers is the number, an empty list is nothing said."""
    one, other = ((v[0] if isinstance(v, tuple | list) and len(set(v)) == 1 else v) for v in (one, other))
    return bool(one == other and isinstance(one, bool) == isinstance(other, bool)) or (one is None and other == [])


@pytest.mark.parametrize(("name", "op", "spec"), [pytest.param(*found, id=found[0]) for found in _fields()])
def test_a_default_is_torchs(name: str, op: type[Op], spec: FieldSpec) -> None:
    if name in OURS:
        assert spec.default is None
        return
    if name in OTHERWISE:
        assert spec.default == OTHERWISE[name]
        return
    defaults = _torch_defaults(op, spec.name)
    if not defaults:
        assert name in ALONE, f"torch gives `{name}` no default: say here what it should be"
        assert spec.default == ALONE[name] and type(spec.default) is type(ALONE[name])
        return
    assert any(_same(spec.default, default) for default in defaults), (spec.default, defaults)


def test_the_lists_name_fields_that_are_there() -> None:
    assert {*OURS, *OTHERWISE, *ALONE} <= {name for name, _, _ in _fields()}
