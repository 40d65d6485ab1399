"""What every primitive is: a frozen pydantic model whose fields are the op's arguments.

An op's rules (output types, tensors that it owns, MACs, memory, receptive field) are pure functions of its
fields and of its inputs. Its PyTorch half lives in `archdsl_torch.ops`, dispatched on the class.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeAlias, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from archdsl.ops import fields
from archdsl.ops.memory import NOTHING, Kept, Sizes
from archdsl.shapes import Dim, Shape, Symbolic, TensorType, evaluate


class Kind(Enum):
    """What an op does, as figures colour it."""

    CONV = "conv"
    NORM = "norm"
    ACTIVATION = "activation"
    POOL = "pool"
    LINEAR = "linear"
    ATTENTION = "attention"
    EMBEDDING = "embedding"
    RESHAPE = "reshape"
    """Also whatever else picks, orders or drops values."""


class Port(NamedTuple):
    """An input of an op."""

    name: str
    optional: bool = False
    variadic: bool = False
    """Takes any number of tensors (at least one); only ever an op's single port."""


class Weight(NamedTuple):
    """A tensor that a node owns: a parameter, or a buffer."""

    shape: Shape
    dtype: str = "float32"
    buffer: bool = False


class OpError(Exception):
    """A field or an input that an op cannot take, in words for the user.

    `message` is lower case without a final dot and holds the offending value; `code` is the
    diagnostic's code (`shape-mismatch`, `rank-error`, `size-error`, `dtype-error`, `bad-value`);
    `ports` are the inputs at fault, `field` the field at fault.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "shape-mismatch",
        ports: tuple[str, ...] = (),
        field: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.ports = ports
        self.field = field
        self.hint = hint


Result: TypeAlias = TensorType | tuple[TensorType, ...]


class Op(BaseModel):
    """A primitive. Leaves are final; a family shares an abstract base that holds the rule."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True, arbitrary_types_allowed=True)

    name: ClassVar[str]
    """The name in a spec: torch's class in snake case, else torch's function."""
    aliases: ClassVar[tuple[str, ...]] = ()
    """What other libraries call it, without the number of dimensions: for messages."""
    variants: ClassVar[Mapping[str, str]] = {}
    """What they call it with certain fields, and those fields."""
    kind: ClassVar[Kind]
    ports: ClassVar[tuple[Port, ...]] = (Port("input"),)
    follows: ClassVar[bool] = False
    """Whether its output's dimensions lie in memory in the order in which its first input's do."""
    fresh: ClassVar[bool] = False
    """Whether its one output is a tensor of its own, which its backward pass does not need: it may be written into."""
    overwrites: ClassVar[bool] = False
    """Whether it can write into its input's memory, and its backward pass still works."""
    invertible: ClassVar[bool] = False
    """Whether its derivative can be computed from the output where the input has been overwritten."""

    def infer(self, *inputs: Any) -> Result:
        """The output types, from the inputs' types in the order of `ports`.

        An optional port that is not fed is None; a variadic port's tensors come one after another.
        Several outputs are a tuple. Raises OpError.
        """
        raise NotImplementedError

    def is_fresh(self) -> bool:
        """`fresh`, for these fields."""
        return self.fresh

    def can_overwrite(self) -> bool:
        """`overwrites`, for these fields."""
        return self.overwrites

    def output_names(self, count: int) -> tuple[str, ...]:
        """The names by which the outputs are read, where there are several: `0`, `1`, … by default."""
        return tuple(str(i) for i in range(count))

    def tensors(self, *inputs: Any) -> Mapping[str, Weight]:
        """The parameters and buffers that a node of this op owns, in `state_dict` order."""
        return {}

    def macs(self, *inputs: Any) -> Dim:
        """Multiply-accumulates of one run (convolution, linear, matmul and attention count)."""
        return 0

    # --- at known sizes: the fields hold numbers alone --------------------------------------------

    def views(self, made: Sequence[Sizes], training: bool, *inputs: Any) -> tuple[Sizes, ...] | None:
        """The strides of outputs of these shapes where they lie in the first input's memory.

        None where the op writes tensors of its own.
        """
        return None

    def scratch(self, made: Sequence[TensorType], *inputs: Any) -> tuple[TensorType, ...]:
        """The tensors that it holds while it runs, besides inputs and outputs."""
        return ()

    def keeps(self, made: Sequence[TensorType], *inputs: Any) -> Kept:
        """What autograd keeps until the backward pass, where a gradient flows."""
        return NOTHING

    def field(self, made: Sequence[Sizes], *inputs: Any) -> tuple[fields.Field, ...]:
        """The receptive fields of outputs of these shapes: of an elementwise op, or of one that sees everything."""
        return tuple(
            fields.elementwise(shape, inputs) if fields.fits(shape, inputs) else fields.everything(shape, inputs)
            for shape in made
        )


def at_sizes(op: Op, sizes: Mapping[str, int]) -> Op:
    """The op with numbers for the run-time dimensions in its fields."""
    given = {name: getattr(op, name) for name in op.model_fields_set}
    changed = {name: new for name, old in given.items() if (new := _number(old, sizes)) != old}
    return op.model_copy(update=changed) if changed else op


def _number(value: Any, sizes: Mapping[str, int]) -> Any:
    if isinstance(value, tuple):
        return tuple(_number(item, sizes) for item in value)
    return evaluate(value, sizes) if isinstance(value, Symbolic) else value


class FieldSpec(NamedTuple):
    """How a field of an op is read from a spec."""

    name: str
    required: bool
    default: Any
    text: bool
    """Its value is text in which `$` is substituted; otherwise it is an expression."""
    words: frozenset[str]
    """The words that an expression field takes literally (`same` in `padding: same`)."""
    doc: str
    mapping: bool = False
    """Fields beyond the declared ones are taken too (`rearrange`'s axis sizes), as expressions."""


@cache
def field_specs(op: type[Op]) -> dict[str, FieldSpec]:
    """The fields of an op by name, in the order of declaration."""
    specs = {}
    for name, info in op.model_fields.items():
        words, text = _words(info.annotation)
        required = info.is_required()
        default = None if required else info.get_default()
        specs[name] = FieldSpec(name, required, default, text, words, info.description or "")
    return specs


def _words(annotation: Any) -> tuple[frozenset[str], bool]:
    """The literal words in an annotation, and whether everything that it takes is text."""
    if annotation is str:
        return frozenset(), True
    if annotation is None or annotation is type(None):
        return frozenset(), False
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        words = frozenset(arg for arg in args if isinstance(arg, str))
        return words, len(words) == len(args)
    if origin is Annotated:
        return _words(args[0])
    parts = [_words(arg) for arg in args if arg is not type(None) and arg is not ...]
    if not parts or origin is dict:
        return frozenset(), False
    return frozenset().union(*(words for words, _ in parts)), all(text for _, text in parts)


def _pair(count: int) -> BeforeValidator:
    def spread(value: object) -> object:
        return tuple(value) if isinstance(value, list | tuple) else (value,) * count

    return BeforeValidator(spread)


def _listed(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else value


def _dim(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | Symbolic):
        raise ValueError("expected a whole number or a dimension")
    return value


PositiveInt: TypeAlias = Annotated[int, Field(gt=0)]
NonNegativeInt: TypeAlias = Annotated[int, Field(ge=0)]
Probability: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Number: TypeAlias = int | float
AnyDim: TypeAlias = Annotated[Any, BeforeValidator(_dim)]
"""An int or a Symbolic: a field in which a run-time dimension may stand."""
Dims: TypeAlias = Annotated[tuple[AnyDim, ...], BeforeValidator(_listed)]
Ints: TypeAlias = Annotated[tuple[int, ...], BeforeValidator(_listed)]
Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_listed)]

Size1d: TypeAlias = Annotated[tuple[PositiveInt], _pair(1)]
Size2d: TypeAlias = Annotated[tuple[PositiveInt, PositiveInt], _pair(2)]
Size3d: TypeAlias = Annotated[tuple[PositiveInt, PositiveInt, PositiveInt], _pair(3)]
Padding1d: TypeAlias = Annotated[tuple[NonNegativeInt], _pair(1)]
Padding2d: TypeAlias = Annotated[tuple[NonNegativeInt, NonNegativeInt], _pair(2)]
Padding3d: TypeAlias = Annotated[tuple[NonNegativeInt, NonNegativeInt, NonNegativeInt], _pair(3)]


def normal_dim(dim: int, rank: int, field: str = "dim") -> int:
    """`dim` counted from the front, as torch counts it.

    Raises OpError where a tensor of that rank has no such dimension.
    """
    if not -rank <= dim < rank:
        raise OpError(
            f"{field} {dim} is out of range for a tensor of rank {rank}",
            code="rank-error",
            field=field,
            hint=f"give a number from {-rank} to {rank - 1}",
        )
    return dim % rank
