"""Drawing: whole commands against the import of torch, and against torchview where that is installed.

A figure is drawn without torch, by a command that starts cold; torchview runs the network for its figure, so that a
program which has torch loaded already is its best case: only what it does from the module to the SVG is counted.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from benchmarks.front import ROOT, python, seconds_of_child
from benchmarks.timing import Comparison, Result, compare

GOALS: Final = {"resnet50": 0.25, "swin_t": 0.25, "llama_3_1_405b": 0.45}
"""The most that a whole cold `archdsl draw` takes in units of `import torch`."""
TORCHVIEW: Final = """
import sys
from time import process_time
import torch
from torchview import draw_graph
from benchmarks.drawing import svg_of
from tests.references.torchvision_shim import models

model = getattr(models, sys.argv[1])()
svg_of("digraph { a }")
begun = process_time()
figure = draw_graph(model, input_size=(1, 3, 224, 224), device="meta", expand_nested=True).visual_graph
svg_of(figure.source)
print(process_time() - begun)
"""


def results() -> Iterator[Result]:
    for name, goal in GOALS.items():
        found = compare(lambda name=name: _draw(name), _torch, budget=30, timer=seconds_of_child)
        what = f"archdsl draw {name}, cold / import torch"
        yield Result(what, found.ratio, _told(found), at_most=goal, interval=found.interval)
    if find_spec("torchview") is None:
        yield Result("torchview", 0, "is not installed: `pip install torchview` for two lines more")
        return
    for name in ("resnet50", "swin_t"):
        found = _against_torchview(name)
        what = f"archdsl draw {name}, cold / torchview's draw alone"
        yield Result(what, found.ratio, _told(found), interval=found.interval)


def _told(found: Comparison) -> str:
    low, high = found.interval
    return f"{low:.3f} to {high:.3f}, {found}"


def _draw(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        python("-m", "archdsl", "draw", name, "-o", str(Path(folder, "figure.svg")), stderr=subprocess.DEVNULL)


def _torch() -> None:
    python("-c", "import torch")


def _against_torchview(name: str) -> Comparison:
    """Pairs of a whole command and of what torchview takes from the module to the SVG, in a process of its own."""
    _draw(name)
    pairs = [(seconds_of_child(lambda: _draw(name)), _torchview(name)) for _ in range(7)]
    return Comparison(*(tuple(times) for times in zip(*pairs, strict=True)))


def _torchview(name: str) -> float:
    done = subprocess.run([sys.executable, "-c", TORCHVIEW, name], check=True, cwd=ROOT, capture_output=True, text=True)
    return float(done.stdout)


def svg_of(dot: str) -> bytes:
    """DOT laid out and rendered in this process, by the Graphviz that `archdsl draw` has."""
    import pygraphviz
    from pygraphviz import graphviz

    drawing: Any = pygraphviz.AGraph(string=dot)
    context = graphviz.gvContextWithBuiltins()
    graphviz.gvLayout(context, drawing.handle, b"dot")
    return bytes(graphviz.gvRenderData(context, drawing.handle, b"svg")[1])
