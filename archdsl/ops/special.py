"""The ops that are no layer: inputs, tensors that a spec states, and formulas.

A spec never says `input`, `formula`, `by_mode` or `scan_slice`: they come from `inputs`, from `= a + b`,
from `when` with `else`, and from what `scan` loops over.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Annotated, Any, Literal, TypeAlias, final, get_args

from pydantic import BeforeValidator, Field

from archdsl.faults.code import Code
from archdsl.limits import MAX_SUMMANDS
from archdsl.ops.base import AnyDim, Dims, Kind, Op, OpError, Port, Result, Texts, Unexpected, Weight, as_tuple
from archdsl.ops.rules import SINGLE, TABLED, DType, MadeDType
from archdsl.shapes import Symbolic, TensorType
from archdsl.text.spelled import kind_of

DTYPES: tuple[str, ...] = get_args(DType)


def _tree(value: object) -> object:
    from archdsl.expressions.tree import Tree

    if not isinstance(value, Tree):
        raise Unexpected("a formula")
    return value


Shapes: TypeAlias = Annotated[tuple[Dims, ...], BeforeValidator(as_tuple)]
DTypes: TypeAlias = Annotated[tuple[DType, ...], BeforeValidator(as_tuple)]

AnyTree: TypeAlias = Annotated[Any, BeforeValidator(_tree)]
"""A tree of `archdsl.expressions`."""


@final
class InputOp(Op):
    """An input of the network."""

    name = "input"
    kind = Kind.RESHAPE
    ports = ()
    shape: Annotated[Dims, Field(description="its shape")]
    dtype: Annotated[DType, Field(description="its dtype")] = "float32"
    below: Annotated[int | None, Field(description="for integers: every element is less")] = None

    def infer(self) -> TensorType:
        return TensorType(self.shape, self.dtype)

    @property
    def drawn_below(self) -> int:
        """What random whole numbers for it stay below."""
        return self.below or 2


@final
class Parameter(Op):
    """A tensor that is trained, owned by the scope that it is written in (`torch.nn.Parameter`)."""

    name = "parameter"
    kind = Kind.EMBEDDING
    ports = ()
    shape: Annotated[Dims, Field(description="its shape; no run-time dimension")]
    index: Annotated[Texts, Field(description="a name for each dimension's index, for `value`")] = ()
    value: Annotated[AnyTree | None, Field(description="the element at these indices before training, a formula")] = (
        None
    )

    def infer(self) -> TensorType:
        _check_index(self.index, self.shape)
        _check_numbers(self.value, "value")
        _check_elements(self.value)
        unknown = next((dim for dim in (*self.shape, *_literals(self.value)) if isinstance(dim, Symbolic)), None)
        if unknown is not None:
            part = "shape" if unknown in self.shape else "value"
            raise OpError(
                f"a parameter's {part} must be known when the model is built, but {unknown} is known only at run time",
                code=Code.SIZE_ERROR, field=part, hint="make the size a parameter of the file",
            )  # fmt: skip
        return TensorType(self.shape)

    def tensors(self) -> dict[str, Weight]:
        return {"": Weight(self.shape)}


@final
class Constant(Op):
    """A tensor given by a formula over its own indices.

    A buffer, computed once in float64 and cast, where its shape is known when the model is built;
    else it is computed in `forward`. A `torch.float32` is, too: buffers follow the model's dtype.
    """

    name = "constant"
    kind = Kind.EMBEDDING
    ports = ()
    shape: Annotated[Dims, Field(description="its shape")]
    index: Annotated[Texts, Field(description="a name for each dimension's index, for `value`")] = ()
    value: Annotated[AnyTree, Field(description="the element at these indices, a formula")]
    dtype: Annotated[
        MadeDType, Field(description="its dtype; `float32` is the model's own, `torch.float32` that of 32 bits")
    ] = "float32"
    persistent: Annotated[bool, Field(description="whether it is part of the state_dict")] = False

    def infer(self) -> TensorType:
        _check_index(self.index, self.shape)
        _check_numbers(self.value, "value")
        _check_elements(self.value)
        if self.persistent and self.dtype == SINGLE:
            raise OpError(
                f"what the state_dict holds follows the model's dtype, and {SINGLE} does not", code=Code.BAD_VALUE,
                field="persistent", hint="remove `persistent`, or make it `float32`",
            )  # fmt: skip
        return TensorType(self.shape, self.dtype)

    def tensors(self) -> dict[str, Weight]:
        """The buffer, where the shape and every number in the formula are known."""
        return {"": Weight(self.shape, self.dtype, buffer=True)} if self.known else {}

    @property
    def known(self) -> bool:
        """Whether the tensor can be computed before the model runs."""
        return self.dtype != SINGLE and not any(
            isinstance(dim, Symbolic) for dim in (*self.shape, *_literals(self.value))
        )


@final
class Formula(Op):
    """Elementwise arithmetic over its inputs, which broadcast.

    `expression` is a tree of `archdsl.expressions` in which the names `0`, `1`, … are the inputs.
    """

    name = "formula"
    kind = Kind.RESHAPE
    ports = (Port("operands", variadic=True),)
    follows = True
    expression: Annotated[AnyTree, Field(description="the formula")]

    def infer(self, *inputs: TensorType) -> TensorType:
        from archdsl.ops.formula import formula_type

        _check_numbers(self.expression, None)
        return formula_type(self.expression, list(inputs))


@final
class Add(Op):
    """The sum of any number of tensors, which broadcast: in the network it is the formula `a + b + c`, in their order.

    One tensor alone is passed on.
    """

    name = "add"
    kind = Kind.RESHAPE
    ports = (Port("operands", variadic=True),)

    def infer(self, *inputs: TensorType) -> TensorType:
        return sum_of(range(len(inputs))).infer(*inputs)


@final
class Stub(Op):
    """A part that is not written: what it takes, what it gives, and what it stands for.

    A spec with one is checked, drawn, with a dashed border, summarised and compared as any other, but no module and no
    source is made of it: `archdsl build` lists what is to be written. `archdsl import` leaves one for what no op says.
    """

    name = "stub"
    kind = Kind.RESHAPE
    unwritten = True
    ports = (Port("tensors", variadic=True),)
    shapes: Annotated[Shapes, Field(description="the shape of each output")]
    dtypes: Annotated[DTypes, Field(description="the dtype of each output; none: all are float32")] = ()
    names: Annotated[Texts | None, Field(description="the names by which the outputs are read; by default 0, 1, …")] = (
        None
    )
    stands_for: Annotated[str, Field(description="what is to be written there, in words")]

    def infer(self, *inputs: TensorType) -> Result:
        count = len(self.shapes)
        for field, given in (("dtypes", self.dtypes), ("names", self.names or ())):
            if given and len(given) != count:
                message = f"`{field}` has {len(given)}, expected {count}, one for each output"
                raise OpError(message, code=Code.BAD_VALUE, field=field)
        if len({*(self.names or ())}) < len(self.names or ()):
            raise OpError("two outputs have one name", code=Code.BAD_VALUE, field="names", hint="give each its own")
        if not count:
            raise OpError("an op has an output, and here it has no shape", code=Code.BAD_VALUE, field="shapes")
        made = map(TensorType, self.shapes, self.dtypes or ("float32",) * count)
        return tuple(made) if count > 1 else next(made)

    def output_names(self, count: int) -> tuple[str, ...]:
        return self.names or super().output_names(count)


def sum_of(places: Sequence[int]) -> Formula:
    """The formula that adds inputs in this order. Raises OpError."""
    from archdsl.expressions.tree import Binary, Name, Tree

    if len(places) > MAX_SUMMANDS:
        raise OpError(
            f"a sum of {len(places)} tensors, at most {MAX_SUMMANDS}", code=Code.BAD_VALUE,
            hint="add up parts of them first, or `stack` them and take the `sum`",
        )  # fmt: skip
    names: list[Tree] = [Name(str(place)) for place in places]
    return Formula(expression=reduce(lambda left, right: Binary("+", left, right), names))


@final
class ByMode(Op):
    """Its first input in one mode, its second in the other: what `when` with `else` means."""

    name = "by_mode"
    kind = Kind.RESHAPE
    called = "Choice by mode"
    about = ""
    ports = (Port("input"), Port("otherwise"))
    mode: Annotated[Literal["training", "evaluation"], Field(description="when the first is read")]

    def infer(self, input: TensorType, otherwise: TensorType) -> TensorType:
        if input != otherwise:
            raise OpError(f"`when` gives {input} and `else` gives {otherwise}", ports=("input", "otherwise"))
        return input


@final
class ScanSlice(Op):
    """What a loop over time reads at one step: its input without the dimension of the steps."""

    name = "scan_slice"
    kind = Kind.RESHAPE
    silent = True
    dim: Annotated[int, Field(description="the dimension of the steps")]
    reverse: Annotated[bool, Field(description="from the last to the first")] = False

    def infer(self, input: TensorType) -> TensorType:
        rank = input.rank
        if not -rank <= self.dim < rank:
            raise OpError(f"`dim` is {self.dim}, and {input} has {rank} dimensions", field="dim", code=Code.RANK_ERROR)
        at = self.dim % rank
        return input.with_shape((*input.shape[:at], *input.shape[at + 1 :]))


@final
class ScanCarry(Op):
    """A value that a loop over time passes on: its start at the first step, then what the step before made."""

    name = "scan_carry"
    kind = Kind.RESHAPE
    silent = True
    ports = (Port("start"),)

    def infer(self, start: TensorType) -> TensorType:
        return start


@final
class ScanStack(Op):
    """What a loop over time collects: its input at every step, along a new dimension."""

    name = "scan_stack"
    kind = Kind.RESHAPE
    silent = True
    dim: Annotated[int, Field(description="the dimension of the steps")]
    steps: Annotated[AnyDim, Field(description="how many there are")]
    reverse: Annotated[bool, Field(description="the steps ran from the last to the first")] = False

    def infer(self, input: TensorType) -> TensorType:
        rank = input.rank + 1
        if not -rank <= self.dim < rank:
            raise OpError(
                f"`dim` is {self.dim}, and {input} collected has {rank} dimensions", field="dim", code=Code.RANK_ERROR
            )
        at = self.dim % rank
        return input.with_shape((*input.shape[:at], self.steps, *input.shape[at:]))


@final
class ScanLast(Op):
    """A carried value after the last step. Its second input is the value's start, of the same type."""

    name = "scan_last"
    kind = Kind.RESHAPE
    silent = True
    ports = (Port("input"), Port("carry"))

    def infer(self, input: TensorType, carry: TensorType) -> TensorType:
        if input != carry:
            raise OpError(
                f"what is carried is {carry}, and a step makes {input} of it", ports=("input", "carry"),
                hint="a carried value keeps its shape and dtype",
            )  # fmt: skip
        return input


def _check_numbers(tree: Any, field: str | None) -> None:
    """Raises OpError where torch could not take a whole number of a formula."""
    from archdsl.ops.extent import uncountable

    for value in _literals(tree):
        if (found := uncountable(value)) is not None:
            raise OpError(
                f"{found} stands in a formula, where torch takes whole numbers up to 2 ** 63 - 1",
                code=Code.BAD_VALUE, field=field, hint=f"write `{float(found)!r}`" if abs(found) < 10**300 else None,
            )  # fmt: skip


def _check_elements(tree: Any) -> None:
    """Raises OpError where a formula over indices computes with anything but numbers."""
    from archdsl.expressions import tree as trees
    from archdsl.expressions.walking import walk

    parts = [*walk(tree)] if tree is not None else []
    clamps = [part.arguments for part in parts if isinstance(part, trees.Call) and part.function == "clamp"]
    open_ends = {id(bound) for arguments in clamps for bound in arguments if bound == trees.Literal(None)}
    for part in parts:
        if isinstance(part, trees.Literal) and not isinstance(part.value, int | float | Symbolic):
            if id(part) not in open_ends:
                message = f"a formula computes numbers, and here it has {kind_of(part.value)}"
                raise OpError(message, code=Code.BAD_VALUE, field="value")
        elif isinstance(part, trees.Sequence):
            raise OpError(
                "each element is one number, and here it is a list", code=Code.BAD_VALUE, field="value",
                hint=f"write a formula over the names under `index`; of a list, {TABLED}",
            )  # fmt: skip


def _check_index(index: tuple[str, ...], shape: tuple[Any, ...]) -> None:
    """Raises OpError where indices and dimensions do not go together."""
    if index and len(index) != len(shape):
        names, rank = len(index), len(shape)
        raise OpError(
            f"`index` has {names} name{'s' * (names != 1)}, and the shape {rank} dimension{'s' * (rank != 1)}",
            code=Code.BAD_VALUE, field="index", hint="name the index of each dimension",
        )  # fmt: skip


def _literals(tree: Any) -> list[Any]:
    """The values that stand in a formula; a plain number is none."""
    from archdsl.expressions.tree import Literal as Value
    from archdsl.expressions.walking import walk

    return [part.value for part in walk(tree) if isinstance(part, Value)]


FILLED = (Constant, Parameter)
"""What a formula over indices fills."""

SCAN = (ScanSlice, ScanCarry, ScanStack, ScanLast)
"""Where values come into a loop over time, and go."""
