"""Networks of one op as its own tests draw it: every op, with all its fields and every kind of input.

The op's inputs are inputs of the network, parameters or constants; what stands before and after it lets
the compiler overwrite, nest and share as it does in larger networks.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from archdsl.ops import THEMES
from archdsl.ops.base import Op, OpError
from archdsl.shapes import TensorType
from tests.generators.fields import pick, rarely
from tests.generators.spec import Spec, to_yaml
from tests.ops.harness import Case


@cache
def strategies() -> dict[str, SearchStrategy[Case]]:
    """The strategies of the ops' own tests, by op."""
    found: dict[str, SearchStrategy[Case]] = {}
    for theme in THEMES:
        if theme != "special":
            found |= import_module(f"tests.ops.test_{theme}").STRATEGIES
    return found


@st.composite
def op_networks(draw: DrawFn) -> Spec:
    """An op that takes its inputs, in a network."""
    name = draw(st.sampled_from(sorted(strategies())))
    case = draw(strategies()[name])
    try:
        made = case.op.infer(*case.inputs)
    except OpError:
        assume(False)
    ports = [port.name for port in case.op.ports] * (len(case.inputs) if case.op.ports[0].variadic else 1)
    inputs, nodes, reads = _sources(draw, case, ports)
    nodes["op"] = {"op": case.op.name, **fields_of(case.op), "from": _from(case.op, reads)}
    outputs: Any = None
    if isinstance(made, tuple):
        names = case.op.output_names(len(made))
        outputs = {f"out{i}": f"op.{names[i]}" for i in range(len(made))} if len(made) > 1 else None
    elif made.dtype == "float32" and not rarely(draw, 3):
        nodes["after"] = pick(draw, ["relu", "= op + op", "tanh", "= op * 2"])
        if rarely(draw, 3):
            outputs = {"a": "op", "b": "after"}
    data = {"archdsl": 1, "name": "net", "inputs": inputs, "nodes": nodes}
    return Spec((("net.yaml", to_yaml(data | ({"outputs": outputs} if outputs else {}))),))


def _sources(draw: DrawFn, case: Case, ports: list[str]) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """The network's inputs, nodes before the op, and what each port reads."""
    inputs: dict[str, Any] = {}
    nodes: dict[str, Any] = {}
    reads: dict[str, str] = {}
    for place, (port, x) in enumerate(zip(ports, case.inputs, strict=False)):
        if x is None:
            continue
        name = f"in{place}"
        shape = _sizes(draw, x, place)
        if x.dtype == "float32":
            kind = pick(draw, ["input", "fresh", "parameter"]) if place else pick(draw, ["input", "fresh"])
            if kind == "parameter":
                nodes[name] = {"op": "parameter", "shape": [*x.shape], "init": "normal(std=0.5)"}
            else:
                inputs[name] = shape
                if kind == "fresh":
                    nodes[f"made{place}"] = f"= {name} * 0.5 + 1"
                    name = f"made{place}"
        else:
            inputs[name] = {"shape": shape, "dtype": x.dtype}
            if x.dtype not in ("bool", "float16", "bfloat16", "float64"):
                inputs[name]["below"] = case.below
        reads[f"{port}{place}" if case.op.ports[0].variadic else port] = name
    if not inputs:
        inputs["unread"] = ["N", 2]
    return inputs, nodes, reads


def _sizes(draw: DrawFn, x: TensorType, place: int) -> list[Any]:
    """The shape, its first size known at run time alone where that may be."""
    shape: list[Any] = [*x.shape]
    if shape and rarely(draw, 3):
        shape[0] = f"N = {shape[0]}" if place == 0 else shape[0]
    return shape


def _from(op: Op, reads: dict[str, str]) -> Any:
    if op.ports[0].variadic:
        return [*reads.values()]
    return reads


def fields_of(op: Op) -> dict[str, Any]:
    """The fields that the case gives, as YAML has them."""
    extra = op.model_extra or {}
    return {name: _plain(getattr(op, name)) for name in (*op.model_fields_set, *extra)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return value
