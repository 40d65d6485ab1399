"""Where a spec can be changed: the keys and values of its nodes, and what each of them is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from archdsl.diagnostics.diagnostic import Diagnostic, Severity
from archdsl.document.files import specs_folder
from archdsl.document.inherit import Reader
from archdsl.document.loader import load
from archdsl.document.positions import SourceMap
from archdsl.document.splices import is_splice
from archdsl.document.template import UNIVERSAL
from archdsl.elaboration.analyse import analyse
from archdsl.faults.fault import Span
from archdsl.ops import OPS
from archdsl.ops.base import field_specs

Place = tuple[str | int, ...]


@dataclass(frozen=True, eq=False)
class Spec:
    """A spec file that is to be changed."""

    path: Path
    text: str
    data: dict[str, Any]
    source: SourceMap

    def cut(self, span: Span) -> tuple[int, int]:
        """The offsets of a span in the text."""
        starts = self.source.lines.starts
        return starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1


class NodeSite(NamedTuple):
    """A node that is written out as a mapping or as a word."""

    place: Place
    value: Any


@lru_cache(maxsize=1)
def shipped() -> tuple[Spec, ...]:
    """The files with nodes of their own, families included."""
    folder = specs_folder()
    files = [*sorted(folder.glob("*.yaml")), *sorted((folder / "families").glob("*.yaml"))]
    return tuple(spec for file in files if (spec := read(file)).data.get("nodes"))


@lru_cache(maxsize=1)
def _scratch() -> tuple[Any, Path]:
    folder = TemporaryDirectory()
    copytree(specs_folder(), Path(folder.name) / "specs")
    return folder, Path(folder.name) / "specs"


def analysed(spec: Spec, text: str) -> list[Diagnostic]:
    """What is told of another text in place of a shipped one, its neighbours beside it."""
    file = _scratch()[1] / spec.path.relative_to(specs_folder())
    file.write_text(text, "utf-8")
    try:
        return analyse(file, reader=Reader((_scratch()[1],)))[1]
    finally:
        file.write_text(spec.text, "utf-8")


def errors(spec: Spec, text: str) -> list[Diagnostic]:
    """The errors among that."""
    return [found for found in analysed(spec, text) if found.severity is Severity.ERROR]


def errors_of(spec: Spec, texts: dict[Spec, str]) -> list[Diagnostic]:
    """The errors of a file where others have other texts too."""
    files = {each: _scratch()[1] / each.path.relative_to(specs_folder()) for each in texts}
    for each, text in texts.items():
        files[each].write_text(text, "utf-8")
    try:
        found = analyse(files[spec], reader=Reader((_scratch()[1],)))[1]
    finally:
        for each, file in files.items():
            file.write_text(each.text, "utf-8")
    return [each for each in found if each.severity is Severity.ERROR]


def read(path: Path) -> Spec:
    """A file with the positions of its pieces."""
    return read_text(path, path.read_text("utf-8"))


def read_text(path: Path, text: str) -> Spec:
    """The text of a file with the positions of its pieces."""
    data, source, _ = load(text, path.name)
    return Spec(path, text, data, source)


def nodes(spec: Spec) -> Iterator[NodeSite]:
    """Every node of a file, those of its blocks included."""
    yield from _nodes(spec.data["nodes"], ("nodes",))
    for name, block in spec.data.get("blocks", {}).items():
        yield from _nodes(block["nodes"], ("blocks", name, "nodes"))


def _nodes(raw: Any, place: Place) -> Iterator[NodeSite]:
    if isinstance(raw, dict):
        for key, value in raw.items():
            yield from _nodes(value, (*place, key)) if is_splice(key) else _node(value, (*place, key))
    elif isinstance(raw, list):
        for index, value in enumerate(raw):
            yield from _item(value, (*place, index))


def _item(value: Any, place: Place) -> Iterator[NodeSite]:
    loop = next((key for key in value if is_splice(key)), None) if isinstance(value, dict) else None
    if loop is None:
        yield from _node(value, place)
    elif isinstance(value[loop], list):
        yield from _nodes(value[loop], (*place, loop))
    else:
        yield from _item(value[loop], (*place, loop))


def _node(value: Any, place: Place) -> Iterator[NodeSite]:
    if isinstance(value, list):
        yield from _nodes(value, place)
    elif isinstance(value, dict) and "nodes" in value:
        yield NodeSite(place, value)
        yield from _nodes(value["nodes"], (*place, "nodes"))
    else:
        yield NodeSite(place, value)


def op_of(node: NodeSite) -> str | None:
    """The word of a node's op or block, where it is written out."""
    raw = node.value.get("op") if isinstance(node.value, dict) else node.value
    return raw if isinstance(raw, str) and raw.isidentifier() else None


def op_place(node: NodeSite) -> Place:
    """Where the word stands."""
    return (*node.place, "op") if isinstance(node.value, dict) else node.place


def fields(node: NodeSite) -> dict[str, Any]:
    """The fields of an op or block."""
    if not isinstance(node.value, dict) or "op" not in node.value:
        return {}
    return {key: value for key, value in node.value.items() if key not in (*UNIVERSAL, "op", "nodes", "value")}


def is_primitive(spec: Spec, node: NodeSite) -> bool:
    """Whether the node is that of an op, and not of a block."""
    op = op_of(node)
    return op in OPS and op not in spec.data.get("blocks", {})


def required(op: str, field: str) -> bool:
    """Whether an op must be given a field."""
    found = field_specs(OPS[op]).get(field)
    return found is not None and found.required


def words(op: str, field: str) -> frozenset[str]:
    """The words that a field of an op takes."""
    found = field_specs(OPS[op]).get(field)
    return found.words if found is not None else frozenset()
