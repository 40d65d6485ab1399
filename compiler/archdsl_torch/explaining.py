"""What a network was given and what its spec asks for, told with an error that its `forward` raises.

torch's own message is of the layer where it shows: that two matrices cannot be multiplied. The class that is built adds
a note to the error on its way out; nothing else of it changes, and nothing is compared before something is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any, final

import torch
from torch import Tensor, nn

from archdsl.expressions import tree as trees
from archdsl.expressions.tree import Tree
from archdsl.expressions.walking import free_names
from archdsl.ir.graph import Env, Graph, Node
from archdsl.shapes import Shape, Symbolic, TensorType, evaluate, format_shape, symbol


def explain_errors(cls: type[nn.Module], graph: Graph) -> None:
    """Makes a network's class say with its errors what it was given."""
    name, ports = graph.name, tuple(graph.inputs)
    inputs = [_input(graph, key, node) for key, node in graph.inputs.items()]

    def __call__(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling():
            return nn.Module.__call__(self, *args, **kwargs)
        try:
            return nn.Module.__call__(self, *args, **kwargs)
        except Exception as error:
            _add(error, _explanation(name, inputs, {**dict(zip(ports, args, strict=False)), **kwargs}))
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


@final
@dataclass(frozen=True, slots=True)
class _Input:
    """An input of a network."""

    name: str
    type: TensorType
    sample: Shape
    """The sizes that the spec was tried with."""
    settings: tuple[tuple[str, ...], ...]
    """By dimension: the network's parameters that it is worked out from."""


def _input(graph: Graph, name: str, node: Node) -> _Input:
    shape = node.types[0].shape
    written = None if node.site is None else node.site.fields.get("shape")
    settings: tuple[tuple[str, ...], ...] = ((),) * len(shape)
    if written is not None and isinstance(written.tree, trees.Sequence):
        settings = tuple(tuple(dict.fromkeys(_parameters(item, node.env))) for item in written.tree.items)
    return _Input(name, node.types[0], tuple(evaluate(dim, graph.sample_sizes) for dim in shape), settings)


def _parameters(tree: Tree, env: Env) -> Iterator[str]:
    """The parameters that an expression reads, and that those read which it names."""
    for name in sorted(free_names(tree)):
        binding = env.find(name)
        if binding is not None and binding.kind == "param":
            yield name
        elif binding is not None and binding.definition is not None:
            yield from _parameters(binding.definition.tree, env)


def _explanation(name: str, inputs: Sequence[_Input], given: Mapping[str, Any]) -> str:
    """What differs between what a network was given and its inputs; all of it, where nothing does for certain."""
    sizes: dict[str, int] = {}
    wrong = [line for each in inputs for line in _differences(each, given.get(each.name), sizes)]
    if wrong:
        return f"the inputs of `{name}` do not fit its spec: {'; '.join(wrong)}"
    told = "; ".join(
        f"`{each.name}` is {each.type}, in the spec tried with {format_shape(each.sample)}, "
        f"and was given {_shown(given.get(each.name))}"
        for each in inputs
    )
    return f"the inputs of `{name}`: {told}"


def _differences(own: _Input, value: Any, sizes: dict[str, int]) -> Iterator[str]:
    if not isinstance(value, Tensor):
        return
    before = dict(sizes)
    if not _fits(own.type.shape, tuple(value.shape), sizes):
        known = ", ".join(f"{key} = {size}" for key, size in before.items() if key in _names(own.type.shape))
        where = f" with {known}" if known else ""
        yield f"`{own.name}` is {own.type}{where}, and was given {_shown(value)}{_advice(own, tuple(value.shape))}"
    elif value.is_floating_point() != own.type.dtype.startswith(("float", "bfloat")) and not value.is_complex():
        yield f"`{own.name}` is of {own.type.dtype}, and was given {str(value.dtype).removeprefix('torch.')}"


def _advice(own: _Input, found: tuple[int, ...]) -> str:
    """Which parameters of the network set the sizes that are fixed and differ."""
    if len(found) != len(own.type.shape):
        return ""
    fixed = zip(own.type.shape, found, own.settings, strict=True)
    names = dict.fromkeys(name for dim, size, read in fixed if isinstance(dim, int) and dim != size for name in read)
    listed = " and ".join(f"`{name}`" for name in names)
    return f" (build it with another {listed})" if names else ""


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
