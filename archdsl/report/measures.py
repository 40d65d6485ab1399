"""What a summary measures: memory for a batch and a dtype, and receptive fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

from archdsl.ir.graph import Graph, Item, Mode, Node, Scope, Value
from archdsl.ir.training import own_tensors
from archdsl.measures.memory import size_of
from archdsl.ops.rules import FLOATS, SINGLE
from archdsl.report.memory import Trace, trace
from archdsl.report.receptive_fields import Fields
from archdsl.shapes import TensorType, evaluate

OPTIMISER: Final = "Adam"
STATES: Final = 2
"""How many numbers for each parameter Adam keeps: the means of its gradient and of its square."""


@dataclass(frozen=True, slots=True)
class Inference:
    """Bytes of one pass in evaluation without gradients."""

    parameters: int
    buffers: int
    activations: int
    """Of the tensors that exist at once, where they take most."""
    inputs: int

    @property
    def total(self) -> int:
        return self.parameters + self.buffers + self.activations + self.inputs


@dataclass(frozen=True, slots=True)
class Training:
    """Bytes at the end of a forward pass in training, with the gradients and the optimiser's state."""

    parameters: int
    gradients: int
    optimiser: int
    buffers: int
    activations: int
    """What autograd keeps for the backward pass, inputs among it."""

    @property
    def total(self) -> int:
        return self.parameters + self.gradients + self.optimiser + self.buffers + self.activations


@dataclass(frozen=True, slots=True)
class Memory:
    """What a network takes, in bytes."""

    batch: int | None
    """None where the file fixes it."""
    dtype: str
    inference: Inference
    training: Training

    def words(self) -> Iterator[str]:
        """Both totals with their parts, a line each, and what they are for."""
        i, t = self.inference, self.training
        yield (
            f"Inference: {in_words(i.total)} = {in_words(i.parameters)} parameters + {in_words(i.buffers)} buffers"
            f" + {in_words(i.activations)} activations + {in_words(i.inputs)} inputs"
        )
        yield (
            f"Training: {in_words(t.total)} = {in_words(t.parameters + t.gradients + t.optimiser)} parameters,"
            f" gradients, {OPTIMISER}'s state + {in_words(t.buffers)} buffers + {in_words(t.activations)} activations"
        )
        yield (
            f"Memory is for {self._batch} in {self.dtype}: a row's are the tensors that it makes,"
            " no views, nothing overwritten."
        )

    @property
    def _batch(self) -> str:
        return "the inputs' own batch" if self.batch is None else f"batch {self.batch}"

    def data(self) -> dict[str, Any]:
        """The same as JSON has it."""
        i, t = self.inference, self.training
        return {
            "batch": self.batch,
            "dtype": self.dtype,
            "inference": {**asdict(i), "total": i.total},
            "training": {
                "parameters": t.parameters, "gradients": t.gradients, "optimiser": t.optimiser,
                "optimiser_name": OPTIMISER, "buffers": t.buffers, "activations": t.activations, "total": t.total,
            },
        }  # fmt: skip


class Sums(NamedTuple):
    """What is added up over nodes."""

    parameters: int
    macs: int
    memory: int
    """Bytes of the new tensors that they make in evaluation."""


_NOTHING: Final = Sums(0, 0, 0)


class Measures:
    """What is measured of a graph at given sizes, each when it is first asked for."""

    def __init__(self, graph: Graph, sizes: Mapping[str, int], dtype: str) -> None:
        self.graph = graph
        self.sizes = sizes
        self.dtype = dtype
        self._counts: dict[Item, Sums] = {}

    def counts(self, item: Node | Scope) -> Sums:
        """Of a node, or of all nodes below a scope."""
        found = self._counts.get(item)
        if found is None:
            found = self._counts[item] = self._counted(item)
        return found

    def _counted(self, item: Node | Scope) -> Sums:
        if isinstance(item, Scope):
            below = map(self.counts, item.children.values())
            return Sums(*map(sum, zip(_NOTHING, *below, strict=True)))
        macs = 0 if item.when is Mode.TRAINING else evaluate(item.macs, self.graph.counted_sizes)
        return Sums(item.parameters, macs, self.written(item))

    def written(self, node: Node) -> int:
        """Bytes of the new tensors that a node makes in evaluation."""
        return self._evaluation.written.get(node, 0)

    def field(self, value: Value) -> str:
        """The receptive field of a value, in words."""
        return self._fields.text(value)

    @cached_property
    def memory(self) -> Memory:
        """The totals."""
        run = self.inference
        kept = trace(self.graph, self.sizes, self.dtype, training=True).kept
        trained = owned(self.graph, self.dtype, buffer=False, trained=True)
        training = Training(run.parameters, trained, STATES * trained, run.buffers, kept)
        return Memory(self._batch, self.dtype, run, training)

    @cached_property
    def inference(self) -> Inference:
        """What one pass in evaluation takes."""
        parameters, buffers = (owned(self.graph, self.dtype, buffer=kind) for kind in (False, True))
        return Inference(parameters, buffers, self._evaluation.peak, self._evaluation.inputs)

    @cached_property
    def _evaluation(self) -> Trace:
        return trace(self.graph, self.sizes, self.dtype, training=False)

    @cached_property
    def _fields(self) -> Fields:
        return Fields(self.graph, self.sizes)

    @property
    def _batch(self) -> int | None:
        return next((self.sizes[name] for name in self.graph.batch), None)


def owned(graph: Graph, dtype: str, *, buffer: bool, trained: bool = False) -> int:
    """Bytes of the parameters or buffers, shared and tied ones once, where float32 stands for `dtype`.

    `trained`: without the parameters that are frozen.
    """
    own = (weight for weight, frozen in own_tensors(graph) if weight.buffer is buffer and not (trained and frozen))
    return sum(size_of(TensorType(weight.shape, weight.dtype), dtype) for weight in own)


def at_batch(graph: Graph, batch: int | None) -> dict[str, int]:
    """The sample sizes with this batch, that of all inputs. Raises ValueError, TypeError."""
    if batch is None:
        return graph.sample_sizes
    if not hasattr(batch, "__index__"):
        raise TypeError(f"batch is a whole number, found {batch!r}")
    if batch < 1:
        raise ValueError(f"batch is at least 1, found {batch}")
    if not graph.batch:
        raise ValueError(f"`{graph.name}` has a batch of a fixed size")
    return graph.sample_sizes | dict.fromkeys(graph.batch, batch)


def check_dtype(dtype: str) -> None:
    """Raises ValueError for what is no floating dtype."""
    known = [name for name in FLOATS if name != SINGLE]
    if dtype not in known:
        raise ValueError(f"dtype is one of {', '.join(known)}, found {dtype}")


def in_words(count: int) -> str:
    """Bytes in the unit that fits: `12.2 MiB`."""
    size, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1000:
            break
        size, unit = size / 1024, larger
    return f"{count} B" if unit == "B" else f"{size:,.1f} {unit}"
