"""An exported program that `torch.export.save` wrote, read as a stranger's: none of its code runs.

torch's own reader unpickles what it finds, and evaluates the texts of sizes as Python. So the archive is read here: its
graph is JSON, of which every name of a function and every size is held to a small grammar before torch makes a graph of
it; its weights are plain numbers; pickles in it, and what only a running program needs, are left where they are.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import torch
from torch._export.serde import schema
from torch._export.serde.serialize import (
    GraphModuleDeserializer,
    _bytes_to_dataclass,
    deserialize_scalar_type,
)
from torch.utils._pytree import TreeSpec, tree_structure, treespec_loads
from torch.utils._sympy.numbers import int_oo
from torch.utils._sympy.value_ranges import ValueRanges

from archdsl.ir.modules import ModuleError
from archdsl.text.ordinary import open_ordinary
from archdsl_torch.importing.exporting import first_line
from archdsl_torch.weights.archives import content, entries
from archdsl_torch.weights.files import shown
from archdsl_torch.weights.unpickling import Unreadable

_MOST: Final = 50_000_000
"""The longest text of a graph that is read: one of about 50,000 calls."""
_VERSION: Final = b"0"
_TARGET: Final = re.compile(
    r"torch\.ops\.(aten|higher_order)\.\w+(\.\w+)?|torch\.(sym_\w+|_check\w*)|"
    r"_operator\.(getitem|add|sub|mul|floordiv|mod|truediv|neg|eq|ne|lt|le|gt|ge|and_|or_)|math\.(trunc|ceil|floor)",
    re.ASCII,
)
"""What a node may call."""
_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_KNOWN: Final = re.compile(
    r"[su]\d{1,9}|Integer|Add|Mul|Pow|FloorDiv|CleanDiv|CeilDiv|Mod|PythonMod|Max|Min|"
    r"Equality|Unequality|LessThan|GreaterThan|StrictLessThan|StrictGreaterThan|true|false", re.ASCII
)  # fmt: skip
_SYMBOL: Final = re.compile(r"Symbol\('([su]\d{1,9})'(?:, [a-z]{1,20}=(?:True|False)){0,9}\)", re.ASCII)
_SIZE: Final = re.compile(r"[\w\s(),\-]+", re.ASCII)
_LONGEST_SIZE: Final = 4000
_MOST_POWERS: Final = 2
"""In a size: more may be a number without end."""
_POWER: Final = re.compile(r"Pow(?!\([^()]*(?:\(\d*\))?[^()]*, Integer\(\d{1,2}\)\))", re.ASCII)
_LONG_NUMBER: Final = re.compile(r"\d{20}", re.ASCII)
_CONTAINERS: Final = frozenset((None, "builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict"))
"""What the outputs may stand in by torch's reader of their structure, which imports what others name."""


class _CallSpec(NamedTuple):
    out_spec: TreeSpec


@dataclass(frozen=True)
class ReadProgram:
    """What of an exported program a trace reads."""

    graph_module: torch.fx.GraphModule
    graph_signature: Any
    call_spec: _CallSpec
    module: torch.nn.Module
    """Modules that hold its tensors, by the paths that they have."""
    constants: Mapping[str, torch.Tensor]
    """Tensors that stand in no `state_dict`, by path."""

    @property
    def graph(self) -> torch.fx.Graph:
        return self.graph_module.graph

    @property
    def inputs(self) -> tuple[torch.Tensor, ...]:
        """Tensors without numbers, of the sizes that it was traced with."""
        names = {*self.graph_signature.user_inputs}
        values = [node.meta["val"] for node in self.graph.nodes if node.op == "placeholder" and node.name in names]
        return tuple(torch.empty([_hint(size) for size in each.shape], device="meta") for each in values)


def read_program(file: str | os.PathLike[str]) -> ReadProgram:
    """Reads a `.pt2` file. Raises OSError, and ModuleError for a file that is none, or that is not safe to read."""
    path = Path(file)
    with open_ordinary(path) as opened:
        try:
            return _Archive(path.name, opened).program()
        except (Unreadable, _Unsafe) as error:
            raise ModuleError(f"`{path.name}` {error}") from None


class _Unsafe(ValueError):
    """What a file holds that is not read."""


class _Archive:
    def __init__(self, name: str, file: BinaryIO) -> None:
        self._file, self._size = file, os.fstat(file.fileno()).st_size
        self._entries = entries(file)
        versions = [each for each in self._entries if each.endswith("/archive_version") and each.count("/") == 1]
        if not versions or self._text(versions[0]) != _VERSION:
            raise Unreadable("is no exported program: expected what `torch.export.save` of torch 2.8 or later writes")
        self._folder = versions[0].removesuffix("archive_version")

    def program(self) -> ReadProgram:
        models = [each for each in self._entries if each.startswith(f"{self._folder}models/")]
        if len(models) != 1:
            raise Unreadable(f"holds {len(models)} programs, expected one")
        name = models[0].removeprefix(f"{self._folder}models/").removesuffix(".json")
        data = self._json(models[0])
        out_spec = _checked(data)
        try:
            state = {key: torch.nn.Parameter(value) if trained else value
                     for key, value, trained in self._tensors("weights", f"{name}_weights_config.json")}  # fmt: skip
            constants = {key: value for key, value, _ in self._tensors("constants", f"{name}_constants_config.json")}
            modules = _skeleton(state, constants)
        except (Unreadable, _Unsafe):
            raise
        except Exception as error:
            raise Unreadable("is damaged: its list of tensors is none") from error
        try:
            read = _bytes_to_dataclass(schema.GraphModule, json.dumps(data["graph_module"]).encode())
            made = GraphModuleDeserializer().deserialize(read, state, constants, None, _ranges(data))
        except Exception as error:
            told = shown(first_line(error))
            raise Unreadable(f"is no program that torch {torch.__version__} reads: {told}") from error
        return ReadProgram(made.graph_module, made.signature, _CallSpec(out_spec), modules, constants)

    def _tensors(self, kind: str, config: str) -> Iterator[tuple[str, torch.Tensor, bool]]:
        """The tensors that a list names, from their plain numbers; and whether each is trained."""
        place = f"{self._folder}data/{kind}/{config}"
        if place not in self._entries:
            return
        for key, found in self._json(place)["config"].items():
            if not isinstance(key, str) or found.get("use_pickle") is not False or not found.get("tensor_meta"):
                raise _Unsafe(f"holds `{shown(str(key))}` as a pickle or an object of code, and only numbers are read")
            yield (
                key,
                self._tensor(f"{self._folder}data/{kind}/{found['path_name']}", found["tensor_meta"]),
                bool(found.get("is_param")),
            )

    def _tensor(self, place: str, meta: Mapping[str, Any]) -> torch.Tensor:
        dtype = deserialize_scalar_type(schema.ScalarType(meta["dtype"]))
        sizes, strides = ([each["as_int"] for each in meta[name]] for name in ("sizes", "strides"))
        offset = meta["storage_offset"]["as_int"]
        if not all(type(each) is int and each >= 0 for each in (*sizes, *strides, offset)):
            raise Unreadable("is damaged: a tensor has no such sizes")
        if not prod(sizes):
            return torch.empty(sizes, dtype=dtype)
        if place not in self._entries:
            raise Unreadable("is damaged: it lacks a tensor")
        numbers = content(self._file, self._entries[place], self._size, self._size)
        reach = offset + sum((size - 1) * step for size, step in zip(sizes, strides, strict=True)) + 1
        if max(reach, prod(sizes)) * dtype.itemsize > len(numbers):
            raise Unreadable("is damaged: it ends before its tensors do")
        flat = torch.frombuffer(bytearray(numbers[: len(numbers) // dtype.itemsize * dtype.itemsize]), dtype=dtype)
        return flat.as_strided(sizes, strides, offset).clone()

    def _json(self, name: str) -> Any:
        try:
            return json.loads(self._text(name))
        except (ValueError, RecursionError):
            raise Unreadable("is damaged: its graph is no JSON") from None

    def _text(self, name: str) -> bytes:
        return content(self._file, self._entries[name], self._size, _MOST)


def _checked(data: Any) -> TreeSpec:
    """Takes out of a program's JSON what nobody needs here, and gives the structure of its outputs.

    Raises _Unsafe for what torch would run or import, and Unreadable for what is no program.
    """
    try:
        graph = data["graph_module"]
        root = next(each for each in graph["module_call_graph"] if each["fqn"] == "")
        outputs = _structure(root["signature"]["out_spec"], len(graph["signature"]["output_specs"]))
        graph["module_call_graph"] = []
        graph.pop("treespec_namedtuple_fields", None)
        for each in _parts(data):
            _check(each)
    except (KeyError, TypeError, StopIteration, AttributeError, RecursionError):
        raise Unreadable("is damaged: it has no graph") from None
    return outputs


def _parts(data: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in it."""
    waiting = [data]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield found
        waiting += found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()


def _check(part: dict[str, Any]) -> None:
    for key in ("target", "as_operator"):
        if (isinstance(part.get(key), str) and "inputs" in part) or (key in part and key == "as_operator"):
            _check_target(part[key])
    if "metadata" in part and isinstance(part["metadata"], dict):
        stack = part["metadata"].get("nn_module_stack")
        part["metadata"] = {"nn_module_stack": stack} if isinstance(stack, str) else {}
    if "expr_str" in part:
        _check_size(part["expr_str"])
    if any(key in part for key in ("as_custom_obj", "custom_obj")):
        raise _Unsafe("holds an object of code, and only tensors are read")


def _check_target(target: Any) -> None:
    if not isinstance(target, str) or not _TARGET.fullmatch(target) or "__" in target:
        raise _Unsafe(f"calls `{shown(str(target))}`, and only torch's own operations are read")


def _check_size(text: Any) -> None:
    """Raises _Unsafe for a text that is no arithmetic on sizes: torch evaluates it as Python."""
    plain = _SYMBOL.sub(r"\1", text) if isinstance(text, str) and len(text) <= _LONGEST_SIZE else ""
    endless = plain.count("Pow") > _MOST_POWERS or _POWER.search(plain) or _LONG_NUMBER.search(plain)
    if endless or not _SIZE.fullmatch(plain) or not all(map(_KNOWN.fullmatch, _NAME.findall(plain))):
        raise _Unsafe(f"has a size `{shown(str(text))}`, which is no arithmetic on sizes")


def _structure(text: str, count: int) -> TreeSpec:
    """The structure of the outputs; a tuple of them where it is of other classes than Python's own."""
    data = json.loads(text)
    nodes = [each for each in _parts(data) if "type" in each]
    plain = isinstance(data, list) and all(
        each["type"] in _CONTAINERS and _is_plain(each.get("context")) for each in nodes
    )
    return treespec_loads(text) if plain else tree_structure((0,) * count)


def _is_plain(context: Any) -> bool:
    """Whether the keys of a container are texts."""
    found = json.loads(context) if isinstance(context, str) else context
    return found is None or (isinstance(found, list) and all(isinstance(each, str) for each in found))


def _ranges(data: Any) -> dict[str, Any]:
    """The least and the largest of each size."""

    def bound(value: Any, other: Any) -> Any:
        return value if type(value) is int else other

    return {
        name: ValueRanges(bound(each.get("min_val"), -int_oo), bound(each.get("max_val"), int_oo))
        for name, each in data.get("range_constraints", {}).items()
        if _KNOWN.fullmatch(name)
    }


def _skeleton(state: Mapping[str, torch.Tensor], constants: Mapping[str, torch.Tensor]) -> torch.nn.Module:
    """Modules with these tensors."""
    root = torch.nn.Module()
    for key, value in {**constants, **state}.items():
        *names, last = key.split(".")
        place = root
        for name in names:
            if name not in place._modules:
                place.add_module(name, torch.nn.Module())
            place = getattr(place, name)
        if isinstance(value, torch.nn.Parameter):
            place.register_parameter(last, value)
        else:
            place.register_buffer(last, value, persistent=key in state)
    return root


def _hint(size: Any) -> int:
    return size if isinstance(size, int) else int(size.node.hint)
