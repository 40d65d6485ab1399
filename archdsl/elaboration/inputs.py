"""The inputs of a network: symbols for its dimensions, and the sizes to draw and sample with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from archdsl.document import kind_of
from archdsl.elaboration.blocks import is_sampled, port_spec
from archdsl.elaboration.loops import expanded
from archdsl.elaboration.mistakes import Mistakes
from archdsl.expressions import ExpressionError, parse
from archdsl.graph import Binding, Env, Node, Scope
from archdsl.ops.special import DTYPES, InputOp
from archdsl.shapes import Dim, Symbolic, symbol
from archdsl.template import NodeTemplate, TemplateError

if TYPE_CHECKING:
    from archdsl.inherit import Resolved

BATCH, SPATIAL, LENGTH = 1, 224, 128
"""Sizes to sample with where the file gives none: the first dimension, those of images, others."""

Path = tuple[Any, ...]


class Declared(NamedTuple):
    """An input as it is written."""

    name: str
    shape: list[Any]
    dtype: str
    below: Any
    path: Path
    shape_path: Path


def network_inputs(
    resolved: Resolved, root: Scope, sizes: Mapping[str, int], mistakes: Mistakes
) -> tuple[dict[str, Node], dict[str, int]]:
    """The input nodes by name, and the sample size of each symbolic dimension.

    Binds the dimensions in the root's environment. Mistakes are reported; their inputs left out.
    """
    nodes: dict[str, Node] = {}
    sample: dict[str, int] = {}
    for declared in _declared(resolved, root.env, mistakes):
        try:
            shape = tuple(
                _dimension(declared, position, item, resolved, root.env, sample, sizes, mistakes)
                for position, item in enumerate(declared.shape)
            )
        except _Bad:
            continue
        nodes[declared.name] = _node(declared, shape, resolved, root)
    unknown = [key for key in sizes if key.rpartition(".")[2] not in sample]
    for key in unknown:
        listed = ", ".join(f"`{name}`" for name in sample) or "none"
        mistakes.add("unknown-size", f"no dimension `{key}` to give a size", resolved.span(("inputs",)),
                     hint=f"the inputs' dimensions are {listed}; other sizes are parameters")  # fmt: skip
    return nodes, sample


class _Bad(Exception):
    """Reported already."""


def _declared(resolved: Resolved, env: Env, mistakes: Mistakes) -> list[Declared]:
    raw = resolved.document.inputs
    if not raw:
        mistakes.add("missing-field", "a spec needs `inputs`", resolved.span(()), hint="inputs: {x: [N, 3, H, W]}")
        return []
    found: list[Declared] = []
    try:
        for name, value, path, _ in expanded(raw, env, ("inputs",)):
            if isinstance(value, Mapping):
                shape, shape_path = value.get("shape"), (*path, "shape")
                dtype, below = value.get("dtype", "float32"), value.get("below")
            else:
                shape, shape_path, dtype, below = value, path, "float32", None
            if not isinstance(shape, list):
                raise TemplateError(
                    "wrong-type", f"the shape of `{name}` is a list, found {kind_of(shape)}", shape_path,
                    hint="write `[N, 3, H, W]`",
                )  # fmt: skip
            if dtype not in DTYPES:
                raise TemplateError(
                    "bad-value", f"unknown dtype `{dtype}`", (*path, "dtype"), hint=f"one of {', '.join(DTYPES)}"
                )
            port_spec(name, shape, shape_path)
            found.append(Declared(name, shape, dtype, below, path, shape_path))
    except TemplateError as error:
        mistakes.template(resolved, error)
    except ExpressionError as error:
        mistakes.expression(resolved, ("inputs",), error, "")
    return found


def _dimension(
    declared: Declared, position: int, item: Any, resolved: Resolved, env: Env, sample: dict[str, int],
    sizes: Mapping[str, int], mistakes: Mistakes,
) -> Dim:  # fmt: skip
    path = (*declared.shape_path, position)
    text = str(item)
    name, _, default = (part.strip() for part in text.partition("=")) if is_sampled(item) else (text, "", "")
    if name == "...":
        mistakes.add("bad-value", "`...` stands in a block's pattern only", resolved.span(path),
                     hint="give every dimension of the network's input")  # fmt: skip
        raise _Bad
    try:
        if not (name.isidentifier() and name[0].isupper()):
            return _positive(parse(text).evaluate(env), resolved, path, mistakes)
        if name not in env.names:
            env.names[name] = Binding(symbol(name), "dim")
        given = sizes.get(f"{declared.name}.{name}", sizes.get(name))
        if given is not None:
            sample[name] = given
        elif default:
            sample[name] = _positive(parse(default).evaluate(env), resolved, path, mistakes)
        else:
            sample.setdefault(name, _usual(position, len(declared.shape)))
        dim = env[name]
        assert isinstance(dim, Symbolic)
        return dim
    except ExpressionError as error:
        mistakes.expression(resolved, path, error, "")
        raise _Bad from None


def _usual(position: int, rank: int) -> int:
    if position == 0:
        return BATCH
    return SPATIAL if rank >= 4 else LENGTH


def _positive(value: Any, resolved: Resolved, path: Path, mistakes: Mistakes) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        mistakes.add("bad-value", f"a size is a whole number of at least 1, found {value}", resolved.span(path))
        raise _Bad
    return value


def _node(declared: Declared, shape: tuple[Dim, ...], resolved: Resolved, root: Scope) -> Node:
    below = declared.below
    if isinstance(below, str):
        below = parse(below).evaluate(root.env)
    op = InputOp(shape=shape, dtype=declared.dtype, below=below)  # type: ignore[arg-type]
    template = NodeTemplate(resolved, declared.path)
    return Node(declared.name, declared.name, root, template, root.env, op=op, inputs=(), types=(op.infer(),))
