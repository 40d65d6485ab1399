"""Holds an op's rules against torch: the lowered code is what runs.

A test module lists a strategy of `Case` for each of its ops in `STRATEGIES` and calls `check` on what
they draw. `check` compares, for fields and inputs that the op accepts,

- the inferred output types with what the lowered code makes on the meta device, as a module and as a
  function, and again with symbolic sizes put in place of the numbers;
- the inputs that an expression names with those that are fed;
- the dtypes of what is made of whole numbers alone with the inferred ones, where torch's default is another;
- `tensors` with the module's `state_dict`, in order;
- `macs` with half of what torch's `FlopCounterMode` counts;
- `moves` with the elements that come out;
- `views` with the outputs that lie in the first input's memory, and their strides;
- the numbers with those that torch makes from the op's fields, by `tests.oracle`;
- `sees` with the output's shape, and what an output sees where nothing is known to be smaller;

and what the op refuses, torch must refuse.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from archdsl.measures import rules
from archdsl.measures.fields import AxisPart, Field, Seen
from archdsl.measures.memory import Placed, contiguous
from archdsl.measures.receptive import ITSELF
from archdsl.ops.base import Op, OpError
from archdsl.ops.rules import FLOATS
from archdsl.shapes import Dim, Symbolic, TensorType, evaluate, symbol
from archdsl_torch.lowering import tree as lowering
from archdsl_torch.lowering.base import Lowered, lower
from archdsl_torch.lowering.helpers import HELPERS
from archdsl_torch.lowering.tree import TRAINING, Code
from archdsl_torch.lowering.walking import parts
from tests.oracle.layers import KNOWN, compute

NAMESPACE: dict[str, Any] = {"torch": torch, "nn": nn, "F": F}
for _helper in HELPERS.values():
    exec(_helper.text, NAMESPACE)

MAYBE_VIEWS = frozenset(("channel_shuffle", "einsum"))
"""Ops that may give a view where there is nothing to do."""
REFUSALS = (RuntimeError, ValueError, IndexError, TypeError, NotImplementedError, AssertionError, ZeroDivisionError)


class Case(NamedTuple):
    """An op on inputs; None is an optional port that is not fed."""

    op: Op
    inputs: tuple[TensorType | None, ...]
    training: bool = False
    counted: bool = True
    """Whether torch's counter knows the op."""
    below: int = 2
    """Whole numbers in the inputs are less than this."""
    stricter: bool = False
    """The op refuses what torch takes; only what it accepts is compared."""


def check(case: Case) -> None:
    """Fails where the op's rules and torch disagree."""
    try:
        inferred = infer(case.op, case.inputs)
    except OpError as error:
        check_message(error)
        assert {*error.ports} <= {port.name for port in case.op.ports} or case.op.ports[0].variadic
        assert error.fault.place.field is None or error.fault.place.field in type(case.op).model_fields
        assert case.stricter or refuses(case), f"torch takes what {case.op!r} refuses: {error.message}"
        return
    lowered = lower(case.op, *case.inputs)
    check_reads(case, lowered)
    check_outputs(case, lowered, inferred)
    check_default_dtype(case, lowered, inferred)
    check_tensors(case, lowered)
    check_macs(case, lowered)
    check_views(case, lowered, inferred)
    check_fields(case, inferred)
    check_moved(case, lowered)
    check_symbolic(case, inferred)
    check_numbers(case, lowered)


def infer(op: Op, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
    """The output types, always a tuple. Raises OpError."""
    result = op.infer(*inputs)
    return result if isinstance(result, tuple) else (result,)


def check_message(error: OpError) -> None:
    """A message starts in lower case, ends without a dot and names a known code."""
    assert error.message and not error.message[0].isupper() and not error.message.endswith(".")
    assert error.code in {
        "shape-mismatch", "rank-error", "size-error", "dtype-error", "bad-value", "missing-field",
    }  # fmt: skip


def refuses(case: Case) -> bool:
    """Whether torch raises on the lowered op; what the meta device lets pass is run on the CPU.

    An empty output counts as a refusal: the language has no sizes below 1, some of torch's ops do.
    """
    for device in ("meta", "cpu"):
        try:
            lowered = lower(case.op, *case.inputs)
            for run in forms(case, lowered, device):
                if any(made.numel() == 0 for made in outputs(run(*tensors(case, device)))):
                    return True
        except REFUSALS:
            return True
    return False


def check_reads(case: Case, lowered: Lowered) -> None:
    """An expression names every input that is fed, each by its place."""
    fed = {index for index, x in enumerate(case.inputs) if x is not None}
    for code in (lowered.function, lowered.call):
        assert code is None or set(places(code)) == fed, f"{case.op!r} reads {code} of {fed}"


def places(code: Any) -> Iterator[int]:
    """The places of the inputs in a tree of code."""
    if isinstance(code, lowering.In):
        yield code.index
    for part in parts(code):
        yield from places(part)


def check_outputs(case: Case, lowered: Lowered, inferred: tuple[TensorType, ...]) -> None:
    for run in forms(case, lowered, "meta"):
        made = tuple(type_of(tensor) for tensor in outputs(run(*tensors(case, "meta"))))
        assert made == inferred, f"torch makes {made}, {case.op!r} infers {inferred}"


def check_default_dtype(case: Case, lowered: Lowered, inferred: tuple[TensorType, ...]) -> None:
    """What is made of whole numbers alone has the network's floating dtype, whatever torch's default is."""
    if (
        lowered.function is None
        or lowered.module is not None
        or any(x is not None and x.dtype in FLOATS for x in case.inputs)
    ):
        return
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        made = outputs(run_code(lowered.function, tuple(tensors(case, "meta")), case.training))
    finally:
        torch.set_default_dtype(before)
    assert [dtype_of(tensor) for tensor in made] == [kind.dtype for kind in inferred], f"{case.op!r} by default"


def check_tensors(case: Case, lowered: Lowered) -> None:
    owned = case.op.tensors(*case.inputs)
    if lowered.module is None:
        assert not owned, f"{case.op!r} owns {list(owned)} and has no module"
        return
    module = construct(lowered, "meta")
    state = {name: (tuple(t.shape), dtype_of(t)) for name, t in module.state_dict().items()}
    assert [*state.items()] == [(name, (w.shape, w.dtype)) for name, w in owned.items()]
    buffers = {name for name, _ in module.named_buffers()}
    assert buffers == {name for name, weight in owned.items() if weight.buffer}


def check_macs(case: Case, lowered: Lowered) -> None:
    if not case.counted:
        return
    for run in forms(case, lowered, "meta"):
        given = tensors(case, "meta")
        with FlopCounterMode(display=False) as counter:
            run(*given)
        assert case.op.macs(*case.inputs) == counter.get_total_flops() / 2


def check_views(case: Case, lowered: Lowered, inferred: tuple[TensorType, ...]) -> None:
    """Where torch gives views of the first input, the rule has their strides; else it says that it has none."""
    given = [None if x is None else placed(x) for x in case.inputs]
    views = rules.views(case.op, [sizes(x) for x in inferred], case.training, *given)
    for run in forms(case, lowered, "meta"):
        inputs = tensors(case, "meta")
        made = outputs(run(*inputs))
        first = next(x for x in inputs if x is not None)
        if not all(x.untyped_storage()._cdata == first.untyped_storage()._cdata for x in made):
            assert views is None, f"{case.op!r} writes a tensor of its own, not {views}"
            continue
        if views is None and case.op.name in MAYBE_VIEWS:
            continue
        assert views is not None, f"{case.op!r} gives a view"
        for x, strides in zip(made, views, strict=True):
            pairs = zip(x.shape, x.stride(), strides, strict=True)
            assert all(left == right for size, left, right in pairs if size > 1)


def check_moved(case: Case, lowered: Lowered) -> None:
    """An op that is said to only move elements gives no others."""
    if not case.op.moves:
        return
    for run in forms(case, lowered, "cpu"):
        given = tensors(case, "cpu")
        there = torch.cat([x.flatten().double() for x in given if x is not None])
        for made in outputs(run(*given)):
            assert torch.isin(made.flatten().double(), there).all(), f"{case.op!r} makes elements of its own"


def placed(x: TensorType) -> Placed:
    return Placed(sizes(x), x.dtype, contiguous(sizes(x)), x.dtype.startswith("float"))


def sizes(x: TensorType) -> tuple[int, ...]:
    return tuple(evaluate(dim, {}) for dim in x.shape)


def check_fields(case: Case, inferred: tuple[TensorType, ...]) -> None:
    """Every dimension of every input is an axis: the fields have the outputs' shapes and depend on inputs alone."""
    count = sum(x.rank for x in case.inputs if x is not None)
    axes = iter(range(count))
    fields = [None if x is None else on_axes(sizes(x), axes) for x in case.inputs]
    found = rules.sees(case.op, [sizes(x) for x in inferred], *fields)
    assert [field.shape for field in found] == [sizes(x) for x in inferred]
    for field in found:
        assert field.seen.keys() <= set(range(count))
        assert all(each.reach is None or each.reach.span(each.grid) >= 0 for each in field.seen.values())
        assert all(each.grid >= 1 for each in field.seen.values())


def on_axes(shape: tuple[int, ...], axes: Iterator[int]) -> Field:
    numbers = [next(axes) for _ in shape]
    dims = tuple((AxisPart(axis, 1, size),) for axis, size in zip(numbers, shape, strict=True))
    return Field(dims, {a: Seen(ITSELF, size) for a, size in zip(numbers, shape, strict=True)})


def check_symbolic(case: Case, inferred: tuple[TensorType, ...]) -> None:
    """Infers once more with names for the sizes; the result at these sizes is the same."""
    masks: list[Callable[[int, int], bool]] = [
        lambda dim, rank: True,
        lambda dim, rank: dim == 0,
        lambda dim, rank: dim != 1,
        lambda dim, rank: dim != rank - 1,
    ]
    for named in masks:
        inputs = [symbolic(x, named) for x in case.inputs]
        try:
            found = infer(case.op, inputs)
        except OpError as error:
            assert "known only at run time" in error.message, error.message
            continue
        sizes = {f"S{n}": n for x in case.inputs if x is not None for n in x.shape if isinstance(n, int)}
        assert tuple(at(x, sizes) for x in found) == inferred
        assert evaluate(case.op.macs(*inputs), sizes) == case.op.macs(*case.inputs)


def check_numbers(case: Case, lowered: Lowered) -> None:
    """Module and function compute what the oracle does, which knows the op's fields and nothing of this code."""
    if case.op.name not in KNOWN:
        return
    given = tensors(case, "cpu")
    torch.manual_seed(1)
    runs = forms(case, lowered, "cpu")
    torch.manual_seed(1)  # the module once more
    own = {} if lowered.module is None else construct(lowered, "cpu").state_dict()
    for run in runs:
        torch.manual_seed(2)
        made = outputs(run(*given))
        torch.manual_seed(2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = compute(case.op, given, {name: x.clone() for name, x in own.items()}, case.training)
        for left, right in zip(made, outputs(found), strict=True):
            # the oracle computes in float64 where the network's dtype is asked for
            torch.testing.assert_close(left, right, equal_nan=True, check_dtype=False)


def symbolic(x: TensorType | None, named: Callable[[int, int], bool]) -> TensorType | None:
    """`x` with `S7` for a size of 7 in the dimensions that are `named`; 1 stays, since it broadcasts."""
    if x is None:
        return None
    return x.with_shape(
        symbol(f"S{size}") if size != 1 and named(dim, x.rank) else size for dim, size in enumerate(x.shape)
    )


def at(x: TensorType, sizes: dict[str, int]) -> TensorType:
    return x.with_shape(evaluate(dim, sizes) for dim in x.shape)


def forms(case: Case, lowered: Lowered, device: str) -> list[Callable[..., Any]]:
    """The lowered op as callables of all inputs: the module where there is one, and the function."""
    runs: list[Callable[..., Any]] = []
    if lowered.module is not None:
        module = construct(lowered, device).train(case.training)
        runs.append(lambda *inputs: call_module(module, lowered.call, inputs))
    if lowered.function is not None:
        function = lowered.function
        runs.append(lambda *inputs: run_code(function, inputs, case.training))
    assert runs, f"{case.op!r} has neither module nor function"
    return runs


def construct(lowered: Lowered, device: str) -> nn.Module:
    assert lowered.module is not None
    with torch.device(device):
        module = run_code(lowered.module, ())
    assert isinstance(module, nn.Module)
    return module


def call_module(module: nn.Module, call: Code | None, inputs: tuple[Any, ...]) -> Any:
    if call is not None:
        return run_code(call, inputs, module.training, module)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return module(*(x for x in inputs if x is not None))


def run_code(code: Code, inputs: tuple[Any, ...], training: bool = False, module: nn.Module | None = None) -> Any:
    """The value of a code tree."""

    def run(code: Code | lowering.Range) -> Any:
        match code:
            case lowering.In(index):
                return inputs[index]
            case lowering.Arg(value) | lowering.Fixed(value):
                return value
            case lowering.Call(function, args, kwargs):
                return named(function)(*map(run, args), **{key: run(value) for key, value in kwargs})
            case lowering.Method(receiver, name, args, kwargs):
                return getattr(run(receiver), name)(*map(run, args), **{key: run(value) for key, value in kwargs})
            case lowering.Many(items):
                return [run(item) for item in items]
            case lowering.Tuple(items):
                return tuple(run(item) for item in items)
            case lowering.Infix("/", left, right):
                return run(left) / run(right)
            case lowering.Subscript(receiver, items):
                places = tuple(map(run, items))
                return run(receiver)[places[0] if len(places) == 1 else places]  # of a tuple, too
            case lowering.Range(start, stop, step):
                return slice(*(None if bound is None else run(bound) for bound in (start, stop, step)))
            case lowering.Conditional(test, then, otherwise) if test == TRAINING:
                return run(then if training else otherwise)
            case lowering.Self():
                return module
            case lowering.Like("dtype"):
                return torch.float32
        raise AssertionError(f"unknown code {code!r}")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run(code)


def named(function: str) -> Any:
    """What a dotted name means in generated source."""
    first, *rest = function.split(".")
    found = NAMESPACE[first]
    for part in rest:
        found = getattr(found, part)
    return found


def tensors(case: Case, device: str) -> list[torch.Tensor | None]:
    torch.manual_seed(0)
    return [None if x is None else tensor(x, device, case.below) for x in case.inputs]


def tensor(x: TensorType, device: str, below: int) -> torch.Tensor:
    shape = [plain(dim) for dim in x.shape]
    dtype = getattr(torch, x.dtype)
    if dtype.is_floating_point:
        return torch.randn(shape, dtype=dtype, device=device)
    return torch.randint(0, 2 if x.dtype == "bool" else below, shape, device=device).to(dtype)


def plain(dim: Dim) -> int:
    assert not isinstance(dim, Symbolic)
    return dim


def outputs(result: Any) -> tuple[torch.Tensor, ...]:
    """The tensors given, also those of a tuple in a tuple."""
    if not isinstance(result, tuple | list):
        return (result,)
    return tuple(tensor for part in result for tensor in outputs(part))


def type_of(tensor: torch.Tensor) -> TensorType:
    return TensorType(tuple(tensor.shape), dtype_of(tensor))


def dtype_of(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
