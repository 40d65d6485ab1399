"""Two processes that train networks side by side, as `DistributedDataParallel` does, one network after another."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

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
    """Gradients are the mean of both processes' own, which each works out for itself."""
    import copy
    import warnings

    import torch

    import archdsl
    from tests.compiler import interpreter
    from tests.compiler.test_differential import named
    from tests.reliability.promises import Broken, close, forget, weights
    from tests.reliability.torchs_refusals import ddp_refuses, one_value

    graph = archdsl.graph(file)
    if one_value(graph, {}, False) is not None or ddp_refuses(graph):
        return None
    module = archdsl.build(graph, seed=0, dtype=torch.float64).eval()
    if not any(p.requires_grad for p in module.parameters()):
        return None  # torch refuses a module without parameters
    wrapped = torch.nn.parallel.DistributedDataParallel(copy.deepcopy(module), find_unused_parameters=True)

    def gradients(run: Any, network: Any, seed: int) -> list[Any]:
        network.zero_grad()
        outputs = named(run(*interpreter.draw(graph, seed=seed).values()), graph).values()
        made = [x for x in outputs if x is not None and x.requires_grad]
        if not made:
            return []
        sum((x.double() * weights(x)).sum() for x in made).backward()  # type: ignore[union-attr]
        return [None if p.grad is None else p.grad.clone() for p in network.parameters()]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        both = [gradients(module, module, seed) for seed in (0, 1)]
        found = gradients(wrapped, wrapped.module, rank)
    forget()
    for place, (left, first, second) in enumerate(zip(found, *both, strict=True)):
        own = [x for x in (first, second) if x is not None]
        if left is None or not own:
            continue
        try:
            close(left, sum(own) / 2, f"gradient {place} over two processes")
        except Broken as broken:
            return str(broken)
    return None
