"""Graph -> JSON: a line for every node, scope and entry of a table; the same text for the same network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from archdsl.ir.exchange.parts import ENV, FILE, FORMAT, GRAPH, LINKS, NODE, SCOPE, SITE, VERSION, Numbers
from archdsl.ir.graph import Graph
from archdsl.ir.scopes import scopes_of
from archdsl.text.lines import Lines
from archdsl.text.plain_text import to_json as dumped


def to_json(graph: Graph) -> str:
    """The graph as JSON, which `from_json` reads. Raises TypeError for a value that no elaborated graph has."""
    base = graph.path.parent if graph.path is not None else None
    book = Numbers(lambda file: _shown(file, base))
    header = GRAPH.write(graph, book)
    header["file"] = book.shown(graph.file)
    scopes = [{**SCOPE.write(scope, book), **LINKS.write(scope, book)} for scope in scopes_of(graph.root)]
    inputs = [NODE.write(node, book) for node in graph.inputs.values()]
    nodes = [NODE.write(node, book) for node in graph.nodes]
    envs = [ENV.write(env, book) for env in book.envs]
    sites = [SITE.write(site, book) for site in book.sites]
    files = [FILE.write(Lines(book.shown(each.file), each.text), book) for each in book.lines]
    tables = {
        "files": files, "sites": sites, "envs": envs, "scopes": scopes, "inputs": inputs, "nodes": nodes,
    }  # fmt: skip
    return "".join(_laid_out({FORMAT: VERSION, **header, **tables}))


def _shown(file: str, folder: Path | None) -> str:
    """A file as seen from the spec's folder, for a text that leaves this machine; its name where it lies elsewhere."""
    path = Path(file) if folder is None else Path(file).absolute()
    if folder is not None and path.is_relative_to(folder):
        path = path.relative_to(folder)
    return path.name if path.is_absolute() else path.as_posix()


def _laid_out(graph: dict[str, Any]) -> Iterator[str]:
    """The text: a line for every key, and for every entry of a table."""
    opening = "{\n"
    for key, value in graph.items():
        yield f"{opening}{dumped(key)}: "
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from _table(value)
        else:
            yield dumped(value)
        opening = ",\n"
    yield "\n}\n"


def _table(entries: Iterable[dict[str, Any]]) -> Iterator[str]:
    opening = "[\n"
    for entry in entries:
        yield f"{opening}{dumped(entry)}"
        opening = ",\n"
    yield "\n]"
