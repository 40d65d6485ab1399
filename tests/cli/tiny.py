"""A spec that every command takes, one that none does, and a process of its own to run commands in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
TINY = """\
archdsl: 1
name: tiny
summary: a test
params: {width: 4, words: [a, b], act: relu}
inputs:
  x: [N, 3, H = 8, W = 8]
nodes:
  conv: {op: conv2d, out_channels: width, kernel_size: 3}
  act: $act
  pool: {op: adaptive_avg_pool2d, output_size: 1}
  flatten: flatten
  head: {op: linear, out_features: len(words)}
"""
BROKEN = TINY.replace("kernel_size: 3", "kernel_sise: 3").replace("output_size: 1", "output_size: [1, 2, 3]")

Cli = Callable[..., tuple[int, str, str]]


def spawn(*command: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs a process of its own, in which Python finds the checkout."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "compiler")])
    environment = {**os.environ, "PYTHONPATH": path, **env}
    return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=120, check=False)
