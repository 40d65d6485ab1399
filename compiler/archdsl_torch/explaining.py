"""What a network was given and what its spec asks for, told with an error that its `forward` raises.

torch's own message is of the layer where it shows: that two matrices cannot be multiplied. The class that is built adds
a note to the error on its way out; nothing else of it changes, and nothing is compared before something is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any

import torch
from torch import Tensor, nn

from archdsl.ir.graph import Graph
from archdsl.shapes import Shape, Symbolic, TensorType, evaluate, format_shape, symbol


def explain_errors(cls: type[nn.Module], graph: Graph) -> None:
    """Makes a network's class say with its errors what it was given."""
    name = graph.name
    inputs = {key: node.types[0] for key, node in graph.inputs.items()}
    sample = {key: tuple(evaluate(dim, graph.sample_sizes) for dim in type.shape) for key, type in inputs.items()}

    def __call__(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling():
            return nn.Module.__call__(self, *args, **kwargs)
        try:
            return nn.Module.__call__(self, *args, **kwargs)
        except Exception as error:
            _add(error, _explanation(name, inputs, sample, {**dict(zip(inputs, args, strict=False)), **kwargs}))
            raise

    __call__.__code__ = _own_code(cls, __call__.__code__)
    cls.__call__ = __call__  # type: ignore[method-assign]


def _own_code(cls: type[nn.Module], shared: CodeType) -> CodeType:
    """A class's own copy of a function's code, the same at each build of the class.

    dynamo counts compilations by code object, and remembers by file, line and name which sizes changed: with the code
    shared, a process could compile eight networks, and the sizes of each would make the next one's dynamic.
    """
    made = vars(cls).get("__call__")
    if made is not None:
        code: CodeType = made.__code__
        return code
    return shared.replace(co_name=f"{cls.__module__}.{shared.co_name}")


def _explanation(
    name: str, inputs: Mapping[str, TensorType], sample: Mapping[str, Shape], given: Mapping[str, Any]
) -> str:
    """What differs between what a network was given and its inputs; all of it, where nothing does for certain."""
    sizes: dict[str, int] = {}
    wrong = [line for key, type in inputs.items() for line in _differences(key, type, given.get(key), sizes)]
    if wrong:
        return f"the inputs of `{name}` do not fit its spec: {'; '.join(wrong)}"
    told = "; ".join(
        f"`{key}` is {format_shape(type.shape)}, in the spec tried with {format_shape(sample[key])}, "
        f"and was given {_shown(given.get(key))}"
        for key, type in inputs.items()
    )
    return f"the inputs of `{name}`: {told}"


def _differences(name: str, type: TensorType, value: Any, sizes: dict[str, int]) -> Iterator[str]:
    if not isinstance(value, Tensor):
        return
    before = dict(sizes)
    if not _fits(type.shape, tuple(value.shape), sizes):
        known = ", ".join(f"{key} = {size}" for key, size in before.items() if key in _names(type.shape))
        where = f" with {known}" if known else ""
        yield f"`{name}` is {format_shape(type.shape)}{where}, and was given {_shown(value)}"
    elif value.is_floating_point() != type.dtype.startswith(("float", "bfloat")) and not value.is_complex():
        yield f"`{name}` is of {type.dtype}, and was given {str(value.dtype).removeprefix('torch.')}"


def _fits(shape: Shape, found: tuple[int, ...], sizes: dict[str, int]) -> bool:
    """Whether sizes agree with what is known of the spec's; what it names is known then."""
    if len(shape) != len(found):
        return False
    for dim, size in zip(shape, found, strict=True):
        if isinstance(dim, Symbolic) and (name := _name(dim)) is not None:
            if sizes.setdefault(name, size) != size:
                return False
        elif _names((dim,)) <= sizes.keys() and evaluate(dim, sizes) != size:
            return False
    return True


def _name(dim: Symbolic) -> str | None:
    """The name that a dimension is, if it is nothing but a name."""
    names = [*dim.names]
    return names[0] if len(names) == 1 and dim == symbol(names[0]) else None


def _names(shape: Shape) -> frozenset[str]:
    return frozenset().union(*(dim.names for dim in shape if isinstance(dim, Symbolic)))


def _shown(value: Any) -> str:
    if not isinstance(value, Tensor):
        return "nothing" if value is None else f"a {type(value).__name__}"
    return "×".join(map(str, value.shape)) or "a number"


def _add(error: Exception, note: str) -> None:
    if hasattr(error, "add_note"):
        error.add_note(note)
    elif error.args and isinstance(error.args[0], str):  # before Python 3.11
        error.args = (f"{error.args[0]}\n{note}", *error.args[1:])
