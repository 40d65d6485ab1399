"""An op at inputs of given types: what its rules say, and whether torch could take it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple, NoReturn, TypeAlias

from archdsl.faults.code import Code
from archdsl.faults.fault import FollowOn
from archdsl.limits import Limits
from archdsl.ops.base import Op, OpError, PackageError, R, Weight, at_sizes, of_package
from archdsl.ops.extent import check_outputs, check_tensors
from archdsl.ops.parametrized import parametrized
from archdsl.ops.rules import compared, require_unmixed
from archdsl.ops.special import Formula
from archdsl.shapes import Dim, Shape, Symbolic, TensorType, evaluate, format_shape

Types: TypeAlias = tuple[TensorType | None, ...]
"""By port, None where nothing is fed."""
SizeItems: TypeAlias = tuple[tuple[str, int], ...]
"""The size of each name."""


class Sample(NamedTuple):
    """What decides, beside an op and its inputs, whether it can run."""

    sizes: SizeItems
    limits: Limits
    """Which the ops' rules look up: how many outputs and layers there may be."""


class _Unknown:
    """An input of which nothing is known: what would look at it has nothing to say."""

    def __getattr__(self, name: str) -> NoReturn:
        raise FollowOn


class _AnyField(_Unknown):
    """A field of which nothing is known: what is computed with it is not known either, and what asks says nothing.

    Whether it is equal to something is answered one way, and then the other.
    """

    def __init__(self, equal: bool) -> None:
        self._equal = equal

    def __eq__(self, other: object) -> bool:
        return self._equal

    def __ne__(self, other: object) -> bool:
        return not self._equal

    def __hash__(self) -> int:
        raise FollowOn

    def _asked(self, *_: object) -> NoReturn:
        raise FollowOn

    def _computed(self, *_: object) -> _AnyField:
        return self

    __bool__ = __len__ = __iter__ = __getitem__ = __contains__ = __call__ = __str__ = __format__ = _asked
    __lt__ = __le__ = __gt__ = __ge__ = __int__ = __float__ = __index__ = _asked
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __floordiv__ = __rfloordiv__ = _computed
    __truediv__ = __rtruediv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __neg__ = _computed


class Applied(NamedTuple):
    """What a node of an op has, for inputs of given types."""

    types: tuple[TensorType, ...]
    names: tuple[str, ...]
    tensors: Mapping[str, Weight]
    macs: Dim


def apply(op: Op, types: Types) -> Applied:
    """What an op's rules say; raises OpError."""
    require_unmixed([x.dtype for x in types if x is not None])
    return _of_package(op, types) if "." in op.name else _applied(op, types)


def _of_package(op: Op, types: Types) -> Applied:
    """The same of an op of an installed package, whose rules may be wrong. Raises OpError."""
    made = _guarded(op, _applied, op, types)
    wrong = [f"`infer` gives {each!r:.60}, no type of a tensor" for each in made.types if type(each) is not TensorType]
    wrong += [f"`tensors` has {each!r:.60}, no weight" for each in made.tensors.values() if type(each) is not Weight]
    wrong += [] if isinstance(made.macs, int | Symbolic) else [f"`macs` gives {made.macs!r:.60}, no number"]
    if wrong:
        raise OpError(f"the package of `{op.name}` fails: {wrong[0]}", code=Code.UNKNOWN_OP)
    return made


def _guarded(op: Op, rule: Callable[..., R], *given: Any) -> R:
    """What the code of an op's package says. Raises OpError where it fails."""
    try:
        return of_package(op.name, rule, *given)
    except PackageError as error:
        raise OpError(error.message, code=error.code) from error


def _applied(op: Op, types: Types) -> Applied:
    result = op.infer(*types)
    outputs = result if isinstance(result, tuple) else (result,)
    names = op.output_names(len(outputs)) if isinstance(result, tuple) else ("output",)
    return Applied(outputs, names, parametrized(op, op.tensors(*types)), op.macs(*types))


@lru_cache(maxsize=8192)
def apply_at(op: Op, types: Types, sample: Sample) -> Applied:
    """The same, where torch can take the op at the sample sizes too. Raises OpError, and KeyError as `dim_at`.

    The rules are pure: a process that asks again is given the same.
    """
    sizes = sample.sizes
    applied = apply(op, types)
    sampled = tuple([None if t is None else _type_at(t, sizes) for t in types])
    outputs = [_type_at(t, sizes) for t in applied.types]
    check_outputs(outputs)
    if applied.tensors:
        check_tensors(applied.tensors)
    here = at_sizes(op, dict(sizes))
    if here is not op or sampled != types:
        _infer(here, sampled)
    if isinstance(op, Formula):
        _check_compared([t.shape for t in types if t is not None], [t.shape for t in sampled if t is not None])
    for found in outputs:
        if found.shape and min(found.shape) < 1:  # type: ignore[operator, type-var]
            raise OpError(f"the output would be {found}: a size below 1", code=Code.SIZE_ERROR)
    return applied


def check_alone(op: Op, fed: Sequence[bool | None]) -> None:
    """Raises OpError for what is wrong with an op whatever its inputs are.

    `fed` says of each port whether something feeds it, None where that is unknown too.
    """
    inputs = [(_Unknown(), None) if each is None else (_Unknown() if each else None,) for each in fed]
    first, *others = [_error(op, given) for given in product(*inputs)]
    if first is not None and all(other is not None and other.fault == first.fault for other in others):
        raise first


def check_inputs(op: Op, types: Types, unsure: Iterable[str]) -> None:
    """Raises OpError for what is wrong with the inputs of an op whatever the `unsure` fields are."""
    require_unmixed([x.dtype for x in types if x is not None])
    first, second = (
        _error(op.model_copy(update=dict.fromkeys(unsure, _AnyField(equal))), types) for equal in (False, True)
    )
    if first is not None and second is not None and first.fault == second.fault:
        raise first


def _error(op: Op, inputs: tuple[Any, ...]) -> OpError | None:
    try:
        _infer(op, inputs)
    except FollowOn:
        return None
    except OpError as error:
        return error
    return None


def _infer(op: Op, types: tuple[Any, ...]) -> None:
    """Raises OpError where an op does not take its inputs."""
    if "." in op.name:
        _guarded(op, op.infer, *types)
    else:
        op.infer(*types)


def dim_at(dim: Dim, sizes: SizeItems) -> int:
    """A dimension at the sample sizes. Raises KeyError for a name without one."""
    return evaluate(dim, dict(sizes))


@lru_cache(maxsize=8192)
def _type_at(type_: TensorType, sizes: SizeItems) -> TensorType:
    return TensorType(tuple([dim if type(dim) is int else dim_at(dim, sizes) for dim in type_.shape]), type_.dtype)


def _check_compared(shapes: list[Shape], sampled: list[Shape]) -> None:
    """A size that only happens to be 1 is compared when the model runs, and not broadcast. Raises OpError."""
    for first, second, axis in compared(shapes):
        here, there = sampled[first][axis], sampled[second][axis]
        if here != there:
            raise OpError(
                f"cannot combine {format_shape(shapes[first])} and {format_shape(shapes[second])}: "
                f"{shapes[first][axis]} and {shapes[second][axis]} are {here} and {there} at the sample sizes",
                code=Code.SHAPE_MISMATCH, ports=(str(first), str(second)),
            )  # fmt: skip
