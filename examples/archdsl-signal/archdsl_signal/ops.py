"""The ops: fields and rules, without torch."""

from collections.abc import Mapping
from typing import Annotated, final

from pydantic import Field, PositiveFloat

from archdsl.faults.code import Code
from archdsl.ops.base import Kind, Op, OpError, Weight
from archdsl.ops.rules import divides
from archdsl.shapes import TensorType


def _image(x: TensorType) -> TensorType:
    if x.rank != 4:
        raise OpError(f"expected N×C×H×W, found {x}", ports=("input",))
    return x


@final
class Haar2d(Op):
    """One level of the orthonormal Haar transform: four times the channels at half the size, averages first."""

    name = "archdsl_signal.haar2d"
    kind = Kind.RESHAPE
    called = "Haar transform"

    def infer(self, x: TensorType) -> TensorType:
        n, channels, *sizes = _image(x).shape
        for size in sizes:
            if divides(2, size) is False:
                raise OpError(f"cannot halve {size}", code=Code.SIZE_ERROR, ports=("input",))
        return x.with_shape((n, 4 * channels, *(size // 2 for size in sizes)))


@final
class GemPool2d(Op):
    """Generalised mean over an image, with a trained exponent. arXiv:1711.02512."""

    name = "archdsl_signal.gem_pool2d"
    kind = Kind.POOL
    p: Annotated[PositiveFloat, Field(description="the exponent that it starts with")] = 3.0
    eps: Annotated[PositiveFloat, Field(description="the least value that is averaged")] = 1e-6

    def infer(self, x: TensorType) -> TensorType:
        return x.with_shape((*_image(x).shape[:2], 1, 1))

    def tensors(self, x: TensorType) -> Mapping[str, Weight]:
        return {"p": Weight((1,))}
