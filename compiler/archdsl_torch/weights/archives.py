"""The two forms in which torch saves: where their numbers stand in the file, and tensors that look at them there.

Nothing is allocated by what a file says of itself: every stretch of numbers is compared with the file's size first.
"""

from __future__ import annotations

import io
import math
import struct
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, final

import torch
from torch import Tensor

from archdsl_torch.weights.unpickling import NO_WEIGHTS, TEXT, Stored, Unpickler, Unreadable

_MAGIC: Final = 0x1950A86A20F9469CFC6C
_VERSION: Final = 1001
_DIRECTORY: Final = 4_000_000
"""The longest list of entries that is read: one of about 50,000 tensors."""


class _Stretch(NamedTuple):
    """Bytes of the file."""

    start: int
    size: int


@final
class Archive:
    """What a file of torch's holds: a value in which tensors are `Stored`, and the numbers of each storage."""

    def __init__(self, path: Path, file: BinaryIO, *, zipped: bool) -> None:
        """Raises Unreadable."""
        self._path = path
        self._size = file.seek(0, io.SEEK_END)
        file.seek(0)
        self._swapped = False
        self._stretches: dict[str, _Stretch] = {}
        self._whole: Any = None
        self.value = self._zipped(file) if zipped else self._older(file)

    def tensor(self, stored: Stored) -> Tensor:
        """A tensor over the file's own bytes. Raises Unreadable where the file does not have them."""
        storage, shape = stored.storage, stored.shape
        size, count = storage.dtype.itemsize, math.prod(shape)
        if count * size > self._size:
            raise Unreadable(
                f"holds a tensor of {'×'.join(map(str, shape))}, which has more numbers than the file: "
                "save it with `.clone()`"
            )
        if count == 0:
            return torch.empty(shape, dtype=storage.dtype)
        reach = stored.offset + sum((n - 1) * step for n, step in zip(shape, stored.stride, strict=True)) + 1
        found = self._stretches.get(storage.key)
        if found is None or reach > storage.length or (storage.start + storage.length) * size > found.size:
            raise Unreadable("is damaged: it ends before its tensors do")
        numbers = self._bytes(_Stretch(found.start + storage.start * size, storage.length * size), storage.dtype)
        return torch.empty(0, dtype=storage.dtype).set_(numbers, stored.offset, shape, stored.stride)

    def _bytes(self, place: _Stretch, dtype: torch.dtype) -> Any:
        if self._whole is None:
            self._whole = torch.UntypedStorage.from_file(str(self._path), False, self._size)
        found = self._whole[place.start : place.start + place.size]
        if self._swapped or place.start % dtype.itemsize:
            found = found.clone()
        if self._swapped and dtype.itemsize > 1:
            found.byteswap(dtype)
        return found

    def _zipped(self, file: BinaryIO) -> Any:
        names = entries(file)
        inside = sorted(name for name in names if name.endswith("/data.pkl") and name.count("/") == 1)
        if not inside:
            raise Unreadable(NO_WEIGHTS)
        folder = inside[0].removesuffix("data.pkl")
        if f"{folder}constants.pkl" in names or f"{folder}code/" in names:
            raise Unreadable("is a TorchScript program: only tensors are read; save the network's `state_dict()`")
        order = self._content(file, names, f"{folder}byteorder", 16) if f"{folder}byteorder" in names else b""
        self._swapped = bool(order) and order.decode("ascii", "replace") != sys.byteorder
        data = f"{folder}data/"
        stored = {name: info for name, info in names.items() if name.startswith(data)}
        self._stretches = {name.removeprefix(data): self._place(file, info) for name, info in stored.items()}
        return Unpickler(io.BytesIO(self._content(file, names, inside[0], TEXT))).load()

    def _content(self, file: BinaryIO, names: Mapping[str, zipfile.ZipInfo], name: str, most: int) -> bytes:
        return content(file, names[name], self._size, most)

    def _place(self, file: BinaryIO, info: zipfile.ZipInfo) -> _Stretch:
        return _place(file, info, self._size)

    def _older(self, file: BinaryIO) -> Any:
        """Pickles one after another, then the numbers."""
        reader = Unpickler(file)
        if reader.load() != _MAGIC or reader.load() != _VERSION:
            raise Unreadable(NO_WEIGHTS)
        reader.load()
        value = reader.load()
        keys = reader.load()
        for key in map(str, keys if type(keys) is list else ()):
            if key not in reader.storages:
                raise Unreadable("has numbers of a kind that is not read, such as quantised ones")
            count = int.from_bytes(file.read(8), "little", signed=True)
            start, size = file.tell(), count * reader.storages[key].itemsize
            if count < 0 or start + size > self._size:
                raise Unreadable("is damaged: it ends before its tensors do")
            self._stretches[key] = _Stretch(start, size)
            file.seek(start + size)
        return value


def content(file: BinaryIO, info: zipfile.ZipInfo, whole: int, most: int) -> bytes:
    """The bytes of an entry of a file of `whole` bytes. Raises Unreadable where it has more than `most`."""
    start, size = _place(file, info, whole)
    if size > most:
        raise Unreadable(f"holds {size:,} bytes beside its tensors: no file of weights does")
    file.seek(start)
    return file.read(size)


def _place(file: BinaryIO, info: zipfile.ZipInfo, whole: int) -> _Stretch:
    """Where an entry's bytes stand. torch packs none, so nothing is ever inflated."""
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size or info.flag_bits & 1:
        raise Unreadable("is a compressed archive, which `torch.save` does not write: save the weights again")
    if info.header_offset < 0:
        raise Unreadable(NO_WEIGHTS)
    file.seek(info.header_offset)
    header = file.read(30)
    if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
        raise Unreadable(NO_WEIGHTS)
    start = info.header_offset + 30 + sum(struct.unpack("<HH", header[26:30]))
    if start + info.file_size > whole:
        raise Unreadable("is damaged: it ends before its tensors do")
    return _Stretch(start, info.file_size)


def entries(file: BinaryIO) -> dict[str, zipfile.ZipInfo]:
    """The entries of a zip archive by name. Raises Unreadable."""
    try:
        with zipfile.ZipFile(_Sparing(file)) as archive:
            listed = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, OSError, struct.error):
        raise Unreadable(NO_WEIGHTS) from None
    found = {info.filename: info for info in listed}
    if len(found) < len(listed):
        raise Unreadable("is damaged: two of its entries have one name")
    return found


class _Sparing(io.RawIOBase):
    """A file for `zipfile`, which reads the list of entries at once however long it says to be."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        if size > _DIRECTORY:
            raise Unreadable(f"has a list of entries of {size:,} bytes: no file of weights has so many")
        return self._file.read(_DIRECTORY if size < 0 else size)
