"""A family of files that inherit from each other, and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent, indent
from typing import Any

from archdsl.diagnostics.rendering import render_text
from archdsl.document import files
from archdsl.document.inherit import read
from archdsl.document.resolved import Resolved

Write = Callable[..., None]

FAMILY = """\
archdsl: 1
name: family
summary: what it is
use: [../blocks/lib]
params: {width: 3, act: relu, flag: true, cfg: [1, 2], opt: {type: text, default: null}, free: null}
let: {double: width * 2}
inputs: {x: [N, 3, H, W]}
blocks:
  block:
    nodes:
      conv: {op: conv2d, out_channels: 3}
      bn3: batch_norm2d
      items: [relu, gelu, silu]
nodes:
  features.conv0: relu
  fc: {op: linear, out_features: 3}
  for i in range(3):
    x$i: relu
init: {"*.a": {weight: zeros}, conv2d: {weight: ones}}
"""

TABLED = """\
archdsl: 1
params:
  rows: [{out: 8}, {out: 16}]
  mixed: [4, M]
  typed: {type: list, default: [1, [2, 3]]}
inputs: {x: [N, 3]}
nodes: [relu]
"""


def good(spec: str, **params: Any) -> Resolved:
    resolved, diagnostics = read(spec, params)
    assert diagnostics == [], render_text(diagnostics, files.source_of, False)
    assert resolved is not None
    return resolved


def wrong(spec: str, params: Any = None, sizes: Any = None) -> list[tuple[str, str]]:
    return [(found.code, found.message) for found in read(spec, params, sizes)[1]]


def patched(write: Write, text: str) -> Resolved:
    write(child="archdsl: 1\nextends: families/family\npatch:\n" + indent(dedent(text), "  "))
    return good("child.yaml")
