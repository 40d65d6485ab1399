"""Two processes that train networks side by side, as `DistributedDataParallel` does, one network after another."""

from __future__ import annotations

import copy
import multiprocessing
import os
import tempfile
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

    from archdsl.ir.graph import Graph

PATIENCE = 120.0
"""Seconds in which both answer."""


class Pair:
    """The two processes; `with Pair() as pair: pair.train(file)`."""

    def __enter__(self) -> Pair:
        context = multiprocessing.get_context("spawn")
        self.folder = tempfile.TemporaryDirectory()
        store = str(Path(self.folder.name) / "store")
        self.ends: list[Connection[Any, Any]] = []
        self.workers = []
        for rank in (0, 1):
            ours, theirs = context.Pipe()
            worker = context.Process(target=_serve, args=(rank, store, theirs), daemon=True)
            worker.start()
            self.ends.append(ours)
            self.workers.append(worker)
        return self

    def train(self, file: Path) -> str | None:
        """What went wrong, if anything. Raises TimeoutError where a process does not answer."""
        for end in self.ends:
            end.send(str(file))
        answers = []
        for end in self.ends:
            if not end.poll(PATIENCE):
                raise TimeoutError(f"a process did not answer within {PATIENCE:.0f} s")
            answers.append(end.recv())
        return next((answer for answer in answers if answer), None)

    def __exit__(self, *error: object) -> None:
        for end in self.ends:
            end.send(None)
        for worker in self.workers:
            worker.join(5)
            worker.kill()
        self.folder.cleanup()


def _serve(rank: int, store: str, end: Connection[Any, Any]) -> None:
    os.environ["TORCH_CPP_LOG_LEVEL"] = "ERROR"  # parameters that are all used, after all, are no news
    import torch

    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    while (file := end.recv()) is not None:
        try:
            end.send(_trained(Path(file), rank))
        except Exception:
            end.send(traceback.format_exc())
    torch.distributed.destroy_process_group()


def _trained(file: Path, rank: int) -> str | None:
    """What went wrong in evaluation or in training mode, if anything."""
    import warnings

    import torch

    import archdsl
    from tests.reliability.promises import Broken, forget
    from tests.reliability.torchs_refusals import ddp_refuses, one_value

    graph = archdsl.graph(file)
    module = archdsl.build(graph, seed=0, dtype=torch.float64)
    if ddp_refuses(graph) or not any(p.requires_grad for p in module.parameters()):
        return None  # torch refuses a module without parameters
    wrong = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for training in (False, True):
            try:
                if one_value(graph, {}, training) is None:
                    _compared(graph, module.train(training), rank)
            except Broken as broken:  # the other process goes on, and waits for this one
                wrong.append(str(broken))
    forget()
    return "; ".join(wrong) or None


def _compared(graph: Graph, module: nn.Module, rank: int) -> None:
    """Gradients are the mean of both processes' own, which each works out for itself; statistics are the process's own.

    Every pass draws from the same random state, so that dropout leaves out the same. Batch norm takes the statistics
    of its own process's batch, as torch says.
    """
    import torch

    from tests.reliability.promises import close, require

    mode = "training" if module.training else "evaluation"
    both = [copy.deepcopy(module) for _ in (0, 1)]
    gradients = [_gradients(graph, own, own, seed) for seed, own in enumerate(both)]
    wrapped = torch.nn.parallel.DistributedDataParallel(copy.deepcopy(module), find_unused_parameters=True)
    found = _gradients(graph, wrapped, wrapped.module, rank)
    for name, left in found.items():
        own = [x for x in (gradients[0][name], gradients[1][name]) if x is not None]
        require((left is None) == (not own), f"`{name}` over two processes has a gradient in one way only, {mode}")
        if left is not None:
            close(left, sum(own) / 2, f"gradient of `{name}` over two processes, {mode}")  # type: ignore[arg-type]
    expected = dict(both[rank].named_buffers())
    for name, buffer in wrapped.module.named_buffers():
        close(buffer, expected[name], f"buffer `{name}` over two processes, {mode}")


def _gradients(graph: Graph, run: nn.Module, network: nn.Module, seed: int) -> dict[str, Tensor | None]:
    """Each parameter's gradient after one pass over the inputs of this seed."""
    import torch

    from tests.compiler import interpreter
    from tests.compiler.test_differential import named
    from tests.reliability.promises import weights

    inputs = interpreter.draw(graph, seed=seed).values()
    torch.manual_seed(seed)
    outputs = named(run(*inputs), graph).values()
    made = [x for x in outputs if x is not None and x.requires_grad]
    if made:
        torch.stack([(x.double() * weights(x)).sum() for x in made]).sum().backward()
    return {name: p.grad for name, p in network.named_parameters()}
