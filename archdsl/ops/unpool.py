"""Maxima put back where a max pool says that they stood, in 1, 2 and 3 dimensions."""

from collections.abc import Mapping
from typing import final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.ops.base import Dims, Kind, OpError, Port
from archdsl.ops.layers import Paddings, Spatial, SpatialSizes, require_shape, require_sizes
from archdsl.ops.rules import require_integer
from archdsl.shapes import Dim, Shape, TensorType, least, product


class MaxUnpool(Spatial):
    """What a pooling by maxima took, put back where it stood."""

    kind = Kind.POOL
    called = "MaxUnpool"
    ports = (Port("input"), Port("indices"))

    kernel_size: SpatialSizes = Field(description="size of the window")
    stride: SpatialSizes | None = Field(None, description="step of the window; default: its size")
    padding: Paddings = Field(0, validate_default=True, description="sizes that the pooling added on both sides")
    output_size: Dims | None = Field(
        None, description="the spatial sizes before the pooling, where several fit: less than a step from the default"
    )

    @property
    def steps(self) -> tuple[int, ...]:
        return self.stride if self.stride is not None else self.kernel_size

    def infer(self, x: TensorType, indices: TensorType) -> TensorType:
        self.check_input(x)
        require_integer("indices", indices, ("int64",))
        require_shape(self.name, "indices", indices, x.shape)
        sizes = self.sizes(x.shape[2:])
        require_sizes(self.name, x, sizes)
        return x.with_shape((*x.shape[:2], *sizes))

    def indexed(self, x: TensorType, indices: TensorType) -> Mapping[int, Dim]:
        return {1: product(self.sizes(x.shape[2:]))}

    def sizes(self, sizes: Shape) -> Shape:
        """The spatial sizes of the output. Raises OpError where torch would refuse those that are given."""
        rule = zip(sizes, self.steps, self.padding, self.kernel_size, strict=True)
        usual = tuple((size - 1) * step - 2 * side + kernel for size, step, side, kernel in rule)
        if self.output_size is None:
            return usual
        for size, wanted, step in zip(usual, self.output_size, self.steps, strict=True):
            if least(wanted - size) >= step or least(size - wanted) >= step:
                raise OpError(
                    f"{self.name} cannot make {wanted} of a size for which {size} is usual: less than its stride of "
                    f"{step} may lie between",
                    code=Code.SIZE_ERROR,
                    ports=("input",),
                    field="output_size",
                )
        return tuple(self.output_size)


@final
class MaxUnpool1d(MaxUnpool):
    """Maxima over (N, C, L), put back where a max pool says that they stood: `torch.nn.MaxUnpool1d`."""

    name = "max_unpool1d"
    spatial = 1


@final
class MaxUnpool2d(MaxUnpool):
    """Maxima over (N, C, H, W), put back where a max pool says that they stood: `torch.nn.MaxUnpool2d`."""

    name = "max_unpool2d"
    spatial = 2


@final
class MaxUnpool3d(MaxUnpool):
    """Maxima over (N, C, D, H, W), put back where a max pool says that they stood: `torch.nn.MaxUnpool3d`."""

    name = "max_unpool3d"
    spatial = 3
    follows = False
