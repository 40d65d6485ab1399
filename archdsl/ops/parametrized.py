"""torch's parametrisations: a layer's tensor computed, at each run, from others that the layer owns in its place.

A layer's field `parametrization` holds the call as text, `spectral_norm(n_power_iterations=2)`: the functions of
`torch.nn.utils.parametrizations` with their arguments, without the module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Final, NamedTuple, TypeAlias, final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.limits import MAX_NOTATION
from archdsl.ops.base import Op, OpError, Weight, read_by
from archdsl.shapes import product
from archdsl.text.spelled import quoted

DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "weight_norm": {"name": "weight", "dim": 0},
    "spectral_norm": {"name": "weight", "n_power_iterations": 1, "eps": 1e-12, "dim": None},
}
"""The functions, and torch's arguments in torch's order."""
MOST_ITERATIONS: Final = 1000
# compiled when a layer is parametrised, and not by every start
_CALL: Final = r"(?a)\s*([A-Za-z_]\w*)\s*(?:\(([^()]*)\)\s*)?"
_ARGUMENT: Final = r"(?a)\s*([a-z_]+)\s*=\s*([\w.+-]+)\s*"
_NUMBER: Final = r"(?a)(\d+\.?\d*|\.\d+)(e[+-]?\d+)?"
_WHOLE: Final = r"(?a)\d{1,9}"
_INSIDE: Final = r"(?a)parametrizations\.(\w+)\.(original1?)"


@final
class Parametrization(NamedTuple):
    """What computes a tensor: one of torch's functions, with all its arguments."""

    function: str
    name: str
    """Which tensor."""
    dim: int | None
    """The dimension that keeps its own norm; None: the whole tensor's, for `spectral_norm` torch's choice."""
    n_power_iterations: int = 1
    eps: float = 1e-12

    def given(self) -> dict[str, Any]:
        """The arguments that are not torch's defaults."""
        defaults = DEFAULTS[self.function]
        return {key: value for key in defaults if (value := getattr(self, key)) != defaults[key]}


@lru_cache(maxsize=1024)
def parse(text: str) -> Parametrization:
    """Reads `weight_norm` or `spectral_norm(n_power_iterations=2)`. Raises ValueError, with words for the user."""
    if len(text) > MAX_NOTATION:
        raise ValueError(f"expected at most {MAX_NOTATION:,} characters, found {len(text):,}")
    call = re.fullmatch(_CALL, text)
    if call is None or call[1] not in DEFAULTS:
        raise ValueError(f"expected {' or '.join(DEFAULTS)}, such as `weight_norm(dim=1)`, found `{text}`")
    given: dict[str, Any] = {}
    for part in filter(str.strip, (call[2] or "").split(",")):
        argument = re.fullmatch(_ARGUMENT, part)
        key = argument[1] if argument else part.strip()
        if argument is None or key not in DEFAULTS[call[1]]:
            takes = ", ".join(f"`{name}=…`" for name in DEFAULTS[call[1]])
            raise ValueError(f"{call[1]} takes {takes}, found `{part.strip()}`")
        if key in given:
            raise ValueError(f"{call[1]} has `{key}` twice")
        given[key] = _value(key, argument[2])
    return Parametrization(call[1], **{**DEFAULTS[call[1]], **given})


def _value(key: str, text: str) -> Any:
    if key == "name":
        return text
    if key == "dim" and text in ("null", "None"):
        return None
    if key == "eps" and re.fullmatch(_NUMBER, text) and 0 < float(text) < 1:
        return float(text)
    if key != "eps" and re.fullmatch(_WHOLE, text):
        number = int(text)
        if key == "dim" or 0 < number <= MOST_ITERATIONS:
            return number
    wanted = {"dim": "a dimension, counted from the front, or null", "eps": "a number between 0 and 1"}
    most = f"a whole number from 1 to {MOST_ITERATIONS:,}"
    raise ValueError(f"`{key}` is {wanted.get(key, most)}, found `{text}`")


Parametrized: TypeAlias = Annotated[str | None, read_by(parse)]
PARAMETRIZATION: str | None = Field(
    None,
    description="what its weight is computed from, `weight_norm` or `spectral_norm`, with torch's arguments in "
    "brackets: `spectral_norm(n_power_iterations=2)`",
)


def parametrization_of(op: Op) -> Parametrization | None:
    """What computes a tensor of the layer; None where it owns them all as they are."""
    # pydantic is slow to say that there is no such field
    text = getattr(op, "parametrization", None) if "parametrization" in op.model_fields_set else None
    return None if text is None else parse(text)


def parametrized(op: Op, tensors: Mapping[str, Weight]) -> Mapping[str, Weight]:
    """What the layer owns: its tensors, of which the one that is computed gives way to what it is computed from.

    Raises OpError.
    """
    found = parametrization_of(op)
    if found is None:
        return tensors
    shape = _shape(op, found, tensors)
    inside = f"parametrizations.{found.name}"
    own = {name: weight for name, weight in tensors.items() if name != found.name}
    if found.function == "weight_norm":
        kept = () if found.dim is None else tuple(n if i == found.dim else 1 for i, n in enumerate(shape))
        return own | {f"{inside}.original0": Weight(kept), f"{inside}.original1": Weight(shape)}
    rows = row_dim(op, found)
    vectors = {"_u": shape[rows], "_v": product((*shape[:rows], *shape[rows + 1 :]))}
    drawn = {f"{inside}.0.{name}": Weight((size,), buffer=True) for name, size in vectors.items()}
    return own | {f"{inside}.original": Weight(shape)} | drawn


def unparametrized(tensors: Mapping[str, Weight]) -> Mapping[str, Weight]:
    """The tensors as they are without a parametrisation, by the names that initialisers have for them."""
    if not any(name.startswith("parametrizations.") for name in tensors):
        return tensors
    computed = {inside[1]: weight for name, weight in tensors.items() if (inside := re.fullmatch(_INSIDE, name))}
    return computed | {name: w for name, w in tensors.items() if not name.startswith("parametrizations.")}


def row_dim(op: Op, found: Parametrization) -> int:
    """The dimension of a weight that is the rows of the matrix whose largest singular value `spectral_norm` divides by.

    As torch has it: of a transposed convolution the second, else the first.
    """
    return found.dim if found.dim is not None else int(getattr(op, "transposed", False))


def _shape(op: Op, found: Parametrization, tensors: Mapping[str, Weight]) -> tuple[Any, ...]:
    """The shape of the tensor that is computed. Raises OpError."""
    own = tensors.get(found.name)
    if own is None:
        some = f"it has {quoted(tensors)}" if tensors else "it is fed what it computes with"
        raise OpError(
            f"{op.name} owns no `{found.name}` to compute with {found.function}: {some}", code=Code.BAD_VALUE,
            field="parametrization",
        )  # fmt: skip
    rank = len(own.shape)
    if rank < 2:
        raise OpError(
            f"{found.function} is for matrices, and the `{found.name}` of {op.name} has rank {rank}",
            code=Code.BAD_VALUE, field="parametrization",
        )  # fmt: skip
    if found.dim is not None and found.dim >= rank:
        raise OpError(
            f"{found.function} has `dim={found.dim}`, and the `{found.name}` of {op.name} has {rank} dimensions",
            code=Code.BAD_VALUE, field="parametrization", hint=f"give a number from 0 to {rank - 1}",
        )  # fmt: skip
    return own.shape
