"""The torch half of `archdsl.ops.divide`."""

from archdsl.ops.base import normal_dim
from archdsl.ops.divide import Chunk, Dividing, Narrow, Select, Slice, Split, TensorSplit, Unbind, from_front
from archdsl.shapes import Dim, TensorType, least
from archdsl_torch.lowering.base import Lowered, as_method, fields, lower, method
from archdsl_torch.lowering.tree import Arg, Code, Fixed, In, Range, Subscript


@lower.register
def _(op: Chunk, x: TensorType) -> Lowered:
    return _parts(op, x, method(In(0), "chunk", Arg(op.chunks, "chunks"), **fields(op, "dim")))


@lower.register
def _(op: Split, x: TensorType) -> Lowered:
    return _parts(op, x, method(In(0), "split", Arg(op.split_size, "split_size"), **fields(op, "dim")))


@lower.register
def _(op: TensorSplit, x: TensorType) -> Lowered:
    places = Arg(op.indices_or_sections, "indices_or_sections")
    return _parts(op, x, method(In(0), "tensor_split", places, **fields(op, "dim")))


@lower.register
def _(op: Unbind, x: TensorType) -> Lowered:
    return _parts(op, x, method(In(0), "unbind", Arg(op.dim, "dim")))


def _parts(op: Dividing | Unbind, x: TensorType, code: Code) -> Lowered:
    """All parts; where there is but one, that one, which the op gives as any other op gives its output."""
    return Lowered(None, code if len(op.infer(x)) > 1 else Subscript(code, (Fixed(0),)))


@lower.register
def _(op: Select, x: TensorType) -> Lowered:
    whole = (Range(),) * normal_dim(op.dim, x.rank)
    return Lowered(None, Subscript(In(0), (*whole, Arg(op.index, "index"))))


@lower.register
def _(op: Narrow, x: TensorType) -> Lowered:
    return as_method(op)


@lower.register
def _(op: Slice, x: TensorType) -> Lowered:
    dim = normal_dim(op.dim, x.rank)
    size = x.shape[dim]
    step = Arg(op.step, "step") if op.step > 1 else None
    if _sure(op, size):
        start, end = _bound(op.start, "start"), _bound(op.end, "end")
        return Lowered(None, _cut(In(0), dim, Range(start, end, step)))
    # `narrow` fails where Python's slice would quietly come out shorter than inferred
    first, last = op.bounds(size)
    narrowed = method(In(0), "narrow", Arg(dim), _bound(op.start, "start") or Arg(0), Arg(last - first))
    return Lowered(None, narrowed if step is None else _cut(narrowed, dim, Range(step=step)))


def _bound(place: Dim | None, field: str) -> Arg | None:
    return None if place is None else Arg(place, field)


def _cut(code: Code, dim: int, cut: Range) -> Code:
    return code if cut == Range() else Subscript(code, (*(Range(),) * dim, cut))


def _sure(op: Slice, size: Dim) -> bool:
    """Whether the slice has the inferred length, or nothing is left, for every size of the dimension."""
    start = 0 if op.start is None else from_front(op.start, size)
    end = size if op.end is None or _negative(op.end) else op.end
    return least(start) >= 0 and least(size - end) >= 0


def _negative(place: Dim) -> bool:
    return isinstance(place, int) and place < 0
