"""Reading YAML with positions against PyYAML's pure-Python SafeLoader: `python benchmarks/loader.py`."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

import yaml

from archdsl.document.loader import load

LINES = 20_000
ROUNDS = 3
TARGET = 10

NODE = """\
  conv{i}: {{op: conv2d, out_channels: planes * {i}, kernel_size: 3, padding: 1, bias: false}}
  norm{i}: $norm
  block{i}:
    - for k in range({i}):
        op: bottleneck
        planes: 64 * 2 ** {i}
        stride: 2 if i > 0 and k == 0 else 1
        sizes: [1, 2.5, 1e-6, true]
  relu{i}: relu
  add{i}: = relu{i} + norm{i}
"""


def spec() -> str:
    """A spec of `LINES` lines in the mix of forms that real ones have."""
    return "nodes:\n" + "".join(NODE.format(i=i) for i in range(LINES // NODE.count("\n")))


def seconds(read: Callable[[], object]) -> float:
    start = perf_counter()
    read()
    return perf_counter() - start


def ratio() -> float:
    """How many times as fast, the median of interleaved pairs."""
    text = spec()
    pairs = [
        (seconds(lambda: yaml.load(text, Loader=yaml.SafeLoader)), seconds(lambda: load(text, "spec.yaml")))
        for _ in range(ROUNDS)
    ]
    return median(pure / ours for pure, ours in pairs)


if __name__ == "__main__":
    found = ratio()
    print(f"load: {found:.1f} times as fast as yaml.SafeLoader on {LINES:,} lines (target {TARGET})")
    raise SystemExit(found < TARGET)
