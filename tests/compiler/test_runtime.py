"""A built module is an ordinary `nn.Module`, in this process and in others."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

import archdsl
from archdsl.ir.graph import Graph
from archdsl_torch import runtime
from tests.compiler import interpreter
from tests.compiler.tracing import fx_takes_arange

Network = Callable[[str], Graph]


def same_state(left: nn.Module, right: nn.Module) -> bool:
    a, b = left.state_dict(), right.state_dict()
    return list(a) == list(b) and all(torch.equal(a[key], b[key]) for key in a)


def test_build_runs_what_source_prints(network: Network) -> None:
    graph = network("residual")
    module = archdsl.build(graph)
    assert inspect.getsource(sys.modules[type(module).__module__]) == archdsl.source(graph)
    assert inspect.getsource(type(module)) in archdsl.source(graph)
    assert "def forward(self, x):" in inspect.getsource(type(module).forward)


def test_the_printed_file_stands_alone(network: Network, tmp_path: Path) -> None:
    graph = network("residual")
    file = tmp_path / "printed.py"
    file.write_text(archdsl.source(graph))
    code = "import sys, printed; printed.Net(); assert not any(m.startswith('archdsl') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_a_traceback_shows_the_line(network: Network) -> None:
    module = archdsl.build(network("residual"))
    with pytest.raises(RuntimeError) as caught:
        module(torch.zeros(1, 2, 16, 16))
    assert "self.bn(self.conv(x))" in "".join(traceback.format_exception(caught.value))


def test_pickles_into_another_process(network: Network, tmp_path: Path) -> None:
    graph = network("several outputs")
    module = archdsl.build(graph, seed=1)
    x = torch.randn(2, 5, 8)
    expected = module(x)
    torch.save({"module": module, "x": x, "outputs": expected}, tmp_path / "saved.pt")
    code = (
        "import torch\n"
        "saved = torch.load('saved.pt', weights_only=False)\n"
        "found = saved['module'](saved['x'])\n"
        "assert type(found) is type(saved['outputs'])\n"
        "assert all(torch.equal(a, b) for a, b in zip(found, saved['outputs']))\n"
    )
    root = Path(archdsl.__file__).parents[1]
    path = f"{root}:{root / 'compiler'}"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, env={"PYTHONPATH": path, "PATH": ""})


def test_pickles_and_copies_here(network: Network) -> None:
    module = archdsl.build(network("constants"), seed=1)
    again = pickle.loads(pickle.dumps(module))
    copied = copy.deepcopy(module)
    assert type(again) is type(copied) is type(module)
    assert same_state(again, module) and same_state(copied, module)
    assert not any(a is b for a, b in zip(copied.parameters(), module.parameters(), strict=True))


def test_the_source_is_pickled_once(network: Network) -> None:
    graph = network("repeats")
    buffer = io.BytesIO()
    pickle.dump(archdsl.build(graph), buffer)
    assert buffer.getvalue().count(b"class Layer(nn.Module)") == 1


def test_same_seed_same_weights(network: Network) -> None:
    graph = network("residual")
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first, second, third = (archdsl.build(graph, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(before, torch.random.get_rng_state())
    assert same_state(first, second) and not same_state(first, third)
    archdsl.build(graph)
    assert not torch.equal(before, torch.random.get_rng_state())


def test_seed_is_torch_s(network: Network) -> None:
    graph = network("residual")
    torch.manual_seed(3)
    assert same_state(archdsl.build(graph), archdsl.build(graph, seed=3))


def test_without_initialisation_constants_are_there(network: Network) -> None:
    graph = network("constants")
    full, bare = archdsl.build(graph), archdsl.build(graph, init=False)
    for (name, expected), (_, found) in zip(full.named_buffers(), bare.named_buffers(), strict=True):
        assert torch.equal(expected, found), name


def test_float64_constants_are_exact(network: Network) -> None:
    graph = network("constants")
    for init in (True, False):
        exact = archdsl.build(graph, dtype=torch.float64, init=init)
        rows = exact.get_buffer("two.rows")
        assert rows.dtype == torch.float64
        assert rows[1, 1].item() == -1 / 6
        assert exact.get_buffer("two.kept").dtype == torch.int64


class Drawn(TorchFunctionMode):
    """Counts the tensors that are filled at random."""

    count = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func in runtime._RANDOM
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize(
    ("device", "init"), [(None, True), ("cpu", True), ("cpu", False), ("meta", True), ("meta", False)]
)
def test_numbers_are_drawn_once_where_there_are_any(
    network: Network, device: str | None, init: bool, seed: int | None
) -> None:
    with Drawn() as drawn:
        module = archdsl.build(network("residual"), device=device, init=init, seed=seed)
    filled = sum(param.dim() > 1 for param in module.parameters())
    assert (drawn.count >= filled > 0) if init and device != "meta" else drawn.count == 0
    assert drawn.count <= len([*module.parameters()])


def test_meta_then_reset(network: Network) -> None:
    for name in ("constants", "share and tie", "repeats"):
        graph = network(name)
        module = archdsl.build(graph, device="meta")
        assert all(p.is_meta for p in module.parameters()) and all(b.is_meta for b in module.buffers())
        module.to_empty(device="cpu")
        torch.manual_seed(3)
        module.reset_parameters()
        assert same_state(module, archdsl.build(graph, seed=3))
        assert dict(module.named_parameters()).keys() == dict(archdsl.build(graph).named_parameters()).keys()


def test_ties_are_one_tensor(network: Network) -> None:
    module = archdsl.build(network("share and tie"), dtype=torch.float64)
    assert module.decode.weight is module.embed.weight
    assert {"decode.weight", "embed.weight"} <= module.state_dict().keys()


def test_initialisers(network: Network) -> None:
    module = archdsl.build(network("initialised"), seed=0)
    assert 0.01 < module.a.one.weight.std() < 0.03 and not module.a.one.bias.any()
    assert not module.b.two.weight.any() and (module.b.two.bias == 1).all()
    assert (module.head.weight == 0.25).all()
    assert not module.a.att.out_proj.bias.any() and module.a.att.in_proj_weight.std() > 0.05


def test_nothing_is_patched(network: Network) -> None:
    graph = network("residual")
    before = (nn.Conv2d.reset_parameters, torch.nn.init.kaiming_uniform_, torch.get_default_dtype())
    module = archdsl.build(graph, init=False, dtype=torch.float64)
    assert before == (nn.Conv2d.reset_parameters, torch.nn.init.kaiming_uniform_, torch.get_default_dtype())
    assert "reset_parameters" not in vars(module)


def test_hooks_see_the_paths_of_the_spec(network: Network) -> None:
    module = archdsl.build(network("residual")).eval()
    seen: list[str] = []
    for name, child in module.named_modules():
        child.register_forward_hook(lambda *_, name=name: seen.append(name))
    module(torch.zeros(1, 3, 16, 16))
    assert seen[:3] == ["layers.0.conv", "layers.0.bn", "layers.0.down.0"] and seen[-1] == ""


@pytest.mark.parametrize("name", ["residual", "modes", "masks", "constants", "run-time sizes", "run-time constants"])
class TestTracers:
    """The tracers take what is built; a trace holds the mode that it is made in."""

    def prepared(self, network: Network, name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...], object]:
        graph = network(name)
        module = archdsl.build(graph, seed=0, dtype=torch.float64).eval()
        inputs = tuple(interpreter.draw(graph, {"N": 3}).values())
        return module, inputs, module(*inputs)

    def test_fx(self, network: Network, name: str) -> None:
        module, inputs, expected = self.prepared(network, name)
        if "torch.arange" in archdsl.source(network(name)) and not fx_takes_arange():
            pytest.skip("this torch's fx traces no `torch.arange` of a size")
        compare(torch.fx.symbolic_trace(module)(*inputs), expected)

    @pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
    def test_jit_trace(self, network: Network, name: str) -> None:
        module, inputs, expected = self.prepared(network, name)
        compare(torch.jit.trace(module, inputs, strict=False)(*inputs), expected)

    def test_export(self, network: Network, name: str) -> None:
        module, inputs, expected = self.prepared(network, name)
        batch = torch.export.Dim("batch", min=2)
        exported = torch.export.export(module, inputs, dynamic_shapes=tuple({0: batch} for _ in inputs))
        compare(exported.module()(*inputs), expected)

    def test_compile(self, network: Network, name: str) -> None:
        module, inputs, expected = self.prepared(network, name)
        torch.compiler.reset()
        compare(torch.compile(module, backend="eager", fullgraph=True)(*inputs), expected)


def compare(found: object, expected: object) -> None:
    """Equal tensors; a jit trace leaves out those of the other mode."""
    left = found if isinstance(found, tuple | list) else (found,)
    right = expected if isinstance(expected, tuple) else (expected,)
    left, right = ([x for x in side if x is not None] for side in (left, right))
    assert len(left) == len(right)
    for a, b in zip(left, right, strict=True):
        torch.testing.assert_close(a, b)


def test_the_last_width_is_an_argument(network: Network) -> None:
    text = """
params: {classes: 5, width: 4}
inputs: {x: [N, 8]}
nodes:
  hidden: {op: linear, out_features: width}
  fc: {op: linear, out_features: classes}
init:
  linear: {weight: normal(std=0.01)}
  conv2d: {weight: kaiming_normal(mode=fan_out)}
"""
    cls = type(archdsl.build(network(text)))
    assert str(inspect.signature(cls)) == "(classes=5)"
    assert cls(classes=7)(torch.zeros(2, 8)).shape == (2, 7)


def test_without_a_width_there_is_no_last_layer(network: Network) -> None:
    """The class gives what the spec gives with that parameter, and fills the tensors that there are."""
    text = """
params: {classes: 5, width: 4}
inputs: {x: [N, 8]}
nodes:
  hidden: {op: linear, out_features: width}
  tanh: tanh
  fc: {if: classes > 0, op: linear, out_features: classes}
init:
  hidden: {weight: normal(std=0.01)}
  fc: {weight: ones}
"""
    module = archdsl.build(network(text), seed=0)
    assert str(inspect.signature(type(module))) == "(classes=5)"
    assert module.fc.weight.eq(1).all()
    bare, features = type(module)(classes=0), archdsl.build(network(text.replace("classes: 5", "classes: 0")), seed=0)
    assert list(bare.state_dict()) == list(features.state_dict()) == ["hidden.weight", "hidden.bias"]
    bare.load_state_dict(features.state_dict())
    x = torch.randn(2, 8)
    assert torch.equal(bare(x), features(x))
    assert type(module)(classes=3)(x).shape == (2, 3)


def test_a_width_that_matters_elsewhere_is_no_argument(network: Network) -> None:
    head = "params: {classes: 5}\ninputs: {x: [N, 8]}\nnodes:\n  fc: {op: linear, out_features: classes}\n"
    for rest in (
        "  more: {op: linear, out_features: 3}\n",
        "  twice: {op: linear, from: x, out_features: 2 * classes}\noutputs: {a: fc, b: twice}\n",
        "init:\n  linear: {weight: normal(std=1 / out_features)}\n",
    ):
        assert str(inspect.signature(type(archdsl.build(network(head + rest))))) == "()"
