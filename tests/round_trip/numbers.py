"""The numbers that a term stands for, worked out by torch from its form alone: what shows that the rules are right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor

from archdsl.expressions.tree import Name
from archdsl.ops.base import at_sizes
from archdsl.shapes import evaluate
from tests.compiler.interpreter import formula
from tests.oracle.layers import compute
from tests.round_trip.arithmetic import tree_of
from tests.round_trip.terms import Term, Terms


class Evaluation:
    """One pass in evaluation mode, in float64."""

    def __init__(
        self, terms: Terms, inputs: Sequence[Tensor], state: Mapping[str, Tensor], sizes: Mapping[str, int]
    ) -> None:
        self._terms, self._inputs, self._state, self._sizes = terms, inputs, state, sizes
        self._known: dict[int, Any] = {}

    def of(self, term: Term | None) -> Any:
        """The numbers of a term."""
        if term is None:
            return None
        if term.place not in self._known:
            leaf = _LEAVES.get(term.kind)
            self._known[term.place] = self._computed(term) if leaf is None else leaf(self, term)
        return self._known[term.place]

    def _computed(self, term: Term) -> Any:
        args = [self.of(each) for each in term.args]
        shaped = _SHAPED.get(term.kind)
        if shaped is not None:
            return shaped(self, term, *args)
        if term.op is None:
            tree = tree_of(term.kind, [Name(str(place)) for place in range(len(args))])
            found = formula(tree, lambda name: args[int(name)], self._sizes)
            return _as(found, term.type.dtype).expand(self.sized(term.shape))
        names = next((said[1] for said in term.data if isinstance(said, tuple) and said[0] == "tensors"), ())
        args = [torch.tensor(each, dtype=torch.float64) if isinstance(each, int | float) else each for each in args]
        inputs, own = args[: len(args) - len(names)], dict(zip(names, args[len(args) - len(names) :], strict=True))
        found = compute(at_sizes(term.op, self._sizes), inputs, own, training=False)
        return [*_flat(found)][term.data[-1]] if isinstance(found, tuple | list) else found

    def sized(self, shape: Any) -> Any:
        return tuple(evaluate(dim, self._sizes) for dim in shape)

    def number(self, term: Term) -> Any:
        value = term.data[0]
        return value if isinstance(value, float) else evaluate(value, self._sizes)

    def tensor(self, term: Term) -> Tensor:
        return self._state[term.data[0]]

    def input(self, term: Term) -> Tensor:
        return self._inputs[term.data[0]]

    def table(self, term: Term) -> Tensor:
        return _as(self._terms.tables[term.data[0]], term.type.dtype)

    def index(self, term: Term) -> Tensor:
        return torch.arange(evaluate(term.shape[0], self._sizes))

    def view(self, term: Term, x: Tensor) -> Tensor:
        axes, order, shape = term.data
        cut = x.reshape(self.sized(axes)).permute(order) if axes else x
        return cut.reshape(self.sized(shape))

    def part(self, term: Term, x: Tensor) -> Tensor:
        dim, start, length, step = term.data
        first, count = self.sized((start, length))
        return x.index_select(dim, first + step * torch.arange(count))

    def cat(self, term: Term, *xs: Tensor) -> Tensor:
        return torch.cat(xs, term.data[0])

    def expand(self, term: Term, x: Any) -> Tensor:
        return _as(x, term.type.dtype).expand(self.sized(term.shape))

    def same(self, term: Term, x: Any) -> Any:
        return x


def _flat(found: Any) -> Iterator[Tensor]:
    for each in found:
        yield from (each,) if isinstance(each, Tensor) else _flat(each)


def _as(value: Any, dtype: str) -> Tensor:
    """Numbers of a kind; those of the network in float64."""
    return torch.as_tensor(value).to(torch.float64 if dtype == "float32" else getattr(torch, dtype))


_LEAVES: Final[dict[str, Callable[[Evaluation, Term], Any]]] = {
    "input": Evaluation.input, "parameter": Evaluation.tensor, "buffer": Evaluation.tensor,
    "number": Evaluation.number, "table": Evaluation.table, "index": Evaluation.index,
}  # fmt: skip
_SHAPED: Final[dict[str, Callable[..., Any]]] = {
    "view": Evaluation.view, "part": Evaluation.part, "cat": Evaluation.cat, "expand": Evaluation.expand,
    "filled": Evaluation.expand, "cast": Evaluation.expand, "stochastic_depth": Evaluation.same,
    **dict.fromkeys(("dropout", "dropout1d", "dropout2d", "dropout3d"), Evaluation.same),
    **dict.fromkeys(("alpha_dropout", "feature_alpha_dropout", "detach"), Evaluation.same),
}  # fmt: skip
