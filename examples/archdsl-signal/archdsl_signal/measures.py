"""What outputs of the ops see of the image."""

from collections.abc import Sequence

from archdsl.measures import fields
from archdsl.measures.memory import Sizes
from archdsl.measures.receptive import sliding
from archdsl.measures.rules import sees
from archdsl_signal.ops import GemPool2d, Haar2d


@sees.register
def _(op: Haar2d, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    """Windows of two by two; every channel of the input is in some of the output's."""
    return (fields.windowed(fields.mixed(x, (1,)), 2, [sliding(2, 2)] * 2, made[0][2:]),)


@sees.register
def _(op: GemPool2d, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    """Each channel by itself, everywhere."""
    return (fields.windowed(fields.mixed(x, (2, 3)), 2, [sliding(1)] * 2, made[0][2:]),)
