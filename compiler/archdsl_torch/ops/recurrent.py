"""The torch half of `archdsl.ops.recurrent`."""

from archdsl.ops.recurrent import GRU, LSTM, RNN, Cell, LSTMCell, Recurrent
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, fields, lower
from archdsl_torch.lowering.tree import Arg, Call, In, Many, Method, Self


@lower.for_each(RNN, GRU)
def _(op: RNN | GRU, x: TensorType, h_0: TensorType | None = None) -> Lowered:
    return Lowered(_module(op, x), None)


@lower.register
def _(op: Cell, x: TensorType, *state: TensorType | None) -> Lowered:
    sizes = Arg(x.shape[1], "input_size"), Arg(op.hidden_size, "hidden_size")
    own = fields(op, "bias", *(name for name in ("nonlinearity",) if hasattr(op, name)))
    pair = isinstance(op, LSTMCell) and any(state)
    called = Method(Self(), "__call__", (In(0), Many((In(1), In(2))))) if pair else None
    return Lowered(call(f"nn.{type(op).__name__}", *sizes, **own), None, called)


@lower.register
def _(op: LSTM, x: TensorType, h_0: TensorType | None = None, c_0: TensorType | None = None) -> Lowered:
    called = None if h_0 is None else Method(Self(), "__call__", (In(0), Many((In(1), In(2)))))
    return Lowered(_module(op, x), None, called, outputs=(1, 2))


def _module(op: Recurrent, x: TensorType) -> Call:
    own = [name for name in ("nonlinearity", "proj_size") if hasattr(op, name)]
    shared = ("num_layers", "bias", "batch_first", "dropout", "bidirectional")
    sizes = Arg(x.shape[-1], "input_size"), Arg(op.hidden_size, "hidden_size")
    return call(f"nn.{type(op).__name__}", *sizes, **fields(op, *shared, *own))
