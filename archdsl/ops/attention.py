"""Attention: the bare scaled dot product, and the layer with its projections."""

from collections.abc import Mapping
from typing import final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.ops.base import Kind, Op, OpError, Port, PositiveInt, Probability, Weight
from archdsl.ops.layers import known, require_batched, require_float32
from archdsl.ops.rules import (
    broadcast,
    broadcast_or_fail,
    divides,
    divisors_hint,
    require_float,
    require_least_rank,
    require_same_dtype,
)
from archdsl.shapes import Dim, Shape, TensorType, differ, format_shape, product

LETTERS: Mapping[str, str] = {
    "query": "q", "key": "k", "value": "v", "attn_mask": "mask", "key_padding_mask": "padding",
}  # fmt: skip
CAUSAL: bool = Field(False, description="whether a query sees only the keys up to its own place")


@final
class ScaledDotProductAttention(Op):
    """softmax(query @ key^T * scale + mask) @ value over (…, heads, length, features).

    `torch.nn.functional.scaled_dot_product_attention`, arXiv:1706.03762. A boolean mask is true where
    a query sees a key; another is added. No fused kernel changes the scores otherwise: with a soft cap,
    `soft_capped_attention` of `use: [blocks/attention]` computes them step by step.
    """

    name = "scaled_dot_product_attention"
    kind = Kind.ATTENTION
    called = "Attention"
    follows = True
    letters = LETTERS
    masking = {"attn_mask": False}  # noqa: RUF012 - pydantic's fields are annotated, and this is none
    ports = (Port("query"), Port("key"), Port("value"), Port("attn_mask", optional=True))

    dropout_p: Probability = Field(0.0, description="probability of zeroing a weight while training")
    is_causal: bool = CAUSAL
    scale: float | None = Field(None, description="factor of the scores; default: 1 / sqrt(features)")
    enable_gqa: bool = Field(False, description="whether several heads of the query may share one of key and value")

    def infer(
        self, query: TensorType, key: TensorType, value: TensorType, mask: TensorType | None = None
    ) -> TensorType:
        require_one_mask(self.name, self.is_causal, {"attn_mask": mask})
        self._check(query, key, value)
        batch = self._batch(query, key, value)
        if mask is not None:
            require_mask("attn_mask", mask, query, (*batch, query.shape[-2], key.shape[-2]))
        return query.with_shape((*batch, query.shape[-2], value.shape[-1]))

    def macs(self, query: TensorType, key: TensorType, value: TensorType, mask: TensorType | None = None) -> Dim:
        scores = product(self._batch(query, key, value)) * query.shape[-2] * key.shape[-2]
        return scores * (query.shape[-1] + value.shape[-1])

    def _check(self, query: TensorType, key: TensorType, value: TensorType) -> None:
        for port, x in (("query", query), ("key", key), ("value", value)):
            require_float(port, x, "attend with")
            require_least_rank(port, x, 3 if self.enable_gqa else 2)
            require_same_dtype(("query", port), query, x)
            if x.rank != query.rank:
                raise OpError(
                    f"query, key and value must have equal ranks, not {query}, {key} and {value}",
                    code=Code.RANK_ERROR,
                    ports=("query", port),
                )
        if differ(query.shape[-1], key.shape[-1]):
            raise OpError(
                f"cannot compare a query of {query.shape[-1]} features with a key of {key.shape[-1]}",
                ports=("query", "key"),
            )
        if differ(key.shape[-2], value.shape[-2]):
            raise OpError(
                f"key and value must have equal lengths, not {key.shape[-2]} and {value.shape[-2]}",
                ports=("key", "value"),
            )

    def _batch(self, query: TensorType, key: TensorType, value: TensorType) -> Shape:
        """The sizes before length and features."""
        shapes = [x.shape[:-2] for x in (query, key, value)]
        if self.enable_gqa:
            heads = query.shape[-3]
            for port, x in (("key", key), ("value", value)):
                if divides(x.shape[-3], heads) is False:
                    raise OpError(
                        f"{heads} heads of the query cannot share {x.shape[-3]} of the {port}", ports=("query", port)
                    )
            shapes = [(*shape[:-1], heads) for shape in shapes]
        return broadcast_or_fail("attend with batches of", ("query", "key", "value"), shapes)


@final
class MultiheadAttention(Op):
    """Attention of several heads between projections, over (N, length, features).

    `torch.nn.MultiheadAttention` with `batch_first=True` and `need_weights=False`, arXiv:1706.03762;
    the output is the attention alone. As there, boolean masks are true where a key is hidden; others
    are added.
    """

    name = "multihead_attention"
    kind = Kind.ATTENTION
    matrix = True
    called = "Multi-head attention"
    letters = LETTERS
    masking = {"key_padding_mask": True, "attn_mask": True}  # noqa: RUF012
    fresh = True
    ports = (
        Port("query"),
        Port("key"),
        Port("value"),
        Port("key_padding_mask", optional=True),
        Port("attn_mask", optional=True),
    )

    num_heads: PositiveInt = Field(description="number of heads; divides the features of the query")
    dropout: Probability = Field(0.0, description="probability of zeroing a weight while training")
    bias: bool = Field(True, description="whether the projections add a bias")
    is_causal: bool = CAUSAL

    def infer(
        self,
        query: TensorType,
        key: TensorType,
        value: TensorType,
        key_padding_mask: TensorType | None = None,
        attn_mask: TensorType | None = None,
    ) -> TensorType:
        require_one_mask(self.name, self.is_causal, {"key_padding_mask": key_padding_mask, "attn_mask": attn_mask})
        for port, x in (("query", query), ("key", key), ("value", value)):
            require_batched(self.name, x, 3, "(N, length, features)", port)
            require_float(port, x, "attend with")
            require_float32(self.name, x, port)
            known(self.name, x.shape[-1], f"the features of the {port}", port)
        self._check_lengths(query, key, value)
        if divides(self.num_heads, query.shape[-1]) is False:
            raise OpError(
                f"multihead_attention cannot split {query.shape[-1]} features into {self.num_heads} heads",
                code=Code.BAD_VALUE,
                ports=("query",),
                field="num_heads",
                hint=divisors_hint("heads", query.shape[-1]),
            )
        self._check_masks(query, key, key_padding_mask, attn_mask)
        return query

    def tensors(
        self, query: TensorType, key: TensorType, value: TensorType, *masks: TensorType | None
    ) -> Mapping[str, Weight]:
        size, key_size, value_size = (x.shape[-1] for x in (query, key, value))
        if size == key_size == value_size:
            own = {"in_proj_weight": Weight((3 * size, size))}
        else:
            own = {
                "q_proj_weight": Weight((size, size)),
                "k_proj_weight": Weight((size, key_size)),
                "v_proj_weight": Weight((size, value_size)),
            }
        if self.bias:
            own["in_proj_bias"] = Weight((3 * size,))
        own["out_proj.weight"] = Weight((size, size))
        if self.bias:
            own["out_proj.bias"] = Weight((size,))
        return own

    def macs(self, query: TensorType, key: TensorType, value: TensorType, *masks: TensorType | None) -> Dim:
        """Of the four projections, the scores and the weighted sum."""
        size = query.shape[-1]
        projections = (2 * query.size + key.size + value.size) * size
        return projections + 2 * query.size * key.shape[1]

    def _check_lengths(self, query: TensorType, key: TensorType, value: TensorType) -> None:
        for ports, pairs in (
            (("query", "key"), [(query.shape[0], key.shape[0])]),
            (("key", "value"), list(zip(key.shape[:2], value.shape[:2], strict=True))),
        ):
            if any(differ(*pair) for pair in pairs):
                left, right = (query, key) if ports[0] == "query" else (key, value)
                raise OpError(f"cannot attend with {ports[0]} {left} and {ports[1]} {right}", ports=ports)

    def _check_masks(
        self, query: TensorType, key: TensorType, key_padding_mask: TensorType | None, attn_mask: TensorType | None
    ) -> None:
        if key_padding_mask is not None:
            require_mask("key_padding_mask", key_padding_mask, query, key.shape[:2], exact=True)
        if attn_mask is not None:
            batch = () if attn_mask.rank < 3 else (query.shape[0] * self.num_heads,)
            require_mask("attn_mask", attn_mask, query, (*batch, query.shape[1], key.shape[1]), exact=True)


def require_one_mask(op: str, is_causal: bool, masks: Mapping[str, TensorType | None]) -> None:
    """Raises OpError where a mask is fed to causal attention."""
    ports = tuple(port for port, mask in masks.items() if mask is not None)
    if is_causal and ports:
        raise OpError(
            f"{op} with `is_causal` takes no {' or '.join(ports)}",
            code=Code.BAD_VALUE,
            ports=ports,
            field="is_causal",
            hint="leave out `is_causal` and put it into the mask",
        )


def require_mask(port: str, mask: TensorType, query: TensorType, shape: Shape, *, exact: bool = False) -> None:
    """Raises OpError unless the mask is boolean or of the query's dtype, and fits `shape`."""
    if mask.dtype not in ("bool", query.dtype):
        raise OpError(
            f"`{port}` must be bool or {query.dtype}, not {mask.dtype}",
            code=Code.DTYPE_ERROR,
            ports=(port,),
            hint="put a `cast` before it",
        )
    if exact:
        fits = mask.rank == len(shape) and not any(differ(*pair) for pair in zip(mask.shape, shape, strict=True))
    else:
        fits = 2 <= mask.rank <= len(shape) and _fits(mask.shape, shape)
    if not fits and mask.rank < 2:
        hint = "torch takes no mask of one dimension: put an `unsqueeze` before it"
        raise OpError(
            f"`{port}` has rank {mask.rank}, expected at least 2", code=Code.RANK_ERROR, ports=(port,), hint=hint
        )
    if not fits:
        raise OpError(f"`{port}` must be {format_shape(shape)}, not {mask}", ports=("query", "key", port))


def _fits(mask: Shape, shape: Shape) -> bool:
    """Whether the mask is broadcast to `shape` and does not make it larger."""
    together = broadcast(mask, shape)
    return together is not None and not any(differ(*pair) for pair in zip(together, shape, strict=True))
