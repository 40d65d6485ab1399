"""The normal form: what computes the same in several forms has one, and what computes something else has another."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings

import archdsl
from archdsl.elaboration.analyse import analyse
from archdsl.ir.graph import Graph
from tests.compiler import interpreter
from tests.compiler.networks import HEAD, NETWORKS
from tests.generators import Spec, networks
from tests.generators.cases import op_networks
from tests.round_trip.comparing import compared
from tests.round_trip.normal import normal
from tests.round_trip.numbers import Evaluation
from tests.round_trip.terms import Terms
from tests.thorough import examples, some


def graph(*nodes: Any, **inputs: Any) -> Graph:
    return archdsl.graph({"archdsl": 1, "inputs": inputs or {"x": ["N", 4, 6]}, "nodes": [*nodes]})


def named(nodes: dict[str, Any], **inputs: Any) -> Graph:
    return archdsl.graph({"archdsl": 1, "inputs": inputs or {"x": ["N", 4, 6]}, "nodes": nodes})


HEADS = {"op": "multihead_attention", "from": {"query": "x", "key": "x", "value": "x"}}
ROWS = {"op": "narrow", "dim": 1, "length": 2}
CONV = {"op": "conv1d", "out_channels": 8, "kernel_size": 3}
ALIKE = [
    (graph({"op": "rearrange", "pattern": "n (a b) c -> n b (c a)", "a": 2}),
     graph({"op": "unflatten", "dim": 1, "unflattened_size": [2, 2]}, {"op": "permute", "dims": [0, 2, 3, 1]},
           {"op": "flatten", "start_dim": 2})),
    (graph("= x * 2 + 1"), named({"a": "= 2 * x", "b": "= 1 + a"})),
    (graph("= x / 4 > 1"), graph("= 1 < x * 0.25")),
    (graph({"op": "select", "dim": 1, "index": 1}),
     graph({"op": "narrow", "dim": 1, "start": 1, "length": 1}, {"op": "squeeze", "dim": 1})),
    (graph({"op": "masked_fill", "from": {"input": "x", "mask": "m"}, "value": 0}, x=["N", 4],
           m={"shape": ["N", 4], "dtype": "bool"}),
     graph("= 0 if m else x", x=["N", 4], m={"shape": ["N", 4], "dtype": "bool"})),
    (graph({"op": "mean", "dim": [-1], "keepdim": True}),
     graph({"op": "mean", "dim": 2}, {"op": "unsqueeze", "dim": 2})),
    (graph("relu6"), graph({"op": "hardtanh", "min_val": 0.0, "max_val": 6.0})),
    (named({"t": {"op": "constant", "shape": [4, 6], "index": ["i", "j"], "value": "i * 6 + j"}, "y": "= x * t"}),
     named({"t": {"op": "constant", "shape": [24], "index": ["i"], "value": "i"},
            "u": {"op": "reshape", "from": "t", "shape": [4, 6]}, "y": "= u * x"})),
]  # fmt: skip
APART = [
    (graph(CONV), graph({**CONV, "stride": 2})),
    (graph(CONV), graph({**CONV, "bias": False})),
    (graph(CONV), named({"other": CONV})),
    (graph({"op": "rearrange", "pattern": "n (a b) c -> n b (c a)", "a": 2}),
     graph({"op": "rearrange", "pattern": "n (b a) c -> n b (c a)", "a": 2})),
    (graph({"op": "transpose", "dim0": 1, "dim1": 2}), graph({"op": "reshape", "shape": ["N", 6, 4]})),
    (graph("= x - 1"), graph("= 1 - x")),
    (graph("= x / 3"), graph("= x * 0.3333333333333333")),
    (graph("= x > 1"), graph("= x >= 1")),
    (graph({"op": "mean", "dim": 1}), graph({"op": "mean", "dim": 2})),
    (graph({"op": "mean", "dim": 1}), graph({"op": "sum", "dim": 1})),
    (graph({"op": "dropout", "p": 0.5}), graph({"op": "dropout", "p": 0.25})),
    (graph({"op": "stochastic_depth", "p": 0.5}), graph({"op": "stochastic_depth", "p": 0.5, "mode": "batch"})),
    (graph({**ROWS, "start": 0}), graph({**ROWS, "start": 1})),
    (graph({"op": "cast", "dtype": "int64"}), graph({"op": "cast", "dtype": "int32"})),
    (named({"t": {"op": "constant", "shape": [6], "index": ["i"], "value": "i"}, "y": "= x * t"}),
     named({"t": {"op": "constant", "shape": [6], "index": ["i"], "value": "i + 1"}, "y": "= x * t"})),
    (named({"t": {"op": "constant", "shape": ["T"], "index": ["i"], "value": "i"}, "y": "= x * t"}, x=["N", "T"]),
     named({"t": {"op": "constant", "shape": ["T"], "index": ["i"], "value": "i * i"}, "y": "= x * t"}, x=["N", "T"])),
    (graph({"op": "pad", "pad": [1, 0]}), graph({"op": "pad", "pad": [1, 0], "value": 1.0})),
    (graph({"op": "softmax", "dim": 1}), graph({"op": "softmax", "dim": 2})),
    (graph({**HEADS, "num_heads": 2}), graph({**HEADS, "num_heads": 3})),
    (graph({"op": "linear", "out_features": 4}), graph({"op": "linear", "out_features": 4, "trainable": False})),
    (graph("batch_norm1d"), graph({"op": "batch_norm1d", "momentum": 0.2})),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ALIKE, ids=map(str, range(len(ALIKE))))
def test_one_network_in_two_forms_has_one(one: Graph, other: Graph) -> None:
    assert compared(one, other).why == compared(other, one).why == ""


@pytest.mark.parametrize(("one", "other"), APART, ids=map(str, range(len(APART))))
def test_other_networks_have_others(one: Graph, other: Graph) -> None:
    assert compared(one, other).why and compared(other, one).why


def check_numbers(network: Graph) -> None:
    """What the normal form computes is what the graph does: then graphs of one form compute the same."""
    module = archdsl.build(network, seed=0, dtype=torch.float64).eval()
    sizes = network.sample_sizes | dict.fromkeys(network.batch, 2)
    inputs = interpreter.draw(network, sizes, seed=1)
    expected = interpreter.run(network, module, {name: x.clone() for name, x in inputs.items()})
    terms = Terms()
    found = normal(network, terms, sizes, evaluation=True)
    run = Evaluation(terms, [*inputs.values()], {**module.state_dict(), **dict(module.named_parameters())}, sizes)
    for name, term in zip(found.names, found.outputs, strict=True):
        wanted = expected[name]
        if wanted is not None:
            # constants are held as float32 has them
            close = {"rtol": 1e-5, "atol": 1e-5, "equal_nan": True, "check_dtype": False}
            torch.testing.assert_close(torch.as_tensor(run.of(term)), wanted, **close)


@pytest.mark.parametrize("text", some(NETWORKS.values(), every=4), ids=NETWORKS)
def test_constructs_compute_what_they_did(text: str, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(HEAD + text)
    check_numbers(archdsl.graph(tmp_path / "net.yaml"))


def _drawn(spec: Spec) -> Graph:
    with TemporaryDirectory() as folder:
        network, _ = analyse(spec.write(Path(folder)))
        assume(network is not None)
        assert network is not None
        return network


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck), deadline=None)
@given(op_networks())
def test_ops_compute_what_they_did(spec: Spec) -> None:
    check_numbers(_drawn(spec))


@settings(max_examples=examples(20), suppress_health_check=list(HealthCheck), deadline=None)
@given(networks())
def test_networks_compute_what_they_did(spec: Spec) -> None:
    check_numbers(_drawn(spec))
