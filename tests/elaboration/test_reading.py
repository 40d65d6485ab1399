"""What a node reads that names nothing: the node above, by the names of its outputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.elaboration.support import graph_of, sources


@pytest.mark.parametrize("read", ["join", "{op: join, from: parts}"])
@pytest.mark.parametrize("ports", ["a b", "b a", "b"])
@pytest.mark.parametrize("names", ["a b", "b a", "a b c", "c a b", "a b c d"])
def test_ports_read_the_outputs_of_their_names(names: str, ports: str, read: str, tmp_path: Path) -> None:
    """However many there are, and in whatever order; a single port reads the node."""
    parts, wanted = names.split(), ports.split()
    if len(wanted) == 1:
        read = read.replace("from: parts", f"from: parts.{ports}")
    text = f"""
        inputs: {{x: [N, 12]}}
        blocks:
          join:
            inputs: {{{", ".join(f"{port}: [N, C]" for port in wanted)}}}
            nodes: {{all: {{op: cat, dim: 1, from: [{", ".join(wanted)}]}}}}
        nodes:
          parts: {{op: chunk, chunks: {len(parts)}, dim: 1, names: [{", ".join(parts)}]}}
          join: {read}
    """
    assert sources(graph_of(tmp_path, text), "join.all") == [f"parts.{port}" for port in wanted]
