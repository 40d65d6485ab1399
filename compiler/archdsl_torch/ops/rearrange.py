"""The torch half of `archdsl.ops.rearrange`: split, permute, merge, each left out where it does nothing.

The steps are `unflatten` and `flatten`, which need no size but those that the spec gives: one line
of code serves every input, and a size that only the run knows is never written.
"""

from collections.abc import Mapping, Sequence

from archdsl.ops.rearrange import Axes, Rearrange
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, lower, method
from archdsl_torch.lowering.tree import Arg, Code, Fixed, In, Many


@lower.register
def _(op: Rearrange, x: TensorType) -> Lowered:
    plan = op.plan(x)
    said: dict[str, Code] = {axis: Arg(size, axis) for axis, size in op.given.items()}
    said |= {axis: Fixed(size) for axis, size in plan.pattern.constants.items()}
    axes = _split(In(0), plan.pattern.left, said)
    return Lowered(None, _merge(_permute(axes, plan.order), plan.pattern.right))


def _split(code: Code, groups: Sequence[Axes], said: Mapping[str, Code]) -> Code:
    """One dimension for every axis; from the last to the first, so that the numbers stay right."""
    for dim, group in reversed(list(enumerate(groups))):
        if not group:
            code = method(code, "squeeze", Fixed(dim))
        elif len(group) > 1:
            sizes = (said.get(axis, Fixed(-1)) for axis in group)
            code = method(code, "unflatten", Fixed(dim), Many(tuple(sizes)))
    return code


def _permute(code: Code, order: Sequence[int]) -> Code:
    moved = [place for place, source in enumerate(order) if place != source]
    if len(moved) == 2:
        return method(code, "transpose", Fixed(moved[0]), Fixed(moved[1]))
    return method(code, "permute", Fixed(tuple(order))) if moved else code


def _merge(code: Code, groups: Sequence[Axes]) -> Code:
    """One dimension for every group."""
    for dim, group in enumerate(groups):
        if not group:
            code = method(code, "unsqueeze", Fixed(dim))
        elif len(group) > 1:
            code = method(code, "flatten", Fixed(dim), Fixed(dim + len(group) - 1))
    return code
