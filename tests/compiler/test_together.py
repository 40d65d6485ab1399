"""Threads that build at the same time: the same weights for a seed, and nobody else's random numbers disturbed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import archdsl
from archdsl.ir.initialise import ARGUMENTS
from archdsl_torch import runtime

WAYS = [name for name in ARGUMENTS if name not in ("dirac", "eye")]
SPEC = """
archdsl: 1
inputs: {x: [N, 3, 8, 8], s: [T, N, 7], t: {shape: [T, N], dtype: int64, below: 5}}
nodes:
  conv: {op: conv2d, from: x, out_channels: 4, kernel_size: 3}
  bn: batch_norm2d
  flat: flatten
  fc: {op: linear, out_features: 7}
  lstm: {op: lstm, from: {input: s}, hidden_size: 6}
  table: {op: embedding, from: t, num_embeddings: 5, embedding_dim: 7}
  attention: {op: multihead_attention, from: {query: s, key: s, value: table}, num_heads: 7}
outputs: {fc: fc, states: lstm.output, attention: attention}
"""


def file_with(tmp_path: Path, initialiser: str | None = None) -> Path:
    init = "" if initialiser is None else f"init: {{linear: {{weight: {initialiser}}}}}\n"
    path = tmp_path / f"net_{initialiser}.yaml".replace("(", "").replace(")", "")
    path.write_text(SPEC + init)
    return path


def as_the_generator_has_it(graph: archdsl.Graph, seed: int) -> dict[str, Tensor]:
    """What `torch.manual_seed` before initialising gives: the weights that a seed has always meant."""
    module = archdsl.build(graph, init=False)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module.reset_parameters()  # type: ignore[operator]
    return module.state_dict()


@pytest.mark.parametrize("initialiser", [None, *WAYS])
@pytest.mark.parametrize("seed", [0, -3, 2**63])
def test_a_seed_means_what_it_means_to_torch(tmp_path: Path, initialiser: str | None, seed: int) -> None:
    arguments = {"constant": "constant(val=2)", "sparse": "sparse(sparsity=0.5)"}
    graph = archdsl.graph(file_with(tmp_path, arguments.get(initialiser or "", initialiser)))
    expected = as_the_generator_has_it(graph, seed)
    before = torch.get_rng_state()
    found = archdsl.build(graph, seed=seed).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(found[key], tensor) for key, tensor in expected.items())


def test_threads_build_the_same_and_leave_others_alone(tmp_path: Path) -> None:
    graph = archdsl.graph(file_with(tmp_path))
    expected = archdsl.build(graph, seed=7).state_dict()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        drawn = torch.rand(2000)

    def build(_: int) -> list[dict[str, Tensor]]:
        return [archdsl.build(graph, seed=7).state_dict() for _ in range(8)]

    with torch.random.fork_rng(), ThreadPoolExecutor(4) as threads:
        torch.manual_seed(1)
        futures = [threads.submit(build, number) for number in range(4)]
        ours = torch.cat([torch.rand(1) for _ in paced(2000, lambda: all(each.done() for each in futures))])
        states = [state for each in futures for state in each.result()]
    assert torch.equal(ours, drawn[: len(ours)])
    assert all(torch.equal(state[key], tensor) for state in states for key, tensor in expected.items())


def paced(most: int, done: Callable[[], bool]) -> Iterator[int]:
    for number in range(most):
        if number >= 100 and done():
            return
        yield number
        time.sleep(0.001)


def test_threads_that_load_one_text_get_one_whole_module(monkeypatch: pytest.MonkeyPatch) -> None:
    text = archdsl.source("alexnet")
    slow = runtime.checked

    def checked(*arguments: Any) -> Any:
        time.sleep(0.05)
        return slow(*arguments)

    monkeypatch.setattr(runtime, "checked", checked)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: runtime.load(text, "late").Alexnet, range(8)))
    assert len(set(found)) == 1


FORKED = """\
import os, signal, threading, time
from archdsl_torch import runtime

def hold():
    with runtime._LOADING:
        held.set()
        time.sleep(0.5)

held = threading.Event()
threading.Thread(target=hold).start()
held.wait()
child = os.fork()
if child == 0:
    signal.alarm(20)
    os._exit(0 if runtime.load("import torch\\n", "small").torch else 1)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_process_forked_while_a_module_loads_loads_its_own() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
