"""What an ordinary `nn.Module` can do, every built network can do too."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from tests.references.cases.first import CASES
from tests.references.parity import calibrate, fill, outputs_of
from tests.thorough import some

SHAPES: dict[str, tuple[int, int]] = {"lenet5": (1, 32), **{case.name: (3, case.size) for case in CASES}}
SIZES = {"vit_b_16": {"image_size": 64}, "swin_t": {"image_size": 96}}

_LOAD = """
import sys, torch
module = torch.load(sys.argv[1], weights_only=False)
images, expected = torch.load(sys.argv[2])
with torch.no_grad():
    result = module(images)
result = result if isinstance(result, torch.Tensor) else result[0]
assert (result - expected).abs().max() <= 1e-4 * expected.abs().max()
assert type(module).__name__ in repr(module)
"""


@dataclass(frozen=True)
class Built:
    """A built network in evaluation mode and a batch of two images."""

    name: str
    model: nn.Module
    images: Tensor
    params: dict[str, Any] = field(default_factory=dict)

    def again(self, **options: Any) -> nn.Module:
        return archdsl.build(self.name, **self.params, **options).eval()

    def output(self, images: Tensor | None = None) -> Tensor:
        return first(self.model, self.images if images is None else images)


def first(model: Any, images: Tensor) -> Tensor:
    """The first output; the only one of most networks."""
    with torch.no_grad():
        return outputs_of(model(images))[0]


def assert_close(found: Tensor, expected: Tensor, tolerance: float = 1e-4) -> None:
    assert expected.any()
    assert (found - expected).abs().max() <= tolerance * expected.abs().max()


@pytest.fixture(scope="module", params=some(SHAPES))
def built(request: pytest.FixtureRequest) -> Iterator[Built]:
    name = request.param
    channels, size = SHAPES[name]
    params = SIZES.get(name, {})
    images = torch.randn(2, channels, size, size, generator=torch.Generator().manual_seed(0))
    model = archdsl.build(name, init=False, **params)
    fill(model, seed=7)  # fresh ones hide much: ViT's head starts at 0
    calibrate(model, images.repeat(2, 1, 1, 1))
    model.eval()
    yield Built(name, model, images, params)
    torch.compiler.reset()


def test_state_dict(built: Built) -> None:
    other = built.again(init=False)
    other.load_state_dict(built.model.state_dict(), strict=True)
    assert torch.equal(first(other, built.images), built.output())


def test_repr(built: Built) -> None:
    text = repr(built.model)
    assert text.startswith(f"{type(built.model).__name__}(")
    assert all(f"({name}): " in text for name, _ in built.model.named_children())


def test_train_and_eval(built: Built) -> None:
    try:
        assert all(module.training for module in built.model.train().modules())
    finally:
        built.model.eval()
    assert not any(module.training for module in built.model.modules())


def test_to(built: Built) -> None:
    double = copy.deepcopy(built.model).to(torch.float64)
    assert all(not p.is_floating_point() or p.dtype == torch.float64 for p in double.state_dict().values())
    assert_close(first(double, built.images.double()).float(), built.output(), 1e-2)


def test_deepcopy(built: Built) -> None:
    twin = copy.deepcopy(built.model)
    assert torch.equal(first(twin, built.images), built.output())
    ours = {parameter.data_ptr() for parameter in built.model.parameters()}
    assert not ours & {parameter.data_ptr() for parameter in twin.parameters()}


def test_pickle(built: Built) -> None:
    twin = pickle.loads(pickle.dumps(built.model))
    assert type(twin).__name__ == type(built.model).__name__
    assert torch.equal(first(twin, built.images), built.output())


def test_load_in_another_process(built: Built, tmp_path: Path) -> None:
    torch.save(built.model, tmp_path / "model.pt")
    torch.save((built.images, built.output()), tmp_path / "expected.pt")
    arguments = [sys.executable, "-c", _LOAD, str(tmp_path / "model.pt"), str(tmp_path / "expected.pt")]
    subprocess.run(arguments, check=True, env=_environment())
    (tmp_path / "model.pt").unlink()


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_source(built: Built) -> None:
    printed = archdsl.source(built.name, **built.params)
    written = {type(m) for m in built.model.modules() if not type(m).__module__.startswith("torch.")}
    assert type(built.model) in written
    for kind in written:
        assert inspect.getsource(kind) in printed


def test_hooks_see_every_layer(built: Built) -> None:
    called: set[str] = set()
    handles = [
        module.register_forward_hook(lambda _m, _i, _o, name=name: called.add(name))  # type: ignore[misc]
        for name, module in built.model.named_modules()
    ]
    twin_state = copy.deepcopy(built.model.state_dict())
    try:
        with torch.no_grad():
            built.model.train()(built.images)
    finally:
        built.model.eval().load_state_dict(twin_state)
        for handle in handles:
            handle.remove()
    assert {name for name, module in built.model.named_modules() if _is_called(name, module)} <= called


def _is_called(name: str, module: nn.Module) -> bool:
    # Lists of modules run nothing themselves, and torch's attention reads a weight without calling its owner.
    return not isinstance(module, nn.ModuleList | nn.ModuleDict) and not name.endswith("self_attention.out_proj")


def test_a_hook_changes_the_output(built: Built) -> None:
    handle = next(iter(built.model.children())).register_forward_hook(lambda _m, _i, output: 2 * output + 1)
    try:
        changed = built.output()
    finally:
        handle.remove()
    assert not torch.equal(changed, built.output())


def test_compile(built: Built) -> None:
    compiled = torch.compile(built.model, fullgraph=True, backend="eager")
    assert_close(first(compiled, built.images), built.output())


def test_export_with_a_dynamic_batch(built: Built) -> None:
    batch = torch.export.Dim("batch", min=1, max=64)
    exported = torch.export.export(built.model, (built.images,), dynamic_shapes=({0: batch},))
    more = torch.cat([built.images, built.images.flip(0), built.images[:1]])
    assert_close(first(exported.module(), more), built.output(more))


def test_symbolic_trace(built: Built) -> None:
    traced = torch.fx.symbolic_trace(built.model)
    assert_close(first(traced, built.images), built.output())


def test_jit_trace(built: Built) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing itself is deprecated
        traced = torch.jit.trace(built.model, built.images, check_trace=False)
    assert_close(first(traced, built.images), built.output())


def test_seed(built: Built) -> None:
    before = torch.get_rng_state()
    ours, same, other = (built.again(seed=seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(value, same[key]) for key, value in ours.items())
    assert any(not torch.equal(value, ours[key]) for key, value in other.items())


def test_without_init_constants_stand(built: Built) -> None:
    bare, full = built.again(init=False), built.again(seed=0)
    for key, buffer in full.named_buffers():
        assert torch.equal(bare.get_buffer(key), buffer), key


def test_meta_then_reset(built: Built) -> None:
    model = built.again(device="meta")
    assert all(tensor.is_meta for tensor in [*model.parameters(), *model.buffers()])
    model.to_empty(device="cpu")
    torch.manual_seed(0)
    model.reset_parameters()  # type: ignore[operator]
    expected = built.again(seed=0).state_dict()
    for key, value in model.state_dict().items():
        assert torch.isfinite(value).all(), key
        assert value.shape == expected[key].shape
        assert _alike(value.double(), expected[key].double()), key
    constants = {key for key, _ in model.named_buffers()} - expected.keys()
    assert all(torch.equal(model.get_buffer(key), built.model.get_buffer(key)) for key in constants)


def _alike(found: Tensor, expected: Tensor) -> bool:
    """Whether both look drawn from one distribution: their scales agree, if there is one to speak of."""
    if found.numel() < 64:
        return True
    return bool((found.std() - expected.std()).abs() <= 0.25 * expected.std() + 1e-12)


@pytest.mark.slow
def test_inductor() -> None:
    model = archdsl.build("resnet18", seed=0).eval()
    images = torch.randn(2, 3, 64, 64)
    assert_close(first(torch.compile(model, fullgraph=True), images), first(model, images))
