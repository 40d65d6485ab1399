"""What a mask that no input of the network reaches does to attention: `causal`, `masked`, `+ relative position bias`.

The words come from what the mask is: some of its elements are computed, and learned tensors count as 0 there.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence, Set
from functools import cached_property
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from archdsl.ir.graph import Node, Value
from archdsl.measures.elements import FormulasAtSizes, Sought, UnknownElementError, element
from archdsl.measures.memory import Sizes
from archdsl.ops.base import Number, Op, OpError, at_sizes
from archdsl.ops.special import Constant, Parameter
from archdsl.shapes import Shape, evaluate
from archdsl.words.quantities import SPACE

if TYPE_CHECKING:
    from archdsl.figure.flow import Flow

LONG: Final = 8192
"""Masks are looked at for sequences of this length, so that a window is not as long as all that is seen."""
NEVER: Final = -1e9
"""What is added to hide a key is this or less."""
SELDOM: Final = -99.0
"""Or this, in a mask that has no more than `LEVELS` different elements: published networks add -100."""
LEVELS: Final = 3
MOST_READ: Final = 60
"""The most elements that are computed for one of a mask."""
PLACES: Final = 400
"""The most places of a constant that are looked at."""

RELATIVE: Final = "relative position bias"


class MaskWords(NamedTuple):
    """What a mask does."""

    hides: str = ""
    """`causal`, `causal, window 512` or `masked`; `masked at larger sizes` where nothing is hidden at those drawn."""
    adds: str = ""
    """`relative position bias` or `bias`."""

    @property
    def brief(self) -> str:
        """What is hidden, without what differs between the layers of one network."""
        return self.hides.partition(",")[0] if not self.hides.startswith(_MASKED) else ""


_MASKED: Final = "masked"
LARGER: Final = f"{SPACE}at larger sizes"


def mask_words(flow: Flow, value: Value, true_hides: bool) -> MaskWords:
    """What a mask does, or scores with a mask in them: the nodes that move count as 0."""
    added = added_words(flow, value)
    mask = _Mask(value, {name: max(size, LONG) for name, size in flow.sizes.items()}, true_hides, flow.static)
    if not mask.patterns:
        return MaskWords("", added)
    try:
        hides = mask.hides()
        if hides and not mask.at(flow.sizes).hides_ends():
            hides += LARGER
        steady = None if added else mask.is_steady()
    except UnknownElementError:
        return MaskWords(_MASKED if mask.has_pattern() else "", added)
    return MaskWords(hides, added if steady is None else RELATIVE if steady else "bias")


def mask_key(flow: Flow, value: Value, true_hides: bool) -> Hashable:
    """Equal for masks that are made alike."""
    nodes = list(_cone(value.node, flow.static))
    place = {node: i for i, node in enumerate(nodes)}
    given = [tuple((place.get(each.node), each.output) for each in node.inputs if each is not None) for node in nodes]
    return true_hides, value.output, tuple(node.op for node in nodes), tuple(node.types for node in nodes), tuple(given)


def added_words(flow: Flow, value: Value) -> str:
    """The bias of a mask that is made of learned tensors, perhaps beside what moves: relative where pairs of positions
    share its rows."""
    cone = [node for node in _cone(value.node, flow.static) if node in flow.static]
    if flow.learned.isdisjoint(cone):
        return ""
    return RELATIVE if any(_shares_rows(node, flow.sizes) for node in cone) else "bias"


def _shares_rows(node: Node, sizes: Mapping[str, int]) -> bool:
    """Whether it looks up more rows of a table than that has."""
    types = [value.type if value is not None else None for value in node.inputs]
    try:
        for place, rows in node.op.indexed(*types).items():
            given = types[place]
            if given is not None and evaluate(rows, sizes) < prod(_numbers(given.shape, sizes)):
                return True
    except KeyError:
        return False
    return False


def _cone(top: Node, static: Set[Node], *, rows: bool = True) -> Iterator[Node]:
    """The static nodes that a node is made of, and itself; or without what says which rows of a table are looked up."""
    seen = {top}
    waiting = [top]
    while waiting:
        node = waiting.pop()
        yield node
        if not rows and _looks_up(node):
            continue
        sources = ({value.node for value in node.inputs if value is not None} & static) - seen
        seen |= sources
        waiting += sources


def _numbers(shape: Shape, sizes: Mapping[str, int]) -> Sizes:
    return tuple(evaluate(dim, sizes) for dim in shape)


def _some(size: int) -> list[int]:
    """Some places along a dimension: both ends and the middle, each with its neighbours."""
    return sorted({at for at in (0, 1, 2, size // 2, size // 2 + 1, size - 2, size - 1) if 0 <= at < size})


def _few(size: int) -> list[int]:
    """Both ends and the middle."""
    return sorted({0, size // 2, size - 1})


class _Mask:
    """Elements of a mask, for queries and keys in its last two dimensions."""

    def __init__(self, value: Value, sizes: Mapping[str, int], true_hides: bool, static: Set[Node]) -> None:
        self._value = value
        self._sizes = sizes
        self._formulas = FormulasAtSizes(sizes)
        self._true_hides = true_hides
        self._static = static
        self._known: dict[Node, tuple[Op, list[Value], list[Sizes], Sizes]] = {}
        self._found: dict[tuple[Node, Sizes], tuple[Number, int]] = {}
        """By node and place the element, and how many others were read for it."""
        self._never = NEVER
        self._left = 0
        self.patterns = [node for node in _cone(value.node, static, rows=False) if isinstance(node.op, Constant)]

    def at(self, sizes: Mapping[str, int]) -> _Mask:
        """The same at other sizes."""
        other = _Mask(self._value, sizes, self._true_hides, self._static)
        other._never = self._never
        return other

    def hides(self) -> str:
        """Which keys a query does not see. Raises UnknownElementError."""
        hidden: dict[Sizes, bool] = {}
        corners = self._corners()
        stretches = [self._pairs(corners[0], _few), *(self._pairs(corner) for corner in corners)]
        for pairs in stretches:  # a few places tell most masks that have no name
            levels = {self._at(pair) for pair in (*hidden, *pairs)}
            self._never = SELDOM if self._value.type.dtype != "bool" and len(levels) <= LEVELS else NEVER
            hidden = {pair: self._hides(pair) for pair in (*hidden, *pairs)}
            if any(hidden.values()) and not all(gone for (*_, t, u), gone in hidden.items() if u > t):
                return _MASKED
        if not any(hidden.values()):
            return ""
        if not any(gone for (*_, t, u), gone in hidden.items() if u <= t):
            return "causal"
        return self._window(list(hidden)[-1])

    def hides_ends(self) -> bool:
        """Whether a query at one end does not see the key at the other. Raises UnknownElementError."""
        rows, columns = self._shape[-2:]
        ends = ((0, columns - 1), (rows - 1, 0))
        return any(self._hides((*corner, *end)) for corner in self._corners() for end in ends)

    def _window(self, last: Sizes) -> str:
        """`causal, window 512`, where each query sees the same number of keys. Raises UnknownElementError."""
        *ahead, t, _ = last
        low, high = 0, t
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self._hides((*ahead, t, t - middle - 1)) else (middle + 1, high)
        seen = low + 1
        banded = all(self._hides(pair) != (0 <= pair[-2] - pair[-1] < seen) for pair in self._all_pairs())
        return f"causal, window {seen}" if banded else _MASKED

    def is_steady(self) -> bool | None:
        """Whether what is added depends on the distance alone; None where nothing is. Raises UnknownElementError."""
        if self._value.type.dtype == "bool":
            return None
        found = {pair: self._at(pair) for pair in self._all_pairs() if not self._hides(pair)}
        if len(set(found.values())) <= 1:
            return None
        rows, columns = self._shape[-2:]
        inner = [pair for pair in found if pair[-2] + 1 < rows and pair[-1] + 1 < columns]
        nexts = {pair: self._at((*pair[:-2], pair[-2] + 1, pair[-1] + 1)) for pair in inner}
        return all(abs(found[pair] - other) <= 1e-6 * abs(other) for pair, other in nexts.items())

    def has_pattern(self) -> bool:
        """Whether something that hides is among what the mask is made of."""
        return any(map(self._may_hide, self.patterns))

    def _may_hide(self, node: Node) -> bool:
        if node.types[0].dtype == "bool":
            return True
        try:
            shape = _numbers(node.types[0].shape, self._sizes)
            places = product(*(_some(size) for size in shape))
            return any(
                self._of_constant(node, place) <= SELDOM for place, _ in zip(places, range(PLACES), strict=False)
            )
        except (UnknownElementError, KeyError):
            return False

    def _of_constant(self, node: Node, place: Sizes) -> Number:
        self._left = MOST_READ
        return self._read(node, place)

    @cached_property
    def _shape(self) -> Sizes:
        try:
            shape = _numbers(self._value.type.shape, self._sizes)
        except KeyError as error:
            raise UnknownElementError from error
        if len(shape) < 2:
            raise UnknownElementError
        return shape

    def _corners(self) -> list[Sizes]:
        """The last head and window, of which a mask for the ends of a map hides most, and the first."""
        ahead = self._shape[:-2]
        return list(dict.fromkeys((tuple(size - 1 for size in ahead), (0,) * len(ahead))))

    def _pairs(self, corner: Sizes, places: Callable[[int], Sequence[int]] = _some) -> list[Sizes]:
        """Some places of a head and window."""
        rows, columns = self._shape[-2:]
        return [(*corner, t, u) for t in places(rows) for u in places(columns)]

    def _all_pairs(self) -> list[Sizes]:
        return [pair for corner in self._corners() for pair in self._pairs(corner)]

    def _hides(self, place: Sizes) -> bool:
        found = self._at(place)
        if self._value.type.dtype == "bool":
            return bool(found) is self._true_hides
        return found <= self._never

    def _at(self, place: Sizes) -> Number:
        self._left = MOST_READ
        return self._of(self._value, place)

    def _of(self, value: Value, place: Sizes) -> Number:
        moves = value.weight is not None or value.node not in self._static
        return 0.0 if moves and value is not self._value else self._read(value.node, place)

    def _read(self, node: Node, place: Sizes) -> Number:
        if (found := self._found.get((node, place))) is None:
            left = self._left
            found = self._computed(node, place), left - self._left
            self._found[node, place] = found
        else:
            self._spend(found[1])
        return found[0]

    def _spend(self, reads: int) -> None:
        self._left -= reads
        if self._left < 0:
            raise UnknownElementError

    def _computed(self, node: Node, place: Sizes) -> Number:
        self._spend(1)
        if isinstance(node.op, Parameter) or (node.tensors and not isinstance(node.op, Constant)) or _looks_up(node):
            return 0.0
        try:
            op, given, shapes, shape = self._sized(node)
            sought = Sought(place, shape, shapes, lambda i, at: self._of(given[i], at), self._formulas)
            return element(op, sought)
        except (KeyError, OpError) as error:
            raise UnknownElementError from error

    def _sized(self, node: Node) -> tuple[Op, list[Value], list[Sizes], Sizes]:
        """The op, what it reads, the shapes of that, and its own. Raises KeyError."""
        if node not in self._known:
            given = [value for value in node.inputs if value is not None]
            shapes = [_numbers(value.type.shape, self._sizes) for value in given]
            self._known[node] = (
                at_sizes(node.op, self._sizes),
                given,
                shapes,
                _numbers(node.types[0].shape, self._sizes),
            )
        return self._known[node]


def _looks_up(node: Node) -> bool:
    return bool(node.op.indexed(*(value.type if value is not None else None for value in node.inputs)))
