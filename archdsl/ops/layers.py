"""What the layers share: sizes given once or per dimension, channels, tensors that are fed."""

from typing import Any, ClassVar, TypeAlias

from pydantic import Field, field_validator

from archdsl.faults.code import Code
from archdsl.limits import checked_each_time
from archdsl.ops.base import NonNegativeInt, Op, OpError, PositiveInt, Unexpected, Weight
from archdsl.ops.rules import require_float
from archdsl.shapes import Dim, Shape, Symbolic, TensorType, differ, format_shape, least
from archdsl.text.spelled import quoted

SpatialSizes: TypeAlias = tuple[PositiveInt, ...]
"""A number of at least 1 per spatial dimension; one number stands for all."""
Paddings: TypeAlias = tuple[NonNegativeInt, ...]
"""A number of at least 0 per spatial dimension; one number stands for all."""
BIAS: bool = Field(True, description="whether a bias is added")
EPS: float = Field(1e-5, description="added to the variance, so that it is never 0")

IMAGE = ("N", "C", "H", "W")
IMAGE_CHANNELS = (1, 3, 4)
NARROW = 4
"""Times that an image is higher than wide, past which its width is taken for channels."""
LAYOUTS = {1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}


class Spatial(Op):
    """A layer over (N, C, …) with `spatial` dimensions after the channels."""

    spatial: ClassVar[int]
    follows = True

    @field_validator(
        "kernel_size", "stride", "padding", "dilation", "output_padding", "output_size",
        mode="before", check_fields=False,
    )  # fmt: skip
    @classmethod
    def _per_dimension(cls, value: object) -> object:
        if value is None or isinstance(value, str):
            return value
        if not isinstance(value, list | tuple):
            return (value,) * cls.spatial
        if len(value) != cls.spatial:
            raise Unexpected(f"one number or a list of {cls.spatial}, not a list of {len(value)}")
        return tuple(value)

    def check_input(self, x: TensorType) -> None:
        """Raises OpError unless `x` is a batch of floating numbers of this layer's rank."""
        require_batched(self.name, x, self.spatial + 2, LAYOUTS[self.spatial])
        require_float("input", x, f"put through {self.name}")


@checked_each_time(65536)
def windows(size: Dim, kernel: Dim, side: int, gap: int, step: int) -> Dim:
    """How many windows there are along a dimension that is padded by `side` on both sides."""
    return (size + 2 * side - gap * (kernel - 1) - 1) // step + 1


def same_upper(op: str, sizes: Shape, kernel: Shape, stride: Shape, dilation: Shape) -> tuple[tuple[Dim, Dim], ...]:
    """The padding before and after each dimension with which windows make `ceil(size / stride)` of it.

    It is ONNX's SAME_UPPER and TensorFlow's SAME: `max((ceil(size / stride) - 1) * stride + reach - size, 0)` in all,
    where `reach` is `(kernel - 1) * dilation + 1`, of which the odd place comes after. Raises OpError.
    """
    rule = zip(sizes, kernel, stride, dilation, strict=True)
    totals = [_total(size, known(op, k, "its kernel", "weight"), step, gap) for size, k, step, gap in rule]
    return tuple((total // 2, (total + 1) // 2) for total in totals)


def _total(size: Dim, kernel: Dim, stride: Dim, dilation: Dim) -> Dim:
    """The total, without a maximum: where windows are shorter than their step, they may end before the size does."""
    reach = (kernel - 1) * dilation + 1
    rest = -size % stride
    if reach == 1:
        return 0
    if least(reach - stride) >= 0:
        return rest + reach - stride
    return (rest + reach) // stride * ((rest + reach) % stride)


def weight_and_bias(weight: Shape, bias: Shape | None) -> dict[str, Weight]:
    """The tensors of a layer that multiplies, and adds where it has a bias."""
    own = {"weight": Weight(weight)}
    return own if bias is None else own | {"bias": Weight(bias)}


def require_batched(op: str, x: TensorType, rank: int, layout: str, port: str = "input") -> None:
    """Raises OpError (`rank-error`) unless `x` has this rank, the batch included."""
    if x.rank != rank:
        raise OpError(
            f"{op} takes a batch {layout} of rank {rank}, not {x} of rank {x.rank}",
            code=Code.RANK_ERROR,
            ports=(port,),
            hint="the first dimension is the batch" if x.rank == rank - 1 else None,
        )


def require_sizes(op: str, x: TensorType, sizes: Shape) -> None:
    """Raises OpError (`size-error`) where a size of the output is known to be below 1."""
    if any(isinstance(size, int) and size < 1 for size in sizes):
        raise OpError(
            f"{op} makes {format_shape(sizes)} of {format_shape(x.shape[2:])}: a size below 1",
            code=Code.SIZE_ERROR,
            ports=("input",),
            hint=_channels_last(x) or "make the input larger, or the kernel or the stride smaller",
        )


def _channels_last(x: TensorType) -> str | None:
    """For an image whose dimensions seem to stand in another order."""
    height, width = x.shape[-2:]
    if x.rank != len(IMAGE) or not isinstance(height, int) or not isinstance(width, int):
        return None
    if width in IMAGE_CHANNELS and height > NARROW * width:
        return "is the input (N, H, W, C)? channels come second here: (N, C, H, W)"
    return None


def known(op: str, dim: Dim, what: str, port: str = "input") -> int:
    """`dim` as a number. Raises OpError (`size-error`) for one that only the run knows."""
    if isinstance(dim, Symbolic):
        raise OpError(
            f"{op} must know {what} when the model is built, but {dim} is known only at run time",
            code=Code.SIZE_ERROR,
            ports=(port,),
            hint="make the size a parameter of the file",
        )
    return dim


def require_float32(op: str, x: TensorType, port: str = "input") -> None:
    """Raises OpError (`dtype-error`) unless `x` has the dtype of the tensors that the layer owns."""
    if x.dtype != "float32":
        raise OpError(
            f"{op}'s own tensors are float32, so it cannot take {x.dtype}",
            code=Code.DTYPE_ERROR,
            ports=(port,),
            hint="put a `cast` to float32 before it",
        )


def require_shape(op: str, port: str, x: TensorType, shape: Shape) -> None:
    """Raises OpError unless the tensor that is fed to `port` has this shape."""
    if x.rank != len(shape) or any(differ(*dims) for dims in zip(x.shape, shape, strict=True)):
        raise OpError(f"{op}'s `{port}` must be {format_shape(shape)}, not {x}", ports=(port,))


def require_together(op: Op, weight: TensorType | None, bias: TensorType | None) -> None:
    """Raises OpError where a bias is fed without a weight, or against the field `bias`."""
    if bias is not None and weight is None:
        raise OpError(
            f"{op.name} is fed a bias but no weight: feed both or neither", code=Code.BAD_VALUE, ports=("bias",)
        )
    said = getattr(op, "bias", None) if "bias" in op.model_fields_set else None
    if weight is not None and said is not None and said != (bias is not None):
        fact = "one is fed" if bias is not None else "it is fed a weight and no bias"
        raise OpError(f"{op.name} has `bias: {str(said).lower()}`, but {fact}", code=Code.BAD_VALUE, field="bias")


def required(op: Op, field: str) -> Any:
    """The value of a field that only a fed weight makes optional.

    Raises OpError (`missing-field`) where it is left out.
    """
    return require_fields(op, field)[0]


def require_fields(op: Op, *fields: str) -> list[Any]:
    """The values of fields that only a fed weight makes optional.

    Raises OpError (`missing-field`) where one is left out.
    """
    values = [getattr(op, field) for field in fields]
    missing = [field for field, value in zip(fields, values, strict=True) if value is None]
    if missing:
        named = quoted(missing, " and ")
        raise OpError(
            f"{op.name} needs {named}, since it is not fed a weight", code=Code.MISSING_FIELD, field=missing[0],
            hint=f"add `{', '.join(f'{field}: …' for field in missing)}`",
        )  # fmt: skip
    return values


def agree(op: Op, field: str, size: Any) -> None:
    """Raises OpError where a field is given and a fed weight says otherwise."""
    value = getattr(op, field)
    if value is not None and value != size:
        raise OpError(
            f"{op.name} has `{field}: {value}`, but the weight that it is fed has {size}",
            ports=("weight",),
            field=field,
        )
