"""Classes and functions that a generated file carries where torch and Python have none that fits, as source text."""

from __future__ import annotations

from typing import Final, NamedTuple

STOCHASTIC_DEPTH: Final = '''\
class StochasticDepth(nn.Module):
    """Zeroes a residual branch with probability p while training, else scales it by 1 / (1 - p).

    `row` draws for each sample, `batch` once for all (arXiv:1603.09382).
    """

    def __init__(self, p: float, mode: str = "row") -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0.0:
            return x
        rows = x.shape[0] if self.mode == "row" else 1
        noise = x.new_empty((rows,) + (1,) * (x.dim() - 1)).bernoulli_(1.0 - self.p)
        return x * (noise.div_(1.0 - self.p) if self.p < 1.0 else noise)

    def extra_repr(self) -> str:
        return f"p={self.p}, mode={self.mode!r}"
'''

MULTIHEAD_ATTENTION: Final = '''\
class MultiheadAttention(nn.MultiheadAttention):
    """torch's, batch first, with the attention alone as output, never its weights."""

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        kdim: int | None = None,
        vdim: int | None = None,
        is_causal: bool = False,
    ) -> None:
        super().__init__(embed_dim, num_heads, dropout, bias, kdim=kdim, vdim=vdim, batch_first=True)
        self.is_causal = is_causal

    def reset_parameters(self) -> None:
        self.out_proj.reset_parameters()
        self._reset_parameters()

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attn_mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """`attn_mask` is scaled_dot_product_attention's: true, or added, where a key is seen."""
        q, k, v = (
            x.unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2)
            for x in self._project(query, key, value)
        )
        dropout = self.dropout if self.training else 0.0
        out = F.scaled_dot_product_attention(q, k, v, attn_mask, dropout, self.is_causal)
        return self.out_proj(out.transpose(1, 2).flatten(2))

    def _project(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        weight, bias = self.in_proj_weight, self.in_proj_bias
        if query is key and key is value:
            q, k, v = F.linear(query, weight, bias).chunk(3, -1)
            return q, k, v
        if weight is None:
            w_q, w_k, w_v = self.q_proj_weight, self.k_proj_weight, self.v_proj_weight
        else:
            w_q, w_k, w_v = weight.chunk(3)
        b_q, b_k, b_v = (None, None, None) if bias is None else bias.chunk(3)
        return F.linear(query, w_q, b_q), F.linear(key, w_k, b_k), F.linear(value, w_v, b_v)
'''

MAKE_DIVISIBLE: Final = '''\
def make_divisible(value, divisor):
    """`value` rounded to a multiple of `divisor`, never below 90 % of it."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded
'''


SAME_UPPER: Final = '''\
def same_upper(size, kernel, stride, dilation=1):
    """The padding before and after with which windows make ceil(size / stride), the odd one after."""
    reach = (kernel - 1) * dilation + 1
    total = -size % stride + reach
    total = total - stride if reach >= stride else total // stride * (total % stride)
    return total // 2, (total + 1) // 2
'''


START_POWER_METHOD: Final = '''\
def start_power_method(parametrized):
    """Draws the vectors of a spectral norm, and turns them to its weight as torch does when it is made."""
    norm = parametrized[0]
    norm._v.normal_()
    norm._power_method(norm._reshape_weight_to_matrix(parametrized.original), 15)
'''


class Helper(NamedTuple):
    """A class or function that a file may carry."""

    text: str
    reads: frozenset[str] = frozenset()
    """The modules that it needs."""
    checked: str | None = None
    """The text with what a type checker must be told, where that is more."""


HELPERS: Final = {
    "StochasticDepth": Helper(STOCHASTIC_DEPTH, frozenset({"torch", "nn"})),
    "MultiheadAttention": Helper(
        MULTIHEAD_ATTENTION,
        frozenset({"torch", "nn", "F"}),
        MULTIHEAD_ATTENTION.replace("def forward(", "def forward(  # type: ignore[override]"),
    ),
    "make_divisible": Helper(MAKE_DIVISIBLE),
    "same_upper": Helper(SAME_UPPER),
    "start_power_method": Helper(START_POWER_METHOD),
}
"""By the name that code reads it by."""
