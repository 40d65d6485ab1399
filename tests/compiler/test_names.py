"""Whatever `check` lets a thing be called, the network is built, runs, and is printed, copied and pickled."""

from __future__ import annotations

import copy
import keyword
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import nn

import archdsl
from archdsl.text.names import MODULE_ATTRIBUTES, SOURCE_NAMES
from archdsl_torch import class_name
from archdsl_torch.lowering.helpers import HELPERS
from archdsl_torch.planning.survey import FILE_NAMES
from tests.thorough import examples

_WORDS = """
    x k i layers layer module outputs output value renamed key tensor NAMES norm features append extend insert pop keys
    items values clear update weight bias input type id filter none true mean Mean relu ReLU flatten Flatten count index
    _ _x _modules __init__ __class__ __dict__ print open exec eval getattr match case nonlocal lambda async type_
    in_channels in_features dim depth size T N C d Outputs2 Net Block int64 float32 x0 x_t h_t state 0 1 a-b block1-0
    a.b b.forward
"""
COMMON = sorted({*SOURCE_NAMES, *MODULE_ATTRIBUTES, *FILE_NAMES, *HELPERS, *_WORDS.split()})
NAMES = st.one_of(st.sampled_from(COMMON), st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True))


def written(names: dict[str, str]) -> str:
    """A network in which nearly everything has a name of its own."""
    n = names
    return yaml.safe_dump(
        {
            "archdsl": 1,
            "name": n["network"],
            "params": {n["param"]: 2, n["width"]: 4, n["act"]: "relu", n["turns"]: 2},
            "inputs": {n["input"]: ["N", 4], n["second"]: ["N", "T", 4]},
            "blocks": {
                n["block"]: {
                    "inputs": {n["port"]: ["N", n["dim"]], n["other"]: ["N", n["dim"]]},
                    "params": {n["argument"]: 3, n["choice"]: "relu", n["flag"]: False},
                    "nodes": {
                        n["child"]: {
                            "op": "linear",
                            "from": n["port"],
                            "out_features": f"{n['argument']} * {n['dim']}",
                        },
                        n["active"]: f"${n['choice']}",
                        n["last"]: {"op": "linear", "out_features": n["dim"]},
                        n["maybe"]: {"if": n["flag"], "op": "layer_norm"},
                        n["sum"]: {"value": f"{n['last']} + {n['other']}"},
                    },
                    "outputs": {n["first_out"]: n["sum"], n["second_out"]: n["last"]},
                },
            },
            "nodes": {
                n["a"]: {
                    "op": n["block"],
                    "from": {n["port"]: n["input"], n["other"]: n["input"]},
                    n["argument"]: n["param"],
                    n["choice"]: f"${n['act']}",
                },
                n["b"]: {
                    "op": n["block"],
                    "from": {n["port"]: f"{n['a']}.{n['first_out']}", n["other"]: n["input"]},
                    n["argument"]: 5,
                    n["choice"]: "gelu",
                    n["flag"]: True,
                },
                n["chain"]: {
                    "from": f"{n['b']}.{n['first_out']}",
                    "nodes": {
                        n["c"]: {"op": "linear", "out_features": n["width"]},
                        n["d"]: "relu",
                        n["e"]: {"op": "unsqueeze", "dim": 1},
                    },
                },
                n["pooled"]: {"op": "mean", "from": n["second"], "dim": 1, "keepdim": True},
                n["joined"]: {"op": "cat", "from": [n["chain"], n["pooled"]], "dim": 1},
            },
            "outputs": {n["out"]: n["joined"], n["out2"]: n["chain"]},
        },
        sort_keys=False,
    )


_ROLES = """
    network param width act turns input second block port other dim argument choice flag child active last maybe sum
    first_out second_out a b chain c d e pooled joined out out2
"""
ROLES = _ROLES.split()
USUAL = {**{role: role for role in ROLES}, "dim": "D"}
LOWER = ("param", "width", "act", "turns", "argument", "choice", "flag")
_MAPPINGS = """
    param width act turns, input second, port other, argument choice flag, child active last maybe sum,
    first_out second_out, a b chain pooled joined, c d e, out out2
"""
MAPPINGS = [mapping.split() for mapping in _MAPPINGS.split(",")]
"""What stands in one mapping, where a second key of one name would replace the first."""


@st.composite
def namings(draw: st.DrawFn) -> dict[str, str]:
    """A name for each thing; those of one mapping differ."""
    names = dict(USUAL)
    for role in draw(st.lists(st.sampled_from(ROLES), min_size=1, max_size=6, unique=True)):
        name = draw(NAMES)
        names[role] = name.lower() if role in LOWER else name.upper() if role == "dim" else name
    assume(all(len({names[role] for role in mapping}) == len(mapping) for mapping in MAPPINGS))
    return names


def built(folder: Path, names: dict[str, str]) -> bool:
    """Whether `check` takes the names; if so, everything else must work."""
    file = folder / "net.yaml"
    file.write_text(written(names))
    found = archdsl.check(file)
    if any(one.severity.value == "error" for one in found):
        with pytest.raises(archdsl.SpecError):
            archdsl.build(file)
        return False
    graph = archdsl.graph(file)
    module = archdsl.build(graph, seed=0).eval()
    x, y = torch.randn(2, 4), torch.randn(2, 3, 4)
    expected = module(x, y)
    namespace: dict[str, object] = {"__name__": "printed"}
    exec(compile(archdsl.source(graph), "printed", "exec"), namespace)
    printed = namespace[class_name(graph)]
    assert isinstance(printed, type)
    other = printed().eval()
    other.load_state_dict(module.state_dict())
    for copied in (other, copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert all(torch.equal(a, b) for a, b in zip(copied(x, y), expected, strict=True))
    module.train()
    for each in (x, y):
        each.requires_grad_()  # a node called `0` is read as the number: no layer may be left on the way
    module(**dict(zip(graph.inputs, (x, y), strict=True)))[0].sum().backward()
    return True


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(names=namings())
def test_every_name_that_check_takes_works(tmp_path: Path, names: dict[str, str]) -> None:
    built(tmp_path, names)


@pytest.mark.slow
@settings(max_examples=examples(1500), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(names=namings())
def test_many_names_that_check_takes_work(tmp_path: Path, names: dict[str, str]) -> None:
    built(tmp_path, names)


def test_usual_names_are_taken(tmp_path: Path) -> None:
    """Published checkpoints need them."""
    assert built(tmp_path, USUAL)
    for name in ("layers", "norm", "features", "classifier", "head", "downsample", "self_attn", "in_proj", "output"):
        for role in ("a", "chain", "c", "child", "block", "network"):
            assert built(tmp_path, {**USUAL, role: name}), (role, name)


@pytest.mark.parametrize("role", ["a", "b", "chain", "child", "c", "maybe", "sum"])
def test_a_child_is_assigned_by_the_name_it_is_read_by(tmp_path: Path, role: str) -> None:
    assert built(tmp_path, {**USUAL, role: "_"})


@pytest.mark.parametrize("name", ["F", "torch", "nn", "math", "_pytree", "Outputs", "NamedTuple"])
def test_an_output_may_be_called_like_what_the_source_reads(tmp_path: Path, name: str) -> None:
    assert built(tmp_path, {**USUAL, "out": name})


@pytest.mark.parametrize("role", ["a", "chain", "child", "c", "maybe"])
@pytest.mark.parametrize("name", ["forward", "_modules", "training", "T_destination", "state_dict", "_version", "half"])
def test_attributes_of_modules_are_refused(tmp_path: Path, role: str, name: str) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(written({**USUAL, role: name}))
    found = archdsl.check(file)
    assert [one.code for one in found][:1] == ["bad-name"]
    line = file.read_text().splitlines()[found[0].span.line - 1]
    assert line[found[0].span.column - 1 :].startswith(f"{name}:")


def test_the_attributes_of_modules_are_known() -> None:
    alone = "from torch import nn; print(*dir(nn.Module()))"  # other tests' libraries give modules more
    found = subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in found if not name.startswith("__")} - MODULE_ATTRIBUTES == set()


@pytest.mark.parametrize("name", ["outputs", "ordered_dict", "f", "stochastic_depth", "named_tuple", "none", "nn"])
def test_classes_have_names_of_their_own(tmp_path: Path, name: str) -> None:
    assert built(tmp_path, {**USUAL, "network": name, "block": name})


def test_a_block_and_an_op_of_one_name(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(
        "archdsl: 1\nname: unsqueeze\ninputs: {x: [N, 4, 4]}\n"
        "blocks: {Mean: {nodes: [{op: mean, dim: 1, keepdim: true}, {op: linear, out_features: 4}]}}\n"
        "nodes: {a: Mean, b: [{op: mean, dim: 1}, {op: unsqueeze, dim: 1}, relu]}\n"
    )
    module = archdsl.build(file)
    assert module(torch.zeros(2, 4, 4)).shape == (2, 1, 4)
    assert len({type(each).__name__ for each in module.modules()} & {"Mean", "Mean2", "Mean3"}) == 3


def test_arguments_and_the_constructor_s_own_variables(tmp_path: Path) -> None:
    """A list of layers that grows, and a comprehension that counts, beside arguments of their names."""
    file = tmp_path / "net.yaml"
    file.write_text("""archdsl: 1
inputs: {x: [N, 4, 8, 8]}
blocks:
  unit:
    inputs: {x: [N, C, H, W]}
    params: {k: int, out: int}
    nodes: {conv: {op: conv2d, out_channels: out, kernel_size: k, padding: k // 2}}
  stack:
    inputs: {x: [N, C, H, W]}
    params: {k: int, layers: int}
    nodes:
      - for i in range(layers):
          {op: unit, k: k, out: k if i == 0 else 2 * k}
  grow:
    params: {layers: int, more: false}
    nodes:
      - {op: conv2d, out_channels: layers, kernel_size: 1}
      - {if: more, op: relu}
      - {op: conv2d, out_channels: 4, kernel_size: 1}
nodes:
  a: {op: stack, k: 3, layers: 3}
  b: {op: stack, k: 5, layers: 4}
  g: {op: grow, layers: 3}
  h: {op: grow, layers: 6, more: true}
""")
    module = archdsl.build(file)
    assert module(torch.zeros(1, 4, 8, 8)).shape == (1, 4, 8, 8)
    assert [conv.out_channels for conv in module.modules() if isinstance(conv, nn.Conv2d)] == [
        3, 6, 6, 5, 10, 10, 10, 3, 4, 6, 4,
    ]  # fmt: skip


def test_a_scope_may_read_a_node_of_any_name(tmp_path: Path) -> None:
    """Its forward has an argument of the node's name, which hides nothing that the source reads."""
    names = [name for name in sorted(SOURCE_NAMES) if name.isidentifier() and not keyword.iskeyword(name)]
    nodes = {name: {"op": "relu", "from": "x0"} for name in names if not hasattr(nn.Module(), name)}
    read = {
        f"s{i}": {"from": "x0", "nodes": {"k": {"op": "mean", "dim": 0, "from": name}, "m": "= k + input"}}
        for i, name in enumerate(nodes)
    }
    spec = {"archdsl": 1, "inputs": {"x0": ["N", 3]}, "nodes": nodes | read, "outputs": list(read)}
    file = tmp_path / "net.yaml"
    file.write_text(yaml.safe_dump(spec, sort_keys=False))
    x = torch.randn(2, 3)
    assert len(nodes) > 20
    assert all(torch.equal(y, x.relu().mean(0) + x) for y in archdsl.build(file)(x))
