"""The pipeline, as data: what there is between a spec's text and what one wants of it, and which function makes what.

A stage reads what the stage before it made and nothing else. `docs/architecture.md` is drawn from these tables,
and `tests/test_pipeline.py` holds the functions' annotations and the contracts of imports against them.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Artefact(NamedTuple):
    """What one stage makes and others read."""

    name: str
    type: str
    """Its class, with its module."""
    says: str


class Stage(NamedTuple):
    """One step: a function from one artefact to another."""

    name: str
    takes: str
    gives: str
    function: str
    """With its module; its first argument is what the stage takes."""


ARTEFACTS: Final = (
    Artefact("text", "builtins.str", "the YAML of a spec, named by its path or as a network that ships"),
    Artefact("document", "archdsl.document.resolved.Resolved", "what the files say, inherited and patched, and where"),
    Artefact("graph", "archdsl.ir.graph.Graph", "every primitive with its fields, path, shapes and place in the file"),
    Artefact("source", "builtins.str", "the text of a Python file that imports torch alone"),
    Artefact("classes", "types.ModuleType", "that file, run: `build` makes one network of them and fills its tensors"),
    Artefact("figure", "archdsl.figure.figure.Figure", "boxes, panels and links, without positions"),
    Artefact("picture", "builtins.bytes", "a figure as SVG, PDF, PNG or TikZ"),
    Artefact("page", "builtins.str", "the HTML in which every block can be opened"),
    Artefact("summary", "archdsl.report.report.Summary", "shapes, parameters, multiply-accumulates, memory, fields"),
    Artefact("spec", "builtins.str", "one text that elaborates to the graph: twins as blocks, runs under `for`"),
    Artefact("difference", "archdsl.comparison.difference.Difference", "what changed from one graph to another"),
)

STAGES: Final = (
    Stage("read", "text", "document", "archdsl.document.inherit.read"),
    Stage("elaborate", "document", "graph", "archdsl.elaboration.analyse.elaborate"),
    Stage("write", "graph", "source", "archdsl_torch.writing.codegen.source"),
    Stage("load", "source", "classes", "archdsl_torch.runtime.load"),
    Stage("outline", "graph", "figure", "archdsl.figure.outline.outline"),
    Stage("paint", "figure", "picture", "archdsl.drawing.painting.painted"),
    Stage("show", "graph", "page", "archdsl.viewer.page"),
    Stage("summarise", "graph", "summary", "archdsl.report.report.summarise"),
    Stage("unparse", "graph", "spec", "archdsl.unparsing.unparse.unparse"),
    Stage("compare", "graph", "difference", "archdsl.comparison.difference.Difference"),
)
