"""Networks before and after they are rewritten."""

from __future__ import annotations

import torch

import archdsl
from archdsl.ir.graph import Graph
from archdsl.porting import folded
from archdsl.rewriting.rewrite import rewritten


def lines(nodes: str, inputs: str = "x: [N, 6, 8]") -> list[str]:
    """The nodes of a spec after rewriting, as a spec writes them."""
    text = folded(rewritten(graph(nodes, inputs)), {}, expanded=True).text
    return [line.strip() for line in text.partition("nodes:\n")[2].splitlines()]


def graph(nodes: str, inputs: str = "x: [N, 6, 8]") -> Graph:
    return archdsl.loads(f"archdsl: 1\nname: net\ninputs: {{{inputs}}}\nnodes:\n  {nodes}\n")


def same(before: Graph) -> Graph:
    """Demands that a network and what it is rewritten to have the same keys, and give the same up to rounding."""
    after = folded(rewritten(before), {}).graph
    models = [archdsl.build(each, seed=0).double() for each in (before, after)]
    assert [*models[0].state_dict()] == [*models[1].state_dict()]
    models[1].load_state_dict(models[0].state_dict())
    for batch in (1, 3):
        sizes = before.sample_sizes | dict.fromkeys(before.batch, batch)
        given = [_drawn(node.types[0].shape, sizes) for node in before.inputs.values()]
        for train in (False, True):
            expected, found = (model.train(train)(*given) for model in models)
            assert found.shape == expected.shape
            torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    return after


def _drawn(shape: archdsl.shapes.Shape, sizes: dict[str, int]) -> torch.Tensor:
    return torch.randn([archdsl.shapes.evaluate(size, sizes) for size in shape], dtype=torch.float64)
