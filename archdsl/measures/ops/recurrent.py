"""Recurrent layers: all steps at once."""

from collections.abc import Sequence
from typing import Any

from archdsl.measures import fields
from archdsl.measures.memory import Kept, Placed, Sizes, elements
from archdsl.measures.rules import keeps, sees
from archdsl.ops.recurrent import GRU, RNN, Cell, GRUCell, LSTMCell, Recurrent
from archdsl.shapes import TensorType


@keeps.register
def _steps(op: Recurrent, made: Sequence[TensorType], x: Placed, *state: Any) -> Kept:
    """The input, of each layer the gates and states of every step, and what the next layer reads, with its mask of
    dropout."""
    steps = (x.shape[0], x.shape[1], op.directions)
    states = elements((*steps, op.num_layers, op.gates + op.states, op.hidden_size))
    further = elements((*steps, op.num_layers - 1, op.out_features))
    return Kept((0,), more=(states, *((further,) * (2 if op.dropout else 1))))


@keeps.register
def _(op: RNN, made: Sequence[TensorType], x: Placed, start: Placed | None = None) -> Kept:
    """Also what it starts from, zeros where nothing is fed; of a batch that comes first a copy for each direction."""
    steps = _steps(op, made, x)
    zeros = elements((op.num_layers * op.directions, x.shape[0 if op.batch_first else 1], op.hidden_size))
    started = (zeros,) if start is None else ()
    return Kept((0,) if start is None else (0, 1), more=(*steps.more, *_again(op, x), *started))


@keeps.register
def _(op: GRU, made: Sequence[TensorType], x: Placed, *state: Any) -> Kept:
    """Of a batch that comes first also a copy for each direction."""
    steps = _steps(op, made, x)
    return Kept(steps.inputs, more=(*steps.more, *_again(op, x)))


def _again(op: Recurrent, x: Placed) -> tuple[TensorType, ...]:
    return (x.type,) if op.batch_first and op.bidirectional and min(x.shape[:2]) > 1 else ()


@sees.register
def _(op: Recurrent, made: Sequence[Sizes], *inputs: Any) -> tuple[fields.Field, ...]:
    """Every step sees all steps before it."""
    return tuple(fields.everything(shape, inputs) for shape in made)


@keeps.register
def _(op: Cell, made: Sequence[TensorType], x: Placed, h_0: Placed | None = None) -> Kept:
    """What is multiplied, zeros where no state is fed, and the next state."""
    return Kept(_fed(x, h_0), (0,), () if h_0 is not None else (made[0],))


@keeps.register
def _(op: LSTMCell, made: Sequence[TensorType], x: Placed, *state: Placed | None) -> Kept:
    """What is multiplied, the one tensor of zeros where no states are fed, the gates, and tanh of the next cell."""
    zeros = () if any(state) else (made[0],)
    return Kept(_fed(x, *state), more=(*zeros, *(made[0],) * (op.gates + 1)))


@keeps.register
def _(op: GRUCell, made: Sequence[TensorType], x: Placed, h_0: Placed | None = None) -> Kept:
    """What is multiplied, the gates, what the update weighs, and of the products with the state the last."""
    zeros = () if h_0 is not None else (made[0],)
    return Kept(_fed(x, h_0), more=(*zeros, *(made[0],) * (op.gates + 3)))


def _fed(*inputs: Placed | None) -> tuple[int, ...]:
    return tuple(place for place, each in enumerate(inputs) if each is not None)


@sees.register
def _(op: Cell, made: Sequence[Sizes], *inputs: Any) -> tuple[fields.Field, ...]:
    read = [fields.contracted(x, 1, op.hidden_size) for x in inputs if x is not None]
    return (fields.elementwise(made[0], read),) * len(made)
