"""Recurrent layers, whole: several layers over a sequence of vectors, run by one call of torch; and single steps."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal, final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.limits import current
from archdsl.ops.base import Kind, NonNegativeInt, Op, OpError, Port, PositiveInt, Probability, Result, Weight
from archdsl.ops.layers import BIAS, known, require_batched, require_float32, require_shape
from archdsl.ops.parametrized import PARAMETRIZATION, Parametrized
from archdsl.ops.rules import require_float
from archdsl.shapes import Dim, Shape, TensorType


class Recurrent(Op):
    """A stack of layers that pass a state from step to step."""

    kind: ClassVar[Kind] = Kind.LINEAR
    ports: ClassVar[tuple[Port, ...]] = (Port("input"), Port("h_0", optional=True))
    gates: ClassVar[int]
    """How many vectors of the hidden size each of the two products makes."""
    states: ClassVar[int]
    """How many more a step keeps for the backward pass."""

    hidden_size: PositiveInt = Field(description="features of the state")
    num_layers: PositiveInt = Field(1, description="how many layers, each reading the outputs of the one before")
    bias: bool = BIAS
    batch_first: bool = Field(False, description="whether the input is (N, T, features), not (T, N, features)")
    dropout: Probability = Field(0.0, description="probability of zeroing an output of a layer before the last")
    bidirectional: bool = Field(
        False, description="whether each layer also runs from the last step to the first, beside its outputs"
    )

    @property
    def out_features(self) -> int:
        """What one direction of a layer gives at each step."""
        return self.hidden_size

    @property
    def directions(self) -> int:
        return 2 if self.bidirectional else 1

    def infer(self, x: TensorType, h_0: TensorType | None = None) -> tuple[TensorType, ...]:
        current().check("layers", self.num_layers, "num_layers")
        outputs = self._outputs(x)
        self._check_state(x, "h_0", h_0, self.out_features)
        return outputs, self._state(x, self.out_features)

    def output_names(self, count: int) -> tuple[str, ...]:
        return ("output", "h_n", "c_n")[:count]

    def tensors(self, x: TensorType, *state: TensorType | None) -> Mapping[str, Weight]:
        """Layer by layer, of each the forward direction first, as torch names them."""
        rows = self.gates * self.hidden_size
        own = {}
        for layer, features in enumerate(self._features(x)):
            for suffix in (f"l{layer}", f"l{layer}_reverse")[: self.directions]:
                own[f"weight_ih_{suffix}"] = Weight((rows, features))
                own[f"weight_hh_{suffix}"] = Weight((rows, self.out_features))
                if self.bias:
                    own[f"bias_ih_{suffix}"] = Weight((rows,))
                    own[f"bias_hh_{suffix}"] = Weight((rows,))
                if self.out_features != self.hidden_size:
                    own[f"weight_hr_{suffix}"] = Weight((self.out_features, self.hidden_size))
        return own

    def macs(self, x: TensorType, *state: TensorType | None) -> Dim:
        """Of the products with the input and with the state, and of the projection."""
        rows = self.gates * self.hidden_size
        projection = self.hidden_size * self.out_features if self.out_features != self.hidden_size else 0
        step = sum(rows * (features + self.out_features) + projection for features in self._features(x))
        return x.shape[0] * x.shape[1] * step * self.directions

    def _features(self, x: TensorType) -> Iterator[Dim]:
        """What each layer reads at a step."""
        yield x.shape[-1]
        for _ in range(1, self.num_layers):
            yield self.directions * self.out_features

    def _outputs(self, x: TensorType) -> TensorType:
        require_batched(self.name, x, 3, "(N, T, features)" if self.batch_first else "(T, N, features)")
        require_float("input", x, f"put through {self.name}")
        require_float32(self.name, x)
        known(self.name, x.shape[-1], "its input features")
        return x.with_shape((*x.shape[:-1], self.directions * self.out_features))

    def _state_shape(self, x: TensorType, features: int) -> Shape:
        return self.num_layers * self.directions, x.shape[0 if self.batch_first else 1], features

    def _state(self, x: TensorType, features: int) -> TensorType:
        return x.with_shape(self._state_shape(x, features))

    def _check_state(self, x: TensorType, port: str, state: TensorType | None, features: int) -> None:
        if state is not None:
            require_float32(self.name, state, port)
            require_shape(self.name, port, state, self._state_shape(x, features))


@final
class RNN(Recurrent):
    """A plain recurrent network (Elman's): h' = tanh(W_ih x + b_ih + W_hh h + b_hh).

    The outputs are `output`, the last layer's state at every step, and `h_n`, every layer's at the end,
    (layers · directions, N, features) as `h_0`, which is zeros where it is not fed.
    """

    name: ClassVar[str] = "rnn"
    gates: ClassVar[int] = 1
    states: ClassVar[int] = 0

    nonlinearity: Literal["tanh", "relu"] = Field("tanh", description="what the sum goes through")


@final
class LSTM(Recurrent):
    """Long short-term memory, with its gates in the order input, forget, cell, output.

    The outputs are `output`, `h_n` and `c_n`, as `rnn`'s; the states `h_0` and `c_0` are fed both or neither.
    With `proj_size` the state h is projected to that many features (arXiv:1402.1128).
    """

    name: ClassVar[str] = "lstm"
    ports: ClassVar[tuple[Port, ...]] = (Port("input"), Port("h_0", optional=True), Port("c_0", optional=True))
    gates: ClassVar[int] = 4
    states: ClassVar[int] = 3

    proj_size: NonNegativeInt = Field(0, description="features of h after a projection; 0: none")

    @property
    def out_features(self) -> int:
        return self.proj_size or self.hidden_size

    def infer(
        self, x: TensorType, h_0: TensorType | None = None, c_0: TensorType | None = None
    ) -> tuple[TensorType, ...]:
        if self.proj_size >= self.hidden_size:
            raise OpError(
                f"`proj_size` is {self.proj_size}, and must be less than `hidden_size`, {self.hidden_size}",
                code=Code.BAD_VALUE, field="proj_size",
            )  # fmt: skip
        require_both_states(self, h_0, c_0)
        outputs = super().infer(x, h_0)
        self._check_state(x, "c_0", c_0, self.hidden_size)
        return *outputs, self._state(x, self.hidden_size)


@final
class GRU(Recurrent):
    """Gated recurrent units (arXiv:1406.1078), with their gates in the order reset, update, new.

    The outputs are `output` and `h_n`, as `rnn`'s. As in torch, the reset gate comes after the product.
    """

    name: ClassVar[str] = "gru"
    gates: ClassVar[int] = 3
    states: ClassVar[int] = 4


class Cell(Op):
    """One step of one layer over (N, features), with torch's names for its tensors."""

    kind: ClassVar[Kind] = Kind.LINEAR
    ports: ClassVar[tuple[Port, ...]] = (Port("input"), Port("h_0", optional=True))
    gates: ClassVar[int]

    hidden_size: PositiveInt = Field(description="features of the state")
    bias: bool = BIAS
    parametrization: Parametrized = PARAMETRIZATION

    def infer(self, x: TensorType, *state: TensorType | None) -> Result:
        require_batched(self.name, x, 2, "(N, features)")
        require_float("input", x, f"put through {self.name}")
        require_float32(self.name, x)
        known(self.name, x.shape[1], "its input features")
        made = x.with_shape((x.shape[0], self.hidden_size))
        for port, given in zip(self.ports[1:], state, strict=False):
            if given is not None:
                require_float32(self.name, given, port.name)
                require_shape(self.name, port.name, given, made.shape)
        return made

    def tensors(self, x: TensorType, *state: TensorType | None) -> Mapping[str, Weight]:
        rows = self.gates * self.hidden_size
        own = {"weight_ih": Weight((rows, x.shape[1])), "weight_hh": Weight((rows, self.hidden_size))}
        return own | ({"bias_ih": Weight((rows,)), "bias_hh": Weight((rows,))} if self.bias else {})

    def macs(self, x: TensorType, *state: TensorType | None) -> Dim:
        return x.shape[0] * self.gates * self.hidden_size * (x.shape[1] + self.hidden_size)


@final
class RNNCell(Cell):
    """One step of `rnn`, for a loop over time: its next state from x and `h_0`, zeros where it is not fed."""

    name: ClassVar[str] = "rnn_cell"
    gates: ClassVar[int] = 1

    nonlinearity: Literal["tanh", "relu"] = Field("tanh", description="what the sum goes through")


@final
class LSTMCell(Cell):
    """One step of `lstm`, for a loop over time: `h_1` and `c_1` from x and the states, fed both or neither."""

    name: ClassVar[str] = "lstm_cell"
    ports: ClassVar[tuple[Port, ...]] = (Port("input"), Port("h_0", optional=True), Port("c_0", optional=True))
    gates: ClassVar[int] = 4

    def infer(self, x: TensorType, *state: TensorType | None) -> Result:
        require_both_states(self, *state)
        made = super().infer(x, *state)
        assert isinstance(made, TensorType)
        return made, made

    def output_names(self, count: int) -> tuple[str, ...]:
        return "h_1", "c_1"


@final
class GRUCell(Cell):
    """One step of `gru`, for a loop over time: its next state from x and `h_0`, zeros where it is not fed."""

    name: ClassVar[str] = "gru_cell"
    gates: ClassVar[int] = 3


def require_both_states(op: Op, h_0: TensorType | None = None, c_0: TensorType | None = None) -> None:
    """Raises OpError where an LSTM is fed one of its two states alone."""
    if (h_0 is None) != (c_0 is None):
        fed, missing = ("h_0", "c_0") if c_0 is None else ("c_0", "h_0")
        raise OpError(
            f"{op.name} is fed `{fed}` but no `{missing}`: feed both or neither", code=Code.BAD_VALUE, ports=(fed,)
        )
