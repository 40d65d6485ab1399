from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.ops import OPS
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import lower
from tests.ops.harness import NAMESPACE, check, construct
from tests.ops.strategies import layers, off_by_one
from tests.references.torchvision_shim import models
from tests.thorough import examples

P = {"p": st.floats(0.1, 1)}
STRATEGIES = {
    "dropout": layers("dropout", st.integers(0, 4), {}, P, training=True),
    "alpha_dropout": layers("alpha_dropout", st.integers(0, 4), {}, P, training=True),
    "feature_alpha_dropout": layers("feature_alpha_dropout", st.integers(1, 4), {}, P, training=True),
    "stochastic_depth": layers(
        "stochastic_depth", st.integers(1, 4), P, {"mode": st.sampled_from(["row", "batch"])}, training=True
    ),
} | {
    # torch takes any rank that it can make sense of, with a warning
    f"dropout{n}d": layers(f"dropout{n}d", off_by_one(n + 2), {}, P, training=True, stricter=True)
    for n in (1, 2, 3)
}


@pytest.mark.parametrize("name", STRATEGIES)
@settings(max_examples=examples(30))
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name]))


def stochastic_depth(**fields: Any) -> torch.nn.Module:
    return construct(lower(OPS["stochastic_depth"](**fields), TensorType((2, 3))), "cpu")


@pytest.mark.parametrize("mode", ["row", "batch"])
def test_stochastic_depth_drops_whole_rows(mode: str) -> None:
    torch.manual_seed(0)
    x = torch.ones(200, 3, 4)
    y = stochastic_depth(p=0.25, mode=mode)(x)
    rows = y.flatten(1)
    assert (rows == rows[:, :1]).all()
    assert rows[:, 0].unique().tolist() in ([0.0, pytest.approx(4 / 3)], [0.0], [pytest.approx(4 / 3)])
    if mode == "row":
        assert 120 < rows[:, 0].count_nonzero() < 180
    else:
        assert rows[:, 0].unique().numel() == 1


@pytest.mark.parametrize("mode", ["row", "batch"])
def test_stochastic_depth_is_torchvisions(mode: str) -> None:
    x = torch.randn(50, 3, 4)
    for p in (0.0, 0.3, 1.0):
        torch.manual_seed(1)
        expected = models.efficientnet.StochasticDepth(p, mode)(x)
        torch.manual_seed(1)
        assert torch.equal(stochastic_depth(p=p, mode=mode)(x), expected)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("mode", ["row", "batch"])
def test_stochastic_depth_is_traceable(mode: str, training: bool) -> None:
    module = stochastic_depth(p=0.5, mode=mode).train(training)
    x = torch.randn(4, 3)
    batch = torch.export.Dim("batch", min=2)
    forms = (
        torch.fx.symbolic_trace(module),
        torch.jit.trace(module, x, check_trace=False),
        torch.compile(module, backend="eager", fullgraph=True),
        torch.export.export(module, (x,), dynamic_shapes=((batch, None),)).module(),
    )
    for form in forms:
        torch.manual_seed(2)
        expected = module(x)
        torch.manual_seed(2)
        assert torch.equal(form(x), expected)


def test_helpers_show_their_fields() -> None:
    assert repr(NAMESPACE["StochasticDepth"](0.1)) == "StochasticDepth(p=0.1, mode='row')"
