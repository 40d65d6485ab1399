"""What the rules of several ops share: counting dimensions, broadcasting, dtypes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

from archdsl.faults.code import Code
from archdsl.ops.base import OpError, normal_dim
from archdsl.shapes import Dim, Shape, TensorType, differ, format_shape, product, remainder

DType: TypeAlias = Literal[
    "float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"
]
"""torch's name without `torch.`."""

MadeDType: TypeAlias = Literal[DType, "torch.float32"]
"""The same of a tensor that is made: `float32` is the model's floating dtype, and `torch.float32` itself."""

T = TypeVar("T")

SINGLE: Final = "torch.float32"
"""The dtype of 32 bits whatever the model's is, that of what the graph calls `float32`."""
FLOATS: Final = ("float16", "bfloat16", "float32", SINGLE, "float64")
_INTEGERS: Final = ("int8", "int16", "int32", "int64")
_ORDER: Final = ("bool", "uint8", *_INTEGERS, *FLOATS)


def promote(left: str, right: str) -> str:
    """The dtype of an elementwise result, as `torch.promote_types` has it."""
    if left == right:
        return left
    low, high = sorted((left, right), key=_ORDER.index)
    if (low, high) == ("uint8", "int8"):
        return "int16"
    if (low, high) == ("float16", "bfloat16"):
        return "float32"
    return high


TABLED: Final = (
    "make a constant of each value, `for k, v in enumerate(table): {value$k: {op: constant, shape: [], value: v}}`, "
    "and `stack` them"
)
"""How the values of a list become the elements of a tensor."""


def require_unmixed(dtypes: Sequence[str]) -> None:
    """Raises OpError (`dtype-error`) where one is the model's floating dtype and one is `torch.float32`."""
    if SINGLE in dtypes and "float32" in dtypes:
        raise OpError(
            f"float32, which is the model's dtype, meets {SINGLE}, which stays as it is", code=Code.DTYPE_ERROR,
            hint="put a `cast` before one of them",
        )  # fmt: skip


def require_float(port: str, x: TensorType, verb: str) -> None:
    """Raises OpError (`dtype-error`) unless `x` holds floating numbers."""
    if x.dtype not in FLOATS:
        raise OpError(
            f"cannot {verb} a tensor of {x.dtype}, expected floating numbers",
            code=Code.DTYPE_ERROR,
            ports=(port,),
            hint="put a `cast` to float32 before it",
        )


def require_integer(port: str, x: TensorType, allowed: Sequence[str] = ("int64", "int32")) -> None:
    """Raises OpError (`dtype-error`) unless `x` holds whole numbers that can count places."""
    if x.dtype not in allowed:
        raise OpError(
            f"`{port}` must be {' or '.join(allowed)}, not {x.dtype}", code=Code.DTYPE_ERROR, ports=(port,),
            hint=f"an input declares it, `{{shape: […], dtype: {allowed[0]}}}`; what is computed goes through `cast`",
        )  # fmt: skip


def require_same_dtype(ports: tuple[str, str], left: TensorType, right: TensorType) -> None:
    """Raises OpError (`dtype-error`) where the two dtypes differ."""
    if left.dtype != right.dtype:
        raise OpError(
            f"cannot multiply {left.dtype} by {right.dtype}: the dtypes must be equal",
            code=Code.DTYPE_ERROR,
            ports=ports,
            hint="put a `cast` before one of them",
        )


def require_rank(port: str, x: TensorType, *ranks: int) -> None:
    """Raises OpError (`rank-error`) unless `x` has one of these ranks."""
    if x.rank not in ranks:
        wanted = " or ".join(map(str, ranks))
        raise OpError(
            f"expected `{port}` of rank {wanted}, got {x} of rank {x.rank}", code=Code.RANK_ERROR, ports=(port,)
        )


def require_least_rank(port: str, x: TensorType, least: int) -> None:
    """Raises OpError (`rank-error`) where `x` has fewer than `least` dimensions."""
    if x.rank < least:
        raise OpError(
            f"expected `{port}` of rank {least} or more, got {x} of rank {x.rank}", code=Code.RANK_ERROR, ports=(port,)
        )


def normal_dims(dims: Sequence[int], rank: int, field: str) -> tuple[int, ...]:
    """The dimensions counted from the front, in the order given.

    Raises OpError (`rank-error`) for one that is out of range or written twice.
    """
    counted = tuple(normal_dim(dim, rank, field) for dim in dims)
    for i, dim in enumerate(counted):
        if dim in counted[:i]:
            raise OpError(f"{field} {list(dims)} names dimension {dim} twice", code=Code.BAD_VALUE, field=field)
    return counted


def require_distinct(dims: Sequence[int], field: str) -> None:
    """Raises OpError for a dimension that is written twice in the same way."""
    for i, dim in enumerate(dims):
        if dim in dims[:i]:
            raise OpError(f"{field} {list(dims)} names dimension {dim} twice", code=Code.BAD_VALUE, field=field)


def from_one_end(first: Dim, second: Dim) -> bool:
    """Whether two places are numbers that count from the same end: then which comes first is known."""
    return isinstance(first, int) and isinstance(second, int) and (first < 0) == (second < 0)


def listed(value: Any) -> tuple[Any, ...]:
    """A field that takes one value or several, as a tuple; None is no value."""
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def replaced(shape: tuple[T, ...], dim: int, *sizes: T) -> tuple[T, ...]:
    """`shape` with the sizes in place of its dimension `dim`, counted from the front."""
    return (*shape[:dim], *sizes, *shape[dim + 1 :])


def divides(divisor: Dim, dim: Dim) -> bool | None:
    """Whether `dim` is a multiple of `divisor`; None where only the run can tell."""
    if divisor == 0:
        return dim == 0
    unequal = differ(remainder(dim, divisor), 0)
    return None if unequal is None else not unequal


def meet(left: Dim, right: Dim) -> Dim | None:
    """The size of two that are broadcast together; None where they never fit."""
    if right in (1, left):
        return left
    if left == 1:
        return right
    if differ(left, right):
        return None
    return right if isinstance(right, int) else left


def broadcast(*shapes: Shape) -> Shape | None:
    """The shape that the shapes are broadcast to, aligned at the end; None where they do not fit."""
    rank = max(map(len, shapes), default=0)
    result: list[Dim] = [1] * rank
    for shape in shapes:
        for i, dim in enumerate(shape, start=rank - len(shape)):
            size = meet(result[i], dim)
            if size is None:
                return None
            result[i] = size
    return tuple(result)


class Pair(NamedTuple):
    """Two of several shapes, and a dimension of both that is counted from the end."""

    first: int
    second: int
    axis: int


def compared(shapes: Sequence[Shape]) -> Iterator[Pair]:
    """The dimensions of shapes that fit, broadcast together, only if they are equal: neither is a known 1."""
    for axis in range(1, max(map(len, shapes), default=0) + 1):
        wide = [(i, shape[-axis]) for i, shape in enumerate(shapes) if len(shape) >= axis and shape[-axis] != 1]
        for i, size in wide[1:]:
            if size != wide[0][1]:
                yield Pair(wide[0][0], i, -axis)


def broadcast_or_fail(verb: str, ports: tuple[str, ...], shapes: Sequence[Shape]) -> Shape:
    """`broadcast`; raises OpError that says all shapes where they do not fit."""
    shape = broadcast(*shapes)
    if shape is None:
        raise OpError(f"cannot {verb} {' and '.join(map(format_shape, shapes))}", ports=ports)
    return shape


def require_free(shape: Shape, field: str) -> None:
    """Raises OpError (`bad-value`) for a second -1 or a size below -1."""
    if shape.count(-1) > 1:
        raise OpError(f"{field} {format_list(shape)} has more than one -1", code=Code.BAD_VALUE, field=field)
    for dim in shape:
        if isinstance(dim, int) and dim < -1:
            raise OpError(f"{field} {format_list(shape)} has the size {dim}", code=Code.BAD_VALUE, field=field)


def resolve_free(shape: Shape, size: Dim, field: str, what: str) -> Shape:
    """`shape`, of which `require_free` holds, with its -1 replaced so that it holds `size` elements.

    `what` names the source. Raises OpError (`size-error`) where it cannot.
    """
    spelled = format_list(shape)
    known = product(dim for dim in shape if dim != -1)
    if -1 not in shape:
        if differ(known, size):
            raise OpError(
                f"cannot make {spelled} ({known} elements) of {what} ({size} elements)",
                code=Code.SIZE_ERROR,
                field=field,
            )
        return shape
    if known == 0 or divides(known, size) is False:
        raise OpError(
            f"cannot make {spelled} of {what}: {size} is not divisible by {known}", code=Code.SIZE_ERROR, field=field
        )
    return tuple(size // known if dim == -1 else dim for dim in shape)


def format_list(values: Sequence[object]) -> str:
    """`[N, -1, 64]`, as a spec writes it."""
    return f"[{', '.join(map(str, values))}]"


def divisors_hint(what: str, size: Dim) -> str | None:
    """Into how many equal parts a size can be split."""
    if not isinstance(size, int):
        return None
    fitting = [str(count) for count in range(1, min(size, MOST_DIVISORS) + 1) if size % count == 0]
    return f"{what} that divide {size} are {', '.join(fitting)}" + (" …" if size > MOST_DIVISORS else "")


MOST_DIVISORS = 64
"""The largest that are listed."""
