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

What sorts images into classes takes their number, `num_classes`; 0 leaves the head out, with auxiliary ones, and gives
the features that it would read. What is given images takes `in_channels`.

This page is made by `python docs/make_zoo.py`.
"""
LINES = """\
## Lines of YAML and lines of Python

A family's lines are those of its file, of all its members, and of the files of blocks that they use. The
reference's are those of its file; `code` leaves out docstrings and the classes that list published weights.
Blank lines and comments count on neither side. No family has more than a third of its reference's file.
"""

PARTS_OF_FILES = """\
Where the reference is a part of a file, or built on another network's, a spec's own file is compared with the classes
and functions that it replaces. What either takes from elsewhere counts on neither side: what a spec extends and the
blocks that ship, base classes and the layers of timm. Each has at most a third of its reference's lines.
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

_MODELS = "transformers/models"
PARTS = {
    "families/deepseek_v3": (
        f"{_MODELS}/deepseek_v3/modular_deepseek_v3.py",
        "DeepseekV3RMSNorm DeepseekV3RotaryEmbedding DeepseekV3MLP apply_rotary_pos_emb_interleave "
        "DeepseekV3TopkRouter DeepseekV3Experts DeepseekV3MoE DeepseekV3Attention DeepseekV3DecoderLayer "
        "DeepseekV3PreTrainedModel DeepseekV3Model DeepseekV3ForCausalLM",
    ),
    "families/gemma3": (
        f"{_MODELS}/gemma3/modular_gemma3.py",
        "Gemma3TextScaledWordEmbedding Gemma3MLP Gemma3RMSNorm Gemma3RotaryEmbedding Gemma3Attention "
        "Gemma3DecoderLayer Gemma3PreTrainedModel Gemma3TextModel Gemma3ForCausalLM",
    ),
    "families/hifigan": (f"{_MODELS}/speecht5/modeling_speecht5.py", "HifiGanResidualBlock SpeechT5HifiGan"),
    "families/llama": (
        f"{_MODELS}/llama/modeling_llama.py",
        "LlamaRMSNorm LlamaRotaryEmbedding rotate_half apply_rotary_pos_emb LlamaMLP repeat_kv eager_attention_forward "
        "LlamaAttention LlamaDecoderLayer LlamaPreTrainedModel LlamaModel LlamaForCausalLM",
    ),
    "families/olmo2": (
        f"{_MODELS}/olmo2/modular_olmo2.py",
        "Olmo2RMSNorm Olmo2RotaryEmbedding rotate_half Olmo2Attention Olmo2DecoderLayer Olmo2PreTrainedModel "
        "Olmo2Model Olmo2ForCausalLM",
    ),
    "families/qwen3": (
        f"{_MODELS}/qwen3/modular_qwen3.py",
        "Qwen3RMSNorm Qwen3MLP Qwen3RotaryEmbedding Qwen3Attention Qwen3ForCausalLM",
    ),
    "mixtral_8x7b": (
        f"{_MODELS}/mixtral/modular_mixtral.py",
        "MixtralExperts MixtralTopKRouter MixtralSparseMoeBlock MixtralRMSNorm MixtralRotaryEmbedding MixtralAttention "
        "MixtralDecoderLayer MixtralPreTrainedModel MixtralModel MixtralForCausalLM",
    ),
    "qwen3_30b_a3b": (
        f"{_MODELS}/qwen3_moe/modular_qwen3_moe.py",
        "Qwen3MoeAttention Qwen3MoeMLP Qwen3MoeExperts Qwen3MoeTopKRouter Qwen3MoeSparseMoeBlock Qwen3MoeRMSNorm "
        "Qwen3MoeDecoderLayer Qwen3MoePreTrainedModel Qwen3MoeModel Qwen3MoeForCausalLM",
    ),
}
"""The file of a reference, and the classes and functions in it that a spec's own file replaces."""
ELSEWHERE = {
    "families/ddpm": (
        "https://github.com/pesser/pytorch_diffusion/blob/304bdff2196db604fb66108b0bb2d4a19058b20f/pytorch_diffusion/model.py",
        270,
    ),
    "families/dit": (
        "https://github.com/facebookresearch/DiT/blob/ed81ce2229091fd4ecc9a223645f95cf379d582b/models.py",
        269,
    ),
}
"""References that no package has: the addresses of their files, with the lines that were counted in them."""


class PartComparison(NamedTuple):
    """A spec's own lines and those of what it replaces."""

    spec: str
    yaml: int
    python: int
    reference: str


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
    return "\n".join([INTRODUCTION, *network_lines(), LINES, *comparison_lines(), PARTS_OF_FILES, *part_lines()])


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


def part_lines() -> Iterator[str]:
    yield "| spec | lines of YAML | lines of Python | ratio | reference |"
    yield "| --- | ---: | ---: | ---: | --- |"
    for row in part_comparisons():
        yield f"| {row.spec} | {row.yaml} | {row.python} | {row.yaml / row.python:.2f} | {row.reference} |"
    yield ""


def part_comparisons() -> list[PartComparison]:
    """Every spec of `PARTS` and `ELSEWHERE`. Raises ModuleNotFoundError where a package of references is missing."""
    rows = [
        PartComparison(spec, own_lines(spec), counted(parts(reference_text(file), names.split())), f"`{file}`")
        for spec, (file, names) in PARTS.items()
    ]
    rows += [
        PartComparison(spec, own_lines(spec), lines, f"[{'/'.join(address.split('/')[3:5])}]({address})")
        for spec, (address, lines) in ELSEWHERE.items()
    ]
    return sorted(rows)


def own_lines(spec: str) -> int:
    """The lines of a spec's file alone."""
    return counted((specs_folder() / f"{spec}.yaml").read_text("utf-8"))


def parts(text: str, names: Iterable[str]) -> str:
    """The classes and functions of these names, with their decorators. Raises KeyError where one is not there."""
    lines = text.splitlines()
    defined = {
        node.name: (min([node.lineno, *(each.lineno for each in node.decorator_list)]), node.end_lineno)
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }
    return "\n".join("\n".join(lines[defined[name][0] - 1 : defined[name][1]]) for name in names)


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
    text = reference_text(reference)
    return counted(text), code_lines(text)


def reference_text(reference: str) -> str:
    """A reference's file. Raises ModuleNotFoundError where its package is missing."""
    package, _, path = reference.partition("/")
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the references need {package}: install archdsl's `test` extra")
    return (Path(spec.origin).parent / path).read_text("utf-8")


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
