"""What a call of a trace is in the language, before it has a name and a place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from archdsl.ops import OPS
from archdsl.ops.base import Op
from archdsl_torch.importing.tracing import TracedCall, TracedTensor

ReadTensors: TypeAlias = "dict[str, TracedTensor] | list[TracedTensor]"
"""By port, or those of a port that takes any number, and of a formula, in order."""
_ONE_FOR_ALL: Final = frozenset(("kernel_size", "stride", "padding", "dilation", "output_size", "output_padding"))
"""Fields of which one number stands for as many as there are dimensions."""


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
    owns: tuple[str, ...] = ()
    """The paths of the tensors that become its own."""

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


Saying: TypeAlias = Callable[[TracedCall, "str | None"], Said]
"""How a call is said, by the path of the module that is this call alone; None where it does more. Raises Unsaid."""


def other_name(tensor: TracedTensor) -> Said:
    """Another name for a tensor."""
    return Said(None, [tensor], formula="{0}")


def short(kind: type[Op], fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as one writes them: one number for equal ones, and none that is the default."""
    found = {name: _one(value) if name in _ONE_FOR_ALL else value for name, value in fields.items()}
    specs = kind.model_fields
    return {
        name: value for name, value in found.items()
        if value not in (None, []) and (specs[name].is_required() or not _is_default(value, specs[name].default))
    }  # fmt: skip


def _one(value: Any) -> Any:
    """One number for a list of equal ones."""
    alike = isinstance(value, list) and value and all(item == value[0] for item in value)
    return value[0] if alike else value


def _is_default(value: Any, default: Any) -> bool:
    if isinstance(default, tuple):
        return bool(value in (*default[:1], [*default]))
    return bool(value == default)
