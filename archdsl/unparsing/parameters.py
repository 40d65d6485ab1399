"""The parameters of a block: what its instances differ in, where nothing else says it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from archdsl.expressions import tree as trees
from archdsl.expressions.printer import to_text
from archdsl.expressions.tree import Tree, literal_of
from archdsl.expressions.walking import substitute
from archdsl.shapes import Shape, Symbolic
from archdsl.text.alike import same
from archdsl.unparsing.draft import DraftValue
from archdsl.unparsing.grouping import BlockGroup, snake
from archdsl.unparsing.holes import ABSENT, BlockHole
from archdsl.unparsing.sizes import KnownName
from archdsl.unparsing.solving import Solver
from archdsl.unparsing.text_tree import SpecBlock, rewrite

_AXES: Final = {1: "C", 2: "NC", 3: "NTC", 4: "NCHW", 5: "NCDHW"}
RESERVED: Final = frozenset((
    "if", "else", "from", "when", "share", "let", "tie", "init", "nodes", "order", "trainable", "note", "was", "op",
    "value", "input", "body", "over", "carry", "capture", "collect", "steps", "dim", "reverse", "pi", "inf",
))  # fmt: skip
"""No parameter can be called so, or would be told from a key."""


def parametrise(group: BlockGroup, block: SpecBlock) -> None:
    """Declares a block's inputs and parameters, and fills its holes."""
    block.inputs, sizes = _patterns(group)
    solver = Solver(sizes)
    heads = {child.name.partition(".")[0] for scope in group.first.scopes() for child in scope.children}
    taken = {*heads, *block.inputs, *RESERVED}
    fillings: dict[str, Tree] = {}
    arguments: dict[str, list[Any]] = {}
    for holes in _alike(group.holes.found):
        wanted = _joined(holes)
        tree = solver.filled(wanted)
        if tree is None:
            name = _name(holes[0], taken)
            values = _settled(wanted)
            arguments[name], tree = values, trees.Name(name)
            group.params[name] = _declared(values)
            solver.params.append(KnownName(tree, tuple(values)))
        fillings |= {hole.name: tree for hole in holes}
    for place, instance in enumerate(group.instances):
        group.arguments[instance] = {name: values[place] for name, values in arguments.items()}
    block.params = dict(group.params)
    rewrite(block.body.rows, lambda value: _filled(value, fillings))


def _alike(holes: Iterable[BlockHole]) -> list[list[BlockHole]]:
    """Holes that have one value in every instance."""
    found: list[list[BlockHole]] = []
    for hole in holes:
        for known in found:
            if known[0].text == hole.text and all(_fit(each.values, hole.values) for each in known):
                known.append(hole)
                break
        else:
            found.append([hole])
    return found


def _fit(one: list[Any], two: list[Any]) -> bool:
    return all(a is ABSENT or b is ABSENT or same(a, b) for a, b in zip(one, two, strict=True))


def _joined(holes: list[BlockHole]) -> list[Any]:
    columns = zip(*(hole.values for hole in holes), strict=True)
    return [next((value for value in column if value is not ABSENT), ABSENT) for column in columns]


def _settled(values: list[Any]) -> list[Any]:
    """A value for each instance: where none is asked for, the most frequent one."""
    there = [value for value in values if value is not ABSENT]
    usual = Counter(map(repr, there)).most_common(1)[0][0]
    filling = next(value for value in there if repr(value) == usual)
    return [filling if value is ABSENT else value for value in values]


def _declared(values: list[Any]) -> Tree | str | dict[str, Any]:
    """A type; or a default, where most instances have one."""
    usual, times = Counter(map(repr, values)).most_common(1)[0]
    default = next(value for value in values if repr(value) == usual)
    kind = _kind(values)
    if None in values:
        return {"type": kind, "default": literal_of(None)}
    plain = not isinstance(default, Symbolic | tuple) and (times * 2 > len(values) or isinstance(default, bool))
    return (default if isinstance(default, str) else literal_of(default)) if plain else kind


def _kind(values: list[Any]) -> str:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return "bool"
    if kinds <= {int, Symbolic}:
        return "int"
    if kinds <= {int, float, Symbolic}:
        return "number"
    return "text" if kinds == {str} else "any"


def _name(hole: BlockHole, taken: set[str]) -> str:
    node, key = hole.hint
    if key == "has":
        key = f"has_{snake(node) or 'item_' + node}"
    options = [key, f"{snake(node)}_{key}" if snake(node) else f"{key}_{node}", *(f"{key}_{n}" for n in range(2, 999))]
    name = next(each for each in options if each not in taken and re.fullmatch(r"[a-z_]\w*", each))
    taken.add(name)
    return name


# --- dimensions ------------------------------------------------------------------------------------


def shape_of(value: DraftValue) -> Shape:
    if value.weight is not None:
        return value.node.tensors[value.weight].shape
    return value.node.types[value.output].shape


def _patterns(group: BlockGroup) -> tuple[dict[str, Any], list[KnownName]]:
    """The patterns of a block's inputs, and the dimensions that these name."""
    inputs: dict[str, Any] = {}
    known: dict[str, tuple[Any, ...]] = {}
    given = [group.given(instance) for instance in group.instances]
    for port in group.ports.values():
        values = [each.get(port) for each in given]
        shapes = [shape_of(value) for value in values if value is not None]
        optional = len(shapes) < len(values)
        pattern = ["..."] if optional or len({*map(len, shapes)}) > 1 else _pattern(shapes, known)
        inputs[port] = {"shape": pattern, "optional": literal_of(True)} if optional else pattern
    return inputs, [KnownName(trees.Name(name), values) for name, values in known.items()]


def _pattern(shapes: list[Shape], known: dict[str, tuple[Any, ...]]) -> list[str]:
    """A name for each dimension: the same for equal ones."""
    pattern: list[str] = []
    for place, letter in enumerate(_letters(shapes)):
        values = tuple(shape[place] for shape in shapes)
        options = [letter, *(f"{letter}{n}" for n in range(2, 99))]
        equal = [name for name, each in known.items() if each == values and name[0] == letter[0]]
        name = next(iter(equal), None) or next(each for each in options if each not in known)
        known[name] = values
        pattern.append(name)
    return pattern


def _letters(shapes: list[Shape]) -> list[str]:
    rank = len(shapes[0])
    numeric = [all(isinstance(shape[place], int) for shape in shapes) for place in range(rank)]
    if rank == 4 and ((numeric[3] and not numeric[1]) or _is_last_apart(shapes)):
        return [*"NHWC"]
    if rank == 3 and numeric[1] and not numeric[2]:
        return [*"NCT"]
    return [*_AXES[rank]] if rank in _AXES else [f"D{place}" for place in range(rank)]


def _is_last_apart(shapes: list[Shape]) -> bool:
    """Whether the two in the middle go together: height and width, before the channels."""
    middle = all(shape[1] == shape[2] for shape in shapes)
    return middle and any(shape[2] != shape[3] for shape in shapes) and len({shape[1:] for shape in shapes}) > 1


# --- filling ---------------------------------------------------------------------------------------


def _filled(value: Any, fillings: Mapping[str, Tree]) -> Any:
    if isinstance(value, str):
        return spelled(fillings[value]) if value in fillings else value
    return substitute(value, fillings)


def spelled(tree: Tree) -> str:
    """An expression in a text."""
    return f"${tree.name}" if isinstance(tree, trees.Name) else f"$({to_text(tree)})"
