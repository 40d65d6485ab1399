"""Plain data out of a pickle, with the places of its tensors: an interpreter that calls nothing that the pickle names.

What torch writes takes few of a pickle's instructions, and few names; each stands here for a function of this file.
torch's own reader of weights alone is as careful about code, not about time and memory: it hashes keys that are tuples
within tuples, and allocates what the pickle says. Here every instruction counts against a budget, only plain values are
keys, and a tensor is where it stands in the file, nothing more.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, BinaryIO, Final, NamedTuple, final

import torch

STEPS: Final = 2_000_000
"""How many instructions a file may take: a network of 1,000 tensors takes about 40,000."""
TEXT: Final = 1 << 26
"""How many bytes of text and numbers a file may hold beside its tensors."""
DIMENSIONS: Final = 64
"""The most that a tensor of torch can have."""


class Unreadable(Exception):
    """A file that is not read. The message says why, after the file's name."""


class MoreThanTensors(Unreadable):
    """A pickle that asks for a function or class that has nothing to do with tensors; the argument is its name."""


class Storage(NamedTuple):
    """A stretch of numbers in the file."""

    key: str
    dtype: torch.dtype
    length: int
    """How many numbers it has."""
    start: int = 0
    """The first of them: older files hold storages that are parts of others."""


class Stored(NamedTuple):
    """A tensor as the file says it: what torch's `as_strided` takes."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


@final
class Odd:
    """A value that is no plain data, or a tensor that is not plain numbers: sparse, quantised, without a storage."""

    def __init__(self, *, tensor: bool = False) -> None:
        self.tensor = tensor


class _Function(NamedTuple):
    run: Callable[..., Any]


class _StorageType(NamedTuple):
    dtype: torch.dtype | None
    """None for one that is read as nothing."""


class _Mark:
    pass


_MARK: Final = _Mark()


@final
class Unpickler:
    """Reads pickles from a stream, one after another."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._steps = STEPS
        self._text = TEXT
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self.storages: dict[str, torch.dtype] = {}
        """Those that the pickles name, by key."""

    def load(self) -> Any:
        """The next pickle's value. Raises Unreadable."""
        self._stack, self._memo = [], {}
        try:
            return self._run()
        except (IndexError, KeyError, ValueError, TypeError, struct.error) as error:
            raise Unreadable(NO_WEIGHTS) from error

    def _run(self) -> Any:
        read = self._stream.read
        while (step := read(1)) != pickle.STOP:
            self._steps -= 1
            if self._steps < 0:
                raise Unreadable(f"takes more than {STEPS:,} steps to read: no file of weights does")
            _STEPS[step](self)
        return self._stack.pop()

    def take(self, size: int) -> bytes:
        self._text -= size
        if self._text < 0:
            raise Unreadable(f"holds more than {TEXT:,} bytes beside its tensors: no file of weights does")
        found = self._stream.read(size)
        if len(found) < size:
            raise ValueError("the file ends too soon")
        return found

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> str:
        """A line of text, without its end. Names are short."""
        found = self._stream.readline(100)
        name = found[:-1].decode()
        if not found.endswith(b"\n") or not name.isprintable():
            raise ValueError("that is no name")
        return name

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def pop(self) -> Any:
        value = self._stack.pop()
        if value is _MARK:
            raise ValueError("a mark is no value")
        return value

    def marked(self) -> list[Any]:
        """The values since the last mark, which go."""
        place = len(self._stack) - 1
        while self._stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise ValueError("no mark")
        found = self._stack[place + 1 :]
        del self._stack[place:]
        return found

    def tuple_of(self, size: int) -> None:
        values = tuple(self._stack[-size:])
        if len(values) < size or _MARK in values:
            raise ValueError("too few values")
        self._stack[-size:] = [values]

    def extend(self, values: list[Any]) -> None:
        into = self._stack[-1]
        if type(into) is not list:
            raise TypeError("only lists are extended")
        into.extend(values)

    def set_items(self, values: list[Any]) -> None:
        into = self._stack[-1]
        if type(into) is not dict or len(values) % 2:
            raise TypeError("only mappings have items")
        into.update(zip(map(_key, values[::2]), values[1::2], strict=True))

    def name(self) -> None:
        module, name = self.line(), self.line()
        full = f"{module}.{name}"
        if full not in _NAMES:
            raise MoreThanTensors(full)
        self.push(_NAMES[full])

    def call(self) -> None:
        arguments, function = self.pop(), self.pop()
        if not isinstance(function, _Function) or type(arguments) is not tuple:
            raise TypeError("not a function")
        self.push(function.run(*arguments))

    def put(self, form: str) -> None:
        self._memo[self.number(form)] = self._stack[-1]

    def get(self, form: str) -> None:
        self.push(self._memo[self.number(form)])

    def storage(self) -> None:
        found = _storage(self.pop())
        if isinstance(found, Storage):
            self.storages.setdefault(found.key, found.dtype)
        self.push(found)

    def integer(self) -> None:
        self.push(int.from_bytes(self.take(self.take(1)[0]), "little", signed=True))


def _key(value: Any) -> Any:
    """A value as a key. Hashing anything but plain values can take forever: in its place stands an object."""
    return value if value is None or type(value) in (str, int, float, bool, bytes) else Odd()


def _ordered(items: Any = ()) -> dict[Any, Any]:
    return {_key(key): value for key, value in items}


def _tensor(storage: Any, offset: Any, shape: Any, stride: Any, *_: Any) -> Stored | Odd:
    if isinstance(storage, Odd):
        return Odd(tensor=True)
    if not (isinstance(storage, Storage) and _sizes([offset]) and _sizes(shape) and _sizes(stride)):
        raise TypeError("no tensor")
    if len(shape) != len(stride) or len(shape) > DIMENSIONS or not _countable(shape):
        raise ValueError("no tensor")
    return Stored(storage, offset, tuple(shape), tuple(stride))


def _tensor_of_dtype(
    storage: Any, offset: Any, shape: Any, stride: Any, grad: Any, hooks: Any, dtype: Any, *_: Any
) -> Stored | Odd:
    """Of dtypes that have no storage of their own, over bytes."""
    if not (isinstance(storage, Storage) and isinstance(dtype, torch.dtype)):
        return Odd(tensor=True)
    typed = storage._replace(dtype=dtype, length=storage.length // dtype.itemsize)
    return _tensor(typed, offset, shape, stride)


def _sizes(values: Any) -> bool:
    return type(values) in (tuple, list) and all(type(value) is int and 0 <= value < 1 << 63 for value in values)


def _countable(shape: Sequence[int]) -> bool:
    """Whether torch can have a tensor of this shape; where a size is 0 it still counts the others."""
    return prod(max(size, 1) for size in shape) < 1 << 63


def _parameter(data: Any, *_: Any) -> Any:
    return data


def _subclass(function: Any, kind: Any, arguments: Any, state: Any) -> Any:
    """A tensor with attributes, or of a class of its own."""
    if not isinstance(function, _Function) or function.run is _subclass or type(arguments) is not tuple:
        raise TypeError("not a tensor")
    return function.run(*arguments)


def _storage(reference: Any) -> Storage | Odd:
    """`("storage", type, key, location, count)`, in older files with `(key, start, count)` of a part, or None."""
    if type(reference) is not tuple or reference[0] != "storage" or not isinstance(reference[1], _StorageType):
        raise TypeError("not a storage")
    _, kind, key, _, count, *part = reference
    start = 0
    if part not in ([], [None]):
        ((_, start, count),) = part
    if type(key) not in (str, int) or not _sizes([start, count]):
        raise TypeError("not a storage")
    return Odd() if kind.dtype is None else Storage(str(key), kind.dtype, count, start)


def _build(reader: Unpickler) -> None:
    """The state of what stands below: attributes, which nobody reads here."""
    reader.pop()


def _new(reader: Unpickler) -> None:
    reader.pop()
    reader.pop()
    reader.push(Odd())


NO_WEIGHTS: Final = "is no file of weights, or damaged: expected torch's `.pth` or `.pt`, or `.safetensors`"

_STORAGES: Final = {
    "Float": torch.float32, "Double": torch.float64, "Half": torch.float16, "BFloat16": torch.bfloat16,
    "Byte": torch.uint8, "Char": torch.int8, "Short": torch.int16, "Int": torch.int32, "Long": torch.int64,
    "Bool": torch.bool, "ComplexFloat": torch.complex64, "ComplexDouble": torch.complex128,
    "QInt8": None, "QUInt8": None, "QInt32": None, "QUInt4x2": None, "QUInt2x4": None,
}  # fmt: skip
_NO_PLAIN_TENSORS: Final = (
    "_rebuild_sparse_tensor", "_rebuild_qtensor", "_rebuild_meta_tensor_no_storage", "_rebuild_nested_tensor",
    "_rebuild_wrapper_subclass", "_rebuild_device_tensor_from_numpy", "_rebuild_device_tensor_from_cpu_tensor",
)  # fmt: skip
_PLAIN_OTHERS: Final = (
    "torch.Size", "torch.device", "torch.serialization._get_layout", "builtins.set", "builtins.complex",
    "builtins.bytearray", "__builtin__.set", "collections.Counter", "_codecs.encode",
)  # fmt: skip
_ODDITIES: Final = (
    "torch.Tensor", "torch.nn.parameter.Parameter", "torch.per_tensor_affine", "torch.per_channel_affine",
    "torch.per_tensor_symmetric", "torch.per_channel_symmetric", "torch.per_channel_affine_float_qparams",
)  # fmt: skip
_NAMES: Final[dict[str, Any]] = {
    "collections.OrderedDict": _Function(_ordered),
    "torch._utils._rebuild_tensor": _Function(_tensor),
    "torch._utils._rebuild_tensor_v2": _Function(_tensor),
    "torch._utils._rebuild_tensor_v3": _Function(_tensor_of_dtype),
    "torch._utils._rebuild_parameter": _Function(_parameter),
    "torch._utils._rebuild_parameter_with_state": _Function(_parameter),
    "torch._tensor._rebuild_from_type_v2": _Function(_subclass),
    "torch.storage.UntypedStorage": _StorageType(torch.uint8),
    **{f"torch.{name}Storage": _StorageType(dtype) for name, dtype in _STORAGES.items()},
    **{f"torch.cuda.{name}Storage": _StorageType(dtype) for name, dtype in _STORAGES.items()},
    **{f"torch._utils.{name}": _Function(lambda *_: Odd(tensor=True)) for name in _NO_PLAIN_TENSORS},
    **{name: _Function(lambda *_: Odd()) for name in _PLAIN_OTHERS},
    **{name: Odd() for name in _ODDITIES},
    **{f"torch.{name}": dtype for name, dtype in vars(torch).items() if isinstance(dtype, torch.dtype)},
}
"""What a pickle may name, and what stands for it here."""

_STEPS: Final[dict[bytes, Callable[[Unpickler], object]]] = {
    pickle.PROTO: lambda reader: reader.take(1),
    pickle.MARK: lambda reader: reader.push(_MARK),
    pickle.NONE: lambda reader: reader.push(None),
    pickle.NEWTRUE: lambda reader: reader.push(True),
    pickle.NEWFALSE: lambda reader: reader.push(False),
    pickle.EMPTY_TUPLE: lambda reader: reader.push(()),
    pickle.EMPTY_LIST: lambda reader: reader.push([]),
    pickle.EMPTY_DICT: lambda reader: reader.push({}),
    pickle.EMPTY_SET: lambda reader: reader.push(Odd()),
    pickle.TUPLE: lambda reader: reader.push(tuple(reader.marked())),
    pickle.TUPLE1: lambda reader: reader.tuple_of(1),
    pickle.TUPLE2: lambda reader: reader.tuple_of(2),
    pickle.TUPLE3: lambda reader: reader.tuple_of(3),
    pickle.APPEND: lambda reader: reader.extend([reader.pop()]),
    pickle.APPENDS: lambda reader: reader.extend(reader.marked()),
    pickle.SETITEM: lambda reader: reader.set_items([reader.pop(), reader.pop()][::-1]),
    pickle.SETITEMS: lambda reader: reader.set_items(reader.marked()),
    pickle.BININT: lambda reader: reader.push(reader.number("<i")),
    pickle.BININT1: lambda reader: reader.push(reader.number("<B")),
    pickle.BININT2: lambda reader: reader.push(reader.number("<H")),
    pickle.BINFLOAT: lambda reader: reader.push(reader.number(">d")),
    pickle.LONG1: Unpickler.integer,
    pickle.BINUNICODE: lambda reader: reader.push(reader.take(reader.number("<I")).decode("utf-8", "surrogatepass")),
    pickle.SHORT_BINSTRING: lambda reader: reader.push(reader.take(reader.number("<B")).decode("utf-8", "replace")),
    pickle.BINPUT: lambda reader: reader.put("<B"),
    pickle.LONG_BINPUT: lambda reader: reader.put("<I"),
    pickle.BINGET: lambda reader: reader.get("<B"),
    pickle.LONG_BINGET: lambda reader: reader.get("<I"),
    pickle.GLOBAL: Unpickler.name,
    pickle.REDUCE: Unpickler.call,
    pickle.NEWOBJ: _new,
    pickle.BUILD: _build,
    pickle.BINPERSID: Unpickler.storage,
}
"""The instructions that torch writes."""
