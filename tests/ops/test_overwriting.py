"""What may be written into: an op that says it is fresh, and an activation that says it overwrites, against torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import lower
from archdsl_torch.lowering.tree import Call
from tests.generators.cases import strategies
from tests.ops.harness import Case, call_module, construct, forms, outputs, tensors
from tests.thorough import examples

FRESH = sorted(name for name in strategies() if OPS[name].fresh or OPS[name].is_fresh is not OPS["relu"].is_fresh)
OVERWRITES = sorted(name for name in strategies() if OPS[name].overwrites)


def leaves(case: Case) -> list[Tensor | None]:
    torch.manual_seed(0)
    return [x.double().requires_grad_() if x is not None and x.is_floating_point() else x for x in tensors(case, "cpu")]


def runs(case: Case) -> list[Callable[..., Any]]:
    torch.manual_seed(1)
    lowered = lower(case.op, *case.inputs)
    if lowered.module is not None:
        module = construct(lowered, "cpu").double().train(case.training)
        lowered_forms = forms(case, lowered._replace(module=None), "cpu") if lowered.function is not None else []
        return [lambda *inputs: _called(module, lowered, inputs), *lowered_forms]
    return forms(case, lowered, "cpu")


def _called(module: Any, lowered: Any, inputs: tuple[Any, ...]) -> Any:
    return call_module(module, lowered.call, inputs)


@pytest.mark.parametrize("name", FRESH)
@settings(max_examples=examples(20), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_fresh_output_may_be_written_into(name: str, data: st.DataObject) -> None:
    """It shares no memory with an input, and the backward pass does not miss what stood there."""
    case = data.draw(strategies()[name])
    try:
        made = case.op.infer(*case.inputs)
    except OpError:
        assume(False)
    assume(case.op.is_fresh() and isinstance(made, TensorType))
    assume(all(x is None or x.dtype in ("float32", "bool", "int64") for x in case.inputs))
    for run in runs(case):
        gradients = []
        for write in (False, True):
            given_ = leaves(case)
            # the values before the op are no leaves in a network either
            read = [x * 1 if x is not None and x.requires_grad else x for x in given_]
            torch.manual_seed(2)
            (result,) = outputs(run(*read))
            owners = {x.untyped_storage()._cdata for x in read if x is not None}
            assert result.untyped_storage()._cdata not in owners, f"{case.op!r} gives a view"
            changed = result.mul_(0.5) if write else result * 0.5
            wanted = [x for x in given_ if x is not None and x.requires_grad]
            gradients.append(torch.autograd.grad(changed.sum(), wanted, allow_unused=True))
        torch.testing.assert_close(gradients[0], gradients[1], equal_nan=True)


@pytest.mark.parametrize("name", OVERWRITES)
@settings(max_examples=examples(20))
@given(data=st.data())
def test_an_activation_in_place_has_the_same_gradient(name: str, data: st.DataObject) -> None:
    case = data.draw(strategies()[name])
    try:
        case.op.infer(*case.inputs)
    except OpError:
        assume(False)
    assume(
        case.op.can_overwrite()
        and len(case.inputs) == 1
        and case.inputs[0] is not None
        and case.inputs[0].dtype == "float32"
    )
    lowered = lower(case.op, *case.inputs)
    assert isinstance(lowered.module, Call)
    gradients = []
    for inplace in (False, True):
        (leaf,) = leaves(case)
        assert leaf is not None
        module = construct(lowered, "cpu").double().train(case.training)
        module.inplace = inplace
        read = leaf * 2
        torch.manual_seed(2)
        y = module(read)
        assert (y.untyped_storage()._cdata == read.untyped_storage()._cdata) is inplace
        gradients.append(torch.autograd.grad((y * 0.3).sum(), leaf))
    torch.testing.assert_close(gradients[0], gradients[1])


def test_roll_by_nothing_is_its_input() -> None:
    assert not OPS["roll"](shifts=0, dims=0).is_fresh() and not OPS["roll"](shifts=[0, 0], dims=[0, 1]).is_fresh()
    assert OPS["roll"](shifts=[0, 1], dims=[0, 1]).is_fresh()
