"""The tree of a spec's text as YAML, as people write specs: a line for a node, where it fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from archdsl.expressions import tree as trees
from archdsl.expressions.printer import to_text
from archdsl.expressions.tree import Tree, literal_of
from archdsl.expressions.walking import rebuild
from archdsl.unparsing.text_tree import SpecBlock, SpecBody, SpecItems, SpecLoop, SpecNode, SpecRow, WholeSpec

WIDTH: Final = 118
"""How long a line may be."""
_WORDS: Final = {True: "true", False: "false", None: "null"}
_PLAIN: Final = re.compile(r"[\w$./=(\-][^\n\t]*", re.ASCII)
_OTHER: Final = re.compile(r"(?i)(true|false|null|~|[-+]?\.?(inf|nan)|[-+.]?\d[\d_.]*(e[-+]?\d+)?|0[xo]\w+|-|---.*)")
"""What YAML does not read as text."""
_INDEX: Final = re.compile(r"0|[1-9]\d*")


def printed(spec: WholeSpec) -> str:
    """The text of the file."""
    sections = [[*_header(spec.header)]]
    sections.append([*_section("inputs", spec.network.inputs)])
    if spec.network.params:
        sections.insert(1, [*_section("params", spec.network.params)])
    if spec.blocks:
        sections.append(["blocks:", *_blocks(spec.blocks)])
    sections.append([*_order(spec.network.order, ""), "nodes:", *_rows(spec.network.body, 1)])
    rest = {"outputs": spec.network.outputs, "init": spec.init, "freeze": spec.freeze, "weights": spec.weights}
    sections += [[*_section(key, value)] for key, value in rest.items() if value]
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def _header(header: Mapping[str, str]) -> Iterator[str]:
    yield "archdsl: 1"
    for key, value in header.items():
        if value:
            yield f"{key}: {_text(value, flow=False)}"


def _section(key: str, value: Any, indent: str = "") -> Iterator[str]:
    """An entry on a line, or its parts on one each, where it is too long."""
    line = f"{indent}{key}: {_flow(value, key)}"
    if len(line) <= WIDTH or not isinstance(value, Mapping | list):
        yield line
        return
    yield f"{indent}{key}:"
    if isinstance(value, list):
        yield from _listed([_flow(part, key) for part in value], indent + "  ", isinstance(value[0], Mapping))
        return
    for name, part in value.items():
        yield from _section(_text(name, flow=False), part, indent + "  ")


def _listed(items: list[str], indent: str, rows: bool) -> Iterator[str]:
    """A long list: rows of a table on a line each, anything else as many as a line holds."""
    if rows:
        yield from (f"{indent}- {item}" for item in items)
        return
    line = f"{indent}["
    for place, item in enumerate(items):
        part = item + (", " if place < len(items) - 1 else "]")
        if len(line) + len(part) > WIDTH:
            yield line.rstrip()
            line = f"{indent} "
        line += part
    yield line


def _order(order: list[str], indent: str) -> Iterator[str]:
    if order:
        yield from _section("order", order, indent)


def _blocks(blocks: Mapping[str, SpecBlock]) -> Iterator[str]:
    for number, (name, block) in enumerate(blocks.items()):
        if number:
            yield ""
        yield f"  {name}:"
        yield from _section("inputs", block.inputs, "    ")
        if block.params:
            yield from _section("params", block.params, "    ")
        yield from _order(block.order, "    ")
        yield "    nodes:"
        yield from _rows(block.body, 3)
        if block.outputs:
            yield from _section("outputs", block.outputs, "    ")


def lines_of(body: SpecBody) -> Iterator[str]:
    """What stands under `nodes`, one line at a time."""
    yield from _rows(body, 2)


def _rows(body: SpecBody, level: int) -> Iterator[str]:
    for row in body.rows:
        yield from _item(row, level) if body.listed else _entry(row, level)


def _entry(row: SpecRow, level: int) -> Iterator[str]:
    """A named row."""
    indent = "  " * level
    if isinstance(row, SpecLoop):
        yield f"{indent}{_loop(row)}:"
        for inner in row.rows:
            yield from _entry(inner, level + 1)
        return
    key = _text(row.name or "", flow=False)
    line = f"{indent}{key}: {_node(row)}"
    if _fits(row, line):
        yield line
    elif [*row.keys] == ["nodes"] and row.keys["nodes"].listed:
        yield f"{indent}{key}:"
        yield from _rows(row.keys["nodes"], level + 1)
    else:
        yield f"{indent}{key}:"
        yield from _keys(row, level + 1)


def _item(row: SpecRow, level: int) -> Iterator[str]:
    """A row of a list: the same, with a dash."""
    indent = "  " * level
    if isinstance(row, SpecLoop):
        yield f"{indent}- {_loop(row)}:"
        if len(row.rows) == 1 and isinstance(row.rows[0], SpecNode):
            yield from _sole(row.rows[0], level + 2)
        else:
            for inner in row.rows:
                yield from _item(inner, level + 2)
        return
    line = f"{indent}- {_node(row)}"
    if _fits(row, line):
        yield line
        return
    nested = [*row.keys] == ["nodes"] and row.keys["nodes"].listed
    lines = [*_rows(row.keys["nodes"], level + 1)] if nested else [*_keys(row, level + 1)]
    yield f"{indent}- {lines[0].lstrip()}"
    yield from lines[1:]


def _sole(row: SpecNode, level: int) -> Iterator[str]:
    """The one item under a `for` of a list, which needs no dash, but where it is a list itself."""
    line = f"{'  ' * level}{_node(row)}"
    if _is_list(row):
        yield from _item(row, level)
    elif _fits(row, line):
        yield line
    else:
        yield from _keys(row, level)


def _is_list(row: SpecRow) -> bool:
    return isinstance(row, SpecNode) and [*row.keys] == ["nodes"] and row.keys["nodes"].listed


def _fits(row: SpecNode, line: str) -> bool:
    nodes = row.keys.get("nodes")
    return len(line) <= WIDTH and "\n" not in line and (nodes is None or (nodes.listed and len(nodes.rows) < 4))


def _loop(row: SpecLoop) -> str:
    text = f"for {', '.join(row.targets)} in {_expression(row.over)}"
    return text if not any(sign in text for sign in ': #{"') or ": " not in text else _quoted(text)


def _keys(row: SpecNode, level: int) -> Iterator[str]:
    indent = "  " * level
    for key, value in row.keys.items():
        if isinstance(value, SpecBody):
            yield f"{indent}{key}:"
            yield from _rows(value, level + 1)
        elif isinstance(value, list | dict):
            yield from _section(key, value, indent)
        else:
            yield f"{indent}{key}: {_leaf(value, key, flow=False)}"


def _node(row: SpecNode) -> str:
    """A node on one line."""
    keys = [*row.keys]
    if keys == ["op"]:
        return _leaf(row.keys["op"], "op", flow=True)
    if keys == ["value"]:
        return _text(f"= {_expression(row.keys['value'])}", flow=True)
    if keys == ["nodes"]:
        return _flow(row.keys["nodes"], "nodes")
    return _flow(row.keys, "")


def _flow(value: Any, key: str) -> str:
    """A value within `{…}` or `[…]`."""
    if isinstance(value, SpecBody):
        return f"[{', '.join(_flow_row(row) for row in value.rows)}]" if value.listed else "\n"
    if isinstance(value, Mapping):
        return (
            f"{{{', '.join(f'{_text(name, flow=True)}: {_flow(part, key or name)}' for name, part in value.items())}}}"
        )
    if isinstance(value, SpecItems):
        key = f"for {value.target} in {_expression(value.over)}"
        return f"{{{_text(key, flow=True)}: {_text(value.item, flow=True)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_flow(part, key) for part in value)}]"
    return _leaf(value, key, flow=True)


def _flow_row(row: SpecRow) -> str:
    if isinstance(row, SpecNode):
        return _node(row)
    if len(row.rows) > 1:
        return "\n"
    only = _flow_row(row.rows[0])
    return f"{{{_text(_loop(row), flow=True)}: {f'[{only}]' if _is_list(row.rows[0]) else only}}}"


def _leaf(value: Any, key: str, *, flow: bool) -> str:
    if not isinstance(value, str | Tree):
        value = literal_of(value)  # plain data of a table
    if isinstance(value, str):
        path = key in ("from", "share", "else", "outputs", "order") and _INDEX.fullmatch(value)
        return value if path else _text(value, flow=flow)
    if isinstance(value, trees.Sequence):
        return f"[{', '.join(_leaf(item, key, flow=True) for item in value.items)}]"
    text = _expression(value)
    return _quoted(text) if flow and any(sign in text for sign in ",[]{}") else text


def _expression(tree: Tree) -> str:
    """An expression, with YAML's words for what is no number."""
    return to_text(_with_words(tree))


def _with_words(tree: Tree) -> Tree:
    if isinstance(tree, trees.Literal) and (tree.value is None or isinstance(tree.value, bool)):
        return trees.Name(_WORDS[tree.value])
    return rebuild(tree, _with_words)


def _text(text: str, *, flow: bool) -> str:
    """Text, quoted where YAML would read something else."""
    plain = (
        text.isprintable()
        and _PLAIN.fullmatch(text) is not None
        and not text.endswith((" ", ":"))
        and _OTHER.fullmatch(text) is None
    )
    special = (
        ": " in text or " #" in text or text.startswith(("- ", "? ")) or (flow and any(s in text for s in ",[]{}"))
    )
    return text if plain and not special else _quoted(text)


def _quoted(text: str) -> str:
    """Text in quotes, with what no line shows by its number: a stranger's text breaks out of none."""
    return f'"{"".join(_ESCAPED.get(letter) or _shown(letter) for letter in text)}"'


_ESCAPED: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}


def _shown(letter: str) -> str:
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"
