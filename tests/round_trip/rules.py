"""What each op is in terms: those that have several forms in simpler ones, all others as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from archdsl.ops import OPS
from archdsl.ops.base import Op
from archdsl.ops.parametrized import parametrization_of
from archdsl.ops.special import Constant, Formula
from archdsl.shapes import TensorType, product
from tests.round_trip.arithmetic import cast, computed, constant, elementwise, expanded, number
from tests.round_trip.layout import part, permuted, reshaped, view, without
from tests.round_trip.sizes import Sized, resized
from tests.round_trip.terms import Term, Terms

OF_WEIGHTS: Final = frozenset((
    "out_channels", "kernel_size", "out_features", "bias", "elementwise_affine", "num_embeddings", "embedding_dim",
    "num_parameters",
))  # fmt: skip
"""Fields that say what the tensors are, which are arguments of the term."""


class Applied(NamedTuple):
    """An op of a graph, with what it is applied to."""

    terms: Terms
    op: Any
    types: Sequence[TensorType]
    """Of its outputs."""
    own: Mapping[str, Term]
    """The tensors that it has itself, by name."""


Rule: TypeAlias = "Callable[..., Term | list[Term]]"
RULES: Final[dict[str, Rule]] = {}
"""By the op's name: what becomes of it and its inputs."""


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Makes a function the rule of these ops."""

    def registered(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return registered


def settings(op: Op, without: Iterable[str] = ()) -> list[Any]:
    """The fields of an op, with what they are by default."""
    fields = {name: getattr(op, name) for name in type(op).model_fields if name not in without}
    return sorted((fields | (op.__pydantic_extra__ or {})).items())


def said(
    terms: Terms,
    op: Op,
    args: Sequence[Term | None],
    types: Sequence[TensorType],
    own: Mapping[str, Term],
    sized: Sized,
) -> list[Term]:
    """What an op gives of its inputs and its tensors, with sizes by other names."""
    if isinstance(op, Formula):
        names = {str(place): each for place, each in enumerate(args) if each is not None}
        found = computed(terms, resized(op.expression, sized), names)
        return [expanded(terms, cast(terms, found, types[0].dtype), types[0].shape)]
    op = resized(op, sized)
    if isinstance(op, Constant):
        return [constant(terms, op)]
    if op.name in RULES:
        made = RULES[op.name](Applied(terms, op, types, own), *args)
        return made if isinstance(made, list) else [made]
    return layer(Applied(terms, op, types, own), *args)


def layer(app: Applied, *args: Term | None) -> list[Term]:
    """An op as it is; tensors of its own stand where they would be fed, where it takes some."""
    app = weighed(app)
    ports = [port.name for port in app.op.ports]
    fed = "weight" in ports and {*app.own} <= {*ports}
    inputs = [app.own.get(name, term) for name, term in zip(ports, (*args, *[None] * len(ports)), strict=False)]
    given = inputs if fed else [*args, *app.own.values()]
    data = settings(app.op, OF_WEIGHTS if fed else ()) + [("tensors", (*app.own,))] * (bool(app.own) and not fed)
    if len(app.types) == 1:
        return [app.terms.make(app.op.name, app.types[0], given, data, app.op)]
    return [app.terms.make(app.op.name, type, given, [*data, place], app.op) for place, type in enumerate(app.types)]


def weighed(app: Applied) -> Applied:
    """A layer with the weight that `weight_norm` makes of its length and direction."""
    found = parametrization_of(app.op)
    if found is None or found.function != "weight_norm" or found.name != "weight":
        return app
    length, direction = (app.own[f"parametrizations.weight.original{number}"] for number in (0, 1))
    dims = tuple(dim for dim in range(len(direction.shape)) if dim != found.dim)
    norm = applied(app.terms, OPS["norm"](p=2.0, dim=dims, keepdim=found.dim is not None), direction)
    weight = elementwise(app.terms, "*", [direction, elementwise(app.terms, "/", [length, norm])])
    own = {name: term for name, term in app.own.items() if not name.startswith("parametrizations.")}
    return app._replace(op=app.op.model_copy(update={"parametrization": None}), own={"weight": weight, **own})


def applied(terms: Terms, op: Op, *args: Term | None) -> Term:
    """An op with one output and without tensors of its own."""
    type = op.infer(*(None if each is None else each.type for each in args))
    assert isinstance(type, TensorType)
    (found,) = said(terms, op, args, [type], {}, {})
    return found


def _dims(dims: Any, rank: int) -> tuple[int, ...]:
    return tuple(dim % rank for dim in (dims if isinstance(dims, tuple) else (dims,)))


# --- layout ---------------------------------------------------------------------------------------


@rule("flatten", "unflatten", "reshape", "squeeze", "unsqueeze")
def _(app: Applied, x: Term) -> Term:
    return reshaped(app.terms, x, app.types[0].shape)


@rule("identity")
def _(app: Applied, x: Term) -> Term:
    return x


@rule("permute", "transpose")
def _(app: Applied, x: Term) -> Term:
    return permuted(app.terms, x, app.op.order(len(x.shape)))


@rule("rearrange")
def _(app: Applied, x: Term) -> Term:
    plan = app.op.plan(x.type)
    return view(app.terms, x, tuple(plan.sizes[axis] for axis in plan.pattern.axes), plan.order, app.types[0].shape)


@rule("channel_shuffle")
def _(app: Applied, x: Term) -> Term:
    n, c, *rest = x.shape
    axes = (n, app.op.groups, c // app.op.groups, product(rest))
    return view(app.terms, x, axes, (0, 2, 1, 3), x.shape)


@rule("expand")
def _(app: Applied, x: Term) -> Term:
    return expanded(app.terms, x, app.types[0].shape)


@rule("chunk", "split", "tensor_split")
def _(app: Applied, x: Term) -> list[Term]:
    dim, start, found = app.op.dim % len(x.shape), 0, []
    for type in app.types:
        length = type.shape[dim]
        found.append(part(app.terms, x, dim, start, length))
        start = start + length
    return found


@rule("unbind")
def _(app: Applied, x: Term) -> list[Term]:
    return [without(app.terms, x, app.op.dim, place) for place in range(len(app.types))]


@rule("select")
def _(app: Applied, x: Term) -> Term:
    at = app.op.index
    size = x.shape[app.op.dim % len(x.shape)]
    return without(app.terms, x, app.op.dim, size + at if isinstance(at, int) and at < 0 else at)


@rule("narrow")
def _(app: Applied, x: Term) -> Term:
    dim = app.op.dim % len(x.shape)
    start = app.op.start
    start = x.shape[dim] + start if isinstance(start, int) and start < 0 else start
    return part(app.terms, x, dim, start, app.types[0].shape[dim])


@rule("slice")
def _(app: Applied, x: Term) -> Term:
    dim = app.op.dim % len(x.shape)
    start = 0 if app.op.start is None else app.op.start
    start = x.shape[dim] + start if isinstance(start, int) and start < 0 else start
    return part(app.terms, x, dim, start, app.types[0].shape[dim], app.op.step)


@rule("cat")
def _(app: Applied, *xs: Term) -> Term:
    return xs[0] if len(xs) == 1 else app.terms.make("cat", app.types[0], xs, [app.op.dim % len(app.types[0].shape)])


@rule("stack")
def _(app: Applied, *xs: Term) -> Term:
    dim = app.op.dim % len(app.types[0].shape)
    rows = [reshaped(app.terms, x, (*x.shape[:dim], 1, *x.shape[dim:])) for x in xs]
    return rows[0] if len(rows) == 1 else app.terms.make("cat", app.types[0], rows, [dim])


# --- numbers --------------------------------------------------------------------------------------


@rule("cast")
def _(app: Applied, x: Term) -> Term:
    return cast(app.terms, x, app.types[0].dtype)


@rule("where")
def _(app: Applied, *args: Term) -> Term:
    return expanded(app.terms, elementwise(app.terms, "where", args), app.types[0].shape)


@rule("masked_fill")
def _(app: Applied, x: Term, mask: Term) -> Term:
    return expanded(
        app.terms, elementwise(app.terms, "where", [mask, number(app.terms, app.op.value), x]), app.types[0].shape
    )


@rule("mean", "sum", "prod", "amax", "amin", "var", "std", "norm")
def _(app: Applied, x: Term) -> Term:
    """Kept dimensions are another shape of what goes without."""
    rank = len(x.shape)
    dims = tuple(range(rank)) if app.op.dim is None else tuple(sorted(_dims(app.op.dim, rank)))
    bare = tuple(size for place, size in enumerate(x.shape) if place not in dims)
    data = [dims, *settings(app.op, ("dim", "keepdim"))]
    alone = app.op.model_copy(
        update={"dim": dims} | ({"keepdim": False} if "keepdim" in type(app.op).model_fields else {})
    )
    found = app.terms.make(app.op.name, TensorType(bare, app.types[0].dtype), [x], data, alone)
    return reshaped(app.terms, found, app.types[0].shape)


@rule("softmax", "log_softmax", "softmin", "cumsum", "cumprod", "logcumsumexp", "glu")
def _(app: Applied, x: Term) -> Term:
    return app.terms.make(app.op.name, app.types[0], [x], [app.op.dim % len(x.shape)], app.op)


@rule(
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
)
def _(app: Applied, x: Term) -> list[Term]:
    data = [("stride", app.op.steps), *settings(app.op, ("stride",))]
    return [app.terms.make(app.op.name, type, [x], [*data, place], app.op) for place, type in enumerate(app.types)]
