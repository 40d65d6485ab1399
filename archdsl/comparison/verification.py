"""What `archdsl.verify` returns: how a spec's network and a module agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple, final

from archdsl.text.plain_text import to_json, visible_lines

SHOWN: Final = 8
"""How many of a kind are told before the rest is counted."""
_ROUNDING: Final = 1e-4
"""Of a value's scale: smaller differences may be those of numbers with seven digits."""


@final
@dataclass(frozen=True)
class KeyMatch:
    """How the tensors of a network and of a module fit, by their names in the `state_dict`."""

    matched: int = 0
    """Those that both have, in one shape."""
    missing: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """The module's tensors that the network has not, with their shapes."""
    unexpected: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """The network's tensors that the module has not."""
    reshaped: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)
    """The network's tensors of another shape, with both: the network's, the module's."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """The module's names that the spec's `weights` or `was` knows, with the network's."""
    likely: Mapping[str, str] = field(default_factory=dict)
    """Of the missing ones: the unexpected one that is most likely meant."""

    @property
    def same(self) -> bool:
        return not (self.missing or self.unexpected or self.reshaped)


class Deviation(NamedTuple):
    """A value that differs."""

    name: str
    """What it is the value of: an output, the gradient of a tensor, a buffer after a step of training."""
    size: float | None
    """The largest difference, as part of the module's largest value; None where shapes differ, or it is no number."""
    why: str = ""
    """What else is wrong."""


class ValueSummary(NamedTuple):
    """One side of a value that differs."""

    shape: tuple[int, ...]
    mean: float
    deviation: float
    """The standard deviation."""
    there: float
    """The number where both sides are furthest apart."""


@final
@dataclass(frozen=True)
class FirstDifference:
    """The first value, in running order, that differs."""

    part: str
    """`output` of the module at the path, or `input`: what reaches it."""
    path: str
    """In the network; empty for the network itself."""
    place: str
    """The line of the spec, as `file:line`; empty where nothing is written for it."""
    kind: str
    """What runs there in the spec's network."""
    module_path: str
    module_kind: str
    """What runs there in the module."""
    size: float | None
    index: tuple[int, ...]
    """Where both sides are furthest apart."""
    network: ValueSummary
    module: ValueSummary
    between: tuple[str, ...] = ()
    """What the spec computes since the values that are the same, node by node."""
    module_between: tuple[str, ...] = ()
    """What modules alone the other side has run since then."""
    training: bool = False
    """Whether it differs in training mode only."""


@final
@dataclass(frozen=True)
class Verification:
    """Whether a spec's network is a module; `print` it. It is true where both are the same, as an `assert` reads it."""

    network: str
    other: str
    """What the module is called."""
    keys: KeyMatch
    outputs: tuple[Deviation, ...] = ()
    gradients: tuple[Deviation, ...] = ()
    """Where the outputs are the same."""
    trained: tuple[Deviation, ...] = ()
    """Outputs, gradients and buffers of a pass in training mode, where the others are the same."""
    largest: float | None = None
    """The largest difference of any output, as part of its largest value; None where nothing ran."""
    training: str = ""
    """Why nothing was compared in training mode; empty where it was."""
    remarks: tuple[str, ...] = ()
    first: FirstDifference | None = None

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return self.keys.same and not (self.outputs or self.gradients or self.trained)

    def __bool__(self) -> bool:
        return self.same

    def __str__(self) -> str:
        return visible_lines("\n".join(_lines(self)))

    def data(self) -> dict[str, Any]:
        """Everything as plain data, as `docs/verify.md` describes it."""
        named = {name: [each._asdict() for each in getattr(self, name)] for name in ("outputs", "gradients", "trained")}
        first = None if self.first is None else asdict(self.first) | {
            side: getattr(self.first, side)._asdict() for side in ("network", "module")
        }  # fmt: skip
        return {
            "same": self.same, "network": self.network, "module": self.other, "keys": asdict(self.keys), **named,
            "largest": self.largest, "training": self.training, "remarks": [*self.remarks], "first": first,
        }  # fmt: skip

    def json(self) -> str:
        """The same as JSON text."""
        return to_json(self.data(), indent=2) + "\n"


def _lines(found: Verification) -> Iterator[str]:
    verdict = "is" if found.same else "differs from"
    yield f"{found.network} {verdict} {found.other}"
    yield from _keys(found.keys)
    if not found.keys.same:
        yield "  values: not compared, since tensors have no other side"
        return
    yield from _values("outputs", found.outputs, f"the same, within {found.largest or 0:.1g} of the largest value")
    if not found.outputs:
        yield from _values("gradients", found.gradients, "the same")
    if not (found.outputs or found.gradients):
        yield from _values("training mode", found.trained, found.training or "the same")
    yield from (f"  note: {remark}" for remark in found.remarks)
    if found.first is not None:
        yield from _first(found.first)


def _keys(keys: KeyMatch) -> Iterator[str]:
    renamed = f", {len(keys.renamed)} renamed" if keys.renamed else ""
    yield f"  keys and shapes: {keys.matched} the same{renamed}"
    missing = [
        f"{key} {_shape(shape)}" + (f": is it `{keys.likely[key]}`?" if key in keys.likely else "")
        for key, shape in keys.missing.items()
    ]
    yield from _listed("only the module has", missing)
    meant = {*keys.likely.values()}
    others = [f"{key} {_shape(shape)}" for key, shape in keys.unexpected.items() if key not in meant]
    yield from _listed("only the spec has", others)
    yield from _listed(
        "of another shape",
        [f"{key}: {_shape(ours)} in the spec, {_shape(theirs)} in the module"
         for key, (ours, theirs) in keys.reshaped.items()],
    )  # fmt: skip


def _values(title: str, found: tuple[Deviation, ...], same: str) -> Iterator[str]:
    if not found:
        yield f"  {title}: {same}"
        return
    yield from _listed(f"{title}: not the same", [f"{each.name}: {_said(each)}" for each in found], indent=2)


def _said(each: Deviation) -> str:
    return each.why or f"differs by {part(each.size)}"


def part(size: float | None) -> str:
    """How much a difference is of a value."""
    if size is None:
        return "no number"
    return f"{size:.3g} times its largest value" if size > 1 else f"{100 * size:.2g} % of its largest value"


def _listed(title: str, lines: list[str], indent: int = 4) -> Iterator[str]:
    if not lines:
        return
    yield f"{' ' * indent}{title}"
    shown = lines if len(lines) <= SHOWN + 1 else [*lines[:SHOWN], f"and {len(lines) - SHOWN} more"]
    yield from (f"{' ' * indent}  {line}" for line in shown)


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a number"


def _first(first: FirstDifference) -> Iterator[str]:
    where = f"`{first.path}`" if first.path else "the network"
    head = f"the output of {where}" if first.part == "output" else f"what reaches {where}"
    mode = ", in training mode" if first.training else ""
    yield f"  first difference: {head}{f' ({first.place})' if first.place else ''}{mode}"
    yield f"    the spec    {first.kind}"
    there = f" at `{first.module_path}`" if first.module_path != first.path else ""
    yield f"    the module  {first.module_kind}{there}"
    if first.between:
        yield f"    since what is the same, the spec computes {', '.join(first.between)}"
    elif first.part == "input":
        yield "    since what is the same, the spec computes nothing"
    if first.module_between:
        yield f"    and the module has run {', '.join(first.module_between)}"
    if first.network.shape != first.module.shape:
        yield f"    {_shape(first.network.shape)} in the spec, {_shape(first.module.shape)} in the module"
        return
    yield f"    it differs by {part(first.size)}, most at {[*first.index]}"
    for side, values in (("the spec", first.network), ("the module", first.module)):
        yield f"    {side:<10}  {values.there:.7g} there; mean {values.mean:.4g}, deviation {values.deviation:.4g}"
    if first.size is not None and first.size < _ROUNDING:
        yield "    so small a difference may be one side's rounding: does it compute in float32?"
