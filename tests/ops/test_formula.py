"""Formulas over tensors: what is refused, and shapes and dtypes against torch's."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from archdsl.expressions import ExpressionError, parse_formula
from archdsl.expressions.tree import Call, Literal, Name
from archdsl.expressions.walking import substitute
from archdsl.ops.base import OpError
from archdsl.ops.formula import ELEMENTWISE, check_formula, formula_type
from archdsl.shapes import TensorType, evaluate, symbol

N, H, T = symbol("N"), symbol("H"), symbol("T")


def typed(text: str, *inputs: TensorType) -> TensorType:
    """The type of a formula over `a`, `b`, …"""
    names = {name: str(i) for i, name in enumerate("abcd"[: len(inputs)])}
    tree = parse_formula(text, names.__contains__).tree
    return formula_type(substitute(tree, {k: Name(v) for k, v in names.items()}), list(inputs))


def floats(*shape: Any) -> TensorType:
    return TensorType(shape)


# --- what may stand in a formula ------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "sigmoid(x) * y + 1",
        "x if x > 0 else y",
        "0 < x < 1 and not y == 2",
        "max(x, y, 0) + clamp(x, min=0) + round(x, 2) + log(x, 2)",
        "x * x.shape[1] + len(x.shape) + sum(widths) + widths[0] + int(2.5)",
        "x ** 2 / [1, 2][0] + sum(k for k in range(3))",
    ],
)
def test_elementwise_formulas_pass(text: str) -> None:
    check_formula(parse_formula(text, {"x", "y"}.__contains__), frozenset("xy"))


@pytest.mark.parametrize(
    ("text", "message", "at", "hint"),
    [
        ("1 + sum(x)", "`sum` of a tensor is not elementwise", "sum(x)", "use op `sum`"),
        ("1 + sum(x + 1)", "`sum` of a tensor is not elementwise", "sum(x + 1)", "use op `sum`"),
        ("len(x)", "`len` of a tensor is not elementwise", "len(x)", "x.shape[0]"),
        ("int(x)", "`int` of a tensor is not elementwise", "int(x)", "use op `cast`"),
        ("float(x)", "`float` of a tensor is not elementwise", "float(x)", "use op `cast`"),
        ("range(x)", "`range` of a tensor is not elementwise", "range(x)", None),
        ("max(x)", "`max` of a tensor is not elementwise", "max(x)", "use op `max`"),
        ("2 * x[0]", "a tensor cannot be indexed in a formula", "x[0]", "use op `select` or `slice`"),
        (
            "widths[x]",
            "a list cannot be indexed by what differs from element to element",
            "widths[x]",
            "and `stack` them",
        ),
        ("2 * x[y]", "a tensor cannot be indexed in a formula", "x[y]", "use op `select`"),
        ("x[1:]", "a tensor cannot be sliced in a formula", "x[1:]", "use op `slice`"),
        ("[x, y]", "a formula makes no lists of tensors", "[x, y]", "use op `stack` or `cat`"),
        ("[k for k in x]", "a formula makes no lists of tensors", "[k for k in x]", "use op"),
        ("x in [1, 2]", "`in` does not compare tensors", "x in [1, 2]", "`==`"),
        ("1 if x is not None else 2", "`is not` does not compare tensors", "x is not None", "`==`"),
        ("x.size", "a tensor has no `size`", "x.size", "x.shape"),
        ("log(x, y)", "the second argument of `log` is a number", "log(x, y)", None),
    ],
)
def test_what_is_not_elementwise_is_refused(text: str, message: str, at: str, hint: str | None) -> None:
    expression = parse_formula(text, {"x", "y"}.__contains__)
    with pytest.raises(ExpressionError) as caught:
        check_formula(expression, frozenset("xy"))
    error = caught.value
    assert (error.message, text[error.start : error.end]) == (message, at)
    assert hint is None or hint in (error.hint or "")


# --- shapes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "inputs", "expected"),
    [
        ("a + b", (floats(N, 64, H, H), floats(N, 64, H, H)), (N, 64, H, H)),
        ("a * b", (floats(N, 64, H, H), floats(N, 64, 1, 1)), (N, 64, H, H)),
        ("a + b", (floats(64), floats(N, T, 64)), (N, T, 64)),
        ("a + b", (floats(N, 1, T), floats(H, 1)), (N, H, T)),
        ("a + b", (floats(N, T), floats(N, H)), (N, T)),
        ("a + b", (floats(N, T), floats(N, 5)), (N, 5)),
        ("2 * a - 1", (floats(),), ()),
        ("a if b > 0 else c", (floats(3, 1), floats(4), floats(1, 1)), (3, 4)),
        ("max(a, b, 0)", (floats(3, 1), floats(1, 4)), (3, 4)),
        ("a * 2 ** 3 + 1", (floats(N),), (N,)),
    ],
)
def test_shape(text: str, inputs: tuple[TensorType, ...], expected: tuple[Any, ...]) -> None:
    assert typed(text, *inputs).shape == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a + b", "cannot add 256×56×56 and 64×56×56"),
        ("a - b", "cannot subtract 64×56×56 from 256×56×56"),
        ("a * b", "cannot multiply 256×56×56 and 64×56×56"),
        ("a / b", "cannot divide 256×56×56 by 64×56×56"),
        ("a ** b", "cannot raise 256×56×56 to the power 64×56×56"),
        ("a < b", "cannot compare 256×56×56 and 64×56×56"),
        ("a and b", "cannot take 256×56×56 and 64×56×56"),
        ("a if a > 0 else b", "cannot choose between 256×56×56 and 64×56×56"),
        ("max(a, b)", "cannot take `max` of 256×56×56 and 64×56×56"),
        ("1 + relu(a) + b * 2", "cannot add 256×56×56 and 64×56×56"),
    ],
)
def test_shapes_that_do_not_fit(text: str, message: str) -> None:
    with pytest.raises(OpError) as caught:
        typed(text, floats(N, 256, 56, 56), floats(N, 64, 56, 56))
    error = caught.value
    assert (error.message, error.code, error.ports) == (message, "shape-mismatch", ("0", "1"))


def test_the_batch_is_shown_where_it_differs() -> None:
    with pytest.raises(OpError, match="cannot add N×2 and H×3"):
        typed("a + b", floats(N, 2), floats(H, 3))
    with pytest.raises(OpError, match="cannot add N×2 and 3"):
        typed("a + b", floats(N, 2), floats(3))
    with pytest.raises(OpError, match=r"cannot add 2×\(T \+ 1\) and 2×T"):
        typed("a + b", floats(2, T + 1), floats(2, T))


def test_ports_are_the_inputs_at_fault() -> None:
    with pytest.raises(OpError) as caught:
        typed("a * (b + c)", floats(N, 2), floats(N, 3), floats(N, 4))
    assert caught.value.ports == ("1", "2")


@pytest.mark.parametrize("text", ["[a]", "a[0]", "a + 'x'", "sum(a)", "a + None"])
def test_what_has_no_type(text: str) -> None:
    with pytest.raises(OpError) as caught:
        typed(text, floats(N))
    assert caught.value.code == "bad-value"


# --- dtypes ---------------------------------------------------------------------------------------

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > 0", "bool"),
        ("not a", "bool"),
        ("a and b", "bool"),
        ("(a > 0) + (b > 0)", "int64"),
        ("1 - (a > 0)", "int64"),
        ("a * (b > 0)", "float32"),
        ("(a > 0) * 0.5", "float32"),
        ("(a > 0) / 2", "float32"),
        ("-(a > 0)", "int64"),
        ("(a > 0) if b > 0 else (b < 1)", "bool"),
        ("max(a > 0, b > 0)", "int64"),
        ("sqrt(a > 0)", "float32"),
    ],
)
def test_bools_count_as_0_and_1(text: str, expected: str) -> None:
    assert typed(text, floats(N), floats(N)).dtype == expected


def test_dimensions_are_whole_numbers() -> None:
    tree = parse_formula("a * 2", lambda path: path == "a").tree
    tree = substitute(tree, {"a": Literal(H)})
    assert formula_type(tree, []) == TensorType((), "int64")


@pytest.mark.parametrize("function", ["gelu", "silu", "softplus"])
def test_whole_numbers_have_no_such_function(function: str) -> None:
    with pytest.raises(OpError) as caught:
        typed(f"{function}(a)", TensorType((N,), "int64"))
    assert caught.value.code == "dtype-error"
    assert caught.value.message == f"`{function}` takes floating-point numbers, not int64"


def test_complex_numbers_are_left_to_ops() -> None:
    with pytest.raises(OpError, match="cannot compute with complex64"):
        typed("a + 1", TensorType((N,), "complex64"))


def _tensor(given: TensorType) -> torch.Tensor:
    return torch.ones([evaluate(d, {"N": 2}) for d in given.shape], dtype=getattr(torch, given.dtype))


def _same(found: TensorType, expected: torch.Tensor) -> None:
    assert (found.shape, f"torch.{found.dtype}") == (tuple(expected.shape), str(expected.dtype))


@pytest.mark.parametrize(("left", "right"), list(itertools.product(DTYPES, DTYPES)))
@pytest.mark.parametrize("shapes", [((2,), (2,)), ((2,), ()), ((), (2,)), ((), ())])
def test_promotion_is_torchs(left: str, right: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    a, b = TensorType(shapes[0], left), TensorType(shapes[1], right)
    x, y = _tensor(a), _tensor(b)
    _same(typed("a / b", a, b), x / y)
    _same(typed("a == b", a, b), x == y)
    if left == right == "bool":
        assert typed("a + b", a, b).dtype == "int64"
        return
    _same(typed("a + b", a, b), x + y)
    _same(typed("max(a, b)", a, b), torch.maximum(x, y))
    _same(typed("a if a > b else b", a, b), torch.where(x > y, x, y))


@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_numbers_give_way_as_in_torch(dtype: str) -> None:
    given = TensorType((2,), dtype)
    x = _tensor(given)
    _same(typed("a + 1", given), x + 1)
    _same(typed("0.5 * a", given), 0.5 * x)
    _same(typed("a // 2 % 3", given), x // 2 % 3)
    _same(typed("a / 2", given), x / 2)
    _same(typed("a ** 2", given), x**2)
    _same(typed("-a", given), -x)
    _same(typed("clamp(a, min=0)", given), x.clamp(min=0))
    _same(typed("clamp(a, 0.5, 2)", given), x.clamp(0.5, 2))
    _same(typed("a if a > 1 else 0", given), torch.where(x > 1, x, 0))


TORCH = {
    **{name: getattr(torch, name) for name in ELEMENTWISE - {"gelu", "silu", "softplus", "max", "min", "clamp"}},
    **{name: getattr(torch.nn.functional, name) for name in ("gelu", "silu", "softplus")},
}


@pytest.mark.parametrize("function", sorted(TORCH))
@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_functions_have_torchs_types(function: str, dtype: str) -> None:
    given = TensorType((2,), dtype)
    try:
        expected = TORCH[function](_tensor(given))
    except RuntimeError:
        with pytest.raises(OpError):
            typed(f"{function}(a)", given)
        return
    _same(typed(f"{function}(a)", given), expected)


SHAPES = st.lists(st.integers(1, 3), max_size=3).map(tuple)
FORMULAS = st.sampled_from(["a + b * c", "a if b > c else 0.5", "max(a, b, c)", "a ** 2 / (b - c)", "a < b <= c"])


@given(FORMULAS, st.tuples(SHAPES, SHAPES, SHAPES), st.tuples(*[st.sampled_from(DTYPES[1:])] * 3))
def test_formulas_have_torchs_shapes_and_dtypes(
    text: str, shapes: tuple[tuple[int, ...], ...], dtypes: tuple[str, ...]
) -> None:
    inputs = [TensorType(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
    a, b, c = map(_tensor, inputs)
    try:
        expected = {
            "a + b * c": lambda: a + b * c,
            "a if b > c else 0.5": lambda: torch.where(b > c, a, 0.5),
            "max(a, b, c)": lambda: torch.maximum(torch.maximum(a, b), c),
            "a ** 2 / (b - c)": lambda: a**2 / (b - c),
            "a < b <= c": lambda: (a < b) & (b <= c),
        }[text]()
    except RuntimeError:
        with pytest.raises(OpError):
            typed(text, *inputs)
        return
    found = typed(text, *inputs)
    assert found.shape == tuple(expected.shape)
    # torch takes three tensors two by two, and so loses which of them were scalars
    assume(text != "max(a, b, c)" or all(shapes))
    assert f"torch.{found.dtype}" == str(expected.dtype)


def test_every_elementwise_function_has_a_type() -> None:
    for function in ELEMENTWISE:
        tree = Call(function, (Literal(0.5),) * (3 if function == "clamp" else 1))
        assert formula_type(tree, []) == TensorType((), "float32")
