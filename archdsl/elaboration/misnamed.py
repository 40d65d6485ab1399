"""What to say of an `op` that names no op and no block: a formula without its `=`, a call, another library's name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from archdsl.document.files import specs_folder
from archdsl.document.loader import load
from archdsl.elaboration.frames import Frame, find, visible
from archdsl.expressions import ExpressionError, parse_formula
from archdsl.ops import OPS
from archdsl.ops.othernames import bare, call_hint, op_hint
from archdsl.text.nearest import did_you_mean, nearest, surely
from archdsl.text.placeholders import in_text

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved

_CALL: Final = re.compile(r"([A-Za-z_][\w.]*)\s*\(.*\)", re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z_][\w.-]*")
_PATH: Final = re.compile(r"(?:[A-Za-z_][\w-]*|\d+)(?:\.(?:\w[\w-]*))*")
_LIST: Final = "`archdsl ops` lists the ops; blocks stand under `blocks` or come by `use`"


def op_named_hint(name: str, home: Resolved, frame: Frame) -> str:
    """What to do about an op that there is not, in a file, at a place in the network."""
    said = _unmistaken(name, home, frame)
    if said is not None:
        return said
    near = did_you_mean(bare(name), [*_blocks(home), *OPS])
    if near is None and find(frame, name) is not None:
        return f"`{name}` is a node: `{{from: {name}}}` reads it, and `{{share: {name}}}` runs it again"
    return near or _LIST


def is_other_name(name: str) -> bool:
    """Whether a dotted name is that of another library's function or module for an op that there is: `torch.relu`."""
    return bare(name) in OPS or op_hint(name, None) is not None or library_of(name) is not None


def op_meant(name: str, home: Resolved, frame: Frame) -> str | None:
    """The block or op that a misspelt name surely means."""
    return surely(bare(name), [*_blocks(home), *OPS]) if _unmistaken(name, home, frame) is None else None


def _blocks(home: Resolved) -> list[str]:
    return [*(home.document.blocks or {}), *home.uses]


def _unmistaken(name: str, home: Resolved, frame: Frame) -> str | None:
    """What to do about an op that there is not, where its name is written as it is meant."""
    blocks = _blocks(home)
    if _NAME.fullmatch(name) is None:
        return _text_hint(name, frame, blocks) or _LIST
    binding = frame.env.find(name)
    if binding is not None and type(binding.value) in (str, dict):
        return f"`${name}` is what the parameter `{name}` holds"
    known = op_hint(name, _rank(frame)) if nearest(name, blocks) is None else None
    if known is not None:
        return known
    library = library_of(name)
    if library is not None:
        return f"add `use: [{library}]`, which brings the block `{bare(name)}`"
    return None


def library_of(name: str) -> str | None:
    """The block library that ships with a block of that name."""
    return _libraries().get(bare(name))


def _rank(frame: Frame) -> int | None:
    """The rank of what the node above gives."""
    first = next(iter(frame.above.outputs.values()), None)
    return None if first is None else first.type.rank


@lru_cache(maxsize=1)
def _libraries() -> Mapping[str, str]:
    """The block libraries that ship, by the names of their blocks."""
    folder = specs_folder()
    found: dict[str, str] = {}
    for path in sorted((folder / "blocks").glob("*.yaml")):
        data, _, _ = load(path.read_text("utf-8"), path.name)
        found |= dict.fromkeys(data.get("blocks", ()), f"blocks/{path.stem}")
    return found


def _text_hint(text: str, frame: Frame, blocks: Iterable[str]) -> str | None:
    """For what is no name: a comment, a call of an op, a formula."""
    bare_text = text.strip()
    if bare_text != text and (bare_text in OPS or bare_text in blocks):
        return f"write `{bare_text}` alone: there are spaces, or the end of a line, around it"
    if text.startswith("="):
        return f"a formula is the node itself, `{text}`, or stands under `value`"
    op, slashes, _ = text.partition(" //")
    if slashes and (op in OPS or op in blocks):
        return "a comment starts with `#`"
    return in_text(text) or _call_hint(text, frame, blocks) or _formula_hint(text, frame)


def _call_hint(text: str, frame: Frame, blocks: Iterable[str]) -> str | None:
    """For `nn.Conv2d(3, 64, 3)` and the like."""
    match = _CALL.fullmatch(text)
    if match is None or _reads_nodes(text, frame):
        return None
    name = bare(match[1])
    if name in OPS or name in blocks:
        return f"an op has its fields beside it: `{{op: {name}, …}}`"
    hint = op_hint(name, _rank(frame))
    return hint and f"an op has its fields beside it, `{{op: …}}`; {hint}"


def _formula_hint(text: str, frame: Frame) -> str | None:
    try:
        if not parse_formula(text, lambda path: find(frame, path) is not None).names:
            return None
    except ExpressionError as error:
        if not _reads_nodes(text, frame):
            return None
        if (op := error.call and call_hint(error.call)) is not None:
            return op
    return f"a formula starts with `=`: write `= {text.strip()}`"


def path_hint(path: str, frame: Frame) -> str | None:
    """What to do about a path that cannot be one: `layers[0]`, `a, b`, `-1`, a formula; None for one that can."""
    if _PATH.fullmatch(path):
        return None
    if (dollars := in_text(path)) is not None:
        return dollars
    if re.fullmatch(r"[\w.]+(\[\d+\]|/\w+)+", path):
        dotted = re.sub(r"\[(\d+)\]|/(\w+)", r".\1\2", path)
        return f"a path is joined by dots: `{dotted}`"
    if re.fullmatch(r"[\w.]+\[-\d+\]", path):
        return "children are counted from 0: name the last one by its own name or number"
    if re.fullmatch(r"-\d+", path):
        return "a node is read by its name; without `from` it reads the node above"
    parts = re.split(r"\s*,\s*|\s+", path)
    if len(parts) > 1 and all(map(_PATH.fullmatch, parts)):
        return f"several nodes are a list with commas: `[{', '.join(parts)}]`"
    if _reads_nodes(path, frame):
        formula = path.removeprefix("=").strip()
        return f"a formula is a node of its own: write one with `= {formula}`, and read that"
    return "a path is names and numbers joined by dots"


def _reads_nodes(text: str, frame: Frame) -> bool:
    return not set(visible(frame)).isdisjoint(re.findall(r"[A-Za-z_]\w*", text))
