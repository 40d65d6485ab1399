"""Whole networks: inputs, nodes of every kind, outputs, and the files that they stand in."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archdsl.shapes import Dim, TensorType, symbol
from tests.generators import files, linked, nesting, ports, statements, steps, sums, weights
from tests.generators.fields import number, pick, rarely
from tests.generators.scope import Scope, Value, World
from tests.generators.spec import Spec, to_yaml
from tests.generators.statements import Statement

OFTEN: Final[tuple[Statement, ...]] = (statements.op_node, statements.op_node, statements.formula)
STATEMENTS: Final[tuple[Statement, ...]] = (
    statements.op_node, statements.formula, statements.parameter, statements.constant, statements.alias,
    statements.several_inputs, statements.integers, sums.single, sums.summed, statements.left_out,
    statements.by_mode, statements.one_mode,
    weights.again, *(weights.tied, weights.weight_read, statements.sized) * 2,
    nesting.inline, nesting.chain, nesting.repeated, nesting.grouped, *(nesting.block, steps.scan) * 2,
    *(files.spec_block, files.library, ports.optional) * 2, ports.fused, ports.resized, ports.recursive,
    ports.passed, ports.passed,
    linked.chained, *(steps.scan, linked.table) * 3,
)  # fmt: skip
PARAMS: Final[dict[str, Any]] = {"width": 4, "depth": 2, "act": "relu", "sizes": [2, 4], "kind": "tanh"}


def fill(scope: Scope, count: int) -> None:
    """Writes so many statements; where one does not fit, a layer."""
    for _ in range(count):
        if scope.world.budget <= 0:
            return
        chosen = pick(scope.draw, OFTEN if rarely(scope.draw, 3) else STATEMENTS)
        if not chosen(scope):
            statements.op_node(scope)


@st.composite
def networks(draw: DrawFn, most: int = 10) -> Spec:
    """A network of up to about `most` nodes, as files of YAML."""
    world = World(draw, budget=most, word=rarely(draw, 2))
    inputs, values, dims = _inputs(draw)
    numbers = {"width": 4, "depth": 2}
    words = {"act": "relu", "kind": "tanh"}
    only = values[0] if len(values) == 1 else None
    scope = Scope(world, values, only, numbers, words, dims)
    scope.came_in(only)
    let = nesting.derived(scope)
    fill(scope, number(draw, 1, most))
    if rarely(draw, 4):
        statements.head(scope)
    if not scope.entries:
        scope.add("a", {"op": "tanh", "from": values[0].path}, [Value("a", values[0].type)])
    data: dict[str, Any] = {"archdsl": 1, "name": "net", "inputs": inputs}
    data |= {"use": world.libraries} if world.libraries else {}
    data |= {"let": let} if let else {}
    data |= {"blocks": world.blocks} if world.blocks else {}
    data["nodes"] = scope.entries
    data |= _network_outputs(scope, values)
    data |= _init(draw, str(data))
    data |= {"freeze": [pick(draw, ["*.weight", "a*", "*bias", "b", "*0*"])]} if rarely(draw, 6) else {}
    used = {name: value for name, value in PARAMS.items() if re.search(rf"\b{name}\b", str(data))}
    used |= world.params
    data |= {"params": used} if used else {}
    files = {"net.yaml": to_yaml(data), **world.files}
    if rarely(draw, 4):
        files = _extended(draw, data, scope, world.files)
    return Spec(tuple(files.items()))


def _inputs(draw: DrawFn) -> tuple[dict[str, Any], list[Value], dict[str, Dim]]:
    """What `inputs` says, as values, with the sizes that they name."""
    n = symbol("N")
    dims: dict[str, Dim] = {"N": n}
    kind = pick(draw, ["rows", "vector", "image", "sequence", "volume", "scalar"])
    channels = pick(draw, [4, 2, 3, 6])
    t, h, w = symbol("T"), symbol("H"), symbol("W")
    shapes: dict[str, tuple[list[Any], tuple[Dim, ...], dict[str, Dim]]] = {
        "rows": (["N", "T = 5", channels], (n, t, channels), {"T": t}),
        "vector": (["N", channels], (n, channels), {}),
        "image": (["N", channels, "H = 6", "W = 6"], (n, channels, h, w), {"H": h, "W": w}),
        "sequence": (["N", 4, channels], (n, 4, channels), {}),
        "volume": (["N", channels, 4, "H = 4", 4], (n, channels, 4, h, 4), {"H": h}),
        "scalar": (["N"], (n,), {}),
    }
    written, shape, named = shapes[kind]
    if kind == "image" and rarely(draw, 3):
        written, shape, named = ["N", channels, 6, 6], (n, channels, 6, 6), {}
    dims |= named
    inputs: dict[str, Any] = {"x": written}
    values = [Value("x", TensorType(shape))]
    if rarely(draw, 4):
        inputs["side"] = written
        values.append(Value("side", TensorType(shape)))
    if rarely(draw, 4):
        length: Any = "T" if "T" in named else 5
        inputs["tokens"] = {"shape": ["N", length], "dtype": "int64", "below": 7}
        values.append(Value("tokens", TensorType((n, named.get("T", 5)), "int64")))
    if rarely(draw, 6):
        inputs["mask"] = {"shape": ["N", channels], "dtype": "bool"}
        values.append(Value("mask", TensorType((n, channels), "bool")))
    return inputs, values, dims


def _network_outputs(scope: Scope, inputs: list[Value]) -> dict[str, Any]:
    """`outputs`, or nothing where the last node is the output."""
    draw = scope.draw
    names = {"input", *(v.path for v in inputs)}
    own = [v for v in scope.values if v.path not in names]
    last = [*scope.entries][-1]
    if not rarely(draw, 2) and scope.above is not None and scope.above.path == last:
        return {}
    if not own:
        return {}
    families = [f for f in scope.world.families if any(v.path == f"{f.stem}0" for v in own)]
    if families and not rarely(draw, 3):
        family = pick(draw, families)
        return {"outputs": {f"for i in range({family.count})": {"out$i": f"{family.stem}$i"}, "last": own[-1].path}}
    chosen = [pick(draw, own[::-1]) for _ in range(number(draw, 1, 3))]
    if len(chosen) == 1:
        return {"outputs": chosen[0].path}
    if len({v.path for v in chosen}) == len(chosen) and rarely(draw, 3):
        return {"outputs": [v.path for v in chosen]}
    outputs: dict[str, Any] = {f"out{i}": v.path for i, v in enumerate(chosen)}
    if rarely(draw, 4):
        outputs["if depth == 2"] = {"there": chosen[0].path}
        outputs["if depth != 2"] = {"gone": chosen[0].path}
    return {"outputs": outputs}


def _init(draw: DrawFn, text: str) -> dict[str, Any]:
    if "linear" in text and rarely(draw, 4):
        rule = {"linear": {"weight": "normal(std=0.4)", "bias": "uniform(a=-1, b=1)"}}
        spread = {"for k in range(1, 3)": {"*": {"weight": "normal(std=k / 5)"}}}
        return {"init": pick(draw, [rule, {"if 2 > 1": rule}, spread])}
    return {}


def _corrected(data: dict[str, Any], main: dict[str, Any]) -> dict[str, Any]:
    """What is extended with another number in one of its tables, which a patch sets right."""
    params = deepcopy(data.get("params", {}))
    for name, table in params.items():
        if not isinstance(table, list):
            continue
        row, at, path = table, 0, f"params.{name}.0"
        if isinstance(table[0], dict | list):
            row, at = table[0], 0 if isinstance(table[0], list) else "out"
            path = f"{path}.{at}"
        if type(row[at]) is int:
            main.setdefault("patch", {})[path] = row[at]
            row[at] = 7
            break
    return {**data, "params": params} if params else data


def _extended(draw: DrawFn, data: dict[str, Any], scope: Scope, others: dict[str, str]) -> dict[str, str]:
    """The network as what another file changes a little."""
    main: dict[str, Any] = {"archdsl": 1, "name": "net", "extends": "base"}
    single = {value.path for value in scope.values}
    floats = [name for name in scope.entries if name in single and "." not in name]
    if floats and rarely(draw, 2):
        main["patch"] = {"nodes.inserted": {"after": pick(draw, floats), "op": "identity"}}
    named = [name for name in data["nodes"] if "." not in name and " " not in name]
    if named and rarely(draw, 2):
        name = pick(draw, named)
        main.setdefault("patch", {})[f"nodes.{name}"] = {"rename": "renamed"}
    if rarely(draw, 2):
        main["order"] = scope.order()
    if data.get("params", {}).get("act"):
        main["params"] = {"act": "sigmoid"}
    data = _corrected(data, main)
    return {"net.yaml": to_yaml(main), "base.yaml": to_yaml({**data, "name": "base"}), **others}
