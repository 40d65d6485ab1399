"""An error of a network's `forward` says what was given and what the spec asks for; all else is as without that."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl_torch import explaining

SPEC = """
archdsl: 1
name: net
inputs:
  x: [N, 3, H = 8, W = 8]
  t: {shape: [N, T = 4, T + 1], dtype: int64, below: 5}
nodes:
  conv: {op: conv2d, from: x, out_channels: 4, kernel_size: 3}
  pool: {op: adaptive_avg_pool2d, output_size: 2}
  flat: flatten
  fc: {op: linear, out_features: 6}
  table: {op: embedding, from: t, num_embeddings: 5, embedding_dim: 6}
  rows: {op: mean, from: table, dim: [1, 2]}
  out: = fc + rows
"""


@pytest.fixture
def net(tmp_path: Path) -> nn.Module:
    (tmp_path / "net.yaml").write_text(SPEC)
    return archdsl.build(tmp_path / "net.yaml", seed=0).eval()


def image(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def tokens(*shape: int) -> Tensor:
    return torch.ones(shape, dtype=torch.int64)


def notes(error: BaseException) -> list[str]:
    """What was added; before Python 3.11 the message's last line."""
    return getattr(error, "__notes__", None) or [str(error).splitlines()[-1]]


GOOD = (image(2, 3, 8, 8), tokens(2, 4, 5))
START = "the inputs of `net` do not fit its spec: "


@pytest.mark.parametrize(
    ("given", "note"),
    [
        ((image(2, 1, 8, 8), GOOD[1]), START + "`x` is N×3×H×W, and was given 2×1×8×8"),
        ((image(3, 5), GOOD[1]), START + "`x` is N×3×H×W, and was given 3×5"),
        ((GOOD[0], tokens(3, 4, 5)), START + "`t` is N×T×(T + 1) with N = 2, and was given 3×4×5"),
        ((GOOD[0].long(), GOOD[1]), START + "`x` is of float32, and was given int64"),
        ((GOOD[0], GOOD[1].float()), START + "`t` is of int64, and was given float32"),
        (
            (image(2, 1, 8, 8), tokens(2, 5)),
            START + "`x` is N×3×H×W, and was given 2×1×8×8; `t` is N×T×(T + 1) with N = 2, and was given 2×5",
        ),
        (
            (image(2, 3, 1, 8), GOOD[1]),
            "the inputs of `net`: `x` is N×3×H×W, in the spec tried with 1×3×8×8, and was given 2×3×1×8; "
            "`t` is N×T×(T + 1), in the spec tried with 1×4×5, and was given 2×4×5",
        ),
        (
            (GOOD[0], [1, 2]),
            "the inputs of `net`: `x` is N×3×H×W, in the spec tried with 1×3×8×8, and was given 2×3×8×8; "
            "`t` is N×T×(T + 1), in the spec tried with 1×4×5, and was given a list",
        ),
        (
            (GOOD[0],),
            "the inputs of `net`: `x` is N×3×H×W, in the spec tried with 1×3×8×8, and was given 2×3×8×8; "
            "`t` is N×T×(T + 1), in the spec tried with 1×4×5, and was given nothing",
        ),
    ],
)
def test_the_note_names_the_input_and_its_sizes(net: nn.Module, given: Any, note: str) -> None:
    for call in (lambda: net(*given), lambda: net(**dict(zip("xt", given, strict=False)))):
        with pytest.raises(Exception) as caught:
            call()
        assert notes(caught.value) == [note]


PARAMETERS = """
archdsl: 1
name: net
params: {channels: 3, image_size: 8, patch: 4}
let: {side: image_size // patch}
inputs:
  x: [N, channels, image_size, image_size]
  grid: [N, T = 2, side]
nodes:
  conv: {op: conv2d, from: x, out_channels: 4, kernel_size: patch, stride: patch}
  flat: flatten
  fc: {op: linear, out_features: 6}
  rows: {op: linear, from: grid, out_features: 6}
  mean: {op: mean, dim: 1}
  out: = fc + mean
"""


@pytest.mark.parametrize(
    ("image", "grid", "note"),
    [
        ((2, 3, 12, 12), (2, 2, 2), "`x` is N×3×8×8, and was given 2×3×12×12 (build it with another `image_size`)"),
        ((2, 3, 8, 12), (2, 2, 2), "`x` is N×3×8×8, and was given 2×3×8×12 (build it with another `image_size`)"),
        ((2, 1, 8, 16), (2, 2, 2),
         "`x` is N×3×8×8, and was given 2×1×8×16 (build it with another `channels` and `image_size`)"),
        ((2, 3, 8), (2, 2, 2), "`x` is N×3×8×8, and was given 2×3×8"),
        ((2, 3, 8, 8), (2, 5, 3),
         "`grid` is N×T×2 with N = 2, and was given 2×5×3 (build it with another `image_size` and `patch`)"),
    ],
)  # fmt: skip
def test_the_note_names_the_parameters_that_set_a_size(
    tmp_path: Path, image: tuple[int, ...], grid: tuple[int, ...], note: str
) -> None:
    (tmp_path / "net.yaml").write_text(PARAMETERS)
    module = archdsl.build(tmp_path / "net.yaml", seed=0)
    with pytest.raises(Exception) as caught:
        module(torch.zeros(image), torch.zeros(grid))
    assert notes(caught.value) == [START + note]


def test_before_python_3_11_the_message_has_it() -> None:
    class Old(RuntimeError):
        add_note = property()  # type: ignore[assignment]

    error = Old("torch's own", 3)
    explaining._add(error, "note")
    assert error.args == ("torch's own\nnote", 3)


class Around(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, t: Tensor) -> Any:
        return self.net(x, t) * 2


def test_a_network_in_another_says_it_too(net: nn.Module) -> None:
    with pytest.raises(RuntimeError) as caught:
        Around(net)(image(1, 2, 8, 8), tokens(1, 4, 5))
    assert notes(caught.value) == [START + "`x` is N×3×H×W, and was given 1×2×8×8"]


@pytest.mark.parametrize("inside", [False, True])
def test_all_else_stays(net: nn.Module, inside: bool) -> None:
    module = Around(net).eval() if inside else net
    expected = module(*GOOD)
    torch._dynamo.reset()
    assert torch.equal(torch.compile(module, fullgraph=True, backend="eager")(*GOOD), expected)
    assert torch.equal(torch.fx.symbolic_trace(module)(*GOOD), expected)
    assert torch.equal(torch.export.export(module, GOOD).module()(*GOOD), expected)
    assert torch.equal(copy.deepcopy(module)(*GOOD), expected)
    assert torch.equal(pickle.loads(pickle.dumps(net))(*GOOD), net(*GOOD))
    assert not net._forward_hooks and not net._forward_pre_hooks


LINEAR = """
archdsl: 1
name: net
inputs: {{x: [N, {width}]}}
nodes:
  fc: {{op: linear, from: x, out_features: {width} + 1}}
  act: relu
"""


def linear(folder: Path, width: int) -> nn.Module:
    (folder / "linear.yaml").write_text(LINEAR.format(width=width))
    return archdsl.build(folder / "linear.yaml", seed=0).eval()


class Counted:
    """A backend for torch.compile that keeps, of each graph, whether one of its inputs has a size left open."""

    def __init__(self) -> None:
        self.open: list[bool] = []

    def __call__(self, module: torch.fx.GraphModule, inputs: list[Any]) -> Any:
        self.open.append(any(isinstance(value, torch.SymInt) for value in inputs))
        return module.forward


def test_networks_do_not_use_up_each_others_compilations(tmp_path: Path) -> None:
    torch._dynamo.reset()
    backend = Counted()
    count = torch._dynamo.config.recompile_limit + 4
    for width in range(3, 3 + count):
        net, x = linear(tmp_path, width), image(2 * width, width)
        assert torch.equal(torch.compile(net, fullgraph=True, backend=backend)(x), net(x))
    assert backend.open == [False] * count, "the sizes of one network made another's dynamic"


def test_a_network_built_again_shares_its_compilation(tmp_path: Path) -> None:
    torch._dynamo.reset()
    backend = Counted()
    for _ in range(3):
        net, x = linear(tmp_path, 3), image(2, 3)
        assert torch.equal(torch.compile(net, fullgraph=True, backend=backend)(x), net(x))
    assert backend.open == [False]


def test_a_break_in_the_graph_is_as_without_the_note(net: nn.Module) -> None:
    torch._dynamo.reset()
    backend = Counted()
    net.get_submodule("fc").register_forward_hook(lambda *_: torch._dynamo.graph_break())
    with torch.no_grad():
        assert torch.equal(torch.compile(net, backend=backend)(*GOOD), net(*GOOD))
    assert len(backend.open) > 1
