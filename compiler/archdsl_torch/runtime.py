"""Source text -> module: loaded so that tracebacks, debuggers and pickles see it."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final, final

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from archdsl.ir.graph import Graph, Node
from archdsl_torch.explaining import explain_errors
from archdsl_torch.gate import checked
from archdsl_torch.planning.crossings import is_tensor
from archdsl_torch.room import check_room
from archdsl_torch.seeding import Seeded
from archdsl_torch.writing.codegen import class_name, source

PACKAGE: Final = "archdsl_torch.generated"
_LOADING: Final = threading.RLock()
"""Two threads that load one text get one module, and neither gets half of it; nor does a process that is forked."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_LOADING.acquire, after_in_parent=_LOADING.release, after_in_child=_LOADING.release)


@final
class _Loader(InspectLoader):
    """Knows a generated module's source: `inspect`, `linecache` and pdb ask it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get_source(self, fullname: str) -> str:
        return self.text

    def is_package(self, fullname: str) -> bool:
        return False


def load(text: str, name: str) -> ModuleType:
    """The module of a generated source: the same text gives the same module.

    Raises SourceError for a text that holds what no printed source holds, such as one that a pickle brings.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    full = f"{PACKAGE}.{name}_{digest}"
    with _LOADING:
        return sys.modules.get(full) or _loaded(text, name, full)


def _loaded(text: str, name: str, full: str) -> ModuleType:
    # linecache never asks a loader for a file in angle brackets
    file = f"{full.replace('.', '/')}.py"
    spec = ModuleSpec(full, _Loader(text), origin=file)
    module = ModuleType(full, None)
    module.__spec__ = spec
    module.__loader__ = spec.loader
    module.__file__ = spec.origin
    sys.modules[full] = module
    try:
        exec(compile(checked(text, file), file, "exec"), module.__dict__)
    except BaseException:
        del sys.modules[full]
        raise
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == full:
            _make_picklable(value, text, name)
    return module


def _make_picklable(cls: type, text: str, name: str) -> None:
    """Instances carry the source: another process makes the class from it."""
    if issubclass(cls, tuple):

        def reduce_tuple(self: Any, protocol: Any) -> Any:
            return _restore_tuple, (text, name, cls.__name__, tuple(self))

        cls.__reduce_ex__ = reduce_tuple  # type: ignore[method-assign]
        return

    def reduce(self: Any, protocol: Any) -> Any:
        return _restore, (text, name, cls.__name__), self.__dict__

    cls.__reduce_ex__ = reduce  # type: ignore[method-assign]


def _restore(text: str, name: str, cls: str) -> nn.Module:
    found = getattr(load(text, name), cls)
    made: nn.Module = found.__new__(found)
    return made


def _restore_tuple(text: str, name: str, cls: str, values: tuple[Any, ...]) -> Any:
    return getattr(load(text, name), cls)(*values)


_RANDOM: Final[frozenset[Callable[..., Any]]] = frozenset(
    {
        torch.Tensor.uniform_, torch.Tensor.normal_, torch.Tensor.erfinv_, torch.Tensor.exponential_,
        torch.nn.init.uniform_, torch.nn.init.normal_, torch.nn.init.kaiming_uniform_,
    }
)  # fmt: skip
_IS_META: Final = torch.Tensor.is_meta.__get__  # type: ignore[attr-defined]


@final
class _WithoutFills(TorchFunctionMode):
    """Leaves tensors as they are where they would be filled at random; everything else runs."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in _RANDOM:
            return args[0] if args else kwargs["tensor"]
        if func == _IS_META:  # a new object at each access
            # nn.init.trunc_normal_ draws until every number is in its bounds, but not on meta
            return True
        return func(*args, **(kwargs or {}))


def build(
    graph: Graph,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    seed: int | None = None,
    init: bool = True,
) -> nn.Module:
    """The network as a module that runs what `source` prints; see `archdsl.build`."""
    check_room(graph, None if device is None else torch.device(device), dtype)
    return instance(_network_class(graph), graph, device, dtype, seed, init)


def _network_class(graph: Graph) -> type[nn.Module]:
    cls: type[nn.Module] = getattr(load(source(graph), graph.name), class_name(graph))
    explain_errors(cls, graph)
    return cls


def source_of(module: nn.Module) -> str:
    """The source that a built network runs, which is what `source` prints for its graph."""
    loader = sys.modules[type(module).__module__].__loader__
    assert isinstance(loader, _Loader)
    return loader.text


def instance(
    cls: type[nn.Module],
    graph: Graph,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    seed: int | None = None,
    init: bool = True,
) -> nn.Module:
    """A module of the graph's class, as `build` makes it."""
    place = None if device is None else torch.device(device)
    with _WithoutFills(), place or nullcontext():
        module = _construct(cls)
    if dtype is not None:
        module.to(dtype)
    if place is not None and place.type == "meta":
        return module
    if init:
        with nullcontext() if seed is None else Seeded(seed):
            _reset(module)
    elif dtype is not None or any(map(is_tensor, _own_nodes(graph))):
        with _WithoutFills():
            _reset(module)
    return module


def _construct(cls: type[nn.Module]) -> nn.Module:
    """An instance whose tree is not initialised yet: that happens once, when dtype and device are right."""
    module = cls.__new__(cls)
    vars(module)["reset_parameters"] = _nothing
    module.__init__()  # type: ignore[misc]
    del vars(module)["reset_parameters"]
    return module


def _nothing() -> None:
    """In place of the network's own `reset_parameters` while it is constructed."""


def _reset(module: nn.Module) -> None:
    reset = getattr(module, "reset_parameters", None)
    if reset is not None:
        reset()


def _own_nodes(graph: Graph) -> Iterator[Node]:
    return (child for child in graph.root.children.values() if isinstance(child, Node))
