from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from pydantic import ValidationError

from archdsl.ops import OPS
from archdsl.ops.base import OpError
from archdsl.shapes import TensorType, symbol
from tests.ops.harness import Case, check


@st.composite
def equations(draw: DrawFn) -> Case:
    letters = "abcdeX"
    sizes = {letter: draw(st.integers(1, 4)) for letter in letters}
    dots = draw(st.lists(st.integers(1, 3), max_size=2))
    operands, inputs = [], []
    for _ in range(draw(st.integers(1, 3))):
        labels = draw(st.lists(st.sampled_from(letters), max_size=4))
        shape = [sizes[label] + draw(st.sampled_from([0] * 40 + [1])) for label in labels]
        shape = [draw(st.sampled_from([size] * 8 + [1])) for size in shape]
        if dots and draw(st.booleans()):
            place = draw(st.integers(0, len(labels)))
            some = dots[draw(st.integers(0, len(dots))) :]
            shape[place:place] = [draw(st.sampled_from([size, size, 1])) for size in some]
            labels.insert(place, "...")
        shape = shape + draw(st.sampled_from([[]] * 20 + [[2]]))
        operands.append(" ".join(labels))
        inputs.append(TensorType(tuple(shape)))
    used = sorted({label for operand in operands for label in operand.split()})
    result = draw(st.lists(st.sampled_from(used), unique=True, max_size=4)) if used else []
    arrow = draw(st.sampled_from([f" -> {' '.join(result)}"] * 4 + [""]))
    return Case(OPS["einsum"](equation=",".join(operands) + arrow), tuple(inputs))


STRATEGIES = {"einsum": equations()}


@pytest.mark.parametrize("name", STRATEGIES)
@given(data=st.data())
def test_against_torch(name: str, data: st.DataObject) -> None:
    check(data.draw(STRATEGIES[name]))


N, T, S = symbol("N"), symbol("T"), symbol("S")


@pytest.mark.parametrize(
    ("equation", "shapes", "made", "macs"),
    [
        ("b h t d, b h s d -> b h t s", [(N, 12, T, 64), (N, 12, S, 64)], (N, 12, T, S), N * T * S * 768),
        ("jidk,nik->nijd", [(10, 1152, 16, 8), (N, 1152, 8)], (N, 1152, 10, 16), N * 1152 * 10 * 16 * 8),
        ("ni,nj->nij", [(N, 3), (N, 4)], (N, 3, 4), 0),
        ("...d,ed->...e", [(N, T, 8), (5, 8)], (N, T, 5), N * T * 40),
        ("...ij,...jk->...ik", [(N, 1, T, 4), (3, 4, 5)], (N, 3, T, 5), N * 3 * T * 20),
        ("...i,...i->...", [(N, T, 4), (4,)], (N, T), N * T * 4),
        ("nt->n", [(N, T)], (N,), 0),
    ],
)
def test_symbolic_sizes(equation: str, shapes: list[Any], made: Any, macs: Any) -> None:
    op, inputs = OPS["einsum"](equation=equation), [TensorType(shape) for shape in shapes]
    assert op.infer(*inputs).shape == made
    assert op.macs(*inputs) == macs


@pytest.mark.parametrize(
    ("equation", "message"),
    [
        ("ab,bc->acd", "index `d` of the result is in no operand of `ab,bc->acd`"),
        ("ab->aa", "index `a` stands twice in the result of `ab->aa`"),
        ("a1->a", "cannot read `a1` in the equation: an index is one letter"),
        ("a.b->a", "cannot read `a.b` in the equation: an index is one letter"),
        ("...a...->a", "`...a...` has `...` twice"),
    ],
)
def test_broken_equations(equation: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        OPS["einsum"](equation=equation)
    assert str(caught.value.errors()[0]["ctx"]["error"]) == message


@pytest.mark.parametrize(
    ("equation", "shapes", "message", "ports"),
    [
        ("ab,bc->ac", [(2, 3)], "the equation has 2 operands, but 1 are fed", ()),
        ("ab,bc->ac", [(2, 3), (3, 4, 5)], "`b c` has 2 indices, but 3×4×5 has rank 3", ("1",)),
        ("ab,bc->ac", [(2, 3), (4, 5)], "index `b` is 3 in 2×3 and 4 in 4×5", ("0", "1")),
        ("aa->a", [(2, 3)], "index `a` is 2 in 2×3 and 3 in 2×3", ("0", "0")),
        ("ab,bb->a", [(2, 3), (1, 3)], "index `b` is 1 in 1×3 and 3 in 1×3", ("1", "1")),
        ("a,aa->", [(2,), (1, 2)], "index `a` is 1 in 1×2 and 2 in 1×2", ("1", "1")),
        ("aa,a->", [(1, 2), (2,)], "index `a` is 1 in 1×2 and 2 in 1×2", ("0", "0")),
        ("aa,a,a->", [(1, 1), (3,), (4,)], "index `a` is 3 in 3 and 4 in 4", ("1", "2")),
        ("...a,...a->a", [(2, 3), (4, 3)], "`...` is 2 in 2×3 and 4 in 4×3", ("0", "1")),
    ],
)
def test_messages(equation: str, shapes: list[Any], message: str, ports: tuple[str, ...]) -> None:
    with pytest.raises(OpError) as caught:
        OPS["einsum"](equation=equation).infer(*map(TensorType, shapes))
    assert caught.value.message == message
    assert caught.value.ports == ports
