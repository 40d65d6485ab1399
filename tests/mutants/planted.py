"""Mistakes planted in shipped specs, up to eight at once: how many of them are told in one run, and what else is.

`python -m tests.mutants 2000 --seed 1` tries that many files and prints the rates by kind.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from archdsl.diagnostics.diagnostic import Diagnostic
from tests.mutants.sites import (
    NodeSite,
    Place,
    Spec,
    errors,
    fields,
    is_primitive,
    nodes,
    op_of,
    op_place,
    required,
    shipped,
    words,
)

MOST = 8
"""The mistakes of one file."""


class Plant(NamedTuple):
    """One mistake: the text between two offsets replaced."""

    kind: str
    start: int
    end: int
    text: str
    lines: tuple[int, int]
    """The lines on which it may be told."""


Planter = Callable[[Spec, NodeSite, random.Random], "Plant | None"]


def misspelt(name: str) -> str:
    """A name that nothing has."""
    middle = max(1, len(name) // 2)
    return f"{name[:middle]}q{name[middle:]}"


def _plant(spec: Spec, kind: str, node: Place, span: Any, text: str) -> Plant:
    start, end = spec.cut(span)
    around = spec.source.value(node)
    key = spec.source.key(node)
    return Plant(kind, start, end, text, (min(key.line, around.line), around.end_line))


def of_a_key(spec: Spec, kind: str, place: Place, text: str) -> Plant:
    """Another key."""
    return _plant(spec, kind, place, spec.source.key(place), text)


def op_name(spec: Spec, node: NodeSite, draw: random.Random) -> Plant | None:
    """The op or block is misspelt."""
    op = op_of(node)
    if op is None:
        return None
    kind = "op" if is_primitive(spec, node) else "block"
    return _plant(spec, kind, op_place(node), spec.source.value(op_place(node)), misspelt(op))


def field_name(spec: Spec, node: NodeSite, draw: random.Random) -> Plant | None:
    """A field of an op, or an argument of a block, is misspelt."""
    known = [key for key in fields(node) if op_of(node) and key.isidentifier()]
    if not known or op_of(node) in ("scan", "rearrange", "einsum"):
        return None
    key = draw.choice(known)
    kind = "field" if is_primitive(spec, node) else "argument"
    return _plant(spec, kind, node.place, spec.source.key((*node.place, key)), misspelt(key))


def field_type(spec: Spec, node: NodeSite, draw: random.Random) -> Plant | None:
    """A whole number that is none."""
    if not is_primitive(spec, node):
        return None
    counted = ("out_channels", "kernel_size", "out_features", "stride", "num_heads", "output_size", "dilation")
    known = [key for key, value in fields(node).items() if key in counted and type(value) is int]
    if not known:
        return None
    place = (*node.place, draw.choice(known))
    return _plant(spec, "type", place, spec.source.value(place), "2.5")


def word(spec: Spec, node: NodeSite, draw: random.Random) -> Plant | None:
    """A word of those that a field takes is misspelt."""
    if not is_primitive(spec, node):
        return None
    op = op_of(node)
    known = [key for key, value in fields(node).items() if isinstance(value, str) and value in words(op or "", key)]
    if not known:
        return None
    place = (*node.place, draw.choice(known))
    return _plant(spec, "word", place, spec.source.value(place), misspelt(fields(node)[place[-1]]))


def missing(spec: Spec, node: NodeSite, draw: random.Random) -> Plant | None:
    """A field that an op must have is not there."""
    if not is_primitive(spec, node) or not spec.source.flow(node.place):
        return None
    known = [key for key in fields(node) if required(op_of(node) or "", key)]
    if not known:
        return None
    key = draw.choice(known)
    start, _ = spec.cut(spec.source.key((*node.place, key)))
    _, end = spec.cut(spec.source.value((*node.place, key)))
    start = spec.text.rindex(",", 0, start) if spec.text[:start].rstrip().endswith(",") else start
    return Plant("missing", start, end, "", _lines(spec, node.place))


def path(spec: Spec, node: NodeSite, draw: random.Random) -> Plant | None:
    """A path under `from` leads nowhere."""
    raw = node.value.get("from") if isinstance(node.value, dict) else None
    steps: Any = raw if isinstance(raw, dict) else range(len(raw)) if isinstance(raw, list) else None
    at = (*node.place, "from")
    places: list[Place] = [] if raw is None else [at] if steps is None else [(*at, step) for step in steps]
    known = [place for place in places if re.fullmatch(r"[a-z]\w*", str(_at(spec, place)))]
    if not known:
        return None
    place = draw.choice(known)
    return _plant(spec, "path", place, spec.source.value(place), misspelt(str(_at(spec, place))))


def port(spec: Spec, node: NodeSite, draw: random.Random) -> Plant | None:
    """A port under `from` is misspelt."""
    raw = node.value.get("from") if isinstance(node.value, dict) else None
    if not isinstance(raw, dict) or any(" " in key for key in raw):
        return None
    place = (*node.place, "from", draw.choice([*raw]))
    return _plant(spec, "port", (*node.place, "from"), spec.source.key(place), misspelt(str(place[-1])))


def _expressions(spec: Spec, node: NodeSite) -> list[Place]:
    """Fields of ops that are expressions with a name in them."""
    if not is_primitive(spec, node):
        return []
    op = op_of(node)
    return [
        (*node.place, key)
        for key, value in fields(node).items()
        if isinstance(value, str)
        and value not in words(op or "", key)
        and key in _COUNTED
        and re.search("[a-z]", value)
    ]


_COUNTED = (
    "out_channels", "kernel_size", "out_features", "stride", "padding", "groups", "num_heads", "shape", "p", "eps",
    "num_embeddings", "embedding_dim", "hidden_size", "num_groups",
)  # fmt: skip


def name(spec: Spec, node: NodeSite, draw: random.Random) -> Plant | None:
    """A name in an expression means nothing."""
    known = _expressions(spec, node)
    if not known:
        return None
    place = draw.choice(known)
    found = draw.choice([*re.finditer(r"[a-z_]\w*(?!\w*\s*\()", str(_at(spec, place)))] or [None])
    if found is None or found[0] in ("if", "else", "and", "or", "not", "in", "for", "is"):
        return None
    start, _ = spec.cut(spec.source.within(place, found.start(), found.end()))
    return Plant("name", start, start + len(found[0]), misspelt(found[0]), _lines(spec, place))


def syntax(spec: Spec, node: NodeSite, draw: random.Random) -> Plant | None:
    """An expression that cannot be read."""
    known = _expressions(spec, node)
    if not known:
        return None
    place = draw.choice(known)
    _, end = spec.cut(spec.source.within(place, 0, len(str(_at(spec, place)))))
    return Plant("syntax", end, end, draw.choice((" +", " 3", " *")), _lines(spec, place))


def formula(spec: Spec, node: NodeSite, draw: random.Random) -> Plant | None:
    """A formula reads a node that there is not, or cannot be read."""
    if not isinstance(node.value, str) or not node.value.startswith("="):
        return None
    found = draw.choice([*re.finditer(r"(?<![\w.])[a-z_]\w*(?![\w.]*\()", node.value)] or [None])
    if found is None or found[0] in ("if", "else", "and", "or", "not"):
        return None
    start, _ = spec.cut(spec.source.within(node.place, found.start(), found.end()))
    if draw.random() < 0.3:
        return Plant("formula syntax", start, start, "* ", _lines(spec, node.place))
    return Plant("formula", start, start + len(found[0]), misspelt(found[0]), _lines(spec, node.place))


def condition(spec: Spec, node: NodeSite, draw: random.Random) -> Plant | None:
    """A name in an `if` means nothing."""
    raw = node.value.get("if") if isinstance(node.value, dict) else None
    found = re.match(r"[a-z]\w*", str(raw)) if raw is not None else None
    if found is None or found[0] in ("not", "true", "false"):
        return None
    start, _ = spec.cut(spec.source.within((*node.place, "if"), 0, found.end()))
    return Plant("if", start, start + found.end(), misspelt(found[0]), _lines(spec, (*node.place, "if")))


def bracket(spec: Spec, node: NodeSite, draw: random.Random) -> Plant | None:
    """A bracket that nobody closes, one too many, or an expression with brackets in brackets."""
    span = spec.source.value(node.place)
    if not isinstance(node.value, dict) or not spec.source.flow(node.place) or span.line != span.end_line:
        return None
    if spec.source.key(node.place).line != span.line:
        return None
    start, end = spec.cut(span)
    way = draw.choice(("open", "closed", "index"))
    whole = span.line, span.line
    counted = [key for key, value in fields(node).items() if type(value) is int]
    if way == "index" and counted:
        first, last = spec.cut(spec.source.value((*node.place, counted[0])))
        return Plant("index", first, last, f"[{spec.text[first:last]}, 2][0]", whole)
    if way == "closed" and "," in spec.text[start:end]:
        return Plant("closed", spec.text.index(",", start), spec.text.index(",", start), "]", whole)
    return Plant("open", end - 1, end, "", whole)


def _lines(spec: Spec, place: Place) -> tuple[int, int]:
    span, key = spec.source.value(place), spec.source.key(place)
    return min(span.line, key.line), span.end_line


def _at(spec: Spec, place: Place) -> Any:
    value: Any = spec.data
    for step in place:
        value = value[step]
    return value


AT_NODES: tuple[Planter, ...] = (
    op_name, field_name, field_type, word, missing, path, port, name, syntax, formula, condition, bracket,
)  # fmt: skip


def of_the_file(spec: Spec, draw: random.Random) -> Iterator[Plant]:
    """Mistakes that are not a node's: unknown keys, outputs, initialisers, patches."""
    last = spec.text.count("\n") + 1
    if spec.text.endswith("\n"):
        yield Plant("top-level key", len(spec.text), len(spec.text), "paramz: {}\n", (last, last))
    outputs = spec.data.get("outputs")
    for step in outputs if isinstance(outputs, dict) else range(len(outputs)) if isinstance(outputs, list) else ():
        place = ("outputs", step)
        if re.fullmatch(r"[a-z]\w*", str(_at(spec, place))):
            yield _plant(spec, "output", place, spec.source.value(place), misspelt(str(_at(spec, place))))
    for key, raw in spec.data.get("init", {}).items():
        for tensor in raw if isinstance(raw, dict) else ():
            place = ("init", key, tensor)
            found = re.match(r"[a-z_]+", str(raw[tensor]))
            if found is not None:
                start, _ = spec.cut(spec.source.within(place, 0, found.end()))
                yield Plant("init", start, start + found.end(), misspelt(found[0]), _lines(spec, place))
    for key in spec.data.get("patch", {}):
        place = ("patch", key)
        head, _, rest = key.rpartition(".")
        if (head and spec.data["patch"][key] is None) or not isinstance(spec.data["patch"][key], dict):
            yield _plant(spec, "patch", place, spec.source.key(place), f"{head}.{misspelt(rest)}")
    yield from of_blocks(spec, draw)
    for name_, shape in spec.data.get("inputs", {}).items():
        if isinstance(shape, list) and not name_.startswith("for "):
            place = ("inputs", name_, len(shape) - 1)
            yield _plant(spec, "input size", place, spec.source.value(place), "nowhere")


def of_blocks(spec: Spec, draw: random.Random) -> Iterator[Plant]:
    """Mistakes in the tables of blocks: types and defaults of parameters, derived values, the sizes of inputs."""
    for name_, block in spec.data.get("blocks", {}).items():
        for key, raw in block.get("params", {}).items():
            place: Place = ("blocks", name_, "params", key)
            if type(raw) is int:
                yield _plant(spec, "default", place, spec.source.value(place), "{type: int, default: nowhere}")
            elif raw == "int":
                yield _plant(spec, "type", place, spec.source.value(place), "{type: intq, default: 1}")
        for key, raw in block.get("let", {}).items():
            place = ("blocks", name_, "let", key)
            found = re.search(r"\b[a-z_]\w*\b(?!\()", str(raw))
            if found is not None and found[0] not in ("if", "else", "not"):
                start, _ = spec.cut(spec.source.within(place, found.start(), found.end()))
                yield Plant("let", start, start + len(found[0]), misspelt(found[0]), _lines(spec, place))
        for port_, shape in (block.get("inputs") or {}).items():
            last = str(shape[-1]) if isinstance(shape, list) else "..."
            if "..." not in shape and "$" not in port_ and len(re.findall(rf"\b{re.escape(last)}\b", str(block))) == 1:
                place = ("blocks", name_, "inputs", port_, len(shape) - 1)
                yield _plant(spec, "port size", place, spec.source.value(place), "nowhere + 1")


def drawn(spec: Spec, draw: random.Random, most: int) -> list[Plant]:
    """Mistakes at different lines, in the order of the text."""
    plants = [*of_the_file(spec, draw)]
    sites = [*nodes(spec)]
    for _ in range(4 * most):
        plant = draw.choice(AT_NODES)(spec, draw.choice(sites), draw)
        plants += [] if plant is None else [plant]
    draw.shuffle(plants)
    chosen: list[Plant] = []
    for plant in plants:
        if len(chosen) < most and all(apart(plant, other) for other in chosen) and is_told(spec, plant):
            chosen.append(plant)
    return sorted(chosen, key=lambda plant: plant.start)


def apart(one: Plant, other: Plant) -> bool:
    """Whether two mistakes have no line in common."""
    return one.lines[1] < other.lines[0] or other.lines[1] < one.lines[0]


def changed(spec: Spec, plants: list[Plant]) -> str:
    """The text with all mistakes."""
    text = spec.text
    for plant in sorted(plants, key=lambda plant: -plant.start):
        text = text[: plant.start] + plant.text + text[plant.end :]
    return text


@lru_cache(maxsize=100_000)
def _alone(path: Path, plant: Plant) -> bool:
    spec = next(spec for spec in shipped() if spec.path == path)
    return bool(errors(spec, changed(spec, [plant])))


def is_told(spec: Spec, plant: Plant) -> bool:
    """Whether it is a mistake by itself: a node that is left out is not looked at."""
    return _alone(spec.path, plant)


class Outcome(NamedTuple):
    """What was told of one file."""

    spec: Spec
    plants: list[Plant]
    told: list[Plant]
    others: list[Diagnostic]
    """What was told besides: at other lines, or a second time."""


def outcome(spec: Spec, plants: list[Plant]) -> Outcome:
    """Analyses the changed text once."""
    left, told, others = [*plants], [], []
    for found in errors(spec, changed(spec, plants)):
        line = found.span.line if found.span is not None else 0
        met = next((plant for plant in left if plant.lines[0] <= line <= plant.lines[1]), None)
        if met is None:
            others.append(found)
        else:
            left.remove(met)
            told.append(met)
    return Outcome(spec, plants, told, others)


def outcomes(seed: str, count: int) -> Iterator[Outcome]:
    """The outcomes of files drawn from a seed."""
    draw = random.Random(seed)
    for _ in range(count):
        spec = draw.choice(shipped())
        plants = drawn(spec, draw, draw.randint(2, MOST))
        if plants:
            yield outcome(spec, plants)
