"""A stranger's JSON: it is told where it is wrong, or is a graph that every reader takes; nothing of it runs."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from functools import cache
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archdsl
import archdsl_torch
from archdsl import GraphError
from archdsl.document.files import specs_folder
from archdsl.formats import render
from archdsl.ir.graph import Graph
from archdsl_torch import gate
from tests.audit import nothing_happens
from tests.compiler.networks import HEAD, NETWORKS
from tests.elaboration.support import graph_of
from tests.hostile_texts import HOSTILE
from tests.thorough import examples

Steps: TypeAlias = "tuple[str | int, ...]"
SMALL = (
    "constants", "containers", "share and tie", "ties and modes in blocks", "optional ports", "share block with loop",
    "nested", "lists of different lengths", "a stack in one mode", "initialised by their places",
)  # fmt: skip
"""Of the compiler's constructs: blocks, loops, formulas, modes, and what else there is."""


@cache
def written(name: str) -> str:
    """A construct's graph as JSON."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "net.yaml").write_text(HEAD + NETWORKS[name])
        return archdsl.graph(Path(folder) / "net.yaml").to_json()


def places(data: Any, steps: Steps = ()) -> Iterator[Steps]:
    """The steps to everything in the data."""
    if steps:
        yield steps
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from places(value, (*steps, key))


def at(data: Any, steps: Steps) -> Any:
    for step in steps:
        data = data[step]
    return data


def changed(name: str, steps: Steps, value: Any) -> str:
    """A network's text with something else at a place."""
    data = json.loads(written(name))
    at(data, steps[:-1])[steps[-1]] = value
    return json.dumps(data)


def read_and_used(text: str) -> bool:
    """Whether it is a graph; then all that reads graphs takes it."""
    with TemporaryDirectory() as folder, nothing_happens(Path(folder)):
        try:
            graph = Graph.from_json(text)
        except GraphError as error:
            assert error.message and "\n" not in str(error)
            return False
        assert Graph.from_json(graph.to_json()) == graph
        gate.checked(archdsl_torch.source(graph))
        assert str(archdsl.summary(graph))
        assert render(graph, "dot")
        return True


VALUES = [
    None, True, False, 0, 1, -1, 2, 7, 2**63, 2**64 + 1, 10**400, 0.5, -0.0, 1e308, float("inf"), float("nan"), [], {},
    [[]], [None], "", "x", "N", "H // 2", "0", "forward", "import", "relu", *HOSTILE[:8],
]  # fmt: skip


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """The JSON of a small network, changed in one place or two."""
    data = json.loads(written(draw(st.sampled_from(SMALL))))
    for _ in range(draw(st.integers(1, 2))):
        every = [steps for steps in places(data) if steps[0] != "files"]
        steps = draw(st.sampled_from(every))
        parent = at(data, steps[:-1])
        draw(st.sampled_from(CHANGES))(draw, data, parent, steps[-1], every)
    return json.dumps(data)


Change: TypeAlias = Callable[[st.DrawFn, Any, Any, Any, list[Steps]], None]


def _remove(draw: st.DrawFn, data: Any, parent: Any, key: Any, every: list[Steps]) -> None:
    del parent[key]


def _replace(draw: st.DrawFn, data: Any, parent: Any, key: Any, every: list[Steps]) -> None:
    parent[key] = draw(st.sampled_from(VALUES))


def _take(draw: st.DrawFn, data: Any, parent: Any, key: Any, every: list[Steps]) -> None:
    """What stands elsewhere under the same key."""
    others = [steps for steps in every if steps[-1] == key]
    parent[key] = copy.deepcopy(at(data, draw(st.sampled_from(others))))


def _move(draw: st.DrawFn, data: Any, parent: Any, key: Any, every: list[Steps]) -> None:
    parent[key] = copy.deepcopy(at(data, draw(st.sampled_from(every))))


def _double(draw: st.DrawFn, data: Any, parent: Any, key: Any, every: list[Steps]) -> None:
    if isinstance(parent, list):
        parent.insert(key, copy.deepcopy(parent[key]))
    else:
        parent[draw(st.sampled_from(["more", "path", "0", "", HOSTILE[2]]))] = copy.deepcopy(parent[key])


def _nudge(draw: st.DrawFn, data: Any, parent: Any, key: Any, every: list[Steps]) -> None:
    if isinstance(parent[key], int):
        parent[key] += draw(st.sampled_from([-2, -1, 1, 3]))
    elif isinstance(parent[key], str):
        parent[key] += draw(st.sampled_from(["x", " ", "\n", ".0"]))
    elif isinstance(parent[key], list):
        parent[key].reverse()


CHANGES: tuple[Change, ...] = (_remove, _replace, _take, _move, _double, _nudge)


@settings(max_examples=examples(200))
@given(mutations())
def test_a_changed_text_is_told_or_used(text: str) -> None:
    read_and_used(text)


@settings(max_examples=examples(60))
@given(st.data())
def test_a_cut_or_spoilt_text_is_told(data: st.DataObject) -> None:
    text = written("nested")
    start = data.draw(st.integers(0, len(text) - 2))
    spoilt = text[:start] + data.draw(st.sampled_from(["", "{", "]", '"', "\\", "1e999", "NaN"]))
    assert not read_and_used(spoilt)


# --- what is said ---------------------------------------------------------------------------------

LENET = archdsl.graph("lenet5").to_json()
WRITTEN = len(specs_folder().joinpath("lenet5.yaml").read_text(encoding="utf-8"))
PARAMS = json.dumps(json.loads(LENET)["params"])
KERNEL: Steps = ("nodes", 0, "op", "conv2d", "kernel_size")
SAID: list[tuple[Steps, Any, str]] = [
    (("archdsl_graph",), 5, "archdsl_graph: expected 4, the format that this archdsl reads, found the number 5; "
                            "a newer archdsl wrote it: update archdsl"),
    (("archdsl_graph",), "1", "archdsl_graph: expected 4, the format that this archdsl reads, found the text `1`; "
                              "write it again with this archdsl"),
    (("nodes",), {}, "nodes: expected a list, found an object"),
    (KERNEL, "5", "nodes[0].op.conv2d.kernel_size: expected a whole number of at least 1 or 2 of them, "
                  "found the text `5`"),
    (KERNEL, [5, "x"], "nodes[0].op.conv2d.kernel_size[1]: expected a whole number, found the text `x`"),
    (KERNEL, [5, 2**63], "nodes[0].op.conv2d.kernel_size: expected whole numbers up to 2 ** 63 - 1, "
                         "which torch takes"),
    (KERNEL, [50, 50], "nodes[0].op.conv2d: conv2d makes -17×-17 of 32×32: a size below 1; "
                       "make the input larger, or the kernel or the stride smaller"),
    (("nodes", 0, "op"), {"conv9": {}}, "nodes[0].op: expected an op, found `conv9`; did you mean `conv3d`?"),
    (("nodes", 0, "op"), {"os.system": {}},
     "nodes[0].op: `os.system` is an op of the package `os`, which is not installed here; "
     "install it, if you know whose it is"),
    (("nodes", 0, "measure"), 1, "nodes[0].measure: unknown key; did you mean `measured`?"),
    (("nodes", 0, "inputs", 0), ["tanh1", 0],
     "nodes[0].inputs[0][0]: expected the path of a node before this one, or `:` and an input, found the text `tanh1`"),
    (("nodes", 0, "inputs", 0), [":x", 1],
     "nodes[0].inputs[0][1]: `x` has 1 output, counted from 0, and no 1"),
    (("nodes", 0, "inputs", 0), None, "nodes[0].inputs[0]: the input `input` is not fed"),
    (("nodes", 1, "inputs"), [], "nodes[1].inputs: expected a value or null for each input (input), found 0"),
    (("nodes", 1, "path"), "c1", "nodes[1].path: `c1` stands there already"),
    (("nodes", 1, "path"), "a.b", "nodes[1].path: there is no scope `a` before it"),
    (("nodes", 1, "path"), "forward",
     "nodes[1].path: `forward` is an attribute of every torch module; call it `forward_` or say what it does"),
    (("nodes", 0, "types", 0, "shape", 1), 7, "nodes[0].types: this is not what `conv2d` of these inputs has; "
                                              'it has [{"shape": ["N", 6, 28, 28]}]'),
    (("nodes", 0, "macs"), 3, "nodes[0].macs: this is not what `conv2d` of these inputs has; "
                              'it has "117600 * N"'),
    (("nodes", 0, "when"), "always", "nodes[0].when: expected `training` or `evaluation`, found the text `always`"),
    (("nodes", 0, "env"), 9, "nodes[0].env: expected the number of an environment, below 2 here, found the number 9"),
    (("envs", 1, "parent"), 1, "envs[1].parent: expected the number of an environment, below 1 here, "
                               "found the number 1"),
    (("scopes", 0, "children"), ["c1"],
     "scopes[0].children: expected every node and scope right below it once, found `c3`"),
    (("sites", 0, "extent"), [0, 10**6],
     f"sites[0].extent: expected a stretch of the file's {WRITTEN} characters, found 0 to 1000000"),
    (("sites", 0, "fields"), {"a": "os.system(1)"},
     "sites[0].fields.a: expected an expression: `os.system(…)` calls a method, and an expression has only functions"),
    (("sample_sizes",), {}, "inputs[0]: `sample_sizes` has no `N`"),
    (("params",), {"a": {"os": 1}}, "params.a: expected a value, found `os`; there are float, dim, tuple, mapping"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "value", "said"), SAID, ids=[said[:60] for _, _, said in SAID])
def test_what_is_wrong_is_told_with_its_place(steps: Steps, value: Any, said: str) -> None:
    data = json.loads(LENET)
    at(data, steps[:-1])[steps[-1]] = value
    with pytest.raises(GraphError) as caught:
        Graph.from_json(json.dumps(data))
    assert str(caught.value).startswith(said)


SCAN = """
    inputs: {x: [N, T, 4]}
    blocks: {cell: {inputs: {x: [N, C]}, nodes: {act: relu}, outputs: {y: act}}}
    nodes: {rnn: {op: scan, body: cell, dim: 1, over: {x: x}, collect: {ys: y}}}
"""


@pytest.mark.parametrize("where", ["node", "scope"])
@pytest.mark.parametrize(
    ("size", "said"),
    [("Q", "`sample_sizes` has no `Q`"), ("4 // (N - 1)", "a size divides by zero at the sample sizes")],
)
def test_a_size_without_a_value_is_told_alike_wherever_it_stands(
    tmp_path: Path, where: str, size: str, said: str
) -> None:
    data = json.loads(graph_of(tmp_path, SCAN).to_json())
    if where == "node":
        data["inputs"][0]["op"]["input"]["shape"][0] = data["inputs"][0]["types"][0]["shape"][0] = size
    else:
        next(each["scan"] for each in data["scopes"] if each.get("scan"))["steps"] = size
    with pytest.raises(GraphError) as caught:
        Graph.from_json(json.dumps(data))
    assert str(caught.value).endswith(f": {said}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "this is no JSON: line 1, column 1: expecting value"),
        ('{"archdsl_graph": 4,\n oops}', "this is no JSON: line 2, column 2: expecting property name"),
        ("[]", "expected a graph, an object, found a list"),
        ("{}", "`archdsl_graph` is missing: this is no graph; it begins with `archdsl_graph: 4`"),
        ('{"archdsl_graph": 4}', "`name` is missing; expected text"),
        ("[" * 10**5, "the text is nested too deeply"),
        (LENET.replace('"name": "lenet5"', '"name": "a", "name": "b"'), "expected a graph, an object, found the key"),
        (LENET.replace('"lenet5"', "NaN"), "name: expected text, found `NaN`, which JSON does not have"),
        (LENET.replace(PARAMS, '{"a": 1e999}'), "params.a: expected a value, found `1e999`"),
        (LENET.replace(PARAMS, f'{{"a": {"9" * 10**6}}}'), "params.a: expected a value, found a number"),
        (LENET.replace(PARAMS, '{"a": ' + "[" * 200 + "]" * 200 + "}"),
         "params.a[0][0][0][0][0][0][0][0] … [0][0]: more than 100 values stand in one another"),
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_what_is_no_graph_is_told(text: str, said: str) -> None:
    with pytest.raises(GraphError) as caught:
        Graph.from_json(text)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("key", ["name", "files", "sites", "envs", "scopes", "inputs", "nodes", "sample_sizes"])
def test_what_is_missing_is_told(key: str) -> None:
    data = json.loads(LENET)
    del data[key]
    with pytest.raises(GraphError, match=f"`{key}` is missing"):
        Graph.from_json(json.dumps(data))


def test_a_graph_beyond_the_limits_is_refused() -> None:
    with archdsl.budget(nodes=5), pytest.raises(GraphError, match="more than 5 nodes"):
        Graph.from_json(LENET)
    with pytest.raises(GraphError, match=r"a graph of 60,000,000 characters, and at most 50,000,000 are read"):
        Graph.from_json(" " * 60_000_000)


def test_a_block_that_stands_in_another_of_its_own_prints() -> None:
    data = json.loads(written("nested"))
    outer, inner = (next(each for each in data["scopes"] if each["path"] == path) for path in ("loop", "loop.loop"))
    inner["definition"] = outer["definition"]
    assert "class Net(nn.Module)" in archdsl.source(Graph.from_json(json.dumps(data)))


# --- what is meant to run -------------------------------------------------------------------------

RUN = '"); import os; os.system("touch pwned"); ("'


@pytest.mark.parametrize(
    "name", ["constants", "nested", *(pytest.param(name, marks=pytest.mark.slow) for name in SMALL[1:6])]
)
def test_no_text_leaves_its_place(name: str) -> None:
    """Every text, and every name, in turn is one that would run: it is refused, or printed as what it is."""
    data = json.loads(written(name))
    hostile = cycle((RUN, '"""\nimport os\n"""', "__import__('os').system('touch pwned')"))
    texts = [steps for steps in places(data) if isinstance(at(data, steps), str)]
    # a note or a summary may be any text
    assert sum(read_and_used(changed(name, steps, next(hostile))) for steps in texts)
    for steps in [steps for steps in places(data) if isinstance(at(data, steps[:-1]), dict)]:
        renamed = json.loads(written(name))
        parent = at(renamed, steps[:-1])
        parent[RUN] = parent.pop(steps[-1])
        read_and_used(json.dumps(renamed))


@pytest.mark.parametrize("sign", ["+ os.system('x') +", "or", "**", "@", ""])
def test_a_formula_holds_what_the_language_has(sign: str) -> None:
    data = json.loads(written("residual"))
    found = next(node for node in data["nodes"] if "formula" in node["op"])
    found["op"]["formula"]["expression"]["Binary"]["sign"] = sign
    if sign == "**":
        assert read_and_used(json.dumps(data))
    else:
        with pytest.raises(GraphError, match=r"this is no formula"):
            Graph.from_json(json.dumps(data))


@pytest.mark.parametrize(
    "tree",
    [
        {"Call": {"function": "__import__", "arguments": [{"Literal": {"value": "os"}}]}},
        {"Name": {"name": "os"}},
        {"Name": {"name": "7"}},
        {"Literal": {"value": {"Binary": {}}}},
        {"Attribute": {"value": {"Name": {"name": "0"}}, "name": "__class__"}},
        {"Comprehension": {"element": {"Name": {"name": "0"}}, "loops": []}},
        {"Literal": {"value": 10**30}},
        3,
    ],
    ids=str,
)
def test_no_other_formula_is_read(tree: Any) -> None:
    data = json.loads(written("residual"))
    found = next(node for node in data["nodes"] if "formula" in node["op"])
    found["op"]["formula"]["expression"] = tree
    with pytest.raises(GraphError):
        Graph.from_json(json.dumps(data))


def test_a_deep_formula_is_refused() -> None:
    data = json.loads(written("residual"))
    tree: Any = {"Name": {"name": "0"}}
    for _ in range(90):
        tree = {"Unary": {"sign": "-", "operand": tree}}
    next(node for node in data["nodes"] if "formula" in node["op"])["op"]["formula"]["expression"] = tree
    with pytest.raises(GraphError, match="nested too deeply"):
        Graph.from_json(json.dumps(data))
