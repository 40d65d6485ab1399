"""The front end: a cold check, reading YAML, elaboration, shape inference."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

import torch

import archdsl
from archdsl.ir.graph import Graph
from benchmarks import loader
from benchmarks.timing import Action, Result, compare, seconds
from tests.references.torchvision_shim import models

ROOT = Path(__file__).parents[1]
RESNET_152 = [3, 8, 36, 3]
LARGEST = "llama_3_1_405b"
DEPTHS = (5, 80, 900, 9_000)
"""Bottlenecks in a stage for the curve: up to 100,000 nodes."""


def results() -> Iterator[Result]:
    yield cold_check()
    yield Result("read 20,000 lines of YAML", loader.ratio(), "times as fast as yaml.SafeLoader", at_least=10)
    yield warm_elaboration()
    yield from linearity()
    yield shape_inference()
    yield from largest()


def cold_check() -> Result:
    spec = str(ROOT / "specs" / "resnet50.yaml")
    found = compare(
        lambda: python("-m", "archdsl", "check", spec),
        lambda: python("-c", "import torch"),
        budget=30,
        timer=seconds_of_child,
    )
    return Result("archdsl check resnet50, cold / import torch", found.ratio, str(found), at_most=0.18)


def python(*arguments: str, stderr: int | None = None) -> None:
    """Runs Python with its modules compiled, as they are where something is installed; what it prints is not seen."""
    environment = {name: each for name, each in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, *arguments]
    subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=stderr)


def seconds_of_child(action: Action) -> float:
    """How long the processes that an action starts take the CPU."""
    before = getrusage(RUSAGE_CHILDREN)
    action()
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def resnet(layers: list[int]) -> Graph:
    """A ResNet, read, checked and elaborated; a larger one than a spec may be by default."""
    with archdsl.budget(10):
        return archdsl.graph("resnet50", layers=layers)


def warm_elaboration() -> Result:
    nodes = len(resnet(RESNET_152).nodes)
    times = [1000 * seconds(lambda: resnet(RESNET_152)) for _ in range(51)]
    return Result("check and elaborate ResNet-152, warm", median(times), f"{nodes} nodes", at_most=30, unit=" ms")


def linearity() -> Iterator[Result]:
    """Microseconds per node along the curve, and its slope between the last two points in logarithms."""
    points: list[tuple[int, float]] = []
    for depth in DEPTHS:
        layers = [3, 4, depth, 3]
        nodes = len(resnet(layers).nodes)
        points.append((nodes, min(seconds(lambda layers=layers: resnet(layers)) for _ in range(3))))
        yield Result(f"elaborate {nodes:,} nodes", 1e6 * points[-1][1] / nodes, "microseconds per node")
    (n, before), (m, after) = points[-2:]
    slope = math.log(after / before) / math.log(m / n)
    yield Result("growth from 10,000 to 100,000 nodes", slope, "exponent; 1 is linear", at_most=1.1)


def largest() -> Iterator[Result]:
    """The largest network that ships, from a cold start: `check` and `summary` without torch, `build` on meta."""
    for command, goal in (("check", 2), ("summary", 2)):
        taken = seconds_of_child(lambda command=command: python("-m", "archdsl", command, LARGEST))
        yield Result(f"archdsl {command} {LARGEST}, cold", taken, at_most=goal, unit=" s")
    code = f"import archdsl; archdsl.build({LARGEST!r}, device='meta')"
    taken = seconds_of_child(lambda: python("-c", code))
    yield Result(f"build {LARGEST} on meta, cold", taken, at_most=10, unit=" s")


def shape_inference() -> Result:
    graph = archdsl.graph("resnet50")
    model = models.resnet50().to("meta").eval()
    images = torch.empty(1, 3, 224, 224, device="meta")

    def forward() -> None:
        with torch.no_grad():
            model(images)

    found = compare(lambda: _infer(graph), forward)
    return Result("shape inference, ResNet-50, against the meta device", 1 / found.ratio, str(found), at_least=40)


def _infer(graph: Graph) -> None:
    for node in graph.nodes:
        node.op.infer(*(value.type if value is not None else None for value in node.inputs))
