"""What of a module no spec says is told."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import archdsl
from archdsl.ir.modules import ModuleError
from archdsl_torch import spec_of
from tests.compiler.importing.support import Of, same


class Twice(nn.Module):
    """A module of one tensor in two places."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> Any:
        return self.module(x, x)


class Inverse(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.linalg.inv(x)


def test_what_no_op_says_is_told_with_its_module() -> None:
    with pytest.raises(ModuleError) as caught:
        spec_of(nn.Sequential(nn.Linear(4, 4), Inverse()), [torch.randn(2, 4, 4)])
    assert "`1` (" in str(caught.value)
    assert "Inverse" in str(caught.value)
    assert "linalg_inv" in str(caught.value)


@pytest.mark.parametrize(
    ("module", "call"),
    [
        (Twice(nn.Bilinear(4, 4, 3)), "bilinear"),
        (nn.Sequential(nn.Unflatten(1, (1, 4)), nn.InstanceNorm1d(1, affine=True)), "instance_norm"),
        (Of(lambda x: x.add(x, alpha=2)), "add"),
        (Of(lambda x: x.div(x, rounding_mode="trunc")), "div"),
        (Of(lambda x: x[torch.tensor([[True, False], [True, True]]).flatten()[: x.shape[0]]]), "index"),
        (Of(lambda x: x + torch.rand(4)), "rand"),
        (Of(lambda x: F.dropout(x, 0.5)), "dropout"),
        (Of(lambda x: F.scaled_dot_product_attention(x, x, x, dropout_p=0.1)), "scaled_dot_product_attention"),
        (Of(lambda x: x.round(decimals=1)), "round"),
        (Of(lambda x: x.sum(1, dtype=torch.float64)), "sum"),
    ],
)
def test_what_would_be_said_wrongly_is_told(module: nn.Module, call: str) -> None:
    with pytest.raises(ModuleError, match=rf"aten\.{call}"):
        spec_of(module, [torch.randn(2, 4)])


class Unread(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used, self.unused = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.used(x)


def test_a_tensor_that_nothing_reads_is_a_key() -> None:
    same(nn.Sequential(Unread(), nn.Linear(4, 3)), (4,))


class Backwards(nn.Module):
    """Its parts run in another order than they are registered in."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.norm = nn.Linear(4, 4), nn.BatchNorm1d(4)
        self.layers = nn.ModuleList(nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(3))
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in reversed(self.layers):
            x = layer(x) * self.scale
        return self.last(self.norm(x))


def test_tensors_come_in_the_order_in_which_the_module_registers_them() -> None:
    text = same(nn.Sequential(nn.Linear(4, 4), Backwards()), (4,))
    assert "order: [last, norm, layers.0, layers.1, layers.2]" in " ".join(text.split())


class Frozen(nn.Module):
    """Normalisation by buffers, of which one is missing that a layer's own has."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("weight", "bias", "running_mean", "running_var"):
            self.register_buffer(name, torch.ones(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias)


class Statistics(nn.BatchNorm1d):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, training=True)


class Countless(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(4)), nn.Parameter(torch.ones(4))
        self.register_buffer("running_mean", torch.zeros(4))
        self.register_buffer("running_var", torch.ones(4))

    forward = Frozen.forward


@pytest.mark.parametrize(
    ("module", "told"),
    [
        (Frozen(), r"`batch_norm1d` has weights of its own, and the call takes `norm\.weight` for one"),
        (nn.BatchNorm1d(4, momentum=None), "its momentum is None or 0"),
        (Statistics(4), "batch's statistics in evaluation mode"),
        (Countless(), "`norm.num_batches_tracked` would be a key of the network, and is none of the module"),
    ],
)
def test_normalisation_that_is_no_layer_s_is_told(module: nn.Module, told: str) -> None:
    with pytest.raises(ModuleError, match=told):
        spec_of(nn.Sequential(OrderedDict(norm=module)), [torch.randn(2, 4)])


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda x: (x + 1, 3), "`forward` gives `3`, and no tensor"),
        (lambda x: (x + 1, x.shape[0]), "`forward` gives `N`, and no tensor"),
        (lambda x: None, "`forward` gives no tensor"),
        (lambda x: x * x.shape[0] ** -0.5, r"`` \(.*Of\): aten\.mul\.Tensor: `FloatPow.*` is no whole number"),
        (lambda x: x if x.sum() > 0 else -x, "torch.export cannot trace `Of`: Could not guard on data-dependent"),
    ],
)
def test_what_a_network_cannot_give_is_told(function: Any, told: str) -> None:
    with pytest.raises(ModuleError, match=told):
        spec_of(Of(function), [torch.randn(2, 4)])


def test_inputs_that_forward_does_not_take_are_told() -> None:
    with pytest.raises(ModuleError, match=r"`Inverse\.forward`: too many positional arguments"):
        spec_of(Inverse(), [torch.randn(2, 4), torch.randn(2, 4)])


def test_parameters_of_another_kind_and_examples_that_are_no_tensors_are_told() -> None:
    with pytest.raises(ModuleError, match=r"`weight` is torch\.float64"):
        spec_of(nn.Linear(4, 4).double(), [torch.randn(2, 4).double()])
    with pytest.raises(ModuleError, match="an example is a tensor, and `3` is none"):
        spec_of(nn.Linear(4, 4), [3])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("trained", "said"), [(("0",), "freeze: [2.weight, 2.bias]"), ((), "freeze: ['*']"), (("0", "2"), "")]
)
def test_what_is_not_trained_is_frozen(trained: tuple[str, ...], said: str) -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 3))
    for name, parameter in module.named_parameters():
        parameter.requires_grad = name.startswith(trained) if trained else False
    text = spec_of(module, [torch.randn(2, 4)])
    assert ("freeze" in text) == bool(said) and said in text
    built = archdsl.build(archdsl.loads(text))
    assert [each.requires_grad for each in built.parameters()] == [each.requires_grad for each in module.parameters()]
