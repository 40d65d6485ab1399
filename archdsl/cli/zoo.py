"""The networks that ship with archdsl, each with its family and its published numbers, worked out afresh."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import archdsl
from archdsl.document.files import find, shipped
from archdsl.document.loader import load
from archdsl.ir.graph import Graph
from archdsl.shapes import evaluate
from archdsl.text.nearest import did_you_mean

HEADER = ("name", "family", "parameters", "MACs", "image size", "reference")
_NUMERIC = frozenset(("parameters", "MACs", "image size"))
_UNITS = (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")
_WIDTHS = {"parameters": 15, "MACs": 9, "image size": 10}


@dataclass(frozen=True)
class Network:
    """A network that ships, as `archdsl list` shows it."""

    name: str
    family: str
    """The file at the end of its chain of `extends`; its own name where it extends nothing."""
    summary: str
    parameters: int
    """Trainable numbers."""
    macs: int
    """Multiply-accumulates of one evaluation pass of one sample."""
    image_size: tuple[int, int] | None
    """Height and width in pixels of its first image input; None where it has none."""
    reference: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The texts of its line, by column of `HEADER`."""
        size = "×".join(map(str, self.image_size)) if self.image_size is not None else ""
        return self.name, self.family, f"{self.parameters:,}", _in_units(self.macs), size, self.reference


def families() -> dict[str, str]:
    """The family of every network that ships, by name; nothing is elaborated."""
    return {path.stem: _family(path) for path in shipped()}


def networks(known: Mapping[str, str]) -> Iterator[Network]:
    """The networks of these names, whose families are given. Raises SpecError where a spec has errors."""
    for name, family in known.items():
        graph = archdsl.graph(name)
        yield Network(name, family, graph.summary, graph.parameters, graph.macs, _image_size(graph), graph.reference)


def table(known: Mapping[str, str]) -> Iterator[str]:
    """The lines of the list of these networks, whose families are given, each as soon as it is known."""
    texts: dict[str, Iterable[str]] = {"name": known.keys(), "family": known.values()}
    widths = [_width(texts.get(column, ()), column) for column in HEADER]
    yield _line(HEADER, widths)
    for network in networks(known):
        yield _line(network.cells, widths)


def _family(path: Path) -> str:
    seen = [path]
    while (parent := load(seen[-1].read_text("utf-8"), seen[-1].name)[0].get("extends")) is not None:
        found = find(str(parent), seen[-1])
        if found is None or found in seen:
            break
        seen.append(found)
    return seen[-1].stem


def _image_size(graph: Graph) -> tuple[int, int] | None:
    shapes = [node.types[0].shape for node in graph.inputs.values()]
    image = next((shape for shape in shapes if len(shape) == 4), None)
    if image is None:
        return None
    height, width = (evaluate(dim, graph.sample_sizes) for dim in image[2:])
    return height, width


def _in_units(count: int) -> str:
    unit, letter = next((u for u in _UNITS if count >= u[0]), _UNITS[-1])
    return f"{count / unit:.3f} {letter}"


def _width(texts: Iterable[str], column: str) -> int:
    return _WIDTHS.get(column) or max(map(len, [*texts, column]))


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    texts = [
        cell.rjust(width) if column in _NUMERIC else cell.ljust(width)
        for cell, column, width in zip(cells, HEADER, widths, strict=True)
    ]
    return "  ".join(texts).rstrip()


def no_family(name: str, known: Sequence[str]) -> str:
    """What to say of a word that is no family."""
    return f"no family `{name}`; {did_you_mean(name, known) or 'there are ' + ', '.join(known)}"
