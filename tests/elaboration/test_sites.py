"""Where things are written, as the graph says it: one site for each place, with its expressions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import archdsl
from archdsl.document.inherit import Reader
from archdsl.document.nodes import TemplateMaker
from archdsl.elaboration.sites import Sites
from archdsl.ir.graph import Graph, Node, Scope
from tests.elaboration.support import HEAD, graph_of

TEXT = """\
params: {width: 4, kind: relu, deep: true}
inputs: {x: [N, 4]}
blocks:
  twice:
    params: {size: int}
    nodes:
      - {op: linear, out_features: size * 2, bias: false}
      - {op: linear, out_features: size}
nodes:
  'for i in range(2)':
    layer$i: {op: twice, size: width + i}
  act: {op: $kind, if: deep}
  mask: {op: parameter, shape: [width + 1], index: [t], value: 1 / (t + 1)}
  sum: = act + mask
"""


def items(scope: Scope) -> Iterator[Node | Scope]:
    for child in scope.children.values():
        yield child
        if isinstance(child, Scope):
            yield from items(child)


def by_path(graph: Graph) -> dict[str, Node | Scope]:
    return {item.path: item for item in items(graph.root)}


def test_all_that_comes_from_one_place_shares_a_site_and_nothing_else_does(tmp_path: Path) -> None:
    found = by_path(graph_of(tmp_path, TEXT))
    assert found["layer0"].site is found["layer1"].site
    for child in "01":
        assert found[f"layer0.{child}"].site is found[f"layer1.{child}"].site
    assert len({id(item.site) for item in found.values()}) == 6
    assert len({step.loop for path in ("layer0", "layer1") for step in found[path].loops}) == 1


def test_a_site_says_where_the_value_and_its_name_stand(tmp_path: Path) -> None:
    found = by_path(graph_of(tmp_path, TEXT))
    text = (HEAD + TEXT).splitlines()
    for path, value, key in (
        ("act", "{op: $kind, if: deep}", "act"),
        ("layer1.0", "{op: linear, out_features: size * 2, bias: false}", None),
        ("sum", "= act + mask", "sum"),
    ):
        site = found[path].site
        assert site is not None
        for span, written in ((site.span, value), (site.key, key or value)):
            assert text[span.line - 1][span.column - 1 : span.end_column - 1] == written
    (step,) = found["layer1"].loops
    assert text[step.loop.key.line - 1].strip().startswith("'for i in range(2)'") and step.index == 1


def test_a_site_has_the_expressions_that_are_written_there_and_no_plain_values(tmp_path: Path) -> None:
    found = by_path(graph_of(tmp_path, TEXT))
    fields = {path: item.site.fields for path, item in found.items() if item.site is not None}
    assert {name: written.text for name, written in fields["layer0"].items()} == {"size": "width + i"}
    assert {name: written.text for name, written in fields["layer0.0"].items()} == {"out_features": "size * 2"}
    assert fields["act"] == fields["sum"] == {}
    act, mask, layer = (found[path].site for path in ("act", "mask", "layer0"))
    assert act is not None and mask is not None and layer is not None
    assert act.op is not None and act.condition is not None and (act.op.text, act.condition.text) == ("kind", "deep")
    assert mask.formula is not None and mask.formula.text == "1 / (t + 1)"
    assert (layer.op, layer.condition, layer.formula) == (None, None, None)


def test_what_nobody_wrote_has_no_site(tmp_path: Path) -> None:
    found = by_path(graph_of(tmp_path, "inputs: {x: [N, 4]}\nnodes: {a.b: relu}\n"))
    assert found["a"].site is None and found["a.b"].site is not None


def test_a_site_leads_back_to_its_template_while_elaboration_lasts(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(HEAD + TEXT)
    home = Reader().read(file, {}, {})
    assert home is not None
    (*_, template), _ = TemplateMaker(home).body(home.document.nodes, ("nodes",))
    sites = Sites()
    site = sites.of(template)
    assert sites.of(template) is site
    node = by_path(archdsl.graph(file))["sum"]
    assert sites.template(node) is None  # another elaboration's
    node.site = site
    assert sites.template(node) is template
    node.site = None
    assert sites.template(node) is None
