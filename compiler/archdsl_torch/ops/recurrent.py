"""The torch half of `archdsl.ops.recurrent`."""

from typing import Final

from archdsl.ops.recurrent import LSTM, Cell, LSTMCell, Recurrent
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, fields, lower
from archdsl_torch.lowering.tree import Arg, In, Many, Method, Self

_PAIRED: Final = Method(Self(), "__call__", (In(0), Many((In(1), In(2)))))
"""How a module is called that is fed two states, which it takes together."""


@lower.register
def _(op: Recurrent, x: TensorType, *state: TensorType | None) -> Lowered:
    own = [name for name in ("nonlinearity", "proj_size") if hasattr(op, name)]
    shared = ("num_layers", "bias", "batch_first", "dropout", "bidirectional")
    sizes = Arg(x.shape[-1], "input_size"), Arg(op.hidden_size, "hidden_size")
    module = call(f"nn.{type(op).__name__}", *sizes, **fields(op, *shared, *own))
    if not isinstance(op, LSTM):
        return Lowered(module, None)
    return Lowered(module, None, _PAIRED if any(state) else None, outputs=(1, 2))


@lower.register
def _(op: Cell, x: TensorType, *state: TensorType | None) -> Lowered:
    sizes = Arg(x.shape[1], "input_size"), Arg(op.hidden_size, "hidden_size")
    own = fields(op, "bias", *(name for name in ("nonlinearity",) if hasattr(op, name)))
    pair = isinstance(op, LSTMCell) and any(state)
    return Lowered(call(f"nn.{type(op).__name__}", *sizes, **own), None, _PAIRED if pair else None)
