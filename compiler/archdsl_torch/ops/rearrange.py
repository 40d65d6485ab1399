"""The torch half of `archdsl.ops.rearrange`: split, permute, merge, each left out where it does nothing.

Where at most one size is known only at run time, a step that touches several dimensions is one
`reshape` with a -1 for it; otherwise it is a chain of `unflatten` or `flatten`, which need no sizes.
"""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.ops.rearrange import Group, Plan, Rearrange
from archdsl.shapes import Dim, Shape, Symbolic, TensorType, product
from archdsl_torch.lowering import Arg, Code, In, Lowered, lower, method


@lower.register
def _(op: Rearrange, x: TensorType) -> Lowered:
    plan = op.plan(x)
    steps = _split_steps(plan.pattern.left), _merge_steps(plan.pattern.right)
    if plan.order == tuple(range(len(plan.order))) and all(steps) and _free(plan.shape):
        return Lowered(None, _reshaped(In(0), plan.shape))
    return Lowered(None, _merge(_permute(_split(In(0), plan), plan.order), plan))


def _split(code: Code, plan: Plan) -> Code:
    """One dimension for every axis."""
    groups = plan.pattern.left
    sizes = tuple(plan.sizes[axis] for axis in plan.pattern.axes)
    steps = _split_steps(groups)
    if len(steps) > 1 and _free(sizes):
        return _reshaped(code, sizes)
    for dim in reversed(steps):
        group = groups[dim]
        if group:
            code = method(code, "unflatten", Arg(dim), Arg(_spared([plan.sizes[axis] for axis in group])))
        else:
            code = method(code, "squeeze", Arg(dim))
    return code


def _permute(code: Code, order: Sequence[int]) -> Code:
    moved = [place for place, source in enumerate(order) if place != source]
    if len(moved) == 2:
        return method(code, "transpose", Arg(moved[0]), Arg(moved[1]))
    return method(code, "permute", Arg(tuple(order))) if moved else code


def _merge(code: Code, plan: Plan) -> Code:
    """One dimension for every group of the output."""
    groups = plan.pattern.right
    steps = _merge_steps(groups)
    if len(steps) > 1 and _free(plan.shape):
        return _reshaped(code, plan.shape)
    for dim in steps:
        group = groups[dim]
        if group:
            code = method(code, "flatten", Arg(dim), Arg(dim + len(group) - 1))
        else:
            code = method(code, "unsqueeze", Arg(dim))
    return code


def _split_steps(groups: Sequence[Group]) -> list[int]:
    """The dimensions that are not simply one axis."""
    return [dim for dim, group in enumerate(groups) if len(group) != 1]


_merge_steps = _split_steps


def _free(shape: Shape) -> bool:
    """Whether a `reshape` can say the shape without a size that only the run knows."""
    return sum(isinstance(size, Symbolic) for size in shape) <= 1


def _reshaped(code: Code, shape: Shape) -> Code:
    return method(code, "reshape", Arg(_spared(shape)))


def _spared(sizes: Sequence[Dim]) -> Shape:
    """The sizes with -1 for the most complicated one that only the run knows."""
    unknown = [size for size in sizes if isinstance(size, Symbolic)]
    if not unknown:
        return tuple(sizes)
    free = sizes.index(max(unknown, key=lambda size: len(str(size))))
    return (*sizes[:free], -1, *sizes[free + 1 :])
