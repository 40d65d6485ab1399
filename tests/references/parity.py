"""Whether a built network is its reference: same keys and shapes, outputs and gradients.

Both get the same telling values first. With a fresh network's own initial values several outputs are 0 or
1e12 and prove nothing, so matrices are drawn normal with variance 2 / fan-in, vectors near 1, and the
statistics of batch norms are taken from data; activations then stay near 1 through the whole network.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

OUTPUT_TOLERANCE = 1e-9
"""Of the output's scale, in float64."""
GRADIENT_TOLERANCE = 1e-7
"""Of the largest gradient of the same tensor, in float64."""
FLOAT32_TOLERANCE = 1e-4
"""Of the output's scale, in float32."""
PERIOD = 1_000_003
"""After how many numbers the noise of a large tensor repeats: a prime number, so that no two rows are alike."""
LAYER_SCALES = ("ls1", "ls2")
"""What references call the vectors that scale a layer before it is added, where the layer has no norm of its own."""
_DRAWS = [name for name in vars(nn.init) if name.endswith(("normal_", "uniform_"))]
"""What gives modules their initial values."""


class Run(NamedTuple):
    """What one pass shows of a network."""

    outputs: tuple[Tensor, ...]
    gradients: Mapping[str, Tensor]


@dataclass(frozen=True)
class Case:
    """A network, its reference, and the inputs to compare them on."""

    name: str
    size: int
    """Height and width of the image; small, to be quick."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """The spec's parameters that turn dropout off and fit the image (`image_size`)."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """What the reference's constructor needs."""
    depth: int = 2
    """How many parts of a path name a block: 2 for `layer1.0`."""
    other: int = 0
    """A second size to compare at; `image_size` changes with it, in `params` and in `arguments`."""
    full: bool = True
    """One member of each family is compared in every way: gradients, both modes, zeroed blocks."""
    double: bool = True
    """False for the largest: float32, one image."""
    constructor: Callable[..., nn.Module] | None = None
    """What makes the reference; torchvision's function of that name where it is None."""
    channels: int = 3
    calibration: int = 0
    """Size of the images that the statistics of batch norms are taken from; 0: the case's own. The deepest
    networks need a larger one: a few pixels in the last maps say too little of what other images do there."""
    calibration_images: int = 4
    """How many of them; a norm of what is pooled, one number of each image, needs more."""

    def at(self, size: int) -> Case:
        """The same network on images of another size."""
        sized = {"image_size": size}
        return replace(
            self, size=size,
            params={**self.params, **(sized if "image_size" in self.params else {})},
            arguments={**self.arguments, **(sized if "image_size" in self.arguments else {})},
        )  # fmt: skip

    def reference(self) -> nn.Module:
        """The reference with its own initial values, dropout off."""
        from tests.references.torchvision_shim import models

        constructor = self.constructor or getattr(models, self.name)
        model: nn.Module = constructor(**self.arguments)
        for module in model.modules():
            if type(module).__name__ in ("Dropout", "StochasticDepth"):
                module.p = 0.0
        return model

    def images(self, batch: int, seed: int = 0) -> Tensor:
        """Standard normal images, N×channels×size×size, in float64."""
        generator = torch.Generator().manual_seed(1000 * seed + batch)
        return torch.randn(batch, self.channels, self.size, self.size, generator=generator, dtype=torch.float64)


def telling_reference(case: Case) -> nn.Module:
    """The reference in evaluation mode, in float64 where the case says so, filled with telling values."""
    with undrawn():
        model = case.reference()
    images = case.at(case.calibration or case.size).images(case.calibration_images if case.double else 2, seed=1)
    if case.double:
        model.double()
    fill(model, seed=7)
    calibrate(model, images if case.double else images.float())
    return model.eval()


@contextmanager
def undrawn() -> Iterator[None]:
    """Initialisers draw nothing for a while, which saves the time to draw what `fill` replaces."""
    with mock.patch.multiple(nn.init, **dict.fromkeys(_DRAWS, _as_it_is)):
        yield


def _as_it_is(tensor: Tensor, *_: Any, **__: Any) -> Tensor:
    return tensor


def fill(model: nn.Module, seed: int) -> None:
    """Give every parameter of the model a telling value."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(_telling(name, parameter, generator))


def _telling(name: str, parameter: Tensor, generator: torch.Generator) -> Tensor:
    shape = parameter.shape
    noise = _noise(shape, generator, parameter.dtype)
    if name.endswith("bias"):
        return 0.2 * noise
    if name.endswith(LAYER_SCALES) or (shape[1:].numel() == 1 and len(shape) != 1):  # or a number alone
        return 0.5 + 0.1 * noise
    if len(shape) == 1:
        return 1 + 0.2 * noise.clamp(-2, 2)
    if shape[0] == 1 and len(shape) == 3:  # a learned token or position
        return 0.5 * noise
    return noise * (2 / shape[1:].numel()) ** 0.5


def _noise(shape: torch.Size, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
    """Standard normal."""
    numbers = shape.numel()
    noise = torch.randn(min(numbers, PERIOD), generator=generator, dtype=dtype)
    return noise.repeat(-(-numbers // PERIOD))[:numbers].view(shape)


def calibrate(model: nn.Module, *inputs: Tensor) -> None:
    """Set the running statistics of every batch norm to those of a run, on images for the most."""
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad(), frozen_mode(model, training=True, keep_buffers=False):
        model(*inputs)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


@contextmanager
def frozen_mode(model: nn.Module, *, training: bool, keep_buffers: bool = True) -> Iterator[None]:
    """Put the model into a mode, and put mode and buffers back afterwards."""
    before = model.training
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()} if keep_buffers else {}
    model.train(training)
    try:
        yield
    finally:
        model.train(before)
        with torch.no_grad():
            for name, buffer in model.named_buffers():
                if name in buffers:
                    buffer.copy_(buffers[name])


def outputs_of(result: Any) -> tuple[Tensor, ...]:
    """The tensors that a forward pass returned; those of the other mode, None, are left out."""
    if isinstance(result, Tensor):
        return (result,)
    if isinstance(result, Mapping):
        result = result.values()
    return tuple(item for item in result if item is not None)


def run(model: nn.Module, *inputs: Tensor, training: bool) -> Run:
    """One pass forward and back, from a fixed random gradient of the outputs.

    The gradients of floating-point inputs are called `input`, `input1`, ….
    """
    generator = torch.Generator().manual_seed(3)
    inputs = tuple(value.clone().requires_grad_(value.is_floating_point()) for value in inputs)
    model.zero_grad(set_to_none=True)
    with frozen_mode(model, training=training):
        outputs = outputs_of(model(*inputs))
        seeds = [torch.randn(o.shape, generator=generator, dtype=o.dtype) for o in outputs]
        torch.autograd.backward(outputs, seeds)
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad(set_to_none=True)
    of_inputs = {f"input{i or ''}": value.grad for i, value in enumerate(inputs) if value.requires_grad}
    return Run(tuple(o.detach() for o in outputs), {**of_inputs, **gradients})


def forward(model: nn.Module, *inputs: Tensor, training: bool = False) -> tuple[Tensor, ...]:
    """The outputs alone."""
    with torch.no_grad(), frozen_mode(model, training=training):
        return outputs_of(model(*inputs))


def registered(model: nn.Module) -> list[tuple[str, bool]]:
    """The parameters in their order, by which an optimizer finds its state, and whether they are trained."""
    return [(name, parameter.requires_grad) for name, parameter in model.named_parameters()]


def distance(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> float:
    """The largest difference between the outputs, in units of the largest output."""
    assert [o.shape for o in ours] == [t.shape for t in theirs]
    return max(((o - t).abs().max() / t.abs().max()).item() for o, t in zip(ours, theirs, strict=True))


def layout(model: nn.Module) -> dict[str, tuple[tuple[int, ...], torch.dtype]]:
    """Shape and dtype by key of the state_dict."""
    return {key: (tuple(value.shape), value.dtype) for key, value in model.state_dict().items()}


def assert_telling(outputs: Sequence[Tensor]) -> None:
    """Raise AssertionError where the outputs could hide a mistake: out of scale, or the same for any image."""
    for output in outputs:
        assert 1e-2 < output.std() < 1e2, f"outputs of scale {output.std():.1e} prove little"
        if len(output) > 1:  # the states of a single layer have no batch there
            assert (output[0] - output[1]).abs().max() > 1e-2 * output.abs().max(), "images make no difference"


def assert_same_gradients(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> None:
    """Raise AssertionError where a gradient differs; the message names the tensor."""
    assert ours.keys() == theirs.keys()
    largest = max(gradient.abs().max().item() for gradient in theirs.values())
    for name, gradient in theirs.items():
        # A bias in front of a batch norm has no gradient but rounding.
        scale = max(gradient.abs().max().item(), 1e-3 * largest)
        difference = (ours[name] - gradient).abs().max().item()
        assert difference <= GRADIENT_TOLERANCE * scale, f"{name}: gradients differ by {difference / scale:.1e}"


def assert_same_pass(ours: nn.Module, theirs: nn.Module, *inputs: Tensor, training: bool) -> None:
    """Raise AssertionError where outputs or gradients differ in float64."""
    mine, reference = run(ours, *inputs, training=training), run(theirs, *inputs, training=training)
    assert_telling(reference.outputs)
    assert distance(mine.outputs, reference.outputs) <= OUTPUT_TOLERANCE
    assert_same_gradients(mine.gradients, reference.gradients)


def float32_distance(ours: nn.Module, theirs: nn.Module, *inputs: Tensor) -> float:
    """`distance` in float32; the models themselves keep their dtype."""
    ours, theirs = copy.deepcopy(ours).float(), copy.deepcopy(theirs).float()
    inputs = tuple(value.float() if value.is_floating_point() else value for value in inputs)
    return distance(forward(ours, *inputs), forward(theirs, *inputs))


def blocks_of(model: nn.Module, depth: int) -> dict[str, list[str]]:
    """The names of the parameters by block: by the first `depth` parts of their paths."""
    blocks: dict[str, list[str]] = {}
    for name, _ in model.named_parameters():
        blocks.setdefault(".".join(name.split(".")[:-1][:depth]) or name, []).append(name)
    return blocks


@contextmanager
def zeroed(model: nn.Module, names: Sequence[str]) -> Iterator[None]:
    """Set these parameters to zero for a while."""
    parameters = [model.get_parameter(name) for name in names]
    saved = [parameter.detach().clone() for parameter in parameters]
    with torch.no_grad():
        for parameter in parameters:
            parameter.zero_()
    try:
        yield
    finally:
        with torch.no_grad():
            for parameter, value in zip(parameters, saved, strict=True):
                parameter.copy_(value)


def buffers_after_training(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """The persistent buffers as one training pass leaves them; the model's own stay as they are."""
    with frozen_mode(model, training=True), torch.no_grad():
        model(images)
        return {key: value.detach().clone() for key, value in _buffers(model).items()}


def _buffers(model: nn.Module) -> dict[str, Tensor]:
    parameters = {name for name, _ in model.named_parameters()}
    return {key: value for key, value in model.state_dict().items() if key not in parameters}
