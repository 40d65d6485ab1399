"""What other tools call a spec's keys, for messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

TOP: Final[Mapping[str, str]] = {
    **dict.fromkeys(("layers", "model", "network", "architecture", "backbone", "graph", "modules_list"), "nodes"),
    **dict.fromkeys(("parameters", "hyperparameters", "hparams", "config", "args", "arguments", "settings"), "params"),
    **dict.fromkeys(("variables", "vars", "constants", "define", "locals"), "let"),
    **dict.fromkeys(("import", "imports", "include", "includes", "uses", "libraries"), "use"),
    **dict.fromkeys(("base", "inherits", "parent", "from", "defaults"), "extends"),
    **dict.fromkeys(("defs", "definitions", "modules", "functions", "components", "subgraphs"), "blocks"),
    **dict.fromkeys(("title", "id"), "name"),
    **dict.fromkeys(("description", "doc", "about"), "summary"),
    **dict.fromkeys(("paper", "url", "citation", "arxiv"), "reference"),
    **dict.fromkeys(("version", "format", "schema"), "archdsl"),
    **dict.fromkeys(("initializers", "initialization", "weight_init", "initialisers"), "init"),
    **dict.fromkeys(("checkpoint", "pretrained"), "weights"),
    **dict.fromkeys(("overrides", "changes"), "patch"),
}
"""Top-level keys of other tools, and what they are here."""

OP: Final = frozenset(("type", "layer", "kind", "class", "module", "_target_", "layer_type", "operation", "block"))
"""What other tools call `op`."""

_LOOPS: Final = re.compile(r"(?:foreach|repeat|while|loop|times)\b")
_CONDITIONS: Final = re.compile(r"(?:elif|else if|when)\s+(?P<condition>.+)")


def node_hint(key: str, value: Any, is_op: bool, in_list: bool) -> str | None:
    """What to say of a key of a node that has no `op`; None where it is not known.

    `is_op` says that the key is the name of an op, `in_list` that the node is an item of a list.
    """
    if key in OP:
        return "did you mean `op`?"
    if (control := around_hint(key)) is not None:
        return control
    if is_op:
        return f"an op has its fields beside it: `{{op: {key}, …}}`"
    if in_list and isinstance(value, str | dict | list):
        return f"nodes with names are a mapping: write `{key}: …` without the `-`, here and at its neighbours"
    return None


def around_hint(key: str) -> str | None:
    """For a key that says how often or whether nodes are there, as in other languages."""
    if _LOOPS.match(key):
        return "a loop is written `for i in range(3):`"
    if (match := _CONDITIONS.match(key)) is not None:
        return f"a condition is written `if {match['condition']}:`"
    if key == "else":
        return "write the other condition: `if not …:`"
    return None
