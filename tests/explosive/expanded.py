"""Blocks, loops and scans that are written out more often than anyone can pay for."""

from __future__ import annotations

from tests.explosive.writing import HEAD, many, nodes


def blocks_twice(depth: int) -> str:
    """Blocks that use the next one twice."""
    blocks = many(depth, lambda i: f"  b{i}: {{nodes: [b{i + 1}, b{i + 1}]}}")
    return HEAD + "\n".join(["blocks:", *blocks, f"  b{depth}: {{nodes: [relu]}}", "nodes: [b0]", ""])


def blocks_empty(depth: int) -> str:
    """The same without a single node."""
    blocks = many(depth, lambda i: f"  b{i}: {{nodes: [b{i + 1}, b{i + 1}]}}")
    return HEAD + "\n".join(["blocks:", *blocks, f"  b{depth}: {{nodes: []}}", "nodes: [b0, relu]", ""])


def blocks_apart(depth: int) -> str:
    """Blocks whose every use has other arguments, so that none is a copy of another."""
    one = "{op: b%d, n: n * 2}, {op: b%d, n: n * 2 + 1}"
    blocks = many(depth, lambda i: f"  b{i}: {{params: {{n: int}}, nodes: [{one % (i + 1, i + 1)}]}}")
    last = f"  b{depth}: {{params: {{n: int}}, nodes: [{{op: leaky_relu, negative_slope: n}}]}}"
    return HEAD + "\n".join(["blocks:", *blocks, last, "nodes: [{op: b0, n: 0}]", ""])


def blocks_in_themselves(depth: int) -> str:
    """A block that holds itself twice, each time with other arguments, and ends after so many."""
    uses = "{if: d > 1, op: b, d: d - 1, n: n * 2 % 1000}, {if: d > 1, op: b, d: d - 1, n: n * 2 % 1000 + 1}"
    block = f"b: {{params: {{d: int, n: int}}, nodes: [{uses}, {{op: leaky_relu, negative_slope: n}}]}}"
    return HEAD + f"blocks: {{{block}}}\nnodes: [{{op: b, d: {depth}, n: 0}}]\n"


def blocks_deep(depth: int) -> str:
    """A chain of blocks."""
    blocks = many(depth, lambda i: f"  b{i}: {{nodes: [b{i + 1}]}}")
    return HEAD + "\n".join(["blocks:", *blocks, f"  b{depth}: {{nodes: [relu]}}", "nodes: [b0]", ""])


def for_nested(turns: int) -> str:
    return nodes(f"- for i in range({turns}):", f"    - for j in range({turns}):", "        - relu")


def for_left_out(turns: int) -> str:
    body = "        - {if: false, op: relu}"
    return nodes(f"- for i in range({turns}):", f"    - for j in range({turns}):", body, "- relu")


def for_empty(turns: int) -> str:
    return nodes(f"- for i in range({turns}):", f"    - for j in range({turns}): []", "- relu")


def for_outputs(turns: int) -> str:
    return nodes("a: relu") + f"outputs:\n  for i in range({turns}):\n    for j in range({turns}):\n      o$i-$j: a\n"


def for_inputs(turns: int) -> str:
    head = (
        f"archdsl: 1\nname: net\ninputs:\n  for i in range({turns}):\n    for j in range({turns}): {{}}\n  x: [N, 8]\n"
    )
    return nodes("a: relu", head=head)


def for_renames(turns: int) -> str:
    inner = f"    for i in range({turns}):\n      for j in range({turns}):\n        a$i-$j: null\n"
    return nodes("a: relu") + f"weights:\n  renames:\n{inner}"


def nodes_plain(count: int) -> str:
    return nodes(*many(count, lambda i: f"a{i}: relu"))


def scans_nested(depth: int) -> str:
    """A loop over time in a loop over time, …"""
    head = "archdsl: 1\nname: net\ninputs: {x: [N, 4]}\nblocks:\n"
    ports = "inputs: {h: [N, 4]}"
    inner = "{op: scan, body: b%d, steps: 1000, carry: {h: h}}"
    blocks = many(depth, lambda i: f"  b{i}: {{{ports}, nodes: {{s: {inner % (i + 1)}}}, outputs: {{h: s.h}}}}\n")
    last = f"  b{depth}: {{{ports}, nodes: {{t: tanh}}, outputs: {{h: t}}}}\n"
    nodes = "nodes: {s: {op: scan, body: b0, steps: 1000, carry: {h: x}}, y: {from: s.h}}\n"
    return head + "".join(blocks) + last + nodes
