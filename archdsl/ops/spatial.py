"""Ops that pad, resize and resample maps, and that move blocks between channels and places."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal, final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.ops.base import Dims, Kind, Op, OpError, Port, PositiveInt
from archdsl.ops.rules import divides, format_list, require_float, require_least_rank, require_rank, require_same_dtype
from archdsl.shapes import Dim, Shape, TensorType, differ, least

_PADDED_RANKS: Final = {2: (2, 3), 4: (3, 4), 6: (4, 5)}
"""For each length of `pad`, the ranks for which torch can fill with anything but a constant."""


@final
class Pad(Op):
    """Adds places at the ends of the last dimensions; negative numbers take places away."""

    name = "pad"
    kind = Kind.RESHAPE
    about = "pad"
    pad: Annotated[
        Dims, Field(description="places before and after, the last dimension first: [left, right, top, bottom]")
    ]
    mode: Annotated[
        Literal["constant", "reflect", "replicate", "circular"], Field(description="what they are filled with")
    ] = "constant"
    value: Annotated[float | None, Field(description="the constant; by default 0")] = None

    def infer(self, x: TensorType) -> TensorType:
        self._check_alone()
        self._check_rank(x)
        shape = list(x.shape)
        for i, (before, after) in enumerate(zip(self.pad[::2], self.pad[1::2], strict=True), start=1):
            if self.mode != "constant":
                self._check_source(x, shape[-i], (before, after))
            # torch takes places away before it adds any
            taken = [places for places in (before, after) if least(-places) > 0]
            if least(-sum(taken, start=shape[-i])) > 0:
                raise self._error(f"takes away more than dimension {x.rank - i} of {x} has", Code.SIZE_ERROR)
            shape[-i] = shape[-i] + before + after
            if least(-shape[-i]) >= 0:
                raise self._error(f"leaves nothing of dimension {x.rank - i} of {x}", Code.SIZE_ERROR)
        return x.with_shape(shape)

    def _check_alone(self) -> None:
        if len(self.pad) % 2:
            raise self._error("has an odd number of numbers, expected pairs", Code.BAD_VALUE)
        if self.mode != "constant" and self.value is not None:
            raise OpError(f"mode {self.mode} takes no value", code=Code.BAD_VALUE, field="value")

    def _check_rank(self, x: TensorType) -> None:
        if len(self.pad) > 2 * x.rank:
            raise self._error(f"pads {len(self.pad) // 2} dimensions, but {x} has {x.rank}", Code.RANK_ERROR)
        if self.mode != "constant" and x.rank not in _PADDED_RANKS.get(len(self.pad), ()):
            raise self._error(f"cannot {self.mode} a tensor of rank {x.rank}", Code.RANK_ERROR)

    def _check_source(self, x: TensorType, size: Dim, pads: Sequence[Dim]) -> None:
        """Raises OpError where a side needs more places than there are to copy."""
        spare = {"reflect": 1, "circular": 0}.get(self.mode)
        if spare is not None and any(least(pad + spare - size) > 0 for pad in pads):
            raise self._error(f"is too wide to {self.mode} {x}, where a dimension is {size}", Code.SIZE_ERROR)

    def _error(self, problem: str, code: Code) -> OpError:
        return OpError(f"pad {format_list(self.pad)} {problem}", code=code, field="pad")


@final
class PixelShuffle(Op):
    """Moves blocks of channels into places: (…, C·r², H, W) becomes (…, C, H·r, W·r)."""

    name = "pixel_shuffle"
    kind = Kind.RESHAPE
    upscale_factor: Annotated[PositiveInt, Field(description="r, how many times larger")]

    def infer(self, x: TensorType) -> TensorType:
        require_least_rank("input", x, 3)
        *batch, channels, height, width = x.shape
        r = self.upscale_factor
        _check_divides("channels", channels, r * r, "upscale_factor")
        return x.with_shape((*batch, channels // (r * r), height * r, width * r))


@final
class PixelUnshuffle(Op):
    """Moves places into channels: (…, C, H·r, W·r) becomes (…, C·r², H, W)."""

    name = "pixel_unshuffle"
    kind = Kind.RESHAPE
    downscale_factor: Annotated[PositiveInt, Field(description="r, how many times smaller")]

    def infer(self, x: TensorType) -> TensorType:
        require_least_rank("input", x, 3)
        *batch, channels, height, width = x.shape
        r = self.downscale_factor
        _check_divides("the height", height, r, "downscale_factor")
        _check_divides("the width", width, r, "downscale_factor")
        return x.with_shape((*batch, channels * r * r, height // r, width // r))


@final
class ChannelShuffle(Op):
    """Interleaves `groups` groups of channels of (N, C, …)."""

    name = "channel_shuffle"
    kind = Kind.RESHAPE
    groups: Annotated[PositiveInt, Field(description="how many groups")]

    def infer(self, x: TensorType) -> TensorType:
        require_least_rank("input", x, 3)
        _check_divides("channels", x.shape[1], self.groups, "groups")
        return x


@final
class GridSample(Op):
    """Reads a map at given places: (N, C, H, W) at a grid (N, P, Q, 2) of (x, y) from -1 to 1."""

    name = "grid_sample"
    kind = Kind.RESHAPE
    ports = (Port("input"), Port("grid"))
    mode: Annotated[Literal["bilinear", "nearest", "bicubic"], Field(description="how it reads between places")] = (
        "bilinear"
    )
    padding_mode: Annotated[
        Literal["zeros", "border", "reflection"], Field(description="what lies outside the map")
    ] = "zeros"
    align_corners: Annotated[bool, Field(description="whether -1 and 1 are the middles of the corner places")] = False

    def infer(self, x: TensorType, grid: TensorType) -> TensorType:
        require_rank("input", x, 4, 5)
        require_rank("grid", grid, x.rank)
        require_float("input", x, "sample from")
        require_same_dtype(("input", "grid"), x, grid)
        if self.mode == "bicubic" and x.rank != 4:
            raise OpError("mode bicubic needs rank 4", code=Code.BAD_VALUE, ports=("input",), field="mode")
        if differ(grid.shape[-1], x.rank - 2):
            raise OpError(
                f"the grid's last dimension is {grid.shape[-1]}, but {x} has {x.rank - 2} spatial dimensions",
                ports=("input", "grid"),
            )
        if differ(x.shape[0], grid.shape[0]):
            raise OpError(f"the batches of {x} and of the grid {grid} differ", ports=("input", "grid"))
        return x.with_shape((*x.shape[:2], *grid.shape[1:-1]))


@final
class AffineGrid(Op):
    """The grid for `grid_sample` that maps by matrices (N, 2, 3) or, in three dimensions, (N, 3, 4)."""

    name = "affine_grid"
    kind = Kind.RESHAPE
    ports = (Port("theta"),)
    size: Annotated[Dims, Field(description="the sampled output's shape, (N, C, H, W)", min_length=4, max_length=5)]
    align_corners: Annotated[bool, Field(description="as in `grid_sample`")] = False

    def infer(self, theta: TensorType) -> TensorType:
        if any(least(-size) >= 0 for size in self.size):
            raise OpError(f"size {format_list(self.size)} has a size below 1", code=Code.BAD_VALUE, field="size")
        require_float("theta", theta, "map by")
        spatial = len(self.size) - 2
        wanted: Shape = (self.size[0], spatial, spatial + 1)
        require_rank("theta", theta, 3)
        if any(differ(*dims) for dims in zip(theta.shape, wanted, strict=True)):
            raise OpError(
                f"size {format_list(self.size)} needs matrices {TensorType(wanted)}, got {theta}",
                ports=("theta",),
                field="size",
            )
        return theta.with_shape((self.size[0], *self.size[2:], spatial))


def _check_divides(what: str, size: Dim, divisor: int, field: str) -> None:
    if divides(divisor, size) is False:
        raise OpError(
            f"{what}: {size} is not divisible by {divisor}", code=Code.SIZE_ERROR, ports=("input",), field=field
        )
