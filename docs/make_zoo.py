"""Writes docs/zoo.md from the networks that ship and the references' files: `python docs/make_zoo.py`.

It needs the references, torchvision, timm and `transformers`, which the `test` extra brings.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

TARGET = Path(__file__).with_name("zoo.md")
sys.path.insert(0, str(TARGET.parent.parent))

from archdsl.cli import zoo  # noqa: E402
from archdsl.document.files import find, specs_folder  # noqa: E402
from archdsl.document.loader import load  # noqa: E402

INTRODUCTION = """\
# The zoo

Every network that ships, with the numbers that archdsl works out from its spec: its trainable parameters,
those of auxiliary heads too, and the multiply-accumulates of one sample in evaluation mode. `archdsl list`
prints the same. What its lines of YAML replace is counted at the [end](#lines-of-yaml-and-lines-of-python).

This page is made by `python docs/make_zoo.py`.
"""
LINES = """\
## Lines of YAML and lines of Python

A family's lines are those of its file, of all its members, and of the files of blocks that they use. The
reference's are those of its file; `code` leaves out docstrings and the classes that list published weights.
Blank lines and comments count on neither side. No family has more than a third of its reference's file.
"""

REFERENCES = {
    "alexnet": "torchvision/models/alexnet.py",
    "convmixer": "timm/models/convmixer.py",
    "convnext": "torchvision/models/convnext.py",
    "densenet": "torchvision/models/densenet.py",
    "efficientnet": "torchvision/models/efficientnet.py",
    "fcos_resnet50_fpn": "torchvision/models/detection/fcos.py",
    "ghostnet": "timm/models/ghostnet.py",
    "gmlp": "timm/models/mlp_mixer.py",
    "googlenet": "torchvision/models/googlenet.py",
    "hiera": "timm/models/hiera.py",
    "inception_resnet_v2": "timm/models/inception_resnet_v2.py",
    "inception_v3": "torchvision/models/inception.py",
    "inception_v4": "timm/models/inception_v4.py",
    "levit": "timm/models/levit.py",
    "maxvit": "torchvision/models/maxvit.py",
    "metaformer": "timm/models/metaformer.py",
    "mnasnet": "torchvision/models/mnasnet.py",
    "mobilenet_v2": "torchvision/models/mobilenetv2.py",
    "mobilenet_v3": "torchvision/models/mobilenetv3.py",
    "mobilenet_v4": "timm/models/mobilenetv3.py",
    "mobilevit": "timm/models/mobilevit.py",
    "pvt_v2": "timm/models/pvt_v2.py",
    "regnet": "torchvision/models/regnet.py",
    "repvgg": "timm/models/byobnet.py",
    "resmlp": "timm/models/mlp_mixer.py",
    "resnet": "torchvision/models/resnet.py",
    "resnet50_fpn": "torchvision/ops/feature_pyramid_network.py",
    "segformer": "transformers/models/segformer/modeling_segformer.py",
    "segmentation": "torchvision/models/segmentation/deeplabv3.py",
    "shufflenet_v2": "torchvision/models/shufflenetv2.py",
    "squeezenet": "torchvision/models/squeezenet.py",
    "swin": "torchvision/models/swin_transformer.py",
    "vgg": "torchvision/models/vgg.py",
    "vit": "torchvision/models/vision_transformer.py",
    "wav2vec2": "transformers/models/wav2vec2/modeling_wav2vec2.py",
    "whisper": "transformers/models/whisper/modeling_whisper.py",
}
"""The file that holds the reference of a family, where torchvision, timm or `transformers` has one of its own."""


class Comparison(NamedTuple):
    """A family's lines and its reference's."""

    family: str
    members: int
    yaml: int
    reference: str | None
    python: int = 0
    code: int = 0
    """Of the Python, without docstrings and classes of weights."""


def render() -> str:
    """The text of docs/zoo.md."""
    return "\n".join([INTRODUCTION, *network_lines(), LINES, *comparison_lines()])


# --- the networks ---------------------------------------------------------------------------------


def network_lines() -> Iterator[str]:
    """A table per family, small networks first."""
    for family, names in members().items():
        found = zoo.networks(dict.fromkeys(names, family))
        networks = sorted(found, key=lambda network: (network.parameters, network.name))
        yield from (f"## {family}", "")
        yield from ("| network | parameters | MACs | image | published |", "| --- | ---: | ---: | ---: | --- |")
        for network in networks:
            name, _, parameters, macs, size, _ = network.cells
            yield f"| `{name}` | {parameters} | {macs} | {size} | [{network.summary}]({link(network.reference)}) |"
        yield ""


def members() -> dict[str, list[str]]:
    """The networks of every family, in alphabetical order."""
    found: dict[str, list[str]] = {}
    for name, family in zoo.families().items():
        found.setdefault(family, []).append(name)
    return dict(sorted(found.items()))


def link(reference: str) -> str:
    """`arXiv:1512.03385` or `doi:10.1109/5.726791` as an address; an address as it is."""
    kind, _, number = reference.partition(":")
    if kind == "https":
        return reference
    return {"arXiv": "https://arxiv.org/abs/", "doi": "https://doi.org/"}[kind] + number


# --- lines ----------------------------------------------------------------------------------------


def comparison_lines() -> Iterator[str]:
    yield "| family | networks | lines of YAML | lines of Python | ratio | code | reference |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | --- |"
    for row in comparisons():
        theirs = ["", "", "", ""]
        if row.reference is not None:
            theirs = [str(row.python), f"{row.yaml / row.python:.2f}", str(row.code), f"`{row.reference}`"]
        yield f"| {' | '.join([row.family, str(row.members), str(row.yaml), *theirs])} |"
    yield ""


def comparisons() -> list[Comparison]:
    """Every family. Raises ModuleNotFoundError where a package of references is missing."""
    rows: list[Comparison] = []
    for family, names in members().items():
        reference = REFERENCES.get(family)
        counts = python_lines(reference) if reference is not None else ()
        rows.append(Comparison(family, len(names), yaml_lines(names), reference, *counts))
    return rows


def yaml_lines(names: Iterable[str]) -> int:
    """The lines of these networks' files, and of every file that they extend or take blocks from."""
    files: set[Path] = set()
    waiting = [specs_folder() / f"{name}.yaml" for name in names]
    while waiting:
        path = waiting.pop()
        if path in files:
            continue
        files.add(path)
        document, _, _ = load(path.read_text("utf-8"), path.name)
        named = [*document.get("use", ()), *([document["extends"]] if "extends" in document else [])]
        waiting += [found.resolve() for name in named if (found := find(name, path)) is not None]
    return sum(counted(path.read_text("utf-8")) for path in files)


def python_lines(reference: str) -> tuple[int, int]:
    """Of a reference's file: all, and code alone. Raises ModuleNotFoundError where its package is missing."""
    package, _, path = reference.partition("/")
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the references need {package}: install archdsl's `test` extra")
    text = (Path(spec.origin).parent / path).read_text("utf-8")
    return counted(text), code_lines(text)


def code_lines(text: str) -> int:
    """The lines of a Python file without docstrings and classes of weights."""
    kept = text.splitlines()
    for first, last in _beside_the_code(ast.parse(text)):
        kept[first - 1 : last] = [""] * (last - first + 1)
    return counted("\n".join(kept))


def _beside_the_code(tree: ast.Module) -> Iterator[tuple[int, int]]:
    """First and last lines of docstrings, and of classes of weights."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name.endswith("_Weights"):
            yield node.lineno, node.end_lineno or node.lineno
        elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            yield node.body[0].lineno, node.body[0].end_lineno or node.body[0].lineno


def counted(text: str) -> int:
    """The lines that are neither blank nor a comment."""
    return sum(1 for line in text.splitlines() if line.strip() and not line.strip().startswith("#"))


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
