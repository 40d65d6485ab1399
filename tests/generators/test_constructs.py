"""The generators reach the whole language: every construct that is named here stands in some of the specs drawn."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings

from archdsl.ops import OPS
from tests.generators import Spec, networks
from tests.generators.cases import strategies
from tests.generators.fields import UNARY

SEEDS: Final = range(40)
"""What one seed draws is much alike: sixteen reach everything today."""
DRAWN: Final = 40


class Drawn(NamedTuple):
    """A spec: its text, and what its files hold, the network's own first."""

    text: str
    files: list[dict[str, Any]]

    def nodes(self) -> Iterator[dict[str, Any]]:
        """Every mapping of every file: among them all nodes with fields."""
        for file in self.files:
            yield from _mappings(file)

    def blocks(self) -> dict[str, dict[str, Any]]:
        return {name: block for file in self.files for name, block in file.get("blocks", {}).items()}

    def uses(self, of: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """The nodes that use a block of a kind."""
        names = {name for name, block in self.blocks().items() if of(block)}
        return [node for node in self.nodes() if isinstance(node.get("op"), str) and node["op"] in names]


def _mappings(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        yield data
    for value in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _mappings(value)


Construct = Callable[[Drawn], bool]


def says(pattern: str) -> Construct:
    """A text that stands in one of the files."""
    return lambda drawn: re.search(pattern, drawn.text, re.MULTILINE) is not None


def has(test: Callable[[dict[str, Any]], object]) -> Construct:
    """A mapping in one of the files."""
    return lambda drawn: any(test(node) for node in drawn.nodes())


def scans(test: Callable[[dict[str, Any]], object]) -> Construct:
    return has(lambda node: node.get("op") == "scan" and test(node))


def loops(data: Any, word: str = "for") -> bool:
    """Whether a mapping has a `for` (or an `if`) among its keys, or a list one in an item."""
    keys = data if isinstance(data, dict) else [k for item in data if isinstance(item, dict) for k in item] \
        if isinstance(data, list) else []  # fmt: skip
    return any(str(key).startswith(f"{word} ") for key in keys)


def asks(block: Mapping[str, Any]) -> bool:
    return isinstance(block.get("inputs"), dict) and "skip" in block["inputs"]


def fed(node: Mapping[str, Any]) -> bool:
    return isinstance(node.get("from"), list | dict) and len(node["from"]) == 2


def carries(drawn: Drawn) -> list[dict[str, Any]]:
    """The bodies of loops over time."""
    bodies = [node["body"] for node in drawn.nodes() if node.get("op") == "scan" and "body" in node]
    names = {body if isinstance(body, str) else body["op"] for body in bodies}
    return [block for name, block in drawn.blocks().items() if name in names]


CONSTRUCTS: Final[dict[str, Construct]] = {
    "params": says(r"^params:"),
    "let of a file": says(r"^let:"),
    "let of a block": lambda drawn: any("let" in block for block in drawn.blocks().values()),
    "let of a node": has(lambda node: "let" in node and ("op" in node or "value" in node)),
    "let of a formula": has(lambda node: "let" in node and "value" in node and "op" not in node),
    "let for each element": has(lambda node: "let" in node and "index" in node),
    "use": says(r"^use:"),
    "a library in a folder": says(r"^- parts/"),
    "extends": says(r"^extends:"),
    "patch": says(r"^patch:"),
    "patch of a value in a table": says(r"^  params\.\w+\.0"),
    "patch that renames": says(r"^ +rename: renamed"),
    "order": says(r"^order:"),
    "order of a block": lambda drawn: any("order" in block for block in drawn.blocks().values()),
    "order of a scope": has(lambda node: "order" in node and "nodes" in node and "archdsl" not in node),
    "init": says(r"^init:"),
    "a spec as a block": has(lambda node: str(node.get("op")).startswith("spec.")),
    "several inputs": lambda drawn: len(drawn.files[-1 if "extends" in drawn.files[0] else 0].get("inputs", {})) > 1,
    "an input of whole numbers": has(lambda node: "below" in node),
    "an input of truths": has(lambda node: node.get("dtype") == "bool" and "op" not in node),
    "outputs by path": lambda drawn: isinstance(drawn.files[0].get("outputs"), str),
    "outputs as a list": lambda drawn: isinstance(drawn.files[0].get("outputs"), list),
    "outputs by name": lambda drawn: isinstance(drawn.files[0].get("outputs"), dict),
    "for in outputs": has(lambda node: loops(node.get("outputs"))),
    "for in inputs": has(lambda node: loops(node.get("inputs"))),
    "for in from, a mapping": has(lambda node: isinstance(node.get("from"), dict) and loops(node["from"])),
    "for in from, a list": has(lambda node: isinstance(node.get("from"), list) and loops(node["from"])),
    "if in outputs": has(lambda node: loops(node.get("outputs"), "if")),
    "if in from": has(lambda node: isinstance(node.get("from"), list) and loops(node["from"], "if")),
    "if over nodes, a mapping": has(lambda node: loops(node.get("nodes"), "if")),
    "if over nodes, a list": says(r"^ +- if .*:"),
    "for under if": has(lambda node: any(str(key).startswith("if ") and loops(node[key]) for key in node)),
    "for over nodes, a mapping": has(lambda node: loops(node.get("nodes"))),
    "for over a table": says(r"for row in \w+"),
    "for over a list of letters": says(r"for c in \w+"),
    "for with columns": says(r"for \w+, \(w, b\) in enumerate"),
    "$ in a path": has(lambda node: "$" in str(node.get("from"))),
    "$ in a formula": says(r"= .*\$\("),
    "$ in a size": says(r"\$\(.*\)\.shape\["),
    "$ holding an op": says(r"\$(act|kind)\b"),
    "dotted names": says(r"^ +part\.\w+:"),
    "a nested scope": has(lambda node: isinstance(node.get("nodes"), dict) and "blocks" not in node),
    "a nested scope with from": has(lambda node: "nodes" in node and "from" in node),
    "a list of nodes": says(r"^ +\w+:\n +- "),
    "the word input": says(r"(from: |- |= |[(* ])input\b"),
    "if with else": has(lambda node: "if" in node and "else" in node),
    "if without else": has(lambda node: "if" in node and "else" not in node),
    "if by an expression": has(lambda node: isinstance(node.get("if"), str)),
    "if by the layer's own width": has(lambda node: node.get("if") == "classes > 0"),
    "a parameter left out": has(lambda node: node.get("if") is False and node.get("op") == "parameter"),
    "when with else": has(lambda node: "when" in node and "else" in node),
    "when without else": has(lambda node: "when" in node and "else" not in node),
    "share": has(lambda node: "share" in node),
    "tie": has(lambda node: "tie" in node),
    "trainable": has(lambda node: "trainable" in node),
    "freeze": says(r"^freeze:"),
    "was": has(lambda node: "was" in node),
    "a weight read": says(r"\.weight( \* 2)?$"),
    "a parameter": has(lambda node: node.get("op") == "parameter"),
    "a parameter by a formula": has(lambda node: node.get("op") == "parameter" and "index" in node),
    "a constant": has(lambda node: node.get("op") == "constant"),
    "add": has(lambda node: node.get("op") == "add"),
    "float32 itself": says(r"torch\.float32"),
    "a persistent constant": has(lambda node: node.get("persistent")),
    "a constant of sizes at run time": has(lambda node: node.get("op") == "constant" and "1e-6" in str(node["value"])),
    "a formula of sizes at run time": says(r"= .*\) [*+/-] .*\b[NTHWCD]\b"),
    "a formula of a shape": says(r"= .*\.shape\["),
    "a field of sizes at run time": has(lambda node: re.search(r"[A-Z]|shape", str(node.get("length")))),
    "a block with several ports": lambda drawn: any(len(block.get("inputs", {})) > 1
                                                    for block in drawn.blocks().values()),
    "a block with several outputs": lambda drawn: any(isinstance(block.get("outputs"), dict)
                                                      for block in drawn.blocks().values()),
    "a block without inputs": lambda drawn: any("inputs" not in block for block in drawn.blocks().values()),
    "a block with parameters": lambda drawn: any("params" in block for block in drawn.blocks().values()),
    "a block used with several sizes": has(lambda node: str(node.get("op")).startswith("resized")),
    "a block that is given a size of the run": has(lambda node: re.search("[A-Z]", str(node.get("rows")))),
    "such a size read in an inner scope": lambda drawn: any("rows" in str(block["nodes"].get("inner"))
                                                            for block in drawn.blocks().values()),
    "such a size passed on": says(r"rows: rows \+ 1"),
    "a block that holds itself": lambda drawn: any(name in str(block["nodes"]) for name, block in drawn.blocks().items()
                                                   if name.startswith("tree")),
    "an optional port that is fed": lambda drawn: any(map(fed, drawn.uses(asks))),
    "an optional port that is not fed": lambda drawn: not all(map(fed, drawn.uses(asks))),
    "an optional port passed on": says(r"passing"),
    "scan": scans(lambda node: True),
    "scan with capture": scans(lambda node: "capture" in node),
    "scan capturing a weight": scans(lambda node: ".weight" in str(node.get("capture"))),
    "scan by steps": scans(lambda node: "steps" in node),
    "scan by steps known at run time": scans(lambda node: re.fullmatch("[A-Z]", str(node.get("steps")))),
    "scan in reverse": scans(lambda node: node.get("reverse")),
    "scan over two sequences": scans(lambda node: len(node.get("over", {})) > 1),
    "scan over the first dimension": scans(lambda node: "over" in node and not node.get("dim")),
    "scan carrying two": scans(lambda node: len(node["carry"]) > 1 and "$" not in str(node["carry"])),
    "scan with carry from a parameter": scans(lambda node: str(node["carry"]).startswith("$")),
    "scan with arguments of the body": scans(lambda node: isinstance(node["body"], dict)),
    "scan without collect": scans(lambda node: "collect" not in node),
    "scan in a scan": lambda drawn: any(node.get("op") == "scan" for body in carries(drawn)
                                        for node in _mappings(body)),
}  # fmt: skip


def constructs(of: int) -> set[str]:
    """The constructs in what a seed draws."""
    found: set[str] = set()

    @seed(of)
    @settings(max_examples=DRAWN, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
    @given(networks())
    def look(spec: Spec) -> None:
        drawn = Drawn(str(spec), [yaml.load(text, yaml.CSafeLoader) for _, text in spec.files])
        found.update(name for name, holds in CONSTRUCTS.items() if name not in found and holds(drawn))

    look()
    return found


def test_every_construct_is_drawn() -> None:
    missing = set(CONSTRUCTS)
    for each in SEEDS:
        missing -= constructs(each)
        if not missing:
            return
    raise AssertionError(f"never drawn: {sorted(missing)}")


def test_every_op_is_drawn() -> None:
    written = {"parameter", "constant", "add", "scan", "formula", "stub"}  # the last cannot run
    assert OPS.keys() - UNARY.keys() - strategies().keys() - written == set()
