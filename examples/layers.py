"""A back end in little: reads a graph as JSON with the standard library alone, and prints a flat program.

`archdsl graph small.yaml -o small.json` wrote the graph; `docs/graph.md` says what stands where.
"""

import json
import sys
from math import prod
from pathlib import Path


def shown(tensor: dict) -> str:
    """A tensor's shape: numbers, and sizes that only the run knows as text, `N` or `H // 2`."""
    return "×".join(map(str, tensor["shape"])) or "scalar"


def read(value: list | None) -> str:
    """A value as the program calls it: a node's output by its number, or a tensor of a node by its name."""
    if value is None:
        return "nothing"
    path, part = value
    return path if part == 0 else f"{path}.{part}"


def counted(node: dict) -> int:
    """How many numbers a node trains; what it shares or ties belongs to the node that has it first."""
    if "share" in node:
        return 0
    own = {name: tensor for name, tensor in node.get("tensors", {}).items() if name not in node.get("tie", {})}
    return sum(prod(tensor["shape"]) for tensor in own.values() if not tensor.get("buffer"))


def program(graph: dict) -> list[str]:
    """A line for every node, in running order."""
    lines = [f"{node['path']}: {shown(node['types'][0])}" for node in graph["inputs"]]
    for node in graph["nodes"]:
        ((op, fields),) = node["op"].items()
        given = [read(value) for value in node["inputs"] if value is not None]
        if op == "formula":  # its expression is a tree, over the inputs by their numbers
            fields = {}
        given += [f"{name}={value}" for name, value in fields.items()]
        made = ", ".join(map(shown, node["types"]))
        trained = f"  # {counted(node):,} parameters" if counted(node) else ""
        lines.append(f"{node['path']} = {op}({', '.join(given)}) -> {made}{trained}")
    outputs = graph["scopes"][0]["outputs"]  # the first scope is the network
    return [*lines, f"return {', '.join(map(read, outputs.values()))}"]


for file in sys.argv[1:] or [Path(__file__).with_name("small.json")]:
    graph = json.loads(Path(file).read_text("utf-8"))
    if graph.get("archdsl_graph") != 4:
        sys.exit(f"{file} is no graph of a version that is known here")
    print(f"# {graph['name']}: {graph['summary']}")
    print("\n".join(program(graph)))
