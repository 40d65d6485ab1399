"""What a module computes, as `torch.export` tells it: calls in running order, each with the module that makes it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from operator import getitem
from typing import Any, Final, NamedTuple

import torch
from torch.export import ExportedProgram
from torch.utils._pytree import keystr, tree_flatten_with_path, tree_unflatten

from archdsl.ir.modules import ModuleError
from archdsl.text.names import check_input_name
from archdsl_torch.importing.exporting import axis, exported, first_line
from archdsl_torch.importing.inlining import inlined
from archdsl_torch.importing.programs import ReadProgram
from archdsl_torch.importing.sizes import TracedSize, UnknownSize, spelled

_COPIES: Final = ("lift_fresh", "lift_fresh_copy", "detach", "clone", "alias")


class Caller(NamedTuple):
    """A module while it runs."""

    path: str
    kind: str
    """The class, with its module."""
    turn: str
    """Tells the runs of one module apart."""


@dataclass(frozen=True)
class TracedTensor:
    """A tensor that a call reads or gives."""

    name: str
    shape: tuple[TracedSize, ...]
    dtype: str
    owned: str | None = None
    """The path of a parameter or buffer."""
    buffer: bool = False
    persistent: bool = True
    storage: int = 0
    """The same for tensors that share their memory: what is written into one, the others have."""
    numbers: torch.Tensor | None = field(default=None, compare=False, repr=False)
    """What it holds, where that stands in no `state_dict` and is the same at every run."""


@dataclass(frozen=True)
class TracedCall:
    """One operation of the trace."""

    target: str
    """torch's name: `aten.conv2d.default`."""
    given: tuple[Any, ...]
    """The arguments: tensors, numbers, sizes, words, and lists of them; defaults filled in."""
    names: tuple[str, ...]
    """What the arguments are called."""
    default: frozenset[str]
    """Those that are what torch takes where none is given."""
    gives: tuple[TracedTensor, ...]
    around: tuple[Caller, ...]
    """The modules that run it, outermost first."""
    written: tuple[str, ...] = ()
    """The arguments that it writes into."""
    mode: str = ""
    """That in which alone it runs."""

    @property
    def tensors(self) -> list[TracedTensor]:
        """What it reads, in order."""
        lists = (each if isinstance(each, list) else [each] for each in self.given)
        return [each for found in lists for each in found if isinstance(each, TracedTensor)]

    def argument(self, name: str) -> Any:
        """What is given by that name; None where the operation takes none."""
        return self.given[self.names.index(name)] if name in self.names else None

    @property
    def name(self) -> str:
        """torch's name without its overload, and without the `_` of one that writes into its input."""
        name = self.target.partition(".")[2].partition(".")[0]
        return name.strip("_") if name.startswith("__") else name.rstrip("_")


@dataclass(frozen=True)
class Traced:
    """A module's calls, inputs, outputs."""

    calls: tuple[TracedCall, ...]
    inputs: dict[str, TracedTensor]
    outputs: dict[str, TracedTensor]
    """By the keys of what `forward` gives, or by number where those are no names."""
    samples: dict[str, int]
    """The traced size of each dimension with a name."""


def trace(
    module: torch.nn.Module,
    inputs: Sequence[torch.Tensor],
    dynamic: Collection[str] | None = None,
    training: bool = False,
) -> Traced:
    """The module's calls in one of its modes; sizes of the inputs that may vary are names. Raises ModuleError."""
    modes = {each: each.training for each in module.modules()}
    try:
        program = exported(_in_mode(module, training), tuple(inputs), dynamic)
        inlined(program.graph_module)
        return _Reader(program, inputs).trace()
    finally:
        for each, mode in modes.items():
            each.training = mode


def _in_mode(module: torch.nn.Module, training: bool) -> torch.nn.Module:
    """The module in a mode; raises ModuleError where a `train` of its own does."""
    try:
        module.train(training)
    except Exception as error:
        raise ModuleError(f"`{type(module).__name__}.train` raises {first_line(error)}") from error
    return module


def trace_program(program: ReadProgram) -> Traced:
    """The calls of a program that was exported, by whom nobody knows. Raises ModuleError."""
    try:
        inlined(program.graph_module)
        return _Reader(program, program.inputs).trace()
    except (LookupError, TypeError, AttributeError, AssertionError) as error:
        raise ModuleError(f"the program is not whole: {type(error).__name__}: {first_line(error)}") from error


class _Reader:
    def __init__(self, program: ExportedProgram | ReadProgram, inputs: Sequence[torch.Tensor]) -> None:
        self._program = program
        self._names: dict[str, str] = {}
        self._samples: dict[str, int] = {}
        self._tensors: dict[str, TracedTensor] = {}
        self._picked: dict[str, tuple[str, int]] = {}
        self._inputs = inputs

    def trace(self) -> Traced:
        given = self._placeholders()
        calls = tuple(self._call(node) for node in self._program.graph.nodes if self._computes(node))
        (end,) = (node for node in self._program.graph.nodes if node.op == "output")
        return Traced(calls, given, self._outputs(end.args[0]), self._samples)

    def _outputs(self, given: Any) -> dict[str, TracedTensor]:
        """The tensors that it gives, by name; None stands for one that it has not. Raises ModuleError."""
        read = zip(_keys(self._program), self._read(given), strict=True)
        found = [(key, each) for key, each in read if each is not None]
        if others := [each for _, each in found if not isinstance(each, TracedTensor)]:
            raise ModuleError(f"`forward` gives `{others[0]}`, and no tensor")
        if not found:
            raise ModuleError("`forward` gives no tensor")
        keys = [key for key, _ in found]
        named = len({*keys}) == len(keys) and all(map(_is_field, keys))
        names = keys if named else [f"output_{number}" for number in range(len(keys))]
        return dict(zip(names, (each for _, each in found), strict=True))

    def _placeholders(self) -> dict[str, TracedTensor]:
        signed = self._program.graph_signature
        owned = {**signed.inputs_to_parameters, **signed.inputs_to_buffers,
                 **signed.inputs_to_lifted_tensor_constants}  # fmt: skip
        found = {}
        nodes = [node for node in self._program.graph.nodes if node.op == "placeholder"]
        users = [node for node in nodes if node.name not in owned]
        for node, sample in zip(users, self._inputs, strict=True):
            self._name_sizes(node.meta["val"].shape, sample)
        for node in nodes:
            path = owned.get(node.name)
            buffer = node.name not in signed.inputs_to_parameters
            persistent = node.name in signed.inputs_to_buffers and path not in signed.non_persistent_buffers
            made = self._tensor(node.name, node.meta["val"], path, buffer, persistent)
            if buffer and not persistent and path is not None:
                made = replace(made, numbers=self._program.constants[path])
            self._tensors[node.name] = made
            if path is None:
                found[node.name] = made
        return found

    def _name_sizes(self, shape: Sequence[Any], sample: torch.Tensor) -> None:
        for place, size in enumerate(shape):
            if isinstance(size, int) or str(size) in self._names:
                continue
            name = base = axis(len(shape), place)
            count = 1
            while name in self._samples:
                count += 1
                name = f"{base}{count}"
            self._names[str(size)] = name
            self._samples[name] = sample.shape[place]

    def _tensor(
        self, name: str, value: Any, path: str | None = None, buffer: bool = False, persistent: bool = True
    ) -> TracedTensor:
        shape = tuple(spelled(size, self._names) for size in value.shape)
        kind, storage = str(value.dtype).removeprefix("torch."), value.untyped_storage()._cdata
        return TracedTensor(name, shape, kind, path, buffer, persistent, storage)

    def _computes(self, node: torch.fx.Node) -> bool:
        """Whether a node of the trace is a call; sizes and picked outputs stand in what reads them."""
        if node.op != "call_function":
            return False
        if node.target is getitem:
            source, index = node.args
            assert isinstance(source, torch.fx.Node) and isinstance(index, int)
            self._picked[node.name] = source.name, index
            return False
        return isinstance(node.meta.get("val"), torch.Tensor | tuple | list)

    def _call(self, node: torch.fx.Node) -> TracedCall:
        """Raises UnknownSize."""
        try:
            return self._read_call(node)
        except UnknownSize as error:
            raise self._told(node, error) from None

    def _read_call(self, node: torch.fx.Node) -> TracedCall:
        schema = node.target._schema.arguments if isinstance(node.target, torch._ops.OpOverload) else ()
        given = [*node.args, *(node.kwargs.get(each.name, each.default_value) for each in schema[len(node.args) :])]
        value = node.meta["val"]
        several = isinstance(value, tuple | list)
        gives = tuple(
            self._tensor(f"{node.name}.{place}" if several else node.name, each)
            for place, each in enumerate(value if several else (value,))
        )
        names = tuple(each.name for each in schema)
        default = frozenset(
            each.name for each, value in zip(schema, given, strict=False)
            if each.has_default_value() and not isinstance(value, torch.fx.Node) and value == each.default_value
        )  # fmt: skip
        written = tuple(each.name for each in schema if each.alias_info is not None and each.alias_info.is_write)
        written = () if node.target is torch.ops.aten.detach_.default else written
        call = TracedCall(str(node.target), tuple(map(self._read, given)), names, default, gives, _stack(node), written)
        if call.name in _COPIES and isinstance(call.given[0], TracedTensor) and call.given[0].numbers is not None:
            call = replace(call, gives=(replace(gives[0], numbers=call.given[0].numbers),))
        self._tensors.update({each.name: each for each in call.gives})
        self._forget({call.argument(name).storage for name in written})
        return call

    def _forget(self, storages: set[int]) -> None:
        """What is known of the numbers of tensors that have been written."""
        self._tensors |= {
            name: replace(each, numbers=None)
            for name, each in self._tensors.items()
            if each.numbers is not None and each.storage in storages
        }

    def _told(self, node: torch.fx.Node, error: UnknownSize) -> UnknownSize:
        """With the module that makes the call."""
        where = "".join(f"`{last.path}` ({last.kind}): " for last in _stack(node)[-1:])
        return UnknownSize(f"{where}{node.target}: `{error}` is no whole number that sizes of the inputs make")

    def _read(self, argument: Any) -> Any:
        if isinstance(argument, torch.fx.Node):
            if argument.name in self._picked:
                source, index = self._picked[argument.name]
                return self._tensors[f"{source}.{index}"]
            value = argument.meta.get("val")
            return self._tensors[argument.name] if isinstance(value, torch.Tensor) else spelled(value, self._names)
        if isinstance(argument, list | tuple):
            return [self._read(item) for item in argument]
        return str(argument).removeprefix("torch.") if isinstance(argument, torch.dtype) else argument


def _keys(program: ExportedProgram | ReadProgram) -> list[str]:
    """The keys on the way to each of the outputs, which may stand in dictionaries, tuples and lists."""
    spec = program.call_spec.out_spec
    leaves, _ = tree_flatten_with_path(tree_unflatten([0] * spec.num_leaves, spec))
    return ["_".join(re.findall(r"\w+", keystr(path))) for path, _ in leaves]


def _is_field(name: str) -> bool:
    """Whether a NamedTuple's field can be called so."""
    return name.isascii() and name.isidentifier() and check_input_name(name) is None and not hasattr(tuple, name)


def _stack(node: torch.fx.Node) -> tuple[Caller, ...]:
    """The modules around a call; of a method that calls itself by another module, the last run counts."""
    found = (node.meta.get("nn_module_stack") or {}).items()
    return tuple(Caller(path.partition("@")[0], kind if isinstance(kind, str) else kind.__qualname__, key)
                 for key, (path, kind) in found)  # fmt: skip
