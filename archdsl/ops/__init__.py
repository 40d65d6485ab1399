"""The primitives: `OPS` finds an op's class by the name that specs write.

A theme's module is imported when one of its ops is first looked up: creating all the models takes
about 50 ms, and a spec uses few themes. So this table names every op; a test holds it against the
classes of each module. These modules do without `from __future__ import annotations`: pydantic
would have to evaluate every annotation's text, which takes a third of that time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from archdsl.ops.base import Op

THEMES: Final[dict[str, tuple[str, ...]]] = {
    theme: tuple(names.split())
    for theme, names in {
        "conv": "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d",
        "pool": """
            max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d lp_pool1d lp_pool2d lp_pool3d
            adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d
            adaptive_max_pool3d
        """,
        "unpool": "max_unpool1d max_unpool2d max_unpool3d",
        "norm": """
            batch_norm1d batch_norm2d batch_norm3d instance_norm1d instance_norm2d instance_norm3d layer_norm rms_norm
            group_norm local_response_norm
        """,
        "linear": "linear bilinear identity",
        "activation": """
            relu relu6 leaky_relu prelu rrelu elu celu selu gelu silu mish hardswish hardsigmoid hardtanh hardshrink
            softshrink tanhshrink sigmoid log_sigmoid logit tanh softplus softsign threshold glu softmax softmin
            log_softmax softmax2d
        """,
        "dropout": "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout stochastic_depth",
        "recurrent": "rnn lstm gru rnn_cell lstm_cell gru_cell",
        "attention": "multihead_attention scaled_dot_product_attention",
        "embedding": "embedding embedding_bag",
        "reshape": "flatten unflatten reshape permute transpose squeeze unsqueeze flip roll tril triu",
        "rearrange": "rearrange",
        "repeat": "expand repeat tile repeat_interleave",
        "divide": "chunk split tensor_split unbind select narrow slice",
        "combine": "cat stack",
        "contract": "matmul bmm cosine_similarity pairwise_distance cdist",
        "einsum": "einsum",
        "reduce": """
            mean sum prod amax amin max min argmax argmin var std norm logsumexp normalize cumsum cumprod logcumsumexp
            topk sort
        """,
        "index": "index index_select gather take_along_dim one_hot where masked_fill",
        "spatial": "pad pixel_shuffle pixel_unshuffle channel_shuffle grid_sample affine_grid",
        "resize": "interpolate unfold fold",
        "cast": "cast detach",
        "special": "parameter constant add stub",
    }.items()
}
"""The names of the ops by module of `archdsl.ops`, in the order of the documentation."""


class Ops(Mapping[str, type[Op]]):
    """Op classes by name, each imported when it is first asked for."""

    def __init__(self, themes: Mapping[str, tuple[str, ...]]) -> None:
        """Raises ValueError where two ops have one name."""
        self._theme: dict[str, str] = {}
        self._found: dict[str, type[Op]] = {}
        for theme, names in themes.items():
            for name in names:
                if name in self._theme:
                    raise ValueError(f"two ops are called `{name}`: in {self._theme[name]} and {theme}")
                self._theme[name] = theme

    def add(self, op: type[Op]) -> None:
        """Lets specs name an op that is defined elsewhere. Raises ValueError where there is one of its name."""
        if op.name in self._theme:
            raise ValueError(f"two ops are called `{op.name}`: in {self._theme[op.name]} and {op.__module__}")
        self._theme[op.name] = op.__module__
        self._found[op.name] = op

    def find(self, name: str) -> type[Op] | None:
        """The op of that name, also of an installed package; None where the name is of no such form.

        Raises PackageError where a name is a package's and the op cannot be used.
        """
        if name not in self and "." in name:
            from archdsl.ops.installed import installed, parts_of

            if (parts := parts_of(name)) is None:
                return None
            self.add(installed(parts))
        return self.get(name)

    def __getitem__(self, name: str) -> type[Op]:
        if name not in self._found:
            self._found.update(ops_of(self._theme[name]))
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        return name in self._theme

    def __iter__(self) -> Iterator[str]:
        return iter(self._theme)

    def __len__(self) -> int:
        return len(self._theme)


def ops_of(theme: str) -> dict[str, type[Op]]:
    """The ops of one theme: the classes of its module that have a name of their own."""
    classes = (each for each in vars(import_module(f"archdsl.ops.{theme}")).values() if isinstance(each, type))
    return {op.name: op for op in classes if "name" in vars(op) and issubclass(op, Op)}


OPS: Final = Ops(THEMES)
