"""`einsum`: products of any number of tensors, summed over named indices."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Final, NamedTuple, TypeAlias, final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.limits import MAX_NOTATION
from archdsl.ops.base import Kind, Op, OpError, Port, read_by
from archdsl.ops.rules import meet, require_same_dtype
from archdsl.shapes import Dim, TensorType, differ, product

Labels: TypeAlias = tuple[str, ...]
"""An index per dimension: a letter, or `...`, or, once the ranks are known, `...0`, `...1`, …"""

_SIDE: Final = re.compile(r"([A-Za-z]|\.\.\.)")


class Equation(NamedTuple):
    """The indices of every operand and of the result."""

    operands: tuple[Labels, ...]
    result: Labels


@lru_cache(maxsize=4096)
def parse(text: str) -> Equation:
    """The equation that the text says. Raises ValueError, in words for the user."""
    if len(text) > MAX_NOTATION:
        raise ValueError(f"expected at most {MAX_NOTATION:,} characters, found {len(text):,}")
    left, arrow, right = text.partition("->")
    operands = tuple(_labels(operand) for operand in left.split(","))
    seen = [label for operand in operands for label in operand]
    if not arrow:
        once = sorted({label for label in seen if seen.count(label) == 1 and label != "..."})
        return Equation(operands, (*(("...",) if "..." in seen else ()), *once))
    result = _labels(right)
    for place, label in enumerate(result):
        if label in result[:place]:
            raise ValueError(f"index `{label}` stands twice in the result of `{text}`")
        if label not in seen and label != "...":
            raise ValueError(f"index `{label}` of the result is in no operand of `{text}`")
    return Equation(operands, result)


def _labels(text: str) -> Labels:
    labels = tuple(_SIDE.findall(text))
    if "".join(labels) != "".join(text.split()):
        raise ValueError(f"cannot read `{text.strip()}` in the equation: an index is one letter")
    if labels.count("...") > 1:
        raise ValueError(f"`{text.strip()}` has `...` twice")
    return labels


@final
class Einsum(Op):
    """Multiplies tensors and sums over indices: `b h t d, b h s d -> b h t s`.

    An index is one letter; those that are not in the result are summed over. `...` stands for
    dimensions that broadcast, of which each operand may have another number.
    """

    name = "einsum"
    kind = Kind.LINEAR
    ports = (Port("operands", variadic=True),)

    equation: Annotated[str, read_by(parse), Field(description="the indices of each operand and of the result")]

    def infer(self, *operands: TensorType) -> TensorType:
        equation = self.spread(operands)
        for place, x in enumerate(operands):
            require_same_dtype(("0", str(place)), operands[0], x)
        sizes = _sizes(equation, operands)
        return operands[0].with_shape(sizes[label] for label in equation.result)

    def macs(self, *operands: TensorType) -> Dim:
        """Pairs of operands are contracted from the left, as torch does it.

        A product that sums over nothing is elementwise and counts as 0, as it does in torch.
        """
        total: Dim = 0
        for macs, _ in self.products(operands):
            total = total + macs
        return total

    def products(self, operands: tuple[TensorType, ...]) -> Iterator[tuple[Dim, dict[str, Dim]]]:
        """The MACs of each product of two, and the sizes that it makes by index."""
        equation = self.spread(operands)
        terms = [
            {label: dim for label, dim in zip(labels, x.shape, strict=True) if dim != 1}
            for labels, x in zip(equation.operands, operands, strict=True)
        ]
        while len(terms) > 1:
            first, second, *rest = terms
            kept = {*equation.result, *(label for term in rest for label in term)}
            macs, made = _contract(first, second, kept)
            yield macs, made
            terms = [made, *rest]

    def spread(self, operands: tuple[TensorType, ...]) -> Equation:
        """The equation with a label for every dimension of its operands. Raises OpError."""
        equation = parse(self.equation)
        if len(operands) != len(equation.operands):
            raise OpError(
                f"the equation has {len(equation.operands)} operands, but {len(operands)} are fed",
                code=Code.BAD_VALUE,
                field="equation",
            )
        spread = []
        longest = 0
        for place, (labels, x) in enumerate(zip(equation.operands, operands, strict=True)):
            more = x.rank - len(labels) + labels.count("...")
            if more < 0 or (more and "..." not in labels):
                raise OpError(
                    f"`{' '.join(labels)}` has {len(labels)} indices, but {x} has rank {x.rank}",
                    code=Code.RANK_ERROR,
                    ports=(str(place),),
                    field="equation",
                )
            longest = max(longest, more)
            spread.append(_fill(labels, more))
        return Equation(tuple(spread), _fill(equation.result, longest))


def _fill(labels: Labels, count: int) -> Labels:
    """`...` replaced by as many labels, counted from the end, where dimensions broadcast."""
    if "..." not in labels:
        return labels
    at = labels.index("...")
    return (*labels[:at], *(f"...{i}" for i in reversed(range(count))), *labels[at + 1 :])


def _sizes(equation: Equation, operands: tuple[TensorType, ...]) -> dict[str, Dim]:
    """The size of every index. Raises OpError where two dimensions of one index differ."""
    sizes: dict[str, Dim] = {}
    source: dict[str, int] = {}
    for place, (labels, x) in enumerate(zip(equation.operands, operands, strict=True)):
        own: dict[str, Dim] = {}
        for label, dim in zip(labels, x.shape, strict=True):
            if differ(own.setdefault(label, dim), dim):  # of one tensor, torch broadcasts no diagonal
                raise _unequal(label, (own[label], place, x), (dim, place, x))
            size = meet(sizes.get(label, 1), dim)
            if size is None:
                raise _unequal(label, (sizes[label], source[label], operands[source[label]]), (dim, place, x))
            if label not in sizes or sizes[label] == 1:
                source[label] = place
            sizes[label] = size
    return sizes


def _unequal(label: str, *found: tuple[Dim, int, TensorType]) -> OpError:
    said = " and ".join(f"{size} in {x}" for size, _, x in found)
    return OpError(f"{_spell(label)} is {said}", ports=tuple(str(place) for _, place, _ in found), field="equation")


def _spell(label: str) -> str:
    return "`...`" if label.startswith("...") else f"index `{label}`"


def _contract(first: dict[str, Dim], second: dict[str, Dim], kept: set[str]) -> tuple[Dim, dict[str, Dim]]:
    """The MACs of one product of two, and what it makes.

    An index that only one of the two has, and that nobody needs, is summed away beforehand.
    """
    alone = first.keys() ^ second.keys()
    sizes = {label: size for label, size in (first | second).items() if label in kept or label not in alone}
    made = {label: size for label, size in sizes.items() if label in kept}
    return product(sizes.values()) if len(made) < len(sizes) else 0, made
