"""Inner values as outputs: the values of the whole network, its keys as far as they are needed, and its weights."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import archdsl
from archdsl.cli.zoo import families
from archdsl.ir.graph import Graph
from tests.compiler.inner import check, inner_paths
from tests.compiler.networks import NETWORKS
from tests.compiler.test_differential import keys
from tests.generators import Spec, networks
from tests.reliability import promises
from tests.thorough import examples, some

Network = Callable[[str], Graph]

FIRSTS = [*{family: name for name, family in reversed(families().items())}.values()]
ALONE = 2
PATHS = ["layer2", "layer4.1"]


@pytest.mark.parametrize("name", some(NETWORKS), ids=lambda name: name.replace(" ", "_"))
def test_inner_values_of_every_construct(name: str, network: Network) -> None:
    """Some alone, and all together."""
    graph = network(name)
    paths = inner_paths(graph)
    for place, path in enumerate(paths[:: 1 + len(paths) // ALONE]):
        check(graph, [path], training=place % 2 == 0)
    if paths:
        check(graph, paths)
        check(graph, paths, training=True)


def test_a_run_of_a_module_of_whose_first_run_nothing_else_is_needed(network: Network) -> None:
    graph = network("share block with loop at other size")
    check(graph, ["two.zeros"])
    check(graph, ["two.zeros"], training=True)


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck), deadline=None)
@given(networks(), st.randoms(use_true_random=False), st.booleans())
def test_inner_values_of_networks(spec: Spec, random: Any, training: bool) -> None:
    with TemporaryDirectory() as folder:
        file = spec.write(Path(folder))
        assume(promises.accepted(file))
        graph = archdsl.graph(file)
        paths = inner_paths(graph)
        assume(paths)
        check(graph, random.sample(paths, min(len(paths), random.randint(1, 3))), training=training)
    promises.forget()


@pytest.fixture(scope="module")
def whole() -> nn.Module:
    return archdsl.build("resnet18", seed=0, dtype=torch.float64)


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_hooks_on_the_whole_network_find_the_same(whole: nn.Module, training: bool) -> None:
    module = archdsl.build("resnet18", outputs={"c3": PATHS[0], "c5": PATHS[1]}, init=False, dtype=torch.float64)
    module.load_state_dict({key: value for key, value in whole.state_dict().items() if key in module.state_dict()})
    x = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    expected = hooked(whole.train(training), PATHS, x)
    found: Any = module.train(training)(x)
    assert found._fields == ("c3", "c5")
    for left, right in zip(found, expected, strict=True):
        assert torch.equal(left, right)


def hooked(module: nn.Module, paths: list[str], x: Tensor) -> list[Tensor]:
    found: dict[str, Tensor] = {}

    def keep(path: str) -> Callable[..., None]:
        return lambda module, inputs, output: found.__setitem__(path, output.detach().clone())

    hooks = [module.get_submodule(path).register_forward_hook(keep(path)) for path in paths]
    module(x)
    for hook in hooks:
        hook.remove()
    return [found[path] for path in paths]


def test_keys_are_those_of_what_remains(whole: nn.Module) -> None:
    module = archdsl.build("resnet18", outputs="layer3.0", device="meta")
    layers = ("conv1.", "bn1.", "layer1.", "layer2.", "layer3.0.")
    assert [*module.state_dict()] == [key for key in whole.state_dict() if key.startswith(layers)]
    kept = archdsl.build("resnet18", outputs="layer3.0", prune=False, device="meta")
    assert [*kept.state_dict()] == [*whole.state_dict()]


def test_weights_of_the_whole_network_load(whole: nn.Module, tmp_path: Path) -> None:
    torch.save(whole.state_dict(), tmp_path / "whole.pth")
    module = archdsl.build("resnet18", features=True, out_indices=[1, 2], dtype=torch.float64)
    report = archdsl.load_weights("resnet18", module, tmp_path / "whole.pth", features=True, out_indices=[1, 2])
    assert report.missing == () and report.loaded == (*module.state_dict(),)
    assert report.skipped.keys() == whole.state_dict().keys() - module.state_dict().keys()
    assert {*report.skipped.values()} == {"not needed for these outputs"}
    with pytest.raises(archdsl.WeightsError, match=r"not in the network\n *layer9.weight"):
        torch.save({**whole.state_dict(), "layer9.weight": torch.ones(1)}, tmp_path / "whole.pth")
        archdsl.build("resnet18", outputs="layer2", weights=tmp_path / "whole.pth")


def test_weights_under_other_names_are_known_to_be_left_out(tmp_path: Path) -> None:
    whole = archdsl.build("vit_b_16", device="meta", image_size=32)
    names = {key: torch.zeros(value.shape) for key, value in whole.state_dict().items()}
    old = {key.replace(".mlp.0.", ".mlp.linear_1.").replace(".mlp.3.", ".mlp.linear_2."): x for key, x in names.items()}
    torch.save(old, tmp_path / "old.pth")
    path = "encoder.layers.encoder_layer_3"
    module = archdsl.build("vit_b_16", image_size=32, outputs=path)
    report = archdsl.load_weights("vit_b_16", module, tmp_path / "old.pth", image_size=32, outputs=path)
    assert len(report.loaded) == len(module.state_dict()) and len(report.skipped) == len(old) - len(report.loaded)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[None]:
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("prune", [True, False])
@pytest.mark.parametrize("outputs", [["layer2"], ["layer1.0.bn1", "layer3"]])
def test_ddp_finds_no_unused_parameters(outputs: list[str], prune: bool, process: None) -> None:
    module = archdsl.build("resnet18", outputs=outputs, prune=prune)
    parallel = nn.parallel.DistributedDataParallel(module)
    for _ in range(2):  # the second pass is the one that fails where a parameter of the first got no gradient
        found = parallel(torch.randn(2, 3, 32, 32))
        sum(x.sum() for x in (found if isinstance(found, tuple) else (found,))).backward()
    trained = {name for name, parameter in module.named_parameters() if parameter.requires_grad}
    assert trained == {name for name, parameter in module.named_parameters() if parameter.grad is not None}
    assert trained == dict(archdsl.build("resnet18", outputs=outputs, device="meta").named_parameters()).keys()


@pytest.mark.slow
def test_ddp_in_two_processes(tmp_path: Path) -> None:
    """Each has its own images, and the gradients of both are the mean of what each alone would have."""
    torch.multiprocessing.spawn(in_parallel, (str(tmp_path),), nprocs=2)
    grads = [gradients(archdsl.build("resnet20", outputs="layer2", seed=0), rank) for rank in range(2)]
    for file in ("0_True.pt", "1_True.pt", "0_False.pt", "1_False.pt"):
        found = torch.load(tmp_path / file)
        assert found.keys() == grads[0].keys() == grads[1].keys()
        for name, gradient in found.items():
            torch.testing.assert_close(gradient, (grads[0][name] + grads[1][name]) / 2)


def in_parallel(rank: int, folder: str) -> None:
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    for prune in (True, False):
        module = archdsl.build("resnet20", outputs="layer2", prune=prune, seed=0)
        parallel = nn.parallel.DistributedDataParallel(module)
        gradients(parallel, 1 - rank)
        parallel.zero_grad()
        found = gradients(parallel, rank)
        found = {name.removeprefix("module."): gradient for name, gradient in found.items()}
        torch.save(found, f"{folder}/{rank}_{prune}.pt")
    torch.distributed.destroy_process_group()


def gradients(module: nn.Module, rank: int) -> dict[str, Tensor]:
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(rank))
    module(images).square().mean().backward()
    return {name: p.grad for name, p in module.named_parameters() if p.grad is not None}


def test_what_is_tied_to_what_is_needed_is_trained(network: Network) -> None:
    graph = network("""
inputs: {x: [N, 4]}
nodes:
  a: {op: linear, out_features: 4}
  b: {op: linear, out_features: 4, tie: {weight: a.weight}}
  again: {share: a}
""")
    module = archdsl.build(graph, outputs="a", prune=False)
    trained = [name for name, parameter in module.named_parameters() if parameter.requires_grad]
    assert trained == ["a.weight", "a.bias"] and not module.b.bias.requires_grad


def test_it_is_exported(tmp_path: Path) -> None:
    module = archdsl.build("resnet18", features=True, seed=0).eval()
    x = torch.randn(2, 3, 64, 64)
    program = torch.export.export(module, (x,), strict=True)
    torch.export.save(program, tmp_path / "features.pt2")
    found = torch.export.load(tmp_path / "features.pt2").module()(x)
    torch.testing.assert_close(tuple(found), tuple(module(x)))


def test_an_output_is_not_overwritten(whole: nn.Module) -> None:
    """The activation after a norm writes into its input, unless that is an output."""
    x = torch.randn(1, 3, 32, 32, dtype=torch.float64)
    module = archdsl.build("resnet18", outputs=["bn1", "relu"], init=False, dtype=torch.float64)
    module.load_state_dict({key: value for key, value in whole.state_dict().items() if key in module.state_dict()})
    normed, activated = module.eval()(x)
    assert normed.min() < 0
    assert torch.equal(normed.relu(), activated)


def test_a_block_that_runs_twice_keeps_its_structure(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("""archdsl: 1
inputs: {x: [N, 8]}
nodes:
  once:
    - {op: linear, out_features: 8}
    - {op: linear, out_features: 8}
    - relu
  again: {share: once, from: x}
  other: {share: once, from: once.0}
""")
    graph = archdsl.graph(file)
    for paths in (["again.0"], ["other.0"], ["other.1", "again"], ["once.0"], ["other.0", "once"]):
        check(graph, paths)


@pytest.mark.parametrize("name", some(FIRSTS))
def test_a_network_of_every_family_gives_an_inner_value(name: str) -> None:
    graph = archdsl.graph(name)
    paths = inner_paths(graph)
    chosen = archdsl.graph(graph, outputs=[paths[len(paths) // 2]])
    module = archdsl.build(chosen, device="meta")
    assert [*module.state_dict()] == keys(chosen.root)
    assert {*keys(chosen.root)} == {*keys(graph.root)} - {*chosen.pruned}
