"""How values are written in the spec, where one place of it has made them."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.expressions import parse
from archdsl.ir.graph import Env, Graph
from archdsl_torch.writing.hints import Hint, element_hints, node_hint

TEXT = """
params: {width: 8}
inputs: {x: [N, 8]}
nodes:
  for i in range(2):
    a$i: {op: linear, out_features: width * (i + 1)}
  b: {op: linear, out_features: width * 2}
"""


def test_a_field_is_written_in_one_place(network: Callable[[str], Graph]) -> None:
    first, second, other = network(TEXT).nodes
    hint = node_hint([first, second], "out_features")
    assert hint is not None and hint.expression.text == "width * (i + 1)"
    assert [hint.expression.evaluate(env) for env in hint.envs] == [8, 16]
    assert node_hint([second, other], "out_features") is None
    assert node_hint([first, second], "bias") is node_hint([first, second], None) is None


def test_the_elements_of_a_list_are_those_that_stand_there() -> None:
    """Though the trees of `[1, 0]`, `[1.0, 0]` and `[true, 0]` are equal."""
    env = Env({})
    for text, kind in (("[1, 0]", int), ("[1.0, 0]", float), ("[true, 0]", bool), ("[1, 0]", int)):
        first, _ = element_hints(Hint(parse(text), (env,)), 2)
        assert first is not None and type(first.expression.evaluate(env)) is kind
    assert element_hints(Hint(parse("[1, 0]"), (env,)), 3) == [None] * 3
