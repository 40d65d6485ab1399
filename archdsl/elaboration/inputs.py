"""The inputs of a network: symbols for its dimensions, and the sizes to draw and sample with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from archdsl.document.positions import Path
from archdsl.document.template import TemplateError
from archdsl.document.unknown import UNKNOWN
from archdsl.elaboration.blocks import is_sampled, port_spec
from archdsl.elaboration.mistakes import Mistakes, Reported, read_by, traced
from archdsl.elaboration.turns import expanded
from archdsl.expressions import Expression, ExpressionError, parse
from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn
from archdsl.ir.batch import BATCH
from archdsl.ir.graph import UNSURE, UNSURE_SIZE, Binding, Env, Node, Scope, SizeCheck, Value
from archdsl.ir.sites import Site
from archdsl.limits import MAX_INT64, current
from archdsl.ops.base import OpError
from archdsl.ops.extent import check_outputs
from archdsl.ops.special import DTYPES, InputOp
from archdsl.shapes import Dim, Symbolic, TensorType, evaluate, symbol
from archdsl.text.names import check_input_name
from archdsl.text.spelled import kind_of, quoted

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved

SAMPLES, SPATIAL, LENGTH = 1, 224, 128
"""Sizes to sample with where the file gives none: of the batch, of images, of others."""


class Declared(NamedTuple):
    """An input as it is written."""

    name: str
    shape: list[Any]
    dtype: str
    below: Any
    path: Path
    shape_path: Path
    env: Env
    """The names that its dimensions see: loop variables, parameters, and dimensions bound so far."""


def network_inputs(
    resolved: Resolved, root: Scope, sizes: Mapping[str, int], mistakes: Mistakes
) -> tuple[dict[str, Node | None], dict[str, int]]:
    """The input nodes by name, None for one that is broken, and the sample size of each symbolic dimension.

    Binds the dimensions in the root's environment. Mistakes are reported.
    """
    nodes: dict[str, Node | None] = {}
    sample = _Sizes(_by_dimension(sizes, mistakes))
    earlier: set[Dim] = set()
    for name, declared in _declared(resolved, root.env, mistakes):
        nodes[name] = None
        if declared is None:  # any name may be one of its dimensions
            root.env.names[UNSURE] = Binding(None, "broken")
            continue
        sized = [
            _sized(declared, position, item, resolved, root.env, sample, mistakes)
            for position, item in enumerate(declared.shape)
        ]
        shape = tuple(dim for dim in sized if dim is not None)
        if len(shape) < len(sized):  # it may have been meant for the name of a size
            root.env.names[UNSURE_SIZE] = Binding(None, "broken")
        with suppress(Reported):
            node = _node(declared, shape, resolved, root, sample, mistakes)
            if len(shape) == len(sized):
                root.checks += _said_before(node, earlier)
                earlier.update(node.types[0].shape)
                nodes[name] = node
    if UNSURE not in root.env.names:
        _refuse_unknown(sizes, sample, resolved, mistakes)
    return nodes, sample


def _by_dimension(sizes: Mapping[str, int], mistakes: Mistakes) -> dict[str, int]:
    """The caller's sizes by the dimension's name, whichever input they name with it: one name is one size."""
    found: dict[str, tuple[str, int]] = {}
    for key, size in sizes.items():
        name = key.rpartition(".")[2]
        other, before = found.setdefault(name, (key, size))
        if before != size:
            message = f"size `{key}` is {size}, and `{other}` is {before}"
            mistakes.add(Code.BAD_VALUE, message, None, hint=f"`{name}` is one size for all inputs that have it")
    return {name: size for name, (_, size) in found.items()}


def _refuse_unknown(sizes: Mapping[str, int], sample: _Sizes, resolved: Resolved, mistakes: Mistakes) -> None:
    unknown = [key for key in sizes if key not in sample.places]
    if unknown:
        message = f"no dimension {quoted(unknown, ' and ')} to give a size"
        hint = f"the inputs' dimensions are {quoted(sample) or 'none'}; other sizes are parameters"
        mistakes.add(Code.UNKNOWN_SIZE, message, resolved.span(("inputs",)), hint=hint)


def _said_before(node: Node, earlier: set[Dim]) -> list[SizeCheck]:
    """The dimensions of an input that an earlier one has too: only the run can compare them."""
    value = Value(node, 0, node.types[0])
    return [
        SizeCheck(value, position, dim)
        for position, dim in enumerate(node.types[0].shape)
        if isinstance(dim, Symbolic) and dim in earlier
    ]


class _Sizes(dict[str, int]):
    """The sample sizes of dimensions."""

    def __init__(self, given: Mapping[str, int]) -> None:
        super().__init__()
        self.given = given
        """The caller's."""
        self.usual: set[str] = set()
        """Those that the file says nothing about."""
        self.places: set[str] = set()
        """What a caller may call them: `H`, and `x.H` for those of an input."""


def _declared(resolved: Resolved, env: Env, mistakes: Mistakes) -> Iterator[tuple[str, Declared | None]]:
    """The inputs by name; None for one whose shape cannot be read."""
    raw = resolved.document.inputs
    if resolved.misses("inputs"):
        yield UNSURE, None
    if not raw and resolved.misses("inputs"):
        return
    if not raw:
        mistakes.add(Code.MISSING_FIELD, "a spec needs `inputs`", resolved.span(()), hint="inputs: {x: [N, 3, H, W]}")
        yield UNSURE, None
        return
    try:
        for name, value, path, names in expanded(raw, env, ("inputs",)):
            if value is UNKNOWN:
                yield name, None
                continue
            try:
                yield name, _declare(name, value, path, names)
            except TemplateError as error:
                mistakes.at_place(resolved, error.fault)
                yield name, None
    except TemplateError as error:
        mistakes.at_place(resolved, error.fault, read_by(error.fault, env))
        yield UNSURE, None
    except FollowOn:
        yield UNSURE, None


def _declare(name: str, value: Any, path: Path, env: Env) -> Declared:
    """An input as it is written. Raises TemplateError."""
    if isinstance(value, Mapping):
        shape, shape_path = value.get("shape"), (*path, "shape")
        dtype, below = value.get("dtype", "float32"), value.get("below")
    else:
        shape, shape_path, dtype, below = value, path, "float32", None
    if not isinstance(shape, list):
        raise TemplateError(
            Code.WRONG_TYPE, f"the shape of `{name}` is a list, found {kind_of(shape)}", shape_path,
            hint="write `[N, 3, H, W]`",
        )  # fmt: skip
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise TemplateError(
            Code.BAD_VALUE, f"unknown dtype `{dtype}`", (*path, "dtype"), hint=f"one of {', '.join(DTYPES)}"
        )
    if isinstance(value, Mapping) and value.get("optional"):
        raise TemplateError(
            Code.BAD_VALUE, f"`{name}` is an input of the network, which is never optional", (*path, "optional"),
            hint="only a block's inputs may be `optional`",
        )  # fmt: skip
    problem = check_input_name(name)
    if problem is not None:
        raise TemplateError(Code.BAD_NAME, problem[0], path, hint=problem[1], key=True)
    port_spec(name, shape, shape_path)
    return Declared(name, shape, dtype, below, path, shape_path, env)


def _sized(
    declared: Declared, position: int, item: Any, resolved: Resolved, env: Env, sample: _Sizes, mistakes: Mistakes
) -> Dim | None:  # fmt: skip
    """A dimension; None where its mistake has been told."""
    try:
        return _dimension(declared, position, item, resolved, env, sample, mistakes)
    except (Reported, FollowOn):
        return None


def _dimension(
    declared: Declared, position: int, item: Any, resolved: Resolved, env: Env, sample: _Sizes, mistakes: Mistakes
) -> Dim:  # fmt: skip
    path = (*declared.shape_path, position)
    text = str(item)
    name, _, default = (part.strip() for part in text.partition("=")) if is_sampled(item) else (text, "", "")
    _refuse_words(name, item, resolved, path, mistakes)
    try:
        if not (name.isidentifier() and name[0].isupper()):
            expression = parse(text)
            value: Dim = expression.evaluate(declared.env)
            _positive(value, sample, resolved, path, mistakes, (expression, declared.env))
            return value
        if name not in env.names:
            env.names[name] = Binding(symbol(name), "dim")
        _give_size(name, default, declared, position, resolved, sample, mistakes)
        dim = env[name]
        assert isinstance(dim, Symbolic)
        return dim
    except ExpressionError as error:
        if (near := f"{name[:1].upper()}{name[1:]}") != name and error.fault.unknown == name:
            error.advise(error.hint or f"a dimension that only the run knows is upper case, `{near}`")
        mistakes.at_place(resolved, error.fault.at(path), read_by(error.fault, declared.env))
        raise Reported from None


def _written(shape: Sequence[Any]) -> dict[str, Expression]:
    """The dimensions as one list of expressions, where there is more to them than numbers and names of sizes."""
    texts = [str(item).partition("=")[0].strip() if is_sampled(item) else str(item) for item in shape]
    if all(text.isdigit() or (text[:1].isupper() and text.isidentifier()) for text in texts):
        return {}
    try:
        return {"shape": parse(f"[{', '.join(texts)}]")}
    except ExpressionError:  # each has been read; together they are too long
        return {}


def _refuse_words(name: str, item: Any, resolved: Resolved, path: Path, mistakes: Mistakes) -> None:
    """Tells of what looks like a dimension and is none. Raises Reported."""
    if name == "...":
        mistakes.refuse(
            Code.BAD_VALUE, "`...` stands in a block's pattern only", resolved.span(path),
            hint="give every dimension of the network's input",
        )  # fmt: skip
    if name in ("None", "True", "False"):
        mistakes.refuse(
            Code.BAD_VALUE, f"a size is a whole number or a name, found {kind_of(item)}", resolved.span(path),
            hint="a dimension that only the run knows is upper case, `N`",
        )  # fmt: skip


def _give_size(
    name: str, default: str, declared: Declared, position: int, resolved: Resolved, sample: _Sizes, mistakes: Mistakes
) -> None:  # fmt: skip
    """Notes the size that a dimension is tried with: the caller's, the file's or the usual one. Raises Reported."""
    path = (*declared.shape_path, position)
    if name not in sample:
        sample[name] = _usual(name, position, declared.shape)
        sample.usual.add(name)
    sample.places |= {name, f"{declared.name}.{name}"}
    if name in sample.given:
        sample[name] = sample.given[name]
    elif default:
        usual = parse(default)
        size = _positive(usual.evaluate(declared.env), sample, resolved, path, mistakes, (usual, declared.env))
        if name not in sample.usual and sample[name] != size:
            mistakes.refuse(
                Code.BAD_VALUE, f"`{name}` = {size} here, and {sample[name]} before", resolved.span(path),
                hint="one name is one size: write `= size` once, or use two names",
            )  # fmt: skip
        sample[name] = size
        sample.usual.discard(name)


def _usual(name: str, position: int, shape: Sequence[Any]) -> int:
    named = any(str(item).partition("=")[0].strip() == BATCH for item in shape)
    if name == BATCH or (position == 0 and not named):
        return SAMPLES
    return SPATIAL if len(shape) >= 4 else LENGTH


def _positive(
    value: Any, sample: Mapping[str, int], resolved: Resolved, path: Path, mistakes: Mistakes,
    written: tuple[Expression, Env],
) -> int:  # fmt: skip
    """A size, at the sample sizes."""
    if isinstance(value, Symbolic):
        value = evaluate(value, sample)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        message = f"a size is a whole number of at least 1, found {value}"
        mistakes.refuse(Code.BAD_VALUE, message, resolved.span(path), notes=traced(*written).notes)
    if value > MAX_INT64:
        mistakes.refuse(Code.SIZE_ERROR, f"the size {value} is more than 2 ** 63 - 1", resolved.span(path))
    return value


def _node(
    declared: Declared, shape: tuple[Dim, ...], resolved: Resolved, root: Scope, sample: Mapping[str, int],
    mistakes: Mistakes,
) -> Node:  # fmt: skip
    below = declared.below
    if below is not None:
        path = (*declared.path, "below")
        try:
            expression = parse(str(below))
            below = expression.evaluate(declared.env)
        except ExpressionError as error:
            mistakes.at_place(resolved, error.fault.at(path), read_by(error.fault, declared.env))
            raise Reported from None
        except FollowOn:
            raise Reported from None
        below = _positive(below, sample, resolved, path, mistakes, (expression, declared.env))
    try:
        check_outputs((TensorType(tuple(evaluate(dim, sample) for dim in shape)),), f"`{declared.name}`")
    except OpError as error:
        mistakes.add(error.code, error.message, resolved.span(declared.shape_path))
        raise Reported from None
    current().spend("nodes", 1)
    op = InputOp(shape=shape, dtype=declared.dtype, below=below)  # type: ignore[arg-type]
    site = Site(*resolved.written(declared.path), fields=_written(declared.shape))
    return Node(declared.name, declared.name, root, site, root.env, op=op, inputs=(), types=(op.infer(),))
