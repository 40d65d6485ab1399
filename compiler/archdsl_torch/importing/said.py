"""What a call of a trace is in the language, before it has a name and a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final, TypeAlias

from archdsl.ops import OPS
from archdsl.ops.base import Op
from archdsl_torch.importing.sizes import TracedSize
from archdsl_torch.importing.tracing import TracedCall, TracedTensor

ReadTensors: TypeAlias = "dict[str, TracedTensor] | list[TracedTensor]"
"""By port, or those of a port that takes any number, and of a formula, in order."""
TiedPaths: TypeAlias = "Mapping[str, Sequence[str]]"
"""Of a tensor that several modules have all its paths, by each of them."""
_ONE_FOR_ALL: Final = frozenset(("kernel_size", "stride", "padding", "dilation", "output_size", "output_padding"))
"""Fields of which one number stands for as many as there are dimensions."""
_OF_WEIGHTS: Final = frozenset((
    "out_channels", "kernel_size", "out_features", "bias", "elementwise_affine", "num_embeddings", "embedding_dim",
    "num_parameters", "padding_idx",
))  # fmt: skip
"""Fields that a layer has no more where its weights are fed."""

_STATISTICS: Final = frozenset(("running_mean", "running_var"))
"""What of a layer is a buffer."""


class Unsaid(ValueError):
    """What no op of the language says."""


@dataclass(frozen=True)
class Said:
    """A node of the spec, without its name and the paths of what it reads."""

    op: str | None
    """None: a formula."""
    reads: ReadTensors
    fields: dict[str, Any] = field(default_factory=dict)
    formula: str = ""
    """`{0}`, `{1}`, … stand for what it reads; `{0}` alone is another name of that."""
    weights: dict[str, TracedTensor] = field(default_factory=dict)
    """What a layer has of its own, by torch's names, or reads."""
    beside: tuple[str, ...] = ()
    """What torch's layer has beside these, which no call reads in evaluation mode."""
    owns: tuple[str, ...] = ()
    """The paths of the tensors that become its own."""
    ties: dict[str, TracedTensor] = field(default_factory=dict)
    """Of its own tensors those that are another's, too, by name."""
    blank: tuple[str, ...] = ()
    """Ports at which zeros are as good as nothing."""

    @property
    def renames(self) -> bool:
        """Whether it only gives what it reads another name."""
        return self.op is None and self.formula == "{0}"

    @property
    def tensors(self) -> list[TracedTensor]:
        """What it reads, in order."""
        return [*self.reads.values()] if isinstance(self.reads, dict) else self.reads

    @property
    def declares(self) -> bool:
        """Whether it is a parameter or constant, which is never the value of its scope."""
        return self.op is not None and not OPS[self.op].ports

    @property
    def unwritten(self) -> bool:
        """Whether it is a stub."""
        return self.op is not None and OPS[self.op].unwritten

    def layer(self, path: str, groups: TiedPaths) -> Said | None:
        """As the layer that the module at `path` is: None where a weight is not that module's own, by torch's name."""
        for name, each in self.weights.items():
            own = _below(path, name)
            if own != each.owned and own not in groups.get(each.owned or "", ()):
                return None
            if each.buffer != (name in _STATISTICS):
                return None
        owns = tuple(_below(path, name) for name in (*self.weights, *self.beside))
        return replace(self, weights={}, beside=(), owns=owns)

    def fed(self) -> Said:
        """As an op that reads the weights. Raises Unsaid where it takes none."""
        if not self.weights:
            return self
        assert self.op is not None and isinstance(self.reads, dict)
        ports = {port.name for port in OPS[self.op].ports}
        if not ports.issuperset(self.weights):
            read = next((f"`{each.owned}`" for each in self.weights.values() if each.owned), "what is worked out")
            raise Unsaid(f"`{self.op}` has weights of its own, and the call takes {read} for one")
        fields = {name: value for name, value in self.fields.items() if name not in _OF_WEIGHTS}
        return Said(self.op, {**self.reads, **self.weights}, fields)


_COUNT: Final = count()
Steps: TypeAlias = "list[tuple[Said, TracedTensor]]"
"""Nodes with what they give, where a call is several."""


def between(like: TracedTensor, shape: Sequence[TracedSize] | None = None, dtype: str | None = None) -> TracedTensor:
    """A tensor that the trace does not have, of another one's shape and kind but for these."""
    return TracedTensor(
        f"{like.name}.{next(_COUNT)}", like.shape if shape is None else tuple(shape), dtype or like.dtype
    )


def other_name(tensor: TracedTensor) -> Said:
    """Another name for a tensor."""
    return Said(None, [tensor], formula="{0}")


INDICES: Final = tuple("ijklmnopqrstuvwxyz")
"""What the indices of a constant are called."""


def constant(tensor: TracedTensor, value: int | float | str, persistent: bool = False) -> Said:
    """A constant of a tensor's shape and kind; `value` is the element at the indices `i`, `j`, …. Raises Unsaid."""
    if len(tensor.shape) > len(INDICES):
        raise Unsaid(f"it has {len(tensor.shape)} dimensions")
    fields: dict[str, Any] = {"shape": [*tensor.shape]}
    if isinstance(value, str):
        fields["index"] = [*INDICES[: len(tensor.shape)]]
    fields["value"] = int(value) if isinstance(value, bool) or _is_whole(value) else value
    if tensor.dtype != "float32":
        fields["dtype"] = tensor.dtype
    return Said("constant", {}, {**fields, "persistent": True} if persistent else fields)


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer() and abs(value) < 2**53 and str(value) != "-0.0"


def alone(call: TracedCall, *names: str) -> None:
    """Demands that no other arguments than these differ from what torch takes. Raises Unsaid."""
    for name in call.names:
        if name not in names and name not in call.default and name not in call.written:
            raise Unsaid(f"the language has it with torch's default of `{name}` alone")


def number(value: Any) -> str:
    """A number or size in a formula."""
    text = str(value)
    return text if text.replace(".", "", 1).isdecimal() else f"({text})"


def short(kind: type[Op], fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as one writes them: one number for equal ones, and none that is the default."""
    found = {name: _one(value) if name in _ONE_FOR_ALL else value for name, value in fields.items()}
    specs = kind.model_fields
    return {
        name: value for name, value in found.items()
        if value not in (None, []) and (specs[name].is_required() or not _is_default(value, specs[name].default))
    }  # fmt: skip


def _below(path: str, name: str) -> str:
    return f"{path}.{name}".lstrip(".")


def _one(value: Any) -> Any:
    """One number for a list of equal ones."""
    alike = isinstance(value, list) and value and all(item == value[0] for item in value)
    return value[0] if alike else value


def _is_default(value: Any, default: Any) -> bool:
    if isinstance(default, tuple):
        return bool(value in (*default[:1], [*default]))
    return bool(value == default)
