"""What every primitive is: a frozen pydantic model whose fields are the op's arguments.

An op's rules (output types, tensors that it owns, MACs) are pure functions of its fields and of its inputs. Its
memory and receptive field, what figures call it, and its PyTorch half live in `archdsl.measures.ops`,
`archdsl.words.ops` and `archdsl_torch.ops`, dispatched on the class.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from pathlib import PurePath
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    TypeAlias,
    TypeVar,
    cast,
    get_args,
    get_origin,
)

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError, FollowOn, Place
from archdsl.shapes import Dim, Shape, Symbolic, TensorType, evaluate
from archdsl.text.alike import same

R = TypeVar("R")


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


class OpError(FaultError):
    """A field or an input that an op cannot take: `ports` are the inputs at fault, `field` the field."""

    def __init__(
        self,
        message: str,
        *,
        code: Code = Code.SHAPE_MISMATCH,
        ports: tuple[str, ...] = (),
        field: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(Fault(code, message, hint, Place(field=field)))
        self.ports = ports


class PackageError(FaultError):
    """An op of an installed package, or of one that is not, that cannot be used here."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(Fault(Code.UNKNOWN_OP, message, hint))


def of_package(name: str, rule: Callable[..., R], *given: Any) -> R:
    """What the code of an installed package says of its op `name`. Raises PackageError where it fails."""
    try:
        return rule(*given)
    except (FaultError, FollowOn, KeyboardInterrupt):
        raise
    except BaseException as error:  # `sys.exit` for one
        said = next(iter(str(error).splitlines()), "")
        reason = f"{type(error).__name__}: {said}".rstrip(": ")
        raise PackageError(f"the package of `{name}` fails: {reason}{_line(error)}") from error


def _line(error: BaseException) -> str:
    """Where an exception comes from."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f", at {PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


class Unexpected(ValueError):
    """A field's value of another kind than `wanted`, in words for the user."""

    def __init__(self, wanted: str) -> None:
        super().__init__(f"expected {wanted}")
        self.wanted = wanted


Result: TypeAlias = TensorType | tuple[TensorType, ...]


class Facts:
    """What later stages want to know of a class of ops, with what holds for most.

    They are annotated neither here nor on the ops: pydantic would look at each annotation once more for every class.
    """

    if TYPE_CHECKING:
        name: ClassVar[str]
        """The name in a spec: torch's class in snake case, else torch's function."""
        kind: ClassVar[Kind]
        ports: ClassVar[tuple[Port, ...]]

    ports = (Port("input"),)
    called = ""
    """What figures call it, where that is not its name in plain words: `ReLU`."""
    about = cast("str | None", None)
    """The field that figures say, without its name; `""` where the name alone says all; None: those that are given."""
    silent = False
    """Whether an overview does not name it: it only says how a tensor is laid out, or does nothing in use."""
    follows = False
    """Whether its output's dimensions lie in memory in the order in which its first input's do."""
    fresh = False
    """Whether its one output is a tensor of its own, which its backward pass does not need: it may be written into."""
    passes = cast("tuple[str, ...]", ())
    """The modes in which it may give its input itself: then it is that which is written into."""
    matrix = False
    """Whether, with a bias, its output is a view of a matrix, whose rows are all but the input's last dimension."""
    masking = cast("Mapping[str, bool]", {})
    """The ports that say what attention looks at, each with whether true hides a key there; numbers are added."""
    letters = cast("Mapping[str, str]", {})
    """What figures call its ports, where that is not their name: `q` for `query`."""
    moves = False
    """Whether every element that it gives is one of its inputs', moved, copied or chosen by its place."""
    counts_back = False
    """Whether what `indexed` says may count from the end, by numbers below 0."""
    graded = cast("Mapping[str, str]", {})
    """Fields that networks let grow from block to block, with what legends call them: a figure of differences colours
    no block for another value."""
    differentiable = True
    """Whether gradients flow through it."""
    unwritten = False
    """Whether it stands for what is still to be written: nothing can be built of it."""
    overwrites = False
    """Whether it can write into its input's memory, and its backward pass still works."""
    statistic = ""
    """What it gives of the numbers along its field `dim`, as its field `keepdim` says: the `mean` or the `variance`."""
    chooses = False
    """Whether it says which of what it reads are used, as what routes tokens to experts does."""
    invertible = False
    """Whether its derivative can be computed from the output where the input has been overwritten."""


class Op(Facts, BaseModel):  # noqa: PLW1641 - pydantic makes the hash of what is frozen
    """A primitive. Leaves are final; a family shares an abstract base that holds the rule."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        defer_build=True,
        arbitrary_types_allowed=True,
        protected_namespaces=(),
    )

    def __eq__(self, other: object) -> bool:
        """Equal fields are equal as a spec writes them: 1 and 1.0 are two, and so are 0.0 and -0.0."""
        return self is other or (
            super().__eq__(other) is True and all(map(same, self.__dict__.values(), other.__dict__.values()))
        )

    def infer(self, *inputs: Any) -> Result:
        """The output types, from the inputs' types in the order of `ports`.

        An optional port that is not fed is None; a variadic port's tensors come one after another.
        Several outputs are a tuple. Raises OpError: first for what is wrong whatever the inputs are, before it
        looks at one, so that `check_alone` finds it where they are unknown.
        """
        raise NotImplementedError

    def is_idle(self) -> bool:
        """Whether it does nothing at all, with these fields."""
        return False

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

    def indexed(self, *inputs: Any) -> Mapping[int, Dim]:
        """By the number of an input whose elements count something: how much there is of it."""
        return {}

    def macs(self, *inputs: Any) -> Dim:
        """Multiply-accumulates of one run (convolution, linear, matmul and attention count)."""
        return 0


Op.__class_vars__.update({"name", "kind"}, (name for name in vars(Facts) if not name.startswith("_")))


class Moving(Op):
    """An op whose elements are its inputs', and which is coloured as such."""

    kind = Kind.RESHAPE
    moves = True


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


def _pair(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else (value, value)


def as_tuple(value: object) -> object:
    """A list as a tuple; anything else as it is."""
    return tuple(value) if isinstance(value, list | tuple) else value


def read_by(parse: Callable[[str], object]) -> BeforeValidator:
    """What a text must be that `parse` reads, which raises ValueError in words for the user."""

    def readable(value: object) -> object:
        if isinstance(value, str):
            parse(value)
        return value

    return BeforeValidator(readable)


def _dim(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | Symbolic):
        raise Unexpected("a whole number or a dimension")
    return value


PositiveInt: TypeAlias = Annotated[int, Field(gt=0)]
NonNegativeInt: TypeAlias = Annotated[int, Field(ge=0)]
Probability: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Number: TypeAlias = int | float
AnyDim: TypeAlias = Annotated[Any, BeforeValidator(_dim)]
"""An int or a Symbolic: a field in which a run-time dimension may stand."""
Dims: TypeAlias = Annotated[tuple[AnyDim, ...], BeforeValidator(as_tuple)]
Ints: TypeAlias = Annotated[tuple[int, ...], BeforeValidator(as_tuple)]
Texts: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]

Size2d: TypeAlias = Annotated[tuple[PositiveInt, PositiveInt], BeforeValidator(_pair)]
Padding2d: TypeAlias = Annotated[tuple[NonNegativeInt, NonNegativeInt], BeforeValidator(_pair)]


def normal_dim(dim: int, rank: int, field: str = "dim") -> int:
    """`dim` counted from the front, as torch counts it.

    Raises OpError where a tensor of that rank has no such dimension.
    """
    if not -rank <= dim < rank:
        raise OpError(
            f"{field} {dim} is out of range for a tensor of rank {rank}",
            code=Code.RANK_ERROR,
            field=field,
            hint=f"give a number from {-rank} to {rank - 1}",
        )
    return dim % rank
